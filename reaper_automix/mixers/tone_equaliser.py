"""From the curve that a track should have to a few bands of an equaliser that leave it as loud as it is.

* The curve is moved up or down as a whole until the K-weighted energy of the track stays: tone, not level.
* At most ``MOST_BOOST_DB`` up and ``MOST_CUT_DB`` down, and no boost where the track has nothing: in the third-octaves
  more than 40 dB below its loudest one it would lift noise and bleed alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import k_weighting_power
from reaper_automix.analysis.third_octaves import CENTRES_HZ as ALL_CENTRES_HZ
from reaper_automix.audio import levels
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effects.equaliser import Equaliser, response_db
from reaper_automix.mixers import tone_network
from reaper_automix.mixers.equaliser_fit import distance_db, fitted
from reaper_automix.mixers.strip_manners import NOTHING_BELOW_DB, heard_bands
from reaper_automix.mixers.tone_hearing import LoudestPart, lufs_of
from reaper_automix.plugins.reaeq import MOST_BANDS

MOST_BOOST_DB, MOST_CUT_DB = 6.0, 12.0
N_BANDS = 6
NEAR_DB = 0.5
"""Bands that come so near to the target need no others."""
SKIRT_DB = 1.0
"""So much may the skirts of the bands beside it add up to where the track has nothing."""

_HIGHEST_RELATIVE = 0.45
"""Of the sample rate: what lies beyond is no part of the curve."""
_STEPS = 20
_FINE = 0.05
_INSIDE_WEIGHT = 0.25
_REFITS, _NEUTRAL_LU = 2, 0.3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The curve that a track should have, at the loudness that it has.

    Parameters
    ----------
    at_hz : ndarray of float64, shape (n_points,)
        Thirds of an octave, as far as the sample rate reaches.
    curve_db : ndarray of float64, shape (n_points,)
        Within the limits of boost and cut, and not above 0 where the track has nothing.
    asked_db : ndarray of float64, shape (n_points,)
        The same before those limits.
    empty : ndarray of bool, shape (n_points,)
        Where the track has nothing.
    """

    at_hz: Floats
    curve_db: Floats
    asked_db: Floats
    empty: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ToneFit:
    """Bands for a target, and how near they are.

    Parameters
    ----------
    settings : EqualiserSettings
    distance_db, curve_rms_db : float
        Of the bands to the target, and of the target to a flat line: see ``equaliser_fit.distance_db``.
    held_back : bool
        Whether a band was lowered because the track has nothing there.
    """

    settings: EqualiserSettings
    distance_db: float
    curve_rms_db: float
    held_back: bool


def neutral_fit(gain_db: NDArray[np.floating], part: LoudestPart) -> tuple[Target, ToneFit, float]:
    """Return the target of a track, bands that leave the track as loud as it is, and what they do to it still, in LU.

    Bands are broader than a curve, and go on beyond it: where they change the loudness, the curve moves by that, as far
    as its limits let it.
    """
    shift_db = 0.0
    best: tuple[Target, ToneFit, float] | None = None
    for _ in range(_REFITS + 1):
        target = target_of(gain_db, part, shift_db=shift_db)
        fit = fit_of(target, part.rate_hz)
        change_lu = loudness_change_lu(fit.settings, part)
        if best is not None and abs(change_lu) >= abs(best[2]):
            break
        best = (target, fit, change_lu)
        if abs(change_lu) <= _NEUTRAL_LU:
            break
        shift_db -= change_lu
    assert best is not None  # noqa: S101 - the first round always gives one
    return best


def target_of(gain_db: NDArray[np.floating], part: LoudestPart, *, shift_db: float = 0.0) -> Target:
    """Return the curve to be fitted.

    Parameters
    ----------
    gain_db : ndarray, shape (tone_network.N_BANDS,)
        The network's long-term gain at ``tone_network.CENTRES_HZ``, its level included.
    part : LoudestPart
        The track.
    shift_db : float
        How far from where the K-weighted energy stays.
    """
    centres_hz = np.asarray(tone_network.CENTRES_HZ)
    reached = centres_hz < _HIGHEST_RELATIVE * part.rate_hz
    at_hz, asked_db = centres_hz[reached], np.asarray(gain_db, np.float64)[reached]
    own_db = np.interp(np.log(at_hz), np.log(ALL_CENTRES_HZ), part.levels_db)
    empty = own_db < part.levels_db.max() + NOTHING_BELOW_DB
    asked_db = asked_db - _loudness_change_db(at_hz, asked_db, part)
    lifted_db = 0.0
    for _ in range(_STEPS):  # what the limits take away is made up for by all the rest
        curve_db = _limited(asked_db + lifted_db, empty)
        change_db = _loudness_change_db(at_hz, curve_db, part) - shift_db
        if abs(change_db) < _FINE:
            break
        lifted_db -= change_db
    return Target(at_hz, curve_db, asked_db, empty)


def fit_of(target: Target, rate_hz: int) -> ToneFit:
    """Return at most ``N_BANDS`` bands that come near to a target; none where it is (almost) flat.

    As many as one instance of ReaEQ holds do, where they come within ``NEAR_DB``.
    """
    settings = _fitted(target, rate_hz, MOST_BANDS)
    if distance_db(settings, target.curve_db, target.at_hz, rate_hz)[0] > NEAR_DB:
        settings = _fitted(target, rate_hz, N_BANDS)
    held = _held(settings, target, rate_hz)
    if not held.held_back or held.distance_db <= NEAR_DB:
        return held
    edged = _held(_fitted(target, rate_hz, N_BANDS, edges=True), target, rate_hz)
    return min((held, edged), key=lambda fit: fit.distance_db)


def _held(settings: EqualiserSettings, target: Target, rate_hz: int) -> ToneFit:
    held = heard_bands(_without_empty_boosts(settings, target, rate_hz))
    return ToneFit(held, *distance_db(held, target.curve_db, target.at_hz, rate_hz), held_back=held != settings)


def _fitted(target: Target, rate_hz: int, n_bands: int, *, edges: bool = False) -> EqualiserSettings:
    """Fit bands; with ``edges`` the places where the track has nothing count most, so that skirts end before them."""
    return fitted(
        target.curve_db,
        target.at_hz,
        rate_hz,
        n_bands=n_bands,
        most_boost_db=MOST_BOOST_DB,
        most_cut_db=MOST_CUT_DB,
        weights=np.where(target.empty, 1.0, _INSIDE_WEIGHT) if edges else None,
    )


def loudness_change_lu(settings: EqualiserSettings, part: LoudestPart) -> float:
    """Return what an equaliser does to the loudness of a track."""
    if not settings.bands:
        return 0.0
    played = Equaliser(settings, part.rate_hz, len(part.sound)).process(part.sound.copy())
    return lufs_of(played, part.rate_hz) - part.lufs


def _limited(curve_db: Floats, empty: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.clip(np.where(empty, np.minimum(curve_db, 0.0), curve_db), -MOST_CUT_DB, MOST_BOOST_DB))


def _loudness_change_db(at_hz: Floats, gain_db: Floats, part: LoudestPart) -> float:
    """Return what a curve does to the K-weighted energy of a track."""
    all_hz = np.asarray(ALL_CENTRES_HZ)
    counted = all_hz < 0.5 * part.rate_hz
    energy = levels.db_to_energy(part.levels_db[counted]) * k_weighting_power(all_hz[counted], part.rate_hz)
    gains_db = np.interp(np.log(all_hz[counted]), np.log(at_hz), gain_db)
    total = float(energy.sum())
    return float(levels.energy_to_db((energy * levels.db_to_energy(gains_db)).sum() / total)) if total > 0.0 else 0.0


def _without_empty_boosts(settings: EqualiserSettings, target: Target, rate_hz: int) -> EqualiserSettings:
    """Lower the bands that boost most where the track has nothing, until none of it rises by more than a skirt."""
    at_hz = target.at_hz[target.empty]
    if not at_hz.size:
        return settings
    for _ in range(_STEPS):
        risen_db = response_db(settings, at_hz, rate_hz)
        worst = int(risen_db.argmax())
        if risen_db[worst] <= SKIRT_DB:
            return settings
        shares_db = [
            float(response_db(EqualiserSettings((band,)), at_hz[worst : worst + 1], rate_hz)[0])
            for band in settings.bands
        ]
        number = int(np.argmax(shares_db))
        band = settings.bands[number]
        lowered = max(1.0 - (risen_db[worst] - SKIRT_DB + _FINE) / shares_db[number], 0.0)
        bands = list(settings.bands)
        bands[number] = replace(band, gain_db=band.gain_db * float(lowered))
        settings = EqualiserSettings(tuple(bands))
    return EqualiserSettings(tuple(band for band in settings.bands if band.gain_db <= 0.0))
