"""The system of Scott and Kim on our songs: one dynamical system for all groups, or one for each against the rest.

``all_tracks`` has the gains of all groups as its state and the features of all groups as its observation: it needs
every group in every song. ``one_versus_all`` has the gain of one group with its derivatives, and sees that group's
features and the mean of everybody else's.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.features import COLUMNS, columns_of
from reaper_automix.analysis.loudness import energy_to_lufs
from reaper_automix.audio import levels
from reaper_automix.learning.lds import Initial, SongStatistics, fit_lds, statistics_of, with_derivatives
from reaper_automix.mixers.ride_sound import SILENT_LUFS, moving_mean
from reaper_automix.training.rides.showing import ShownSong, ShownTrack

Floats = NDArray[np.float64]

EARLIER_FEATURES = ("centroid", "rms", "slope", "intercept")
"""The feature set of the authors' earlier paper, with which [1] table 1 compares All-Tracks and One-Versus-All."""

LINEAR_FEATURES = ("rms", "flux", "slope", "intercept")
HZ_FEATURES = ("bandwidth", "centroid")

FEWEST_STEPS = 4
"""A track that sounds in fewer steps says nothing of a course."""

FEWEST_LEARNED = 2
"""Songs that a system is learned from at least: with fewer, nothing says how first states differ (``fit_lds``)."""

_QUIETEST = 1e-7
_LOWEST_HZ = 20.0
_WIDEST_DB = 60.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What [1] leaves open, and what goes beyond it.

    Parameters
    ----------
    step_s : float
        Time between two steps.
    r_scale : float
        Factor on R: successive frames err alike, and the filter does not know.
    centred : bool
        Whether means are taken off before the fit.
    initial : str
        What is expected at the first step, see ``fit_lds``.
    shrinkage : float
        See ``fit_lds``.
    in_db : bool
        Gains in dB instead of linear.
    logged : bool
        Features in full scale as dB, those in Hz as octaves.
    smoothed : bool
        Look ahead as well.
    loudness : bool
        The K-weighted loudness in LUFS in place of the feature rms.
    context_s : float
        Features as means over so many seconds around a step; 0: as they are.
    """

    step_s: float = 0.5
    r_scale: float = 50.0
    centred: bool = True
    initial: Initial = "first"
    shrinkage: float = 1e-3
    in_db: bool = False
    logged: bool = False
    smoothed: bool = False
    loudness: bool = False
    context_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One song as one system sees it.

    Parameters
    ----------
    song, author, corpus : str
        Which song.
    states, observations : ndarray of float64, shapes (n_steps, n) and (n_steps, m)
        What the human did, and what is heard.
    counts : ndarray of bool, shape (n_steps,)
        Where something sounds.
    tracks : tuple of ShownTrack
        The groups whose gains are the first states.
    statistics : SongStatistics
        Of states and observations.
    """

    song: str
    author: str
    corpus: str
    states: Floats
    observations: Floats
    counts: NDArray[np.bool_]
    tracks: tuple[ShownTrack, ...]
    statistics: SongStatistics


Fold = NDArray[np.intp]
"""Indices of the cases that are judged by a system that has learned from all others."""


def all_tracks(songs: Sequence[ShownSong], groups: Sequence[str], recipe: Recipe) -> list[Case]:
    """Return the songs that have all of the groups, for the system of [1] section 3.2; observations as eq. 5."""
    cases = []
    for song in songs:
        tracks = tuple(track for group in groups if (track := song.track(group)) is not None)
        counts = np.any([track.counts for track in tracks], axis=0) if tracks else np.zeros(0, np.bool_)
        if len(tracks) < len(groups) or counts.sum() < FEWEST_STEPS:
            continue
        states = np.column_stack([_gain(track, recipe) for track in tracks])  # [1] eq. 4
        observations = np.hstack([_features(track, recipe) for track in tracks])  # [1] eq. 5
        cases.append(_case(song, states, observations, counts, tracks))
    return cases


def one_versus_all(songs: Sequence[ShownSong], group: str, recipe: Recipe) -> list[Case]:
    """Return the songs that have a group, for the system of [1] section 3.3."""
    cases = []
    for song in songs:
        track = song.track(group)
        if track is None or track.counts.sum() < FEWEST_STEPS:
            continue
        own = _features(track, recipe)
        others = [_features(other, recipe) for other in song.tracks if other is not track]
        rest = np.mean(others, axis=0) if others else np.zeros_like(own)
        states = with_derivatives(_gain(track, recipe), recipe.step_s)  # [1] eq. 6
        cases.append(_case(song, states, np.hstack([own, rest]), track.counts, (track,)))  # [1] eq. 7
    return cases


def columns_for(features: Sequence[str], n_blocks: int) -> list[int]:
    """Return the columns of features in observations that hold ``n_blocks`` blocks of all columns (k groups, or 2)."""
    own = [column for feature in features for column in range(*columns_of(feature).indices(len(COLUMNS)))]
    return [block * len(COLUMNS) + column for block in range(n_blocks) for column in own]


def predict_held_out(
    cases: Sequence[Case], folds: Sequence[Fold], columns: Sequence[int], recipe: Recipe
) -> list[Floats]:
    """Return the linear gains, (n_steps, n_tracks) per case, by a system that has not seen the case's fold."""
    statistics = [case.statistics.with_observations(columns) for case in cases]
    total = reduce(add, statistics)
    predicted: list[Floats] = [np.zeros(0)] * len(cases)
    for fold in folds:
        system = fit_lds(
            total - reduce(add, [statistics[index] for index in fold]),
            centred=recipe.centred,
            initial=recipe.initial,
            r_scale=recipe.r_scale,
            shrinkage=recipe.shrinkage,
        )
        for index in fold:
            case = cases[index]
            states = system.predict(case.observations[:, columns], case.counts, smoothed=recipe.smoothed)
            predicted[index] = _linear(states[:, : len(case.tracks)], recipe)
    return predicted


def squared_errors(cases: Sequence[Case], predicted: Sequence[Floats]) -> Floats:
    """Return the mean squared error of the linear gain, per case and track, (n_cases, n_tracks); NaN where silent."""
    rows = []
    for case, gains in zip(cases, predicted, strict=True):
        row = []
        for column, track in enumerate(case.tracks):
            off = gains[track.counts, column] - track_gain_lin(track)[track.counts]
            row.append(float(np.mean(np.square(off))) if off.size else np.nan)
        rows.append(row)
    return np.array(rows).reshape(len(cases), -1)


def folds_by_song(cases: Sequence[Case]) -> list[Fold]:
    """Return one fold per song: leave-one-out."""
    return [np.array([index], np.intp) for index in range(len(cases))]


def folds_by_author(cases: Sequence[Case]) -> list[Fold]:
    """Return one fold per author."""
    authors = np.array([case.author for case in cases])
    return [np.flatnonzero(authors == author) for author in sorted(set(authors.tolist()))]


def can_be_judged(cases: Sequence[Case], folds: Sequence[Fold]) -> bool:
    """Return whether enough is left to learn from whichever fold is left out."""
    n_pairs = sum(case.statistics.n_pairs for case in cases)
    left = [(len(cases) - fold.size, n_pairs - sum(cases[i].statistics.n_pairs for i in fold)) for fold in folds]
    return bool(left) and all(n_songs >= FEWEST_LEARNED and n_left > 0 for n_songs, n_left in left)


def track_gain_lin(track: ShownTrack) -> Floats:
    """Return the human's gain as a factor, (n_steps,)."""
    return levels.db_to_lin(track.gain_db)


def _case(
    song: ShownSong,
    states: Floats,
    observations: Floats,
    counts: NDArray[np.bool_],
    tracks: tuple[ShownTrack, ...],
) -> Case:
    statistics = statistics_of(states, observations, counts)
    return Case(song.id, song.author, song.corpus, states, observations, counts, tracks, statistics)


def _gain(track: ShownTrack, recipe: Recipe) -> Floats:
    return track.gain_db if recipe.in_db else track_gain_lin(track)


def _linear(states: Floats, recipe: Recipe) -> Floats:
    if not recipe.in_db:
        return states
    return levels.db_to_lin(np.clip(states, -_WIDEST_DB, _WIDEST_DB))


def _features(track: ShownTrack, recipe: Recipe) -> Floats:
    values = track.features.copy()
    if recipe.logged:
        for feature in LINEAR_FEATURES:
            part = values[:, columns_of(feature)]
            part[:] = 2.0 * levels.energy_to_db(np.maximum(np.abs(part), _QUIETEST))
        for feature in HZ_FEATURES:
            part = values[:, columns_of(feature)]
            part[:] = np.log2(np.maximum(part, _LOWEST_HZ))
    if recipe.loudness:
        values[:, columns_of("rms")] = np.maximum(energy_to_lufs(track.energy), SILENT_LUFS)[:, None]
    if recipe.context_s > 0.0:
        values = moving_mean(values.T, max(round(recipe.context_s / recipe.step_s), 1)).T
    return values
