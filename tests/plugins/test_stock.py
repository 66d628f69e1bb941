"""REAPER's own plug-ins: our settings as their blocks and knobs and back, and what is beyond our settings."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.chunks import reacomp as comp_block
from reaper_automix.chunks import reaeq as eq_block
from reaper_automix.chunks import reaverbate as reverb_block
from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.chunks.reaeq import BandKind, EqBand, EqSettings
from reaper_automix.chunks.reaplug_blocks import read_block
from reaper_automix.effect_settings.compressor import PARAMETERS as COMPRESSOR
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import BAND_TYPES, Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings, same_settings
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effect_settings.reverb import PARAMETERS as REVERB
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.plugins import reacomp, reaeq, reaverbate
from reaper_automix.plugins.registry import instances, playable, plugin_for, read_chunk, short_name, to_block
from reaper_automix.units import SILENCE_DB

TAG = 'Automix: vocal\'s "own" `eq`'


def values(parameter: Parameter) -> st.SearchStrategy[float]:
    if parameter.scale == "log":
        return st.floats(math.log(parameter.low), math.log(parameter.high)).map(lambda x: parameter.clamp(math.exp(x)))
    return st.floats(parameter.low, parameter.high)


BANDS = st.builds(
    Band,
    st.sampled_from(BAND_TYPES),
    st.floats(math.log(20.0), math.log(24_000.0)).map(lambda x: min(max(math.exp(x), 20.0), 24_000.0)),
    st.floats(-24.0, 12.0),
    st.floats(math.log(0.27), math.log(60.0)).map(math.exp),
)
SETTINGS: dict[str, st.SearchStrategy[EffectSettings]] = {
    "ReaEQ": st.lists(BANDS, max_size=4).map(lambda bands: EqualiserSettings(tuple(bands))),
    "ReaComp": st.builds(CompressorSettings, **{p.name: values(p) for p in COMPRESSOR}),
    "ReaVerbate": st.builds(ReverbSettings, **{p.name: values(p) for p in REVERB}),
}


def assert_comes_back(plugin: str, wanted: EffectSettings) -> None:
    settings_in_reach, _ = playable(plugin, wanted)
    block = to_block(plugin, settings_in_reach, TAG)
    text = "\n".join(block.lines()) + "\n"
    chunk = parse_chunk_text(text)
    read = read_chunk(chunk)
    assert read is not None
    assert same_settings(read[0], settings_in_reach)
    assert not read[1], "nothing is beyond our settings"
    again = read_block(chunk)
    assert "\n".join(again.lines()) + "\n" == text
    assert to_block(plugin, settings_in_reach, TAG, again).lines() == again.lines(), "set again to the same: same bytes"


@given(SETTINGS["ReaEQ"])
def test_an_equaliser_comes_back_from_its_block(wanted: EffectSettings) -> None:
    assert_comes_back("ReaEQ", wanted)


@given(SETTINGS["ReaComp"])
def test_a_compressor_comes_back_from_its_block(wanted: EffectSettings) -> None:
    assert_comes_back("ReaComp", wanted)


@given(SETTINGS["ReaVerbate"])
def test_a_reverb_comes_back_from_its_block(wanted: EffectSettings) -> None:
    assert_comes_back("ReaVerbate", wanted)


@given(BANDS)
def test_the_run_time_values_of_a_band_are_as_exact_as_promised(band: Band) -> None:
    frequency, gain, width = reaeq.knobs(EqualiserSettings((band,)))
    assert eq_block.normalised_to_frequency(frequency.normalised) == pytest.approx(band.frequency_hz, rel=1e-9)
    assert eq_block.normalised_to_gain(gain.normalised) == pytest.approx(band.gain_db, abs=1e-9)
    assert eq_block.bandwidth_to_q(eq_block.normalised_to_bandwidth(width.normalised)) == pytest.approx(band.q)
    assert [knob.index for knob in (frequency, gain, width)] == [0, 1, 2]


@given(SETTINGS["ReaComp"], SETTINGS["ReaVerbate"])
def test_the_run_time_values_of_lists_of_parameters(squeeze: EffectSettings, room: EffectSettings) -> None:
    squeeze, room = playable("ReaComp", squeeze)[0], playable("ReaVerbate", room)[0]
    assert isinstance(squeeze, CompressorSettings)
    assert isinstance(room, ReverbSettings)
    knobs = {knob.index: knob.normalised for knob in reacomp.knobs(squeeze) if knob.index is not None}
    assert same_settings(reacomp.settings_of(comp_block.from_normalised(knobs))[0], squeeze)
    knobs = {knob.index: knob.normalised for knob in reaverbate.knobs(room) if knob.index is not None}
    assert same_settings(reaverbate.settings_of(reverb_block.from_normalised(knobs)), room)


def test_spare_bands_are_switched_off_so_that_knobs_keep_their_numbers() -> None:
    three = EqualiserSettings(tuple(Band("band", hz, -2.0) for hz in (100.0, 400.0, 1600.0)))
    block = to_block("ReaEQ", three, TAG)
    one = to_block("ReaEQ", EqualiserSettings(three.bands[:1]), TAG, block)
    assert [band.enabled for band in eq_block.decode(one).bands] == [True, False, False]
    read, altered = reaeq.from_block(one)
    assert same_settings(read, EqualiserSettings(three.bands[:1]))
    assert not altered
    assert reaeq.configuration(EqualiserSettings(three.bands[:1]), 3) == (
        ("BANDTYPE0", "8"),
        ("BANDENABLED0", "1"),
        ("BANDENABLED1", "0"),
        ("BANDENABLED2", "0"),
    )


@pytest.mark.parametrize(
    "own",
    [
        EqSettings((EqBand(BandKind.NOTCH, 50.0),)),
        EqSettings((EqBand(BandKind.BAND, 500.0, 3.0),), gain_db=-2.0),
        EqSettings((EqBand(BandKind.BAND, 500.0, 40.0),)),
    ],
    ids=["a notch", "a gain after all bands", "a gain out of reach"],
)
def test_what_an_equaliser_does_beyond_our_settings_is_noticed(own: EqSettings) -> None:
    assert reaeq.settings_of(own)[1]


def test_what_a_compressor_does_beyond_our_settings_is_noticed() -> None:
    plain = comp_block.CompSettings(threshold_db=-20.0)
    assert not reacomp.settings_of(plain)[1]
    for change in ({"auto_makeup": True}, {"auto_release": True}, {"precomp_ms": 5.0}, {"threshold_db": -90.0}):
        assert reacomp.settings_of(replace(plain, **change))[1], change


def test_what_is_out_of_reach_is_said() -> None:
    held, said = playable("ReaEQ", EqualiserSettings((Band("band", 250.0, 18.0, 0.15),)))
    assert isinstance(held, EqualiserSettings)
    assert held.bands[0].gain_db == 12.0
    assert said == (
        "ReaEQ: gain at 250 Hz was to be 18 dB; the plug-in ends at 12 dB.",
        "ReaEQ: q at 250 Hz was to be 0.15; the plug-in ends at 0.266667.",
    )
    held, said = playable("ReaVerbate", ReverbSettings(decay_s=15.0, dry_db=SILENCE_DB))
    assert isinstance(held, ReverbSettings)
    assert held.decay_s == 9.72
    assert said == ("ReaVerbate: decay was to be 15 s; the plug-in ends at 9.72 s.",)


def test_five_bands_need_two_instances_and_names_count_on() -> None:
    bands = tuple(Band("band", 100.0 * n, 1.0) for n in range(1, 10))
    found = instances("ReaEQ", "Automix: equaliser", EqualiserSettings(bands))
    assert [(tag, len(part.bands)) for tag, part in found if isinstance(part, EqualiserSettings)] == [
        ("Automix: equaliser", 4),
        ("Automix: equaliser 2", 4),
        ("Automix: equaliser 3", 1),
    ]


def test_room_sizes_and_decays() -> None:
    for size, decay_s in zip(reaverbate.ROOM_SIZES, reaverbate.DECAY_S, strict=True):
        assert reaverbate.decay_of(size) == pytest.approx(decay_s)
        assert reaverbate.room_size_for(decay_s) == pytest.approx(size)


def test_which_plugin_plays_an_effect() -> None:
    assert [plugin_for(effect, "stock", 2)[0] for effect in ("equaliser", "compressor", "reverb")] == [
        "ReaEQ",
        "ReaComp",
        "ReaVerbate",
    ]
    assert plugin_for("compressor", "iem", 1) == ("OmniCompressor", "")
    plugin, why = plugin_for("compressor", "iem", 2)
    assert plugin == "ReaComp"
    assert "channel 1 only" in why
    assert plugin_for("reverb", "iem", 2) == ("FdnReverb", "")


@pytest.mark.parametrize(
    ("listed", "short"),
    [
        ("VST: ReaComp (Cockos)", "ReaComp"),
        ("VST3: FdnReverb (IEM) (64ch)", "FdnReverb"),
        ("MultiEQ", "MultiEQ"),
        ("VST: ReaXcomp (Cockos)", ""),
        ("VST: FabFilter Pro-Q 3", ""),
    ],
)
def test_names_under_which_plugins_are_listed(listed: str, short: str) -> None:
    assert short_name(listed) == short
