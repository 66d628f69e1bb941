"""Tempi of sounds that are known, and of songs whose authors wrote them down."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
import soxr

from reaper_automix.analysis.tempo import TempoMeter, tempo_of

RATE_HZ = 22_050


def beats(bpm: float, length_s: float = 30.0, n_channels: int = 1) -> np.ndarray:
    """Return a kick drum on every beat, a snare on every second and a hat on every half; float32 (n, n_samples)."""
    rng = np.random.default_rng(2)
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    beat_s = 60.0 / bpm

    def struck(every_s: float, first_s: float, decay_per_s: float) -> np.ndarray:
        since_s = np.where(time_s < first_s, np.inf, (time_s - first_s) % every_s)
        return np.exp(-decay_per_s * since_s)

    kick = struck(beat_s, 0.0, 20.0) * np.sin(2.0 * np.pi * 60.0 * time_s)
    snare = 0.8 * struck(2.0 * beat_s, beat_s, 30.0) * rng.standard_normal(time_s.size)
    hat = 0.1 * struck(beat_s / 2.0, 0.0, 80.0) * rng.standard_normal(time_s.size)
    return np.repeat(np.float32(0.3 * (kick + snare + hat))[None], n_channels, axis=0)


def heard(audio: np.ndarray, rate_hz: int = RATE_HZ, block: int = 30_000) -> float | None:
    meter = TempoMeter(rate_hz, audio.shape[0])
    for at in range(0, audio.shape[1], block):
        meter.add(audio[:, at : at + block])
    return meter.result()


@pytest.mark.parametrize("bpm", [72.0, 87.5, 100.0, 120.0, 128.0, 140.0, 165.0])
def test_tempi(bpm: float) -> None:
    """Far from 120 BPM, half and double of a tempo are as good an answer."""
    said = heard(beats(bpm))
    assert said is not None
    usual = 85.0 < bpm < 150.0
    assert any(said == pytest.approx(k * bpm, rel=0.01) for k in ((1.0,) if usual else (0.5, 1.0, 2.0)))


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_any_rate_and_stereo(rate_hz: int) -> None:
    audio = np.float32(soxr.resample(beats(110.0, n_channels=2).T, RATE_HZ, rate_hz)).T
    assert heard(audio, rate_hz) == pytest.approx(110.0, rel=0.01)


def test_too_short_to_say() -> None:
    assert heard(beats(110.0, length_s=4.0)) is None


def test_no_pulse_no_tempo() -> None:
    assert heard(np.zeros((1, 20 * RATE_HZ), np.float32)) is None
    assert heard(np.zeros((2, 0), np.float32)) is None
    rng = np.random.default_rng(0)
    assert tempo_of(np.zeros(2_000), 0.023) is None
    assert heard(np.float32(0.1 * rng.standard_normal((1, 30 * RATE_HZ)))) is None


@pytest.mark.data
def test_songs_whose_tempo_is_written_down(shared_data) -> None:
    """Within 1 %, or a whole multiple or part of it: whether a tempo is 90 or 180 nobody can hear."""
    right = 0
    songs = sorted((shared_data / "lmms").glob("*/song.json"))
    for path in songs:
        audio, rate_hz = soundfile.read(path.parent / "human_mix.ogg", dtype="float32", always_2d=True)
        said = heard(np.ascontiguousarray(audio.T), rate_hz)
        written = json.loads(path.read_text("utf-8"))["tempo_bpm"]
        right += said is not None and any(abs(said * k / written - 1.0) < 0.01 for k in (0.5, 1.0, 2.0))
    assert right >= 10, f"{right} of {len(songs)}"
