"""From the network's curve to bands: the level stays, limits hold, and nothing is boosted where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal
from tone_models import BELL_DB, OCTAVES, TILT_DB

from reaper_automix.analysis.third_octaves import third_octaves_db
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effects.equaliser import response_db
from reaper_automix.mixers.tone_equaliser import (
    MOST_BOOST_DB,
    MOST_CUT_DB,
    N_BANDS,
    SKIRT_DB,
    ToneFit,
    fit_of,
    loudness_change_lu,
    neutral_fit,
    target_of,
)
from reaper_automix.mixers.tone_hearing import LoudestPart, lufs_of

RATE_HZ = 44_100


def part(*, below_hz: float | None = None, rate_hz: int = RATE_HZ, n_channels: int = 1) -> LoudestPart:
    """Return four seconds of pink noise, perhaps with nothing above a frequency."""
    n = 4 * rate_hz
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal((n_channels, n)))
    spectrum[:, 1:] /= np.sqrt(np.arange(1, spectrum.shape[1]))
    audio = np.fft.irfft(spectrum, n)
    if below_hz is not None:
        audio = signal.sosfilt(signal.butter(12, below_hz, fs=rate_hz, output="sos"), audio)
    sound = (0.1 * audio / np.abs(audio).max()).astype(np.float32)
    return LoudestPart(sound, rate_hz, 0.0, lufs_of(sound, rate_hz), third_octaves_db(sound, rate_hz))


@pytest.mark.parametrize("curve_db", [TILT_DB, BELL_DB, BELL_DB + 9.0, -TILT_DB - 5.0])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_track_stays_as_loud_as_it_is(curve_db, n_channels) -> None:
    heard = part(n_channels=n_channels)
    _, fit, change_lu = neutral_fit(curve_db, heard)
    assert 1 <= len(fit.settings.bands) <= N_BANDS
    assert abs(change_lu) <= 0.3
    assert change_lu == pytest.approx(loudness_change_lu(fit.settings, heard))
    assert fit.curve_rms_db > 1.0
    assert fit.distance_db < 0.5


def test_the_level_of_the_answer_does_not_matter() -> None:
    heard = part()
    one, louder = (target_of(TILT_DB + shift_db, heard) for shift_db in (0.0, 7.0))
    assert one.curve_db == pytest.approx(louder.curve_db, abs=1e-9)


def test_limits_hold_band_by_band_and_together() -> None:
    target = target_of(6.0 * TILT_DB, part())
    assert target.curve_db.max() <= MOST_BOOST_DB
    assert target.curve_db.min() >= -MOST_CUT_DB
    played_db = response_db(fit_of(target, RATE_HZ).settings, np.geomspace(20.0, 20_000.0, 400), RATE_HZ)
    assert played_db.max() < MOST_BOOST_DB + 0.5
    assert played_db.min() > -MOST_CUT_DB - 0.5


@pytest.mark.parametrize("below_hz", [800.0, 2_500.0])
def test_nothing_is_boosted_where_the_track_has_nothing(below_hz) -> None:
    heard = part(below_hz=below_hz)
    target = target_of(3.0 * OCTAVES, heard)
    assert target.empty.any()
    assert target.curve_db[target.empty].max() <= 0.0
    assert target.asked_db[target.empty].max() > 3.0
    fit = fit_of(target, RATE_HZ)
    assert response_db(fit.settings, target.at_hz[target.empty], RATE_HZ).max() <= SKIRT_DB + 1e-6


def test_a_flat_curve_needs_no_bands() -> None:
    fit = fit_of(target_of(np.full(OCTAVES.size, 4.0), part()), RATE_HZ)
    assert fit.settings == EqualiserSettings()
    assert loudness_change_lu(fit.settings, part()) == 0.0


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 96_000])
def test_any_rate(rate_hz) -> None:
    fit = fit_of(target_of(TILT_DB, part(rate_hz=rate_hz)), rate_hz)
    assert isinstance(fit, ToneFit)
    assert fit.settings.bands
    assert np.isfinite([fit.distance_db, fit.curve_rms_db]).all()
