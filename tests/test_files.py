"""Files appear whole or not at all, and what they replace is kept."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.files import backup_of, replace_whole, whole_file, whole_new_file, write_text_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_stopped_in_the_middle_leaves_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def stopped() -> None:
        with whole_file(path) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_name_of_the_longest_kind_has_room_for_its_unfinished_file(tmp_path: Path) -> None:
    path = tmp_path / ("\U0001f941" * 62 + ".txt")
    write_text_whole(path, "drums")
    assert path.read_text() == "drums"


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="cannot be written"):
        write_text_whole(tmp_path / "no" / "a.txt", "text")


def test_a_folder_that_goes_away_meanwhile_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    with pytest.raises(SessionError, match="cannot be written"), whole_file(tmp_path / "gone" / "a.txt"):
        shutil.rmtree(tmp_path / "gone")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    write_text_whole(path, "new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_replaced_file_is_kept_under_a_free_name(tmp_path: Path) -> None:
    path = tmp_path / "a.RPP"
    for content in ("one", "two", "three"):
        with backup_of(path):
            path.write_text(content)
    assert [(tmp_path / f"a.RPP.bak{n}").read_text() for n in ("", "2")] == ["one", "two"]


def test_an_unchanged_file_leaves_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "a.RPP"
    path.write_text("one")
    with pytest.raises(ValueError, match="stopped"), backup_of(path):
        raise ValueError("stopped")
    assert [p.name for p in tmp_path.iterdir()] == ["a.RPP"]


def test_a_copy_of_the_same_content_is_not_made_twice_and_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "a.RPP"
    for content in ("one", "two"):
        path.write_text("start")
        with backup_of(path) as backup:
            path.write_text(content)
        assert backup == tmp_path / "a.RPP.bak"
    path.write_text("start")
    with backup_of(path):
        pass
    assert names(tmp_path) == ["a.RPP", "a.RPP.bak"]


def test_a_new_file_needs_no_backup(tmp_path: Path) -> None:
    with backup_of(tmp_path / "a.RPP") as backup:
        (tmp_path / "a.RPP").write_text("new")
    assert backup is None
    assert names(tmp_path) == ["a.RPP"]


def test_a_folder_full_of_backups_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reaper_automix.files.MOST_BACKUPS", 2)
    path = tmp_path / "a.RPP"
    for name in ("a.RPP", "a.RPP.bak", "a.RPP.bak2"):
        (tmp_path / name).write_text(name)
    with pytest.raises(SessionError, match="2 backups lie beside it"), backup_of(path):
        path.write_text("never")
    assert path.read_text() == "a.RPP"


def test_a_new_file_never_replaces_one_that_came_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"

    def two_at_once() -> None:
        with whole_new_file(path) as part:
            part.write_text("mine")
            path.write_text("of another run")

    with pytest.raises(FileExistsError):
        two_at_once()
    assert path.read_text() == "of another run"
    assert names(tmp_path) == ["a.wav"]


def test_a_new_file_on_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    with whole_new_file(tmp_path / "a.wav") as part:
        part.write_text("mine")
    assert (tmp_path / "a.wav").read_text() == "mine"
    with pytest.raises(FileExistsError), whole_new_file(tmp_path / "a.wav") as part:
        part.write_text("again")
    assert (tmp_path / "a.wav").read_text() == "mine"
    assert names(tmp_path) == ["a.wav"]


@pytest.mark.parametrize(("there", "seen"), [("saved meanwhile", b"old"), ("saved meanwhile", None), (None, b"old")])
def test_what_was_saved_since_we_looked_stays(tmp_path: Path, there: str | None, seen: bytes | None) -> None:
    path = tmp_path / "a.RPP"
    if there is not None:
        path.write_text(there)
    with pytest.raises(SessionError, match="has changed since it was read"):
        replace_whole(path, b"new", seen=seen)
    assert names(tmp_path) == ([] if there is None else ["a.RPP"])
    assert there is None or path.read_text() == there


def test_what_was_seen_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.RPP"
    replace_whole(path, b"one", seen=None)
    replace_whole(path, b"two", seen=b"one")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.RPP"]


@pytest.mark.skipif(os.name == "nt", reason="links of Linux and macOS")
def test_a_link_is_kept_and_its_file_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "a.txt"
    link.symlink_to(tmp_path / "there" / "b.txt")
    for text in ("one", "two"):
        write_text_whole(link, text)
        assert (tmp_path / "there" / "b.txt").read_text() == text
    assert link.is_symlink()
    circle = tmp_path / "c.txt"
    circle.symlink_to(circle)
    with pytest.raises(SessionError, match="circle"):
        write_text_whole(circle, "one")


def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(SessionError, match=r"write-protected.*protection off"):
        write_text_whole(path, "new")
    path.chmod(0o644)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_what_a_killed_run_left_goes_a_day_later(tmp_path: Path) -> None:
    old, young, foreign = (tmp_path / f".a.txt.{name}.part" for name in ("0" * 16, "1" * 16, "mine"))
    for path in (old, young, foreign):
        path.write_text("half")
    yesterday = time.time() - 25 * 3600.0
    for path in (old, foreign):
        os.utime(path, (yesterday, yesterday))
    write_text_whole(tmp_path / "a.txt", "whole")
    assert names(tmp_path) == sorted(["a.txt", young.name, foreign.name])
