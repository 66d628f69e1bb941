"""From the files of a corpus to songs whose rides can be learned: energies, features and human gains per 100 ms.

Every file is decoded twice: by itself for its track, and with the others for the group it belongs to. What was heard is
kept in the cache by the content of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.features import FeatureListener, FrameFeatures
from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.measurement import Measurement, MeasurementBuilder
from reaper_automix.analysis.roles import UTILITY_ROLES, Role
from reaper_automix.errors import CorpusError, MediaError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Usage
from reaper_automix.training.evaluation.listening import FEWEST_TRACKS, OFF_DB, SILENT_LUFS, human_gain_db
from reaper_automix.training.rides.groups import GROUPS, group_gain_db, group_of, typical_gain_db
from reaper_automix.units import db_to_lin

HEARD_AS = 2
"""Raise this when files are heard differently, so that what the cache holds is not used."""

THREADS = 2
_BLOCK_SAMPLES = 1 << 17

Floats = NDArray[np.float64]
_Parts = tuple[tuple[Path, float], ...]
"""Files to be heard together, each at a constant gain in dB."""


@dataclass(frozen=True, slots=True, eq=False)
class RiddenTrack:
    """A track, or a group of tracks, before the human's gain, and that gain; per 100 ms.

    Parameters
    ----------
    energy : ndarray of float64, shape (n_blocks,)
        K-weighted mean square, summed over left and right.
    features : ndarray of float32, shape (n_blocks, n_columns)
        See ``analysis.features``.
    gain_db : ndarray of float64, shape (n_blocks,)
        The human's.
    loudness_lufs : float
        Gated.
    moves : bool
        Whether the gain changes over time, by a fader or controller of a human.
    """

    id: str
    name: str
    role: Role | None
    energy: Floats
    features: NDArray[np.float32]
    gain_db: Floats
    loudness_lufs: float
    moves: bool


@dataclass(frozen=True, slots=True, eq=False)
class RiddenSong:
    """A song, its tracks, and the groups that they make."""

    corpus: str
    id: str
    author: str
    licence: str
    usage: Usage
    tracks: tuple[RiddenTrack, ...]
    groups: tuple[RiddenTrack, ...]


def hear_rides(
    songs: Sequence[CorpusSong], *, cache: MeasurementCache | None = None, progress: Progress = silent
) -> tuple[RiddenSong, ...]:
    """Hear the songs of corpora; tracks that are silent, switched off, no music or of unknown gain are left out.

    Raises
    ------
    CorpusError
        If an audio file is missing or cannot be read.
    """
    cache = cache or MeasurementCache()
    heard: list[RiddenSong] = []
    with ThreadPoolExecutor(THREADS, thread_name_prefix="hear") as pool:
        waiting = [pool.submit(_heard_song, song, cache) for song in songs]
        try:
            for number, (song, future) in enumerate(zip(songs, waiting, strict=True)):
                progress("Hearing the songs", number, len(songs), song.title)
                heard.append(future.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(song for song in heard if len(song.tracks) >= FEWEST_TRACKS)


def lengthened(values: Floats, n_blocks: int, *, edge: bool = False) -> Floats:
    """Bring a track's values, (any,), to so many blocks, (n_blocks,): silence at the end, or the last value."""
    padding = (0, max(n_blocks - values.size, 0))
    return np.pad(values, padding, mode="edge" if edge else "constant")[:n_blocks]


def _heard_song(song: CorpusSong, cache: MeasurementCache) -> RiddenSong:
    counted = [t for t in song.tracks if t.gain_is_known and t.role not in UTILITY_ROLES]
    known = [(track, _heard(((track.path, 0.0),), cache)) for track in counted]
    tracks = [(track, heard) for track, heard in known if _is_heard(track, heard[0])]
    ridden = tuple(_ridden_track(track, *heard) for track, heard in tracks)
    groups = []
    for group in GROUPS:
        members = [
            (corpus_track, track)
            for (corpus_track, _), track in zip(tracks, ridden, strict=True)
            if group_of(track.role) == group
        ]
        if members:
            groups.append(_ridden_group(group, members, cache))
    return RiddenSong(song.corpus, song.id, song.author, song.licence, song.usage, ridden, tuple(groups))


def _is_heard(track: CorpusTrack, measurement: Measurement) -> bool:
    return measurement.loudness.integrated_lufs > SILENT_LUFS and max(gain for _, gain in track.gain_db) > OFF_DB


def _ridden_track(track: CorpusTrack, measurement: Measurement, features: FrameFeatures) -> RiddenTrack:
    energy, values = _of_one_length(measurement, features)
    gain_db = human_gain_db(track.gain_db, energy.size)
    loudness_lufs = measurement.loudness.integrated_lufs
    return RiddenTrack(track.id, track.name, track.role, energy, values, gain_db, loudness_lufs, track.moves)


def _ridden_group(
    group: str, members: Sequence[tuple[CorpusTrack, RiddenTrack]], cache: MeasurementCache
) -> RiddenTrack:
    """Return the sum of a group's tracks at their typical gains, and the gain that is left for it."""
    tracks = [track for _, track in members]
    typical_db = np.array([typical_gain_db(track.gain_db, track.energy) for track in tracks])
    parts = tuple((part.path, round(gain, 3)) for (part, _), gain in zip(members, typical_db.tolist(), strict=True))
    measurement, features = _heard(parts, cache)
    energy, values = _of_one_length(measurement, features)
    n_blocks = energy.size
    gain_db = group_gain_db(
        np.stack([lengthened(track.gain_db, n_blocks, edge=True) for track in tracks]),
        typical_db,
        np.stack([lengthened(track.energy, n_blocks) for track in tracks]),
    )
    moves = any(track.moves for track in tracks)
    loudness_lufs = measurement.loudness.integrated_lufs
    return RiddenTrack(group, group, None, energy, values, gain_db, loudness_lufs, moves)


def _of_one_length(measurement: Measurement, features: FrameFeatures) -> tuple[Floats, NDArray[np.float32]]:
    """Return energies and features per 100 ms: an incomplete last block, which only one of them may hold, goes."""
    n_blocks = min(measurement.block_energy.shape[1], features.values.shape[0])
    return measurement.block_energy[:, :n_blocks].sum(axis=0), features.values[:n_blocks]


def _heard(parts: _Parts, cache: MeasurementCache) -> tuple[Measurement, FrameFeatures]:
    try:
        contents = sorted((cache.content_hash(path), gain) for path, gain in parts)
    except OSError as error:
        raise CorpusError(f"{error.filename}: cannot be read ({error.strerror}). Fetch the corpus again.") from error
    key = f"rides/{HEARD_AS}/{contents}"
    measurement, features = cache.load(key), cache.load_features(key)
    if measurement is None or features is None:
        try:
            measurement, features = _listened(parts)
        except (OSError, RuntimeError, ValueError, MediaError) as error:
            paths = ", ".join(str(path) for path, _ in parts)
            raise CorpusError(f"{paths}: cannot be heard ({error}). Fetch the corpus again.") from error
        cache.store(key, measurement)
        cache.store_features(key, features)
    return measurement, features


def _listened(parts: _Parts) -> tuple[Measurement, FrameFeatures]:
    with ExitStack() as opened:
        files = [(opened.enter_context(soundfile.SoundFile(path)), gain) for path, gain in parts]
        rates = {file.samplerate for file, _ in files}
        if len(rates) > 1:
            raise ValueError(f"files of different rates, {sorted(rates)} Hz")
        rate_hz = rates.pop()
        n_channels = min(max(file.channels for file, _ in files), 2)
        n_samples = max(file.frames for file, _ in files)
        builder = MeasurementBuilder(rate_hz, n_channels, start_s=0.0, n_samples=n_samples)
        listener = FeatureListener(rate_hz, n_channels)
        for block in _mixed(files, n_channels, n_samples):
            builder.add(block)
            listener.add(block)
    return builder.result(), listener.result()


def _mixed(files: Sequence[tuple[soundfile.SoundFile, float]], n_channels: int, n_samples: int) -> Iterator[Audio]:
    """Yield the sum of files at their gains, block by block; mono plays in both channels."""
    for start in range(0, n_samples, _BLOCK_SAMPLES):
        block = np.zeros((n_channels, min(_BLOCK_SAMPLES, n_samples - start)), np.float32)
        for file, gain_db in files:
            audio = file.read(block.shape[1], dtype="float32", always_2d=True).T[:2]
            block[:, : audio.shape[1]] += audio * np.float32(db_to_lin(gain_db))
        yield block
