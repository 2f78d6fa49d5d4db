"""Plain data are held against a shape, and the first place that does not fit is named."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

import pytest

from toolkit.files.json_shapes import Defined, misfit, read_json


@dataclass(frozen=True)
class Inner:
    low: float
    names: tuple[str, ...]
    later: dict[str, Any] = field(default_factory=dict)


class Outer(TypedDict):
    count: int
    inner: Inner
    by_name: dict[str, list[Inner]]
    maybe: Inner | None
    sure: Defined
    flag: bool
    anything: Any


INNER = asdict(Inner(0.5, ("a",)))
GOOD = {
    "count": 1,
    "inner": {**INNER, "names": ["a"]},
    "by_name": {"x": [{"low": None, "names": []}]},
    "maybe": None,
    "sure": 1,
    "flag": True,
    "anything": object,
    "further": 1,
}


def test_data_of_a_shape_fit():
    assert misfit(GOOD, Outer) is None
    # A key with a default may be missing; here it is, below by_name.
    assert misfit({**GOOD, "maybe": {"low": 1, "names": []}}, Outer) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"count": True}, "count is True, expected a whole number"),
        ({"count": 2**63}, "count is 9223372036854775808, expected a whole number"),
        ({"inner": []}, "inner is [], expected keys with values"),
        ({"inner": {"low": 1}}, "inner lacks 'names'"),
        ({"inner": {"low": "1", "names": []}}, "inner.low is '1', expected a number or null"),
        ({"inner": {"low": float("inf"), "names": []}}, "inner.low is inf, expected a number or null"),
        ({"inner": {"low": 1, "names": ["a", 2]}}, "inner.names[1] is 2, expected text"),
        ({"by_name": {"x": [{"low": 1, "names": None}]}}, "by_name.x[0].names is None, expected a list"),
        ({"by_name": 1}, "by_name is 1, expected keys with values"),
        ({"maybe": 3}, "maybe is 3, expected keys with values"),
        ({"sure": None}, "sure is None, expected a number"),
        ({"sure": 10**400}, f"sure is {'1' + '0' * 38}…, expected a number"),
        ({"flag": 1}, "flag is 1, expected true or false"),
    ],
)
def test_first_place_that_does_not_fit_is_named(change, told):
    assert misfit({**GOOD, **change}, Outer) == told


def test_missing_key_of_the_whole_is_named():
    assert misfit({}, Outer, "the report") == "the report lacks 'count'"
    assert misfit([], Outer, "the report") == "the report is [], expected keys with values"


@pytest.mark.parametrize("content", ["{", "[NaN]", "[-Infinity]", "[" * 100_000, "\ufffe", "1" * 5000])
def test_what_is_no_json_is_a_value_error(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "x.json")


def test_json_is_read(tmp_path):
    (tmp_path / "x.json").write_text('{"a": [1, 2.5, null]}')
    assert read_json(tmp_path / "x.json") == {"a": [1, 2.5, None]}
