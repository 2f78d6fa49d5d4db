"""Labels and the probabilities of a classifier that has not seen them -> labels worth a second look."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from toolkit.analysis.predictions import Predictions
from toolkit.statistics.metrics import check_probabilities, encode


@dataclass(frozen=True, slots=True)
class LabelError:
    """A sentence whose label is likely wrong.

    Attributes
    ----------
    article, position, text : str, int, str
        Where the sentence stands, and what it says.
    given, suggested : str
        Its label, and the most probable one.
    score : float
        Probability of the given label, in [0, 1]; the lower, the likelier is an error.
    """

    article: str
    position: int
    text: str
    given: str
    suggested: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return asdict(self)


def find_label_errors(predictions: Predictions) -> tuple[LabelError, ...]:
    """List the sentences whose label is likely wrong, likeliest first, by confident learning.

    How sure a classifier must be of a label before its word counts is learned from the
    sentences that have it: the mean of their probabilities. How many sentences of a label
    in truth have another is estimated from the words that count; as many are listed, those
    that are furthest from their label. A list is to be read by a person and never to be
    applied: a rare and right label looks like a wrong one.

    Parameters
    ----------
    predictions : Predictions
        Cross-validated: a classifier that was fitted on a label does not doubt it.

    Returns
    -------
    tuple of LabelError
        In order of score, then as the sentences stand.

    Raises
    ------
    ValueError
        If there is no sentence or probabilities do not sum to 1.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang (2021). Confident learning: estimating
       uncertainty in dataset labels. JAIR 70, 1373-1411. doi:10.1613/jair.1.12125

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> labels = LabelSet.from_names(["denial", "none"])
    >>> proba = np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 5)
    >>> told = make_predictions(labels, list("abcdefghi"), ["denial"] * 5 + ["none"] * 4, proba)
    >>> [(error.text, error.given, error.suggested, error.score) for error in find_label_errors(told)]
    [('e', 'denial', 'none', 0.1)]
    """
    labels = predictions.labels
    gold, proba = encode(predictions.gold, labels.names), np.asarray(predictions.proba, dtype=float)
    check_probabilities(proba, len(gold), len(labels.names))
    rows = _suspects(gold, proba)
    found = [
        LabelError(
            article=predictions.article[row],
            position=predictions.position[row],
            text=predictions.text[row],
            given=predictions.gold[row],
            suggested=labels.names[int(proba[row].argmax())],
            score=float(proba[row, gold[row]]),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda error: error.score))


def _suspects(gold: Any, proba: Any) -> list[int]:
    """Return the rows that cleanlab doubts, ascending."""
    from cleanlab.filter import find_label_issues

    # It knows labels by number without a gap: one that no sentence has is not looked for,
    # and what a classifier gives it is dealt out to the others.
    present = np.unique(gold)
    if len(present) < 2:
        return []
    shares = proba[:, present]
    known = shares.sum(axis=1, keepdims=True)
    shares = np.where(known > 0, shares / np.where(known > 0, known, 1), 1 / len(present))
    # One process: the list does not depend on the machine. No label is too rare to be
    # doubted, since a person decides.
    doubted = find_label_issues(np.searchsorted(present, gold), shares, min_examples_per_class=0, n_jobs=1)
    return [int(row) for row in np.flatnonzero(doubted)]
