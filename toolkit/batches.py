"""Rows of a table, held by column: thousands of rows, no record made for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]


class Batch(Sequence[Row]):
    """Some rows of a table, by column; one row is made when it is asked for.

    Parameters
    ----------
    columns : mapping of str to sequence or Arrow array
        Cells by column name, all of one length.
    types : mapping of str to type, optional
        ``str`` or ``float`` where the values may not tell, as in a column that is all ``None``.

    Examples
    --------
    >>> batch = Batch({"id": ["1", "2"], "text": ["It rained.", "So it is."]})
    >>> len(batch), batch[1], batch.cells("id")
    (2, {'id': '2', 'text': 'So it is.'}, ['1', '2'])
    """

    def __init__(
        self, columns: Mapping[str, Sequence[Any] | pa.Array], types: Mapping[str, type] | None = None
    ) -> None:
        self.columns = dict(columns)
        self.types = dict(types or {})
        self._length = len(next(iter(self.columns.values()), ()))

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return Batch({name: column[place] for name, column in self.columns.items()}, self.types)
        return {name: _plain(column[place]) for name, column in self.columns.items()}

    def __iter__(self) -> Iterator[Row]:
        names = tuple(self.columns)
        for cells in zip(*map(self.cells, names), strict=True):
            yield dict(zip(names, cells, strict=True))

    def cells(self, name: str) -> Sequence[Any]:
        """Return a column's cells as Python's own values, length n_rows."""
        column = self.columns[name]
        return column if isinstance(column, Sequence) else column.to_pylist()


def _plain(cell: Any) -> Any:
    return cell.as_py() if hasattr(cell, "as_py") else cell


def cells_of(rows: Sequence[Row], name: str | None) -> Sequence[Any]:
    """Return the cells of a column, ``None`` in a row that lacks it; without a name they all are.

    Examples
    --------
    >>> cells_of([{"a": 1}, {"b": 2}], "a")
    [1, None]
    """
    if isinstance(rows, Batch):
        return rows.cells(name) if name in rows.columns else [None] * len(rows)
    return [None if name is None else row.get(name) for row in rows]
