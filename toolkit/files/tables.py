"""Rows of a table, held by column: thousands of rows, no record made for each."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, overload

from toolkit.exceptions import TableError, did_you_mean
from toolkit.files.atomic import write_file
from toolkit.files.csv_cells import LONGEST_CELL, cell_reader, cell_writer, escape_formula, unescape_formula

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
        return {name: _to_python(column[place]) for name, column in self.columns.items()}

    def __iter__(self) -> Iterator[Row]:
        names = tuple(self.columns)
        for cells in zip(*map(self.cells, names), strict=True):
            yield dict(zip(names, cells, strict=True))

    def cells(self, name: str) -> Sequence[Any]:
        """Return a column's cells as Python's own values, length n_rows."""
        column = self.columns[name]
        return column if isinstance(column, Sequence) else column.to_pylist()


def _to_python(cell: Any) -> Any:
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


ARTICLE_ENDINGS = (".txt", ".md")
TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
BATCH_ROWS = 4096
_TEXT = frozenset({str})
_NUMBERS = frozenset({int, float, bool, type(None)})
# The starts of cells that may start a formula, or have an apostrophe put before them.
_FORMULA_STARTS = frozenset("'=+-@\t\r\n")


def read_article(path: str | Path) -> str:
    """Read a plain-text article; ``-`` is standard input.

    Raises
    ------
    TableError
        If there is no such file or it is not UTF-8.
    """
    if str(path) == "-" and sys.stdin is None:
        raise TableError("standard input is closed; pipe an article to it or name a file [-]")
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise TableError(f"the article cannot be read; name a text file that exists [{path}]") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = error.object[error.start]
        raise TableError(f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8 [{path}:{line}]") from error


def read_table(path: str | Path) -> Iterator[Sequence[Row]]:
    """Read a table in batches of at most 4,096 rows.

    Parameters
    ----------
    path : str or Path
        A file that ends in ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``.

    Yields
    ------
    sequence of dict
        Rows by column name; CSV gives text, JSON lines and Parquet their own types. It is a
        :class:`toolkit.files.tables.Batch`, or a list where lines of JSON have other columns each.

    Raises
    ------
    TableError
        If the file is missing, of another kind or damaged.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise TableError(f"the ending {ending!r} is none of {', '.join(TABLE_ENDINGS)}; convert the table [{path}]")
    if not path.is_file():
        raise TableError(f"there is no such table; name a file that exists [{path}]")
    return _read_parquet(path) if ending == ".parquet" else _read_text(path, ending)


def _read_text(path: Path, ending: str) -> Iterator[Sequence[Row]]:
    lines = _Line()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if ending == ".jsonl":
                yield from _read_json(file, lines)
            else:
                yield from _read_csv(file, "\t" if ending == ".tsv" else ",", lines)
    except UnicodeDecodeError as error:
        raise TableError(f"the table is not UTF-8; save it as UTF-8 [{path}, after line {lines.last}]") from error
    except csv.Error as error:
        raise TableError(
            f"a quote is never closed, or a cell is longer than {LONGEST_CELL:,} characters; "
            f"close it or shorten the cell [{path}, after line {lines.last}]"
        ) from error
    except _Damage as error:
        expected = "one JSON object a line" if ending == ".jsonl" else "as many cells as the header has"
        raise TableError(f"the row is damaged; expected {expected} [{path}:{lines.last}]") from error


class _Damage(Exception):  # noqa: N818 - it never leaves this module.
    """A row that does not fit."""


class _Line:
    """The last line that was read."""

    last = 0


def _read_json(file: IO[str], lines: _Line) -> Iterator[Sequence[Row]]:
    batch: list[Row] = []
    for text in file:
        lines.last += 1
        if text.strip():
            try:
                row = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise _Damage from error
            if not isinstance(row, dict):
                raise _Damage
            batch.append(row)
            if len(batch) == BATCH_ROWS:
                yield _alike(batch)
                batch = []
    if batch:
        yield _alike(batch)


def _alike(rows: list[Row]) -> Sequence[Row]:
    """Hold rows by column if all have the same columns in the same order."""
    names = tuple(rows[0])
    if not names or set(map(tuple, rows)) != {names}:
        return rows
    return Batch({name: [row[name] for row in rows] for name in names})


def _read_csv(file: IO[str], delimiter: str, lines: _Line) -> Iterator[Batch]:
    reader = cell_reader(file, delimiter)
    header: list[str] = next(reader, [])
    lines.last = reader.line_num
    batch: list[list[str]] = []
    for cells in reader:
        lines.last = reader.line_num
        if cells and len(cells) != len(header):
            raise _Damage
        if cells:
            batch.append(cells)
        if len(batch) == BATCH_ROWS:
            yield _by_column(header, batch)
            batch = []
    if batch:
        yield _by_column(header, batch)


def _by_column(header: Sequence[str], batch: Sequence[Sequence[str]]) -> Batch:
    columns = dict(zip(header, zip(*batch, strict=True), strict=True))
    for name, column in columns.items():
        if "'" in {cell[:1] for cell in column}:
            columns[name] = tuple(map(unescape_formula, column))
    return Batch(columns)


def _read_parquet(path: Path) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = 1
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                _check_utf8(batch, first, path)
                yield Batch(dict(zip(batch.schema.names, batch.columns, strict=True)))
                first += len(batch)
    except pa.ArrowException as error:
        raise TableError(f"the file is no Parquet table or is damaged; write it again [{path}]") from error


def _check_utf8(batch: pa.RecordBatch, first: int, path: Path) -> None:
    import pyarrow as pa

    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                for row, cell in enumerate(column.cast(pa.large_binary()).to_pylist(), first):
                    if cell is not None and cell.decode("utf-8", "replace").encode() != cell:
                        raise TableError(f"{name!r} of row {row} is not UTF-8; write the table anew [{path}]") from None
        raise


def text_column(batch: Sequence[Row], name: str | None, path: str | Path) -> str:
    """Return the name of the column that holds the text.

    Parameters
    ----------
    batch : sequence of dict
        The first rows.
    name : str or None
        What the user named; without it ``text`` or ``sentence`` is taken.
    path : str or Path
        Named in messages.

    Raises
    ------
    TableError
        If there is no such column.
    """
    columns = list(batch[0]) if batch else []
    for candidate in (name,) if name else ("text", "sentence"):
        if candidate in columns:
            return str(candidate)
    wanted = f"column {name!r}" if name else "column 'text' or 'sentence'"
    near = did_you_mean(name, columns) if name else "; name it with --text-column"
    raise TableError(f"{wanted} is not in the table ({', '.join(columns)}){near} [{path}]")


class TableWriter:
    """Write rows to a file by its ending, in batches, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``.
    others : sequence of str
        Endings that the caller writes by itself, named where this one is none.
    """

    def __init__(self, path: str | Path, others: Sequence[str] = ()) -> None:
        self.path = Path(path)
        self.ending = self.path.suffix.lower()
        if self.ending not in TABLE_ENDINGS:
            known = ", ".join((*TABLE_ENDINGS, *others))
            raise TableError(f"the ending {self.ending!r} is none of {known}; name another output [{path}]")

    def write(self, batches: Iterable[Sequence[Row]]) -> int:
        """Write all batches, columns as in the first row but for JSON lines; return the number of rows."""
        with write_file(self.path) as file:
            if self.ending == ".parquet":
                return self._write_parquet(file, batches)
            count = 0
            names: list[str] | None = None
            for batch in filter(len, batches):
                header = names is None
                names = names or list(batch[0])
                file.write(self._text(batch, names, header).encode("utf-8", "replace"))
                count += len(batch)
            return count

    def _text(self, batch: Sequence[Row], names: Sequence[str], header: bool) -> str:
        # A lone surrogate can come out of JSON and goes into no UTF-8 file.
        if self.ending == ".jsonl":
            return json_lines(batch)
        return write_csv(batch, "\t" if self.ending == ".tsv" else ",", header, names)

    def _write_parquet(self, file: IO[bytes], batches: Iterable[Sequence[Row]]) -> int:
        import pyarrow as pa
        import pyarrow.parquet as pq

        count = 0
        writer: pq.ParquetWriter | None = None
        schema: pa.Schema | None = None
        try:
            for batch in filter(len, batches):
                try:
                    table = _arrow_table(batch, schema)
                except (pa.ArrowException, UnicodeEncodeError) as error:
                    raise TableError(
                        f"a column mixes types and cannot go into Parquet; write .jsonl instead [{self.path}]"
                    ) from error
                schema = schema or table.schema
                writer = writer or pq.ParquetWriter(file, schema)
                writer.write_table(table)
                count += len(batch)
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            pq.write_table(pa.table({}), file)
        return count


def _arrow_table(batch: Sequence[Row], schema: pa.Schema | None) -> pa.Table:
    """Make an Arrow table; a column that came from Arrow keeps its type."""
    import pyarrow as pa

    if not isinstance(batch, Batch):
        return pa.Table.from_pylist(batch, schema=schema)
    known = {str: pa.string(), float: pa.float64()}
    types = {name: known[kind] for name, kind in batch.types.items()}
    if schema is not None:
        types = dict(zip(schema.names, schema.types, strict=True))
    arrays = {}
    for name in batch.columns if schema is None else schema.names:
        column = batch.columns.get(name)
        arrays[name] = column if isinstance(column, pa.Array) else pa.array(cells_of(batch, name), types.get(name))
    return pa.table(arrays)


def write_csv(
    rows: Sequence[Row], delimiter: str = ",", header: bool = True, names: Sequence[str] | None = None
) -> str:
    """Write rows as CSV text, columns as named or as in the first row, no cell that starts a formula."""
    buffer = io.StringIO(newline="")
    if not rows:
        return ""
    columns = list(names or rows[0])
    cells = [cells_of(rows, name) for name in columns]
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    if header:
        writer.writerow(list(map(escape_formula, columns)))
    writer.writerows(zip(*map(_defused, cells), strict=True))
    if "\r" in buffer.getvalue():
        # A cell has one, and its row other quotes.
        buffer = io.StringIO(newline="")
        write = cell_writer(buffer, delimiter)
        for row in chain([columns] if header else [], zip(*cells, strict=True)):
            write(row)
    return buffer.getvalue()


def _defused(column: Sequence[Any]) -> Sequence[Any]:
    """Defuse the cells of a column; one without a cell that needs it stays as it is."""
    types = set(map(type, column))
    if types <= _TEXT and _FORMULA_STARTS.isdisjoint({cell[:1] for cell in column}):
        return column
    # A number is written as it is, and so is what is missing: as nothing.
    if types <= _NUMBERS and -math.inf not in column:
        return column
    return list(map(escape_formula, column))


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def json_line(row: Mapping[str, Any]) -> str:
    """Write one row as a line of JSON."""
    return _ENCODER.encode(row)


def json_lines(rows: Sequence[Row]) -> str:
    r"""Write rows as lines of JSON.

    Examples
    --------
    >>> json_lines(Batch({"a": ["x", "y"], "b": [1.5, None]}))
    '{"a": "x", "b": 1.5}\n{"a": "y", "b": null}\n'
    """
    if not isinstance(rows, Batch) or not len(rows):
        return "".join([json_line(row) + "\n" for row in rows])
    names = (_ENCODER.encode(name).replace("%", "%%") for name in rows.columns)
    template = "{" + ", ".join(f"{name}: %s" for name in names) + "}\n"
    return "".join(map(template.__mod__, zip(*map(_encoded, map(rows.cells, rows.columns)), strict=True)))


def _encoded(column: Sequence[Any]) -> Iterable[str]:
    """Encode the cells of a column as JSON."""
    if set(map(type, column)) <= _NUMBERS:
        # All at once: none of them has a comma in it.
        return _ENCODER.encode(list(column))[1:-1].split(", ")
    return map(_ENCODER.encode, column)
