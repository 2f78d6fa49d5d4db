"""Tables -> CSV, TSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from toolkit.exceptions import TableError
from toolkit.files.atomic import write_file
from toolkit.files.csv_cells import cell_writer, escape_formula, find_delimiter
from toolkit.files.reading import TABLE_ENDINGS
from toolkit.files.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

_TEXT = frozenset({str})
_NUMBERS = frozenset({int, float, bool, type(None)})
# First characters of cells that may start a formula, or that had an apostrophe put before them.
_FORMULA_STARTS = frozenset("'=+-@\t\r\n")
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class TableWriter:
    """Write a table to a file by its ending, in batches, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``.
    others : sequence of str
        Endings that the caller writes itself, named in the message about one that nobody writes.

    Raises
    ------
    TableError
        If the ending is none of these.
    """

    def __init__(self, path: str | Path, others: Sequence[str] = ()) -> None:
        self.path = Path(path)
        self.ending = self.path.suffix.lower()
        if self.ending not in TABLE_ENDINGS:
            known = ", ".join((*TABLE_ENDINGS, *others))
            raise TableError(f"the ending {self.ending!r} is none of {known}; name another output [{path}]")

    def write(self, batches: Iterable[Table]) -> int:
        """Write all batches; return the number of rows.

        The columns are those of the first row, or of a batch without rows; in JSON lines each row keeps its own.
        """
        with write_file(self.path) as file:
            if self.ending == ".parquet":
                return self._write_parquet(file, batches)
            count = 0
            names: list[str] | None = None
            for batch in filter(_has_columns, batches):
                is_first = names is None
                names = names or _names(batch)
                file.write(self._text(batch, names, is_first).encode("utf-8", "replace"))
                count += len(batch)
            return count

    def _text(self, batch: Table, names: Sequence[str], header: bool) -> str:
        # A lone surrogate can come out of JSON and cannot go into a UTF-8 file.
        if self.ending == ".jsonl":
            return json_lines(batch)
        return write_csv(batch, "\t" if self.ending == ".tsv" else ",", header, names)

    def _write_parquet(self, file: IO[bytes], batches: Iterable[Table]) -> int:
        import pyarrow as pa
        import pyarrow.parquet as pq

        count = 0
        writer: pq.ParquetWriter | None = None
        schema: pa.Schema | None = None
        try:
            for batch in filter(_has_columns, batches):
                try:
                    arrow = _to_arrow(batch, schema)
                except (pa.ArrowException, UnicodeEncodeError) as error:
                    raise TableError(
                        f"a column mixes types and cannot go into Parquet; write .jsonl instead [{self.path}]"
                    ) from error
                schema = schema or arrow.schema
                writer = writer or pq.ParquetWriter(file, schema)
                writer.write_table(arrow)
                count += len(batch)
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            pq.write_table(pa.table({}), file)
        return count


def _has_columns(table: Table) -> bool:
    return bool(table or table.columns)


def _names(table: Table) -> list[str]:
    """Return the columns of the first row, or those of a table without rows."""
    return list(table[0] if table else table.columns)


def _to_arrow(table: Table, schema: pa.Schema | None) -> pa.Table:
    """Make an Arrow table; a column that came from Arrow keeps its type."""
    import pyarrow as pa

    known = {str: pa.string(), float: pa.float64()}
    types = {name: known[kind] for name, kind in table.types.items()}
    if schema is not None:
        types = dict(zip(schema.names, schema.types, strict=True))
    arrays = {}
    for name in _names(table) if schema is None else schema.names:
        column = table.columns.get(name)
        arrays[name] = column if isinstance(column, pa.Array) else pa.array(table.cells(name), types.get(name))
    return pa.table(arrays)


def write_csv(table: Table, delimiter: str = ",", header: bool = True, names: Sequence[str] | None = None) -> str:
    r"""Write a table as CSV text in which no cell starts a formula.

    Parameters
    ----------
    table : Table
        Without rows there is only the header.
    delimiter : str
        Between cells.
    header : bool
        Whether the names of the columns come first.
    names : sequence of str, optional
        The columns; those of the first row, if not given.

    Examples
    --------
    >>> write_csv(Table({"id": [1, 2], "text": ["=1+1", None]}))
    "id,text\n1,'=1+1\n2,\n"
    """
    names = list(names or _names(table))
    columns = [table.cells(name) for name in names]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    if header:
        # A lone name with another delimiter in it must not be taken for several.
        is_parted = len(names) == 1 and find_delimiter(str(names[0])) != ","
        first = (
            csv.writer(buffer, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL) if is_parted else writer
        )
        first.writerow(list(map(escape_formula, names)))
    writer.writerows(zip(*map(_escaped, columns), strict=True))
    written = buffer.getvalue()
    if "\r" in written or written.count("\n") > len(table) + header:
        # A row with a carriage return, or with lines like rows, is quoted throughout; the library alone does not do it.
        buffer = io.StringIO(newline="")
        write = cell_writer(buffer, delimiter)
        for row in chain([names] if header else [], zip(*columns, strict=True)):
            write(row)
    return buffer.getvalue()


def _escaped(column: Sequence[Any]) -> Sequence[Any]:
    """Escape the cells of a column; return the column itself where no cell needs it."""
    types = set(map(type, column))
    if types <= _TEXT and _FORMULA_STARTS.isdisjoint({cell[:1] for cell in column}):
        return column
    # The library writes a number as it is and None as nothing, but "-inf" would start a formula.
    if types <= _NUMBERS and -math.inf not in column:
        return column
    return list(map(escape_formula, column))


def json_line(row: Mapping[str, Any]) -> str:
    """Write one row as a line of JSON, without the end of the line.

    Examples
    --------
    >>> json_line({"a": "x", "b": None})
    '{"a": "x", "b": null}'
    """
    return _ENCODER.encode(row)


def json_lines(table: Table) -> str:
    r"""Write a table as lines of JSON; a row has no key for a cell it does not have.

    Examples
    --------
    >>> json_lines(Table({"a": ["x", "y"], "b": [1.5, None]}))
    '{"a": "x", "b": 1.5}\n{"a": "y", "b": null}\n'
    >>> json_lines(Table.from_rows([{"a": 1}, {"b": 2}]))
    '{"a": 1}\n{"b": 2}\n'
    """
    if table.is_ragged or not table:
        return "".join([json_line(row) + "\n" for row in table])
    names = (_ENCODER.encode(name).replace("%", "%%") for name in table.columns)
    template = "{" + ", ".join(f"{name}: %s" for name in names) + "}\n"
    columns = map(_encoded, map(table.cells, table.columns))
    return "".join(map(template.__mod__, zip(*columns, strict=True)))


def _encoded(column: Sequence[Any]) -> Iterable[str]:
    """Encode the cells of a column as JSON."""
    if set(map(type, column)) <= _NUMBERS:
        # All at once: no number, true, false or null has a comma in it.
        return _ENCODER.encode(list(column))[1:-1].split(", ")
    return map(_ENCODER.encode, column)
