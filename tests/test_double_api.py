"""The double takes arguments and gives answers as REAPER's Python wrapper does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from double.api import SHAPES, DoubleApi
from double.handlers import HANDLERS
from double.reaper import DoubleReaper, UnansweredBox
from double.references import StalePointer

NULL_TRACK = "(MediaTrack*)0x0000000000000000"


@pytest.fixture
def reaper(song: str) -> DoubleReaper:
    return DoubleReaper(song.encode())


@pytest.fixture
def api(reaper: DoubleReaper) -> Iterator[DoubleApi]:
    yield DoubleApi(reaper)
    assert reaper.refresh_prevented == 0


def test_every_function_has_a_shape() -> None:
    assert set(SHAPES) == set(HANDLERS)


def test_answers_hold_all_arguments(api: DoubleApi) -> None:
    project = api.EnumProjects(-1, "", 512)[0]
    track = api.GetTrack(project, 0)
    assert api.EnumProjects(-1, "", 512) == (project, -1, "", 512)
    assert api.GetTrackName(track, "", 512) == (1, track, "Snare top", 512)
    assert api.GetProjectPathEx(project, "", 512) == (project, "REAPER/Media", 512)
    assert api.GetSet_LoopTimeRange2(project, False, False, 7.0, 7.0, False) == (project, 0, 0, 0.0, 0.0, 0)
    assert type(api.GetMediaTrackInfo_Value(track, "B_MUTE")) is float
    assert api.SetMediaTrackInfo_Value(track, "B_MUTE", 1.0) == 1
    assert api.UpdateArrange() is None


def test_a_null_pointer_is_a_true_text(api: DoubleApi) -> None:
    project = api.EnumProjects(-1, "", 512)[0]
    assert api.GetTrack(project, 99) == NULL_TRACK
    with pytest.raises(StalePointer, match="no pointer"):
        api.GetTrackName(NULL_TRACK, "", 512)


def test_project_zero_is_the_one_in_front(reaper: DoubleReaper, api: DoubleApi) -> None:
    first = api.EnumProjects(-1, "", 512)[0]
    reaper.open_project(b"<REAPER_PROJECT 0.1\n>\n")
    assert (api.CountTracks(0), api.CountTracks(first)) == (0, 2)


@pytest.mark.parametrize("value", [np.float64(1.0), np.float32(1.0), None, "1"])
def test_numbers_are_python_numbers(api: DoubleApi, value: object) -> None:
    with pytest.raises(TypeError, match="where REAPER takes a double"):
        api.SetMediaTrackInfo_Value(api.GetTrack(0, 0), "D_VOL", value)


def test_arguments_are_counted_and_have_no_names(api: DoubleApi) -> None:
    with pytest.raises(TypeError, match="takes 3 arguments, not 2"):
        api.GetTrackName(api.GetTrack(0, 0), "")
    with pytest.raises(TypeError, match="keyword"):
        api.CountTracks(proj=0)
    with pytest.raises(TypeError, match="where REAPER takes a int"):
        api.GetTrack(0, 0.0)
    with pytest.raises(TypeError, match="32 bits"):
        api.GetTrack(0, 1 << 40)


def test_a_pointer_of_another_kind_is_refused(api: DoubleApi) -> None:
    with pytest.raises(TypeError, match="MediaTrack"):
        api.GetEnvelopeStateChunk(api.GetTrack(0, 0), "", 512, False)


def test_a_text_ends_where_its_buffer_does(api: DoubleApi) -> None:
    track = api.GetTrack(0, 0)
    assert api.GetTrackName(track, "", 4)[2] == "Sna"
    api.GetSetMediaTrackInfo_String(track, "P_NAME", "é", True)
    with pytest.raises(UnicodeDecodeError):
        api.GetTrackName(track, "", 2)


def test_a_null_text_raises(api: DoubleApi) -> None:
    with pytest.raises(AttributeError, match="decode"):
        api.Undo_CanUndo2(0)


def test_calls_are_counted(reaper: DoubleReaper, api: DoubleApi) -> None:
    api.CountTracks(0)
    api.CountTracks(0)
    assert reaper.calls == {"CountTracks": 2}
    assert reaper.main_thread_s > 0.0


def test_a_call_inside_a_call_is_counted_in_the_outer_one(reaper: DoubleReaper, api: DoubleApi) -> None:
    def slow(settings: object, tracks: object) -> None:
        for _ in range(200):
            api.CountTracks(0)

    reaper.on_render = slow
    start = time.perf_counter()
    api.Main_OnCommand(42230, 0)
    assert 0.0 < reaper.main_thread_s <= time.perf_counter() - start
    assert reaper.calls["CountTracks"] == 200


def test_an_unknown_function_is_missing(api: DoubleApi) -> None:
    with pytest.raises(AttributeError, match="no function CreateNewMIDIItemInProj"):
        api.CreateNewMIDIItemInProj  # noqa: B018


def test_stale_pointers_are_refused(reaper: DoubleReaper, api: DoubleApi) -> None:
    project, track = api.EnumProjects(-1, "", 512)[0], api.GetTrack(0, 0)
    assert api.ValidatePtr2(project, track, "MediaTrack*") == 1
    assert api.ValidatePtr2(project, track, "MediaItem*") == 0
    api.DeleteTrack(track)
    assert api.ValidatePtr2(project, track, "MediaTrack*") == 0
    with pytest.raises(StalePointer):
        api.GetTrackName(track, "", 512)
    reaper.close_project(reaper.current)
    with pytest.raises(StalePointer):
        api.CountTracks(project)


def test_boxes_are_answered_by_the_test(reaper: DoubleReaper, api: DoubleApi) -> None:
    assert api.ShowMessageBox("text", "title", 0) == 1
    with pytest.raises(UnansweredBox):
        api.ShowMessageBox("sure?", "title", 4)
    reaper.box_answers.append(7)
    assert api.ShowMessageBox("sure?", "title", 4) == 7
    assert reaper.boxes[0] == ("text", "title", 0)


def test_input_boxes_know_their_separator(reaper: DoubleReaper, api: DoubleApi) -> None:
    reaper.input_answers.extend([["1", "a,b"], None])
    answer = api.GetUserInputs("Settings", 2, "One,Two,separator=;,extrawidth=100", "0;x", 1024)
    assert (answer[0], answer[4]) == (1, "1;a,b")
    assert reaper.asked[0] == {"title": "Settings", "captions": ["One", "Two"], "values": ["0", "x"]}
    assert api.GetUserInputs("Settings", 2, "One,Two", "0,x", 1024)[0] == 0


def test_ext_state_and_script_numbers(reaper: DoubleReaper, api: DoubleApi, tmp_path) -> None:
    api.SetExtState("a", "b", "c", False)
    api.SetExtState("a", "d", "e", True)
    assert (api.GetExtState("a", "b"), api.HasExtState("a", "b"), api.GetExtState("a", "x")) == ("c", 1, "")
    assert reaper.persistent_ext_state == {("a", "d"): "e"}
    api.DeleteExtState("a", "b", True)
    assert api.HasExtState("a", "b") == 0
    script = tmp_path / "My action.py"
    assert api.AddRemoveReaScript(True, 0, str(script), True) == 0
    script.write_text("")
    command = api.AddRemoveReaScript(True, 0, str(script), True)
    assert command > 0
    assert api.AddRemoveReaScript(True, 0, str(script), True) == command
    assert api.NamedCommandLookup("_" + api.ReverseNamedCommandLookup(command)) == command
