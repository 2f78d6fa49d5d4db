"""CSV, TSV, JSON lines, Parquet and plain text -> tables and articles."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from toolkit.encodings import find_encoding
from toolkit.exceptions import TableError
from toolkit.files.csv_cells import LONGEST_CELL, cell_reader, find_delimiter, unescape_formula
from toolkit.files.refusals import check_is_article, refuse_file, refuse_folder
from toolkit.files.tables import Row, Table

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
        At least one row. CSV gives text; JSON lines and Parquet give their own types. Rows of
        JSON lines may differ in their columns.

    Raises
    ------
    TableError
        If the file is missing, of another kind or damaged.
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
    """Return the batches of a table that is a file or its rows, and what messages call it.

    Examples
    --------
    >>> batches, where = open_table([{"text": "It rained."}])
    >>> [list(batch) for batch in batches], where
    ([[{'text': 'It rained.'}]], 'table')
    """
    if isinstance(table, str | Path):
        return read_table(table, encoding), str(table)
    rows = Table.from_rows(table)
    return iter([rows] if len(rows) else []), "table"


class _DamagedRow(Exception):  # noqa: N818 - it never leaves this module.
    pass


class _LastLine:
    """Number of the last line that was read."""

    number = 0


def _read_text(path: Path, ending: str, encoding: str | None) -> Iterator[Table]:
    last = _LastLine()
    try:
        with path.open("rb") as raw, io.TextIOWrapper(raw, find_encoding(raw, path, encoding), newline="") as file:
            if ending == ".jsonl":
                yield from _read_json(file, last)
            else:
                delimiter = "\t" if ending == ".tsv" else find_delimiter(file.readline(LONGEST_CELL))
                file.seek(0)
                yield from _read_csv(file, delimiter, last)
    except csv.Error as error:
        raise TableError(
            f"a quote is never closed, or a cell is longer than {LONGEST_CELL:,} characters; "
            f"close it or shorten the cell [{path}, after line {last.number}]"
        ) from error
    except _DamagedRow as error:
        expected = "one JSON object per line" if ending == ".jsonl" else "as many cells as the header has"
        raise TableError(f"the row is damaged; expected {expected} [{path}:{last.number}]") from error


def _read_json(file: IO[str], last: _LastLine) -> Iterator[Table]:
    batch: list[Row] = []
    for line in file:
        last.number += 1
        if line.strip():
            try:
                row = json.loads(line)
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


def _read_csv(file: IO[str], delimiter: str, last: _LastLine) -> Iterator[Table]:
    reader = cell_reader(file, delimiter)
    header: list[str] = next(reader, [])
    last.number = reader.line_num
    batch: list[list[str]] = []
    for cells in reader:
        last.number = reader.line_num
        if cells and len(cells) != len(header):
            raise _DamagedRow
        if cells:
            batch.append(cells)
        if len(batch) == BATCH_ROWS:
            yield _by_column(header, batch)
            batch = []
    if batch:
        yield _by_column(header, batch)


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
