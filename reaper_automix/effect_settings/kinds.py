"""The kinds of effects, and their settings as a plan's JSON spells them. Stdlib only."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

from reaper_automix.effect_settings import compressor, equaliser, reverb
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.errors import PlanError
from reaper_automix.json_reader import JsonReader
from reaper_automix.units import SILENCE_DB, same_level

EffectSettings = EqualiserSettings | CompressorSettings | ReverbSettings

EFFECTS: dict[str, type[EffectSettings]] = {
    "equaliser": EqualiserSettings,
    "compressor": CompressorSettings,
    "reverb": ReverbSettings,
}
"""Each kind by the word that a plan uses for it."""


def effect_of(settings: EffectSettings) -> str:
    """Return the word for the kind of these settings."""
    return next(word for word, kind in EFFECTS.items() if isinstance(settings, kind))


def settings_to_data(settings: EffectSettings) -> dict[str, Any]:
    """Return settings as a plan has them: a unit in every key; an equaliser as its ``bands``."""
    if isinstance(settings, EqualiserSettings):
        return {"bands": [asdict(band) for band in settings.bands]}
    return asdict(settings)


def settings_from_data(effect: str, data: JsonReader) -> EffectSettings:
    """Read what ``settings_to_data`` wrote; what is left out has its default.

    Raises
    ------
    PlanError
        If the effect or a setting is not known, or a value is outside of its range.
    """
    if effect not in EFFECTS:
        raise data.fail(f"settings of an effect that is known here ({', '.join(EFFECTS)}), not of {effect!r}")
    if effect == "equaliser":
        data.only({"bands"})
        return EqualiserSettings(tuple(_band(item) for item in data.get("bands").items()))
    kind = CompressorSettings if effect == "compressor" else ReverbSettings
    parameters = compressor.PARAMETERS if effect == "compressor" else reverb.PARAMETERS
    data.only({p.name for p in parameters})
    values = {p.name: data.number_or(p.name, p.default) for p in parameters}
    try:
        return kind(**values)
    except PlanError as error:
        raise PlanError(f"{data.where}: {error}.") from None


def same_settings(a: EffectSettings, b: EffectSettings) -> bool:
    """Tell whether two settings are the same but for what is lost on the way through a plug-in's display.

    0.05 dB, 1 % of a frequency, time or ratio, 0.01 of a plain number.
    """
    if isinstance(a, EqualiserSettings) and isinstance(b, EqualiserSettings):
        return len(a.bands) == len(b.bands) and all(map(_same_band, a.bands, b.bands))
    if isinstance(a, CompressorSettings) and isinstance(b, CompressorSettings):
        return _same_values(compressor.PARAMETERS, asdict(a), asdict(b))
    if isinstance(a, ReverbSettings) and isinstance(b, ReverbSettings):
        return _same_values(reverb.PARAMETERS, asdict(a), asdict(b))
    return False


def _same_band(a: Band, b: Band) -> bool:
    parameters = equaliser.PARAMETERS if a.type not in ("low_pass", "high_pass") else (equaliser.FREQUENCY, equaliser.Q)
    return a.type == b.type and _same_values(parameters, asdict(a), asdict(b))


def _same_values(parameters: tuple[Parameter, ...], a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(_same_value(p, a[p.name], b[p.name]) for p in parameters)


def _same_value(parameter: Parameter, a: float, b: float) -> bool:
    if parameter.unit == "dB":
        return same_level(a, b, 0.05)
    if parameter.scale == "log":
        return abs(a - b) <= 0.01 * max(abs(a), abs(b))
    return abs(a - b) <= 0.01 * max(1.0, abs(a), abs(b))


def at_strength(before: EffectSettings | None, after: EffectSettings, share: float) -> EffectSettings | None:
    """Return settings at a share (0 to 1) of the way; a new effect starts from where it changes nothing.

    None where there is no effect at this strength. A reverb's share is that of its level alone.

    Raises
    ------
    PlanError
        If the share is not from 0 to 1.
    """
    if before is None and share == 0.0:
        return None
    match before or neutral(after), after:
        case EqualiserSettings() as start, EqualiserSettings():
            return _bands_between(start, after, share)
        case CompressorSettings() as start, CompressorSettings():
            return start.between(after, share)
        case ReverbSettings() as start, ReverbSettings():
            return start.between(after, share)
    raise ValueError(f"no settings lie between a {effect_of(before or after)} and a {effect_of(after)}")


def neutral(settings: EffectSettings) -> EffectSettings:
    """Return the settings nearest to these that change nothing; a reverb's are its own, as its send is what rises."""
    match settings:
        case EqualiserSettings():
            return EqualiserSettings(tuple(_flat(band) for band in settings.bands))
        case CompressorSettings():
            return replace(settings, ratio=1.0, makeup_db=0.0, dry_db=SILENCE_DB)
        case ReverbSettings():
            return settings


def _flat(band: Band) -> Band:
    match band.type:
        case "high_pass":
            return replace(band, frequency_hz=equaliser.FREQUENCY.low)
        case "low_pass":
            return replace(band, frequency_hz=equaliser.FREQUENCY.high)
    return replace(band, gain_db=0.0)


def _bands_between(before: EqualiserSettings, after: EqualiserSettings, share: float) -> EqualiserSettings:
    """Match bands in order; where their types differ, or one has more, the new ones start flat."""
    starts = [band.type for band in before.bands] == [band.type for band in after.bands]
    pairs = zip(before.bands if starts else tuple(_flat(b) for b in after.bands), after.bands, strict=True)
    return EqualiserSettings(tuple(a.between(b, share) for a, b in pairs))


def _band(data: JsonReader) -> Band:
    data.only({field.name for field in fields(Band)})
    kind = data.get("type").text()
    if kind not in equaliser.BAND_TYPES:
        raise data.get("type").fail("one of " + ", ".join(equaliser.BAND_TYPES))
    gain_db = data.number_or("gain_db", equaliser.GAIN.default)
    frequency_hz, q = data.get("frequency_hz").number(), data.number_or("q", equaliser.Q.default)
    try:
        return Band(kind, frequency_hz, gain_db, q)
    except PlanError as error:
        raise PlanError(f"{data.where}: {error}.") from None
