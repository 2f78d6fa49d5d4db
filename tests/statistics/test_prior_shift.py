"""prior_shift: shares are the likeliest ones, recover a known shift, and their intervals cover it."""

import time

import numpy as np
import pytest
from scipy.optimize import minimize

from toolkit.statistics.prior_shift import estimate_shares, implied_shares, reweight, share_intervals

EVEN = np.array([0.5, 0.5])
TRAINING = np.array([0.2, 0.3, 0.5])
# Three labels whose sentences lie around corners of a triangle in the plane.
CORNERS = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])


def draw(shares, n_sentences, rng, training=TRAINING):
    """Draw sentences and the probabilities of a classifier that knows how they are made, but for their shares."""
    gold = rng.choice(3, n_sentences, p=shares)
    points = CORNERS[gold] + rng.normal(size=(n_sentences, 2))
    likelihoods = np.exp(-((points[:, None] - CORNERS) ** 2).sum(axis=2) / 2)
    return gold, reweight(likelihoods / likelihoods.sum(axis=1, keepdims=True), np.full(3, 1 / 3), training)


def test_odds_change_as_the_ratio_of_the_shares():
    # Odds of 1:1 where a is half of training: where it is 1 / 5, they are 1:4.
    assert reweight([[0.5, 0.5]], EVEN, [0.2, 0.8])[0] == pytest.approx([1 / 5, 4 / 5])
    # Half-way, the factor of 4 becomes one of 2.
    assert reweight([[0.5, 0.5]], EVEN, [0.2, 0.8], strength=0.5)[0] == pytest.approx([1 / 3, 2 / 3])


def test_equal_shares_no_strength_and_certainty_change_nothing():
    proba = np.array([[0.1, 0.2, 0.7], [1.0, 0.0, 0.0]])
    assert reweight(proba, TRAINING, TRAINING) == pytest.approx(proba)
    assert reweight(proba, TRAINING, [0.8, 0.1, 0.1], strength=0) == pytest.approx(proba)
    assert reweight(proba, TRAINING, [0.1, 0.8, 0.1])[1].tolist() == [1, 0, 0]
    # The only label that the sentence can have has no share: nothing says which other it should be.
    assert reweight(proba, TRAINING, [0.0, 0.5, 0.5])[1].tolist() == [1, 0, 0]


def test_there_and_back_is_the_same():
    shares = np.array([0.6, 0.1, 0.3])
    _, proba = draw(TRAINING, 50, np.random.default_rng(0))
    assert reweight(reweight(proba, TRAINING, shares), shares, TRAINING) == pytest.approx(proba)
    assert reweight(np.zeros((0, 3)), TRAINING, shares).shape == (0, 3)


@pytest.mark.parametrize("pseudo_count", [0.0, 50.0])
def test_estimate_maximises_the_posterior(pseudo_count):
    _, proba = draw([0.6, 0.3, 0.1], 300, np.random.default_rng(1))
    center = np.array([0.3, 0.3, 0.4])

    def loss(free):
        shares = np.exp([*free, 0.0]) / np.exp([*free, 0.0]).sum()
        return -np.log(proba / TRAINING @ shares).sum() - pseudo_count * center @ np.log(shares)

    free = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-6}).x
    expected = np.exp([*free, 0.0]) / np.exp([*free, 0.0]).sum()
    estimate = estimate_shares(proba, TRAINING, center, pseudo_count)
    assert estimate.converged
    assert estimate.shares == pytest.approx(expected, abs=1e-5)


def test_estimate_without_a_prior_is_that_of_quapy():
    aggregative = pytest.importorskip("quapy.method.aggregative")
    _, proba = draw([0.6, 0.3, 0.1], 300, np.random.default_rng(1))
    expected, _ = aggregative.EMQ.EM(TRAINING, proba, epsilon=1e-9)
    estimate = estimate_shares(proba, TRAINING, TRAINING, pseudo_count=0)
    assert estimate.shares == pytest.approx(expected, abs=1e-4)


def test_large_sample_recovers_the_shares_it_was_drawn_with():
    shares = [0.05, 0.15, 0.8]
    gold, proba = draw(shares, 20_000, np.random.default_rng(2))
    estimate = estimate_shares(proba, TRAINING, TRAINING)
    assert estimate.shares == pytest.approx(shares, abs=0.015)
    right = [(table.argmax(axis=1) == gold).mean() for table in (proba, reweight(proba, TRAINING, estimate.shares))]
    assert right[1] > right[0]


def test_center_counts_as_so_many_sentences():
    # Certain probabilities: 10 of 10 sentences have label 0, and 30 more are half and half.
    estimate = estimate_shares([[1.0, 0.0]] * 10, EVEN, EVEN, pseudo_count=30)
    assert estimate.shares == pytest.approx([25 / 40, 15 / 40])
    assert estimate_shares([[1.0, 0.0]] * 10, EVEN, EVEN, pseudo_count=0).shares[1] == 0


def test_estimate_says_whether_it_converged():
    _, proba = draw([0.6, 0.3, 0.1], 50, np.random.default_rng(3))
    estimate = estimate_shares(proba, TRAINING, TRAINING, max_iterations=2)
    assert (estimate.n_iterations, estimate.converged) == (2, False)


def test_order_of_sentences_and_doubling_do_not_matter():
    _, proba = draw([0.6, 0.3, 0.1], 60, np.random.default_rng(3))
    expected = estimate_shares(proba, TRAINING, TRAINING, pseudo_count=10).shares
    assert estimate_shares(proba[::-1], TRAINING, TRAINING, pseudo_count=10).shares == pytest.approx(expected)
    doubled = estimate_shares(np.vstack([proba, proba]), TRAINING, TRAINING, pseudo_count=20)
    assert doubled.shares == pytest.approx(expected)
    turned = estimate_shares(proba[:, ::-1], TRAINING[::-1], TRAINING[::-1], pseudo_count=10)
    assert turned.shares == pytest.approx(expected[::-1])


def test_implied_shares_make_the_estimate_exact_where_gold_labels_are_known():
    shares = np.array([0.1, 0.2, 0.7])
    gold, proba = draw(shares, 500, np.random.default_rng(4))
    counted = np.bincount(gold, minlength=3) / 500
    # Skewed beliefs, as of a classifier with class weights.
    skewed = reweight(proba, TRAINING, [0.6, 0.2, 0.2])
    implied = implied_shares(skewed, counted)
    assert reweight(skewed, implied, counted).mean(axis=0) == pytest.approx(counted)
    assert estimate_shares(skewed, implied, TRAINING, pseudo_count=0).shares == pytest.approx(counted, abs=1e-4)
    assert implied == pytest.approx([0.6, 0.2, 0.2], abs=0.06)


def test_label_without_any_probability_keeps_its_share():
    implied = implied_shares([[0.5, 0.5, 0.0]] * 4, [0.45, 0.45, 0.1])
    assert implied == pytest.approx([0.45, 0.45, 0.1])


def test_resamples_are_estimated_like_the_whole():
    _, proba = draw([0.6, 0.3, 0.1], 200, np.random.default_rng(5))
    whole = estimate_shares(proba, TRAINING, TRAINING, 20)
    rng = np.random.default_rng(6)
    drawn = np.random.default_rng(6).multinomial(200, np.full(200, 1 / 200), size=20)
    resampled = [estimate_shares(np.repeat(proba, times, axis=0), TRAINING, TRAINING, 20).shares for times in drawn]
    expected = np.quantile(resampled, [0.025, 0.975], axis=0).T
    given = share_intervals(proba, TRAINING, TRAINING, whole.shares, rng, pseudo_count=20, n_resamples=20)
    assert given == pytest.approx(expected, abs=1e-4)


def test_intervals_by_article_are_wider_where_an_article_repeats_itself():
    _, proba = draw([0.6, 0.3, 0.1], 40, np.random.default_rng(7))
    copies, articles = np.repeat(proba, 10, axis=0), np.repeat(np.arange(40), 10).astype(str)
    shares = estimate_shares(copies, TRAINING, TRAINING).shares
    by_article, by_sentence = (
        np.diff(share_intervals(copies, TRAINING, TRAINING, shares, np.random.default_rng(0), groups)).ravel()
        for groups in (articles, None)
    )
    assert (by_article > 2 * by_sentence).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"proba": np.zeros((0, 2))}, "no sentence came; pass at least one"),
        ({"proba": [[0.2, 0.3, 0.5]]}, r"probabilities of shape \(1, 3\) and shares of shapes \(2,\) and \(2,\) came"),
        ({"proba": [0.5, 0.5]}, r"probabilities of shape \(2,\)"),
        ({"training_shares": [0.0, 1.0]}, "a training share of 0 came, expected all above 0"),
        ({"center": [0.5, 0.4]}, "shares that sum to 0.9 came, expected proportions that sum to 1"),
        ({"center": [1.5, -0.5]}, "expected proportions"),
        ({"pseudo_count": -1}, "a pseudo-count of -1 came, expected a number of sentences from 0 up"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {"proba": [[0.5, 0.5]], "training_shares": EVEN, "center": EVEN}
    with pytest.raises(ValueError, match=message):
        estimate_shares(**arguments | change)


def test_negative_strength_and_missing_articles_are_refused():
    with pytest.raises(ValueError, match="a strength of -1 came, expected a number from 0 up"):
        reweight([[0.5, 0.5]], EVEN, EVEN, strength=-1)
    with pytest.raises(ValueError, match="1 articles came for 2 sentences"):
        share_intervals([[0.5, 0.5]] * 2, EVEN, EVEN, EVEN, np.random.default_rng(0), articles=["a"])


@pytest.mark.slow
def test_ten_thousand_sentences_take_less_than_two_seconds():
    _, proba = draw([0.6, 0.3, 0.1], 10_000, np.random.default_rng(8))
    shares = estimate_shares(proba, TRAINING, TRAINING).shares
    start = time.perf_counter()
    share_intervals(proba, TRAINING, TRAINING, shares, np.random.default_rng(0))
    assert time.perf_counter() - start < 2


@pytest.mark.slow
def test_intervals_cover_the_shares_nineteen_times_in_twenty():
    shares, covered = np.array([0.1, 0.3, 0.6]), []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        _, proba = draw(shares, 400, rng)
        estimate = estimate_shares(proba, TRAINING, shares, pseudo_count=0)
        low, high = share_intervals(proba, TRAINING, shares, estimate.shares, rng, pseudo_count=0).T
        covered.append((low <= shares) & (shares <= high))
    assert (np.mean(covered, axis=0) > 0.9).all()


@pytest.mark.slow
def test_default_prior_helps_few_sentences_and_leaves_many_alone():
    """Mean error of the shares, in percentage points, where they are as expected and where they are not."""
    center, errors = np.array([0.05, 0.15, 0.8]), {}
    for name, shares in (("expected", center), ("shifted", np.array([0.15, 0.25, 0.6]))):
        for n_sentences in (50, 1000):
            for pseudo_count in (0, 100, 1000):
                off = []
                for seed in range(60):
                    gold, proba = draw(shares, n_sentences, np.random.default_rng(seed))
                    estimated = estimate_shares(proba, TRAINING, center, pseudo_count, 1e-5).shares
                    off.append(np.abs(estimated - np.bincount(gold, minlength=3) / n_sentences).mean())
                errors[name, n_sentences, pseudo_count] = 100 * np.mean(off)
    assert errors["expected", 50, 100] < errors["expected", 50, 0]
    assert errors["expected", 1000, 100] < errors["expected", 1000, 0] < 2
    assert errors["shifted", 1000, 100] < errors["shifted", 1000, 1000]
    assert errors["shifted", 1000, 100] < errors["shifted", 50, 100]
