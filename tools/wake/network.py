"""The head: the last embeddings -> a score. Several small networks, averaged; trained in numpy, written as ONNX.

Each brings every embedding down to a few numbers by one matrix (the same for all steps), and those of all steps
through a hidden layer to a logit. What keeps them from learning the training voices by heart: few inputs, dropout,
noise on the embeddings, weight decay, and the stop at the epoch that was best on voices that did not train.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAMES = 6
"""Embeddings that the head sees: 0.4 s of steps, each of which has heard 0.77 s. More is more to learn by heart."""
WIDTH = 96

Floats = NDArray[np.float32]
_MOMENTS = (0.9, 0.99)
_BATCH = 512
_AVERAGED = 100
"""Steps over which weights are averaged: the mean is judged and kept, not where a noisy step happened to end."""


@dataclass(frozen=True, slots=True)
class Shape:
    narrow: int = 16
    hidden: int = 32
    dropout: float = 0.3
    noise: float = 0.5
    """Of the embeddings' own spread."""
    decay: float = 0.01
    members: int = 3
    batches: int = 80
    """In an epoch, half of each batch phrases."""


@dataclass(slots=True)
class Member:
    """Weights [96, narrow], [frames * narrow, hidden], [hidden, 1] and biases."""

    weights: list[Floats]
    biases: list[Floats]

    @classmethod
    def new(cls, shape: Shape, rng: np.random.Generator) -> Member:
        sizes = ((WIDTH, shape.narrow), (FRAMES * shape.narrow, shape.hidden), (shape.hidden, 1))
        weights = [(rng.standard_normal(size) * np.sqrt(1.5 / size[0])).astype(np.float32) for size in sizes]
        return cls(weights, [np.zeros(size[1], np.float32) for size in sizes])

    def copy(self) -> Member:
        return Member([w.copy() for w in self.weights], [b.copy() for b in self.biases])

    def logit(self, x: Floats, masks: Sequence[Floats] = ()) -> tuple[Floats, list[Floats]]:
        """Normalized windows [n, FRAMES, 96] -> logits [n] and the activations of both layers."""
        narrow = np.maximum(x @ self.weights[0] + self.biases[0], 0).reshape(len(x), -1)
        narrow = narrow * masks[0] if masks else narrow
        hidden = np.maximum(narrow @ self.weights[1] + self.biases[1], 0)
        hidden = hidden * masks[1] if masks else hidden
        return (hidden @ self.weights[2] + self.biases[2])[:, 0], [narrow, hidden]

    def gradients(self, x: Floats, acts: Sequence[Floats], masks: Sequence[Floats], delta: Floats) -> list[Floats]:
        """Of weights, then biases, for d loss / d logit [n]."""
        narrow, hidden = acts
        out = delta[:, None]
        to_hidden = (out @ self.weights[2].T) * (hidden > 0) * masks[1]
        to_narrow = ((to_hidden @ self.weights[1].T) * (narrow > 0) * masks[0]).reshape(len(x) * FRAMES, -1)
        flat = x.reshape(len(x) * FRAMES, -1)
        return [
            flat.T @ to_narrow, narrow.T @ to_hidden, hidden.T @ out,
            to_narrow.sum(0), to_hidden.sum(0), out.sum(0),
        ]  # fmt: skip


@dataclass(slots=True)
class Head:
    mean: Floats
    scale: Floats
    members: list[Member]
    shift: float = 0.0
    """Added to the mean logit: puts the threshold of 0.5 where it wakes rarely enough."""

    def logit(self, windows: Floats) -> Floats:
        """[n, FRAMES, 96] -> logits [n]."""
        x = ((windows - self.mean) * self.scale).astype(np.float32)
        total: Floats = np.mean([member.logit(x)[0] for member in self.members], 0) + np.float32(self.shift)
        return total

    def along(self, embeddings: Floats) -> Floats:
        """A recording's embeddings [n, 96] -> the logit at each step from the FRAMES-th on."""
        return self.logit(windows(embeddings)) if len(embeddings) >= FRAMES else np.full(1, -np.inf, np.float32)


def windows(embeddings: Floats) -> Floats:
    """[n, 96] -> [n - FRAMES + 1, FRAMES, 96], a view."""
    view: Floats = np.lib.stride_tricks.sliding_window_view(embeddings, FRAMES, axis=0).transpose(0, 2, 1)
    return view


def train(
    phrases: Floats,
    others: Sequence[Floats],
    *,
    judge: Callable[[Head], float],
    epochs: int,
    seed: int,
    told: Callable[[int, float], None],
    shape: Shape | None = None,
) -> Head:
    """`phrases` [n, FRAMES, 96] are windows that end with the phrase; `others` recordings' embeddings [n, 96].

    Windows of the others are drawn anew for each epoch, the more often the higher they scored after the last one.
    Each member keeps the averaged weights of the epoch at which `judge` (higher is better) liked them best.
    """
    shape = shape or Shape()
    rng = np.random.default_rng(seed)
    stream = np.concatenate(others)
    # a window across two recordings is none
    starts = np.concatenate(
        [np.arange(len(o) - FRAMES + 1) + at for o, at in zip(others, _offsets(others), strict=True)]
    )
    frames = np.arange(FRAMES)
    mean, scale = stream.mean(0), 1 / (stream.std(0) + 1e-3)
    head = Head(mean.astype(np.float32), scale.astype(np.float32), [])
    stream = ((stream - mean) * scale).astype(np.float32)
    positive = ((phrases - mean) * scale).astype(np.float32)
    for number in range(shape.members):
        member, hard = Member.new(shape, rng), np.ones(len(starts))
        params = [*member.weights, *member.biases]
        moments = [[np.zeros_like(p), np.zeros_like(p)] for p in params]
        average, best, liked, step = member.copy(), member.copy(), -np.inf, 0
        averages = [*average.weights, *average.biases]
        for epoch in range(epochs):
            rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs)) + 2e-5
            half = _BATCH // 2
            drawn = starts[rng.choice(len(starts), half * shape.batches, p=hard / hard.sum())]
            for at in range(0, len(drawn), half):
                negative = stream[drawn[at : at + half, None] + frames]
                x = np.concatenate([positive[rng.integers(len(positive), size=half)], negative])
                x = x + rng.normal(0, shape.noise, x.shape).astype(np.float32)
                y = np.repeat(np.array([1, 0], np.float32), half)
                keep = 1 - shape.dropout
                sizes = (FRAMES * shape.narrow, shape.hidden)
                masks = [(rng.random((len(x), size)) < keep).astype(np.float32) / np.float32(keep) for size in sizes]
                logit, acts = member.logit(x, masks)
                p = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
                delta = ((p - y) / len(x)).astype(np.float32)
                step += 1
                for param, grad, (m, v) in zip(params, member.gradients(x, acts, masks, delta), moments, strict=True):
                    m += (1 - _MOMENTS[0]) * (grad - m)
                    v += (1 - _MOMENTS[1]) * (grad * grad - v)
                    corrected = (m / (1 - _MOMENTS[0] ** step)) / (np.sqrt(v / (1 - _MOMENTS[1] ** step)) + 1e-8)
                    param -= (rate * (corrected + shape.decay * param * (param.ndim == 2))).astype(np.float32)
                for kept, param in zip(averages, params, strict=True):
                    kept += (param - kept) / min(step, _AVERAGED)
            if epoch % 3 == 2 or epoch == epochs - 1:
                parts = np.array_split(starts, max(1, len(starts) // 4096))
                scores = np.concatenate([average.logit(stream[part[:, None] + frames])[0] for part in parts])
                hard = 0.02 + 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
                if (likes := judge(Head(head.mean, head.scale, [average]))) > liked:
                    best, liked = average.copy(), likes
            told(number * epochs + epoch, liked)
        head.members.append(best)
    return head


def _offsets(others: Sequence[Floats]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(o) for o in others])[:-1]])


def write(head: Head, path: Path, *, about: str) -> None:
    """ONNX, opset 13: input `embeddings` (1, FRAMES, 96), output `score` (1, 1)."""
    from onnx import TensorProto, helper, numpy_helper, save

    tensors = [numpy_helper.from_array(head.mean, "mean"), numpy_helper.from_array(head.scale, "scale")]
    nodes = [
        helper.make_node("Sub", ["embeddings", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["x"]),
    ]
    for i, member in enumerate(head.members):
        for j, (w, b) in enumerate(zip(member.weights, member.biases, strict=True)):
            tensors += [numpy_helper.from_array(w, f"w{i}{j}"), numpy_helper.from_array(b, f"b{i}{j}")]
        nodes += [
            helper.make_node("MatMul", ["x", f"w{i}0"], [f"projected{i}"]),
            helper.make_node("Add", [f"projected{i}", f"b{i}0"], [f"biased{i}"]),
            helper.make_node("Relu", [f"biased{i}"], [f"narrow{i}"]),
            helper.make_node("Flatten", [f"narrow{i}"], [f"flat{i}"], axis=1),
            helper.make_node("Gemm", [f"flat{i}", f"w{i}1", f"b{i}1"], [f"inner{i}"]),
            helper.make_node("Relu", [f"inner{i}"], [f"hidden{i}"]),
            helper.make_node("Gemm", [f"hidden{i}", f"w{i}2", f"b{i}2"], [f"logit{i}"]),
        ]
    tensors.append(numpy_helper.from_array(np.array([head.shift], np.float32), "shift"))
    nodes += [
        helper.make_node("Mean", [f"logit{i}" for i in range(len(head.members))], ["logit"]),
        helper.make_node("Add", ["logit", "shift"], ["shifted"]),
        helper.make_node("Sigmoid", ["shifted"], ["score"]),
    ]
    graph = helper.make_graph(
        nodes, path.stem,
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, [1, FRAMES, WIDTH])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [1, 1])], tensors,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="voiced tools.wake")
    model.ir_version = 8
    model.doc_string = about
    path.parent.mkdir(parents=True, exist_ok=True)
    save(model, path)
