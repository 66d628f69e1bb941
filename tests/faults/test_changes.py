"""Files that change while they are used, and several runs at once: what somebody else saved is never lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from faults.scenes import RATE_HZ, cache_problems, contents, left, of
from faults.warm import Ended, Warm
from reaper_automix.hosts.rpp import RppHost

IN_PLACE = ("mix", "song.RPP", "--in-place")


@pytest.fixture
def folder(scene: Callable[..., Path]) -> Path:
    return scene()


def faders(project: Path) -> list[float]:
    return [track.gain_db for track in RppHost(project).read_session().tracks]


class Held:
    """A run that is held before its first event whose label holds some words, and then let go."""

    def __init__(self, warm: Warm, folder: Path, words: tuple[str, ...], label: str) -> None:
        self._warm = warm
        self.folder = folder
        self._run = of(folder, words, at=1, among=label, what="hold")

    def begin(self) -> Held:
        """Start it, and wait until it is there."""
        self._started = self._warm.start(self._run)
        assert self._run.among in self._warm.held(self._started)
        return self

    def end(self) -> Ended:
        """Let it go on to its end."""
        self._warm.go_on(self._started)
        return self._warm.wait(self._started)


@pytest.fixture
def held(warm: Warm, scene: Callable[..., Path]) -> Callable[..., Held]:
    """Hold a run of a fresh scene."""

    def hold(words: tuple[str, ...], label: str, **how: bool) -> Held:
        folder = scene(**how)
        return Held(warm, folder, words, label).begin()

    return hold


def save_in_reaper(project: Path) -> bytes:
    """Do what an engineer does meanwhile: move a fader and save."""
    data = project.read_bytes().replace(b"VOLPAN 1 0", b"VOLPAN 0.5 0", 1)
    project.write_bytes(data)
    return data


# --- the project ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [".bak", "open .song.RPP", "write .song.RPP", "fsync", "chmod .song.RPP"])
@pytest.mark.parametrize("words", [IN_PLACE, ("apply", "plan.json", "song.RPP", "--in-place")])
def test_a_project_saved_meanwhile_is_kept(held: Callable[..., Held], words: tuple[str, ...], label: str) -> None:
    run = held(words, label)
    folder = run.folder
    saved = save_in_reaper(folder / "song.RPP")
    ended = run.end()
    assert ended.code == 1, ended.said
    assert "has changed since it was read" in ended.said
    assert "run again" in ended.said.casefold()
    assert (folder / "song.RPP").read_bytes() == saved
    assert left(contents(folder)) == []


def test_a_revert_meanwhile_keeps_what_was_saved(held: Callable[..., Held]) -> None:
    run = held(("revert", "mixed.RPP"), "chmod .mixed.RPP")
    project = run.folder / "mixed.RPP"
    project.write_bytes(saved := project.read_bytes() + b"\n")
    ended = run.end()
    assert ended.code == 1, ended.said
    assert project.read_bytes() == saved


def test_a_result_that_was_saved_meanwhile_is_kept(held: Callable[..., Held]) -> None:
    run = held(("mix", "song.RPP", "--out", "old.RPP"), "chmod .old.RPP")
    project = run.folder / "old.RPP"
    project.write_bytes(saved := project.read_bytes() + b"\n")
    ended = run.end()
    assert ended.code == 1, ended.said
    assert "has changed since" in ended.said
    assert project.read_bytes() == saved


def test_a_new_result_does_not_replace_one_that_came_meanwhile(held: Callable[..., Held]) -> None:
    run = held(("mix", "song.RPP"), "chmod .song-automix.RPP")
    project = run.folder / "song-automix.RPP"
    project.write_bytes(b"of another run")
    assert run.end().code == 1
    assert project.read_bytes() == b"of another run"


def test_a_project_that_goes_away_meanwhile(held: Callable[..., Held]) -> None:
    run = held(IN_PLACE, "chmod .song.RPP")
    project = run.folder / "song.RPP"
    project.rename(project.with_name("renamed.RPP"))
    ended = run.end()
    assert ended.code == 1, ended.said
    assert not project.exists()
    assert project.with_name("renamed.RPP").exists()


# --- two runs at once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [".bak", "chmod .song.RPP"])
@pytest.mark.parametrize("other", [IN_PLACE, ("apply", "plan.json", "song.RPP", "--in-place")])
def test_two_in_place(warm: Warm, held: Callable[..., Held], other: tuple[str, ...], label: str) -> None:
    run = held(IN_PLACE, label)
    folder = run.folder
    before = (folder / "song.RPP").read_bytes()
    first = warm.run(of(folder, other, counted=False))
    assert first.code == 0, first.said
    written = (folder / "song.RPP").read_bytes()
    second = run.end()
    assert second.code == 1, second.said
    assert "has changed since it was read" in second.said
    assert (folder / "song.RPP").read_bytes() == written
    assert (folder / "song.RPP.bak").read_bytes() == before


def test_mix_and_revert(warm: Warm, held: Callable[..., Held]) -> None:
    run = held(("mix", "mixed.RPP", "--in-place", "--strength", "50"), "chmod .mixed.RPP")
    folder = run.folder
    before = (folder / "mixed.RPP").read_bytes()
    assert warm.run(of(folder, ("revert", "mixed.RPP"), counted=False)).code == 0
    reverted = (folder / "mixed.RPP").read_bytes()
    assert run.end().code == 1
    assert (folder / "mixed.RPP").read_bytes() == reverted
    assert (folder / "mixed.RPP.bak").read_bytes() == before


@pytest.mark.parametrize("label", ["open .song-automix.RPP", "chmod .song-automix.RPP"])
def test_two_to_one_target(warm: Warm, held: Callable[..., Held], label: str) -> None:
    run = held(("mix", "song.RPP"), label)
    folder = run.folder
    assert warm.run(of(folder, ("mix", "song.RPP", "--strength", "50"), counted=False)).code == 0
    written = (folder / "song-automix.RPP").read_bytes()
    ended = run.end()
    assert ended.code == 1, ended.said
    assert "by another run" in ended.said
    assert (folder / "song-automix.RPP").read_bytes() == written


def test_two_backups_of_different_states(warm: Warm, held: Callable[..., Held]) -> None:
    run = held(IN_PLACE, "rename .song.RPP.bak" if os.name == "nt" else "os.link .song.RPP.bak")
    folder = run.folder
    (folder / "song.RPP.bak").write_bytes(b"the backup of another run")
    ended = run.end()
    assert ended.code == 0, ended.said
    assert (folder / "song.RPP.bak").read_bytes() == b"the backup of another run"
    assert faders(folder / "song.RPP.bak2") != faders(folder / "song.RPP")


def test_takes_of_two_runs_have_two_names(held: Callable[..., Held]) -> None:
    run = held(("apply", "take.json", "song.RPP"), "os.link .Kick tone.wav")
    folder = run.folder
    (folder / "Kick tone.wav").write_bytes(b"of another run")
    ended = run.end()
    assert ended.code == 0, ended.said
    assert (folder / "Kick tone.wav").read_bytes() == b"of another run"
    assert (folder / "Kick tone 2.wav").read_bytes() == (folder / "waiting.wav").read_bytes()
    assert b"Kick tone 2.wav" in (folder / "song-automix.RPP").read_bytes()


def test_six_at_once_on_one_empty_cache(warm: Warm, scene: Callable[..., Path]) -> None:
    folder = scene(cold=True)
    words = [("mix", "song.RPP", "--out", f"{n}.RPP") for n in range(3)]
    words += [("inspect", "song.RPP"), ("worker", "run"), ("estimate", "song.RPP", "mix.wav", "--out", "e.RPP")]
    started = [warm.start(of(folder, one, counted=False)) for one in words]
    ended = [warm.wait(one) for one in started]
    assert [one.code for one in ended] == [0] * 6, [one.said for one in ended]
    assert len({(folder / f"{n}.RPP").read_bytes() for n in range(3)}) == 1
    found = contents(folder / "cache")
    assert cache_problems(found) == []
    assert left(found) == []


def test_ten_in_place_at_once(warm: Warm, folder: Path) -> None:
    before = (folder / "song.RPP").read_bytes()
    strengths = range(10, 110, 10)
    started = [warm.start(of(folder, (*IN_PLACE, "--strength", str(s)), counted=False)) for s in strengths]
    ended = [warm.wait(one) for one in started]
    assert all(one.code in (0, 1) for one in ended), [one.said for one in ended]
    assert any(one.code == 0 for one in ended)
    assert all("has changed since it was read" in one.said for one in ended if one.code == 1)
    assert all(np.isfinite(faders(folder / "song.RPP")))
    assert (folder / "song.RPP.bak").read_bytes() == before
    assert left(contents(folder)) == []


# --- audio ---------------------------------------------------------------------------------------------------------


def _spoil(path: Path, how: str) -> None:
    match how:
        case "deleted":
            path.unlink()
        case "cut short":
            os.truncate(path, path.stat().st_size // 2)
        case "replaced":
            other = path.with_name("other")
            soundfile.write(other, np.full(12000, 0.25), RATE_HZ, format="WAV")
            other.replace(path)
        case "still being recorded":
            with path.open("ab") as file:
                file.write(bytes(4000))


@pytest.mark.parametrize("how", ["deleted", "cut short", "replaced", "still being recorded"])
def test_audio_that_changes_while_it_is_heard(warm: Warm, held: Callable[..., Held], how: str) -> None:
    """The run is held where it has heard the first track and stores it; then the other track's file changes."""
    run = held(("mix", "song.RPP"), "os.rename", cold=True)
    folder = run.folder
    for name in ("Kick", "Vox"):
        _spoil(folder / "stems" / f"{name}.wav", how)
    ended = run.end()
    assert ended.code == 1, ended.said
    assert "has changed while it was listened to" in ended.said
    assert not (folder / "song-automix.RPP").exists()
    again = warm.run(of(folder, ("mix", "song.RPP"), counted=False))
    fresh = of(folder, ("mix", "song.RPP", "--out", "fresh.RPP"), counted=False)
    fresh.environment["REAPER_AUTOMIX_CACHE_DIR"] = str(folder / "another cache")
    assert warm.run(fresh).code == again.code == (1 if how == "deleted" else 0), again.said
    if again.code == 0:  # nothing of the old audio was remembered for the new
        assert (folder / "fresh.RPP").read_bytes() == (folder / "song-automix.RPP").read_bytes()


def test_changed_audio_is_heard_again(warm: Warm, folder: Path) -> None:
    assert warm.run(of(folder, ("mix", "song.RPP"), counted=False)).code == 0
    first = faders(folder / "song-automix.RPP")
    audio, rate_hz = soundfile.read(folder / "stems" / "Kick.wav")
    soundfile.write(folder / "stems" / "Kick.wav", audio * 0.9, rate_hz)
    assert warm.run(of(folder, ("mix", "song.RPP"), counted=False)).code == 0
    second = faders(folder / "song-automix.RPP")
    assert second[0] - second[1] == pytest.approx(first[0] - first[1] + 0.915, abs=0.02)


def test_a_cache_that_goes_away_meanwhile(held: Callable[..., Held]) -> None:
    run = held(("mix", "song.RPP"), "os.rename", cold=True)
    folder = run.folder
    shutil.rmtree(folder / "cache")
    ended = run.end()
    assert ended.code == 0, ended.said
