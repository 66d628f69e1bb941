"""A plan into the open project: one undo step, nothing over what the engineer did, nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper
from open_sessions import LENGTH_S, Faulty, guid, rides_json, rides_plan, session
from undisturbed import cpu_seconds

from reaper_automix.chunks.lines import parse_chunk_text, parse_project
from reaper_automix.errors import SessionError
from reaper_automix.mixplan import EnvelopeMove, FaderMove, MixPlan, TrackRef
from reaper_automix.mixplan_json import plan_to_json
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.apply import apply_plan, revert
from reaper_automix.reascript.snapshot import snapshot
from reaper_automix.receipt import Receipt, Status
from reaper_automix.session import EnvelopeKind, Session
from reaper_automix.units import db_to_lin

OpenReaper = Callable[..., DoubleReaper]
VOLUME = EnvelopeKind.VOLUME


def read(reaper: DoubleReaper) -> Session:
    return snapshot(Reaper(DoubleApi(reaper)))


def fader_plan(of: Session, *levels_db: float, mixer: str = "balance") -> str:
    moves = tuple(
        FaderMove(TrackRef(track.id, track.title), None, level)
        for track, level in zip(of.tracks, levels_db, strict=False)
    )
    return plan_to_json(MixPlan(mixer, "", of.path, "", tuple(t.id for t in of.tracks), (0.0, LENGTH_S), moves))


def faders_db(reaper: DoubleReaper, n: int) -> list[float]:
    return [round(track.gain_db, 6) for track in read(reaper).tracks[:n]]


# --- one step, and back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keeps_ext_state", [True, False], ids=["undo keeps ext state", "undo restores ext state"])
def test_one_undo_restores_the_exact_state(open_reaper: OpenReaper, keeps_ext_state: bool) -> None:
    reaper = open_reaper(ext_state_survives_undo=keeps_ext_state)
    reaper.select_only("Track 3 ü", "Track 5 ü")
    before = reaper.current.state()
    receipt = apply_plan(DoubleApi(reaper), rides_json(read(reaper)))
    assert receipt.count(Status.WRITTEN) == 48
    assert reaper.current.state() != before
    assert reaper.refresh_prevented == 0
    assert [track.selected for track in read(reaper).tracks].count(True) == 2
    assert reaper.undo() == "Automix: rides"
    assert reaper.current.state() == before
    assert reaper.current.undo_label() is None, "there was one step only"


@pytest.mark.parametrize("keeps_ext_state", [True, False], ids=["undo keeps ext state", "undo restores ext state"])
def test_after_an_undo_a_run_begins_anew(open_reaper: OpenReaper, keeps_ext_state: bool) -> None:
    reaper = open_reaper(ext_state_survives_undo=keeps_ext_state)
    api = DoubleApi(reaper)
    apply_plan(api, fader_plan(read(reaper), -3.0, -6.0, 2.0))
    apply_plan(api, fader_plan(read(reaper), -4.0, -7.0, 1.0))
    assert faders_db(reaper, 3) == [-4.0, -7.0, 1.0]
    reaper.undo()
    assert faders_db(reaper, 3) == [-3.0, -6.0, 2.0]
    reaper.undo()
    assert faders_db(reaper, 3) == [0.0, 0.0, 0.0]
    reaper.set_fader("Track 2 ü", db_to_lin(5.0))
    again = apply_plan(api, fader_plan(read(reaper), -1.0))
    assert again.count(Status.LEFT_ALONE) == 0, "what was undone is nobody's"
    assert faders_db(reaper, 3) == [-1.0, 5.0, 0.0]
    assert revert(api).count(Status.RESTORED) == 1
    assert faders_db(reaper, 3) == [0.0, 5.0, 0.0]


def test_the_engineers_edits_survive_a_rerun(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    apply_plan(api, fader_plan(read(reaper), -3.0, -6.0, 2.0))
    reaper.set_fader("Track 2 ü", 1.0)  # back to where it was before us: a choice, not an undo
    receipt = apply_plan(api, fader_plan(read(reaper), -9.0, -9.0, -9.0))
    assert [(o.track, o.status.value) for o in receipt.outcomes if o.status != Status.WRITTEN] == [
        ("Track 2 ü", "left alone")
    ]
    assert faders_db(reaper, 3) == [-9.0, 0.0, -9.0]


def test_revert_works_after_save_and_reload(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(fader_scaling=False)
    before = read(reaper)
    apply_plan(DoubleApi(reaper), rides_json(before))
    saved = tmp_path / "saved.RPP"
    reaper.current.save(saved)
    reopened = DoubleReaper(saved)
    assert revert(DoubleApi(reopened)).count(Status.RESTORED) == 48
    assert replace(read(reopened), path="", name="", ledger_json="") == replace(
        before, path="", name="", ledger_json=""
    )


def test_a_revert_can_be_undone_and_reverted_again(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    apply_plan(api, fader_plan(read(reaper), -3.0, -6.0))
    revert(api)
    assert reaper.undo() == "Automix: revert"
    assert faders_db(reaper, 2) == [-3.0, -6.0]
    assert revert(api).count(Status.RESTORED) == 2
    assert faders_db(reaper, 2) == [0.0, 0.0]


def test_a_second_revert_forgets_nothing(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    apply_plan(api, fader_plan(read(reaper), -3.0, -6.0))
    reaper.set_fader("Track 1 ü", 0.5)
    revert(api)
    assert revert(api).outcomes == ()
    assert reaper.undo() == "Automix: revert"
    again = apply_plan(api, fader_plan(read(reaper), -1.0, -1.0))
    assert [(o.track, o.status) for o in again.outcomes] == [
        ("Track 2 ü", Status.WRITTEN),
        ("Track 1 ü", Status.LEFT_ALONE),
    ]
    assert faders_db(reaper, 1) == [pytest.approx(-6.0206, abs=1e-3)]


def test_a_damaged_record_is_said(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    apply_plan(api, fader_plan(read(reaper), -3.0))
    api.SetProjExtState(Reaper(api).project, "reaper_automix", "LEDGER_1", "garbled")
    receipt = revert(api)
    assert receipt.outcomes == ()
    assert "record in the project is damaged" in receipt.notes[0]


def test_what_was_never_written_reverts_to_nothing_and_makes_no_undo_step(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    assert revert(DoubleApi(reaper)) == Receipt()
    assert reaper.current.undo_label() is None


# --- when something goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "nth", "answer", "said"),
    [
        ("SetEnvelopeStateChunk", 7, 0, "refused"),
        ("SetEnvelopeStateChunk", 7, 1, "did not read back"),
        ("SetMediaTrackInfo_Value", 5, 1, "did not read back"),
        ("SetMediaTrackInfo_Value", 5, RuntimeError("gone"), "gone"),
        ("SetProjExtState", 1, 0, "record"),
        ("GetTrackEnvelopeByChunkName", 60, "(TrackEnvelope*)0x0000000000000000", "does not show"),
    ],
    ids=["chunk refused", "chunk ignored", "fader ignored", "exception", "record ignored", "envelope gone"],
)
def test_a_failure_in_the_middle_changes_nothing_and_says_what_failed(
    open_reaper: OpenReaper, function: str, nth: int, answer: Any, said: str
) -> None:
    reaper = open_reaper()
    heard = read(reaper)
    before, changes = reaper.current.state(), reaper.current.changes
    api = Faulty(reaper, function, nth, answer)
    with pytest.raises(SessionError, match=r"Nothing was changed") as caught:
        apply_plan(api, rides_json(heard), heard=heard, known=heard, known_at=changes)
    assert said in str(caught.value)
    assert reaper.current.state() == before
    assert reaper.refresh_prevented == 0
    assert reaper.current.open_blocks == 0
    assert read(reaper).ledger_json == ""
    assert apply_plan(DoubleApi(reaper), rides_json(heard)).count(Status.WRITTEN) == 48, "the next run works"


def test_without_undo_a_failed_write_is_taken_back_by_hand(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    reaper_api = Faulty(reaper, "SetProjExtState", 1, 0)
    original = reaper_api.__getattr__

    class NoUndo:
        def __getattr__(self, name: str) -> Any:
            if name == "Undo_CanUndo2":
                raise AttributeError("'NoneType' object has no attribute 'decode'")
            return original(name)

    before = reaper.current.state()
    with pytest.raises(SessionError, match="Nothing was changed"):
        apply_plan(NoUndo(), fader_plan(read(reaper), -3.0))
    assert reaper.current.state() == before


def test_a_failed_write_does_not_undo_the_run_before(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    apply_plan(api, fader_plan(read(reaper), -3.0))
    with pytest.raises(SessionError, match="Nothing was changed"):
        apply_plan(Faulty(reaper, "SetMediaTrackInfo_Value", 1, 1), fader_plan(read(reaper), -6.0))
    assert faders_db(reaper, 1) == [-3.0]
    assert reaper.current.undo_label() == "Automix: balance"


def test_what_cannot_be_taken_back_is_said(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    original = DoubleApi(reaper).__getattr__
    left = [3]

    class Stuck:
        def __getattr__(self, name: str) -> Any:
            if name == "Undo_DoUndo2":
                return lambda *_: 0
            if name == "SetMediaTrackInfo_Value":
                left[0] -= 1
                return original(name) if left[0] > 0 else (lambda *_: 1)
            return original(name)

    with pytest.raises(SessionError, match="Not everything could be taken back"):
        apply_plan(Stuck(), fader_plan(read(reaper), -3.0, -4.0, -5.0))


def test_recording_in_another_tab_counts(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper()
    mine = reaper.current
    path = tmp_path / "other.RPP"
    path.write_bytes(mine.to_bytes())
    reaper.open_project(path).play_state = 5
    reaper.current = mine
    with pytest.raises(SessionError, match="recording"):
        apply_plan(DoubleApi(reaper), fader_plan(read(reaper), -3.0))


def test_an_override_set_meanwhile_is_respected(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    heard = read(reaper)
    changes = reaper.current.changes
    reaper.global_automation_override = 3  # write
    apply_plan(DoubleApi(reaper), rides_json(heard), heard=heard, known=heard, known_at=changes)
    envelopes = {e.kind for t in read(reaper).tracks for e in t.envelopes}
    assert envelopes == {EnvelopeKind.TRIM_VOLUME}


def test_nothing_is_written_while_reaper_records(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    reaper.current.play_state = 5
    before = reaper.current.state()
    with pytest.raises(SessionError, match="recording"):
        apply_plan(DoubleApi(reaper), fader_plan(read(reaper), -3.0))
    with pytest.raises(SessionError, match="recording"):
        revert(DoubleApi(reaper))
    assert reaper.current.state() == before


# --- what happened meanwhile -----------------------------------------------------------------------------------------


def test_a_fader_moved_meanwhile_is_left_where_it_is(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    heard = read(reaper)
    changes = reaper.current.changes
    reaper.set_fader("Track 1 ü", 0.5)
    plan = plan_to_json(rides_plan(heard))
    receipt = apply_plan(DoubleApi(reaper), plan, heard=heard, known=heard, known_at=changes)
    first = receipt.outcomes[0]
    assert (first.track, first.what, first.status) == ("Track 1 ü", "fader", Status.SKIPPED)
    assert read(reaper).tracks[0].gain_db == pytest.approx(-6.0206, abs=1e-3)


def test_a_track_whose_items_moved_meanwhile_is_left_alone(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    heard = read(reaper)
    changes = reaper.current.changes
    first = api.GetTrack(Reaper(api).project, 0)
    with reaper.by_hand("Move item"):
        api.SetMediaItemInfo_Value(api.GetTrackMediaItem(first, 0), "D_POSITION", 1.0)
    receipt = apply_plan(api, rides_json(heard), heard=heard, known=heard, known_at=changes)
    skipped = receipt.with_status(Status.SKIPPED)
    assert {o.track for o in skipped} == {"Track 1 ü"}
    assert all("changed since it was heard" in o.detail for o in skipped)
    after = read(reaper).tracks
    assert (after[0].gain_db, after[0].envelopes) == (0.0, ())
    assert after[1].envelope(VOLUME) is not None


def test_a_track_deleted_meanwhile_is_named(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    heard = read(reaper)
    changes = reaper.current.changes
    with reaper.by_hand("Delete track"):
        api.DeleteTrack(api.GetTrack(Reaper(api).project, 0))
    receipt = apply_plan(api, rides_json(heard), heard=heard, known=heard, known_at=changes)
    assert {o.track for o in receipt.with_status(Status.SKIPPED)} == {"Track 1 ü"}
    assert receipt.count(Status.WRITTEN) == 46


def test_another_tab_in_front_is_not_touched(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    project = Reaper(api).project
    heard = read(reaper)
    mine = reaper.current
    other_path = tmp_path / "other.RPP"
    other_path.write_bytes(mine.to_bytes())
    other = reaper.open_project(other_path)
    before = other.state()
    apply_plan(api, rides_json(heard), project=project)
    assert other.state() == before
    assert other.undo_label() is None
    assert mine.undo_label() == "Automix: rides"


def test_a_duplicated_track_is_not_ours(open_reaper: OpenReaper, tmp_path: Path) -> None:
    of = session(tmp_path, 2)
    reaper = open_reaper(of)
    apply_plan(DoubleApi(reaper), fader_plan(read(reaper), -3.0, -6.0))
    text = parse_project(reaper.current.to_bytes())
    original = next(text.root.chunks("TRACK"))
    lines = [line.text.replace(of.tracks[0].id, guid(1, 99)) for line in original.all_lines()]
    text.root.body.append(parse_chunk_text("\n".join([*lines, ""])))
    again = DoubleReaper(text.to_bytes())
    assert [round(t.gain_db, 6) for t in read(again).tracks] == [-3.0, -6.0, -3.0]
    assert revert(DoubleApi(again)).count(Status.RESTORED) == 2
    assert [round(t.gain_db, 6) for t in read(again).tracks] == [0.0, 0.0, -3.0]


# --- cost ------------------------------------------------------------------------------------------------------------


def test_24_tracks_with_rides_cost_few_calls_and_little_time(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    api = DoubleApi(reaper)
    reaper.calls.clear()
    with cpu_seconds() as taken_s:
        heard = read(reaper)
        changes = reaper.current.changes
        receipt = apply_plan(api, rides_json(heard), heard=heard, known=heard, known_at=changes)
    assert receipt.count(Status.WRITTEN) == 48
    assert reaper.calls.total() <= 2000
    assert sum(taken_s) <= 0.5


def test_points_and_parameters_of_the_engineers_plug_ins_are_not_asked_for(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    read(reaper)
    assert not {name for name in reaper.calls if "Param" in name and "NamedConfigParm" not in name}
    assert "GetTrackStateChunk" not in reaper.calls


def test_a_range_is_written_with_guards(open_reaper: OpenReaper) -> None:
    reaper = open_reaper()
    heard = read(reaper)
    track = heard.tracks[0]
    move = EnvelopeMove(TrackRef(track.id, track.title), VOLUME, (10.0, 20.0), ((10.0, -6.0),))
    plan = MixPlan("rides", "", heard.path, "", (track.id,), (10.0, 20.0), (move,))
    apply_plan(DoubleApi(reaper), plan_to_json(plan))
    envelope = read(reaper).tracks[0].envelope(VOLUME)
    assert envelope is not None
    assert (envelope.active, envelope.visible) == (True, True)
    assert [(round(p.time_s, 3), round(p.value, 3)) for p in envelope.points] == [
        (9.99, 0.0),
        (10.0, -6.0),
        (20.0, -6.0),
        (20.01, 0.0),
    ]
