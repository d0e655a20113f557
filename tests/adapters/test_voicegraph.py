"""A voice in halves: the same sound, from less memory; and what is no such voice stays whole."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from voiced.adapters import piper, voicegraph
from voiced.adapters.piper import Voice, default_voice

Feed = dict[str, NDArray[np.generic]]


@pytest.fixture(scope="module")
def halves() -> voicegraph.Halves:
    found = voicegraph.cut(default_voice())
    assert found is not None
    return found


def session(model: bytes | Path) -> onnxruntime.InferenceSession:
    path = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def words(phonemes: int) -> Feed:
    """Without chance: the same sound each time."""
    ids = json.loads(Path(f"{default_voice()}.json").read_text("utf-8"))["phoneme_id_map"]
    known = random.Random(phonemes).choices([ids[letter][0] for letter in "abdefiklmnostuvw"], k=phonemes)
    said = [1, *itertools.chain.from_iterable((0, one) for one in known), 0, 2]
    return {
        "input": np.array([said], np.int64), "input_lengths": np.array([len(said)], np.int64),
        "scales": np.array([0.0, 1.0, 0.0], np.float32),
    }  # fmt: skip


@pytest.mark.parametrize("phonemes", [3, 20, 90])
def test_in_stretches_it_sounds_as_the_whole_does(halves: voicegraph.Halves, phonemes: int) -> None:
    """Any difference between two floats of the last bits comes from sums in another order, far below a 16-bit step."""
    feed = words(phonemes)
    (whole,) = session(default_voice()).run(None, feed)
    (cut,) = piper._Halved(halves, onnxruntime.SessionOptions()).run(None, feed)
    assert cut.shape == whole.shape
    assert phonemes < 90 or whole.shape[-1] > 2 * piper.STRETCH * halves.samples, "several stretches"
    assert np.abs(cut - whole).max() < 1e-5 < np.abs(whole).max()


def test_a_frame_further_away_than_the_reach_says_nothing_and_a_nearer_one_does(halves: voicegraph.Halves) -> None:
    decoder, chance = session(halves.decoder), np.random.default_rng(3)
    frames = chance.normal(0, 1, (1, 192, 80)).astype(np.float32)
    changed = frames.copy()
    changed[..., 40] += 1
    before, after = (decoder.run(None, {halves.frames: some})[0].ravel() for some in (frames, changed))
    touched = np.flatnonzero(before != after) / halves.samples
    assert len(before) == 80 * halves.samples
    assert 40 - halves.reach <= touched.min() < 40 < touched.max() < 41 + halves.reach
    assert touched.max() - touched.min() > halves.reach, "the bound is of use"


def test_a_long_sentence_takes_little_more_memory_than_a_short_one() -> None:
    """Measured by the kernel in a process of its own."""
    code = (
        "from pathlib import Path; from voiced.adapters.piper import Voice\n"
        "from voiced.adapters.heap import return_large_blocks; return_large_blocks()\n"
        "def mb():\n"
        "    lines = Path('/proc/self/smaps_rollup').read_text().splitlines()\n"
        "    return int(next(line.split()[1] for line in lines if line.startswith('Pss_Anon:'))) / 1024\n"
        "voice, text = Voice(), 'the living room lamp is at forty percent, and the window is open'\n"
        "list(voice.sentences(text[:24])); short = mb()\n"
        "list(voice.sentences(', '.join([text] * 3))); print(mb() - short)"
    )
    more_mb = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert more_mb < 110, "more than 200 where it is decoded at once"


def edited(tmp_path: Path, change: str) -> Path:
    model = onnx.load(str(default_voice()), load_external_data=False)
    nodes = {node.name: node for node in model.graph.node}
    match change:
        case "renamed":
            nodes["/dec/conv_pre/Conv"].name = "/decoder/first"
        case "strange":
            next(
                node for node in model.graph.node if node.op_type == "Tanh" and "/dec/" in node.name
            ).op_type = "Softmax"
        case "strides":
            for attribute in nodes["/dec/conv_pre/Conv"].attribute:
                if attribute.name == "strides":
                    attribute.ints[:] = [2]
        case "more":
            model.graph.output.append(onnx.helper.make_tensor_value_info("/Mul_7_output_0", 1, None))
        case "speakers":  # a decoder that also wants to know who speaks
            nodes["/dec/conv_pre/Conv"].input[2] = model.graph.node[0].output[0]
    path = tmp_path / "voice.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("change", ["renamed", "strange", "strides", "more", "speakers"])
def test_what_is_not_certain_to_sound_the_same_stays_whole(tmp_path: Path, change: str) -> None:
    assert voicegraph.cut(edited(tmp_path, change)) is None


def test_a_voice_that_stays_whole_speaks(tmp_path: Path) -> None:
    path = edited(tmp_path, "renamed")
    Path(f"{path}.json").write_bytes(Path(f"{default_voice()}.json").read_bytes())
    assert sum(map(len, Voice(path=path).sentences("The light is on."))) > 10_000


def test_garbage_is_no_voice_and_no_error(tmp_path: Path) -> None:
    """Bits of the graph's beginning flipped, pieces of the file, noise: none are halves."""
    chance, path, whole = random.Random(11), tmp_path / "voice.onnx", default_voice().read_bytes()
    for number in range(30):
        spoiled = bytearray(whole[: chance.randrange(1, 400_000)] if number % 2 else chance.randbytes(300))
        for _ in range(5):
            spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
        path.write_bytes(spoiled)
        assert voicegraph.cut(path) is None
    path.write_bytes(b"")
    assert voicegraph.cut(path) is None
