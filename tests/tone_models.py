"""Networks of tone with a known answer, in place of those that ship."""

from __future__ import annotations

import numpy as np

from reaper_automix.mixers.tone_groups import GROUPS
from reaper_automix.mixers.tone_network import CENTRES_HZ, N_BANDS, N_FEATURES, ToneModel, ToneNetwork

OCTAVES = np.log2(np.asarray(CENTRES_HZ) / 1_000.0)
TILT_DB = 1.5 * OCTAVES
"""Brighter by 1.5 dB per octave."""
BELL_DB = 6.0 * np.exp(-np.square((OCTAVES - 1.0) / 0.8)) - 2.0


def network(curve_db: np.ndarray) -> ToneNetwork:
    """Return a network that answers one curve to everything."""
    nothing, one = np.zeros(N_FEATURES, np.float32), np.ones(N_FEATURES, np.float32)
    assert curve_db.shape == (N_BANDS,)
    return ToneNetwork(nothing, one, curve_db.astype(np.float32))


def model(curve_db: np.ndarray = BELL_DB) -> ToneModel:
    """Return a model that answers one curve to all groups."""
    return ToneModel({group: network(curve_db) for group in GROUPS}, {"groups": {group: {} for group in GROUPS}})
