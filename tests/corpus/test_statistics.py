"""A corpus is counted by label, split, genre, year and length."""

from tests.conftest import add_collections
from toolkit.corpus.statistics import corpus_stats


def test_corpus_is_counted(corpus_folder):
    stats = corpus_stats(corpus_folder)
    assert (stats.n_sentences, stats.n_articles) == (36, 12)
    # Nine words in each of the three kinds of sentence.
    assert stats.n_words == 36 * 9
    assert stats.counts == {
        "split": {"test": (3, 3, 3), "train": (9, 9, 9)},
        "genre": {"wire": (12, 12, 12)},
        "year": {"2031": (12, 12, 12)},
        "words": {"1-10": (12, 12, 12)},
    }
    assert list(stats.cues) == ["denial", "statement"]
    assert stats.cues["denial"].cueless == 0


def test_collections_are_counted_where_there_are_some(own_corpus):
    counts = corpus_stats(add_collections(own_corpus)).counts
    assert list(counts) == ["collection", "split", "genre", "year", "words"]
    assert counts["collection"] == {"acts": (6, 6, 6), "natural": (6, 6, 6)}


def test_act_without_a_sentence_has_no_cues_and_length_no_end(own_corpus):
    path = own_corpus / "sentences.csv"
    text = path.read_text().replace(",denial,", ",none,").replace("The old river", "river " * 38 + "The old river")
    path.write_text(text)
    (own_corpus / "articles.csv").write_text((own_corpus / "articles.csv").read_text().replace(",wire,", ",,"))
    stats = corpus_stats(own_corpus)
    assert list(stats.cues) == ["statement"]
    assert stats.counts["words"] == {"1-10": (0, 12, 23), "41+": (0, 0, 1)}
    assert stats.counts["genre"] == {"–": (0, 12, 24)}
