"""A file and the lexicons it names become an experiment, or one sentence that names the file."""

import pytest

from tests.conftest import WORDS, write_experiment
from toolkit.config import make_experiment, read_experiment
from toolkit.exceptions import ConfigError
from toolkit.experiment.runs import without_none

LEXICON = '[classes]\nsay = "said tell*"\n'


def test_file_is_read_and_its_stem_is_the_name(tmp_path):
    experiment = read_experiment(write_experiment(tmp_path, "words", WORDS))
    assert experiment.name == "words"
    assert experiment.classifier.grid["C"] == (1, 10)


def test_file_problems_name_the_file(tmp_path):
    path = write_experiment(tmp_path, "words", WORDS)
    with pytest.raises(ConfigError, match=r"no experiment file 'word\.toml'; did you mean 'words\.toml'\?"):
        read_experiment(tmp_path / "word.toml")
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        read_experiment(path)
    path.write_text("question = ")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        read_experiment(path)


def with_lexicon(folder, features, lexicon=LEXICON):
    (folder / "l.toml").write_text(lexicon, encoding="utf-8")
    path = folder / "e.toml"
    path.write_text(f'question = "?"\nseed = 1\n[features]\nwords = [1, 1]\n{features}\n[classifier]\nname = "svm"\n')
    return path


def test_lexicon_is_read_into_the_record(tmp_path):
    experiment = read_experiment(with_lexicon(tmp_path, 'classes = "l.toml"\nclass_ngrams = [1, 4]'))
    assert experiment.features.classes == (("say", "said tell*"),)
    assert experiment.features.class_ngrams == (1, 4)
    # The settings that a run records can be read again without the lexicon.
    record = without_none(experiment.to_dict())
    del record["name"]
    assert make_experiment("e", record) == experiment


@pytest.mark.parametrize(
    ("features", "lexicon", "message"),
    [
        ('classes = "m.toml"\nclass_ngrams = [1, 4]', LEXICON, "there is no lexicon 'm.toml' below"),
        ('classes = "l\\u0000.toml"\nclass_ngrams = [1, 4]', LEXICON, "the lexicon is not TOML in UTF-8"),
        ('classes = "../l.toml"\nclass_ngrams = [1, 4]', LEXICON, "name a lexicon below the experiment's own folder"),
        ('classes = "/l.toml"\nclass_ngrams = [1, 4]', LEXICON, "name a lexicon below the experiment's own folder"),
        ('classes = "l.toml"\nclass_ngrams = [1, 4]', "[classes", "the lexicon is not TOML in UTF-8"),
        (
            'classes = "l.toml"\nclass_ngrams = [1, 4]',
            "cues = []",
            "the lexicon has no 'classes', only cues",
        ),
        ('classes = "l.toml"', LEXICON, "needs both classes and class_ngrams"),
        ("class_ngrams = [1, 4]", LEXICON, "needs both classes and class_ngrams"),
        ('classes = "l.toml"\nclass_ngrams = [1, 4]', "[classes]\nsay = 3", "class 'say' of .* is 3; expected words"),
        ('classes = "l.toml"\nclass_ngrams = [1, 4]', '[classes]\na = "x"\nb = "x"', "in the classes 'a' and 'b'"),
        ('classes = "l.toml"\nclass_ngrams = [1, 4]', '[classes]\na = "Said"', "'Said' of class 'a' can never occur"),
    ],
)
def test_wrong_lexicon_is_one_sentence(tmp_path, features, lexicon, message):
    with pytest.raises(ConfigError, match=message):
        read_experiment(with_lexicon(tmp_path, features, lexicon))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_is_no_part_of_an_experiment_or_a_lexicon(tmp_path, encoding):
    path = with_lexicon(tmp_path, 'classes = "l.toml"\nclass_ngrams = [1, 4]')
    for file in (path, tmp_path / "l.toml"):
        file.write_text(file.read_text(), encoding=encoding)
    assert read_experiment(path).features.classes == (("say", "said tell*"),)
