"""Predictions -> the sentences that a page lists for reading, and the data of its reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolkit.analysis import Predictions, contrast_labels, reading_list
from toolkit.pages.rendering import script_json

# Shown without JavaScript; with it the reader pages through all that are listed.
N_SHOWN = 40
# Characters of a sentence beyond which it is cut, and the bytes that a list may take in the page.
LONGEST = 600
LIST_BYTES = 1_800_000

Contributions = Mapping[int, Sequence[tuple[str, float, str]]]


def worst_mistakes(predictions: Predictions, n: int = N_SHOWN) -> list[dict[str, Any]]:
    """List the wrong predictions of highest confidence.

    Returns
    -------
    list of dict
        ``text, gold, predicted, confidence, article, split``; equal ones in their order.
    """
    confidence = predictions.proba.max(axis=1)
    wrong = [row for row in range(len(predictions)) if predictions.gold[row] != predictions.predicted[row]]
    wrong.sort(key=lambda row: -confidence[row])
    names = ("text", "gold", "predicted", "article", "split")
    return [
        {
            "confidence": float(confidence[row]),
            **{name: getattr(predictions, name)[row] for name in names},
            "text": cut(predictions.text[row]),
        }
        for row in wrong[:n]
    ]


def reader_data(predictions: Predictions, contributions: Contributions) -> tuple[str, int]:
    """Write the sentences to read as JSON for a ``script`` element, and count them.

    Parameters
    ----------
    predictions : Predictions
        Of the run.
    contributions : mapping
        N-gram, contribution and kind by row of the predictions.

    Returns
    -------
    (str, int)
        The JSON, and the number of sentences in it: as many as fit the page.
    """
    articles: dict[str, int] = {}
    written: list[str] = []
    size = 0
    for record in _records(predictions, contributions, articles):
        text = script_json(record)
        size += len(text.encode("utf-8", "replace"))
        if size > LIST_BYTES and written:
            break
        written.append(text)
    head = script_json({"labels": list(predictions.labels.titles), "articles": list(articles)})
    body = ",\n".join(written)
    return f'{{"head":{head},\n"rows":[\n{body}\n]}}', len(written)


def _records(predictions: Predictions, contributions: Contributions, articles: dict[str, int]) -> Iterator[list[Any]]:
    """Yield a list of values per sentence, as the script of the page reads them; number articles on the way."""
    names = predictions.labels.names
    rows = reading_list(predictions)
    for row, contrast in zip(rows, contrast_labels(predictions, rows), strict=True):
        yield [
            cut(predictions.text[row]),
            names.index(predictions.gold[row]),
            names.index(predictions.predicted[row]),
            names.index(contrast),
            round(float(predictions.proba[row].max()), 3),
            int(predictions.split[row] == "test"),
            articles.setdefault(predictions.article[row], len(articles)),
            predictions.position[row],
            [_short(*contribution) for contribution in contributions.get(row, ())],
        ]


def _short(ngram: str, value: float, kind: str) -> list[Any]:
    """Write the kind as a number: none for words, 1 for characters, 2 for features that are not in the text."""
    return [ngram, value, *({"words": [], "characters": [1]}.get(kind, [2]))]


def cut(text: str) -> str:
    """Cut a long sentence, and say how long it is."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
