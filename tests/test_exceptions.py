"""Messages cannot control a terminal."""

from toolkit.exceptions import printable


def test_terminal_cannot_be_controlled():
    assert printable("a\x1b[2Jb\r\nc\u202ed\ud800") == "a\ufffd[2Jb  c\ufffdd?"
