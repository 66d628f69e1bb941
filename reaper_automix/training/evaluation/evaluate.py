"""Judge predictors on songs they have not learned from, in every way of splitting them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reaper_automix.progress import Progress, silent
from reaper_automix.training.evaluation.intervals import (
    Interval,
    Values,
    draw_songs,
    interval,
    mean_error,
    median_error,
)
from reaper_automix.training.evaluation.scores import SongScore, score
from reaper_automix.training.evaluation.songs import Example, HeardSong, Predictor, shown
from reaper_automix.training.evaluation.splits import Split, splits_of


@dataclass(frozen=True, slots=True)
class Result:
    """One predictor under one split.

    Parameters
    ----------
    median_error_db, mean_error_db : Interval
        Of the absolute error over all tracks of the tested songs.
    mean_of_songs_db : float
        The mean over songs of the song's mean absolute error: a song of many tracks counts as one.
    weighted_rmse_db : float
        The mean over songs, see ``SongScore``.
    rank_correlation : float or None
        The mean over the songs that have one.
    vocal_error_lu, vocal_off_by_lu : float or None
        The mean and the mean absolute value over the songs with vocals; None without any.
    songs : tuple of SongScore
        What all this is from.
    """

    predictor: str
    median_error_db: Interval
    mean_error_db: Interval
    mean_of_songs_db: float
    weighted_rmse_db: float
    rank_correlation: float | None
    vocal_error_lu: float | None
    vocal_off_by_lu: float | None
    songs: tuple[SongScore, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The error of one predictor minus that of another on the same songs; below 0 the first is better."""

    predictor: str
    against: str
    median_error_db: Interval
    mean_error_db: Interval
    songs_won: int


@dataclass(frozen=True, slots=True)
class SplitResult:
    """All predictors under one split."""

    kind: str
    trained_on: str
    tested_on: str
    n_songs: int
    n_tracks: int
    n_authors: int
    results: tuple[Result, ...]
    differences: tuple[Difference, ...]

    def result(self, predictor: str) -> Result:
        """Return one predictor's result; ``KeyError`` if it was not judged."""
        return {result.predictor: result for result in self.results}[predictor]

    def difference(self, predictor: str, against: str) -> Difference:
        """Return one comparison; ``KeyError`` if it was not made."""
        return {(d.predictor, d.against): d for d in self.differences}[predictor, against]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every predictor under every split that the songs allow."""

    splits: tuple[SplitResult, ...]

    def split(self, kind: str, trained_on: str, tested_on: str) -> SplitResult:
        """Return one split; ``KeyError`` if the songs did not allow it."""
        return {(s.kind, s.trained_on, s.tested_on): s for s in self.splits}[kind, trained_on, tested_on]


def evaluate(
    songs: Sequence[HeardSong],
    predictors: Sequence[Predictor],
    rng: np.random.Generator,
    *,
    progress: Progress = silent,
) -> Evaluation:
    """Judge predictors on songs.

    Parameters
    ----------
    songs : sequence of HeardSong
        See ``listening.listen``. Each track is shown at a random level, and the same is taken off the human's gain.
    predictors : sequence of Predictor
        Baselines first. Each one is compared with all that stand before it.
    rng : numpy.random.Generator
        For the levels, and for the draws of the intervals.
    """
    examples = [shown(song, rng) for song in songs]
    splits = list(splits_of(examples))
    fits = [_Fits(predictor, {}) for predictor in predictors]
    judged = []
    for number, split in enumerate(splits):
        progress("Judging", number, len(splits), f"{split.kind} {split.trained_on} {split.tested_on}")
        judged.append(_judged(split, fits, rng))
    return Evaluation(tuple(judged))


@dataclass(frozen=True, slots=True)
class _Fits:
    """Fits a predictor once to the same songs, however many splits ask for it."""

    predictor: Predictor
    known: dict[frozenset[int], Predictor]

    def to(self, examples: Sequence[Example]) -> Predictor:
        """Return the predictor fitted to these songs, which outlive this object."""
        key = frozenset(map(id, examples))
        if key not in self.known:
            self.known[key] = self.predictor.fit(examples)
        return self.known[key]


def _judged(split: Split, fits: Sequence[_Fits], rng: np.random.Generator) -> SplitResult:
    scores = {each.predictor.name: tuple(_scores(split, each)) for each in fits}
    first = next(iter(scores.values()))
    draws = draw_songs(len(first), rng)
    medians = {name: median_error(songs, draws) for name, songs in scores.items()}
    means = {name: mean_error(songs, draws) for name, songs in scores.items()}
    return SplitResult(
        kind=split.kind,
        trained_on=split.trained_on,
        tested_on=split.tested_on,
        n_songs=len(first),
        n_tracks=sum(len(song.errors_db) for song in first),
        n_authors=len({song.author for song in first}),
        results=tuple(_result(name, scores[name], medians[name], means[name]) for name in scores),
        differences=tuple(_differences(scores, medians, means)),
    )


def _scores(split: Split, fits: _Fits) -> Iterator[SongScore]:
    for fold in split.folds:
        fitted = fits.to(fold.train)
        for example in fold.test:
            yield score(example, fitted.predict_gains_db(example.song))


def _result(name: str, songs: tuple[SongScore, ...], medians: Values, means: Values) -> Result:
    vocals = [song.vocal_error_lu for song in songs if song.vocal_error_lu is not None]
    ranks = [song.rank_correlation for song in songs if song.rank_correlation is not None]
    return Result(
        predictor=name,
        median_error_db=interval(medians),
        mean_error_db=interval(means),
        mean_of_songs_db=float(np.mean([_mean_error_db(song) for song in songs])),
        weighted_rmse_db=float(np.mean([song.weighted_rmse_db for song in songs])),
        rank_correlation=_mean(ranks),
        vocal_error_lu=_mean(vocals),
        vocal_off_by_lu=_mean([abs(error) for error in vocals]),
        songs=songs,
    )


def _differences(
    scores: Mapping[str, tuple[SongScore, ...]], medians: Mapping[str, Values], means: Mapping[str, Values]
) -> Iterator[Difference]:
    names = list(scores)
    for position, name in enumerate(names):
        for against in names[:position]:
            pairs = zip(scores[name], scores[against], strict=True)
            won = sum(_mean_error_db(one) < _mean_error_db(other) for one, other in pairs)
            median, mean = medians[name] - medians[against], means[name] - means[against]
            yield Difference(name, against, interval(median), interval(mean), won)


def _mean_error_db(song: SongScore) -> float:
    return float(np.mean(np.abs(song.errors_db)))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
