"""Search and fit give what scikit-learn's own grid search and pipeline give, to the last bit."""

import warnings

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from toolkit.engine.training.counted_sentences import CountedSentences
from toolkit.engine.training.vectorizers import CompiledTfidfVectorizer
from toolkit.labels import LabelSet
from toolkit.models.search import choose, fit
from toolkit.models.soft_labels import soften

WORDS = [(a, b, c) for a in ("he", "she", "they") for b in ("denied", "said") for c in ("it", "so", "no")]
TEXTS = np.array([" ".join(words) for words in WORDS])
LABELS = np.array([text.split()[1][0] + str(number % 3 == 0) for number, text in enumerate(TEXTS)])
FOLDS = [(np.arange(6, 18), np.arange(6)), (np.arange(12), np.arange(12, 18))]


@pytest.mark.parametrize(
    ("classifier", "grid"),
    [
        (
            LogisticRegression(solver="newton-cg"),
            {"classifier__C": [30, 1, 0.01], "classifier__class_weight": [None, "balanced"]},
        ),
        (MultinomialNB(), {"classifier__alpha": [100.0, 1.0, 0.1]}),
    ],
)
def test_choice_and_fit_are_those_of_a_grid_search(classifier, grid):
    pipeline = Pipeline([("vectorizer", TfidfVectorizer(ngram_range=(1, 2))), ("classifier", classifier)])
    search = GridSearchCV(pipeline, grid, cv=FOLDS, scoring=make_scorer(accuracy_score)).fit(list(TEXTS), LABELS)
    chosen = choose(pipeline, grid, TEXTS, LABELS, FOLDS, accuracy)
    assert chosen == search.best_params_
    # If lower is better the worst is chosen: the scores decide.
    worst = choose(pipeline, grid, TEXTS, LABELS, FOLDS, lambda rows, y_pred: -accuracy(rows, y_pred))
    assert worst == search.cv_results_["params"][int(np.argmin(search.cv_results_["mean_test_score"]))]
    held_out = ["they denied no", "he said"]
    rows = fit(pipeline.set_params(**chosen), list(TEXTS), LABELS, held_out)
    assert pipeline.predict_proba(list(TEXTS)).tobytes() == search.predict_proba(list(TEXTS)).tobytes()
    assert pipeline[-1].predict_proba(rows).tobytes() == search.predict_proba(held_out).tobytes()


def accuracy(rows, y_pred):
    return accuracy_score(LABELS[rows], y_pred)


def test_sentences_counted_once_give_the_same_choice_and_fit():
    union = FeatureUnion(
        [("words", CompiledTfidfVectorizer(min_df=2)), ("characters", CompiledTfidfVectorizer(analyzer="char_wb"))]
    )
    pipeline, plain = (
        Pipeline([("vectorizer", union), ("classifier", LogisticRegression(solver="newton-cg", C=1.0))]) for _ in "12"
    )
    grid, held_out = {"classifier__C": [0.01, 3, 30]}, ["they denied no", "he said", "unheard of"]
    counted = CountedSentences([*TEXTS, *held_out])
    chosen = choose(pipeline, grid, TEXTS, LABELS, FOLDS, accuracy, counted)
    assert chosen == choose(plain, grid, TEXTS, LABELS, FOLDS, accuracy)
    rows = fit(pipeline.set_params(**chosen), list(TEXTS), LABELS, held_out, counted)
    plain.set_params(**chosen).fit(list(TEXTS), LABELS)
    assert pipeline[-1].predict_proba(rows).tobytes() == plain.predict_proba(held_out).tobytes()
    assert pipeline.predict_proba(held_out).tobytes() == plain.predict_proba(held_out).tobytes()


def test_pipeline_of_one_step_or_three_is_fitted_as_it_is():
    words = CompiledTfidfVectorizer()
    three = Pipeline(
        [("all", FeatureUnion([("words", words)])), ("as it is", "passthrough"), ("bayes", MultinomialNB())]
    )
    rows = fit(three, list(TEXTS), LABELS, ["he said"])
    assert three[-1].predict(rows).tolist() == three.predict(["he said"]).tolist()
    assert fit(three, list(TEXTS), LABELS) == ()
    alone = Pipeline([("bayes", MultinomialNB())])
    assert fit(alone, [[1, 0], [0, 1]], np.array(["a", "b"]), [[2, 1]]) == [[2, 1]]
    assert alone.predict([[2, 1]]).tolist() == ["a"]


def test_candidate_that_fails_on_a_fold_comes_last():
    pipeline = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", LogisticRegression(solver="newton-cg"))])
    bayes = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", MultinomialNB())])
    # A negative alpha is refused.
    assert choose(bayes, {"classifier__alpha": [-1.0, 1.0]}, TEXTS, LABELS, FOLDS, accuracy) == {
        "classifier__alpha": 1.0
    }
    # On a fold with one label nothing can be fitted: no candidate has a mean, and the first is chosen.
    folds = [(np.array([1, 2]), np.arange(6)), FOLDS[0]]
    assert choose(pipeline, {"classifier__C": [3, 1]}, TEXTS, LABELS, folds, accuracy) == {"classifier__C": 3}
    with pytest.raises(ValueError, match="at least 2 classes"):
        choose(pipeline, {"classifier__C": [3, 1]}, TEXTS, LABELS, folds[:1], accuracy)


def test_vocabulary_is_learned_from_the_training_part_alone(monkeypatch):
    fitted_to = []
    plain = TfidfVectorizer.fit_transform
    monkeypatch.setattr(
        TfidfVectorizer,
        "fit_transform",
        lambda self, texts, y=None: fitted_to.append(list(texts)) or plain(self, texts),
    )
    pipeline = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", MultinomialNB())])
    choose(pipeline, {"classifier__alpha": [1.0, 2.0]}, TEXTS, LABELS, FOLDS, accuracy)
    # Once per fold, however many candidates there are.
    assert fitted_to == [TEXTS[rows].tolist() for rows, _ in FOLDS]


def test_svm_with_probabilities_is_chosen_and_fitted_as_by_a_grid_search():
    svm = CalibratedClassifierCV(LinearSVC(random_state=3, max_iter=20_000), method="sigmoid", cv=2, ensemble=False)
    pipeline = Pipeline([("vectorizer", TfidfVectorizer(ngram_range=(1, 2))), ("classifier", svm)])
    grid = {"classifier__estimator__C": [0.01, 1, 30]}
    search = GridSearchCV(pipeline, grid, cv=FOLDS, scoring=make_scorer(accuracy_score)).fit(list(TEXTS), LABELS)
    chosen = choose(pipeline, grid, TEXTS, LABELS, FOLDS, accuracy)
    assert chosen == search.best_params_
    rows = fit(pipeline.set_params(**chosen), list(TEXTS), LABELS, ["they denied no"])
    assert pipeline[-1].predict_proba(rows).tobytes() == search.predict_proba(["they denied no"]).tobytes()


def test_regression_that_does_not_converge_warns_as_in_scikit_learn():
    regression = LogisticRegression(solver="newton-cg", C=1e5, max_iter=1)
    pipeline = Pipeline([("vectorizer", FeatureUnion([("words", TfidfVectorizer())])), ("classifier", regression)])
    messages = []
    for fit_pipeline in (lambda: pipeline.fit(list(TEXTS), LABELS), lambda: fit(pipeline, TEXTS, LABELS, ["he"])):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit_pipeline()
        messages.append([(warning.category, str(warning.message)) for warning in caught])
    assert messages[0] == messages[1]
    assert ConvergenceWarning in [category for category, _ in messages[0]]


def test_soft_labels_are_fitted_as_weighted_sentences_behind_the_labelled_ones():
    labels = LabelSet.from_names(sorted(set(LABELS)))
    proba = np.full((2, len(labels.names)), 0.1)
    proba[:, 0] = 0.7
    soft = soften(["gainsaid", "gainsaid it"], proba, labels, 0.5)
    vectorizer, classifier = FeatureUnion([("words", CompiledTfidfVectorizer())]), LogisticRegression(tol=1e-9)
    pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
    rows = fit(pipeline, list(TEXTS), LABELS, ["they gainsaid"], soft=soft)
    vectors = TfidfVectorizer().fit_transform([*TEXTS, *soft.sentences])
    each = np.concatenate([np.arange(len(TEXTS)), len(TEXTS) + soft.rows])
    weights = np.concatenate([np.ones(len(TEXTS)), soft.weights])
    expected = LogisticRegression(tol=1e-9).fit(vectors[each], np.concatenate([LABELS, soft.labels]), weights)
    assert pipeline[-1].coef_ == pytest.approx(expected.coef_, abs=1e-4)
    assert rows.shape == (1, vectors.shape[1])


def test_soft_labels_without_held_out_sentences_are_refused():
    soft = soften(["a"], np.eye(len(set(LABELS)))[:1], LabelSet.from_names(sorted(set(LABELS))), 1.0)
    pipeline = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", LogisticRegression())])
    with pytest.raises(ValueError, match="soft labels came without a vectoriser or held-out sentences"):
        fit(pipeline, list(TEXTS), LABELS, soft=soft)


def test_svm_with_probabilities_learns_from_soft_labels():
    labels = LabelSet.from_names(sorted(set(LABELS)))
    proba = np.zeros((12, len(labels.names)))
    proba[:, 0] = 1
    soft = soften([f"gainsaid it {number}" for number in range(12)], proba, labels, 1.0)
    svm = CalibratedClassifierCV(LinearSVC(), cv=2, ensemble=False)
    pipeline = Pipeline([("vectorizer", FeatureUnion([("words", CompiledTfidfVectorizer())])), ("classifier", svm)])
    rows = fit(pipeline, list(TEXTS), LABELS, ["gainsaid no"], soft=soft)
    assert pipeline[-1].predict(rows).tolist() == [labels.names[0]]
