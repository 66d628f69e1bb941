"""Listening to excerpts of a session: the same as to whole arrays, but nothing else is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.audio.reader import TrackReader
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.strip_excerpts import EXCERPT_S, MOST_EXCERPTS, hear
from reaper_automix.mixers.strip_hearing import SongExcerpts
from reaper_automix.pipeline import hear as hear_session

RATE_HZ = 16_000
LENGTH_S = 60


def tracks() -> dict[str, np.ndarray]:
    """Return tracks that sound at different times; float32 (n_channels, n_samples)."""
    rng = np.random.default_rng(3)
    time_s = np.arange(LENGTH_S * RATE_HZ) / RATE_HZ
    sounds = {}
    for number, (start_s, end_s) in enumerate(((0, 60), (5, 25), (30, 50), (57.5, 60))):
        audio = 0.1 * rng.standard_normal((1 + number % 2, time_s.size)) * ((time_s >= start_s) & (time_s < end_s))
        sounds[f"Track {number}"] = audio.astype(np.float32)
    return sounds


@pytest.fixture
def hearing(tmp_path: Path) -> Hearing:
    for name, audio in tracks().items():
        soundfile.write(tmp_path / f"{name}.wav", audio.T, RATE_HZ, subtype="FLOAT")
    return hear_session(StemsHost(tmp_path).read_session())[0]


@pytest.fixture
def read_s(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Note how much of any track is read, in seconds."""
    found: list[float] = []
    read = TrackReader.read

    def noted(self: TrackReader, start_sample: int, n_samples: int) -> np.ndarray:
        found.append(n_samples / RATE_HZ)
        return read(self, start_sample, n_samples)

    monkeypatch.setattr(TrackReader, "read", noted)
    return iter([found])


def test_excerpts_of_a_session_are_those_of_whole_arrays(hearing: Hearing) -> None:
    excerpts = SongExcerpts(hearing, list(hearing.measurements))
    ours, whole = excerpts.heard(), hear(list(tracks().values()), RATE_HZ)
    assert ours.starts_s == whole.starts_s
    assert ours.sounds.tolist() == whole.sounds.tolist()
    assert ours.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=1e-3)
    assert ours.images == pytest.approx(whole.images, abs=1e-3)


def test_nothing_but_the_excerpts_is_read(hearing: Hearing, read_s) -> None:
    excerpts = SongExcerpts(hearing, list(hearing.measurements))
    (read,) = read_s
    excerpts.heard()
    n_excerpts = sum(map(len, excerpts.places.starts_s))
    assert 0 < n_excerpts <= MOST_EXCERPTS * 4
    assert sum(read) <= n_excerpts * EXCERPT_S + 1e-6


def test_the_sound_of_a_track_is_its_excerpts_with_soft_edges(hearing: Hearing) -> None:
    excerpts = SongExcerpts(hearing, list(hearing.measurements))
    sounds = list(tracks().values())
    for number, starts_s in enumerate(excerpts.places.starts_s):
        sound = excerpts.sound_of(number)
        assert sound.shape == (len(sounds[number]), round(len(starts_s) * EXCERPT_S * RATE_HZ))
        middle = slice(RATE_HZ, 2 * RATE_HZ)
        first = round(starts_s[0] * RATE_HZ)
        assert sound[:, middle] == pytest.approx(sounds[number][:, first + RATE_HZ : first + 2 * RATE_HZ], abs=1e-6)
        assert not sound[:, 0].any()


def test_a_range_is_heard_from_its_start_and_no_further_than_its_end(tmp_path: Path) -> None:
    for name, audio in tracks().items():
        soundfile.write(tmp_path / f"{name}.wav", audio.T, RATE_HZ, subtype="FLOAT")
    heard, _ = hear_session(StemsHost(tmp_path).read_session(), range_s=(31.0, 34.0))
    excerpts = SongExcerpts(heard, [i for i in heard.measurements if heard.loudness_lufs(i) > -70.0])
    assert excerpts.places.starts_s == ((0.0,), (0.0,))
    sound = excerpts.sound_of(0)
    assert sound.shape[1] == round(EXCERPT_S * RATE_HZ)
    expected = tracks()["Track 0"][:, 32 * RATE_HZ : 33 * RATE_HZ]
    assert sound[:, RATE_HZ : 2 * RATE_HZ] == pytest.approx(expected, abs=1e-6)
    assert not sound[:, 3 * RATE_HZ :].any()


def test_a_silent_track_has_no_excerpt(hearing: Hearing, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    soundfile.write(tmp_path / "more" / "a.wav", np.zeros(RATE_HZ), RATE_HZ)
    soundfile.write(tmp_path / "more" / "b.wav", tracks()["Track 0"].T, RATE_HZ)
    heard, _ = hear_session(StemsHost(tmp_path / "more").read_session())
    excerpts = SongExcerpts(heard, list(heard.measurements))
    assert excerpts.places.starts_s[0] == ()
    assert excerpts.sound_of(0).size == 0
    assert not excerpts.heard().sounds[0].any()
