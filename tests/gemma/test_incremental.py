"""Encoding with a memory against llama.cpp's own encoder, which starts from the beginning each time."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGMLQuantizationType as Quant
from gguf import quants
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gemma.tiny import sound, tiny_pair
from voiced.config import MODELS
from voiced.errors import ModelFileError
from voiced.gemma import features, ggml
from voiced.gemma.audio import AudioStream, HighPass
from voiced.gemma.conformer import CHUNK, Step
from voiced.gemma.incremental import LONG_FROM, ROWS, TOKEN_SAMPLES, IncrementalEncoder
from voiced.gemma.llama import AudioEncoder, TextModel
from voiced.gemma.models import ModelPair, from_folder

F32 = npt.NDArray[np.float32]
STEP = CHUNK * TOKEN_SAMPLES


class Both:
    def __init__(self, pair: ModelPair) -> None:
        self.text = TextModel(pair.text)
        self.reference = AudioEncoder(pair.audio, self.text, 1)
        self.ours = IncrementalEncoder(pair.audio, 1)

    def close(self) -> None:
        self.ours.close()
        self.reference.close()
        self.text.close()


@pytest.fixture(scope="module", params=["tiny", "nano"])
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    one = Both(tiny_pair() if request.param == "tiny" else from_folder(MODELS / "nano"))
    yield one
    one.close()


def encode(encoder: IncrementalEncoder, heard: F32) -> F32:
    state, out = encoder.start(), []
    while len(heard) > (n := encoder.step_samples(state)):
        rows, state = encoder.encode_step(state, heard[:n])
        out.append(rows)
        heard = heard[n:]
    return np.concatenate([*out, encoder.encode_rest(state, heard)])


def noise(samples: int, seed: int = 1) -> F32:
    """A swell over noise: loud and quiet, as speech is."""
    pcm = np.frombuffer(sound(samples / 16000 + 0.1, seed), np.int16)[:samples]
    return (pcm / 32768).astype(np.float32)


def shaken(heard: F32) -> F32:
    """The same sound but for its last bits."""
    return (heard * (1 + 1e-6 * np.random.default_rng(0).standard_normal(len(heard)))).astype(np.float32)


def distance(a: F32, b: F32) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


ENDS = [
    *(100, 320, 640, 641, 1300, STEP, STEP + 1, STEP + 160, STEP + 161, STEP + 640, 3 * STEP + 5000),
    *(LONG_FROM * TOKEN_SAMPLES, LONG_FROM * TOKEN_SAMPLES + 2 * STEP + 77, 160_000),
]


@pytest.mark.parametrize("samples", ENDS)
def test_it_hears_what_llama_cpp_hears(both: Both, samples: int) -> None:
    heard = noise(samples)
    want = both.reference.encode(heard)
    got = encode(both.ours, heard)
    assert got.shape == want.shape
    # Where compilers fuse multiply-adds the last bits of the features differ, and 8-bit activations make up to 1e-2 of
    # that: in llama.cpp's own encoder, too.
    assert distance(got, want) <= max(1e-3, 2 * distance(both.reference.encode(shaken(heard)), want))


def test_on_this_kind_of_machine_it_is_the_same_to_the_last_bit(both: Both) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("compilers may fuse multiply-adds in llama.cpp's features here")
    heard = noise(100_000, seed=9)
    assert np.array_equal(encode(both.ours, heard), both.reference.encode(heard))


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 40_000), max_size=12), st.integers(2, 180_000))
def test_chopping_changes_no_bit(both: Both, cuts: list[int], length: int) -> None:
    pcm = sound(6, seed=5)[: length // 2 * 2]
    at_once, chopped, got, at = AudioStream(both.ours), AudioStream(both.ours), [], 0
    want = np.concatenate([*at_once.feed(pcm), at_once.tail()])
    for cut in cuts:
        got += chopped.feed(pcm[at : at + cut])
        if cut % 2:
            chopped.tail()
        at += cut
    got += chopped.feed(pcm[at:])
    assert np.array_equal(np.concatenate([*got, chopped.tail()]), want)


def test_each_token_of_long_speech_is_computed_once(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    run = Step.run

    def counted(step: Step, mel: F32, *rest: Any) -> tuple[F32, F32]:
        computed.append((len(mel) - 1) // 4)
        return run(step, mel, *rest)

    monkeypatch.setattr(Step, "run", counted)
    stream = AudioStream(both.ours)
    for second in range(15):
        stream.feed(sound(1, seed=second))
    assert sum(computed) == stream.final > 340
    stream.tail()
    assert sum(computed) < 375 + ROWS


def test_streams_do_not_disturb_each_other(both: Both) -> None:
    one, other = sound(2, seed=6), sound(2, seed=7)
    want = [encode(both.ours, HighPass().ahead(np.frombuffer(pcm, np.int16))) for pcm in (one, other)]
    streams = AudioStream(both.ours), AudioStream(both.ours)
    rows: tuple[list[F32], list[F32]] = [], []
    for at in range(0, len(one), 3000):
        for stream, pcm, out in zip(streams, (one, other), rows, strict=True):
            out.extend(stream.feed(pcm[at : at + 3000]))
    for stream, out, expected in zip(streams, rows, want, strict=True):
        assert np.array_equal(np.concatenate([*out, stream.tail()]), expected)


def test_features_are_the_published_ones() -> None:
    """Against the plain formula in double precision: HTK mel of magnitudes, floor 0.001, natural logarithm."""
    heard = np.concatenate([np.zeros(160, np.float32), noise(16000)])
    top = 2595 * np.log10(1 + 8000 / 700)
    hz = 700 * (10 ** (np.linspace(0, top, 130) / 2595) - 1)
    bins = np.linspace(0, 8000, 257)
    rows = [
        np.maximum(0, np.minimum((bins - lo) / (mid - lo), (hi - bins) / (hi - mid)))
        for lo, mid, hi in zip(hz, hz[1:], hz[2:], strict=False)
    ]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(320) / 320)
    frames = np.lib.stride_tricks.sliding_window_view(heard, 320)[::160] * window
    want = np.log(np.maximum(np.abs(np.fft.rfft(frames, 512)) @ np.stack(rows).T, 1e-3))
    got = features.log_mel(heard)
    assert got.shape == (100, 128)
    assert np.abs(got - want).max() < 1e-4


def rewritten(
    target: Path,
    *,
    drop: str = "",
    add: Mapping[str, F32] = MappingProxyType({}),
    kind: str = "gemma4a",
    matrices: Quant = Quant.F32,
    vectors: Quant = Quant.F32,
) -> Path:
    """The tiny audio GGUF with a tensor dropped, others added, another projector type, or weights of other types."""
    reader = gguf.GGUFReader(tiny_pair().audio)
    writer = gguf.GGUFWriter(str(target), "clip")
    writer.add_string("clip.audio.projector_type", kind)
    for name, field in reader.fields.items():
        if name.startswith(("clip.", "general.type")) and name != "clip.audio.projector_type":
            writer.add_key_value(name, field.contents(), field.types[0])
    for one in reader.tensors:
        if one.name != drop:
            small = len(one.shape) == 1 or "conv_dw" in one.name or "conv1d" in one.name
            to = vectors if small else matrices
            writer.add_tensor(one.name, quants.quantize(np.array(one.data), to), raw_dtype=to)
    for name, values in add.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "whisper"}, "'whisper'"),
        ({"drop": "a.blk.1.conv_dw.weight"}, "conv_dw"),
        ({"drop": "mm.a.input_projection.weight"}, "missing"),
        ({"add": {"a.blk.0.attn_out.bias": np.ones(64, np.float32)}}, "attn_out.bias"),
        ({"vectors": Quant.F16}, "32-bit"),
    ],
)
def test_an_unknown_layout_is_one_line_that_says_what_to_do(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    path = rewritten(tmp_path / "other.gguf", **change)
    with pytest.raises(ModelFileError, match=why) as error:
        IncrementalEncoder(path, 1)
    assert 'encoder = "mtmd"' in str(error.value)
    assert "\n" not in str(error.value)


def test_a_build_that_lacks_a_function_says_so() -> None:
    with pytest.raises(ModelFileError, match=r"no ggml_of_tomorrow.*mtmd"):
        ggml._function("ggml_of_tomorrow", "pp")(0)


@pytest.mark.parametrize("keep", [0, 3, 40, 5000, -1000])
def test_a_file_that_is_cut_off_is_a_model_file_error(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_pair().audio.read_bytes()[:keep])
    with pytest.raises(ModelFileError, match=r"cut\.gguf"):
        IncrementalEncoder(path, 1)


@pytest.mark.parametrize("kind", [Quant.F16, Quant.BF16, Quant.Q8_0, Quant.Q4_0], ids=lambda kind: kind.name)
def test_weights_of_any_type_are_computed_as_llama_cpp_does(tmp_path: Path, kind: Quant) -> None:
    path = rewritten(tmp_path / "other.gguf", matrices=kind)
    heard = noise(40_000, seed=3)
    got, want, own = compared(path, heard)
    assert distance(got, want) <= max(1e-3, 2 * own)


def test_limits_beside_a_matrix_are_kept(tmp_path: Path) -> None:
    """Google's files carry bounds of what goes in and out of each matrix."""
    bounds = (("input_min", -0.9), ("input_max", 0.8), ("output_min", -0.7), ("output_max", 0.6))
    names = ("a.blk.0.attn_q", "a.blk.1.ffn_up", "mm.a.input_projection")
    add = {f"{name}.{bound}": np.array([value], np.float32) for name in names for bound, value in bounds}
    add["mm.a.soft_emb_norm.weight"] = np.linspace(0.5, 2, 64, dtype=np.float32)
    heard = noise(20_000)
    got, want, _ = compared(rewritten(tmp_path / "limited.gguf", add=add), heard)
    assert distance(got, want) < 1e-5
    assert distance(encode(IncrementalEncoder(tiny_pair().audio, 1), heard), want) > 0.01


def compared(path: Path, heard: F32) -> tuple[F32, F32, float]:
    """Ours, llama.cpp's, and what last bits of the sound make of llama.cpp's."""
    text = TextModel(tiny_pair().text)
    reference, ours = AudioEncoder(path, text, 1), IncrementalEncoder(path, 1)
    want, got = reference.encode(heard), encode(ours, heard)
    own = distance(reference.encode(shaken(heard)), want)
    for one in (ours, reference, text):
        one.close()
    return got, want, own
