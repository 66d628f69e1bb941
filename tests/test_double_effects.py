"""Plug-ins of the double: adding, naming, moving and removing them, and how they stand in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.effect_calls import add, block, guid, names, shown
from double.generated import load_module, write_module
from double.plugins import IEM
from double.reaper import DoubleReaper

from reaper_automix.reascript.api import PrefixedApi


@pytest.fixture
def reaper(song: str, tmp_path: Path) -> DoubleReaper:
    path = tmp_path / "Song.RPP"
    path.write_text(song)
    return DoubleReaper(path)


@pytest.fixture
def api(reaper: DoubleReaper) -> DoubleApi:
    return DoubleApi(reaper)


@pytest.fixture
def bus(api: DoubleApi) -> str:
    """A track without plug-ins."""
    return str(api.GetTrack(0, 1))


# --- adding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ReaEQ", "ReaEQ (Cockos)", "VST: ReaEQ (Cockos)", "VST:ReaEQ", "VST2: ReaEQ"])
def test_a_plug_in_is_found_by_its_names(api: DoubleApi, bus: str, name: str) -> None:
    assert add(api, bus, name, 0) == -1
    assert add(api, bus, name, 1) == 0
    assert add(api, bus, name, 1) == 0
    assert add(api, bus, name, -1) == 1
    assert add(api, bus, name, 0) == 0
    assert api.TrackFX_GetCount(bus) == 2
    assert api.TrackFX_GetFXName(bus, 1, "", 512)[3] == "VST: ReaEQ (Cockos)"
    assert guid(api, bus, 0) != guid(api, bus, 1)


@pytest.mark.parametrize(
    "name", ["ReaVerb", "Rea", "reaeq", "VST3: ReaEQ", "JS: ReaEQ", "ReaEQ (Other)", "MultiEQ", ""]
)
def test_what_is_not_installed_is_not_added(reaper: DoubleReaper, api: DoubleApi, bus: str, name: str) -> None:
    before = reaper.current.to_bytes()
    assert [add(api, bus, name, way) for way in (-1, 0, 1, -1000)] == [-1] * 4
    assert reaper.current.to_bytes() == before


def test_plug_ins_are_installed_and_taken_away(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    reaper.plugins.install(*IEM)
    assert [add(api, bus, name) for name in ("MultiEQ", "OmniCompressor (IEM)", "VST: FdnReverb (IEM) (64ch)")] == [
        0,
        1,
        2,
    ]
    reaper.plugins.uninstall("MultiEQ")
    assert add(api, bus, "MultiEQ") == -1
    assert names(api, bus, 0) == ["Bypass", "Wet", "Delta"]
    reaper.plugins.configure(installed=["ReaComp"])
    assert (add(api, bus, "ReaEQ"), add(api, bus, "ReaComp")) == (-1, 3)
    with pytest.raises(KeyError, match="no model of Massive"):
        reaper.plugins.install("Massive")
    with pytest.raises(AttributeError, match="no switch colour"):
        reaper.plugins.configure(colour=1)


def test_a_position_can_be_asked_for(api: DoubleApi) -> None:
    track = api.GetTrack(0, 0)
    own = guid(api, track, 0)
    assert add(api, track, "ReaComp", -1000) == 0
    assert add(api, track, "ReaVerbate", -1001) == 1
    assert add(api, track, "ReaVerbate", -1099) == 3
    listed = [api.TrackFX_GetFXName(track, n, "", 64)[3] for n in range(4)]
    assert listed == [f"VST: {name} (Cockos)" for name in ("ReaComp", "ReaVerbate", "ReaEQ", "ReaVerbate")]
    assert guid(api, track, 2) == own


def test_how_a_new_plug_in_stands_in_the_file(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    before, count = reaper.current.to_bytes(), api.GetProjectStateChangeCount(0)
    add(api, bus, "ReaComp")
    api.TrackFX_SetNamedConfigParm(bus, 0, "renamed_name", "Automix: glue")
    assert api.GetProjectStateChangeCount(0) == count + 2
    data = b"\n".join(block(api, bus).lines()[n].encode() for n in (1, 2, 3))
    indented = data.replace(b"\n", b"\n        ")
    chain = f"""\
    <FXCHAIN
      SHOW 0
      LASTSEL 0
      DOCKED 0
      BYPASS 0 0 0
      <VST "VST: ReaComp (Cockos)" reacomp.dll 0 "Automix: glue" 1919247213<5653547265636D726561636F6D700000> ""
        {indented.decode()}
      >
      FLOATPOS 0 0 0 0
      FXID {guid(api, bus, 0)}
      WAK 0 0
    >
"""
    item = b"    <ITEM\n      IGUID {"  # the second track's, behind the chain
    assert reaper.current.to_bytes() == before.replace(
        b"    MAINSEND 1 0\n" + item[:9], b"    MAINSEND 1 0\n" + chain.encode() + item[:9]
    )


def test_the_master_has_a_chain_too(reaper: DoubleReaper, api: DoubleApi) -> None:
    master = api.GetMasterTrack(0)
    assert add(api, master, "ReaEQ") == 0
    text = reaper.current.to_bytes().decode()
    assert text.index("<MASTERFXLIST") < text.index("reaeq.dll") < text.index("<PROJBAY")
    assert api.TrackFX_GetCount(master) == 1


# --- names, order, undo --------------------------------------------------------------------------------------------


def test_names_given_by_the_user(api: DoubleApi, reaper: DoubleReaper, bus: str) -> None:
    add(api, bus, "ReaComp")
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "renamed_name", 'My "comp"') == 1
    assert api.TrackFX_GetFXName(bus, 0, "", 64)[3] == 'My "comp"'
    assert api.TrackFX_GetNamedConfigParm(bus, 0, "renamed_name", "", 64)[4] == 'My "comp"'
    assert api.TrackFX_GetNamedConfigParm(bus, 0, "fx_name", "", 64)[4] == "VST: ReaComp (Cockos)"
    assert block(api, bus).name == 'My "comp"'
    assert add(api, bus, "ReaComp", 0) == 0
    reaper.plugins.refuses_names = True
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "renamed_name", "x") == 0
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "original_name", "x") == 0
    assert api.TrackFX_SetNamedConfigParm(bus, 7, "renamed_name", "x") == 0


def test_moving_keeps_everything_and_copying_makes_another(api: DoubleApi, bus: str) -> None:
    for name in ("ReaEQ", "ReaComp", "ReaVerbate"):
        add(api, bus, name)
    first, second, third = (guid(api, bus, n) for n in range(3))
    api.TrackFX_SetParam(bus, 0, 16, 1.0)
    api.TrackFX_CopyToTrack(bus, 0, bus, 2, True)
    assert [guid(api, bus, n) for n in range(3)] == [second, third, first]
    assert [api.TrackFX_GetEnabled(bus, n) for n in range(3)] == [1, 1, 0]
    api.TrackFX_CopyToTrack(bus, 2, bus, 0, True)
    assert [guid(api, bus, n) for n in range(3)] == [first, second, third]
    snare = api.GetTrack(0, 0)
    api.TrackFX_CopyToTrack(bus, 0, snare, 0, False)
    assert (api.TrackFX_GetCount(bus), api.TrackFX_GetCount(snare)) == (3, 2)
    assert guid(api, snare, 0) not in (first, second, third)
    api.TrackFX_SetParam(snare, 0, 0, 0.9)
    assert shown(api, bus, 0, 0) == "100.0"
    api.TrackFX_CopyToTrack(bus, 1, snare, 99, True)
    assert guid(api, snare, 2) == second
    assert [guid(api, bus, n) for n in range(2)] == [first, third]


def test_offline_plug_ins_show_no_parameters(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaComp")
    api.TrackFX_SetOffline(bus, 0, True)
    assert (api.TrackFX_GetOffline(bus, 0), api.TrackFX_GetNumParams(bus, 0)) == (1, 3)
    api.TrackFX_SetOffline(bus, 0, False)
    assert (api.TrackFX_GetOffline(bus, 0), api.TrackFX_GetNumParams(bus, 0)) == (0, 24)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_deleted_plug_in_takes_its_lines_with_it(reaper: DoubleReaper, api: DoubleApi, bus: str, keeps: bool) -> None:
    reaper.plugins.keeps_empty_chain = keeps
    before = reaper.current.to_bytes()
    add(api, bus, "ReaComp")
    add(api, bus, "ReaEQ")
    api.TrackFX_SetParam(bus, 0, 22, 0.5)
    assert [api.TrackFX_Delete(bus, n) for n in (1, 0, 0)] == [1, 1, 0]
    left = b"    <FXCHAIN\n      SHOW 0\n      LASTSEL 0\n      DOCKED 0\n    >\n" if keeps else b""
    assert reaper.current.to_bytes().replace(left or b"\0", b"") == before
    assert (left in reaper.current.to_bytes()) is True


def test_the_envelope_of_a_deleted_plug_in_is_gone(song: str, reaper: DoubleReaper, api: DoubleApi) -> None:
    envelope = '<PARMENV 0:_Freq 0 1 0.5 "Freq"\n  EGUID {E}\n  ACT 1 -1\n  PT 0 0.5 0\n>\n      WAK 0 0'
    reaper.open_project(song.replace("WAK 0 0", envelope, 1).encode())
    track = api.GetTrack(0, 0)
    project = api.EnumProjects(-1, "", 512)[0]
    pointer = api.GetTrackEnvelope(track, 1)
    assert api.ValidatePtr2(project, pointer, "TrackEnvelope*") == 1
    api.TrackFX_Delete(track, 0)
    assert api.ValidatePtr2(project, pointer, "TrackEnvelope*") == 0
    assert api.CountTrackEnvelopes(track) == 1


def test_undo_takes_plug_ins_back(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    before = reaper.current.to_bytes()
    api.Undo_BeginBlock2(0)
    add(api, bus, "ReaComp")
    api.TrackFX_SetParam(bus, 0, 0, 0.5)
    api.TrackFX_SetNamedConfigParm(bus, 0, "renamed_name", "Automix: comp")
    api.Undo_EndBlock2(0, "Automix", -1)
    after, own = reaper.current.to_bytes(), guid(api, bus, 0)
    assert api.Undo_DoUndo2(0) == 1
    assert reaper.current.to_bytes() == before
    assert api.TrackFX_GetCount(bus) == 0
    add(api, bus, "ReaComp")
    assert guid(api, bus, 0) != own
    api.TrackFX_Delete(bus, 0)
    assert api.Undo_DoRedo2(0) == 1
    assert reaper.current.to_bytes() == after
    assert shown(api, bus, 0, 0) == "-6.0"


def test_saved_and_opened_again(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    for n, name in enumerate(("ReaEQ", "ReaComp", "ReaVerbate")):
        add(api, bus, name)
        api.TrackFX_SetParamNormalized(bus, n, 2, 0.4)
    reaper.current.save()
    again = DoubleApi(DoubleReaper(reaper.current.path or ""))
    track = again.GetTrack(0, 1)
    for n in range(3):
        assert guid(again, track, n) == guid(api, bus, n)
        assert names(again, track, n) == names(api, bus, n)
        count = api.TrackFX_GetNumParams(bus, n)
        assert [shown(again, track, n, p) for p in range(count)] == [shown(api, bus, n, p) for p in range(count)]


# --- through C -----------------------------------------------------------------------------------------------------


def walk(api: Any, installed: DoubleReaper) -> list[Any]:
    """Do something with every function about plug-ins and return the answers."""
    installed.plugins.install(*IEM)
    bus, snare = api.GetTrack(0, 1), api.GetTrack(0, 0)
    answers: list[Any] = [add(api, bus, "ReaEQ"), add(api, bus, "ReaComp", 1), add(api, bus, "MultiEQ", -1000)]
    answers += [add(api, bus, "ReaNothing"), names(api, bus, 1), guid(api, bus, 2)]
    for number in (0, 1, 11, 22):
        answers.append(api.TrackFX_GetParamEx(bus, 2, number, 0.0, 0.0, 0.0))
        answers.append(api.TrackFX_SetParamNormalized(bus, 2, number, 0.3))
        answers.append(api.TrackFX_GetFormattedParamValue(bus, 2, number, "", 64))
        answers.append(api.TrackFX_FormatParamValueNormalized(bus, 2, number, 0.7, "", 64))
        answers.append(api.TrackFX_GetParamIdent(bus, 2, number, "", 64))
    answers.append(api.TrackFX_SetNamedConfigParm(bus, 2, "renamed_name", "Automix: für"))
    answers.append(api.TrackFX_GetNamedConfigParm(bus, 2, "renamed_name", "", 4096))
    answers.append(api.TrackFX_GetNamedConfigParm(bus, 1, "vst_chunk", "", 4096))
    answers += [api.TrackFX_SetEnabled(bus, 0, False), api.TrackFX_SetOffline(bus, 0, True)]
    answers += [api.TrackFX_CopyToTrack(bus, 2, snare, 0, True), api.TrackFX_Delete(bus, 0)]
    return answers


def test_the_same_comes_through_c(song: str, tmp_path: Path) -> None:
    straight, over_c = DoubleReaper(song.encode()), DoubleReaper(song.encode())
    module, table = load_module(over_c, write_module(tmp_path / "reaper_python.py"))
    assert walk(PrefixedApi(module), over_c) == walk(DoubleApi(straight), straight)
    assert table.errors == []
    assert over_c.current.to_bytes() == straight.current.to_bytes()


@pytest.mark.parametrize("over_c", [False, True])
def test_a_wrapper_that_lets_no_guid_through(song: str, tmp_path: Path, over_c: bool) -> None:
    reaper = DoubleReaper(song.encode())
    reaper.wrapper_passes_guids = False
    api: Any = DoubleApi(reaper)
    if over_c:
        module, table = load_module(reaper, write_module(tmp_path / "reaper_python.py"))
        api = PrefixedApi(module)
        assert table.errors == []
    assert guid(api, api.GetTrack(0, 0), 0) == ""
