r"""Headings, paragraphs and tables -> Markdown or LaTeX in which no text is markup.

The LaTeX is a part to ``\input``: it needs the packages that its first line names, and an engine
that reads UTF-8, as pdflatex does since 2018 and lualatex always did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.exceptions import printable

# A table with more rows than fit a page, or with sentences, is set as a longtable, which breaks across pages.
ROWS_OF_A_PAGE = 40
# Letters of small print in a line of a paper; a wider table lies on its side, where as many of the smallest stand.
ACROSS, SIDEWAYS = 95, 150
# A longer text breaks into lines.
LONGEST_TEXT = 40
PACKAGES = "array,booktabs,graphicx,longtable,lscape,rotating"
# What stands left in the columns of a table; the rest are numbers.
TEXT, NUMBER, PROSE = "text", "number", "prose"


@dataclass(frozen=True, slots=True)
class Heading:
    """Heading of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    r"""A table of plain text.

    Attributes
    ----------
    name : str
        For references, as in ``\ref{tab:NAME}``: lower-case letters and hyphens.
    caption : str
        What it shows.
    header : tuple of str
        One a column.
    rows : tuple of tuple of str
        One a row, as long as the header.
    kinds : tuple of str
        ``text``, ``number`` (to the right) or ``prose`` (may break into lines), one a column.
    """

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]


Block = Heading | Paragraph | Table


def to_markdown(title: str, blocks: Sequence[Block]) -> str:
    r"""Write a document as Markdown.

    Parameters
    ----------
    title : str
        Its first heading.
    blocks : sequence of Heading, Paragraph or Table
        In reading order.

    Examples
    --------
    >>> table = Table("t", "Two runs", ("run", "F1"), (("a|b", "0.5"),), ("text", "number"))
    >>> print(to_markdown("Runs", [table]), end="")
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
                written = ["| " + " | ".join(map(escape_markdown, line)) + " |" for line in lines]
                rule = "| " + " | ".join("---:" if kind == NUMBER else "---" for kind in block.kinds) + " |"
                parts += [f"{escape_markdown(block.caption)}:", "\n".join([written[0], rule, *written[1:]])]
    return "\n\n".join(parts) + "\n"


def to_latex(title: str, blocks: Sequence[Block]) -> str:
    r"""Write a document as LaTeX with booktabs rules, to ``\input`` in another.

    Parameters
    ----------
    title : str
        Its section.
    blocks : sequence of Heading, Paragraph or Table
        In reading order.

    Examples
    --------
    >>> table = Table("t", "Two runs", ("run", "F1"), (("a_b", "-0.5"),), ("text", "number"))
    >>> print(to_latex("50 % & more", [table]), end="")
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
    # Names of runs are long: a line before one may be loose, none may run into the margin.
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
    if PROSE in table.kinds or len(rows) > ROWS_OF_A_PAGE:
        return _latex_long_table(table, title)
    columns = "".join("r" if kind == NUMBER else _latex_text(column) for kind, column in _columns(table))
    # What is wider still is set smaller.
    fit = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%"
    around = "sidewaystable" if _letters(table) > ACROSS else "table"
    opening = [f"\\begin{{{around}}}[htbp]", "\\centering\\small\\setlength{\\tabcolsep}{3pt}", title, fit]
    lines = [
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        head,
        "\\midrule",
        *rows,
        "\\bottomrule",
        "\\end{tabular}}",
    ]
    return "\n".join([*opening, *lines, f"\\end{{{around}}}"])


def _latex_long_table(table: Table, title: str) -> str:
    r"""Write a table that breaks across pages, whose texts share the line: ``\resizebox`` holds no such table."""
    letters = _letters(table)
    is_wide = letters > ACROSS
    is_sideways = is_wide or len(table.header) > 6
    shares = [0 if kind == NUMBER else min(max(map(len, column)), LONGEST_TEXT) for kind, column in _columns(table)]
    # Numbers keep on one line; the texts have the rest of it.
    numbers = sum(max(map(len, column)) + 1.5 for kind, column in _columns(table) if kind == NUMBER)
    room = max(0.2, 0.96 - numbers / SIDEWAYS - 0.015 * len(shares))
    columns = "".join(
        "r"
        if kind == NUMBER
        else f">{{\\raggedright\\arraybackslash\\hspace{{0pt}}}}p{{{room * share / sum(shares):.3f}\\linewidth}}"
        if is_wide or PROSE in table.kinds
        else "l"
        for share, kind in zip(shares, table.kinds, strict=True)
    )
    head, *rows = (
        " & ".join(
            text if kind == PROSE else _JOINT.sub(r"\\allowbreak{}", text)
            for text, kind in zip(map(escape_latex, line), table.kinds, strict=True)
        )
        + " \\\\"
        for line in (table.header, *table.rows)
    )
    size = "\\scriptsize" if is_wide else "\\small"
    opening = [
        *(["\\begin{landscape}"] if is_sideways else []),
        f"{{{size}\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{{columns}}}",
        f"{title} \\\\",
        *("\\toprule", head, "\\midrule", "\\endfirsthead", "\\toprule", head, "\\midrule", "\\endhead"),
    ]
    closing = ["\\bottomrule", "\\end{longtable}\n}", *(["\\end{landscape}"] if is_sideways else [])]
    return "\n".join([*opening, *rows, *closing])


def _columns(table: Table) -> list[tuple[str, tuple[str, ...]]]:
    """Return kind and cells of each column, its header first."""
    return list(zip(table.kinds, zip(table.header, *table.rows, strict=True), strict=True))


def _letters(table: Table) -> float:
    """Count the letters of a table's widest line, gaps with them."""
    return sum(min(max(map(len, column)), LONGEST_TEXT) + 1.5 for _, column in _columns(table))


def _latex_text(column: Sequence[str]) -> str:
    return "l" if max(map(len, column)) <= LONGEST_TEXT else "p{0.3\\linewidth}"


def escape_markdown(text: str) -> str:
    r"""Keep text from being Markdown or HTML; it becomes one line.

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
    # \textquotedbl is not in every font encoding, and a bare one steers babel.
    '"': r"{\char34}",
    "`": r"\textasciigrave{}",
    # At the start of a row these would be an option of the line break before it.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "–": r"\textendash{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "✓": "right",
    "✗": "wrong:",
    "→": r"$\to$",
}
_SPECIAL = re.compile("|".join(map(re.escape, _LATEX)))
# Where the name of a run or a setting may go on in the next line.
_JOINT = re.compile(r"(?<=[a-z][.+=])(?=\w)")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
# Two in a row would be set as one dash or one quotation mark.
_LIGATURE = re.compile(r"([-,'])(?=\1)")


def escape_latex(text: str) -> str:
    r"""Keep text from being LaTeX; it becomes one line.

    A hyphen before a number is a minus.

    Examples
    --------
    >>> print(escape_latex(r"\input{x} 100% of A&B_1, -0.5 [a--b]"))
    \textbackslash{}input\{x\} 100\% of A\&B\_1, $-$0.5 {[}a-{}-b{]}
    """
    plain = " ".join(printable(text).split())
    parts = [_SPECIAL.sub(lambda found: _LATEX[found[0]], part) for part in _MINUS.split(plain)]
    return "$-$".join(_LIGATURE.sub(r"\1{}", part) for part in parts)
