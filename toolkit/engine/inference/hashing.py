"""Machine code for n-grams without a vocabulary: each is hashed as its bytes are read, with no trie."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toolkit.engine.characters import SPACE
from toolkit.engine.compiler import compiled
from toolkit.engine.inference.kernel import DONE, FULL, INVALID, SIGMA, apply_view, decode, join_spaces, token_end
from toolkit.engine.inference.records import CHARACTERS, L2, NO_NORM, SUBLINEAR, WORDS, HashedPart, KernelModel
from toolkit.engine.intrinsics import prefetch
from toolkit.engine.layout import (
    CHUNKS,
    LONG_RUNS,
    Floats,
    Int32s,
    Int64s,
    UInt8s,
)

MASK = 0xFFFFFFFF
MIN_ROOM = 1 << 12


class ViewArrays(NamedTuple):
    """The arrays of :class:`KernelModel` that apply one view; compiling is faster with few arrays as arguments."""

    kinds: UInt8s
    mapped: Int32s
    bounds: Int32s
    expansions: Int32s
    lowers: bool


class HashWorkspace(NamedTuple):
    """The working memory of one thread.

    Attributes
    ----------
    points, mapped : ndarray
        Code points of a sentence, before and after the view.
    bytes : ndarray
        UTF-8 of the tokens or characters of which n-grams consist, one after another.
    starts, ends : ndarray
        Where each token or character is in ``bytes``.
    counts : ndarray of shape (n_features,)
        Twice the signed count, plus 1 once the sentence has had the feature, since its count may
        return to 0.
    features : ndarray
        The distinct features of the sentence.
    totals : ndarray of shape (n_scores,)
        Sums of weights of the sentence.
    """

    points: Int32s
    mapped: Int32s
    bytes: UInt8s
    starts: Int32s
    ends: Int32s
    counts: Int32s
    features: Int64s
    totals: Floats


def make_hash_workspace(part: HashedPart, room: int = MIN_ROOM) -> HashWorkspace:
    """Return working memory for sentences of about ``room`` characters."""
    n_features, n_scores = part.weights.shape
    return HashWorkspace(
        points=np.empty(room, np.int32),
        mapped=np.empty(2 * room, np.int32),
        bytes=np.empty(16 * room, np.uint8),
        starts=np.empty(8 * room, np.int32),
        ends=np.empty(8 * room, np.int32),
        counts=np.zeros(n_features, np.int32),
        features=np.empty(8 * room, np.int64),
        totals=np.empty(n_scores),
    )


def add_hashed(
    part: HashedPart,
    model: KernelModel,
    data: UInt8s,
    offsets: Int64s,
    rows: tuple[int, int],
    strict: bool,
    scores: Floats,
    fallback: UInt8s,
) -> int:
    """Add what hashed n-grams contribute to scores; return the first row that is not UTF-8, or -1."""
    row, last = rows
    room = MIN_ROOM
    work = make_hash_workspace(part, room)
    view = ViewArrays(
        model.kinds,
        model.mapped[part.view_number],
        model.bounds,
        model.expansions,
        bool(model.lowers[part.view_number]),
    )
    while row < last:
        status, row = score_hashed(part, view, work, data, offsets, row, last, strict, scores, fallback)
        if status == INVALID:
            return int(row)
        if status == FULL:
            room *= 2
            work = make_hash_workspace(part, room)
    return -1


@compiled
def murmur(data: UInt8s, begin: int, end: int) -> int:
    """Return the signed 32-bit MurmurHash3 of some bytes, with seed 0."""
    hashed, length, at = np.int64(0), np.int64(end - begin), np.int64(begin)
    while at + 4 <= end:
        key = np.int64(data[at]) | np.int64(data[at + 1]) << 8
        key |= np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24
        hashed ^= scramble(key)
        hashed = (hashed << 13 | hashed >> 19) & MASK
        hashed = (hashed * 5 + 0xE6546B64) & MASK
        at += 4
    key, shift = np.int64(0), 0
    while at < end:
        key |= np.int64(data[at]) << shift
        shift += 8
        at += 1
    hashed ^= scramble(key) ^ length
    hashed ^= hashed >> 16
    hashed = hashed * 0x85EBCA6B & MASK
    hashed ^= hashed >> 13
    hashed = hashed * 0xC2B2AE35 & MASK
    hashed ^= hashed >> 16
    return hashed - (hashed >> 31 << 32)


@compiled
def scramble(key: int) -> int:
    """Mix the bits of four bytes, as MurmurHash3 does."""
    key = key * 0xCC9E2D51 & MASK
    return ((key << 15 | key >> 17) & MASK) * 0x1B873593 & MASK


@compiled
def encode(point: int, content: UInt8s, end: int) -> int:
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
def is_stop_word(part: HashedPart, content: UInt8s, begin: int, end: int) -> bool:
    """Return whether a token is a stop word."""
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
        at = 0
        while same and at < end - begin:
            same = part.stop_bytes[first + at] == content[begin + at]
            at += 1
        if same:
            return True
        low += 1
    return False


@compiled
def read_units(part: HashedPart, kinds: UInt8s, work: HashWorkspace, n: int) -> int:
    """Write the UTF-8 of all tokens, with blanks between them, or of all characters; return their number."""
    mapped, content, starts, ends = work.mapped, work.bytes, work.starts, work.ends
    size, at, n_bytes = 0, 0, 0
    while at < n:
        first = at
        if part.kind == CHARACTERS:
            at += 1
        elif part.tokens == CHUNKS:
            while at < n and not kinds[mapped[at]] & SPACE:
                at += 1
        else:
            at = token_end(kinds, part.tokens, mapped, at, n)
        if at == first or (part.kind == WORDS and part.tokens == LONG_RUNS and at - first < 2):
            at = max(at, first + 1)
            continue
        begin = n_bytes
        for which in range(first, at):
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
def read_word(kinds: UInt8s, work: HashWorkspace, at: int, n: int) -> tuple[int, int]:
    """Write the characters of the word that starts here, between blanks; return where it ends, and their number."""
    work.bytes[0] = 32
    work.starts[0], work.ends[0] = 0, 1
    size, n_bytes = 1, 1
    while at < n and not kinds[work.mapped[at]] & SPACE:
        work.starts[size] = n_bytes
        n_bytes = encode(np.int64(work.mapped[at]), work.bytes, n_bytes)
        work.ends[size] = n_bytes
        size += 1
        at += 1
    work.bytes[n_bytes] = 32
    work.starts[size], work.ends[size] = n_bytes, n_bytes + 1
    return at, size + 1


@compiled
def count_ngram(part: HashedPart, work: HashWorkspace, first: int, last: int, n_features: int) -> int:
    """Count the n-gram from one unit to another; return the new number of features."""
    hashed = murmur(work.bytes, work.starts[first], work.ends[last])
    feature = abs(hashed) % np.int64(len(part.weights))
    count = np.int64(work.counts[feature])
    work.counts[feature] = (count | 1) + (-2 if part.signed and hashed < 0 else 2)
    if count == 0:
        work.features[n_features] = feature
        # It arrives before all n-grams are counted.
        prefetch(part.weights, feature * part.weights.shape[1])
        n_features += 1
    return n_features


@compiled
def count_ngrams(part: HashedPart, work: HashWorkspace, size: int, n_features: int) -> int:
    """Count the n-grams of ``size`` units; return the new number of features."""
    for length in range(part.shortest, min(part.longest, size) + 1):
        for first in range(size - length + 1):
            n_features = count_ngram(part, work, first, first + length - 1, n_features)
    return n_features


@compiled
def count_within(part: HashedPart, kinds: UInt8s, work: HashWorkspace, n: int, n_features: int) -> int:
    """Count the n-grams of characters within words; return the new number of features, or -1 if there is no room."""
    at = 0
    while at < n:
        if kinds[work.mapped[at]] & SPACE:
            at += 1
            continue
        at, size = read_word(kinds, work, at, n)
        if n_features + size * (part.longest - part.shortest + 1) > len(work.features):
            return -1
        if size < part.shortest:
            # scikit-learn takes a word shorter than the shortest n-gram as a whole.
            n_features = count_ngram(part, work, 0, size - 1, n_features)
        else:
            n_features = count_ngrams(part, work, size, n_features)
    return n_features


@compiled
def sum_weights(part: HashedPart, work: HashWorkspace, n_features: int) -> None:
    """Sum the weights of the sentence's features, and clear their counts."""
    counts, totals = work.counts, work.totals
    n_scores = len(totals)
    totals[:] = 0.0
    size = 0.0
    for which in range(n_features):
        value = 1.0 if part.binary else float(counts[work.features[which]] >> 1)
        size += value * value if part.norm == L2 else abs(value)
    size = np.sqrt(size) if part.norm == L2 else size
    scale = 1.0 / size if part.norm != NO_NORM and size > 0.0 else 1.0
    size = 0.0
    for which in range(n_features):
        feature = work.features[which]
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
def needs_fallback(points: Int32s, n: int, lowers: bool) -> bool:
    """Return whether a capital sigma is to be lowered by its position, or there is a surrogate, which is not hashed."""
    for at in range(n):
        if (lowers and points[at] == SIGMA) or 0xD800 <= points[at] < 0xE000:
            return True
    return False


@compiled
def score_hashed(
    part: HashedPart,
    view: ViewArrays,
    work: HashWorkspace,
    data: UInt8s,
    offsets: Int64s,
    first: int,
    last: int,
    strict: bool,
    scores: Floats,
    fallback: UInt8s,
) -> tuple[int, int]:
    """Add to the scores of sentences; arguments and result as in :func:`toolkit.engine.inference.kernel.score`."""
    kinds = view.kinds
    for row in range(first, last):
        if fallback[row]:
            continue
        begin, end = offsets[row], offsets[row + 1]
        if end - begin > len(work.points):
            return FULL, row
        n = decode(data, begin, end, strict, work.points)
        if n < 0:
            return INVALID, row
        if needs_fallback(work.points, n, view.lowers):
            fallback[row] = 1
            continue
        n = apply_view(view.mapped, view.bounds, view.expansions, work.points, n, work.mapped)
        # A token of one character takes up to five bytes with the blank after it; a word has two blanks more.
        if n < 0 or 5 * n + 8 > len(work.bytes) or n + 2 > len(work.starts):
            return FULL, row
        if part.kind == CHARACTERS:
            n = join_spaces(kinds, work.mapped, n)
        n_features = 0
        if part.kind == WORDS or part.kind == CHARACTERS:
            size = read_units(part, kinds, work, n)
            if size * (part.longest - part.shortest + 1) > len(work.features):
                return FULL, row
            n_features = count_ngrams(part, work, size, n_features)
        else:
            n_features = count_within(part, kinds, work, n, n_features)
            if n_features < 0:
                return FULL, row
        sum_weights(part, work, n_features)
        for lane in range(len(work.totals)):
            scores[row, lane] += work.totals[lane]
    return DONE, last
