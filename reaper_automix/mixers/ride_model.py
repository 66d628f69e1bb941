"""The learned rider: Scott and Kim's One-Versus-All system, for what moves around a track's level.

State and equations are the published ones: a track's gain with its two derivatives, seen through the track's own sound
and the sound of all others. What differs was found by experiment (see the figures in ``models/rides``): the gain
is in dB and only its ride, the level being the balance mixer's; of the sound it is the loudness over many seconds that
tells something, not the spectrum; and the smoother looks ahead, since the whole song is there.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from reaper_automix.analysis.loudness import energy_to_lufs
from reaper_automix.learning.kalman import StateSpace
from reaper_automix.learning.lds import Lds
from reaper_automix.learning.stability import spectral_radius
from reaper_automix.mixers.ride_sound import STEP_S, Floats, RideTrack, Steps, moving_mean
from reaper_automix.models_folder import load_card, load_weights, models_folder
from reaper_automix.units import db_to_energy

FORMAT = "reaper_automix.rides/1"
NAME = "rides"
WEIGHTS_FILE = "weights.json"

WINDOWS_S = (3, 9, 21)
OBSERVATIONS: tuple[str, ...] = tuple(f"{who}_{seconds}_s_lu" for seconds in WINDOWS_S for who in ("own", "rest"))
"""What can be observed of a track: the loudness of itself, and of all others, over so many seconds."""

_QUIETEST_LU = -40.0
"""Relative to the track's loudness, or to that of one other track: below it everything counts as silence."""

_MATRICES = (
    "transition",
    "observation",
    "process_covariance",
    "observation_covariance",
    "initial_covariance",
)
"""What is stored of a ``StateSpace``: rides and observations have mean 0."""


def ride_observations(tracks: Sequence[RideTrack]) -> list[Floats]:
    """Describe each track and what plays beside it, as [1] eq. 7 does, in numbers that no gain changes.

    Every track is brought to one loudness first. What is left is what moves: the mean over the steps in which the
    track sounds is taken off.

    Returns
    -------
    list of ndarray of float64, shape (n_steps, len(OBSERVATIONS))
        Per track; columns as ``OBSERVATIONS``.
    """
    level = [_at_one_loudness(track) for track in tracks]
    total = np.sum(level, axis=0) if level else np.zeros(0)
    described = []
    for track, own in zip(tracks, level, strict=True):
        rest = np.maximum(total - own, 0.0)
        columns = [_level_lu(moving_mean(e, _odd(seconds))) for seconds in WINDOWS_S for e in (own, rest)]
        values = np.column_stack(columns)
        sounds = track.sounds
        described.append(values - values[sounds].mean(axis=0) if sounds.any() else np.zeros_like(values))
    return described


@dataclass(frozen=True, slots=True, eq=False)
class RideModel:
    """A linear dynamical system, and what it observes.

    Parameters
    ----------
    lds : Lds
        State: ride in dB, its first and second derivative.
    observed : tuple of str
        Of ``OBSERVATIONS``.
    """

    lds: Lds
    observed: tuple[str, ...]

    @property
    def columns(self) -> list[int]:
        """Where the observations lie in ``ride_observations``."""
        return [OBSERVATIONS.index(name) for name in self.observed]

    def rides_db(self, tracks: Sequence[RideTrack]) -> list[Floats]:
        """Return the ride of each track per step, float64 (n_steps,); see ``rides.Rider``."""
        return [
            self.ride_db(observations, track.sounds)
            for track, observations in zip(tracks, ride_observations(tracks), strict=True)
        ]

    def ride_db(self, observations: Floats, sounds: Steps) -> Floats:
        """Return the ride of one track with these observations, of which those count where it sounds, (n_steps,)."""
        return self.lds.predict(observations[:, self.columns], sounds, smoothed=True)[:, 0]

    def to_data(self) -> dict[str, Any]:
        """Return the numbers as they are stored."""
        numbers = {name: getattr(self.lds.model, name).tolist() for name in _MATRICES}
        return {"step_s": STEP_S, "observed": list(self.observed), **numbers}

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> RideModel:
        """Return the model that is stored; ``ValueError``, ``KeyError`` or ``TypeError``: there is none."""
        observed = tuple(str(name) for name in data["observed"])
        if data["step_s"] != STEP_S or not observed or not set(observed) <= set(OBSERVATIONS):
            raise ValueError("made for other observations")
        numbers = {name: np.array(data[name], np.float64) for name in _MATRICES}
        n_states = numbers["transition"].shape[0]
        model = StateSpace(initial_mean=np.zeros(n_states), **numbers)
        if spectral_radius(model.transition) > 1.0 or model.n_observations != len(observed):
            raise ValueError("numbers that no model has")
        return RideModel(Lds(model, np.zeros(n_states), np.zeros(len(observed))), observed)


@lru_cache(maxsize=1)
def load_ride_model() -> RideModel:
    """Load the shipped model.

    Raises
    ------
    ModelError
        If it is missing, damaged or not the one that its card describes.
    """
    card = load_card(NAME, FORMAT)
    return load_weights(NAME, WEIGHTS_FILE, card, lambda stored: RideModel.from_data(json.loads(stored)))


def rides_are_proven() -> bool:
    """Return whether the shipped model beat no ride and the rule rider on authors it had not seen.

    Raises
    ------
    ModelError
        If its card is damaged or of another format.
    """
    if not (models_folder() / NAME / "model.json").exists():
        return False
    return load_card(NAME, FORMAT).get("proven_on_unseen_authors") is True


def _at_one_loudness(track: RideTrack) -> Floats:
    """Return the energy of a track as if its loudness were 0 LUFS, (n_steps,); silence stays silent."""
    if not np.isfinite(track.loudness_lufs):
        return np.zeros_like(track.energy)
    return np.asarray(track.energy * db_to_energy(-track.loudness_lufs))


def _level_lu(energy: Floats) -> Floats:
    return np.maximum(energy_to_lufs(energy), _QUIETEST_LU)


def _odd(seconds: int) -> int:
    """Return the steps of a window that has a middle."""
    return round(seconds / STEP_S) // 2 * 2 + 1
