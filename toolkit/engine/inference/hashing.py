"""The machine code of hashed n-grams: no vocabulary, so no trie; each n-gram's bytes are hashed as they are read.

Numba's cache looks at this file alone: where a function of the kernel or a record used here
changes, ``KERNEL`` changes, and with it this file. A test says what to write.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toolkit.engine.inference.kernel import DONE, FULL, INVALID, MARK, SIGMA, SPACE, WORD, decode, join_spaces, see
from toolkit.engine.inference.program import CHARACTERS, L2, NO_NORM, SUBLINEAR, WORDS, Hashed, Program
from toolkit.engine.intrinsics import compiled, prefetch
from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS_AND_MARKS, Floats, Int8s, Int32s, Int64s

KERNEL = "a4bce35026cf3d35"
MASK = 0xFFFFFFFF
SMALLEST = 1 << 12


class Sight(NamedTuple):
    """How the vectoriser sees code points, as in the program: machine code of fewer arrays is compiled sooner."""

    kinds: Int8s
    mapped: Int32s
    bounds: Int32s
    expansions: Int32s
    lowers: bool


class HashMemo(NamedTuple):
    """The working memory of one thread.

    Attributes
    ----------
    points, mapped : ndarray
        Code points of a sentence as they came and as the vectoriser sees them.
    bytes : ndarray
        UTF-8 of what n-grams are made of, one after another.
    starts, ends : ndarray
        Where each token or character stands in ``bytes``.
    counts : ndarray of shape (n_features,)
        Twice the signed count and 1 more where the sentence has met the feature, for the
        count may be 0 again; else 0.
    seen : ndarray
        Features of the sentence, each once.
    totals : ndarray of shape (n_scores,)
        Sums of the sentence.
    """

    points: Int32s
    mapped: Int32s
    bytes: Int8s
    starts: Int32s
    ends: Int32s
    counts: Int32s
    seen: Int64s
    totals: Floats


def make_hash_memo(part: Hashed, room: int = SMALLEST) -> HashMemo:
    """Make working memory for sentences of about so many characters."""
    n_features, n_scores = part.weights.shape
    return HashMemo(
        points=np.empty(room, np.int32),
        mapped=np.empty(2 * room, np.int32),
        bytes=np.empty(16 * room, np.uint8),
        starts=np.empty(8 * room, np.int32),
        ends=np.empty(8 * room, np.int32),
        counts=np.zeros(n_features, np.int32),
        seen=np.empty(8 * room, np.int64),
        totals=np.empty(n_scores),
    )


def add_hashed(
    part: Hashed,
    program: Program,
    data: Int8s,
    offsets: Int64s,
    share: tuple[int, int],
    strict: bool,
    scores: Floats,
    left: Int8s,
) -> int:
    """Add what hashed n-grams add to the scores of some sentences; return the row that is no UTF-8, or -1."""
    row, last = share
    room = SMALLEST
    memo = make_hash_memo(part, room)
    sight = Sight(
        program.kinds,
        program.mapped[part.view_number],
        program.bounds,
        program.expansions,
        bool(program.lowers[part.view_number]),
    )
    while row < last:
        status, row = score_hashed(part, sight, memo, data, offsets, row, last, strict, scores, left)
        if status == INVALID:
            return int(row)
        if status == FULL:
            room *= 2
            memo = make_hash_memo(part, room)
    return -1


@compiled
def murmur(data: Int8s, begin: int, end: int) -> int:
    """Return the signed 32-bit MurmurHash3 of some bytes, seed 0."""
    hashed, length, place = np.int64(0), np.int64(end - begin), np.int64(begin)
    while place + 4 <= end:
        key = np.int64(data[place]) | np.int64(data[place + 1]) << 8
        key |= np.int64(data[place + 2]) << 16 | np.int64(data[place + 3]) << 24
        hashed ^= scramble(key)
        hashed = (hashed << 13 | hashed >> 19) & MASK
        hashed = (hashed * 5 + 0xE6546B64) & MASK
        place += 4
    key, shift = np.int64(0), 0
    while place < end:
        key |= np.int64(data[place]) << shift
        shift += 8
        place += 1
    hashed ^= scramble(key) ^ length
    hashed ^= hashed >> 16
    hashed = hashed * 0x85EBCA6B & MASK
    hashed ^= hashed >> 13
    hashed = hashed * 0xC2B2AE35 & MASK
    hashed ^= hashed >> 16
    return hashed - (hashed >> 31 << 32)


@compiled
def scramble(key: int) -> int:
    """Spread the bits of four bytes."""
    key = key * 0xCC9E2D51 & MASK
    return ((key << 15 | key >> 17) & MASK) * 0x1B873593 & MASK


@compiled
def encode(point: int, content: Int8s, end: int) -> int:
    """Append the UTF-8 of a code point; return the new end."""
    if point < 0x80:
        content[end] = point
        return end + 1
    if point < 0x800:
        content[end] = 0xC0 | point >> 6
        content[end + 1] = 0x80 | point & 0x3F
        return end + 2
    if point < 0x10000:
        content[end] = 0xE0 | point >> 12
        content[end + 1] = 0x80 | point >> 6 & 0x3F
        content[end + 2] = 0x80 | point & 0x3F
        return end + 3
    content[end] = 0xF0 | point >> 18
    content[end + 1] = 0x80 | point >> 12 & 0x3F
    content[end + 2] = 0x80 | point >> 6 & 0x3F
    content[end + 3] = 0x80 | point & 0x3F
    return end + 4


@compiled
def is_stop_word(part: Hashed, content: Int8s, begin: int, end: int) -> bool:
    """Say whether a token is one of those left out."""
    hashes = part.stop_hashes
    if len(hashes) == 0:
        return False
    hashed = murmur(content, begin, end)
    low, high = 0, len(hashes)
    while low < high:
        middle = (low + high) // 2
        if hashes[middle] < hashed:
            low = middle + 1
        else:
            high = middle
    while low < len(hashes) and hashes[low] == hashed:
        first = part.stop_bounds[low]
        same = part.stop_bounds[low + 1] - first == end - begin
        place = 0
        while same and place < end - begin:
            same = part.stop_bytes[first + place] == content[begin + place]
            place += 1
        if same:
            return True
        low += 1
    return False


@compiled
def read_units(part: Hashed, kinds: Int8s, memo: HashMemo, n: int) -> int:
    """Write the UTF-8 of all tokens, a space between two, or of all characters; return how many they are."""
    mapped, content, starts, ends = memo.mapped, memo.bytes, memo.starts, memo.ends
    size, place, n_bytes = 0, 0, 0
    while place < n:
        first = place
        if part.kind == CHARACTERS:
            place += 1
        elif part.tokens == CHUNKS:
            while place < n and not kinds[mapped[place]] & SPACE:
                place += 1
        elif part.tokens == RUNS_AND_MARKS and kinds[mapped[place]] & MARK:
            place += 1
        else:
            while place < n and kinds[mapped[place]] & WORD:
                place += 1
        if place == first or (part.kind == WORDS and part.tokens == LONG_RUNS and place - first < 2):
            place = max(place, first + 1)
            continue
        begin = n_bytes
        for which in range(first, place):
            n_bytes = encode(np.int64(mapped[which]), content, n_bytes)
        if part.kind == WORDS and is_stop_word(part, content, begin, n_bytes):
            n_bytes = begin
            continue
        starts[size], ends[size] = begin, n_bytes
        size += 1
        if part.kind == WORDS:
            content[n_bytes] = 32
            n_bytes += 1
    return size


@compiled
def read_word(kinds: Int8s, memo: HashMemo, place: int, n: int) -> tuple[int, int]:
    """Write the characters of the word that starts here, a space on either side; return where it ends and how many."""
    memo.bytes[0] = 32
    memo.starts[0], memo.ends[0] = 0, 1
    size, n_bytes = 1, 1
    while place < n and not kinds[memo.mapped[place]] & SPACE:
        memo.starts[size] = n_bytes
        n_bytes = encode(np.int64(memo.mapped[place]), memo.bytes, n_bytes)
        memo.ends[size] = n_bytes
        size += 1
        place += 1
    memo.bytes[n_bytes] = 32
    memo.starts[size], memo.ends[size] = n_bytes, n_bytes + 1
    return place, size + 1


@compiled
def count_ngram(part: Hashed, memo: HashMemo, first: int, last: int, n_seen: int) -> int:
    """Count the n-gram from one unit to another; return how many features there are."""
    hashed = murmur(memo.bytes, memo.starts[first], memo.ends[last])
    feature = abs(hashed) % np.int64(len(part.weights))
    held = np.int64(memo.counts[feature])
    memo.counts[feature] = (held | 1) + (-2 if part.signed and hashed < 0 else 2)
    if held == 0:
        memo.seen[n_seen] = feature
        # By the time all are counted it has come.
        prefetch(part.weights, feature * part.weights.shape[1])
        n_seen += 1
    return n_seen


@compiled
def count_ngrams(part: Hashed, memo: HashMemo, size: int, n_seen: int) -> int:
    """Count the n-grams of so many units; return how many features there are."""
    for length in range(part.shortest, min(part.longest, size) + 1):
        for first in range(size - length + 1):
            n_seen = count_ngram(part, memo, first, first + length - 1, n_seen)
    return n_seen


@compiled
def count_within(part: Hashed, kinds: Int8s, memo: HashMemo, n: int, n_seen: int) -> int:
    """Count the n-grams of characters in each word; return how many features there are, or -1 if there is no room."""
    place = 0
    while place < n:
        if kinds[memo.mapped[place]] & SPACE:
            place += 1
            continue
        place, size = read_word(kinds, memo, place, n)
        if n_seen + size * (part.longest - part.shortest + 1) > len(memo.seen):
            return -1
        if size < part.shortest:
            # scikit-learn takes a word shorter than the shortest n-gram as it is.
            n_seen = count_ngram(part, memo, 0, size - 1, n_seen)
        else:
            n_seen = count_ngrams(part, memo, size, n_seen)
    return n_seen


@compiled
def sum_weights(part: Hashed, memo: HashMemo, n_seen: int) -> None:
    """Sum the weights of the features seen, and forget them."""
    counts, totals = memo.counts, memo.totals
    n_scores = len(totals)
    totals[:] = 0.0
    size = 0.0
    for which in range(n_seen):
        value = 1.0 if part.binary else float(counts[memo.seen[which]] >> 1)
        size += value * value if part.norm == L2 else abs(value)
    size = np.sqrt(size) if part.norm == L2 else size
    scale = 1.0 / size if part.norm != NO_NORM and size > 0.0 else 1.0
    size = 0.0
    for which in range(n_seen):
        feature = memo.seen[which]
        value = scale * (1.0 if part.binary else float(counts[feature] >> 1))
        counts[feature] = 0
        if part.growth == SUBLINEAR:
            value = 1.0 + np.log(value)
        for lane in range(n_scores):
            totals[lane] += value * part.weights[feature, lane]
        weighted = value * part.idf[feature] if len(part.idf) else value
        size += weighted * weighted if part.second_norm == L2 else abs(weighted)
    size = np.sqrt(size) if part.second_norm == L2 else size
    if part.second_norm != NO_NORM and size > 0.0:
        for lane in range(n_scores):
            totals[lane] /= size


@compiled
def must_leave(points: Int32s, n: int, lowers: bool) -> bool:
    """Say whether a capital sigma's place counts, or there is a surrogate, which scikit-learn refuses to hash."""
    for place in range(n):
        if (lowers and points[place] == SIGMA) or 0xD800 <= points[place] < 0xE000:
            return True
    return False


@compiled
def score_hashed(
    part: Hashed,
    sight: Sight,
    memo: HashMemo,
    data: Int8s,
    offsets: Int64s,
    first: int,
    last: int,
    strict: bool,
    scores: Floats,
    left: Int8s,
) -> tuple[int, int]:
    """Add to the scores of sentences of a column; as :func:`toolkit.engine.inference.kernel.score`."""
    kinds = sight.kinds
    for row in range(first, last):
        if left[row]:
            continue
        begin, end = offsets[row], offsets[row + 1]
        if end - begin > len(memo.points):
            return FULL, row
        n = decode(data, begin, end, strict, memo.points)
        if n < 0:
            return INVALID, row
        if must_leave(memo.points, n, sight.lowers):
            left[row] = 1
            continue
        n = see(sight.mapped, sight.bounds, sight.expansions, memo.points, n, memo.mapped)
        # A token of one character takes five bytes with the space behind it; a word has two spaces more.
        if n < 0 or 5 * n + 8 > len(memo.bytes) or n + 2 > len(memo.starts):
            return FULL, row
        if part.kind == CHARACTERS:
            n = join_spaces(kinds, memo.mapped, n)
        n_seen = 0
        if part.kind == WORDS or part.kind == CHARACTERS:
            size = read_units(part, kinds, memo, n)
            if size * (part.longest - part.shortest + 1) > len(memo.seen):
                return FULL, row
            n_seen = count_ngrams(part, memo, size, n_seen)
        else:
            n_seen = count_within(part, kinds, memo, n, n_seen)
            if n_seen < 0:
                return FULL, row
        sum_weights(part, memo, n_seen)
        for lane in range(len(memo.totals)):
            scores[row, lane] += memo.totals[lane]
    return DONE, last
