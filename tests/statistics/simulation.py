"""Articles of a known truth: sentences of one article are alike in their labels and in their errors."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, softmax

from toolkit.statistics.metrics import ArticleCounts

# Shares of the labels, and log odds of being right by label, as in the shipped corpus; the
# last is the background.
SHARES = np.array([0.15, 0.15, 0.15, 0.22, 0.33])
ODDS = np.array([1.2, 1.4, 1.0, 1.3, 1.8])
ACTS = (0, 1, 2, 3)
# A wrong prediction is another label, the frequent ones more often.
WRONG = np.where(np.eye(5, dtype=bool), 0, SHARES) / (1 - SHARES)[:, np.newaxis]


@dataclass(frozen=True)
class Design:
    """How alike the sentences of an article are.

    Attributes
    ----------
    n_articles : int
        Of 15 sentences on average, one at least.
    spread : float
        Standard deviation between articles of the log odds of being right.
    concentration : float
        Of the labels of an article around the shares: small is alike.
    shared : float
        Share of the spread's variance that all systems have in common.
    """

    n_articles: int
    spread: float
    concentration: float = 8.0
    shared: float = 0.5


# As the shipped test split: labels of an article hardly alike, and errors as much as the
# default model's, whose numbers vary between articles 1.39 times as much as by chance.
SHIPPED = Design(n_articles=137, spread=0.4, concentration=100.0)
# As news that nobody wrote for a corpus: an article has its own mix of labels, and some
# articles are hard.
GROUPED = Design(n_articles=137, spread=0.7, concentration=8.0)


def simulate(design, rng, skills=(0.0,)):
    """Draw articles and systems' predictions on them.

    Returns the confusions of shape (n_systems, n_articles, 5, 5) and which sentences are
    right, of shape (n_systems, n_sentences). A skill is added to the log odds.
    """
    sizes = np.maximum(1, rng.poisson(15, design.n_articles))
    article = np.repeat(np.arange(design.n_articles), sizes)
    mixes = rng.dirichlet(design.concentration * SHARES, design.n_articles)
    gold = pick(mixes[article], rng)
    common = rng.normal(0, design.spread * np.sqrt(design.shared), design.n_articles)
    counts, rights = [], []
    for skill in skills:
        own = rng.normal(0, design.spread * np.sqrt(1 - design.shared), design.n_articles)
        odds = ODDS[gold] + skill + (common + own)[article]
        right = rng.random(len(gold)) < 1 / (1 + np.exp(-odds))
        predicted = np.where(right, gold, pick(WRONG[gold], rng))
        cells = (article * 5 + gold) * 5 + predicted
        counts.append(np.bincount(cells, minlength=design.n_articles * 25).reshape(-1, 5, 5).astype(float))
        rights.append(right)
    return np.array(counts), np.array(rights)


def pick(shares, rng):
    """Draw a column of each row."""
    return (rng.random((len(shares), 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)


def expected_confusion(design, skill=0.0):
    """Shares of the cells among all sentences there could be, exact but for quadrature."""
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    odds = (ODDS + skill)[:, np.newaxis] + design.spread * points
    right = (1 / (1 + np.exp(-odds)) @ weights) / weights.sum()
    return SHARES[:, np.newaxis] * (np.diag(right) + (1 - right)[:, np.newaxis] * WRONG)


def uncalibrated(confusions):
    """Counts of articles without probabilities."""
    nothing = np.zeros((len(confusions), 0))
    return ArticleCounts(np.asarray(confusions, dtype=float), nothing, nothing)


def simulate_forecasts(n_articles, sharpness, rng, n_labels=5, alike=0.1):
    """Draw articles of 15 sentences on average, their probabilities and their labels.

    A label comes true as its probability says where ``sharpness`` is 1; below, less often than
    a high one says. Labels of an article are alike, and yet no less well foretold on average.
    Returns articles, probabilities, the true shares, and gold labels as numbers.
    """
    article = np.repeat(np.arange(n_articles), np.maximum(1, rng.poisson(15, n_articles)))
    scores = rng.normal(0, 2.5, (len(article), n_labels))
    proba, truth = (softmax(factor * scores, axis=1) for factor in (1, sharpness))
    common, own = rng.normal(size=n_articles), rng.normal(size=len(article))
    place = ndtr(np.sqrt(alike) * common[article] + np.sqrt(1 - alike) * own)
    return article, proba, truth, (place[:, np.newaxis] > truth.cumsum(axis=1)[:, :-1]).sum(axis=1)
