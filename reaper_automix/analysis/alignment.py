"""Where a finished mix lies against the tracks it was made of: its offset, and each track's lag and polarity.

The offset (the mix was exported with a count-in, or cut) comes from the onsets of all tracks together, in steps of
10 ms over the whole length. The lag and the polarity of a track come from the excerpts in which it stands out: its
cross-correlation with the mix, whitened by the spectrum of the mix, which is the matched filter for a known signal in
noise of that spectrum [1]_. A peak that does not tower above the rest of the correlation is not believed.

References
----------
.. [1] C. Knapp, G. Carter, "The generalized correlation method for estimation of time delay", IEEE TASSP 24 (1976).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.gain_sources import AudioSource
from reaper_automix.analysis.loudness import Audio
from reaper_automix.progress import Progress, silent

STEP_S = 0.01
"""Onsets are compared in these steps."""

LARGEST_LAG_S = 0.3
"""A track's own lag is searched this far to both sides of the offset; the offset has no limit."""

EXCERPT_S = 1.4
EXCERPTS = 8
"""So many excerpts of this length are enough: a track 30 dB below the mix still gives a clear peak."""

CERTAIN = 8.0
"""A peak counts from so many deviations on; the highest of pure noise within the range is 4 to 5."""

CLEAR = 30.0
"""Tracks whose peak is lower are looked for a second time, without the others."""

POLARITY_RATIO = 0.85
"""The highest peak of the other polarity is lower by at least this factor where the polarity is believed."""

_STAGE = "Aligning the tracks with the mix"
_BLOCK_STEPS = 400
_CANDIDATES = 6
"""Music repeats itself: so many of the best offsets are tried with waveforms, which do not."""

_TOLERANCE = np.array((0.25, 0.5, 1.0, 0.5, 0.25))
"""Onsets are widened by this, since tracks lie some milliseconds apart in a mix."""

_PEAK_S = 0.0015
"""A peak is so wide to both sides."""

_BESIDE_S = 0.05
"""A peak is judged against so much to both sides: strokes on the same beats raise all of that."""

_SECOND = 0.75
"""Between 8 deviations and ``CLEAR``, no other place may come nearer to the peak than this: tones have many."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How one track lies in the mix.

    Parameters
    ----------
    samples : int or None
        How much later the mix holds it than the offset says; None where no peak was certain.
    polarity : int
        +1 or -1 (the mix holds it inverted), 0 where it cannot be told.
    certainty : float
        Height of the peak in deviations of the correlation beside it.
    """

    samples: int | None
    polarity: int
    certainty: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """How tracks lie in a mix: the mix has at ``t + offset + lag`` what a track has at ``t``, in samples."""

    offset_samples: int
    lags: tuple[Lag, ...]

    @property
    def certainty(self) -> float:
        """How sure the whole is: the certainty of the tracks that were found, none counting without end."""
        return sum(min(lag.certainty, CLEAR) for lag in self.lags if lag.samples is not None)

    def lag_samples(self) -> tuple[int, ...]:
        """Return the lag of each track; where none was found, the median of those that were."""
        known = sorted(lag.samples for lag in self.lags if lag.samples is not None)
        usual = known[len(known) // 2] if known else 0
        return tuple(usual if lag.samples is None else lag.samples for lag in self.lags)


def align(
    tracks: Sequence[AudioSource], mix: AudioSource, sample_rate_hz: int, *, progress: Progress = silent
) -> Alignment:
    """Find the offset of a mix, and the lag and polarity of each track in it.

    Parameters
    ----------
    tracks, mix : AudioSource
        All at one rate. Two channels are heard as their mean.
    sample_rate_hz : int
        The rate.
    progress : Progress
        Hears how far the work is.
    """
    mix_energy = _step_energy(mix, sample_rate_hz)
    energies: list[NDArray[np.float64]] = []
    for number, track in enumerate(tracks):
        progress(_STAGE, number, 2 * len(tracks))
        energies.append(_step_energy(track, sample_rate_hz))
    found: list[Alignment] = []
    excerpts: list[list[tuple[int, ...]]] = []
    offsets = [round(steps * STEP_S * sample_rate_hz) for steps in _offset_steps(energies, mix_energy)]
    for offset in offsets:
        excerpts.append([_excerpts(energy, mix_energy, offset / sample_rate_hz, sample_rate_hz) for energy in energies])
        lags: list[Lag] = []
        for number, (track, starts) in enumerate(zip(tracks, excerpts[-1], strict=True)):
            progress(_STAGE, len(tracks) + number / len(offsets), 2 * len(tracks))
            lags.append(find_lag(track, mix, starts, sample_rate_hz, offset_samples=offset))
        found.append(Alignment(offset, tuple(lags)))
    best = max(range(len(found)), key=lambda i: found[i].certainty)
    lags_again = _looked_again(tracks, mix, excerpts[best], found[best], sample_rate_hz)
    progress(_STAGE, 1, 1)
    return _refined(Alignment(found[best].offset_samples, lags_again))


def _looked_again(
    tracks: Sequence[AudioSource],
    mix: AudioSource,
    excerpts: Sequence[Sequence[int]],
    found: Alignment,
    sample_rate_hz: int,
) -> tuple[Lag, ...]:
    """Look for the tracks without a clear peak in what the others leave of the mix, the clearer ones first."""
    lags, offset_samples = list(found.lags), found.offset_samples
    doubtful = sorted((i for i, lag in enumerate(lags) if lag.certainty < CLEAR), key=lambda i: -lags[i].certainty)
    for number in doubtful:
        others = [
            (track, lag.samples)
            for i, (track, lag) in enumerate(zip(tracks, lags, strict=True))
            if i != number and lag.samples is not None and lag.certainty > lags[number].certainty
        ]
        if not others or not excerpts[number]:
            continue
        rest = Remainder(mix, others, offset_samples)
        lag = find_lag(tracks[number], rest, excerpts[number], sample_rate_hz, offset_samples=offset_samples)
        if lag.certainty > lags[number].certainty:
            lags[number] = lag
    return tuple(lags)


class Remainder:
    """What is left of a mix without some of its tracks, mono, as an ``AudioSource``.

    Each block that is read is fitted anew, so a track's level may move from block to block.

    Parameters
    ----------
    mix : AudioSource
        The mix.
    others : sequence of (AudioSource, int)
        The tracks to take out, with their lags.
    offset_samples : int
        The mix's offset.
    """

    n_channels = 1

    def __init__(self, mix: AudioSource, others: Sequence[tuple[AudioSource, int]], offset_samples: int) -> None:
        self._mix = mix
        self._others = others
        self._offset = offset_samples

    @property
    def end_sample(self) -> int:
        """The sample after the last one that can sound."""
        return self._mix.end_sample

    def read(self, start_sample: int, n_samples: int) -> Audio:
        """Return float32 (1, n_samples)."""
        mix = self._mix.read(start_sample, n_samples).mean(axis=0, dtype=np.float64)
        start = start_sample - self._offset
        parts = np.stack([t.read(start - lag, n_samples).mean(axis=0, dtype=np.float64) for t, lag in self._others])
        inner = parts @ parts.T
        inner[np.diag_indices_from(inner)] += 1e-9 * np.trace(inner) + 1e-20
        gains = np.linalg.solve(inner, parts @ mix)
        return np.asarray((mix - gains @ parts)[None], dtype=np.float32)


def find_lag(
    track: AudioSource, mix: AudioSource, starts: Sequence[int], sample_rate_hz: int, *, offset_samples: int = 0
) -> Lag:
    """Find one track in a mix.

    Parameters
    ----------
    track, mix : AudioSource
        At one rate.
    starts : sequence of int
        Samples of the track where excerpts of ``EXCERPT_S`` begin.
    sample_rate_hz : int
        The rate.
    offset_samples : int
        How much later the mix is expected to hold it.
    """
    if not starts:
        return Lag(None, 0, 0.0)
    n_excerpt, reach = round(EXCERPT_S * sample_rate_hz), round(LARGEST_LAG_S * sample_rate_hz)
    n_fft = fft.next_fast_len(n_excerpt + 2 * reach, real=True)
    tapers = _edges(n_excerpt, n_excerpt // 8), _edges(n_excerpt + 2 * reach, reach // 2)
    across = np.zeros(n_fft // 2 + 1, dtype=np.complex128)
    power = np.zeros(n_fft // 2 + 1)
    for start in starts:
        heard = fft.rfft(
            mix.read(start + offset_samples - reach, n_excerpt + 2 * reach).mean(axis=0) * tapers[1], n_fft
        )
        own = fft.rfft(track.read(start, n_excerpt).mean(axis=0) * tapers[0], n_fft)
        across += heard * own.conj()
        power += np.square(np.abs(heard))
    if not power.any() or not across.any():
        return Lag(None, 0, 0.0)
    correlation = fft.irfft(across / _smoothed(power), n_fft)[: 2 * reach + 1]  # [1] eq. 8, the noise being the mix
    return _peak(correlation, reach)


def _edges(n_samples: int, n_edge: int) -> NDArray[np.float32]:
    """Return a taper for both ends of an excerpt: hard edges of track and mix would correlate with each other."""
    taper = np.ones(n_samples, dtype=np.float32)
    rise = np.square(np.sin(np.pi / 2.0 * (np.arange(n_edge) + 0.5) / n_edge)).astype(np.float32)
    taper[:n_edge], taper[n_samples - n_edge :] = rise, rise[::-1]
    return taper


def _smoothed(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a power spectrum as the noise around a track: smooth, and nowhere so low that rounding would count."""
    smooth: NDArray[np.float64] = np.convolve(power, np.full(9, 1.0 / 9.0), mode="same")
    return smooth + 1e-7 * float(smooth.max())


def _peak(correlation: NDArray[np.float64], reach: int) -> Lag:
    magnitude = np.abs(correlation)
    place = int(magnitude.argmax())
    near, beside = (max(round(width_s / LARGEST_LAG_S * reach), 1) for width_s in (_PEAK_S, _BESIDE_S))
    around = magnitude[max(place - beside, 0) : place + beside + 1]
    deviation = float(np.median(around)) / 0.6745  # of a normal distribution, whatever the peak
    certainty = float(magnitude[place]) / deviation if deviation > 0.0 else 0.0
    second = max(magnitude[: max(place - near, 0)].max(initial=0.0), magnitude[place + near + 1 :].max(initial=0.0))
    if certainty < CERTAIN or (certainty < CLEAR and second > _SECOND * magnitude[place]):
        return Lag(None, 0, certainty)
    sign = 1 if correlation[place] > 0.0 else -1
    other = float((-sign * correlation).max())
    return Lag(place - reach, sign if other < POLARITY_RATIO * magnitude[place] else 0, certainty)


def _refined(alignment: Alignment) -> Alignment:
    """Move what all tracks have in common into the offset, where the mix has one."""
    if alignment.offset_samples == 0 or all(lag.samples is None for lag in alignment.lags):
        return alignment
    known = sorted(lag.samples for lag in alignment.lags if lag.samples is not None)
    usual = known[len(known) // 2]
    lags = tuple(
        Lag(None if lag.samples is None else lag.samples - usual, lag.polarity, lag.certainty) for lag in alignment.lags
    )
    return Alignment(alignment.offset_samples + usual, lags)


# --- the whole length, in steps ------------------------------------------------------------------------------------


def _step_energy(source: AudioSource, sample_rate_hz: int) -> NDArray[np.float64]:
    """Return the energy of a source in steps of 10 ms, (n_steps,)."""
    n_step = max(round(STEP_S * sample_rate_hz), 1)
    n_steps = -(-source.end_sample // n_step)
    energy = np.zeros(n_steps)
    for first in range(0, n_steps, _BLOCK_STEPS):
        n = min(_BLOCK_STEPS, n_steps - first)
        block = source.read(first * n_step, n * n_step)
        for channel in block.reshape(block.shape[0], n, n_step):
            energy[first : first + n] += np.vecdot(channel, channel)
    return energy


def _offset_steps(tracks: Sequence[NDArray[np.float64]], mix: NDArray[np.float64]) -> tuple[int, ...]:
    """Return how many steps later the mix may have what the tracks have, 0 first; only 0 where that fits best."""
    n_track = max((track.size for track in tracks), default=0)
    if n_track < 2 or mix.size < 2 or not mix.any():
        return (0,)
    n_fft = fft.next_fast_len(n_track + mix.size, real=True)
    heard = fft.rfft(_onsets(mix), n_fft)
    summed = np.zeros(n_fft)
    for track in tracks:
        if track.any():
            summed += fft.irfft(heard * fft.rfft(_onsets(track), n_fft).conj(), n_fft)
    steps = np.arange(n_fft)
    steps[steps >= mix.size] -= n_fft
    near = np.abs(steps) <= LARGEST_LAG_S / STEP_S
    candidates = [0]
    for _ in range(_CANDIDATES):
        best = int(summed.argmax())
        if near[best] or summed[best] <= 0.0:
            break
        candidates.append(int(steps[best]))
        summed[np.abs(steps - steps[best]) <= LARGEST_LAG_S / STEP_S] = 0.0
    return tuple(candidates)


def _onsets(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much the loudness rises from step to step, without its mean, at unit length.

    The root of the amplitude stands for loudness: loud strokes count more, but not so much that they alone count.
    """
    level = np.power(energy, 0.25)
    rises = np.maximum(np.diff(level, prepend=level[0]), 0.0)
    rises = np.convolve(rises, _TOLERANCE, mode="same")
    rises -= rises.mean()
    length = float(np.linalg.norm(rises))
    return np.asarray(rises / length if length > 0.0 else rises)


def _excerpts(
    energy: NDArray[np.float64], mix_energy: NDArray[np.float64], offset_s: float, sample_rate_hz: int
) -> tuple[int, ...]:
    """Return the first samples of the excerpts in which a track stands out most."""
    per_excerpt = round(EXCERPT_S / STEP_S)
    n_excerpts = max(-(-energy.size // per_excerpt), 1)
    own = _sums(energy, 0, n_excerpts, per_excerpt)
    heard = _sums(mix_energy, round(offset_s / STEP_S), n_excerpts, per_excerpt)
    usable = (own > 0.1 * own.max(initial=0.0)) & (heard > 0.0)
    order = np.argsort(-own / np.maximum(heard, 1e-20), kind="stable")
    best = [int(i) for i in order if usable[i]][:EXCERPTS]
    return tuple(round(i * per_excerpt * STEP_S * sample_rate_hz) for i in sorted(best))


def _sums(energy: NDArray[np.float64], first: int, n_excerpts: int, per_excerpt: int) -> NDArray[np.float64]:
    """Return the sums over excerpts from a step on, 0 outside of what is there."""
    padded = np.zeros(n_excerpts * per_excerpt)
    low, high = max(first, 0), min(first + padded.size, energy.size)
    if low < high:
        padded[low - first : high - first] = energy[low:high]
    return np.asarray(padded.reshape(n_excerpts, per_excerpt).sum(axis=1))
