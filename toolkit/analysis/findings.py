"""Predictions and their context -> everything that a run's report says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from toolkit.analysis.abstention import Abstention, RiskCoverage, measure_abstention, risk_coverage
from toolkit.analysis.calibration import Calibration, measure_calibration
from toolkit.analysis.ceiling import annotator_predictions, score_annotator
from toolkit.analysis.context import Context
from toolkit.analysis.label_errors import LabelError, find_label_errors
from toolkit.analysis.predictions import Predictions
from toolkit.analysis.scores import Difference, Estimate, Scores, compare_predictions, score_predictions, without_nan
from toolkit.analysis.slices import SliceScore, score_slices, slice_sentences
from toolkit.corpus.loading import SPLITS
from toolkit.statistics.metrics import encode

# Points kept of a risk-coverage curve: what an eye can tell apart on a page.
N_POINTS = 200
# Sentences listed to be read, and right ones of each split and label among them.
N_MISTAKES = 3000
N_DOUBTFUL = 20


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The second annotator scored as a model, and the model on the sentences that they labelled.

    Attributes
    ----------
    annotator : Scores
        Of the second annotator's labels against the adjudicated ones.
    model : Estimate
        Headline score of the model on the same sentences.
    gap : Difference
        The model's headline minus the annotator's.
    """

    annotator: Scores
    model: Estimate
    gap: Difference


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a run's report says of its predictions.

    Attributes
    ----------
    scores : dict of str to Scores
        By split.
    ceiling : dict of str to Ceiling or None
        By split; ``None`` without second annotations.
    calibration : dict of str to Calibration
        By split.
    abstention : Abstention
        Thresholds chosen on train and applied to test.
    curve : RiskCoverage
        Of the test split, at most 200 points.
    slices : tuple of SliceScore
        Of train, cross-validated; those significantly worse first.
    label_errors : tuple of LabelError
        Of train, likeliest first.
    """

    scores: dict[str, Scores]
    ceiling: dict[str, Ceiling | None]
    calibration: dict[str, Calibration]
    abstention: Abstention
    curve: RiskCoverage
    slices: tuple[SliceScore, ...]
    label_errors: tuple[LabelError, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain data; undefined is ``None``."""
        points = {name: getattr(self.curve, name).round(6).tolist() for name in ("threshold", "coverage", "risk")}
        return {
            "scores": {split: found.to_dict() for split, found in self.scores.items()},
            "ceiling": {split: found and _ceiling_dict(found) for split, found in self.ceiling.items()},
            "calibration": {split: found.to_dict() for split, found in self.calibration.items()},
            "abstention": {**self.abstention.to_dict(), "curve": points},
            "slices": [part.to_dict() for part in self.slices],
            "label_errors": [error.to_dict() for error in self.label_errors],
        }


def measure_findings(
    predictions: Predictions,
    context: Context,
    cues: Sequence[tuple[str, Sequence[str]]] | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Findings:
    """Measure all that a report says, from predictions alone and what is known of their sentences.

    Parameters
    ----------
    predictions : Predictions
        With at least one sentence of each split.
    context : Context
        Of the same sentences, in the same order.
    cues : sequence of (label, (cue, cue, ...)), optional
        Cue words of the experiment, by which sentences are parted.
    n_resamples, seed : int
        How often articles are drawn, and what decides the draws.

    Returns
    -------
    Findings

    Raises
    ------
    ValueError
        If a split has no sentence, or the context is of another number of sentences.
    """
    if len(context) != len(predictions):
        raise ValueError(f"the context has {len(context)} rows, there are {len(predictions)} predictions; pass as many")
    parts = {split: predictions.take(split) for split in SPLITS}
    rows = {split: [row for row, side in enumerate(predictions.split) if side == split] for split in SPLITS}
    facts = {split: context.take(rows[split]) for split in SPLITS}
    held, test = parts["train"], parts["test"]
    abstention = measure_abstention(held, test, n_resamples=n_resamples, seed=seed)
    scores = {split: score_predictions(parts[split], n_resamples, seed) for split in SPLITS}
    return Findings(
        scores=scores,
        ceiling={split: _ceiling(parts[split], facts[split], scores[split], n_resamples, seed) for split in SPLITS},
        calibration={split: measure_calibration(parts[split], n_resamples, seed) for split in SPLITS},
        abstention=abstention,
        curve=_curve(test),
        slices=score_slices(held, _groups(held, facts["train"], cues), n_resamples, seed),
        label_errors=find_label_errors(held),
    )


def reading_list(predictions: Predictions) -> tuple[int, ...]:
    """List the rows that a person should be able to read: mistakes, then doubtful right ones.

    Returns
    -------
    tuple of int
        At most 3,000 wrong predictions, surest first; then of each split and label the 20
        right ones of least confidence.

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> proba = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]])
    >>> reading_list(make_predictions(LabelSet.from_names(["a", "b"]), [""] * 3, ["a", "b", "b"], proba))
    (2, 1, 0)
    """
    sure = predictions.proba.max(axis=1)
    wrong = [row for row in range(len(predictions)) if predictions.gold[row] != predictions.predicted[row]]
    # Sorting is stable: equals stay in the order of the articles.
    wrong.sort(key=lambda row: -sure[row])
    doubtful: dict[tuple[str, str], list[int]] = {}
    for row in sorted(set(range(len(predictions))) - set(wrong), key=lambda row: (sure[row], row)):
        doubtful.setdefault((predictions.split[row], predictions.gold[row]), []).append(row)
    right = [row for _, rows in sorted(doubtful.items()) for row in rows[:N_DOUBTFUL]]
    return (*wrong[:N_MISTAKES], *right)


def rivals(predictions: Predictions, rows: Sequence[int]) -> list[str]:
    """Name for each row the label that the predicted one is held against: gold where wrong, else the runner-up."""
    names = predictions.labels.names
    found = []
    for row in rows:
        second = [
            place
            for place in (-predictions.proba[row]).argsort(kind="stable")
            if names[place] != predictions.predicted[row]
        ]
        wrong = predictions.gold[row] != predictions.predicted[row]
        found.append(predictions.gold[row] if wrong else names[second[0]])
    return found


def _ceiling(predictions: Predictions, context: Context, scores: Scores, n_resamples: int, seed: int) -> Ceiling | None:
    if not any(context.second):
        return None
    columns = predictions.gold, context.second, predictions.article, predictions.labels
    annotator = annotator_predictions(*columns)
    # The same sentences under the same keys, with what the model says of them.
    rows = list(annotator.position)
    model = replace(
        annotator, predicted=tuple(predictions.predicted[row] for row in rows), proba=predictions.proba[rows]
    )
    return Ceiling(
        score_annotator(*columns, n_resamples, seed),
        # Where all sentences have a second label the model's score on them is its score.
        (scores if len(model) == len(predictions) else score_predictions(model, n_resamples, seed)).headline,
        compare_predictions(model, annotator, n_resamples, seed),
    )


def _ceiling_dict(ceiling: Ceiling) -> dict[str, Any]:
    plain: dict[str, Any] = without_nan(
        {"model": asdict(ceiling.model), "gap": asdict(ceiling.gap), "annotator": ceiling.annotator.to_dict()}
    )
    return plain


def _curve(predictions: Predictions) -> RiskCoverage:
    """Follow risk against coverage, at most at 200 points that are evenly spread and hold both ends."""
    right = np.asarray(predictions.gold) == np.asarray(predictions.predicted)
    columns = encode(predictions.predicted, predictions.labels.names)
    curve = risk_coverage(right, predictions.proba[np.arange(len(columns)), columns])
    last = len(curve.risk) - 1
    kept = np.unique(np.linspace(0, last, min(N_POINTS, last + 1)).round().astype(int))
    return RiskCoverage(curve.threshold[kept], curve.coverage[kept], curve.risk[kept])


def _groups(
    predictions: Predictions, context: Context, cues: Sequence[tuple[str, Sequence[str]]] | None
) -> dict[str, tuple[str | None, ...]]:
    return slice_sentences(
        predictions.text,
        predictions.article,
        predictions.position,
        genre=context.genre if any(context.genre) else None,
        date=context.date if any(context.date) else None,
        first=context.first if any(context.first) else None,
        second=context.second if any(context.second) else None,
        cues=cues or None,
    )
