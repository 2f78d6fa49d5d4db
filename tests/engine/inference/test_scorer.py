"""Compiled pipelines give what scikit-learn gives, for any text."""

import hashlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC
from sklearn.utils import murmurhash3_32

from toolkit.engine import characters, intrinsics, layout
from toolkit.engine.inference import compilation, hashing, kernel, links, program, scorer, tries
from toolkit.engine.inference.compilation import compile_pipeline
from toolkit.engine.inference.cues import compile_cues, refusal
from toolkit.engine.inference.heads import CannotCompile, make_head
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_skeleton, load_skeleton
from toolkit.estimators.lexicon import WORD_OR_MARK, WordClasses
from toolkit.estimators.recalibration import Isotonic, Recalibrated, Temperature
from toolkit.estimators.rules import CueIndicators, KeywordRules

SENTENCES = [
    "The Minister DENIED the report; he said it was “baseless”!",
    "They agreed to a treaty, and we will   be given\u00a0time.",
    "It's a lie? Non: l'État accusé a menti. İstanbul, ΣΟΦΟΣ ﬁn.",
    "He denied it. He denied it again and again, banana banana.",
    "Rain fell on the far river by night, 12 3 a b.",
    "accuser accused accuses the State of lying",
    "The old ministry said it hoped for the treaty",
    "über die Straße 東京 по-русски ½ ² e\u0301te\u0301 \ud800 x\x00y",
]
LABELS = ["denial", "pledge", "accusation", "denial", "none", "accusation", "statement", "none"]
RULES = [
    ("denial", ("denied", "no truth", "pleaded not guilty", "k*")),
    ("accusation", ("accus*", "a*ed", "broke its promise", 'said"', "*ing", "straße")),
    ("pledge", ("agreed to", "we will", "will be given", "b* again", "it's")),
    ("statement", ("said", '"*', "state of", "*")),
]
CLASSES = {"say": "said say*", "deny": "den* denied", "wrong": "lie lying", "quote": '" “', "state": "sta* stat*"}


def ngrams(**other):
    return {
        "words": TfidfVectorizer(token_pattern=WORD_OR_MARK, ngram_range=(1, 2), sublinear_tf=True, **other),
        "within": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, **other),
    }


def default_union():
    classes = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 4), sublinear_tf=True)
    parts = [*ngrams().items(), ("cues", CueIndicators(RULES))]
    return FeatureUnion([*parts, ("classes", Pipeline([("classes", WordClasses(CLASSES)), ("ngrams", classes)]))])


def logistic():
    return LogisticRegression(C=30, max_iter=500)


PIPELINES = {
    "default": lambda: make_pipeline(default_union(), logistic()),
    "words": lambda: make_pipeline(ngrams()["words"], logistic()),
    "within words": lambda: make_pipeline(ngrams()["within"], logistic()),
    "defaults of scikit-learn": lambda: make_pipeline(TfidfVectorizer(), logistic()),
    "case kept": lambda: make_pipeline(FeatureUnion([*ngrams(lowercase=False).items()]), logistic()),
    "accents, unicode": lambda: make_pipeline(FeatureUnion([*ngrams(strip_accents="unicode").items()]), logistic()),
    "accents, ascii": lambda: make_pipeline(FeatureUnion([*ngrams(strip_accents="ascii").items()]), logistic()),
    "characters": lambda: make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 4)), logistic()),
    "characters and words": lambda: make_pipeline(
        FeatureUnion(
            [
                ("c", CountVectorizer(analyzer="char", ngram_range=(2, 3))),
                ("w", TfidfVectorizer(norm="l1", use_idf=False)),
            ],
            transformer_weights={"w": 3.0, "c": 0.25},
        ),
        logistic(),
    ),
    "long n-grams only": lambda: make_pipeline(
        FeatureUnion(
            [
                ("c", TfidfVectorizer(analyzer="char_wb", ngram_range=(5, 7))),
                ("w", TfidfVectorizer(ngram_range=(2, 3), token_pattern=r"(?u)\b\w+\b")),
            ]
        ),
        logistic(),
    ),
    "stop words": lambda: make_pipeline(
        TfidfVectorizer(stop_words=["the", "he", "it"], ngram_range=(1, 3), token_pattern=r"\w+", norm="l1"), logistic()
    ),
    "binary": lambda: make_pipeline(TfidfVectorizer(binary=True, norm=None), logistic()),
    "counts, naive Bayes": lambda: make_pipeline(CountVectorizer(ngram_range=(1, 2)), MultinomialNB()),
    "binary counts": lambda: make_pipeline(
        CountVectorizer(binary=True, analyzer="char_wb", ngram_range=(1, 3)), ComplementNB()
    ),
    "counts, then weights": lambda: make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True), logistic()),
    "calibrated machine": lambda: make_pipeline(
        ngrams()["words"], CalibratedClassifierCV(LinearSVC(), cv=2, ensemble=False)
    ),
    "calibrated machines": lambda: make_pipeline(ngrams()["words"], CalibratedClassifierCV(LinearSVC(), cv=2)),
    "one against the rest": lambda: make_pipeline(ngrams()["words"], OneVsRestClassifier(logistic())),
    "stochastic": lambda: make_pipeline(ngrams()["within"], SGDClassifier(loss="log_loss", random_state=1)),
    "rules": lambda: make_pipeline(KeywordRules(RULES, "none")),
    "cues alone": lambda: make_pipeline(CueIndicators(RULES), logistic()),
}


@pytest.fixture(scope="session")
def fitted():
    """Each pipeline fitted once, and its compiled form."""
    made = {}

    def get(name):
        if name not in made:
            pipeline = PIPELINES[name]().fit(SENTENCES * 3, LABELS * 3)
            made[name] = pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba, n_threads=1)
        return made[name]

    return get


def check_same(pipeline, compiled, sentences, tolerance=1e-8):
    expected = pipeline.predict_proba(sentences)
    found = compiled.predict_proba(sentences)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    close = np.sort(expected, axis=1)
    # A tie is the only thing that rounding may decide otherwise.
    clear = close[:, -1] - close[:, -2] > 1e-8
    assert (found.argmax(axis=1) == expected.argmax(axis=1))[clear].all()


@pytest.mark.parametrize("name", ["words", "counts, naive Bayes", "calibrated machine", "calibrated machines"])
def test_two_labels_score_as_in_scikit_learn(name):
    check_two_labels(PIPELINES[name]())


@pytest.mark.parametrize(
    "classifier",
    [
        SGDClassifier(loss="log_loss", random_state=1, max_iter=10_000),
        OneVsRestClassifier(LogisticRegression()),
        ComplementNB(),
        LogisticRegression(solver="liblinear"),
        LogisticRegression(fit_intercept=False),
    ],
)
def test_two_labels_of_other_classifiers_score_as_in_scikit_learn(classifier):
    check_two_labels(make_pipeline(CountVectorizer(), classifier))


def whole(text):
    """Leave out surrogates, which scikit-learn refuses to hash."""
    return "".join(character for character in text if not 0xD800 <= ord(character) < 0xE000)


CLASSIFIERS = {
    "present or absent": BernoulliNB(),
    "any value": BernoulliNB(binarize=None),
    "counts above a half": BernoulliNB(binarize=0.5, alpha=0.3, fit_prior=False),
    "complement, normed": ComplementNB(norm=True, alpha=0.5),
    "cross-validated": LogisticRegressionCV(
        Cs=[1.0, 30.0], cv=2, scoring="accuracy", l1_ratios=(0.0,), use_legacy_attributes=False
    ),
    "stochastic, straight": SGDClassifier(loss="modified_huber", random_state=1, alpha=0.01),
    "calibrated by curves": CalibratedClassifierCV(LinearSVC(max_iter=20_000), method="isotonic", cv=2, ensemble=False),
    "calibrated each by curves": CalibratedClassifierCV(LinearSVC(max_iter=20_000), method="isotonic", cv=2),
    "calibrated by a factor": CalibratedClassifierCV(LogisticRegression(), method="temperature", cv=2),
    "calibrated Bayes": CalibratedClassifierCV(MultinomialNB(), cv=2),
    "calibrated Bayes, curves": CalibratedClassifierCV(BernoulliNB(), method="isotonic", cv=2),
    "calibrated Bayes, factor": CalibratedClassifierCV(ComplementNB(), method="temperature", cv=2, ensemble=False),
    "calibrated ridge": CalibratedClassifierCV(RidgeClassifier(), cv=2),
    "calibrated ridges": CalibratedClassifierCV(RidgeClassifierCV(), cv=2, ensemble=False),
    "calibrated perceptron": CalibratedClassifierCV(Perceptron(random_state=1), cv=2),
    "calibrated hinge": CalibratedClassifierCV(SGDClassifier(random_state=1), cv=2),
    "Bayes against the rest": OneVsRestClassifier(MultinomialNB()),
    "absent against the rest": OneVsRestClassifier(BernoulliNB()),
    "complement against the rest": OneVsRestClassifier(ComplementNB()),
    "stochastic against the rest": OneVsRestClassifier(SGDClassifier(loss="log_loss", random_state=1)),
}
INPUTS = {
    "counts": lambda: CountVectorizer(ngram_range=(1, 2)),
    "weighted": lambda: FeatureUnion(
        [("words", TfidfVectorizer(sublinear_tf=True)), ("cues", CueIndicators(RULES))],
        transformer_weights={"words": 2.0},
    ),
    "hashed": lambda: HashingVectorizer(alternate_sign=False, n_features=1 << 9),
}


# Only counts are above a half wherever they are not 0, and only shares can be a probability.
UNFIT = {("counts above a half", "weighted"), ("counts above a half", "hashed"), ("any value", "counts")}


@pytest.mark.parametrize(("name", "vectorizer"), sorted({*product(CLASSIFIERS, INPUTS)} - UNFIT))
@pytest.mark.parametrize("n_labels", [2, 5])
def test_classifiers_score_as_in_scikit_learn(name, vectorizer, n_labels):
    labels = LABELS if n_labels == 5 else [str(label == "denial") for label in LABELS]
    pipeline = make_pipeline(INPUTS[vectorizer](), clone(CLASSIFIERS[name]))
    pipeline.fit([*map(whole, SENTENCES)] * 4, [*labels * 3, *labels[::-1]])
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    texts = [*map(whole, HOSTILE + SENTENCES)]
    # What a probability lacks to 1 is rounded to 1e-16, and scikit-learn takes the logarithm of that plus 1e-12.
    tolerance = 1e-5 if name == "calibrated Bayes, factor" else 1e-8
    check_same(pipeline, compiled, texts, tolerance)
    assert compiled.n_left <= len(texts) / 2
    again = Scorer(load_skeleton(dump_skeleton(compile_pipeline(pipeline))), pipeline.predict_proba)
    check_same(pipeline, again, SENTENCES[:3], tolerance)


@pytest.mark.parametrize("name", ["calibrated by curves", "calibrated by a factor"])
def test_file_whose_calibration_does_not_fit_is_refused(name):
    pipeline = make_pipeline(CountVectorizer(), clone(CLASSIFIERS[name])).fit(SENTENCES * 3, LABELS * 3)
    skeleton = compile_pipeline(pipeline)
    for key, array in skeleton.settings.items():
        for changed in (array[:-1], np.append(array, 7.5)):
            damaged = replace(skeleton, settings={**skeleton.settings, key: changed})
            if key != "n_members" or len(changed) == 0:
                with pytest.raises(ValueError, match="compile the pipeline anew"):
                    load_skeleton(dump_skeleton(damaged))


def test_probabilities_of_nothing_are_those_of_scikit_learn():
    nothing = np.full((1, 4), -800.0)
    assert links.probabilities("one_vs_rest", nothing, {}).tolist() == [[0.0] * 4]
    assert links.probabilities("clipped", nothing, {}).tolist() == [[1 / 4] * 4]
    sigmoids = {"slopes": np.full((1, 4), -1.0), "starts": np.zeros((1, 4))}
    assert links.probabilities("sigmoids", nothing, sigmoids).tolist() == [[1 / 4] * 4]


def test_feature_whose_weight_is_nought_is_not_there_for_naive_bayes(fitted):
    pipeline = make_pipeline(TfidfVectorizer(), BernoulliNB()).fit(SENTENCES, LABELS)
    pipeline[0].idf_ = np.r_[0.0, pipeline[0].idf_[1:]]
    with pytest.raises(CannotCompile, match=r"binarize=0.0 depends on more than which"):
        compile_pipeline(pipeline)


@pytest.mark.parametrize("calibrator", [Temperature(), Isotonic()])
@pytest.mark.parametrize("name", ["default", "calibrated machine", "rules", "counts, naive Bayes"])
def test_recalibrated_pipeline_scores_as_by_itself(fitted, name, calibrator):
    pipeline, _ = fitted(name)
    gold = [pipeline.classes_.tolist().index(label) for label in [*LABELS, *LABELS[::-1]]]
    calibrator = clone(calibrator).fit(pipeline.predict_proba(SENTENCES * 2), gold)
    steps = [step for _, step in pipeline.steps]
    recalibrated = make_pipeline(*steps[:-1], Recalibrated(steps[-1], calibrator))
    skeleton = compile_pipeline(recalibrated)
    compiled = Scorer(load_skeleton(dump_skeleton(skeleton)), recalibrated.predict_proba)
    check_same(recalibrated, compiled, HOSTILE + SENTENCES)
    twice = make_pipeline(*steps[:-1], Recalibrated(Recalibrated(steps[-1], calibrator), calibrator))
    with pytest.raises(CannotCompile, match="recalibrated twice in the same way"):
        compile_pipeline(twice)
    calibrators = (Recalibrated(steps[-1], calibrator), DummyClassifier())
    with pytest.raises(CannotCompile, match="recalibration by DummyClassifier is not compiled"):
        compile_pipeline(make_pipeline(*steps[:-1], Recalibrated(*calibrators)))
    damaged = [{"link": "softmax|odd"}, {"link": skeleton.link + "|" + skeleton.link.split("|")[0]}]
    damaged += [{"settings": {**skeleton.settings, key: array[:-1]}} for key, array in skeleton.settings.items()]
    if "temperature" in skeleton.settings:
        damaged.append({"settings": {**skeleton.settings, "temperature": np.array([-1.0])}})
    for changes in damaged:
        with pytest.raises(ValueError, match="compile the pipeline anew"):
            load_skeleton(dump_skeleton(replace(skeleton, **changes)))


def check_two_labels(pipeline):
    pipeline.fit(SENTENCES * 3, [label == "denial" for label in LABELS] * 3)
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    assert compiled.classes == ("False", "True")
    check_same(pipeline, compiled, SENTENCES)


HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u2003He\u2003denied\u00a0it\x85again\x1cand\u3000again",
    "agreed \t\n to",
    "agreed\u00a0to, agreedto agreed",
    "WE WILL be GIVEN. we will",
    "\ud800\udfff x\ud800y",
    "İİ İstanbul i̇",
    "ΣΟΦΟΣ Σ σ ς",
    "ﬁ ﬀ ß ẞ ſtate ſaid aſed Kelvin Kind",
    "e\u0301 \u0301\u0301 \u00a8 ´ a¨b \ufdfa",
    "x" * 5000,
    "said " * 3000,
    "ab" * 10000 + " denied",
    '"said" “said” said"x x"said ""',
    "it's its it 's",
    "pleaded not guilty pleaded not very guilty not guilty",
    "broke its promise broke its its promise",
    "banana bananabanana anan",
    "東京東京 ½ ² ٣ _ __ a_b",
    "a" * 16 + " " + "a" * 15 + "b " + "a" * 17 + " " + "a" * 8 + " " + "a" * 9,
]


@pytest.mark.parametrize("name", PIPELINES)
def test_hostile_texts_score_as_in_scikit_learn(fitted, name):
    check_same(*fitted(name), HOSTILE + SENTENCES)


WORDS = st.sampled_from(
    " ".join(SENTENCES).split()
    + [cue for _, cues in RULES for cue in cues]
    + ["Said", "SAID", "denies", "ſaid", "K", "stated", "x" * 20, "Σ", "İ", "“", '"', "agreed", "to", "not"]
)
SPACES = st.sampled_from([" ", " ", " ", "  ", "\n", "\u2003", "\u00a0", "\x1f", "\t ", "", ".", "-", '"'])
LETTERS = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs"]),
        st.sampled_from("ab \x00\u0301İΣſKı“”\u200d\u0345½²\U0001d7d8\U00010400\ufdfa\u00a8"),
    ),
    max_size=30,
)
TEXTS = st.one_of(
    LETTERS,
    st.lists(st.tuples(st.one_of(WORDS, WORDS, WORDS, LETTERS), SPACES), max_size=12).map(
        lambda pairs: "".join(word + space for word, space in pairs)
    ),
)
PATIENT = settings(
    deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck], max_examples=60
)
BATCH = 50


SMALL = {"n_features": 61}
HASHED = {
    "words": HashingVectorizer(ngram_range=(1, 2), n_features=1 << 12),
    "words without some": HashingVectorizer(stop_words=["the", "he", "it"], ngram_range=(1, 3), norm="l1", **SMALL),
    "long words": HashingVectorizer(ngram_range=(2, 3), alternate_sign=False, strip_accents="unicode", **SMALL),
    "words and marks": HashingVectorizer(token_pattern=WORD_OR_MARK, binary=True, norm=None, **SMALL),
    "chunks": HashingVectorizer(token_pattern=r"\S+", lowercase=False, binary=True, **SMALL),
    "within words": HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=1 << 12),
    "long within words": HashingVectorizer(analyzer="char_wb", ngram_range=(5, 7), strip_accents="ascii", **SMALL),
    "characters": HashingVectorizer(analyzer="char", ngram_range=(1, 4), norm=None, **SMALL),
    "counts, then weights": make_pipeline(
        HashingVectorizer(alternate_sign=False, norm=None, **SMALL), TfidfTransformer(sublinear_tf=True)
    ),
    "shares, then weights": make_pipeline(HashingVectorizer(norm="l1", **SMALL), TfidfTransformer(norm="l1")),
    "beside a vocabulary": FeatureUnion(
        [
            ("words", TfidfVectorizer(sublinear_tf=True)),
            ("hashed", HashingVectorizer(analyzer="char_wb", ngram_range=(1, 3), **SMALL)),
            ("characters", CountVectorizer(analyzer="char", ngram_range=(2, 2))),
            ("more", HashingVectorizer(n_features=1)),
        ],
        transformer_weights={"hashed": 2.5},
    ),
}


@pytest.fixture(scope="session")
def hashed():
    made = {}

    def get(name):
        if name not in made:
            pipeline = make_pipeline(HASHED[name], logistic()).fit([*map(whole, SENTENCES)] * 3, LABELS * 3)
            made[name] = pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba, n_threads=1)
        return made[name]

    return get


@pytest.mark.parametrize("name", HASHED)
def test_hashed_ngrams_score_as_in_scikit_learn(hashed, name):
    pipeline, compiled = hashed(name)
    check_same(pipeline, compiled, [*map(whole, HOSTILE + SENTENCES)])
    again = Scorer(load_skeleton(dump_skeleton(compile_pipeline(pipeline))), pipeline.predict_proba)
    check_same(pipeline, again, [*map(whole, SENTENCES)])


@pytest.mark.slow
@pytest.mark.parametrize("name", HASHED)
@PATIENT
@given(texts=st.lists(TEXTS.map(whole), min_size=BATCH, max_size=BATCH))
def test_any_text_that_is_hashed_scores_as_in_scikit_learn(hashed, name, texts):
    check_same(*hashed(name), texts)


@settings(PATIENT)
@given(st.binary(max_size=40))
def test_hash_is_that_of_scikit_learn(content):
    found = hashing.murmur(np.frombuffer(b"x" + content + b"x", np.uint8), 1, 1 + len(content))
    assert found == murmurhash3_32(content)


@pytest.mark.parametrize("n_features", [7, 1 << 10])
def test_least_hash_has_its_own_column_as_in_scikit_learn(n_features):
    assert murmurhash3_32(b"aivlts3m") == -(1 << 31)
    pipeline = make_pipeline(HashingVectorizer(n_features=n_features), logistic())
    pipeline.fit(["aivlts3m", "no", "aivlts3m", "yes"], ["a", "b", "a", "b"])
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), ["aivlts3m aivlts3m", "no"])


def test_text_that_scikit_learn_refuses_to_hash_is_refused(hashed):
    pipeline, compiled = hashed("characters")
    for predict_proba in (pipeline.predict_proba, compiled.predict_proba):
        with pytest.raises(UnicodeEncodeError):
            predict_proba(["fine", "a\ud800b"])
    bad = pa.array([b"fine", b"x \xff", b"x"]).view(pa.string())
    with pytest.raises(ValueError, match="row 4 is not UTF-8"):
        compiled.predict_proba_column(bad, 3)


def test_memory_for_hashed_ngrams_grows(hashed, monkeypatch):
    monkeypatch.setattr(hashing, "SMALLEST", 4)
    for name in ("words", "within words", "characters"):
        check_same(*hashed(name), [*map(whole, SENTENCES)])


@pytest.mark.parametrize(
    "vectorizer", [HashingVectorizer(n_features=1 << 12, dtype=np.float32), TfidfVectorizer(dtype=np.float32)]
)
def test_labels_of_single_precision_are_those_of_scikit_learn(vectorizer):
    pipeline = make_pipeline(vectorizer, logistic()).fit([*map(whole, SENTENCES)] * 3, LABELS * 3)
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    texts = [" ".join(order) for order in permutations(["denied", "agreed", "said", "treaty", "hoped"])]
    expected, found = pipeline.predict_proba(texts), compiled.predict_proba(texts)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert load_skeleton(dump_skeleton(compile_pipeline(pipeline))).single
    # Whatever two labels may be swapped by the rounding goes to scikit-learn.
    close = with_weights([[1.0, 1.0 + 1e-6], [1.0 + 1e-6, 1.0]], [0.0, 0.0])
    close[0].dtype = np.float32
    compiled = Scorer(compile_pipeline(close), close.predict_proba)
    compiled.predict_proba(["a", "b"])
    assert compiled.n_left == 2


def test_model_of_hashed_features_whose_labels_are_tied_stays_compiled(hashed):
    pipeline, _ = hashed("words")
    skeleton = compile_pipeline(pipeline)
    for weights in (np.zeros_like(skeleton.hashed[0].weights), np.ones_like(skeleton.hashed[0].weights)):
        flat = replace(skeleton, hashed=(skeleton.hashed[0]._replace(weights=weights),), offsets=np.zeros(8))
        compiled = Scorer(flat, None)
        assert np.ptp(compiled.predict_proba(["he denied", ""])) == 0
        assert compiled.n_left == 0
    # Two labels tie in these sentences, but not in one that has the first feature.
    weights[0, 0] = 2
    asked = []
    compiled = Scorer(flat, lambda texts: asked.extend(texts) or pipeline.predict_proba(texts))
    compiled.predict_proba(["he denied", ""])
    assert asked == ["he denied", ""]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", 3),
        ("view_number", 1),
        ("tokens", 4),
        ("shortest", 0),
        ("longest", 1000),
        ("norm", 10**30),
        ("growth", 3),
        ("second_norm", -1),
        ("weights", np.zeros((3, 4))),
        ("idf", np.zeros(3)),
        ("stop_hashes", np.zeros(1, np.int32)),
        ("stop_bounds", np.array([0, 9])),
        ("stop_bytes", np.zeros(1, np.int32)),
    ],
)
def test_file_whose_hashed_part_does_not_fit_is_refused(hashed, name, value):
    skeleton = compile_pipeline(hashed("words")[0])
    damaged = replace(skeleton, hashed=(skeleton.hashed[0]._replace(**{name: value}),))
    with pytest.raises(ValueError, match=r"'hashed.*of the compiled pipeline does not fit"):
        load_skeleton(dump_skeleton(damaged))


@pytest.mark.slow
@pytest.mark.parametrize("name", PIPELINES)
@PATIENT
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_any_text_scores_as_in_scikit_learn(fitted, name, texts):
    check_same(*fitted(name), texts)


@settings(PATIENT, max_examples=60)
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_any_text_scores_with_the_default_as_in_scikit_learn(fitted, texts):
    check_same(*fitted("default"), texts)


@pytest.mark.slow
@settings(PATIENT, max_examples=2000)
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_a_hundred_thousand_texts_score_as_in_scikit_learn(fitted, texts):
    check_same(*fitted("default"), texts)


@pytest.mark.slow
def test_every_code_point_scores_as_in_scikit_learn(fitted):
    texts = [f"a{chr(point)}b {chr(point)}denied{chr(point)} {chr(point)}" for point in range(0, 0x110000)]
    texts = [text for text in texts if text[1] not in "Σ"]
    for name in ("default", "case kept"):
        for first in range(0, len(texts), 50_000):
            check_same(*fitted(name), texts[first : first + 50_000])


def test_tables_of_characters_are_those_of_python():
    kinds, view = characters.kinds(), characters.view(True, None)
    spaces = set(np.flatnonzero(kinds & characters.SPACE).tolist())
    assert spaces == {point for point in range(0x110000) if chr(point).isspace()}
    rng = np.random.default_rng(0)
    for point in [*range(0x500), *rng.integers(0, 0x110000, 5000).tolist()]:
        assert bool(kinds[point] & characters.WORD) == bool(re.match(r"\w", chr(point)))
        place = view.mapped[point]
        seen = chr(place) if place >= 0 else expansion(view, place)
        assert seen == chr(point).lower()


def expansion(view, place):
    return "".join(map(chr, view.expansions[view.bounds[-1 - place] : view.bounds[-place]]))


@pytest.mark.parametrize("accents", ["unicode", "ascii"])
def test_accents_are_stripped_as_in_scikit_learn(accents):
    from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode

    strip = strip_accents_unicode if accents == "unicode" else strip_accents_ascii
    view = characters.view(True, accents)
    for point in [*range(0x3000), *range(0xF900, 0x10000), *range(0xAC00, 0xD800, 97)]:
        place = view.mapped[point]
        seen = chr(place) if place >= 0 else expansion(view, place)
        assert seen == strip(chr(point).lower()), hex(point)


@settings(PATIENT, max_examples=300)
@given(
    cues=st.lists(st.text("ab* \"'ks", min_size=1, max_size=6), min_size=1, max_size=5),
    texts=st.lists(st.text("aAbB \"'kK\u212as\u017f.\n", max_size=14), min_size=5, max_size=20),
)
def test_cue_lists_match_as_their_pattern(cues, texts):
    cues = [" ".join(cue.split()) or "a" for cue in cues]
    pipeline = make_pipeline(KeywordRules([("x", cues)], "y")).fit(["a", "b"], ["x", "y"])
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), texts)


def test_many_cues_of_several_words_take_several_machine_words():
    cues = [f"a{number} b{number} c{number}" for number in range(50)]
    assert len(compile_cues([cues]).first) == 3
    pipeline = make_pipeline(KeywordRules([("x", cues)], "y")).fit(["a", "b"], ["x", "y"])
    texts = [f"a{number} b{other} c{number}" for number in range(50) for other in (number, number + 1)]
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), texts)


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (make_pipeline(CountVectorizer(), DummyClassifier()), "DummyClassifier is not compiled"),
        (make_pipeline(CountVectorizer(dtype=np.int8), logistic()), "holds no large count"),
        (make_pipeline(WordClasses({"it": "it"}), HashingVectorizer(), logistic()), "classes of words that are hashed"),
        (make_pipeline(HashingVectorizer(), TfidfTransformer(sublinear_tf=True), logistic()), "a sign has no value"),
        (make_pipeline(CountVectorizer(tokenizer=str.split, token_pattern=None), logistic()), "is code of its own"),
        (make_pipeline(CountVectorizer(token_pattern=r"\d+|it"), logistic()), "is not one of those compiled"),
        (make_pipeline(CountVectorizer(analyzer=str.split), logistic()), "is code of its own"),
        (make_pipeline(CueIndicators([("x", ("a  b",))]), logistic()), "white space other than single spaces"),
        (make_pipeline(CountVectorizer(), TfidfTransformer(), TfidfTransformer(), logistic()), "behind a vectoriser"),
        (make_pipeline(FeatureUnion([("a", CueIndicators(RULES)), ("b", CueIndicators(RULES))]), logistic()), "2 cue"),
        (make_pipeline(CountVectorizer(strip_accents=str.lower), logistic()), "is code of its own"),
        (make_pipeline(WordClasses({"it": "it", "b b": "a"}), CountVectorizer(), logistic()), "is not one token"),
        (make_pipeline(CountVectorizer(), MaxAbsScaler(), logistic()), "MaxAbsScaler behind a vectoriser"),
        (make_pipeline(KeywordRules()), "there is no rule"),
        (make_pipeline(CountVectorizer(), SGDClassifier(max_iter=10000)), "has no probabilities of its own"),
        (
            make_pipeline(CountVectorizer(), CalibratedClassifierCV(DummyClassifier(), cv=2)),
            "calibrated DummyClassifier",
        ),
        (make_pipeline(CountVectorizer(), OneVsRestClassifier(DummyClassifier())), "one-vs-rest DummyClassifier"),
        (make_pipeline(CountVectorizer(), BernoulliNB(alpha=0)), "always or never there"),
        (make_pipeline(CountVectorizer(), BernoulliNB(binarize=1.0)), "binarize=1.0 depends on more than which"),
        (make_pipeline(TfidfVectorizer(), BernoulliNB(binarize=0.1)), "binarize=0.1 depends on more than which"),
        (make_pipeline(CueIndicators(RULES), BernoulliNB(binarize=0.5)), "binarize=0.5 depends on more than which"),
        (make_pipeline(HashingVectorizer(), BernoulliNB()), "binarize of counts with a sign"),
    ],
)
# "Always" is a logarithm of 0.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_pipeline_that_cannot_be_compiled_says_why(pipeline, reason):
    texts = ["it 1 a", "it 2 b", "it 3 a", "it 4 b"]
    with pytest.raises(CannotCompile, match=re.escape(reason)):
        compile_pipeline(pipeline.fit(texts, ["a", "b", "a", "b"]))


def test_classifier_of_a_kind_not_known_says_why():
    texts = ["it 1 a", "it 2 b", "it 3 a", "it 4 b"]
    labels = ["a", "b", "a", "b"]
    calibrated = CalibratedClassifierCV(LinearSVC(), cv=2).fit(CountVectorizer().fit_transform(texts), labels)
    calibrated.method = "odd"
    with pytest.raises(CannotCompile, match="method='odd' is not compiled"):
        make_head(calibrated)
    calibrated.method = "sigmoid"
    calibrated.calibrated_classifiers_[0].estimator.classes_ = np.array(["a"])
    with pytest.raises(CannotCompile, match="has not seen every class"):
        make_head(calibrated)
    several = OneVsRestClassifier(BernoulliNB()).fit(CountVectorizer().fit_transform(texts), ["a", "b", "c", "b"])
    several.estimators_[0].binarize = None
    with pytest.raises(CannotCompile, match="classifiers with different binarize are in one"):
        make_head(several)
    both = OneVsRestClassifier(LogisticRegression()).fit(np.eye(3), [[1, 0], [0, 1], [1, 1]])
    with pytest.raises(CannotCompile, match="several labels at once"):
        make_head(both)
    with pytest.raises(CannotCompile, match="adds its prior to every score"):
        make_head(ComplementNB().fit(np.eye(2), ["a", "a"]))


def test_more_words_than_keys_tell_apart_are_left_to_scikit_learn(fitted, monkeypatch):
    monkeypatch.setattr(compilation, "SYMBOL_BITS", 5)
    with pytest.raises(CannotCompile, match="the vocabularies have more than 31 words"):
        compile_pipeline(fitted("words")[0])
    monkeypatch.undo()
    monkeypatch.setattr(compilation, "NODE_BITS", 5)
    with pytest.raises(CannotCompile, match="the vocabularies have more than 32 beginnings of n-grams"):
        compile_pipeline(fitted("words")[0])


def test_last_number_is_no_word(monkeypatch):
    assert kernel.NO_TOKEN == (1 << tries.SYMBOL_BITS) - 1
    monkeypatch.setattr(compilation, "SYMBOL_BITS", 3)
    assert len(compile_pipeline(with_weights([[0.0] * 7], [0.0])).symbol_nodes) == 7
    with pytest.raises(CannotCompile, match="the vocabularies have more than 7 words"):
        compile_pipeline(with_weights([[0.0] * 8], [0.0]))


def test_sentence_that_needs_the_place_of_a_sigma_goes_to_scikit_learn(fitted):
    pipeline, _ = fitted("words")
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    check_same(pipeline, compiled, ["ΣΟΦΟΣ", "sofos", "ΟΣ Σ"])
    assert compiled.n_left == 2


def with_weights(weights, offsets):
    """A fitted pipeline of counts of the words a, b, c, ... with these weights, one row a label."""
    weights = np.array(weights, float)
    words = [chr(ord("a") + place) for place in range(weights.shape[1])]
    labels = [f"label {place}" for place in range(max(2, len(weights)))]
    classifier = LogisticRegression().fit(np.eye(len(labels), weights.shape[1]), labels)
    classifier.coef_, classifier.intercept_ = weights, np.array(offsets, float)
    vectorizer = CountVectorizer(token_pattern=r"\w+", vocabulary=words).fit(words)
    return make_pipeline(vectorizer, classifier)


# Exact sums are equal, or 0; yet 1e8 + 0.1 - 1e8 is 0.09999999 in this order alone.
@pytest.mark.parametrize(
    "weights", [[[1e8, 0.1, -1e8], [1e8, -1e8, 0.1], [-9.0, -9.0, 0.0]], [[1e8, 0.1, -100_000_000.1]]]
)
def test_tie_is_decided_as_in_scikit_learn(weights, monkeypatch):
    pipeline = with_weights(weights, [0.0] * len(weights))
    texts = [" ".join(order) for order in permutations("abc")]
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    assert (compiled.predict_proba(texts) == pipeline.predict_proba(texts)).all()
    assert compiled.n_left == len(texts)
    compiled.predict_proba(["a c c", "a a b"])
    assert compiled.n_left == len(texts)
    monkeypatch.setattr(scorer, "MARGIN", 0.0)
    assert (compiled.predict_proba(texts).argmax(axis=1) != pipeline.predict_proba(texts).argmax(axis=1)).any()


@pytest.mark.parametrize(
    ("weights", "offsets"),
    [
        ([[0.0, 0.0, 0.0]] * 4, [0.1] * 4),
        ([[0.0, 0.0, 0.0]], [0.0]),
        ([[0.1, 0.2, 0.3]] * 3, [0.0] * 3),
        ([[1e-11, 2e-11, 2e-11]], [1e-12]),
    ],
)
def test_model_whose_labels_are_always_tied_stays_compiled(weights, offsets):
    pipeline = with_weights(weights, offsets)
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    texts = ["a", "c b a", "", "x", "a a b c c"]
    assert (compiled.predict_proba(texts).argmax(axis=1) == pipeline.predict_proba(texts).argmax(axis=1)).all()
    assert compiled.n_left == 0


def test_sentence_left_to_scikit_learn_many_times_is_scored_once(fitted):
    pipeline, _ = fitted("words")
    asked = []
    compiled = Scorer(compile_pipeline(pipeline), lambda texts: asked.extend(texts) or pipeline.predict_proba(texts))
    texts = ["ΣΟΦΟΣ", "he denied", "Σ", "ΣΟΦΟΣ", "ΣΟΦΟΣ"]
    check_same(pipeline, compiled, texts)
    assert asked == ["ΣΟΦΟΣ", "Σ"]
    assert compiled.n_left == 4


def test_tries_in_rows_lead_where_their_parents_say():
    rng = np.random.default_rng(5)
    builder = tries.TrieBuilder()
    paths = {}
    for number in range(3):
        root = builder.root()
        # Letters are as uneven as in a language, and more than have a bit.
        for path in (rng.zipf(1.3, size=rng.integers(1, 6)) % 90 for _ in range(400)):
            paths[number, tuple(path.tolist())] = builder.add(root, path.tolist())
    parents, symbols = np.array(builder.parents, np.int32), np.array(builder.symbols, np.int32)
    rows = tries.in_rows(parents, symbols, 90)
    assert sorted(rows.order.tolist()) == list(range(len(parents)))
    assert (rows.numbers[rows.order] == np.arange(len(parents))).all()
    common = np.flatnonzero(rows.ranks < tries.N_RANKED)
    assert len(common) == tries.N_RANKED
    counts = np.bincount(symbols[parents >= 0], minlength=90)
    assert counts[common].min() >= np.delete(counts, common).max()
    children = {
        (int(parent), int(symbol)): node for node, (parent, symbol) in enumerate(zip(parents, symbols, strict=True))
    }
    for node in range(len(parents)):
        bits = int(rows.branches[rows.numbers[node]]) & (1 << 64) - 1
        for symbol in range(90):
            rank, child = int(rows.ranks[symbol]), children.get((node, symbol))
            if rank < tries.N_RANKED:
                assert bits >> rank & 1 == (child is not None)
            if rank < tries.N_RANKED and child is not None:
                before = (bits & (1 << rank) - 1).bit_count()
                assert rows.firsts[rows.numbers[node]] + before == rows.numbers[child]


def test_table_finds_what_stands_in_it_and_nothing_else():
    # So many that some lines are full and keys stand in the next.
    keys = np.sort(np.random.default_rng(8).choice(1 << 30, 20_000, replace=False))
    parents = np.concatenate([[-1], keys >> 15]).astype(np.int32)
    symbols = np.concatenate([[0], keys & (1 << 15) - 1]).astype(np.int32)
    table = scorer._table(parents, symbols)
    assert len(parents) > 0.6 * len(table)
    assert (table.reshape(-1, intrinsics.LINE) >= 0).all(axis=1).sum() > 100
    keys = parents.astype(np.int64) << tries.SYMBOL_BITS | symbols
    assert [kernel.look_up(table, key) for key in keys[1:].tolist()] == list(range(1, len(parents)))
    assert {kernel.look_up(table, key) for key in (keys[1:] | 1 << 16).tolist()} == {-1}


def test_vocabulary_of_more_letters_than_have_a_bit_scores_as_in_scikit_learn():
    rng = np.random.default_rng(6)
    letters = [chr(point) for first in (0x61, 0x3B1, 0x430, 0x4E00) for point in range(first, first + 24)]
    weights = 1 / np.arange(1, len(letters) + 1)
    drawn = rng.choice(letters, size=(600, 12), p=weights / weights.sum())
    words = ["".join(row[: rng.integers(1, 12)]) for row in drawn.tolist()]
    texts = [" ".join(rng.choice(words, 9)) for _ in range(300)]
    labels = rng.integers(0, 4, len(texts)).astype(str)
    parts = [*ngrams().items(), ("across", TfidfVectorizer(analyzer="char", ngram_range=(1, 3)))]
    pipeline = make_pipeline(FeatureUnion(parts), logistic()).fit(texts[:150], labels[:150])
    program = scorer.link_program(compile_pipeline(pipeline))
    assert (program.ranks[[ord(letter) for letter in letters]] == tries.N_RANKED).sum() > 20
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), texts)


@pytest.mark.parametrize("name", ["within words", "default"])
def test_word_as_often_as_is_counted_at_once_scores_as_in_scikit_learn(fitted, name):
    pipeline, compiled = fitted(name)
    assert len(scorer.link_program(compile_pipeline(pipeline)).frequent)
    often = kernel.MOST_ADDED
    check_same(pipeline, compiled, ["said " * times for times in (often - 1, often, often + 1, 2 * often + 1)])


def test_word_whose_frequent_columns_nearly_fill_the_memory_scores_as_in_scikit_learn():
    letters = "abcdefghijklmnopqrstuvwxyz012345"
    within = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 14), sublinear_tf=True)
    # Behind another part, a column and its place among the frequent ones differ.
    union = FeatureUnion([("words", CountVectorizer()), ("within", within)])
    pipeline = make_pipeline(union, logistic()).fit([letters * 3, "b", "a"], ["x", "y", "z"])
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), [(letters * 300)[:9396]])


def test_memo_that_is_full_is_forgotten_and_one_too_small_grows(fitted, monkeypatch):
    monkeypatch.setattr(scorer, "N_CHUNKS", 16)
    pipeline, _ = fitted("default")
    texts = [f"w{number} denied w{number + 1}" for number in range(300)]
    texts += [" ".join(f"v{number}" for number in range(500)), "y" * 30_000, "z" * 100_000, *texts[:50]]
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), texts)


def test_sentence_of_more_chunks_than_are_looked_up_at_once_takes_more_room(fitted):
    pipeline, _ = fitted("within words")
    program = scorer.link_program(compile_pipeline(pipeline))
    memo = scorer.make_memo(program)
    data, offsets = scorer.encode(["denied it a b c"])
    few = memo._replace(seen=memo.seen[:4])
    arguments = (data, offsets, 0, 1, False, np.empty((1, 5)), np.zeros(1, np.uint8))
    assert kernel.score(program, few, *arguments) == (kernel.FULL, 0)
    assert kernel.score(program, memo, *arguments) == (kernel.DONE, 1)


def test_sentences_are_cut_so_many_at_once_as_there_is_room_for(fitted):
    pipeline, _ = fitted("default")
    texts = ["denied it a b c", "we will be", "x", "a b c d e f g", "", "said he", *SENTENCES[:3]]
    data, offsets = scorer.encode(texts)
    program = scorer.link_program(compile_pipeline(pipeline))
    expected = np.empty((len(texts), 5))
    left = np.zeros(len(texts), np.uint8)
    memo = scorer.make_memo(program)
    assert kernel.score(program, memo, data, offsets, 0, len(texts), False, expected, left) == (kernel.DONE, len(texts))
    for n_chunks in (12, 13, 17):
        few = scorer.make_memo(program)
        few = few._replace(seen=few.seen[:n_chunks])
        found = np.empty((len(texts), 5))
        arguments = (data, offsets, 0, len(texts), False, found, left)
        assert kernel.score(program, few, *arguments) == (kernel.DONE, len(texts))
        assert (found == expected).all()


def test_numbers_of_sentences_start_again_and_no_count_is_left_over(fitted):
    pipeline, _ = fitted("words")
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba, n_threads=1)
    texts = ["He denied the treaty."] * 8
    expected = compiled.predict_proba(texts)
    for n_left in range(8):
        compiled._memos[0].sizes[kernel.N_EPOCHS] = kernel.LAST_EPOCH - n_left
        assert (compiled.predict_proba(texts) == expected).all()


def test_counts_are_cleared_when_the_numbers_of_sentences_run_out(fitted):
    pipeline, _ = fitted("default")
    compiled = Scorer(compile_pipeline(pipeline), pipeline.predict_proba)
    compiled.predict_proba(SENTENCES)
    compiled._memos[0].sizes[kernel.N_EPOCHS] = kernel.LAST_EPOCH - 3
    check_same(pipeline, compiled, SENTENCES + SENTENCES)


def test_threads_give_the_same_as_one(fitted):
    pipeline, one = fitted("default")
    texts = [f"He denied it {number} times." for number in range(9000)]
    several = Scorer(compile_pipeline(pipeline), pipeline.predict_proba, n_threads=3)
    assert (several.predict_proba(texts) == one.predict_proba(texts)).all()


def test_column_of_text_is_read_in_place(fitted):
    _, compiled = fitted("default")
    texts = [text for text in HOSTILE + SENTENCES if text.isascii()]
    expected = compiled.predict_proba(texts)
    for kind in (pa.string(), pa.large_string()):
        column = pa.array(["x y", *texts, "z"], kind)
        assert (compiled.predict_proba_column(column.slice(1, len(texts))) == expected).all()
    assert compiled.predict_proba_column(pa.array([], pa.string())).shape == (0, 5)


def test_column_of_more_than_two_gigabytes_is_read_in_its_place(fitted):
    pipeline, compiled = fitted("words")
    text = b"They hoped for a treaty of the two unheard-of ministries"
    # Memory that nobody writes to is not there.
    data, begin = np.zeros((1 << 31) + 100, np.uint8), (1 << 31) + 5
    data[begin : begin + len(text)] = np.frombuffer(text, np.uint8)
    offsets = pa.py_buffer(np.array([begin, begin + len(text)]))
    column = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    expected = pipeline.predict_proba([text.decode()])
    np.testing.assert_allclose(compiled.predict_proba_column(column), expected, rtol=0, atol=1e-8)


def test_column_that_is_no_text_is_refused_by_row(fitted):
    _, compiled = fitted("words")
    with pytest.raises(TypeError, match="a column of int64 came, expected one of text; cast it to string"):
        compiled.predict_proba_column(pa.array([1]))
    with pytest.raises(ValueError, match="row 1 is missing, expected text; drop or fill"):
        compiled.predict_proba_column(pa.array(["a", None]))
    wrong = (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", b"\xc3 x", b"\x80")
    for content in wrong:
        bad = pa.array([b"fine", b"x " + content, b"x"]).view(pa.string())
        with pytest.raises(ValueError, match="row 1 is not UTF-8; decode the column anew or drop the row"):
            compiled.predict_proba_column(bad)
    offsets = pa.py_buffer(np.array([0, 5, 2], np.int32).tobytes())
    descending = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"hello")])
    # All differences of these are above 0 once they have overflown.
    offsets = pa.py_buffer(np.array([0, 1 << 62, -(1 << 63), -1, 5]))
    far = pa.Array.from_buffers(pa.large_string(), 4, [None, offsets, pa.py_buffer(b"hello")])
    for column in (descending, far):
        with pytest.raises(ValueError, match="offsets lie outside its bytes"):
            compiled.predict_proba_column(column)


def test_offsets_that_pyarrow_finds_wrong_are_refused():
    class Column:
        type = pa.string()

        def validate(self):
            raise pa.ArrowInvalid("too small")

    with pytest.raises(ValueError, match="offsets lie outside its bytes, expected a valid Arrow array; write it"):
        scorer.column_bytes(Column())


def test_row_that_is_no_text_is_refused_whatever_is_known_of_it(fitted):
    _, compiled = fitted("words")
    assert np.isfinite(compiled.predict_proba(["x\ud800 a"])).all()
    for content in (b"x\xed\xa0\x80 a", b"x" * kernel.LONGEST_TEXT + b"\xff"):
        bad = pa.array([b"fine", content, b"x"]).view(pa.string())
        with pytest.raises(ValueError, match="row 8 is not UTF-8; decode the column anew or drop the row"):
            compiled.predict_proba_column(bad, 7)


def test_what_is_written_is_read_back_and_equal_in_bytes(fitted):
    for name in ("default", "rules", "calibrated machines", "accents, unicode"):
        pipeline, compiled = fitted(name)
        content = dump_skeleton(compile_pipeline(pipeline))
        loaded = load_skeleton(content)
        assert dump_skeleton(loaded) == content
        again = Scorer(loaded, pipeline.predict_proba).predict_proba(SENTENCES)
        assert (again == compiled.predict_proba(SENTENCES)).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_columns", 10**6),
        ("symbol_nodes", 10**6),
        ("symbol_columns", -2),
        ("stems", 10**6),
        ("letter_parents", 10**6),
        ("letter_symbols", 0x110000),
        ("parts", 77),
    ],
)
def test_file_whose_numbers_lead_out_of_an_array_is_refused(fitted, name, value):
    skeleton = compile_pipeline(fitted("default")[0])
    getattr(skeleton, name).flat[-1] = value
    with pytest.raises(ValueError, match=f"{name.split('_')[0]}.*compile the pipeline anew"):
        load_skeleton(dump_skeleton(skeleton))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("classes", {"classes": ("denial", "pledge")}),
        ("classes", {"classes": ("none",) * 5}),
        ("link", {"link": "expit"}),
        ("link", {"link": "eval"}),
        ("views", {"views": ((True, ["ascii"]),) * 2}),
        ("views", {"views": ((True, "latin"),) * 2}),
    ],
)
def test_file_whose_classes_do_not_fit_its_scores_is_refused(fitted, name, changes):
    skeleton = replace(compile_pipeline(fitted("default")[0]), **changes)
    with pytest.raises(ValueError, match=f"'{name}' of the compiled pipeline does not fit"):
        load_skeleton(dump_skeleton(skeleton))


@pytest.mark.parametrize("kind", ["calibrated machines", "rules"])
def test_file_whose_link_lacks_settings_is_refused(fitted, kind):
    skeleton = compile_pipeline(fitted(kind)[0])
    with pytest.raises(ValueError, match="holds no compiled pipeline"):
        load_skeleton(dump_skeleton(replace(skeleton, settings={})))
    cut = {key: array[:1] for key, array in skeleton.settings.items()}
    with pytest.raises(ValueError, match="'settings' of the compiled pipeline does not fit"):
        load_skeleton(dump_skeleton(replace(skeleton, settings=cut)))


def test_array_of_other_dimensions_is_refused(fitted):
    skeleton = compile_pipeline(fitted("words")[0])
    with pytest.raises(ValueError, match="holds no compiled pipeline"):
        load_skeleton(dump_skeleton(replace(skeleton, offsets=np.float64(0.5).reshape(()))))


def test_value_that_leads_out_of_the_columns_is_no_feature(fitted):
    skeleton = compile_pipeline(fitted("default")[0])
    skeleton.values[skeleton.values >= 0] = 10**6
    loaded = load_skeleton(dump_skeleton(skeleton))
    assert np.isfinite(Scorer(loaded, fitted("default")[0].predict_proba).predict_proba(SENTENCES)).all()


def test_vocabulary_without_a_token_leads_out_of_no_array():
    pipeline = make_pipeline(CountVectorizer(vocabulary=["a b c"], ngram_range=(1, 2)), logistic())
    pipeline.fit(["a b", "c"], ["x", "y"])
    skeleton = compile_pipeline(pipeline)
    assert len(skeleton.symbol_nodes) == 0
    assert scorer.link_program(skeleton).symbol_nodes.tolist() == [-1]
    check_same(pipeline, Scorer(skeleton, pipeline.predict_proba), ["a b c", "c", ""])


def test_count_that_overflows_leads_out_of_no_array():
    words = TfidfVectorizer(token_pattern=WORD_OR_MARK, sublinear_tf=True)
    pipeline = make_pipeline(FeatureUnion([("a", words), ("b", clone(words))]), logistic()).fit(SENTENCES, LABELS)
    skeleton = compile_pipeline(pipeline)
    skeleton.symbol_columns[:] = 0
    compiled = Scorer(load_skeleton(dump_skeleton(skeleton)), pipeline.predict_proba, n_threads=1)
    # As many marks in both parts as two bytes count to: one more than there are.
    texts = ["!" * kernel.LONGEST_TEXT]
    compiled.predict_proba(texts)
    compiled._memos[0].sizes[kernel.N_EPOCHS] = kernel.LAST_EPOCH - 1
    compiled.predict_proba(texts)
    assert compiled._memos[0].counts[0] < 0


def changed_file(content, name, change):
    """A file of which one entry is changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(changed, "w") as copy:
        for entry in archive.namelist():
            copy.writestr(entry, change(archive.read(entry)) if entry == name else archive.read(entry))
    return changed.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': (",
        "(" * 3000,
        "  a\n b",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1125899906842624,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1180591620717411303424,)}",
    ],
)
def test_file_whose_array_cannot_be_read_is_refused(fitted, header):
    array = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header.encode() + b"\n"
    content = dump_skeleton(compile_pipeline(fitted("words")[0]))
    with pytest.raises(ValueError, match="holds no compiled pipeline"):
        load_skeleton(changed_file(content, "offsets.npy", lambda _: array))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("n_scores", float("inf"), "holds no compiled pipeline"), ("views", [[True, None]] * 1000, "'views' of the comp")],
)
def test_file_that_asks_for_endless_room_is_refused(fitted, name, value, reason):
    content = dump_skeleton(compile_pipeline(fitted("words")[0]))
    with pytest.raises(ValueError, match=reason):
        load_skeleton(changed_file(content, "about.json", lambda old: json.dumps({**json.loads(old), name: value})))


@pytest.mark.parametrize("name", ["values", "step_columns", "symbol_nodes", "cues.first"])
def test_array_that_became_a_table_is_refused(fitted, name):
    skeleton = compile_pipeline(fitted("default")[0])
    if name == "cues.first":
        changed = replace(skeleton, cues=skeleton.cues._replace(first=skeleton.cues.first[:, None]))
    else:
        changed = replace(skeleton, **{name: getattr(skeleton, name)[:, None]})
    with pytest.raises(ValueError, match=f"'{name}' of the compiled pipeline does not fit"):
        load_skeleton(dump_skeleton(changed))


def test_damaged_file_is_refused(fitted, monkeypatch):
    content = dump_skeleton(compile_pipeline(fitted("words")[0]))
    with pytest.raises(ValueError, match="holds no compiled pipeline"):
        load_skeleton(b"PK" + content[:100])
    monkeypatch.setattr(unicodedata, "unidata_version", "1.0")
    with pytest.raises(ValueError, match="another Unicode"):
        load_skeleton(content)


def test_odd_cue_is_refused():
    with pytest.raises(ValueError, match="'a  b' has white space other than single spaces"):
        compile_cues([["a  b"]])
    assert refusal(["x " * 64 + "x"]).endswith("has more than 63 words")
    with pytest.raises(ValueError, match="64 rules came, at most 63 are expected"):
        compile_cues([["a"]] * 64)
    with pytest.raises(ValueError, match="more than 250 different characters"):
        compile_cues([[chr(0x4E00 + number) for number in range(300)]])


@pytest.mark.slow
def test_kernel_stays_within_its_arrays(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    tests = "hostile or full or column or leads_out or threads or with_the_default or hash"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", tests, str(Path(__file__))]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2000:]


@pytest.mark.slow
def test_kernel_works_where_nothing_can_be_cached(tmp_path):
    code = (
        "import numba.core.caching as c; c.CacheImpl._locator_classes = [];"
        "from toolkit.engine import kernel; print(kernel.mix(1) == kernel.mix(1))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stdout.strip() == "True", found.stderr


@pytest.mark.slow
@pytest.mark.skipif("TOOLKIT_BENCH_TEXT" not in os.environ, reason="names a file of sentences, one a line")
def test_all_of_a_large_text_scores_as_in_scikit_learn(fitted):
    import gzip

    path = os.environ["TOOLKIT_BENCH_TEXT"]
    content = Path(path).read_bytes()
    sentences = (gzip.decompress(content) if path.endswith(".gz") else content).decode().splitlines()
    for first in range(0, len(sentences), 20_000):
        check_same(*fitted("default"), sentences[first : first + 20_000])


def test_corpus_scores_as_in_scikit_learn():
    from toolkit.corpus.loading import load_corpus

    folder = Path(__file__).parent.parent.parent.parent / "data"
    rows = [row for split in load_corpus(folder).values() for row in split]
    texts, labels = [row["text"] for row in rows[::2]], [row["label"] for row in rows[::2]]
    pipeline = make_pipeline(ngrams(min_df=2)["words"], LogisticRegression(max_iter=50, tol=0.1)).fit(texts, labels)
    check_same(pipeline, Scorer(compile_pipeline(pipeline), pipeline.predict_proba), [row["text"] for row in rows])


def test_labelling_loads_no_scikit_learn(workplace, tmp_path):
    (tmp_path / "a.txt").write_text("The old ministry denied the report about the tower.")
    code = (
        "import sys; from toolkit.cli import main as cli;"
        f"cli.main(['label', 'a.txt', '--model', {str(workplace / 'runs/words/model')!r}]);"
        "print(sorted(set(sys.modules) & {'sklearn', 'skops', 'datasets', 'matplotlib', 'jinja2', 'pyarrow'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent.parent)}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    row, loaded = found.stdout.splitlines()
    assert '"label": "denial"' in row
    assert loaded == "[]"


def test_model_says_what_labels_it(workplace, tmp_path):
    import shutil

    import toolkit

    words, majority = (toolkit.load_model(workplace / f"runs/{name}/model") for name in ("words", "majority"))
    assert words.engine == "compiled"
    assert majority.engine == "scikit-learn: DummyClassifier is not compiled"
    texts = ["The old ministry denied the report.", "The river rose by night."]
    column = pa.chunked_array([texts[:1], texts[1:]])
    for model in (words, majority):
        assert (model.predict_proba_column(column) == model.predict_proba(texts)).all()
        with pytest.raises(ValueError, match="row 0 is missing"):
            model.predict_proba_column(pa.array([None], pa.string()))
        with pytest.raises(ValueError, match="row 3 is missing"):
            model.predict_proba_column(pa.chunked_array([texts, ["a", None]]))
    parts = [pa.array(texts), pa.array([b"a", b"\xff"]).view(pa.string())]
    for model in (words, majority):
        with pytest.raises(ValueError, match="row 3 is not UTF-8; decode the column anew or drop the row"):
            model.predict_proba_column(pa.chunked_array(parts))
    assert np.allclose(words.predict_proba(texts), words.pipeline.predict_proba(texts), atol=1e-12)
    # A compiled file that is missing, damaged or of another pipeline is made anew from the pipeline.
    for number, damage in enumerate((None, b"PK")):
        folder = tmp_path / str(number)
        shutil.copytree(workplace / "runs/words/model", folder)
        (folder / "compiled.npz").unlink() if damage is None else (folder / "compiled.npz").write_bytes(damage)
        again = toolkit.load_model(folder)
        assert (again.predict_proba(texts) == words.predict_proba(texts)).all()
        assert again.engine == "compiled"


def test_kernel_changes_with_the_numbers_it_was_compiled_for():
    numbers = sorted((name, value) for name, value in (vars(program) | vars(layout)).items() if name.isupper())
    taken = (numbers, program.Program._fields, inspect.getsource(intrinsics))
    layout_digest = hashlib.sha256(repr(taken).encode()).hexdigest()[:16]
    assert layout_digest == kernel.LAYOUT
    for name in ("SYMBOL_BITS", "NODE_BITS", "N_RANKED"):
        assert getattr(kernel, name) == getattr(tries, name)
    for name in ("WORD", "SPACE", "MARK"):
        assert getattr(kernel, name) == getattr(characters, name)


def test_kernel_is_cached_between_processes():
    assert kernel.score._cache is not None
    assert type(kernel.score._cache).__name__ == "FunctionCache"
    assert type(hashing.score_hashed._cache).__name__ == "FunctionCache"


@pytest.mark.slow
def test_kernel_that_checks_its_indices_is_not_cached():
    code = "from toolkit.engine import hashing, kernel; print(kernel.score._cache, hashing.score_hashed._cache)"
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.count("NullCache") == 2


def test_hashing_changes_with_what_it_takes_from_the_kernel():
    sources = [inspect.getsource(function.py_func) for function in (kernel.decode, kernel.see, kernel.join_spaces)]
    numbers = [getattr(kernel, name) for name in ("DONE", "FULL", "INVALID", "WORD", "SPACE", "MARK", "SIGMA")]
    taken = (sources, numbers, kernel.LAYOUT, program.Hashed._fields)
    assert hashlib.sha256(repr(taken).encode()).hexdigest()[:16] == hashing.KERNEL
