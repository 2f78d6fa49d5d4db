"""Experiments are found by name and ordered so that a baseline comes before what refers to it."""

import pytest

from tests.conftest import MAJORITY, write_experiment
from toolkit.config import find_experiments, read_experiment
from toolkit.exceptions import ConfigError, ToolkitError


def test_baseline_is_trained_before_what_refers_to_it(tmp_path):
    for name, text in (("a", 'baseline = "b"\n' + MAJORITY), ("b", MAJORITY), ("c", 'baseline = "x"\n' + MAJORITY)):
        write_experiment(tmp_path, name, text)
    assert [path.stem for path in find_experiments([], tmp_path)] == ["b", "a", "c"]
    assert find_experiments(["c"], tmp_path) == [tmp_path / "c.toml"]


def test_baseline_that_leads_back_to_itself_is_refused(tmp_path):
    write_experiment(tmp_path, "a", 'baseline = "b"\n' + MAJORITY)
    write_experiment(tmp_path, "b", 'baseline = "a"\n' + MAJORITY)
    with pytest.raises(ToolkitError, match="leads back to itself"):
        find_experiments([], tmp_path)


def test_folder_without_experiments_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="there is no experiment"):
        find_experiments([], tmp_path / "none")


def test_shipped_experiments_are_valid():
    names = {path.stem for path in find_experiments([], "experiments")}
    assert names >= {"majority", "keywords", "naive-bayes", "words", "svm", "words-characters", "default"}
    assert {read_experiment(f"experiments/{name}.toml").seed for name in names} == {20240427}


def test_experiment_with_an_encoder_is_trained_only_when_it_is_named(tmp_path):
    encoder = '[features]\nwords = [1, 1]\n[classifier]\nname = "svm"\n[encoder]\nmodel = "m"\n'
    for name, text in (("a", 'baseline = "b"\n' + MAJORITY), ("b", encoder)):
        write_experiment(tmp_path, name, text)
    assert [path.stem for path in find_experiments([], tmp_path)] == ["a"]
    assert find_experiments(["b"], tmp_path) == [tmp_path / "b.toml"]
    assert read_experiment("experiments/accurate.toml").encoder is not None


def test_accurate_has_the_n_grams_of_the_default():
    accurate, default = (read_experiment(f"experiments/{name}.toml") for name in ("accurate", "default"))
    assert (accurate.features, accurate.seed) == (default.features, default.seed)
    first, second = (one.classifier for one in (accurate, default))
    assert (first.name, first.grid["balanced"]) == (second.name, second.grid["balanced"])
    # Fine-tuning takes long enough without a search.
    assert set(first.grid["C"]) <= set(second.grid["C"])
    assert len(first.grid["C"]) == 1
