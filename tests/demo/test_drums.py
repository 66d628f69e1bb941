"""The demo's drum kit: who hears what, and when."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reaper_automix.demo.drums import MICROPHONES, PIECES, SPEED_OF_SOUND_M_PER_S, record
from reaper_automix.demo.score import Note
from reaper_automix.demo.synthesis import Signal

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def snare_hit() -> dict[str, Signal]:
    return record({"snare": (Note(0.5, 1.0),)}, RATE_HZ, RATE_HZ, np.random.default_rng(3))


def _lag(late: Signal, early: Signal) -> int:
    """Return by how many samples one signal lags another: the peak of their cross-correlation."""
    n_fft = 2 * early.size
    correlation = np.fft.irfft(np.fft.rfft(late, n_fft) * np.conj(np.fft.rfft(early, n_fft)), n_fft)
    return int(np.argmax(correlation[: early.size]))


@pytest.mark.parametrize("name", ["HiHat", "Kick In", "OH L", "OH R"])
def test_a_stroke_reaches_every_microphone_later_and_softer(snare_hit: dict[str, Signal], name: str) -> None:
    close, far = MICROPHONES["Snare Top"].place, MICROPHONES[name].place
    extra_m = math.dist(PIECES["snare"], far) - math.dist(PIECES["snare"], close)
    assert _lag(snare_hit[name], snare_hit["Snare Top"]) == pytest.approx(
        extra_m / SPEED_OF_SOUND_M_PER_S * RATE_HZ, abs=2
    )
    assert 0.0 < np.max(np.abs(snare_hit[name])) < 0.3 * np.max(np.abs(snare_hit["Snare Top"]))


def test_the_room_rings_on_after_the_stroke(snare_hit: dict[str, Signal]) -> None:
    late = slice(int(0.65 * RATE_HZ), int(0.9 * RATE_HZ))

    def late_part(name: str) -> float:
        return float(np.sum(snare_hit[name][late] ** 2) / np.sum(snare_hit[name] ** 2))

    assert late_part("Room L") > 5.0 * late_part("Snare Top")
    assert not np.array_equal(snare_hit["Room L"], snare_hit["Room R"])


def test_the_same_seed_plays_the_same() -> None:
    once, again = (record({"hat": (Note(0.1, 0.5),)}, 9000, RATE_HZ, np.random.default_rng(7)) for _ in range(2))
    assert all(np.array_equal(once[name], again[name]) for name in once)
