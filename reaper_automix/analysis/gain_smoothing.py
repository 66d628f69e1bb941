"""From noisy gains per window to a level, and a ride where there is one.

A track's level in dB is taken for a random walk that is seen through noise, and smoothed by Kalman (RTS) smoothing as
[1]_ does. How far it wanders is chosen per track by likelihood. Standing still is the choice unless wandering is
significantly more likely: a fader that nobody touched has to come out as one number, not as a wobble.

Departures from the paper: dB in place of linear weights, since a ride is proportional; the noise of each window is
weighed by what its residual says; its scale is taken from the gains themselves (second differences, which a ride
hardly touches); windows far off are trusted less (Huber), since the errors of NNLS have heavy tails.

References
----------
.. [1] J. Scott, Y. E. Kim, "Analysis of acoustic features for automated multi-track mixing", ISMIR 2011, 3.1.
.. [2] P. J. Huber, "Robust estimation of a location parameter", 1964.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.learning.kalman import local_level_smooth

WALKS_DB = (0.0, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0)
"""Deviations per window of the random walks to choose from; the first stands still."""

SIGNIFICANT = 8.0
"""How much the log likelihood has to grow for a ride: more than the 2 of Akaike, since the errors of windows hang
together and the walk is chosen from several."""

SMALLEST_RIDE_DB = 0.5
"""A ride that spans less is none: below it nobody hears one, and the fader says it all."""

_HUBER = 1.5
_ROUNDS = 4
_FEW = 6
"""With fewer windows than this there is nothing to tell a ride by."""

_MOST_SURPRISE = 25.0
"""Squared deviations beyond 5 count as 5 in the likelihood, so that a few windows decide nothing."""

_INAUDIBLE_DB = 0.2
"""For the choice windows are no surer than this: else a fader at rest for most of the song outweighs its one fade."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The gain of one track over time.

    Parameters
    ----------
    gains_db : ndarray of float64, shape (n_windows,)
        Smoothed; silent windows are filled from both sides.
    deviations_db : ndarray of float64, shape (n_windows,)
        How sure each is: one standard deviation.
    moves : bool
        Whether there is a ride; if not, all gains are equal.
    noise_db : float
        Typical deviation of a single window.
    """

    gains_db: NDArray[np.float64]
    deviations_db: NDArray[np.float64]
    moves: bool
    noise_db: float


def smooth(gains_db: NDArray[np.float64], deviations_db: NDArray[np.float64], floor_db: float) -> Course:
    """Smooth the gains of one track.

    Parameters
    ----------
    gains_db : ndarray of float64, shape (n_windows,)
        As fitted; anything where the deviation is infinite.
    deviations_db : ndarray of float64, shape (n_windows,)
        As fitted, up to a common factor; ``inf`` where the track is silent.
    floor_db : float
        No window is taken to be more certain than this.
    """
    seen = np.isfinite(deviations_db)
    if not seen.any():
        nothing = np.full(gains_db.shape, np.inf)
        return Course(np.zeros_like(gains_db), nothing, moves=False, noise_db=np.inf)
    values = np.where(seen, gains_db, 0.0)
    known_db = np.where(seen, deviations_db, 1.0)
    deviations = np.hypot(known_db * _scale(gains_db[seen], deviations_db[seen]), floor_db)
    deviations = _tempered(values, deviations, seen)
    walk_db = _walk(values, deviations, seen)
    still = _smoothed(values, deviations, seen, 0.0)
    noise_db = float(np.median(deviations[seen]))
    if walk_db > 0.0:
        means, spreads = _smoothed(values, deviations, seen, walk_db)
        low, high = np.quantile(means[seen], (0.02, 0.98))
        if high - low >= max(SMALLEST_RIDE_DB, 2.0 * float(np.median(spreads[seen]))):
            return Course(means, spreads, moves=True, noise_db=noise_db)
    return Course(still[0], still[1], moves=False, noise_db=noise_db)


def _scale(gains_db: NDArray[np.float64], deviations_db: NDArray[np.float64]) -> float:
    """Return the factor between deviations as fitted and as the gains scatter: by second differences, robustly."""
    if gains_db.size < _FEW:
        return 1.0
    second = gains_db[:-2] - 2.0 * gains_db[1:-1] + gains_db[2:]
    variance = np.square(deviations_db)
    expected = np.sqrt(variance[:-2] + 4.0 * variance[1:-1] + variance[2:])
    return float(np.median(np.abs(second) / np.maximum(expected, 1e-12))) / 0.6745


def _tempered(
    values: NDArray[np.float64], deviations: NDArray[np.float64], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return larger deviations for windows that lie far from both neighbours in time, by their running median."""
    if np.count_nonzero(seen) < _FEW:
        return deviations
    inside = values[seen]
    padded = np.pad(inside, 2, mode="edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    surprise = np.abs(inside - around) / deviations[seen]
    tempered = deviations.copy()
    tempered[seen] *= np.sqrt(np.maximum(surprise / (2.0 * _HUBER), 1.0))  # [2]: weight falls with the distance
    return tempered


def _walk(values: NDArray[np.float64], deviations: NDArray[np.float64], seen: NDArray[np.bool_]) -> float:
    """Return the deviation per window of the random walk that is most likely; 0 unless it is significantly more so."""
    if np.count_nonzero(seen) < _FEW:
        return 0.0
    likelihood = _log_likelihood(values, np.hypot(deviations, _INAUDIBLE_DB), seen, np.square(np.array(WALKS_DB)))
    best = int(likelihood.argmax())
    return WALKS_DB[best] if likelihood[best] - likelihood[0] > SIGNIFICANT else 0.0


def _log_likelihood(
    values: NDArray[np.float64],
    deviations: NDArray[np.float64],
    seen: NDArray[np.bool_],
    step_variances: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log likelihood under each random walk, given the first value: a scalar Kalman filter per walk."""
    first = int(seen.argmax())
    mean = np.full(step_variances.shape, values[first])
    variance = np.full(step_variances.shape, deviations[first] ** 2)
    total = np.zeros(step_variances.shape)
    for t in range(first + 1, values.size):
        variance = variance + step_variances
        if not seen[t]:
            continue
        spread = variance + deviations[t] ** 2
        surprise = values[t] - mean
        total -= 0.5 * (np.log(spread) + np.minimum(np.square(surprise) / spread, _MOST_SURPRISE))
        gain = variance / spread
        mean = mean + gain * surprise
        variance = variance * (1.0 - gain)
    return total


def _smoothed(
    values: NDArray[np.float64], deviations: NDArray[np.float64], seen: NDArray[np.bool_], walk_db: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return smoothed means and deviations; windows far off the curve lose weight, round by round."""
    usual = float(np.median(deviations[seen]))
    weights = np.where(seen, np.square(usual / deviations), 0.0)
    trust = np.ones_like(values)
    for _ in range(_ROUNDS):
        means, variances = local_level_smooth(
            values, step_variance=walk_db**2, observation_variance=usual**2, precision_weights=weights * trust
        )
        off = np.abs(values - means) / np.hypot(deviations, walk_db)
        trust = np.minimum(1.0, _HUBER / np.maximum(off, 1e-12))  # [2]
    return means, np.sqrt(variances)
