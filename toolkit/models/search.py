"""A pipeline and a grid -> the best candidate: scikit-learn fits all of them, on vectors computed once per fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from toolkit.corpus import Fold
from toolkit.engine import CountedSentences, OrderedRows
from toolkit.models.soft_labels import SoftLabels

Scoring = Callable[[NDArray[np.intp], ArrayLike], float]


def choose(
    pipeline: Pipeline,
    grid: Mapping[str, Sequence[Any]],
    sentences: NDArray[Any],
    y_true: NDArray[Any],
    folds: Sequence[Fold],
    scoring: Scoring,
    counted: CountedSentences | None = None,
) -> dict[str, Any]:
    """Choose the candidate with the best mean score over folds, the first of equals.

    The choice is that of :class:`~sklearn.model_selection.GridSearchCV`, from the same numbers,
    but the vocabulary of a fold, which no candidate changes, is learned once.

    Parameters
    ----------
    pipeline : Pipeline
        Not fitted: ``vectorizer`` and ``classifier``.
    grid : mapping of str to sequence
        Values of the classifier's parameters, by their names in the pipeline.
    sentences, y_true : ndarray of shape (n_sentences,)
        Sentences and gold labels.
    folds : sequence of (train, test)
        Row numbers.
    scoring : callable
        Takes the row numbers of held-out sentences and their predicted labels, returns a score; higher is better.
    counted : CountedSentences, optional
        The sentences, counted once for all folds.

    Returns
    -------
    dict
        Parameters of the best candidate.

    Raises
    ------
    ValueError
        If no candidate could be fitted, with the message of the last.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.metrics import accuracy_score
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> bayes = Pipeline([("vectorizer", CountVectorizer()), ("classifier", MultinomialNB())])
    >>> folds = [(np.arange(2, 6), np.arange(2)), (np.arange(4), np.arange(4, 6))]
    >>> texts, labels = np.array(["aa aa bb", "bb"] * 3), np.array(["x", "y"] * 3)
    >>> def accuracy(rows, predicted):
    ...     return accuracy_score(labels[rows], predicted)
    >>> choose(bayes, {"classifier__alpha": [0.5, 1e6]}, texts, labels, folds, accuracy)
    {'classifier__alpha': 0.5}
    """
    candidates = list(ParameterGrid(grid))
    scores = np.empty((len(candidates), len(folds)))
    last_error = None
    for fold, (train, test) in enumerate(folds):
        rows, test_rows = vectors(pipeline, sentences[train], sentences[test], counted)
        rows = _ordered(rows, pipeline["classifier"])
        for number, candidate in enumerate(candidates):
            settings = {name.removeprefix("classifier__"): value for name, value in candidate.items()}
            classifier = clone(pipeline["classifier"]).set_params(**settings)
            try:
                predicted = classifier.fit(rows, y_true[train]).predict(test_rows)
                scores[number, fold] = scoring(test, predicted)
            except ValueError as error:
                scores[number, fold], last_error = np.nan, error
    if last_error is not None and np.isnan(scores).all():
        raise last_error
    # A candidate that could not be fitted on some fold comes last.
    means = np.nan_to_num(scores.mean(axis=1), nan=-np.inf)
    return dict(candidates[int(np.argmax(means))])


def _ordered(rows: Any, classifier: Any) -> Any:
    """Return rows with fast products, for a classifier whose solver spends its time on these."""
    return OrderedRows(rows) if type(classifier) is LogisticRegression else rows


def vectors(
    pipeline: Pipeline, train: NDArray[Any], held_out: NDArray[Any], counted: CountedSentences | None = None
) -> tuple[Any, Any]:
    """Return the vectors of training and held-out sentences, by the pipeline's vectoriser fitted to the first.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> unfitted = Pipeline([("vectorizer", CountVectorizer()), ("classifier", LogisticRegression())])
    >>> [matrix.toarray().tolist() for matrix in vectors(unfitted, np.array(["no", "yes"]), np.array(["no no"]))]
    [[[1, 0], [0, 1]], [[2, 0]]]
    """
    matrices = None if counted is None else counted.vectors(pipeline["vectorizer"], list(train), list(held_out))
    if matrices is not None:
        return matrices
    vectorizer = clone(pipeline["vectorizer"])
    return vectorizer.fit_transform(list(train)), vectorizer.transform(list(held_out))


def fit(
    pipeline: Pipeline,
    sentences: Sequence[str],
    y_true: NDArray[Any],
    held_out: Sequence[str] = (),
    counted: CountedSentences | None = None,
    soft: SoftLabels | None = None,
) -> Any:
    """Fit a pipeline as its own ``fit`` does, to the last bit, from n-grams that are counted already.

    With soft labels, the vectoriser is fitted to their sentences too, and the classifier to
    their weighted rows.

    Raises
    ------
    ValueError
        If soft labels came without held-out sentences, or for a classifier that reads sentences itself.

    Returns
    -------
    sequence or sparse matrix
        The held-out sentences as the classifier, the last step, reads them.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> unfitted = Pipeline([("vectorizer", CountVectorizer()), ("classifier", LogisticRegression())])
    >>> rows = fit(unfitted, ["so be it", "no", "yes"], np.array(["a", "b", "c"]), ["no"])
    >>> unfitted["classifier"].predict(rows).tolist()
    ['b']
    """
    *steps, (_, classifier) = pipeline.steps
    if len(steps) != 1 or not len(held_out):
        if soft is not None:
            raise ValueError("soft labels came without a vectoriser or held-out sentences; leave them out")
        pipeline.fit(sentences, y_true)
        return pipeline[:-1].transform(held_out) if steps and len(held_out) else held_out
    texts = [*sentences, *(soft.sentences if soft else ())]
    counted = counted or CountedSentences([*texts, *held_out])
    rows, held_out_rows = counted.fit_vectors(steps[0][1], texts, held_out)
    weights = None
    if soft:
        rows, y_true, weights = soft.append_to(rows, y_true)
    classifier.fit(_ordered(rows, classifier), y_true, sample_weight=weights)
    return held_out_rows
