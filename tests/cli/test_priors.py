"""Labelling and evaluating with the label shares of the text at hand."""

import io
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.helpers import MODEL, json_rows
from tests.conftest import write_csv
from toolkit.cli import main as cli

RAIN = "The river rose by the wall at night."
DENIAL = "The old ministry denied the report about the tower."
EVALUATION = [[RAIN, "none", "a"]] * 55 + [[DENIAL, "denial", "b"]] * 5


@pytest.fixture
def table(run):
    write_csv(Path("t.csv"), ["text", "label", "article"], EVALUATION)
    return "t.csv"


def proba_of_denial(run, *arguments):
    """Label the table and return the probability of a denial, of rain and of a denial."""
    Path("bare.csv").write_text(f'text\n"{RAIN}"\n"{DENIAL}"\n')
    run("label", "bare.csv", *MODEL, "--output", "x.jsonl", *arguments)
    return [row["p_denial"] for row in json_rows(Path("x.jsonl").read_text())]


def test_table_is_labelled_with_estimated_shares(run, capsys):
    rows = [[text, article] for text, _, article in EVALUATION]
    write_csv(Path("t.csv"), ["text", "article"], rows)
    run("label", "t.csv", *MODEL, "--output", "plain.jsonl")
    assert cli.main(["label", "t.csv", *MODEL, "--adapt", "--output", "x.jsonl"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["label", "denial", "statement", "none"]
    assert lines[3].endswith("33.3%")
    assert float(lines[3].split()[1].rstrip("%")) > 50
    before, after = (json_rows(Path(name).read_text())[0]["p_none"] for name in ("plain.jsonl", "x.jsonl"))
    assert after > before


def test_known_shares_move_the_odds_as_far_as_the_strength_says(run):
    plain, known, half = (
        proba_of_denial(run, *arguments)
        for arguments in ((), ("--priors", "denial=0.05"), ("--priors", "denial=0.05", "--prior-strength", "0.5"))
    )
    assert all(low < middle < high for low, middle, high in zip(known, half, plain, strict=True))
    assert proba_of_denial(run, "--priors", "natural", "--prior-strength", "0") == pytest.approx(plain, abs=1e-6)
    assert proba_of_denial(run, "--priors", " denial = 0 ") == [0, 0]


def test_articles_and_standard_input_are_adapted_to(run, monkeypatch, capsys):
    text = f"{RAIN} {DENIAL}\n\n" * 30
    Path("b.txt").write_text(text)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    run("label", "-", *MODEL, "--adapt", "--output", "piped.jsonl")
    run("label", "b.txt", *MODEL, "--adapt", "--output", "file.jsonl")
    assert Path("piped.jsonl").read_text() == Path("file.jsonl").read_text()
    assert len(json_rows(Path("file.jsonl").read_text())) == 60
    run("label", "a.txt", "b.txt", *MODEL, "--adapt", "--output", "both.jsonl")


def test_evaluation_shows_scores_without_and_with(run, table):
    out = run("evaluate", table, *MODEL, "--adapt")
    assert "not adapted  adapted" in out
    lines = {line[:24].strip(): line[24:].split() for line in out.splitlines()}
    assert lines["macro F1, strict"]
    assert lines["accuracy, strict"] == ["1.000", "1.000"]
    assert lines["none"][-1] == "91.7%"
    lines = run("evaluate", table, *MODEL, "--priors", "denial=0", "--output", "found").splitlines()
    assert lines[-3].split() == ["denial", "8.3%", "0.0%", "0.0%", "8.3%"]
    # What is written is what was printed first: the adapted model.
    assert ",denial,denial," not in Path("found/predictions.csv").read_text()
    assert "not adapted" not in run("evaluate", table, *MODEL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--priors", "usual"),
            "shares 'usual' came, expected 'natural' or a share for each of",
        ),
        (("--priors", "denail=0.1"), "did you mean 'denial'?"),
        (("--priors", "denial=0.1,denial=0.2"), "label 'denial' came twice; give it one share [--priors]"),
        (("--priors", "denial=0.7,none=0.4"), "shares that sum to 1.1 came, expected at most 1"),
        (("--priors", "denial=x"), "'denial=x' came, expected a label and its share, as in denial=0.02"),
        (("--prior-strength", "0.5"), "a strength came without label shares; add --adapt or --priors"),
        (
            ("--adapt", "--text-column", "short"),
            "49 sentences came, expected at least 50 to estimate label",
        ),
    ],
)
def test_wrong_shares_are_one_sentence(run, arguments, message):
    write_csv(Path("t.csv"), ["text", "short"], [[RAIN, RAIN if row < 49 else ""] for row in range(60)])
    error = run("label", "t.csv", *MODEL, *arguments, code=1)
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--adapt", "--priors", "natural"), ("--adapt", "--prior-strength", "-1")])
def test_options_that_exclude_each_other_are_wrong_usage(run, arguments):
    with pytest.raises(SystemExit) as error:
        cli.main(["label", "a.txt", *MODEL, *arguments])
    assert error.value.code == 2


def test_model_without_label_shares_is_not_adapted(run):
    old = Path(shutil.copytree("runs/words/model", "old"))
    manifest = json.loads((old / "manifest.json").read_text())
    del manifest["shares"]
    (old / "manifest.json").write_text(json.dumps(manifest))
    error = run("label", "a.txt", "--model", "old", "--priors", "natural", code=1)
    assert error.count("\n") == 1
    assert "saved without the label shares of its training; train it again to adapt it" in error
