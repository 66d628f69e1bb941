"""The hits of one drum in its close microphone: where they begin, without those of neighbours that bleed into it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import Audio
from reaper_automix.audio import levels
from reaper_automix.role_vocabulary import DrumMic, Role

Floats = NDArray[np.float64]
Samples = NDArray[np.int64]

MOST_HITS = 60

_STEP_S = 0.001
_ATTACK_STEPS = 12
"""A hit is as loud as the loudest of these steps after its onset."""
_RISE_DB = 6.0
_RISE_OVER_STEPS = 14
"""A hit rises above all of these before it: longer than half a period of the lowest drum, which swells and falls."""
_APART_STEPS = 80
_BELOW_TOP_DB = 20.0
_BELOW_BEST_DB = 6.0
"""Hits that stand out less against the other microphones than the best tenth do, by this much, are of another drum."""
_NEAR_DB = -3.0
"""A close microphone may hear its own drum this much weaker than another close microphone does, not less."""
_QUIETEST_DBFS = -90.0


def mono_of(audio: Audio) -> Audio:
    """Return the mean of the channels, float32 (n_samples,)."""
    return np.asarray(audio[0] if audio.shape[0] == 1 else audio.mean(axis=0), np.float32)


def own_hits(close: Audio, others: Audio, rate_hz: int, *, most: int = MOST_HITS) -> Samples:
    """Find the onsets that a close microphone hears of its own drum.

    Parameters
    ----------
    close, others : ndarray of float32, shape (n_channels, n_samples)
        The close microphone, and what hears all drums alike (overheads); the levels of the two do not matter.
    rate_hz : int
        Of both.
    most : int
        No more than this many, those that stand out most.

    Returns
    -------
    ndarray of int64, shape (n_hits,)
        Samples, ascending; empty where nothing strikes.
    """
    step = _step(rate_hz)
    own_db, other_db = _level_db(close, step), _level_db(others, step)
    return _standing_out(own_db, other_db, step, most, least_db=-np.inf)


def hits_of_kit(closes: Sequence[Audio], rivals: Sequence[Sequence[int]], rate_hz: int) -> tuple[Samples, ...]:
    """Find the own hits of each close microphone of a kit, by hearing which of them is nearest to each hit.

    A tom that nobody plays has none: what bleeds into its microphone is louder in another one. This holds as long as
    the gains of the preamplifiers are not wildly apart.

    Parameters
    ----------
    closes : sequence of ndarray of float32, shape (n_channels, n_samples)
        One per close microphone, together.
    rivals : sequence of sequence of int
        Per microphone, those on other drums (the bottom of a snare is no rival of its top).
    rate_hz : int
        Of all.
    """
    step = _step(rate_hz)
    levels_db = [_level_db(close, step) for close in closes]
    nothing = np.full(max((one.size for one in levels_db), default=0), _QUIETEST_DBFS)
    found = []
    for own_db, others in zip(levels_db, rivals, strict=True):
        other_db = np.max([levels_db[i] for i in others], axis=0) if others else nothing
        found.append(_standing_out(own_db, other_db, step, MOST_HITS, least_db=_NEAR_DB))
    return tuple(found)


def hits_of_closes(mics: Sequence[Sequence[DrumMic]], audio: Sequence[Audio], rate_hz: int) -> dict[int, Samples]:
    """Return the own hits of each close microphone of a kit, by its position.

    Parameters
    ----------
    mics : sequence of sequence of DrumMic
        What each track is; two for a track that is both overheads or both rooms.
    audio : sequence of ndarray of float32, shape (n_channels, n_samples)
        What each heard, together.
    rate_hz : int
        Of all.
    """
    closes = [i for i, mic in enumerate(mics) if is_close(mic)]
    hits = hits_of_kit([audio[i] for i in closes], rivals_of([mics[i] for i in closes]), rate_hz)
    return dict(zip(closes, hits, strict=True))


def hits_of_cymbals(microphones: Sequence[DrumMic], audio: Sequence[Audio], rate_hz: int) -> Samples:
    """Return the onsets that stand out in the overheads against all close microphones, each at one level.

    Parameters
    ----------
    microphones : sequence of DrumMic
        What each one is.
    audio : sequence of ndarray of float32, shape (n_samples,)
        What each heard, together.
    rate_hz : int
        Of all.

    Returns
    -------
    ndarray of int64, shape (n_hits,)
        Empty without overheads.
    """
    rows = [_levelled(row) for row in audio]
    pair = [row for mic, row in zip(microphones, rows, strict=True) if mic.role is Role.OVERHEADS]
    closes = [row for mic, row in zip(microphones, rows, strict=True) if is_close([mic])]
    if not pair:
        return np.zeros(0, np.int64)
    return own_hits(np.stack(pair), np.stack(closes or [np.zeros_like(pair[0])]), rate_hz)


def _levelled(row: Audio) -> Audio:
    rms = float(np.sqrt(np.mean(np.square(row), dtype=np.float64))) if row.size else 0.0
    return np.asarray(row / np.float32(max(rms, 1e-10)), np.float32)


def is_close(mics: Sequence[DrumMic]) -> bool:
    """Tell whether a track is the close microphone of one drum."""
    return mics[0] is not DrumMic.ROOM and mics[0].role is not Role.OVERHEADS


def rivals_of(closes: Sequence[Sequence[DrumMic]]) -> list[list[int]]:
    """Return per close microphone which of the others stand at another drum, for ``hits_of_kit``.

    Microphones of one kind of drum are at the same one, but for toms.
    """
    return [
        [
            k
            for k, other in enumerate(closes)
            if k != i and (other[0].role is not mic[0].role or mic[0].role is Role.TOMS)
        ]
        for i, mic in enumerate(closes)
    ]


def excerpts(mono: Audio | Floats, starts: Samples, n_samples: int) -> Floats:
    """Return float64 (n_hits, n_samples) from each start on; what lies outside the signal is zero."""
    index = starts[:, None] + np.arange(n_samples)
    inside = (index >= 0) & (index < mono.size)
    return np.where(inside, mono[np.clip(index, 0, max(mono.size - 1, 0))], 0.0).astype(np.float64)


def _step(rate_hz: int) -> int:
    return max(round(_STEP_S * rate_hz), 1)


def _level_db(audio: Audio, step: int) -> Floats:
    """Return the mean square of each step, the mean of the channels, in dB."""
    n_steps = audio.shape[1] // step
    whole = audio[:, : n_steps * step].reshape(audio.shape[0], n_steps, step)
    energy = np.einsum("cij,cij->i", whole, whole, dtype=np.float64) / (step * audio.shape[0])
    return levels.energy_to_db(np.asarray(energy + 1e-15))


def _standing_out(own_db: Floats, other_db: Floats, step: int, most: int, *, least_db: float) -> Samples:
    length = min(own_db.size, other_db.size)
    onsets = _onsets(own_db[:length])
    if not onsets.size:
        return np.zeros(0, np.int64)
    own_at = np.array([own_db[at : at + _ATTACK_STEPS].max() for at in onsets])
    other_at = np.array([other_db[at : at + _ATTACK_STEPS].max() for at in onsets])
    ratio_db = own_at - np.maximum(other_at, _QUIETEST_DBFS)
    kept = ratio_db >= max(float(np.percentile(ratio_db, 90)) - _BELOW_BEST_DB, least_db)
    chosen = onsets[kept][np.argsort(-ratio_db[kept], kind="stable")[:most]]
    return np.sort(chosen).astype(np.int64) * step


def _onsets(level_db: Floats) -> NDArray[np.intp]:
    """Return the steps where the level rises steeply to near the loudest hits, the steepest of neighbours."""
    if level_db.size < _APART_STEPS:
        return np.zeros(0, np.intp)
    ahead = sliding_window_view(np.pad(level_db, (0, 7), mode="edge"), 8).max(axis=1)
    behind = sliding_window_view(np.pad(level_db, (_RISE_OVER_STEPS, 0), mode="edge"), _RISE_OVER_STEPS)[:-1]
    rise_db = ahead - behind.max(axis=1)
    gate_db = max(float(np.percentile(ahead, 99.5)) - _BELOW_TOP_DB, _QUIETEST_DBFS)
    strong = np.flatnonzero((rise_db > _RISE_DB) & (ahead > gate_db))
    found: list[int] = []
    taken = np.zeros(level_db.size + 2 * _APART_STEPS, dtype=bool)
    for at in strong[np.argsort(-rise_db[strong], kind="stable")]:
        if not taken[at + _APART_STEPS]:
            found.append(int(at))
            taken[at : at + 2 * _APART_STEPS] = True
    return np.sort(np.asarray(found, np.intp))
