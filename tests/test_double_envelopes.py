"""Envelopes of the double: existence, activity, scaling, points, and the actions that show them."""

from __future__ import annotations

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper

NULL = "(TrackEnvelope*)0x0000000000000000"
SHOW_VOLUME, SHOW_TRIM, SHOW_PAN = 40406, 42020, 40407
POOL = """\
  <POOLEDENV
    ID 1
    SRCLEN 2
    PPT 0 0.5 0 0
    PPT 1 1 5 0.25
  >
"""
ITEM_LINE = "      POOLEDENVINST 1 10 3 0 1 0 0.5 1 1 20 6 0 0 20 0 0\n"


@pytest.fixture
def reaper(song: str) -> DoubleReaper:
    text = song.replace("      PT 0 1 0\n", ITEM_LINE + "      PT 0 1 0\n").replace("  <PROJBAY", POOL + "  <PROJBAY")
    return DoubleReaper(text.encode())


@pytest.fixture
def api(reaper: DoubleReaper) -> DoubleApi:
    return DoubleApi(reaper)


def chunk(api: DoubleApi, envelope: str) -> str:
    return api.GetEnvelopeStateChunk(envelope, "", 1 << 20, False)[2]


def points(api: DoubleApi, envelope: str, item: int = -1) -> list[tuple]:
    n_points = api.CountEnvelopePointsEx(envelope, item)
    return [api.GetEnvelopePointEx(envelope, item, n, 0.0, 0.0, 0, 0.0, False)[4:] for n in range(n_points)]


def volume(api: DoubleApi, index: int, tag: str = "<VOLENV2") -> str:
    return api.GetTrackEnvelopeByChunkName(api.GetTrack(0, index), tag)


# --- existence -----------------------------------------------------------------------------------------------------


def test_an_envelope_that_was_never_made_is_handed_out_empty(reaper: DoubleReaper, api: DoubleApi) -> None:
    before = reaper.current.to_bytes()
    envelope = volume(api, 1)
    text = chunk(api, envelope)
    assert api.CountEnvelopePoints(envelope) == 0
    assert text.startswith("<VOLENV2\nEGUID {")
    assert "\nACT 0 -1\nVIS 0 1 1\n" in text
    assert api.GetTrackEnvelopeByName(api.GetTrack(0, 1), "Volume") == NULL
    assert api.CountTrackEnvelopes(api.GetTrack(0, 1)) == 0
    assert api.SetEnvelopeStateChunk(envelope, text.replace("ACT 0", "ACT 1"), False) == 1
    assert "ACT 0 -1" in chunk(api, envelope)
    assert reaper.current.to_bytes() == before


def test_or_it_is_null_until_it_was_shown_once(song: str) -> None:
    reaper = DoubleReaper(song.encode(), chunk_name_gives_null=True)
    api = DoubleApi(reaper)
    assert volume(api, 1) == NULL
    reaper.select_only("Reverb")
    api.Main_OnCommandEx(SHOW_VOLUME, 0, 0)
    envelope = volume(api, 1)
    assert api.CountEnvelopePoints(envelope) == 1
    api.DeleteEnvelopePointRange(envelope, -1.0, 1.0)
    assert volume(api, 1) == envelope
    assert b"<VOLENV2" not in reaper.current.to_bytes().partition(b"NAME Reverb")[2]


def test_an_empty_envelope_cannot_be_switched_on(api: DoubleApi) -> None:
    envelope = volume(api, 1)
    api.GetSetEnvelopeInfo_String(envelope, "ACTIVE", "1", True)
    assert api.GetSetEnvelopeInfo_String(envelope, "ACTIVE", "", False)[3] == "0"
    api.InsertEnvelopePoint(envelope, 0.0, 1.0, 0, 0.0, False, False)
    api.GetSetEnvelopeInfo_String(envelope, "ACTIVE", "1", True)
    assert api.GetSetEnvelopeInfo_String(envelope, "ACTIVE", "", False)[3] == "1"


def test_names_of_all_built_in_envelopes(api: DoubleApi) -> None:
    envelope = volume(api, 0)
    assert api.GetEnvelopeName(envelope, "", 64)[2] == "Volume"
    assert api.GetTrackEnvelopeByName(api.GetTrack(0, 0), "Volume") == envelope
    assert api.GetTrackEnvelope(api.GetTrack(0, 0), 0) == envelope
    guid = api.GetSetEnvelopeInfo_String(envelope, "GUID", "", False)[3]
    assert api.GetTrackEnvelopeByChunkName(api.GetTrack(0, 0), guid) == envelope
    assert api.GetEnvelopeName(volume(api, 0, "<VOLENV3"), "", 64)[2] == "Trim Volume"
    assert volume(api, 0, "<NOENV") == NULL


# --- values --------------------------------------------------------------------------------------------------------


def test_scripts_see_fader_positions_where_the_file_has_gains(api: DoubleApi) -> None:
    envelope = volume(api, 0)
    assert api.GetEnvelopeScalingMode(envelope) == 1
    assert [round(point[1], 1) for point in points(api, envelope)] == [716.2, 592.4, 716.2]
    assert api.ScaleToEnvelopeMode(1, 1.0) == 716.2178503126559
    assert api.ScaleToEnvelopeMode(1, 0.0) == 0.0
    assert api.ScaleFromEnvelopeMode(1, api.ScaleToEnvelopeMode(1, 0.25)) == pytest.approx(0.25)
    assert api.ScaleToEnvelopeMode(0, 0.25) == 0.25
    assert api.Envelope_FormatValue(envelope, 716.2178503126559, "", 64)[2] == "0.00 dB"
    assert api.Envelope_FormatValue(envelope, 0.501, "", 64)[2].startswith("-")


@pytest.mark.parametrize("fader_scaling", [True, False])
def test_new_volume_envelopes_follow_the_preference(song: str, fader_scaling: bool) -> None:
    reaper = DoubleReaper(song.encode(), fader_scaling=fader_scaling)
    api = DoubleApi(reaper)
    envelope, pan = volume(api, 1), volume(api, 1, "<PANENV2")
    assert api.GetEnvelopeScalingMode(envelope) == int(fader_scaling)
    assert api.GetEnvelopeScalingMode(pan) == 0
    raw = api.ScaleToEnvelopeMode(int(fader_scaling), 0.5)
    api.InsertEnvelopePoint(envelope, 1.0, raw, 0, 0.0, False, False)
    assert api.CountEnvelopePoints(envelope) == 1
    assert float(chunk(api, envelope).partition("PT 1 ")[2].split()[0]) == pytest.approx(0.5)


def test_a_text_is_taken_in_linear_gains(reaper: DoubleReaper, api: DoubleApi) -> None:
    envelope = volume(api, 1)
    text = "<VOLENV2\nACT 1 -1\nVIS 1 1 1\nVOLTYPE 1\nPT 3 0.5 0\nPT 1 1 5 0 1 0 0.5\n>\n"
    assert api.SetEnvelopeStateChunk(envelope, text, False) == 1
    assert points(api, envelope)[0] == (1.0, 716.2178503126559, 5, 0.5, 1)
    assert points(api, envelope)[1][1] == pytest.approx(592.4, abs=0.1)
    assert b"    <VOLENV2\n      ACT 1 -1\n" in reaper.current.to_bytes()
    assert api.SetEnvelopeStateChunk(envelope, "<PANENV2\n>\n", False) == 0
    assert api.SetEnvelopeStateChunk(envelope, "<VOLENV2\nPT 1 1 0", False) == 0


def test_points_can_be_spelled_with_few_decimals(song: str) -> None:
    reaper = DoubleReaper(song.encode(), point_decimals=4)
    api = DoubleApi(reaper)
    api.SetEnvelopeStateChunk(volume(api, 1), "<VOLENV2\nPT 0.123456 0.987654 0\n>\n", False)
    assert "PT 0.1235 0.9877 0\n" in chunk(api, volume(api, 1))


# --- points --------------------------------------------------------------------------------------------------------


def test_deleting_a_range_leaves_the_point_at_its_end(api: DoubleApi) -> None:
    envelope = volume(api, 0)
    assert api.DeleteEnvelopePointRange(envelope, 4.0, 9.0) == 1
    assert [point[0] for point in points(api, envelope)] == [0.0, 9.0]


def test_points_are_sorted_when_asked_for(api: DoubleApi) -> None:
    envelope = volume(api, 0)
    for time_s in (6.0, 5.0):
        assert api.InsertEnvelopePoint(envelope, time_s, 1.0, 1, 0.0, False, True)[0] == 1
    assert [point[0] for point in points(api, envelope)] == [0.0, 4.0, 9.0, 6.0, 5.0]
    api.Envelope_SortPoints(envelope)
    assert [point[0] for point in points(api, envelope)] == [0.0, 4.0, 5.0, 6.0, 9.0]
    api.InsertEnvelopePoint(envelope, 4.0, 1.0, 1, 0.0, False, False)
    assert [point[0] for point in points(api, envelope)] == [0.0, 4.0, 4.0, 5.0, 6.0, 9.0]


def test_automation_items_show_their_pool_with_its_loops(api: DoubleApi) -> None:
    envelope = volume(api, 0)
    assert api.CountAutomationItems(envelope) == 1
    names = ("D_POOL_ID", "D_POSITION", "D_LENGTH", "D_BASELINE", "D_AMPLITUDE", "D_LOOPSRC")
    assert [api.GetSetAutomationItemInfo(envelope, 0, n, 0.0, False) for n in names] == [1, 10, 3, 0.5, 1, 1]
    assert [point[0] for point in points(api, envelope, 0)] == [10.0, 11.0, 12.0, 13.0]
    top = api.ScaleToEnvelopeMode(1, 2.0)
    assert points(api, envelope, 0)[:2] == [(10.0, top / 2, 0, 0.0, 0), (11.0, top, 5, 0.25, 0)]
    api.GetSetAutomationItemInfo(envelope, 0, "D_AMPLITUDE", 0.5, True)
    assert points(api, envelope, 0)[1][1] == pytest.approx(top * 0.75)


# --- actions -------------------------------------------------------------------------------------------------------


def test_the_action_toggles_every_selected_track(reaper: DoubleReaper, api: DoubleApi) -> None:
    reaper.select_only("Snare top", "Reverb")
    api.SetMediaTrackInfo_Value(api.GetTrack(0, 1), "D_VOL", 0.5)
    api.Main_OnCommand(SHOW_VOLUME, 0)
    assert "VIS 1 1 1" in chunk(api, volume(api, 0))
    assert "ACT 1 -1" in chunk(api, volume(api, 1))
    assert "\nPT 0 0.5 0\n" in chunk(api, volume(api, 1))
    assert api.GetMediaTrackInfo_Value(api.GetTrack(0, 1), "D_VOL") == 1.0
    assert api.GetMediaTrackInfo_Value(api.GetTrack(0, 0), "D_VOL") == 0.70794578
    api.Main_OnCommand(SHOW_VOLUME, 0)
    assert "VIS 0 1 1" in chunk(api, volume(api, 0))


@pytest.mark.parametrize(
    ("mode", "automation_mode", "moves"), [(0, 0, True), (1, 0, False), (1, 1, True), (2, 1, False)]
)
def test_the_control_moves_into_a_new_envelope_as_the_preference_says(
    song: str, mode: int, automation_mode: int, moves: bool
) -> None:
    reaper = DoubleReaper(song.encode(), trim_adjust_mode=mode)
    api = DoubleApi(reaper)
    track = api.GetTrack(0, 1)
    for name, value in (("D_VOL", 0.5), ("D_PAN", 0.25), ("I_AUTOMODE", float(automation_mode))):
        api.SetMediaTrackInfo_Value(track, name, value)
    reaper.select_only("Reverb")
    for command in (SHOW_VOLUME, SHOW_PAN, SHOW_TRIM):
        api.Main_OnCommandEx(command, 0, 0)
    assert api.GetMediaTrackInfo_Value(track, "D_VOL") == (1.0 if moves else 0.5)
    assert api.GetMediaTrackInfo_Value(track, "D_PAN") == (0.0 if moves else 0.25)
    assert points(api, volume(api, 1, "<PANENV2"))[0][1] == (-0.25 if moves else 0.0)
    assert "PT 0 1 0" in chunk(api, volume(api, 1, "<VOLENV3"))


def test_showing_makes_an_undo_point_of_its_own_outside_a_block(reaper: DoubleReaper, api: DoubleApi) -> None:
    before = reaper.current.to_bytes()
    reaper.select_only("Reverb")
    api.Main_OnCommand(SHOW_VOLUME, 0)
    assert api.Undo_CanUndo2(0) == "Toggle envelope visible"
    api.Undo_DoUndo2(0)
    assert reaper.current.state() == before


def test_a_render_is_left_to_the_test(reaper: DoubleReaper, api: DoubleApi) -> None:
    seen: list = []
    reaper.on_render = lambda settings, tracks: seen.append((settings, tracks))
    api.GetSetProjectInfo(0, "RENDER_ENDPOS", 4.0, True)
    reaper.select_only("Reverb")
    api.Main_OnCommandEx(42230, 0, 0)
    settings, tracks = seen[0]
    assert settings["RENDER_ENDPOS"] == 4.0
    assert tracks == [("{AAAAAAAA-0000-0000-0000-000000000002}", "Reverb")]
    assert settings["TRACK_NUMBERS"][tracks[0][0]] == 2


def test_an_action_that_the_double_lacks(api: DoubleApi) -> None:
    with pytest.raises(NotImplementedError, match="no action 12345"):
        api.Main_OnCommand(12345, 0)
