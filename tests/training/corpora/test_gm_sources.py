from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from training.corpora.midi_files import deb, wad

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora import gm_sources
from reaper_automix.training.corpora.gm_sources import fetch_package, find_sources, unpack_deb, wad_music
from reaper_automix.training.corpora.loading import usage_of

MIDI = b"MThd and the rest"


def test_music_of_a_wad() -> None:
    data = wad([("PLAYPAL", b"colours"), ("D_E1M1", MIDI), ("D_MUS", b"MUS\x1a")])
    assert list(wad_music(data)) == [("e1m1", MIDI)]
    assert list(wad_music(b"no wad at all")) == []


def test_own_folder_with_midi_and_wad(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(MIDI)
    (tmp_path / "b.wad").write_bytes(wad([("D_X", MIDI), ("D_Y", MIDI + b"2")]))
    found = find_sources(tmp_path / "cache", midi_folder=tmp_path, font=tmp_path / "font.sf2")
    assert [song.title for song in found.songs] == ["a", "b_y"]
    assert all(usage_of(song.licence).value == "evaluate" for song in found.songs)


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no \.mid or \.wad"):
        find_sources(tmp_path, midi_folder=tmp_path, font=tmp_path / "font.sf2")


def test_unpacking_a_package(tmp_path: Path) -> None:
    unpack_deb(deb([("usr/share/x.mid", MIDI)]), tmp_path, name="x.deb")
    assert (tmp_path / "usr/share/x.mid").read_bytes() == MIDI
    with pytest.raises(CorpusError, match="damaged"):
        unpack_deb(b"!<arch>\nrubbish", tmp_path, name="x.deb")


def test_fetching_without_apt_says_what_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CorpusError, match="--midi-folder"):
        fetch_package("freedoom", tmp_path)


def test_fetching_unpacks_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        (cwd / "pack_1_all.deb").write_bytes(deb([("a.mid", MIDI)]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", run)
    assert (fetch_package("pack", tmp_path) / "a.mid").read_bytes() == MIDI
    fetch_package("pack", tmp_path)
    assert calls == [["apt-get", "download", "pack"]]


def test_a_failed_download_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    answer = subprocess.CompletedProcess([], 100, "", "E: Unable to locate package pack\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(CorpusError, match="Unable to locate package pack"):
        fetch_package("pack", tmp_path)
    assert not (tmp_path / "pack").exists()


def test_every_known_song_names_author_and_licence() -> None:
    songs = json.loads(gm_sources.KNOWN.read_text("utf-8"))["songs"]
    assert len(songs) == 125
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in songs)
    assert len({song["id"] for song in songs.values()}) == 125
    assert {song["licence"] for song in songs.values()} == {"BSD-3-Clause", "GPL-2.0"}
    assert all(song["author"] and '"' not in song["author"] for song in songs.values())
