"""A model and batches of a table -> the same batches with labels and probabilities in columns of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.exceptions import TableError
from toolkit.files import MISSING_TEXTS, Table, find_text_column, has_words

if TYPE_CHECKING:
    import pyarrow as pa

    from toolkit.models.classifier import SentenceClassifier


def label_batches(
    model: SentenceClassifier,
    batches: Iterable[Table],
    column: str | None,
    where: str | Path,
    names: Sequence[str],
) -> Iterator[Table]:
    """Do the work of :meth:`toolkit.models.classifier.SentenceClassifier.label_table`; ``names``: new columns."""
    types = {name: str if number == 0 else float for number, name in enumerate(names)}
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


def label_names(labels: Sequence[str], prefix: str = "", label_as: str | None = None) -> tuple[str, ...]:
    """Return the names of the columns that hold a label and its probabilities.

    Parameters
    ----------
    labels : sequence of str
        In order.
    prefix : str
        Before every name.
    label_as : str, optional
        The whole name of the column of labels.

    Raises
    ------
    TableError
        If two columns would have one name.

    Examples
    --------
    >>> label_names(["denial", "none"])
    ('label', 'p_denial', 'p_none')
    >>> label_names(["denial"], "model_"), label_names(["denial"], label_as="act")
    (('model_label', 'model_p_denial'), ('act', 'p_denial'))
    """
    label = f"{prefix}label" if label_as is None else label_as
    names = (label, *(f"{prefix}p_{name}" for name in labels))
    if label in names[1:] or not label.strip():
        raise TableError(f"{label!r} cannot name the column of labels; name it otherwise [--label-as]")
    return names


def _check_free(table: Table, names: Sequence[str], where: str | Path) -> None:
    """Check that no column would be overwritten."""
    for name in names:
        if name in table.columns:
            raise TableError(
                f"column {name!r} is in the table already; give the new columns a prefix, as with --prefix model_ or "
                f"prefix='model_', rename the label with --label-as, or drop the column [{where}]"
            )


def _predict_column(
    model: SentenceClassifier, table: Table, name: str, n_before: int, where: str | Path
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which rows have text, and the probabilities of these rows alone."""
    column: Any = table.columns.get(name)
    if str(getattr(column, "type", "")) in ("string", "large_string"):
        is_text = has_text(column)
        return is_text, model.label_proba_column(column if is_text.all() else column.filter(is_text))
    cells = table.cells(name)
    if set(map(type, cells)) != {str}:
        cells = [_as_text(cell, name, row, where) for row, cell in enumerate(cells, n_before + 1)]
    is_text = np.array([has_words(text) for text in cells], bool)
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
    r"""Say of each row of an Arrow column of text whether it has words, as :func:`toolkit.files.has_words` does.

    Examples
    --------
    >>> import pyarrow as pa
    >>> has_text(pa.array(["He left.", " \u2003\x1f", "", None, "NULL"])).tolist()
    [True, False, False, False, False]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from toolkit.engine import spaces

    # Arrow's own set of white space is not Python's.
    trimmed = pc.utf8_trim(column, characters=spaces())
    missing = pa.array(["", None, *MISSING_TEXTS], column.type)
    is_text: NDArray[np.bool_] = pc.invert(pc.is_in(trimmed, value_set=missing)).to_numpy(zero_copy_only=False)
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
