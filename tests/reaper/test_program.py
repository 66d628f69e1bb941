"""The program: what runs, scripts, pointers, and that the volunteer's own tabs are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from reaper_report import ABOUT, Finding

from reaper.connection import Connection
from reaper.opening import OpenTab, front, open_tabs

pytestmark = pytest.mark.reaper

PACK = """
import importlib.util, sys
known = sys.modules["reaper_python"]
path = getattr(known, "__file__", None)
if not path:
    answer = None
else:
    spec = importlib.util.spec_from_file_location("reaper_python_once_more", path)
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    own._ft = known._ft
    answer = bool(own.rpr_packp("MediaTrack*", {pointer!r}))
"""


def test_what_runs_there(reaper: Connection, finding: Finding) -> None:
    with reaper.held() as api:
        version = api.GetAppVersion()
        finding(f"{ABOUT}REAPER", version)
        finding(f"{ABOUT}REAPER's system", api.GetOS())
    inside = reaper.inside("import platform\nanswer = [platform.python_version(), platform.platform()]")
    finding(f"{ABOUT}Python inside", inside[0])
    finding(f"{ABOUT}system inside", inside[1])
    import reapy

    finding("functions that REAPER offers", len(reapy.reascript_api.__all__))
    assert int(version.split(".")[0]) >= 6
    assert inside[0].startswith("3.")
    assert {"CountTracks", "SetEnvelopeStateChunk", "Undo_EndBlock2"} <= set(reapy.reascript_api.__all__)


def test_a_tab_of_ours_opens_and_closes_beside_the_others(reaper: Connection, measured: Path, finding: Finding) -> None:
    with reaper.held() as api:
        before, in_front = open_tabs(api), front(api)
        dirty = [api.IsProjectDirty(pointer) for pointer, _ in before]
        counts = [api.GetProjectStateChangeCount(pointer) for pointer, _ in before]
    with OpenTab(reaper, measured) as tab, tab.held() as project:
        assert project.is_in_front()
        assert len(project.tracks()) == 17
        project.set_value(project.tracks()[0], "D_VOL", 0.5)
    with reaper.held() as api:
        assert open_tabs(api) == before
        assert front(api) == in_front
        assert [api.IsProjectDirty(pointer) for pointer, _ in before] == dirty
        same = [api.GetProjectStateChangeCount(pointer) for pointer, _ in before] == counts
    finding("change counts of the other tabs stayed", same)


def test_a_script_that_is_added_twice(reaper: Connection, tmp_path: Path, finding: Finding) -> None:
    script = tmp_path / "automix_volunteer_nothing.py"
    script.write_text("pass\n", encoding="utf-8")
    with reaper.held() as api:
        try:
            first = api.AddRemoveReaScript(True, 0, str(script), True)
            second = api.AddRemoveReaScript(True, 0, str(script), True)
            name = api.ReverseNamedCommandLookup(first)
            looked_up = api.NamedCommandLookup(f"_{name}")
        finally:
            api.AddRemoveReaScript(False, 0, str(script), True)
    assert first != 0
    finding("same number at the second time", second == first)
    finding("name of the command", f"{name[:2]} and {len(name) - 2} characters")
    finding("the name leads back to the number", looked_up == first)


def test_track_pointers_in_the_wrapper_that_reaper_wrote(tab: OpenTab, finding: Finding) -> None:
    """A track of a tab that is not in front: null, or let through (reapy's own packing lets everything through)."""
    with tab.held() as project:
        code = PACK.format(pointer=project.tracks()[0])
        in_front = tab.connection.inside(code)
        if in_front is None:
            pytest.skip("not available: reaper_python has no file here")
        project.api.SelectProjectInstance(tab.came_from)
        try:
            behind = tab.connection.inside(code)
        finally:
            project.api.SelectProjectInstance(tab.project)
    finding("let through while its tab is in front", in_front)
    finding("let through while its tab is behind", behind)
    assert in_front
