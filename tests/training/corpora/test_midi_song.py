from __future__ import annotations

import io
import math

import pytest
from training.corpora.midi_files import control, midi, mixed_song, note, program

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.general_midi import PROGRAM_NAMES, gain_db, role_of_channel
from reaper_automix.training.corpora.gm_render import TAKEN_OUT, Window, densest_window, part_midi
from reaper_automix.training.corpora.midi_song import gain_curve, read_midi, sounding_gain_db

mido = pytest.importorskip("mido")


def test_gain_of_the_controllers() -> None:
    assert gain_db(127, 127) == 0.0
    assert gain_db(64, 127) == pytest.approx(40 * math.log10(64 / 127))
    assert gain_db(64, 64) == pytest.approx(80 * math.log10(64 / 127))
    assert gain_db(0, 127) == gain_db(127, 0) == -80.0


def test_roles_of_all_programs() -> None:
    assert len(PROGRAM_NAMES) == 128
    assert role_of_channel(9, 0) == (Role.DRUMS, "high")
    expected = {0: Role.PIANO, 5: Role.KEYS, 25: Role.ACOUSTIC_GUITAR, 30: Role.ELECTRIC_GUITAR, 33: Role.BASS}
    expected |= {48: Role.STRINGS, 52: Role.BACKING_VOCAL, 61: Role.BRASS, 73: Role.OTHER, 81: Role.SYNTH}
    expected |= {105: Role.ACOUSTIC_GUITAR, 114: Role.PERCUSSION, 127: Role.FX}
    assert {program: role_of_channel(0, program)[0] for program in expected} == expected


def test_channels_of_a_song() -> None:
    song = read_midi(mixed_song(), name="x")
    assert [c.number for c in song.channels] == [0, 1, 2, 9]
    assert [c.program for c in song.channels] == [33, 0, 48, 0]
    assert [c.name for c in song.channels] == ["Low end", "", "Strings", "Kit"]
    assert song.length_s == pytest.approx(2.0)
    bass = song.channels[0]
    middle = (gain_db(90, 127) + gain_db(60, 127)) / 2
    assert sounding_gain_db(bass, 0.0, 2.0) == pytest.approx(middle, abs=0.01)


def test_a_controller_jumps_and_holds() -> None:
    curve = gain_curve(read_midi(mixed_song(), name="x").channels[0], 0.0, 2.0)
    levels = [g for _, g in curve]
    high, low = round(gain_db(90, 127), 3), round(gain_db(60, 127), 3)
    assert levels == [high, high, low]
    assert curve[-1][0] - curve[-2][0] == pytest.approx(0.005)


def test_what_is_set_before_the_first_note_is_no_ride() -> None:
    data = midi([[control(0, 0.2, 7, 40), *note(0, 1.0, 2.0), control(0, 3.0, 7, 100)]])
    curve = gain_curve(read_midi(data, name="x").channels[0], 0.0, 4.0)
    assert [g for _, g in curve] == [round(gain_db(40, 127), 3)]


def test_resetting_controllers_keeps_the_volume() -> None:
    data = midi([[control(0, 0.0, 7, 64), control(0, 0.0, 11, 64), control(0, 1.0, 121, 0), *note(0, 1.5, 2.0)]])
    assert sounding_gain_db(read_midi(data, name="x").channels[0], 0.0, 2.0) == pytest.approx(gain_db(64, 127))


def test_a_damaged_file_is_named() -> None:
    with pytest.raises(CorpusError, match="broken"):
        read_midi(b"MThd", name="broken")


def test_the_densest_window() -> None:
    early, late = note(0, 0.0, 0.5), [m for s in (30.0, 31.0, 32.0) for m in note(1, s, s + 0.5)]
    song = read_midi(midi([[*early, *note(0, 31.5, 39.0)], late]), name="x")
    window = densest_window(song, 10.0)
    assert window.length_s == 10.0
    assert window.start_s <= 30.0
    assert window.end_s > 32.0


def test_a_part_has_no_mix_in_it() -> None:
    song = [program(0, 5), control(0, 0.0, 7, 20), control(0, 0.0, 10, 0), control(0, 0.5, 64, 127)]
    data = midi([[*song, *note(0, 0.0, 0.4, 50), *note(0, 2.0, 2.5, 60), control(0, 2.2, 11, 3)]])
    part = mido.MidiFile(file=io.BytesIO(part_midi(read_midi(data, name="x").channels[0], Window(1.0, 3.0))))
    messages = [m for m in part if not m.is_meta]
    controls = {m.control: m.value for m in messages if m.type == "control_change"}
    assert {c: v for c, v in controls.items() if c in TAKEN_OUT} == {7: 127, 11: 127, 10: 64, 91: 0, 93: 0}
    assert controls[64] == 127
    assert any(m.type == "program_change" and m.program == 5 for m in messages)
    assert [m.note for m in messages if m.type == "note_on"] == [60]
    assert part.length == pytest.approx(2.0, abs=0.001)
