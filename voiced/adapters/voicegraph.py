"""A Piper voice cut in two, where its encoder hands frames to the decoder: `cut`.

The decoder's memory grows with what it decodes at once: a sentence of six seconds takes 250 MB. A sample depends on the
frames around it only as far as the decoder's convolutions reach, so that a sentence can be decoded in stretches, each
with that many frames more on either side, and sounds the same.

An ONNX file is a protobuf message. What is cut here needs a handful of its fields, which are read as they lie there;
the library that knows them all would take more memory than is saved.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

_FIRST_OF_DECODER = "/dec/conv_pre/Conv"
"""As Piper's exporter names it."""
_SAMPLE_BY_SAMPLE = {"Add", "Cast", "Div", "Identity", "LeakyRelu", "Mul", "Sigmoid", "Sub", "Tanh", "Unsqueeze"}

# Numbers of fields in onnx.proto3.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO = 1, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_GRAPH, _ATTRIBUTE_INTS = 1, 6, 8
_TENSOR_NAME = 8
_VALUE_NAME = 1
_FLOATS = b"\x12\x04\x0a\x02\x08\x01"
"""ValueInfoProto.type: a tensor of floats, of any shape."""


@dataclass(frozen=True, slots=True)
class Halves:
    encoder: bytes
    """ONNX: what the voice takes -> `frames` [1, channels, n] float32."""
    decoder: bytes
    """ONNX: `frames` -> sound [1, 1, n * samples] float32."""
    frames: str
    samples: int
    """Of sound, for each frame."""
    reach: int
    """How many frames before and behind one have a say in its samples, at most."""


@dataclass(frozen=True, slots=True)
class _Node:
    raw: bytes
    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    ints: Mapping[str, tuple[int, ...]]
    """Attributes that are lists of integers."""
    plain: bool
    """Without a graph of its own inside."""


def cut(path: Path) -> Halves | None:
    """None where this file is no voice of which it is certain that stretches sound as the whole does."""
    try:
        with path.open("rb") as file:
            return _cut(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (ValueError, LookupError, StopIteration):  # no protobuf, or another model than we know
        return None


def _cut(model: memoryview) -> Halves | None:
    (graph,) = (value for number, value, _ in _fields(model) if number == _MODEL_GRAPH)
    rest = b"".join(raw for number, _, raw in _fields(model) if number != _MODEL_GRAPH)
    parts = [*_fields(graph)]
    nodes = [_node(value, raw) for number, value, raw in parts if number == _GRAPH_NODE]
    weights = {_name(value, _TENSOR_NAME): raw for number, value, raw in parts if number == _GRAPH_INITIALIZER}
    others = [raw for number, _, raw in parts if number not in
              (_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO)]  # fmt: skip
    inputs = [raw for number, _, raw in parts if number == _GRAPH_INPUT]
    outputs = [(value, raw) for number, value, raw in parts if number == _GRAPH_OUTPUT]
    frames = next(node.inputs[0] for node in nodes if node.name == _FIRST_OF_DECODER)
    first = _needed_for(frames, nodes)
    known = {output for node in first for output in node.outputs}
    second = [node for node in nodes if not known.issuperset(node.outputs)]
    made = {output for node in second for output in node.outputs}
    needs = {name for node in second for name in node.inputs if name and name not in made and name not in weights}
    told = [_name(value, _VALUE_NAME) for value, _ in outputs]
    if needs != {frames} or not all(node.plain for node in nodes) or len(told) != 1 or told[0] not in made:
        return None
    reach, samples = _reach(frames, told[0], second, weights)
    between = _value(frames)
    return Halves(
        encoder=rest + _graph(first, weights, others, inputs, [_field(_GRAPH_OUTPUT, between)]),
        decoder=rest + _graph(second, weights, others, [_field(_GRAPH_INPUT, between)], [raw for _, raw in outputs]),
        frames=frames, samples=samples, reach=reach,
    )  # fmt: skip


def _needed_for(wanted: str, nodes: list[_Node]) -> list[_Node]:
    """In their order, which is that of the computation."""
    names, needed = {wanted}, list[_Node]()
    for node in reversed(nodes):
        if names.intersection(node.outputs):
            names.update(node.inputs)
            needed.append(node)
    return needed[::-1]


def _reach(frames: str, sound: str, nodes: list[_Node], weights: Mapping[str, object]) -> tuple[int, int]:
    """Frames on either side that a sample depends on; samples a frame. ValueError for what cannot be told of."""
    known = {frames: (Fraction(0), Fraction(1))}
    for node in nodes:
        of = [known[name] for name in node.inputs if name and name not in weights]
        reach, rate = max(reach for reach, _ in of), of[0][1]
        if node.op == "Conv":
            (width,), (dilation,) = node.ints["kernel_shape"], node.ints.get("dilations", (1,))
            before, behind = node.ints["pads"]
            if before + behind != (width - 1) * dilation or node.ints.get("strides", (1,)) != (1,):
                raise ValueError("a convolution that changes the length")
            reach += Fraction(max(before, behind)) / rate
        elif node.op == "ConvTranspose":
            (width,), (stride,) = node.ints["kernel_shape"], node.ints["strides"]
            if sum(node.ints["pads"]) != width - stride or node.ints.get("dilations", (1,)) != (1,):
                raise ValueError("a convolution that does not fill its strides")
            reach, rate = reach + Fraction(width, stride) / rate, rate * stride
        elif node.op not in _SAMPLE_BY_SAMPLE or any(other != rate for _, other in of):
            raise ValueError(f"what {node.op} depends on is not known")
        known.update(dict.fromkeys(node.outputs, (reach, rate)))
    reach, rate = known[sound]
    return ceil(reach), int(rate)


# --- protobuf -------------------------------------------------------------------------------------------------------


def _graph(
    nodes: list[_Node], weights: Mapping[str, memoryview], others: Iterable[memoryview],
    inputs: Iterable[bytes | memoryview], outputs: Iterable[bytes | memoryview],
) -> bytes:  # fmt: skip
    used = {name for node in nodes for name in node.inputs}
    own = [raw for name, raw in weights.items() if name in used]
    return _field(_MODEL_GRAPH, b"".join([*(node.raw for node in nodes), *others, *own, *inputs, *outputs]))


def _node(value: memoryview, raw: memoryview) -> _Node:
    texts: dict[int, list[str]] = {}
    ints, plain = dict[str, tuple[int, ...]](), True
    for number, part, _ in _fields(value):
        if number == _NODE_ATTRIBUTE:
            fields = [(field, inside) for field, inside, _ in _fields(part)]
            plain = plain and all(field != _ATTRIBUTE_GRAPH for field, _ in fields)
            ints[_name(part, _ATTRIBUTE_NAME)] = tuple(
                one for field, inside in fields if field == _ATTRIBUTE_INTS for one in _integers(inside)
            )
        else:
            texts.setdefault(number, []).append(str(bytes(part), "utf-8"))
    return _Node(
        bytes(raw), "".join(texts.get(_NODE_NAME, [])), "".join(texts.get(_NODE_OP, [])),
        tuple(texts.get(_NODE_INPUT, [])), tuple(texts.get(_NODE_OUTPUT, [])), ints, plain,
    )  # fmt: skip


def _name(message: memoryview, number: int) -> str:
    return next(str(bytes(value), "utf-8") for field, value, _ in _fields(message) if field == number)


def _value(name: str) -> bytes:
    return _field(_VALUE_NAME, name.encode()) + _FLOATS


def _field(number: int, content: bytes) -> bytes:
    return _written(number << 3 | 2) + _written(len(content)) + content


def _written(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _integers(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Number, content, and the whole of each field. ValueError or IndexError for what is no message."""
    at = 0
    while at < len(message):
        begun = at
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            end = _varint(message, at)[1]
        elif kind == 2:
            size, at = _varint(message, at)
            end = at + size
        elif kind in (1, 5):
            end = at + (8 if kind == 1 else 4)
        else:
            raise ValueError("no protobuf message")
        if end > len(message):
            raise ValueError("a protobuf message that was cut")
        yield key >> 3, message[at:end], message[begun:end]
        at = end


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value, at, shift = value | (byte & 0x7F) << shift, at + 1, shift + 7
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("no number of a protobuf message")
