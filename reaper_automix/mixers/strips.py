"""The strips mixer: a whole channel strip for every track, after the differentiable mixing console of [1]_.

What is suggested (``strip_suggestions``) is for tracks at one loudness. Each track is heard in a few excerpts, its
strip is held within good manners (``strip_manners``) and written as an engineer would set it: fader, pan, ReaEQ,
ReaComp and a send to the one reverb bus (``strip_moves``). The mix as a whole stays as loud as it is. Where a step is
left out, or a bound changes the sound, the fader brings the track to the loudness that its whole strip would have.

An engineer's pan is kept, and so is what other runs have set; with a range shorter than the session only levels move.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from reaper_automix.analysis.loudness import integrated_lufs
from reaper_automix.analysis.roles import Role
from reaper_automix.audio.panning import DUAL_PAN, STEREO_PAN, balance
from reaper_automix.audio.track_sound import TrackSound
from reaper_automix.edits import Control, SetControl
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.hearing import SILENT_LUFS, Hearing
from reaper_automix.mixers.inserts import Inserts
from reaper_automix.mixers.strip_hearing import THREADS, SongExcerpts
from reaper_automix.mixers.strip_manners import Mannered, does_something, loudness_change_lu, with_manners
from reaper_automix.mixers.strip_moves import (
    PLUGIN_STEPS,
    ChannelMoves,
    bus_moves,
    channel_moves,
    sends_by_db,
    stages_taken,
    standing_reverb,
    within_reach,
    without_steps,
)
from reaper_automix.mixers.strip_parameters import StripSettings
from reaper_automix.mixers.strip_suggestions import StripSource, Suggestion, suggested
from reaper_automix.mixplan import Move
from reaper_automix.planning import Decided, GainDecision
from reaper_automix.session import EnvelopeKind, Track
from reaper_automix.session_edits import perform
from reaper_automix.settings import FADER_TOP_DB, STRIP_STEPS, MixSettings
from reaper_automix.units import db_to_energy, db_to_lin, energy_to_db

NAME = "strips"
SMALLEST_PAN = 0.05
_TOO_SOFT = "too soft and too short to be judged, so it is left as it is; raise the item's or take's gain for more"
_LOWEST_THRESHOLD = "the threshold is the lowest that there is: the track is very soft"
MOST_LOWERED_DB = 6.0
"""So far all tracks are lowered together where a fader would pass its top; a softer track is named instead."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One track's strip as it is written.

    Parameters
    ----------
    track_id : str
    role : Role or None
    strip : StripSettings
        For the track at ``REFERENCE_LUFS``, within its bounds, steps that were not done left out, and with the pan that
        the track has then.
    to_reference_db : float
        What brings the track to that loudness.
    reduction_db, reverb_lu : float
        See ``Mannered``.
    bounds : tuple of str
        What good manners changed.
    left_out : mapping of str to str
        Steps that could not be done on this track, and why.
    """

    track_id: str
    role: Role | None
    strip: StripSettings
    to_reference_db: float
    reduction_db: float
    reverb_lu: float
    bounds: tuple[str, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StripFindings:
    """What was decided, for the report.

    Parameters
    ----------
    channels : tuple of Channel
        Of the tracks in scope that sound.
    reverb : ReverbSettings
        On the bus.
    source : str
        Who suggested the strips.
    starts_s : tuple of float
        Where the excerpts begin that all tracks were heard in, seconds of the project.
    sample_rate_hz : int
        Of the session.
    """

    channels: tuple[Channel, ...]
    reverb: ReverbSettings
    source: str
    starts_s: tuple[float, ...]
    sample_rate_hz: int


def decide(hearing: Hearing, settings: MixSettings) -> Decided:
    """Return the channel strips of the tracks in scope.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``strip_source``, ``strip_steps``, ``sets_pans``, ``flips_polarity`` and ``plugins``.

    Raises
    ------
    MediaError
        If a file cannot be read any more.
    ModelError
        If a model is missing or damaged.
    """
    audible = [i for i in hearing.measurements if hearing.loudness_lufs(i) > SILENT_LUFS]
    places = SongExcerpts(hearing, audible).places if audible else None
    judged = [i for i, starts_s in zip(audible, places.starts_s, strict=True) if starts_s] if places else []
    if not judged:
        return Decided()
    mixing = _Mixing(hearing, settings, judged)
    for track_id in hearing.scope.track_ids:
        if track_id in audible and track_id not in judged:
            mixing.inserts.warn(f"{hearing.session.track(track_id).title}: {_TOO_SOFT}.")
    return mixing.decided()


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found for one track: its strip within bounds, and how loud the suggested one would have it."""

    mannered: Mannered
    gain_db: float
    wanted_change_lu: float
    left_out: Mapping[str, str]


class _Mixing:
    """One run over the tracks that sound; those that are not in scope only belong to the balance."""

    def __init__(self, hearing: Hearing, settings: MixSettings, track_ids: Sequence[str]) -> None:
        self._hearing, self._settings = hearing, settings
        self._ids = track_ids
        self._roles = [hearing.roles.get(i) for i in track_ids]
        self._excerpts = SongExcerpts(hearing, track_ids)
        self.inserts = Inserts(settings.plugins, self._excerpts.rate_hz)
        self._in_scope = set(hearing.scope.track_ids)

    def decided(self) -> Decided:
        source = cast(StripSource, self._settings.strip_source)
        suggestion = suggested(self._excerpts.heard(), self._roles, source)
        reverb = standing_reverb(self._hearing.session) or suggestion.reverb
        numbers = range(len(self._ids))
        with ThreadPoolExecutor(THREADS, thread_name_prefix="strips") as pool:
            found = list(pool.map(lambda n: self._found(n, suggestion, reverb), numbers))
        moves: list[Move] = []
        makeups_db, unsaid = [0.0] * len(self._ids), [""] * len(self._ids)
        for number, one in enumerate(found):
            if self._ids[number] not in self._in_scope:
                makeups_db[number] = one.mannered.strip.compressor.makeup_db
                continue
            made = self._moves(number, one, suggestion.source)
            moves += made.moves
            makeups_db[number], unsaid[number] = made.makeup_db, "; ".join(made.unsaid)
        if standing_reverb(self._hearing.session) is None:
            moves = [*bus_moves(reverb, moves, self.inserts, suggestion.source), *moves]
        for number, one in enumerate(found):
            self._warn_of(number, one)
        decisions = self._levels(suggestion, found, makeups_db, unsaid)
        return Decided(
            levels=decisions,
            others=tuple(moves),
            warnings=tuple(self.inserts.warnings),
            findings=self._findings(found, reverb, suggestion.source),
        )

    # --- one track ---------------------------------------------------------------------------------------------------

    def _found(self, number: int, suggestion: Suggestion, reverb: ReverbSettings) -> _Found:
        strip = suggestion.strips[number]
        track = self._hearing.session.track(self._ids[number])
        gain_db = self._to_reference_db(number) + strip.gain_db
        sound = np.zeros((1, 0), np.float32)
        if does_something(strip):
            sound = self._excerpts.sound_of(number) * np.float32(db_to_lin(gain_db))
        left_out = stages_taken(self._hearing.session, track)
        steps = {step for step in PLUGIN_STEPS if self._does(step) and step not in left_out}
        done = without_steps(strip, steps)
        done = replace(
            done,
            compressor=within_reach(done.compressor, gain_db),
            pan=self._pan(track, strip),
            inverted=strip.inverted and self._settings.flips_polarity and self._hearing.scope.whole,
        )
        rate_hz = self._excerpts.rate_hz
        mannered = with_manners(done, sound, rate_hz, role=self._roles[number], reverb=reverb)
        if done.compressor.threshold_db > strip.compressor.threshold_db and "compressor" not in mannered.bounds:
            mannered = replace(mannered, bounds=mannered.bounds | {"compressor": _LOWEST_THRESHOLD})
        wanted_lu = 0.0
        if not suggestion.faders_are_loudness:
            is_whole = _same_sound(mannered.strip, strip)
            wanted_lu = mannered.change_lu if is_whole else loudness_change_lu(strip, sound, rate_hz)
        return _Found(mannered, gain_db, wanted_lu, left_out)

    def _to_reference_db(self, number: int) -> float:
        return REFERENCE_LUFS - float(self._excerpts.places.loudness_lufs[number])

    def _does(self, step: str) -> bool:
        """Tell whether a step is done: with a range shorter than the session only levels are."""
        return step in self._settings.strip_steps and (self._hearing.scope.whole or step == STRIP_STEPS[0])

    def _pan(self, track: Track, strip: StripSettings) -> float:
        """Return where a track will be: an engineer's pan is kept."""
        if track.is_panned:
            mode = self._hearing.session.pan_mode if track.pan_mode is None else track.pan_mode
            moves = any(track.envelope(kind) for kind in (EnvelopeKind.PAN, EnvelopeKind.PAN_PRE_FX))
            return 0.0 if moves or mode in (STEREO_PAN, DUAL_PAN) else track.pan
        does = self._does("pan") and self._settings.sets_pans and abs(strip.pan) >= SMALLEST_PAN
        return strip.pan if does and track.id in self._in_scope else 0.0

    def _moves(self, number: int, one: _Found, source: str) -> ChannelMoves:
        track = self._hearing.session.track(self._ids[number])
        return channel_moves(
            track,
            one.mannered,
            one.gain_db,
            self.inserts,
            n_channels=TrackSound(track, self._excerpts.rate_hz, self._hearing.scope.range_s).n_channels,
            source=source,
            sends_by_db=sends_by_db(self._hearing.session),
        )

    def _warn_of(self, number: int, one: _Found) -> None:
        """Say which steps a track goes without."""
        if self._ids[number] not in self._in_scope:
            return
        title = self._hearing.session.track(self._ids[number]).title
        for step, why in one.left_out.items():
            if self._does(step):
                self.inserts.warn(f"{title}: no {step} of its strip, because {why}.")

    # --- levels ------------------------------------------------------------------------------------------------------

    def _levels(
        self,
        suggestion: Suggestion,
        found: Sequence[_Found],
        makeups_db: Sequence[float],
        unsaid: Sequence[str],
    ) -> tuple[GainDecision, ...]:
        hearing = self._hearing
        if not self._does("level"):
            return tuple(self._decision(number, 0.0, unsaid[number]) for number in self._numbers_in_scope())
        now_lufs = [hearing.loudness_lufs(i) for i in self._ids]
        wanted_lufs = [self._wanted_lufs(n, suggestion.strips[n], found[n]) for n in range(len(self._ids))]
        panned = self._panned(found)
        common_db = energy_to_db(_power(now_lufs) / _power(wanted_lufs))
        changes_db = {}
        for number in self._numbers_in_scope():
            mannered = found[number].mannered
            inserted_lu = mannered.change_lu - mannered.strip.compressor.makeup_db + makeups_db[number]
            reached_lufs = panned.loudness_lufs(self._ids[number]) + inserted_lu
            changes_db[number] = wanted_lufs[number] + common_db - reached_lufs
        lowered_db = self._beyond_db(changes_db)
        mean_lufs = float(np.mean(wanted_lufs))
        decisions = []
        for number, change_db in changes_db.items():
            beside_lu = wanted_lufs[number] - mean_lufs
            said = f"{round(beside_lu, 1) + 0.0:+.1f} LU beside the average track ({suggestion.source})"
            reason = "; ".join(filter(None, (said, unsaid[number])))
            decisions.append(self._decision(number, change_db - lowered_db, reason))
        return tuple(decisions)

    def _wanted_lufs(self, number: int, strip: StripSettings, one: _Found) -> float:
        """Return how loud the suggested strip has a track, at the place that it will have."""
        sides = np.array(balance(one.mannered.strip.pan, 0.0))[:, np.newaxis]
        placed_lufs = integrated_lufs(self._hearing.measurements[self._ids[number]].block_energy, sides)
        return placed_lufs + one.gain_db + strip.fader_db + one.wanted_change_lu

    def _panned(self, found: Sequence[_Found]) -> Hearing:
        """Return what is heard once the pans are set."""
        edits = []
        for number in self._numbers_in_scope():
            track, pan = self._hearing.session.track(self._ids[number]), found[number].mannered.strip.pan
            if not track.is_panned and pan != 0.0:
                edits.append(SetControl(track.id, Control.PAN, pan))
        return replace(self._hearing, session=perform(self._hearing.session, edits)) if edits else self._hearing

    def _beyond_db(self, changes_db: Mapping[int, float]) -> float:
        """Return by how much all are lowered because a fader would pass its top; not for one that is far beyond."""
        if not self._hearing.scope.whole or self._settings.all_on_envelope:
            return 0.0
        tops_db = [self._hearing.session.track(self._ids[n]).gain_db + change for n, change in changes_db.items()]
        beyond_db = [top_db - FADER_TOP_DB for top_db in tops_db]
        return max((one for one in beyond_db if 0.0 < one <= MOST_LOWERED_DB), default=0.0)

    def _numbers_in_scope(self) -> list[int]:
        return [number for number, track_id in enumerate(self._ids) if track_id in self._in_scope]

    def _decision(self, number: int, change_db: float, reason: str) -> GainDecision:
        reason = reason or "left as it is; lowered with all others where the mix is at its headroom"
        return GainDecision(self._ids[number], ((self._hearing.scope.range_s[0], change_db),), reason)

    # --- the report --------------------------------------------------------------------------------------------------

    def _findings(self, found: Sequence[_Found], reverb: ReverbSettings, source: str) -> StripFindings:
        start_s = self._hearing.scope.range_s[0]
        return StripFindings(
            channels=tuple(self._channel(number, found[number]) for number in self._numbers_in_scope()),
            reverb=reverb,
            source=source,
            starts_s=tuple(start_s + place_s for place_s in self._excerpts.places.common_s),
            sample_rate_hz=self._excerpts.rate_hz,
        )

    def _channel(self, number: int, one: _Found) -> Channel:
        found = one.mannered
        made_up_db = one.wanted_change_lu - found.change_lu
        return Channel(
            track_id=self._ids[number],
            role=self._roles[number],
            strip=replace(found.strip, fader_db=found.strip.fader_db + made_up_db),
            to_reference_db=self._to_reference_db(number),
            reduction_db=found.reduction_db,
            reverb_lu=found.reverb_lu,
            bounds=tuple(found.bounds.values()),
            left_out={step: why for step, why in one.left_out.items() if self._does(step)},
        )


def _same_sound(one: StripSettings, other: StripSettings) -> bool:
    return (one.equaliser, one.compressor) == (other.equaliser, other.compressor)


def _power(levels_lufs: Sequence[float]) -> float:
    return math.fsum(map(db_to_energy, levels_lufs))
