"""An evaluation as JSON, and as a table of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from reaper_automix.errors import CorpusError
from reaper_automix.training.evaluation.evaluate import Difference, Evaluation, Result, SplitResult
from reaper_automix.training.evaluation.intervals import Interval
from reaper_automix.training.evaluation.scores import SongScore
from reaper_automix.training.shipping import rounded

SCHEMA = "reaper_automix.evaluation/1"
DECIMALS = 3

KINDS: Mapping[str, str] = {
    "leave_one_song_out": "each song by the others of its corpus",
    "leave_one_author_out": "each author by the others",
    "across": "one corpus by another",
}

_COLUMNS = (
    f"  {'':<16}{'median dB [95 %]':<22}{'mean dB [95 %]':<22}{'RMSE w.':>8}{'rank':>7}{'vocal LU':>10}{'off by':>8}"
)


def evaluation_to_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as plain data: splits, each with results (and their songs) and paired differences."""
    return {"schema": SCHEMA, "splits": [rounded(asdict(split), DECIMALS) for split in evaluation.splits]}


def evaluation_from_data(data: Mapping[str, Any]) -> Evaluation:
    """Read what ``evaluation_to_data`` returned.

    Raises
    ------
    CorpusError
        If it is of another schema, or damaged.
    """
    if data.get("schema") != SCHEMA:
        raise CorpusError(f"an evaluation of schema {data.get('schema')!r}: this version reads {SCHEMA!r}.")
    try:
        return Evaluation(tuple(_split(split) for split in data["splits"]))
    except (KeyError, TypeError) as error:
        raise CorpusError(f"a damaged evaluation ({error}): evaluate again.") from None


def table_of(evaluation: Evaluation) -> str:
    """Return the splits as text: errors with intervals, and how the last predictor stands to the others."""
    return "\n".join(line for split in evaluation.splits for line in _lines(split))


def _lines(split: SplitResult) -> Iterator[str]:
    counts = f"{split.n_songs} songs, {split.n_tracks} tracks, {split.n_authors} author(s)"
    yield f"{KINDS[split.kind]}: learned on {split.trained_on}, judged on {split.tested_on} ({counts})"
    yield _COLUMNS
    for result in split.results:
        yield (
            f"  {result.predictor:<16}{_interval(result.median_error_db):<22}{_interval(result.mean_error_db):<22}"
            f"{result.weighted_rmse_db:>8.2f}{_number(result.rank_correlation):>7}"
            f"{_number(result.vocal_error_lu):>10}{_number(result.vocal_off_by_lu):>8}"
        )
    last = split.results[-1].predictor
    for difference in split.differences:
        if difference.predictor == last:
            yield (
                f"    {last} - {difference.against}: median {_interval(difference.median_error_db, '+')}, "
                f"mean {_interval(difference.mean_error_db, '+')}, better on {difference.songs_won} of {split.n_songs}"
            )
    yield ""


def _interval(interval: Interval, sign: str = "") -> str:
    return f"{interval.value:{sign}.2f} [{interval.low:{sign}.2f}, {interval.high:{sign}.2f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _split(data: Mapping[str, Any]) -> SplitResult:
    rest = {key: data[key] for key in ("kind", "trained_on", "tested_on", "n_songs", "n_tracks", "n_authors")}
    return SplitResult(
        results=tuple(_result(result) for result in data["results"]),
        differences=tuple(Difference(**_with_intervals(difference)) for difference in data["differences"]),
        **rest,
    )


def _result(data: Mapping[str, Any]) -> Result:
    songs = tuple(SongScore(**{**song, "errors_db": tuple(song["errors_db"])}) for song in data["songs"])
    return Result(**{**_with_intervals(data), "songs": songs})


def _with_intervals(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, **{key: Interval(**data[key]) for key in ("median_error_db", "mean_error_db")}}
