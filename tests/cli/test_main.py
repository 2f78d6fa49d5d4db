import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import MAJORITY, WORDS, write_csv, write_experiment
from toolkit.cli import main as cli
from toolkit.cli import output

ARTICLE = (
    "Floods in Hask\n\nThe old ministry denied the report about the tower. The old river rose by the tower at night.\n"
)


@pytest.fixture
def run(workplace, tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder that sees the finished runs."""
    (tmp_path / "runs").symlink_to(workplace / "runs")
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments, code=0):
        assert cli.main([str(one) for one in arguments]) == code
        out = capsys.readouterr()
        return out.err if code else out.out

    return call


MODEL = ("--model", "runs/words/model")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def binary(monkeypatch, tty=False):
    """Give the command a standard output whose bytes can be read."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    stream.isatty = lambda: tty
    monkeypatch.setattr("sys.stdout", stream)
    return stream.buffer


def test_article_into_a_pipe_gives_json_lines(run, monkeypatch):
    out = binary(monkeypatch)
    run("label", "a.txt", *MODEL)
    rows = lines(out.getvalue().decode())
    assert [row["label"] for row in rows[1:]] == ["denial", "none"]
    assert ARTICLE[rows[1]["start"] : rows[1]["end"]] == rows[1]["text"]


def test_article_on_a_terminal_gives_a_table(run, monkeypatch):
    out = binary(monkeypatch, tty=True)
    Path("b.txt").write_text("He denied\x1b[31m it.")
    run("label", "a.txt", "b.txt", *MODEL)
    text = out.getvalue().decode()
    assert "denial" in text
    assert "b.txt" in text
    assert "\x1b" not in text


def test_standard_input_is_an_article(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ARTICLE.encode())))
    run("label", "-", *MODEL, "--output", "x.jsonl")
    assert len(lines(Path("x.jsonl").read_text())) == 3


def test_folder_of_articles_names_each(run):
    Path("deep/er").mkdir(parents=True)
    Path("deep/er/b.md").write_text("He denied it.")
    Path("deep/a.txt").write_text("It rained.")
    Path("deep/c.pdf").write_text("")
    run("label", "deep", *MODEL, "--output", "x.csv")
    assert [line.partition(",")[0] for line in Path("x.csv").read_text().splitlines()] == [
        "article",
        "deep/a.txt",
        "deep/er/b.md",
    ]


def test_article_page_is_written(run):
    run("label", "a.txt", *MODEL, "--output", "x.html")
    assert "<title>a.txt</title>" in Path("x.html").read_text()


def test_table_gains_columns(run, monkeypatch):
    write_csv(Path("t.csv"), ["id", "sentence"], [[7, "They denied the report."], [8, ""]])
    run("label", "t.csv", *MODEL, "--output", "x.jsonl")
    first, second = lines(Path("x.jsonl").read_text())
    assert (first["id"], first["label"]) == ("7", "denial")
    assert second["label"] is None
    out = binary(monkeypatch, tty=True)
    run("label", "t.csv", *MODEL)
    assert out.getvalue().decode().splitlines()[1].startswith("–")


def test_table_with_gold_labels_is_scored(run):
    rows = [
        ["They denied the report.", "denial", ""],
        ["It rained.", "statement", "none"],
        ["She said she hoped.", "statement", ""],
    ]
    write_csv(Path("t.csv"), ["text", "label", "also"], rows)
    out = run("evaluate", "t.csv", *MODEL, "--also-column", "also", "--output", "found")
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["strict", "lenient", "unambiguous"]
    assert "–" in out
    assert json.loads(Path("found/scores.json").read_text())["strict"]["n_sentences"] == 3
    assert Path("found/predictions.csv").read_text().count("\n") == 4
    assert "strict" in run("evaluate", "t.csv", *MODEL)
    records = [dict(zip(("text", "label", "also"), [*row[:2], row[2] or None], strict=True)) for row in rows]
    pq.write_table(pa.Table.from_pylist(records), "t.parquet")
    Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records))
    for name in ("t.parquet", "t.jsonl"):
        assert run("evaluate", name, *MODEL, "--also-column", "also", "--output", "found") == out


@pytest.mark.parametrize(
    ("rows", "arguments", "message"),
    [
        ([], (), "the table has no row"),
        ([["", "denial", ""]], (), "'text' of row 1 is ''; drop the row or fill it"),
        ([["a", "denail", ""]], (), "did you mean 'denial'? [t.csv, row 1]"),
        ([["a", "denial", "nope"]], ("--also-column", "also"), "label 'nope' is not in the label set"),
        ([["a", "denial", ""]], ("--label-column", "lable"), "did you mean 'label'?"),
        ([["a", "denial", ""]], ("--also-column", "alos"), "did you mean 'also'?"),
        ([["a", "denial", ""]], ("--output", "a.txt"), "the folder cannot be made"),
    ],
)
def test_wrong_gold_table_is_one_sentence(run, rows, arguments, message):
    write_csv(Path("t.csv"), ["text", "label", "also"], rows)
    error = run("evaluate", "t.csv", *MODEL, *arguments, code=1)
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("label", "b.txt", *MODEL), "cannot be read"),
        (("label", "", *MODEL), "the input has no name"),
        (("label", "a.pdf", *MODEL), "the ending '.pdf' is none of .txt, .md, .csv"),
        (("label", "a.txt", "t.csv", *MODEL), "label a table by itself"),
        (("label", "a.txt", *MODEL, "--text-column", "x"), "an article has no columns"),
        (("label", "t.csv", *MODEL, "--output", "x.html"), "a table has no page to read"),
        (("label", "a.txt", *MODEL, "--output", "x.doc"), "the ending '.doc' is none of"),
        (("label", "empty", *MODEL), "the folder holds no article"),
        (("label", "a.txt"), "there is no model; train one with 'toolkit train'"),
        (("compare", "runs/words"), "name at least two"),
        (("compare", "--output", "x.pdf"), "the ending '.pdf' is none of .html, .md, .tex, .json"),
        (("explain", " ", *MODEL), "the sentence is empty"),
        (("train",), "there is no experiment"),
        (("train", "wrods"), "there is no experiment file"),
        (("corpus", "check"), "there is no corpus folder"),
        (("verify", "runs/wrods"), "did you mean 'words'?"),
        (("inspect", "runs"), "there is no model"),
    ],
)
def test_problem_with_the_input_is_one_sentence_and_code_one(run, arguments, message):
    Path("empty").mkdir()
    error = run(*arguments, code=1)
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["labl"], ["label"], ["train", "--jobs", "0"], ["train", "--jobs", "x"], ["curve", "a", "--draws", "x"]]
    + [["report", "a", "--resamples", number] for number in ("100001", "0", "1.5")],
)
def test_wrong_usage_is_code_two(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "usage:" in error
    assert "_whole" not in error


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


def test_training_prints_a_line_a_run(workplace, tmp_path, corpus_folder, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in (("words", WORDS), ("majority", MAJORITY)):
        write_experiment(tmp_path / "experiments", name, text)
    arguments = ["train", "--corpus", str(corpus_folder), "--jobs", "1"]
    assert cli.main(arguments) == 0
    out = capsys.readouterr()
    assert [line.split()[0] for line in out.out.splitlines()] == ["majority", "words"]
    assert "words: 4 of 4 fits done" in out.err
    assert cli.main([*arguments, "words", "--quiet", "--set", "classifier.C=2"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "runs/words+classifier.C=2/report.html").is_file()


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", stream)
    progress = output.Progress("words", quiet=False)
    progress("fit", 1, 2)
    progress("fit", 2, 2)
    assert "words" in stream.getvalue()


def test_verify_says_the_same_or_what_differs(workplace, tmp_path, corpus_folder, monkeypatch, capsys):
    import shutil

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


def test_table_whose_rows_lack_a_label_is_refused(run):
    Path("t.jsonl").write_text('{"text": "They denied it.", "label": "denial"}\n{"text": "It rose."}\n')
    assert "label '' is not in the label set" in run("evaluate", "t.jsonl", *MODEL, code=1)


def test_explanation_lists_ngrams_by_label(run):
    text = run("explain", "They denied it.", *MODEL)
    assert text.startswith("denial ")
    assert "  denied" in text


def test_inspection_prints_what_a_model_needs(run):
    text = run("inspect", "runs/words/model")
    assert "intact" in text
    assert "scikit-learn 1." in text
    assert "not trusted  none" in text


def test_corpus_commands_describe_the_corpus(run, corpus_folder, own_corpus):
    assert "no problem found: 27 sentences in train, 9 sentences in test; fingerprint " in run(
        "corpus", "check", "--corpus", corpus_folder
    )
    stats = run("corpus", "stats", "--corpus", corpus_folder)
    assert stats.startswith("36 sentences in 12 articles; 324 words")
    assert "denial: commonest cues about 100%, deni 100%, report 100%" in stats
    assert "denial: 0% have none of them; 0 other sentences have one" in stats
    assert "Cohen's kappa           1.000" in run("corpus", "agreement", "--corpus", corpus_folder)
    run("corpus", "export", "x.jsonl", "--corpus", corpus_folder)
    assert lines(Path("x.jsonl").read_text())[0]["label"] == "denial"
    path = own_corpus / "sentences.csv"
    text = path.read_text()
    path.write_text(
        text.replace("denial,denial\n", "denial,\n")
        .replace("statement,statement\n", "statement,\n")
        .replace("none,none\n", "none,\n")
    )
    assert "annotate twice" in run("corpus", "agreement", "--corpus", own_corpus, code=1)
    path.write_text(text.replace("bridge.,denial", "bridge.,x").replace("dam.,denial", "dam.,y"))
    error = run("corpus", "check", "--corpus", own_corpus, code=1)
    assert error.startswith("2 problems\n")
    assert error.count("\n") == 3


def test_corpus_without_a_test_split_is_described_and_exported(run, own_corpus):
    path = own_corpus / "articles.csv"
    path.write_text(path.read_text().replace(",test", ",train"))
    assert run("corpus", "stats", "--corpus", own_corpus).startswith("36 sentences in 12 articles")
    assert "36 sentences labelled twice" in run("corpus", "agreement", "--corpus", own_corpus)
    run("corpus", "export", "x.csv", "--corpus", own_corpus)
    assert Path("x.csv").read_text().count("\n") == 37
    assert "no sentence is in the test split" in run("corpus", "check", "--corpus", own_corpus, code=1)
    error = run("corpus", "export", "x.html", "--corpus", own_corpus, code=1)
    assert error == "the ending '.html' is none of .csv, .tsv, .jsonl, .parquet; name another output [x.html]\n"


def test_agreement_on_one_label_is_undefined_and_says_why(run, own_corpus):
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().replace(",denial,denial\n", ",none,none\n").replace("statement\n", "none\n"))
    path.write_text(path.read_text().replace(",statement,none\n", ",none,none\n"))
    out = run("corpus", "agreement", "--corpus", own_corpus)
    assert "nan" not in out
    assert "Cohen's kappa               –  undefined: both annotators use 'none' alone, so that chance agrees" in out
    assert "denial                      –  undefined: neither annotator uses it" in out
    assert "none                        –  undefined: both annotators use 'none' alone" in out


def test_long_label_names_stand_apart(run, own_corpus):
    for name in ("labels.toml", "sentences.csv"):
        path = own_corpus / name
        text = path.read_text()
        for label in ("denial", "statement"):
            for before, after in ((",", ","), (",", "\n"), ('name = "', '"')):
                text = text.replace(f"{before}{label}{after}", f"{before}{label}-of-a-long-name{after}")
        path.write_text(text)
    stats = run("corpus", "stats", "--corpus", own_corpus)
    assert "\nsplit                  denial-of-a-long-name  statement-of-a-long-name  " in stats
    agreement = run("corpus", "agreement", "--corpus", own_corpus)
    assert "first, second                  denial-of-a-long-name  statement-of-a-long-name" in agreement
    assert "statement-of-a-long-name    1.000  [1.000, 1.000]" in agreement


def test_corpus_check_lists_what_is_too_much_alike(run, own_corpus):
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().replace("The near river rose by the wall", "The far river rose by the field"))
    error = run("corpus", "check", "--corpus", own_corpus, code=1)
    assert error.splitlines()[:2] == [
        "2 problems",
        "two sentences share 100% of their 5-grams; rewrite one [a-10:2, a-11:2]",
    ]
    assert error.splitlines()[2].endswith("% of their 5-grams; drop one [a-10, a-11]")


def test_corpus_check_against_a_table_finds_a_copy(run, corpus_folder):
    Path("t.csv").write_text("sentence\nNothing of the kind was ever written.\n")
    out = run("corpus", "check", "--corpus", corpus_folder, "--against", "t.csv")
    assert out.startswith("most like a sentence of the table, by share of 5-grams:\n  0.")
    Path("t.csv").write_text("sentence\nThe grey ministry denied the report about the tower!\n")
    error = run("corpus", "check", "--corpus", corpus_folder, "--against", "t.csv", code=1)
    assert "of its 5-grams with row 1 of t.csv; rewrite it [a-08:0]" in error
    Path("t.csv").write_text("sentence\n")
    error = run("corpus", "check", "--corpus", corpus_folder, "--against", "t.csv", code=1)
    assert "the table has no row" in error
    # A row without the column is a row without text.
    Path("t.jsonl").write_text('{"text": "Nothing of the kind."}\n{"other": 1}\n')
    assert "no problem found" in run("corpus", "check", "--corpus", corpus_folder, "--against", "t.jsonl")


def test_corpus_check_lists_every_copy_of_a_table_beside_all_other_problems(run, own_corpus):
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().replace("The near river rose by the wall", "The far river rose by the field"))
    places = ("northern", "coastal", "eastern", "highland", "upper", "lower", "old", "new", "grey", "green", "far")
    things = ("bridge", "harbour", "dam", "treaty", "road", "fleet", "mine", "border", "tower", "school", "field")
    copies = [
        f"The {place} ministry denied the report about the {thing}."
        for place, thing in zip(places, things, strict=True)
    ]
    Path("t.csv").write_text("sentence\n" + "\n".join(copies) + "\n")
    error = run("corpus", "check", "--corpus", own_corpus, "--against", "t.csv", code=1)
    # Two sentences and two articles alike, and more copies than are printed as most alike.
    assert error.splitlines()[0] == "13 problems"


def test_corpus_stats_are_drawn_before_a_reader_stops(run, corpus_folder, monkeypatch):
    def stop(*lines, **options):
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", stop)
    with Path(os.devnull).open("w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert cli.main(["corpus", "stats", "--corpus", str(corpus_folder), "--output", "s.svg"]) == 0
    assert Path("s.svg").is_file()


def test_corpus_stats_are_drawn(run, corpus_folder):
    run("corpus", "stats", "--corpus", corpus_folder, "--output", "s.svg")
    drawn = Path("s.svg").read_text()
    assert ">sentences by genre<" in drawn
    assert ">diplomatic statement<" in drawn
    run("corpus", "stats", "--corpus", corpus_folder, "--output", "t.svg")
    assert Path("t.svg").read_text() == drawn
    error = run("corpus", "stats", "--corpus", corpus_folder, "--output", "s.png", code=1)
    assert error == "the ending '.png' is not .svg; name another output [s.png]\n"


def test_curve_is_printed_and_written(run, workplace, corpus_folder):
    Path("t.csv").write_text("text,label,also\nThey denied the report.,denial,\nIt rose by night.,none,statement\n")
    curve = ("curve", workplace / "experiments/words.toml", "--corpus", corpus_folder, "--draws", "1", "--quiet")
    # An eighth of nine articles is one, whose three sentences are too few for inner folds.
    error = run(*curve, "--table", "t.csv", code=1)
    assert "1 articles are too few to fit 'words' on" in error
    error = run(*curve[:-2], "17", "--quiet", code=1)
    assert "ask for fewer draws or name a table to score on [--draws]" in error
    error = run(*curve, "--output", "c.png", code=1)
    assert error == "the ending '.png' is none of .svg, .json; name another output [c.png]\n"
    fractions = ("--fractions", "0.5", "1")
    out = run(*curve, "--table", "t.csv", "--also-column", "also", *fractions, "--output", "c.json")
    assert out.splitlines()[0].split() == ["articles", "sentences", "strict", "lenient", "unambiguous"]
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["4", "12"], ["9", "27"]]
    assert json.loads(Path("c.json").read_text())["n_articles"] == [4, 9]
    out = run(*curve, "--table", "t.csv", "--fractions", "0.4", "0.7", "1")
    # Three points are enough for a power law, which says what 18 articles would give; one draw gives no interval.
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
    arguments = ["curve", "words", "--corpus", str(corpus_folder), "--draws", "1", "--fractions", "1", "--quiet"]
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
        # Said before anything is learned.
        patch.setattr("toolkit.experiment.curves.learning_curve", lambda *given, **also: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            cli.main([*arguments, "--runs", "elsewhere"])
    expected = "the curve will not be saved: there is no run of it; train it or name an --output [elsewhere/words]\n"
    assert capsys.readouterr().err == expected
    assert cli.main([*arguments, "--runs", "elsewhere"]) == 0
    assert not Path("elsewhere").exists()
    Path("t.csv").write_text("text,label\nThey denied the report.,denial\nIt rose by night.,none\n")
    assert cli.main([*arguments, "--table", "t.csv"]) == 0
    assert not Path("runs/words/curve.json").exists()


def test_reader_that_stops_early_and_interrupt_leave_no_traceback(run, monkeypatch):
    def broken(options):
        raise BrokenPipeError

    monkeypatch.setattr("toolkit.cli.main._inspect", broken)
    with Path(os.devnull).open("w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert cli.main(["inspect", "x"]) == 0

    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.cli.main._inspect", interrupted)
    assert cli.main(["inspect", "x"]) == 130


# Each in a process of its own, since the streams are those that a shell would give.
STREAMS = {
    "stdin closed": ("label - --model {model} <&-", 1, "standard input is closed; pipe an article to it"),
    "stdout closed": ("inspect {model} >&-", 0, ""),
    "stderr closed": ("inspect nowhere 2>&-", 1, ""),
    "stdout full": ("inspect {model} >/dev/full", 1, "the system refuses (No space left on device); make room"),
    "table full": ("corpus stats --corpus {corpus} >/dev/full", 1, "[standard output]"),
    "first line": ("corpus stats --corpus {corpus} | head -1", 0, ""),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.slow
@pytest.mark.parametrize("name", STREAMS)
def test_streams_that_are_closed_or_full_give_no_traceback(workplace, corpus_folder, name):
    command, code, told = STREAMS[name]
    line = command.format(model=workplace / "runs/words/model", corpus=corpus_folder)
    found = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m toolkit {line}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == code
    assert told in found.stderr
    assert "Traceback" not in found.stderr
    assert "Exception ignored" not in found.stderr


def test_terminal_without_a_character_gets_another(workplace, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    assert cli.main(["explain", "The bridge, they denied", "--model", str(workplace / "runs/words/model")]) == 0
    assert b"?" in stream.buffer.getvalue()


def test_what_the_system_refuses_is_one_sentence(run, monkeypatch, tmp_path):
    def refuse(options):
        raise PermissionError(13, "Permission denied", "there")

    monkeypatch.setattr("toolkit.cli.main._inspect", refuse)
    assert run("inspect", "x", code=1) == "the system refuses (Permission denied); make room or free it [there]\n"

    def fill(options):
        raise MemoryError

    monkeypatch.setattr("toolkit.cli.main._inspect", fill)
    assert "the memory is not enough" in run("inspect", "x", code=1)


def test_cores_are_counted_without_affinity(monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert cli._cores() >= 1


def test_help_and_import_load_nothing_heavy():
    heavy = "{'numpy', 'sklearn', 'datasets', 'matplotlib'}"
    code = f"import sys, toolkit.cli.main as cli; cli.make_parser(); print(sorted(set(sys.modules) & {heavy}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_help_comes_at_once():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "toolkit", "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    # Measured at 0.05 s; the bound is for a machine under load.
    assert min(seconds) < 0.5


# What each module may import: only what stands on a line above it.
def test_public_names_are_all_there():
    import toolkit

    for name in toolkit.__all__:
        assert getattr(toolkit, name)
    assert dir(toolkit) == sorted(toolkit.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'lable'"):
        _ = toolkit.lable
