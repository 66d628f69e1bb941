"""Songs in groups, as the published experiments take them: in memory, and as a small corpus on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from ridden_songs import ridden_song, ridden_track, slow_course

from reaper_automix.analysis.features import COLUMNS, columns_of
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.rides import experiments, proper, selection, showing
from reaper_automix.training.rides.experiments import TOGETHER
from reaper_automix.training.rides.listening import RiddenSong, RiddenTrack
from reaper_automix.training.rides.published import Recipe

RATE_HZ = 8_000
CORPUS_S = 16.0
LICENCE = "CC0-1.0"
CLOSED_LICENCE = "CC-BY-NC-4.0"
ROLES = {"backup": "synth", "bass": "bass", "drums": "drums", "guitar": "electric_guitar", "vocals": "lead_vocal"}


def group_track(name: str, rng: np.random.Generator, n_blocks: int = 200) -> RiddenTrack:
    """Make a group whose centroid tells its gain."""
    gain_db = -6.0 + 3.0 * slow_course(rng, n_blocks, width=40)
    track = ridden_track(name, 0.01 * rng.uniform(0.5, 1.5, n_blocks), gain_db)
    features = rng.uniform(0.1, 1.0, (n_blocks, len(COLUMNS)))
    features[:, columns_of("centroid")] = (10.0 ** (gain_db / 20.0))[:, None]
    return replace(track, features=features.astype(np.float32))


def grouped_song(number: int, author: str, groups: Sequence[str] = TOGETHER) -> RiddenSong:
    """Make a song of these groups, which are its tracks as well."""
    rng = np.random.default_rng(number)
    tracks = tuple(group_track(group, rng) for group in groups)
    return replace(ridden_song(number, tracks, author), groups=tracks)


def grouped_songs(authors: str, groups: Sequence[str] = TOGETHER) -> list[RiddenSong]:
    """Make a song per letter, each by the author of that letter."""
    return [grouped_song(number, author, groups) for number, author in enumerate(authors)]


def cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the experiments down to few features, recipes and folds, all done in this process."""
    monkeypatch.setattr(showing, "OFFSET_DB", 0.0)
    monkeypatch.setattr(selection, "FEATURES", ("rms", "centroid"))
    for module in (experiments, selection):
        monkeypatch.setattr(module, "INNER_FOLDS", 2)
    monkeypatch.setattr(experiments, "RECIPES", (Recipe(), Recipe(step_s=2.0, centred=False)))
    monkeypatch.setattr(
        experiments, "VARIATIONS", {"as published": Recipe(), "gain in dB": Recipe(in_db=True, logged=True)}
    )
    monkeypatch.setattr(experiments, "OUTER_FOLDS", 2)
    monkeypatch.setattr(experiments, "PROCESSES", 1)
    monkeypatch.setattr(proper, "OBSERVED", (("own_9_s_lu",), ("rest_9_s_lu",)))
    monkeypatch.setattr(proper, "R_SCALES", (2.0, 10.0, 20.0))


# --- on disk -------------------------------------------------------------------------------------------------------


def write_corpus(
    data: Path, authors: str, *, groups: Sequence[str] = TOGETHER, moves: bool = True, closed: Sequence[int] = ()
) -> Path:
    """Write a corpus in the layout of gm-midi, a song per letter of ``authors``; return the folder that holds it.

    Parameters
    ----------
    moves : bool
        Whether the backup of each song is ridden.
    closed : sequence of int
        The songs whose licence allows no training.
    """
    for number, author in enumerate(authors):
        licence = CLOSED_LICENCE if number in closed else LICENCE
        _write_song(data / "gm-midi" / f"song{number}", number, author, groups, licence, moves)
    return data


def _write_song(folder: Path, number: int, author: str, groups: Sequence[str], licence: str, moves: bool) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(100 + number)
    tracks = []
    for position, group in enumerate(groups):
        swell = np.interp(
            np.arange(int(CORPUS_S * RATE_HZ)) / RATE_HZ, np.arange(0.0, CORPUS_S, 2.0), rng.uniform(0.3, 1.0, 8)
        )
        audio = 0.1 * swell * rng.standard_normal(swell.size)
        soundfile.write(folder / f"{group}.wav", audio.astype(np.float32), RATE_HZ, subtype="FLOAT")
        level_db = -3.0 * position
        curve = [[0.0, level_db]]
        if moves and group == "backup":
            curve = [[t, level_db + 5.0 * float(np.sin(t / 3.0 + number))] for t in np.arange(0.0, CORPUS_S, 1.0)]
        tracks.append(
            {
                "file": f"{group}.wav",
                "name": group,
                "role": ROLES[group],
                "label_confidence": "high",
                "gain_db": curve,
            }
        )
    described = {
        "format": "reaper_automix.gm_midi/1",
        "id": folder.name,
        "title": folder.name,
        "author": f"author {author}",
        "licence": licence,
        "seconds": CORPUS_S,
        "mix": {"file": "mix.flac"},
        "tracks": tracks,
    }
    (folder / "song.json").write_text(json.dumps(described), "utf-8")


def usages(songs: Sequence[RiddenSong]) -> dict[str, Usage]:
    return {song.id: song.usage for song in songs}
