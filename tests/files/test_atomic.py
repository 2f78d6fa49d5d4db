"""A folder is the old one or the new one, whatever interrupts its writing."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.exceptions import RunError
from toolkit.files.atomic import folders_with, restore_folder, write_folder


@pytest.fixture
def place(tmp_path):
    (tmp_path / "runs/words").mkdir(parents=True)
    (tmp_path / "runs/words/manifest.json").write_text("old")
    return tmp_path / "runs/words"


def write(place, text="new"):
    with write_folder(place) as part:
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
from toolkit.files.atomic import write_folder
rename = Path.replace
def once(path, target):
    rename(path, target)
    os._exit(9)
Path.replace = once
with write_folder(sys.argv[1]) as part:
    (part / "manifest.json").write_text("new")
"""


def test_folder_left_aside_by_a_crash_is_put_back(place):
    assert subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False).returncode == 9
    assert not place.exists()
    # A run whose name begins alike has nothing to do with it.
    restore_folder(place.parent / "word")
    assert not (place.parent / "word").exists()
    restore_folder(place)
    assert (place / "manifest.json").read_text() == "old"
    restore_folder(place.parent / "nowhere" / "deep")


def test_listing_puts_back_and_leaves_out_what_is_being_written(place):
    subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False)
    (place.parent / "empty").mkdir()
    assert folders_with(place.parent, "manifest.json") == [place]
    with write_folder(place) as part:
        (part / "manifest.json").write_text("new")
        assert folders_with(place.parent, "manifest.json") == [place]
    assert folders_with(place.parent / "nowhere", "manifest.json") == []


WRITING = """
import sys, time
from toolkit.files.atomic import write_folder
with write_folder(sys.argv[1]) as part:
    (part / "half").write_text("written")
    print(part.name, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with their process")
def test_what_a_killed_process_left_is_deleted_and_what_another_writes_is_not(place):
    def start(name):
        command = [sys.executable, "-c", WRITING, str(place.parent / name)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return process, place.parent / process.stdout.readline().strip()

    (killed, left), (running, written), (other, others) = start("words"), start("words"), start("word")
    for process in (killed, other):
        process.kill()
        process.communicate()
    (place.parent / ".words.notes").mkdir()
    write(place)
    # Too young to be sure of.
    assert left.is_dir()
    for folder in (left, written, others, place.parent / ".words.notes"):
        os.utime(folder, (0, 0))
    write(place)
    assert not left.exists()
    assert (written / "half").is_file()
    assert (others / "half").is_file()
    assert (place.parent / ".words.notes").is_dir()
    running.communicate()
    assert names(place) == ["half"]
    assert not written.exists()


def test_what_stood_aside_and_was_replaced_is_deleted(place):
    aside = place.parent / ".words.abcd_123.old"
    aside.mkdir()
    write(place)
    assert not aside.exists()


def test_place_that_cannot_be_written_to_is_refused(place):
    (place.parent / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written to; change its permissions or name another .*file\]"):
        write(place.parent / "file" / "words")


def test_full_disk_is_one_sentence_and_leaves_the_old_folder(place):
    def write_until_full():
        with write_folder(place) as part:
            (part / "manifest.json").write_text("new")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunError, match=r"the folder cannot be written .*; free space"):
        write_until_full()
    assert (place / "manifest.json").read_text() == "old"
    assert names(place.parent) == ["words"]
