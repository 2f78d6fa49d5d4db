"""Each repetition is a cross-validation of its own, and the first is that of the run without repetitions."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import WORDS, write_experiment
from toolkit.cli import main as cli
from toolkit.config import read_experiment
from toolkit.corpus.loading import corpus_labels, load_corpus
from toolkit.exceptions import RunError, ToolkitError
from toolkit.experiment.fitting import cross_validate
from toolkit.experiment.repeats import repeat_folds, repeat_seeds
from toolkit.experiment.reporting import report
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.statistics.metrics import confusion

THREE = ["evaluation.repeats=3"]


@pytest.fixture(scope="module")
def three(repeated_workplace):
    return load_run(repeated_workplace / "runs/words+evaluation.repeats=3")


@pytest.fixture
def own(tmp_path, repeated_workplace):
    """Copies of the runs that the test may break."""
    return Path(shutil.copytree(repeated_workplace / "runs", tmp_path / "runs"))


# --- folds


def test_more_repetitions_keep_the_seeds_of_fewer():
    seeds = repeat_seeds(20240427, 100)
    assert seeds[0] == 20240427
    assert seeds[:3] == repeat_seeds(20240427, 3)
    assert len(set(seeds)) == 100
    assert repeat_seeds(20240428, 3)[1:] != seeds[1:3]
    assert repeat_seeds(2**32 - 1, 1) == [2**32 - 1]


def test_repetitions_leave_everything_else_as_it_was(repeated_workplace, three):
    once = load_run(repeated_workplace / "runs/words")
    for name in (
        "predictions.csv",
        "context.csv",
        "contributions.json",
        "figures/label-scores.svg",
        "model/pipeline.skops",
    ):
        assert (three.folder / name).read_bytes() == (once.folder / name).read_bytes()
    changed = ("name", "digest", "settings", "repeats", "clock")
    plain, repeated = (
        {key: value for key, value in run.report.to_dict().items() if key not in changed} for run in (once, three)
    )
    assert plain == repeated
    assert once.repeats is None
    assert "repeats" not in once.report.to_dict()
    assert "repeat_seconds" not in once.report.clock.to_dict()
    for name in ("report.json", "manifest.json", "model/README.md"):
        assert "repeat" not in (once.folder / name).read_text()
    assert 'id="repeats"' not in (once.folder / "report.html").read_text()


def test_repetition_is_the_cross_validation_of_another_seed(noisy_corpus, tmp_path):
    text = WORDS.replace("[1, 10]", "[0.01, 0.1, 1, 10, 100]")
    experiment = read_experiment(write_experiment(tmp_path, "words", text), THREE)
    corpus = load_corpus(noisy_corpus)
    labels = corpus_labels(corpus)
    repeats = repeat_folds(experiment, corpus, labels, cross_validate(experiment, corpus, labels))
    held_out = []
    for repeat, seed in enumerate(repeat_seeds(7, 3), 1):
        alone = cross_validate(replace(experiment, seed=seed), corpus, labels)
        predictions = alone.predictions.take("train")
        folds = [fold for fold in repeats.folds if fold.repeat == repeat]
        assert [fold.seed for fold in folds] == [seed] * 3
        for number, fold in enumerate(folds):
            rows = [row for row, of_row in enumerate(predictions.fold) if of_row == number]
            gold, predicted = ([column[row] for row in rows] for column in (predictions.gold, predictions.predicted))
            assert np.array_equal(fold.confusion, confusion(gold, predicted, labels.names))
            assert fold.chosen == alone.chosen_by_fold[number]
            assert (fold.fold, fold.n_train, fold.n_test) == (number, 6, 3)
            held_out.append(frozenset(predictions.article[row] for row in rows))
    # Each repetition has other folds, and equal digests are of equal articles.
    assert len({frozenset(held_out[start : start + 3]) for start in (0, 3, 6)}) == 3
    assert len(set(held_out)) == len({fold.articles for fold in repeats.folds})


def test_repetitions_do_not_depend_on_jobs(three, noisy_corpus):
    assert verify(three.folder, noisy_corpus, n_jobs=2) == []


def test_changed_fold_is_found_by_verify(own, noisy_corpus):
    path = own / "words+evaluation.repeats=3/report.json"
    path.write_text(path.read_text().replace(f'"seed": {repeat_seeds(7, 2)[1]}', '"seed": 1', 1))
    assert verify(path.parent, noisy_corpus) == ["report.json differs"]


def test_repetitions_with_the_same_folds_are_refused(repeated_workplace, corpus_folder, tmp_path):
    # Nine articles can be assigned to nine folds in one way only.
    with pytest.raises(
        ToolkitError, match=r"^repetitions 1 and 2 assign the articles to the same folds; ask for fewer"
    ):
        train(repeated_workplace / "experiments/words.toml", corpus_folder, tmp_path, [*THREE, "evaluation.folds=9"])
    assert list(tmp_path.iterdir()) == []


# --- the report


def test_report_holds_every_fold(three):
    repeats = three.report.repeats
    assert repeats.n_repeats == 3
    assert [(fold.repeat, fold.fold) for fold in repeats.folds] == [(n, k) for n in (1, 2, 3) for k in range(3)]
    assert repeats.headline.value == pytest.approx(np.mean([fold.headline for fold in repeats.folds]))
    assert repeats.pooled[0] == three.report.scores.train.headline.value
    assert set(repeats.folds[0].f1) == {"denial", "statement", "none"}
    assert three.repeats.scores() == repeats


def change_repeats(folder, change):
    record = json.loads((folder / "report.json").read_text())
    change(record["repeats"])
    (folder / "report.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda repeats: repeats.clear(), "repeats lacks 'n_repeats'; train again"),
        (lambda repeats: repeats["folds"][0].pop("seed"), r"repeats.folds\[0\] lacks 'seed'; train again"),
        (lambda repeats: repeats["folds"][0].update(seed=1.5), r"folds\[0\].seed is 1.5, expected a whole number"),
        (lambda repeats: repeats["folds"][0].update(chosen=3), r"folds\[0\].chosen is 3, expected keys with values"),
        (lambda repeats: repeats["folds"][0].update(chosen=[["C", 1]]), "expected keys with values"),
        (lambda repeats: repeats["folds"][0].update(articles=["a"]), r"articles is \['a'\], expected text"),
        (lambda repeats: repeats["folds"][-1]["confusion"][0].__setitem__(0, 10**400), "below 2\\^53"),
        (lambda repeats: repeats["folds"][-1]["confusion"][0].__setitem__(0, -1), r"\[0\] is -1, expected a whole"),
    ],
)
def test_malformed_repetitions_are_refused_by_place(own, change, message):
    folder = own / "words+evaluation.repeats=3"
    change_repeats(folder, change)
    with pytest.raises(RunError, match=message) as error:
        load_run(folder)
    assert str(folder / "report.json") in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda repeats: repeats["folds"].pop(),
        lambda repeats: repeats.update(folds=[]),
        lambda repeats: repeats.update(folds=repeats["folds"][:6]),
        lambda repeats: repeats["folds"][0].update(n_train=0),
        lambda repeats: repeats["folds"][-1].update(fold=0),
        lambda repeats: repeats["folds"][-1].update(n_train=repeats["folds"][-1]["n_train"] + 1),
        lambda repeats: repeats["folds"][0].update(confusion=[[1]]),
        lambda repeats: repeats["folds"][0]["confusion"][0].reverse(),
        lambda repeats: [fold.update(repeat=2) for fold in repeats["folds"] if fold["repeat"] == 3],
    ],
)
def test_repetitions_of_another_run_are_refused(own, change, capsys):
    folder = own / "words+evaluation.repeats=3"
    change_repeats(folder, change)
    message = "the report does not hold the 3 repetitions of this run; train again"
    with pytest.raises(RunError, match=message):
        report(folder)
    assert cli.main(["compare", str(folder), str(own / "words")]) == 1
    assert message in capsys.readouterr().err


# --- the page of a run


def test_page_shows_the_mean_beside_the_single_score(three):
    page = (three.folder / "report.html").read_text()
    mean = three.repeats.headline()
    part = page.split('<h2 id="repeats">')[1].partition("<h2")[0]
    once = three.report.scores.train.headline
    written = [
        f'{value:.3f} <span class="range">[{low:.3f}, {high:.3f}]</span>'
        for value, low, high in ((once.value, once.low, once.high), (mean.value, mean.low, mean.high))
    ]
    assert written[0] != written[1]
    assert re.findall(r'<td class="n">(.*?)</td>', part)[:2] == written
    assert "the corrected interval also covers other assignments of articles to folds, and so other training" in part
    scores = three.repeats.headlines()
    assert f"{min(scores):.3f} to {max(scores):.3f}" in part
    rows = part.split("<caption>Macro F1 of each fold</caption>")[1]
    assert re.findall(r'<td class="n">([\d.]+)</td>', rows)[:4] == [
        f"{value:.3f}" for value in (*scores[:3], once.value)
    ]
    assert "mean of 9 folds" in page.split('<ul class="cards">')[1].partition("</ul>")[0]
    assert "corrected 95 % CI" in (three.folder / "model/README.md").read_text()


def test_report_is_the_same_when_rendered_again(own):
    folder = own / "words+evaluation.repeats=3"
    before = {name: (folder / name).read_bytes() for name in ("report.json", "report.html")}
    report(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_training_prints_the_mean_of_the_folds(repeated_workplace, noisy_corpus, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(repeated_workplace)
    arguments = ["train", "words", "--corpus", str(noisy_corpus), "--runs", str(tmp_path), "--jobs", "1"]
    assert cli.main([*arguments, "--set", *THREE]) == 0
    out = capsys.readouterr()
    assert "words: 6 of 6 repeated fits done" in out.err
    mean = load_run(tmp_path / "words+evaluation.repeats=3").repeats.headline()
    assert f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}] in the mean of 9 folds, " in out.out
