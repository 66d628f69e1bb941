"""How much of a close microphone is its own drum, by separating the kit: for the source-informed baseline.

The bands of all microphones together are one non-negative matrix, bands by frames, that is taken apart by
Kullback-Leibler NMF: two templates per drum (stroke and decay) over all microphones at once, begun at the frames of
its own hits (``drum_hits``), three of cymbals begun at the hits of the overheads, and one of the floor. A microphone's
own part is what a Wiener mask of its drum's templates leaves of its energy. After the idea of [1], reference 21, which
raises each source, not each microphone, to one loudness; the separation itself is ours.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019, section 5.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from reaper_automix.analysis.drum_hits import hits_of_closes, hits_of_cymbals
from reaper_automix.analysis.loudness import k_weighting_power
from reaper_automix.analysis.stft import FrameGrid, frame_grid, spectra_of
from reaper_automix.role_vocabulary import DrumMic, Role

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

N_BANDS = 24
BANDS_HZ = (40.0, 16_000.0)
N_CYMBALS = 3
N_ROUNDS = 40
STROKE_FRAMES, DECAY_FRAMES = (0, 2), (3, 9)
LEAST_SHARE = 1e-4
"""-40 dB: a drum that is not there at all is no louder than this."""

_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    """Where a template begins: its spectrum over all microphones, when it sounds, and whose it is."""

    owners: tuple[int, ...]
    spectrum: Floats
    activity: Floats


def own_parts_db(audio: Sequence[Audio], microphones: Sequence[DrumMic], rate_hz: int) -> Floats:
    """Return how much of the energy of each microphone is its own drum's.

    Parameters
    ----------
    audio : sequence of ndarray of float32, shape (n_samples,)
        What each microphone heard, together, at any level.
    microphones : sequence of DrumMic
        What each one is.
    rate_hz : int
        8 kHz to 384 kHz.

    Returns
    -------
    ndarray of float64, shape (n_microphones,)
        dB, K-weighted; 0 for overheads and rooms, which are meant to hear all drums. -40 where no own hit was found.
    """
    grid = frame_grid(rate_hz)
    power = np.stack([_band_power(row, grid) for row in audio])
    amplitude = np.sqrt(power / np.maximum(power.mean(axis=(1, 2), keepdims=True), 1e-20))
    n_frames = amplitude.shape[2]
    flat = amplitude.reshape(-1, n_frames)
    hits = hits_of_closes([(mic,) for mic in microphones], [row[None] for row in audio], rate_hz)
    templates = _templates(flat, hits, microphones, hits_of_cymbals(microphones, audio, rate_hz), grid)
    sounds = _separated(flat, templates, amplitude.shape)
    total = np.sum(list(sounds.values()), axis=0)
    parts = np.ones(len(microphones))
    for index in hits:
        own = [sound[index] for owners, sound in sounds.items() if index in owners]
        heard = float(power[index].sum())
        parts[index] = (
            float(np.sum(power[index] * np.sum(own, axis=0) / total[index])) / heard if own and heard else 0.0
        )
    return np.asarray(10.0 * np.log10(np.maximum(parts, LEAST_SHARE)))


def _band_power(row: Audio, grid: FrameGrid) -> Floats:
    """Return the K-weighted power in logarithmic bands, float64 (n_bands, n_frames)."""
    frequencies_hz = grid.frequencies_hz()
    weights = k_weighting_power(frequencies_hz, grid.sample_rate_hz)
    power = np.square(spectra_of(row[None], grid).magnitude) * weights
    edges = np.searchsorted(frequencies_hz, np.geomspace(*BANDS_HZ, N_BANDS + 1))
    bands = [power[:, a:b].sum(axis=1) for a, b in pairwise(edges) if b > a]
    return np.asarray(bands, dtype=np.float64)


def _templates(
    flat: Floats,
    hits: Mapping[int, NDArray[np.int64]],
    microphones: Sequence[DrumMic],
    cymbals: NDArray[np.int64],
    grid: FrameGrid,
) -> list[_Template]:
    n_frames = flat.shape[1]
    by_drum: dict[object, list[int]] = {}
    for index, own in hits.items():
        if own.size:
            mic = microphones[index]
            drum = (mic, index) if mic.role in (Role.TOMS, Role.KICK) else mic.role if mic.role is Role.SNARE else mic
            by_drum.setdefault(drum, []).append(index)
    found = []
    for owners in by_drum.values():
        strokes = max((hits[index] for index in owners), key=len) // grid.hop
        for frames, rest in ((STROKE_FRAMES, 1e-3), (DECAY_FRAMES, 1e-2)):
            near = np.clip(strokes[:, None] + np.arange(*frames), 0, n_frames - 1)
            activity = np.full(n_frames, rest)
            activity[near] = 1.0
            found.append(_Template(tuple(owners), np.median(flat[:, near], axis=(1, 2)), activity))
    for turn in range(N_CYMBALS):
        strokes = cymbals[turn::N_CYMBALS] // grid.hop
        near = np.clip(strokes[:, None] + np.arange(2, 10), 0, n_frames - 1)
        usual = np.percentile(flat, 40.0 + 15.0 * turn, axis=1)
        spectrum = np.median(flat[:, near], axis=(1, 2)) if strokes.size else usual
        found.append(_Template((), spectrum, np.full(n_frames, 0.1)))
    found.append(_Template((), np.percentile(flat, 5.0, axis=1), np.ones(n_frames)))
    return found


def _separated(
    flat: Floats, templates: Sequence[_Template], shape: tuple[int, ...]
) -> dict[tuple[int, ...], NDArray[np.float64]]:
    """Return the power of each drum in each microphone, band and frame, by the microphones that stand at it."""
    model = NMF(len(templates), init="custom", solver="mu", beta_loss="kullback-leibler", max_iter=N_ROUNDS, tol=0.0)
    with warnings.catch_warnings():
        # As many rounds as there are: what it is worth by then is judged like any other baseline.
        warnings.simplefilter("ignore", ConvergenceWarning)
        spectra = np.ascontiguousarray(np.stack([t.spectrum for t in templates], axis=1) + _TINY)
        activities = np.stack([t.activity for t in templates]) + _TINY
        spectra = model.fit_transform(flat + _TINY, W=spectra, H=activities)
    amplitude: dict[tuple[int, ...], NDArray[np.float64]] = {}
    for number, template in enumerate(templates):
        sound = np.outer(spectra[:, number], model.components_[number])
        amplitude[template.owners] = amplitude.get(template.owners, 0.0) + sound
    return {owners: np.square(sound).reshape(shape) + 1e-20 for owners, sound in amplitude.items()}
