"""Songs of which only tracks and mix are known get the gains that the mix holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.rockband import load_song
from reaper_automix.training.rides import mix_gains
from reaper_automix.training.rides.mix_gains import with_mix_gains

RATE_HZ = 22_050
LENGTH_S = 24


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A song of two tracks and their mix: the bass at -6 dB, the guitar at 0 dB and 8 dB lower from the middle on."""
    rng = np.random.default_rng(8)
    time_s = np.arange(LENGTH_S * RATE_HZ) / RATE_HZ
    bass = 0.2 * np.sin(2 * np.pi * 82.0 * time_s) * (0.6 + 0.4 * np.sin(2 * np.pi * 2.0 * time_s))
    guitar = 0.1 * rng.standard_normal(time_s.size) * (0.5 + 0.5 * (np.sin(2 * np.pi * 1.5 * time_s) > 0))
    gain = np.interp(time_s, [0.0, 10.0, 14.0, 24.0], [1.0, 1.0, 10 ** (-8 / 20), 10 ** (-8 / 20)])
    song = tmp_path / "Maker - Song"
    song.mkdir()
    for name, audio in (("bass", bass), ("guitar", guitar), ("mix", 0.5 * bass + gain * guitar)):
        soundfile.write(song / f"{name}.wav", audio.astype(np.float32), RATE_HZ, subtype="FLOAT")
    return song


def test_the_mix_says_what_the_source_does_not(folder: Path, tmp_path: Path) -> None:
    (song,) = with_mix_gains([load_song(folder)], tmp_path / "work")
    tracks = {track.id: track for track in song.tracks}
    assert [gain for _, gain in tracks["bass"].gain_db] == [pytest.approx(-6.02, abs=0.1)]
    assert tracks["guitar"].moves
    times_s, gains_db = np.array(tracks["guitar"].gain_db).T
    assert np.interp([4.0, 20.0], times_s, gains_db) == pytest.approx([0.0, -8.0], abs=0.5)


def test_an_estimate_is_made_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = with_mix_gains([load_song(folder)], tmp_path / "work")
    monkeypatch.setattr(mix_gains, "_curves", lambda song: pytest.fail("estimated again"))
    assert with_mix_gains([load_song(folder)], tmp_path / "work") == first


def test_known_gains_and_songs_without_a_mix_stay(folder: Path, tmp_path: Path) -> None:
    song = load_song(folder)
    without, known = replace(song, mix=None), replace(song, gains_are_in_mix=False)
    assert with_mix_gains([without, known], tmp_path / "work") == (without, known)
    assert not (tmp_path / "work").exists()


def test_a_missing_file_is_named(folder: Path, tmp_path: Path) -> None:
    song = load_song(folder)
    (folder / "bass.wav").unlink()
    with pytest.raises(CorpusError, match=r"bass\.wav"):
        with_mix_gains([song], tmp_path / "work")
