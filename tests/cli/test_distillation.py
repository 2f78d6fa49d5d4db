"""Distilling by command prints the scores of teacher, plain and distilled student."""

import pytest

from tests.conftest import PLACES, TEXTS, THINGS

SENTENCES = [text.format(place, thing) for text in TEXTS.values() for place in PLACES for thing in THINGS]


@pytest.fixture
def arguments(workplace, corpus_folder, tmp_path):
    (tmp_path / "t.csv").write_text("body\n" + "\n".join(SENTENCES))
    experiment = workplace / "experiments/words.toml"
    return ("distill", experiment, "--corpus", corpus_folder, "--teacher", "runs/words/model", "--texts", "t.csv")


def test_distilling_prints_scores_and_what_they_mean(run, arguments):
    out = run(*arguments, "--text-column", "body", "--limit", "150", "--name", "mine", "--runs", "own", "--jobs", "1")
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["macro", "F1"], ["teacher", "words"], ["distilled", "student"]]
    assert "150 sentences of t.csv with the labels of 'words' did not help" in out
    assert lines[-1] == "own/mine/report.html"
    assert run(*arguments, "--text-column", "body", "--limit", "150", "--runs", "own", "--quiet", "--jobs", "1") == ""


def test_text_without_its_column_is_refused(run, arguments):
    assert "name it with --text-column [t.csv]" in run(*arguments, "--runs", "own", code=1)
