"""The phrases that messages are made of, none of which can control a terminal."""

from toolkit.exceptions import did_you_mean, list_some, printable


def test_nothing_is_suggested_where_nothing_is_similar():
    assert did_you_mean("zzz", ["pledge"]) == ""


def test_few_values_are_all_shown():
    assert list_some([1, 2]) == "1, 2"


def test_terminal_cannot_be_controlled():
    assert printable("a\x1b[2Jb\r\nc\u202ed\ud800") == "a\ufffd[2Jb  c\ufffdd?"
