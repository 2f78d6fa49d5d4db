"""TODO toolkit.comparison.conclusions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.pages import formatting

N_NAMED = 6


def _named(names: Sequence[str]) -> str:
    """List names; of many, the first and how many more."""
    more = len(names) - N_NAMED
    return ", ".join(names[:N_NAMED]) + (f" and {more} more" if more > 0 else "")


def _sizes(found: Any) -> str:
    return f"{formatting.format_signed(found.low)} to {formatting.format_signed(found.high)}"
