"""Cells of a table <-> CSV text that starts no formula in a spreadsheet and comes back as it was."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, zip_longest
from typing import Any, Protocol

from toolkit.exceptions import quote

# Longer than any sentence; a quote that is never closed swallows no more of a file than this.
LONGEST_CELL = 10_000_000
# A spreadsheet takes a cell that starts like this for a formula. A cell that already has
# apostrophes before such a start gets one more, so that removing one gives the text back.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_LINE_END = re.compile(r"\r\n?|\n")
# So many further lines of a quoted cell, all with as many delimiters as the table has, are rows that a
# quote swallowed, unless the whole row is quoted. A line of text may well have a comma, but hardly a tab.
_SWALLOWED_ROWS = 3
_SWALLOWED_ROWS_OF_TABS = 1
_UNCLOSED = (
    "a quote is not closed at the end of its cell, which starts on this line; "
    "close it, or double each quote within a quoted cell"
)


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


class DamagedCells(Exception):  # noqa: N818 - an exception that its catcher turns into one of the toolkit's own.
    """What is wrong with CSV text and what to do, and the line where it begins."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def cell_reader(lines: Iterable[str], delimiter: str = ",", is_quoted: bool = True) -> Any:
    """Return a strict reader of the standard library that accepts cells of up to 10,000,000 characters.

    Parameters
    ----------
    lines : iterable of str
        With their ends.
    delimiter : str
        Between cells.
    is_quoted : bool
        Whether a quote at the start of a cell encloses it; otherwise quotes are text.

    Notes
    -----
    The library's own limit is 131,072 and holds for the whole process: it is only ever raised.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    if is_quoted:
        return csv.reader(lines, delimiter=delimiter, strict=True)
    return csv.reader(lines, delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE)


def read_cells(
    open_lines: Callable[[], Iterable[str]], delimiter: str = ",", is_quoted: bool = True
) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the first line, counted from 1, and the cells of each record; the header is the first.

    Parameters
    ----------
    open_lines : callable
        Returns the lines from the first on, with their ends; called again to find a quote that is not closed.
    delimiter, is_quoted
        As of :func:`cell_reader`.

    Raises
    ------
    DamagedCells
        If a quote is not closed at the end of its cell, or only after what are rows of the table, or a
        cell is too long.

    Examples
    --------
    >>> list(read_cells(lambda: ["a,b\n", "\n", "1,2\n"]))
    [(1, ['a', 'b']), (3, ['1', '2'])]
    """
    reader = cell_reader(open_lines(), delimiter, is_quoted)
    first, n_columns = 1, 0
    try:
        for cells in reader:
            n_columns = n_columns or len(cells)
            if reader.line_num > first and (swallowing := _swallowing_cell(cells, delimiter, n_columns)) is not None:
                text = "".join(islice(open_lines(), first - 1, reader.line_num))
                *starts, _ = _cell_starts(text, delimiter)
                if any(text[start : start + 1] != '"' for start in starts):
                    raise DamagedCells(_UNCLOSED, first + len(_LINE_END.findall(text, 0, starts[swallowing])))
            if cells:
                yield first, cells
            first = reader.line_num + 1
    except csv.Error as error:
        text = "".join(islice(open_lines(), first - 1, reader.line_num))
        *_, last = _cell_starts(text, delimiter)
        if last == len(text) or not is_quoted:
            message = f"a cell is longer than {LONGEST_CELL:,} characters; shorten it"
            raise DamagedCells(message, first) from error
        raise DamagedCells(_UNCLOSED, first + len(_LINE_END.findall(text, 0, last))) from error


def _swallowing_cell(cells: Sequence[str], delimiter: str, n_columns: int) -> int | None:
    """Return the number of the cell whose further lines all look like rows of the table."""
    for number, cell in enumerate(cells):
        widths = [line.count(delimiter) + 1 for line in _LINE_END.split(cell)[1:]]
        if n_columns > 1 and len(widths) >= (_SWALLOWED_ROWS_OF_TABS if delimiter == "\t" else _SWALLOWED_ROWS):
            widths[-1] += len(cells) - number - 1
            if set(widths) == {n_columns}:
                return number
    return None


def _cell_starts(text: str, delimiter: str) -> Iterator[int]:
    """Yield where each cell of some lines starts; last the end of the text, or the cell that does not end well."""
    cell = re.compile(
        rf'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{delimiter}\r\n][^{delimiter}\r\n]*+)?(?:{delimiter}|\r\n?|\n|\Z)'
    )
    position = 0
    while position < len(text) and (match := cell.match(text, position)):
        yield position
        position = match.end()
    yield position


def has_plain_quotes(open_lines: Callable[[], Iterable[str]], delimiter: str = "\t") -> bool:
    r"""Say whether the quotes of a table are text, as in tab-separated values that know no quoting.

    They are if no quote is doubled and each line is a row, but quoting could not be read.

    Examples
    --------
    >>> has_plain_quotes(lambda: ["id\ttext\n", '1\t"No," he said.\n'])
    True
    >>> has_plain_quotes(lambda: ["id\ttext\n", '1\t"No."\n'])
    False
    """
    widths: set[int] = set()
    has_quotes = False
    for line in open_lines():
        has_quotes = has_quotes or '"' in line
        if line.strip("\r\n"):
            widths.add(line.count(delimiter))
        if len(widths) > 1 or '""' in line:
            return False
    if not has_quotes:
        return False
    try:
        for _ in read_cells(open_lines, delimiter):
            pass
    except DamagedCells:
        return True
    return False


def header_problem(names: Sequence[str]) -> str | None:
    """Say what is wrong with the names of columns; ``None`` where nothing is.

    The first may be empty, as pandas writes its index.

    Examples
    --------
    >>> header_problem(["id", "note", "note"])
    "column 'note' is twice in the header; rename or drop one"
    >>> header_problem(["", "text"]), header_problem(["id", "text", ""])
    (None, 'column 3 of the header has no name; name or drop it')
    """
    for number, name in enumerate(names, 1):
        if not name.strip() and number > 1:
            return f"column {number} of the header has no name; name or drop it"
        if name in names[: number - 1]:
            return f"column {quote(name)} is twice in the header; rename or drop one"
    return None


def find_delimiter(header: str) -> str:
    r"""Return what separates the cells of a header: a comma, or a semicolon or tab if only that one can.

    Parameters
    ----------
    header : str
        A table, of which the first line counts.

    Examples
    --------
    >>> [find_delimiter(header) for header in ("id;text", "id\ttext", "id;a,text", "text")]
    [';', '\t', ',', ',']
    """
    return split_header(header)[0]


def split_header(header: str) -> tuple[str, list[str]]:
    r"""Return what separates the cells of a header, as :func:`find_delimiter` finds it, and its cells.

    Examples
    --------
    >>> split_header('"id";"text"'), split_header('"We deny it," he said.')
    ((';', ['id', 'text']), (',', []))
    """
    first = next(io.StringIO(header, newline=""), "")
    parted: dict[str, list[str]] = {}
    for delimiter in ",;\t":
        # Quotes that enclose no cells with this delimiter are those of another, or of no table.
        with suppress(csv.Error):
            cells: list[str] = next(cell_reader([first], delimiter), [])
            if len(cells) > 1:
                parted[delimiter] = cells
    return next(iter(parted.items())) if len(parted) == 1 else (",", parted.get(",", []))


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
        is_quoted = any("\r" in cell for cell in cells) or _swallowing_cell(cells, delimiter, len(cells)) is not None
        (quoted if is_quoted else plain).writerow(cells)

    return write
