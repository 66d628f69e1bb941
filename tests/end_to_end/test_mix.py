"""The main job from the command line: a session in, a balanced session out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from reaper_automix.edits import Control, SetControl
from reaper_automix.envelope import value_at
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan import FaderMove, MixPlan
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.session import AutomationMode, Envelope, EnvelopeKind, EnvelopePoint, Send, Session, Track


def plan_at(path: Path) -> MixPlan:
    return plan_from_json(path.read_text("utf-8"))


def session_at(path: Path) -> Session:
    return RppHost(path).read_session()


def test_a_folder_gives_a_project_a_plan_a_preview_and_a_report(cli, stems, tmp_path) -> None:
    paths = {
        k: tmp_path / n for k, n in (("out", "o.RPP"), ("plan", "p.json"), ("render", "m.wav"), ("report", "r.html"))
    }
    ran = cli("mix", stems, *(x for k, p in paths.items() for x in (f"--{k}", p)), "--json", "--balance", "equal")
    assert ran.code == 0, ran.err
    assert all(path.stat().st_size > 0 for path in paths.values())
    plan = plan_at(paths["plan"])
    written = session_at(paths["out"])
    assert len(plan.moves) == 4
    for move in plan.moves:
        assert isinstance(move, FaderMove)
        assert written.track(move.track.id).gain_db == pytest.approx(move.after_db, abs=1e-6)
    rendered = cli("render", paths["out"], "--out", tmp_path / "again.wav", "--json").data
    assert rendered["loudness_lufs"] == pytest.approx(plan.predicted.loudness_lufs, abs=0.1)
    assert rendered["true_peak_dbtp"] <= max(0.0, plan.predicted.before_true_peak_dbtp) + 0.01
    audio, rate_hz = soundfile.read(paths["render"])
    assert (audio.shape, rate_hz) == ((96000, 2), 16000)


def test_equal_balance_means_equal_loudness_at_the_master(cli, project, tmp_path) -> None:
    out = tmp_path / "o.RPP"
    assert cli("mix", project, "--out", out, "--balance", "equal").code == 0
    levels = [track["at_master"]["loudness_lufs"] for track in cli("inspect", out, "--json").data["tracks"]]
    assert max(levels) - min(levels) < 0.05


def test_roles_move_tracks_apart(cli, project, tmp_path) -> None:
    out = tmp_path / "o.RPP"
    assert cli("mix", project, "--out", out, "--balance", "roles").code == 0
    levels = {t["name"]: t["at_master"]["loudness_lufs"] for t in cli("inspect", out, "--json").data["tracks"]}
    assert levels["Kick"] - levels["Gtr L"] == pytest.approx(4.44, abs=0.1)


def test_the_default_output_lies_beside_the_source_and_leaves_it_alone(cli, project) -> None:
    before = project.read_bytes()
    assert cli("mix", project).code == 0
    assert project.with_name("song-automix.RPP").exists()
    assert project.read_bytes() == before


def test_strength_zero_writes_the_same_bytes(cli, project, tmp_path) -> None:
    assert cli("mix", project, "--strength", "0", "--out", tmp_path / "o.RPP").code == 0
    assert (tmp_path / "o.RPP").read_bytes() == project.read_bytes()


def test_strength_interpolates_in_db(cli, project, tmp_path) -> None:
    for strength in ("50", "100"):
        ran = cli(
            "mix", project, "--strength", strength, "--out", tmp_path / "o.RPP", "--plan", tmp_path / f"{strength}.json"
        )
        assert ran.code == 0
    half, full = (plan_at(tmp_path / f"{s}.json") for s in ("50", "100"))
    for a, b in zip(half.moves, full.moves, strict=True):
        assert a.after_db == pytest.approx(b.after_db / 2, abs=0.05)


def test_in_place_keeps_a_backup_and_reverts_to_the_same_bytes(cli, project) -> None:
    before = project.read_bytes()
    assert cli("mix", project, "--in-place").code == 0
    assert project.read_bytes() != before
    assert project.with_name("song.RPP.bak").read_bytes() == before
    assert cli("revert", project).code == 0
    assert project.read_bytes() == before


def test_a_rerun_is_a_mix_of_what_the_engineer_left(cli, project) -> None:
    assert cli("mix", project, "--in-place").code == 0
    first = project.read_bytes()
    assert cli("mix", project, "--in-place").code == 0
    assert project.read_bytes() == first, "the same session gives the same mix, not a mix of the mix"


def test_a_rerun_at_another_strength_predicts_what_it_writes(cli, project, tmp_path) -> None:
    assert cli("mix", project, "--in-place").code == 0
    plan = tmp_path / "p.json"
    assert cli("mix", project, "--in-place", "--strength", "40", "--plan", plan).code == 0
    rendered = cli("render", project, "--out", tmp_path / "m.wav", "--json").data
    assert rendered["loudness_lufs"] == pytest.approx(plan_at(plan).predicted.loudness_lufs, abs=0.05)
    for move in plan_at(plan).moves:
        assert session_at(project).track(move.track.id).gain_db == pytest.approx(move.after_db, abs=1e-6)


def test_a_fader_moved_since_the_last_run_is_left_alone(cli, project) -> None:
    assert cli("mix", project, "--in-place").code == 0
    host = RppHost(project)
    session = host.read_session()
    kick = next(t for t in session.tracks if t.name == "Kick")
    host.write([SetControl(kick.id, Control.FADER, 1.25)], session.ledger_json)
    ran = cli("mix", project, "--in-place", "--balance", "equal")
    assert ran.code == 0
    assert "Kick" in ran.err
    assert session_at(project).track(kick.id).gain_db == pytest.approx(1.25, abs=1e-6)


def test_a_range_moves_envelopes_and_no_fader(cli, project, tmp_path) -> None:
    out = tmp_path / "o.RPP"
    assert cli("mix", project, "--range", "2", "0:04", "--out", out).code == 0
    written = session_at(out)
    assert all(track.gain_db == 0.0 for track in written.tracks)
    kick = next(t for t in written.tracks if t.name == "Kick").envelope(EnvelopeKind.VOLUME)
    assert kick is not None
    assert value_at(kick, 3.0) < -1.0
    assert [value_at(kick, t) for t in (1.0, 5.0)] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_the_engineers_automation_stays_and_counts(cli, stems, save, tmp_path) -> None:
    session = StemsHost(stems).read_session()
    ride = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, -12.0),))
    latched = tuple(
        replace(t, envelopes=(ride,), automation_mode=AutomationMode.READ) if t.name == "Kick" else t
        for t in session.tracks
    )
    path = save(replace(session, tracks=latched))
    out = tmp_path / "o.RPP"
    assert cli("mix", path, "--out", out, "--balance", "equal").code == 0
    kick = next(t for t in session_at(out).tracks if t.name == "Kick")
    assert kick.gain_db == 0.0
    assert kick.envelope(EnvelopeKind.VOLUME).points[0].value == pytest.approx(-12.0, abs=1e-6)
    assert kick.envelope(EnvelopeKind.TRIM_VOLUME) is not None
    levels = [track["at_master"]["loudness_lufs"] for track in cli("inspect", out, "--json").data["tracks"]]
    assert max(levels) - min(levels) < 0.05


def test_a_dry_run_writes_nothing(cli, project) -> None:
    before = sorted(project.parent.iterdir())
    ran = cli("mix", project, "--dry-run")
    assert ran.code == 0
    assert "Kick" in ran.err
    assert [p for p in sorted(project.parent.iterdir()) if p.name != "cache"] == [
        p for p in before if p.name != "cache"
    ]


def test_only_the_tracks_asked_for_move(cli, project, tmp_path) -> None:
    out = tmp_path / "o.RPP"
    assert cli("mix", project, "--tracks", "kick", "V*", "--out", out).code == 0
    moved = {t.name for t in session_at(out).tracks if t.gain_db != 0.0}
    assert moved <= {"Kick", "Vox"}
    assert moved


def test_a_plan_edited_by_hand_is_applied(cli, project, tmp_path) -> None:
    plan = tmp_path / "p.json"
    assert cli("mix", project, "--dry-run", "--plan", plan).code == 0
    data = json.loads(plan.read_text("utf-8"))
    data["moves"][0]["after_db"] = -7.5
    plan.write_text(json.dumps(data), "utf-8")
    out = tmp_path / "o.RPP"
    ran = cli("apply", plan, project, "--out", out, "--json")
    assert ran.code == 0
    assert {o["status"] for o in ran.data["outcomes"]} == {"written"}
    assert session_at(out).track(data["moves"][0]["track"]["id"]).gain_db == pytest.approx(-7.5, abs=1e-6)


def test_an_earlier_result_is_kept_as_a_backup(cli, project) -> None:
    assert cli("mix", project).code == 0
    first = project.with_name("song-automix.RPP")
    edited = first.read_bytes().replace(b"TEMPO 120", b"TEMPO 121")
    first.write_bytes(edited)
    assert cli("mix", project, "--strength", "30").code == 0
    assert project.with_name("song-automix.RPP.bak").read_bytes() == edited


def test_no_backup_is_left_where_nothing_changed(cli, project) -> None:
    for _ in range(2):
        assert cli("mix", project).code == 0
    assert not list(project.parent.glob("*.bak*"))


def test_the_second_run_reads_no_audio_again(cli, project, tmp_path, monkeypatch) -> None:
    assert cli("mix", project, "--out", tmp_path / "a.RPP").code == 0

    def never(*_: object, **__: object) -> None:
        raise AssertionError("audio was read again")

    monkeypatch.setattr("reaper_automix.audio.media.MediaReader.read", never)
    assert cli("mix", project, "--out", tmp_path / "b.RPP").code == 0
    assert (tmp_path / "b.RPP").read_bytes() == (tmp_path / "a.RPP").read_bytes()


def test_tracks_that_reach_the_master_through_a_bus_are_mixed(cli, stems, save, tmp_path) -> None:
    """Drums without a master send, sent to a bus: as loud as they are through it."""
    session = StemsHost(stems).read_session()
    routed = tuple(replace(t, sends_to_parent=False) if t.name in ("Kick", "Bass") else t for t in session.tracks)
    sends = tuple(Send(t.id, gain_db=-6.0) for t in routed if not t.sends_to_parent)
    bus = Track("{00000000-0000-4000-8000-00000000000B}", "Bus", 5, receives=sends)
    path = save(replace(session, tracks=(*routed, bus)))
    before = {t["name"]: t["at_master"]["loudness_lufs"] for t in cli("inspect", path, "--json").data["tracks"]}
    alone = {t["name"]: t["at_master"]["loudness_lufs"] for t in cli("inspect", stems, "--json").data["tracks"]}
    assert before["Kick"] == pytest.approx(alone["Kick"] - 6.0, abs=0.05)
    out = tmp_path / "o.RPP"
    assert cli("mix", path, "--out", out, "--balance", "equal").code == 0
    levels = [
        t["at_master"]["loudness_lufs"] for t in cli("inspect", out, "--json").data["tracks"] if t["name"] != "Bus"
    ]
    assert max(levels) - min(levels) < 0.05


def test_one_track_goes_where_a_balance_of_all_would_put_it(cli, project, tmp_path) -> None:
    for name, tracks in (("all", ()), ("one", ("--tracks", "Kick"))):
        assert cli("mix", project, *tracks, "--dry-run", "--plan", tmp_path / f"{name}.json").code == 0
    (one,) = plan_at(tmp_path / "one.json").moves
    kick = next(m for m in plan_at(tmp_path / "all.json").moves if m.track == one.track)
    assert one.after_db == pytest.approx(kick.after_db, abs=0.5)
    assert abs(one.after_db) > 1.0


def test_no_output_takes_the_place_of_the_session_its_audio_or_another_output(cli, project, stems, tmp_path) -> None:
    kick = stems / "Kick.wav"
    saved = {path: path.read_bytes() for path in (project, kick)}
    refused = (
        ("render", project, "--out", project),
        ("render", project, "--out", kick),
        ("mix", project, "--plan", project),
        ("mix", stems, "--render", kick, "--out", tmp_path / "o.RPP"),
        ("mix", stems, "--out", kick),
        ("mix", project, "--out", tmp_path / "o.RPP", "--plan", tmp_path / "o.RPP"),
    )
    for words in refused:
        ran = cli(*words)
        assert ran.code == 1, words
    assert {path: path.read_bytes() for path in saved} == saved
    assert not (tmp_path / "o.RPP").exists()


def test_a_role_that_was_said_is_used_and_remembered(cli, project, tmp_path) -> None:
    out = tmp_path / "out.RPP"
    assert cli("mix", project, "--out", out, "--role", "Vox=click", "Bass=snare_top").code == 0
    tracks = {track["name"]: track for track in cli("inspect", out, "--json").data["tracks"]}
    assert (tracks["Vox"]["role"], tracks["Vox"]["role_source"]) == ("click", "engineer")
    assert (tracks["Bass"]["role"], tracks["Bass"]["microphone"]) == ("snare", "snare_top")
    assert "click" in tracks["Vox"]["left_out"]
    again = tmp_path / "again.RPP"
    assert cli("mix", out, "--out", again, "--role", "Vox=auto").code == 0
    tracks = {track["name"]: track for track in cli("inspect", again, "--json").data["tracks"]}
    assert tracks["Vox"]["role_source"] == "name"
    assert tracks["Bass"]["role"] == "snare"


def test_an_unknown_role_or_track_is_refused(cli, project, tmp_path) -> None:
    assert cli("mix", project, "--role", "Vox=tuba").code == 2
    ran = cli("mix", project, "--out", tmp_path / "o.RPP", "--role", "Voxx=synth")
    assert ran.code == 1
    assert "Did you mean Vox" in ran.err
    assert not (tmp_path / "o.RPP").exists()
