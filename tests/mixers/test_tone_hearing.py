"""The loudest ten seconds of a track: found by the measurement, and nothing else is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.audio.reader import TrackReader
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.tone_hearing import LOUDNESS_LUFS, loudest_part, loudest_start_s, lufs_of
from reaper_automix.pipeline import hear

RATE_HZ = 8_000


def heard(folder: Path, audio: np.ndarray, range_s: tuple[float, float] | None = None) -> tuple[Hearing, str]:
    soundfile.write(folder / "Bass.wav", audio, RATE_HZ, subtype="FLOAT")
    found = hear(StemsHost(folder).read_session(), range_s=range_s)[0]
    return found, found.session.tracks[0].id


def noise(seconds: float, level: float) -> np.ndarray:
    return level * np.random.default_rng(1).standard_normal((round(seconds * RATE_HZ), 1))


def test_the_loudest_ten_seconds_are_read_and_nothing_else(tmp_path, monkeypatch) -> None:
    audio = np.concatenate([noise(14.0, 0.01), noise(10.0, 0.1), noise(6.0, 0.02)])
    hearing, track_id = heard(tmp_path, audio)
    read: list[int] = []
    real = TrackReader.read
    monkeypatch.setattr(TrackReader, "read", lambda self, a, n: read.append(n) or real(self, a, n))
    part = loudest_part(hearing, track_id)
    assert part is not None
    assert part.start_s == pytest.approx(14.0, abs=0.11)
    assert part.sound.shape == (1, 10 * RATE_HZ)
    assert sum(read) == 10 * RATE_HZ
    assert lufs_of(part.normalised_mono(), RATE_HZ) == pytest.approx(LOUDNESS_LUFS, abs=0.05)
    start = round(part.start_s * RATE_HZ)
    assert part.sound[0] == pytest.approx(audio[start : start + 10 * RATE_HZ, 0], abs=1e-6)


def test_shorter_tracks_and_ranges_are_heard_whole(tmp_path) -> None:
    hearing, track_id = heard(tmp_path, noise(3.0, 0.1))
    part = loudest_part(hearing, track_id)
    assert part is not None
    assert (part.start_s, part.sound.shape) == (0.0, (1, 3 * RATE_HZ))
    hearing, track_id = heard(tmp_path, noise(20.0, 0.1), range_s=(4.0, 6.0))
    part = loudest_part(hearing, track_id)
    assert part is not None
    assert (part.start_s, part.sound.shape) == (4.0, (1, 2 * RATE_HZ))


def test_stereo_is_one_channel_to_the_network(tmp_path) -> None:
    hearing, track_id = heard(tmp_path, np.repeat(noise(3.0, 0.1), 2, axis=1) * [1.0, 0.5])
    part = loudest_part(hearing, track_id)
    assert part is not None
    assert part.sound.shape[0] == 2
    assert part.normalised_mono().shape == (1, 3 * RATE_HZ)


def test_silence_is_nothing(tmp_path) -> None:
    hearing, track_id = heard(tmp_path, noise(3.0, 0.0))
    assert loudest_part(hearing, track_id) is None
    assert lufs_of(np.zeros((1, 0), np.float32), RATE_HZ) == -np.inf


def test_where_energy_is_highest() -> None:
    energy = np.full((2, 300), 0.1)
    energy[:, 120:180] = 1.0
    assert 8.0 <= loudest_start_s(energy) <= 12.0
    assert loudest_start_s(energy[:, :50]) == 0.0
