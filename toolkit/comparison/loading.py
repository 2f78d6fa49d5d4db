"""Run folders -> runs that may be compared, or one sentence that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.analysis.learning_curve import LearningCurve
from toolkit.exceptions import RunError, list_some, printable
from toolkit.experiment.run_files import CURVE
from toolkit.experiment.runs import Run, load_run
from toolkit.files.json_shapes import read_json
from toolkit.statistics.metrics import check_probabilities

# More are no comparison a person reads, and their corrected p-values could no longer be small.
MOST_RUNS = 50


def load_comparable(runs: Sequence[str | Path | Run]) -> list[Run]:
    """Load runs and check that scores of one may be set beside those of another.

    Parameters
    ----------
    runs : sequence of str, Path or Run
        From two to 50.

    Returns
    -------
    list of Run
        In the order given.

    Raises
    ------
    RunError
        If there are too few or too many, one is not whole, two bear one name, or they are
        over different label sets, corpora, segmenters, sentences or gold labels.
    """
    if not 2 <= len(runs) <= MOST_RUNS:
        many = "run" if len(runs) == 1 else "runs"
        raise RunError(f"{len(runs)} {many} came; name at least two to compare, and at most {MOST_RUNS}")
    loaded = [run if isinstance(run, Run) else load_run(run) for run in runs]
    names = [printable(run.name) for run in loaded]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RunError(f"two runs bear the name {twice[0]!r}; name each run once")
    for run in loaded:
        _check_whole(run)
    for run in loaded[1:]:
        _check_alike(loaded[0], run)
    return loaded


def _check_whole(run: Run) -> None:
    path = run.folder / "predictions.csv"
    strangers = sorted(set(run.predictions.split) - {"train", "test"})
    if strangers:
        raise RunError(
            f"{run.name!r} has sentences of {list_some(strangers)}, expected train and test; train again [{path}]"
        )
    try:
        check_probabilities(run.predictions.proba, len(run.predictions), len(run.labels.names))
    except ValueError as error:
        raise RunError(
            f"{run.name!r} has probabilities that do not sum to 1 or are below 0; train again [{path}]"
        ) from error


def _check_alike(first: Run, other: Run) -> None:
    pair = f"{first.name!r} and {other.name!r}"
    if first.labels != other.labels:
        raise RunError(f"{pair} have different label sets; compare runs over one [{other.folder}]")
    ours, theirs = (run.manifest.corpus.fingerprint for run in (first, other))
    if ours != theirs:
        raise RunError(
            f"{pair} are over different corpora ({ours[:16]} and {theirs[:16]}); train both on one [{other.folder}]"
        )
    ours, theirs = (run.manifest.segmenter for run in (first, other))
    if ours != theirs:
        raise RunError(
            f"{pair} are of different segmenters ({ours} and {theirs}); train both with one [{other.folder}]"
        )
    for name in ("split", "article", "position", "text", "gold"):
        if getattr(first.predictions, name) != getattr(other.predictions, name):
            raise RunError(f"{pair} differ in the {name} of their sentences; train both on one corpus [{other.folder}]")


def read_curve(run: Run) -> LearningCurve | None:
    """Read the learning curve that lies in a run's folder, if there is one.

    Raises
    ------
    RunError
        If the file is no curve, or one of another experiment.
    """
    path = run.folder / CURVE
    remedy = f"draw it again or remove it [{path}]"
    try:
        record = read_json(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(f"the file is not valid JSON; {remedy}") from error
    curve = LearningCurve.from_dict(record, remedy)
    if curve.experiment != run.name:
        raise RunError(f"the curve is of {curve.experiment!r}, expected {run.name!r}; draw it again [{path}]")
    return curve
