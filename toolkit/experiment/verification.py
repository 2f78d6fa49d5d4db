"""TODO toolkit.experiment.verification."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.analysis.findings import measure_findings
from toolkit.corpus.loading import corpus_fingerprint, load_corpus
from toolkit.exceptions import RunError
from toolkit.experiment.runs import CURVE, Run, load_run
from toolkit.experiment.training import (
    ProgressCallback,
    _baseline,
    _write_json,
    _write_page,
    _write_run,
    experiment_cues,
)
from toolkit.files.atomic import write_folder

if TYPE_CHECKING:
    from datasets import DatasetDict

# What a report is made of, replaced when it is measured again.
REPORT_FILES = ("report.json", "report.html", "figures")


def report(folder: str | Path, n_resamples: int | None = None) -> Run:
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

    Examples
    --------
    >>> report("runs/default", n_resamples=10_000).n_resamples  # doctest: +SKIP
    10000
    """
    run = load_run(folder)
    if not os.access(run.folder, os.W_OK):
        raise RunError(f"the folder is read-only; free it or copy it [{run.folder}]")
    experiment = run.experiment
    n_resamples = n_resamples or experiment.evaluation.resamples
    findings = measure_findings(run.predictions, run.context, experiment_cues(experiment), n_resamples, experiment.seed)
    record, pulls = {**run.report, **findings.to_dict()}, run.pulls
    if run.repeats:
        record["repeats"] = run.repeats.to_dict()
    with write_folder(run.folder) as part:
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
    progress: ProgressCallback = lambda step, done, of: None,
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

    Examples
    --------
    >>> verify("runs/naive-bayes", "data")  # doctest: +SKIP
    []
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
            report(again, run.n_resamples)
        return _differences(run.folder, again)


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
