"""Cross-validation predicts each training sentence once, by a model that has not seen its article."""

import re

import numpy as np
import pytest

from tests.conftest import WORDS, write_experiment
from toolkit.config import read_experiment
from toolkit.corpus import corpus_labels, load_corpus
from toolkit.exceptions import ConfigError, ToolkitError
from toolkit.experiment.fitting import _selection_score, fit_pipeline, sentence_columns
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.labels import LabelSet


def test_each_training_sentence_is_predicted_once_and_held_out(workplace):
    run = load_run(workplace / "runs/words")
    train = run.predictions.take("train")
    assert len(train) == 27
    assert set(train.fold) == {0, 1, 2}
    assert set(run.predictions.take("test").fold) == {-1}
    for name in set(train.article):
        assert len({fold for fold, article in zip(train.fold, train.article, strict=True) if article == name}) == 1


def test_settings_are_chosen_by_the_mean_over_collections():
    labels = LabelSet.from_names(["denial", "none"], background="none")
    columns = {
        "gold": np.array(["denial", "none", "denial", "denial", "denial"]),
        "collection": np.array(["natural", "natural", "acts", "acts", "acts"]),
    }
    score = _selection_score(labels, columns)
    # F1 is 2/3 on natural and 1 on acts, and 8/9 on all together.
    assert score(np.arange(5), ["denial"] * 5) == pytest.approx((2 / 3 + 1) / 2)
    assert score(np.array([0, 1]), ["denial", "denial"]) == pytest.approx(2 / 3)


def test_too_few_articles_and_single_labels_are_refused(tmp_path, own_corpus, corpus_folder):
    path = write_experiment(tmp_path, "words", WORDS.replace("[1, 10]", "1"))
    with pytest.raises(ToolkitError, match="50 folds need at least as many articles"):
        train(path, corpus_folder, tmp_path / "runs", ["evaluation.folds=50"])
    table = own_corpus / "sentences.csv"
    table.write_text(re.sub(r",(denial|statement),", ",none,", table.read_text()))
    with pytest.raises(ToolkitError, match="training has the single label 'none'"):
        train(path, own_corpus, tmp_path / "runs")


def test_largest_seed_leaves_room_for_the_inner_folds(workplace, corpus_folder, tmp_path):
    run = train(workplace / "experiments/words.toml", corpus_folder, tmp_path, [f"seed={2**32 - 1}"])
    assert run.manifest.seed == 2**32 - 1
    with pytest.raises(ConfigError, match=r"seed is 4294967296; expected a whole number from 0 to 2\^32 - 1"):
        train(workplace / "experiments/words.toml", corpus_folder, tmp_path, [f"seed={2**32}"])


ENCODER = WORDS.replace("[1, 10]", "1") + '[encoder]\nmodel = "no-such-encoder"\nepochs = 1\nlayers = 1\n'


def test_what_an_encoder_needs_is_checked_before_any_fit(tmp_path, own_corpus):
    # With a single label the first fit would be refused.
    table = own_corpus / "sentences.csv"
    table.write_text(re.sub(r",(denial|statement),", ",none,", table.read_text()))
    with pytest.raises(ToolkitError, match=r"is not installed, which fine-tuning|'no-such-encoder' was not found"):
        train(write_experiment(tmp_path, "both", ENCODER), own_corpus, tmp_path / "runs")
    assert not (tmp_path / "runs/both").exists()


@pytest.mark.slow
def test_run_with_an_encoder_averages_and_can_be_verified(tmp_path, corpus_folder, tiny_encoder):
    steps = []
    path = write_experiment(tmp_path, "both", ENCODER.replace("no-such-encoder", str(tiny_encoder)))
    run = train(path, corpus_folder, tmp_path / "runs", n_jobs=2, progress=lambda *step: steps.append(step))
    assert steps[-1] == ("fine-tuning step", 4, 4)
    model = run.model
    assert model.engine.startswith("compiled + encoder (onnxruntime, ")
    test = run.predictions.take("test")
    assert np.allclose(model.label_proba(list(test.text)), test.proba, atol=1e-5)
    assert run.report.model.file == "pipeline.skops and encoder"
    assert "torch" in run.manifest.versions
    assert verify(run.folder, corpus_folder) == []


@pytest.mark.slow
def test_weight_of_the_encoder_is_searched(corpus_folder, tiny_encoder, tmp_path):
    text = ENCODER.replace("no-such-encoder", str(tiny_encoder)) + "weight = [1, 0.25]\n"
    experiment = read_experiment(write_experiment(tmp_path, "both", text))
    corpus = load_corpus(corpus_folder)
    labels = corpus_labels(corpus)
    part, held_out = sentence_columns(corpus["train"], labels), sentence_columns(corpus["test"], labels)
    fit = fit_pipeline(experiment, labels, part, held_out)
    # An encoder of one epoch knows nothing; the n-grams know all.
    assert fit.chosen == {"weight": 0.25}
    assert fit.vote.weight == 0.25
    assert (np.array(labels.names)[fit.proba.argmax(axis=1)] == held_out["gold"]).all()
