"""From the files of a corpus to songs that can be evaluated; measured once per file content."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.loudness import BLOCK_S, Audio, Energy, integrated_lufs
from reaper_automix.analysis.measurement import Job, Measurement, measure, measure_all
from reaper_automix.analysis.roles import UTILITY_ROLES, role_of
from reaper_automix.audio import levels
from reaper_automix.errors import CorpusError, MediaError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, GainCurve
from reaper_automix.training.evaluation.songs import HeardSong, HeardTrack

MEASURED_AS = 1
"""Raise this when files are read differently, so that old measurements are not used."""

OFF_DB = -60.0
"""A human gain below this is a track switched off, not a level."""

SILENT_LUFS = -70.0
FEWEST_TRACKS = 2
_BLOCK_SAMPLES = 1 << 17


def listen(
    songs: Sequence[CorpusSong], *, cache: MeasurementCache | None = None, progress: Progress = silent
) -> tuple[HeardSong, ...]:
    """Measure the songs of corpora; what says nothing of a balance is left out.

    Left out are tracks whose gain is not known, that are silent or switched off, that are a click or a printed mix,
    and songs of which fewer than two tracks remain.

    Raises
    ------
    CorpusError
        If an audio file is missing or cannot be read.
    """
    cache = cache or MeasurementCache()
    paths = {track.path for song in songs for track in song.tracks if track.gain_is_known}
    measured = _measured(sorted(paths), cache, progress)
    heard = (_heard(song, measured) for song in songs)
    return tuple(song for song in heard if len(song.tracks) >= FEWEST_TRACKS)


def with_roles_from_names(songs: Sequence[HeardSong]) -> tuple[HeardSong, ...]:
    """Return the songs with the roles that a session would have: those that the track names say."""
    return tuple(
        replace(song, tracks=tuple(replace(track, role=role_of(track.name)) for track in song.tracks)) for song in songs
    )


def human_gain_db(curve: GainCurve, n_blocks: int) -> NDArray[np.float64]:
    """Return a gain curve at the middle of each 100 ms block, float64 (n_blocks,)."""
    times_s, gains_db = (np.array(column) for column in zip(*curve, strict=True))
    return np.asarray(np.interp((np.arange(n_blocks) + 0.5) * BLOCK_S, times_s, gains_db))


def human_gain_lin(curve: GainCurve, n_blocks: int) -> Energy:
    """Return a gain curve as linear gain at the middle of each 100 ms block, (n_blocks,)."""
    return levels.db_to_lin(human_gain_db(curve, n_blocks))


def _measured(paths: Sequence[Path], cache: MeasurementCache, progress: Progress) -> dict[Path, Measurement]:
    keys = {path: _key(path, cache) for path in paths}
    found = {path: known for path in paths if (known := cache.load(keys[path])) is not None}
    missing = [path for path in paths if path not in found]
    jobs = [Job(path.name, _job(path, keys[path], cache)) for path in missing]
    measured = measure_all(jobs, lambda done, total, label: progress("Listening to the songs", done, total, label))
    return found | dict(zip(missing, measured, strict=True))


def _key(path: Path, cache: MeasurementCache) -> str:
    try:
        return f"evaluation/{MEASURED_AS}/{cache.content_hash(path)}"
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error}). Fetch the corpus again.") from error


def _job(path: Path, key: str, cache: MeasurementCache) -> Callable[[Callable[[], None]], Measurement]:
    def run(between: Callable[[], None]) -> Measurement:
        try:
            with soundfile.SoundFile(path) as file:
                size = file.frames
                measurement = measure(
                    _blocks(file), file.samplerate, file.channels, start_s=0.0, n_samples=size, between=between
                )
        except (OSError, RuntimeError, ValueError, MediaError) as error:
            raise CorpusError(f"{path}: cannot be measured ({error}). Fetch the corpus again.") from error
        cache.store(key, measurement)
        return measurement

    return run


def _blocks(file: soundfile.SoundFile) -> Iterator[Audio]:
    for block in file.blocks(_BLOCK_SAMPLES, dtype="float32", always_2d=True):
        yield np.ascontiguousarray(block.T)


def _heard(song: CorpusSong, measured: dict[Path, Measurement]) -> HeardSong:
    known = (_heard_track(track, measured[track.path]) for track in song.tracks if _counts(track))
    tracks = tuple(track for track in known if track is not None)
    return HeardSong(song.corpus, song.id, song.author, song.licence, song.usage, tracks)


def _counts(track: CorpusTrack) -> bool:
    return track.gain_is_known and track.role not in UTILITY_ROLES


def _heard_track(track: CorpusTrack, measurement: Measurement) -> HeardTrack | None:
    """Return the track with its loudness in the human's mix; None where it is not heard there."""
    energy = measurement.block_energy
    before_lufs = measurement.loudness.integrated_lufs
    human_lufs = integrated_lufs(energy, human_gain_lin(track.gain_db, energy.shape[1]))
    if before_lufs <= SILENT_LUFS or human_lufs <= SILENT_LUFS or not math.isfinite(human_lufs):
        return None
    if human_lufs - before_lufs <= OFF_DB:
        return None
    return HeardTrack(track.id, track.name, track.role, measurement, human_lufs)
