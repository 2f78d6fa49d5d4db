"""An experiment's record -> an unfitted scikit-learn pipeline; a fitted one -> probabilities, or recalibrated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from toolkit.config import Experiment, Features
from toolkit.estimators import (
    CALIBRATORS,
    WORD_OR_MARK,
    WORD_OR_PUNCTUATION,
    CueIndicators,
    KeywordRules,
    Recalibrated,
    WordClasses,
)
from toolkit.exceptions import ConfigError
from toolkit.labels import LabelSet

BETWEEN_SPACES = r"\S+"


def make_vectorizer(features: Features) -> FeatureUnion:
    """Make an unfitted union of the vectorisers that a record names.

    Parameters
    ----------
    features : Features
        Which n-grams, and how they are weighted.

    Returns
    -------
    FeatureUnion
        Parts ``words``, ``characters``, ``cues`` and ``classes``, in this order, which transform
        sentences into a sparse matrix of shape (n_sentences, n_features). In each part with tf-idf
        weights rows have norm 1, so that no part dominates another.

    Examples
    --------
    >>> vectorizer = make_vectorizer(Features(words=(1, 2)))
    >>> vectorizer.fit_transform(["He denied it.", "He left."]).shape
    (2, 7)
    """
    shared: dict[str, Any] = {"lowercase": features.lowercase, "min_df": features.min_count}
    if features.weights == "tf-idf":
        shared["sublinear_tf"] = True
    else:
        shared["binary"] = features.weights == "binary"
    vectorizer = TfidfVectorizer if features.weights == "tf-idf" else CountVectorizer
    parts: list[tuple[str, Any]] = []
    if features.words:
        tokens = WORD_OR_PUNCTUATION if features.punctuation else WORD_OR_MARK
        parts.append(("words", vectorizer(token_pattern=tokens, ngram_range=features.words, **shared)))
    if features.characters:
        parts.append(("characters", vectorizer(analyzer="char_wb", ngram_range=features.characters, **shared)))
    if features.cues:
        parts.append(("cues", CueIndicators(features.cues)))
    if features.classes and features.class_ngrams:
        ngrams = vectorizer(token_pattern=BETWEEN_SPACES, ngram_range=features.class_ngrams, **shared)
        parts.append(("classes", Pipeline([("classes", WordClasses(dict(features.classes))), ("ngrams", ngrams)])))
    return FeatureUnion(parts)


def make_pipeline(experiment: Experiment, labels: LabelSet, y_true: ArrayLike = ()) -> Pipeline:
    """Make the unfitted pipeline of an experiment, with the first value of each list.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    labels : LabelSet
        Its background is the fallback of keyword rules.
    y_true : array-like of str
        Gold labels to be fitted to; class weights ``sqrt`` follow from them.

    Returns
    -------
    Pipeline
        Steps ``vectorizer`` and ``classifier``; a classifier that reads sentences itself is
        the only step.

    Examples
    --------
    >>> from toolkit.config import make_experiment
    >>> record = {"question": "?", "seed": 1, "features": {"words": [1, 1]}, "classifier": {"name": "svm"}}
    >>> make_pipeline(make_experiment("svm", record), LabelSet.from_names(["a", "b"])).steps[1][0]
    'classifier'
    """
    name = experiment.classifier.name
    first = {key: _value(key, values[0], y_true) for key, values in experiment.classifier.grid.items()}
    steps: list[tuple[str, BaseEstimator]] = []
    if name not in ("majority", "keywords"):
        steps.append(("vectorizer", make_vectorizer(experiment.features)))
    steps.append(("classifier", _MAKERS[name](first, labels, experiment.seed)))
    return Pipeline(steps)


def make_grid(experiment: Experiment, y_true: ArrayLike = ()) -> dict[str, list[Any]]:
    """Return the hyper-parameters with several values, by their names in the pipeline.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    y_true : array-like of str
        Gold labels to be fitted to; class weights ``sqrt`` follow from them.

    Returns
    -------
    dict
        As ``GridSearchCV`` takes it; empty if there is nothing to search.
    """
    inside = "classifier__estimator__" if experiment.classifier.name == "svm" else "classifier__"
    names = {"balanced": "class_weight"}
    return {
        inside + names.get(key, key): [_value(key, value, y_true) for value in values]
        for key, values in experiment.classifier.grid.items()
        if len(values) > 1
    }


def _value(key: str, value: Any, y_true: ArrayLike) -> Any:
    """Return the value of a hyper-parameter as scikit-learn takes it."""
    if key != "balanced":
        return value
    if value == "sqrt":
        names, counts = np.unique(np.asarray(y_true), return_counts=True)
        weights = np.sqrt(counts.sum() / (len(names) * counts))
        return {_weight_key(str(name)): float(weight) for name, weight in zip(names, weights, strict=True)}
    return "balanced" if value else None


def _weight_key(name: str) -> str | int:
    """Return the key under which scikit-learn looks for the weight of a label: a number where it reads as one."""
    try:
        return int(name)
    except ValueError:
        return name


def _majority(settings: dict[str, Any], labels: LabelSet, seed: int) -> BaseEstimator:
    return DummyClassifier(strategy="prior")


def _keywords(settings: dict[str, Any], labels: LabelSet, seed: int) -> BaseEstimator:
    try:
        labels.check(label for label, _ in settings["rules"])
    except ValueError as error:
        raise ConfigError(f"the rules are of another label set: {error} [classifier.rules]") from error
    return KeywordRules(rules=settings["rules"], fallback=labels.background or labels.names[-1])


def _naive_bayes(settings: dict[str, Any], labels: LabelSet, seed: int) -> BaseEstimator:
    return MultinomialNB(alpha=settings["alpha"])


def _logistic_regression(settings: dict[str, Any], labels: LabelSet, seed: int) -> BaseEstimator:
    # With this many sparse features newton-cg gets closer to the optimum, in half the time of lbfgs.
    return LogisticRegression(
        C=settings["C"], class_weight=settings["balanced"], solver="newton-cg", max_iter=200, random_state=seed
    )


def _svm(settings: dict[str, Any], labels: LabelSet, seed: int) -> BaseEstimator:
    svm = LinearSVC(C=settings["C"], class_weight=settings["balanced"], max_iter=20000, random_state=seed)
    # One SVM on all the data, and sigmoids fitted to cross-validated scores.
    return CalibratedClassifierCV(svm, method="sigmoid", cv=5, ensemble=False)


_MAKERS: dict[str, Callable[[dict[str, Any], LabelSet, int], BaseEstimator]] = {
    "majority": _majority,
    "keywords": _keywords,
    "naive-bayes": _naive_bayes,
    "logistic-regression": _logistic_regression,
    "svm": _svm,
}


def predict_proba(pipeline: Pipeline, sentences: Sequence[str], labels: LabelSet) -> NDArray[np.float64]:
    """Return probabilities in the order of the label set.

    scikit-learn sorts classes and has only those of its training data; a label that was not in
    training gets probability 0.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    sentences : sequence of str
        Any number, including none.
    labels : LabelSet
        Order of the columns.

    Returns
    -------
    ndarray of shape (n_sentences, n_labels)
        The most probable label is the predicted one; among equals, the first in order.
    """
    return label_proba(pipeline, list(sentences), labels)


def label_proba(classifier: Any, rows: Any, labels: LabelSet) -> NDArray[np.float64]:
    """Return the probabilities of a fitted classifier, in the order of the label set.

    Parameters
    ----------
    classifier : classifier or Pipeline
        Fitted.
    rows : sequence or sparse matrix of n_sentences rows
        What it predicts from; any number, including none.
    labels : LabelSet
        Order of the columns.

    Returns
    -------
    ndarray of shape (n_sentences, n_labels)

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> fitted = DummyClassifier(strategy="prior").fit([[0]] * 4, ["b", "b", "b", "a"])
    >>> label_proba(fitted, [[0]], LabelSet.from_names(["b", "c", "a"])).tolist()
    [[0.75, 0.0, 0.25]]
    """
    n_rows = rows.shape[0] if hasattr(rows, "shape") else len(rows)
    proba = np.zeros((n_rows, len(labels.names)))
    if n_rows:
        columns = [labels.index(str(name)) for name in classifier.classes_]
        proba[:, columns] = classifier.predict_proba(rows)
    return proba


def recalibrate(
    pipeline: Pipeline, method: str, y_proba: NDArray[np.float64], y_true: Sequence[str], labels: LabelSet
) -> Pipeline:
    """Return a fitted pipeline whose probabilities are recalibrated.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; its last step is the classifier. It is not changed.
    method : str
        ``temperature``, ``bias-corrected-temperature`` or ``isotonic``.
    y_proba : ndarray of shape (n_sentences, n_labels)
        Probabilities of sentences, each by such a pipeline that was not fitted to it.
    y_true : sequence of str
        Their gold labels, all among those that the pipeline was fitted with.
    labels : LabelSet
        Order of the columns of ``y_proba``.

    Returns
    -------
    Pipeline
        The same steps, but the last is a :class:`toolkit.estimators.recalibration.Recalibrated`.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> labels = LabelSet.from_names(["yes", "no"])
    >>> fitted = Pipeline([("classifier", DummyClassifier(strategy="prior"))]).fit([""] * 10, ["no"] * 9 + ["yes"])
    >>> calibrated = recalibrate(fitted, "temperature", np.array([[0.1, 0.9]] * 4), ["no", "no", "no", "yes"], labels)
    >>> calibrated.predict_proba([""]).round(6).tolist()
    [[0.75, 0.25]]
    """
    classes = [str(name) for name in pipeline.classes_]
    columns = [labels.index(name) for name in classes]
    gold = [classes.index(name) for name in y_true]
    calibrator = CALIBRATORS[method]().fit(y_proba[:, columns], gold)
    *steps, (name, classifier) = pipeline.steps
    return Pipeline([*steps, (name, Recalibrated(classifier, calibrator))], memory=pipeline.memory)
