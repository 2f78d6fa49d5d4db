"""Records survive a round trip through plain data, and the first place that does not fit is named."""

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest

from toolkit.analysis.records import BySplit, Count, Number, NumberOrNan, Record, WholeNumber, from_plain, to_plain
from toolkit.exceptions import RunError


@dataclass(frozen=True, slots=True)
class Inner(Record):
    low: NumberOrNan
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer(Record):
    count: Count
    inner: Inner
    by_name: dict[str, tuple[Inner, ...]]
    later: Inner | None = None
    maybe: Inner | None
    splits: BySplit[WholeNumber]
    defined: Number
    flag: bool
    rows: dict[Count, tuple[str, Number]]
    anything: dict[str, Any]


GOOD = {
    "count": 1,
    "inner": {"low": 0.5, "names": ["a"]},
    "by_name": {"x": [{"low": None, "names": []}]},
    "maybe": None,
    "splits": {"train": 1, "test": -2},
    "defined": 1.0,
    "flag": True,
    "rows": {"3": ["a", 0.5]},
    "anything": {"x": [1, 0.1, None, "\u2028"]},
}


def read(data, name="the record"):
    return from_plain(Outer, data, name, "train again [x.json]")


def test_record_survives_a_round_trip():
    record = read(GOOD)
    assert record.inner == Inner(0.5, ("a",))
    assert math.isnan(record.by_name["x"][0].low)
    assert record.rows == {3: ("a", 0.5)}
    assert record.splits["test"] == record.splits.test == -2
    assert json.loads(json.dumps(record.to_dict(), allow_nan=False)) == GOOD
    # Keys of the JSON come in the order of the fields.
    assert list(record.to_dict()) == list(GOOD)


def test_unknown_keys_are_ignored():
    assert read({**GOOD, "further": 1}) == read(GOOD) != read({**GOOD, "count": 2})


def test_optional_part_is_left_out_while_it_is_missing():
    later = {"low": 1.0, "names": []}
    assert read({**GOOD, "later": later}).to_dict()["later"] == later
    assert "later" not in read(GOOD).to_dict()
    assert read({**GOOD, "later": None}) == read(GOOD)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789.123456789, 2.5e-8])
def test_numbers_keep_every_bit(value):
    assert read({**GOOD, "defined": value, "anything": {"x": value}}).defined == value
    assert read({**GOOD, "anything": {"x": value}}).anything == {"x": value}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": True}, "count is True, expected a whole number"),
        ({"count": 1.0}, "count is 1.0, expected a whole number"),
        ({"count": "1"}, "count is '1', expected a whole number"),
        ({"count": -1}, "count is -1, expected a whole number of at least 0"),
        ({"count": 2**53}, "count is 9007199254740992, expected a whole number below 2^53"),
        ({"splits": {"train": 1, "test": -(10**400)}}, f"splits.test is -1{'0' * 37}…, expected a whole number"),
        ({"splits": {"train": 1}}, "splits lacks 'test'"),
        ({"inner": []}, "inner is [], expected keys with values"),
        ({"inner": {"low": 1}}, "inner lacks 'names'"),
        ({"inner": {"low": "1", "names": []}}, "inner.low is '1', expected a number"),
        ({"inner": {"low": 1, "names": ["a", 2]}}, "inner.names[1] is 2, expected text"),
        ({"by_name": {"x": [{"low": 1, "names": None}]}}, "by_name.x[0].names is None, expected a list"),
        ({"by_name": {"x y\n": 1}}, "by_name['x y\\n'] is 1, expected a list"),
        ({"by_name": 1}, "by_name is 1, expected keys with values"),
        ({"maybe": 3}, "maybe is 3, expected keys with values"),
        ({"defined": None}, "defined is None, expected a number"),
        ({"defined": 10**400}, f"defined is 1{'0' * 38}…, expected a number"),
        ({"flag": 1}, "flag is 1, expected true or false"),
        ({"rows": {"x": ["a", 1]}}, "rows has the key 'x', expected a whole number"),
        ({"rows": {"0": ["a"]}}, "rows.0 lacks item 1"),
        ({"rows": {"0": ["a", 1, 2]}}, "rows.0 is ['a', 1, 2], expected a list with fewer items"),
        ({"defined": math.inf}, "the record has a number that is too large"),
    ],
)
def test_first_place_that_does_not_fit_is_named(change, message):
    with pytest.raises(RunError) as error:
        read({**GOOD, **change})
    assert str(error.value).startswith(message)
    assert str(error.value).endswith("; train again [x.json]")


def test_misfit_of_the_whole_is_named():
    with pytest.raises(RunError, match=r"^the report lacks 'count'; train again"):
        read({}, "the report")
    with pytest.raises(RunError, match=r"^the report is \[\], expected keys with values; train again"):
        read([], "the report")


def test_deep_data_are_refused():
    deep = 1
    for _ in range(400):
        deep = [deep]
    with pytest.raises(RunError, match=r"^the record is nested too deeply; train again"):
        read({**GOOD, "anything": {"x": deep}})


def test_plain_data_have_null_for_undefined():
    data = to_plain({"a": (math.nan, 1.5), "b": BySplit(math.nan, [Inner(math.nan, ())])})
    assert data == {"a": [None, 1.5], "b": {"train": None, "test": [{"low": None, "names": []}]}}
