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

from toolkit.artifacts import SavedModel, load_saved
from toolkit.exceptions import TableError
from toolkit.labels import LabelSet
from toolkit.segmentation import Sentence, segment
from toolkit.tables import Row, text_column

if TYPE_CHECKING:
    import pyarrow as pa
    from sklearn.pipeline import Pipeline

    from toolkit.engine.scorer import Scorer


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
                **labelled(label, shares, self.label_set),
            }
            for sentence, label, shares in zip(self.sentences, self.labels, self.proba, strict=True)
        ]


class SentenceClassifier:
    """A saved model, ready to label.

    Parameters
    ----------
    model : SavedModel
        As :func:`toolkit.artifacts.load_saved` returns it.

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
        from toolkit.engine.heads import CannotCompile
        from toolkit.engine.scorer import Scorer

        skeleton = self._model.skeleton
        try:
            if skeleton is None:
                from toolkit.engine.compilation import compile_pipeline

                skeleton = compile_pipeline(self.pipeline)
        except CannotCompile as error:
            return f"scikit-learn: {error}", None
        return "compiled", Scorer(skeleton, lambda sentences: self.pipeline.predict_proba(sentences))

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
            from toolkit.pipelines import predict_proba

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
            from toolkit.engine.scorer import column_bytes

            for chunk, first_row in zip(chunks, starts, strict=True):
                column_bytes(chunk, first_row)
            return self.predict_proba([text for chunk in chunks for text in chunk.to_pylist()])
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
        self, batches: Iterable[list[Row]], column: str | None = None, where: str | Path = "table"
    ) -> Iterator[list[Row]]:
        """Add label and probabilities to the rows of a table, batch by batch.

        Parameters
        ----------
        batches : iterable of list of dict
            As :func:`toolkit.tables.read_table` yields them.
        column : str, optional
            The text's column; without it ``text`` or ``sentence``.
        where : str or Path
            Named in messages.

        Yields
        ------
        list of dict
            The same rows with ``label`` and ``p_...``; where the text is empty or missing
            these are ``None``.

        Raises
        ------
        TableError
            If a column is missing, would be overwritten, or holds something not text.
        """
        first = 0
        for batch in batches:
            name = column = text_column(batch, column, where)
            added = ["label", *(f"p_{label}" for label in self.labels)]
            taken = [key for key in added if key in batch[0]]
            if taken:
                raise TableError(f"column {taken[0]!r} is in the table already; rename or drop it [{where}]")
            texts = [_text(row.get(name), name, first + place, where) for place, row in enumerate(batch, 1)]
            there = [place for place, text in enumerate(texts) if text.strip()]
            proba = self.predict_proba([texts[place] for place in there])
            found: dict[int, Row] = {
                place: labelled(self.labels[shares.argmax()], shares, self.label_set)
                for place, shares in zip(there, proba, strict=True)
            }
            nothing = dict.fromkeys(added)
            yield [{**row, **found.get(place, nothing)} for place, row in enumerate(batch)]
            first += len(batch)


def _text(value: Any, column: str, row: int, where: str | Path) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if not isinstance(value, str):
        raise TableError(f"{column!r} of row {row} is {value!r}, expected text; name another column [{where}]")
    return value


def labelled(label: str, shares: NDArray[np.float64], labels: LabelSet) -> Row:
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
