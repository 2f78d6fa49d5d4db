"""A saved model and a table with gold labels -> its predictions and their scores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.analysis import Predictions, Scores, format_predictions, make_predictions, score_by_ambiguity
from toolkit.corpus import read_gold_table
from toolkit.exceptions import ToolkitError
from toolkit.files import write_file
from toolkit.models import SentenceClassifier, open_model


@dataclass(frozen=True, slots=True)
class TableEvaluation:
    """A model's predictions for the sentences of a table, and how they score.

    Attributes
    ----------
    predictions : Predictions
        In the order of the rows.
    scores : mapping of str to Scores
        ``strict``: only the gold label is correct. With second labels also ``lenient``: the
        second label is correct too; and ``unambiguous``: the sentences without one.
    has_articles : bool
        Whether intervals resample articles; otherwise each sentence is an article of its own.
    """

    predictions: Predictions
    scores: Mapping[str, Scores]
    has_articles: bool = False

    def confusions(self) -> list[tuple[int, str, str]]:
        """List how often each gold label was predicted as another: count, gold, predicted; most frequent first."""
        names = self.predictions.labels.names
        counts = [
            (count, gold, predicted)
            for gold, row in zip(names, self.scores["strict"].confusion, strict=True)
            for predicted, count in zip(names, row, strict=True)
            if gold != predicted and count
        ]
        return sorted(counts, key=lambda item: -item[0])

    def write(self, folder: str | Path) -> None:
        """Write ``predictions.csv`` and ``scores.json`` to a folder, which is made if need be.

        Raises
        ------
        ToolkitError
            If the folder cannot be made or written to.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ToolkitError(f"the folder cannot be made; name another with --output [{folder}]") from error
        with write_file(folder / "predictions.csv") as file:
            file.write(format_predictions(self.predictions).encode("utf-8", "replace"))
        with write_file(folder / "scores.json") as file:
            record = {name: scores.to_dict() for name, scores in self.scores.items()}
            file.write((json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def evaluate(
    model: str | Path | SentenceClassifier,
    table: str | Path | Iterable[Mapping[str, Any]],
    text_column: str | None = None,
    label_column: str = "label",
    also_column: str | None = None,
    article_column: str | None = None,
    encoding: str | None = None,
) -> TableEvaluation:
    """Score a model on a table with gold labels.

    Parameters
    ----------
    model : str, Path or SentenceClassifier
        A model's folder, or a model already loaded.
    table : str, Path or iterable of mapping
        A ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` file, or its rows.
    text_column, label_column, also_column : str, optional
        Columns of sentences, gold labels and second labels that a careful reader could
        defend. Without ``text_column`` it is ``text`` or ``sentence``; without ``also_column`` there are no
        second labels.
    article_column : str, optional
        Column that names the article of each sentence.
    encoding : str, optional
        Of a file of text, such as ``cp1252``; without it, UTF-8 or what a byte-order mark names.

    Returns
    -------
    TableEvaluation
        Scores with 95 % intervals from 2,000 bootstrap resamples of the articles or, without
        ``article_column``, of the sentences; these are too narrow if sentences share an article.

    Raises
    ------
    ModelError
        If the folder holds no model.
    TableError
        If the table has no row or lacks a column, a sentence or an article is empty, or a
        label is not in the label set.

    Examples
    --------
    >>> rows = [{"text": "They denied it.", "label": "denial"}, {"text": "It rained.", "label": "none"}]
    >>> evaluation = evaluate("runs/default/model", rows)  # doctest: +SKIP
    >>> evaluation.scores["strict"].accuracy.value  # doctest: +SKIP
    1.0
    """
    loaded = open_model(model)
    sentences = read_gold_table(
        table, loaded.label_set, text_column, label_column, also_column, article_column, encoding
    )
    proba = loaded.label_proba(sentences.text)
    predictions = make_predictions(loaded.label_set, sentences.text, sentences.gold, proba, sentences.article)
    scores = score_by_ambiguity(predictions, sentences.also)
    return TableEvaluation(predictions, scores, sentences.article is not None)
