"""splits, rules, features, pipelines, metrics, significance, agreement."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from toolkit.config import Features, make_experiment
from toolkit.corpus.agreement import cohen_kappa, krippendorff_alpha, measure_agreement
from toolkit.corpus.folds import article_folds, check_no_leak
from toolkit.estimators.rules import CueIndicators, KeywordRules
from toolkit.exceptions import ConfigError
from toolkit.labels import LabelSet
from toolkit.models.pipelines import make_grid, make_pipeline, make_vectorizer, predict_proba
from toolkit.statistics import metrics
from toolkit.statistics import resampling as significance
from toolkit.statistics.intervals import interval
from toolkit.statistics.permutation import draw_permutations, holm, permutation_test
from toolkit.statistics.resampling import bootstrap_weights, resample, sum_counts, weighted_sums

ABC = ("a", "b", "c")
LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


@pytest.fixture
def drawn():
    """200 sentences of 20 articles with gold, predicted and probabilities."""
    rng = np.random.default_rng(5)
    gold, proba = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    names = np.array(ABC)
    return names[gold], names[proba.argmax(axis=1)], proba, rng.integers(0, 20, 200)


def test_fold_never_cuts_an_article():
    articles = np.repeat(np.arange(30), 4)
    y_true = np.tile(["a", "b", "c", "c"], 30)
    folds = article_folds(articles, y_true, 5, seed=3)
    assert len(folds) == 5
    for train, test in folds:
        assert not set(articles[train]) & set(articles[test])
    assert sorted(row for _, test in folds for row in test) == list(range(120))


def test_folds_are_stratified_and_depend_on_the_seed_alone():
    articles = np.arange(100)
    y_true = np.array(["a"] * 80 + ["b"] * 20)
    folds = article_folds(articles, y_true, 5, seed=1)
    assert [int((y_true[test] == "b").sum()) for _, test in folds] == [4] * 5
    again, other = (article_folds(articles, y_true, 5, seed) for seed in (1, 2))
    assert all(np.array_equal(one[1], two[1]) for one, two in zip(folds, again, strict=True))
    assert not all(np.array_equal(one[1], two[1]) for one, two in zip(folds, other, strict=True))


def test_folds_are_those_of_scikit_learn():
    rng = np.random.default_rng(4)
    for trial in range(60):
        size, n_labels, n_folds = (int(number) for number in rng.integers((30, 2, 2), (300, 12, 6)))
        # Labels from rare to common, and articles from one sentence to many.
        gold = np.array([f"label {number}" for number in (rng.random(size) ** 2 * n_labels).astype(int)])
        articles = np.array([f"a{number}" for number in (rng.random(size) ** 2 * 40).astype(int)])
        seed = int(rng.integers(2**32))
        dealer = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            expected = list(dealer.split(gold, gold, groups=articles))
        found = article_folds(articles, gold, n_folds, seed)
        assert len(found) == n_folds, trial
        for ours, theirs in zip(found, expected, strict=True):
            assert [rows.tolist() for rows in ours] == [rows.tolist() for rows in theirs], trial


def test_labels_rarer_than_folds_are_dealt_by_article():
    folds = article_folds(list("uvwxyz"), list("abcdef"), 3, seed=0)
    assert sorted(len(test) for _, test in folds) == [2, 2, 2]


def test_fewer_articles_than_folds_are_refused():
    with pytest.raises(ValueError, match="3 folds need at least as many articles; 2 came"):
        article_folds(["x", "x", "y"], ["a", "b", "a"], 3, seed=0)


def test_label_rarer_than_the_folds_is_dealt_out_without_a_warning():
    # Warnings are errors here.
    folds = article_folds(list("stuvwxyz"), list("aaaaaabc"), 3, seed=0)
    assert sorted(row for _, test in folds for row in test.tolist()) == list(range(8))


def test_leak_names_the_articles():
    with pytest.raises(ValueError, match=r"train and test share 1 articles \('b'\)"):
        check_no_leak(["a", "b"], ["b", "c"])


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


def test_scores_equal_those_of_scikit_learn(drawn):
    gold, predicted, proba, articles = drawn
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
    # Bin of 0.85: half right; bin of 0.65: all right; two sentences each.
    assert metrics.expected_calibration_error(sums.bins) == pytest.approx((0.35 + 0.35) / 2)


def test_certain_predictions_fall_into_the_last_bin():
    counts = metrics.count_articles(["a"], ["a"], [[1.0, 0.0]], ["x"], ["a", "b"])
    assert counts.bins[0, -1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("change", ["order", "names", "double"])
def test_scores_do_not_depend_on_order_names_or_doubling(drawn, change):
    gold, predicted, proba, articles = drawn
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


def test_resampled_counts_are_those_of_the_articles_drawn(drawn):
    gold, predicted, proba, articles = drawn
    counts = metrics.count_articles(gold, predicted, proba, articles, ABC)
    weights = bootstrap_weights(20, 3, np.random.default_rng(1))
    rows = np.concatenate(
        [np.flatnonzero(articles == name) for name in np.repeat(np.arange(20), weights[0].astype(int))]
    )
    assert np.array_equal(
        weighted_sums(counts, weights).confusion[0], metrics.confusion(gold[rows], predicted[rows], ABC)
    )


def test_draws_in_blocks_are_those_made_at_once(monkeypatch):
    rng = np.random.default_rng(2)
    counts = metrics.ArticleCounts(rng.integers(0, 9, (20, 3, 3)), rng.random((20, 2)), rng.integers(0, 9, (20, 10, 3)))
    whole = weighted_sums(counts, bootstrap_weights(20, 7, np.random.default_rng(1)))
    sizes = []
    monkeypatch.setattr(significance, "BLOCK", 60)
    monkeypatch.setattr(
        significance, "weighted_sums", lambda *given: sizes.append(len(given[1])) or weighted_sums(*given)
    )
    found = resample(counts, 7, np.random.default_rng(1))
    assert sizes == [3, 3, 1]
    assert (found.confusion == whole.confusion).all()
    assert (found.bins == whole.bins).all()
    np.testing.assert_allclose(found.losses, whole.losses, rtol=1e-12)


def test_interval_leaves_out_the_undefined():
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert all(np.isnan(interval(np.array([np.nan]))))


def counted(right, n_articles=12):
    """Counts of articles of four sentences, of which some are right."""
    gold = ["a", "b"] * (2 * n_articles)
    other = {"a": "b", "b": "a"}
    predicted = [name if row % 4 < right else other[name] for row, name in enumerate(gold)]
    proba = np.full((len(gold), 2), 0.5)
    return metrics.count_articles(gold, predicted, proba, np.repeat(np.arange(n_articles), 4), ["a", "b"])


def accuracy(sums):
    return metrics.accuracy(sums.confusion)


def p_of_swaps(first, second, score, n_permutations, rng):
    return permutation_test(first, second, score, draw_permutations(len(first.confusion), n_permutations, rng))


def test_equal_systems_have_p_value_one():
    assert p_of_swaps(counted(2), counted(2), accuracy, 200, np.random.default_rng(0)) == 1


def test_a_difference_in_every_article_is_significant():
    # Only a swap of all or of no article is as large: 2 / 2^12 of the swaps.
    assert p_of_swaps(counted(4), counted(0), accuracy, 2000, np.random.default_rng(0)) < 0.01


def test_p_value_is_the_share_of_swaps_as_large():
    # Of the four swaps of two articles, none and both leave the difference as large.
    swaps = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert permutation_test(counted(4, 2), counted(0, 2), accuracy, swaps) == (2 + 1) / (4 + 1)


def test_each_article_is_swapped_as_often_as_not():
    swaps = draw_permutations(50, 200, np.random.default_rng(0))
    assert set(np.unique(swaps)) == {0, 1}
    assert np.abs(swaps.mean(axis=0) - 0.5).max() < 0.15


def test_systems_without_a_score_have_no_p_value():
    def unscored(sums):
        return np.full(sums.confusion.shape[:-2], np.nan)

    assert np.isnan(p_of_swaps(counted(4), counted(0), unscored, 20, np.random.default_rng(0)))


def test_swap_without_a_score_counts_as_as_large():
    def unless_equal(sums):
        # Defined for the two systems as they are, 8 and 0 right; not where each has 4.
        right = metrics.accuracy(sums.confusion) * 8
        return np.where(right == 4, np.nan, right)

    assert permutation_test(counted(4, 2), counted(0, 2), unless_equal, np.array([[0.0, 1.0]] * 3)) == 1


@pytest.mark.slow
def test_randomisation_test_rarely_cries_wolf():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(400):
        parts = []
        for _ in range(2):
            gold = np.array(["a", "b"] * 40)
            predicted = np.where(rng.random(80) < 0.7, gold, np.where(gold == "a", "b", "a"))
            parts.append(
                metrics.count_articles(gold, predicted, np.full((80, 2), 0.5), np.repeat(np.arange(20), 4), ["a", "b"])
            )
        found.append(p_of_swaps(*parts, accuracy, 400, rng))
    assert 0.02 < np.mean(np.array(found) < 0.05) < 0.085


def test_holm_multiplies_by_what_is_left_and_never_falls():
    assert holm([]) == []
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.03, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])


def test_undefined_p_value_stays_so_and_is_no_comparison():
    corrected = holm([0.04, float("nan"), 0.01])
    assert np.isnan(corrected[1])
    assert [corrected[0], corrected[2]] == pytest.approx([0.04, 0.02])


def test_kappa_equals_that_of_scikit_learn(drawn):
    gold, predicted, _, _ = drawn
    assert cohen_kappa(metrics.confusion(gold, predicted, ABC)) == pytest.approx(
        oracle.cohen_kappa_score(gold, predicted)
    )


def test_alpha_is_that_of_krippendorffs_worked_example():
    # Section B of "Computing Krippendorff's alpha-reliability": two observers, 12 units.
    first, second = list("aabbdcccedda"), list("babbbccceddd")
    assert krippendorff_alpha(metrics.confusion(first, second, list("abcde"))) == pytest.approx(0.692, abs=5e-4)


def test_agreement_reports_each_label_and_intervals():
    first = ["denial", "denial", "none", "statement"] * 10
    second = ["denial", "none", "none", "statement"] * 10
    found = measure_agreement(first, second, np.repeat(np.arange(10), 4), LABELS, 200)
    assert found.n_sentences == 40
    assert found.confusion[0].tolist() == [10, 0, 10]
    assert found.by_label["statement"].value == 1
    # Against the rest: 10 both, 10 first only, 20 neither; habit alone gives half.
    assert found.by_label["denial"].value == pytest.approx((3 / 4 - 1 / 2) / (1 / 2))
    assert found.kappa.low <= found.kappa.value <= found.kappa.high


def test_agreement_of_nothing_is_refused():
    with pytest.raises(ValueError, match="0 first and 0 second"):
        measure_agreement([], [], [], LABELS)
