"""An experiment and a corpus -> a run folder: the steps in order, and the only clock."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.analysis import (
    Clock,
    ContributionsRecord,
    Distillation,
    ModelFile,
    Predictions,
    Report,
    Results,
    RunManifest,
    corpus_context,
    format_context,
    format_predictions,
    measure_findings,
    measure_prior_curve,
    read_predictions,
    to_plain,
)
from toolkit.config import Experiment, read_experiment
from toolkit.corpus import NATURAL, corpus_labels, open_corpus
from toolkit.exceptions import RunError
from toolkit.experiment.contributions import listed_contributions
from toolkit.experiment.fitting import Evaluation, cross_validate
from toolkit.experiment.repeats import repeat_folds
from toolkit.experiment.reporting import experiment_cues, write_page
from toolkit.experiment.results import make_provenance, make_results
from toolkit.experiment.run_files import (
    CONTEXT,
    CONTRIBUTIONS,
    CURVE,
    MANIFEST,
    MODEL,
    PREDICTIONS,
    REPORT,
    RUN_SCHEMA,
    read_manifest,
    write_json,
)
from toolkit.experiment.runs import Run, load_run
from toolkit.files import write_folder
from toolkit.labels import LabelSet
from toolkit.models import SentenceClassifier, SoftLabels, load_model, measure_shares, save_model
from toolkit.pages import render_card

if TYPE_CHECKING:
    from datasets import DatasetDict

PROBE_SENTENCES = 50
SPEED_SENTENCES = 2000
ProgressCallback = Callable[[str, int, int], None]


def train(
    experiment: str | Path | Experiment,
    corpus: str | Path | DatasetDict = "data",
    runs: str | Path = "runs",
    overrides: Iterable[str] = (),
    n_jobs: int = 1,
    progress: ProgressCallback = lambda step, done, of: None,
) -> Run:
    """Train and evaluate an experiment, and write its run folder.

    Parameters
    ----------
    experiment : str, Path or Experiment
        An experiment file, or an experiment already read.
    corpus : str, Path or DatasetDict
        A corpus folder, or a corpus already loaded.
    runs : str or Path
        The run is written to ``runs/NAME`` and replaces an earlier one, wholly or not at all.
    overrides : iterable of str
        ``KEY=VALUE`` pairs that replace what the file says.
    n_jobs : int
        Folds fitted in parallel; the result does not depend on it.
    progress : callable
        Called with a step's name, the number of parts done, and the number of parts.

    Returns
    -------
    Run

    Raises
    ------
    ToolkitError
        If the experiment, the corpus or the folder cannot be used.

    Examples
    --------
    >>> run = train("experiments/naive-bayes.toml", "data", "runs")  # doctest: +SKIP
    >>> run.name, (run.folder / "report.html").is_file()  # doctest: +SKIP
    ('naive-bayes', True)
    """
    if not isinstance(experiment, Experiment):
        experiment = read_experiment(experiment, overrides)
    return make_run(experiment, open_corpus(corpus), Path(runs), n_jobs, progress)


def make_run(
    experiment: Experiment,
    corpus: DatasetDict,
    runs: Path,
    n_jobs: int,
    progress: ProgressCallback,
    distillation: Distillation | None = None,
    soft: SoftLabels | None = None,
) -> Run:
    """Do the work of :func:`train`, or the same with soft labels and the record of where they come from."""
    folder = runs / experiment.name
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise RunError(f"the folder is there and is not a run; move it away or name other --runs [{folder}]")
    with write_folder(folder) as part:
        write_run(part, experiment, corpus, baseline_run(experiment, runs), n_jobs, progress, distillation, soft)
        _keep_curve(folder, part)
    return load_run(folder)


def write_run(
    part: Path,
    experiment: Experiment,
    corpus: DatasetDict,
    baseline: Run | None,
    n_jobs: int,
    progress: ProgressCallback,
    distillation: Distillation | None = None,
    soft: SoftLabels | None = None,
) -> None:
    """Train and evaluate an experiment into an empty folder."""
    labels = corpus_labels(corpus)
    start = time.perf_counter()
    evaluation = cross_validate(experiment, corpus, labels, n_jobs, progress, soft)
    evaluated = time.perf_counter()
    repeats = repeat_folds(experiment, corpus, labels, evaluation, n_jobs, progress, soft)
    repeated = time.perf_counter()
    text = format_predictions(evaluation.predictions)
    # What is scored is what is stored: the probabilities as read back, not as computed.
    predictions = read_predictions(text, labels)
    context = corpus_context(corpus, labels)
    plan = experiment.evaluation
    findings = measure_findings(predictions, context, experiment_cues(experiment), plan.resamples, experiment.seed)
    contributions = listed_contributions(evaluation, predictions)
    provenance = make_provenance(experiment, corpus, distillation)
    results = make_results(experiment, provenance, evaluation, predictions, findings, repeats, baseline)
    trained = predictions.take("train")
    is_natural = [name == NATURAL for name in context.collection[: len(trained)]]
    shares = measure_shares(trained.proba, trained.gold, is_natural, labels)
    model = _save_model(part / MODEL, experiment, results, evaluation, labels, list(corpus["test"]["text"]), shares)
    clock = Clock(
        finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        revision=_revision(),
        training_seconds=round(evaluated - start, 3),
        repeat_seconds=round(repeated - evaluated, 3) if repeats else None,
        sentences_per_second=round(_speed(load_model(part / MODEL, trusted=True), predictions)),
    )
    curve = measure_prior_curve(trained, is_natural, shares)
    report = Report(**vars(results), prior_curve=curve, model=model, clock=clock)
    (part / PREDICTIONS).write_text(text, encoding="utf-8", newline="\n")
    (part / CONTEXT).write_text(format_context(context, predictions), encoding="utf-8", newline="\n")
    write_json(part / CONTRIBUTIONS, ContributionsRecord(RUN_SCHEMA, contributions))
    write_page(part, report, predictions, findings, contributions)
    write_json(part / REPORT, report)
    write_json(part / MANIFEST, RunManifest(**vars(provenance), labels=labels, clock=clock))


def baseline_run(experiment: Experiment, runs: Path) -> Run | None:
    """Load the run of an experiment's baseline, if there is one."""
    if experiment.baseline is None or not (runs / experiment.baseline / MANIFEST).is_file():
        return None
    return load_run(runs / experiment.baseline)


def _save_model(
    folder: Path,
    experiment: Experiment,
    results: Results,
    evaluation: Evaluation,
    labels: LabelSet,
    test_sentences: list[str],
    shares: dict[str, dict[str, float]],
) -> ModelFile:
    """Save the model of all training articles with its card."""
    about: dict[str, object] = {"experiment": experiment.name}
    about["shares"] = shares
    about |= {key: to_plain(getattr(results, key)) for key in ("digest", "corpus", "segmenter", "settings")}
    if results.distillation:
        about["distillation"] = results.distillation.to_dict()
    # The card names the folder that the run will have, not the temporary one it is written in.
    card = render_card(results, labels, f"runs/{experiment.name}/{MODEL}")
    probe = test_sentences[:PROBE_SENTENCES]
    saved = save_model(
        folder, evaluation.pipeline, labels, about, card, probe, experiment.model_format, evaluation.vote
    )
    # The bytes of a pickle may differ from run to run.
    digest = None if experiment.model_format == "joblib" else saved["sha256"]
    files = saved["encoder"]["files"].values() if "encoder" in saved else ()
    name = f"{saved['file']} and encoder" if files else saved["file"]
    return ModelFile(name, saved["bytes"] + sum(file["bytes"] for file in files), digest)


def _keep_curve(old: Path, new: Path) -> None:
    """Keep the learning curve of a run that is trained again with the same settings on the same corpus."""
    if not (old / CURVE).is_file():
        return
    with suppress(RunError):
        first, second = (read_manifest(folder / MANIFEST) for folder in (old, new))
        if (first.digest, first.corpus) == (second.digest, second.corpus):
            shutil.copyfile(old / CURVE, new / CURVE)


def _speed(model: SentenceClassifier, predictions: Predictions) -> float:
    """Measure the sentences per second that one process labels, over at least 2,000."""
    sentences = list(predictions.text) * (SPEED_SENTENCES // len(predictions) + 1)
    # What is loaded at first use does not count.
    model.predict_proba(sentences[:1])
    start = time.perf_counter()
    model.predict_proba(sentences)
    return len(sentences) / (time.perf_counter() - start)


def _revision() -> str | None:
    """Return the git revision of the working folder, if it is in a repository."""
    with suppress(OSError, subprocess.SubprocessError):
        git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False)
        return git.stdout.strip() or None
    return None
