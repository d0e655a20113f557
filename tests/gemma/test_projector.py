"""The audio half of a projector like the published ones: vision tower, BF16, and clamps on the linears."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Quant
from gguf import GGUFReader, GGUFValueType, GGUFWriter

from tests.gemma.tiny import tiny_pair
from tools.replica.__main__ import NAMES, cache_folder
from voiced.errors import ModelFileError
from voiced.gemma.llama import AudioEncoder, TextModel
from voiced.gemma.projector import Format, audio_only, best_format


def published(path: Path, source: Path) -> Path:
    """`source` as Google publishes it: matrices in BF16, a vision tower beside the audio encoder."""
    reader, writer = GGUFReader(source), GGUFWriter(path, "clip")
    for name, one in reader.fields.items():
        if not name.startswith("GGUF.") and name not in {"general.architecture", "clip.has_vision_encoder"}:
            if one.types[0] == GGUFValueType.ARRAY:
                writer.add_array(name, one.contents())
            else:
                writer.add_key_value(name, one.contents(), one.types[0])
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.vision.projector_type", "gemma4v")
    writer.add_uint32("clip.vision.block_count", 1)
    for tensor in reader.tensors:
        wide = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if wide.ndim == 2 and "conv_dw" not in tensor.name:
            writer.add_tensor(tensor.name, gguf.quants.quantize(wide, Quant.BF16), raw_dtype=Quant.BF16)
        else:
            writer.add_tensor(tensor.name, wide)
    writer.add_tensor("v.patch_embd.weight", np.ones((16, 32), np.float32))
    writer.add_tensor("mm.input_projection.weight", np.ones((16, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(("wanted", "bound"), [(Format.F16, 0.012), (Format.Q8_0, 0.03)])
def test_it_loads_and_hears_the_same(tmp_path: Path, wanted: Format, bound: float) -> None:
    pair = tiny_pair()
    source = published(tmp_path / "mmproj.gguf", pair.audio)
    target = tmp_path / "audio.gguf"
    seen: list[tuple[int, int]] = []
    audio_only(source, target, wanted, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    tensors = GGUFReader(target).tensors
    assert not [t.name for t in tensors if t.name.startswith("v.") or t.name == "mm.input_projection.weight"]
    kinds = {t.tensor_type for t in tensors}
    assert Quant.BF16 not in kinds
    assert (Quant.Q8_0 if wanted is Format.Q8_0 else Quant.F16) in kinds
    model = TextModel(pair.text)
    sound = (np.random.default_rng(0).standard_normal(32000) * 0.1).astype(np.float32)
    got, want = (AudioEncoder(path, model, 1).encode(sound) for path in (target, pair.audio))
    model.close()
    assert np.linalg.norm(got - want) / np.linalg.norm(want) < bound
    assert {p.name for p in tmp_path.iterdir()} == {"mmproj.gguf", "audio.gguf"}


def test_f16_holds_what_bf16_held(tmp_path: Path) -> None:
    source = published(tmp_path / "mmproj.gguf", tiny_pair().audio)
    audio_only(source, tmp_path / "audio.gguf", Format.F16)
    before = {t.name: t for t in GGUFReader(source).tensors}
    for after in GGUFReader(tmp_path / "audio.gguf").tensors:
        was = before[after.name]
        got, want = (gguf.quants.dequantize(t.data, t.tensor_type) for t in (after, was))
        assert np.abs(got - want).max() < 2**-24, "exact, but for numbers smaller than F16's smallest steps"


def test_what_is_no_projector_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"no")
    for source in (tiny_pair().text, tmp_path / "x.gguf"):
        with pytest.raises(ModelFileError):
            audio_only(source, tmp_path / "audio.gguf", Format.F16)
    assert not (tmp_path / "audio.gguf").exists()


def test_arm_gets_what_it_is_fast_with() -> None:
    assert best_format("aarch64") is Format.Q8_0
    assert best_format("x86_64") is Format.F16


@pytest.mark.e2b
def test_the_replicas_projector(tmp_path: Path) -> None:
    text, audio = (cache_folder() / name for name in NAMES[False])
    if not audio.exists():
        pytest.skip("the replica is not made yet: python -m tools.replica --vocab ggml-vocab-gemma-4.gguf")
    source = published(tmp_path / "mmproj.gguf", audio)
    model = TextModel(text, lazy=True)
    sound = (np.random.default_rng(0).standard_normal(32000) * 0.1).astype(np.float32)
    want = AudioEncoder(audio, model, 2).encode(sound)
    for wanted in Format:
        target = tmp_path / f"{wanted}.gguf"
        audio_only(source, target, wanted)
        got = AudioEncoder(target, model, 2).encode(sound)
        # the replica's own Q8_0, which is compared with, rounds what goes into each product to bytes: 2.5 % here
        assert np.linalg.norm(got - want) / np.linalg.norm(want) < 0.05
    model.close()
