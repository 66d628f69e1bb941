"""MultiEQ of the IEM suite: bands of our equaliser as its own and back.

Measured on version 0.2.4 (Debian 1.14.0) at 44.1 and 48 kHz (``tests/plugins/judges``): peaks, shelves and passes are
Bristow-Johnson's biquads by their Q, up to half the sample rate. Ours are ReaEQ's: the width of a band is corrected for
the bilinear transform, and the slope of a shelf is 1 / max(width, 0.915)^2. With A = 10^(gain / 40) and
w = 2 pi frequency / rate,

- peak: 1 / (2 Q) = sinh(ln 2 / 2 * width * w / sin w)
- shelf: 1 / Q^2 = (A + 1/A) (max(width, 0.915)^2 - 1) + 2
- pass: Q is our q

so that the responses are the same but for the steps of its knobs: 1 Hz, 0.1 dB and 0.05 in Q. An instance has six
bands: the first is a high pass or a low shelf, the last a low pass or a high shelf, the four between are peaks or
shelves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from reaper_automix.effect_settings.equaliser import FREQUENCY, GAIN, Band, BandType, EqualiserSettings, Q
from reaper_automix.plugins.juce import Choice, Slider
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.limits import within
from reaper_automix.units import bandwidth_oct_to_q, db_to_lin, q_to_bandwidth_oct

NAME = "MultiEQ"
EFFECT = "equaliser"
SUITE = "iem"
LISTED = "VST: MultiEQ (IEM) (64ch)"
MOST_BANDS = 6
"""Of one instance; four that are neither the lowest nor the highest."""

_SHORTEST_SHELF_OCT = 0.915
_N_MIDDLE = 4
_HIGHEST_RELATIVE = 0.49
"""Frequency over sample rate that passes of first order stop at."""
_LOWEST_RATIO = 0.102
"""At which q is just above 0.1, the end of our range."""
_WORTH_SAYING = 0.1
"""A q or frequency moved by less, to the next step of the knob, is not mentioned: 0.2 dB beside a band of 9 dB."""

_HIGH_PASSES = ("HP (6dB/oct)", "HP (12dB/oct)", "HP (24dB/oct)")
_LOW_PASSES = ("LP (6dB/Oct)", "LP (12dB/oct)", "LP (24dB/oct)")
_WORDS: dict[BandType, str] = {
    "high_pass": _HIGH_PASSES[1],
    "low_pass": _LOW_PASSES[1],
    "low_shelf": "Low-shelf",
    "high_shelf": "High-shelf",
    "band": "Peak",
}
_CHANNELS = Slider("Number of input channels", "", 0.0, 64.0, 1.0, 0)
_FREQUENCY = Slider("Filter Frequency", "Hz", 20.0, 20_000.0, 1.0, 0, 0.4)
_Q = Slider("Filter Q", "", 0.05, 8.0, 0.05, 2)
_GAIN = Slider("Filter Gain", "dB", -60.0, 15.0, 0.1, 1)


def playable(settings: EqualiserSettings, *, sample_rate_hz: int = 48_000) -> tuple[EqualiserSettings, tuple[str, ...]]:
    """Return the nearest settings that MultiEQ can hold, and what was changed; the q of a peak depends on the rate.

    A band at or above half the sample rate stays as it is (``knobs`` switches it off).
    """
    said: list[str] = []
    return EqualiserSettings(tuple(_held(band, sample_rate_hz, said) for band in settings.bands)), tuple(said)


def split(settings: EqualiserSettings) -> tuple[EqualiserSettings, ...]:
    """Return the instances that the bands need, in the plug-in's order: each band is in the first one with a place."""
    instances: list[list[Band]] = [[]]
    for band in settings.bands:
        free = next((bands for bands in instances if _fit((*bands, band))), None)
        if free is None:
            instances.append(free := [])
        free.append(band)
    return tuple(EqualiserSettings(_in_order(bands)) for bands in instances)


def _in_order(bands: list[Band]) -> tuple[Band, ...]:
    """Return the bands in the order of their places in the plug-in, as ``settings_from`` reads them."""
    return tuple(band for band in _slots(tuple(bands)).values() if band is not None)


def knobs(settings: EqualiserSettings, *, sample_rate_hz: int = 48_000) -> tuple[Knob, ...]:
    """Return where the knobs of one instance shall stand for settings that are ``playable``; unused bands are off.

    Raises
    ------
    ValueError
        If the bands do not fit in one instance: ``split`` them.
    """
    if not _fit(settings.bands):
        raise ValueError(f"{len(settings.bands)} bands that do not fit in one {NAME}: split them")
    found = [replace(_CHANNELS.knob(0.0), text="Auto")]
    for slot, band in _slots(settings.bands).items():
        plays = band is not None and band.frequency_hz < sample_rate_hz / 2.0
        found.append(_enablement(slot).knob("ON" if plays else "OFF"))
        if band is not None and plays:
            found += [
                _types(slot).knob(_WORDS[band.type]),
                _numbered(_FREQUENCY, slot).knob(band.frequency_hz),
                _numbered(_Q, slot).knob(_plugin_q(band, sample_rate_hz)),
                _numbered(_GAIN, slot).knob(band.gain_db),
            ]
    return tuple(found)


def settings_from(
    values: Mapping[str, float], *, sample_rate_hz: int = 48_000, is_dry: bool = False
) -> EqualiserSettings:
    """Return settings from the positions (0 to 1) of the knobs by their names, bands in the plug-in's order.

    Passes of 24 dB per octave are two of ours; those of 6 dB are what comes next to them: one of low q far beyond,
    whose first pole is where theirs is. Gains and shelves beyond our ranges come to the end of them.

    Raises
    ------
    PlanError
        If a knob of a band that is on is missing.
    """
    del is_dry
    bands: list[Band] = []
    for slot in range(1, MOST_BANDS + 1):
        if _enablement(slot).word(values) == "ON":
            bands += _bands(slot, values, sample_rate_hz)
    return EqualiserSettings(tuple(bands))


def _held(band: Band, sample_rate_hz: int, said: list[str]) -> Band:
    at = f"at {band.frequency_hz:g} Hz"
    frequency_hz = within(band.frequency_hz, _FREQUENCY.low, _FREQUENCY.high, f"{NAME}: {band.type}", "Hz", said)
    held = replace(band, frequency_hz=_FREQUENCY.nearest(frequency_hz))
    if band.type in ("low_pass", "high_pass"):
        held = replace(held, gain_db=GAIN.default)
    else:
        gain_db = within(band.gain_db, GAIN.low, _GAIN.high, f"{NAME}: gain {at}", "dB", said)
        held = replace(held, gain_db=_GAIN.nearest(gain_db))
    if held.frequency_hz >= sample_rate_hz / 2.0:
        return held
    held = replace(held, q=_our_q(held, _Q.nearest(_plugin_q(held, sample_rate_hz)), sample_rate_hz))
    if abs(math.log(held.q / min(band.q, _steepest_q(held)))) > _WORTH_SAYING:
        said.append(f"{NAME}: q {at} was to be {band.q:.3g}; the nearest is {held.q:.3g}.")
    return held


def _steepest_q(band: Band) -> float:
    return bandwidth_oct_to_q(_SHORTEST_SHELF_OCT) if band.type.endswith("shelf") else Q.high


def _plugin_q(band: Band, sample_rate_hz: int) -> float:
    """Return the plug-in's Q with the response of a band."""
    if band.type == "band":
        w = 2.0 * math.pi * band.frequency_hz / sample_rate_hz
        return bandwidth_oct_to_q(min(q_to_bandwidth_oct(band.q) * w / math.sin(w), 100.0))
    if band.type.endswith("pass"):
        return band.q
    a = db_to_lin(band.gain_db / 2.0)
    inverse_slope = max(q_to_bandwidth_oct(band.q), _SHORTEST_SHELF_OCT) ** 2
    return 1.0 / math.sqrt((a + 1.0 / a) * (inverse_slope - 1.0) + 2.0)


def _our_q(band: Band, plugin_q: float, sample_rate_hz: int) -> float:
    """Return the q with the response of the plug-in's, brought into our range; ``band`` without its own q."""
    if band.type == "band":
        w = 2.0 * math.pi * band.frequency_hz / sample_rate_hz
        return Q.clamp(bandwidth_oct_to_q(q_to_bandwidth_oct(plugin_q) * math.sin(w) / w))
    if band.type.endswith("pass"):
        return Q.clamp(plugin_q)
    a = db_to_lin(band.gain_db / 2.0)
    inverse_slope = 1.0 + (1.0 / plugin_q**2 - 2.0) / (a + 1.0 / a)
    return Q.clamp(bandwidth_oct_to_q(math.sqrt(max(inverse_slope, _SHORTEST_SHELF_OCT**2))))


def _fit(bands: tuple[Band, ...]) -> bool:
    types = [band.type for band in bands]
    n_low = types.count("high_pass") + types.count("low_shelf")
    n_high = types.count("low_pass") + types.count("high_shelf")
    n_middle = types.count("band") + max(n_low - 1, 0) + max(n_high - 1, 0)
    return types.count("high_pass") <= 1 and types.count("low_pass") <= 1 and n_middle <= _N_MIDDLE


def _slots(bands: tuple[Band, ...]) -> dict[int, Band | None]:
    """Return the band in each place, 1 to 6: passes at the ends, or the first low and the last high shelf."""
    left = list(bands)
    slots: dict[int, Band | None] = dict.fromkeys(range(1, MOST_BANDS + 1))
    ends: tuple[tuple[int, tuple[BandType, BandType], int], ...] = (
        (1, ("high_pass", "low_shelf"), 1),
        (MOST_BANDS, ("low_pass", "high_shelf"), -1),
    )
    for slot, types, direction in ends:
        for wanted in types:
            found = [index for index, band in enumerate(left) if band.type == wanted][::direction]
            if found and slots[slot] is None:
                slots[slot] = left.pop(found[0])
    slots.update(zip(range(2, MOST_BANDS), left, strict=False))
    return slots


def _bands(slot: int, values: Mapping[str, float], sample_rate_hz: int) -> list[Band]:
    word = _types(slot).word(values)
    frequency_hz = _numbered(_FREQUENCY, slot).value(values)
    plugin_q = _numbered(_Q, slot).value(values)
    if word in (_HIGH_PASSES[0], _LOW_PASSES[0]):
        return [_first_order(frequency_hz, sample_rate_hz, is_high=word in _HIGH_PASSES)]
    if word in (_HIGH_PASSES[2], _LOW_PASSES[2]):
        return [Band("high_pass" if word in _HIGH_PASSES else "low_pass", frequency_hz, q=Q.clamp(plugin_q))] * 2
    kind = next(kind for kind, known in _WORDS.items() if known == word)
    gain_db = 0.0 if kind.endswith("pass") else GAIN.clamp(_numbered(_GAIN, slot).value(values))
    band = Band(kind, frequency_hz, gain_db)
    return [replace(band, q=_our_q(band, plugin_q, sample_rate_hz))]


def _first_order(frequency_hz: float, sample_rate_hz: int, *, is_high: bool) -> Band:
    """Return the second-order pass with one pole at a frequency and the other as far beyond as can be."""

    def warped(hz: float) -> float:
        return math.tan(math.pi * min(hz / sample_rate_hz, _HIGHEST_RELATIVE))

    pole = warped(frequency_hz)
    furthest = warped(FREQUENCY.low) / pole if is_high else pole / warped(_FREQUENCY.high)
    ratio = min(max(furthest, _LOWEST_RATIO), 1.0)  # of the corner to that pole, or the other way round
    corner_hz = math.atan(pole * ratio if is_high else pole / ratio) * sample_rate_hz / math.pi
    return Band("high_pass" if is_high else "low_pass", FREQUENCY.clamp(corner_hz), q=ratio / (1.0 + ratio**2))


def _enablement(slot: int) -> Choice:
    return Choice(f"Filter Enablement {slot}", ("OFF", "ON"))


def _types(slot: int) -> Choice:
    if slot == 1:
        return Choice("Filter Type 1", (*_HIGH_PASSES, _WORDS["low_shelf"]))
    if slot == MOST_BANDS:
        return Choice(f"Filter Type {slot}", (*_LOW_PASSES, _WORDS["high_shelf"]))
    return Choice(f"Filter Type {slot}", (_WORDS["low_shelf"], _WORDS["band"], _WORDS["high_shelf"]))


def _numbered(slider: Slider, slot: int) -> Slider:
    return replace(slider, name=f"{slider.name} {slot}")
