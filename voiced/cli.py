"""The `voiced` program: one command, one module in `voiced/commands/`, loaded only when it is called."""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence

from voiced import __version__
from voiced.errors import UsageError, VoicedError

COMMANDS = {
    "run": "the daemon: listen, act, answer",
    "demo": "ten spoken turns through the real pipeline, in a house of simulated devices",
    "replay": "send a recording through the whole pipeline and show what happens",
    "evaluate": "how many recordings of a manifest are understood",
    "ask": "try a typed command, without the ear, on simulated devices: nothing is published",
    "say": "speak a text, on the loudspeaker or into a WAV file",
    "models": "fetch, check and prepare the files of larger models",
    "setup": "microphone, wake word, loudspeaker, broker: a first configuration in three minutes",
    "why": "what the daemon's last turns heard, and why they were done, asked or rejected",
    "recordings": "the sound of turns that the owner asked to keep; --erase removes it",
    "ledger": "what the daemon's last turns took, stage by stage",
    "bench": "measure this machine: turns, streaming, idling, wake words, answers",
    "home": "the things of the house, where each fact comes from, and as a home.toml",
    "devices": "microphones and loudspeakers of this machine",
    "doctor": "show that nothing leaves the house: every socket of the running daemon",
    "check-config": "are voiced.toml and home.toml right?",
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why a disk or a terminal takes no more of what is printed: no fault of the program."""
_SERVICES = ("run",)
"""What somebody starts and leaves alone tells in its log what it does; all others only what is wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or what the error's class says; 130 after ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    called = next((word for word in given if not word.startswith("-")), "")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an arrow that a terminal cannot show ends no turn
    try:
        try:
            return _carried_out(given, called)
        finally:
            print(end="", flush=True)  # what is not taken now would be a traceback at the interpreter's end
    except VoicedError as error:
        print(f"voiced: {error}", file=sys.stderr)
        return error.exit_code
    except EOFError:  # a question to which nobody can answer
        print(f"voiced: {called} asks questions: it needs a terminal", file=sys.stderr)
        return UsageError.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _print_no_more()
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _print_no_more()
        logging.getLogger(__name__).debug("where it was", exc_info=error)
        print(f"voiced: not all of it could be written: {error.strerror}", file=sys.stderr)
        return VoicedError.exit_code


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _carried_out(given: Sequence[str], called: str) -> int:
    parser = argparse.ArgumentParser(
        prog="voiced",
        description="An offline voice assistant: speech goes straight into a language model's audio encoder "
        "and comes out as a command on MQTT. Nothing leaves the house.",
    )
    parser.add_argument("--version", action="version", version=f"voiced {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log at DEBUG: shows what was understood")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        one = sub.add_parser(name, help=text, description=_sentence(text))
        if name == called:
            module = importlib.import_module(f"voiced.commands.{name.replace('-', '_')}")
            module.add_arguments(one)
            one.set_defaults(work=module.run)
    options = parser.parse_args(given)
    usual = logging.INFO if called in _SERVICES else logging.WARNING
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else usual,
        format="%(levelname)s %(name)s: %(message)s"
        if "JOURNAL_STREAM" in os.environ
        else "%(levelname)s: %(message)s",
        stream=sys.stderr,
    )
    return int(options.work(options) or 0)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith("?") else ".")
