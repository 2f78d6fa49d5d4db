"""A corpus -> how many sentences each label has, by collection, split, genre, year and length; the cues of each act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.corpus.cues import Cues, find_cues
from toolkit.corpus.loading import COLLECTION, corpus_labels, open_corpus
from toolkit.labels import LabelSet

if TYPE_CHECKING:
    from datasets import DatasetDict

# Shown where a sentence has no genre or no date.
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """Counts of a corpus, train and test split together.

    Attributes
    ----------
    labels : LabelSet
        Order of all counts.
    n_sentences, n_articles, n_words : int
        Words are parted by white space.
    counts : mapping of str to mapping of str to tuple of int
        By ``collection`` (if there is one), ``split``, ``genre``, ``year`` and ``words`` (ranges
        of sentence length), then by value in ascending order: the number of sentences of each label.
    cues : mapping of str to Cues
        By act, the most common cue words; an act without a sentence is left out.
    """

    labels: LabelSet
    n_sentences: int
    n_articles: int
    n_words: int
    counts: Mapping[str, Mapping[str, tuple[int, ...]]]
    cues: Mapping[str, Cues]


def corpus_stats(corpus: str | Path | DatasetDict = "data") -> CorpusStats:
    """Count the sentences of a corpus by label, collection, split, genre, year and length.

    Parameters
    ----------
    corpus : str, Path or DatasetDict
        A corpus folder, which may lack a test split, or a corpus already loaded.

    Returns
    -------
    CorpusStats

    Raises
    ------
    CorpusError
        If the folder does not hold a valid corpus.

    Examples
    --------
    >>> from datasets import DatasetDict
    >>> first = open_corpus("data")["train"].select(range(200))
    >>> stats = corpus_stats(DatasetDict(train=first))
    >>> stats.n_sentences == sum(map(sum, stats.counts["split"].values()))
    True
    >>> list(stats.counts)
    ['collection', 'split', 'genre', 'year', 'words']
    """
    loaded = open_corpus(corpus, needed=())
    labels = corpus_labels(loaded)
    rows = [{**row, "split": split} for split, sentences in loaded.items() for row in sentences]
    groups: dict[str, Callable[[dict[str, Any]], str]] = {
        "collection": lambda row: row.get(COLLECTION) or UNKNOWN,
        "split": lambda row: str(row["split"]),
        "genre": lambda row: row["genre"] or UNKNOWN,
        "year": lambda row: row["date"][:4] or UNKNOWN,
        "words": lambda row: _length_range(_count_words(row)),
    }
    counts = {}
    for title, group_of in groups.items():
        table = Counter((group_of(row), row["label"]) for row in rows)
        values = sorted({value for value, _ in table})
        if title == "collection" and values == [UNKNOWN]:
            continue
        counts[title] = {value: tuple(table[value, label] for label in range(len(labels.names))) for value in values}
    texts, gold = [row["text"] for row in rows], [labels.names[row["label"]] for row in rows]
    return CorpusStats(
        labels=labels,
        n_sentences=len(rows),
        n_articles=len({row["article"] for row in rows}),
        n_words=sum(map(_count_words, rows)),
        counts=counts,
        cues={act: find_cues(texts, gold, act) for act in labels.acts if act in gold},
    )


def _count_words(row: Mapping[str, Any]) -> int:
    return len(row["text"].split())


def _length_range(n_words: int) -> str:
    return next((f"{most - 9}-{most}" for most in (10, 20, 30, 40) if n_words <= most), "41+")
