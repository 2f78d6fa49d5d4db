"""Machine code: texts as code points -> units (tokens, or chunks between white space), each numbered once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.characters import MARK, SPACE, WORD
from toolkit.engine.compiler import compiled, compiled_allocating
from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS_AND_MARKS, RUNS_AND_PUNCTUATION, Int32s, Int64s, UInt8s

Points = NDArray[np.uint32]
# Beside the kinds of tokens: the whole document is one unit.
WHOLE = RUNS_AND_PUNCTUATION + 1
BLANK = 32
MIN_SLOTS = 1 << 12


class Units(NamedTuple):
    """Distinct units, and a hash table to find them.

    Attributes
    ----------
    points : ndarray of uint32
        Code points that contain every unit at least once.
    begins, ends : ndarray of shape (n_units,)
        Where each unit is in ``points``.
    slots : ndarray of shape (n_slots,)
        Hash table of the numbers of units, -1 where empty; at most half full.
    """

    points: Points
    begins: Int64s
    ends: Int64s
    slots: Int32s


@compiled
def spread(key: int) -> int:
    """Mix the bits of a key; the lower bits of the result choose a slot."""
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return np.int64((mixed * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(8))


@compiled
def hash_points(points: Points, begin: int, end: int) -> int:
    """Return a hash of some code points."""
    hashed = np.uint64(end - begin)
    for at in range(begin, end):
        hashed = (hashed ^ np.uint64(points[at])) * np.uint64(0x100000001B3)
    return spread(np.int64(hashed))


@compiled
def find_unit(points: Points, begin: int, end: int, units: Units) -> tuple[int, int]:
    """Return the number of a unit, or -1 if it is new, and its slot or the empty slot for it."""
    mask = len(units.slots) - 1
    slot = hash_points(points, begin, end) & mask
    while units.slots[slot] >= 0:
        number = np.int64(units.slots[slot])
        first = units.begins[number]
        if units.ends[number] - first == end - begin:
            same = True
            for at in range(end - begin):
                if units.points[first + at] != points[begin + at]:
                    same = False
                    break
            if same:
                return number, slot
        slot = (slot + 1) & mask
    return -1, slot


@compiled
def unit_end(kinds: UInt8s, style: int, points: Points, begin: int, end: int) -> int:
    """Return where the unit that starts at ``begin`` ends; ``begin`` if none starts there."""
    if style == WHOLE:
        return end
    at = begin
    if style == CHUNKS:
        while at < end and not kinds[points[at]] & SPACE:
            at += 1
        return at
    if style == RUNS_AND_MARKS and kinds[points[begin]] & MARK:
        return begin + 1
    if style == RUNS_AND_PUNCTUATION and not kinds[points[begin]] & (WORD | SPACE):
        return begin + 1
    while at < end and kinds[points[at]] & WORD:
        at += 1
    return begin if style == LONG_RUNS and at - begin < 2 else at


@compiled
def cut_documents(
    points: Points,
    starts: Int64s,
    kinds: UInt8s,
    style: int,
    n_stop: int,
    units: Units,
    sequence: Int32s,
    bounds: Int64s,
    progress: Int64s,
) -> None:
    """Continue :func:`number_units` until everything is read or the table of units is half full.

    ``progress`` holds document, position, units, stop units and length of ``sequence`` so far.
    """
    document, at, n_units, n_stop_units, size = progress
    while document < len(starts) - 1:
        last = starts[document + 1]
        while at < last:
            end = last if document < n_stop else unit_end(kinds, style, points, at, last)
            if end == at:
                at += 1
                continue
            number, slot = find_unit(points, at, end, units)
            if number < 0:
                if 2 * (n_units + 1) > len(units.slots):
                    progress[0], progress[1], progress[2], progress[3], progress[4] = (
                        document,
                        at,
                        n_units,
                        n_stop_units,
                        size,
                    )
                    return
                number = n_units
                units.begins[number], units.ends[number], units.slots[slot] = at, end, number
                n_units += 1
            if document >= n_stop and number >= n_stop_units:
                sequence[size] = number
                size += 1
            at = end
        if document < n_stop:
            n_stop_units = n_units
        else:
            bounds[document - n_stop + 1] = size
        document += 1
    progress[0], progress[1], progress[2], progress[3], progress[4] = document, at, n_units, n_stop_units, size


@compiled
def fill_slots(units: Units, n_units: int) -> None:
    """Insert units into an empty table."""
    for number in range(n_units):
        _, slot = find_unit(units.points, units.begins[number], units.ends[number], units)
        units.slots[slot] = number


def number_units(
    points: Points, starts: Int64s, kinds: UInt8s, style: int, n_stop: int
) -> tuple[Int32s, Int64s, Units, int]:
    """Cut documents into units, and number these in order of first occurrence.

    Parameters
    ----------
    points : ndarray of uint32
        Code points of all documents, one after another.
    starts : ndarray of shape (n_documents + 1,)
        Where each document starts.
    kinds : ndarray of shape (0x110000,)
        As :func:`toolkit.engine.characters.kinds`.
    style : int
        What is a unit: a kind of token from :mod:`toolkit.engine.layout`, or ``WHOLE``.
    n_stop : int
        The first ``n_stop`` documents are stop words, each a unit as a whole; they are dropped from all others.

    Returns
    -------
    sequence, bounds, units, n_stop_units
        Numbers of the units of all documents after the stop words, where those of each
        document start, the units, and how many of them are stop words.

    Examples
    --------
    >>> from toolkit.engine.characters import kinds
    >>> text = np.array([ord(letter) for letter in "ab ab c"], np.uint32)
    >>> sequence, bounds, units, _ = number_units(text, np.array([0, 7]), kinds(), CHUNKS, 0)
    >>> sequence.tolist(), bounds.tolist(), units.begins.tolist(), units.ends.tolist()
    ([0, 0, 1], [0, 3], [0, 6], [2, 7])
    """
    n_documents = len(starts) - 1
    sequence = np.empty(len(points), np.int32)
    bounds = np.zeros(n_documents - n_stop + 1, np.int64)
    progress = np.zeros(5, np.int64)
    progress[1] = starts[0]
    begins, ends = np.empty(len(points), np.int64), np.empty(len(points), np.int64)
    units = Units(points, begins, ends, np.full(MIN_SLOTS, -1, np.int32))
    while True:
        cut_documents(points, starts, kinds, style, n_stop, units, sequence, bounds, progress)
        if progress[0] == n_documents:
            break
        units = units._replace(slots=np.full(4 * len(units.slots), -1, np.int32))
        fill_slots(units, progress[2])
    n_units, n_stop_units, size = progress[2:].tolist()
    units = units._replace(begins=begins[:n_units].copy(), ends=ends[:n_units].copy())
    return sequence[:size].copy(), bounds, units, n_stop_units


@compiled_allocating
def find_units(
    points: Points, starts: Int64s, kinds: UInt8s, style: int, units: Units, n_stop_units: int
) -> tuple[Int32s, Int64s]:
    """Cut documents into known units; return their numbers (-1: unknown), and where those of each document start."""
    sequence = np.empty(len(points), np.int32)
    bounds = np.zeros(len(starts), np.int64)
    size = 0
    for document in range(len(starts) - 1):
        at, last = starts[document], starts[document + 1]
        while at < last:
            end = unit_end(kinds, style, points, at, last)
            if end == at:
                at += 1
                continue
            number, _ = find_unit(points, at, end, units)
            if number < 0 or number >= n_stop_units:
                sequence[size] = number
                size += 1
            at = end
        bounds[document + 1] = size
    return sequence[:size].copy(), bounds


@compiled_allocating
def join_spaces(points: Points, starts: Int64s, kinds: UInt8s) -> tuple[Int32s, Int64s]:
    """Replace runs of white space, but not single ones, by one blank; return documents as lines of code points."""
    sequence = np.empty(len(points), np.int32)
    bounds = np.zeros(len(starts), np.int64)
    size = 0
    for document in range(len(starts) - 1):
        at, last = starts[document], starts[document + 1]
        while at < last:
            follow = at
            while follow < last and kinds[points[follow]] & SPACE:
                follow += 1
            if follow - at >= 2:
                sequence[size] = BLANK
                at = follow
            else:
                sequence[size] = points[at]
                at += 1
            size += 1
        bounds[document + 1] = size
    return sequence[:size].copy(), bounds


@compiled_allocating
def pad_units(units: Units) -> tuple[Int32s, Int64s]:
    """Return the units, each between two blanks, as lines of code points."""
    n_units = len(units.begins)
    bounds = np.zeros(n_units + 1, np.int64)
    for number in range(n_units):
        bounds[number + 1] = bounds[number] + units.ends[number] - units.begins[number] + 2
    sequence = np.full(bounds[n_units], BLANK, np.int32)
    for number in range(n_units):
        first = bounds[number] + 1
        for at in range(units.ends[number] - units.begins[number]):
            sequence[first + at] = units.points[units.begins[number] + at]
    return sequence, bounds
