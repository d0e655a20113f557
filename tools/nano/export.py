"""A checkpoint becomes the GGUF pair that stock llama.cpp loads: F16 matrices, float32 for everything small.

Not Q8_0: its kernels round activations to 8 bits as well, which moves audio embeddings by a hundredth; F16 moves them
by a thousandth.

Names and order are llama.cpp's for `gemma4` and `gemma4a`. conv_norm and norm_conv are swapped in the file,
per_dim_scale is stored after softplus, rope_freqs holds 1 for turned and 1e30 for unturned pairs of the full-
attention layers, and layers that share keys and values carry none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFWriter
from torch import Tensor, nn

from . import vocabulary
from .augment import SUPPRESSION
from .data import LETTERS
from .model import Nano, Shape

SLIDING_WINDOW = 1024
TAIL_SILENCE_MS = 300
"""Silence that it is let hear behind the words: it was trained on turns with tails."""
NAME_PRIOR = 0.8
"""Tuned on recordings with names that no training text has (voiced/gemma/names.py)."""


def load_checkpoint(path: Path) -> tuple[Nano, dict[str, Any]]:
    """The averaged weights of a checkpoint, and what it says of its training."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    net = Nano(Shape.of(state), len(LETTERS))
    net.load_state_dict(state["ema"])
    return net.eval(), {
        "steps": state["step"],
        "hours": state["heard"] / 3600,
        "minutes": state["spent"] / 60,
    }


@dataclass(frozen=True)
class Stored:
    """Where a tensor of the file lies in the model, and how it is turned on the way."""

    parameter: Tensor
    half: bool = False
    """A matrix in half precision; everything small is float32."""
    there: Callable[[Tensor], Tensor] = lambda x: x
    back: Callable[[Tensor], Tensor] = lambda x: x


def matrix(linear: nn.Linear | nn.Embedding) -> Stored:
    return Stored(linear.weight, half=True)


def text_names(net: Nano) -> dict[str, Stored]:
    """All of the decoder's tensors that were trained, in the file's order."""
    text = net.text
    names = {
        "token_embd.weight": matrix(text.token_embd),
        "per_layer_token_embd.weight": matrix(text.per_layer_token_embd),
        "per_layer_model_proj.weight": matrix(text.per_layer_model_proj),
        "per_layer_proj_norm.weight": Stored(text.per_layer_proj_norm.w),
        "output_norm.weight": Stored(text.output_norm.w),
    }
    for i, layer in enumerate(text.blk):
        matrices = ["attn_q", "attn_output", "ffn_gate", "ffn_up", "ffn_down", "inp_gate", "proj"]
        norms = ["attn_norm", "attn_q_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "post_norm"]
        if i < net.s.layers - net.s.shared:
            matrices += ["attn_k", "attn_v"]
            norms += ["attn_k_norm"]
        names |= {f"blk.{i}.{name}.weight": matrix(getattr(layer, name)) for name in matrices}
        names |= {f"blk.{i}.{name}.weight": Stored(getattr(layer, name).w) for name in norms}
    return names


def audio_names(net: Nano) -> dict[str, Stored]:
    """All of the ear's tensors that the file holds, in its order, the letters with them."""
    ear = net.ear
    names = {
        "a.conv1d.0.weight": Stored(ear.c0.weight),
        "a.conv1d.0.norm.weight": Stored(ear.l0),
        "a.conv1d.1.weight": Stored(ear.c1.weight),
        "a.conv1d.1.norm.weight": Stored(ear.l1),
        "a.input_projection.weight": matrix(ear.inp),
        "a.pre_encode.out.weight": matrix(ear.out),
        "a.pre_encode.out.bias": Stored(ear.out.bias),
        "mm.a.input_projection.weight": matrix(ear.bridge),
    }
    for i, layer in enumerate(ear.layers):
        at, cv, p = layer.at, layer.cv, f"a.blk.{i}."
        for suffix, ffn in (("", layer.f1), ("_1", layer.f2)):
            names |= {
                f"{p}ffn_norm{suffix}.weight": Stored(ffn.n1.w),
                f"{p}ffn_up{suffix}.weight": matrix(ffn.up),
                f"{p}ffn_down{suffix}.weight": matrix(ffn.dn),
                f"{p}ffn_post_norm{suffix}.weight": Stored(ffn.n2.w),
            }
        for name, linear in (("attn_q", at.q), ("attn_k", at.k), ("attn_v", at.v), ("attn_out", at.o)):
            names[f"{p}{name}.weight"] = matrix(linear)
        names |= {
            f"{p}attn_k_rel.weight": Stored(at.rel.weight),
            f"{p}per_dim_scale.weight": Stored(at.pds, there=F.softplus, back=lambda x: torch.log(torch.expm1(x))),
            f"{p}attn_pre_norm.weight": Stored(layer.n1.w),
            f"{p}attn_post_norm.weight": Stored(layer.n2.w),
            f"{p}conv_norm.weight": Stored(cv.n1.w),
            f"{p}conv_pw1.weight": matrix(cv.a),
            f"{p}conv_dw.weight": Stored(cv.c.weight, there=lambda x: x[:, 0], back=lambda x: x[:, None]),
            f"{p}norm_conv.weight": Stored(cv.n2.w),
            f"{p}conv_pw2.weight": matrix(cv.b),
            f"{p}ln2.weight": Stored(layer.n3.w),
        }
    return names | {"letters.weight": Stored(net.ctc.weight), "letters.bias": Stored(net.ctc.bias)}


class _File:
    def __init__(self, path: Path, arch: str) -> None:
        self.writer = GGUFWriter(str(path), arch)

    def add(self, name: str, one: Stored) -> None:
        value = one.there(one.parameter.detach()).float().numpy()
        self.writer.add_tensor(name, np.ascontiguousarray(value.astype(np.float16) if one.half else value))

    def close(self) -> None:
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def write_text(net: Nano, tokenizer: Path, path: Path) -> None:
    s, file = net.s, _File(path, "gemma4")
    w = file.writer
    w.add_name("voiced nano")
    w.add_block_count(s.layers)
    w.add_context_length(4096)
    w.add_embedding_length(s.width)
    w.add_feed_forward_length([s.ffn] * s.layers)
    w.add_head_count(s.heads)
    w.add_head_count_kv(1)
    w.add_rope_freq_base(s.theta_full)
    w.add_rope_freq_base_swa(s.theta)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_key_length(s.head_dim_full)
    w.add_value_length(s.head_dim_full)
    w.add_key_length_swa(s.head_dim)
    w.add_value_length_swa(s.head_dim)
    w.add_final_logit_softcapping(s.softcap)
    w.add_sliding_window(SLIDING_WINDOW)
    w.add_shared_kv_layers(s.shared)
    w.add_embedding_length_per_layer_input(s.ple)
    w.add_sliding_window_pattern([not s.full(i) for i in range(s.layers)])
    w.add_rope_dimension_count(s.head_dim_full)
    w.add_rope_dimension_count_swa(s.head_dim)
    model = json.loads(tokenizer.read_text())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    kinds = []
    for piece in pieces:
        special = 4 if piece in vocabulary.RENDERED else 3
        kinds.append(special if piece in vocabulary.SPECIAL else 6 if piece in vocabulary.BYTES else 1)
    w.add_tokenizer_model("gemma4")
    w.add_token_list(pieces)
    w.add_token_scores([0.0] * len(pieces))
    w.add_token_types(kinds)
    w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in model["merges"]])
    w.add_bos_token_id(2)
    w.add_eos_token_id(1)
    w.add_pad_token_id(0)
    w.add_unk_token_id(3)
    w.add_add_bos_token(False)
    w.add_add_space_prefix(False)
    for name, one in text_names(net).items():
        file.add(name, one)
    half = s.head_dim_full // 2
    turned = int(s.head_dim_full * s.partial / 2)
    file.add("rope_freqs.weight", Stored(torch.tensor([1.0] * turned + [1e30] * (half - turned))))
    for i in range(s.layers):
        file.add(f"blk.{i}.layer_output_scale.weight", Stored(torch.ones(1)))
    file.close()


def write_audio(net: Nano, path: Path) -> None:
    s, file = net.s, _File(path, "clip")
    w = file.writer
    w.add_string("general.type", "mmproj")
    w.add_bool("clip.has_audio_encoder", True)
    w.add_bool("clip.has_vision_encoder", False)
    w.add_string("clip.audio.projector_type", "gemma4a")
    w.add_bool("clip.use_silu", True)
    sizes = {"embedding_length": s.width, "feed_forward_length": 4 * s.width, "block_count": s.ear_layers,
             "projection_dim": s.width, "num_mel_bins": 128, "attention.head_count": s.ear_heads}  # fmt: skip
    for key, value in sizes.items():
        w.add_uint32(f"clip.audio.{key}", value)
    w.add_float32("clip.audio.attention.layer_norm_epsilon", 1e-6)
    w.add_string("letters.alphabet", LETTERS)
    for name, one in audio_names(net).items():
        file.add(name, one)
    file.close()


def export(checkpoint: Path, tokenizer: Path, out: Path) -> dict[str, object]:
    """Writes nano-text.gguf, nano-mmproj.gguf and nano.toml into `out`; what nano.toml says is returned."""
    net, training = load_checkpoint(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    write_text(net, tokenizer, out / "nano-text.gguf")
    write_audio(net, out / "nano-mmproj.gguf")
    names = ("nano-text.gguf", "nano-mmproj.gguf")
    sums = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}
    count = sum(p.numel() for n, p in net.named_parameters() if not n.startswith("pupil"))
    lines = [
        'name = "nano"',
        'dialect = "sentences"',
        f"n_params = {count}",
        f"name_prior = {NAME_PRIOR}",
        f"tail_silence_ms = {TAIL_SILENCE_MS}",
        f"noise_suppression = {SUPPRESSION}",
        "",
        "[sha256]",
        *(f'"{n}" = "{v}"' for n, v in sums.items()),
        "",
        "[training]",
        *(f"{name} = {value:.10g}" for name, value in training.items()),
    ]
    (out / "nano.toml").write_text("\n".join(lines) + "\n")
    return {"parameters": count, **training, **sums}
