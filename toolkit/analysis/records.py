"""Frozen records <-> JSON: what a field may hold, reading with validation, and writing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import Field, TypeAdapter, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from toolkit.exceptions import RunError, quote

T = TypeVar("T")

# Beyond 2**53 floating-point arithmetic no longer tells neighbouring integers apart.
_LARGEST = 2**53
# Characters of an unexpected value that a message repeats.
_WIDTH = 40


def _nan_for_null(value: Any, validate: Callable[[Any], float]) -> float:
    return math.nan if value is None else validate(value)


# A number may be undefined: nan in memory, null in JSON.
OR_NAN = WrapValidator(_nan_for_null)
Number = Annotated[float, Field(allow_inf_nan=False)]
NumberOrNan = Annotated[Number, OR_NAN]
WholeNumber = Annotated[int, Field(gt=-_LARGEST, lt=_LARGEST)]
Count = Annotated[int, Field(ge=0, lt=_LARGEST)]


@dataclass(frozen=True, slots=True)
class Record:
    """Base of the records that a run keeps as JSON; keys and their order are those of the fields."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data for JSON.

        An undefined number becomes ``None``. A field that is ``None`` by default is an
        optional part of the record and is left out while it is ``None``.
        """
        values = {field: getattr(self, field.name) for field in fields(self)}
        return {
            field.name: to_plain(value)
            for field, value in values.items()
            if not (value is None and field.default is None)
        }


@dataclass(frozen=True, slots=True)
class BySplit(Record, Generic[T]):
    """The same measure of both splits.

    Attributes
    ----------
    train, test : T
        Cross-validated on the train split, and on the test split.

    Examples
    --------
    >>> BySplit(train=3, test=1)["test"]
    1
    """

    train: T
    test: T

    def __getitem__(self, split: str) -> T:
        return dict(self.items())[split]

    def items(self) -> tuple[tuple[str, T], tuple[str, T]]:
        """Return names and values, ``train`` first."""
        return ("train", self.train), ("test", self.test)


def to_plain(value: Any) -> Any:
    """Turn records, mappings and sequences into plain data for JSON; ``nan`` becomes ``None``.

    Examples
    --------
    >>> to_plain({"scores": (0.5, float("nan"))})
    {'scores': [0.5, None]}
    """
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def from_plain(shape: type[T], data: Any, name: str, remedy: str) -> T:
    """Make a record from plain data as :func:`toolkit.files.json_files.read_json` returns them.

    Parameters
    ----------
    shape : type
        A dataclass. Keys that it does not have are ignored; keys without a default must
        be there.
    data : object
        What JSON can express.
    name : str
        What messages call the data as a whole, such as ``the report``.
    remedy : str
        End of the message: what to do, and the file in brackets.

    Returns
    -------
    instance of shape

    Raises
    ------
    RunError
        If the data do not fit; the message names the first place that does not.

    Examples
    --------
    >>> from_plain(BySplit[Count], {"train": 3, "test": -1}, "the sizes", "train again [x.json]")
    Traceback (most recent call last):
        ...
    toolkit.exceptions.RunError: test is -1, expected a whole number of at least 0; train again [x.json]
    """
    try:
        # Strict validation accepts a list as a tuple, and a mapping as a dataclass, from JSON text alone.
        record: T = _adapter(cast(Hashable, shape)).validate_json(json.dumps(data, allow_nan=False), strict=True)
        return record
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True)[0]
        raise RunError(f"{_describe(first, name)}; {remedy}") from error
    except RecursionError as error:
        raise RunError(f"{name} is nested too deeply; {remedy}") from error
    except ValueError as error:
        # json_files.read_json reads 1e999, which is valid JSON, as infinity.
        raise RunError(f"{name} has a number that is too large; {remedy}") from error


@lru_cache(maxsize=16)
def _adapter(shape: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, shape))


def _describe(error: ErrorDetails, name: str) -> str:
    """Say where the data do not fit, and what was expected there."""
    if error["type"] == "json_invalid":
        # The text was written by json.dumps: only its depth can be wrong.
        return f"{name} is nested too deeply"
    value = quote(error["input"], _WIDTH)
    if error["type"] == "missing":
        *above, last = error["loc"]
        return f"{_place(above) or name} lacks {f'item {last}' if isinstance(last, int) else repr(last)}"
    if error["loc"][-1:] == ("[key]",):
        above = list(error["loc"][:-2])
        return f"{_place(above) or name} has the key {value}, expected {_expected(error)}"
    return f"{_place(error['loc']) or name} is {value}, expected {_expected(error)}"


def _place(location: Sequence[int | str]) -> str:
    """Write a location as in ``scores.test.labels[0].f1``; other keys than names are quoted."""
    keys = (
        f".{key}" if isinstance(key, str) and _NAME.fullmatch(key) else f"[{quote(key, _WIDTH)}]" for key in location
    )
    return "".join(keys).removeprefix(".")


def _expected(error: ErrorDetails) -> str:
    limits = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
    if error["type"] in limits:
        key, words = limits[error["type"]]
        limit = error["ctx"][key]
        return f"{'a whole number' if isinstance(limit, int) else 'a number'} of {words} {limit:g}"
    return _KINDS.get(error["type"], "another value")


_NAME = re.compile(r"[\w-]+")
_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "greater_than": "a whole number below 2^53",
    "less_than": "a whole number below 2^53",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_long": "a list with fewer items",
    "dict_type": "keys with values",
    "dataclass_type": "keys with values",
    "label_set": "a label set",
}
