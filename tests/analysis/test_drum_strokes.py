"""Strokes of known loudness in microphones that bleed, under cymbals that ring."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.analysis.drum_strokes import LOWEST_DB, STROKE_FEATURES, of_fewer, stroke_features
from reaper_automix.role_vocabulary import DrumMic

RATE_HZ = 44_100
LENGTH_S = 12.0
KIT = (DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)


def drum(first_s: float, every_s: float, hz: float, decay_per_s: float, noise: float) -> np.ndarray:
    rng = np.random.default_rng(round(hz))
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    since_s = np.where(time_s < first_s, np.inf, (time_s - first_s) % every_s)
    tone = np.sin(2.0 * np.pi * hz * np.where(np.isfinite(since_s), since_s, 0.0)) + noise * rng.standard_normal(
        time_s.size
    )
    return tone * np.exp(-decay_per_s * since_s)


def kit(kick_in_overheads_db: float = -20.0, ring_db: float = -200.0) -> list[np.ndarray]:
    """Return kick, snare, and two overheads in which a cymbal rings."""
    kick, snare = drum(0.2, 1.0, 60.0, 15.0, 0.02), drum(0.7, 1.0, 190.0, 20.0, 0.6)
    cymbal = drum(0.45, 4.0, 6_000.0, 0.8, 1.0) * 10.0 ** (ring_db / 20.0)
    far = 10.0 ** (kick_in_overheads_db / 20.0) * kick + 0.1 * snare
    rng = np.random.default_rng(9)
    mics = [kick + 0.03 * snare, snare + 0.03 * kick, far + cymbal, far + 0.7 * cymbal]
    return [np.float32(0.3 * one + 1e-5 * rng.standard_normal(one.size)) for one in mics]


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, STROKE_FEATURES.index(name)]


def test_gains_are_not_seen() -> None:
    audio = kit(ring_db=-10.0)
    rows = stroke_features(audio, KIT, RATE_HZ)
    other = stroke_features([np.float32(0.5 * audio[0]), np.float32(2.0 * audio[1]), *audio[2:]], KIT, RATE_HZ)
    known = np.isfinite(rows)
    np.testing.assert_array_equal(known, np.isfinite(other))
    np.testing.assert_allclose(other[known], rows[known], atol=0.05)


def test_a_drum_is_heard_under_a_ringing_cymbal() -> None:
    """The level after its strokes tells nothing of a kick drum under a cymbal; its lows in the quietest moments do."""
    loud = stroke_features(kit(-14.0, ring_db=-6.0), KIT, RATE_HZ)
    soft = stroke_features(kit(-26.0, ring_db=-6.0), KIT, RATE_HZ)
    for how in ("after lows", "rise lows"):
        name = f"strokes of kick here: {how}"
        told = column(loud, name)[2:] - column(soft, name)[2:]
        assert told == pytest.approx([12.0, 12.0], abs=2.0), name


def test_own_strokes_and_rates() -> None:
    rows = stroke_features(kit(), KIT, RATE_HZ)
    assert column(rows, "own strokes per s")[:2] == pytest.approx([1.0, 1.0], abs=0.1)
    assert column(rows, "strokes of snare per s") == pytest.approx([1.0] * 4, abs=0.1)
    own = column(rows, "own strokes in itself: after all")
    assert own[0] > column(rows, "strokes of snare here: after all")[0] + 15.0, "bleed"
    assert np.isnan(column(rows, "strokes of toms here: after all")).all(), "no toms, nothing known"
    assert np.isnan(column(rows, "own strokes in rooms: after all")).all()
    finite = rows[np.isfinite(rows)]
    assert (finite >= LOWEST_DB).all()


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 96_000])
@pytest.mark.parametrize("n_samples", [0, 1, 500, 20_000])
def test_any_rate_and_length(rate_hz: int, n_samples: int) -> None:
    rng = np.random.default_rng(0)
    audio = [np.float32(0.1 * rng.standard_normal(n_samples)) for _ in KIT]
    rows = stroke_features(audio, KIT, rate_hz)
    assert rows.shape == (len(KIT), len(STROKE_FEATURES))
    assert not np.isinf(rows).any()


def test_silence_and_one_microphone() -> None:
    silent = stroke_features([np.zeros(RATE_HZ, np.float32)] * 4, KIT, RATE_HZ)
    assert not np.isinf(silent).any()
    alone = stroke_features(kit()[:1], KIT[:1], RATE_HZ)
    assert alone.shape == (1, len(STROKE_FEATURES))


def test_fewer_microphones_know_less() -> None:
    rows = stroke_features(kit(), KIT, RATE_HZ)
    left = of_fewer(rows, KIT, [1, 0])
    np.testing.assert_array_equal(
        column(left, "own strokes in itself: after all"), column(rows, "own strokes in itself: after all")[[1, 0]]
    )
    assert np.isnan(column(left, "own strokes in overheads: after all")).all()
    assert np.isnan(column(left, "strokes of cymbals here: after all")).all()
    assert column(left, "strokes of cymbals per s").tolist() == [0.0, 0.0]
    lone = of_fewer(rows, KIT, [0])
    assert np.isnan(column(lone, "strokes of snare here: after all")).all()
    assert np.isnan(column(lone, "own strokes in other closes: after all")).all()
    np.testing.assert_array_equal(of_fewer(rows, KIT, range(4)), rows)
