"""The demo's singer: in tune, silent in rests, with vowels that differ."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.demo.score import BEAT_S, Note, Syllable
from reaper_automix.demo.synthesis import Signal, midi_to_hz
from reaper_automix.demo.voice import choir, sing

RATE_HZ = 44_100


def _spectrum(signal: Signal, from_s: float, to_s: float) -> tuple[Signal, Signal]:
    part = signal[round(from_s * RATE_HZ) : round(to_s * RATE_HZ)]
    magnitude = np.abs(np.fft.rfft(part * np.hanning(part.size), 1 << 17))
    return np.arange(magnitude.size) * RATE_HZ / (1 << 17), magnitude


@pytest.mark.parametrize("pitch", [57, 64, 72])
def test_a_note_is_in_tune(pitch: int) -> None:
    sung = sing([Syllable(Note(0.5, 1.0, pitch), "o")], RATE_HZ, RATE_HZ, np.random.default_rng(1))
    frequency_hz, magnitude = _spectrum(sung, 0.38, 0.5)  # before the vibrato sets in
    near = (frequency_hz > 0.8 * midi_to_hz(pitch)) & (frequency_hz < 1.25 * midi_to_hz(pitch))
    found_hz = frequency_hz[near][np.argmax(magnitude[near])]
    assert 12.0 * np.log2(found_hz / midi_to_hz(pitch)) == pytest.approx(0.0, abs=0.6)


def test_rests_are_silent_and_phrases_differ_in_level() -> None:
    notes = (Note(0.0, 1.0, 60, -8.0), Note(2.0, 1.0, 60, 4.0))
    sung = sing([Syllable(n, "a") for n in notes], 2 * RATE_HZ, RATE_HZ, np.random.default_rng(2))
    beat = round(BEAT_S * RATE_HZ)
    soft, rest, loud = (np.sqrt(np.mean(sung[i * beat + 6000 : (i + 1) * beat - 4000] ** 2)) for i in range(3))
    assert rest < 1e-9
    assert 20.0 * np.log10(loud / soft) == pytest.approx(12.0, abs=5.0)


def test_vowels_have_their_formants() -> None:
    def energy_share(vowel: str, low_hz: float, high_hz: float) -> float:
        sung = sing([Syllable(Note(0.0, 1.5, 57), vowel)], RATE_HZ, RATE_HZ, np.random.default_rng(3))
        frequency_hz, magnitude = _spectrum(sung, 0.2, 0.8)
        inside = (frequency_hz > low_hz) & (frequency_hz < high_hz)
        return float(np.sum(magnitude[inside] ** 2) / np.sum(magnitude**2))

    assert energy_share("a", 700.0, 1300.0) > 3.0 * energy_share("i", 700.0, 1300.0)
    assert energy_share("i", 200.0, 480.0) > 3.0 * energy_share("a", 200.0, 480.0)


def test_a_choir_is_spread_from_left_to_right() -> None:
    parts = [[Syllable(Note(0.0, 1.0, pitch), "o")] for pitch in (60, 64, 67)]
    sides = choir(parts, RATE_HZ // 2, RATE_HZ, np.random.default_rng(4))
    assert sides.shape == (2, RATE_HZ // 2)
    assert np.all(np.abs(sides).max(axis=1) > 0.0)
    assert not np.allclose(sides[0], sides[1])
