"""A model adapted to label shares labels like any other, and says what it was adapted to."""

import copy
import json
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import change_manifest
from toolkit.exceptions import ModelError, ToolkitError
from toolkit.labels import LabelSet
from toolkit.models.adaptation import measure_shares
from toolkit.models.classifier import load_model
from toolkit.statistics.prior_shift import reweight

LABELS = ("denial", "statement", "none")
TEXTS = ["He denied the report.", "She said she hoped for the treaty.", "The river rose by night."]
RAIN = ["The river rose by night."] * 57 + TEXTS


@pytest.fixture(scope="module")
def words(workplace):
    return load_model(workplace / "runs/words/model")


def test_training_writes_shares_of_its_gold_labels(words):
    shares = words.manifest["shares"]
    assert set(shares) == {"training", "natural"}
    # Nine train articles have a sentence of each label.
    assert shares["natural"] == pytest.approx(dict.fromkeys(LABELS, 1 / 3), abs=1e-6)
    assert sum(shares["training"].values()) == pytest.approx(1, abs=1e-5)


def test_natural_rows_alone_are_measured_where_the_corpus_has_some():
    labels = LabelSet.from_names(["yes", "no"])
    proba = np.array([[0.5, 0.5]] * 4 + [[0.2, 0.8]] * 4)
    gold = ["yes"] * 4 + ["no", "no", "no", "yes"]
    shares = measure_shares(proba, gold, [False] * 4 + [True] * 4, labels)
    # 1 of 4, and half a sentence more of each; the classifier believes in 0.2 on all of them.
    assert shares["natural"] == {"yes": 1.5 / 5, "no": 3.5 / 5}
    assert shares["training"] == {"yes": 0.2, "no": 0.8}
    assert measure_shares(proba, gold, [False] * 8, labels)["natural"]["yes"] == pytest.approx(5.5 / 9, abs=1e-6)


def test_probabilities_are_reweighted_from_the_shares_of_training(words):
    adapted = words.with_shares({"denial": 0.1}, strength=0.7)
    recorded = words.manifest["shares"]
    training, natural = (np.array([recorded[kind][name] for name in LABELS]) for kind in ("training", "natural"))
    shares = np.array([0.1, *(0.9 * natural[1:] / natural[1:].sum())])
    assert adapted.adaptation.shares == pytest.approx(dict(zip(LABELS, shares, strict=True)))
    expected = reweight(words.label_proba(TEXTS), training, shares, 0.7)
    assert np.allclose(adapted.label_proba(TEXTS), expected, atol=1e-6)
    assert np.allclose(adapted.label_proba_column(pa.array(TEXTS)), expected, atol=1e-6)
    assert np.array_equal(adapted.predict_proba(TEXTS), adapted.label_proba(TEXTS)[:, [0, 2, 1]])
    assert adapted.label_proba([]).shape == (0, 3)


def test_label_without_a_share_is_never_predicted(words):
    adapted = words.with_shares({"denial": 0.0})
    assert "denial" in words.predict(TEXTS)
    assert "denial" not in adapted.predict(TEXTS)
    assert "denial" not in adapted.label_article(" ".join(TEXTS)).labels
    [table] = adapted.label_table([[{"text": text} for text in TEXTS]])
    assert [row["p_denial"] for row in table] == [0, 0, 0]


def test_no_strength_is_the_model_itself(words):
    assert np.allclose(words.with_shares("natural", strength=0).label_proba(TEXTS), words.label_proba(TEXTS))
    assert words.with_shares("natural").adaptation.shares == pytest.approx(dict.fromkeys(LABELS, 1 / 3), abs=1e-6)


def test_rare_acts_become_rarer_where_the_text_has_few(words):
    adapted = words.adapt(RAIN)
    estimate = adapted.adaptation.estimate["none"]
    assert 0.5 < estimate.value == adapted.adaptation.shares["none"]
    assert estimate.low < estimate.value < estimate.high
    assert sum(adapted.adaptation.shares.values()) == pytest.approx(1)
    assert (adapted.label_proba(TEXTS)[:, 2] > words.label_proba(TEXTS)[:, 2]).all()
    # The more the corpus counts, the nearer its shares.
    assert words.adapt(RAIN, pseudo_count=10_000).adaptation.shares["none"] == pytest.approx(1 / 3, abs=0.01)


def test_same_text_gives_the_same_estimate(words):
    assert words.adapt(RAIN).adaptation.estimate == words.adapt(RAIN).adaptation.estimate
    one_article = words.adapt(RAIN, articles=["a"] * len(RAIN)).adaptation.estimate["none"]
    assert one_article.low == pytest.approx(one_article.high)


def test_adapting_again_starts_from_the_saved_model(words):
    twice = words.with_shares({"denial": 0.9}).adapt(RAIN)
    assert twice.adaptation.estimate == words.adapt(RAIN).adaptation.estimate
    assert words.adapt(RAIN).with_shares("natural").adaptation.shares == words.with_shares("natural").adaptation.shares


def test_table_is_read_once_to_estimate_and_again_to_label(words, tmp_path):
    rows = [{"text": text, "article": f"a-{number % 6}"} for number, text in enumerate(RAIN)]
    pq.write_table(pa.Table.from_pylist([*rows, {"text": None, "article": "a-1"}]), tmp_path / "t.parquet")
    adapted = words.adapt_to_table(tmp_path / "t.parquet")
    expected = words.adapt(RAIN, articles=[row["article"] for row in rows])
    assert adapted.adaptation.estimate == expected.adaptation.estimate != words.adapt(RAIN).adaptation.estimate
    assert (
        words.adapt_to_table([{"text": text} for text in RAIN]).adaptation.estimate
        == words.adapt(RAIN).adaptation.estimate
    )


def test_copies_label_the_same(words):
    adapted = words.adapt(RAIN, strength=0.5)
    for twin in (pickle.loads(pickle.dumps(adapted)), copy.deepcopy(adapted)):
        assert np.array_equal(twin.label_proba(TEXTS), adapted.label_proba(TEXTS))
        assert (twin.adaptation, twin.engine) == (adapted.adaptation, "compiled")
    assert "adapted" in repr(adapted)
    assert "adapted" not in repr(words)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ("usual", "shares 'usual' came, expected 'natural' or a share for each of some labels"),
        ({"denail": 0.1}, "did you mean 'denial'"),
        ({"denial": -0.1}, "the share of 'denial' is -0.1, expected a proportion from 0 to 1"),
        ({"denial": 0.6, "none": 0.5}, "shares that sum to 1.1 came, expected at most 1; what is left goes to"),
        ({"denial": 0.3, "none": 0.5, "statement": 0.1}, "sum to 0.9 came, expected exactly 1, since no label is left"),
    ],
)
def test_wrong_shares_are_refused(words, shares, message):
    with pytest.raises(ValueError, match=message):
        words.with_shares(shares)


def test_wrong_strength_is_refused_before_anything_is_labelled(words):
    with pytest.raises(ValueError, match="a strength of -1 came"):
        words.with_shares("natural", strength=-1)


def test_too_few_sentences_are_refused(words):
    with pytest.raises(ToolkitError, match="49 sentences came, expected at least 50 to estimate label shares from"):
        words.adapt(RAIN[:49])
    with pytest.raises(ToolkitError, match=r"0 sentences came.*\[table\]"):
        words.adapt_to_table([])


def test_model_without_shares_labels_and_is_not_adapted(runs):
    folder = runs / "words/model"
    manifest = load_model(folder).manifest
    change_manifest(folder, shares={"training": manifest["shares"]["training"], "natural": {"denial": 1}})
    with pytest.raises(ModelError, match="'natural' of the model's label shares is not a proportion of each label"):
        load_model(folder).with_shares("natural")
    change_manifest(folder, shares=[])
    with pytest.raises(ModelError, match=r"shares is \[\], expected keys with values"):
        load_model(folder)
    (folder / "manifest.json").write_text(
        json.dumps({key: value for key, value in manifest.items() if key != "shares"})
    )
    old = load_model(folder)
    assert old.predict(TEXTS[:1]).tolist() == ["denial"]
    with pytest.raises(ModelError, match="saved without the label shares of its training; train it again to adapt it"):
        old.adapt(RAIN)
