"""The invented engineers and their saturation."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.mixers.tone_groups import GROUPS
from reaper_automix.training.tone.engineers import ENGINEERS, MOST_CUT_DB, chain_for, habits_of, heard, processed
from reaper_automix.training.tone.saturation import saturated

RATE_HZ = 44_100


def noise(seconds: float = 2.0) -> np.ndarray:
    return np.random.default_rng(2).normal(0.0, 0.1, (1, round(seconds * RATE_HZ))).astype(np.float32)


def test_every_group_has_an_engineer() -> None:
    assert set(ENGINEERS) == set(GROUPS)


def test_five_bands_hold_the_whole_track() -> None:
    assert (10.0 ** (heard(noise(), RATE_HZ) / 10.0)).sum() == pytest.approx(1.0, abs=0.2)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    sine = np.sin(2.0 * np.pi * 1_000.0 * time_s)[np.newaxis].astype(np.float32)
    assert heard(sine, RATE_HZ) == pytest.approx([-60.0, -60.0, 0.0, -60.0, -60.0], abs=0.1)


def test_the_same_song_gets_the_same_habits_and_another_track_other_corrections() -> None:
    first, second = (habits_of("guitar", np.random.default_rng(7)) for _ in range(2))
    assert first == second
    assert habits_of("guitar", np.random.default_rng(8)) != first
    dark, bright = np.array([-3.0, -4.0, -12.0, -25.0, -40.0]), np.array([-20.0, -10.0, -5.0, -4.0, -6.0])
    chains = [chain_for(first, one) for one in (dark, bright)]
    assert chains[0].tone == chains[1].tone
    assert chains[0].compressor == chains[1].compressor
    presence = [chain.corrections.bands[4].gain_db for chain in chains]
    assert presence[0] > 0.0 > presence[1]


def test_a_band_that_holds_nothing_is_not_boosted() -> None:
    for seed in range(20):
        chain = chain_for(habits_of("bass", np.random.default_rng(seed)), np.array([0.0, -60.0, -60.0, -60.0, -60.0]))
        assert max(band.gain_db for band in chain.corrections.bands) <= 0.0
        assert min(band.gain_db for band in chain.corrections.bands) >= -MOST_CUT_DB


@pytest.mark.parametrize("group", list(GROUPS))
def test_chains_vary_and_change_the_sound(group: str) -> None:
    raw = noise()
    drawn = [habits_of(group, np.random.default_rng(seed)) for seed in range(40)]
    assert 0 < sum(habits.ratio is not None for habits in drawn) <= 40
    assert 0 < sum(habits.drive_db is not None for habits in drawn) < 40
    assert 0 < sum(habits.wet_db is not None for habits in drawn) < 40
    fullest = max(drawn, key=lambda habits: (habits.wet_db is not None) + (habits.drive_db is not None))
    stem = processed(raw, chain_for(fullest, heard(raw, RATE_HZ)), RATE_HZ)
    assert stem.shape == raw.shape
    assert np.isfinite(stem).all()
    assert np.abs(heard(stem, RATE_HZ) - heard(raw, RATE_HZ)).max() > 1.0


def test_saturation_leaves_quiet_samples_and_bends_loud_ones() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    sine = (0.5 * np.sin(2.0 * np.pi * 200.0 * time_s))[np.newaxis].astype(np.float32)
    assert saturated(sine, RATE_HZ, drive_db=-40.0) == pytest.approx(sine, abs=2e-3)
    assert np.abs(saturated(sine, RATE_HZ, drive_db=0.0)).max() == pytest.approx(0.5 * np.tanh(1.0), rel=0.01)
    silence = np.zeros((2, 100), np.float32)
    assert np.array_equal(saturated(silence, RATE_HZ, drive_db=6.0), silence)
    assert saturated(np.zeros((1, 0), np.float32), RATE_HZ, drive_db=6.0).shape == (1, 0)


def test_saturation_does_not_alias() -> None:
    """A sine of 9 kHz has its third harmonic at 27 kHz, which plain samples would fold back to 17.1 kHz."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    sine = (0.5 * np.sin(2.0 * np.pi * 9_000.0 * time_s))[np.newaxis].astype(np.float32)
    window = np.hanning(RATE_HZ)
    level_db = [
        20.0 * np.log10(np.abs(np.fft.rfft(one[0] * window))[17_100 - 5 : 17_100 + 5].max() / (RATE_HZ / 4.0 * 0.5))
        for one in (np.tanh(sine * 4.0) / 4.0, saturated(sine, RATE_HZ, drive_db=6.0))
    ]
    assert level_db[0] > -35.0
    assert level_db[1] < -80.0
