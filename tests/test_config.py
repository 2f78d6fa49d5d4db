import pytest

from tests.conftest import MAJORITY, WORDS, write_experiment
from toolkit.config import find_experiments, make_experiment, read_experiment
from toolkit.exceptions import ConfigError, ToolkitError
from toolkit.experiment.runs import without_none

GOOD = {"question": "?", "seed": 1, "features": {"words": [1, 2]}, "classifier": {"name": "naive-bayes"}}


def test_silent_settings_take_their_defaults():
    experiment = make_experiment("x", GOOD)
    assert experiment.evaluation.folds == 5
    assert experiment.classifier.grid == {"alpha": (1.0,)}
    assert experiment.model_format == "skops"


def test_settings_survive_a_round_trip():
    record = make_experiment("x", GOOD).to_dict()
    record = without_none(record)
    del record["name"]
    assert make_experiment("x", record) == make_experiment("x", GOOD)


def test_rule_lists_survive_a_round_trip():
    rules = [["denial", "denied", "no truth"], ["pledge", "vow*"]]
    for change in (
        {"classifier": {"name": "keywords", "rules": rules}},
        {"features": {"words": [1, 1], "cues": rules}},
    ):
        experiment = make_experiment("x", {**GOOD, **change})
        record = without_none(experiment.to_dict())
        del record["name"]
        assert make_experiment("x", record) == experiment


def test_digest_is_of_the_settings_and_not_of_the_name():
    assert make_experiment("x", GOOD).digest == make_experiment("y", GOOD).digest
    assert make_experiment("x", {**GOOD, "seed": 2}).digest != make_experiment("x", GOOD).digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sed": 1}, r"key 'sed' is unknown; expected one of .*; did you mean 'seed'\? \[experiment\]"),
        ({"features": {"word": [1, 2]}}, r"key 'features.word' is unknown.*did you mean 'words'\?"),
        ({"features": {}}, r"\[features\] names no n-grams"),
        ({"features": {"words": [2, 1]}}, r"features.words is \[2, 1\]; expected two whole numbers"),
        (
            {"features": {"words": [1, 2], "weights": "tfidf"}},
            "features.weights is 'tfidf'; expected one of tf-idf, count, binary",
        ),
        ({"features": {"words": [1, 2], "lowercase": 1}}, "features.lowercase is 1; expected true or false"),
        ({"features": 3}, "'features' is 3; expected a table"),
        ({"seed": -1}, "seed is -1; expected a whole number"),
        ({"seed": True}, "seed is True"),
        ({"classifier": {"name": "svn"}}, r"classifier 'svn' is none of .*; did you mean 'svm'\?"),
        ({"classifier": {"name": "svm", "C": []}}, "classifier.C must list at least one value"),
        ({"classifier": {"name": "svm", "C": [1, 1]}}, "each once"),
        ({"classifier": {"name": "svm", "C": [0]}}, "classifier.C is 0; expected a number above 0"),
        ({"classifier": {"name": "svm", "balanced": 1}}, "classifier.balanced is 1; expected true or false"),
        ({"classifier": {"name": "keywords"}}, r"\[classifier\] needs a rule list"),
        ({"features": {"words": [1, 2], "cues": []}}, r"\[features\] needs a rule list"),
        ({"features": {"words": [1, 2], "cues": [["a", '"*']]}}, "cue '\"\\*' can never stand between word boundaries"),
        ({"features": {"words": [1, 2], "cues": [["a", "no?"]]}}, r"cue 'no\?' can never stand"),
        ({"classifier": {"name": "keywords", "rules": [["denial"]]}}, r"rule \['denial'\] is none"),
        ({"classifier": {"nam": "svm"}}, r"key 'classifier.nam' is unknown; did you mean 'name'\?"),
        ({"evaluation": {"folds": 1}}, "evaluation.folds is 1"),
        ({"evaluation": {"inner_folds": 1}}, "evaluation.inner_folds is 1"),
        ({"evaluation": {"resamples": 9}}, "evaluation.resamples is 9"),
        ({"model": {"format": "pickle"}}, "model.format is 'pickle'; expected one of skops, joblib"),
        ({"calibration": {"method": "platt"}}, "calibration.method is 'platt'; expected one of none, temperature, iso"),
        ({"calibration": {"metod": "isotonic"}}, r"key 'calibration.metod' is unknown.*did you mean 'method'\?"),
    ],
)
def test_wrong_setting_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        make_experiment("x", {**GOOD, **change})


@pytest.mark.parametrize("key", ["question", "seed", "classifier"])
def test_missing_setting_is_named(key):
    with pytest.raises(ConfigError, match=f"{key}.* is missing"):
        make_experiment("x", {name: value for name, value in GOOD.items() if name != key})


def test_mistyped_required_key_is_told_from_a_missing_one():
    record = {name: value for name, value in GOOD.items() if name != "question"} | {"questoin": "?"}
    with pytest.raises(ConfigError, match=r"'questoin' is unknown; did you mean 'question'\?"):
        make_experiment("x", record)


def test_file_is_read_and_its_stem_is_the_name(tmp_path):
    experiment = read_experiment(write_experiment(tmp_path, "words", WORDS))
    assert experiment.name == "words"
    assert experiment.classifier.grid["C"] == (1, 10)


def test_override_changes_setting_and_name(tmp_path):
    experiment = read_experiment(write_experiment(tmp_path, "words", WORDS), ["classifier.C=3", "baseline=none at all"])
    assert experiment.classifier.grid["C"] == (3,)
    assert experiment.baseline == "none at all"
    assert experiment.name == "words+classifier.C=3+baseline=none-at-all"


@pytest.mark.parametrize(("override", "message"), [("seed", "is no KEY=VALUE"), ("seed.a=1", "goes into 'seed'")])
def test_wrong_override_is_refused(tmp_path, override, message):
    with pytest.raises(ConfigError, match=message):
        read_experiment(write_experiment(tmp_path, "words", WORDS), [override])


def test_file_problems_name_the_file(tmp_path):
    path = write_experiment(tmp_path, "words", WORDS)
    with pytest.raises(ConfigError, match=r"no experiment file 'word\.toml'; did you mean 'words\.toml'\?"):
        read_experiment(tmp_path / "word.toml")
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        read_experiment(path)
    path.write_text("question = ")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_experiment(path)


def test_override_cannot_leave_the_folder_of_runs(tmp_path):
    experiment = read_experiment(write_experiment(tmp_path, "words", WORDS), ["baseline=../../x"])
    assert "/" not in experiment.name


LEXICON = '[classes]\nsay = "said tell*"\n'


def with_lexicon(folder, features, lexicon=LEXICON):
    (folder / "l.toml").write_text(lexicon, encoding="utf-8")
    path = folder / "e.toml"
    path.write_text(f'question = "?"\nseed = 1\n[features]\nwords = [1, 1]\n{features}\n[classifier]\nname = "svm"\n')
    return path


def test_lexicon_is_read_into_the_record(tmp_path):
    experiment = read_experiment(with_lexicon(tmp_path, 'classes = "l.toml"\nclass_ngrams = [1, 4]'))
    assert experiment.features.classes == (("say", "said tell*"),)
    assert experiment.features.class_ngrams == (1, 4)
    # What a run records can be read again without the lexicon's file.
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
        ('classes = "l.toml"\nclass_ngrams = [1, 4]', "cues = []", "the lexicon has no 'classes'; it has cues"),
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


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "1000", "true", "101"])
def test_invalid_number_of_repetitions_is_refused(tmp_path, value):
    path = write_experiment(tmp_path, "words", WORDS)
    with pytest.raises(ConfigError, match=r"^evaluation\.repeats is .*; expected a whole number from 1 to 100 \["):
        read_experiment(path, [f"evaluation.repeats={value}"])


def test_experiment_without_repeats_keeps_its_digest():
    # As before experiments could repeat their cross-validation.
    digest = "93e88a26ba67ce4afac4a35d0976d673ab805825b1ba6479f68a1c4ca148fb85"
    assert make_experiment("x", GOOD).digest == digest
    assert make_experiment("x", {**GOOD, "evaluation": {"repeats": 1}}).digest == digest
    two = make_experiment("x", {**GOOD, "evaluation": {"repeats": 2}})
    assert two.digest != digest
    assert two.to_dict()["evaluation"]["repeats"] == 2


def test_baseline_is_trained_before_experiments_that_refer_to_it(tmp_path):
    for name, text in (("a", 'baseline = "b"\n' + MAJORITY), ("b", MAJORITY), ("c", 'baseline = "x"\n' + MAJORITY)):
        write_experiment(tmp_path, name, text)
    assert [path.stem for path in find_experiments([], tmp_path)] == ["b", "a", "c"]
    assert find_experiments(["c"], tmp_path) == [tmp_path / "c.toml"]
    write_experiment(tmp_path, "b", 'baseline = "a"\n' + MAJORITY)
    with pytest.raises(ToolkitError, match="leads back to itself"):
        find_experiments([], tmp_path)
    with pytest.raises(ConfigError, match="there is no experiment"):
        find_experiments([], tmp_path / "none")


def test_shipped_experiments_are_valid():
    names = {path.stem for path in find_experiments([], "experiments")}
    assert names >= {"majority", "keywords", "naive-bayes", "words", "svm", "words-characters", "default"}
    assert {read_experiment(f"experiments/{name}.toml").seed for name in names} == {20240427}
