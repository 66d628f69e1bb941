r"""A feed-forward compressor in real units, exact for blocks of any size.

For each sample, with the filter constants k(t) = 1 - exp(-1 / (t * rate)):

1. power: p = max over the channels of P, where P += k(rms size) * (f^2 - P); with an RMS size of 0, P = f^2. f is the
   channel x through the detector's high and low pass, second-order Butterworth filters, where they are on
2. level: L = 10 log10 p, so that a sine of peak 0 dBFS has -3.01 dB with an RMS size, and 0 dB at its peaks without
3. target reduction: R(L) = -static_gain_db(L), after [1]_ eq. 4
4. reduction: r += k(attack) * (R - r) where R > r, else r += k(release) * (R - r); in dB, so that attack and release
   are the times to 63 % of a change in dB [1]_ section 2.3 ("smooth branching")
5. output: y = x * (makeup * 10^(-r / 20) + dry)

All channels get the same gain: the stereo image stays.

Step 4 is the only one that cannot be a library's filter, because every sample chooses its constant. Both choices are
increasing straight lines in the previous r, and the one that is taken is always the upper one (attack faster than
release) or always the lower one, so that the map over many samples is convex (concave) in where it starts. The signal
is cut into about 4 sqrt(n) segments which all run at once, each from a start guessed by the same recursion over short
means; Newton's method on the starts, with the slope of each segment, then ends at the one exact solution in a few
rounds, from one side after the first.

References
----------
.. [1] D. Giannoulis, M. Massberg, J. D. Reiss (2012): Digital dynamic range compressor design. JAES 60(6).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.audio import levels
from reaper_automix.effect_settings.compressor import RATIO, CompressorSettings
from reaper_automix.effects.blocks import STATE_FLOOR, Audio, check_block, check_stream
from reaper_automix.effects.equaliser import Cascade, passes, sections
from reaper_automix.units import db_to_lin

Floats = NDArray[np.float64]

_CHUNK_SAMPLES = 1 << 18
"""What is worked on at once: a few megabytes."""
_EXACT_DB = 1e-9
_SHORTER = 4
"""Segments are this much shorter than the square root of the samples: fewer, longer operations on whole arrays."""
_PARTS = 8
"""Of a segment, of which only the mean counts for the first guess."""
_MOST_ROUNDS = 200
"""Never seen: Newton's method ends in 2 to 4 rounds on music."""
POWER_FLOOR = 1e-30
"""-300 dB, far below any threshold: keeps the logarithm finite."""


def static_gain_db(settings: CompressorSettings, level_db: Floats) -> Floats:
    """Return the gain that a steady detector level ends at, make-up left out: 0 or below.

    Parameters
    ----------
    settings : CompressorSettings
    level_db : ndarray of float64, any shape
        The detector's level; ``-inf`` is allowed.
    """
    over_db = level_db - settings.threshold_db
    if settings.knee_db > 0.0:
        knee_db = settings.knee_db
        in_knee = np.square(np.clip(over_db + knee_db / 2.0, 0.0, knee_db)) / (2.0 * knee_db)
        effective_db = in_knee + np.maximum(over_db - knee_db / 2.0, 0.0)  # [1] eq. 4
    else:
        effective_db = np.maximum(over_db, 0.0)
    return -slope(settings) * effective_db


def slope(settings: CompressorSettings) -> float:
    """Return the dB of reduction per dB over the threshold."""
    return 1.0 if settings.ratio >= RATIO.high else 1.0 - 1.0 / settings.ratio


class Compressor:
    """Plays settings on a signal that arrives in blocks; the sizes of the blocks do not change the result.

    Parameters
    ----------
    settings : CompressorSettings
    sample_rate_hz : int
        8 to 384 kHz.
    n_channels : int
        1 or 2; ``ValueError`` otherwise.
    """

    def __init__(self, settings: CompressorSettings, sample_rate_hz: int, n_channels: int) -> None:
        check_stream(sample_rate_hz, n_channels)
        self.settings = settings
        self.sample_rate_hz = sample_rate_hz
        self.n_channels = n_channels
        self._attack = _constant(settings.attack_ms, sample_rate_hz)
        self._release = _constant(settings.release_ms, sample_rate_hz)
        self._rms = _constant(settings.rms_size_ms, sample_rate_hz)
        self._makeup_lin = db_to_lin(settings.makeup_db)
        self._dry_lin = db_to_lin(settings.dry_db)
        heard = passes(highpass_hz=settings.detector_highpass_hz, lowpass_hz=settings.detector_lowpass_hz)
        self._filters = Cascade(sections(heard, sample_rate_hz), n_channels)
        self._power = np.zeros((n_channels, 1))
        self._reduction_db = 0.0

    def process(self, block: Audio) -> Audio:
        """Return the next samples, compressed.

        Parameters
        ----------
        block : ndarray of float32, shape (n_channels, n_samples)
            Full scale is 1.

        Returns
        -------
        ndarray of float32, the same shape
            No latency.

        Raises
        ------
        ValueError, MediaError
            See ``blocks.check_block``; the state is then as before.
        """
        return self.process_metered(block)[0]

    def process_metered(self, block: Audio) -> tuple[Audio, Floats]:
        """Return the next samples, compressed, and how far the gain was down at each of them: what a meter shows.

        Returns
        -------
        output : ndarray of float32, shape (n_channels, n_samples)
            As ``process`` returns it; parameters and errors are the same.
        reduction_db : ndarray of float64, shape (n_samples,)
            0 or above.
        """
        check_block(block, self.n_channels)
        output = np.empty(block.shape, np.float32)
        reduction_db = np.empty(block.shape[1])
        for start in range(0, block.shape[1], _CHUNK_SAMPLES):
            part = slice(start, start + _CHUNK_SAMPLES)
            reduction_db[part] = self._reduction(block[:, part])
            gain_lin = self._makeup_lin * levels.db_to_lin(-reduction_db[part]) + self._dry_lin
            np.multiply(block[:, part], gain_lin, out=output[:, part], casting="same_kind")
        return output, reduction_db

    def reduction_db(self, block: Audio) -> Floats:
        """Return only what the meter shows; it moves the state on as ``process`` does."""
        return self.process_metered(block)[1]

    def _reduction(self, block: Audio) -> Floats:
        target_db = -static_gain_db(self.settings, self._level_db(block))
        reduction_db = follow(target_db, self._reduction_db, self._attack, self._release)
        self._reduction_db = float(reduction_db[-1]) if reduction_db[-1] > STATE_FLOOR else 0.0
        return reduction_db

    def _level_db(self, block: Audio) -> Floats:
        power = np.square(self._filters.process(block.astype(np.float64)))
        if self._rms < 1.0:
            power, self._power = signal.lfilter([self._rms], [1.0, self._rms - 1.0], power, axis=-1, zi=self._power)
            self._power[np.abs(self._power) < STATE_FLOOR] = 0.0
        return levels.energy_to_db(np.maximum(power.max(axis=0), POWER_FLOOR))


def follow(target: Floats, start: float, attack: float, release: float) -> Floats:
    """Follow a target with one filter constant upwards and another downwards; see the module for the method.

    Parameters
    ----------
    target : ndarray of float64, shape (n_samples,)
        What is followed; at least one sample.
    start : float
        The value before the first sample.
    attack, release : float
        Constants above 0 and up to 1: the share of the distance that one sample goes.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        v[n] = v[n - 1] + k (target[n] - v[n - 1]), k = attack where target[n] > v[n - 1], else release.
    """
    if not target.any() and start == 0.0:
        return np.zeros_like(target)
    n_steps = max(math.isqrt(target.size) // _SHORTER, 1)
    n_segments = -(-target.size // n_steps)
    # Row i holds sample i of every segment. The last segment is filled up with its last target, and cut off below.
    steps = np.full(n_segments * n_steps, target[-1])
    steps[: target.size] = target
    steps = np.ascontiguousarray(steps.reshape(n_segments, n_steps).T)
    starts = _guessed_starts(steps, start, attack, release)
    for _ in range(_MOST_ROUNDS):
        values, slopes = _run_segments(steps, starts, attack, release)
        ends = values[-1]
        if n_segments == 1 or np.max(np.abs(ends[:-1] - starts[1:])) <= _EXACT_DB:
            break
        starts = _corrected_starts(starts, ends, slopes)
    return values.T.reshape(-1)[: target.size]


def _guessed_starts(steps: Floats, start: float, attack: float, release: float) -> Floats:
    """Return about where each segment starts: the same recursion over the means of a few parts of each segment."""
    edges = range(0, len(steps), max(len(steps) // _PARTS, 1))
    means = np.add.reduceat(steps, list(edges), axis=0)
    sizes = np.diff([*edges, len(steps)])
    up, down = ((1.0 - np.power(1.0 - k, sizes)).tolist() for k in (attack, release))
    value, starts = start, []
    for column in (means / sizes[:, None]).T.tolist():
        starts.append(value)
        for mean, rising, falling in zip(column, up, down, strict=True):
            distance = mean - value
            value += (rising if distance > 0.0 else falling) * distance
    return np.array(starts)


def _run_segments(steps: Floats, starts: Floats, attack: float, release: float) -> tuple[Floats, Floats]:
    """Return the values (n_steps, n_segments) of all segments, and how their ends move with their starts."""
    values = np.empty_like(steps)
    value = starts
    upper = np.maximum if attack >= release else np.minimum
    ways = np.empty((2, starts.size))
    is_attack = np.empty(starts.size, bool)
    n_attacks = np.zeros(starts.size)
    for target, followed in zip(steps, values, strict=True):
        np.subtract(target, value, out=followed)
        np.greater(followed, 0.0, out=is_attack)
        n_attacks += is_attack
        np.multiply(followed, attack, out=ways[0])
        np.multiply(followed, release, out=ways[1])
        upper(ways[0], ways[1], out=followed)
        followed += value
        value = followed
    slopes = np.power(1.0 - attack, n_attacks) * np.power(1.0 - release, len(steps) - n_attacks)
    return values, slopes


def _corrected_starts(starts: Floats, ends: Floats, slopes: Floats) -> Floats:
    """Return where Newton's method puts the starts: each end of a segment is the start of the next."""
    corrected = [float(starts[0])]
    pairs = zip(starts.tolist(), ends.tolist(), slopes.tolist(), strict=True)
    for start, end, slope in pairs:
        corrected.append(end + slope * (corrected[-1] - start))
    return np.array(corrected[:-1])


def _constant(time_ms: float, sample_rate_hz: int) -> float:
    """Return the filter constant with this time to 63 %; 1 (at once) for 0 ms."""
    return -math.expm1(-1_000.0 / (time_ms * sample_rate_hz)) if time_ms > 0.0 else 1.0
