"""Scores over repeated cross-validation are those of a hand count, and runs are paired by equal folds."""

import json
from dataclasses import replace

import numpy as np
import pytest

from toolkit.analysis.repeats import FoldCounts, Repeats, compare_folds
from toolkit.labels import LabelSet
from toolkit.statistics.fold_tests import corrected_interval, corrected_t_test
from toolkit.statistics.permutation import holm

LABELS = LabelSet.from_names(["denial", "pledge", "none"], background="none")


def fold(index, n_correct, n_wrong, articles=None, none=0):
    """A fold with denials of which some are labelled pledges, as many pledges that are all correct, and others."""
    repeat, number = divmod(index, 2)
    counts = ((n_correct, n_wrong, 0), (0, n_correct + n_wrong, 0), (0, 0, none))
    return FoldCounts(repeat + 1, number, 7 + repeat, 6, 3, articles or f"held-{index}", {}, counts)


def repeats(*n_correct, wrong=4, **values):
    return Repeats(LABELS, tuple(fold(index, n, wrong - n, **values) for index, n in enumerate(n_correct)))


def macro(n_correct, wrong=4):
    """Macro F1 of such a fold: denial has precision 1 and recall n/4, pledge recall 1."""
    n_wrong = wrong - n_correct
    return (2 * n_correct / (2 * n_correct + n_wrong) + 2 * wrong / (2 * wrong + n_wrong)) / 2


def test_mean_of_folds_is_that_of_a_hand_count():
    repeated = repeats(4, 2, 3, 3)
    scores = [1, macro(2), macro(3), macro(3)]
    assert repeated.headlines() == pytest.approx(scores)
    headline = repeated.headline()
    assert headline.value == pytest.approx(sum(scores) / 4)
    assert (headline.low, headline.high) == pytest.approx(corrected_interval(scores, 6, 3))
    # Six of eight denials are correct in both repetitions, whichever folds they are in.
    assert repeated.pooled() == pytest.approx([macro(6, 8)] * 2)
    denial, pledge, none = repeated.label_f1()
    assert denial.value == pytest.approx(np.mean([2 * n / (4 + n) for n in (4, 2, 3, 3)]))
    assert pledge.value == pytest.approx(np.mean([8 / (12 - n) for n in (4, 2, 3, 3)]))
    # No fold has sentences without an act.
    assert np.isnan([none.value, none.low, none.high]).all()


def test_mean_is_undefined_if_a_fold_has_no_score():
    empty = replace(fold(1, 4, 0), confusion=((0, 0, 0), (0, 0, 0), (0, 0, 5)))
    repeated = Repeats(LABELS, (fold(0, 4, 0), empty))
    record = repeated.to_dict()
    assert record["headline"] == {"value": None, "low": None, "high": None}
    assert record["folds"][1]["headline"] is None
    json.dumps(record, allow_nan=False)
    [pair] = compare_folds([repeated, repeated])
    assert np.isnan([pair.value, pair.low, pair.high, pair.p_value, pair.p_corrected]).all()


def test_pairs_of_the_same_folds_are_tested_and_corrected():
    runs = [repeats(4, 2, 3, 3), None, repeats(3, 2, 2, 3), repeats(1, 0, 2, 1)]
    pairs = compare_folds(runs)
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 2), (0, 3), (2, 3)]
    for pair in pairs:
        first, second = (runs[index].headlines() for index in (pair.first, pair.second))
        assert pair.p_value == corrected_t_test(first, second, 6, 3)
        assert pair.value == pytest.approx(np.mean(first - second))
        assert (pair.low, pair.high) == corrected_interval(first - second, 6, 3)
        assert pair.n_folds == 4
    assert [pair.p_corrected for pair in pairs] == holm([pair.p_value for pair in pairs])
    assert pairs[1].p_corrected == pytest.approx(3 * pairs[1].p_value)


def test_runs_with_other_folds_are_not_paired():
    one = repeats(4, 2, 3, 3)
    elsewhere = Repeats(LABELS, (*one.folds[:3], replace(one.folds[3], articles="other")))
    fewer = Repeats(LABELS, one.folds[:2])
    assert compare_folds([one, elsewhere, fewer, None]) == ()
