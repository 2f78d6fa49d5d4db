"""metrics: scores equal those of scikit-learn, and undefined ones are nan."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from toolkit.statistics import metrics
from toolkit.statistics.resampling import sum_counts

ABC = ("a", "b", "c")
OF_LABELS = (
    metrics.gold_proportion,
    metrics.predicted_proportion,
    lambda counts: metrics.pooled_precision(counts, [0, 2]),
    lambda counts: metrics.expected_precision(counts, [0.04, 0.5]),
)


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


def test_precision_of_several_labels_is_that_of_scikit_learn(predictions):
    gold, predicted, _, _ = predictions
    counts = metrics.confusion(gold, predicted, ABC)
    assert metrics.pooled_precision(counts, [0, 2]) == pytest.approx(
        oracle.precision_score(gold, predicted, labels=["a", "c"], average="micro")
    )


def test_proportions_of_gold_and_predicted_labels():
    counts = metrics.confusion(["a", "a", "b", "b"], ["a", "b", "b", "b"], ABC)
    assert metrics.gold_proportion(counts).tolist() == [2 / 4, 2 / 4, 0]
    assert metrics.predicted_proportion(np.stack([counts, counts]))[1].tolist() == [1 / 4, 3 / 4, 0]


def test_expected_precision_is_that_of_a_sample_with_the_base_rate():
    # 3 of 4 sentences of the label are predicted as it, and 2 of 8 others.
    counts = np.array([[3.0, 1.0], [2.0, 6.0]])
    natural, rare = metrics.expected_precision(counts, [4 / 12, 1 / 10])[0]
    assert natural == pytest.approx(metrics.precision(counts)[0])
    # Of 4 and 36 sentences, 3 and 9 are predicted as the label.
    assert rare == pytest.approx(3 / (3 + 9))
    resampled = np.stack([counts, 2 * counts])
    assert metrics.expected_precision(resampled, [0.1, 0.2, 0.5]).shape == (2, 2, 3)


def test_expected_precision_without_errors_is_one_and_without_predictions_undefined():
    never_wrong, never = np.array([[1.0, 1.0], [0.0, 5.0]]), np.array([[0.0, 2.0], [0.0, 5.0]])
    assert metrics.expected_precision(never_wrong, [0.01])[0] == 1
    assert np.isnan(metrics.expected_precision(never, [0.01])[0])
    assert np.isnan(metrics.expected_precision(np.array([[0.0, 0.0], [1.0, 5.0]]), [0.01])[0])


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
    for scoring in (metrics.accuracy, metrics.mcc, metrics.f1, metrics.precision, metrics.recall, *OF_LABELS):
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
