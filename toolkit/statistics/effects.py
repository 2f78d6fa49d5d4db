"""Correct predictions of two systems and resampled differences -> how large and how certain a difference is."""

from __future__ import annotations

import numpy as np

from toolkit.statistics.metrics import TIE, Counts


def mcnemar_test(only_first: int, only_second: int) -> float:
    """Test whether two systems are correct equally often, on the sentences where exactly one is.

    The test assumes that sentences are independent. Sentences of one article are not: where
    errors cluster by article it rejects too often, and the valid test is the one that permutes
    whole articles (:func:`toolkit.statistics.permutation.permutation_test`). It is included
    because readers ask for it.

    Parameters
    ----------
    only_first, only_second : int
        Sentences that only the first, and only the second, system predicts correctly.

    Returns
    -------
    float
        Exact two-sided p-value; 1 if both numbers are 0.

    Raises
    ------
    ValueError
        If a number is below 0.

    References
    ----------
    .. [1] Q. McNemar (1947). Note on the sampling error of the difference between
       correlated proportions or percentages. Psychometrika 12, 153-157.
       doi:10.1007/BF02295996

    Examples
    --------
    The first system is correct on all six such sentences. Of the 64 outcomes of six coin
    tosses, 2 are as one-sided:

    >>> mcnemar_test(6, 0) == 2 / 64
    True
    """
    from scipy.special import bdtr

    _check_counts(only_first, only_second)
    n_discordant = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n_discordant, 0.5)))


def cohen_g(only_first: int, only_second: int) -> float:
    """Return how far the first system's proportion of the sentences where exactly one is correct lies from 1/2.

    This is the effect size that belongs to McNemar's test; it does not grow with the number
    of sentences. Cohen calls 0.05 small, 0.15 medium and 0.25 large.

    Parameters
    ----------
    only_first, only_second : int
        Sentences that only the first, and only the second, system predicts correctly.

    Returns
    -------
    float
        In [-1/2, 1/2], above 0 if the first system is correct more often; ``nan`` if both
        numbers are 0.

    Raises
    ------
    ValueError
        If a number is below 0.

    References
    ----------
    .. [1] J. Cohen (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd
       edition, chapter 5. Erlbaum. doi:10.4324/9780203771587

    Examples
    --------
    >>> cohen_g(3, 1)
    0.25
    """
    _check_counts(only_first, only_second)
    n_discordant = only_first + only_second
    return only_first / n_discordant - 0.5 if n_discordant else float("nan")


def _check_counts(only_first: int, only_second: int) -> None:
    if min(only_first, only_second) < 0:
        raise ValueError(
            f"{only_first} and {only_second} sentences came as correct for one system only; expected counts, 0 or more"
        )


def standardised_difference(value: float, left_out: Counts) -> float:
    """Divide a difference by its standard deviation between articles.

    For a mean over articles of equal size this is Cohen's d for paired data, *dz*: the mean
    difference over the standard deviation of the differences. For any other score, such as
    macro F1, the difference of one article is what leaving it out changes (the jackknife),
    which needs no resamples. Unlike a test statistic it does not grow with the number of articles.

    Parameters
    ----------
    value : float
        The difference between two scores.
    left_out : ndarray of shape (n_articles,)
        The difference without each article; undefined ones are ignored.

    Returns
    -------
    float
        With the sign of the difference; ``nan`` if it does not vary between articles.

    References
    ----------
    .. [1] D. Lakens (2013). Calculating and reporting effect sizes to facilitate cumulative
       science. Frontiers in Psychology 4, 863. doi:10.3389/fpsyg.2013.00863
    .. [2] B. Efron and C. Stein (1981). The jackknife estimate of variance. Annals of
       Statistics 9(3), 586-596. doi:10.1214/aos/1176345462

    Examples
    --------
    Differences 1, 2 and 3 have mean 2 and standard deviation 1. Leaving out each in turn, the
    mean is 2.5, 2 and 1.5:

    >>> standardised_difference(2.0, np.array([2.5, 2.0, 1.5]))
    2.0
    """
    defined = left_out[~np.isnan(left_out)]
    if len(defined) < 2:
        return float("nan")
    deviation = float(np.sqrt((len(defined) - 1) * ((defined - defined.mean()) ** 2).sum()))
    return value / deviation if deviation > TIE else float("nan")


def reversal_proportion(resampled: Counts, value: float) -> float:
    """Return the proportion of resampled differences whose sign is opposite to that of the observed difference.

    This would be the probability that new articles reverse the order if the true difference
    were equal to the observed one. The true difference is not known that well: see
    :func:`reversal_probability`.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One difference per resample; undefined ones are ignored.
    value : float
        The observed difference.

    Returns
    -------
    float
        In [0, 1]; a resampled difference of 0 counts as half. Its resolution is one over the
        number of resamples, so 0 means "rarer than that", not "never". ``nan`` if the observed
        difference is 0 or undefined: there is no order to reverse.

    Examples
    --------
    One of four differences is below 0, one is 0:

    >>> reversal_proportion(np.array([3.0, 1.0, 0.0, -1.0]), 1.0) == 1.5 / 4
    True
    """
    defined = resampled[~np.isnan(resampled)]
    if not abs(value) > TIE or len(defined) == 0:
        return float("nan")
    return _proportion_below(defined * np.sign(value), np.zeros(1))


def reversal_probability(resampled: Counts, value: float) -> float:
    """Estimate the probability that the same number of new articles would reverse the order of two systems.

    The systems stay the same; only the articles are new. The observed difference deviates from
    the true one, and the difference on new articles deviates from the true one again,
    independently; both errors are distributed like the resampled differences around the
    observed one. The difference on new articles is therefore spread around the observed one by
    the sum of two such errors, and the probability is the proportion of all pairs of resampled
    differences whose errors sum to a reversal. The prior on the true difference is flat; if
    large differences are rare, as between close variants of one system, the probability is higher.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One difference per resample; undefined ones are ignored.
    value : float
        The observed difference.

    Returns
    -------
    float
        In [0, 1]; a sum of exactly 0 counts as half, and 0 means "very rare", not "never".
        ``nan`` if the observed difference is 0 or undefined: there is no order to reverse.

    References
    ----------
    .. [1] P. R. Killeen (2005). An alternative to null-hypothesis significance tests.
       Psychological Science 16(5), 345-353. doi:10.1111/j.0956-7976.2005.01538.x

    Examples
    --------
    The errors are -2 and 2. One of the four pairs, -2 with -2, takes 1 below 0:

    >>> reversal_probability(np.array([-1.0, 3.0]), 1.0)
    0.25
    """
    defined = resampled[~np.isnan(resampled)]
    if not abs(value) > TIE or len(defined) == 0:
        return float("nan")
    upright = defined * np.sign(value)
    # The order is reversed if value + (first - value) + (second - value) < 0, so if first < value - second.
    return _proportion_below(upright, abs(value) - upright)


def _proportion_below(values: Counts, bounds: Counts) -> float:
    """Return the proportion of all pairs of value and bound in which the value is below; ties count as half."""
    ordered = np.sort(values)
    below, not_above = (np.searchsorted(ordered, bounds + side) for side in (-TIE, TIE))
    return float((below + not_above).mean() / (2 * len(ordered)))
