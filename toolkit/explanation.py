"""What a fitted linear pipeline goes by: the n-grams and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.exceptions import ModelError
from toolkit.labels import LabelSet

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Weight:
    """An n-gram, its kind (``words`` or ``characters``), and how hard it pulls."""

    ngram: str
    kind: str
    value: float


def has_weights(pipeline: Pipeline) -> bool:
    """Say whether a fitted pipeline is n-grams with a weight for each label."""
    return "vectorizer" in pipeline.named_steps and _coefficients(pipeline) is not None


def top_ngrams(pipeline: Pipeline, labels: LabelSet, n: int = 12) -> dict[str, list[Weight]]:
    """List the n-grams that pull most towards each label, strongest first.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        Order of the result.
    n : int
        How many a label.

    Returns
    -------
    dict
        Empty when the pipeline has no weights; a label not seen in training is left out.
    """
    if not has_weights(pipeline):
        return {}
    matrix = _matrix(pipeline)
    kinds, ngrams = _names(pipeline)
    found = {}
    for name in labels.names:
        if name not in pipeline.classes_:
            continue
        row = matrix[list(pipeline.classes_).index(name)]
        order = np.lexsort((np.arange(len(row)), -row.round(9)))[:n]
        found[name] = [Weight(ngrams[place], kinds[place], float(row[place])) for place in order]
    return found


def explain(pipeline: Pipeline, labels: LabelSet, sentence: str, n: int = 12) -> dict[str, list[Weight]]:
    """List the n-grams of one sentence that pull most towards each label.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        Order of the result.
    sentence : str
        The sentence.
    n : int
        How many a label, by size, for and against.

    Returns
    -------
    dict
        Weight times value of the n-gram in this sentence, by label.

    Raises
    ------
    ModelError
        If the pipeline has no n-gram weights to explain with.
    """
    if not has_weights(pipeline):
        raise ModelError("the model has no n-gram weights; explain a linear one, such as 'words' or 'default'")
    vector = pipeline.named_steps["vectorizer"].transform([sentence]).tocsr()
    matrix = _matrix(pipeline)
    kinds, ngrams = _names(pipeline)
    found = {}
    for name in labels.names:
        if name not in pipeline.classes_:
            continue
        pull = vector.data * matrix[list(pipeline.classes_).index(name), vector.indices]
        order = np.lexsort((vector.indices, -np.abs(pull)))[:n]
        found[name] = [
            Weight(ngrams[vector.indices[place]], kinds[vector.indices[place]], float(pull[place])) for place in order
        ]
    return found


def _names(pipeline: Pipeline) -> tuple[list[str], list[str]]:
    """Return kind and n-gram of each column."""
    names = pipeline.named_steps["vectorizer"].get_feature_names_out()
    kinds, _, ngrams = zip(*(str(name).partition("__") for name in names), strict=True)
    return list(kinds), list(ngrams)


def _matrix(pipeline: Pipeline) -> NDArray[np.float64]:
    """Return weights, shape (n_labels, n_features), rows as ``classes_``.

    Each column is taken from its mean over the labels, so that a weight says what an
    n-gram does for one label more than for the others.
    """
    weights = np.asarray(_coefficients(pipeline), dtype=float)
    # With two classes scikit-learn keeps one row, for the second.
    weights = np.vstack([-weights, weights]) if len(weights) == 1 else weights
    centred: NDArray[np.float64] = weights - weights.mean(axis=0)
    return centred


def _coefficients(pipeline: Pipeline) -> Any:
    from toolkit.recalibration import Recalibrated

    classifier = pipeline.named_steps["classifier"]
    if isinstance(classifier, Recalibrated):
        classifier = classifier.estimator
    if hasattr(classifier, "calibrated_classifiers_"):
        classifier = classifier.calibrated_classifiers_[0].estimator
    return getattr(classifier, "coef_", getattr(classifier, "feature_log_prob_", None))
