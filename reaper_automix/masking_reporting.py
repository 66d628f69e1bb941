"""From a plan to who covers whom before and after it: every track is listened to once, in short excerpts.

The power of a track per band and frame is measured before its fader; faders, envelopes, pans, folders and the master
are gains on it, and so is what the plan does to its plug-ins: equalisers band by band, and whatever else changes its
level (compression, make-up) by how much louder the track was measured to become in that frame. What that leaves out: a
reverb is no masker of its own, and plug-ins of folders and buses change nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import BLOCK_S, k_weighting_power
from reaper_automix.analysis.masking import Covering, covering
from reaper_automix.analysis.measurement import THREADS
from reaper_automix.analysis.third_octaves import CENTRES_HZ, FRAME_S, N_BANDS, frame_powers
from reaper_automix.audio import levels
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import HeardGain, memory_start, session_rate_hz
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effects.equaliser import response_db
from reaper_automix.effects.rack import Rack
from reaper_automix.mixers.hearing import SILENT_LUFS
from reaper_automix.pipeline import Planned
from reaper_automix.report.masking_section import MaskingPage
from reaper_automix.session import Session, Track

Powers = NDArray[np.float32]

MOST_PLACES = 60
"""Excerpts per track, evenly over the range: what is read does not grow with the session."""
PLACE_S = 0.5
"""Of one excerpt: four frames, half overlapping."""
MOST_TRACKS = 64
"""The loudest of so many are compared one by one; the others still cover them as part of the rest."""
_HIGHEST_RELATIVE = 0.49
_MOST_CHANGE_DB = 40.0


def masking_page(planned: Planned) -> MaskingPage | None:
    """Return what the section shows; None where no two tracks sound."""
    heard = _loudest_first(planned)
    if len(heard) < 2:
        return None
    starts_s = _starts_s(planned.plan.range_s)
    powers = _listened(planned.before, heard, starts_s)
    resounding = [i for i in heard if planned.before.track(i).items != planned.after.track(i).items]
    powers_after = powers | _listened(planned.after, resounding, starts_s)
    before = _covering(_at_master(planned.before, powers, starts_s), heard)
    changed = {i: powers_after[i] * _effect_gains(planned, i, powers[i], starts_s) for i in heard}
    after = _covering(_at_master(planned.after, changed, starts_s), heard)
    shown = heard[:MOST_TRACKS]
    order = sorted(range(len(shown)), key=lambda n: planned.before.track(shown[n]).number)
    return MaskingPage(
        tracks=tuple(planned.before.track(shown[n]).title for n in order),
        before=_reordered(before, order),
        after=_reordered(after, order),
        n_excerpts=len(starts_s),
        excerpt_s=PLACE_S,
        n_others=len(heard) - len(shown),
    )


def _loudest_first(planned: Planned) -> list[str]:
    """Return the tracks that sound before or after, the loudest at the master first."""
    after = planned.hearing_after
    louder = {i: max(planned.hearing.loudness_lufs(i), after.loudness_lufs(i)) for i in planned.hearing.measurements}
    return sorted((i for i, lufs in louder.items() if lufs > SILENT_LUFS), key=lambda i: -louder[i])


def _starts_s(range_s: tuple[float, float]) -> list[float]:
    """Return where the excerpts begin, on the grid of the loudness blocks."""
    length_s = range_s[1] - range_s[0]
    n_places = max(min(int(length_s / PLACE_S), MOST_PLACES), 1)
    return [range_s[0] + round(n * length_s / n_places / BLOCK_S) * BLOCK_S for n in range(n_places)]


def _listened(session: Session, track_ids: Sequence[str], starts_s: Sequence[float]) -> dict[str, Powers]:
    """Return the powers of tracks before their faders, float32 (n_frames, n_bands) each."""
    rate_hz = session_rate_hz(session)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="masking") as pool:
        found = pool.map(lambda i: _powers_of(session.track(i), rate_hz, starts_s), track_ids)
        return dict(zip(track_ids, found, strict=True))


def _powers_of(track: Track, rate_hz: int, starts_s: Sequence[float]) -> Powers:
    """Read the excerpts of a track, each through effects of ours that have heard what came before."""
    size, hop = round(FRAME_S * rate_hz), round(BLOCK_S * rate_hz)
    n_samples = round(PLACE_S * rate_hz)
    parts = []
    with TrackReader(track, sample_rate_hz=rate_hz) as reader:
        for start_s in starts_s:
            first = round(start_s * rate_hz)
            rack = Rack(track.effects_played(), rate_hz)
            begin = memory_start(first, rate_hz, rack.memory_s)
            if not reader.sounds(begin, first + n_samples - begin):
                parts.append(np.zeros(((n_samples - size) // hop + 1, N_BANDS), np.float32))
                continue
            audio = rack.process(reader.read(begin, first + n_samples - begin))[:, first - begin :]
            frames = np.lib.stride_tricks.sliding_window_view(audio, size, axis=1)[:, ::hop]
            parts.append(frame_powers(frames, rate_hz) * np.float32(2.0 / len(audio)))  # mono plays on both sides
    return np.concatenate(parts)


def _at_master(session: Session, powers: Mapping[str, Powers], starts_s: Sequence[float]) -> dict[str, Powers]:
    """Return powers as they arrive at the master: the mean of the gains of both sides counts."""
    heard, times_s = HeardGain(session), _frame_times_s(starts_s)
    energies = {i: np.square(heard.at(i, times_s)).mean(axis=0) for i in powers}
    return {i: np.asarray(power * energies[i][:, None], np.float32) for i, power in powers.items()}


def _frame_times_s(starts_s: Iterable[float]) -> NDArray[np.float64]:
    """Return the middle of each frame."""
    n_frames = round((PLACE_S - FRAME_S) / BLOCK_S) + 1
    offsets_s = np.arange(n_frames) * BLOCK_S + FRAME_S / 2.0
    return np.asarray((np.asarray(list(starts_s))[:, None] + offsets_s).reshape(-1))


def _covering(powers: Mapping[str, Powers], order: Sequence[str]) -> Covering:
    """Compare the first ``MOST_TRACKS`` one by one; the others are their rest."""
    shown, others = order[:MOST_TRACKS], order[MOST_TRACKS:]
    rest = np.stack([powers[i] for i in others]).sum(axis=0) if others else None
    return covering(np.stack([powers[i] for i in shown]), rest)


def _reordered(found: Covering, order: Sequence[int]) -> Covering:
    index = list(order)
    return replace(
        found,
        by_track_db=found.by_track_db[np.ix_(index, index)],
        by_rest_db=found.by_rest_db[index],
        by_rest_band_db=found.by_rest_band_db[index],
        covered=found.covered[index],
    )


# --- what the plan does to plug-ins --------------------------------------------------------------------------------


def _effect_gains(planned: Planned, track_id: str, powers: Powers, starts_s: Sequence[float]) -> Powers:
    """Return what the change of a track's plug-ins does to the energy of each cell, (n_frames or 1, n_bands)."""
    before, after = planned.before.track(track_id), planned.after.track(track_id)
    if before.effects_played() == after.effects_played() or before.items != after.items:
        return np.ones((1, N_BANDS), np.float32)
    rate_hz = session_rate_hz(planned.before)
    bands = levels.db_to_energy(_equalised_db(after, rate_hz) - _equalised_db(before, rate_hz))[None, :]
    if all(isinstance(slot.settings, EqualiserSettings) for t in (before, after) for slot in t.effects_played()):
        return np.asarray(bands, np.float32)
    return np.asarray(bands * _level_change(planned, track_id, powers, bands, starts_s)[:, None], np.float32)


def _equalised_db(track: Track, rate_hz: int) -> NDArray[np.float64]:
    """Return what the equalisers of ours on a track do in each band, (n_bands,)."""
    at_hz = np.minimum(np.asarray(CENTRES_HZ), _HIGHEST_RELATIVE * rate_hz)
    settings = [slot.settings for slot in track.effects_played() if isinstance(slot.settings, EqualiserSettings)]
    return np.asarray(sum((response_db(each, at_hz, rate_hz) for each in settings), np.zeros(N_BANDS)))


def _level_change(
    planned: Planned, track_id: str, powers: Powers, bands: NDArray[np.float64], starts_s: Sequence[float]
) -> NDArray[np.float64]:
    """Return how much louder each frame was measured to become, beyond what its equaliser does: compression, make-up.

    The energies of a measurement are K-weighted, so the bands count with the weight of their centres here.
    """
    rate_hz = planned.hearing.measurements[track_id].sample_rate_hz
    weighted = powers * k_weighting_power(np.minimum(np.asarray(CENTRES_HZ), _HIGHEST_RELATIVE * rate_hz), rate_hz)
    measured = (planned.hearing.measurements[track_id], planned.hearing_after.measurements[track_id])
    old, new = (_frame_energies(m.block_energy, m.start_s, starts_s) for m in measured)
    equalised = (weighted * bands).sum(axis=1) / np.maximum(weighted.sum(axis=1), 1e-30)
    heard = (old > 1e-12) & (new > 1e-12) & (equalised > 0.0)
    change = np.ones(len(powers))
    change[heard] = new[heard] / old[heard] / equalised[heard]
    limit = 10.0 ** (_MOST_CHANGE_DB / 10.0)
    return np.clip(change, 1.0 / limit, limit)


def _frame_energies(
    block_energy: NDArray[np.float64], start_s: float, starts_s: Sequence[float]
) -> NDArray[np.float64]:
    """Return the energy of each frame, the mean of the two loudness blocks that it spans."""
    first = np.round((_frame_times_s(starts_s) - FRAME_S / 2.0 - start_s) / BLOCK_S).astype(int)
    energy = block_energy.sum(axis=0)
    at = np.clip(np.stack((first, first + 1)), 0, max(energy.size - 1, 0))
    return np.asarray(energy[at].mean(axis=0))
