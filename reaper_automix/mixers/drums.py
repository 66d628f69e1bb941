"""The drums mixer: levels of a kit's microphones by a random forest (after Moffat and Sandler 2019), polarity and pans.

The forest answers with the level at which each microphone, brought to one loudness, is in the mix; only the balance
among them counts, so the kit as a whole stays as loud as it is. Tracks that are no microphone of the kit are not
touched. Polarity is inverted only where that clearly gains lows against the overheads, and pans are set only on tracks
whose pan was never touched; both are moves that say why.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147th Convention, 2019.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from reaper_automix.analysis.drum_features import microphone_features
from reaper_automix.analysis.drum_kit import Kit, Microphone, candidates_of, find_kit
from reaper_automix.analysis.drum_levels import DrumLevels, drum_levels
from reaper_automix.analysis.drum_strokes import stroke_features
from reaper_automix.audio.media import Audio
from reaper_automix.edits import Control, SetControl
from reaper_automix.errors import ScopeError
from reaper_automix.mixers.drum_moves import pan_moves, polarity_moves
from reaper_automix.mixers.drum_sound import HeardKit, channels_of, listen, parts_of, unplayed_of, words_of
from reaper_automix.mixers.hearing import SILENT_LUFS, Hearing
from reaper_automix.mixplan import PanMove, PolarityMove
from reaper_automix.planning import Decided, GainDecision
from reaper_automix.role_vocabulary import KIT_ROLES, RoleSource
from reaper_automix.session_edits import perform
from reaper_automix.settings import MixSettings
from reaper_automix.units import db_to_energy, energy_to_db

NAME = "drums"

FEWEST_MICROPHONES = 2
MOST_RAISE_DB = 12.0
"""No microphone is raised further than this beyond what half of the kit is: noise and bleed would come with it."""


def decide(hearing: Hearing, settings: MixSettings) -> Decided:
    """Return levels, and polarities and pans, of the microphones of the kit that are in scope.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``sets_pans`` and ``flips_polarity``.

    Raises
    ------
    ScopeError
        If there is no kit of at least two microphones.
    ModelError
        If the model is missing or damaged.
    """
    heard = _heard(hearing)
    kit = _audible(heard.kit, hearing)
    if len(kit) < FEWEST_MICROPHONES:
        raise ScopeError(_no_kit(heard.kit, hearing))
    others = (
        *(polarity_moves(heard, kit, hearing) if settings.flips_polarity else ()),
        *(pan_moves(heard, kit, hearing) if settings.sets_pans else ()),
    )
    in_scope = set(hearing.scope.track_ids)
    others = tuple(move for move in others if move.track.id in in_scope)
    labels = {one.track_id: f"{words_of(one)} ({one.source.value}: {one.evidence})" for one in kit}
    panned = _panned(hearing, others) if hearing.scope.whole else hearing
    levels_db = _levels_db(heard, kit, drum_levels())
    unplayed = [one.track_id for one in unplayed_of(heard, kit) if one.track_id in in_scope]
    titles = [hearing.session.track(track_id).title for track_id in unplayed]
    return Decided(
        levels=_levels(hearing, panned, [one for one in kit if one.track_id not in unplayed], levels_db),
        others=others,
        warnings=(
            *(f"Drum kit: {said}." for said in heard.kit.unsure),
            *(f"{title}: its drum is not played here, so its level is left as it is." for title in titles),
        ),
        labels={track_id: label for track_id, label in labels.items() if track_id in in_scope},
    )


# --- listening -----------------------------------------------------------------------------------------------------


def _heard(hearing: Hearing) -> HeardKit:
    """Listen to all tracks that may be microphones, and find out which are."""
    session = hearing.session
    roles = {track_id: hearing.found[track_id] for track_id in hearing.measurements if track_id in hearing.found}
    possible = [
        track_id
        for track_id, found in roles.items()
        if found.role in KIT_ROLES or found.mic is not None or found.source in (RoleSource.AUDIO, RoleSource.NOTHING)
    ]
    energy = [hearing.measurements[track_id].block_energy.sum(axis=0) for track_id in possible]
    parts = parts_of(np.sum(energy, axis=0), hearing.scope.range_s[0]) if energy else ()
    heard = [(rate_hz, dict(audio)) for rate_hz, audio in listen(session, possible, parts)]
    heard.sort(key=lambda part: -sum(float(np.square(a).sum()) for a in part[1].values()))
    rate_hz, audio = heard[0] if heard else (None, {})
    kit = find_kit(candidates_of(session, roles, audio), rate_hz)
    wanted = {one.track_id for one in kit.microphones}
    return HeardKit(kit, tuple((rate, {i: a for i, a in part.items() if i in wanted}) for rate, part in heard))


def _audible(kit: Kit, hearing: Hearing) -> tuple[Microphone, ...]:
    return tuple(one for one in kit.microphones if hearing.loudness_lufs(one.track_id) > SILENT_LUFS)


def _no_kit(kit: Kit, hearing: Hearing) -> str:
    """Say that there is no kit, what was taken for drums, and what to do."""
    titles = {track.id: track.title for track in hearing.session.tracks}
    left_out = [f"  {titles[other.track_id]}: {other.reason}" for other in kit.others[:8]]
    found = "no drum microphone was found"
    if kit.microphones:
        found = f"only one drum microphone was found, '{titles[kit.microphones[0].track_id]}',"
    said = (
        f"{hearing.session.path or 'The session'}: {found} among {len(hearing.measurements)} tracks. Name the tracks "
        '(Kick in, Snare top, OH L ...), or say which one is what: --role "TRACK=kick_in" (in REAPER: the action '
        "Automix role of the selected tracks)."
    )
    return "\n".join([said, *left_out])


# --- levels --------------------------------------------------------------------------------------------------------


def _levels_db(heard: HeardKit, kit: Sequence[Microphone], model: DrumLevels) -> dict[str, float]:
    """Return the level of each track in the mix, dB; the median over the parts in which it sounds."""
    by_track: dict[str, list[float]] = {one.track_id: [] for one in kit}
    for rate_hz, audio in heard.parts:
        for track_id, level_db in _levels_of_part(kit, audio, rate_hz, model).items():
            by_track[track_id].append(level_db)
    return {track_id: float(np.median(found)) for track_id, found in by_track.items() if found}


def _levels_of_part(
    kit: Sequence[Microphone], audio: Mapping[str, Audio], rate_hz: int, model: DrumLevels
) -> dict[str, float]:
    """Return what the model says of each track that sounds in a part; both microphones of one track together."""
    channels = [(one.track_id, mic, sound) for one in kit for mic, sound in channels_of(one, audio[one.track_id])]
    channels = [channel for channel in channels if channel[2].any()]
    if len({track_id for track_id, _, _ in channels}) < FEWEST_MICROPHONES:
        return {}
    with ThreadPoolExecutor(2, thread_name_prefix="drums") as pool:
        features = list(pool.map(lambda channel: microphone_features(channel[2], rate_hz), channels))
    mics = [mic for _, mic, _ in channels]
    strokes = stroke_features([sound for _, _, sound in channels], mics, rate_hz)
    levels_db = model.predict(np.stack(features), strokes, mics)
    energy: dict[str, float] = {}
    for (track_id, _, _), level_db in zip(channels, levels_db.tolist(), strict=True):
        energy[track_id] = energy.get(track_id, 0.0) + db_to_energy(level_db)
    return {track_id: energy_to_db(value) for track_id, value in energy.items()}


def _panned(hearing: Hearing, moves: Sequence[PanMove | PolarityMove]) -> Hearing:
    """Return what is heard once the pans are set: a track beside the middle is quieter."""
    edits = [SetControl(move.track.id, Control.PAN, move.after) for move in moves if isinstance(move, PanMove)]
    return replace(hearing, session=perform(hearing.session, edits)) if edits else hearing


def _levels(
    hearing: Hearing, panned: Hearing, kit: Sequence[Microphone], levels_db: Mapping[str, float]
) -> tuple[GainDecision, ...]:
    """Return the changes of the tracks in scope that bring them to these levels; their sum stays as loud as it is."""
    moved = [one for one in kit if one.track_id in hearing.scope.track_ids and one.track_id in levels_db]
    if not moved:
        return ()
    heard = {one.track_id: hearing.loudness_lufs(one.track_id) for one in kit if one.track_id in levels_db}
    raised = {i: levels_db[i] - panned.loudness_lufs(i) for i in heard}
    most_db = float(np.median(list(raised.values()))) + MOST_RAISE_DB
    wanted = {i: levels_db[i] - max(change_db - most_db, 0.0) for i, change_db in raised.items()}
    before = math.fsum(db_to_energy(heard[one.track_id]) for one in moved)
    after = math.fsum(db_to_energy(wanted[one.track_id]) for one in moved)
    common_lufs = energy_to_db(before / after)
    top = max(heard, key=lambda track_id: wanted[track_id])
    decisions = []
    for one in moved:
        track_id = one.track_id
        change_db = common_lufs + wanted[track_id] - panned.loudness_lufs(track_id)
        title = hearing.session.track(top).title
        reason = _reason(one, heard[track_id] - heard[top], wanted[track_id] - wanted[top], title)
        if wanted[track_id] < levels_db[track_id]:
            reason += f"; raised {levels_db[track_id] - wanted[track_id]:.1f} dB less: it may hold little but bleed"
        decisions.append(GainDecision(track_id, ((hearing.scope.range_s[0], change_db),), reason))
    return tuple(decisions)


def _reason(one: Microphone, now_db: float, wanted_db: float, top: str) -> str:
    """Say where a microphone goes, beside the loudest one."""
    if wanted_db == 0.0:
        return f"{words_of(one)}: the loudest of the kit in mixes of kits that sound like this"
    return (
        f"{words_of(one)}: {wanted_db:+.1f} LU beside '{top}' in mixes of kits that sound like this, now {now_db:+.1f}"
    )
