"""What tone a finished stem would have, said of a raw track by a small network as a gain per band and frame.

The network hears third octaves, and answers with gains in dB that are laid over the spectrum of the raw track: it can
weigh what is there, and has no way of adding what is not. Two parts add up: a gain per band, from the long-term
spectrum and the loud moments of the track's loudest ten seconds; and a gain per frame, from how far the bands of a few
frames around it lie from their long-term level. Boosts are limited, and fade out where a band holds nothing.

The published alternative, an autoencoder that gives the magnitudes themselves [1], is in ``training.tone``.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import loudest_start
from reaper_automix.analysis.stft import BIN_HZ, FrameGrid, frame_grid, spectra_of
from reaper_automix.audio import levels
from reaper_automix.errors import ModelError
from reaper_automix.learning.stored_arrays import arrays_of
from reaper_automix.models_folder import AGAIN, load_card, load_weights

FORMAT = "reaper_automix.tone/1"
MODEL_NAME = "tone"
WEIGHTS_FILE = "weights.npz"

CENTRES_HZ = tuple(1_000.0 * 2.0 ** (band / 3.0) for band in range(-12, 13))
"""62.5 Hz to 16 kHz: below, a third of an octave is narrower than a bin."""
N_BANDS = len(CENTRES_HZ)
N_FEATURES = 2 * N_BANDS
SEGMENT_S = 10.0

FLOOR_DB = -60.0
"""Of a band against the whole track: less counts as this."""
SILENCE_DB = -120.0
LOUD_PERCENTILE = 95.0
RELATIVE_DB = (-40.0, 20.0)
"""Range of what the network hears of a frame, against the long-term level of each band."""
REACH = 2
"""Frames before and after the one that is answered."""
MOST_BOOST_DB, MOST_CUT_DB = 12.0, 24.0
GATE_DB, GATE_FADE_DB = -60.0, 15.0
"""A band so far below the whole track, or a frame so far below its band, is not boosted; over the next 15 dB less."""

Floats = NDArray[np.float32]
Audio = NDArray[np.float32]


@lru_cache(maxsize=16)
def band_weights(grid: FrameGrid) -> Floats:
    """Return how bins and bands belong together, float32 (n_bins, n_bands): straight lines between the centres.

    Each row adds up to 1: times energies it gives those of the bands, and gains of bands times it those of the bins.
    """
    place = np.log2(np.maximum(grid.frequencies_hz(), 1.0) / CENTRES_HZ[0]) * 3.0
    distance = np.abs(np.clip(place, 0.0, N_BANDS - 1.0)[:, np.newaxis] - np.arange(N_BANDS))
    return np.asarray(np.maximum(1.0 - distance, 0.0), np.float32)


def levels_of(magnitude: Floats, grid: FrameGrid) -> Floats:
    """Return the level of each band in each frame in dB, float32 (n_frames, n_bands); ``SILENCE_DB`` at the least.

    Parameters
    ----------
    magnitude : ndarray of float32, shape (n_frames, n_bins)
        As ``analysis.stft`` gives it.
    grid : FrameGrid
    """
    energy = np.square(magnitude) @ band_weights(grid) * np.float32(grid.bin_hz / BIN_HZ)
    return np.maximum(levels.energy_to_db(energy), np.float32(SILENCE_DB))


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the network hears of a track's loudest part.

    Parameters
    ----------
    long_term_db : ndarray of float32, shape (n_bands,)
        Mean energy of each band, in dB.
    features : ndarray of float32, shape (2 * n_bands,)
        The same against the whole track, ``FLOOR_DB`` at the least; and how far loud frames lie above it.
    """

    long_term_db: Floats
    features: Floats


def hear(levels_db: Floats) -> Heard:
    """Return what is heard of the frames of a track; as levels of ``SILENCE_DB`` where there are none."""
    if not levels_db.shape[0]:
        levels_db = np.full((1, N_BANDS), SILENCE_DB, np.float32)
    energy = levels.db_to_energy(levels_db.astype(np.float64))
    mean = energy.mean(axis=0)
    long_term_db = levels.energy_to_db(mean)
    share_db = np.maximum(long_term_db - levels.energy_to_db(mean.sum()), FLOOR_DB)
    loud_db = np.percentile(levels_db, LOUD_PERCENTILE, axis=0) - long_term_db
    features = np.concatenate((share_db, np.clip(loud_db, -20.0, 20.0)))
    return Heard(long_term_db.astype(np.float32), features.astype(np.float32))


def relative(levels_db: Floats, long_term_db: Floats) -> Floats:
    """Return how far frames lie from the long-term level of their bands, clipped, and divided by 20 dB."""
    return np.asarray(np.clip(levels_db - long_term_db, *RELATIVE_DB) / np.float32(20.0), np.float32)


def context(relative_levels: Floats) -> Floats:
    """Return each frame with those around it, float32 (n_frames, (2 * REACH + 1) * n_bands); the ends go on."""
    n_frames = relative_levels.shape[0]
    if not n_frames:
        return np.zeros((0, (2 * REACH + 1) * N_BANDS), np.float32)
    padded = np.pad(relative_levels, ((REACH, REACH), (0, 0)), mode="edge")
    return np.concatenate([padded[n : n + n_frames] for n in range(2 * REACH + 1)], axis=1)


def boost_allowed(levels_db: Floats, heard: Heard) -> Floats:
    """Return the share of a boost that each band of each frame gets, 0 to 1, float32 (n_frames, n_bands)."""
    in_track = np.clip((heard.features[:N_BANDS] - (FLOOR_DB + 1.0)) / GATE_FADE_DB, 0.0, 1.0)
    in_band = np.clip((levels_db - heard.long_term_db - GATE_DB) / GATE_FADE_DB, 0.0, 1.0)
    return np.asarray(in_track * in_band * (levels_db > SILENCE_DB), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ToneNetwork:
    """The network of one group of instruments.

    Parameters
    ----------
    mean, deviation : ndarray of float32, shape (n_features,)
        What features are normalised by.
    base_db : ndarray of float32, shape (n_bands,)
        The answer to a track like the mean.
    still : tuple of (weights, bias)
        The layers from the features to a gain per band in dB, weights (n_in, n_out); none: the base alone.
    moving : tuple of (weights, bias)
        The layers from ``context`` to a gain per band in dB for each frame; none: no gain moves.
    """

    mean: Floats
    deviation: Floats
    base_db: Floats
    still: tuple[tuple[Floats, Floats], ...] = ()
    moving: tuple[tuple[Floats, Floats], ...] = ()

    def gains_db(self, levels_db: Floats, heard: Heard) -> Floats:
        """Return the gain of each band in each frame, float32 (n_frames, n_bands).

        Parameters
        ----------
        levels_db : ndarray of float32, shape (n_frames, n_bands)
            Of the frames to be answered.
        heard : Heard
            Of the loudest part of the track.
        """
        gains_db = np.broadcast_to(self.base_db, levels_db.shape)
        if self.still:
            gains_db = gains_db + _through(self.still, (heard.features - self.mean) / self.deviation)
        if self.moving:
            gains_db = gains_db + _through(self.moving, context(relative(levels_db, heard.long_term_db)))
        cut, boost = np.float32(MOST_CUT_DB), np.float32(MOST_BOOST_DB)
        limited_boost = boost * np.tanh(np.maximum(gains_db, 0.0) / boost) * boost_allowed(levels_db, heard)
        return np.asarray(limited_boost + cut * np.tanh(np.minimum(gains_db, 0.0) / cut), np.float32)


def heard_of(audio: Audio, sample_rate_hz: int) -> Heard:
    """Return what is heard of a track: of the ten seconds of highest energy of its mono sum.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_channels, n_samples)
        Any rate from 8 kHz, any level and length.
    sample_rate_hz : int
    """
    mono = audio.mean(axis=0)
    start, stop = loudest(mono, round(SEGMENT_S * sample_rate_hz))
    grid = frame_grid(sample_rate_hz)
    return hear(levels_of(spectra_of(mono[np.newaxis, start:stop], grid).magnitude, grid))


def loudest(mono: Audio, length: int) -> tuple[int, int]:
    """Return where the stretch of so many samples with the highest energy begins and ends; all, where there is less."""
    start = loudest_start(np.square(mono, dtype=np.float64), length)
    return start, min(start + length, mono.size)


def long_term_gain_db(network: ToneNetwork, audio: Audio, sample_rate_hz: int) -> tuple[Floats, Floats]:
    """Return the long-term difference between the network's output and a raw track: what an equaliser can play.

    Parameters
    ----------
    network : ToneNetwork
    audio : ndarray of float32, shape (n_channels, n_samples)
        The raw track.
    sample_rate_hz : int

    Returns
    -------
    gain_db : ndarray of float32, shape (n_bands,)
        At ``CENTRES_HZ``: level of the output minus that of the raw track, over its loudest ten seconds; 0 where the
        track holds nothing. Both at one overall energy is *not* enforced: the level is part of the answer.
    share_db : ndarray of float32, shape (n_bands,)
        Level of each band of the raw track against all of it.
    """
    mono = audio.mean(axis=0)
    start, stop = loudest(mono, round(SEGMENT_S * sample_rate_hz))
    grid = frame_grid(sample_rate_hz)
    levels_db = levels_of(spectra_of(mono[np.newaxis, start:stop], grid).magnitude, grid)
    heard = hear(levels_db)
    return mean_gain_db(network.gains_db(levels_db, heard), levels_db), heard.features[:N_BANDS]


def mean_gain_db(gains_db: Floats, levels_db: Floats) -> Floats:
    """Return what gains per frame do to the mean energy of each band, in dB, float32 (n_bands,)."""
    before = levels.db_to_energy(levels_db.astype(np.float64))
    after = levels.db_to_energy((levels_db + gains_db).astype(np.float64))
    if not len(before):
        return np.zeros(N_BANDS, np.float32)
    gain_db = levels.energy_to_db(after.mean(axis=0)) - levels.energy_to_db(before.mean(axis=0))
    return np.asarray(gain_db, np.float32)


def _through(layers: tuple[tuple[Floats, Floats], ...], values: Floats) -> Floats:
    for number, (weights, bias) in enumerate(layers):
        values = values @ weights + bias
        if number + 1 < len(layers):
            values = np.maximum(values, np.float32(0.0))
    return values


def networks_to_bytes(networks: Mapping[str, ToneNetwork]) -> bytes:
    """Return networks by group as an ``.npz`` without pickles."""
    arrays: dict[str, Floats] = {}
    for group, network in networks.items():
        for name in ("mean", "deviation", "base_db"):
            arrays[f"{group}/{name}"] = getattr(network, name)
        for part in ("still", "moving"):
            for number, (weights, bias) in enumerate(getattr(network, part)):
                arrays[f"{group}/{part}/{number}/weights"] = weights
                arrays[f"{group}/{part}/{number}/bias"] = bias
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: np.asarray(value, np.float32) for name, value in arrays.items()})
    return buffer.getvalue()


def networks_from_bytes(stored: bytes) -> dict[str, ToneNetwork]:
    """Return the networks that ``networks_to_bytes`` wrote; ``ValueError`` or ``LookupError`` if these are none."""
    arrays = {name: np.asarray(array, np.float32) for name, array in arrays_of(stored).items()}
    groups = dict.fromkeys(name.partition("/")[0] for name in arrays)
    return {group: _network(arrays, group) for group in groups}


def _network(arrays: Mapping[str, Floats], group: str) -> ToneNetwork:
    mean, deviation, base_db = (arrays[f"{group}/{name}"] for name in ("mean", "deviation", "base_db"))
    if mean.shape != (N_FEATURES,) or deviation.shape != (N_FEATURES,) or base_db.shape != (N_BANDS,):
        raise ValueError(f"the network of {group} hears {mean.shape} and answers {base_db.shape}")
    still = _layers(arrays, f"{group}/still", N_FEATURES)
    return ToneNetwork(mean, deviation, base_db, still, _layers(arrays, f"{group}/moving", (2 * REACH + 1) * N_BANDS))


def _layers(arrays: Mapping[str, Floats], name: str, n_in: int) -> tuple[tuple[Floats, Floats], ...]:
    found: list[tuple[Floats, Floats]] = []
    while f"{name}/{len(found)}/weights" in arrays:
        weights, bias = (arrays[f"{name}/{len(found)}/{what}"] for what in ("weights", "bias"))
        if weights.shape[0] != n_in or bias.shape != weights.shape[1:]:
            raise ValueError(f"layer {len(found)} of {name} has shapes {weights.shape} and {bias.shape}")
        n_in = weights.shape[1]
        found.append((weights, bias))
    if found and n_in != N_BANDS:
        raise ValueError(f"{name} ends in {n_in} numbers, expected {N_BANDS}")
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class ToneModel:
    """The networks that ship, by group of instruments, and what their card says of them."""

    networks: Mapping[str, ToneNetwork]
    card: Mapping[str, Any]


def load_model() -> ToneModel:
    """Load the networks that ship.

    Raises
    ------
    ModelError
        If they are missing or damaged.
    """
    card = load_card(MODEL_NAME, FORMAT)
    networks = load_weights(MODEL_NAME, WEIGHTS_FILE, card, networks_from_bytes)
    groups = card.get("groups", {})
    if not isinstance(groups, dict) or not all(isinstance(said, dict) for said in groups.values()):
        raise ModelError(f"models/{MODEL_NAME}/model.json: 'groups' is damaged. {AGAIN}")
    if missing := set(groups) - set(networks):
        raise ModelError(f"the model {MODEL_NAME} lacks the networks of {', '.join(sorted(missing))}. {AGAIN}")
    return ToneModel(networks, card)
