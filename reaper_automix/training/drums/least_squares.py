"""The gains that a dry mix gave its microphones, by least squares [1]_.

``recover_gains`` is the published equation as it stands. It needs microphones that lie in the mix sample for sample;
bleed does not disturb it, since it is in the mix as well. ``recover_levels`` first lets gain estimation find the lag
and the polarity of each microphone in the mix. A microphone that hears what others hear too may be found at their
lag instead of its own: each one is tried at the lags that the rest of the mix points to as well, and what leaves least
of the mix is kept.

References
----------
.. [1] D. Moffat, M. Sandler, "Machine learning multitrack gain mixing of drums", AES Convention 147 (2019), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.alignment import LARGEST_LAG_S
from reaper_automix.analysis.gain_estimation import LOWEST_DB, estimate_gains
from reaper_automix.analysis.gain_sources import ArraySource, AudioSource
from reaper_automix.analysis.loudness import Audio
from reaper_automix.errors import ScopeError
from reaper_automix.units import energy_to_db, lin_to_db

Floats = NDArray[np.float64]

RIDGE = 1e-12
"""Share of a microphone's energy that is added to its own product: two equal microphones share their gain."""

MOST_MOVES = 12
LEAST_GAIN = 0.9
"""A lag is changed where that leaves less than this part of the energy that was left before."""
NOTHING_LEFT = 1e-7
"""Part of the energy of the mix (-70 dB) below which nothing is looked for any more."""


@dataclass(frozen=True, slots=True, eq=False)
class RecoveredLevels:
    """What a mix did with its microphones.

    Parameters
    ----------
    gains_db : ndarray of float64, shape (n_microphones,)
        At least ``LOWEST_DB``.
    polarity : tuple of int
        -1 where the mix holds it inverted.
    lag_s : tuple of float
        How much later the mix holds it.
    residual_db : float
        What they leave of the mix.
    """

    gains_db: Floats
    polarity: tuple[int, ...]
    lag_s: tuple[float, ...]
    residual_db: float


def recover_gains(tracks: Audio, mix: Audio | Floats) -> Floats:
    """Return the linear gains that make a mix of its tracks.

    Parameters
    ----------
    tracks : ndarray of float32, shape (n_tracks, n_samples)
        As recorded, sample for sample as the mix holds them.
    mix : ndarray of float32, shape (n_samples,)
        The mono sum of the dry mix.

    Returns
    -------
    ndarray of float64, shape (n_tracks,)
        Negative where the mix holds a track inverted, 0 for a silent one.

    Raises
    ------
    ScopeError
        If there are no tracks, or their length is another one than that of the mix.
    """
    if tracks.ndim != 2 or not tracks.shape[0] or mix.shape != tracks.shape[1:]:
        raise ScopeError(
            f"tracks of shape {tracks.shape}, a mix of shape {mix.shape}: give (n_tracks, n_samples) and (n_samples,)."
        )
    x, y = tracks.astype(np.float64), mix.astype(np.float64)  # [1] eq. 2: y = X a
    return _solved(x @ x.T, x @ y)


def _solved(inner: Floats, across: Floats) -> Floats:
    """Return ``(X'X)^-1 X'y``, each track at unit length so that quiet ones are as exact as loud ones."""
    length = np.sqrt(np.diagonal(inner))
    sounds = np.flatnonzero(length > 0.0)
    gains = np.zeros(length.size)
    if sounds.size:
        scaled = inner[np.ix_(sounds, sounds)] / np.outer(length[sounds], length[sounds])
        scaled[np.diag_indices_from(scaled)] += RIDGE
        gains[sounds] = np.linalg.solve(scaled, across[sounds] / length[sounds]) / length[sounds]  # [1] eq. 4
    return gains


def recover_levels(tracks: Audio, mix: Audio, rate_hz: int) -> RecoveredLevels:
    """Return the gains of tracks that may lie in the mix late or inverted.

    Parameters
    ----------
    tracks : ndarray of float32, shape (n_tracks, n_samples)
        As recorded.
    mix : ndarray of float32, shape (n_mix_samples,)
        The mono sum of the dry mix, of any length.
    rate_hz : int
        Of both.

    Raises
    ------
    ScopeError
        If there are no tracks, none of them sounds, or the mix is silent.
    """
    found = estimate_gains([_source(track) for track in tracks], _source(mix), rate_hz, method="waveform")
    offset = found.alignment.offset_samples
    song = _Song(tracks, _moved(mix, -offset, tracks.shape[1]), round(LARGEST_LAG_S * rate_hz))
    # What all have in common is the offset; a microphone by itself is usually where the others are.
    starts = [list(found.alignment.lag_samples()), [0] * len(tracks)]
    lags = min((song.settled(start) for start in starts), key=song.left)
    late = np.stack([_moved(track, lag, track.size) for track, lag in zip(tracks, lags, strict=True)])
    moved = _moved(mix, -offset, tracks.shape[1]).astype(np.float64)
    gains = recover_gains(late, moved).tolist()
    left = float(np.square(moved - np.asarray(gains) @ late).sum() / np.square(moved).sum())
    return RecoveredLevels(
        gains_db=np.array([max(lin_to_db(gain), LOWEST_DB) for gain in gains]),
        polarity=tuple(-1 if gain < 0.0 else 1 for gain in gains),
        lag_s=tuple((offset + lag) / rate_hz for lag in lags),
        residual_db=energy_to_db(max(left, 1e-15)),
    )


class _Song:
    """Tracks at lags under their mix; all products at all lags are kept, so that trying a lag costs next to nothing."""

    def __init__(self, tracks: Audio, mix: Audio, reach: int) -> None:
        self._n = fft.next_fast_len(tracks.shape[1] + 2 * reach, real=True)
        self._reach = reach
        self._tracks = fft.rfft(tracks, self._n)
        self._mix = fft.rfft(mix, self._n)
        self._energy = float(np.square(mix, dtype=np.float64).sum())
        self._products: dict[tuple[int, int], Floats] = {}

    def gains(self, lags: Sequence[int], kept: Sequence[int] | None = None) -> Floats:
        """Return the least-squares gains of tracks at their lags, or of some of them."""
        kept = range(len(lags)) if kept is None else kept
        inner = np.array([[self._product(i, j, lags[i] - lags[j]) for j in kept] for i in kept])
        across = np.array([self._product(i, -1, lags[i]) for i in kept])
        return _solved(inner.reshape(len(kept), len(kept)), across)

    def left(self, lags: Sequence[int]) -> float:
        """Return which part of the energy of the mix is left."""
        explained = sum((float(g) * self._product(i, -1, lags[i]) for i, g in enumerate(self.gains(lags))), 0.0)
        return max(1.0 - explained / max(self._energy, 1e-30), 0.0)

    def settled(self, lags: Sequence[int]) -> list[int]:
        """Return lags of which none can be changed for the better by itself."""
        best, left = list(lags), self.left(lags)
        for _ in range(MOST_MOVES):
            if left < NOTHING_LEFT:
                break
            tried = [[*best[:i], lag, *best[i + 1 :]] for i in range(len(best)) for lag in self._pointed_to(best, i)]
            nearest = min(tried, key=self.left, default=best)
            if self.left(nearest) >= LEAST_GAIN * left:
                break
            best, left = nearest, self.left(nearest)
        return best

    def _pointed_to(self, lags: Sequence[int], index: int) -> list[int]:
        """Return where a track lies, judged by what all others leave of the mix: whitened, and as it is."""
        others = [i for i in range(len(lags)) if i != index]
        rest = self._mix.copy()
        for gain, i in zip(self.gains(lags, others).tolist(), others, strict=True):
            rest -= np.complex64(gain) * self._at(i, lags[i])
        across = rest * self._tracks[index].conj()
        size = np.abs(across)
        found = {0}
        for weight in (1.0, 1.0 / (size + 1e-3 * float(size.mean()) + 1e-30)):
            correlation = np.abs(fft.irfft(across * weight, self._n))
            correlation[self._reach + 1 : self._n - self._reach] = 0.0
            peak = int(correlation.argmax())
            found.add(peak - self._n if peak > self._n // 2 else peak)
        return sorted(found - {lags[index]})

    def _at(self, index: int, lag: int) -> NDArray[np.complex64]:
        turn = np.exp(-2j * np.pi * lag / self._n * np.arange(self._mix.size))
        return np.asarray(self._tracks[index] * turn.astype(np.complex64))

    def _product(self, first: int, second: int, ahead: int) -> float:
        """Return the inner product of a track and what another one (-1: the mix) has so many samples later."""
        if (key := (first, second)) not in self._products:
            other = self._mix if second < 0 else self._tracks[second]
            across = fft.irfft(self._tracks[first].conj() * other, self._n)
            self._products[key] = np.concatenate([across[-2 * self._reach :], across[: 2 * self._reach + 1]]).astype(
                float
            )
        return float(self._products[key][2 * self._reach + ahead])


def _source(audio: Audio) -> AudioSource:
    # Its number of channels is read only, which is all that is ever done to it.
    return cast(AudioSource, ArraySource(audio[None]))


def _moved(audio: Audio, samples: int, length: int) -> Audio:
    """Return audio so many samples later (earlier where negative), cut or filled to a length."""
    return np.asarray(_source(audio).read(-samples, length)[0])
