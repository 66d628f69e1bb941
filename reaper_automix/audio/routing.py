"""Which track feeds which, in what order they are played, and which are heard at all.

Assumptions about REAPER's defaults: mute silences a track with all its sends and wins over its solo; solo is in place:
soloed and solo-defeated tracks, and everything inside of a soloed folder, sound; the folders and send targets on their
way to the master stay open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from reaper_automix.session import Send, Session, Track


@dataclass(frozen=True, slots=True)
class Cord:
    """One audio connection: to a track, or to the master (None); through a send, or from a track to its folder."""

    source_id: str
    target_id: str | None
    send: Send | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """The connections that carry sound to the master, and the tracks in an order in which sources come first."""

    order: tuple[str, ...]
    cords: tuple[Cord, ...]
    notes: tuple[str, ...]

    def from_track(self, track_id: str) -> tuple[Cord, ...]:
        """Return the connections that leave a track."""
        return tuple(c for c in self.cords if c.source_id == track_id)


def routing_of(session: Session) -> Routing:
    """Return how the session's tracks reach the master."""
    cords, notes = _without_loops(session, _folder_cords(session), _send_cords(session))
    open_ids = _audible(session, cords)
    cords = [c for c in cords if c.source_id in open_ids and (c.target_id is None or c.target_id in open_ids)]
    heard = _reaching_master(cords)
    cords = [c for c in cords if c.target_id is None or c.target_id in heard]
    return Routing(_order(session, cords, heard), tuple(cords), tuple(notes))


def _folder_cords(session: Session) -> list[Cord]:
    return [Cord(t.id, t.parent_id) for t in session.tracks if t.sends_to_parent]


def _send_cords(session: Session) -> list[Cord]:
    known = {t.id for t in session.tracks}
    return [
        Cord(send.source_track_id, track.id, send)
        for track in session.tracks
        for send in track.receives
        if send.is_audio and send.source_track_id in known
    ]


def _without_loops(session: Session, folders: list[Cord], sends: list[Cord]) -> tuple[list[Cord], list[str]]:
    """Leave out each send that closes a feedback loop, and say so."""
    targets: dict[str, set[str]] = {}
    for cord in folders:
        if cord.target_id is not None:
            targets.setdefault(cord.source_id, set()).add(cord.target_id)
    kept, notes = list(folders), []
    for cord in sends:
        assert cord.target_id is not None  # noqa: S101 - a send always has a receiving track
        if cord.source_id in _downstream({cord.target_id}, targets):
            names = session.track(cord.source_id).title, session.track(cord.target_id).title
            notes.append(f"The send from '{names[0]}' to '{names[1]}' closes a feedback loop and is not heard here.")
            continue
        targets.setdefault(cord.source_id, set()).add(cord.target_id)
        kept.append(cord)
    return kept, notes


def _downstream(start: set[str], targets: dict[str, set[str]]) -> set[str]:
    """Return these tracks and everything that they reach."""
    reached, waiting = set(start), list(start)
    while waiting:
        for target in targets.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _audible(session: Session, cords: Iterable[Cord]) -> set[str]:
    unmuted = {t.id for t in session.tracks if not t.muted}
    if not session.any_solo:
        return unmuted
    chosen = {t.id for t in session.tracks if _is_chosen(session, t)}
    targets: dict[str, set[str]] = {}
    for cord in cords:
        if cord.target_id is not None:
            targets.setdefault(cord.source_id, set()).add(cord.target_id)
    return _downstream(chosen, targets) & unmuted


def _is_chosen(session: Session, track: Track) -> bool:
    return track.soloed or track.solo_defeat or any(folder.soloed for folder in session.ancestors(track))


def _reaching_master(cords: Iterable[Cord]) -> set[str]:
    sources: dict[str, set[str]] = {}
    heard: set[str] = set()
    for cord in cords:
        if cord.target_id is None:
            heard.add(cord.source_id)
        else:
            sources.setdefault(cord.target_id, set()).add(cord.source_id)
    return _downstream(heard, sources)


def _order(session: Session, cords: Iterable[Cord], heard: set[str]) -> tuple[str, ...]:
    sorter: TopologicalSorter[str] = TopologicalSorter({t.id: () for t in session.tracks if t.id in heard})
    for cord in cords:
        if cord.target_id is not None:
            sorter.add(cord.target_id, cord.source_id)
    return tuple(sorter.static_order())
