"""A second annotator's labels -> scores as if they were a model's: how good a model can look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.scores import Estimate, Scores, score_predictions
from toolkit.labels import LabelSet

_UNDEFINED = Estimate(float("nan"), float("nan"), float("nan"))


def annotator_predictions(
    y_true: Sequence[str], annotated: Sequence[str | None], articles: Sequence[str], labels: LabelSet
) -> Predictions:
    """Turn an annotator's labels into predictions of the sentences labelled.

    Parameters
    ----------
    y_true : sequence of str, length n_sentences
        Adjudicated labels.
    annotated : sequence of str or None, length n_sentences
        The annotator's labels; ``None`` or empty where there is none.
    articles : sequence of str, length n_sentences
        Article of each sentence.
    labels : LabelSet
        The label set.

    Returns
    -------
    Predictions
        Of the sentences labelled, in order, each with probability 1; ``position`` is the
        row of the sentence, so that a model can be scored on the same sentences.

    Raises
    ------
    ValueError
        If the lengths differ, a label is not in the set, or no sentence is labelled.

    Examples
    --------
    >>> labels = LabelSet.from_names(["yes", "no"])
    >>> annotator = annotator_predictions(["yes", "no", "no"], ["yes", None, "yes"], ["x", "x", "y"], labels)
    >>> annotator.gold, annotator.predicted, annotator.position
    (('yes', 'no'), ('yes', 'yes'), (0, 2))
    """
    if not len(y_true) == len(annotated) == len(articles):
        raise ValueError(
            f"{len(y_true)} adjudicated and {len(annotated)} annotated labels of {len(articles)} articles came; "
            "pass one of each per sentence"
        )
    rows = [row for row, name in enumerate(annotated) if name]
    if not rows:
        raise ValueError("the annotator labelled no sentence; annotate some, or leave the ceiling out")
    predicted = [str(annotated[row]) for row in rows]
    gold = [y_true[row] for row in rows]
    labels.check([*gold, *predicted])
    return Predictions(
        labels=labels,
        split=("test",) * len(rows),
        fold=(-1,) * len(rows),
        article=tuple(articles[row] for row in rows),
        position=tuple(rows),
        text=("",) * len(rows),
        gold=tuple(gold),
        predicted=tuple(predicted),
        proba=np.eye(len(labels.names))[[labels.index(name) for name in predicted]],
    )


def score_annotator(
    y_true: Sequence[str],
    annotated: Sequence[str | None],
    articles: Sequence[str],
    labels: LabelSet,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Scores:
    """Score an annotator as if they were a model, with 95 % intervals over resampled articles.

    Parameters
    ----------
    y_true : sequence of str, length n_sentences
        Adjudicated labels.
    annotated : sequence of str or None, length n_sentences
        The annotator's labels; sentences with ``None`` or empty text are left out.
    articles : sequence of str, length n_sentences
        Article of each sentence.
    labels : LabelSet
        The label set.
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and their seed.

    Returns
    -------
    Scores
        Those of a model; ``log_loss``, ``brier`` and ``calibration_error`` are ``nan``, since
        an annotator gives no probabilities.

    Raises
    ------
    ValueError
        If the lengths differ, a label is not in the set, or no sentence is labelled.

    Notes
    -----
    The adjudicator has seen the annotator's label, so the adjudicated label leans towards
    it: the score is an upper bound on the agreement of two readers, and what a model reaches
    beyond it cannot be distinguished from the habits of the adjudicator.

    Examples
    --------
    >>> labels = LabelSet.from_names(["yes", "no"])
    >>> score_annotator(["yes", "no", "no"], ["yes", None, "yes"], ["x", "x", "y"], labels, 100).accuracy.value
    0.5
    """
    scores = score_predictions(annotator_predictions(y_true, annotated, articles, labels), n_resamples, seed)
    return replace(scores, log_loss=_UNDEFINED, brier=_UNDEFINED, calibration_error=_UNDEFINED)
