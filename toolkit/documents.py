r"""Headings, paragraphs and tables -> Markdown or LaTeX in which no text is markup.

The LaTeX is a part to ``\input``: it needs the packages booktabs and longtable, and an engine
that reads UTF-8, as pdflatex does since 2018 and lualatex always did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.tables import printable

# A table with more rows than fit a page is set as a longtable, which breaks across pages.
ROWS_OF_A_PAGE = 40
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
    % Needs \usepackage{booktabs,longtable} and UTF-8.
    \section{50 \% \& more}
    <BLANKLINE>
    \begin{table}[htbp]
    \centering\small
    \caption{Two runs}\label{tab:t}
    \begin{tabular}{lr}
    \toprule
    run & F1 \\
    \midrule
    a\_b & $-$0.5 \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    parts = [f"% Needs \\usepackage{{booktabs,longtable}} and UTF-8.\n\\section{{{escape_latex(title)}}}"]
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"\\subsection{{{escape_latex(text)}}}")
            case Paragraph(text):
                parts.append(escape_latex(text))
            case Table():
                parts.append(_latex_table(block))
    return "\n\n".join(parts) + "\n"


def _latex_table(table: Table) -> str:
    widths = {TEXT: "l", NUMBER: "r", PROSE: "p{0.5\\linewidth}"}
    columns = "".join(widths[kind] for kind in table.kinds)
    title = f"\\caption{{{escape_latex(table.caption)}}}\\label{{tab:{table.name}}}"
    head, *rows = (" & ".join(map(escape_latex, line)) + " \\\\" for line in (table.header, *table.rows))
    if len(rows) > ROWS_OF_A_PAGE:
        opening = [f"{{\\small\n\\begin{{longtable}}{{{columns}}}", f"{title} \\\\", "\\toprule", head, "\\midrule"]
        again = ["\\endfirsthead", "\\toprule", head, "\\midrule", "\\endhead"]
        return "\n".join([*opening, *again, *rows, "\\bottomrule", "\\end{longtable}\n}"])
    opening = ["\\begin{table}[htbp]", "\\centering\\small", title, f"\\begin{{tabular}}{{{columns}}}"]
    return "\n".join(
        [*opening, "\\toprule", head, "\\midrule", *rows, "\\bottomrule", "\\end{tabular}", "\\end{table}"]
    )


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
