"""The graph of one step of Gemma 4's audio encoder: some tokens of one chunk, and what they need of the past.

llama.cpp's own graph, operation by operation and in its layout: attention in chunks of 12 tokens that see the chunk
before, 24 slots in all; cut to the rows of one step. The same kernels meet the same numbers in the same order, so the
rows are the same to the last bit, whatever the step.

Sources: tools/mtmd/models/gemma4a.cpp and clip.cpp (GEMMA4A) of llama.cpp 0c1e57098.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from voiced.arrays import F32
from voiced.gemma import features
from voiced.gemma.ggml import FLOAT16, Arena, Cpu, Graph, Node, Weights, c_float, c_floats
from voiced.gemma.layout import KERNEL, LIMITS, SOFT_NORM, WIDTHS, Shape

CHUNK = 12
"""Tokens that attend as a block: each sees itself and the 11 before it."""
SLOTS = 2 * CHUNK
REACH = CHUNK + 1
"""Relative positions, 12 down to 0."""
MELS_PER_TOKEN = 4
EPSILON = 1e-6
SOFTCAP = 50.0
MASKED = -1e9

_LN2 = np.float32(c_float("logf", 2.0))
_KEY_SCALE = float(np.float32(c_float("logf", float(1 + np.float32(c_float("expf", 1.0))))) / _LN2)


def _query_scale(head: int) -> float:
    """In float32, as llama.cpp computes it."""
    return float(np.float32(1) / np.sqrt(np.float32(head)) / _LN2)


def positions(width: int) -> F32:
    """Sines and cosines of the 13 distances, 12 first: float32 [13, width]."""
    half = width // 2
    step = np.float32(c_float("logf", 10000.0) / np.float32(max(half - 1, 1)))
    inverse = np.array([c_float("expf", -float(np.float32(i) * step)) for i in range(half)], np.float32)
    angles = np.arange(CHUNK, -1, -1, dtype=np.float32)[:, None] * inverse
    return np.concatenate([c_floats("sinf", angles), c_floats("cosf", angles)], 1)


def distances(cpu: Cpu, weights: Weights, shape: Shape) -> Arena:
    """What each layer makes of the 13 relative positions, once for all steps: nodes "0", "1", ... [head, 13, heads]."""
    names = [str(layer) for layer in range(shape.layers)]
    kept = Arena(dict.fromkeys(names, (shape.heads, REACH, shape.head)))
    given = Arena({"positions": (REACH, shape.width)})
    given.arrays["positions"][:] = positions(shape.width)
    g = Graph(cpu, 8 * shape.layers)
    for name in names:
        x = g("mul_mat", weights[f"a.blk.{name}.attn_k_rel.weight"], given.nodes["positions"])
        x = g("permute", g("reshape_3d", x, shape.head, shape.heads, REACH), 0, 2, 1, 3)
        g.compute_also(g("cpy", x, kept.nodes[name]))
    g.finish()
    g.run()
    g.close()
    given.close()
    return kept


class Memory:
    """Where in the flat memory of a stream each part lies, in floats: per layer the last chunk's keys and values and
    the convolution's last inputs; then one frame of the first subsampling convolution.
    """

    def __init__(self, shape: Shape) -> None:
        self.values = CHUNK * shape.width
        self.conv = 2 * self.values
        self.layer = self.conv + (KERNEL - 1) * shape.width
        self.front = shape.layers * self.layer
        self.size = self.front + WIDTHS[1] * shape.channels[0]


class Step:
    """The graph for some tokens from the beginning of a chunk on: part of one chunk, one, or several."""

    def __init__(
        self, cpu: Cpu, weights: Weights, shape: Shape, distances: Sequence[Node], rows: int, final: bool
    ) -> None:
        """`rows` a multiple of 4 up to 12, or of 12. A step that is not `final` leaves no memory behind."""
        self._weights, self._s, self._distances = weights, shape, distances
        self._rows, self._final = rows, final
        self._chunks, self._chunk = -(-rows // CHUNK), min(rows, CHUNK)
        self._memory = Memory(shape)
        frames = MELS_PER_TOKEN * rows
        self._arena = Arena({
            "mel": (frames + 1, features.MELS),
            "frames": (1, frames // 2, WIDTHS[1]),
            "mask": (self._chunks, self._chunk, SLOTS),
            "before": (self._memory.size,),
            "after": (self._memory.size if final else 1,),
        })  # fmt: skip
        self._graph = Graph(cpu, 128 + 96 * self._s.layers)
        x = self._subsample()
        for layer in range(self._s.layers):
            x = self._layer(layer, x)
        out = self._project(x)
        self._graph.compute_also(out)
        self._graph.finish()
        self._out = self._graph.array(out, (rows, self._s.out))
        query, key = np.arange(self._chunk)[:, None], np.arange(SLOTS) - CHUNK
        self._seen = (key <= query) & (query - key < CHUNK)

    def close(self) -> None:
        self._graph.close()
        self._arena.close()

    def run(self, mel: F32, frames: int, first: bool, memory: F32) -> tuple[F32, F32]:
        """`frames` of `mel` [1 + 4 rows, 128] are real beyond the first, which is of the past. `first` has no past.

        Returns float32 [rows, out] and the memory after them, both copies.
        """
        arrays = self._arena.arrays
        arrays["mel"][:] = mel
        arrays["frames"][:] = 0
        arrays["frames"][:, : (frames + 1) // 2] = 1
        arrays["mask"][:] = np.where(self._seen, 0, MASKED)
        if first:
            arrays["mask"][0, :, :CHUNK] = MASKED
        arrays["before"][:] = memory
        self._graph.run()
        return self._out.copy(), arrays["after"].copy()

    def _w(self, layer: int, name: str) -> Node:
        return self._weights[f"a.blk.{layer}.{name}.weight"]

    def _mm(self, name: str, x: Node) -> Node:
        """Product with a weight whose input and output may be limited to a range."""
        g, low = self._graph, -math.inf
        in_min, in_max, out_min, out_max = (self._weights.number(f"{name}.{limit}") for limit in LIMITS)
        if in_min is not None or in_max is not None:
            x = g("clamp", x, low if in_min is None else in_min, -low if in_max is None else in_max)
        x = g("mul_mat", self._weights[f"{name}.weight"], x)
        if out_min is not None or out_max is not None:
            x = g("clamp", x, low if out_min is None else out_min, -low if out_max is None else out_max)
        return x

    def _norm(self, x: Node, weight: Node) -> Node:
        return self._graph("mul", self._graph("rms_norm", x, EPSILON), weight)

    def _part(self, which: str, at: int, *sizes: int) -> Node:
        """A piece of the memory before or after, `at` floats in, dense in the given sizes."""
        node = self._arena.nodes[which]
        if len(sizes) == 2:
            return self._graph("view_2d", node, *sizes, 4 * sizes[0], 4 * at)
        return self._graph("view_3d", node, *sizes, 4 * sizes[0], 4 * sizes[0] * sizes[1], 4 * at)

    def _keep(self, x: Node, at: int, *sizes: int) -> None:
        if self._final:
            self._graph.compute_also(self._graph("cpy", x, self._part("after", at, *sizes)))

    def _subsample(self) -> Node:
        """Two convolutions of stride 2, each with one frame of the past in front: -> [width, rows]."""
        g, s, frames = self._graph, self._s, MELS_PER_TOKEN * self._rows // 2
        freq, channels = WIDTHS[1], s.channels[0]
        x = g("cont", g("permute", self._convolve(0, self._arena.nodes["mel"]), 2, 0, 1, 3))
        x = g("mul", x, self._arena.nodes["frames"])
        last = g("view_3d", x, freq, 1, channels, 4 * freq, 4 * freq * frames, 4 * freq * (frames - 1))
        self._keep(last, self._memory.front, freq, 1, channels)
        x = g("concat", self._part("before", self._memory.front, freq, 1, channels), x, 1)
        x = g("reshape_2d", self._convolve(1, x), s.channels[1] * WIDTHS[2], self._rows)
        return self._mm("a.input_projection", x)

    def _convolve(self, i: int, x: Node) -> Node:
        """3 x 3, norm over channels, ReLU: [frequencies, frames, channels] -> [channels, frequencies, frames].

        ggml's own conv_2d is the same product the other way round, and turns it over twice before there are channels
        to take the norm of.
        """
        g, channels = self._graph, (1, *self._s.channels)
        kernel = g("cast", self._weights[f"a.conv1d.{i}.weight"], FLOAT16)
        patches = g("im2col", kernel, x, 2, 2, 1, 0, 1, 1, True, FLOAT16)
        x = g("mul_mat", g("reshape_2d", kernel, 9 * channels[i], channels[i + 1]), patches)
        x = g("mul", g("norm", x, EPSILON), self._weights[f"a.conv1d.{i}.norm.weight"])
        return g("relu", x)

    def _layer(self, i: int, x: Node) -> Node:
        x = self._feed_forward(i, x, "")
        x = self._attention(i, x)
        x = self._convolution(i, x)
        x = self._feed_forward(i, x, "_1")
        return self._norm(x, self._w(i, "ln2"))

    def _feed_forward(self, i: int, x: Node, suffix: str) -> Node:
        g = self._graph
        y = self._norm(x, self._w(i, f"ffn_norm{suffix}"))
        y = g("silu", self._mm(f"a.blk.{i}.ffn_up{suffix}", y))
        y = self._norm(self._mm(f"a.blk.{i}.ffn_down{suffix}", y), self._w(i, f"ffn_post_norm{suffix}"))
        return g("add", x, g("scale", y, 0.5))

    def _attention(self, i: int, x: Node) -> Node:
        g, s, rows = self._graph, self._s, self._rows
        d, h, c, b = s.head, s.heads, self._chunk, self._chunks
        y = self._norm(x, self._w(i, "attn_pre_norm"))
        q, k, v = (g("reshape_3d", self._mm(f"a.blk.{i}.attn_{n}", y), d, h, rows) for n in "qkv")
        q = g("mul", g("scale", q, _query_scale(d)), g("reshape_3d", self._w(i, "per_dim_scale"), d, 1, 1))
        q = g("cont", g("permute", g("reshape_4d", q, d, h, c, b), 0, 3, 1, 2))  # [d, c, b, h]
        at = i * self._memory.layer
        k = self._slots(g("scale", k, _KEY_SCALE), at)
        v = self._slots(v, at + self._memory.values)
        k = g("cont", g("permute", k, 0, 3, 1, 2))  # [d, slots, b, h]
        v = g("cont", g("permute", v, 1, 3, 0, 2))  # [slots, d, b, h]
        scores = g("add", g("mul_mat", k, q), self._by_slot(g("mul_mat", self._distances[i], self._flat(q))))
        scores = g("scale", g("tanh", g("scale", scores, 1 / SOFTCAP)), SOFTCAP)
        weights = g("soft_max", g("add", scores, self._arena.nodes["mask"]))
        y = g("cont", g("permute", g("mul_mat", v, weights), 0, 2, 3, 1))  # [d, h, c, b]
        y = self._mm(f"a.blk.{i}.attn_out", g("reshape_2d", y, s.width, rows))
        return g("add", x, self._norm(y, self._w(i, "attn_post_norm")))

    def _flat(self, q: Node) -> Node:
        return self._graph("reshape_3d", q, self._s.head, self._rows, self._s.heads)

    def _slots(self, new: Node, at: int) -> Node:
        """Keys or values that each chunk may see, the chunk before it and itself: [d, h, 24, chunks], overlapping."""
        g, d, h = self._graph, self._s.head, self._s.heads
        x = g("concat", self._part("before", at, d, h, CHUNK), new, 2)
        last = g("view_3d", x, d, h, CHUNK, 4 * d, 4 * d * h, 4 * d * h * self._rows)
        self._keep(last, at, d, h, CHUNK)
        if room := self._chunks * SLOTS - CHUNK - self._rows:  # ggml wants a view to be no larger than what it views
            x = g("pad_ext", x, 0, 0, 0, 0, 0, room, 0, 0)
        return g("view_4d", x, d, h, SLOTS, self._chunks, 4 * d, 4 * d * h, 4 * d * h * CHUNK, 0)

    def _by_slot(self, by_distance: Node) -> Node:
        """Scores by distance [13, rows, h] to scores by slot [24, c, b, h]: Transformer-XL's relative shift."""
        g, h, c, b = self._graph, self._s.heads, self._chunk, self._chunks
        row = SLOTS + 1
        x = g("pad_ext", g("reshape_4d", by_distance, REACH, c, b, h), 0, row - REACH, 0, 0, 0, 0, 0, 0)
        x = g("view_3d", x, SLOTS * c, b, h, 4 * row * c, 4 * row * c * b, 0)
        return g("reshape_4d", g("cont", x), SLOTS, c, b, h)

    def _convolution(self, i: int, x: Node) -> Node:
        g, e, rows = self._graph, self._s.width, self._rows
        y = self._mm(f"a.blk.{i}.conv_pw1", self._norm(x, self._w(i, "conv_norm")))
        value, gate = (g("view_2d", y, e, rows, 8 * e, half * 4 * e) for half in (0, 1))
        y = g("cont", g("transpose", g("mul", value, g("sigmoid", g("cont", gate)))))  # [rows, e]
        at, past = i * self._memory.layer + self._memory.conv, KERNEL - 1
        y = g("concat", self._part("before", at, past, e), y, 0)
        self._keep(g("view_2d", y, past, e, 4 * (rows + past), 4 * rows), at, past, e)
        y = self._norm(g("ssm_conv", y, self._w(i, "conv_dw")), self._w(i, "norm_conv"))
        return g("add", x, self._mm(f"a.blk.{i}.conv_pw2", g("silu", y)))

    def _project(self, x: Node) -> Node:
        g, weights = self._graph, self._weights
        x = g("add", self._mm("a.pre_encode.out", x), weights["a.pre_encode.out.bias"])
        x = g("rms_norm", x, EPSILON)
        if SOFT_NORM in weights:
            x = g("mul", x, weights[SOFT_NORM])
        return self._mm("mm.a.input_projection", x)
