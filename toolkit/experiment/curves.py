"""An experiment on growing parts of a corpus -> how its scores rise with the articles it learns from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.learning_curve import LearningCurve
from toolkit.analysis.scores import lenient_gold
from toolkit.config import Experiment, read_experiment
from toolkit.corpus.folds import article_folds
from toolkit.corpus.gold_tables import LabelledSentences, read_gold_table
from toolkit.corpus.loading import corpus_labels, load_corpus
from toolkit.exceptions import ToolkitError
from toolkit.experiment.fitting import fit_pipeline, sentence_columns, take_rows
from toolkit.labels import LabelSet
from toolkit.statistics.metrics import confusion, macro_f1

if TYPE_CHECKING:
    from datasets import DatasetDict

FRACTIONS = (1 / 8, 1 / 4, 1 / 2, 1.0)


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

    The parts are whole articles in random order, each part within the next, drawn anew for
    each draw. Hyper-parameters are searched within each part. The corpus's test split is
    never touched.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    corpus : datasets.DatasetDict
        Only ``train`` is used.
    labels : LabelSet
        Of the corpus.
    outside : LabelledSentences, optional
        What to score on. Without it, draw *i* scores on fold *i* of the training articles
        and learns from the others.
    fractions : sequence of float
        Shares of the articles, in (0, 1].
    n_orders : int
        Random orders of the articles.
    n_jobs : int
        Fits made at once; the result does not depend on it.
    progress : callable
        Told a step's name, how many are done and of how many.

    Returns
    -------
    LearningCurve

    Raises
    ------
    ToolkitError
        If the smallest part is too small to fit, or there are fewer articles than draws.
    """
    from joblib import Parallel, delayed

    train = sentence_columns(corpus["train"], labels)
    held: list[Mapping[str, NDArray[Any]]]
    if outside is None:
        n_folds = max(n_orders, experiment.evaluation.folds)
        try:
            folds = article_folds(train["article"], train["gold"], n_folds, experiment.seed)[:n_orders]
        except ValueError as error:
            raise ToolkitError(f"{error}; use fewer repetitions or name a table to score on [--repeats]") from error
        seen, held = [rows for rows, _ in folds], [take_rows(train, rows) for _, rows in folds]
    else:
        seen = [np.arange(len(train["text"]))] * n_orders
        held = [{"text": np.array(outside.text, dtype=object)}] * n_orders
    order = [_shuffled(train["article"][rows], experiment.seed + draw) for draw, rows in enumerate(seen)]
    tasks = []
    for draw, articles in enumerate(order):
        for fraction in sorted(fractions):
            part = articles[: max(1, round(fraction * len(articles)))]
            rows = seen[draw][np.isin(train["article"][seen[draw]], part)]
            tasks.append((draw, len(part), take_rows(train, rows), held[draw]))
    fits = []
    runner = Parallel(n_jobs=min(n_jobs, len(tasks)), return_as="generator")
    calls = (delayed(_try_fit)(experiment, labels, part, target) for _, _, part, target in tasks)
    for number, proba in enumerate(runner(calls), 1):
        fits.append(proba)
        progress("fit", number, len(tasks))
    shape = (len(order), len(fractions))
    graded = [_grade(labels, proba, target, outside) for proba, (_, _, _, target) in zip(fits, tasks, strict=True)]

    def mean(counts: Sequence[int]) -> tuple[int, ...]:
        # Folds are of sentences: the draws that learn from the others differ in both numbers.
        return tuple(np.reshape(counts, shape).mean(axis=0).round().astype(int).tolist())

    return LearningCurve(
        experiment=experiment.name,
        n_articles=mean([n_articles for _, n_articles, _, _ in tasks]),
        n_sentences=mean([len(part["text"]) for _, _, part, _ in tasks]),
        scores={name: np.reshape([grade[name] for grade in graded], shape).T for name in graded[0]},
    )


def _shuffled(articles: NDArray[Any], seed: int) -> NDArray[Any]:
    names = np.unique(articles)
    return names[np.random.default_rng(seed).permutation(len(names))]


def _try_fit(experiment: Experiment, labels: LabelSet, part: Any, target: Any) -> NDArray[np.float64]:
    try:
        return fit_pipeline(experiment, labels, part, target).proba
    except ValueError as error:
        n_articles = len(set(part["article"]))
        raise ToolkitError(
            f"{n_articles} articles are too few to fit {experiment.name!r} on: {error}; write more articles"
        ) from error


def _grade(
    labels: LabelSet, proba: NDArray[np.float64], target: Mapping[str, Any], outside: LabelledSentences | None
) -> dict[str, float]:
    acts = [labels.index(name) for name in labels.acts]

    def score(gold: Sequence[str], predicted: Sequence[str]) -> float:
        return float(macro_f1(confusion(gold, predicted, labels.names), acts))

    predicted = [labels.names[place] for place in proba.argmax(axis=1)]
    if outside is None:
        return {"cross-validated": score(target["gold"], predicted)}
    graded = {"strict": score(outside.gold, predicted)}
    if outside.also is not None:
        graded["lenient"] = score(lenient_gold(outside.gold, predicted, outside.also), predicted)
        plain = [row for row, other in enumerate(outside.also) if not other]
        graded["unambiguous"] = score([outside.gold[row] for row in plain], [predicted[row] for row in plain])
    return graded


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
    loaded = load_corpus(corpus) if isinstance(corpus, str | Path) else corpus
    labels = corpus_labels(loaded)
    outside = table if table is None or isinstance(table, LabelledSentences) else read_gold_table(table, labels)
    return learning_curve(record, loaded, labels, outside, fractions, n_repeats, n_jobs, progress)
