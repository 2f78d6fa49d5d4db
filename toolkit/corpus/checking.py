"""A corpus, and perhaps a table from outside -> what a referee would object to, and how the corpus is identified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.corpus.audit import Audit, audit_corpus
from toolkit.corpus.duplicates import MAX_SIMILARITY, most_similar
from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, open_corpus
from toolkit.exceptions import TableError
from toolkit.files import find_text_column, open_table

if TYPE_CHECKING:
    from datasets import DatasetDict


@dataclass(frozen=True, slots=True)
class CloseMatch:
    """A sentence of a corpus and the most similar one of a table.

    Attributes
    ----------
    similarity : float
        Jaccard similarity of their character 5-grams, in [0, 1].
    position : str
        Article and position of the sentence, as in ``a-01:3``.
    text, other_text : str
        The two sentences.
    row : int
        Of the other in the table, counted from 1.
    """

    similarity: float
    position: str
    text: str
    row: int
    other_text: str


@dataclass(frozen=True, slots=True)
class CorpusCheck:
    """The result of checking a corpus.

    Attributes
    ----------
    problems : tuple of str
        What must be corrected, one sentence each; empty for a sound corpus.
    audit : Audit
        The problems within the corpus, warnings, and what names alone give away.
    matches : tuple of CloseMatch
        Sentences by their similarity to a table's, most similar first; empty without a table.
    n_sentences : mapping of str to int
        By split.
    fingerprint : str
        As :func:`toolkit.corpus.loading.corpus_fingerprint` returns it.
    """

    problems: tuple[str, ...]
    audit: Audit
    matches: tuple[CloseMatch, ...]
    n_sentences: Mapping[str, int]
    fingerprint: str


def check_corpus(
    corpus: str | Path | DatasetDict = "data",
    against: str | Path | Iterable[Mapping[str, Any]] | None = None,
    text_column: str | None = None,
) -> CorpusCheck:
    """Look for copies, templates, cue words and names that make a corpus easier than it seems.

    Parameters
    ----------
    corpus : str, Path or DatasetDict
        A corpus folder, or a corpus already loaded.
    against : str, Path or iterable of mapping, optional
        A table, or its rows, that no sentence of the corpus may be copied from.
    text_column : str, optional
        The table's column of sentences; without it ``text`` or ``sentence``.

    Returns
    -------
    CorpusCheck

    Raises
    ------
    CorpusError
        If the folder does not hold a valid corpus; the error lists every problem of its files.
    TableError
        If the table cannot be read or has no row.

    Examples
    --------
    >>> check = check_corpus("data")  # doctest: +SKIP
    >>> check.problems  # doctest: +SKIP
    ()
    """
    loaded = open_corpus(corpus)
    labels = corpus_labels(loaded)
    rows = [{**row, "label": labels.names[row["label"]]} for split in loaded.values() for row in split]
    audit = audit_corpus(rows, labels)
    matches: tuple[CloseMatch, ...] = ()
    if against is not None:
        matches = _find_matches(rows, against, text_column)
    where = against if isinstance(against, str | Path) else "the table"
    copies = [
        f"the sentence shares {match.similarity:.0%} of its 5-grams with row {match.row} of {where}; "
        f"rewrite it [{match.position}]"
        for match in matches
        if match.similarity > MAX_SIMILARITY
    ]
    n_sentences = {split: len(sentences) for split, sentences in loaded.items()}
    return CorpusCheck((*audit.problems, *copies), audit, matches, n_sentences, corpus_fingerprint(loaded))


def _find_matches(
    rows: Sequence[Mapping[str, Any]], against: str | Path | Iterable[Mapping[str, Any]], text_column: str | None
) -> tuple[CloseMatch, ...]:
    batches, where = open_table(against)
    others: list[str] = []
    for batch in batches:
        if not others:
            text_column = find_text_column(batch, text_column, where)
        others += [str(cell or "") for cell in batch.cells(text_column or "")]
    if not others:
        raise TableError(f"the table has no row; name one with sentences [{where}]")
    pairs = most_similar([row["text"] for row in rows], others, len(rows))
    return tuple(
        CloseMatch(
            similarity=pair.similarity,
            position=f"{rows[pair.first]['article']}:{rows[pair.first]['position']}",
            text=rows[pair.first]["text"],
            row=pair.second + 1,
            other_text=others[pair.second],
        )
        for pair in pairs
    )
