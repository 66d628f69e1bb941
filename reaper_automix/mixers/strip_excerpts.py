"""What the controller of a console hears of a song: a few excerpts, chosen by where its tracks sound, as images.

Each track is brought to one loudness and heard in the same excerpts as all others, as far as it sounds in them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import BLOCKS_PER_SECOND, Audio, Energy, LoudnessMeter, integrated_lufs
from reaper_automix.analysis.mel_spectra import N_MELS, in_db, mel_energies
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.units import db_to_energy

EXCERPT_S = 5.0
MOST_EXCERPTS = 4
SOUNDS_ABOVE_DB = -15.0
"""A track sounds in an excerpt where it is less than this below its loudest one."""

N_BANDS, N_COLUMNS = N_MELS // 2, 107
"""Of the image of an excerpt: mel bands and frames, two at a time."""
FLOOR_DB, RANGE_DB = -60.0, 80.0
"""Of an image, which is 0 at the floor and 1 so far above it: about where a loud partial of a track lies."""

CHANNELS = 2
"""An image holds half the sum and half the difference of the sides; the latter is empty for a mono track."""

_WINDOW_BLOCKS = round(EXCERPT_S * BLOCKS_PER_SECOND)
_EMPTY = db_to_energy(-69.0)
"""K-weighted mean square, summed over the sides: what is below is silence in any case."""

Floats = NDArray[np.float64]
Images = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the controller knows of a song.

    Parameters
    ----------
    images : ndarray of float32, shape (n_tracks, MOST_EXCERPTS, 2, N_BANDS, N_COLUMNS)
        Mel spectra of each track in each excerpt, at one loudness; 0 where there is nothing.
    sounds : ndarray of bool, shape (n_tracks, MOST_EXCERPTS)
        Where a track is heard; nowhere for a silent one.
    loudness_lufs : ndarray of float64, shape (n_tracks,)
        As it came in; ``-inf`` for a silent one.
    starts_s : tuple of float
        Where the common excerpts begin, at most ``MOST_EXCERPTS``.
    """

    images: Images
    sounds: Flags
    loudness_lufs: Floats
    starts_s: tuple[float, ...]


def hear(tracks: Sequence[Audio], rate_hz: int) -> Heard:
    """Choose the excerpts of a song and return what each track is in them.

    The first excerpt is the one in which most tracks sound. In each further one a track counts 1 if it was not heard
    yet, 1/2 if once, 1/3 if twice, and so on; the earliest of equals is taken, and none overlaps another. A track that
    sounds in none of them is heard where it is loudest.

    Parameters
    ----------
    tracks : sequence of ndarray of float32, shape (1 or 2, n_samples)
        All beginning at the same time; lengths may differ.
    rate_hz : int
        Of all of them.

    Raises
    ------
    MediaError
        If samples are not numbers.
    ValueError
        If a track is neither mono nor stereo.
    """
    places = places_of([_block_energy(track, rate_hz) for track in tracks])
    return heard_at(places, lambda number, start_s: excerpt(tracks[number], start_s, rate_hz), rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the tracks of a song are to be heard.

    Parameters
    ----------
    starts_s : tuple of tuple of float
        Of each track, at most ``MOST_EXCERPTS``; none for a silent one.
    common_s : tuple of float
        The excerpts that all tracks share, in the order in which they were chosen.
    loudness_lufs : ndarray of float64, shape (n_tracks,)
        Of each track; ``-inf`` for a silent one.
    """

    starts_s: tuple[tuple[float, ...], ...]
    common_s: tuple[float, ...]
    loudness_lufs: Floats


def places_of(energies: Sequence[Energy]) -> Places:
    """Choose the excerpts of a song, as ``hear`` says.

    Parameters
    ----------
    energies : sequence of ndarray of float64, shape (2, n_blocks)
        K-weighted mean square of each track per 100 ms, as every meter has it, all from the same time on.
    """
    loudness_lufs = np.array([integrated_lufs(energy) for energy in energies])
    windows = _windows(energies)
    chosen, active = chosen_windows(windows), sounding(windows)
    starts_s: list[tuple[float, ...]] = []
    for number, lufs in enumerate(loudness_lufs.tolist()):
        heard = [place for place in chosen if active[number, place]] or [int(windows[number].argmax())]
        is_heard = math.isfinite(lufs) and active[number].any()
        starts_s.append(tuple(map(float, heard)) if is_heard else ())
    return Places(tuple(starts_s), tuple(map(float, chosen)), loudness_lufs)


def heard_at(places: Places, cut: Callable[[int, float], Audio], rate_hz: int) -> Heard:
    """Return what each track is in its excerpts.

    Parameters
    ----------
    places : Places
    cut : callable
        From the number of a track and a start in seconds to ``EXCERPT_S`` of it, (1 or 2, n_samples).
    rate_hz : int
        Of what it returns.
    """
    n_tracks = len(places.starts_s)
    images = np.zeros((n_tracks, MOST_EXCERPTS, CHANNELS, N_BANDS, N_COLUMNS), np.float32)
    sounds = np.zeros((n_tracks, MOST_EXCERPTS), bool)
    for number, starts_s in enumerate(places.starts_s):
        for slot, start_s in enumerate(starts_s):
            gain_db = REFERENCE_LUFS - float(places.loudness_lufs[number])
            images[number, slot] = image_of(cut(number, start_s), rate_hz, gain_db)
            sounds[number, slot] = True
    return Heard(images, sounds, places.loudness_lufs, places.common_s)


def excerpt(track: Audio, start_s: float, rate_hz: int) -> Audio:
    """Return ``EXCERPT_S`` of a track, filled up with silence where it ends."""
    length, start = round(EXCERPT_S * rate_hz), round(start_s * rate_hz)
    cut = track[:, start : start + length]
    return np.pad(cut, ((0, 0), (0, length - cut.shape[1])))


def sounding(windows: Energy) -> Flags:
    """Return in which windows each track sounds, (n_tracks, n_windows)."""
    loudest = windows.max(axis=1, keepdims=True, initial=0.0)
    return np.asarray(windows > np.maximum(loudest * db_to_energy(SOUNDS_ABOVE_DB), _EMPTY))


def chosen_windows(windows: Energy) -> list[int]:
    """Return which windows, one per second, are excerpts, in the order they were chosen.

    Parameters
    ----------
    windows : ndarray of float64, shape (n_tracks, n_windows)
        Energy of each track in each window of ``EXCERPT_S``.
    """
    active = sounding(windows)
    times_heard = np.zeros(len(windows))
    free = np.ones(windows.shape[1], bool)
    chosen: list[int] = []
    while len(chosen) < MOST_EXCERPTS and free.any():
        worth = np.where(free, (active / (1.0 + times_heard[:, np.newaxis])).sum(axis=0), 0.0)
        best = int(worth.argmax())
        if worth[best] <= 0.0:
            break
        chosen.append(best)
        times_heard += active[:, best]
        free[max(best - math.ceil(EXCERPT_S) + 1, 0) : best + math.ceil(EXCERPT_S)] = False
    return chosen


def image_of(cut: Audio, rate_hz: int, gain_db: float) -> Images:
    """Return the image of an excerpt after a gain, (2, N_BANDS, N_COLUMNS)."""
    left, right = (cut[0], cut[0]) if len(cut) == 1 else cut
    image = np.zeros((CHANNELS, N_BANDS, N_COLUMNS), np.float32)
    for channel, half in enumerate(((left + right) / 2.0, (left - right) / 2.0)):
        if not half.any():
            continue
        mels = mel_energies(np.asarray(half, np.float32), rate_hz)[:, : 2 * N_COLUMNS]
        mels = np.pad(mels, ((0, 0), (0, 2 * N_COLUMNS - mels.shape[1])))
        pooled = mels.reshape(N_BANDS, 2, N_COLUMNS, 2).sum(axis=(1, 3)) / np.float32(2.0)
        image[channel] = np.maximum((in_db(pooled) + np.float32(gain_db - FLOOR_DB)) / np.float32(RANGE_DB), 0.0)
    return image


def _block_energy(track: Audio, rate_hz: int) -> Energy:
    if track.ndim != 2 or len(track) not in (1, 2):
        raise ValueError(f"a track of shape {track.shape}, expected (1 or 2, n_samples)")
    meter = LoudnessMeter(rate_hz, len(track))
    meter.add(track)
    return meter.block_energy()


def _windows(energies: Sequence[Energy]) -> Energy:
    """Return the mean energy of every ``EXCERPT_S``, one per second, summed over the sides, (n_tracks, n_windows)."""
    n_blocks = max([_WINDOW_BLOCKS, *(energy.shape[1] for energy in energies)])
    total = np.zeros((len(energies), n_blocks))
    for row, energy in zip(total, energies, strict=True):
        row[: energy.shape[1]] = energy.sum(axis=0)
    return np.asarray(sliding_window_view(total, _WINDOW_BLOCKS, axis=1)[:, ::BLOCKS_PER_SECOND].mean(axis=2))
