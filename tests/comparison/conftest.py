"""Three runs over four training sentences, in memory and as folders, and runs that were trained."""

import shutil
from pathlib import Path

import pytest

from tests.comparison.builders import make_run, write_run


@pytest.fixture
def three():
    # Correct among the four: base 1 and 4 (d, d); better 1, 2 and 3; other 2 and 4.
    return [make_run("base", "dnpd"), make_run("better", "dpnn"), make_run("other", "npdd")]


@pytest.fixture
def folders(tmp_path, three):
    return [write_run(run, tmp_path / run.name) for run in three]


@pytest.fixture
def trained(tmp_path, workplace):
    """A copy of two trained runs, ``majority`` and ``words``, that the test may break."""
    return Path(shutil.copytree(workplace / "runs", tmp_path / "trained"))
