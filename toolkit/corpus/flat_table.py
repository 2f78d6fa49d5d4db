"""A corpus -> one flat table of all its sentences, which :func:`toolkit.corpus.loading.load_corpus` reads again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.corpus.loading import LABEL_COLUMNS, corpus_labels, open_corpus
from toolkit.files import Table

if TYPE_CHECKING:
    from datasets import DatasetDict


def corpus_table(corpus: str | Path | DatasetDict = "data") -> Table:
    """Return all sentences of a corpus as one table.

    Parameters
    ----------
    corpus : str, Path or DatasetDict
        A corpus folder, which may lack a test split, or a corpus already loaded.

    Returns
    -------
    Table
        One row per sentence: the columns of the corpus, labels by name and empty where there is
        none, and ``split``.

    Examples
    --------
    >>> from datasets import DatasetDict
    >>> table = corpus_table(DatasetDict(train=open_corpus("data")["train"].select(range(20))))
    >>> list(table[0])[-5:]
    ['label', 'also', 'first', 'second', 'split']
    """
    loaded = open_corpus(corpus, needed=())
    names = corpus_labels(loaded).names
    return Table.from_rows(
        {**row, **{key: "" if row[key] is None else names[row[key]] for key in LABEL_COLUMNS}, "split": split}
        for split, sentences in loaded.items()
        for row in sentences
    )
