"""A folder is the old one or the new one, whatever comes between."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.exceptions import RunError
from toolkit.folders import folders_with, put_back, whole_folder


@pytest.fixture
def place(tmp_path):
    (tmp_path / "runs/words").mkdir(parents=True)
    (tmp_path / "runs/words/manifest.json").write_text("old")
    return tmp_path / "runs/words"


def write(place, text="new"):
    with whole_folder(place) as part:
        (part / "manifest.json").write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_new_folder_takes_the_place_of_the_old(place):
    write(place)
    assert (place / "manifest.json").read_text() == "new"
    write(place.parent / "fresh")
    assert names(place.parent) == ["fresh", "words"]


def test_link_is_followed(place):
    (place.parent / "link").symlink_to("words")
    write(place.parent / "link")
    assert (place.parent / "link").is_symlink()
    assert (place / "manifest.json").read_text() == "new"


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_interruption_at_any_rename_leaves_the_old_folder_or_the_new(place, monkeypatch, moment):
    rename, calls = Path.replace, []

    def interrupted(path, target):
        calls.append(path)
        if len(calls) == moment + 1:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    if moment < 2:
        with pytest.raises(KeyboardInterrupt):
            write(place)
    else:
        write(place)
    assert (place / "manifest.json").read_text() == ("old" if moment < 2 else "new")
    assert names(place.parent) == ["words"]


KILLED = """
import os, sys
from pathlib import Path
from toolkit.folders import whole_folder
rename = Path.replace
def once(path, target):
    rename(path, target)
    os._exit(9)
Path.replace = once
with whole_folder(sys.argv[1]) as part:
    (part / "manifest.json").write_text("new")
"""


def test_folder_left_aside_by_a_crash_is_put_back(place):
    assert subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False).returncode == 9
    assert not place.exists()
    # A run whose name begins alike has nothing to do with it.
    put_back(place.parent / "word")
    assert not (place.parent / "word").exists()
    put_back(place)
    assert (place / "manifest.json").read_text() == "old"
    put_back(place.parent / "nowhere" / "deep")


def test_listing_puts_back_and_leaves_out_what_is_being_written(place):
    subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False)
    (place.parent / "empty").mkdir()
    assert folders_with(place.parent, "manifest.json") == [place]
    with whole_folder(place) as part:
        (part / "manifest.json").write_text("new")
        assert folders_with(place.parent, "manifest.json") == [place]
    assert folders_with(place.parent / "nowhere", "manifest.json") == []


def test_place_that_cannot_be_written_to_is_refused(place):
    (place.parent / "file").write_text("")
    with pytest.raises(RunError, match=r"the folder cannot be written to; free it or name another .*file\]"):
        write(place.parent / "file" / "words")


def test_full_disk_is_one_sentence_and_leaves_the_old_folder(place):
    def write_until_full():
        with whole_folder(place) as part:
            (part / "manifest.json").write_text("new")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunError, match=r"the folder cannot be written .*; make room"):
        write_until_full()
    assert (place / "manifest.json").read_text() == "old"
    assert names(place.parent) == ["words"]
