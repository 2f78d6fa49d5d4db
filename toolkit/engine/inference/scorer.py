"""Text in, probabilities out: a compiled pipeline at work, on one thread or several."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.characters import N_CODE_POINTS, SPACE, kinds, space_bytes, view
from toolkit.engine.inference import kernel
from toolkit.engine.inference.hashing import add_hashed
from toolkit.engine.inference.kernel import DONE, FOUND, FULL, MOST_SETS, N_COPIED, N_EPOCHS, N_FREQUENT, Memo
from toolkit.engine.inference.links import probabilities, steepness
from toolkit.engine.inference.program import (
    CLASSES,
    COUNTED,
    END,
    FIRST,
    KIND,
    L2,
    LAST,
    NORM,
    ROOT,
    SEQUENCE,
    START,
    WITHIN_WORDS,
    WORDS,
    Program,
    Skeleton,
)
from toolkit.engine.inference.tries import N_RANKED, Rows, in_rows, table_size
from toolkit.engine.intrinsics import LINE, N_DIGITS
from toolkit.engine.layout import Floats, Int8s, Int32s, Int64s, words_at_line

if TYPE_CHECKING:
    import pyarrow as pa

# A thread's share of the sentences: below it, starting a thread costs more than it saves.
LEAST_SHARE = 2048
# Shares of a thread.
SHARES = 4
N_CHUNKS = 1 << 17
# Two labels whose scores differ by less, as a share of what is summed, are left to scikit-learn, which
# sums in another order. The sum of n terms is off by at most n * 1.1e-16 of the sum of their sizes, and
# a sentence of 32,768 bytes has some 1e5 n-grams: 1e-11. The rest is for sizes that are only guessed at.
MARGIN = 1e-9
# The same where scikit-learn sums in single precision.
SINGLE_MARGIN = 1e-4


class Scorer:
    """A compiled pipeline, ready to score.

    Parameters
    ----------
    skeleton : Skeleton
        As :func:`toolkit.engine.inference.compilation.compile_pipeline` returns it.
    fallback : callable
        Given a list of sentences, returns scikit-learn's probabilities for them.
    n_threads : int, optional
        Threads at most; without it, as many as there are cores for this process.

    Attributes
    ----------
    classes : tuple of str
        Labels, in the order of the columns.
    n_left : int
        Sentences that went to scikit-learn so far.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        fallback: Callable[[list[str]], NDArray[np.float64]],
        n_threads: int | None = None,
    ) -> None:
        self.classes = skeleton.classes
        self.n_left = 0
        self._skeleton = skeleton
        self._fallback = fallback
        self._program = link_program(skeleton)
        self._n_threads = n_threads or _cores()
        # A thread takes a memo out and puts it back: two never write into one.
        self._memos: list[Memo] = []
        self._lock = threading.Lock()

    def predict_proba(self, sentences: Sequence[str]) -> Floats:
        """Return probabilities of a list of text, shape (n_sentences, n_classes)."""
        data, offsets = encode(sentences)
        return self._score(data, offsets, False, lambda rows: [sentences[row] for row in rows])

    def predict_proba_column(self, column: pa.Array, first_row: int = 0) -> Floats:
        """Return probabilities of an Arrow column of text, shape (n_sentences, n_classes).

        ``first_row`` is the number that messages give its first row, where it is a chunk of several.

        Raises
        ------
        TypeError
            If the column is not text.
        ValueError
            If a row is missing or is not UTF-8; the message names it.
        """
        data, offsets = column_bytes(column, first_row)
        return self._score(data, offsets, True, lambda rows: _texts(data, offsets, rows.tolist(), first_row), first_row)

    def _score(
        self,
        data: Int8s,
        offsets: Int64s,
        strict: bool,
        sentences: Callable[[NDArray[np.intp]], list[str]],
        first_row: int = 0,
    ) -> Floats:
        n = len(offsets) - 1
        scores = np.empty((n, self._skeleton.n_scores))
        left = np.zeros(n, np.uint8)
        # More shares than threads: one that is held up takes fewer, and the others do not wait for it.
        n_shares = max(1, min(SHARES * self._n_threads, n // LEAST_SHARE)) if self._n_threads > 1 else 1
        # By bytes, not by sentences: one may be as long as all others.
        size = int(offsets[-1] - offsets[0])
        bounds = np.searchsorted(offsets, offsets[0] + np.arange(1, n_shares) * size // n_shares)
        shares = list(pairwise([0, *bounds.tolist(), n]))

        def run(share: tuple[int, int]) -> None:
            self._run(data, offsets, share, strict, scores, left, first_row)

        if n_shares == 1:
            run(shares[0])
        else:
            with ThreadPoolExecutor(min(n_shares, self._n_threads)) as pool:
                list(pool.map(run, shares))
        proba = probabilities(self._skeleton.link, scores, self._skeleton.settings)
        left[self._tied_rows(proba, scores)] = 1
        rows = np.flatnonzero(left)
        if len(rows):
            # A text that comes many times, as an empty one does, is scored once.
            numbers: dict[str, int] = {}
            places = [numbers.setdefault(text, len(numbers)) for text in sentences(rows)]
            proba[rows] = self._fallback(list(numbers))[places]
            self.n_left += len(rows)
        return proba

    def _tied_rows(self, proba: Floats, scores: Floats) -> NDArray[np.intp]:
        """Return the rows whose most probable label the order of summing may decide."""
        if self._skeleton.link.startswith("first_rule") or not self._sums:
            return np.zeros(0, np.intp)
        # The gap of two probabilities, as a share of the larger, is at most that of their scores.
        # By column, as numpy takes ten times as long to find the largest of each short row.
        top = reduce(np.maximum, proba.T)
        margin = SINGLE_MARGIN if self._skeleton.single else MARGIN
        least = top * (1 - margin * max(np.abs(scores).max(initial=0.0) * self._steepness, self._largest))
        n_near = reduce(np.add, ((column >= least).view(np.uint8) for column in proba.T))
        rows = np.flatnonzero(n_near > 1)
        if not len(rows):
            return rows
        size = np.maximum(np.abs(scores[rows]).max(axis=1) * self._steepness, self._largest)
        near = proba[rows] >= (top[rows] * (1 - margin * size))[:, None]
        # Labels of the same weights have the same sums in any order.
        first = np.where(near, self._twins, len(self._twins)).min(axis=1)
        last = np.where(near, self._twins, -1).max(axis=1)
        tied: NDArray[np.intp] = rows[first != last]
        return tied

    @cached_property
    def _sums(self) -> bool:
        """Whether any feature adds anything; else all sentences have the same probabilities in any order."""
        return any(bool(array.any()) for array in self._weights)

    @cached_property
    def _weights(self) -> list[Floats]:
        """What features add to the scores, each of shape (n_features, n_scores)."""
        skeleton = self._skeleton
        padded = (skeleton.weights, skeleton.cue_any, skeleton.cue_earliest)
        return [*(array[:, : skeleton.n_scores] for array in padded), *(part.weights for part in skeleton.hashed)]

    @cached_property
    def _largest(self) -> float:
        """The largest weight, times what a link makes of it: about the size of a sentence's terms."""
        arrays = (*self._weights, self._skeleton.offsets)
        return max(float(np.abs(array).max(initial=0.0)) for array in arrays) * self._steepness

    @cached_property
    def _steepness(self) -> float:
        return steepness(self._skeleton.link, self._skeleton.settings)

    @cached_property
    def _twins(self) -> NDArray[np.intp]:
        """The first label that has the same weights as each label, shape (n_classes,)."""
        skeleton = self._skeleton
        n_classes = len(self.classes)
        alike = skeleton.link.removesuffix("|temperature") in ("softmax", "one_vs_rest")
        if not alike or skeleton.n_scores != n_classes:
            return np.arange(n_classes)
        arrays = (*self._weights, skeleton.offsets[None, :])
        columns = [b"".join(array[:, place].tobytes() for array in arrays) for place in range(n_classes)]
        return np.array([columns.index(column) for column in columns])

    def _run(
        self,
        data: Int8s,
        offsets: Int64s,
        share: tuple[int, int],
        strict: bool,
        scores: Floats,
        left: Int8s,
        first_row: int,
    ) -> None:
        with self._lock:
            memo = self._memos.pop() if self._memos else make_memo(self._program)
        row, last = share
        tried = -1
        while row < last:
            status, row = kernel.score(self._program, memo, data, offsets, row, last, strict, scores, left)
            if status == FULL:
                # Once it is forgotten what was learned there may be room; else more is needed.
                memo = make_memo(self._program, memo) if row == tried else _clear(memo)
                tried = row
            elif status != DONE:
                raise ValueError(_not_utf8(first_row + row))
        with self._lock:
            self._memos.append(memo)
        for part in self._skeleton.hashed:
            wrong = add_hashed(part, self._program, data, offsets, share, strict, scores, left)
            if wrong >= 0:
                raise ValueError(_not_utf8(first_row + wrong))


def link_program(skeleton: Skeleton) -> Program:
    """Make the tables of a skeleton, and add what this Python knows of each code point."""
    views = [view(*settings) for settings in skeleton.views]
    mapped, bounds, expansions = [], [np.zeros(1, np.int32)], []
    shift = 0
    for one in views:
        mapped.append(np.where(one.mapped < 0, one.mapped - (len(bounds[0]) - 1), one.mapped) if shift else one.mapped)
        bounds[0] = np.concatenate([bounds[0], one.bounds[1:] + shift]).astype(np.int32)
        expansions.append(one.expansions)
        shift += len(one.expansions)
    rows = in_rows(skeleton.letter_parents, skeleton.letter_symbols, N_CODE_POINTS)
    parts = skeleton.parts.copy()
    parts[:, ROOT] = rows.numbers[parts[:, ROOT]]
    frequent = _frequent(skeleton)
    values, symbols = skeleton.values[rows.order], skeleton.letter_symbols[rows.order]
    changes = np.zeros(2 * kernel.N_TIMES * max(1, len(skeleton.parts)))
    kernel.fill_changes(skeleton.parts, changes)
    return Program(
        spaces=space_bytes(),
        kinds=kinds(),
        mapped=np.array(mapped, np.int32).reshape(len(views), N_CODE_POINTS),
        bounds=bounds[0],
        expansions=np.concatenate([np.zeros(0, np.int32), *expansions]),
        lowers=np.array([lowercase for lowercase, _ in skeleton.views], np.uint8),
        parts=parts,
        stems=skeleton.stems[rows.order],
        symbol_nodes=np.append(skeleton.symbol_nodes, np.int32(-1)),
        symbol_columns=skeleton.symbol_columns,
        weights=_at_line(skeleton.weights.ravel()),
        **{f"cue_{name}": array for name, array in skeleton.cues._asdict().items()},
        cue_any=skeleton.cue_any,
        cue_earliest=skeleton.cue_earliest,
        offsets=skeleton.offsets,
        vanish=np.array([any(_drops_space(one.mapped) for one in views)], np.uint8),
        changes=changes,
        letters=_table(np.where(rows.ranks[symbols] == N_RANKED, rows.parents, -1), symbols),
        ranks=rows.ranks,
        branches=rows.branches,
        firsts=rows.firsts,
        columns=_columns(skeleton, rows, values, frequent["frequent_bits"]),
        values=values,
        steps=_table(skeleton.step_parents, skeleton.step_symbols),
        step_columns=skeleton.step_columns,
        **frequent,
    )


def _columns(skeleton: Skeleton, rows: Rows, values: Int32s, bits: Int32s) -> Int32s:
    """Say of each node of n-grams within words which column ends there, and of frequent ones which bit."""
    roots = np.where(rows.parents < 0, np.arange(len(values)), rows.parents)
    while (roots != roots[roots]).any():
        roots = roots[roots]
    columns = np.full(len(values), -1, np.int32)
    for part in skeleton.parts:
        if part[KIND] == WITHIN_WORDS:
            own = (roots == rows.numbers[part[ROOT]]) & (values >= part[FIRST]) & (values < part[LAST])
            columns[own] = np.where(bits[values[own]] >= 0, -2 - bits[values[own]], values[own])
    return columns


def _table(parents: Int32s, symbols: Int32s) -> Int64s:
    table = words_at_line(table_size(int((parents >= 0).sum())))
    table[:] = -1
    kernel.fill_table(parents, symbols, table)
    return table


def _frequent(skeleton: Skeleton) -> dict[str, Any]:
    """Choose the columns that are counted at once: of those that chunks have, the least weighty by idf."""
    n_columns, width = skeleton.weights.shape
    frequency = np.full(n_columns, np.inf)
    for part in skeleton.parts:
        own = slice(part[FIRST], part[LAST])
        idf = skeleton.weights[own, -1]
        if part[COUNTED] and part[KIND] == WITHIN_WORDS:
            frequency[own] = np.sqrt(idf) if part[NORM] == L2 else idf
        elif part[COUNTED] and part[KIND] in (WORDS, CLASSES):
            # Tokens by themselves; what sequences of them have is found later.
            columns = skeleton.symbol_columns[skeleton.symbol_columns >= 0]
            columns = columns[(columns >= part[FIRST]) & (columns < part[LAST])]
            lengths = skeleton.weights[columns, -1]
            frequency[columns] = np.sqrt(lengths) if part[NORM] == L2 else lengths
            marks = skeleton.symbol_columns[np.array([mark for mark in (part[START], part[END]) if mark >= 0], np.intp)]
            frequency[marks[marks >= 0]] = np.inf
    if not (skeleton.parts[:, KIND] == WITHIN_WORDS).any():
        # A word has a column or two: to count them one by one costs less than a set.
        frequency[:] = np.inf
    chosen = np.argsort(frequency, kind="stable")[:N_FREQUENT]
    # Columns of one part follow each other, so that these are by part as well.
    chosen = np.sort(chosen[np.isfinite(frequency[chosen])])
    size = N_FREQUENT if len(chosen) else 0
    columns = np.zeros(size, np.int32)
    columns[: len(chosen)] = chosen
    bits = np.full(n_columns, -1, np.int32)
    bits[chosen] = np.arange(len(chosen))
    weights = np.zeros((size, width))
    weights[: len(chosen)] = skeleton.weights[chosen]
    return {
        "frequent": columns,
        "frequent_ends": np.searchsorted(chosen, skeleton.parts[:, LAST]).astype(np.int32),
        "frequent_bits": bits,
        "frequent_weights": _at_line(weights.ravel()),
    }


def _at_line(numbers: Floats) -> Floats:
    """Copy numbers to where a line of the processor's cache starts."""
    placed = words_at_line(len(numbers)).view(np.float64)
    placed[:] = numbers
    return placed


def _drops_space(mapped: Int32s) -> bool:
    spaces = np.flatnonzero(kinds() & SPACE)
    seen = mapped[spaces]
    return bool(((seen < 0) | (kinds()[seen] & SPACE == 0)).any())


def make_memo(program: Program, smaller: Memo | None = None) -> Memo:
    """Make a memo for a thread, with twice the room of one that was too small."""
    n_chunks = N_CHUNKS if smaller is None else len(smaller.slots)
    scratch = 1 << 14 if smaller is None else 2 * len(smaller.points)
    n_parts, width = len(program.parts), len(program.offsets)
    n_sequences = int((program.parts[:, SEQUENCE] >= 0).sum())
    n_words = len(program.cue_first)
    # Most chunks have a set or two and a line of other columns.
    n_lines = n_chunks * (n_parts * width // LINE + 3) + 16 * scratch
    records = words_at_line(n_lines * LINE)
    return Memo(
        slots=_empty_slots(2 * n_chunks),
        records=records,
        sums=records.view(np.float64),
        columns=records.view(np.int32),
        bytes=np.empty(4 * n_chunks + scratch, np.uint8),
        sizes=np.array([0, 0, 0, 1]),
        counts=np.zeros(len(program.weights) // width, np.int32),
        digits=words_at_line(N_DIGITS * LINE),
        found=np.empty(FOUND * scratch, np.int64),
        seen=np.empty(scratch, np.int32),
        rest=np.empty(8 * scratch + N_COPIED, np.int32),
        again=np.empty(16 * scratch, np.int32),
        extra=np.empty(16 * scratch, np.int32),
        points=np.empty(scratch, np.int32),
        mapped=np.empty(2 * scratch, np.int32),
        front=np.empty(2 * scratch + 3, np.int32),
        places=np.empty(2 * scratch + 3, np.int32),
        keys=np.empty(2 * scratch + 3, np.int64),
        tokens=np.empty(2 * scratch, np.int32),
        bounds=np.zeros(n_sequences, np.int64),
        line=np.empty((n_sequences, scratch), np.int32),
        n_line=np.zeros(n_sequences, np.int64),
        totals=words_at_line(n_parts * width).view(np.float64),
        own=words_at_line(n_parts * width).view(np.float64),
        sets=np.zeros(MOST_SETS * LINE, np.int64),
        times=np.zeros(N_FREQUENT, np.uint8),
        ends=np.zeros(kernel.N_ROWS + 1, np.int64),
        wide=np.zeros(kernel.N_ROWS, np.uint8),
        set_lines=np.empty(MOST_SETS * (scratch + 1), np.int32),
        lengths=np.zeros(n_parts),
        active=np.zeros(n_words, np.int64),
    )


def _empty_slots(size: int) -> Int64s:
    slots = words_at_line(size)
    slots[:] = 0
    return slots


def _clear(memo: Memo) -> Memo:
    memo.slots[:] = 0
    memo.sizes[:N_EPOCHS] = 0
    return memo


def encode(sentences: Sequence[str]) -> tuple[Int8s, Int64s]:
    """Return the UTF-8 bytes of all sentences, one after another, and where each starts.

    Examples
    --------
    >>> data, offsets = encode(["é", "a"])
    >>> data.tolist(), offsets.tolist()
    ([195, 169, 97], [0, 2, 3])
    """
    encoded = [sentence.encode("utf-8", "surrogatepass") for sentence in sentences]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(one) for one in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def column_bytes(column: pa.Array, first_row: int = 0) -> tuple[Int8s, Int64s]:
    """Return the bytes of an Arrow column of text, not copied, and where each row starts."""
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise TypeError(f"a column of {column.type} came, expected one of text; cast it to string")
    outside = "the column's offsets lie outside its bytes, expected a valid Arrow array; write it again"
    try:
        column.validate()
    except pa.ArrowInvalid as error:
        raise ValueError(outside) from error
    if column.null_count:
        row = first_row + column.is_null().index(True).as_py()
        raise ValueError(f"row {row} is missing, expected text; drop or fill the missing ones")
    _, offsets, data = column.buffers()
    kind = np.dtype(np.int32 if pa.types.is_string(column.type) else np.int64)
    if not len(column):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    starts = np.frombuffer(offsets, kind, len(column) + 1, column.offset * kind.itemsize).astype(np.int64)
    content = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    # Offsets come from outside: the kernel must never be sent out of the buffer. Their differences may overflow.
    if starts[0] < 0 or starts[-1] > len(content) or (starts[1:] < starts[:-1]).any():
        raise ValueError(outside)
    return content, starts


def column_texts(column: pa.Array, first_row: int = 0) -> list[str]:
    """Return the text of an Arrow column, with the errors of :func:`column_bytes` and of its scores.

    Raises
    ------
    TypeError
        If the column is not text.
    ValueError
        If a row is missing or is not UTF-8; the message names it.
    """
    data, offsets = column_bytes(column, first_row)
    return _texts(data, offsets, range(len(offsets) - 1), first_row)


def _texts(data: Int8s, offsets: Int64s, rows: Sequence[int], first_row: int) -> list[str]:
    texts: list[str] = []
    try:
        for row in rows:
            begin, end = offsets[row], offsets[row + 1]
            texts.append(data[begin:end].tobytes().decode())
    except UnicodeDecodeError as error:
        raise ValueError(_not_utf8(first_row + rows[len(texts)])) from error
    return texts


def _not_utf8(row: int) -> str:
    return f"row {row} is not UTF-8; decode the column anew or drop the row"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
