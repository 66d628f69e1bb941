"""The sound of a track in a few dozen numbers that no gain changes: what the classifier of roles goes by.

One pass, block by block: spectrum in 20 bands, noise or tone, pitch and how it moves, attack and decay. Nothing here
depends on the level, the length, the rate of the file above 22 kHz, or on which side the track sits.

References
----------
.. [1] P. Boersma, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
   sampled sound, 1993: the autocorrelation of a frame over that of its window.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.units import energy_to_db

Floats = NDArray[np.float32]
Audio = NDArray[np.float32]

BAND_EDGES_HZ: tuple[int, ...] = (
    *(20, 60, 100, 150, 210, 300, 400, 520, 680, 880, 1150, 1500, 1900),
    *(2500, 3200, 4200, 5500, 7000, 8500, 10000, 11000),
)
N_BANDS = len(BAND_EDGES_HZ) - 1

_FRAME_S = 0.046
_STEP_S = 0.005
"""The grid of the envelope that attack and decay are read from."""
_GATE_DB = -35.0
"""Frames further below the loud ones are pauses."""
_QUIETEST_DBFS = -100.0
_FLOOR_DB = -50.0
"""A band this far below the whole is empty: how far depends on the noise and the codec, not on the instrument."""
_FEWEST_FRAMES = 10
_FLAT_HZ = (200.0, 8000.0)
_FLATTEST = np.float32(1e-6)
_PITCH_HZ = (60.0, 1000.0)
_VOICED = 0.6
_AS_GOOD = 0.85
"""The shortest period whose match is this good, relative to the best one, is the pitch."""
_STEADY_CENTS = 8.0
_GLIDE_CENTS = 100.0
_MODULATION_HZ = (0.5, 2.0, 4.0, 8.0, 16.0)
_DROP_S = (0.05, 0.1, 0.2)
_BATCH = 256

FEATURES: tuple[str, ...] = (
    *(f"spectrum_{hz}_db" for hz in BAND_EDGES_HZ[:-1]),
    *(f"typical_{hz}_db" for hz in BAND_EDGES_HZ[:-1]),
    *(f"spread_{hz}_db" for hz in BAND_EDGES_HZ[:-1:4]),
    *("level_spread_db", "level_top_db", "level_bottom_db", "flux_db", "flux_spread_db"),
    *("flatness_db", "flatness_spread_db", "centroid_octaves", "centroid_spread_octaves"),
    *("pitch_strength", "pitch_strength_spread", "voiced_share", "pitch_octaves", "pitch_spread_octaves"),
    *("steady_share", "glide_share"),
    *("crest_db", "attack_db", "onsets_per_s", *(f"drop_{1000 * s:.0f}ms_db" for s in _DROP_S), "sounding_share"),
    *(f"modulation_{hz:g}_hz_share" for hz in _MODULATION_HZ[:-1]),
)
"""The schema of ``features``; a model names the one it was fitted to."""


class RoleListener:
    """Takes a track block by block and gives its features.

    Parameters
    ----------
    sample_rate_hz : int
        Of the blocks.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._size = 2 ** round(np.log2(_FRAME_S * sample_rate_hz))
        self._step = max(round(_STEP_S * sample_rate_hz), 1)
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._bands = _band_weights(sample_rate_hz, self._size)
        self._own = fft.irfft(np.abs(fft.rfft(self._window)) ** 2).astype(np.float32)
        self._rest: Floats = np.zeros(0, np.float32)
        self._rest_step: Floats = np.zeros(0, np.float32)
        self._frames: list[Floats] = []
        self._envelope: list[Floats] = []

    def add(self, block: Audio) -> None:
        """Take the next block, float32 (n_channels, n_samples)."""
        mono = block.mean(axis=0, dtype=np.float32)
        self._rest_step = self._take_steps(np.concatenate((self._rest_step, mono)))
        samples = np.concatenate((self._rest, mono))
        hop = self._size // 2
        n_frames = max((samples.size - self._size) // hop + 1, 0)
        if n_frames:
            frames = sliding_window_view(samples, self._size)[: n_frames * hop : hop]
            self._frames.extend(self._describe(frames[at : at + _BATCH]) for at in range(0, n_frames, _BATCH))
        self._rest = samples[n_frames * hop :].copy()

    def features(self) -> Floats | None:
        """Return the features of everything added, float32 (len(FEATURES),); None where hardly anything sounds."""
        if not self._frames:
            return None
        frames = np.concatenate(self._frames)
        level_db = energy_to_db_array(frames[:, :N_BANDS].sum(axis=1))
        active = level_db > max(float(np.percentile(level_db, 95)) + _GATE_DB, _QUIETEST_DBFS)
        if int(active.sum()) < _FEWEST_FRAMES:
            return None
        envelope = np.concatenate(self._envelope)
        values = (*_of_spectrum(frames, level_db, active), *_of_pitch(frames[active]), *_of_envelope(envelope))
        return np.asarray(values, np.float32)

    def _take_steps(self, samples: Floats) -> Floats:
        """Add the mean squares of whole 5 ms steps to the envelope; return what is left."""
        n_steps = samples.size // self._step
        whole = samples[: n_steps * self._step].reshape(n_steps, self._step)
        self._envelope.append(np.einsum("ij,ij->i", whole, whole) / np.float32(self._step))
        return samples[n_steps * self._step :].copy()

    def _describe(self, frames: Floats) -> Floats:
        """Return per frame the band energies, flatness in dB, centroid in octaves, pitch match and pitch in octaves."""
        scale = np.float32(2.0 / (self._window**2).sum() / self._size)
        spectra = fft.rfft(frames * self._window, axis=1)
        power = (spectra.real**2 + spectra.imag**2) * scale
        # Not a matrix product: BLAS would wake its threads for every batch, which takes far longer than the sums.
        bands = np.einsum("ij,jk->ik", power, self._bands)
        columns = (bands, *self._shape_of(power), *self._pitch(power))
        return np.column_stack(columns).astype(np.float32)

    def _shape_of(self, power: Floats) -> tuple[Floats, Floats]:
        hz = fft.rfftfreq(self._size, 1.0 / self._rate_hz)
        kept = slice(int(np.searchsorted(hz, _FLAT_HZ[0])), int(np.searchsorted(hz, _FLAT_HZ[1])))
        mean = power[:, kept].mean(axis=1, keepdims=True) + np.float32(1e-20)
        flatness_db = energy_to_db_array(power[:, kept] / mean + _FLATTEST).mean(axis=1)
        audible = slice(int(np.searchsorted(hz, BAND_EDGES_HZ[0])), int(np.searchsorted(hz, BAND_EDGES_HZ[-1])))
        total = power[:, audible].sum(axis=1) + np.float32(1e-20)
        return flatness_db, np.einsum("ij,j->i", power[:, audible], np.log2(hz[audible]).astype(np.float32)) / total

    def _pitch(self, power: Floats) -> tuple[Floats, Floats]:
        """Return how well the best period of each frame matches, 0..1, and its frequency in octaves over 1 Hz."""
        similarity = fft.irfft(power, axis=1)
        low, high = (round(self._rate_hz / hz) for hz in reversed(_PITCH_HZ))
        lags = slice(low - 1, high + 1)
        # [1] eq. 9, on a circle: the window's own similarity wraps around like the frame's.
        relative = similarity[:, lags] * (self._own[0] / self._own[lags])
        relative /= similarity[:, :1] + np.float32(1e-20)
        inner = relative[:, 1:-1]
        peaks = inner * ((inner >= relative[:, :-2]) & (inner > relative[:, 2:]))
        best = peaks.max(axis=1)
        first = np.argmax(peaks >= np.maximum(_AS_GOOD * best, 1e-6)[:, None], axis=1)
        exact = first + _vertex(relative, first)
        return np.clip(best, 0.0, 1.0), np.log2(self._rate_hz / (exact + low)).astype(np.float32)


def energy_to_db_array(energy: Floats) -> Floats:
    """Convert energies to dB; 0 gives -200."""
    level_db: Floats = np.float32(10.0) * np.log10(energy + np.float32(1e-20))
    return level_db


def hear_role_features(blocks: Iterable[Audio], sample_rate_hz: int) -> Floats | None:
    """Return the features of a signal that arrives in blocks; None where hardly anything sounds."""
    listener = RoleListener(sample_rate_hz)
    for block in blocks:
        listener.add(block)
    return listener.features()


def _vertex(values: Floats, at: NDArray[np.intp]) -> Floats:
    """Return where between samples the parabola through three values has its top; ``at`` + 1 is the middle one."""
    rows = np.arange(at.size)
    before, here, after = (values[rows, at + k] for k in range(3))
    bend = before - 2.0 * here + after
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (before - after) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
    near: Floats = np.clip(shift, -0.5, 0.5).astype(np.float32)
    return near


def _band_weights(sample_rate_hz: int, size: int) -> Floats:
    """Return what share of each bin's width lies in each band, float32 (n_bins, n_bands)."""
    bins_hz = fft.rfftfreq(size, 1.0 / sample_rate_hz)
    half = bins_hz[1] / 2.0
    low, high = np.asarray(BAND_EDGES_HZ[:-1]), np.asarray(BAND_EDGES_HZ[1:])
    shared = np.minimum(high, bins_hz[:, None] + half) - np.maximum(low, bins_hz[:, None] - half)
    weights: Floats = np.clip(shared / (2.0 * half), 0.0, 1.0).astype(np.float32)
    return weights


def _of_spectrum(frames: Floats, level_db: Floats, active: NDArray[np.bool_]) -> list[float]:
    bands = frames[:, :N_BANDS]
    whole = bands[active].sum(axis=0)
    spectrum_db = np.maximum(energy_to_db_array(whole / whole.sum()), _FLOOR_DB)
    relative_db = np.maximum(energy_to_db_array(bands) - level_db[:, None], _FLOOR_DB)
    both = active[1:] & active[:-1]
    steps_db = np.abs(np.diff(relative_db, axis=0)).mean(axis=1)[both]
    levels = level_db[active]
    low, middle, high = np.percentile(levels, (10, 50, 95))
    flatness, centroid = frames[active, N_BANDS], frames[active, N_BANDS + 1]
    return [
        *spectrum_db,
        *np.median(relative_db[active], axis=0),
        *relative_db[active].std(axis=0)[::4],
        *(levels.std(), high - middle, middle - low),
        *((steps_db.mean(), steps_db.std()) if steps_db.size else (0.0, 0.0)),
        *(flatness.mean(), flatness.std(), centroid.mean(), centroid.std()),
    ]


def _of_pitch(frames: Floats) -> list[float]:
    match, octaves = frames[:, N_BANDS + 2], frames[:, N_BANDS + 3]
    voiced = match > _VOICED
    start = [float(match.mean()), float(match.std()), float(voiced.mean())]
    if not voiced.any():
        return [*start, 7.0, 0.0, 0.0, 0.0]
    low, middle, high = np.percentile(octaves[voiced], (25, 50, 75))
    steps_cents = np.abs(np.diff(octaves))[voiced[1:] & voiced[:-1]] * 1200.0
    n_steps = max(steps_cents.size, 1)
    steady = float((steps_cents < _STEADY_CENTS).sum()) / n_steps
    glide = float(((steps_cents >= _STEADY_CENTS) & (steps_cents < _GLIDE_CENTS)).sum()) / n_steps
    return [*start, float(middle), float(high - low), steady, glide]


def _of_envelope(envelope: Floats) -> list[float]:
    """Return crest, attack, onset rate, decay, how long it sounds after attacks, and its slow modulation."""
    level_db = energy_to_db_array(envelope)
    gate_db = max(float(np.percentile(level_db, 99)) + _GATE_DB, _QUIETEST_DBFS)
    active = level_db > gate_db
    sounding_s = max(float(active.sum()) * _STEP_S, _STEP_S)
    rise_db = np.zeros_like(level_db)
    rise_db[4:] = level_db[4:] - np.maximum(level_db[:-4], gate_db)
    onsets = _onsets(rise_db, active)
    mean = float(envelope[active].mean()) if active.any() else 1e-14
    crest_db = energy_to_db(max(float(envelope.max()), 1e-14) / max(mean, 1e-14))
    attack_db = float(np.percentile(rise_db[onsets], 75)) if onsets.size else 0.0
    drops_db = [_drop_db(level_db, onsets, round(s / _STEP_S), gate_db) for s in _DROP_S]
    runs = float((level_db > np.percentile(level_db, 99) - 15.0).sum()) * _STEP_S / sounding_s
    return [crest_db, attack_db, onsets.size / sounding_s, *drops_db, runs, *_modulation(envelope, active)]


def _onsets(rise_db: Floats, active: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the steps at which the level has risen by 6 dB in 20 ms, 60 ms apart."""
    found = np.flatnonzero((rise_db > 6.0) & active)
    if not found.size:
        return found
    return found[np.concatenate(([True], np.diff(found) > 12))]


def _drop_db(level_db: Floats, onsets: NDArray[np.intp], n_steps: int, gate_db: float) -> float:
    """Return the median fall from the top of an attack to some time after it."""
    inside = onsets[onsets + n_steps + 8 < level_db.size]
    if not inside.size:
        return 0.0
    top = np.max([level_db[inside + k] for k in range(8)], axis=0)
    return float(np.median(top - np.maximum(level_db[inside + 8 + n_steps], gate_db)))


def _modulation(envelope: Floats, active: NDArray[np.bool_]) -> list[float]:
    """Return how the ups and downs of the amplitude divide into octaves of their speed."""
    first, last = (int(np.argmax(active)), active.size - int(np.argmax(active[::-1]))) if active.any() else (0, 0)
    amplitude = np.sqrt(envelope[first:last])
    edges = _MODULATION_HZ
    if amplitude.size * _STEP_S < 2.0 / edges[0]:
        return [0.25] * (len(edges) - 1)
    power = np.abs(fft.rfft(amplitude - amplitude.mean())) ** 2
    hz = fft.rfftfreq(amplitude.size, _STEP_S)
    parts = [float(power[(hz >= a) & (hz < b)].sum()) for a, b in pairwise(edges)]
    return [part / max(sum(parts), 1e-20) for part in parts]
