"""Run folders -> runs that may be compared, or one sentence that says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolkit.analysis import BySplit, LearningCurve, Scores
from toolkit.comparison.record import Cost
from toolkit.exceptions import RunError, list_some, printable
from toolkit.experiment import CURVE, Run, load_run
from toolkit.files import read_json
from toolkit.statistics import check_probabilities

# Nobody can read a comparison of more, and its corrected p-values could no longer be small.
MAX_RUNS = 50


def load_comparable(runs: Sequence[str | Path | Run]) -> list[Run]:
    """Load runs and check that their scores may be compared.

    Parameters
    ----------
    runs : sequence of str, Path or Run
        From 2 to 50 runs.

    Returns
    -------
    list of Run
        In the given order. Runs of one name are named by their folders, as in ``before/words``.

    Raises
    ------
    RunError
        If there are too few or too many, a run is incomplete, one comes twice, or they differ in
        label set, corpus, segmenter, sentences or gold labels.
    """
    # The text of a single path is a sequence too.
    runs = [runs] if isinstance(runs, str | Path) else runs
    if not 2 <= len(runs) <= MAX_RUNS:
        noun = "run" if len(runs) == 1 else "runs"
        raise RunError(f"{len(runs)} {noun} came; name at least two to compare, and at most {MAX_RUNS}")
    loaded = [run if isinstance(run, Run) else load_run(run) for run in runs]
    loaded = _name_apart(loaded)
    for run in loaded:
        _check_complete(run)
    for run in loaded[1:]:
        _check_comparable(loaded[0], run)
    return loaded


def _name_apart(runs: Sequence[Run]) -> list[Run]:
    """Name runs of the same name by the last parts of their folders, as many as tell all runs apart."""
    folders = [run.folder.resolve() for run in runs]
    names = [printable(run.name) for run in runs]
    places = list(zip(names, folders, strict=True))
    for number, place in enumerate(places):
        if place in places[:number]:
            raise RunError(f"the run {names[number]!r} came twice; name each run once [{runs[number].folder}]")
    counts = Counter(names)
    for n_parts in range(1, max(len(folder.parts) for folder in folders) + 1):
        apart = [printable("/".join(folder.parts[-n_parts:])) if counts[name] > 1 else name for name, folder in places]
        if len(set(apart)) == len(apart):
            break
    named = zip(runs, names, apart, strict=True)
    return [run if new == old else replace(run, manifest=replace(run.manifest, name=new)) for run, old, new in named]


def _check_complete(run: Run) -> None:
    path = run.folder / "predictions.csv"
    unknown = sorted(set(run.predictions.split) - {"train", "test"})
    if unknown:
        raise RunError(
            f"{run.name!r} has sentences of {list_some(unknown)}, expected train and test; train again [{path}]"
        )
    try:
        check_probabilities(run.predictions.proba, len(run.predictions), len(run.labels.names))
    except ValueError as error:
        raise RunError(
            f"{run.name!r} has probabilities that do not sum to 1 or are below 0; train again [{path}]"
        ) from error


def _check_comparable(first: Run, other: Run) -> None:
    names = f"{first.name!r} and {other.name!r}"
    if first.labels != other.labels:
        raise RunError(f"{names} have different label sets; compare runs over the same one [{other.folder}]")
    one, two = fingerprint_of(first), fingerprint_of(other)
    if one != two:
        raise RunError(
            f"{names} are over different corpora ({one[:16]} and {two[:16]}); train both on the same one "
            f"[{other.folder}]"
        )
    one, two = segmenter_of(first), segmenter_of(other)
    if one != two:
        raise RunError(
            f"{names} have different segmenters ({one} and {two}); train both with the same one [{other.folder}]"
        )
    for column in ("split", "article", "position", "text", "gold"):
        if getattr(first.predictions, column) != getattr(other.predictions, column):
            raise RunError(
                f"{names} differ in the {column} of their sentences; train both on the same corpus [{other.folder}]"
            )


def read_curve(run: Run) -> LearningCurve | None:
    """Read the learning curve in a run's folder, if there is one.

    Raises
    ------
    RunError
        If the file is not a learning curve, or one of another experiment.
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
    # The name in the report stays where runs are named by their folders.
    if curve.experiment != run.report.name:
        raise RunError(f"the curve is of {curve.experiment!r}, expected {run.report.name!r}; draw it again [{path}]")
    return curve


# Nothing else in this package looks into a manifest or a report.


def fingerprint_of(run: Run) -> str:
    """Return the fingerprint of the corpus that a run was trained on."""
    return run.manifest.corpus.fingerprint


def segmenter_of(run: Run) -> str:
    """Return name and version of the segmenter of a run's corpus."""
    return run.manifest.segmenter


def settings_of(run: Run) -> Mapping[str, Any]:
    """Return the settings of a run's experiment, as nested tables."""
    return run.manifest.settings


def resampling_of(run: Run) -> tuple[int, int]:
    """Return the number of resamples behind a run's intervals, and the seed that decides them."""
    return run.manifest.settings["evaluation"]["resamples"], run.manifest.seed


def baseline_of(run: Run) -> str | None:
    """Return the name of the run that a run's experiment names as its baseline."""
    return run.report.baseline


def rare_of(run: Run) -> tuple[str, ...] | None:
    """Return the names of the labels that are rare in a run's corpus; ``None`` if its report does not say."""
    return run.report.scores.train.rare_names


def collections_of(run: Run) -> dict[str, BySplit[Scores | None]]:
    """Return the scores of each collection of a run's corpus, natural rates first."""
    return {printable(part.name): part.scores for part in run.report.collections}


def ceiling_of(run: Run) -> dict[str, Mapping[str, Any]]:
    """Return the scores of the second annotator by split; a split that was not annotated twice is left out."""
    return {split: ceiling.annotator.to_dict() for split, ceiling in run.report.ceiling.items() if ceiling}


def cost_of(run: Run) -> Cost:
    """Return what a run cost; what is not positive counts as not recorded."""
    clock, model = run.report.clock, run.report.model
    return Cost(_positive(clock.training_seconds), _positive(clock.sentences_per_second), _positive(model.bytes))


def _positive(value: float) -> float | None:
    return float(value) if value > 0 else None
