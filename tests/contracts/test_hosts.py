"""One suite for every host: what a plan does to a session, a re-run, edits by hand in between, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from contracts.hosts_under_test import LENGTH_S, named, open_project, plan_of, project, ref, statuses, stems_folder

from reaper_automix.edits import Control, Host, SetControl, SetPoints
from reaper_automix.envelope import value_at
from reaper_automix.errors import PlanError, SessionError
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.ledger import Ledger
from reaper_automix.mixplan import EnvelopeMove, FaderMove, PanMove, PolarityMove, TrackRef
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.receipt import Status
from reaper_automix.session import (
    AutomationItem,
    AutomationMode,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    PointShape,
    Session,
    Track,
)

VOLUME, TRIM = EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME


def mixing(session: Session) -> list[tuple[object, ...]]:
    """Return all that our moves can change, for comparing sessions."""
    return [
        (
            t.id,
            round(t.gain_db, 9),
            t.pan,
            t.polarity_inverted,
            tuple((e.kind, e.active, tuple((p.time_s, round(p.value, 6)) for p in e.points)) for e in t.envelopes),
        )
        for t in session.tracks
    ]


def test_controls_are_written_as_planned_and_reverted_exactly(host: Host) -> None:
    before = host.read_session()
    kick, snare = ref(before, "Kick"), ref(before, "Snare")
    moves = (
        FaderMove(kick, 0.0, -4.25),
        PanMove(snare, 0.0, -0.3),
        PolarityMove(snare, False, True),
        FaderMove(snare, 0.0, -200.0),
    )
    assert statuses(host, plan_of(before, *moves)) == [Status.WRITTEN] * 4
    assert named(host, "Kick").gain_db == pytest.approx(-4.25, abs=1e-6)
    assert named(host, "Snare").pan == pytest.approx(-0.3)
    assert named(host, "Snare").polarity_inverted
    assert named(host, "Snare").gain_db == -150.0
    assert [o.status for o in revert(host).outcomes] == [Status.RESTORED] * 4
    assert mixing(host.read_session()) == mixing(before)
    assert Ledger.of(host.read_session()).entries == ()
    assert host.has_undo or host.read_session().ledger_json == ""


def test_envelope_points_are_written_with_guards_and_reverted(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    move = EnvelopeMove(vox, VOLUME, (0.5, 1.5), ((0.5, -3.0), (1.0, 2.0)))
    assert statuses(host, plan_of(before, move, range_s=(0.5, 1.5))) == [Status.WRITTEN]
    envelope = named(host, vox.name).envelope(VOLUME)
    assert envelope is not None
    assert envelope.plays
    heard = [value_at(envelope, t) for t in (0.0, 0.49, 0.5, 1.0, 1.5, 1.51, 2.0)]
    assert heard == pytest.approx([0.0, 0.0, -3.0, 2.0, 2.0, 0.0, 0.0], abs=1e-6)
    revert(host)
    assert mixing(host.read_session()) == mixing(before)


def test_a_rerun_replaces_what_the_same_mixer_wrote(host: Host) -> None:
    before = host.read_session()
    kick, vox = ref(before, "Kick"), ref(before, "Vox 🎤")
    first = (FaderMove(kick, 0.0, -6.0), EnvelopeMove(vox, VOLUME, (0.0, LENGTH_S), ((0.0, -3.0), (1.0, 1.0))))
    apply_plan(host, plan_of(before, *first))
    second = (FaderMove(kick, 0.0, -2.0), EnvelopeMove(vox, VOLUME, (0.0, LENGTH_S), ((0.0, -1.0),)))
    assert statuses(host, plan_of(before, *second)) == [Status.WRITTEN] * 2
    assert named(host, "Kick").gain_db == pytest.approx(-2.0, abs=1e-6)
    envelope = named(host, vox.name).envelope(VOLUME)
    assert envelope is not None
    assert [(p.time_s, round(p.value, 6)) for p in envelope.points] == [(0.0, -1.0)]
    apply_plan(host, plan_of(before))
    assert mixing(host.read_session()) == mixing(before), "a run that moves nothing takes the earlier run back"


def test_what_the_engineer_changed_since_is_left_alone_and_listed(host: Host) -> None:
    before = host.read_session()
    kick, snare = ref(before, "Kick"), ref(before, "Snare")
    plan = plan_of(before, FaderMove(kick, 0.0, -6.0), FaderMove(snare, 0.0, -6.0))
    apply_plan(host, plan)
    host.write([SetControl(kick.id, Control.FADER, -4.0)], host.read_session().ledger_json)
    again = apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -9.0), FaderMove(snare, 0.0, -9.0)))
    assert [(o.track, o.status) for o in again.outcomes] == [
        ("Snare", Status.WRITTEN),
        ("Kick", Status.LEFT_ALONE),
    ]
    assert named(host, "Kick").gain_db == pytest.approx(-4.0, abs=1e-6)
    assert named(host, "Snare").gain_db == pytest.approx(-9.0, abs=1e-6)
    reverted = revert(host)
    assert {(o.track, o.status) for o in reverted.outcomes} == {
        ("Snare", Status.RESTORED),
        ("Kick", Status.LEFT_ALONE),
    }
    assert named(host, "Kick").gain_db == pytest.approx(-4.0, abs=1e-6)


def test_a_point_moved_by_hand_keeps_the_whole_ride_of_the_engineer(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, EnvelopeMove(vox, VOLUME, (0.0, LENGTH_S), ((0.0, -3.0), (1.0, 1.0)))))
    host.write([SetPoints(vox.id, VOLUME, (1.0, 1.0), (EnvelopePoint(1.0, 4.0),))], host.read_session().ledger_json)
    receipt = apply_plan(host, plan_of(before, EnvelopeMove(vox, VOLUME, (0.0, LENGTH_S), ((0.0, -9.0),))))
    assert receipt.count(Status.LEFT_ALONE) == 1
    envelope = named(host, vox.name).envelope(VOLUME)
    assert envelope is not None
    assert [round(p.value, 6) for p in envelope.points] == [-3.0, 4.0]


def test_a_move_whose_target_moved_since_the_plan_is_skipped(host: Host) -> None:
    before = host.read_session()
    kick = ref(before, "Kick")
    host.write([SetControl(kick.id, Control.FADER, 3.0)], "")
    receipt = apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -6.0)))
    assert [o.status for o in receipt.outcomes] == [Status.SKIPPED]
    assert "moved since" in receipt.outcomes[0].detail
    assert named(host, "Kick").gain_db == pytest.approx(3.0, abs=1e-6)


def test_two_mixers_stand_on_each_other_and_go_in_order(host: Host) -> None:
    before = host.read_session()
    kick = ref(before, "Kick")
    apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -6.0), mixer="balance"))
    apply_plan(host, plan_of(before, FaderMove(kick, -6.0, -8.0), mixer="drums"))
    assert named(host, "Kick").gain_db == pytest.approx(-8.0, abs=1e-6)
    assert revert(host).count(Status.RESTORED) == 2
    assert mixing(host.read_session()) == mixing(before)


def test_ranges_written_one_after_another_all_stay(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    for range_s in ((0.2, 0.6), (1.2, 1.6)):
        move = EnvelopeMove(vox, VOLUME, range_s, ((range_s[0], -6.0),))
        assert statuses(host, plan_of(before, move, range_s=range_s)) == [Status.WRITTEN]
    envelope = named(host, vox.name).envelope(VOLUME)
    assert envelope is not None
    assert [value_at(envelope, t) for t in (0.1, 0.4, 0.9, 1.4, 1.8)] == pytest.approx([0, -6, 0, -6, 0], abs=1e-6)
    revert(host)
    assert mixing(host.read_session()) == mixing(before)


@pytest.mark.parametrize("second", [(0.8, 1.6), (0.6, 1.6), (0.3, 0.5)], ids=["touching", "overlapping", "nested"])
def test_a_later_range_takes_nothing_of_an_earlier_one_away(host: Host, second: tuple[float, float]) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    for range_s, level_db in (((0.2, 0.8), -6.0), (second, 3.0)):
        move = EnvelopeMove(vox, VOLUME, range_s, ((range_s[0], level_db),))
        assert statuses(host, plan_of(before, move, range_s=range_s)) == [Status.WRITTEN]
    track = named(host, vox.name)
    total_db = [sum(value_at(e, t) for e in track.envelopes) for t in (0.1, 0.25, 1.8)]
    assert total_db == pytest.approx([0.0, -6.0, 0.0], abs=1e-6)
    revert(host)
    assert mixing(host.read_session()) == mixing(before)


def test_the_same_range_again_and_back_leaves_no_envelope(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    for range_s in ((0.2, 0.6), (1.2, 1.6), (0.2, 0.6)):
        move = EnvelopeMove(vox, VOLUME, range_s, ((range_s[0], -6.0),))
        assert statuses(host, plan_of(before, move, range_s=range_s)) == [Status.WRITTEN]
    revert(host)
    assert named(host, vox.name).envelope(VOLUME) is None


def test_a_mixer_that_runs_again_under_another_ones_work(host: Host) -> None:
    before = host.read_session()
    kick, snare = ref(before, "Kick"), ref(before, "Snare")
    apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -6.0), mixer="balance"))
    apply_plan(host, plan_of(before, FaderMove(kick, -6.0, -8.0), mixer="drums"))
    apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -5.0), FaderMove(snare, 0.0, -3.0), mixer="balance"))
    assert named(host, "Kick").gain_db == pytest.approx(-8.0, abs=1e-6)
    revert(host)
    assert mixing(host.read_session()) == mixing(before)


def test_a_ledger_of_another_version_is_kept(host: Host) -> None:
    foreign = '{"schema":"reaper_automix.ledger/9","entries":[]}'
    host.write([], foreign)
    with pytest.raises(PlanError, match="version"):
        revert(host)
    assert host.read_session().ledger_json == foreign


def test_a_track_that_is_not_there_is_skipped_and_named(host: Host) -> None:
    plan = plan_of(host.read_session(), FaderMove(TrackRef("{NOT}", "Ghost"), None, -3.0))
    receipt = apply_plan(host, plan)
    assert [(o.track, o.status) for o in receipt.outcomes] == [("Ghost", Status.SKIPPED)]


def test_what_the_engineer_said_of_roles_is_kept_and_outlives_a_revert(host: Host) -> None:
    before = host.read_session()
    kick = ref(before, "Kick")
    said = json.dumps({kick.id: "snare_top"})
    host.keep_roles(said)
    apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -6.0)))
    assert host.read_session().roles_json == said
    revert(host)
    assert host.read_session().roles_json == said
    host.keep_roles("")
    host.write([], host.read_session().ledger_json)
    assert host.read_session().roles_json == ""


def test_an_unknown_track_in_an_edit_changes_nothing(host: Host) -> None:
    before = host.read_session()
    kick = ref(before, "Kick")
    with pytest.raises(SessionError):
        host.write([SetControl(kick.id, Control.FADER, -9.0), SetControl("{NOT}", Control.FADER, -3.0)], "")
    assert mixing(host.read_session()) == mixing(before)


# --- existing automation, on the hosts that can hold it --------------------------------------------------------


def automated_hosts(tmp_path: Path, change: Callable[[Track], Track]) -> list[Host]:
    session = StemsHost(stems_folder(tmp_path)).read_session()
    session = replace(session, tracks=tuple(change(t) if t.name == "Kick" else t for t in session.tracks))
    text = new_project_text(session, folder=tmp_path)
    path = tmp_path / "open.RPP"
    path.write_text(text, encoding="utf-8")
    in_reaper = [open_project(path, fader_scaling=scaling) for scaling in (True, False)]
    return [MemoryHost(session), RppHost.from_text(text, tmp_path / "automated.RPP"), *in_reaper]


def with_envelope(envelope: Envelope, **changes: object) -> Callable[[Track], Track]:
    return lambda track: replace(track, envelopes=(envelope,), **changes)


RIDE = Envelope(VOLUME, points=(EnvelopePoint(0.0, -3.0), EnvelopePoint(1.0, 2.0, PointShape.SQUARE)))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (with_envelope(RIDE), TRIM),
        (with_envelope(replace(RIDE, active=False)), TRIM),
        (with_envelope(Envelope(VOLUME, points=(EnvelopePoint(0.0, 0.0),))), VOLUME),
        (with_envelope(Envelope(VOLUME), automation_mode=AutomationMode.READ), TRIM),
        (with_envelope(RIDE, automation_mode=AutomationMode.LATCH), TRIM),
    ],
    ids=["automation", "bypassed", "neutral", "read mode", "latch mode"],
)
def test_the_ride_goes_where_it_spoils_nothing(
    tmp_path: Path, change: Callable[[Track], Track], kind: EnvelopeKind
) -> None:
    for host in automated_hosts(tmp_path, change):
        before = named(host, "Kick")
        move = EnvelopeMove(ref(host.read_session(), "Kick"), VOLUME, (0.5, 1.0), ((0.5, -6.0),))
        assert statuses(host, plan_of(host.read_session(), move, range_s=(0.5, 1.0))) == [Status.WRITTEN]
        after = named(host, "Kick")
        written = after.envelope(kind)
        assert written is not None
        assert [value_at(written, t) for t in (0.0, 0.75, 1.5)] == pytest.approx([0.0, -6.0, 0.0], abs=1e-6)
        if kind == TRIM:
            assert after.envelope(VOLUME) == before.envelope(VOLUME)
        revert(host)
        assert named(host, "Kick") == before


def test_points_that_the_plan_knows_are_replaced_in_place(tmp_path: Path) -> None:
    for host in automated_hosts(tmp_path, with_envelope(RIDE)):
        known = tuple((p.time_s, p.value) for p in RIDE.points)
        move = EnvelopeMove(ref(host.read_session(), "Kick"), VOLUME, (0.0, LENGTH_S), ((0.0, -1.0),), known)
        assert statuses(host, plan_of(host.read_session(), move)) == [Status.WRITTEN]
        envelope = named(host, "Kick").envelope(VOLUME)
        assert envelope is not None
        assert [round(p.value, 6) for p in envelope.points] == [-1.0]
        revert(host)
        back = named(host, "Kick").envelope(VOLUME)
        assert back is not None
        assert [(p.time_s, p.shape) for p in back.points] == [(p.time_s, p.shape) for p in RIDE.points]


def test_automation_items_are_never_written_over() -> None:
    item = AutomationItem(1, 0.5, 1.0, points=(EnvelopePoint(0.0, -6.0),))
    track = Track("{1}", "Kick", envelopes=(Envelope(VOLUME, automation_items=(item,)),))
    host = MemoryHost(Session(tracks=(track,)))
    plan = plan_of(host.read_session(), EnvelopeMove(TrackRef("{1}", "Kick"), VOLUME, (0.0, 2.0), ((0.0, -2.0),)))
    assert statuses(host, plan) == [Status.WRITTEN]
    assert host.read_session().track("{1}").envelope(VOLUME) == track.envelope(VOLUME)
    assert host.read_session().track("{1}").envelope(TRIM) is not None


def test_a_bypassing_override_refuses_rides() -> None:
    session = Session(tracks=(Track("{1}", "Kick"),), automation_override=AutomationMode.BYPASS)
    host = MemoryHost(session)
    receipt = apply_plan(
        host, plan_of(session, EnvelopeMove(TrackRef("{1}", "Kick"), VOLUME, (0.0, 2.0), ((0.0, -2.0),)))
    )
    assert receipt.outcomes[0].status == Status.SKIPPED
    assert "override" in receipt.outcomes[0].detail


def test_in_place_and_back_leaves_the_same_bytes(tmp_path: Path) -> None:
    for line_end in (b"\n", b"\r\n"):
        path = project(tmp_path, line_end)
        bytes_before = path.read_bytes()
        host = RppHost(path)
        session = host.read_session()
        moves = (
            FaderMove(ref(session, "Kick"), None, -6.0),
            EnvelopeMove(ref(session, "Snare"), VOLUME, (0.3, 0.9), ((0.3, -3.0),)),
            PanMove(ref(session, "Snare"), None, 0.5),
        )
        apply_plan(host, plan_of(session, *moves))
        assert path.read_bytes() != bytes_before
        revert(RppHost(path))
        assert path.read_bytes() == bytes_before


def test_a_plan_without_moves_writes_the_same_bytes(tmp_path: Path) -> None:
    path = project(tmp_path, b"\r\n")
    host = RppHost(path, target=tmp_path / "out.RPP")
    apply_plan(host, plan_of(host.read_session()))
    assert (tmp_path / "out.RPP").read_bytes() == path.read_bytes()


def test_a_folder_without_a_target_cannot_be_written(tmp_path: Path) -> None:
    host = StemsHost(stems_folder(tmp_path))
    with pytest.raises(SessionError, match="--out"):
        host.write([], "")
