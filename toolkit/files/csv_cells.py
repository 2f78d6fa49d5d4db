"""Cells of a table <-> CSV text that starts no formula in a spreadsheet and comes back as it was."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any, Protocol

from toolkit.exceptions import quote

# Longer than any sentence; a quote that is never closed swallows no more of a file than this.
LONGEST_CELL = 10_000_000
# A spreadsheet takes a cell that starts like this for a formula. A cell that already has
# apostrophes before such a start gets one more, so that removing one gives the text back.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


class _Writable(Protocol):
    def write(self, text: str, /) -> object: ...


def escape_formula(cell: object) -> str:
    """Write a cell so that no spreadsheet runs it; numbers stay unchanged.

    Examples
    --------
    >>> escape_formula("=1+1"), escape_formula("-3.5"), escape_formula("plain")
    ("'=1+1", '-3.5', 'plain')
    """
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unescape_formula(cell: str) -> str:
    """Remove what :func:`escape_formula` put before a cell.

    Examples
    --------
    >>> unescape_formula(escape_formula("'=1+1"))
    "'=1+1"
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def cell_reader(lines: Iterable[str], delimiter: str = ",", strict: bool = False) -> Any:
    """Return a reader of the standard library that accepts cells of up to 10,000,000 characters.

    Notes
    -----
    The library's own limit is 131,072 and holds for the whole process: it is only ever raised.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def find_delimiter(header: str) -> str:
    r"""Return what separates the cells of a header: a comma, or a semicolon or tab if only that one can.

    Parameters
    ----------
    header : str
        The first line of a table.

    Examples
    --------
    >>> [find_delimiter(header) for header in ("id;text", "id\ttext", "id;a,text", "text")]
    [';', '\t', ',', ',']
    """
    parted = [delimiter for delimiter in ",;\t" if len(next(cell_reader([header], delimiter), [])) > 1]
    return parted[0] if len(parted) == 1 else ","


def header_misfit(header: Sequence[str], expected: Sequence[str]) -> str | None:
    """Say where the header of a table first differs from the one expected; ``None`` where it does not.

    Examples
    --------
    >>> header_misfit(["a", "c"], ["a", "b"])
    "column 2 is 'c', expected 'b'"
    >>> header_misfit(["a"], ["a", "b"]), header_misfit(["a", "b"], ["a"])
    ("column 2 is missing, expected 'b'", "column 2 is 'b', expected none")
    """
    for number, (name, expected_name) in enumerate(zip_longest(header, expected), 1):
        if name != expected_name:
            actual = "missing" if name is None else quote(name)
            return f"column {number} is {actual}, expected {'none' if expected_name is None else repr(expected_name)}"
    return None


def cell_writer(file: _Writable, delimiter: str = ",") -> Callable[[Iterable[object]], None]:
    r"""Return a function that writes a row of escaped cells: RFC 4180, but lines end in LF.

    Examples
    --------
    >>> import io
    >>> buffer = io.StringIO(newline="")
    >>> cell_writer(buffer)(["=1", "a\rb"])
    >>> buffer.getvalue()
    '"\'=1","a\rb"\n'
    """
    plain = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    # The library writes a lone CR unquoted unless CR ends lines, and reads it back as the end of a line.
    quoted = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(row: Iterable[object]) -> None:
        cells = [escape_formula(cell) for cell in row]
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)

    return write
