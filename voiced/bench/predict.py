"""What a turn would take on a Raspberry Pi 5: work and bytes counted from the model's files, times the Pi's published
rates. Nobody has run it there; every figure says whether it was counted, measured here, published or derived.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass

import gguf
import numpy as np

from voiced.app import ASK_MS
from voiced.bench.common import command, demo_home, folder_of, frames, median, milliseconds, model_argument, positive
from voiced.config import MODELS
from voiced.errors import ModelFileError
from voiced.gemma import prompt
from voiced.gemma.llama import TextModel
from voiced.gemma.models import ModelPair, manifest, resolve
from voiced.gemma.prompt import Dialect
from voiced.ledger import BUDGET_MS
from voiced.listen.endpoint import Endpoint
from voiced.listen.settings import ListenerSettings
from voiced.messages import EngineTimes
from voiced.workers.engine import EngineCore

TOKEN_MS = 40.0
STEP = 12
CHOICES = 3
RUN = 5
"""Tokens of a tool call that are forced between two choices, on average of the demo home's calls."""

POTATO = "potato-os/core PR #269, E2B Q4_K_M on llama.cpp: 31.98 tok/s prefill, 6.44 tok/s decode"
WHISPER = "whisper.cpp #89, base encoder 2.48 s on a Pi 5"
HPL = "geerlingguy/sbc-reviews #21, HPL fp64 36.7 GFLOPS on four cores"
E2B_MAC = 1877e6
"""Per token of prefill, all layers (of E2B's published configuration; `count` of the replica gives the same)."""
GEMM_4BIT = 2 * E2B_MAC * 31.98
"""Operations per second, derived from the published prefill rate."""
GEMM_F16 = 87e9 / 2.48
BANDWIDTH = 1.33e9 * 6.44
"""Bytes per second that decoding reaches, derived from the published decode rate and 1.28 to 1.38 GB a token."""
PI_CORE_FP64 = 36.7e9 / 4


@dataclass(frozen=True, slots=True)
class Work:
    """Of one token."""

    macs: float
    read_bytes: float

    def __add__(self, other: Work) -> Work:
        return Work(self.macs + other.macs, self.read_bytes + other.read_bytes)

    def ms(self, tokens: int, *, flops: float) -> float:
        """Whichever is slower: the arithmetic of all tokens, or reading the weights once."""
        return 1000 * max(2 * self.macs * tokens / flops, self.read_bytes / BANDWIDTH)


Stage = tuple[str, float, str]
"""Name, ms, and whether that was measured or derived."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one model."""

    lower: Work
    """A token whose logits nobody wants: up to the last key and value."""
    body: Work
    """All layers."""
    head: Work
    encoder: Work

    @property
    def full(self) -> Work:
        """A token whose logits are wanted."""
        return self.body + self.head


def add_arguments(parser: argparse.ArgumentParser) -> None:
    model_argument(parser, default="replica")
    parser.add_argument("--seconds", type=positive, default=3.0, help="of speech (default 3)")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`rows`: the waterfall; `rates`: where they come from; `verdict`: what is out of reach, and what helps."""
    pair = resolve(folder_of(options.model))
    counted = count(pair)
    calls = pair.dialect is Dialect.CALLS
    stages = _large(counted, _closing(pair), _draft()) if calls else _small(pair)
    rows: list[dict[str, object]] = []
    at = 0.0
    for name, ms, mark in stages:
        at += ms
        rows.append({"stage": name, "ms": round(ms, 1), "after_t0_ms": round(at, 1), "mark": mark})
    sent = max(at, float(Endpoint().certain_end_ms))
    step = counted.encoder.ms(STEP, flops=GEMM_4BIT), counted.lower.ms(STEP, flops=GEMM_4BIT)
    slow = counted.encoder.ms(STEP, flops=GEMM_F16)
    result: dict[str, object] = {
        "model": options.model,
        "lower_mmac": _millions(counted.lower.macs),
        "full_mmac": _millions(counted.full.macs),
        "full_read_mb": _millions(counted.full.read_bytes),
        "encoder_mmac": _millions(counted.encoder.macs),
        "encoder_read_mb": _millions(counted.encoder.read_bytes),
        "streaming_load": round(sum(step) / (STEP * TOKEN_MS), 3),
        "streaming_load_f16_encoder": round((slow + step[1]) / (STEP * TOKEN_MS), 3),
        "token_ms": round(counted.full.ms(1, flops=GEMM_4BIT), 1),
        "decided_after_t0_ms": round(at, 1),
        "command_after_t0_ms": round(sent, 1),
        "within_300_ms": sent <= BUDGET_MS,
        "rows": rows,
        "rates": [
            {"rate": "4-bit products", "value": f"{GEMM_4BIT / 1e9:.0f} GFLOPS", "mark": "derived", "from": POTATO},
            {
                "rate": "16-bit products",
                "value": f"{GEMM_F16 / 1e9:.0f} GFLOPS",
                "mark": "derived",
                "from": WHISPER,
            },
            {"rate": "weights read", "value": f"{BANDWIDTH / 1e9:.1f} GB/s", "mark": "derived", "from": POTATO},
            {"rate": "fp64, one core", "value": f"{PI_CORE_FP64 / 1e9:.1f} GFLOPS", "mark": "published", "from": HPL},
        ],
    }
    if calls:
        alone = sum(ms for _, ms, _ in _undrafted(counted, _closing(pair)))
        result |= {"undrafted_decided_after_t0_ms": round(alone, 1)}
        result |= _stock(counted, _closing(pair), options.seconds) | _published_more(pair)
    return result | {"verdict": _honest(counted, at, sent)}


def _millions(value: float) -> float:
    return round(value / 1e6, 1)


def _large(counted: Count, closing: int, draft: tuple[float, str]) -> list[Stage]:
    """Arithmetic or bandwidth, whichever is slower; macs and bytes are counted, rates published. What nano drafts is
    right; `_undrafted` is without.
    """
    behind = closing + (CHOICES - 1) * RUN
    return [
        *_heard(counted, draft),
        (f"prefill {behind} closing and drafted tokens in the lower half",
         counted.lower.ms(behind, flops=GEMM_4BIT), "derived"),
        (f"{CHOICES} choices: a row each, all layers, filled up to 4",
         counted.full.ms(-(-CHOICES // 4) * 4, flops=GEMM_4BIT), "derived"),
    ]  # fmt: skip


def _undrafted(counted: Count, closing: int) -> list[Stage]:
    token = counted.full.ms(1, flops=GEMM_4BIT)
    run = counted.lower.ms(RUN, flops=GEMM_4BIT)
    return [
        *_heard(counted, (0.0, "none")),
        (f"prefill {closing - 1} closing tokens in the lower half",
         counted.lower.ms(closing - 1, flops=GEMM_4BIT), "derived"),
        ("choice 1: one token, all layers", token, "derived"),
        *((f"choice {n}: {RUN} forced tokens, one token", run + token, "derived") for n in range(2, CHOICES + 1)),
    ]  # fmt: skip


def _heard(counted: Count, draft: tuple[float, str]) -> list[Stage]:
    """What both have before the closing tokens."""
    rest = STEP // 2 + round(ASK_MS / TOKEN_MS)
    return [
        ("pause", float(ASK_MS), "set"),
        ("nano drafts", *draft),
        (f"encode {rest} tokens: half a step and the pause", counted.encoder.ms(rest, flops=GEMM_4BIT), "derived"),
        (f"prefill {rest} tokens of sound in the lower half", counted.lower.ms(rest, flops=GEMM_4BIT), "derived"),
    ]


def _draft() -> tuple[float, str]:
    """What nano takes to decide, as `_small` reckons it."""
    stages = _small(resolve(MODELS / "nano"))[1:]
    return sum(ms for _, ms, _ in stages), stages[0][2]


def _small(pair: ModelPair) -> list[Stage]:
    """A model this small is limited by what each call costs: measured here, times the ratio of the cores' fp64 rates.

    Vector width is most of that ratio, so it is an upper estimate.
    """
    core = EngineCore(pair)
    core.load_home(demo_home().to_dict())
    hush_ms = ListenerSettings().hush_ms
    times: list[EngineTimes] = []
    for _ in range(4):
        spoken, after = command()
        core.begin(1)
        for frame in frames(spoken + after[: len(after) * hush_ms // 500]):
            core.feed(1, frame)
        times.append(core.decide(1)[1])
        core.end(1)
    core.close()
    slower = _fp64_rate() / PI_CORE_FP64
    mark = f"measured here, times {slower:.1f}"
    encode = median([one.tail_encode_ms for one in times[1:]])
    prefill = median([one.tail_ms - one.tail_encode_ms for one in times[1:]])
    choose = median([one.decide_ms for one in times[1:]])
    return [
        ("hush", float(hush_ms), "set"),
        ("encode", encode * slower, mark),
        ("prefill", prefill * slower, mark),
        (f"{times[-1].choices} choices", choose * slower, mark),
    ]


def _fp64_rate() -> float:
    """Operations per second of one core here, the best of a few products."""
    one = np.random.default_rng(0).standard_normal((768, 768))
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        best = min(milliseconds(lambda: one @ one) for _ in range(8))
    finally:
        os.sched_setaffinity(0, cores)
    return 2 * 768.0**3 / (best / 1000)


def _stock(counted: Count, closing: int, seconds: float) -> dict[str, object]:
    """The whole clip after the end, prefix kept, the call's tokens one by one."""
    audio = round(seconds * 1000 / TOKEN_MS)
    token = counted.full.ms(1, flops=GEMM_4BIT)
    ms = ListenerSettings().end_ms + counted.encoder.ms(audio, flops=GEMM_4BIT)
    ms += counted.body.ms(audio + closing, flops=GEMM_4BIT) + token * (CHOICES + (CHOICES - 1) * RUN)
    return {"stock_after_t0_ms": round(ms, 1)}


def count(pair: ModelPair) -> Count:
    """ModelFileError where the files are not what they are called."""
    reader = gguf.GGUFReader(pair.text)
    shared = reader.get_field("gemma4.attention.shared_kv_layers")
    blocks = reader.get_field("gemma4.block_count")
    if blocks is None:
        raise ModelFileError(f"{pair.text.name} is no Gemma 4 text model")
    layers = int(blocks.contents())
    owning = layers - (int(shared.contents()) if shared else 0)
    matrices = {t.name: t for t in reader.tensors if len(t.shape) == 2}
    every = [t for name, t in matrices.items() if name == "per_layer_model_proj.weight"]
    inner = [(int(name.split(".")[1]), name, t) for name, t in matrices.items() if name.startswith("blk.")]
    last = ("attn_k.weight", "attn_v.weight")
    below = [t for layer, name, t in inner if layer < owning - 1 or (layer == owning - 1 and name.endswith(last))]
    if owning == layers:
        below = [t for _, _, t in inner]
    head = [matrices.get("output.weight", matrices["token_embd.weight"])]
    audio = [t for t in gguf.GGUFReader(pair.audio).tensors if t.name.startswith(("a.", "mm.a.")) and len(t.shape) >= 2]
    return Count(
        _work([*every, *below]),
        _work([*every, *(t for _, _, t in inner)]),
        _work(head),
        _work(t for t in audio if _dense(t)),
    )


def _dense(tensor: gguf.ReaderTensor) -> bool:
    """A matrix that meets every token; the front end's small convolutions are a hundredth of the work."""
    seldom = ("conv_dw", "conv1d", "attn_k_rel")
    return len(tensor.shape) == 2 and not any(name in tensor.name for name in seldom)


def _work(tensors: Iterable[gguf.ReaderTensor]) -> Work:
    some = list(tensors)
    return Work(float(sum(int(t.n_elements) for t in some)), float(sum(int(t.n_bytes) for t in some)))


def _closing(pair: ModelPair) -> int:
    model = TextModel(pair.text, lazy=True)
    tokens = len(model.tokenize(prompt.after_audio(), special=True))
    model.close()
    return tokens


def _published_more(pair: ModelPair) -> dict[str, object]:
    """What E2B's published files have more than the replica's: it is to be added to a peak measured here."""
    sizes = {file.file: file.bytes for file in manifest(MODELS / "manifest.toml")}
    text = [size for name, size in sizes.items() if "E2B" in name and "mmproj" not in name and "mtp" not in name]
    more = min(text, default=0) - pair.text.stat().st_size
    return {"published_text_more_gb": round(more / 1e9, 3)}


def _honest(counted: Count, decided_ms: float, sent_ms: float) -> str:
    if sent_ms <= BUDGET_MS:
        return "300 ms are within reach"
    small = counted.full.macs < E2B_MAC / 100
    hush_ms = ListenerSettings().hush_ms if small else ASK_MS
    left = BUDGET_MS - hush_ms
    if small:
        return (
            f"300 ms are out of reach by this upper estimate: {left:.0f} ms are left after the hush, the decision "
            f"takes {decided_ms - hush_ms:.0f} ms, nearly all of it what each call costs and not arithmetic. Fewer "
            "and larger batches in the walk would bring it there"
        )
    token = counted.full.ms(1, flops=GEMM_4BIT)
    return (
        f"300 ms are out of reach: after the pause {left:.0f} ms are left, which is {left / token:.1f} tokens of the "
        f"whole model, and the decision takes {decided_ms - hush_ms:.0f} ms. What would bring it there: fewer tokens "
        "behind the sound (each costs a row in the lower half), a head cut to the tokens that are allowed, or cores "
        "and memory that are twice as fast"
    )
