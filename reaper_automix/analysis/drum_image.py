"""Where the drums sit in the kit's own stereo image: pans for close microphones, read from the overheads.

A close microphone says when its drum is struck and how it sounds; what of the two overheads goes along with it from hit
to hit, at the frequencies that it has, is that drum as they hear it (the cross-spectra over all hits, less what chance
leaves of as many unrelated ones). A cymbal struck along with it does not go along, and hits under loud cymbals count
less. The level difference between left and right is turned into a pan by the constant-power (sine) law,
``pan = 4 / pi * atan(R / L) - 1`` with the amplitudes L and R: a mono track panned there has the same level difference.
Spaced overheads tell a drum's side also by its delay, which no pan of a mono track can repeat: it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from reaper_automix.analysis.drum_hits import Floats, Samples, excerpts, hits_of_closes, mono_of, own_hits
from reaper_automix.analysis.loudness import Audio
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.units import db_to_lin, energy_to_db

WIDEST = 0.7
"""Suggested pans stay within this to both sides: spread beyond it, a kit falls apart on headphones."""

CENTRED = frozenset(
    {DrumMic.KICK_IN, DrumMic.KICK_OUT, DrumMic.KICK_SUB, DrumMic.SNARE_TOP, DrumMic.SNARE_BOTTOM, DrumMic.ROOM}
)
"""Held in the middle unless asked, wherever the overheads hear them; a room by itself too."""

HARD = {DrumMic.OVERHEAD_LEFT: -1.0, DrumMic.OVERHEAD_RIGHT: 1.0}
"""A pair of tracks; a stereo track of both stays where it is."""

FEWEST_HITS = 6
SURE = 0.3
"""Measured on a real kit: below either, the level difference is off by 5 dB and more too often."""

_EXCERPT_S = 0.02
"""Of the hits: the direct sound says the side, what the room adds does not."""
_LEAD_S = 0.003
_LATE_S = 0.015
_BAND_HZ = (80.0, 10_000.0)
_FURTHEST_DB = 40.0
_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drum sits in the overheads.

    Parameters
    ----------
    pan : float
        -1 (left) to +1 (right), limited to ``WIDEST``.
    level_difference_db : float
        Right over left.
    confidence : float
        0..1: how much of what could go along from hit to hit does; 0 is chance.
    n_hits : int
        How many hits were heard.
    """

    pan: float
    level_difference_db: float
    confidence: float
    n_hits: int

    @property
    def is_sure(self) -> bool:
        """Whether it can be believed."""
        return self.n_hits >= FEWEST_HITS and self.confidence >= SURE


@dataclass(frozen=True, slots=True)
class PanSuggestion:
    """A pan for one microphone and why; ``pan`` is None where nothing is suggested."""

    pan: float | None
    reason: str


def pan_at(level_difference_db: float, *, widest: float = WIDEST) -> float:
    """Return the pan whose constant-power law has this level difference, right over left, within ``widest``."""
    difference_db = min(max(level_difference_db, -_FURTHEST_DB), _FURTHEST_DB)
    return min(max(4.0 / math.pi * math.atan(db_to_lin(difference_db)) - 1.0, -widest), widest)


def place_of(
    close: Audio, overheads: Audio, rate_hz: int, *, hits: Samples | None = None, widest: float = WIDEST
) -> Place:
    """Return where the drum of a close microphone sits in the overheads.

    Parameters
    ----------
    close : ndarray of float32, shape (n_channels, n_samples)
        The microphone; two channels are heard as their mean.
    overheads : ndarray of float32, shape (2, n_samples)
        Left and right.
    rate_hz : int
        Of both.
    hits : ndarray of int64, optional
        Onsets of its own drum in samples (``hits_of_kit``); otherwise those that stand out against ``overheads``.
    widest : float
        Limit of the pan.
    """
    length = min(close.shape[1], overheads.shape[1])
    close, overheads = close[:, :length], overheads[:, :length]
    starts = own_hits(close, overheads, rate_hz) if hits is None else hits
    if starts.size == 0:
        return Place(0.0, 0.0, 0.0, 0)
    (left, right), whole = _going_along(mono_of(close), overheads, starts, rate_hz)
    if left + right <= 0.0:
        return Place(0.0, 0.0, 0.0, int(starts.size))
    difference_db = energy_to_db(max(right, _LEAST * left) / max(left, _LEAST * right))
    confidence = min((left + right) / whole, 1.0) if starts.size > 1 else 0.0
    return Place(pan_at(difference_db, widest=widest), difference_db, confidence, int(starts.size))


def suggested_pans(
    mics: Sequence[Sequence[DrumMic]],
    audio: Sequence[Audio],
    overheads: Audio | None,
    rate_hz: int,
    *,
    centred: frozenset[DrumMic] = CENTRED,
    widest: float = WIDEST,
) -> tuple[PanSuggestion, ...]:
    """Return a pan for each microphone of a kit.

    Parameters
    ----------
    mics : sequence of sequence of DrumMic
        What each track is; two for a track that is both overheads or both rooms.
    audio : sequence of ndarray of float32, shape (n_channels, n_samples)
        What each heard, together.
    overheads : ndarray of float32, shape (2, n_samples), or None
        Left and right; None where the kit has no pair.
    rate_hz : int
        Of all.
    centred : frozenset of DrumMic
        Held in the middle.
    widest : float
        Limit of the pans; overheads on two tracks go hard left and right all the same.
    """
    hits = hits_of_closes(mics, audio, rate_hz)
    places = {
        i: place_of(audio[i], overheads, rate_hz, hits=own, widest=widest)
        for i, own in hits.items()
        if overheads is not None and mics[i][0] not in centred
    }
    return tuple(_suggestion(mic, places.get(i), centred) for i, mic in enumerate(mics))


def _suggestion(mics: Sequence[DrumMic], place: Place | None, centred: frozenset[DrumMic]) -> PanSuggestion:
    mic = mics[0]
    if mic in HARD:
        if len(mics) > 1:
            return PanSuggestion(None, "both overheads on one track: its own channels are the image")
        return PanSuggestion(HARD[mic], "one of the pair of overheads: hard to its side")
    if mic in centred:
        return PanSuggestion(None if len(mics) > 1 or mic is DrumMic.ROOM else 0.0, f"{mic.value}: held in the middle")
    if place is None:
        return PanSuggestion(None, "no pair of overheads to read its place from")
    if not place.is_sure:
        return PanSuggestion(
            None, f"its place cannot be told: {place.n_hits} hits, confidence {place.confidence:.2f} (needs {SURE:g})"
        )
    side = "right" if place.level_difference_db > 0.0 else "left"
    heard = f"{abs(place.level_difference_db):.1f} dB louder {side} over {place.n_hits} hits"
    return PanSuggestion(place.pan, f"as the overheads hear it: {heard}")


def _going_along(close: Audio, overheads: Audio, starts: Samples, rate_hz: int) -> tuple[tuple[float, float], float]:
    """Return the energies of left and right that go along with the hits, and that of both if all of it did."""
    lead, late, size = (round(s * rate_hz) for s in (_LEAD_S, _LATE_S, _EXCERPT_S))
    own = excerpts(close, starts - lead, size)
    own[:, -(size // 2) :] *= np.cos(np.linspace(0.0, np.pi / 2.0, size // 2))
    heard = np.stack([excerpts(channel, starts - lead, size + late) for channel in overheads])
    heard /= np.sqrt(np.sum(heard**2, axis=(0, 2), keepdims=True)) + 1e-9
    own /= np.sqrt(np.sum(own**2, axis=1, keepdims=True)) + 1e-9
    n_fft = fft.next_fast_len(size + late, real=True)
    hz = fft.rfftfreq(n_fft, 1.0 / rate_hz)
    band = (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])
    a, b = fft.rfft(own, n_fft)[:, band], fft.rfft(heard, n_fft)[:, :, band]
    together = np.abs(np.sum(b * a.conj(), axis=1)) ** 2
    by_chance: Floats = np.sum(np.abs(b) ** 2 * np.abs(a) ** 2, axis=1)
    # Halfway between the drum's loudest frequencies alone (a room mode) and all alike (where it may have nothing).
    weight = 1.0 / np.sqrt(np.sum(np.abs(a) ** 2, axis=0) + 1e-12)
    left, right = (max(float(x), 0.0) for x in np.sum((together - by_chance) * weight, axis=1))
    n_hits = starts.size
    return (left, right), max(float(np.sum(by_chance * weight)) * max(n_hits - 1, 1), 1e-30)
