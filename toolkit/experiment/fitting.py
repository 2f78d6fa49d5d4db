"""TODO toolkit.experiment.fitting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.analysis.predictions import N_DECIMALS, Predictions
from toolkit.config import Experiment
from toolkit.corpus.folds import Fold, article_folds, check_no_leak
from toolkit.exceptions import ToolkitError
from toolkit.labels import LabelSet
from toolkit.statistics import metrics

if TYPE_CHECKING:
    from datasets import DatasetDict
    from sklearn.pipeline import Pipeline

    from toolkit.engine.training.counted_sentences import CountedSentences


@dataclass(frozen=True, slots=True)
class Fit:
    """One fitted pipeline, the hyper-parameters chosen, and what it says of held-out sentences."""

    pipeline: Pipeline
    chosen: Mapping[str, Any]
    proba: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an experiment found: predictions, the model of all training data, its choices, and the models of the folds.

    A training sentence was labelled by the pipeline of its fold, ``pipelines[fold]``.
    """

    predictions: Predictions
    pipeline: Pipeline
    chosen: Mapping[str, Any]
    chosen_by_fold: tuple[Mapping[str, Any], ...]
    pipelines: tuple[Pipeline, ...]


def evaluate(
    experiment: Experiment,
    corpus: DatasetDict,
    labels: LabelSet,
    n_jobs: int = 1,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
) -> Evaluation:
    """Cross-validate on train, then fit on all of it and label the test split once.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    corpus : datasets.DatasetDict
        With ``train`` and ``test``.
    labels : LabelSet
        Of the corpus.
    n_jobs : int
        Processes; the result does not depend on it.
    progress : callable
        Told a step's name, how many are done and of how many.

    Returns
    -------
    Evaluation

    Raises
    ------
    ToolkitError
        If the corpus has too few articles for the folds, or training has one label only.
    """
    from joblib import Parallel, delayed

    from toolkit.engine.training.counted_sentences import CountedSentences

    train, test = sentence_columns(corpus["train"], labels), sentence_columns(corpus["test"], labels)
    check_no_leak(train["article"], test["article"])
    try:
        folds = article_folds(train["article"], train["gold"], experiment.evaluation.folds, experiment.seed)
    except ValueError as error:
        raise ToolkitError(f"{error} [evaluation.folds]") from error
    everything = np.arange(len(train["text"]))
    tasks = [(take_rows(train, seen), take_rows(train, held)) for seen, held in folds]
    tasks.append((take_rows(train, everything), test))
    fits: list[Fit] = []
    runner = Parallel(n_jobs=min(n_jobs, len(tasks)), return_as="generator")
    # Longest first: the last task fits on all of train.
    order = [len(tasks) - 1, *range(len(tasks) - 1)]
    counted = CountedSentences([*train["text"], *test["text"]])
    done = runner(delayed(fit_pipeline)(experiment, labels, *tasks[place], counted) for place in order)
    for number, fit in enumerate(done, 1):
        fits.append(fit)
        progress("fit", number, len(tasks))
    final, held_out = fits[0], fits[1:]
    proba = np.zeros((len(everything), len(labels.names)))
    fold = np.full(len(everything), -1)
    for number, ((_, held), fit) in enumerate(zip(folds, held_out, strict=True)):
        proba[held], fold[held] = fit.proba, number
    predictions = _predictions(labels, train, test, fold, np.concatenate([proba, final.proba]))
    chosen_by_fold, pipelines = (tuple(getattr(fit, name) for fit in held_out) for name in ("chosen", "pipeline"))
    return Evaluation(predictions, final.pipeline, final.chosen, chosen_by_fold, pipelines)


def sentence_columns(split: Any, labels: LabelSet) -> dict[str, NDArray[Any]]:
    """Return ``text``, ``article``, ``position`` and ``gold`` of a split, an array each."""
    names = np.array(labels.names)
    # A slice is read at once, a column row by row.
    text, article, position, label = (split[name][:] for name in ("text", "article", "position", "label"))
    return {
        "text": np.array(text, dtype=object),
        "article": np.array(article, dtype=object),
        "position": np.array(position),
        "gold": names[np.array(label)],
    }


def take_rows(columns: Mapping[str, NDArray[Any]], rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Return the same columns with these rows only."""
    return {name: column[rows] for name, column in columns.items()}


def fit_pipeline(
    experiment: Experiment,
    labels: LabelSet,
    seen: Mapping[str, NDArray[Any]],
    held: Mapping[str, NDArray[Any]],
    counted: CountedSentences | None = None,
) -> Fit:
    """Search and fit on some articles; label others.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    labels : LabelSet
        Order of the probabilities.
    seen : mapping of str to ndarray
        ``text``, ``article`` and ``gold`` of the sentences learned from.
    held : mapping of str to ndarray
        ``text`` of those labelled.
    counted : CountedSentences, optional
        All of these sentences, where several calls share them.

    Returns
    -------
    Fit

    Raises
    ------
    ToolkitError
        If all sentences learned from have one label.
    """
    from threadpoolctl import threadpool_limits

    from toolkit.engine.training.counted_sentences import CountedSentences
    from toolkit.engine.training.vectorizers import to_compiled_vectorizers, to_sklearn_vectorizers
    from toolkit.models.pipelines import label_proba, make_grid, make_pipeline, recalibrate
    from toolkit.models.search import choose, fit

    counted = counted or CountedSentences([*seen["text"], *held["text"]])
    grid = make_grid(experiment)
    pipeline = to_compiled_vectorizers(make_pipeline(experiment, labels))
    chosen: dict[str, Any] = {}
    # One thread of arithmetic a process: sums then come in one order, whatever n_jobs.
    with threadpool_limits(1):
        try:
            if grid:
                inner = _inner_folds(experiment, seen)
                chosen = choose(pipeline, grid, seen["text"], seen["gold"], inner, _headline_scorer(labels), counted)
                pipeline.set_params(**chosen)
            rows = fit(pipeline, list(seen["text"]), seen["gold"], list(held["text"]), counted)
        except ValueError as error:
            if len(set(seen["gold"])) < 2:
                raise ToolkitError(
                    f"training has the single label {str(seen['gold'][0])!r}; a classifier needs two or more"
                ) from error
            raise
        if experiment.calibration != "none":
            # Of the articles learned from alone, so that those held out stay unseen.
            proba = _cross_validated(pipeline, labels, seen, _inner_folds(experiment, seen), counted)
            pipeline = recalibrate(pipeline, experiment.calibration, proba, list(seen["gold"]), labels)
        proba = label_proba(pipeline[-1], rows, labels)
        # Types of our own have no place in a saved model that scikit-learn's can take.
        return Fit(to_sklearn_vectorizers(pipeline), _chosen_settings(chosen), proba)


def _inner_folds(experiment: Experiment, seen: Mapping[str, NDArray[Any]]) -> list[Fold]:
    n_folds = min(experiment.evaluation.inner_folds, len(set(seen["article"])))
    return article_folds(seen["article"], seen["gold"], n_folds, (experiment.seed + 1) % 2**32)


def _cross_validated(
    pipeline: Pipeline,
    labels: LabelSet,
    seen: Mapping[str, NDArray[Any]],
    folds: Sequence[Fold],
    counted: CountedSentences,
) -> NDArray[np.float64]:
    """Return probabilities of sentences, each by a pipeline fitted on the other folds alone."""
    from sklearn.base import clone

    from toolkit.models.pipelines import label_proba
    from toolkit.models.search import fit

    proba = np.zeros((len(seen["text"]), len(labels.names)))
    for rows, held in folds:
        if len(set(seen["gold"][rows])) < 2:
            raise ToolkitError(
                f"an inner fold has the single label {str(seen['gold'][rows][0])!r} to learn from, "
                "two or more are needed; write more articles or leave out [calibration] [evaluation.inner_folds]"
            )
        fitted = clone(pipeline)
        others = fit(fitted, list(seen["text"][rows]), seen["gold"][rows], list(seen["text"][held]), counted)
        proba[held] = label_proba(fitted[-1], others, labels)
    return proba


def _headline_scorer(labels: LabelSet) -> Callable[[ArrayLike, ArrayLike], float]:
    acts = [labels.index(name) for name in labels.acts]

    def score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
        counts = metrics.confusion(y_true, y_pred, labels.names)
        return float(np.nan_to_num(metrics.macro_f1(counts, acts)))

    return score


def _chosen_settings(chosen: Mapping[str, Any]) -> dict[str, Any]:
    names = {"class_weight": "balanced"}
    values = {key.rpartition("__")[2]: value for key, value in chosen.items()}
    return {
        names.get(key, key): value == "balanced" if key == "class_weight" else value
        for key, value in sorted(values.items())
    }


def _predictions(
    labels: LabelSet,
    train: Mapping[str, NDArray[Any]],
    test: Mapping[str, NDArray[Any]],
    fold: NDArray[np.intp],
    proba: NDArray[np.float64],
) -> Predictions:
    both = {name: [*train[name].tolist(), *test[name].tolist()] for name in train}
    n_train, n_test = len(train["text"]), len(test["text"])
    return Predictions(
        labels=labels,
        split=("train",) * n_train + ("test",) * n_test,
        fold=(*fold.tolist(), *(-1,) * n_test),
        article=tuple(both["article"]),
        position=tuple(both["position"]),
        text=tuple(both["text"]),
        gold=tuple(both["gold"]),
        predicted=tuple(labels.names[place] for place in proba.argmax(axis=1)),
        proba=proba.round(N_DECIMALS),
    )
