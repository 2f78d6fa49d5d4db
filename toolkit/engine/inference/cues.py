r"""Cue lists -> an automaton over the characters of a chunk, and bits that join cues of several words.

A chunk is the text between white space. A one-word cue lies within a chunk. Of a cue of several words,
the first word ends a chunk, the last one starts a chunk, and those between are whole chunks, since
``\s+`` matches all white space between two words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.characters import N_CODE_POINTS, WORD, cased, kinds

ANY_ENDING = "*"
BITS = 63
HIT, ENDS_AT_BOUNDARY, ENDS_CHUNK = range(3)


class CueTables(NamedTuple):
    """Cue lists as arrays; a *part* is one word of a cue of several words.

    Attributes
    ----------
    symbols : ndarray of shape (0x110000,)
        The automaton's symbol for each code point; one that is in no cue is 0, or 1 if it is a
        word character.
    moves : ndarray of shape (n_states, n_symbols)
        The next state; state 0 is that at the start of a chunk.
    is_word : ndarray of shape (n_symbols,)
        Whether a symbol is a word character.
    after_word : ndarray of shape (n_states,)
        Whether the last character read was a word character.
    hits : ndarray of shape (n_states,)
        Bits of the rules with a one-word cue that ends here, provided that here is a word boundary.
    parts : ndarray of shape (n_states, n_words)
        Bits of the last parts of cues that end here, provided that here is a word boundary.
    end_parts : ndarray of shape (n_states, n_words)
        Bits of the other parts that end here, provided that the chunk ends here.
    first, last : ndarray of shape (n_words,)
        Bits of first and last parts.
    rules : ndarray of shape (64 * n_words,)
        The rule of each bit.
    """

    symbols: NDArray[np.uint8]
    moves: NDArray[np.int32]
    is_word: NDArray[np.uint8]
    after_word: NDArray[np.uint8]
    hits: NDArray[np.int64]
    parts: NDArray[np.int64]
    end_parts: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    rules: NDArray[np.int32]


class _Part(NamedTuple):
    """A cue or a part of one; ``*`` matches any word characters."""

    text: str
    starts_chunk: bool
    ends_chunk: bool


@dataclass
class _Parts:
    """All parts of all cues, and what each sets: (word, bit), or (-1, rule) for a one-word cue."""

    parts: list[_Part] = field(default_factory=list)
    bits: list[tuple[int, int]] = field(default_factory=list)
    first: list[int] = field(default_factory=lambda: [0])
    last: list[int] = field(default_factory=lambda: [0])
    rules: dict[int, int] = field(default_factory=dict)
    used: int = 0


def refusal(cues: Iterable[str]) -> str | None:
    """Return why some cues cannot be compiled, or None if they can.

    Examples
    --------
    >>> refusal(["accus*", "charged with"]) is None
    True
    >>> refusal(["two  spaces"])
    "the cue 'two  spaces' has white space other than single spaces between words"
    """
    for cue in cues:
        if not cue or cue != " ".join(cue.split()):
            return f"the cue {cue!r} has white space other than single spaces between words"
        if len(cue.split(" ")) > BITS:
            return f"the cue {cue!r} has more than {BITS} words"
    return None


def compile_cues(rules: Sequence[Sequence[str]]) -> CueTables:
    """Compile the cues of each rule.

    Parameters
    ----------
    rules : sequence of sequence of str
        Cues of each rule, as :class:`toolkit.estimators.rules.CueIndicators` takes them.

    Returns
    -------
    CueTables

    Raises
    ------
    ValueError
        If there are more than 63 rules or 250 different characters, or a cue has unusual white space.

    Examples
    --------
    >>> tables = compile_cues([["denied"], ["agreed to"]])
    >>> tables.rules[:2].tolist(), tables.first.tolist(), tables.last.tolist()
    ([1, 1], [1], [2])
    """
    reason = refusal(cue for cues in rules for cue in cues)
    if reason is not None or len(rules) > BITS:
        raise ValueError(f"{reason or f'{len(rules)} rules came, at most {BITS} are expected'}; use the regex")
    layout = _assign_bits(rules)
    symbols, classes = _symbols({letter for part in layout.parts for letter in part.text if letter != ANY_ENDING})
    return _determinise(layout, symbols, classes)


def _assign_bits(rules: Sequence[Sequence[str]]) -> _Parts:
    layout = _Parts()
    for rule, cues in enumerate(rules):
        for cue in dict.fromkeys(cues):
            words = cue.split(" ")
            if len(words) == 1:
                layout.parts.append(_Part(cue, False, False))
                layout.bits.append((-1, rule))
                continue
            # The bits of one cue are adjacent and in one machine word.
            if layout.used + len(words) > BITS:
                layout.first.append(0)
                layout.last.append(0)
                layout.used = 0
            word_index = len(layout.first) - 1
            for number, word in enumerate(words):
                layout.parts.append(_Part(word, number > 0, number < len(words) - 1))
                layout.bits.append((word_index, layout.used + number))
                layout.rules[64 * word_index + layout.used + number] = rule
            layout.first[-1] |= 1 << layout.used
            layout.last[-1] |= 1 << layout.used + len(words) - 1
            layout.used += len(words)
    return layout


def _symbols(letters: set[str]) -> tuple[NDArray[np.uint8], list[tuple[frozenset[str], bool]]]:
    """Assign a symbol to each set of letters that a code point matches, ignoring case."""
    matched_by: dict[str, set[str]] = {letter: {letter} for letter in letters}
    text = cased()
    for letter in letters:
        for match in re.finditer(re.escape(letter), text, re.IGNORECASE):
            matched_by.setdefault(match.group(), set()).add(letter)
    words = kinds() & WORD
    classes: list[tuple[frozenset[str], bool]] = [(frozenset(), False), (frozenset(), True)]
    symbols = words.astype(np.uint8)
    for character, matched in sorted(matched_by.items()):
        one = (frozenset(matched), bool(words[ord(character)]))
        if one not in classes:
            classes.append(one)
        if len(classes) > 255:
            raise ValueError("the cues have more than 250 different characters; use the regex")
        symbols[ord(character)] = classes.index(one)
    assert symbols.shape == (N_CODE_POINTS,)  # noqa: S101
    return symbols, classes


def _determinise(
    layout: _Parts, symbols: NDArray[np.uint8], classes: Sequence[tuple[frozenset[str], bool]]
) -> CueTables:
    """Make a state of each set of positions within parts that can be reached at once."""
    n_words = len(layout.first)
    starts = frozenset(number for number, part in enumerate(layout.parts) if part.starts_chunk)
    at_start = frozenset(_skip(layout, ((number, 0) for number in starts)))
    at_boundary = frozenset(
        _skip(layout, ((number, 0) for number, part in enumerate(layout.parts) if number not in starts))
    )
    # A state: the positions reached, and whether a word character was read last.
    states: dict[tuple[frozenset[tuple[int, int]], bool], int] = {(at_start, False): 0}
    queue = list(states)
    moves, hits, parts, end_parts = [], [], [], []
    from_boundary = {symbol: _read(layout, at_boundary, *classes[symbol]) for symbol in range(len(classes))}
    for reached, after_word in queue:
        row = []
        for symbol, (letters, is_word) in enumerate(classes):
            following = _read(layout, reached, letters, is_word)
            if is_word != after_word:
                following |= from_boundary[symbol]
            target = (following, is_word)
            if target not in states:
                states[target] = len(queue)
                queue.append(target)
            row.append(states[target])
        moves.append(row)
        # After a word, the end of a chunk is a boundary, where even an empty part matches.
        behind = reached | at_boundary if after_word else reached
        hits.append(_bits(layout, reached | at_boundary, n_words, HIT)[0])
        parts.append(_bits(layout, reached | at_boundary, n_words, ENDS_AT_BOUNDARY))
        end_parts.append(_bits(layout, behind, n_words, ENDS_CHUNK))
    rules = np.zeros(64 * n_words, np.int32)
    for bit, rule in layout.rules.items():
        rules[bit] = rule
    return CueTables(
        symbols=symbols,
        moves=np.array(moves, np.int32),
        is_word=np.array([is_word for _, is_word in classes], np.uint8),
        after_word=np.array([after_word for _, after_word in queue], np.uint8),
        hits=np.array(hits, np.int64),
        parts=np.array(parts, np.int64),
        end_parts=np.array(end_parts, np.int64),
        first=np.array(layout.first, np.int64),
        last=np.array(layout.last, np.int64),
        rules=rules,
    )


def _skip(layout: _Parts, positions: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield positions, and those after each ``*``, which may match nothing."""
    for number, position in positions:
        yield number, position
        text = layout.parts[number].text
        while position < len(text) and text[position] == ANY_ENDING:
            position += 1
            yield number, position


def _read(
    layout: _Parts, reached: frozenset[tuple[int, int]], letters: frozenset[str], is_word: bool
) -> frozenset[tuple[int, int]]:
    """Return the positions reached by reading one character."""
    following = []
    for number, position in reached:
        text = layout.parts[number].text
        if position == len(text):
            continue
        if text[position] == ANY_ENDING:
            if is_word:
                following.append((number, position))
        elif text[position] in letters:
            following.append((number, position + 1))
    return frozenset(_skip(layout, following))


def _bits(layout: _Parts, reached: frozenset[tuple[int, int]], n_words: int, kind: int) -> list[int]:
    """Return the bits of the parts of one kind that are complete."""
    bits = [0] * n_words
    for number, position in reached:
        word, bit = layout.bits[number]
        part = layout.parts[number]
        own = HIT if word < 0 else ENDS_CHUNK if part.ends_chunk else ENDS_AT_BOUNDARY
        if own == kind and position == len(part.text):
            bits[max(word, 0)] |= 1 << bit
    return bits
