"""Tracks and sends of the double: making and removing them, and how they stand in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.generated import load_module, write_module
from double.reaper import DoubleReaper
from double.references import StalePointer
from open_reaper import OpenReaper

from reaper_automix.reascript.api import PrefixedApi

BUS_GUID = "{BBBBBBBB-0000-0000-0000-000000000001}"
NUMBERS = ("I_SENDMODE", "D_VOL", "D_PAN", "B_MUTE", "B_MONO", "B_PHASE", "I_SRCCHAN", "I_DSTCHAN")


@pytest.fixture
def reaper(song: str, tmp_path: Path) -> DoubleReaper:
    path = tmp_path / "Song.RPP"
    path.write_text(song.replace("    <ITEM\n      POSITION 0\n", "    <ITEM\n      IGUID {B}\n      POSITION 0\n"))
    return DoubleReaper(path)


@pytest.fixture
def api(reaper: DoubleReaper) -> DoubleApi:
    return DoubleApi(reaper)


def new_bus(api: Any) -> str:
    """Make a named bus behind all tracks, with two sends into it, and return its pointer."""
    api.InsertTrackAtIndex(api.CountTracks(0), False)
    bus = api.GetTrack(0, api.CountTracks(0) - 1)
    api.GetSetMediaTrackInfo_String(bus, "P_NAME", "Automix reverb", True)
    for source in (0, 1):
        assert api.CreateTrackSend(api.GetTrack(0, source), bus) >= 0
    return str(bus)


def numbers(api: Any, track: str, category: int, index: int) -> list[float]:
    return [api.GetTrackSendInfo_Value(track, category, index, name) for name in NUMBERS]


def end(api: Any, track: str, category: int, index: int, name: str) -> str:
    return f"(MediaTrack*)0x{int(api.GetTrackSendInfo_Value(track, category, index, name)):016X}"


# --- tracks --------------------------------------------------------------------------------------------------------


def test_a_track_gets_a_guid_and_a_name(api: DoubleApi, reaper: DoubleReaper) -> None:
    api.InsertTrackAtIndex(1, False)
    track = api.GetTrack(0, 1)
    assert api.GetSetMediaTrackInfo_String(track, "P_NAME", "Bus", True)[0] == 1
    assert api.GetSetMediaTrackInfo_String(track, "GUID", BUS_GUID, True)[0] == 1
    assert api.GetSetMediaTrackInfo_String(track, "GUID", "", False)[3] == BUS_GUID
    assert api.GetTrack(0, 1) == track
    assert api.GetTrackName(track, "", 64)[2] == "Bus"
    text = reaper.current.to_bytes().decode()
    assert text.count(BUS_GUID) == 2
    assert [api.GetTrackName(api.GetTrack(0, n), "", 64)[2] for n in range(3)] == ["Snare top", "Bus", "Reverb"]


@pytest.mark.parametrize("guid", ["", "x", "{BBBBBBBB}", "{AAAAAAAA-0000-0000-0000-000000000002}"])
def test_a_guid_that_is_none_or_taken_is_refused(api: DoubleApi, guid: str) -> None:
    track = api.GetTrack(0, 0)
    assert api.GetSetMediaTrackInfo_String(track, "GUID", guid, True)[0] == 0
    assert api.GetSetMediaTrackInfo_String(api.GetMasterTrack(0), "GUID", BUS_GUID, True)[0] == 0


def test_pointers_of_envelopes_follow_a_new_guid(api: DoubleApi) -> None:
    track = api.GetTrack(0, 0)
    envelope = api.GetTrackEnvelopeByName(track, "Volume")
    api.SetTrackSelected(track, True)
    api.GetSetMediaTrackInfo_String(track, "GUID", BUS_GUID, True)
    assert api.CountEnvelopePoints(envelope) == 3
    assert api.GetTrackEnvelopeByName(track, "Volume") == envelope
    assert api.GetSelectedTrack(0, 0) == track


def test_undo_takes_a_bus_back(api: DoubleApi, reaper: DoubleReaper) -> None:
    before, count = reaper.current.to_bytes(), api.GetProjectStateChangeCount(0)
    project = api.EnumProjects(-1, "", 512)[0]
    api.Undo_BeginBlock2(0)
    bus = new_bus(api)
    api.GetSetMediaTrackInfo_String(bus, "GUID", BUS_GUID, True)
    api.TrackFX_AddByName(bus, "ReaVerbate", False, -1)
    api.Undo_EndBlock2(0, "Automix", -1)
    after = reaper.current.to_bytes()
    assert api.GetProjectStateChangeCount(0) >= count + 5
    assert api.Undo_DoUndo2(0) == 1
    assert reaper.current.to_bytes() == before
    assert api.ValidatePtr2(project, bus, "MediaTrack*") == 0
    with pytest.raises(StalePointer):
        api.TrackFX_GetCount(bus)
    assert api.GetTrackNumSends(api.GetTrack(0, 0), 0) == 1
    assert api.Undo_DoRedo2(0) == 1
    assert reaper.current.to_bytes() == after
    assert api.ValidatePtr2(project, bus, "MediaTrack*") == 1
    assert api.GetTrackNumSends(bus, -1) == 2


def test_deleting_a_bus_takes_its_sends_with_it(api: DoubleApi, reaper: DoubleReaper) -> None:
    before = reaper.current.to_bytes()
    bus = new_bus(api)
    assert api.GetTrackNumSends(api.GetTrack(0, 0), 0) == 2
    api.DeleteTrack(bus)
    assert api.GetTrackNumSends(api.GetTrack(0, 0), 0) == 1
    assert reaper.current.to_bytes() == before


# --- sends ---------------------------------------------------------------------------------------------------------


def test_a_new_send(api: DoubleApi, reaper: DoubleReaper) -> None:
    bus, snare = new_bus(api), api.GetTrack(0, 0)
    assert (api.GetTrackNumSends(bus, -1), api.GetTrackNumSends(snare, 0)) == (2, 2)
    assert numbers(api, bus, -1, 0) == numbers(api, snare, 0, 1) == [0, 1, 0, 0, 0, 0, 0, 0]
    assert end(api, bus, -1, 0, "P_SRCTRACK") == end(api, snare, 0, 1, "P_SRCTRACK") == snare
    assert end(api, snare, 0, 1, "P_DESTTRACK") == bus
    body = "    AUXRECV 0 0 1 0 0 0 0 0 0 -1:U 0 -1 ''\n    AUXRECV 1 0 1 0 0 0 0 0 0 -1:U 0 -1 ''\n    MAINSEND 1 0\n"
    assert body in reaper.current.to_bytes().decode()


def test_a_new_send_has_the_defaults_of_the_preferences(api: DoubleApi, reaper: DoubleReaper) -> None:
    reaper.default_send_mode, reaper.default_send_gain_lin = 3, 0.5
    assert numbers(api, new_bus(api), -1, 1)[:3] == [3.0, 0.5, 0.0]


def test_numbers_of_a_send_are_set_from_both_ends(api: DoubleApi, reaper: DoubleReaper) -> None:
    bus, snare = new_bus(api), api.GetTrack(0, 0)
    count = api.GetProjectStateChangeCount(0)
    values = (3.0, 0.25, -0.5, 1.0, 1.0, 1.0, 1024.0, 2.0)
    for name, value in zip(NUMBERS, values, strict=True):
        assert api.SetTrackSendInfo_Value(snare, 0, 1, name, value) == 1
    assert api.GetProjectStateChangeCount(0) == count + 8
    assert numbers(api, bus, -1, 0) == list(values)
    assert numbers(api, bus, -1, 1) == [0, 1, 0, 0, 0, 0, 0, 0]
    assert "AUXRECV 0 3 0.25 -0.5 1 1 1 1024 2 -1:U 0 -1 ''" in reaper.current.to_bytes().decode()
    assert api.SetTrackSendInfo_Value(bus, -1, 0, "D_VOL", 0.75) == 1
    assert api.GetTrackSendInfo_Value(snare, 0, 1, "D_VOL") == 0.75
    refused = ((0, 9, "D_VOL", 1.0), (0, 1, "P_DESTTRACK", 1.0), (0, 1, "I_SENDMODE", 2.0), (1, 0, "D_VOL", 1.0))
    assert [api.SetTrackSendInfo_Value(snare, *arguments) for arguments in refused] == [0] * 4


def test_sends_that_cannot_be(api: DoubleApi) -> None:
    snare = api.GetTrack(0, 0)
    assert api.CreateTrackSend(snare, snare) == -1
    assert api.CreateTrackSend(snare, api.GetMasterTrack(0)) == -1
    with pytest.raises(StalePointer):
        api.CreateTrackSend(snare, "(MediaTrack*)0x0000000000000000")


def test_removing_a_send_leaves_the_others(api: DoubleApi, reaper: DoubleReaper) -> None:
    before, snare = reaper.current.to_bytes(), api.GetTrack(0, 0)
    index = api.CreateTrackSend(snare, api.GetTrack(0, 1))
    assert index == 1
    api.SetTrackSendInfo_Value(snare, 0, index, "D_VOL", 0.1)
    assert api.RemoveTrackSend(snare, 0, 2) == 0
    assert api.RemoveTrackSend(snare, 0, index) == 1
    assert reaper.current.to_bytes() == before
    api.CreateTrackSend(snare, api.GetTrack(0, 1))
    assert api.RemoveTrackSend(api.GetTrack(0, 1), -1, 0) == 1
    assert numbers(api, snare, 0, 0)[1] == 1.0
    assert api.GetTrackNumSends(snare, 0) == 1


def test_the_envelope_of_a_send_follows_its_source(song: str) -> None:
    line = "AUXRECV 0 0 0.5 0 0 0 0 0 0 -1:U 0 -1 ''\n"
    with_envelope = song.replace(line, line + "    <AUXVOLENV\n      ACT 1 -1\n      PT 0 0.5 0\n    >\n")
    api = DoubleApi(DoubleReaper(with_envelope.encode()))
    snare, reverb, project = api.GetTrack(0, 0), api.GetTrack(0, 1), api.EnumProjects(-1, "", 512)[0]
    pointer = f"(TrackEnvelope*)0x{int(api.GetTrackSendInfo_Value(snare, 0, 0, 'P_ENV:<VOLENV')):016X}"
    api.InsertTrackAtIndex(0, False)
    assert api.CountEnvelopePoints(pointer) == 1
    assert api.CreateTrackSend(snare, reverb) == 1
    assert api.GetTrackSendInfo_Value(snare, 0, 1, "P_ENV:<VOLENV") == 0.0
    assert api.RemoveTrackSend(snare, 0, 1) == 1
    assert api.RemoveTrackSend(snare, 0, 0) == 1
    assert api.ValidatePtr2(project, pointer, "TrackEnvelope*") == 0


def test_saved_sends_name_the_right_sources(api: DoubleApi, reaper: DoubleReaper) -> None:
    new_bus(api)
    api.InsertTrackAtIndex(0, False)
    reaper.current.save()
    again = DoubleApi(DoubleReaper(reaper.current.path or ""))
    bus = again.GetTrack(0, 3)
    sources = [end(again, bus, -1, n, "P_SRCTRACK") for n in range(2)]
    assert [again.GetTrackName(source, "", 64)[2] for source in sources] == ["Snare top", "Reverb"]


# --- through C, and in another process -----------------------------------------------------------------------------


def walk(api: Any) -> list[Any]:
    """Do something with every function about sends and return the answers."""
    bus = new_bus(api)
    snare = api.GetTrack(0, 0)
    answers: list[Any] = [api.GetSetMediaTrackInfo_String(bus, "GUID", BUS_GUID, True), api.GetTrack(0, 2) == bus]
    for name in NUMBERS:
        answers.append(api.SetTrackSendInfo_Value(snare, 0, 1, name, 1.0))
        answers.append(api.GetTrackSendInfo_Value(bus, -1, 0, name))
    answers += [end(api, snare, 0, 1, "P_DESTTRACK"), api.RemoveTrackSend(bus, -1, 1), api.GetTrackNumSends(bus, -1)]
    return answers


def test_the_same_comes_through_c(song: str, tmp_path: Path) -> None:
    straight, over_c = DoubleReaper(song.encode()), DoubleReaper(song.encode())
    module, table = load_module(over_c, write_module(tmp_path / "reaper_python.py"))
    assert walk(PrefixedApi(module)) == walk(DoubleApi(straight))
    assert table.errors == []
    assert over_c.current.to_bytes() == straight.current.to_bytes()


def test_a_process_tells_what_there_is(song: str, tmp_path: Path) -> None:
    project = tmp_path / "Song.RPP"
    project.write_text(song)
    options = json.dumps({"installed": ["ReaComp", "MultiEQ"], "shows_units": True})
    with OpenReaper(project, tmp_path, "--plugins", options) as reaper:
        added = [
            reaper.do("by_hand", function="TrackFX_AddByName", track="Reverb", arguments=[name, False, -1])["answer"]
            for name in ("ReaComp", "ReaEQ", "MultiEQ")
        ]
        assert added == [0, -1, 1]
        reaper.do("plugins", installed=["MultiEQ"])
        track = reaper.tracks()[1]
        assert reaper.state()["undo"] == "TrackFX_AddByName"
        reaper.do("undo")
        assert len(reaper.tracks()[1]["effects"]) == 1
    assert [effect["name"] for effect in track["effects"]] == ["VST: ReaComp (Cockos)", "VST: MultiEQ (IEM) (64ch)"]
    assert track["effects"][0]["values"] == {}
    assert track["effects"][1]["values"]["Filter Frequency 2"] == "120"
    assert track["receives"] == [{"source": "Snare top", "mode": 0, "gain_lin": 0.5, "pan": 0.0, "muted": False}]
