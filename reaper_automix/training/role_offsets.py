"""Fit the role table of the balance mixer from songs at a human's balance, and judge it on authors it never saw.

Per song and role: the mean loudness of the role's tracks in the human mix, relative to the song's median track. The
offset of a role is the sum of that over songs, divided by their number plus ``SHRINKAGE_SONGS``; a role that fewer
than ``FEWEST_SONGS`` songs hold has none, which is 0 dB.

Run ``python -m reaper_automix.training.role_offsets DATA --out models/role_offsets``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reaper_automix.mixers.role_offsets import FORMAT
from reaper_automix.training.shipping import write_card

SHRINKAGE_SONGS = 4
"""As if every role had also been seen in this many songs at 0 dB. 1 to 8 give the same error within 0.05 dB."""

FEWEST_SONGS = 3
"""One song, with one odd track, says nothing of a role."""

AUDIBLE_SHARE = 0.02
"""Stems that sound for less of the clip than this say nothing of a balance."""

MUTED_DB = -60.0


@dataclass(frozen=True, slots=True)
class Song:
    """A song: per track its role and its loudness in the human mix, relative to the song's median track."""

    name: str
    author: str
    licence: str
    tracks: tuple[tuple[str, float], ...]


def load_songs(data: Path) -> tuple[Song, ...]:
    """Load the songs of ``songs`` and ``lmms`` below a folder (formats: their README files)."""
    stems = [_song_of_stems(json.loads(f.read_text("utf-8"))) for f in sorted(data.glob("songs/*/song.json"))]
    raws = [_song_of_raws(json.loads(f.read_text("utf-8"))) for f in sorted(data.glob("lmms/*/song.json"))]
    return tuple(song for song in (*stems, *raws) if len(song.tracks) > 1)


def fit_offsets(songs: Iterable[Song]) -> dict[str, float]:
    """Return the offset in dB of each role that the songs hold."""
    per_role: dict[str, list[float]] = defaultdict(list)
    for song in songs:
        for role, levels in _levels_by_role(song).items():
            per_role[role].append(statistics.fmean(levels))
    return {
        role: sum(levels) / (len(levels) + SHRINKAGE_SONGS)
        for role, levels in sorted(per_role.items())
        if len(levels) >= FEWEST_SONGS
    }


def error_db(song: Song, offsets: Mapping[str, float]) -> float:
    """Return the mean absolute error in dB of a table on one song, after taking out the median error."""
    errors = [offsets.get(role, 0.0) - level for role, level in song.tracks]
    middle = statistics.median(errors)
    return statistics.fmean(abs(error - middle) for error in errors)


def judge(songs: Sequence[Song]) -> dict[str, Any]:
    """Compare the table with equal loudness, each song with a table that never saw its author."""
    equal = [error_db(song, {}) for song in songs]
    roles = [error_db(song, fit_offsets(s for s in songs if s.author != song.author)) for song in songs]
    return {
        "measure": "mean absolute error of track levels in dB after removing the song's median error",
        "split": "leave one author out",
        "songs": len(songs),
        "equal_loudness": _spread(equal),
        "role_offsets": _spread(roles),
        "songs_where_roles_win": sum(r < e for r, e in zip(roles, equal, strict=True)),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, judge and write ``model.json``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder that holds songs/ and lmms/")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    options = parser.parse_args(arguments)
    songs = load_songs(options.data)
    if not songs:
        sys.stderr.write(f"{options.data}: no songs/*/song.json or lmms/*/song.json here\n")
        return 1
    card = _card(songs)
    write_card(options.out, card)
    sys.stdout.write(json.dumps(card["scores"], indent=1) + "\n")
    return 0


def _card(songs: Sequence[Song]) -> dict[str, Any]:
    counts: dict[str, int] = defaultdict(int)
    for song in songs:
        for role in _levels_by_role(song):
            counts[role] += 1
    return {
        "format": FORMAT,
        "what": "offset in dB of a role's tracks to the common loudness of a balance",
        "offsets_db": {role: round(offset, 2) for role, offset in fit_offsets(songs).items()},
        "songs_per_role": dict(sorted(counts.items())),
        "shrinkage_songs": SHRINKAGE_SONGS,
        "training_data": [{"song": s.name, "author": s.author, "licence": s.licence} for s in songs],
        "bias": "electronic music and amateur mixes, few real voices, 12 authors at most",
        "scores": judge(songs),
        "licence": "facts about the songs above; the table itself is MIT",
    }


def _song_of_stems(data: Mapping[str, Any]) -> Song:
    """Stems at mix level: their loudness is the balance."""
    heard = [
        (stem["role"], float(stem["lufs_integrated"]))
        for stem in data["stems"]
        if stem["lufs_integrated"] is not None and stem["active_fraction"] > AUDIBLE_SHARE
    ]
    return Song(data["title"], data["artist"], data["licence"], _relative(heard))


def _song_of_raws(data: Mapping[str, Any]) -> Song:
    """Raw tracks with the level change that was heard in the human mix."""
    heard = [
        (track["role"], float(track["lufs_integrated"]) + float(track["heard_gain_db"]))
        for track in data["tracks"]
        if track.get("lufs_integrated") is not None
        and track.get("heard_gain_db") is not None
        and track["heard_gain_db"] > MUTED_DB
    ]
    return Song(data["title"], data["author"], data["licence"], _relative(heard))


def _relative(heard: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    if not heard:
        return ()
    middle = statistics.median(level for _, level in heard)
    return tuple((role, level - middle) for role, level in heard)


def _levels_by_role(song: Song) -> dict[str, list[float]]:
    levels: dict[str, list[float]] = defaultdict(list)
    for role, level in song.tracks:
        levels[role].append(level)
    return levels


def _spread(errors: Sequence[float]) -> dict[str, float]:
    low, middle, high = statistics.quantiles(errors, n=4) if len(errors) > 1 else (errors[0],) * 3
    values = {"mean_db": statistics.fmean(errors), "quarter_db": low, "median_db": middle, "three_quarters_db": high}
    return {key: round(value, 2) for key, value in values.items()}


if __name__ == "__main__":
    sys.exit(main())
