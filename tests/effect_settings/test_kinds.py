"""Settings as a plan spells them, and at a strength."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.effect_settings import compressor, equaliser, reverb
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import BAND_TYPES, Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import (
    EFFECTS,
    EffectSettings,
    at_strength,
    effect_of,
    neutral,
    settings_from_data,
    settings_to_data,
)
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import response_db
from reaper_automix.errors import PlanError
from reaper_automix.json_reader import JsonReader, parse_json


def _values(parameters: tuple[Parameter, ...]) -> dict[str, st.SearchStrategy[float]]:
    return {p.name: st.floats(p.low, p.high) for p in parameters}


BANDS = st.builds(Band, st.sampled_from(BAND_TYPES), **_values(equaliser.PARAMETERS))
SETTINGS: st.SearchStrategy[EffectSettings] = st.one_of(
    st.builds(EqualiserSettings, st.lists(BANDS, max_size=5).map(tuple)),
    st.builds(CompressorSettings, **_values(compressor.PARAMETERS)),
    st.builds(ReverbSettings, **_values(reverb.PARAMETERS)),
)


def _read(effect: str, data: Any) -> EffectSettings:
    return settings_from_data(effect, JsonReader(data, "settings", "Export the plan again."))


@given(SETTINGS)
def test_json_goes_both_ways(settings: EffectSettings) -> None:
    text = json.dumps(settings_to_data(settings), allow_nan=False)
    reader = parse_json(text, name="settings", step="Export the plan again.")
    assert settings_from_data(effect_of(settings), reader) == settings


def test_a_plan_reads_in_units() -> None:
    data = settings_to_data(EqualiserSettings((Band("band", 500.0, -3.0, 2.0),)))
    assert data == {"bands": [{"type": "band", "frequency_hz": 500.0, "gain_db": -3.0, "q": 2.0}]}
    assert settings_to_data(CompressorSettings())["attack_ms"] == 3.0
    assert set(settings_to_data(ReverbSettings())) == {p.name for p in reverb.PARAMETERS}


@pytest.mark.parametrize("effect", EFFECTS)
def test_what_is_left_out_has_its_default(effect: str) -> None:
    data = {"bands": []} if effect == "equaliser" else {}
    assert _read(effect, data) == EFFECTS[effect]()
    assert _read("equaliser", {"bands": [{"type": "band", "frequency_hz": 90}]}).bands == (Band("band", 90.0),)


@pytest.mark.parametrize(
    ("effect", "data", "message"),
    [
        ("chorus", {}, r"equaliser, compressor, reverb\), not of 'chorus'"),
        ("compressor", {"treshold_db": -3.0}, "the field 'treshold_db' is not known here"),
        ("compressor", {"ratio": "four"}, r"settings\.ratio: expected a number"),
        ("reverb", {"decay_s": 99.0}, "decay_s is 99 s: choose a value from 0.1 s to 20 s"),
        ("equaliser", {}, "the field 'bands' is missing"),
        ("equaliser", {"bands": [{"type": "notch", "frequency_hz": 90.0}]}, r"bands\[0\]\.type: expected one of low"),
        ("equaliser", {"bands": [{"type": "band"}]}, r"bands\[0\]: the field 'frequency_hz' is missing"),
        ("equaliser", {"bands": [{"type": "band", "frequency_hz": 90.0, "Q": 1}]}, "the field 'Q' is not known"),
    ],
)
def test_what_is_not_known_is_an_error_that_says_where(effect: str, data: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        _read(effect, data)


@pytest.mark.parametrize("module", [compressor, reverb])
def test_every_field_is_a_parameter(module: Any) -> None:
    kind = next(kind for kind in EFFECTS.values() if kind.__module__ == module.__name__)
    assert [f.name for f in fields(kind)] == [p.name for p in module.PARAMETERS]
    assert [f.default for f in fields(kind)] == [p.default for p in module.PARAMETERS]


@given(SETTINGS)
def test_full_strength_is_what_was_asked_and_none_is_nothing(settings: EffectSettings) -> None:
    assert at_strength(None, settings, 1.0) == settings
    assert at_strength(None, settings, 0.0) is None
    assert at_strength(settings, settings, 0.3) == settings


def test_a_neutral_equaliser_and_compressor_change_nothing() -> None:
    flat = neutral(EqualiserSettings((Band("band", 500.0, 9.0), Band("low_shelf", 90.0, -4.0))))
    assert isinstance(flat, EqualiserSettings)
    assert np.abs(response_db(flat, np.geomspace(20.0, 20_000.0, 50), 48_000)).max() < 1e-9
    passes = neutral(EqualiserSettings((Band("high_pass", 300.0, q=0.7), Band("low_pass", 4_000.0, q=0.7))))
    assert isinstance(passes, EqualiserSettings)
    assert [band.frequency_hz for band in passes.bands] == [20.0, 24_000.0]
    quiet = neutral(CompressorSettings(threshold_db=-40.0, ratio=8.0, makeup_db=6.0, dry_db=-3.0))
    assert isinstance(quiet, CompressorSettings)
    noise = np.random.default_rng(0).standard_normal((2, 3_000)).astype(np.float32)
    np.testing.assert_array_equal(Compressor(quiet, 48_000, 2).process(noise), noise)
    assert neutral(ReverbSettings(decay_s=2.0)) == ReverbSettings(decay_s=2.0)


def test_a_new_effect_at_half_strength() -> None:
    half = at_strength(None, EqualiserSettings((Band("band", 500.0, -6.0, 2.0), Band("high_pass", 80.0))), 0.5)
    assert isinstance(half, EqualiserSettings)
    assert (half.bands[0].gain_db, half.bands[0].frequency_hz, half.bands[0].q) == pytest.approx((-3.0, 500.0, 2.0))
    assert half.bands[1].frequency_hz == pytest.approx(40.0)
    squash = CompressorSettings(threshold_db=-20.0, ratio=4.0, makeup_db=6.0)
    wanted = settings_to_data(replace(squash, ratio=2.0, makeup_db=3.0))
    quieter = at_strength(None, squash, 0.5)
    assert quieter is not None
    assert settings_to_data(quieter) == pytest.approx(wanted)


def test_from_what_is_there_bands_meet_in_order_or_start_flat() -> None:
    before = EqualiserSettings((Band("band", 100.0, 4.0),))
    half = at_strength(before, EqualiserSettings((Band("band", 400.0, 8.0),)), 0.5)
    assert isinstance(half, EqualiserSettings)
    assert (half.bands[0].frequency_hz, half.bands[0].gain_db) == pytest.approx((200.0, 6.0))
    others = at_strength(before, EqualiserSettings((Band("low_shelf", 400.0, 8.0), Band("band", 900.0, -2.0))), 0.5)
    assert isinstance(others, EqualiserSettings)
    assert [band.gain_db for band in others.bands] == pytest.approx([4.0, -1.0])


def test_no_settings_lie_between_two_kinds() -> None:
    with pytest.raises(ValueError, match="between a compressor and a reverb"):
        at_strength(CompressorSettings(), ReverbSettings(), 0.5)
    with pytest.raises(PlanError, match="strength of 150 %"):
        at_strength(CompressorSettings(), CompressorSettings(ratio=8.0), 1.5)
