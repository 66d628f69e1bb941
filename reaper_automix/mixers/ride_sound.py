"""What a rider hears of a song: the level of every track in steps of a second, and when it sounds.

The steps are made of the 100 ms energies that every measurement holds, under the gains that the session plays now, so
that a rider judges what is heard at the master.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import ABSOLUTE_GATE_LUFS, Energy, energy_to_lufs, integrated_lufs

STEP_BLOCKS = 10
STEP_S = 1.0
"""A second: a ride goes from phrase to phrase, not from note to note."""

SOUNDING_LU = -25.0
"""A step this far below the track's gated loudness is a pause: its level is tail, bleed or noise."""

SILENT_LUFS = ABSOLUTE_GATE_LUFS

Floats = NDArray[np.float64]
Steps = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RideTrack:
    """One track in steps.

    Parameters
    ----------
    energy : ndarray of float64, shape (n_steps,)
        K-weighted mean square per step, summed over left and right.
    loudness_lufs : float
        Gated, over all of it; ``-inf`` where it is silent.
    """

    energy: Floats
    loudness_lufs: float

    @property
    def sounds(self) -> Steps:
        """Whether the track sounds in a step, or pauses, (n_steps,)."""
        floor_lufs = max(self.loudness_lufs + SOUNDING_LU, SILENT_LUFS)
        return np.asarray(energy_to_lufs(self.energy) > floor_lufs)


def ride_track(block_energy: Energy, gain_lin: Energy | None = None) -> RideTrack:
    """Return a track in steps.

    Parameters
    ----------
    block_energy : ndarray of float64, shape (2, n_blocks)
        K-weighted mean square of consecutive 100 ms blocks, left and right.
    gain_lin : ndarray of float64, shape (2, n_blocks), optional
        Linear gain of each block.
    """
    heard = block_energy if gain_lin is None else block_energy * np.square(gain_lin)
    return RideTrack(step_means(heard.sum(axis=0)), integrated_lufs(block_energy, gain_lin))


def step_means(blocks: Floats, step_blocks: int = STEP_BLOCKS) -> Floats:
    """Return the mean of each step of the last axis; a last step that is not whole is the mean of what there is."""
    n_blocks = blocks.shape[-1]
    if not n_blocks:
        return blocks
    starts = np.arange(0, n_blocks, step_blocks)
    sizes = np.minimum(step_blocks, n_blocks - starts)
    return np.asarray(np.add.reduceat(blocks, starts, axis=-1) / sizes)


def moving_mean(values: Floats, n_steps: int) -> Floats:
    """Return the mean over ``n_steps`` around each step of the last axis; at the ends, over those that there are."""
    before = (n_steps - 1) // 2
    total = np.concatenate((np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)), axis=-1)
    here = np.arange(values.shape[-1])
    first, last = np.maximum(here - before, 0), np.minimum(here - before + n_steps, values.shape[-1])
    return np.asarray((total[..., last] - total[..., first]) / (last - first))
