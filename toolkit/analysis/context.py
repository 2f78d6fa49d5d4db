"""What a corpus says of each predicted sentence besides its label <-> CSV text.

A run keeps it, so that its report can be measured again without the corpus.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from toolkit.analysis.predictions import Predictions
from toolkit.corpus import NATURAL
from toolkit.exceptions import RunError
from toolkit.files import cell_reader, cell_writer, header_misfit, unescape_formula
from toolkit.labels import LabelSet

if TYPE_CHECKING:
    from datasets import DatasetDict

KEYS = ("article", "position")
FACTS = ("date", "genre", "first", "second")
# Only of a corpus that has them, so that other runs keep the table they had.
COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Context:
    """Facts about sentences, in the order of their predictions; empty text where unknown.

    Attributes
    ----------
    date, genre : tuple of str, length n_sentences
        Of the article.
    first, second : tuple of str, length n_sentences
        Labels by the first and by the second annotator.
    collection : tuple of str
        Of the article; of length 0 if the corpus has no collections.
    """

    date: tuple[str, ...]
    genre: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    collection: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.date)

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the facts that are known, in order."""
        return (*FACTS, COLLECTION) if self.collection else FACTS

    @property
    def collections(self) -> tuple[str, ...]:
        """Names of the collections: whole articles at natural rates first, the others in alphabetical order."""
        return tuple(sorted(set(self.collection) - {""}, key=lambda name: (name != NATURAL, name)))

    def take(self, rows: Sequence[int]) -> Context:
        """Return the facts of these rows, in their order."""
        return Context(*(tuple(getattr(self, name)[row] for row in rows) for name in self.facts))


def no_context(n_sentences: int) -> Context:
    """Return the context of sentences about which nothing is known.

    Examples
    --------
    >>> no_context(2).genre
    ('', '')
    """
    return Context(*(("",) * n_sentences for _ in FACTS))


def corpus_context(corpus: DatasetDict, labels: LabelSet) -> Context:
    """Collect the facts of a corpus in the order of its predictions: the train split, then the test split."""

    def collect(name: str) -> tuple[str, ...]:
        cells = [cell for split in ("train", "test") for cell in corpus[split][name]]
        if name in ("first", "second"):
            return tuple("" if cell is None else labels.names[cell] for cell in cells)
        return tuple(cell or "" for cell in cells)

    context = Context(*(collect(name) for name in FACTS))
    # A corpus made elsewhere may have no such column.
    collection = collect(COLLECTION) if COLLECTION in corpus["train"].column_names else ()
    return replace(context, collection=collection) if any(collection) else context


def format_context(context: Context, predictions: Predictions) -> str:
    """Write facts as CSV text, each row beside the article and position that identify its sentence."""
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    write([*KEYS, *context.facts])
    columns = [getattr(context, name) for name in context.facts]
    for row in range(len(predictions)):
        write([predictions.article[row], predictions.position[row], *(column[row] for column in columns)])
    return buffer.getvalue()


def read_context(text: str, predictions: Predictions, where: str = "context.csv") -> Context:
    """Read what :func:`format_context` wrote.

    Parameters
    ----------
    text : str
        Content of the file.
    predictions : Predictions
        Of the same run; each row must be about the same sentence.
    where : str
        Named in messages.

    Raises
    ------
    RunError
        If the header or the shape of a row is not as written, a label is not in the label
        set, or a row is about another sentence than the prediction.
    """
    try:
        header, *rows = cell_reader(io.StringIO(text, newline=""))
    except (ValueError, csv.Error) as error:
        raise RunError(f"the table of sentences cannot be read; train again [{where}]") from error
    facts = (*FACTS, COLLECTION) if header[-1:] == [COLLECTION] else FACTS
    misfit = header_misfit(header, [*KEYS, *facts])
    if misfit:
        raise RunError(f"{misfit}; train again [{where}:1]")
    if len(rows) != len(predictions):
        raise RunError(f"{len(rows)} sentences came, {len(predictions)} were predicted; train again [{where}]")
    columns: list[list[Any]] = [[] for _ in facts]
    for number, cells in enumerate(rows):
        values = [unescape_formula(cell) for cell in cells]
        if values[:2] != [predictions.article[number], str(predictions.position[number])] or len(values) != len(header):
            raise RunError(f"the row is not about the sentence predicted there; train again [{where}:{number + 2}]")
        unknown = [name for name in values[4:6] if name and name not in predictions.labels.names]
        if unknown:
            raise RunError(f"{predictions.labels.unknown(unknown[0])}; train again [{where}:{number + 2}]")
        for column, value in zip(columns, values[2:], strict=True):
            column.append(value)
    return Context(*(tuple(column) for column in columns))
