"""The main job on real projects and songs; each test skips where the corpus folder is missing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from reaper_automix.edits import Control, SetControl
from reaper_automix.envelope import value_at
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.mixplan import EnvelopeMove, MixPlan, TrackRef
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.receipt import Status
from reaper_automix.session import AutomationMode, EnvelopeKind, Track
from reaper_automix.units import db_to_lin

pytestmark = pytest.mark.data

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PROJECTS = sorted((SHARED / "rpp").glob("*.RPP"))
SHORT_SONGS = ("crunk_demo", "surrender_main", "capdan_reggaetry")
ALL_SONGS = sorted(f.parent for f in (*SHARED.glob("songs/*/song.json"), *SHARED.glob("lmms/*/song.json")))
SONGS = [s for s in ALL_SONGS if "REAPER_AUTOMIX_ALL_SONGS" in os.environ or s.name in SHORT_SONGS]

needs_projects = pytest.mark.skipif(not PROJECTS, reason="needs the corpus folder ../shared/data/rpp")
needs_songs = pytest.mark.skipif(not SONGS, reason="needs the corpus folders ../shared/data/songs and lmms")


@needs_projects
@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.stem)
def test_inspect_explains_and_strength_zero_changes_nothing(cli, path, tmp_path) -> None:
    inspected = cli("inspect", path, "--json")
    assert inspected.code == 0, inspected.err
    for track in inspected.data["tracks"]:
        assert track["left_out"], "no media here, so every track must say why it is not mixed"
    assert cli("mix", path, "--strength", "0", "--out", tmp_path / "o.RPP").code == 0
    assert (tmp_path / "o.RPP").read_bytes() == path.read_bytes()


@needs_projects
@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.stem)
def test_one_fader_is_one_line(path, tmp_path) -> None:
    host = RppHost(path, target=tmp_path / "o.RPP")
    session = host.read_session()
    if not session.tracks:
        return
    track = session.tracks[len(session.tracks) // 2]
    host.write([SetControl(track.id, Control.FADER, track.gain_db - 3.3)], "")
    before, after = (p.read_bytes().splitlines(keepends=True) for p in (path, tmp_path / "o.RPP"))
    differing = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    media = [a for a, _ in differing if a.strip().startswith(b"FILE ")]
    assert len(differing) - len(media) == 1
    assert differing[0][0].strip().startswith(b"VOLPAN") or media


def heard_db(track: Track, mode: AutomationMode, time_s: float) -> float:
    """Return fader, Volume and Trim Volume envelopes in dB, as the project plays them."""
    kinds = (EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME)
    playing = {k: e for k in kinds if (e := track.envelope(k)) is not None and e.plays}
    owned = mode != AutomationMode.TRIM_READ and EnvelopeKind.VOLUME in playing
    return sum(value_at(e, time_s) for e in playing.values()) + (0.0 if owned else track.gain_db)


@needs_projects
@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.stem)
def test_hand_made_rides_play_inside_the_range_and_leave_the_rest(path, tmp_path) -> None:
    """Every track of every project gets a ride of -6 to +2 dB from 10 to 20 s."""
    host = RppHost(path, target=tmp_path / "o.RPP")
    before = host.read_session()
    range_s = (10.0, 20.0)
    moves = tuple(
        EnvelopeMove(TrackRef(t.id, t.title), EnvelopeKind.VOLUME, range_s, ((10.0, -6.0), (15.0, 2.0)))
        for t in before.tracks
    )
    plan = MixPlan("hand", "", "", "", tuple(t.id for t in before.tracks), range_s, moves)
    receipt = apply_plan(host, plan)
    assert receipt.count(Status.WRITTEN) == len(before.tracks), receipt.lines()
    after = RppHost(tmp_path / "o.RPP").read_session()
    for old in before.tracks:
        new = after.track(old.id)
        mode = before.mode_of(old)
        for time_s, change_db in (
            (5.0, 0.0),
            (9.99, 0.0),
            (10.0, -6.0),
            (15.0, 2.0),
            (20.0, 2.0),
            (20.01, 0.0),
            (99.0, 0.0),
        ):
            was, now = heard_db(old, mode, time_s), heard_db(new, mode, time_s)
            assert db_to_lin(now) == pytest.approx(db_to_lin(was + change_db), rel=2e-3, abs=1e-6), (old.title, time_s)
    assert replace(before.master, envelopes=()) == replace(after.master, envelopes=())
    reverted = RppHost(tmp_path / "o.RPP", target=tmp_path / "r.RPP")
    revert(reverted)
    assert not reverted.read_session().ledger_json
    assert [t.envelopes for t in reverted.read_session().tracks] == [t.envelopes for t in before.tracks]


@needs_songs
@pytest.mark.parametrize("folder", SONGS, ids=lambda p: p.name)
def test_a_song_becomes_a_balanced_project(cli, folder, tmp_path) -> None:
    out, plan_path, wav = tmp_path / "o.RPP", tmp_path / "p.json", tmp_path / "m.wav"
    ran = cli("mix", folder, "--out", out, "--plan", plan_path, "--render", wav)
    assert ran.code == 0, ran.err
    plan = json.loads(plan_path.read_text("utf-8"))
    session = RppHost(out).read_session()
    assert plan["moves"]
    for move in plan["moves"]:
        assert session.track(move["track"]["id"]).gain_db == pytest.approx(move["after_db"], abs=1e-6)
    measured = cli("render", out, "--out", tmp_path / "again.wav", "--json").data
    assert measured["loudness_lufs"] == pytest.approx(plan["predicted"]["loudness_lufs"], abs=0.1)
    assert measured["true_peak_dbtp"] <= max(0.0, plan["predicted"]["before_true_peak_dbtp"]) + 0.01
    assert cli("revert", out).code == 0
    assert all(track.gain_db == 0.0 for track in RppHost(out).read_session().tracks)
