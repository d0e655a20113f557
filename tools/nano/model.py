"""Gemma 4's audio conformer and E-series text decoder, lean: llama.cpp's functions, in shapes a CPU trains fast.

Encoder: log-mel [batch, frames, 128] -> [batch, tokens, width], 25 tokens a second, attention in a causal band of 12.
Decoder: layers alternate sliding and full attention; all but the first two share those two layers' keys and values, so
audio positions pass one layer and two key/value projections only, as in the engine's lower-half prefill.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import features, teacher


@dataclass(frozen=True)
class Shape:
    """All sizes of the model; every matrix dimension is a multiple of 32, so it can be quantized."""

    vocab: int = 768
    width: int = 192
    ear_layers: int = 6
    ear_heads: int = 4
    conv: tuple[int, int] = (32, 32)
    layers: int = 6
    shared: int = 4
    heads: int = 4
    head_dim: int = 32
    head_dim_full: int = 64
    ffn: int = 512
    ple: int = 32
    softcap: float = 30.0
    theta: float = 1e4
    theta_full: float = 1e6
    partial: float = 0.25

    def full(self, layer: int) -> bool:
        """Layers 1, 3, 5 attend fully, the others through a sliding window (longer than any turn)."""
        return layer % 2 == 1

    @classmethod
    def of(cls, checkpoint: Mapping[str, Any]) -> Shape:
        """Of the model in a checkpoint, as `Trainer.save` wrote it."""
        told = checkpoint["shape"]
        return cls(**told | {"conv": tuple(told["conv"])})


class Norm(nn.Module):
    """RMS norm with a plain weight."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.w.to(x.dtype), 1e-6)


def linear(a: int, b: int) -> nn.Linear:
    return nn.Linear(a, b, bias=False)


class FeedForward(nn.Module):
    """Half-step feed-forward with its residual."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.n1, self.up, self.dn, self.n2 = Norm(d), linear(d, 4 * d), linear(4 * d, d), Norm(d)

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.5 * self.n2(self.dn(F.silu(self.up(self.n1(x)))))


def skewed(r: Tensor) -> Tensor:
    """[b, heads, t, 13] by distance, 12 down to 0 -> [b, heads, t, t]: (i, j) holds i - j; the rest is undefined."""
    b, heads, t, band = r.shape
    wide = F.pad(r, (0, t)).reshape(b, heads, t * (t + band))
    return wide[:, :, : t * (t + band - 1)].view(b, heads, t, t + band - 1)[..., band - 1 :]


class BandAttention(nn.Module):
    """Attention over the last 12 tokens with relative positions and a soft cap of 50."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads, self.dim = heads, d // heads
        self.q, self.k, self.v, self.o, self.rel = (linear(d, d) for _ in range(5))
        self.pds = nn.Parameter(torch.zeros(self.dim))
        self.q_scale = self.dim**-0.5 / math.log(2)
        self.k_scale = math.log(1 + math.e) / math.log(2)

    def forward(self, x: Tensor, pe: Tensor, mask: Tensor) -> Tensor:
        b, t, d = x.shape
        q = (
            (self.q(x) * (self.q_scale * F.softplus(self.pds)).repeat(self.heads).to(x.dtype))
            .view(b, t, self.heads, self.dim)
            .transpose(1, 2)
        )
        k = (self.k(x) * self.k_scale).view(b, t, self.heads, self.dim).transpose(1, 2)
        v = self.v(x).view(b, t, self.heads, self.dim).transpose(1, 2)
        p = self.rel(pe.to(x.dtype)).view(-1, self.heads, self.dim).permute(1, 2, 0)
        a = q @ k.transpose(-1, -2) + skewed(q @ p)
        a = torch.tanh(a * (1 / 50)) * 50
        a = torch.softmax(a.masked_fill(mask, -1e9), -1)
        return self.o((a @ v).transpose(1, 2).reshape(b, t, d))  # type: ignore[no-any-return]


class LightConv(nn.Module):
    """Causal depthwise convolution of 5 between two gates, with its residual."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.n1, self.a, self.n2, self.b = Norm(d), linear(d, 2 * d), Norm(d), linear(d, d)
        self.c = nn.Conv1d(d, d, 5, groups=d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.pad(F.glu(self.a(self.n1(x)), -1), (0, 0, 4, 0))
        w, t = self.c.weight[:, 0].to(y.dtype), x.shape[1]
        y = (
            y[:, :t] * w[:, 0]
            + y[:, 1 : t + 1] * w[:, 1]
            + y[:, 2 : t + 2] * w[:, 2]
            + y[:, 3 : t + 3] * w[:, 3]
            + y[:, 4 : t + 4] * w[:, 4]
        )
        return x + self.b(F.silu(self.n2(y)))  # type: ignore[no-any-return]


class EarLayer(nn.Module):
    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.f1, self.n1, self.at, self.n2, self.cv, self.f2, self.n3 = (
            FeedForward(d),
            Norm(d),
            BandAttention(d, heads),
            Norm(d),
            LightConv(d),
            FeedForward(d),
            Norm(d),
        )

    def forward(self, x: Tensor, pe: Tensor, mask: Tensor) -> Tensor:
        x = self.f1(x)
        x = x + self.n2(self.at(self.n1(x), pe, mask))
        return self.n3(self.f2(self.cv(x)))  # type: ignore[no-any-return]


def channels_last(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """The convolution's output as [b, t, f, channels], contiguous."""
    w = conv.weight.contiguous(memory_format=torch.channels_last)
    y = F.conv2d(x.contiguous(memory_format=torch.channels_last), w, None, conv.stride, conv.padding)
    return y.permute(0, 2, 3, 1)


def normed(x: Tensor, weight: Tensor) -> Tensor:
    return F.relu(F.layer_norm(x, (x.shape[-1],), weight.to(x.dtype)))


class Ear(nn.Module):
    """The encoder; `drop` is dropout between layers, for training."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        d, (c0, c1) = s.width, s.conv
        self.c0, self.c1 = nn.Conv2d(1, c0, 3, 2, 1, bias=False), nn.Conv2d(c0, c1, 3, 2, 1, bias=False)
        self.l0, self.l1 = nn.Parameter(torch.ones(c0)), nn.Parameter(torch.ones(c1))
        self.inp = linear(c1 * features.MELS // 4, d)
        self.layers = nn.ModuleList(EarLayer(d, s.ear_heads) for _ in range(s.ear_layers))
        self.out = nn.Linear(d, s.width)
        self.bridge = linear(s.width, s.width)
        n = d // 2
        angle = torch.arange(12, -1, -1)[:, None] * torch.exp(-torch.arange(n) * math.log(10000) / max(n - 1, 1))
        self.pe: Tensor
        self.register_buffer("pe", torch.cat([angle.sin(), angle.cos()], -1), persistent=False)

    def forward(self, m: Tensor, n_frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """-> encoder output, for the teacher; audio embeddings, for decoder and CTC [b, t, d]; tokens per clip [b]."""
        x = normed(channels_last(self.c0, m[:, None]), self.l0)
        x = normed(channels_last(self.c1, x.permute(0, 3, 1, 2)), self.l1)
        b, t = x.shape[:2]
        x = self.inp(x.reshape(b, t, -1))
        d = torch.arange(t)[:, None] - torch.arange(t)[None]
        mask = (d < 0) | (d >= 12)
        for layer in self.layers:
            x = layer(x, self.pe, mask)
        h = self.out(x)
        return h, self.bridge(F.rms_norm(h, (h.shape[-1],), eps=1e-6)), features.tokens(n_frames)


def rope(x: Tensor, pos: Tensor, theta: float, partial: float) -> Tensor:
    """NeoX rotation of [b, heads, n, dim] at positions [b, n]; pairs beyond `partial` of it do not turn."""
    half = x.shape[-1] // 2
    inv = theta ** (-torch.arange(half) / half)
    if partial < 1:
        inv = torch.where(torch.arange(half) < int(x.shape[-1] * partial / 2), inv, 0.0)
    angle = (pos[..., None].float() * inv)[:, None]
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class TextLayer(nn.Module):
    def __init__(self, s: Shape, i: int) -> None:
        super().__init__()
        d, self.full, self.s = s.width, s.full(i), s
        self.dim = s.head_dim_full if self.full else s.head_dim
        self.own = i < s.layers - s.shared
        self.attn_norm, self.post_attention_norm, self.ffn_norm, self.post_ffw_norm, self.post_norm = (
            Norm(d) for _ in range(5)
        )
        self.attn_q, self.attn_output, self.attn_q_norm = (
            linear(d, s.heads * self.dim),
            linear(s.heads * self.dim, d),
            Norm(self.dim),
        )
        if self.own:
            self.attn_k, self.attn_v, self.attn_k_norm = linear(d, self.dim), linear(d, self.dim), Norm(self.dim)
        self.ffn_gate, self.ffn_up, self.ffn_down = linear(d, s.ffn), linear(d, s.ffn), linear(s.ffn, d)
        self.inp_gate, self.proj = linear(d, s.ple), linear(s.ple, d)

    def turn(self, x: Tensor, pos: Tensor) -> Tensor:
        return rope(x, pos, self.s.theta_full, self.s.partial) if self.full else rope(x, pos, self.s.theta, 1.0)

    def keys(self, x: Tensor, pos: Tensor) -> tuple[Tensor, Tensor]:
        """X [b, n, d] -> one head's keys and values [b, 1, n, dim]."""
        h = self.attn_norm(x)
        k, v = self.attn_k_norm(self.attn_k(h)), self.attn_v(h)
        return self.turn(k[:, None], pos), F.rms_norm(v, (self.dim,), eps=1e-6)[:, None]

    def forward(self, x: Tensor, ple: Tensor, pos: Tensor, kv: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        b, n, _ = x.shape
        q = self.attn_q_norm(self.attn_q(self.attn_norm(x)).view(b, n, self.s.heads, self.dim)).transpose(1, 2)
        q = self.turn(q, pos)
        a = (q @ kv[0].transpose(-1, -2)).masked_fill(mask, -1e9)  # scale 1.0: q and k are normed
        a = (torch.softmax(a.float(), -1).to(q.dtype) @ kv[1]).transpose(1, 2).reshape(b, n, -1)
        x = x + self.post_attention_norm(self.attn_output(a))
        h = self.ffn_norm(x)
        x = x + self.post_ffw_norm(self.ffn_down(F.gelu(self.ffn_gate(h), approximate="tanh") * self.ffn_up(h)))
        return x + self.post_norm(self.proj(F.gelu(self.inp_gate(x), approximate="tanh") * ple))  # type: ignore[no-any-return]


class Text(nn.Module):
    """The decoder. A sequence is 5 tokens, audio padded to the longest, tokens; positions do not count padding."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.token_embd = nn.Embedding(s.vocab, s.width)
        self.per_layer_token_embd = nn.Embedding(s.vocab, s.layers * s.ple)
        self.per_layer_model_proj, self.per_layer_proj_norm = linear(s.width, s.layers * s.ple), Norm(s.ple)
        self.blk = nn.ModuleList(TextLayer(s, i) for i in range(s.layers))
        self.output_norm = Norm(s.width)
        nn.init.normal_(self.token_embd.weight, std=s.width**-0.5)
        nn.init.normal_(self.per_layer_token_embd.weight, std=s.ple**-0.5)

    def per_layer(self, ids: Tensor, x: Tensor) -> Tensor:
        """Per-layer inputs [b, n, layers, ple]; audio positions use the padding token 0."""
        table = self.per_layer_token_embd(ids).view(*ids.shape, self.s.layers, self.s.ple) * self.s.ple**0.5
        told = self.per_layer_proj_norm(
            (self.per_layer_model_proj(x) * self.s.width**-0.5).view(*x.shape[:2], self.s.layers, self.s.ple)
        )
        return (told + table) * 2**-0.5  # type: ignore[no-any-return]

    def embed(self, ids: Tensor) -> Tensor:
        return self.token_embd(ids) * self.s.width**0.5  # type: ignore[no-any-return]

    def lower(
        self, x: Tensor, ids: Tensor, pos: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, list[tuple[Tensor, Tensor]]]:
        """The first layer over x, the two layers' keys and values; mask [b, 1, n, n] is true for hidden keys."""
        ple = self.per_layer(ids, x)
        kv0 = self.blk[0].keys(x, pos)  # type: ignore[operator]
        y = self.blk[0](x, ple[:, :, 0], pos, kv0, mask)
        return y, ple, [kv0, self.blk[1].keys(y, pos)]  # type: ignore[operator]

    def upper(self, y: Tensor, ple: Tensor, pos: Tensor, kv: list[tuple[Tensor, Tensor]], mask: Tensor) -> Tensor:
        """Layers 1 and up over the last positions -> logits."""
        for i in range(1, self.s.layers):
            y = self.blk[i](y, ple[:, :, i], pos, kv[i % 2], mask)
        logits = self.output_norm(y) @ self.token_embd.weight.to(y.dtype).T
        return torch.tanh(logits.float() / self.s.softcap) * self.s.softcap

    def forward(self, before: Tensor, audio: Tensor, n: Tensor, after: Tensor) -> Tensor:
        """Before [p] ids, audio [b, t, d], n [b] true lengths, after [b, k] ids -> logits [b, k, vocab]."""
        b, t, _ = audio.shape
        p, k = len(before), after.shape[1]
        x = torch.cat(
            [self.embed(before).expand(b, -1, -1).to(audio.dtype), audio, self.embed(after).to(audio.dtype)], 1
        )
        ids = torch.cat([before.expand(b, -1), torch.zeros(b, t, dtype=torch.long), after], 1)
        pos = torch.cat([torch.arange(p + t).expand(b, -1), (p + n)[:, None] + torch.arange(k)], 1)
        order = torch.arange(p + t + k)
        hidden = (order[None] > order[:, None])[None] | ((order[None] >= p + n[:, None]) & (order[None] < p + t))[
            :, None
        ]
        hidden = hidden[:, None]
        y, ple, kv = self.lower(x, ids, pos, hidden)
        return self.upper(y[:, p + t :], ple[:, p + t :], pos[:, p + t :], kv, hidden[:, :, p + t :])


PARTS = 2
"""Places for letters in a token of sound: one each 20 ms. In hurried commands there are nine letters in ten tokens, and
CTC wants a place between two that are alike. With three places of the same weights 298 of 371 held-out commands come
first, with two 297."""


class Nano(nn.Module):
    """Ear, decoder, letters over what the ear gives the decoder (CTC), and the head that only training uses: what the
    teacher makes of the same sound.
    """

    def __init__(self, s: Shape, letters: int) -> None:
        super().__init__()
        self.s, self.ear, self.text, self.ctc = s, Ear(s), Text(s), nn.Linear(s.width, PARTS * (letters + 1))
        self.pupil = nn.Linear(s.width, teacher.WIDTH)

    def letters(self, audio: Tensor) -> Tensor:
        """Audio [batch, tokens, width] -> logits [batch, tokens * PARTS, 1 + letters]."""
        return self.ctc(audio).view(len(audio), audio.shape[1] * PARTS, self.ctc.out_features // PARTS)
