"""Which plug-in plays an effect: its module by name, and the stock one that takes the place of one that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from reaper_automix.chunks.lines import Chunk
from reaper_automix.chunks.reaplug_blocks import PluginStateError, ReaplugBlock, read_block, reaplug_of
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings, effect_of
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.plugins import fdnreverb, multieq, omnicompressor, reacomp, reaeq, reaverbate
from reaper_automix.plugins.knobs import Knob

_STOCK: tuple[ModuleType, ...] = (reaeq, reacomp, reaverbate)
_IEM: tuple[ModuleType, ...] = (multieq, omnicompressor, fdnreverb)

USUAL_RATE_HZ = 48_000
"""Where a project forces no sample rate; only MultiEQ's q depends on it."""

MODULES: dict[str, ModuleType] = {module.NAME: module for module in (*_STOCK, *_IEM)}
"""The module of each plug-in, by its short name. All have ``playable``, ``split`` and ``knobs``."""

STOCK: dict[str, str] = {module.EFFECT: module.NAME for module in _STOCK}
"""REAPER's own plug-in for each effect."""


SUITES = ("stock", "iem")
"""Whose plug-ins are to be used: REAPER's own, or those of the IEM suite where they fit."""


def plugin_for(effect: str, suite: str, n_channels: int) -> tuple[str, str]:
    """Choose the plug-in for an effect on material of so many channels; with it comes why it is not the suite's.

    Raises
    ------
    KeyError
        If the effect is not known.
    """
    if suite == "stock":
        return STOCK[effect], ""
    module = next(module for module in _IEM if effect == module.EFFECT)
    if module is omnicompressor and not omnicompressor.fits(n_channels):
        stock = STOCK[effect]
        return stock, f"{module.NAME} listens to channel 1 only, so {stock} takes its place on stereo material"
    return str(module.NAME), ""


def is_stock(plugin: str) -> bool:
    """Tell whether REAPER brings a plug-in along."""
    return plugin in STOCK.values()


def stock_for(plugin: str) -> str:
    """Return REAPER's own plug-in for the effect that a plug-in plays."""
    effect: str = MODULES[plugin].EFFECT
    return STOCK[effect]


def listed_name(plugin: str) -> str:
    """Return the name under which REAPER lists a plug-in."""
    return f"VST: {plugin} (Cockos)" if is_stock(plugin) else f"VST: {plugin} (IEM) (64ch)"


def short_name(listed: str) -> str:
    """Return the short name of a plug-in that REAPER lists as ``VST: ReaComp (Cockos)``; empty for one unknown here."""
    bare = listed.partition(": ")[2] or listed
    return next((name for name in MODULES if bare == name or bare.startswith(f"{name} (")), "")


def playable(
    plugin: str, settings: EffectSettings, sample_rate_hz: int = USUAL_RATE_HZ
) -> tuple[EffectSettings, tuple[str, ...]]:
    """Return the nearest settings that a plug-in can hold, and a sentence for each that was changed.

    Raises
    ------
    KeyError
        If the plug-in is not known, or plays another effect.
    """
    module = MODULES[plugin]
    if effect_of(settings) != module.EFFECT:
        raise KeyError(plugin)
    found: tuple[EffectSettings, tuple[str, ...]] = (
        multieq.playable(settings, sample_rate_hz=sample_rate_hz)
        if module is multieq and isinstance(settings, EqualiserSettings)
        else module.playable(settings)
    )
    return found


def instances(plugin: str, tag: str, settings: EffectSettings) -> tuple[tuple[str, EffectSettings], ...]:
    """Return (name of the instance, its settings) for each that a plug-in needs; the second's name ends in 2."""
    parts: tuple[EffectSettings, ...] = MODULES[plugin].split(settings)
    return tuple((tag if n == 1 else f"{tag} {n}", part) for n, part in enumerate(parts, 1))


def knobs_of(plugin: str, settings: EffectSettings, sample_rate_hz: int) -> tuple[Knob, ...]:
    """Return where a plug-in's knobs shall stand, at a rate where that matters."""
    module = MODULES[plugin]
    if is_stock(plugin):
        stock: tuple[Knob, ...] = module.knobs(settings)
        return stock
    found: tuple[Knob, ...] = module.knobs(settings, sample_rate_hz=sample_rate_hz)
    return found


def settings_from_knobs(
    plugin: str, values: Mapping[str, float], sample_rate_hz: int, *, is_dry: bool
) -> EffectSettings | None:
    """Return what normalised values by knob's name come to; None for a plug-in that is read from its state instead.

    ``is_dry``: the first outputs are connected, which FdnReverb plays its dry signal on.
    """
    if plugin == multieq.NAME:
        return multieq.settings_from(values, sample_rate_hz=sample_rate_hz)
    if plugin == fdnreverb.NAME:
        return fdnreverb.settings_from(values, is_dry=is_dry)
    return omnicompressor.settings_from(values) if plugin == omnicompressor.NAME else None


def output_channels(plugin: str, settings: EffectSettings) -> dict[int, int] | None:
    """Return the channels (as bits) for each output pin, counted from 0; None where the usual ones are right."""
    if plugin != fdnreverb.NAME or not isinstance(settings, ReverbSettings):
        return None
    left, right = fdnreverb.output_pins(settings)
    return {pin - 1: (pin in left) + 2 * (pin in right) for pin in range(1, fdnreverb.N_CHANNELS + 1)}


def to_block(plugin: str, settings: EffectSettings, tag: str, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Return the block of a stock plug-in in a project file (see the plug-in's module)."""
    block: ReaplugBlock = MODULES[plugin].to_block(settings, tag, like)
    return block


def read_chunk(chunk: Chunk) -> tuple[EffectSettings, bool] | None:
    """Return what a plug-in's chunk says (settings, and whether it says more); None where that cannot be read."""
    plugin = reaplug_of(chunk)
    if plugin is None:
        return None
    try:
        found: tuple[EffectSettings, bool] = MODULES[plugin.name].from_block(read_block(chunk))
    except (PluginStateError, ValueError):
        return None
    return found
