"""What a frame of a drum microphone sounds like: its spectrum in bands, its shape, its pitch; nothing depends on level.

The descriptors are the low-level ones of the Essentia streaming extractor [1], as far as they say something about
drums, in our own code. Every spectrum is taken relative to its own power between 20 Hz and 20 kHz, and nothing lies
deeper than ``DEPTH_DB`` below it. Key, chords and pitch classes (HPCP) are left out: a drum has none; dissonance and
inharmonicity too, for they need the partials of a tone.

References
----------
.. [1] D. Bogdanov et al., Essentia: an audio analysis library for music information retrieval, ISMIR 2013.
.. [2] G. Peeters, A large set of audio features for sound description, CUIDADO project report, 2004.
.. [3] E. Zwicker, Subdivision of the audible frequency range into critical bands, JASA 33, 1961. The lowest two bands
   are halved, as in [1].
.. [4] B. R. Glasberg, B. C. J. Moore, Derivation of auditory filter shapes from notched-noise data, 1990: ERB scale.
.. [5] A. de Cheveigne, H. Kawahara, YIN, a fundamental frequency estimator for speech and music, JASA 111, 2002.
.. [6] P. Boersma, Accurate short-term analysis of the fundamental frequency, 1993: the window's own autocorrelation.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal, sparse

from reaper_automix.analysis.feature_weights import N_MFCC, band_weights, cosines, mel_weights
from reaper_automix.analysis.loudness import k_weighting
from reaper_automix.analysis.stft import Floats, FrameGrid, Spectra

LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
DEPTH_DB = -70.0
"""The lowest level of a band, relative to the whole frame."""

BARK_EDGES_HZ: tuple[float, ...] = (
    *(LOWEST_HZ, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 510.0, 630.0, 770.0, 920.0, 1080.0, 1270.0, 1480.0, 1720.0),
    *(2000.0, 2320.0, 2700.0, 3150.0, 3700.0, 4400.0, 5300.0, 6400.0, 7700.0, 9500.0, 12_000.0, 15_500.0, HIGHEST_HZ),
)
RANGES: tuple[str, ...] = ("low", "low_mid", "high_mid", "high")
RANGE_EDGES_HZ = (LOWEST_HZ, 150.0, 800.0, 4000.0, HIGHEST_HZ)

_N_BARK = len(BARK_EDGES_HZ) - 1
_N_RANGES = len(RANGES)
_N_ERB = 40
_DEPTH = np.float32(10.0 ** (DEPTH_DB / 10.0))
_BIN_DEPTH = np.float32(1e-8)
_MAGNITUDE_DEPTH = np.float32(3e-4)
"""Taken off the magnitudes, relative to their norm, before moments: far from the centre rounding would weigh most."""
_TINY = np.float32(1e-30)
_ROLLOFF = np.float32(0.85)
_PEAK_DEPTH = np.float32(1e-4)
"""Peaks further than 40 dB below the highest are not counted."""
_OVER = np.float32(1.02)
"""A peak stands so much over its neighbours, for in a flat spectrum rounding would make them."""
_PITCH_HZ = (40.0, 1000.0)
_AS_GOOD = np.float32(0.85)
"""The shortest period whose match is this good, relative to the best one, is the pitch."""

SHAPE_FEATURES: tuple[str, ...] = (
    *(
        "centroid_hz",
        "spread_hz",
        "arsinh_skewness",
        "log2_kurtosis",
        "rolloff_hz",
        "flux",
        "flatness_db",
        "entropy_bits",
    ),
    *("crest_db", "decrease", "strong_peak", "n_peaks", "hfc_hz"),
    *(f"share_{name}_db" for name in RANGES),
    *(f"bark_{k}_db" for k in range(_N_BARK)),
    *("bark_spread", "bark_skewness", "bark_kurtosis", "bark_crest_db", "bark_flatness_db"),
    *(f"mfcc_{k}" for k in range(N_MFCC)),
    *(f"gfcc_{k}" for k in range(N_MFCC)),
    *(f"flatness_{name}_db" for name in RANGES),
    *(f"crest_{name}_db" for name in RANGES),
)
"""The columns of ``SpectrumShape.features``."""
POWER_COLUMNS: tuple[str, ...] = ("all", *RANGES, "k_weighted")
"""The columns of ``SpectrumShape.powers``."""
PITCH_FEATURES: tuple[str, ...] = (
    *("pitch_salience", "pitch_confidence", "pitch_octaves", "peak_octaves", "peak_share_db"),
)
"""The columns of ``Pitch.features``."""


class SpectrumShape:
    """Turns spectra of 46 ms into features, a batch of consecutive frames at a time.

    Parameters
    ----------
    grid : FrameGrid
        Of the spectra.
    """

    def __init__(self, grid: FrameGrid) -> None:
        hz = grid.frequencies_hz()
        inside = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
        self._bins = slice(int(np.argmax(inside)), int(np.flatnonzero(inside)[-1]) + 1)
        self._hz = hz[self._bins].astype(np.float32)[:, None]
        self._ranges = [
            slice(int(low), int(high)) for low, high in pairwise(np.searchsorted(self._hz[:, 0], RANGE_EDGES_HZ))
        ]
        # Sparse: most weights are zero, and BLAS would wake its threads for every batch of every track.
        self._weights = sparse.csr_array(_power_weights(grid, self._bins))
        self._cosines = cosines()
        self._last: Floats | None = None

    def features(self, spectra: Spectra) -> tuple[Floats, Floats]:
        """Return the features of the next frames, and their power in wide bands.

        Returns
        -------
        ndarray of float32, shape (n_frames, len(SHAPE_FEATURES))
        ndarray of float32, shape (n_frames, len(POWER_COLUMNS))
            Mean squares in full scale, for what needs the level of a frame beside that of others.
        """
        # Frames side by side in memory: sums over the bins then run over all frames at once.
        rows = spectra.magnitude[:, self._bins]
        magnitude = np.ascontiguousarray(rows.T)
        power = magnitude * magnitude
        weighted = self._weights @ power
        powers, bark, mel, erb = np.split(weighted, np.cumsum((_N_RANGES + 1, _N_BARK, self._cosines.shape[1])))
        total = powers[:_N_RANGES].sum(axis=0)
        scale = np.float32(1.0) / np.maximum(total, _TINY)
        norm = np.sqrt(scale)
        magnitude *= norm
        power *= scale
        bark_db = _to_db(bark * scale)
        columns = (
            *self._moments(magnitude),
            self._rolloff_hz(rows),
            self._flux(magnitude),
            *self._peakiness(magnitude, power),
            self._strong_peak(rows) * norm,
            *self._count_peaks(power),
            *_to_db(powers[:_N_RANGES] * scale),
            *bark_db,
            *_shape_of_bark(bark * scale, bark_db),
            *(self._cosines @ _to_db(mel * scale)),
            *(self._cosines @ _to_db(erb * scale)),
            *self._ranges_of(power),
        )
        ordered = np.vstack(columns)
        return np.ascontiguousarray(ordered.T), np.vstack((total, powers)).T.copy()

    def _moments(self, magnitude: Floats) -> tuple[Floats, ...]:
        """Return centroid, spread, skewness and kurtosis; the latter reach thousands on a kick, hence their scales."""
        centre, spread, skewness, kurtosis = _moments(np.maximum(magnitude - _MAGNITUDE_DEPTH, 0.0), self._hz)
        return centre, spread, np.arcsinh(skewness), np.log2(np.maximum(kurtosis, 1.0))

    def _rolloff_hz(self, rows: Floats) -> Floats:
        """Return the frequency below which 85 % of the power lie, between bins by interpolation."""
        power = np.square(rows)
        below = np.cumsum(power, axis=1)
        wanted = _ROLLOFF * below[:, -1:]
        at = np.minimum((below < wanted).sum(axis=1), rows.shape[1] - 1)[:, None]
        over = np.take_along_axis(below, at, axis=1) - wanted
        missing = np.clip(over / np.maximum(np.take_along_axis(power, at, axis=1), _TINY), 0.0, 1.0)[:, 0]
        step_hz = self._hz[1, 0] - self._hz[0, 0]
        rolloff: Floats = self._hz[at[:, 0], 0] + (np.float32(0.5) - missing) * step_hz
        return rolloff

    def _flux(self, magnitude: Floats) -> Floats:
        """Return the norm of the change of the spectrum since the frame before, both of norm 1; the first has 0."""
        before = magnitude[:, :1] if self._last is None else self._last
        self._last = magnitude[:, -1:].copy()
        change = np.diff(magnitude, axis=1, prepend=before)
        flux: Floats = np.sqrt(np.einsum("ij,ij->j", change, change))
        return flux

    def _peakiness(self, magnitude: Floats, power: Floats) -> tuple[Floats, ...]:
        """Return flatness, entropy, crest and decrease."""
        n_bins = power.shape[0]
        bits = np.log2(power + _BIN_DEPTH)
        highest = power.max(axis=0)
        mean = np.maximum(power.mean(axis=0), _BIN_DEPTH)
        steps = np.arange(1, n_bins, dtype=np.float32)[:, None]
        decrease = ((magnitude[1:] - magnitude[0]) / steps).sum(axis=0)  # [2] section 6.2: spectral decrease
        return (
            _log2_to_db(bits.mean(axis=0) - np.log2(mean)),
            -np.einsum("ij,ij->j", power, bits),
            _to_db(highest / mean),
            decrease / np.maximum(magnitude[1:].sum(axis=0), _TINY),
        )

    def _count_peaks(self, power: Floats) -> tuple[Floats, Floats]:
        """Return the number of peaks, and where the power is on average: the high frequency content."""
        inner = power[1:-1]
        peaks = inner > np.maximum(_OVER * np.maximum(power[:-2], power[2:]), _PEAK_DEPTH * power.max(axis=0))
        return peaks.sum(axis=0).astype(np.float32), (self._hz * power).sum(axis=0)

    def _strong_peak(self, rows: Floats) -> Floats:
        """Return the highest magnitude over how many decades around it lie above half of it [1]."""
        top = np.argmax(rows, axis=1)[:, None]
        height = np.take_along_axis(rows, top, axis=1)
        low = rows < np.float32(0.5) * height
        n_bins = rows.shape[1]
        bins, at = np.arange(n_bins, dtype=np.int16), top.astype(np.int16)
        # The last bin cannot lie below the top, nor the first one above it: 0 says that there is none.
        from_end = np.argmax((low & (bins < at))[:, ::-1], axis=1)
        from_start = np.argmax(low & (bins > at), axis=1)
        left = np.where(from_end > 0, n_bins - 1 - from_end, -1)
        right = np.where(from_start > 0, from_start, n_bins)
        first_hz, step_hz = float(self._hz[0, 0]), float(self._hz[1, 0] - self._hz[0, 0])
        decades = np.log10((first_hz + step_hz * (right - 0.5)) / (first_hz + step_hz * (left + 0.5)))
        return np.asarray(height[:, 0] / decades, np.float32)

    def _ranges_of(self, power: Floats) -> list[Floats]:
        """Return the flatness of each range, then the crest of each."""
        flatness, crest = [], []
        for bins in self._ranges:
            part = power[bins] + _BIN_DEPTH
            mean = part.mean(axis=0)
            flatness.append(_log2_to_db(np.log2(part).mean(axis=0) - np.log2(mean)))
            crest.append(_to_db(part.max(axis=0) / mean))
        return flatness + crest


class Pitch:
    """Turns spectra of 92 ms into how well one period explains a frame, which one, and its strongest line.

    Parameters
    ----------
    grid : FrameGrid
        Of the spectra.
    """

    def __init__(self, grid: FrameGrid) -> None:
        self._grid = grid
        hz = grid.frequencies_hz()
        inside = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
        self._inside = inside.astype(np.float32)
        window = signal.get_window("hann", grid.size)
        self._own = fft.irfft(np.abs(fft.rfft(window)) ** 2).astype(np.float32)
        low, high = (round(grid.sample_rate_hz / hz) for hz in reversed(_PITCH_HZ))
        self._shortest, self._longest = low, high

    def features(self, spectra: Spectra) -> tuple[Floats, Floats]:
        """Return the features of frames, float32 (n_frames, len(PITCH_FEATURES)), and their powers (n_frames,)."""
        power = np.square(spectra.magnitude) * self._inside
        total = power.sum(axis=1)
        power /= np.maximum(total, _TINY)[:, None]
        return np.column_stack((*self._period(power), *self._line(power))).astype(np.float32), total

    def _period(self, power: Floats) -> tuple[Floats, Floats, Floats]:
        """Return how well the best period matches, 0..1, how deep YIN's dip is, and the pitch in octaves over 40 Hz."""
        similarity = fft.irfft(power, n=self._grid.size, axis=1)[:, : self._longest + 2]
        # [6] eq. 9, on a circle: the window's own similarity wraps around like the frame's.
        relative = similarity * (self._own[0] / self._own[: self._longest + 2])
        relative /= np.maximum(similarity[:, :1], _TINY)
        searched = relative[:, self._shortest - 1 :]
        inner = searched[:, 1:-1]
        peaks = inner * ((inner >= searched[:, :-2]) & (inner > searched[:, 2:]))
        best = np.clip(peaks.max(axis=1), 0.0, 1.0)
        first = np.argmax(peaks >= np.maximum(_AS_GOOD * best, _BIN_DEPTH)[:, None], axis=1)
        period = first + self._shortest + _vertex(searched, first)
        octaves = np.log2(self._grid.sample_rate_hz / (_PITCH_HZ[0] * period))
        return best, self._confidence(relative), np.where(best > 0.0, octaves, 0.0)

    def _confidence(self, relative: Floats) -> Floats:
        difference = np.maximum(np.float32(1.0) - relative[:, 1:], 0.0)
        lags = np.arange(1, relative.shape[1], dtype=np.float32)
        summed = np.cumsum(difference, axis=1)
        normal = difference * lags / np.maximum(summed, _BIN_DEPTH)  # [5] eq. 8
        confidence: Floats = np.clip(np.float32(1.0) - normal[:, self._shortest - 1 :].min(axis=1), 0.0, 1.0)
        return confidence

    def _line(self, power: Floats) -> tuple[Floats, Floats]:
        """Return where the highest bin is, in octaves over 20 Hz, and what share of the power its line has in dB."""
        rows = np.arange(power.shape[0])
        top = np.clip(np.argmax(power, axis=1), 2, power.shape[1] - 3)
        share = sum(power[rows, top + k] for k in range(-2, 3))
        at = top + _vertex(np.sqrt(power), top - 1)
        octaves = np.log2(np.maximum(at * np.float32(self._grid.bin_hz / LOWEST_HZ), 1.0))
        heard = share > 0.0
        return np.where(heard, octaves, 0.0), _to_db(np.where(heard, share, 1.0))


def _vertex(values: Floats, at: NDArray[np.intp]) -> Floats:
    """Return where between samples the parabola through three values has its top; ``at`` + 1 is the middle one."""
    rows = np.arange(at.size)
    before, here, after = (values[rows, at + k] for k in range(3))
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / np.where(np.abs(bend) > _BIN_DEPTH, bend, np.inf)
    near: Floats = np.clip(shift, -0.5, 0.5).astype(np.float32)
    return near


def _moments(weights: Floats, places: Floats) -> tuple[Floats, ...]:
    """Return centre, spread, skewness and kurtosis (3 for a Gaussian) of places (n, 1) under weights (n, n_frames)."""
    total = np.maximum(weights.sum(axis=0), _TINY)
    centre = (places * weights).sum(axis=0) / total
    away = places - centre
    part = weights * away
    part *= away
    variance = part.sum(axis=0) / total
    part *= away
    third = part.sum(axis=0) / total
    part *= away
    fourth = part.sum(axis=0) / total
    safe = np.maximum(variance, np.float32(1e-6))
    return centre, np.sqrt(variance), third / safe**1.5, fourth / safe**2


def _shape_of_bark(bark: Floats, bark_db: Floats) -> tuple[Floats, ...]:
    """Return spread, skewness, kurtosis, crest and flatness of the powers in bands, with bands as places."""
    moments = _moments(bark, np.arange(_N_BARK, dtype=np.float32)[:, None])
    mean_db = _to_db(bark.mean(axis=0))
    return (*moments[1:], bark_db.max(axis=0) - mean_db, bark_db.mean(axis=0) - mean_db)


def _power_weights(grid: FrameGrid, bins: slice) -> Floats:
    """Return the rows over some bins that give the power in ranges, K-weighted, in Bark, mel and ERB bands."""
    rows = (
        band_weights(grid, RANGE_EDGES_HZ)[:, bins],
        np.square(_k_gain(grid))[None, bins],
        band_weights(grid, BARK_EDGES_HZ)[:, bins],
        _unit_height(mel_weights(grid)[:, bins]),
        _erb_weights(grid)[:, bins],
    )
    return np.concatenate(rows).astype(np.float32)


def _unit_height(weights: Floats) -> Floats:
    return np.asarray(weights / weights.max(axis=1, keepdims=True), np.float32)


def _erb_weights(grid: FrameGrid) -> Floats:
    """Return the power responses of gammatone filters of order 4 on the ERB scale [4], float32 (n_bands, n_bins)."""
    low, high = (21.4 * math.log10(1.0 + 0.00437 * hz) for hz in (50.0, 18_000.0))
    centres = (10.0 ** (np.linspace(low, high, _N_ERB) / 21.4) - 1.0)[:, None] / 0.00437
    width = 1.019 * 24.7 * (0.00437 * centres + 1.0)
    response = (1.0 + np.square((grid.frequencies_hz() - centres) / width)) ** -4.0
    return np.where(response > 1e-4, response, 0.0).astype(np.float32)


def _k_gain(grid: FrameGrid) -> NDArray[np.float64]:
    """Return the magnitude response of the K-weighting at the bins."""
    _, response = signal.freqz_sos(k_weighting(grid.sample_rate_hz), worN=grid.frequencies_hz(), fs=grid.sample_rate_hz)
    return np.abs(response)


def _to_db(share: Floats) -> Floats:
    level_db: Floats = np.float32(10.0) * np.log10(np.maximum(share, _DEPTH))
    return level_db


def _log2_to_db(octaves: Floats) -> Floats:
    return np.asarray(octaves * np.float32(3.0102999566))
