"""Texts and labels of a corpus -> what a referee would object to: copies, templates, cues, names."""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.exceptions import some
from toolkit.labels import LabelSet
from toolkit.significance import draw_articles, interval
from toolkit.splits import Fold, article_folds

# Characters in one shingle; five span a short word and its neighbour's edge.
SHINGLE = 5
MOST_ALIKE = 0.7
MOST_SKELETONS = 2
OPENING_WORDS = 4
MOST_OPENINGS = 0.002
FEW = 50
N_CUES = 10
# A word is a cue of a label if it is this many times as common there as elsewhere.
LEAST_LIFT = 3
MOST_CUE = 0.2
LEAST_CUELESS = 1 / 3
N_FOLDS = 5
# Towns are where things happen and persons are who speaks: what kind of name stands in a
# sentence tells a little in any language, and more so the more sentences there are to see it.
MOST_NAME_GAIN = 0.02
_BLOCK = 1000
N_RESAMPLES = 1000

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
# Capitalised in English, yet nobody's name.
_CALENDAR = frozenset(name.lower() for name in (*calendar.day_name, *calendar.month_name))
_FEASTS = frozenset({"christmas", "easter", "thanksgiving", "ramadan", "diwali"})
_FIRST_PERSON = frozenset({"i", "i'm", "i've", "i'd", "i'll"})
# Said of anybody: a title tells who speaks formally, not who he is.
_TITLES = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "sir",
        "lord",
        "lady",
        "gov",
        "sen",
        "rep",
        "cllr",
        "gen",
        "col",
        "capt",
        "maj",
        "lt",
        "sgt",
        "adm",
        "rev",
        "mp",
        "mps",
    }
)
_NOT_NAMES = _CALENDAR | _FEASTS | _FIRST_PERSON | _TITLES


# Words of grammar, not of any act; negations and "will" are cues and not among them.
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        """a an the and or but if that this these those of in on at by for with to from as into than then there here
        when while be am is are was were been being have has had do does did i you he she it we they me him her us them
        my your his its our their would could should may might can shall so all just"""
    )
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, by row, and the share of their shingles that they have in common."""

    first: int
    second: int
    alike: float


@dataclass(frozen=True, slots=True)
class Cue:
    """A word stem that is at least three times as common in one label as in the others.

    Attributes
    ----------
    stem : str
        What its inflections share.
    share, elsewhere : float
        Share of the label's sentences that have it, and of all other sentences.
    """

    stem: str
    share: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class Cues:
    """The most common cues of a label.

    Attributes
    ----------
    cues : tuple of Cue
        Most telling first.
    cueless : float
        Share of the label's sentences that have none of them.
    n_misleading : int
        Sentences of other labels that have one of them.
    """

    cues: tuple[Cue, ...]
    cueless: float
    n_misleading: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong with a corpus, and what is worth a look: one sentence each; and what names tell."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    names: NameCheck | None = None


@dataclass(frozen=True, slots=True)
class NameCheck:
    """How far it matters which names a sentence has, on the sentences that have one.

    Attributes
    ----------
    accuracy : float
        Of a classifier that sees nothing but names, cross-validated by article.
    by_number : float
        Of one that sees only how many there are: an accusation has two parties.
    majority : float
        Of always saying the most common label.
    low, high : float
        95 % interval of their difference over resampled articles.
    n_sentences, n_names : int
        What it rests on.
    """

    accuracy: float
    by_number: float
    majority: float
    low: float
    high: float
    n_sentences: int
    n_names: int

    @property
    def gives_away(self) -> bool:
        """Whether names say more than their number by more than two points, beyond chance."""
        return self.low > MOST_NAME_GAIN


def near_duplicates(texts: Sequence[str], threshold: float = MOST_ALIKE) -> list[Pair]:
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
    [Pair(first=0, second=1, alike=1.0)]
    """
    kinds: dict[str, int] = {}
    first_of = [kinds.setdefault(" ".join(text.lower().split()), row) for row, text in enumerate(texts)]
    copies = [Pair(first, row, 1.0) for row, first in enumerate(first_of) if first != row]
    firsts = list(kinds.values())
    alike = [
        Pair(firsts[one.first], firsts[one.second], one.alike)
        for one in _near([texts[row] for row in firsts], threshold)
    ]
    return sorted(copies + alike, key=lambda pair: (-pair.alike, pair.first, pair.second))


def _near(texts: Sequence[str], threshold: float) -> list[Pair]:
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
        Pair(int(a), int(b), float(share))
        for a, b, share in zip(first, second, alike, strict=True)
        if share > threshold
    ]


def most_alike(texts: Sequence[str], others: Sequence[str], n_pairs: int = 10) -> list[Pair]:
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
    >>> most_alike(["Rain fell.", "The dam broke."], ["The dam broke on Monday."])[0].first
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
        pairs += [Pair(start + row, int(other), float(alike[row, other])) for row, other in enumerate(best)]
    return sorted(pairs, key=lambda pair: (-pair.alike, pair.first))[:n_pairs]


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


def find_names(texts: Sequence[str]) -> frozenset[str]:
    """Collect the words that look like names: capitalised within a sentence, nowhere in lower case.

    Parameters
    ----------
    texts : sequence of str
        Sentences of one corpus.

    Returns
    -------
    frozenset of str
        As they are written. Days, months, feasts, titles and the word I are left out.

    Examples
    --------
    >>> sorted(find_names(["Rain fell on Lenz.", "Then rain and President Haslinger left on Monday.", "a president"]))
    ['Haslinger', 'Lenz']
    """
    inside: set[str] = set()
    lower: set[str] = set()
    for text in texts:
        for number, word in enumerate(_WORD.findall(text)):
            if word[0].islower():
                lower.add(word)
            elif number:
                inside.add(word)
    plain = {word: word.lower().replace("’", "'") for word in inside}
    return frozenset(word for word in inside if word.lower() not in lower and plain[word] not in _NOT_NAMES)


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


def find_cues(texts: Sequence[str], y_true: Sequence[str], label: str, n_cues: int = N_CUES) -> Cues:
    """Find the most common word stems that set a label apart.

    A stem is a cue if it is at least three times as common in the label as elsewhere and
    no mere word of grammar; the cues are those whose share in the label exceeds their share elsewhere the most.

    Parameters
    ----------
    texts, y_true : sequence of str
        Sentences and their labels.
    label : str
        The label looked at; some sentence must have it.
    n_cues : int
        How many cues are sought at most.

    Returns
    -------
    Cues

    Raises
    ------
    ValueError
        If no sentence has the label.

    Examples
    --------
    >>> found = find_cues(["He denied it.", "She denies it.", "It rained."], ["d", "d", "n"], "d", n_cues=1)
    >>> found.cues[0].stem, found.cues[0].share, found.cueless
    ('deni', 1.0, 0.0)
    """
    stems = _stem_sets(texts)
    own = [words for words, gold in zip(stems, y_true, strict=True) if gold == label]
    others = [words for words, gold in zip(stems, y_true, strict=True) if gold != label]
    if not own:
        raise ValueError(f"no sentence has the label {label!r}; name a label that occurs")
    here, there = Counter(stem for words in own for stem in words), Counter(stem for words in others for stem in words)
    cues = [Cue(stem, here[stem] / len(own), there[stem] / max(1, len(others))) for stem in here]
    cues = [cue for cue in cues if cue.share >= LEAST_LIFT * cue.elsewhere and cue.stem not in _FUNCTION_WORDS]
    cues.sort(key=lambda cue: (cue.elsewhere - cue.share, cue.stem))
    common = {cue.stem for cue in cues[:n_cues]}
    misleading = sum(bool(words & common) for words in others)
    return Cues(tuple(cues[:n_cues]), sum(not (words & common) for words in own) / len(own), misleading)


def _stem_sets(texts: Sequence[str]) -> list[set[str]]:
    import snowballstemmer

    stem = snowballstemmer.stemmer("english").stemWord
    known: dict[str, str] = {}
    stems = []
    for text in texts:
        words = _WORD.findall(text.lower().replace("’", "'"))
        stems.append({known.get(word) or known.setdefault(word, stem(word)) for word in words})
    return stems


def check_names(texts: Sequence[str], y_true: ArrayLike, articles: ArrayLike, seed: int = 0) -> NameCheck | None:
    """Measure whether a classifier that sees only names beats one that only counts them.

    Parameters
    ----------
    texts : sequence of str
        Sentences.
    y_true, articles : array-like of shape (n_sentences,)
        Their labels and articles.
    seed : int
        Decides the folds and the resampling.

    Returns
    -------
    NameCheck or None
        ``None`` if too few sentences have a name to deal their articles into five folds.
    """
    names = find_names(texts)
    listed = [[word for word in _WORD.findall(text) if word in names] for text in texts]
    named = np.flatnonzero([bool(words) for words in listed])
    gold, group = np.asarray(y_true)[named], np.asarray(articles)[named]
    if len(set(group)) < N_FOLDS or len(set(gold)) < 2:
        return None
    which = [" ".join(listed[row]) for row in named]
    number = [f"{min(len(listed[row]), 5)}" for row in named]
    folds = article_folds(group, gold, N_FOLDS, seed)
    by_names, by_number = _right(which, gold, folds), _right(number, gold, folds)
    _, place = np.unique(group, return_inverse=True)
    gain, size = np.bincount(place, by_names - by_number), np.bincount(place).astype(float)
    weights = draw_articles(len(size), N_RESAMPLES, np.random.default_rng(seed))
    low, high = interval((weights @ gain) / (weights @ size))
    majority = Counter(gold.tolist()).most_common(1)[0][1] / len(gold)
    return NameCheck(float(by_names.mean()), float(by_number.mean()), majority, low, high, len(named), len(names))


def _right(texts: Sequence[str], gold: NDArray[np.str_], folds: Sequence[Fold]) -> NDArray[np.float64]:
    """Cross-validate a classifier of white-space tokens: 1 where it is right, else 0."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    tokens = np.array(texts, dtype=object)
    model = make_pipeline(CountVectorizer(analyzer=str.split, binary=True), LogisticRegression(max_iter=500))
    right = np.zeros(len(gold))
    for seen, held in folds:
        right[held] = model.fit(tokens[seen], gold[seen]).predict(tokens[held]) == gold[held]
    return right


def audit(rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Audit:
    """Look for what makes a corpus easier, or less honest, than it seems.

    Parameters
    ----------
    rows : sequence of mapping
        One a sentence, with ``article``, ``position``, ``text`` and ``label`` (a name).
    labels : LabelSet
        Of the corpus.

    Returns
    -------
    Audit
        Problems: near-duplicate sentences and articles, skeletons that occur more than
        twice, names that give labels away. Warnings: openings that many sentences share,
        cue words that carry much of an act, labels with few sentences.
    """
    texts = [str(row["text"]) for row in rows]
    gold = [str(row["label"]) for row in rows]
    articles = [str(row["article"]) for row in rows]
    places = [f"{row['article']}:{row['position']}" for row in rows]
    problems = [
        f"two sentences share {pair.alike:.0%} of their 5-grams; rewrite one "
        f"[{places[pair.first]}, {places[pair.second]}]"
        for pair in near_duplicates(texts)
    ]
    problems += _alike_articles(texts, articles)
    problems += [
        f"{len(found)} sentences are built alike: {key!r}; rewrite all but {MOST_SKELETONS} "
        f"[{some([places[row] for row in found])}]"
        for key, found in repeated_skeletons(texts)
    ]
    names = check_names(texts, gold, articles)
    if names is not None and names.gives_away:
        problems.append(
            f"names alone label {names.accuracy:.1%} of {names.n_sentences} sentences right, their "
            f"number {names.by_number:.1%} ({names.low:+.1%} to {names.high:+.1%}); use names evenly over the labels"
        )
    return Audit(tuple(problems), tuple(_warnings(texts, gold, places, labels)), names)


def _alike_articles(texts: Sequence[str], articles: Sequence[str]) -> list[str]:
    whole: defaultdict[str, list[str]] = defaultdict(list)
    for text, article in zip(texts, articles, strict=True):
        whole[article].append(text)
    names = list(whole)
    return [
        f"two articles share {pair.alike:.0%} of their 5-grams; drop one [{names[pair.first]}, {names[pair.second]}]"
        for pair in near_duplicates([" ".join(whole[name]) for name in names])
        # An article of one sentence was told of already.
        if max(len(whole[names[pair.first]]), len(whole[names[pair.second]])) > 1
    ]


def _warnings(texts: Sequence[str], gold: Sequence[str], places: Sequence[str], labels: LabelSet) -> Iterator[str]:
    most = max(3, int(MOST_OPENINGS * len(texts)))
    for opening, found in repeated_openings(texts, most):
        yield f"{len(found)} sentences open with {opening!r}, more than {most} [{some([places[row] for row in found])}]"
    counts = Counter(gold)
    for name in labels.names:
        if counts[name] < FEW:
            yield f"label {name!r} has {counts[name]} sentences, fewer than {FEW}; its scores will be uncertain"
    for name in labels.acts:
        if not counts[name]:
            continue
        found_cues = find_cues(texts, gold, name)
        for cue in found_cues.cues:
            if cue.share > MOST_CUE:
                yield (
                    f"{cue.stem!r} is in {cue.share:.0%} of {name!r} sentences (elsewhere {cue.elsewhere:.1%}), "
                    f"over {MOST_CUE:.0%}"
                )
        if found_cues.cueless < LEAST_CUELESS:
            stems = ", ".join(cue.stem for cue in found_cues.cues)
            yield (
                f"{found_cues.cueless:.0%} of {name!r} sentences have none of its {len(found_cues.cues)} commonest "
                f"cues ({stems}), under {LEAST_CUELESS:.0%}"
            )
