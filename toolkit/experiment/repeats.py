"""Repeated k-fold cross-validation: other assignments of articles to folds -> counts of every fold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis import N_DIGITS, FoldCounts, Repeats
from toolkit.config import Experiment
from toolkit.corpus import Fold
from toolkit.exceptions import ToolkitError
from toolkit.experiment.fitting import (
    Evaluation,
    assign_folds,
    fit_pipeline,
    run_tasks,
    sentence_columns,
    take_rows,
)
from toolkit.labels import LabelSet
from toolkit.statistics import Counts, metrics

if TYPE_CHECKING:
    from datasets import DatasetDict

    from toolkit.models import SoftLabels


def repeat_seeds(seed: int, n_repeats: int) -> list[int]:
    """Draw the seed of each repetition; the first is the experiment's own.

    Examples
    --------
    More repetitions keep the seeds of fewer:

    >>> repeat_seeds(7, 3)[0], repeat_seeds(7, 3) == repeat_seeds(7, 5)[:3]
    (7, True)
    """
    return [seed, *np.random.default_rng(seed).integers(2**31, size=n_repeats - 1).tolist()]


def repeat_folds(
    experiment: Experiment,
    corpus: DatasetDict,
    labels: LabelSet,
    evaluation: Evaluation,
    n_jobs: int = 1,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
    soft: SoftLabels | None = None,
) -> Repeats | None:
    """Repeat the cross-validation as often as the experiment says, each time with other folds.

    A further repetition is the cross-validation of the same experiment with another seed. Its
    predictions are counted by fold and not kept: a sentence has one prediction, that of the
    first repetition.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    corpus : datasets.DatasetDict
        With ``train``.
    labels : LabelSet
        Of the corpus.
    evaluation : Evaluation
        Of this experiment: the first repetition.
    n_jobs : int
        Processes; the result does not depend on it.
    progress : callable
        Called with a step's name, the number of parts done, and the number of parts.
    soft : SoftLabels, optional
        As the evaluation had them.

    Returns
    -------
    Repeats or None
        ``None`` if the experiment does not repeat its cross-validation.

    Raises
    ------
    ToolkitError
        If two repetitions assign the articles to the same folds, or a fold cannot be trained on.
    """
    if experiment.evaluation.repeats == 1:
        return None
    train = sentence_columns(corpus["train"], labels)
    further = _further_folds(experiment, train)
    first = _count_first(evaluation, experiment.seed)
    _check_differ(first, [(repeat, _digest(train["article"][held_out])) for repeat, _, _, (_, held_out) in further])
    tasks = (
        (replace(experiment, seed=seed), labels, repeat, number, *(take_rows(train, rows) for rows in fold), soft)
        for repeat, number, seed, fold in further
    )
    return Repeats(labels, (*first, *run_tasks(_fit_fold, tasks, len(further), "repeated fit", n_jobs, progress)))


def _further_folds(experiment: Experiment, train: Mapping[str, NDArray[Any]]) -> list[tuple[int, int, int, Fold]]:
    """Return repetition, number, seed and rows of each fold after the first repetition."""
    plan = experiment.evaluation
    seeds = repeat_seeds(experiment.seed, plan.repeats)
    return [
        (repeat, number, seed, fold)
        for repeat, seed in enumerate(seeds[1:], 2)
        for number, fold in enumerate(assign_folds(train, plan.folds, seed))
    ]


def _fit_fold(
    experiment: Experiment,
    labels: LabelSet,
    repeat: int,
    number: int,
    train: Mapping[str, NDArray[Any]],
    held_out: Mapping[str, NDArray[Any]],
    soft: SoftLabels | None,
) -> FoldCounts:
    """Fit and count one fold; the pipeline is dropped, so that memory does not grow with the repetitions."""
    fit = fit_pipeline(experiment, labels, train, held_out, soft=soft)
    predicted = [labels.names[column] for column in fit.proba.argmax(axis=1)]
    confusion = metrics.confusion(held_out["gold"], predicted, labels.names)
    return _count_fold(repeat, number, experiment.seed, train["article"], held_out["article"], fit.chosen, confusion)


def _count_first(evaluation: Evaluation, seed: int) -> list[FoldCounts]:
    train = evaluation.predictions.take("train")
    fold, article = np.array(train.fold), np.array(train.article)
    gold, predicted = np.array(train.gold), np.array(train.predicted)
    folds = []
    for number, chosen in enumerate(evaluation.chosen_by_fold):
        held_out = fold == number
        confusion = metrics.confusion(gold[held_out], predicted[held_out], train.labels.names)
        folds.append(_count_fold(1, number, seed, article[~held_out], article[held_out], chosen, confusion))
    return folds


def _count_fold(
    repeat: int,
    number: int,
    seed: int,
    train_articles: NDArray[Any],
    test_articles: NDArray[Any],
    chosen: Mapping[str, Any],
    confusion: Counts,
) -> FoldCounts:
    return FoldCounts(
        repeat=repeat,
        fold=number,
        seed=seed,
        n_train=len(set(train_articles)),
        n_test=len(set(test_articles)),
        articles=_digest(test_articles),
        chosen=dict(chosen),
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
    )


def _digest(articles: Iterable[str]) -> str:
    names = json.dumps(sorted({str(name) for name in articles}))
    return hashlib.sha256(names.encode()).hexdigest()[:N_DIGITS]


def _check_differ(first: Sequence[FoldCounts], others: Sequence[tuple[int, str]]) -> None:
    """Refuse repetitions with the same folds: they would count one result twice."""
    folds: dict[int, set[str]] = {}
    for repeat, digest in (*((fold.repeat, fold.articles) for fold in first), *others):
        folds.setdefault(repeat, set()).add(digest)
    first_with: dict[frozenset[str], int] = {}
    for repeat, digests in folds.items():
        earlier = first_with.setdefault(frozenset(digests), repeat)
        if earlier != repeat:
            raise ToolkitError(
                f"repetitions {earlier} and {repeat} assign the articles to the same folds; "
                "ask for fewer repetitions or write more articles [evaluation.repeats]"
            )
