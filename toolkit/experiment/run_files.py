"""The files of a run folder: their names, their schema, and the records in those that are JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.analysis import ContributionsRecord, Record, Report, RunManifest, Scores, from_plain
from toolkit.exceptions import RunError
from toolkit.experiment import older_runs
from toolkit.files import read_json
from toolkit.labels import LabelSet

# Raise by one when older toolkits cannot read the new folder, and teach older_runs the old one.
RUN_SCHEMA = 3

MANIFEST = "manifest.json"
PREDICTIONS = "predictions.csv"
CONTEXT = "context.csv"
CONTRIBUTIONS = "contributions.json"
REPORT = "report.json"
PAGE = "report.html"
FIGURES = "figures"
MODEL = "model"
# Written by `toolkit curve` beside what training writes, for comparisons to draw.
CURVE = "curve.json"


def read_manifest(path: Path) -> RunManifest:
    """Read a run's manifest.

    Raises
    ------
    RunError
        If anything in it is not as written; the message names the place.
    """
    return from_plain(RunManifest, _read(path), "the manifest", f"train again [{path}]")


def read_contributions(path: Path) -> dict[int, tuple[tuple[str, float, str], ...]]:
    """Read n-gram, contribution and kind by row of the predictions.

    Raises
    ------
    RunError
        If anything in the file is not as written; the message names the place.
    """
    return from_plain(ContributionsRecord, _read(path), "the file", f"train again [{path}]").contributions


def read_report(path: Path, labels: LabelSet) -> Report:
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
        If anything in it is not as written, or over other labels; the message names the place.
    """
    report = from_plain(Report, _read(path), "the report", f"train again [{path}]")
    for split, scores in report.scores.items():
        _check_labels(f"scores.{split}", scores, labels, path)
    for split, ceiling in report.ceiling.items():
        if ceiling:
            _check_labels(f"ceiling.{split}.annotator", ceiling.annotator, labels, path)
    for number, part in enumerate(report.collections):
        for split, own in part.scores.items():
            if own:
                _check_labels(f"collections[{number}].scores.{split}", own, labels, path)
    unknown = sorted({*report.ngrams, *filter(None, [report.background])} - set(labels.names))
    if unknown:
        raise RunError(f"{labels.unknown(unknown[0])}; train again [{path}]")
    if report.scores.test.n_resamples < 1:
        raise RunError(f"scores.test.n_resamples is 0, expected at least 1; train again [{path}]")
    return report


def write_json(path: Path, record: Record) -> None:
    """Write a record of a run."""
    text = json.dumps(record.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_text(path: Path) -> str:
    """Read a text file of a run.

    Raises
    ------
    RunError
        If it is missing or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise RunError(f"the run lacks a file; train again [{path}]") from error
    except UnicodeDecodeError as error:
        raise RunError(f"the file is not UTF-8; train again [{path}]") from error


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON file of a run; each names its schema, and an older one is translated."""
    path = older_runs.find_file(path)
    try:
        record = read_json(path)
    except OSError as error:
        raise RunError(f"the run lacks a file; train again [{path}]") from error
    except ValueError as error:
        raise RunError(f"the file is not valid JSON; train again [{path}]") from error
    schema = record.get("schema") if isinstance(record, dict) else None
    if older_runs.is_known(schema):
        return {**older_runs.translate_record(record), "schema": RUN_SCHEMA}
    if schema != RUN_SCHEMA:
        raise RunError(
            f"the run has schema {schema!r}, this toolkit reads {older_runs.OLDEST} to {RUN_SCHEMA}; "
            f"train again [{path}]"
        )
    return dict(record)


def _check_labels(place: str, scores: Scores, labels: LabelSet, path: Path) -> None:
    names = [label.name for label in scores.labels]
    if names != list(labels.names):
        raise RunError(
            f"{place}.labels names {', '.join(names) or 'nothing'}, expected {', '.join(labels.names)}; "
            f"train again [{path}]"
        )
    if [len(row) for row in scores.confusion] != [len(names)] * len(names):
        raise RunError(f"{place}.confusion is not a table of {len(names)} labels; train again [{path}]")
