"""The real MultiEQ: its response with our knobs is the one that we meant."""

from __future__ import annotations

import numpy as np
import pytest
from plugins.judges.hosted import Job, check_shown, play

from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effects.equaliser import response_db
from reaper_automix.plugins import multieq

FREQUENCIES_HZ = np.array([63, 125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000])
RATES_HZ = (44_100, 48_000)
MEANT = {
    "a vocal": (
        Band("high_pass", 90.0, q=0.71),
        Band("band", 260.0, -3.2, 1.1),
        Band("band", 3_150.0, 2.4, 0.9),
        Band("high_shelf", 9_500.0, 3.3, 0.8),
    ),
    "deep shelves": (Band("low_shelf", 140.0, -12.0, 0.5), Band("high_shelf", 5_200.0, 9.0, 2.0)),
    "shelves in the middle": (
        Band("low_shelf", 80.0, 5.0, 1.2),
        Band("low_shelf", 333.0, -4.0, 0.7),
        Band("high_shelf", 2_500.0, -6.0, 0.9),
        Band("high_shelf", 12_000.0, 6.0, 1.3),
    ),
    "narrow": (Band("band", 1_000.0, 12.0, 6.0), Band("band", 430.0, -20.0, 4.0)),
    "wide": (Band("band", 700.0, 6.0, 0.4), Band("band", 4_000.0, -8.0, 0.6)),
    "high": (Band("band", 12_000.0, 6.0, 1.4), Band("band", 15_500.0, -9.0, 2.5)),
    "passes": (Band("high_pass", 125.0, q=1.9), Band("low_pass", 11_000.0, q=0.6)),
    "all six": (
        Band("low_pass", 17_000.0, q=0.9),
        Band("band", 8_100.0, 3.0, 1.5),
        Band("band", 51.5, 4.0, 1.5),
        Band("low_shelf", 220.0, -3.0, 1.0),
        Band("high_shelf", 6_000.0, 2.0, 1.0),
        Band("high_pass", 31.0, q=0.8),
    ),
}


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_response_of_the_real_one_is_the_one_that_was_meant(rate_hz: int) -> None:
    held = [multieq.playable(EqualiserSettings(bands), sample_rate_hz=rate_hz)[0] for bands in MEANT.values()]
    impulse = np.zeros((2, rate_hz), np.float32)
    impulse[:, 0] = 1.0
    jobs = [Job(multieq.knobs(settings, sample_rate_hz=rate_hz), impulse) for settings in held]
    for job, (name, bands), settings, played in zip(
        jobs, MEANT.items(), held, play("MultiEQ", rate_hz, jobs), strict=True
    ):
        check_shown(job.knobs, played)
        spectrum = np.fft.rfft(played.audio.astype(np.float64), axis=1)[:, FREQUENCIES_HZ]
        measured_db = 20.0 * np.log10(np.abs(spectrum))
        meant_db = response_db(EqualiserSettings(bands), FREQUENCIES_HZ.astype(np.float64), rate_hz)
        held_db = response_db(settings, FREQUENCIES_HZ.astype(np.float64), rate_hz)
        for channel_db in measured_db:
            # Our shelves get no steeper than q = 1.55, the plug-in's nearest step does by a hair: 0.1 dB at 9 dB.
            np.testing.assert_allclose(channel_db, held_db, atol=0.1 if name == "deep shelves" else 0.03, err_msg=name)
            np.testing.assert_allclose(channel_db, meant_db, atol=0.2, err_msg=name)
        read = multieq.settings_from(played.values, sample_rate_hz=rate_hz)
        _assert_same_bands(read.bands, settings.bands)


def _assert_same_bands(read: tuple[Band, ...], meant: tuple[Band, ...]) -> None:
    pairs = zip(*(sorted(bands, key=lambda b: b.frequency_hz) for bands in (read, meant)), strict=True)
    for ours, theirs in pairs:
        assert ours.type == theirs.type
        assert (ours.frequency_hz, ours.gain_db) == (theirs.frequency_hz, theirs.gain_db)
        assert ours.q == pytest.approx(theirs.q, rel=1e-6)
