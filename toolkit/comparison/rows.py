"""TODO toolkit.comparison.rows."""

from __future__ import annotations

import math

CEILING = "second annotator"


def _effect(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}"


def _share(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.1 %" if value < 0.001 else f"{value * 100:.1f} %"


def _amount(value: float | None, decimals: int = 0, unit: float = 1) -> str:
    return "–" if value is None else f"{value / unit:,.{decimals}f}"
