"""Our way of hearing a recording: ear, listener and engine in one process, as fast as they can."""

from __future__ import annotations

import time
from dataclasses import replace

from voiced.app import endpoint, listener_settings
from voiced.bench.follow import Asked, final, follow, frames_for, open_turn
from voiced.bench.manifest import Line
from voiced.config import Config
from voiced.home.model import Home
from voiced.home.unsaid import slots_left
from voiced.listen.listener import Listener
from voiced.listen.settings import WAKE_WORDS
from voiced.messages import Decision, Ended, SpeechStarted, Verdict, Woken, samples_to_ms
from voiced.workers.engine import EngineCore

_SILENCE_MS = 2500


def hear(
    core: EngineCore, line: Line, home: Home, config: Config | None = None, area: str = ""
) -> tuple[Decision, float | None]:
    """The decision of the recording's first turn, and milliseconds from t0 to it (None if nothing was heard).

    As in the daemon: each hush is decided on at once, so the decision costs its hush and its own work, and says how
    long the silence must be that ends the turn. `home` is the one that `core` knows, `area` where in it the device
    stands; `config` says what a daemon's says of its turns.
    """
    config = config or Config()
    silences, settings = endpoint(config), listener_settings(config)
    listener = Listener(replace(settings, words={**WAKE_WORDS, **settings.words}))
    decision, delay_ms = Decision(Verdict.NOT_FOR_ME), None
    spoken = False
    if not line.wake:
        open_turn(core, listener, window_ms=15_000)
    for frame in frames_for(core, line.audio, wake=line.wake, silence_ms=_SILENCE_MS, config=config.wake):
        for event in follow(core, listener.hear(frame)):
            match event:
                case Woken():
                    spoken = False
                case SpeechStarted():
                    spoken = True
                case Asked(hush=hush, decision=decision):
                    delay_ms = samples_to_ms(hush.at_sample - hush.speech_end_sample) + event.wall_ms
                    silence_ms = silences.silence_ms(decision, slots_left=slots_left(home, decision.calls, area))
                    listener.set_end(hush.turn, silence_ms)
                case Ended(turn=turn) if spoken:
                    begun, last = time.perf_counter(), final(core, turn, decision)
                    if last is not decision:  # it was heard again, and that only once all was said
                        delay_ms = samples_to_ms(event.at_sample - event.speech_end_sample)
                        delay_ms += (time.perf_counter() - begun) * 1000
                    return last, delay_ms
    return decision, delay_ms
