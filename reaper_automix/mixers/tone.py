"""The tone mixer: the timbre of a finished stem, as a few bands of an equaliser that the engineer can edit, after [1]_.

Bass, guitars, vocals and keys are heard where they are loudest. A small network per group of instruments says which
gain each third of an octave would have in a finished stem (``tone_network``), and at most six bands come near to that
curve (``tone_equaliser``). On wish the network's audio itself becomes a new take of each item, in place of the
equaliser: both would be the tone twice (``tone_takes``). A track stays as loud as it is.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.mel_spectra import N_MELS, Mels, in_db, mel_energies
from reaper_automix.audio.media import MediaIndex
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.audio.track_sound import TrackSound
from reaper_automix.mixers.hearing import SILENT_LUFS, Hearing
from reaper_automix.mixers.inserts import Inserts
from reaper_automix.mixers.strip_moves import stages_taken
from reaper_automix.mixers.tone_equaliser import Target, ToneFit, neutral_fit
from reaper_automix.mixers.tone_groups import GROUP_WORDS, group_of
from reaper_automix.mixers.tone_hearing import loudest_part
from reaper_automix.mixers.tone_network import ToneModel, load_model, long_term_gain_db
from reaper_automix.mixers.tone_takes import take_moves, takes_problem
from reaper_automix.mixplan import EffectMove, TakeMove, TrackRef
from reaper_automix.planning import Decided, GainDecision
from reaper_automix.settings import MixSettings

NAME = "tone"
THREADS = 2
"""Decoding and the processors release the interpreter lock."""
SMALLEST_CHANGE_LU = 0.1
"""An equaliser that changes the loudness by less leaves the fader alone."""

_TOO_SOFT = "too soft to be judged, so it is left as it is; raise the item's or take's gain for more"
_PART = "No equaliser or take is set: it would count everywhere, and this run is for a part of the session."

_MEAN_CURVE = "mean curve"
_PROOFS = {
    "proven_on_unseen_songs": "on unseen songs",
    "proven_on_recorded_raw_tracks": "on recordings of another author",
    "proven_on_stems_of_engineers": "on stems that human engineers made",
}
"""Keys of the model's card, in words."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ToneChannel:
    """One track's tone.

    Parameters
    ----------
    track_id : str
    group : str
        Of ``tone_groups.GROUPS``.
    start_s : float
        Where its loudest ten seconds begin, in seconds of the project.
    levels_db : ndarray of float64, shape (n_bands,)
        Of those, in ``third_octaves.CENTRES_HZ``.
    target : Target
    fit : ToneFit
        At full strength; what the plug-in can hold of it is in the plan.
    change_lu : float
        What the equaliser does to the loudness, before the fader makes up for it.
    left_out : str
        Why the track has no equaliser of this run; empty where it has, or needs none.
    n_takes : int
        New takes that it gets in place of the equaliser.
    mels_db : ndarray of float32, shape (128, n_frames)
        Its loudest ten seconds in the bands of ``analysis.mel_spectra``, for the picture; empty where nobody asked.
    """

    track_id: str
    group: str
    start_s: float
    levels_db: Floats
    target: Target
    fit: ToneFit
    change_lu: float = 0.0
    left_out: str = ""
    n_takes: int = 0
    mels_db: Mels = field(default_factory=lambda: np.zeros((N_MELS, 0), np.float32))


@dataclass(frozen=True, slots=True)
class ToneFindings:
    """What was decided, for the report.

    Parameters
    ----------
    channels : tuple of ToneChannel
        Of the tracks in scope that were judged.
    sample_rate_hz : int
        Of the session.
    evidence : tuple of str
        What is known of the networks that were asked, a sentence each.
    """

    channels: tuple[ToneChannel, ...]
    sample_rate_hz: int
    evidence: tuple[str, ...] = ()


def decide(hearing: Hearing, settings: MixSettings) -> Decided:
    """Return the equalisers of the tracks in scope whose instrument has a network.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``plugins``, ``tone_take`` and, for the audio of takes, ``strength_percent``.

    Raises
    ------
    MediaError
        If a file cannot be read any more.
    ModelError
        If the networks are missing or damaged.
    SessionError
        If the audio of a take cannot be written.
    """
    sounding = [i for i in hearing.scope.track_ids if hearing.loudness_lufs(i) > SILENT_LUFS]
    return _Toning(hearing, settings, load_model()).decided(sounding) if sounding else Decided()


class _Toning:
    """One run."""

    def __init__(self, hearing: Hearing, settings: MixSettings, model: ToneModel) -> None:
        self._hearing, self._settings, self._model = hearing, settings, model
        self._rate_hz = session_rate_hz(hearing.session)
        self._inserts = Inserts(settings.plugins, self._rate_hz)
        self._index = MediaIndex()

    def decided(self, track_ids: Sequence[str]) -> Decided:
        groups = {i: group for i in track_ids if (group := self._group(i)) is not None}
        with ThreadPoolExecutor(THREADS, thread_name_prefix="tone") as pool:
            channels = list(filter(None, pool.map(lambda i: self._channel(i, groups[i]), groups)))
        taken = {c.track_id: self._takes(c) for c in channels} if self._settings.tone_take else {}
        channels = [replace(c, n_takes=len(taken.get(c.track_id, ()))) for c in channels]
        moves = {c.track_id: self._move(c) for c in channels if c.fit.settings.bands and not (c.left_out or c.n_takes)}
        self._warn_of_others(track_ids, groups)
        self._warn_of_channels(groups, channels)
        changes_lu = {c.track_id: c.change_lu for c in channels if c.track_id in moves}
        return Decided(
            levels=tuple(self._decision(i, changes_lu.get(i, 0.0)) for i in track_ids),
            others=(*moves.values(), *(move for made in taken.values() for move in made)),
            warnings=tuple(self._inserts.warnings),
            findings=ToneFindings(tuple(channels), self._rate_hz, self._evidence(channels)),
        )

    # --- one track ---------------------------------------------------------------------------------------------------

    def _group(self, track_id: str) -> str | None:
        group = group_of(self._hearing.roles.get(track_id))
        return group if group in self._model.networks else None

    def _channel(self, track_id: str, group: str) -> ToneChannel | None:
        part = loudest_part(self._hearing, track_id)
        if part is None:
            return None
        gain_db, _ = long_term_gain_db(self._model.networks[group], part.normalised_mono(), part.rate_hz)
        target, fit, change_lu = neutral_fit(gain_db, part)
        track = self._hearing.session.track(track_id)
        left_out = stages_taken(self._hearing.session, track).get("equaliser", "")
        mels_db = in_db(mel_energies(part.normalised_mono()[0], part.rate_hz))
        return ToneChannel(
            track_id, group, part.start_s, part.levels_db, target, fit, change_lu, left_out, mels_db=mels_db
        )

    def _move(self, channel: ToneChannel) -> EffectMove:
        track = self._hearing.session.track(channel.track_id)
        range_s = self._hearing.scope.range_s
        plugin = self._inserts.plugin("equaliser", TrackSound(track, self._rate_hz, range_s).n_channels)
        off = f"{channel.fit.distance_db:.1f} dB from a curve of {channel.fit.curve_rms_db:.1f} dB"
        held = "; less boost where the track has nothing" if channel.fit.held_back else ""
        reason = f"the tone of a finished {channel.group} stem: {off}{held}"
        return self._inserts.move(TrackRef(track.id, track.title), plugin, channel.fit.settings, reason)

    def _takes(self, channel: ToneChannel) -> list[TakeMove]:
        """Return new takes for all items of a track, or none of them: the tone is one."""
        share = self._settings.strength_percent / 100.0
        if channel.left_out or not self._hearing.scope.whole or share <= 0.0:
            return []
        track = self._hearing.session.track(channel.track_id)
        if problem := takes_problem(track, self._index):
            self._inserts.warn(f"{track.title}: an equaliser in place of new takes, because {problem}.")
            return []
        part = loudest_part(self._hearing, channel.track_id)
        reason = f"the tone of a finished {channel.group} stem, played by the network"
        network = self._model.networks[channel.group]
        return [] if part is None else take_moves(track, network, part, share=share, reason=reason)

    def _decision(self, track_id: str, change_lu: float) -> GainDecision:
        start_s = self._hearing.scope.range_s[0]
        if self._hearing.scope.whole and abs(change_lu) > SMALLEST_CHANGE_LU:
            louder = "louder" if change_lu > 0.0 else "softer"
            reason = f"its equaliser makes it {abs(change_lu):.1f} LU {louder}, so the fader makes up for that"
            return GainDecision(track_id, ((start_s, -change_lu),), reason)
        reason = "left as it is; lowered with all others where the mix is at its headroom"
        return GainDecision(track_id, ((start_s, 0.0),), reason)

    def _evidence(self, channels: Sequence[ToneChannel]) -> tuple[str, ...]:
        """Say of each group that was asked on what its network is proven, as the model's card has it."""
        cards = self._model.card.get("groups", {})
        asked = dict.fromkeys(channel.group for channel in channels)
        return tuple(_evidence_words(group, cards[group]) for group in asked if "method" in cards.get(group, {}))

    # --- what is left alone ------------------------------------------------------------------------------------------

    def _warn_of_others(self, track_ids: Sequence[str], groups: Mapping[str, str]) -> None:
        """Name the tracks that no network is for, those of unknown role apart."""
        others = [i for i in track_ids if i not in groups]
        known = [i for i in others if i in self._hearing.roles]
        unknown = [i for i in others if i not in self._hearing.roles]
        if known:
            said = f"left alone, because the networks know the tone of {GROUP_WORDS} only"
            self._inserts.warn(f"{self._titles(known)}: {said}.")
        if unknown:
            said = "left alone, because nothing says what it plays; say so with --role or the action for it"
            self._inserts.warn(f"{self._titles(unknown)}: {said}.")

    def _warn_of_channels(self, groups: Mapping[str, str], channels: Sequence[ToneChannel]) -> None:
        judged = {channel.track_id: channel for channel in channels}
        if silent := [i for i in groups if i not in judged]:
            self._inserts.warn(f"{self._titles(silent)}: {_TOO_SOFT}.")
        for channel in channels:
            if channel.left_out:
                title = self._titles([channel.track_id])
                self._inserts.warn(f"{title}: no equaliser for its tone, because {channel.left_out}.")
        if channels and not self._hearing.scope.whole:
            self._inserts.warn(_PART)

    def _titles(self, track_ids: Sequence[str]) -> str:
        *first, last = (self._hearing.session.track(i).title for i in track_ids)
        return f"{', '.join(first)} and {last}" if first else last


def _evidence_words(group: str, card: Mapping[str, Any]) -> str:
    if card["method"] == _MEAN_CURVE:
        return f"The answer for {group} is the mean curve of its stems: no network was better on unseen songs."
    proven = [words for key, words in _PROOFS.items() if card.get(key)]
    unproven = [words for key, words in _PROOFS.items() if not card.get(key)]
    said = f"beats the raw track and the mean curve {' and '.join(proven)}" if proven else "is not proven anywhere yet"
    rest = f"; it is not proven {' or '.join(unproven)}" if proven and unproven else ""
    return f"The network of {group} {said}{rest}."
