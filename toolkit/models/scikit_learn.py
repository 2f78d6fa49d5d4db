"""What scikit-learn expects of a classifier, for one that is fitted already and cannot be fitted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from sklearn.utils import Tags


class FittedClassifier:
    """Base of a classifier of text that only predicts.

    It does not inherit from scikit-learn's ``BaseEstimator``, which takes longer to import
    than labelling an article takes: scikit-learn is imported only by the methods that it calls itself.
    """

    def predict(self, sentences: Sequence[str]) -> NDArray[Any]:
        """Return the label of each sentence, shape (n_sentences,)."""
        raise NotImplementedError

    def score(self, sentences: Sequence[str], y_true: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy, as every scikit-learn classifier does.

        Parameters
        ----------
        sentences : sequence of str
            The sentences.
        y_true, sample_weight : array-like of shape (n_sentences,)
            Gold labels, and how much each sentence counts.
        """
        from sklearn.metrics import accuracy_score

        return float(accuracy_score(y_true, self.predict(sentences), sample_weight=sample_weight))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return no parameters: there are none left to set after training."""
        return {}

    def set_params(self, **params: Any) -> NoReturn:
        """Refuse: the parameters were set in training."""
        raise TypeError("a saved model has no parameters to set; change its experiment file and train again")

    def fit(self, sentences: Sequence[str], y_true: ArrayLike | None = None) -> NoReturn:
        """Refuse: training is the business of :func:`toolkit.train`."""
        raise TypeError(
            "a saved model cannot be fitted again; train an experiment with toolkit.train, "
            "or wrap the model in sklearn.frozen.FrozenEstimator where a tool insists on fitting"
        )

    def __sklearn_clone__(self) -> NoReturn:
        raise TypeError(
            "a saved model cannot be cloned: a clone is unfitted, and a fitted model cannot be made unfitted; "
            "wrap it in sklearn.frozen.FrozenEstimator, or clone model.pipeline to fit the same pipeline anew"
        )

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
        )
