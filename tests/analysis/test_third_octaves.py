from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.analysis.third_octaves import CENTRES_HZ, FLOOR_DB, N_BANDS, third_octaves_db


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("frequency_hz", [31.5, 100.0, 1_000.0, 8_000.0])
def test_a_sine_lies_in_its_own_band(rate_hz: int, frequency_hz: float) -> None:
    sine = np.sin(2.0 * np.pi * frequency_hz * np.arange(3 * rate_hz) / rate_hz).astype(np.float32)
    found_db = third_octaves_db(sine[None], rate_hz)
    own = int(np.argmin(np.abs(np.log(np.array(CENTRES_HZ) / frequency_hz))))
    assert found_db[own] == pytest.approx(-3.01, abs=1.2 if frequency_hz < 40.0 else 0.15)
    assert np.delete(found_db, [max(own - 1, 0), own, min(own + 1, N_BANDS - 1)]).max() < -40.0


def test_white_noise_rises_by_one_decibel_per_band() -> None:
    noise = np.random.default_rng(5).standard_normal((2, 44_100 * 10)).astype(np.float32)
    found_db = third_octaves_db(noise, 44_100)
    assert np.diff(found_db)[6:] == pytest.approx(np.full(N_BANDS - 7, 1.0034), abs=0.35)
    assert found_db[-1] == pytest.approx(
        10.0 * np.log10(2.0 * 2.0 * 16_000 * (2 ** (1 / 6) - 2 ** (-1 / 6)) / 44_100), abs=0.2
    )


def test_silence_and_single_samples_have_no_level_but_the_floor() -> None:
    assert (third_octaves_db(np.zeros((2, 1000), np.float32), 48_000) == FLOOR_DB).all()
    assert np.isfinite(third_octaves_db(np.ones((1, 1), np.float32), 48_000)).all()


def test_bands_beyond_half_the_rate_hold_nothing() -> None:
    noise = np.random.default_rng(1).standard_normal((1, 8_000)).astype(np.float32)
    assert third_octaves_db(noise, 8_000)[-1] == FLOOR_DB
