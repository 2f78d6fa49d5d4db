"""Sentences written from one template are listed; others are not."""

from toolkit.corpus.templates import repeated_openings, repeated_skeletons, skeleton


def test_skeleton_hides_names_and_numbers():
    names = frozenset({"Ute", "Brandeis", "Lenz"})
    assert skeleton("Ute Brandeis left Lenz at 10:30 with 1,200 others.", names) == "N left N at 0 with 0 others."


def test_sentences_from_one_template_are_listed():
    places = ("Lenz", "Karsk", "Aubin")
    texts = [f"They shelled {place} at {number}." for number, place in enumerate(places)] + ["Rain fell on Lenz."]
    assert repeated_skeletons(texts) == [("they shelled N at 0.", [0, 1, 2])]
    assert repeated_skeletons(texts, most=3) == []


def test_sentences_shorter_than_an_opening_have_none():
    assert repeated_openings(["He left.", "He left.", "He left."], most=1) == []
    assert repeated_openings(["He left at ten, angry.", "He left at ten."], most=1) == [("he left at ten", [0, 1])]
