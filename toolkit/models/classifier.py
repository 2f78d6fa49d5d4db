"""A saved model and text in, labelled sentences out: a list, an article, a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.corpus import Sentence, segment
from toolkit.files import Row, Table, as_batches, open_table
from toolkit.labels import LabelSet
from toolkit.models.adaptation import Adaptation, complete_shares, estimate_adaptation, recorded_shares
from toolkit.models.averaging import EncoderVote
from toolkit.models.saving import SavedModel, load_saved
from toolkit.models.scikit_learn import FittedClassifier
from toolkit.models.table_labels import label_batches, label_names, predict_table, round_proba
from toolkit.statistics import PSEUDO_COUNT

if TYPE_CHECKING:
    import pyarrow as pa
    from sklearn.pipeline import Pipeline

    from toolkit.engine import CompiledPipeline, Scorer


@dataclass(frozen=True)
class LabelledArticle:
    """An article's sentences with their positions, labels and probabilities.

    Attributes
    ----------
    text : str
        The article, unchanged.
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

    def to_table(self) -> Table:
        """Return one row per sentence: start, end, paragraph, text, label, probabilities."""
        names = label_names(self.label_set.names)
        columns: dict[str, Sequence[Any]] = {
            name: [getattr(sentence, name) for sentence in self.sentences]
            for name in ("start", "end", "paragraph", "text")
        }
        columns |= dict(zip(names, [self.labels, *round_proba(self.proba).T.tolist()], strict=True))
        return Table(columns, {"text": str, **dict.fromkeys(names, float), "label": str})

    def rows(self) -> list[Row]:
        """Return the rows of :meth:`to_table` as a list of records."""
        return list(self.to_table())


class SentenceClassifier(FittedClassifier):
    """A saved model, ready to label; a classifier in scikit-learn's sense that is fitted already.

    It can be pickled, copied and sent to other processes. ``fit``, ``set_params`` and
    :func:`sklearn.base.clone` refuse, since a fitted model cannot be made unfitted; a tool
    that insists on them takes ``sklearn.frozen.FrozenEstimator(model)``.

    Parameters
    ----------
    model : SavedModel
        As :func:`toolkit.models.saving.load_saved` returns it.
    adaptation : Adaptation, optional
        Label shares that its probabilities are adapted to; :meth:`with_shares` and :meth:`adapt` set it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Label names in alphabetical order, as scikit-learn sorts them: the columns of ``predict_proba``.
    labels : tuple of str
        The same as a tuple.
    label_set : LabelSet
        The same with titles, definitions and the background, in the order of tables and pages.
    manifest : mapping
        What the model was saved with.
    adaptation : Adaptation or None
        As given: ``adaptation.shares``, and ``adaptation.estimate`` with intervals if they were estimated.
    pipeline : Pipeline
        The fitted scikit-learn pipeline itself, opened when first asked for.
    engine : str
        ``compiled``, or ``scikit-learn:`` and why the pipeline is not compiled; with an encoder also
        ``+ encoder (onnxruntime, int8)``.

    Examples
    --------
    >>> model = load_model("runs/default/model")  # doctest: +SKIP
    >>> model.predict(["The ministry denied the report.", "It rained."])  # doctest: +SKIP
    array(['denial', 'none'], dtype='<U10')
    """

    def __init__(self, model: SavedModel, adaptation: Adaptation | None = None) -> None:
        self._model = model
        self.adaptation = adaptation
        self._compiled: CompiledPipeline | None = model.compiled
        self.label_set = model.labels
        self.manifest: Mapping[str, Any] = model.manifest
        # Much of scikit-learn takes columns to be in alphabetical order without looking.
        self.classes_: NDArray[np.str_] = np.array(sorted(model.labels.names))

    def __repr__(self) -> str:
        adapted = ", adapted" if self.adaptation else ""
        return f"SentenceClassifier({self.manifest.get('experiment', '?')!r}, labels={self.labels}{adapted})"

    def __reduce__(self) -> tuple[Callable[..., SentenceClassifier], tuple[Any, ...]]:
        # The opened pipeline and the scorer with its threads' memory are made anew where they are needed.
        model = self._model
        fitted = (model.labels, model.manifest, model.open_pipeline, self._compiled)
        return _restore, (*fitted, self.adaptation, model.vote)

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names, in the order of the columns of ``predict_proba``."""
        return tuple(self.classes_.tolist())

    @property
    def pipeline(self) -> Pipeline:
        """The fitted scikit-learn pipeline itself."""
        return self._model.pipeline

    @property
    def engine(self) -> str:
        """What predicts: ``compiled``, or ``scikit-learn:`` and why the pipeline is not compiled; and an encoder."""
        name, vote = self._engine[0], self._model.vote
        return f"{name} + encoder (onnxruntime, {vote.encoder.about['precision']})" if vote else name

    @property
    def ngram_weight(self) -> float:
        """Weight of the n-grams in the probabilities: 1, unless an encoder is averaged with them."""
        return 1 - self._model.vote.weight if self._model.vote else 1.0

    @cached_property
    def _engine(self) -> tuple[str, Scorer | None]:
        from toolkit.engine import CannotCompile, Scorer

        try:
            if self._compiled is None:
                from toolkit.engine import compile_fitted

                self._compiled = compile_fitted(self.pipeline)
        except CannotCompile as error:
            return f"scikit-learn: {error}", None
        return "compiled", Scorer(self._compiled, lambda sentences: self.pipeline.predict_proba(sentences))

    def predict_proba(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_sentences, n_labels), columns as ``classes_``.

        Raises
        ------
        TypeError
            If a single text came instead of a sequence, or an item is not text.
        """
        return self._sorted(self.label_proba(sentences))

    def label_proba(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_sentences, n_labels), columns in the order of ``label_set``.

        Raises
        ------
        TypeError
            As :meth:`predict_proba`.
        """
        from toolkit.engine import checked_texts

        texts = checked_texts(sentences, "a sequence of sentences; wrap it in a list or use label_article")
        _, scorer = self._engine
        if scorer is None:
            from toolkit.models.pipelines import predict_proba

            proba = predict_proba(self.pipeline, texts, self.label_set)
        else:
            proba = self._in_order(scorer.classes, scorer.predict_proba(texts))
        vote = self._model.vote
        return self._adapted(vote.average(proba, texts, self.label_set) if vote else proba)

    def predict_proba_column(self, column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
        """Return probabilities of an Arrow column of text, shape (n_sentences, n_labels), columns as ``classes_``.

        This is the fastest way: no Python object is made for a sentence.

        Raises
        ------
        TypeError
            If the column is not text.
        ValueError
            If a row is missing or is not UTF-8; the message names it.
        """
        return self._sorted(self.label_proba_column(column))

    def label_proba_column(self, column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
        """Return what :meth:`predict_proba_column` does, columns in the order of ``label_set``."""
        from toolkit.engine import column_texts, numbered_chunks

        chunks = numbered_chunks(column)
        _, scorer = self._engine
        if scorer is None or self._model.vote:
            return self.label_proba([text for chunk in chunks for text in column_texts(*chunk)])
        parts = [self._in_order(scorer.classes, scorer.predict_proba_column(*chunk)) for chunk in chunks]
        return self._adapted(np.concatenate([np.zeros((0, len(self.labels))), *parts]))

    def _adapted(self, proba: NDArray[np.float64]) -> NDArray[np.float64]:
        """Reweight probabilities, columns in the order of the label set, to the label shares of the text."""
        return self.adaptation.apply(proba) if self.adaptation else proba

    def _in_order(self, classes: Sequence[str], proba: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put columns in the order of the label set; a label without a training sentence has probability 0."""
        ordered = np.zeros((len(proba), len(self.labels)))
        ordered[:, [self.label_set.index(name) for name in classes]] = proba
        return ordered

    def _sorted(self, proba: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put columns in the order of ``classes_``."""
        return proba[:, np.argsort(self.label_set.names)]

    def predict(self, sentences: Sequence[str]) -> NDArray[np.str_]:
        """Return the most probable label of each sentence, shape (n_sentences,).

        Of labels that are equally probable, the first in ``label_set``.
        """
        labels: NDArray[np.str_] = np.array(self.label_set.names)[self.label_proba(sentences).argmax(axis=1)]
        return labels

    def label_article(self, text: str) -> LabelledArticle:
        """Split an article into sentences and label them.

        Parameters
        ----------
        text : str
            Plain text; blank lines or headings separate its paragraphs.

        Returns
        -------
        LabelledArticle
        """
        sentences = tuple(segment(text))
        proba = self.label_proba([sentence.text for sentence in sentences])
        labels = tuple(self.label_set.names[column] for column in proba.argmax(axis=1))
        return LabelledArticle(text, sentences, labels, proba, self.label_set)

    def label_table(
        self,
        batches: Any,
        column: str | None = None,
        where: str | Path = "table",
        prefix: str = "",
        label_as: str | None = None,
    ) -> Iterator[Table]:
        """Add labels and probabilities to the rows of a table, batch by batch.

        Parameters
        ----------
        batches : iterable of tables, or one table
            As :func:`toolkit.files.reading.read_table` yields them. A table may also be a list of records,
            a data frame, or a series or array of text.
        column : str, optional
            The text's column; without it ``text`` or ``sentence``, or the only column of a frame.
        where : str or Path
            Named in messages.
        prefix : str
            Put before the names of the new columns, where the table has such columns already.
        label_as : str, optional
            The whole name of the new column of labels.

        Yields
        ------
        Table
            The same rows with ``label`` and one ``p_...`` per label, six digits; ``None`` in all
            of them where the text is empty or missing.

        Raises
        ------
        TypeError
            If something else came, such as a mapping of columns.
        TableError
            If a column is missing, would be overwritten, or holds something other than text.

        Examples
        --------
        >>> model = load_model("runs/default/model")  # doctest: +SKIP
        >>> [table] = model.label_table([[{"text": "The ministry denied the report."}]])  # doctest: +SKIP
        >>> table[0]["label"]  # doctest: +SKIP
        'denial'
        """
        tables = as_batches(batches)
        if column is None and getattr(batches, "shape", ())[1:] == (1,):
            first = next(tables)
            (column,), tables = first.columns, iter([first])
        return label_batches(self, tables, column, where, label_names(self.label_set.names, prefix, label_as))

    def with_shares(self, shares: Mapping[str, float] | str, strength: float = 1.0) -> SentenceClassifier:
        """Return the model for text whose label shares are known.

        Parameters
        ----------
        shares : mapping of str to float, or "natural"
            Shares of labels; those left out divide the rest as they do in the natural text of the
            corpus. ``"natural"`` is the label shares of that text.
        strength : float
            How far to go: 0.5 is half-way in log odds, which finds more of the rare acts and calls more wrongly.

        Raises
        ------
        ModelError
            If the model's manifest lacks the label shares of its training.
        ValueError
            If a label is unknown, shares are no proportions or sum to more than 1, or the strength is below 0.

        Examples
        --------
        >>> model = load_model("runs/default/model")  # doctest: +SKIP
        >>> model.with_shares({"accusation": 0.03}).predict(["They denied it."])  # doctest: +SKIP
        array(['denial'], dtype='<U10')
        """
        training, natural = recorded_shares(self.manifest, self.label_set)
        return self._with(Adaptation(training, complete_shares(shares, natural, self.label_set), strength))

    def adapt(
        self,
        texts: Sequence[str],
        articles: Sequence[Any] | None = None,
        pseudo_count: float = PSEUDO_COUNT,
        strength: float = 1.0,
    ) -> SentenceClassifier:
        """Return the model for text such as this, whose label shares are estimated; no gold label is needed.

        Parameters
        ----------
        texts : sequence of str
            At least 50 sentences.
        articles : sequence, optional
            Article of each sentence, for intervals; without it sentences are resampled one by one.
        pseudo_count : float
            How many sentences the label shares of the corpus's natural text are worth beside these.
        strength : float
            As of :meth:`with_shares`.

        Returns
        -------
        SentenceClassifier
            Its ``adaptation.estimate`` holds the shares with 95 % intervals.

        Raises
        ------
        ModelError
            If the model's manifest lacks the label shares of its training.
        ToolkitError
            If there are fewer than 50 sentences.

        Examples
        --------
        >>> model = load_model("runs/default/model")  # doctest: +SKIP
        >>> model.adapt(sentences).adaptation.estimate["denial"]  # doctest: +SKIP
        Estimate(value=0.021, low=0.012, high=0.033)
        """
        recorded, proba = recorded_shares(self.manifest, self.label_set), self._with(None).label_proba(texts)
        return self._with(estimate_adaptation(proba, articles, recorded, pseudo_count, strength))

    def adapt_to_table(
        self,
        table: str | Path | Iterable[Mapping[str, Any]],
        column: str | None = None,
        pseudo_count: float = PSEUDO_COUNT,
        strength: float = 1.0,
        encoding: str | None = None,
    ) -> SentenceClassifier:
        """Return the model for the sentences of a table: a file, which is read here and again to be labelled, or rows.

        Parameters are those of :meth:`adapt` and :meth:`label_table`, and the encoding of a file. Rows
        without text do not count; intervals resample articles if there is a column ``article``.

        Raises
        ------
        ToolkitError
            As :meth:`adapt`, or if the table cannot be read or a column is missing.
        """
        recorded, (batches, where) = recorded_shares(self.manifest, self.label_set), open_table(table, encoding)
        proba, articles = predict_table(self._with(None), batches, column, where, "article")
        return self._with(estimate_adaptation(proba, articles, recorded, pseudo_count, strength, where))

    def _with(self, adaptation: Adaptation | None) -> SentenceClassifier:
        """Return the same model with another adaptation, or with none."""
        twin = SentenceClassifier(self._model, adaptation)
        twin._compiled = self._compiled
        return twin


def _restore(
    labels: LabelSet,
    manifest: Mapping[str, Any],
    open_pipeline: Callable[[], Pipeline],
    compiled: CompiledPipeline | None,
    adaptation: Adaptation | None = None,
    vote: EncoderVote | None = None,
) -> SentenceClassifier:
    return SentenceClassifier(SavedModel(labels, manifest, open_pipeline, compiled, vote), adaptation)


def load_model(folder: str | Path = "runs/default/model", trusted: bool = False) -> SentenceClassifier:
    r"""Load a saved model.

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

    Examples
    --------
    >>> model = load_model("runs/default/model")  # doctest: +SKIP
    >>> article = model.label_article("Floods\n\nThe ministry denied the report.")  # doctest: +SKIP
    >>> article.labels  # doctest: +SKIP
    ('none', 'denial')
    """
    return SentenceClassifier(load_saved(folder, trusted))


def open_model(model: str | Path | SentenceClassifier) -> SentenceClassifier:
    """Return a model that is a folder or is loaded already."""
    return model if isinstance(model, SentenceClassifier) else load_model(model)
