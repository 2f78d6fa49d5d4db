"""A file that cannot be read, or text that is no article -> one sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from toolkit.exceptions import TableError, list_some
from toolkit.files.csv_cells import split_header

_TEXT = "extract its text into a .txt file"
_SHEET = "save its sheet as .csv"
_PACKED = "unpack it"
_JSON = "write one JSON object per line into a .jsonl file"
_DATABASE = "export its table as .csv or .parquet"
_REMEDIES = {
    **dict.fromkeys((".html", ".htm", ".xhtml", ".xml", ".pdf", ".doc", ".docx", ".odt", ".rtf", ".epub"), _TEXT),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods", ".numbers"), _SHEET),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".tar", ".tgz"), _PACKED),
    **dict.fromkeys((".arrow", ".feather", ".orc", ".db", ".sqlite", ".pkl", ".rds", ".dta", ".sav"), _DATABASE),
    **dict.fromkeys((".ndjson", ".jsonlines"), "it is JSON lines if each line is an object: rename it to .jsonl"),
    ".json": _JSON,
    **dict.fromkeys((".csv", ".tsv", ".jsonl", ".parquet"), "name the table itself"),
}
# First bytes of files that are no text, and of markup, in lower case.
_STARTS = {
    b"%pdf-": ("PDF", _TEXT),
    b"{\\rtf": ("RTF", _TEXT),
    b"<!doctype": ("a web page", _TEXT),
    b"<html": ("a web page", _TEXT),
    b"<?xml": ("XML", _TEXT),
    b"\x1f\x8b": ("packed by gzip", _PACKED),
    b"bzh": ("packed by bzip2", _PACKED),
    b"\xfd7zxz": ("packed by xz", _PACKED),
    b"pk\x03\x04": ("an office document or packed by zip", "save its text as .txt or its table as .csv"),
    b"\xd0\xcf\x11\xe0": ("an office document", "save its text as .txt or its table as .csv"),
    b"par1": ("a Parquet table", "name its file, with the ending .parquet"),
    b"arrow1": ("an Arrow table", _DATABASE),
}


def refuse_file(path: str | Path, known: Sequence[str]) -> TableError:
    """Return the error about a file that does not exist or has an ending that is not known.

    Parameters
    ----------
    path : str or Path
        The file.
    known : sequence of str
        Endings that can be read.

    Examples
    --------
    >>> print(refuse_file("nowhere.html", [".txt"]))
    there is no such file; name one that exists [nowhere.html]
    """
    if not Path(path).exists():
        return TableError(f"there is no such file; name one that exists [{path}]")
    ending = Path(path).suffix
    return TableError(f"the ending {ending!r} is none of {', '.join(known)}; {_find_remedy(ending, known)} [{path}]")


def refuse_folder(folder: str | Path, known: Sequence[str]) -> TableError:
    """Return the error about a folder without any file of known endings."""
    others = list_skipped(folder, ())
    only = f", only {list_some(Path(file).name for file in others)}" if others else ""
    remedy = _find_remedy(Path(others[0]).suffix, known) if others else "name another"
    return TableError(f"the folder holds no article ({', '.join(known)}){only}; {remedy} [{folder}]")


def _find_remedy(ending: str, known: Sequence[str]) -> str:
    remedy = _REMEDIES.get(ending.lower())
    if ".txt" in known:
        return remedy or "rename it to .txt if it is plain text"
    return remedy if remedy and remedy != _TEXT else "save the table as one of these"


def check_is_article(content: bytes, text: str | None, path: str | Path) -> None:
    """Check that a file, or what came on standard input, is no page, table or document whose syntax would be labelled.

    Parameters
    ----------
    content : bytes
        Of the file.
    text : str or None
        The same decoded; ``None`` before.
    path : str or Path
        Named in messages.

    Raises
    ------
    TableError
        If it starts as another format does, is JSON, or has a header with the column ``text`` or ``sentence``.
    """
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for known, (what, remedy) in _STARTS.items():
        if start.startswith(known):
            raise TableError(f"the text is {what}, expected plain text; {remedy} [{path}]")
    if text is None:
        return
    if _is_json(text):
        raise TableError(f"the text is JSON, expected plain text; {_JSON} and name it [{path}]")
    header = text.lstrip().partition("\n")[0][:1000].strip()
    if {cell.strip().casefold() for cell in split_header(header)[1]} & {"text", "sentence"}:
        raise TableError(f"the text is a table, expected plain text; save it as .csv or .tsv and name it [{path}]")


def _is_json(text: str) -> bool:
    """Say whether a text, or its first line, is a JSON object or a list of objects."""
    text = text.strip()
    if not text.startswith(("{", "[")):
        return False
    for part in (text.partition("\n")[0], text):
        try:
            record = json.loads(part)
        except (ValueError, RecursionError):
            continue
        return isinstance(record, dict) or (isinstance(record, list) and any(isinstance(row, dict) for row in record))
    return False


def list_skipped(folder: str | Path, read: Sequence[str]) -> list[str]:
    """List the files in a folder and all below it, but for those that are read and hidden ones, in order."""
    kept = set(map(Path, read))
    files = (file for file in Path(folder).rglob("*") if file.is_file() and file not in kept)
    return sorted(str(file) for file in files if not any(part[0] == "." for part in file.relative_to(folder).parts))
