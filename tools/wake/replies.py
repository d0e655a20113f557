"""Our own replies as a microphone hears them behind the echo canceller, and somebody who speaks over them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.nano.augment import Rows
from tools.nano.corpora import Clip, Shelf
from tools.nano.synth import RATE
from tools.nano.voices import Pcm
from tools.wake.house import STEP, level
from voiced.home.model import Home
from voiced.home.replies import Reply
from voiced.listen.echo import EchoCanceller
from voiced.listen.ourselves import Ourselves
from voiced.messages import FRAME_SAMPLES
from voiced.speak.phrases import confirmations, say

_ALARM = {"hour": 6, "minute": 30, "twelve": True, "day": "daily", "text": "", "skipped": []}
_MANY = {"kind": "window", "state": "open", "unknown": 0}
EXAMPLES: tuple[Reply, ...] = (
    *(Reply(key) for key in (
        "nothing", "okay", "hello", "sent", "dont_know", "again", "not_in_groups", "no_code", "code_wrong",
        "code_expired", "code_locked", "no_broker", "sorry", "deaf", "mindless", "only_house", "only_english",
        "timer_none", "timer_how_long", "timer_too_many", "alarm_when", "alarm_too_many", "alarm_none",
        "nothing_rings", "voice_loudest", "voice_softest", "undone", "nothing_to_undo", "cannot_undo",
    )),
    Reply("own", {"text": "Good night, sleep well."}),
    Reply("several", {"replies": [Reply("okay"), Reply("timer_set", {"name": "", "seconds": 300.0})]}),
    Reply("done", {"name": "shop light", "verb": "turn_on"}),
    Reply("done", {"name": "bed light", "verb": "set", "color": "green", "brightness": 40}),
    Reply("done", {"name": "kitchen blind", "verb": "set_position", "position": 50}),
    Reply("done", {"name": "robot", "verb": "return_to_base"}),
    Reply("done_group", {"kinds": ["light", "media_player"], "place": "Kitchen", "verb": "turn_off"}),
    Reply("already_done", {"name": "garage door", "verb": "open"}),
    Reply("already_done_group", {"kinds": ["window"], "place": "", "verb": "close"}),
    Reply("which", {"names": ["Bed Light", "Bedside Light", "Desk Light"]}),
    Reply("say_code", {"digits": "47", "verb": "unlock", "names": ["Front Door"]}),
    Reply("say_code", {"digits": "80", "verb": "open", "names": ["Garage Door"]}),
    Reply("is_state", {"yes": True, "name": "Front Door", "wanted": "locked", "state": "locked"}),
    Reply("is_state", {"yes": False, "name": "Garage Door", "wanted": "closed", "state": "open"}),
    Reply("which_are", {**_MANY, "names": ["Hall Window", "Bed Window"], "others": ["Attic Window"], "how": "which"}),
    Reply("which_are", {**_MANY, "names": [], "others": ["Attic Window"], "how": "any"}),
    Reply("sensed", {"names": ["Hall Motion"], "unknown": 1}),
    Reply("target", {"name": "Thermostat", "degrees": 21.5}),
    Reply("is", {"name": "Washing Machine", "state": "running"}),
    Reply("measures", {"name": "Bathroom Humidity", "number": 63, "unit": "%"}),
    Reply("temperature", {"name": "Bedroom", "degrees": 19.5}),
    Reply("weather", {"state": "partlycloudy", "degrees": 12}),
    *(Reply("time", {"hour": hour, "minute": minute, "twelve": True}) for hour, minute in ((9, 10), (12, 0), (18, 45))),
    Reply("date", {"weekday": 1, "day": 24, "month": 11, "year": 2026}),
    Reply("unknown", {"name": "Shop", "place": ""}),
    Reply("unknown", {"name": "", "place": "Kitchen"}),
    Reply("unreachable", {"names": ["Standing Light"]}),
    Reply("offline", {"names": ["Porch Light", "Top Shelf Light"]}),
    Reply("unknown_state", {"names": ["Front Door"]}),
    Reply("lacks", {"names": ["Desk Light"], "what": "color"}),
    Reply("already_off", {"names": ["Bed Light"]}),
    Reply("unanswered", {"names": ["Front Door"], "state": "locked"}),
    Reply("unreached", {"names": ["Garage Door"]}),
    Reply("declined", {"names": ["Robot"]}),
    Reply("range", {"names": ["Thermostat"]}),
    *(Reply("timer_set", {"name": name, "seconds": 60.0 * m}) for name, m in (("pasta", 9), ("", 12), ("tea", 3))),
    *(Reply(key, {"name": "pizza"}) for key in ("timer_cancelled", "timer_paused", "timer_resumed")),
    Reply("timers_cancelled", {"count": 3}),
    Reply("timer_left", {"seconds": 227.0}),
    Reply("timers_left", {"timers": [{"name": "egg", "seconds": 50.0, "set_s": 300.0},
                                     {"name": "", "seconds": 500.0, "set_s": 600.0}]}),
    Reply("timer_which", {"count": 2}),
    Reply("timer_missed", {"name": "laundry", "seconds": 1800.0, "ago_s": 400.0}),
    *(Reply("timer_over", {"name": name, "seconds": 60.0 * m}) for name, m in (("pasta", 9), ("", 12), ("egg", 5))),
    Reply("alarm_set", _ALARM),
    Reply("alarm_set", {**_ALARM, "text": "water the plants", "day": "tomorrow"}),
    Reply("alarm_which", {"alarms": [_ALARM, {**_ALARM, "hour": 8, "day": "every sunday"}], "twelve": True}),
    Reply("alarm_past", _ALARM),
    Reply("alarm_cancelled", _ALARM),
    Reply("alarm_skipped", {**_ALARM, "day": "on weekdays", "on": "tomorrow"}),
    Reply("alarms_cancelled", {"count": 2}),
    Reply("alarms", {"alarms": [_ALARM, {**_ALARM, "hour": 8, "day": "every weekend"}], "twelve": True}),
    Reply("alarm_rings", {**_ALARM, "text": ""}),
    Reply("alarm_rings", {**_ALARM, "text": "take the bins out"}),
    Reply("alarm_missed", {**_ALARM, "ago_s": 4000.0}),
    Reply("snoozed", {"seconds": 540.0}),
    Reply("list", {"name": "Shopping List", "items": ["bread", "butter", "chops"]}),
    Reply("list", {"name": "Shopping List", "items": []}),
    *(Reply(key, {"name": "Shopping List", "items": ["stock cubes", "salt"]})
      for key in ("list_added", "list_has", "list_removed", "list_lacks", "list_cleared", "list_full")),
    Reply("voice_volume", {"percent": 60}),
    *(Reply(key, {"languages": ["English", "Polish"]}) for key in ("interpreting", "interpreter_other")),
    *(Reply(key) for key in ("interpreted", "interpreter_failed", "interpreter_off", "interpreter_mute")),
    Reply("interpreter_voice", {"language": "Polish"}),
)  # fmt: skip
"""Every kind of reply at least once, with names that sound near "stop" among them."""


def texts(home: Home, phrase: str) -> tuple[str, ...]:
    """All that is likely to be said, without what holds the phrase: while that is said, the phrase does not count."""
    said = (*confirmations(home, most=10_000), *(say(reply) for reply in EXAMPLES))
    holds = re.compile(rf"\b{re.escape(phrase)}", re.IGNORECASE)
    return tuple(dict.fromkeys(text for text in said if text and not holds.search(text)))


@dataclass(frozen=True, slots=True)
class Scene:
    """Ranges to draw from, in dB."""

    words_db: tuple[float, float] = (-12.0, 12.0)
    """Somebody's words against our echo as it comes in."""
    noise_db: tuple[float, float] = (-35.0, -5.0)
    """Noise against our echo."""
    loudspeaker: float = 0.35
    """How often the loudspeaker distorts: no linear filter takes that out."""
    before_s: float = -0.2
    """The latest end of the words before that of the reply."""


TOGETHER = 4
"""Replies in one kitchen: the canceller learns from each."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """s16 samples behind the canceller, a multiple of `STEP`."""

    pcm: NDArray[np.int16]
    words: tuple[tuple[int, int], ...]
    """Of each that was spoken into it, its first sample and one past its last."""
    replies: tuple[tuple[int, int], ...]
    """Likewise of what we said, as it is heard."""
    alone: tuple[bool, ...]
    """After each step: whether only we are to be heard."""


class Kitchen:
    """One generator draws everything: the same seed, the same kitchen."""

    def __init__(self, seed: int, responses: Rows, noises: Rows, scene: Scene | None = None) -> None:
        self._rng = np.random.default_rng(seed)
        self._responses, self._noises, self._scene = responses, noises, scene or Scene()

    def hears(self, replies: Sequence[Pcm], words: Sequence[Pcm | None]) -> Overheard:
        """Replies one after the other, through one canceller that has heard none before, in one room; over each of
        them the words beside it.
        """
        r, canceller = self._rng, EchoCanceller()
        played: list[tuple[int, Pcm]] = []
        at = int(0.4 * RATE)
        for reply in replies:
            played.append((at, reply * np.float32(r.uniform(0.2, 1))))
            at += len(reply) + int(r.uniform(0.7, 1.5) * RATE)
        size = at + int(0.6 * RATE)
        size += -size % STEP
        delay, own = int(r.uniform(0.03, 0.35) * RATE), np.zeros(size, np.float32)
        for first, reply in played:
            own[first + delay : first + delay + len(reply)] += reply[: size - first - delay]
        echo = level(self._in_room(np.tanh(1.5 * own) if r.random() < self._scene.loudspeaker else own))
        sound, spans = echo.copy(), []
        for (first, reply), said in zip(played, words, strict=True):
            if said is None:
                continue
            said = level(said) * np.float32(10 ** (r.uniform(*self._scene.words_db) / 20))
            latest = len(reply) / RATE - len(said) / RATE - self._scene.before_s
            begin = first + delay + int(r.uniform(0.2, max(0.25, latest)) * RATE)
            said = said[: size - begin]
            dry = np.zeros(size, np.float32)
            dry[begin : begin + len(said)] = said
            sound += self._in_room(dry)
            spans.append((begin, begin + len(said)))
        noise = self._noises[int(r.integers(len(self._noises)))]
        quiet = np.float32(10 ** (r.uniform(*self._scene.noise_db) / 20))
        sound += np.resize(np.roll(noise, int(r.integers(len(noise)))), size) * quiet
        loud = np.float32(10 ** (r.uniform(-40, -20) / 20) * min(1.0, 6 / np.abs(sound).max()))
        pcm = np.clip(np.rint(sound * loud * 32767), -32768, 32767).astype(np.int16)
        out: list[bytes] = []
        alone: list[bool] = []
        ourselves, waiting = Ourselves(), list(played)
        for begin in range(0, size, FRAME_SAMPLES):
            while waiting and waiting[0][0] <= begin:
                first, reply = waiting.pop(0)
                canceller.playing(first, (np.clip(reply, -1, 1) * 32767).astype(np.int16).tobytes())
            came = pcm[begin : begin + FRAME_SAMPLES].tobytes()
            out.append(canceller.cancel(begin, came))
            ourselves.heard(came, out[-1])
            alone += [ourselves.alone] if (begin + FRAME_SAMPLES) % STEP == 0 else []
        heard = tuple((first + delay, first + delay + len(reply)) for first, reply in played)
        return Overheard(np.frombuffer(b"".join(out), np.int16), tuple(spans), heard, tuple(alone))

    def _in_room(self, dry: Pcm) -> Pcm:
        response = self._responses[int(self._rng.integers(len(self._responses)))]
        size = 1 << (len(dry) + len(response)).bit_length()
        wet: Pcm = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(response, size), size)[: len(dry)].astype(
            np.float32
        )
        return wet


def over_replies(
    kitchen: Kitchen, shelf: Shelf, takes: Sequence[Clip], own: Shelf, phrase: str, rng: random.Random
) -> Iterator[tuple[Overheard, list[int]]]:
    """Each take is said over a reply; those that are the phrase end at these samples."""
    for at in range(0, len(takes), TOGETHER):
        four = takes[at : at + TOGETHER]
        replies = [own.pcm(rng.choice(own.clips)) for _ in four]
        heard = kitchen.hears(replies, [shelf.pcm(take) for take in four])
        yield heard, [end for take, (_, end) in zip(four, heard.words, strict=True) if take.text == phrase]


def replies_alone(kitchen: Kitchen, own: Shelf, count: int, rng: random.Random) -> Iterator[Overheard]:
    """About `count` of them, over which nobody speaks."""
    for _ in range(0, count, TOGETHER):
        yield kitchen.hears([own.pcm(rng.choice(own.clips)) for _ in range(TOGETHER)], [None] * TOGETHER)
