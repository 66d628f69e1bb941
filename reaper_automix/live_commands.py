"""What ``live`` does in the REAPER that runs, without printing: mix, inspect and revert the project in front.

REAPER is free while the project is analysed; only reading and writing take it for a moment. Files of audio are read
from the disk, so tracks with plug-ins are judged dry: the actions inside REAPER can render those first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reaper_automix.commands import Mixed, check_places
from reaper_automix.errors import SessionError
from reaper_automix.files import write_text_whole
from reaper_automix.hosts.live import LiveReaper, OpenProject, connect
from reaper_automix.inspecting import Inspected, inspect_session
from reaper_automix.mixplan_json import plan_to_json
from reaper_automix.pipeline import make_plan
from reaper_automix.playback_reporting import with_playback
from reaper_automix.progress import Progress, silent
from reaper_automix.receipt import Receipt
from reaper_automix.report import write_report
from reaper_automix.reporting import report_of
from reaper_automix.settings import MixSettings

Connect = Callable[[], LiveReaper]


@dataclass(frozen=True, slots=True)
class LiveMixRequest:
    """What ``live mix`` was asked for.

    Parameters
    ----------
    mixer, settings
        Who decides, and how.
    wanted : tuple of str
        Tracks by name, pattern or number; empty: the selected ones, and where none is selected all.
    range_s : tuple of float, optional
        The range; None: REAPER's time selection, and without one everything.
    dry_run : bool
        Plan only; nothing is written into the project.
    plan, report : Path, optional
        Files to write.
    report_audio : bool
        Whether the report can be listened to.
    """

    mixer: str = "balance"
    settings: MixSettings = field(default_factory=MixSettings)
    wanted: tuple[str, ...] = ()
    range_s: tuple[float, float] | None = None
    dry_run: bool = False
    plan: Path | None = None
    report: Path | None = None
    report_audio: bool = True


def mix(
    request: LiveMixRequest,
    progress: Progress = silent,
    *,
    outputs: list[tuple[str, str]] | None = None,
    connect: Connect = connect,
) -> Mixed:
    """Plan a mix of the open project and write it there, in one undo step.

    Parameters
    ----------
    request : LiveMixRequest
        What was asked for.
    progress : Progress
        Hears how far the work is.
    outputs : list of (label, path), optional
        Each file, and the open project, is added when it is written: who stops the work knows then what is there.
    connect : callable
        Connects to REAPER; once for reading and once more for writing, since the analysis may take minutes.

    Raises
    ------
    AutomixError
        Nothing has been written into the project then.
    """
    read = _read(progress, connect)
    if read.recording and not request.dry_run:
        raise SessionError("REAPER is recording. Stop the recording and run again; nothing was changed.")
    session = read.session
    check_places(session, None, request.plan, request.report)
    planned = make_plan(
        session,
        request.mixer,
        request.settings,
        wanted=request.wanted or tuple(track.id for track in session.tracks if track.selected),
        range_s=request.range_s or session.time_selection_s,
        progress=progress,
    )
    outputs = [] if outputs is None else outputs
    if request.plan is not None:
        write_text_whole(request.plan, plan_to_json(planned.plan))
        outputs.append(("Plan", str(request.plan)))
    receipt = None
    if not request.dry_run:
        with connect() as live:
            receipt = live.write(planned.plan, read)
        outputs.insert(0, ("Project", title_of(read)))
    if request.report is not None:
        report = ("Report", str(request.report))
        page = report_of(planned, receipt, (*outputs, report))
        write_report(with_playback(page, planned, progress, wanted=request.report_audio), request.report)
        outputs.append(report)
    return Mixed(planned, receipt, tuple(outputs))


def inspect(progress: Progress = silent, *, connect: Connect = connect) -> Inspected:
    """Look at the open project without changing it.

    Raises
    ------
    AutomixError
        If REAPER cannot be reached or the project cannot be read.
    """
    return inspect_session(_read(progress, connect).session, progress=progress)


def revert(*, connect: Connect = connect) -> Receipt:
    """Take back what our runs wrote into the open project, in one undo step; what the engineer changed since stays.

    Raises
    ------
    AutomixError
        If REAPER cannot be reached, or something cannot be taken back; nothing was changed then.
    """
    with connect() as live:
        return live.revert()


def title_of(read: OpenProject) -> str:
    """Return how to name the open project."""
    return f"open in REAPER: {read.session.path or 'a project that was never saved'}"


def _read(progress: Progress, connect: Connect) -> OpenProject:
    progress("Reading the open project", 0, 1)
    with connect() as live:
        read = live.read()
    progress("Reading the open project", 1, 1)
    return read
