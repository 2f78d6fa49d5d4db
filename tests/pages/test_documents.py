"""documents: no text acts as markup, and every table fits the page."""

import re

import pytest
from hypothesis import given, strategies as st

from toolkit.pages.documents import (
    Heading,
    Paragraph,
    Table,
    escape_latex,
    escape_markdown,
    render_latex,
    render_markdown,
)

# Everything that escaping writes on purpose.
ESCAPES = re.compile(
    r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|textasciigrave|textendash)\{\}"
    r"|\\[{}$&#%_]|\{\\char34\}|\{\[\}|\{\]\}|\{\*\}|\{\}|\$-\$|\$\\(?:geq|leq|to)\$"
)


@given(st.text())
def test_escaped_latex_holds_no_command(text):
    rest = ESCAPES.sub("", escape_latex(text))
    assert not re.search(r'[\\{}$&#%_^~\[\]*"`<>|]', rest)
    assert "\n" not in rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 50 %", r"a\_b \& 50 \%"),
        ("-0.012", "$-$0.012"),
        ("[-0.5, +0.5]", "{[}$-$0.5, +0.5{]}"),
        ("words-characters", "words-characters"),
        ("< 0.001", r"\textless{} 0.001"),
        ("--", "-{}-"),
        ("two\n\nlines", "two lines"),
        (r"\end{document}", r"\textbackslash{}end\{document\}"),
        ("–", r"\textendash{}"),
    ],
)
def test_latex_is_escaped(text, expected):
    assert escape_latex(text) == expected


@given(st.text())
def test_escaped_markdown_holds_no_markup(text):
    written = escape_markdown(text)
    assert "<" not in written
    assert "\n" not in written
    # Each special character follows a backslash of its own.
    assert not re.search(r"[|`*_\[\]~$#!]", re.sub(r"\\[\\|`*_\[\]~$#!]", "", written))


def table(n_rows):
    rows = tuple((f"run & {row}", "0.5") for row in range(n_rows))
    return Table("scores", "All | of it", ("run", "F1"), rows, ("text", "number"))


def test_every_row_has_as_many_cells_as_the_header():
    lines = [line for line in render_markdown("T", [table(3)]).splitlines() if line.startswith("|")]
    assert len(lines) == 5
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    rows = [line for line in render_latex("T", [table(3)]).splitlines() if line.endswith(r"\\")]
    assert len(rows) == 4
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {1}


def test_long_table_breaks_across_pages():
    assert r"\begin{tabular}{lr}" in render_latex("T", [table(40)])
    long = render_latex("T", [table(41)])
    assert r"\begin{longtable}{lr}" in long
    assert long.count(r"\endhead") == 1
    assert r"\begin{table}" not in long


def test_headings_and_paragraphs_keep_their_order():
    blocks = [Heading("One_"), Paragraph("Two $x$")]
    assert render_markdown("T", blocks) == "# T\n\n## One\\_\n\nTwo \\$x\\$\n"
    latex = render_latex("T", blocks)
    assert latex.endswith("\\section{T}\n\n\\subsection{One\\_}\n\nTwo \\$x\\$\n\n\\endgroup\n")
    assert "\n\\begingroup\\sloppy\n" in latex


def test_latex_table_wider_than_the_line_is_scaled_down_or_rotated():
    narrow = render_latex("T", [table(3)])
    assert r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%" in narrow
    assert r"\begin{table}[htbp]" in narrow
    header, row = ("run", *["95 % interval"] * 8), ("run", *["[0.123, 0.456]"] * 8)
    kinds = ("text", *["number"] * 8)
    wide = render_latex("T", [Table("pairs", "Every pair", header, (row,) * 3, kinds)])
    assert wide.count("sidewaystable}") == 2
    assert r"\begin{tabular}{lrrrrrrrr}" in wide
    long = render_latex("T", [Table("pairs", "Every pair", header, (row,) * 41, kinds)])
    assert long.count("{landscape}") == 2
    assert r"\scriptsize" in long
    assert re.search(r"\\begin\{longtable\}\{>\{.*?\}p\{[\d.]+\\linewidth\}rrrrrrrr\}", long)
    assert "resizebox" not in long
    text = render_latex("T", [Table("settings", "S", ("key", "value"), (("cues", "denied, " * 20),), ("text", "text"))])
    assert r"\begin{tabular}{lp{0.3\linewidth}}" in text


def test_latex_table_of_sentences_breaks_across_pages_and_its_names_across_lines():
    names = [f"words+evaluation.repeats={n}" for n in range(4)]
    rows = (("A sentence. " * 40, "denial", *["pledge"] * 4),) * 3
    latex = render_latex("T", [Table("sentences", "S", ("sentence", "gold", *names), rows, ("prose", *["text"] * 5))])
    assert latex.count("{longtable}") == 2
    widths = [float(width) for width in re.findall(r"p\{([\d.]+)\\linewidth\}", latex)]
    assert len(widths) == 6
    assert sum(widths) < 0.96
    assert widths[0] > widths[2] > widths[1]
    assert r"words+\allowbreak{}evaluation.\allowbreak{}repeats=\allowbreak{}3" in latex
