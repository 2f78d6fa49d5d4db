"""Cells written as CSV start no formula and come back as they were."""

import io

import pytest
from hypothesis import example, given, strategies as st

from toolkit.files.csv_cells import cell_writer, escape_formula, read_cells, unescape_formula


@given(st.text())
def test_escaped_cell_starts_no_formula_and_comes_back(text):
    cell = escape_formula(text)
    assert unescape_formula(cell) == text
    assert cell[:1] not in "=@\t\r" or cell == ""


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-a", "@x", "\tx", "'=1"])
def test_formula_is_escaped(cell):
    assert escape_formula(cell) == "'" + cell


def test_numbers_and_nothing_stay():
    assert [escape_formula(cell) for cell in (-1.5, "+2", None, "it's")] == ["-1.5", "+2", "", "it's"]


CELLS = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.text(',\t\n"a'))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1), st.sampled_from(",\t"))
@example([["a\rb", ""], ["\r", "\n"]], ",")
@example([["a", "b"], ["1", "c\nd\te\nf\tg"]], "\t")
@example([["a", "b"], ["1", "c\nd,e\nf,g\nh,i"]], ",")
def test_rows_written_are_the_rows_read(rows, delimiter):
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer, delimiter)
    for row in rows:
        write(row)
    records = read_cells(lambda: io.StringIO(buffer.getvalue(), newline=""), delimiter)
    assert [[unescape_formula(cell) for cell in row] for _, row in records] == rows
