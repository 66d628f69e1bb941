"""A session in memory, for scripts and tests. It spells values as a project file would. Stdlib only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reaper_automix.chunks.envelopes import envelope_lines, spelling
from reaper_automix.chunks.text import format_number
from reaper_automix.edits import Control, Edit
from reaper_automix.errors import SessionError
from reaper_automix.session import EnvelopeKind, Session, Track
from reaper_automix.session_edits import control_value, perform
from reaper_automix.units import db_to_lin


class MemoryHost:
    """Holds a ``Session`` and performs edits on it.

    Parameters
    ----------
    session : Session
        Where to begin.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def has_undo(self) -> bool:
        """False: what is written stays until it is reverted."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: edits in memory have no side effects."""
        return ()

    @property
    def why_no_takes(self) -> str:
        """Nothing: takes are added."""
        return ""

    def read_session(self) -> Session:
        """Return the session as it is now."""
        return self._session

    def keep_roles(self, roles_json: str) -> None:
        """Keep what the engineer said of roles."""
        self._session = replace(self._session, roles_json=roles_json)

    def spelling(self, track_id: str, control: Control) -> str:
        """Return a control as a project file would spell it."""
        value = control_value(self._track(track_id), control)
        return format_number(db_to_lin(value) if control == Control.FADER else value)

    def envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        """Return the lines of an envelope inside a window as a project file would spell them."""
        envelope = self._track(track_id).envelope(kind)
        return () if envelope is None else spelling(envelope_lines(envelope), window_s)

    def has_chain(self, track_id: str) -> bool:
        """Tell whether a track has plug-ins; one that the run itself makes has none."""
        return any(track.id == track_id and track.effects for track in self._session.tracks)

    def writable_plugin(self, plugin: str) -> tuple[str, str]:
        """Return the plug-in as it is: memory holds any."""
        return plugin, ""

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Perform all edits, or none."""
        try:
            self._session = replace(perform(self._session, edits), ledger_json=ledger_json)
        except KeyError as error:
            raise SessionError(f"the session has no track {error.args[0]}; read it again") from None
        return self._session

    def _track(self, track_id: str) -> Track:
        try:
            return self._session.track(track_id)
        except KeyError:
            raise SessionError(f"the session has no track {track_id}; read it again") from None
