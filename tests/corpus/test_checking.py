"""A corpus is checked for copies within itself and from a table."""

from toolkit.corpus.checking import check_corpus
from toolkit.corpus.loading import corpus_fingerprint, load_corpus


def test_sound_corpus_has_no_problem_and_its_size_and_fingerprint(corpus_folder):
    check = check_corpus(corpus_folder)
    assert check.problems == check.audit.problems == ()
    assert check.matches == ()
    assert check.n_sentences == {"train": 27, "test": 9}
    assert check.fingerprint == corpus_fingerprint(load_corpus(corpus_folder))
    # Twelve sentences of each label are few.
    assert any("label 'denial' has only 12 of the 50 sentences" in warning for warning in check.audit.warnings)


def test_copies_from_a_table_are_problems_and_the_most_similar_come_first(corpus_folder):
    rows = [
        {"text": "Nothing of the kind."},
        {"other": 1},
        {"text": "The grey ministry denied the report about a tower."},
    ]
    check = check_corpus(corpus_folder, rows)
    assert [match.similarity for match in check.matches] == sorted(
        (match.similarity for match in check.matches), reverse=True
    )
    first = check.matches[0]
    assert (first.position, first.row, first.other_text) == ("a-08:0", 3, rows[2]["text"])
    assert first.text == "The grey ministry denied the report about the tower."
    assert check.problems == (
        f"the sentence shares {first.similarity:.0%} of its 5-grams with row 3 of the table; rewrite it [a-08:0]",
    )
    assert check.audit.problems == ()
