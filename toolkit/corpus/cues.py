"""Texts and labels of sentences -> the word stems that set a label apart from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from toolkit.corpus.words import WORD

N_CUES = 10
# A stem is a cue of a label if it is at least this many times as common there as elsewhere.
MIN_LIFT = 3
# Function words belong to no act. Negations and "will" are missing on purpose: they are cues.
_FUNCTION_WORDS = frozenset(
    WORD.findall(
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
        As the Snowball stemmer returns it.
    proportion, elsewhere : float
        Proportion of the label's sentences that contain it, and of all other sentences.
    """

    stem: str
    proportion: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class Cues:
    """The most common cues of a label.

    Attributes
    ----------
    cues : tuple of Cue
        Largest difference between the two proportions first.
    cueless : float
        Proportion of the label's sentences that contain none of them.
    n_misleading : int
        Sentences of other labels that contain at least one of them.
    """

    cues: tuple[Cue, ...]
    cueless: float
    n_misleading: int


def find_cues(texts: Sequence[str], y_true: Sequence[str], label: str, n_cues: int = N_CUES) -> Cues:
    """Find the most common word stems that set a label apart.

    A stem is a cue if it is at least three times as common in the label as elsewhere and is
    not a function word. Of all cues, those are returned whose proportion in the label
    exceeds that elsewhere the most.

    Parameters
    ----------
    texts, y_true : sequence of str
        Sentences and their labels.
    label : str
        The label whose cues are wanted; some sentence must have it.
    n_cues : int
        Maximum number of cues.

    Returns
    -------
    Cues

    Raises
    ------
    ValueError
        If no sentence has the label.

    Examples
    --------
    >>> denial = find_cues(["He denied it.", "She denies it.", "It rained."], ["d", "d", "n"], "d", n_cues=1)
    >>> denial.cues[0].stem, denial.cues[0].proportion, denial.cueless
    ('deni', 1.0, 0.0)
    """
    stem_sets = _stem_sets(texts)
    own = [stems for stems, gold in zip(stem_sets, y_true, strict=True) if gold == label]
    others = [stems for stems, gold in zip(stem_sets, y_true, strict=True) if gold != label]
    if not own:
        raise ValueError(f"no sentence has the label {label!r}; name a label that occurs")
    n_own, n_others = (Counter(stem for stems in sentences for stem in stems) for sentences in (own, others))
    cues = [Cue(stem, n_own[stem] / len(own), n_others[stem] / max(1, len(others))) for stem in n_own]
    cues = [cue for cue in cues if cue.proportion >= MIN_LIFT * cue.elsewhere and cue.stem not in _FUNCTION_WORDS]
    cues.sort(key=lambda cue: (cue.elsewhere - cue.proportion, cue.stem))
    common = {cue.stem for cue in cues[:n_cues]}
    return Cues(
        cues=tuple(cues[:n_cues]),
        cueless=sum(not (stems & common) for stems in own) / len(own),
        n_misleading=sum(bool(stems & common) for stems in others),
    )


def _stem_sets(texts: Sequence[str]) -> list[set[str]]:
    import snowballstemmer

    stem = cache(snowballstemmer.stemmer("english").stemWord)
    return [set(map(stem, WORD.findall(text.lower().replace("’", "'")))) for text in texts]
