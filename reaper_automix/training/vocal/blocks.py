"""Pairs cut into what a network is shown: blocks of mel energies, and what it shall answer to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import BLOCK_S
from reaper_automix.analysis.mel_spectra import HOP, RATE_HZ, Mels, in_db
from reaper_automix.audio import levels
from reaper_automix.mixers.vocal_network import BLOCK_FRAMES, blocks_of, sounding
from reaper_automix.training.vocal.pairs import Pair

LOCAL_LIMIT_LU = 25.0
"""A block in which one of the two is nearly silent has no more difference than this."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SongBlocks:
    """The blocks of a pair in which its vocal sounds.

    Parameters
    ----------
    pair : Pair
    blocks_db : ndarray of float16, shape (n_blocks, 2, 128, 64)
        Mel energies in dB.
    local_lu : ndarray of float64, shape (n_blocks,)
        Loudness of the vocal minus that of the backing within each.
    """

    pair: Pair
    blocks_db: NDArray[np.float16]
    local_lu: Floats

    @property
    def n_blocks(self) -> int:
        """Blocks."""
        return len(self.local_lu)

    def levels_db(self, chosen: NDArray[np.intp] | slice = slice(None)) -> Mels:
        """Return mel energies of some blocks in dB, (n, 2, 128, 64)."""
        return self.blocks_db[chosen].astype(np.float32)


def song_blocks(pair: Pair, pooling: int, *, backing: int = 0, first_frame: int = 0) -> SongBlocks:
    """Cut a pair.

    Parameters
    ----------
    pair : Pair
    pooling : int
        Frames per column.
    backing : int
        0 is the human's; others are remixes.
    first_frame : int
        Where the first block begins.
    """
    vocal, other = pair.mels(0)[:, first_frame:], pair.mels(1 + backing)[:, first_frame:]
    blocks = blocks_of(vocal, other, pooling)
    heard = np.flatnonzero(sounding(blocks))
    starts_s = (heard * BLOCK_FRAMES + first_frame) * HOP / RATE_HZ
    span_s = BLOCK_FRAMES * pooling * HOP / RATE_HZ
    return SongBlocks(pair, in_db(blocks[heard]).astype(np.float16), _local_lu(pair, starts_s, span_s))


def training_blocks(
    pairs: Sequence[Pair], pooling: int, *, remixes: bool, rng: np.random.Generator
) -> list[SongBlocks]:
    """Cut pairs to learn from; remixes come as songs of their own, with blocks at random starts."""
    found = [song_blocks(pair, pooling) for pair in pairs]
    if remixes:
        n_backings = pairs[0].mels_db.shape[0] - 1 if pairs else 1
        for pair in pairs:
            for backing in range(1, n_backings):
                first = int(rng.integers(BLOCK_FRAMES))
                found.append(song_blocks(pair, pooling, backing=backing, first_frame=first))
    return [song for song in found if song.n_blocks]


def _local_lu(pair: Pair, starts_s: Floats, span_s: float) -> Floats:
    """Return the difference of the mean energies within spans of time."""
    n_blocks = max(round(span_s / BLOCK_S), 1)
    energies = np.pad(pair.energies, ((0, 0), (0, n_blocks)))
    means = sliding_window_view(energies, n_blocks, axis=1).mean(axis=2)
    at = np.minimum(np.round(starts_s / BLOCK_S).astype(np.intp), means.shape[1] - 1)
    vocal, backing = np.maximum(means[:, at], 1e-12)
    local: Floats = levels.energy_to_db(vocal / backing)
    return np.clip(local, -LOCAL_LIMIT_LU, LOCAL_LIMIT_LU)
