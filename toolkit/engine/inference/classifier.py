"""Any fitted scikit-learn pipeline that can be compiled -> a classifier of sentences that runs machine code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.text_columns import checked_texts, numbered_chunks
from toolkit.engine.layout import Floats

if TYPE_CHECKING:
    import pyarrow as pa
    from sklearn.pipeline import Pipeline

# Two probabilities that differ by less, relative to the larger, may be equal but for rounding.
_TIE = 1e-9


class CompiledClassifier:
    """A fitted pipeline as machine code; :func:`toolkit.compile_pipeline` makes one.

    It is a snapshot: if the pipeline is fitted again, compile it again. A few sentences fall back
    to the pipeline itself, to which it keeps a reference: those with a capital sigma, whose lower
    case depends on its position, and those whose two most probable labels differ by rounding only.
    It can be copied and pickled, which compiles the copy again, and be shared by threads.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    scorer : Scorer
        Of the compiled pipeline.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, as those of the pipeline.
    """

    def __init__(self, pipeline: Pipeline, scorer: Scorer) -> None:
        self.classes_: NDArray[Any] = pipeline.classes_
        self._pipeline = pipeline
        self._scorer = scorer

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the pipeline alone: another Python may have other character data."""
        return compile_pipeline, (self._pipeline,)

    def __repr__(self) -> str:
        return f"CompiledClassifier(classes_={self.classes_.tolist()})"

    def predict_proba(self, sentences: Iterable[str]) -> Floats:
        """Return probabilities, shape (n_sentences, n_classes), columns as ``classes_``.

        Raises
        ------
        TypeError
            If one text came instead of several, or an item is not text.
        """
        return self._scorer.predict_proba(checked_texts(sentences))

    def predict_proba_column(self, column: pa.Array | pa.ChunkedArray) -> Floats:
        """Return probabilities of an Arrow column of text, shape (n_sentences, n_classes).

        This is the fastest way, since no Python object is made of a sentence.

        Raises
        ------
        TypeError
            If the column is not text.
        ValueError
            If a row is missing or is not UTF-8; the message names it.
        """
        proba = [self._scorer.predict_proba_column(*chunk) for chunk in numbered_chunks(column)]
        return np.concatenate([np.zeros((0, len(self.classes_))), *proba])

    def predict(self, sentences: Iterable[str]) -> NDArray[Any]:
        """Return the label of each sentence, shape (n_sentences,).

        Raises
        ------
        TypeError
            If one text came instead of several, or an item is not text.
        """
        texts = checked_texts(sentences)
        proba = self._scorer.predict_proba(texts)
        predicted: NDArray[Any] = self.classes_[proba.argmax(axis=1)]
        # Scores that differ may have equal probabilities; classifiers decide ties each in its own way.
        second, first = np.sort(proba, axis=1)[:, -2:].T if len(self.classes_) > 1 else (np.zeros(0), np.zeros(0))
        tied = np.flatnonzero(first - second <= _TIE * first)
        if len(tied):
            predicted[tied] = self._pipeline.predict([texts[row] for row in tied])
        return predicted


def compile_pipeline(pipeline: Pipeline) -> CompiledClassifier:
    """Compile a fitted scikit-learn pipeline that classifies text, so that it labels many times faster.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted. Its vectoriser is a ``CountVectorizer``, ``TfidfVectorizer`` or ``HashingVectorizer``
        (of words or characters, without code of your own), possibly with a ``TfidfTransformer``
        after it, or a ``FeatureUnion`` of such. Its classifier is a ``LogisticRegression``,
        ``LogisticRegressionCV``, ``MultinomialNB``, ``ComplementNB``, ``BernoulliNB`` or ``SGDClassifier`` with
        probabilities, or a linear or naive Bayes classifier inside ``CalibratedClassifierCV`` or
        ``OneVsRestClassifier``.

    Returns
    -------
    CompiledClassifier
        With ``classes_``, ``predict``, ``predict_proba`` and ``predict_proba_column``; labels are
        those of the pipeline, and probabilities agree with its own up to rounding.

    Raises
    ------
    TypeError
        If it is not a pipeline.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    CannotCompile
        A ``ValueError`` with the step or setting that is not supported.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> texts = ["He denied it.", "They promised to pay.", "She denied everything.", "He promised help."]
    >>> pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    >>> pipeline = pipeline.fit(texts, ["denial", "pledge", "denial", "pledge"])
    >>> compiled = compile_pipeline(pipeline)
    >>> compiled.predict(["They denied the report."]).tolist()
    ['denial']
    >>> compiled.predict_proba(texts).shape
    (4, 2)
    """
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import check_is_fitted

    from toolkit.engine.inference.compilation import compile_fitted
    from toolkit.engine.training.vectorizers import to_sklearn_vectorizers

    if not isinstance(pipeline, Pipeline):
        raise TypeError(f"a {type(pipeline).__name__} came, expected a scikit-learn Pipeline; wrap it in one")
    check_is_fitted(pipeline)
    compiled = compile_fitted(to_sklearn_vectorizers(pipeline))
    return CompiledClassifier(pipeline, Scorer(compiled, pipeline.predict_proba))
