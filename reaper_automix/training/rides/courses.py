"""The whole course of a track's gain, level and ride, against the human's: for the mixer as it ships.

Levels come from the balance mixer's predictors, fitted to other authors, at the levels that chance gave the tracks;
rides from the riders, fitted to other authors as well. What is common to all tracks of a song does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.mixers.ride_sound import Floats, RideTrack
from reaper_automix.mixers.rides import shaped_ride_db
from reaper_automix.settings import MixSettings
from reaper_automix.training.balance_fit import LearnedBalance
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.baselines import Constant, EqualLoudness, RoleMean
from reaper_automix.training.evaluation.songs import Example, HeardSong, Predictor, shown
from reaper_automix.training.rides.listening import RiddenSong, RiddenTrack
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
RIDDEN = (RoleMean().name, LearnedBalance().name)
"""The levels that riders are put on: the two that a mix would start from."""

RIDERS = (NO_RIDE, RULE, LDS)
QUANTILES = np.linspace(0.05, 0.95, 10)

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

    Returns
    -------
    list of CourseScore
        None for an author beside whom nobody may be learned from.
    """
    examples = {(song.corpus, song.id): (song, shown(song, rng)) for song in heard}
    scores: list[CourseScore] = []
    for author in sorted({song.author for song in ridden}):
        learned = [e for _, e in examples.values() if e.author != author and e.usage is Usage.TRAIN]
        if not learned:
            continue
        levels = [predictor.fit(learned) for predictor in LEVELS]
        rides = _riders([case for case in cases if case.author != author and case.usage is Usage.TRAIN])
        for song in ridden:
            if song.author == author and (known := examples.get((song.corpus, song.id))) is not None:
                scores += _judged(song, *known, levels, rides)
    return scores


def _riders(cases: Sequence[RideCase]) -> Mapping[str, Rides]:
    """Return the riders; the learned one stands still where there is no ride to learn from."""
    learned = fit_rides(cases, choose_settings(cases)).rides_db if cases else _no_rides_db
    return {NO_RIDE: _no_rides_db, RULE: rule_rides_db, LDS: learned}


def _no_rides_db(tracks: Sequence[RideTrack]) -> Sequence[Floats]:
    return [np.zeros_like(track.energy) for track in tracks]


def _judged(
    song: RiddenSong,
    heard: HeardSong,
    example: Example,
    levels: Sequence[Predictor],
    riders: Mapping[str, Rides],
) -> Iterator[CourseScore]:
    """Yield the scores of a song: every level without a ride, and those of ``RIDDEN`` with each rider."""
    place = {track.id: index for index, track in enumerate(heard.tracks)}
    tracks = [track for track in song.tracks if track.id in place]
    n_blocks = max((track.energy.size for track in tracks), default=0)
    sounds = [ride_track_of(track, n_blocks) for track in tracks]
    if not any(sound.sounds.any() for sound in sounds):
        return
    rides_db = {name: _shaped_db(ride(sounds), sounds) for name, ride in riders.items()}
    # In the human's mix each track stands at its own loudness plus the human's gain, over time.
    human = [t.loudness_lufs + gain_per_step_db(t, n_blocks) for t in tracks]
    for level in levels:
        stands = example.song.loudness_lufs + level.predict_gains_db(example.song)
        for rider in RIDERS if level.name in RIDDEN else (NO_RIDE,):
            courses = [stands[place[t.id]] + ride for t, ride in zip(tracks, rides_db[rider], strict=True)]
            off_db = [course - wanted for course, wanted in zip(courses, human, strict=True)]
            name = level.name if rider == NO_RIDE else f"{level.name} + {rider}"
            yield from _scores(name, song, list(zip(tracks, sounds, off_db, strict=True)))


def _shaped_db(rides_db: Sequence[Floats], sounds: Sequence[RideTrack]) -> list[Floats]:
    """Return rides as the mixer writes them."""
    range_db = MixSettings().ride_range_db
    return [shaped_ride_db(ride, sound, range_db=range_db) for ride, sound in zip(rides_db, sounds, strict=True)]


def _scores(
    name: str, song: RiddenSong, tracks: Sequence[tuple[RiddenTrack, RideTrack, Floats]]
) -> Iterator[CourseScore]:
    """Yield a score per track that sounds, from how far off its course is; what all have in common does not count."""
    common_db = float(np.median(np.concatenate([off_db[sound.sounds] for _, sound, off_db in tracks])))
    for track, sound, off_db in tracks:
        if sound.sounds.any():
            errors_db = np.quantile(np.abs(off_db[sound.sounds] - common_db), QUANTILES).tolist()
            yield CourseScore(name, song.corpus, song.id, song.author, track.id, track.moves, tuple(errors_db))
