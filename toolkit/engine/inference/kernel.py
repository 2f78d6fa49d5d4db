"""The machine code: one pass over the bytes of a column of text, from bytes to linear scores.

A chunk is the text between white space. What it contributes (its columns, the sum of their
weights, its tokens, its cues) is computed once and cached in a record. A sentence is then the sum of
its chunks, the n-grams of its tokens, and a correction for each column that occurs repeatedly.

Much here avoids branches: their outcome depends on the text, so that the processor would mispredict
them. Such code writes a value in any case and advances its index only if the value counts.

``cache_chunk`` and ``read_chunks`` are long, and this file is: a call passes a model and a
workspace as some 500 words, more than most steps cost, so a step stands where it is needed unless
``compiled_inline`` puts it there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toolkit.engine.characters import MARK, SPACE, WORD
from toolkit.engine.compiler import BOUNDS_CHECKED, compiled, compiled_inline
from toolkit.engine.inference.records import (
    BINARY,
    CHARACTERS,
    CLASSES,
    COUNTED,
    END,
    FIRST,
    GROWTH,
    KIND,
    L2,
    LAST,
    LONGEST,
    NO_NORM,
    NORM,
    ROOT,
    SEQUENCE,
    SHORTEST,
    SKIPPED,
    START,
    SUBLINEAR,
    TOKENS,
    UNKNOWN,
    VIEW,
    WITHIN_WORDS,
    KernelModel,
)
from toolkit.engine.inference.tries import N_RANKED, NODE_BITS, SYMBOL_BITS
from toolkit.engine.intrinsics import (
    LINE,
    N_DIGITS,
    add_changes_of_eight,
    add_eight,
    add_rows_of_eight,
    blanks_at_once,
    copy_at_once,
    count_at_once,
    count_bits,
    lowest_bit,
    matches_at_once,
    prefetch,
    read_times_at_once,
    read_word,
)
from toolkit.engine.layout import (
    CHUNKS,
    LONG_RUNS,
    RUNS_AND_MARKS,
    RUNS_AND_PUNCTUATION,
    Floats,
    Int32s,
    Int64s,
    UInt8s,
)

DONE, FULL, INVALID = range(3)
SIGMA = 0x3A3
LOWER_NODE = NO_TOKEN = (1 << NODE_BITS) - 1
LANES = 8
ONE, TWO, THREE = (np.uint64(number) for number in range(1, 4))

# A chunk's record fills whole cache lines, of eight words of eight bytes. Its words are, in order:
# the first and the last eight bytes of the chunk; its length and, in the lower half, the number of its
# rare columns; where its bytes are kept (if more than 16) and, in the lower half, flags; bits of the
# rules with a cue in it; for each part with tokens their number and, below, one or two tokens
# themselves or the position in the record of more; the parts of cues in it; and its rare columns, as
# 32-bit integers. From the next line on: the sums of weights of each part; the sets of frequent
# columns, as bits; its tokens, if more than two.
LOW, HIGH, SIZE, FLAGS, HITS, TOKENS_AT = range(6)
# Flags: the sentence falls back to scikit-learn; a frequent column did not fit into the sets; the
# chunk has a surrogate. From ``SET`` on, the number of its sets of frequent columns.
FALLBACK, MIXED, SURROGATE, SET, MAX_SETS = 1, 2, 4, 8, 3
# Words per chunk before its record is looked up: its first and its last eight bytes, its hash, and
# its offset in the sentence with, in the lower half, its length.
CHUNK_WORDS = 4
LOWER_HALF = 0xFFFFFFFF
N_CHUNKS, N_LINES, N_BYTES, N_EPOCHS = range(4)
COUNT_BITS = 16
LAST_EPOCH = 1 << 15
MAX_BYTES = 1 << 15
MAX_ADDED = (1 << N_DIGITS) - 1
N_FREQUENT = 64 * LINE
N_COPIED = 16
# So many sentences are split before the first is scored: what they prefetch arrives meanwhile.
N_ROWS = 8
# Corrections for repeated columns are tabulated up to this count.
N_TIMES = 256


class Workspace(NamedTuple):
    """One thread's cache of chunks, and its working memory.

    Attributes
    ----------
    slots : ndarray of shape (n_slots,)
        Hash table of chunks: the upper half of a chunk's hash and, in the lower half, the first line of
        its record plus one; 0 where empty.
    records, sums, columns : ndarray
        The records of chunks, one after another: the same memory as words, as floats and as 32-bit integers.
    bytes : ndarray of uint8
        Bytes of the chunks of more than 16, one after another.
    sizes : ndarray of shape (4,)
        Numbers of chunks, lines and bytes in use, and the number of the sentence.
    counts : ndarray of shape (n_columns,)
        How often each column has occurred in the sentence, in the lower half; above it, the
        number of the sentence, so that nothing needs to be cleared between sentences.
    digits : ndarray of shape (48,)
        How often each frequent column has occurred, in binary: the lowest digit of all, then the next of all.
    chunks : ndarray of shape (4 * n_chunks,)
        Chunks of the sentences that have been split, as words described above.
    record_lines : ndarray of shape (n_chunks,)
        First line of the record of each of those chunks; later, that of its sums.
    rare_columns : ndarray of int32
        The sentence's columns that are not frequent.
    repeated : ndarray of int32
        The sentence's columns that have occurred more than once.
    new_columns : ndarray of int32
        Columns of a chunk that is new, or of n-grams of characters across words.
    points, mapped : ndarray of int32
        Code points of a chunk or sentence, before and after a view.
    nodes, positions, keys : ndarray
        Nodes of the n-grams of one length, where each starts, and keys of those that are one longer.
    tokens, token_ends : ndarray
        Tokens of a chunk that is new, and where those of each part with tokens end.
    sentence_tokens : ndarray of shape (n_sequences, n_tokens)
        The sentence's tokens, for each part with tokens.
    n_sentence_tokens : ndarray of shape (n_sequences,)
        Their numbers.
    totals, chunk_sums : ndarray of shape (n_parts * width,)
        Sums of weights of the sentence, and of a chunk that is new.
    sets : ndarray of shape (24,)
        Sets of frequent columns of a chunk that is new.
    set_lines : ndarray of shape (3 * n_chunks + 3,)
        Lines of records that hold the sentence's sets of frequent columns.
    times : ndarray of shape (512,)
        The counts in ``digits``, one byte each.
    ends, wide : ndarray of shape (9,) and (8,)
        Where the chunks of each sentence that has been split end, after a leading 0; and whether
        the sentence has white space of several bytes.
    norm_changes : ndarray of shape (n_parts,)
        What repeated columns add to the norm of each part.
    active : ndarray of shape (n_words,)
        Bits of the cues of several words that may continue with the next chunk.
    """

    slots: Int64s
    records: Int64s
    sums: Floats
    columns: Int32s
    bytes: UInt8s
    sizes: Int64s
    counts: Int32s
    digits: Int64s
    chunks: Int64s
    record_lines: Int32s
    rare_columns: Int32s
    repeated: Int32s
    new_columns: Int32s
    points: Int32s
    mapped: Int32s
    nodes: Int32s
    positions: Int32s
    keys: Int64s
    tokens: Int32s
    token_ends: Int64s
    sentence_tokens: Int32s
    n_sentence_tokens: Int64s
    totals: Floats
    chunk_sums: Floats
    sets: Int64s
    set_lines: Int32s
    times: UInt8s
    ends: Int64s
    wide: UInt8s
    norm_changes: Floats
    active: Int64s


@compiled
def mix(key: int) -> int:
    """Mix the bits of a key; the lower bits of the result choose a slot, the upper half is the tag stored there."""
    spread = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    spread ^= spread >> np.uint64(29)
    return np.int64((spread * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(1))


@compiled
def fill_table(parents: Int32s, symbols: Int32s, table: Int64s) -> None:
    """Insert all nodes of some tries into an empty hash table: keys and, in the lower bits, the nodes they lead to.

    A key lies anywhere in its line of eight slots, or in the next line if that is full.
    """
    mask = len(table) - 1
    for node in range(len(parents)):
        if parents[node] >= 0:
            key = np.int64(parents[node]) << SYMBOL_BITS | np.int64(symbols[node])
            slot = slot_of(key) & len(table) - LINE
            while table[slot] >= 0:
                slot = (slot + 1) & mask
            table[slot] = key << NODE_BITS | node


@compiled
def slot_of(key: int) -> int:
    """Mix the bits of a key of a table; the lower bits of the result choose its slot."""
    return np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32))


@compiled
def value_of(growth: int, times: int) -> float:
    """Return the value of a feature that occurs ``times`` times."""
    if growth == SUBLINEAR:
        return 1.0 + np.log(float(times))
    return 1.0 if growth == BINARY else float(times)


@compiled
def fill_changes(parts: Int32s, changes: Floats) -> None:
    """Tabulate the corrections for a column that has been added ``times`` times, each with a count of one.

    For each part and count: the correction of the scores, and a further one of the part's norm.
    """
    for part in range(len(parts)):
        for times in range(1, N_TIMES):
            value = value_of(parts[part, GROWTH], times)
            at = 2 * (part * N_TIMES + times)
            changes[at] = value - times
            changes[at + 1] = value * value - value if parts[part, NORM] == L2 else 0.0


@compiled
def add_lanes_checked(totals: Floats, to: int, weights: Floats, of: int, width: int, times: float) -> None:
    """Add a multiple of a row of weights to totals; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    for lane in range(width):
        totals[to + lane] += times * weights[of + lane]


@compiled
def add_lanes_vectorised(totals: Floats, to: int, weights: Floats, of: int, width: int, times: float) -> None:
    """Add a multiple of a row of weights to totals, eight numbers at a time."""
    for lane in range(0, width, LANES):
        add_eight(totals, to + lane, weights, of + lane, times)


@compiled
def add_rows_checked(
    totals: Floats, to: int, weights: Floats, of: int, numbers: Int32s, first: int, last: int, width: int, step: int
) -> None:
    """Add several rows of weights to totals; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    for which in range(first, last):
        for lane in range(width):
            totals[to + lane] += weights[np.int64(numbers[which]) * step + of + lane]


@compiled
def add_rows_vectorised(
    totals: Floats, to: int, weights: Floats, of: int, numbers: Int32s, first: int, last: int, width: int, step: int
) -> None:
    """Add several rows of weights to totals, eight numbers at a time."""
    for lane in range(0, width, LANES):
        add_rows_of_eight(totals, to + lane, weights, of + lane, numbers, first, last, step)


@compiled
def copy_numbers_checked(target: Int32s, to: int, source: Int32s, of: int, n: int) -> None:
    """Copy numbers; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    for which in range(n):
        target[to + which] = source[of + which]


@compiled_inline
def copy_numbers_vectorised(target: Int32s, to: int, source: Int32s, of: int, n: int) -> None:
    """Copy numbers, and up to fifteen more after them, for which there must be room."""
    # The first sixteen in any case: there are rarely more, and whether there are any cannot be predicted.
    copy_at_once(target, to, source, of)
    for which in range(N_COPIED, n, N_COPIED):
        copy_at_once(target, to + which, source, of + which)


@compiled
def count_sets_checked(digits: Int64s, records: Int64s, lines: Int32s, first: int, last: int) -> None:
    """Add one to the binary counts of all columns in several sets; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    for which in range(first, last):
        for lane in range(LINE):
            carry = records[np.int64(lines[which]) * LINE + lane]
            for digit in range(N_DIGITS):
                before = digits[digit * LINE + lane]
                digits[digit * LINE + lane] = before ^ carry
                carry &= before


@compiled
def count_sets_vectorised(digits: Int64s, records: Int64s, lines: Int32s, first: int, last: int) -> None:
    """Add one to the binary counts of all columns in several sets, 512 columns at a time."""
    count_at_once(digits, records, lines, first, last)


@compiled
def read_times_checked(times: UInt8s, digits: Int64s) -> None:
    """Write the binary counts of all columns as one byte each; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    for lane in range(LINE):
        for bit in range(64):
            times[64 * lane + bit] = times_of(digits, lane, bit)


@compiled
def read_times_vectorised(times: UInt8s, digits: Int64s) -> None:
    """Write the binary counts of all columns as one byte each, 64 at a time."""
    read_times_at_once(times, digits)


@compiled
def add_changes_checked(
    totals: Floats,
    to: int,
    weights: Floats,
    width: int,
    changes: Floats,
    at: int,
    numbers: Int32s,
    times: UInt8s,
    first: int,
    last: int,
) -> None:
    """Correct totals for columns that occur repeatedly; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    for which in range(first, last):
        column = np.int64(numbers[which])
        index = at + 2 * np.int64(times[column])
        for lane in range(width):
            totals[to + lane] += changes[index] * weights[column * width + lane]
        totals[to + width - 1] += changes[index + 1] * weights[column * width + width - 1]


@compiled
def add_changes_vectorised(
    totals: Floats,
    to: int,
    weights: Floats,
    width: int,
    changes: Floats,
    at: int,
    numbers: Int32s,
    times: UInt8s,
    first: int,
    last: int,
) -> None:
    """Correct totals for columns that occur repeatedly, eight numbers at a time."""
    for lane in range(0, width, LANES):
        add_changes_of_eight(totals, to + lane, weights, lane, width, changes, at, numbers, times, first, last)


@compiled
def times_of(digits: Int64s, lane: int, bit: int) -> int:
    """Return how often a frequent column has occurred in the sentence."""
    times = np.int64(0)
    for digit in range(N_DIGITS):
        times |= (digits[digit * LINE + lane] >> bit & 1) << digit
    return times


@compiled
def matches_checked(table: Int64s, first: int, tag: int, shift: int) -> int:
    """Do the same as :func:`matches_vectorised`; numba checks indexes if NUMBA_BOUNDSCHECK is set."""
    matched = np.int64(0)
    for lane in range(LINE):
        matched |= np.int64(table[first + lane] >> shift == tag) << lane
    return matched


@compiled
def matches_vectorised(table: Int64s, first: int, tag: int, shift: int) -> int:
    """Return a bit for each of the eight words of a line: whether it equals a tag once shifted right."""
    return matches_at_once(table, first, tag, shift)


read_times = read_times_checked if BOUNDS_CHECKED else read_times_vectorised
add_changes = add_changes_checked if BOUNDS_CHECKED else add_changes_vectorised
matches = matches_checked if BOUNDS_CHECKED else matches_vectorised
add_rows = add_rows_checked if BOUNDS_CHECKED else add_rows_vectorised
add_lanes = add_lanes_checked if BOUNDS_CHECKED else add_lanes_vectorised
copy_numbers = copy_numbers_checked if BOUNDS_CHECKED else copy_numbers_vectorised
count_sets = count_sets_checked if BOUNDS_CHECKED else count_sets_vectorised


@compiled
def look_up(table: Int64s, key: int) -> int:
    """Return the node that a key leads to, or -1."""
    slot = slot_of(key) & len(table) - LINE
    same = matches(table, slot, key, NODE_BITS)
    # One condition, not two: whether the key is here cannot be predicted, that a line is full is rare.
    while (same == 0) & (table[np.uint64(slot + LINE - 1)] >= 0):
        slot = slot + LINE & len(table) - LINE
        same = matches(table, slot, key, NODE_BITS)
    node = table[np.uint64(slot + lowest_bit(same | 1 << LINE - 1))] & LOWER_NODE
    # No early return, which would be a branch that cannot be predicted.
    return node if same else np.int64(-1)


@compiled
def decode(data: UInt8s, begin: int, end: int, strict: bool, points: Int32s) -> int:
    """Decode UTF-8; return the number of code points, or -1 if the bytes are not valid.

    Surrogates, which Python's text may contain but UTF-8 may not, are valid unless ``strict``.
    """
    n, at = 0, begin
    while at < end:
        byte = np.int64(data[at])
        if byte < 0x80:
            length, point, least = 1, byte, 0
        elif 0xC2 <= byte < 0xE0:
            length, point, least = 2, byte & 0x1F, 0x80
        elif 0xE0 <= byte < 0xF0:
            length, point, least = 3, byte & 0x0F, 0x800
        elif 0xF0 <= byte < 0xF5:
            length, point, least = 4, byte & 0x07, 0x10000
        else:
            return -1
        if at + length > end:
            return -1
        for ahead in range(1, length):
            byte = np.int64(data[at + ahead])
            if byte & 0xC0 != 0x80:
                return -1
            point = point << 6 | byte & 0x3F
        if point < least or point > 0x10FFFF or (strict and 0xD800 <= point < 0xE000):
            return -1
        points[n] = point
        n += 1
        at += length
    return n


@compiled
def apply_view(view: Int32s, bounds: Int32s, expansions: Int32s, points: Int32s, n: int, mapped: Int32s) -> int:
    """Map code points as a view sees them; return their number, or -1 if there is no room."""
    n_mapped = 0
    for at in range(n):
        point = np.int64(view[points[at]])
        if point >= 0:
            if n_mapped >= len(mapped):
                return -1
            mapped[n_mapped] = point
            n_mapped += 1
        else:
            first, last = np.int64(bounds[-1 - point]), np.int64(bounds[-point])
            if n_mapped + last - first > len(mapped):
                return -1
            for other in range(first, last):
                mapped[n_mapped] = expansions[other]
                n_mapped += 1
    return n_mapped


@compiled_inline
def child_of(model: KernelModel, node: int, point: int) -> int:
    """Return the node to which a code point leads from another node, or -1."""
    rank = np.uint64(model.ranks[np.uint64(point)])
    if rank >= N_RANKED:
        return look_up(model.letters, node << SYMBOL_BITS | point)
    bits = np.uint64(model.branches[np.uint64(node)])
    child = np.int64(model.firsts[np.uint64(node)]) + count_bits(np.int64(bits & ((ONE << rank) - ONE)))
    return child if bits >> rank & ONE else np.int64(-1)


@compiled_inline
def ngrams_within(
    model: KernelModel,
    part: Int32s,
    mapped: Int32s,
    n: int,
    nodes: Int32s,
    positions: Int32s,
    columns_out: Int32s,
    n_out: int,
) -> int:
    """Append the columns of the n-grams of a word between two blanks; return the new end.

    In ``mapped`` one free element precedes the word, and another follows.
    """
    ranks, branches, firsts, columns = model.ranks, model.branches, model.firsts, model.columns
    size, shortest = n + 2, np.int64(part[SHORTEST])
    longest = min(np.int64(part[LONGEST]), size)
    mapped[0] = mapped[size - 1] = 32
    most = np.uint8(0)
    for position in range(size):
        rank = ranks[mapped[position]]
        most = max(most, rank)
        nodes[np.uint64(position)] = part[ROOT]
        positions[np.uint64(position)] = position
    if most >= N_RANKED:
        return ngrams_looked_up(model, part, mapped, size, nodes, positions, columns_out, n_out)
    n_nodes = size
    # All n-grams of one length before the next: their lookups do not depend on each other.
    for length in range(1, longest + 1):
        if n_nodes and positions[n_nodes - 1] + length > size:
            n_nodes -= 1
        # scikit-learn takes a word shorter than the shortest n-gram as a whole.
        is_ngram = length >= shortest or length == size
        n_kept = 0
        for which in range(n_nodes):
            # Written in any case, kept if it counts: no branch to mispredict.
            position, node = np.int64(positions[np.uint64(which)]), np.uint64(nodes[np.uint64(which)])
            rank = np.uint64(ranks[np.uint64(mapped[np.uint64(position + length - 1)])])
            bits = np.uint64(branches[node])
            has_child = np.int64(bits >> rank & ONE)
            node = (np.int64(firsts[node]) + count_bits(np.int64(bits & ((ONE << rank) - ONE)))) * has_child
            column = columns[np.uint64(node)]
            columns_out[np.uint64(n_out)] = column
            n_out += is_ngram and has_child and column != -1
            nodes[np.uint64(n_kept)] = node
            positions[np.uint64(n_kept)] = position
            n_kept += has_child
        n_nodes = n_kept
    return n_out


@compiled
def ngrams_looked_up(
    model: KernelModel,
    part: Int32s,
    mapped: Int32s,
    size: int,
    nodes: Int32s,
    positions: Int32s,
    columns_out: Int32s,
    n_out: int,
) -> int:
    """Do the same as :func:`ngrams_within` for a word with a code point that has no rank."""
    shortest, n_nodes = np.int64(part[SHORTEST]), size
    for length in range(1, min(np.int64(part[LONGEST]), size) + 1):
        if n_nodes and positions[n_nodes - 1] + length > size:
            n_nodes -= 1
        n_kept = 0
        for which in range(n_nodes):
            position = np.int64(positions[which])
            node = child_of(model, np.int64(nodes[which]), np.int64(mapped[position + length - 1]))
            if node >= 0:
                nodes[n_kept], positions[n_kept] = node, position
                n_kept += 1
                if (length >= shortest or length == size) and model.columns[node] != -1:
                    columns_out[n_out] = model.columns[node]
                    n_out += 1
        n_nodes = n_kept
    return n_out


@compiled
def join_spaces(kinds: UInt8s, points: Int32s, n: int) -> int:
    """Replace runs of white space, but not single ones, by one blank, in place; return the new length."""
    size, at = 0, 0
    while at < n:
        follow = at
        while follow < n and kinds[points[follow]] & SPACE:
            follow += 1
        if follow - at >= 2:
            points[size] = 32
            at = follow
        else:
            points[size] = points[at]
            at += 1
        size += 1
    return size


@compiled_inline
def ngrams_across(model: KernelModel, part: Int32s, points: Int32s, n: int, columns: Int32s, n_columns: int) -> int:
    """Append the columns of a text's n-grams of characters, across words; return the new end."""
    values = model.values
    for begin in range(n):
        node = np.int64(part[ROOT])
        for last in range(begin, min(begin + np.int64(part[LONGEST]), n)):
            node = child_of(model, node, np.int64(points[last]))
            if node < 0:
                break
            if part[FIRST] <= values[node] < part[LAST]:
                columns[n_columns] = values[node]
                n_columns += 1
    return n_columns


@compiled
def token_end(kinds: UInt8s, style: int, mapped: Int32s, begin: int, n: int) -> int:
    """Return where the token that starts at ``begin`` ends; ``begin`` if none starts there."""
    if style == CHUNKS:
        return n
    if style == RUNS_AND_MARKS and kinds[mapped[begin]] & MARK:
        return begin + 1
    if style == RUNS_AND_PUNCTUATION and not kinds[mapped[begin]] & (WORD | SPACE):
        return begin + 1
    end = begin
    while end < n and kinds[mapped[end]] & WORD:
        end += 1
    return end


@compiled
def find_token(model: KernelModel, part: Int32s, mapped: Int32s, begin: int, end: int) -> int:
    """Return the symbol of a token; ``UNKNOWN``, or ``SKIPPED`` if it is a stop word or of no class."""
    node, stem = np.int64(part[ROOT]), np.int64(SKIPPED)
    is_class = part[KIND] == CLASSES
    for at in range(begin, end):
        node = child_of(model, node, np.int64(mapped[at]))
        if node < 0:
            break
        if is_class and model.stems[node] >= 0:
            stem = np.int64(model.stems[node])
    value = np.int64(model.values[node]) if node >= 0 else np.int64(UNKNOWN)
    return stem if is_class and value < 0 else value


@compiled
def read_tokens(model: KernelModel, part: Int32s, mapped: Int32s, n: int, tokens: Int32s, n_tokens: int) -> int:
    """Append a chunk's tokens; return the new end."""
    style = np.int64(part[TOKENS])
    at = 0
    while at < n:
        end = token_end(model.kinds, style, mapped, at, n)
        if end == at:
            at += 1
            continue
        if style != LONG_RUNS or end - at >= 2:
            symbol = find_token(model, part, mapped, at, end)
            if symbol != SKIPPED:
                tokens[n_tokens] = symbol
                n_tokens += 1
        at = end
    return n_tokens


@compiled
def read_cues(
    symbols: UInt8s,
    moves: Int32s,
    is_word: UInt8s,
    after_word: UInt8s,
    hits: Int64s,
    parts: Int64s,
    end_parts: Int64s,
    points: Int32s,
    n: int,
    cue_parts: Int64s,
) -> int:
    """Return bits of the rules with a one-word cue in a chunk, and write bits of the parts of longer cues in it."""
    n_words = parts.shape[1]
    cue_parts[:] = 0
    ended = np.int64(0)
    state = np.int64(0)
    for at in range(n + 1):
        symbol = np.int64(symbols[points[at]]) if at < n else np.int64(0)
        # After the chunk comes white space, which is not a word character.
        if (is_word[symbol] if at < n else 0) != after_word[state]:
            ended |= hits[state]
            for word in range(n_words):
                cue_parts[word] |= parts[state, word]
        if at < n:
            state = np.int64(moves[state, symbol])
    for word in range(n_words):
        cue_parts[word] |= end_parts[state, word]
    return ended


@compiled
def needs_fallback(kinds: UInt8s, lowers: int, points: Int32s, n: int, mapped: Int32s, n_mapped: int) -> bool:
    """Return whether a chunk has a capital sigma to be lowered by its position, or letters that a view makes blanks."""
    if lowers:
        for at in range(n):
            if points[at] == SIGMA:
                return True
    for at in range(n_mapped):
        if kinds[mapped[at]] & SPACE:
            return True
    return False


@compiled
def has_surrogate(points: Int32s, n: int) -> bool:
    """Return whether a chunk has a surrogate: it is cached, and may come again in a column, where that is not valid."""
    for at in range(n):
        if 0xD800 <= points[at] < 0xE000:
            return True
    return False


@compiled_inline
def cache_chunk(
    model: KernelModel,
    work: Workspace,
    data: UInt8s,
    begin: int,
    end: int,
    strict: bool,
    width: int,
    low: int,
    high: int,
) -> tuple[int, int]:
    """Compute what a new chunk contributes and cache it; return a status and where its record starts."""
    n_lines, n_bytes = work.sizes[N_LINES], work.sizes[N_BYTES]
    start, length, n_words, n_sequences = n_lines * LINE, end - begin, len(model.cue_first), len(work.n_sentence_tokens)
    records, columns, new_columns, points, mapped = (
        work.records,
        work.columns,
        work.new_columns,
        work.points,
        work.mapped,
    )
    n_sums = len(model.parts) * width
    at_columns = start + TOKENS_AT + n_sequences + n_words
    room = min(len(points) - length, len(work.bytes) - n_bytes - length)
    if room < 0 or 2 * (work.sizes[N_CHUNKS] + 1) > len(work.slots):
        return FULL, 0
    n, highest = length, np.uint8(0)
    for index in range(length):
        byte = data[begin + index]
        points[index] = byte
        highest = max(highest, byte)
    n_tokens, flags, current_view = 0, 0, -1
    work.chunk_sums[:] = 0.0
    if highest >= 0x80:
        n = decode(data, begin, end, strict, points)
        if n < 0:
            return INVALID, 0
        flags = SURROGATE * has_surrogate(points, n)
    # New columns grow from the start, indexes of frequent ones from the end.
    n_rare, last_frequent, n_mapped, letters = 0, len(new_columns), 0, mapped[1:]
    for index in range(len(model.parts)):
        part = model.parts[index]
        if part[KIND] == CHARACTERS:
            continue
        if part[VIEW] != current_view:
            current_view = part[VIEW]
            n_mapped = apply_view(model.mapped[current_view], model.bounds, model.expansions, points, n, letters[:-1])
            if n_mapped < 0:
                return FULL, 0
            if highest >= 0x80 and needs_fallback(
                model.kinds, model.lowers[current_view], points, n, letters, n_mapped
            ):
                flags |= FALLBACK
        n_lengths = part[LONGEST] - part[SHORTEST] + 1 if part[KIND] == WITHIN_WORDS else 1
        # Room for twice as many as there may be: frequent ones move to the end while others are still to be read.
        if (
            n_mapped + 2 > len(work.nodes)
            or n_rare + 2 * (n_mapped + 2) * n_lengths > last_frequent
            or n_tokens + n_mapped > len(work.tokens)
        ):
            return FULL, 0
        first_rare, first_frequent, n_columns = n_rare, last_frequent, n_rare
        if part[KIND] == WITHIN_WORDS:
            # A chunk may have been accents only; then there is no word.
            if n_mapped:
                n_columns = ngrams_within(
                    model, part, mapped, n_mapped, work.nodes, work.positions, new_columns, n_rare
                )
        else:
            first = n_tokens
            n_tokens = read_tokens(model, part, letters, n_mapped, work.tokens, n_tokens)
            for which in range(first, n_tokens):
                token = work.tokens[which]
                if token < 0 or token >= len(model.symbol_columns):
                    work.tokens[which] = NO_TOKEN
                elif model.symbol_columns[token] >= 0:
                    column = model.symbol_columns[token]
                    bit = model.frequent_bits[column]
                    new_columns[n_columns] = column if bit < 0 else -2 - bit
                    n_columns += 1
            work.token_ends[part[SEQUENCE]] = n_tokens
        for which in range(first_rare, n_columns):
            column = np.int64(new_columns[np.uint64(which)])
            prefetch(model.weights, max(column, 0) * width)
            new_columns[np.uint64(last_frequent - 1)] = -2 - column
            last_frequent -= column < 0
            new_columns[np.uint64(n_rare)] = column
            n_rare += column >= 0
        add_rows(
            work.chunk_sums,
            index * width,
            model.frequent_weights,
            0,
            new_columns,
            last_frequent,
            first_frequent,
            width,
            width,
        )
        add_rows(work.chunk_sums, index * width, model.weights, 0, new_columns, first_rare, n_rare, width, width)
        if not part[COUNTED]:
            n_rare, last_frequent = first_rare, first_frequent
    # Frequent columns go into sets; what does not fit into three sets stays among the rare ones.
    sets, n_sets = work.sets, 0
    for which in range(last_frequent, len(new_columns)):
        bit = np.int64(new_columns[which])
        number = 0
        while number < n_sets and sets[LINE * number + (bit >> 6)] >> (bit & 63) & 1:
            number += 1
        if number == MAX_SETS:
            flags |= MIXED
            new_columns[n_rare] = model.frequent[bit]
            n_rare += 1
            continue
        if number == n_sets:
            sets[LINE * number : LINE * (number + 1)] = 0
            n_sets += 1
        sets[LINE * number + (bit >> 6)] |= np.int64(1) << (bit & 63)
    at_sums = first_sum(at_columns, n_rare)
    at_sets = at_sums + n_sums
    at = 2 * (at_sets + LINE * n_sets)
    if at + n_tokens + 2 * N_COPIED > len(columns):
        return FULL, 0
    for which in range(n_sums):
        work.sums[at_sums + which] = work.chunk_sums[which]
    for which in range(LINE * n_sets):
        records[at_sets + which] = sets[which]
    for which in range(n_rare):
        columns[2 * at_columns + which] = new_columns[which]
    first = 0
    for sequence in range(n_sequences):
        last = work.token_ends[sequence]
        packed = at - 2 * start
        if last - first <= 2:
            packed = np.int64(0)
            for which in range(first, last):
                packed |= np.int64(work.tokens[which]) << SYMBOL_BITS * (which - first)
        else:
            for which in range(first, last):
                columns[at] = work.tokens[which]
                at += 1
        records[start + TOKENS_AT + sequence] = (last - first) << 2 * SYMBOL_BITS | packed
        first = last
    records[start + LOW], records[start + HIGH] = low, high
    records[start + SIZE] = length << 32 | n_rare
    records[start + FLAGS] = n_bytes << 32 | (n_sets * SET | flags)
    cues = start + TOKENS_AT + n_sequences
    records[start + HITS] = 0
    records[cues : cues + n_words] = 0
    if len(model.cue_any):
        records[start + HITS] = read_cues(
            model.cue_symbols,
            model.cue_moves,
            model.cue_is_word,
            model.cue_after_word,
            model.cue_hits,
            model.cue_parts,
            model.cue_end_parts,
            points,
            n,
            records[cues : cues + n_words],
        )
    if length > 16:
        for index in range(length):
            work.bytes[n_bytes + index] = data[begin + index]
        work.sizes[N_BYTES] = n_bytes + length
    work.sizes[N_CHUNKS] += 1
    work.sizes[N_LINES] = (at + 2 * LINE - 1) // (2 * LINE)
    return DONE, start


@compiled
def first_sum(at_columns: int, n_columns: int) -> int:
    """Return where a record's sums start: at the first line after its columns."""
    return (at_columns + (n_columns + 1) // 2 + LINE - 1) // LINE * LINE


@compiled
def find_record(
    slots: Int64s, records: Int64s, kept: UInt8s, data: UInt8s, begin: int, end: int, low: int, high: int, hashed: int
) -> int:
    """Return where the record of a chunk starts; if there is none, -1 minus the slot for it."""
    line = hashed & len(slots) - LINE
    while True:
        for slot in range(line, line + LINE):
            entry = slots[slot]
            if entry == 0:
                return -1 - slot
            start = ((entry & LOWER_HALF) - 1) * LINE
            if entry >> 32 == hashed >> 32 and is_record_of(records, kept, start, data, begin, end, low, high):
                return start
        line = line + LINE & len(slots) - LINE


@compiled
def is_record_of(
    records: Int64s, kept: UInt8s, start: int, data: UInt8s, begin: int, end: int, low: int, high: int
) -> bool:
    """Return whether a record is that of a chunk."""
    length = end - begin
    if records[start + LOW] != low or records[start + HIGH] != high or records[start + SIZE] >> 32 != length:
        return False
    return length <= 16 or same_bytes(kept, records[start + FLAGS] >> 32, data, begin, length)


@compiled
def space_length(kinds: UInt8s, data: UInt8s, at: int, end: int) -> int:
    """Return the number of bytes of the white space, of two or three bytes, that starts here, or 0."""
    byte = np.int64(data[at])
    if byte < 0xE0:
        if at + 2 <= end and data[at + 1] & 0xC0 == 0x80:
            point = (byte & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F
            if kinds[point] & SPACE:
                return 2
    elif at + 3 <= end and data[at + 1] & 0xC0 == 0x80 and data[at + 2] & 0xC0 == 0x80:
        point = (byte & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F
        if kinds[point] & SPACE:
            return 3
    return 0


@compiled_inline
def blanks(data: UInt8s, at: int, end: int) -> int:
    """Return bits for up to 64 bytes that may be, or may start, white space; the bit at ``end`` is set."""
    n = end - at
    if at + 64 <= len(data):
        blank = blanks_at_once(data, at)
    else:
        blank = np.int64(0)
        for ahead in range(min(n, 64)):
            byte = np.int64(data[at + ahead])
            blank |= np.int64(byte <= 32 or byte >= 128) << ahead
    return blank if n >= 64 else blank & ((np.int64(1) << n) - 1) | np.int64(1) << n


@compiled
def load_word(data: UInt8s, begin: int, end: int) -> int:
    """Return up to eight bytes as one little-endian number."""
    word = np.int64(0)
    shift = 0
    for at in range(begin, end):
        word |= np.int64(data[at]) << shift
        shift += 8
    return word


@compiled
def same_bytes(kept: UInt8s, first: int, data: UInt8s, begin: int, length: int) -> bool:
    """Compare what the two words of a record do not hold: all but the first and last eight bytes."""
    for at in range(8, length - 8):
        if kept[first + at] != data[begin + at]:
            return False
    return True


@compiled
def has_sigma(data: UInt8s, begin: int, end: int) -> bool:
    """Return whether there is a capital sigma, whose lower case depends on its position in the word."""
    for at in range(begin, end - 1):
        if data[at] == 0xCE and data[at + 1] == 0xA3:
            return True
    return False


@compiled_inline
def ngrams_of_text(
    model: KernelModel, work: Workspace, data: UInt8s, begin: int, end: int, strict: bool
) -> tuple[int, int, bool]:
    """Write the columns of a text's n-grams of characters; return a status, their number, and whether it falls back."""
    n_columns, falls_back = 0, False
    points, mapped = work.points, work.mapped
    for at in range(len(model.parts)):
        part = model.parts[at]
        if part[KIND] != CHARACTERS:
            continue
        if end - begin > len(points):
            return FULL, 0, falls_back
        n = decode(data, begin, end, strict, points)
        if n < 0:
            return INVALID, 0, falls_back
        falls_back |= model.lowers[part[VIEW]] > 0 and has_sigma(data, begin, end)
        n_mapped = apply_view(model.mapped[part[VIEW]], model.bounds, model.expansions, points, n, mapped)
        if n_mapped < 0 or n_columns + n_mapped * np.int64(part[LONGEST]) > len(work.new_columns):
            return FULL, 0, falls_back
        n_mapped = join_spaces(model.kinds, mapped, n_mapped)
        n_columns = ngrams_across(model, part, mapped, n_mapped, work.new_columns, n_columns)
    return DONE, n_columns, falls_back


@compiled
def part_of(parts: Int32s, column: int) -> int:
    """Return the part that a column belongs to."""
    part = np.int64(0)
    # No early exit, which would be a branch that cannot be predicted.
    for other in range(len(parts) - 1):
        part += column >= parts[np.uint64(other), LAST]
    return part


@compiled
def correct_column(
    model: KernelModel,
    totals: Floats,
    norm_changes: Floats,
    weights: Floats,
    row: int,
    part: int,
    times: int,
    width: int,
) -> None:
    """Correct the totals for a column that occurs more than once."""
    # With a damaged file a count may have overflowed: a negative one is not an index of the table.
    if np.uint64(times) < np.uint64(N_TIMES):
        at = np.uint64(2 * (part * N_TIMES + times))
        change, norm_change = model.changes[at], model.changes[at + ONE]
    else:
        value = value_of(model.parts[part, GROWTH], times)
        change, norm_change = value - times, 0.0
        if model.parts[part, NORM] == L2:
            norm_change = value * value - value
    add_lanes(totals, part * width, weights, row * width, width, change)
    # Apart from the other lanes: loading eight numbers of which one has just been written stalls.
    norm_changes[np.uint64(part)] += norm_change * weights[np.uint64(row * width + width - 1)]


@compiled
def count_frequent(
    digits: Int64s, frequent: Int32s, counts: Int32s, base: int, repeated: Int32s, n_repeated: int
) -> int:
    """Move the binary counts of frequent columns to the counts of all; append those above one, return the new end."""
    for lane in range(LINE):
        bits = np.int64(0)
        for digit in range(N_DIGITS):
            bits |= digits[digit * LINE + lane]
        while bits:
            bit = lowest_bit(bits)
            bits &= bits - 1
            column = frequent[64 * lane + bit]
            before = max(np.int64(counts[column]), base)
            after = before + times_of(digits, lane, bit)
            counts[column] = after
            if before <= base + 1 < after:
                repeated[n_repeated] = column
                n_repeated += 1
    digits[:] = 0
    return n_repeated


@compiled_inline
def start_tokens(parts: Int32s, tokens: Int32s, n_tokens: Int64s) -> None:
    """Start a sentence's tokens, with the mark of its start for parts that have one."""
    for part in range(len(parts)):
        sequence = parts[part, SEQUENCE]
        if sequence >= 0:
            n_tokens[sequence] = 0
            if parts[part, START] != SKIPPED:
                tokens[sequence, 0] = parts[part, START] if parts[part, START] >= 0 else NO_TOKEN
                n_tokens[sequence] = 1


@compiled_inline
def split_sentence(
    model: KernelModel, work: Workspace, data: UInt8s, begin: int, end: int, n_chunks: int
) -> tuple[int, bool]:
    """Append a sentence's chunks; return the new end (-1: no room), and whether it has white space of several bytes."""
    spaces, kinds, chunks, slots = model.spaces, model.kinds, work.chunks, work.slots
    is_wide, n_bytes, slot_mask = False, len(data), len(slots) - LINE
    block, sentence = begin, begin
    while block <= end:
        bits = blanks(data, block, end)
        while bits:
            blank = block + lowest_bit(bits)
            bits &= bits - 1
            # The inside of white space of several bytes.
            if blank < begin:
                continue
            length = blank - begin
            if blank < end:
                kind = spaces[data[np.uint64(blank)]]
                size = np.int64(kind) if kind <= 1 else space_length(kinds, data, blank, end)
                if size == 0:
                    continue
                is_wide |= size > 1
                begin = blank + size
            if length == 0:
                continue
            start = blank - length
            if start + 8 <= n_bytes:
                n_low = np.int64(min(length, 8))
                low = read_word(data, start) & np.int64(np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - 8 * n_low))
                # Read in any case: cheaper than a mispredicted branch on the length.
                high = read_word(data, max(blank - 8, start)) if length > 8 else np.int64(0)
            else:
                low, high = load_word(data, start, blank), np.int64(0)
            if n_chunks >= len(work.record_lines):
                return -1, is_wide
            hashed = mix((low ^ length) * np.int64(-0x61C8864680B583EB) ^ high * np.int64(-0x40A7B892E31B1A47))
            # It has arrived by the time the sentence's chunks are looked up.
            prefetch(slots, hashed & slot_mask)
            at = np.uint64(n_chunks * CHUNK_WORDS)
            chunks[at], chunks[at + ONE], chunks[at + TWO] = low, high, hashed
            # Relative to the sentence: an offset in the whole column may not fit beside the length.
            chunks[at + THREE] = (start - sentence) << 32 | length
            n_chunks += 1
        block += 64
    return n_chunks, is_wide


@compiled_inline
def prefetch_records(work: Workspace, n_chunks: int, n_asked: int) -> None:
    """Look up chunks by hash alone, and prefetch the records that are probably theirs."""
    slots, records, chunks, record_lines = work.slots, work.records, work.chunks, work.record_lines
    slot_mask = len(slots) - LINE
    for chunk in range(n_chunks):
        hashed = chunks[np.uint64(chunk * CHUNK_WORDS) + TWO]
        first_slot = hashed & slot_mask
        same = matches(slots, first_slot, hashed >> 32, 32)
        # Without a match this is the last entry of the line; comparing the bytes will tell.
        entry = slots[np.uint64(first_slot + lowest_bit(same | 1 << LINE - 1))]
        line = (entry & LOWER_HALF) - 1
        for ahead in range(0, n_asked, LINE):
            prefetch(records, line * LINE + ahead)
        record_lines[np.uint64(chunk)] = line


@compiled_inline
def read_chunks(
    model: KernelModel, work: Workspace, data: UInt8s, begin: int, first_chunk: int, last_chunk: int, strict: bool
) -> tuple[int, int, int, int, int]:
    """Collect columns, sets, tokens and cues of a sentence's chunks, and cache chunks that are new.

    Returns a status, the numbers of rare columns and of sets, flags, and bits of the rules with a cue.
    """
    slots, records, columns, chunks, record_lines = (
        work.slots,
        work.records,
        work.columns,
        work.chunks,
        work.record_lines,
    )
    rare_columns, tokens, n_tokens, set_lines, active = (
        work.rare_columns,
        work.sentence_tokens,
        work.n_sentence_tokens,
        work.set_lines,
        work.active,
    )
    cue_first, cue_last, cue_rules = model.cue_first, model.cue_last, model.cue_rules
    width, n_sequences, n_words = len(model.offsets), len(n_tokens), len(cue_first)
    at_cues = TOKENS_AT + n_sequences
    at_columns = at_cues + n_words
    n_sum_lines = len(model.parts) * width // LINE
    n_rare, n_sets, flags, hits = 0, 0, np.int64(0), np.int64(0)
    for chunk in range(first_chunk, last_chunk):
        at = np.uint64(chunk * CHUNK_WORDS)
        low, high = chunks[at], chunks[at + ONE]
        first, length = begin + (chunks[at + THREE] >> 32), chunks[at + THREE] & LOWER_HALF
        start = np.int64(record_lines[np.uint64(chunk)]) * LINE
        record = np.uint64(max(start, 0))
        difference = records[record + LOW] ^ low | records[record + ONE] ^ high | records[record + TWO] >> 32 ^ length
        if difference | start >> 63 or (
            length > 16 and not same_bytes(work.bytes, records[record + THREE] >> 32, data, first, length)
        ):
            start = find_record(slots, records, work.bytes, data, first, first + length, low, high, chunks[at + TWO])
            if start < 0:
                slot = -1 - start
                status, start = cache_chunk(model, work, data, first, first + length, strict, width, low, high)
                if status != DONE:
                    return status, 0, 0, 0, 0
                slots[np.uint64(slot)] = chunks[at + TWO] >> 32 << 32 | (start // LINE + 1)
        record = np.uint64(start)
        size = records[record + TWO] & LOWER_HALF
        own_flags = records[record + THREE] & LOWER_HALF
        flags |= own_flags
        if n_rare + size + N_COPIED > len(rare_columns):
            return FULL, 0, 0, 0, 0
        # Only the lines of sums and sets are noted: added one by one here, each would wait for the one before.
        sums_line = first_sum(start + at_columns, size) // LINE
        record_lines[np.uint64(chunk)] = sums_line
        for which in range(MAX_SETS):
            set_lines[np.uint64(n_sets + which)] = sums_line + n_sum_lines + which
        n_sets += own_flags // SET
        copy_numbers(rare_columns, n_rare, columns, 2 * (start + at_columns), size)
        n_rare += size
        for sequence in range(n_sequences):
            packed = records[record + np.uint64(TOKENS_AT + sequence)]
            n_new, end = packed >> 2 * SYMBOL_BITS, n_tokens[sequence]
            if end + n_new + 2 > tokens.shape[1]:
                return FULL, 0, 0, 0, 0
            tokens[np.uint64(sequence), np.uint64(end)] = packed & NO_TOKEN
            tokens[np.uint64(sequence), np.uint64(end + 1)] = packed >> SYMBOL_BITS & NO_TOKEN
            if n_new > 2:
                first_token = 2 * start + (packed & LOWER_HALF)
                for which in range(n_new):
                    tokens[np.uint64(sequence), np.uint64(end + which)] = columns[np.uint64(first_token + which)]
            n_tokens[sequence] = end + n_new
        hits |= records[record + np.uint64(HITS)]
        for word in range(n_words):
            active[word] = (active[word] << 1 | cue_first[word]) & records[record + np.uint64(at_cues + word)]
            ended = active[word] & cue_last[word]
            while ended:
                hits |= np.int64(1) << np.int64(cue_rules[64 * word + lowest_bit(ended)])
                ended &= ended - 1
    return DONE, n_rare, n_sets, flags, hits


@compiled_inline
def has_room(model: KernelModel, work: Workspace, n_rare: int) -> bool:
    """Return whether there is room for all columns that a sentence with these tokens may have."""
    n_possible = n_rare + N_FREQUENT + 1
    for part in range(len(model.parts)):
        if model.parts[part, SEQUENCE] >= 0:
            n_possible += (work.n_sentence_tokens[model.parts[part, SEQUENCE]] + 1) * model.parts[part, LONGEST]
    return n_possible <= min(len(work.repeated), len(work.rare_columns))


@compiled_inline
def add_chunks(model: KernelModel, work: Workspace, first: int, last: int, n_sets: int, base: int) -> tuple[int, int]:
    """Add up the chunks' sums and count their frequent columns; return flags and the number of repeated columns."""
    n_repeated, n_counted, flags, width = 0, 0, 0, len(model.offsets)
    for part in range(len(model.parts)):
        add_rows(work.totals, part * width, work.sums, part * width, work.record_lines, first, last, width, LINE)
    while n_sets - n_counted > MAX_ADDED:
        count_sets(work.digits, work.records, work.set_lines, n_counted, n_counted + MAX_ADDED)
        n_repeated = count_frequent(work.digits, model.frequent, work.counts, base, work.repeated, n_repeated)
        flags = MIXED
        n_counted += MAX_ADDED
    count_sets(work.digits, work.records, work.set_lines, n_counted, n_sets)
    return flags, n_repeated


@compiled_inline
def prefetch_step(model: KernelModel, work: Workspace, n_keys: int, position: int, node: int, token: int) -> int:
    """Append and prefetch the key of a node and the token after it; return the new end, which counts real keys only."""
    key = node << SYMBOL_BITS | token
    prefetch(model.steps, slot_of(key) & len(model.steps) - LINE)
    work.keys[np.uint64(n_keys)] = key
    work.positions[np.uint64(n_keys)] = position
    return n_keys + ((node >= 0) & (token != NO_TOKEN))


@compiled_inline
def read_sequences(model: KernelModel, work: Workspace, n_rare: int) -> int:
    """Append the columns of n-grams of two or more tokens, and of the marks of start and end; return the new end."""
    parts, steps, step_columns = model.parts, model.steps, model.step_columns
    symbol_nodes, symbol_columns = model.symbol_nodes, model.symbol_columns
    tokens, rare_columns, nodes, positions, keys = (
        work.sentence_tokens,
        work.rare_columns,
        work.nodes,
        work.positions,
        work.keys,
    )
    n_symbols = len(symbol_columns)
    for part in range(len(parts)):
        sequence = np.int64(parts[part, SEQUENCE])
        if sequence < 0:
            continue
        size, longest = np.int64(work.n_sentence_tokens[sequence]), np.int64(parts[part, LONGEST])
        has_marks = parts[part, START] != SKIPPED
        if parts[part, END] != SKIPPED:
            tokens[sequence, size] = parts[part, END] if parts[part, END] >= 0 else NO_TOKEN
            size += 1
        tokens[sequence, size] = NO_TOKEN
        n_keys = 0
        for which in range(size if longest > 1 or has_marks else 0):
            token = np.int64(tokens[np.uint64(sequence), np.uint64(which)])
            if has_marks and token != NO_TOKEN and (which == 0 or which == size - 1) and symbol_columns[token] >= 0:
                # Single tokens are among their chunks' columns, but a mark belongs to no chunk.
                rare_columns[np.uint64(n_rare)] = symbol_columns[token]
                n_rare += 1
            # All are prefetched before the first is looked up.
            node = np.int64(symbol_nodes[np.uint64(min(token, n_symbols))])
            token = np.int64(tokens[np.uint64(sequence), np.uint64(which + 1)])
            n_keys = prefetch_step(model, work, n_keys, which, node, token)
        for length in range(2, longest + 1):
            n_nodes = 0
            for which in range(n_keys):
                node = look_up(steps, keys[np.uint64(which)])
                column = step_columns[np.uint64(max(node, 0))]
                rare_columns[np.uint64(n_rare)] = column
                n_rare += (node >= 0) & (column >= 0)
                nodes[np.uint64(n_nodes)] = node
                positions[np.uint64(n_nodes)] = positions[np.uint64(which)]
                n_nodes += node >= 0
            n_keys = 0
            for which in range(n_nodes if length < longest else 0):
                position = np.int64(positions[np.uint64(which)])
                if position + length >= size:
                    break
                token = np.int64(tokens[np.uint64(sequence), np.uint64(position + length)])
                n_keys = prefetch_step(model, work, n_keys, position, np.int64(nodes[np.uint64(which)]), token)
    return n_rare


@compiled_inline
def count_columns(counts: Int32s, columns: Int32s, n_columns: int, repeated: Int32s, n_repeated: int, base: int) -> int:
    """Count columns; append those that occur for the second time, and return the new end."""
    for which in range(n_columns):
        column = columns[np.uint64(which)]
        before = max(np.int64(counts[np.uint64(column)]), base)
        counts[np.uint64(column)] = before + 1
        # Written in any case, kept if it is the second time: no branch to mispredict.
        repeated[np.uint64(n_repeated)] = column
        n_repeated += before == base + 1
    return n_repeated


@compiled_inline
def add_columns(model: KernelModel, work: Workspace, columns: Int32s, first: int, last: int) -> None:
    """Add the weights of some columns to the totals."""
    parts, weights, width = model.parts, model.weights, len(model.offsets)
    for which in range(first, last):
        prefetch(weights, np.int64(columns[np.uint64(which)]) * width)
    for which in range(first, last):
        column = np.int64(columns[np.uint64(which)])
        add_lanes(work.totals, part_of(parts, column) * width, weights, column * width, width, 1.0)


@compiled_inline
def correct_frequent(model: KernelModel, work: Workspace) -> None:
    """Correct the totals for frequent columns that occur more than once."""
    digits, numbers, times, ends = work.digits, work.nodes, work.times, model.frequent_ends
    width, n_numbers, first = len(model.offsets), 0, 0
    read_times(times, digits)
    for lane in range(LINE):
        bits = np.int64(0)
        for digit in range(1, N_DIGITS):
            bits |= digits[digit * LINE + lane]
        while bits:
            numbers[np.uint64(n_numbers)] = 64 * lane + lowest_bit(bits)
            bits &= bits - 1
            n_numbers += 1
    for part in range(len(ends)):
        # The columns of one part are consecutive.
        last = first
        while last < n_numbers and numbers[np.uint64(last)] < ends[part]:
            last += 1
        at = 2 * part * N_TIMES
        add_changes(
            work.totals, part * width, model.frequent_weights, width, model.changes, at, numbers, times, first, last
        )
        first = last


@compiled_inline
def correct_rare(model: KernelModel, work: Workspace, n_repeated: int, base: int) -> None:
    """Correct the totals for other columns that occur more than once."""
    weights, repeated, width = model.weights, work.repeated, len(model.offsets)
    for which in range(n_repeated):
        prefetch(weights, np.int64(repeated[np.uint64(which)]) * width)
    for which in range(n_repeated):
        column = np.int64(repeated[np.uint64(which)])
        times, part = np.int64(work.counts[np.uint64(column)]) - base, part_of(model.parts, column)
        correct_column(model, work.totals, work.norm_changes, weights, column, part, times, width)


@compiled_inline
def write_scores(model: KernelModel, work: Workspace, hits: int, scores: Floats, row: int) -> None:
    """Write a sentence's scores: offsets, normed totals of each part, and the rules with a cue in it."""
    parts, totals, norm_changes, width = model.parts, work.totals, work.norm_changes, len(model.offsets)
    n_scores = scores.shape[1]
    for lane in range(n_scores):
        scores[row, lane] = model.offsets[lane]
    for part in range(len(parts)):
        norm, total = parts[part, NORM], totals[part * width + width - 1] + norm_changes[part]
        if norm == L2:
            total = np.sqrt(total)
        scale = 1.0 / total if norm != NO_NORM and total > 0.0 else 1.0
        for lane in range(n_scores):
            scores[row, lane] += scale * totals[part * width + lane]
    earliest = True
    for rule in range(len(model.cue_any)):
        if hits >> rule & 1:
            for lane in range(n_scores):
                scores[row, lane] += model.cue_any[rule, lane]
                if earliest:
                    scores[row, lane] += model.cue_earliest[rule, lane]
            earliest = False


@compiled_inline
def score_sentence(
    model: KernelModel,
    work: Workspace,
    data: UInt8s,
    offsets: Int64s,
    row: int,
    first_row: int,
    strict: bool,
    across: bool,
    scores: Floats,
    fallback: UInt8s,
) -> int:
    """Score a sentence that has been split; return a status."""
    work.totals[:] = 0.0
    work.norm_changes[:] = 0.0
    work.active[:] = 0
    work.digits[:] = 0
    begin, end = offsets[row], offsets[row + 1]
    if end - begin > MAX_BYTES:
        # A count of one of its features may not fit into the lower half of a word.
        fallback[row] = True
        scores[row] = 0.0
        return DONE
    # Counts of this sentence start at ``base``; smaller ones are left over from earlier sentences.
    # They are cleared only when the numbers of sentences run out and start again.
    if work.sizes[N_EPOCHS] >= LAST_EPOCH:
        work.counts[:] = 0
        work.sizes[N_EPOCHS] = 1
    base = np.int64(work.sizes[N_EPOCHS]) << COUNT_BITS
    work.sizes[N_EPOCHS] += 1
    start_tokens(model.parts, work.sentence_tokens, work.n_sentence_tokens)
    first, last = work.ends[row - first_row], work.ends[row - first_row + 1]
    status, n_rare, n_sets, flags, hits = read_chunks(model, work, data, begin, first, last, strict)
    if status != DONE or not has_room(model, work, n_rare):
        return max(status, FULL)
    flags |= FALLBACK * (work.wide[row - first_row] and model.vanish[0] > 0)
    more_flags, n_repeated = add_chunks(model, work, first, last, n_sets, base)
    flags |= more_flags
    n_columns = read_sequences(model, work, n_rare)
    add_columns(model, work, work.rare_columns, n_rare, n_columns)
    n_repeated = count_columns(work.counts, work.rare_columns, n_columns, work.repeated, n_repeated, base)
    if across:
        status, n_across, is_sigma = ngrams_of_text(model, work, data, begin, end, strict)
        if status != DONE or n_across + n_repeated + N_FREQUENT > len(work.repeated):
            return max(status, FULL)
        flags |= FALLBACK * is_sigma
        add_columns(model, work, work.new_columns, 0, n_across)
        n_repeated = count_columns(work.counts, work.new_columns, n_across, work.repeated, n_repeated, base)
    if strict and flags & SURROGATE:
        return INVALID
    if flags & MIXED:
        n_repeated = count_frequent(work.digits, model.frequent, work.counts, base, work.repeated, n_repeated)
    elif len(model.frequent):
        correct_frequent(model, work)
    correct_rare(model, work, n_repeated, base)
    write_scores(model, work, hits, scores, row)
    fallback[row] = flags & FALLBACK
    return DONE


@compiled
def score(
    model: KernelModel,
    work: Workspace,
    data: UInt8s,
    offsets: Int64s,
    first: int,
    last: int,
    strict: bool,
    scores: Floats,
    fallback: UInt8s,
) -> tuple[int, int]:
    """Score sentences of a column.

    Parameters
    ----------
    model : KernelModel
        The compiled pipeline.
    work : Workspace
        Of this thread.
    data : ndarray of uint8
        UTF-8 bytes of all sentences, one after another.
    offsets : ndarray of shape (n_sentences + 1,)
        Where each sentence starts in ``data``; never decreasing.
    first, last : int
        Which sentences: from ``first`` up to, but not including, ``last``.
    strict : bool
        Whether surrogates are invalid.
    scores : ndarray of shape (n_sentences, n_scores)
        Written to.
    fallback : ndarray of shape (n_sentences,)
        Set to 1 for each sentence that falls back to scikit-learn.

    Returns
    -------
    status, row : int
        ``DONE``; ``FULL`` if the workspace has no room for this row; ``INVALID`` if it is not UTF-8.
    """
    parts, width, n_rules = model.parts, len(model.offsets), len(model.cue_any)
    in_chunks, across = n_rules > 0, False
    for part in range(len(parts)):
        across |= parts[part, KIND] == CHARACTERS
        in_chunks |= parts[part, KIND] != CHARACTERS
    # Most records are at most this long.
    at_columns = TOKENS_AT + len(work.n_sentence_tokens) + len(model.cue_first)
    n_prefetched = first_sum(at_columns, 0) + len(parts) * width + LINE * (4 if len(model.frequent) else 2)
    row = first
    while row < last:
        first_row, last_row, n_chunks = row, min(row + N_ROWS, last), 0
        work.ends[0] = 0
        while row < last_row:
            begin, end = offsets[row], offsets[row + 1]
            is_wide = False
            if in_chunks and end - begin <= MAX_BYTES:
                n_chunks, is_wide = split_sentence(model, work, data, begin, end, n_chunks)
            if n_chunks < 0:
                break
            work.wide[row - first_row] = is_wide
            row += 1
            work.ends[row - first_row] = n_chunks
        if row == first_row:
            return FULL, row
        last_row, row = row, first_row
        prefetch_records(work, work.ends[last_row - first_row], n_prefetched)
        while row < last_row:
            status = score_sentence(model, work, data, offsets, row, first_row, strict, across, scores, fallback)
            if status != DONE:
                return status, row
            row += 1
    return DONE, last
