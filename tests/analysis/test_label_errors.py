"""Label errors: flipped labels are listed, correct ones are not."""

from dataclasses import replace

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from tests.conftest import PLACES, TEXTS, THINGS
from toolkit.analysis.label_errors import find_label_errors
from toolkit.analysis.predictions import make_predictions
from toolkit.config import make_experiment
from toolkit.corpus.folds import article_folds
from toolkit.experiment.fitting import fit_pipeline, take_rows
from toolkit.labels import LabelSet
from toolkit.statistics.metrics import encode

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
FLIPPED = {4: "none", 31: "denial", 50: "statement", 78: "none"}


@pytest.fixture(scope="module")
def flipped():
    """Cross-validated predictions of 108 sentences, four of which have a flipped label."""
    rows = [(label, text, place, thing) for place in PLACES for thing in THINGS[:3] for label, text in TEXTS.items()]
    gold = np.array([FLIPPED.get(row, label) for row, (label, *_) in enumerate(rows)], dtype="<U9")
    columns = {
        "text": np.array([text.format(place, thing) for _, text, place, thing in rows], dtype=object),
        "article": np.array([f"a-{row // 9:02d}" for row in range(len(rows))]),
        "gold": gold,
    }
    record = {"question": "?", "seed": 1, "features": {"words": [1, 1]}, "classifier": {"name": "naive-bayes"}}
    experiment = make_experiment("x", record)
    proba = np.zeros((len(rows), 3))
    for train_rows, held_out in article_folds(columns["article"], gold, 4, seed=1):
        train, others = take_rows(columns, train_rows), take_rows(columns, held_out)
        proba[held_out] = fit_pipeline(experiment, LABELS, train, others).proba
    predictions = make_predictions(LABELS, columns["text"].tolist(), gold.tolist(), proba)
    return replace(
        predictions,
        article=tuple(columns["article"].tolist()),
        position=tuple(row % 9 for row in range(len(rows))),
    )


def test_flipped_labels_are_listed_and_correct_ones_are_not(flipped):
    errors = find_label_errors(flipped)
    assert {(error.article, error.position) for error in errors} == {(f"a-{row // 9:02d}", row % 9) for row in FLIPPED}
    for error in errors:
        row = int(error.article[2:]) * 9 + error.position
        assert error.given == FLIPPED[row]
        assert error.suggested == list(TEXTS)[row % 3]
        assert error.text == flipped.text[row]
        assert error.score == flipped.proba[row, LABELS.index(error.given)]


def test_without_flips_nothing_is_listed(flipped):
    clean = replace(flipped, gold=tuple(list(TEXTS)[row % 3] for row in range(len(flipped))))
    assert find_label_errors(clean) == ()


def test_likeliest_error_comes_first(flipped):
    scores = [error.score for error in find_label_errors(flipped)]
    assert scores == sorted(scores)
    assert len(set(scores)) > 1


def test_list_is_that_of_cleanlab():
    rng = np.random.default_rng(4)
    proba = rng.dirichlet(np.ones(3) / 2, 300).round(6)
    gold = [LABELS.names[rng.choice(3, p=0.6 * row / row.sum() + 0.4 / 3)] for row in proba]
    predictions = replace(make_predictions(LABELS, [""] * 300, gold, proba), position=tuple(range(300)))
    codes = encode(gold, LABELS.names)
    normalised = proba / proba.sum(axis=1, keepdims=True)
    ranked = find_label_issues(codes, normalised, return_indices_ranked_by="self_confidence", n_jobs=1)
    errors = find_label_errors(predictions)
    assert sorted(error.position for error in errors) == sorted(ranked.tolist())
    assert [error.score for error in errors] == pytest.approx(
        get_label_quality_scores(codes, normalised)[ranked], abs=1e-5
    )


def test_order_of_sentences_changes_only_ties(flipped):
    reversed_ = replace(
        flipped,
        **{
            name: getattr(flipped, name)[::-1] for name in ("article", "position", "text", "gold", "predicted", "proba")
        },
    )
    assert set(find_label_errors(reversed_)) == set(find_label_errors(flipped))


def test_label_that_no_sentence_has_is_not_suggested_by_count_alone():
    # No sentence has the label "statement": a prediction of it with certainty says nothing about the others.
    proba = np.array([[0.9, 0.05, 0.05]] * 5 + [[0.05, 0.05, 0.9]] * 5 + [[0.0, 1.0, 0.0]])
    gold = ["denial"] * 4 + ["none"] * 6 + ["denial"]
    errors = find_label_errors(make_predictions(LABELS, [str(row) for row in range(11)], gold, proba))
    assert [error.text for error in errors] == ["4"]


def test_single_label_has_no_errors_and_no_sentence_is_refused():
    assert find_label_errors(make_predictions(LABELS, ["x"], ["none"], np.array([[0.9, 0.1, 0.0]]))) == ()
    with pytest.raises(ValueError, match="no sentence came"):
        find_label_errors(make_predictions(LABELS, [], [], np.zeros((0, 3))))


@pytest.mark.parametrize("gold", [["denial", "none"], ["denial", "denial", "none"]])
def test_few_sentences_raise_no_warning(gold):
    proba = np.array([[0.0, 0.0, 1.0]] * len(gold))
    assert len(find_label_errors(make_predictions(LABELS, [""] * len(gold), gold, proba))) <= len(gold)


def test_record_is_plain(flipped):
    assert find_label_errors(flipped)[0].to_dict().keys() == {
        "article",
        "position",
        "text",
        "given",
        "suggested",
        "score",
    }
