"""ReaEQ: bands of our equaliser as its own, in a project file and while REAPER runs."""

from __future__ import annotations

from dataclasses import replace

from reaper_automix.chunks import reaeq
from reaper_automix.chunks.reaeq import BandKind, EqBand, EqSettings
from reaper_automix.chunks.reaplug_blocks import ReaplugBlock
from reaper_automix.effect_settings.equaliser import FREQUENCY, GAIN, Band, BandType, EqualiserSettings, Q
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.limits import within
from reaper_automix.units import bandwidth_oct_to_q, q_to_bandwidth_oct

NAME = "ReaEQ"
EFFECT = "equaliser"
SUITE = "stock"
LISTED = "VST: ReaEQ (Cockos)"
MOST_BANDS = 4
"""Of one instance: what a new one has in every version (newer ones have five)."""

_KINDS: dict[BandType, BandKind] = {
    "low_shelf": BandKind.LOW_SHELF,
    "high_shelf": BandKind.HIGH_SHELF,
    "band": BandKind.BAND,
    "low_pass": BandKind.LOW_PASS,
    "high_pass": BandKind.HIGH_PASS,
}
_TYPES: dict[BandKind, BandType] = {kind: word for word, kind in _KINDS.items()} | {
    BandKind.BAND_2: "band",
    BandKind.BAND_9: "band",
}
_HIGHEST_GAIN_DB = 12.0
_WIDEST_OCT = 4.0
_NARROWEST_OCT = 0.0145
_SPARE = EqBand(BandKind.BAND, 1_000.0, 0.0, 1.0, enabled=False)


def playable(settings: EqualiserSettings, *, sample_rate_hz: int = 48_000) -> tuple[EqualiserSettings, tuple[str, ...]]:
    """Return the nearest settings that ReaEQ can hold, and what was changed: +12 dB and 4 octaves are the most."""
    del sample_rate_hz
    said: list[str] = []
    bands = []
    for band in settings.bands:
        at = f"at {band.frequency_hz:g} Hz"
        gain_db = within(band.gain_db, GAIN.low, _HIGHEST_GAIN_DB, f"{NAME}: gain {at}", "dB", said)
        q = within(band.q, bandwidth_oct_to_q(_WIDEST_OCT), Q.high, f"{NAME}: q {at}", "", said)
        bands.append(replace(band, gain_db=gain_db, q=min(q, bandwidth_oct_to_q(_NARROWEST_OCT))))
    return EqualiserSettings(tuple(bands)), tuple(said)


def split(settings: EqualiserSettings) -> tuple[EqualiserSettings, ...]:
    """Return the instances that the bands need, in their order."""
    bands = settings.bands
    parts = [bands[at : at + MOST_BANDS] for at in range(0, len(bands), MOST_BANDS)]
    return tuple(EqualiserSettings(part) for part in parts) or (EqualiserSettings(),)


def to_block(settings: EqualiserSettings, tag: str, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Return the block of an instance called ``tag``; ``like`` keeps its other bands, switched off, and its window."""
    bands = list(own_bands(settings))
    if like is None:
        return reaeq.encode(EqSettings(tuple(bands))).with_name(tag)
    before = reaeq.decode(like)
    spare = [replace(band, enabled=False) for band in before.bands[len(bands) :]]
    return reaeq.encode(EqSettings((*bands, *spare), 0.0), like).with_name(tag)


def from_block(block: ReaplugBlock) -> tuple[EqualiserSettings, bool]:
    """Return what an instance plays, and whether some of it is beyond our settings."""
    return settings_of(reaeq.decode(block))


def settings_of(own: EqSettings) -> tuple[EqualiserSettings, bool]:
    """Return what ReaEQ's own settings come to in ours, and whether some of it is beyond them."""
    heard = [band for band in own.bands if band.enabled]
    known = [band for band in heard if band.kind in _TYPES]
    bands = tuple(_band(band) for band in known)
    clamped = any(
        band.gain_db != own_band.gain_db or band.frequency_hz != own_band.frequency_hz
        for band, own_band in zip(bands, known, strict=True)
    )
    return EqualiserSettings(bands), clamped or len(known) < len(heard) or own.gain_db != 0.0


def own_bands(settings: EqualiserSettings) -> tuple[EqBand, ...]:
    """Return the bands as ReaEQ holds them: widths in octaves."""
    return tuple(
        EqBand(_KINDS[band.type], band.frequency_hz, band.gain_db, q_to_bandwidth_oct(band.q))
        for band in settings.bands
    )


def configuration(settings: EqualiserSettings, n_bands: int) -> tuple[tuple[str, str], ...]:
    """Return the named settings (key, value) of an instance with ``n_bands`` bands: types, and which are on."""
    said: list[tuple[str, str]] = []
    for index, band in enumerate(settings.bands):
        said += [(f"BANDTYPE{index}", str(int(_KINDS[band.type]))), (f"BANDENABLED{index}", "1")]
    return (*said, *((f"BANDENABLED{index}", "0") for index in range(len(settings.bands), n_bands)))


def knobs(settings: EqualiserSettings, *, sample_rate_hz: int = 48_000) -> tuple[Knob, ...]:
    """Return where the knobs shall stand; parameters 3 i, 3 i + 1, 3 i + 2 are band i's frequency, gain and width."""
    del sample_rate_hz
    found: list[Knob] = []
    for index, band in enumerate(own_bands(settings)):
        frequency = reaeq.frequency_to_normalised(band.frequency_hz)
        gain = reaeq.gain_to_normalised(band.gain_db)
        width = reaeq.bandwidth_to_normalised(band.bandwidth_oct)
        found += [
            Knob("Freq", frequency, f"{band.frequency_hz:.6g}", "Hz", 3 * index),
            Knob("Gain", gain, f"{band.gain_db:.6g}", "dB", 3 * index + 1),
            Knob("Q", width, f"{band.bandwidth_oct:.6g}", "oct", 3 * index + 2),
        ]
    return tuple(found)


def _band(own: EqBand) -> Band:
    q = min(max(bandwidth_oct_to_q(own.bandwidth_oct), Q.low), Q.high)
    gain_db = GAIN.clamp(own.gain_db)
    return Band(_TYPES[own.kind], FREQUENCY.clamp(own.frequency_hz), gain_db, q)
