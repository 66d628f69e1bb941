"""Items, takes, sources, lanes, and where media files are looked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reaper_automix.chunks.media import MediaFinder, is_absolute
from reaper_automix.session import EnvelopeKind, Fade, Item, Session, Source
from reaper_automix.units import SILENCE_DB

Read = Callable[[str], Session]


def item(read: Read, *lines: str, track: str = "") -> Item:
    return read("\n".join(["<TRACK {A}", track, "<ITEM", *lines, ">", ">"])).tracks[0].items[0]


def source(read: Read, *lines: str) -> Source:
    return item(read, *lines).takes[0].source


def test_an_item_in_full(read: Read, tmp_path: Path) -> None:
    i = item(
        read,
        "POSITION 2.5",
        "LENGTH 10",
        "LOOP 1",
        "ALLTAKES 1",
        "FADEIN 1 0.5 0 3 0 0.25 0.25",
        "FADEOUT 1 0.5 0.125 0 0 0 0",
        "MUTE 1 0",
        "IGUID {I}",
        'NAME "Take one"',
        "VOLPAN 0.5 -0.25 -2 -1",
        "SOFFS 1.5",
        "PLAYRATE 0.75 0 -2 -1 0 0.0025",
        "CHANMODE 3",
        "GUID {T1}",
        "<SOURCE WAVE",
        'FILE "Media\\one.wav"',
        ">",
        "SM 0 22.4 0 1 + 3.75 25.5 0 1",
        "SM 5 30",
        "<TAKEFX",
        "BYPASS 0 0 0",
        "<JS x",
        ">",
        "BYPASS 1 0 0",
        "<JS y",
        ">",
        ">",
        "<VOLENV",
        "ACT 1 -1",
        "PT 0 0.5 0",
        ">",
        "<PANENV",
        "ACT 1 -1",
        "PT 0 1 0",
        ">",
        "TAKE",
        'NAME "Take two"',
        "TAKEVOLPAN 0.5 0.25 -1",
        "SOFFS 3",
        "GUID {T2}",
        "<SOURCE FLAC",
        'FILE "two.flac"',
        ">",
        "TAKE SEL",
        "NAME three",
        "<SOURCE EMPTY",
        ">",
    )
    assert (i.id, i.position_s, i.length_s, i.line_number) == ("{I}", 2.5, 10.0, 4)
    assert (i.loop_source, i.play_all_takes, i.muted, i.plays) == (True, True, True, True)
    assert i.gain_db == pytest.approx(-6.0206, abs=1e-4)
    assert i.fade_in == Fade(0.5, 3, 0.25)
    assert i.fade_out == Fade(0.125, 0, 0.0)
    one, two, three = i.takes
    assert i.active_take == 2
    assert (one.id, one.name, one.start_offset_s, one.playrate) == ("{T1}", "Take one", 1.5, 0.75)
    assert (one.preserve_pitch, one.pitch_semitones, one.channel_mode, one.pan) == (False, -2.0, 3, -0.25)
    assert one.gain_db == pytest.approx(6.0206, abs=1e-4)
    assert one.polarity_inverted
    assert (one.n_stretch_markers, one.n_effects) == (3, 1)
    assert one.source == Source("WAVE", str(tmp_path / "Media" / "one.wav"))
    assert [e.kind for e in one.envelopes] == [EnvelopeKind.VOLUME, EnvelopeKind.PAN]
    assert [e.points[0].value for e in one.envelopes] == [pytest.approx(-6.0206, abs=1e-4), -1.0]
    assert (two.id, two.pan, two.polarity_inverted, two.preserve_pitch) == ("{T2}", 0.5, False, True)
    assert two.gain_db == pytest.approx(-12.0412, abs=1e-4)
    assert (three.name, three.source, three.gain_db, three.id) == ("three", Source("EMPTY"), 0.0, "{I}/3")


def test_an_item_without_takes(read: Read) -> None:
    i = item(read, "POSITION 1", "LENGTH 2", "<NOTES", "|hello", ">")
    assert i.takes == ()
    assert i.playing_takes == ()
    assert i.id == "#1.1"


def test_empty_takes_keep_their_place(read: Read) -> None:
    i = item(read, "POSITION 0", "TAKE NULL", "TAKE SEL", "NAME x", "<SOURCE WAVE", "FILE x.wav", ">", "TAKE NULL SEL")
    assert [t.source.kind for t in i.takes] == ["EMPTY", "EMPTY", "WAVE", "EMPTY"]
    assert i.active_take == 3


@pytest.mark.parametrize(
    ("mute", "muted", "plays"),
    [("0 0", False, True), ("1 0", True, True), ("1 -1", False, True), ("0 1", False, False), ("0", False, True)],
)
def test_item_solo_overrides_mute(read: Read, mute: str, muted: bool, plays: bool) -> None:
    i = item(read, f"MUTE {mute}")
    assert (i.muted, i.plays) == (muted, plays)


def test_a_silent_take(read: Read) -> None:
    assert item(read, "VOLPAN 1 0 0 -1", "<SOURCE WAVE", ">").takes[0].gain_db == SILENCE_DB


def test_a_short_old_fade(read: Read) -> None:
    assert item(read, "FADEIN 2 0.5 0.0").fade_in == Fade(0.5, 2, 0.0)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["LENGTH 4", "STARTPOS 1.5", "OVERLAP 0.01"], (1.5, 4.0, False)),
        (["LENGTH 4", "MODE 0", "STARTPOS 1.5"], (1.5, 4.0, False)),
        (["LENGTH 4", "MODE 2", "STARTPOS 1.5"], (1.5, 4.0, True)),
        (["LENGTH 4", "MODE 3", "STARTPOS 1.5"], (0.0, None, True)),
        (["LENGTH 4", "MODE 1", "STARTPOS 1.5"], (0.0, None, False)),
        (["LENGTH 0", "STARTPOS 1.5"], (1.5, None, False)),
    ],
)
def test_sections(read: Read, lines: list[str], expected: tuple[float, float | None, bool]) -> None:
    s = source(read, "<SOURCE SECTION", *lines, "<SOURCE MP3", "FILE x.mp3 1", ">", ">")
    assert (s.kind, s.offline) == ("MP3", False)
    assert (s.section_start_s, s.section_length_s, s.reversed) == expected


def test_a_section_of_a_section(read: Read) -> None:
    inner = ["<SOURCE SECTION", "LENGTH 9", "MODE 2", "STARTPOS 2", "<SOURCE WAVE", "FILE x.wav", ">", ">"]
    s = source(read, "<SOURCE SECTION", "LENGTH 3", "MODE 2", "STARTPOS 1", *inner, ">")
    assert (s.section_start_s, s.section_length_s, s.reversed) == (3.0, 3.0, False)


def test_offline_and_fileless_sources(read: Read) -> None:
    offline = source(read, "<SOURCE _OFFLINE_WAVE", "FILE a.wav", ">")
    assert (offline.kind, offline.offline) == ("WAVE", True)
    assert source(read, "<SOURCE MIDI", "HASDATA 1 960 QN", ">") == Source("MIDI")
    assert source(read, "<SOURCE SECTION", "LENGTH 1", ">").kind == "EMPTY"


def test_take_pitch_envelopes_are_noted(read: Read) -> None:
    session = read("<TRACK\n<ITEM\nNAME Vox\n<SOURCE WAVE\n>\n<PITCHENV\nPT 0 1 0\n>\n>\n>")
    assert "Vox" in session.notes[0]


# --- fixed lanes -----------------------------------------------------------------------------------------------------

LANES = [f"<ITEM\nYPOS {n / 4} 0.25 2\n>" for n in range(4)]


@pytest.mark.parametrize(
    ("settings", "playing"),
    [
        ("FREEMODE 2\nLANESOLO 5 0 0 0 0 0 0 0", [True, False, True, False]),
        ("FREEMODE 2\nLANESOLO 4294967289 0", [True, False, False, True]),
        ("FREEMODE 2", [True] * 4),
        ("FREEMODE 0\nLANESOLO 1", [True] * 4),
        ("LANESOLO 1", [True] * 4),
        ("FREEMODE 2\nFIXEDLANES 8 0 1 0 0\nLANESOLO 1", [True] * 4),
    ],
)
def test_fixed_lanes(read: Read, settings: str, playing: list[bool]) -> None:
    session = read("\n".join(["<TRACK", "NAME Comp", settings, *LANES, ">"]))
    assert [i.plays for i in session.tracks[0].items] == playing
    assert bool(session.notes) == ("FIXEDLANES" in settings)


def test_an_item_without_a_lane_plays(read: Read) -> None:
    assert item(read, "POSITION 0", track="FREEMODE 2\nLANESOLO 2").plays
    assert item(read, "YPOS 0 0 2", track="FREEMODE 2\nLANESOLO 2").plays


def test_masking_lanes_are_noted(read: Read) -> None:
    assert "mask" in read("<TRACK\nFREEMODE 2\nFIXEDLANES 9 0 0 1\n>").notes[0]


# --- media files -----------------------------------------------------------------------------------------------------


def test_relative_names_start_from_the_project(tmp_path: Path) -> None:
    assert MediaFinder(tmp_path).path_of("Media\\a b.wav") == str(tmp_path / "Media" / "a b.wav")
    assert MediaFinder(tmp_path).path_of("../x.wav") == str(tmp_path / "../x.wav")


def test_a_file_from_another_machine_is_found_beside_the_project(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "b.wav").touch()
    finder = MediaFinder(tmp_path, ("rec", ""))
    assert finder.path_of("D:\\Songs\\a.wav") == str(tmp_path / "a.wav")
    assert finder.path_of("\\\\server\\share\\b.wav") == str(tmp_path / "rec" / "b.wav")
    assert finder.path_of("/Users/x/Songs/b.wav") == str(tmp_path / "rec" / "b.wav")
    assert finder.path_of("Audio\\b.wav") == str(tmp_path / "rec" / "b.wav")
    assert finder.path_of("D:\\Songs\\gone.wav") == "D:\\Songs\\gone.wav"


def test_the_named_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.wav", "sub/a.wav"):
        (tmp_path / name).touch()
    assert MediaFinder(tmp_path).path_of("sub/a.wav") == str(tmp_path / "sub" / "a.wav")
    assert MediaFinder(Path("/nowhere")).path_of(str(tmp_path / "a.wav")) == str(tmp_path / "a.wav")


def test_impossible_names_do_no_harm(tmp_path: Path) -> None:
    name = "x" * 5000
    assert MediaFinder(tmp_path).path_of(name).endswith(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("/a", True), ("C:\\a", True), ("c:/a", True), ("\\\\srv\\a", True), ("a/b", False), ("C:a", False), ("", False)],
)
def test_is_absolute(name: str, expected: bool) -> None:
    assert is_absolute(name) == expected
