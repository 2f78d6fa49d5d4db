"""Records and figures -> one self-contained page; the sole place where markup is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.analysis.findings import Findings, reading_list, rivals
from toolkit.analysis.predictions import Predictions
from toolkit.labels import LabelSet
from toolkit.pages import figures
from toolkit.pages.formatting import (
    SPLIT_TITLES,
    describe_p,
    flatten,
    format_interval,
    format_percent,
    format_score,
    format_setting,
    format_signed,
)
from toolkit.pages.rendering import _environment, _script_json, script
from toolkit.statistics.permutation import ALPHA

OVERALL = (
    ("accuracy", "accuracy"),
    ("mcc", "Matthews correlation"),
    ("log_loss", "log loss (nats)"),
)
BRIER = (
    ("score", "Brier score (0 to 2)", "less is better"),
    ("reliability", "reliability", "how far the probabilities are from what comes true; less is better"),
    ("resolution", "resolution", "how far what comes true differs from bin to bin; more is better"),
    ("uncertainty", "uncertainty", "what the corpus leaves open to one who only knows how common the labels are"),
    ("within", "within bins", "what probabilities that differ within one bin add or take; less is better"),
)
# Shown without JavaScript; with it the reader pages through all that are listed.
N_SHOWN = 40
N_SUSPECTS = 50
# A longer sentence is cut in lists; what a list weighs in the page, in bytes.
LONGEST = 600
LIST_BYTES = 1_800_000
CAPTIONS = {
    "label-scores": "F1 of each label, cross-validated; the line is the 95 % interval over articles, "
    "the upright bar the second annotator where there is one.",
    "precision-recall": "Precision against recall as the threshold on a label's probability falls, cross-validated.",
    "reliability": "How often a prediction of a given confidence is right, on the test split, with 95 % intervals over "
    "articles; on the dotted line, as often as it says.",
    "risk-coverage": "Share of wrong labels when only the surest sentences of the test split are labelled; marks are "
    "thresholds chosen on train.",
}
# Drawn for papers; the page has the same as a table that can be clicked.
UNSHOWN = ("confusion",)


def draw_figures(predictions: Predictions, findings: Findings) -> dict[str, str]:
    """Draw a run's figures.

    Parameters
    ----------
    predictions : Predictions
        Of both splits.
    findings : Findings
        Measured on them.

    Returns
    -------
    dict
        SVG text by name.
    """
    ceiling = findings.ceiling["train"]
    return {
        "label-scores": figures.draw_label_scores(findings.scores["train"], ceiling.annotator if ceiling else None),
        "confusion": figures.draw_confusion(findings.scores["train"]),
        "precision-recall": figures.draw_precision_recall(predictions.take("train")),
        "reliability": figures.draw_reliability(findings.calibration["test"]),
        "risk-coverage": figures.draw_risk_coverage(findings.curve, findings.abstention.thresholds),
    }


def render_report(
    report: Mapping[str, Any],
    predictions: Predictions,
    drawn: Mapping[str, str],
    pulls: Mapping[str, Sequence[Sequence[Any]]] | None = None,
) -> str:
    """Render a run's page.

    Parameters
    ----------
    report : mapping
        As in ``report.json``.
    predictions : Predictions
        Of the run; the sentences to read come from them.
    drawn : mapping
        SVG text by name, as :func:`draw_figures` returns it.
    pulls : mapping, optional
        As in ``pulls.json``: n-grams, weights and kinds by row of the predictions.

    Returns
    -------
    str
        One self-contained HTML page. It loads nothing, and its policy lets no script run
        but the one whose hash it names; without JavaScript it lists the worst mistakes.
    """
    from markupsafe import Markup

    labels = predictions.labels
    rows = reading_list(predictions)
    listed, n_listed = _reading_data(predictions, rows, pulls or {})
    n_mistakes = sum(one != other for one, other in zip(predictions.gold, predictions.predicted, strict=True))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            answer=_answer(report),
            meaning=_meaning(report, labels),
            cards=_cards(report),
            splits=SPLIT_TITLES,
            overall=OVERALL,
            brier=BRIER,
            acts=_listed(labels, labels.acts),
            titles=dict(zip(labels.names, labels.titles, strict=True)),
            # Figures are our own markup: matplotlib escapes the text it draws.
            figures={
                name: {"svg": Markup(svg), "caption": CAPTIONS[name]}  # noqa: S704
                for name, svg in drawn.items()
                if name not in UNSHOWN
            },
            label_tables=_label_tables(report),
            repeats=_repeats(report),
            matrices=[_matrix(report, split, title) for split, title in SPLIT_TITLES],
            thresholds=report["abstention"]["thresholds"],
            slice_answer=_slice_answer(report["slices"]),
            slice_rows=report["slices"],
            suspects=[{**error, "text": _cut(error["text"])} for error in report["label_errors"][:N_SUSPECTS]],
            n_suspects=len(report["label_errors"]),
            mistakes=worst_mistakes(predictions),
            n_mistakes=n_mistakes,
            n_listed=min(n_listed, n_mistakes),
            has_pulls=bool(pulls),
            listed=listed,
            settings=flatten(report["settings"]),
            chosen=describe_choice(report["chosen"]["final"]),
            chosen_by_fold=_by_fold(report["chosen"]["folds"]),
            environment=_environment_rows(report),
            reader=script("report.js"),
        )
    )


def _reading_data(
    predictions: Predictions, rows: Sequence[int], pulls: Mapping[str, Sequence[Sequence[Any]]]
) -> tuple[Any, int]:
    """Write the sentences to read as JSON that cannot end the script it stands in, and count them."""
    names = predictions.labels.names
    articles: dict[str, int] = {}
    written: list[str] = []
    size = 0
    for row, rival in zip(rows, rivals(predictions, rows), strict=True):
        record = [
            _cut(predictions.text[row]),
            names.index(predictions.gold[row]),
            names.index(predictions.predicted[row]),
            names.index(rival),
            round(float(predictions.proba[row].max()), 3),
            int(predictions.split[row] == "test"),
            articles.setdefault(predictions.article[row], len(articles)),
            predictions.position[row],
            [_short_pull(*pull) for pull in pulls.get(str(row), [])],
        ]
        text = _script_json(record)
        size += len(text.encode("utf-8", "replace"))
        if size > LIST_BYTES and written:
            break
        written.append(text)
    head = {"labels": list(predictions.labels.titles), "articles": list(articles)}
    from markupsafe import Markup

    body = ",\n".join(written)
    return Markup(f'{{"head":{_script_json(head)},\n"rows":[\n{body}\n]}}'), len(written)  # noqa: S704


def _short_pull(ngram: str, value: float, kind: str) -> list[Any]:
    """Write a pull with its kind as a number: none for words, 1 for characters, 2 for what is not in the text."""
    return [ngram, value, *({"words": [], "characters": [1]}.get(kind, [2]))]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def _label_tables(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    tables = []
    for split, title in SPLIT_TITLES:
        ceiling = report["ceiling"][split]
        second = ceiling["annotator"]["labels"] if ceiling else [None] * len(report["scores"][split]["labels"])
        tables.append(
            {
                "title": title,
                "ceiling": ceiling,
                "headline": report["scores"][split]["headline"],
                "rows": list(zip(report["scores"][split]["labels"], second, strict=True)),
            }
        )
    return tables[::-1]


def _repeats(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Lay out what repeated folds say: the mean of each score beside the plain one, and every fold."""
    found = report.get("repeats")
    if not found:
        return None
    scores, folds = report["scores"]["train"], found["folds"]
    rows = [("macro F1 over the acts", scores["headline"], found["headline"], [fold["headline"] for fold in folds])]
    for label, mean in zip(scores["labels"], found["labels"], strict=True):
        rows.append((f"F1 of {label['title']}", label["f1"], mean["f1"], [fold["f1"][label["name"]] for fold in folds]))
    numbers = sorted({fold["fold"] for fold in folds})
    by_place = {(fold["repeat"], fold["fold"]): fold["headline"] for fold in folds}
    return {
        "rows": [
            {"title": title, "once": once, "mean": mean, "spread": _spread(by_fold)}
            for title, once, mean, by_fold in rows
        ],
        "numbers": numbers,
        "by_repeat": [
            {"repeat": repeat, "pooled": pooled, "folds": [by_place.get((repeat, number)) for number in numbers]}
            for repeat, pooled in enumerate(found["pooled"], 1)
        ],
        "n_folds": len(folds),
        "n_repeats": found["n_repeats"],
    }


def _spread(by_fold: Sequence[float | None]) -> str:
    """Write the lowest and the highest score of a fold."""
    defined = [value for value in by_fold if value is not None]
    return f"{format_score(min(defined))} to {format_score(max(defined))}" if defined else "–"


def _matrix(report: Mapping[str, Any], split: str, title: str) -> dict[str, Any]:
    scores = report["scores"][split]
    rows = []
    for place, (label, counts) in enumerate(zip(scores["labels"], scores["confusion"], strict=True)):
        whole = max(sum(counts), 1)
        cells = [
            {"count": count, "share": f"{count / whole:.2f}", "right": other == place}
            for other, count in enumerate(counts)
        ]
        rows.append({"title": label["title"], "cells": cells})
    return {"split": split, "title": title, "rows": rows}


def _cards(report: Mapping[str, Any]) -> list[dict[str, str]]:
    cards = []
    for split, title in SPLIT_TITLES[::-1]:
        scores = report["scores"][split]
        cards.append(
            {
                "title": f"macro F1 over the acts, {title}",
                "number": format_score(scores["headline"]["value"]),
                "note": f"95 % interval {format_interval(scores['headline'])}; "
                f"{scores['n_sentences']:,} sentences of {scores['n_articles']:,} articles",
            }
        )
    repeats = report.get("repeats")
    if repeats:
        by_fold = [fold["headline"] for fold in repeats["folds"]]
        cards.append(
            {
                "title": f"macro F1 over the acts, mean of {len(by_fold)} folds",
                "number": format_score(repeats["headline"]["value"]),
                "note": f"corrected 95 % interval {format_interval(repeats['headline'])}; articles dealt out "
                f"{repeats['n_repeats']} times, folds from {_spread(by_fold)}",
            }
        )
    ceiling = report["ceiling"]["test"] or report["ceiling"]["train"]
    if ceiling:
        annotator = ceiling["annotator"]
        split = "test split" if report["ceiling"]["test"] else "train"
        cards.append(
            {
                "title": f"the same of a second annotator, {split}",
                "number": format_score(annotator["headline"]["value"]),
                "note": f"95 % interval {format_interval(annotator['headline'])}; model minus annotator "
                f"{format_signed(ceiling['gap']['value'])} {format_interval(ceiling['gap'], format_signed)} on their "
                f"{annotator['n_sentences']:,} sentences",
            }
        )
    return cards


def _meaning(report: Mapping[str, Any], labels: LabelSet) -> str:
    """Say in one sentence what the headline means to a reader of news."""
    scores = report["scores"]["test"]
    accuracy = scores["accuracy"]
    of_100 = [format_percent(accuracy[name]).removesuffix(" %") for name in ("value", "low", "high")]
    parts = [
        f"Of 100 sentences from articles it was not trained on, about {of_100[0]} ({of_100[1]} to {of_100[2]}) "
        "get the right label"
    ]
    acts = [row for row in scores["labels"] if row["name"] in labels.acts and row["f1"]["value"] is not None]
    if len(acts) > 1:
        worst, *_, best = sorted(acts, key=lambda row: row["f1"]["value"])
        parts.append(
            f"of the acts it is best at {best['title']} (F1 {format_score(best['f1']['value'])}) "
            f"and weakest at {worst['title']} ({format_score(worst['f1']['value'])})"
        )
    return "; ".join(parts) + "."


def _slice_answer(slices: Sequence[Mapping[str, Any]]) -> str:
    tested = sum(part["p_value"] is not None for part in slices)
    worse = [
        f"{part['group']} “{part['name']}” "
        f"({format_signed(part['difference']['value'])}, corrected {describe_p(part['corrected'])})"
        for part in slices
        if part["is_worse"]
    ]
    rule = f"at the 5 % level, corrected by Holm for {tested} tests"
    if not tested:
        return "No part of the corpus has the ten articles that a test of it against the rest needs."
    if worse:
        return f"Significantly worse than the rest, {rule}: {', '.join(worse)}."
    return f"No part of the corpus is significantly worse than the rest, {rule}."


def render_card(report: Mapping[str, Any], labels: LabelSet, folder: str) -> str:
    """Render a model card in Markdown."""
    return (
        _environment()
        .get_template("card.md.j2")
        .render(
            report=report,
            labels=_listed(labels, labels.names),
            chosen=describe_choice(report["chosen"]["final"]),
            folder=folder,
        )
    )


def worst_mistakes(predictions: Predictions, n: int = N_SHOWN) -> list[dict[str, Any]]:
    """List the wrong predictions of highest confidence.

    Returns
    -------
    list of dict
        ``text, gold, predicted, confidence, article, split``; of equals the first.
    """
    confidence = predictions.proba.max(axis=1)
    wrong = [row for row in range(len(predictions)) if predictions.gold[row] != predictions.predicted[row]]
    wrong.sort(key=lambda row: -confidence[row])
    names = ("text", "gold", "predicted", "article", "split")
    return [
        {
            "confidence": float(confidence[row]),
            **{name: getattr(predictions, name)[row] for name in names},
            "text": _cut(predictions.text[row]),
        }
        for row in wrong[:n]
    ]


def describe_choice(chosen: Mapping[str, Any]) -> str:
    """Write chosen hyper-parameters as a phrase."""
    return ", ".join(f"{key} = {format_setting(value)}" for key, value in chosen.items()) or "nothing to choose"


def _by_fold(choices: Sequence[Mapping[str, Any]]) -> str:
    counted = Counter(describe_choice(chosen) for chosen in choices)
    return "; ".join(f"{phrase} ({count} of {len(choices)} folds)" for phrase, count in counted.items())


def _listed(labels: LabelSet, names: Sequence[str]) -> str:
    titles = [labels.titles[labels.index(name)] for name in names]
    return ", ".join(titles[:-1]) + " and " + titles[-1]


def _answer(report: Mapping[str, Any]) -> str:
    """Say in one sentence what the experiment found, no more than both its interval and its test allow."""
    against = report["against"]
    held, test = (report["scores"][split]["headline"] for split, _ in SPLIT_TITLES)
    mean = (
        f"Macro F1 is {format_score(test['value'])} on the test split, 95 % interval {format_interval(test)}, "
        f"and {format_score(held['value'])} cross-validated, {format_interval(held)}."
    )
    if report["baseline"] is None:
        return f"{mean} This experiment has no baseline."
    if against is None:
        named = f"The baseline '{report['baseline']}'"
        return f"{mean} {named} has no run on this corpus beside this one: train it to compare."
    found = against["train"]
    low, high, p_value = found["low"], found["high"], found["p_value"]
    if low is None or low <= 0 <= high or p_value is None or p_value >= ALPHA:
        verdict = f"is not told apart from the baseline '{against['name']}'"
    else:
        verdict = f"is {'better' if low > 0 else 'worse'} than the baseline '{against['name']}'"
    gap = (
        f"difference {format_signed(found['value'])}, 95 % interval {format_interval(found, format_signed)}, "
        f"{describe_p(found['p_value'])}"
    )
    return f"{mean} Cross-validated, it {verdict} ({gap})."


def _environment_rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    clock, corpus = report["clock"], report["corpus"]
    return [
        ("corpus fingerprint", corpus["fingerprint"]),
        ("settings digest", report["digest"]),
        ("segmenter", report["segmenter"]),
        *_other_draws(report),
        ("git revision", clock["revision"] or "–"),
        ("model size", f"{report['model']['bytes'] / 1e6:.2f} MB, {report['model']['file']}"),
        ("training time", f"{clock['training_seconds']:.1f} s, all folds and the final fit"),
        *([("time of further repeats", f"{clock['repeat_seconds']:.1f} s")] if "repeat_seconds" in clock else []),
        ("labelling speed", f"{clock['sentences_per_second']:,.0f} sentences a second, one process"),
        ("finished", clock["finished"]),
        *((name, number) for name, number in report["versions"].items()),
    ]


def _other_draws(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say so where the report was measured again with other draws than the experiment asks for."""
    asked, drawn = report["settings"].get("evaluation", {}).get("resamples"), report["scores"]["test"]["n_resamples"]
    if asked in (None, drawn):
        return []
    return [("draws of articles", f"{drawn:,}; {asked:,} as trained, for the difference to the baseline")]
