"""Fitting a few bands to a curve."""

from __future__ import annotations

import time

import numpy as np
import pytest

from reaper_automix.effect_settings.equaliser import Band, BandType, EqualiserSettings
from reaper_automix.effects.equaliser import response_db
from reaper_automix.mixers.equaliser_fit import N_BANDS, NARROWEST_Q, distance_db, fitted

RATE_HZ = 44_100
POINTS_HZ = np.exp2(np.arange(np.log2(20.0), np.log2(18_000.0), 1.0 / 12.0))
LIMITS = {"most_boost_db": 9.0, "most_cut_db": 18.0}


def known(*bands: tuple[BandType, float, float, float]) -> EqualiserSettings:
    return EqualiserSettings(tuple(Band(*band) for band in bands))


def drawn(seed: int) -> EqualiserSettings:
    rng = np.random.default_rng(seed)
    bells = [
        ("band", float(np.exp2(rng.uniform(6.7, 13.1))), float(rng.uniform(-8.0, 5.0)), float(rng.uniform(0.6, 3.0)))
        for _ in range(seed % 5)
    ]
    low = ("low_shelf", float(rng.uniform(80.0, 300.0)), float(rng.uniform(-9.0, 6.0)), 0.8)
    high = ("high_shelf", float(rng.uniform(3e3, 9e3)), float(rng.uniform(-9.0, 6.0)), 0.8)
    return known(low, *bells, high)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
def test_a_known_equaliser_is_recovered(seed: int) -> None:
    curve_db = np.clip(response_db(drawn(seed), POINTS_HZ, RATE_HZ), -18.0, 9.0)
    off_db, rms_db = distance_db(fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS), curve_db, POINTS_HZ, RATE_HZ)
    assert off_db < 0.3
    assert rms_db > 0.5


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 96_000, 192_000])
def test_at_any_rate_of_a_session(rate_hz: int) -> None:
    settings = known(("low_shelf", 150.0, -6.0, 0.7), ("band", 900.0, 4.0, 1.5), ("band", 2_500.0, -3.0, 2.0))
    curve_db = response_db(settings, POINTS_HZ, 44_100)
    found = fitted(curve_db, POINTS_HZ, rate_hz, **LIMITS)
    assert distance_db(found, curve_db, POINTS_HZ, rate_hz)[0] < 0.3
    assert all(band.frequency_hz < rate_hz / 2.0 for band in found.bands)


def test_a_curve_of_few_points() -> None:
    points_hz = 1_000.0 * 2.0 ** (np.arange(-17, 14) / 3.0)
    curve_db = response_db(known(("low_shelf", 200.0, -5.0, 0.7), ("high_shelf", 4_000.0, 4.0, 0.7)), points_hz, 48_000)
    found = fitted(curve_db, points_hz, 48_000, **LIMITS)
    assert distance_db(found, curve_db, points_hz, 48_000)[0] < 0.3


def test_the_bins_of_a_spectrum() -> None:
    points_hz = np.arange(1, 1025) * RATE_HZ / 2048.0
    curve_db = response_db(drawn(4), points_hz, RATE_HZ)
    noise_db = np.random.default_rng(0).normal(0.0, 1.0, points_hz.size)
    found = fitted(curve_db + noise_db, points_hz, RATE_HZ, **LIMITS)
    assert distance_db(found, curve_db, points_hz, RATE_HZ)[0] < 0.6


@pytest.mark.parametrize("gain_db", [0.0, 0.03])
def test_a_flat_curve_needs_no_band(gain_db: float) -> None:
    assert fitted(np.full(POINTS_HZ.size, gain_db), POINTS_HZ, RATE_HZ, **LIMITS) == EqualiserSettings()


def test_a_curve_that_is_the_same_everywhere_is_met() -> None:
    curve_db = np.full(POINTS_HZ.size, -4.0)
    assert distance_db(fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS), curve_db, POINTS_HZ, RATE_HZ)[0] < 0.3


def test_a_step_is_met_but_for_its_edge() -> None:
    curve_db = np.where(POINTS_HZ < 1_000.0, 0.0, 6.0)
    found = fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS)
    assert distance_db(found, curve_db, POINTS_HZ, RATE_HZ)[0] < 1.0
    assert len(found.bands) <= N_BANDS


def test_a_single_dip_is_one_band() -> None:
    curve_db = response_db(known(("band", 400.0, -8.0, 2.0)), POINTS_HZ, RATE_HZ)
    (band,) = fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS).bands
    assert band.type == "band"
    assert band.frequency_hz == pytest.approx(400.0, rel=0.02)
    assert band.gain_db == pytest.approx(-8.0, abs=0.3)
    assert band.q == pytest.approx(2.0, rel=0.1)


def test_no_band_is_narrower_than_allowed() -> None:
    curve_db = response_db(known(("band", 1_000.0, -18.0, 20.0), ("band", 3_000.0, 9.0, 20.0)), POINTS_HZ, RATE_HZ)
    found = fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS)
    assert found.bands
    assert max(band.q for band in found.bands) <= NARROWEST_Q


@pytest.mark.parametrize(("most_boost_db", "most_cut_db"), [(3.0, 6.0), (0.0, 12.0), (6.0, 0.0)])
def test_the_limits_hold_for_each_band_and_for_all_together(most_boost_db: float, most_cut_db: float) -> None:
    curve_db = 15.0 * np.sin(2.0 * np.log2(POINTS_HZ / 100.0))
    found = fitted(curve_db, POINTS_HZ, RATE_HZ, most_boost_db=most_boost_db, most_cut_db=most_cut_db)
    played_db = response_db(found, POINTS_HZ, RATE_HZ)
    assert all(-most_cut_db <= band.gain_db <= most_boost_db for band in found.bands)
    assert -most_cut_db - 0.6 < played_db.min() < 0.0 or most_cut_db == 0.0
    assert played_db.max() < most_boost_db + 0.6


def test_nothing_may_move() -> None:
    curve_db = 5.0 * np.sin(np.log2(POINTS_HZ))
    assert fitted(curve_db, POINTS_HZ, RATE_HZ, most_boost_db=0.0, most_cut_db=0.0) == EqualiserSettings()


def test_what_has_no_weight_is_not_met() -> None:
    wanted_db = response_db(known(("band", 300.0, -6.0, 1.0)), POINTS_HZ, RATE_HZ)
    curve_db = wanted_db + np.where(POINTS_HZ > 3_000.0, 9.0, 0.0)
    weights = np.where(POINTS_HZ > 2_000.0, 0.0, 1.0)
    found = fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS, weights=weights)
    low = POINTS_HZ < 1_500.0
    assert np.abs(response_db(found, POINTS_HZ[low], RATE_HZ) - wanted_db[low]).max() < 1.0


@pytest.mark.parametrize("n_bands", [1, 2, 4, 6, 8])
def test_no_more_bands_than_wanted_and_more_are_nearer(n_bands: int) -> None:
    curve_db = np.clip(np.cumsum(np.random.default_rng(3).normal(0.0, 1.0, POINTS_HZ.size)), -18.0, 9.0)
    found = fitted(curve_db, POINTS_HZ, RATE_HZ, n_bands=n_bands, **LIMITS)
    off_db, rms_db = distance_db(found, curve_db, POINTS_HZ, RATE_HZ)
    assert 1 <= len(found.bands) <= n_bands
    assert off_db < rms_db
    assert n_bands < 6 or off_db < 1.0


def test_the_same_curve_gives_the_same_bands_quickly() -> None:
    curve_db = np.clip(np.cumsum(np.random.default_rng(8).normal(0.0, 1.0, POINTS_HZ.size)), -18.0, 9.0)
    began_s = time.process_time()
    first = fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS)
    assert time.process_time() - began_s < 2.0  # 0.3 s on one idle core
    assert fitted(curve_db, POINTS_HZ, RATE_HZ, **LIMITS) == first


def test_the_distance_is_that_of_the_range_that_counts() -> None:
    curve_db = np.where(POINTS_HZ < 50.0, 20.0, 2.0)
    assert distance_db(EqualiserSettings(), curve_db, POINTS_HZ, RATE_HZ) == (pytest.approx(2.0), pytest.approx(2.0))


def test_what_is_no_curve_is_refused() -> None:
    flat = np.zeros(POINTS_HZ.size)
    with pytest.raises(ValueError, match="rising"):
        fitted(flat, POINTS_HZ[::-1].copy(), RATE_HZ, **LIMITS)
    with pytest.raises(ValueError, match="finite"):
        fitted(flat + np.nan, POINTS_HZ, RATE_HZ, **LIMITS)
    with pytest.raises(ValueError, match="shape"):
        fitted(flat[:-1], POINTS_HZ, RATE_HZ, **LIMITS)
    with pytest.raises(ValueError, match="weights"):
        fitted(flat, POINTS_HZ, RATE_HZ, **LIMITS, weights=-np.ones(POINTS_HZ.size))
    with pytest.raises(ValueError, match="bands"):
        fitted(flat, POINTS_HZ, RATE_HZ, n_bands=0, **LIMITS)
