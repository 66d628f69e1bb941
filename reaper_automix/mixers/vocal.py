"""The vocal mixer: level, compression, unmasking and reverb of a lead vocal over everything else, as published [1].

The order is that of [1]: the level first (which changes nothing that follows: what compressor and equaliser are set by
does not depend on it), then the compressor, then the equaliser, then the level again, of what comes out of both; the
reverb last. All is heard at the master, with the faders, pans and folders of the session. Tracks of the lead vocal
(doubles as well) move together and share the equaliser, each has its own compressor; backing vocals belong to
everything else. What masks what is heard only while somebody sings. Levels are differences of integrated loudness, in
which the pauses of the vocal do not count; on wish loud parts of the others without a voice do not either.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from reaper_automix.analysis.loudness import integrated_lufs
from reaper_automix.analysis.roles import Role
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.audio.track_sound import TrackSound
from reaper_automix.edits import AddBus, Edit, SetEffect, SetSend
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings, effect_of
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.errors import ScopeError
from reaper_automix.mixers import vocal_reverb
from reaper_automix.mixers.hearing import SILENT_LUFS, Hearing
from reaper_automix.mixers.inserts import BUS, SEND_DB, Inserts, tag_of
from reaper_automix.mixers.vocal_compression import Compression, compress
from reaper_automix.mixers.vocal_level import WantedLevel, wanted_level
from reaper_automix.mixers.vocal_sound import Side, excerpts_of, hear_side
from reaper_automix.mixers.vocal_unmasking import Unmasking, unmask
from reaper_automix.mixplan import BusMove, EffectMove, Move, SendMove, TrackRef, bus_ref
from reaper_automix.planning import Decided, GainDecision
from reaper_automix.plugins.omnicompressor import NAME as OMNICOMPRESSOR
from reaper_automix.session import SendMode, Session, Track
from reaper_automix.session_edits import perform
from reaper_automix.settings import FADER_TOP_DB, MixSettings
from reaper_automix.units import db_to_energy

NAME = "vocal"
WHILE_SUNG, WHOLE_SONG = "while somebody sings", "over the whole song"
RMS_SIZE_MS = 5.0
"""ReaComp's own; OmniCompressor detects peaks."""
_TOGETHER = "lowered with the vocal, which keeps their balance: its fader is at its top, or the mix at its headroom"
_ROUNDS = 4
"""Of finding a level: quiet blocks pass the absolute gate of BS.1770, or fail it, as a vocal is moved."""


@dataclass(frozen=True, slots=True, eq=False)
class VocalFindings:
    """What was found, for the report.

    Parameters
    ----------
    leads : tuple of str
        Titles of the lead's tracks.
    before_lu, wanted_lu, after_lu : float
        Lead above everything else, measured over the time for which it was decided.
    measured : str
        That time: ``WHOLE_SONG``, or ``WHILE_SUNG`` where it was asked for.
    other_lu : float
        After the run, over the other of the two.
    compressions : tuple of (str, Compression)
        Of each track of the lead, by its title.
    unmasking : Unmasking or None
        None where the equaliser was not asked for, or there is nothing to mask.
    equaliser : EqualiserSettings
        What the plug-in holds.
    reverb : str
        In words; empty where there is none.
    sample_rate_hz : int
        Of the session.
    """

    leads: tuple[str, ...]
    before_lu: float
    wanted_lu: float
    after_lu: float
    measured: str
    other_lu: float
    compressions: tuple[tuple[str, Compression], ...]
    unmasking: Unmasking | None
    equaliser: EqualiserSettings
    reverb: str
    sample_rate_hz: int


def decide(hearing: Hearing, settings: MixSettings) -> Decided:
    """Return what is to be done to the lead vocal.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``vocal_level``, ``vocal_steps``, ``vocal_reverb`` and ``plugins``.

    Raises
    ------
    ScopeError
        If no track in scope is a lead vocal that sounds.
    MediaError
        If a file cannot be read any more.
    """
    leads = _leads(hearing)
    others = [i for i in hearing.measurements if i not in leads and hearing.loudness_lufs(i) > SILENT_LUFS]
    return _Mixing(hearing, settings, leads, others).decided()


def _leads(hearing: Hearing) -> list[str]:
    """Return the tracks of the lead vocal that are in scope and sound."""
    named = [i for i in hearing.scope.track_ids if hearing.roles.get(i) is Role.LEAD_VOCAL]
    leads = [i for i in named if hearing.loudness_lufs(i) > SILENT_LUFS]
    if leads:
        return leads
    titles = [hearing.session.track(i).title for i in named]
    found = f"the lead vocal ({', '.join(titles)}) is silent here" if titles else "no lead vocal was found"
    raise ScopeError(
        f"{hearing.session.path or 'The session'}: {found} among {len(hearing.scope.track_ids)} tracks. Say which "
        'track it is: --role "TRACK=lead_vocal" (in REAPER: the action Automix role of the selected tracks).'
    )


class _Mixing:
    """One run: the session takes on one step after the other, and each step listens to what came of the last."""

    def __init__(self, hearing: Hearing, settings: MixSettings, leads: Sequence[str], others: Sequence[str]) -> None:
        self._hearing, self._settings = hearing, settings
        self._leads, self._others = leads, others
        self._session = hearing.session
        self._rate_hz = session_rate_hz(hearing.session)
        self._moves: list[Move] = []
        self._inserts = Inserts(settings.plugins, self._rate_hz)
        self._warnings = self._inserts.warnings

    def decided(self) -> Decided:
        compressions = self._compressed() if self._does("compressor") else {}
        wants_tempo = self._does("reverb") and not vocal_reverb.is_tempo_set(self._session)
        rest = self._heard(self._others, with_tempo=wants_tempo) if self._others else None
        dry = self._heard(self._leads, self._hearing.session)
        compressed = self._heard(self._leads) if self._moves else dry
        masks = self._unmasked(compressed, rest) if rest and self._does("equaliser") else None
        inserted = self._inserted(rest) if self._does("reverb") and self._settings.vocal_reverb == "insert" else ""
        after = self._heard(self._leads) if self._moves else dry
        gaps = self._gaps(dry, after, rest)
        sent = self._sent(after, rest, gaps.change_db) if self._does("reverb") and not inserted else ""
        findings = VocalFindings(
            leads=tuple(self._title(i) for i in self._leads),
            before_lu=gaps.before_lu,
            wanted_lu=gaps.wanted.gap_lu,
            after_lu=gaps.after_lu,
            measured=gaps.measured,
            other_lu=gaps.other_lu,
            compressions=tuple((self._title(i), found) for i, found in compressions.items()),
            unmasking=masks,
            equaliser=masks.settings if masks else EqualiserSettings(),
            reverb=inserted or sent,
            sample_rate_hz=self._rate_hz,
        )
        return Decided(self._levels(gaps), tuple(self._moves), tuple(self._warnings), {}, findings)

    # --- listening -------------------------------------------------------------------------------------------------

    def _does(self, step: str) -> bool:
        """Tell whether a step that writes plug-ins is done: with a range shorter than the session none is."""
        return step in self._settings.vocal_steps and self._hearing.scope.whole

    def _heard(self, track_ids: Collection[str], session: Session | None = None, *, with_tempo: bool = False) -> Side:
        """Listen to some tracks, with what was done so far or in another session."""
        return hear_side(session or self._session, track_ids, self._range_s, with_tempo=with_tempo)

    def _title(self, track_id: str) -> str:
        return self._session.track(track_id).title

    # --- steps -----------------------------------------------------------------------------------------------------

    def _compressed(self) -> dict[str, Compression]:
        found = {}
        for track_id in self._leads:
            track = self._session.track(track_id)
            sound = TrackSound(track, self._rate_hz, self._range_s)
            n_channels = sound.n_channels
            plugin = self._inserts.plugin("compressor", n_channels)
            rms_size_ms = 0.0 if plugin == OMNICOMPRESSOR else RMS_SIZE_MS
            compression = compress(sound.blocks, self._rate_hz, n_channels, rms_size_ms=rms_size_ms)
            if compression.settings is None:
                self._warnings.append(f"{track.title}: {compression.reason}.")
            else:
                self._insert(track, plugin, compression.settings, compression.reason)
            found[track_id] = compression
        return found

    def _unmasked(self, vocal: Side, rest: Side) -> Unmasking:
        masks = unmask(vocal.octaves, rest.octaves)
        if masks.bands:
            reason = f"what masks and is masked while somebody sings: {settings_words(masks.settings)}"
            plugin = self._inserts.plugin("equaliser", 2)
            for track_id in self._leads:
                self._insert(self._session.track(track_id), plugin, masks.settings, reason)
        return masks

    def _inserted(self, rest: Side | None) -> str:
        time_s, why = self._decay(rest)
        for track_id in self._leads:
            settings = vocal_reverb.inserted(time_s)
            self._insert(self._session.track(track_id), self._inserts.plugin("reverb", 2), settings, why)
        return f"{why}; in the vocal's own chain, {vocal_reverb.INSERT_WET:.0%} wet"

    def _sent(self, dry: Side, rest: Side | None, change_db: float) -> str:
        """Put the reverb on the bus, and send the lead there at a level that is 14 LU below the mix."""
        time_s, why = self._decay(rest)
        plugin = self._inserts.plugin("reverb", 2)
        settings = self._inserts.held(plugin, vocal_reverb.on_bus(time_s))
        bus = bus_ref(BUS)
        sends = [SetSend(i, bus.id, 0.0, SendMode.POST_FADER) for i in self._leads]
        made: list[Edit] = [AddBus(bus.id, BUS)] if all(t.id != bus.id for t in self._session.tracks) else []
        made += [SetEffect(bus.id, f"{bus.id} {NAME}", plugin, tag_of(settings), settings), *sends]
        wet = self._heard(self._leads, _only_sends(perform(self._session, made), self._leads))
        mix = dry.energy * db_to_energy(change_db) + (0.0 if rest is None else rest.energy)
        wanted_db = integrated_lufs(mix) - vocal_reverb.UNDER_MIX_LU - (wet.lufs + change_db)
        level_db = min(max(wanted_db, SEND_DB[0]), SEND_DB[1])
        if not math.isfinite(wanted_db):
            return ""
        if level_db != wanted_db:
            self._warnings.append(
                f"{BUS}: a send of {wanted_db:+.1f} dB was wanted, {level_db:+.1f} dB is the nearest."
            )
        self._moves += [BusMove(BUS, why), EffectMove(bus, plugin, tag_of(settings), settings, reason=why)]
        below = f"the reverb is then {vocal_reverb.UNDER_MIX_LU:.0f} LU below the mix"
        self._moves += [SendMove(TrackRef(i, self._title(i)), BUS, level_db, reason=below) for i in self._leads]
        return f"{why}; sent at {level_db:+.1f} dB, {below}"

    def _decay(self, rest: Side | None) -> tuple[float, str]:
        bpm, source = vocal_reverb.tempo_of(self._session, rest.tempo_bpm if rest else None, self._range_s)
        time_s = vocal_reverb.decay_s(bpm)
        return time_s, f"{time_s:.2f} s at {bpm:.0f} BPM, {source}"

    # --- moves -----------------------------------------------------------------------------------------------------

    @property
    def _range_s(self) -> tuple[float, float]:
        return self._hearing.scope.range_s

    def _insert(self, track: Track, plugin: str, settings: EffectSettings, reason: str) -> None:
        """Make the move, and take it on in the session that the next step listens to."""
        move = self._inserts.move(TrackRef(track.id, track.title), plugin, settings, reason)
        self._moves.append(move)
        effect_id = f"{track.id} {NAME} {effect_of(move.settings)}"
        self._session = perform(self._session, [SetEffect(track.id, effect_id, plugin, move.tag, move.settings)])

    def _gaps(self, dry: Side, after: Side, rest: Side | None) -> _Gaps:
        if rest is None or not np.isfinite(rest.lufs):
            self._warnings.append("Nothing sounds beside the lead vocal, so its level is left as it is.")
            nothing = (math.nan, math.nan, math.nan, math.nan)
            return _Gaps(*nothing, 0.0, WantedLevel(math.nan, ""), WHOLE_SONG)
        wanted, sung = self._wanted(), dry.sung()
        is_sung = self._settings.vocal_while_sung and math.isfinite(rest.lufs_while(sung))

        def gap_lu(lead: Side, change_db: float = 0.0, *, while_sung: bool = is_sung) -> float:
            counted = sung if while_sung else None
            ours = integrated_lufs(lead.energy * db_to_energy(change_db), counted=counted)
            return ours - integrated_lufs(rest.energy, counted=counted)

        change_db = 0.0
        for _ in range(_ROUNDS if "level" in self._settings.vocal_steps else 0):
            change_db += wanted.gap_lu - gap_lu(after, change_db)
        return _Gaps(
            before_lu=gap_lu(dry),
            behind_lu=gap_lu(after),
            after_lu=gap_lu(after, change_db),
            other_lu=gap_lu(after, change_db, while_sung=not is_sung),
            change_db=change_db,
            wanted=wanted,
            measured=WHILE_SUNG if is_sung else WHOLE_SONG,
        )

    def _wanted(self) -> WantedLevel:
        excerpts = partial(excerpts_of, self._hearing.session, self._leads, self._others, self._range_s)
        try:
            return wanted_level(self._hearing, self._leads, self._settings.vocal_level, excerpts)
        except ValueError as error:
            self._warnings.append(f"No network for the level: {error}. The usual level is taken.")
            return wanted_level(self._hearing, self._leads, "usual", excerpts)

    def _levels(self, gaps: _Gaps) -> tuple[GainDecision, ...]:
        """Return the change of the lead; the others are named with none, so that headroom is made by all together."""
        start_s = self._range_s[0]
        if "level" not in self._settings.vocal_steps or not math.isfinite(gaps.wanted.gap_lu):
            return tuple(GainDecision(i, ((start_s, 0.0),), _TOGETHER) for i in self._hearing.scope.track_ids)
        lowered_db = self._beyond_db(gaps.change_db)
        reason = (
            f"{gaps.wanted.gap_lu:+.1f} LU beside everything else {gaps.measured}, {gaps.wanted.source}; "
            f"was {gaps.before_lu:+.1f} LU"
        )
        if abs(gaps.behind_lu - gaps.before_lu) >= 0.05:
            reason += f", {gaps.behind_lu:+.1f} LU behind compressor and equaliser"
        return tuple(
            GainDecision(i, ((start_s, gaps.change_db - lowered_db),), reason)
            if i in self._leads
            else GainDecision(i, ((start_s, -lowered_db),), _TOGETHER)
            for i in self._hearing.scope.track_ids
        )

    def _beyond_db(self, change_db: float) -> float:
        """Return how far the lead's fader would have to go beyond its top: by so much all others are lowered."""
        if not self._hearing.scope.whole or self._settings.all_on_envelope:
            return 0.0
        highest_db = max(self._session.track(i).gain_db for i in self._leads) + change_db
        return max(highest_db - FADER_TOP_DB, 0.0)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Lead above everything else in LU: before, behind its effects, with its level, and that over the other time."""

    before_lu: float
    behind_lu: float
    after_lu: float
    other_lu: float
    change_db: float
    wanted: WantedLevel
    measured: str


def _only_sends(session: Session, track_ids: Collection[str]) -> Session:
    """Return the session in which these tracks are heard through their sends to our bus alone."""
    bus_id = bus_ref(BUS).id
    tracks = []
    for track in session.tracks:
        if track.id in track_ids:
            track = replace(track, sends_to_parent=False)
        if track.id != bus_id:
            track = replace(track, receives=tuple(s for s in track.receives if s.source_track_id not in track_ids))
        tracks.append(track)
    return replace(session, tracks=tuple(tracks))
