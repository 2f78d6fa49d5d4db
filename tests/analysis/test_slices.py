"""Slices on which the scores are lower are found and named first, and chance rarely looks like one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from toolkit.analysis import slices
from toolkit.analysis.predictions import make_predictions
from toolkit.analysis.scores import score_predictions
from toolkit.analysis.slices import score_slices, slice_sentences
from toolkit.labels import LabelSet

AB = LabelSet.from_names(["a", "b"])
OTHER = {"a": "b", "b": "a"}


def make_alternating(correct, articles):
    """Predictions of sentences of two labels in turn, each correct or the other label."""
    gold = [AB.names[row % 2] for row in range(len(correct))]
    predicted = [name if is_correct else OTHER[name] for name, is_correct in zip(gold, correct, strict=True)]
    proba = np.eye(2)[[AB.index(name) for name in predicted]]
    return replace(make_predictions(AB, [""] * len(gold), gold, proba), article=tuple(map(str, articles)))


@pytest.fixture(scope="module")
def predictions():
    """24 articles of eight sentences; the first two of each of the first twelve are wrong, the rest correct."""
    articles = np.repeat(np.arange(24), 8)
    correct = (articles >= 12) | (np.tile(np.arange(8), 24) >= 2)
    return make_alternating(correct, articles)


# --- columns


def test_sentences_are_grouped_by_each_column():
    groups = slice_sentences(
        text=["He denied it.", "“No,” she said.", "Rain.", "Wind."],
        article=["x", "x", "x", "y"],
        position=[0, 1, 2, 5],
        genre=["wire", "wire", "wire", ""],
        date=["2031-01-09", "2031-01-09", "2031-01-09", None],
        first=["denial", "statement", "none", "none"],
        second=["denial", "none", None, ""],
        cues=[("denial", ("den*",)), ("statement", ("said",))],
    )
    assert groups == {
        "genre": ("wire", "wire", "wire", None),
        "year": ("2031", "2031", "2031", None),
        "words": ("1-9",) * 4,
        "position": ("first", "middle", "last", "first"),
        "quoted": ("not quoted", "quoted", "not quoted", "not quoted"),
        "cue": ("cue word", "cue word", "no cue word", "no cue word"),
        "annotators": ("agreed", "disagreed", None, None),
    }


@pytest.mark.parametrize(
    ("n_words", "group"),
    [(0, "1-9"), (1, "1-9"), (9, "1-9"), (10, "10-19"), (19, "10-19"), (29, "20-29"), (30, "30 and more")],
)
def test_length_is_counted_in_words(n_words, group):
    assert slice_sentences(["so " * n_words + "..."], ["x"], [0])["words"] == (group,)


def test_groups_without_their_columns_are_left_out():
    assert list(slice_sentences(["Rain."], ["x"], [0], first=["none"])) == ["words", "position", "quoted"]
    assert slice_sentences([], [], []) == {"words": (), "position": (), "quoted": ()}


def test_position_does_not_depend_on_the_order_of_rows():
    assert slice_sentences(["c", "a", "b"], ["x"] * 3, [9, 2, 5])["position"] == ("last", "first", "middle")


def test_columns_of_other_lengths_are_refused(predictions):
    with pytest.raises(ValueError, match="column 'genre' has 1 cells, text has 2; pass one per sentence"):
        slice_sentences(["a", "b"], ["x", "x"], [0, 1], genre=["wire"])
    with pytest.raises(ValueError, match="group 'half' has 1 cells, there are 192 predictions"):
        score_slices(predictions, {"half": ["old"]}, 100)
    with pytest.raises(ValueError, match="0 sentences came, expected at least one"):
        score_slices(make_alternating([], []), {}, 100)


# --- scores


def test_slice_is_scored_and_compared_with_the_rest(predictions):
    half = ["old" if int(article) < 12 else "new" for article in predictions.article]
    old, new = score_slices(predictions, {"half": half}, 300)
    assert (old.name, old.n_sentences, old.n_articles) == ("old", 96, 12)
    # Of eight sentences, four of each label, one of each is wrong: both F1 are 3/4.
    assert old.headline.value == pytest.approx(3 / 4)
    assert old.difference.value == pytest.approx(3 / 4 - 1)
    assert new.difference.value == pytest.approx(1 - 3 / 4)
    assert old.is_worse
    assert not new.is_worse
    assert old.to_dict()["is_worse"]


def test_score_of_a_slice_is_that_of_its_sentences_alone(predictions):
    # Articles are resampled together or apart: the intervals differ, the values do not.
    half = ["old" if int(article) < 12 else "new" for article in predictions.article]
    rows = [row for row, name in enumerate(half) if name == "old"]
    alone = make_predictions(AB, [""] * len(rows), [predictions.gold[row] for row in rows], predictions.proba[rows])
    scored = next(part for part in score_slices(predictions, {"half": half}, 100) if part.name == "old")
    assert scored.headline.value == pytest.approx(score_predictions(alone, 100).headline.value)


def test_interval_of_a_slice_resamples_articles_as_that_of_the_scores_does():
    rng = np.random.default_rng(9)
    predictions = make_alternating(rng.random(120) < np.repeat(rng.uniform(0.3, 1, 30), 4), np.repeat(np.arange(30), 4))
    everything = score_slices(predictions, {"all": ["all"] * 120}, 200, seed=4)[0]
    assert everything.headline == score_predictions(predictions, 200, seed=4).headline


def test_significantly_worse_slices_come_first_worst_first(predictions):
    rng = np.random.default_rng(0)
    groups = {
        "chance": rng.choice(["heads", "tails"], len(predictions)).tolist(),
        "half": ["old" if int(article) < 12 else "new" for article in predictions.article],
        "start": ["start" if row % 8 < 2 else "later" for row in range(len(predictions))],
        # Worse than any other, but of too few articles to be tested.
        "few": ["few" if int(name) < 9 and row % 8 < 2 else "many" for row, name in enumerate(predictions.article)],
    }
    scored = score_slices(predictions, groups, 500)
    assert [part.name for part in scored if part.is_worse] == ["start", "old"]
    assert [part.name for part in scored][:3] == ["start", "old", "few"]
    rest = [part.difference.value for part in scored[2:]]
    assert rest == sorted(rest)


def test_slices_that_share_articles_are_compared_within_them():
    # Articles differ widely, their halves never: paired, the difference is 0 in every resample.
    articles = np.repeat(np.arange(20), 8)
    correct = np.tile(np.arange(8) % 4, 20) >= np.repeat(np.arange(20) % 4, 8)
    half = np.where(np.tile(np.arange(8), 20) < 4, "front", "back").tolist()
    for part in score_slices(make_alternating(correct, articles), {"half": half}, 200):
        assert (part.difference.low, part.difference.value, part.difference.high) == (0, 0, 0)
        assert part.p_value == 1
        assert part.headline.high - part.headline.low > 0.05


def test_p_values_are_corrected_for_all_slices_tested(predictions):
    half = ["old" if int(article) < 12 else "new" for article in predictions.article]
    alone = score_slices(predictions, {"half": half}, 300)
    doubled = score_slices(predictions, {"half": half, "again": half}, 300)
    assert 0 < alone[0].p_value == alone[1].p_value
    assert [part.corrected for part in alone] == pytest.approx([2 * alone[0].p_value] * 2)
    assert [part.corrected for part in doubled] == pytest.approx([4 * alone[0].p_value] * 4)


def test_p_value_is_students_on_the_spread_of_the_resamples():
    # Resamples of 0.2 and 0.4, 0.1 from their mean: three standard errors, of ten articles.
    resampled = np.array([0.2, 0.4, np.nan, 0.2, 0.4])
    assert slices._p_value(0.3, resampled, 10) == pytest.approx(2 * t.sf(3, 9))
    # No spread at all: four equal resamples.
    assert slices._p_value(0.3, np.full(4, 0.3), 10) == 1 / 5
    assert slices._p_value(0.0, np.zeros(4), 10) == 1


def test_slice_of_few_articles_is_scored_and_not_tested(predictions):
    few = ["few" if int(article) < 9 else "many" for article in predictions.article]
    scored = score_slices(predictions, {"few": few}, 100)
    assert all(np.isnan(part.p_value) and np.isnan(part.corrected) for part in scored)
    assert not any(part.is_worse for part in scored)
    assert scored[0].to_dict()["corrected"] is None
    json.dumps(scored[0].to_dict(), allow_nan=False)


def test_sentence_in_no_slice_counts_on_neither_side(predictions):
    # The wrong sentences are in no slice, so that both sides are correct throughout.
    correct = [gold == predicted for gold, predicted in zip(predictions.gold, predictions.predicted, strict=True)]
    half = [("early" if row % 8 < 4 else "late") if is_correct else None for row, is_correct in enumerate(correct)]
    early, late = score_slices(predictions, {"half": half}, 100)
    assert (early.headline.value, late.headline.value) == (1, 1)
    assert (early.difference.value, late.difference.value) == (0, 0)
    assert early.n_sentences + late.n_sentences == sum(correct)


def test_a_slice_that_is_everything_has_no_rest_and_comes_last(predictions):
    groups = {
        "all": ["all"] * len(predictions),
        "half": ["old" if int(name) < 12 else "new" for name in predictions.article],
    }
    scored = score_slices(predictions, groups, 100)
    assert scored[-1].name == "all"
    assert np.isnan(scored[-1].difference.value)
    assert np.isnan(scored[-1].p_value)
    assert scored[-1].headline.value == pytest.approx(7 / 8)


def test_slice_of_background_alone_has_no_score_and_is_not_tested():
    labels = LabelSet.from_names(["a", "none"], background="none")
    gold = ["none"] * 12 + ["a"] * 12
    predictions = make_predictions(labels, [""] * 24, gold, np.eye(2)[[labels.index(name) for name in gold]])
    full, empty = score_slices(predictions, {"half": gold}, 100)
    assert (full.name, empty.name) == ("a", "none")
    assert full.headline.value == 1
    for part in (full, empty):
        assert np.isnan([part.difference.value, part.p_value, part.corrected]).all()


def test_same_seed_gives_the_same_table():
    rng = np.random.default_rng(3)
    predictions, half = make_alternating(rng.random(160) < 0.7, np.repeat(np.arange(40), 4)), ["old", "new"] * 80
    tables = [score_slices(predictions, {"half": half}, 100, seed) for seed in (5, 5, 6)]
    assert tables[0] == tables[1] != tables[2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["articles", "few articles", "sentences"])
def test_random_slices_are_rarely_significant(kind):
    rng = np.random.default_rng(11)
    p_values = []
    for _ in range(400):
        articles = np.repeat(np.arange(60), 8)
        # Some articles are harder than others, so that sentences are not independent.
        hard = rng.beta(6, 2, 60)[articles]
        predictions = make_alternating(rng.random(480) < hard, articles)
        groups = {"articles": rng.random(60)[articles] < 0.4, "few articles": articles < 10}
        chosen = groups.get(kind, rng.random(480) < 0.4)
        part = score_slices(predictions, {"x": np.where(chosen, "in", "out").tolist()}, 400, seed=1)[0]
        p_values.append(part.p_value)
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.085
