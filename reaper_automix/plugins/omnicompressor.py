"""OmniCompressor of the IEM suite: our compressor's settings as its knobs and back.

Measured on version 1.4.4 (Debian 1.14.0) at 48 kHz (``tests/plugins/judges``): it is ``effects.compressor`` with an RMS
size of 0. It detects the peaks of channel 1; its static curve is that of Giannoulis, Massberg and Reiss, with a knee
centred on the threshold; attack and release are the times to 63 % of a change of the gain in dB (9.98 ms for 10 ms and
99.96 ms for 100 ms, on steps of 10 dB); and what it plays differs from ours by less than 1e-6. Its ratio of 16 is
infinite. Where our settings have an RMS size, its detector hears 3 dB more of a steady sine, and more than that of
drums: it compresses more, by how much depends on the material, and the threshold is not moved for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reaper_automix.effect_settings.compressor import (
    ATTACK,
    DETECTOR_HIGHPASS,
    DETECTOR_LOWPASS,
    KNEE,
    MAKEUP,
    RATIO,
    RELEASE,
    THRESHOLD,
    CompressorSettings,
)
from reaper_automix.plugins.juce import Choice, Slider
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.limits import within
from reaper_automix.units import SILENCE_DB

NAME = "OmniCompressor"
EFFECT = "compressor"
SUITE = "iem"
LISTED = "VST: OmniCompressor (IEM) (64ch)"
MONO_DETECTOR = True
"""Its detector listens to channel 1 only, and all channels get that gain: sound in the right one alone passes."""

_THRESHOLD = Slider("Threshold", "dB", -50.0, 10.0, 0.1, 1)
_KNEE = Slider("Knee", "dB", 0.0, 30.0, 0.1, 1)
_ATTACK = Slider("Attack Time", "ms", 0.0, 100.0, 0.1, 1)
_RELEASE = Slider("Release Time", "ms", 0.0, 500.0, 0.1, 1)
_RATIO = Slider("Ratio", ": 1", 1.0, 16.0, 0.2, 1)
_MAKEUP = Slider("MakeUp Gain", "dB", -10.0, 20.0, 0.1, 1)
_LOOK_AHEAD = Choice("LookAhead", ("OFF", "ON (5ms)"))
_CHANNELS = Slider("Ambisonics Order", "", 0.0, 8.0, 1.0, 0)
_HIGHEST_RATIO = 15.8
"""The next step is infinite."""
_WORTH_SAYING = 0.03
"""A ratio moved by less, to the next step of the knob, is not mentioned."""


def fits(n_channels: int) -> bool:
    """Tell whether the detector hears all of a signal with so many channels: of a mono one only."""
    return n_channels == 1


def why_not(n_channels: int) -> str:
    """Return why it is not used on a signal with so many channels; empty where it is."""
    return "" if fits(n_channels) else f"{NAME} listens to channel 1 only"


def playable(
    settings: CompressorSettings, *, sample_rate_hz: int = 48_000
) -> tuple[CompressorSettings, tuple[str, ...]]:
    """Return the nearest settings that OmniCompressor can hold at any sample rate, and what was changed.

    Of two ratios the nearer one has the nearer slope, 1 - 1 / ratio. What it has no knob for is off: the RMS size, the
    dry signal, the filters of the detector.
    """
    del sample_rate_hz
    said: list[str] = []

    def nearest(slider: Slider, value: float, what: str) -> float:
        return slider.nearest(within(value, slider.low, slider.high, f"{NAME}: {what}", slider.unit, said))

    held = CompressorSettings(
        threshold_db=nearest(_THRESHOLD, settings.threshold_db, "threshold"),
        ratio=_nearest_ratio(settings.ratio),
        knee_db=nearest(_KNEE, settings.knee_db, "knee"),
        attack_ms=ATTACK.clamp(nearest(_ATTACK, settings.attack_ms, "attack")),
        release_ms=RELEASE.clamp(nearest(_RELEASE, settings.release_ms, "release")),
        makeup_db=nearest(_MAKEUP, settings.makeup_db, "make-up"),
        rms_size_ms=0.0,
    )
    if abs(held.ratio / settings.ratio - 1.0) > _WORTH_SAYING:
        is_infinite = held.ratio >= RATIO.high
        took = "it is infinite" if is_infinite else f"the nearest step is {held.ratio:g}:1"
        said.append(f"{NAME}: ratio was to be {settings.ratio:g}:1; {took}.")
    return held, (*said, *_without_knob(settings))


def split(settings: CompressorSettings) -> tuple[CompressorSettings, ...]:
    """Return the one instance that is needed."""
    return (settings,)


def knobs(settings: CompressorSettings, *, sample_rate_hz: int = 48_000) -> tuple[Knob, ...]:
    """Return where the knobs shall stand for settings that are ``playable``, the same at any sample rate."""
    del sample_rate_hz
    is_infinite = settings.ratio > _HIGHEST_RATIO
    ratio = replace(_RATIO.knob(_RATIO.high), text="inf") if is_infinite else _RATIO.knob(settings.ratio)
    return (
        replace(_CHANNELS.knob(0.0), text="Auto"),
        _THRESHOLD.knob(settings.threshold_db),
        _KNEE.knob(settings.knee_db),
        _ATTACK.knob(settings.attack_ms),
        _RELEASE.knob(settings.release_ms),
        ratio,
        _MAKEUP.knob(settings.makeup_db),
        _LOOK_AHEAD.knob("OFF"),
    )


def settings_from(
    values: Mapping[str, float], *, sample_rate_hz: int = 48_000, is_dry: bool = False
) -> CompressorSettings:
    """Return settings from the positions (0 to 1) of the knobs by their names.

    A look-ahead and the order have no counterpart here; a knee or make-up beyond our ranges comes to the end of them.

    Raises
    ------
    PlanError
        If a knob is missing.
    """
    del sample_rate_hz, is_dry
    ratio = _RATIO.value(values)
    return CompressorSettings(
        threshold_db=THRESHOLD.clamp(_THRESHOLD.value(values)),
        ratio=RATIO.high if ratio > _HIGHEST_RATIO else ratio,
        knee_db=KNEE.clamp(_KNEE.value(values)),
        attack_ms=ATTACK.clamp(_ATTACK.value(values)),
        release_ms=RELEASE.clamp(_RELEASE.value(values)),
        makeup_db=MAKEUP.clamp(_MAKEUP.value(values)),
        rms_size_ms=0.0,
    )


def _nearest_ratio(ratio: float) -> float:
    if ratio >= 2.0 * _HIGHEST_RATIO:
        return RATIO.high
    step = _RATIO.nearest(min(ratio, _HIGHEST_RATIO))
    steps = [_RATIO.nearest(near) for near in (step - _RATIO.step, step, step + _RATIO.step)]
    return min((s for s in steps if s <= _HIGHEST_RATIO), key=lambda s: abs(1.0 / s - 1.0 / ratio))


def _without_knob(settings: CompressorSettings) -> list[str]:
    said = []
    if settings.rms_size_ms > 0.0:
        said.append(
            f"{NAME}: there is no knob for an RMS size ({settings.rms_size_ms:g} ms was asked for): "
            "its detector hears peaks, and compresses more."
        )
    if settings.dry_db > SILENCE_DB:
        said.append(f"{NAME}: there is no knob for a dry signal ({settings.dry_db:g} dB was asked for).")
    for parameter, off in ((DETECTOR_HIGHPASS, DETECTOR_HIGHPASS.low), (DETECTOR_LOWPASS, DETECTOR_LOWPASS.high)):
        value = getattr(settings, parameter.name)
        if value != off:
            said.append(f"{NAME}: its detector has no filters (one at {value:g} Hz was asked for).")
    return said
