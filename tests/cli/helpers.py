"""What the tests of several commands share."""

import io
import json

ARTICLE = (
    "Floods in Hask\n\nThe old ministry denied the report about the tower. The old river rose by the tower at night.\n"
)
MODEL = ("--model", "runs/words/model")


def json_rows(text):
    return [json.loads(line) for line in text.splitlines()]


class ClosedPipe(io.StringIO):
    """A standard output whose reader has stopped, without a buffer."""

    def write(self, text):
        raise BrokenPipeError


def capture_bytes(monkeypatch, tty=False):
    """Give the command a standard output whose bytes can be read."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    stream.isatty = lambda: tty
    monkeypatch.setattr("sys.stdout", stream)
    return stream.buffer
