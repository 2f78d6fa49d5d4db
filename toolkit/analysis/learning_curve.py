"""Scores against the number of training articles: a learning curve and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from toolkit.analysis.records import OR_NAN, Count, Number, Record, from_plain
from toolkit.exceptions import RunError

_Positive = Annotated[Count, Field(ge=1)]
_ScoreOrNan = Annotated[Number, Field(ge=0, le=1), OR_NAN]


@dataclass(frozen=True, slots=True)
class CurveRecord(Record):
    """A learning curve as ``curve.json`` holds it."""

    experiment: str
    n_articles: tuple[_Positive, ...]
    n_sentences: tuple[_Positive, ...]
    scores: dict[str, tuple[tuple[_ScoreOrNan, ...], ...]]


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Macro F1 over the acts against the number of training articles.

    Attributes
    ----------
    experiment : str
        Its name.
    n_articles, n_sentences : tuple of int
        Articles and sentences of each point, averaged over the orders, ascending.
    scores : mapping of str to ndarray of shape (n_points, n_orders)
        By grading: ``cross-validated``, or ``strict``, ``lenient`` and ``unambiguous`` on
        sentences from outside the corpus. An order is a random order of the articles.
    """

    experiment: str
    n_articles: tuple[int, ...]
    n_sentences: tuple[int, ...]
    scores: Mapping[str, NDArray[np.float64]]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as plain data for JSON, scores with six decimals."""
        scores = {name: tuple(tuple(row) for row in values.round(6).tolist()) for name, values in self.scores.items()}
        return CurveRecord(self.experiment, self.n_articles, self.n_sentences, scores).to_dict()

    @classmethod
    def from_dict(cls, record: Any, remedy: str = "draw it again") -> LearningCurve:
        """Make a curve from plain data, as :meth:`to_dict` returns them.

        Parameters
        ----------
        record : object
            As read from JSON.
        remedy : str
            End of the message: what to do, and the file in brackets.

        Raises
        ------
        RunError
            If it is not a curve: a part is missing, numbers of articles do not ascend, or
            scores do not match the points or are outside [0, 1].
        """
        curve = from_plain(CurveRecord, record, "the curve", remedy)
        n_points = len(curve.n_articles)
        if not n_points or list(curve.n_articles) != sorted(curve.n_articles):
            raise RunError(f"n_articles is {list(curve.n_articles)}, expected ascending numbers; {remedy}")
        if len(curve.n_sentences) != n_points:
            raise RunError(f"n_sentences has {len(curve.n_sentences)} numbers, expected {n_points}; {remedy}")
        if not curve.scores:
            raise RunError(f"the curve has no scores; {remedy}")
        for grading, rows in curve.scores.items():
            lengths = {len(row) for row in rows}
            if len(rows) != n_points or len(lengths) != 1 or 0 in lengths:
                raise RunError(f"scores.{grading} is not a table with {n_points} rows; {remedy}")
        scores = {grading: np.array(rows, dtype=float) for grading, rows in curve.scores.items()}
        return cls(curve.experiment, curve.n_articles, curve.n_sentences, scores)
