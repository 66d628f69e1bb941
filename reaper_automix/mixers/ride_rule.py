"""The rule rider: what an engineer does who rides for evenness. Loud passages of a track come down, soft ones up.

It knows one track at a time and has learned nothing: the baseline that the learned rides are shown beside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reaper_automix.analysis.loudness import energy_to_lufs
from reaper_automix.mixers.ride_sound import SILENT_LUFS, STEP_S, Floats, RideTrack, moving_mean

SHORT_TERM_S = 3.0
"""The window of the level that is evened out: EBU's short-term loudness, centred."""

SHARE = 0.5
"""How much of the distance from the track's own loudness is taken away: as a compressor of 2:1 that takes its time."""


def rule_rides_db(tracks: Sequence[RideTrack]) -> list[Floats]:
    """Return the ride of each track per step, float64 (n_steps,); only steps in which the track sounds count."""
    return [_levelled_db(track) for track in tracks]


def _levelled_db(track: RideTrack) -> Floats:
    if not np.isfinite(track.loudness_lufs):
        return np.zeros_like(track.energy)
    n_steps = round(SHORT_TERM_S / STEP_S)
    # Pauses inside the window do not make a phrase softer: only the steps that sound have a say.
    weight = track.sounds.astype(np.float64)
    share = np.maximum(moving_mean(weight, n_steps), 1e-9)
    short_term = energy_to_lufs(moving_mean(track.energy * weight, n_steps) / share)
    distance_lu = np.maximum(short_term, SILENT_LUFS) - track.loudness_lufs
    return np.asarray(np.where(track.sounds, -SHARE * distance_lu, 0.0))
