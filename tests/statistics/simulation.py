"""Simulated articles with a known truth: sentences of one article have similar labels and similar errors."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, softmax

from toolkit.statistics.metrics import ArticleCounts

# Proportions of the labels, and log odds of a correct prediction by label, as in the shipped
# corpus; the last label is the background.
PROPORTIONS = np.array([0.15, 0.15, 0.15, 0.22, 0.33])
ODDS = np.array([1.2, 1.4, 1.0, 1.3, 1.8])
ACTS = (0, 1, 2, 3)
# A wrong prediction is one of the other labels, in proportion to their frequency.
WRONG = np.where(np.eye(5, dtype=bool), 0, PROPORTIONS) / (1 - PROPORTIONS)[:, np.newaxis]


@dataclass(frozen=True)
class Design:
    """How similar the sentences of an article are.

    Attributes
    ----------
    n_articles : int
        Articles of 15 sentences on average, and of at least one.
    spread : float
        Standard deviation between articles of the log odds of a correct prediction.
    concentration : float
        Of the labels of an article around the proportions: the lower, the more similar.
    shared : float
        Proportion of the variance between articles that all systems have in common.
    """

    n_articles: int
    spread: float
    concentration: float = 8.0
    shared: float = 0.5


# Like the shipped test split: labels of an article are hardly similar, and errors are as similar as
# those of the default model, whose numbers vary between articles 1.39 times as much as by chance.
SHIPPED = Design(n_articles=137, spread=0.4, concentration=100.0)
# Like real news: each article has its own mix of labels, and some articles are hard.
GROUPED = Design(n_articles=137, spread=0.7, concentration=8.0)


def simulate(design, rng, skills=(0.0,)):
    """Simulate articles and systems' predictions on them.

    Returns the confusions, of shape (n_systems, n_articles, 5, 5), and which sentences are
    predicted correctly, of shape (n_systems, n_sentences). A skill is added to the log odds.
    """
    sizes = np.maximum(1, rng.poisson(15, design.n_articles))
    article = np.repeat(np.arange(design.n_articles), sizes)
    mixes = rng.dirichlet(design.concentration * PROPORTIONS, design.n_articles)
    gold = pick(mixes[article], rng)
    common = rng.normal(0, design.spread * np.sqrt(design.shared), design.n_articles)
    counts, correct = [], []
    for skill in skills:
        own = rng.normal(0, design.spread * np.sqrt(1 - design.shared), design.n_articles)
        odds = ODDS[gold] + skill + (common + own)[article]
        hits = rng.random(len(gold)) < 1 / (1 + np.exp(-odds))
        predicted = np.where(hits, gold, pick(WRONG[gold], rng))
        cells = (article * 5 + gold) * 5 + predicted
        counts.append(np.bincount(cells, minlength=design.n_articles * 25).reshape(-1, 5, 5).astype(float))
        correct.append(hits)
    return np.array(counts), np.array(correct)


def pick(proba, rng):
    """Draw a column of each row by its probabilities."""
    return (rng.random((len(proba), 1)) > proba.cumsum(axis=1)[:, :-1]).sum(axis=1)


def expected_confusion(design, skill=0.0):
    """Return the expected proportions of the cells, exact up to quadrature."""
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    odds = (ODDS + skill)[:, np.newaxis] + design.spread * points
    accuracy = (1 / (1 + np.exp(-odds)) @ weights) / weights.sum()
    return PROPORTIONS[:, np.newaxis] * (np.diag(accuracy) + (1 - accuracy)[:, np.newaxis] * WRONG)


def counts_of(confusions):
    """Return counts of articles that hold confusions alone."""
    empty = np.zeros((len(confusions), 0))
    return ArticleCounts(np.asarray(confusions, dtype=float), empty, empty)


def simulate_forecasts(n_articles, sharpness, rng, n_labels=5, similarity=0.1):
    """Simulate articles of 15 sentences on average, their probabilities and their labels.

    The probabilities are calibrated if ``sharpness`` is 1, and overconfident below. Labels of an
    article are similar, and yet predicted as well on average. Returns articles, probabilities,
    true probabilities, and gold labels as numbers.
    """
    article = np.repeat(np.arange(n_articles), np.maximum(1, rng.poisson(15, n_articles)))
    scores = rng.normal(0, 2.5, (len(article), n_labels))
    proba, truth = (softmax(factor * scores, axis=1) for factor in (1, sharpness))
    common, own = rng.normal(size=n_articles), rng.normal(size=len(article))
    quantile = ndtr(np.sqrt(similarity) * common[article] + np.sqrt(1 - similarity) * own)
    return article, proba, truth, (quantile[:, np.newaxis] > truth.cumsum(axis=1)[:, :-1]).sum(axis=1)
