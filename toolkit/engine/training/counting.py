"""Machine code that counts n-grams: text in, the rows of a sparse matrix and the terms of its columns out.

Text comes as code points that are already lowered and stripped. It is cut into units (tokens, or
whatever stands between white space), each numbered once. A *line* is a sequence of numbers whose
n-grams are counted: the tokens of a document, its code points, or the code points of one unit
between spaces. A document is a sequence of lines, mostly of one.

All functions stand in one module, as in ``kernel``: numba's cache looks at the file of the function called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from toolkit.engine.intrinsics import compiled as compiled_step
from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS, RUNS_AND_MARKS, Int8s, Int32s, Int64s

Points = NDArray[np.uint32]
Words = NDArray[np.uint64]
# As in toolkit.engine.characters, and in program.py: numba's cache sees numbers of this file alone.
WORD, SPACE, MARK = 1, 2, 4
STYLES = RUNS, LONG_RUNS, RUNS_AND_MARKS, CHUNKS
assert STYLES == (0, 1, 2, 3)  # noqa: S101
# A unit that is the whole document.
WHOLE = 4
GAP = 32
SIX, TWELVE, LOW_SIX = np.uint64(6), np.uint64(12), np.uint64(63)
LEAST_SLOTS = 1 << 12


class Units(NamedTuple):
    """Distinct units and the table that finds them.

    Attributes
    ----------
    points : ndarray of uint32
        Code points in which each unit stands somewhere.
    begins, ends : ndarray of shape (n_units,)
        Where.
    slots : ndarray of shape (n_slots,)
        Hash table of their numbers, -1 where empty; at most half full.
    """

    points: Points
    begins: Int64s
    ends: Int64s
    slots: Int32s


class Trie(NamedTuple):
    """N-grams as paths; node 0 is the root.

    Attributes
    ----------
    table : ndarray of shape (2 * n_slots,)
        Keys of node and symbol, -1 where empty, and nodes in turn; at most half full.
    parents, symbols : ndarray of shape (n_nodes,)
        The node before, and the last symbol.
    terms : ndarray of shape (n_nodes,)
        Number of the term that ends at a node, or -1.
    """

    table: Int64s
    parents: Int32s
    symbols: Int32s
    terms: Int32s


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that makes arrays, cached as those that make none."""
    return compiled_step(function, makes_arrays=True)


@intrinsic
def lowest_bit(typing: Any, word: Any) -> Any:
    """Return the number of the lowest bit that is set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@compiled_step
def spread(key: int) -> int:
    """Spread the bits of a key over the whole word; its lower bits choose a slot."""
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return np.int64((mixed * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(8))


@compiled_step
def hash_points(points: Points, begin: int, end: int) -> int:
    """Return a number of some code points that equal ones share."""
    hashed = np.uint64(end - begin)
    for place in range(begin, end):
        hashed = (hashed ^ np.uint64(points[place])) * np.uint64(0x100000001B3)
    return spread(np.int64(hashed))


@compiled_step
def find_unit(points: Points, begin: int, end: int, units: Units) -> tuple[int, int]:
    """Return the number of a unit, or -1, and its slot or the empty one where it would go."""
    mask = len(units.slots) - 1
    slot = hash_points(points, begin, end) & mask
    while units.slots[slot] >= 0:
        number = np.int64(units.slots[slot])
        first = units.begins[number]
        if units.ends[number] - first == end - begin:
            same = True
            for place in range(end - begin):
                if units.points[first + place] != points[begin + place]:
                    same = False
                    break
            if same:
                return number, slot
        slot = (slot + 1) & mask
    return -1, slot


@compiled_step
def unit_end(kinds: Int8s, style: int, points: Points, begin: int, end: int) -> int:
    """Return where the unit ends that starts here; the same place if none does."""
    if style == WHOLE:
        return end
    place = begin
    if style == 3:
        while place < end and not kinds[points[place]] & SPACE:
            place += 1
        return place
    if style == 2 and kinds[points[begin]] & MARK:
        return begin + 1
    while place < end and kinds[points[place]] & WORD:
        place += 1
    return begin if style == 1 and place - begin < 2 else place


@compiled_step
def cut_documents(
    points: Points,
    starts: Int64s,
    kinds: Int8s,
    style: int,
    n_stop: int,
    units: Units,
    sequence: Int32s,
    bounds: Int64s,
    sizes: Int64s,
) -> None:
    """Go on with :func:`number_units` until all is read or the table of units is half full."""
    document, place, n_units, n_stopped, size = sizes
    while document < len(starts) - 1:
        last = starts[document + 1]
        while place < last:
            end = last if document < n_stop else unit_end(kinds, style, points, place, last)
            if end == place:
                place += 1
                continue
            number, slot = find_unit(points, place, end, units)
            if number < 0:
                if 2 * (n_units + 1) > len(units.slots):
                    sizes[0], sizes[1], sizes[2], sizes[3], sizes[4] = document, place, n_units, n_stopped, size
                    return
                number = n_units
                units.begins[number], units.ends[number], units.slots[slot] = place, end, number
                n_units += 1
            if document >= n_stop and number >= n_stopped:
                sequence[size] = number
                size += 1
            place = end
        if document < n_stop:
            n_stopped = n_units
        else:
            bounds[document - n_stop + 1] = size
        document += 1
    sizes[0], sizes[1], sizes[2], sizes[3], sizes[4] = document, place, n_units, n_stopped, size


@compiled_step
def fill_slots(units: Units, n_units: int) -> None:
    """Put units into an empty table."""
    for number in range(n_units):
        _, slot = find_unit(units.points, units.begins[number], units.ends[number], units)
        units.slots[slot] = number


def number_units(
    points: Points, starts: Int64s, kinds: Int8s, style: int, n_stop: int
) -> tuple[Int32s, Int64s, Units, int]:
    """Cut documents into units and number these in the order in which they first occur.

    Parameters
    ----------
    points : ndarray of uint32
        Code points of all documents, one after another.
    starts : ndarray of shape (n_documents + 1,)
        Where each starts.
    kinds : ndarray of shape (0x110000,)
        As :func:`toolkit.engine.characters.kinds`.
    style : int
        What is a unit: one of ``STYLES``, or ``WHOLE``.
    n_stop : int
        The first documents are units as they stand, which are left out of all others.

    Returns
    -------
    sequence, bounds, units, n_stopped
        Numbers of the units of the documents behind the first ``n_stop``, where those of each
        start, the units, and how many of them are left out.

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
    sizes = np.zeros(5, np.int64)
    sizes[1] = starts[0]
    begins, ends = np.empty(len(points), np.int64), np.empty(len(points), np.int64)
    units = Units(points, begins, ends, np.full(LEAST_SLOTS, -1, np.int32))
    while True:
        cut_documents(points, starts, kinds, style, n_stop, units, sequence, bounds, sizes)
        if sizes[0] == n_documents:
            break
        units = units._replace(slots=np.full(4 * len(units.slots), -1, np.int32))
        fill_slots(units, sizes[2])
    n_units, n_stopped, size = sizes[2:].tolist()
    units = units._replace(begins=begins[:n_units].copy(), ends=ends[:n_units].copy())
    return sequence[:size].copy(), bounds, units, n_stopped


@compiled
def find_units(
    points: Points, starts: Int64s, kinds: Int8s, style: int, units: Units, n_stopped: int
) -> tuple[Int32s, Int64s]:
    """Cut documents into units; return the number of each, -1 where it is unknown, and where a document's start."""
    sequence = np.empty(len(points), np.int32)
    bounds = np.zeros(len(starts), np.int64)
    size = 0
    for document in range(len(starts) - 1):
        place, last = starts[document], starts[document + 1]
        while place < last:
            end = unit_end(kinds, style, points, place, last)
            if end == place:
                place += 1
                continue
            number, _ = find_unit(points, place, end, units)
            if number < 0 or number >= n_stopped:
                sequence[size] = number
                size += 1
            place = end
        bounds[document + 1] = size
    return sequence[:size].copy(), bounds


@compiled
def join_spaces(points: Points, starts: Int64s, kinds: Int8s) -> tuple[Int32s, Int64s]:
    """Put one space for two white spaces or more; a single one stays as it is. Return lines."""
    sequence = np.empty(len(points), np.int32)
    bounds = np.zeros(len(starts), np.int64)
    size = 0
    for document in range(len(starts) - 1):
        place, last = starts[document], starts[document + 1]
        while place < last:
            follow = place
            while follow < last and kinds[points[follow]] & SPACE:
                follow += 1
            if follow - place >= 2:
                sequence[size] = GAP
                place = follow
            else:
                sequence[size] = points[place]
                place += 1
            size += 1
        bounds[document + 1] = size
    return sequence[:size].copy(), bounds


@compiled
def pad_units(units: Units) -> tuple[Int32s, Int64s]:
    """Return the code points of each unit between two spaces, as lines."""
    n_units = len(units.begins)
    bounds = np.zeros(n_units + 1, np.int64)
    for number in range(n_units):
        bounds[number + 1] = bounds[number] + units.ends[number] - units.begins[number] + 2
    sequence = np.full(bounds[n_units], GAP, np.int32)
    for number in range(n_units):
        first = bounds[number] + 1
        for place in range(units.ends[number] - units.begins[number]):
            sequence[first + place] = units.points[units.begins[number] + place]
    return sequence, bounds


@compiled_step
def find_child(table: Int64s, key: int) -> int:
    """Return the slot of a key, or the empty one where it would go."""
    mask = len(table) // 2 - 1
    slot = spread(key) & mask
    while table[2 * slot] != key and table[2 * slot] >= 0:
        slot = (slot + 1) & mask
    return slot


@compiled
def wider(trie: Trie, n_nodes: int, room: int) -> Trie:
    """Return a trie with room for so many more nodes."""
    size = 2 * (n_nodes + room)
    parents, symbols, terms = np.empty(size, np.int32), np.empty(size, np.int32), np.full(size, -1, np.int32)
    parents[:n_nodes], symbols[:n_nodes] = trie.parents[:n_nodes], trie.symbols[:n_nodes]
    terms[:n_nodes] = trie.terms[:n_nodes]
    n_slots = LEAST_SLOTS
    while n_slots < 2 * size:
        n_slots *= 2
    table = np.full(2 * n_slots, -1, np.int64)
    for node in range(1, n_nodes):
        key = np.int64(parents[node]) << 32 | np.int64(symbols[node])
        slot = find_child(table, key)
        table[2 * slot], table[2 * slot + 1] = key, node
    return Trie(table, parents, symbols, terms)


@compiled
def read_lines(
    sequence: Int32s, bounds: Int64s, shortest: int, longest: int, whole: bool, trie: Trie, grow: bool
) -> tuple[Int32s, Int64s, Trie, Int32s]:
    """Return the n-grams of lines, each line's shortest first and those of one length from left to right.

    Parameters
    ----------
    sequence : ndarray of int32
        Symbols of all lines, one after another; one below 0 is in no n-gram.
    bounds : ndarray of shape (n_lines + 1,)
        Where each line starts.
    shortest, longest : int
        Lengths of n-grams.
    whole : bool
        Whether a line shorter than the shortest n-gram is one as it stands.
    trie : Trie
        The n-grams known.
    grow : bool
        Whether others are added to it; else they are left out.

    Returns
    -------
    found, found_bounds, trie, nodes
        Terms of all lines, where each line's start, the trie, and the node of each term added.
    """
    n_lines = len(bounds) - 1
    most, room = 0, 0
    for line in range(n_lines):
        size = bounds[line + 1] - bounds[line]
        most = max(most, size)
        for length in range(shortest, longest + 1):
            room += max(size - length + 1, 1)
    front = np.empty(most, np.int64)
    found = np.empty(room, np.int32)
    found_bounds = np.zeros(n_lines + 1, np.int64)
    nodes = np.empty(LEAST_SLOTS, np.int32)
    n_nodes, n_terms, n_found = len(trie.terms), 0, 0
    if grow:
        trie = wider(trie, n_nodes, LEAST_SLOTS)
    for line in range(n_lines):
        begin, size = bounds[line], bounds[line + 1] - bounds[line]
        front[:size] = 0
        for length in range(1, min(longest, size) + 1):
            is_term = length >= shortest or (whole and length == size)
            if grow and n_nodes + size > len(trie.parents):
                trie = wider(trie, n_nodes, size)
            if grow and n_terms + size > len(nodes):
                more = np.empty(2 * (n_terms + size), np.int32)
                more[:n_terms] = nodes[:n_terms]
                nodes = more
            for first in range(size - length + 1):
                symbol = np.int64(sequence[begin + first + length - 1])
                node = front[first]
                if node < 0 or symbol < 0:
                    front[first] = -1
                    continue
                key = node << 32 | symbol
                slot = find_child(trie.table, key)
                if trie.table[2 * slot] == key:
                    node = trie.table[2 * slot + 1]
                elif grow:
                    trie.table[2 * slot], trie.table[2 * slot + 1] = key, n_nodes
                    trie.parents[n_nodes], trie.symbols[n_nodes] = node, symbol
                    node = n_nodes
                    n_nodes += 1
                else:
                    node = -1
                front[first] = node
                if is_term and node >= 0:
                    term = trie.terms[node]
                    if term < 0 and grow:
                        term = n_terms
                        trie.terms[node], nodes[n_terms] = term, node
                        n_terms += 1
                    if term >= 0:
                        found[n_found] = term
                        n_found += 1
        found_bounds[line + 1] = n_found
    if grow:
        trie = Trie(trie.table, trie.parents[:n_nodes], trie.symbols[:n_nodes], trie.terms[:n_nodes])
    return found[:n_found].copy(), found_bounds, trie, nodes[:n_terms].copy()


@compiled
def add_lines(sequence: Int32s, bounds: Int64s, columns: Int32s, trie: Trie) -> Trie:
    """Add each line as a whole, with its column as its term."""
    n_nodes = len(trie.terms)
    trie = wider(trie, n_nodes, len(sequence))
    for line in range(len(bounds) - 1):
        node = np.int64(0)
        for place in range(bounds[line], bounds[line + 1]):
            key = node << 32 | np.int64(sequence[place])
            slot = find_child(trie.table, key)
            if trie.table[2 * slot] != key:
                trie.table[2 * slot], trie.table[2 * slot + 1] = key, n_nodes
                trie.parents[n_nodes], trie.symbols[n_nodes] = node, sequence[place]
                n_nodes += 1
            node = trie.table[2 * slot + 1]
        if node > 0:
            trie.terms[node] = columns[line]
    return Trie(trie.table, trie.parents[:n_nodes], trie.symbols[:n_nodes], trie.terms[:n_nodes])


@compiled
def frequencies(
    documents: Int32s, bounds: Int64s, found: Int32s, found_bounds: Int64s, n_terms: int
) -> tuple[Int64s, Int64s, Int64s]:
    """Return in how many documents each term occurs, how often in all, and the terms in the order they first occur.

    Parameters
    ----------
    documents, bounds : ndarray
        Lines of all documents, and where each document's start.
    found, found_bounds : ndarray
        Terms of all lines, and where each line's start.
    n_terms : int
        How many there are, here or in other documents.
    """
    within, total = np.zeros(n_terms, np.int64), np.zeros(n_terms, np.int64)
    last = np.full(n_terms, -1, np.int32)
    order = np.empty(n_terms, np.int64)
    n_order = 0
    for document in range(len(bounds) - 1):
        for place in range(bounds[document], bounds[document + 1]):
            line = documents[place]
            for which in range(found_bounds[line], found_bounds[line + 1]):
                term = found[which]
                total[term] += 1
                if last[term] != document:
                    if last[term] < 0:
                        order[n_order] = term
                        n_order += 1
                    last[term] = document
                    within[term] += 1
    return within, total, order[:n_order].copy()


@compiled
def take_documents(documents: Int32s, bounds: Int64s, chosen: Int64s) -> tuple[Int32s, Int64s]:
    """Return the lines of the documents chosen, in this order, and where each document's start."""
    taken_bounds = np.zeros(len(chosen) + 1, np.int64)
    for which in range(len(chosen)):
        size = bounds[chosen[which] + 1] - bounds[chosen[which]]
        taken_bounds[which + 1] = taken_bounds[which] + size
    taken = np.empty(taken_bounds[len(chosen)], np.int32)
    for which in range(len(chosen)):
        first = bounds[chosen[which]]
        for place in range(taken_bounds[which], taken_bounds[which + 1]):
            taken[place] = documents[first + place - taken_bounds[which]]
    return taken, taken_bounds


@compiled
def keep(found: Int32s, found_bounds: Int64s, ranks: Int32s) -> tuple[Int32s, Int64s]:
    """Put ranks for terms, in place of all lines; leave out those with a rank below 0."""
    kept = np.empty(len(found), np.int32)
    kept_bounds = np.zeros(len(found_bounds), np.int64)
    size = 0
    for line in range(len(found_bounds) - 1):
        for which in range(found_bounds[line], found_bounds[line + 1]):
            rank = ranks[found[which]]
            if rank >= 0:
                kept[size] = rank
                size += 1
        kept_bounds[line + 1] = size
    return kept[:size].copy(), kept_bounds


@compiled
def write_rows(
    documents: Int32s, bounds: Int64s, found: Int32s, found_bounds: Int64s, columns: Int32s, binary: bool
) -> tuple[Int32s, Int32s, Int64s]:
    """Count the terms of each document.

    Parameters
    ----------
    documents, bounds, found, found_bounds : ndarray
        As of :func:`frequencies`.
    columns : ndarray of shape (n_terms,)
        Column of each term; a row has its terms in the order of their numbers.
    binary : bool
        Whether a term counts once however often it occurs.

    Returns
    -------
    values, indices, indptr
        Of a matrix in compressed sparse rows.
    """
    n_documents, n_terms = len(bounds) - 1, len(columns)
    indptr = np.zeros(n_documents + 1, np.int64)
    counts = np.zeros(n_terms, np.int32)
    # A bit a term, and a bit for each 64 of those, so that terms come out in order without being sorted.
    marks = np.zeros(n_terms // 64 + 1, np.uint64)
    groups = np.zeros(len(marks) // 64 + 1, np.uint64)
    one = np.uint64(1)
    room = 0
    for document in range(n_documents):
        for place in range(bounds[document], bounds[document + 1]):
            room += found_bounds[documents[place] + 1] - found_bounds[documents[place]]
    values, indices = np.empty(room, np.int32), np.empty(room, np.int32)
    size = 0
    for document in range(n_documents):
        for place in range(bounds[document], bounds[document + 1]):
            line = documents[place]
            for which in range(found_bounds[line], found_bounds[line + 1]):
                term = np.uint64(found[which])
                # Marked each time: cheaper than a guess, whether it is the first, that fails.
                marks[term >> SIX] |= one << (term & LOW_SIX)
                groups[term >> TWELVE] |= one << (term >> SIX & LOW_SIX)
                counts[term] += 1
        for first in range(len(groups)):
            left = groups[first]
            groups[first] = 0
            while left:
                group = np.uint64(first * 64 + lowest_bit(left))
                left &= left - one
                word = marks[group]
                marks[group] = 0
                while word:
                    term = (group << SIX) + np.uint64(lowest_bit(word))
                    word &= word - one
                    at = np.uint64(size)
                    values[at] = 1 if binary else counts[term]
                    indices[at] = columns[term]
                    counts[term] = 0
                    size += 1
        indptr[document + 1] = size
    return values[:size], indices[:size].copy(), indptr


@compiled
def spell_terms(nodes: Int32s, trie: Trie, units: Units, is_tokens: bool) -> tuple[Points, Int64s]:
    """Return the code points of terms by their nodes, one after another, and where each starts.

    Tokens, which the symbols are the numbers of if ``is_tokens``, have a space between them.
    """
    bounds = np.zeros(len(nodes) + 1, np.int64)
    for term in range(len(nodes)):
        node, size = np.int64(nodes[term]), 0
        while node > 0:
            number = trie.symbols[node]
            size += units.ends[number] - units.begins[number] + 1 if is_tokens else 1
            node = np.int64(trie.parents[node])
        bounds[term + 1] = bounds[term] + size - (1 if is_tokens else 0)
    points = np.full(bounds[len(nodes)], GAP, np.uint32)
    for term in range(len(nodes)):
        node, end = np.int64(nodes[term]), bounds[term + 1]
        while node > 0:
            number = trie.symbols[node]
            if is_tokens:
                first, last = units.begins[number], units.ends[number]
                end -= last - first
                for place in range(last - first):
                    points[end + place] = units.points[first + place]
                end -= 1
            else:
                end -= 1
                points[end] = number
            node = np.int64(trie.parents[node])
    return points, bounds


@compiled
def three_points(points: Points, bounds: Int64s, chosen: Int64s, after: int) -> Int64s:
    """Return three code points of each term chosen as one number, in which what is not there comes first."""
    keys = np.empty(len(chosen), np.int64)
    for which in range(len(chosen)):
        place, end = bounds[chosen[which]] + after, bounds[chosen[which] + 1]
        key = np.int64(0)
        for _ in range(3):
            key = key << 21 | (np.int64(points[place]) + 1 if place < end else 0)
            place += 1
        keys[which] = key
    return keys
