"""The engine on a model of E2B's exact shape (3 GB, random weights): it loads, hears, decides and rolls back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voiced
from tests.gemma.tiny import sound
from tools.replica.__main__ import NAMES, cache_folder
from voiced.gemma import prompt
from voiced.gemma.audio import AudioStream, HighPass
from voiced.gemma.automaton import Choice, Reading, State, Step
from voiced.gemma.llama import AudioEncoder, TextModel
from voiced.gemma.models import from_folder
from voiced.gemma.prompt import Dialect, Parameter, Tool
from voiced.home.load import load_home
from voiced.messages import Call, Verdict
from voiced.ports import Expect
from voiced.workers.engine import EngineCore
from voiced.workers.engine_house import Compiled, Correct, compile_home
from voiced.workers.engine_setup import Setup

pytestmark = pytest.mark.e2b

NAMES_OF_THINGS = ("bed light", "kitchen lights", "fan")
CALLS = tuple(Call(i, {"name": n}) for i, n in itertools.product(("turn_on", "turn_off"), NAMES_OF_THINGS))


class Calls:
    """A trie of tool calls over the model's own tokens."""

    def __init__(self, tokenizer: TextModel) -> None:
        texts = [prompt.call(c.intent, c.slots).removesuffix("<tool_call|>") for c in CALLS]
        self.paths = {tokenizer.tokenize(t, special=True): c for t, c in zip(texts, CALLS, strict=True)}
        self.start: State = ()
        self.end_token = tokenizer.special("<tool_call|>")

    def choice(self, state: State) -> Choice:
        assert isinstance(state, tuple)
        n = len(state)
        steps = {p[n]: Step(p[: n + 1]) for p in self.paths if p[:n] == state and len(p) > n}
        return Choice(steps, state in self.paths)

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        return (Reading((self.paths[tokens],), ""),) if tokens in self.paths else ()


def compile_calls(home: Mapping[str, Any], area: str, tokenizer: TextModel, dialect: Dialect, _: Correct) -> Compiled:
    tools = tuple(Tool(n, "Switch.", {"name": Parameter("string", "what")}, ("name",)) for n in ("turn_on", "turn_off"))
    return Compiled(Calls(tokenizer), {Expect.CODE: Calls(tokenizer)}, "You control a home.", tools)


@pytest.fixture(scope="module")
def core() -> Iterator[EngineCore]:
    folder = cache_folder()
    if not (folder / NAMES[False][0]).exists():
        pytest.skip("the replica is not made yet: python -m tools.replica --vocab ggml-vocab-gemma-4.gguf")
    one = EngineCore(from_folder(folder), Setup(cells=2048), compile_calls)
    one.load_home({})
    yield one
    one.close()


def test_it_hears_and_calls_a_tool(core: EngineCore) -> None:
    pcm = sound(3)
    decisions = []
    for asked in (False, True):
        core.begin(1)
        core.feed(1, pcm[:50000])
        if asked:
            core.decide(1)
        core.feed(1, pcm[50000:])
        decision, times = core.decide(1)
        decisions.append(decision)
        assert decision.verdict in {Verdict.CALLS, Verdict.INCOMPLETE}
        assert times.audio_tokens == 75
        assert times.choices <= 4
    assert decisions[0] == decisions[1]


def test_its_ear_hears_what_llama_cpp_hears(core: EngineCore) -> None:
    """6 s in ours, step by step and with a memory, against all at once in mtmd."""
    folder = cache_folder()
    heard = HighPass().ahead(np.frombuffer(sound(6), np.int16))
    stream, text = AudioStream(core._encoder), core.model
    got = np.concatenate([*stream.feed(sound(6)), stream.tail()])
    reference = AudioEncoder(from_folder(folder).audio, text, 1)
    want = reference.encode(heard)
    own = reference.encode(np.nextafter(heard, np.float32(1)))
    reference.close()
    assert got.shape == want.shape == (150, text.width)
    assert np.linalg.norm(got - want) <= max(1e-3 * np.linalg.norm(want), np.linalg.norm(own - want))


def test_the_official_tokens_are_single_ones(core: EngineCore) -> None:
    assert core.model.size == 262144
    ids = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<|audio>": 256000, "<audio|>": 258883}
    assert {name: core.model.tokenize(name, special=True)[0] for name in ids} == ids
    for name in ("<|turn>", "<turn|>", "<|tool_call>", "<tool_call|>", '<|"|>', "<|channel>", "<channel|>"):
        assert len(core.model.tokenize(name, special=True)) == 1
    assert np.isfinite(core.model.width)


def test_the_demo_house_is_read_in_1200_tokens(core: EngineCore) -> None:
    demo = Path(voiced.__file__).parent / "data" / "demo-home.toml"
    made = compile_home(load_home(demo.read_text("utf-8")).to_dict(), "", core.model, Dialect.CALLS)
    assert len(core.model.tokenize(prompt.before_audio(made.system, made.tools), special=True)) <= 1200
