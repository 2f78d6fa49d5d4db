"""A run folder -> a run: its records and predictions, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.analysis import (
    Context,
    Predictions,
    Repeats,
    Report,
    RunManifest,
    Scores,
    check_repeats,
    read_context,
    read_predictions,
    score_predictions,
)
from toolkit.config import Experiment, make_experiment
from toolkit.corpus import SPLITS
from toolkit.exceptions import RunError, did_you_mean, list_some
from toolkit.experiment.run_files import (
    CONTEXT,
    CONTRIBUTIONS,
    MANIFEST,
    MODEL,
    PREDICTIONS,
    REPORT,
    read_contributions,
    read_manifest,
    read_report,
    read_text,
)
from toolkit.files import restore_folder
from toolkit.labels import LabelSet
from toolkit.models import SentenceClassifier, load_model


@dataclass(frozen=True, repr=False)
class Run:
    """One execution of an experiment, as its folder holds it.

    Attributes
    ----------
    folder : Path
        Where it is.
    manifest, report : RunManifest, Report
        Content of ``manifest.json`` and ``report.json``.
    predictions : Predictions
        Cross-validated on train, and on the test split.
    """

    folder: Path
    manifest: RunManifest
    report: Report
    predictions: Predictions

    def __repr__(self) -> str:
        return f"Run({self.name!r}, folder={str(self.folder)!r}, {len(self.predictions)} predictions)"

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.manifest.name

    @property
    def labels(self) -> LabelSet:
        """The label set."""
        return self.predictions.labels

    @cached_property
    def model(self) -> SentenceClassifier:
        """The saved model; a joblib one must be loaded with ``load_model(..., trusted=True)``."""
        return load_model(self.folder / MODEL)

    @cached_property
    def context(self) -> Context:
        """What the corpus says of each predicted sentence besides its label."""
        path = self.folder / CONTEXT
        return read_context(read_text(path), self.predictions, str(path))

    @cached_property
    def contributions(self) -> dict[int, tuple[tuple[str, float, str], ...]]:
        """N-grams with contribution and kind, by row of the predictions; empty for a model without weights."""
        return read_contributions(self.folder / CONTRIBUTIONS)

    @cached_property
    def repeats(self) -> Repeats | None:
        """Scores of every fold of every repetition; ``None`` if the cross-validation is not repeated."""
        n_repeats = self.manifest.settings["evaluation"].get("repeats", 1)
        if n_repeats == 1:
            return None
        try:
            if self.report.repeats is None:
                raise ValueError("the report has no repetitions")
            return check_repeats(self.report.repeats, self.predictions, n_repeats)
        except ValueError as error:
            raise RunError(
                f"the report does not hold the {n_repeats} repetitions of this run; train again "
                f"[{self.folder / REPORT}]"
            ) from error

    @property
    def n_resamples(self) -> int:
        """Number of bootstrap resamples: the experiment's, unless the report was measured again with others."""
        return self.report.scores.test.n_resamples

    @property
    def experiment(self) -> Experiment:
        """The experiment, as in the manifest."""
        return _read_settings(self.manifest.settings, self.folder / MANIFEST)

    def scores(self, split: str, n_resamples: int | None = None) -> Scores:
        """Score one split anew from the predictions.

        Parameters
        ----------
        split : str
            ``train`` (cross-validated) or ``test``.
        n_resamples : int, optional
            The experiment's, if not given.
        """
        n_resamples = n_resamples or self.manifest.settings["evaluation"]["resamples"]
        rare = self.report.scores[split].rare_names
        return score_predictions(self.predictions.take(split), n_resamples, self.manifest.seed, rare=rare)


def load_run(folder: str | Path) -> Run:
    """Read a run's folder; the model is loaded when first used.

    Parameters
    ----------
    folder : str or Path
        As :func:`toolkit.experiment.training.train` wrote it.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If the folder is not a run, lacks a file, or has an unknown schema.

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
    manifest = read_manifest(folder / MANIFEST)
    report = read_report(folder / REPORT, manifest.labels)
    path = folder / PREDICTIONS
    predictions = read_predictions(read_text(path), manifest.labels, str(path))
    _check_splits(predictions, manifest, path)
    seed = _read_settings(manifest.settings, folder / MANIFEST).seed
    if manifest.seed != seed:
        raise RunError(f"seed is {manifest.seed}, in the settings {seed}; train again [{folder / MANIFEST}]")
    _read_settings(report.settings, folder / REPORT)
    return Run(folder, manifest, report, predictions)


def _check_splits(predictions: Predictions, manifest: RunManifest, path: Path) -> None:
    for split, expected in manifest.corpus.sentences.items():
        n_sentences = predictions.split.count(split)
        if n_sentences != expected or n_sentences == 0:
            raise RunError(
                f"{n_sentences:,} {split} predictions came, expected {expected:,} as in the manifest and at least one; "
                f"train again [{path}]"
            )
    splits = sorted(set(predictions.split))
    if splits != sorted(SPLITS):
        raise RunError(f"predictions of {list_some(splits)} came, expected train and test; train again [{path}]")


def _read_settings(settings: Mapping[str, Any], path: Path) -> Experiment:
    """Make the experiment of a run from its settings."""
    record = without_none(settings)
    name, evaluation = record.pop("name", None), record.get("evaluation")
    if not isinstance(name, str) or not isinstance(evaluation, Mapping) or "resamples" not in evaluation:
        raise RunError(f"settings lacks 'name' or 'evaluation.resamples'; train again [{path}]")
    return make_experiment(name, record, where=str(path))


def without_none(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Drop keys without a value: TOML has no null, and an experiment file leaves such keys out."""
    return {
        key: without_none(value) if isinstance(value, Mapping) else value
        for key, value in settings.items()
        if value is not None
    }
