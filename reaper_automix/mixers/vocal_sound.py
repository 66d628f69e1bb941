"""The two sides that the vocal mixer listens to, the lead vocal and everything else, as they arrive at the master."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import LoudnessMeter, integrated_lufs, momentary_lufs
from reaper_automix.analysis.octave_bands import OctaveMeter, Octaves
from reaper_automix.analysis.tempo import TempoMeter
from reaper_automix.audio.media import Audio
from reaper_automix.audio.render import render, session_rate_hz
from reaper_automix.session import Session

Energy = NDArray[np.float64]

SUNG_WITHIN_LU = 20.0
"""Somebody sings where the vocal is within so much of its gated loudness: breaths and bleed lie below."""
EXCERPT_S = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side at the master.

    Parameters
    ----------
    energy : ndarray of float64, shape (2, n_blocks)
        K-weighted mean square per 100 ms.
    octaves : Octaves
        How much lies in each octave, by frame.
    tempo_bpm : float or None
        By ear; None where it was not asked for, or there is none.
    """

    energy: Energy
    octaves: Octaves
    tempo_bpm: float | None = None

    @property
    def lufs(self) -> float:
        """The gated loudness of all of it."""
        return integrated_lufs(self.energy)

    def sung(self) -> NDArray[np.bool_]:
        """Return in which windows of 400 ms, one per 100 ms, this side is heard, if it is a vocal."""
        return np.asarray(momentary_lufs(self.energy) >= self.lufs - SUNG_WITHIN_LU)

    def lufs_while(self, sung: NDArray[np.bool_]) -> float:
        """Return the gated loudness in these windows alone."""
        return integrated_lufs(self.energy, counted=sung)


def hear_side(
    session: Session, track_ids: Collection[str], range_s: tuple[float, float], *, with_tempo: bool = False
) -> Side:
    """Listen to some tracks of a session at its master, with faders, pans, folders and the effects of ours.

    Raises
    ------
    MediaError
        If a file cannot be read any more.
    """
    rate_hz = session_rate_hz(session)
    meter, octaves, tempo = LoudnessMeter(rate_hz, 2), OctaveMeter(rate_hz, 2), TempoMeter(rate_hz, 2)
    start_s, end_s = range_s
    for (block,) in render([only(session, track_ids)], sample_rate_hz=rate_hz, start_s=start_s, end_s=end_s):
        meter.add(block)
        octaves.add(block)
        if with_tempo:
            tempo.add(block)
    return Side(meter.block_energy(), octaves.result(), tempo.result())


@dataclass(frozen=True, slots=True, eq=False)
class Excerpts:
    """Both sides as one channel each, float32 (n_samples,), at one rate."""

    vocal: Audio
    backing: Audio
    rate_hz: int


def excerpts_of(
    session: Session, leads: Collection[str], others: Collection[str], range_s: tuple[float, float]
) -> Excerpts:
    """Return the beginning of both sides, up to ``EXCERPT_S``, so that memory does not grow with the session."""
    rate_hz = session_rate_hz(session)
    start_s, end_s = range_s[0], min(range_s[1], range_s[0] + EXCERPT_S)
    sides = []
    for track_ids in (leads, others):
        heard = only(session, track_ids)
        blocks = render([heard], sample_rate_hz=rate_hz, start_s=start_s, end_s=end_s)
        sides.append(np.concatenate([np.asarray(block.mean(axis=0), np.float32) for (block,) in blocks]))
    vocal, backing = sides
    return Excerpts(vocal, backing, rate_hz)


def only(session: Session, track_ids: Collection[str]) -> Session:
    """Return the session with the items of these tracks alone; folders and buses stay, so that nothing else changes."""
    return replace(
        session, tracks=tuple(t if t.id in track_ids or not t.items else replace(t, items=()) for t in session.tracks)
    )
