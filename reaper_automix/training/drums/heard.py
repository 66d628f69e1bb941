"""A recording as numbers: the loudness of each microphone, and its features at one loudness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import Audio, LoudnessMeter
from reaper_automix.units import db_to_lin, lin_to_db

Floats = NDArray[np.float64]
FeaturesOf = Callable[[Audio, int], NDArray[np.float32]]

SHOWN_LUFS = -23.0
"""Microphones are brought to this before features are taken."""


def heard(audio: Audio, rate_hz: int, features_of: FeaturesOf) -> tuple[Floats, NDArray[np.float32]]:
    """Return the loudness of each microphone, and its features once all are brought to one loudness."""
    loudness_lufs, rows = [], []
    for row in audio:
        found = _loudness_lufs(row, rate_hz)
        gain = db_to_lin(SHOWN_LUFS - found) if np.isfinite(found) else 0.0
        loudness_lufs.append(found)
        rows.append(features_of((row * np.float32(gain)).astype(np.float32), rate_hz))
    return np.array(loudness_lufs), np.stack(rows).astype(np.float32)


def _loudness_lufs(row: Audio, rate_hz: int) -> float:
    """Return the loudness of one microphone; below the absolute gate it is measured at full scale instead.

    A preamplifier that is too low is no silence here: a bass drum's microphone without its drum still hears the others.
    """
    meter = LoudnessMeter(rate_hz, 1)
    meter.add(row[None])
    found = meter.result().integrated_lufs
    peak = float(np.abs(row).max(initial=0.0))
    if np.isfinite(found) or peak <= 0.0 or peak >= 1.0:
        return found
    return _loudness_lufs((row / np.float32(peak)).astype(np.float32), rate_hz) + lin_to_db(peak)
