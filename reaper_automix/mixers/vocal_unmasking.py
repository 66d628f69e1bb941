"""Where vocal and backing mask each other, and the bands of an equaliser on the vocal that undo it [1] Algorithm 1.

Rule for rule as the text of [1] has it, where its pseudo-code differs (the signs of the gains are inverted there, and
ranks are to be taken from the loudest band down):

1. both sides are gated: a frame counts for the vocal where somebody sings, and for the backing where it sounds while
   somebody sings;
2. DIFF = RMS of the vocal minus RMS of the backing in each octave, in dB, each normalised by the bandwidth; its mean
   over the octaves in which both sound is taken off;
3. the four octaves in which the vocal is strongest, K-weighted, are essential to it, and the three of the backing;
4. essential to the vocal, not to the backing, DIFF < 0: the backing masks the vocal, boost by -DIFF;
5. essential to the backing, not to the vocal, DIFF > 0: the vocal masks the backing, cut by DIFF.

Every filter has Q 2. Gains end at ``MOST_DB``, which [1] does not limit.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-A 3 and Algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.octave_bands import OCTAVES_HZ, Octaves, band_edges_hz
from reaper_automix.audio import levels
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings

Floats = NDArray[np.float64]
Powers = NDArray[np.float32]

VOCAL_ESSENTIAL = 4
BACKING_ESSENTIAL = 3
Q = 2.0
MOST_DB = 6.0
"""A boost or cut goes no further: what lies deeper is an arrangement, not a mask."""
SMALLEST_DB = 0.5
"""A band below this is left out: nobody hears it."""
GATE_DB = 20.0
"""A frame of a side counts within so much of the mean of its louder frames (EBU Tech 3342 gates likewise)."""
SILENT_BAND_DB = 30.0
"""An octave whose energy, all its bandwidth together, lies so far below that of the side's strongest one is silent:
rumble under a voice would otherwise move the mean of all."""
_ABSOLUTE_GATE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Unmasking:
    """What was found, octave by octave.

    Parameters
    ----------
    vocal_db, backing_db : ndarray of float64, shape (10,)
        RMS per root hertz; ``-inf`` for a silent octave.
    difference_db : ndarray of float64, shape (10,)
        Vocal minus backing, its mean taken off; NaN where one of them is silent.
    vocal_essential, backing_essential : tuple of int
        Octaves, strongest first.
    bands : tuple of Band
        The filters, lowest first.
    """

    vocal_db: Floats
    backing_db: Floats
    difference_db: Floats
    vocal_essential: tuple[int, ...]
    backing_essential: tuple[int, ...]
    bands: tuple[Band, ...]

    @property
    def settings(self) -> EqualiserSettings:
        """The filters as one equaliser."""
        return EqualiserSettings(self.bands)


def unmask(vocal: Octaves, backing: Octaves) -> Unmasking:
    """Return where the two mask each other.

    Parameters
    ----------
    vocal, backing : Octaves
        Of the same frames. The levels of the two do not matter, only their shapes.
    """
    n_frames = min(len(vocal.plain), len(backing.plain))
    sung = open_frames(vocal.weighted[:n_frames])
    heard = sung & open_frames(backing.weighted[:n_frames], among=sung)
    vocal_db, vocal_weighted_db = _mean_db(vocal.plain[:n_frames], sung), _mean_db(vocal.weighted[:n_frames], sung)
    backing_db = _mean_db(backing.plain[:n_frames], heard)
    backing_weighted_db = _mean_db(backing.weighted[:n_frames], heard)
    both = np.isfinite(vocal_db) & np.isfinite(backing_db)
    difference_db = np.full(len(OCTAVES_HZ), np.nan)
    if both.any():
        difference_db[both] = vocal_db[both] - backing_db[both]
        difference_db[both] -= difference_db[both].mean()
    ours = _strongest(vocal_weighted_db, VOCAL_ESSENTIAL)
    theirs = _strongest(backing_weighted_db, BACKING_ESSENTIAL)
    gains_db = {i: -float(difference_db[i]) for i in range(len(OCTAVES_HZ)) if _masks(i, difference_db, ours, theirs)}
    bands = tuple(
        Band("band", OCTAVES_HZ[i], float(np.clip(gain_db, -MOST_DB, MOST_DB)), Q)
        for i, gain_db in gains_db.items()
        if abs(gain_db) >= SMALLEST_DB
    )
    return Unmasking(vocal_db, backing_db, difference_db, ours, theirs, bands)


def open_frames(weighted: Powers, among: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Return which frames pass the gate: not 20 dB below the mean of those that do not lie 20 dB below the mean.

    Parameters
    ----------
    weighted : ndarray of float32, shape (n_frames, 10)
        K-weighted mean squares.
    among : ndarray of bool, shape (n_frames,), optional
        Only these count.
    """
    energy = weighted.sum(axis=1, dtype=np.float64)
    counted = energy > _ABSOLUTE_GATE if among is None else among & (energy > _ABSOLUTE_GATE)
    for _ in range(2):
        if counted.any():
            counted = counted & (energy >= energy[counted].mean() * 10.0 ** (-GATE_DB / 10.0))
    return np.asarray(counted)


def _mean_db(power: Powers, counted: NDArray[np.bool_]) -> Floats:
    """Return the mean over frames in dB, ``-inf`` for silent octaves."""
    if not counted.any():
        return np.full(power.shape[1], -np.inf)
    mean = power[counted].mean(axis=0, dtype=np.float64)
    level_db = levels.energy_to_db(np.maximum(mean, 1e-30))
    whole_db = level_db + levels.energy_to_db(np.diff(band_edges_hz(), axis=1)[:, 0])
    return np.where(whole_db > whole_db.max() - SILENT_BAND_DB, level_db, -np.inf)


def _strongest(weighted_db: Floats, number: int) -> tuple[int, ...]:
    order = np.argsort(-weighted_db, kind="stable")
    return tuple(int(i) for i in order[:number] if np.isfinite(weighted_db[i]))


def _masks(octave: int, difference_db: Floats, ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    """Tell whether one side masks what is essential to the other, and to that one alone."""
    difference = difference_db[octave]
    if octave in ours and octave not in theirs:
        return bool(difference < 0.0)
    return bool(octave in theirs and octave not in ours and difference > 0.0)
