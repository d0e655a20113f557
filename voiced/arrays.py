"""Arrays by the type of their numbers; docstrings tell their shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I16 = NDArray[np.int16]
"""Sound is of these: 16 kHz, one channel."""
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
