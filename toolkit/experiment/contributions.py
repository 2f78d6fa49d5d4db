"""Fitted pipelines and predictions -> the n-grams that the pipelines relied on."""

from __future__ import annotations

from toolkit.analysis import NgramWeight, Predictions, contrast_labels, reading_list
from toolkit.experiment.fitting import Evaluation
from toolkit.labels import LabelSet
from toolkit.models import contrast_contributions, top_ngrams


def listed_contributions(
    evaluation: Evaluation, predictions: Predictions
) -> dict[int, tuple[tuple[str, float, str], ...]]:
    """List the n-grams with the largest contributions to each prediction that a page lists.

    Parameters
    ----------
    evaluation : Evaluation
        With the pipeline of each fold: a sentence is explained by the one that labelled it.
    predictions : Predictions
        Of the same evaluation, as read back from the run.

    Returns
    -------
    dict
        By row of the predictions, in the order of the page: n-gram, contribution to the
        predicted label and against the label it is contrasted with, and kind. Rows without
        contributions are left out.
    """
    rows = reading_list(predictions)
    by_row: dict[int, tuple[tuple[str, float, str], ...]] = {}
    for fold, pipeline in ((-1, evaluation.pipeline), *enumerate(evaluation.pipelines)):
        fold_rows = [row for row in rows if predictions.fold[row] == fold]
        texts, predicted = ([column[row] for row in fold_rows] for column in (predictions.text, predictions.predicted))
        contrasts = contrast_labels(predictions, fold_rows)
        contributions = contrast_contributions(pipeline, predictions.labels, texts, predicted, contrasts)
        by_row |= {
            row: tuple((ngram.ngram, round(ngram.value, 2), ngram.kind) for ngram in ngrams)
            for row, ngrams in zip(fold_rows, contributions, strict=True)
            if ngrams
        }
    return {row: by_row[row] for row in rows if row in by_row}


def label_ngrams(evaluation: Evaluation, labels: LabelSet) -> dict[str, tuple[NgramWeight, ...]]:
    """List the n-grams of largest weight for each label; empty for a model without weights."""
    return {
        name: tuple(NgramWeight(ngram.ngram, ngram.kind, round(ngram.value, 4)) for ngram in ngrams)
        for name, ngrams in top_ngrams(evaluation.pipeline, labels).items()
    }
