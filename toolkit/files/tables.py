"""Rows of a table, held by column: thousands of rows without a record for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from toolkit.exceptions import TableError, did_you_mean
from toolkit.files.csv_cells import header_problem

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]


# What other programs write into a cell that is empty.
MISSING_TEXTS = frozenset({"nan", "NaN", "None", "NULL", "null", "N/A", "n/a", "#N/A", "<NA>"})


def has_words(text: str) -> bool:
    """Say whether a cell of text is neither empty nor the mark of an empty cell.

    Examples
    --------
    >>> has_words("He left."), has_words(" "), has_words("NULL")
    (True, False, False)
    """
    stripped = text.strip()
    return bool(stripped) and stripped not in MISSING_TEXTS


class _Missing(Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


# Stands in a column where a row of JSON has no such key; None is a cell that is there and empty.
MISSING = _Missing.MISSING


class Table(Sequence[Row]):
    """Some rows of a table, by column; a row is made only when asked for.

    Parameters
    ----------
    columns : mapping of str to sequence or Arrow array
        Cells by column name, all of one length.
    types : mapping of str to type, optional
        ``str`` or ``float`` for columns whose values may not show it, such as one that is all ``None``.

    Attributes
    ----------
    columns : dict of str to sequence or Arrow array
        As given; ``MISSING`` where a row has no such cell, which happens only after :meth:`from_rows`.
    types : dict of str to type
        As given.

    Examples
    --------
    >>> table = Table({"id": ["1", "2"], "text": ["It rained.", "So it is."]})
    >>> len(table), table[1], table.cells("id")
    (2, {'id': '2', 'text': 'So it is.'}, ['1', '2'])
    """

    def __init__(
        self, columns: Mapping[str, Sequence[Any] | pa.Array], types: Mapping[str, type] | None = None
    ) -> None:
        self.columns = dict(columns)
        self.types = dict(types or {})
        self._length = len(next(iter(self.columns.values()), ()))
        # Column names of each row in its own order, where rows differ.
        self._row_names: Sequence[tuple[str, ...]] | None = None

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Table:
        """Make a table from records, which may have different keys.

        Examples
        --------
        >>> table = Table.from_rows([{"a": 1}, {"b": 2, "a": None}])
        >>> table.columns
        {'a': [1, None], 'b': [MISSING, 2]}
        >>> list(table)
        [{'a': 1}, {'b': 2, 'a': None}]
        """
        records = list(rows)
        distinct = dict.fromkeys(map(tuple, records))
        names = dict.fromkeys(name for row_names in distinct for name in row_names)
        if len(distinct) == 1 and names:
            return cls({name: [row[name] for row in records] for name in names})
        table = cls({name: [row.get(name, MISSING) for row in records] for name in names})
        return table._with_row_names(list(map(tuple, records)))

    def _with_row_names(self, row_names: Sequence[tuple[str, ...]]) -> Table:
        self._row_names, self._length = row_names, len(row_names)
        return self

    @property
    def is_ragged(self) -> bool:
        """Whether rows may differ in their columns or the order of these."""
        return self._row_names is not None

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...
    def __getitem__(self, index: int | slice) -> Row | Table:
        if isinstance(index, slice):
            part = Table({name: column[index] for name, column in self.columns.items()}, self.types)
            return part if self._row_names is None else part._with_row_names(self._row_names[index])
        row = range(self._length)[index]
        names = self.columns if self._row_names is None else self._row_names[row]
        return {name: _to_python(self.columns[name][row]) for name in names}

    def __iter__(self) -> Iterator[Row]:
        columns = {name: self.cells(name) for name in self.columns}
        if self._row_names is None:
            for cells in zip(*columns.values(), strict=True):
                yield dict(zip(columns, cells, strict=True))
        else:
            for row, names in enumerate(self._row_names):
                yield {name: columns[name][row] for name in names}

    def cells(self, name: str) -> Sequence[Any]:
        """Return a column as Python's own values, ``None`` where a row has no such cell, length n_rows.

        A column that no row has is all ``None``; ``outer.inner`` is the key ``inner`` of a column of records.

        Examples
        --------
        >>> table = Table.from_rows([{"a": 1}, {"b": 2}])
        >>> table.cells("a"), table.cells("c")
        ([1, None], [None, None])
        """
        if name not in self.columns:
            outer, _, inner = name.rpartition(".")
            cells = self.cells(outer) if outer else [None] * self._length
            return [cell.get(inner) if isinstance(cell, Mapping) else None for cell in cells]
        column = self.columns[name]
        if not isinstance(column, Sequence):
            return list(column.to_pylist())
        if self._row_names is None:
            return column
        return [None if cell is MISSING else cell for cell in column]

    def with_columns(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, type]) -> Table:
        """Return the table with more columns behind its own, which every row has.

        Parameters
        ----------
        columns : mapping of str to sequence of length n_rows
            Cells by names that the table does not have.
        types : mapping of str to type
            As the class takes them.
        """
        table = Table({**self.columns, **columns}, {**self.types, **types})
        if self._row_names is None:
            return table
        longer = {names: (*names, *columns) for names in set(self._row_names)}
        return table._with_row_names([longer[names] for names in self._row_names])


def as_table(rows: Any) -> Table:
    """Return rows as a table: mappings, a data frame, or one column of text.

    Parameters
    ----------
    rows : Table, iterable of mapping, data frame, or array or series of text
        A frame of pandas, Polars, Arrow or datasets keeps its columns. An array or series, which has
        no column names, becomes the column ``text``.

    Raises
    ------
    TypeError
        If they are anything else, such as a mapping of columns.
    TableError
        If a column of a frame has no name or that of another.

    Examples
    --------
    >>> as_table([{"text": "It rained."}]).columns
    {'text': ['It rained.']}
    """
    if isinstance(rows, Table):
        return rows
    shape = getattr(rows, "shape", ())
    names = getattr(rows, "column_names", getattr(rows, "columns", None)) if len(shape) == 2 else None
    if names is not None:
        if problem := header_problem(list(map(str, names))):
            raise TableError(f"{problem} [table]")
        return Table({str(name): _cells(rows[name]) for name in names})
    if shape[1:] == (1,):
        return Table({"text": _cells(rows[:, 0])})
    if len(shape) == 1 or hasattr(rows, "to_pylist"):
        return Table({"text": _cells(rows)})
    is_wrong = shape or isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable)
    records = [] if is_wrong else list(rows)
    wrong = rows if is_wrong else next((row for row in records if not isinstance(row, Mapping)), None)
    if wrong is not None or is_wrong:
        raise TypeError(f"{type(wrong).__name__} came, expected rows as mappings, a data frame or a column of text")
    return Table.from_rows(records)


def _cells(column: Any) -> Sequence[Any]:
    if hasattr(column, "notna"):
        # pandas has several marks of a missing cell.
        column = column.astype(object).where(column.notna(), None)
    return column.to_pylist() if hasattr(column, "to_pylist") else list(column)


def as_batches(tables: Any) -> Iterator[Table]:
    """Return the batches of a table: one if it is a single table, as :func:`as_table` takes it.

    Raises
    ------
    TypeError, TableError
        As :func:`as_table`, for the first batch at once.

    Examples
    --------
    >>> [len(batch) for batch in as_batches([[{"text": "a"}], [{"text": "b"}, {"text": "c"}]])]
    [1, 2]
    >>> [len(batch) for batch in as_batches([{"text": "a"}, {"text": "b"}])]
    [2]
    """
    is_single = isinstance(tables, Table | str | bytes | Mapping) or not isinstance(tables, Iterable)
    if is_single or hasattr(tables, "shape") or hasattr(tables, "to_pylist"):
        return iter([as_table(tables)])
    rest = iter(tables)
    for first in rest:
        if isinstance(first, Mapping):
            return iter([as_table(chain([first], rest))])
        return chain([as_table(first)], map(as_table, rest))
    return iter(())


def _to_python(cell: Any) -> Any:
    return cell.as_py() if hasattr(cell, "as_py") else cell


def find_text_column(table: Table, name: str | None, path: str | Path) -> str:
    """Return the name of the column that holds the text.

    Parameters
    ----------
    table : Table
        The first rows; the first of all must have the column.
    name : str or None
        The column the user named; if ``None``, ``text`` or ``sentence``.
    path : str or Path
        Named in messages.

    Raises
    ------
    TableError
        If there is no such column.

    Examples
    --------
    >>> find_text_column(Table({"id": ["1"], "sentence": ["It rained."]}), None, "t.csv")
    'sentence'
    """
    names = list(table[0] if table else table.columns)
    for candidate in (name,) if name else ("text", "sentence"):
        if candidate in names or ("." in candidate and table and table[:1].cells(candidate)[0] is not None):
            return candidate
    wanted = f"column {name!r}" if name else "column 'text' or 'sentence'"
    near = did_you_mean(name or "text", names) or ("" if name else did_you_mean("sentence", names))
    hint = near if name else f"; name it with --text-column{near}"
    raise TableError(f"{wanted} is not in the table ({', '.join(names)}){hint} [{path}]")
