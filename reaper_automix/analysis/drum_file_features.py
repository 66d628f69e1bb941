"""What needs the whole of a drum microphone at once: range, hits, their rise and fall, rhythm; the level is not in it.

References
----------
.. [1] EBU Tech 3342 (2023): loudness range.
.. [2] S. Streich, Music complexity: a multi-faceted description of audio content, 2007: dynamic complexity.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.drum_frame_features import POWER_COLUMNS, RANGES
from reaper_automix.audio import levels
from reaper_automix.units import db_to_energy

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

SILENCE_DB = -60.0
"""Frames further below the loudest are silent."""
FINE_SAMPLES, STEP_SAMPLES = 32, 256
"""0.7 ms and 5.8 ms at 44.1 kHz: the grids of peaks and of energies."""

_GATE_DB = -35.0
"""No hit begins further below the loud steps: bleed and the noise of the room."""
_RISE_DB = 6.0
_RISE_STEPS = 4
_APART_STEPS = 10
_TOP_STEPS = 8
_RANGE_S = 3.0
_RANGE_GATE_LU = -20.0
_COMPLEXITY_S = 0.2
_ATTACK = (0.2, 0.9)
"""An attack goes from and to these shares of the peak."""
_FINE_PER_STEP = STEP_SAMPLES // FINE_SAMPLES
_BEFORE_STEPS, _AFTER_STEPS = 4, 10
_HIT_STEPS = 43
"""250 ms."""
_TRANSIENT_STEPS = 5
"""29 ms."""

_WITHIN_DB = (10, 20, 30, 40)
_PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
_DROP_MS = (50, 100, 200)
_PERIOD_S = (0.1, 0.2, 0.4, 0.8, 1.6)
_SMOOTHING = np.array((0.25, 0.5, 0.25))
"""Onsets fall between frames: as they are, two that are half a frame apart from the beat would not be alike."""
_AS_GOOD = 0.8
_MODULATION_HZ = (0.5, 2.0, 4.0, 8.0, 16.0)

FEATURES: tuple[str, ...] = (
    *("crest_db", "peak_over_loudest_db", "k_weighting_db", "loudness_range_lu", "dynamic_complexity_db"),
    *("silence_share", *(f"within_{db}_db_share" for db in _WITHIN_DB)),
    *(f"level_{p}_percentile_db" for p in _PERCENTILES),
    *("level_centroid_correlation", "level_flatness_correlation"),
    *("hits_per_s", "interval_s", "interval_spread_s", "hit_spread_db"),
    *("log_attack_s", "log_attack_spread", *(f"drop_{ms}_ms_db" for ms in _DROP_MS), "hit_centroid_s", "transient_db"),
    *(f"hit_{name}_share" for name in RANGES),
    *(f"periodicity_{low:g}_to_{high:g}_s" for low, high in pairwise(_PERIOD_S)),
    *("period_s", "period_strength"),
    *(f"modulation_{hz:g}_hz_share" for hz in _MODULATION_HZ[:-1]),
)
"""The columns of ``file_features``."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A microphone at one rate, frame by frame and as envelopes.

    Parameters
    ----------
    sample_rate_hz : int
        Of all of it.
    hop : int
        Samples from one frame to the next; a frame is two hops long.
    powers : ndarray of float32, shape (n_frames, len(POWER_COLUMNS))
        Mean squares in wide bands.
    centroid_hz, flatness_db : ndarray of float32, shape (n_frames,)
        Of each frame.
    onset_db : ndarray of float32, shape (n_frames,)
        How much louder each frame is than the one before, over its bands.
    peaks : ndarray of float32, shape (n_fine,)
        Highest magnitude of each ``FINE_SAMPLES``.
    energy : ndarray of float32, shape (n_steps,)
        Mean square of each ``STEP_SAMPLES``.
    """

    sample_rate_hz: int
    hop: int
    powers: Floats
    centroid_hz: Floats
    flatness_db: Floats
    onset_db: Floats
    peaks: Floats
    energy: Floats

    @property
    def step_s(self) -> float:
        """The time from one energy to the next."""
        return STEP_SAMPLES / self.sample_rate_hz

    @property
    def hop_s(self) -> float:
        """The time from one frame to the next."""
        return self.hop / self.sample_rate_hz


def levels_db(power: Floats | Doubles) -> Doubles:
    """Return levels relative to the loudest, no deeper than ``SILENCE_DB``; float64 (n,). Silence gives that."""
    loudest = float(power.max(initial=0.0))
    lowest = db_to_energy(SILENCE_DB)
    if loudest <= 0.0:
        return np.full(power.size, SILENCE_DB)
    return levels.energy_to_db(np.maximum(np.asarray(power, np.float64) / loudest, lowest))


def file_features(track: Track) -> Floats:
    """Return what a whole file says, float32 (len(FEATURES),); what is not defined is 0."""
    level_db = levels_db(track.powers[:, 0])
    sounding = level_db > SILENCE_DB
    if not sounding.any():
        return np.zeros(len(FEATURES), np.float32)
    values = (
        *_of_peaks(track, sounding),
        *_of_loudness(track),
        *_of_levels(track, level_db, sounding),
        *_of_hits(track),
        *_of_rhythm(track.onset_db, track.hop_s),
        *_modulation(track.energy, track.step_s),
    )
    return np.asarray(values, np.float32)


def _of_peaks(track: Track, sounding: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return the peak over the mean of what sounds, and over the loudest frame; the gain of the K-weighting."""
    power = track.powers[sounding].astype(np.float64)
    peak = float(track.peaks.max()) ** 2
    total, weighted = power[:, 0].mean(), power[:, POWER_COLUMNS.index("k_weighted")].mean()
    return _ratio_db(peak, total), _ratio_db(peak, power[:, 0].max()), _ratio_db(weighted, total)


def _of_loudness(track: Track) -> tuple[float, float]:
    """Return the loudness range [1], its 3 s as whole frames and without an absolute gate, and dynamic complexity [2].

    The latter is the mean distance from the mean level of windows of 200 ms.
    """
    weighted = track.powers[:, POWER_COLUMNS.index("k_weighted")].astype(np.float64)
    short_term = _window_means(weighted, round(_RANGE_S / track.hop_s))
    loud = short_term[short_term >= short_term.mean() * db_to_energy(_RANGE_GATE_LU)]
    low, high = np.percentile(levels.energy_to_db(np.maximum(loud, 1e-30)), (10, 95))
    momentary_db = levels_db(_window_means(weighted, round(_COMPLEXITY_S / track.hop_s)))
    heard = momentary_db[momentary_db > SILENCE_DB]
    return float(high - low), float(np.abs(heard - heard.mean()).mean()) if heard.size else 0.0


def _window_means(values: Doubles, size: int) -> Doubles:
    """Return the mean over each window; of fewer values that of all."""
    if values.size <= size:
        return np.array([values.mean()])
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(np.maximum(sums[size:] - sums[:-size], 0.0) / size)


def _of_levels(track: Track, level_db: Doubles, sounding: NDArray[np.bool_]) -> list[float]:
    """Return shares of frames by level, percentiles of the level, and what goes with it."""
    heard = level_db[sounding]
    return [
        1.0 - float(sounding.mean()),
        *(float((heard > -db).mean()) for db in _WITHIN_DB),
        *(float(value) for value in np.percentile(heard, _PERCENTILES)),
        _correlation(heard, track.centroid_hz[sounding]),
        _correlation(heard, track.flatness_db[sounding]),
    ]


def _of_hits(track: Track) -> list[float]:
    """Return how many hits there are, how even, how fast they rise and fall, and where their power lies."""
    level = levels_db(track.energy)
    hits = find_hits(level)
    if not hits.size:
        return [0.0] * (11 + len(RANGES))
    span = np.flatnonzero(level > SILENCE_DB)
    intervals_s = np.diff(hits) * track.step_s
    tops = _tops_db(level, hits)
    attacks = np.log10(_attacks_s(track, hits))
    frames = np.minimum((hits + _TRANSIENT_STEPS // 2) * STEP_SAMPLES // track.hop, track.powers.shape[0] - 1)
    parts = track.powers[frames].astype(np.float64)
    shares = parts[:, 1 : 1 + len(RANGES)] / np.maximum(parts[:, :1], 1e-30)
    return [
        hits.size / ((span[-1] - span[0] + 1) * track.step_s),
        *((float(intervals_s.mean()), float(intervals_s.std())) if intervals_s.size else (0.0, 0.0)),
        float(tops.std()),
        float(attacks.mean()),
        float(attacks.std()),
        *(_drop_db(level, hits, tops, round(ms / 1000.0 / track.step_s)) for ms in _DROP_MS),
        *_of_decays(track, hits),
        *(float(share) for share in shares.mean(axis=0)),
    ]


def find_hits(level: Doubles) -> Indices:
    """Return the steps at which a level in dB, float64 (n_steps,), jumps up, at least 58 ms apart."""
    gate_db = float(np.percentile(level, 99)) + _GATE_DB if level.size else 0.0
    # Two steps together: a low drum goes up and down within one.
    smooth = np.maximum(level, np.concatenate((level[:1], level[:-1])))
    before = np.concatenate((np.full(_RISE_STEPS, SILENCE_DB), smooth))[: smooth.size]
    rising = (smooth - np.maximum(before, gate_db) > _RISE_DB) & (smooth > gate_db)
    found = np.flatnonzero(rising)
    return found[np.diff(found, prepend=-1 - _APART_STEPS) > _APART_STEPS]


def _tops_db(level: Doubles, hits: Indices) -> Doubles:
    padded = np.concatenate((level, np.full(_TOP_STEPS, SILENCE_DB)))
    return np.asarray(sliding_window_view(padded, _TOP_STEPS)[hits].max(axis=1))


def _drop_db(level: Doubles, hits: Indices, tops: Doubles, n_steps: int) -> float:
    """Return the median fall from the top of a hit to some time after its beginning, of those that get so far."""
    inside = hits + n_steps < level.size
    return float(np.median(tops[inside] - level[hits[inside] + n_steps])) if inside.any() else 0.0


def _attacks_s(track: Track, hits: Indices) -> Doubles:
    """Return how long each hit takes from 20 to 90 % of its peak, at least one fine step."""
    n_fine = (_BEFORE_STEPS + _AFTER_STEPS) * _FINE_PER_STEP
    ahead = np.zeros(_BEFORE_STEPS * _FINE_PER_STEP, np.float32)
    padded = np.concatenate((ahead, track.peaks, np.zeros(n_fine, np.float32)))
    windows = sliding_window_view(padded, n_fine)[hits * _FINE_PER_STEP]
    top = windows.max(axis=1, keepdims=True)
    begin, end = (np.argmax(windows >= np.float32(share) * top, axis=1) for share in _ATTACK)
    return np.asarray((end - begin + 1) * (FINE_SAMPLES / track.sample_rate_hz))


def _of_decays(track: Track, hits: Indices) -> tuple[float, float]:
    """Return where in the 250 ms after it begins the energy of a hit lies, and its first 29 ms over the rest in dB."""
    padded = np.concatenate((track.energy, np.zeros(_HIT_STEPS, np.float32))).astype(np.float64)
    windows = sliding_window_view(padded, _HIT_STEPS)[hits]
    total = np.maximum(windows.sum(axis=1), 1e-30)
    centres_s = windows @ ((np.arange(_HIT_STEPS) + 0.5) * track.step_s) / total
    ratio_db = _ratio_db(windows[:, :_TRANSIENT_STEPS].sum(), windows[:, _TRANSIENT_STEPS:].sum())
    return float(centres_s.mean()), float(np.clip(ratio_db, SILENCE_DB, -SILENCE_DB))


def _of_rhythm(onset_db: Floats, hop_s: float) -> list[float]:
    """Return how alike the onsets are to themselves some time later: the best of each range of times; the period.

    The period is the shortest that is nearly as good as the best, and its strength follows it.
    """
    onsets = np.convolve(onset_db - onset_db.mean(dtype=np.float64), _SMOOTHING, mode="same")
    edges = [round(s / hop_s) for s in _PERIOD_S]
    n_lags = edges[-1] + 2
    power = float(np.square(onsets).sum())
    if onsets.size <= 2 * n_lags or power <= 1e-6 * onsets.size:
        return [0.0] * (len(_PERIOD_S) + 1)
    size = fft.next_fast_len(onsets.size + n_lags, real=True)
    alike = fft.irfft(np.abs(fft.rfft(onsets, size)) ** 2, size)[:n_lags] / power
    alike *= onsets.size / (onsets.size - np.arange(n_lags))
    parts = [float(alike[low : high + 1].max()) for low, high in pairwise(edges)]
    inner = alike[edges[0] : edges[-1] + 1]
    peaks = (inner >= alike[edges[0] - 1 : edges[-1]]) & (inner > alike[edges[0] + 1 : edges[-1] + 2])
    good = peaks & (inner >= _AS_GOOD * max(parts))
    if not good.any():
        return [*parts, 0.0, 0.0]
    period = int(np.argmax(good))
    return [*parts, (period + edges[0]) * hop_s, float(inner[period])]


def _modulation(energy: Floats, step_s: float) -> list[float]:
    """Return how the ups and downs of the amplitude divide into ranges of their speed."""
    nothing = [0.0] * (len(_MODULATION_HZ) - 1)
    amplitude = np.sqrt(energy.astype(np.float64))
    amplitude -= amplitude.mean()
    if amplitude.size * step_s < 2.0 / _MODULATION_HZ[0]:
        return nothing
    size = fft.next_fast_len(amplitude.size, real=True)
    power = np.abs(fft.rfft(amplitude, size)) ** 2
    hz = fft.rfftfreq(size, step_s)
    parts = [float(power[(hz >= low) & (hz < high)].sum()) for low, high in pairwise(_MODULATION_HZ)]
    floor = 1e-9 * float(energy.sum()) * amplitude.size
    return [part / sum(parts) for part in parts] if sum(parts) > floor else nothing


def _correlation(level: Doubles, feature: Floats) -> float:
    """Return how a feature goes with the level, -1..1; 0 where one of them stands still."""
    a, b = level - level.mean(), feature.astype(np.float64) - feature.mean(dtype=np.float64)
    spread = float(np.sqrt(np.square(a).mean() * np.square(b).mean()))
    still = a.std() < 1e-3 or b.std() < 1e-3 * max(1.0, abs(float(feature.mean(dtype=np.float64))))
    return 0.0 if still else float((a * b).mean()) / spread


def _ratio_db(above: float, below: float) -> float:
    return float(levels.energy_to_db(np.array(max(above, 1e-30) / max(below, 1e-30))))
