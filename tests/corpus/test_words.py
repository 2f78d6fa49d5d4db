from toolkit.corpus.words import WORD


def test_words_are_letters_joined_by_apostrophes_and_hyphens():
    text = "Lenz’s well-known café lost_5 o'clock -x-"
    assert WORD.findall(text) == ["Lenz’s", "well-known", "café", "lost", "o'clock", "x"]
