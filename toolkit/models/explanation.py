"""A fitted linear pipeline -> its weights by n-gram, and what each n-gram of a sentence contributes to each label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.exceptions import ModelError
from toolkit.labels import LabelSet
from toolkit.models.classifier import SentenceClassifier, open_model
from toolkit.private_names import calibrated_members

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Contribution:
    """An n-gram, its kind (``words`` or ``characters``), and what it contributes to a label."""

    ngram: str
    kind: str
    value: float


def has_weights(pipeline: Pipeline) -> bool:
    """Return whether a fitted pipeline consists of n-grams with a weight for each label."""
    return "vectorizer" in pipeline.named_steps and _coefficients(pipeline) is not None


def top_ngrams(pipeline: Pipeline, labels: LabelSet, n: int = 12) -> dict[str, list[Contribution]]:
    """List the n-grams with the largest weights for each label, largest first.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        Order of the result.
    n : int
        How many per label.

    Returns
    -------
    dict
        By label; without a label that was not in training, and empty if the pipeline has no weights.
    """
    if not has_weights(pipeline):
        return {}
    matrix = _matrix(pipeline)
    kinds, ngrams = _names(pipeline)
    contributions = {}
    for name in labels.names:
        if name not in pipeline.classes_:
            continue
        row = matrix[list(pipeline.classes_).index(name)]
        order = np.lexsort((np.arange(len(row)), -row.round(9)))[:n]
        contributions[name] = [Contribution(ngrams[column], kinds[column], float(row[column])) for column in order]
    return contributions


def sentence_contributions(
    pipeline: Pipeline, labels: LabelSet, sentence: str, n: int = 12
) -> dict[str, list[Contribution]]:
    """List the n-grams of one sentence that contribute most to each label.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        Order of the result.
    sentence : str
        The sentence.
    n : int
        How many per label, by absolute value.

    Returns
    -------
    dict
        By label: weight times value of the n-gram in this sentence; below 0, it speaks against the label.

    Raises
    ------
    ModelError
        If the pipeline has no weights by n-gram.
    """
    if not has_weights(pipeline):
        raise ModelError("the model has no n-gram weights; explain a linear one, such as 'words' or 'default'")
    vector = pipeline.named_steps["vectorizer"].transform([sentence]).tocsr()
    matrix = _matrix(pipeline)
    kinds, ngrams = _names(pipeline)
    contributions = {}
    for name in labels.names:
        if name not in pipeline.classes_:
            continue
        values = vector.data * matrix[list(pipeline.classes_).index(name), vector.indices]
        order = np.lexsort((vector.indices, -np.abs(values)))[:n]
        contributions[name] = [
            Contribution(ngrams[vector.indices[entry]], kinds[vector.indices[entry]], float(values[entry]))
            for entry in order
        ]
    return contributions


def contrast_contributions(
    pipeline: Pipeline,
    labels: LabelSet,
    sentences: Sequence[str],
    towards: Sequence[str],
    away: Sequence[str],
    n: int = 8,
) -> list[list[Contribution]]:
    """List the n-grams of each sentence that contribute most to one label rather than to another.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        The label set.
    sentences : sequence of str, length n_sentences
        The sentences.
    towards, away : sequence of str, length n_sentences
        Two labels of each sentence; to one that was not in training nothing contributes.
    n : int
        How many per sentence, by absolute value.

    Returns
    -------
    list of list of Contribution
        Above 0, in favour of the first label; below 0, of the second. Empty lists if the
        pipeline has no weights.
    """
    if not has_weights(pipeline) or not sentences:
        return [[] for _ in sentences]
    labels.check([*towards, *away])
    vectors = pipeline.named_steps["vectorizer"].transform(list(sentences)).tocsr()
    classes = list(pipeline.classes_)
    # A label that was not in training has the row of zeros below the others.
    matrix = np.vstack([_matrix(pipeline), np.zeros(vectors.shape[1])])
    names = pipeline.named_steps["vectorizer"].get_feature_names_out()
    contributions = []
    for row, (one, other) in enumerate(zip(towards, away, strict=True)):
        entries = slice(vectors.indptr[row], vectors.indptr[row + 1])
        columns = vectors.indices[entries]
        first, second = (classes.index(name) if name in classes else len(classes) for name in (one, other))
        values = vectors.data[entries] * (matrix[first, columns] - matrix[second, columns])
        order = np.lexsort((columns, -np.abs(values).round(9)))[:n]
        split = [str(names[columns[entry]]).partition("__") for entry in order]
        contributions.append(
            [
                Contribution(ngram, kind, float(values[entry]))
                for entry, (kind, _, ngram) in zip(order, split, strict=True)
                if values[entry]
            ]
        )
    return contributions


def _names(pipeline: Pipeline) -> tuple[list[str], list[str]]:
    """Return the kinds and the n-grams of all columns."""
    names = pipeline.named_steps["vectorizer"].get_feature_names_out()
    kinds, _, ngrams = zip(*(str(name).partition("__") for name in names), strict=True)
    return list(kinds), list(ngrams)


def _matrix(pipeline: Pipeline) -> NDArray[np.float64]:
    """Return weights, shape (n_labels, n_features), rows as ``classes_``.

    Each column is centred on its mean over the labels, so that a weight is what an n-gram does for
    one label more than for the others.
    """
    weights = np.asarray(_coefficients(pipeline), dtype=float)
    # With two classes scikit-learn has one row, for the second.
    weights = np.vstack([-weights, weights]) if len(weights) == 1 else weights
    centred: NDArray[np.float64] = weights - weights.mean(axis=0)
    return centred


def _coefficients(pipeline: Pipeline) -> Any:
    from toolkit.estimators import Recalibrated

    classifier = pipeline.named_steps["classifier"]
    if isinstance(classifier, Recalibrated):
        classifier = classifier.estimator
    if hasattr(classifier, "calibrated_classifiers_"):
        classifier = calibrated_members(classifier)[0].estimator
    return getattr(classifier, "coef_", getattr(classifier, "feature_log_prob_", None))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a model labels a sentence as it does.

    Attributes
    ----------
    proba : dict of str to float
        Probability of each label, most probable first.
    contributions : dict of str to list of Contribution
        By label, the n-grams that count most for and against it; a label without a
        training sentence is left out.
    ngram_weight : float
        Weight of the n-grams in the probabilities: below 1, an encoder, which has no n-grams to
        show, has the rest.
    """

    proba: dict[str, float]
    contributions: dict[str, list[Contribution]]
    ngram_weight: float = 1.0


def explain(model: str | Path | SentenceClassifier, text: str, n: int = 12) -> Explanation:
    """Explain the label of one sentence by its n-grams.

    Parameters
    ----------
    model : str, Path or SentenceClassifier
        A model's folder, or a model already loaded; it must be linear.
    text : str
        The sentence.
    n : int
        How many n-grams are listed for each label, by the size of their contribution.

    Returns
    -------
    Explanation

    Raises
    ------
    ModelError
        If the folder holds no model, or the model has no weight for each n-gram.
    ValueError
        If the sentence is empty.

    Examples
    --------
    >>> explanation = explain("runs/words/model", "The ministry denied it.")  # doctest: +SKIP
    >>> list(explanation.proba)[0]  # doctest: +SKIP
    'denial'
    >>> explanation.contributions["denial"][0].ngram  # doctest: +SKIP
    'denied'
    """
    if not text.strip():
        raise ValueError("the sentence is empty; give one that has words")
    loaded = open_model(model)
    proba = loaded.label_proba([text])[0]
    order = proba.argsort(kind="stable")[::-1]
    return Explanation(
        {loaded.label_set.names[column]: float(proba[column]) for column in order},
        sentence_contributions(loaded.pipeline, loaded.label_set, text, n),
        loaded.ngram_weight,
    )
