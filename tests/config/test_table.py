"""The keys of a table are taken one by one, and a misspelt one is named."""

import pytest

from tests.config.settings import SETTINGS
from toolkit.config import make_experiment
from toolkit.exceptions import ConfigError


@pytest.mark.parametrize("key", ["question", "seed", "classifier"])
def test_missing_setting_is_named(key):
    with pytest.raises(ConfigError, match=f"{key}.* is missing"):
        make_experiment("x", {name: value for name, value in SETTINGS.items() if name != key})


def test_misspelt_required_key_is_not_called_missing():
    record = {name: value for name, value in SETTINGS.items() if name != "question"} | {"questoin": "?"}
    with pytest.raises(ConfigError, match=r"'questoin' is unknown; did you mean 'question'\?"):
        make_experiment("x", record)
