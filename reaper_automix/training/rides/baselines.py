"""What the published system must beat: gains from one number per corpus, per group, or from the loudness alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.training.rides.published import FEWEST_STEPS, track_gain_lin
from reaper_automix.training.rides.showing import ShownSong, ShownTrack
from reaper_automix.units import db_to_lin

CONSTANT, EQUAL, GROUP_GAIN, GROUP_LEVEL = "constant gain", "equal loudness", "group gain", "group level"


def baselines(songs: Sequence[ShownSong], group: str, *, by_author: bool) -> dict[str, list[float]]:
    """Return the squared errors of the linear gain, song by song, for the songs in which a group sounds.

    Constant gain is the mean of all gains of the other songs, group gain that of the group. Equal loudness brings
    the group to the loudness of the song's median group, group level to the mean level of its kind in the others.
    What has no other song to learn from is NaN.
    """
    errors: dict[str, list[float]] = {CONSTANT: [], GROUP_GAIN: [], EQUAL: [], GROUP_LEVEL: []}
    for song in songs:
        track = song.track(group)
        if track is None or track.counts.sum() < FEWEST_STEPS:
            continue
        others = others_than(song, songs, by_author=by_author)
        human = track_gain_lin(track)[track.counts]
        for name, gain_lin in baseline_gains(track, others).items():
            errors[name].append(float(np.mean(np.square(human - gain_lin))))
    return errors


def others_than(song: ShownSong, songs: Sequence[ShownSong], *, by_author: bool) -> list[ShownSong]:
    """Return the songs that one may be judged by: all others, or those of other authors."""
    return [other for other in songs if (other.author != song.author if by_author else other is not song)]


def baseline_gains(track: ShownTrack, learned: Sequence[ShownSong]) -> dict[str, float]:
    """Return the linear gain that each baseline gives a track, having learned from these songs; see ``baselines``."""
    every = [other for song in learned for other in song.tracks if other.counts.any()]
    same = [other for other in every if other.id == track.id]
    level_lufs = _mean([other.gain_db[other.counts].mean() + other.loudness_lufs for other in same])
    return {
        CONSTANT: _mean_gain(every),
        GROUP_GAIN: _mean_gain(same),
        EQUAL: db_to_lin(REFERENCE_LUFS - track.loudness_lufs),
        GROUP_LEVEL: db_to_lin(level_lufs - track.loudness_lufs),
    }


def _mean_gain(tracks: Sequence[ShownTrack]) -> float:
    return _mean([track_gain_lin(track)[track.counts].mean() for track in tracks])


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
