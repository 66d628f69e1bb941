"""How far predicted magnitudes are from those of a stem, and how much they hold that the raw track does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.mixers.equaliser_fit import distance_db, fitted
from reaper_automix.mixers.tone_network import CENTRES_HZ, MOST_BOOST_DB, MOST_CUT_DB, N_BANDS, hear, levels_of
from reaper_automix.training.tone.baselines import NOTHING_DB
from reaper_automix.training.tone.pairs import GRID, RATE_HZ

MAE, LSD, TONE, ADDED = "mae_percent", "lsd_db", "tone_db", "added_db"
FIT, FIT_OF, FIT_BANDS = "fit_db", "curve_db", "fit_bands"

RANGE_DB = 80.0
"""Below the loudest magnitude of the stem by this much, magnitudes are all the same to the log-spectral distance."""
EMPTY_DB = 80.0
"""Below the loudest magnitude of the raw track by this much, it holds nothing."""
LEAST_ADDED_DB = -120.0
COUNTED_HZ = (80.0, 12_000.0)

Floats = NDArray[np.float32]


def scores_of(predicted: Floats, raw: Floats, stem: Floats) -> dict[str, float]:
    """Return the scores of a prediction.

    Parameters
    ----------
    predicted, raw, stem : ndarray of float32, shape (n_frames, 1025)
        Magnitudes.

    Returns
    -------
    dict
        ``mae_percent``: mean absolute error of the magnitudes, in percent of the mean of the stem. ``lsd_db``: root
        mean square over the bins of the difference in dB, mean over the frames. ``tone_db``: the same of long-term
        third octaves, 80 Hz to 12 kHz, where the stem or the raw track holds something. ``added_db``: energy in cells
        in which the raw track holds nothing, against all energy of the prediction; -120 at the least.
    """
    return {
        MAE: 100.0 * float(np.abs(predicted - stem).mean(dtype=np.float64) / max(stem.mean(dtype=np.float64), 1e-12)),
        LSD: _log_spectral_distance(predicted, stem),
        TONE: _tone_distance(predicted, raw, stem),
        ADDED: added_db(predicted, raw),
    }


def added_db(magnitude: Floats, raw: Floats) -> float:
    """Return the share of energy in cells in which the raw track holds nothing, in dB."""
    empty = raw < raw.max(initial=0.0) * 10.0 ** (-EMPTY_DB / 20.0)
    energy = np.square(magnitude, dtype=np.float64)
    total = float(energy.sum())
    share = float(energy[empty].sum()) / total if total > 0.0 else 0.0
    return max(float(levels.energy_to_db(np.array(share))), LEAST_ADDED_DB)


def fit_scores(curve_db: Floats) -> dict[str, float]:
    """Return how far six bands of an equaliser are from a curve of gains per band, and how much of a curve it is."""
    at_hz = np.array(CENTRES_HZ)
    curve = np.clip(curve_db.astype(np.float64), -MOST_CUT_DB, MOST_BOOST_DB)
    settings = fitted(curve, at_hz, RATE_HZ, most_boost_db=MOST_BOOST_DB, most_cut_db=MOST_CUT_DB)
    off_db, rms_db = distance_db(settings, curve, at_hz, RATE_HZ)
    return {FIT: off_db, FIT_OF: rms_db, FIT_BANDS: float(len(settings.bands))}


def _log_spectral_distance(predicted: Floats, stem: Floats) -> float:
    floor = max(float(stem.max(initial=0.0)) * 10.0 ** (-RANGE_DB / 20.0), 1e-12)
    both = [np.log10(np.maximum(one, np.float32(floor))) for one in (predicted, stem)]
    return float(20.0 * np.sqrt(np.square(both[0] - both[1]).mean(axis=1, dtype=np.float64)).mean())


def _tone_distance(predicted: Floats, raw: Floats, stem: Floats) -> float:
    heard = [hear(levels_of(one, GRID)) for one in (predicted, raw, stem)]
    shares_db = np.array([one.features[:N_BANDS] for one in heard])
    at_hz = np.array(CENTRES_HZ)
    counts = (shares_db[1:] > NOTHING_DB).any(axis=0) & (at_hz >= COUNTED_HZ[0] / 1.1) & (at_hz <= COUNTED_HZ[1] * 1.1)
    off_db = np.clip(heard[0].long_term_db - heard[2].long_term_db, -40.0, 40.0)[counts]
    return float(np.sqrt(np.square(off_db).mean())) if counts.any() else 0.0
