"""A label set keeps its order, and refuses what it does not define."""

import numpy as np
import pytest

from toolkit.exceptions import CorpusError
from toolkit.labels import LabelSet, read_labels

TWO = LabelSet.from_names(["pledge", "denial"], background="denial")


def test_order_of_labels_is_the_order_given():
    assert TWO.names == ("pledge", "denial")
    assert TWO.titles == ("pledge", "denial")


def test_acts_leave_out_the_background():
    assert TWO.acts == ("pledge",)
    assert LabelSet.from_names(["a", "b"]).acts == ("a", "b")


def test_unknown_label_names_the_nearest():
    with pytest.raises(ValueError, match=r"label 'pldege' is not .*\(pledge, denial\); did you mean 'pledge'\?"):
        TWO.check(["denial", "pldege"])


def test_several_unknown_labels_are_counted():
    with pytest.raises(ValueError, match="labels 'u', 'v', 'w' and 1 more are not"):
        TWO.check("uvwx")


def test_known_labels_pass_and_have_an_index():
    TWO.check(["pledge"])
    assert TWO.index("denial") == 1
    with pytest.raises(ValueError, match="'threat' is not in the label set"):
        TWO.index("threat")


def test_label_set_survives_a_round_trip():
    assert LabelSet.from_dict(TWO.to_dict()) == TWO


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "at least two"),
        ({"label": [{"name": "a"}, {"title": "b"}]}, "number 2 has no name"),
        ({"label": [{"name": "a"}, {"name": "a"}]}, "'a' is defined twice"),
        ({"label": [{"name": "a"}, {"name": "b"}], "background": "c"}, "background 'c' is not one of the labels"),
    ],
)
def test_broken_label_set_is_refused(record, message):
    with pytest.raises(ValueError, match=message):
        LabelSet.from_dict(record)


def test_file_problems_name_the_file(tmp_path):
    path = tmp_path / "labels.toml"
    with pytest.raises(CorpusError, match=r"there is no label set.*labels\.toml\]"):
        read_labels(path)
    path.write_bytes(b"\xff")
    with pytest.raises(CorpusError, match="not TOML in UTF-8"):
        read_labels(path)
    path.write_text("background = 'x'")
    with pytest.raises(CorpusError, match=r"at least two .*labels\.toml\]"):
        read_labels(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'backgroud = "none"\n',
            "key 'backgroud' is unknown; expected one of background, label; did you mean 'background'",
        ),
        ('[[label]]\nname = "a"\ncolour = "red"\n', "key 'colour' is unknown; expected one of name, title, definition"),
    ],
)
def test_unknown_key_is_refused(tmp_path, text, message):
    path = tmp_path / "labels.toml"
    path.write_text(text + '[[label]]\nname = "b"\n[[label]]\nname = "none"\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_labels(path)


def test_folder_instead_of_the_file_is_refused(tmp_path):
    (tmp_path / "labels.toml").mkdir()
    with pytest.raises(CorpusError, match="the label set is not TOML in UTF-8"):
        read_labels(tmp_path / "labels.toml")


def test_names_may_be_numbers_and_truth_values(tmp_path):
    path = tmp_path / "labels.toml"
    path.write_text("background = 0\n[[label]]\nname = 0\n[[label]]\nname = true\n[[label]]\nname = 1.5\n")
    labels = read_labels(path)
    assert (labels.names, labels.background, labels.titles) == (("0", "true", "1.5"), "0", ("0", "true", "1.5"))
    assert [labels.find(cell) for cell in (0, np.int64(0), True, np.bool_(True), "TRUE", 1, None)] == [
        *("0", "0", "true", "true", "true"),
        *(None, None),
    ]


def test_whole_number_is_not_a_truth_value_nor_another_number():
    labels = LabelSet.from_names(["1", "true"])
    assert (labels.find(1), labels.find(True), labels.find("01"), labels.find("1.5")) == ("1", "true", None, None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_is_no_part_of_the_file(tmp_path, encoding):
    path = tmp_path / "labels.toml"
    path.write_text('[[label]]\nname = "é"\n[[label]]\nname = "none"\n', encoding=encoding)
    assert read_labels(path).names == ("é", "none")
