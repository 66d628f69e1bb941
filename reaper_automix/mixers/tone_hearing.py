"""What the tone mixer listens to: the ten seconds of highest energy of a track, at one loudness.

The measurement that every mixer has says where they are, so that only they are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import BLOCK_S, LoudnessMeter, integrated_lufs, loudest_start
from reaper_automix.analysis.third_octaves import third_octaves_db
from reaper_automix.audio.media import Audio
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.audio.track_sound import TrackSound
from reaper_automix.errors import MediaError
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.tone_network import SEGMENT_S
from reaper_automix.units import db_to_lin

LOUDNESS_LUFS = -23.0
"""Of what the network hears, as in training."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LoudestPart:
    """Ten seconds of a track before its fader, or as much as there is.

    Parameters
    ----------
    sound : ndarray of float32, shape (1 or 2, n_samples)
        As loud as it is.
    rate_hz : int
    start_s : float
        Where it begins, in seconds of the project.
    lufs : float
        Its gated loudness.
    levels_db : ndarray of float64, shape (n_bands,)
        In ``third_octaves.CENTRES_HZ``.
    """

    sound: Audio
    rate_hz: int
    start_s: float
    lufs: float
    levels_db: Floats

    def normalised_mono(self) -> Audio:
        """Return one channel at the loudness of training, float32 (1, n_samples)."""
        mono = self.sound.mean(axis=0, keepdims=True, dtype=np.float32)
        return np.asarray(mono * np.float32(db_to_lin(LOUDNESS_LUFS - self.lufs)), np.float32)


def loudest_part(hearing: Hearing, track_id: str) -> LoudestPart | None:
    """Return what is heard of a track; None where even its loudest part is silent.

    Raises
    ------
    MediaError
        If a file cannot be read any more.
    """
    track = hearing.session.track(track_id)
    start_s = hearing.measurements[track_id].start_s + loudest_start_s(hearing.measurements[track_id].block_energy)
    rate_hz = session_rate_hz(hearing.session)
    end_s = min(start_s + SEGMENT_S, hearing.scope.range_s[1])
    try:
        blocks = list(TrackSound(track, rate_hz, (start_s, end_s)).blocks())
    except MediaError as error:
        raise MediaError(f"{track.title}: {error}") from None
    sound = np.concatenate(blocks, axis=1) if blocks else np.zeros((1, 0), np.float32)
    lufs = lufs_of(sound, rate_hz)
    if not np.isfinite(lufs):
        return None
    return LoudestPart(sound, rate_hz, start_s, lufs, third_octaves_db(sound, rate_hz))


def loudest_start_s(block_energy: Floats) -> float:
    """Return after how many seconds the ten of highest energy begin; 0 where there are not so many.

    Parameters
    ----------
    block_energy : ndarray of float64, shape (2, n_blocks)
        K-weighted mean square per 100 ms, as every meter has it.
    """
    return loudest_start(block_energy.sum(axis=0), round(SEGMENT_S / BLOCK_S)) * BLOCK_S


def lufs_of(sound: Audio, rate_hz: int) -> float:
    """Return the gated loudness of a sound; ``-inf`` for silence."""
    if not sound.size:
        return -np.inf
    meter = LoudnessMeter(rate_hz, len(sound))
    meter.add(sound)
    return integrated_lufs(meter.block_energy())
