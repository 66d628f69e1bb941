"""A singing voice: a glottal pulse train through moving formants, built from its harmonics.

References
----------
The formant frequencies, levels and bandwidths are the alto's in the table that Csound's manual prints (appendix
"Formant Values"); the spectrum of the source falls as that of a glottal pulse after radiation from the lips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reaper_automix.demo.score import Syllable
from reaper_automix.demo.synthesis import Signal, add_at, band, noise_burst, shape_spectrum
from reaper_automix.units import db_to_lin

FRAMES_PER_S = 200
N_HARMONICS = 24
VIBRATO_HZ = 5.4
_FRAMES_AT_ONCE = 64
FORMANTS = {
    "a": ((800, 0, 80), (1150, -4, 90), (2800, -20, 120), (3500, -36, 130)),
    "e": ((400, 0, 60), (1600, -24, 80), (2700, -30, 120), (3300, -35, 150)),
    "i": ((350, 0, 50), (1700, -20, 100), (2700, -30, 120), (3700, -36, 150)),
    "o": ((450, 0, 70), (800, -9, 80), (2830, -16, 100), (3500, -28, 130)),
    "u": ((325, 0, 50), (700, -12, 60), (2530, -30, 170), (3500, -40, 180)),
}
"""Vowel -> (frequency in Hz, level in dB, bandwidth in Hz) of each formant."""

_ONSET_NOISES = {"s": (4500.0, 9000.0, 0.045, 0.10, 0.10), "t": (2500.0, 8000.0, 0.008, 0.04, 0.16)}
"""Consonant -> lowest and highest frequency, decay, lead before the vowel, level."""


def sing(syllables: Sequence[Syllable], n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return a sung line.

    Parameters
    ----------
    syllables : sequence of Syllable
        In order of time; they may touch but not overlap.

    Returns
    -------
    numpy.ndarray
        float64 (n_samples,).
    """
    hop = sample_rate_hz // FRAMES_PER_S
    n_frames = n_samples // hop + 2
    pitch, level, vowels = _controls(syllables, n_frames, rng)
    frequency_hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    phase = 2.0 * np.pi * np.cumsum(_to_samples(frequency_hz, hop)) / sample_rate_hz
    gains = np.stack([level * _vowel_gains(vowels, k * frequency_hz) / k**0.5 for k in range(1, N_HARMONICS + 1)])
    breath = shape_spectrum(rng.normal(size=2 * sample_rate_hz), band(1500.0, 7000.0), sample_rate_hz)
    total = 0.02 * np.resize(breath, phase.size) * _to_samples(level, hop)
    for first in range(0, n_frames - 1, _FRAMES_AT_ONCE):
        frames = slice(first, min(first + _FRAMES_AT_ONCE, n_frames - 1) + 1)
        if level[frames].any():
            samples = slice(first * hop, (frames.stop - 1) * hop)
            total[samples] += _harmonics(phase[samples], gains[:, frames], hop)
    _add_consonants(total, syllables, sample_rate_hz, rng)
    return total[:n_samples]


def _harmonics(phase: Signal, gains: Signal, hop: int) -> Signal:
    """Sum the harmonics of a moving phase; sin(k x) = 2 cos(x) sin((k-1) x) - sin((k-2) x) spares most of the sines."""
    twice_cosine, before, sine = 2.0 * np.cos(phase), np.zeros_like(phase), np.sin(phase)
    total = np.zeros_like(phase)
    for gain in gains:
        total += _to_samples(gain, hop) * sine
        before, sine = sine, twice_cosine * sine - before
    return total


def _to_samples(frames: Signal, hop: int) -> Signal:
    """Draw straight lines between frames, one value per sample."""
    ramp = np.arange(hop) / hop
    return np.asarray(frames[:-1, None] + np.diff(frames)[:, None] * ramp).ravel()


def _controls(syllables: Sequence[Syllable], n_frames: int, rng: np.random.Generator) -> tuple[Signal, Signal, Signal]:
    """Return per frame the pitch (MIDI), the level (linear) and the weight of each vowel (n_vowels, n_frames)."""
    t = np.arange(n_frames) / FRAMES_PER_S
    pitch, level = np.full(n_frames, 60.0), np.zeros(n_frames)
    vowels = np.zeros((len(FORMANTS), n_frames))
    for i, syllable in enumerate(syllables):
        note = syllable.note
        start_s = note.start_s + rng.normal(0.0, 0.008)
        next_s = syllables[i + 1].note.start_s if i + 1 < len(syllables) else np.inf
        held = (t >= start_s) & (t < min(start_s + note.length_s, next_s))
        since_s, until_s = t[held] - start_s, start_s + note.length_s - t[held]
        pitch[t >= start_s] = note.pitch + rng.normal(0.0, 0.08)
        vibrato = 0.35 * np.clip((since_s - 0.2) / 0.4, 0.0, 1.0)
        pitch[held] += vibrato * np.sin(2.0 * np.pi * VIBRATO_HZ * since_s) - 0.6 * np.exp(-since_s / 0.05)
        murmur = 1.0 - 0.7 * np.exp(-since_s / 0.05) if syllable.onset == "m" else 1.0
        swell = np.clip(since_s / 0.04, 0.0, 1.0) * np.clip(until_s / 0.07, 0.0, 1.0) * murmur
        level[held] = swell * db_to_lin(note.level_db + rng.normal(0.0, 1.2))
        vowels[:, t >= start_s] = 0.0
        vowels[list(FORMANTS).index(syllable.vowel), t >= start_s] = 1.0
    return _smooth(pitch, 9), _smooth(level, 5), np.stack([_smooth(row, 15) for row in vowels])


def _smooth(frames: Signal, n_frames: int) -> Signal:
    """Glide: a moving average over an odd number of frames, so that nothing jumps."""
    padded = np.pad(frames, n_frames // 2, mode="edge")
    return np.convolve(padded, np.ones(n_frames) / n_frames, mode="valid")


def _vowel_gains(vowels: Signal, frequency_hz: Signal) -> Signal:
    """Return the mouth's gain at a frequency that moves, frame by frame."""
    total = np.zeros_like(frequency_hz)
    for weights, formants in zip(vowels, FORMANTS.values(), strict=True):
        for centre_hz, level_db, bandwidth_hz in formants:
            # Wider than the table: a harmonic that crosses a narrow formant would jump in level.
            offset = (frequency_hz - centre_hz) / (1.2 * bandwidth_hz)
            total += weights * db_to_lin(level_db) / np.sqrt(1.0 + offset**2)
    return total


def _add_consonants(
    total: Signal, syllables: Sequence[Syllable], sample_rate_hz: int, rng: np.random.Generator
) -> None:
    for syllable in syllables:
        if syllable.onset not in _ONSET_NOISES:
            continue
        low_hz, high_hz, decay_s, lead_s, gain_lin = _ONSET_NOISES[syllable.onset]
        burst = noise_burst(low_hz, high_hz, decay_s, 3.0 * decay_s, sample_rate_hz, rng)
        start = round((syllable.note.start_s - lead_s) * sample_rate_hz)
        add_at(total, burst, start, gain_lin * db_to_lin(syllable.note.level_db))


def choir(parts: Sequence[Sequence[Syllable]], n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return a small choir, its parts spread from left to right: float64 (2, n_samples)."""
    sides = np.zeros((2, n_samples))
    for part, position in zip(parts, np.linspace(0.15, 0.85, len(parts)), strict=True):
        line = sing(part, n_samples, sample_rate_hz, rng)
        sides += np.array([[np.cos(0.5 * np.pi * position)], [np.sin(0.5 * np.pi * position)]]) * line
    return sides
