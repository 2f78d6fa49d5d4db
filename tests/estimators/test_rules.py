"""rules: the first rule with a cue decides, and cues are features."""

import numpy as np
import pytest

from toolkit.estimators.rules import CueIndicators, KeywordRules

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
    # Two of three denials correct: (2 + 1) / (3 + 2).
    assert proba[0, 0] == pytest.approx(3 / 5)
    # The rule for statements was never correct and keeps the lowest confidence.
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
