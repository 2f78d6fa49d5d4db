"""What is printed can neither fail nor control the terminal."""

import io

from toolkit.cli import main as cli, output


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", stream)
    progress = output.Progress("words", quiet=False)
    progress("fit", 1, 2)
    progress("fit", 2, 2)
    assert "words" in stream.getvalue()


def test_terminal_without_a_character_gets_another(workplace, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    assert cli.main(["explain", "The bridge, they denied", "--model", str(workplace / "runs/words/model")]) == 0
    assert b"?" in stream.buffer.getvalue()
