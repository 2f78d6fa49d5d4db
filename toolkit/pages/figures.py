"""Records -> figures, as SVG text in the colours of the page.

Text and lines of a figure are drawn in one sentinel colour that becomes ``currentColor``,
so that a figure is legible on light and dark backgrounds. Labels differ by hatch, marker or
line style as well as by colour.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis import (
    Calibration,
    LearningCurve,
    Predictions,
    PriorCurve,
    RiskCoveragePoints,
    Scores,
    Threshold,
)
from toolkit.labels import LabelSet
from toolkit.statistics import N_BINS, encode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#010203"
N_POINTS = 400
SHADE = "#004580"
# The colours of Okabe and Ito, which colour-blind readers can distinguish; doi:10.1038/nmeth.1618.
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#7f7f7f", "#e69f00", "#56b4e9", "#a89a00")
LINES = ("-", "--", "-.", ":", (0, (3, 1, 1, 1, 1, 1)))
HATCHES = ("", "//", "..", "xx", "\\\\", "--", "++", "oo")
# Numbers of more points would overlap: then only the points that matter have one.
N_NUMBERED = 14
# Base rates that have a number on their axis.
TICK_RATES = (0.005, 0.01, 0.02, 0.04, 0.1, 0.2, 0.5)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def draw_confusion(scores: Scores) -> str:
    """Draw the confusion matrix: rows are gold labels, columns predicted ones, shades proportions of the row."""
    from matplotlib.patches import Rectangle

    counts = np.array(scores.confusion, dtype=float)
    proportions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    titles = [label.title for label in scores.labels]
    side = 2.2 + 0.75 * len(titles)
    figure, axes = _figure(side, side * 0.82)
    axes.set_xlim(-0.5, len(titles) - 0.5)
    axes.set_ylim(len(titles) - 0.5, -0.5)
    for row, column in np.ndindex(counts.shape):
        # One rectangle per cell: imshow would embed a bitmap.
        alpha = proportions[row, column]
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=SHADE, alpha=alpha, linewidth=0))
        # White on dark cells, the page's ink on light ones, which are transparent.
        colour = "#ffffff" if alpha > 0.65 else INK
        axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(titles)), [_wrap(title) for title in titles], rotation=30, ha="right")
    axes.set_yticks(range(len(titles)), [_wrap(title) for title in titles])
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    return _to_svg(figure, "confusion", "Confusion matrix: rows are gold labels, columns predicted ones")


def draw_label_scores(scores: Scores, ceiling: Scores | None = None) -> str:
    """Draw each label's F1 with its interval, and as an upright bar the F1 of a second annotator."""
    figure, axes = _figure(6.2, 0.9 + 0.42 * len(scores.labels))
    for row, label in enumerate(scores.labels):
        f1 = label.f1
        if np.isnan(f1.value):
            continue
        axes.plot([f1.low, f1.high], [row, row], color=INK, linewidth=1.4)
        axes.plot(f1.value, row, MARKERS[row % len(MARKERS)], color=COLOURS[row % len(COLOURS)], markersize=8)
        axes.annotate(
            f"{f1.value:.2f}", (f1.value, row), (0, 7), textcoords="offset points", ha="center", fontsize=8, color=INK
        )
        if ceiling is not None:
            axes.plot(ceiling.labels[row].f1.value, row, "|", color=INK, markersize=14, markeredgewidth=2)
    axes.set_yticks(range(len(scores.labels)), [_wrap(label.title) for label in scores.labels])
    axes.set_ylim(len(scores.labels) - 0.4, -0.7)
    axes.set_xlim(0, 1)
    axes.set_xlabel("F1, with 95 % interval over articles")
    return _to_svg(figure, "label-scores", "F1 of each label with its 95 % interval")


def draw_precision_recall(predictions: Predictions) -> str:
    """Draw precision against recall as the threshold on a label's probability falls."""
    figure, axes = _figure(5.6, 4.2)
    gold = encode(predictions.gold, predictions.labels.names)
    for index, label in enumerate(predictions.labels.labels):
        positive = gold == index
        if not positive.any() or label.name == predictions.labels.background:
            continue
        recall, precision = _precision_recall(positive, predictions.proba[:, index])
        style: dict[str, Any] = {"color": COLOURS[index % len(COLOURS)], "linestyle": LINES[index % len(LINES)]}
        axes.plot(recall, precision, label=_literal(label.title), drawstyle="steps-post", **style)
    _label_precision_recall(axes)
    return _to_svg(figure, "precision-recall", "Precision against recall for each label")


def _label_precision_recall(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    _legend(axes)


def _precision_recall(
    positive: NDArray[np.bool_], proba: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order = np.argsort(-proba, kind="stable")
    # Sentences of equal probability cross the threshold together.
    last = np.append(np.diff(proba[order]) != 0, True)
    n_correct = np.cumsum(positive[order])[last]
    n_selected = np.flatnonzero(last) + 1
    # More points than a reader can distinguish would only make the page larger.
    rows = np.unique(np.linspace(0, len(n_selected) - 1, min(len(n_selected), N_POINTS)).round().astype(int))
    n_correct, n_selected = n_correct[rows], n_selected[rows]
    recall, precision = n_correct / positive.sum(), n_correct / n_selected
    return np.append(0.0, recall), np.append(precision[0], precision)


def draw_prior_strength(curve: PriorCurve, labels: LabelSet) -> str:
    """Draw precision against recall of each act as natural label shares take hold; mark strengths 0 and 1."""
    figure, axes = _figure(5.6, 4.2)
    for index, label in enumerate(labels.labels):
        if label.name not in curve.recall:
            continue
        recall, precision = curve.recall[label.name], curve.precision[label.name]
        colour, line, marker = (styles[index % len(styles)] for styles in (COLOURS, LINES, MARKERS))
        axes.plot(recall, precision, color=colour, linestyle=line, label=_literal(label.title))
        for strength, face in ((0.0, "none"), (1.0, colour)):
            row = curve.strengths.index(strength)
            axes.plot(recall[row], precision[row], marker, color=colour, markerfacecolor=face, markersize=8)
    _label_precision_recall(axes)
    return _to_svg(figure, "prior-strength", "Precision against recall for each act as the label shares change")


def draw_expected_precision(scores: Scores, acts: Sequence[str], observed: Sequence[tuple[str, Scores]]) -> str:
    """Draw the expected precision of each act against its base rate, with 95 % bands.

    Parameters
    ----------
    scores : Scores
        From which precision is expected.
    acts : sequence of str
        Names of the labels that are drawn.
    observed : sequence of (str, Scores)
        Name and scores of collections whose own base rates are marked on each line.
    """
    figure, axes = _figure(5.6, 4.2)
    rates = np.array(scores.base_rates)
    for index, label in enumerate(scores.labels):
        values = [(estimate.low, estimate.value, estimate.high) for estimate in label.expected_precision]
        if label.name not in acts or np.isnan(values).all():
            continue
        low, value, high = np.array(values).T
        style: dict[str, Any] = {"color": COLOURS[index % len(COLOURS)]}
        axes.fill_between(rates, low, high, alpha=0.15, linewidth=0, **style)
        axes.plot(rates, value, linestyle=LINES[index % len(LINES)], label=_literal(label.title), **style)
        for number, (_, other) in enumerate(observed):
            rate = other.labels[index].gold_proportion
            if rate is not None and rates[0] <= rate.value <= rates[-1]:
                height = np.interp(np.log(rate.value), np.log(rates), value)
                axes.plot(rate.value, height, MARKERS[number % len(MARKERS)], markersize=7, **style)
    for number, (name, _) in enumerate(observed):
        marker = MARKERS[number % len(MARKERS)]
        axes.plot([], [], marker, color=INK, linestyle="none", label=f"observed in {_literal(name)}")
    axes.set_xscale("log")
    ticks = [rate for rate in scores.base_rates if rate in TICK_RATES]
    axes.set_xticks(ticks, [f"{100 * rate:g} %" for rate in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("base rate: proportion of sentences that have the label")
    axes.set_ylabel("expected precision")
    _legend(axes)
    return _to_svg(figure, "expected-precision", "Expected precision of each label against its base rate")


def draw_reliability(calibration: Calibration) -> str:
    """Draw accuracy by confidence, with intervals, and the proportion of sentences by confidence."""
    bins = [part for part in calibration.bins if part.n_sentences]
    confidence, accuracy = [part.confidence for part in bins], [part.accuracy.value for part in bins]
    # A percentile interval need not include the accuracy itself.
    low = [max(0.0, part.accuracy.value - part.accuracy.low) for part in bins]
    high = [max(0.0, part.accuracy.high - part.accuracy.value) for part in bins]
    figure, axes = _figure(5.6, 4.2)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    axes.bar(
        [(part.low + part.high) / 2 for part in calibration.bins],
        [part.n_sentences / calibration.n_sentences for part in calibration.bins],
        0.9 / N_BINS,
        color=COLOURS[4],
        alpha=0.35,
        label="proportion of sentences",
    )
    axes.errorbar(
        confidence,
        accuracy,
        yerr=[low, high],
        fmt="o-",
        color=COLOURS[1],
        ecolor=INK,
        elinewidth=0.8,
        label="accuracy",
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("confidence of the predicted label")
    axes.set_ylabel("proportion")
    _legend(axes)
    return _to_svg(figure, "reliability", "Accuracy of predictions against their confidence")


def draw_risk_coverage(curve: RiskCoveragePoints, thresholds: Sequence[Threshold]) -> str:
    """Draw error rate against coverage, and mark the thresholds."""
    figure, axes = _figure(5.6, 4.2)
    axes.plot(curve.coverage, curve.risk, color=COLOURS[1], label="error rate of labelled sentences")
    for index, threshold in enumerate(thresholds):
        scores = threshold.applied_to
        if scores is None or np.isnan(scores.accuracy.value):
            continue
        axes.plot(
            scores.coverage.value,
            1 - scores.accuracy.value,
            MARKERS[index % len(MARKERS)],
            color=COLOURS[index % len(COLOURS)],
            markersize=8,
            label=f"threshold for {threshold.wanted:.0%} accuracy",
        )
    axes.set_xlim(0, 1.02)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("coverage: proportion of sentences labelled, most confident first")
    axes.set_ylabel("error rate")
    _legend(axes)
    return _to_svg(figure, "risk-coverage", "Error rate against the proportion of sentences labelled")


def draw_costs(panels: Sequence[tuple[str, bool, Sequence[float]]], scores: Sequence[float], baseline: int) -> str:
    """Draw headline scores of runs against their costs; runs are named by their numbers.

    Parameters
    ----------
    panels : sequence of (title, whether less is better, values)
        One value per run, ``nan`` where it is unknown.
    scores : sequence of float
        Of the runs, in the order of their numbers, from 1.
    baseline : int
        Index of the run drawn as a square. A run far below the rest is a triangle at the
        edge, with its score.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(10.5, 3.6), layout="constrained")
        row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    floor = floor_of(scores)
    for axes, (title, less, values) in zip(row, panels, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel(title)
        known = [run for run, value in enumerate(values) if not np.isnan(value + scores[run])]
        if not known:
            axes.set_xticks([])
            axes.set_xlabel(f"{title}: not recorded")
            continue
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: _short(value))
        axes.xaxis.set_minor_formatter(lambda value, _: "")
        best = _frontier([(values[run] if less else -values[run], scores[run]) for run in known])
        frontier = [known[index] for index in best if scores[known[index]] >= floor]
        line = [values[run] for run in frontier], [scores[run] for run in frontier]
        axes.plot(*line, "--", color=INK, linewidth=0.9)
        for run in known:
            is_base, is_below = run == baseline, scores[run] < floor
            point = values[run], max(scores[run], floor)
            marker = "v" if is_below else "s" if is_base else "o"
            axes.plot(*point, marker, color=COLOURS[0 if is_base else 1], markersize=6)
            if len(known) > N_NUMBERED and not (is_base or run in frontier):
                continue
            name = f"{run + 1} ({scores[run]:.2f})" if is_below else f"{run + 1}"
            axes.annotate(name, point, (5, 3), textcoords="offset points", fontsize=8, color=INK)
        axes.margins(x=0.12, y=0.12)
    row[0].set_ylabel("macro F1, cross-validated")
    return _to_svg(figure, "costs", "Score of each run against training time, labelling speed and size")


def floor_of(scores: Sequence[float]) -> float:
    """Return the score below which a run is drawn at the edge of a figure: half of the best one.

    Otherwise a run that labels at random would squeeze all others into one spot.

    Examples
    --------
    >>> floor_of([0.8, 0.5, float("nan")])
    0.4
    """
    return max((score for score in scores if not np.isnan(score)), default=0.0) / 2


def _short(value: float) -> str:
    """Write a power of ten in few characters."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def _frontier(points: Sequence[tuple[float, float]]) -> list[int]:
    """List the indices of the Pareto-optimal points (cost, score), cheapest first."""
    best, frontier = -np.inf, []
    for index in sorted(range(len(points)), key=lambda index: (points[index][0], -points[index][1])):
        if points[index][1] > best:
            best = points[index][1]
            frontier.append(index)
    return frontier


def draw_learning_curves(curves: Sequence[tuple[int, LearningCurve]], grade: str) -> str:
    """Draw the learning curves of several runs on one axis; runs are named by their numbers.

    Parameters
    ----------
    curves : sequence of (int, LearningCurve)
        Index of the run, and its curve.
    grade : str
        Which scores are drawn.
    """
    figure, axes = _figure(6.8, 4.2)
    ticks: set[int] = set()
    for run, curve in curves:
        means = curve.scores[grade].mean(axis=1)
        colour, marker, line = (styles[run % len(styles)] for styles in (COLOURS, MARKERS, LINES))
        axes.plot(curve.n_articles, means, color=colour, marker=marker, linestyle=line)
        axes.annotate(
            f"{run + 1}",
            (curve.n_articles[-1], means[-1]),
            (7, -3),
            textcoords="offset points",
            fontsize=9,
            color=INK,
        )
        ticks |= set(curve.n_articles)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(ticks), [f"{n:,}" for n in sorted(ticks)])
    axes.minorticks_off()
    axes.set_xlabel("training articles")
    axes.set_ylabel(f"macro F1 over the acts, {_literal(grade)}")
    return _to_svg(figure, "learning-curves", "Score of each run against the number of training articles")


def draw_learning_curve(curve: LearningCurve) -> str:
    """Draw mean scores against the number of training articles, with each order of the articles as a dot."""
    figure, axes = _figure(6.4, 4.2)
    for index, (name, values) in enumerate(curve.scores.items()):
        style: Any = {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}
        axes.plot(curve.n_articles, values.mean(axis=1), LINES[index % len(LINES)], label=name, **style)
        for row, n_articles in enumerate(curve.n_articles):
            axes.plot([n_articles] * values.shape[1], values[row], linestyle="none", alpha=0.35, markersize=4, **style)
    axes.set_xscale("log", base=2)
    axes.set_xticks(
        curve.n_articles, [f"{n:,}\n{m:,}" for n, m in zip(curve.n_articles, curve.n_sentences, strict=True)]
    )
    axes.minorticks_off()
    axes.set_xlabel("training articles, and their sentences")
    axes.set_ylabel("macro F1 over the acts")
    _legend(axes)
    return _to_svg(figure, "learning-curve", f"Learning curve of {curve.experiment}")


def draw_corpus(counts: Mapping[str, Mapping[str, Sequence[int]]], titles: Sequence[str]) -> str:
    """Draw how many sentences of each label a corpus has, in one panel per grouping.

    Parameters
    ----------
    counts : mapping
        By panel and group: sentences of each label, in the order of ``titles``.
    titles : sequence of str
        Of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    heights = [len(groups) + 2 for groups in counts.values()]
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 0.26 * sum(heights) + 0.6), layout="constrained")
        panels = figure.subplots(len(counts), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (panel, groups) in zip(panels, counts.items(), strict=True):
        left = np.zeros(len(groups))
        for index, title in enumerate(titles):
            width = np.array([values[index] for values in groups.values()], dtype=float)
            colour, hatch = COLOURS[index % len(COLOURS)], HATCHES[index % len(HATCHES)]
            style: Any = {"color": colour, "hatch": hatch, "edgecolor": "#ffffff", "label": _literal(title)}
            axes.barh(range(len(groups)), width, left=left, **style)
            left += width
        axes.set_yticks(range(len(groups)), [_literal(name) for name in groups])
        axes.invert_yaxis()
        axes.set_title(f"sentences by {panel}", fontsize=10, loc="left", color=INK)
        axes.spines[["top", "right"]].set_visible(False)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False, labelcolor=INK)
    return _to_svg(figure, "corpus", "Sentences of each label in the corpus")


def standalone(svg: str) -> str:
    """Give a figure for a file of its own the text colour and background that a page would give it.

    Parameters
    ----------
    svg : str
        As the functions of this module return it.

    Examples
    --------
    >>> standalone('<svg role="img"></svg>').splitlines()[1]
    '<svg style="color: #1b1f24; background: #ffffff" role="img"></svg>'
    """
    style = "color: #1b1f24; background: #ffffff"
    return '<?xml version="1.0" encoding="utf-8"?>\n' + svg.replace("<svg ", f'<svg style="{style}" ', 1)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure of this size in inches, without pyplot and its global state."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


_STYLE: Any = {
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "svg.fonttype": "none",
}


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, labelcolor=INK)


def _wrap(title: str) -> str:
    return _literal(title.replace(" ", "\n", 1) if len(title) > 12 else title)


def _literal(text: str) -> str:
    """Keep matplotlib from interpreting text as mathematics, as a hidden label or as control characters."""
    plain = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "\ufffd", text).replace("$", r"\$")
    return f" {plain}" if plain.startswith("_") else plain


def _to_svg(figure: Figure, name: str, title: str) -> str:
    """Write a figure as SVG: byte-stable, in the text colour of the page, with unique ids."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    # The same salt for all figures would make their ids collide on a page.
    with rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # Text stays text: the reader's fonts have the letters that matplotlib's lack.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Title": title})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s+<title>.*?</title>", "", svg, count=1)
    # The ids of clip paths and markers are hashes of coordinates, whose last bits depend on
    # what was drawn before in this process. Their order does not.
    hashed = list(dict.fromkeys(re.findall(r'\bid="([a-z][0-9a-f]{10})"', svg)))
    for number, old in enumerate(hashed, 1):
        svg = svg.replace(old, f"{old[0]}{number}")
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = svg.replace(INK, "currentColor")
    opening = f'<svg role="img" aria-labelledby="{name}-title"'
    svg = svg.replace("<svg", opening, 1)
    end = svg.index(">") + 1
    return svg[:end] + f'\n <title id="{name}-title">{html.escape(title)}</title>' + svg[end:].rstrip() + "\n"
