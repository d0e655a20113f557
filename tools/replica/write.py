"""Writes a random-weight E-series pair (text GGUF, audio mmproj GGUF) that stock llama.cpp loads.

Tensor names and file conventions as in llama.cpp's converter: conv_norm and norm_conv are swapped in the file;
rope_freqs holds 1 for rotated and 1e30 for unrotated pairs of the full-attention layers; layers that share KV carry no
k, v, k_norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Quant
from gguf import GGUFReader, GGUFValueType, GGUFWriter, quants


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of one model of the family."""

    layers: int
    shared: int
    """Upper layers that own no keys and values."""
    full_every: int
    """Each n-th layer attends to everything, the others through a window of 512."""
    width: int
    ffn: int
    heads: int
    head_dim: int
    per_layer: int
    ear_layers: int
    ear_width: int
    ear_heads: int
    ear_out: int
    conv: tuple[int, int]
    quantized: bool


E2B = Shape(35, 20, 5, 1536, 6144, 8, 256, 256, 12, 1024, 8, 1536, (128, 32), quantized=True)
TINY = Shape(6, 4, 2, 64, 128, 4, 32, 32, 2, 64, 4, 64, (16, 32), quantized=False)

SPECIALS = (
    "<pad>", "<eos>", "<bos>", "<unk>", "<|turn>", "<turn|>", "<|audio>", "<audio|>", "<|audio|>", "<|tool>", "<tool|>",
    "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", '<|"|>', "<|channel>", "<channel|>",
    "<|think|>",
)  # fmt: skip
SPACE = "\u2581"
_MERGES = (
    "o n", "l i", "g h", "gh t", "li ght", "t h", "th e", "_ t", "_ o", "_ l", "_ the", "_ on", "_ light", "light s",
    "_ lights", "u r", "t ur", "tur n", "_ turn", "k i", "t c", "ki tc", "_ kitc", "h en", "e n",
)  # fmt: skip
MERGES = tuple(merge.replace("_", SPACE) for merge in _MERGES)


class _Tensors:
    """Random tensors into one file. Matrices are quantized where the shape says so."""

    def __init__(self, writer: GGUFWriter, seed: int, quantized: bool) -> None:
        self.writer, self.quantized = writer, quantized
        self.rng = np.random.default_rng(seed)

    def f32(self, name: str, values: npt.ArrayLike) -> None:
        self.writer.add_tensor(name, np.asarray(values, np.float32))

    def noise(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
        n = int(np.prod(shape))
        return self.rng.integers(0, 2**63, size=n // 8 + 1, dtype=np.int64).view(np.uint8)[:n].reshape(shape)

    def q4_0(self, name: str, rows: int, cols: int, std: float = 0.02) -> None:
        """Blocks of 32 made directly in their stored form: a scale and 16 bytes of nibbles."""
        if not self.quantized:
            self.f32(name, self.rng.standard_normal((rows, cols), dtype=np.float32) * cols**-0.5)
            return
        blocks = np.empty((rows, cols // 32, 18), np.uint8)
        blocks[..., :2] = np.full((rows, cols // 32), std / 4.6, np.float16).view(np.uint8).reshape(rows, -1, 2)
        blocks[..., 2:] = self.noise((rows, cols // 32, 16))
        self.writer.add_tensor(name, blocks.reshape(rows, -1), raw_dtype=Quant.Q4_0)

    def q6_k(self, name: str, rows: int, cols: int, std: float = 0.02) -> None:
        if not self.quantized:
            self.f32(name, self.rng.standard_normal((rows, cols), dtype=np.float32) * cols**-0.5)
            return
        blocks = np.empty((rows, cols // 256, 210), np.uint8)
        blocks[..., :208] = self.noise((rows, cols // 256, 208))
        blocks[..., 192:208] = 1
        blocks[..., 208:] = np.full((rows, cols // 256), std / 18.5, np.float16).view(np.uint8).reshape(rows, -1, 2)
        self.writer.add_tensor(name, blocks.reshape(rows, -1), raw_dtype=Quant.Q6_K)

    def q8_0(self, name: str, rows: int, cols: int) -> None:
        values = self.rng.standard_normal((rows, cols), dtype=np.float32) * cols**-0.5
        if self.quantized:
            self.writer.add_tensor(name, quants.quantize(values, Quant.Q8_0), raw_dtype=Quant.Q8_0)
        else:
            self.f32(name, values)


@contextmanager
def _file(path: Path, arch: str) -> Iterator[GGUFWriter]:
    """Written beside and renamed when complete: a killed writer leaves no half model."""
    part = path.with_suffix(".part")
    writer = GGUFWriter(str(part), arch)
    yield writer
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def _copy_vocabulary(writer: GGUFWriter, source: Path) -> int:
    size = 0
    for one in GGUFReader(str(source)).fields.values():
        if not one.name.startswith("tokenizer."):
            continue
        if one.types[0] == GGUFValueType.ARRAY:
            values = one.contents()
            writer.add_array(one.name, values)
            size = len(values) if one.name == "tokenizer.ggml.tokens" else size
        else:
            writer.add_key_value(one.name, one.contents(), one.types[0])
    return size


def _tiny_vocabulary(writer: GGUFWriter) -> int:
    """Gemma 4's special tokens, bytes, ASCII and a few merges that never cross a space."""
    plain = dict.fromkeys([SPACE, *(chr(c) for c in range(33, 127)), *(m.replace(" ", "") for m in MERGES)])
    tokens = [*SPECIALS, "\n", *(f"<0x{i:02X}>" for i in range(256)), *plain]
    rendered = {
        "<|channel>",
        "<channel|>",
        "<|tool_call>",
        "<tool_call|>",
        "<|tool_response>",
        "<tool_response|>",
        '<|"|>',
    }
    kinds = [4 if t in rendered else 3 if t in SPECIALS else 6 if t.startswith("<0x") else 1 for t in tokens]
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    return len(tokens)


def write_text(path: Path, shape: Shape, vocabulary: Path | None = None, seed: int = 0) -> None:
    """The text model. `vocabulary` is a GGUF to take the tokenizer from; without, a tiny one is made up."""
    s = shape
    with _file(path, "gemma4") as w:
        sliding = [(i % s.full_every) != s.full_every - 1 for i in range(s.layers)]
        owning = s.layers - s.shared
        ffn = [s.ffn if i < owning else 2 * s.ffn for i in range(s.layers)]
        w.add_block_count(s.layers)
        w.add_context_length(131072)
        w.add_embedding_length(s.width)
        w.add_feed_forward_length(ffn)
        w.add_head_count(s.heads)
        w.add_head_count_kv(1)
        w.add_rope_freq_base(1e6)
        w.add_rope_freq_base_swa(1e4)
        w.add_layer_norm_rms_eps(1e-6)
        w.add_key_length(2 * s.head_dim)
        w.add_value_length(2 * s.head_dim)
        w.add_key_length_swa(s.head_dim)
        w.add_value_length_swa(s.head_dim)
        w.add_final_logit_softcapping(30.0)
        w.add_sliding_window(512)
        w.add_shared_kv_layers(s.shared)
        w.add_embedding_length_per_layer_input(s.per_layer)
        w.add_sliding_window_pattern(sliding)
        w.add_rope_dimension_count(2 * s.head_dim)
        w.add_rope_dimension_count_swa(s.head_dim)
        w.add_file_type(2 if s.quantized else 0)
        size = _copy_vocabulary(w, vocabulary) if vocabulary else _tiny_vocabulary(w)
        t = _Tensors(w, seed, s.quantized)
        t.q6_k("token_embd.weight", size, s.width)
        t.q4_0("per_layer_token_embd.weight", size, s.per_layer * s.layers)
        t.q4_0("per_layer_model_proj.weight", s.per_layer * s.layers, s.width)
        t.f32("per_layer_proj_norm.weight", np.ones(s.per_layer))
        t.f32("output_norm.weight", np.ones(s.width))
        rotated = s.head_dim // 4
        t.f32("rope_freqs.weight", [1.0] * rotated + [1e30] * (s.head_dim - rotated))
        for i in range(s.layers):
            p, head = f"blk.{i}.", s.head_dim if sliding[i] else 2 * s.head_dim
            t.f32(p + "attn_norm.weight", np.ones(s.width))
            t.q4_0(p + "attn_q.weight", s.heads * head, s.width)
            t.f32(p + "attn_q_norm.weight", np.ones(head))
            t.q4_0(p + "attn_output.weight", s.width, s.heads * head)
            if i < owning:
                t.q4_0(p + "attn_k.weight", head, s.width)
                t.q4_0(p + "attn_v.weight", head, s.width)
                t.f32(p + "attn_k_norm.weight", np.ones(head))
            t.f32(p + "post_attention_norm.weight", np.full(s.width, 0.3))
            t.f32(p + "ffn_norm.weight", np.ones(s.width))
            t.q4_0(p + "ffn_gate.weight", ffn[i], s.width)
            t.q4_0(p + "ffn_up.weight", ffn[i], s.width)
            t.q4_0(p + "ffn_down.weight", s.width, ffn[i])
            t.f32(p + "post_ffw_norm.weight", np.full(s.width, 0.3))
            t.q4_0(p + "inp_gate.weight", s.per_layer, s.width)
            t.q4_0(p + "proj.weight", s.width, s.per_layer)
            t.f32(p + "post_norm.weight", np.full(s.width, 0.1))
            t.f32(p + "layer_output_scale.weight", [1.0])


def write_audio(path: Path, shape: Shape, seed: int = 1) -> None:
    """The audio half: conformer and projection, no vision tower, no clamps on the linears."""
    s, e = shape, shape.ear_width
    with _file(path, "clip") as w:
        w.add_string("general.type", "mmproj")
        w.add_bool("clip.has_audio_encoder", True)
        w.add_bool("clip.has_vision_encoder", False)
        w.add_string("clip.audio.projector_type", "gemma4a")
        w.add_bool("clip.use_silu", True)
        for key, value in (
            ("embedding_length", e), ("feed_forward_length", 4 * e), ("block_count", s.ear_layers),
            ("projection_dim", s.width), ("num_mel_bins", 128), ("attention.head_count", s.ear_heads),
        ):  # fmt: skip
            w.add_uint32(f"clip.audio.{key}", value)
        w.add_float32("clip.audio.attention.layer_norm_epsilon", 1e-6)
        t = _Tensors(w, seed, s.quantized)
        c0, c1 = s.conv
        t.f32("a.conv1d.0.weight", t.rng.standard_normal((c0, 1, 3, 3)) * 0.3)
        t.f32("a.conv1d.0.norm.weight", np.ones(c0))
        t.f32("a.conv1d.1.weight", t.rng.standard_normal((c1, c0, 3, 3)) * 0.3 * c0**-0.5)
        t.f32("a.conv1d.1.norm.weight", np.ones(c1))
        t.q8_0("a.input_projection.weight", e, 32 * c1)
        t.q8_0("a.pre_encode.out.weight", s.ear_out, e)
        t.f32("a.pre_encode.out.bias", np.zeros(s.ear_out))
        t.q8_0("mm.a.input_projection.weight", s.width, s.ear_out)
        square = tuple((n, e, e) for n in ("conv_pw2", "attn_q", "attn_k", "attn_v", "attn_out", "attn_k_rel"))
        ffn = (("ffn_up", 4 * e, e), ("ffn_down", e, 4 * e), ("ffn_up_1", 4 * e, e), ("ffn_down_1", e, 4 * e))
        for i in range(s.ear_layers):
            p = f"a.blk.{i}."
            for norm in (
                "ffn_norm", "ffn_norm_1", "ffn_post_norm", "ffn_post_norm_1", "attn_pre_norm", "attn_post_norm", "ln2",
                "conv_norm", "norm_conv",
            ):  # fmt: skip
                t.f32(f"{p}{norm}.weight", np.ones(e))
            for name, rows, cols in (*ffn, ("conv_pw1", 2 * e, e), *square):
                t.q8_0(f"{p}{name}.weight", rows, cols)
            t.f32(p + "per_dim_scale.weight", np.full(e // s.ear_heads, 0.69))
            t.f32(p + "conv_dw.weight", t.rng.standard_normal((e, 5)) * 0.4)
