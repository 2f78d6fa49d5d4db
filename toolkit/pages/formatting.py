"""Numbers and settings -> text as a person reads it; undefined is a dash."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toolkit.labels import LabelSet

SPLIT_TITLES = (("train", "cross-validated on train"), ("test", "test split"))
# A table of settings with more entries is summarised in one line.
LONGEST_TABLE = 12
UNDEFINED = "–"


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
            # A lexicon: its size and digest show whether two runs had the same one.
            digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()[:8]
            rows.append((f"{prefix}{key}", f"{len(value)} entries, {digest}"))
        elif isinstance(value, Mapping):
            rows.extend(flatten(value, f"{prefix}{key}."))
        else:
            rows.append((f"{prefix}{key}", format_setting(value)))
    return rows


def format_setting(value: Any) -> str:
    """Write the value of a setting; a list with commas, a missing value as a dash."""
    if value is None:
        return UNDEFINED
    if isinstance(value, list):
        return ", ".join(format_setting(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def format_score(value: float | None) -> str:
    """Write a score with three decimals.

    Examples
    --------
    >>> format_score(0.5), format_score(None)
    ('0.500', '–')
    """
    return UNDEFINED if value is None or math.isnan(value) else f"{value:.3f}"


def format_percent(value: float | None) -> str:
    """Write a proportion as a percentage.

    Examples
    --------
    >>> format_percent(0.806), format_percent(None)
    ('81 %', '–')
    """
    return UNDEFINED if value is None or math.isnan(value) else f"{100 * value:.0f} %"


def format_signed(value: float | None) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> format_signed(0.5), format_signed(-0.0312)
    ('+0.500', '-0.031')
    """
    return UNDEFINED if value is None or math.isnan(value) else f"{value:+.3f}"


def format_p(value: float | None) -> str:
    """Write a p-value; a small one as a bound.

    Examples
    --------
    >>> format_p(0.0123), format_p(0.0001)
    ('0.012', '< 0.001')
    """
    if value is None or math.isnan(value):
        return UNDEFINED
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


def format_interval(estimate: Any, write: Callable[[float | None], str] = format_score) -> str:
    """Write the interval of an estimate, given as a record or as a mapping, for a table; dashes if its width is 0.

    Examples
    --------
    >>> format_interval({"low": 0.7434, "high": 0.7842})
    '[0.743, 0.784]'
    """
    low, high = (estimate["low"], estimate["high"]) if isinstance(estimate, Mapping) else (estimate.low, estimate.high)
    if low == high:
        # Resamples that are all alike say nothing of other sentences.
        low = high = None
    return f"[{write(low)}, {write(high)}]"


def describe_interval(estimate: Any) -> str:
    """Write the 95 % interval of a score for a sentence.

    Examples
    --------
    >>> from toolkit.analysis.scores import Estimate
    >>> describe_interval(Estimate(0.764, 0.7434, 0.7842)), describe_interval(Estimate(1.0, 1.0, 1.0))
    ('95 % CI 0.743–0.784', '95 % CI undefined')
    """
    # Resamples that are all alike, as of a score without an error, say nothing of other sentences.
    if not estimate.low < estimate.high:
        return "95 % CI undefined"
    return f"95 % CI {format_score(estimate.low)}–{format_score(estimate.high)}"


def describe_difference(difference: Any) -> str:
    """Write a difference with its 95 % interval and p-value for a sentence.

    Examples
    --------
    >>> from toolkit.analysis.scores import Difference
    >>> describe_difference(Difference(0.1, -0.02, 0.22, 0.08))
    '+0.100, 95 % CI -0.020 to +0.220, p = 0.080'
    """
    interval = f"{format_signed(difference.low)} to {format_signed(difference.high)}"
    return f"{format_signed(difference.value)}, 95 % CI {interval}, {describe_p(difference.p_value)}"


def list_titles(labels: LabelSet, names: Sequence[str]) -> str:
    """List the titles of labels for a sentence.

    Examples
    --------
    >>> labels = LabelSet.from_names(["denial", "pledge", "none"])
    >>> list_titles(labels, labels.names), list_titles(labels, ["denial"])
    ('denial, pledge and none', 'denial')
    """
    *first, last = (labels.titles[labels.index(name)] for name in names)
    return f"{', '.join(first)} and {last}" if first else last
