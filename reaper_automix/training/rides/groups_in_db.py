"""The systems of the paper, the baselines and what ships, in dB: the groups of a song together, less their offset.

The features that the nested selection chose are taken from its kept results; what is left is to predict once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reaper_automix.audio import levels
from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.mixers.ride_sound import STEP_S, Floats, RideTrack, step_means
from reaper_automix.mixers.rides import shaped_ride_db
from reaper_automix.settings import MixSettings
from reaper_automix.training.rides.baselines import GROUP_LEVEL, baseline_gains, others_than
from reaper_automix.training.rides.courses import QUANTILES
from reaper_automix.training.rides.experiments import (
    BY_AUTHOR,
    FOLDS,
    NAMED,
    OURS,
    OUTER_FOLDS,
    PUBLISHED,
    TOGETHER,
    Songs,
    Unit,
)
from reaper_automix.training.rides.published import (
    EARLIER_FEATURES,
    Case,
    Recipe,
    all_tracks,
    can_be_judged,
    columns_for,
    one_versus_all,
    predict_held_out,
    track_gain_lin,
)
from reaper_automix.training.rides.results import AT, NESTED, OUR_NESTED, OVA, Results
from reaper_automix.training.rides.selection import merged
from reaper_automix.training.rides.showing import ShownSong, ShownTrack

SHIPPED = "group level and rule ride (ships)"

_LOWEST_LIN = 1e-3

Gains = dict[tuple[str, str, str], Floats]
"""Linear gain per step, by corpus, song and group."""


def judge_groups(songs: Songs, results: Results, by: str) -> dict[str, Any]:
    """Judge every system on the songs that have all groups together.

    Parameters
    ----------
    songs : Songs
        The songs.
    results : mapping of Unit to dict
        Of ``run_units``, for the features that were selected.
    by : str
        ``song`` or ``author``: what is left out.

    Returns
    -------
    dict
        Per system: median absolute error in dB over groups and steps, every song counting the same, quartiles of the
        songs' medians, the median of each group, and the mean squared error of the linear gain per group.
    """
    complete = songs.complete(Recipe().step_s)
    predicted: dict[str, Gains] = {**_simple(complete, by), **_systems(songs, results, by)}
    judged = {
        name: [song for song in complete if all((song.corpus, song.id, t.id) in gains for t in _tracks(song))]
        for name, gains in predicted.items()
    }
    return {name: _judged(songs_of, predicted[name]) for name, songs_of in judged.items() if songs_of}


def _simple(songs: Sequence[ShownSong], by: str) -> dict[str, Gains]:
    """Return the gains of the baselines, and of what ships: a group's usual level with the rule rider's ride."""
    predicted: dict[str, Gains] = {}
    for song in songs:
        others = others_than(song, songs, by_author=by == BY_AUTHOR)
        for track in _tracks(song):
            key = (song.corpus, song.id, track.id)
            gains = baseline_gains(track, others)
            for name, gain_lin in gains.items():
                if np.isfinite(gain_lin):
                    predicted.setdefault(name, {})[key] = np.full(track.counts.size, gain_lin)
            if np.isfinite(gains[GROUP_LEVEL]):
                ride_lin = levels.db_to_lin(_rule_ride_db(track))
                predicted.setdefault(SHIPPED, {})[key] = gains[GROUP_LEVEL] * ride_lin
    return predicted


def _rule_ride_db(track: ShownTrack) -> Floats:
    """Return the ride that the rides mixer draws for a group, in the steps of the experiments."""
    steps = round(STEP_S / Recipe().step_s)
    heard = RideTrack(step_means(track.energy, steps), track.loudness_lufs)
    ride_db = shaped_ride_db(rule_rides_db([heard])[0], heard, range_db=MixSettings().ride_range_db)
    return np.repeat(ride_db, steps)[: track.energy.size]


def _systems(songs: Songs, results: Results, by: str) -> dict[str, Gains]:
    """Return the gains of All-Tracks, One-Versus-All, and the nested selections."""
    fold = FOLDS[by]
    predicted: dict[str, Gains] = {AT: {}, OVA: {}, NESTED: {}, OUR_NESTED: {}}
    joint = all_tracks(songs.complete(Recipe().step_s), TOGETHER, Recipe())
    if can_be_judged(joint, fold(joint)):
        columns = columns_for(EARLIER_FEATURES, len(TOGETHER))
        _keep(predicted[AT], joint, predict_held_out(joint, fold(joint), columns, Recipe()))
    for group in TOGETHER:
        cases = one_versus_all(songs.with_group(group, Recipe().step_s), group, Recipe())
        if can_be_judged(cases, fold(cases)):
            columns = columns_for(EARLIER_FEATURES, 2)
            _keep(predicted[OVA], cases, predict_held_out(cases, fold(cases), columns, Recipe()))
        for name, recipe in ((NESTED, PUBLISHED), (OUR_NESTED, OURS)):
            for judged, gains in _nested(songs, results, group, by, recipe):
                _keep(predicted[name], judged, gains)
    return predicted


def _nested(
    songs: Songs, results: Results, group: str, by: str, name: str
) -> Iterator[tuple[list[Case], list[Floats]]]:
    """Yield the cases of each outer fold with what was predicted for them, from the features that were selected."""
    recipe = NAMED[name]
    cases = one_versus_all(songs.with_group(group, recipe.step_s), group, recipe)
    for number, fold in enumerate(merged(FOLDS[by](cases), OUTER_FOLDS)):
        features = results.get(Unit("nested", (group, by, number, name)), {}).get("features")
        if features:
            predicted = predict_held_out(cases, [fold], columns_for(features, 2), recipe)
            yield [cases[index] for index in fold], [predicted[index] for index in fold]


def _keep(gains: Gains, cases: Sequence[Case], predicted: Sequence[Floats]) -> None:
    for case, lines in zip(cases, predicted, strict=True):
        for column, track in enumerate(case.tracks):
            gains[case.corpus, case.song, track.id] = lines[:, column]


def _judged(songs: Sequence[ShownSong], gains: Mapping[tuple[str, str, str], Floats]) -> dict[str, Any]:
    errors: dict[str, list[Floats]] = {group: [] for group in TOGETHER}
    squared: dict[str, list[float]] = {group: [] for group in TOGETHER}
    medians: list[float] = []
    for song in songs:
        off = {}
        for track in _tracks(song):
            gain_lin = gains[song.corpus, song.id, track.id][track.counts]
            gain_db = levels.energy_to_db(np.square(np.maximum(gain_lin, _LOWEST_LIN)))
            off[track.id] = gain_db - track.gain_db[track.counts]
            squared[track.id].append(float(np.mean(np.square(gain_lin - track_gain_lin(track)[track.counts]))))
        common = float(np.median(np.concatenate(list(off.values()))))
        for group, values in off.items():
            errors[group].append(np.quantile(np.abs(values - common), QUANTILES))
        medians.append(float(np.median(np.concatenate([errors[group][-1] for group in off]))))
    low, middle, high = (float(value) for value in np.percentile(medians, (25, 50, 75)))
    return {
        "songs": len(songs),
        "median_db": float(np.median(np.concatenate([each for group in errors.values() for each in group]))),
        "song_medians_db": [low, middle, high],
        "groups_db": {group: float(np.median(np.concatenate(each))) for group, each in errors.items()},
        "squared": {group: float(np.mean(each)) for group, each in squared.items()},
    }


def _tracks(song: ShownSong) -> list[ShownTrack]:
    """Return the groups that are judged and sound."""
    found = (song.track(group) for group in TOGETHER)
    return [track for track in found if track is not None and track.counts.any()]
