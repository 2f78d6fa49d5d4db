"""What is printed can neither fail nor control the terminal."""

import io

import pytest

from tests.cli.helpers import ClosedPipe
from toolkit.cli import main as cli, output


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", stream)
    progress = output.Progress("words", quiet=False)
    progress("fit", 1, 2)
    progress("fit", 2, 2)
    assert "words" in stream.getvalue()


def test_first_failure_of_printing_is_raised_at_the_end():
    def fail(number):
        shown.append(number)
        raise BrokenPipeError

    def work():
        with output.printing_last() as attempt:
            for number in range(2):
                attempt(fail, number)
                done.append(number)

    shown, done = [], []
    with pytest.raises(BrokenPipeError):
        work()
    assert (shown, done) == ([0], [0, 1])


def test_standard_error_that_fails_is_let_go(monkeypatch):
    monkeypatch.setattr("sys.stderr", ClosedPipe())
    output.say("one sentence")
    output.Progress("words", quiet=False)("fit", 1, 1)


def test_terminal_without_a_character_gets_another(workplace, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    assert cli.main(["explain", "The bridge, they denied", "--model", str(workplace / "runs/words/model")]) == 0
    assert b"?" in stream.buffer.getvalue()
