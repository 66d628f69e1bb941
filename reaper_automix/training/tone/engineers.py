"""Invented engineers: what a raw track of our corpora is made to a stem by, since no stem of it is free to learn from.

There is one engineer per group of instruments, with preferences (high pass, presence, air, how much compression) and a
habit: he listens to the whole track in five broad bands and takes back a share of what lies beside his idea of the
instrument. For each song he sets his chain anew, around his preferences: frequencies by a few semitones, gains by a
couple of dB, and not every processor every time. So a stem is partly predictable from the group, partly from the sound
of the raw track, and partly chance, as with a human; how large the parts are with humans is not known, and what is
learned from these chains is a claim about these engineers only. All processors are those of ``effects``, the plug-ins'
own shapes, and ``saturation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.audio import levels
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, BandType, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.training.tone.saturation import saturated

LEVEL_LUFS = -18.0
"""What a track is brought to before it meets a chain: thresholds are set against it."""

EDGES_HZ = (20.0, 150.0, 600.0, 2_500.0, 6_000.0, 18_000.0)
"""Of the five bands that an engineer listens to."""

MOST_CUT_DB, MOST_BOOST_DB = 7.0, 5.0
NOTHING_DB, FADE_DB = 55.0, 20.0
"""A band so far below the whole track is noise, and is not boosted; over the next 20 dB the most that is allowed is."""
_CORRECTORS: tuple[tuple[BandType, float, float], ...] = (
    ("low_shelf", 130.0, 0.7),
    ("band", 300.0, 0.6),
    ("band", 1_200.0, 0.6),
    ("band", 3_900.0, 0.7),
    ("high_shelf", 7_500.0, 0.7),
)

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Engineer:
    """Preferences.

    Parameters
    ----------
    highpass_hz : float
    bands : tuple of (type, frequency_hz, gain_db, q)
        What he likes to do with the equaliser.
    ideal_db : tuple of float
        Level of each of the five bands against the whole track, as he would have it.
    ratio, over_db, attack_ms, release_ms : float
        Of his compressor; its threshold lies so far above ``LEVEL_LUFS`` (below it where negative).
    saturates, reverberates : float
        In which share of songs.
    drive_db, wet_db, decay_s : float
    """

    highpass_hz: float
    bands: tuple[tuple[BandType, float, float, float], ...]
    ideal_db: tuple[float, float, float, float, float]
    ratio: float
    over_db: float
    attack_ms: float
    release_ms: float
    saturates: float
    drive_db: float
    reverberates: float
    wet_db: float
    decay_s: float


ENGINEERS: Mapping[str, Engineer] = {
    "bass": Engineer(
        35.0,
        (
            ("band", 75.0, 2.0, 1.0),
            ("band", 260.0, -3.0, 1.2),
            ("band", 900.0, 2.5, 1.0),
            ("high_shelf", 6e3, -2.0, 0.7),
        ),
        (-2.0, -5.0, -16.0, -30.0, -42.0),
        *(4.0, -4.0, 20.0, 120.0),
        *(0.6, 4.0, 0.1, -22.0, 0.6),
    ),
    "guitar": Engineer(
        85.0,
        (("band", 330.0, -3.0, 1.0), ("band", 2_400.0, 2.5, 0.9), ("high_shelf", 9e3, -2.0, 0.7)),
        (-12.0, -4.0, -5.0, -12.0, -22.0),
        *(3.0, 0.0, 15.0, 150.0),
        *(0.3, 2.0, 0.4, -18.0, 1.0),
    ),
    "vocal": Engineer(
        100.0,
        (("band", 280.0, -3.0, 1.0), ("band", 4_000.0, 3.0, 0.9), ("high_shelf", 10e3, 4.0, 0.7)),
        (-18.0, -4.0, -5.0, -13.0, -18.0),
        *(4.0, -5.0, 8.0, 90.0),
        *(0.3, 2.0, 0.8, -14.0, 1.5),
    ),
    "keys": Engineer(
        55.0,
        (("band", 420.0, -2.5, 0.9), ("band", 3_000.0, 1.5, 0.9), ("high_shelf", 8e3, 2.0, 0.7)),
        (-10.0, -4.0, -5.0, -13.0, -22.0),
        *(2.0, 0.0, 25.0, 200.0),
        *(0.2, 1.0, 0.5, -16.0, 1.3),
    ),
}


@dataclass(frozen=True, slots=True)
class Chain:
    """What an engineer set for a track, in the order in which it plays; None is left out."""

    corrections: EqualiserSettings
    compressor: CompressorSettings | None
    drive_db: float | None
    tone: EqualiserSettings
    reverb: ReverbSettings | None


@dataclass(frozen=True, slots=True)
class Habits:
    """What an engineer drew for a song: the same for all of its tracks of a group."""

    engineer: Engineer
    shifts_oct: tuple[float, ...]
    offsets_db: tuple[float, ...]
    share: float
    presses_db: float
    ratio: float | None
    drive_db: float | None
    wet_db: float | None
    decay_s: float


def habits_of(group: str, rng: np.random.Generator) -> Habits:
    """Draw what the engineer of a group does in a song."""
    engineer = ENGINEERS[group]
    n_bands = 1 + len(engineer.bands)
    return Habits(
        engineer,
        tuple(rng.normal(0.0, 0.25, n_bands).tolist()),
        tuple(rng.normal(0.0, 1.2, n_bands).tolist()),
        float(rng.uniform(0.3, 0.7)),
        float(rng.normal(0.0, 2.0)),
        float(engineer.ratio * np.exp2(rng.normal(0.0, 0.3))) if rng.random() < 0.9 else None,
        float(engineer.drive_db + rng.normal(0.0, 2.0)) if rng.random() < engineer.saturates else None,
        float(engineer.wet_db + rng.normal(0.0, 2.0)) if rng.random() < engineer.reverberates else None,
        float(engineer.decay_s * np.exp2(rng.normal(0.0, 0.3))),
    )


def chain_for(habits: Habits, heard_db: Floats) -> Chain:
    """Return the chain for a track.

    Parameters
    ----------
    habits : Habits
        Of its song.
    heard_db : ndarray of float64, shape (5,)
        As ``heard`` returns it.
    """
    engineer = habits.engineer
    shift, *shifts = habits.shifts_oct
    wanted_db = habits.share * (np.array(engineer.ideal_db) - heard_db)
    there = np.clip((heard_db + NOTHING_DB) / FADE_DB, 0.0, 1.0)
    corrections_db = np.clip(wanted_db, -MOST_CUT_DB, MOST_BOOST_DB * there)
    bands = [Band("high_pass", engineer.highpass_hz * 2.0**shift, q=0.707)]
    for (kind, at_hz, q), gain_db in zip(_CORRECTORS, corrections_db, strict=True):
        bands.append(Band(kind, at_hz, float(gain_db), q))
    liked = [
        Band(kind, at_hz * 2.0**by_oct, gain_db + more_db, q)
        for (kind, at_hz, gain_db, q), by_oct, more_db in zip(
            engineer.bands, shifts, habits.offsets_db[1:], strict=True
        )
    ]
    return Chain(
        EqualiserSettings(tuple(bands)),
        _compressor(habits),
        habits.drive_db,
        EqualiserSettings(tuple(liked)),
        None
        if habits.wet_db is None
        else ReverbSettings(wet_db=habits.wet_db, decay_s=habits.decay_s, highpass_hz=250),
    )


def heard(audio: Audio, sample_rate_hz: int) -> Floats:
    """Return how much of a track lies in each of five bands, in dB against all of it; -60 dB at the least.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_channels, n_samples)
    sample_rate_hz : int
    """
    power = np.square(np.abs(fft.rfft(audio.mean(axis=0).astype(np.float64))))
    at_hz = fft.rfftfreq(audio.shape[1], 1.0 / sample_rate_hz)
    sums = np.array([power[(at_hz >= low) & (at_hz < high)].sum() for low, high in pairwise(EDGES_HZ)])
    return np.asarray(np.maximum(levels.energy_to_db(sums / max(power.sum(), 1e-30)), -60.0))


def processed(audio: Audio, chain: Chain, sample_rate_hz: int) -> Audio:
    """Return audio through a chain, float32 (1, n_samples).

    Parameters
    ----------
    audio : ndarray of float32, shape (1, n_samples)
        Mono, at ``LEVEL_LUFS``.
    chain : Chain
    sample_rate_hz : int
    """
    sound = Equaliser(chain.corrections, sample_rate_hz, 1).process(audio)
    if chain.compressor is not None:
        sound = Compressor(chain.compressor, sample_rate_hz, 1).process(sound)
    if chain.drive_db is not None:
        sound = saturated(sound, sample_rate_hz, drive_db=chain.drive_db)
    sound = Equaliser(chain.tone, sample_rate_hz, 1).process(sound)
    if chain.reverb is not None:
        sound = Reverb(chain.reverb, sample_rate_hz, 1).process(sound).mean(axis=0, keepdims=True)
    return sound


def _compressor(habits: Habits) -> CompressorSettings | None:
    if habits.ratio is None:
        return None
    engineer = habits.engineer
    return CompressorSettings(
        threshold_db=LEVEL_LUFS + engineer.over_db + habits.presses_db,
        ratio=max(habits.ratio, 1.0),
        attack_ms=engineer.attack_ms,
        release_ms=engineer.release_ms,
        knee_db=6.0,
    )
