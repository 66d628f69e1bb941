"""Which host fits a path, and default names."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.places import default_target, open_host


def test_default_names_count_up(tmp_path: Path) -> None:
    names = [default_target(tmp_path / name).name for name in ("song.RPP", "song-automix.RPP", "song-automix-2.RPP")]
    assert names == ["song-automix.RPP", "song-automix-2.RPP", "song-automix-3.RPP"]


def test_a_folder_gets_a_project_beside_it(tmp_path: Path) -> None:
    (tmp_path / "stems").mkdir()
    assert default_target(tmp_path / "stems") == tmp_path / "stems-automix.RPP"


def test_the_session_is_no_target_even_through_a_link(tmp_path: Path) -> None:
    path = tmp_path / "a.RPP"
    path.write_text("<REAPER_PROJECT 0.1\n>\n")
    link = tmp_path / "b.RPP"
    link.symlink_to(path)
    with pytest.raises(SessionError, match="--in-place"):
        open_host(path, link)


@pytest.mark.parametrize("name", ["song.txt", "song.wav"])
def test_other_files_are_explained(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(SessionError, match="neither"):
        open_host(tmp_path / name)
