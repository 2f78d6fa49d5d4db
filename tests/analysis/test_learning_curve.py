"""A learning curve survives a round trip through JSON, and an impossible one is refused."""

import numpy as np
import pytest

from toolkit.analysis.learning_curve import LearningCurve
from toolkit.exceptions import RunError

RECORD = {"experiment": "words", "n_articles": [2, 4], "n_sentences": [4, 8], "scores": {"strict": [[0.5], [None]]}}


def test_curve_survives_a_round_trip():
    curve = LearningCurve.from_dict(RECORD)
    assert curve.n_articles == (2, 4)
    assert curve.to_dict() == RECORD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_articles": [4, 2]}, r"n_articles is \[4, 2\], expected ascending numbers"),
        ({"n_articles": [0, 2]}, r"n_articles\[0\] is 0, expected a whole number of at least 1"),
        ({"n_articles": []}, r"n_articles is \[\], expected ascending numbers"),
        ({"n_articles": [1e999, 2]}, "the curve has a number that is too large"),
        ({"n_sentences": [-1, 2]}, r"n_sentences\[0\] is -1, expected a whole number of at least 1"),
        ({"n_sentences": [4]}, "n_sentences has 1 numbers, expected 2"),
        ({"scores": {}}, "the curve has no scores"),
        ({"scores": {"strict": [[0.5]]}}, "scores.strict is not a table with 2 rows"),
        ({"scores": {"strict": [[0.5], [0.5, 0.6]]}}, "scores.strict is not a table with 2 rows"),
        ({"scores": {"strict": [[], []]}}, "scores.strict is not a table with 2 rows"),
        ({"scores": {"strict": [[0.5], [1.5]]}}, r"scores.strict\[1\]\[0\] is 1.5, expected a number of at most 1"),
        ({"scores": {"strict": [[0.5], [-1]]}}, r"scores.strict\[1\]\[0\] is -1, expected a number of at least 0"),
        ({"scores": {"strict": [[0.5], [10**400]]}}, r"scores.strict\[1\]\[0\] is 1000.*, expected a number"),
    ],
)
def test_record_of_an_impossible_curve_is_refused(change, message):
    with pytest.raises(RunError, match=f"^{message}; draw it again$"):
        LearningCurve.from_dict({**RECORD, **change})


def test_undefined_scores_are_written_as_null():
    curve = LearningCurve("words", (4,), (40,), {"strict": np.array([[np.nan, 0.5]])})
    assert curve.to_dict()["scores"] == {"strict": [[None, 0.5]]}
