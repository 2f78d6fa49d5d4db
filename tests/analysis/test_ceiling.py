"""The ceiling: a second annotator is scored by the rules for models, where there is one."""

import numpy as np
import pytest

from toolkit.analysis.ceiling import annotator_predictions, score_annotator
from toolkit.analysis.predictions import make_predictions
from toolkit.analysis.scores import score_predictions
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


def test_annotator_is_scored_as_a_model_of_a_hand_count():
    gold = ["denial", "denial", "statement", "none", "none", "statement"]
    second = ["denial", "statement", "statement", "none", "statement", None]
    scores = score_annotator(gold, second, list("xxyyzz"), LABELS, 200)
    assert (scores.n_sentences, scores.n_articles) == (5, 3)
    # Denials: one of two is found, F1 2/3. Statements: one, and two others labelled so, F1 2/4.
    assert [label.f1.value for label in scores.labels] == pytest.approx([2 / 3, 1 / 2, 2 / 3])
    assert scores.headline.value == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scores.headline.low <= scores.headline.value <= scores.headline.high
    assert scores.accuracy.value == pytest.approx(3 / 5)
    assert scores.confusion == ((1, 1, 0), (0, 1, 0), (0, 1, 1))


def test_scores_are_those_of_a_model_with_the_same_labels():
    rng = np.random.default_rng(6)
    gold, second = (rng.choice(LABELS.names, 80).tolist() for _ in range(2))
    articles = [f"row-{row:09d}" for row in range(1, 81)]
    proba = np.eye(3)[[LABELS.index(name) for name in second]]
    model = score_predictions(make_predictions(LABELS, [""] * 80, gold, proba), 200, seed=2)
    scores = score_annotator(gold, second, articles, LABELS, 200, seed=2)
    assert scores.headline == model.headline
    assert scores.labels == model.labels
    assert scores.mcc == model.mcc


def test_annotator_gives_no_probabilities():
    scores = score_annotator(["denial", "none"], ["denial", "denial"], ["x", "y"], LABELS, 100)
    for estimate in (scores.log_loss, scores.brier, scores.calibration_error):
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
    assert scores.to_dict()["brier"]["value"] is None


def test_sentences_annotated_once_are_left_out_and_keep_their_rows():
    annotator = annotator_predictions(["denial", "none", "none"], ["", None, "none"], ["x", "x", "y"], LABELS)
    assert (annotator.position, annotator.article, annotator.gold) == ((2,), ("y",), ("none",))


def test_interval_resamples_articles_and_not_sentences():
    gold = ["denial", "statement", "none"] * 8
    second = ["denial", "none", "none", "denial", "statement", "none"] * 4
    articles = [f"a-{row // 3}" for row in range(24)]
    one = score_annotator(gold, second, articles, LABELS, 200)
    four = score_annotator(gold * 4, second * 4, articles * 4, LABELS, 200)
    assert one.headline.low < one.headline.high
    assert four.headline == one.headline


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ValueError, match="the annotator labelled no sentence"):
        score_annotator(["denial"], [None], ["x"], LABELS)
    with pytest.raises(ValueError, match="1 adjudicated and 2 annotated labels of 1 articles came"):
        score_annotator(["denial"], ["denial", "none"], ["x"], LABELS)
    with pytest.raises(ValueError, match=r"label 'denail' is not in the label set .*; did you mean 'denial'"):
        score_annotator(["denial"], ["denail"], ["x"], LABELS)
    with pytest.raises(ValueError, match=r"label 'denail' is not in the label set .*; did you mean 'denial'"):
        annotator_predictions(["denail"], ["denial"], ["x"], LABELS)
