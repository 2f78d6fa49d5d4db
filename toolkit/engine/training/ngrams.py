"""Machine code: lines of numbers -> their n-grams, counted as the rows of a sparse matrix.

A *line* is a sequence of symbols whose n-grams are counted: the numbers of a document's tokens, its
code points, or the code points of one word between two blanks. A document is a sequence of lines,
in most cases of one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toolkit.engine.compiler import compiled, compiled_allocating
from toolkit.engine.intrinsics import lowest_bit
from toolkit.engine.layout import Int32s, Int64s
from toolkit.engine.training.units import BLANK, MIN_SLOTS, Points, Units, spread

SIX, TWELVE, LOW_SIX = np.uint64(6), np.uint64(12), np.uint64(63)


class Trie(NamedTuple):
    """N-grams as paths from the root, which is node 0.

    Attributes
    ----------
    table : ndarray of shape (2 * n_slots,)
        Hash table of pairs: a key of parent and symbol (-1: empty slot), and the child. At most half full.
    parents, symbols : ndarray of shape (n_nodes,)
        The parent of each node, and the symbol on the edge between them.
    terms : ndarray of shape (n_nodes,)
        The term that ends at each node, or -1.
    """

    table: Int64s
    parents: Int32s
    symbols: Int32s
    terms: Int32s


@compiled
def find_child(table: Int64s, key: int) -> int:
    """Return the slot of a key, or the empty slot for it."""
    mask = len(table) // 2 - 1
    slot = spread(key) & mask
    while table[2 * slot] != key and table[2 * slot] >= 0:
        slot = (slot + 1) & mask
    return slot


@compiled_allocating
def with_room(trie: Trie, n_nodes: int, room: int) -> Trie:
    """Return a trie with room for ``room`` more nodes."""
    size = 2 * (n_nodes + room)
    parents, symbols, terms = np.empty(size, np.int32), np.empty(size, np.int32), np.full(size, -1, np.int32)
    parents[:n_nodes], symbols[:n_nodes] = trie.parents[:n_nodes], trie.symbols[:n_nodes]
    terms[:n_nodes] = trie.terms[:n_nodes]
    n_slots = MIN_SLOTS
    while n_slots < 2 * size:
        n_slots *= 2
    table = np.full(2 * n_slots, -1, np.int64)
    for node in range(1, n_nodes):
        key = np.int64(parents[node]) << 32 | np.int64(symbols[node])
        slot = find_child(table, key)
        table[2 * slot], table[2 * slot + 1] = key, node
    return Trie(table, parents, symbols, terms)


@compiled_allocating
def read_lines(
    sequence: Int32s, bounds: Int64s, shortest: int, longest: int, whole: bool, trie: Trie, grow: bool
) -> tuple[Int32s, Int64s, Trie, Int32s]:
    """Return the terms (n-grams) of each line, shortest first, those of one length from left to right.

    Parameters
    ----------
    sequence : ndarray of int32
        Symbols of all lines, one after another; a negative one is in no n-gram.
    bounds : ndarray of shape (n_lines + 1,)
        Where each line starts.
    shortest, longest : int
        Lengths of the n-grams.
    whole : bool
        Whether a line shorter than ``shortest`` is a term as a whole.
    trie : Trie
        The terms known so far.
    grow : bool
        Whether new terms are added to it; otherwise they are dropped.

    Returns
    -------
    terms, term_bounds, trie, nodes
        Terms of all lines, where those of each line start, the trie, and the node of each new term.
    """
    n_lines = len(bounds) - 1
    most, room = 0, 0
    for line in range(n_lines):
        size = bounds[line + 1] - bounds[line]
        most = max(most, size)
        for length in range(shortest, longest + 1):
            room += max(size - length + 1, 1)
    front = np.empty(most, np.int64)
    terms = np.empty(room, np.int32)
    term_bounds = np.zeros(n_lines + 1, np.int64)
    nodes = np.empty(MIN_SLOTS, np.int32)
    n_nodes, n_terms, n_out = len(trie.terms), 0, 0
    if grow:
        trie = with_room(trie, n_nodes, MIN_SLOTS)
    for line in range(n_lines):
        begin, size = bounds[line], bounds[line + 1] - bounds[line]
        front[:size] = 0
        for length in range(1, min(longest, size) + 1):
            is_term = length >= shortest or (whole and length == size)
            if grow and n_nodes + size > len(trie.parents):
                trie = with_room(trie, n_nodes, size)
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
                        terms[n_out] = term
                        n_out += 1
        term_bounds[line + 1] = n_out
    if grow:
        trie = Trie(trie.table, trie.parents[:n_nodes], trie.symbols[:n_nodes], trie.terms[:n_nodes])
    return terms[:n_out].copy(), term_bounds, trie, nodes[:n_terms].copy()


@compiled_allocating
def add_lines(sequence: Int32s, bounds: Int64s, columns: Int32s, trie: Trie) -> Trie:
    """Add each line as a whole to a trie, with its column as its term."""
    n_nodes = len(trie.terms)
    trie = with_room(trie, n_nodes, len(sequence))
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


@compiled_allocating
def frequencies(
    documents: Int32s, bounds: Int64s, terms: Int32s, term_bounds: Int64s, n_terms: int
) -> tuple[Int64s, Int64s, Int64s]:
    """Return document frequency and total count of each term, and the terms in order of first occurrence.

    Parameters
    ----------
    documents, bounds : ndarray
        Lines of all documents, and where those of each document start.
    terms, term_bounds : ndarray
        Terms of all lines, and where those of each line start.
    n_terms : int
        Number of terms, including those that only other documents have.
    """
    within, total = np.zeros(n_terms, np.int64), np.zeros(n_terms, np.int64)
    last = np.full(n_terms, -1, np.int32)
    order = np.empty(n_terms, np.int64)
    n_order = 0
    for document in range(len(bounds) - 1):
        for place in range(bounds[document], bounds[document + 1]):
            line = documents[place]
            for which in range(term_bounds[line], term_bounds[line + 1]):
                term = terms[which]
                total[term] += 1
                if last[term] != document:
                    if last[term] < 0:
                        order[n_order] = term
                        n_order += 1
                    last[term] = document
                    within[term] += 1
    return within, total, order[:n_order].copy()


@compiled_allocating
def take_documents(documents: Int32s, bounds: Int64s, chosen: Int64s) -> tuple[Int32s, Int64s]:
    """Return the lines of some documents, in the given order, and where those of each document start."""
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


@compiled_allocating
def renumber_terms(terms: Int32s, term_bounds: Int64s, ranks: Int32s) -> tuple[Int32s, Int64s]:
    """Replace terms by their ranks, and drop those with a negative rank; return them as terms and their bounds."""
    kept = np.empty(len(terms), np.int32)
    kept_bounds = np.zeros(len(term_bounds), np.int64)
    size = 0
    for line in range(len(term_bounds) - 1):
        for which in range(term_bounds[line], term_bounds[line + 1]):
            rank = ranks[terms[which]]
            if rank >= 0:
                kept[size] = rank
                size += 1
        kept_bounds[line + 1] = size
    return kept[:size].copy(), kept_bounds


@compiled_allocating
def write_rows(
    documents: Int32s, bounds: Int64s, terms: Int32s, term_bounds: Int64s, columns: Int32s, binary: bool
) -> tuple[Int32s, Int32s, Int64s]:
    """Count the terms of each document.

    Parameters
    ----------
    documents, bounds, terms, term_bounds : ndarray
        As for :func:`frequencies`.
    columns : ndarray of shape (n_terms,)
        Column of each term; the entries of a row are in the order of the numbers of terms.
    binary : bool
        Whether a term counts at most once per document.

    Returns
    -------
    values, indices, indptr
        The arrays of a CSR matrix.
    """
    n_documents, n_terms = len(bounds) - 1, len(columns)
    indptr = np.zeros(n_documents + 1, np.int64)
    counts = np.zeros(n_terms, np.int32)
    # A bit per term, and above them a bit per 64 terms: terms come out in order without sorting.
    marks = np.zeros(n_terms // 64 + 1, np.uint64)
    groups = np.zeros(len(marks) // 64 + 1, np.uint64)
    one = np.uint64(1)
    room = 0
    for document in range(n_documents):
        for place in range(bounds[document], bounds[document + 1]):
            room += term_bounds[documents[place] + 1] - term_bounds[documents[place]]
    values, indices = np.empty(room, np.int32), np.empty(room, np.int32)
    size = 0
    for document in range(n_documents):
        for place in range(bounds[document], bounds[document + 1]):
            line = documents[place]
            for which in range(term_bounds[line], term_bounds[line + 1]):
                term = np.uint64(terms[which])
                # Set every time: cheaper than a mispredicted branch on whether it is the first.
                marks[term >> SIX] |= one << (term & LOW_SIX)
                groups[term >> TWELVE] |= one << (term >> SIX & LOW_SIX)
                counts[term] += 1
        for first in range(len(groups)):
            pending = groups[first]
            groups[first] = 0
            while pending:
                group = np.uint64(first * 64 + lowest_bit(pending))
                pending &= pending - one
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


@compiled_allocating
def spell_terms(nodes: Int32s, trie: Trie, units: Units, is_tokens: bool) -> tuple[Points, Int64s]:
    """Return the code points of terms, given by their nodes, one after another, and where each starts.

    With ``is_tokens``, symbols are numbers of tokens, which get a blank between them; else code points.
    """
    bounds = np.zeros(len(nodes) + 1, np.int64)
    for term in range(len(nodes)):
        node, size = np.int64(nodes[term]), 0
        while node > 0:
            number = trie.symbols[node]
            size += units.ends[number] - units.begins[number] + 1 if is_tokens else 1
            node = np.int64(trie.parents[node])
        bounds[term + 1] = bounds[term] + size - (1 if is_tokens else 0)
    points = np.full(bounds[len(nodes)], BLANK, np.uint32)
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


@compiled_allocating
def three_points(points: Points, bounds: Int64s, chosen: Int64s, after: int) -> Int64s:
    """Return three code points of each chosen term as one sortable number; a term's end sorts before any of them."""
    keys = np.empty(len(chosen), np.int64)
    for which in range(len(chosen)):
        place, end = bounds[chosen[which]] + after, bounds[chosen[which] + 1]
        key = np.int64(0)
        for _ in range(3):
            key = key << 21 | (np.int64(points[place]) + 1 if place < end else 0)
            place += 1
        keys[which] = key
    return keys
