"""Other dealings of articles to folds -> the scores of every fold, and what all of them say together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.repeats import N_DIGITS, FoldCounts, Repeats
from toolkit.config import Experiment
from toolkit.corpus.folds import article_folds
from toolkit.exceptions import ToolkitError
from toolkit.experiment.fitting import Evaluation, fit_pipeline, sentence_columns, take_rows
from toolkit.labels import LabelSet
from toolkit.statistics import metrics

if TYPE_CHECKING:
    from datasets import DatasetDict


def repeat_seeds(seed: int, n_repeats: int) -> list[int]:
    """Draw the seed of each repeat; the first is the experiment's own.

    Examples
    --------
    More repeats keep those there were:

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
) -> Repeats | None:
    """Cross-validate as often as the experiment says, each time with another dealing of the articles.

    A further repeat is the cross-validation of the same experiment with another seed. Its
    predictions are counted by fold and not kept: a sentence has one prediction, that of the
    first.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    corpus : datasets.DatasetDict
        With ``train``.
    labels : LabelSet
        Of the corpus.
    evaluation : Evaluation
        Of this experiment: the first repeat.
    n_jobs : int
        Processes; the result does not depend on it.
    progress : callable
        Told a step's name, how many are done and of how many.

    Returns
    -------
    Repeats or None
        ``None`` if the experiment does not repeat its folds.

    Raises
    ------
    ToolkitError
        If two repeats deal the articles in the same way, or a fold cannot be learned from.
    """
    n_repeats = experiment.evaluation.repeats
    if n_repeats == 1:
        return None
    from joblib import Parallel, delayed

    train = sentence_columns(corpus["train"], labels)
    seeds = repeat_seeds(experiment.seed, n_repeats)
    dealt = [
        (repeat, number, seed, seen, held)
        for repeat, seed in enumerate(seeds[1:], 2)
        for number, (seen, held) in enumerate(
            article_folds(train["article"], train["gold"], experiment.evaluation.folds, seed)
        )
    ]
    first = _count_first(evaluation, experiment.seed)
    _check_differ(first, [(repeat, _digest(train["article"][held])) for repeat, _, _, _, held in dealt])
    runner = Parallel(n_jobs=min(n_jobs, len(dealt)), return_as="generator")
    tasks = (
        delayed(_fit_fold)(replace(experiment, seed=seed), labels, take_rows(train, seen), take_rows(train, held))
        for _, _, seed, seen, held in dealt
    )
    folds = list(first)
    for (repeat, number, seed, seen, held), (predicted, chosen) in zip(dealt, runner(tasks), strict=True):
        sides = train["article"][seen], train["article"][held]
        folds.append(_count_fold(repeat, number, seed, *sides, chosen, train["gold"][held], predicted, labels))
        progress("repeated fit", len(folds) - len(first), len(dealt))
    return Repeats(labels, tuple(folds))


def _fit_fold(
    experiment: Experiment, labels: LabelSet, seen: Mapping[str, NDArray[Any]], held: Mapping[str, NDArray[Any]]
) -> tuple[list[str], Mapping[str, Any]]:
    """Return predicted labels and what was chosen; a fold's vectors are gone with it, however many follow."""
    fit = fit_pipeline(experiment, labels, seen, held)
    return [labels.names[place] for place in fit.proba.argmax(axis=1)], fit.chosen


def _count_first(evaluation: Evaluation, seed: int) -> list[FoldCounts]:
    told = evaluation.predictions.take("train")
    of_fold, article = np.array(told.fold), np.array(told.article)
    gold, predicted = np.array(told.gold), np.array(told.predicted)
    return [
        _count_fold(
            1,
            number,
            seed,
            article[of_fold != number],
            article[of_fold == number],
            chosen,
            gold[of_fold == number],
            predicted[of_fold == number],
            told.labels,
        )
        for number, chosen in enumerate(evaluation.chosen_by_fold)
    ]


def _count_fold(
    repeat: int,
    number: int,
    seed: int,
    train_articles: NDArray[Any],
    test_articles: NDArray[Any],
    chosen: Mapping[str, Any],
    gold: Sequence[str] | NDArray[Any],
    predicted: Sequence[str] | NDArray[Any],
    labels: LabelSet,
) -> FoldCounts:
    counts = metrics.confusion(gold, predicted, labels.names)
    return FoldCounts(
        repeat,
        number,
        seed,
        len(set(train_articles)),
        len(set(test_articles)),
        _digest(test_articles),
        chosen,
        tuple(tuple(int(cell) for cell in row) for row in counts),
    )


def _digest(articles: Iterable[str]) -> str:
    names = json.dumps(sorted({str(name) for name in articles}))
    return hashlib.sha256(names.encode()).hexdigest()[:N_DIGITS]


def _check_differ(first: Sequence[FoldCounts], others: Sequence[tuple[int, str]]) -> None:
    """Refuse repeats with the same folds: they would count one finding twice."""
    folds: dict[int, set[str]] = {}
    for repeat, digest in (*((fold.repeat, fold.articles) for fold in first), *others):
        folds.setdefault(repeat, set()).add(digest)
    seen: dict[frozenset[str], int] = {}
    for repeat, digests in folds.items():
        earlier = seen.setdefault(frozenset(digests), repeat)
        if earlier != repeat:
            raise ToolkitError(
                f"repeats {earlier} and {repeat} deal the articles out in the same way; "
                "ask for fewer repeats or write more articles [evaluation.repeats]"
            )
