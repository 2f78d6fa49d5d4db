"""Gold labels and probabilities of a classifier not fitted on them -> labels worth a second look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import Number, Record, WholeNumber
from toolkit.statistics import check_probabilities, encode


@dataclass(frozen=True, slots=True)
class LabelError(Record):
    """A sentence whose label is likely wrong.

    Attributes
    ----------
    article, position, text : str, int, str
        The sentence and its position in its article.
    given, suggested : str
        Its label, and the most probable one.
    score : float
        Probability of the given label, in [0, 1]; the lower, the likelier an error.
    """

    article: str
    position: WholeNumber
    text: str
    given: str
    suggested: str
    score: Number


def find_label_errors(predictions: Predictions) -> tuple[LabelError, ...]:
    """List the sentences whose label is likely wrong, likeliest first, by confident learning.

    The threshold of a label is the mean probability of the label over the sentences that
    have it. A sentence is counted for another label if that label's probability reaches its
    threshold; the counts estimate how many sentences of each label are mislabelled, and as
    many are listed, those whose other label is ahead by the widest margin. Read the list,
    never apply it: a rare and correct label looks like a wrong one.

    Parameters
    ----------
    predictions : Predictions
        Cross-validated: a classifier fitted on a label does not contradict it.

    Returns
    -------
    tuple of LabelError
        In order of score; equal ones in the order of the sentences.

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
    >>> predictions = make_predictions(labels, list("abcdefghi"), ["denial"] * 5 + ["none"] * 4, proba)
    >>> [(error.text, error.given, error.suggested, error.score) for error in find_label_errors(predictions)]
    [('e', 'denial', 'none', 0.1)]
    """
    labels = predictions.labels
    gold, proba = encode(predictions.gold, labels.names), np.asarray(predictions.proba, dtype=float)
    check_probabilities(proba, len(gold), len(labels.names))
    errors = [
        LabelError(
            article=predictions.article[row],
            position=predictions.position[row],
            text=predictions.text[row],
            given=predictions.gold[row],
            suggested=labels.names[int(proba[row].argmax())],
            score=float(proba[row, gold[row]]),
        )
        for row in _suspected_rows(gold, proba)
    ]
    return tuple(sorted(errors, key=lambda error: error.score))


def _suspected_rows(gold: Any, proba: Any) -> list[int]:
    """Return the rows whose label cleanlab doubts, ascending."""
    from cleanlab.filter import find_label_issues

    # cleanlab numbers labels without gaps: a label that no sentence has is left out, and its
    # probability is distributed over the others.
    present = np.unique(gold)
    if len(present) < 2:
        return []
    known = proba[:, present]
    total = known.sum(axis=1, keepdims=True)
    known = np.where(total > 0, known / np.where(total > 0, total, 1), 1 / len(present))
    # One process, so that the list does not depend on the machine. No label is too rare to be
    # doubted, since a person decides.
    doubted = find_label_issues(np.searchsorted(present, gold), known, min_examples_per_class=0, n_jobs=1)
    return [int(row) for row in np.flatnonzero(doubted)]
