"""Files appear whole or not at all, and what they replace is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.files import backup_of, whole_file, write_text_whole


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
