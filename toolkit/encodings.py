"""Bytes of a text file -> its encoding: by byte-order mark, by name, UTF-8, or a guess that is said aloud."""

from __future__ import annotations

import codecs
import warnings
from pathlib import Path
from typing import BinaryIO

from toolkit.exceptions import EncodingGuessed, TableError

# UTF-32 first: its little-endian mark begins like that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CHUNK = 1 << 20
# Western text has fewer characters outside ASCII than this; text in another alphabet, read as cp1252, has more.
_MOST_BEYOND_ASCII = 0.1
# In UTF-16 every second byte of text in the Latin alphabet is 0.
_FEWEST_NULS = 0.7


def marked_encoding(start: bytes) -> str | None:
    r"""Return the encoding that a byte-order mark names; ``None`` without a mark.

    Examples
    --------
    >>> marked_encoding(b"\xff\xfeH\x00i\x00"), marked_encoding(b"Hi")
    ('utf-16', None)
    """
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)


def decode(content: bytes) -> str:
    r"""Decode UTF-8, or what a byte-order mark names instead; the mark is removed.

    Raises
    ------
    UnicodeDecodeError
        If it is neither.

    Examples
    --------
    >>> decode(b"\xef\xbb\xbfHi"), decode(b"\xff\xfeH\x00i\x00")
    ('Hi', 'Hi')
    """
    return content.decode(marked_encoding(content) or "utf-8")


def find_encoding(file: BinaryIO, where: str | Path, named: str | None = None) -> str:
    r"""Find the encoding of a whole file, and check that all of it can be decoded.

    Parameters
    ----------
    file : binary file
        Is read from its beginning and left there.
    where : str or Path
        Named in messages.
    named : str, optional
        The encoding that the user named; a byte-order mark overrules it.

    Returns
    -------
    str
        What the mark names; else ``named``; else ``utf-8-sig``; else a guess, with a warning:
        UTF-16 if every second byte is 0, and cp1252 if that leaves few characters outside ASCII
        and no control characters.

    Raises
    ------
    TableError
        If it cannot be decoded, with the line, or there is no such encoding.

    Examples
    --------
    >>> import io
    >>> find_encoding(io.BytesIO(b"plain"), "a.txt"), find_encoding(io.BytesIO(b"caf\xe9"), "a.txt", "latin-1")
    ('utf-8-sig', 'latin-1')
    """
    file.seek(0)
    start = file.read(4096)
    marked = marked_encoding(start)
    guess = None if marked or named else _wide_encoding(start)
    encoding = marked or named or guess or "utf-8-sig"
    try:
        b"a".decode(encoding, "replace")
    except (LookupError, UnicodeError) as error:
        raise TableError(f"the encoding {encoding!r} is unknown; name one such as cp1252 [{where}]") from error
    try:
        _scan(file, encoding)
    except _Undecodable as error:
        guess = "cp1252" if encoding == "utf-8-sig" and marked is None and _is_western(file) else None
        if guess is None:
            remedy = "save the file as UTF-8 or name its encoding (--encoding of label, evaluate and curve)"
            name = "UTF-8" if encoding == "utf-8-sig" else encoding
            raise TableError(f"byte 0x{error.byte:02x} is not {name}; {remedy} [{where}:{error.line}]") from error
    finally:
        file.seek(0)
    if guess:
        warnings.warn(
            f"the file is not UTF-8 and is read as {guess}; if that is wrong, save it as UTF-8 [{where}]",
            EncodingGuessed,
            stacklevel=2,
        )
    return guess or encoding


class _Undecodable(Exception):  # noqa: N818 - it never leaves this module.
    def __init__(self, byte: int, line: int) -> None:
        super().__init__(byte, line)
        self.byte, self.line = byte, line


def _scan(file: BinaryIO, encoding: str) -> tuple[int, int, int]:
    """Decode all of a file; count its characters, those beyond ASCII, and the controls that no text has."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, n_characters, n_beyond, n_controls = 1, 0, 0, 0
    file.seek(0)
    is_last = False
    while not is_last:
        chunk = file.read(_CHUNK)
        is_last = not chunk
        try:
            text = decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            raise _Undecodable(error.object[error.start], line + before.count("\n")) from error
        line += text.count("\n")
        if encoding == "cp1252":
            n_characters += len(text)
            n_beyond += sum(not character.isascii() for character in text)
            n_controls += sum(character < " " and character not in "\t\n\r\f" for character in text)
    return n_characters, n_beyond, n_controls


def _is_western(file: BinaryIO) -> bool:
    """Say whether a file, read as cp1252, looks like text of a Western language."""
    try:
        n_characters, n_beyond, n_controls = _scan(file, "cp1252")
    except _Undecodable:
        return False
    return not n_controls and n_beyond <= _MOST_BEYOND_ASCII * n_characters


def _wide_encoding(start: bytes) -> str | None:
    """Recognise UTF-16 without a byte-order mark by the zeros of its Latin letters."""
    for encoding, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if len(start) >= 8 and zeros.count(0) >= _FEWEST_NULS * len(zeros) and 0 not in others:
            return encoding
    return None
