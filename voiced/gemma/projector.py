"""The audio half of a published projector, in a format that this machine has fast kernels for.

Published mmproj files hold a vision tower that is never asked and weights in BF16, for which ggml has no kernels on
ARM (ggml-cpu/vec.cpp: a scalar loop). Two choices: F16, which holds BF16's numbers as they are (within its range), and
Q8_0, half as large and several times as fast where the CPU multiplies bytes (a Raspberry Pi 5 does).
"""

from __future__ import annotations

import contextlib
import enum
import logging
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Quant
from gguf import GGUFReader, GGUFValueType, GGUFWriter, ReaderTensor, quants

from voiced.errors import ModelFileError

logging.getLogger("gguf").setLevel(logging.WARNING)

_BLOCK = 32
"""Columns that Q8_0 quantizes together."""
_WIDE = {Quant.BF16, Quant.F32, Quant.F16}


class Format(enum.StrEnum):
    F16 = "f16"
    Q8_0 = "q8_0"


def best_format(machine: str = platform.machine()) -> Format:
    """Q8_0 on ARM, where ggml's F16 products are slower than F32's (llama.cpp #5183); F16, exact, elsewhere."""
    return Format.Q8_0 if machine in {"aarch64", "arm64"} else Format.F16


def _is_audio(name: str) -> bool:
    return name.startswith(("a.", "mm.a."))


def _target(tensor: ReaderTensor, wanted: Format) -> Quant:
    """Matrices change; vectors, convolutions and what is quantized already stay, but that nothing stays BF16."""
    shape = [n for n in tensor.shape.tolist() if n > 1]
    if tensor.tensor_type not in _WIDE:
        return tensor.tensor_type
    if len(tensor.shape) != 2 or len(shape) != 2 or "conv_dw" in tensor.name:
        return Quant.F32 if tensor.tensor_type == Quant.BF16 else tensor.tensor_type
    return Quant.Q8_0 if wanted is Format.Q8_0 and shape[0] % _BLOCK == 0 else Quant.F16


def _bytes_of(tensor: ReaderTensor, target: Quant) -> int:
    block, size = gguf.GGML_QUANT_SIZES[target]
    return int(int(tensor.n_elements) // block * size)


def _convert(tensor: ReaderTensor, target: Quant) -> npt.NDArray[Any]:
    if target == tensor.tensor_type:
        return np.ascontiguousarray(tensor.data)
    wide = quants.dequantize(tensor.data, tensor.tensor_type)
    if target == Quant.F16 and not np.isfinite(wide.astype(np.float16)).all():
        raise ModelFileError(f"{tensor.name} holds numbers that F16 cannot: choose q8_0")
    return np.ascontiguousarray(quants.quantize(wide, target))


def audio_only(source: Path, target: Path, wanted: Format, progress: Callable[[int, int], None] | None = None) -> None:
    """Write `target`: whole or not at all. `progress` is called with bytes done and in all.

    ModelFileError if `source` is no projector with an audio encoder, or the disk has no room (asked before the first
    byte is written).
    """
    try:
        reader = GGUFReader(source)
    except (OSError, ValueError, IndexError) as error:
        raise ModelFileError(f"{source.name}: not a GGUF file that can be read: {error}") from error
    kept = [t for t in reader.tensors if _is_audio(t.name)]
    if not kept:
        raise ModelFileError(f"{source.name} has no audio encoder")
    plan = [(t, _target(t, wanted)) for t in kept]
    total = sum(_bytes_of(t, kind) for t, kind in plan)
    free = shutil.disk_usage(target.parent).free
    if free < total + 1_000_000:
        raise ModelFileError(f"{target.parent}: {total / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free")
    part = target.with_name(target.name + ".part")
    writer = GGUFWriter(part, "clip")
    try:
        _copy_metadata(reader, writer)
        for tensor, kind in plan:
            shape = tuple(reversed(tensor.shape.tolist()))
            size = _bytes_of(tensor, kind)
            writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), size, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        done = 0
        for tensor, kind in plan:
            writer.write_tensor_data(_convert(tensor, kind))
            done += _bytes_of(tensor, kind)
            if progress:
                progress(done, total)
        writer.flush()
        writer.close()
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "it cannot be written wholly: is the disk full?"
        raise ModelFileError(f"{target}: {why}") from error
    finally:
        with contextlib.suppress(OSError):
            writer.close()
        part.unlink(missing_ok=True)


def _copy_metadata(reader: GGUFReader, writer: GGUFWriter) -> None:
    for name, one in reader.fields.items():
        if name.startswith(("GGUF.", "clip.vision.")) or name in {"general.architecture", "clip.has_vision_encoder"}:
            continue
        if name == "clip.projector_type":  # one type for both towers: newer files name each
            writer.add_string("clip.audio.projector_type", one.contents())
        elif one.types[0] == GGUFValueType.ARRAY:
            writer.add_array(name, one.contents())
        else:
            writer.add_key_value(name, one.contents(), one.types[0])
    writer.add_bool("clip.has_vision_encoder", False)
