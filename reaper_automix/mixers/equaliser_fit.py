"""A few bands of ReaEQ whose response comes near to a wanted curve: what an engineer can read and move.

A wanted curve of many points, as a network gives it, cannot be edited. Here a low shelf, some bells and a high shelf
are fitted to it by least squares in dB, over ``LOWEST_HZ`` to ``HIGHEST_HZ`` and smoothed over a third of an octave,
because narrower detail of a long-term spectrum is the notes that were played. More bands than wanted are fitted from
several starts, and then left out one by one: always the one that is missed least, the others taking over its work.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from reaper_automix.effect_settings.equaliser import Band, BandType, EqualiserSettings
from reaper_automix.effects.equaliser import response_db, section

LOWEST_HZ, HIGHEST_HZ = 80.0, 12_000.0
"""Where the distance to the wanted curve counts, as far as the sample rate reaches."""

SMOOTHING_OCT = 1.0 / 3.0
BROADEST_Q, NARROWEST_Q = 0.35, 4.0
STEEPEST_SHELF_Q = 1.5
N_BANDS = 6

MISSED_DB = 0.05
"""A band whose absence, the others refitted, raises the distance by less than this does almost nothing."""

SMALLEST_GAIN_DB = 0.1

_POINTS_PER_OCT = 18
_BEYOND_OCT = 1.5
_BEYOND_WEIGHT = 0.15
"""Beyond the range the curve goes on flat and counts for little, so that no shelf does there what nobody asked for."""
_EXCESS_WEIGHT = 4.0
_HIGHEST_RELATIVE = 0.45
_FULL_EVALUATIONS, _REFIT_EVALUATIONS = 50, 15
_STEPS = (1e-4, 1e-3, 1e-4)
_MOST_MOVES, _NEAR_DB = 1, 0.15
_CANDIDATES = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is fitted: the wanted curve on a grid of equal steps in octaves, and the limits."""

    grid_hz: Floats
    wanted_db: Floats
    weights: Floats
    most_boost_db: float
    most_cut_db: float
    sample_rate_hz: int

    @property
    def highest_hz(self) -> float:
        return min(16_000.0, _HIGHEST_RELATIVE * self.sample_rate_hz)


def fitted(
    curve_db: Floats,
    frequencies_hz: Floats,
    sample_rate_hz: int,
    *,
    n_bands: int = N_BANDS,
    most_boost_db: float,
    most_cut_db: float,
    weights: Floats | None = None,
) -> EqualiserSettings:
    """Return a low shelf, bells and a high shelf whose response is nearest to a curve.

    Parameters
    ----------
    curve_db : ndarray of float64, shape (n_points,)
        The wanted gain in dB; what is beyond the limits is cut off.
    frequencies_hz : ndarray of float64, shape (n_points,)
        Above 0 Hz, rising; the curve goes on flat before the first and after the last.
    sample_rate_hz : int
        Of the session the bands will play in.
    n_bands : int
        So many at most, 1 or more.
    most_boost_db, most_cut_db : float
        Limits of the gain of each band and of all together, both as numbers from 0 to 24.
    weights : ndarray of float64, shape (n_points,), optional
        How much each point counts, 0 or more; all the same by default.

    Returns
    -------
    EqualiserSettings
        By frequency; none at all for a curve that is (almost) flat at 0 dB. The same input gives the same bands.

    Raises
    ------
    ValueError
        If shapes, values or limits are not as above.
    """
    _check(curve_db, frequencies_hz, weights)
    if n_bands < 1 or not 0.0 <= most_boost_db <= 24.0 or not 0.0 <= most_cut_db <= 24.0:
        raise ValueError(f"{n_bands} bands, +{most_boost_db:g}/-{most_cut_db:g} dB: give 1 or more and 0 to 24 dB")
    limited_db = np.clip(curve_db, -most_cut_db, most_boost_db)
    grid_hz, inside = _grid(sample_rate_hz)
    wanted_db = _smoothed(limited_db, frequencies_hz, np.clip(grid_hz, *_range(sample_rate_hz)))
    counts = np.ones_like(grid_hz)
    if weights is not None and np.any(weights > 0.0):
        counts = _smoothed(weights / weights.max(), frequencies_hz, grid_hz)
    counts = np.sqrt(counts * np.where(inside, 1.0, _BEYOND_WEIGHT**2))
    task = _Task(grid_hz, wanted_db, counts, most_boost_db, most_cut_db, sample_rate_hz)
    best = min((_refined(task, start, _FULL_EVALUATIONS) for start in _starts(task, n_bands)), key=_by_distance)
    for _ in range(_MOST_MOVES):
        if best[1] <= _NEAR_DB:
            break
        best = min((best, *_moved(task, best[0])), key=_by_distance)
    return _settings(_thinned(task, *best, n_bands))


def distance_db(
    settings: EqualiserSettings, curve_db: Floats, frequencies_hz: Floats, sample_rate_hz: int
) -> tuple[float, float]:
    """Return how far settings are from a curve, and the curve from a straight wire.

    Parameters
    ----------
    settings : EqualiserSettings
    curve_db, frequencies_hz : ndarray of float64, shape (n_points,)
        As for ``fitted``.
    sample_rate_hz : int

    Returns
    -------
    distance_db, curve_rms_db : float
        Root mean square over ``LOWEST_HZ`` to ``HIGHEST_HZ``, or to 0.45 of the sample rate, each octave counting the
        same, in dB smoothed over a third of an octave.
    """
    _check(curve_db, frequencies_hz, None)
    grid_hz, inside = _grid(sample_rate_hz)
    wanted_db = _smoothed(curve_db, frequencies_hz, grid_hz)
    played_db = _moving_average(response_db(settings, grid_hz, sample_rate_hz))
    return _rms((played_db - wanted_db)[inside]), _rms(wanted_db[inside])


def _check(curve_db: Floats, frequencies_hz: Floats, weights: Floats | None) -> None:
    if curve_db.ndim != 1 or curve_db.shape != frequencies_hz.shape or curve_db.size < 2:
        raise ValueError(f"a curve of shape {curve_db.shape} at frequencies of shape {frequencies_hz.shape}")
    if not (np.all(np.isfinite(curve_db)) and frequencies_hz[0] > 0.0 and np.all(np.diff(frequencies_hz) > 0.0)):
        raise ValueError("a curve needs finite gains at rising frequencies above 0 Hz")
    if weights is not None and (weights.shape != curve_db.shape or not np.all(np.isfinite(weights) & (weights >= 0.0))):
        raise ValueError("weights must be finite, 0 or more, one per point of the curve")


def _range(sample_rate_hz: int) -> tuple[float, float]:
    return LOWEST_HZ, min(HIGHEST_HZ, _HIGHEST_RELATIVE * sample_rate_hz)


def _grid(sample_rate_hz: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return frequencies in equal steps of an octave, and which of them lie in the range that counts."""
    lowest_hz, highest_hz = _range(sample_rate_hz)
    first, last = math.log2(lowest_hz) - _BEYOND_OCT, math.log2(min(20_000.0, 0.49 * sample_rate_hz))
    grid_hz = np.exp2(np.arange(first, last, 1.0 / _POINTS_PER_OCT))
    return grid_hz, (grid_hz >= lowest_hz * 0.999) & (grid_hz <= highest_hz * 1.001)


def _smoothed(curve: Floats, frequencies_hz: Floats, at_hz: Floats) -> Floats:
    """Return the mean of a curve over a third of an octave around each frequency, exact for straight lines between."""
    x, at = np.log2(frequencies_hz), np.log2(at_hz)
    ends = np.concatenate((at - SMOOTHING_OCT / 2.0, at + SMOOTHING_OCT / 2.0))
    nodes = np.union1d(x, ends)
    values = np.interp(nodes, x, curve)
    area = np.concatenate(([0.0], np.cumsum(np.diff(nodes) * (values[1:] + values[:-1]) / 2.0)))
    below, above = np.split(np.interp(ends, nodes, area), 2)
    return np.asarray((above - below) / SMOOTHING_OCT)


def _moving_average(values: Floats) -> Floats:
    """Return the mean over a third of an octave on the grid, (..., n_points); the ends go on flat."""
    reach = round(SMOOTHING_OCT * _POINTS_PER_OCT / 2.0)
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach + 1, reach)], mode="edge")
    area = np.cumsum(padded, axis=-1)
    # A trapezoid: both ends count half, so that the window is a third of an octave wide and no more.
    whole = area[..., 2 * reach + 1 :] - area[..., : -2 * reach - 1]
    ends = padded[..., 1 : 1 + values.shape[-1]] + padded[..., 2 * reach + 1 :]
    return np.asarray((whole - ends / 2.0) / (2 * reach))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


_Model = tuple[tuple[BandType, ...], Floats]
"""Types of bands, and log2 frequency, gain in dB and log2 Q of each, (n_bands, 3)."""


def _by_distance(found: tuple[_Model, float]) -> float:
    return found[1]


def _starts(task: _Task, n_bands: int) -> Iterator[_Model]:
    """Yield bands spread evenly, and bells at the strongest deviations of the curve."""
    n_bells = max(n_bands, N_BANDS) - 2
    bells: list[BandType] = ["band"] * n_bells
    types: tuple[BandType, ...] = ("low_shelf", *bells, "high_shelf")
    lowest, highest = math.log2(LOWEST_HZ), math.log2(min(10_000.0, task.highest_hz))
    even = np.linspace(lowest + 0.5, highest - 0.2, n_bells + 2)
    for places, q in ((even, 0.9), (_strongest(task, even), 1.6)):
        gains_db = np.interp(places, np.log2(task.grid_hz), task.wanted_db)
        qs = np.array([0.7, *([q] * n_bells), 0.7])
        yield types, np.stack((places, 0.5 * gains_db, np.log2(qs)), axis=1)


def _strongest(task: _Task, even: Floats) -> Floats:
    """Return where bells should be: one after the other at what a bell of an octave leaves most of."""
    x = np.log2(task.grid_hz)
    left = task.wanted_db - np.interp(x, x[[0, -1]], task.wanted_db[[0, -1]])
    places = []
    for _ in range(len(even) - 2):
        at = int(np.argmax(np.abs(left) * task.weights))
        places.append(x[at])
        left = left - left[at] * np.exp(-np.square((x - x[at]) / 0.35))
    return np.array([even[0], *sorted(places), even[-1]])


def _bounds(task: _Task, types: Sequence[BandType]) -> tuple[Floats, Floats]:
    highest = math.log2(task.highest_hz)
    lower, upper = [], []
    for kind in types:
        first = math.log2(50.0) if kind != "high_shelf" else min(math.log2(1_500.0), highest - 1.0)
        last = highest if kind != "low_shelf" else min(math.log2(800.0), highest)
        steepest = NARROWEST_Q if kind == "band" else STEEPEST_SHELF_Q
        # scipy wants room between the bounds, also where nothing may be boosted or cut.
        lower.append((first, -task.most_cut_db - 1e-6, math.log2(BROADEST_Q)))
        upper.append((last, task.most_boost_db + 1e-6, math.log2(steepest)))
    return np.array(lower), np.array(upper)


def _refined(task: _Task, model: _Model, most_evaluations: int) -> tuple[_Model, float]:
    """Return the bands after least squares, and their weighted distance in dB."""
    types, start = model
    if not types:
        return model, _rms_of(task, np.zeros_like(task.wanted_db))
    lower, upper = _bounds(task, types)
    room = 1e-3 * (upper - lower)

    def residuals(p: Floats) -> Floats:
        return _residuals(task, _responses(task, types, p.reshape(-1, 3)).sum(axis=0))

    def jacobian(p: Floats) -> Floats:
        return _jacobian(task, types, p.reshape(-1, 3))

    fit = optimize.least_squares(
        residuals,
        np.clip(start, lower + room, upper - room).ravel(),
        jac=jacobian,
        bounds=(lower.ravel(), upper.ravel()),
        x_scale=np.tile((1.0, 3.0, 1.0), len(types)),
        max_nfev=most_evaluations,
        ftol=1e-4,
        xtol=1e-4,
    )
    values = fit.x.reshape(-1, 3)
    return (types, values), _rms_of(task, _responses(task, types, values).sum(axis=0))


def _rms_of(task: _Task, played_db: Floats) -> float:
    off_db = _moving_average(played_db) - task.wanted_db
    return float(np.sqrt(np.sum(np.square(off_db * task.weights)) / max(np.sum(np.square(task.weights)), 1e-12)))


def _residuals(task: _Task, played_db: Floats) -> Floats:
    """Return what least squares makes small: the distance to the curve, and what all bands together do too much."""
    off_db = (_moving_average(played_db) - task.wanted_db) * task.weights
    too_much_db = np.maximum(played_db - task.most_boost_db, 0.0) - np.maximum(-task.most_cut_db - played_db, 0.0)
    return np.concatenate((off_db, _EXCESS_WEIGHT * too_much_db))


def _jacobian(task: _Task, types: Sequence[BandType], values: Floats) -> Floats:
    """Return the slopes by differences: each number moves one band only, which is what makes this quick."""
    now = _responses(task, types, values)
    together = now.sum(axis=0)
    slopes = np.empty((3, *now.shape))
    for number, step in enumerate(_STEPS):
        moved = values.copy()
        moved[:, number] += step
        slopes[number] = (_responses(task, types, moved) - now) / step
    slopes = slopes.swapaxes(0, 1).reshape(-1, now.shape[1])
    too_much = (together > task.most_boost_db) | (together < -task.most_cut_db)
    return np.concatenate((_moving_average(slopes) * task.weights, _EXCESS_WEIGHT * slopes * too_much), axis=1).T


def _responses(task: _Task, types: Sequence[BandType], values: Floats) -> Floats:
    """Return the response of each band in dB, (n_bands, n_points)."""
    bands = [_band(kind, row) for kind, row in zip(types, values, strict=True)]
    b, a = np.split(np.array([section(band, task.sample_rate_hz) for band in bands]), 2, axis=1)
    # |b0 + b1 z + b2 z^2|^2 as a polynomial in cos w, which needs no complex numbers.
    cosine = np.cos(2.0 * np.pi * task.grid_hz / task.sample_rate_hz)
    return np.asarray(10.0 * np.log10(_squared(b, cosine) / _squared(a, cosine)))


def _squared(taps: Floats, cosine: Floats) -> Floats:
    c0, c1, c2 = (taps[:, n, None] for n in range(3))
    # Written around 1 - cos w: at low frequencies the sum itself is the difference of nearly equal numbers.
    low = 1.0 - cosine
    sums = np.square(c0 + c1 + c2)
    return np.asarray(np.maximum(sums - 2.0 * low * (c1 * (c0 + c2) + 4.0 * c0 * c2) + 4.0 * low**2 * c0 * c2, 1e-30))


def _band(kind: BandType, values: Floats) -> Band:
    gain_db = min(max(float(values[1]), -24.0), 24.0)
    return Band(kind, float(np.exp2(values[0])), gain_db, float(np.exp2(values[2])))


def _moved(task: _Task, model: _Model) -> Iterator[tuple[_Model, float]]:
    """Yield what becomes of a band that does little, once it is a bell where most is left; a way out of dead ends."""
    types, values = model
    together = _responses(task, types, values)
    left_db = task.wanted_db - _moving_average(together.sum(axis=0))
    at = int(np.argmax(np.abs(left_db) * task.weights))
    bell = (math.log2(task.grid_hz[at]), 0.5 * left_db[at], math.log2(2.0))
    for number in _least_first(task, together)[:_CANDIDATES]:
        if types[number] == "band":
            moved = values.copy()
            moved[number] = bell
            yield _refined(task, (types, moved), _FULL_EVALUATIONS)


def _least_first(task: _Task, responses: Floats) -> NDArray[np.intp]:
    return np.argsort(np.square(responses * task.weights).sum(axis=1), kind="stable")


def _thinned(task: _Task, model: _Model, distance: float, n_bands: int) -> _Model:
    """Return fewer bands: so many at most, and none that is not missed."""
    while model[0]:
        shorter, without = min(_one_less(task, model), key=_by_distance)
        if len(model[0]) <= n_bands and without > distance + MISSED_DB:
            break
        model, distance = shorter, without
    return model


def _one_less(task: _Task, model: _Model) -> Iterator[tuple[_Model, float]]:
    types, values = model
    together = _responses(task, types, values)
    # Only those that do least are tried: what shapes most of the curve is not the one that is missed least.
    for number in _least_first(task, together)[:_CANDIDATES]:
        rest = tuple(kind for n, kind in enumerate(types) if n != number)
        yield _refined(task, (rest, np.delete(values, number, axis=0)), _REFIT_EVALUATIONS)


def _settings(model: _Model) -> EqualiserSettings:
    """Return bands with numbers that are read at a glance."""
    bands = []
    for kind, values in zip(*model, strict=True):
        band = _band(kind, values)
        frequency_hz = float(f"{band.frequency_hz:.3g}")
        rounded = Band(kind, frequency_hz, round(band.gain_db, 1), round(min(band.q, NARROWEST_Q), 2))
        if abs(rounded.gain_db) >= SMALLEST_GAIN_DB:
            bands.append(rounded)
    return EqualiserSettings(tuple(sorted(bands, key=lambda band: band.frequency_hz)))
