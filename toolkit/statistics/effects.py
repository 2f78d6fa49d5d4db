"""What two systems have right, and resampled differences -> how large and how firm a difference is."""

from __future__ import annotations

import numpy as np

from toolkit.statistics.metrics import TIE, Counts


def mcnemar_test(only_first: int, only_second: int) -> float:
    """Test whether two systems are right equally often, on the sentences where one is.

    This test takes sentences for independent. Those of one article are not: where errors
    come by article it cries wolf, and an article resampled or swapped whole is the sound
    test (:func:`toolkit.statistics.permutation.permutation_test`). It is here because readers ask for it.

    Parameters
    ----------
    only_first, only_second : int
        Sentences that only the first, and only the second, has right.

    Returns
    -------
    float
        Exact two-sided p-value; 1 where the two are never told apart.

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
    Of six such sentences the first has all right; a coin does so, or the reverse, in 2 of 64:

    >>> mcnemar_test(6, 0) == 2 / 64
    True
    """
    from scipy.special import bdtr

    _check_numbers(only_first, only_second)
    n_told = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n_told, 0.5)))


def cohen_g(only_first: int, only_second: int) -> float:
    """Say how far from half the first system's share is, of the sentences where one is right.

    It is the effect that McNemar's test tests for, and does not grow with the number of
    sentences. Cohen calls 0.05 small, 0.15 medium and 0.25 large.

    Parameters
    ----------
    only_first, only_second : int
        Sentences that only the first, and only the second, has right.

    Returns
    -------
    float
        In [-1/2, 1/2], above 0 where the first is right more often; ``nan`` where the two
        are never told apart.

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
    _check_numbers(only_first, only_second)
    n_told = only_first + only_second
    return only_first / n_told - 0.5 if n_told else float("nan")


def _check_numbers(only_first: int, only_second: int) -> None:
    if min(only_first, only_second) < 0:
        raise ValueError(
            f"{only_first} and {only_second} sentences came as right by one system only; expected counts, 0 or more"
        )


def standardised_difference(value: float, left_out: Counts) -> float:
    """Divide a difference by its standard deviation between articles.

    For a mean over articles of equal size this is Cohen's d of paired data, *dz*: the mean
    difference over the standard deviation of the differences. For any other score, such as
    macro F1, an article's difference is what leaving it out shows (the jackknife), which
    needs no draws. Unlike a test it does not grow with the number of articles.

    Parameters
    ----------
    value : float
        The difference of two scores.
    left_out : ndarray of shape (n_articles,)
        The difference without each article; undefined ones are left out.

    Returns
    -------
    float
        With the sign of the difference; ``nan`` where articles do not differ in it.

    References
    ----------
    .. [1] D. Lakens (2013). Calculating and reporting effect sizes to facilitate cumulative
       science. Frontiers in Psychology 4, 863. doi:10.3389/fpsyg.2013.00863
    .. [2] B. Efron and C. Stein (1981). The jackknife estimate of variance. Annals of
       Statistics 9(3), 586-596. doi:10.1214/aos/1176345462

    Examples
    --------
    Differences 1, 2 and 3 have mean 2 and standard deviation 1; without each, the mean is
    2.5, 2 and 1.5:

    >>> standardised_difference(2.0, np.array([2.5, 2.0, 1.5]))
    2.0
    """
    rest = left_out[~np.isnan(left_out)]
    if len(rest) < 2:
        return float("nan")
    deviation = float(np.sqrt((len(rest) - 1) * ((rest - rest.mean()) ** 2).sum()))
    return value / deviation if deviation > TIE else float("nan")


def reversal_proportion(resampled: Counts, value: float) -> float:
    """Share of resampled differences of the other sign than the difference found.

    This would be the chance that new articles reverse the order if the true difference
    were the one found. It is not known so well: see :func:`reversal_probability`.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One difference a resample; undefined ones are left out.
    value : float
        The difference found.

    Returns
    -------
    float
        In [0, 1]; a resampled difference of 0 counts half. It is known to one part in the
        number of resamples: 0 says "rarer than that", not "never". ``nan`` if the difference found
        is 0 or undefined: then there is no order to reverse.

    Examples
    --------
    One of four is below 0, one is 0:

    >>> reversal_proportion(np.array([3.0, 1.0, 0.0, -1.0]), 1.0) == 1.5 / 4
    True
    """
    drawn = resampled[~np.isnan(resampled)]
    if not abs(value) > TIE or len(drawn) == 0:
        return float("nan")
    return _share_below(drawn * np.sign(value), np.zeros(1))


def reversal_probability(resampled: Counts, value: float) -> float:
    """Estimate the chance that as many new articles would reverse the order of two systems.

    The systems stay as they are; only articles are new. The difference found lies off the
    truth, and that on new articles lies off the truth again, independently; both errors are
    those of resampled differences around the one found. So the difference on new articles
    is spread around the one found by the sum of two such errors, and this is the share of
    all pairs of resampled differences whose sum of errors turns its sign. Beforehand any
    true difference is held as likely as any other; if large ones are rare, as among near
    variants of one system, the chance is higher than this.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One difference a resample; undefined ones are left out.
    value : float
        The difference found.

    Returns
    -------
    float
        In [0, 1]; a sum of exactly 0 counts half, and 0 says "very rare", not "never".
        ``nan`` if the difference found is 0 or undefined: then there is no order to reverse.

    References
    ----------
    .. [1] P. R. Killeen (2005). An alternative to null-hypothesis significance tests.
       Psychological Science 16(5), 345-353. doi:10.1111/j.0956-7976.2005.01538.x

    Examples
    --------
    Errors are -2 and 2. Of the four pairs one, -2 with -2, takes 1 below 0:

    >>> reversal_probability(np.array([-1.0, 3.0]), 1.0)
    0.25
    """
    drawn = resampled[~np.isnan(resampled)]
    if not abs(value) > TIE or len(drawn) == 0:
        return float("nan")
    upright = drawn * np.sign(value)
    # first + (first - value) + (second - value) with the sign of value is below 0.
    return _share_below(upright, abs(value) - upright)


def _share_below(drawn: Counts, bounds: Counts) -> float:
    """Share of all pairs of drawn and bound in which the drawn is below; ties count half."""
    ordered = np.sort(drawn)
    below, not_above = (np.searchsorted(ordered, bounds + side) for side in (-TIE, TIE))
    return float((below + not_above).mean() / (2 * len(ordered)))
