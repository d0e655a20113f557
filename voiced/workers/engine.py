"""The engine: model, memory and walk. The process around it is engine_process.py."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from voiced.arrays import F32
from voiced.errors import InferenceError
from voiced.gemma import prompt
from voiced.gemma.audio import TOKEN_SAMPLES, AudioStream
from voiced.gemma.automaton import TokenAutomaton
from voiced.gemma.decide import FORK, MOST_ASKED, Draft, Walk, Walker
from voiced.gemma.ears import open_ear, open_letters
from voiced.gemma.grammar import spell_sentence
from voiced.gemma.judge import judge, judge_choice, judge_code, with_paths
from voiced.gemma.letters import Heard
from voiced.gemma.llama import Context, TextModel
from voiced.gemma.look import NEAR_NATS, PROPOSED, look
from voiced.gemma.memory import FIRST_SLOT, Fork, PrefixStore, Slots, TurnMemory
from voiced.gemma.models import ModelPair
from voiced.gemma.names import Expectation
from voiced.gemma.prompt import Dialect
from voiced.gemma.propose import Search, Spellings
from voiced.home.language.typed import typed
from voiced.home.language.wordgraph import WordGraph
from voiced.messages import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, Decision, EngineTimes, Verdict
from voiced.ports import Expect
from voiced.workers.engine_house import Compile, Planned, Spelled, compile_home, nothing_spelled, planned
from voiced.workers.engine_setup import Setup, chosen

log = logging.getLogger(__name__)

KEEPS_UP = 0.6
"""Work while somebody speaks, as a share of the sound's time, above which steps are made longer."""
_PACE_S = 2
DIALOGUE_S = 180.0
"""For how long after its last turn the dialogue is known."""
MOST_DIALOGUE = 1024
"""Positions of it: about ten turns of 2 s and what was said of them."""


@dataclass(slots=True)
class _Turn:
    number: int
    expect: Expect
    sound: AudioStream
    heard: list[Heard] = field(default_factory=list)
    """The letters of the sound so far, where the ear hears any."""
    search: Search | None = None
    """For the command that they spell."""
    known: tuple[int, Decision, EngineTimes] | None = None
    """The last decision, and after how many samples: asked again without new sound, it is given again."""


class EngineCore:
    """Hears one turn at a time. All methods are synchronous; all raise VoicedError only."""

    rehears = False
    """Whether `again` may come to anything."""

    def __init__(
        self,
        pair: ModelPair,
        setup: Setup | None = None,
        compile_with: Compile = compile_home,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Verifies both files, then loads them. ModelFileError."""
        setup = setup or Setup()
        self._pair, self._compile = pair, compile_with
        pair.verify()
        how = chosen(setup, pair)
        self.slow = how.large
        """A decision takes long enough to be begun before the hush."""
        self.threads, self.dialect, self._walk = how.threads, str(pair.dialect), how.walk
        self.model = TextModel(pair.text, lazy=how.large)
        self._encoder = open_ear(setup.encoder, pair.audio, self.model, how.threads)
        self._letters = open_letters(pair.audio, self.model.width)
        widest = max(how.walk.beam, PROPOSED if self._letters else 0)
        sequences = FIRST_SLOT + max(widest + 2, MOST_ASKED) + 1
        self._context = Context(self.model, how.cells, sequences, how.threads, flash=how.large)
        store = PrefixStore(setup.cache, f"{pair.text_sha256}|{how.threads}|{how.large}")
        self._memory = TurnMemory(self._context, store)
        self._after_audio = self.model.tokenize(prompt.after_audio(), special=True)
        self._walkers: dict[Expect, Walker] = {}
        self._asks: Mapping[Expect, tuple[int, ...]] = {}
        self._words: WordGraph | None = None
        self._spellings: Spellings | None = None
        self.spelled: Spelled = nothing_spelled
        self._turn: _Turn | None = None
        self._ended: _Turn | None = None
        """The turn that ended last, while its sound is still in the memory."""
        self._remembered_s, self._now_s = 0.0, now_s
        self.progress = 0
        """Counts tokens of sound and decisions."""
        self.last_walk: Walk | None = None
        """What the last decision was judged from; tools/calibrate fits the judgement to it."""
        self._names = Expectation(self.model, self.warm_up(), self.prompt, self._after_audio, pair.name_prior)
        self.load = self._pace() if how.large else None
        """As `_pace` measured it; small models always keep up."""

    @property
    def what(self) -> str:
        return self._pair.name

    @property
    def noise_suppression(self) -> int:
        """What the ear does to the sound for this model."""
        return self._pair.noise_suppression

    @property
    def talks(self) -> bool:
        return self._pair.talks

    @property
    def prompt(self) -> tuple[int, ...]:
        """The tokens before the sound, which every turn shares."""
        return self._memory.prefix

    def close(self) -> None:
        self._context.close()
        self._encoder.close()
        self.model.close()

    def warm_up(self) -> F32:
        """Everything once, so that the first turn finds it warm. Embeddings [n, width] of near silence."""
        self._memory.prepare(self.model.tokenize(prompt.before_audio(), special=True))
        noise = (np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE_HZ) * 33).astype(np.int16).tobytes()
        stream = self._stream()
        self._memory.begin()
        final, tail = np.concatenate(list(stream.feed(noise))), stream.tail()
        self._memory.append(final)
        self._memory.fork(tail, self._after_audio)
        self._memory.begin()
        return np.concatenate([final, tail])

    def _pace(self) -> float:
        """What hearing takes this machine, as a share of the sound's time. Where that is too much, steps get longer:
        each of them reads all weights once. Places of steps are set from here on; nothing moves them later.
        """
        loads = []
        for _ in range(2):  # the better one: what else the machine does at a start is soon over
            stream = self._stream()
            begun = time.perf_counter()
            for rows in stream.feed(bytes(_PACE_S * SAMPLE_RATE_HZ * BYTES_PER_SAMPLE)):
                self._memory.append(rows)
            loads.append((time.perf_counter() - begun) * SAMPLE_RATE_HZ / (stream.final * TOKEN_SAMPLES))
            self._memory.begin()
        load = min(loads)
        if load > KEEPS_UP:
            self._encoder.lengthen()
            log.warning("hearing takes this machine %.0f %% of the sound's time: steps are made longer", 100 * load)
        return load

    def measure_rows(self) -> float:
        """What four rows of one pass take, in passes of one row: 1 where reading the weights is all, 4 where arithmetic
        is. The shortest of three each. Between turns only.
        """

        def took(rows: int) -> float:
            begun = time.perf_counter()
            self._context.decode([0] * rows, range(rows), [FORK] * rows, [True] * rows)
            self._context.remove(FORK)
            return time.perf_counter() - begun

        return min(took(4) for _ in range(3)) / min(took(1) for _ in range(3))

    def _stream(self) -> AudioStream:
        return AudioStream(self._encoder, self._pair.tail_silence_ms)

    def automaton(self, expect: Expect) -> TokenAutomaton:
        """What may be said in such a turn. InferenceError before a house was loaded."""
        if expect not in self._walkers:
            raise InferenceError("no house has been loaded")
        return self._walkers[expect].automaton

    def load_home(self, home: Mapping[str, Any], area: str = "") -> None:
        """`Home.to_dict()` and the device's own area. Ends the open turn. InferenceError if it does not compile."""
        self.adopt(self.plan(home, area))

    @property
    def in_turn(self) -> bool:
        return self._turn is not None

    @property
    def has_home(self) -> bool:
        return bool(self._walkers)

    def plan(self, home: Mapping[str, Any], area: str = "") -> Planned:
        """Everything about a house that needs no memory of the model: may run beside turns, in a thread of its own.

        InferenceError if it does not compile.
        """
        return planned(
            partial(self._compile, home, area), self.model, self._pair.dialect, self._names.corrected, self._walk,
            self._letters.alphabet if self._letters else "",
        )  # fmt: skip

    def preparing(self, house: Planned) -> Iterator[None]:
        """The prompt of a house, computed between turns: a step each."""
        return self._memory.preparing(house.prefix)

    def adopt(self, house: Planned) -> None:
        """Live in this house from now on. Ends the open turn."""
        self._turn = self._ended = None
        self._memory.adopt(house.prefix)
        self._walkers, self._words, self.spelled = house.walkers, house.words, house.spelled
        self._asks, self._spellings = house.asks, house.spellings

    def begin(self, turn: int, expect: str = Expect.COMMAND) -> None:
        """Open a turn; the one before is forgotten."""
        try:
            wanted = Expect(expect)
        except ValueError as error:
            raise InferenceError(f"a turn cannot expect {expect!r}") from error
        if wanted not in self._walkers:
            raise InferenceError(f"{self.what} cannot {wanted}" if self.has_home else "no house has been loaded")
        self._ended = None
        if self._memory.base > len(self.prompt) and self._now_s() - self._remembered_s > DIALOGUE_S:
            self._memory.forget_dialogue()
        self._memory.begin()
        self._turn = _Turn(turn, wanted, self._stream())
        if self._spellings and wanted is Expect.COMMAND:
            self._turn.search = self._spellings.search(1 / max(self._pair.calibration.letters, 0.01))

    def feed(self, turn: int, pcm: bytes) -> None:
        """16 kHz mono s16 in any chopping: encoded and prefilled step by step."""
        open_turn = self._open(turn)
        for rows in open_turn.sound.feed(pcm):
            self._memory.append(rows)
            if self._letters:
                open_turn.heard.append(heard := self._letters.hear(rows))
                if open_turn.search:
                    open_turn.search.hear(heard)
            self.progress += len(rows)

    def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        """What was said so far. Leaves no trace: feeding goes on as if never asked."""
        open_turn = self._open(turn)
        sound = open_turn.sound
        if open_turn.known and open_turn.known[0] == sound.samples:
            _, decision, times = open_turn.known
            return decision, replace(times, tail_ms=0.0, decide_ms=0.0, draft_ms=0.0, tail_encode_ms=0.0, choice_ms=())
        self.progress += 1
        encoded, prefilled = sound.encode_ms, self._memory.prefill_ms
        try:
            if sound.samples == 0:
                return Decision(Verdict.NOT_FOR_ME, certainty=1.0), EngineTimes()
            draft, draft_ms = self._draft(open_turn)
            rows = sound.tail()
            fork = self._memory.fork(rows, self._after_audio + self._opening(open_turn.expect), draft)
            tail_encode_ms, tail_prefill_ms = sound.encode_ms - encoded, self._memory.prefill_ms - prefilled
            tail = self._letters.hear(rows) if self._letters else None
            decision, decide_ms, walk = self._judge(open_turn.expect, fork, open_turn, tail)
        finally:
            self._memory.forget_fork()
        times = EngineTimes(
            encode_ms=sound.encode_ms,
            prefill_ms=self._memory.prefill_ms,
            tail_ms=tail_encode_ms + tail_prefill_ms,
            decide_ms=decide_ms,
            choices=walk.choices,
            audio_tokens=sound.final + len(rows),
            tail_encode_ms=tail_encode_ms,
            choice_ms=walk.step_ms,
            draft_ms=draft_ms,
        )
        # the tail is encoded again at the next asking: it is no part of what the turn will have cost by then
        sound.encode_ms, self._memory.prefill_ms = encoded, prefilled
        open_turn.known = (sound.samples, decision, times)
        return decision, times

    def _draft(self, turn: _Turn) -> tuple[Draft, float]:
        begun = time.perf_counter()
        draft = self._walkers[turn.expect].draft(self.likely(turn.number))
        return draft, (time.perf_counter() - begun) * 1000

    def likely(self, turn: int) -> tuple[int, ...]:  # noqa: ARG002 - engine_drafted asks about it
        """The path that will probably be found, to be read ahead; nobody says so here."""
        return ()

    def ask(self, turn: int, text: str) -> tuple[Decision, EngineTimes]:
        """The decision for typed words, under the same automaton; an open turn with sound goes on unharmed."""
        expect = self._turn.expect if self._turn and self._turn.number == turn else Expect.COMMAND
        if expect not in self._walkers:
            raise InferenceError("no house has been loaded")
        self.progress += 1
        if self._words is not None:
            return typed(self._words, text), EngineTimes()
        before = self._memory.prefill_ms
        tokens = self.model.tokenize(prompt.after_text(text), special=True) + self._opening(expect)
        try:
            fork = self._memory.fork_text(self._memory.base - 1, tokens)
            prefill_ms = self._memory.prefill_ms - before
            decision, decide_ms, walk = self._judge(expect, fork)
        finally:
            self._memory.forget_fork()
            self._memory.prefill_ms = before
        return decision, EngineTimes(
            prefill_ms=prefill_ms,
            tail_ms=prefill_ms,
            decide_ms=decide_ms,
            choices=walk.choices,
            choice_ms=walk.step_ms,
        )

    def stop(self) -> None:
        """From any thread: the decision being made is not wanted. It raises InferenceError, and leaves no trace."""
        self._context.stop()

    def go(self) -> None:
        """After `stop`: decisions are wanted again."""
        self._context.go()

    def again(self, _turn: int) -> tuple[Decision, EngineTimes] | None:
        """What the open turn is understood as when it is heard once more; None where that is nothing."""
        return None

    def end(self, turn: int) -> None:
        """Forget the turn, if it is the open one; but where what came of it may be remembered, when the next begins."""
        if self._turn and self._turn.number == turn:
            # a model that writes what it hears needs no dialogue: its house has one
            self._ended, self._turn = self._turn if self._pair.dialect is Dialect.CALLS else None, None
            if not self._ended:
                self._memory.begin()

    def remember(self, turn: int, answer: str) -> None:
        """What came of the turn that ended last, in words: the next turns know of both. Too late, it does nothing."""
        last, self._ended = self._ended, None
        if last is None or last.number != turn or last.known is None or not last.known[1].sentence:
            return
        tokens = self.model.tokenize(prompt.to_next_turn(last.known[1].sentence, answer), special=True)
        if self._memory.remember(last.sound.tail(), tokens, MOST_DIALOGUE):
            self._remembered_s = self._now_s()

    @contextlib.contextmanager
    def answering(self, turn: int, text: str, then: str, alone: bool = False) -> Iterator[tuple[F32, Context]]:
        """Logits, and the context of the fork that they come from, behind the turn that ended last (or typed `text`)
        and the model's own `then`; `alone`: behind `then`. InferenceError where this model cannot talk.
        """
        if not self.talks:
            raise InferenceError(f"{self.what} knows only what the house understands")
        last, before = self._ended, prompt.after_text(text) if text else prompt.after_audio()
        tokens = self.model.tokenize(then if alone else before + then, special=True)
        try:
            if text:
                keep = 1 if alone else self._memory.base - 1
                yield self._memory.fork_text(keep, tokens).logits, self._context
            elif last and last.number == turn:
                yield self._memory.fork(last.sound.tail(), tokens).logits, self._context
            else:
                raise InferenceError(f"nothing is known of turn {turn} any more")
        finally:
            self._memory.forget_fork()

    def _opening(self, expect: Expect) -> tuple[int, ...]:
        return (*self._asks.get(expect, ()), *self._walkers[expect].opening()[0])

    def _open(self, turn: int) -> _Turn:
        if self._turn is None or self._turn.number != turn:
            raise InferenceError(f"turn {turn} is not open")
        return self._turn

    def _judge(
        self, expect: Expect, fork: Fork, turn: _Turn | None = None, tail: Heard | None = None
    ) -> tuple[Decision, float, Walk]:
        """`tail`: the letters behind those of `turn`."""
        begun = time.perf_counter()
        if not np.isfinite(fork.logits).all():
            raise InferenceError("the model gave no finite numbers")
        walker = self._walkers[expect]
        slots = Slots(self._context, fork.read)
        heard = Heard.joined([*turn.heard, tail]) if turn and tail else None
        propose = partial(self._propose, turn.search, tail) if turn and turn.search and tail else None
        walk = self.last_walk = look(walker, fork.logits, slots, heard, self._pair.calibration, self.spell, propose)
        if expect is Expect.CODE:
            decision = judge_code(walk, walker.automaton, self._pair.calibration)
        elif expect is Expect.INTERPRET:
            decision = judge_choice(walk, walker.automaton)
        else:
            decision = judge(walk, walker.automaton, self._pair.calibration, self.spell)
            decision = with_paths(decision, walk, self.spell)
        return decision, (time.perf_counter() - begun) * 1000, walk

    def _propose(self, search: Search, tail: Heard) -> list[tuple[int, ...]]:
        """The commands that the letters fit best, as tokens."""
        texts = search.fork().hear(tail).likeliest(PROPOSED, NEAR_NATS)
        return [spell_sentence(text.split(), self.model) for text in texts]

    def spell(self, tokens: tuple[int, ...]) -> str:
        """Their text."""
        return b"".join(self.model.piece(t) for t in tokens).decode("utf-8", "replace")
