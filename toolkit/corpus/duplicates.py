"""TODO toolkit.corpus.duplicates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.corpus.names import _WORD, find_names

# Characters in one shingle; five span a short word and its neighbour's edge.
SHINGLE = 5
MOST_SIMILAR = 0.7
MOST_SKELETONS = 2
OPENING_WORDS = 4
_BLOCK = 1000
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two texts, by row, and the share of their shingles that they have in common."""

    first: int
    second: int
    similarity: float


def near_duplicates(texts: Sequence[str], threshold: float = MOST_SIMILAR) -> list[SimilarPair]:
    """List the pairs of texts that share more than a share of their character 5-grams.

    The search is exact, not hashed: two sets can only share a fraction *t* of their union
    if they share one of each other's rarest ``n - ceil(t n) + 1`` members, so only the
    texts that meet there are compared.

    Parameters
    ----------
    texts : sequence of str
        Sentences, or whole articles. Case and runs of white space do not count.
    threshold : float
        Jaccard similarity, in [0, 1), above which a pair is listed.

    Returns
    -------
    list of Pair
        Most alike first, then in order of rows. Of equal texts each stands in one pair, with
        the first of its kind; with others only that first is compared.

    References
    ----------
    .. [1] R. J. Bayardo, Y. Ma and R. Srikant (2007). Scaling up all pairs similarity
       search. WWW. doi:10.1145/1242572.1242591

    Examples
    --------
    >>> near_duplicates(["The dam broke on Monday.", "the dam  broke on monday.", "Rain fell."])
    [SimilarPair(first=0, second=1, similarity=1.0)]
    """
    kinds: dict[str, int] = {}
    first_of = [kinds.setdefault(" ".join(text.lower().split()), row) for row, text in enumerate(texts)]
    copies = [SimilarPair(first, row, 1.0) for row, first in enumerate(first_of) if first != row]
    firsts = list(kinds.values())
    alike = [
        SimilarPair(firsts[one.first], firsts[one.second], one.similarity)
        for one in _near([texts[row] for row in firsts], threshold)
    ]
    return sorted(copies + alike, key=lambda pair: (-pair.similarity, pair.first, pair.second))


def _near(texts: Sequence[str], threshold: float) -> list[SimilarPair]:
    """Search texts of which no two are equal."""
    if len(texts) < 2:
        return []
    shingles = _shingles(texts)
    sizes = np.diff(shingles.indptr)
    rare = _rarest(shingles, sizes - np.ceil(threshold * sizes).astype(int) + 1)
    meeting = (rare @ rare.T).tocoo()
    # A text much shorter than another cannot share enough with it.
    near = np.minimum(sizes[meeting.row], sizes[meeting.col]) >= threshold * np.maximum(
        sizes[meeting.row], sizes[meeting.col]
    )
    kept = (meeting.row < meeting.col) & near
    first, second = meeting.row[kept], meeting.col[kept]
    shared = _shared(shingles, first, second)
    alike = shared / (sizes[first] + sizes[second] - shared)
    return [
        SimilarPair(int(a), int(b), float(share))
        for a, b, share in zip(first, second, alike, strict=True)
        if share > threshold
    ]


def most_similar(texts: Sequence[str], others: Sequence[str], n_pairs: int = 10) -> list[SimilarPair]:
    """List the pairs of a text and one of other texts that share most of their character 5-grams.

    For a test set that was made elsewhere: a pair that is much alike has been copied.

    Parameters
    ----------
    texts, others : sequence of str
        At least one of each.
    n_pairs : int
        How many pairs are listed; a text stands in one pair at most.

    Returns
    -------
    list of Pair
        ``second`` is a row of ``others``; most alike first, then in order of rows.

    Examples
    --------
    >>> most_similar(["Rain fell.", "The dam broke."], ["The dam broke on Monday."])[0].first
    1
    """
    shingles = _shingles([*texts, *others])
    sizes = np.diff(shingles.indptr).astype(float)
    own, foreign = shingles[: len(texts)], shingles[len(texts) :]
    pairs = []
    # A block at a time: the whole table of similarities need not fit into memory.
    for start in range(0, len(texts), _BLOCK):
        shared = (own[start : start + _BLOCK] @ foreign.T).toarray()
        whole = sizes[start : start + len(shared), None] + sizes[None, len(texts) :] - shared
        alike = shared / whole
        best = alike.argmax(axis=1)
        pairs += [SimilarPair(start + row, int(other), float(alike[row, other])) for row, other in enumerate(best)]
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.first))[:n_pairs]


def _shared(shingles: Any, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
    """Count what each pair of rows has in common, by whichever way is less work."""
    sizes = np.diff(shingles.indptr)
    work_of_all = (np.bincount(shingles.indices).astype(float) ** 2).sum()
    if work_of_all < (sizes[first] + sizes[second]).sum():
        return np.asarray((shingles @ shingles.T).tocsr()[first, second], dtype=float).ravel()
    return np.asarray(shingles[first].multiply(shingles[second]).sum(axis=1), dtype=float).ravel()


def _shingles(texts: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    # Padding gives the shortest text a shingle of its own.
    padded = [f"   {' '.join(text.lower().split())}   " for text in texts]
    vectorizer = CountVectorizer(
        analyzer=lambda text: {text[at : at + SHINGLE] for at in range(len(text) - SHINGLE + 1)}, dtype=np.int32
    )
    return vectorizer.fit_transform(padded)


def _rarest(shingles: Any, keep: NDArray[np.intp]) -> Any:
    """Keep of each row the members that fewest rows have."""
    import scipy.sparse

    rarity = np.argsort(np.argsort(np.bincount(shingles.indices, minlength=shingles.shape[1]), kind="stable"))
    rows = np.repeat(np.arange(shingles.shape[0]), np.diff(shingles.indptr))
    order = np.lexsort((rarity[shingles.indices], rows))
    place = np.arange(len(rows)) - np.repeat(shingles.indptr[:-1], np.diff(shingles.indptr))
    kept = place < keep[rows]
    columns = shingles.indices[order][kept]
    return scipy.sparse.csr_array((np.ones(len(columns), np.int32), (rows[kept], columns)), shape=shingles.shape)


def skeleton(text: str, names: frozenset[str]) -> str:
    """Mask the names and numbers of a sentence; what is left is how it was built.

    Examples
    --------
    >>> skeleton("Lenz Steel cut 400 jobs, Haslinger said.", frozenset({"Lenz", "Steel", "Haslinger"}))
    'N cut 0 jobs, N said.'
    """
    masked = _WORD.sub(lambda found: "N" if found[0] in names else found[0].lower(), _NUMBER.sub("0", text))
    return re.sub(r"\bN(?: N)+\b", "N", " ".join(masked.split()))


def repeated_skeletons(texts: Sequence[str], most: int = MOST_SKELETONS) -> list[tuple[str, list[int]]]:
    """List the skeletons that occur more than ``most`` times, with their rows, most frequent first."""
    names = find_names(texts)
    return _repeated([skeleton(text, names) for text in texts], most)


def repeated_openings(texts: Sequence[str], most: int, n_words: int = OPENING_WORDS) -> list[tuple[str, list[int]]]:
    """List the first words that more than ``most`` sentences share, with their rows, most frequent first.

    Examples
    --------
    >>> repeated_openings(["It is not true that he left.", "It is not true.", "Rain."], most=1)
    [('it is not true', [0, 1])]
    """
    openings = [_WORD.findall(text.lower())[:n_words] for text in texts]
    return _repeated([" ".join(words) if len(words) == n_words else "" for words in openings], most)


def _repeated(keys: Sequence[str], most: int) -> list[tuple[str, list[int]]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key:
            rows[key].append(row)
    found = [(key, places) for key, places in rows.items() if len(places) > most]
    return sorted(found, key=lambda item: (-len(item[1]), item[0]))
