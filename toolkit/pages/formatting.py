"""TODO toolkit.pages.formatting."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

SPLIT_TITLES = (("train", "cross-validated on train"), ("test", "test split"))
# Tables of settings with more entries are summed up in one line.
LONGEST_TABLE = 12


def flatten(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """List settings as dotted keys and texts, in order.

    Examples
    --------
    >>> flatten({"seed": 1, "classifier": {"C": [1, 3]}})
    [('seed', '1'), ('classifier.C', '1, 3')]
    """
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        if isinstance(value, Mapping) and len(value) > LONGEST_TABLE:
            # A lexicon: its size and a digest say whether two runs had the same one.
            digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()[:8]
            rows.append((f"{prefix}{key}", f"{len(value)} entries, {digest}"))
        elif isinstance(value, Mapping):
            rows.extend(flatten(value, f"{prefix}{key}."))
        else:
            rows.append((f"{prefix}{key}", format_setting(value)))
    return rows


def format_setting(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(format_setting(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def format_score(value: float | None) -> str:
    """Write a score with three decimals; undefined is a dash.

    Examples
    --------
    >>> format_score(0.5), format_score(None)
    ('0.500', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def format_percent(value: float | None) -> str:
    """Write a share as a percentage; undefined is a dash.

    Examples
    --------
    >>> format_percent(0.806), format_percent(None)
    ('81 %', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{100 * value:.0f} %"


def format_signed(value: float | None) -> str:
    """Write a difference with its sign."""
    return "–" if value is None or math.isnan(value) else f"{value:+.3f}"


def format_p(value: float | None) -> str:
    """Write a p-value; a small one as a bound."""
    if value is None or math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def describe_p(value: float | None) -> str:
    """Write a p-value for a sentence.

    Examples
    --------
    >>> describe_p(0.0123), describe_p(0.0001)
    ('p = 0.012', 'p < 0.001')
    """
    written = format_p(value)
    return f"p {written}" if written.startswith("<") else f"p = {written}"


def format_interval(estimate: Any, write: Any = format_score) -> str:
    """Write the interval of an estimate, record or mapping."""
    low, high = (estimate["low"], estimate["high"]) if isinstance(estimate, Mapping) else (estimate.low, estimate.high)
    return f"[{write(low)}, {write(high)}]"
