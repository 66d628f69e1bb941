"""One suite for every plug-in map of the registry, a new one included: what it holds, says, sets and reads back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.effect_settings import compressor, equaliser, reverb
from reaper_automix.effect_settings.equaliser import BAND_TYPES, Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EFFECTS, EffectSettings, effect_of, same_settings
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.mixplan import EffectMove, MixPlan, TrackRef
from reaper_automix.mixplan_json import plan_from_json, plan_to_json
from reaper_automix.plugins.registry import (
    MODULES,
    SUITES,
    instances,
    is_stock,
    knobs_of,
    listed_name,
    output_channels,
    playable,
    plugin_for,
    read_chunk,
    settings_from_knobs,
    short_name,
    stock_for,
    to_block,
)

TAG = 'Automix: "own" `one`'
RATES_HZ = st.sampled_from([44_100, 48_000, 96_000])
ALL = pytest.mark.parametrize("plugin", MODULES)


def values(parameter: Parameter) -> st.SearchStrategy[float]:
    """Return values of the whole range of a parameter, its ends more often."""
    ends = st.sampled_from([parameter.low, parameter.default, parameter.high])
    if parameter.scale == "log":
        low, high = math.log(parameter.low), math.log(parameter.high)
        return ends | st.floats(low, high).map(lambda x: parameter.clamp(math.exp(x)))
    return ends | st.floats(parameter.low, parameter.high)


BANDS = st.builds(
    Band, st.sampled_from(BAND_TYPES), values(equaliser.FREQUENCY), values(equaliser.GAIN), values(equaliser.Q)
)
SETTINGS: dict[str, st.SearchStrategy[EffectSettings]] = {
    "equaliser": st.lists(BANDS, max_size=9).map(lambda bands: EqualiserSettings(tuple(bands))),
    "compressor": st.builds(EFFECTS["compressor"], **{p.name: values(p) for p in compressor.PARAMETERS}),
    "reverb": st.builds(EFFECTS["reverb"], **{p.name: values(p) for p in reverb.PARAMETERS}),
}
"""Anything that a plan may ask of an effect; a new kind of effect needs a line here."""


def wishes(plugin: str) -> st.SearchStrategy[EffectSettings]:
    return SETTINGS[MODULES[plugin].EFFECT]


@ALL
def test_a_map_says_what_it_is(plugin: str) -> None:
    assert MODULES[plugin].EFFECT in EFFECTS
    assert short_name(listed_name(plugin)) == plugin
    assert stock_for(plugin) in MODULES
    assert is_stock(stock_for(plugin)), "where a plug-in is missing one of REAPER's own takes its place"
    assert MODULES[stock_for(plugin)].EFFECT == MODULES[plugin].EFFECT


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_suite_has_an_answer_for_every_effect(suite: str, effect: str, n_channels: int) -> None:
    plugin, why = plugin_for(effect, suite, n_channels)
    assert effect == MODULES[plugin].EFFECT
    assert (suite != "stock" and is_stock(plugin)) == bool(why), "another plug-in than asked for is explained"


@ALL
@given(st.data())
def test_what_is_held_is_held_for_good_and_the_rest_is_said(plugin: str, data: st.DataObject) -> None:
    wanted, rate_hz = data.draw(wishes(plugin)), data.draw(RATES_HZ)
    held, said = playable(plugin, wanted, rate_hz)
    assert effect_of(held) == MODULES[plugin].EFFECT
    assert all(text.startswith(f"{plugin}: ") and text.endswith(".") for text in said)
    again, said_again = playable(plugin, held, rate_hz)
    assert same_settings(again, held)
    assert said_again == ()


@ALL
def test_usual_settings_need_no_word(plugin: str) -> None:
    usual: dict[str, EffectSettings] = {
        "equaliser": EqualiserSettings((Band("high_pass", 80.0, q=0.7), Band("band", 400.0, -3.0, 1.4))),
        "compressor": EFFECTS["compressor"](),
        "reverb": EFFECTS["reverb"](),
    }
    wanted = usual[MODULES[plugin].EFFECT]
    if isinstance(wanted, EqualiserSettings):
        assert playable(plugin, wanted)[1] == ()
    assert same_settings(playable(plugin, playable(plugin, wanted)[0])[0], playable(plugin, wanted)[0])


@ALL
def test_settings_of_another_effect_are_refused(plugin: str) -> None:
    other = next(kind for word, kind in EFFECTS.items() if word != MODULES[plugin].EFFECT)
    with pytest.raises(KeyError):
        playable(plugin, other())


@ALL
@given(st.data())
def test_knobs_stand_within_their_ways_and_show_something(plugin: str, data: st.DataObject) -> None:
    rate_hz = data.draw(RATES_HZ)
    held, _ = playable(plugin, data.draw(wishes(plugin)), rate_hz)
    parts = instances(plugin, TAG, held)
    assert [name for name, _ in parts] == [TAG, *(f"{TAG} {n}" for n in range(2, len(parts) + 1))]
    for _, part in parts:
        knobs = knobs_of(plugin, part, rate_hz)
        keys = [(knob.name, knob.index) for knob in knobs]
        assert len(set(keys)) == len(keys), "a knob is set once"
        for knob in knobs:
            assert 0.0 <= knob.normalised <= 1.0, knob
            assert knob.text, knob
        pins = output_channels(plugin, part)
        assert pins is None or all(0 <= channels <= 3 for channels in pins.values())


@ALL
@given(st.data())
def test_what_was_set_is_read_back(plugin: str, data: st.DataObject) -> None:
    rate_hz = data.draw(RATES_HZ)
    held, _ = playable(plugin, data.draw(wishes(plugin)), rate_hz)
    for _, part in instances(plugin, TAG, held):
        read = _through_a_file(plugin, part) if is_stock(plugin) else _through_knobs(plugin, part, rate_hz)
        assert same_settings(read, part)


def _through_a_file(plugin: str, part: EffectSettings) -> EffectSettings:
    block = to_block(plugin, part, TAG)
    found = read_chunk(parse_chunk_text("\n".join(block.lines()) + "\n"))
    assert found is not None
    assert not found[1], "nothing of our own is beyond our settings"
    assert to_block(plugin, part, TAG, block).lines() == block.lines(), "set again to the same: the same bytes"
    return found[0]


def _through_knobs(plugin: str, part: EffectSettings, rate_hz: int) -> EffectSettings:
    standing = {knob.name: knob.normalised for knob in knobs_of(plugin, part, rate_hz)}
    pins = output_channels(plugin, part)
    read = settings_from_knobs(plugin, standing, rate_hz, is_dry=pins is not None and bool(pins[0]))
    assert read is not None
    return read


@ALL
@given(st.data())
def test_a_plan_carries_it(plugin: str, data: st.DataObject) -> None:
    held, _ = playable(plugin, data.draw(wishes(plugin)))
    move = EffectMove(TrackRef("{1}", "Vox"), plugin, "Automix: it", held)
    plan = MixPlan("hand", "", "song.RPP", "", ("{1}",), (0.0, 1.0), (move,))
    assert plan_from_json(plan_to_json(plan)) == plan
