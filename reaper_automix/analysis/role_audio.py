"""Who a track is, as far as its sound says: for tracks whose names say nothing. A forest of decision trees as arrays.

The classifier answers with a role only where it is sure enough; else, where the drum classes together are, with
``drums``; else with unknown, and says what it leaned to. How sure is enough was measured on authors that the forest
never saw (``models/roles/model.json``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.role_features import FEATURES, Audio, Floats, hear_role_features
from reaper_automix.errors import ModelError
from reaper_automix.learning.stored_arrays import arrays_of
from reaper_automix.models_folder import AGAIN, load_card, load_weights
from reaper_automix.role_vocabulary import KIT_ROLES, Role, RoleSource, TrackRole

FORMAT = "reaper_automix.role_audio/1"
NAME = "roles"
WEIGHTS = "weights.npz"

HEARD_AS: Mapping[Role, Role | None] = {
    Role.BACKING_VOCAL: Role.LEAD_VOCAL,
    Role.OVERHEADS: Role.DRUMS,
    Role.ACOUSTIC_GUITAR: Role.ELECTRIC_GUITAR,
    Role.PIANO: Role.KEYS,
    Role.FX: None,
    Role.OTHER: None,
}
"""What the sound of a track cannot tell apart, or (None) what has no sound of its own."""

DRUM_CLASSES = frozenset({*KIT_ROLES, Role.PERCUSSION})


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Decision trees, all nodes in one row; the root of tree k is node ``roots[k]``.

    Parameters
    ----------
    feature : ndarray of int16, shape (n_nodes,)
        What a node asks for; -1 in leaves.
    threshold : ndarray of float32, shape (n_nodes,)
        Up to it the answer lies at ``below``, beyond it at ``above``.
    below, above : ndarray of int32, shape (n_nodes,)
        The next node; a leaf leads to itself.
    shares : ndarray of float32, shape (n_nodes, n_classes)
        Of the classes in a leaf; their sum is 1.
    roots : ndarray of int32, shape (n_trees,)
    """

    feature: NDArray[np.int16]
    threshold: Floats
    below: NDArray[np.int32]
    above: NDArray[np.int32]
    shares: Floats
    roots: NDArray[np.int32]

    def predict(self, features: Floats) -> Floats:
        """Return the share of each class, float32 (n_classes,), of features float32 (n_features,)."""
        nodes = self.roots
        while (self.feature[nodes] >= 0).any():
            asked = np.maximum(self.feature[nodes], 0)
            nodes = np.where(features[asked] <= self.threshold[nodes], self.below[nodes], self.above[nodes])
        answer: Floats = self.shares[nodes].mean(axis=0)
        return answer


@dataclass(frozen=True, slots=True, eq=False)
class RoleClassifier:
    """A forest, its classes, and how sure it has to be.

    Parameters
    ----------
    forest : Forest
        Over ``FEATURES``.
    classes : tuple of Role
        Its classes; what they stand for: ``HEARD_AS``.
    sure_share : mapping of Role to float
        From this share on a class is believed; a class that is not in it never is.
    drums_share : float
        From this share of all drum classes together on a track that sounds most like one of them is some drum.
    """

    forest: Forest
    classes: tuple[Role, ...]
    sure_share: Mapping[Role, float]
    drums_share: float

    def shares(self, features: Floats) -> dict[Role, float]:
        """Return the share of each class, the highest first."""
        found = zip(self.classes, self.forest.predict(features).tolist(), strict=True)
        return dict(sorted(found, key=lambda pair: -pair[1]))

    def role_of(self, features: Floats | None) -> TrackRole:
        """Return who a track with these features is; unknown where the classifier is not sure, or nothing sounds."""
        if features is None:
            return TrackRole(None, RoleSource.AUDIO, "hardly anything sounds on it")
        shares = self.shares(features)
        best = next(iter(shares))
        if shares[best] >= self.sure_share.get(best, 2.0):
            return TrackRole(best, RoleSource.AUDIO, f"sounds like {_words(best)}, {shares[best]:.0%} sure")
        drums = sum(share for role, share in shares.items() if role in DRUM_CLASSES)
        if best in DRUM_CLASSES and drums >= self.drums_share:
            return TrackRole(Role.DRUMS, RoleSource.AUDIO, f"sounds like drums, {drums:.0%} sure")
        return TrackRole(None, RoleSource.AUDIO, f"sounds like {_words(best)}, but only {shares[best]:.0%} sure")

    def hear(self, blocks: Iterable[Audio], sample_rate_hz: int) -> TrackRole:
        """Return who a track is whose audio arrives in blocks, float32 (n_channels, n_samples)."""
        return self.role_of(hear_role_features(blocks, sample_rate_hz))


def heard_as(role: Role) -> Role | None:
    """Return the class that a role sounds like; None where it has no sound of its own, or is no part of a balance."""
    return HEARD_AS.get(role, role)


@lru_cache(maxsize=1)
def load_role_classifier() -> RoleClassifier:
    """Load the classifier of ``models/roles``.

    Raises
    ------
    ModelError
        If it is missing, damaged, or made for other features.
    """
    card = load_card(NAME, FORMAT)
    if card.get("features") != list(FEATURES):
        raise ModelError(f"models/{NAME}: was fitted to other features than this version hears. {AGAIN}")
    return load_weights(NAME, WEIGHTS, card, lambda data: _built(card, data))


def _built(card: Mapping[str, Any], data: bytes) -> RoleClassifier:
    arrays = arrays_of(data)
    forest = _checked(Forest(**{name: arrays[name] for name in Forest.__slots__}), n_classes=len(card["classes"]))
    sure = {Role(name): float(share) for name, share in card["sure_share"].items()}
    return RoleClassifier(forest, tuple(Role(name) for name in card["classes"]), sure, float(card["drums_share"]))


def _checked(forest: Forest, *, n_classes: int) -> Forest:
    """Refuse trees that lead out of themselves, or back: they would be walked for ever."""
    own = np.arange(forest.feature.size)
    parts = (forest.feature, forest.threshold, forest.below, forest.above)
    if any(part.shape != own.shape for part in parts) or forest.shares.shape != (own.size, n_classes):
        raise ValueError("the arrays of the forest do not fit together")
    if forest.roots.ndim != 1 or not forest.roots.size or forest.feature.max() >= len(FEATURES):
        raise ValueError("the forest has no tree, or asks for a feature that there is not")
    inner = forest.feature >= 0
    nodes = np.concatenate([forest.roots, forest.below[inner], forest.above[inner]])
    onwards = (forest.below[inner] > own[inner]) & (forest.above[inner] > own[inner])
    if nodes.min() < 0 or nodes.max() >= own.size or not onwards.all():
        raise ValueError("a node of the forest leads out of it or back")
    if not np.isfinite(forest.shares).all() or np.isnan(forest.threshold).any():
        raise ValueError("the forest holds numbers that are not finite")
    return forest


def _words(role: Role) -> str:
    return {Role.LEAD_VOCAL: "a voice", Role.ELECTRIC_GUITAR: "a guitar"}.get(role, role.value.replace("_", " "))
