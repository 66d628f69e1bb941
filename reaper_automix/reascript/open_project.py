"""The open project as a host (``edits.Host``): everything is written in one undo step of REAPER, and read back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from reaper_automix.chunks.context import Reading
from reaper_automix.chunks.envelopes import restore_points, set_points, spelling
from reaper_automix.chunks.media import MediaFinder
from reaper_automix.chunks.text import format_number, replace_token, words
from reaper_automix.edit_checks import ChainEdit, TakeEdit
from reaper_automix.edits import (
    AddBus,
    AddTake,
    Control,
    Edit,
    RemoveTake,
    RestoreControl,
    RestorePoints,
    SetControl,
    SetPoints,
)
from reaper_automix.envelope import is_neutral
from reaper_automix.errors import SessionError
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.chain_edits import ChainWriter, chains_of
from reaper_automix.reascript.record import store_ledger, store_roles, stored_ledger
from reaper_automix.reascript.snapshot import automation_override, read_envelope, snapshot
from reaper_automix.reascript.take_edits import TakeWriter, items_of
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, Session, Track
from reaper_automix.session_edits import control_from_spelling, control_value, perform
from reaper_automix.take_files import takes_placed
from reaper_automix.units import db_to_lin, same_level

_VALUE_NAMES = {Control.FADER: "D_VOL", Control.PAN: "D_PAN", Control.POLARITY: "B_PHASE"}
_VALUE_TOLERANCE = 1e-6
_TIME_TOLERANCE_S = 1e-5
_LEVEL_TOLERANCE_DB = 1e-3
_NO_MEDIA = MediaFinder(Path())

EnvelopeKey = tuple[str, EnvelopeKind]


class ReaperHost:
    """The open project.

    Parameters
    ----------
    reaper : Reaper
        One project tab.
    label : str
        How the undo step is called in REAPER's Edit menu.
    known : Session, optional
        The session as it was read, together with ``known_at``: it is not read again while REAPER counts no change.
    known_at : int, optional
        ``Reaper.change_count()`` at the time of reading.
    """

    def __init__(self, reaper: Reaper, label: str, *, known: Session | None = None, known_at: int = -1) -> None:
        self._reaper = reaper
        self._label = label
        self._session = known
        self._read_at = known_at
        self._pointers: dict[str, str] = {}
        self._chunks_before: dict[EnvelopeKey, str] = {}
        self._notes: list[str] = []
        self._chain = ChainWriter(reaper, self._track)
        self._takes = TakeWriter(reaper, self._track)

    @property
    def has_undo(self) -> bool:
        """True: one undo in REAPER takes back what one run wrote."""
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done otherwise than asked for; the rest REAPER says in its undo history."""
        return tuple(self._notes)

    @property
    def why_no_takes(self) -> str:
        """A project that was never saved has no folder for media yet."""
        return "" if self._reaper.project_file() else "the project has no media folder yet; save it and run again"

    def read_session(self) -> Session:
        """Return the project as it is now."""
        count = self._reaper.change_count()
        if self._session is None or count != self._read_at:
            self._session = snapshot(self._reaper)
            self._read_at = count
        override = automation_override(self._reaper)  # of REAPER, not of the project: it is not counted
        if override != self._session.automation_override:
            self._session = replace(self._session, automation_override=override)
        return self._session

    def keep_roles(self, roles_json: str) -> None:
        """Store what the engineer said of roles in the project, at once."""
        store_roles(self._reaper, roles_json)
        if self._session is not None:
            self._session = replace(self._session, roles_json=roles_json)

    def spelling(self, track_id: str, control: Control) -> str:
        """Return a control as a project file spells it: the fader as a linear gain.

        Raises
        ------
        SessionError
            If the project has no such track.
        """
        return format_number(self._reaper.value(self._track(track_id), _VALUE_NAMES[control]))

    def envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        """Return the lines of an envelope that ``SetPoints`` on this window would replace; empty if there is none.

        Raises
        ------
        SessionError
            If the project has no such track.
        """
        pointer = self._reaper.envelope(self._track(track_id), kind)
        if pointer is None or not self._reaper.is_used(pointer):
            return ()
        return spelling(self._lines(pointer), window_s)

    def has_chain(self, track_id: str) -> bool:
        """Tell whether a track has plug-ins; one that the run itself makes has none."""
        known = any(track.id == track_id for track in self.read_session().tracks)
        return known and self._reaper.n_effects(self._track(track_id)) > 0

    def writable_plugin(self, plugin: str) -> tuple[str, str]:
        """Return the plug-in as it is: whether it is installed shows when it is inserted."""
        return plugin, ""

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Perform all edits and store the ledger in one undo step, or change nothing and raise.

        Raises
        ------
        SessionError
            If REAPER records, a track is gone, or something does not read back as written; it was undone then.
        """
        session = self.read_session()
        if not edits and ledger_json == session.ledger_json:
            return session
        if self._reaper.is_recording():
            raise SessionError("REAPER is recording, so nothing was written. Stop the recording and run again.")
        with takes_placed(edits, Path(self._reaper.media_folder())) as placed:
            return self._write(session, placed, ledger_json)

    def _write(self, session: Session, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Write edits whose media lie where they belong."""
        targets = _Targets.of(session, edits)
        for track_id in targets.track_ids - targets.new_ids:
            self._track(track_id)
        with self._undo_step(session, targets):
            self._chain.perform_all(targets.chain)
            for edit in targets.takes:
                self._takes.perform(edit)
            self._write_controls(targets)
            self._write_envelopes(targets)
            self._chain.remove_buses(targets.chain)
            written = self._checked(session, targets)
            ledger_json = self._chain.with_given_ids(ledger_json)
            store_ledger(self._reaper, ledger_json)
            if stored_ledger(self._reaper, lambda _: None) != ledger_json:
                raise SessionError("the record of this run did not read back as written")
        self._session = replace(written, ledger_json=ledger_json)
        self._read_at = self._reaper.change_count()
        return self._session

    # --- writing -----------------------------------------------------------------------------------------------

    @contextmanager
    def _undo_step(self, before: Session, targets: _Targets) -> Iterator[None]:
        """Hold an undo block open; on any failure close it, take everything back and say whether that worked."""
        last_step, count = self._reaper.last_step(), self._reaper.change_count()
        self._chunks_before.clear()
        self._chain = ChainWriter(self._reaper, self._track)
        self._takes = TakeWriter(self._reaper, self._track)
        self._reaper.begin_block()
        try:
            yield
        except Exception as error:
            self._reaper.end_block(self._label)
            self._session = None
            reason = str(error).rstrip(".") or repr(error)
            made_step = self._reaper.last_step() == self._label and (
                last_step != self._label or self._reaper.change_count() != count
            )
            left = self._taken_back(before, targets, made_step=made_step)
            raise SessionError(
                f"{reason}. {left}; the next step: run again, and report this if it happens again."
            ) from error
        except BaseException:
            self._reaper.end_block(self._label)
            raise
        else:
            self._reaper.end_block(self._label)
            self._notes += [note for note in self._chain.notes if note not in self._notes]

    def _taken_back(self, before: Session, targets: _Targets, *, made_step: bool) -> str:
        """Take a failed write back: by REAPER's undo, and by hand where that is not enough; say how it ended."""
        try:
            if made_step:
                self._reaper.undo()
            if not self._is_as_before(before, targets):
                self._write_back(before, targets)
            store_ledger(self._reaper, before.ledger_json)  # REAPER's undo may not cover it
            return "Nothing was changed" if self._is_as_before(before, targets) else _HALF_DONE
        except Exception:
            return _HALF_DONE

    def _write_back(self, before: Session, targets: _Targets) -> None:
        """Write what was there before; undo may be switched off in REAPER."""
        self._takes.take_back()
        self._chain.take_back()
        for track_id, control in targets.controls:
            track = before.track(track_id)
            value = control_value(track, control)
            raw = db_to_lin(value) if control == Control.FADER else value
            self._reaper.set_value(self._track(track_id), _VALUE_NAMES[control], raw)
        for (track_id, kind), chunk in self._chunks_before.items():
            pointer = self._reaper.envelope(self._track(track_id), kind)
            if pointer is not None:
                self._reaper.set_envelope_chunk(pointer, chunk)

    def _write_controls(self, targets: _Targets) -> None:
        for (track_id, control), value in targets.controls.items():
            raw = db_to_lin(value) if control == Control.FADER else value
            self._reaper.set_value(self._track(track_id), _VALUE_NAMES[control], raw)

    def _write_envelopes(self, targets: _Targets) -> None:
        self._create_missing(targets)
        for key, edits in targets.envelopes.items():
            pointer = self._reaper.envelope(self._track(key[0]), key[1])
            if pointer is None:
                if all(isinstance(edit, RestorePoints) and not edit.was for edit in edits):
                    continue  # what is to be taken away is not there
                raise SessionError(f"REAPER does not show the {key[1].value} envelope of track {self._title(key[0])!r}")
            before = self._lines(pointer)
            self._chunks_before[key] = "\n".join(before)
            lines = _edited(before, edits, used=self._reaper.is_used(pointer))
            if not self._reaper.set_envelope_chunk(pointer, "\n".join(lines)):
                raise SessionError(f"REAPER refused the {key[1].value} envelope of track {self._title(key[0])!r}")

    def _create_missing(self, targets: _Targets) -> None:
        """Have REAPER create envelopes that it does not hand out by itself; all tracks of a kind at once."""
        missing: dict[EnvelopeKind, list[str]] = {}
        for (track_id, kind), edits in targets.envelopes.items():
            pointer = self._track(track_id)
            wanted = any(isinstance(edit, SetPoints) or edit.was for edit in edits)
            if wanted and self._reaper.envelope(pointer, kind) is None:
                missing.setdefault(kind, []).append(pointer)
        for kind, tracks in missing.items():
            self._reaper.show_envelopes(tracks, kind)
            for track in tracks:
                pointer_now = self._reaper.envelope(track, kind)
                if pointer_now is not None:  # the point that REAPER made is none of the user's
                    self._reaper.set_envelope_chunk(pointer_now, "\n".join(_emptied(self._lines(pointer_now))))

    # --- reading back ------------------------------------------------------------------------------------------

    def _checked(self, session: Session, targets: _Targets) -> Session:
        """Return the session with what was written as REAPER has it now; raise where that is not what was asked for."""
        wanted = perform(session, targets.edits)
        if targets.chain or targets.takes:
            now = snapshot(self._reaper)
            wanted = self._chain.checked(wanted, now, targets.chain)
            wanted = self._takes.checked(wanted, now, targets.takes)
        for (track_id, control), value in targets.controls.items():
            stands_at = self._reaper.value(self._track(track_id), _VALUE_NAMES[control])
            aim = db_to_lin(value) if control == Control.FADER else value
            if not math.isclose(stands_at, aim, rel_tol=_VALUE_TOLERANCE, abs_tol=_VALUE_TOLERANCE):
                title = session.track(track_id).title
                raise SessionError(f"{control.value} of track {title!r} did not read back as written ({stands_at:g})")
        for track_id, kind in targets.envelopes:
            track = wanted.track(track_id)
            now_there = self._read_envelope(track_id, kind)
            if not _is_as_wanted(now_there, track.envelope(kind), session.end_s):
                raise SessionError(f"{kind.value} envelope of track {track.title!r} did not read back as written")
            wanted = wanted.with_tracks({track_id: _with_envelope(track, kind, now_there)})
        return wanted

    def _is_as_before(self, before: Session, targets: _Targets) -> bool:
        """Tell whether everything that was to be written is as it was."""
        for track_id, control in targets.controls:
            was = before.track(track_id)
            aim = {Control.FADER: db_to_lin(was.gain_db), Control.PAN: was.pan, Control.POLARITY: was.polarity_inverted}
            if not math.isclose(float(self.spelling(track_id, control)), aim[control], rel_tol=1e-6, abs_tol=1e-6):
                return False
        if targets.chain or targets.takes:
            now = snapshot(self._reaper)
            if chains_of(now) != chains_of(before) or items_of(now, targets.takes) != items_of(before, targets.takes):
                return False
        return all(
            _is_as_wanted(self._read_envelope(track_id, kind), before.track(track_id).envelope(kind), before.end_s)
            for track_id, kind in targets.envelopes
        )

    def _read_envelope(self, track_id: str, kind: EnvelopeKind) -> Envelope | None:
        pointer = self._reaper.envelope(self._track(track_id), kind)
        if pointer is None or not self._reaper.is_used(pointer):
            return None
        return read_envelope(self._reaper, Reading(_NO_MEDIA), pointer, kind)

    def _lines(self, envelope: str) -> list[str]:
        return self._reaper.envelope_chunk(envelope).rstrip("\n").split("\n")

    def _title(self, track_id: str) -> str:
        """Return what a person calls a track."""
        return self._reaper.text(self._track(track_id), "P_NAME") or track_id

    def _track(self, track_id: str) -> str:
        """Return a track's pointer; the tracks are looked up anew where it is not known."""
        if track_id not in self._pointers:
            self._pointers = {self._reaper.text(pointer, "GUID"): pointer for pointer in self._reaper.tracks()}
        try:
            return self._pointers[track_id]
        except KeyError:
            raise SessionError(f"The project has no track {track_id} any more. Run again on it as it is now.") from None


_HALF_DONE = (
    "Not everything could be taken back: look at faders, envelopes, plug-ins, sends and takes, and at Edit > Undo"
)


@dataclass(frozen=True)
class _Targets:
    """What a list of edits comes down to: the last value of each control, and all edits of each envelope in order."""

    edits: tuple[Edit, ...]
    controls: dict[tuple[str, Control], float] = field(default_factory=dict)
    envelopes: dict[EnvelopeKey, list[SetPoints | RestorePoints]] = field(default_factory=dict)
    chain: list[ChainEdit] = field(default_factory=list)
    takes: list[TakeEdit] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, edits: Sequence[Edit]) -> _Targets:
        targets = cls(tuple(edits))
        known = {track.id for track in session.tracks} | targets.new_ids
        for edit in edits:
            if edit.track_id not in known:
                raise SessionError(f"The project has no track {edit.track_id} any more. Run again on it as it is now.")
            match edit:
                case SetControl():
                    targets.controls[edit.track_id, edit.control] = edit.value
                case RestoreControl():
                    value = control_from_spelling(edit.control, edit.was)
                    targets.controls[edit.track_id, edit.control] = value
                case SetPoints() | RestorePoints():
                    targets.envelopes.setdefault((edit.track_id, edit.kind), []).append(edit)
                case AddTake() | RemoveTake():
                    targets.takes.append(edit)
                case _:
                    targets.chain.append(edit)
        return targets

    @property
    def new_ids(self) -> set[str]:
        return {edit.track_id for edit in self.edits if isinstance(edit, AddBus)}

    @property
    def track_ids(self) -> set[str]:
        return {edit.track_id for edit in self.edits}


def _edited(lines: list[str], edits: Sequence[SetPoints | RestorePoints], *, used: bool) -> list[str]:
    """Return an envelope's chunk after all edits; one that our edits had created ends empty and switched off."""
    now: list[str] | None = lines if used else _emptied(lines)
    for edit in edits:
        if isinstance(edit, SetPoints):
            now = set_points(now or _emptied(lines), edit.kind, edit.window_s, edit.points, eguid="")
            now = now if used else _with_flag(now, "ARM", "1")
        elif now is not None:
            now = restore_points(now, edit.window_s, edit.was)
    return _emptied(lines) if now is None else now


def _emptied(lines: list[str]) -> list[str]:
    """Return an envelope's chunk without points, neither active nor visible: how REAPER keeps an unused one."""
    kept = [line for line in lines if not line.startswith("PT ")]
    for key in ("ACT", "VIS", "ARM"):
        kept = _with_flag(kept, key, "0")
    return kept


def _with_flag(lines: list[str], key: str, value: str) -> list[str]:
    return [replace_token(line, 1, value) if (words(line) or [""])[0] == key else line for line in lines]


def _is_as_wanted(now: Envelope | None, wanted: Envelope | None, end_s: float) -> bool:
    """Tell whether an envelope has the points and the state that were wanted; unused and neutral ones are alike."""
    if wanted is None or not wanted.points:
        return is_neutral(now, 0.0, end_s) or (now is not None and bool(now.automation_items))
    return now is not None and now.active == wanted.active and _same_points(now.points, wanted.points, now.kind)


def _same_points(now: Sequence[EnvelopePoint], wanted: Sequence[EnvelopePoint], kind: EnvelopeKind) -> bool:
    def same_value(a: float, b: float) -> bool:
        return same_level(a, b, _LEVEL_TOLERANCE_DB) if kind.is_volume else abs(a - b) <= _VALUE_TOLERANCE

    return len(now) == len(wanted) and all(
        abs(a.time_s - b.time_s) <= _TIME_TOLERANCE_S and same_value(a.value, b.value) and a.shape == b.shape
        for a, b in zip(now, wanted, strict=True)
    )


def _with_envelope(track: Track, kind: EnvelopeKind, envelope: Envelope | None) -> Track:
    others = tuple(e for e in track.envelopes if e.kind != kind)
    return replace(track, envelopes=(*others, envelope) if envelope is not None else others)
