"""Plain data read from a file -> the first place where it is not of the shape that was written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from toolkit.exceptions import quote

# A number that is always defined; a bare float may be undefined, which JSON writes as null.
Defined = Annotated[float, "defined"]
# What a shape is called in a sentence.
_NAMES = {str: "text", int: "a whole number", bool: "true or false", float: "a number or null"}
# Beyond this a whole number is no count, and floating-point arithmetic fails on it.
_LARGEST = 2**63
_WIDTH = 40


def read_json(path: Path) -> Any:
    """Read a JSON file, without the numbers that JSON has not and the halves of characters that UTF-8 has not.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no JSON in UTF-8, or nested too deeply.
    """
    text = path.read_text(encoding="utf-8")
    try:
        record = json.loads(text, parse_constant=_refuse)
        if "\\ud" in text.lower():
            json.dumps(record, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return record


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def misfit(value: Any, shape: Any, whole: str = "the file") -> str | None:
    """Say where plain data are not of a shape, and what was expected there; ``None`` where they are.

    Parameters
    ----------
    value : object
        As read from JSON.
    shape : type
        A dataclass or ``TypedDict``, whose keys must be there (further ones may be), a list,
        tuple, dict, union or plain type. A float may be ``None``; :data:`Defined` may not.
    whole : str
        What to call all of them.

    Examples
    --------
    >>> misfit({"low": [1, "2"]}, dict[str, list[int]])
    "low[1] is '2', expected a whole number"
    >>> misfit([1.5, None], list[float]) is None
    True
    """
    return next(_misfits(value, shape, "", whole), None)


def _misfits(value: Any, shape: Any, place: str, whole: str) -> Iterator[str]:
    origin, parts = get_origin(shape), get_args(shape)
    if shape is Any:
        return
    if origin in (Union, UnionType):
        # All unions here are of something and None.
        if value is not None:
            yield from _misfits(value, next(part for part in parts if part is not NoneType), place, whole)
    elif is_typeddict(shape) or is_dataclass(shape):
        yield from _record_misfits(value, shape, place, whole)
    elif origin in (list, tuple):
        if not isinstance(value, list):
            yield _told(value, place or whole, "a list")
            return
        for number, item in enumerate(value):
            yield from _misfits(item, parts[0], f"{place}[{number}]", whole)
    elif (origin or shape) is dict:
        if not isinstance(value, Mapping):
            yield _told(value, place or whole, "keys with values")
            return
        for key, item in value.items():
            yield from _misfits(item, parts[1] if parts else Any, _below(place, key), whole)
    elif shape is Defined:
        if not _is_number(value):
            yield _told(value, place or whole, "a number")
    elif not _is_plain(value, shape):
        yield _told(value, place or whole, _NAMES[shape])


def _record_misfits(value: Any, shape: Any, place: str, whole: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _told(value, place or whole, "keys with values")
        return
    hints, required = _keys(shape)
    for key, part in hints.items():
        if key in value:
            yield from _misfits(value[key], part, _below(place, key), whole)
        elif key in required:
            yield f"{place or whole} lacks {key!r}"


@lru_cache(maxsize=64)
def _keys(shape: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the shapes of a record's keys, and the keys that must be there."""
    hints = get_type_hints(shape, include_extras=True)
    if is_typeddict(shape):
        return hints, shape.__required_keys__
    return hints, frozenset(
        one.name for one in fields(shape) if one.default is MISSING and one.default_factory is MISSING
    )


def _is_plain(value: Any, shape: Any) -> bool:
    if shape is float:
        return value is None or _is_number(value)
    if shape is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    return isinstance(value, shape)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return _is_plain(value, int)
    return isinstance(value, float) and math.isfinite(value)


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _told(value: Any, place: str, expected: str) -> str:
    return f"{place} is {quote(value, _WIDTH)}, expected {expected}"
