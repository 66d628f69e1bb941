"""Plug-ins: names, GUIDs, and the parameters of the ones that we will write."""

from __future__ import annotations

import pytest
from reaper_report import Finding

from reaper.opening import OpenTab
from reaper.projects import EFFECT_GUID
from reaper.test_envelopes import track
from reaper_automix.reascript.api import Reaper

pytestmark = pytest.mark.reaper

MOST_PARAMETERS = 32
STEPS = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
NAMES = ("original_name", "renamed_name", "fx_name", "fx_ident", "fx_type")


def test_the_names_of_a_plug_in(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        of = track(project, "Effect")
        assert project.n_effects(of) == 1
        for name in NAMES:
            answer = project.api.TrackFX_GetNamedConfigParm(of, 0, name, "", 4096)
            finding(name, answer[4] if answer[0] else "refused")
        finding("TrackFX_GetFXName", project.api.TrackFX_GetFXName(of, 0, "", 512)[3])
        finding("what we read", project.effect_name(of, 0))
        own = project.api.guidToString(project.api.TrackFX_GetFXGUID(of, 0), "")[1]
    assert own == EFFECT_GUID


@pytest.mark.parametrize(
    "name", ["ReaEQ (Cockos)", "ReaComp (Cockos)", "ReaVerbate (Cockos)", "OmniCompressor", "MultiEQ", "FdnReverb"]
)
def test_parameters(tab: OpenTab, finding: Finding, name: str) -> None:
    with tab.held() as project:
        of = track(project, "Plain")
        index = project.api.TrackFX_AddByName(of, name, False, -1)
        if index < 0:
            pytest.skip(f"{name} is not installed in this REAPER")
        shown = project.api.TrackFX_GetFXName(of, index, "", 512)[3]
        finding("name", shown)
        finding("original_name", project.effect_name(of, index))
        n_parameters = int(project.api.TrackFX_GetNumParams(of, index))
        finding("parameters", n_parameters)
        for parameter in range(min(n_parameters, MOST_PARAMETERS)):
            finding(f"parameter {parameter}", _parameter(project, of, index, parameter))
    assert name.split()[0] in shown
    assert n_parameters > 0


def _parameter(project: Reaper, of: str, index: int, parameter: int) -> dict[str, object]:
    """Return name, value, least, greatest and middle value, and how values from 0 to 1 are shown."""
    where = (of, index, parameter)
    value = project.api.TrackFX_GetParamEx(*where, 0.0, 0.0, 0.0)
    shown = [project.api.TrackFX_FormatParamValueNormalized(*where, step, "", 64) for step in STEPS]
    return {
        "name": project.api.TrackFX_GetParamName(*where, "", 256)[4],
        "value": value[0],
        "min, max, mid": list(value[4:7]),
        "shown at 0, 1/8 to 1": [answer[5] if answer[0] else None for answer in shown],
    }
