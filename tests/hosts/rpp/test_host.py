"""The project file as a host: surgical edits, exact ways back, and files that are whole or untouched."""

from __future__ import annotations

import difflib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reaper_automix.edits import Control, Edit, Host, RestoreControl, RestorePoints, SetControl, SetPoints
from reaper_automix.errors import ProjectSyntaxError, SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.session import EnvelopeKind, EnvelopePoint, PointShape
from reaper_automix.units import SILENCE_DB

SNARE = "{AAAAAAAA-0000-0000-0000-000000000001}"
REVERB = "{AAAAAAAA-0000-0000-0000-000000000002}"
LEDGER = json.dumps({"schema": "x", "text": "\"'`" + "long " * 2000})
VOLUME, TRIM, PAN = EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME, EnvelopeKind.PAN
RIDE = (EnvelopePoint(2.0, 0.0), EnvelopePoint(3.5, -4.2, PointShape.BEZIER, 0.25), EnvelopePoint(6.0, SILENCE_DB))


@pytest.fixture
def project(tmp_path: Path, song: str) -> Path:
    path = tmp_path / "Song.RPP"
    path.write_bytes(song.encode())
    return path


def changed_lines(old: bytes, new: bytes) -> list[str]:
    diff = difflib.ndiff(old.decode().splitlines(keepends=True), new.decode().splitlines(keepends=True))
    return [line.rstrip("\n") for line in diff if line[0] in "+-"]


def undo_of(host: Host, edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits that take some edits back, from what the host spells before they are done."""
    back: list[Edit] = []
    for edit in edits:
        if isinstance(edit, SetControl):
            was = host.spelling(edit.track_id, edit.control)
            back.append(RestoreControl(edit.track_id, edit.control, was))
        elif isinstance(edit, SetPoints):
            lines = host.envelope_spelling(edit.track_id, edit.kind, edit.window_s)
            back.append(RestorePoints(edit.track_id, edit.kind, edit.window_s, lines))
    return back[::-1]


ALL_EDITS: tuple[Edit, ...] = (
    SetControl(SNARE, Control.FADER, -7.25),
    SetControl(SNARE, Control.PAN, 0.4),
    SetControl(SNARE, Control.POLARITY, 1.0),
    SetControl(REVERB, Control.FADER, SILENCE_DB),
    SetControl(REVERB, Control.POLARITY, 1.0),
    SetPoints(SNARE, VOLUME, (2.0, 6.0), RIDE),
    SetPoints(SNARE, TRIM, (2.0, 6.0), RIDE),
    SetPoints(SNARE, EnvelopeKind.VOLUME_PRE_FX, (2.0, 6.0), RIDE),
    SetPoints(REVERB, VOLUME, (0.0, 9.0), RIDE),
    SetPoints(REVERB, PAN, (0.0, 1.0), (EnvelopePoint(0.0, -1.0), EnvelopePoint(1.0, 0.0))),
    SetPoints(REVERB, EnvelopeKind.MUTE, (0.0, 1.0), (EnvelopePoint(0.0, 1.0, PointShape.SQUARE),)),
)


def test_it_is_a_host(project: Path) -> None:
    host: Host = RppHost(project)
    assert [t.name for t in host.read_session().tracks] == ["Snare top", "Reverb"]


def test_one_fader_edit_changes_one_line(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.RPP"
    session = RppHost(project, target=target).write([SetControl(SNARE, Control.FADER, 0.0)], "")
    assert changed_lines(project.read_bytes(), target.read_bytes()) == [
        "-     VOLPAN 0.70794578 -0.25 -1 -1 1",
        "+     VOLPAN 1 -0.25 -1 -1 1",
    ]
    assert session.track(SNARE).gain_db == 0.0
    assert session.path == str(target)


def test_controls_are_spelled_as_the_project_does(project: Path) -> None:
    host = RppHost(project)
    assert host.spelling(SNARE, Control.FADER) == "0.70794578"
    assert host.spelling(SNARE, Control.PAN) == "-0.25"
    assert host.spelling(SNARE, Control.POLARITY) == "0"
    assert host.spelling(REVERB, Control.POLARITY) == "+0"  # that track has no IPHASE line
    assert host.envelope_spelling(SNARE, VOLUME, (4.0, 9.0)) == (
        "ACT 0 -1",
        "VIS 0 1 1",
        "ARM 1",
        "PT 4 0.5 0",
        "PT 9 1 0",
    )
    assert host.envelope_spelling(REVERB, VOLUME, (4.0, 9.0)) == ()


def test_edits_read_back(project: Path, tmp_path: Path) -> None:
    host = RppHost(project, target=tmp_path / "out.RPP")
    session = host.write(ALL_EDITS, LEDGER)
    assert session == host.read_session() == RppHost(tmp_path / "out.RPP").read_session()
    snare, reverb = session.tracks
    assert snare.gain_db == pytest.approx(-7.25)
    assert (snare.pan, snare.polarity_inverted) == (0.4, True)
    assert (reverb.gain_db, reverb.polarity_inverted) == (SILENCE_DB, True)
    volume = snare.envelope(VOLUME)
    assert volume is not None
    assert volume.plays
    assert volume.visible
    assert [p.time_s for p in volume.points] == [0.0, 2.0, 3.5, 6.0, 9.0]
    assert [p.value for p in volume.points] == pytest.approx([0.0, 0.0, -4.2, SILENCE_DB, 0.0])
    pan = reverb.envelope(PAN)
    assert pan is not None
    assert [p.value for p in pan.points] == [-1.0, 0.0]
    assert session.ledger_json == LEDGER


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("in_place", [True, False])
def test_the_way_back_is_exact(project: Path, tmp_path: Path, song: str, ending: str, in_place: bool) -> None:
    original = song.replace("\n", ending).encode()
    project.write_bytes(original)
    target = project if in_place else tmp_path / "out.RPP"
    host = RppHost(project, target=None if in_place else target)
    back = undo_of(host, ALL_EDITS)
    host.write(ALL_EDITS, LEDGER)
    written = target.read_bytes()
    assert written != original
    assert written.count(b"\r\n") == (written.count(b"\n") if ending == "\r\n" else 0)
    host.write(back, "")
    assert target.read_bytes() == original


def test_the_way_back_works_after_opening_again(project: Path, tmp_path: Path) -> None:
    original = project.read_bytes()
    host = RppHost(project)
    back = undo_of(host, ALL_EDITS)
    host.write(ALL_EDITS, LEDGER)
    RppHost(project, target=tmp_path / "back.RPP").write(back, "")
    assert (tmp_path / "back.RPP").read_bytes() == original


def test_new_envelopes_stand_where_reaper_puts_them(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.RPP"
    RppHost(project, target=target).write(ALL_EDITS, "")
    tags = [line.split()[0] for line in target.read_text().splitlines() if line.startswith(("    <", "    MAIN"))]
    assert tags[tags.index("MAINSEND") :] == [
        *["MAINSEND", "<VOLENV", "<VOLENV2", "<VOLENV3", "<FXCHAIN", "<ITEM"],
        *["MAINSEND", "<VOLENV2", "<PANENV2", "<MUTEENV", "<ITEM"],
    ]
    text = target.read_text()
    assert "    <VOLENV3\n      EGUID {" in text
    assert "      VOLTYPE 1\n      PT 2 1 0\n" in text


def test_the_ledger_is_short_lines_of_ext_state(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.RPP"
    host = RppHost(project, target=target)
    host.write([], LEDGER)
    lines = target.read_text().splitlines()
    start = lines.index("  <EXTSTATE")
    assert lines[start + 1 : start + 3] == ["    <REAPER_AUTOMIX", "      CREATED 1"]
    assert lines[start + 3].startswith("      LEDGER_1 ")
    assert lines[-3:] == ["    >", "  >", ">"]
    assert max(len(line) for line in lines[start:]) <= 2000 + len("      LEDGER_99 ")
    assert host.write([], "{}").ledger_json == "{}"
    assert target.read_text().count("LEDGER_") == 1
    host.write([], "")
    assert target.read_bytes() == project.read_bytes()


def test_other_ext_state_stays(project: Path, tmp_path: Path, song: str) -> None:
    state = "  <EXTSTATE\n    <OTHER\n      KEY 1\n    >\n    <reaper_automix\n      colour red\n    >\n  >\n"
    project.write_text(song.replace("  <EXTENSIONS", state + "  <EXTENSIONS"))
    host = RppHost(project, target=tmp_path / "out.RPP")
    assert host.write([], "x" * 3000).ledger_json == "x" * 3000
    assert (tmp_path / "out.RPP").read_text().count("<EXTSTATE") == 1
    host.write([], "")
    assert (tmp_path / "out.RPP").read_bytes() == project.read_bytes()


def test_an_empty_ext_state_chunk_is_not_ours(project: Path, tmp_path: Path, song: str) -> None:
    project.write_text(song.replace("  <EXTENSIONS", "  <EXTSTATE\n  >\n  <EXTENSIONS"))
    host = RppHost(project, target=tmp_path / "out.RPP")
    host.write([], "{}")
    host.write([], "")
    assert (tmp_path / "out.RPP").read_bytes() == project.read_bytes()


def test_ledger_keys_are_read_in_any_case_and_damage_is_noted(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.RPP"
    RppHost(project, target=target).write([], LEDGER)
    text = target.read_text()
    target.write_text(text.replace("LEDGER_", "ledger_").replace("REAPER_AUTOMIX", "reaper_automix"))
    assert RppHost(target).read_session().ledger_json == LEDGER
    target.write_text(text.replace("LEDGER_1 ", "LEDGER_1 !"))
    session = RppHost(target).read_session()
    assert session.ledger_json == ""
    assert "damaged" in session.notes[0]


def test_short_old_lines_grow_and_shrink_again(project: Path, tmp_path: Path, song: str) -> None:
    text = song.replace("    VOLPAN 1 0 -1 -1 1\n", "").replace("VOLPAN 0.70794578 -0.25 -1 -1 1", "VOLPAN 0.7")
    project.write_text(text)
    host = RppHost(project, target=tmp_path / "out.RPP")
    edits = [SetControl(t, c, v) for t in (SNARE, REVERB) for c, v in ((Control.PAN, 0.5), (Control.FADER, -6.0))]
    back = undo_of(host, edits)
    session = host.write(edits, "")
    assert [(t.pan, round(t.gain_db, 6)) for t in session.tracks] == [(0.5, -6.0)] * 2
    host.write(back, "")
    assert (tmp_path / "out.RPP").read_text() == text


def test_an_empty_edit_list_copies_the_bytes(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "out.RPP"
    host = RppHost(project, target=target)
    session = host.write([], "")
    assert target.read_bytes() == project.read_bytes()
    assert host.notes == ("Nothing changed, so the copy names its media relative to the source's folder.",)
    assert session.tracks[0].items[0].takes[0].source.path == str(tmp_path / "Media" / "snare.wav")


def test_in_another_folder_relative_media_become_absolute(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "out.RPP"
    host = RppHost(project, target=target)
    session = host.write([SetControl(SNARE, Control.PAN, 0.0)], "")
    media = str(tmp_path / "Media" / "snare.wav")
    assert changed_lines(project.read_bytes(), target.read_bytes()) == [
        "-     VOLPAN 0.70794578 -0.25 -1 -1 1",
        "+     VOLPAN 0.70794578 0 -1 -1 1",
        '-         FILE "Media\\snare.wav"',
        f'+         FILE "{media}"',
    ]
    assert session.tracks[0].items[0].takes[0].source.path == media
    assert "1 relative media path" in host.notes[0]
    host.write([SetControl(SNARE, Control.PAN, 0.1)], "")
    assert len(host.notes) == 1


def test_in_place_keeps_numbered_backups(project: Path) -> None:
    original = project.read_bytes()
    host = RppHost(project)
    host.write([], "")
    assert os.listdir(project.parent) == ["Song.RPP"]
    host.write([SetControl(SNARE, Control.FADER, 1.0)], "")
    first = project.read_bytes()
    assert project.with_name("Song.RPP.bak").read_bytes() == original
    host.write([SetControl(SNARE, Control.FADER, 2.0)], "")
    assert project.with_name("Song.RPP.bak2").read_bytes() == first
    project.write_bytes(original)
    again = RppHost(project, target=project)
    again.write([SetControl(SNARE, Control.FADER, 3.0)], "")
    assert sorted(os.listdir(project.parent)) == ["Song.RPP", "Song.RPP.bak", "Song.RPP.bak2"]
    assert "Song.RPP.bak" in again.notes[0]


def test_the_source_is_never_written_with_a_target(project: Path, tmp_path: Path) -> None:
    project.chmod(0o400)
    before = project.stat().st_mtime_ns
    target = tmp_path / "out.RPP"
    target.write_text("old")
    RppHost(project, target=target).write(ALL_EDITS, LEDGER)
    assert project.stat().st_mtime_ns == before
    assert stat.S_IMODE(project.stat().st_mode) == 0o400
    assert sorted(os.listdir(tmp_path)) == ["Song.RPP", "out.RPP", "out.RPP.bak"]
    assert (tmp_path / "out.RPP.bak").read_text() == "old"


def test_a_project_saved_meanwhile_is_not_overwritten(project: Path) -> None:
    host = RppHost(project)
    host.read_session()
    project.write_text(project.read_text().replace("Reverb", "Reverb 2"))
    saved = project.read_bytes()
    with pytest.raises(SessionError, match="changed since"):
        host.write([SetControl(SNARE, Control.FADER, 1.0)], "")
    assert project.read_bytes() == saved
    assert os.listdir(project.parent) == ["Song.RPP"]


BAD_EDITS: list[tuple[Edit, str]] = [
    (SetControl("{X}", Control.FADER, 0.0), "no track"),
    (RestorePoints("{X}", VOLUME, (0.0, 1.0), ()), "no track"),
    (SetControl(SNARE, Control.FADER, float("nan")), "nan"),
    (SetControl(SNARE, Control.PAN, float("inf")), "inf"),
    (SetPoints(SNARE, VOLUME, (0.0, 1.0), (EnvelopePoint(float("nan"), 0.0),)), "no number"),
    (RestoreControl(SNARE, Control.FADER, "1\n>"), "single value"),
    (RestoreControl(SNARE, Control.FADER, "1 2"), "single value"),
    (RestoreControl(SNARE, Control.FADER, "abc"), "not a number"),
    (RestorePoints(SNARE, VOLUME, (0.0, 1.0), ("PT 0 1 0\n>",)), "damaged"),
    (SetPoints(SNARE, VOLUME, (0.0, 1.0), (EnvelopePoint(5.0, 0.0),)), "did not read back"),
]


@pytest.mark.parametrize(("edit", "words"), BAD_EDITS)
def test_a_bad_edit_changes_nothing(project: Path, tmp_path: Path, edit: Edit, words: str) -> None:
    original = project.read_bytes()
    for host in (RppHost(project), RppHost(project, target=tmp_path / "out.RPP")):
        with pytest.raises(SessionError, match=words):
            host.write([SetControl(SNARE, Control.FADER, -1.0), edit], "")
        assert host.spelling(SNARE, Control.FADER) == "0.70794578"
    assert project.read_bytes() == original
    assert os.listdir(tmp_path) == ["Song.RPP"]


def test_dual_pan_is_refused_rather_than_lost(project: Path, song: str) -> None:
    project.write_text(song.replace("    NAME Reverb\n", "    NAME Reverb\n    PANMODE 6\n"))
    with pytest.raises(SessionError, match="pan of track 'Reverb'"):
        RppHost(project).write([SetControl(REVERB, Control.PAN, 0.5)], "")


def test_an_edit_that_a_later_one_overrides_is_fine(project: Path) -> None:
    edits: list[Edit] = [
        SetControl(SNARE, Control.FADER, -3.0),
        SetPoints(SNARE, VOLUME, (2.0, 6.0), RIDE),
        RestorePoints(SNARE, VOLUME, (2.0, 6.0), ("ACT 1 -1", "VIS 1 1 1", "ARM 1")),
        SetPoints(SNARE, VOLUME, (3.0, 4.0), (EnvelopePoint(3.0, -1.0),)),
        SetControl(SNARE, Control.FADER, -4.0),
    ]
    session = RppHost(project).write(edits, "")
    assert session.track(SNARE).gain_db == pytest.approx(-4.0)


def test_a_deleted_envelope_comes_back(project: Path, tmp_path: Path) -> None:
    was = ("ACT 0 -1", "VIS 0 1 1", "ARM 1", "PT 4 0.5 0")
    session = RppHost(project, target=tmp_path / "o.RPP").write([RestorePoints(REVERB, VOLUME, (0.0, 9.0), was)], "")
    envelope = session.track(REVERB).envelope(VOLUME)
    assert envelope is not None
    assert (envelope.active, [p.time_s for p in envelope.points]) == (False, [4.0])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="does not exist"):
        RppHost(tmp_path / "none.RPP").read_session()
    with pytest.raises(SessionError, match="is a folder"):
        RppHost(tmp_path).read_session()
    with pytest.raises(SessionError, match="does not exist"):
        RppHost(tmp_path / "none.RPP").write([], "")


def test_a_damaged_file(tmp_path: Path, song: str) -> None:
    path = tmp_path / "cut.RPP"
    path.write_text(song[: len(song) // 2])
    with pytest.raises(ProjectSyntaxError, match="rpp-bak") as caught:
        RppHost(path).read_session()
    assert caught.value.path == path


def test_targets_that_cannot_be_written(project: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.RPP").mkdir()
    with pytest.raises(SessionError, match="cannot be written"):
        RppHost(project, target=tmp_path / "none" / "out.RPP").write([], "")
    with pytest.raises(SessionError, match="is a folder"):
        RppHost(project, target=tmp_path / "folder.RPP").write([], "")
    assert sorted(os.listdir(tmp_path)) == ["Song.RPP", "folder.RPP"]


def test_a_failing_disk_leaves_everything(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = project.read_bytes()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SessionError, match="No space left"):
        RppHost(project).write([SetControl(SNARE, Control.FADER, -1.0)], "")
    assert project.read_bytes() == original
    assert os.listdir(project.parent) == ["Song.RPP"]


def test_a_link_stays_a_link(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.RPP"
    link.symlink_to(project)
    RppHost(link).write([SetControl(SNARE, Control.FADER, -1.0)], "")
    assert link.is_symlink()
    assert b"VOLPAN 0.8912" in project.read_bytes()


def test_a_project_from_text(tmp_path: Path, song: str) -> None:
    target = tmp_path / "new.RPP"
    host = RppHost.from_text(song, target)
    assert len(host.read_session().tracks) == 2
    assert not target.exists()
    session = host.write([SetControl(SNARE, Control.FADER, -1.0)], "{}")
    assert replace(RppHost(target).read_session(), notes=()) == replace(session, notes=())
    assert os.listdir(tmp_path) == ["new.RPP"]


@pytest.mark.parametrize("track_id", [SNARE, REVERB])
def test_two_windows_are_taken_back_one_after_the_other(project: Path, track_id: str) -> None:
    original = project.read_bytes()
    host = RppHost(project)
    first: list[Edit] = [SetPoints(track_id, VOLUME, (2.0, 6.0), RIDE)]
    second: list[Edit] = [SetPoints(track_id, VOLUME, (7.0, 8.0), (EnvelopePoint(7.5, -1.0),))]
    back_first = undo_of(host, first)
    host.write(first, "")
    back_second = undo_of(host, second)
    host.write(second, "")
    host.write([*back_second, *back_first], "")
    assert project.read_bytes() == original


def test_a_control_without_a_line_is_taken_back_beside_another(project: Path, song: str) -> None:
    project.write_text(song.replace("    VOLPAN 1 0 -1 -1 1\n", ""))
    host = RppHost(project)
    edits: list[Edit] = [SetControl(REVERB, Control.FADER, -6.0), SetControl(REVERB, Control.PAN, 0.5)]
    back = undo_of(host, edits)
    host.write(edits, "")
    session = host.write(back[1:], "")
    assert (session.track(REVERB).gain_db, session.track(REVERB).pan) == (0.0, 0.5)


@pytest.mark.data
def test_real_files_go_there_and_back(shared_data: Path, tmp_path: Path) -> None:
    for file in sorted((shared_data / "rpp").glob("*.RPP")):
        if file.stat().st_size > 250_000:
            continue
        original = file.read_bytes()
        source, target = tmp_path / file.name, tmp_path / f"out-{file.name}"
        source.write_bytes(original)
        host = RppHost(source, target=target)
        edits: list[Edit] = []
        for track in host.read_session().tracks[-4:]:
            edits += [SetControl(track.id, Control.FADER, -1.5), SetControl(track.id, Control.PAN, 0.25)]
            edits += [SetPoints(track.id, VOLUME, (1.0, 7.0), RIDE), SetPoints(track.id, TRIM, (1.0, 7.0), RIDE)]
        back = undo_of(host, edits)
        host.write(edits, LEDGER)
        assert target.read_bytes() != original
        host.write(back, "")
        assert target.read_bytes() == original, file.name
