"""Choosing hyper-parameters: every candidate on every inner fold, which is vectorised once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from toolkit.engine.products import OrderedRows
from toolkit.splits import Fold

Scoring = Callable[[ArrayLike, ArrayLike], float]


def choose(
    pipeline: Pipeline,
    grid: Mapping[str, Sequence[Any]],
    sentences: NDArray[Any],
    y_true: NDArray[Any],
    folds: Sequence[Fold],
    scoring: Scoring,
) -> dict[str, Any]:
    """Choose the candidate with the best mean score over folds; of equals, the first.

    The choice is that of :class:`~sklearn.model_selection.GridSearchCV`, from the same numbers;
    but the vocabulary of a fold, which no candidate changes, is learned once.

    Parameters
    ----------
    pipeline : Pipeline
        Not fitted: ``vectorizer`` and ``classifier``.
    grid : mapping of str to sequence
        Values of parameters of the classifier, by their names in the pipeline.
    sentences, y_true : ndarray of shape (n_sentences,)
        Sentences and gold labels.
    folds : sequence of (train, test)
        Row numbers.
    scoring : callable
        Gold and predicted labels in, score out; more is better.

    Returns
    -------
    dict
        Parameters of the candidate.

    Raises
    ------
    ValueError
        If no classifier could be fitted, with the message of the last.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.metrics import accuracy_score
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> bayes = Pipeline([("vectorizer", CountVectorizer()), ("classifier", MultinomialNB())])
    >>> folds = [(np.arange(2, 6), np.arange(2)), (np.arange(4), np.arange(4, 6))]
    >>> texts, labels = np.array(["aa aa bb", "bb"] * 3), np.array(["x", "y"] * 3)
    >>> choose(bayes, {"classifier__alpha": [0.5, 1e6]}, texts, labels, folds, accuracy_score)
    {'classifier__alpha': 0.5}
    """
    candidates = list(ParameterGrid(grid))
    scores = np.full((len(candidates), len(folds)), np.nan)
    error = None
    for fold, (seen, held) in enumerate(folds):
        vectorizer = clone(pipeline["vectorizer"])
        rows = _laid_out(vectorizer.fit_transform(list(sentences[seen])), pipeline["classifier"])
        others = vectorizer.transform(list(sentences[held]))
        for place, candidate in enumerate(candidates):
            classifier = clone(pipeline["classifier"]).set_params(**_inside(candidate))
            try:
                classifier.fit(rows, y_true[seen])
                scores[place, fold] = scoring(y_true[held], classifier.predict(others))
            except ValueError as found:
                error = found
    if error is not None and np.isnan(scores).all():
        raise error
    # What could not be fitted on some fold is chosen last.
    means = np.nan_to_num(scores.mean(axis=1), nan=-np.inf)
    return dict(candidates[int(np.argmax(means))])


def _inside(candidate: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("classifier__"): value for name, value in candidate.items()}


def _laid_out(rows: Any, classifier: Any) -> Any:
    """Return rows whose products are quick, for a classifier that is fitted by products of all of them."""
    return OrderedRows(rows) if type(classifier) is LogisticRegression else rows


def fit(pipeline: Pipeline, sentences: Sequence[str], y_true: NDArray[Any]) -> Pipeline:
    """Fit a pipeline as its own ``fit`` does, to the last bit; a regression's products run in machine code.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> unfitted = Pipeline([("vectorizer", CountVectorizer()), ("classifier", LogisticRegression(solver="newton-cg"))])
    >>> fit(unfitted, ["so be it", "no", "yes"], np.array(["a", "b", "c"])).predict(["no"]).tolist()
    ['b']
    """
    *steps, (_, classifier) = pipeline.steps
    if len(steps) != 1:
        return pipeline.fit(sentences, y_true)
    classifier.fit(_laid_out(steps[0][1].fit_transform(sentences), classifier), y_true)
    return pipeline
