"""The gains over time that a finished mix gave its tracks [1]_.

Two ways, since mixes are of two kinds. Where the mix is little more than its tracks at their levels, each waveform is
laid under the mix at its own lag and polarity, and least squares give the gains to a hundredth of a dB. Where the
tracks went through equalisers, compressors and reverbs, waveforms no longer match and bias the gains downwards; then
power spectra of one second are compared, for which phases do not matter. ``auto`` looks at the residual to choose.

References
----------
.. [1] J. Scott, Y. E. Kim, "Analysis of acoustic features for automated multi-track mixing", ISMIR 2011, 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.alignment import Alignment, align
from reaper_automix.analysis.gain_fit import Fit, fit, same_signals, sounding, window_energy, with_polarity
from reaper_automix.analysis.gain_smoothing import smooth
from reaper_automix.analysis.gain_sources import AudioSource
from reaper_automix.analysis.gain_windows import Domain, Windows, windows_of
from reaper_automix.audio import levels
from reaper_automix.errors import ScopeError
from reaper_automix.progress import Progress, silent
from reaper_automix.units import db_to_energy

Method = Literal["auto", "waveform", "power", "magnitude"]

METHODS: tuple[Method, ...] = ("auto", "waveform", "power", "magnitude")

EXPLAINED_DB = -10.0
"""``auto`` trusts the waveforms where they leave less than this of the mix.

A part of the mix that is missed sample for sample is missed because it was changed: at -10 dB the waveforms hold 90 %
of its energy, so what they say is biased by half a dB. Measured on real tracks: mixes of gains alone leave -36 dB and
less, as MP3 or Vorbis -17 to -27 dB, saturated or compressed as a whole -20 dB and less, with a broad equaliser on the
whole -15 to -17 dB; in all of these waveforms were about as good as power spectra or better. Mixes of processed tracks
leave -2 to -6 dB, and there waveforms are wrong by several dB.
"""

FLOORS_DB = {"waveform": 0.02, "power": 0.5, "magnitude": 0.5}
"""Errors of a single window that its own residual does not show: rounding, and how tracks interfere in spectra."""

_MOST_ZEROS = 0.4
"""A track that is not in the mix gets a gain of exactly 0 in about half of the windows."""

_DB_PER_NEPER = 10.0 / float(np.log(10.0))

LOWEST_DB = -60.0
"""Gains below are given as this."""

HEARD_DB = {"waveform": -60.0, "power": -35.0, "magnitude": -35.0}
"""A track whose part in the mix is lower where it sounds is not heard in it: the fit cannot tell it from nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class GainEstimate:
    """What a mix did with its tracks.

    Parameters
    ----------
    times_s : ndarray of float64, shape (n_windows,)
        Middle of each window, in the time of the tracks.
    gains_db : ndarray of float64, shape (n_tracks, n_windows)
        As fitted, energy over left and right; NaN where the track is silent.
    smoothed_db : ndarray of float64, shape (n_tracks, n_windows)
        Smoothed; equal numbers for a track that does not move. NaN for a track that never sounds.
    deviations_db : ndarray of float64, shape (n_tracks, n_windows)
        Standard deviation of ``smoothed_db``.
    noise_db : tuple of float
        Standard deviation of a single window of each track.
    moves, heard : tuple of bool
        Whether each track rides, and whether it is in the mix at all.
    side_db : tuple of float
        Left minus right of each track in the mix, beyond what the track has itself; 0 for a mono mix.
    share : tuple of float
        Part of each track in the energy of the mix, 0..1.
    alike : tuple of tuple of int
        Groups of tracks that are one signal: they share a gain, since only its sum is known.
    alignment : Alignment
        Offset of the mix, lag and polarity of each track.
    sample_rate_hz : int
        In which the alignment counts.
    method : str
        ``waveform``, ``power`` or ``magnitude``.
    residual_db : float
        What the fit leaves of the mix in the domain of the method.
    waveform_residual_db : float
        What waveforms at their gains leave of the mix, whatever the method.
    """

    times_s: NDArray[np.float64]
    gains_db: NDArray[np.float64]
    smoothed_db: NDArray[np.float64]
    deviations_db: NDArray[np.float64]
    noise_db: tuple[float, ...]
    moves: tuple[bool, ...]
    heard: tuple[bool, ...]
    side_db: tuple[float, ...]
    share: tuple[float, ...]
    alike: tuple[tuple[int, ...], ...]
    alignment: Alignment
    sample_rate_hz: int
    method: Domain
    residual_db: float
    waveform_residual_db: float

    def lag_s(self, track: int) -> float | None:
        """Return how much later than its offset the mix holds a track; None where that is not known."""
        samples = self.alignment.lags[track].samples
        return None if samples is None else samples / self.sample_rate_hz

    @property
    def offset_s(self) -> float:
        """What to add to the time of the tracks for the time of the mix."""
        return self.alignment.offset_samples / self.sample_rate_hz

    def level_db(self, track: int) -> float:
        """Return the typical gain of a track, NaN where it never sounds."""
        return float(np.median(self.smoothed_db[track]))


def estimate_gains(
    tracks: Sequence[AudioSource],
    mix: AudioSource,
    sample_rate_hz: int,
    *,
    method: Method = "auto",
    progress: Progress = silent,
) -> GainEstimate:
    """Find the gains that a mix gave its tracks.

    Parameters
    ----------
    tracks : sequence of AudioSource
        The tracks before their faders: ``ArraySource``, ``open_file``, ``TrackReader``.
    mix : AudioSource
        The finished mix, mono or stereo.
    sample_rate_hz : int
        Of all of them.
    method : {"auto", "waveform", "power", "magnitude"}
        See the module; ``magnitude`` is the paper's.
    progress : Progress
        Hears how far the work is.

    Raises
    ------
    ScopeError
        If there are no tracks, none of them sounds, or the mix is silent where they play.
    """
    if not tracks:
        raise ScopeError("There are no tracks to look for in the mix: give some.")
    alignment = align(tracks, mix, sample_rate_hz, progress=progress)
    domain: Domain = "power" if method == "auto" else method
    domains: tuple[Domain, ...] = () if domain == "waveform" else (domain,)
    windows = windows_of(tracks, mix, sample_rate_hz, alignment, domains, progress=progress)
    found = _Fitted.of(windows, alignment, "waveform")
    waveform_residual_db = found.fit.residual_db
    if domain != "waveform" and not (method == "auto" and waveform_residual_db <= EXPLAINED_DB):
        found = _Fitted.of(windows, alignment, domain)
    return found.estimate(alignment, sample_rate_hz, waveform_residual_db)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A fit with what it was fitted to; tracks that repeat another one are fitted as that one."""

    windows: Windows
    domain: Domain
    sounds: NDArray[np.bool_]
    energy: NDArray[np.float64]
    alike: tuple[tuple[int, ...], ...]
    fit: Fit

    @classmethod
    def of(cls, windows: Windows, alignment: Alignment, domain: Domain) -> _Fitted:
        """Fit one domain of a song's windows."""
        waveforms = with_polarity(windows.products["waveform"], [lag.polarity for lag in alignment.lags])
        energy = window_energy(windows)
        sounds = sounding(energy, windows.n_step)
        _check_audible(sounds, waveforms.mix)
        alike = same_signals(waveforms)
        repeats = {other for group in alike for other in group[1:]}
        columns = [track for track in range(energy.shape[-1]) if track not in repeats]
        products = (waveforms if domain == "waveform" else windows.products[domain]).of(columns)
        partial = fit(products, domain, sounds[:, columns], windows.n_step)
        return cls(windows, domain, sounds, energy, alike, _shared(partial, columns, alike, energy))

    def estimate(self, alignment: Alignment, sample_rate_hz: int, waveform_residual_db: float) -> GainEstimate:
        """Return the estimate: energy gains over the channels, smoothed track by track."""
        power_gain, deviation = self._over_channels()
        level_db, deviation_db = _in_db(power_gain, deviation, self.sounds)
        courses = [smooth(g, d, FLOORS_DB[self.domain]) for g, d in zip(level_db.T, deviation_db.T, strict=True)]
        share, heard = self._parts(power_gain, alignment)
        ever = np.atleast_1d(self.sounds.any(axis=0))
        return GainEstimate(
            times_s=self.windows.times_s,
            gains_db=np.where(self.sounds, level_db, np.nan).T,
            smoothed_db=np.stack(
                [c.gains_db if e else c.gains_db + np.nan for c, e in zip(courses, ever, strict=True)]
            ),
            deviations_db=np.stack([course.deviations_db for course in courses]),
            noise_db=tuple(course.noise_db for course in courses),
            moves=tuple(c.moves and h for c, h in zip(courses, heard, strict=True)),
            heard=heard,
            side_db=self._sides_db(),
            share=share,
            alike=self.alike,
            alignment=alignment,
            sample_rate_hz=sample_rate_hz,
            method=self.domain,
            residual_db=self.fit.residual_db,
            waveform_residual_db=waveform_residual_db,
        )

    def _over_channels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return squared gains and deviations, (n_windows, n_tracks): left and right by a track's energy there."""
        weights = self.energy / np.maximum(self.energy.sum(axis=1, keepdims=True), 1e-30)
        variance = np.where(weights > 0.0, self.fit.variance, 0.0)
        return (weights * self.fit.power_gain).sum(axis=1), np.sqrt((np.square(weights) * variance).sum(axis=1))

    def _parts(
        self, power_gain: NDArray[np.float64], alignment: Alignment
    ) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        """Return each track's part in the energy of the mix, and whether it is heard in it."""
        mix = self.windows.products["waveform"].mix.sum(axis=1)
        own = power_gain * self.energy.sum(axis=1) * self.sounds
        beside = np.where(self.sounds, mix[:, None], 0.0).sum(axis=0)
        here = own.sum(axis=0) / np.maximum(beside, 1e-30)
        none = (np.where(self.sounds[:, None], self.fit.power_gain, 1.0) <= 0.0).mean(axis=(0, 1))
        of_sounding = none / np.maximum(self.sounds.mean(axis=0), 1e-30)
        found = np.array([lag.samples is not None for lag in alignment.lags])
        heard = (here > db_to_energy(HEARD_DB[self.domain])) & (found | (of_sounding < _MOST_ZEROS))
        share = own.sum(axis=0) / max(float(mix.sum()), 1e-30)
        return tuple(float(part) for part in share), tuple(bool(is_heard) for is_heard in heard)

    def _sides_db(self) -> tuple[float, ...]:
        """Return left minus right of the gains of each track."""
        if self.energy.shape[1] < 2:
            return (0.0,) * int(self.energy.shape[2])
        heard = np.where(self.sounds[:, None], self.energy * self.fit.power_gain, 0.0).sum(axis=0)
        own = np.where(self.sounds[:, None], self.energy, 0.0).sum(axis=0)
        gain_db = levels.energy_to_db(np.maximum(heard / np.maximum(own, 1e-30), 1e-6))
        both = (own > 0.0).all(axis=0)
        return tuple(float(side) for side in np.where(both, gain_db[0] - gain_db[1], 0.0))


def _in_db(
    power_gain: NDArray[np.float64], deviation: NDArray[np.float64], sounds: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gains in dB with their deviations, inf where a track is silent.

    A gain of nothing is as low as its deviation lets one say, and as uncertain.
    """
    known = sounds & np.isfinite(deviation)
    deviation = np.where(known, deviation, 1.0)
    seen = np.maximum(power_gain, deviation)
    level_db = levels.energy_to_db(np.maximum(np.maximum(power_gain, 0.25 * deviation), db_to_energy(LOWEST_DB)))
    return level_db, np.where(known, _DB_PER_NEPER * deviation / np.maximum(seen, 1e-30), np.inf)


def _shared(partial: Fit, columns: Sequence[int], alike: Sequence[Sequence[int]], energy: NDArray[np.float64]) -> Fit:
    """Return a fit of all tracks from one in which repeated tracks are missing: all of a group have the same gain.

    The signal of a group is found with gain ``h`` of its first track; ``g`` times the sum of all of them is the same.
    """
    whole = np.sqrt(energy.sum(axis=(0, 1)))
    power_gain, variance = np.zeros_like(energy), np.full_like(energy, np.inf)
    power_gain[..., list(columns)], variance[..., list(columns)] = partial.power_gain, partial.variance
    for group in alike:
        members, first = list(group), group[0]
        share = (whole[first] / whole[members].sum()) ** 2
        power_gain[..., members] = power_gain[..., [first]] * share
        variance[..., members] = variance[..., [first]] * share**2
    return Fit(power_gain, variance, partial.residual_db)


def _check_audible(sounds: NDArray[np.bool_], mix: NDArray[np.float64]) -> None:
    if not sounds.any():
        raise ScopeError("None of the tracks sounds where the mix plays: give the tracks that the mix was made of.")
    if not mix.any():
        raise ScopeError("The mix is silent where the tracks play: check that it is the mix of these tracks.")
