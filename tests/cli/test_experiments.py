"""Training, comparing, curves and verifying by command."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.helpers import ClosedPipe
from tests.conftest import MAJORITY, WORDS, write_experiment
from toolkit.cli import main as cli


def test_comparison_is_printed_and_written(run):
    text = run("compare")
    assert "words" in text
    assert "better than 'majority': words" in text
    assert run("compare", "runs/words", "--against", "runs/majority") == text
    run("compare", "--output", "x.html")
    run("compare", "--output", "x.md")
    run("compare", "--output", "x.tex")
    run("compare", "--output", "x.json")
    assert Path("x.html").read_text().startswith("<!doctype html>")
    assert Path("x.md").read_text().startswith("# Comparison of 2 runs")
    assert "\\toprule" in Path("x.tex").read_text()
    assert json.loads(Path("x.json").read_text())["baseline"] == "majority"


def test_training_prints_one_line_per_run(workplace, tmp_path, corpus_folder, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in (("words", WORDS), ("majority", MAJORITY)):
        write_experiment(tmp_path / "experiments", name, text)
    arguments = ["train", "--corpus", str(corpus_folder), "--jobs", "1"]
    with monkeypatch.context() as closed:
        # A reader that stops early stops no training.
        closed.setattr("sys.stdout", ClosedPipe())
        assert cli.main(arguments) == 141
    assert len(list(tmp_path.glob("runs/*/report.html"))) == 2
    capsys.readouterr()
    assert cli.main(arguments) == 0
    out = capsys.readouterr()
    assert [line.split()[0] for line in out.out.splitlines()] == ["majority", "words"]
    assert "words: 4 of 4 fits done" in out.err
    assert cli.main([*arguments, "words", "--quiet", "--set", "classifier.C=2"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "runs/words+classifier.C=2/report.html").is_file()


def test_verify_says_the_same_or_what_differs(workplace, tmp_path, corpus_folder, monkeypatch, capsys):
    shutil.copytree(workplace / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    arguments = ["verify", "runs/words", "--corpus", str(corpus_folder), "--jobs", "1"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.startswith("the same: every prediction")
    assert cli.main([*arguments, "--quiet"]) == 0
    path = tmp_path / "runs/words/report.json"
    path.write_text(path.read_text().replace("Does words work?", "Did words work?"))
    assert cli.main(arguments) == 1
    assert "the run is not reproduced: 'report.json differs'" in capsys.readouterr().err


def test_curve_is_printed_and_written(run, workplace, corpus_folder):
    Path("t.csv").write_text("text,label,also\nThey denied the report.,denial,\nIt rose by night.,none,statement\n")
    curve = ("curve", workplace / "experiments/words.toml", "--corpus", corpus_folder, "--repeats", "1", "--quiet")
    # An eighth of nine articles is one, whose three sentences are too few for inner folds.
    error = run(*curve, "--table", "t.csv", code=1)
    assert "1 articles are too few to fit 'words' on" in error
    error = run(*curve[:-2], "17", "--quiet", code=1)
    assert "or name a table to score on" in error
    # The older spelling.
    assert run(*curve[:-3], "--draws", "17", "--quiet", code=1) == error
    error = run(*curve, "--output", "c.png", code=1)
    assert error == "the ending '.png' is none of .svg, .json; name another output [c.png]\n"
    fractions = ("--fractions", "0.5", "1")
    out = run(*curve, "--table", "t.csv", "--also-column", "also", *fractions, "--output", "c.json")
    assert out.splitlines()[0].split() == ["articles", "sentences", "strict", "lenient", "unambiguous"]
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["4", "12"], ["9", "27"]]
    assert json.loads(Path("c.json").read_text())["n_articles"] == [4, 9]
    out = run(*curve, "--table", "t.csv", "--fractions", "0.4", "0.7", "1")
    # Three points are enough for a power law, which says what 18 articles would give; one repetition gives no interval.
    assert out.splitlines()[-2].split()[:2] == ["18", "predicted"]
    assert out.splitlines()[-1].split() == ["95", "%", "–"]
    run(*curve, *fractions, "--output", "c.svg")
    assert ">cross-validated<" in Path("c.svg").read_text()
    for wrong in ("2", "0", "half"):
        with pytest.raises(SystemExit) as caught:
            run(*curve, "--fractions", wrong)
        assert caught.value.code == 2


@pytest.mark.slow
def test_curve_goes_into_the_run_of_its_experiment(workplace, tmp_path, corpus_folder, monkeypatch, capsys):
    shutil.copytree(workplace, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    arguments = ["curve", "words", "--corpus", str(corpus_folder), "--repeats", "1", "--fractions", "1", "--quiet"]
    assert cli.main(arguments) == 0
    out = capsys.readouterr()
    assert out.out.splitlines()[-1] == "saved for 'toolkit compare' to draw  ->  runs/words/curve.json"
    assert out.err == ""
    assert cli.main(["compare", "--output", "x.html"]) == 0
    assert (
        "1 of 2 runs have such a curve in their folder; <code>toolkit curve NAME</code>" in Path("x.html").read_text()
    )
    # It stays where nothing has changed, and goes with the settings.
    train = ["train", "words", "--corpus", str(corpus_folder), "--jobs", "1", "--quiet"]
    assert cli.main(train) == 0
    assert Path("runs/words/curve.json").is_file()
    path = Path("experiments/words.toml")
    path.write_text(path.read_text().replace("seed = 7", "seed = 8"))
    assert cli.main(arguments) == 0
    assert "will not be saved: its run has other settings or another corpus; train it again" in capsys.readouterr().err
    assert cli.main(train) == 0
    assert not Path("runs/words/curve.json").exists()
    with monkeypatch.context() as patch:
        # The message comes before anything is fitted.
        patch.setattr("toolkit.experiment.curves.learning_curve", lambda *given, **also: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            cli.main([*arguments, "--runs", "elsewhere"])
    expected = (
        "the curve will not be saved: the experiment has no run; train it or name an --output [elsewhere/words]\n"
    )
    assert capsys.readouterr().err == expected
    assert cli.main([*arguments, "--runs", "elsewhere"]) == 0
    assert not Path("elsewhere").exists()
    Path("t.csv").write_text("text,label\nThey denied the report.,denial\nIt rose by night.,none\n")
    assert cli.main([*arguments, "--table", "t.csv"]) == 0
    assert not Path("runs/words/curve.json").exists()
