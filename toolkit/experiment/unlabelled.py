"""Files of unlabelled text -> the sentences of it that an experiment may learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolkit.corpus import SPLITS, segment
from toolkit.exceptions import TableError
from toolkit.files import (
    ARTICLE_ENDINGS,
    TABLE_ENDINGS,
    find_text_column,
    list_articles,
    read_article,
    read_table,
    refuse_file,
)

if TYPE_CHECKING:
    from datasets import DatasetDict

FEWEST = 100
PACKED = ".gz"


def read_sentences(files: Iterable[str | Path], text_column: str | None = None) -> Iterator[str]:
    """Read the sentences of articles and tables, in order.

    Parameters
    ----------
    files : iterable of str or Path
        Articles (``.txt``, ``.md``, also with ``.gz`` behind), which are split into sentences as
        ``toolkit label`` does; folders of them; tables (``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``)
        with a sentence per row.
    text_column : str, optional
        Of tables; without it ``text`` or ``sentence``.

    Raises
    ------
    TableError
        If a file cannot be read, has another ending, or a cell is not text.

    Examples
    --------
    >>> list(read_sentences(["docs/example.txt"]))[1]
    'Ostrany denied on Monday that its coast guard had fired on a trawler from Albermere.'
    """
    for path in map(Path, files):
        if path.suffix.lower() in TABLE_ENDINGS:
            yield from _read_cells(path, text_column)
        elif path.is_dir():
            yield from read_sentences(list_articles(path))
        elif path.with_suffix("" if path.suffix.lower() == PACKED else path.suffix).suffix.lower() in ARTICLE_ENDINGS:
            yield from (sentence.text for sentence in segment(read_article(path)))
        else:
            known = (*ARTICLE_ENDINGS, *(ending + PACKED for ending in ARTICLE_ENDINGS), *TABLE_ENDINGS)
            raise refuse_file(path, known)


def _read_cells(path: Path, column: str | None) -> Iterator[str]:
    n_before = 0
    for batch in read_table(path):
        column = find_text_column(batch, column, path)
        for row, cell in enumerate(batch.cells(column), n_before + 1):
            if isinstance(cell, str):
                yield cell
            # Only nan, a missing cell, differs from itself.
            elif cell is not None and cell == cell:
                raise TableError(
                    f"{column!r} of row {row} is {cell!r}, expected text; name another with --text-column [{path}]"
                )
        n_before += len(batch)


def select_sentences(
    sentences: Iterable[str], corpus: DatasetDict, limit: int | None = None, seed: int = 0
) -> tuple[str, ...]:
    """Select the sentences to learn from: each once, and none that stands in the corpus.

    Case and white space do not make a sentence another one. A test sentence must not be
    learned under a teacher's label, nor a training sentence under two.

    Parameters
    ----------
    sentences : iterable of str
        Empty ones are left out.
    corpus : datasets.DatasetDict
        With ``train`` and ``test``.
    limit : int, optional
        Take a random sample of so many.
    seed : int
        Of the sample.

    Returns
    -------
    tuple of str
        In the order they came in.

    Raises
    ------
    TableError
        If fewer than 100 are left.
    """
    seen = {_key(text) for split in SPLITS for text in corpus[split]["text"][:]} | {""}
    selected = []
    n_came = 0
    for sentence in sentences:
        n_came += 1
        key = _key(sentence)
        if key not in seen:
            seen.add(key)
            selected.append(sentence.strip())
    if limit is not None and limit < len(selected):
        rows = np.random.default_rng(seed).choice(len(selected), limit, replace=False)
        selected = [selected[row] for row in np.sort(rows)]
    if len(selected) < FEWEST:
        raise TableError(
            f"{len(selected)} of {n_came} sentences can be used, expected at least {FEWEST} that differ and are "
            "not in the corpus; name more text, or a higher limit [texts]"
        )
    return tuple(selected)


def _key(sentence: str) -> str:
    return " ".join(sentence.casefold().split())


def digest_sentences(sentences: Sequence[str]) -> str:
    """Return the SHA-256 of sentences, a line each, in 64 hexadecimal digits.

    Examples
    --------
    >>> digest_sentences(["It rained.", "It snowed."])[:8]
    'a9b709a2'
    """
    digest = hashlib.sha256()
    for sentence in sentences:
        # A lone surrogate of a JSON table has no UTF-8.
        digest.update(sentence.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
