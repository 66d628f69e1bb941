"""The rule rider: what an engineer does who rides for evenness. Loud passages of a track come down, soft ones up.

It knows one track at a time and has learned nothing: the baseline that the learned rides are shown beside. What fades
or swells on purpose may do so, and what lies far below a track's loudness (tails, bleed, noise) is not fetched up.

References
----------
.. [1] ITU-R BS.1770-5, Algorithms to measure audio programme loudness and true-peak audio level, 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from reaper_automix.analysis.loudness import energy_to_lufs
from reaper_automix.mixers.ride_shape import across_pauses
from reaper_automix.mixers.ride_sound import SILENT_LUFS, STEP_S, Floats, RideTrack, Steps, moving_mean

SHORT_TERM_S = 3.0
"""The window of the level that is evened out: EBU's short-term loudness, centred."""

SHARE = 0.5
"""How much of the distance from the track's own loudness is taken away: as a compressor of 2:1 that takes its time."""

GATE_LU = -10.0
"""A step this far below the track's loudness has no say; [1] leaves it out of the loudness as well (relative gate)."""

STEADY_LU_PER_S = 1.0
"""Where the level rises or falls faster than this over ``TREND_S`` before and after a step, it is within a tail or a
build-up: no say either."""

TREND_S = 5.0

PASSAGE_S = 7.0
"""What lasts less than half of this is no passage: the ride does not follow it (a median filter)."""


def rule_rides_db(tracks: Sequence[RideTrack]) -> list[Floats]:
    """Return the ride of each track per step, float64 (n_steps,); only steps in which the track sounds count."""
    return [_levelled_db(track) for track in tracks]


def _levelled_db(track: RideTrack) -> Floats:
    if not np.isfinite(track.loudness_lufs):
        return np.zeros_like(track.energy)
    step_lufs = np.maximum(energy_to_lufs(track.energy), SILENT_LUFS)
    whole = _without_edges(track.sounds)
    says = whole & _steady(step_lufs, whole) & (step_lufs > track.loudness_lufs + GATE_LU)
    if not says.any():
        return np.zeros_like(track.energy)
    # Pauses inside the window do not make a phrase softer: only the steps that have a say count.
    short_term = energy_to_lufs(_mean_where(track.energy, says, round(SHORT_TERM_S / STEP_S)))
    distance_lu = np.maximum(short_term, SILENT_LUFS) - track.loudness_lufs
    ride_db = across_pauses(-SHARE * distance_lu, says)
    return np.asarray(ndimage.median_filter(ride_db, round(PASSAGE_S / STEP_S), mode="nearest"))


def _without_edges(sounds: Steps) -> Steps:
    """Return the steps that sound, without the first and the last of three and more in a row: they are not full."""
    inner = ndimage.binary_erosion(sounds, np.ones(3, np.bool_), border_value=1)
    long = ndimage.binary_propagation(inner, mask=sounds)
    return np.asarray(np.where(long, inner, sounds))


def _steady(level_lufs: Floats, counts: Steps) -> Steps:
    """Return the steps that do not lie within a rise or a fall; a jump from level to level is none, (n_steps,)."""
    trend = _trend_lu_per_s(level_lufs, counts)
    reach = round(TREND_S / STEP_S) // 2
    padded = np.pad(trend, reach, constant_values=np.nan)
    before, after = padded[: trend.size], padded[2 * reach :]
    before, after = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    within = (before * after > 0.0) & (np.minimum(np.abs(before), np.abs(after)) > STEADY_LU_PER_S)
    return ~ndimage.binary_dilation(within, np.ones(3, np.bool_))


def _trend_lu_per_s(level_lufs: Floats, counts: Steps) -> Floats:
    """Return the slope of the straight line that fits the level around each step best, (n_steps,); NaN: not known."""
    n_steps = round(TREND_S / STEP_S)
    time_s = STEP_S * np.arange(level_lufs.size, dtype=np.float64)
    mean_s, mean_lufs = (_mean_where(values, counts, n_steps) for values in (time_s, level_lufs))
    spread = _mean_where(np.square(time_s), counts, n_steps) - np.square(mean_s)
    together = _mean_where(time_s * level_lufs, counts, n_steps) - mean_s * mean_lufs
    known = spread > 0.5 * STEP_S**2  # from three steps in a row on
    return np.where(known, together / np.where(known, spread, 1.0), np.nan)


def _mean_where(values: Floats, counts: Steps, n_steps: int) -> Floats:
    """Return the mean over ``n_steps`` around each step, of those that count; 0 where none does."""
    share = moving_mean(counts.astype(np.float64), n_steps)
    return moving_mean(np.where(counts, values, 0.0), n_steps) / np.maximum(share, 1.0 / (n_steps + 1))
