"""The same project and the same plan through the .RPP host and through an open REAPER give the same session."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import same_settings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.envelope import value_at
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.mixplan import (
    BusMove,
    EffectMove,
    EnvelopeMove,
    FaderMove,
    MixPlan,
    Move,
    PanMove,
    PolarityMove,
    SendMove,
    TrackRef,
    bus_ref,
)
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.open_project import ReaperHost
from reaper_automix.reascript.snapshot import snapshot
from reaper_automix.receipt import Status
from reaper_automix.session import Envelope, EnvelopeKind, FxSlot, Item, Send, Session, Track
from reaper_automix.units import SILENCE_DB


def open_host(path: Path, *, fader_scaling: bool = True) -> ReaperHost:
    return ReaperHost(Reaper(DoubleApi(DoubleReaper(path, fader_scaling=fader_scaling))), "Automix: hand")


def comparable(session: Session) -> Session:
    """Return a session without what the two ways need not agree on: identities that only one of them has, and words."""
    tracks = tuple(_comparable_track(track) for track in session.tracks)
    master = replace(
        session.master,
        envelopes=_comparable_envelopes(session.master.envelopes),
        effects=tuple(_comparable_effect(effect) for effect in session.master.effects),
    )
    if session.tempo_map and session.tempo_map[0].time_s <= 0.0:  # a file also keeps the tempo from before the map
        session = replace(session, tempo_bpm=session.tempo_map[0].bpm)
    return replace(session, tracks=tracks, master=master, notes=(), ledger_json="")


def _comparable_track(track: Track) -> Track:
    return replace(
        track,
        frozen=False,  # no documented function tells
        locked=False,
        envelopes=_comparable_envelopes(track.envelopes),
        effects=tuple(_comparable_effect(effect) for effect in track.effects),
        receives=tuple(replace(r, envelopes=_comparable_envelopes(r.envelopes)) for r in track.receives),
        items=tuple(_comparable_item(item) for item in track.items),
    )


def _comparable_item(item: Item) -> Item:
    return replace(item, id="", line_number=None, takes=tuple(replace(take, id="") for take in item.takes))


def _comparable_effect(effect: FxSlot) -> FxSlot:
    return replace(effect, id="")


def _comparable_envelopes(envelopes: tuple[Envelope, ...]) -> tuple[Any, ...]:
    """Return what envelopes do, in one order: automation items are read as pools here and as points there."""
    used = [e for e in envelopes if e.points or e.automation_items]
    return tuple(
        (e.kind, (e.active, e.visible, e.armed), e.points, [round(value_at(e, t), 2) for t in _times(e)])
        for e in sorted(used, key=lambda e: e.kind.value)
    )


def _times(envelope: Envelope) -> list[float]:
    items = envelope.automation_items
    return [i.position_s + share * i.length_s for i in items[:20] for share in (0.11, 0.37, 0.5, 0.83)]


def projects(folder: Path) -> list[Path]:
    return sorted(path.resolve() for path in folder.glob("rpp/**/*.[rR][pP][pP]"))


def test_a_song_is_read_alike(song: str, tmp_path: Path) -> None:
    path = tmp_path / "Song.RPP"
    path.write_text(song)
    assert_alike(RppHost(path).read_session(), snapshot(Reaper(DoubleApi(DoubleReaper(path)))))


def assert_alike(file: Session, live: Session) -> None:
    a, b = comparable(file), comparable(live)
    for x, y in zip(a.tracks, b.tracks, strict=True):
        for name in Track.__dataclass_fields__:
            assert getattr(x, name) == getattr(y, name), f"{x.title}: {name}"
    assert replace(a, tracks=()) == replace(b, tracks=())


@pytest.mark.data
def test_real_projects_are_read_alike(shared_data: Path) -> None:
    paths = projects(shared_data)
    assert len(paths) >= 30
    for path in paths:
        try:
            assert_alike(RppHost(path).read_session(), snapshot(Reaper(DoubleApi(DoubleReaper(path)))))
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error


def everything(session: Session) -> tuple[Move, ...]:
    """Return moves of every kind on every track."""
    moves: list[Move] = []
    for number, track in enumerate(session.tracks):
        ref = TrackRef(track.id, track.title)
        moves.append(FaderMove(ref, None, -3.0 - 0.1 * number))
        moves.append(PanMove(ref, None, ((number % 5) - 2) / 4))
        moves.append(PolarityMove(ref, None, number % 2 == 0))
        ride = tuple((10.0 + 0.5 * k, -0.7 * (k % 4) + 0.01 * number) for k in range(12))
        moves.append(EnvelopeMove(ref, EnvelopeKind.VOLUME, (10.0, 17.0), ride))
    return tuple(moves)


def plan_for(session: Session) -> MixPlan:
    ids = tuple(track.id for track in session.tracks)
    return MixPlan("hand", "", session.path, "", ids, (10.0, 17.0), everything(session))


def assert_same_effect(path: Path, target: Path, *, fader_scaling: bool) -> None:
    file, live = RppHost(path, target=target), open_host(path, fader_scaling=fader_scaling)
    plan = plan_for(file.read_session())
    told_file, told_live = apply_plan(file, plan), apply_plan(live, plan)
    assert told_file.outcomes == told_live.outcomes
    a, b = comparable(file.read_session()), comparable(live.read_session())
    for x, y in zip(a.tracks, b.tracks, strict=True):
        assert x.gain_db == pytest.approx(y.gain_db, abs=1e-9)
        assert (x.pan, x.polarity_inverted) == pytest.approx((y.pan, y.polarity_inverted))
        assert _rounded(x) == _rounded(y), x.title
    revert(file)
    revert(live)
    assert_alike(RppHost(path).read_session(), live.read_session())


def _rounded(track: Track) -> Any:
    return [
        (kind, flags, [(round(p.time_s, 6), round(p.value, 6), p.shape) for p in points])
        for kind, flags, points, _ in track.envelopes
    ]


@pytest.mark.parametrize("fader_scaling", [True, False], ids=["fader scaling", "gain scaling"])
def test_the_same_plan_has_the_same_effect(song: str, tmp_path: Path, fader_scaling: bool) -> None:
    path = tmp_path / "Song.RPP"
    path.write_text(song)
    assert_same_effect(path, tmp_path / "out.RPP", fader_scaling=fader_scaling)


@pytest.mark.data
@pytest.mark.parametrize("fader_scaling", [True, False], ids=["fader scaling", "gain scaling"])
def test_the_same_plan_has_the_same_effect_on_real_projects(
    shared_data: Path, tmp_path: Path, fader_scaling: bool
) -> None:
    for path in projects(shared_data):
        try:
            assert_same_effect(path, tmp_path / "out.RPP", fader_scaling=fader_scaling)
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error


# --- plug-ins, sends and a bus -------------------------------------------------------------------------------------

BUS = "Automix reverb"
MOST_TRACKS = 40
"""Of a project whose chains are compared without being asked for all."""


def chain_moves(session: Session) -> tuple[Move, ...]:
    """Return an equaliser and a compressor for every track, other settings on each, and a send to one reverb."""
    room = ReverbSettings(decay_s=1.7, dry_db=SILENCE_DB, dampening=0.4)
    moves: list[Move] = [BusMove(BUS), EffectMove(bus_ref(BUS), "ReaVerbate", "Automix: reverb", room)]
    for number, track in enumerate(session.tracks):
        ref = TrackRef(track.id, track.title)
        bands = tuple(Band("band", 90.0 * 1.9**k + number, 0.5 * k - 3.0, 0.7 + 0.3 * k) for k in range(5))
        squeeze = CompressorSettings(threshold_db=-12.0 - 0.5 * (number % 60), ratio=2.0 + 0.1 * number, attack_ms=5.0)
        moves.append(EffectMove(ref, "ReaEQ", "Automix: equaliser", EqualiserSettings(bands)))
        moves.append(EffectMove(ref, "ReaComp", "Automix: compressor", squeeze))
        moves.append(SendMove(ref, BUS, -10.0 - 0.1 * number))
    return tuple(moves)


def assert_same_chains(original: Path, folder: Path) -> None:
    path, target = (Path(shutil.copyfile(original, folder / name)) for name in ("open.RPP", "file.RPP"))
    file, live = RppHost(target), open_host(path)
    before = file.read_session()
    ids = tuple(track.id for track in before.tracks)
    plan = MixPlan("strips", "", before.path, "", ids, (0.0, max(before.end_s, 1.0)), chain_moves(before))
    told_file, told_live = apply_plan(file, plan), apply_plan(live, plan)
    assert told_file.outcomes == told_live.outcomes
    assert told_file.with_status(Status.WRITTEN)
    a, b = RppHost(target).read_session(), live.read_session()
    assert [t.title for t in a.tracks] == [t.title for t in b.tracks]
    for x, y in zip(a.tracks, b.tracks, strict=True):
        assert [(fx.name, fx.tag) for fx in x.effects] == [(fx.name, fx.tag) for fx in y.effects], x.title
        for of_file, of_live in zip(x.effects, y.effects, strict=True):
            same = of_file.settings is of_live.settings is None or (
                of_file.settings is not None
                and of_live.settings is not None
                and same_settings(of_file.settings, of_live.settings)
            )
            assert same, (x.title, of_file, of_live)
        assert [_rounded_send(s) for s in x.receives] == [_rounded_send(s) for s in y.receives], x.title
    revert(file)
    revert(live)
    assert target.read_bytes() == original.read_bytes()
    assert_alike(RppHost(path).read_session(), live.read_session())


def _rounded_send(send: Send) -> Send:
    return replace(send, gain_db=round(send.gain_db, 6), envelopes=_comparable_envelopes(send.envelopes))


def test_the_same_plugins_and_sends_come_out_and_leave_no_trace(song: str, tmp_path: Path) -> None:
    path = tmp_path / "Song.RPP"
    path.write_text(song)
    assert_same_chains(path, tmp_path)


@pytest.mark.data
def test_the_same_plugins_and_sends_come_out_on_real_projects(shared_data: Path, tmp_path: Path) -> None:
    for path in projects(shared_data):
        if "REAPER_AUTOMIX_ALL_SONGS" not in os.environ and path.read_bytes().count(b"<TRACK") > MOST_TRACKS:
            continue  # it takes as long as all others together
        try:
            assert_same_chains(path, tmp_path)
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error
