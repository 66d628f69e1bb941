"""How loud and where each track of a song shall be, by the controller of a differentiable mixing console [1].

Each track is brought to one loudness and heard in a few excerpts, the same for all tracks. One convolutional encoder
gives an embedding of each track; the mean of all embeddings is the context; one small network answers both with a gain
and a pan. So the order of the tracks does not matter, and there may be any number of them. The levels at which tracks
come in are not seen. The sides are: a network cannot know left from right, so ``on_both_sides`` decides that.

References
----------
.. [1] C. J. Steinmetz et al., Automatic multitrack mixing with a differentiable mixing console of neural audio
   effects, ICASSP 2021, section 2.2.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import BLOCKS_PER_SECOND, Audio, Energy, LoudnessMeter, integrated_lufs
from reaper_automix.analysis.mel_spectra import N_MELS, in_db, mel_energies
from reaper_automix.audio import levels
from reaper_automix.learning.convolution import Convolution
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.models_folder import load_card, load_weights
from reaper_automix.units import db_to_energy

FORMAT = "reaper_automix.strip_controller/1"
MODEL_NAME = "strips"
WEIGHTS_FILE = "weights.npz"

EXCERPT_S = 5.0
MOST_EXCERPTS = 4
SOUNDS_ABOVE_DB = -15.0
"""A track sounds in an excerpt where it is less than this below its loudest one."""

N_BANDS, N_COLUMNS = N_MELS // 2, 107
"""Of the image of an excerpt: mel bands and frames, two at a time."""
FLOOR_DB, RANGE_DB = -60.0, 80.0
"""Of an image, which is 0 at the floor and 1 so far above it: about where a loud partial of a track lies."""

MOST_GAIN_DB = 24.0
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


@dataclass(frozen=True, slots=True, eq=False)
class Strips:
    """Answers for the tracks of a song.

    Parameters
    ----------
    gains_db : ndarray of float64, shape (n_tracks,)
        For a track at the common loudness; the mean over the tracks that are heard is 0.
    pans : ndarray of float64, shape (n_tracks,)
        -1 (left) to 1 (right), for ``effects.pan.panned``.
    """

    gains_db: Floats
    pans: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A linear layer, and the slope of its PReLU below 0; 1 for the last one, which has none."""

    weight: Images
    bias: Images
    slope: float

    def forward(self, x: Images) -> Images:
        """Return the answer to rows, (n_rows, n_out)."""
        y = x @ self.weight.T + self.bias
        return np.asarray(np.maximum(y, 0.0) + np.float32(self.slope) * np.minimum(y, 0.0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class StripController:
    """Encoder and post-processor as plain arrays.

    Parameters
    ----------
    encoder : tuple of Convolution
        Normalisation is part of the weights.
    post_processor : tuple of Dense
        From embedding and context, beside each other, to gain and pan.
    """

    encoder: tuple[Convolution, ...]
    post_processor: tuple[Dense, ...]

    def embed(self, heard: Heard) -> Images:
        """Return the embedding of each track, the mean over its excerpts, (n_tracks, n_features); 0 where silent."""
        parts = np.zeros((*heard.sounds.shape, self.post_processor[0].weight.shape[1] // 2), np.float32)
        for track, excerpt in np.argwhere(heard.sounds):
            x = np.ascontiguousarray(heard.images[track, excerpt].transpose(1, 2, 0)[np.newaxis])
            for layer in self.encoder:
                x = layer.forward(x)
            parts[track, excerpt] = x[0].mean(axis=1).T.ravel()  # channel, band
        counts = np.maximum(heard.sounds.sum(axis=1, keepdims=True), 1)
        return np.asarray(parts.sum(axis=1) / counts, np.float32)

    def predict(self, heard: Heard) -> Strips:
        """Return gain and pan of each track; silent tracks stay where they are and say nothing to the others."""
        here: Flags = np.asarray(heard.sounds.any(axis=1))
        gains_db, pans = np.zeros(here.size), np.zeros(here.size)
        if not here.any():
            return Strips(gains_db, pans)
        x = self.embed(heard)[here]
        x = np.concatenate([x, np.broadcast_to(x.mean(axis=0), x.shape)], axis=1)
        for layer in self.post_processor:
            x = layer.forward(x)
        answers = np.tanh(x.astype(np.float64))
        gains_db[here] = MOST_GAIN_DB * (answers[:, 0] - answers[:, 0].mean())
        pans[here] = answers[:, 1]
        return Strips(gains_db, pans)


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
    energies = [_block_energy(track, rate_hz) for track in tracks]
    loudness_lufs = np.array([integrated_lufs(energy) for energy in energies])
    windows = _windows(energies)
    chosen = chosen_windows(windows)
    images = np.zeros((len(tracks), MOST_EXCERPTS, CHANNELS, N_BANDS, N_COLUMNS), np.float32)
    sounds = np.zeros((len(tracks), MOST_EXCERPTS), bool)
    active = sounding(windows)
    for number, track in enumerate(tracks):
        places = [place for place in chosen if active[number, place]] or [int(windows[number].argmax())]
        if not math.isfinite(loudness_lufs[number]) or not active[number].any():
            continue
        for slot, place in enumerate(places):
            cut = excerpt(track, float(place), rate_hz)
            images[number, slot] = image_of(cut, rate_hz, REFERENCE_LUFS - float(loudness_lufs[number]))
            sounds[number, slot] = True
    return Heard(images, sounds, loudness_lufs, tuple(float(place) for place in chosen))


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


def on_both_sides(pans: Floats, gains_db: Floats) -> Floats:
    """Return the pans with their size kept and their sides chosen so that left and right weigh about the same.

    Tracks of one kind get the same pan from any network that treats tracks alike, and would all end on one side.

    Parameters
    ----------
    pans, gains_db : ndarray of float64, shape (n_tracks,)
        The heaviest (size of the pan times energy) goes first, to the left; each other one to the lighter side.
    """
    weights = np.abs(pans) * levels.db_to_energy(gains_db)
    placed, balance = np.zeros_like(pans), 0.0
    for track in np.lexsort((pans, -weights)):
        side = 1.0 if balance < 0.0 else -1.0
        placed[track] = side * abs(float(pans[track]))
        balance += side * float(weights[track])
    return placed


def half_way(strips: Strips, offsets_db: Floats) -> Strips:
    """Return answers whose gains lie between the controller's and those of another rule, as the mean of their roles.

    Parameters
    ----------
    strips : Strips
    offsets_db : ndarray of float64, shape (n_tracks,)
        What the other rule says of tracks at the common loudness; what is common to all of them does not count.
    """
    if not offsets_db.size:
        return strips
    return Strips((strips.gains_db + offsets_db - offsets_db.mean()) / 2.0, strips.pans)


def predicted_strips(tracks: Sequence[Audio], rate_hz: int) -> Strips:
    """Return what the shipped controller answers; parameters and errors as ``hear``.

    Raises
    ------
    ModelError
        If the shipped model is missing, damaged or not the one that its card describes.
    """
    return load_strip_controller().predict(hear(tracks, rate_hz))


def load_strip_controller() -> StripController:
    """Load the shipped controller.

    Raises
    ------
    ModelError
        If it is missing, damaged or not the one that its card describes.
    """
    card = load_card(MODEL_NAME, FORMAT)
    return load_weights(MODEL_NAME, WEIGHTS_FILE, card, controller_from_bytes)


def strip_controller_is_proven() -> bool:
    """Return whether it beat every baseline on authors it had not seen, beyond doubt.

    Raises
    ------
    ModelError
        If its card is missing, damaged or of another format.
    """
    return load_card(MODEL_NAME, FORMAT).get("proven_on_unseen_authors") is True


def controller_to_bytes(controller: StripController) -> bytes:
    """Return a controller as the bytes of an ``.npz`` without pickles."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for number, layer in enumerate(controller.encoder):
        arrays |= {f"encoder_{number}_weight": layer.weight, f"encoder_{number}_bias": layer.bias}
    for number, dense in enumerate(controller.post_processor):
        arrays |= {f"post_{number}_weight": dense.weight, f"post_{number}_bias": dense.bias}
        arrays[f"post_{number}_slope"] = np.array(dense.slope, np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def controller_from_bytes(stored: bytes) -> StripController:
    """Return the controller that ``controller_to_bytes`` stored.

    Raises
    ------
    ValueError, KeyError
        If the bytes hold none, or numbers that no network has.
    """
    with np.load(io.BytesIO(stored), allow_pickle=False) as file:
        arrays = {name: np.asarray(file[name], np.float32) for name in file.files}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("numbers that no network has")
    n_layers = sum(name.startswith("encoder_") for name in arrays) // 2
    n_dense = sum(name.startswith("post_") for name in arrays) // 3
    encoder = tuple(Convolution(arrays[f"encoder_{n}_weight"], arrays[f"encoder_{n}_bias"]) for n in range(n_layers))
    post = tuple(
        Dense(arrays[f"post_{n}_weight"], arrays[f"post_{n}_bias"], float(arrays[f"post_{n}_slope"]))
        for n in range(n_dense)
    )
    _check(encoder, post)
    return StripController(encoder, post)


def _check(encoder: tuple[Convolution, ...], post: tuple[Dense, ...]) -> None:
    """Refuse layers that do not fit to the image, to each other or to two answers."""
    shape = (N_BANDS, N_COLUMNS, CHANNELS)
    for layer in encoder:
        if layer.weight.ndim != 4 or layer.weight.shape[1] != shape[2] or layer.bias.shape != layer.weight.shape[:1]:
            raise ValueError("layers that do not fit together")
        rows, columns = ((n - k + 1) // 2 for n, k in zip(shape[:2], layer.weight.shape[2:], strict=True))
        shape = (rows, columns, len(layer.bias))
    n_in = 2 * shape[0] * shape[2]
    for dense in post:
        if dense.weight.ndim != 2 or dense.weight.shape != (len(dense.bias), n_in):
            raise ValueError("layers that do not fit together")
        n_in = len(dense.bias)
    if not encoder or not post or n_in != 2 or min(shape) < 1:
        raise ValueError("layers that answer something else than a gain and a pan")


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
