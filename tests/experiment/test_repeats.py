"""repeats: each dealing is a cross-validation of its own, and the first is the one that was there before."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MAJORITY, WORDS, write_corpus, write_experiment
from toolkit.analysis.repeats import FoldCounts, Repeats, compare_folds
from toolkit.cli import main as cli
from toolkit.comparison.comparing import compare
from toolkit.comparison.conclusions import explain_missing_fold_tests
from toolkit.comparison.rows import fold_pair_rows, fold_rows
from toolkit.config import make_experiment, read_experiment
from toolkit.corpus.loading import corpus_labels, load_corpus
from toolkit.exceptions import ConfigError, RunError, ToolkitError
from toolkit.experiment.fitting import evaluate
from toolkit.experiment.repeats import repeat_folds, repeat_seeds
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import report as render_again
from toolkit.experiment.verification import verify
from toolkit.labels import LabelSet
from toolkit.pages.formatting import format_interval, format_p
from toolkit.statistics.fold_tests import corrected_interval, corrected_t_test
from toolkit.statistics.metrics import confusion
from toolkit.statistics.permutation import holm

LABELS = LabelSet.from_names(["denial", "pledge", "none"], background="none")
THREE = ["evaluation.repeats=3"]
GOOD = {"question": "?", "seed": 1, "features": {"words": [1, 2]}, "classifier": {"name": "naive-bayes"}}


def fold(place, n_right, n_wrong, articles=None, none=0):
    """A fold with denials of which some are told for pledges, as many pledges all right, and what is none."""
    repeat, number = divmod(place, 2)
    counts = ((n_right, n_wrong, 0), (0, n_right + n_wrong, 0), (0, 0, none))
    return FoldCounts(repeat + 1, number, 7 + repeat, 6, 3, articles or f"held-{place}", {}, counts)


def repeats(*right, wrong=4, **values):
    return Repeats(LABELS, tuple(fold(place, n, wrong - n, **values) for place, n in enumerate(right)))


def macro(n_right, wrong=4):
    """Macro F1 of such a fold: denial has precision 1 and recall n/4, pledge recall 1."""
    n_wrong = wrong - n_right
    return (2 * n_right / (2 * n_right + n_wrong) + 2 * wrong / (2 * wrong + n_wrong)) / 2


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """A corpus with half of its labels at random, so that what is chosen and predicted hangs on every seed."""
    folder = write_corpus(tmp_path_factory.mktemp("noisy") / "data")
    table, rng = folder / "sentences.csv", np.random.default_rng(0)

    def some(found):
        return f",{rng.choice(['denial', 'statement', 'none'])},," if rng.random() < 0.5 else found[0]

    table.write_text(re.sub(r",(denial|statement|none),,", some, table.read_text()))
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory, noisy):
    """Runs that repeat their folds, and the same without."""
    folder = tmp_path_factory.mktemp("repeats")
    for name, text in (("majority", MAJORITY), ("words", WORDS)):
        path = write_experiment(folder / "experiments", name, text)
        for overrides in ([], THREE):
            train(path, noisy, folder / "runs", overrides)
    return folder


@pytest.fixture(scope="module")
def three(work):
    return load_run(work / "runs/words+evaluation.repeats=3")


@pytest.fixture
def own(tmp_path, work):
    """Copies of the runs that the test may break."""
    return Path(shutil.copytree(work / "runs", tmp_path / "runs"))


# --- settings


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "1000", "true", "101"])
def test_number_of_repeats_that_is_none_is_refused(tmp_path, value):
    path = write_experiment(tmp_path, "words", WORDS)
    with pytest.raises(ConfigError, match=r"^evaluation\.repeats is .*; expected a whole number from 1 to 100 \["):
        read_experiment(path, [f"evaluation.repeats={value}"])


def test_experiment_without_repeats_keeps_its_digest():
    # As before there were repeats.
    digest = "93e88a26ba67ce4afac4a35d0976d673ab805825b1ba6479f68a1c4ca148fb85"
    assert make_experiment("x", GOOD).digest == digest
    assert make_experiment("x", {**GOOD, "evaluation": {"repeats": 1}}).digest == digest
    two = make_experiment("x", {**GOOD, "evaluation": {"repeats": 2}})
    assert two.digest != digest
    assert two.to_dict()["evaluation"]["repeats"] == 2


# --- folds


def test_seeds_are_drawn_first_and_more_keep_those_there_were():
    seeds = repeat_seeds(20240427, 100)
    assert seeds[0] == 20240427
    assert seeds[:3] == repeat_seeds(20240427, 3)
    assert len(set(seeds)) == 100
    assert repeat_seeds(20240428, 3)[1:] != seeds[1:3]
    assert repeat_seeds(2**32 - 1, 1) == [2**32 - 1]


def test_repeats_leave_all_that_was_there_as_it_was(work, three):
    once = load_run(work / "runs/words")
    for name in ("predictions.csv", "context.csv", "pulls.json", "figures/label-scores.svg", "model/pipeline.skops"):
        assert (three.folder / name).read_bytes() == (once.folder / name).read_bytes()
    changed = ("name", "digest", "settings", "repeats", "clock")
    plain, repeated = ({key: run.report[key] for key in run.report if key not in changed} for run in (once, three))
    assert plain == repeated
    assert once.repeats is None
    assert "repeats" not in once.report
    assert "repeat_seconds" not in once.report["clock"]
    for name in ("report.json", "manifest.json", "model/README.md"):
        assert "repeat" not in (once.folder / name).read_text()
    assert "repeats" not in (once.folder / "report.html").read_text()


def test_repeat_is_the_cross_validation_of_another_seed(noisy, tmp_path):
    text = WORDS.replace("[1, 10]", "[0.01, 0.1, 1, 10, 100]")
    experiment = read_experiment(write_experiment(tmp_path, "words", text), THREE)
    corpus = load_corpus(noisy)
    labels = corpus_labels(corpus)
    found = repeat_folds(experiment, corpus, labels, evaluate(experiment, corpus, labels))
    held = []
    for repeat, seed in enumerate(repeat_seeds(7, 3), 1):
        alone = evaluate(replace(experiment, seed=seed), corpus, labels)
        told = alone.predictions.take("train")
        folds = [fold for fold in found.folds if fold.repeat == repeat]
        assert [fold.seed for fold in folds] == [seed] * 3
        for number, fold in enumerate(folds):
            rows = [row for row, mine in enumerate(told.fold) if mine == number]
            gold, predicted = ([column[row] for row in rows] for column in (told.gold, told.predicted))
            assert np.array_equal(fold.confusion, confusion(gold, predicted, labels.names))
            assert fold.chosen == alone.chosen_by_fold[number]
            assert (fold.fold, fold.n_train, fold.n_test) == (number, 6, 3)
            held.append(frozenset(told.article[row] for row in rows))
    # Each dealing is another one, and equal digests are of equal articles.
    assert len({frozenset(held[place : place + 3]) for place in (0, 3, 6)}) == 3
    assert len(set(held)) == len({fold.articles for fold in found.folds})


def test_repeats_do_not_depend_on_jobs(three, noisy):
    assert verify(three.folder, noisy, n_jobs=2) == []


def test_changed_fold_is_found_by_verify(own, noisy):
    path = own / "words+evaluation.repeats=3/report.json"
    path.write_text(path.read_text().replace(f'"seed": {repeat_seeds(7, 2)[1]}', '"seed": 1', 1))
    assert verify(path.parent, noisy) == ["report.json differs"]


def test_dealings_that_are_the_same_are_refused(work, corpus_folder, tmp_path):
    # Nine folds of nine articles can be dealt in one way only.
    with pytest.raises(ToolkitError, match=r"^repeats 1 and 2 deal the articles out in the same way; ask for fewer"):
        train(work / "experiments/words.toml", corpus_folder, tmp_path, [*THREE, "evaluation.folds=9"])
    assert list(tmp_path.iterdir()) == []


# --- scores


def test_mean_of_folds_is_that_of_a_hand_count():
    found = repeats(4, 2, 3, 3)
    scores = [1, macro(2), macro(3), macro(3)]
    assert found.headlines() == pytest.approx(scores)
    headline = found.headline()
    assert headline.value == pytest.approx(sum(scores) / 4)
    assert (headline.low, headline.high) == pytest.approx(corrected_interval(scores, 6, 3))
    # Six of eight denials right in both, whichever folds they are in.
    assert found.pooled() == pytest.approx([macro(6, 8)] * 2)
    denial, pledge, none = found.label_f1()
    assert denial.value == pytest.approx(np.mean([2 * n / (4 + n) for n in (4, 2, 3, 3)]))
    assert pledge.value == pytest.approx(np.mean([8 / (12 - n) for n in (4, 2, 3, 3)]))
    # No fold has what is none.
    assert np.isnan([none.value, none.low, none.high]).all()


def test_score_that_a_fold_lacks_is_no_mean():
    empty = replace(fold(1, 4, 0), confusion=((0, 0, 0), (0, 0, 0), (0, 0, 5)))
    found = Repeats(LABELS, (fold(0, 4, 0), empty))
    record = found.to_dict()
    assert record["headline"] == {"value": None, "low": None, "high": None}
    assert record["folds"][1]["headline"] is None
    json.dumps(record, allow_nan=False)
    [pair] = compare_folds([found, found])
    assert np.isnan([pair.value, pair.low, pair.high, pair.p_value, pair.p_corrected]).all()


def test_report_holds_every_fold(three):
    found = three.report["repeats"]
    assert found["n_repeats"] == 3
    assert [(row["repeat"], row["fold"]) for row in found["folds"]] == [(n, k) for n in (1, 2, 3) for k in range(3)]
    scores = [row["headline"] for row in found["folds"]]
    assert found["headline"]["value"] == pytest.approx(np.mean(scores))
    assert found["pooled"][0] == three.report["scores"]["train"]["headline"]["value"]
    assert set(found["folds"][0]["f1"]) == {"denial", "statement", "none"}
    assert three.repeats.to_dict() == found


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.clear(),
        lambda found: found["folds"].pop(),
        lambda found: found.update(folds=found["folds"][:6]),
        lambda found: found["folds"][0].pop("seed"),
        lambda found: found["folds"][0].update(seed=1.5),
        lambda found: found["folds"][0].update(n_train=0),
        lambda found: found["folds"][0].update(chosen=3),
        lambda found: found["folds"][0].update(chosen=[["C", 1]]),
        lambda found: found["folds"][0].update(articles=["a"]),
        lambda found: found["folds"][-1].update(fold=0),
        lambda found: found["folds"][-1].update(n_train=found["folds"][-1]["n_train"] + 1),
        lambda found: found["folds"][-1]["confusion"][0].__setitem__(0, 10**400),
        lambda found: found["folds"][0].update(confusion=[[1]]),
        lambda found: found["folds"][0]["confusion"][0].reverse(),
        lambda found: found["folds"][-1]["confusion"][0].__setitem__(0, -1),
        lambda found: [row.update(repeat=2) for row in found["folds"] if row["repeat"] == 3],
    ],
)
def test_damaged_repeats_are_refused_in_one_sentence(own, change, capsys):
    folder = own / "words+evaluation.repeats=3"
    record = json.loads((folder / "report.json").read_text())
    change(record["repeats"])
    (folder / "report.json").write_text(json.dumps(record))
    message = "the report does not hold the 3 repeats of this run; train again"
    with pytest.raises(RunError, match=message):
        render_again(folder)
    assert cli.main(["compare", str(folder), str(own / "words")]) == 1
    assert message in capsys.readouterr().err


# --- the page of a run


def test_page_shows_the_mean_beside_the_plain_score(three):
    page = (three.folder / "report.html").read_text()
    found = three.repeats.headline()
    part = page.split('<h2 id="repeats">')[1].partition("<h2")[0]
    once = three.report["scores"]["train"]["headline"]
    written = [
        f'{value:.3f} <span class="range">[{low:.3f}, {high:.3f}]</span>'
        for value, low, high in ((once["value"], once["low"], once["high"]), (found.value, found.low, found.high))
    ]
    assert written[0] != written[1]
    assert re.findall(r'<td class="n">(.*?)</td>', part)[:2] == written
    assert "the corrected interval also covers other dealings of the articles to folds, and so other training" in part
    scores = three.repeats.headlines()
    assert f"{min(scores):.3f} to {max(scores):.3f}" in part
    rows = part.split("<caption>Macro F1 over the acts of each fold</caption>")[1]
    assert re.findall(r'<td class="n">([\d.]+)</td>', rows)[:4] == [
        f"{value:.3f}" for value in (*scores[:3], three.report["scores"]["train"]["headline"]["value"])
    ]
    assert "mean of 9 folds" in page.split('<ul class="cards">')[1].partition("</ul>")[0]
    assert "corrected 95 % interval" in (three.folder / "model/README.md").read_text()


def test_report_is_the_same_when_rendered_again(own):
    folder = own / "words+evaluation.repeats=3"
    before = {name: (folder / name).read_bytes() for name in ("report.json", "report.html")}
    render_again(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_training_prints_the_mean_of_the_folds(work, noisy, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(work)
    arguments = ["train", "words", "--corpus", str(noisy), "--runs", str(tmp_path), "--jobs", "1"]
    assert cli.main([*arguments, "--set", *THREE]) == 0
    out = capsys.readouterr()
    assert "words: 6 of 6 repeated fits done" in out.err
    found = load_run(tmp_path / "words+evaluation.repeats=3").repeats.headline()
    assert f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}] in the mean of 9 folds, " in out.out


# --- pairs


def test_pairs_of_the_same_folds_are_tested_and_corrected():
    runs = [repeats(4, 2, 3, 3), None, repeats(3, 2, 2, 3), repeats(1, 0, 2, 1)]
    found = compare_folds(runs)
    assert [(pair.first, pair.second) for pair in found] == [(0, 2), (0, 3), (2, 3)]
    for pair in found:
        ours, theirs = (runs[place].headlines() for place in (pair.first, pair.second))
        assert pair.p_value == corrected_t_test(ours, theirs, 6, 3)
        assert pair.value == pytest.approx(np.mean(ours - theirs))
        assert (pair.low, pair.high) == corrected_interval(ours - theirs, 6, 3)
        assert pair.n_folds == 4
    assert [pair.p_corrected for pair in found] == holm([pair.p_value for pair in found])
    assert found[1].p_corrected == pytest.approx(3 * found[1].p_value)


def test_other_dealings_are_no_pairs():
    ours = repeats(4, 2, 3, 3)
    elsewhere = Repeats(LABELS, (*ours.folds[:3], replace(ours.folds[3], articles="other")))
    fewer = Repeats(LABELS, ours.folds[:2])
    assert compare_folds([ours, elsewhere, fewer, None]) == ()


def test_comparison_shows_the_corrected_test_beside_the_other(work):
    folders = [work / f"runs/{name}+evaluation.repeats=3" for name in ("majority", "words")]
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


def test_comparison_says_why_pairs_are_without_the_test(work, tmp_path, noisy):
    once, words, majority = (
        work / f"runs/{name}" for name in ("words", "words+evaluation.repeats=3", "majority+evaluation.repeats=3")
    )
    none = compare([once, work / "runs/majority"])
    assert none.fold_pairs == ()
    assert "since no run repeats its folds; train with --set evaluation.repeats=10" in explain_missing_fold_tests(none)
    some = compare([once, words, majority])
    assert len(some.fold_pairs) == 1
    assert explain_missing_fold_tests(some) == (
        "Pairs without a corrected t-test have no folds in common: 'words' does not repeat the folds."
    )
    seed = train(work / "experiments/majority.toml", noisy, tmp_path, [*THREE, "seed=8"])
    other = compare([words, seed])
    assert other.fold_pairs == ()
    assert (
        "the runs assign the articles to folds in 2 different ways, with another seed or number of"
        in explain_missing_fold_tests(other)
    )
    every = compare([words, seed, once, work / "runs/majority", majority])
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
