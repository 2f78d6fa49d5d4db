"""export: every form holds every run, no text acts as markup, and JSON holds only what JSON can."""

import json
import re

from tests.comparison.builders import (
    HOSTILE,
    change_manifest,
    make_curve,
    make_run,
    with_annotator,
    with_collections,
)
from toolkit.comparison.comparing import compare


def test_text_begins_with_the_result(three):
    comparison = compare(three)
    result, against_baseline, *_ = comparison.may_conclude()
    assert comparison.to_text().startswith(f"{result}\n{against_baseline}\n\nCross-validated on train\n")


def test_tables_of_markdown_and_latex_hold_every_run(three):
    comparison = compare(three)
    for text in (comparison.to_markdown(), comparison.to_latex()):
        for name in ("better", "other", "base"):
            # Scores of two splits, two tables of pairs, costs, settings, changes, sentences.
            assert text.count(name) >= 8
    assert comparison.to_latex().count("\\label{tab:") == 8


def test_every_form_holds_the_collections(three):
    comparison = compare([with_collections(run) for run in three])
    for text in (comparison.to_text(), comparison.to_markdown(), comparison.to_latex(), comparison.to_html()):
        first, second = text.index("Collection natural"), text.index("Collection acts")
        assert first < second
        assert "0.625" in text[second:]
    assert "tab:collection-1" in comparison.to_latex()
    record = json.loads(comparison.to_json())
    assert record["runs"][0]["collections"]["acts"]["train"]["accuracy"]["value"] == 0.625
    assert record["runs"][0]["collections"]["acts"]["test"] is None
    assert "Collection" not in compare(three).to_text()


def test_hostile_name_is_text_in_latex_and_markdown(three):
    comparison = compare([change_manifest(run, name=f"{HOSTILE} {run.name}") for run in three])
    latex = comparison.to_latex()
    assert r"\textbackslash{}input\{x\}" in latex
    assert r"\input{x}" not in latex
    assert latex.count("\\begin{") == latex.count("\\end{")
    # A table that breaks across pages repeats its head.
    n_tables, n_long = (latex.count(f"\\begin{{{kind}}}") for kind in ("tabular", "longtable"))
    for rule, n_repeats in (("\\toprule", 2), ("\\midrule", 2), ("\\bottomrule", 1)):
        assert latex.count(rule) == n_tables + n_repeats * n_long
    bare = re.sub(r"\\[{}]", "", latex)
    assert bare.count("{") == bare.count("}")
    assert "<b>" not in comparison.to_markdown()


def test_hostile_sentence_is_text_in_markdown(trained):
    for name in ("majority", "words"):
        path = trained / name / "predictions.csv"
        path.write_text(path.read_text().replace("The", "<b>|*", 1))
    assert "<b>" not in compare([trained / "words", trained / "majority"]).to_markdown()


def test_name_that_steers_a_terminal_or_a_file_is_defused(three):
    comparison = compare([three[0], change_manifest(three[1], name="a\x1b[31m\ud800\u202eb")])
    for text in (comparison.to_html(), comparison.to_markdown(), comparison.to_latex(), comparison.to_json()):
        text.encode("utf-8")
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_json_holds_everything_and_only_numbers_that_json_has(three):
    record = json.loads(compare(three).to_json())
    assert [run["name"] for run in record["runs"]] == ["better", "other", "base"]
    assert record["n_comparisons"] == 6
    assert set(record["pairs"]["train"][0]) >= {
        "value",
        "p_value",
        "p_corrected",
        "standardised",
        "reversal_probability",
    }
    assert len(record["sentences"]) == 4
    gained = record["runs"][0]["changes"]["gained"]
    assert sorted(record["sentences"][index]["text"] for index in gained) == ["Sentence 1.", "Sentence 2."]
    assert record["settings"] == {"classifier.name": ["better", "other", "base"]}


def test_json_holds_the_curve_of_a_run(folders):
    (folders[1] / "curve.json").write_text(json.dumps(make_curve("better")))
    assert compare(folders).to_dict()["runs"][0]["curve"]["n_articles"] == [2, 4]


def test_json_holds_whole_sentences():
    texts = ["x" * 100_000, *"abcde"]
    comparison = compare([make_run("base", "nndn", texts=texts), make_run("other", "dpnd", texts=texts)])
    assert len(json.loads(comparison.to_json())["sentences"][0]["text"]) == 100_000


def test_second_annotator_is_in_text_and_json(three):
    runs, annotator = with_annotator(three, "dnpd")
    comparison = compare(runs)
    assert "second annotator" in comparison.to_text()
    assert comparison.to_dict()["ceiling"]["test"]["headline"] == annotator["headline"]
