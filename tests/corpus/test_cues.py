"""Cues are the content words that are more common in one label than in the others."""

import pytest

from toolkit.corpus.cues import find_cues


def test_cues_are_content_words_that_set_a_label_apart():
    texts = ["He denied it.", "She was denying that.", "They call it a lie.", "It was denied.", "It rained all day."]
    denial = find_cues(texts, ["denial"] * 3 + ["none"] * 2, "denial", n_cues=1)
    assert denial.cues[0].stem == "call"
    denial = find_cues([*texts, "Snow."] * 3, (["denial"] * 3 + ["none"] * 3) * 3, "denial")
    cues = {cue.stem: cue for cue in denial.cues}
    assert "deni" not in cues
    assert cues["lie"].proportion == 1 / 3
    assert cues["lie"].elsewhere == 0
    assert denial.cueless == 2 / 3
    # "it" is a function word; none of the 9 other sentences has a cue.
    assert denial.n_misleading == 0


def test_sentences_of_other_labels_that_have_a_cue_are_counted():
    texts = ["I deny it.", "He denies.", "Deny me.", "Denied a visa."] + ["No."] * 9
    assert find_cues(texts, ["d"] * 3 + ["n"] * 10, "d", n_cues=1).n_misleading == 1


def test_cues_of_a_label_that_never_occurs_are_refused():
    with pytest.raises(ValueError, match="no sentence has the label 'pledge'"):
        find_cues(["a"], ["none"], "pledge")
