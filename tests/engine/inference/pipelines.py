"""Pipelines to compile, texts to score, and the comparison with scikit-learn, for all tests of this folder."""

import numpy as np
from hypothesis import HealthCheck, settings, strategies as st
from sklearn.calibration import CalibratedClassifierCV
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
from sklearn.svm import LinearSVC

from toolkit.estimators.lexicon import WORD_OR_MARK, WORD_OR_PUNCTUATION, WordClasses
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
CLASSES |= {"pause": ", ; :", "end": ". ! ?", "other": "’ ½ \x00"}


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
    "words and punctuation": lambda: make_pipeline(
        TfidfVectorizer(token_pattern=WORD_OR_PUNCTUATION, ngram_range=(1, 3)), logistic()
    ),
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
SMALL = {"n_features": 61}
HASHED = {
    "words": HashingVectorizer(ngram_range=(1, 2), n_features=1 << 12),
    "words without some": HashingVectorizer(stop_words=["the", "he", "it"], ngram_range=(1, 3), norm="l1", **SMALL),
    "long words": HashingVectorizer(ngram_range=(2, 3), alternate_sign=False, strip_accents="unicode", **SMALL),
    "words and marks": HashingVectorizer(token_pattern=WORD_OR_MARK, binary=True, norm=None, **SMALL),
    "words and punctuation": HashingVectorizer(token_pattern=WORD_OR_PUNCTUATION, ngram_range=(1, 2), **SMALL),
    "chunks": HashingVectorizer(token_pattern=r"\S+", lowercase=False, binary=True, **SMALL),
    "within words": HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=1 << 12),
    "long within words": HashingVectorizer(analyzer="char_wb", ngram_range=(5, 7), strip_accents="ascii", **SMALL),
    "characters": HashingVectorizer(analyzer="char", ngram_range=(1, 4), norm=None, **SMALL),
    "counts, then weights": make_pipeline(
        HashingVectorizer(alternate_sign=False, norm=None, **SMALL), TfidfTransformer(sublinear_tf=True)
    ),
    "proportions, then weights": make_pipeline(HashingVectorizer(norm="l1", **SMALL), TfidfTransformer(norm="l1")),
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


def check_same(pipeline, scorer, sentences, tolerance=1e-8):
    expected = pipeline.predict_proba(sentences)
    proba = scorer.predict_proba(sentences)
    np.testing.assert_allclose(proba, expected, rtol=0, atol=tolerance)
    close = np.sort(expected, axis=1)
    # A tie is the only thing that rounding may decide otherwise.
    clear = close[:, -1] - close[:, -2] > 1e-8
    assert (proba.argmax(axis=1) == expected.argmax(axis=1))[clear].all()


def well_formed(text):
    """Return a text without its surrogates, which scikit-learn refuses to hash."""
    return "".join(character for character in text if not 0xD800 <= ord(character) < 0xE000)


def with_weights(weights, offsets):
    """A fitted pipeline of counts of the words a, b, c, ... with these weights, one row a label."""
    weights = np.array(weights, float)
    words = [chr(ord("a") + place) for place in range(weights.shape[1])]
    labels = [f"label {place}" for place in range(max(2, len(weights)))]
    classifier = LogisticRegression().fit(np.eye(len(labels), weights.shape[1]), labels)
    classifier.coef_, classifier.intercept_ = weights, np.array(offsets, float)
    vectorizer = CountVectorizer(token_pattern=r"\w+", vocabulary=words).fit(words)
    return make_pipeline(vectorizer, classifier)


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
