"""How loud each microphone of a drum kit is in a mix, predicted by trees from the sound of all of them.

The model of models/drums: what microphones of a kind are at on the whole, plus what trees say of this one among its
neighbours. Any number of microphones in any order; numpy only.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_rows import group_of, microphone_rows, row_names
from reaper_automix.learning.forest import Forest, from_bytes
from reaper_automix.learning.stored_arrays import arrays_of
from reaper_automix.models_folder import load_card, load_weights
from reaper_automix.role_vocabulary import DrumMic

Floats = NDArray[np.float64]

MODEL_NAME = "drums"
FORMAT = "reaper_automix.drums/2"
WEIGHTS_FILE = "weights.npz"


@dataclass(frozen=True, slots=True, eq=False)
class DrumLevels:
    """A fitted model.

    Parameters
    ----------
    forest : Forest
        One output: dB beside what the kind of microphone is at. Its rows are the columns ``kept`` of
        ``microphone_rows``.
    kept : tuple of int
        Columns.
    fill : ndarray of float32, shape (len(kept),)
        What stands for a neighbour that is not there.
    kinds_db : mapping of str to float
        Level of each kind (``DrumMic`` values) and of each group (``drum_rows.GROUPS``) beside the others.
    feature_names : tuple of str
        What ``features`` must hold.
    """

    forest: Forest
    kept: tuple[int, ...]
    fill: NDArray[np.float32]
    kinds_db: Mapping[str, float]
    feature_names: tuple[str, ...]

    def predict(
        self, features: NDArray[np.floating], strokes: NDArray[np.floating], microphones: Sequence[DrumMic]
    ) -> Floats:
        """Return the level of each microphone, brought to one loudness, in the mix.

        Parameters
        ----------
        features : ndarray of float, shape (n_microphones, n_features)
            Of each microphone brought to one loudness; what is not finite counts as usual.
        strokes : ndarray of float, shape (n_microphones, len(STROKE_FEATURES))
            As ``drum_strokes`` has them.
        microphones : sequence of DrumMic
            What each one is.

        Returns
        -------
        ndarray of float64, shape (n_microphones,)
            dB; the energies of all add up to 1.
        """
        if not microphones:
            return np.zeros(0)
        rows = microphone_rows(features, strokes, microphones, self.feature_names)[:, list(self.kept)]
        whole = np.where(np.isfinite(rows), rows, self.fill)
        levels_db = self.forest.predict(whole)[:, 0] + [kind_db(self.kinds_db, mic) for mic in microphones]
        return balanced_db(levels_db)


def balanced_db(levels_db: Floats) -> Floats:
    """Return levels moved together so that their energies add up to 1."""
    shifted = levels_db - levels_db.max()
    return np.asarray(shifted - 10.0 * np.log10(np.sum(10.0 ** (shifted / 10.0))))


def kind_db(kinds_db: Mapping[str, float], microphone: DrumMic) -> float:
    """Return the level of a kind of microphone; of its group, or of all, where it is not known."""
    return kinds_db.get(microphone.value, kinds_db.get(group_of(microphone), 0.0))


@cache
def drum_levels() -> DrumLevels:
    """Load the model that ships.

    Raises
    ------
    ModelError
        If it is missing, damaged or of another format.
    """
    card = load_card(MODEL_NAME, FORMAT)
    return load_weights(MODEL_NAME, WEIGHTS_FILE, card, lambda stored: levels_from(stored, card))


def levels_to_bytes(model: DrumLevels) -> bytes:
    """Return the weights: the forest, with what is filled in."""
    buffer = io.BytesIO()
    forest = np.frombuffer(model.forest.to_bytes(np.float16), dtype=np.uint8)
    np.savez(buffer, allow_pickle=False, forest=forest, fill=model.fill)
    return buffer.getvalue()


def levels_from(stored: bytes, card: Mapping[str, object]) -> DrumLevels:
    """Return the model of weights and card.

    Raises
    ------
    ValueError, LookupError, TypeError
        If they are none, or do not fit together.
    """
    arrays = arrays_of(stored)
    forest, fill = from_bytes(arrays["forest"].tobytes()), arrays["fill"].astype(np.float32)
    features, columns, kinds = card["features"], card["columns"], card["kinds_db"]
    if not (isinstance(features, list) and isinstance(columns, list) and isinstance(kinds, dict)):
        raise ValueError("the card does not list features, columns and kinds")
    places = {name: index for index, name in enumerate(row_names(features))}
    kept = tuple(places[name] for name in columns)
    if not (forest.n_features == len(kept) == fill.size and forest.n_outputs == 1 and np.isfinite(fill).all()):
        raise ValueError("the forest does not fit the columns of the card")
    return DrumLevels(forest, kept, fill, {k: float(v) for k, v in kinds.items()}, tuple(features))
