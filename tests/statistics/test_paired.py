"""A paired comparison says what its parts say; simulations show how far its tests can be trusted."""

import time
from dataclasses import astuple, replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tests.statistics.simulation import ACTS, GROUPED, SHIPPED, Design, simulate, uncalibrated
from toolkit.statistics import metrics
from toolkit.statistics.effects import (
    cohen_g,
    mcnemar_test,
    reversal_probability,
    reversal_proportion,
    standardised_difference,
)
from toolkit.statistics.intervals import bca_interval, interval
from toolkit.statistics.paired import compare_pair, compare_systems, make_resamples, resample_system
from toolkit.statistics.permutation import draw_permutations, permutation_test
from toolkit.statistics.resampling import bootstrap_weights, leave_one_out, weighted_sums


def headline(sums):
    return metrics.macro_f1(sums.confusion, ACTS)


def accuracy(sums):
    return metrics.accuracy(sums.confusion)


@pytest.fixture
def pair():
    """Counts and right sentences of two systems on 40 articles, the first the better."""
    confusions, rights = simulate(Design(n_articles=40, spread=0.7), np.random.default_rng(3), skills=(0.6, 0.0))
    return uncalibrated(confusions[0]), uncalibrated(confusions[1]), rights[0], rights[1]


@pytest.fixture
def draws():
    return make_resamples(40, 300, np.random.default_rng(0))


def test_comparison_gathers_what_its_parts_say(pair, draws):
    first, second, first_right, second_right = pair
    found = compare_pair(*pair, headline, draws)
    rng = np.random.default_rng(0)
    weights = bootstrap_weights(40, 300, rng)
    resampled = headline(weighted_sums(first, weights)) - headline(weighted_sums(second, weights))
    left_out = headline(leave_one_out(first)) - headline(leave_one_out(second))
    assert (found.low, found.high) == interval(resampled)
    assert (found.bca_low, found.bca_high) == bca_interval(resampled, found.value, left_out)
    assert found.p_value == permutation_test(first, second, headline, draw_permutations(40, 300, rng))
    assert found.only_first - found.only_second == first_right.sum() - second_right.sum()
    assert found.mcnemar_p == mcnemar_test(found.only_first, found.only_second)
    assert found.cohen_g == cohen_g(found.only_first, found.only_second)
    assert found.standardised == standardised_difference(found.value, left_out)
    assert found.reversal_proportion == reversal_proportion(resampled, found.value)
    assert found.reversal_probability == reversal_probability(resampled, found.value)
    assert (found.n_sentences, found.n_articles, found.n_resamples) == (len(first_right), 40, 300)


def test_exchanging_the_systems_turns_signs_alone(pair, draws):
    first, second, first_right, second_right = pair
    found, turned = (
        compare_pair(first, second, first_right, second_right, headline, draws),
        compare_pair(second, first, second_right, first_right, headline, draws),
    )
    assert found.value > 0
    assert turned == replace(
        found,
        value=-found.value,
        low=pytest.approx(-found.high),
        high=pytest.approx(-found.low),
        bca_low=pytest.approx(-found.bca_high),
        bca_high=pytest.approx(-found.bca_low),
        only_first=found.only_second,
        only_second=found.only_first,
        cohen_g=pytest.approx(-found.cohen_g),
        standardised=pytest.approx(-found.standardised),
    )


def test_equal_systems_have_no_difference(pair, draws):
    found = compare_pair(pair[0], pair[0], pair[2], pair[2], headline, draws)
    assert (found.value, found.low, found.high, found.bca_low, found.bca_high) == (0, 0, 0, 0, 0)
    assert (found.p_value, found.mcnemar_p, found.only_first) == (1, 1, 0)
    assert np.isnan([found.cohen_g, found.standardised, found.reversal_proportion, found.reversal_probability]).all()


def test_comparison_without_a_score_is_undefined_but_for_its_sentences():
    # Neither gold nor predictions have an act.
    background = np.zeros((3, 5, 5))
    background[:, 4, 4] = 2
    counts = uncalibrated(background)
    found = compare_pair(
        counts, counts, [True] * 6, [True] * 6, headline, make_resamples(3, 20, np.random.default_rng(0))
    )
    assert np.isnan([found.value, found.low, found.bca_high, found.p_value, found.reversal_probability]).all()
    assert found.mcnemar_p == 1


def test_threads_and_order_of_pairs_do_not_matter(pair, draws):
    first, second, first_right, second_right = pair
    with threadpool_limits(1):
        expected = astuple(compare_pair(*pair, headline, draws))
    samples = [
        resample_system(second, second_right, headline, draws),
        resample_system(first, first_right, headline, draws),
    ]
    compare_systems(samples[0], samples[0], headline, draws)
    assert astuple(compare_systems(samples[1], samples[0], headline, draws)) == expected


def test_confusion_alone_gives_the_same_comparison(draws):
    rng = np.random.default_rng(8)
    gold, names, parts = rng.integers(0, 5, 200), np.array(list("abcde")), []
    for _ in range(2):
        proba = rng.dirichlet(np.ones(5), 200)
        predicted = proba.argmax(axis=1)
        counts = metrics.count_articles(names[gold], names[predicted], proba, np.arange(200) // 5, "abcde")
        parts.append((counts, predicted == gold))
    (first, first_right), (second, second_right) = parts
    quick = [metrics.confusion_only(counts) for counts in (first, second)]
    assert compare_pair(*quick, first_right, second_right, headline, draws) == compare_pair(
        first, second, first_right, second_right, headline, draws
    )


def test_parts_that_do_not_fit_are_refused(pair, draws):
    first, second, first_right, second_right = pair
    with pytest.raises(ValueError, match="weights for 3 articles came with counts of 40; draw them for 40"):
        compare_pair(*pair, headline, make_resamples(3, 10, np.random.default_rng(0)))
    permutations = make_resamples(3, 300, np.random.default_rng(0)).permutations
    with pytest.raises(ValueError, match="permutations for 3 articles came with counts of 40"):
        compare_pair(*pair, headline, replace(draws, permutations=permutations))
    message = f"0 of {len(first_right)} sentences came as correct, but the counts have {first_right.sum()} of"
    with pytest.raises(ValueError, match=message):
        compare_pair(first, second, np.zeros(len(first_right)), second_right, headline, draws)


def test_other_sentences_are_refused():
    draws, right = make_resamples(2, 10, np.random.default_rng(0)), [True, True]
    first, second = np.zeros((2, 5, 5)), np.zeros((2, 5, 5))
    first[:, 0, 0] = second[0, 0, 0] = second[1, 1, 1] = 1
    with pytest.raises(ValueError, match="different gold labels in 1 articles, first in article 1"):
        compare_pair(uncalibrated(first), uncalibrated(second), right, right, headline, draws)
    with pytest.raises(ValueError, match=r"counts of shapes \(2, 5, 5\) and \(2, 4, 4\) came"):
        compare_pair(uncalibrated(first), uncalibrated(first[:, :4, :4]), right, right, accuracy, draws)


@pytest.mark.slow
def test_comparison_of_ten_thousand_sentences_is_quick():
    rng = np.random.default_rng(0)
    gold, articles = rng.integers(0, 5, 10_000), np.repeat(np.arange(2000), 5)
    names, parts = np.array(list("abcde")), []
    for _ in range(2):
        proba = rng.dirichlet(np.ones(5), 10_000)
        proba[np.arange(10_000), gold] += 0.3
        proba /= proba.sum(axis=1, keepdims=True)
        predicted = proba.argmax(axis=1)
        parts.append(
            (metrics.count_articles(names[gold], names[predicted], proba, articles, "abcde"), predicted == gold)
        )
    draws = make_resamples(2000, 2000, rng)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        compare_pair(parts[0][0], parts[1][0], parts[0][1], parts[1][1], headline, draws)
        seconds.append(time.perf_counter() - start)
    print(f"a pair in {min(seconds):.2f} s")
    assert min(seconds) < 1


@threadpool_limits.wrap(limits=1)
def cry_wolf(design, n_simulations, n_resamples=500, seed=1):
    """How often systems that are equally good are told apart at the 5 % level."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_simulations):
        confusions, rights = simulate(design, rng, skills=(0.0, 0.0))
        draws = make_resamples(design.n_articles, n_resamples, rng)
        one = compare_pair(uncalibrated(confusions[0]), uncalibrated(confusions[1]), *rights, headline, draws)
        outside = [not low <= 0 <= high for low, high in ((one.low, one.high), (one.bca_low, one.bca_high))]
        found.append([one.p_value < 0.05, *outside, one.mcnemar_p < 0.05])
    shares = np.mean(found, axis=0)
    print(
        f"{design}: randomisation {shares[0]:.3f}, percentile {shares[1]:.3f}, BCa {shares[2]:.3f},"
        f" McNemar {shares[3]:.3f}"
    )
    return shares


@pytest.mark.slow
@pytest.mark.parametrize("design", [SHIPPED, GROUPED], ids=["shipped", "grouped"])
def test_tests_by_article_cry_wolf_once_in_twenty_and_mcnemar_more_often_where_errors_come_by_article(design):
    # 1000 simulations know a rate of 5 % to within 1.4 points.
    randomisation, percentile, bca, mcnemar = cry_wolf(design, 1000)
    assert 0.035 <= randomisation <= 0.065
    # Intervals of so many articles are a little narrow.
    assert 0.035 <= percentile <= 0.075
    assert 0.035 <= bca <= 0.075
    assert mcnemar > (0.09 if design is GROUPED else 0.035)


@pytest.mark.slow
@threadpool_limits.wrap(limits=1)
def test_chance_of_reversal_comes_true_and_the_share_of_resamples_is_too_small():
    # Skills differ by so much that, near 0, any difference is about as likely as any other.
    rng = np.random.default_rng(2)
    found = []
    for _ in range(2000):
        skills = (rng.normal(0, 0.5), 0.0)
        (confusions, rights), (anew, _) = (simulate(GROUPED, rng, skills) for _ in range(2))
        draws = make_resamples(GROUPED.n_articles, 500, rng)
        one = compare_pair(uncalibrated(confusions[0]), uncalibrated(confusions[1]), *rights, headline, draws)
        scores = [float(metrics.macro_f1(part.sum(axis=0), ACTS)) for part in anew]
        found.append([one.reversal_probability, one.reversal_proportion, (scores[0] - scores[1]) * one.value < 0])
    chance, share, reversed_ = np.array(found, dtype=float).T
    open_ = (chance > 0.02) & (chance < 0.4)
    rate = reversed_[open_].mean()
    print(
        f"{int(open_.sum())} pairs: chance {chance[open_].mean():.3f}, share {share[open_].mean():.3f}, came {rate:.3f}"
    )
    # Some 800 such pairs know a chance of a sixth to within 2.6 points.
    assert chance[open_].mean() == pytest.approx(rate, abs=0.04)
    assert share[open_].mean() < rate - 0.05
