"""Projects that were made on another system: drives, shares, mixed slashes, other cases, bytes of other encodings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from faults.scenes import of
from faults.warm import Ended, Warm
from reaper_automix.chunks.media import MediaFinder
from reaper_automix.hosts.rpp import RppHost

PROJECT = """\
<REAPER_PROJECT 0.1 "7.22/win64" 1700000000
  RECORD_PATH "%s" ""
  TEMPO 120 4 4
%s>
"""

TRACK = """\
  <TRACK {%(n)08X-0000-4000-8000-000000000000}
    NAME %(name)s
    VOLPAN 1 0 -1 -1 1
    TRACKID {%(n)08X-0000-4000-8000-000000000000}
    MAINSEND 1 0
    <ITEM
      POSITION 0
      LENGTH 1.5
      IGUID {%(n)08X-0000-4000-8000-000000000001}
      NAME %(name)s
      <SOURCE WAVE
        FILE "%(file)s"
      >
    >
  >
"""


def project(folder: Path, files: dict[str, str], *, record_path: str = "", ending: str = "\r\n") -> Path:
    """Write a project as a Windows REAPER would, with one track per file as spelled there."""
    tracks = "".join(TRACK % {"n": n, "name": name, "file": f} for n, (name, f) in enumerate(files.items(), 1))
    path = folder / "song.RPP"
    text = (PROJECT % (record_path, tracks)).replace("\n", ending)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with media in it and in folders below."""
    rng = np.random.default_rng(3)
    path = tmp_path / "scene"
    for place in (".", "Media", "Audio/Takes"):
        (path / place).mkdir(parents=True, exist_ok=True)
        for name, level_lin in (("Kick", 0.05), ("Vox", 0.2)):
            where = {".": "", "Media": "m", "Audio/Takes": "t"}[place]
            soundfile.write(path / place / f"{name}{where}.wav", level_lin * rng.standard_normal(12000), 8000)
    return path


@pytest.fixture
def go(warm: Warm, folder: Path) -> Callable[..., Ended]:
    def run(*words: object) -> Ended:
        ended = warm.run(of(folder, tuple(str(word) for word in words), counted=False))
        assert "Traceback" not in ended.said, ended.said
        return ended

    return run


FOUND = {
    "relative, backslashes": ("Media\\Kickm.wav", "Media\\Voxm.wav"),
    "relative, both slashes": ("Audio\\Takes/Kickt.wav", "./Audio/Takes\\Voxt.wav"),
    "a drive, media beside the project": ("D:\\Songs\\New\\Kick.wav", "d:/Songs/New/Vox.wav"),
    "a drive, media in a folder below": ("D:\\Songs\\New\\Media\\Kickm.wav", "D:\\Songs\\New\\Media\\Voxm.wav"),
    "a drive, two folders below": ("D:\\New\\Audio\\Takes\\Kickt.wav", "D:\\New\\Audio\\Takes\\Voxt.wav"),
    "a share": ("\\\\server\\share\\New\\Kick.wav", "\\\\server\\share\\New\\Media\\Voxm.wav"),
    "a long path": ("\\\\?\\C:\\New\\Kick.wav", "\\\\?\\UNC\\server\\share\\Vox.wav"),
    "of a drive's own folder": ("C:Kick.wav", "C:Media\\Voxm.wav"),
    "of another Unix": ("/Users/ann/New/Kick.wav", "/Volumes/SSD/New/Media/Voxm.wav"),
}


@pytest.mark.parametrize("what", FOUND)
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_media_that_lie_beside_a_project_from_elsewhere(
    go: Callable[..., Ended], folder: Path, what: str, ending: str
) -> None:
    kick, vox = FOUND[what]
    path = project(folder, {"Kick": kick, "Vox": vox}, ending=ending)
    before = path.read_bytes()
    ended = go("mix", path, "--json")
    assert ended.code == 0, ended.said
    assert "missing" not in ended.said
    written = (folder / "song-automix.RPP").read_bytes()
    assert kick.encode() in written  # beside its media a project keeps the names that it had
    assert vox.encode() in written
    assert written.count(b"\r\n") == (written.count(b"\n") if ending == "\r\n" else 0)
    (folder / "elsewhere").mkdir()
    assert go("mix", path, "--out", "elsewhere/a.RPP").code == 0
    moved = RppHost(folder / "elsewhere" / "a.RPP").read_session()
    assert all(Path(t.items[0].takes[0].source.path or "").is_file() for t in moved.tracks)
    assert go("revert", "song-automix.RPP").code == 0
    assert (folder / "song-automix.RPP").read_bytes() == before


def test_a_name_that_differs_in_case_only(go: Callable[..., Ended], folder: Path) -> None:
    ended = go("mix", project(folder, {"Kick": "KICK.WAV", "Vox": "media\\voxM.wav"}), "--json")
    assert ended.code == 0, ended.said
    assert "missing" not in ended.said


def test_of_two_names_that_differ_in_case_the_exact_one_is_taken(folder: Path) -> None:
    (folder / "KICK.wav").write_bytes(b"another")
    if len({name.casefold() for name in os.listdir(folder)}) == len(os.listdir(folder)):
        pytest.skip("this disk knows no cases")
    finder = MediaFinder(folder)
    assert finder.path_of("KICK.wav") == str(folder / "KICK.wav")
    assert finder.path_of("D:\\x\\Kick.wav") == str(folder / "Kick.wav")
    assert finder.path_of("kick.wav") == str(folder / "kick.wav")  # nobody can tell which: it is named as missing


@pytest.mark.parametrize("name", ["D:\\Songs\\Gone.wav", "\\\\server\\share\\Gone.wav", "/mnt/x/Gone.wav", "Gone.wav"])
def test_media_that_are_nowhere_are_named_as_the_project_does(
    go: Callable[..., Ended], folder: Path, name: str
) -> None:
    ended = go("mix", project(folder, {"Kick": "Kick.wav", "Vox": "Vox.wav", "Gone": name}), "--json")
    assert ended.code == 0, ended.said
    assert "Gone.wav: the file is missing" in ended.said.replace("\\\\", "\\")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_bytes_of_latin_1(go: Callable[..., Ended], folder: Path) -> None:
    os.rename(folder / "Kick.wav", os.fsencode(folder) + b"/K\xefck \xe9.wav")
    path = project(folder, {"Kick": os.fsdecode(b"K\xefck \xe9.wav"), "Vox": "Vox.wav"})
    ended = go("mix", path, "--json", "--plan", "p.json", "--report", "r.html")
    assert ended.code == 0, ended.said
    assert "missing" not in ended.said
    assert b'FILE "K\xefck \xe9.wav"' in (folder / "song-automix.RPP").read_bytes()
    assert go("apply", "p.json", path, "--out", "again.RPP").code == 0
    assert b'FILE "K\xefck \xe9.wav"' in (folder / "again.RPP").read_bytes()


@pytest.mark.parametrize(
    "record_path", ["Media", ".\\Media\\", "D:\\New\\Media", "../scene/Media", "\\\\server\\Media"]
)
def test_recording_folders_of_elsewhere(go: Callable[..., Ended], folder: Path, record_path: str) -> None:
    path = project(folder, {"Kick": "E:\\x\\Kickm.wav", "Vox": "Media/Voxm.wav"}, record_path=record_path)
    ended = go("mix", path, "--json")
    assert ended.code == 0, ended.said
    found = "Kickm.wav: the file is missing" not in ended.said
    assert found == (":" not in record_path and "server" not in record_path)


@pytest.mark.parametrize("session", ["C:\\Songs\\song.RPP", "\\\\server\\share\\song.RPP", "C:song.RPP"])
def test_a_windows_path_on_the_command_line(go: Callable[..., Ended], session: str) -> None:
    if os.name == "nt":
        pytest.skip("paths of Windows are Windows' own there")
    ended = go("mix", session)
    assert ended.code == 1
    assert "not found" in ended.said
