"""Pipeline and folds -> predictions -> scores with intervals."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit import metrics
from toolkit.cells import cell_reader, cell_writer, header_misfit, refuse
from toolkit.config import Experiment
from toolkit.exceptions import RunError, ToolkitError
from toolkit.intervals import distance_interval
from toolkit.labels import LabelSet
from toolkit.metrics import ArticleCounts, Counts
from toolkit.paired import compare_pair, make_draws
from toolkit.significance import Score, interval, resample, total, weigh
from toolkit.splits import Fold, article_folds, check_no_leak

if TYPE_CHECKING:
    from datasets import DatasetDict
    from sklearn.pipeline import Pipeline

    from toolkit.vectorizers import CountedSentences

# Decimals kept of a probability: what two machines' arithmetic agrees on.
DECIMALS = 6
# How far rounded probabilities of a sentence may be from a sum of 1, as in metrics.
TOLERANCE = 1e-3
COLUMNS = ("split", "fold", "article", "position", "text", "gold", "predicted")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Sentences with gold label, predicted label and probabilities.

    Attributes
    ----------
    labels : LabelSet
        Order of the columns of ``proba``.
    split, fold, article, position, text, gold, predicted : tuple of length n_sentences
        ``fold`` is the outer fold that a training sentence was held out in; -1 for test.
    proba : ndarray of shape (n_sentences, n_labels)
        Probabilities, six decimals.
    """

    labels: LabelSet
    split: tuple[str, ...]
    fold: tuple[int, ...]
    article: tuple[str, ...]
    position: tuple[int, ...]
    text: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    proba: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.text)

    def take(self, split: str) -> Predictions:
        """Return the sentences of one split."""
        return _select(self, [row for row, side in enumerate(self.split) if side == split])

    def count(self) -> ArticleCounts:
        """Sum by article whatever the scores are made of."""
        return metrics.count_articles(self.gold, self.predicted, self.proba, self.article, self.labels.names)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score and its 95 % interval, over resampled articles if nothing else is said; ``nan`` where undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores of one label; ``support`` is the number of its gold sentences."""

    name: str
    title: str
    support: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of some predictions.

    Attributes
    ----------
    headline : Estimate
        Macro F1 over the labels that are not background.
    labels : tuple of LabelScores
        In the order of the label set, the background among them.
    accuracy, mcc : Estimate
        Over all sentences, background included.
    log_loss, brier, calibration_error : Estimate
        In nats, in [0, 2] and in [0, 1].
    confusion : tuple of tuple of int
        Row: gold; column: predicted.
    n_sentences, n_articles, n_resamples : int
        What the scores rest on.
    """

    headline: Estimate
    labels: tuple[LabelScores, ...]
    accuracy: Estimate
    mcc: Estimate
    log_loss: Estimate
    brier: Estimate
    calibration_error: Estimate
    confusion: tuple[tuple[int, ...], ...]
    n_sentences: int
    n_articles: int
    n_resamples: int

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain data; undefined is ``None``."""
        record: dict[str, Any] = without_nan(asdict(self))
        return record


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

    from toolkit.vectorizers import CountedSentences

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

    from toolkit.pipelines import label_proba, make_grid, make_pipeline, recalibrate
    from toolkit.search import choose, fit
    from toolkit.vectorizers import CountedSentences, with_compiled, with_plain

    counted = counted or CountedSentences([*seen["text"], *held["text"]])
    grid = make_grid(experiment)
    pipeline = with_compiled(make_pipeline(experiment, labels))
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
        return Fit(with_plain(pipeline), _plain(chosen), proba)


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

    from toolkit.pipelines import label_proba
    from toolkit.search import fit

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


def _plain(chosen: Mapping[str, Any]) -> dict[str, Any]:
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
        proba=proba.round(DECIMALS),
    )


def score(
    predictions: Predictions, n_resamples: int = 2000, seed: int = 0, weights: NDArray[np.float64] | None = None
) -> Scores:
    """Score predictions, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    n_resamples : int
        Articles are drawn this often.
    seed : int
        Decides the draws.
    weights : ndarray of shape (n_resamples, n_articles), optional
        The draws themselves, where several systems share them; the seed is then not used.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        If there is no sentence.
    """
    labels = predictions.labels
    counts = predictions.count()
    once = total(counts)
    if weights is None:
        resampled = resample(counts, n_resamples, np.random.default_rng(seed))
    else:
        resampled = weigh(counts, weights)

    def estimate(scoring: Score) -> Estimate:
        return Estimate(float(scoring(once)), *interval(scoring(resampled)))

    def by_label(scoring: Callable[[Counts], Counts], place: int) -> Estimate:
        return estimate(lambda summed: scoring(summed.confusion)[..., place])

    rows = tuple(
        LabelScores(
            name=label.name,
            title=label.title,
            support=int(once.confusion[place].sum()),
            precision=by_label(metrics.precision, place),
            recall=by_label(metrics.recall, place),
            f1=by_label(metrics.f1, place),
        )
        for place, label in enumerate(labels.labels)
    )
    return Scores(
        headline=estimate(headline(labels)),
        labels=rows,
        accuracy=estimate(lambda summed: metrics.accuracy(summed.confusion)),
        mcc=estimate(lambda summed: metrics.mcc(summed.confusion)),
        log_loss=estimate(lambda summed: metrics.log_loss(summed.losses, _size(summed))),
        brier=estimate(lambda summed: metrics.brier(summed.losses, _size(summed))),
        calibration_error=calibration_error(resampled.bins, once.bins, len(counts.bins)),
        confusion=tuple(tuple(int(cell) for cell in row) for row in once.confusion),
        n_sentences=len(predictions),
        n_articles=len(counts.confusion),
        n_resamples=len(resampled.confusion),
    )


def calibration_error(resampled: Counts, once: Counts, n_articles: int) -> Estimate:
    """Return the expected calibration error with its interval.

    Parameters
    ----------
    resampled, once : ndarray of shape (n_resamples, n_bins, 3) and (n_bins, 3)
        As :func:`toolkit.metrics.expected_calibration_error` takes them.
    n_articles : int
        Articles drawn.
    """
    drawn, gaps = metrics.calibration_gaps(resampled), metrics.calibration_gaps(once)
    return Estimate(float(metrics.expected_calibration_error(once)), *distance_interval(drawn, gaps, n_articles))


def headline(labels: LabelSet) -> Score:
    """Return the headline score of a label set: counts in, macro F1 over its acts out."""
    acts = [labels.index(name) for name in labels.acts]

    def score(summed: ArticleCounts) -> Counts:
        return metrics.macro_f1(summed.confusion, acts)

    return score


def _size(summed: ArticleCounts) -> Counts:
    size: Counts = summed.confusion.sum(axis=(-2, -1))
    return size


@dataclass(frozen=True, slots=True)
class Difference:
    """Headline of one system minus that of another on the same sentences.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % interval over resampled articles.
    p_value : float
        Of the two-sided randomisation test that swaps whole articles.
    """

    value: float
    low: float
    high: float
    p_value: float


def difference(first: Predictions, second: Predictions, n_resamples: int = 2000, seed: int = 0) -> Difference:
    """Compare two systems on the same sentences: headline of first minus second.

    Raises
    ------
    ValueError
        If the sentences or their gold labels are not the same.
    """
    for name in ("article", "position", "gold"):
        if getattr(first, name) != getattr(second, name):
            raise ValueError(f"the two predictions differ in {name}; compare systems on the same sentences")
    one, two = (metrics.confusion_only(predictions.count()) for predictions in (first, second))
    ours, theirs = (np.array(told.predicted) == np.array(told.gold) for told in (first, second))
    draws = make_draws(len(one.confusion), n_resamples, np.random.default_rng(seed))
    found = compare_pair(one, two, ours, theirs, headline(first.labels), draws)
    return Difference(found.value, found.low, found.high, found.p_value)


def forgive(gold: Sequence[str], predicted: Sequence[str], also: Sequence[str | None]) -> list[str]:
    """Return gold labels in which a prediction that is also defensible counts as right.

    Examples
    --------
    >>> forgive(["denial", "denial"], ["statement", "statement"], ["statement", ""])
    ['statement', 'denial']
    """
    return [other if guess == other else name for name, guess, other in zip(gold, predicted, also, strict=True)]


def write_predictions(predictions: Predictions) -> str:
    """Write predictions as CSV text: UTF-8, RFC 4180, LF, no cell that starts a formula."""
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    write([*COLUMNS, *(f"p_{name}" for name in predictions.labels.names)])
    for row in range(len(predictions)):
        cells = [getattr(predictions, name)[row] for name in COLUMNS]
        write([*cells, *(f"{share:.{DECIMALS}f}" for share in predictions.proba[row])])
    return buffer.getvalue()


def read_predictions(text: str, labels: LabelSet, where: str = "predictions.csv") -> Predictions:
    """Read what :func:`write_predictions` wrote.

    Raises
    ------
    RunError
        If the header, a label, a number or the shape of a row is not as written.
    """
    expected = [*COLUMNS, *(f"p_{name}" for name in labels.names)]
    known = set(labels.names)
    columns: list[list[Any]] = [[] for _ in COLUMNS]
    proba = []
    for line, cells in _records(text, expected, where):
        try:
            values = [refuse(cell) for cell in cells[: len(COLUMNS)]]
            if not known.issuperset(values[5:7]):
                labels.check(values[5:7])
            for column, value in zip(
                columns, (*values[:1], int(values[1]), values[2], int(values[3]), *values[4:]), strict=True
            ):
                column.append(value)
            shares = [float(cell) for cell in cells[len(COLUMNS) :]]
            if len(cells) != len(expected):
                raise ValueError(f"{len(cells)} cells")
        except (ValueError, IndexError) as error:
            raise RunError(f"the row is no prediction of this label set; train again [{where}:{line}]") from error
        if not (abs(sum(shares) - 1) < TOLERANCE and min(shares) >= 0):
            raise RunError(
                f"the probabilities of the row sum to {sum(shares):.6g} and the least is {min(shares):.6g}, "
                f"expected a sum of 1 and none below 0; train again [{where}:{line}]"
            )
        proba.append(shares)
    if not proba:
        raise RunError(f"there is no prediction in the file; train again [{where}]")
    named = {name: tuple(column) for name, column in zip(COLUMNS, columns, strict=True)}
    return Predictions(labels=labels, proba=np.array(proba), **named)


def _records(text: str, header: list[str], where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of each row below the header expected."""
    reader = cell_reader(io.StringIO(text, newline=""))
    try:
        told = header_misfit(next(reader, []), header)
        if told:
            raise RunError(f"{told}; train again [{where}:1]")
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise RunError(f"the table cannot be read from here on; train again [{where}:{reader.line_num}]") from error


def without_nan(value: Any) -> Any:
    """Turn each ``nan`` in plain data into ``None``, since JSON has no undefined number."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    return value


def make_predictions(
    labels: LabelSet, text: Sequence[str], gold: Sequence[str], proba: NDArray[np.float64]
) -> Predictions:
    """Make predictions of sentences from elsewhere; each is its own article.

    Parameters
    ----------
    labels : LabelSet
        Order of the columns of ``proba``.
    text, gold : sequence of str
        Sentences and their gold labels.
    proba : ndarray of shape (n_sentences, n_labels)
        Probabilities.

    Raises
    ------
    ValueError
        If a gold label is not in the label set.
    """
    labels.check(gold)
    n = len(text)
    return Predictions(
        labels=labels,
        split=("test",) * n,
        fold=(-1,) * n,
        article=tuple(f"row-{row:09d}" for row in range(1, n + 1)),
        position=(0,) * n,
        text=tuple(text),
        gold=tuple(gold),
        predicted=tuple(labels.names[place] for place in proba.argmax(axis=1)),
        proba=proba.round(DECIMALS),
    )


def grade(
    predictions: Predictions, also: Sequence[str | None] | None, n_resamples: int = 2000, seed: int = 0
) -> dict[str, Scores]:
    """Score predictions strictly, leniently, and on unambiguous sentences alone.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    also : sequence of str or None
        The second label a careful reader could defend, empty where there is none.
    n_resamples, seed : int
        How often sentences are drawn, and what decides the draws.

    Returns
    -------
    dict
        ``strict``: the gold label only. Where ``also`` is given, ``lenient``: a
        prediction equal to it counts as right; ``unambiguous``: only sentences without.
    """
    graded = {"strict": score(predictions, n_resamples, seed)}
    if also is None:
        return graded
    lenient = replace(predictions, gold=tuple(forgive(predictions.gold, predictions.predicted, also)))
    graded["lenient"] = score(lenient, n_resamples, seed)
    plain = [row for row, other in enumerate(also) if not other]
    if plain:
        graded["unambiguous"] = score(_select(predictions, plain), n_resamples, seed)
    return graded


def _select(predictions: Predictions, rows: Sequence[int]) -> Predictions:
    columns = {name: tuple(getattr(predictions, name)[row] for row in rows) for name in COLUMNS}
    return Predictions(labels=predictions.labels, proba=predictions.proba[list(rows)], **columns)
