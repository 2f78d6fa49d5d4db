"""The private names of other libraries that the toolkit leans on, each with what it is expected to do.

All of them are here, and ``make lint`` refuses them elsewhere. A new release may rename or change any
of them without notice: ``tests/test_private_names.py`` has a test for each, whose failure names the
release and what it has changed. No library is imported, so that labelling does not load scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

# numba: machine code that allocates nothing does without numba's runtime, and then counts no
# references to the arrays that it is given. It computes the same.
NUMBA_NO_ALLOCATION = {"_nrt": False}

# skops: the loader named in a model's schema for a plain value (a number, a string, None), which is
# written in place and not shared between two nodes.
SKOPS_PLAIN_VALUE = "JsonNode"

# scikit-learn: where a fitted vectoriser keeps the memory address of the stop words that it has
# checked. Without it, it checks them again; predictions do not depend on it.
SKLEARN_STOP_WORDS_ID = "_stop_words_id"

# scikit-learn: types in a saved CalibratedClassifierCV that has sigmoids. skops does not trust them
# by itself, as their names are private.
SKLEARN_CALIBRATION_TYPES = ("sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration")


class CalibratedMember(NamedTuple):
    """A classifier inside a CalibratedClassifierCV, and one calibrator for each of its scores."""

    estimator: Any
    calibrators: list[Any]


def calibrated_members(classifier: Any) -> list[CalibratedMember]:
    """Return the members of a fitted CalibratedClassifierCV.

    ``calibrated_classifiers_`` is public; the type of what it lists, and so its attributes, are not.
    ``predict_proba`` returns the mean over the members, each of which passes the scores of its
    ``estimator`` through its ``calibrators``.
    """
    return [CalibratedMember(member.estimator, member.calibrators) for member in classifier.calibrated_classifiers_]


def sigmoid_parameters(calibrator: Any) -> tuple[float, float]:
    """Return ``a`` and ``b`` of a fitted sigmoid: a score's probability is ``1 / (1 + exp(a * score + b))``."""
    return calibrator.a_, calibrator.b_


def inverse_temperature(calibrator: Any) -> float:
    """Return the factor by which a fitted temperature scaling multiplies scores before the softmax."""
    beta: float = calibrator.beta_
    return beta


def fitted_weighting(vectorizer: Any) -> Any:
    """Return the fitted TfidfTransformer of a TfidfVectorizer.

    ``transform`` weights counts by it. Parameters set on the vectoriser after ``fit`` do not reach it.
    """
    return vectorizer._tfidf


class CountingSteps:
    """The three private steps of a CountVectorizer, under names of our own that a subclass may override.

    ``transform``, and ``fit_transform`` with a given vocabulary, call the first alone, with ``fixed_vocab``;
    otherwise ``fit_transform`` calls all three. This class must come before scikit-learn's among
    the bases. By default each step does what scikit-learn does.
    """

    def _count_terms(self, raw_documents: Iterable[Any], fixed_vocab: bool) -> tuple[dict[str, int], Any]:
        """Return a vocabulary in order of first occurrence (the fixed one, if fixed), and a CSR matrix of counts."""
        counted: tuple[dict[str, int], Any] = super()._count_vocab(raw_documents, fixed_vocab)  # type: ignore[misc]
        return counted

    def _order_terms(self, X: Any, vocabulary: dict[str, int]) -> Any:
        """Renumber columns and vocabulary so that terms are in order of code points; return the matrix."""
        return super()._sort_features(X, vocabulary)  # type: ignore[misc]

    def _select_terms(
        self, X: Any, vocabulary: dict[str, int], high: float | None, low: float | None, limit: int | None
    ) -> Any:
        """Drop terms in more than ``high`` or fewer than ``low`` documents, and all but the ``limit`` most frequent."""
        return super()._limit_features(X, vocabulary, high, low, limit)  # type: ignore[misc]

    def _count_vocab(self, raw_documents: Iterable[Any], fixed_vocab: bool) -> tuple[dict[str, int], Any]:
        return self._count_terms(raw_documents, fixed_vocab)

    def _sort_features(self, X: Any, vocabulary: dict[str, int]) -> Any:
        return self._order_terms(X, vocabulary)

    def _limit_features(
        self,
        X: Any,
        vocabulary: dict[str, int],
        high: float | None = None,
        low: float | None = None,
        limit: int | None = None,
    ) -> Any:
        return self._select_terms(X, vocabulary, high, low, limit)


def name_cache_file(function: Callable[..., Any], digest: str) -> None:
    """Make numba name the cache files of a function that is about to be compiled after a digest.

    numba names them after ``__qualname__``, so that code cached under another digest is never loaded.
    """
    function.__qualname__ = f"{function.__qualname__}_{digest}"
