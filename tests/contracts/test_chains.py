"""Plug-ins, sends and buses on every host: after the engineer's chain, set in place, one bus, no trace afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contracts.hosts_under_test import named, plan_of, ref, statuses

from reaper_automix.edits import Control, Host, RestoreEffect, SetControl, SetEffect, SetSend
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings, same_settings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.ledger import Ledger
from reaper_automix.mixplan import BusMove, EffectMove, FaderMove, Move, SendMove, TrackRef, bus_ref
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.receipt import Status
from reaper_automix.session import SendMode, Session
from reaper_automix.units import SILENCE_DB

BUS = "Automix reverb"
EQUALISER, COMPRESSOR, REVERB = "Automix: equaliser", "Automix: compressor", "Automix: reverb"

CUT = EqualiserSettings((Band("high_pass", 80.0, q=0.71), Band("band", 312.0, -3.4, 1.4), Band("high_shelf", 9e3, 2.0)))
SQUEEZE = CompressorSettings(-21.3, ratio=3.7, knee_db=6.0, attack_ms=30.0, release_ms=200.0, makeup_db=2.5)
ROOM = ReverbSettings(decay_s=1.3, dry_db=SILENCE_DB, dampening=0.3, lowpass_hz=8_000.0, highpass_hz=200.0)


def equaliser(track: TrackRef, settings: EqualiserSettings = CUT) -> EffectMove:
    return EffectMove(track, "ReaEQ", EQUALISER, settings)


def compressor(track: TrackRef, settings: CompressorSettings = SQUEEZE) -> EffectMove:
    return EffectMove(track, "ReaComp", COMPRESSOR, settings)


def reverb(level_db: float, *tracks: TrackRef) -> tuple[Move, ...]:
    sends = (SendMove(track, BUS, level_db) for track in tracks)
    return BusMove(BUS), EffectMove(bus_ref(BUS), "ReaVerbate", REVERB, ROOM), *sends


def settings_on(host: Host, name: str) -> dict[str, EffectSettings]:
    return {fx.tag: fx.settings for fx in named(host, name).effects if fx.tag and fx.settings is not None}


def skeleton(session: Session) -> list[tuple[object, ...]]:
    """Return the tracks with their plug-ins and receives, for comparing sessions."""
    return [(t.id, t.name, t.number, t.effects, t.receives) for t in session.tracks]


def write_by_hand(host: Host, *edits: object) -> None:
    """Write as an engineer would: the record of our runs stays as it is."""
    host.write(list(edits), host.read_session().ledger_json)  # type: ignore[arg-type]


def effect_of_ours(host: Host, name: str, tag: str = COMPRESSOR) -> str:
    (slot,) = named(host, name).effects_tagged(tag)
    return slot.id


def test_plugins_are_set_as_planned_and_reverted_exactly(host: Host) -> None:
    before = host.read_session()
    kick, vox = ref(before, "Kick"), ref(before, "Vox 🎤")
    assert statuses(host, plan_of(before, equaliser(vox), compressor(vox), compressor(kick))) == [Status.WRITTEN] * 3
    assert [fx.tag for fx in named(host, vox.name).effects] == [EQUALISER, COMPRESSOR]
    assert [fx.name for fx in named(host, vox.name).effects] == ["VST: ReaEQ (Cockos)", "VST: ReaComp (Cockos)"]
    found = settings_on(host, vox.name)
    assert same_settings(found[EQUALISER], CUT)
    assert same_settings(found[COMPRESSOR], SQUEEZE)
    assert [o.status for o in revert(host).outcomes] == [Status.RESTORED] * 3
    assert skeleton(host.read_session()) == skeleton(before)
    assert Ledger.of(host.read_session()).entries == ()


def test_round_trips_are_as_exact_as_promised(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, equaliser(vox)))
    found = settings_on(host, vox.name)[EQUALISER]
    assert isinstance(found, EqualiserSettings)
    for band, meant in zip(found.bands, CUT.bands, strict=True):
        assert band.gain_db == pytest.approx(meant.gain_db, abs=0.1)
        assert band.frequency_hz == pytest.approx(meant.frequency_hz, rel=0.005)
        assert band.q == pytest.approx(meant.q, rel=0.01)


def test_a_rerun_sets_the_same_plugin_in_place(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, equaliser(vox), compressor(vox)))
    ids = [fx.id for fx in named(host, vox.name).effects]
    harder = replace(SQUEEZE, threshold_db=-30.0, ratio=8.0)
    shorter = EqualiserSettings(CUT.bands[:2])
    apply_plan(host, plan_of(before, equaliser(vox, shorter), compressor(vox, harder)))
    assert [fx.id for fx in named(host, vox.name).effects] == ids
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], harder)
    assert same_settings(settings_on(host, vox.name)[EQUALISER], shorter)
    apply_plan(host, plan_of(before))
    assert skeleton(host.read_session()) == skeleton(before), "a run without the effects takes them out again"


def test_a_knob_that_the_engineer_moved_is_theirs(host: Host) -> None:
    before = host.read_session()
    kick, vox = ref(before, "Kick"), ref(before, "Vox 🎤")
    plan = plan_of(before, compressor(vox), compressor(kick))
    apply_plan(host, plan)
    gentler = replace(SQUEEZE, ratio=2.0)
    write_by_hand(host, SetEffect(vox.id, effect_of_ours(host, vox.name), "ReaComp", COMPRESSOR, gentler))
    again = apply_plan(host, plan_of(before, compressor(vox, replace(SQUEEZE, ratio=9.0)), compressor(kick)))
    assert [(o.track, o.status) for o in again.outcomes] == [("Kick", Status.WRITTEN), (vox.name, Status.LEFT_ALONE)]
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], gentler)
    taken = {(o.track, o.what): o.status for o in revert(host).outcomes}
    assert taken == {("Kick", "compressor"): Status.RESTORED, (vox.name, "compressor"): Status.LEFT_ALONE}
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], gentler)


def test_a_plugin_that_the_engineer_took_out_stays_out(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, compressor(vox)))
    write_by_hand(host, RestoreEffect(vox.id, effect_of_ours(host, vox.name), None))
    again = apply_plan(host, plan_of(before, compressor(vox)))
    if not host.has_undo:  # elsewhere the only thing a run wrote being gone is taken for REAPER's undo
        assert [o.status for o in again.outcomes] == [Status.LEFT_ALONE]
        assert named(host, vox.name).effects == ()


def test_one_bus_per_project_with_a_send_per_track(host: Host) -> None:
    before = host.read_session()
    kick, vox = ref(before, "Kick"), ref(before, "Vox 🎤")
    first = apply_plan(host, plan_of(before, *reverb(-12.0, vox), mixer="vocal"))
    assert [o.status for o in first.outcomes] == [Status.WRITTEN] * 3
    second = apply_plan(host, plan_of(before, *reverb(-9.0, kick), mixer="strips"))
    assert [o.status for o in second.outcomes] == [Status.UNCHANGED, Status.UNCHANGED, Status.WRITTEN]
    session = host.read_session()
    assert [t.name for t in session.tracks] == [t.name for t in before.tracks] + [BUS]
    bus = session.track(bus_ref(BUS).id)
    assert (bus.gain_db, bus.pan, bus.parent_id, bus.sends_to_parent) == (0.0, 0.0, None, True)
    found = {(s.source_track_id, round(s.gain_db, 6), s.mode) for s in bus.receives}
    assert found == {(vox.id, -12.0, SendMode.POST_FADER), (kick.id, -9.0, SendMode.POST_FADER)}
    again = apply_plan(host, plan_of(before, *reverb(-6.0, vox), mixer="vocal"))
    assert [o.status for o in again.outcomes] == [Status.UNCHANGED, Status.WRITTEN, Status.WRITTEN]
    assert len(host.read_session().track(bus.id).receives) == 2
    revert(host)
    assert skeleton(host.read_session()) == skeleton(before)


def test_a_run_that_needs_no_bus_any_more_takes_its_own_away(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, *reverb(-12.0, vox), FaderMove(vox, 0.0, -3.0)))
    apply_plan(host, plan_of(before, FaderMove(vox, 0.0, -3.0)))
    assert skeleton(host.read_session()) == skeleton(before)


def test_a_bus_that_the_engineer_uses_stays(host: Host) -> None:
    before = host.read_session()
    kick, vox = ref(before, "Kick"), ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, *reverb(-12.0, vox)))
    write_by_hand(host, SetSend(kick.id, bus_ref(BUS).id, -20.0, SendMode.PRE_FADER))
    taken = {(o.track, o.what): o.status for o in revert(host).outcomes}
    assert taken[BUS, "bus"] == Status.LEFT_ALONE
    bus = host.read_session().track(bus_ref(BUS).id)
    assert [s.source_track_id for s in bus.receives] == [kick.id]


def test_a_send_that_the_engineer_changed_is_theirs(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, *reverb(-12.0, vox)))
    write_by_hand(host, SetSend(vox.id, bus_ref(BUS).id, -3.0, SendMode.POST_FADER))
    apply_plan(host, plan_of(before, *reverb(-12.0, vox)))
    (send,) = host.read_session().track(bus_ref(BUS).id).receives
    assert send.gain_db == pytest.approx(-3.0, abs=1e-6)


def test_more_bands_than_one_instance_has_go_to_a_second(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    many = EqualiserSettings(tuple(Band("band", 100.0 * 2.0**n, (-1.0) ** n * 2.0, 2.0) for n in range(7)))
    apply_plan(host, plan_of(before, equaliser(vox, many)))
    found = settings_on(host, vox.name)
    assert list(found) == [EQUALISER, f"{EQUALISER} 2"]
    bands = [b for settings in found.values() if isinstance(settings, EqualiserSettings) for b in settings.bands]
    assert same_settings(EqualiserSettings(tuple(bands)), many)
    apply_plan(host, plan_of(before, equaliser(vox)))
    assert list(settings_on(host, vox.name)) == [EQUALISER]
    revert(host)
    assert skeleton(host.read_session()) == skeleton(before)


def test_a_plugin_of_our_name_that_no_run_wrote_is_not_touched(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    copied = SetEffect(vox.id, "{11111111-2222-4333-8444-555555555555}", "ReaComp", COMPRESSOR, SQUEEZE)
    write_by_hand(host, copied)
    (outcome,) = apply_plan(host, plan_of(before, compressor(vox, replace(SQUEEZE, ratio=9.0)))).outcomes
    assert outcome.status == Status.SKIPPED
    assert "no run wrote" in outcome.detail
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], SQUEEZE)


def test_another_mixer_sets_the_plugin_that_is_there_and_its_way_back_leads_there(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    apply_plan(host, plan_of(before, compressor(vox), mixer="vocal"))
    harder = replace(SQUEEZE, ratio=9.0)
    apply_plan(host, plan_of(before, compressor(vox, harder), mixer="strips"))
    assert len(named(host, vox.name).effects) == 1
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], harder)
    apply_plan(host, plan_of(before, mixer="strips"))
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], SQUEEZE)
    revert(host)
    assert skeleton(host.read_session()) == skeleton(before)


def test_what_a_plugin_cannot_hold_is_brought_within_reach_and_said(host: Host) -> None:
    before = host.read_session()
    vox = ref(before, "Vox 🎤")
    (outcome,) = apply_plan(host, plan_of(before, compressor(vox, replace(SQUEEZE, makeup_db=11.0)))).outcomes
    assert "make-up was to be 11 dB; the plug-in ends at 6 dB" in outcome.detail
    assert same_settings(settings_on(host, vox.name)[COMPRESSOR], replace(SQUEEZE, makeup_db=6.0))


def test_a_move_on_a_track_or_bus_that_is_gone_is_skipped_with_the_next_step(host: Host) -> None:
    before = host.read_session()
    gone = TrackRef("{99999999-2222-4333-8444-555555555555}", "Gone")
    vox = ref(before, "Vox 🎤")
    receipt = apply_plan(host, plan_of(before, compressor(gone), SendMove(vox, "Nowhere", -6.0)))
    assert [o.status for o in receipt.outcomes] == [Status.SKIPPED] * 2
    assert "run again" in receipt.outcomes[0].detail
    assert "no bus 'Nowhere'" in receipt.outcomes[1].detail
    assert skeleton(host.read_session()) == skeleton(before)


def test_faders_and_plugins_of_one_run_live_together(host: Host) -> None:
    before = host.read_session()
    kick = ref(before, "Kick")
    apply_plan(host, plan_of(before, FaderMove(kick, 0.0, -6.0), compressor(kick), *reverb(-15.0, kick)))
    assert named(host, "Kick").gain_db == pytest.approx(-6.0, abs=1e-6)
    write_by_hand(host, SetControl(kick.id, Control.FADER, -1.0))
    receipt = revert(host)
    assert [o.what for o in receipt.with_status(Status.LEFT_ALONE)] == ["fader"]
    assert named(host, "Kick").gain_db == pytest.approx(-1.0, abs=1e-6)
    assert skeleton(host.read_session()) == skeleton(before)
