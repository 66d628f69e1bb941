"""What the registry says of plug-ins that it does not know, or that play something else."""

from __future__ import annotations

import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.plugins.registry import playable, plugin_for, settings_from_knobs, short_name, stock_for


@pytest.mark.parametrize("plugin", ["ReaComp", "OmniCompressor"])
def test_a_plugin_holds_settings_of_its_own_effect_only(plugin: str) -> None:
    assert playable(plugin, CompressorSettings(threshold_db=-20.0))[0].threshold_db == pytest.approx(-20.0)
    with pytest.raises(KeyError, match=plugin):
        playable(plugin, ReverbSettings(decay_s=1.0))


@pytest.mark.parametrize("plugin", ["ReaComp", "Somebody's Compressor"])
def test_knobs_say_nothing_of_stock_and_unknown_plugins(plugin: str) -> None:
    assert settings_from_knobs(plugin, {"Threshold": 0.5}, 48_000, is_dry=False) is None


def test_names_that_reaper_lists() -> None:
    assert short_name("VST: ReaComp (Cockos)") == "ReaComp"
    assert short_name("VST3: FdnReverb (IEM) (64ch)") == "FdnReverb"
    assert short_name("VST: ReaComposer (Somebody)") == ""
    assert stock_for("FdnReverb") == "ReaVerbate"


def test_a_suite_that_does_not_hold_an_effect_is_said() -> None:
    assert plugin_for("reverb", "iem", 2) == ("FdnReverb", "")
    plugin, why = plugin_for("reverb", "somebody's", 2)
    assert plugin == "ReaVerbate"
    assert "hold no reverb, so ReaVerbate takes its place" in why
