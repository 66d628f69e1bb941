"""Rides proper: what moves in a human's gain, learned and judged apart from the level.

Only tracks whose gain a human moved are learned from and judged on: on all others the best ride is none, and they
would teach nothing else. Steps that a human all but switched off (``MUTED_DB`` below the track's loudest) are mutes,
not rides, and what goes further than ``LIMIT_DB`` counts as that far.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import add

import numpy as np

from reaper_automix.audio import levels
from reaper_automix.learning.lds import Lds, SongStatistics, fit_lds, statistics_of, with_derivatives
from reaper_automix.mixers.ride_model import OBSERVATIONS, WINDOWS_S, RideModel, ride_observations
from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.mixers.ride_sound import STEP_S, Floats, RideTrack, Steps, step_means
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.rides.groups import gain_between_db
from reaper_automix.training.rides.listening import RiddenSong, RiddenTrack, lengthened

LIMIT_DB = 12.0
MUTED_DB = 24.0
FEWEST_STEPS = 8
SMALLEST_RIDE_DB = 0.3
"""A human's ride whose standard deviation is below this is none."""

RADIUS = 0.999
"""Limit of the spectral radius of A: in a long pause a ride fades instead of staying for ever."""

NO_RIDE, RULE, LDS = "no ride", "rule", "lds"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a fit is made with: the observations, and a factor on R for the correlation of successive steps."""

    observed: tuple[str, ...]
    r_scale: float


OBSERVED: tuple[tuple[str, ...], ...] = (
    *((name,) for name in OBSERVATIONS),
    *((f"own_{seconds}_s_lu", f"rest_{seconds}_s_lu") for seconds in WINDOWS_S),
)
R_SCALES = (2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0)
"""What is chosen from, see ``choose_settings``."""


@dataclass(frozen=True, slots=True, eq=False)
class RideCase:
    """A track that a human rode.

    Parameters
    ----------
    corpus, song, author, licence, track : str
        Which one.
    ride_db : ndarray of float64, shape (n_steps,)
        The human's ride: gain less its mean over the steps that count; straight lines where none counts.
    counts : ndarray of bool, shape (n_steps,)
        Where the track sounds and is not muted.
    sounds : ndarray of bool, shape (n_steps,)
        Where the track sounds: what a rider knows, who does not know of mutes.
    observations : ndarray of float64, shape (n_steps, len(OBSERVATIONS))
        What the learned rider may see.
    rule_db : ndarray of float64, shape (n_steps,)
        What the rule rider answers.
    weight : float
        Of its song's tracks together as much as any other song's.
    """

    corpus: str
    song: str
    author: str
    licence: str
    usage: Usage
    track: str
    ride_db: Floats
    counts: Steps
    sounds: Steps
    observations: Floats
    rule_db: Floats
    weight: float


@dataclass(frozen=True, slots=True)
class RideScore:
    """How near one rider comes to one human's ride; means over the steps that count are taken off first.

    Parameters
    ----------
    correlation : float
        Of rider and human; 0 where the rider does not move.
    mean_square_db2, human_mean_square_db2 : float
        Of the error, and of the human's ride, which is the error of no ride.
    mean_error_db, human_mean_db : float
        The same as mean absolute values.
    deviation_db : float
        Standard deviation of the rider's ride.
    """

    corpus: str
    song: str
    author: str
    track: str
    correlation: float
    mean_square_db2: float
    human_mean_square_db2: float
    mean_error_db: float
    human_mean_db: float
    deviation_db: float


def ride_cases(songs: Sequence[RiddenSong]) -> list[RideCase]:
    """Return the tracks that humans rode, with all that a rider may see of their songs."""
    found = [case for song in songs for case in _cases_of(song)]
    steps = Counter[tuple[str, str]]()
    for case in found:
        steps[case.corpus, case.song] += int(case.counts.sum())
    mean = float(np.mean(list(steps.values()))) if steps else 1.0
    return [replace(case, weight=mean / steps[case.corpus, case.song]) for case in found]


def ride_track_of(track: RiddenTrack, n_blocks: int) -> RideTrack:
    """Return a corpus track as a rider hears it, brought to a common length."""
    return RideTrack(step_means(lengthened(track.energy, n_blocks)), track.loudness_lufs)


def fit_rides(cases: Sequence[RideCase], settings: Settings) -> RideModel:
    """Fit a system to cases, all of which may be learned from; [1] eq. 6 for the state, in dB."""
    return fit_from([_statistics(case) for case in cases], settings)


def fit_from(statistics: Sequence[SongStatistics], settings: Settings) -> RideModel:
    """Fit a system to the sums over cases, all of which may be learned from."""
    columns = [OBSERVATIONS.index(name) for name in settings.observed]
    total = reduce(add, statistics)
    lds = fit_lds(total, columns=columns, r_scale=settings.r_scale, radius=RADIUS)
    # Observations and rides have mean 0 by track. What is left comes from mutes, of which a mixer knows nothing.
    centred = Lds(lds.model, np.zeros_like(lds.state_mean), np.zeros_like(lds.observation_mean))
    return RideModel(centred, settings.observed)


def choose_settings(cases: Sequence[RideCase]) -> Settings:
    """Choose by authors that are left out in turn: what to observe, then how far to trust it.

    Observed is what correlates best with the human's rides. R is then the smallest with which the error is no greater
    than that of no ride: among the riders that do no harm, the one that moves most. (The one with the least error all
    but stands still, and nobody who asks for rides wants that.)
    """
    statistics = [_statistics(case) for case in cases]
    usual = R_SCALES[len(R_SCALES) // 2]
    observed = max(OBSERVED, key=lambda names: _held_out(cases, statistics, Settings(names, usual))[0])
    for r_scale in R_SCALES:
        if _held_out(cases, statistics, Settings(observed, r_scale))[1] <= 1.0:
            return Settings(observed, r_scale)
    return Settings(observed, R_SCALES[-1])


def judge_riders(cases: Sequence[RideCase]) -> dict[str, list[RideScore]]:
    """Judge no ride, the rule and the learned rider, whose settings and numbers come from other authors only."""
    scores: dict[str, list[RideScore]] = {NO_RIDE: [], RULE: [], LDS: []}
    for learned, judged in by_author(cases):
        model = fit_rides(learned, choose_settings(learned))
        for case in judged:
            scores[NO_RIDE].append(score_ride(case, np.zeros_like(case.ride_db)))
            scores[RULE].append(score_ride(case, case.rule_db))
            scores[LDS].append(score_ride(case, model.ride_db(case.observations, case.sounds)))
    return scores


def by_author(cases: Sequence[RideCase]) -> Iterator[tuple[list[RideCase], list[RideCase]]]:
    """Yield (learned from, judged) for each author; only what may be trained on is learned from."""
    for author in sorted({case.author for case in cases}):
        learned = [case for case in cases if case.author != author and case.usage is Usage.TRAIN]
        judged = [case for case in cases if case.author == author]
        if learned:
            yield learned, judged


def score_ride(case: RideCase, ride_db: Floats) -> RideScore:
    """Compare a rider's answer with the human's ride."""
    rider, human = ride_db[case.counts], case.ride_db[case.counts]
    rider, human = rider - rider.mean(), human - human.mean()
    moves = float(rider.std()) > 1e-6
    return RideScore(
        case.corpus,
        case.song,
        case.author,
        case.track,
        correlation=float(np.corrcoef(rider, human)[0, 1]) if moves else 0.0,
        mean_square_db2=float(np.mean(np.square(rider - human))),
        human_mean_square_db2=float(np.mean(np.square(human))),
        mean_error_db=float(np.mean(np.abs(rider - human))),
        human_mean_db=float(np.mean(np.abs(human))),
        deviation_db=float(rider.std()),
    )


def human_ride(gain_db: Floats, sounds: Steps) -> tuple[Floats, Steps] | None:
    """Return the ride in a human's gain and the steps that count; None where there is none.

    Parameters
    ----------
    gain_db : ndarray of float64, shape (n_steps,)
        Of the track.
    sounds : ndarray of bool, shape (n_steps,)
        Where it sounds.
    """
    if not sounds.any():
        return None
    counts = sounds & (gain_db > gain_db[sounds].max() - MUTED_DB)
    if counts.sum() < FEWEST_STEPS:
        return None
    ride_db = np.clip(gain_db - gain_db[counts].mean(), -LIMIT_DB, LIMIT_DB)
    ride_db = ride_db - ride_db[counts].mean()
    if ride_db[counts].std() < SMALLEST_RIDE_DB:
        return None
    (at,) = np.nonzero(counts)
    return np.interp(np.arange(ride_db.size), at, ride_db[at]), counts


def gain_per_step_db(track: RiddenTrack, n_blocks: int) -> Floats:
    """Return the human's gain per step, weighted by the track's energy inside a step, (n_steps,)."""
    energy, gain_db = lengthened(track.energy, n_blocks), lengthened(track.gain_db, n_blocks, edge=True)
    after = step_means(energy * levels.db_to_energy(gain_db))
    return gain_between_db(step_means(energy), after, step_means(gain_db))


def _cases_of(song: RiddenSong) -> Iterator[RideCase]:
    n_blocks = max(track.energy.size for track in song.tracks)
    tracks = [ride_track_of(track, n_blocks) for track in song.tracks]
    if not any(track.moves for track in song.tracks):
        return
    observations, rules_db = ride_observations(tracks), rule_rides_db(tracks)
    for ridden, track, observed, rule_db in zip(song.tracks, tracks, observations, rules_db, strict=True):
        found = human_ride(gain_per_step_db(ridden, n_blocks), track.sounds) if ridden.moves else None
        if found is not None:
            which = (song.corpus, song.id, song.author, song.licence, song.usage, ridden.id)
            yield RideCase(*which, *found, track.sounds, observed, rule_db, weight=1.0)


def _statistics(case: RideCase) -> SongStatistics:
    """Return the sums over a case, a song counting as much as any other."""
    sums = statistics_of(with_derivatives(case.ride_db, STEP_S), case.observations, case.counts)
    return SongStatistics(*(getattr(sums, field.name) * case.weight for field in fields(SongStatistics)))


def _held_out(
    cases: Sequence[RideCase], statistics: Sequence[SongStatistics], settings: Settings
) -> tuple[float, float]:
    """Return correlation and error over that of no ride, each author judged by the others, a track counting as one."""
    scores: list[RideScore] = []
    for author in sorted({case.author for case in cases}):
        others = [sums for case, sums in zip(cases, statistics, strict=True) if case.author != author]
        if others:
            model = fit_from(others, settings)
            judged = [case for case in cases if case.author == author]
            scores += [score_ride(case, model.ride_db(case.observations, case.sounds)) for case in judged]
    if not scores:  # a single author: nothing says how far to trust it
        return 0.0, math.inf
    return float(np.mean([score.correlation for score in scores])), error_share(scores)


def mean_over_songs(scores: Sequence[RideScore], field: str) -> float:
    """Return the mean over songs of the mean over a song's tracks."""
    by_song: dict[tuple[str, str], list[float]] = {}
    for score in scores:
        by_song.setdefault((score.corpus, score.song), []).append(getattr(score, field))
    return float(np.mean([np.mean(values) for values in by_song.values()]))


def error_share(scores: Sequence[RideScore], *, by_song: bool = False) -> float:
    """Return the mean squared error as a share of that of no ride; each track counts as one, or each song."""
    if by_song:
        return mean_over_songs(scores, "mean_square_db2") / mean_over_songs(scores, "human_mean_square_db2")
    ours, none = (sum(getattr(s, name) for s in scores) for name in ("mean_square_db2", "human_mean_square_db2"))
    return float(ours / none)
