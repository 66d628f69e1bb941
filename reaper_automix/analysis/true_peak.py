"""True peak (BS.1770 Annex 2) in bounded memory: only the places that can hold the maximum are oversampled.

References
----------
.. [1] ITU-R BS.1770-5 (2023), Annex 2: true-peak level of digital audio.
.. [2] T. I. Laakso et al., "Splitting the unit delay", IEEE Signal Processing Magazine 13(1), 1996 (least-squares
   design of fractional delays).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Audio = NDArray[np.float32]
Taps = NDArray[np.float64]

_N_TAPS = 32
"""Per phase. With 32 the interpolation is off by at most 0.08 dB up to 0.45 of the sample rate."""
_PASS_BAND = 0.92
"""Of the Nyquist frequency: where the design is exact in the least-squares sense."""
_LEFT = _N_TAPS // 2 - 1
"""The tap on the sample to the left of the gap that is interpolated."""
_ROW = 256
_GROUP = 8
"""Neighbouring samples that are ruled out together, at first and then more finely."""
_BATCH = 128
"""Rows that are looked at together: few enough to stay in the processor's cache."""
_ROW_WINDOW = _ROW + _N_TAPS
_GROUP_WINDOW = _GROUP + _N_TAPS - 1
_ROUNDING = 1.0 + 1e-5
"""Keeps the bounds above the truth in spite of float32."""


def oversampling_factor(sample_rate_hz: int) -> int:
    """Return how finely the true peak is looked for: at least what Annex 2 asks, on a grid near 384 kHz.

    Eight times up to 50 kHz (with four, a sine at 0.4 of the rate can read 0.44 dB too low), four times up to 100 kHz,
    twice up to 200 kHz, and the samples themselves above.
    """
    for factor, highest_hz in ((8, 50_000), (4, 100_000), (2, 200_000)):
        if sample_rate_hz <= highest_hz:
            return factor
    return 1


def interpolation_taps(factor: int) -> Taps:
    """Return the fractional delays between two samples, float64 (32 taps, factor - 1 phases).

    Column p estimates the signal (p + 1) / factor of the way from the sample under tap 15 to that under tap 16.
    """
    taps = np.arange(_N_TAPS) - _LEFT
    delays = np.arange(1, factor) / factor
    normal = _PASS_BAND * np.sinc(_PASS_BAND * (taps[:, None] - taps))
    ideal = _PASS_BAND * np.sinc(_PASS_BAND * (taps[:, None] - delays))
    return np.linalg.solve(normal, ideal)  # [2] normal equations of the band-limited least-squares error


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What the interpolation can make of samples of which only a maximum is known.

    ``norm``: of the whole window. ``pair``, ``rest``: of the two samples beside the gap and of all others. ``line``,
    ``bend``: of the two samples beside the gap and of the second differences in the window; tight for low
    frequencies, which a straight line between the samples follows closely.
    """

    norm: float
    pair: float
    rest: float
    line: float
    bend: float

    @classmethod
    def of(cls, taps: Taps) -> _Bounds:
        """Derive the bounds from a filter: the rest beside a straight line, summed up twice, weighs the bends."""
        line, residue = _split_line(taps)
        return cls(
            norm=_highest_norm(taps),
            pair=_highest_norm(taps[_LEFT : _LEFT + 2]),
            rest=_highest_norm(np.delete(taps, (_LEFT, _LEFT + 1), axis=0)),
            line=_highest_norm(line),
            bend=_highest_norm(np.cumsum(np.cumsum(residue, axis=0), axis=0)),
        )


def _split_line(taps: Taps) -> tuple[Taps, Taps]:
    """Split a filter into two taps beside the gap and a residue whose sum and first moment are zero."""
    position = np.arange(_N_TAPS)[:, None] - _LEFT
    total, moment = taps.sum(axis=0), (taps * position).sum(axis=0)
    line = np.stack((total - moment, moment))
    residue = taps.copy()
    residue[_LEFT : _LEFT + 2] -= line
    return line, residue


def _highest_norm(taps: Taps) -> float:
    """Return the most that any phase of the filter can make of samples of magnitude 1."""
    return float(np.abs(taps).sum(axis=0).max(initial=0.0))


class TruePeakMeter:
    """Running sample peak and true peak over blocks of any size.

    Parameters
    ----------
    sample_rate_hz : int
        Sets the oversampling, see :func:`oversampling_factor`.
    n_channels : int
        The peak is the highest of all channels.

    Notes
    -----
    The result is that of oversampling everything. A place is skipped when no signal with its magnitudes could exceed
    the maximum found so far: first in rows of 256 samples, then in groups of eight, then for each sample.
    Before its first and after its last sample the signal is taken as silent.
    """

    def __init__(self, sample_rate_hz: int, n_channels: int) -> None:
        taps = interpolation_taps(oversampling_factor(sample_rate_hz))
        self.sample_peak_lin = 0.0
        self._true_peak_lin = 0.0
        self._oversamples = taps.size > 0
        self._taps = taps.astype(np.float32)
        self._bounds = _Bounds.of(taps)
        self._envelope = _sliding_envelope(np.abs(taps).max(axis=1, initial=0.0))
        self._context = np.zeros((n_channels, _N_TAPS), np.float32)

    def add(self, block: Audio) -> float:
        """Take the next samples, float32 (n_channels, n_samples), and return the highest magnitude among them.

        The samples kept from earlier blocks (less than 300) count as well: NaN where one of them is not a number.
        """
        signal = np.concatenate((self._context, block), axis=1)
        row_peaks_lin = _row_peaks_lin(signal)
        block_peak_lin = float(row_peaks_lin.max())
        self.sample_peak_lin = max(self.sample_peak_lin, block_peak_lin)
        self._true_peak_lin = self._scan(signal, row_peaks_lin)
        self._context = signal[:, _n_rows(signal) * _ROW :].copy()
        return block_peak_lin

    def true_peak_lin(self) -> float:
        """Return the highest true peak so far, linear, as if the signal ended here."""
        silence = np.zeros((self._context.shape[0], _ROW_WINDOW), np.float32)
        signal = np.concatenate((self._context, silence), axis=1)
        return self._scan(signal, _row_peaks_lin(signal))

    def _scan(self, signal: Audio, row_peaks_lin: Audio) -> float:
        """Return the running maximum after all complete rows of ``signal``."""
        peak_lin = max(self._true_peak_lin, self.sample_peak_lin)
        if not self._oversamples:
            return peak_lin
        reach_lin = np.maximum(row_peaks_lin[:, :-1], row_peaks_lin[:, 1:]) * self._bounds.norm
        channel, row = np.nonzero(reach_lin * _ROUNDING > peak_lin)
        if not row.size:
            return peak_lin
        windows = sliding_window_view(signal, _ROW_WINDOW, axis=1)[:, ::_ROW]
        for start in range(0, row.size, _BATCH):
            batch = slice(start, start + _BATCH)
            peak_lin = max(peak_lin, self._highest_between(windows[channel[batch], row[batch]], peak_lin))
        return peak_lin

    def _highest_between(self, rows: Audio, peak_lin: float) -> float:
        """Return the highest interpolated value in these rows if it is above ``peak_lin``, else 0 or less than it."""
        # One long line of samples is three times as fast as rows; what spans two rows is masked below.
        line = np.concatenate((rows.ravel(), np.zeros(_N_TAPS, np.float32)))
        magnitude = np.abs(line)
        groups, bends = self._open_groups(line, magnitude, peak_lin)
        if not groups.size:
            return 0.0
        samples = self._open_samples(magnitude, groups * _GROUP, bends, peak_lin)
        if not samples.size:
            return 0.0
        return float(np.abs(sliding_window_view(line, _N_TAPS)[samples] @ self._taps).max())

    def _open_groups(self, line: Audio, magnitude: Audio, peak_lin: float) -> tuple[NDArray[np.intp], Audio]:
        """Return the groups in which both coarse bounds leave room for a new maximum, and the largest bend in each."""
        eight = _maximum_of_eight(magnitude)
        own = _maximum_of_windows(eight, _LEFT, _GROUP + 1)
        reach_lin = self._bounds.pair * own + self._bounds.rest * _maximum_of_windows(eight, 0, _GROUP_WINDOW)
        bends = _maximum_of_windows(_maximum_of_eight(np.abs(_second_difference(line))), 0, _GROUP_WINDOW - 2)
        bent_lin = self._bounds.line * own + self._bounds.bend * bends
        is_open = np.minimum(reach_lin, bent_lin) * np.float32(_ROUNDING) > peak_lin
        is_open.reshape(-1, _ROW_WINDOW // _GROUP)[:, _ROW // _GROUP :] = False
        groups = np.flatnonzero(is_open)
        return groups, bends[groups]

    def _open_samples(
        self, magnitude: Audio, starts: NDArray[np.intp], bends: Audio, peak_lin: float
    ) -> NDArray[np.intp]:
        """Return where the windows start in which the same bounds, for one gap each, leave room for a new maximum."""
        windows = sliding_window_view(magnitude, _GROUP_WINDOW)[starts]
        reach_lin = windows @ self._envelope
        beside = np.maximum(windows[:, _LEFT : _LEFT + _GROUP], windows[:, _LEFT + 1 : _LEFT + 1 + _GROUP])
        bent_lin = self._bounds.line * beside + self._bounds.bend * bends[:, None]
        is_open = np.minimum(reach_lin, bent_lin) * np.float32(_ROUNDING) > peak_lin
        group, sample = np.divmod(np.flatnonzero(is_open), _GROUP)
        return starts[group] + sample


def _n_rows(signal: Audio) -> int:
    """Return how many rows have all samples that their interpolation needs."""
    n_samples: int = signal.shape[1]
    return max(0, n_samples - _N_TAPS) // _ROW


def _row_peaks_lin(signal: Audio) -> Audio:
    """Return the peak of each complete row, and of what lies behind them, float32 (n_channels, n_rows + 1)."""
    n_rows = _n_rows(signal)
    rows = signal[:, : n_rows * _ROW].reshape(signal.shape[0], n_rows, _ROW)
    rest = signal[:, n_rows * _ROW :]
    return np.concatenate(
        (np.maximum(rows.max(axis=2), -rows.min(axis=2)), np.abs(rest).max(axis=1, keepdims=True)), axis=1
    )


def _second_difference(line: Audio) -> Audio:
    first = line[1:] - line[:-1]
    return first[1:] - first[:-1]


def _maximum_of_eight(values: Audio) -> Audio:
    """Return the maximum of each value and the seven after it; three passes instead of seven."""
    two = np.maximum(values[:-1], values[1:])
    four = np.maximum(two[:-2], two[2:])
    return np.maximum(four[:-4], four[4:])


def _maximum_of_windows(eight: Audio, start: int, length: int) -> Audio:
    """Return the maximum of the ``length`` values from ``start`` of each group on, from the maxima of eight."""
    n_groups = (eight.size - _N_TAPS + _GROUP + 1) // _GROUP
    highest = eight[start + length - _GROUP :: _GROUP][:n_groups].copy()
    for offset in range(start, start + length - _GROUP, _GROUP):
        np.maximum(highest, eight[offset::_GROUP][:n_groups], out=highest)
    return highest


def _sliding_envelope(envelope: Taps) -> Audio:
    """Return the matrix (window, group) that applies the filter's envelope at each sample of a group."""
    matrix = np.zeros((_GROUP_WINDOW, _GROUP), np.float32)
    for sample in range(_GROUP):
        matrix[sample : sample + _N_TAPS, sample] = envelope
    return matrix
