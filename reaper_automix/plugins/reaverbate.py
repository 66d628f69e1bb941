"""ReaVerbate: our reverb's settings as its knobs, and the decay that its room size gives."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from reaper_automix.chunks import reaverbate
from reaper_automix.chunks.reaplug_blocks import ReaplugBlock
from reaper_automix.effect_settings.reverb import HIGHPASS, PARAMETERS, ReverbSettings
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.limits import within
from reaper_automix.units import SILENCE_DB

NAME = "ReaVerbate"
EFFECT = "reverb"
SUITE = "stock"
LISTED = "VST: ReaVerbate (Cockos)"

_HIGHEST_GAIN_DB = 6.0
_KNOB_NAMES = {
    "wet_db": ("Wet", "dB"),
    "dry_db": ("Dry", "dB"),
    "room_size": ("Room size", "%"),
    "dampening": ("Dampening", "%"),
    "width": ("Stereo width", "%"),
    "initial_delay_ms": ("Initial delay", "ms"),
    "lowpass_hz": ("Lowpass", "Hz"),
    "highpass_hz": ("Hipass", "Hz"),
}
_SHOWN = {"room_size": 100.0, "dampening": 100.0, "width": 100.0}
"""What a value is multiplied by where the plug-in shows it: how it does so is not confirmed."""

ROOM_SIZES = tuple(i / 10.0 for i in range(11))
DECAY_S = (0.21, 0.24, 0.27, 0.32, 0.38, 0.46, 0.58, 0.78, 1.15, 2.10, 9.72)
"""ReaVerbate's RT60 at these room sizes, measured by others on renders at a dampening of 0.3."""


def decay_of(room_size: float) -> float:
    """Return ReaVerbate's RT60 in s at a room size from 0 to 1 and a dampening of 0.3, interpolated in log time."""
    below = min(int(room_size * 10.0), 9)
    share = room_size * 10.0 - below
    return math.exp((1.0 - share) * math.log(DECAY_S[below]) + share * math.log(DECAY_S[below + 1]))


def room_size_for(decay_s: float) -> float:
    """Return the room size that decays in so many seconds; the nearest one outside of 0.21 to 9.72 s."""
    if decay_s <= DECAY_S[0]:
        return 0.0
    for below, (short_s, long_s) in enumerate(itertools.pairwise(DECAY_S)):
        if decay_s <= long_s:
            return (below + math.log(decay_s / short_s) / math.log(long_s / short_s)) / 10.0
    return 1.0


def playable(settings: ReverbSettings, *, sample_rate_hz: int = 48_000) -> tuple[ReverbSettings, tuple[str, ...]]:
    """Return the nearest settings that ReaVerbate can hold, and what was changed."""
    del sample_rate_hz
    said: list[str] = []
    return replace(
        settings,
        wet_db=within(settings.wet_db, SILENCE_DB, _HIGHEST_GAIN_DB, f"{NAME}: wet gain", "dB", said),
        dry_db=within(settings.dry_db, SILENCE_DB, _HIGHEST_GAIN_DB, f"{NAME}: dry gain", "dB", said),
        decay_s=within(settings.decay_s, DECAY_S[0], DECAY_S[-1], f"{NAME}: decay", "s", said),
    ), tuple(said)


def split(settings: ReverbSettings) -> tuple[ReverbSettings, ...]:
    """Return the one instance that is needed."""
    return (settings,)


def to_block(settings: ReverbSettings, tag: str, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Return the block of an instance called ``tag``; ``like`` keeps what our settings do not name."""
    return reaverbate.encode(_own(settings), like).with_name(tag)


def from_block(block: ReaplugBlock) -> tuple[ReverbSettings, bool]:
    """Return what an instance does, and whether some of it is beyond our settings: nothing is."""
    return settings_of(reaverbate.decode(block)), False


def settings_of(own: reaverbate.ReverbSettings) -> ReverbSettings:
    """Return what ReaVerbate's own settings come to in ours."""
    values = {
        "wet_db": own.wet_db,
        "dry_db": own.dry_db,
        "decay_s": decay_of(min(max(own.room_size, 0.0), 1.0)),
        "dampening": own.dampening,
        "width": own.width,
        "initial_delay_ms": own.initial_delay_ms,
        "lowpass_hz": own.lowpass_hz,
        "highpass_hz": own.highpass_hz,
    }
    return ReverbSettings(**{p.name: p.clamp(values[p.name]) for p in PARAMETERS})


def knobs(settings: ReverbSettings, *, sample_rate_hz: int = 48_000) -> tuple[Knob, ...]:
    """Return where the knobs shall stand. Its own Wet is the first of two knobs of that name."""
    del sample_rate_hz
    own = _own(settings)
    normalised = reaverbate.to_normalised(own)
    found = []
    for parameter in reaverbate.PARAMETERS:
        name, unit = _KNOB_NAMES[parameter.setting]
        value = getattr(own, parameter.setting)
        text = "-inf" if unit == "dB" and value <= SILENCE_DB else f"{_SHOWN.get(parameter.setting, 1.0) * value:.6g}"
        found.append(Knob(name, normalised[parameter.index], text, unit, parameter.index))
    return tuple(found)


def _own(settings: ReverbSettings) -> reaverbate.ReverbSettings:
    return reaverbate.ReverbSettings(
        wet_db=settings.wet_db,
        dry_db=settings.dry_db,
        room_size=room_size_for(settings.decay_s),
        dampening=settings.dampening,
        width=settings.width,
        initial_delay_ms=settings.initial_delay_ms,
        lowpass_hz=settings.lowpass_hz,
        highpass_hz=0.0 if settings.highpass_hz <= HIGHPASS.low else settings.highpass_hz,
    )
