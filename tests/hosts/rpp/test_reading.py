"""What a project says about tracks, folders, sends, plug-ins and the whole session (reference of the format, 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reaper_automix.chunks.lines import parse_project
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.hosts.rpp.reading import read_project
from reaper_automix.session import (
    AutomationMode,
    EnvelopeKind,
    PointShape,
    SendMode,
    Session,
    TempoMarker,
    Track,
)
from reaper_automix.units import SILENCE_DB

Read = Callable[[str], Session]


def track(read: Read, *lines: str, project: str = "") -> Track:
    body = "\n".join(lines)
    return read(f"{project}\n<TRACK {{A}}\n{body}\n>").tracks[0]


def test_an_empty_project(read: Read, tmp_path: Path) -> None:
    session = read("")
    assert session.tracks == ()
    assert session.path == str(tmp_path / "Song.RPP")
    assert session.name == "Song"
    assert (session.sample_rate_hz, session.tempo_bpm, session.time_signature) == (None, 120.0, (4, 4))
    assert session.time_selection_s is None
    assert session.automation_override is None
    assert session.ledger_json == ""


def test_project_settings(read: Read) -> None:
    session = read(
        "PANLAW 0.70794578438414\nPANMODE 5\nSAMPLERATE 48000 1 0\nTEMPO 93.5 6 8\nSELECTION 108.75 90\nGLOBAL_AUTO 2\n"
        "MASTER_VOLUME 0.5 0.25 -1 -1 1\nMASTERMUTESOLO 5\nMASTERAUTOMODE 1\nMASTER_FX 0\n"
        '<MASTERFXLIST\nBYPASS 0 0 0\n<JS loser/masterLimiter ""\n-1 -\n>\nFXID {F}\n>\n'
        "<MASTERVOLENV2\nACT 1 -1\nPT 0 0 3\n>\n"
        "<TEMPOENVEX\nACT 1 -1\nPT 0 79 1 262148 0 1\nPT 8 90 0\n>"
    )
    assert session.pan_law_db == pytest.approx(-3.0)
    assert session.pan_mode == 5
    assert session.sample_rate_hz == 48000
    assert (session.tempo_bpm, session.time_signature) == (93.5, (6, 8))
    assert session.time_selection_s == (90.0, 108.75)
    assert session.automation_override == AutomationMode.TOUCH
    master = session.master
    assert (master.gain_db, master.pan) == (pytest.approx(-6.0206, abs=1e-4), 0.25)
    assert (master.muted, master.mono, master.automation_mode) == (True, True, AutomationMode.READ)
    assert [(fx.id, fx.name, fx.bypassed) for fx in master.effects] == [("{F}", "JS: loser/masterLimiter", True)]
    assert master.envelopes[0].kind == EnvelopeKind.VOLUME
    assert master.envelopes[0].points[0].value == SILENCE_DB
    assert session.tempo_map == (TempoMarker(0.0, 79.0, 4, 4, False), TempoMarker(8.0, 90.0, 0, 0, True))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GLOBAL_AUTO -1", None),
        ("GLOBAL_AUTO 0", AutomationMode.TRIM_READ),
        ("GLOBAL_AUTO 4", AutomationMode.LATCH),
        ("GLOBAL_AUTO 5", AutomationMode.BYPASS),
        ("GLOBAL_AUTO 9", None),
    ],
)
def test_global_override(read: Read, line: str, expected: AutomationMode | None) -> None:
    session = read(line)
    assert session.automation_override == expected
    assert bool(session.notes) == ("9" in line)


@pytest.mark.parametrize(("line", "rate_hz"), [("SAMPLERATE 44100 0 0", None), ("SAMPLERATE 96000 1 0", 96000)])
def test_only_a_forced_sample_rate_counts(read: Read, line: str, rate_hz: int | None) -> None:
    assert read(line).sample_rate_hz == rate_hz


def test_track_controls(read: Read) -> None:
    t = track(
        read,
        'NAME "Lead Vox"',
        "LOCK 1",
        "AUTOMODE 3",
        "VOLPAN 2 -0.5 0.5 -1 0.7",
        "MUTESOLO 1 2 1",
        "IPHASE 1",
        "SEL 1",
        "REC 1 0 0 0 0 0 0 0",
        "NCHAN 4",
        "FX 0",
        "PANMODE 3",
        "MAINSEND 0 0",
        "PLAYOFFS 0.25 0",
        "<FREEZE 0",
        "<ITEM",
        "POSITION 1",
        ">",
        ">",
    )
    assert (t.name, t.id, t.number) == ("Lead Vox", "{A}", 1)
    assert t.gain_db == pytest.approx(6.0206, abs=1e-4)
    assert (t.pan, t.width, t.pan_mode) == (-0.5, 0.7, 3)
    assert t.pan_law_db == pytest.approx(-6.0206, abs=1e-4)
    assert (t.muted, t.soloed, t.solo_defeat, t.polarity_inverted) == (True, True, True, True)
    assert (t.automation_mode, t.n_channels, t.sends_to_parent) == (AutomationMode.WRITE, 4, False)
    assert (t.play_offset_s, t.selected, t.record_armed, t.locked) == (0.25, True, True, True)
    assert (t.frozen, t.effects_bypassed) == (True, True)
    assert t.items == ()


def test_an_old_track_with_three_volpan_fields(read: Read) -> None:
    t = track(read, "VOLPAN 0 1.00000000 -1.000000")
    assert (t.gain_db, t.pan, t.pan_law_db, t.width) == (SILENCE_DB, 1.0, None, 1.0)
    assert track(read, "NAME x").gain_db == 0.0


def test_gain_compensated_pan_laws_are_noted(read: Read) -> None:
    session = read("PANLAW -0.5\n<TRACK\nNAME Bass\nVOLPAN 1 0 -0.70794578438414\n>")
    assert session.pan_law_db == pytest.approx(-6.0206, abs=1e-4)
    assert session.tracks[0].pan_law_db == pytest.approx(-3.0)
    assert len(session.notes) == 2
    assert any("Bass" in note for note in session.notes)


def test_dual_pan_is_read_and_noted(read: Read) -> None:
    session = read("<TRACK\nVOLPAN 1 0 -1 -0.3 0.4\nPANMODE 6\n>")
    assert (session.tracks[0].pan, session.tracks[0].pan_right) == (-0.3, 0.4)
    assert "dual pan" in session.notes[0]


@pytest.mark.parametrize(
    ("line", "project", "offset_s"),
    [
        ("PLAYOFFS 0 1", "", 0.0),
        ("PLAYOFFS 0.5 1", "", 0.0),
        ("PLAYOFFS -0.5 0", "", -0.5),
        ("PLAYOFFS 480 2", "SAMPLERATE 48000 1 0", 0.01),
        ("PLAYOFFS 480 2", "", 0.0),
    ],
)
def test_play_offset(read: Read, line: str, project: str, offset_s: float) -> None:
    assert track(read, line, project=project).play_offset_s == offset_s


def test_an_unknown_automation_mode_is_noted(read: Read) -> None:
    session = read("<TRACK\nNAME A\nAUTOMODE 7\n>")
    assert session.tracks[0].automation_mode == AutomationMode.TRIM_READ
    assert "automation mode 7" in session.notes[0]


def test_ids_are_unique_and_never_empty(read: Read) -> None:
    session = read("<TRACK {A}\n>\n<TRACK\n>\n<TRACK {A}\n>\n<TRACK\nTRACKID {B}\n>\n<TRACK {A}\n>")
    assert [t.id for t in session.tracks] == ["{A}", "#2", "{A}#2", "{B}", "{A}#3"]


def test_a_name_that_no_quotes_fit_around(read: Read) -> None:
    assert track(read, "NAME `''''''\"\"\"`", "<NAME", "|'''```\"\"\"", ">").name == "'''```\"\"\""


def test_folders_nest_and_close_several_levels(read: Read) -> None:
    bus = ["1 1", "1 1", "0 0", "2 -2", "0 0", "2 -5", "0 0", "1 1"]
    session = read("\n".join(f"<TRACK {{{n}}}\nISBUS {b}\n>" for n, b in enumerate(bus)))
    assert [t.parent_id for t in session.tracks] == [None, "{0}", "{1}", "{1}", None, None, None, None]
    assert [t.is_folder for t in session.tracks] == [True, True, False, False, False, False, False, True]


def test_vca_groups(read: Read) -> None:
    zeros = "0 " * 20
    t = track(read, f"GROUP_FLAGS {zeros}9 4", f"GROUP_FLAGS_HIGH {zeros}0 2147483648")
    assert t.vca_leads == {1, 4}
    assert t.vca_follows == {3, 64}
    assert track(read, "GROUP_FLAGS 0 0 0 0 0 64 0 64").vca_follows == frozenset()


def test_sends_with_packed_channels_and_envelopes(read: Read) -> None:
    session = read(
        "<TRACK {S}\n>\n<TRACK {R}\nNAME Bus\n"
        "AUXRECV 0 3 0.5 -1 1 1 1 1026 1025 -1:U 0 -1 ''\n"
        "<AUXVOLENV\nACT 1 -1\nPT 0 0.5 0\n>\n<AUXPANENV\nACT 1 -1\nPT 0 1 0\n>\n<AUXMUTEENV\nACT 1 -1\nPT 0 0 1\n>\n"
        "AUXRECV 0 1 1 0 0 0 0 -1 0 -1:U 0 -1 ''\n"
        "AUXRECV 0 0 1 0 0 0 0 2050 2 -1:U 0 -1 ''\n"
        "AUXRECV 7 0 1 0 0 0 0 0 0\n>"
    )
    a, b, c = session.tracks[1].receives
    assert (a.source_track_id, a.mode, a.pan) == ("{S}", SendMode.PRE_FADER, -1.0)
    assert a.gain_db == pytest.approx(-6.0206, abs=1e-4)
    assert (a.muted, a.mono, a.polarity_inverted) == (True, True, True)
    assert (a.source_channel, a.source_mono, a.target_channel, a.target_mono) == (2, True, 1, True)
    assert [e.kind for e in a.envelopes] == [EnvelopeKind.VOLUME, EnvelopeKind.PAN, EnvelopeKind.MUTE]
    assert [e.points[0].value for e in a.envelopes] == [pytest.approx(-6.0206, abs=1e-4), -1.0, 0.0]
    assert (b.mode, b.source_channel, b.envelopes, b.is_audio) == (SendMode.PRE_FX, -1, (), False)
    assert (c.source_channel, c.source_mono, c.target_channel, c.is_audio) == (2, False, 2, False)
    assert "track 8" in session.notes[0]


def test_envelopes_of_all_kinds(read: Read) -> None:
    tags = ["VOLENV", "VOLENV2", "VOLENV3", "PANENV", "PANENV2", "MUTEENV"]
    t = track(read, *(f"<{tag}\nACT 1 -1\nVIS 1 1 1\nARM 0\nPT 0 0.5 1\n>" for tag in tags))
    assert {e.kind for e in t.envelopes} == set(EnvelopeKind)
    pan = t.envelope(EnvelopeKind.PAN)
    assert pan is not None
    assert (pan.points[0].value, pan.points[0].shape) == (-0.5, PointShape.SQUARE)


def test_automation_items_get_their_pools(read: Read) -> None:
    session = read(
        "POOLEDENVATTACH 4\n<POOLEDENV\nID 2\nSRCLEN 3\nPPT 0 0.5 0 0\nPPT 3 1 0 0\n>\n"
        "<TRACK\n<VOLENV2\nACT 1 -1\nPOOLEDENVINST 2 10 6 1 1 0 0.5 1 1 0 0 1 0 0 0.012 0\nPT 0 1 0\n>\n>"
    )
    (envelope,) = session.tracks[0].envelopes
    (item,) = envelope.automation_items
    assert envelope.bypass_outside_items
    assert (item.pool_id, item.position_s, item.end_s, item.pool_length_s) == (2, 10.0, 16.0, 3.0)
    assert [p.value for p in item.points] == pytest.approx([0.0, 6.0206], abs=1e-4)
    assert "automation items" in session.notes[0].lower()


def test_plug_ins(read: Read) -> None:
    t = track(
        read,
        "<FXCHAIN",
        "SHOW 0",
        "BYPASS 1 0 0",
        '<VST "VST3i: Kontakt (NI)" k.vst3 0 "My name" 1{2}',
        ">",
        "FXID {1}",
        "BYPASS 0 1 0",
        '<AU "AUi: Synth (X)" "X: Synth" ""',
        ">",
        "FXID {2}",
        '<JS utility/volume ""',
        "0 -",
        ">",
        "BYPASS 0 0",
        '<CLAP "CLAP: Surge (S)" id ""',
        ">",
        "BYPASS 1 0 0",
        '<CONTAINER Container ""',
        "CONTAINER_CFG 2 2 2 0",
        "BYPASS 0 0 0",
        '<VST "VST: ReaComp (Cockos)" reacomp.dll 0 ""',
        ">",
        "FXID {5}",
        ">",
        "FXID {6}",
        "BYPASS 0 0 0",
        '<VIDEO_EFFECT "Video processor" ""',
        "<CODE",
        "|// x",
        ">",
        ">",
        ">",
    )
    seen = [(fx.name, fx.kind, fx.bypassed, fx.offline, fx.is_instrument) for fx in t.effects]
    assert seen == [
        ("VST3i: Kontakt (NI)", "VST3", True, False, True),
        ("AUi: Synth (X)", "AU", False, True, True),
        ("JS: utility/volume", "JS", False, False, False),
        ("CLAP: Surge (S)", "CLAP", False, False, False),
        ("VST: ReaComp (Cockos)", "VST", True, False, False),
        ("Video processor", "VIDEO_EFFECT", False, False, False),
    ]
    assert [fx.id for fx in t.effects][:2] == ["{1}", "{2}"]
    assert t.effects[4].id == "{5}"
    assert len({fx.id for fx in t.effects}) == 6
    assert [fx.name for fx in t.effects_heard()] == ["JS: utility/volume", "CLAP: Surge (S)", "Video processor"]


def test_width_envelopes_are_noted(read: Read) -> None:
    assert "Gtr" in read("<TRACK\nNAME Gtr\n<WIDTHENV2\nPT 0 0 0\n>\n>").notes[0]


@pytest.mark.parametrize("line", ["VOLPAN x 0 -1", "MUTESOLO 0 - 0", "NCHAN two", "ISBUS 1 ?", "AUXRECV 0 0 1e999"])
def test_a_malformed_number_is_named_with_its_line(line: str) -> None:
    text = f"<REAPER_PROJECT 0.1\n  <TRACK\n    NAME a\n    {line}\n  >\n>\n"
    with pytest.raises(ProjectSyntaxError) as caught:
        read_project(parse_project(text.encode()), Path("/x/song.RPP"))
    assert caught.value.line_number == 4
    assert caught.value.path == Path("/x/song.RPP")
    assert line.split()[0] in str(caught.value)


def test_a_malformed_point_is_named_with_its_line() -> None:
    text = "<REAPER_PROJECT 0.1\n  <TRACK\n    <VOLENV2\n      ACT 1\n      PT 0 one 0\n    >\n  >\n>\n"
    with pytest.raises(ProjectSyntaxError) as caught:
        read_project(parse_project(text.encode()), Path("/x/song.RPP"))
    assert caught.value.line_number == 5


@pytest.mark.data
def test_the_film_template_has_twelve_vca_groups(shared_data: Path) -> None:
    file = shared_data / "rpp" / "prunotto_film_template.RPP"
    session = read_project(parse_project(file.read_bytes()), file)
    leads = [t for t in session.tracks if t.vca_leads]
    assert len(leads) == 12
    for lead in leads:
        assert any(t.vca_follows & lead.vca_leads for t in session.tracks)
    assert sum(len(t.receives) for t in session.tracks) > 50


@pytest.mark.data
def test_a_real_show_is_understood(shared_data: Path) -> None:
    file = shared_data / "rpp" / "sonic_final_presentation.RPP"
    session = read_project(parse_project(file.read_bytes()), file)
    takes = [take for t in session.tracks for i in t.items for take in i.takes]
    assert len(session.tracks) == 52
    assert {take.source.kind for take in takes} == {"WAVE", "MP3", "LTC"}
    assert not any(take.source.offline for take in takes)
    assert session.tracks[1].gain_db == pytest.approx(-5.023, abs=1e-3)
