"""A comparison -> one self-contained HTML page with figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from toolkit.analysis import LearningCurve, Scores
from toolkit.comparison.conclusions import (
    explain_fold_test,
    explain_missing_fold_tests,
    fold_verdicts,
    may_conclude,
    may_not_conclude,
    pair_title,
)
from toolkit.comparison.record import ComparisonRecord, Entry
from toolkit.comparison.rows import (
    MAX_CHARACTERS,
    MAX_SENTENCES,
    collection_rows,
    cost_rows,
    fold_pair_rows,
    fold_rows,
    pair_rows,
    setting_rows,
    shorten,
)
from toolkit.pages import (
    SPLIT_TITLES,
    describe_p,
    draw_costs,
    draw_learning_curves,
    floor_of,
    own_markup,
    render_page,
    script,
)
from toolkit.statistics import ALPHA

# Changed sentences on a page, divided among the runs and the three kinds of change, and the fewest of one kind.
MAX_CHANGES, MIN_CHANGES = 600, 4
# Marks of the matrix; hollow where the corrected t-test over folds does not confirm the difference.
_MARKS = {"better": "▲", "worse": "▼", "insignificant": ""}
_HOLLOW_MARKS = {"better": "△", "worse": "▽", "insignificant": ""}
# Distances between the ticks of the forest plot, of which at most six fit.
_TICK_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def render_comparison(comparison: ComparisonRecord) -> str:
    """Render a comparison as one self-contained page."""
    titles = dict(zip(comparison.labels.names, comparison.labels.titles, strict=True))
    baseline = comparison.baseline_index
    grade, curves = _shared_curves(comparison.entries)
    n_changes = max(MIN_CHANGES, MAX_CHANGES // (3 * len(comparison.entries)))
    result, *points = may_conclude(comparison)
    return render_page(
        "comparison.html.j2",
        page_script=script("comparison.js"),
        comparison=comparison,
        baseline=baseline,
        splits=SPLIT_TITLES,
        titles=titles,
        act_titles=[titles[act] for act in comparison.labels.acts],
        result=result,
        may_conclude=points,
        may_not_conclude=may_not_conclude(comparison),
        forest=_forest_plot(comparison.entries),
        matrices={split: _matrix(comparison, split) for split, _ in SPLIT_TITLES},
        collection_tables={name: collection_rows(comparison, name) for name in comparison.collections},
        pair_rows={split: pair_rows(comparison, split) for split, _ in SPLIT_TITLES},
        about_fold_test=explain_fold_test(comparison) if comparison.fold_pairs else "",
        about_missing_fold_tests=explain_missing_fold_tests(comparison),
        fold_tables=_fold_tables(comparison),
        costs=cost_rows(comparison),
        has_cost=any(value is not None for entry in comparison.entries for value in asdict(entry.cost).values()),
        figures=_draw_figures(comparison, grade, curves),
        grade=grade,
        curves=[_curve_points(comparison, index, curve, grade) for index, curve in curves],
        settings=setting_rows(comparison) if comparison.settings else [],
        changes=[_changes(comparison, index, n_changes) for index in range(len(comparison.entries))],
        n_changes=n_changes,
        disagreements=[
            {**asdict(sentence), "text": shorten(sentence.text, MAX_CHARACTERS)}
            for sentence in comparison.disagreements[:MAX_SENTENCES]
        ],
    )


def _forest_plot(entries: Sequence[Entry]) -> dict[str, Any]:
    """Lay out a forest plot: positions from 0 to 100 along an axis with round ticks.

    Runs far below the best stand at the low end, so that the others remain distinguishable.
    """
    headlines = [scores.headline for entry in entries for scores in entry.scores.values()]
    floor = floor_of([headline.value for headline in headlines])
    ends = [
        end
        for headline in headlines
        for end in (headline.low, headline.high, headline.value)
        if headline.value >= floor and not math.isnan(end)
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    step = next(step for step in _TICK_STEPS if (high - low) / step <= 6 or step == _TICK_STEPS[-1])
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), math.floor(low / step + 1e-9) + 1)

    def position(value: float) -> str | None:
        return None if math.isnan(value) else f"{max(value / step - first, 0) / (last - first) * 100:.2f}"

    def layout(scores: Scores) -> dict[str, Any]:
        positions = {key: position(getattr(scores.headline, key)) for key in ("value", "low", "high")}
        return {**positions, "is_below": scores.headline.value < first * step}

    rows = [{split: layout(scores) for split, scores in entry.scores.items()} for entry in entries]
    ticks = [{"at": position(number * step), "text": f"{number * step:.2f}"} for number in range(first, last + 1)]
    return {"rows": rows, "ticks": ticks}


def _matrix(comparison: ComparisonRecord, split: str) -> list[list[dict[str, str] | None]]:
    """Lay out the pairs as a matrix: the first run is the row, the second the column."""
    n_runs = len(comparison.entries)
    cells: list[list[dict[str, str] | None]] = [[None] * n_runs for _ in range(n_runs)]
    # The test split has no folds.
    verdicts = fold_verdicts(comparison) if split == "train" else []
    unconfirmed = {(pair.first, pair.second) for pair, is_confirmed in verdicts if not is_confirmed}
    over_folds = _over_folds(comparison) if split == "train" else {}
    for pair, row in zip(comparison.pairs[split], pair_rows(comparison, split), strict=True):
        indices = pair.first, pair.second
        state = "insignificant"
        if pair.p_corrected < ALPHA:
            state = "better" if pair.difference.value > 0 else "worse"
        marks = _HOLLOW_MARKS if indices in unconfirmed else _MARKS
        cells[pair.first][pair.second] = {
            "state": state,
            "mark": marks[state],
            "value": row["difference"],
            "description": f"{pair_title(comparison, pair)}: {row['difference']} {row['95 % interval']}; "
            f"{describe_p(pair.p_corrected)} corrected, {describe_p(pair.difference.p_value)} uncorrected; "
            f"effect {row['effect']}; probability of reversal {row['reversal']}; correct only in one of the two: "
            f"{row['only first']} and {row['only second']} sentences{over_folds.get(indices, '')}",
        }
    return cells


def _over_folds(comparison: ComparisonRecord) -> dict[tuple[int, int], str]:
    """Describe each test over folds as the end of the description of its pair."""
    return {
        (pair.first, pair.second): f"; over {pair.n_folds} folds {row['mean difference']} {row['95 % corrected']}, "
        f"{describe_p(pair.p_corrected)} corrected"
        for pair, row in zip(comparison.fold_pairs, fold_pair_rows(comparison), strict=True)
    }


def _fold_tables(comparison: ComparisonRecord) -> list[dict[str, Any]]:
    tables = (
        {"title": "Mean over repeated folds", "rows": fold_rows(comparison), "n_text": 1},
        {"title": "Every pair with the same folds", "rows": fold_pair_rows(comparison), "n_text": 2},
    )
    return [table for table in tables if table["rows"]]


def _shared_curves(entries: Sequence[Entry]) -> tuple[str, list[tuple[int, LearningCurve]]]:
    """Choose the learning curves that fit on one axis: those with the grade that most of them have."""
    grades = [grade for entry in entries if entry.curve for grade in entry.curve.scores]
    if not grades:
        return "", []
    grade = max(sorted(set(grades)), key=grades.count)
    return grade, [
        (index, entry.curve) for index, entry in enumerate(entries) if entry.curve and grade in entry.curve.scores
    ]


def _curve_points(comparison: ComparisonRecord, index: int, curve: LearningCurve, grade: str) -> dict[str, Any]:
    points = zip(curve.n_articles, curve.scores[grade].mean(axis=1).tolist(), strict=True)
    return {"index": index, "name": comparison.entries[index].name, "points": list(points)}


def _draw_figures(
    comparison: ComparisonRecord, grade: str, curves: Sequence[tuple[int, LearningCurve]]
) -> dict[str, Any]:
    scores = [entry.scores["train"].headline.value for entry in comparison.entries]
    drawn = {
        "costs": draw_costs(_cost_panels(comparison.entries), scores, comparison.baseline_index),
        "curves": draw_learning_curves(curves, grade) if curves else "",
    }
    # Figures are our own markup: matplotlib escapes the text it draws.
    return {name: own_markup(svg) for name, svg in drawn.items()}


def _cost_panels(entries: Sequence[Entry]) -> list[tuple[str, bool, list[float]]]:
    """Return what is drawn against the score: title, whether less is better, one value or ``nan`` per run."""

    def values(key: str, unit: float = 1) -> list[float]:
        costs = (getattr(entry.cost, key) for entry in entries)
        return [math.nan if cost is None else cost / unit for cost in costs]

    return [
        ("training time, s", True, values("training_seconds")),
        ("sentences labelled per second", False, values("sentences_per_second")),
        ("size of the model, MB", True, values("model_bytes", 1e6)),
    ]


def _changes(comparison: ComparisonRecord, index: int, n_changes: int) -> dict[str, Any]:
    """Return how many sentences changed between the baseline and one run, and the first of each kind."""
    changes = comparison.changes[index]
    kinds = {"unique": changes.unique, "gained": changes.gained, "lost": changes.lost}
    sentences = [
        (kind, comparison.disagreements[number]) for kind, numbers in kinds.items() for number in numbers[:n_changes]
    ]
    rows = [
        {
            "kind": kind,
            "text": shorten(sentence.text, MAX_CHARACTERS),
            "gold": sentence.gold,
            "predicted": sentence.predicted[index],
            "by_baseline": sentence.predicted[comparison.baseline_index],
        }
        for kind, sentence in sentences
    ]
    counts = {kind: len(numbers) for kind, numbers in kinds.items()}
    return {"name": comparison.entries[index].name, **counts, "rows": rows}
