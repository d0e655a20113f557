"""Every error that voiced raises on purpose, by what its reader can do about it.

Adapters translate the errors of their SDK into one of these at the boundary (`raise ... from`), so nothing above
them ever sees a foreign exception. `exit_code` is what the process returns when the error reaches the command line.
"""


class VoicedError(Exception):
    """Base of all. `str(error)` is one line that a stranger understands."""

    exit_code = 1


def first_line(error: BaseException) -> str:
    """What a foreign error says, as it stands in one of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class ConfigError(VoicedError):
    """voiced.toml, home.toml or a manifest is wrong: mend the file. All faults of the file at once, a line each."""

    exit_code = 78  # EX_CONFIG of sysexits.h: systemd does not restart on it


class UsageError(VoicedError):
    """The command line asks for something that cannot be: call again, corrected."""

    exit_code = 64  # EX_USAGE


class AudioFileError(VoicedError):
    """A recording cannot be read, or its header lies about what follows."""


class AudioDeviceError(VoicedError):
    """A microphone or loudspeaker is missing, busy or gone: plug it in, name another."""


class ModelFileError(VoicedError):
    """A model file is missing, or is not the file that the manifest describes: fetch it again."""


class InferenceError(VoicedError):
    """The engine could not answer this turn."""


class VoiceError(VoicedError):
    """The voice file is missing or could not be spoken with."""


class BrokerError(VoicedError):
    """The broker is not reachable or refused: nothing was sent."""


class DeclinedError(BrokerError):
    """Home Assistant answered the intent, and its answer is that it does not do this."""


class ChannelError(VoicedError):
    """A child process sent what is no message, or went away."""


class BusyError(VoicedError):
    """Somebody else comes first: ask again when they are done."""


class StateError(VoicedError):
    """What must survive a restart cannot be written: mend the disk or name another state_dir."""
