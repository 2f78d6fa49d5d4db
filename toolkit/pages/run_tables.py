"""A report -> the data of the sections of its page, below the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.analysis import Report, Scores
from toolkit.pages.formatting import SPLIT_TITLES, UNDEFINED, describe_interval, format_score, format_setting
from toolkit.pages.run_summary import describe_range

OVERALL = (
    ("accuracy", "accuracy"),
    ("mcc", "Matthews correlation"),
    ("log_loss", "log loss (nats)"),
)
BRIER = (
    ("score", "Brier score (0 to 2)", "lower is better"),
    ("reliability", "reliability", "squared distance of probabilities from observed frequencies; lower is better"),
    ("resolution", "resolution", "variance of observed frequencies between bins; higher is better"),
    ("uncertainty", "uncertainty", "variance of the labels, the same for every model"),
    ("within", "within bins", "what the variation of probabilities within a bin adds; lower is better"),
)


def label_tables(report: Report) -> list[dict[str, Any]]:
    """Lay out the scores of each label, the test split first, beside those of the second annotator."""
    tables = []
    for split, title in SPLIT_TITLES[::-1]:
        scores, ceiling = report.scores[split], report.ceiling[split]
        annotator: Sequence[Any] = ceiling.annotator.labels if ceiling else [None] * len(scores.labels)
        tables.append(
            {
                "title": title,
                "ceiling": ceiling,
                "headline": scores.headline,
                "rows": list(zip(scores.labels, annotator, strict=True)),
            }
        )
    return tables


def confusion_tables(report: Report) -> list[dict[str, Any]]:
    """Lay out the confusion matrices of both splits."""
    return [
        {"split": split, "title": title, "rows": _confusion_rows(report.scores[split])} for split, title in SPLIT_TITLES
    ]


def _confusion_rows(scores: Scores) -> list[dict[str, Any]]:
    rows = []
    for row, (label, counts) in enumerate(zip(scores.labels, scores.confusion, strict=True)):
        support = max(sum(counts), 1)
        cells = [
            {"count": count, "proportion": f"{count / support:.2f}", "is_correct": column == row}
            for column, count in enumerate(counts)
        ]
        rows.append({"title": label.title, "cells": cells})
    return rows


def repeats_tables(report: Report) -> dict[str, Any] | None:
    """Lay out repeated cross-validation: the mean of each score beside its single value, and every fold."""
    repeats, scores = report.repeats, report.scores.train
    if repeats is None:
        return None
    means = [("macro F1", scores.headline, repeats.headline, [fold.headline for fold in repeats.folds])]
    for label, mean in zip(scores.labels, repeats.labels, strict=True):
        means.append((f"F1 of {label.title}", label.f1, mean.f1, [fold.f1[label.name] for fold in repeats.folds]))
    folds = sorted({fold.fold for fold in repeats.folds})
    headline = {(fold.repeat, fold.fold): fold.headline for fold in repeats.folds}
    return {
        "rows": [
            {"title": title, "once": once, "mean": mean, "range": describe_range(by_fold)}
            for title, once, mean, by_fold in means
        ],
        "folds": folds,
        "by_repeat": [
            {"repeat": repeat, "pooled": pooled, "folds": [headline.get((repeat, fold)) for fold in folds]}
            for repeat, pooled in enumerate(repeats.pooled, 1)
        ],
        "n_folds": len(repeats.folds),
        "n_repeats": repeats.n_repeats,
    }


def describe_choice(chosen: Mapping[str, Any]) -> str:
    """Write chosen hyper-parameters as a phrase.

    Examples
    --------
    >>> describe_choice({"C": 10, "balanced": True})
    'C = 10, balanced = true'
    """
    return ", ".join(f"{key} = {format_setting(value)}" for key, value in chosen.items()) or "no hyper-parameters"


def describe_choices(choices: Sequence[Mapping[str, Any]]) -> str:
    """Count how many folds chose the same hyper-parameters.

    Examples
    --------
    >>> describe_choices([{"C": 1}, {"C": 3}, {"C": 1}])
    'C = 1 (2 of 3 folds); C = 3 (1 of 3 folds)'
    """
    counts = Counter(describe_choice(chosen) for chosen in choices)
    return "; ".join(f"{phrase} ({count} of {len(choices)} folds)" for phrase, count in counts.items())


def environment_rows(report: Report) -> list[tuple[str, str]]:
    """List where the results come from and what they cost."""
    clock = report.clock
    rows = [
        ("corpus fingerprint", report.corpus.fingerprint),
        ("settings digest", report.digest),
        *_distillation_rows(report),
        ("segmenter", report.segmenter),
        *_resample_rows(report),
        ("git revision", clock.revision or UNDEFINED),
        ("model size", f"{report.model.bytes / 1e6:.2f} MB, {report.model.file}"),
        ("training time", f"{clock.training_seconds:.1f} s, all folds and the final fit"),
    ]
    if clock.repeat_seconds is not None:
        rows.append(("time of further repetitions", f"{clock.repeat_seconds:.1f} s"))
    rows += [
        ("labelling speed", f"{clock.sentences_per_second:,.0f} sentences per second, one process"),
        ("finished", clock.finished),
    ]
    return [*rows, *report.versions.items()]


def _distillation_rows(report: Report) -> list[tuple[str, str]]:
    """Name a distilled run's teacher and text, and all that was tried."""
    if report.distillation is None:
        return []
    teacher, text = report.distillation.teacher, report.distillation.text
    tried = (
        f"{format_score(one.macro_f1)} with weight {one.weight:g}, {describe_choice(one.parameters)}"
        for one in report.distillation.candidates
    )
    sampled = f", a random sample of at most {text.limit:,}" if text.limit is not None else ""
    return [
        ("teacher", f"{teacher.experiment}, {teacher.file}, SHA-256 {teacher.sha256}"),
        (
            "macro F1 of the teacher, test split",
            f"{format_score(teacher.macro_f1.value)}, {describe_interval(teacher.macro_f1)}",
        ),
        ("unlabelled text", f"{text.sentences:,} sentences of {', '.join(text.files)}{sampled}; SHA-256 {text.sha256}"),
        ("mixing weight", f"{report.distillation.weight:g}; macro F1 in the inner folds: {'; '.join(tried)}"),
    ]


def _resample_rows(report: Report) -> list[tuple[str, str]]:
    """State the resamples where the report was measured again with other ones than the experiment's."""
    planned, used = report.settings.get("evaluation", {}).get("resamples"), report.scores.test.n_resamples
    if planned in (None, used):
        return []
    return [("bootstrap resamples", f"{used:,}; {planned:,} as trained, for the difference to the baseline")]
