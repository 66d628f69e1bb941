"""The models of plug-ins that the double has: parameters, values, texts and states."""

from __future__ import annotations

import base64
import math
from pathlib import Path

import pytest
from double.api import DoubleApi
from double.effect_calls import ROOM, add, block, guid, names, set_to, shown
from double.plugin_blocks import put_state, state_of
from double.plugins import IEM, Plugins
from double.reaper import DoubleReaper

from reaper_automix.chunks import reacomp, reaeq, reaverbate
from reaper_automix.chunks.lines import Chunk, parse_project


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


# --- parameters ----------------------------------------------------------------------------------------------------


def test_the_bands_of_a_new_reaeq(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaEQ")
    kinds = ("Low Shelf", "Band 2", "Band 3", "High Shelf 4", "High Pass 5")
    expected = [f"{what}-{kind}" for kind in kinds for what in ("Freq", "Gain", "Q")]
    assert names(api, bus, 0) == [*expected, "Global Gain", "Bypass", "Wet", "Delta"]
    bands = reaeq.decode(block(api, bus)).bands
    assert [(int(band.kind), band.gain_db, band.enabled) for band in bands[3:]] == [(1, 0.0, True), (4, 0.0, False)]
    reaper.plugins.reaeq_bands = 4
    add(api, bus, "ReaEQ")
    assert len(names(api, bus, 1)) == 16


@pytest.mark.parametrize(
    ("x", "hz"), [(0.0, "20.0"), (0.25, "228.3"), (0.5, "1160.5"), (0.75, "5332.2"), (1.0, "24000.0")]
)
def test_the_frequencies_of_reaeq(api: DoubleApi, bus: str, x: float, hz: str) -> None:
    add(api, bus, "ReaEQ")
    api.TrackFX_SetParamNormalized(bus, 0, 3, x)
    assert api.TrackFX_GetParamNormalized(bus, 0, 3) == pytest.approx(x, abs=1e-12)
    assert float(shown(api, bus, 0, 3)) == pytest.approx(float(hz), abs=0.3)
    assert reaeq.decode(block(api, bus)).bands[1].frequency_hz == pytest.approx(float(hz), abs=0.3)


@pytest.mark.parametrize("logarithmic", [False, True])
def test_reaeq_is_set_by_its_texts(reaper: DoubleReaper, api: DoubleApi, bus: str, logarithmic: bool) -> None:
    reaper.plugins.bandwidth_is_logarithmic = logarithmic
    add(api, bus, "ReaEQ")
    for number, text in ((3, "120.0"), (4, "-3.0"), (5, "1.00"), (15, "2.0")):
        set_to(api, bus, 0, number, text)
        assert shown(api, bus, 0, number) == text
    settings = reaeq.decode(block(api, bus))
    band = settings.bands[1]
    assert band.frequency_hz == pytest.approx(120.0, abs=0.06)
    assert band.gain_db == pytest.approx(-3.0, abs=0.06)
    assert band.bandwidth_oct == pytest.approx(1.0, abs=0.006)
    assert settings.gain_db == pytest.approx(2.0, abs=0.06)
    x = api.TrackFX_GetParamNormalized(bus, 0, 5)
    assert x == pytest.approx(math.log(100.0) / math.log(400.0) if logarithmic else 0.25, abs=0.002)
    assert api.TrackFX_SetParamNormalized(bus, 0, 4, 0.0) == 1
    assert shown(api, bus, 0, 4) == "-inf"


def test_types_of_bands_are_set_by_name(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaEQ")
    assert api.TrackFX_GetNamedConfigParm(bus, 0, "BANDTYPE0", "", 64)[4] == "0"
    assert api.TrackFX_GetNamedConfigParm(bus, 0, "BANDENABLED4", "", 64)[4] == "0"
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "BANDTYPE0", "4") == 1
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "BANDENABLED4", "1") == 1
    assert names(api, bus, 0)[:4] == ["Freq-High Pass", "Gain-High Pass", "Q-High Pass", "Freq-Band 2"]
    assert [band.enabled for band in reaeq.decode(block(api, bus)).bands] == [True] * 5
    refused = (("BANDTYPE5", "8"), ("BANDTYPE0", "77"), ("BANDTYPE0", "x"), ("BANDENABLED0", "2"), ("BANDTYPE", "1"))
    assert [api.TrackFX_SetNamedConfigParm(bus, 0, name, value) for name, value in refused] == [0] * 5
    assert api.TrackFX_GetNamedConfigParm(bus, 0, "BANDTYPE5", "", 64)[0] == 0


def test_a_new_reacomp(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaComp")
    listed = names(api, bus, 0)
    assert [listed.index(name) for name in ("Thresh", "Ratio", "Attack", "Release", "RMS size", "Knee")] == [
        0,
        1,
        2,
        3,
        13,
        14,
    ]
    assert [n for n, name in enumerate(listed) if name == "Wet"] == [11, 22]
    texts = [shown(api, bus, 0, n) for n in (0, 1, 2, 3, 6, 7, 10, 11, 13, 14, 15)]
    assert texts == ["0.0", "4.0", "3.0", "100", "20000", "0", "-inf", "0.0", "5.0", "0.0", "off"]
    assert reacomp.decode(block(api, bus)).ratio == pytest.approx(4.0, rel=1e-6)
    assert api.TrackFX_GetParamIdent(bus, 0, 11, "", 64)[4] == "11:_Wet"
    assert api.TrackFX_GetParamFromIdent(bus, 0, "11:_Wet") == 11
    assert api.TrackFX_GetParamFromIdent(bus, 0, ":wet") == 22
    assert api.TrackFX_GetParamFromIdent(bus, 0, "x") == -1


def test_gains_of_reacomp_go_to_two(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaComp")
    assert api.TrackFX_GetParamEx(bus, 0, 0, 0.0, 0.0, 0.0) == (1.0, bus, 0, 0, 0.0, 2.0, 1.0)
    assert api.TrackFX_GetParam(bus, 0, 1, 0.0, 0.0)[4:] == (0.0, 1.0)
    assert api.TrackFX_GetParamNormalized(bus, 0, 0) == 0.5
    api.TrackFX_SetParam(bus, 0, 0, 10.0 ** (-21.0 / 20.0))
    assert shown(api, bus, 0, 0) == "-21.0"
    assert reacomp.decode(block(api, bus)).threshold_db == pytest.approx(-21.0, abs=1e-5)
    assert api.TrackFX_GetParamNormalized(bus, 0, 0) == pytest.approx(10.0 ** (-21.0 / 20.0) / 2.0, rel=1e-7)
    for number, text in ((2, "30.0"), (3, "250"), (13, "10.0"), (14, "6.0"), (1, "2.5")):
        set_to(api, bus, 0, number, text)
        assert shown(api, bus, 0, number) == text
    settings = reacomp.decode(block(api, bus))
    assert (settings.attack_ms, settings.release_ms) == (pytest.approx(30.0, abs=0.06), pytest.approx(250.0, abs=0.6))
    assert (settings.rms_size_ms, settings.knee_db) == (pytest.approx(10.0, abs=0.06), pytest.approx(6.0, abs=0.06))
    api.TrackFX_SetParamNormalized(bus, 0, 1, 1.0)
    assert shown(api, bus, 0, 1) == "inf"
    assert reacomp.decode(block(api, bus)).ratio == math.inf


def test_a_value_out_of_range_is_held_at_its_end(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaComp")
    assert api.TrackFX_SetParamNormalized(bus, 0, 0, 7.0) == 1
    assert api.TrackFX_GetParam(bus, 0, 0, 0.0, 0.0)[0] == 2.0
    assert api.TrackFX_SetParam(bus, 0, 0, -1.0) == 1
    assert shown(api, bus, 0, 0) == "-inf"
    assert api.TrackFX_SetParam(bus, 0, 0, math.nan) == 0
    assert api.TrackFX_SetParam(bus, 0, 99, 0.5) == 0
    assert api.TrackFX_GetParamNormalized(bus, 0, 99) == -1.0
    assert api.TrackFX_GetParamName(bus, 0, 99, "", 64)[0] == 0
    assert api.TrackFX_GetNumParams(bus, 9) == 0


def test_reaverbate(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaVerbate")
    listed = names(api, bus, 0)
    assert listed[:5] == ["Wet", "Dry", "Room size", "Dampening", "Stereo width"]
    assert listed[5:] == ["Initial delay", "Lowpass", "Hipass", "Bypass", "Wet", "Delta"]
    api.TrackFX_SetParam(bus, 0, 1, 0.0)
    set_to(api, bus, 0, 5, "20")
    set_to(api, bus, 0, 4, "0.50")
    settings = reaverbate.decode(block(api, bus))
    assert settings.dry_db <= -150.0
    assert settings.initial_delay_ms == pytest.approx(20.0, abs=0.6)
    assert settings.width == pytest.approx(0.5, abs=0.006)


def test_what_reaper_appends(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaComp")
    before = reaper.current.to_bytes()
    bypass, wet, delta = 21, 22, 23
    assert [api.TrackFX_GetParam(bus, 0, n, 0.0, 0.0)[0] for n in (bypass, wet, delta)] == [0.0, 1.0, 0.0]
    api.TrackFX_SetParam(bus, 0, bypass, 1.0)
    api.TrackFX_SetParamNormalized(bus, 0, wet, 0.25)
    assert api.TrackFX_GetEnabled(bus, 0) == 0
    assert shown(api, bus, 0, wet) == "25"
    assert b"BYPASS 1 0 0\n" in reaper.current.to_bytes()
    assert b"WET 0.25 0\n" in reaper.current.to_bytes()
    api.TrackFX_SetEnabled(bus, 0, True)
    api.TrackFX_SetParam(bus, 0, wet, 1.0)
    assert reaper.current.to_bytes() == before


def test_units_are_shown_where_asked_for(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaEQ")
    reaper.plugins.shows_units = True
    assert [shown(api, bus, 0, n) for n in range(3)] == ["100.0 Hz", "0.0 dB", "2.00 oct"]


def test_a_plug_in_without_a_model_cannot_be_set(api: DoubleApi, reaper: DoubleReaper, song: str) -> None:
    reaper.open_project(song.replace("1919247729<56535472656571726561657100000000>", "77").encode())
    track = api.GetTrack(0, 0)
    assert api.TrackFX_GetNumParams(track, 0) == 303
    assert api.TrackFX_SetParamNormalized(track, 0, 0, 0.5) == 0
    assert api.TrackFX_FormatParamValueNormalized(track, 0, 0, 0.5, "", 64)[0] == 0


# --- IEM -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plugin", "name", "x", "text"),
    [
        ("OmniCompressor", "Threshold", 0.25, "-35.0"),
        ("OmniCompressor", "Ratio", 0.9, "14.6"),
        ("OmniCompressor", "Ratio", 1.0, "inf"),
        ("OmniCompressor", "Ambisonics Order", 0.5, "3rd"),
        ("MultiEQ", "Filter Frequency 3", 0.25, "644"),
        ("MultiEQ", "Filter Q 2", 0.5, "4.05"),
        ("MultiEQ", "Filter Gain 1", 0.75, "-3.7"),
        ("MultiEQ", "Filter Type 1", 0.25, "HP (12dB/oct)"),
        ("MultiEQ", "Filter Type 6", 1.0, "High-shelf"),
        ("FdnReverb", "Reverberation Time", 0.1, "1.0"),
        ("FdnReverb", "Lows Cutoff Frequency", 0.75, "4761"),
        ("FdnReverb", "Highs Gain", 0.9, "-4.4"),
        ("FdnReverb", "Fdn Size (internal)", 0.5, "32"),
    ],
)
def test_iem_plug_ins_show_what_the_real_ones_do(
    reaper: DoubleReaper, api: DoubleApi, bus: str, plugin: str, name: str, x: float, text: str
) -> None:
    reaper.plugins.install(*IEM)
    add(api, bus, plugin)
    number = names(api, bus, 0).index(name)
    assert api.TrackFX_FormatParamValueNormalized(bus, 0, number, x, "", 64)[0] == 0
    assert api.TrackFX_SetParamNormalized(bus, 0, number, x) == 1
    assert shown(api, bus, 0, number) == text
    held = api.TrackFX_GetParamNormalized(bus, 0, number)
    api.TrackFX_SetParamNormalized(bus, 0, number, held)
    assert shown(api, bus, 0, number) == text
    again = DoubleApi(DoubleReaper(reaper.current.to_bytes()))
    again._reaper.plugins.install(*IEM)
    assert again.TrackFX_GetParamNormalized(again.GetTrack(0, 1), 0, number) == held


def test_new_iem_plug_ins(reaper: DoubleReaper, api: DoubleApi, bus: str) -> None:
    reaper.plugins.install(*IEM)
    counts = []
    for n, name in enumerate(IEM):
        assert add(api, bus, name) == n
        assert api.TrackFX_GetFXName(bus, n, "", 64)[3] == f"VST: {name} (IEM) (64ch)"
        counts.append(api.TrackFX_GetNumParams(bus, n))
    assert counts == [34, 13, 14]
    assert [shown(api, bus, 0, n) for n in (3, 8, 13, 18, 23, 28)] == ["20", "120", "500", "2200", "8000", "16000"]
    assert api.TrackFX_GetParamNormalized(bus, 0, 8) == pytest.approx(0.12016, abs=1e-5)


# --- state ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plugin", ["ReaEQ", "ReaComp", "ReaVerbate", *IEM])
def test_a_state_is_handed_over_whole(reaper: DoubleReaper, api: DoubleApi, bus: str, plugin: str) -> None:
    reaper.plugins.install(*IEM)
    add(api, bus, plugin)
    plain = api.TrackFX_GetNamedConfigParm(bus, 0, "vst_chunk", "", ROOM)
    assert plain[0] == 1
    api.TrackFX_SetParamNormalized(bus, 0, 3, 0.3)
    changed = api.TrackFX_GetNamedConfigParm(bus, 0, "vst_chunk", "", ROOM)[4]
    text, value = shown(api, bus, 0, 3), api.TrackFX_GetParamNormalized(bus, 0, 3)
    assert changed != plain[4]
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "vst_chunk", plain[4]) == 1
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "vst_chunk", changed) == 1
    assert (shown(api, bus, 0, 3), api.TrackFX_GetParamNormalized(bus, 0, 3)) == (text, value)
    for nonsense in ("", "!", "AAAA", base64.b64encode(b"\0" * 200).decode()):
        assert api.TrackFX_SetNamedConfigParm(bus, 0, "vst_chunk", nonsense) == 0
    reaper.plugins.refuses_vst_chunk = True
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "vst_chunk", plain[4]) == 0
    assert shown(api, bus, 0, 3) == text


def test_a_state_of_another_length(api: DoubleApi, bus: str) -> None:
    add(api, bus, "ReaEQ")
    bands = tuple(reaeq.EqBand(reaeq.BandKind.BAND, 100.0 * n, 1.0, 1.0) for n in range(1, 9))
    state = reaeq.encode(reaeq.EqSettings(bands)).state
    assert api.TrackFX_SetNamedConfigParm(bus, 0, "vst_chunk", base64.b64encode(state).decode()) == 1
    assert api.TrackFX_GetNumParams(bus, 0) == 28
    assert block(api, bus).state == state
    assert shown(api, bus, 0, 21) == "800.0"


@pytest.mark.parametrize("plugin", ["ReaEQ", "ReaComp", "ReaVerbate"])
def test_setting_what_is_set_changes_no_byte(reaper: DoubleReaper, api: DoubleApi, bus: str, plugin: str) -> None:
    add(api, bus, plugin)
    before, count = reaper.current.to_bytes(), api.GetProjectStateChangeCount(0)
    for number in range(api.TrackFX_GetNumParams(bus, 0)):
        api.TrackFX_SetParam(bus, 0, number, api.TrackFX_GetParam(bus, 0, number, 0.0, 0.0)[0])
    assert reaper.current.to_bytes() == before
    assert api.GetProjectStateChangeCount(0) == count


def test_blocks_that_the_package_wrote_are_plug_ins(song: str, api: DoubleApi, reaper: DoubleReaper) -> None:
    settings = reacomp.CompSettings(threshold_db=-18.0, ratio=3.0, attack_ms=12.0, wet_db=2.0)
    lines = "\n".join(reacomp.encode(settings).with_name("Automix: comp").lines())
    after = "\n  FXID {AAAAAAAA-0000-0000-0000-0000000000C1}\n  WAK 0 0\n  BYPASS 0 0 0\n"
    reaper.open_project(song.replace('      <VST "VST: ReaEQ', f'{lines}{after}      <VST "VST: ReaEQ').encode())
    track = api.GetTrack(0, 0)
    assert api.TrackFX_GetNamedConfigParm(track, 0, "renamed_name", "", 64)[4] == "Automix: comp"
    assert guid(api, track, 0) == "{AAAAAAAA-0000-0000-0000-0000000000C1}"
    assert [shown(api, track, 0, n) for n in (0, 1, 2, 11)] == ["-18.0", "3.0", "12.0", "2.0"]
    assert names(api, track, 1) == ["Bypass", "Wet", "Delta"]  # the song's own is cut off in the middle


def plug_ins(chunk: Chunk) -> list[Chunk]:
    """Return every VST in a chunk."""
    return [*([chunk] if chunk.tag == "VST" else []), *(found for inner in chunk.chunks() for found in plug_ins(inner))]


@pytest.mark.data
def test_real_blocks_are_read_and_stay_as_they_are(shared_data: Path) -> None:
    plugins, n_read = Plugins(), 0
    for path in sorted((shared_data / "rpp").glob("*.RPP")):
        text = parse_project(path.read_bytes())
        for chunk in plug_ins(text.root):
            model, state = plugins.of_chunk(chunk), state_of(chunk)
            if model is not None and state is not None and (state[0] == 33 or model.is_parameter_list):
                n_read += 1
                for number, parameter in enumerate(model.parameters(state)):
                    assert 0.0 <= parameter.raw <= 4.0
                    again = model.parameters(model.with_raw(state, number, parameter.raw))
                    assert again[number].raw == pytest.approx(parameter.raw, rel=1e-9)
            if state is not None:
                put_state(chunk, state)
        assert text.to_bytes() == path.read_bytes()
    assert n_read >= 30
