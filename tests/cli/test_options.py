"""Values of options are read or refused."""

import pytest

from toolkit.cli import main as cli, options


@pytest.mark.parametrize(
    "arguments",
    [[], ["labl"], ["label"], ["train", "--jobs", "0"], ["train", "--jobs", "x"]]
    + [["curve", "a", spelling, "x"] for spelling in ("--repeats", "--draws")]
    + [["report", "a", "--resamples", number] for number in ("100001", "0", "1.5")],
)
def test_wrong_usage_is_code_two(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "usage:" in error
    assert "whole_number" not in error


def test_cores_are_counted_without_affinity(monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert options.count_cores() >= 1
