"""How much of a microphone is its own drum, where that is known."""

from __future__ import annotations

import numpy as np

from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.drums.separation import own_parts_db

RATE_HZ = 22_050
LENGTH_S = 10.0
KIT = (DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.OVERHEAD_LEFT)


def drum(first_s: float, hz: float, noise: float) -> np.ndarray:
    rng = np.random.default_rng(round(hz))
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    since_s = np.where(time_s < first_s, np.inf, (time_s - first_s) % 1.0)
    tone = np.sin(2.0 * np.pi * hz * np.where(np.isfinite(since_s), since_s, 0.0))
    return (tone + noise * rng.standard_normal(time_s.size)) * np.exp(-18.0 * since_s)


def recorded(bleed_db: float) -> list[np.ndarray]:
    kick, snare = drum(0.2, 90.0, 0.02), drum(0.7, 400.0, 0.5)
    bleed = 10.0 ** (bleed_db / 20.0)
    return [np.float32(a) for a in (kick + bleed * snare, snare + 0.01 * kick, 0.3 * (kick + snare))]


def test_less_is_its_own_where_more_bleeds_in() -> None:
    clean, dirty = own_parts_db(recorded(-40.0), KIT, RATE_HZ), own_parts_db(recorded(-3.0), KIT, RATE_HZ)
    assert clean[0] > -1.0
    assert dirty[0] < clean[0] - 2.0
    assert clean[1] > -1.0
    assert clean[2] == dirty[2] == 0.0, "overheads are meant to hear all"


def test_gains_do_not_matter() -> None:
    audio = recorded(-10.0)
    louder = [audio[0] * np.float32(2.0), audio[1], audio[2] * np.float32(0.1)]
    np.testing.assert_allclose(own_parts_db(louder, KIT, RATE_HZ), own_parts_db(audio, KIT, RATE_HZ), atol=0.6)


def test_a_drum_that_is_not_played_is_not_there() -> None:
    audio = [*recorded(-20.0), np.float32(0.02 * drum(0.7, 400.0, 0.5))]
    parts = own_parts_db(audio, (*KIT, DrumMic.TOM_1), RATE_HZ)
    assert parts[3] < -6.0
    assert np.isfinite(own_parts_db([np.zeros(RATE_HZ, np.float32)] * 3, KIT, RATE_HZ)).all()
