"""What a referee would object to is found, and what is sound is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.corpus.audit import audit_corpus
from toolkit.corpus.cues import find_cues
from toolkit.corpus.duplicates import (
    SHINGLE,
    most_similar,
    near_duplicates,
    repeated_openings,
    repeated_skeletons,
    skeleton,
)
from toolkit.corpus.names import check_names, find_names
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "none"])


def shingles(text):
    text = f"   {' '.join(text.lower().split())}   "
    return {text[at : at + SHINGLE] for at in range(len(text) - SHINGLE + 1)}


def jaccard(first, second):
    return len(shingles(first) & shingles(second)) / len(shingles(first) | shingles(second))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab ", max_size=12), max_size=12), st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.95]))
def test_search_finds_just_the_pairs_that_comparing_all_finds(texts, threshold):
    plain = [" ".join(text.split()) for text in texts]
    first = [plain.index(text) for text in plain]
    expected = {
        (a, b)
        for b in range(len(texts))
        for a in range(b)
        if jaccard(texts[a], texts[b]) > threshold + 1e-12 and a == first[a] and first[b] in (a, b)
    }
    assert {(pair.first, pair.second) for pair in near_duplicates(texts, threshold)} == expected


def test_share_of_a_pair_is_its_jaccard_similarity():
    first, second = "The dam broke on Monday night.", "The dam broke on Sunday night."
    [pair] = near_duplicates([first, "Rain.", second], 0.4)
    assert (pair.first, pair.second) == (0, 2)
    assert pair.similarity == pytest.approx(jaccard(first, second))


def test_most_alike_pairs_a_text_with_the_nearest_of_another_list():
    texts, others = ["Snow fell.", "The dam broke."], ["Hail.", "The dam broke at last.", "The dam held."]
    pairs = most_similar(texts, others)
    assert [(pair.first, pair.second) for pair in pairs] == [(1, 1), (0, 0)]
    assert pairs[0].similarity == pytest.approx(jaccard(texts[1], others[1]))
    assert len(most_similar(texts, others, n_pairs=1)) == 1


def test_names_are_words_never_seen_in_lower_case():
    texts = [
        "The Premier met Mr Haslinger in Lenz in May, I’ve heard.",
        "Premier or premier, he left.",
        "He saw I and Lenz's Ute.",
    ]
    assert find_names(texts) == {"Haslinger", "Lenz's", "Lenz", "Ute"}


def test_skeleton_hides_names_and_numbers():
    names = frozenset({"Ute", "Brandeis", "Lenz"})
    assert skeleton("Ute Brandeis left Lenz at 10:30 with 1,200 others.", names) == "N left N at 0 with 0 others."


def test_sentences_from_one_template_are_found():
    places = ("Lenz", "Karsk", "Aubin")
    texts = [f"They shelled {place} at {number}." for number, place in enumerate(places)] + ["Rain fell on Lenz."]
    assert repeated_skeletons(texts) == [("they shelled N at 0.", [0, 1, 2])]
    assert repeated_skeletons(texts, most=3) == []


def test_openings_shorter_than_the_measure_do_not_count():
    assert repeated_openings(["He left.", "He left.", "He left."], most=1) == []
    assert repeated_openings(["He left at ten, angry.", "He left at ten."], most=1) == [("he left at ten", [0, 1])]


def test_cues_are_content_words_that_set_a_label_apart():
    texts = ["He denied it.", "She was denying that.", "They call it a lie.", "It was denied.", "It rained all day."]
    found = find_cues(texts, ["denial"] * 3 + ["none"] * 2, "denial", n_cues=1)
    assert found.cues[0].stem == "call"
    found = find_cues([*texts, "Snow."] * 3, (["denial"] * 3 + ["none"] * 3) * 3, "denial")
    stems = {cue.stem: cue for cue in found.cues}
    assert "deni" not in stems
    assert stems["lie"].share == 1 / 3
    assert stems["lie"].elsewhere == 0
    assert found.cueless == 2 / 3
    # "it" is a word of grammar; of the 12 other sentences none has a cue.
    assert found.n_misleading == 0
    assert (
        find_cues(
            ["I deny it.", "He denies.", "Deny me."] + ["Denied a visa."] + ["No."] * 9, ["d"] * 3 + ["n"] * 10, "d", 1
        ).n_misleading
        == 1
    )


def test_cues_of_a_label_that_never_occurs_are_refused():
    with pytest.raises(ValueError, match="no sentence has the label 'pledge'"):
        find_cues(["a"], ["none"], "pledge")


def named_rows(label_of):
    rows = []
    for number in range(60):
        name = ("Lenz", "Karsk", "Aubin")[number % 3]
        rows.append((f"On the hill of {name} number {number}.", label_of(number), f"a-{number // 2:02d}"))
    return tuple(zip(*rows, strict=True))


def test_name_that_gives_a_label_away_is_found():
    found = check_names(*named_rows(lambda number: ("denial", "none", "none")[number % 3]))
    assert found.gives_away
    assert found.accuracy == 1
    assert found.by_number == found.majority == 40 / 60
    assert (found.n_sentences, found.n_names) == (60, 3)


def test_names_spread_evenly_give_nothing_away():
    found = check_names(*named_rows(lambda number: ("denial", "none")[number % 2]))
    assert not found.gives_away


def test_names_of_too_few_articles_are_not_judged():
    assert check_names(["In Lenz.", "In Aubin."], ["denial", "none"], ["a", "b"]) is None
    assert check_names(["rain"], ["none"], ["a"]) is None


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


def test_audit_names_the_place_of_a_copy():
    found = audit_corpus(rows_of(["The dam broke on Monday.", "Snow.", "The dam  broke on monday."]), LABELS)
    assert found.problems == ("two sentences share 100% of their 5-grams; rewrite one [a-0:0, a-2:0]",)


def test_audit_finds_an_article_that_is_another_in_new_order():
    texts = ["The dam broke on Monday.", "Nobody was hurt in it.", "Nobody was harmed in it.", "Snow fell on the pass."]
    texts = [texts[0], texts[1], texts[1] + " ", texts[0] + " ", texts[3]]
    problems = audit_corpus(rows_of(texts, ["a", "a", "b", "b", "c"]), LABELS).problems
    assert "two articles share" in problems[-1]
    assert problems[-1].endswith("drop one [a, b]")


def test_audit_finds_templates_and_names_that_give_away():
    texts, labels, articles = named_rows(lambda number: ("denial", "none", "none")[number % 3])
    problems = audit_corpus(rows_of(texts, articles, labels), LABELS).problems
    assert any("60 sentences are built alike: 'on the hill of N number 0.'" in problem for problem in problems)
    assert any(problem.startswith("names alone label 100.0% of 60 sentences right") for problem in problems)


def test_audit_warns_of_openings_cues_and_small_labels():
    texts = [f"He denied at once that {word} had been taken" for word in ("corn", "the gold watch", "a hat", "salt")]
    warnings = audit_corpus(rows_of([*texts, "Rain."], labels=["denial"] * 4 + ["none"]), LABELS).warnings
    assert warnings[0].startswith("4 sentences open with 'he denied at once', more than 3 ['a-0:0', 'a-1:0'")
    assert "label 'none' has 1 sentences, fewer than 50; its scores will be uncertain" in warnings
    assert "'deni' is in 100% of 'denial' sentences (elsewhere 0.0%), over 20%" in warnings
    assert any(warning.startswith("0% of 'denial' sentences have none of its 8 commonest cues") for warning in warnings)


def test_label_without_a_sentence_has_no_cues_to_warn_of():
    warnings = audit_corpus(rows_of(["Rain.", "Snow fell."], labels=["none", "none"]), LABELS).warnings
    assert [warning for warning in warnings if "denial" in warning] == [
        "label 'denial' has 0 sentences, fewer than 50; its scores will be uncertain"
    ]
