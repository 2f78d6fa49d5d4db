"""Pipelines are compiled, or refused with the reason."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from tests.engine.inference.pipelines import HOSTILE, LABELS, RULES, SENTENCES, check_same, logistic, with_weights
from toolkit.engine.inference import compilation, kernel, tables, tries
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.linear_models import CannotCompile
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_compiled, load_compiled
from toolkit.estimators.lexicon import WordClasses
from toolkit.estimators.recalibration import BiasCorrectedTemperature, Isotonic, Recalibrated, Temperature
from toolkit.estimators.rules import CueIndicators, KeywordRules


@pytest.mark.parametrize("calibrator", [Temperature(), BiasCorrectedTemperature(), Isotonic()])
@pytest.mark.parametrize("name", ["default", "calibrated machine", "rules", "counts, naive Bayes"])
def test_recalibrated_pipeline_scores_as_uncompiled(fitted, name, calibrator):
    pipeline, _ = fitted(name)
    gold = [pipeline.classes_.tolist().index(label) for label in [*LABELS, *LABELS[::-1]]]
    calibrator = clone(calibrator).fit(pipeline.predict_proba(SENTENCES * 2), gold)
    steps = [step for _, step in pipeline.steps]
    recalibrated = make_pipeline(*steps[:-1], Recalibrated(steps[-1], calibrator))
    compiled = compile_fitted(recalibrated)
    scorer = Scorer(load_compiled(dump_compiled(compiled)), recalibrated.predict_proba)
    check_same(recalibrated, scorer, HOSTILE + SENTENCES)
    twice = make_pipeline(*steps[:-1], Recalibrated(Recalibrated(steps[-1], calibrator), calibrator))
    with pytest.raises(CannotCompile, match="recalibrated twice in the same way"):
        compile_fitted(twice)
    calibrators = (Recalibrated(steps[-1], calibrator), DummyClassifier())
    with pytest.raises(CannotCompile, match="recalibration by DummyClassifier is not compiled"):
        compile_fitted(make_pipeline(*steps[:-1], Recalibrated(*calibrators)))
    damaged = [
        {"inverse_link": "softmax|odd"},
        {"inverse_link": compiled.inverse_link + "|" + compiled.inverse_link.split("|")[0]},
    ]
    damaged += [{"settings": {**compiled.settings, key: array[:-1]}} for key, array in compiled.settings.items()]
    if "temperature" in compiled.settings:
        damaged.append({"settings": {**compiled.settings, "temperature": np.array([-1.0])}})
    if "biases" in compiled.settings:
        damaged.append({"settings": {**compiled.settings, "bias_temperature": np.array([0.0])}})
        damaged.append({"settings": {**compiled.settings, "biases": np.full(len(compiled.classes), np.nan)}})
    for changes in damaged:
        with pytest.raises(ValueError, match="compile the pipeline again"):
            load_compiled(dump_compiled(replace(compiled, **changes)))


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (make_pipeline(CountVectorizer(), DummyClassifier()), "DummyClassifier is not compiled"),
        (make_pipeline(CountVectorizer(dtype=np.int8), logistic()), "cannot hold large counts"),
        (make_pipeline(WordClasses({"it": "it"}), HashingVectorizer(), logistic()), "hashed classes of words"),
        (
            make_pipeline(HashingVectorizer(), TfidfTransformer(sublinear_tf=True), logistic()),
            "signed counts is undefined",
        ),
        (make_pipeline(CountVectorizer(tokenizer=str.split, token_pattern=None), logistic()), "is custom code"),
        (make_pipeline(CountVectorizer(token_pattern=r"\d+|it"), logistic()), "is not one of the patterns"),
        (make_pipeline(CountVectorizer(analyzer=str.split), logistic()), "is custom code"),
        (make_pipeline(CueIndicators([("x", ("a  b",))]), logistic()), "white space other than single spaces"),
        (make_pipeline(CountVectorizer(), TfidfTransformer(), TfidfTransformer(), logistic()), "after a vectoriser"),
        (
            make_pipeline(FeatureUnion([("a", CueIndicators(RULES)), ("b", CueIndicators(RULES))]), logistic()),
            "2 cue lists",
        ),
        (make_pipeline(CountVectorizer(strip_accents=str.lower), logistic()), "is custom code"),
        (make_pipeline(WordClasses({"it": "it", "b b": "a"}), CountVectorizer(), logistic()), "is not a single token"),
        (make_pipeline(CountVectorizer(), MaxAbsScaler(), logistic()), "MaxAbsScaler after a vectoriser"),
        (make_pipeline(KeywordRules()), "there is no rule"),
        (make_pipeline(CountVectorizer(), SGDClassifier(max_iter=10000)), "has no probabilities of its own"),
        (
            make_pipeline(CountVectorizer(), CalibratedClassifierCV(DummyClassifier(), cv=2)),
            "calibrated DummyClassifier",
        ),
        (make_pipeline(CountVectorizer(), OneVsRestClassifier(DummyClassifier())), "one-vs-rest DummyClassifier"),
        (make_pipeline(CountVectorizer(), BernoulliNB(alpha=0)), "always or never present"),
        (
            make_pipeline(CountVectorizer(), BernoulliNB(binarize=1.0)),
            "binarize=1.0 depends on more than which features",
        ),
        (
            make_pipeline(TfidfVectorizer(), BernoulliNB(binarize=0.1)),
            "binarize=0.1 depends on more than which features",
        ),
        (
            make_pipeline(CueIndicators(RULES), BernoulliNB(binarize=0.5)),
            "binarize=0.5 depends on more than which features",
        ),
        (make_pipeline(HashingVectorizer(), BernoulliNB()), "binarize of signed counts"),
    ],
)
# "Always" is a logarithm of 0.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_pipeline_that_cannot_be_compiled_is_refused_with_the_reason(pipeline, reason):
    texts = ["it 1 a", "it 2 b", "it 3 a", "it 4 b"]
    with pytest.raises(CannotCompile, match=re.escape(reason)):
        compile_fitted(pipeline.fit(texts, ["a", "b", "a", "b"]))


def test_vocabulary_with_more_words_or_prefixes_than_keys_have_room_for_is_refused(fitted, monkeypatch):
    monkeypatch.setattr(compilation, "SYMBOL_BITS", 5)
    with pytest.raises(CannotCompile, match="the vocabularies have more than 31 words"):
        compile_fitted(fitted("words")[0])
    monkeypatch.undo()
    monkeypatch.setattr(compilation, "NODE_BITS", 5)
    with pytest.raises(CannotCompile, match="the vocabularies have more than 32 prefixes of n-grams"):
        compile_fitted(fitted("words")[0])


def test_last_number_stands_for_no_word(monkeypatch):
    assert kernel.NO_TOKEN == (1 << tries.SYMBOL_BITS) - 1
    monkeypatch.setattr(compilation, "SYMBOL_BITS", 3)
    assert len(compile_fitted(with_weights([[0.0] * 7], [0.0])).symbol_nodes) == 7
    with pytest.raises(CannotCompile, match="the vocabularies have more than 7 words"):
        compile_fitted(with_weights([[0.0] * 8], [0.0]))


def test_vocabulary_without_tokens_reads_no_index_outside():
    pipeline = make_pipeline(CountVectorizer(vocabulary=["a b c"], ngram_range=(1, 2)), logistic())
    pipeline.fit(["a b", "c"], ["x", "y"])
    compiled = compile_fitted(pipeline)
    assert len(compiled.symbol_nodes) == 0
    assert tables.make_kernel_model(compiled).symbol_nodes.tolist() == [-1]
    check_same(pipeline, Scorer(compiled, pipeline.predict_proba), ["a b c", "c", ""])
