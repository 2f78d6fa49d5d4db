"""A command is run in a folder of its own."""

import pytest

from tests.cli.helpers import ARTICLE
from toolkit.cli import main as cli


@pytest.fixture
def run(workplace, tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder that sees the finished runs."""
    (tmp_path / "runs").symlink_to(workplace / "runs")
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments, code=0):
        assert cli.main([str(one) for one in arguments]) == code
        out = capsys.readouterr()
        return out.err if code else out.out

    return call
