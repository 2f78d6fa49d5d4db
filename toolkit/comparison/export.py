"""TODO toolkit.comparison.export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from toolkit.analysis.repeats import FoldComparison
from toolkit.pages.documents import NUMBER, PROSE, TEXT, Table

# Of LaTeX, which is for print.
N_PRINTED = 20
# Runs that still fit beside a sentence in print.
N_COLUMNS = 8
N_CHARACTERS = 600
N_SETTING = 120


def _plain_folds(pair: FoldComparison | None, split: str) -> dict[str, Any] | None:
    """Return the test over folds of a pair on train as plain data; the test split has no folds."""
    if pair is None or split != "train":
        return None
    return {key: value for key, value in asdict(pair).items() if key not in ("first", "second")}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(name: str, caption: str, rows: Sequence[Mapping[str, str]], texts: int = 1) -> Table:
    """Make a table of rows; the first columns are text, a sentence breaks into lines, the rest are numbers."""
    header = tuple(rows[0])
    kinds = tuple(
        PROSE if key == "sentence" else TEXT if place < texts or key in ("second", "right") else NUMBER
        for place, key in enumerate(header)
    )
    return Table(name, caption, header, tuple(tuple(row.values()) for row in rows), kinds)


def _aligned(rows: Sequence[Mapping[str, Any]], width: int = 40) -> str:
    """Write rows as columns of equal width; long cells are cut."""
    header = list(rows[0])
    cells = [header, *([_cut(str(row[key]), width) for key in header] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
