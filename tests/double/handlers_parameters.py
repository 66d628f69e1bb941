"""The parameters of a plug-in: names, values, and values as texts.

Behind a plug-in's own parameters stand three of REAPER's: Bypass, Wet and Delta. A plug-in that the double has no model
of shows many parameters that cannot be set; one that is missing, offline or damaged shows none of its own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from double.chains import Slot, put_field, slot_at
from double.handlers_effects import running
from double.plugin_blocks import put_state
from double.plugin_models import Model, Parameter, show_fixed, show_switch
from double.references import TrackRef
from double.tree import as_number

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_FOREIGN_COUNT = 300
_APPENDED = ("Bypass", "Wet", "Delta")
_PLACES = {"Bypass": ("BYPASS", 0, "0 0 0"), "Wet": ("WET", 0, "1 0"), "Delta": ("WET", 1, "1 0")}


@dataclass(frozen=True)
class Effect:
    """A plug-in with its parameters; ``model`` is None where its own cannot be set."""

    slot: Slot
    model: Model | None
    state: bytes
    own: list[Parameter]

    @property
    def parameters(self) -> list[Parameter]:
        return [*self.own, *(self._appended(name) for name in _APPENDED)]

    def _appended(self, name: str) -> Parameter:
        key, place, default = _PLACES[name]
        value = as_number(self.slot.field(key, place, default.split()[place]))
        return Parameter(name, value, show_fixed(100.0, 0) if name == "Wet" else show_switch)


def effect_at(reaper: DoubleReaper, track: TrackRef, index: int) -> Effect | None:
    """Return the plug-in at an index."""
    slot = slot_at(track, index)
    if slot is None:
        return None
    found = running(reaper, slot)
    if found is not None:
        return Effect(slot, found.model, found.state, found.parameters)
    foreign = reaper.plugins.of_chunk(slot.chunk) is None
    own = [Parameter(f"Parameter {n}", 0.0, show_fixed(1.0, 2)) for n in range(_FOREIGN_COUNT if foreign else 0)]
    return Effect(slot, None, b"", own)


def _parameter(reaper: DoubleReaper, track: TrackRef, index: int, number: int) -> tuple[Effect, Parameter] | None:
    effect = effect_at(reaper, track, index)
    parameters = effect.parameters if effect is not None else []
    return (effect, parameters[number]) if effect is not None and 0 <= number < len(parameters) else None


# --- names ---------------------------------------------------------------------------------------------------------


def TrackFX_GetNumParams(reaper: DoubleReaper, track: TrackRef, index: int) -> int:
    effect = effect_at(reaper, track, index)
    return len(effect.parameters) if effect is not None else 0


def TrackFX_GetParamName(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, buffer: str, size: int
) -> tuple[bool, str]:
    found = _parameter(reaper, track, index, number)
    return (True, found[1].name) if found else (False, buffer)


def TrackFX_GetParamIdent(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, buffer: str, size: int
) -> tuple[bool, str]:
    found = _parameter(reaper, track, index, number)
    return (True, _ident(*found, number)) if found else (False, buffer)


def _ident(effect: Effect, parameter: Parameter, number: int) -> str:
    """Return what envelopes in files call a parameter: ``11:_Wet``, and ``:wet`` for REAPER's own."""
    if number >= len(effect.own):
        return f":{parameter.name.lower()}"
    return f"{number}:_{re.sub(r'[^A-Za-z0-9]', '_', parameter.name)}"


def TrackFX_GetParamFromIdent(reaper: DoubleReaper, track: TrackRef, index: int, ident: str) -> int:
    effect = effect_at(reaper, track, index)
    parameters = effect.parameters if effect is not None else []
    return next((n for n, p in enumerate(parameters) if effect and _ident(effect, p, n) == ident), -1)


# --- values --------------------------------------------------------------------------------------------------------


def TrackFX_GetParam(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, low: float, high: float
) -> tuple[float, float, float]:
    found = _parameter(reaper, track, index, number)
    return (found[1].raw, 0.0, found[1].top) if found else (-1.0, low, high)


def TrackFX_GetParamEx(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, low: float, high: float, middle: float
) -> tuple[float, float, float, float]:
    found = _parameter(reaper, track, index, number)
    return (found[1].raw, 0.0, found[1].top, found[1].top / 2.0) if found else (-1.0, low, high, middle)


def TrackFX_GetParamNormalized(reaper: DoubleReaper, track: TrackRef, index: int, number: int) -> float:
    found = _parameter(reaper, track, index, number)
    return min(found[1].raw / found[1].top, 1.0) if found else -1.0


def TrackFX_SetParam(reaper: DoubleReaper, track: TrackRef, index: int, number: int, value: float) -> bool:
    """Set a raw value, as near as its range allows; the plug-in keeps it as precisely as its state does."""
    found = _parameter(reaper, track, index, number)
    if found is None or not math.isfinite(value):
        return False
    effect, parameter = found
    value = min(max(value, 0.0), parameter.top)
    if number >= len(effect.own):
        key, place, default = _PLACES[parameter.name]
        changed = put_field(effect.slot, key, place, round(value) if parameter.name != "Wet" else value, default)
    elif effect.model is None:
        return False
    else:
        old = effect.state
        new = effect.model.with_raw(old, number, value) if value != parameter.raw else old
        changed = new != old
        if changed:
            put_state(effect.slot.chunk, new)
    if changed:
        track.tab.changed()
    return True


def TrackFX_SetParamNormalized(reaper: DoubleReaper, track: TrackRef, index: int, number: int, value: float) -> bool:
    found = _parameter(reaper, track, index, number)
    return found is not None and TrackFX_SetParam(reaper, track, index, number, value * found[1].top)


def TrackFX_EndParamEdit(reaper: DoubleReaper, track: TrackRef, index: int, number: int) -> bool:
    return _parameter(reaper, track, index, number) is not None


# --- values as texts -----------------------------------------------------------------------------------------------


def TrackFX_GetFormattedParamValue(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, buffer: str, size: int
) -> tuple[bool, str]:
    found = _parameter(reaper, track, index, number)
    return (True, _spelled(reaper, found[1], found[1].raw)) if found else (False, buffer)


def TrackFX_FormatParamValue(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, value: float, buffer: str, size: int
) -> tuple[bool, str]:
    """Spell a value that the parameter need not have, if the plug-in can."""
    found = _parameter(reaper, track, index, number)
    if found is None:
        return False, buffer
    effect, parameter = found
    own = number < len(effect.own)
    can = effect.model is not None and effect.model.spells_any_value and not reaper.plugins.spells_no_other_value
    if own and not can:
        return False, buffer
    return True, _spelled(reaper, parameter, min(max(value, 0.0), parameter.top))


def TrackFX_FormatParamValueNormalized(
    reaper: DoubleReaper, track: TrackRef, index: int, number: int, value: float, buffer: str, size: int
) -> tuple[bool, str]:
    found = _parameter(reaper, track, index, number)
    top = found[1].top if found else 1.0
    return TrackFX_FormatParamValue(reaper, track, index, number, value * top, buffer, size)


def _spelled(reaper: DoubleReaper, parameter: Parameter, raw: float) -> str:
    text = parameter.show(raw)
    return f"{text} {parameter.unit}" if reaper.plugins.shows_units and parameter.unit else text
