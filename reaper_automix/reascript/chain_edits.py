"""Edits of plug-ins, sends and buses in the open project, and the way back where an undo step cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reaper_automix.edit_checks import ChainEdit, holds, target_of, words_of
from reaper_automix.edits import AddBus, RemoveBus, RestoreEffect, RestoreSend, SetEffect, SetSend
from reaper_automix.errors import SessionError
from reaper_automix.plugins.registry import is_stock, playable, short_name, stock_for
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.own_effects import own_slots, rate_hz, set_own_effect
from reaper_automix.session import FxSlot, SendMode, Session
from reaper_automix.units import db_to_lin

_SEND_MODES = {SendMode.POST_FADER: 0.0, SendMode.PRE_FX: 1.0, SendMode.PRE_FADER: 3.0}


def chains_of(session: Session) -> list[tuple[object, ...]]:
    """Return all that edits of plug-ins, sends and buses can change, to compare."""
    return [(track.id, track.name, track.effects, track.receives) for track in session.tracks]


class ChainWriter:
    """Performs such edits on one project, for one run.

    Parameters
    ----------
    reaper : Reaper
        The project.
    track_of : callable
        Returns a track's pointer by its id, or raises ``SessionError``.
    """

    def __init__(self, reaper: Reaper, track_of: Callable[[str], str]) -> None:
        self._reaper = reaper
        self._track_of = track_of
        self._backwards: list[Callable[[], None]] = []
        self.notes: list[str] = []
        """What was done otherwise than asked for, in words."""
        self.given_ids: dict[str, str] = {}
        """The ids that REAPER gave new plug-ins, by those that the edits called them."""

    def perform_all(self, edits: Sequence[ChainEdit]) -> None:
        """Perform edits in their order, but for the removal of buses: others may still be about them.

        Raises
        ------
        SessionError
            If REAPER refuses one.
        """
        for edit in edits:
            if not isinstance(edit, RemoveBus):
                self.perform(edit)

    def remove_buses(self, edits: Sequence[ChainEdit]) -> None:
        """Remove the buses that are to go."""
        for edit in edits:
            if isinstance(edit, RemoveBus):
                self.perform(edit)

    def with_given_ids(self, ledger_json: str) -> str:
        """Return the ledger with the ids that REAPER gave in place of those of the edits."""
        for planned, given in self.given_ids.items():
            ledger_json = ledger_json.replace(planned, given)
        return ledger_json

    def checked(self, wanted: Session, now: Session, edits: Sequence[ChainEdit]) -> Session:
        """Return the wanted session with plug-ins and sends as they were read back.

        Raises
        ------
        SessionError
            If an edit did not read back as written; one that a later one overrides is not looked for.
        """
        for number, edit in enumerate(edits):
            if any(target_of(later) == target_of(edit) for later in edits[number + 1 :]):
                continue
            if not holds(now, self._given(edit)):
                title = next((t.title for t in (*now.tracks, *wanted.tracks) if t.id == edit.track_id), edit.track_id)
                raise SessionError(f"{words_of(edit)} of track {title!r} did not read back as written")
        read = {track.id: track for track in now.tracks}
        return wanted.with_tracks(
            {
                track.id: replace(track, effects=read[track.id].effects, receives=read[track.id].receives)
                for track in wanted.tracks
                if track.id in read
            }
        )

    def _given(self, edit: ChainEdit) -> ChainEdit:
        if isinstance(edit, SetEffect | RestoreEffect):
            return replace(edit, effect_id=self.given_ids.get(edit.effect_id, edit.effect_id))
        return edit

    def perform(self, edit: ChainEdit) -> None:
        """Perform one edit.

        Raises
        ------
        SessionError
            If REAPER refuses it.
        """
        match edit:
            case AddBus():
                self._add_bus(edit)
            case RemoveBus():
                self._reaper.delete_track(self._track_of(edit.track_id))
            case SetEffect():
                self._set_effect(edit)
            case RestoreEffect():
                self._restore_effect(edit)
            case SetSend():
                self._set_send(edit)
            case RestoreSend():
                self._restore_send(edit)

    def take_back(self) -> None:
        """Undo by hand what was added or set, the last first."""
        for step in reversed(self._backwards):
            step()
        self._backwards.clear()

    # --- buses -----------------------------------------------------------------------------------------------------

    def _add_bus(self, edit: AddBus) -> None:
        tracks = self._reaper.tracks()
        depth = 0
        for track in tracks:
            depth = max(depth + round(self._reaper.value(track, "I_FOLDERDEPTH")), 0)
        if depth > 0:
            raise SessionError("The project's last folder is not closed. Close it and run again")
        bus = self._reaper.insert_track(len(tracks))
        self._backwards.append(lambda: self._reaper.delete_track(bus))
        self._reaper.set_text(bus, "P_NAME", edit.name)
        self._reaper.set_text(bus, "GUID", edit.track_id)
        for name, value in (("D_VOL", 1.0), ("D_PAN", 0.0), ("B_MUTE", 0.0), ("I_FOLDERDEPTH", 0.0)):
            self._reaper.set_value(bus, name, value)
        if self._reaper.text(bus, "GUID") != edit.track_id:
            raise SessionError("REAPER did not let the new bus have the id that the plan gives it")

    # --- plug-ins --------------------------------------------------------------------------------------------------

    def _find(self, track: str, effect_id: str) -> tuple[int, FxSlot] | None:
        wanted = self.given_ids.get(effect_id, effect_id)
        return next(((i, slot) for i, slot in own_slots(self._reaper, track).items() if slot.id == wanted), None)

    def _set_effect(self, edit: SetEffect) -> None:
        track = self._track_of(edit.track_id)
        found = self._find(track, edit.effect_id)
        if found is None:
            self._insert(track, edit)
            return
        index, slot = found
        if slot.settings is not None:
            before, plugin = slot.settings, short_name(slot.name)
            self._backwards.append(lambda: set_own_effect(self._reaper, track, index, plugin, before))
        settings = playable(short_name(slot.name), edit.settings, rate_hz(self._reaper))[0]
        set_own_effect(self._reaper, track, index, short_name(slot.name), settings)

    def _insert(self, track: str, edit: SetEffect) -> None:
        """Insert the plug-in; where one that REAPER does not bring along fails, the stock one takes its place."""
        if not is_stock(edit.plugin):
            try:
                self._insert_as(track, edit, edit.plugin)
            except SessionError as problem:
                self._backwards.pop()()
                stock = stock_for(edit.plugin)
                note = f"{problem}: {stock} takes its place"
                self.notes += [] if note in self.notes else [note]
            else:
                return
        self._insert_as(track, edit, edit.plugin if is_stock(edit.plugin) else stock_for(edit.plugin))

    def _insert_as(self, track: str, edit: SetEffect, plugin: str) -> None:
        n_before = self._reaper.n_effects(track)
        self._backwards.append(lambda: self._remove_added(track, n_before))
        index = self._reaper.add_effect(track, plugin)
        if index < 0:
            remedy = ", which is part of its installation. Install REAPER again" if is_stock(plugin) else " installed"
            raise SessionError(f"REAPER has no {plugin}{remedy}")
        if not self._reaper.set_effect_config(track, index, "renamed_name", edit.tag):
            raise SessionError("This REAPER cannot name a plug-in's instance: version 6.37 or newer is needed")
        set_own_effect(self._reaper, track, index, plugin, playable(plugin, edit.settings, rate_hz(self._reaper))[0])
        slot = own_slots(self._reaper, track).get(index)
        if slot is None or slot.id.startswith("#"):
            raise SessionError(f"REAPER does not tell the id of the new {plugin}: the track's state is too large")
        self.given_ids[edit.effect_id] = slot.id

    def _remove_added(self, track: str, index: int) -> None:
        if self._reaper.n_effects(track) > index:
            self._reaper.remove_effect(track, index)

    def _restore_effect(self, edit: RestoreEffect) -> None:
        track = self._track_of(edit.track_id)
        found = self._find(track, edit.effect_id)
        if found is None:
            return
        index, slot = found
        if edit.was is None:
            self._reaper.remove_effect(track, index)
        else:
            set_own_effect(self._reaper, track, index, short_name(slot.name), edit.was)

    # --- sends -----------------------------------------------------------------------------------------------------

    def _set_send(self, edit: SetSend) -> None:
        source, target = self._track_of(edit.track_id), self._track_of(edit.to_id)
        index = self._reaper.audio_send(source, target)
        if index is None:
            index = self._reaper.add_send(source, target)
            self._backwards.append(lambda: self._remove_send(source, target))
            for name in ("D_PAN", "B_MUTE", "B_MONO", "B_PHASE", "I_SRCCHAN", "I_DSTCHAN"):
                self._reaper.set_send_value(source, index, name, 0.0)
        else:
            was = [(name, self._reaper.send_value(source, index, name)) for name in ("D_VOL", "I_SENDMODE")]
            known = index
            self._backwards.append(lambda: self._write_send(source, known, was))
        self._write_send(source, index, [("D_VOL", db_to_lin(edit.level_db)), ("I_SENDMODE", _SEND_MODES[edit.mode])])

    def _restore_send(self, edit: RestoreSend) -> None:
        source, target = self._track_of(edit.track_id), self._track_of(edit.to_id)
        index = self._reaper.audio_send(source, target)
        if index is None:
            return
        if edit.was is None:
            self._reaper.remove_send(source, index)
        else:
            level_db, mode = edit.was
            self._write_send(source, index, [("D_VOL", db_to_lin(level_db)), ("I_SENDMODE", _SEND_MODES[mode])])

    def _write_send(self, source: str, index: int, values: list[tuple[str, float]]) -> None:
        for name, value in values:
            self._reaper.set_send_value(source, index, name, value)

    def _remove_send(self, source: str, target: str) -> None:
        index = self._reaper.audio_send(source, target)
        if index is not None:
            self._reaper.remove_send(source, index)
