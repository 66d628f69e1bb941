"""The ten features of Scott and Kim (2011), table 2, of a track or a mix: 46 numbers per 100 ms, block by block.

==========  ====================================================================================  ==============
feature     what it is here                                                                       unit
==========  ====================================================================================  ==============
rms         root of the mean square of the samples                                                full scale
flux        norm of the change of the magnitude spectrum since the frame before; 0 for the first  full scale
bandwidth   spread of the magnitude spectrum around its centroid                                  Hz
sub_bands   power in nine octave bands                                                            dBFS
mfcc        13 mel-frequency cepstral coefficients of 40 bands up to 22.05 kHz                    dB, orthonormal
centroid    centre of gravity of the magnitude spectrum                                           Hz
peaks       mean of the highest 2 % of the magnitudes in each octave band, at least one [2]_      dB per bin
valleys     mean of the lowest 2 %, the same                                                      dB per bin
slope       of the line through the magnitude spectrum over frequency, least squares              full scale/kHz
intercept   of the same line, at 0 Hz                                                             full scale
==========  ====================================================================================  ==============

[1]_ names the features without formulas; these are the common ones, and those of librosa 0.11 where it has the feature.
Magnitudes are those of ``stft``: "per bin" means per 21.5 Hz at every rate. All bands are fixed in Hz. What lies above
half the rate counts as silence, as if the file were at 44.1 kHz with nothing up there; its bands read ``FLOOR_DB``.
Levels in dB stop at ``DEPTH_DB`` below the mean square of their own frame, and at ``FLOOR_DB``: deeper down lie the
noise of a converter, a synthesizer or a codec and the step of a file format, and a model that saw them would know the
level at which a track was made. Silence has 0 for everything that is not in dB.

A gain of g dB scales rms, flux, slope and intercept, adds g to sub-bands, peaks and valleys and sqrt(40) g to mfcc_0,
and leaves bandwidth, centroid and the other coefficients alone, above the absolute floor.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
.. [2] D.-N. Jiang et al., Music type classification by spectral contrast feature, ICME 2002, eq. 1 and 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reaper_automix.analysis.feature_weights import (
    N_MELS,
    N_MFCC,
    band_weights,
    cosines,
    line_weights,
    mel_weights,
    moment_weights,
)
from reaper_automix.analysis.loudness import BLOCK_S
from reaper_automix.analysis.stft import BIN_HZ, Audio, Floats, FrameGrid, Spectra, Stft, frame_grid
from reaper_automix.units import db_to_energy, db_to_lin

FLOOR_DB = -120.0
"""The lowest level in dB, of a band, a peak or a valley."""
DEPTH_DB = -60.0
"""The lowest level in dB relative to the mean square of the frame."""
CONTRAST_SHARE = 0.02
"""The share of the bins of a band that makes its peak, and its valley."""

BAND_CENTRES_HZ: tuple[int, ...] = (63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
BAND_EDGES_HZ: tuple[float, ...] = (20.0, *(62.5 * 2.0 ** (k + 0.5) for k in range(9)))
"""Octaves, but the lowest band begins at 20 Hz: frames of 46 ms hardly tell the octave below 44 Hz from it."""
N_BANDS = len(BAND_CENTRES_HZ)

_FLOOR_POWER = np.float32(db_to_energy(FLOOR_DB))
_DEPTH = np.float32(db_to_energy(DEPTH_DB))


def _columns_by_feature() -> dict[str, tuple[str, ...]]:
    """Return the columns of each feature, both in the order of [1] table 2."""
    octaves = ("sub_bands", "peaks", "valleys")
    names = ("rms", "flux", "bandwidth", "sub_bands", "mfcc", "centroid", "peaks", "valleys", "slope", "intercept")
    columns: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    columns |= {name: tuple(f"{name}_{hz}_hz" for hz in BAND_CENTRES_HZ) for name in octaves}
    columns["mfcc"] = tuple(f"mfcc_{k}" for k in range(N_MFCC))
    return columns


_BY_FEATURE = _columns_by_feature()
FEATURES: tuple[str, ...] = tuple(_BY_FEATURE)
"""The features of [1] table 2, in its order."""
COLUMNS: tuple[str, ...] = tuple(column for columns in _BY_FEATURE.values() for column in columns)
"""The schema of ``FrameFeatures.values``; a model names the one it was fitted to."""
_SLICES = {
    name: slice(COLUMNS.index(columns[0]), COLUMNS.index(columns[0]) + len(columns))
    for name, columns in _BY_FEATURE.items()
}


_IN_FULL_SCALE = ("rms", "flux", "slope", "intercept")
_IN_DB = ("sub_bands", "peaks", "valleys")


def columns_of(feature: str) -> slice:
    """Return where the columns of a feature lie.

    Raises
    ------
    ValueError
        If there is no such feature.
    """
    if feature not in _SLICES:
        raise ValueError(f"no feature {feature!r}: choose from {', '.join(FEATURES)}")
    return _SLICES[feature]


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """Features over time.

    Parameters
    ----------
    start_s : float
        Where the first step begins, after the start of the signal.
    step_s : float
        From one step to the next.
    values : ndarray of float32, shape (n_steps, len(COLUMNS))
        See the module.
    """

    start_s: float
    step_s: float
    values: Floats

    def of(self, feature: str) -> Floats:
        """Return the columns of one feature, float32 (n_steps, n_columns), a view."""
        return self.values[:, columns_of(feature)]

    def louder_by(self, gain_db: float) -> FrameFeatures:
        """Return the features of the same audio at another level; exact above the absolute floor."""
        values = self.values.copy()
        for feature in _IN_FULL_SCALE:
            values[:, columns_of(feature)] *= np.float32(db_to_lin(gain_db))
        for feature in _IN_DB:
            levels_db = values[:, columns_of(feature)]
            levels_db[:] = np.maximum(levels_db + np.float32(gain_db), np.float32(FLOOR_DB))
        values[:, columns_of("mfcc").start] += np.float32(math.sqrt(N_MELS) * gain_db)
        return replace(self, values=values)

    def centres_s(self) -> NDArray[np.float64]:
        """Return the middle of each step, float64 (n_steps,)."""
        return self.start_s + (np.arange(self.values.shape[0], dtype=np.float64) + 0.5) * self.step_s


class FeatureListener:
    """Takes a signal block by block and gives its features; the sizes of the blocks do not change them.

    Parameters
    ----------
    sample_rate_hz : int
        8 kHz to 384 kHz.
    n_channels : int
        Of the blocks; channels are joined by their mean power.
    step_s : float or None
        Step k is the mean over the frames whose centre lies from sample ``floor(k * step_s * rate)`` up to where the
        next begins, the same grid as the blocks of ``loudness``: an incomplete last step is left out, unless it is all
        there is. A step without a frame (never at 100 ms) takes those of the nearest step. None: every frame.
    """

    def __init__(self, sample_rate_hz: int, n_channels: int, step_s: float | None = BLOCK_S) -> None:
        if step_s is not None and not step_s > 0.0:
            raise ValueError(f"a step of {step_s} s: choose one above 0, or None for every frame by itself")
        self.grid = frame_grid(sample_rate_hz)
        self.step_s = step_s
        self._extractor = FrameExtractor(self.grid)
        self._stft = Stft(self.grid, n_channels, self._take)
        self._before: Floats | None = None
        self._sums: list[_StepSums] = []

    def add(self, block: Audio) -> None:
        """Take the next block, float32 (n_channels, n_samples).

        Raises
        ------
        ValueError
            If the block has another number of channels.
        MediaError
            If samples are not numbers, or a frame is louder than +120 dBFS.
        """
        self._stft.add(block)

    def result(self) -> FrameFeatures:
        """Return the features of everything added so far; the listener can go on. No samples give no steps."""
        rest = self._stft.rest()
        sums = self._sums if rest is None else [*self._sums, self._summed(rest)]
        rate_hz = self.grid.sample_rate_hz
        if self.step_s is None:
            values = np.concatenate([part.sums for part in sums]) if sums else _no_steps()
            return FrameFeatures(self.grid.hop / 2 / rate_hz, self.grid.hop / rate_hz, values)
        # The same count as the complete blocks of the loudness meter, whose edges are rounded down.
        n_steps = math.ceil((self._stft.n_samples + 1) / (self.step_s * rate_hz) - 1e-9) - 1
        return FrameFeatures(0.0, self.step_s, _means(sums, max(n_steps, 1)) if sums else _no_steps())

    def _take(self, spectra: Spectra) -> None:
        self._sums.append(self._summed(spectra))
        self._before = spectra.magnitude[-1].copy()

    def _summed(self, spectra: Spectra) -> _StepSums:
        """Return the features of a batch, added up where frames share a step."""
        values = self._extractor.features(spectra, self._before)
        frames = spectra.first + np.arange(values.shape[0])
        if self.step_s is None:
            return _StepSums(frames, values, np.ones(values.shape[0], np.float32))
        step_samples = self.step_s * self.grid.sample_rate_hz
        # The whole sample c lies in step k where floor(k s) <= c, that is k s < c + 1.
        centres = frames * self.grid.hop + self.grid.size // 2
        steps = np.ceil((centres + 1) / step_samples - 1e-9).astype(np.intp) - 1
        starts = np.flatnonzero(np.diff(steps, prepend=-1))
        counts = np.diff(starts, append=steps.size).astype(np.float32)
        return _StepSums(steps[starts], np.add.reduceat(values, starts, axis=0), counts)


def hear_features(blocks: Iterable[Audio], sample_rate_hz: int, n_channels: int) -> FrameFeatures:
    """Return the features of a signal that arrives in blocks, one step per 100 ms."""
    listener = FeatureListener(sample_rate_hz, n_channels)
    for block in blocks:
        listener.add(block)
    return listener.result()


@dataclass(frozen=True, slots=True, eq=False)
class _StepSums:
    """Sums over frames, float32 (n_steps, n_columns), their steps in rising order, and how many frames made each."""

    steps: NDArray[np.intp]
    sums: Floats
    counts: Floats


def _no_steps() -> Floats:
    return np.zeros((0, len(COLUMNS)), np.float32)


def _means(parts: list[_StepSums], n_steps: int) -> Floats:
    """Return the mean of each step; one without a frame takes the values of the nearest that has some."""
    steps = np.concatenate([part.steps for part in parts])
    heard, row = np.unique(steps, return_inverse=True)
    sums = np.zeros((heard.size, len(COLUMNS)), np.float32)
    counts = np.zeros(heard.size, np.float32)
    np.add.at(sums, row, np.concatenate([part.sums for part in parts]))
    np.add.at(counts, row, np.concatenate([part.counts for part in parts]))
    middles = (heard[1:] + heard[:-1]) / 2.0
    return (sums / counts[:, None])[np.searchsorted(middles, np.arange(n_steps))]


class FrameExtractor:
    """Turns spectra into features, a batch at a time; holds nothing but the weights of a grid.

    Parameters
    ----------
    grid : FrameGrid
        Of the spectra.
    """

    def __init__(self, grid: FrameGrid) -> None:
        hz = grid.frequencies_hz()
        edges = np.searchsorted(hz, BAND_EDGES_HZ)
        self._bands = [slice(int(low), int(high)) for low, high in pairwise(edges)]
        self._hz = hz.astype(np.float32)[:, None]
        self._width = np.float32(grid.bin_hz / BIN_HZ)
        # Sparse, and not a dense matrix product: most weights are zero, and BLAS would wake its threads for every batch
        # of every track, which takes far longer than the sums.
        self._power_weights = sparse.csr_array(np.concatenate((mel_weights(grid), band_weights(grid, BAND_EDGES_HZ))))
        self._line_weights = sparse.csr_array(np.concatenate((line_weights(grid), moment_weights(grid))))
        self._cosines = cosines()

    def features(self, spectra: Spectra, before: Floats | None = None) -> Floats:
        """Return the features of frames.

        Parameters
        ----------
        spectra : Spectra
            Consecutive frames of the grid.
        before : ndarray of float32, shape (n_bins,), optional
            Magnitudes of the frame before them; without, the first has no flux.

        Returns
        -------
        ndarray of float32, shape (n_frames, len(COLUMNS))
        """
        if not (spectra.magnitude.any() or (before is not None and before.any())):
            return np.tile(_silence(), (spectra.magnitude.shape[0], 1))
        # Frames side by side in memory: sums over the bins then run over all frames at once.
        magnitude = np.ascontiguousarray(spectra.magnitude.T)
        power = magnitude * magnitude
        weighted = self._power_weights @ power
        slope, intercept, total, moment = self._line_weights @ magnitude
        centroid = moment / np.where(total > 0.0, total, 1.0)
        floor = np.maximum(spectra.mean_square * _DEPTH, _FLOOR_POWER)
        peaks, valleys = _to_db(np.square(self._contrast(spectra.magnitude)), floor)
        by_feature = {
            "rms": np.sqrt(spectra.mean_square),
            "flux": self._flux(magnitude, before),
            "bandwidth": self._bandwidth(magnitude, total, centroid),
            "sub_bands": _to_db(weighted[N_MELS:], floor),
            "mfcc": self._cosines @ _to_db(weighted[:N_MELS], floor),
            "centroid": centroid,
            "peaks": peaks,
            "valleys": valleys,
            "slope": slope,
            "intercept": intercept,
        }
        return np.ascontiguousarray(np.vstack([by_feature[name] for name in FEATURES]).T)

    def _flux(self, magnitude: Floats, before: Floats | None) -> Floats:
        """Return the norm over the bins of the change since the frame before; rises and falls count alike."""
        change = np.empty_like(magnitude)
        change[:, 0] = 0.0 if before is None else magnitude[:, 0] - before
        np.subtract(magnitude[:, 1:], magnitude[:, :-1], out=change[:, 1:])
        np.square(change, out=change)
        flux: Floats = np.sqrt(change.sum(axis=0) * self._width)
        return flux

    def _bandwidth(self, magnitude: Floats, total: Floats, centroid: Floats) -> Floats:
        """Return the spread of frequency, weighted by magnitude; from differences, for float32 has too few digits."""
        square = self._hz - centroid
        np.square(square, out=square)
        square *= magnitude
        bandwidth: Floats = np.sqrt(square.sum(axis=0) / np.where(total > 0.0, total, 1.0))
        return bandwidth

    def _contrast(self, magnitude: Floats) -> Floats:
        """Return peaks and valleys as magnitudes, float32 (2, n_bands, n_frames)."""
        extremes = np.zeros((2, N_BANDS, magnitude.shape[0]), np.float32)
        for k, band in enumerate(self._bands):
            n_bins = band.stop - band.start
            if n_bins == 0:
                continue
            n_kept = max(round(CONTRAST_SHARE * n_bins), 1)
            ordered = np.sort(magnitude[:, band], axis=1)  # vectorised in numpy, twice as fast as its partition
            extremes[0, k] = ordered[:, n_bins - n_kept :].mean(axis=1)  # [2] eq. 1
            extremes[1, k] = ordered[:, :n_kept].mean(axis=1)  # [2] eq. 2
        return extremes


def _to_db(power: Floats, floor: Floats) -> Floats:
    """Return levels of power float32 (..., n_frames), nothing below the floor of its frame, float32 (n_frames,)."""
    level_db: Floats = np.float32(10.0) * np.log10(np.maximum(power, floor))
    return level_db


def _silence() -> Floats:
    """Return the features of a silent frame, float32 (len(COLUMNS),)."""
    values = np.zeros(len(COLUMNS), np.float32)
    for feature in _IN_DB:
        values[columns_of(feature)] = FLOOR_DB
    values[columns_of("mfcc")] = cosines() @ np.full(N_MELS, FLOOR_DB, np.float32)
    return values
