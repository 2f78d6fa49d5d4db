"""resampling: counts of a resample are those of its articles."""

import numpy as np

from toolkit.statistics import metrics, resampling
from toolkit.statistics.resampling import bootstrap_weights, leave_one_out, resample, sum_counts, weighted_sums

ABC = ("a", "b", "c")


def test_resampled_counts_are_those_of_the_articles_drawn(predictions):
    gold, predicted, proba, articles = predictions
    counts = metrics.count_articles(gold, predicted, proba, articles, ABC)
    weights = bootstrap_weights(20, 3, np.random.default_rng(1))
    rows = np.concatenate(
        [np.flatnonzero(articles == name) for name in np.repeat(np.arange(20), weights[0].astype(int))]
    )
    assert np.array_equal(
        weighted_sums(counts, weights).confusion[0], metrics.confusion(gold[rows], predicted[rows], ABC)
    )


def test_resamples_drawn_in_blocks_are_those_drawn_at_once(monkeypatch):
    rng = np.random.default_rng(2)
    counts = metrics.ArticleCounts(rng.integers(0, 9, (20, 3, 3)), rng.random((20, 2)), rng.integers(0, 9, (20, 10, 3)))
    whole = weighted_sums(counts, bootstrap_weights(20, 7, np.random.default_rng(1)))
    sizes = []
    monkeypatch.setattr(resampling, "BLOCK", 60)
    monkeypatch.setattr(
        resampling, "weighted_sums", lambda *given: sizes.append(len(given[1])) or weighted_sums(*given)
    )
    resampled = resample(counts, 7, np.random.default_rng(1))
    assert sizes == [3, 3, 1]
    assert (resampled.confusion == whole.confusion).all()
    assert (resampled.bins == whole.bins).all()
    np.testing.assert_allclose(resampled.losses, whole.losses, rtol=1e-12)


def test_article_left_out_is_as_if_it_never_was():
    rng = np.random.default_rng(0)
    gold, proba, articles = rng.integers(0, 2, 12), rng.dirichlet([1, 1], 12), np.repeat(np.arange(4), 3)
    names = np.array(["a", "b"])

    def count(rows):
        return metrics.count_articles(
            names[gold[rows]], names[proba[rows].argmax(axis=1)], proba[rows], articles[rows], ["a", "b"]
        )

    rest, without = leave_one_out(count(np.arange(12))), sum_counts(count(np.flatnonzero(articles != 2)))
    assert np.array_equal(rest.confusion[2], without.confusion)
    assert np.allclose(rest.losses[2], without.losses)
    assert np.allclose(rest.bins[2], without.bins)
