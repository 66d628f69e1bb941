"""Which plug-in plays an effect: its module by name, and the stock one that takes the place of one that is missing.

A new plug-in is one line here and one module beside it, which has

* ``NAME``, ``LISTED`` (as REAPER lists it), ``EFFECT`` (the word of ``EFFECTS``), ``SUITE`` (``stock``: REAPER's own);
* ``playable``, ``split``, ``knobs``: the nearest settings it can hold, its instances, where their knobs shall stand;
* ``to_block`` and ``from_block`` if it is stock (a project file holds its state), else ``settings_from`` (its knobs);
* perhaps ``why_not`` (why it is not for a signal of so many channels) and ``output_channels`` (pins to connect).

``tests/contracts/test_plugin_maps.py`` holds for every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from reaper_automix.chunks.lines import Chunk
from reaper_automix.chunks.reaplug_blocks import PluginStateError, ReaplugBlock, read_block, reaplug_of
from reaper_automix.effect_settings.kinds import EffectSettings, effect_of
from reaper_automix.plugins import fdnreverb, multieq, omnicompressor, reacomp, reaeq, reaverbate
from reaper_automix.plugins.knobs import Knob

_MAPS: tuple[ModuleType, ...] = (reaeq, reacomp, reaverbate, multieq, omnicompressor, fdnreverb)

USUAL_RATE_HZ = 48_000
"""Where a project forces no sample rate; only MultiEQ's q depends on it."""

MODULES: dict[str, ModuleType] = {module.NAME: module for module in _MAPS}
"""The module of each plug-in, by its short name."""

SUITES: tuple[str, ...] = tuple(dict.fromkeys(module.SUITE for module in _MAPS))
"""Whose plug-ins are to be used: ``stock`` for REAPER's own, ``iem`` for those of the IEM suite where they fit."""

STOCK: dict[str, str] = {module.EFFECT: module.NAME for module in _MAPS if module.SUITE == "stock"}
"""REAPER's own plug-in for each effect."""


def plugin_for(effect: str, suite: str, n_channels: int) -> tuple[str, str]:
    """Choose the plug-in for an effect on material of so many channels; with it comes why it is not the suite's.

    Raises
    ------
    KeyError
        If the effect is not known.
    """
    stock = STOCK[effect]
    found = next((module for module in _MAPS if (effect, suite) == (module.EFFECT, module.SUITE)), None)
    why = f"the plug-ins called {suite} hold no {effect}"
    if found is not None:
        why = found.why_not(n_channels) if hasattr(found, "why_not") else ""
    if found is None or why:
        return stock, f"{why}, so {stock} takes its place on {'mono' if n_channels == 1 else 'stereo'} material"
    return str(found.NAME), ""


def is_stock(plugin: str) -> bool:
    """Tell whether REAPER brings a plug-in along."""
    return plugin in STOCK.values()


def stock_for(plugin: str) -> str:
    """Return REAPER's own plug-in for the effect that a plug-in plays."""
    effect: str = MODULES[plugin].EFFECT
    return STOCK[effect]


def listed_name(plugin: str) -> str:
    """Return the name under which REAPER lists a plug-in."""
    return str(MODULES[plugin].LISTED)


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
    found: tuple[EffectSettings, tuple[str, ...]] = module.playable(settings, sample_rate_hz=sample_rate_hz)
    return found


def instances(plugin: str, tag: str, settings: EffectSettings) -> tuple[tuple[str, EffectSettings], ...]:
    """Return (name of the instance, its settings) for each that a plug-in needs; the second's name ends in 2."""
    parts: tuple[EffectSettings, ...] = MODULES[plugin].split(settings)
    return tuple((tag if n == 1 else f"{tag} {n}", part) for n, part in enumerate(parts, 1))


def knobs_of(plugin: str, settings: EffectSettings, sample_rate_hz: int) -> tuple[Knob, ...]:
    """Return where a plug-in's knobs shall stand, at a rate where that matters."""
    found: tuple[Knob, ...] = MODULES[plugin].knobs(settings, sample_rate_hz=sample_rate_hz)
    return found


def settings_from_knobs(
    plugin: str, values: Mapping[str, float], sample_rate_hz: int, *, is_dry: bool
) -> EffectSettings | None:
    """Return what normalised values by knob's name come to; None for a plug-in that is read from its state instead.

    ``is_dry``: the first outputs are connected, which FdnReverb plays its dry signal on.
    """
    if plugin not in MODULES or is_stock(plugin):
        return None
    found: EffectSettings = MODULES[plugin].settings_from(values, sample_rate_hz=sample_rate_hz, is_dry=is_dry)
    return found


def output_channels(plugin: str, settings: EffectSettings) -> dict[int, int] | None:
    """Return the channels (as bits) for each output pin, counted from 0; None where the usual ones are right."""
    module = MODULES[plugin]
    found: dict[int, int] | None = module.output_channels(settings) if hasattr(module, "output_channels") else None
    return found


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
