"""What needs no network: the mean curve of a group from raw to stem, its mean stem spectrum, and a song's own curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import k_weighting_power
from reaper_automix.audio import levels
from reaper_automix.mixers.tone_network import (
    FLOOR_DB,
    MOST_BOOST_DB,
    MOST_CUT_DB,
    N_BANDS,
    Heard,
    band_weights,
    hear,
    levels_of,
)
from reaper_automix.training.tone.pairs import GRID, RATE_HZ, Pair, magnitudes_of

AS_IT_IS, MEAN_CURVE, MEAN_SPECTRUM, OWN_CURVE = "as it is", "mean curve", "mean spectrum", "own curve"
NOTHING_DB = FLOOR_DB + 10.0
"""Bands below this against the whole track hold nothing of it, and say nothing of a curve."""

Floats = NDArray[np.float32]
Predict = Callable[[Floats], Floats]
"""From the magnitudes of the raw track to those of the stem."""


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """What a group has in common.

    Parameters
    ----------
    curve_db : ndarray of float32, shape (n_bands,)
        Mean difference of stem and raw over the training pairs in which the band sounds.
    spectrum_db : ndarray of float32, shape (n_bands,)
        Mean long-term spectrum of the stems, each against itself as a whole.
    """

    curve_db: Floats
    spectrum_db: Floats


def means_of(pairs: Sequence[Pair]) -> Means:
    """Return the means over pairs of one group that may be learned from; every pair counts the same."""
    both = [(heard_in(pair.raw), heard_in(pair.stem)) for pair in pairs]
    raws_db, stems_db = (np.array([one[n].long_term_db for one in both]) for n in (0, 1))
    shares_db = np.array([[one.features[:N_BANDS] for one in heard] for heard in both])
    counts = (shares_db > NOTHING_DB).all(axis=1)
    sums = np.where(counts, stems_db - raws_db, 0.0).sum(axis=0)
    curve_db = sums / np.maximum(counts.sum(axis=0), 1)
    return Means(curve_db.astype(np.float32), shares_db[:, 1].mean(axis=0).astype(np.float32))


def heard_in(mono: Floats) -> Heard:
    """Return what is heard of ten seconds."""
    return hear(levels_of(magnitudes_of(mono), GRID))


def baselines(means: Means, pair: Pair) -> Mapping[str, Predict]:
    """Return the baselines for a pair; ``OWN_CURVE`` alone knows its stem: no static equaliser could do better."""
    raw, stem = heard_in(pair.raw), heard_in(pair.stem)
    share_db = raw.features[:N_BANDS]
    matching_db = np.where(share_db > NOTHING_DB, means.spectrum_db - share_db, 0.0)
    return {
        AS_IT_IS: lambda magnitude: magnitude,
        MEAN_CURVE: lambda magnitude: played(means.curve_db, magnitude),
        MEAN_SPECTRUM: lambda magnitude: as_loud(played(matching_db, magnitude), magnitude),
        OWN_CURVE: lambda magnitude: played(stem.long_term_db - raw.long_term_db, magnitude),
    }


def played(curve_db: NDArray[np.floating], magnitude: Floats) -> Floats:
    """Return magnitudes after a curve of gains per band, within the limits of the network."""
    bins_db = band_weights(GRID) @ np.clip(curve_db, -MOST_CUT_DB, MOST_BOOST_DB).astype(np.float32)
    return np.asarray(magnitude * levels.db_to_lin(bins_db))


def as_loud(magnitude: Floats, as_this: Floats) -> Floats:
    """Return magnitudes at the K-weighted energy of others: raw and stem are normalised, so that is known."""
    weights = k_weighting_power(GRID.frequencies_hz(), RATE_HZ)
    now, wanted = (float((np.square(one, dtype=np.float64) @ weights).sum()) for one in (magnitude, as_this))
    return np.asarray(magnitude * np.float32(np.sqrt(wanted / now))) if now > 0.0 else magnitude
