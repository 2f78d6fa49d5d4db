"""The JSON files of a run -> records of the shape that training writes, or one sentence that says where not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from toolkit.analysis.abstention import Abstention
from toolkit.analysis.calibration import Calibration
from toolkit.analysis.label_errors import LabelError
from toolkit.analysis.scores import Difference, Estimate, Scores
from toolkit.analysis.slices import SliceScore
from toolkit.exceptions import RunError
from toolkit.files.json_shapes import Defined, misfit, read_json
from toolkit.labels import LabelSet

# Raise by one when a reader of the old number cannot read the new folder.
RUN_SCHEMA = 2


class _Sizes(TypedDict):
    train: int
    test: int


class _Corpus(TypedDict):
    fingerprint: str
    sentences: _Sizes


class _Plan(TypedDict):
    resamples: int


class _Settings(TypedDict):
    name: str
    evaluation: _Plan


class _Clock(TypedDict):
    finished: str
    revision: str | None
    training_seconds: Defined
    sentences_per_second: Defined


class _Provenance(TypedDict):
    schema: int
    name: str
    seed: int
    digest: str
    settings: _Settings
    corpus: _Corpus
    segmenter: str
    versions: dict[str, str]
    clock: _Clock


class RunManifest(_Provenance):
    """What ``manifest.json`` holds."""

    labels: dict[str, Any]


class _Ceiling(TypedDict):
    annotator: Scores
    model: Estimate
    gap: Difference


class _Ceilings(TypedDict):
    train: _Ceiling | None
    test: _Ceiling | None


class _BothScores(TypedDict):
    train: Scores
    test: Scores


class _BothCalibrations(TypedDict):
    train: Calibration
    test: Calibration


class _Chosen(TypedDict):
    final: dict[str, Any]
    folds: list[dict[str, Any]]


class _Weight(TypedDict):
    ngram: str
    value: Defined
    kind: str


class _Against(TypedDict):
    name: str
    train: Difference
    test: Difference


class _Model(TypedDict):
    file: str
    bytes: int
    sha256: str | None


class Report(_Provenance):
    """What ``report.json`` holds."""

    question: str
    baseline: str | None
    background: str | None
    scores: _BothScores
    ceiling: _Ceilings
    calibration: _BothCalibrations
    abstention: Abstention
    slices: list[SliceScore]
    label_errors: list[LabelError]
    chosen: _Chosen
    ngrams: dict[str, list[_Weight]]
    against: _Against | None
    model: _Model


def read_record(path: Path) -> dict[str, Any]:
    """Read a JSON file of a run; all of them name the schema.

    Raises
    ------
    RunError
        If it is missing, no JSON, or of another schema.
    """
    try:
        record = read_json(path)
    except OSError as error:
        raise RunError(f"the run misses a file; train again [{path}]") from error
    except ValueError as error:
        raise RunError(f"the file is no JSON; train again [{path}]") from error
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != RUN_SCHEMA:
        raise RunError(f"the run has schema {schema!r}, this toolkit reads {RUN_SCHEMA}; train again [{path}]")
    return dict(record)


def read_manifest(path: Path) -> tuple[dict[str, Any], LabelSet]:
    """Read a run's manifest and the label set in it.

    Raises
    ------
    RunError
        If anything in it is not as written; the message names the place.
    """
    record = read_record(path)
    _check(record, RunManifest, "the manifest", path)
    try:
        return record, LabelSet.from_dict(record["labels"])
    except (ValueError, TypeError) as error:
        raise RunError(f"labels is no label set; train again [{path}]") from error


def read_report(path: Path, labels: LabelSet) -> dict[str, Any]:
    """Read a run's report.

    Parameters
    ----------
    path : Path
        The file.
    labels : LabelSet
        Of the run.

    Raises
    ------
    RunError
        If anything in it is not as written, or of other labels; the message names the place.
    """
    record = read_record(path)
    _check(record, Report, "the report", path)
    listed = {f"scores.{split}": scores for split, scores in record["scores"].items()}
    listed |= {f"ceiling.{split}.annotator": found["annotator"] for split, found in record["ceiling"].items() if found}
    for place, scores in listed.items():
        _check_labels(place, [label["name"] for label in scores["labels"]], labels, path)
        if [len(row) for row in scores["confusion"]] != [len(labels.names)] * len(labels.names):
            raise RunError(f"{place}.confusion is not of {len(labels.names)} labels; train again [{path}]")
    strangers = sorted({*record["ngrams"], *filter(None, [record["background"]])} - set(labels.names))
    if strangers:
        raise RunError(f"{labels.unknown(strangers[0])}; train again [{path}]")
    if record["scores"]["test"]["n_resamples"] < 1:
        raise RunError(f"scores.test.n_resamples is below 1; train again [{path}]")
    return record


def _check(record: Mapping[str, Any], shape: Any, whole: str, path: Path) -> None:
    found = misfit(record, shape, whole)
    if found:
        raise RunError(f"{found}; train again [{path}]")


def _check_labels(place: str, names: list[str], labels: LabelSet, path: Path) -> None:
    if names != list(labels.names):
        raise RunError(
            f"{place}.labels names {', '.join(names) or 'nothing'}, expected {', '.join(labels.names)}; "
            f"train again [{path}]"
        )
