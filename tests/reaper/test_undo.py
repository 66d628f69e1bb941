"""Undo, the change count, and what each of them covers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from reaper_report import Finding

from reaper.opening import HeldHost, OpenTab
from reaper_automix.mixplan import EnvelopeMove, FaderMove, MixPlan, PanMove, TrackRef
from reaper_automix.plan_writing import apply_plan
from reaper_automix.reascript.api import Reaper
from reaper_automix.receipt import Status
from reaper_automix.session import EnvelopeKind, Session

pytestmark = pytest.mark.reaper

LABEL = "Automix: volunteer"


def mixing(session: Session) -> list[tuple[object, ...]]:
    return [
        (t.id, round(t.gain_db, 6), t.pan, [(e.kind, e.active, e.points) for e in t.envelopes]) for t in session.tracks
    ]


def undo_label(project: Reaper) -> str:
    try:
        return str(project.api.Undo_CanUndo2(project.project))
    except AttributeError:  # nothing to undo
        return ""


@contextmanager
def step(project: Reaper) -> Iterator[None]:
    project.begin_block()
    try:
        yield
    finally:
        project.end_block(LABEL)


def undone(project: Reaper) -> bool:
    return bool(project.api.Undo_DoUndo2(project.project))


def test_one_undo_takes_a_run_back(tab: OpenTab, finding: Finding) -> None:
    host = HeldHost(tab)
    before = host.read_session()
    plain, gain = (next(t for t in before.tracks if t.name == name) for name in ("Plain", "Gain ride"))
    ride = EnvelopeMove(TrackRef(plain.id, plain.name), EnvelopeKind.VOLUME, (0.0, 2.0), ((0.0, -3.0), (1.0, 2.0)))
    fader, pan = FaderMove(TrackRef(gain.id, gain.name), 0.0, -6.0), PanMove(TrackRef(plain.id, plain.name), 0.0, 0.5)
    ids = tuple(t.id for t in before.tracks)
    receipt = apply_plan(host, MixPlan("hand", "", before.path, "", ids, (0.0, 2.0), (ride, fader, pan)))
    assert receipt.count(Status.WRITTEN) == 3
    with tab.held() as project:
        finding("undo is called", undo_label(project))
        assert undo_label(project) == "Automix: hand"
        assert undone(project)
        finding("before it, undo was called", undo_label(project))
    after = HeldHost(tab).read_session()
    finding("our record rolls back too", after.ledger_json == before.ledger_json)
    assert mixing(after) == mixing(before)


def test_what_undo_covers(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        first, second = project.tracks()[:2]
        api = project.api
        project.set_project_value("VOLUNTEER", "before")
        with step(project):
            project.set_value(first, "D_VOL", 0.5)
            project.set_value(first, "I_SELECTED", 1.0)
            project.set_project_value("VOLUNTEER", "after")
            api.GetSetMediaTrackInfo_String(second, "P_NAME", "Renamed", True)
            api.GetSet_LoopTimeRange2(project.project, True, False, 0.5, 1.0, False)
        label = undo_label(project)
        assert undone(project)
        finding("label", label)
        finding("fader", project.value(first, "D_VOL"))
        finding("track name", project.text(second, "P_NAME"))
        finding("selected", project.value(first, "I_SELECTED"))
        finding("project ext state", project.project_value("VOLUNTEER"))
        finding("time selection", list(project.time_selection_s()))
        api.Undo_DoRedo2(project.project)
        finding("fader after redo", project.value(first, "D_VOL"))
        finding("project ext state after redo", project.project_value("VOLUNTEER"))
    assert label == LABEL


def test_the_change_count(tab: OpenTab, finding: Finding) -> None:
    """Whether the count tells of each change at once: a run relies on it to see that the project is as it was read."""
    with tab.held() as project:
        first = project.tracks()[0]
        counts = [project.change_count()]

        def counted(what: str) -> None:
            counts.append(project.change_count())
            finding(what, counts[-1] - counts[-2])

        project.value(first, "D_VOL")
        counted("reading")
        project.set_value(first, "D_VOL", 0.7)
        counted("a fader by the API, without an undo block")
        with step(project):
            project.set_value(first, "D_VOL", 0.6)
        counted("a fader in an undo block")
        in_block = counts[-1]
        project.set_value(first, "I_SELECTED", 1.0)
        counted("selecting a track")
        project.set_project_value("VOLUNTEER", "x")
        counted("project ext state")
        undone(project)
        counted("undo")
        project.api.Undo_DoRedo2(project.project)
        counted("redo")
    assert in_block != counts[2], "a run would take the project for unchanged"
