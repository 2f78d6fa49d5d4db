import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tests.conftest import add_collections
from toolkit.corpus.annotator_agreement import agreement, cohen_kappa, krippendorff_alpha, measure_agreement
from toolkit.labels import LabelSet
from toolkit.statistics.metrics import confusion

ABC = ("a", "b", "c")
LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


def test_kappa_equals_that_of_scikit_learn():
    rng = np.random.default_rng(5)
    first, second = np.array(ABC)[rng.integers(0, 3, 200)], np.array(ABC)[rng.integers(0, 3, 200)]
    assert cohen_kappa(confusion(first, second, ABC)) == pytest.approx(cohen_kappa_score(first, second))


def test_alpha_is_that_of_krippendorffs_worked_example():
    # Section B of "Computing Krippendorff's alpha-reliability": two observers, 12 units.
    first, second = list("aabbdcccedda"), list("babbbccceddd")
    assert krippendorff_alpha(confusion(first, second, list("abcde"))) == pytest.approx(0.692, abs=5e-4)


def test_agreement_reports_each_label_and_intervals():
    first = ["denial", "denial", "none", "statement"] * 10
    second = ["denial", "none", "none", "statement"] * 10
    agreement = measure_agreement(first, second, np.repeat(np.arange(10), 4), LABELS, 200)
    assert agreement.n_sentences == 40
    assert agreement.confusion[0].tolist() == [10, 0, 10]
    assert agreement.by_label["statement"].value == 1
    # Against the rest: 10 both, 10 first only, 20 neither; chance gives one half.
    assert agreement.by_label["denial"].value == pytest.approx((3 / 4 - 1 / 2) / (1 / 2))
    low, high = agreement.kappa.low, agreement.kappa.high
    assert low <= agreement.kappa.value <= high


def test_agreement_is_also_measured_in_each_collection(own_corpus):
    path = add_collections(own_corpus) / "sentences.csv"
    path.write_text(path.read_text().replace("bridge.,denial,,denial,denial", "bridge.,denial,,denial,none"))
    parts = agreement(own_corpus).by_collection
    assert list(parts) == ["acts", "natural"]
    assert parts["natural"].kappa.value == 1
    # 17 of 18 agree; by chance (6 * 5 + 6 * 6 + 6 * 7) / 18 ** 2 would.
    assert parts["acts"].kappa.value == pytest.approx((17 / 18 - 1 / 3) / (1 - 1 / 3))
    assert parts["acts"].n_sentences == 18


def test_agreement_of_nothing_is_refused():
    with pytest.raises(ValueError, match="0 first and 0 second"):
        measure_agreement([], [], [], LABELS)
