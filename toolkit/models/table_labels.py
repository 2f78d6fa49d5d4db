"""A model and batches of a table -> the same batches with labels and probabilities in columns of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.exceptions import TableError
from toolkit.files import Table, find_text_column

if TYPE_CHECKING:
    import pyarrow as pa

    from toolkit.models.classifier import SentenceClassifier


def label_batches(
    model: SentenceClassifier,
    batches: Iterable[Table],
    column: str | None,
    where: str | Path,
) -> Iterator[Table]:
    """Do the work of :meth:`toolkit.models.classifier.SentenceClassifier.label_table`."""
    names = label_names(model.label_set.names)
    types = {name: str if name == "label" else float for name in names}
    n_before = 0
    for table in batches:
        column = find_text_column(table, column, where)
        _check_free(table, names, where)
        is_text, proba = _predict_column(model, table, column, n_before, where)
        columns = dict(zip(names, _label_columns(model, is_text, proba), strict=True))
        yield table.with_columns(columns, types)
        n_before += len(table)


def predict_table(
    model: SentenceClassifier,
    batches: Iterable[Table],
    column: str | None,
    where: str | Path,
    article_column: str,
) -> tuple[NDArray[np.float64], list[Any] | None]:
    """Return the probabilities of all rows with text, in the order of ``label_set``, and their articles.

    There are no articles if a batch lacks their column.
    """
    parts = [np.zeros((0, len(model.label_set.names)))]
    articles: list[Any] | None = []
    n_before = 0
    for table in batches:
        column = find_text_column(table, column, where)
        is_text, proba = _predict_column(model, table, column, n_before, where)
        parts.append(proba)
        if article_column not in table.columns:
            articles = None
        elif articles is not None:
            cells = table.cells(article_column)
            articles += [str(cell) for cell, kept in zip(cells, is_text.tolist(), strict=True) if kept]
        n_before += len(table)
    return np.concatenate(parts), articles


def label_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns that hold a label and its probabilities.

    Examples
    --------
    >>> label_names(["denial", "none"])
    ('label', 'p_denial', 'p_none')
    """
    return ("label", *(f"p_{name}" for name in labels))


def _check_free(table: Table, names: Sequence[str], where: str | Path) -> None:
    """Check that no column would be overwritten."""
    for name in names:
        if name in table.columns:
            raise TableError(f"column {name!r} is in the table already; rename or drop it [{where}]")


def _predict_column(
    model: SentenceClassifier, table: Table, name: str, n_before: int, where: str | Path
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which rows have text, and the probabilities of these rows alone."""
    column: Any = table.columns[name]
    if str(getattr(column, "type", "")) in ("string", "large_string"):
        is_text = has_text(column)
        return is_text, model.label_proba_column(column if is_text.all() else column.filter(is_text))
    cells = table.cells(name)
    if set(map(type, cells)) != {str}:
        cells = [_as_text(cell, name, row, where) for row, cell in enumerate(cells, n_before + 1)]
    is_text = np.array([bool(text) and not text.isspace() for text in cells])
    return is_text, model.label_proba([text for text, kept in zip(cells, is_text.tolist(), strict=True) if kept])


def _as_text(cell: Any, name: str, row: int, where: str | Path) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if not isinstance(cell, str):
        raise TableError(f"{name!r} of row {row} is {cell!r}, expected text; name another column [{where}]")
    return cell


def _label_columns(
    model: SentenceClassifier, is_text: NDArray[np.bool_], proba: NDArray[np.float64]
) -> list[list[Any]]:
    """Return labels and probabilities by column, ``None`` in a row without text."""
    labels = np.array(model.label_set.names)[proba.argmax(axis=1)].tolist()
    columns = [labels, *round_proba(proba).T.tolist()]
    if is_text.all():
        return columns
    spread = []
    for values in columns:
        remaining = iter(values)
        spread.append([next(remaining) if kept else None for kept in is_text.tolist()])
    return spread


def has_text(column: pa.Array) -> NDArray[np.bool_]:
    r"""Say of each row of an Arrow column of text whether it is there and more than white space.

    Examples
    --------
    >>> import pyarrow as pa
    >>> has_text(pa.array(["He left.", " \u2003\x1f", "", None])).tolist()
    [True, False, False, False]
    """
    import pyarrow.compute as pc

    from toolkit.engine import spaces

    # Arrow's own set of white space is not Python's.
    trimmed = pc.utf8_ltrim(column, characters=spaces())
    is_text: NDArray[np.bool_] = (
        pc.greater(pc.binary_length(trimmed), 0).fill_null(False).to_numpy(zero_copy_only=False)
    )
    return is_text


def round_proba(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to six digits exactly as Python's ``round`` does, whatever the shape.

    Examples
    --------
    >>> round_proba(np.array([[0.1234565, 2.5e-6]])).tolist() == [[round(0.1234565, 6), round(2.5e-6, 6)]]
    True
    """
    millionths = proba * 1e6
    nearest = np.rint(millionths)
    rounded: NDArray[np.float64] = nearest / 1e6
    # The product is rounded itself: this near the middle of two numbers it does not show which is nearer.
    for index in np.argwhere(np.abs(np.abs(millionths - nearest) - 0.5) < 1e-6):
        rounded[tuple(index)] = round(float(proba[tuple(index)]), 6)
    return rounded
