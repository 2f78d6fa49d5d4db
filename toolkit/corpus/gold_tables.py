"""A table from outside a corpus -> sentences with their gold labels, every row checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.exceptions import TableError
from toolkit.files import find_text_column, has_words, open_table
from toolkit.labels import LabelSet, label_text


@dataclass(frozen=True, slots=True)
class LabelledSentences:
    """Sentences from outside a corpus with their gold labels.

    Attributes
    ----------
    text, gold : tuple of str
        The sentences and their labels.
    also : tuple of str or None
        The second label that a careful reader could defend, empty or ``None`` where there is none.
        ``None`` altogether if second labels were not collected.
    article : tuple of str or None
        The article of each sentence; ``None`` if it is not known.
    """

    text: tuple[str, ...]
    gold: tuple[str, ...]
    also: tuple[str | None, ...] | None = None
    article: tuple[str, ...] | None = None


def read_gold_table(
    table: str | Path | Iterable[Mapping[str, Any]],
    labels: LabelSet,
    text_column: str | None = None,
    label_column: str = "label",
    also_column: str | None = None,
    article_column: str | None = None,
    encoding: str | None = None,
) -> LabelledSentences:
    """Read sentences with gold labels, and second labels if asked for, from a table.

    Parameters
    ----------
    table : str, Path or iterable of mapping
        A ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` file, or its rows.
    labels : LabelSet
        The labels that rows may have.
    text_column, label_column, also_column, article_column : str, optional
        Columns of sentences, gold labels, second labels and articles. Without ``text_column``
        it is ``text`` or ``sentence``; second labels and articles are read only if named.
    encoding : str, optional
        Of a file of text; without it, it is found as :func:`toolkit.encodings.find_encoding` does.

    Returns
    -------
    LabelledSentences
        In the order of the rows.

    Raises
    ------
    TableError
        If the table has no row or lacks a column, a sentence or an article is empty, or a label is
        not in the label set.

    Examples
    --------
    >>> labels = LabelSet.from_names(["denial", "none"])
    >>> read_gold_table([{"text": "He denied it.", "label": "denial"}], labels)
    LabelledSentences(text=('He denied it.',), gold=('denial',), also=None, article=None)
    """
    batches, where = open_table(table, encoding)
    texts: list[str] = []
    gold: list[str] = []
    also: list[str | None] = []
    articles: list[str] = []
    for batch in batches:
        if not gold:
            text_column = find_text_column(batch, text_column, where)
            for name in filter(None, (label_column, also_column, article_column)):
                find_text_column(batch, name, where)
        own_texts, own_gold = batch.cells(str(text_column)), batch.cells(label_column)
        own_also = batch.cells(also_column) if also_column else [None] * len(batch)
        if not _is_clean(own_texts, own_gold, own_also, labels):
            named: list[str] = []
            others: list[str | None] = []
            rows = zip(own_texts, own_gold, own_also, strict=True)
            for row, (text, label, other) in enumerate(rows, len(gold) + 1):
                _check_text(text, f"{text_column!r} of row {row}", where)
                named.append(_find_label(label, labels, f"{where}, row {row}"))
                others.append(_find_label(other, labels, f"{where}, row {row}") if label_text(other) else None)
            own_gold, own_also = named, others
        articles += _read_articles(batch.cells(article_column), len(gold), where) if article_column else []
        texts += own_texts
        gold += own_gold
        also += own_also
    if not gold:
        raise TableError(f"the table has no row; name one with sentences and gold labels [{where}]")
    return LabelledSentences(
        tuple(texts),
        tuple(gold),
        tuple(also) if also_column else None,
        tuple(articles) if article_column else None,
    )


def _read_articles(cells: Sequence[Any], n_before: int, where: str | Path) -> list[str]:
    """Read the names of articles, which may be numbers; ``n_before`` rows precede them."""
    articles = ["" if cell is None else str(cell) for cell in cells]
    for row, article in enumerate(articles, n_before + 1):
        if not article.strip():
            raise TableError(f"row {row} has no article; name the article of each sentence [{where}]")
    return articles


def _is_clean(texts: Sequence[Any], gold: Sequence[Any], also: Sequence[Any], labels: LabelSet) -> bool:
    """Say of whole columns, which is quicker, whether every row is valid."""
    if any(not isinstance(cell, str) for cells in (texts, gold) for cell in cells):
        return False
    if any(cell is not None and not isinstance(cell, str) for cell in also):
        return False
    used = set(gold) | {cell for cell in also if cell}
    return used <= set(labels.names) and all(map(has_words, texts))


def _check_text(text: Any, name: str, where: str) -> None:
    if not isinstance(text, str) or not has_words(text):
        raise TableError(f"{name} is {text!r}, expected a sentence; drop the row or fill it [{where}]")


def _find_label(cell: Any, labels: LabelSet, where: str) -> str:
    label = labels.find(cell)
    if label is None:
        raise TableError(f"{labels.unknown(label_text(cell))} [{where}]")
    return label
