"""Bass, guitars, keys, pad and click of the demo, by additive and FM synthesis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reaper_automix.demo.score import BAR_S, BEAT_S, Note
from reaper_automix.demo.synthesis import (
    Signal,
    add_at,
    band,
    fade_out,
    in_room,
    midi_to_hz,
    noise_burst,
    partials,
    room_response,
    shape_spectrum,
    times_s,
)
from reaper_automix.units import db_to_lin

Voice = Callable[[int, float], Signal]
"""Plays one pitch (MIDI) for so many seconds."""


def perform(
    notes: Sequence[Note], voice: Voice, n_samples: int, sample_rate_hz: int, rng: np.random.Generator
) -> Signal:
    """Play notes with the small inaccuracies of a hand; equal notes are synthesised once."""
    total = np.zeros(n_samples)
    made: dict[tuple[int, float], Signal] = {}
    for note in notes:
        key = (note.pitch, note.length_s)
        if key not in made:
            made[key] = voice(*key)
        start_s = note.start_s + rng.normal(0.0, 0.004)
        add_at(total, made[key], round(start_s * sample_rate_hz), db_to_lin(note.level_db + rng.normal(0.0, 0.7)))
    return total


def bass(notes: Sequence[Note], n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return a finger-played electric bass: harmonics that die faster the higher they are."""

    def voice(pitch: int, length_s: float) -> Signal:
        fundamental_hz = midi_to_hz(pitch)
        numbers = range(1, 15)
        pluck = [abs(np.sin(np.pi * k * 0.21)) / k for k in numbers]
        decays_s = [1.6 / (1.0 + 0.35 * k) for k in numbers]
        tone = partials([k * fundamental_hz for k in numbers], pluck, decays_s, length_s + 0.05, sample_rate_hz)
        finger = noise_burst(200.0, 2200.0, 0.008, length_s + 0.05, sample_rate_hz, rng)
        return fade_out(np.tanh(1.3 * (tone + 0.06 * finger)), 0.05, sample_rate_hz)

    return perform(notes, voice, n_samples, sample_rate_hz, rng)


def guitar(
    notes: Sequence[Note],
    n_samples: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    *,
    drive_db: float,
    pluck_at: float,
) -> Signal:
    """Return an electric guitar through a small amplifier.

    Parameters
    ----------
    drive_db : float
        Gain into the amplifier's saturation.
    pluck_at : float
        Where the string is struck, as a part of its length: decides the colour.
    """

    def voice(pitch: int, length_s: float) -> Signal:
        fundamental_hz = midi_to_hz(pitch)
        numbers = range(1, 25)
        frequencies_hz = [k * fundamental_hz * np.sqrt(1.0 + 0.00008 * k * k) for k in numbers]
        gains_lin = [abs(np.sin(np.pi * k * pluck_at)) / k**0.9 for k in numbers]
        decays_s = [2.2 / (1.0 + 0.12 * k + 0.004 * k * k) for k in numbers]
        string = partials(frequencies_hz, gains_lin, decays_s, length_s + 0.06, sample_rate_hz)
        pick = noise_burst(1500.0, 5000.0, 0.003, length_s + 0.06, sample_rate_hz, rng)
        return fade_out(string + 0.12 * pick, 0.06, sample_rate_hz)

    dry = perform(notes, voice, n_samples, sample_rate_hz, rng)
    dry *= 0.5 * db_to_lin(drive_db) / max(float(np.max(np.abs(dry))), 1e-9)
    return shape_spectrum(np.tanh(dry), band(90.0, 5000.0), sample_rate_hz)


def keys(notes: Sequence[Note], n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return an electric piano (FM: a soft body, a short bell) that sways between left and right.

    Returns
    -------
    numpy.ndarray
        float64 (2, n_samples).
    """

    def voice(pitch: int, length_s: float) -> Signal:
        fundamental_hz = midi_to_hz(pitch)
        t = times_s(length_s + 0.25, sample_rate_hz)
        phase = 2.0 * np.pi * fundamental_hz * t
        body = np.sin(phase + 0.9 * np.exp(-t / 0.5) * np.sin(phase)) * np.exp(-t / 1.5)
        bell = np.sin(phase + 1.1 * np.exp(-t / 0.06) * np.sin(14.0 * phase)) * np.exp(-t / 0.25)
        attack = 1.0 - np.exp(-t / 0.002)
        return fade_out(attack * (0.8 * body + 0.22 * bell), 0.25, sample_rate_hz)

    mono = perform(notes, voice, n_samples, sample_rate_hz, rng)
    sway = 0.28 * np.sin(2.0 * np.pi * 3.8 * times_s(n_samples / sample_rate_hz, sample_rate_hz))
    return np.stack((mono * (1.0 + sway), mono * (1.0 - sway)))


def pad(notes: Sequence[Note], n_samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return a slow string pad: detuned soft saws, other ones on each side, in some room. float64 (2, n_samples)."""
    table = _soft_saw_table()

    def voice(pitch: int, length_s: float) -> Signal:
        t = times_s(length_s + 0.8, sample_rate_hz)
        total = np.zeros_like(t)
        for cents in (-9.0, -3.0, 4.0, 10.0):
            cycles = midi_to_hz(pitch + (cents + rng.uniform(-2.0, 2.0)) / 100.0) * t + rng.uniform()
            total += table[(cycles * table.size).astype(np.int64) % table.size]
        swell = np.minimum(1.0, t / 0.7) * np.minimum(1.0, (t[-1] - t) / 0.8)
        return np.asarray(total * np.sin(0.5 * np.pi * swell) ** 2)

    sides = []
    for _ in range(2):
        dry = shape_spectrum(perform(notes, voice, n_samples, sample_rate_hz, rng), band(120.0, 2600.0), sample_rate_hz)
        sides.append(dry + 0.6 * in_room(dry, room_response(1.6, 0.015, 5000.0, sample_rate_hz, rng)))
    return np.stack(sides)


def _soft_saw_table() -> Signal:
    phase = 2.0 * np.pi * np.arange(4096) / 4096
    return np.asarray(sum(np.sin(k * phase) / k**1.3 for k in range(1, 13)))


def click(sample_rate_hz: int) -> Signal:
    """Return one bar of a metronome."""
    total = np.zeros(round(BAR_S * sample_rate_hz))
    for beat in range(4):
        beep = partials((1760.0 if beat == 0 else 1320.0,), (0.5,), (0.012,), 0.08, sample_rate_hz)
        add_at(total, beep, round(beat * BEAT_S * sample_rate_hz))
    return total
