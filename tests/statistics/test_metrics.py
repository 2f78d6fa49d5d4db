"""metrics: scores equal those of scikit-learn, and undefined ones are nan; also rules and pipelines."""

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.pipeline import Pipeline

from toolkit.config import Features, make_experiment
from toolkit.estimators.rules import CueIndicators, KeywordRules
from toolkit.exceptions import ConfigError
from toolkit.labels import LabelSet
from toolkit.models.pipelines import make_grid, make_pipeline, make_vectorizer, predict_proba
from toolkit.statistics import metrics
from toolkit.statistics.resampling import sum_counts

ABC = ("a", "b", "c")
LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


RULES = [("denial", ("den*", "not true")), ("statement", ("said",))]


def test_first_rule_with_a_cue_decides():
    rules = KeywordRules(RULES, "none").fit(["x"], ["none"])
    sentences = ["He said he DENIED it.", "It is not  true.", "She said so.", "Sweden won.", ""]
    assert rules.predict(sentences).tolist() == ["denial", "denial", "statement", "none", "none"]


def test_rule_probabilities_follow_training_and_agree_with_its_label():
    sentences = ["denied", "denies", "deny", "said", "said", "rain"]
    gold = ["denial", "denial", "none", "none", "none", "none"]
    rules = KeywordRules(RULES, "none").fit(sentences, gold)
    proba = rules.predict_proba(sentences)
    assert rules.classes_.tolist() == ["denial", "none", "statement"]
    # Two of three denials right: (2 + 1) / (3 + 2).
    assert proba[0, 0] == pytest.approx(3 / 5)
    # The rule for statements was never right and keeps the least confidence.
    assert proba[3, 2] == pytest.approx(0.51)
    assert np.allclose(proba.sum(axis=1), 1)
    assert rules.classes_[proba.argmax(axis=1)].tolist() == rules.predict(sentences).tolist()


def test_rules_alone_give_their_one_label_everything():
    assert KeywordRules([], "none").fit(["x"], ["none"]).predict_proba(["y"]).tolist() == [[1.0]]


def test_cue_features_say_which_rules_speak_and_which_first():
    cues = CueIndicators(RULES, weight=0.5)
    assert cues.transform(["He said he denied it.", "She said so.", "Rain."]).toarray().tolist() == [
        [0.5, 0.5, 0.5, 0.0],
        [0.0, 0.5, 0.0, 0.5],
        [0.0, 0.0, 0.0, 0.0],
    ]
    assert cues.transform([]).shape == (0, 4)
    vectorizer = make_vectorizer(Features(words=(1, 1), cues=tuple(RULES))).fit(["He said no."])
    assert vectorizer.get_feature_names_out()[-1] == "cues__first cue: statement 2"


def test_vectorizer_keeps_single_letters_and_marks_of_speech():
    vectorizer = make_vectorizer(Features(words=(1, 1))).fit(['"I won\'t!"'])
    assert {name.partition("__")[2] for name in vectorizer.get_feature_names_out()} == {'"', "i", "won", "t", "!"}


def test_counts_and_binary_weights_differ_in_repeats():
    text = ["no no yes"]
    assert make_vectorizer(Features(words=(1, 1), weights="count")).fit_transform(text).max() == 2
    assert make_vectorizer(Features(characters=(2, 2), weights="binary")).fit_transform(text).max() == 1


def record(**classifier):
    return make_experiment("x", {"question": "?", "seed": 1, "features": {"words": [1, 1]}, "classifier": classifier})


SENTENCES = ["they denied it", "he denied that", "she said so", "he said no", "the rain fell", "the road bent"] * 3
GOLD = ["denial", "denial", "statement", "statement", "none", "none"] * 3


@pytest.mark.parametrize(
    "classifier",
    [
        {"name": "majority"},
        {"name": "keywords", "rules": [["denial", "denied"], ["statement", "said"]]},
        {"name": "naive-bayes"},
        {"name": "logistic-regression", "balanced": True},
        {"name": "svm"},
    ],
    ids=lambda classifier: classifier["name"],
)
def test_each_classifier_gives_probabilities_in_label_order(classifier):
    pipeline = make_pipeline(record(**classifier), LABELS)
    assert isinstance(pipeline, Pipeline)
    proba = predict_proba(pipeline.fit(SENTENCES, GOLD), SENTENCES[:6], LABELS)
    assert np.allclose(proba.sum(axis=1), 1)
    if classifier["name"] != "majority":
        assert [LABELS.names[place] for place in proba.argmax(axis=1)] == GOLD[:6]


def test_label_not_in_training_has_probability_zero():
    pipeline = make_pipeline(record(name="naive-bayes"), LABELS).fit(["a b", "c d"], ["none", "denial"])
    assert predict_proba(pipeline, ["a"], LABELS)[0, 1] == 0
    assert predict_proba(pipeline, [], LABELS).shape == (0, 3)


def test_grid_has_what_has_several_values():
    assert make_grid(record(name="naive-bayes", alpha=0.1)) == {}
    grid = make_grid(record(name="svm", C=[1, 2], balanced=[False, True]))
    assert grid == {"classifier__estimator__C": [1, 2], "classifier__estimator__class_weight": [None, "balanced"]}
    make_pipeline(record(name="svm"), LABELS).set_params(classifier__estimator__C=2)


def test_rule_for_an_unknown_label_is_refused():
    with pytest.raises(ConfigError, match="the rules are of another label set: label 'threat' is not in the label set"):
        make_pipeline(record(name="keywords", rules=[["threat", "or else"]]), LABELS)


def test_scores_equal_those_of_scikit_learn(predictions):
    gold, predicted, proba, articles = predictions
    counts = metrics.confusion(gold, predicted, ABC)
    assert np.array_equal(counts, oracle.confusion_matrix(gold, predicted, labels=ABC))
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(gold, predicted, labels=ABC)
    assert np.allclose(metrics.precision(counts), precision)
    assert np.allclose(metrics.recall(counts), recall)
    assert np.allclose(metrics.f1(counts), f1)
    assert metrics.macro_f1(counts, [0, 2]) == pytest.approx(
        oracle.f1_score(gold, predicted, labels=["a", "c"], average="macro")
    )
    assert metrics.mcc(counts) == pytest.approx(oracle.matthews_corrcoef(gold, predicted))
    assert metrics.accuracy(counts) == pytest.approx(oracle.accuracy_score(gold, predicted))
    sums = sum_counts(metrics.count_articles(gold, predicted, proba, articles, ABC))
    size = sums.confusion.sum()
    assert metrics.log_loss(sums.losses, size) == pytest.approx(oracle.log_loss(gold, proba, labels=ABC))
    one_hot = np.eye(3)[metrics.encode(gold, ABC)]
    assert metrics.brier(sums.losses, size) == pytest.approx(((proba - one_hot) ** 2).sum(axis=1).mean())


def test_calibration_error_is_the_mean_gap_over_bins():
    proba = np.array([[0.85, 0.15], [0.85, 0.15], [0.65, 0.35], [0.65, 0.35]])
    sums = sum_counts(metrics.count_articles(["a", "b", "a", "a"], ["a"] * 4, proba, range(4), ["a", "b"]))
    # Half of the bin of 0.85 is correct, and all of the bin of 0.65; two sentences each.
    assert metrics.expected_calibration_error(sums.bins) == pytest.approx((0.35 + 0.35) / 2)


def test_certain_predictions_fall_into_the_last_bin():
    counts = metrics.count_articles(["a"], ["a"], [[1.0, 0.0]], ["x"], ["a", "b"])
    assert counts.bins[0, -1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("change", ["order", "names", "double"])
def test_scores_do_not_depend_on_order_names_or_doubling(predictions, change):
    gold, predicted, proba, articles = predictions
    before = sum_counts(metrics.count_articles(gold, predicted, proba, articles, ABC))
    labels = ABC
    if change == "order":
        rows = np.random.default_rng(0).permutation(len(gold))
        gold, predicted, proba, articles = gold[rows], predicted[rows], proba[rows], articles[rows]
    elif change == "names":
        labels = ("x", "y", "z")
        gold, predicted = (np.array(labels)[metrics.encode(names, ABC)] for names in (gold, predicted))
    else:
        gold, predicted, proba, articles = (np.concatenate([part, part]) for part in (gold, predicted, proba, articles))
    after = sum_counts(metrics.count_articles(gold, predicted, proba, articles, labels))
    for scoring in (metrics.accuracy, metrics.mcc, metrics.f1, metrics.precision, metrics.recall):
        assert np.allclose(scoring(after.confusion), scoring(before.confusion))
    sizes = [sums.confusion.sum() for sums in (before, after)]
    for scoring in (metrics.log_loss, metrics.brier):
        assert scoring(after.losses, sizes[1]) == pytest.approx(scoring(before.losses, sizes[0]))
    assert metrics.expected_calibration_error(after.bins) == pytest.approx(
        metrics.expected_calibration_error(before.bins)
    )


def test_undefined_is_nan_and_a_label_never_predicted_scores_zero():
    counts = metrics.confusion(["a", "a"], ["b", "b"], ABC)
    assert np.isnan(metrics.precision(counts)[0])
    assert np.isnan(metrics.f1(counts)[2])
    assert metrics.f1(counts)[0] == 0
    # The label in neither column is left out of the mean of the two that are.
    assert metrics.macro_f1(counts, [0, 1, 2]) == 0
    assert np.isnan(metrics.mcc(counts))
    assert np.isnan(metrics.macro_f1(counts, [2]))


def test_wrong_labels_and_probabilities_are_refused():
    with pytest.raises(ValueError, match="'d' is not in the label set"):
        metrics.encode(["d"], ABC)
    with pytest.raises(ValueError, match="2 gold and 1 predicted"):
        metrics.confusion(["a", "b"], ["a"], ABC)
    with pytest.raises(ValueError, match="no sentence came"):
        metrics.count_articles([], [], np.zeros((0, 3)), [], ABC)
    with pytest.raises(ValueError, match=r"shape \(1, 2\) came, expected \(1, 3\)"):
        metrics.count_articles(["a"], ["a"], [[0.5, 0.5]], ["x"], ABC)
    for row in ([0.5, 0.6, 0.0], [1.5, -0.5, 0.0], [np.nan, 0.5, 0.5]):
        with pytest.raises(ValueError, match="probabilities of sentence 0 sum to"):
            metrics.count_articles(["a"], ["a"], [row], ["x"], ABC)
