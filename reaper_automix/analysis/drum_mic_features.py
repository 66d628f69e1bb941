"""What the microphones of a kit sound like beside each other, in numbers that no gain of theirs changes.

One pass over all of them: spectra of their loudest moments, how fast they fall, and from the cross-spectra of all pairs
who hears a drum first (close microphones lead, overheads follow, rooms come last) and how much of each is bleed that
the others explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.drum_hits import Floats, mono_of
from reaper_automix.analysis.loudness import Audio
from reaper_automix.audio import levels

BAND_EDGES_HZ = (20, 60, 100, 160, 250, 400, 700, 1200, 2500, 5000, 8000, 12000, 16000)

FEATURES: tuple[str, ...] = (
    *(f"loud_{hz}_db" for hz in BAND_EDGES_HZ[:-1]),
    *(f"typical_{hz}_db" for hz in BAND_EDGES_HZ[:-1]),
    *("top_db", "bottom_db", "fall_50ms_db", "fall_150ms_db"),
    *("explained", "explained_low", "lag_ms", "follows", "elsewhere_db"),
)
"""The schema of ``features_of``; a model names the one it was fitted to."""

LOWS_HZ = (50.0, 350.0)
"""Where the fundamentals of toms lie."""

_FRAME_S = 0.046
_FLOOR_DB = -45.0
_GATE_DB = -60.0
_CROSS_HZ = (40.0, 4000.0)
_LOW_HZ = 400.0
_LARGEST_LAG_S = 0.02
_LAG_STEP_S = 1e-4
_PITCH_FRAMES = 12
_PITCH_RANGE_DB = 25.0
_PITCH_NEAR_DB = 6.0
_BLEED_DB = -8.0
"""A track that never comes nearer to the loudest of the others than this has no hits of its own."""
_FEWEST_FRAMES = 40
_BATCH = 256

Complexes = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Microphones together.

    Parameters
    ----------
    bands : ndarray of float32, shape (n_tracks, n_frames, n_bands)
        Energy per frame in ``BAND_EDGES_HZ``.
    cross : ndarray of complex64, shape (n_bins, n_tracks, n_tracks)
        Cross-spectra of all pairs, each track at one loudness, over the bins of ``bins_hz``.
    bins_hz : ndarray of float64, shape (n_bins,)
    lows : ndarray of float32, shape (n_tracks, n_frames, n_low_bins)
        Energy per frame in the bins of ``bins_hz`` within ``LOWS_HZ``.
    sounds : ndarray of bool, shape (n_tracks,)
        Whether anything is heard at all.
    is_stereo : ndarray of bool, shape (n_tracks,)
        Two channels that differ.
    frame_s : float
        Between frames.
    """

    bands: NDArray[np.float32]
    cross: Complexes
    bins_hz: Floats
    lows: NDArray[np.float32]
    sounds: NDArray[np.bool_]
    is_stereo: NDArray[np.bool_]
    frame_s: float

    def among(self, index: Sequence[int]) -> Heard:
        """Return what is heard if only these tracks are there."""
        i = list(index)
        return Heard(
            self.bands[i],
            self.cross[:, i][:, :, i],
            self.bins_hz,
            self.lows[i],
            self.sounds[i],
            self.is_stereo[i],
            self.frame_s,
        )


def hear_together(tracks: Sequence[Audio], rate_hz: int) -> Heard:
    """Listen to tracks that were recorded together.

    Parameters
    ----------
    tracks : sequence of ndarray of float32, shape (n_channels, n_samples)
        The same excerpt of each; shorter ones are silent at their end.
    rate_hz : int
        Of all.
    """
    size = 2 ** round(np.log2(_FRAME_S * rate_hz))
    hop = size // 2
    n_frames = max((max((t.shape[1] for t in tracks), default=0) - size) // hop + 1, 1)
    hz = fft.rfftfreq(size, 1.0 / rate_hz)
    weights = _band_weights(hz)
    kept = _within(hz, _CROSS_HZ)
    bands = np.zeros((len(tracks), n_frames, len(BAND_EDGES_HZ) - 1), np.float32)
    spectra = np.zeros((len(tracks), n_frames, int(kept.sum())), np.complex64)
    for number, track in enumerate(tracks):
        mono = np.zeros((n_frames - 1) * hop + size, np.float32)
        heard = mono_of(track)[: mono.size]
        mono[: heard.size] = heard
        _transform(mono, size, weights, kept, bands[number], spectra[number])
    return Heard(
        bands,
        _cross_spectra(spectra),
        hz[kept],
        np.asarray(np.abs(spectra[:, :, _within(hz[kept], LOWS_HZ)]) ** 2, np.float32),
        np.array([_sounds(b) for b in bands], dtype=np.bool_),
        np.array([is_stereo(t) for t in tracks], dtype=np.bool_),
        hop / rate_hz,
    )


def features_of(heard: Heard) -> Floats:
    """Return the features of each track beside the others, float64 (n_tracks, len(FEATURES)).

    Those that compare it with the others are 0 where it is alone.
    """
    total_db = [levels.energy_to_db(b.sum(axis=1).astype(np.float64) + 1e-15) for b in heard.bands]
    later_ms = lags_ms(heard)
    explained = _explained(heard)
    rows = [
        [
            *_of_spectrum(heard.bands[i], total_db[i]),
            *_of_level(total_db[i], heard.frame_s),
            *explained[i],
            later_ms[i],
            *_beside(total_db, i),
        ]
        for i in range(len(total_db))
    ]
    return np.asarray(rows, np.float64).reshape(len(total_db), len(FEATURES))


def is_stereo(audio: Audio) -> bool:
    """Tell whether a track has two channels that differ."""
    if audio.shape[0] < 2:
        return False
    side, middle = audio[0] - audio[1], audio[0] + audio[1]
    return bool(np.dot(side, side) > 1e-4 * max(float(np.dot(middle, middle)), 1e-20))


def pitches_hz(heard: Heard) -> Floats:
    """Return where in Hz the lows of each track peak when it stands out against the others, float64 (n_tracks,).

    This puts toms in order, however much snare bleeds into them. 0 where nothing but bleed is heard.
    """
    hz = heard.bins_hz[_within(heard.bins_hz, LOWS_HZ)]
    level_db = levels.energy_to_db(heard.lows.sum(axis=2, dtype=np.float64) + 1e-12)
    found = np.zeros(level_db.shape[0])
    for i, own_db in enumerate(level_db):
        others_db = np.delete(level_db, i, axis=0).max(axis=0) if level_db.shape[0] > 1 else own_db - 1.0
        ahead_db = np.where(own_db > own_db.max() - _PITCH_RANGE_DB, own_db - others_db, -np.inf)
        chosen = np.argsort(-ahead_db, kind="stable")[:_PITCH_FRAMES]
        chosen = chosen[ahead_db[chosen] >= max(float(ahead_db[chosen[0]]) - _PITCH_NEAR_DB, _BLEED_DB)]
        if chosen.size:
            # At one level each, so that no single hit decides, and none that snare bleeds into.
            power = heard.lows[i, chosen].astype(np.float64) + 1e-15
            found[i] = _peak_hz(np.mean(power / power.sum(axis=1, keepdims=True), axis=0), hz)
    return found


def lags_ms(heard: Heard) -> list[float]:
    """Return how much later than the others each track hears what they have in common, in ms."""
    coherence = _coherence(heard.cross)
    n_tracks = heard.cross.shape[1]
    step_hz = float(heard.bins_hz[1] - heard.bins_hz[0])
    size = 2 * round(0.5 / (step_hz * _LAG_STEP_S))
    first = round(heard.bins_hz[0] / step_hz)
    spectrum = np.zeros((size // 2 + 1, n_tracks, n_tracks), np.complex64)
    weighted = coherence * heard.cross / np.maximum(np.abs(heard.cross), 1e-20)
    spectrum[first : first + weighted.shape[0]] = weighted
    curve = np.abs(fft.irfft(spectrum, size, axis=0))
    step_s = 1.0 / (size * step_hz)
    reach = round(_LARGEST_LAG_S / step_s)
    near = np.concatenate((curve[-reach:], curve[: reach + 1]))
    lag_ms = 1000.0 * step_s * (np.argmax(near, axis=0) - reach)
    certainty = near.max(axis=0)
    np.fill_diagonal(certainty, 0.0)
    return [float((lag_ms[i] * certainty[i]).sum() / max(float(certainty[i].sum()), 1e-12)) for i in range(n_tracks)]


def coherence_of(heard: Heard) -> Floats:
    """Return how much any two tracks have in common, 0..1, float64 (n_tracks, n_tracks)."""
    coherence = _coherence(heard.cross)
    power = np.abs(np.einsum("kii->ki", heard.cross))
    weight = np.sqrt(power[:, :, None] * power[:, None, :])
    return np.asarray((coherence * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-20), np.float64)


def _transform(
    mono: Audio,
    size: int,
    weights: NDArray[np.float32],
    kept: NDArray[np.bool_],
    bands: NDArray[np.float32],
    spectra: Complexes,
) -> None:
    """Write the band energies of each frame, and the bins that cross-spectra are made of."""
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    frames = sliding_window_view(mono, size)[:: size // 2]
    for at in range(0, frames.shape[0], _BATCH):
        spectrum = fft.rfft(frames[at : at + _BATCH] * window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2) * np.float32(2.0 / size / float(np.sum(window**2)))
        bands[at : at + _BATCH] = np.einsum("ij,jk->ik", power, weights)
        spectra[at : at + _BATCH] = spectrum[:, kept]


def _band_weights(hz: Floats) -> NDArray[np.float32]:
    half = hz[1] / 2.0
    low, high = np.asarray(BAND_EDGES_HZ[:-1]), np.asarray(BAND_EDGES_HZ[1:])
    shared = np.minimum(high, hz[:, None] + half) - np.maximum(low, hz[:, None] - half)
    return np.asarray(np.clip(shared / (2.0 * half), 0.0, 1.0), np.float32)


def _cross_spectra(spectra: Complexes) -> Complexes:
    """Return the mean over frames of each pair's cross-spectrum, every track at one loudness."""
    energy = np.sqrt(np.einsum("ijk,ijk->i", spectra, spectra.conj()).real)
    levelled = spectra / np.maximum(energy, 1e-12)[:, None, None].astype(np.float32)
    by_bin = np.ascontiguousarray(levelled.transpose(2, 0, 1))
    return np.asarray(by_bin @ by_bin.conj().transpose(0, 2, 1), np.complex64)


def _coherence(cross: Complexes) -> Floats:
    power = np.einsum("kii->ki", cross).real.astype(np.float64)
    return np.asarray(np.abs(cross) ** 2 / (power[:, :, None] * power[:, None, :] + 1e-24), np.float64)


def _explained(heard: Heard) -> list[tuple[float, float]]:
    """Return which share of each track the others explain (multiple coherence), over all and in the lows."""
    n_tracks = heard.cross.shape[1]
    if n_tracks < 2:
        return [(0.0, 0.0)] * n_tracks
    power = np.einsum("kii->ki", heard.cross).real.astype(np.float64)
    scale = np.sqrt(np.maximum(power, 1e-20))
    whole = heard.cross / (scale[:, :, None] * scale[:, None, :]) + 0.02 * np.eye(n_tracks)
    inverse = np.einsum("kii->ki", np.linalg.inv(whole)).real
    share = np.clip(1.0 - 1.0 / np.maximum(inverse, 1.0), 0.0, 1.0)
    low = heard.bins_hz < _LOW_HZ
    return [
        (
            float((share[:, i] * power[:, i]).sum() / max(float(power[:, i].sum()), 1e-20)),
            float((share[low, i] * power[low, i]).sum() / max(float(power[low, i].sum()), 1e-20)),
        )
        for i in range(n_tracks)
    ]


def _of_spectrum(bands: NDArray[np.float32], level_db: Floats) -> list[float]:
    loud = level_db >= np.percentile(level_db, 95)
    active = level_db >= np.percentile(level_db, 95) - 40.0
    whole = bands[loud].sum(axis=0, dtype=np.float64)
    loud_db = levels.energy_to_db(whole / max(float(whole.sum()), 1e-20) + 1e-12)
    each_db = levels.energy_to_db(bands[active].astype(np.float64) + 1e-15) - level_db[active][:, None]
    typical_db = np.median(np.maximum(each_db, _FLOOR_DB), axis=0)
    return [*np.maximum(loud_db, _FLOOR_DB), *typical_db]


def _of_level(level_db: Floats, frame_s: float) -> list[float]:
    """Return how far the top stands above the middle, the middle above the bottom, and how fast it falls."""
    low, middle, high = np.percentile(level_db, (10, 50, 98))
    floored = np.maximum(level_db, high + _GATE_DB)
    peaks = np.flatnonzero(
        (floored[1:-1] >= floored[:-2]) & (floored[1:-1] > floored[2:]) & (floored[1:-1] > high - 12)
    )
    falls = []
    for wait_s in (0.05, 0.15):
        later = peaks + 1 + round(wait_s / frame_s)
        inside = later < floored.size
        fall_db = floored[peaks[inside] + 1] - floored[later[inside]]
        falls.append(float(np.median(fall_db)) if fall_db.size else 0.0)
    return [min(float(high - middle), -_GATE_DB), min(float(middle - low), -_GATE_DB), *falls]


def _beside(levels_db: Sequence[Floats], own: int) -> list[float]:
    """Return how a track's level goes along with the others', and where the others stand at its loudest moments."""
    if len(levels_db) < 2:
        return [0.0, 0.0]
    relative = [np.maximum(one - np.percentile(one, 98), _GATE_DB) for one in levels_db]
    others = np.mean([one for i, one in enumerate(relative) if i != own], axis=0)
    mine = relative[own]
    spread = float(mine.std() * others.std())
    follows = float(np.mean((mine - mine.mean()) * (others - others.mean()))) / spread if spread > 1e-9 else 0.0
    return [follows, float(others[mine >= np.percentile(mine, 97)].mean())]


def _peak_hz(power: Floats, hz: Floats) -> float:
    """Return the top of the parabola through the logarithms of the highest bin and its neighbours."""
    at = min(max(int(np.argmax(power)), 1), power.size - 2)
    before, here, after = np.log(power[at - 1 : at + 2] + 1e-15)
    bend = float(before - 2.0 * here + after)
    shift = 0.5 * float(before - after) / bend if bend < -1e-9 else 0.0
    return float(hz[at] + float(np.clip(shift, -0.5, 0.5)) * (hz[1] - hz[0]))


def _within(hz: Floats, limits_hz: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((hz >= limits_hz[0]) & (hz <= limits_hz[1]))


def _sounds(bands: NDArray[np.float32]) -> bool:
    energy = bands.sum(axis=1)
    return bands.shape[0] >= _FEWEST_FRAMES and bool(np.percentile(energy, 99) > 1e-9)
