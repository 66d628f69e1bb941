"""The kit of a session: what names say, what the engineer says, and what is left out, with reasons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.analysis.drum_kit import BOTH_OVERHEADS, Candidate, Kit, candidates_of, find_kit
from reaper_automix.analysis.roles import guess_role_among, roles_of_session
from reaper_automix.role_vocabulary import DrumMic, Role, RoleSource, TrackRole
from reaper_automix.session import Session
from reaper_automix.training.role_drumkit import DrumKit

Audio = NDArray[np.float32]


def kit_named(*names: str, audio: dict[str, Audio] | None = None, folders: tuple[str, ...] = ()) -> Kit:
    heard = audio or {}
    return find_kit(
        [Candidate(name, name, guess_role_among(name, folders), folders, audio=heard.get(name)) for name in names]
    )


def mics_of(kit: Kit) -> dict[str, str]:
    return {one.track_id: "+".join(mic.value for mic in one.mics) for one in kit.microphones}


def test_a_kit_of_thirteen() -> None:
    names = {
        "Kick In": "kick_in",
        "Kick Out": "kick_out",
        "Kick Sub": "kick_sub",
        "Snare Top": "snare_top",
        "Snare Btm": "snare_bottom",
        "HH": "hihat",
        "Tom 1": "tom_1",
        "Tom 2": "tom_2",
        "Floor Tom": "tom_3",
        "Ride": "ride",
        "OH L": "overhead_left",
        "OH R": "overhead_right",
        "Room": "room",
    }
    kit = kit_named(*names)
    assert mics_of(kit) == names
    assert kit.unsure == ()
    assert kit.others == ()


def test_plain_names_are_taken_and_that_is_said() -> None:
    kit = kit_named("Kick", "Snare", "Hat", "OH")
    assert mics_of(kit) == {
        "Kick": "kick_in",
        "Snare": "snare_top",
        "Hat": "hihat",
        "OH": "overhead_left+overhead_right",
    }
    assert kit.microphones[0].evidence == "kick; taken as kick_in"
    assert kit.microphones[0].source is RoleSource.NAME
    assert kit.of(DrumMic.OVERHEAD_RIGHT) == (kit.microphones[3],)


def test_toms_are_numbered_by_order_and_floor_toms_after_the_others() -> None:
    found = mics_of(kit_named("Floor tom", "Rack tom", "Tom 2", "Tom 4"))
    assert found == {"Floor tom": "tom_5", "Rack tom": "tom_1", "Tom 2": "tom_2", "Tom 4": "tom_4"}
    assert mics_of(kit_named("Floor tom")) == {"Floor tom": "tom_2"}
    assert mics_of(kit_named("Tom", "Tom b")) == {"Tom": "tom_1", "Tom b": "tom_2"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Kick Sample", "a sample by its name"),
        ("SnareTrigger", "a sample by its name"),
        ("Drum Loop", "a loop by its name"),
        ("808 Kick", "electronic by its name"),
        ("ElecDrum3", "electronic by its name"),
        ("Snare verb", "an effect by its name"),
        ("Drum bus", "a bus or a printed mix by its name"),
        ("Shaker", "percussion"),
        ("Crash", "one cymbal"),
        ("Drums", "not which microphone"),
    ],
)
def test_what_is_no_microphone_is_left_out_with_the_reason(name: str, why: str) -> None:
    kit = kit_named("Kick", name)
    assert mics_of(kit) == {"Kick": "kick_in"}
    assert [one.track_id for one in kit.others] == [name]
    assert why in kit.others[0].reason


def test_what_is_no_drum_is_not_even_mentioned() -> None:
    kit = kit_named("Bass", "Vox", "Gtr room", "Track 7")
    assert kit == Kit((), (), ())


def test_a_loop_folder_holds_loops_but_a_drum_bus_holds_microphones() -> None:
    assert kit_named("Kick", folders=("Drum loops",)).microphones == ()
    assert mics_of(kit_named("Kick", folders=("Drum bus",))) == {"Kick": "kick_in"}


def test_a_folder_says_what_a_bare_name_cannot() -> None:
    found = mics_of(kit_named("In", "Out", folders=("Kick",)))
    assert found == {"In": "kick_in", "Out": "kick_out"}


def test_the_engineer_stands_above_the_name() -> None:
    said = TrackRole(Role.TOMS, RoleSource.ENGINEER, "you said so", DrumMic.TOM_2)
    kit = find_kit([Candidate("a", "Kick sample", said), Candidate("b", "Kick", guess_role_among("Kick"))])
    assert mics_of(kit) == {"a": "tom_2", "b": "kick_in"}
    assert kit.microphones[0].source is RoleSource.ENGINEER


def test_doubles_lone_sides_and_several_kits_are_unsure() -> None:
    kit = kit_named("Kick 1", "Kick 2", "OH L")
    assert "'Kick 1' and 'Kick 2' are both kick_in: two microphones, or two drums" in kit.unsure
    assert "there is one overhead_left and no overhead_right" in kit.unsure
    kits = kit_named("Drumkit1_Kick", "Drumkit2_Kick")
    assert any("kits 1, 2" in text for text in kits.unsure)


def test_two_mono_overheads_are_a_pair_and_stereo_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    mono = {name: rng.standard_normal((1, 2000)).astype(np.float32) for name in ("OH 1", "OH 2")}
    kit = kit_named("OH 1", "OH 2", audio=mono)
    assert mics_of(kit) == {"OH 1": "overhead_left", "OH 2": "overhead_right"}
    assert any("in this order" in text for text in kit.unsure)
    stereo = {name: rng.standard_normal((2, 2000)).astype(np.float32) for name in ("OH 1", "OH 2")}
    assert [one.mics for one in kit_named("OH 1", "OH 2", audio=stereo).microphones] == [BOTH_OVERHEADS] * 2
    same = {"Room": np.tile(mono["OH 1"], (2, 1))}
    assert mics_of(kit_named("Room", audio=same)) == {"Room": "room"}
    assert mics_of(kit_named("Room", audio={"Room": stereo["OH 1"]})) == {"Room": "room+room"}


def test_a_session_gives_candidates(read: Callable[[str], Session]) -> None:
    item = '<ITEM\nPOSITION 0\nLENGTH 2\n<SOURCE WAVE\nFILE "{}"\n>\n>\n'
    guids = [f"{{AAAAAAAA-0000-0000-0000-00000000000{n}}}" for n in (1, 2, 3)]
    session = read(
        f'<TRACK {guids[0]}\nNAME "Drums"\nISBUS 1 1\nTRACKID {guids[0]}\n>\n'
        f'<TRACK {guids[1]}\nNAME "Kick"\nTRACKID {guids[1]}\n{item.format("a.wav")}>\n'
        f'<TRACK {guids[2]}\nNAME ""\nISBUS 2 -1\nTRACKID {guids[2]}\n{item.format("snare top.wav")}>\n'
    )
    kit = find_kit(candidates_of(session, roles_of_session(session)))
    assert mics_of(kit) == {guids[1]: "kick_in", guids[2]: "snare_top"}
    assert kit.microphones[1].source is RoleSource.FILE
    assert kit.others[0].track_id == guids[0]
    assert "folder or bus" in kit.others[0].reason


@pytest.fixture(scope="module")
def played(shared_data: Path) -> dict[str, Audio]:
    kit = DrumKit.load(shared_data / "drumkit")
    performance = next(p for p in kit.performances if p.stem == "fd_freedm_messag")
    return {mic.name: mic.audio for mic in kit.play(performance)}


def _heard(played: dict[str, Audio], names: dict[str, str]) -> Kit:
    """Find the kit among these microphones, called so."""
    return find_kit(
        [Candidate(mic, name, guess_role_among(name), audio=played[mic]) for mic, name in names.items()], 44_100
    )


@pytest.mark.data
def test_sound_says_what_names_do_not(played: dict[str, Audio]) -> None:
    names = {mic: f"Track {number}" for number, mic in enumerate(played) if mic != "kick_l"}
    kit = _heard(played, names)
    roles = {one.track_id: one.mic.role for one in kit.microphones}
    called = {"kick_r": "kick_in", "room_left": "room", "room_right": "room"}
    expected = {mic: DrumMic(called.get(mic, mic)).role for mic in names}
    assert roles == expected
    assert all(one.source is RoleSource.AUDIO for one in kit.microphones)
    assert any("which overhead is the left one" in text for text in kit.unsure)


@pytest.mark.data
def test_right_names_are_left_alone_and_exchanged_ones_doubted(played: dict[str, Audio]) -> None:
    names = {"kick_r": "Kick", "snare_top": "Snare", "hihat": "Hat", "overhead_left": "OH L", "overhead_right": "OH R"}
    assert _heard(played, names).unsure == ()
    exchanged = names | {"kick_r": "Hat", "hihat": "Kick"}
    kit = _heard(played, exchanged)
    assert mics_of(kit)["hihat"] == "kick_in"
    assert any("is named as kick_in, but sounds like" in text for text in kit.unsure)


@pytest.mark.data
def test_strangers_prints_and_silence_are_no_microphones(played: dict[str, Audio]) -> None:
    rng = np.random.default_rng(4)
    n_samples = played["kick_r"].shape[1]
    extra = {
        "stranger": np.sin(np.cumsum(rng.standard_normal((1, n_samples)), axis=1) * 0.05).astype(np.float32),
        "silence": np.zeros((1, n_samples), np.float32),
    }
    names = {"kick_r": "Kick", "snare_top": "Snare", "hihat": "Hat", "tom_1": "Tom", "overhead_left": "OH L"}
    names |= {"overhead_right": "OH R", "room_left": "Room"}
    extra["print"] = np.sum([0.5 * played[mic] for mic in names], axis=0).astype(np.float32)
    names |= {"stranger": "Track 1", "print": "Drums", "silence": "x"}
    kit = _heard(played | extra, names)
    assert not {one.track_id for one in kit.microphones} & set(extra)
    reasons = {one.track_id: one.reason for one in kit.others}
    assert "nothing in common" in reasons["stranger"]
    assert "a sum of the other tracks" in reasons["print"]
    assert any("hardly anything is heard" in text for text in kit.unsure)
