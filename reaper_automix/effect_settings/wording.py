"""Settings of effects as an engineer reads them, in one line. Stdlib only."""

from __future__ import annotations

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.units import SILENCE_DB

_TYPES = {
    "band": "",
    "low_shelf": "low shelf ",
    "high_shelf": "high shelf ",
    "low_pass": "low pass ",
    "high_pass": "high pass ",
}


def settings_words(settings: EffectSettings) -> str:
    """Return settings in words: ``-3.0 dB at 250 Hz (Q 1.4)``, ``4:1 over -18.0 dB ...``, ``1.20 s ...``."""
    match settings:
        case EqualiserSettings():
            return ", ".join(map(_band_words, settings.bands)) or "no band"
        case CompressorSettings():
            return _compressor_words(settings)
        case ReverbSettings():
            return _reverb_words(settings)


def _band_words(band: Band) -> str:
    if band.type in ("low_pass", "high_pass"):
        return f"{_TYPES[band.type]}{hz(band.frequency_hz)}"
    return f"{_TYPES[band.type]}{band.gain_db:+.1f} dB at {hz(band.frequency_hz)} (Q {band.q:.2g})"


def _compressor_words(settings: CompressorSettings) -> str:
    ratio = "limiting" if settings.ratio >= 100.0 else f"{settings.ratio:.3g}:1"
    words = f"{ratio} over {settings.threshold_db:+.1f} dB, attack {settings.attack_ms:.3g} ms"
    words += f", release {settings.release_ms:.3g} ms"
    if settings.knee_db > 0.0:
        words += f", knee {settings.knee_db:.3g} dB"
    return words + (f", make-up {settings.makeup_db:+.1f} dB" if abs(settings.makeup_db) >= 0.05 else "")


def _reverb_words(settings: ReverbSettings) -> str:
    wet = "no reverb" if settings.wet_db <= SILENCE_DB else f"wet {settings.wet_db:+.1f} dB"
    dry = "no dry signal" if settings.dry_db <= SILENCE_DB else f"dry {settings.dry_db:+.1f} dB"
    return f"decay {settings.decay_s:.2f} s, {wet}, {dry}"


def hz(frequency_hz: float) -> str:
    """Return a frequency as an equaliser shows it: ``250 Hz``, ``3.2 kHz``."""
    return f"{frequency_hz / 1000.0:.3g} kHz" if frequency_hz >= 1000.0 else f"{frequency_hz:.3g} Hz"
