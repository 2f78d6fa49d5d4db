"""Training writes a run folder that is whole, or leaves the earlier one as it was."""

import pytest

from tests.conftest import MAJORITY, WORDS, write_experiment
from toolkit.config import read_experiment
from toolkit.corpus.loading import load_corpus
from toolkit.exceptions import RunError
from toolkit.experiment.reporting import report
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify


def test_run_folder_is_whole(workplace):
    names = {path.relative_to(workplace / "runs/words").as_posix() for path in (workplace / "runs/words").rglob("*")}
    assert names >= {
        "manifest.json",
        "predictions.csv",
        "context.csv",
        "contributions.json",
        "report.json",
        "report.html",
        "figures/confusion.svg",
        "model/manifest.json",
        "model/pipeline.skops",
        "model/README.md",
    }
    assert sorted(path.name for path in (workplace / "runs").iterdir()) == ["majority", "words"]


def test_report_holds_what_the_predictions_give(workplace):
    run = load_run(workplace / "runs/words")
    assert run.scores("test") == run.report.scores.test
    assert run.report.scores.train.headline.value > 0.9
    assert run.report.against.name == "majority"
    assert run.report.ngrams["denial"]
    assert set(run.report.chosen.final) == {"C"}


def test_failed_training_leaves_the_old_run(runs, tmp_path, corpus_folder, monkeypatch):
    before = (runs / "words/report.json").read_bytes()
    monkeypatch.setattr("toolkit.experiment.reporting.render_report", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(write_experiment(tmp_path, "words", WORDS), corpus_folder, runs)
    assert (runs / "words/report.json").read_bytes() == before
    assert sorted(path.name for path in runs.iterdir()) == ["majority", "words"]


def test_new_run_replaces_the_old_one(runs, tmp_path, corpus_folder):
    train(write_experiment(tmp_path, "words", MAJORITY), corpus_folder, runs)
    assert load_run(runs / "words").manifest.settings["classifier"]["name"] == "majority"
    assert sorted(path.name for path in runs.iterdir()) == ["majority", "words"]


def test_folder_that_is_not_a_run_is_left_alone(tmp_path, corpus_folder):
    (tmp_path / "runs/words").mkdir(parents=True)
    with pytest.raises(RunError, match="is not a run; move it away"):
        train(write_experiment(tmp_path, "words", WORDS), corpus_folder, tmp_path / "runs")


def test_runs_folder_that_cannot_be_made_is_refused(tmp_path, corpus_folder):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunError, match="cannot be written to"):
        train(write_experiment(tmp_path, "words", WORDS), corpus_folder, tmp_path / "runs")


def test_label_shares_are_those_of_the_natural_collection(tmp_path, corpus_folder):
    corpus = load_corpus(corpus_folder)

    def with_collection(row):
        # Natural: what is not a denial, and the denials of two articles.
        return {"collection": "natural" if row["label"] or row["article"] in ("a-00", "a-01") else "acts"}

    for split in corpus:
        corpus[split] = corpus[split].map(with_collection)
    run = train(read_experiment(write_experiment(tmp_path, "m", WORDS)), corpus, tmp_path / "runs")
    shares = run.model.manifest["shares"]
    assert shares["natural"]["denial"] == pytest.approx(2.5 / 21.5, abs=1e-6)
    assert shares["training"]["denial"] != shares["natural"]["denial"]
    assert run.report.prior_curve.n_sentences == 20
    assert load_run(run.folder).report == run.report
    assert (run.folder / "figures/prior-strength.svg").is_file()
    assert report(run.folder).report.prior_curve == run.report.prior_curve
    assert ">Precision against recall for each act as" in (run.folder / "report.html").read_text()
    assert verify(run.folder, corpus) == []


def test_loaded_corpus_may_be_passed(tmp_path, corpus_folder):
    run = train(
        read_experiment(write_experiment(tmp_path, "m", MAJORITY)), load_corpus(corpus_folder), tmp_path / "runs"
    )
    assert verify(run.folder, load_corpus(corpus_folder)) == []
