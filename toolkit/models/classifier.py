"""A loaded model and text in, labelled sentences out: an article, a table, a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.corpus.segmentation import Sentence, segment
from toolkit.exceptions import TableError
from toolkit.files.tables import Batch, Row, cells_of, text_column
from toolkit.labels import LabelSet
from toolkit.models.saving import SavedModel, load_saved

if TYPE_CHECKING:
    import pyarrow as pa
    from sklearn.pipeline import Pipeline

    from toolkit.engine.inference.scorer import Scorer


@dataclass(frozen=True)
class LabelledArticle:
    """An article's sentences with their places, labels and probabilities.

    Attributes
    ----------
    text : str
        The article as it came.
    sentences : tuple of Sentence
        In reading order; ``text[sentence.start:sentence.end]`` is the sentence.
    labels : tuple of str
        Label of each sentence.
    proba : ndarray of shape (n_sentences, n_labels)
        Columns in the order of ``label_set``.
    label_set : LabelSet
        Of the model.
    """

    text: str
    sentences: tuple[Sentence, ...]
    labels: tuple[str, ...]
    proba: NDArray[np.float64]
    label_set: LabelSet

    def __len__(self) -> int:
        return len(self.sentences)

    def rows(self) -> list[Row]:
        """Return one row a sentence: start, end, paragraph, text, label, probabilities."""
        return [
            {
                "start": sentence.start,
                "end": sentence.end,
                "paragraph": sentence.paragraph,
                "text": sentence.text,
                **label_columns(label, shares, self.label_set),
            }
            for sentence, label, shares in zip(self.sentences, self.labels, self.proba, strict=True)
        ]


class SentenceClassifier:
    """A saved model, ready to label.

    Parameters
    ----------
    model : SavedModel
        As :func:`toolkit.models.saving.load_saved` returns it.

    Attributes
    ----------
    labels : tuple of str
        Label names, in the order of the probability columns.
    pipeline : Pipeline
        The fitted scikit-learn pipeline itself, opened when first asked for.
    engine : str
        ``compiled``, or ``scikit-learn:`` and why the pipeline is not compiled.
    """

    def __init__(self, model: SavedModel) -> None:
        self._model = model
        self.label_set = model.labels
        self.manifest: Mapping[str, Any] = model.manifest

    def __repr__(self) -> str:
        return f"SentenceClassifier({self.manifest.get('experiment', '?')!r}, labels={self.labels})"

    @property
    def pipeline(self) -> Pipeline:
        """The fitted scikit-learn pipeline itself."""
        return self._model.pipeline

    @cached_property
    def _engine(self) -> tuple[str, Scorer | None]:
        from toolkit.engine.inference.linear_models import CannotCompile
        from toolkit.engine.inference.scorer import Scorer

        compiled = self._model.compiled
        try:
            if compiled is None:
                from toolkit.engine.inference.compilation import compile_fitted

                compiled = compile_fitted(self.pipeline)
        except CannotCompile as error:
            return f"scikit-learn: {error}", None
        return "compiled", Scorer(compiled, lambda sentences: self.pipeline.predict_proba(sentences))

    @property
    def engine(self) -> str:
        """What labels: ``compiled``, or ``scikit-learn:`` and why the pipeline is not compiled."""
        return self._engine[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names, in the order of the probability columns."""
        return self.label_set.names

    @cached_property
    def _names(self) -> NDArray[np.str_]:
        return np.array(self.labels)

    def predict_proba(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_sentences, n_labels), columns as ``labels``.

        Raises
        ------
        TypeError
            If one text came instead of a sequence, or an item is not text.
        """
        if isinstance(sentences, str):
            raise TypeError("one text came, expected a sequence of sentences; wrap it in a list or use label_article")
        listed = list(sentences)
        for place, sentence in enumerate(listed):
            if not isinstance(sentence, str):
                raise TypeError(f"sentence {place} is {sentence!r}, expected text; drop or fill the missing ones")
        _, scorer = self._engine
        if scorer is None:
            from toolkit.models.pipelines import predict_proba

            return predict_proba(self.pipeline, listed, self.label_set)
        return self._in_order(scorer.classes, scorer.predict_proba(listed))

    def predict_proba_column(self, column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
        """Return probabilities of an Arrow column of text, shape (n_sentences, n_labels).

        The quickest way: no Python object is made of a sentence.

        Raises
        ------
        TypeError
            If the column is not text.
        ValueError
            If a row is missing or is not UTF-8; the message names it.
        """
        chunks = column.chunks if hasattr(column, "chunks") else [column]
        starts = [0, *accumulate(map(len, chunks))][:-1]
        _, scorer = self._engine
        if scorer is None:
            from toolkit.engine.inference.text_columns import column_texts

            texts = [column_texts(chunk, first_row) for chunk, first_row in zip(chunks, starts, strict=True)]
            return self.predict_proba([text for chunk in texts for text in chunk])
        found = [
            self._in_order(scorer.classes, scorer.predict_proba_column(chunk, first_row))
            for chunk, first_row in zip(chunks, starts, strict=True)
        ]
        return np.concatenate([np.zeros((0, len(self.labels))), *found])

    def _in_order(self, classes: Sequence[str], shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put columns in the order of the label set; a label not seen in training has probability 0."""
        proba = np.zeros((len(shares), len(self.labels)))
        proba[:, [self.label_set.index(name) for name in classes]] = shares
        return proba

    def predict(self, sentences: Sequence[str]) -> NDArray[np.str_]:
        """Return the most probable label of each sentence, shape (n_sentences,)."""
        names: NDArray[np.str_] = self._names[self.predict_proba(sentences).argmax(axis=1)]
        return names

    def label_article(self, text: str) -> LabelledArticle:
        """Split an article into sentences and label them.

        Parameters
        ----------
        text : str
            Plain text; blank lines or headings part its paragraphs.

        Returns
        -------
        LabelledArticle
        """
        sentences = tuple(segment(text))
        proba = self.predict_proba([sentence.text for sentence in sentences])
        labels = tuple(self._names[place].item() for place in proba.argmax(axis=1))
        return LabelledArticle(text, sentences, labels, proba, self.label_set)

    def label_table(
        self, batches: Iterable[Sequence[Row]], column: str | None = None, where: str | Path = "table"
    ) -> Iterator[Sequence[Row]]:
        """Add label and probabilities to the rows of a table, batch by batch.

        Parameters
        ----------
        batches : iterable of sequence of dict
            As :func:`toolkit.files.tables.read_table` yields them.
        column : str, optional
            The text's column; without it ``text`` or ``sentence``.
        where : str or Path
            Named in messages.

        Yields
        ------
        sequence of dict
            The same rows with ``label`` and ``p_...``; where the text is empty or missing
            these are ``None``.

        Raises
        ------
        TableError
            If a column is missing, would be overwritten, or holds something not text.
        """
        added = ("label", *(f"p_{label}" for label in self.labels))
        types = {name: str if name == "label" else float for name in added}
        first = 0
        for batch in batches:
            column = text_column(batch, column, where)
            _check_free(batch, added, where)
            there, proba = self._label_column(batch, column, first, where)
            columns = self._columns(there, proba, len(batch))
            if isinstance(batch, Batch):
                yield Batch({**batch.columns, **dict(zip(added, columns, strict=True))}, {**batch.types, **types})
            else:
                values = zip(*columns, strict=True)
                yield [row | dict(zip(added, own, strict=True)) for row, own in zip(batch, values, strict=True)]
            first += len(batch)

    def _label_column(
        self, batch: Sequence[Row], name: str, first: int, where: str | Path
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return which rows have text, and the probabilities of these."""
        column: Any = batch.columns[name] if isinstance(batch, Batch) else None
        if str(getattr(column, "type", "")) in ("string", "large_string"):
            there = has_text(column)
            return there, self.predict_proba_column(column if there.all() else column.filter(there))
        cells = cells_of(batch, name)
        if set(map(type, cells)) != {str}:
            cells = [_text(cell, name, first + place, where) for place, cell in enumerate(cells, 1)]
        there = np.array([bool(text) and not text.isspace() for text in cells])
        return there, self.predict_proba([text for text, has in zip(cells, there.tolist(), strict=True) if has])

    def _columns(self, there: NDArray[np.bool_], proba: NDArray[np.float64], n_rows: int) -> list[list[Any]]:
        """Return label and probabilities by column, ``None`` in a row without text."""
        rounded = round_proba(proba)
        found = [self._names[proba.argmax(axis=1)].tolist(), *(own.tolist() for own in rounded.T)]
        if there.all():
            return found
        columns: list[list[Any]] = []
        for values in found:
            left = iter(values)
            columns.append([next(left) if has else None for has in there.tolist()])
        return columns


def _check_free(batch: Sequence[Row], added: Sequence[str], where: str | Path) -> None:
    """Check that no column would be overwritten; of JSON lines every row has its own."""
    names = frozenset(added)
    for row in [batch.columns] if isinstance(batch, Batch) else batch:
        if not names.isdisjoint(row):
            taken = next(name for name in added if name in row)
            raise TableError(f"column {taken!r} is in the table already; rename or drop it [{where}]")


def has_text(column: pa.Array) -> NDArray[np.bool_]:
    r"""Say of each row of an Arrow column whether it is there and more than white space.

    Examples
    --------
    >>> import pyarrow as pa
    >>> has_text(pa.array(["He left.", " \u2003\x1f", "", None])).tolist()
    [True, False, False, False]
    """
    import pyarrow.compute as pc

    from toolkit.engine.characters import spaces

    # Arrow's own idea of white space is not Python's.
    trimmed = pc.utf8_ltrim(column, characters=spaces())
    found: NDArray[np.bool_] = pc.greater(pc.binary_length(trimmed), 0).fill_null(False).to_numpy(zero_copy_only=False)
    return found


def round_proba(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to six digits as Python's ``round`` does, shape as it came.

    Examples
    --------
    >>> round_proba(np.array([[0.1234565, 2.5e-6]])).tolist() == [[round(0.1234565, 6), round(2.5e-6, 6)]]
    True
    """
    millionths = proba * 1e6
    nearest = np.rint(millionths)
    rounded: NDArray[np.float64] = nearest / 1e6
    # A product is rounded itself; so near the middle of two numbers it does not tell which is nearer.
    for place in np.argwhere(np.abs(np.abs(millionths - nearest) - 0.5) < 1e-6):
        rounded[tuple(place)] = round(float(proba[tuple(place)]), 6)
    return rounded


def _text(value: Any, column: str, row: int, where: str | Path) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if not isinstance(value, str):
        raise TableError(f"{column!r} of row {row} is {value!r}, expected text; name another column [{where}]")
    return value


def label_columns(label: str, shares: NDArray[np.float64], labels: LabelSet) -> Row:
    """Return a label and its probabilities as columns."""
    return {
        "label": label,
        **{f"p_{name}": round(float(share), 6) for name, share in zip(labels.names, shares, strict=True)},
    }


def load_model(folder: str | Path = "runs/default/model", trusted: bool = False) -> SentenceClassifier:
    """Load a saved model.

    Parameters
    ----------
    folder : str or Path
        A model's folder.
    trusted : bool
        Whether a joblib model, which runs code when opened, may be opened.

    Returns
    -------
    SentenceClassifier

    Raises
    ------
    ModelError
        If there is no model, or it is damaged, of another version or not trusted.
    """
    return SentenceClassifier(load_saved(folder, trusted))
