"""Runs with the same folds of repeated cross-validation are compared fold by fold, and others are not."""

import json

import numpy as np

from toolkit.comparison.comparing import compare
from toolkit.comparison.conclusions import explain_missing_fold_tests
from toolkit.comparison.rows import fold_pair_rows, fold_rows
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.pages.formatting import format_interval, format_p
from toolkit.statistics.fold_tests import corrected_t_test

THREE = ["evaluation.repeats=3"]


def test_comparison_shows_the_corrected_test_beside_the_other(repeated_workplace):
    folders = [repeated_workplace / f"runs/{name}+evaluation.repeats=3" for name in ("majority", "words")]
    found = compare(folders)
    [pair] = found.fold_pairs
    words, majority = (load_run(folder).repeats.headlines() for folder in folders[::-1])
    assert found.entries[0].name == "words+evaluation.repeats=3"
    assert pair.p_value == pair.p_corrected == corrected_t_test(words, majority, 6, 3)
    [row] = fold_pair_rows(found)
    assert row["mean difference"] == f"{np.mean(words - majority):+.3f}"
    other = found.pairs["train"][0]
    shown = (pair.p_value, pair.p_corrected, other.difference.p_value, other.p_corrected)
    assert [row[key] for key in ("t-test p", "t-test p corrected", "p", "p corrected")] == [*map(format_p, shown)]
    assert format_p(pair.p_value) != format_p(other.difference.p_value)
    record = json.loads(found.to_json())
    assert record["pairs"]["train"][0]["folds"]["p_corrected"] == pair.p_corrected
    assert record["pairs"]["test"][0]["folds"] is None
    assert record["runs"][0]["repeats"]["headline"]["value"] == np.mean(words)
    assert record["why_without_folds"] == explain_missing_fold_tests(found) == ""
    page, markdown, latex = found.to_html(), found.to_markdown(), found.to_latex()
    for text in (page, markdown, latex):
        assert "Every pair with the same folds" in text
        assert "Mean over repeated folds" in text
        assert "finds 1 of 1 pairs significantly different" in text
        assert "and by Holm for the 1 pair tested" in text
        assert "no corrected t-test" not in text
    assert latex.count("\\label{tab:") == 10
    *_, annotator = fold_rows(found)
    once = found.ceiling["train"]["headline"]
    assert annotator == {
        "run": "second annotator",
        "macro F1": f"{once['value']:.3f}",
        "95 % over articles": format_interval(once),
        **dict.fromkeys(("mean of folds", "95 % corrected", "lowest", "highest", "folds", "repetitions"), "–"),
    }
    assert f"over 9 folds {row['mean difference']}" in page


def test_comparison_says_why_pairs_are_without_the_test(repeated_workplace, tmp_path, noisy_corpus):
    once, words, majority = (
        repeated_workplace / f"runs/{name}"
        for name in ("words", "words+evaluation.repeats=3", "majority+evaluation.repeats=3")
    )
    none = compare([once, repeated_workplace / "runs/majority"])
    assert none.fold_pairs == ()
    assert "since no run repeats its folds; train with --set evaluation.repeats=10" in explain_missing_fold_tests(none)
    some = compare([once, words, majority])
    assert len(some.fold_pairs) == 1
    assert explain_missing_fold_tests(some) == (
        "Pairs without a corrected t-test have no folds in common: 'words' does not repeat the folds."
    )
    seed = train(repeated_workplace / "experiments/majority.toml", noisy_corpus, tmp_path, [*THREE, "seed=8"])
    other = compare([words, seed])
    assert other.fold_pairs == ()
    assert (
        "the runs assign the articles to folds in 2 different ways, with another seed or number of"
        in explain_missing_fold_tests(other)
    )
    every = compare([words, seed, once, repeated_workplace / "runs/majority", majority])
    assert [pair.n_folds for pair in every.fold_pairs] == [9]
    assert (
        "do not repeat the folds and the others assign the articles to folds in 2 different ways"
        in explain_missing_fold_tests(every)
    )
    for found in (none, some, other, every):
        why = explain_missing_fold_tests(found)
        assert why in found.to_markdown().replace("\\", "")
        assert why.replace("'", "&#39;") in found.to_html()
        assert why.count(".") == 1 + why.count("evaluation.repeats")
