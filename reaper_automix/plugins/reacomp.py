"""ReaComp: our compressor's settings as its knobs, in a project file and while REAPER runs."""

from __future__ import annotations

from dataclasses import replace

from reaper_automix.chunks import reacomp
from reaper_automix.chunks.reacomp import CompSettings
from reaper_automix.chunks.reaplug_blocks import ReaplugBlock
from reaper_automix.effect_settings.compressor import (
    DETECTOR_HIGHPASS,
    DETECTOR_LOWPASS,
    PARAMETERS,
    CompressorSettings,
)
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.limits import within
from reaper_automix.units import SILENCE_DB

NAME = "ReaComp"
EFFECT = "compressor"
SUITE = "stock"
LISTED = "VST: ReaComp (Cockos)"

_HIGHEST_GAIN_DB = 6.0
"""Of its wet and dry knobs; files hold more where a user typed it."""
_INFINITE_RATIO = 100.0
_KNOB_NAMES = {
    "threshold_db": ("Thresh", "dB"),
    "ratio": ("Ratio", ":1"),
    "attack_ms": ("Attack", "ms"),
    "release_ms": ("Release", "ms"),
    "precomp_ms": ("Pre-comp", "ms"),
    "lowpass_hz": ("Lowpass", "Hz"),
    "highpass_hz": ("Hipass", "Hz"),
    "dry_db": ("Dry", "dB"),
    "wet_db": ("Wet", "dB"),
    "rms_size_ms": ("RMS size", "ms"),
    "knee_db": ("Knee", "dB"),
    "auto_makeup": ("Auto makeup", ""),
    "auto_release": ("Auto release", ""),
}


def playable(
    settings: CompressorSettings, *, sample_rate_hz: int = 48_000
) -> tuple[CompressorSettings, tuple[str, ...]]:
    """Return the nearest settings that ReaComp can hold, and what was changed: its gains end at +6 dB."""
    del sample_rate_hz
    said: list[str] = []
    makeup_db = within(settings.makeup_db, SILENCE_DB, _HIGHEST_GAIN_DB, f"{NAME}: make-up", "dB", said)
    dry_db = within(settings.dry_db, SILENCE_DB, _HIGHEST_GAIN_DB, f"{NAME}: dry gain", "dB", said)
    return replace(settings, makeup_db=makeup_db, dry_db=dry_db), tuple(said)


def split(settings: CompressorSettings) -> tuple[CompressorSettings, ...]:
    """Return the one instance that is needed."""
    return (settings,)


def to_block(settings: CompressorSettings, tag: str, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Return the block of an instance called ``tag``; ``like`` keeps what our settings do not name."""
    return reacomp.encode(_own(settings, CompSettings() if like is None else reacomp.decode(like)), like).with_name(tag)


def from_block(block: ReaplugBlock) -> tuple[CompressorSettings, bool]:
    """Return what an instance does, and whether some of it is beyond our settings."""
    return settings_of(reacomp.decode(block))


def settings_of(own: CompSettings) -> tuple[CompressorSettings, bool]:
    """Return what ReaComp's own settings come to in ours, and whether some of it is beyond them."""
    values = {
        "threshold_db": own.threshold_db,
        "ratio": own.ratio,
        "knee_db": own.knee_db,
        "attack_ms": own.attack_ms,
        "release_ms": own.release_ms,
        "rms_size_ms": own.rms_size_ms,
        "makeup_db": own.wet_db,
        "dry_db": own.dry_db,
        "detector_lowpass_hz": own.lowpass_hz,
        "detector_highpass_hz": own.highpass_hz,
    }
    settings = CompressorSettings(**{p.name: p.clamp(values[p.name]) for p in PARAMETERS})
    beyond = own.precomp_ms != 0.0 or own.auto_makeup or own.auto_release
    return settings, beyond or own.threshold_db < settings.threshold_db - 0.01


def knobs(settings: CompressorSettings, *, sample_rate_hz: int = 48_000) -> tuple[Knob, ...]:
    """Return where the knobs shall stand. ReaComp's own Wet is the first of two knobs of that name."""
    del sample_rate_hz
    own = _own(settings, CompSettings())
    normalised = reacomp.to_normalised(own)
    found = []
    for parameter in reacomp.PARAMETERS:
        name, unit = _KNOB_NAMES[parameter.setting]
        text = _text(parameter.setting, getattr(own, parameter.setting))
        found.append(Knob(name, normalised[parameter.index], text, unit, parameter.index))
    return tuple(found)


def _text(name: str, value: float) -> str:
    if name.endswith("_db") and value <= SILENCE_DB:
        return "-inf"
    if name == "ratio" and value >= _INFINITE_RATIO:
        return "inf"
    return f"{float(value):.6g}"


def _own(settings: CompressorSettings, like: CompSettings) -> CompSettings:
    highpass_hz = settings.detector_highpass_hz
    lowpass_hz = settings.detector_lowpass_hz
    return replace(
        like,
        threshold_db=settings.threshold_db,
        ratio=settings.ratio,
        attack_ms=settings.attack_ms,
        release_ms=settings.release_ms,
        precomp_ms=0.0,
        rms_size_ms=settings.rms_size_ms,
        knee_db=settings.knee_db,
        wet_db=settings.makeup_db,
        dry_db=settings.dry_db,
        lowpass_hz=DETECTOR_LOWPASS.high if lowpass_hz >= DETECTOR_LOWPASS.high else lowpass_hz,
        highpass_hz=0.0 if highpass_hz <= DETECTOR_HIGHPASS.low else highpass_hz,
        auto_makeup=False,
        auto_release=False,
    )
