"""An encoder is found by folder or package, never downloaded, and has one digest."""

import hashlib

import pytest

from toolkit.encoder.sources import SOURCE_FILES, find_encoder
from toolkit.exceptions import ToolkitError


@pytest.fixture
def folder(tmp_path):
    for name in SOURCE_FILES:
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(name.encode())
    return tmp_path / "mine"


def test_folder_is_found_and_only_its_last_part_is_kept(folder):
    source = find_encoder(str(folder))
    expected = b"".join(hashlib.sha256(name.encode()).digest() for name in SOURCE_FILES)
    assert (source.name, source.folder, source.digest) == ("mine", folder, hashlib.sha256(expected).hexdigest())


def test_changed_file_changes_the_digest(folder):
    before = find_encoder(str(folder)).digest
    (folder / "model.safetensors").write_bytes(b"other")
    assert find_encoder(str(folder)).digest != before


@pytest.mark.parametrize("name", ["no-such-encoder", "no/such/folder", "", "..", "numpy", "a b/c*"])
def test_encoder_that_is_not_there_is_refused(name):
    with pytest.raises(ToolkitError, match=r"^encoder .* was not found, expected .*; install it or name another"):
        find_encoder(name)


def test_folder_without_tokenizer_is_refused(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ToolkitError, match="was not found"):
        find_encoder(str(folder))
