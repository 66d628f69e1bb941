"""Buses and sends in project files that are not as ours leave them: refused in words, or exactly as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.edits import AddBus, Edit, RemoveBus, RestoreSend, SetSend
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.session import SendMode

KICK = "{AAAAAAAA-0000-0000-0000-000000000001}"
BUS = "{AAAAAAAA-0000-0000-0000-000000000002}"
VOX = "{AAAAAAAA-0000-0000-0000-000000000003}"
GONE = "{AAAAAAAA-0000-0000-0000-00000000000F}"
RECEIVE = "AUXRECV {source} 0 0.5 0 0 0 0 0 0 -1:U 0 -1 ''"
RIDE = "<AUXVOLENV\nEGUID {DDDDDDDD-0000-0000-0000-000000000001}\nACT 1 -1\nPT 0 1 0\n>"


def project(path: Path, kick: str = "", bus: str = "", vox: str = "") -> Path:
    """Write a project of a kick, a bus and a voice, each with some more lines."""
    tracks = "".join(
        f"<TRACK {track_id}\nNAME {name}\nVOLPAN 1 0 -1 -1 1\n{more}{chr(10) if more else ''}>\n"
        for track_id, name, more in ((KICK, "Kick", kick), (BUS, "Bus", bus), (VOX, "Vox", vox))
    )
    path.write_text(f'<REAPER_PROJECT 0.1 "7.0" 1\nSAMPLERATE 48000 0 0\n{tracks}>\n', encoding="utf-8")
    return path


def written(path: Path, *edits: Edit) -> list[str]:
    """Perform edits and return the project's lines without their indent."""
    RppHost(path).write(list(edits), "")
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("more", "edit", "words"),
    [
        ({}, AddBus(BUS, "Reverb"), f"already has a track {BUS}"),
        ({"vox": RECEIVE.format(source=3)}, AddBus(GONE, "Reverb"), "receives from track 4, which does not exist"),
        ({"vox": RECEIVE.format(source=1)}, RemoveBus(BUS), "sends to another track, so it cannot be removed"),
        ({}, SetSend(GONE, BUS, -6.0, SendMode.POST_FADER), f"no track {GONE[:9]}.*Plan again"),
        ({}, RestoreSend(KICK, GONE, None), f"no track {GONE[:9]}.*Plan again"),
    ],
    ids=["id taken", "a receive waits", "the bus sends", "no sender", "no receiver"],
)
def test_what_would_change_someone_elses_sound_is_refused_and_the_file_stays(
    tmp_path: Path, more: dict[str, str], edit: Edit, words: str
) -> None:
    path = project(tmp_path / "song.RPP", **more)
    before = path.read_bytes()
    with pytest.raises(SessionError, match=words.replace("{", r"\{")):
        RppHost(path).write([edit], "")
    assert path.read_bytes() == before


def test_a_bus_that_is_gone_already_is_not_missed(tmp_path: Path) -> None:
    path = project(tmp_path / "song.RPP")
    before = path.read_bytes()
    written(path, RemoveBus(GONE))
    assert path.read_bytes() == before


def test_receives_count_their_tracks_again_when_a_bus_goes(tmp_path: Path) -> None:
    nowhere = RECEIVE.format(source=7)
    path = project(tmp_path / "song.RPP", kick=f"{RECEIVE.format(source=2)}\n{nowhere}", vox=RECEIVE.format(source=0))
    lines = written(path, RemoveBus(BUS))
    receives = [line for line in lines if line.startswith("AUXRECV")]
    assert receives == [RECEIVE.format(source=1), nowhere, RECEIVE.format(source=0)], "the voice is number 2 now"
    kick, vox = RppHost(path).read_session().tracks
    assert [send.source_track_id for send in kick.receives] == [VOX]
    assert [send.source_track_id for send in vox.receives] == [KICK]


def test_a_send_goes_with_the_envelopes_that_stand_behind_it(tmp_path: Path) -> None:
    path = project(tmp_path / "song.RPP", bus=f"{RECEIVE.format(source=0)}\n{RIDE}")
    lines = written(path, RestoreSend(KICK, BUS, None))
    assert lines == [line.strip() for line in project(tmp_path / "without.RPP").read_text().splitlines()]


def test_the_envelopes_of_another_send_stay(tmp_path: Path) -> None:
    other = f"{RECEIVE.format(source=2)}\n{RIDE}"
    path = project(tmp_path / "song.RPP", bus=f"{RECEIVE.format(source=0)}\n{other}")
    lines = written(path, RestoreSend(KICK, BUS, None))
    assert lines == [line.strip() for line in project(tmp_path / "other.RPP", bus=other).read_text().splitlines()]


def test_a_send_that_is_gone_stays_gone(tmp_path: Path) -> None:
    path = project(tmp_path / "song.RPP")
    before = path.read_bytes()
    written(path, RestoreSend(KICK, BUS, None))
    assert path.read_bytes() == before


def test_a_send_gets_the_level_and_mode_back_that_it_had(tmp_path: Path) -> None:
    path = project(tmp_path / "song.RPP", bus=RECEIVE.format(source=0))
    written(path, RestoreSend(KICK, BUS, (0.0, SendMode.PRE_FX)))
    (send,) = RppHost(path).read_session().track(BUS).receives
    assert (send.gain_db, send.mode) == (0.0, SendMode.PRE_FX)


def test_a_new_send_goes_behind_the_envelopes_of_the_one_before(tmp_path: Path) -> None:
    path = project(tmp_path / "song.RPP", bus=f"{RECEIVE.format(source=0)}\n{RIDE}")
    lines = written(path, SetSend(VOX, BUS, 0.0, SendMode.POST_FADER))
    new = lines.index("AUXRECV 2 0 1 0 0 0 0 0 0 -1:U 0 -1 ''")
    assert lines[new - 1] == ">", "else the ride of the kick's send would be the voice's"
    first, second = RppHost(path).read_session().track(BUS).receives
    assert (len(first.envelopes), len(second.envelopes)) == (1, 0)


def test_a_new_send_goes_behind_an_envelope_that_belongs_to_none(tmp_path: Path) -> None:
    path = project(tmp_path / "song.RPP", bus=RIDE)
    written(path, SetSend(VOX, BUS, -6.0, SendMode.POST_FADER))
    (send,) = RppHost(path).read_session().track(BUS).receives
    assert send.envelopes == ()
