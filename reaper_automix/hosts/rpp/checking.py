"""The written bytes must say what the edits said: read back, edit by edit, before the file is replaced."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reaper_automix.chunks.envelopes import TIME_TOLERANCE_S
from reaper_automix.chunks.lines import ProjectText
from reaper_automix.edit_checks import ChainEdit, TakeEdit, holds, target_of, words_of
from reaper_automix.edits import Control, Edit, RemoveBus, RestoreControl, RestorePoints, SetControl, SetPoints
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp.writing import control_spelling, envelope_spelling, find_track
from reaper_automix.session import Session
from reaper_automix.units import db_to_lin

_TOLERANCE = 1e-6


def check_written(project: ProjectText, session: Session, edits: Sequence[Edit], ledger_json: str) -> None:
    """Check a project that was written and read again.

    Raises
    ------
    SessionError
        Where an edit does not read back; an edit that a later one overrides is not looked for.
    """
    for index, edit in enumerate(edits):
        later = edits[index + 1 :]
        if any(_overrides(other, edit) for other in later):
            continue
        last = not any(_same_envelope(other, edit) for other in later)
        if not _reads_back(project, session, edit, last=last):
            titles = {track.id: track.title for track in session.tracks}
            title = titles.get(edit.track_id, edit.track_id)
            raise SessionError(
                f"{words_of(edit)} of track {title!r} did not read back as written; nothing was changed. "
                "Please report it with the project file; the other tracks can be mixed with --tracks meanwhile."
            )
    if session.ledger_json != ledger_json:
        raise SessionError(
            "The record of this run did not read back as written; nothing was changed. Please report it with the "
            "project file."
        )


def _same_envelope(other: Edit, edit: Edit) -> bool:
    if not isinstance(other, SetPoints | RestorePoints) or not isinstance(edit, SetPoints | RestorePoints):
        return False
    return (other.track_id, other.kind) == (edit.track_id, edit.kind)


def _overrides(later: Edit, edit: Edit) -> bool:
    """Tell whether a later edit writes where an earlier one did."""
    if isinstance(edit, TakeEdit):
        return isinstance(later, TakeEdit) and target_of(later) == target_of(edit)
    if isinstance(edit, ChainEdit):
        return isinstance(later, ChainEdit) and (target_of(later) == target_of(edit) or _removes(later, edit))
    if isinstance(later, SetControl | RestoreControl):
        same_kind = isinstance(edit, SetControl | RestoreControl) and later.control == edit.control
        return same_kind and later.track_id == edit.track_id
    if not isinstance(later, SetPoints | RestorePoints) or not isinstance(edit, SetPoints | RestorePoints):
        return False
    return (
        _same_envelope(later, edit) and later.window_s[0] <= edit.window_s[1] and edit.window_s[0] <= later.window_s[1]
    )


def _removes(later: ChainEdit, edit: ChainEdit) -> bool:
    """Tell whether a later edit takes away the track that an earlier one wrote on."""
    return isinstance(later, RemoveBus) and later.track_id in (edit.track_id, getattr(edit, "to_id", None))


def _reads_back(project: ProjectText, session: Session, edit: Edit, *, last: bool) -> bool:
    """Tell whether the written project says what an edit said. ``last``: no later edit touches the same envelope."""
    if isinstance(edit, ChainEdit | TakeEdit):
        return holds(session, edit)
    match edit:
        case SetControl():
            return _control_reads_back(session, edit)
        case RestoreControl():
            now = control_spelling(find_track(project, edit.track_id), edit.control)
            return now.removeprefix("+") == edit.was.removeprefix("+")
        case SetPoints():
            return _points_read_back(session, edit, last=last)
        case RestorePoints():
            return _restored_points_read_back(project, edit, last=last)


def _control_reads_back(session: Session, edit: SetControl) -> bool:
    track = session.track(edit.track_id)
    if edit.control == Control.FADER:
        return math.isclose(db_to_lin(track.gain_db), db_to_lin(edit.value), rel_tol=_TOLERANCE, abs_tol=1e-12)
    if edit.control == Control.PAN:
        return abs(track.pan - edit.value) <= _TOLERANCE
    return track.polarity_inverted == (edit.value != 0.0)


def _points_read_back(session: Session, edit: SetPoints, *, last: bool) -> bool:
    envelope = session.track(edit.track_id).envelope(edit.kind)
    if envelope is None:
        return not edit.points and not last
    if last and not (envelope.active and envelope.visible):
        return False
    start_s, end_s = edit.window_s[0] - TIME_TOLERANCE_S, edit.window_s[1] + TIME_TOLERANCE_S
    inside = [p for p in envelope.points if start_s <= p.time_s <= end_s]
    if len(inside) != len(edit.points):
        return False
    for read, wanted in zip(inside, edit.points, strict=True):
        same_value = abs(read.value - wanted.value) <= _TOLERANCE
        if edit.kind.is_volume:
            same_value = math.isclose(db_to_lin(read.value), db_to_lin(wanted.value), rel_tol=_TOLERANCE, abs_tol=1e-12)
        if not same_value or abs(read.time_s - wanted.time_s) > TIME_TOLERANCE_S or read.shape != wanted.shape:
            return False
    return True


def _restored_points_read_back(project: ProjectText, edit: RestorePoints, *, last: bool) -> bool:
    now = envelope_spelling(find_track(project, edit.track_id), edit.kind, edit.window_s)
    if last and edit.was:
        return now == tuple(edit.was)
    return [line for line in now if line.startswith("PT")] == [line for line in edit.was if line.startswith("PT")]
