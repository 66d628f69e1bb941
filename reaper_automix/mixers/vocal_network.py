"""How loud humans would have a vocal over its backing, predicted by the small network of Li and Lerch [1].

The network hears blocks of 1.5 s, or of 6 s where the trained recipe says so: mel spectra of vocal and backing, each
brought to its own maximum. The level is not in what it hears: all that it can go by is spectra and density. Its
answers are averaged over the blocks in which the vocal sounds.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-B.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.analysis.mel_spectra import N_MELS, Audio, Mels, in_db, mel_energies
from reaper_automix.audio import levels
from reaper_automix.errors import ModelError
from reaper_automix.learning.convolution import ConvolutionNetwork, network_from_bytes
from reaper_automix.models_folder import AGAIN, load_card, load_weights

FORMAT = "reaper_automix.vocal_level/1"
MODEL_NAME = "vocal_level"
WEIGHTS_FILE = "weights.npz"

BLOCK_FRAMES = 64
"""Columns that the network sees; with ``pooling`` each is the mean of that many frames."""

RANDOM_GAIN_DB = (-12.0, 0.0)
"""What each channel is multiplied with in training, drawn anew each time; [1] names no range."""
SHOWN_GAIN_DB = -6.0
"""What each channel is multiplied with to predict: the middle of the range."""
DB_RANGE = 80.0
"""Of the inputs in dB: so far below the maximum of a block they are 0."""

VOCAL_GATE_DB = -25.0
BACKING_GATE_DB = -50.0
"""Below this against the loud blocks (their 95th percentile) a channel counts as silent in a block."""
LOWEST_ENERGY = 1e-13
"""In the unit of ``mel_energies``, summed over the bands of a frame: less is silence in any case."""

Flags = NDArray[np.bool_]


def blocks_of(vocal: Mels, backing: Mels, pooling: int = 1) -> Mels:
    """Cut two mel spectra into blocks.

    Parameters
    ----------
    vocal, backing : ndarray of float32, shape (128, n_frames)
        The shorter one is filled up with silence.
    pooling : int
        So many frames are averaged to one column. Blocks begin every 64 frames whatever it is.

    Returns
    -------
    ndarray of float32, shape (n_blocks, 2, 128, 64)
        At least one; frames after the last whole block are not heard, unless there is no other.
    """
    length, span = max(vocal.shape[1], backing.shape[1]), BLOCK_FRAMES * pooling
    both = np.zeros((2, N_MELS, max(length, span)), np.float32)
    both[0, :, : vocal.shape[1]] = vocal
    both[1, :, : backing.shape[1]] = backing
    cut = sliding_window_view(both, span, axis=2)[:, :, ::BLOCK_FRAMES]  # (2, mels, blocks, span)
    pooled = cut.reshape(*cut.shape[:3], BLOCK_FRAMES, pooling).mean(axis=4)
    return np.ascontiguousarray(pooled.transpose(2, 0, 1, 3))


def sounding(blocks: Mels) -> Flags:
    """Return in which blocks the vocal sounds, with something to sound over, (n_blocks,)."""
    energy = blocks.sum(axis=2).mean(axis=2, dtype=np.float64)  # (blocks, 2)
    loud = np.percentile(energy, 95.0, axis=0)
    gates = np.asarray(levels.db_to_energy(np.array([VOCAL_GATE_DB, BACKING_GATE_DB])))
    return np.asarray((energy > np.maximum(loud * gates, LOWEST_ENERGY)).all(axis=1))


def as_heard(blocks_db: Mels, gains_db: NDArray[np.floating[Any]] | float, *, as_level: bool) -> Mels:
    """Return what the network sees: each channel over its own maximum, times a gain.

    Parameters
    ----------
    blocks_db : ndarray of float32, shape (n_blocks, 2, 128, 64)
        Mel energies in dB.
    gains_db : float, or ndarray of shape (n_blocks, 2)
    as_level : bool
        Whether as a level, 1 at the maximum and 0 from 80 dB below; else as energy times gain, as published.
    """
    gains = np.broadcast_to(np.asarray(gains_db, np.float32), blocks_db.shape[:2])[..., np.newaxis, np.newaxis]
    below_db = blocks_db - blocks_db.max(axis=(2, 3), keepdims=True)
    if as_level:
        return np.asarray(np.maximum(1.0 + (below_db + gains) / np.float32(DB_RANGE), 0.0), np.float32)
    return np.asarray(levels.db_to_energy(below_db + gains / np.float32(2.0)), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class VocalNetwork:
    """A trained network, and how its inputs and answers are to be read.

    Parameters
    ----------
    network : ConvolutionNetwork
    as_level : bool
        See ``as_heard``.
    pooling : int
        See ``blocks_of``.
    scale_lu, shift_lu : float
        Loudness of the vocal minus that of the backing = answer * scale + shift.
    """

    network: ConvolutionNetwork
    as_level: bool = False
    pooling: int = 1
    scale_lu: float = 1.0
    shift_lu: float = 0.0

    def gaps_lu(self, blocks_db: Mels) -> NDArray[np.float64]:
        """Return the answer to each block of mel energies in dB, (n_blocks,)."""
        seen = as_heard(blocks_db, SHOWN_GAIN_DB, as_level=self.as_level)
        return self.network.predict(seen) * self.scale_lu + self.shift_lu

    def gap_lu(self, vocal: Audio, backing: Audio, rate_hz: int) -> float:
        """Return the mean answer; parameters and errors as ``predicted_gap_lu``."""
        blocks = blocks_of(mel_energies(vocal, rate_hz), mel_energies(backing, rate_hz), self.pooling)
        heard = sounding(blocks)
        if not heard.any():
            raise ValueError("vocal and backing never sound together: there is no level to predict")
        return float(self.gaps_lu(in_db(blocks[heard])).mean())


def predicted_gap_lu(vocal: Audio, backing: Audio, rate_hz: int) -> float:
    """Return how much louder than its backing humans would have a vocal, by the shipped network.

    Parameters
    ----------
    vocal, backing : ndarray of float32, shape (n_samples,)
        Mono, at any level: levels are not seen. The shorter one is filled up with silence.
    rate_hz : int
        Of both.

    Returns
    -------
    float
        Integrated loudness of the vocal minus that of the backing, in LU; mean over the blocks where the vocal sounds.

    Raises
    ------
    ValueError
        If the vocal or the backing is silent, they never sound together, or a signal is not mono or not of numbers.
    ModelError
        If the shipped model is missing, damaged or not the one that its card describes.
    """
    return load_vocal_network().gap_lu(vocal, backing, rate_hz)


def load_vocal_network() -> VocalNetwork:
    """Load the shipped network.

    Raises
    ------
    ModelError
        If it is missing, damaged or not the one that its card describes.
    """
    card = load_card(MODEL_NAME, FORMAT)
    network = load_weights(MODEL_NAME, WEIGHTS_FILE, card, network_from_bytes)
    try:
        return network_of(network, card["input"], card["answer"])
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"models/{MODEL_NAME}/model.json: 'input' or 'answer' is damaged. {AGAIN}") from None


def vocal_network_is_proven() -> bool:
    """Return whether the shipped network erred less than a constant on authors it had not seen, beyond doubt.

    Raises
    ------
    ModelError
        If its card is missing, damaged or of another format.
    """
    return load_card(MODEL_NAME, FORMAT).get("proven_on_unseen_authors") is True


def usual_gap_lu() -> float:
    """Return the mean over all human mixes that were learned from: the constant that the network was judged beside.

    Raises
    ------
    ModelError
        If the card is missing, damaged or of another format.
    """
    try:
        return float(load_card(MODEL_NAME, FORMAT)["constant_lu"]["all"])
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"models/{MODEL_NAME}/model.json: 'constant_lu' is damaged. {AGAIN}") from None


def network_of(network: ConvolutionNetwork, heard: Mapping[str, Any], answer: Mapping[str, Any]) -> VocalNetwork:
    """Return the network with how a card says that it is to be read.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the card does not say it.
    """
    pooling, scale, shift = int(heard["pooling"]), float(answer["scale_lu"]), float(answer["shift_lu"])
    if not 1 <= pooling <= 64 or not np.isfinite([scale, shift]).all():
        raise ValueError("numbers that no network has")
    return VocalNetwork(network, heard["as_level"] is True, pooling, scale, shift)
