"""Page and figures of a run, and the report of a run measured and rendered again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from toolkit.analysis import Findings, Predictions, Report, measure_findings
from toolkit.config import Experiment
from toolkit.exceptions import RunError
from toolkit.experiment.run_files import FIGURES, PAGE, REPORT, RUN_SCHEMA, write_json
from toolkit.experiment.runs import Run, load_run
from toolkit.files import write_folder
from toolkit.pages import draw_figures, render_report, standalone

# What a report consists of, replaced when it is measured again.
REPORT_FILES = (REPORT, PAGE, FIGURES)


def write_page(
    folder: Path,
    report: Report,
    predictions: Predictions,
    findings: Findings,
    contributions: Mapping[int, tuple[tuple[str, float, str], ...]],
) -> None:
    """Write ``report.html`` and ``figures/``."""
    figures = draw_figures(predictions, findings, report.prior_curve)
    (folder / FIGURES).mkdir(exist_ok=True)
    for name, svg in figures.items():
        (folder / FIGURES / f"{name}.svg").write_text(standalone(svg), encoding="utf-8", newline="\n")
    page = render_report(report, predictions, figures, contributions)
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")


def report(folder: str | Path, n_resamples: int | None = None) -> Run:
    """Measure and render a run's report again from its stored predictions; nothing is trained.

    Parameters
    ----------
    folder : str or Path
        A run's folder; its ``report.json``, ``report.html`` and ``figures/`` are replaced,
        all of them or none.
    n_resamples : int, optional
        Number of bootstrap resamples; the experiment's, if not given. The report holds the
        number with its scores, and :func:`toolkit.experiment.verification.verify` uses it.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If the folder is not a run, a file of it is damaged, or it cannot be written to.

    Examples
    --------
    >>> report("runs/default", n_resamples=10_000).n_resamples  # doctest: +SKIP
    10000
    """
    run = load_run(folder)
    if not os.access(run.folder, os.W_OK):
        raise RunError(f"the folder is read-only; make it writable or copy it [{run.folder}]")
    experiment = run.experiment
    n_resamples = n_resamples or experiment.evaluation.resamples
    findings = measure_findings(run.predictions, run.context, experiment_cues(experiment), n_resamples, experiment.seed)
    repeats = run.repeats.scores() if run.repeats else run.report.repeats
    measured = replace(run.report, schema=RUN_SCHEMA, repeats=repeats, **vars(findings))
    contributions = run.contributions
    with write_folder(run.folder) as part:
        # Everything else is kept, a learning curve as well.
        shutil.copytree(
            run.folder,
            part,
            symlinks=True,
            ignore=lambda place, _: REPORT_FILES if Path(place) == run.folder else (),
            dirs_exist_ok=True,
        )
        write_json(part / REPORT, measured)
        write_page(part, measured, run.predictions, findings, contributions)
    return Run(run.folder, run.manifest, measured, run.predictions)


def experiment_cues(experiment: Experiment) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """Return the rule list that an experiment uses, as features or as its classifier."""
    rules = experiment.classifier.grid.get("rules", ((),))[0]
    return experiment.features.cues or rules or None
