"""A corpus as one flat table is the same corpus."""

from toolkit.corpus.flat_table import corpus_table
from toolkit.corpus.loading import corpus_fingerprint, load_corpus
from toolkit.files.writing import TableWriter


def test_flat_table_is_read_as_the_same_corpus(corpus_folder, tmp_path):
    table = corpus_table(corpus_folder)
    assert len(table) == 36
    assert table[0]["label"] == "denial"
    assert table[0]["also"] == ""
    assert {row["split"] for row in table} == {"train", "test"}
    (tmp_path / "labels.toml").write_bytes((corpus_folder / "labels.toml").read_bytes())
    TableWriter(tmp_path / "sentences.csv").write([table])
    assert corpus_fingerprint(load_corpus(tmp_path)) == corpus_fingerprint(load_corpus(corpus_folder))
