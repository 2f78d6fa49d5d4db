"""A setting given on the command line replaces that of the file and is added to the experiment's name."""

import pytest

from tests.conftest import WORDS, write_experiment
from toolkit.config import read_experiment
from toolkit.exceptions import ConfigError


def test_override_changes_setting_and_name(tmp_path):
    experiment = read_experiment(write_experiment(tmp_path, "words", WORDS), ["classifier.C=3", "baseline=none at all"])
    assert experiment.classifier.grid["C"] == (3,)
    assert experiment.baseline == "none at all"
    assert experiment.name == "words+classifier.C=3+baseline=none-at-all"


@pytest.mark.parametrize(
    ("override", "message"), [("seed", "is not KEY=VALUE"), ("seed.a=1", "expects 'seed' to be a")]
)
def test_wrong_override_is_refused(tmp_path, override, message):
    with pytest.raises(ConfigError, match=message):
        read_experiment(write_experiment(tmp_path, "words", WORDS), [override])


def test_override_cannot_leave_the_folder_of_runs(tmp_path):
    experiment = read_experiment(write_experiment(tmp_path, "words", WORDS), ["baseline=../../x"])
    assert "/" not in experiment.name
