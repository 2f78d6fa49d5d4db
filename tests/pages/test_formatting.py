"""Numbers and settings are written for people; what is undefined is a dash."""

import math

from toolkit.analysis.scores import Difference, Estimate
from toolkit.pages.formatting import (
    describe_difference,
    describe_interval,
    flatten,
    format_interval,
    format_p,
    format_score,
    format_signed,
)


def test_undefined_is_written_as_a_dash():
    assert (format_score(float("nan")), format_signed(None), format_p(None)) == (
        "–",
        "–",
        "–",
    )
    assert flatten({"a": None, "b": True}) == [("a", "–"), ("b", "true")]
    one, other = (flatten({"classes": {f"c{n}": word for n in range(13)}}) for word in ("said", "denied"))
    assert one[0][1].startswith("13 entries, ")
    assert one != other


def test_interval_is_written_for_a_table_and_for_a_sentence():
    estimate = Estimate(0.764, 0.743, 0.784)
    assert format_interval(estimate) == format_interval({"low": 0.743, "high": 0.784}) == "[0.743, 0.784]"
    assert describe_interval(estimate) == "95 % CI 0.743–0.784"
    assert describe_interval(Estimate(0.5, math.nan, math.nan)) == "95 % CI undefined"


def test_undefined_difference_is_written_with_dashes():
    difference = Difference(*[math.nan] * 4)
    assert describe_difference(difference) == "–, 95 % CI – to –, p = –"
