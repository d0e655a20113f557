"""The head: 16 embeddings -> two hidden layers -> a score. Trained with Adam in numpy, written as ONNX."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAMES = 16
WIDTH = 96

Floats = NDArray[np.float32]


class Head:
    """Weights of a network of `hidden` units a layer; its inputs [n, 16 * 96] are brought to mean 0 and variance 1."""

    def __init__(self, mean: Floats, scale: Floats, hidden: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sizes = (FRAMES * WIDTH, hidden, hidden, 1)
        self.mean, self.scale = mean, scale
        self.weights = [
            (rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32) for a, b in itertools.pairwise(sizes)
        ]
        self.biases = [np.zeros(b, np.float32) for b in sizes[1:]]

    def forward(self, x: Floats) -> list[Floats]:
        """The activations of each layer, the last one the logit [n, 1]."""
        out = [((x - self.mean) * self.scale).astype(np.float32)]
        for i, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            y = out[-1] @ w + b
            out.append(np.maximum(y, 0) if i < len(self.weights) - 1 else y)
        return out

    def score(self, x: Floats) -> Floats:
        """[n, 16, 96] -> scores [n] in [0, 1]."""
        logit = self.forward(x.reshape(len(x), -1))[-1][:, 0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -40, 40))), np.float32)


def train(
    positive: Floats, negative: Floats, *, epochs: int, seed: int, told: Callable[[int, float], None], hidden: int = 48
) -> Head:
    """`positive` and `negative` are [n, 16, 96]. A false accept costs three times a miss.

    Negatives are drawn anew for each epoch, the more often the more they scored in the last one.
    """
    rng = np.random.default_rng(seed)
    everything = np.concatenate([positive, negative]).reshape(-1, FRAMES * WIDTH)
    head = Head(everything.mean(0), 1 / (everything.std(0) + 1e-3), hidden, seed)
    params = [*head.weights, *head.biases]
    first, second = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    step = 0
    hardness = np.full(len(negative), 1.0)
    each = max(1, min(len(positive) * 4, len(negative)))
    for epoch in range(epochs):
        rate = 1e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        chosen = rng.choice(len(negative), each, p=hardness / hardness.sum())
        x = np.concatenate([positive, negative[chosen]]).reshape(-1, FRAMES * WIDTH)
        y = np.concatenate([np.ones(len(positive)), np.zeros(each)]).astype(np.float32)
        cost = np.where(y > 0, each / len(positive) / 3, 1.0).astype(np.float32)
        order, total = rng.permutation(len(x)), 0.0
        for at in range(0, len(x), 256):
            pick = order[at : at + 256]
            noisy = x[pick] + rng.normal(0, 0.3, (len(pick), x.shape[1])).astype(np.float32) / head.scale
            acts = head.forward(noisy.astype(np.float32))
            p = 1 / (1 + np.exp(-np.clip(acts[-1][:, 0], -40, 40)))
            total += float(np.sum(-cost[pick] * np.log(np.where(y[pick] > 0, p, 1 - p) + 1e-7)))
            delta = (cost[pick] * (p - y[pick]) / len(pick))[:, None].astype(np.float32)
            grads_w: list[Floats] = []
            grads_b: list[Floats] = []
            for i in reversed(range(len(head.weights))):
                grads_w.insert(0, acts[i].T @ delta + 1e-4 * head.weights[i])
                grads_b.insert(0, delta.sum(0))
                delta = (delta @ head.weights[i].T) * (acts[i] > 0)
            step += 1
            for j, grad in enumerate([*grads_w, *grads_b]):
                first[j] += 0.1 * (grad - first[j])
                second[j] += 0.01 * (grad * grad - second[j])
                params[j] -= rate * (first[j] / (1 - 0.9**step)) / (np.sqrt(second[j] / (1 - 0.99**step)) + 1e-8)
        hardness = 0.02 + np.concatenate([head.score(part) for part in np.array_split(negative, 64)])
        told(epoch, total / len(x))
    return head


def write(head: Head, path: Path, *, about: str) -> None:
    """ONNX, opset 13: input `embeddings` (1, 16, 96), output `score` (1, 1)."""
    from onnx import TensorProto, helper, numpy_helper, save

    tensors = [numpy_helper.from_array(head.mean[None], "mean"), numpy_helper.from_array(head.scale[None], "scale")]
    nodes = [
        helper.make_node("Flatten", ["embeddings"], ["flat"], axis=1),
        helper.make_node("Sub", ["flat", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["x0"]),
    ]
    for i, (w, b) in enumerate(zip(head.weights, head.biases, strict=True)):
        tensors += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [f"x{i}", f"w{i}", f"b{i}"], [f"y{i}"]))
        last = i == len(head.weights) - 1
        nodes.append(helper.make_node("Sigmoid" if last else "Relu", [f"y{i}"], ["score" if last else f"x{i + 1}"]))
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
