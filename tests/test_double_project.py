"""Tabs, tracks, items, ext state and undo of the double."""

from __future__ import annotations

from pathlib import Path

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper

SNARE = "{AAAAAAAA-0000-0000-0000-000000000001}"
EXTRA = """\
  <TEMPOENVEX
    ACT 1 -1
    PT 0 120 1 262148 0 1
    PT 2 60 0
    PT 6 120 1
  >
  <TRACK {AAAAAAAA-0000-0000-0000-000000000003}
    NAME Lead
    ISBUS 1 1
    GROUP_FLAGS 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 4 0
    FREEMODE 2
    LANESOLO 2
    AUXRECV 0 3 0.25 0.5 1 1 1 1026 1 -1:U 0 -1 ''
    <AUXVOLENV
      ACT 1 -1
      VOLTYPE 1
      PT 0 0.5 0
    >
    <FXCHAIN
      BYPASS 1 0 0
      <JS utility/volume "my gain"
        - - -
      >
      BYPASS 0 1 0
      <VST "VSTi: ReaSynth (Cockos)" reasynth.dll 0 "" 1919251321
      >
      FXID {AAAAAAAA-0000-0000-0000-0000000000F9}
    >
    <ITEM
      POSITION 5
      LENGTH 1
      YPOS 0.5 0.5
      <SOURCE MIDI
      >
      TAKE SEL
      <SOURCE WAVE
        FILE "b.wav"
      >
    >
    <ITEM
      POSITION 1
      LENGTH 1
      YPOS 0 0.5
      IGUID {AAAAAAAA-0000-0000-0000-0000000000A9}
    >
  >
"""


@pytest.fixture
def reaper(song: str, tmp_path: Path) -> DoubleReaper:
    path = tmp_path / "Song.RPP"
    path.write_text(song.replace("  <EXTENSIONS\n", EXTRA + "  <EXTENSIONS\n"))
    return DoubleReaper(path)


@pytest.fixture
def api(reaper: DoubleReaper) -> DoubleApi:
    return DoubleApi(reaper)


def value(api: DoubleApi, index: int, name: str) -> float:
    return api.GetMediaTrackInfo_Value(api.GetTrack(0, index), name)


# --- reading -------------------------------------------------------------------------------------------------------


def test_an_untouched_project_is_saved_byte_for_byte(song: str) -> None:
    data = song.replace("    <ITEM\n      POSITION 0\n", "    <ITEM\n      IGUID {B}\n      POSITION 0\n").encode()
    assert DoubleReaper(data).current.to_bytes() == data


def test_tracks_and_items_without_guids_get_them() -> None:
    reaper = DoubleReaper(b"<REAPER_PROJECT 0.1\n  <TRACK\n    <ITEM\n      POSITION 0\n    >\n  >\n  <TRACK\n  >\n>\n")
    api = DoubleApi(reaper)
    guids = {api.GetSetMediaTrackInfo_String(api.GetTrack(0, n), "GUID", "", False)[3] for n in (0, 1)}
    assert len(guids) == 2
    assert all(guid in reaper.current.to_bytes().decode() for guid in guids)
    assert "IGUID {" in api.GetItemStateChunk(api.GetTrackMediaItem(api.GetTrack(0, 0), 0), "", 4096, False)[2]


def test_numbers_of_tracks(api: DoubleApi) -> None:
    assert value(api, 0, "D_VOL") == 0.70794578
    assert value(api, 0, "D_PAN") == -0.25
    assert [value(api, n, "IP_TRACKNUMBER") for n in range(3)] == [1.0, 2.0, 3.0]
    assert (value(api, 0, "D_PANLAW"), value(api, 0, "I_PANMODE"), value(api, 0, "D_WIDTH")) == (-1.0, -1.0, 1.0)
    assert (value(api, 1, "I_NCHAN"), value(api, 1, "I_FXEN"), value(api, 1, "B_MAINSEND")) == (2.0, 1.0, 1.0)
    assert (value(api, 2, "I_FOLDERDEPTH"), value(api, 2, "I_FREEMODE")) == (1.0, 2.0)
    assert (value(api, 2, "C_LANEPLAYS:0"), value(api, 2, "C_LANEPLAYS:1")) == (0.0, 2.0)
    assert value(api, 0, "D_NO_SUCH_THING") == 0.0
    master = api.GetMasterTrack(0)
    assert api.GetMediaTrackInfo_Value(master, "D_VOL") == 1.0
    assert api.GetMediaTrackInfo_Value(master, "IP_TRACKNUMBER") == -1.0


def test_receives_name_their_source_by_its_address(api: DoubleApi) -> None:
    lead, snare = api.GetTrack(0, 2), api.GetTrack(0, 0)
    names = ("I_SENDMODE", "D_VOL", "D_PAN", "B_MUTE", "B_MONO", "B_PHASE", "I_SRCCHAN", "I_DSTCHAN")
    assert [api.GetTrackSendInfo_Value(lead, -1, 0, n) for n in names] == [3, 0.25, 0.5, 1, 1, 1, 1026, 1]
    address = api.GetTrackSendInfo_Value(lead, -1, 0, "P_SRCTRACK")
    assert f"(MediaTrack*)0x{int(address):016X}" == snare
    assert api.GetTrackNumSends(snare, 0) == 2
    assert api.GetTrackSendInfo_Value(lead, -1, 0, "P_ENV:<PANENV") == 0.0
    envelope = f"(TrackEnvelope*)0x{int(api.GetTrackSendInfo_Value(lead, -1, 0, 'P_ENV:<VOLENV')):016X}"
    assert "PT 0 0.5 0\n" in api.GetEnvelopeStateChunk(envelope, "", 4096, False)[2]


def test_groups_are_bits(api: DoubleApi) -> None:
    lead = api.GetTrack(0, 2)
    assert api.GetSetTrackGroupMembership(lead, "VOLUME_VCA_LEAD", 0, 0) == 4
    assert api.GetSetTrackGroupMembership(lead, "VOLUME_VCA_FOLLOW", 0, 0) == 0
    api.GetSetTrackGroupMembership(lead, "VOLUME_VCA_FOLLOW", 0x80000000, 0x80000000)
    assert api.GetSetTrackGroupMembership(lead, "VOLUME_VCA_FOLLOW", 0, 0) == -(2**31)


def test_plug_ins(api: DoubleApi) -> None:
    lead = api.GetTrack(0, 2)
    assert [api.TrackFX_GetFXName(lead, n, "", 512)[3] for n in (0, 1)] == ["my gain", "VSTi: ReaSynth (Cockos)"]
    assert api.TrackFX_GetNamedConfigParm(lead, 0, "original_name", "", 512)[::4] == (1, "JS: utility/volume")
    assert api.TrackFX_GetNamedConfigParm(lead, 0, "no_such_thing", "", 512)[0] == 0
    assert [api.TrackFX_GetEnabled(lead, n) for n in (0, 1)] == [0, 1]
    assert [api.TrackFX_GetOffline(lead, n) for n in (0, 1)] == [0, 1]
    assert api.TrackFX_GetInstrument(lead) == 1
    assert api.guidToString(api.TrackFX_GetFXGUID(lead, 1), "")[1] == "{AAAAAAAA-0000-0000-0000-0000000000F9}"


def test_items_stand_in_the_order_of_time(api: DoubleApi, tmp_path: Path) -> None:
    lead = api.GetTrack(0, 2)
    first, second = (api.GetTrackMediaItem(lead, n) for n in (0, 1))
    assert [api.GetMediaItemInfo_Value(item, "D_POSITION") for item in (first, second)] == [1.0, 5.0]
    assert [api.GetMediaItemInfo_Value(item, "C_LANEPLAYS") for item in (first, second)] == [0.0, 1.0]
    assert api.GetActiveTake(first).endswith("0" * 16)
    source = api.GetMediaItemTake_Source(api.GetActiveTake(second))
    assert api.GetMediaSourceType(source, "", 64)[1] == "WAVE"
    assert api.GetMediaSourceFileName(source, "", 4096)[1] == str(tmp_path / "b.wav")
    api.SetMediaItemInfo_Value(first, "D_POSITION", 9.0)
    assert api.GetTrackMediaItem(lead, 1) == first


def test_tempo_markers(api: DoubleApi) -> None:
    assert api.CountTempoTimeSigMarkers(0) == 3
    assert api.GetTempoTimeSigMarker(0, 0, 0.0, 0, 0.0, 0.0, 0, 0, False)[3:] == (0.0, 0, 0.0, 120.0, 4, 4, 0)
    assert api.GetTempoTimeSigMarker(0, 1, 0.0, 0, 0.0, 0.0, 0, 0, False)[3:] == (2.0, 1, 0.0, 60.0, -1, -1, 1)
    assert api.TimeMap_GetTimeSigAtTime(0, 4.0, 0, 0, 0.0)[2:] == (4, 4, 90.0)


# --- writing -------------------------------------------------------------------------------------------------------


def test_a_write_changes_one_field_and_the_count(reaper: DoubleReaper, api: DoubleApi) -> None:
    before, count = reaper.current.to_bytes(), api.GetProjectStateChangeCount(0)
    api.SetMediaTrackInfo_Value(api.GetTrack(0, 0), "D_VOL", 0.5)
    assert reaper.current.to_bytes() == before.replace(b"VOLPAN 0.70794578", b"VOLPAN 0.5")
    assert api.GetProjectStateChangeCount(0) > count


def test_settings_that_are_put_back_leave_no_trace(reaper: DoubleReaper, api: DoubleApi) -> None:
    before = reaper.current.to_bytes()
    was = api.GetSetProjectInfo_String(0, "RENDER_FORMAT", "", False)[3]
    assert was == "ZXZhdxgAAQ=="
    api.GetSetProjectInfo_String(0, "RENDER_FORMAT", "evaw", True)
    assert api.GetSetProjectInfo_String(0, "RENDER_FORMAT", "", False)[3] == "evaw"
    api.GetSetProjectInfo_String(0, "RENDER_FORMAT", was, True)
    for setting in ("RENDER_STARTPOS", "RENDER_SETTINGS"):
        api.GetSetProjectInfo(0, setting, 3.0, True)
        api.GetSetProjectInfo(0, setting, 0.0, True)
    assert reaper.current.to_bytes() == before
    assert api.GetSetProjectInfo(0, "PROJECT_SRATE", 0.0, False) == 48000.0


def test_selection_is_saved_but_not_undone(reaper: DoubleReaper, api: DoubleApi) -> None:
    reaper.set_fader("Reverb", 0.5)
    reaper.select_only("Reverb")
    reaper.undo()
    assert api.GetSelectedTrack(0, 0) == api.GetTrack(0, 1)
    assert api.CountSelectedTracks(0) == 1
    assert b"SEL 1" in reaper.current.to_bytes()


def test_deleting_a_track_renumbers_receives(api: DoubleApi, reaper: DoubleReaper) -> None:
    api.InsertTrackAtIndex(0, True)
    assert api.GetTrackSendInfo_Value(api.GetTrack(0, 3), -1, 0, "P_SRCTRACK") > 0
    assert b"AUXRECV 1 3" in reaper.current.to_bytes()
    api.DeleteTrack(api.GetTrack(0, 1))
    assert b"AUXRECV" not in reaper.current.to_bytes()
    assert api.CountTracks(0) == 3


def test_a_track_can_be_replaced_by_its_text(api: DoubleApi, reaper: DoubleReaper) -> None:
    before, track = reaper.current.to_bytes(), api.GetTrack(0, 0)
    text = api.GetTrackStateChunk(track, "", 1 << 20, False)[2]
    assert text.startswith(f"<TRACK {SNARE}\nNAME ")
    assert api.SetTrackStateChunk(track, text, False) == 1
    assert reaper.current.to_bytes() == before
    assert api.SetTrackStateChunk(track, "<TRACK\n", False) == 0
    api.SetTrackStateChunk(track, text.replace("Snare top", "Snare"), False)
    assert api.GetTrackName(track, "", 64)[2] == "Snare"


# --- undo ----------------------------------------------------------------------------------------------------------


def test_undo_restores_every_byte_and_pointers_stay(reaper: DoubleReaper, api: DoubleApi) -> None:
    before, track = reaper.current.to_bytes(), api.GetTrack(0, 0)
    item = api.GetTrackMediaItem(track, 0)
    api.Undo_BeginBlock2(0)
    api.SetMediaTrackInfo_Value(track, "D_VOL", 0.5)
    api.SetMediaItemInfo_Value(item, "B_MUTE", 1.0)
    assert api.Undo_DoRedo2(0) == 0
    api.Undo_EndBlock2(0, "Both", -1)
    after = reaper.current.to_bytes()
    assert api.Undo_CanUndo2(0) == "Both"
    assert api.Undo_DoUndo2(0) == 1
    assert reaper.current.to_bytes() == before
    assert api.GetMediaTrackInfo_Value(track, "D_VOL") == 0.70794578
    assert api.GetMediaItemInfo_Value(item, "B_MUTE") == 0.0
    assert api.Undo_CanRedo2(0) == "Both"
    assert api.Undo_DoRedo2(0) == 1
    assert reaper.current.to_bytes() == after


def test_only_blocks_that_change_something_are_undo_points(api: DoubleApi) -> None:
    track = api.GetTrack(0, 0)
    api.Undo_BeginBlock2(0)
    api.Undo_EndBlock2(0, "Nothing", -1)
    with pytest.raises(AttributeError):
        api.Undo_CanUndo2(0)
    api.SetMediaTrackInfo_Value(track, "D_VOL", 0.5)
    with pytest.raises(AttributeError):
        api.Undo_CanUndo2(0)
    api.Undo_BeginBlock2(0)
    api.SetMediaTrackInfo_Value(track, "D_VOL", 0.25)
    api.Undo_EndBlock2(0, "No flags", 0)
    with pytest.raises(AttributeError):
        api.Undo_CanUndo2(0)


def test_a_block_that_was_never_opened(api: DoubleApi) -> None:
    with pytest.raises(RuntimeError, match="never opened"):
        api.Undo_EndBlock2(0, "x", -1)


@pytest.mark.parametrize("survives", [True, False])
def test_project_ext_state(song: str, survives: bool) -> None:
    reaper = DoubleReaper(song.encode(), ext_state_survives_undo=survives)
    api = DoubleApi(reaper)
    before = reaper.current.to_bytes()
    api.Undo_BeginBlock2(0)
    api.SetMediaTrackInfo_Value(api.GetTrack(0, 0), "D_VOL", 0.5)
    assert api.SetProjExtState(0, "Mine", "Key", 'a "b"') == 5
    api.Undo_EndBlock2(0, "x", -1)
    assert api.GetProjExtState(0, "mine", "key", "", 4096) == (5, 0, "mine", "key", 'a "b"', 4096)
    assert api.EnumProjExtState(0, "MINE", 0, "", 64, "", 64)[0] == 1
    api.Undo_DoUndo2(0)
    assert api.GetProjExtState(0, "mine", "key", "", 4096)[4] == ('a "b"' if survives else "")
    api.SetProjExtState(0, "mine", "key", "")
    assert reaper.current.to_bytes() == before


def test_a_pointer_belongs_to_its_tab(reaper: DoubleReaper, api: DoubleApi, song: str) -> None:
    track, first = api.GetTrack(0, 0), reaper.current
    second = reaper.open_project(song.encode())
    before = second.to_bytes()
    api.SetMediaTrackInfo_Value(track, "D_VOL", 0.5)
    assert b"VOLPAN 0.5" in first.to_bytes()
    assert second.to_bytes() == before
    assert [api.EnumProjects(n, "", 4096)[0] == api.EnumProjects(-1, "", 4096)[0] for n in (0, 1)] == [False, True]


def test_saving(reaper: DoubleReaper, tmp_path: Path) -> None:
    reaper.set_fader("Reverb", 0.5)
    assert reaper.current.is_dirty
    reaper.current.save(tmp_path / "Other.RPP")
    assert not reaper.current.is_dirty
    again = DoubleReaper(tmp_path / "Other.RPP")
    assert again.current.to_bytes() == reaper.current.to_bytes()
    assert again.current.undo_label() is None
