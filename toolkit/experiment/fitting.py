"""An experiment and a corpus -> fitted pipelines and predictions: cross-validated on train, and of the test split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.analysis import N_DECIMALS, Predictions
from toolkit.config import Experiment
from toolkit.corpus import Fold, article_folds, check_no_leak
from toolkit.exceptions import ToolkitError
from toolkit.experiment.batch_progress import BatchCounter, counted_batches
from toolkit.labels import LabelSet
from toolkit.statistics import metrics

if TYPE_CHECKING:
    from datasets import DatasetDict
    from sklearn.pipeline import Pipeline

    from toolkit.engine import CountedSentences
    from toolkit.models import EncoderVote, SoftLabels


@dataclass(frozen=True, slots=True)
class Fit:
    """One fitted pipeline, the hyper-parameters chosen, the encoder if any, and probabilities of held-out sentences."""

    pipeline: Pipeline
    chosen: Mapping[str, Any]
    proba: NDArray[np.float64]
    vote: EncoderVote | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Predictions of an experiment, and the models that made them.

    Attributes
    ----------
    predictions : Predictions
        A training sentence was labelled by the pipeline of its fold, a test sentence by the
        final one.
    pipeline : Pipeline
        Final model, fitted on all of train.
    chosen : mapping
        Its hyper-parameters.
    chosen_by_fold : tuple of mapping
        Hyper-parameters of each fold's pipeline.
    pipelines : tuple of Pipeline
        One per fold.
    vote : EncoderVote or None
        The encoder that is averaged with the final model, if the experiment has one.
    """

    predictions: Predictions
    pipeline: Pipeline
    chosen: Mapping[str, Any]
    chosen_by_fold: tuple[Mapping[str, Any], ...]
    pipelines: tuple[Pipeline, ...]
    vote: EncoderVote | None = None


def cross_validate(
    experiment: Experiment,
    corpus: DatasetDict,
    labels: LabelSet,
    n_jobs: int = 1,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
    soft: SoftLabels | None = None,
) -> Evaluation:
    """Cross-validate on train, then fit on all of train and label the test split once.

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
        Called with a step's name, the number of parts done, and the number of parts.
    soft : SoftLabels, optional
        Further sentences that every pipeline learns from; none of them is predicted.

    Returns
    -------
    Evaluation

    Raises
    ------
    ToolkitError
        If the corpus has too few articles for the folds, or training has a single label.
    """
    from toolkit.engine import CountedSentences

    train, test = sentence_columns(corpus["train"], labels), sentence_columns(corpus["test"], labels)
    check_no_leak(train["article"], test["article"])
    try:
        folds = assign_folds(train, experiment.evaluation.folds, experiment.seed)
    except ValueError as error:
        raise ToolkitError(f"{error} [evaluation.folds]") from error
    n_train = len(train["text"])
    # Longest first: the final fit is on all of train.
    tasks = [(take_rows(train, np.arange(n_train)), test)]
    tasks += [(take_rows(train, rows), take_rows(train, held_out)) for rows, held_out in folds]
    counted = CountedSentences([*train["text"], *test["text"], *(soft.sentences if soft else ())])
    fits: list[Fit] = []
    with _batches(experiment, [columns for columns, _ in tasks], progress) as count_batch:
        calls = ((experiment, labels, *task, counted, soft, count_batch) for task in tasks)
        shown = progress if count_batch is None else lambda step, done, of: None
        for fit in run_tasks(fit_pipeline, calls, len(tasks), "fit", n_jobs, shown):
            # Of the encoders only the final one is kept: each has a hundred megabytes.
            fits.append(replace(fit, vote=None) if fits else fit)
    final, *of_folds = fits
    proba = np.zeros((n_train, len(labels.names)))
    fold = np.full(n_train, -1)
    for number, ((_, held_out), fit) in enumerate(zip(folds, of_folds, strict=True)):
        proba[held_out], fold[held_out] = fit.proba, number
    predictions = _predictions(labels, train, test, fold, np.concatenate([proba, final.proba]))
    chosen_by_fold, pipelines = (tuple(getattr(fit, name) for fit in of_folds) for name in ("chosen", "pipeline"))
    return Evaluation(predictions, final.pipeline, final.chosen, chosen_by_fold, pipelines, final.vote)


@contextmanager
def _batches(
    experiment: Experiment, parts: Sequence[Mapping[str, NDArray[Any]]], progress: Callable[[str, int, int], None]
) -> Iterator[BatchCounter | None]:
    """Count the batches of the encoder's fine-tunings, which take most of the time; check first what they need."""
    if experiment.encoder is None:
        yield None
        return
    from toolkit.encoder import check_extra, count_batches, find_encoder

    check_extra()
    find_encoder(experiment.encoder.model)
    sizes = [len(part["text"]) for part in parts]
    if len(experiment.encoder.weight) > 1:
        sizes += [len(rows) for part in parts for rows, _ in inner_folds(experiment, part)]
    with counted_batches(sum(count_batches(size, experiment.encoder.epochs) for size in sizes), progress) as counter:
        yield counter


def run_tasks(
    function: Callable[..., Any],
    tasks: Iterable[tuple[Any, ...]],
    n_tasks: int,
    step: str,
    n_jobs: int,
    progress: Callable[[str, int, int], None],
) -> Iterator[Any]:
    """Call a function with the arguments of each task, several at once; yield results in order, and say how many came.

    Examples
    --------
    >>> list(run_tasks(max, [(1, 2), (4, 3)], 2, "call", 1, print))
    call 1 2
    call 2 2
    [2, 4]
    """
    from joblib import Parallel, delayed

    runner = Parallel(n_jobs=min(n_jobs, max(n_tasks, 1)), return_as="generator")
    for number, result in enumerate(runner(delayed(function)(*task) for task in tasks), 1):
        progress(step, number, n_tasks)
        yield result


def sentence_columns(split: Any, labels: LabelSet) -> dict[str, NDArray[Any]]:
    """Return ``text``, ``article``, ``collection``, ``position`` and ``gold`` of a split, each as an array."""
    names = np.array(labels.names)
    # Slicing reads a column at once; iterating over it would read row by row.
    text, article, position, label = (split[name][:] for name in ("text", "article", "position", "label"))
    # A corpus made elsewhere may have no such column.
    collection = split["collection"][:] if "collection" in split.column_names else [""] * len(text)
    return {
        "text": np.array(text, dtype=object),
        "article": np.array(article, dtype=object),
        "collection": np.array(collection, dtype=object),
        "position": np.array(position),
        "gold": names[np.array(label)],
    }


def assign_folds(columns: Mapping[str, NDArray[Any]], n_folds: int, seed: int) -> list[Fold]:
    """Assign the articles of these sentences to folds that have their part of each label and collection."""
    return article_folds(columns["article"], columns["gold"], n_folds, seed, columns["collection"])


def take_rows(columns: Mapping[str, NDArray[Any]], rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Return the same columns with only these rows."""
    return {name: column[rows] for name, column in columns.items()}


def fit_pipeline(
    experiment: Experiment,
    labels: LabelSet,
    train: Mapping[str, NDArray[Any]],
    held_out: Mapping[str, NDArray[Any]],
    counted: CountedSentences | None = None,
    soft: SoftLabels | None = None,
    count_batch: BatchCounter | None = None,
) -> Fit:
    """Search hyper-parameters and fit on some articles; label others.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    labels : LabelSet
        Order of the probabilities.
    train : mapping of str to ndarray
        ``text``, ``article``, ``collection`` and ``gold`` of the training sentences.
    held_out : mapping of str to ndarray
        ``text`` of the sentences to label.
    counted : CountedSentences, optional
        N-grams of all of these sentences, if several calls share them.
    soft : SoftLabels, optional
        Further sentences to learn from; hyper-parameters are searched without them.
    count_batch : BatchCounter, optional
        Called after each batch of an encoder's fine-tuning.

    Returns
    -------
    Fit

    Raises
    ------
    ToolkitError
        If all training sentences have the same label.
    """
    from threadpoolctl import threadpool_limits

    from toolkit.engine import CountedSentences, to_compiled_vectorizers, to_sklearn_vectorizers
    from toolkit.models import fit, label_proba, make_pipeline, recalibrate

    counted = counted or CountedSentences([*train["text"], *held_out["text"], *(soft.sentences if soft else ())])
    pipeline = to_compiled_vectorizers(make_pipeline(experiment, labels, train["gold"]))
    # One arithmetic thread per process, so that sums are added in one order, whatever n_jobs.
    with threadpool_limits(1):
        try:
            chosen = _choose(experiment, pipeline, labels, train, counted)
            pipeline.set_params(**chosen)
            features = fit(pipeline, list(train["text"]), train["gold"], list(held_out["text"]), counted, soft)
        except ValueError as error:
            if len(set(train["gold"])) < 2:
                raise ToolkitError(
                    f"training has the single label {str(train['gold'][0])!r}; a classifier needs two or more"
                ) from error
            raise
        if experiment.calibration != "none":
            # On the training articles alone: those held out must not influence the calibration.
            proba = _cross_validated(pipeline, labels, train, inner_folds(experiment, train), counted, soft)
            pipeline = recalibrate(pipeline, experiment.calibration, proba, list(train["gold"]), labels)
        proba = label_proba(pipeline[-1], features, labels)
        vote = None
        if experiment.encoder:
            vote, chosen_weight = _fit_encoder(experiment, pipeline, labels, train, held_out, counted, count_batch)
            proba, chosen = vote.average(proba, list(held_out["text"]), labels, 1), {**chosen, **chosen_weight}
        # A saved model should hold scikit-learn's own types wherever they do the same.
        return Fit(to_sklearn_vectorizers(pipeline), _chosen_settings(chosen), proba, vote)


def _fit_encoder(
    experiment: Experiment,
    pipeline: Pipeline,
    labels: LabelSet,
    train: Mapping[str, NDArray[Any]],
    held_out: Mapping[str, NDArray[Any]],
    counted: CountedSentences,
    count_batch: BatchCounter | None,
) -> tuple[EncoderVote, dict[str, float]]:
    """Fine-tune the encoder and choose its weight by cross-validation on the training articles, if there are several.

    Returns
    -------
    (vote, chosen)
        The chosen weight by the name ``weight``; empty if there was nothing to choose.
    """
    from toolkit.models import EncoderVote, encoder_proba, make_encoder, mean_proba

    weights = experiment.encoder.weight if experiment.encoder else ()

    def fitted(rows: Any, probe: NDArray[Any]) -> Any:
        texts = list(train["text"][rows])
        return make_encoder(experiment).fit(texts, train["gold"][rows], probe=list(probe), progress=count_batch).fitted_

    best = weights[0]
    if len(weights) > 1:
        folds = inner_folds(experiment, train)
        ngrams = _cross_validated(pipeline, labels, train, folds, counted, None)
        encoder = np.zeros_like(ngrams)
        for rows, inside in folds:
            texts = train["text"][inside]
            encoder[inside] = encoder_proba(fitted(rows, texts), list(texts), labels, 1)
        names, score = np.array(labels.names), _selection_score(labels, train)
        averages = [mean_proba(ngrams, encoder, weight) for weight in weights]
        # The first of equals, as in any search here.
        best = weights[int(np.argmax([score(slice(None), names[proba.argmax(axis=1)]) for proba in averages]))]
    vote = EncoderVote(fitted(slice(None), held_out["text"]), float(best))
    return vote, {"weight": best} if len(weights) > 1 else {}


def _choose(
    experiment: Experiment,
    pipeline: Pipeline,
    labels: LabelSet,
    train: Mapping[str, NDArray[Any]],
    counted: CountedSentences,
) -> Mapping[str, Any]:
    """Choose hyper-parameters by cross-validation on the training articles, if there are any to choose."""
    from toolkit.models import choose, make_grid

    grid = make_grid(experiment, train["gold"])
    if not grid:
        return {}
    folds = inner_folds(experiment, train)
    return choose(pipeline, grid, train["text"], train["gold"], folds, _selection_score(labels, train), counted)


def inner_folds(experiment: Experiment, train: Mapping[str, NDArray[Any]]) -> list[Fold]:
    """Assign the articles of a training set to the folds in which its hyper-parameters are searched."""
    n_folds = min(experiment.evaluation.inner_folds, len(set(train["article"])))
    return assign_folds(train, n_folds, (experiment.seed + 1) % 2**32)


def _cross_validated(
    pipeline: Pipeline,
    labels: LabelSet,
    train: Mapping[str, NDArray[Any]],
    folds: Sequence[Fold],
    counted: CountedSentences,
    soft: SoftLabels | None,
) -> NDArray[np.float64]:
    """Return probabilities of training sentences, each by a pipeline fitted on the other folds."""
    from sklearn.base import clone

    from toolkit.models import fit, label_proba

    text, gold = train["text"], train["gold"]
    proba = np.zeros((len(text), len(labels.names)))
    for rows, held_out in folds:
        if len(set(gold[rows])) < 2:
            raise ToolkitError(
                f"an inner fold has the single label {str(gold[rows][0])!r} to train on, "
                "two or more are needed; write more articles, or leave out [calibration] and lists of weights "
                "[evaluation.inner_folds]"
            )
        fitted = clone(pipeline)
        features = fit(fitted, list(text[rows]), gold[rows], list(text[held_out]), counted, soft)
        proba[held_out] = label_proba(fitted[-1], features, labels)
    return proba


def _selection_score(labels: LabelSet, train: Mapping[str, NDArray[Any]]) -> Callable[[Any, ArrayLike], float]:
    """Return the score by which settings are chosen: row numbers and predicted labels in, mean macro F1 out.

    The mean is over the collections: each counts the same, however many sentences it has.
    """
    acts = [labels.index(name) for name in labels.acts]

    def score(rows: Any, y_pred: ArrayLike) -> float:
        gold, collection, predicted = train["gold"][rows], train["collection"][rows], np.asarray(y_pred)
        parts = [collection == name for name in np.unique(collection)]
        counts = np.array([metrics.confusion(gold[part], predicted[part], labels.names) for part in parts])
        return float(np.nan_to_num(metrics.macro_f1(counts, acts)).mean())

    return score


def score_fold(
    experiment: Experiment,
    labels: LabelSet,
    train: Mapping[str, NDArray[Any]],
    fold: Fold,
    counted: CountedSentences,
    soft: SoftLabels | None,
) -> float:
    """Fit on the training rows of a fold; return the score by which hyper-parameters are chosen, of the others."""
    rows, held_out = (take_rows(train, rows) for rows in fold)
    proba = fit_pipeline(replace(experiment, calibration="none"), labels, rows, held_out, counted, soft).proba
    return _selection_score(labels, held_out)(slice(None), np.array(labels.names)[proba.argmax(axis=1)])


def _chosen_settings(chosen: Mapping[str, Any]) -> dict[str, Any]:
    values = {key.rpartition("__")[2]: value for key, value in sorted(chosen.items())}
    if "class_weight" in values:
        weight = values.pop("class_weight")
        values["balanced"] = "sqrt" if isinstance(weight, dict) else weight == "balanced"
    return values


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
        predicted=tuple(labels.names[column] for column in proba.argmax(axis=1)),
        proba=proba.round(N_DECIMALS),
    )
