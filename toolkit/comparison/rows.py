"""A comparison -> its tables, as rows of text by column title."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.analysis import Scores
from toolkit.comparison.record import ComparisonRecord, Disagreement
from toolkit.corpus import SPLITS
from toolkit.pages import format_interval, format_p, format_score, format_signed

Row = dict[str, str]

# Name of the second annotator in tables of runs.
CEILING = "second annotator"
# Of the sentences on which the runs disagree, in Markdown and on the page.
MAX_SENTENCES = 100
MAX_CHARACTERS = 600
# Runs that fit beside a sentence in print; of more, only the number that get it right is shown.
MAX_COLUMNS = 8


def score_rows(comparison: ComparisonRecord, split: str) -> list[Row]:
    """Return scores and differences on one split, one row per run; the second annotator, if any, comes last."""
    rows = []
    for entry in comparison.entries:
        difference, scores = entry.differences[split], entry.scores[split]
        row = {
            "run": entry.name,
            "macro F1": format_score(scores.headline.value),
            "95 % interval": format_interval(scores.headline),
        }
        row |= {
            label.name: format_score(label.f1.value) for label in scores.labels if label.name in comparison.labels.acts
        }
        row["difference"] = "baseline" if difference is None else format_signed(difference.value)
        row["interval"] = "" if difference is None else format_interval(difference, format_signed)
        row["p"] = "" if difference is None else format_p(difference.p_value)
        rows.append(row)
    annotator = comparison.ceiling.get(split)
    if annotator:
        row = {
            "run": CEILING,
            "macro F1": format_score(annotator["headline"]["value"]),
            "95 % interval": format_interval(annotator["headline"]),
        }
        row |= {
            label["name"]: format_score(label["f1"]["value"])
            for label in annotator["labels"]
            if label["name"] in comparison.labels.acts
        }
        rows.append({**row, "difference": "", "interval": "", "p": ""})
    return rows


def collection_rows(comparison: ComparisonRecord, name: str) -> list[Row]:
    """Return macro F1 and accuracy of each run on one collection, with 95 % intervals; train is cross-validated."""

    def cell(scores: Scores | None, key: str) -> str:
        estimate = getattr(scores, key, None)
        return f"{format_score(estimate.value)} {format_interval(estimate)}" if estimate else "–"

    columns = [
        (f"{title}, {split}", key, split)
        for split in SPLITS
        for title, key in (("macro F1", "headline"), ("accuracy", "accuracy"))
    ]
    return [
        {"run": entry.name} | {title: cell(entry.collections[name][split], key) for title, key, split in columns}
        for entry in comparison.entries
    ]


def pair_rows(comparison: ComparisonRecord, split: str) -> list[Row]:
    """Return every pair on one split, score of the first run minus score of the second."""
    return [
        {
            "first": comparison.entries[pair.first].name,
            "second": comparison.entries[pair.second].name,
            "difference": format_signed(pair.difference.value),
            "95 % interval": format_interval(pair.difference, format_signed),
            "p": format_p(pair.difference.p_value),
            "p corrected": format_p(pair.p_corrected),
            "effect": _format_effect(pair.difference.standardised),
            "reversal": _format_probability(pair.difference.reversal_probability),
            "only first": str(pair.difference.only_first),
            "only second": str(pair.difference.only_second),
            "Cohen's g": _format_effect(pair.difference.cohen_g),
            "McNemar p": format_p(pair.difference.mcnemar_p),
        }
        for pair in comparison.pairs[split]
    ]


def fold_rows(comparison: ComparisonRecord) -> list[Row]:
    """Return the mean over folds of each run that repeats them; the second annotator, if any, comes last."""
    rows = []
    for entry in comparison.entries:
        if entry.repeats is not None:
            scores, mean, pooled = entry.repeats.headlines(), entry.repeats.headline(), entry.scores["train"].headline
            rows.append(
                {
                    "run": entry.name,
                    "macro F1": format_score(pooled.value),
                    "95 % over articles": format_interval(pooled),
                    "mean of folds": format_score(mean.value),
                    "95 % corrected": format_interval(mean),
                    "lowest": format_score(float(np.min(scores))),
                    "highest": format_score(float(np.max(scores))),
                    "folds": str(len(scores)),
                    "repetitions": str(entry.repeats.n_repeats),
                }
            )
    annotator = comparison.ceiling.get("train")
    if rows and annotator:
        headline = annotator["headline"]
        known = {
            "run": CEILING,
            "macro F1": format_score(headline["value"]),
            "95 % over articles": format_interval(headline),
        }
        rows.append(dict.fromkeys(rows[0], "–") | known)
    return rows


def fold_pair_rows(comparison: ComparisonRecord) -> list[Row]:
    """Return the corrected t-test of each pair with the same folds, beside the test over articles."""
    over_articles = {(pair.first, pair.second): pair for pair in comparison.pairs["train"]}
    rows = []
    for pair in comparison.fold_pairs:
        other = over_articles[pair.first, pair.second]
        rows.append(
            {
                "first": comparison.entries[pair.first].name,
                "second": comparison.entries[pair.second].name,
                "t-test p": format_p(pair.p_value),
                "t-test p corrected": format_p(pair.p_corrected),
                "p": format_p(other.difference.p_value),
                "p corrected": format_p(other.p_corrected),
                "mean difference": format_signed(pair.value),
                "95 % corrected": format_interval(pair, format_signed),
                "difference": format_signed(other.difference.value),
                "95 % over articles": format_interval(other.difference, format_signed),
            }
        )
    return rows


def cost_rows(comparison: ComparisonRecord) -> list[Row]:
    """Return score and cost of each run."""
    return [
        {
            "run": entry.name,
            "macro F1": format_score(entry.scores["train"].headline.value),
            "training, s": _format_amount(entry.cost.training_seconds, 1),
            "sentences per second": _format_amount(entry.cost.sentences_per_second),
            "model, MB": _format_amount(entry.cost.model_bytes, 3, 1e6),
        }
        for entry in comparison.entries
    ]


def change_rows(comparison: ComparisonRecord) -> list[Row]:
    """Return how many sentences each run gained and lost against the baseline."""
    return [
        {
            "run": entry.name,
            "wrong to correct": "baseline" if entry.name == comparison.baseline else str(len(changes.gained)),
            "correct to wrong": "" if entry.name == comparison.baseline else str(len(changes.lost)),
            "correct only in this run": str(len(changes.unique)),
        }
        for entry, changes in zip(comparison.entries, comparison.changes, strict=True)
    ]


def setting_rows(comparison: ComparisonRecord) -> list[Row]:
    """Return the settings that differ, with settings or runs as rows, whichever are more."""
    names, settings = [entry.name for entry in comparison.entries], comparison.settings
    if len(settings) >= len(names):
        return [{"setting": key, **dict(zip(names, values, strict=True))} for key, values in settings]
    return [{"run": name, **{key: values[index] for key, values in settings}} for index, name in enumerate(names)]


def sentence_rows(comparison: ComparisonRecord, n_sentences: int) -> list[Row]:
    """Return the first sentences on which the runs disagree, with what the runs predict."""
    return [_sentence_row(comparison, sentence) for sentence in comparison.disagreements[:n_sentences]]


def _sentence_row(comparison: ComparisonRecord, sentence: Disagreement) -> Row:
    row = {"sentence": shorten(sentence.text, MAX_CHARACTERS), "gold": sentence.gold}
    names = [entry.name for entry in comparison.entries]
    if len(names) > MAX_COLUMNS:
        n_correct = sum(predicted == sentence.gold for predicted in sentence.predicted)
        return {**row, "correct": f"{n_correct} of {len(names)} runs"}
    return row | dict(zip(names, sentence.predicted, strict=True))


def shorten(text: str, width: int) -> str:
    """Cut a text that is too long.

    Examples
    --------
    >>> shorten("denied", 6), shorten("denied", 5)
    ('denied', 'deni…')
    """
    return text if len(text) <= width else text[: width - 1] + "…"


def align(rows: Sequence[Mapping[str, Any]], width: int = 40) -> str:
    """Write rows as columns of equal width for a terminal; long cells are cut.

    Examples
    --------
    >>> print(align([{"run": "words", "p": "0.5"}, {"run": "cues", "p": "–"}]))
    run    p
    words  0.5
    cues   –
    """
    header = list(rows[0])
    cells = [header, *([shorten(str(row[key]), width) for key in header] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _format_effect(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}"


def _format_probability(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.1 %" if value < 0.001 else f"{value * 100:.1f} %"


def _format_amount(value: float | None, decimals: int = 0, unit: float = 1) -> str:
    return "–" if value is None else f"{value / unit:,.{decimals}f}"
