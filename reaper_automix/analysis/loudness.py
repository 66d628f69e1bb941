"""Loudness as BS.1770-5 and EBU R 128 define it, block by block, in memory that does not grow with the audio.

A signal of one channel is a mono source that REAPER plays in BOTH channels of the master: it counts as two identical
channels and measures 3 LU more than BS.1770 says of one channel. There are no surround channels: what is measured is
what a stereo master hears.

Twenty numbers per second (the K-weighted mean squares of 100 ms blocks) are all that is kept, and they are enough to
know the loudness of a track under any slow gain without touching its audio again: see ``gain_lin`` below.

References
----------
.. [1] ITU-R BS.1770-5 (2023), Annex 1: loudness of programmes.
.. [2] EBU Tech 3341 (2023): loudness metering, momentary and short-term windows.
.. [3] EBU Tech 3342 (2023): loudness range.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyloudnorm
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.block_filter import BlockFilter
from reaper_automix.analysis.true_peak import TruePeakMeter
from reaper_automix.audio import levels
from reaper_automix.errors import MediaError
from reaper_automix.units import energy_to_db

Audio = NDArray[np.float32]
Energy = NDArray[np.float64]

BLOCKS_PER_SECOND = 10
BLOCK_S = 0.1
"""The length of the blocks whose energies are kept."""
MOMENTARY_BLOCKS = 4
"""400 ms; also the gating block, which overlaps by 75 %."""
SHORT_TERM_BLOCKS = 30
"""3 s."""
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0

_CHUNK_S = 1
_OFFSET_LU = -0.691
_HIGHEST_SAMPLE = 1e6
"""+120 dBFS: beyond it a number is damage, not audio."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a meter shows at the end. Silence gives ``-inf`` levels and 0 for range and ratios; nothing is NaN.

    Parameters
    ----------
    integrated_lufs, max_momentary_lufs, max_short_term_lufs : float
        BS.1770-5; the maxima are those of the 100 ms grid.
    range_lu : float
        EBU Tech 3342.
    true_peak_dbtp, sample_peak_dbfs : float
        Of the higher channel.
    rms_dbfs : float
        Root of the mean square over both channels, not weighted; a full-scale sine gives -3.01.
    crest_factor_db : float
        Sample peak over RMS.
    duration_s : float
        Of the signal, silence included.
    """

    integrated_lufs: float
    max_momentary_lufs: float
    max_short_term_lufs: float
    range_lu: float
    true_peak_dbtp: float
    sample_peak_dbfs: float
    rms_dbfs: float
    crest_factor_db: float
    duration_s: float


def energy_to_lufs(energy: Energy) -> Energy:
    """Convert K-weighted mean squares, summed over the channels, to LUFS; 0 gives ``-inf``."""
    return _OFFSET_LU + levels.energy_to_db(energy)  # [1] eq. 4


def momentary_lufs(block_energy: Energy, gain_lin: Energy | None = None) -> Energy:
    """Return the loudness of each 400 ms window, one per 100 ms.

    Parameters
    ----------
    block_energy : ndarray of float64, shape (2, n_blocks)
        K-weighted mean square of consecutive 100 ms blocks, left and right.
    gain_lin : ndarray, shape (2, n_blocks), or broadcast to it, optional
        Linear gain of each block: fader, ride and pan, as long as they are slow against 100 ms.

    Returns
    -------
    ndarray of float64, shape (max(n_blocks - 3, 1),)
        Value k covers the blocks k to k + 3. A signal shorter than the window gives one value, its own mean.
    """
    return energy_to_lufs(_windowed(block_energy, gain_lin, MOMENTARY_BLOCKS))


def short_term_lufs(block_energy: Energy, gain_lin: Energy | None = None) -> Energy:
    """Return the loudness of each 3 s window, one per 100 ms; parameters and short signals as ``momentary_lufs``.

    Returns
    -------
    ndarray of float64, shape (max(n_blocks - 29, 1),)
        Value k covers the blocks k to k + 29.
    """
    return energy_to_lufs(_windowed(block_energy, gain_lin, SHORT_TERM_BLOCKS))


def integrated_lufs(
    block_energy: Energy, gain_lin: Energy | None = None, *, counted: NDArray[np.bool_] | None = None
) -> float:
    """Return the gated loudness of the whole signal; parameters as ``momentary_lufs``.

    A signal shorter than 400 ms, which BS.1770 does not define, counts as one gating block of its own length.

    Parameters
    ----------
    counted : ndarray of bool, shape of ``momentary_lufs``, optional
        Only these windows are heard, before any gate.
    """
    energy = _windowed(block_energy, gain_lin, MOMENTARY_BLOCKS)  # [1] eq. 3
    energy = energy if counted is None else energy[counted]
    energy = energy[energy_to_lufs(energy) > ABSOLUTE_GATE_LUFS]
    if not energy.size:
        return -math.inf
    relative_gate_lufs = _mean_lufs(energy) + RELATIVE_GATE_LU  # [1] eq. 6
    return _mean_lufs(energy[energy_to_lufs(energy) > relative_gate_lufs])  # [1] eq. 7


def loudness_range_lu(block_energy: Energy, gain_lin: Energy | None = None) -> float:
    """Return the loudness range (LRA); parameters as ``momentary_lufs``. Less than 3 s of signal have range 0."""
    energy = _windowed(block_energy, gain_lin, SHORT_TERM_BLOCKS)
    energy = energy[energy_to_lufs(energy) >= ABSOLUTE_GATE_LUFS]
    if not energy.size:
        return 0.0
    levels_lufs = energy_to_lufs(energy)
    gated = levels_lufs[levels_lufs >= _mean_lufs(energy) + RANGE_GATE_LU]  # [3] section 2
    low, high = np.percentile(gated, (10.0, 95.0))
    return float(high - low)


def loudest_start(energy: Energy, length: int) -> int:
    """Return where the stretch of so many values with the highest sum begins; 0 where there are not more.

    Parameters
    ----------
    energy : ndarray of float64, shape (n,)
        Of consecutive blocks or samples.
    length : int
    """
    if energy.size <= length:
        return 0
    passed = np.concatenate(([0.0], np.cumsum(energy)))
    return int(np.argmax(passed[length:] - passed[:-length]))


def k_weighting(sample_rate_hz: int) -> Energy:
    """Return the K-weighting as second-order sections, float64 (2, 6).

    The coefficients are those of De Man's fit, which agrees with libebur128 and with the table of [1] at 48 kHz;
    pyloudnorm's default filters are 0.045 LU off.
    """
    stages = pyloudnorm.Meter(sample_rate_hz, filter_class="DeMan")._filters.values()
    return np.array([[*stage.b * stage.passband_gain, *stage.a] for stage in stages])


def k_weighting_power(frequencies_hz: Energy, sample_rate_hz: int) -> Energy:
    """Return what the K-weighting multiplies the power at some frequencies with, float64, the same shape."""
    _, response = signal.sosfreqz(k_weighting(sample_rate_hz), frequencies_hz, fs=sample_rate_hz)
    return np.square(np.abs(response))


class LoudnessMeter:
    """Measures a signal that arrives in blocks; the sizes of the blocks do not change the result.

    Parameters
    ----------
    sample_rate_hz : int
        8 kHz to 384 kHz. Where 100 ms are not a whole number of samples, block k starts at floor(k * rate / 10).
    n_channels : int
        2, or 1 for a mono source, which plays in both channels (see the module).

    Raises
    ------
    ValueError
        If the rate or the number of channels is outside of these limits.
    """

    def __init__(self, sample_rate_hz: int, n_channels: int) -> None:
        if not 8_000 <= sample_rate_hz <= 384_000:
            raise ValueError(f"sample rate {sample_rate_hz} Hz: the meter takes 8000 to 384000 Hz")
        if n_channels not in (1, 2):
            raise ValueError(f"{n_channels} channels: the meter takes a mono or a stereo signal")
        self.sample_rate_hz = sample_rate_hz
        self.n_channels = n_channels
        self._filter = BlockFilter(k_weighting(sample_rate_hz), n_channels)
        # The work is done on a fixed grid, so that it does not depend on the sizes of the blocks that come in.
        self._pending = np.zeros((n_channels, _CHUNK_S * sample_rate_hz), np.float32)
        self._n_pending = 0
        self._n_samples = 0
        self._energies: list[Energy] = []
        self._square_sum = 0.0
        self._peaks = TruePeakMeter(sample_rate_hz, n_channels)

    def add(self, block: Audio) -> None:
        """Take the next samples.

        Parameters
        ----------
        block : ndarray of float32, shape (n_channels, n_samples)
            Full scale is 1.

        Raises
        ------
        ValueError
            If the block has another number of channels.
        MediaError
            If samples are not numbers, or beyond +120 dBFS.
        """
        if block.ndim != 2 or block.shape[0] != self.n_channels:
            raise ValueError(f"a block of shape {block.shape}, expected ({self.n_channels}, n_samples)")
        start = 0
        while start < block.shape[1]:
            n_taken = min(self._pending.shape[1] - self._n_pending, block.shape[1] - start)
            part = block[:, start : start + n_taken]
            start += n_taken
            if n_taken == self._pending.shape[1]:
                self._measure(part)
                continue
            self._pending[:, self._n_pending : self._n_pending + n_taken] = part
            self._n_pending += n_taken
            if self._n_pending == self._pending.shape[1]:
                self._n_pending = 0
                self._measure(self._pending)

    def block_energy(self) -> Energy:
        """Return the K-weighted mean squares so far, float64 (2, n_blocks); the rows of a mono signal are equal.

        A last block of less than 100 ms is left out, unless it is all there is.
        """
        return self._flushed()._stacked_energy()

    def result(self) -> Loudness:
        """Return the measurement of everything added so far; the meter can go on."""
        meter = self._flushed()
        energy = meter._stacked_energy()
        n_values = max(meter._n_samples * self.n_channels, 1)
        sample_peak_dbfs = 2.0 * energy_to_db(meter._peaks.sample_peak_lin)
        rms_dbfs = energy_to_db(meter._square_sum / n_values)
        return Loudness(
            integrated_lufs=integrated_lufs(energy),
            max_momentary_lufs=float(momentary_lufs(energy).max()),
            max_short_term_lufs=float(short_term_lufs(energy).max()),
            range_lu=loudness_range_lu(energy),
            true_peak_dbtp=2.0 * energy_to_db(meter._peaks.true_peak_lin()),
            sample_peak_dbfs=sample_peak_dbfs,
            rms_dbfs=rms_dbfs,
            crest_factor_db=_ratio_db(sample_peak_dbfs, rms_dbfs),
            duration_s=meter._n_samples / self.sample_rate_hz,
        )

    def _flushed(self) -> LoudnessMeter:
        """Return a copy that has measured the samples of an incomplete last chunk as well."""
        meter = copy.deepcopy(self)
        if meter._n_pending:
            meter._measure(meter._pending[:, : meter._n_pending])
            meter._n_pending = 0
        return meter

    def _stacked_energy(self) -> Energy:
        if not self._energies:
            return np.zeros((2, 0))
        n_complete = ((self._n_samples + 1) * BLOCKS_PER_SECOND - 1) // self.sample_rate_hz
        energy = np.concatenate(self._energies, axis=1)[:, : max(n_complete, 1)]
        return np.broadcast_to(energy, (2, energy.shape[1])).copy()

    def _measure(self, chunk: Audio) -> None:
        """Measure a whole chunk, or what is left at the end."""
        peak_lin = self._peaks.add(chunk)
        if not peak_lin <= _HIGHEST_SAMPLE:
            raise MediaError(
                f"the audio holds samples that are not numbers or beyond +120 dBFS "
                f"(near {self._n_samples / self.sample_rate_hz:.1f} s): export the file again"
            )
        self._n_samples += chunk.shape[1]
        starts, lengths = self._blocks(chunk.shape[1])
        if peak_lin == 0.0 and self._filter.is_resting:
            self._energies.append(np.zeros((self.n_channels, starts.size)))
            return
        self._square_sum += float(_square_sums(chunk, starts).sum(dtype=np.float64))
        self._energies.append(_square_sums(self._filter.process(chunk), starts) / lengths)  # [1] eq. 1

    def _blocks(self, n_samples: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return starts and lengths of the 100 ms blocks in so many samples; the last one may be incomplete."""
        starts = np.arange(_CHUNK_S * BLOCKS_PER_SECOND) * self.sample_rate_hz // BLOCKS_PER_SECOND
        starts = starts[starts < n_samples]
        return starts, np.append(starts[1:], n_samples) - starts


def _square_sums(signals: NDArray[np.floating[Any]], starts: NDArray[np.intp]) -> NDArray[np.floating[Any]]:
    """Return the sum of squares from each start to the next, (n_channels, n_starts)."""
    n_channels, n_samples = signals.shape
    length = int(starts[-1]) // max(starts.size - 1, 1)
    if n_samples == length * starts.size and starts[-1] == length * (starts.size - 1):
        blocks = signals.reshape(n_channels, -1, length)
        return np.asarray(np.vecdot(blocks, blocks))
    return np.asarray(np.add.reduceat(np.square(signals), starts, axis=1))


def _windowed(block_energy: Energy, gain_lin: Energy | None, n_blocks: int) -> Energy:
    """Return the mean energy, summed over the channels, of each window of so many blocks."""
    scaled = block_energy if gain_lin is None else block_energy * np.square(gain_lin)
    energy = scaled.sum(axis=0)
    if not energy.size:
        return np.zeros(1)
    windows: Energy = sliding_window_view(energy, min(n_blocks, energy.size)).mean(axis=-1)
    return windows


def _mean_lufs(energy: Energy) -> float:
    return _OFFSET_LU + energy_to_db(float(energy.mean()))


def _ratio_db(upper_db: float, lower_db: float) -> float:
    """Return the distance of two levels, 0 where one of them is silence."""
    return upper_db - lower_db if math.isfinite(upper_db) and math.isfinite(lower_db) else 0.0
