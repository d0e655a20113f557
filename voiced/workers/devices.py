"""A child for one answer: which sound devices there are. PortAudio can hang or abort while it looks, which the program
that asks must outlive.
"""

from __future__ import annotations

import resource

from voiced.workers import child, protocol


def main(link: child.Link, _options: child.Options) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # who only asks for a list wants no core file beside it
    from voiced.adapters.devicespeaker import list_outputs
    from voiced.adapters.microphone import list_inputs

    link.send(protocol.SoundDevices(list_inputs(), list_outputs()))
    while not isinstance(link.receive(), protocol.Close):
        pass


if __name__ == "__main__":
    child.run("voiced-devices", main)
