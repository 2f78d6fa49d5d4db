"""Two annotators' labels of the same sentences -> kappa and alpha, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.corpus.loading import COLLECTION, corpus_labels, open_corpus
from toolkit.exceptions import CorpusError
from toolkit.labels import LabelSet
from toolkit.statistics import Counts, Estimate, bootstrap_weights, encode, interval

if TYPE_CHECKING:
    from datasets import DatasetDict


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two annotators.

    Attributes
    ----------
    kappa, alpha : Estimate
        Cohen's kappa and Krippendorff's alpha over all labels.
    by_label : dict
        Cohen's kappa of each label against all others.
    confusion : ndarray of shape (n_labels, n_labels)
        Row: first annotator; column: second.
    n_sentences : int
        Sentences that both annotators labelled.
    by_collection : dict
        The same for each collection of the corpus, in alphabetical order; empty if it has none.
    """

    kappa: Estimate
    alpha: Estimate
    by_label: dict[str, Estimate]
    confusion: Counts
    n_sentences: int
    by_collection: dict[str, Agreement] = field(default_factory=dict)


def cohen_kappa(counts: Counts) -> Counts:
    """Measure agreement beyond what each annotator's own label frequencies would give, shape (...).

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
    The annotators agree on 35 of 50 sentences; 25 would be expected by chance:

    >>> round(float(cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]]))), 3)
    0.4
    """
    total = counts.sum(axis=(-2, -1))
    observed = np.trace(counts, axis1=-2, axis2=-1) / total
    expected = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
    return _beyond_chance(observed, expected)


def krippendorff_alpha(counts: Counts) -> Counts:
    """Measure agreement of two annotators beyond chance, for nominal labels, shape (...).

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Row: first annotator; column: second; both labelled every sentence.

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
    return _beyond_chance(observed, expected)


def _beyond_chance(observed: Counts, expected: Counts) -> Counts:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def measure_agreement(
    first: ArrayLike, second: ArrayLike, articles: ArrayLike, labels: LabelSet, n_resamples: int = 2000, seed: int = 0
) -> Agreement:
    """Measure how far two annotators agree, with 95 % intervals that resample articles.

    Parameters
    ----------
    first, second : array-like of shape (n_sentences,)
        Label names of the two annotators.
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    labels : LabelSet
        The label set.
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and the seed that decides them.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        If there is no sentence, the two differ in length, or a label is not in the set.

    Examples
    --------
    >>> labels = LabelSet.from_names(["yes", "no"])
    >>> codes = ["yes", "no", "no"]
    >>> measure_agreement(codes, codes, ["a", "a", "b"], labels, n_resamples=100).alpha.value
    1.0
    """
    first_codes, second_codes = encode(first, labels.names), encode(second, labels.names)
    if len(first_codes) == 0 or len(first_codes) != len(second_codes):
        raise ValueError(
            f"{len(first_codes)} first and {len(second_codes)} second labels came; pass one of each per sentence"
        )
    names, article = np.unique(np.asarray(articles), return_inverse=True)
    counts = np.zeros((len(names), len(labels.names), len(labels.names)))
    np.add.at(counts, (article, first_codes, second_codes), 1)
    weights = bootstrap_weights(len(names), n_resamples, np.random.default_rng(seed))
    total, resampled = counts.sum(axis=0), np.tensordot(weights, counts, axes=1)

    def estimate(counts: Counts, resamples: Counts, coefficient: Callable[[Counts], Counts] = cohen_kappa) -> Estimate:
        return Estimate(float(coefficient(counts)), *interval(coefficient(resamples)))

    by_label = {
        name: estimate(_against_rest(total, index), _against_rest(resampled, index))
        for index, name in enumerate(labels.names)
    }
    return Agreement(
        kappa=estimate(total, resampled),
        alpha=estimate(total, resampled, krippendorff_alpha),
        by_label=by_label,
        confusion=total,
        n_sentences=len(first_codes),
    )


def _against_rest(counts: Counts, index: int) -> Counts:
    """Reduce a confusion matrix to one label and all others, shape (..., 2, 2)."""
    both = counts[..., index, index]
    first_only = counts[..., index, :].sum(axis=-1) - both
    second_only = counts[..., :, index].sum(axis=-1) - both
    neither = counts.sum(axis=(-2, -1)) - both - first_only - second_only
    reduced: NDArray[np.float64] = np.stack(
        [np.stack([both, first_only], -1), np.stack([second_only, neither], -1)], -2
    )
    return reduced


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
    >>> from datasets import DatasetDict
    >>> kappa = agreement(DatasetDict(train=open_corpus("data")["train"].select(range(500)))).kappa
    >>> 0 < kappa.low < kappa.value < kappa.high < 1
    True
    """
    loaded = open_corpus(corpus, needed=())
    labels = corpus_labels(loaded)
    rows = [row for split in loaded.values() for row in split if row["first"] is not None and row["second"] is not None]
    if not rows:
        where = f" [{corpus}]" if isinstance(corpus, str | Path) else ""
        raise CorpusError([f"no sentence has both a first and a second label; annotate twice{where}"])

    def measure(rows: Sequence[Mapping[str, Any]]) -> Agreement:
        first, second = ([labels.names[row[annotator]] for row in rows] for annotator in ("first", "second"))
        return measure_agreement(first, second, [row["article"] for row in rows], labels)

    collections = sorted({row.get(COLLECTION) or "" for row in rows} - {""})
    parts = {name: measure([row for row in rows if row[COLLECTION] == name]) for name in collections}
    return replace(measure(rows), by_collection=parts)
