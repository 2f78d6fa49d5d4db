"""Choosing hyper-parameters: every candidate on every inner fold, which is vectorised once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from toolkit.corpus.folds import Fold
from toolkit.engine.training.machines import can_fit_machine, fit_machine
from toolkit.engine.training.newton import can_fit, fit_together
from toolkit.engine.training.products import OrderedRows
from toolkit.engine.training.vectorizers import CountedSentences

Scoring = Callable[[ArrayLike, ArrayLike], float]


def choose(
    pipeline: Pipeline,
    grid: Mapping[str, Sequence[Any]],
    sentences: NDArray[Any],
    y_true: NDArray[Any],
    folds: Sequence[Fold],
    scoring: Scoring,
    counted: CountedSentences | None = None,
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
    counted : CountedSentences, optional
        The sentences, counted once for all folds.

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
        rows, others = vectors(pipeline, sentences[seen], sentences[held], counted)
        rows = _laid_out(rows, pipeline["classifier"])
        classifiers = [clone(pipeline["classifier"]).set_params(**_inside(candidate)) for candidate in candidates]
        together = [can_fit(classifier, rows, y_true[seen]) for classifier in classifiers]
        fit_together(list(compress(classifiers, together)), rows, y_true[seen])
        for place, classifier in enumerate(classifiers):
            try:
                if not together[place]:
                    _fit_one(classifier, rows, y_true[seen])
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


def _fit_one(classifier: Any, rows: Any, y_true: NDArray[Any]) -> None:
    """Fit a classifier as its own ``fit`` does, in machine code where it is known."""
    if can_fit(classifier, rows, y_true):
        fit_together([classifier], rows, y_true)
    elif can_fit_machine(classifier, rows, y_true):
        fit_machine(classifier, rows, y_true)
    else:
        classifier.fit(rows, y_true)


def _laid_out(rows: Any, classifier: Any) -> Any:
    """Return rows whose products are quick, for a classifier that is fitted by products of all of them."""
    return OrderedRows(rows) if type(classifier) is LogisticRegression else rows


def vectors(
    pipeline: Pipeline, seen: NDArray[Any], held: NDArray[Any], counted: CountedSentences | None = None
) -> tuple[Any, Any]:
    """Return what the vectoriser of a pipeline, fitted on some sentences, makes of them and of others.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> unfitted = Pipeline([("vectorizer", CountVectorizer()), ("classifier", LogisticRegression())])
    >>> [matrix.toarray().tolist() for matrix in vectors(unfitted, np.array(["no", "yes"]), np.array(["no no"]))]
    [[[1, 0], [0, 1]], [[2, 0]]]
    """
    known = None if counted is None else counted.vectors(pipeline["vectorizer"], list(seen), list(held))
    if known is not None:
        return known
    vectorizer = clone(pipeline["vectorizer"])
    return vectorizer.fit_transform(list(seen)), vectorizer.transform(list(held))


def fit(
    pipeline: Pipeline,
    sentences: Sequence[str],
    y_true: NDArray[Any],
    held: Sequence[str] = (),
    counted: CountedSentences | None = None,
) -> Any:
    """Fit a pipeline as its own ``fit`` does, to the last bit; a regression is fitted in machine code.

    Returns
    -------
    sequence or sparse matrix
        Other sentences as the classifier, its last step, reads them.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> unfitted = Pipeline([("vectorizer", CountVectorizer()), ("classifier", LogisticRegression(solver="newton-cg"))])
    >>> rows = fit(unfitted, ["so be it", "no", "yes"], np.array(["a", "b", "c"]), ["no"])
    >>> unfitted["classifier"].predict(rows).tolist()
    ['b']
    """
    *steps, (_, classifier) = pipeline.steps
    if len(steps) != 1 or not len(held):
        pipeline.fit(sentences, y_true)
        return pipeline[:-1].transform(held) if steps and len(held) else held
    rows, others = (counted or CountedSentences([*sentences, *held])).fit_vectors(steps[0][1], sentences, held)
    _fit_one(classifier, _laid_out(rows, classifier), y_true)
    return others
