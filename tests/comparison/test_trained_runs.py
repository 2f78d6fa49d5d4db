"""Runs that were trained are compared: sorted, paired, corrected, and refused where they do not match."""

import json
import re
import shutil

import numpy as np
import pytest

import toolkit
from tests.conftest import MAJORITY, WORDS, change_manifest, write_corpus, write_experiment
from toolkit.comparison.comparing import compare
from toolkit.exceptions import RunError
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.pages.formatting import format_interval, format_p
from toolkit.statistics.fold_tests import corrected_t_test
from toolkit.statistics.permutation import holm

THREE = ["evaluation.repeats=3"]


@pytest.fixture(scope="module")
def work(tmp_path_factory, noisy_corpus):
    """Runs that repeat their cross-validation, and the same without."""
    folder = tmp_path_factory.mktemp("repeats")
    for name, text in (("majority", MAJORITY), ("words", WORDS)):
        path = write_experiment(folder / "experiments", name, text)
        for overrides in ([], THREE):
            train(path, noisy_corpus, folder / "runs", overrides)
    return folder


def test_pages_load_nothing_and_repeat_no_id(workplace):
    runs = [workplace / "runs" / name for name in ("words", "majority")]
    pages = [(runs[0] / "report.html").read_text(), compare(runs).to_html()]
    for page in pages:
        assert not re.search(r'(src|href)="(?!#)', page.replace('xlink:href="#', ""))
        assert "url(http" not in page
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        for target in re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', page):
            assert target in ids


def test_comparison_is_sorted_and_paired(workplace):
    found = toolkit.compare([workplace / "runs/majority", str(workplace / "runs/words")])
    assert [entry.name for entry in found.entries] == ["words", "majority"]
    assert found.baseline == "majority"
    assert found.entries[1].differences["train"] is None
    # Majority answers with one act of two, which a third of the sentences have: F1 of 1/2 and 0.
    assert found.entries[0].differences["train"].value == pytest.approx(0.75)
    assert "better than 'majority': words" in found.conclusion()
    assert ("classifier.name", ("logistic-regression", "majority")) in found.settings
    assert all(len(set(one.predicted)) == 2 for one in found.disagreements)
    assert "+0.750" in found.to_text()
    assert "| words |" in found.to_markdown()
    assert "✗ " in found.to_html()


def test_p_values_are_corrected_for_all_comparisons_shown(runs):
    shutil.copytree(runs / "majority", runs / "twin")
    change_manifest(runs / "twin", name="twin")
    found = compare([runs / "words", runs / "majority", runs / "twin"], against="majority")
    shown = [pair for split in ("train", "test") for pair in found.pairs[split]]
    # Three pairs on two splits.
    assert found.n_comparisons == len(shown) == 6
    assert [pair.p_corrected for pair in shown] == holm([pair.found.p_value for pair in shown])
    # The smallest is multiplied by their number.
    smallest = min(shown, key=lambda pair: pair.found.p_value)
    assert smallest.p_corrected == pytest.approx(6 * smallest.found.p_value)
    assert found.entries[0].differences["train"].p_value == found.pairs["train"][0].p_corrected


def test_comparison_to_a_chosen_run(workplace):
    found = compare([workplace / "runs/words", workplace / "runs/majority"], against="words")
    assert found.entries[1].differences["test"].value < 0
    assert "worse than 'words': majority" in found.conclusion()
    with pytest.raises(RunError, match=r"'wrods' is none of the runs .*did you mean 'words'\?"):
        compare([workplace / "runs/words", workplace / "runs/majority"], against="wrods")


def test_runs_that_cannot_be_compared_are_refused(runs, tmp_path):
    with pytest.raises(RunError, match="1 run came; name at least two"):
        compare([runs / "words"])
    with pytest.raises(RunError, match="two runs bear the name 'words'"):
        compare([runs / "words", runs / "words"])
    other = write_corpus(tmp_path / "other")
    (other / "sentences.csv").write_text((other / "sentences.csv").read_text().replace("bridge", "tunnel"))
    elsewhere = train(write_experiment(tmp_path, "there", MAJORITY), other, tmp_path / "elsewhere")
    with pytest.raises(RunError, match="'words' and 'there' are over different corpora"):
        compare([runs / "words", elsewhere.folder])
    path = runs / "majority/predictions.csv"
    good = path.read_text()
    path.write_text(good.replace("test,-1,a-09,0,", "test,-1,a-09,7,"))
    with pytest.raises(RunError, match="differ in the position of their sentences"):
        compare([runs / "words", runs / "majority"])
    path.write_text(good)
    manifest = json.loads((runs / "majority/manifest.json").read_text())
    manifest["labels"]["label"][0]["title"] = "refutation"
    (runs / "majority/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="have different label sets"):
        compare([runs / "words", runs / "majority"])


def test_equal_runs_are_not_told_apart(runs):
    shutil.copytree(runs / "words", runs / "twin")
    manifest = json.loads((runs / "twin/manifest.json").read_text())
    (runs / "twin/manifest.json").write_text(json.dumps({**manifest, "name": "twin"}))
    found = compare([runs / "words", runs / "twin"])
    assert (
        "not told apart from 'words': twin" in found.conclusion()
        or "not told apart from 'twin': words" in found.conclusion()
    )
    assert found.settings == ()
    assert found.disagreements == ()
    for text in (found.to_text(), found.to_markdown(), found.to_html()):
        assert "Settings that differ\n" not in text


def test_markdown_cells_hold_no_markup(runs):
    path = runs / "majority/predictions.csv"
    path.write_text(path.read_text().replace("The", "<b>|*", 1))
    other = runs / "words/predictions.csv"
    other.write_text(other.read_text().replace("The", "<b>|*", 1))
    text = compare([runs / "words", runs / "majority"]).to_markdown()
    assert "<b>" not in text


def test_comparison_shows_the_corrected_test_beside_the_other(work):
    folders = [work / f"runs/{name}+evaluation.repeats=3" for name in ("majority", "words")]
    found = compare(folders)
    [pair] = found.fold_pairs
    words, majority = (load_run(folder).repeats.headlines() for folder in folders[::-1])
    assert found.entries[0].name == "words+evaluation.repeats=3"
    assert pair.p_value == pair.p_corrected == corrected_t_test(words, majority, 6, 3)
    [row] = found.fold_pair_rows()
    assert row["mean difference"] == f"{np.mean(words - majority):+.3f}"
    other = found.pairs["train"][0]
    shown = (pair.p_value, pair.p_corrected, other.found.p_value, other.p_corrected)
    assert [row[key] for key in ("t-test p", "t-test p corrected", "p", "p corrected")] == [*map(format_p, shown)]
    assert format_p(pair.p_value) != format_p(other.found.p_value)
    record = json.loads(found.to_json())
    assert record["pairs"]["train"][0]["folds"]["p_corrected"] == pair.p_corrected
    assert record["pairs"]["test"][0]["folds"] is None
    assert record["runs"][0]["repeats"]["headline"]["value"] == np.mean(words)
    assert record["why_without_folds"] == found.why_without_folds() == ""
    page, markdown, latex = found.to_html(), found.to_markdown(), found.to_latex()
    for text in (page, markdown, latex):
        assert "Every pair with the same folds" in text
        assert "Mean over repeated folds" in text
        assert "tells 1 of 1 pairs apart" in text
        assert "and by Holm for the 1 pair tested" in text
        assert "no corrected t-test" not in text
    assert latex.count("\\label{tab:") == 10
    *_, annotator = found.fold_rows()
    once = found.ceiling["train"]["headline"]
    assert annotator == {
        "run": "second annotator",
        "macro F1": f"{once['value']:.3f}",
        "95 % over articles": format_interval(once),
        **dict.fromkeys(("mean of folds", "95 % corrected", "lowest", "highest", "folds", "dealings"), "–"),
    }
    assert f"over 9 folds {row['mean difference']}" in page


def test_comparison_says_why_pairs_are_without_the_test(work, tmp_path, noisy_corpus):
    once, words, majority = (
        work / f"runs/{name}" for name in ("words", "words+evaluation.repeats=3", "majority+evaluation.repeats=3")
    )
    none = compare([once, work / "runs/majority"])
    assert none.fold_pairs == ()
    assert "since no run repeats its folds; train with --set evaluation.repeats=10" in none.why_without_folds()
    some = compare([once, words, majority])
    assert len(some.fold_pairs) == 1
    assert some.why_without_folds() == (
        "Pairs without a corrected t-test have no folds in common: 'words' does not repeat the folds."
    )
    seed = train(work / "experiments/majority.toml", noisy_corpus, tmp_path, [*THREE, "seed=8"])
    other = compare([words, seed])
    assert other.fold_pairs == ()
    assert "the runs deal the articles out in 2 ways, by another seed or number of" in other.why_without_folds()
    every = compare([words, seed, once, work / "runs/majority", majority])
    assert [pair.n_folds for pair in every.fold_pairs] == [9]
    assert "do not repeat the folds and the others deal the articles out in 2 ways" in every.why_without_folds()
    for found in (none, some, other, every):
        why = found.why_without_folds()
        assert why in found.to_markdown().replace("\\", "")
        assert why.replace("'", "&#39;") in found.to_html()
        assert why.count(".") == 1 + why.count("evaluation.repeats")
