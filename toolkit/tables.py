"""Texts and tables of the user: read in batches, write whole, start no formula."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from toolkit.cells import LONGEST_CELL, cell_reader, cell_writer, refuse
from toolkit.exceptions import TableError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

ARTICLE_ENDINGS = (".txt", ".md")
TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
BATCH_ROWS = 4096

Row = dict[str, Any]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return one line that can neither steer a terminal nor turn the direction of reading.

    Examples
    --------
    >>> printable("red\x1b[31m")
    'red\ufffd[31m'
    """
    return _CONTROL.sub("\ufffd", text.replace("\r", " ").replace("\n", " ")).encode("utf-8", "replace").decode()


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


def read_table(path: str | Path) -> Iterator[list[Row]]:
    """Read a table in batches of at most 4,096 rows.

    Parameters
    ----------
    path : str or Path
        A file that ends in ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``.

    Yields
    ------
    list of dict
        Rows by column name; CSV gives text, JSON lines and Parquet their own types.

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
    rows = _read_parquet(path) if ending == ".parquet" else _batches(_read_lines(path, ending))
    return rows


def _read_lines(path: Path, ending: str) -> Iterator[Row]:
    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if ending == ".jsonl":
                for text in file:
                    line += 1
                    if text.strip():
                        row = json.loads(text)
                        if not isinstance(row, dict):
                            raise ValueError(text)
                        yield row
            else:
                reader = cell_reader(file, "\t" if ending == ".tsv" else ",")
                header: list[str] = next(reader, [])
                line = reader.line_num
                for cells in reader:
                    line = reader.line_num
                    if cells and len(cells) != len(header):
                        raise ValueError(cells)
                    if cells:
                        yield {name: refuse(cell) for name, cell in zip(header, cells, strict=True)}
    except UnicodeDecodeError as error:
        raise TableError(f"the table is not UTF-8; save it as UTF-8 [{path}, after line {line}]") from error
    except csv.Error as error:
        raise TableError(
            f"a quote is never closed, or a cell is longer than {LONGEST_CELL:,} characters; "
            f"close it or shorten the cell [{path}, after line {line}]"
        ) from error
    except (ValueError, RecursionError) as error:
        expected = "one JSON object a line" if ending == ".jsonl" else "as many cells as the header has"
        raise TableError(f"the row is damaged; expected {expected} [{path}:{line}]") from error


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _read_parquet(path: Path) -> Iterator[list[Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield batch.to_pylist()
    except pa.ArrowException as error:
        raise TableError(f"the file is no Parquet table or is damaged; write it again [{path}]") from error


def text_column(batch: list[Row], name: str | None, path: str | Path) -> str:
    """Return the name of the column that holds the text.

    Parameters
    ----------
    batch : list of dict
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

    def write(self, batches: Iterable[list[Row]]) -> int:
        """Write all batches; return the number of rows."""
        with whole_file(self.path) as file:
            if self.ending == ".parquet":
                return self._write_parquet(file, batches)
            return sum(self._write_text(file, batch, first) for first, batch in _mark_first(batches))

    def _write_text(self, file: IO[bytes], batch: list[Row], first: bool) -> int:
        if self.ending == ".jsonl":
            text = "".join(json_line(row) + "\n" for row in batch)
        else:
            text = write_csv(batch, "\t" if self.ending == ".tsv" else ",", header=first)
        # A lone surrogate can come out of JSON and goes into no UTF-8 file.
        file.write(text.encode("utf-8", "replace"))
        return len(batch)

    def _write_parquet(self, file: IO[bytes], batches: Iterable[list[Row]]) -> int:
        import pyarrow as pa
        import pyarrow.parquet as pq

        count = 0
        writer: pq.ParquetWriter | None = None
        schema: pa.Schema | None = None
        try:
            for batch in batches:
                try:
                    table = pa.Table.from_pylist(batch, schema=schema)
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
        return count


def _mark_first(batches: Iterable[list[Row]]) -> Iterator[tuple[bool, list[Row]]]:
    for number, batch in enumerate(batches):
        yield number == 0, batch


def write_csv(rows: list[Row], delimiter: str = ",", header: bool = True) -> str:
    """Write rows as CSV text, columns as in the first row, no cell that starts a formula."""
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer, delimiter)
    if header and rows:
        write(rows[0])
    for row in rows:
        write(row.get(name) for name in rows[0])
    return buffer.getvalue()


def json_line(row: Mapping[str, Any]) -> str:
    """Write one row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False, default=str)


@contextmanager
def whole_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when all of it is written.

    Raises
    ------
    TableError
        If the folder does not exist or cannot be written to, or the place is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise TableError(f"the output is a folder; name a file [{path}]")
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise TableError(f"the output cannot be written; name a file in a folder that exists [{path}]") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        # A temporary file is the owner's alone; a written one has the usual rights.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
