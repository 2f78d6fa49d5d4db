"""fold_tests: by hand, against the uncorrected t-test, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from toolkit.corpus.folds import article_folds
from toolkit.statistics.fold_tests import corrected_interval, corrected_mean, corrected_t_test

FIRST = [[0.6, 0.8], [0.7, 0.9]]
SECOND = [[0.5, 0.6], [0.6, 0.7]]


def test_standard_error_is_that_of_the_formula():
    # Differences 0.1, 0.2, 0.1, 0.2: mean 0.15, variance 4 * 0.05**2 / 3 = 1 / 300. For four
    # scores on halves of the data: (1 / 4 + 1) / 300 = 1 / 240.
    mean = corrected_mean(np.subtract(FIRST, SECOND), n_train=30, n_test=30)
    assert mean.value == pytest.approx(0.15)
    assert mean.standard_error == pytest.approx(np.sqrt(1 / 240))
    assert mean.degrees_of_freedom == 3
    p_value = 2 * stats.t.sf(0.15 * np.sqrt(240), 3)
    assert corrected_t_test(FIRST, SECOND, 30, 30) == pytest.approx(p_value)
    assert corrected_t_test(SECOND, FIRST, 30, 30) == pytest.approx(p_value)


def test_sizes_of_folds_are_averaged():
    # 40 training and 20 test articles on average.
    uneven = corrected_mean([0.5, 0.7], n_train=[50, 30], n_test=[10, 30])
    assert uneven.standard_error == pytest.approx(np.sqrt((1 / 2 + 1 / 2) * 0.02))


def test_without_shared_training_data_it_is_the_t_test():
    first, second = np.random.default_rng(0).normal(0.7, 0.1, size=(2, 10))
    assert corrected_t_test(first, second, 1e15, 1) == pytest.approx(stats.ttest_rel(first, second).pvalue)
    expected = stats.t.interval(0.9, 9, first.mean(), stats.sem(first))
    assert corrected_interval(first, 1e15, 1, 0.9) == pytest.approx(expected)


def test_interval_ends_at_zero_where_the_p_value_is_its_level():
    differences = np.array([0.1, 0.3, -0.1, 0.2])
    p_value = corrected_t_test(differences, np.zeros(4), 80, 20)
    low, high = corrected_interval(differences, 80, 20, level=1 - p_value)
    assert low == pytest.approx(0, abs=1e-9)
    assert high == pytest.approx(2 * 0.125)


def test_equal_scores_have_p_value_one_and_equal_differences_zero():
    assert corrected_t_test([0.3, 0.1 + 0.2], [0.3, 0.3], 80, 20) == 1
    assert corrected_t_test([0.4, 0.5, 0.6], [0.3, 0.4, 0.5], 80, 20) == 0
    assert corrected_interval([0.7, 0.7, 0.7], 80, 20) == pytest.approx((0.7, 0.7), abs=1e-15)


@pytest.mark.parametrize(
    ("scores", "n_train", "n_test", "message"),
    [
        ([0.5], 80, 20, "1 scores of folds came; expected two or more; use more folds or repetitions"),
        ([0.5, np.nan], 80, 20, "the score of fold 1 is undefined; use fewer folds"),
        ([0.5, 0.6], 0, 20, "folds learn from 0 and are scored on 20; expected sizes above 0"),
        ([0.5, 0.6], 80, [], "folds learn from 80 and are scored on 0;"),
    ],
    ids=["one", "undefined", "nothing learned", "no size"],
)
def test_scores_without_a_variance_are_refused(scores, n_train, n_test, message):
    with pytest.raises(ValueError, match=message):
        corrected_mean(scores, n_train, n_test)


def test_scores_of_other_folds_are_refused():
    with pytest.raises(ValueError, match=r"scores of shapes \(2, 2\) and \(3,\) came; score both on the same folds"):
        corrected_t_test(FIRST, [0.1, 0.2, 0.3], 80, 20)


def nearest_mean_accuracy(vectors, y_true, train, test):
    means = np.stack([vectors[train][y_true[train] == label].mean(axis=0) for label in (0, 1)])
    distances = ((vectors[test][:, np.newaxis] - means) ** 2).sum(axis=-1)
    return np.mean(distances.argmin(axis=1) == y_true[test])


@pytest.mark.slow
def test_corrected_test_is_rarely_significant_by_chance_and_the_uncorrected_often_is():
    # Two learners, each with one half of equally useful features, on 40 articles of four
    # sentences with a random effect; three repetitions of five folds.
    rng = np.random.default_rng(6)
    articles, shape = np.repeat(np.arange(40), 4), (160, 10)
    y_true = np.tile([0, 1, 0, 1], 40)
    repeats = [article_folds(articles, y_true, 5, seed) for seed in range(3)]
    p_values = []
    for _ in range(800):
        shift = rng.normal(0, 0.5, size=(40, 10))[articles]
        vectors = rng.normal(0.3 * (2 * y_true[:, np.newaxis] - 1), 1, size=shape) + shift
        scores = np.array(
            [
                [nearest_mean_accuracy(part, y_true, *fold) for folds in repeats for fold in folds]
                for part in (vectors[:, :5], vectors[:, 5:])
            ]
        )
        p_values.append([corrected_t_test(*scores, 128, 32), stats.ttest_rel(*scores).pvalue])
    corrected, uncorrected = np.mean(np.array(p_values) < 0.05, axis=0)
    print(f"3 x 5 folds of 40 articles: corrected {corrected:.3f}, uncorrected {uncorrected:.3f}")
    assert corrected < 0.08
    assert uncorrected > 0.15
