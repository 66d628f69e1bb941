"""A whole track through the network of tone."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.errors import MediaError
from reaper_automix.mixers.tone_audio import played
from reaper_automix.mixers.tone_network import N_BANDS, N_FEATURES, ToneNetwork


def constant(gain_db: float, *, high_db: float | None = None) -> ToneNetwork:
    base_db = np.full(N_BANDS, gain_db, np.float32)
    base_db[N_BANDS // 2 :] = gain_db if high_db is None else high_db
    return ToneNetwork(np.zeros(N_FEATURES, np.float32), np.ones(N_FEATURES, np.float32), base_db)


def noise(n_samples: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(6).normal(0.0, 0.1, (channels, n_samples)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_no_gain_is_the_track_itself(rate_hz: int, channels: int) -> None:
    audio = noise(rate_hz + 17, channels)
    assert played(constant(0.0), audio, rate_hz) == pytest.approx(audio, abs=1e-5)


@pytest.mark.parametrize("n_samples", [0, 1, 1_023, 1_024, 1_025, 2_049, 600_000])
def test_any_length_keeps_its_length(n_samples: int) -> None:
    audio = noise(n_samples)
    output = played(constant(0.0), audio, 44_100)
    assert output.shape == audio.shape
    assert output.size == 0 or np.abs(output - audio).max() < 1e-5


def test_gains_are_heard_where_they_belong() -> None:
    audio = noise(4 * 44_100)
    output = played(constant(0.0, high_db=-12.0), audio, 44_100)
    power = [np.square(np.abs(np.fft.rfft(one[0]))) for one in (audio, output)]
    at_hz = np.fft.rfftfreq(audio.shape[1], 1.0 / 44_100)
    for low, high, gain_db in ((100.0, 500.0, 0.0), (2_000.0, 15_000.0, -24.0 * np.tanh(0.5))):
        inside = (at_hz > low) & (at_hz < high)
        assert 10.0 * np.log10(power[1][inside].sum() / power[0][inside].sum()) == pytest.approx(gain_db, abs=0.2)


def test_silence_stays_silent() -> None:
    assert not played(constant(12.0), np.zeros((2, 30_000), np.float32), 44_100).any()


def test_damage_is_told() -> None:
    audio = noise(44_100)
    audio[0, 1_000] = np.nan
    with pytest.raises(MediaError, match="not numbers"):
        played(constant(3.0), audio, 44_100)
