"""The automaton finds the cues that regular expressions find."""

import pytest
from hypothesis import given, settings, strategies as st
from sklearn.pipeline import make_pipeline

from tests.engine.inference.pipelines import PATIENT, check_same
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.cues import compile_cues, refusal
from toolkit.engine.inference.scorer import Scorer
from toolkit.estimators.rules import KeywordRules


@settings(PATIENT, max_examples=300)
@given(
    cues=st.lists(st.text("ab* \"'ks", min_size=1, max_size=6), min_size=1, max_size=5),
    texts=st.lists(st.text("aAbB \"'kK\u212as\u017f.\n", max_size=14), min_size=5, max_size=20),
)
def test_cue_lists_match_as_their_pattern(cues, texts):
    cues = [" ".join(cue.split()) or "a" for cue in cues]
    pipeline = make_pipeline(KeywordRules([("x", cues)], "y")).fit(["a", "b"], ["x", "y"])
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), texts)


def test_many_cues_of_several_words_take_several_machine_words():
    cues = [f"a{number} b{number} c{number}" for number in range(50)]
    assert len(compile_cues([cues]).first) == 3
    pipeline = make_pipeline(KeywordRules([("x", cues)], "y")).fit(["a", "b"], ["x", "y"])
    texts = [f"a{number} b{other} c{number}" for number in range(50) for other in (number, number + 1)]
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), texts)


def test_cue_that_cannot_be_compiled_is_refused():
    with pytest.raises(ValueError, match="'a  b' has white space other than single spaces"):
        compile_cues([["a  b"]])
    assert refusal(["x " * 64 + "x"]).endswith("has more than 63 words")
    with pytest.raises(ValueError, match="64 rules came, at most 63 are expected"):
        compile_cues([["a"]] * 64)
    with pytest.raises(ValueError, match="more than 250 different characters"):
        compile_cues([[chr(0x4E00 + number) for number in range(300)]])
