"""Labels and probabilities -> scores, by way of counts that resampling can add up.

Every score is a function of sums over sentences: a confusion matrix, or a small table of
calibration sums. The sums are kept per article, so that resampling articles adds up rows
of counts and never returns to the sentences. Functions of counts accept leading
dimensions and score all resamples at once. An undefined score is ``nan``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.float64]
N_BINS = 10
# Scores closer to each other than this differ by rounding alone.
TIE = 1e-12
# Probabilities are clipped here before the logarithm is taken: a model that is certain and
# wrong loses 13.8 nats, not infinitely many.
MIN_PROBABILITY = 1e-6


def confusion(y_true: ArrayLike, y_pred: ArrayLike, labels: Sequence[str]) -> Counts:
    """Count the sentences with each pair of gold and predicted label.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_sentences,)
        Gold and predicted labels.
    labels : sequence of str
        The full label set, in order.

    Returns
    -------
    ndarray of shape (n_labels, n_labels)
        Row: gold; column: predicted.

    Raises
    ------
    ValueError
        If a label is not in the set or the lengths differ.

    Examples
    --------
    >>> confusion(["a", "a", "b"], ["a", "b", "b"], labels=["a", "b"]).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    gold, predicted = encode(y_true, labels), encode(y_pred, labels)
    _check_lengths(gold, predicted)
    counts = np.zeros((len(labels), len(labels)))
    np.add.at(counts, (gold, predicted), 1)
    return counts


def article_confusions(
    y_true: ArrayLike, y_pred: ArrayLike, articles: ArrayLike, labels: Sequence[str], kept: ArrayLike | None = None
) -> Counts:
    """Count the sentences with each pair of gold and predicted label, by article.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_sentences,)
        Gold and predicted labels.
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    labels : sequence of str
        The full label set, in order.
    kept : array-like of bool, shape (n_sentences,), optional
        Sentences to count; all by default. An article without any keeps its row, all zeros, so
        that subsets of the same sentences have the same articles and can be resampled together.

    Returns
    -------
    ndarray of shape (n_articles, n_labels, n_labels)
        Articles in sorted order. Row: gold; column: predicted.

    Raises
    ------
    ValueError
        If a label is not in the set or the lengths differ.

    Examples
    --------
    >>> article_confusions(["a", "b"], ["a", "a"], ["x", "y"], ["a", "b"], kept=[True, False]).tolist()
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]
    """
    gold, predicted = encode(y_true, labels), encode(y_pred, labels)
    _check_lengths(gold, predicted)
    names, article = np.unique(np.asarray(articles), return_inverse=True)
    counts = np.zeros((len(names), len(labels), len(labels)))
    rows = slice(None) if kept is None else np.asarray(kept, dtype=bool)
    np.add.at(counts, (article[rows], gold[rows], predicted[rows]), 1)
    return counts


def encode(names: ArrayLike, labels: Sequence[str]) -> NDArray[np.intp]:
    """Turn label names into their indices in the label set, shape (n_sentences,).

    Raises
    ------
    ValueError
        If a name is not in the label set.

    Examples
    --------
    >>> encode(["no", "yes"], ["yes", "no"]).tolist()
    [1, 0]
    """
    index = {name: number for number, name in enumerate(labels)}
    flat = [str(name) for name in np.asarray(names).ravel()]
    unknown = sorted(set(flat) - set(index))
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is not in the label set ({', '.join(labels)}); pass the full set")
    return np.array([index[name] for name in flat], dtype=np.intp)


def _check_lengths(gold: NDArray[np.intp], predicted: NDArray[np.intp]) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold and {len(predicted)} predicted labels came; pass one of each per sentence")


def precision(counts: Counts) -> Counts:
    """Proportion of the sentences predicted as a label that have it, shape (..., n_labels)."""
    return _ratio(_diagonal(counts), counts.sum(axis=-2))


def recall(counts: Counts) -> Counts:
    """Proportion of the sentences with a label that are predicted as it, shape (..., n_labels)."""
    return _ratio(_diagonal(counts), counts.sum(axis=-1))


def f1(counts: Counts) -> Counts:
    """Harmonic mean of precision and recall, shape (..., n_labels).

    A gold label that is never predicted scores 0; a label that is neither gold nor
    predicted anywhere has no score.

    Examples
    --------
    >>> f1(np.array([[1.0, 1.0], [0.0, 1.0]])).tolist()
    [0.6666666666666666, 0.6666666666666666]
    """
    return _ratio(2 * _diagonal(counts), counts.sum(axis=-1) + counts.sum(axis=-2))


def macro_f1(counts: Counts, acts: Sequence[int]) -> Counts:
    """Mean F1 over some labels, shape (...): the headline score if these are the acts.

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Confusion matrices.
    acts : sequence of int
        Indices of the labels averaged. Confusion with any other label counts as an error.
        A label that is neither gold nor predicted anywhere is left out of the mean.
    """
    scores = f1(counts)[..., list(acts)]
    present = ~np.isnan(scores)
    return _ratio(np.where(present, scores, 0.0).sum(axis=-1), present.sum(axis=-1).astype(float))


def accuracy(counts: Counts) -> Counts:
    """Proportion of sentences predicted correctly, shape (...)."""
    return _ratio(_diagonal(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def mcc(counts: Counts) -> Counts:
    """Matthews correlation coefficient for several classes, in [-1, 1], shape (...).

    References
    ----------
    .. [1] J. Gorodkin (2004). Comparing two K-category assignments by a K-category
       correlation coefficient. Computational Biology and Chemistry 28, 367-374.
       doi:10.1016/j.compbiolchem.2004.09.006
    """
    total = counts.sum(axis=(-2, -1))
    gold, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    covariance = _diagonal(counts).sum(axis=-1) * total - (gold * predicted).sum(axis=-1)
    spread = (total**2 - (gold**2).sum(axis=-1)) * (total**2 - (predicted**2).sum(axis=-1))
    return _ratio(covariance, np.sqrt(spread))


def gold_proportion(counts: Counts) -> Counts:
    """Proportion of sentences that have each label, its base rate, shape (..., n_labels)."""
    return _ratio(counts.sum(axis=-1), counts.sum(axis=(-2, -1))[..., None])


def predicted_proportion(counts: Counts) -> Counts:
    """Proportion of sentences predicted as each label, shape (..., n_labels)."""
    return _ratio(counts.sum(axis=-2), counts.sum(axis=(-2, -1))[..., None])


def pooled_precision(counts: Counts, labels: Sequence[int]) -> Counts:
    """Proportion of the sentences predicted as one of some labels that have the predicted label, shape (...).

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Confusion matrices.
    labels : sequence of int
        Indices of the labels.

    Examples
    --------
    Of four sentences predicted as the first or second label, two have the predicted one:

    >>> counts = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 5.0]])
    >>> float(pooled_precision(counts, [0, 1]))
    0.5
    """
    chosen = list(labels)
    return _ratio(_diagonal(counts)[..., chosen].sum(axis=-1), counts.sum(axis=-2)[..., chosen].sum(axis=-1))


def expected_precision(counts: Counts, base_rates: ArrayLike) -> Counts:
    """Precision of each label where it is as common as given, by Bayes' rule, shape (..., n_labels, n_rates).

    Assumes prior shift [1]_: the rate at which sentences of the label are predicted as it, and
    the rate at which the other sentences are, both stay as they are in the counts.

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Confusion matrices.
    base_rates : array-like of shape (n_rates,)
        Proportions of sentences that have the label, in (0, 1).

    References
    ----------
    .. [1] J. G. Moreno-Torres, T. Raeder, R. Alaiz-Rodríguez, N. V. Chawla and F. Herrera
       (2012). A unifying view on dataset shift in classification. Pattern Recognition 45(1),
       521-530. doi:10.1016/j.patcog.2011.06.019

    Examples
    --------
    Half of the sentences have the first label; 8 in 10 are predicted as it, and 2 in 10 others.
    Where one in five has it, it is predicted correctly for 8 x 1 of 8 x 1 + 2 x 4:

    >>> counts = np.array([[8.0, 2.0], [2.0, 8.0]])
    >>> [round(float(value), 3) for value in expected_precision(counts, [0.5, 0.2])[0]]
    [0.8, 0.5]
    """
    gold, correct = counts.sum(axis=-1), _diagonal(counts)
    others = counts.sum(axis=(-2, -1))[..., None] - gold
    within, outside = _ratio(correct, gold)[..., None], _ratio(counts.sum(axis=-2) - correct, others)[..., None]
    rates = np.asarray(base_rates, dtype=float)
    return _ratio(within * rates, within * rates + outside * (1 - rates))


def _diagonal(counts: Counts) -> Counts:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _ratio(part: Counts, whole: Counts) -> Counts:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


@dataclass(frozen=True, slots=True)
class ArticleCounts:
    """Everything that the scores need, summed by article.

    Attributes
    ----------
    confusion : ndarray of shape (n_articles, n_labels, n_labels)
        Row: gold; column: predicted.
    losses : ndarray of shape (n_articles, 2)
        Sum of log losses (nats) and sum of Brier scores.
    bins : ndarray of shape (n_articles, n_bins, 3)
        In each of ten equal bins of the confidence of the prediction: number of sentences,
        sum of confidence, number of correct predictions.
    """

    confusion: Counts
    losses: Counts
    bins: Counts


def count_articles(
    y_true: ArrayLike, y_pred: ArrayLike, y_proba: ArrayLike, articles: ArrayLike, labels: Sequence[str]
) -> ArticleCounts:
    """Sum by article everything that the scores need.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_sentences,)
        Gold and predicted labels.
    y_proba : array-like of shape (n_sentences, n_labels)
        Probabilities in the order of ``labels``.
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    labels : sequence of str
        The full label set, in order.

    Returns
    -------
    ArticleCounts
        Articles in sorted order.

    Raises
    ------
    ValueError
        If there are no sentences, shapes differ, or probabilities do not sum to 1.
    """
    gold, predicted = encode(y_true, labels), encode(y_pred, labels)
    _check_lengths(gold, predicted)
    proba = np.asarray(y_proba, dtype=float)
    check_probabilities(proba, len(gold), len(labels))
    names, article = np.unique(np.asarray(articles), return_inverse=True)
    counts = np.zeros((len(names), len(labels), len(labels)))
    np.add.at(counts, (article, gold, predicted), 1)

    rows = np.arange(len(gold))
    losses = np.zeros((len(names), 2))
    np.add.at(losses[:, 0], article, -np.log(np.maximum(proba[rows, gold], MIN_PROBABILITY)))
    np.add.at(losses[:, 1], article, ((proba - np.eye(len(labels))[gold]) ** 2).sum(axis=1))

    confidence = proba[rows, predicted]
    number = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    bins = np.zeros((len(names), N_BINS, 3))
    correct = (gold == predicted).astype(float)
    np.add.at(bins, (article, number), np.stack([np.ones(len(gold)), confidence, correct], axis=1))
    return ArticleCounts(counts, losses, bins)


def confusion_only(counts: ArticleCounts) -> ArticleCounts:
    """Drop what only scores of probabilities need, which more than halves the cost of resampling.

    Parameters
    ----------
    counts : ArticleCounts
        Counts of n articles.

    Returns
    -------
    ArticleCounts
        Without columns in ``losses`` and bins in ``bins``: enough for scores of the confusion
        matrix alone, such as the headline.

    Examples
    --------
    >>> counts = count_articles(["a"], ["b"], [[0.4, 0.6]], ["x"], labels=["a", "b"])
    >>> confusion_only(counts).confusion.tolist(), confusion_only(counts).bins.shape
    ([[[0.0, 1.0], [0.0, 0.0]]], (1, 0, 3))
    """
    return ArticleCounts(counts.confusion, counts.losses[:, :0], counts.bins[:, :0])


def check_probabilities(proba: NDArray[np.float64], n_sentences: int, n_labels: int) -> None:
    """Raise ``ValueError`` unless each sentence has one probability per label and they sum to 1."""
    if n_sentences == 0:
        raise ValueError("no sentence came; pass at least one to score")
    if proba.shape != (n_sentences, n_labels):
        raise ValueError(
            f"probabilities of shape {proba.shape} came, expected {(n_sentences, n_labels)}; pass one row per sentence"
        )
    wrong = np.flatnonzero(~(np.abs(proba.sum(axis=1) - 1) < 1e-3) | (proba < 0).any(axis=1))
    if len(wrong):
        raise ValueError(
            f"the probabilities of sentence {wrong[0]} sum to {proba[wrong[0]].sum():.6g}; expected 1, none below 0"
        )


def log_loss(losses: Counts, n_sentences: Counts) -> Counts:
    """Mean negative log probability of the gold label in nats, shape (...)."""
    return _ratio(losses[..., 0], n_sentences)


def brier(losses: Counts, n_sentences: Counts) -> Counts:
    """Mean squared distance between the probabilities and the gold label, in [0, 2], shape (...).

    References
    ----------
    .. [1] G. W. Brier (1950). Verification of forecasts expressed in terms of
       probability. Monthly Weather Review 78(1), 1-3.
       doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    return _ratio(losses[..., 1], n_sentences)


def expected_calibration_error(bins: Counts) -> Counts:
    """Mean distance between confidence and accuracy over ten equal bins, shape (...).

    Parameters
    ----------
    bins : ndarray of shape (..., n_bins, 3)
        By confidence: number of sentences, sum of confidence, number of correct predictions.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017). On calibration of modern
       neural networks. ICML. arXiv:1706.04599

    Examples
    --------
    Four sentences at confidence 0.75, of which two are predicted correctly:

    >>> float(expected_calibration_error(np.array([[4.0, 3.0, 2.0]])))
    0.25
    """
    error: Counts = np.abs(calibration_gaps(bins)).sum(axis=-1)
    return error


def calibration_gaps(bins: Counts) -> Counts:
    """Confidence minus accuracy of each bin, weighted by its proportion of sentences, shape (..., n_bins).

    Parameters
    ----------
    bins : ndarray of shape (..., n_bins, 3)
        As in :func:`expected_calibration_error`.

    Examples
    --------
    >>> calibration_gaps(np.array([[4.0, 3.0, 2.0], [4.0, 3.0, 4.0]])).tolist()
    [0.125, -0.125]
    """
    return _ratio(bins[..., 1] - bins[..., 2], bins[..., 0].sum(axis=-1, keepdims=True))
