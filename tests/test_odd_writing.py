"""Plug-ins, sends and takes that changed between the plan and the writing: left alone, with the reason in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from contracts.hosts_under_test import memory_host, named, plan_of, ref

from reaper_automix.edits import (
    AddBus,
    Edit,
    Host,
    RemoveBus,
    RestoreEffect,
    RestoreSend,
    SetEffect,
    SetSend,
)
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.mixplan import BusMove, EffectMove, Move, SendMove, bus_ref
from reaper_automix.plan_writing import apply_plan
from reaper_automix.receipt import Outcome, Status
from reaper_automix.session import SendMode, Session
from reaper_automix.session_edits import perform

TAG, BUS = "Automix: compressor", "Automix reverb"
SQUEEZE = CompressorSettings(-21.3, ratio=3.7, knee_db=6.0, attack_ms=30.0, release_ms=200.0, makeup_db=2.5)
HARDER = replace(SQUEEZE, ratio=9.0)


def outcome(host: Host, *moves: Move, mixer: str) -> Outcome:
    """Write a plan and return what its last move came to."""
    return apply_plan(host, plan_of(host.read_session(), *moves, mixer=mixer)).outcomes[-1]


def with_effect(folder: Path, **changes: object) -> tuple[Host, EffectMove]:
    """Return a session with a compressor of the vocal mixer that was changed since, and a move of another's."""
    host = memory_host(folder)
    vox = ref(host.read_session(), "Vox 🎤")
    outcome(host, EffectMove(vox, "ReaComp", TAG, SQUEEZE), mixer="vocal")
    session = host.read_session()
    track = session.track(vox.id)
    slot = replace(track.effects[0], **changes)
    changed = session.with_tracks({vox.id: replace(track, effects=(slot,))})
    return MemoryHost(changed), EffectMove(vox, "ReaComp", TAG, HARDER)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "VST: ReaEQ (Cockos)"}, "is another plug-in (VST: ReaEQ (Cockos)) there; remove it and run again"),
        ({"bypassed": True}, "was changed by hand, so it is yours"),
        ({"altered": True}, "was changed by hand, so it is yours"),
        ({"settings": None}, "was changed by hand, so it is yours"),
    ],
)
def test_a_plugin_of_another_run_that_is_not_as_written_stays(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    host, move = with_effect(tmp_path, **changes)
    before = host.read_session()
    told = outcome(host, move, mixer="strips")
    assert (told.status, told.track) == (Status.SKIPPED, "Vox 🎤")
    assert words in told.detail
    assert named(host, "Vox 🎤").effects == before.track(move.track.id).effects


def test_a_plugin_that_was_moved_since_the_plan_saw_it_stays(tmp_path: Path) -> None:
    host, move = with_effect(tmp_path)
    told = outcome(host, replace(move, before=replace(SQUEEZE, ratio=2.0)), mixer="strips")
    assert told.status == Status.SKIPPED
    assert "not set as the plan saw it: moved since; run again" in told.detail
    assert named(host, "Vox 🎤").effects[0].settings == SQUEEZE
    assert outcome(host, replace(move, before=SQUEEZE), mixer="strips").status == Status.WRITTEN
    assert named(host, "Vox 🎤").effects[0].settings == HARDER


@pytest.mark.parametrize(
    ("changes", "words"), [({"frozen": True}, "unfreeze it"), ({"effects_bypassed": True}, "switch it on")]
)
def test_a_chain_that_is_not_heard_gets_no_plugin(tmp_path: Path, changes: dict[str, bool], words: str) -> None:
    session = memory_host(tmp_path).read_session()
    vox = ref(session, "Vox 🎤")
    host = MemoryHost(session.with_tracks({vox.id: replace(session.track(vox.id), **changes)}))
    told = outcome(host, EffectMove(vox, "ReaComp", TAG, SQUEEZE), mixer="vocal")
    assert told.status == Status.SKIPPED
    assert words in told.detail
    assert named(host, "Vox 🎤").effects == ()


def test_a_send_of_another_run_is_set_only_from_where_the_plan_saw_it(tmp_path: Path) -> None:
    host = memory_host(tmp_path)
    vox = ref(host.read_session(), "Vox 🎤")
    outcome(host, BusMove(BUS), SendMove(vox, BUS, -12.0), mixer="vocal")

    def level_db() -> float:
        return host.read_session().track(bus_ref(BUS).id).receives[0].gain_db

    moved = outcome(host, SendMove(vox, BUS, -6.0, before_db=-20.0), mixer="strips")
    assert (moved.status, level_db()) == (Status.SKIPPED, -12.0)
    assert moved.detail == "it stands at -12.0 dB, the plan saw -20.0: moved since; run again"
    assert outcome(host, SendMove(vox, BUS, -12.0, before_db=-12.0), mixer="strips").status == Status.UNCHANGED
    assert outcome(host, SendMove(vox, BUS, -6.0, before_db=-12.0), mixer="strips").status == Status.WRITTEN
    assert level_db() == -6.0


def test_a_send_that_no_run_wrote_stays(tmp_path: Path) -> None:
    host = memory_host(tmp_path)
    kick, vox = ref(host.read_session(), "Kick"), ref(host.read_session(), "Vox 🎤")
    outcome(host, BusMove(BUS), SendMove(kick, BUS, -12.0), mixer="vocal")
    host.write([SetSend(vox.id, bus_ref(BUS).id, -3.0, SendMode.PRE_FX)], host.read_session().ledger_json)
    told = outcome(host, SendMove(vox, BUS, -6.0), mixer="strips")
    assert told.status == Status.SKIPPED
    assert "no run wrote" in told.detail
    assert host.read_session().track(bus_ref(BUS).id).receives[-1].gain_db == -3.0


# --- edits in memory -------------------------------------------------------------------------------------------------


def three_tracks(folder: Path) -> tuple[Session, str, str]:
    session = memory_host(folder).read_session()
    return session, ref(session, "Kick").id, ref(session, "Vox 🎤").id


def test_taking_back_what_is_gone_already_changes_nothing(tmp_path: Path) -> None:
    session, kick, vox = three_tracks(tmp_path)
    gone = "{11111111-2222-4333-8444-555555555555}"
    edits: list[Edit] = [
        RestoreEffect(vox, gone, SQUEEZE),
        RestoreEffect(vox, gone, None),
        RestoreSend(vox, kick, None),
    ]
    assert perform(session, edits) == session


def test_a_bus_that_goes_takes_its_sends_along_and_leaves_no_gap(tmp_path: Path) -> None:
    session, kick, vox = three_tracks(tmp_path)
    first, second = bus_ref("one").id, bus_ref("two").id
    edits: list[Edit] = [AddBus(first, "one"), AddBus(second, "two"), SetSend(first, vox, -6.0, SendMode.POST_FADER)]
    edits += [SetSend(kick, vox, -9.0, SendMode.PRE_FADER), RemoveBus(first)]
    after = perform(session, edits)
    assert [track.number for track in after.tracks] == [1, 2, 3, 4]
    assert [(s.source_track_id, s.gain_db) for s in after.track(vox).receives] == [(kick, -9.0)]
    again = perform(after, [RestoreSend(kick, vox, (-3.0, SendMode.POST_FADER))])
    assert [(s.gain_db, s.mode) for s in again.track(vox).receives] == [(-3.0, SendMode.POST_FADER)]


def test_one_plugin_of_two_is_set_back(tmp_path: Path) -> None:
    session, _kick, vox = three_tracks(tmp_path)
    edits: list[Edit] = [SetEffect(vox, "{A}", "ReaComp", TAG, HARDER), SetEffect(vox, "{B}", "ReaComp", TAG, HARDER)]
    after = perform(session, [*edits, RestoreEffect(vox, "{A}", SQUEEZE)])
    assert [fx.settings for fx in after.track(vox).effects] == [SQUEEZE, HARDER]
