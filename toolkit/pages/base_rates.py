"""Scores -> what holds at the rates of ordinary news: by collection, for rare labels, at other base rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from toolkit.analysis import CollectionScores, Findings, Scores
from toolkit.corpus import NATURAL
from toolkit.labels import LabelSet
from toolkit.pages.formatting import SPLIT_TITLES, describe_interval, format_interval, format_percent, format_score

# The base rate of the sentence about expected precision: that of an act in ordinary news.
STATED_RATE = 0.04


def state_collection(part: CollectionScores) -> str:
    """State in one sentence how well a collection is labelled, held out where it has such articles."""
    scores, kind = (part.scores.test, "held-out") if part.scores.test else (part.scores.train, "cross-validated")
    if scores is None:
        return ""
    headline, accuracy = (
        f"{format_score(estimate.value)} ({describe_interval(estimate)})"
        for estimate in (scores.headline, scores.accuracy)
    )
    rare = describe_rare(scores)
    return (
        f"Collection “{part.name}”: macro F1 {headline} and accuracy {accuracy} "
        f"on {scores.n_sentences:,} {kind} sentences{f'; {rare}' if rare else ''}."
    )


def describe_rare(scores: Scores) -> str:
    """Write how many predictions of a rare label are right, for the end of a sentence; empty if no label is rare."""
    if scores.rare is None:
        return ""
    titles = [label.title for label in scores.labels if label.name in scores.rare.names]
    right = f"{format_percent(scores.rare.precision.value)} {format_interval(scores.rare.precision, format_percent)}"
    return f"of the sentences labelled {join_or(titles)}, {right} are right"


def state_absent(scores: Scores, labels: LabelSet) -> str:
    """State which acts the mean leaves out, and which count 0, for want of a gold sentence; empty if all have one."""
    acts = [label for label in scores.labels if label.name in labels.acts and not label.support]
    left_out = [label.title for label in acts if math.isnan(label.f1.value)]
    zero = [label.title for label in acts if not math.isnan(label.f1.value)]
    parts = []
    if left_out:
        parts.append(f"leaves out {', '.join(left_out)}, which no sentence has and none is predicted to have")
    if zero:
        parts.append(f"counts 0 for {', '.join(zero)}, which no sentence has but some are predicted to have")
    return f"The macro F1 {' and '.join(parts)}." if parts else ""


def state_rare(findings: Findings) -> str:
    """State which labels are rare and where; empty if none is."""
    scores = findings.scores.test
    titles = [label.title for label in scores.labels if label.name in (scores.rare_names or ())]
    where = f" of “{NATURAL}”" if NATURAL in (part.name for part in findings.collections) else ""
    return (
        f"Rare labels, each the gold label of fewer than one in ten sentences{where}: {', '.join(titles)}. "
        "Their precision is the proportion of the sentences predicted as one of them that are predicted correctly."
        if titles
        else ""
    )


def join_or(titles: Sequence[str]) -> str:
    """List titles as alternatives.

    Examples
    --------
    >>> join_or(["accusation", "denial", "pledge"])
    'accusation, denial or pledge'
    """
    *first, last = titles
    return f"{', '.join(first)} or {last}" if first else last


def state_expected_precision(scores: Scores, labels: LabelSet) -> str:
    """State how many of ten predictions would be right if a label were as rare as an act in ordinary news.

    Returns
    -------
    str
        Of the rare labels, or of all acts if none is rare; empty if no precision is defined.
    """
    if STATED_RATE not in scores.base_rates:
        return ""
    names, rate = scores.rare_names or labels.acts, scores.base_rates.index(STATED_RATE)
    expected = [(label.title, label.expected_precision[rate]) for label in scores.labels if label.name in names]
    parts = [
        f"{10 * value.value:.0f} of 10 sentences labelled {title} would be right "
        f"[{10 * value.low:.0f}, {10 * value.high:.0f}]"
        for title, value in expected
        if not math.isnan(value.value + value.low + value.high)
    ]
    return f"Where {format_percent(STATED_RATE)} of sentences have a label, {', '.join(parts)}." if parts else ""


def observed_scores(findings: Findings) -> list[tuple[str, Scores]]:
    """Return name and cross-validated scores of each collection, natural rates first; of train if there is none."""
    parts = [(part.name, part.scores.train) for part in findings.collections if part.scores.train]
    return parts or [("train", findings.scores.train)]


def collection_tables(findings: Findings) -> list[dict[str, Any]]:
    """Lay out the scores of each collection, the test split first."""
    parts = findings.collections
    return [
        {"title": title, "rows": [(part.name, part.scores[split]) for part in parts if part.scores[split]]}
        for split, title in SPLIT_TITLES[::-1]
        if any(part.scores[split] for part in parts)
    ]


def proportion_tables(findings: Findings) -> list[dict[str, Any]]:
    """Lay out gold and predicted proportions of each label on the test split, by collection if there are any."""
    parts = [(f"collection “{part.name}”", part.scores.test) for part in findings.collections if part.scores.test]
    tables = parts or [("all sentences", findings.scores.test)]
    return [{"title": title, "rows": scores.labels} for title, scores in tables if scores.base_rates]
