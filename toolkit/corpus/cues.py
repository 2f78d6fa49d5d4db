"""TODO toolkit.corpus.cues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.corpus.names import _WORD

N_CUES = 10
# A word is a cue of a label if it is this many times as common there as elsewhere.
LEAST_LIFT = 3
# Words of grammar, not of any act; negations and "will" are cues and not among them.
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        """a an the and or but if that this these those of in on at by for with to from as into than then there here
        when while be am is are was were been being have has had do does did i you he she it we they me him her us them
        my your his its our their would could should may might can shall so all just"""
    )
)


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
