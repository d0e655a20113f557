"""ggml itself, from the shared libraries that llama-cpp-python ships: weights mapped from a GGUF, graphs over them.

With llama.py and lower_half.py this is what of this room knows ctypes. A `Node` is the address of a ggml_tensor;
shapes here are ggml's, the fastest axis first. ggml aborts the process on a wrong shape, so callers check what comes
out of a file.

Sources: ggml.h, ggml-alloc.h, ggml-backend.h and ggml-cpu.h of llama.cpp 0c1e57098.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NewType

import gguf
import numpy as np
from llama_cpp._ggml import libggml

from voiced.arrays import F32
from voiced.errors import InferenceError, ModelFileError
from voiced.gemma.llama import start_backend

Node = NewType("Node", int)

_ALIGNMENT = 32
_FLOAT32 = 0  # GGML_TYPE_F32
FLOAT16 = 1  # GGML_TYPE_F16
_GRAPH_NODES = 8192


class _InitParams(ctypes.Structure):
    _fields_ = (("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool))


def _missing(name: str, *_: object) -> None:
    raise ModelFileError(f'this build of llama.cpp has no {name}; encoder = "mtmd" under [model] does without it')


_KINDS: dict[str, Any] = {
    "p": ctypes.c_void_p, "i": ctypes.c_int, "l": ctypes.c_int64, "z": ctypes.c_size_t, "f": ctypes.c_float,
    "b": ctypes.c_bool, "-": None,
}  # fmt: skip


def _function(name: str, kinds: str) -> Any:
    """`kinds`: the result's letter, then the arguments'. What a build lacks fails when it is called."""
    function = getattr(libggml, name, None)
    if function is None:
        return functools.partial(_missing, name)
    function.restype, function.argtypes = _KINDS[kinds[0]], [_KINDS[kind] for kind in kinds[1:]]
    return function


_OPS = {
    name: _function(f"ggml_{name}", f"pp{kinds}")
    for name, kinds in {
        "add": "pp", "cast": "pi", "clamp": "pff", "concat": "ppi", "cont": "p", "cpy": "pp",
        "im2col": "ppiiiiiibi", "mul": "pp", "mul_mat": "pp", "norm": "pf", "pad_ext": "piiiiiiii",
        "permute": "piiii", "relu": "p", "reshape_2d": "pll", "reshape_3d": "plll", "reshape_4d": "pllll",
        "rms_norm": "pf", "scale": "pf", "sigmoid": "p", "silu": "p", "soft_max": "p", "ssm_conv": "pp",
        "tanh": "p", "transpose": "p", "view_2d": "pllzz", "view_3d": "plllzzz", "view_4d": "pllllzzzz",
    }.items()
}  # fmt: skip
_init = libggml.ggml_init
_init.restype, _init.argtypes = ctypes.c_void_p, [_InitParams]
_free = _function("ggml_free", "-p")
_overhead = _function("ggml_tensor_overhead", "z")
_graph_overhead = _function("ggml_graph_overhead_custom", "zzb")
_new_tensor = _function("ggml_new_tensor_4d", "ppillll")
_data = _function("ggml_get_data", "pp")
_new_graph = _function("ggml_new_graph_custom", "ppzb")
_expand = _function("ggml_build_forward_expand", "-pp")
_set_output = _function("ggml_set_output", "-p")
_buffer_over = _function("ggml_backend_cpu_buffer_from_ptr", "ppz")
_buffer_free = _function("ggml_backend_buffer_free", "-p")
_place = _function("ggml_backend_tensor_alloc", "ippp")
_cpu_memory = _function("ggml_backend_cpu_buffer_type", "p")
_allocator_new = _function("ggml_gallocr_new", "pp")
_allocator_free = _function("ggml_gallocr_free", "-p")
_allocate = _function("ggml_gallocr_alloc_graph", "bpp")
_cpu_new = _function("ggml_backend_cpu_init", "p")
_cpu_threads = _function("ggml_backend_cpu_set_n_threads", "-pi")
_cpu_free = _function("ggml_backend_free", "-p")
_compute = _function("ggml_backend_graph_compute", "ipp")


def c_float(name: str, x: float) -> float:
    """C's sinf, cosf, expf, logf, which llama.cpp fills its tables with: numpy's differ in the last bit."""
    function = getattr(libggml, name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    return float(function(float(x)))


def c_floats(name: str, values: F32) -> F32:
    return np.array([c_float(name, x) for x in values.ravel().tolist()], np.float32).reshape(values.shape)


class _Context:
    """Room for the descriptions of `tensors` tensors and, if asked for, a graph. Holds no data."""

    def __init__(self, tensors: int, graph_nodes: int = 0) -> None:
        size = (tensors + 1) * _overhead() + (_graph_overhead(graph_nodes, False) if graph_nodes else 0)
        self.at = _init(_InitParams(size, None, True))
        if not self.at:
            raise InferenceError(f"ggml has no room for {tensors} tensors")

    def close(self) -> None:
        if self.at:
            _free(self.at)
            self.at = None


class Cpu:
    """The CPU backend. Its threads sleep between graphs."""

    def __init__(self, threads: int) -> None:
        start_backend()
        self.at = _cpu_new()
        _cpu_threads(self.at, threads)

    def close(self) -> None:
        if self.at:
            _cpu_free(self.at)
            self.at = None


class Arena:
    """Named float32 tensors that stay where they are, and numpy arrays over the same memory."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Shapes in numpy's order: the slowest axis first."""
        sizes = [-(-int(np.prod(shape)) * 4 // _ALIGNMENT) * _ALIGNMENT for shape in shapes.values()]
        self._memory = np.zeros(sum(sizes) + _ALIGNMENT, np.uint8)
        start = -self._memory.ctypes.data % _ALIGNMENT
        self._buffer = _buffer_over(self._memory.ctypes.data + start, sum(sizes))
        self._context = _Context(len(shapes))
        self.nodes: dict[str, Node] = {}
        self.arrays: dict[str, F32] = {}
        for (name, shape), size in zip(shapes.items(), sizes, strict=True):
            node = _new_tensor(self._context.at, _FLOAT32, *(*shape[::-1], 1, 1, 1)[:4])
            _place(self._buffer, node, self._memory.ctypes.data + start)
            self.nodes[name] = Node(node)
            used = int(np.prod(shape)) * 4
            self.arrays[name] = self._memory[start : start + used].view(np.float32).reshape(shape)
            start += size

    def close(self) -> None:
        self._context.close()
        if self._buffer:
            _buffer_free(self._buffer)
            self._buffer = None


class Weights(Mapping[str, Node]):
    """Tensors of a GGUF by name, mapped from the file: no second copy, and pages that nobody asks for stay out."""

    def __init__(self, path: Path, prefixes: tuple[str, ...]) -> None:
        """The tensors whose names begin so. ModelFileError if it is no GGUF, or cut off."""
        self.name = path.name
        try:
            reader = gguf.GGUFReader(path)
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except (OSError, ValueError, IndexError, KeyError, UnicodeDecodeError, OverflowError) as error:
            raise ModelFileError(f"{path.name}: not a GGUF file that can be read: {error}") from error
        self._facts = {name: field.contents() for name, field in reader.fields.items() if name.startswith("clip.")}
        data = np.frombuffer(self._map, np.uint8)
        self._buffer = _buffer_over(data.ctypes.data, len(data))
        tensors = [one for one in reader.tensors if one.name.startswith(prefixes)]
        self._context = _Context(len(tensors))
        self._nodes: dict[str, Node] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._numbers: dict[str, float] = {}
        self.float32: set[str] = set()
        """Names of the tensors of 32-bit floats."""
        for one in tensors:
            shape, start, kind = tuple(int(n) for n in one.shape), int(one.data_offset), int(one.tensor_type)
            if start % _ALIGNMENT or start + int(one.n_bytes) > len(data):
                raise ModelFileError(f"{path.name}: the tensor {one.name} lies outside the file or askew in it")
            node = _new_tensor(self._context.at, kind, *(*shape, 1, 1, 1)[:4])
            _place(self._buffer, node, data.ctypes.data + start)
            self._nodes[one.name], self._shapes[one.name] = Node(node), shape
            if kind == _FLOAT32:
                self.float32.add(one.name)
                if shape in {(), (1,)}:
                    self._numbers[one.name] = float(one.data.reshape(-1)[0])

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def __iter__(self) -> Any:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def shape(self, name: str) -> tuple[int, ...]:
        """() for a tensor that is not there."""
        return self._shapes.get(name, ())

    def number(self, name: str) -> float | None:
        """The value of a tensor that holds a single float, if it is there."""
        return self._numbers.get(name)

    def fact(self, key: str) -> object:
        """A `clip.` key of the header, or None."""
        return self._facts.get(key)

    def close(self) -> None:
        self._context.close()
        if self._buffer:
            _buffer_free(self._buffer)
            self._buffer = None


class Graph:
    """A graph under construction, then computed any number of times. Intermediate tensors share one block of memory."""

    def __init__(self, cpu: Cpu, nodes: int = _GRAPH_NODES) -> None:
        self._cpu = cpu
        self._context = _Context(nodes, nodes)
        self._graph = _new_graph(self._context.at, nodes, False)
        self._allocator = _allocator_new(_cpu_memory())

    def __call__(self, op: str, *arguments: Node | float) -> Node:
        """One operation, by ggml's name for it, without evaluating it."""
        return Node(_OPS[op](self._context.at, *arguments))

    def compute_also(self, node: Node) -> None:
        """`node` and all it needs are computed in the order of these calls."""
        _set_output(node)
        _expand(self._graph, node)

    def finish(self) -> None:
        """No operation can be added any more. InferenceError if memory is short."""
        if not _allocate(self._allocator, self._graph):
            raise InferenceError("ggml has no memory for the audio encoder's graph")

    def array(self, node: Node, shape: tuple[int, ...]) -> F32:
        """A finished graph's float32 output as an array over its memory, shape in numpy's order."""
        flat = (ctypes.c_float * int(np.prod(shape))).from_address(_data(node))
        return np.ctypeslib.as_array(flat).reshape(shape)

    def run(self) -> None:
        if _compute(self._cpu.at, self._graph) != 0:
            raise InferenceError("ggml could not compute the audio encoder's graph")

    def close(self) -> None:
        if self._allocator:
            _allocator_free(self._allocator)
            self._allocator = None
        self._context.close()
