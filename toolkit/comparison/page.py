"""TODO toolkit.comparison.page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from toolkit.analysis.learning_curve import LearningCurve
from toolkit.comparison.record import Entry
from toolkit.pages import figures

# Sentences shown of all changes on a page, shared by the runs, and the fewest of one kind.
N_CHANGES, FEWEST_CHANGES = 600, 4
# Of cells of the matrix; hollow where the corrected t-test over folds does not tell the pair apart.
_MARKS = {"better": "▲", "worse": "▼", "open": ""}
_HOLLOW = {"better": "△", "worse": "▽", "open": ""}


def _forest(entries: Sequence[Entry]) -> dict[str, Any]:
    """Lay a forest plot out: places from 0 to 100 along an axis of round ticks.

    Runs far below the rest stand at the low end, so that the rest can be told apart.
    """
    shown = [scores.headline for entry in entries for scores in entry.scores.values()]
    floor = figures.floor_of([found.value for found in shown])
    ends = [
        end
        for found in shown
        for end in (found.low, found.high, found.value)
        if found.value >= floor and not math.isnan(end)
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if (high - low) / step <= 6 or step == 0.5)
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), math.floor(low / step + 1e-9) + 1)

    def place(value: float) -> str | None:
        return None if math.isnan(value) else f"{max(value / step - first, 0) / (last - first) * 100:.2f}"

    rows = [
        {
            split: {
                **{key: place(getattr(found, key)) for key in ("value", "low", "high")},
                "is_below": found.value < first * step,
            }
            for split, found in ((split, scores.headline) for split, scores in entry.scores.items())
        }
        for entry in entries
    ]
    ticks = [{"at": place(number * step), "text": f"{number * step:.2f}"} for number in range(first, last + 1)]
    return {"rows": rows, "ticks": ticks}


def _cost_panels(entries: Sequence[Entry]) -> list[tuple[str, bool, list[float]]]:
    """Collect what is drawn against the score: title, whether less is better, values or ``nan``."""

    def values(key: str, unit: float = 1) -> list[float]:
        found = (getattr(entry.cost, key) for entry in entries)
        return [math.nan if value is None else value / unit for value in found]

    return [
        ("training time, s", True, values("training_seconds")),
        ("sentences labelled a second", False, values("sentences_per_second")),
        ("size of the model, MB", True, values("model_bytes", 1e6)),
    ]


def _curves(entries: Sequence[Entry]) -> tuple[str, list[tuple[int, LearningCurve]]]:
    """Choose the curves that may stand on one axis: those of the grade that most of them have."""
    grades = [grade for entry in entries if entry.curve for grade in entry.curve.scores]
    if not grades:
        return "", []
    grade = max(sorted(set(grades)), key=grades.count)
    return grade, [
        (place, entry.curve) for place, entry in enumerate(entries) if entry.curve and grade in entry.curve.scores
    ]


def _p_is(written: str) -> str:
    return f"p {written}" if written.startswith("<") else f"p = {written}"
