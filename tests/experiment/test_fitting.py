"""Cross-validation predicts each training sentence once, by a model that has not seen its article."""

import re

import pytest

from tests.conftest import WORDS, write_experiment
from toolkit.exceptions import ConfigError, ToolkitError
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train


def test_each_training_sentence_is_predicted_once_and_held_out(workplace):
    run = load_run(workplace / "runs/words")
    train = run.predictions.take("train")
    assert len(train) == 27
    assert set(train.fold) == {0, 1, 2}
    assert set(run.predictions.take("test").fold) == {-1}
    for name in set(train.article):
        assert len({fold for fold, article in zip(train.fold, train.article, strict=True) if article == name}) == 1


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
