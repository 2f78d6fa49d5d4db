"""Two annotations of the same sentences -> how far they agree, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.corpus.loading import corpus_labels, load_corpus
from toolkit.exceptions import CorpusError
from toolkit.labels import LabelSet
from toolkit.statistics.metrics import Counts, encode
from toolkit.statistics.resampling import bootstrap_weights, interval

if TYPE_CHECKING:
    from datasets import DatasetDict

Estimate = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two annotators; each figure is (value, low, high).

    Attributes
    ----------
    kappa, alpha : tuple of float
        Cohen's kappa and Krippendorff's alpha over all labels.
    by_label : dict
        Cohen's kappa of each label against all others.
    confusion : ndarray of shape (n_labels, n_labels)
        Row: first annotator; column: second.
    n_sentences : int
        Sentences that both have labelled.
    """

    kappa: Estimate
    alpha: Estimate
    by_label: dict[str, Estimate]
    confusion: Counts
    n_sentences: int


def cohen_kappa(counts: Counts) -> Counts:
    """Agreement beyond what the two annotators' own habits give, shape (...).

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Row: first annotator; column: second.

    References
    ----------
    .. [1] J. Cohen (1960). A coefficient of agreement for nominal scales. Educational and
       Psychological Measurement 20(1), 37-46. doi:10.1177/001316446002000104

    Examples
    --------
    Of 50 cases 35 agree, where habit alone would give 25:

    >>> round(float(cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]]))), 3)
    0.4
    """
    total = counts.sum(axis=(-2, -1))
    observed = np.trace(counts, axis1=-2, axis2=-1) / total
    expected = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
    return _beyond(observed, expected)


def krippendorff_alpha(counts: Counts) -> Counts:
    """Agreement beyond chance for nominal labels of two annotators, shape (...).

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Row: first annotator; column: second; no label missing.

    References
    ----------
    .. [1] K. Krippendorff (2011). Computing Krippendorff's alpha-reliability.
       https://repository.upenn.edu/asc_papers/43

    Examples
    --------
    >>> float(krippendorff_alpha(np.array([[2.0, 0.0], [0.0, 2.0]])))
    1.0
    """
    coincidences = counts + np.swapaxes(counts, -1, -2)
    values = coincidences.sum(axis=-1)
    total = values.sum(axis=-1)
    observed = np.trace(coincidences, axis1=-2, axis2=-1) / total
    expected = (values * (values - 1)).sum(axis=-1) / (total * (total - 1))
    return _beyond(observed, expected)


def _beyond(observed: Counts, expected: Counts) -> Counts:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def measure_agreement(
    first: ArrayLike, second: ArrayLike, articles: ArrayLike, labels: LabelSet, n_resamples: int = 2000, seed: int = 0
) -> Agreement:
    """Measure how far two annotators agree, with 95 % intervals over resampled articles.

    Parameters
    ----------
    first, second : array-like of shape (n_sentences,)
        Label names of the two annotators.
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    labels : LabelSet
        The label set.
    n_resamples, seed : int
        How often articles are drawn, and what decides the draws.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        If there is no sentence or a label is not in the set.
    """
    one, two = encode(first, labels.names), encode(second, labels.names)
    if len(one) == 0 or len(one) != len(two):
        raise ValueError(f"{len(one)} first and {len(two)} second labels came; pass one of each a sentence")
    names, article = np.unique(np.asarray(articles), return_inverse=True)
    counts = np.zeros((len(names), len(labels.names), len(labels.names)))
    np.add.at(counts, (article, one, two), 1)
    weights = bootstrap_weights(len(names), n_resamples, np.random.default_rng(seed))
    once, resampled = counts.sum(axis=0), np.tensordot(weights, counts, axes=1)

    def estimate(summed: Counts, drawn: Counts, alpha: bool = False) -> Estimate:
        scoring = krippendorff_alpha if alpha else cohen_kappa
        return (float(scoring(summed)), *interval(scoring(drawn)))

    by_label = {
        name: estimate(_against_rest(once, place), _against_rest(resampled, place))
        for place, name in enumerate(labels.names)
    }
    return Agreement(estimate(once, resampled), estimate(once, resampled, alpha=True), by_label, once, len(one))


def _against_rest(counts: Counts, place: int) -> Counts:
    """Fold a confusion matrix to one label and all others, shape (..., 2, 2)."""
    both = counts[..., place, place]
    first = counts[..., place, :].sum(axis=-1) - both
    second = counts[..., :, place].sum(axis=-1) - both
    rest = counts.sum(axis=(-2, -1)) - both - first - second
    folded: NDArray[np.float64] = np.stack([np.stack([both, first], -1), np.stack([second, rest], -1)], -2)
    return folded


def agreement(corpus: str | Path | DatasetDict = "data") -> Agreement:
    """Measure how far the two annotators of a corpus agree, on sentences that both have labelled.

    Parameters
    ----------
    corpus : str, Path or DatasetDict
        A corpus folder, which may lack a test split, or a corpus already loaded.

    Returns
    -------
    Agreement

    Raises
    ------
    CorpusError
        If the folder does not hold a valid corpus, or no sentence has both labels.

    Examples
    --------
    >>> kappa, low, high = agreement("data").kappa
    >>> 0 < low < kappa < high < 1
    True
    """
    loaded = load_corpus(corpus, needed=()) if isinstance(corpus, str | Path) else corpus
    labels = corpus_labels(loaded)
    rows = [row for split in loaded.values() for row in split if row["first"] is not None and row["second"] is not None]
    if not rows:
        where = f" [{corpus}]" if isinstance(corpus, str | Path) else ""
        raise CorpusError([f"no sentence has both a first and a second label; annotate twice{where}"])
    first, second = ([labels.names[row[annotator]] for row in rows] for annotator in ("first", "second"))
    return measure_agreement(first, second, [row["article"] for row in rows], labels)
