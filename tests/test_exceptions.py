"""The phrases that messages are made of."""

from toolkit.exceptions import did_you_mean, list_some


def test_nothing_is_suggested_where_nothing_is_similar():
    assert did_you_mean("zzz", ["pledge"]) == ""


def test_few_values_are_all_shown():
    assert list_some([1, 2]) == "1, 2"
