"""Types of arrays, alignment and kinds of tokens, shared by the compiled engine and by training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Int8s = NDArray[np.uint8]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]
# What counts as a token: runs of word characters (of two at least, or with marks), or of anything.
RUNS, LONG_RUNS, RUNS_AND_MARKS, CHUNKS = range(4)
# Bytes of a line of the processor's cache.
_LINE_BYTES = 64


def words_at_line(size: int) -> Int64s:
    """Return so many words of eight bytes, not set, from where a line of the processor's cache starts.

    Examples
    --------
    >>> words_at_line(3).ctypes.data % 64, len(words_at_line(3))
    (0, 3)
    """
    room = np.empty(size + _LINE_BYTES // 8, np.int64)
    first = -room.ctypes.data % _LINE_BYTES // room.itemsize
    return room[first : first + size]
