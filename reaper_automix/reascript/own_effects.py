"""Plug-ins of ours on an open project's track: what they are set to, and setting them knob by knob.

What a plug-in of REAPER's own is set to is read from the track's state, where it stands as in a project file; there
stands its GUID as well, whose pointer REAPER's Python wrapper would not let through. Other plug-ins are read knob by
knob. A knob is set by the formula that is known for it; where what the plug-in then shows is another number, the
position is searched for by halving.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from reaper_automix.chunks.fx_chain import read_fx_chain
from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings
from reaper_automix.errors import ProjectSyntaxError, SessionError
from reaper_automix.plugins import reaeq
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.registry import (
    USUAL_RATE_HZ,
    knobs_of,
    output_channels,
    settings_from_knobs,
    short_name,
)
from reaper_automix.reascript.api import Reaper
from reaper_automix.session import TAG_PREFIX, FxSlot

_HALVINGS = 30
_NUMBER = re.compile(r"([-+]?\d*\.?\d+)\s*(k?)")
_CLOSE = 0.002


def own_slots(reaper: Reaper, track: str) -> dict[int, FxSlot]:
    """Return the plug-ins whose instance has a name of ours, by their place in the chain.

    Their settings are None where they cannot be read; their ids are unknown (``#``) where REAPER's answer is cut off.
    """
    places = [i for i in range(reaper.n_effects(track)) if reaper.effect_title(track, i).startswith(TAG_PREFIX)]
    if not places:
        return {}
    found = [slot for slot in _slots_of_state(reaper, track) if slot.tag]
    if len(found) != len(places):
        return {
            i: FxSlot(f"#{i}", reaper.effect_name(track, i), "VST", tag=reaper.effect_title(track, i)) for i in places
        }
    return {i: _with_knobs(reaper, track, i, slot) for i, slot in zip(places, found, strict=True)}


def _slots_of_state(reaper: Reaper, track: str) -> tuple[FxSlot, ...]:
    try:
        return read_fx_chain(parse_chunk_text(reaper.track_chunk(track)).chunk("FXCHAIN"))
    except ProjectSyntaxError:  # larger than REAPER's answer, or a name in it is not UTF-8
        return ()


def _with_knobs(reaper: Reaper, track: str, index: int, slot: FxSlot) -> FxSlot:
    plugin = short_name(slot.name)
    if slot.settings is not None or not plugin:
        return slot
    values = {name: reaper.parameter(track, index, n) for n, name in enumerate(_names(reaper, track, index))}
    is_dry = bool(reaper.output_pin(track, index, 0))
    return replace(slot, settings=settings_from_knobs(plugin, values, rate_hz(reaper), is_dry=is_dry))


def rate_hz(reaper: Reaper) -> int:
    """Return the rate that the project forces, or the usual one."""
    return round(reaper.setting("PROJECT_SRATE")) if reaper.setting("PROJECT_SRATE_USE") else USUAL_RATE_HZ


def set_own_effect(reaper: Reaper, track: str, index: int, plugin: str, settings: EffectSettings) -> None:
    """Set every knob of a plug-in, and its outputs where the usual ones would be wrong.

    Raises
    ------
    SessionError
        If the plug-in has no such knob, or fewer bands than are needed, or REAPER does not let its outputs be set.
    """
    if isinstance(settings, EqualiserSettings) and plugin == reaeq.NAME:
        _lay_out_bands(reaper, track, index, settings)
    names = _names(reaper, track, index)
    for knob in knobs_of(plugin, settings, rate_hz(reaper)):
        _set_knob(reaper, track, index, knob_number(knob, names, plugin), knob)
    for pin, channels in (output_channels(plugin, settings) or {}).items():
        if not reaper.set_output_pin(track, index, pin, channels):
            raise SessionError(f"REAPER did not let the outputs of {plugin} be connected")


def _lay_out_bands(reaper: Reaper, track: str, index: int, settings: EqualiserSettings) -> None:
    n_bands = sum(name.startswith("Freq") for name in _names(reaper, track, index))
    if n_bands < len(settings.bands):
        raise SessionError(
            f"ReaEQ opens with {n_bands} bands here and {len(settings.bands)} are needed: its default preset has fewer "
            "than REAPER's own. Set the factory default as its default preset in REAPER and run again"
        )
    for key, value in reaeq.configuration(settings, n_bands):
        if not reaper.set_effect_config(track, index, key, value):
            raise SessionError(f"REAPER did not take {key} of ReaEQ")


def _names(reaper: Reaper, track: str, index: int) -> list[str]:
    return [reaper.parameter_name(track, index, n) for n in range(reaper.n_parameters(track, index))]


def knob_number(knob: Knob, names: list[str], plugin: str) -> int:
    """Return a knob's number: where it is known to be if the name there fits, else by name, else where it should be.

    Raises
    ------
    SessionError
        If no knob of the plug-in can be it.
    """
    if knob.index is not None and knob.index < len(names) and names[knob.index].startswith(knob.name):
        return knob.index
    if knob.name in names:
        return names.index(knob.name)
    if knob.index is not None and knob.index < len(names):
        return knob.index
    raise SessionError(f"{plugin} has no knob {knob.name!r} here: it may be of another version")


def _set_knob(reaper: Reaper, track: str, index: int, number: int, knob: Knob) -> None:
    reaper.set_parameter(track, index, number, knob.normalised)
    wanted = shown_number(knob.text, knob.unit)
    if wanted is None or _is_close(reaper.shown(track, index, number), wanted, knob.unit):
        return

    def shown_at(normalised: float) -> str:
        text = reaper.would_show(track, index, number, normalised)
        if text is None:  # the plug-in tells only where it stands
            reaper.set_parameter(track, index, number, normalised)
            text = reaper.shown(track, index, number)
        return text

    found = place_that_shows(shown_at, wanted, knob.unit)
    reaper.set_parameter(track, index, number, knob.normalised if found is None else found)


def place_that_shows(shown_at: Callable[[float], str], wanted: float, unit: str) -> float | None:
    """Return the position at which a knob shows a number; None where what it shows does not lead there.

    A plug-in shows a rounded number. So the two positions are found between which it shows the one nearest to what is
    wanted, and the place between them that fits.
    """
    ends = shown_number(shown_at(0.0), unit), shown_number(shown_at(1.0), unit)
    if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
        return None
    rising = ends[1] > ends[0]
    near = _halved(shown_at, lambda number: number >= wanted, unit, rising=rising)
    if near is None:
        return None
    step = last_digit(shown_at(near))
    nearest = round(wanted / step) * step
    low = _halved(shown_at, lambda number: number > nearest - 0.5 * step, unit, rising=rising)
    high = _halved(shown_at, lambda number: number > nearest + 0.5 * step, unit, rising=rising)
    if low is None or high is None:
        return near
    return low + (high - low) * (wanted - nearest + 0.5 * step) / step


def _halved(
    shown_at: Callable[[float], str], is_beyond: Callable[[float], bool], unit: str, *, rising: bool
) -> float | None:
    """Return the position from which on what a knob shows is beyond something; None where it shows no number."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        number = shown_number(shown_at(middle), unit)
        if number is None:
            return None
        if is_beyond(number) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2.0


def last_digit(text: str) -> float:
    """Return what one step of the last digit is worth that a plug-in shows: 0.01 for ``1.25``, 100 for ``1.2k``."""
    match = _NUMBER.match(text.strip().lower())
    digits = match[1].partition(".")[2] if match else ""
    return float(10.0 ** -len(digits)) * (1000.0 if match and match[2] else 1.0)


def shown_number(text: str, unit: str) -> float | None:
    """Return the number that a plug-in shows, in the unit asked for; None where it shows none.

    ``1.2 kHz``, ``1.2k`` are 1200; seconds are told in milliseconds where these are asked for; ``inf`` is infinite.
    """
    bare = text.strip().lower()
    if bare.startswith(("-inf", "+inf", "inf")):
        return float("-inf") if bare.startswith("-") else float("inf")
    match = _NUMBER.match(bare)
    if match is None:
        return None
    number = float(match[1]) * (1000.0 if match[2] else 1.0)
    rest = bare[match.end() :].strip()
    return number * 1000.0 if unit == "ms" and rest == "s" else number


def _is_close(text: str, wanted: float, unit: str) -> bool:
    """Tell whether a knob shows a number, as far as its digits go."""
    number = shown_number(text, unit)
    if number is None:
        return True  # it shows words; the track's state will tell
    if number == wanted:
        return True
    return abs(number - wanted) <= max(_CLOSE * abs(wanted), 0.5001 * last_digit(text))
