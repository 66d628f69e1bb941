"""What each command does, without printing: the command line, tests and scripts call these."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reaper_automix import doctor as doctor_room
from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.audio.render import render, session_rate_hz, write_wav
from reaper_automix.demo import write_demo_session
from reaper_automix.edits import Host
from reaper_automix.errors import PlanError, SessionError
from reaper_automix.files import write_text_whole
from reaper_automix.inspecting import Inspected, inspect_session
from reaper_automix.mixplan import BusMove, MixPlan, move_words
from reaper_automix.mixplan_json import plan_from_json, plan_to_json
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.places import default_target, identity, is_folder, open_host
from reaper_automix.plan_writing import apply_plan
from reaper_automix.plan_writing import revert as revert_host
from reaper_automix.playback_reporting import with_playback
from reaper_automix.progress import Progress, silent
from reaper_automix.receipt import Receipt
from reaper_automix.report import write_report
from reaper_automix.reporting import report_of
from reaper_automix.role_overrides import RoleWish
from reaper_automix.scope import checked_range
from reaper_automix.session import Session
from reaper_automix.settings import MixSettings
from reaper_automix.terminal import Columns
from reaper_automix.who_is_who import roles_json_with

MOST_PLAN_BYTES = 64_000_000
"""Of a plan that is read."""

WAV_SUFFIXES = (".wav", ".wave")


@dataclass(frozen=True, slots=True)
class MixRequest:
    """What ``mix`` was asked for. Paths that are None are not written."""

    session: Path
    mixer: str = "balance"
    settings: MixSettings = field(default_factory=MixSettings)
    wanted: tuple[str, ...] = ()
    roles: tuple[RoleWish, ...] = ()
    range_s: tuple[float, float] | None = None
    out: Path | None = None
    in_place: bool = False
    dry_run: bool = False
    plan: Path | None = None
    render: Path | None = None
    report: Path | None = None
    report_audio: bool = True


@dataclass(frozen=True)
class Mixed:
    """What ``mix`` did: the plan, the receipt (None for a dry run) and the files written, (label, path)."""

    planned: Planned
    receipt: Receipt | None
    outputs: tuple[tuple[str, str], ...]


_ONLY_OPEN = "Plug-ins of other suites are set only in an open REAPER: in a project file REAPER's own take their place."


def mix(request: MixRequest, progress: Progress = silent, *, outputs: list[tuple[str, str]] | None = None) -> Mixed:
    """Plan a mix and write what was asked for. The project comes last but one, the report, which names it, last.

    Parameters
    ----------
    request : MixRequest
        What was asked for.
    progress : Progress
        Hears how far the work is.
    outputs : list of (label, path), optional
        Each file is added when it is written: who stops the work knows then what is there.

    Raises
    ------
    AutomixError
        Nothing has been written to the project then.
    """
    target = None if request.dry_run else _target(request)
    host = open_host(request.session, target, in_place=request.in_place)
    session = host.read_session()
    if request.roles:
        session = replace(session, roles_json=roles_json_with(session, request.roles))
        host.keep_roles(session.roles_json)
    project = None if request.in_place else target
    check_places(session, project, request.plan, request.render, request.report)
    _check_is_wav(request.render)
    planned = make_plan(
        session,
        request.mixer,
        replace(request.settings, plugins="stock"),
        wanted=request.wanted,
        range_s=request.range_s,
        progress=progress,
    )
    if request.settings.plugins != "stock":
        warnings = (_ONLY_OPEN, *planned.plan.warnings)
        planned = replace(planned, plan=replace(planned.plan, warnings=warnings))
    outputs = [] if outputs is None else outputs

    def preview(path: Path) -> None:
        _write_mix(planned.after, path, None, progress)

    also = ("Preview", request.render, preview)
    places = Places(request.plan, also, target, request.report, report_audio=request.report_audio)
    return Mixed(planned, write_planned(planned, host, places, outputs, progress), tuple(outputs))


@dataclass(frozen=True, slots=True)
class Places:
    """Where what was planned goes; what is None is not written.

    Parameters
    ----------
    plan, project, report : Path or None
        The plan as JSON, the project, the report.
    also : (label, Path or None, callable)
        One more file, and what writes it to its path.
    report_audio : bool
        Whether the report can be listened to.
    """

    plan: Path | None
    also: tuple[str, Path | None, Callable[[Path], None]]
    project: Path | None
    report: Path | None
    report_audio: bool = True


def write_planned(
    planned: Planned, host: Host, places: Places, outputs: list[tuple[str, str]], progress: Progress = silent
) -> Receipt | None:
    """Write what was planned; the project comes last but one, the report, which names it, last.

    Returns
    -------
    Receipt or None
        What the host wrote; None where no project was wanted.
    """
    label, path, write = places.also
    if places.plan is not None:
        write_text_whole(places.plan, plan_to_json(planned.plan))
        outputs.append(("Plan", str(places.plan)))
    if path is not None:
        write(path)
        outputs.append((label, str(path)))
    receipt = None
    if places.project is not None:
        receipt = apply_plan(host, planned.plan)
        outputs.insert(0, ("Project", str(places.project)))
    if places.report is not None:
        report = ("Report", str(places.report))
        page = report_of(planned, receipt, (*outputs, report))
        write_report(with_playback(page, planned, progress, wanted=places.report_audio), places.report)
        outputs.append(report)
    return receipt


def apply(plan_path: Path, session: Path, *, out: Path | None = None, in_place: bool = False) -> tuple[Receipt, Path]:
    """Write a plan from a file into a session; return the receipt and the project written.

    Raises
    ------
    PlanError
        If the plan cannot be read.
    SessionError
        If the session cannot be read or written.
    """
    plan = plan_from_json(_plan_text(plan_path), name=str(plan_path))
    target = session if in_place else (out or default_target(session))
    host = open_host(session, target, in_place=in_place)
    read = host.read_session()
    check_places(read, None if in_place else target)
    _check_fits(plan, read)
    return apply_plan(host, plan), target


def revert(session: Path, *, out: Path | None = None) -> tuple[Receipt, Path]:
    """Take back what our runs wrote; in place (with a ``.bak``), or into another file.

    Raises
    ------
    SessionError
        If there is nothing to take back, or the project cannot be read or written.
    """
    if is_folder(session):
        raise SessionError(f"{session}: a folder of stems is never changed, so there is nothing to revert.")
    host = open_host(session, out, in_place=out is None)
    if not host.read_session().ledger_json:
        raise SessionError(f"{session}: no automix run has written into this project, so there is nothing to revert.")
    check_places(host.read_session(), out)
    return revert_host(host), out or session


def render_to_wav(
    session: Path, out: Path, range_s: tuple[float, float] | None, progress: Progress = silent
) -> dict[str, Any]:
    """Mix a session to a stereo WAV; return its measured loudness for programs to read."""
    read = open_host(session).read_session()
    check_places(read, None, out)
    _check_is_wav(out)
    return _write_mix(read, out, None if range_s is None else checked_range(read, range_s), progress)


def inspect(session: Path, progress: Progress = silent) -> Inspected:
    """Look at a session without changing it."""
    return inspect_session(open_host(session).read_session(), progress=progress)


def demo(folder: Path, progress: Progress = silent, *, outputs: list[tuple[str, str]] | None = None) -> Mixed:
    """Make the demo song in a folder and mix it: project, plan, preview and report; ``outputs`` as in ``mix``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"{folder}: cannot be made ({error.strerror}). Give another --out.") from None
    progress("Playing the demo song", 0, 1)
    session = write_demo_session(folder)
    progress("Playing the demo song", 1, 1)
    request = MixRequest(
        session,
        out=folder / "demo-automix.RPP",
        plan=folder / "demo-plan.json",
        render=folder / "demo-mix.wav",
        report=folder / "demo-report.html",
    )
    return mix(request, progress, outputs=outputs)


def doctor(resource_path: Path | None = None) -> tuple[doctor_room.Check, ...]:
    """Examine this machine."""
    return doctor_room.examine(resource_path=resource_path, cache_folder=MeasurementCache().folder)


# --- what the command line shows -----------------------------------------------------------------------------------


def mixed_table(mixed: Mixed) -> Columns:
    """Return the moves as a table."""
    rows = tuple((*move_words(move), move.reason) for move in mixed.planned.plan.moves)
    return Columns(("Track", "What", ">Before", ">After", "Why"), rows)


def mixed_data(mixed: Mixed) -> dict[str, Any]:
    """Return what ``mix`` did, for programs to read."""
    predicted = mixed.planned.plan.predicted
    return {
        "outputs": {label.lower(): path for label, path in mixed.outputs},
        "moves": len(mixed.planned.plan.moves),
        "warnings": list(mixed.planned.plan.warnings),
        "predicted": {
            "loudness_lufs": _finite(predicted.loudness_lufs),
            "true_peak_dbtp": _finite(predicted.true_peak_dbtp),
            "before_loudness_lufs": _finite(predicted.before_loudness_lufs),
            "before_true_peak_dbtp": _finite(predicted.before_true_peak_dbtp),
        },
        **({} if mixed.receipt is None else receipt_data(mixed.receipt)),
    }


def receipt_data(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt for programs to read."""
    outcomes = [
        {"track": o.track, "what": o.what, "status": o.status.value, "detail": o.detail} for o in receipt.outcomes
    ]
    return {"outcomes": outcomes, "notes": list(receipt.notes)}


# --- the pieces ----------------------------------------------------------------------------------------------------


def _plan_text(path: Path) -> str:
    """Return the text of a plan; it may come through a pipe, but not without an end."""
    step = "Give a plan that 'mix --plan' wrote."
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_PLAN_BYTES + 1)
    except OSError as error:
        raise PlanError(f"{path}: cannot be read ({error.strerror or error}). {step}") from None
    if len(data) > MOST_PLAN_BYTES:
        raise PlanError(f"{path}: has more than {MOST_PLAN_BYTES // 1_000_000} MB, which no plan has. {step}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PlanError(f"{path}: is no text. {step}") from None


def _target(request: MixRequest) -> Path:
    if request.in_place:
        return request.session
    return request.out or default_target(request.session)


def _check_fits(plan: MixPlan, session: Session) -> None:
    """Refuse a plan that was made for another session altogether."""
    meant = {move.track.id for move in plan.moves if not isinstance(move, BusMove)}
    if meant and not meant & {track.id for track in session.tracks}:
        made_for = plan.session_path or "another session"
        raise PlanError(
            f"This plan was made for {made_for}: {session.path} has none of its {len(meant)} tracks. Apply it to that "
            f"session, or make one for this: reaper-automix mix {session.path} --dry-run --plan PLAN.json."
        )


def check_places(session: Session, project: Path | None, *others: Path | None) -> None:
    """Refuse, before any work is done, places that cannot be written or that would cost the user a file.

    Parameters
    ----------
    session : Session
        What is read: neither it nor its media may be written over.
    project : Path or None
        The project file to write.
    others : Path or None
        The other files to write.
    """
    if project is not None and project.suffix.casefold() != ".rpp":
        raise SessionError(f"{project}: a project's name ends in .RPP. Give such a name with --out.")
    taken = {identity(Path(session.path)): "the session itself"}
    for track in session.tracks:
        for source in (take.source for item in track.items for take in item.takes):
            if source.path:
                with suppress(SessionError):  # what cannot be reached is not heard, which the plan says
                    taken[identity(Path(source.path))] = f"audio of the track {track.title}"
    for path in (project, *others):
        if path is None:
            continue
        _check_place(path)
        if (what := taken.get(identity(path))) is not None:
            raise SessionError(f"{path}: this is {what} and would be lost. Give another name (or --in-place).")
        taken[identity(path)] = "another output of this run"


def _check_place(path: Path) -> None:
    """Refuse a place that cannot be written."""
    if is_folder(path):
        raise SessionError(f"{path}: is a folder. Give the name of a file in it.")
    if not is_folder(path.absolute().parent):
        raise SessionError(f"{path}: its folder does not exist. Make it first, or give another place.")
    if path.is_symlink() and path.resolve().suffix.casefold() != path.suffix.casefold():
        raise SessionError(  # it may have come with somebody else's project
            f"{path}: is a link to {path.resolve()}, which is another kind of file and would be written over. "
            "Remove the link, or give another name."
        )


def _check_is_wav(path: Path | None) -> None:
    """Refuse a name that promises something else than what is written."""
    if path is not None and path.suffix.casefold() not in WAV_SUFFIXES:
        names = " or ".join(WAV_SUFFIXES)
        raise SessionError(f"{path}: a mix is written as 32-bit float WAV only. Give a name that ends in {names}.")


def _write_mix(session: Session, out: Path, range_s: tuple[float, float] | None, progress: Progress) -> dict[str, Any]:
    """Write the mix and measure it on the way."""
    start_s, end_s = range_s or (0.0, session.end_s)
    if session.end_s <= start_s:
        raise SessionError(f"{session.path}: nothing plays after {start_s:g} s, so there is nothing to render.")
    rate_hz = session_rate_hz(session)
    meter = LoudnessMeter(rate_hz, 2)

    def measured() -> Any:
        mixes = render(
            [session],
            sample_rate_hz=rate_hz,
            start_s=start_s,
            end_s=min(end_s, session.end_s),
            progress=lambda share: progress("Writing the preview", 100.0 * share, 100.0),
        )
        for (block,) in mixes:
            meter.add(block)
            yield block

    write_wav(out, measured(), rate_hz)
    loudness = meter.result()
    return {
        "path": str(out),
        "sample_rate_hz": rate_hz,
        "loudness_lufs": _finite(loudness.integrated_lufs),
        "range_lu": _finite(loudness.range_lu),
        "true_peak_dbtp": _finite(loudness.true_peak_dbtp),
        "duration_s": round(loudness.duration_s, 3),
    }


def _finite(value: float | None) -> float | None:
    """Silence has no number in JSON."""
    return round(value, 2) if value is not None and math.isfinite(value) else None
