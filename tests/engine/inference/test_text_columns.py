"""Arrow columns are read without copying; one that is not valid text is refused by row."""

import numpy as np
import pyarrow as pa
import pytest

from tests.engine.inference.pipelines import HOSTILE, SENTENCES
from toolkit.engine.inference import text_columns


def test_column_is_read_without_copying(fitted):
    _, scorer = fitted("default")
    texts = [text for text in HOSTILE + SENTENCES if text.isascii()]
    expected = scorer.predict_proba(texts)
    for kind in (pa.string(), pa.large_string()):
        column = pa.array(["x y", *texts, "z"], kind)
        assert (scorer.predict_proba_column(column.slice(1, len(texts))) == expected).all()
    assert scorer.predict_proba_column(pa.array([], pa.string())).shape == (0, 5)


def test_column_of_more_than_two_gigabytes_is_read_at_the_right_offset(fitted):
    pipeline, scorer = fitted("words")
    text = b"They hoped for a treaty of the two unheard-of ministries"
    # Memory that nobody writes to is not there.
    data, begin = np.zeros((1 << 31) + 100, np.uint8), (1 << 31) + 5
    data[begin : begin + len(text)] = np.frombuffer(text, np.uint8)
    offsets = pa.py_buffer(np.array([begin, begin + len(text)]))
    column = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    expected = pipeline.predict_proba([text.decode()])
    np.testing.assert_allclose(scorer.predict_proba_column(column), expected, rtol=0, atol=1e-8)


def test_column_that_is_not_text_is_refused_by_row(fitted):
    _, scorer = fitted("words")
    with pytest.raises(TypeError, match="a column of int64 came, expected one of text; cast it to string"):
        scorer.predict_proba_column(pa.array([1]))
    with pytest.raises(ValueError, match="row 1 is missing, expected text; drop or fill"):
        scorer.predict_proba_column(pa.array(["a", None]))
    wrong = (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", b"\xc3 x", b"\x80")
    for content in wrong:
        bad = pa.array([b"fine", b"x " + content, b"x"]).view(pa.string())
        with pytest.raises(ValueError, match="row 1 is not UTF-8; decode the column again or drop the row"):
            scorer.predict_proba_column(bad)
    offsets = pa.py_buffer(np.array([0, 5, 2], np.int32).tobytes())
    descending = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"hello")])
    # All differences of these are above 0 once they have overflown.
    offsets = pa.py_buffer(np.array([0, 1 << 62, -(1 << 63), -1, 5]))
    far = pa.Array.from_buffers(pa.large_string(), 4, [None, offsets, pa.py_buffer(b"hello")])
    for column in (descending, far):
        with pytest.raises(ValueError, match="offsets lie outside its bytes"):
            scorer.predict_proba_column(column)


def test_offsets_that_pyarrow_refuses_are_refused():
    class Column:
        type = pa.string()

        def validate(self):
            raise pa.ArrowInvalid("too small")

    with pytest.raises(ValueError, match="offsets lie outside its bytes, expected a valid Arrow array; write it"):
        text_columns.column_bytes(Column())
