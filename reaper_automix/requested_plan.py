"""The plan for a request of the REAPER side: tracks that REAPER has rendered are heard as rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reaper_automix.audio.media import probe
from reaper_automix.errors import MediaError, PlanError, SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.mixers.registry import MIXERS
from reaper_automix.mixplan import MixPlan
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.plan_writing import engineers_session, whole_session
from reaper_automix.progress import Progress, silent
from reaper_automix.rendered import RenderedFile, reason_against_rendering, with_rendered
from reaper_automix.requests import Request
from reaper_automix.session import Session

SHORTFALL_S = 0.1
"""A rendered file that is shorter than asked for by more was not rendered to its end."""


def plan_requested(request: Request, session: Session, progress: Progress = silent) -> Planned:
    """Plan what was asked for.

    Parameters
    ----------
    request : Request
        The wish.
    session : Session
        The session as REAPER has it; the plan is made for it, whatever was heard in place of its items.

    Raises
    ------
    AutomixError
        If there is nothing to mix, or the mixer is not known here.
    """
    if request.mixer not in MIXERS:
        raise PlanError(
            f"There is no mixer called {request.mixer!r} here, only {', '.join(MIXERS)}. Run install.py again, so that "
            "the actions and the worker are of one version."
        )
    usable, warnings = _usable(request, session)
    planned = make_plan(
        with_rendered(_with_saved_locks(session), usable),
        request.mixer,
        request.settings,
        wanted=request.track_ids,
        range_s=request.range_s,
        progress=progress,
    )
    return replace(planned, plan=_made_for(session, planned.plan, warnings))


def _usable(request: Request, session: Session) -> tuple[dict[str, RenderedFile], tuple[str, ...]]:
    """Return the renderings that can be heard, and a warning for each that cannot."""
    usable: dict[str, RenderedFile] = {}
    warnings: list[str] = []
    for track in session.tracks:
        if track.id not in request.rendered:
            continue
        asked = request.rendered[track.id]
        path, start_s, end_s = str(asked["path"]), float(asked["start_s"]), float(asked["end_s"])
        reason = reason_against_rendering(session, track)
        try:
            file = RenderedFile(path, start_s, probe(path).length_s)
            if file.length_s < end_s - start_s - SHORTFALL_S:
                reason = reason or f"it ends after {file.length_s:.1f} of {end_s - start_s:.1f} s: stopped, perhaps"
        except MediaError as error:
            reason = reason or str(error).rstrip(".")
        if reason:
            warnings.append(f"{track.title}: judged dry. What REAPER rendered of it cannot be used ({reason}).")
        else:
            usable[track.id] = file
    return usable, tuple(warnings)


def _with_saved_locks(session: Session) -> Session:
    """Return the session with the locks and freezes of its tracks as last saved: no function of REAPER tells them."""
    path = Path(session.path)
    if not session.path or not path.is_file():
        return session
    try:
        saved = {track.id: track for track in RppHost(path).read_session().tracks}
    except SessionError:
        return session
    known = [track for track in session.tracks if track.id in saved]
    return session.with_tracks({t.id: replace(t, locked=saved[t.id].locked, frozen=saved[t.id].frozen) for t in known})


def _made_for(session: Session, plan: MixPlan, warnings: tuple[str, ...]) -> MixPlan:
    """Return a plan that fits the session itself, not the one that was heard in its place."""
    range_s = whole_session(plan.range_s, session)
    real = engineers_session(session, plan.mixer, frozenset(plan.scope_track_ids), range_s).session
    return replace(plan, session_fingerprint=real.fingerprint(), warnings=(*warnings, *plan.warnings))
