"""Texts -> pairs that share much of their wording, within one corpus or between a corpus and another table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Characters per shingle: five span a short word and the edge of its neighbour.
SHINGLE = 5
MAX_SIMILARITY = 0.7
_BLOCK = 1000


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two texts, by row index, and the Jaccard similarity of their sets of shingles, in [0, 1]."""

    first: int
    second: int
    similarity: float


def near_duplicates(texts: Sequence[str], threshold: float = MAX_SIMILARITY) -> list[SimilarPair]:
    """List the pairs of texts whose character 5-grams are more similar than a threshold.

    The search is exact, not hashed: two sets can only have a Jaccard similarity of *t* if
    they share one of each other's rarest ``n - ceil(t n) + 1`` members, so only the pairs
    that share one of those are compared.

    Parameters
    ----------
    texts : sequence of str
        Sentences, or whole articles. Case and runs of white space are ignored.
    threshold : float
        Jaccard similarity, in [0, 1), above which a pair is listed.

    Returns
    -------
    list of SimilarPair
        Most similar first, then in order of rows. Each of several equal texts is paired with
        the first of them only; other texts are compared with that first one alone.

    References
    ----------
    .. [1] R. J. Bayardo, Y. Ma and R. Srikant (2007). Scaling up all pairs similarity
       search. WWW. doi:10.1145/1242572.1242591

    Examples
    --------
    >>> near_duplicates(["The dam broke on Monday.", "the dam  broke on monday.", "Rain fell."])
    [SimilarPair(first=0, second=1, similarity=1.0)]
    """
    row_of_text: dict[str, int] = {}
    first_rows = [row_of_text.setdefault(" ".join(text.lower().split()), row) for row, text in enumerate(texts)]
    copies = [SimilarPair(first, row, 1.0) for row, first in enumerate(first_rows) if first != row]
    distinct = list(row_of_text.values())
    similar = [
        SimilarPair(distinct[pair.first], distinct[pair.second], pair.similarity)
        for pair in _similar_pairs([texts[row] for row in distinct], threshold)
    ]
    return sorted(copies + similar, key=lambda pair: (-pair.similarity, pair.first, pair.second))


def most_similar(texts: Sequence[str], others: Sequence[str], n_pairs: int = 10) -> list[SimilarPair]:
    """Pair each text with the most similar of other texts, by character 5-grams, and list the closest pairs.

    Meant for a test set from elsewhere: a pair that is very similar is a copy.

    Parameters
    ----------
    texts, others : sequence of str
        At least one of each.
    n_pairs : int
        How many pairs are listed; each text is in at most one.

    Returns
    -------
    list of SimilarPair
        ``second`` is a row index of ``others``; most similar first, then in order of rows.

    Examples
    --------
    >>> most_similar(["Rain fell.", "The dam broke."], ["The dam broke on Monday."])[0].first
    1
    """
    shingles = _shingles([*texts, *others])
    sizes = np.diff(shingles.indptr).astype(float)
    own, foreign = shingles[: len(texts)], shingles[len(texts) :]
    pairs = []
    # One block at a time, so that the whole table of similarities need not fit into memory.
    for start in range(0, len(texts), _BLOCK):
        intersection = (own[start : start + _BLOCK] @ foreign.T).toarray()
        union = sizes[start : start + len(intersection), None] + sizes[None, len(texts) :] - intersection
        similarity = intersection / union
        best = similarity.argmax(axis=1)
        pairs += [SimilarPair(start + row, int(other), float(similarity[row, other])) for row, other in enumerate(best)]
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.first))[:n_pairs]


def _similar_pairs(texts: Sequence[str], threshold: float) -> list[SimilarPair]:
    """Search texts of which no two are equal."""
    if len(texts) < 2:
        return []
    shingles = _shingles(texts)
    sizes = np.diff(shingles.indptr)
    rarest = _rarest(shingles, sizes - np.ceil(threshold * sizes).astype(int) + 1)
    candidates = (rarest @ rarest.T).tocoo()
    # A text much shorter than another cannot share enough with it.
    comparable = np.minimum(sizes[candidates.row], sizes[candidates.col]) >= threshold * np.maximum(
        sizes[candidates.row], sizes[candidates.col]
    )
    kept = (candidates.row < candidates.col) & comparable
    first, second = candidates.row[kept], candidates.col[kept]
    intersection = _intersection_sizes(shingles, first, second)
    similarity = intersection / (sizes[first] + sizes[second] - intersection)
    return [
        SimilarPair(int(a), int(b), float(value))
        for a, b, value in zip(first, second, similarity, strict=True)
        if value > threshold
    ]


def _intersection_sizes(shingles: Any, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
    """Count the shingles that each pair of rows shares, by whichever way takes less work."""
    sizes = np.diff(shingles.indptr)
    work_of_product = (np.bincount(shingles.indices).astype(float) ** 2).sum()
    if work_of_product < (sizes[first] + sizes[second]).sum():
        return np.asarray((shingles @ shingles.T).tocsr()[first, second], dtype=float).ravel()
    return np.asarray(shingles[first].multiply(shingles[second]).sum(axis=1), dtype=float).ravel()


def _shingles(texts: Sequence[str]) -> Any:
    """Return the set of shingles of each text as a sparse matrix of zeros and ones."""
    from sklearn.feature_extraction.text import CountVectorizer

    # Padding gives even the shortest text a shingle of its own.
    padded = [f"   {' '.join(text.lower().split())}   " for text in texts]
    vectorizer = CountVectorizer(
        analyzer=lambda text: {text[start : start + SHINGLE] for start in range(len(text) - SHINGLE + 1)},
        dtype=np.int32,
    )
    return vectorizer.fit_transform(padded)


def _rarest(shingles: Any, n_kept: NDArray[np.intp]) -> Any:
    """Keep of each row the shingles that occur in the fewest rows."""
    import scipy.sparse

    rarity = np.argsort(np.argsort(np.bincount(shingles.indices, minlength=shingles.shape[1]), kind="stable"))
    rows = np.repeat(np.arange(shingles.shape[0]), np.diff(shingles.indptr))
    order = np.lexsort((rarity[shingles.indices], rows))
    rank_in_row = np.arange(len(rows)) - np.repeat(shingles.indptr[:-1], np.diff(shingles.indptr))
    kept = rank_in_row < n_kept[rows]
    columns = shingles.indices[order][kept]
    return scipy.sparse.csr_array((np.ones(len(columns), np.int32), (rows[kept], columns)), shape=shingles.shape)
