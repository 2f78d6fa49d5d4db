"""A report's JSON follows from its fields: what is written is read, byte for byte."""

import json
from dataclasses import replace

import pytest

from toolkit.analysis.records import from_plain
from toolkit.analysis.report import Clock, Report, RunManifest
from toolkit.exceptions import RunError
from toolkit.labels import LabelSet


@pytest.fixture(params=["words", "majority"])
def folder(request, workplace):
    return workplace / "runs" / request.param


def written(record):
    return json.dumps(record.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


@pytest.mark.parametrize(("name", "shape"), [("report.json", Report), ("manifest.json", RunManifest)])
def test_report_and_manifest_survive_a_round_trip(folder, name, shape):
    text = (folder / name).read_text(encoding="utf-8")
    assert written(from_plain(shape, json.loads(text), "the file", "train again")) == text


def test_repeat_seconds_stand_where_they_belong():
    clock = Clock(finished="2031-01-01", revision=None, training_seconds=1.5, sentences_per_second=2000)
    assert list(clock.to_dict()) == ["finished", "revision", "training_seconds", "sentences_per_second"]
    assert list(replace(clock, repeat_seconds=9.5).to_dict())[2:4] == ["training_seconds", "repeat_seconds"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (3, "labels is 3, expected a label set"),
        ({}, "labels is {}, expected a label set"),
        ({"label": [{"name": "a"}]}, r"labels is \{'label': \[\{'name': 'a'\}\]\}, expected a label set"),
    ],
)
def test_manifest_without_a_label_set_is_refused(folder, labels, message):
    record = json.loads((folder / "manifest.json").read_text())
    assert from_plain(RunManifest, record, "the manifest", "").labels == LabelSet.from_dict(record["labels"])
    with pytest.raises(RunError, match=f"^{message}; train again"):
        from_plain(RunManifest, {**record, "labels": labels}, "the manifest", "train again")


def test_misfit_deep_in_a_report_is_named_by_its_place(folder):
    record = json.loads((folder / "report.json").read_text())
    record["scores"]["test"]["headline"]["value"] = "x"
    with pytest.raises(RunError, match=r"^scores\.test\.headline\.value is 'x', expected a number; train again"):
        from_plain(Report, record, "the report", "train again")
