"""What an mmproj GGUF with Gemma 4's audio encoder holds, and the check that this one holds exactly that.

ggml aborts the process on a tensor of the wrong size, so nothing is computed from a file that has not passed.
Names as llama.cpp's converter writes them: its `conv_norm` stands before the convolution module, `norm_conv` within.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiced.errors import ModelFileError
from voiced.gemma import features
from voiced.gemma.ggml import Weights

KERNEL = 5
"""Of the depthwise convolution: a token and the 4 before it."""
WIDTHS = (features.MELS, features.MELS // 2, features.MELS // 4)
"""Frequencies of a mel frame, after the first and after the second subsampling convolution."""
PREFIXES = ("a.", "mm.a.")
"""Of the names of all tensors of the audio half."""
SOFT_NORM = "mm.a.soft_emb_norm.weight"
"""The one that some files do without."""
LIMITS = ("input_min", "input_max", "output_min", "output_max")
"""Scalars that may stand beside a matrix: what goes in and out of it is held in these bounds."""

_LAYER = (
    "ffn_norm", "ffn_up", "ffn_down", "ffn_post_norm", "attn_pre_norm", "attn_q", "attn_k", "attn_v", "attn_k_rel",
    "per_dim_scale", "attn_out", "attn_post_norm", "conv_norm", "conv_pw1", "conv_dw", "norm_conv", "conv_pw2",
    "ffn_norm_1", "ffn_up_1", "ffn_down_1", "ffn_post_norm_1", "ln2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of one encoder, as its file gives them."""

    layers: int
    width: int
    heads: int
    channels: tuple[int, int]
    """Of the two subsampling convolutions."""
    out: int
    """Width of the text model."""

    @property
    def head(self) -> int:
        return self.width // self.heads


def shape_of(weights: Weights) -> Shape:
    """ModelFileError if the file holds no gemma4a encoder, or tensors of it are missing, unknown or misshapen."""
    kind = weights.fact("clip.audio.projector_type") or weights.fact("clip.projector_type")
    if kind != "gemma4a":
        raise _unknown(weights, f"its audio projector is {kind!r}, not 'gemma4a'")
    numbers = {}
    for key in ("block_count", "embedding_length", "attention.head_count", "num_mel_bins"):
        value = weights.fact(f"clip.audio.{key}")
        if not isinstance(value, int) or value < 1:
            raise _unknown(weights, f"clip.audio.{key} is {value!r}")
        numbers[key] = value
    layers, width, heads, mels = numbers.values()
    if mels != features.MELS or width % heads:
        raise _unknown(weights, f"{mels} mel bins, {heads} heads in a width of {width}")
    first, second = (weights.shape(f"a.conv1d.{i}.weight") for i in (0, 1))
    out = weights.shape("mm.a.input_projection.weight")
    if len(first) != 4 or len(second) != 4 or len(out) != 2:
        raise _unknown(weights, "a.conv1d.0, a.conv1d.1 or mm.a.input_projection is missing")
    shape = Shape(layers, width, heads, (first[3], second[3]), out[1])
    inner = weights.shape("a.pre_encode.out.weight")[-1:] or (0,)
    expected = _expected(shape, inner) | ({SOFT_NORM: inner} if SOFT_NORM in weights else {})
    for name, size in expected.items():
        if weights.shape(name) != size:
            raise _unknown(weights, f"{name} is {weights.shape(name)}, not {size}")
        if (len(size) == 1 or "conv_dw" in name) and name not in weights.float32:
            raise _unknown(weights, f"{name} is not of 32-bit floats")
    limits = {f"{name.removesuffix('.weight')}.{limit}" for name in expected for limit in LIMITS}
    if strange := sorted(weights.keys() - expected.keys() - limits):
        raise _unknown(weights, f"it has {strange[0]}")
    return shape


def _unknown(weights: Weights, why: str) -> ModelFileError:
    return ModelFileError(
        f"{weights.name}: the incremental audio encoder does not know this layout ({why}); "
        'encoder = "mtmd" under [model] lets llama.cpp encode it, again from the beginning at each step'
    )


def _expected(shape: Shape, inner: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Every tensor there must be, with its size in ggml's order."""
    e, (c0, c1) = shape.width, shape.channels
    sizes: dict[str, tuple[int, ...]] = {
        "a.conv1d.0.weight": (3, 3, 1, c0), "a.conv1d.0.norm.weight": (c0,),
        "a.conv1d.1.weight": (3, 3, c0, c1), "a.conv1d.1.norm.weight": (c1,),
        "a.input_projection.weight": (c1 * WIDTHS[2], e),
        "a.pre_encode.out.weight": (e, *inner), "a.pre_encode.out.bias": inner,
        "mm.a.input_projection.weight": (*inner, shape.out),
    }  # fmt: skip
    special = {
        "ffn_up": (e, 4 * e), "ffn_up_1": (e, 4 * e), "ffn_down": (4 * e, e), "ffn_down_1": (4 * e, e),
        "conv_pw1": (e, 2 * e), "conv_dw": (KERNEL, e), "per_dim_scale": (shape.head,),
    }  # fmt: skip
    square = {"attn_q", "attn_k", "attn_v", "attn_k_rel", "attn_out", "conv_pw2"}
    for layer in range(shape.layers):
        for name in _LAYER:
            sizes[f"a.blk.{layer}.{name}.weight"] = special.get(name, (e, e) if name in square else (e,))
    return sizes
