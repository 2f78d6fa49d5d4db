"""A folder is the old one or the new one, whatever interrupts its writing."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.exceptions import RunError, TableError
from toolkit.files import atomic
from toolkit.files.atomic import folders_with, restore_folder, write_file, write_folder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "runs/words").mkdir(parents=True)
    (tmp_path / "runs/words/manifest.json").write_text("old")
    return tmp_path / "runs/words"


def write(folder, text="new"):
    with write_folder(folder) as part:
        (part / "manifest.json").write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_new_folder_takes_the_place_of_the_old(folder):
    write(folder)
    assert (folder / "manifest.json").read_text() == "new"
    write(folder.parent / "fresh")
    assert names(folder.parent) == ["fresh", "words"]


def test_link_is_followed(folder):
    (folder.parent / "link").symlink_to("words")
    write(folder.parent / "link")
    assert (folder.parent / "link").is_symlink()
    assert (folder / "manifest.json").read_text() == "new"


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_interruption_at_any_rename_leaves_the_old_folder_or_the_new(folder, monkeypatch, moment):
    rename, calls = Path.replace, []

    def interrupted(path, target):
        calls.append(path)
        if len(calls) == moment + 1:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    if moment < 2:
        with pytest.raises(KeyboardInterrupt):
            write(folder)
    else:
        write(folder)
    assert (folder / "manifest.json").read_text() == ("old" if moment < 2 else "new")
    assert names(folder.parent) == ["words"]


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


def test_folder_that_a_crash_left_renamed_gets_its_name_back(folder):
    assert subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False).returncode == 9
    assert not folder.exists()
    # A run whose name only begins the same is another one.
    restore_folder(folder.parent / "word")
    assert not (folder.parent / "word").exists()
    restore_folder(folder)
    assert (folder / "manifest.json").read_text() == "old"
    restore_folder(folder.parent / "nowhere" / "deep")


def test_listing_restores_folders_and_leaves_out_those_being_written(folder):
    subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    (folder.parent / "empty").mkdir()
    assert folders_with(folder.parent, "manifest.json") == [folder]
    with write_folder(folder) as part:
        (part / "manifest.json").write_text("new")
        assert folders_with(folder.parent, "manifest.json") == [folder]
    assert folders_with(folder.parent / "nowhere", "manifest.json") == []


WRITING = """
import sys, time
from toolkit.files.atomic import write_folder
with write_folder(sys.argv[1]) as part:
    (part / "half").write_text("written")
    print(part.name, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with their process")
def test_leftover_of_a_killed_process_is_deleted_and_what_another_writes_is_not(folder):
    def start(name):
        command = [sys.executable, "-c", WRITING, str(folder.parent / name)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return process, folder.parent / process.stdout.readline().strip()

    (killed, left), (running, written), (other, others) = start("words"), start("words"), start("word")
    for process in (killed, other):
        process.kill()
        process.communicate()
    (folder.parent / ".words.original").mkdir()
    write(folder)
    assert not left.exists()
    assert (written / "half").is_file()
    assert (others / "half").is_file()
    assert (folder.parent / ".words.original").is_dir()
    running.communicate()
    assert names(folder) == ["half"]
    assert not written.exists()


def test_renamed_folder_that_was_replaced_is_deleted(folder):
    aside = folder.parent / ".words.abcd_123.old"
    aside.mkdir()
    write(folder)
    assert not aside.exists()


def test_folder_that_cannot_be_written_to_is_refused(folder):
    (folder.parent / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written to; change its permissions or name another .*file\]"):
        write(folder.parent / "file" / "words")


def test_full_disk_is_one_sentence_and_leaves_the_old_folder(folder):
    def write_until_full():
        with write_folder(folder) as part:
            (part / "manifest.json").write_text("new")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunError, match=r"the folder cannot be written .*; free space"):
        write_until_full()
    assert (folder / "manifest.json").read_text() == "old"
    assert names(folder.parent) == ["words"]


WRITING_FILE = """
import sys
from toolkit.files.atomic import write_file
with write_file(sys.argv[1]) as file:
    print(flush=True)
    file.write(sys.stdin.buffer.read())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with their process")
def test_leftover_of_a_killed_process_is_deleted_when_the_file_is_next_written(tmp_path):
    path = tmp_path / "x.csv"
    command = [sys.executable, "-c", WRITING_FILE, str(path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        process.stdout.readline()
    killed, running = processes
    killed.kill()
    killed.communicate()
    (tmp_path / ".x.csv.original").write_text("of the user")
    assert len(names(tmp_path)) == 3
    with write_file(path) as file:
        file.write(b"mine")
    assert len(names(tmp_path)) == 3
    running.communicate(b"its")
    assert names(tmp_path) == [".x.csv.original", "x.csv"]
    assert path.read_bytes() == b"its"


def test_what_was_deleted_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    lock, deleted = atomic._lock, []

    def delete_first(part):
        if not deleted:
            deleted.append(part)
            part.unlink()
        return lock(part)

    monkeypatch.setattr(atomic, "_lock", delete_first)
    with write_file(tmp_path / "x") as file:
        file.write(b"mine")
        assert names(tmp_path) != [deleted[0].name]
    assert names(tmp_path) == ["x"]


def test_output_may_be_a_link_or_a_device(tmp_path):
    (tmp_path / "link").symlink_to("x")
    with write_file(tmp_path / "link") as file:
        file.write(b"mine")
    assert (tmp_path / "x").read_bytes() == b"mine"
    with write_file(os.devnull) as file:
        file.write(b"mine")
    assert not Path(os.devnull).is_file()


def fill(path):
    with write_file(path) as file:
        file.write(b"mine")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_is_one_sentence_about_the_file(tmp_path):
    (tmp_path / "x").symlink_to("/dev/full")
    with pytest.raises(TableError, match=r"the output cannot be written \(No space .*\); free space .*x\]"):
        fill(tmp_path / "x")
