"""JSON files are read as plain data, and what JSON or UTF-8 cannot express is refused."""

import pytest

from toolkit.files.json_files import read_json


@pytest.mark.parametrize("content", ["{", "[NaN]", "[-Infinity]", "[" * 100_000, "\ufffe", "1" * 5000])
def test_invalid_json_is_a_value_error(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "x.json")


def test_json_is_read(tmp_path):
    (tmp_path / "x.json").write_text('{"a": [1, 2.5, null]}')
    assert read_json(tmp_path / "x.json") == {"a": [1, 2.5, None]}
