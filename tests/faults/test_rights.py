"""Places and files that may not be read or written, links, and names that no disk takes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.scenes import contents, left, of
from faults.warm import Ended, Warm

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights and links of Linux and macOS")

root_only = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="another user is needed")

Go = Callable[..., Ended]


@pytest.fixture
def folder(scene: Callable[..., Path]) -> Path:
    return scene()


@pytest.fixture
def go(warm: Warm, folder: Path) -> Go:
    """Run a command in the scene; refused or done, but never with a traceback and never with a rest."""

    def run(*words: object, **how: object) -> Ended:
        ended = warm.run(of(folder, tuple(str(word) for word in words), counted=False, **how))
        assert "Traceback" not in ended.said, ended.said
        assert left(contents(folder)) == []
        return ended

    return run


def refused(ended: Ended, *words: object) -> None:
    """Check that a run was refused, and that its message holds these words."""
    assert ended.code == 1, ended.said
    for word in words:
        assert str(word) in ended.err.replace("\n", ""), ended.err


def untouched(folder: Path, before: dict[str, bytes]) -> bool:
    """Tell whether everything but the cache is as it was."""
    now = contents(folder)
    return {n: c for n, c in now.items() if "cache" not in n} == {n: c for n, c in before.items() if "cache" not in n}


@pytest.fixture
def open_to_all(folder: Path) -> Iterator[None]:
    """Let another user read and write everything in the scene."""
    for parent in (folder, *folder.parents):
        if parent.name.startswith("pytest-"):
            parent.chmod(0o755)
            parent.parent.chmod(0o755)
            break
        parent.chmod(0o755)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    yield
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)


# --- rights --------------------------------------------------------------------------------------------------------


@root_only
@pytest.mark.usefixtures("open_to_all")
class TestAsAnotherUser:
    def test_a_folder_that_is_read_only(self, go: Go, folder: Path) -> None:
        folder.chmod(0o555)
        before = contents(folder)
        for words in (("mix", "song.RPP"), ("mix", "song.RPP", "--in-place"), ("revert", "mixed.RPP")):
            refused(go(*words, user=NOBODY), "cannot be written", "folder writable")
        assert untouched(folder, before)

    def test_a_session_in_a_read_only_folder_is_mixed_into_another(self, go: Go, folder: Path, tmp_path: Path) -> None:
        out = folder / "out"
        out.mkdir(mode=0o777)
        out.chmod(0o777)
        folder.chmod(0o555)
        assert go("mix", "song.RPP", "--out", out / "a.RPP", user=NOBODY).code == 0

    def test_a_project_that_is_write_protected(self, go: Go, folder: Path) -> None:
        (folder / "song.RPP").chmod(0o444)
        before = contents(folder)
        refused(go("mix", "song.RPP", "--in-place", user=NOBODY), "write-protected", "protection off")
        assert untouched(folder, before)
        assert go("mix", "song.RPP", user=NOBODY).code == 0

    def test_a_project_that_may_not_be_read(self, go: Go, folder: Path) -> None:
        (folder / "song.RPP").chmod(0)
        refused(go("mix", "song.RPP", user=NOBODY), "song.RPP", "may not be read")

    def test_a_folder_of_stems_that_may_not_be_read(self, go: Go, folder: Path) -> None:
        (folder / "stems").chmod(0o311)
        refused(go("mix", "stems", "--out", "a.RPP", user=NOBODY), "stems", "cannot be read")

    def test_a_project_in_a_folder_that_may_not_be_entered(self, go: Go, folder: Path) -> None:
        (folder / "stems").chmod(0)
        refused(go("mix", "stems/a.RPP", user=NOBODY), "stems/a.RPP")
        refused(go("mix", "song.RPP", "--out", "stems/a.RPP", user=NOBODY), "stems/a.RPP")

    def test_one_stem_that_may_not_be_read_is_named(self, go: Go, folder: Path) -> None:
        (folder / "stems" / "Kick.wav").chmod(0)
        for words in (("mix", "song.RPP"), ("mix", "stems", "--out", "a.RPP")):
            ended = go(*words, user=NOBODY)
            assert ended.code == 0, ended.said
            assert "Kick.wav: no permission to read the file" in ended.said

    def test_a_cache_that_may_not_be_written_or_read(self, go: Go, folder: Path) -> None:
        for rights in (0o555, 0):
            (folder / "cache").chmod(rights)
            assert go("mix", "song.RPP", user=NOBODY).code == 0

    def test_a_plan_that_may_not_be_read(self, go: Go, folder: Path) -> None:
        (folder / "plan.json").chmod(0)
        refused(go("apply", "plan.json", "song.RPP", user=NOBODY), "plan.json", "cannot be read")


def test_write_protection_holds_for_root_as_well(go: Go, folder: Path) -> None:
    (folder / "song.RPP").chmod(0o444)
    refused(go("mix", "song.RPP", "--in-place"), "write-protected")


@root_only
def test_a_file_that_cannot_be_changed(go: Go, folder: Path) -> None:
    if subprocess.run(["chattr", "+i", folder / "song.RPP"], capture_output=True).returncode != 0:
        pytest.skip("this disk has no such protection")
    try:
        before = contents(folder)
        refused(go("mix", "song.RPP", "--in-place"), "cannot be written")
        assert untouched(folder, before)
    finally:
        subprocess.run(["chattr", "-i", folder / "song.RPP"], check=True)


# --- places --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--out", "--plan", "--render", "--report"])
def test_places_that_are_none(go: Go, folder: Path, option: str) -> None:
    name = {"--out": "a.RPP", "--plan": "p.json", "--render": "m.wav", "--report": "r.html"}[option]
    before = contents(folder)
    refused(go("mix", "song.RPP", option, folder / "nowhere" / name), name, "folder does not exist")
    (folder / name).mkdir()
    refused(go("mix", "song.RPP", option, name), name, "is a folder")
    refused(go("mix", "song.RPP", option, folder / "song.RPP" / name), name)
    refused(go("mix", "song.RPP", option, "x" * 300 + name), "too long")
    refused(go("mix", "song.RPP", option, "y/" * 2500 + name), "too long")
    assert untouched(folder, before)


@pytest.mark.parametrize("words", [("mix",), ("inspect",), ("revert",), ("render", "--out", "m.wav")])
@pytest.mark.parametrize("session", ["z" * 300 + ".RPP", "y/" * 2500 + "song.RPP", "z" * 300])
def test_sessions_whose_name_is_too_long(go: Go, words: tuple[str, ...], session: str) -> None:
    refused(go(*words, session), "too long")


@pytest.mark.parametrize("plan", ["z" * 300 + ".json", ".", "nothing.json"])
def test_plans_that_are_no_file(go: Go, plan: str) -> None:
    refused(go("apply", plan, "song.RPP"), plan[:20], "cannot be read")


def test_special_files_are_no_sessions(go: Go, folder: Path) -> None:
    os.mkfifo(folder / "pipe.RPP")
    refused(go("mix", "pipe.RPP"), "pipe.RPP")
    os.mkfifo(folder / "stems" / "Pipe.wav")
    assert go("mix", "stems", "--out", "a.RPP").code == 0


# --- links ---------------------------------------------------------------------------------------------------------


def test_a_linked_project_stays_a_link(go: Go, folder: Path) -> None:
    (folder / "here").mkdir()
    link = folder / "here" / "link.RPP"
    link.symlink_to(folder / "song.RPP")
    before = (folder / "song.RPP").read_bytes()
    assert go("mix", link, "--in-place").code == 0
    assert link.is_symlink()
    assert (folder / "song.RPP").read_bytes() != before
    assert (folder / "song.RPP.bak").read_bytes() == before
    assert go("revert", link).code == 0
    assert link.is_symlink()
    assert (folder / "song.RPP").read_bytes() == before


@pytest.mark.parametrize("name", ["p.json", "m.wav", "r.html", "a.RPP"])
def test_linked_outputs_stay_links(go: Go, folder: Path, name: str) -> None:
    (folder / "there").mkdir()
    place = folder / "there" / name
    place.write_text("old")
    (folder / name).symlink_to(place)
    words = ("--plan", "p.json", "--render", "m.wav", "--report", "r.html", "--out", "a.RPP")
    assert go("mix", "song.RPP", *words).code == 0
    assert (folder / name).is_symlink()
    assert place.stat().st_size > 100


def test_links_to_nothing(go: Go, folder: Path) -> None:
    (folder / "dangling.RPP").symlink_to(folder / "gone.RPP")
    refused(go("mix", "dangling.RPP"), "dangling.RPP", "not found")
    (folder / "stems" / "Kick.wav").unlink()
    (folder / "stems" / "Kick.wav").symlink_to(folder / "gone.wav")
    ended = go("mix", "song.RPP")
    assert ended.code == 0, ended.said
    assert "Kick.wav: the file is missing" in ended.said
    (folder / "out.RPP").symlink_to(folder / "new.RPP")
    assert go("mix", "song.RPP", "--out", "out.RPP").code == 0
    assert (folder / "new.RPP").is_file()
    (folder / "far.RPP").symlink_to(folder / "no" / "folder.RPP")
    refused(go("mix", "song.RPP", "--out", "far.RPP"), "folder.RPP", "No such file or directory")


def test_links_in_a_circle(go: Go, folder: Path) -> None:
    (folder / "a.RPP").symlink_to(folder / "b.RPP")
    (folder / "b.RPP").symlink_to(folder / "a.RPP")
    refused(go("mix", "a.RPP"), "a.RPP")
    refused(go("mix", "song.RPP", "--out", "a.RPP"), "a.RPP")
    (folder / "p.json").symlink_to(folder / "p.json")
    refused(go("mix", "song.RPP", "--plan", "p.json"), "p.json")


def test_the_same_file_under_another_name_is_no_output(go: Go, folder: Path) -> None:
    """A hard link stands for a disk that takes kick.wav for Kick.wav."""
    before = contents(folder)
    os.link(folder / "stems" / "Kick.wav", folder / "other.wav")
    refused(go("mix", "song.RPP", "--render", "other.wav"), "audio of the track Kick")
    os.link(folder / "song.RPP", folder / "other.RPP")
    refused(go("mix", "song.RPP", "--out", "other.RPP"), "--in-place")
    refused(go("mix", "song.RPP", "--plan", "other.RPP"), "the session itself")
    (folder / "other.wav").unlink()
    (folder / "other.RPP").unlink()
    assert untouched(folder, before)
