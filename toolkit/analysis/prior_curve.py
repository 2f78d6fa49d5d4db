"""Cross-validated predictions on natural text -> precision and recall of each act as its label shares take hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import Count, Number, NumberOrNan, Record
from toolkit.statistics import metrics, reweight

STRENGTHS = tuple(round(0.1 * step, 1) for step in range(16))


@dataclass(frozen=True, slots=True)
class PriorCurve(Record):
    """Precision and recall of each act as probabilities move from the shares of training to the natural ones.

    Attributes
    ----------
    n_sentences : int
        Of the natural collection, cross-validated.
    strengths : tuple of float
        0 is the model as it is, 1 Bayes' rule.
    precision, recall : dict of str to tuple of float
        By act, at each strength; an undefined one is ``nan``.
    """

    n_sentences: Count
    strengths: tuple[Number, ...]
    precision: dict[str, tuple[NumberOrNan, ...]]
    recall: dict[str, tuple[NumberOrNan, ...]]


def measure_prior_curve(
    predictions: Predictions,
    is_natural: Sequence[bool],
    shares: Mapping[str, Mapping[str, float]],
) -> PriorCurve | None:
    """Measure precision against recall as the strength of the natural label shares rises from 0 to 1.5.

    Parameters
    ----------
    predictions : Predictions
        Cross-validated.
    is_natural : sequence of bool of length n_sentences
        Which sentences are natural text.
    shares : mapping
        ``training`` and ``natural``, as a model's manifest has them.

    Returns
    -------
    PriorCurve or None
        ``None`` without natural text.

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> labels = LabelSet.from_names(["denial", "none"])
    >>> predictions = make_predictions(labels, ["", ""], ["denial", "none"], np.array([[0.9, 0.1], [0.6, 0.4]]))
    >>> shares = {"training": {"denial": 0.5, "none": 0.5}, "natural": {"denial": 0.2, "none": 0.8}}
    >>> curve = measure_prior_curve(predictions, [True, True], shares)
    >>> curve.precision["denial"][0], curve.precision["denial"][10]
    (0.5, 1.0)
    """
    rows = np.flatnonzero(np.asarray(is_natural, dtype=bool))
    if len(rows) == 0:
        return None
    names = predictions.labels.names
    training, natural = ([shares[kind][name] for name in names] for kind in ("training", "natural"))
    gold = np.array(predictions.gold)[rows]
    counts = np.stack(
        [
            metrics.confusion(gold, np.array(names)[proba.argmax(axis=1)], names)
            for proba in (reweight(predictions.proba[rows], training, natural, strength) for strength in STRENGTHS)
        ]
    )
    precision, recall = metrics.precision(counts), metrics.recall(counts)
    acts = [(name, names.index(name)) for name in predictions.labels.acts]
    return PriorCurve(
        n_sentences=len(rows),
        strengths=STRENGTHS,
        precision={name: tuple(precision[:, column].tolist()) for name, column in acts},
        recall={name: tuple(recall[:, column].tolist()) for name, column in acts},
    )
