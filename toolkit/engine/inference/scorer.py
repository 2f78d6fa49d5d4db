"""Text -> probabilities: a compiled pipeline at work, on one thread or several."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, reduce
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.inference import kernel
from toolkit.engine.inference.hashing import add_hashed
from toolkit.engine.inference.inverse_links import probabilities, steepness
from toolkit.engine.inference.kernel import DONE, FULL, Workspace
from toolkit.engine.inference.records import CompiledPipeline
from toolkit.engine.inference.tables import clear_cache, make_kernel_model, make_workspace
from toolkit.engine.inference.text_columns import column_bytes, decode_rows, encode, not_utf8
from toolkit.engine.layout import Floats, Int64s, UInt8s

if TYPE_CHECKING:
    import pyarrow as pa

# With fewer sentences per task, starting a thread costs more than it saves.
MIN_TASK = 2048
TASKS_PER_THREAD = 4
# Sentences whose two most probable labels differ by less, relative to what is summed, fall back to
# scikit-learn, which sums in another order. The sum of n terms is off by at most n * 1.1e-16 times the
# sum of their absolute values, and a sentence of 32,768 bytes has some 1e5 n-grams: 1e-11. The rest is
# for absolute values that are only estimated.
MARGIN = 1e-9
# The same where scikit-learn sums in single precision.
SINGLE_MARGIN = 1e-4


class Scorer:
    """A compiled pipeline, ready to score.

    Parameters
    ----------
    compiled : CompiledPipeline
        As :func:`toolkit.engine.inference.compilation.compile_fitted` returns it.
    fallback : callable
        Takes a list of sentences, returns scikit-learn's probabilities for them.
    n_threads : int, optional
        Maximum number of threads; by default, the number of cores available to this process.

    Attributes
    ----------
    classes : tuple of str
        Labels, in the order of the columns.
    n_fallbacks : int
        Number of sentences that have fallen back to scikit-learn so far.
    """

    def __init__(
        self,
        compiled: CompiledPipeline,
        fallback: Callable[[list[str]], NDArray[np.float64]],
        n_threads: int | None = None,
    ) -> None:
        self.classes = compiled.classes
        self.n_fallbacks = 0
        self._compiled = compiled
        self._fallback = fallback
        self._model = make_kernel_model(compiled)
        self._n_threads = n_threads or _cores()
        # A thread takes a workspace out and puts it back, so that no two threads write into one.
        self._workspaces: list[Workspace] = []
        self._lock = threading.Lock()

    def predict_proba(self, sentences: Sequence[str]) -> Floats:
        """Return probabilities of a list of text, shape (n_sentences, n_classes)."""
        data, offsets = encode(sentences)
        return self._score(data, offsets, False, lambda rows: [sentences[row] for row in rows])

    def predict_proba_column(self, column: pa.Array, first_row: int = 0) -> Floats:
        """Return probabilities of an Arrow column of text, shape (n_sentences, n_classes).

        Parameters
        ----------
        column : pyarrow.Array
            Text.
        first_row : int
            The number that messages give to its first row, if it is a chunk of a column.

        Raises
        ------
        TypeError
            If the column is not text.
        ValueError
            If a row is missing or is not UTF-8; the message names it.
        """
        data, offsets = column_bytes(column, first_row)
        return self._score(
            data, offsets, True, lambda rows: decode_rows(data, offsets, rows.tolist(), first_row), first_row
        )

    def _score(
        self,
        data: UInt8s,
        offsets: Int64s,
        strict: bool,
        sentences: Callable[[NDArray[np.intp]], list[str]],
        first_row: int = 0,
    ) -> Floats:
        n = len(offsets) - 1
        scores = np.empty((n, self._compiled.n_scores))
        falls_back = np.zeros(n, np.uint8)

        def run(rows: tuple[int, int]) -> None:
            self._run(data, offsets, rows, strict, scores, falls_back, first_row)

        tasks = self._tasks(offsets)
        if len(tasks) == 1:
            run(tasks[0])
        else:
            with ThreadPoolExecutor(min(len(tasks), self._n_threads)) as pool:
                list(pool.map(run, tasks))
        proba = probabilities(self._compiled.inverse_link, scores, self._compiled.settings)
        falls_back[self._tied_rows(proba, scores)] = 1
        rows = np.flatnonzero(falls_back)
        if len(rows):
            # A text that occurs many times, such as an empty one, is scored once.
            numbers: dict[str, int] = {}
            distinct = [numbers.setdefault(text, len(numbers)) for text in sentences(rows)]
            proba[rows] = self._fallback(list(numbers))[distinct]
            self.n_fallbacks += len(rows)
        return proba

    def _tasks(self, offsets: Int64s) -> list[tuple[int, int]]:
        """Divide the rows into tasks of about equally many bytes, since one sentence may be as long as all others."""
        n = len(offsets) - 1
        # More tasks than threads: a thread that is held up does fewer of them, and the others need not wait.
        n_tasks = max(1, min(TASKS_PER_THREAD * self._n_threads, n // MIN_TASK)) if self._n_threads > 1 else 1
        size = int(offsets[-1] - offsets[0])
        bounds = np.searchsorted(offsets, offsets[0] + np.arange(1, n_tasks) * size // n_tasks)
        return list(pairwise([0, *bounds.tolist(), n]))

    def _tied_rows(self, proba: Floats, scores: Floats) -> NDArray[np.intp]:
        """Return the rows whose most probable label may depend on the order of summation."""
        if self._compiled.inverse_link.startswith("first_rule") or not self._has_weights:
            return np.zeros(0, np.intp)
        # The relative difference of two probabilities is at most that of their scores.
        # By column, since NumPy takes ten times as long to find the maximum of each short row.
        top = reduce(np.maximum, proba.T)
        margin = SINGLE_MARGIN if self._compiled.single else MARGIN
        least = top * (1 - margin * max(np.abs(scores).max(initial=0.0) * self._steepness, self._largest))
        n_near = reduce(np.add, ((column >= least).view(np.uint8) for column in proba.T))
        rows = np.flatnonzero(n_near > 1)
        if not len(rows):
            return rows
        size = np.maximum(np.abs(scores[rows]).max(axis=1) * self._steepness, self._largest)
        near = proba[rows] >= (top[rows] * (1 - margin * size))[:, None]
        # Labels with the same weights have the same sums in any order.
        first = np.where(near, self._twins, len(self._twins)).min(axis=1)
        last = np.where(near, self._twins, -1).max(axis=1)
        tied: NDArray[np.intp] = rows[first != last]
        return tied

    @cached_property
    def _has_weights(self) -> bool:
        """Whether any feature has a weight; if none has, all sentences have the same probabilities."""
        return any(bool(array.any()) for array in self._weights)

    @cached_property
    def _weights(self) -> list[Floats]:
        """What features add to the scores, each of shape (n_features, n_scores)."""
        compiled = self._compiled
        padded = (compiled.weights, compiled.cue_any, compiled.cue_earliest)
        return [*(array[:, : compiled.n_scores] for array in padded), *(part.weights for part in compiled.hashed)]

    @cached_property
    def _largest(self) -> float:
        """The largest weight times the steepness of the inverse link: about the size of a sentence's terms."""
        arrays = (*self._weights, self._compiled.offsets)
        return max(float(np.abs(array).max(initial=0.0)) for array in arrays) * self._steepness

    @cached_property
    def _steepness(self) -> float:
        return steepness(self._compiled.inverse_link, self._compiled.settings)

    @cached_property
    def _twins(self) -> NDArray[np.intp]:
        """The first label that has the same weights as each label, shape (n_classes,)."""
        compiled = self._compiled
        n_classes = len(self.classes)
        is_symmetric = compiled.inverse_link.removesuffix("|temperature") in ("softmax", "one_vs_rest")
        if not is_symmetric or compiled.n_scores != n_classes:
            return np.arange(n_classes)
        arrays = (*self._weights, compiled.offsets[None, :])
        columns = [b"".join(array[:, label].tobytes() for array in arrays) for label in range(n_classes)]
        return np.array([columns.index(column) for column in columns])

    def _run(
        self,
        data: UInt8s,
        offsets: Int64s,
        rows: tuple[int, int],
        strict: bool,
        scores: Floats,
        falls_back: UInt8s,
        first_row: int,
    ) -> None:
        with self._lock:
            work = self._workspaces.pop() if self._workspaces else make_workspace(self._model)
        row, last = rows
        retried = -1
        while row < last:
            status, row = kernel.score(self._model, work, data, offsets, row, last, strict, scores, falls_back)
            if status == FULL:
                # Without the cached chunks there may be room; if not, a larger workspace is needed.
                work = make_workspace(self._model, work) if row == retried else clear_cache(work)
                retried = row
            elif status != DONE:
                raise ValueError(not_utf8(first_row + row))
        with self._lock:
            self._workspaces.append(work)
        for part in self._compiled.hashed:
            invalid = add_hashed(part, self._model, data, offsets, rows, strict, scores, falls_back)
            if invalid >= 0:
                raise ValueError(not_utf8(first_row + invalid))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
