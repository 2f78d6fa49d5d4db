"""A model is scored on a table with gold labels."""

import json

import pytest

from toolkit.exceptions import ToolkitError
from toolkit.experiment.evaluation import evaluate
from toolkit.models.classifier import load_model

ROWS = [
    {"text": "They denied the report.", "label": "denial", "also": ""},
    {"text": "It rose by night.", "label": "statement", "also": "none"},
    {"text": "She said she hoped.", "label": "denial", "also": None},
]


@pytest.fixture(scope="module")
def model(workplace):
    return load_model(workplace / "runs/words/model")


def test_scores_are_strict_lenient_and_unambiguous(model):
    evaluation = evaluate(model, ROWS, also_column="also")
    assert evaluation.predictions.predicted == ("denial", "none", "statement")
    accuracy = {name: scores.accuracy.value for name, scores in evaluation.scores.items()}
    assert accuracy == {"strict": 1 / 3, "lenient": 2 / 3, "unambiguous": 1 / 2}
    assert list(evaluate(model, ROWS).scores) == ["strict"]


def test_confusions_are_counted_most_frequent_first(model):
    evaluation = evaluate(model, [*ROWS, ROWS[1]])
    assert evaluation.confusions() == [(2, "statement", "none"), (1, "denial", "statement")]


def test_evaluation_is_written_to_a_folder(model, tmp_path):
    evaluation = evaluate(model, ROWS)
    evaluation.write(tmp_path / "deep/scores")
    assert json.loads((tmp_path / "deep/scores/scores.json").read_text())["strict"]["n_sentences"] == 3
    assert (tmp_path / "deep/scores/predictions.csv").read_text().count("\n") == 4
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolkitError, match="the folder cannot be made"):
        evaluation.write(tmp_path / "file")
