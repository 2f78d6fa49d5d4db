"""CSV, TSV, JSON lines, Parquet and plain text -> tables and articles."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.encodings import find_encoding
from toolkit.exceptions import TableError
from toolkit.files.csv_cells import (
    DamagedCells,
    find_delimiter,
    has_plain_quotes,
    header_problem,
    read_cells,
    unescape_formula,
)
from toolkit.files.refusals import check_is_article, refuse_file, refuse_folder
from toolkit.files.tables import Row, Table, as_table

if TYPE_CHECKING:
    import pyarrow as pa

ARTICLE_ENDINGS = (".txt", ".md")
TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
BATCH_ROWS = 4096


def read_article(path: str | Path, encoding: str | None = None) -> str:
    """Read a plain-text article; ``-`` is standard input, and a name that ends in ``.gz`` is unpacked.

    Parameters
    ----------
    path : str or Path
        A file, or ``-``.
    encoding : str, optional
        As :func:`toolkit.encodings.find_encoding` takes it.

    Raises
    ------
    TableError
        If there is no such file, or it is damaged or cannot be decoded.
    """
    if str(path) == "-" and sys.stdin is None:
        raise TableError("standard input is closed; pipe an article to it or name a file [-]")
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
        if str(path).lower().endswith(".gz"):
            content = _unpack(content, path)
        check_is_article(content, None, path)
        text = content.decode(find_encoding(io.BytesIO(content), path, encoding))
        check_is_article(content, text, path)
        return text
    except OSError as error:
        raise TableError(f"the article cannot be read; name a text file that exists [{path}]") from error


def _unpack(content: bytes, path: str | Path) -> bytes:
    import gzip
    import zlib

    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TableError(f"the file is damaged or not packed by gzip; pack it again [{path}]") from error


def list_articles(folder: str | Path) -> list[str]:
    """List the articles in a folder and all folders below it, in order of their paths.

    Raises
    ------
    TableError
        If there is none.
    """
    files = Path(folder).rglob("*")
    articles = sorted(str(file) for file in files if file.suffix.lower() in ARTICLE_ENDINGS and file.is_file())
    if not articles:
        raise refuse_folder(folder, ARTICLE_ENDINGS)
    return articles


def read_table(path: str | Path, encoding: str | None = None) -> Iterator[Table]:
    """Read a table in batches of at most 4,096 rows.

    Parameters
    ----------
    path : str or Path
        A file that ends in ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``. Semicolons or tabs
        may separate the cells of a ``.csv`` whose header has no comma.
    encoding : str, optional
        Of text, as :func:`toolkit.encodings.find_encoding` takes it.

    Yields
    ------
    Table
        At least one row, or a single batch of none if the table has only a header. CSV gives text;
        JSON lines and Parquet give their own types. Rows of JSON lines may differ in their columns.

    Raises
    ------
    TableError
        If the file is missing, of another kind or damaged, or a column has no name or that of another.

    Notes
    -----
    Quotes in a ``.tsv`` enclose cells as in CSV; they are text where that cannot be and every line is a row.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise refuse_file(path, TABLE_ENDINGS)
    if not path.is_file():
        raise TableError(f"there is no such table; name a file that exists [{path}]")
    return _read_parquet(path) if ending == ".parquet" else _read_text(path, ending, encoding)


def open_table(
    table: str | Path | Iterable[Mapping[str, Any]], encoding: str | None = None
) -> tuple[Iterator[Table], str]:
    """Return the batches of a table that is a file or its rows (:func:`as_table`), and what messages call it.

    Examples
    --------
    >>> batches, where = open_table([{"text": "It rained."}])
    >>> [list(batch) for batch in batches], where
    ([[{'text': 'It rained.'}]], 'table')
    """
    if isinstance(table, str | Path):
        return read_table(table, encoding), str(table)
    rows = as_table(table)
    return iter([rows] if len(rows) else []), "table"


class _DamagedRow(Exception):  # noqa: N818 - it never leaves this module.
    pass


def _unique(pairs: list[tuple[str, Any]]) -> Row:
    """Refuse an object with two values for one key, of which the library would keep the last."""
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _DamagedRow
    return row


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


class _LastLine:
    """Number of the last line that was read."""

    number = 0


def _read_text(path: Path, ending: str, encoding: str | None) -> Iterator[Table]:
    last = _LastLine()
    with path.open("rb") as raw:
        found = find_encoding(raw, path, encoding)

    def open_lines() -> Iterator[str]:
        with path.open("rb") as raw, io.TextIOWrapper(raw, found, newline="") as file:
            yield from file

    try:
        if ending == ".jsonl":
            yield from _read_json(open_lines(), last)
        else:
            delimiter = "\t" if ending == ".tsv" else find_delimiter(next(open_lines(), ""))
            yield from _read_csv(open_lines, delimiter, last)
    except DamagedCells as error:
        raise TableError(f"{error.message} [{path}:{error.line}]") from error
    except _DamagedRow as error:
        expected = (
            "one JSON object per line with each key once" if ending == ".jsonl" else "as many cells as the header has"
        )
        raise TableError(f"the row is damaged; expected {expected} [{path}:{last.number}]") from error


def _read_json(file: Iterable[str], last: _LastLine) -> Iterator[Table]:
    batch: list[Row] = []
    for line in file:
        last.number += 1
        if line.strip():
            try:
                row = _DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                raise _DamagedRow from error
            if not isinstance(row, dict):
                raise _DamagedRow
            batch.append(row)
            if len(batch) == BATCH_ROWS:
                yield Table.from_rows(batch)
                batch = []
    if batch:
        yield Table.from_rows(batch)


def _read_csv(open_lines: Callable[[], Iterator[str]], delimiter: str, last: _LastLine) -> Iterator[Table]:
    is_quoted = delimiter != "\t" or not has_plain_quotes(open_lines, delimiter)
    header: list[str] = []
    batch: list[list[str]] = []
    is_empty = True
    for last.number, cells in read_cells(open_lines, delimiter, is_quoted):
        if not header:
            header = cells
            if problem := header_problem(header):
                raise DamagedCells(problem, last.number)
            continue
        if len(cells) != len(header):
            raise _DamagedRow
        batch.append(cells)
        if len(batch) == BATCH_ROWS:
            yield _by_column(header, batch)
            batch, is_empty = [], False
    if batch:
        yield _by_column(header, batch)
    elif header and is_empty:
        yield Table(dict.fromkeys(header, ()))


def _by_column(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    for name, column in columns.items():
        if "'" in {cell[:1] for cell in column}:
            columns[name] = tuple(map(unescape_formula, column))
    return Table(columns)


def _read_parquet(path: Path) -> Iterator[Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    first_row = 1
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            if problem := header_problem(schema.names):
                raise TableError(f"{problem} [{path}]")
            if not file.metadata.num_rows:
                yield Table({name: pa.array([], kind) for name, kind in zip(schema.names, schema.types, strict=True)})
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                _check_utf8(batch, first_row, path)
                yield Table(dict(zip(batch.schema.names, batch.columns, strict=True)))
                first_row += len(batch)
    except pa.ArrowException as error:
        raise TableError(f"the file is not a Parquet table or is damaged; write it again [{path}]") from error


def _check_utf8(batch: pa.RecordBatch, first_row: int, path: Path) -> None:
    import pyarrow as pa

    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                for row, cell in enumerate(column.cast(pa.large_binary()).to_pylist(), first_row):
                    if cell is not None and cell.decode("utf-8", "replace").encode() != cell:
                        raise TableError(
                            f"{name!r} of row {row} is not UTF-8; write the table again [{path}]"
                        ) from None
        raise
