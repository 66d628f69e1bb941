"""How loud the strokes of each drum are in each microphone of a kit, in numbers that no gain changes.

A row per microphone. The strokes of a drum are found in its close microphones, those of the cymbals in the overheads
(``drum_hits``). Cymbals ring over everything, so the level after a stroke says little of the drum: what does is the
level after those strokes of it that fall into the quietest moments (the lowest tenth), and how far the level rises at
a stroke (the median); each in three bands and K-weighted over all of them. All are dB against the loudness of the
microphone, gated as in BS.1770. What cannot be known, a drum not struck or a place without a microphone, is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.analysis.drum_hits import hits_of_closes, hits_of_cymbals, is_close
from reaper_automix.analysis.loudness import k_weighting_power
from reaper_automix.analysis.stft import FrameGrid, frame_grid, spectra_of
from reaper_automix.role_vocabulary import DrumMic, Role

Floats = NDArray[np.float32]
Samples = NDArray[np.int64]

FRAME_S = 1024 / 44_100
EDGES_HZ = (200.0, 2_000.0)
AFTER_S = 0.1
BEFORE_S = 0.05
"""The level before a stroke is the mean over this time; the frames that reach into the stroke are left out."""
QUIETEST_TENTH = 10.0
FEWEST_STROKES = 2
LOWEST_DB = -60.0

_BANDS = ("all", "lows", "mids", "highs")
_DRUMS = ("kick", "snare", "hihat", "toms", "cymbals")
_PLACES = ("itself", "overheads", "rooms", "other closes")
_HOW = ("after", "rise")
_GATE_S, _GATE_STEP_S, _GATE_DB = 0.4, 0.1, -10.0

STROKE_FEATURES: tuple[str, ...] = (
    *(f"strokes of {drum} here: {how} {band}" for drum in _DRUMS for how in _HOW for band in _BANDS),
    *(f"own strokes in {place}: {how} {band}" for place in _PLACES for how in _HOW for band in _BANDS),
    *(f"strokes of {drum} per s" for drum in _DRUMS),
    "own strokes per s",
)
"""The schema of ``stroke_features``."""


def stroke_features(audio: Sequence[Floats], microphones: Sequence[DrumMic], rate_hz: int) -> Floats:
    """Return what is heard of the strokes of a kit.

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
    ndarray of float32, shape (n_microphones, len(STROKE_FEATURES))
        NaN for what cannot be known.
    """
    grid = frame_grid(rate_hz, FRAME_S)
    energy = np.stack([_energy(row, grid) for row in audio])
    hits = _hits(audio, microphones, rate_hz)
    length_s = max(*(row.size for row in audio), 1) / rate_hz
    of_drum = {drum: _together(hits, [i for i in hits if _hears(microphones[i], drum)]) for drum in _DRUMS}
    heard = {drum: _strokes_db(energy, strokes, grid) for drum, strokes in of_drum.items()}
    here = np.concatenate([heard[drum] for drum in _DRUMS], axis=1)
    rates = np.array([of_drum[drum].size / length_s for drum in _DRUMS])
    rows = []
    for index in range(len(microphones)):
        drums = [k for k in hits if k == index or _at_one_drum(microphones[k], microphones[index])]
        own = _together(hits, drums)
        rows.append([*_own_db(_strokes_db(energy, own, grid), index, microphones), *rates, own.size / length_s])
    return np.column_stack([here, np.asarray(rows)]).astype(np.float32)


def of_fewer(strokes: Floats, microphones: Sequence[DrumMic], kept: Sequence[int]) -> Floats:
    """Return the rows of some of the microphones, without what only the others could tell.

    Parameters
    ----------
    strokes : ndarray of float32, shape (n_microphones, len(STROKE_FEATURES))
        What was heard of all of them.
    microphones : sequence of DrumMic
        What each one is.
    kept : sequence of int
        Those that are left, in their new order.
    """
    left = strokes[list(kept)].copy()
    there = [microphones[index] for index in kept]
    for column, name in enumerate(STROKE_FEATURES):
        drum = next((d for d in _DRUMS if name.startswith(f"strokes of {d} ")), None)
        if drum is not None and not any(_hears(mic, drum) for mic in there):
            left[:, column] = 0.0 if name.endswith("per s") else np.nan
        place = next((p for p in _PLACES[1:] if name.startswith(f"own strokes in {p}:")), None)
        if place is not None:
            alone = [not _places_of(row, there)[_PLACES.index(place)] for row in range(len(there))]
            left[np.flatnonzero(alone), column] = np.nan
    return left


def _hears(microphone: DrumMic, drum: str) -> bool:
    """Tell whether the strokes of a drum are found in a microphone."""
    return microphone is not DrumMic.ROOM and _drum_of(microphone) == drum


def _energy(row: Floats, grid: FrameGrid) -> Floats:
    """Return the K-weighted mean square of each frame in each band against the gated loudness; (4, n_frames)."""
    frequencies_hz = grid.frequencies_hz()
    weights = k_weighting_power(frequencies_hz, grid.sample_rate_hz).astype(np.float32)
    edges = np.searchsorted(frequencies_hz, (0.0, *EDGES_HZ, np.inf))
    power = np.square(spectra_of(row[None], grid).magnitude) * weights
    bands = [power[:, low:high].sum(axis=1) for low, high in pairwise(edges)]
    whole = np.stack([np.sum(bands, axis=0), *bands])
    return np.asarray(whole / np.float32(max(_gated(whole[0], grid), 1e-20)), np.float32)


def _gated(energy: Floats, grid: FrameGrid) -> float:
    """Return the mean of blocks of 400 ms that are no more than 10 dB below the mean of all."""
    hop_s = grid.hop / grid.sample_rate_hz
    n_block, step = max(round(_GATE_S / hop_s), 1), max(round(_GATE_STEP_S / hop_s), 1)
    if energy.size < n_block:
        return float(energy.mean()) if energy.size else 0.0
    blocks = sliding_window_view(energy, n_block)[::step].mean(axis=1, dtype=np.float64)
    return float(blocks[blocks >= blocks.mean() * 10.0 ** (_GATE_DB / 10.0)].mean())


def _hits(audio: Sequence[Floats], microphones: Sequence[DrumMic], rate_hz: int) -> Mapping[int, Samples]:
    """Return the onsets that belong to each close microphone, and those of cymbals to the first overhead."""
    rows = [row[None] for row in audio]
    found = dict(hits_of_closes([(mic,) for mic in microphones], rows, rate_hz))
    pair = [i for i, mic in enumerate(microphones) if mic.role is Role.OVERHEADS]
    if pair:
        found[pair[0]] = hits_of_cymbals(microphones, audio, rate_hz)
    return found


def _drum_of(microphone: DrumMic) -> str:
    if microphone.role is Role.OVERHEADS:
        return "cymbals"
    named = {Role.KICK: "kick", Role.SNARE: "snare", Role.TOMS: "toms"}.get(microphone.role)
    return named or ("hihat" if microphone is DrumMic.HIHAT else "cymbals")


def _at_one_drum(one: DrumMic, other: DrumMic) -> bool:
    """Tell whether two microphones are at the same drum; overheads are at the cymbals, rooms at none."""
    if DrumMic.ROOM in (one, other) or Role.TOMS in (one.role, other.role):
        return False
    return one.role is other.role and (is_close([one]) or one.role is Role.OVERHEADS)


def _together(hits: Mapping[int, Samples], which: Sequence[int]) -> Samples:
    """Return the strokes that any of several microphones heard."""
    return np.unique(np.concatenate([hits[i] for i in which])) if which else np.zeros(0, np.int64)


def _strokes_db(energy: Floats, strokes: Samples, grid: FrameGrid) -> Floats:
    """Return level after and rise at some strokes, per microphone; (n_microphones, 8), NaN for too few strokes."""
    n_mics, n_bands, n_frames = energy.shape
    hop_s = grid.hop / grid.sample_rate_hz
    n_after, n_before = max(round(AFTER_S / hop_s), 1), max(round(BEFORE_S / hop_s), 1)
    at = strokes // grid.hop
    at = at[(at > n_before + 2) & (at + n_after <= n_frames)]
    if at.size < FEWEST_STROKES:
        return np.full((n_mics, len(_HOW) * n_bands), np.nan, np.float32)
    after = energy[:, :, at[:, None] + np.arange(n_after)].mean(axis=-1)
    before = energy[:, :, at[:, None] - 2 - np.arange(n_before)].mean(axis=-1)
    quiet = np.percentile(after, QUIETEST_TENTH, axis=-1)
    rise = np.median(after - before, axis=-1)
    both = np.concatenate([quiet, rise], axis=1)
    return np.asarray(np.maximum(10.0 * np.log10(np.maximum(both, 1e-12)), LOWEST_DB), np.float32)


def _own_db(strokes_db: Floats, index: int, microphones: Sequence[DrumMic]) -> list[float]:
    """Return the own strokes of a microphone in itself and, by the loudest of each, in the other places."""
    nothing = np.full(strokes_db.shape[1], np.nan)
    places = _places_of(index, microphones)
    return [float(v) for which in places for v in (strokes_db[which].max(axis=0) if which else nothing)]


def _places_of(index: int, microphones: Sequence[DrumMic]) -> list[list[int]]:
    """Return which microphones stand at each of ``_PLACES``, seen from one of them."""
    others = [i for i in range(len(microphones)) if i != index]
    return [
        [index],
        [i for i in others if microphones[i].role is Role.OVERHEADS],
        [i for i in others if microphones[i] is DrumMic.ROOM],
        [i for i in others if is_close([microphones[i]])],
    ]
