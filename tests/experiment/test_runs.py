"""A run folder that is damaged or not whole is refused in one sentence."""

import json
import re

import pytest

from toolkit.cli import main as cli
from toolkit.exceptions import RunError
from toolkit.experiment.run_files import RUN_SCHEMA
from toolkit.experiment.runs import load_run


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("manifest.json", None, "the run lacks a file"),
        ("manifest.json", "{", "is not valid JSON"),
        ("manifest.json", '{"schema": 99}', "has schema 99, this toolkit reads 2 to 3"),
        ("report.json", "[]", "has schema None"),
        ("report.json", '{"schema": 1}', "the run has schema 1, this toolkit reads 2 to 3; train again"),
        ("report.json", '{"schema": 3, "name": ""}', r"the report lacks 'seed'; train again \[.*report\.json\]"),
        ("manifest.json", '{"schema": 3}', "the manifest lacks 'name'"),
        ("predictions.csv", None, "the run lacks a file"),
    ],
)
def test_broken_manifest_or_report_is_refused(runs, name, content, message):
    path = runs / "words" / name
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(RunError, match=message):
        load_run(runs / "words")


def test_run_without_test_sentences_is_refused(runs):
    path = runs / "words/predictions.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("test,")))
    manifest = json.loads((runs / "words/manifest.json").read_text())
    manifest["corpus"]["sentences"]["test"] = 0
    (runs / "words/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="0 test predictions came, expected 0 as in the manifest and at least one"):
        load_run(runs / "words")


def test_missing_run_names_the_nearest(runs):
    with pytest.raises(RunError, match="did you mean 'words'"):
        load_run(runs / "wrods")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("context.csv", None, "the run lacks a file; train again"),
        ("context.csv", lambda text: text[: len(text) // 2], "sentences came|is not about the sentence"),
        ("contributions.json", None, "the run lacks a file"),
        ("contributions.json", lambda text: text[:40], "is not valid JSON"),
        (
            "contributions.json",
            lambda _: '{"schema": 1, "contributions": {}}',
            "has schema 1, this toolkit reads 2 to 3",
        ),
        (
            "contributions.json",
            lambda _: '{"schema": 3, "contributions": {"x": []}}',
            "contributions has the key 'x', expected a whole",
        ),
        ("contributions.json", lambda _: '{"schema": 3}', "the file lacks 'contributions'"),
        (
            "contributions.json",
            lambda _: '{"schema": 3, "contributions": {"0": [["a", NaN, "words"]]}}',
            "is not valid JSON",
        ),
        (
            "contributions.json",
            lambda _: '{"schema": 3, "contributions": {"0": [["a", 1e999, "words"]]}}',
            "has a number that is too large",
        ),
        (
            "predictions.csv",
            lambda text: text.rpartition("\n")[0].rpartition("\n")[0] + "\n",
            "8 test predictions came",
        ),
        (
            "predictions.csv",
            lambda text: text[:-12],
            "not a prediction over this label set|probabilities of the row sum",
        ),
        ("predictions.csv", lambda text: re.sub(r",0\.\d+\n", ",0.999999\n", text, count=1), "expected a sum of 1"),
        ("report.json", lambda text: text[:100], "is not valid JSON"),
        (
            "report.json",
            lambda text: text.replace(f'"schema": {RUN_SCHEMA}', '"schema": 1'),
            "schema 1, this toolkit reads 2 to 3",
        ),
    ],
)
def test_broken_file_is_refused_when_the_report_is_measured_again(runs, capsys, name, change, message):
    path = runs / "words" / name
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    assert cli.main(["report", str(runs / "words")]) == 1
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("\n") == 1


def test_file_that_is_not_utf_8_is_one_sentence(runs, capsys):
    (runs / "words/context.csv").write_bytes(b"\xff\xfe")
    assert cli.main(["report", str(runs / "words")]) == 1
    assert "the file is not UTF-8; train again" in capsys.readouterr().err


def test_run_is_written_in_one_short_line(runs):
    assert repr(load_run(runs / "words")).startswith("Run('words', folder=")
    assert len(repr(load_run(runs / "words"))) < 300
