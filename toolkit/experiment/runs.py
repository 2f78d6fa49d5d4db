"""TODO toolkit.experiment.runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.analysis.context import Context, read_context
from toolkit.analysis.predictions import Predictions, read_predictions
from toolkit.analysis.repeats import Repeats, read_repeats
from toolkit.analysis.scores import Scores, score_predictions
from toolkit.config import Experiment, make_experiment
from toolkit.exceptions import RunError, did_you_mean, list_some
from toolkit.experiment.run_files import read_manifest, read_record, read_report
from toolkit.files.atomic import restore_folder
from toolkit.labels import LabelSet
from toolkit.models.classifier import SentenceClassifier, load_model
from toolkit.pages.formatting import SPLIT_TITLES

# Written by `toolkit curve` beside what training writes, for comparisons to draw.
CURVE = "curve.json"


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
        return score_predictions(self.predictions.take(split), n_resamples or plan["resamples"], self.manifest["seed"])


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

    Examples
    --------
    >>> run = load_run("runs/default")  # doctest: +SKIP
    >>> round(run.scores("test").headline.value, 3)  # doctest: +SKIP
    0.764
    """
    folder = Path(folder)
    restore_folder(folder)
    if not folder.is_dir():
        near = did_you_mean(folder.name, (other.name for other in folder.parent.glob("*") if other.is_dir()))
        raise RunError(f"there is no run; train it or name another folder{near} [{folder}]")
    manifest, labels = read_manifest(folder / "manifest.json")
    found = read_report(folder / "report.json", labels)
    path = folder / "predictions.csv"
    predictions = read_predictions(_read_text(path), labels, str(path))
    for split, _ in SPLIT_TITLES:
        n_found, expected = predictions.split.count(split), int(manifest["corpus"]["sentences"][split])
        if n_found != expected or n_found == 0:
            raise RunError(
                f"{n_found:,} {split} predictions came, the manifest names {expected:,} and one at least is needed; "
                f"train again [{path}]"
            )
    sides = sorted(set(predictions.split))
    if sides != sorted(split for split, _ in SPLIT_TITLES):
        raise RunError(f"predictions of {list_some(sides)} came, expected train and test; train again [{path}]")
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


def without_none(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Drop keys without a value: TOML has no null, and a silent file means the same."""
    return {
        key: without_none(value) if isinstance(value, Mapping) else value
        for key, value in settings.items()
        if value is not None
    }
