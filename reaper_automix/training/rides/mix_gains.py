"""Human gains where a corpus holds only tracks and the finished mix: estimated from both, once per content.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011, section 3.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from reaper_automix.analysis.gain_estimation import GainEstimate, estimate_gains
from reaper_automix.analysis.gain_sources import open_file
from reaper_automix.errors import CorpusError, MediaError, ScopeError, SessionError
from reaper_automix.files import write_text_whole
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, GainCurve
from reaper_automix.training.corpora.loading import file_status

ESTIMATED_AS = 1
"""Raise this when gains are estimated differently, so that kept ones are not used."""


def with_mix_gains(songs: Sequence[CorpusSong], folder: Path, *, progress: Progress = silent) -> tuple[CorpusSong, ...]:
    """Return the songs with gains over time from their mix, where their source knows none over time.

    Parameters
    ----------
    songs : sequence of CorpusSong
        Songs; those whose gains are known, or without a mix, stay as they are.
    folder : Path
        Where estimates are kept.

    Raises
    ------
    CorpusError
        If an audio file is missing or cannot be read.
    """
    found: list[CorpusSong] = []
    for song in songs:
        if song.gains_are_in_mix and song.mix is not None and song.tracks:
            progress("Finding gains in the mixes", len(found), len(songs), song.title)
            song = _estimated(song, folder)
        found.append(song)
    return tuple(found)


def _estimated(song: CorpusSong, folder: Path) -> CorpusSong:
    path = folder / "mix-gains" / f"{_key(song)}.json"
    try:
        curves: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        curves = _curves(song)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_whole(path, json.dumps(curves) + "\n")
    return replace(song, tracks=tuple(_with_curve(track, curves.get(track.id)) for track in song.tracks))


def _with_curve(track: CorpusTrack, curve: Sequence[Sequence[float]] | None) -> CorpusTrack:
    """Return a track with the gain that was found; one that is not heard in the mix has no known gain."""
    if not curve:
        return replace(track, gain_is_known=False)
    points: GainCurve = tuple((float(time_s), float(gain_db)) for time_s, gain_db in curve)
    return replace(track, gain_db=points, gain_is_known=True)


def _curves(song: CorpusSong) -> dict[str, list[tuple[float, float]]]:
    try:
        with ExitStack() as stack:
            assert song.mix is not None  # noqa: S101 - for the type checker; asked for before
            rate_hz = int(soundfile.info(song.mix).samplerate)
            sources = [stack.enter_context(open_file(track.path, rate_hz)) for track in song.tracks]
            found = estimate_gains(sources, stack.enter_context(open_file(song.mix, rate_hz)), rate_hz)
    except ScopeError:
        return {}
    except (OSError, RuntimeError, MediaError, SessionError) as error:
        raise CorpusError(f"{song.corpus}/{song.id}: its gains cannot be found ({error}). Fetch it again.") from error
    return {track.id: _curve(found, index) for index, track in enumerate(song.tracks) if found.heard[index]}


def _curve(found: GainEstimate, index: int) -> list[tuple[float, float]]:
    """Return the points of a track's gain; a single one where it does not move."""
    level_db = found.level_db(index)
    if not found.moves[index]:
        return [(0.0, round(level_db, 3))]
    gains_db = np.where(np.isfinite(found.smoothed_db[index]), found.smoothed_db[index], level_db)
    return [(round(float(t), 3), round(float(g), 3)) for t, g in zip(found.times_s, gains_db, strict=True)]


def _key(song: CorpusSong) -> str:
    """Return a name for the content: files by size and time are known, so only their states are asked for."""
    digest = hashlib.sha256(str(ESTIMATED_AS).encode())
    for path in (*(track.path for track in song.tracks), *((song.mix,) if song.mix else ())):
        state = file_status(path)
        digest.update(f"{path.absolute()} {state.st_size} {state.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:24]
