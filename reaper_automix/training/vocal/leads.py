"""Which tracks of a song are the vocal, or, where nobody sings, which one is the lead part.

The rule, in this order:

1. Tracks of the role lead vocal are the vocal, all of them together.
2. Else one track of melody: no drums, bass, effects or fx. If names say lead, melody, solo, voice or vox, only those
   tracks stand for election.
3. Of these: who sounds in 30 % of the song at least, at a median pitch between C3 and C6 where that can be told; and of
   them the one whose sound is most like one voice (mean periodicity of its frames) over most of the song.

Levels in the mix say nothing in it: whoever chose the loudest track would choose the answer with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.roles import Role
from reaper_automix.training.corpora.contract import CorpusTrack

NAMED = re.compile(r"lead|melod|solo|voice|vocal|vox", re.IGNORECASE)
MELODIC: frozenset[Role | None] = frozenset(
    {
        Role.BACKING_VOCAL,
        Role.ELECTRIC_GUITAR,
        Role.ACOUSTIC_GUITAR,
        Role.PIANO,
        Role.KEYS,
        Role.SYNTH,
        Role.STRINGS,
        Role.BRASS,
        Role.OTHER,
        None,
    }
)
LEAST_COVERAGE = 0.3
PITCH_HZ = (130.0, 1050.0)
"""C3 to C6: where melodies are."""

_FRAMES_PER_S = 5
_FRAME_S = 0.09
_LAGS_HZ = (60.0, 1500.0)
_ACTIVE = 1e-4
"""A frame sounds within 40 dB of the track's loudest one."""


@dataclass(frozen=True, slots=True)
class Voicing:
    """How much of a song a track sounds, its median pitch to 5 %, and how much it is like one voice, 0 to 1."""

    coverage: float
    pitch_hz: float
    periodicity: float

    @property
    def is_eligible(self) -> bool:
        """Whether it may lead."""
        return self.coverage >= LEAST_COVERAGE and PITCH_HZ[0] <= self.pitch_hz <= PITCH_HZ[1]


def vocals_of(tracks: Sequence[CorpusTrack]) -> tuple[CorpusTrack, ...]:
    """Return the lead vocals."""
    return tuple(track for track in tracks if track.role is Role.LEAD_VOCAL)


def candidates_of(tracks: Sequence[CorpusTrack]) -> tuple[CorpusTrack, ...]:
    """Return the tracks that may be the lead part; if there are any whose names say so, only those."""
    melodic = tuple(track for track in tracks if track.role in MELODIC)
    return tuple(track for track in melodic if NAMED.search(track.name)) or melodic


def best_of(voicings: Sequence[Voicing]) -> int | None:
    """Return which one leads; None where none may."""
    scores = [v.periodicity * v.coverage if v.is_eligible else -1.0 for v in voicings]
    return int(np.argmax(scores)) if scores and max(scores) >= 0.0 else None


def voicing_of(audio: Audio, rate_hz: int) -> Voicing:
    """Measure a track, whatever its level.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_samples,)
        Mono.
    rate_hz : int

    Returns
    -------
    Voicing
        Zeros for silence.
    """
    size = int(_FRAME_S * rate_hz)
    heard = np.pad(audio, (0, max(size - audio.size, 0)))
    frames = sliding_window_view(heard, size)[:: max(rate_hz // _FRAMES_PER_S, 1)]
    energy = np.square(frames, dtype=np.float32).sum(axis=1)
    active = energy > energy.max() * _ACTIVE
    if not active.any() or energy.max() <= 0.0:
        return Voicing(0.0, 0.0, 0.0)
    lags_hz, peaks = _pitches(frames[active], rate_hz)
    return Voicing(float(active.mean()), float(np.median(lags_hz)), float(peaks.mean()))


def _pitches(frames: NDArray[np.float32], rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return pitch in Hz and height of the highest peak of the normalised autocorrelation of each frame."""
    size = frames.shape[1]
    centred = frames - frames.mean(axis=1, keepdims=True)
    n_fft = fft.next_fast_len(2 * size, real=True)
    spectra = fft.rfft(centred, n_fft, axis=1)
    products = fft.irfft(np.square(np.abs(spectra)), n_fft, axis=1)[:, :size]
    squares = np.cumsum(np.square(centred, dtype=np.float64), axis=1)
    # The energies of the two parts that a lag compares: without them long lags would look less alike.
    left, right = squares[:, ::-1], squares[:, -1:] - np.pad(squares, ((0, 0), (1, 0)))[:, :size]
    alike = products / np.sqrt(np.maximum(left * right, 1e-30))
    first, last = int(rate_hz / _LAGS_HZ[1]), int(rate_hz / _LAGS_HZ[0])
    alike = alike[:, first : min(last, size)]
    peaks = alike.max(axis=1)
    # The shortest lag that is nearly as good: multiples of a period are as good as the period.
    shortest = np.argmax(alike >= 0.9 * peaks[:, np.newaxis], axis=1)
    return rate_hz / (first + shortest), np.clip(peaks, 0.0, 1.0)
