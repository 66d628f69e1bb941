"""The learned balance: how loud a track stands in human mixes, from its role and the shape of its level.

A linear model, so that every decibel of its answer can be told apart: an effect of the role, plus a weight times each
feature. Its numbers are data (``models/balance``); predicting needs nothing but numpy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import FEATURES, Features
from reaper_automix.models_folder import load_card, load_weights, models_folder

FORMAT = "reaper_automix.balance/1"
WEIGHTS_FILE = "weights.json"


@dataclass(frozen=True, slots=True)
class BalanceModel:
    """Role effects and feature weights.

    Parameters
    ----------
    role_effects_db : mapping of role name to float
        What the role adds to the level; a role that is not here adds nothing.
    centres, scales, weights_db : tuple of float
        Per feature: its median and spread over the training tracks, and what one spread adds to the level.
    widest : float
        Features further from their centre than this many spreads count as this far: no extrapolation.
    """

    role_effects_db: Mapping[str, float]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    weights_db: tuple[float, ...]
    widest: float

    def parts_db(self, features: Features) -> Features:
        """Return what each feature adds to the level of each track, in dB, (n_tracks, n_features)."""
        spreads = (features - np.array(self.centres)) / np.array(self.scales)
        return np.asarray(np.clip(spreads, -self.widest, self.widest) * np.array(self.weights_db))

    def role_db(self, role: Role | None) -> float:
        """Return what a role adds to the level."""
        return 0.0 if role is None else self.role_effects_db.get(role.value, 0.0)

    def levels_db(self, features: Features, roles: Sequence[Role | None]) -> Features:
        """Return the level of each track in the mix, in dB above the song's common loudness, (n_tracks,)."""
        effects = np.array([self.role_db(role) for role in roles])
        return np.asarray(self.parts_db(features).sum(axis=1) + effects)

    def to_data(self) -> dict[str, Any]:
        """Return the numbers as they are stored."""
        return {
            "features": list(FEATURES),
            "role_effects_db": dict(sorted(self.role_effects_db.items())),
            "centres": list(self.centres),
            "scales": list(self.scales),
            "weights_db": list(self.weights_db),
            "widest": self.widest,
        }

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> BalanceModel:
        """Return the model that is stored; ``ValueError``, ``KeyError`` or ``TypeError``: there is none."""
        if tuple(data["features"]) != FEATURES:
            raise ValueError("made for other features")
        columns = {key: tuple(float(v) for v in data[key]) for key in ("centres", "scales", "weights_db")}
        numbers = np.array([*columns.values()])
        if numbers.shape != (3, len(FEATURES)) or not np.isfinite(numbers).all() or min(columns["scales"]) <= 0.0:
            raise ValueError("numbers that no model has")
        effects = {Role(role).value: float(effect) for role, effect in data["role_effects_db"].items()}
        if not np.isfinite([*effects.values(), float(data["widest"])]).all():
            raise ValueError("numbers that no model has")
        return BalanceModel(role_effects_db=effects, widest=float(data["widest"]), **columns)


def load_balance_model() -> BalanceModel:
    """Load the shipped model.

    Raises
    ------
    ModelError
        If it is missing, damaged or not the one that its card describes.
    """
    card = load_card("balance", FORMAT)
    return load_weights("balance", WEIGHTS_FILE, card, lambda stored: BalanceModel.from_data(json.loads(stored)))


def balance_is_proven() -> bool:
    """Return whether the shipped model beat all simpler rungs on authors it had not seen; False where there is none.

    Raises
    ------
    ModelError
        If its card is damaged or of another format.
    """
    if not (models_folder() / "balance" / "model.json").exists():
        return False
    return load_card("balance", FORMAT).get("proven_on_unseen_authors") is True
