"""Checking, describing and exporting a corpus by command."""

import os
from pathlib import Path

from tests.cli.helpers import json_rows
from toolkit.cli import main as cli


def test_corpus_commands_describe_the_corpus(run, corpus_folder, own_corpus):
    assert "no problem found: 27 sentences in train, 9 sentences in test; fingerprint " in run(
        "corpus", "check", "--corpus", corpus_folder
    )
    stats = run("corpus", "stats", "--corpus", corpus_folder)
    assert stats.startswith("36 sentences in 12 articles; 324 words")
    assert "denial: most common cues about 100%, deni 100%, report 100%" in stats
    assert "denial: 0% have none of them; 0 sentences of other labels have one" in stats
    assert "Cohen's kappa           1.000" in run("corpus", "agreement", "--corpus", corpus_folder)
    run("corpus", "export", "x.jsonl", "--corpus", corpus_folder)
    assert json_rows(Path("x.jsonl").read_text())[0]["label"] == "denial"
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
    assert (
        "Cohen's kappa               –  undefined: both annotators use only 'none', so that chance would agree" in out
    )
    assert "denial                      –  undefined: neither annotator uses it" in out
    assert "none                        –  undefined: both annotators use only 'none'" in out


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


def test_corpus_check_lists_what_is_too_similar(run, own_corpus):
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
    assert out.startswith("most similar to a sentence of the table, by proportion of shared 5-grams:\n  0.")
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
    # A pair of sentences, a pair of articles, and more copies than are printed as most similar.
    assert error.splitlines()[0] == "13 problems"


def test_corpus_stats_are_drawn_before_a_reader_stops(run, corpus_folder, monkeypatch):
    def stop(*lines, **options):
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", stop)
    with Path(os.devnull).open("w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert cli.main(["corpus", "stats", "--corpus", str(corpus_folder), "--output", "s.svg"]) == 141
    assert Path("s.svg").is_file()


def test_corpus_stats_are_drawn(run, corpus_folder):
    run("corpus", "stats", "--corpus", corpus_folder, "--output", "s.svg")
    figure = Path("s.svg").read_text()
    assert ">sentences by genre<" in figure
    assert ">diplomatic statement<" in figure
    run("corpus", "stats", "--corpus", corpus_folder, "--output", "t.svg")
    assert Path("t.svg").read_text() == figure
    error = run("corpus", "stats", "--corpus", corpus_folder, "--output", "s.png", code=1)
    assert error == "the ending '.png' is not .svg; name another output [s.png]\n"
