"""Plug-ins of the IEM suite in an open project: set knob by knob, read back, and replaced where they are missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from contracts.hosts_under_test import named, plan_of, project, ref
from double.api import DoubleApi
from double.plugins import IEM, STOCK
from double.reaper import DoubleReaper

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings, same_settings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.errors import SessionError
from reaper_automix.mixplan import BusMove, EffectMove, bus_ref
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.plugins import fdnreverb
from reaper_automix.plugins.registry import playable
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.open_project import ReaperHost
from reaper_automix.receipt import Status
from reaper_automix.session import FxSlot
from reaper_automix.units import SILENCE_DB

VOX = "Vox 🎤"
TAGS = {"MultiEQ": "Automix: equaliser", "OmniCompressor": "Automix: compressor", "FdnReverb": "Automix: reverb"}
SETTINGS: dict[str, EffectSettings] = {
    "MultiEQ": EqualiserSettings(
        (Band("high_shelf", 9_000.0, 2.0), Band("band", 312.0, -3.4, 1.4), Band("high_pass", 80.0, q=0.71))
    ),
    "OmniCompressor": CompressorSettings(-21.3, ratio=3.6, attack_ms=30.0, release_ms=200.0, rms_size_ms=0.0),
    "FdnReverb": ReverbSettings(decay_s=1.3, dry_db=SILENCE_DB, wet_db=-3.0),
}


def open_with(path: Path, **switches: object) -> tuple[DoubleReaper, ReaperHost]:
    reaper = DoubleReaper(path)
    reaper.plugins.configure(installed=[*STOCK, *IEM], **switches)  # type: ignore[arg-type]
    return reaper, ReaperHost(Reaper(DoubleApi(reaper)), "Automix: vocal")


def written(host: ReaperHost, plugin: str) -> FxSlot:
    before = host.read_session()
    move = EffectMove(ref(before, VOX), plugin, TAGS[plugin], SETTINGS[plugin])
    apply_plan(host, plan_of(before, move))
    (slot,) = named(host, VOX).effects
    return slot


@pytest.mark.parametrize("plugin", TAGS)
def test_what_is_set_is_read_back_and_taken_out(tmp_path: Path, plugin: str) -> None:
    _reaper, host = open_with(project(tmp_path))
    before = host.read_session()
    slot = written(host, plugin)
    assert (plugin in slot.name, slot.tag) == (True, TAGS[plugin])
    assert slot.settings is not None
    meant = playable(plugin, SETTINGS[plugin])[0]
    if isinstance(meant, EqualiserSettings) and isinstance(slot.settings, EqualiserSettings):  # in the plug-in's order
        assert [band.type for band in slot.settings.bands] == ["high_pass", "band", "high_shelf"]
        meant = EqualiserSettings(tuple(sorted(meant.bands, key=lambda band: band.frequency_hz)))
    assert same_settings(slot.settings, meant)
    ids = [fx.id for fx in named(host, VOX).effects]
    again = apply_plan(host, plan_of(before, EffectMove(ref(before, VOX), plugin, TAGS[plugin], SETTINGS[plugin])))
    assert [o.status for o in again.outcomes] == [Status.WRITTEN]
    assert [fx.id for fx in named(host, VOX).effects] == ids
    assert [o.status for o in revert(host).outcomes] == [Status.RESTORED]
    assert named(host, VOX).effects == ()


def test_the_network_reverb_is_heard_without_the_dry_signal_that_its_first_outputs_hold(tmp_path: Path) -> None:
    reaper, host = open_with(project(tmp_path))
    written(host, "FdnReverb")
    track = Reaper(DoubleApi(reaper)).tracks()[2]
    masks = [Reaper(DoubleApi(reaper)).output_pin(track, 0, pin) for pin in range(fdnreverb.N_CHANNELS)]
    assert masks[:4] == [0, 0, 1, 1]
    assert (masks.count(1), masks.count(2)) == (30, 30)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda plugins: plugins.uninstall(*IEM), "REAPER has no FdnReverb installed: ReaVerbate takes its place"),
        (lambda plugins: plugins.configure(refuses_pins=True), "outputs of FdnReverb.*: ReaVerbate takes its place"),
    ],
    ids=["not installed", "outputs cannot be set"],
)
def test_the_stock_plugin_takes_the_place_of_one_that_fails(
    tmp_path: Path, spoil: Callable[[object], None], words: str
) -> None:
    reaper, host = open_with(project(tmp_path))
    spoil(reaper.plugins)
    before = host.read_session()
    bus = bus_ref("Automix reverb")
    plan = plan_of(before, BusMove(bus.name), EffectMove(bus, "FdnReverb", "Automix: reverb", SETTINGS["FdnReverb"]))
    receipt = apply_plan(host, plan)
    (slot,) = named(host, bus.name).effects
    assert slot.name == "VST: ReaVerbate (Cockos)"
    assert slot.settings is not None
    assert same_settings(slot.settings, SETTINGS["FdnReverb"])
    assert any(re.search(words, note) for note in receipt.notes), receipt.notes
    revert(host)
    assert [t.name for t in host.read_session().tracks] == [t.name for t in before.tracks]


def test_a_bandwidth_law_that_is_not_the_expected_one_is_found_by_halving(tmp_path: Path) -> None:
    wide = EqualiserSettings((Band("band", 500.0, -6.0, 0.9), Band("band", 2_000.0, 3.0, 4.0)))
    for switches in ({}, {"spells_no_other_value": True}, {"shows_units": True}):
        _reaper, host = open_with(project(tmp_path), bandwidth_is_logarithmic=True, **switches)
        before = host.read_session()
        apply_plan(host, plan_of(before, EffectMove(ref(before, VOX), "ReaEQ", "Automix: equaliser", wide)))
        (slot,) = named(host, VOX).effects
        assert slot.settings is not None
        assert same_settings(slot.settings, wide), switches


def test_a_failed_run_leaves_nothing_behind(tmp_path: Path) -> None:
    for switches in ({"refuses_names": True}, {"reaeq_bands": 1}, {"installed": []}):
        reaper, host = open_with(project(tmp_path))
        reaper.plugins.configure(**switches)  # type: ignore[arg-type]
        before = host.read_session()
        bus = bus_ref("Automix reverb")
        moves = (
            BusMove(bus.name),
            EffectMove(ref(before, VOX), "ReaEQ", "Automix: equaliser", SETTINGS["MultiEQ"]),
        )
        with pytest.raises(SessionError, match="Nothing was changed"):
            apply_plan(host, plan_of(before, *moves))
        after = ReaperHost(Reaper(DoubleApi(reaper)), "Automix: vocal").read_session()
        assert after.fingerprint() == before.fingerprint(), switches
        assert after.ledger_json == ""


def test_one_undo_in_reaper_takes_everything_back(tmp_path: Path) -> None:
    reaper, host = open_with(project(tmp_path))
    before = host.read_session()
    bus = bus_ref("Automix reverb")
    moves = (
        BusMove(bus.name),
        EffectMove(bus, "ReaVerbate", "Automix: reverb", SETTINGS["FdnReverb"]),
        EffectMove(ref(before, VOX), "OmniCompressor", "Automix: compressor", SETTINGS["OmniCompressor"]),
    )
    apply_plan(host, plan_of(before, *moves))
    assert Reaper(DoubleApi(reaper)).undo()
    fresh = ReaperHost(Reaper(DoubleApi(reaper)), "Automix: vocal")
    assert fresh.read_session().fingerprint() == before.fingerprint()
    assert revert(fresh).outcomes == ()
