"""Which part of a song a report plays, how long, and at what bit rate: what a page has room for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import BLOCK_S
from reaper_automix.analysis.measurement import Measurement
from reaper_automix.audio.levels import energy_to_db

LONGEST_S = 20.0
"""Of the mix, and of tracks where there are few."""

SHORTEST_S = 8.0
LEAST_S = 6.0
"""Tracks are shorter than ``SHORTEST_S`` only so that more of them can be heard, and never shorter than this."""

EFFORT_S = 240.0
"""With many tracks their excerpt gets shorter, so that about so much of one channel is encoded: 3 s of one core."""

MIX_KBPS = 160

QUALITIES_KBPS = ((96, 160), (80, 128), (64, 112), (64, 96))
"""For one and for two channels. At 64 and 96 the encoder keeps up to about 16 and 15 kHz."""

TEXT_PER_BYTE = 4.0 / 3.0
"""What base64 makes of it."""

_GRID_BLOCKS = 5
_SOUNDS_ABOVE_DB = -20.0
_ENOUGH_SHARE = 0.25
_SHARE_PER_LU = 0.02
_SILENT_ENERGY = 1e-9


@dataclass(frozen=True, slots=True)
class Need:
    """What a track takes: how many sounds, of how many channels."""

    name: str
    n_sounds: int
    n_channels: int


@dataclass(frozen=True, slots=True)
class Room:
    """What fits: how long the mix is, how long the tracks, their bit rates for one and two channels, and which fit."""

    mix_s: float
    tracks_s: float
    kbps: tuple[int, int]
    names: tuple[str, ...]


def room_for(needs: Sequence[Need], *, room_bytes: int, available_s: float) -> Room:
    """Return the longest and best excerpts that a page has room for.

    Parameters
    ----------
    needs : sequence of Need
        The most important first; what does not fit is left out from the end.
    room_bytes : int
        Of text, in the page.
    available_s : float
        How much there is to play.
    """
    mix_s = min(LONGEST_S, available_s)
    room_bytes -= math.ceil(mix_s * _bytes_per_s([Need("", 2, 1)], (MIX_KBPS, MIX_KBPS)))
    n_channels = sum(need.n_sounds * need.n_channels for need in needs)
    wanted_s = min(mix_s, max(SHORTEST_S, EFFORT_S / max(n_channels, 1)))
    names = tuple(need.name for need in needs)
    for kbps in QUALITIES_KBPS:
        if wanted_s * _bytes_per_s(needs, kbps) <= room_bytes:
            return Room(mix_s, wanted_s, kbps, names)
    least = QUALITIES_KBPS[-1]
    fitting_s = room_bytes / _bytes_per_s(needs, least)
    if fitting_s >= LEAST_S:
        return Room(mix_s, fitting_s, least, names)
    tracks_s = min(LEAST_S, mix_s)
    kept = [n for n in range(len(needs)) if tracks_s * _bytes_per_s(needs[: n + 1], least) <= room_bytes]
    return Room(mix_s, tracks_s, least, names[: len(kept)])


def _bytes_per_s(needs: Iterable[Need], kbps: tuple[int, int]) -> float:
    return sum(need.n_sounds * kbps[need.n_channels - 1] * 125.0 * TEXT_PER_BYTE for need in needs)


def fullest_start_s(
    mix: Measurement,
    tracks: Iterable[tuple[Measurement, float]],
    range_s: tuple[float, float],
    length_s: float,
) -> float:
    """Return where the excerpt begins in which the most tracks play; among those where the mix is loud.

    Parameters
    ----------
    mix : Measurement
        The master.
    tracks : iterable of (Measurement, float)
        Tracks before their faders, and how much each of them counts.
    range_s : tuple of float
        The excerpt lies in it.
    length_s : float
        Its length.
    """
    n_window = max(round(length_s / BLOCK_S), 1)
    first, last = round(range_s[0] / BLOCK_S), round((range_s[1] - length_s) / BLOCK_S)
    starts = np.arange(first, max(last, first) + 1, _GRID_BLOCKS)
    level_db = energy_to_db(_means(mix.block_energy.sum(axis=0), mix.start_s, starts, n_window))
    loudest_db = level_db.max()
    if not np.isfinite(loudest_db):
        return range_s[0]
    counted = list(tracks)
    heard = np.zeros(starts.size)
    for track, weight in counted:
        heard += weight * _share_heard(track, starts, n_window)
    heard /= sum(weight for _, weight in counted) or 1.0
    with np.errstate(invalid="ignore"):
        score = np.where(np.isfinite(level_db), heard + _SHARE_PER_LU * (level_db - loudest_db), -np.inf)
    return float(max(starts[int(score.argmax())] * BLOCK_S, range_s[0]))


def _share_heard(track: Measurement, starts: NDArray[np.int_], n_window: int) -> NDArray[np.float64]:
    """Return 1 where a track plays in a window for long enough, less where it plays for less."""
    energy = track.block_energy.sum(axis=0)
    loud = float(np.percentile(energy, 95.0)) if energy.size else 0.0
    sounds = (energy > max(loud * 10.0 ** (_SOUNDS_ABOVE_DB / 10.0), _SILENT_ENERGY)).astype(np.float64)
    return np.minimum(_means(sounds, track.start_s, starts, n_window) / _ENOUGH_SHARE, 1.0)


def _means(values: NDArray[np.float64], start_s: float, starts: NDArray[np.int_], n_window: int) -> NDArray[np.float64]:
    """Return the mean over each window of blocks that begins at a block of the project; outside there is nothing."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    begin = starts - round(start_s / BLOCK_S)
    low, high = (np.clip(edge, 0, values.size) for edge in (begin, begin + n_window))
    return np.asarray(np.maximum(sums[high] - sums[low], 0.0) / n_window)
