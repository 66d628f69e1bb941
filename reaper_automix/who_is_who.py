"""Who is who in a session: what the engineer said, what names and folders say, and what the rest sounds like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reaper_automix.analysis.roles import roles_of_session, unnamed_tracks
from reaper_automix.progress import Progress, silent
from reaper_automix.role_hearing import hear_roles
from reaper_automix.role_overrides import RoleWish, format_role_overrides, parse_role_overrides, with_wishes
from reaper_automix.role_vocabulary import Role, TrackRole
from reaper_automix.scope import tracks_meant
from reaper_automix.session import Session


def said_roles(session: Session) -> dict[str, TrackRole]:
    """Return what the engineer said, as the project keeps it; a damaged text holds nothing."""
    try:
        return parse_role_overrides(session.roles_json)
    except ValueError:
        return {}


def named_roles(session: Session) -> dict[str, Role]:
    """Return the roles that are known without listening."""
    return known(roles_of_session(session, said=said_roles(session)))


def all_roles(session: Session, track_ids: Sequence[str], *, progress: Progress = silent) -> dict[str, TrackRole]:
    """Return who each track is; among ``track_ids``, those whose names say nothing are listened to."""
    said = said_roles(session)
    silent_names = [i for i in unnamed_tracks(session, said=said) if i in track_ids]
    return roles_of_session(session, said=said, heard=hear_roles(session, silent_names, progress=progress))


def known(roles: dict[str, TrackRole]) -> dict[str, Role]:
    """Return the roles of those tracks whose role is known."""
    return {track_id: found.role for track_id, found in roles.items() if found.role is not None}


def roles_json_with(session: Session, wishes: Iterable[RoleWish]) -> str:
    """Return what the project should keep after the wishes of a command line.

    Raises
    ------
    ScopeError
        If a wish names a track that is not there.
    """
    return format_role_overrides(with_wishes(said_roles(session), wishes, lambda wish: tracks_meant(session, wish)))
