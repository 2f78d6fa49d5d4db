"""Classifiers of scikit-learn become weights and an inverse link, or are refused with the reason."""

from itertools import product

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC

from tests.engine.inference.pipelines import CLASSIFIERS, HOSTILE, LABELS, RULES, SENTENCES, check_same, well_formed
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.linear_models import CannotCompile, to_linear_model
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_compiled, load_compiled
from toolkit.estimators.rules import CueIndicators

INPUTS = {
    "counts": lambda: CountVectorizer(ngram_range=(1, 2)),
    "weighted": lambda: FeatureUnion(
        [("words", TfidfVectorizer(sublinear_tf=True)), ("cues", CueIndicators(RULES))],
        transformer_weights={"words": 2.0},
    ),
    "hashed": lambda: HashingVectorizer(alternate_sign=False, n_features=1 << 9),
}


# Only counts exceed one half wherever they are not 0, and only values up to 1 can be probabilities.
UNFIT = {("counts above a half", "weighted"), ("counts above a half", "hashed"), ("any value", "counts")}


@pytest.mark.parametrize(("name", "vectorizer"), sorted({*product(CLASSIFIERS, INPUTS)} - UNFIT))
@pytest.mark.parametrize("n_labels", [2, 5])
def test_classifiers_score_as_in_scikit_learn(name, vectorizer, n_labels):
    labels = LABELS if n_labels == 5 else [str(label == "denial") for label in LABELS]
    pipeline = make_pipeline(INPUTS[vectorizer](), clone(CLASSIFIERS[name]))
    pipeline.fit([*map(well_formed, SENTENCES)] * 4, [*labels * 3, *labels[::-1]])
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    texts = [*map(well_formed, HOSTILE + SENTENCES)]
    # What a probability lacks to 1 is rounded to 1e-16, and scikit-learn takes the logarithm of that plus 1e-12.
    tolerance = 1e-5 if name == "calibrated Bayes, factor" else 1e-8
    check_same(pipeline, scorer, texts, tolerance)
    assert scorer.n_fallbacks <= len(texts) / 2
    again = Scorer(load_compiled(dump_compiled(compile_fitted(pipeline))), pipeline.predict_proba)
    check_same(pipeline, again, SENTENCES[:3], tolerance)


def test_feature_with_weight_zero_is_absent_for_naive_bayes(fitted):
    pipeline = make_pipeline(TfidfVectorizer(), BernoulliNB()).fit(SENTENCES, LABELS)
    pipeline[0].idf_ = np.r_[0.0, pipeline[0].idf_[1:]]
    with pytest.raises(CannotCompile, match=r"binarize=0.0 depends on more than which features"):
        compile_fitted(pipeline)


def test_classifier_that_is_not_supported_is_refused_with_the_reason():
    texts = ["it 1 a", "it 2 b", "it 3 a", "it 4 b"]
    labels = ["a", "b", "a", "b"]
    calibrated = CalibratedClassifierCV(LinearSVC(), cv=2).fit(CountVectorizer().fit_transform(texts), labels)
    calibrated.method = "odd"
    with pytest.raises(CannotCompile, match="method='odd' is not compiled"):
        to_linear_model(calibrated)
    calibrated.method = "sigmoid"
    calibrated.calibrated_classifiers_[0].estimator.classes_ = np.array(["a"])
    with pytest.raises(CannotCompile, match="was not fitted to every class"):
        to_linear_model(calibrated)
    several = OneVsRestClassifier(BernoulliNB()).fit(CountVectorizer().fit_transform(texts), ["a", "b", "c", "b"])
    several.estimators_[0].binarize = None
    with pytest.raises(CannotCompile, match="the members differ in binarize"):
        to_linear_model(several)
    both = OneVsRestClassifier(LogisticRegression()).fit(np.eye(3), [[1, 0], [0, 1], [1, 1]])
    with pytest.raises(CannotCompile, match="several labels at once"):
        to_linear_model(both)
    with pytest.raises(CannotCompile, match="adds its prior to every score"):
        to_linear_model(ComplementNB().fit(np.eye(2), ["a", "a"]))
