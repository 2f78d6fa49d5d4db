"""The machine code: one pass over the bytes of a column of text.

What a chunk (whatever stands between white space) contributes is worked out once and remembered:
its columns, the sum of their weights, its tokens, its cues. A sentence is then the sum of its
chunks, the n-grams of its tokens, and a correction for each column that occurs more than once.

All functions stand in one module: numba's cache looks at the file of the function called, and
would miss a change elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from toolkit.engine.inference.program import (
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
    Program,
)
from toolkit.engine.intrinsics import (
    LINE,
    N_DIGITS,
    add_changes_of_eight,
    add_eight,
    add_rows_of_eight,
    blanks_at_once,
    compiled,
    compiled_inside,
    copy_at_once,
    count_at_once,
    count_bits,
    lowest_bit,
    matches_at_once,
    prefetch,
    read_times_at_once,
    read_word,
)
from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS_AND_MARKS, Floats, Int8s, Int32s, Int64s

# Of the numbers and fields in program.py: where one changes this changes, and with it this file,
# so that numba's cache forgets machine code made for the old ones. A test says what to write.
LAYOUT = "7578ce0f1e18bc84"
DONE, FULL, INVALID = range(3)
WORD, SPACE, MARK = 1, 2, 4
SIGMA = 0x3A3
SYMBOL_BITS = NODE_BITS = 21
N_RANKED = 64
LOWER_NODE = NO_TOKEN = (1 << NODE_BITS) - 1
LANES = 8
ONE, TWO, THREE = (np.uint64(number) for number in range(1, 4))
LOW, HIGH, SIZE, FLAGS, HITS, TOKENS_AT = range(6)
# Flags: to be left to scikit-learn; has a frequent column among the others; has a surrogate; and the number of
# its sets.
LEFT, MIXED, SURROGATE, SET, MOST_SETS = 1, 2, 4, 8, 3
# Places of what is found of a chunk on the way: its first and last eight bytes, its hash, and where in its
# sentence it starts and, in the lower half, how long it is.
FOUND = 4
LOWER_HALF = 0xFFFFFFFF
N_CHUNKS, N_LINES, N_BYTES, N_EPOCHS = range(4)
COUNT_BITS = 16
LAST_EPOCH = 1 << 15
LONGEST_TEXT = 1 << 15
MOST_ADDED = (1 << N_DIGITS) - 1
N_FREQUENT = 64 * LINE
N_COPIED = 16
# So many sentences are cut before the first is read.
N_ROWS = 8
# What repeated columns change is known beforehand up to this count.
N_TIMES = 256


class Memo(NamedTuple):
    """What one thread remembers of chunks, and its working memory.

    Attributes
    ----------
    slots : ndarray of shape (n_slots,)
        Hash table of chunks: half of a chunk's hash and, in the lower half, its record's first line plus one.
    records, sums, columns : ndarray
        One memory seen as words, as numbers and as halves of words: records of chunks, one after another.
    bytes : ndarray
        Bytes of the chunks that are too long for a record, one after another.
    sizes : ndarray of shape (4,)
        How many chunks, lines and bytes are in use, and the number of the sentence.
    counts : ndarray of shape (n_columns,)
        How often the sentence has each column so far, in the lower half; above it, the
        number of the sentence.
    digits : ndarray of shape (48,)
        How often it has each frequent column, as binary digits: the lowest of all, the next of all.
    times : ndarray of shape (512,)
        The same, a number each.
    ends, wide : ndarray of shape (9,) and (8,)
        Where the chunks of each sentence that is cut end, from a nought on; and whether it has white
        space of several bytes.
    found : ndarray of shape (4 * n_chunks,)
        Chunks of the sentences that are cut, as the places above.
    seen, rest, again, extra : ndarray
        First lines of those chunks, then of their sums; their columns that are not frequent;
        columns met twice; columns of a chunk that is learned, or of n-grams of characters across words.
    points, mapped : ndarray
        Code points of a chunk or sentence as they came and as a view sees them.
    front, places, keys : ndarray
        Nodes of the n-grams of one length, where each starts, and keys of those one longer.
    tokens, bounds : ndarray
        Tokens of a chunk that is learned, and where those of each part that has any end.
    line : ndarray of shape (n_sequences, n_tokens)
        The sentence's tokens, for each part that has any.
    n_line : ndarray of shape (n_sequences,)
        How many they are.
    totals, own : ndarray of shape (n_parts * width,)
        Sums of the sentence, and of a chunk that is learned.
    sets : ndarray of shape (24,)
        Its sets of frequent columns.
    set_lines : ndarray of shape (3 * n_chunks + 3,)
        Lines of records in which the sentence's sets of frequent columns stand.
    lengths : ndarray of shape (n_parts,)
        What repeated columns add to the lengths of the sentence's parts.
    active : ndarray of shape (n_words,)
        Cues of several words that have begun.
    """

    slots: Int64s
    records: Int64s
    sums: Floats
    columns: Int32s
    bytes: Int8s
    sizes: Int64s
    counts: Int32s
    digits: Int64s
    found: Int64s
    seen: Int32s
    rest: Int32s
    again: Int32s
    extra: Int32s
    points: Int32s
    mapped: Int32s
    front: Int32s
    places: Int32s
    keys: Int64s
    tokens: Int32s
    bounds: Int64s
    line: Int32s
    n_line: Int64s
    totals: Floats
    own: Floats
    sets: Int64s
    set_lines: Int32s
    times: Int8s
    ends: Int64s
    wide: Int8s
    lengths: Floats
    active: Int64s


@compiled
def mix(key: int) -> int:
    """Spread the bits of a key over the whole word; its upper bits choose a slot."""
    spread = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    spread ^= spread >> np.uint64(29)
    return np.int64((spread * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(1))


@compiled
def fill_table(parents: Int32s, symbols: Int32s, table: Int64s) -> None:
    """Put all nodes of some tries into an empty open-addressing table: keys and, below, the nodes they lead to.

    A key stands somewhere in its line of eight, or in the next if that is full.
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
    """Spread a key of a table; the lower bits choose its slot."""
    return np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32))


@compiled
def value_of(growth: int, times: int) -> float:
    """Return the value of a feature that occurs so often."""
    if growth == SUBLINEAR:
        return 1.0 + np.log(float(times))
    return 1.0 if growth == BINARY else float(times)


@compiled
def fill_changes(parts: Int32s, changes: Floats) -> None:
    """Write what a column adds too little, to the scores and besides to the length, for each part and count."""
    for part in range(len(parts)):
        for times in range(1, N_TIMES):
            value = value_of(parts[part, GROWTH], times)
            at = 2 * (part * N_TIMES + times)
            changes[at] = value - times
            changes[at + 1] = value * value - value if parts[part, NORM] == L2 else 0.0


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


@compiled
def add_rows_checked(
    totals: Floats, to: int, weights: Floats, of: int, numbers: Int32s, first: int, last: int, width: int, step: int
) -> None:
    """Add some rows of weights to some totals; each index is checked where numba checks."""
    for which in range(first, last):
        for lane in range(width):
            totals[to + lane] += weights[np.int64(numbers[which]) * step + of + lane]


@compiled
def add_rows_at_once(
    totals: Floats, to: int, weights: Floats, of: int, numbers: Int32s, first: int, last: int, width: int, step: int
) -> None:
    """Add some rows of weights to some totals, eight numbers at once."""
    for lane in range(0, width, LANES):
        add_rows_of_eight(totals, to + lane, weights, of + lane, numbers, first, last, step)


@compiled
def copy_numbers_checked(target: Int32s, to: int, source: Int32s, of: int, n: int) -> None:
    """Copy some numbers; each index is checked where numba checks."""
    for which in range(n):
        target[to + which] = source[of + which]


@compiled_inside
def copy_numbers_at_once(target: Int32s, to: int, source: Int32s, of: int, n: int) -> None:
    """Copy some numbers, and up to sixteen behind them, for which there must be room."""
    # The first in any case: mostly these are all, and whether there are any is not to be guessed.
    copy_at_once(target, to, source, of)
    for which in range(N_COPIED, n, N_COPIED):
        copy_at_once(target, to + which, source, of + which)


@compiled
def count_sets_checked(digits: Int64s, records: Int64s, lines: Int32s, first: int, last: int) -> None:
    """Add one to the binary numbers of all columns of some sets; each index is checked where numba checks."""
    for which in range(first, last):
        for lane in range(LINE):
            carry = records[np.int64(lines[which]) * LINE + lane]
            for digit in range(N_DIGITS):
                before = digits[digit * LINE + lane]
                digits[digit * LINE + lane] = before ^ carry
                carry &= before


@compiled
def count_sets_at_once(digits: Int64s, records: Int64s, lines: Int32s, first: int, last: int) -> None:
    """Add one to the binary numbers of all columns of some sets, all at once."""
    count_at_once(digits, records, lines, first, last)


@compiled
def read_times_checked(times: Int8s, digits: Int64s) -> None:
    """Write the binary numbers of all columns one after another; each index is checked where numba checks."""
    for lane in range(LINE):
        for bit in range(64):
            times[64 * lane + bit] = times_of(digits, lane, bit)


@compiled
def read_times_vectors(times: Int8s, digits: Int64s) -> None:
    """Write the binary numbers of all columns one after another, 64 at once."""
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
    times: Int8s,
    first: int,
    last: int,
) -> None:
    """Add what some columns have added too little; each index is checked where numba checks."""
    for which in range(first, last):
        column = np.int64(numbers[which])
        place = at + 2 * np.int64(times[column])
        for lane in range(width):
            totals[to + lane] += changes[place] * weights[column * width + lane]
        totals[to + width - 1] += changes[place + 1] * weights[column * width + width - 1]


@compiled
def add_changes_at_once(
    totals: Floats,
    to: int,
    weights: Floats,
    width: int,
    changes: Floats,
    at: int,
    numbers: Int32s,
    times: Int8s,
    first: int,
    last: int,
) -> None:
    """Add what some columns have added too little, eight numbers at once."""
    for lane in range(0, width, LANES):
        add_changes_of_eight(totals, to + lane, weights, lane, width, changes, at, numbers, times, first, last)


@compiled
def times_of(digits: Int64s, lane: int, bit: int) -> int:
    """Return how often a sentence has a frequent column."""
    times = np.int64(0)
    for digit in range(N_DIGITS):
        times |= (digits[digit * LINE + lane] >> bit & 1) << digit
    return times


@compiled
def matches_checked(table: Int64s, place: int, tag: int, shift: int) -> int:
    """Say of the numbers of a line which are a tag, once shifted; each index is checked where numba checks."""
    found = np.int64(0)
    for lane in range(LINE):
        found |= np.int64(table[place + lane] >> shift == tag) << lane
    return found


@compiled
def matches_of_line(table: Int64s, place: int, tag: int, shift: int) -> int:
    """Say of the numbers of a line which are a tag, once shifted, all at once."""
    return matches_at_once(table, place, tag, shift)


read_times = read_times_checked if numba.config.BOUNDSCHECK else read_times_vectors
add_changes = add_changes_checked if numba.config.BOUNDSCHECK else add_changes_at_once
matches = matches_checked if numba.config.BOUNDSCHECK else matches_of_line
add_rows = add_rows_checked if numba.config.BOUNDSCHECK else add_rows_at_once
add_lanes = add_lanes_checked if numba.config.BOUNDSCHECK else add_lanes_at_once
copy_numbers = copy_numbers_checked if numba.config.BOUNDSCHECK else copy_numbers_at_once
count_sets = count_sets_checked if numba.config.BOUNDSCHECK else count_sets_at_once


@compiled
def look_up(table: Int64s, key: int) -> int:
    """Return the node that a key leads to, or -1."""
    place = slot_of(key) & len(table) - LINE
    same = matches(table, place, key, NODE_BITS)
    # Both asked at once: whether a key is there is not to be guessed, that a line is full is rare.
    while (same == 0) & (table[np.uint64(place + LINE - 1)] >= 0):
        place = place + LINE & len(table) - LINE
        same = matches(table, place, key, NODE_BITS)
    node = table[np.uint64(place + lowest_bit(same | 1 << LINE - 1))] & LOWER_NODE
    # No way out before: a guess at what is found costs more.
    return node if same else np.int64(-1)


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


@compiled_inside
def child_of(program: Program, node: int, point: int) -> int:
    """Return the node that a code point leads to from another, or -1."""
    rank = np.uint64(program.ranks[np.uint64(point)])
    if rank >= N_RANKED:
        return look_up(program.letters, node << SYMBOL_BITS | point)
    bits = np.uint64(program.branches[np.uint64(node)])
    child = np.int64(program.firsts[np.uint64(node)]) + count_bits(np.int64(bits & ((ONE << rank) - ONE)))
    return child if bits >> rank & ONE else np.int64(-1)


@compiled_inside
def ngrams_within(
    program: Program,
    part: Int32s,
    mapped: Int32s,
    n: int,
    front: Int32s,
    places: Int32s,
    found: Int32s,
    n_found: int,
) -> int:
    """Append the columns of a word's n-grams with a space on either side; return the new end.

    The word stands in ``mapped`` behind one free place, and another follows.
    """
    ranks, branches, firsts, columns = program.ranks, program.branches, program.firsts, program.columns
    size, shortest = n + 2, np.int64(part[SHORTEST])
    longest = min(np.int64(part[LONGEST]), size)
    mapped[0] = mapped[size - 1] = 32
    most = np.uint8(0)
    for place in range(size):
        rank = ranks[mapped[place]]
        most = max(most, rank)
        front[np.uint64(place)] = part[ROOT]
        places[np.uint64(place)] = place
    if most >= N_RANKED:
        return ngrams_looked_up(program, part, mapped, size, front, places, found, n_found)
    n_front = size
    # All n-grams of one length before the next: their lookups do not wait for each other.
    for length in range(1, longest + 1):
        if n_front and places[n_front - 1] + length > size:
            n_front -= 1
        # scikit-learn takes a word shorter than the shortest n-gram as it is.
        is_ngram = length >= shortest or length == size
        n_kept = 0
        for which in range(n_front):
            # Written each time and kept where it is one: cheaper than a guess that fails.
            place, node = np.int64(places[np.uint64(which)]), np.uint64(front[np.uint64(which)])
            rank = np.uint64(ranks[np.uint64(mapped[np.uint64(place + length - 1)])])
            bits = np.uint64(branches[node])
            leads = np.int64(bits >> rank & ONE)
            node = (np.int64(firsts[node]) + count_bits(np.int64(bits & ((ONE << rank) - ONE)))) * leads
            column = columns[np.uint64(node)]
            found[np.uint64(n_found)] = column
            n_found += is_ngram and leads and column != -1
            front[np.uint64(n_kept)] = node
            places[np.uint64(n_kept)] = place
            n_kept += leads
        n_front = n_kept
    return n_found


@compiled
def ngrams_looked_up(
    program: Program,
    part: Int32s,
    mapped: Int32s,
    size: int,
    front: Int32s,
    places: Int32s,
    found: Int32s,
    n_found: int,
) -> int:
    """Go on with :func:`ngrams_within` for a word with a rare letter."""
    shortest, n_front = np.int64(part[SHORTEST]), size
    for length in range(1, min(np.int64(part[LONGEST]), size) + 1):
        if n_front and places[n_front - 1] + length > size:
            n_front -= 1
        n_kept = 0
        for which in range(n_front):
            place = np.int64(places[which])
            node = child_of(program, np.int64(front[which]), np.int64(mapped[place + length - 1]))
            if node >= 0:
                front[n_kept], places[n_kept] = node, place
                n_kept += 1
                if (length >= shortest or length == size) and program.columns[node] != -1:
                    found[n_found] = program.columns[node]
                    n_found += 1
        n_front = n_kept
    return n_found


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


@compiled_inside
def ngrams_across(program: Program, part: Int32s, points: Int32s, n: int, columns: Int32s, n_columns: int) -> int:
    """Append the columns of a text's n-grams of characters; return the new end."""
    values = program.values
    for begin in range(n):
        node = np.int64(part[ROOT])
        for last in range(begin, min(begin + np.int64(part[LONGEST]), n)):
            node = child_of(program, node, np.int64(points[last]))
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
def find_token(program: Program, part: Int32s, mapped: Int32s, begin: int, end: int) -> int:
    """Return a token's symbol; ``UNKNOWN`` or ``SKIPPED`` if it has none."""
    node, stem = np.int64(part[ROOT]), np.int64(SKIPPED)
    is_class = part[KIND] == CLASSES
    for place in range(begin, end):
        node = child_of(program, node, np.int64(mapped[place]))
        if node < 0:
            break
        if is_class and program.stems[node] >= 0:
            stem = np.int64(program.stems[node])
    value = np.int64(program.values[node]) if node >= 0 else np.int64(UNKNOWN)
    return stem if is_class and value < 0 else value


@compiled
def read_tokens(program: Program, part: Int32s, mapped: Int32s, n: int, tokens: Int32s, n_tokens: int) -> int:
    """Append a chunk's tokens; return the new end."""
    style = np.int64(part[TOKENS])
    place = 0
    while place < n:
        end = token_end(program.kinds, style, mapped, place, n)
        if end == place:
            place += 1
            continue
        if style != LONG_RUNS or end - place >= 2:
            symbol = find_token(program, part, mapped, place, end)
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
) -> int:
    """Return which rules have a cue in a chunk, and write which parts of cues it has."""
    n_words = parts.shape[1]
    found[:] = 0
    ended = np.int64(0)
    state = np.int64(0)
    for place in range(n + 1):
        symbol = np.int64(symbols[points[place]]) if place < n else np.int64(0)
        # Behind the chunk is white space, which is no word character.
        if (is_word[symbol] if place < n else 0) != after_word[state]:
            ended |= hits[state]
            for word in range(n_words):
                found[word] |= parts[state, word]
        if place < n:
            state = np.int64(moves[state, symbol])
    for word in range(n_words):
        found[word] |= end_parts[state, word]
    return ended


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
def has_surrogate(points: Int32s, n: int) -> bool:
    """Say whether a chunk has a surrogate: it may come again where one is invalid."""
    for place in range(n):
        if 0xD800 <= points[place] < 0xE000:
            return True
    return False


@compiled_inside
def learn_chunk(
    program: Program, memo: Memo, data: Int8s, begin: int, end: int, strict: bool, width: int, low: int, high: int
) -> tuple[int, int]:
    """Work out what a chunk contributes and remember it; return a status and where its record starts."""
    n_lines, n_bytes = memo.sizes[N_LINES], memo.sizes[N_BYTES]
    start, length, n_words, n_sequences = n_lines * LINE, end - begin, len(program.cue_first), len(memo.n_line)
    records, columns, extra, points, mapped = memo.records, memo.columns, memo.extra, memo.points, memo.mapped
    n_sums = len(program.parts) * width
    at_columns = start + TOKENS_AT + n_sequences + n_words
    room = min(len(points) - length, len(memo.bytes) - n_bytes - length)
    if room < 0 or 2 * (memo.sizes[N_CHUNKS] + 1) > len(memo.slots):
        return FULL, 0
    n, highest = length, np.uint8(0)
    for place in range(length):
        byte = data[begin + place]
        points[place] = byte
        highest = max(highest, byte)
    n_tokens, flags, seen = 0, 0, -1
    memo.own[:] = 0.0
    if highest >= 0x80:
        n = decode(data, begin, end, strict, points)
        if n < 0:
            return INVALID, 0
        flags = SURROGATE * has_surrogate(points, n)
    # Columns from the start on, and numbers of frequent ones from the end.
    n_rest, last_frequent, n_mapped, word = 0, len(extra), 0, mapped[1:]
    for place in range(len(program.parts)):
        part = program.parts[place]
        if part[KIND] == CHARACTERS:
            continue
        if part[VIEW] != seen:
            seen = part[VIEW]
            n_mapped = see(program.mapped[seen], program.bounds, program.expansions, points, n, word[:-1])
            if n_mapped < 0:
                return FULL, 0
            if highest >= 0x80 and left_to_others(program.kinds, program.lowers[seen], points, n, word, n_mapped):
                flags |= LEFT
        n_lengths = part[LONGEST] - part[SHORTEST] + 1 if part[KIND] == WITHIN_WORDS else 1
        # Twice as many as may be found: those that are frequent move to the end before all are read.
        if (
            n_mapped + 2 > len(memo.front)
            or n_rest + 2 * (n_mapped + 2) * n_lengths > last_frequent
            or n_tokens + n_mapped > len(memo.tokens)
        ):
            return FULL, 0
        own, own_frequent, n_found = n_rest, last_frequent, n_rest
        if part[KIND] == WITHIN_WORDS:
            # Accents may be all there was of a chunk; then there is no word.
            if n_mapped:
                n_found = ngrams_within(program, part, mapped, n_mapped, memo.front, memo.places, extra, n_rest)
        else:
            first = n_tokens
            n_tokens = read_tokens(program, part, word, n_mapped, memo.tokens, n_tokens)
            for which in range(first, n_tokens):
                token = memo.tokens[which]
                if token < 0 or token >= len(program.symbol_columns):
                    memo.tokens[which] = NO_TOKEN
                elif program.symbol_columns[token] >= 0:
                    column = program.symbol_columns[token]
                    bit = program.frequent_bits[column]
                    extra[n_found] = column if bit < 0 else -2 - bit
                    n_found += 1
            memo.bounds[part[SEQUENCE]] = n_tokens
        for which in range(own, n_found):
            column = np.int64(extra[np.uint64(which)])
            prefetch(program.weights, max(column, 0) * width)
            extra[np.uint64(last_frequent - 1)] = -2 - column
            last_frequent -= column < 0
            extra[np.uint64(n_rest)] = column
            n_rest += column >= 0
        add_rows(memo.own, place * width, program.frequent_weights, 0, extra, last_frequent, own_frequent, width, width)
        add_rows(memo.own, place * width, program.weights, 0, extra, own, n_rest, width, width)
        if not part[COUNTED]:
            n_rest, last_frequent = own, own_frequent
    # Frequent columns into sets; what three sets do not hold stays among the others.
    sets, n_sets = memo.sets, 0
    for which in range(last_frequent, len(extra)):
        bit = np.int64(extra[which])
        number = 0
        while number < n_sets and sets[LINE * number + (bit >> 6)] >> (bit & 63) & 1:
            number += 1
        if number == MOST_SETS:
            flags |= MIXED
            extra[n_rest] = program.frequent[bit]
            n_rest += 1
            continue
        if number == n_sets:
            sets[LINE * number : LINE * (number + 1)] = 0
            n_sets += 1
        sets[LINE * number + (bit >> 6)] |= np.int64(1) << (bit & 63)
    at_sums = first_sum(at_columns, n_rest)
    at_sets = at_sums + n_sums
    at = 2 * (at_sets + LINE * n_sets)
    if at + n_tokens + 2 * N_COPIED > len(columns):
        return FULL, 0
    for which in range(n_sums):
        memo.sums[at_sums + which] = memo.own[which]
    for which in range(LINE * n_sets):
        records[at_sets + which] = sets[which]
    for which in range(n_rest):
        columns[2 * at_columns + which] = extra[which]
    first = 0
    for sequence in range(n_sequences):
        last = memo.bounds[sequence]
        held = at - 2 * start
        if last - first <= 2:
            held = np.int64(0)
            for which in range(first, last):
                held |= np.int64(memo.tokens[which]) << SYMBOL_BITS * (which - first)
        else:
            for which in range(first, last):
                columns[at] = memo.tokens[which]
                at += 1
        records[start + TOKENS_AT + sequence] = (last - first) << 2 * SYMBOL_BITS | held
        first = last
    records[start + LOW], records[start + HIGH] = low, high
    records[start + SIZE] = length << 32 | n_rest
    records[start + FLAGS] = n_bytes << 32 | (n_sets * SET | flags)
    cues = start + TOKENS_AT + n_sequences
    records[start + HITS] = 0
    records[cues : cues + n_words] = 0
    if len(program.cue_any):
        records[start + HITS] = read_cues(
            program.cue_symbols,
            program.cue_moves,
            program.cue_is_word,
            program.cue_after_word,
            program.cue_hits,
            program.cue_parts,
            program.cue_end_parts,
            points,
            n,
            records[cues : cues + n_words],
        )
    if length > 16:
        for place in range(length):
            memo.bytes[n_bytes + place] = data[begin + place]
        memo.sizes[N_BYTES] = n_bytes + length
    memo.sizes[N_CHUNKS] += 1
    memo.sizes[N_LINES] = (at + 2 * LINE - 1) // (2 * LINE)
    return DONE, start


@compiled
def first_sum(at_columns: int, n_columns: int) -> int:
    """Return where a record's sums start: at the first line behind its columns."""
    return (at_columns + (n_columns + 1) // 2 + LINE - 1) // LINE * LINE


@compiled
def find_again(
    slots: Int64s, records: Int64s, kept: Int8s, data: Int8s, begin: int, end: int, low: int, high: int, hashed: int
) -> int:
    """Return where the record of a chunk starts that is not the first of its tag; else -1 less its slot to be."""
    place = hashed & len(slots) - LINE
    while True:
        for slot in range(place, place + LINE):
            held = slots[slot]
            if held == 0:
                return -1 - slot
            start = ((held & LOWER_HALF) - 1) * LINE
            if held >> 32 == hashed >> 32 and is_chunk(records, kept, start, data, begin, end, low, high):
                return start
        place = place + LINE & len(slots) - LINE


@compiled
def is_chunk(records: Int64s, kept: Int8s, start: int, data: Int8s, begin: int, end: int, low: int, high: int) -> bool:
    """Say whether a record is that of a chunk."""
    length = end - begin
    if records[start + LOW] != low or records[start + HIGH] != high or records[start + SIZE] >> 32 != length:
        return False
    return length <= 16 or same_bytes(kept, records[start + FLAGS] >> 32, data, begin, length)


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


@compiled_inside
def blanks(data: Int8s, place: int, end: int) -> int:
    """Say of up to 64 bytes before ``end`` which may be white space or start some, and mark the end itself."""
    n = end - place
    if place + 64 <= len(data):
        found = blanks_at_once(data, place)
    else:
        found = np.int64(0)
        for ahead in range(min(n, 64)):
            byte = np.int64(data[place + ahead])
            found |= np.int64(byte <= 32 or byte >= 128) << ahead
    return found if n >= 64 else found & ((np.int64(1) << n) - 1) | np.int64(1) << n


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


@compiled_inside
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
        n_found = ngrams_across(program, part, mapped, n_mapped, memo.extra, n_found)
    return DONE, n_found, left


@compiled
def part_of(parts: Int32s, column: int) -> int:
    """Return the part that a column belongs to."""
    part = np.int64(0)
    # No way out before the end: a guess at where it is costs more.
    for other in range(len(parts) - 1):
        part += column >= parts[np.uint64(other), LAST]
    return part


@compiled
def add_counted(
    program: Program, totals: Floats, lengths: Floats, weights: Floats, row: int, part: int, times: int, width: int
) -> None:
    """Put right what a column that occurs more than once has added."""
    # Of a damaged file a count may have overflown: a negative one is no place in the table.
    if np.uint64(times) < np.uint64(N_TIMES):
        at = np.uint64(2 * (part * N_TIMES + times))
        change, longer = program.changes[at], program.changes[at + ONE]
    else:
        value = value_of(program.parts[part, GROWTH], times)
        change, longer = value - times, 0.0
        if program.parts[part, NORM] == L2:
            longer = value * value - value
    add_lanes(totals, part * width, weights, row * width, width, change)
    # Apart from the other lanes: a number written into eight that are read at once holds those up.
    lengths[np.uint64(part)] += longer * weights[np.uint64(row * width + width - 1)]


@compiled
def count_frequent(digits: Int64s, frequent: Int32s, counts: Int32s, none: int, again: Int32s, n_again: int) -> int:
    """Add the counts of frequent columns to those of all, and start anew; return how many are met twice."""
    for lane in range(LINE):
        bits = np.int64(0)
        for digit in range(N_DIGITS):
            bits |= digits[digit * LINE + lane]
        while bits:
            bit = lowest_bit(bits)
            bits &= bits - 1
            column = frequent[64 * lane + bit]
            before = max(np.int64(counts[column]), none)
            after = before + times_of(digits, lane, bit)
            counts[column] = after
            if before <= none + 1 < after:
                again[n_again] = column
                n_again += 1
    digits[:] = 0
    return n_again


@compiled_inside
def start_lines(parts: Int32s, line: Int32s, n_line: Int64s) -> None:
    """Begin the tokens of a sentence: with the mark of its start, where a part has one."""
    for part in range(len(parts)):
        sequence = parts[part, SEQUENCE]
        if sequence >= 0:
            n_line[sequence] = 0
            if parts[part, START] != SKIPPED:
                line[sequence, 0] = parts[part, START] if parts[part, START] >= 0 else NO_TOKEN
                n_line[sequence] = 1


@compiled_inside
def cut(program: Program, memo: Memo, data: Int8s, begin: int, end: int, n_seen: int) -> tuple[int, bool]:
    """Append a sentence's chunks; return the new end, -1 if there is no room, and if white space of several bytes."""
    spaces, kinds, found, slots = program.spaces, program.kinds, memo.found, memo.slots
    vanished, n_bytes, slot_mask = False, len(data), len(slots) - LINE
    block, sentence = begin, begin
    while block <= end:
        bits = blanks(data, block, end)
        while bits:
            place = block + lowest_bit(bits)
            bits &= bits - 1
            # A part of a white space of several bytes, or of a letter.
            if place < begin:
                continue
            length = place - begin
            if place < end:
                kind = spaces[data[np.uint64(place)]]
                size = np.int64(kind) if kind <= 1 else space_length(kinds, data, place, end)
                if size == 0:
                    continue
                vanished |= size > 1
                begin = place + size
            if length == 0:
                continue
            from_byte = place - length
            if from_byte + 8 <= n_bytes:
                least = np.int64(min(length, 8))
                low = read_word(data, from_byte) & np.int64(np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - 8 * least))
                # Read in any case: cheaper than a guess at the length.
                high = read_word(data, max(place - 8, from_byte)) if length > 8 else np.int64(0)
            else:
                low, high = load_word(data, from_byte, place), np.int64(0)
            if n_seen >= len(memo.seen):
                return -1, vanished
            hashed = mix((low ^ length) * np.int64(-0x61C8864680B583EB) ^ high * np.int64(-0x40A7B892E31B1A47))
            # What is asked for now has come by the time the sentence's chunks are looked up.
            prefetch(slots, hashed & slot_mask)
            at = np.uint64(n_seen * FOUND)
            found[at], found[at + ONE], found[at + TWO] = low, high, hashed
            # From the sentence's start: from that of all bytes it may not fit beside the length.
            found[at + THREE] = (from_byte - sentence) << 32 | length
            n_seen += 1
        block += 64
    return n_seen, vanished


@compiled_inside
def ask_for_records(memo: Memo, n_seen: int, n_asked: int) -> None:
    """Look the chunks up, by their hashes alone, and ask for their records; find out where those may start."""
    slots, records, found, seen = memo.slots, memo.records, memo.found, memo.seen
    slot_mask = len(slots) - LINE
    for which_chunk in range(n_seen):
        hashed = found[np.uint64(which_chunk * FOUND) + TWO]
        line_of = hashed & slot_mask
        same = matches(slots, line_of, hashed >> 32, 32)
        # If none matches this is the last of the line, which a chunk's bytes tell from it.
        held = slots[np.uint64(line_of + lowest_bit(same | 1 << LINE - 1))]
        start = (held & LOWER_HALF) - 1
        for ahead in range(0, n_asked, LINE):
            prefetch(records, start * LINE + ahead)
        seen[np.uint64(which_chunk)] = start


@compiled_inside
def read_chunks(
    program: Program, memo: Memo, data: Int8s, begin: int, first_chunk: int, last_chunk: int, strict: bool
) -> tuple[int, int, int, int, int]:
    """Collect what a sentence's chunks have: columns, sets, tokens and cues; learn those that are new.

    Returns a status, how many columns and sets, flags, and the rules with a cue.
    """
    slots, records, columns, found, seen = memo.slots, memo.records, memo.columns, memo.found, memo.seen
    rest, line, n_line, set_lines, active = memo.rest, memo.line, memo.n_line, memo.set_lines, memo.active
    cue_first, cue_last, cue_rules = program.cue_first, program.cue_last, program.cue_rules
    width, n_sequences, n_words = len(program.offsets), len(n_line), len(cue_first)
    at_cues = TOKENS_AT + n_sequences
    at_columns = at_cues + n_words
    n_sum_lines = len(program.parts) * width // LINE
    n_rest, n_sets, flags, hits = 0, 0, np.int64(0), np.int64(0)
    for which_chunk in range(first_chunk, last_chunk):
        at = np.uint64(which_chunk * FOUND)
        low, high = found[at], found[at + ONE]
        first, length = begin + (found[at + THREE] >> 32), found[at + THREE] & LOWER_HALF
        start = np.int64(seen[np.uint64(which_chunk)]) * LINE
        record = np.uint64(max(start, 0))
        other = records[record + LOW] ^ low | records[record + ONE] ^ high | records[record + TWO] >> 32 ^ length
        if other | start >> 63 or (
            length > 16 and not same_bytes(memo.bytes, records[record + THREE] >> 32, data, first, length)
        ):
            start = find_again(slots, records, memo.bytes, data, first, first + length, low, high, found[at + TWO])
            if start < 0:
                slot = -1 - start
                status, start = learn_chunk(program, memo, data, first, first + length, strict, width, low, high)
                if status != DONE:
                    return status, 0, 0, 0, 0
                slots[np.uint64(slot)] = found[at + TWO] >> 32 << 32 | (start // LINE + 1)
        record = np.uint64(start)
        size = records[record + TWO] & LOWER_HALF
        own = records[record + THREE] & LOWER_HALF
        flags |= own
        if n_rest + size + N_COPIED > len(rest):
            return FULL, 0, 0, 0, 0
        # Sums and sets are only noted: added up one by one, each would wait for the one before.
        line_of = first_sum(start + at_columns, size) // LINE
        seen[np.uint64(which_chunk)] = line_of
        for which in range(MOST_SETS):
            set_lines[np.uint64(n_sets + which)] = line_of + n_sum_lines + which
        n_sets += own // SET
        copy_numbers(rest, n_rest, columns, 2 * (start + at_columns), size)
        n_rest += size
        for sequence in range(n_sequences):
            held = records[record + np.uint64(TOKENS_AT + sequence)]
            n_tokens, at_line = held >> 2 * SYMBOL_BITS, n_line[sequence]
            if at_line + n_tokens + 2 > line.shape[1]:
                return FULL, 0, 0, 0, 0
            line[np.uint64(sequence), np.uint64(at_line)] = held & NO_TOKEN
            line[np.uint64(sequence), np.uint64(at_line + 1)] = held >> SYMBOL_BITS & NO_TOKEN
            if n_tokens > 2:
                place = 2 * start + (held & LOWER_HALF)
                for which in range(n_tokens):
                    line[np.uint64(sequence), np.uint64(at_line + which)] = columns[np.uint64(place + which)]
            n_line[sequence] = at_line + n_tokens
        hits |= records[record + np.uint64(HITS)]
        for word in range(n_words):
            active[word] = (active[word] << 1 | cue_first[word]) & records[record + np.uint64(at_cues + word)]
            ended = active[word] & cue_last[word]
            while ended:
                hits |= np.int64(1) << np.int64(cue_rules[64 * word + lowest_bit(ended)])
                ended &= ended - 1
    return DONE, n_rest, n_sets, flags, hits


@compiled_inside
def has_room(program: Program, memo: Memo, n_rest: int) -> bool:
    """Say whether there is room for all columns that a sentence with such lines of tokens may have."""
    n_possible = n_rest + N_FREQUENT + 1
    for part in range(len(program.parts)):
        if program.parts[part, SEQUENCE] >= 0:
            n_possible += (memo.n_line[program.parts[part, SEQUENCE]] + 1) * program.parts[part, LONGEST]
    return n_possible <= min(len(memo.again), len(memo.rest))


@compiled_inside
def add_chunks(program: Program, memo: Memo, first: int, last: int, n_sets: int, none: int) -> tuple[int, int]:
    """Add the chunks' sums up and count their frequent columns; return flags and how many columns are met twice."""
    n_again, n_counted, flags, width = 0, 0, 0, len(program.offsets)
    for part in range(len(program.parts)):
        add_rows(memo.totals, part * width, memo.sums, part * width, memo.seen, first, last, width, LINE)
    while n_sets - n_counted > MOST_ADDED:
        count_sets(memo.digits, memo.records, memo.set_lines, n_counted, n_counted + MOST_ADDED)
        n_again = count_frequent(memo.digits, program.frequent, memo.counts, none, memo.again, n_again)
        flags = MIXED
        n_counted += MOST_ADDED
    count_sets(memo.digits, memo.records, memo.set_lines, n_counted, n_sets)
    return flags, n_again


@compiled_inside
def ask_for_step(program: Program, memo: Memo, n_keys: int, place: int, node: int, token: int) -> int:
    """Append what is looked up next, a node and the token behind it if there are both, and ask for it."""
    key = node << SYMBOL_BITS | token
    prefetch(program.steps, slot_of(key) & len(program.steps) - LINE)
    memo.keys[np.uint64(n_keys)] = key
    memo.places[np.uint64(n_keys)] = place
    return n_keys + ((node >= 0) & (token != NO_TOKEN))


@compiled_inside
def read_sequences(program: Program, memo: Memo, n_rest: int) -> int:
    """Append the columns of n-grams of tokens, of two or more, and of marks; return the new end."""
    parts, steps, step_columns = program.parts, program.steps, program.step_columns
    symbol_nodes, symbol_columns = program.symbol_nodes, program.symbol_columns
    line, rest, front, places, keys = memo.line, memo.rest, memo.front, memo.places, memo.keys
    n_symbols = len(symbol_columns)
    for part in range(len(parts)):
        sequence = np.int64(parts[part, SEQUENCE])
        if sequence < 0:
            continue
        size, longest = np.int64(memo.n_line[sequence]), np.int64(parts[part, LONGEST])
        marked = parts[part, START] != SKIPPED
        if parts[part, END] != SKIPPED:
            line[sequence, size] = parts[part, END] if parts[part, END] >= 0 else NO_TOKEN
            size += 1
        line[sequence, size] = NO_TOKEN
        n_keys = 0
        for which in range(size if longest > 1 or marked else 0):
            token = np.int64(line[np.uint64(sequence), np.uint64(which)])
            if marked and token != NO_TOKEN and (which == 0 or which == size - 1) and symbol_columns[token] >= 0:
                # A token by itself is among its chunk's columns; a mark has no chunk.
                rest[np.uint64(n_rest)] = symbol_columns[token]
                n_rest += 1
            # As the n-grams of a word: all are asked for before one is looked up.
            node = np.int64(symbol_nodes[np.uint64(min(token, n_symbols))])
            token = np.int64(line[np.uint64(sequence), np.uint64(which + 1)])
            n_keys = ask_for_step(program, memo, n_keys, which, node, token)
        for length in range(2, longest + 1):
            n_front = 0
            for which in range(n_keys):
                node = look_up(steps, keys[np.uint64(which)])
                column = step_columns[np.uint64(max(node, 0))]
                rest[np.uint64(n_rest)] = column
                n_rest += (node >= 0) & (column >= 0)
                front[np.uint64(n_front)] = node
                places[np.uint64(n_front)] = places[np.uint64(which)]
                n_front += node >= 0
            n_keys = 0
            for which in range(n_front if length < longest else 0):
                at_line = np.int64(places[np.uint64(which)])
                if at_line + length >= size:
                    break
                token = np.int64(line[np.uint64(sequence), np.uint64(at_line + length)])
                n_keys = ask_for_step(program, memo, n_keys, at_line, np.int64(front[np.uint64(which)]), token)
    return n_rest


@compiled_inside
def count_columns(counts: Int32s, columns: Int32s, n_columns: int, again: Int32s, n_again: int, none: int) -> int:
    """Count columns; append those that are met the second time, and return the new end."""
    for which in range(n_columns):
        column = columns[np.uint64(which)]
        before = max(np.int64(counts[np.uint64(column)]), none)
        counts[np.uint64(column)] = before + 1
        # Written each time and kept only when it is met twice: cheaper than a guess that fails.
        again[np.uint64(n_again)] = column
        n_again += before == none + 1
    return n_again


@compiled_inside
def add_columns(program: Program, memo: Memo, columns: Int32s, first: int, last: int) -> None:
    """Add the weights of some columns to the totals."""
    parts, weights, width = program.parts, program.weights, len(program.offsets)
    for which in range(first, last):
        prefetch(weights, np.int64(columns[np.uint64(which)]) * width)
    for which in range(first, last):
        column = np.int64(columns[np.uint64(which)])
        add_lanes(memo.totals, part_of(parts, column) * width, weights, column * width, width, 1.0)


@compiled_inside
def correct_frequent(program: Program, memo: Memo) -> None:
    """Put right what frequent columns have added that occur more than once."""
    digits, numbers, times, ends = memo.digits, memo.front, memo.times, program.frequent_ends
    width, n_numbers, first = len(program.offsets), 0, 0
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
        # Those of one part stand together.
        last = first
        while last < n_numbers and numbers[np.uint64(last)] < ends[part]:
            last += 1
        at = 2 * part * N_TIMES
        add_changes(
            memo.totals, part * width, program.frequent_weights, width, program.changes, at, numbers, times, first, last
        )
        first = last


@compiled_inside
def correct_counted(program: Program, memo: Memo, n_again: int, none: int) -> None:
    """Put right what other columns have added that occur more than once."""
    weights, again, width = program.weights, memo.again, len(program.offsets)
    for which in range(n_again):
        prefetch(weights, np.int64(again[np.uint64(which)]) * width)
    for which in range(n_again):
        column = np.int64(again[np.uint64(which)])
        times, part = np.int64(memo.counts[np.uint64(column)]) - none, part_of(program.parts, column)
        add_counted(program, memo.totals, memo.lengths, weights, column, part, times, width)


@compiled_inside
def write_scores(program: Program, memo: Memo, hits: int, scores: Floats, row: int) -> None:
    """Make a sentence's scores of its totals and the rules that have a cue in it."""
    parts, totals, lengths, width = program.parts, memo.totals, memo.lengths, len(program.offsets)
    n_scores = scores.shape[1]
    for lane in range(n_scores):
        scores[row, lane] = program.offsets[lane]
    for part in range(len(parts)):
        norm, total = parts[part, NORM], totals[part * width + width - 1] + lengths[part]
        if norm == L2:
            total = np.sqrt(total)
        scale = 1.0 / total if norm != NO_NORM and total > 0.0 else 1.0
        for lane in range(n_scores):
            scores[row, lane] += scale * totals[part * width + lane]
    earliest = True
    for rule in range(len(program.cue_any)):
        if hits >> rule & 1:
            for lane in range(n_scores):
                scores[row, lane] += program.cue_any[rule, lane]
                if earliest:
                    scores[row, lane] += program.cue_earliest[rule, lane]
            earliest = False


@compiled_inside
def score_cut(
    program: Program,
    memo: Memo,
    data: Int8s,
    offsets: Int64s,
    row: int,
    first_row: int,
    strict: bool,
    across: bool,
    scores: Floats,
    left: Int8s,
) -> int:
    """Score a sentence that is cut; return a status."""
    memo.totals[:] = 0.0
    memo.lengths[:] = 0.0
    memo.active[:] = 0
    memo.digits[:] = 0
    begin, end = offsets[row], offsets[row + 1]
    if end - begin > LONGEST_TEXT:
        # More of one feature than the lower half of a count holds.
        left[row] = True
        scores[row] = 0.0
        return DONE
    # A count of an earlier sentence is below what is none in this, so that none is set to 0
    # but here: once numbers start again, counts of the last ones would be above.
    if memo.sizes[N_EPOCHS] >= LAST_EPOCH:
        memo.counts[:] = 0
        memo.sizes[N_EPOCHS] = 1
    none = np.int64(memo.sizes[N_EPOCHS]) << COUNT_BITS
    memo.sizes[N_EPOCHS] += 1
    start_lines(program.parts, memo.line, memo.n_line)
    first, last = memo.ends[row - first_row], memo.ends[row - first_row + 1]
    status, n_rest, n_sets, flags, hits = read_chunks(program, memo, data, begin, first, last, strict)
    if status != DONE or not has_room(program, memo, n_rest):
        return max(status, FULL)
    flags |= LEFT * (memo.wide[row - first_row] and program.vanish[0] > 0)
    more_flags, n_again = add_chunks(program, memo, first, last, n_sets, none)
    flags |= more_flags
    n_columns = read_sequences(program, memo, n_rest)
    add_columns(program, memo, memo.rest, n_rest, n_columns)
    n_again = count_columns(memo.counts, memo.rest, n_columns, memo.again, n_again, none)
    if across:
        status, n_extra, is_sigma = read_across(program, memo, data, begin, end, strict)
        if status != DONE or n_extra + n_again + N_FREQUENT > len(memo.again):
            return max(status, FULL)
        flags |= LEFT * is_sigma
        add_columns(program, memo, memo.extra, 0, n_extra)
        n_again = count_columns(memo.counts, memo.extra, n_extra, memo.again, n_again, none)
    if strict and flags & SURROGATE:
        return INVALID
    if flags & MIXED:
        n_again = count_frequent(memo.digits, program.frequent, memo.counts, none, memo.again, n_again)
    elif len(program.frequent):
        correct_frequent(program, memo)
    correct_counted(program, memo, n_again, none)
    write_scores(program, memo, hits, scores, row)
    left[row] = flags & LEFT
    return DONE


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
    parts, width, n_rules = program.parts, len(program.offsets), len(program.cue_any)
    in_chunks, across = n_rules > 0, False
    for part in range(len(parts)):
        across |= parts[part, KIND] == CHARACTERS
        in_chunks |= parts[part, KIND] != CHARACTERS
    # As many lines as most records have.
    at_columns = TOKENS_AT + len(memo.n_line) + len(program.cue_first)
    n_asked = first_sum(at_columns, 0) + len(parts) * width + LINE * (4 if len(program.frequent) else 2)
    row = first
    while row < last:
        # Some sentences are cut before the first is read: what is asked for comes meanwhile.
        first_row, last_row, n_seen = row, min(row + N_ROWS, last), 0
        memo.ends[0] = 0
        while row < last_row:
            begin, end = offsets[row], offsets[row + 1]
            is_wide = False
            if in_chunks and end - begin <= LONGEST_TEXT:
                n_seen, is_wide = cut(program, memo, data, begin, end, n_seen)
            if n_seen < 0:
                break
            memo.wide[row - first_row] = is_wide
            row += 1
            memo.ends[row - first_row] = n_seen
        if row == first_row:
            return FULL, row
        last_row, row = row, first_row
        ask_for_records(memo, memo.ends[last_row - first_row], n_asked)
        while row < last_row:
            status = score_cut(program, memo, data, offsets, row, first_row, strict, across, scores, left)
            if status != DONE:
                return status, row
            row += 1
    return DONE, last
