"""An experiment on growing parts of a corpus -> its scores against the number of training articles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.analysis import LearningCurve, lenient_gold
from toolkit.config import Experiment, read_experiment
from toolkit.corpus import LabelledSentences, corpus_labels, open_corpus, read_gold_table
from toolkit.exceptions import ToolkitError
from toolkit.experiment.fitting import assign_folds, fit_pipeline, run_tasks, sentence_columns, take_rows
from toolkit.labels import LabelSet
from toolkit.statistics import confusion, macro_f1

if TYPE_CHECKING:
    from datasets import DatasetDict

FRACTIONS = (1 / 8, 1 / 4, 1 / 2, 1.0)
Columns = Mapping[str, NDArray[Any]]


def learning_curve(
    experiment: Experiment,
    corpus: DatasetDict,
    labels: LabelSet,
    outside: LabelledSentences | None = None,
    fractions: Sequence[float] = FRACTIONS,
    n_orders: int = 3,
    n_jobs: int = 1,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
) -> LearningCurve:
    """Fit an experiment on growing parts of the training articles and score each fit.

    The parts of an order are the first articles of a random order of all, so that each part
    contains the smaller ones. Hyper-parameters are searched within each part. The corpus's
    test split is never used.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    corpus : datasets.DatasetDict
        Only ``train`` is used.
    labels : LabelSet
        Of the corpus.
    outside : LabelledSentences, optional
        Sentences to score on. Without them, order *i* is scored on fold *i* of the training
        articles and trained on the others.
    fractions : sequence of float
        Proportions of the articles, in (0, 1].
    n_orders : int
        Random orders of the articles.
    n_jobs : int
        Fits made in parallel; the result does not depend on it.
    progress : callable
        Called with a step's name, the number of parts done, and the number of parts.

    Returns
    -------
    LearningCurve

    Raises
    ------
    ToolkitError
        If the smallest part is too small to fit, or there are fewer articles than orders.
    """
    train = sentence_columns(corpus["train"], labels)
    tasks = [
        (part, held_out)
        for number, (rows, held_out) in enumerate(_sides(experiment, train, outside, n_orders))
        for part in _parts(train, rows, sorted(fractions), experiment.seed + number)
    ]
    fits = _fit_all(experiment, labels, tasks, n_jobs, progress)
    grades = [_grade(labels, proba, held_out, outside) for proba, (_, held_out) in zip(fits, tasks, strict=True)]
    shape = (n_orders, len(fractions))
    return LearningCurve(
        experiment=experiment.name,
        n_articles=_means([len(set(part["article"])) for part, _ in tasks], shape),
        n_sentences=_means([len(part["text"]) for part, _ in tasks], shape),
        scores={name: np.reshape([grade[name] for grade in grades], shape).T for name in grades[0]},
    )


def _means(counts: Sequence[int], shape: tuple[int, int]) -> tuple[int, ...]:
    """Average over the orders: folds have equal numbers of sentences, not of articles, so orders may differ."""
    return tuple(np.reshape(counts, shape).mean(axis=0).round().astype(int).tolist())


def _fit_all(
    experiment: Experiment,
    labels: LabelSet,
    tasks: Sequence[tuple[Columns, Columns]],
    n_jobs: int,
    progress: Callable[[str, int, int], None],
) -> list[NDArray[np.float64]]:
    """Return the probabilities of the held-out sentences of each task."""
    calls = ((experiment, labels, *task) for task in tasks)
    return list(run_tasks(_try_fit, calls, len(tasks), "fit", n_jobs, progress))


def _sides(
    experiment: Experiment, train: Columns, outside: LabelledSentences | None, n_orders: int
) -> list[tuple[NDArray[np.intp], Columns]]:
    """Return for each order the training rows that parts are taken of, and the sentences to score on."""
    if outside is not None:
        return [(np.arange(len(train["text"])), {"text": np.array(outside.text, dtype=object)})] * n_orders
    n_folds = max(n_orders, experiment.evaluation.folds)
    try:
        folds = assign_folds(train, n_folds, experiment.seed)[:n_orders]
    except ValueError as error:
        raise ToolkitError(f"{error}; use fewer repetitions or name a table to score on [--repeats]") from error
    return [(rows, take_rows(train, held_out)) for rows, held_out in folds]


def _parts(train: Columns, rows: NDArray[np.intp], fractions: Sequence[float], seed: int) -> list[Columns]:
    """Return the sentences of growing parts of the articles, in one random order."""
    names = np.unique(train["article"][rows])
    order = names[np.random.default_rng(seed).permutation(len(names))]
    parts = (order[: max(1, round(fraction * len(order)))] for fraction in fractions)
    return [take_rows(train, rows[np.isin(train["article"][rows], part)]) for part in parts]


def _try_fit(experiment: Experiment, labels: LabelSet, part: Columns, held_out: Columns) -> NDArray[np.float64]:
    try:
        return fit_pipeline(experiment, labels, part, held_out).proba
    except ValueError as error:
        n_articles = len(set(part["article"]))
        raise ToolkitError(
            f"{n_articles} articles are too few to fit {experiment.name!r} on: {error}; write more articles"
        ) from error


def _grade(
    labels: LabelSet, proba: NDArray[np.float64], held_out: Columns, outside: LabelledSentences | None
) -> dict[str, float]:
    acts = [labels.index(name) for name in labels.acts]

    def score(gold: ArrayLike, predicted: ArrayLike) -> float:
        return float(macro_f1(confusion(gold, predicted, labels.names), acts))

    predicted = [labels.names[column] for column in proba.argmax(axis=1)]
    if outside is None:
        return {"cross-validated": score(held_out["gold"], predicted)}
    grades = {"strict": score(outside.gold, predicted)}
    if outside.also is not None:
        grades["lenient"] = score(lenient_gold(outside.gold, predicted, outside.also), predicted)
        unambiguous = [row for row, other in enumerate(outside.also) if not other]
        grades["unambiguous"] = score(
            [outside.gold[row] for row in unambiguous], [predicted[row] for row in unambiguous]
        )
    return grades


def curve(
    experiment: str | Path | Experiment,
    corpus: str | Path | DatasetDict = "data",
    table: str | Path | Iterable[Mapping[str, Any]] | LabelledSentences | None = None,
    fractions: Sequence[float] = FRACTIONS,
    n_repeats: int = 3,
    n_jobs: int = 1,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
) -> LearningCurve:
    """Measure how an experiment's scores rise with the number of articles it learns from.

    Parameters
    ----------
    experiment : str, Path or Experiment
        An experiment file, or a record already read.
    corpus : str, Path or DatasetDict
        A corpus folder, or a corpus already loaded; its test split is never touched.
    table : str, Path, iterable of mapping or LabelledSentences, optional
        Sentences to score on: a table with gold labels in its column ``label``, its rows, or what
        :func:`toolkit.corpus.gold_tables.read_gold_table` returns. Without it, articles are held out.
    fractions : sequence of float
        Proportions of the articles to learn from, in (0, 1].
    n_repeats : int
        Repetitions, each with the articles in another random order.
    n_jobs : int
        Fits made at once; the result does not depend on it.
    progress : callable
        Called with a step's name, how many are done and of how many.

    Returns
    -------
    LearningCurve
        Macro F1 over the acts, for each fraction and repetition.

    Raises
    ------
    ToolkitError
        If the experiment, the corpus or the table cannot be used, the smallest part is too small
        to fit, or there are fewer articles than repetitions.

    Examples
    --------
    >>> points = curve("experiments/naive-bayes.toml", "data", fractions=(0.5, 1))  # doctest: +SKIP
    >>> points.n_articles  # doctest: +SKIP
    (273, 545)
    """
    record = experiment if isinstance(experiment, Experiment) else read_experiment(experiment)
    loaded = open_corpus(corpus)
    labels = corpus_labels(loaded)
    outside = table if table is None or isinstance(table, LabelledSentences) else read_gold_table(table, labels)
    return learning_curve(record, loaded, labels, outside, fractions, n_repeats, n_jobs, progress)
