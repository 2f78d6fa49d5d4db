"""Probabilities of unlabelled sentences -> their label shares, and the probabilities those shares imply.

A classifier carries the label shares of what it learned from into every text. Where texts differ
in how often each label occurs but not in how a label is worded (label shift), Bayes' rule
exchanges one set of shares for another, and the new ones can be estimated without gold labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.statistics.resampling import bootstrap_weights

Floats = NDArray[np.float64]
# Chosen by experiments/priors.py, on predictions of the corpus drawn to batches with known shares.
PSEUDO_COUNT = 100.0
MAX_ITERATIONS = 10_000
# Largest change of a share, a thousandth of a percentage point, at which a resample counts as converged.
RESAMPLE_TOLERANCE = 1e-5
# Numbers per array while resamples are estimated: few enough to stay in the cache.
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ShareEstimate:
    """Label shares estimated from probabilities.

    Attributes
    ----------
    shares : ndarray of shape (n_labels,)
        They sum to 1.
    n_iterations : int
        Steps of expectation maximisation.
    converged : bool
        Whether the last step changed no share by more than the tolerance.
    """

    shares: Floats
    n_iterations: int
    converged: bool


def reweight(proba: ArrayLike, training_shares: ArrayLike, shares: ArrayLike, strength: float = 1.0) -> Floats:
    """Exchange the label shares that probabilities rest on.

    Parameters
    ----------
    proba : array-like of shape (n_sentences, n_labels)
        Rows that sum to 1.
    training_shares, shares : array-like of shape (n_labels,)
        Shares that the classifier takes for granted, above 0, and those of the text at hand.
    strength : float
        How far to go, 0 or more: 0 changes nothing, 0.5 goes half-way on the scale of log odds, 1 is Bayes' rule.

    Returns
    -------
    ndarray of shape (n_sentences, n_labels)
        Rows sum to 1. A row that would be all zeros is left unchanged.

    Raises
    ------
    ValueError
        If shapes do not match, shares are not proportions that sum to 1, or the strength is below 0.

    Examples
    --------
    A label ten times rarer here than in training has a tenth of the odds:

    >>> reweight([[0.5, 0.5]], [0.5, 0.5], [1 / 11, 10 / 11]).round(6).tolist()
    [[0.090909, 0.909091]]
    """
    proba, training, target = _checked(proba, training_shares, shares)
    if not 0 <= strength < np.inf:
        raise ValueError(f"a strength of {strength!r} came, expected a number from 0 up; 1 is Bayes' rule")
    weighted = proba * (target / training) ** strength
    total = weighted.sum(axis=1, keepdims=True)
    reweighted: Floats = np.divide(weighted, total, out=proba.copy(), where=total > 0)
    return reweighted


def estimate_shares(
    proba: ArrayLike,
    training_shares: ArrayLike,
    center: ArrayLike,
    pseudo_count: float = PSEUDO_COUNT,
    tolerance: float = 1e-8,
    max_iterations: int = MAX_ITERATIONS,
) -> ShareEstimate:
    """Estimate the label shares of unlabelled sentences by expectation maximisation.

    Each step reweights the probabilities to the current shares and takes their mean as the next
    shares [1]_. With a pseudo-count, ``center`` takes part in the mean like so many sentences more:
    the estimate is then the maximum a posteriori under a Dirichlet prior with the parameters
    ``1 + pseudo_count * center``, and no label can vanish.

    Parameters
    ----------
    proba : array-like of shape (n_sentences, n_labels)
        Calibrated probabilities; at least one row.
    training_shares : array-like of shape (n_labels,)
        Shares that the classifier takes for granted, above 0; see :func:`implied_shares`.
    center : array-like of shape (n_labels,)
        Shares that are expected of such texts; also where the search starts.
    pseudo_count : float
        How many sentences ``center`` is worth; with 0 the estimate is the maximum likelihood.
    tolerance : float
        Largest change of a share in a step at which the estimate has converged.
    max_iterations : int
        Steps after which to stop in any case.

    Returns
    -------
    ShareEstimate

    Raises
    ------
    ValueError
        If there is no sentence, shapes do not match, shares are not proportions that sum to 1, or the
        pseudo-count is below 0.

    References
    ----------
    .. [1] M. Saerens, P. Latinne and C. Decaestecker (2002). Adjusting the outputs of a
       classifier to new a priori probabilities. Neural Computation 14(1), 21-41.
       doi:10.1162/089976602753284446

    Examples
    --------
    A classifier trained on as many sentences of each label is certain of three of four:

    >>> proba = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.5, 0.5]]
    >>> estimate_shares(proba, [0.5, 0.5], [0.5, 0.5], pseudo_count=0).shares.round(6).tolist()
    [0.333333, 0.666667]
    >>> estimate_shares(proba, [0.5, 0.5], [0.5, 0.5], pseudo_count=1000).shares.round(3).tolist()
    [0.5, 0.5]
    """
    proba, training, prior = _checked(proba, training_shares, center)
    _check_estimable(proba, pseudo_count)
    likelihoods, shares = proba / training, prior.copy()
    n_total = len(proba) + pseudo_count
    for step in range(1, max_iterations + 1):
        expected = shares * (likelihoods.T @ (1 / (likelihoods @ shares)))
        previous, shares = shares, (expected + pseudo_count * prior) / n_total
        if np.abs(shares - previous).max() <= tolerance:
            return ShareEstimate(shares, step, True)
    return ShareEstimate(shares, max_iterations, False)


def share_intervals(
    proba: ArrayLike,
    training_shares: ArrayLike,
    center: ArrayLike,
    shares: ArrayLike,
    rng: np.random.Generator,
    articles: ArrayLike | None = None,
    pseudo_count: float = PSEUDO_COUNT,
    n_resamples: int = 200,
) -> Floats:
    """Return 95 % percentile intervals of estimated shares, from bootstrap resamples clustered by article.

    Each resample is estimated again. They show how the estimate varies with the sentences drawn, and
    not what it is off where the wording of labels differs from that of training.

    Parameters
    ----------
    proba, training_shares, center, pseudo_count
        As :func:`estimate_shares` takes them.
    shares : array-like of shape (n_labels,)
        What it returned for them.
    rng : numpy.random.Generator
        Source of all randomness.
    articles : array-like of shape (n_sentences,), optional
        Article of each sentence; without it each sentence is its own.
    n_resamples : int
        Number of resamples.

    Returns
    -------
    ndarray of shape (n_labels, 2)
        Lower and upper end of each label's share.

    Raises
    ------
    ValueError
        As :func:`estimate_shares`, or if there is not one article per sentence.

    Examples
    --------
    >>> proba, even = [[0.9, 0.1]] * 20 + [[0.2, 0.8]] * 60, [0.5, 0.5]
    >>> estimate = estimate_shares(proba, even, even, pseudo_count=0)
    >>> share_intervals(proba, even, even, estimate.shares, np.random.default_rng(0), pseudo_count=0).round(2).tolist()
    [[0.11, 0.39], [0.61, 0.89]]
    """
    proba, training, prior = _checked(proba, training_shares, center)
    _check_estimable(proba, pseudo_count)
    groups = np.arange(len(proba)) if articles is None else np.unique(np.asarray(articles), return_inverse=True)[1]
    if groups.shape != (len(proba),):
        raise ValueError(f"{len(groups)} articles came for {len(proba)} sentences; pass one per sentence")
    estimated = np.asarray(shares, dtype=float)
    likelihoods = proba / training
    # Near the estimate, a step of expectation maximisation shortens the distance by its Jacobian matrix, so that
    # the distance still to go is known: a few such steps replace dozens.
    posterior_ratios = likelihoods / (likelihoods @ estimated)[:, None]
    slopes = np.diag(posterior_ratios.sum(axis=0)) - estimated[:, None] * (posterior_ratios.T @ posterior_ratios)
    leap = np.linalg.pinv(np.eye(len(estimated)) - slopes / (len(proba) + pseudo_count)).T
    resampled = [
        _leap_to_shares(likelihoods, weights, estimated, leap, pseudo_count * prior)
        for weights in _weight_blocks(groups, n_resamples, rng)
    ]
    ends: Floats = np.quantile(np.concatenate(resampled), [0.025, 0.975], axis=0).T
    return ends


def implied_shares(proba: ArrayLike, gold_shares: ArrayLike, tolerance: float = 1e-9) -> Floats:
    """Return the label shares that a classifier takes for granted.

    These are the shares from which its probabilities of sentences with known label shares have to be
    reweighted so that their mean is those label shares: then :func:`estimate_shares` is exact on these
    sentences. Label shares of training would not do, since class weights, regularisation and
    training on several kinds of text move what a classifier believes.

    Parameters
    ----------
    proba : array-like of shape (n_sentences, n_labels)
        Probabilities of sentences that their classifier was not fitted to.
    gold_shares : array-like of shape (n_labels,)
        Shares of their gold labels, above 0.
    tolerance : float
        Largest relative change in a step at which to stop.

    Returns
    -------
    ndarray of shape (n_labels,)
        They sum to 1. A label without any probability keeps its gold share.

    Raises
    ------
    ValueError
        As :func:`estimate_shares`.

    Examples
    --------
    A classifier that knows nothing but its training returns what it believes:

    >>> implied_shares([[0.5, 0.5]] * 4, [0.25, 0.75]).round(6).tolist()
    [0.5, 0.5]
    """
    proba, gold, _ = _checked(proba, gold_shares, gold_shares)
    _check_estimable(proba, 0.0)
    is_given = proba.any(axis=0)
    proba, expected = proba[:, is_given], gold[is_given] / gold[is_given].sum()
    ratios = np.ones(len(expected))
    for _ in range(MAX_ITERATIONS):
        factors = expected / (ratios * (proba.T @ (1 / (proba @ ratios))) / len(proba))
        ratios *= factors / factors[expected.argmax()]
        if np.abs(factors - 1).max() <= tolerance:
            break
    implied = gold.copy()
    implied[is_given] = gold[is_given].sum() * (expected / ratios) / (expected / ratios).sum()
    return implied


def _weight_blocks(groups: NDArray[np.intp], n_resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield how often each sentence occurs in each resample, a few resamples at a time."""
    size = max(1, _BLOCK // len(groups))
    for first in range(0, n_resamples, size):
        yield bootstrap_weights(int(groups.max()) + 1, min(size, n_resamples - first), rng)[:, groups]


def _leap_to_shares(likelihoods: Floats, weights: Floats, start: Floats, leap: Floats, pseudo_counts: Floats) -> Floats:
    """Estimate the shares of each resample, shape (n_resamples, n_labels), from those of the whole."""
    shares = np.tile(start, (len(weights), 1))
    n_total = weights.sum(axis=1, keepdims=True) + pseudo_counts.sum()
    for _ in range(MAX_ITERATIONS):
        expected = shares * ((weights / (shares @ likelihoods.T)) @ likelihoods)
        stepped = (expected + pseudo_counts) / n_total
        leapt = shares + (stepped - shares) @ leap
        # Where a leap would leave the simplex, the plain step is sure to stay in it.
        previous, shares = shares, np.where((leapt > 0).all(axis=1, keepdims=True), leapt, stepped)
        if np.abs(shares - previous).max() <= RESAMPLE_TOLERANCE:
            break
    return shares


def _checked(proba: ArrayLike, training_shares: ArrayLike, shares: ArrayLike) -> tuple[Floats, Floats, Floats]:
    rows, training, target = (np.asarray(array, dtype=float) for array in (proba, training_shares, shares))
    n_labels = rows.shape[-1] if rows.ndim == 2 else -1
    if training.shape != (n_labels,) or target.shape != (n_labels,):
        raise ValueError(
            f"probabilities of shape {rows.shape} and shares of shapes {training.shape} and {target.shape} came, "
            "expected (n_sentences, n_labels) and (n_labels,); pass one share per label"
        )
    for name, given in (("training shares", training), ("shares", target)):
        if not (np.abs(given.sum() - 1) < 1e-3 and (given >= 0).all()):
            raise ValueError(f"{name} that sum to {given.sum():.6g} came, expected proportions that sum to 1")
    if not (training > 0).all():
        raise ValueError("a training share of 0 came, expected all above 0; leave such a label out")
    return rows, training, target


def _check_estimable(proba: Floats, pseudo_count: float) -> None:
    if len(proba) == 0:
        raise ValueError("no sentence came; pass at least one to estimate shares from")
    if not 0 <= pseudo_count < np.inf:
        raise ValueError(f"a pseudo-count of {pseudo_count!r} came, expected a number of sentences from 0 up")
