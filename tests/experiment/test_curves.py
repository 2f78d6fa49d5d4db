"""A learning curve grows by whole articles and never touches the test split."""

import numpy as np
import pytest

from toolkit.config import read_experiment
from toolkit.corpus.loading import corpus_labels, load_corpus
from toolkit.exceptions import ToolkitError
from toolkit.experiment.curves import LabelledSentences, learning_curve


@pytest.fixture(scope="module")
def setting(workplace, corpus_folder):
    corpus = load_corpus(corpus_folder)
    return read_experiment(workplace / "experiments/words.toml"), corpus, corpus_labels(corpus)


OUTSIDE = LabelledSentences(
    ("They denied the report.", "It rose by night.", "She said she hoped."),
    ("denial", "none", "denial"),
    ("", "", "statement"),
)


def test_curve_on_sentences_from_outside_has_all_grades(setting):
    curve = learning_curve(*setting, OUTSIDE, fractions=(0.5, 1.0), n_orders=2)
    assert curve.n_articles == (4, 9)
    assert curve.n_sentences == (12, 27)
    assert list(curve.scores) == ["strict", "lenient", "unambiguous"]
    assert curve.scores["strict"].shape == (2, 2)
    # All of the articles are all of them, whatever their order.
    assert np.ptp(curve.scores["strict"][1]) == 0


def test_grades_are_those_of_a_hand_count(setting):
    curve = learning_curve(*setting, OUTSIDE, fractions=(1.0,), n_orders=1)
    # Predicted denial, none, statement: denial has F1 2/3, and statement, which is never gold, 0.
    assert curve.scores["strict"][0, 0] == pytest.approx((2 / 3 + 0) / 2)
    assert curve.scores["lenient"][0, 0] == 1
    assert curve.scores["unambiguous"][0, 0] == 1


def test_curve_without_a_table_holds_articles_out(setting):
    experiment, corpus, labels = setting
    curve = learning_curve(experiment, corpus, labels, fractions=(0.5, 1.0), n_orders=2)
    assert list(curve.scores) == ["cross-validated"]
    assert curve.n_articles == (3, 6)
    without_test = learning_curve(
        experiment, {"train": corpus["train"]}, labels, fractions=(0.5, 1.0), n_orders=2, n_jobs=2
    )
    assert without_test.to_dict() == curve.to_dict()


def test_points_are_averages_over_the_orders(setting, own_corpus):
    # Three articles become one, which is a fold of its own: the orders train on 6, 4 and 4 of the 7.
    path = own_corpus / "sentences.csv"
    text = path.read_text()
    for number in (1, 2):
        for position in range(3):
            text = text.replace(f"a-0{number},{position},", f"a-00,{3 * number + position},")
    path.write_text(text)
    curve = learning_curve(setting[0], load_corpus(own_corpus), setting[2], fractions=(1.0,), n_orders=3)
    assert curve.n_articles == (round((6 + 4 + 4) / 3),)
    assert curve.n_sentences == (18,)


def test_part_too_small_to_fit_is_one_sentence(setting):
    with pytest.raises(ToolkitError, match="1 articles are too few to fit 'words' on"):
        learning_curve(*setting, OUTSIDE, fractions=(0.1,), n_orders=1)
