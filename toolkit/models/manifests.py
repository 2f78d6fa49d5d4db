"""Plain data of a manifest -> what is wrong with its keys, checked by hand: pydantic would slow each labelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from toolkit.exceptions import quote

_NAMES = {str: "text", int: "a whole number", float: "a number", dict: "keys with values"}


def misfits(
    value: Any, place: str, required: Mapping[str, type], optional: Mapping[str, type] = MappingProxyType({})
) -> Iterator[str]:
    """Say which keys of plain data are missing or hold values of other types.

    Examples
    --------
    >>> list(misfits({"bytes": "9"}, "compiled", {"bytes": int}))
    ["compiled.bytes is '9', expected a whole number"]
    """
    if not isinstance(value, dict):
        yield f"{place} is {quote(value, 40)}, expected keys with values"
        return
    for key in required:
        if key not in value:
            yield f"{place} lacks {key!r}"
            return
    for key, kind in {**required, **optional}.items():
        if key in value and not _is_kind(value[key], kind):
            name = key if place == "the manifest" else f"{place}.{key}"
            yield f"{name} is {quote(value[key], 40)}, expected {_NAMES[kind]}"


def _is_kind(value: object, kind: type) -> bool:
    if kind is int:
        return type(value) is int and 0 <= value < 2**53
    return type(value) in (int, float) if kind is float else isinstance(value, kind)
