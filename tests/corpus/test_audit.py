"""What a reviewer would object to is listed, and what is sound is not."""

from tests.corpus.builders import named_rows
from toolkit.corpus.audit import audit_corpus
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "none"])


def rows_of(texts, articles=None, labels=None):
    return [
        {
            "article": articles[number] if articles else f"a-{number}",
            "position": 0,
            "text": text,
            "label": labels[number] if labels else ("denial", "none")[number % 2],
        }
        for number, text in enumerate(texts)
    ]


def test_audit_names_both_rows_of_a_copy():
    audit = audit_corpus(rows_of(["The dam broke on Monday.", "Snow.", "The dam  broke on monday."]), LABELS)
    assert audit.problems == ("two sentences share 100% of their 5-grams; rewrite one [a-0:0, a-2:0]",)


def test_short_headings_and_clock_times_may_recur():
    texts = [f"{hour} p.m." for hour in range(1, 5)] + ["Monday", "Monday"]
    assert audit_corpus(rows_of(texts), LABELS).problems == ()
    texts = [f"Polls close at {hour} p.m." for hour in range(1, 5)] + ["He left on Monday"] * 2
    two, skeleton = audit_corpus(rows_of(texts, labels=["none"] * 6), LABELS).problems
    assert two.startswith("two sentences share 100%")
    assert skeleton.startswith("4 sentences have the skeleton")


def test_audit_finds_an_article_that_is_another_in_new_order():
    texts = ["The dam broke on Monday.", "Nobody was hurt in it.", "Nobody was harmed in it.", "Snow fell on the pass."]
    texts = [texts[0], texts[1], texts[1] + " ", texts[0] + " ", texts[3]]
    problems = audit_corpus(rows_of(texts, ["a", "a", "b", "b", "c"]), LABELS).problems
    assert "two articles share" in problems[-1]
    assert problems[-1].endswith("drop one [a, b]")


def test_audit_finds_templates_and_names_that_give_labels_away():
    texts, labels, articles = named_rows(lambda number: ("denial", "none", "none")[number % 3])
    problems = audit_corpus(rows_of(texts, articles, labels), LABELS).problems
    assert any("60 sentences have the skeleton 'on the hill of N number 0.'" in problem for problem in problems)
    assert problems[-1].startswith("a classifier that sees only names labels 100.0% of 60 sentences correctly")


def test_audit_warns_of_openings_cues_and_small_labels():
    texts = [f"He denied at once that {word} had been taken" for word in ("corn", "the gold watch", "a hat", "salt")]
    warnings = audit_corpus(rows_of([*texts, "Rain."], labels=["denial"] * 4 + ["none"]), LABELS).warnings
    assert warnings[0].startswith("4 sentences open with 'he denied at once', more than 3 ['a-0:0', 'a-1:0'")
    assert "label 'none' has only 1 of the 50 sentences expected; its scores will be uncertain" in warnings
    assert "'deni' is in 100% of 'denial' sentences (elsewhere 0.0%), over 20%" in warnings
    start = "0% of 'denial' sentences have none of its 8 most common cues"
    assert any(warning.startswith(start) for warning in warnings)


def test_label_without_a_sentence_has_no_cues_to_warn_of():
    warnings = audit_corpus(rows_of(["Rain.", "Snow fell."], labels=["none", "none"]), LABELS).warnings
    assert [warning for warning in warnings if "denial" in warning] == [
        "label 'denial' has only 0 of the 50 sentences expected; its scores will be uncertain"
    ]


def test_equal_texts_with_different_labels_are_named_as_a_contradiction():
    (problem,) = audit_corpus(rows_of(["The dam broke on Monday.", "The  dam broke on monday."]), LABELS).problems
    assert problem == (
        "the same text 'The dam broke on Monday.' has 2 labels (denial, none); "
        "correct them or drop all but one ['a-0:0', 'a-1:0']"
    )


def test_short_text_with_two_labels_is_only_worth_a_look():
    audit = audit_corpus(rows_of(["He did not.", "He did not."]), LABELS)
    assert audit.problems == ()
    assert audit.warnings[0].startswith("the same text 'He did not.' has 2 labels (denial, none)")
