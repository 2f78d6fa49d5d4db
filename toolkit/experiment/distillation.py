"""A teacher and unlabelled text -> a run of an experiment that learned from both corpus and text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis import (
    N_DECIMALS,
    Candidate,
    Distillation,
    Estimate,
    Teacher,
    UnlabelledText,
    make_predictions,
    score_predictions,
)
from toolkit.config import Classifier, Experiment, make_experiment, read_experiment
from toolkit.corpus import Fold, corpus_fingerprint, corpus_labels, open_corpus
from toolkit.exceptions import ConfigError, ModelError, RunError
from toolkit.experiment.fitting import fit_pipeline, inner_folds, run_tasks, score_fold, sentence_columns, take_rows
from toolkit.experiment.runs import Run, without_none
from toolkit.experiment.training import ProgressCallback, make_run
from toolkit.experiment.unlabelled import digest_sentences, read_sentences, select_sentences
from toolkit.labels import LabelSet
from toolkit.models import SentenceClassifier, SoftLabels, label_proba, open_model, soften

if TYPE_CHECKING:
    from datasets import DatasetDict

    from toolkit.engine import CountedSentences

# Mixing weights tried beside 0, which leaves the text out.
WEIGHTS = (0.25, 0.5, 1.0)
STUDENTS = ("logistic-regression", "naive-bayes", "svm")


@dataclass(frozen=True, slots=True)
class LabelledText:
    """Text that a teacher has labelled.

    Attributes
    ----------
    teacher, text : Teacher, UnlabelledText
        Their records.
    sentences : tuple of str
        Of the text.
    proba : ndarray of shape (n_sentences, n_labels)
        The teacher's, columns in the order of the corpus's label set.
    experiment : Experiment or None
        The teacher's, if it can be fitted again to a part of this corpus.
    """

    teacher: Teacher
    text: UnlabelledText
    sentences: tuple[str, ...]
    proba: NDArray[np.float64]
    experiment: Experiment | None

    def soften(self, labels: LabelSet, weight: float) -> SoftLabels | None:
        """Return the soft labels for a mixing weight; ``None`` for 0."""
        return soften(self.sentences, self.proba, labels, weight) if weight else None


def distill(
    experiment: str | Path | Experiment,
    teacher: str | Path | SentenceClassifier,
    texts: str | Path | Iterable[str | Path],
    limit: int | None = None,
    corpus: str | Path | DatasetDict = "data",
    runs: str | Path = "runs",
    name: str | None = None,
    overrides: Iterable[str] = (),
    text_column: str | None = None,
    weight: float | None = None,
    n_jobs: int = 1,
    progress: ProgressCallback = lambda step, done, of: None,
) -> Run:
    """Train an experiment on a corpus and on unlabelled text that a stronger model labels.

    Each sentence of the text is learned with the teacher's probabilities as soft labels [1]_. How
    much it counts beside a sentence of the corpus, and the experiment's hyper-parameters, are
    chosen once and together, by cross-validation on the training articles. A teacher of n-grams is fitted
    again for each of these folds, since one that knows the held-out articles passes on what it knows of them; an
    encoder would take too long, and the weight chosen for it tends to be too high. Every training set
    contains the text, no held-out set does. N-grams of the text are in the model; its sentences are not
    in the run.

    Parameters
    ----------
    experiment : str, Path or Experiment
        The student: an experiment whose classifier is logistic regression, naive Bayes or an SVM.
    teacher : str, Path or SentenceClassifier
        A model's folder, or a model already loaded. If it was fitted on this corpus, it knows all
        training articles, so that cross-validated scores of the student may be too high; its test split is
        new to both.
    texts : str, Path or iterable of str or Path
        Files and folders, as :func:`toolkit.experiment.unlabelled.read_sentences` takes them.
    limit : int, optional
        Learn from a random sample of so many sentences.
    corpus : str, Path or DatasetDict
        A corpus folder, or a corpus already loaded.
    runs : str or Path
        The run is written to ``runs/NAME`` and replaces an earlier one, wholly or not at all.
    name : str, optional
        Of the run; without it, that of the experiment with ``-distilled``.
    overrides : iterable of str
        ``KEY=VALUE`` pairs that replace what the file says.
    text_column : str, optional
        Of tables; without it ``text`` or ``sentence``.
    weight : float, optional
        How much a sentence of the text counts, above 0; without it, it is chosen.
    n_jobs : int
        Fits made at once; the result does not depend on it.
    progress : callable
        Called with a step's name, the number of parts done, and the number of parts.

    Returns
    -------
    Run
        Its baseline is the experiment without the text; ``run.manifest.distillation`` says what was tried.

    Raises
    ------
    ToolkitError
        If the experiment, the teacher, the text, the corpus or the folder cannot be used.

    References
    ----------
    .. [1] G. Hinton, O. Vinyals and J. Dean (2015). Distilling the knowledge in a neural network.
       arXiv:1503.02531.

    Examples
    --------
    >>> run = distill("experiments/words.toml", "runs/default/model", "archive.txt")  # doctest: +SKIP
    >>> run.name, run.manifest.distillation.weight  # doctest: +SKIP
    ('words-distilled', 0.5)
    """
    plain = experiment if isinstance(experiment, Experiment) else read_experiment(experiment, overrides)
    if plain.classifier.name not in STUDENTS:
        raise ConfigError(
            f"the classifier of {plain.name!r} is {plain.classifier.name}, which learns no weighted sentences; "
            f"distil an experiment with {', '.join(STUDENTS)} [classifier.name]"
        )
    if plain.encoder is not None:
        raise ConfigError(
            f"{plain.name!r} averages an encoder, which learns no soft labels; distil an experiment without [encoder]"
        )
    name = f"{plain.name}-distilled" if name is None else name
    if name == plain.name or name in ("", ".", "..") or {*"/\\"} & {*name}:
        raise ConfigError(f"the name is {name!r}, expected that of a new folder in {runs}; give another [--name]")
    if weight is not None and not 0 < weight < np.inf:
        raise ConfigError(f"the weight is {weight}, expected a number above 0; give another or none [--weight]")
    corpus = open_corpus(corpus)
    labels = corpus_labels(corpus)
    labelled = label_texts(teacher, texts, corpus, plain, limit, text_column)
    chosen, weight, candidates = _search(plain, corpus, labels, labelled, weight, n_jobs, progress)
    student = replace(
        chosen,
        name=name,
        baseline=plain.name,
        question=f"Does '{plain.name}' improve by learning from text that '{labelled.teacher.experiment}' labels?",
    )
    distillation = Distillation(
        plain=plain.name,
        teacher=labelled.teacher,
        text=labelled.text,
        weight=weight,
        refitted=labelled.experiment is not None,
        candidates=candidates,
    )
    soft = labelled.soften(labels, weight)
    return make_run(student, corpus, Path(runs), n_jobs, progress, distillation, soft)


def label_texts(
    teacher: str | Path | SentenceClassifier,
    texts: str | Path | Iterable[str | Path],
    corpus: DatasetDict,
    experiment: Experiment,
    limit: int | None,
    text_column: str | None,
) -> LabelledText:
    """Let a teacher label text, and the test split to be scored.

    Raises
    ------
    ModelError
        If the teacher cannot be opened or has other labels than the corpus.
    TableError
        If the text cannot be read or is too short.
    """
    model, labels = open_model(teacher), corpus_labels(corpus)
    if set(model.labels) != set(labels.names):
        raise ModelError(
            f"the teacher has the labels {', '.join(model.labels)}, expected those of the corpus, "
            f"{', '.join(sorted(labels.names))}; name another teacher [{model.manifest.get('experiment', '?')}]"
        )
    files = [texts] if isinstance(texts, str | Path) else list(texts)
    sentences = select_sentences(read_sentences(files, text_column), corpus, limit, experiment.seed)
    text = UnlabelledText(
        files=tuple(Path(file).name for file in files),
        sentences=len(sentences),
        sha256=digest_sentences(sentences),
        limit=limit,
        text_column=text_column,
    )
    corpus_of = model.manifest.get("corpus")
    record = Teacher(
        experiment=str(model.manifest.get("experiment", "?")),
        file=model.manifest["file"],
        sha256=model.manifest["sha256"],
        corpus=str(corpus_of["fingerprint"]) if isinstance(corpus_of, dict) and "fingerprint" in corpus_of else None,
        macro_f1=_score_on_test(model, corpus, labels, experiment),
    )
    # Rounded, so that the last bits of another processor change nothing.
    proba = label_proba(model, list(sentences), labels).round(N_DECIMALS)
    knows_corpus = record.corpus == corpus_fingerprint(corpus)
    return LabelledText(record, text, sentences, proba, _experiment_of(model) if knows_corpus else None)


def _experiment_of(model: SentenceClassifier) -> Experiment | None:
    """Return a model's experiment if it can be fitted again, within minutes and from the corpus alone."""
    settings = without_none(model.manifest.get("settings") or {})
    if "encoder" in settings or "distillation" in model.manifest:
        return None
    try:
        return make_experiment(str(settings.pop("name", "?")), settings)
    except ConfigError:
        return None


def _score_on_test(
    model: SentenceClassifier, corpus: DatasetDict, labels: LabelSet, experiment: Experiment
) -> Estimate:
    test = sentence_columns(corpus["test"], labels)
    texts = test["text"].tolist()
    predictions = make_predictions(labels, texts, test["gold"].tolist(), label_proba(model, texts, labels))
    predictions = replace(predictions, article=tuple(test["article"]))
    return score_predictions(predictions, experiment.evaluation.resamples, experiment.seed).headline


def soften_again(
    run: Run,
    teacher: str | Path | SentenceClassifier | None,
    texts: str | Path | Iterable[str | Path],
    corpus: DatasetDict,
) -> SoftLabels | None:
    """Return the soft labels that a run was distilled with, from the same teacher and the same text.

    Raises
    ------
    RunError
        If they were not named, or are others.
    """
    distillation = run.manifest.distillation
    if distillation is None or not distillation.weight:
        return None
    files = [texts] if isinstance(texts, str | Path) else list(texts)
    if teacher is None or not files:
        raise RunError(
            f"the run was distilled from {distillation.teacher.experiment!r} and text that it does not keep; "
            f"name both with --teacher and --texts [{run.folder}]"
        )
    text = distillation.text
    labelled = label_texts(teacher, files, corpus, run.experiment, text.limit, text.text_column)
    for what, given, expected in (
        ("teacher", labelled.teacher.sha256, distillation.teacher.sha256),
        ("text", labelled.text.sha256, text.sha256),
    ):
        if given != expected:
            raise RunError(
                f"the {what} has the SHA-256 {given[:16]}, expected {expected[:16]}, with which the run was distilled; "
                f"name the same {what} [{run.folder}]"
            )
    return labelled.soften(run.labels, distillation.weight)


def _search(
    experiment: Experiment,
    corpus: DatasetDict,
    labels: LabelSet,
    labelled: LabelledText,
    given: float | None,
    n_jobs: int,
    progress: ProgressCallback,
) -> tuple[Experiment, float, tuple[Candidate, ...]]:
    """Choose mixing weight and hyper-parameters together, by the mean score of the inner folds.

    Of equals the smallest weight and the first hyper-parameters are chosen. They are not searched one after the other,
    since the best strength of regularisation changes with the weight.
    """
    from toolkit.engine import CountedSentences

    train = sentence_columns(corpus["train"], labels)
    folds = inner_folds(experiment, train)
    counted = CountedSentences([*train["text"], *labelled.sentences])
    by_fold = _label_by_fold(labels, labelled, train, folds, counted, n_jobs, progress)
    pairs = list(product((0.0, *WEIGHTS) if given is None else (given,), _settings(experiment)))
    tasks = [
        (settings, labels, train, fold, counted, text.soften(labels, weight))
        for weight, settings in pairs
        for fold, text in zip(folds, by_fold, strict=True)
    ]
    fits = list(run_tasks(score_fold, tasks, len(tasks), "candidate fit", n_jobs, progress))
    scores = np.reshape(fits, (len(pairs), len(folds))).mean(axis=1)
    candidates = tuple(
        Candidate(weight, {name: values[0] for name, values in settings.classifier.parameters}, float(score))
        for (weight, settings), score in zip(pairs, scores, strict=True)
    )
    weight, chosen = pairs[int(np.argmax(scores))]
    return chosen, weight, candidates


def _label_by_fold(
    labels: LabelSet,
    labelled: LabelledText,
    train: Mapping[str, NDArray[Any]],
    folds: Sequence[Fold],
    counted: CountedSentences,
    n_jobs: int,
    progress: ProgressCallback,
) -> list[LabelledText]:
    """Label the text anew for each fold, by the teacher fitted without the held-out articles, if it can be."""
    if labelled.experiment is None:
        return [labelled] * len(folds)
    text = {"text": np.array(labelled.sentences, dtype=object)}
    tasks = [(labelled.experiment, labels, take_rows(train, rows), text, counted) for rows, _ in folds]
    fits = run_tasks(fit_pipeline, tasks, len(tasks), "teacher fit", n_jobs, progress)
    return [replace(labelled, proba=fit.proba) for fit in fits]


def _settings(experiment: Experiment) -> list[Experiment]:
    """List the experiment with each combination of its hyper-parameters."""
    names, values = zip(*experiment.classifier.parameters, strict=True)
    return [
        replace(
            experiment,
            classifier=Classifier(
                experiment.classifier.name, tuple((name, (value,)) for name, value in zip(names, chosen, strict=True))
            ),
        )
        for chosen in product(*values)
    ]
