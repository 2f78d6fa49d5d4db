r"""Headings, paragraphs and tables of plain text -> Markdown or LaTeX in which no text acts as markup.

The LaTeX is a fragment to ``\input``. It needs the packages named in its first line and an engine
that reads UTF-8, such as lualatex, or pdflatex since 2018.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.exceptions import printable

# A table with more rows than fit on a page, or with sentences, becomes a longtable, which breaks across pages.
ROWS_PER_PAGE = 40
# Characters in a line of small print. A wider table is rotated, where this many of the smallest print fit.
UPRIGHT_WIDTH, ROTATED_WIDTH = 95, 150
# A longer text is broken into lines.
MAX_UNBROKEN = 40
PACKAGES = "array,booktabs,graphicx,longtable,lscape,rotating"
# Kinds of columns: text is aligned to the left, numbers to the right, and prose breaks into lines.
TEXT, NUMBER, PROSE = "text", "number", "prose"


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    r"""A table of plain text.

    Attributes
    ----------
    name : str
        For references, as in ``\ref{tab:NAME}``: lower-case letters and hyphens.
    caption : str
        What the table shows.
    header : tuple of str
        One title per column.
    rows : tuple of tuple of str
        One cell per column.
    kinds : tuple of str
        ``text``, ``number`` (aligned to the right) or ``prose`` (may break into lines), one per column.
    """

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]


Block = Heading | Paragraph | Table


def render_markdown(title: str, blocks: Sequence[Block]) -> str:
    r"""Write a document as Markdown.

    Parameters
    ----------
    title : str
        The heading of the document.
    blocks : sequence of Heading, Paragraph or Table
        In reading order.

    Examples
    --------
    >>> table = Table("t", "Two runs", ("run", "F1"), (("a|b", "0.5"),), ("text", "number"))
    >>> print(render_markdown("Runs", [table]), end="")
    # Runs
    <BLANKLINE>
    Two runs:
    <BLANKLINE>
    | run | F1 |
    | --- | ---: |
    | a\|b | 0.5 |
    """
    parts = [f"# {escape_markdown(title)}"]
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"## {escape_markdown(text)}")
            case Paragraph(text):
                parts.append(escape_markdown(text))
            case Table():
                lines = [block.header, *block.rows]
                header, *rows = ["| " + " | ".join(map(escape_markdown, line)) + " |" for line in lines]
                rule = "| " + " | ".join("---:" if kind == NUMBER else "---" for kind in block.kinds) + " |"
                parts += [f"{escape_markdown(block.caption)}:", "\n".join([header, rule, *rows])]
    return "\n\n".join(parts) + "\n"


def render_latex(title: str, blocks: Sequence[Block]) -> str:
    r"""Write a document as LaTeX with booktabs rules, to ``\input`` into another document.

    Parameters
    ----------
    title : str
        The title of the section that it becomes.
    blocks : sequence of Heading, Paragraph or Table
        In reading order.

    Examples
    --------
    >>> table = Table("t", "Two runs", ("run", "F1"), (("a_b", "-0.5"),), ("text", "number"))
    >>> print(render_latex("50 % & more", [table]), end="")
    % Needs \usepackage{array,booktabs,graphicx,longtable,lscape,rotating} and UTF-8.
    \begingroup\sloppy
    \section{50 \% \& more}
    <BLANKLINE>
    \begin{table}[htbp]
    \centering\small\setlength{\tabcolsep}{3pt}
    \caption{Two runs}\label{tab:t}
    \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
    \begin{tabular}{lr}
    \toprule
    run & F1 \\
    \midrule
    a\_b & $-$0.5 \\
    \bottomrule
    \end{tabular}}
    \end{table}
    <BLANKLINE>
    \endgroup
    """
    # Names of runs are long: a loose line before one is better than one that runs into the margin.
    head = f"% Needs \\usepackage{{{PACKAGES}}} and UTF-8.\n\\begingroup\\sloppy"
    parts = [f"{head}\n\\section{{{escape_latex(title)}}}"]
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"\\subsection{{{escape_latex(text)}}}")
            case Paragraph(text):
                parts.append(escape_latex(text))
            case Table():
                parts.append(_latex_table(block))
    return "\n\n".join([*parts, "\\endgroup"]) + "\n"


def _latex_table(table: Table) -> str:
    title = f"\\caption{{{escape_latex(table.caption)}}}\\label{{tab:{table.name}}}"
    head, *rows = (" & ".join(map(escape_latex, line)) + " \\\\" for line in (table.header, *table.rows))
    if PROSE in table.kinds or len(rows) > ROWS_PER_PAGE:
        return _latex_long_table(table, title)
    columns = "".join("r" if kind == NUMBER else _text_column(column) for kind, column in _columns(table))
    # A table wider than the line is scaled down to it.
    fit = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%"
    environment = "sidewaystable" if _width(table) > UPRIGHT_WIDTH else "table"
    opening = [f"\\begin{{{environment}}}[htbp]", "\\centering\\small\\setlength{\\tabcolsep}{3pt}", title, fit]
    lines = [
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        head,
        "\\midrule",
        *rows,
        "\\bottomrule",
        "\\end{tabular}}",
    ]
    return "\n".join([*opening, *lines, f"\\end{{{environment}}}"])


def _latex_long_table(table: Table, title: str) -> str:
    r"""Write a table that breaks across pages, which ``\resizebox`` cannot scale down: its texts share the line."""
    is_wide = _width(table) > UPRIGHT_WIDTH
    is_rotated = is_wide or len(table.header) > 6
    size = "\\scriptsize" if is_wide else "\\small"
    head, *rows = (
        " & ".join(
            text if kind == PROSE else _BREAKABLE.sub(r"\\allowbreak{}", text)
            for text, kind in zip(map(escape_latex, line), table.kinds, strict=True)
        )
        + " \\\\"
        for line in (table.header, *table.rows)
    )
    columns = _shared_columns(table) if is_wide or PROSE in table.kinds else _natural_columns(table)
    opening = [
        *(["\\begin{landscape}"] if is_rotated else []),
        f"{{{size}\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{{columns}}}",
        f"{title} \\\\",
        *("\\toprule", head, "\\midrule", "\\endfirsthead", "\\toprule", head, "\\midrule", "\\endhead"),
    ]
    closing = ["\\bottomrule", "\\end{longtable}\n}", *(["\\end{landscape}"] if is_rotated else [])]
    return "\n".join([*opening, *rows, *closing])


def _natural_columns(table: Table) -> str:
    return "".join("r" if kind == NUMBER else "l" for kind in table.kinds)


def _shared_columns(table: Table) -> str:
    """Give numbers the width they need, and divide the rest of the line among the texts by their length."""
    columns = _columns(table)
    lengths = [0 if kind == NUMBER else min(max(map(len, column)), MAX_UNBROKEN) for kind, column in columns]
    numbers = sum(max(map(len, column)) + 1.5 for kind, column in columns if kind == NUMBER)
    # As proportions of the line; each column takes up some of it for its gap.
    rest = max(0.2, 0.96 - numbers / ROTATED_WIDTH - 0.015 * len(columns))
    return "".join(
        "r"
        if kind == NUMBER
        else f">{{\\raggedright\\arraybackslash\\hspace{{0pt}}}}p{{{rest * length / sum(lengths):.3f}\\linewidth}}"
        for length, kind in zip(lengths, table.kinds, strict=True)
    )


def _columns(table: Table) -> list[tuple[str, tuple[str, ...]]]:
    """Return the kind and the cells of each column, beginning with its header."""
    return list(zip(table.kinds, zip(table.header, *table.rows, strict=True), strict=True))


def _width(table: Table) -> float:
    """Return the number of characters in the widest possible line of a table, gaps included."""
    return sum(min(max(map(len, column)), MAX_UNBROKEN) + 1.5 for _, column in _columns(table))


def _text_column(column: Sequence[str]) -> str:
    return "l" if max(map(len, column)) <= MAX_UNBROKEN else "p{0.3\\linewidth}"


def escape_markdown(text: str) -> str:
    r"""Escape a text so that nothing in it acts as Markdown or HTML; it becomes one line.

    Examples
    --------
    >>> escape_markdown("a|b <b> *c*")
    'a\\|b &lt;b&gt; \\*c\\*'
    """
    plain = " ".join(printable(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\|`*_\[\]~$#!])", r"\\\1", plain)


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # \textquotedbl is missing from some font encodings, and a bare quotation mark is active in babel.
    '"': r"{\char34}",
    "`": r"\textasciigrave{}",
    # At the start of a row, these would be read as an argument of the line break before it.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "–": r"\textendash{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "✓": "correct",
    "✗": "wrong:",
    "→": r"$\to$",
}
_SPECIAL = re.compile("|".join(map(re.escape, _LATEX)))
# Where the name of a run or a setting may continue on the next line.
_BREAKABLE = re.compile(r"(?<=[a-z][.+=])(?=\w)")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
# LaTeX would set two in a row as one dash or one quotation mark.
_LIGATURE = re.compile(r"([-,'])(?=\1)")


def escape_latex(text: str) -> str:
    r"""Escape a text so that nothing in it acts as LaTeX; it becomes one line.

    A hyphen before a number becomes a minus.

    Examples
    --------
    >>> print(escape_latex(r"\input{x} 100% of A&B_1, -0.5 [a--b]"))
    \textbackslash{}input\{x\} 100\% of A\&B\_1, $-$0.5 {[}a-{}-b{]}
    """
    plain = " ".join(printable(text).split())
    parts = [_SPECIAL.sub(lambda match: _LATEX[match[0]], part) for part in _MINUS.split(plain)]
    return "$-$".join(_LIGATURE.sub(r"\1{}", part) for part in parts)
