"""Who covers whom, on spectra whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reaper_automix.analysis.masking import MOST_DB, NOISE_OFFSET_DB, Powers, counted, covering, spreading
from reaper_automix.analysis.third_octaves import CENTRES_HZ, FRAME_S, N_BANDS, frame_powers, third_octaves_db

RATE_HZ = 48_000


def flat(level_db: float, *, frames: slice = slice(None), bands: slice = slice(None)) -> Powers:
    """Return a track with the same level in some frames and bands, and nothing elsewhere."""
    powers = np.zeros((20, N_BANDS), np.float32)
    powers[frames, bands] = 10.0 ** (level_db / 10.0)
    return powers


def band(frequency_hz: float) -> int:
    return int(np.argmin(np.abs(np.log(np.asarray(CENTRES_HZ) / frequency_hz))))


@pytest.mark.parametrize(
    ("louder_db", "expected_db"), [(0.0, 0.0), (5.0, 0.0), (10.0, 4.5), (20.0, 14.5), (40.0, 20.0)]
)
def test_a_masker_of_the_same_shape_covers_what_lies_under_its_offset(louder_db: float, expected_db: float) -> None:
    found = covering(np.stack([flat(-40.0), flat(-40.0 + louder_db)]))
    assert found.by_track_db[0, 1] == pytest.approx(expected_db, abs=1e-4)
    assert found.by_rest_db[0] == pytest.approx(expected_db, abs=1e-4)
    assert found.by_track_db[1, 0] == 0.0
    assert found.covered[0] == (1.0 if louder_db > NOISE_OFFSET_DB else 0.0)
    assert np.isnan(np.diag(found.by_track_db)).all()


def test_all_others_cover_as_their_sum() -> None:
    found = covering(np.stack([flat(-40.0), flat(-30.0), flat(-30.0)]))
    assert found.by_track_db[0, 1] == pytest.approx(4.5, abs=1e-4)
    assert found.by_rest_db[0] == pytest.approx(4.5 + 10.0 * np.log10(2.0), abs=1e-4)
    beside = covering(np.stack([flat(-40.0), flat(-30.0)]), flat(-30.0))
    assert beside.by_rest_db[0] == pytest.approx(found.by_rest_db[0], abs=1e-4)
    assert beside.by_track_db[0, 1] == found.by_track_db[0, 1]


def test_what_sounds_at_another_time_or_far_away_in_frequency_covers_nothing() -> None:
    early, late = flat(-20.0, frames=slice(0, 10)), flat(-50.0, frames=slice(10, 20))
    assert covering(np.stack([late, early])).by_track_db[0, 1] == 0.0
    low, high = flat(-20.0, bands=slice(0, 5)), flat(-40.0, bands=slice(22, 28))
    assert covering(np.stack([high, low])).by_track_db[0, 1] == 0.0


def test_a_tone_covers_what_lies_above_it_more_than_what_lies_below() -> None:
    masker = flat(10.0, bands=slice(band(1_000.0), band(1_000.0) + 1))
    above = flat(-30.0, bands=slice(band(1_600.0), band(1_600.0) + 1))
    below = flat(-30.0, bands=slice(band(630.0), band(630.0) + 1))
    assert covering(np.stack([above, masker])).by_rest_db[0] > covering(np.stack([below, masker])).by_rest_db[0]


def test_the_spreading_is_that_of_schroeder() -> None:
    spread_db = 10.0 * np.log10(spreading())
    np.testing.assert_allclose(np.diag(spread_db), 0.0, atol=0.01)
    barks = 26.81 * np.asarray(CENTRES_HZ) / (1_960.0 + np.asarray(CENTRES_HZ)) - 0.53
    middle = band(1_000.0)
    up = np.diff(spread_db[middle, middle:])[-3:] / np.diff(barks[middle:])[-3:]
    down = np.diff(spread_db[middle, : middle + 1])[:3] / np.diff(barks[: middle + 1])[:3]
    np.testing.assert_allclose(up, -10.0, atol=0.5)  # dB per Bark
    np.testing.assert_allclose(down, 25.0, atol=0.5)


def test_each_band_is_told_apart() -> None:
    track = flat(-40.0)
    masker = flat(-20.0, bands=slice(18, 22))
    by_band = covering(np.stack([track, masker])).by_rest_band_db[0]
    assert by_band[18:22].min() > 10.0
    assert by_band[:14].max() == 0.0


def test_silence_covers_nothing_and_is_not_covered() -> None:
    found = covering(np.stack([np.zeros((20, N_BANDS), np.float32), flat(-30.0)]))
    assert np.isnan(found.by_rest_db[0])
    assert np.isnan(found.by_rest_band_db[0]).all()
    assert np.isnan(found.by_track_db[0]).all()
    assert found.by_rest_db[1] == 0.0


def test_only_what_sounds_counts() -> None:
    powers = flat(-30.0, bands=slice(10, 14))
    powers[:, 20] = 1e-3 * 10.0 ** (-3.1)  # 31 dB below the loudest band
    powers[5] *= 1e-3  # 30 dB below the other frames
    cells = counted(powers)
    assert cells[:, 10:14].sum() == 4 * 19
    assert cells.sum() == 4 * 19


@settings(max_examples=30)
@given(st.floats(-20.0, 20.0), st.floats(0.0, 20.0), st.integers(0, 10_000))
def test_a_louder_masker_never_covers_less_and_a_common_gain_changes_nothing(
    gain_db: float, more_db: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pair = (10.0 ** rng.uniform(-7.0, -3.0, (2, 8, N_BANDS))).astype(np.float32)
    plain = covering(pair)
    louder = covering(pair * np.array([1.0, 10.0 ** (more_db / 10.0)], np.float32)[:, None, None])
    assert louder.by_track_db[0, 1] >= plain.by_track_db[0, 1] - 1e-4
    assert 0.0 <= plain.by_rest_db[0] <= MOST_DB
    everything = covering(pair * np.float32(10.0 ** (gain_db / 10.0)))
    np.testing.assert_allclose(everything.by_track_db[0, 1], plain.by_track_db[0, 1], atol=0.02)


def test_frames_have_the_power_that_the_whole_sound_has() -> None:
    noise = np.random.default_rng(3).standard_normal((2, 3 * RATE_HZ)).astype(np.float32) * np.float32(0.1)
    size = round(FRAME_S * RATE_HZ)
    frames = np.lib.stride_tricks.sliding_window_view(noise, size, axis=1)[:, :: size // 2]
    powers = frame_powers(frames, RATE_HZ)
    assert powers.shape == (29, N_BANDS)
    np.testing.assert_allclose(10.0 * np.log10(powers.mean(axis=0)), third_octaves_db(noise, RATE_HZ), atol=0.01)
