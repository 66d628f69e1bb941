"""A drum kit in a room, heard by several microphones: each hears every piece, later and softer with distance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reaper_automix.demo.score import Note
from reaper_automix.demo.synthesis import (
    Signal,
    add_at,
    band,
    in_room,
    noise_burst,
    partials,
    room_response,
    shape_spectrum,
    sweep,
)
from reaper_automix.units import db_to_lin

SPEED_OF_SOUND_M_PER_S = 343.0
N_VARIANTS = 3
"""No two strokes of a drummer are alike: so many versions of each sound take turns."""

Place = tuple[float, float, float]

PIECES: dict[str, Place] = {
    "kick": (0.0, 0.0, 0.25),
    "snare": (-0.30, 0.35, 0.65),
    "hat": (-0.70, 0.40, 0.90),
    "open hat": (-0.70, 0.40, 0.90),
    "tom": (-0.10, 0.15, 0.85),
    "floor tom": (0.55, 0.45, 0.60),
    "crash": (-0.55, 0.0, 1.25),
}
"""Metres: right of the kick drum, towards the drummer, above the floor."""


@dataclass(frozen=True, slots=True)
class Microphone:
    """Where a microphone stands, and how much of what it does not point at reaches it."""

    place: Place
    points_at: tuple[str, ...] = ()
    off_axis_db: float = 0.0


MICROPHONES: dict[str, Microphone] = {
    "Kick In": Microphone((0.0, -0.10, 0.25), ("kick",), -14.0),
    "Snare Top": Microphone((-0.25, 0.40, 0.71), ("snare",), -6.0),
    "HiHat": Microphone((-0.78, 0.42, 1.02), ("hat", "open hat"), -5.0),
    "Tom": Microphone((-0.12, 0.10, 0.92), ("tom",), -6.0),
    "Floor Tom": Microphone((0.60, 0.50, 0.68), ("floor tom",), -6.0),
    "OH L": Microphone((-0.60, 0.50, 1.75)),
    "OH R": Microphone((0.60, 0.40, 1.75)),
}
ROOM_PLACES: tuple[Place, Place] = ((-1.2, -2.6, 1.4), (1.3, -2.7, 1.4))


def _kick(sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    skin = sweep(170.0, 52.0, 0.028, 0.16, 0.6, sample_rate_hz)
    beater = noise_burst(1500.0, 5000.0, 0.004, 0.6, sample_rate_hz, rng)
    return np.asarray(np.tanh(1.6 * skin + 0.35 * beater))


def _snare(sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    shell = partials((188.0, 331.0, 472.0), (0.7, 0.35, 0.15), (0.09, 0.06, 0.04), 0.5, sample_rate_hz)
    wires = noise_burst(1200.0, 9000.0, 0.075, 0.5, sample_rate_hz, rng)
    stick = noise_burst(2500.0, 8000.0, 0.006, 0.5, sample_rate_hz, rng)
    return np.asarray(np.tanh(1.1 * shell + 0.75 * wires + 0.3 * stick))


def _cymbal(decay_s: float, length_s: float, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Metal: a swarm of inharmonic partials under noise; the high end dies first."""
    frequencies_hz = rng.uniform(2500.0, 12000.0, 24)
    decays_s = decay_s * (4000.0 / (frequencies_hz + 1500.0))
    swarm = partials(tuple(frequencies_hz), (0.06,) * 24, tuple(decays_s), length_s, sample_rate_hz)
    wash = noise_burst(4000.0, 11000.0, decay_s * 0.8, length_s, sample_rate_hz, rng)
    return np.asarray(0.5 * swarm + 0.6 * wash)


def _tom(from_hz: float, to_hz: float, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    skin = sweep(from_hz, to_hz, 0.07, 0.22, 0.9, sample_rate_hz)
    overtone = partials((to_hz * 1.62,), (0.3,), (0.1,), 0.9, sample_rate_hz)
    stick = noise_burst(1500.0, 6000.0, 0.008, 0.9, sample_rate_hz, rng)
    return np.asarray(0.8 * skin + overtone + 0.18 * stick)


def strike(piece: str, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Return one stroke on a piece of the kit, as heard close by."""
    if piece == "kick":
        return _kick(sample_rate_hz, rng)
    if piece == "snare":
        return 0.9 * _snare(sample_rate_hz, rng)
    if piece == "tom":
        return 0.8 * _tom(190.0, 128.0, sample_rate_hz, rng)
    if piece == "floor tom":
        return 0.9 * _tom(125.0, 82.0, sample_rate_hz, rng)
    if piece == "crash":
        return 0.8 * _cymbal(1.1, 3.5, sample_rate_hz, rng)
    decay_s, length_s = (0.28, 0.6) if piece == "open hat" else (0.035, 0.2)
    return 0.6 * _cymbal(decay_s, length_s, sample_rate_hz, rng)


def play(
    piece: str, strokes: Sequence[Note], n_samples: int, sample_rate_hz: int, rng: np.random.Generator
) -> tuple[Signal, Signal]:
    """Play one piece, a little early or late and louder or softer as by hand.

    Returns
    -------
    tuple of numpy.ndarray
        What is heard in front of the piece, and the duller sound beside it: float64 (n_samples,) each.
    """
    variants = [strike(piece, sample_rate_hz, rng) for _ in range(N_VARIANTS)]
    dull_variants = [shape_spectrum(variant, band(30.0, 6500.0, order=1), sample_rate_hz) for variant in variants]
    near, dull = np.zeros(n_samples), np.zeros(n_samples)
    for i, stroke in enumerate(strokes):
        start = round((stroke.start_s + rng.normal(0.0, 0.003)) * sample_rate_hz)
        gain_lin = db_to_lin(stroke.level_db + rng.normal(0.0, 0.8))
        add_at(near, variants[i % N_VARIANTS], start, gain_lin)
        add_at(dull, dull_variants[i % N_VARIANTS], start, gain_lin)
    return near, dull


def _path(piece: str, place: Place, sample_rate_hz: int) -> tuple[int, float]:
    """Return delay in samples and linear gain (1 at a distance of 1 m) from a piece to a place."""
    distance_m = math.dist(PIECES[piece], place)
    return round(distance_m / SPEED_OF_SOUND_M_PER_S * sample_rate_hz), 1.0 / max(distance_m, 0.08)


def record(
    strokes: Mapping[str, Sequence[Note]], n_samples: int, sample_rate_hz: int, rng: np.random.Generator
) -> dict[str, Signal]:
    """Return what every microphone hears: name -> float64 (n_samples,), with ``Room L`` and ``Room R``."""
    played = {piece: play(piece, notes, n_samples, sample_rate_hz, rng) for piece, notes in strokes.items()}
    recorded = {}
    for name, microphone in MICROPHONES.items():
        total = np.zeros(n_samples)
        for piece, (near, dull) in played.items():
            delay, gain_lin = _path(piece, microphone.place, sample_rate_hz)
            bleeds = bool(microphone.points_at) and piece not in microphone.points_at
            off_axis_lin = db_to_lin(microphone.off_axis_db) if bleeds else 1.0
            add_at(total, dull if bleeds else near, delay, gain_lin * off_axis_lin)
        recorded[name] = total
    return recorded | _record_room({piece: near for piece, (near, _) in played.items()}, n_samples, sample_rate_hz, rng)


def _record_room(
    near: Mapping[str, Signal], n_samples: int, sample_rate_hz: int, rng: np.random.Generator
) -> dict[str, Signal]:
    recorded = {}
    for name, place in zip(("Room L", "Room R"), ROOM_PLACES, strict=True):
        direct = np.zeros(n_samples)
        for piece, signal in near.items():
            delay, gain_lin = _path(piece, place, sample_rate_hz)
            add_at(direct, signal, delay, gain_lin)
        response = room_response(0.9, 0.006, 6000.0, sample_rate_hz, rng)
        recorded[name] = 0.5 * direct + 0.9 * in_room(direct, response)
    return recorded
