"""Lists of text and Arrow columns -> UTF-8 bytes and offsets, and back to text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.engine.layout import Int64s, UInt8s

if TYPE_CHECKING:
    import pyarrow as pa


def checked_texts(sentences: Iterable[str], expected: str = "several; wrap it in a list") -> list[str]:
    """Return sentences as a list: those of a sequence, a series, or a frame or array of one column.

    Raises
    ------
    TypeError
        If they are one text, for which ``expected`` says what to pass, a mapping, a set or a table of
        another number of columns, or an item is not text.

    Examples
    --------
    >>> checked_texts(iter(["He left."]))
    ['He left.']
    """
    if isinstance(sentences, str):
        raise TypeError(f"one text came, expected {expected}")
    texts = list(_one_column(sentences))
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"sentence {row} is {text!r}, expected text; drop or fill the missing ones")
    return texts


def _one_column(sentences: Any) -> Any:
    """Return the values of a sequence or of a single column; libraries are known by their attributes alone."""
    kind, shape = type(sentences).__name__, getattr(sentences, "shape", None)
    if isinstance(sentences, bytes | bytearray | memoryview):
        raise TypeError(f"{kind} came, expected sentences as text; decode it and pass a list")
    if shape is None and (isinstance(sentences, Mapping | set | frozenset) or not isinstance(sentences, Iterable)):
        raise TypeError(f"{kind} came, expected a sequence of sentences; pass its column of text as a list")
    if shape is not None and len(shape) != 1:
        if shape[1:] != (1,):
            wanted = "expected one column; pass the one of text, as in table['text']"
            raise TypeError(f"{kind} of shape {shape} came, {wanted}")
        frame: Any = sentences
        names = getattr(frame, "column_names", getattr(frame, "columns", None))
        sentences = frame[:, 0] if names is None else frame[names[0]]
    return sentences.to_pylist() if hasattr(sentences, "to_pylist") else sentences


def numbered_chunks(column: pa.Array | pa.ChunkedArray) -> list[tuple[pa.Array, int]]:
    """Return the chunks of an Arrow column, each with the number of its first row.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [(len(chunk), first_row) for chunk, first_row in numbered_chunks(pa.chunked_array([["a", "b"], ["c"]]))]
    [(2, 0), (1, 2)]
    """
    chunks = column.chunks if hasattr(column, "chunks") else [column]
    return list(zip(chunks, accumulate(map(len, chunks), initial=0), strict=False))


def encode(sentences: Sequence[str]) -> tuple[UInt8s, Int64s]:
    """Return the UTF-8 bytes of all sentences, one after another, and where each starts.

    Examples
    --------
    >>> data, offsets = encode(["é", "a"])
    >>> data.tolist(), offsets.tolist()
    ([195, 169, 97], [0, 2, 3])
    """
    encoded = [sentence.encode("utf-8", "surrogatepass") for sentence in sentences]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(one) for one in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def column_bytes(column: pa.Array, first_row: int = 0) -> tuple[UInt8s, Int64s]:
    """Return the bytes of an Arrow column of text, not copied, and where each row starts.

    Parameters
    ----------
    column : pyarrow.Array
        Text.
    first_row : int
        The number that messages give to its first row, if it is a chunk of a column.

    Raises
    ------
    TypeError
        If the column is not text.
    ValueError
        If a row is missing, or the offsets are not valid.
    """
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise TypeError(f"a column of {column.type} came, expected one of text; cast it to string")
    outside = "the column's offsets lie outside its bytes, expected a valid Arrow array; write it again"
    try:
        column.validate()
    except pa.ArrowInvalid as error:
        raise ValueError(outside) from error
    if column.null_count:
        row = first_row + column.is_null().index(True).as_py()
        raise ValueError(f"row {row} is missing, expected text; drop or fill the missing ones")
    _, offsets, data = column.buffers()
    kind = np.dtype(np.int32 if pa.types.is_string(column.type) else np.int64)
    if not len(column):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    starts = np.frombuffer(offsets, kind, len(column) + 1, column.offset * kind.itemsize).astype(np.int64)
    content = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    # Offsets come from outside, and machine code does not check them. They are compared, since their
    # differences may overflow.
    if starts[0] < 0 or starts[-1] > len(content) or (starts[1:] < starts[:-1]).any():
        raise ValueError(outside)
    return content, starts


def column_texts(column: pa.Array, first_row: int = 0) -> list[str]:
    """Return the text of an Arrow column; it refuses what scoring the column refuses.

    Raises
    ------
    TypeError
        If the column is not text.
    ValueError
        If a row is missing or is not UTF-8; the message names it.
    """
    data, offsets = column_bytes(column, first_row)
    return decode_rows(data, offsets, range(len(offsets) - 1), first_row)


def decode_rows(data: UInt8s, offsets: Int64s, rows: Sequence[int], first_row: int) -> list[str]:
    """Return the text of some rows.

    Raises
    ------
    ValueError
        If a row is not UTF-8; the message names it, counting from ``first_row``.
    """
    texts: list[str] = []
    try:
        for row in rows:
            begin, end = offsets[row], offsets[row + 1]
            texts.append(data[begin:end].tobytes().decode())
    except UnicodeDecodeError as error:
        raise ValueError(not_utf8(first_row + rows[len(texts)])) from error
    return texts


def not_utf8(row: int) -> str:
    """Return the message about a row whose bytes are not UTF-8."""
    return f"row {row} is not UTF-8; decode the column again or drop the row"
