"""Polarities and pans of a kit's microphones, from how they lie against the overheads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_image import suggested_pans
from reaper_automix.analysis.drum_kit import BOTH_OVERHEADS, Microphone
from reaper_automix.analysis.drum_phase import PhaseInKit, phases_of_kit
from reaper_automix.audio.media import Audio
from reaper_automix.mixers.drum_sound import HeardKit, channels_of, words_of
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import PanMove, PolarityMove, TrackRef
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.session import Track

SMALLEST_PAN = 0.05


def polarity_moves(heard: HeardKit, kit: Sequence[Microphone], hearing: Hearing) -> list[PolarityMove]:
    """Return the polarities to invert; where most close microphones lie against the overheads, those are flipped.

    A track that the engineer has inverted is heard so, and stays so.
    """
    if not heard.parts:
        return []
    rate_hz, audio = heard.parts[0]
    tracks = [hearing.session.track(one.track_id) for one in kit]
    sounds = {t.id: -audio[t.id] if t.polarity_inverted else audio[t.id] for t in tracks}
    mics = [one.mics for one in kit]
    phases = phases_of_kit(mics, [sounds[t.id] for t in tracks], _overheads(kit, sounds), rate_hz)
    first = [found.phase.should_flip for found in phases.values() if found.against is None]
    if sum(first) >= 2 and 2 * sum(first) > len(first):
        reason = f"{sum(first)} of {len(first)} close microphones lose lows against the overheads"
        flipped = {i: reason for i, one in enumerate(kit) if one.mics[0] in BOTH_OVERHEADS}
    else:
        flipped = {i: _reason(found, tracks) for i, found in phases.items() if found.phase.should_flip}
    refs = {i: TrackRef(tracks[i].id, tracks[i].title) for i in flipped if not tracks[i].polarity_inverted}
    return [PolarityMove(ref, False, True, f"{words_of(kit[i])}: {flipped[i]}") for i, ref in refs.items()]


def _reason(found: PhaseInKit, tracks: Sequence[Track]) -> str:
    against = "the overheads" if found.against is None else f"'{tracks[found.against].title}'"
    return f"against {against}, {found.phase.described()}"


def _overheads(kit: Sequence[Microphone], audio: Mapping[str, Audio]) -> Audio | None:
    """Return the overheads, float32 (2, n_samples), left and right; one alone twice; None where there is none."""
    sides: dict[DrumMic, NDArray[np.float32]] = {}
    for one in kit:
        for mic, sound in channels_of(one, audio[one.track_id]):
            if mic in BOTH_OVERHEADS:
                sides.setdefault(mic, sound)
    if not sides:
        return None
    left = sides.get(BOTH_OVERHEADS[0], next(iter(sides.values())))
    return np.stack([left, sides.get(BOTH_OVERHEADS[1], left)])


def pan_moves(heard: HeardKit, kit: Sequence[Microphone], hearing: Hearing) -> list[PanMove]:
    """Return pans from the kit's own image, for tracks whose pan was never touched."""
    if not heard.parts:
        return []
    rate_hz, audio = heard.parts[0]
    has_pair = all(any(side in one.mics for one in kit) for side in BOTH_OVERHEADS)
    overheads = _overheads(kit, audio) if has_pair else None
    sounds = [audio[one.track_id] for one in kit]
    moves: list[PanMove] = []
    for one, said in zip(kit, suggested_pans([o.mics for o in kit], sounds, overheads, rate_hz), strict=True):
        track = hearing.session.track(one.track_id)
        if said.pan is not None and abs(said.pan) >= SMALLEST_PAN and not track.is_panned:
            reason = f"{words_of(one)}: {said.reason}"
            moves.append(PanMove(TrackRef(track.id, track.title), track.pan, said.pan, reason))
    return moves
