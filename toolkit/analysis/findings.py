"""Predictions and their context -> everything that a run's report says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit.analysis.abstention import Abstention, measure_abstention
from toolkit.analysis.calibration import Calibration, measure_calibration
from toolkit.analysis.ceiling import annotator_predictions, score_annotator
from toolkit.analysis.context import Context
from toolkit.analysis.label_errors import LabelError, find_label_errors
from toolkit.analysis.predictions import Predictions, select_rows
from toolkit.analysis.records import BySplit, Record
from toolkit.analysis.scores import Difference, Estimate, Scores, compare_predictions, rare_labels, score_predictions
from toolkit.analysis.slices import SliceScore, score_slices, slice_sentences
from toolkit.corpus import NATURAL, SPLITS

# Sentences listed for reading: mistakes, and of each split and label the correct ones of least confidence.
N_MISTAKES = 3000
N_UNCERTAIN = 20


@dataclass(frozen=True, slots=True)
class Ceiling(Record):
    """The second annotator scored as if a model, and the model on the sentences they labelled.

    Attributes
    ----------
    model : Estimate
        Headline score of the model on the same sentences.
    gap : Difference
        The model's headline score minus the annotator's.
    annotator : Scores
        The second annotator's labels against the adjudicated ones.
    """

    model: Estimate
    gap: Difference
    annotator: Scores


@dataclass(frozen=True, slots=True)
class CollectionScores(Record):
    """Scores of one collection of the corpus; ``None`` for a split without a sentence of it."""

    name: str
    scores: BySplit[Scores | None]


@dataclass(frozen=True, kw_only=True)
class Findings(Record):
    """Everything that a run's report measures from its predictions.

    Attributes
    ----------
    scores : BySplit of Scores
    ceiling : BySplit of Ceiling or None
        ``None`` without second annotations.
    calibration : BySplit of Calibration
    abstention : Abstention
        Thresholds chosen on train and applied to the test split.
    slices : tuple of SliceScore
        On train, cross-validated; those significantly worse first.
    label_errors : tuple of LabelError
        On train, likeliest first.
    collections : tuple of CollectionScores
        Whole articles at natural rates first; empty if the corpus has no collections, and in
        reports of earlier versions.
    """

    scores: BySplit[Scores]
    ceiling: BySplit[Ceiling | None]
    calibration: BySplit[Calibration]
    abstention: Abstention
    slices: tuple[SliceScore, ...]
    label_errors: tuple[LabelError, ...]
    collections: tuple[CollectionScores, ...] = ()


def measure_findings(
    predictions: Predictions,
    context: Context,
    cues: Sequence[tuple[str, Sequence[str]]] | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Findings:
    """Measure everything that a report says of predictions.

    Parameters
    ----------
    predictions : Predictions
        With at least one sentence of each split.
    context : Context
        Of the same sentences, in the same order.
    cues : sequence of (label, (cue, cue, ...)), optional
        Cue words of the experiment, to group sentences by.
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and their seed.

    Returns
    -------
    Findings

    Raises
    ------
    ValueError
        If a split has no sentence, or the context has another number of sentences.
    """
    if len(context) != len(predictions):
        raise ValueError(f"the context has {len(context)} rows, there are {len(predictions)} predictions; pass as many")
    rows = {split: [row for row, name in enumerate(predictions.split) if name == split] for split in SPLITS}
    train, test = (predictions.take(split) for split in SPLITS)
    train_context, test_context = (context.take(rows[split]) for split in SPLITS)
    rare = _rare_labels(predictions, context)
    train_scores, test_scores = (score_predictions(part, n_resamples, seed, rare=rare) for part in (train, test))
    return Findings(
        scores=BySplit(train_scores, test_scores),
        ceiling=BySplit(
            _ceiling(train, train_context, train_scores, n_resamples, seed),
            _ceiling(test, test_context, test_scores, n_resamples, seed),
        ),
        calibration=BySplit(*(measure_calibration(part, n_resamples, seed) for part in (train, test))),
        abstention=measure_abstention(train, test, n_resamples=n_resamples, seed=seed),
        slices=score_slices(train, _groups(train, train_context, cues), n_resamples, seed),
        label_errors=find_label_errors(train),
        collections=_score_collections(predictions, context, n_resamples, seed, rare),
    )


def _rare_labels(predictions: Predictions, context: Context) -> tuple[str, ...]:
    """Name the labels that are rare in whole articles at natural rates, or in the corpus if it has none such."""
    natural = [gold for gold, name in zip(predictions.gold, context.collection, strict=False) if name == NATURAL]
    return rare_labels(natural or predictions.gold, predictions.labels)


def _score_collections(
    predictions: Predictions, context: Context, n_resamples: int, seed: int, rare: Sequence[str]
) -> tuple[CollectionScores, ...]:
    def score(split: str, collection: str) -> Scores | None:
        pairs = zip(predictions.split, context.collection, strict=True)
        rows = [row for row, pair in enumerate(pairs) if pair == (split, collection)]
        return score_predictions(select_rows(predictions, rows), n_resamples, seed, rare=rare) if rows else None

    return tuple(
        CollectionScores(name, BySplit(*(score(split, name) for split in SPLITS))) for name in context.collections
    )


def reading_list(predictions: Predictions) -> tuple[int, ...]:
    """List the rows that a person should be able to read: mistakes, then uncertain correct predictions.

    Returns
    -------
    tuple of int
        At most 3,000 wrong predictions, most confident first; then of each split and label
        the 20 correct ones of least confidence.

    Examples
    --------
    >>> import numpy as np
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> proba = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]])
    >>> reading_list(make_predictions(LabelSet.from_names(["a", "b"]), [""] * 3, ["a", "b", "b"], proba))
    (2, 1, 0)
    """
    confidence = predictions.proba.max(axis=1)
    wrong = [row for row in range(len(predictions)) if predictions.gold[row] != predictions.predicted[row]]
    # Sorting is stable: equal ones stay in the order of the articles.
    wrong.sort(key=lambda row: -confidence[row])
    uncertain: dict[tuple[str, str], list[int]] = {}
    for row in sorted(set(range(len(predictions))) - set(wrong), key=lambda row: (confidence[row], row)):
        uncertain.setdefault((predictions.split[row], predictions.gold[row]), []).append(row)
    correct = [row for _, rows in sorted(uncertain.items()) for row in rows[:N_UNCERTAIN]]
    return (*wrong[:N_MISTAKES], *correct)


def contrast_labels(predictions: Predictions, rows: Sequence[int]) -> list[str]:
    """Name for each row the label to contrast the predicted one with: gold if it is wrong, else the runner-up."""
    names = predictions.labels.names
    contrasts = []
    for row in rows:
        gold, predicted = predictions.gold[row], predictions.predicted[row]
        ranking = (names[column] for column in (-predictions.proba[row]).argsort(kind="stable"))
        runner_up = next(name for name in ranking if name != predicted)
        contrasts.append(gold if gold != predicted else runner_up)
    return contrasts


def _ceiling(predictions: Predictions, context: Context, scores: Scores, n_resamples: int, seed: int) -> Ceiling | None:
    if not any(context.second):
        return None
    columns = predictions.gold, context.second, predictions.article, predictions.labels
    annotator = annotator_predictions(*columns)
    # The model's predictions of the same sentences, under the same keys.
    rows = list(annotator.position)
    model = replace(
        annotator, predicted=tuple(predictions.predicted[row] for row in rows), proba=predictions.proba[rows]
    )
    # If all sentences have a second label, the model's score on them is its score.
    model_scores = scores if len(model) == len(predictions) else score_predictions(model, n_resamples, seed)
    return Ceiling(
        model=model_scores.headline,
        gap=compare_predictions(model, annotator, n_resamples, seed),
        annotator=score_annotator(*columns, n_resamples, seed),
    )


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
