"""Other dealings of articles to folds -> the scores of every fold, and what all of them say together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit import metrics
from toolkit.config import Experiment
from toolkit.crossvalidation import corrected_interval, corrected_mean, corrected_t_test
from toolkit.evaluation import (
    Estimate,
    Evaluation,
    Predictions,
    fit_pipeline,
    sentence_columns,
    take_rows,
    without_nan,
)
from toolkit.exceptions import ToolkitError
from toolkit.labels import LabelSet
from toolkit.metrics import Counts
from toolkit.significance import holm
from toolkit.splits import article_folds

if TYPE_CHECKING:
    from datasets import DatasetDict

# Hexadecimal digits that tell one fold's articles from another's.
N_DIGITS = 16


@dataclass(frozen=True, slots=True)
class FoldCounts:
    """What one fold was dealt, and what its model says of the articles held out.

    Attributes
    ----------
    repeat : int
        From 1, which is the cross-validation of ``predictions.csv``.
    fold : int
        From 0.
    seed : int
        Of the repeat: it decides the folds, the inner ones and the classifier's own draws.
    n_train, n_test : int
        Articles learned from and held out.
    articles : str
        Digest of the names of those held out.
    chosen : mapping
        Hyper-parameters chosen.
    confusion : tuple of tuple of int
        Sentences held out; row: gold, column: predicted.
    """

    repeat: int
    fold: int
    seed: int
    n_train: int
    n_test: int
    articles: str
    chosen: Mapping[str, Any]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Repeats:
    """Cross-validation with more than one dealing of the articles.

    Attributes
    ----------
    labels : LabelSet
        Order of the confusions.
    folds : tuple of FoldCounts
        Of all repeats, by repeat and fold.

    Examples
    --------
    Of four sentences of each label the first model takes two for the other:

    >>> labels = LabelSet.from_names(["a", "b"])
    >>> folds = [FoldCounts(1, k, 0, 9, 9, str(k), {}, ((n, 4 - n), (0, 4))) for k, n in enumerate((2, 4))]
    >>> repeats = Repeats(labels, tuple(folds))
    >>> repeats.headlines().round(3).tolist(), round(repeats.headline().value, 3)
    ([0.733, 1.0], 0.867)
    """

    labels: LabelSet
    folds: tuple[FoldCounts, ...]

    @property
    def n_repeats(self) -> int:
        """How often the articles were dealt out."""
        return max(fold.repeat for fold in self.folds)

    @cached_property
    def dealing(self) -> tuple[tuple[int, int, int, int, str], ...]:
        """Which articles each fold learned from and held out: where equal, folds pair."""
        return tuple((fold.repeat, fold.fold, fold.n_train, fold.n_test, fold.articles) for fold in self.folds)

    @property
    def n_train(self) -> list[int]:
        """Articles that each fold learned from."""
        return [fold.n_train for fold in self.folds]

    @property
    def n_test(self) -> list[int]:
        """Articles that each fold held out."""
        return [fold.n_test for fold in self.folds]

    @cached_property
    def confusions(self) -> Counts:
        """Confusions of the folds, shape (n_folds, n_labels, n_labels)."""
        return np.array([fold.confusion for fold in self.folds], dtype=float)

    def headlines(self) -> NDArray[np.float64]:
        """Score each fold by itself: macro F1 over the acts, shape (n_folds,)."""
        return metrics.macro_f1(self.confusions, self._acts())

    def sums(self) -> Counts:
        """Add the confusions of each repeat up, shape (n_repeats, n_labels, n_labels)."""
        of_repeat = np.array([fold.repeat for fold in self.folds])
        return np.array([self.confusions[of_repeat == place + 1].sum(axis=0) for place in range(self.n_repeats)])

    def pooled(self) -> NDArray[np.float64]:
        """Score all sentences of each repeat together, shape (n_repeats,)."""
        return metrics.macro_f1(self.sums(), self._acts())

    def headline(self) -> Estimate:
        """Average the headline over all folds, with its corrected interval; ``nan`` if one has none."""
        return self._mean(self.headlines())

    def label_f1(self) -> tuple[Estimate, ...]:
        """Average F1 over all folds, in the order of the labels; ``nan`` where a fold has none of the label."""
        return tuple(self._mean(scores) for scores in metrics.f1(self.confusions).T)

    def _acts(self) -> list[int]:
        return [self.labels.index(name) for name in self.labels.acts]

    def _mean(self, scores: NDArray[np.float64]) -> Estimate:
        return _mean_of_folds(scores, self.n_train, self.n_test)

    def summary(self) -> dict[str, Any]:
        """Return what all folds say together as plain data; undefined is ``None``."""
        means = zip(self.labels.names, self.label_f1(), strict=True)
        record: dict[str, Any] = without_nan(
            {
                "n_repeats": self.n_repeats,
                "headline": asdict(self.headline()),
                "labels": [{"name": name, "f1": asdict(found)} for name, found in means],
                "pooled": self.pooled().tolist(),
            }
        )
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the summary and, of each fold, counts and scores as plain data."""
        names = self.labels.names
        scores = zip(self.headlines().tolist(), metrics.f1(self.confusions).tolist(), strict=True)
        folds = [
            {**asdict(fold), "headline": headline, "f1": dict(zip(names, by_label, strict=True))}
            for fold, (headline, by_label) in zip(self.folds, scores, strict=True)
        ]
        plain: list[dict[str, Any]] = without_nan(folds)
        return {**self.summary(), "folds": plain}


def _mean_of_folds(scores: NDArray[np.float64], n_train: Sequence[int], n_test: Sequence[int]) -> Estimate:
    if len(scores) < 2 or np.isnan(scores).any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    return Estimate(corrected_mean(scores, n_train, n_test).value, *corrected_interval(scores, n_train, n_test))


def read_repeats(record: Any, predictions: Predictions, n_repeats: int) -> Repeats:
    """Read what :meth:`Repeats.to_dict` gave of a run; scores are counted anew.

    Parameters
    ----------
    record : object
        As in ``report.json``.
    predictions : Predictions
        Of the run: the first repeat is of these.
    n_repeats : int
        As the run's settings have it.

    Raises
    ------
    ValueError
        If a part is missing or of a wrong type, or the folds are not those of this run.
    """
    names = predictions.labels.names
    try:
        folds = tuple(_read_fold(fold, len(names)) for fold in record["folds"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a fold lacks a part, or has one that is none") from error
    if sorted({fold.repeat for fold in folds}) != list(range(1, n_repeats + 1)):
        raise ValueError(f"the folds are not those of repeats 1 to {n_repeats}")
    repeats = Repeats(predictions.labels, folds)
    held = predictions.take("train")
    told = metrics.confusion(held.gold, held.predicted, names)
    sums = repeats.sums()
    if np.any(sums[0] != told) or np.any(sums.sum(axis=-1) != told.sum(axis=-1)):
        raise ValueError("the folds hold out other sentences than those predicted")
    return repeats


def _read_fold(record: Any, n_labels: int) -> FoldCounts:
    repeat, number, seed, n_train, n_test = (
        _count(record[name]) for name in ("repeat", "fold", "seed", "n_train", "n_test")
    )
    confusion = tuple(tuple(_count(cell) for cell in row) for row in record["confusion"])
    if len(confusion) != n_labels or {len(row) for row in confusion} != {n_labels} or not (n_train and n_test):
        raise ValueError(f"fold {number} of repeat {repeat} has counts that are none")
    return FoldCounts(repeat, number, seed, n_train, n_test, str(record["articles"]), dict(record["chosen"]), confusion)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} came; expected a whole number from 0 up")
    return value


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
        folds.append(_fold(repeat, number, seed, *sides, chosen, train["gold"][held], predicted, labels))
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
        _fold(
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


def _fold(
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


@dataclass(frozen=True, slots=True)
class FoldComparison:
    """One pair of runs on the same folds, repeated.

    Attributes
    ----------
    first, second : int
        Places of the two runs, first before second.
    value, low, high : float
        Mean of the headline of the first minus that of the second by fold, and its
        corrected 95 % interval.
    p_value : float
        Of the corrected t-test.
    p_corrected : float
        The same, corrected by Holm for all pairs tested.
    n_folds : int
        Of all repeats.
    """

    first: int
    second: int
    value: float
    low: float
    high: float
    p_value: float
    p_corrected: float
    n_folds: int


def compare_folds(repeats: Sequence[Repeats | None]) -> tuple[FoldComparison, ...]:
    """Test every pair of runs that repeat the same folds.

    Parameters
    ----------
    repeats : sequence of Repeats or None
        One a run; ``None`` for a run that does not repeat its folds.

    Returns
    -------
    tuple of FoldComparison
        In the order (0, 1), (0, 2), … of those that repeat the same dealings; a fold without
        a score leaves its pair ``nan``.

    Examples
    --------
    The first run scores higher in both folds, by near as much:

    >>> labels = LabelSet.from_names(["a", "b"])
    >>> def run(*right):
    ...     counts = [((n, 8 - n), (0, 8)) for n in right]
    ...     return Repeats(labels, tuple(FoldCounts(1, k, 0, 9, 9, str(k), {}, one) for k, one in enumerate(counts)))
    >>> [pair] = compare_folds([run(7, 8), None, run(4, 5)])
    >>> pair.first, pair.second, round(pair.value, 3), round(pair.p_value, 3)
    (0, 2, 0.199, 0.027)
    """
    found = []
    for place, first in enumerate(repeats):
        for other in range(place + 1, len(repeats)):
            second = repeats[other]
            if first is not None and second is not None and first.dealing == second.dealing:
                found.append(_compare((place, other), first, second))
    corrected = holm([pair.p_value for pair in found])
    return tuple(replace(pair, p_corrected=p_value) for pair, p_value in zip(found, corrected, strict=True))


def _compare(places: tuple[int, int], first: Repeats, second: Repeats) -> FoldComparison:
    ours, theirs = first.headlines(), second.headlines()
    sizes = first.n_train, first.n_test
    found = _mean_of_folds(ours - theirs, *sizes)
    p_value = float("nan") if np.isnan(found.value) else corrected_t_test(ours, theirs, *sizes)
    return FoldComparison(*places, found.value, found.low, found.high, p_value, p_value, len(ours))
