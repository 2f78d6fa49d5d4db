"""TODO toolkit.analysis.learning_curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.scores import without_nan


class CurveRecord(TypedDict):
    """A learning curve as plain data."""

    experiment: str
    n_articles: list[int]
    n_sentences: list[int]
    scores: dict[str, list[list[float]]]


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Macro F1 over the acts against the number of articles learned from.

    Attributes
    ----------
    experiment : str
        Its name.
    n_articles, n_sentences : tuple of int
        Articles and sentences of each point, on average over the draws, ascending.
    scores : mapping of str to ndarray of shape (n_points, n_orders)
        By grade: ``cross-validated``, or ``strict``, ``lenient`` and ``unambiguous`` on
        sentences from outside.
    """

    experiment: str
    n_articles: tuple[int, ...]
    n_sentences: tuple[int, ...]
    scores: Mapping[str, NDArray[np.float64]]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as plain data."""
        return {
            "experiment": self.experiment,
            "n_articles": list(self.n_articles),
            "n_sentences": list(self.n_sentences),
            "scores": {name: without_nan(values.round(6).tolist()) for name, values in self.scores.items()},
        }

    @classmethod
    def from_dict(cls, record: Any) -> LearningCurve:
        """Make a curve of plain data, as :meth:`to_dict` gives it.

        Raises
        ------
        ValueError
            If it is no curve: a part is missing, numbers of articles do not rise, or scores
            do not fit the points or lie outside [0, 1].
        """
        try:
            name = str(record["experiment"])
            articles, sentences = (tuple(int(n) for n in record[key]) for key in ("n_articles", "n_sentences"))
            scores = {str(grade): np.array(values, dtype=float) for grade, values in record["scores"].items()}
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError("the record is no learning curve; draw it again") from error
        shapes = {values.shape[:1] for values in scores.values() if values.ndim == 2 and values.size}
        if not articles or len(articles) != len(sentences) or shapes != {(len(articles),)}:
            raise ValueError(
                f"scores of {len(scores)} grades do not fit {len(articles)} points of a curve; draw it again"
            )
        outside = any(((values < 0) | (values > 1)).any() for values in scores.values())
        if outside or list(articles) != sorted(articles) or min(*articles, *sentences) < 1:
            raise ValueError("articles do not rise from 1 up, or a score is outside [0, 1]; draw the curve again")
        return cls(name, articles, sentences, scores)
