"""Moves beside the levels at a share of their strength."""

from __future__ import annotations

import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.mixplan import BusMove, EffectMove, PanMove, PolarityMove, SendMove, TrackRef, bus_ref
from reaper_automix.move_strength import moves_at_strength

TOM = TrackRef("{T}", "Tom")
BUS = bus_ref("Automix reverb")
CUT = EqualiserSettings((Band("band", 400.0, -6.0, 1.4), Band("high_pass", 80.0)))


def test_pans_go_linearly_and_polarity_at_a_half() -> None:
    moves = (PanMove(TOM, 0.2, -0.6), PolarityMove(TOM, False, True))
    assert moves_at_strength(moves, 0.0) == ()
    (pan,) = moves_at_strength(moves, 0.25)
    assert isinstance(pan, PanMove)
    assert pan.after == pytest.approx(0.0)
    assert moves_at_strength(moves, 0.5)[1] == moves[1]
    assert moves_at_strength(moves, 1.0) == moves


def test_plugins_rise_from_where_they_change_nothing() -> None:
    move = EffectMove(TOM, "ReaEQ", "Automix: equaliser", CUT)
    assert moves_at_strength((move,), 0.0) == ()
    (half,) = moves_at_strength((move,), 0.5)
    assert isinstance(half, EffectMove)
    assert isinstance(half.settings, EqualiserSettings)
    assert [band.gain_db for band in half.settings.bands] == [-3.0, 0.0]
    assert half.settings.bands[1].frequency_hz == pytest.approx((20.0 * 80.0) ** 0.5)
    squeeze = EffectMove(
        TOM, "ReaComp", "Automix: compressor", CompressorSettings(ratio=4.0), CompressorSettings(ratio=1.0)
    )
    (half,) = moves_at_strength((squeeze,), 0.5)
    assert isinstance(half, EffectMove)
    assert isinstance(half.settings, CompressorSettings)
    assert half.settings.ratio == pytest.approx(2.0)


def test_a_bus_comes_at_a_half_with_all_that_is_about_it() -> None:
    room = EffectMove(BUS, "ReaVerbate", "Automix: reverb", ReverbSettings(decay_s=1.0))
    moves = (BusMove(BUS.name), room, SendMove(TOM, BUS.name, -6.0))
    assert moves_at_strength(moves, 0.4) == ()
    bus, effect, send = moves_at_strength(moves, 0.5)
    assert (bus, effect) == moves[:2]
    assert isinstance(send, SendMove)
    assert send.level_db == pytest.approx(-12.02, abs=0.01)
    (there,) = moves_at_strength((SendMove(TOM, BUS.name, -6.0, -12.0),), 0.5)
    assert isinstance(there, SendMove)
    assert there.level_db == pytest.approx(-9.0)
