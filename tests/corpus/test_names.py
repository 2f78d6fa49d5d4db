"""Names are recognised, and reported only where they predict labels."""

from tests.corpus.builders import named_rows
from toolkit.corpus.names import check_names, find_names


def test_names_are_words_never_seen_in_lower_case():
    texts = [
        "The Premier met Mr Haslinger in Lenz in May, I’ve heard.",
        "Premier or premier, he left.",
        "He saw I and Lenz's Ute.",
    ]
    assert find_names(texts) == {"Haslinger", "Lenz's", "Lenz", "Ute"}


def test_name_that_gives_a_label_away_is_found():
    check = check_names(*named_rows(lambda number: ("denial", "none", "none")[number % 3]))
    assert check.gives_away
    assert check.accuracy == 1
    assert check.by_number == check.majority == 40 / 60
    assert (check.n_sentences, check.n_names) == (60, 3)


def test_names_spread_evenly_give_nothing_away():
    check = check_names(*named_rows(lambda number: ("denial", "none")[number % 2]))
    assert not check.gives_away


def test_names_of_too_few_articles_are_not_judged():
    assert check_names(["In Lenz.", "In Aubin."], ["denial", "none"], ["a", "b"]) is None
    assert check_names(["rain"], ["none"], ["a"]) is None
