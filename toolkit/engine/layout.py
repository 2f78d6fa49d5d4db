"""Array types, alignment and kinds of tokens, shared by inference and training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UInt8s = NDArray[np.uint8]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]
# What counts as a token: runs of word characters, those of at least two, runs or single marks of
# speech, anything between white space, or runs or single characters that are neither word nor space.
RUNS, LONG_RUNS, RUNS_AND_MARKS, CHUNKS, RUNS_AND_PUNCTUATION = range(5)
_CACHE_LINE_BYTES = 64


def empty_aligned(size: int) -> Int64s:
    """Return ``size`` uninitialised words of eight bytes that start at a cache line of the processor.

    Examples
    --------
    >>> empty_aligned(3).ctypes.data % 64, len(empty_aligned(3))
    (0, 3)
    """
    words = np.empty(size + _CACHE_LINE_BYTES // 8, np.int64)
    first = -words.ctypes.data % _CACHE_LINE_BYTES // words.itemsize
    return words[first : first + size]
