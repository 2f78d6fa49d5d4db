"""Config -> run folder: the order of steps, and the only place that reads the clock."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.analysis.context import corpus_context, write_context
from toolkit.analysis.findings import Findings, measure_findings, reading_list, rivals
from toolkit.analysis.predictions import Predictions, read_predictions, write_predictions
from toolkit.analysis.scores import compare_predictions, without_nan
from toolkit.config import Experiment, read_experiment
from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, load_corpus
from toolkit.corpus.segmentation import segmenter
from toolkit.exceptions import RunError
from toolkit.experiment.fitting import Evaluation, evaluate
from toolkit.experiment.repeats import repeat_folds
from toolkit.experiment.run_files import RUN_SCHEMA, read_manifest
from toolkit.experiment.runs import CURVE, Run, load_run
from toolkit.files.atomic import write_folder
from toolkit.labels import LabelSet
from toolkit.models.classifier import SentenceClassifier, load_model
from toolkit.models.explanation import contrast_contributions, top_ngrams
from toolkit.models.saving import save_model, versions
from toolkit.pages.figures import standalone
from toolkit.pages.formatting import SPLIT_TITLES
from toolkit.pages.run_page import draw_figures, render_card, render_report

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
        An experiment file, or a record already read.
    corpus : str, Path or DatasetDict
        A corpus folder, or a corpus already loaded.
    runs : str or Path
        The run goes to ``runs/NAME``, in place of an earlier one: whole or not at all.
    overrides : iterable of str
        ``KEY=VALUE`` pairs that replace what the file says.
    n_jobs : int
        Folds fitted at once; the result does not depend on it.
    progress : callable
        Told a step's name, how many are done and of how many.

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
    record = experiment if isinstance(experiment, Experiment) else read_experiment(experiment, overrides)
    loaded = load_corpus(corpus) if isinstance(corpus, str | Path) else corpus
    runs = Path(runs)
    folder = runs / record.name
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise RunError(f"the folder is there and is no run; move it away or name other --runs [{folder}]")
    with write_folder(folder) as part:
        _write_run(part, record, loaded, _baseline(record, runs), n_jobs, progress)
        _keep_curve(folder, part)
    return load_run(folder)


def _keep_curve(old: Path, new: Path) -> None:
    """Keep the learning curve of a run that is trained again with the same settings on the same corpus."""
    if not (old / CURVE).is_file():
        return
    with suppress(RunError):
        theirs, ours = (read_manifest(folder / "manifest.json")[0] for folder in (old, new))
        if all(theirs[key] == ours[key] for key in ("digest", "corpus")):
            shutil.copyfile(old / CURVE, new / CURVE)


def _write_run(
    part: Path,
    experiment: Experiment,
    corpus: DatasetDict,
    baseline: Run | None,
    n_jobs: int,
    progress: ProgressCallback,
) -> None:
    labels = corpus_labels(corpus)
    start = time.perf_counter()
    evaluation = evaluate(experiment, corpus, labels, n_jobs, progress)
    seconds = time.perf_counter() - start
    repeats = repeat_folds(experiment, corpus, labels, evaluation, n_jobs, progress)
    repeat_seconds = time.perf_counter() - start - seconds
    text = write_predictions(evaluation.predictions)
    # What is scored is what is stored: the probabilities as read back, not as computed.
    predictions = read_predictions(text, labels)
    context = corpus_context(corpus, labels)
    findings = measure_findings(
        predictions, context, experiment_cues(experiment), experiment.evaluation.resamples, experiment.seed
    )
    rows = reading_list(predictions)
    pulls = _pulls(evaluation, predictions, rows)
    provenance = _provenance(experiment, corpus)
    report = {
        **provenance,
        "question": experiment.question,
        "baseline": experiment.baseline,
        "background": labels.background,
        **findings.to_dict(),
        # Left out without repeats: the report of an experiment without them stays what it was.
        **({"repeats": repeats.to_dict()} if repeats else {}),
        "chosen": {"final": evaluation.chosen, "folds": list(evaluation.chosen_by_fold)},
        "ngrams": _ngrams(evaluation, labels),
        "against": _against(experiment, predictions, baseline, provenance["corpus"]["fingerprint"]),
    }
    about = {
        "experiment": experiment.name,
        **{key: report[key] for key in ("digest", "corpus", "segmenter", "settings")},
    }
    # The card names where the model will lie, not the folder it is written in.
    card = render_card(report, labels, f"runs/{experiment.name}/model")
    probe = list(corpus["test"]["text"])[:PROBE_SENTENCES]
    saved = save_model(part / "model", evaluation.pipeline, labels, about, card, probe, experiment.model_format)
    report["model"] = {key: saved[key] for key in ("file", "bytes", "sha256")}
    if experiment.model_format == "joblib":
        # A pickle's bytes are not promised to be equal from run to run.
        report["model"] = {"file": saved["file"], "bytes": saved["bytes"], "sha256": None}
    report["clock"] = {
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "training_seconds": round(seconds, 3),
        # Apart, so that costs of runs with and without repeats can be compared.
        **({"repeat_seconds": round(repeat_seconds, 3)} if repeats else {}),
        "sentences_per_second": round(_speed(load_model(part / "model", trusted=True), predictions)),
    }
    (part / "predictions.csv").write_text(text, encoding="utf-8", newline="\n")
    (part / "context.csv").write_text(write_context(context, predictions), encoding="utf-8", newline="\n")
    _write_json(part / "pulls.json", {"schema": RUN_SCHEMA, "pulls": pulls})
    _write_page(part, report, predictions, findings, pulls)
    _write_json(part / "report.json", report)
    _write_json(
        part / "manifest.json",
        {**provenance, "labels": labels.to_dict(), "clock": report["clock"]},
    )


def _provenance(experiment: Experiment, corpus: DatasetDict) -> dict[str, Any]:
    sizes = {split: len(corpus[split]) for split in ("train", "test")}
    return {
        "schema": RUN_SCHEMA,
        "name": experiment.name,
        "seed": experiment.seed,
        "digest": experiment.digest,
        "settings": experiment.to_dict(),
        "corpus": {"fingerprint": corpus_fingerprint(corpus), "sentences": sizes},
        "segmenter": segmenter(),
        "versions": versions(),
    }


def _write_page(
    folder: Path, report: Mapping[str, Any], predictions: Predictions, findings: Findings, pulls: Mapping[str, Any]
) -> None:
    drawn = draw_figures(predictions, findings)
    (folder / "figures").mkdir(exist_ok=True)
    for name, svg in drawn.items():
        (folder / "figures" / f"{name}.svg").write_text(standalone(svg), encoding="utf-8", newline="\n")
    page = render_report(report, predictions, drawn, pulls)
    (folder / "report.html").write_text(page, encoding="utf-8", newline="\n")


def experiment_cues(experiment: Experiment) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """Return the rule list that an experiment uses, as features or as its classifier."""
    rules = experiment.classifier.grid.get("rules", ((),))[0]
    return experiment.features.cues or rules or None


def _pulls(evaluation: Evaluation, predictions: Predictions, rows: Sequence[int]) -> dict[str, list[list[Any]]]:
    """Say of each row which n-grams pulled it where, by the very pipeline that labelled it."""
    found: dict[str, list[list[Any]]] = {}
    for fold, pipeline in ((-1, evaluation.pipeline), *enumerate(evaluation.pipelines)):
        mine = [row for row in rows if predictions.fold[row] == fold]
        texts, towards = ([column[row] for row in mine] for column in (predictions.text, predictions.predicted))
        weights = contrast_contributions(pipeline, predictions.labels, texts, towards, rivals(predictions, mine))
        found |= {
            str(row): [[weight.ngram, round(weight.value, 2), weight.kind] for weight in listed]
            for row, listed in zip(mine, weights, strict=True)
            if listed
        }
    return {str(row): found[str(row)] for row in rows if str(row) in found}


def _ngrams(evaluation: Evaluation, labels: LabelSet) -> dict[str, list[dict[str, Any]]]:
    found = top_ngrams(evaluation.pipeline, labels)
    return {
        name: [{**asdict(weight), "value": round(weight.value, 4)} for weight in weights]
        for name, weights in found.items()
    }


def _against(
    experiment: Experiment, predictions: Predictions, baseline: Run | None, fingerprint: str
) -> dict[str, Any] | None:
    if baseline is None or baseline.manifest["corpus"]["fingerprint"] != fingerprint:
        return None
    plan = experiment.evaluation
    found = {
        split: asdict(
            compare_predictions(
                predictions.take(split), baseline.predictions.take(split), plan.resamples, experiment.seed
            )
        )
        for split, _ in SPLIT_TITLES
    }
    plain: dict[str, Any] = without_nan({"name": baseline.name, "digest": baseline.manifest["digest"], **found})
    return plain


def _baseline(experiment: Experiment, runs: Path) -> Run | None:
    if experiment.baseline is None or not (runs / experiment.baseline / "manifest.json").is_file():
        return None
    return load_run(runs / experiment.baseline)


def _speed(model: SentenceClassifier, predictions: Predictions) -> float:
    """Return sentences labelled a second by one process, over at least 2,000."""
    sentences = list(predictions.text) * (SPEED_SENTENCES // len(predictions) + 1)
    # What is loaded when first used is no part of the rate.
    model.predict_proba(sentences[:1])
    start = time.perf_counter()
    model.predict_proba(sentences)
    return len(sentences) / (time.perf_counter() - start)


def _revision() -> str | None:
    """Return the git revision of the working folder, if it is in a repository."""
    with suppress(OSError, subprocess.SubprocessError):
        found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False)
        return found.stdout.strip() or None
    return None


def _write_json(path: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
