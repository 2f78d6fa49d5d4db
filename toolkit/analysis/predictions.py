"""Sentences with gold label, predicted label and probabilities <-> CSV text."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.exceptions import RunError
from toolkit.files import cell_reader, cell_writer, header_misfit, unescape_formula
from toolkit.labels import LabelSet
from toolkit.statistics import ArticleCounts, metrics

# Decimals kept of a probability: as many as the arithmetic of two machines agrees on.
N_DECIMALS = 6
# How far the rounded probabilities of a sentence may be from a sum of 1, as in metrics.
TOLERANCE = 1e-3
COLUMNS = ("split", "fold", "article", "position", "text", "gold", "predicted")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Sentences with gold label, predicted label and probabilities.

    Attributes
    ----------
    labels : LabelSet
        Order of the columns of ``proba``.
    split, fold, article, position, text, gold, predicted : tuple of length n_sentences
        ``fold`` is the outer fold that held a training sentence out; -1 in the test split.
    proba : ndarray of shape (n_sentences, n_labels)
        Probabilities, rounded to six decimals.
    """

    labels: LabelSet
    split: tuple[str, ...]
    fold: tuple[int, ...]
    article: tuple[str, ...]
    position: tuple[int, ...]
    text: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    proba: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.text)

    def take(self, split: str) -> Predictions:
        """Return the sentences of one split."""
        return select_rows(self, [row for row, name in enumerate(self.split) if name == split])

    def count(self) -> ArticleCounts:
        """Sum by article what the scores are computed from."""
        return metrics.count_articles(self.gold, self.predicted, self.proba, self.article, self.labels.names)


def format_predictions(predictions: Predictions) -> str:
    """Write predictions as CSV text: UTF-8, RFC 4180, LF, no cell that starts a formula."""
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    write([*COLUMNS, *(f"p_{name}" for name in predictions.labels.names)])
    for row in range(len(predictions)):
        cells = [getattr(predictions, name)[row] for name in COLUMNS]
        write([*cells, *(f"{probability:.{N_DECIMALS}f}" for probability in predictions.proba[row])])
    return buffer.getvalue()


def read_predictions(text: str, labels: LabelSet, where: str = "predictions.csv") -> Predictions:
    """Read what :func:`format_predictions` wrote.

    Raises
    ------
    RunError
        If the header, a label, a number or the shape of a row is not as written.
    """
    expected = [*COLUMNS, *(f"p_{name}" for name in labels.names)]
    known = set(labels.names)
    columns: list[list[Any]] = [[] for _ in COLUMNS]
    proba = []
    for line, cells in _records(text, expected, where):
        try:
            values = [unescape_formula(cell) for cell in cells[: len(COLUMNS)]]
            if not known.issuperset(values[5:7]):
                labels.check(values[5:7])
            for column, value in zip(
                columns, (*values[:1], int(values[1]), values[2], int(values[3]), *values[4:]), strict=True
            ):
                column.append(value)
            probabilities = [float(cell) for cell in cells[len(COLUMNS) :]]
            if len(cells) != len(expected):
                raise ValueError(f"{len(cells)} cells")
        except (ValueError, IndexError) as error:
            raise RunError(f"the row is not a prediction over this label set; train again [{where}:{line}]") from error
        if not (abs(sum(probabilities) - 1) < TOLERANCE and min(probabilities) >= 0):
            raise RunError(
                f"the probabilities of the row sum to {sum(probabilities):.6g} and the least is "
                f"{min(probabilities):.6g}, expected a sum of 1 and none below 0; train again [{where}:{line}]"
            )
        proba.append(probabilities)
    if not proba:
        raise RunError(f"the file has no predictions; train again [{where}]")
    named = {name: tuple(column) for name, column in zip(COLUMNS, columns, strict=True)}
    return Predictions(labels=labels, proba=np.array(proba), **named)


def _records(text: str, header: list[str], where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of each row below the expected header."""
    reader = cell_reader(io.StringIO(text, newline=""))
    try:
        misfit = header_misfit(next(reader, []), header)
        if misfit:
            raise RunError(f"{misfit}; train again [{where}:1]")
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise RunError(f"the table cannot be read beyond this line; train again [{where}:{reader.line_num}]") from error


def make_predictions(
    labels: LabelSet,
    text: Sequence[str],
    gold: Sequence[str],
    proba: NDArray[np.float64],
    articles: Sequence[str] | None = None,
) -> Predictions:
    """Make predictions of sentences from outside a corpus.

    Parameters
    ----------
    labels : LabelSet
        Order of the columns of ``proba``.
    text, gold : sequence of str
        Sentences and their gold labels.
    proba : ndarray of shape (n_sentences, n_labels)
        Probabilities.
    articles : sequence of str, optional
        Article of each sentence; without it, each counts as an article of its own.

    Raises
    ------
    ValueError
        If a gold label is not in the label set.
    """
    labels.check(gold)
    n = len(text)
    articles = articles or [f"row-{row:09d}" for row in range(1, n + 1)]
    n_before: Counter[str] = Counter()
    position = []
    for article in articles:
        position.append(n_before[article])
        n_before[article] += 1
    return Predictions(
        labels=labels,
        split=("test",) * n,
        fold=(-1,) * n,
        article=tuple(articles),
        position=tuple(position),
        text=tuple(text),
        gold=tuple(gold),
        predicted=tuple(labels.names[column] for column in proba.argmax(axis=1)),
        proba=proba.round(N_DECIMALS),
    )


def select_rows(predictions: Predictions, rows: Sequence[int]) -> Predictions:
    """Return the predictions of these rows, in their order."""
    columns = {name: tuple(getattr(predictions, name)[row] for row in rows) for name in COLUMNS}
    return Predictions(labels=predictions.labels, proba=predictions.proba[list(rows)], **columns)
