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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from reaper_automix.audio import levels
from reaper_automix.learning.convolution import Convolution
from reaper_automix.learning.stored_arrays import arrays_of
from reaper_automix.mixers.strip_excerpts import CHANNELS, N_BANDS, N_COLUMNS, Flags, Floats, Heard, Images
from reaper_automix.mixers.strip_knobs import KNOBS, MEAN_FADER_DB, REVERB_START, START
from reaper_automix.mixers.strip_parameters import (
    FADER,
    N_REVERB,
    NAMES,
    PAN,
    neutral_reverb_vector,
    neutral_vector,
)
from reaper_automix.models_folder import load_card, load_weights

FORMAT = "reaper_automix.strip_controller/2"
MODEL_NAME = "strips"
WEIGHTS_FILE = "weights.npz"

MOST_GAIN_DB = 24.0


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
        From embedding and context, beside each other, to gain and pan, and in the full task to all ``KNOBS``.
    reverb : Dense, optional
        In the full task, from the context to the knobs of the shared reverb.
    """

    encoder: tuple[Convolution, ...]
    post_processor: tuple[Dense, ...]
    reverb: Dense | None = None

    def embed(self, heard: Heard) -> Images:
        """Return the embedding of each track, the mean over its excerpts, (n_tracks, n_features); 0 where silent.

        In the full task its mean spectrum stands behind it.
        """
        n_beside = 0 if self.reverb is None else N_BANDS
        parts = np.zeros((*heard.sounds.shape, self.post_processor[0].weight.shape[1] // 2 - n_beside), np.float32)
        for track, excerpt in np.argwhere(heard.sounds):
            x = np.ascontiguousarray(heard.images[track, excerpt].transpose(1, 2, 0)[np.newaxis])
            for layer in self.encoder:
                x = layer.forward(x)
            parts[track, excerpt] = x[0].mean(axis=1).T.ravel()  # channel, band
        counts = np.maximum(heard.sounds.sum(axis=1, keepdims=True), 1)
        own = np.asarray(parts.sum(axis=1) / counts, np.float32)
        if self.reverb is None:
            return own
        spectra = heard.images[:, :, 0].mean(axis=3) * heard.sounds[:, :, np.newaxis]
        return np.concatenate([own, np.asarray(spectra.sum(axis=1) / counts, np.float32)], axis=1)

    def predict(self, heard: Heard) -> Strips:
        """Return gain and pan of each track; silent tracks stay where they are and say nothing to the others."""
        here: Flags = np.asarray(heard.sounds.any(axis=1))
        gains_db, pans = np.zeros(here.size), np.zeros(here.size)
        if here.any():
            answers, _ = self._answers(heard, here)
            gains_db[here], pans[here] = _gains_and_pans(answers)
        return Strips(gains_db, pans)

    def vectors(self, heard: Heard) -> tuple[Floats, Floats]:
        """Return the strips of all tracks, (n_tracks, 24), and the shared reverb, (4,): see ``strip_parameters``.

        Silent tracks have neutral strips. ``ValueError`` for a controller of gain and pan alone.
        """
        if self.reverb is None:
            raise ValueError("this controller knows gain and pan alone: ask it for predict")
        here: Flags = np.asarray(heard.sounds.any(axis=1))
        vectors = np.tile(neutral_vector(), (here.size, 1))
        if not here.any():
            return vectors, neutral_reverb_vector()
        answers, context = self._answers(heard, here)
        gains_db, pans = _gains_and_pans(answers)
        own = vectors[here]
        own[:, [NAMES.index(name) for name in KNOBS]] = expit(answers[:, 2:] + START)
        own[:, NAMES.index(FADER.name)] = np.clip(
            (gains_db + MEAN_FADER_DB - FADER.low) / (FADER.high - FADER.low), 0, 1
        )
        own[:, NAMES.index(PAN.name)] = (pans + 1.0) / 2.0
        vectors[here] = own
        return vectors, np.asarray(expit(self.reverb.forward(context)[0].astype(np.float64) + REVERB_START))

    def _answers(self, heard: Heard, here: Flags) -> tuple[Floats, Images]:
        """Return what the post-processor says of the tracks that are heard, and the context, (1, n_features)."""
        own = self.embed(heard)[here]
        context = own.mean(axis=0, keepdims=True)
        x = np.concatenate([own, np.broadcast_to(context, own.shape)], axis=1)
        for layer in self.post_processor:
            x = layer.forward(x)
        return x.astype(np.float64), context


def _gains_and_pans(answers: Floats) -> tuple[Floats, Floats]:
    bent = np.tanh(answers[:, :2])
    return MOST_GAIN_DB * (bent[:, 0] - bent[:, 0].mean()), bent[:, 1]


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


def strip_faders() -> str:
    """Return whose faders came closest with the shipped controller's strips: ``own``, or ``roles`` for the role mean's.

    Raises
    ------
    ModelError
        If its card is missing, damaged or of another format.
    """
    return "roles" if load_card(MODEL_NAME, FORMAT).get("faders") == "roles" else "own"


def controller_to_bytes(controller: StripController) -> bytes:
    """Return a controller as the bytes of an ``.npz`` without pickles."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for number, layer in enumerate(controller.encoder):
        arrays |= {f"encoder_{number}_weight": layer.weight, f"encoder_{number}_bias": layer.bias}
    for number, dense in enumerate(controller.post_processor):
        arrays |= {f"post_{number}_weight": dense.weight, f"post_{number}_bias": dense.bias}
        arrays[f"post_{number}_slope"] = np.array(dense.slope, np.float32)
    if controller.reverb is not None:
        arrays |= {"reverb_weight": controller.reverb.weight, "reverb_bias": controller.reverb.bias}
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
    arrays = {name: np.asarray(array, np.float32) for name, array in arrays_of(stored).items()}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("numbers that no network has")
    n_layers = sum(name.startswith("encoder_") for name in arrays) // 2
    n_dense = sum(name.startswith("post_") for name in arrays) // 3
    encoder = tuple(Convolution(arrays[f"encoder_{n}_weight"], arrays[f"encoder_{n}_bias"]) for n in range(n_layers))
    post = tuple(
        Dense(arrays[f"post_{n}_weight"], arrays[f"post_{n}_bias"], float(arrays[f"post_{n}_slope"]))
        for n in range(n_dense)
    )
    reverb = Dense(arrays["reverb_weight"], arrays["reverb_bias"], 1.0) if "reverb_weight" in arrays else None
    _check(encoder, post, reverb)
    return StripController(encoder, post, reverb)


def _check(encoder: tuple[Convolution, ...], post: tuple[Dense, ...], reverb: Dense | None) -> None:
    """Refuse layers that do not fit to the image, to each other or to what is to be answered."""
    shape = (N_BANDS, N_COLUMNS, CHANNELS)
    for layer in encoder:
        if layer.weight.ndim != 4 or layer.weight.shape[1] != shape[2] or layer.bias.shape != layer.weight.shape[:1]:
            raise ValueError("layers that do not fit together")
        rows, columns = ((n - k + 1) // 2 for n, k in zip(shape[:2], layer.weight.shape[2:], strict=True))
        shape = (rows, columns, len(layer.bias))
    n_in = 2 * (shape[0] * shape[2] + (0 if reverb is None else N_BANDS))
    n_answers = 2 if reverb is None else 2 + len(KNOBS)
    if reverb is not None and (reverb.weight.shape != (N_REVERB, n_in // 2) or reverb.bias.shape != (N_REVERB,)):
        raise ValueError("layers that do not fit together")
    for dense in post:
        if dense.weight.ndim != 2 or dense.weight.shape != (len(dense.bias), n_in):
            raise ValueError("layers that do not fit together")
        n_in = len(dense.bias)
    if not encoder or not post or n_in != n_answers or min(shape) < 1:
        raise ValueError("layers that answer something else than a strip")
