"""Which tracks and which time a run is about, and why the other tracks are left out. Stdlib only."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reaper_automix.errors import ScopeError
from reaper_automix.plan_writing import fader_is_owned, whole_session
from reaper_automix.session import Session, Track
from reaper_automix.units import SILENCE_DB

LEAST_RANGE_S = 0.4
"""One gating block of ITU-R BS.1770: over less there is no loudness."""

SELECTED = "selected"
"""The word that stands for the tracks that are selected in the session."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A track that is not in scope, and why, with the next step where there is one.

    ``expected``: nothing to tell the user about, such as a folder whose tracks are mixed one by one.
    """

    track_id: str
    track: str
    reason: str
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is about.

    Parameters
    ----------
    track_ids : tuple of str
        The tracks to mix, in session order.
    range_s : tuple of float
        The time to look at.
    whole : bool
        Whether the range is the whole session: only then faders may move.
    left_out : tuple of LeftOut
        The other tracks.
    """

    track_ids: tuple[str, ...]
    range_s: tuple[float, float]
    whole: bool
    left_out: tuple[LeftOut, ...] = ()


def choose_scope(
    session: Session,
    *,
    wanted: Sequence[str] = (),
    range_s: tuple[float, float] | None = None,
    utility_reasons: Mapping[str, str] | None = None,
    unplayable: Mapping[str, str] | None = None,
) -> Scope:
    """Choose tracks and range.

    Parameters
    ----------
    session : Session
        The session.
    wanted : sequence of str
        Track names, patterns with ``*``, numbers, ranges ``3-7``, or ``selected``; empty: all that belong to a balance.
    range_s : tuple of float, optional
        Start and end; the whole session by default.
    utility_reasons : mapping of track id to text
        Tracks that are not part of a balance (reference, click, printed mix); they are left out unless asked for.
    unplayable : mapping of track id to text
        Tracks none of whose items can be heard offline, with the next step.

    Raises
    ------
    ScopeError
        If a name matches no track, the range is empty or lies outside of the session, or nothing is left.
    """
    chosen = _wanted_ids(session, wanted)
    time_s = checked_range(session, range_s)
    kept: list[str] = []
    left_out: list[LeftOut] = []
    for track in session.tracks:
        if chosen is not None and track.id not in chosen:
            left_out.append(LeftOut(track.id, track.title, "not among the tracks you asked for", expected=True))
            continue
        if reason := _structural_reason(session, track):
            left_out.append(LeftOut(track.id, track.title, reason, expected=not track.items))
            continue
        reason = silence_reason(session, track) or (unplayable or {}).get(track.id, "")
        if track.locked:
            reason = reason or "locked: unlock it to have it mixed"
        if not reason and chosen is None:
            reason = (utility_reasons or {}).get(track.id, "") or _set_aside_reason(track)
        if reason:
            left_out.append(LeftOut(track.id, track.title, reason))
        else:
            kept.append(track.id)
    return Scope(tuple(kept), time_s, whole_session(time_s, session) is None, tuple(left_out))


def _set_aside_reason(track: Track) -> str:
    """Say why a track that plays is nevertheless left alone unless it is asked for; empty if it is not."""
    if track.record_armed:
        return "record-armed: disarm it, or ask for this track, to have it mixed"
    if track.hidden:
        return "hidden in mixer and track list: show it, or ask for this track, to have it mixed"
    return ""


def silence_reason(session: Session, track: Track) -> str:
    """Say why a track is not heard at the master, with the next step; empty if it is."""
    if track.muted:
        return "muted: unmute it to have it mixed"
    if session.any_solo and not _heard_under_solo(session, track):
        return "silent while another track is soloed: clear the solo to have it mixed"
    if track.gain_db <= SILENCE_DB and not fader_is_owned(session, track):
        return "its fader is closed: open it to have it mixed"
    return _way_reason(session, track)


def _way_reason(session: Session, track: Track, what: str = "it", passed: frozenset[str] = frozenset()) -> str:
    """Say what closes a track's way to the master, through its folder or else through its sends; empty if it is open.

    ``what`` names the track in the sentence, ``passed`` holds the ids of those before it on the way.
    """
    passed |= {track.id}
    if track.sends_to_parent:
        folder = next(session.ancestors(track), None)
        return "" if folder is None else _stage_reason(session, folder, f"its folder {folder.title}", passed)
    fed = [bus for bus in session.tracks if bus.id not in passed and _feeds(track, bus)]
    if not fed:
        return f"not heard: {what} has no master send and feeds only side-chain inputs or nothing"
    reasons = [_stage_reason(session, bus, f"the track {bus.title} that it feeds", passed) for bus in fed]
    return "" if "" in reasons else reasons[0]


def _stage_reason(session: Session, stage: Track, what: str, passed: frozenset[str]) -> str:
    """Say what closes the way through a folder or a track that is fed; empty if nothing does."""
    if stage.muted:
        return f"{what} is muted: unmute it to have it mixed"
    if stage.gain_db <= SILENCE_DB and not fader_is_owned(session, stage):
        return f"the fader of {what} is closed: open it to have it mixed"
    return _way_reason(session, stage, what, passed)


def _feeds(track: Track, bus: Track) -> bool:
    return any(send.source_track_id == track.id and send.is_audio for send in bus.receives)


def _structural_reason(session: Session, track: Track) -> str:
    """Say why a track is nothing to mix by itself; empty if it is."""
    if track.is_folder and any(session.children(track.id)):
        own = ", and its own items with them" if track.items else ""
        return f"a folder: its fader moves the tracks inside, which are mixed one by one{own}"
    followers = [t for t in session.tracks if t.id != track.id and t.vca_follows & track.vca_leads]
    if followers:
        return f"a VCA leader: its fader moves {len(followers)} other tracks, which are mixed one by one"
    if track.items:
        return ""
    fed = any(send.is_audio for send in track.receives)
    return "a bus: it is not mixed against the tracks that feed it" if fed else "no audio on it"


def _heard_under_solo(session: Session, track: Track) -> bool:
    """Tell whether a track plays while something is soloed: itself, a folder around it, or solo-defeated."""
    if track.soloed or track.solo_defeat or any(f.soloed for f in session.ancestors(track)):
        return True
    return any(t.soloed and track.id in (f.id for f in session.ancestors(t)) for t in session.tracks)


def checked_range(session: Session, range_s: tuple[float, float] | None) -> tuple[float, float]:
    """Return a range cut to the session; None: the whole session.

    Raises
    ------
    ScopeError
        If it is empty or too short, begins before 0 or after the session's end.
    """
    if range_s is None:
        return 0.0, session.end_s
    start_s, end_s = range_s
    if not 0.0 <= start_s < end_s:
        raise ScopeError(f"The range {start_s:g} to {end_s:g} s is empty or begins before 0: choose another range.")
    if end_s - start_s < LEAST_RANGE_S:
        raise ScopeError(
            f"The range {start_s:g} to {end_s:g} s is shorter than the {LEAST_RANGE_S:g} s that loudness is measured "
            "over: choose a longer one."
        )
    if start_s >= session.end_s:
        ends = f"the session ends at {session.end_s:g} s"
        raise ScopeError(f"The range begins at {start_s:g} s, {ends}: choose an earlier one.")
    return start_s, min(end_s, session.end_s)


def _wanted_ids(session: Session, wanted: Sequence[str]) -> frozenset[str] | None:
    """Return the ids asked for; None: no wish."""
    if not wanted:
        return None
    found: set[str] = set()
    for wish in wanted:
        found |= tracks_meant(session, wish)
    return frozenset(found | _inside_alone(session, found))


def _inside_alone(session: Session, found: set[str]) -> set[str]:
    """Return the tracks inside the folders asked for; not where single tracks of a folder are asked for as well."""
    inside: dict[str, set[str]] = {}
    for track in session.tracks:
        for folder in session.ancestors(track):
            if folder.id in found:
                inside.setdefault(folder.id, set()).add(track.id)
    return {track_id for ids in inside.values() if not ids & found for track_id in ids}


def tracks_meant(session: Session, wish: str) -> frozenset[str]:
    """Return the ids of the tracks that a name, pattern or number means.

    Raises
    ------
    ScopeError
        If it means none.
    """
    matches = _matches(session, wish)
    if not matches:
        raise ScopeError(_no_such_track(session, wish))
    return frozenset(matches)


def _matches(session: Session, wish: str) -> set[str]:
    """Return the tracks that a wish means: an exact name first, then a number or range, then a pattern."""
    if wish.casefold() == SELECTED:
        return {t.id for t in session.tracks if t.selected}
    exact = {t.id for t in session.tracks if wish in (t.id, t.name) or t.title.casefold() == wish.casefold()}
    if exact:
        return exact
    if numbers := re.fullmatch(r"(\d+)(?:-(\d+))?", wish.strip()):
        first = int(numbers[1])
        last = int(numbers[2] or first)
        return {t.id for t in session.tracks if first <= t.number <= last}
    return {t.id for t in session.tracks if fnmatch.fnmatch(t.title.casefold(), wish.casefold())}


def _no_such_track(session: Session, wish: str) -> str:
    if wish.casefold() == SELECTED:
        return "No track is selected in the session: select some in REAPER and save, or name them."
    titles = [track.title for track in session.tracks]
    near = difflib.get_close_matches(wish, titles, n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(near)}?" if near else f"The session has: {', '.join(titles[:12]) or 'no tracks'}"
    more = f" and {len(titles) - 12} more" if not near and len(titles) > 12 else ""
    return f"No track is called {wish!r}. {hint}{more}"
