"""Config -> run folder: the order of steps, and the only place that reads the clock."""

from __future__ import annotations

import datetime
import json
import math
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.artifacts import save_model, versions
from toolkit.config import Experiment, make_experiment, read_experiment
from toolkit.context import Context, corpus_context, read_context, write_context
from toolkit.corpus import corpus_fingerprint, corpus_labels, load_corpus
from toolkit.evaluation import (
    Evaluation,
    Predictions,
    Scores,
    difference,
    evaluate,
    read_predictions,
    score,
    without_nan,
    write_predictions,
)
from toolkit.exceptions import ConfigError, RunError, ToolkitError, did_you_mean, some
from toolkit.explanation import contrast, top_ngrams
from toolkit.figures import standalone
from toolkit.findings import Findings, measure, reading_list, rivals
from toolkit.folders import put_back, whole_folder
from toolkit.labelling import SentenceClassifier, load_model
from toolkit.labels import LabelSet
from toolkit.repeats import Repeats, read_repeats, repeat_folds
from toolkit.report import SPLITS, draw_figures, render_card, render_report
from toolkit.runfiles import RUN_SCHEMA, read_manifest, read_record, read_report
from toolkit.segmentation import segmenter

if TYPE_CHECKING:
    from datasets import DatasetDict

# What a report is made of, replaced when it is measured again.
REPORT_FILES = ("report.json", "report.html", "figures")
PROBE_SENTENCES = 50
SPEED_SENTENCES = 2000
# Written by `toolkit curve` beside what training writes, for comparisons to draw.
CURVE = "curve.json"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Run:
    """One execution of an experiment, as it lies in its folder.

    Attributes
    ----------
    folder : Path
        Where it lies.
    manifest, report : mapping
        As in ``manifest.json`` and ``report.json``.
    predictions : Predictions
        Cross-validated on train, and of the test split.
    """

    folder: Path
    manifest: Mapping[str, Any]
    report: Mapping[str, Any]
    predictions: Predictions

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return str(self.manifest["name"])

    @property
    def labels(self) -> LabelSet:
        """The label set."""
        return self.predictions.labels

    @cached_property
    def model(self) -> SentenceClassifier:
        """The saved model; a joblib one must be loaded with ``load_model(..., trusted=True)``."""
        return load_model(self.folder / "model")

    @cached_property
    def context(self) -> Context:
        """What the corpus says of each predicted sentence beside its label."""
        path = self.folder / "context.csv"
        return read_context(_read_text(path), self.predictions, str(path))

    @cached_property
    def pulls(self) -> dict[str, list[tuple[str, float, str]]]:
        """N-grams that pulled a sentence, with weight and kind, by the row of its prediction.

        Empty for a model without weights.
        """
        path = self.folder / "pulls.json"
        try:
            pulls = {
                str(int(row)): [(str(ngram), float(value), str(kind)) for ngram, value, kind in listed]
                for row, listed in read_record(path)["pulls"].items()
            }
            if not all(math.isfinite(value) for listed in pulls.values() for _, value, _ in listed):
                raise ValueError("a weight is no number")
            return pulls
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise RunError(f"the file does not hold n-grams and their weights; train again [{path}]") from error

    @cached_property
    def repeats(self) -> Repeats | None:
        """Scores of every fold of every dealing; ``None`` if the experiment does not repeat its folds."""
        n_repeats = self.manifest["settings"]["evaluation"].get("repeats", 1)
        if n_repeats == 1:
            return None
        try:
            return read_repeats(self.report.get("repeats"), self.predictions, n_repeats)
        except ValueError as error:
            raise RunError(
                f"the report does not hold the {n_repeats} repeats of this run; train again "
                f"[{self.folder / 'report.json'}]"
            ) from error

    @property
    def n_resamples(self) -> int:
        """How often articles were drawn for the report: as the experiment says, unless it was measured again."""
        return int(self.report["scores"]["test"]["n_resamples"])

    @property
    def experiment(self) -> Experiment:
        """The experiment, as the manifest has it."""
        settings = dict(self.manifest["settings"])
        name = settings.pop("name")
        return make_experiment(name, without_none(settings), where=str(self.folder / "manifest.json"))

    def scores(self, split: str, n_resamples: int | None = None) -> Scores:
        """Score one split anew from the predictions.

        Parameters
        ----------
        split : str
            ``train`` (cross-validated) or ``test``.
        n_resamples : int, optional
            As the experiment says, if not given.
        """
        plan = self.manifest["settings"]["evaluation"]
        return score(self.predictions.take(split), n_resamples or plan["resamples"], self.manifest["seed"])


def train(
    experiment: str | Path | Experiment,
    corpus: str | Path | DatasetDict = "data",
    runs: str | Path = "runs",
    overrides: Iterable[str] = (),
    n_jobs: int = 1,
    progress: Progress = lambda step, done, of: None,
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
    """
    record = experiment if isinstance(experiment, Experiment) else read_experiment(experiment, overrides)
    loaded = load_corpus(corpus) if isinstance(corpus, str | Path) else corpus
    runs = Path(runs)
    folder = runs / record.name
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise RunError(f"the folder is there and is no run; move it away or name other --runs [{folder}]")
    with whole_folder(folder) as part:
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
    part: Path, experiment: Experiment, corpus: DatasetDict, baseline: Run | None, n_jobs: int, progress: Progress
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
    findings = measure(
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
        weights = contrast(pipeline, predictions.labels, texts, towards, rivals(predictions, mine))
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
            difference(predictions.take(split), baseline.predictions.take(split), plan.resamples, experiment.seed)
        )
        for split, _ in SPLITS
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


def load_run(folder: str | Path) -> Run:
    """Read a run's folder; the model is loaded when first asked for.

    Parameters
    ----------
    folder : str or Path
        As :func:`train` wrote it.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If the folder is no run, misses a file, or is of another schema.
    """
    folder = Path(folder)
    put_back(folder)
    if not folder.is_dir():
        near = did_you_mean(folder.name, (other.name for other in folder.parent.glob("*") if other.is_dir()))
        raise RunError(f"there is no run; train it or name another folder{near} [{folder}]")
    manifest, labels = read_manifest(folder / "manifest.json")
    found = read_report(folder / "report.json", labels)
    path = folder / "predictions.csv"
    predictions = read_predictions(_read_text(path), labels, str(path))
    for split, _ in SPLITS:
        n_found, expected = predictions.split.count(split), int(manifest["corpus"]["sentences"][split])
        if n_found != expected or n_found == 0:
            raise RunError(
                f"{n_found:,} {split} predictions came, the manifest names {expected:,} and one at least is needed; "
                f"train again [{path}]"
            )
    sides = sorted(set(predictions.split))
    if sides != sorted(split for split, _ in SPLITS):
        raise RunError(f"predictions of {some(sides)} came, expected train and test; train again [{path}]")
    run = Run(folder, manifest, found, predictions)
    ours, theirs = manifest["seed"], run.experiment.seed
    if ours != theirs:
        raise RunError(f"seed is {ours}, in the settings {theirs}; train again [{folder / 'manifest.json'}]")
    return run


def _read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise RunError(f"the run misses a file; train again [{path}]") from error
    except UnicodeDecodeError as error:
        raise RunError(f"the file is not UTF-8; train again [{path}]") from error


def render_again(folder: str | Path, n_resamples: int | None = None) -> Run:
    """Measure and render a run's report again, from its stored predictions; nothing is trained.

    Parameters
    ----------
    folder : str or Path
        A run's folder; its ``report.json``, ``report.html`` and ``figures/`` are replaced,
        all of them or none.
    n_resamples : int, optional
        How often articles are drawn; as the experiment says, if not given. The report
        holds it with its scores, and :func:`verify` goes by it.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If the folder is no run, a file of it is damaged, or it cannot be written to.
    """
    run = load_run(folder)
    if not os.access(run.folder, os.W_OK):
        raise RunError(f"the folder is read-only; free it or copy it [{run.folder}]")
    experiment = run.experiment
    n_resamples = n_resamples or experiment.evaluation.resamples
    findings = measure(run.predictions, run.context, experiment_cues(experiment), n_resamples, experiment.seed)
    record, pulls = {**run.report, **findings.to_dict()}, run.pulls
    if run.repeats:
        record["repeats"] = run.repeats.to_dict()
    with whole_folder(run.folder) as part:
        # All else stays as it lies there, a learning curve as well.
        shutil.copytree(
            run.folder,
            part,
            symlinks=True,
            ignore=lambda place, _: REPORT_FILES if Path(place) == run.folder else (),
            dirs_exist_ok=True,
        )
        _write_json(part / "report.json", record)
        _write_page(part, record, run.predictions, findings, pulls)
    return Run(run.folder, run.manifest, record, run.predictions)


def verify(
    folder: str | Path,
    corpus: str | Path | DatasetDict = "data",
    n_jobs: int = 1,
    progress: Progress = lambda step, done, of: None,
) -> list[str]:
    """Train a run again and list what is not the same.

    Parameters
    ----------
    folder : str or Path
        A run's folder.
    corpus : str, Path or DatasetDict
        The corpus it was trained on.
    n_jobs : int
        Folds fitted at once.
    progress : callable
        Told a step's name, how many are done and of how many.

    Returns
    -------
    list of str
        A sentence for each file that differs; empty when every prediction, figure and
        number is the same, the clock's aside. A report measured again with more or fewer
        resamples is held against one measured so.

    Raises
    ------
    RunError
        If the folder is no run or the corpus is not the one it was trained on.
    """
    run = load_run(folder)
    loaded = load_corpus(corpus) if isinstance(corpus, str | Path) else corpus
    ours, theirs = corpus_fingerprint(loaded), run.manifest["corpus"]["fingerprint"]
    if ours != theirs:
        raise RunError(
            f"the run was trained on the corpus {theirs[:16]}, {ours[:16]} was given; "
            f"name its corpus with --corpus [{folder}]"
        )
    experiment = run.experiment
    with tempfile.TemporaryDirectory(prefix="toolkit-verify-") as scratch:
        again = Path(scratch)
        _write_run(again, experiment, loaded, _baseline(experiment, run.folder.parent), n_jobs, progress)
        if run.n_resamples != experiment.evaluation.resamples:
            render_again(again, run.n_resamples)
        return _differences(run.folder, again)


def without_none(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Drop keys without a value: TOML has no null, and a silent file means the same."""
    return {
        key: without_none(value) if isinstance(value, Mapping) else value
        for key, value in settings.items()
        if value is not None
    }


def _differences(old: Path, new: Path) -> list[str]:
    found = []
    names = sorted(
        {path.relative_to(root).as_posix() for root in (old, new) for path in root.rglob("*") if path.is_file()}
    )
    for name in names:
        if name in ("report.html", CURVE) or name.endswith(".joblib"):
            # The page is rendered from the rest and shows the clock; a curve is put there
            # after training; a pickle's bytes are not promised.
            continue
        first, second = old / name, new / name
        if not (first.is_file() and second.is_file()):
            found.append(f"{name} is in one of the two only")
        elif _content(first) != _content(second):
            found.append(f"{name} differs")
    return found


def _content(path: Path) -> Any:
    content = path.read_bytes()
    if path.suffix == ".json":
        try:
            record = json.loads(content)
        except ValueError:
            return content
        if isinstance(record, dict):
            record.pop("clock", None)
            if str(record.get("file", "")).endswith(".joblib"):
                record = {key: value for key, value in record.items() if key not in ("sha256", "bytes")}
        return record
    return content


def find_experiments(names: Iterable[str | Path], folder: str | Path = "experiments") -> list[Path]:
    """List experiment files in the order to train them: a baseline before what refers to it.

    Parameters
    ----------
    names : iterable of str or Path
        Files; none means all of the folder. A bare name is looked up there.
    folder : str or Path
        Where experiments lie.

    Raises
    ------
    ConfigError
        If there is none.
    """
    folder = Path(folder)
    known = sorted(folder.glob("*.toml"))
    paths = []
    for name in names:
        path = Path(name)
        bare = folder / f"{name}.toml"
        paths.append(bare if not path.suffix and not path.exists() and bare.is_file() else path)
    paths = paths or known
    if not paths:
        raise ConfigError(f"there is no experiment; write one or name a file [{folder}]")
    experiments = {path: read_experiment(path) for path in paths}
    by_name = {experiment.name: path for path, experiment in experiments.items()}
    ordered: list[Path] = []

    def add(path: Path, above: tuple[Path, ...]) -> None:
        baseline = by_name.get(experiments[path].baseline or "")
        if path in above:
            raise ToolkitError(f"the baseline of {path.stem!r} leads back to itself; name another [{path}]")
        if baseline is not None and baseline != path:
            add(baseline, (*above, path))
        if path not in ordered:
            ordered.append(path)

    for path in paths:
        add(path, ())
    return ordered
