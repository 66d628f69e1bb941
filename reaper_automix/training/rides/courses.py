"""The whole course of a track's gain, level and ride, against the human's: for the mixer as it ships.

Levels come from the balance mixer's predictors, fitted to other authors, at the levels that chance gave the tracks;
rides from the riders, fitted to other authors as well. What is common to all tracks of a song does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from reaper_automix.mixers.ride_model import RideModel, ride_observations
from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.mixers.ride_sound import Floats, RideTrack
from reaper_automix.mixers.rides import shaped_ride_db
from reaper_automix.settings import MixSettings
from reaper_automix.training.balance_fit import LearnedBalance
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.baselines import Constant, EqualLoudness, RoleMean
from reaper_automix.training.evaluation.songs import Example, HeardSong, Predictor, shown
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.proper import (
    LDS,
    NO_RIDE,
    RULE,
    RideCase,
    choose_settings,
    fit_rides,
    gain_per_step_db,
    ride_track_of,
)

LEVELS: tuple[Predictor, ...] = (Constant(), EqualLoudness(), RoleMean(), LearnedBalance())
RIDERS = (NO_RIDE, RULE, LDS)

Rides = Callable[[Sequence[RideTrack]], Sequence[Floats]]


@dataclass(frozen=True, slots=True)
class CourseScore:
    """One track of one song under one level and one rider.

    Parameters
    ----------
    predictor : str
        ``level`` or ``level + rider``.
    errors_db : tuple of float
        Absolute errors at ten evenly spaced quantiles of the steps in which the track sounds: enough for medians over
        many tracks, and every track counts the same whatever its length.
    """

    predictor: str
    corpus: str
    song: str
    author: str
    track: str
    moves: bool
    errors_db: tuple[float, ...]


QUANTILES = np.linspace(0.05, 0.95, 10)


def judge_courses(
    ridden: Sequence[RiddenSong], heard: Sequence[HeardSong], cases: Sequence[RideCase], rng: np.random.Generator
) -> list[CourseScore]:
    """Judge levels and rides together, every author by all others.

    Parameters
    ----------
    ridden : sequence of RiddenSong
        What was heard per 100 ms.
    heard : sequence of HeardSong
        The same songs as the balance hears them; a song or track that is not in both is left out.
    cases : sequence of RideCase
        The rides that humans made in them.
    rng : numpy.random.Generator
        For the levels at which tracks are shown.
    """
    examples = {(song.corpus, song.id): (song, shown(song, rng)) for song in heard}
    scores: list[CourseScore] = []
    for author in sorted({song.author for song in ridden}):
        learned = [e for _, e in examples.values() if e.author != author and e.usage is Usage.TRAIN]
        rides = _riders([case for case in cases if case.author != author and case.usage is Usage.TRAIN])
        levels = [predictor.fit(learned) for predictor in LEVELS]
        for song in ridden:
            if song.author == author and (known := examples.get((song.corpus, song.id))) is not None:
                scores += _judged(song, *known, levels, rides)
    return scores


def _riders(cases: Sequence[RideCase]) -> Mapping[str, Rides]:
    model: RideModel = fit_rides(cases, choose_settings(cases))

    def learned(tracks: Sequence[RideTrack]) -> Sequence[Floats]:
        seen = zip(tracks, ride_observations(tracks), strict=True)
        return [model.ride_db(observations, track.sounds) for track, observations in seen]

    return {
        NO_RIDE: lambda tracks: [np.zeros_like(track.energy) for track in tracks],
        RULE: rule_rides_db,
        LDS: learned,
    }


def _judged(
    song: RiddenSong,
    heard: HeardSong,
    example: Example,
    levels: Sequence[Predictor],
    riders: Mapping[str, Rides],
) -> list[CourseScore]:
    """Return the scores of a song: every level without a ride, and the last two with each rider."""
    place = {track.id: index for index, track in enumerate(heard.tracks)}
    tracks = [track for track in song.tracks if track.id in place]
    n_blocks = max(track.energy.size for track in tracks)
    sounds = [ride_track_of(track, n_blocks) for track in tracks]
    range_db = MixSettings().ride_range_db
    rides = {
        name: [shaped_ride_db(r, t, range_db=range_db) for r, t in zip(ride(sounds), sounds, strict=True)]
        for name, ride in riders.items()
    }
    # In the human's mix each track stands at its own loudness plus the human's gain, over time.
    human = [t.loudness_lufs + gain_per_step_db(t, n_blocks) for t in tracks]
    scores: list[CourseScore] = []
    for level, rider in product(levels, RIDERS):
        if rider != NO_RIDE and level.name not in (RoleMean().name, LearnedBalance().name):
            continue
        gains_db = level.predict_gains_db(example.song)
        stands = [float((example.song.loudness_lufs + gains_db)[place[track.id]]) for track in tracks]
        off = [at + ride - course for at, ride, course in zip(stands, rides[rider], human, strict=True)]
        common = float(np.median(np.concatenate([o[t.sounds] for o, t in zip(off, sounds, strict=True)])))
        name = level.name if rider == NO_RIDE else f"{level.name} + {rider}"
        for track, sound, error in zip(tracks, sounds, off, strict=True):
            if sound.sounds.any():
                quantiles = np.quantile(np.abs(error[sound.sounds] - common), QUANTILES)
                scores.append(
                    CourseScore(
                        name,
                        song.corpus,
                        song.id,
                        song.author,
                        track.id,
                        track.moves,
                        tuple(map(float, quantiles)),
                    )
                )
    return scores
