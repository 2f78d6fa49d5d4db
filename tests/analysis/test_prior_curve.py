"""prior_curve: where natural shares make an act rarer, fewer sentences are called it."""

import numpy as np
import pytest

from toolkit.analysis.predictions import make_predictions
from toolkit.analysis.prior_curve import STRENGTHS, measure_prior_curve
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "none"])
# Odds of a denial 9, 3 and 1.5 to 1, and 1 to 4.
PROBA = np.array([[0.9, 0.1], [0.75, 0.25], [0.6, 0.4], [0.2, 0.8]])
GOLD = ["denial", "none", "denial", "none"]
# Full strength divides the odds by 4.
SHARES = {"training": {"denial": 0.5, "none": 0.5}, "natural": {"denial": 0.2, "none": 0.8}}


def test_calls_fall_as_the_strength_rises():
    curve = measure_prior_curve(make_predictions(LABELS, [""] * 4, GOLD, PROBA), [True] * 4, SHARES)
    assert (curve.n_sentences, curve.strengths) == (4, STRENGTHS)
    assert (STRENGTHS[0], STRENGTHS[10], STRENGTHS[-1]) == (0, 1, 1.5)
    # At 0 three are called, two of them rightly; at 0.5, where odds are halved, the one of 1.5 is not called.
    assert [curve.precision["denial"][step] for step in (0, 5, 10)] == pytest.approx([2 / 3, 1 / 2, 1])
    assert [curve.recall["denial"][step] for step in (0, 5, 10)] == [1, 1 / 2, 1 / 2]


def test_only_natural_sentences_count():
    predictions = make_predictions(LABELS, [""] * 4, GOLD, PROBA)
    curve = measure_prior_curve(predictions, [True, False, True, True], SHARES)
    assert curve.n_sentences == 3
    assert curve.precision["denial"][0] == 1
    assert measure_prior_curve(predictions, [False] * 4, SHARES) is None
