"""The machine code: one pass over the bytes of a column of text.

What a chunk (whatever stands between white space) contributes is worked out once and remembered:
its columns, the sum of their weights, its tokens, its cues. A sentence is then the sum of its
chunks, the n-grams of its tokens, and a correction for each column that occurs more than once.

All functions stand in one module: numba's cache looks at the file of the function called, and
would miss a change elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from toolkit.engine.program import (
    BINARY,
    CHARACTERS,
    CHUNKS,
    CLASSES,
    COUNTED,
    END,
    FIRST,
    GROWTH,
    KIND,
    L2,
    LAST,
    LONG_RUNS,
    LONGEST,
    NO_NORM,
    NORM,
    ROOT,
    RUNS_AND_MARKS,
    SEQUENCE,
    SHORTEST,
    SKIPPED,
    START,
    SUBLINEAR,
    TOKENS,
    UNKNOWN,
    VIEW,
    WITHIN_WORDS,
    Floats,
    Int8s,
    Int32s,
    Int64s,
    Program,
)

# Of the numbers and fields in program.py: where one changes this changes, and with it this file,
# so that numba's cache forgets machine code made for the old ones. A test says what to write.
LAYOUT = "8536a6ad970b7a39"
DONE, FULL, INVALID = range(3)
WORD, SPACE, MARK = 1, 2, 4
SIGMA = 0x3A3
SYMBOL_BITS = 21
LANES = 8
ONE, TWO, THREE = (np.uint64(number) for number in range(1, 4))
# How many chunks ahead the columns are asked for.
AHEAD = 3
# Places in a chunk's record. Bounds hold two numbers: where something starts and, in the lower
# half, where it ends. Behind the fixed places stand the parts of cues in the chunk, and bounds
# of its tokens for each part that has any.
COLUMNS, LEFT, HITS, CUE_PARTS = range(4)
# Places in a slot: first and last eight bytes of a chunk; its length and its number plus one; and
# where its bytes are kept.
LOW, HIGH, NUMBER, KEPT = range(4)
SLOT = 4
# Places of what is found of a chunk on the way: its first and last eight bytes, the slot, and where
# in its sentence it starts and, in the lower half, how long it is.
FOUND = 4
LOWER_HALF = 0xFFFFFFFF
N_CHUNKS, N_COLUMNS, N_TOKENS, N_BYTES, N_EPOCHS = range(5)
COUNT_BITS = 16
LAST_EPOCH = 1 << 15
LONGEST_TEXT = 1 << 15


class Memo(NamedTuple):
    """What one thread remembers of chunks, and its working memory.

    Attributes
    ----------
    slots : ndarray of shape (4 * n_slots,)
        Hash table of chunks, as the places above.
    records : ndarray of shape (n_chunks * n_places,)
        As the places above.
    sums : ndarray of shape (n_chunks * n_parts * width,)
        Sum of the weights of a chunk's columns, by part.
    columns, tokens, bytes : ndarray
        What all chunks have, one after another.
    sizes : ndarray of shape (5,)
        How many chunks, columns, tokens and bytes are in use, and the number of the sentence.
    counts : ndarray of shape (n_columns,)
        How often the sentence has each column so far, in the lower half; above it, the
        number of the sentence.
    found : ndarray of shape (4 * n_chunks,)
        The sentence's chunks, as the places above.
    seen, again, extra : ndarray
        Numbers of the sentence's chunks; columns met again; columns of n-grams of characters across words.
    points, mapped : ndarray
        Code points of a chunk or sentence as they came and as a view sees them.
    front : ndarray of int32
        Nodes of the n-grams that a chunk's characters start.
    line : ndarray of shape (n_sequences, n_tokens)
        The sentence's tokens, for each part that has any.
    n_line : ndarray of shape (n_sequences,)
        How many they are.
    walk : ndarray of shape (longest,)
        Nodes of the n-grams that end at the last token.
    totals : ndarray of shape (n_parts * width,)
        Sums of the sentence.
    active : ndarray of shape (n_words,)
        Cues of several words that have begun.
    """

    slots: Int64s
    records: Int64s
    sums: Floats
    columns: Int32s
    tokens: Int32s
    bytes: Int8s
    sizes: Int64s
    counts: Int32s
    found: Int64s
    seen: Int32s
    again: Int32s
    extra: Int32s
    points: Int32s
    mapped: Int32s
    front: Int32s
    line: Int32s
    n_line: Int64s
    walk: Int32s
    totals: Floats
    active: Int64s


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function, cached where numba finds a folder it may write to.

    No function here makes an array; told so, numba counts no references to those it gets,
    which takes as long as what is done with them. Code that checks each index is not cached:
    numba keeps it under the same key as code that does not.
    """
    try:
        return numba.njit(cache=not numba.config.BOUNDSCHECK, nogil=True, _nrt=False)(function)
    except RuntimeError:
        # No such folder: a shared one, like /tmp, would let others plant code.
        return numba.njit(nogil=True, _nrt=False)(function)


@intrinsic
def read_word(typing: Any, data: Any, place: Any) -> Any:
    """Read eight bytes as one number; the caller sees to it that they are there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(array.data, [arguments[1]])
        return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

    return types.int64(data, types.int64), generate


@intrinsic
def add_eight(typing: Any, totals: Any, to: Any, weights: Any, of: Any, times: Any) -> Any:
    """Add a multiple of eight weights to eight totals; numba leaves such code one number wide."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        eight = ir.VectorType(ir.DoubleType(), 8)
        pointers = []
        for array, place in ((0, 1), (2, 3)):
            held = context.make_array(signature.args[array])(context, builder, arguments[array])
            pointer = builder.gep(held.data, [arguments[place]])
            pointers.append(builder.bitcast(pointer, eight.as_pointer()))
        factor = builder.insert_element(ir.Constant(eight, ir.Undefined), arguments[4], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
        factors = builder.shuffle_vector(factor, ir.Constant(eight, ir.Undefined), mask)
        product = builder.fmul(builder.load(pointers[1], align=8), factors)
        total = builder.fadd(builder.load(pointers[0], align=8), product)
        builder.store(total, pointers[0], align=8)
        return context.get_dummy_value()

    return types.none(totals, types.int64, weights, types.int64, types.float64), generate


@intrinsic
def prefetch(typing: Any, array: Any, place: Any) -> Any:
    """Ask for a part of an array before it is needed; a place outside does no harm."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.bitcast(builder.gep(held.data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, ir.Constant(number, 0), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.none(array, types.int64), generate


@intrinsic
def first_byte(typing: Any, flags: Any) -> Any:
    """Return the number of the lowest byte that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zeros = builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))
        return builder.lshr(zeros, ir.Constant(ir.IntType(64), 3))

    return types.int64(types.int64), generate


@compiled
def mix(key: int) -> int:
    """Spread the bits of a key over the whole word; its upper bits choose a slot."""
    spread = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    spread ^= spread >> np.uint64(29)
    return np.int64((spread * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(1))


@compiled
def fill_table(parents: Int32s, symbols: Int32s, table: Int64s) -> None:
    """Put all nodes of some tries into an empty open-addressing table of keys and nodes in turn."""
    n_slots = len(table) // 2
    for node in range(len(parents)):
        if parents[node] >= 0:
            key = np.int64(parents[node]) << SYMBOL_BITS | np.int64(symbols[node])
            slot = mix(key) & (n_slots - 1)
            while table[2 * slot] >= 0:
                slot = (slot + 1) & (n_slots - 1)
            table[2 * slot] = key
            table[2 * slot + 1] = node


@compiled
def step(table: Int64s, node: int, symbol: int) -> int:
    """Return the child of a node, or -1."""
    key = np.int64(node) << SYMBOL_BITS | np.int64(symbol)
    mask = len(table) // 2 - 1
    slot = mix(key) & mask
    while table[np.uint64(2 * slot)] != key:
        if table[np.uint64(2 * slot)] < 0:
            return -1
        slot = (slot + 1) & mask
    return table[np.uint64(2 * slot + 1)]


@compiled
def add_lanes_checked(totals: Floats, to: int, weights: Floats, of: int, width: int, times: float) -> None:
    """Add a multiple of some weights to some totals; each index is checked where numba checks."""
    for lane in range(width):
        totals[to + lane] += times * weights[of + lane]


@compiled
def add_lanes_at_once(totals: Floats, to: int, weights: Floats, of: int, width: int, times: float) -> None:
    """Add a multiple of some weights to some totals, eight numbers at once."""
    for lane in range(0, width, LANES):
        add_eight(totals, to + lane, weights, of + lane, times)


add_lanes = add_lanes_checked if numba.config.BOUNDSCHECK else add_lanes_at_once


@compiled
def decode(data: Int8s, begin: int, end: int, strict: bool, points: Int32s) -> int:
    """Write the code points of some UTF-8; return how many, or -1 if the bytes are none.

    Surrogates, which UTF-8 has not but Python's text may, count as valid unless ``strict``.
    """
    n, place = 0, begin
    while place < end:
        byte = np.int64(data[place])
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
        if place + length > end:
            return -1
        for ahead in range(1, length):
            byte = np.int64(data[place + ahead])
            if byte & 0xC0 != 0x80:
                return -1
            point = point << 6 | byte & 0x3F
        if point < least or point > 0x10FFFF or (strict and 0xD800 <= point < 0xE000):
            return -1
        points[n] = point
        n += 1
        place += length
    return n


@compiled
def see(view: Int32s, bounds: Int32s, expansions: Int32s, points: Int32s, n: int, mapped: Int32s) -> int:
    """Write code points as a view sees them; return how many, or -1 if there is no room."""
    n_mapped = 0
    for place in range(n):
        point = np.int64(view[points[place]])
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


@compiled
def ngrams_within(
    part: Int32s, table: Int64s, values: Int32s, mapped: Int32s, n: int, front: Int32s, columns: Int32s, n_columns: int
) -> int:
    """Append the columns of a word's n-grams with a space on either side; return the new end."""
    size = n + 2
    shortest, longest = np.int64(part[SHORTEST]), np.int64(part[LONGEST])
    first, last = part[FIRST], part[LAST]
    for begin in range(size):
        front[begin] = part[ROOT]
    # All n-grams of one length before the next: their lookups do not wait for each other.
    for length in range(1, min(longest, size) + 1):
        for begin in range(size - length + 1):
            node = np.int64(front[np.uint64(begin)])
            if node < 0:
                continue
            place = begin + length - 1
            symbol = np.int64(32) if place == 0 or place == size - 1 else np.int64(mapped[np.uint64(place - 1)])
            node = step(table, node, symbol)
            front[np.uint64(begin)] = node
            # scikit-learn takes a word shorter than the shortest n-gram as it is.
            if node >= 0 and (length >= shortest or length == size):
                column = values[np.uint64(node)]
                if first <= column < last:
                    columns[np.uint64(n_columns)] = column
                    n_columns += 1
    return n_columns


@compiled
def join_spaces(kinds: Int8s, points: Int32s, n: int) -> int:
    """Put one space for two white spaces or more, in place; a single one stays as it is."""
    size, place = 0, 0
    while place < n:
        follow = place
        while follow < n and kinds[points[follow]] & SPACE:
            follow += 1
        if follow - place >= 2:
            points[size] = 32
            place = follow
        else:
            points[size] = points[place]
            place += 1
        size += 1
    return size


@compiled
def ngrams_across(
    part: Int32s, table: Int64s, values: Int32s, points: Int32s, n: int, columns: Int32s, n_columns: int
) -> int:
    """Append the columns of a text's n-grams of characters; return the new end."""
    for begin in range(n):
        node = np.int64(part[ROOT])
        for last in range(begin, min(begin + np.int64(part[LONGEST]), n)):
            node = step(table, node, np.int64(points[last]))
            if node < 0:
                break
            if part[FIRST] <= values[node] < part[LAST]:
                columns[n_columns] = values[node]
                n_columns += 1
    return n_columns


@compiled
def token_end(kinds: Int8s, style: int, mapped: Int32s, begin: int, n: int) -> int:
    """Return where the token ends that starts here; the same place if none does."""
    if style == CHUNKS:
        return n
    if style == RUNS_AND_MARKS and kinds[mapped[begin]] & MARK:
        return begin + 1
    end = begin
    while end < n and kinds[mapped[end]] & WORD:
        end += 1
    return end


@compiled
def find_token(part: Int32s, table: Int64s, values: Int32s, stems: Int32s, mapped: Int32s, begin: int, end: int) -> int:
    """Return a token's symbol; ``UNKNOWN`` or ``SKIPPED`` if it has none."""
    node = np.int64(part[ROOT])
    stem = np.int64(SKIPPED)
    for place in range(begin, end):
        node = step(table, node, np.int64(mapped[place]))
        if node < 0:
            break
        if stems[node] >= 0:
            stem = np.int64(stems[node])
    value = np.int64(values[node]) if node >= 0 else np.int64(UNKNOWN)
    if part[KIND] == CLASSES and value < 0:
        return stem
    return value


@compiled
def read_tokens(
    part: Int32s,
    kinds: Int8s,
    table: Int64s,
    values: Int32s,
    stems: Int32s,
    mapped: Int32s,
    n: int,
    tokens: Int32s,
    n_tokens: int,
) -> int:
    """Append a chunk's tokens; return the new end."""
    style = np.int64(part[TOKENS])
    place = 0
    while place < n:
        end = token_end(kinds, style, mapped, place, n)
        if end == place:
            place += 1
            continue
        if style != LONG_RUNS or end - place >= 2:
            symbol = find_token(part, table, values, stems, mapped, place, end)
            if symbol != SKIPPED:
                tokens[n_tokens] = symbol
                n_tokens += 1
        place = end
    return n_tokens


@compiled
def read_cues(
    symbols: Int8s,
    moves: Int32s,
    is_word: Int8s,
    after_word: Int8s,
    hits: Int64s,
    parts: Int64s,
    end_parts: Int64s,
    points: Int32s,
    n: int,
    found: Int64s,
) -> None:
    """Write which rules have a cue in a chunk, and which parts of cues it has."""
    n_words = parts.shape[1]
    found[:] = 0
    state = np.int64(0)
    for place in range(n + 1):
        symbol = np.int64(symbols[points[place]]) if place < n else np.int64(0)
        # Behind the chunk is white space, which is no word character.
        if (is_word[symbol] if place < n else 0) != after_word[state]:
            found[0] |= hits[state]
            for word in range(n_words):
                found[1 + word] |= parts[state, word]
        if place < n:
            state = np.int64(moves[state, symbol])
    for word in range(n_words):
        found[1 + word] |= end_parts[state, word]


@compiled
def left_to_others(kinds: Int8s, lowers: int, points: Int32s, n: int, mapped: Int32s, n_mapped: int) -> bool:
    """Say whether a chunk needs what is not known here: a sigma's place, or an accent that is a space."""
    if lowers:
        for place in range(n):
            if points[place] == SIGMA:
                return True
    for place in range(n_mapped):
        if kinds[mapped[place]] & SPACE:
            return True
    return False


@compiled
def learn_chunk(program: Program, memo: Memo, data: Int8s, begin: int, end: int, strict: bool, width: int) -> int:
    """Work out what a chunk contributes and remember it; return a status."""
    number, n_columns, n_tokens, n_bytes, _ = memo.sizes
    length = end - begin
    room = min(len(memo.points) - length, len(memo.bytes) - n_bytes - length)
    size = CUE_PARTS + len(program.cue_first) + len(memo.n_line)
    if (number + 1) * size > len(memo.records) or room < 0:
        return FULL
    points, mapped = memo.points, memo.mapped
    n = decode(data, begin, end, strict, points)
    if n < 0:
        return INVALID
    record = memo.records[number * size : (number + 1) * size]
    record[LEFT] = 0
    first_column = n_columns
    table, values = program.letter_table, program.values
    base = number * len(program.parts) * width
    memo.sums[base : base + len(program.parts) * width] = 0.0
    for place in range(len(program.parts)):
        part = program.parts[place]
        if part[KIND] == CHARACTERS:
            continue
        n_mapped = see(program.mapped[part[VIEW]], program.bounds, program.expansions, points, n, mapped)
        n_lengths = part[LONGEST] - part[SHORTEST] + 1 if part[KIND] == WITHIN_WORDS else 1
        if (
            n_mapped < 0
            or n_mapped + 2 > len(memo.front)
            or n_columns + (n_mapped + 2) * n_lengths > len(memo.columns)
            or n_tokens + n_mapped > len(memo.tokens)
        ):
            return FULL
        if left_to_others(program.kinds, program.lowers[part[VIEW]], points, n, mapped, n_mapped):
            record[LEFT] = 1
        own = n_columns
        if part[KIND] == WITHIN_WORDS:
            # Accents may be all there was of a chunk; then there is no word.
            if n_mapped:
                n_columns = ngrams_within(part, table, values, mapped, n_mapped, memo.front, memo.columns, n_columns)
        else:
            first = n_tokens
            n_tokens = read_tokens(
                part, program.kinds, table, values, program.stems, mapped, n_mapped, memo.tokens, n_tokens
            )
            for which in range(first, n_tokens):
                token = memo.tokens[which]
                if token >= len(program.symbol_columns):
                    memo.tokens[which] = UNKNOWN
                elif token >= 0 and program.symbol_columns[token] >= 0:
                    memo.columns[n_columns] = program.symbol_columns[token]
                    n_columns += 1
            record[CUE_PARTS + len(program.cue_first) + part[SEQUENCE]] = first << 32 | n_tokens
        for which in range(own, n_columns):
            add_lanes(
                memo.sums, base + place * width, program.weights, np.int64(memo.columns[which]) * width, width, 1.0
            )
        if not part[COUNTED]:
            n_columns = own
    record[COLUMNS] = first_column << 32 | n_columns
    read_cues(
        program.cue_symbols,
        program.cue_moves,
        program.cue_is_word,
        program.cue_after_word,
        program.cue_hits,
        program.cue_parts,
        program.cue_end_parts,
        points,
        n,
        record[HITS : CUE_PARTS + len(program.cue_first)],
    )
    for place in range(length):
        memo.bytes[n_bytes + place] = data[begin + place]
    memo.sizes[N_CHUNKS] += 1
    memo.sizes[N_COLUMNS], memo.sizes[N_TOKENS], memo.sizes[N_BYTES] = n_columns, n_tokens, n_bytes + length
    return DONE


@compiled
def space_length(kinds: Int8s, data: Int8s, place: int, end: int) -> int:
    """Return the number of bytes of the white space of several bytes that starts here, or 0."""
    byte = np.int64(data[place])
    if byte < 0xE0:
        if place + 2 <= end and data[place + 1] & 0xC0 == 0x80:
            point = (byte & 0x1F) << 6 | np.int64(data[place + 1]) & 0x3F
            if kinds[point] & SPACE:
                return 2
    elif place + 3 <= end and data[place + 1] & 0xC0 == 0x80 and data[place + 2] & 0xC0 == 0x80:
        point = (byte & 0x0F) << 12 | (np.int64(data[place + 1]) & 0x3F) << 6 | np.int64(data[place + 2]) & 0x3F
        if kinds[point] & SPACE:
            return 3
    return 0


@compiled
def load_word(data: Int8s, begin: int, end: int) -> int:
    """Return up to eight bytes as one number."""
    word = np.int64(0)
    shift = 0
    for place in range(begin, end):
        word |= np.int64(data[place]) << shift
        shift += 8
    return word


@compiled
def same_bytes(kept: Int8s, first: int, data: Int8s, begin: int, length: int) -> bool:
    """Compare what the two words of a key do not hold: all but the first and last eight bytes."""
    for place in range(8, length - 8):
        if kept[first + place] != data[begin + place]:
            return False
    return True


@compiled
def has_sigma(data: Int8s, begin: int, end: int) -> bool:
    """Say whether there is a capital sigma, whose small form depends on its place."""
    for place in range(begin, end - 1):
        if data[place] == 0xCE and data[place + 1] == 0xA3:
            return True
    return False


@compiled
def read_across(program: Program, memo: Memo, data: Int8s, begin: int, end: int, strict: bool) -> tuple[int, int, bool]:
    """Write the columns of n-grams of characters across words; return a status, how many, and if it is left."""
    n_found, left = 0, False
    points, mapped = memo.points, memo.mapped
    for place in range(len(program.parts)):
        part = program.parts[place]
        if part[KIND] != CHARACTERS:
            continue
        if end - begin > len(points):
            return FULL, 0, left
        n = decode(data, begin, end, strict, points)
        if n < 0:
            return INVALID, 0, left
        left |= program.lowers[part[VIEW]] > 0 and has_sigma(data, begin, end)
        n_mapped = see(program.mapped[part[VIEW]], program.bounds, program.expansions, points, n, mapped)
        if n_mapped < 0 or n_found + n_mapped * np.int64(part[LONGEST]) > len(memo.extra):
            return FULL, 0, left
        n_mapped = join_spaces(program.kinds, mapped, n_mapped)
        n_found = ngrams_across(part, program.letter_table, program.values, mapped, n_mapped, memo.extra, n_found)
    return DONE, n_found, left


@compiled
def value_of(growth: int, times: int) -> float:
    """Return the value of a feature that occurs so often."""
    if growth == SUBLINEAR:
        return 1.0 + np.log(float(times))
    return 1.0 if growth == BINARY else float(times)


@compiled
def part_of(parts: Int32s, column: int) -> int:
    """Return the part that a column belongs to."""
    part = 0
    while column >= parts[part, LAST]:
        part += 1
    return part


@compiled
def correct(
    parts: Int32s,
    weights: Floats,
    logs: Floats,
    counts: Int32s,
    none: int,
    again: Int32s,
    n_again: int,
    totals: Floats,
    width: int,
) -> None:
    """Put right what columns that occur more than once have added."""
    for which in range(n_again):
        column = np.int64(again[which])
        times = np.int64(counts[np.uint64(column)]) - none
        if times <= 1:
            continue
        # Once put right it counts as one, so that it is not put right again.
        counts[np.uint64(column)] = none + 1
        part = part_of(parts, column)
        growth = parts[part, GROWTH]
        value = logs[times] if growth == SUBLINEAR and times < len(logs) else value_of(growth, times)
        change = value - times
        add_lanes(totals, part * width, weights, column * width, width, change)
        if parts[part, NORM] == L2:
            longer = value * value - times - change
            totals[part * width + width - 1] += longer * weights[column * width + width - 1]


@compiled
def score(
    program: Program,
    memo: Memo,
    data: Int8s,
    offsets: Int64s,
    first: int,
    last: int,
    strict: bool,
    scores: Floats,
    left: Int8s,
) -> tuple[int, int]:
    """Score sentences of a column, from ``first`` up to ``last``.

    The loop is one long function on purpose: a call that passes all arrays costs more than
    what a chunk takes.

    Parameters
    ----------
    program : Program
        The compiled pipeline.
    memo : Memo
        Of this thread.
    data : ndarray of uint8
        UTF-8 bytes of all sentences, one after another.
    offsets : ndarray of shape (n_sentences + 1,)
        Where each sentence starts in ``data``, not descending.
    first, last : int
        Which sentences.
    strict : bool
        Whether a surrogate in the bytes is invalid.
    scores : ndarray of shape (n_sentences, n_scores)
        Written.
    left : ndarray of shape (n_sentences,)
        Set to 1 for each sentence that is left to scikit-learn.

    Returns
    -------
    status, row : int
        ``DONE``; ``FULL`` if the memo has no room for this row; ``INVALID`` if it is no UTF-8.
    """
    spaces, kinds, parts, weights = program.spaces, program.kinds, program.parts, program.weights
    logs, vanish = program.logs, program.vanish[0] > 0
    step_table, step_columns = program.step_table, program.step_columns
    step_mask = len(step_table) // 2 - 1
    symbol_nodes, symbol_columns = program.symbol_nodes, program.symbol_columns
    cue_first, cue_last, cue_rules = program.cue_first, program.cue_last, program.cue_rules
    slots, records, sums, found = memo.slots, memo.records, memo.sums, memo.found
    columns, tokens, counts, seen, again, extra = (
        memo.columns,
        memo.tokens,
        memo.counts,
        memo.seen,
        memo.again,
        memo.extra,
    )
    line, n_line, walk, totals, active = memo.line, memo.n_line, memo.walk, memo.totals, memo.active
    width, n_parts, n_scores, n_words = len(program.offsets), len(parts), scores.shape[1], len(cue_first)
    n_rules, slot_mask, n_sequences = len(program.cue_any), len(slots) // SLOT - 1, len(n_line)
    at_tokens = CUE_PARTS + n_words
    n_places = at_tokens + n_sequences
    n_bytes = len(data)
    in_chunks, across, n_lengths = n_rules > 0, False, 1
    for part in range(n_parts):
        across |= parts[part, KIND] == CHARACTERS
        in_chunks |= parts[part, KIND] != CHARACTERS
        if parts[part, SEQUENCE] >= 0:
            n_lengths += parts[part, LONGEST]
    for row in range(first, last):
        totals[:] = 0.0
        active[:] = 0
        n_again, n_seen, hits, status, is_left = 0, 0, np.int64(0), DONE, False
        if offsets[row + 1] - offsets[row] > LONGEST_TEXT:
            # More of one feature than the lower half of a count holds.
            left[row] = True
            scores[row] = 0.0
            continue
        # A count of an earlier sentence is below what is none in this, so that none is set to 0
        # but here: once numbers start again, counts of the last ones would be above.
        if memo.sizes[N_EPOCHS] >= LAST_EPOCH:
            counts[:] = 0
            memo.sizes[N_EPOCHS] = 1
        none = np.int64(memo.sizes[N_EPOCHS]) << COUNT_BITS
        memo.sizes[N_EPOCHS] += 1
        for part in range(n_parts):
            sequence = parts[part, SEQUENCE]
            if sequence >= 0:
                n_line[sequence] = 0
                if parts[part, START] != SKIPPED:
                    line[sequence, 0] = parts[part, START]
                    n_line[sequence] = 1
        place, end = offsets[row], offsets[row + 1]
        while in_chunks and place < end:
            kind = spaces[data[place]]
            if kind:
                length = 1 if kind == 1 else space_length(kinds, data, place, end)
                if length:
                    is_left |= vanish and length > 1
                    place += length
                    continue
            begin = place
            while place < end:
                if place + 8 <= n_bytes:
                    # Eight bytes at once: none of them can be white space but a small or a large one.
                    word = read_word(data, place)
                    flags = (word - 0x2121212121212121) & ~word | word
                    flags &= np.int64(-0x7F7F7F7F7F7F7F80)
                    if flags == 0:
                        place += 8
                        continue
                    place += first_byte(flags)
                    if place >= end:
                        break
                kind = spaces[data[np.uint64(place)]]
                if kind and (kind == 1 or space_length(kinds, data, place, end) > 0):
                    break
                place += 1
            place = min(place, end)
            length = place - begin
            high = np.int64(0)
            if begin + 8 <= n_bytes:
                low = read_word(data, begin)
                if length < 8:
                    low &= (np.int64(1) << 8 * length) - 1
                elif length > 8:
                    high = read_word(data, place - 8)
            else:
                low = load_word(data, begin, place)
            if n_seen >= len(seen):
                status = FULL
                break
            hashed = (low ^ length) * np.int64(-0x61C8864680B583EB) ^ high * np.int64(-0x40A7B892E31B1A47)
            slot = mix(hashed) & slot_mask
            # What is asked for now has come by the time the sentence's chunks are looked up.
            prefetch(slots, slot * SLOT)
            at = np.uint64(n_seen * FOUND)
            found[at], found[at + ONE], found[at + TWO] = low, high, slot
            # From the sentence's start: from that of all bytes it may not fit beside the length.
            found[at + THREE] = (begin - offsets[row]) << 32 | length
            n_seen += 1
        for which_chunk in range(n_seen):
            if status != DONE:
                break
            at = np.uint64(which_chunk * FOUND)
            low, high, slot = found[at], found[at + ONE], found[at + TWO]
            begin, length = offsets[row] + (found[at + THREE] >> 32), found[at + THREE] & LOWER_HALF
            number = np.int64(-1)
            while True:
                at = np.uint64(slot * SLOT)
                held = slots[at + TWO]
                if held == 0:
                    break
                if slots[at] == low and slots[at + ONE] == high and held >> 32 == length:
                    if length <= 16 or same_bytes(memo.bytes, slots[at + THREE], data, begin, length):
                        number = (held & LOWER_HALF) - 1
                        break
                slot = (slot + 1) & slot_mask
            if number < 0:
                status = learn_chunk(program, memo, data, begin, begin + length, strict, width)
                if status != DONE:
                    break
                number = memo.sizes[N_CHUNKS] - 1
                at = np.uint64(slot * SLOT)
                slots[at], slots[at + ONE] = low, high
                slots[at + TWO], slots[at + THREE] = length << 32 | (number + 1), memo.sizes[N_BYTES] - length
            else:
                prefetch(records, number * n_places)
                for lane in range(0, n_parts * width, LANES):
                    prefetch(sums, number * n_parts * width + lane)
            seen[np.uint64(which_chunk)] = number
        for which_chunk in range(n_seen):
            if status != DONE:
                break
            if which_chunk + AHEAD < n_seen:
                ahead = np.int64(seen[np.uint64(which_chunk + AHEAD)])
                prefetch(columns, records[np.uint64(ahead * n_places + COLUMNS)] >> 32)
            number = np.int64(seen[np.uint64(which_chunk)])
            length = found[np.uint64(which_chunk * FOUND) + THREE] & LOWER_HALF
            record = number * n_places
            # A chunk has no more tokens than bytes; each ends as many n-grams as there are lengths.
            bounds = records[np.uint64(record + COLUMNS)]
            from_column, to_column = bounds >> 32, bounds & LOWER_HALF
            room = to_column - from_column + (length + 2) * n_lengths
            if n_again + room > len(again):
                status = FULL
                break
            is_left |= records[np.uint64(record + LEFT)] > 0
            for part in range(n_parts):
                add_lanes(totals, part * width, sums, (number * n_parts + part) * width, width, 1.0)
            for which in range(from_column, to_column):
                column = columns[np.uint64(which)]
                before = max(np.int64(counts[np.uint64(column)]), none)
                counts[np.uint64(column)] = before + 1
                # Written each time and kept only where it is one: cheaper than a guess that fails.
                again[np.uint64(n_again)] = column
                n_again += before > none
            for sequence in range(n_sequences):
                bounds = records[np.uint64(record + at_tokens + sequence)]
                size = n_line[sequence]
                if size + length + 2 > line.shape[1]:
                    status = FULL
                    break
                for which in range(bounds >> 32, bounds & LOWER_HALF):
                    line[np.uint64(sequence), np.uint64(size)] = tokens[np.uint64(which)]
                    size += 1
                n_line[sequence] = size
            if status != DONE:
                break
            hits |= records[np.uint64(record + HITS)]
            for word in range(n_words):
                active[word] = (active[word] << 1 | cue_first[word]) & records[np.uint64(record + CUE_PARTS + word)]
                ended = active[word] & cue_last[word]
                bit = 64 * word
                while ended:
                    if ended & 1:
                        hits |= np.int64(1) << np.int64(cue_rules[bit])
                    ended >>= 1
                    bit += 1
        if status == DONE:
            for part in range(n_parts):
                sequence = np.int64(parts[part, SEQUENCE])
                if sequence < 0:
                    continue
                size, longest, at = np.int64(n_line[sequence]), np.int64(parts[part, LONGEST]), part * width
                if n_again + (size + 1) * longest > len(again):
                    status = FULL
                    break
                if parts[part, END] != SKIPPED:
                    line[sequence, size] = parts[part, END]
                    size += 1
                walk[:] = -1
                if longest > 1:
                    before = np.int64(-1)
                    for which in range(size):
                        token = np.int64(line[sequence, which])
                        if before >= 0 and token >= 0:
                            key = np.int64(symbol_nodes[np.uint64(before)]) << SYMBOL_BITS | token
                            prefetch(step_table, 2 * (mix(key) & step_mask))
                        before = token
                for which in range(size):
                    token = np.int64(line[sequence, which])
                    marked = parts[part, START] != SKIPPED and (which == 0 or which == size - 1)
                    for length in range(longest - 1, -1, -1):
                        node = np.int64(-1)
                        column = np.int64(-1)
                        if length == 0:
                            if token >= 0:
                                node = np.int64(symbol_nodes[token])
                                # A token by itself is among its chunk's columns; a mark has no chunk.
                                if marked:
                                    column = np.int64(symbol_columns[token])
                        elif token >= 0 and walk[length - 1] >= 0:
                            node = step(step_table, np.int64(walk[length - 1]), token)
                            if node >= 0:
                                column = np.int64(step_columns[node])
                        walk[length] = node
                        if column >= 0:
                            add_lanes(totals, at, weights, column * width, width, 1.0)
                            before = max(np.int64(counts[np.uint64(column)]), none)
                            counts[np.uint64(column)] = before + 1
                            again[np.uint64(n_again)] = column
                            n_again += before > none
        if status == DONE:
            correct(parts, weights, logs, counts, none, again, n_again, totals, width)
        if status == DONE and across:
            status, n_extra, is_sigma = read_across(program, memo, data, offsets[row], end, strict)
            is_left |= is_sigma
            for which in range(n_extra):
                column = np.int64(extra[which])
                part = part_of(parts, column)
                add_lanes(totals, part * width, weights, column * width, width, 1.0)
                counts[column] = max(np.int64(counts[column]), none) + 1
            correct(parts, weights, logs, counts, none, extra, n_extra, totals, width)
        if status != DONE:
            return status, row
        left[row] = is_left
        for lane in range(n_scores):
            scores[row, lane] = program.offsets[lane]
        for part in range(n_parts):
            size = totals[part * width + width - 1]
            norm = parts[part, NORM]
            if norm == L2:
                size = np.sqrt(size)
            scale = 1.0 / size if norm != NO_NORM and size > 0.0 else 1.0
            for lane in range(n_scores):
                scores[row, lane] += scale * totals[part * width + lane]
        earliest = True
        for rule in range(n_rules):
            if hits >> rule & 1:
                for lane in range(n_scores):
                    scores[row, lane] += program.cue_any[rule, lane]
                    if earliest:
                        scores[row, lane] += program.cue_earliest[rule, lane]
                earliest = False
    return DONE, last
