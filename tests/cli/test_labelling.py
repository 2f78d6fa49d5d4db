"""Labelling, evaluating, explaining and inspecting by command."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.helpers import ARTICLE, MODEL, ClosedPipe, capture_bytes, json_rows
from tests.conftest import write_csv
from tests.encoder.builders import StubEncoder
from toolkit.analysis import make_predictions, score_by_ambiguity
from toolkit.cli import main as cli
from toolkit.cli.labelling import _print_evaluation
from toolkit.experiment.evaluation import TableEvaluation
from toolkit.labels import LabelSet
from toolkit.models import EncoderVote, save_model
from toolkit.models.saving import load_saved


def test_article_into_a_pipe_gives_json_lines(run, monkeypatch):
    out = capture_bytes(monkeypatch)
    run("label", "a.txt", *MODEL)
    rows = json_rows(out.getvalue().decode())
    assert [row["label"] for row in rows[1:]] == ["denial", "none"]
    assert ARTICLE[rows[1]["start"] : rows[1]["end"]] == rows[1]["text"]


def test_article_on_a_terminal_gives_a_table(run, monkeypatch):
    out = capture_bytes(monkeypatch, tty=True)
    Path("b.txt").write_text("He denied\x1b[31m it.")
    run("label", "a.txt", "b.txt", *MODEL)
    text = out.getvalue().decode()
    assert "denial" in text
    assert "b.txt" in text
    assert "\x1b" not in text


def test_standard_input_is_an_article(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ARTICLE.encode())))
    run("label", "-", *MODEL, "--output", "x.jsonl")
    assert len(json_rows(Path("x.jsonl").read_text())) == 3


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
    first, second = json_rows(Path("x.jsonl").read_text())
    assert (first["id"], first["label"]) == ("7", "denial")
    assert second["label"] is None
    out = capture_bytes(monkeypatch, tty=True)
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


def test_evaluation_is_written_before_it_is_printed(run, monkeypatch):
    write_csv(Path("t.csv"), ["text", "label"], [["They denied the report.", "denial"], ["It rained.", "none"]])
    monkeypatch.setattr("sys.stdout", ClosedPipe())
    run("evaluate", "t.csv", *MODEL, "--output", "found", code=141)
    assert Path("found/scores.json").is_file()


def test_evaluation_prints_proportions_and_what_to_expect(run):
    rows = [[f"The old river rose {number}.", "none", f"a-{number % 2}"] for number in range(20)]
    write_csv(Path("t.csv"), ["text", "label", "story"], [*rows, ["They denied the report.", "denial", "a-1"]])
    out = run("evaluate", "t.csv", *MODEL)
    assert "each sentence counts as an article of its own; --article-column names the articles to resample\n" in out
    assert "\ndenial                1    4.8%       4.8%      1.000   1.000  1.000\n" in out
    assert "\nOf the sentences labelled denial or diplomatic statement, 100 % [–, –] are right.\n" in out
    assert "\nWhere 4 % of sentences have a label, 10 of 10 sentences labelled denial would be right [10, 10].\n" in out
    out = run("evaluate", "t.csv", *MODEL, "--article-column", "story", "--output", "found")
    assert "intervals resample 2 whole articles" in out
    strict = json.loads(Path("found/scores.json").read_text())["strict"]
    assert strict["n_articles"] == 2
    assert strict["rare"]["precision"]["value"] == 1
    assert len(strict["labels"][0]["expected_precision"]) == len(strict["base_rates"])
    assert "did you mean 'story'?" in run("evaluate", "t.csv", *MODEL, "--article-column", "stroy", code=1)


@pytest.mark.parametrize(
    ("rows", "arguments", "message"),
    [
        ([], (), "the table has no row"),
        ([["", "denial", ""]], (), "'text' of row 1 is '', expected a sentence; drop the row or fill it"),
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


def test_inspect_describes_the_encoder_of_a_model(run, workplace, tmp_path):
    words = load_saved(workplace / "runs/words/model")
    vote = EncoderVote(StubEncoder(), 0.25)
    save_model(tmp_path / "both", words.pipeline, words.labels, {}, "card", ["a"], vote=vote)
    printed = run("inspect", tmp_path / "both")
    assert (
        "+ encoder stub (onnxruntime, int8, weight 0.25, 100.0% of labels equal in int8 and fp32), 16 bytes" in printed
    )
    (tmp_path / "both/encoder/model.onnx").write_bytes(b"other")
    assert "NOT the file its manifest names" in run("inspect", tmp_path / "both")


def test_table_that_has_labels_gets_others_beside_them(run):
    write_csv(Path("t.csv"), ["text", "label"], [["They denied the report.", "none"]])
    assert "--prefix model_" in run("label", "t.csv", *MODEL, "--output", "x.csv", code=1)
    run("label", "t.csv", *MODEL, "--prefix", "model_", "--output", "x.csv")
    run("label", "x.csv", *MODEL, "--prefix", "again_", "--label-as", "act", "--output", "y.jsonl")
    (row,) = json_rows(Path("y.jsonl").read_text())
    assert (row["label"], row["model_label"], row["act"]) == ("none", "denial", "denial")
    assert "an article has no columns" in run("label", "a.txt", *MODEL, "--label-as", "act", code=1)


def test_label_of_another_name_is_shown_on_a_terminal(run, monkeypatch):
    write_csv(Path("t.csv"), ["text", "label"], [["They denied the report.", "none"]])
    out = capture_bytes(monkeypatch, tty=True)
    run("label", "t.csv", *MODEL, "--prefix", "model_")
    assert out.getvalue().decode().startswith("denial ")


def test_several_tables_are_labelled_as_one(run):
    for name in ("a.csv", "b.csv"):
        write_csv(Path(name), ["id", "text"], [[name, "They denied the report."]])
    run("label", "a.csv", "b.csv", *MODEL, "--output", "x.jsonl")
    rows = json_rows(Path("x.jsonl").read_text())
    assert [(row["id"], row["label"], row["table"]) for row in rows] == [
        ("a.csv", "denial", "a.csv"),
        ("b.csv", "denial", "b.csv"),
    ]
    write_csv(Path("c.csv"), ["text"], [["It rained."]])
    assert "write .jsonl instead [c.csv]" in run("label", "a.csv", "c.csv", *MODEL, "--output", "x.csv", code=1)
    assert "articles and tables came together" in run("label", "a.csv", "a.txt", *MODEL, code=1)
    assert "label the table by itself [x.jsonl]" in run(
        "label", "x.jsonl", "a.csv", *MODEL, "--prefix", "m_", "--output", "y.csv", code=1
    )


def test_nothing_to_label_gives_the_columns(run):
    Path("e.txt").write_text("")
    write_csv(Path("e.csv"), ["id", "text"], [])
    pq.write_table(pa.table({"id": pa.array([], "int8"), "text": pa.array([], "str")}), "e.parquet")
    for source, columns in (("e.txt", ["start", "end", "paragraph"]), ("e.csv", ["id"]), ("e.parquet", ["id"])):
        expected = [*columns, "text", "label", "p_denial", "p_statement", "p_none"]
        run("label", source, *MODEL, "--output", "x.csv")
        assert Path("x.csv").read_text() == ",".join(expected) + "\n"
        run("label", source, *MODEL, "--output", "x.parquet")
        assert pq.read_schema("x.parquet").names == expected
        run("label", source, *MODEL, "--output", "x.jsonl")
        assert Path("x.jsonl").read_text() == ""


def test_text_within_a_record_is_labelled(run):
    Path("t.jsonl").write_text('{"id": 1, "data": {"text": "They denied the report."}}\n{"id": 2}\n')
    run("label", "t.jsonl", *MODEL, "--text-column", "data.text", "--output", "x.jsonl")
    assert [row["label"] for row in json_rows(Path("x.jsonl").read_text())] == ["denial", None]


def test_scores_of_long_labels_are_in_line(capsys):
    names = ["a label of more than twelve letters", "no"]
    labels = LabelSet.from_names(names)
    predictions = make_predictions(labels, ["a", "b"], names, np.eye(2))
    _print_evaluation(TableEvaluation(predictions, score_by_ambiguity(predictions, None)))
    header, *rows = capsys.readouterr().out.split("\n\n")[1].splitlines()[:3]
    assert {row.index("1 ") for row in rows} == {header.index("sentences") + 8}


def test_article_that_cannot_be_read_does_not_keep_the_others_from_their_labels(run):
    Path("deep").mkdir()
    for name, content in (("a.txt", b"It rained."), ("b.txt", b"one\ntwo \x81"), ("c.txt", b"\x81"), ("d.txt", b"So.")):
        (Path("deep") / name).write_bytes(content)
    first, *problems = run("label", "deep", *MODEL, "--output", "x.csv", code=1).splitlines()
    assert first == "2 of 4 articles could not be read and have no labels"
    assert [line.rpartition("[")[2] for line in problems] == ["deep/b.txt:2]", "deep/c.txt:1]"]
    assert [line.partition(",")[0] for line in Path("x.csv").read_text().splitlines()[1:]] == [
        "deep/a.txt",
        "deep/d.txt",
    ]
    assert "2 of 2 articles" in run("label", "deep/b.txt", "deep/c.txt", *MODEL, "--output", "y.csv", code=1)
    assert not Path("y.csv").exists()


def test_encoding_is_named_or_a_guess_is_said_aloud(run, capsys):
    text = "The café’s owner denied the report."
    Path("b.txt").write_bytes(text.encode("cp1252"))
    Path("t.csv").write_bytes(f"text,label\n{text},denial\n".encode("cp1252"))
    run("label", "b.txt", *MODEL, "--output", "named.jsonl", "--encoding", "cp1252")
    assert cli.main(["label", "b.txt", *MODEL, "--output", "guessed.jsonl"]) == 0
    assert capsys.readouterr().err == (
        "the file is not UTF-8 and is read as cp1252; if that is wrong, save it as UTF-8 [b.txt]\n"
    )
    assert json_rows(Path("named.jsonl").read_text())[0]["text"] == text
    assert Path("guessed.jsonl").read_bytes() == Path("named.jsonl").read_bytes()
    run("evaluate", "t.csv", *MODEL, "--encoding", "cp1252")
    Path("u.csv").write_bytes(f"text\n{text}\n".encode("cp1252"))
    run("label", "u.csv", *MODEL, "--encoding", "latin-1", "--output", "x.jsonl")
    assert "\x92" in json_rows(Path("x.jsonl").read_text())[0]["text"]
    assert "the encoding 'cp12' is unknown" in run("label", "b.txt", *MODEL, "--encoding", "cp12", code=1)


def test_files_that_a_folder_skips_are_counted(run, capsys):
    Path("deep").mkdir()
    for name in ("a.txt", "b.html", "c.csv", "d", ".hidden"):
        (Path("deep") / name).write_text("It rained.")
    assert cli.main(["label", "deep", *MODEL]) == 0
    assert capsys.readouterr().err == (
        "3 other files in the folder are not labelled ('.csv', '.html', 'no ending') [deep]\n"
    )


def test_one_sentence_has_no_interval_and_labels_without_a_sentence_are_named(run):
    write_csv(Path("t.csv"), ["text", "label"], [["They denied the report.", "denial"]])
    out = run("evaluate", "t.csv", *MODEL)
    assert "[–, –]" in out
    assert "[1.000, 1.000]" not in out
    assert "intervals are undefined: one sentence cannot vary\n" in out
    assert "The macro F1 leaves out diplomatic statement, which no sentence has and none is predicted to have.\n" in out
