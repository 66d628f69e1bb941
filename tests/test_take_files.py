"""Audio in the media folder: copied whole, found again, never written over, and gone where the rest fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.edits import AddTake, RemoveTake
from reaper_automix.errors import SessionError
from reaper_automix.take_files import takes_placed


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    path = tmp_path / "abc.wav"
    path.write_bytes(b"RIFF audio")
    return path


def add(file: Path, name: str = "Vox tone 1") -> AddTake:
    return AddTake("{T}", "{I}", "{K}", str(file), name)


def test_a_copy_is_made_once_and_found_again(waiting: Path, tmp_path: Path) -> None:
    folder = tmp_path / "media" / "inside"
    for _ in range(2):
        with takes_placed([add(waiting), RemoveTake("{T}", "{I}", "{K}", "{1}")], folder) as (placed, other):
            assert isinstance(placed, AddTake)
            assert Path(placed.file) == folder / "Vox tone 1.wav"
            assert isinstance(other, RemoveTake)
    assert [path.name for path in folder.iterdir()] == ["Vox tone 1.wav"]
    assert (folder / "Vox tone 1.wav").read_bytes() == waiting.read_bytes()


def test_another_file_of_this_name_stays(waiting: Path, tmp_path: Path) -> None:
    mine = tmp_path / "Vox tone 1.wav"
    mine.write_bytes(b"mine")
    with takes_placed([add(waiting)], tmp_path) as (placed,):
        assert isinstance(placed, AddTake)
        assert Path(placed.file).name == "Vox tone 1 2.wav"
    assert mine.read_bytes() == b"mine"


def test_where_the_rest_fails_only_new_copies_go(waiting: Path, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    with takes_placed([add(waiting, "old")], folder):
        pass
    with pytest.raises(KeyError), takes_placed([add(waiting, "old"), add(waiting, "new")], folder):
        raise KeyError
    assert [path.name for path in folder.iterdir()] == ["old.wav"]


def test_missing_audio_and_a_folder_that_is_none_are_said(waiting: Path, tmp_path: Path) -> None:
    gone = add(tmp_path / "gone.wav")
    with pytest.raises(SessionError, match="not there any more"), takes_placed([gone], tmp_path / "media"):
        pytest.fail("the block has run")
    assert not (tmp_path / "media").exists()
    with pytest.raises(SessionError, match="cannot be copied"), takes_placed([add(waiting)], waiting):
        pytest.fail("the block has run")
