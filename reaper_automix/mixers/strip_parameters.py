"""A channel strip as a vector: every knob from 0 to 1, and what it stands for in dB, Hz and ms.

A network answers with such vectors, and an engineer reads their settings. One strip per track: gain, polarity,
equaliser, compressor, send to the one shared reverb, fader, pan, in the order in which the signal meets them. The
reverb itself, which all tracks share, has a vector of its own.

The full channel of [1]_ has 26 parameters; its Figure 3, which names them, is not in the text. The channel of its
public package pymixconsole (with its algorithmic reverb, as an insert) has 28, of which 26 are continuous. Beside ours:

==================  =============================================  ==============================================
stage               pymixconsole, in its order                     here
==================  =============================================  ==============================================
input gain          gain                                           gain_db
polarity            invert (a switch)                              polarity (a switch, on from 0.5)
equaliser           low shelf: gain, frequency                     the same
                    first, second, third band: gain, frequency, q  the same
                    high shelf: gain, frequency                    the same
compressor          threshold, attack, release, ratio, make-up     the same, and the knee
reverb, per track   bypass (a switch), room size, damping,         send_db: how much goes to the shared reverb
                    dry mix, wet mix, width
reverb, shared      none                                           decay_s, dampening, highpass_hz, lowpass_hz
fader               gain                                           fader_db
pan                 pan                                            pan
in all              28                                             24 per track, 4 for the song
==================  =============================================  ==============================================

Good manners are in the ranges, so that no vector can break them: boosts end at 6 dB where cuts reach 12, no band is
narrower than q = 4, the ratio ends at 6 and the threshold at -40 dB, and a send at -12 dB. Over-reverberated vocals
were the failure of [1]_: by measurement on pink noise (filters at 100 Hz and 10 kHz, dampening 0.5) this reverb is
4.5 dB louder than what it is sent at a decay of 1 s and 7.1 dB at 2 s, so that the most is 7.5 and 4.9 dB below the dry
track.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, BandType, EqualiserSettings
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.errors import PlanError
from reaper_automix.units import SILENCE_DB

Floats = NDArray[np.float64]
Task = Literal["basic", "full"]

SHELF_Q = math.sqrt(0.5)
"""Of both shelves, as in pymixconsole."""
POLARITY_ON = 0.5
"""An entry from here on turns the track upside down."""
_ROUNDING = 1e-6
"""A float32 at the end of its range may lie so far outside."""

BAND_PLACES: tuple[tuple[str, BandType, float, float, float], ...] = (
    ("low_shelf", "low_shelf", 40.0, 400.0, 100.0),
    ("first_band", "band", 100.0, 1_000.0, 300.0),
    ("second_band", "band", 400.0, 4_000.0, 1_200.0),
    ("third_band", "band", 1_500.0, 10_000.0, 4_000.0),
    ("high_shelf", "high_shelf", 3_000.0, 16_000.0, 8_000.0),
)
BAND_NAMES = tuple(place[0] for place in BAND_PLACES)
BAND_TYPES = tuple(place[1] for place in BAND_PLACES)


def _band_parameters(name: str, kind: BandType, low_hz: float, high_hz: float, usual_hz: float) -> list[Parameter]:
    own = [
        Parameter(f"{name}_gain_db", "dB", -12.0, 6.0, 0.0),
        Parameter(f"{name}_frequency_hz", "Hz", low_hz, high_hz, usual_hz, "log"),
    ]
    return [*own, Parameter(f"{name}_q", "", 0.3, 4.0, 0.8, "log")] if kind == "band" else own


EQUALISER = tuple(parameter for place in BAND_PLACES for parameter in _band_parameters(*place))
COMPRESSOR = (
    Parameter("threshold_db", "dB", -40.0, 0.0, -20.0),
    Parameter("attack_ms", "ms", 0.5, 100.0, 10.0, "log"),
    Parameter("release_ms", "ms", 20.0, 1_000.0, 120.0, "log"),
    Parameter("ratio", ":1", 1.0, 6.0, 1.0, "log"),
    Parameter("makeup_db", "dB", -6.0, 12.0, 0.0),
    Parameter("knee_db", "dB", 0.0, 12.0, 6.0),
)
GAIN = Parameter("gain_db", "dB", -12.0, 12.0, 0.0)
POLARITY = Parameter("polarity", "", 0.0, 1.0, 0.0)
SEND = Parameter("send_db", "dB", -48.0, -12.0, -48.0)
"""Its entry at exactly 0 is no send at all: -150 dB."""
FADER = Parameter("fader_db", "dB", -40.0, 12.0, 0.0)
PAN = Parameter("pan", "", -1.0, 1.0, 0.0)

STRIP = (GAIN, POLARITY, *EQUALISER, *COMPRESSOR, SEND, FADER, PAN)
"""The entries of a strip's vector, in order; their defaults change nothing."""
REVERB = (
    Parameter("decay_s", "s", 0.3, 3.0, 1.0, "log"),
    Parameter("dampening", "", 0.0, 1.0, 0.5),
    Parameter("highpass_hz", "Hz", 30.0, 600.0, 150.0, "log"),
    Parameter("lowpass_hz", "Hz", 2_000.0, 16_000.0, 8_000.0, "log"),
)
"""The entries of the shared reverb's vector, in order."""
N_STRIP = len(STRIP)
N_REVERB = len(REVERB)
NAMES = tuple(p.name for p in STRIP)
REVERB_NAMES = tuple(p.name for p in REVERB)

TASKS: Mapping[Task, tuple[str, ...]] = {"basic": (FADER.name, PAN.name), "full": NAMES}
"""The entries that each of the mixing tasks of [1] section 2.1 sets; all others stay where they change nothing."""


@dataclass(frozen=True, slots=True)
class StripSettings:
    """A channel strip in real units.

    Parameters
    ----------
    gain_db : float
        Before everything else.
    inverted : bool
        Polarity.
    equaliser : EqualiserSettings
        The bands of ``BAND_TYPES``.
    compressor : CompressorSettings
        After the equaliser.
    send_db : float
        To the shared reverb, after fader and pan; -150 is none.
    fader_db : float
    pan : float
        -1 (left) to 1 (right), a balance.
    """

    gain_db: float
    inverted: bool
    equaliser: EqualiserSettings
    compressor: CompressorSettings
    send_db: float
    fader_db: float
    pan: float


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """How entries become values: ``low + v (high - low)``, or the same between logarithms. Arrays (n_entries,).

    ``starts`` and ``spans`` are logarithms where ``is_log``.
    """

    starts: Floats
    spans: Floats
    is_log: NDArray[np.bool_]


def ranges_of(parameters: Sequence[Parameter]) -> Ranges:
    """Return the ranges of some entries."""
    ends = [(math.log(p.low), math.log(p.high)) if p.scale == "log" else (p.low, p.high) for p in parameters]
    low, high = np.array(ends).T
    return Ranges(low, high - low, np.array([p.scale == "log" for p in parameters]))


def values_of(vectors: ArrayLike, parameters: Sequence[Parameter] = STRIP) -> Floats:
    """Return what vectors stand for, in the units of their parameters, float64 of the same shape.

    Parameters
    ----------
    vectors : array_like of float, shape (..., n_parameters)
        0 to 1.
    parameters : sequence of Parameter
        ``STRIP`` or ``REVERB``.

    Raises
    ------
    ValueError
        If the shape does not fit, or an entry is no number from 0 to 1.
    """
    entries = np.asarray(vectors, np.float64)
    if not entries.ndim or entries.shape[-1] != len(parameters):
        raise ValueError(f"a vector of shape {entries.shape}: expected {len(parameters)} entries, the last axis")
    if not ((entries >= -_ROUNDING) & (entries <= 1.0 + _ROUNDING)).all():
        raise ValueError("a vector has entries outside of 0 to 1: let the network end in a sigmoid")
    ranges = ranges_of(parameters)
    values = ranges.starts + np.clip(entries, 0.0, 1.0) * ranges.spans
    values[..., ranges.is_log] = np.exp(values[..., ranges.is_log])
    values = np.clip(values, [p.low for p in parameters], [p.high for p in parameters])
    if SEND in parameters:
        i = list(parameters).index(SEND)
        values[..., i] = np.where(entries[..., i] > 0.0, values[..., i], SILENCE_DB)
    return values


def vector_of(values: Mapping[str, float], parameters: Sequence[Parameter] = STRIP) -> Floats:
    """Return the vector, float64 (n_parameters,), that stands for these values: the inverse of ``values_of``.

    Raises
    ------
    PlanError
        If a value is outside of its range.
    """
    return np.array([_entry(p, values[p.name]) for p in parameters])


def _entry(parameter: Parameter, value: float) -> float:
    if parameter is SEND and value <= SILENCE_DB:
        return 0.0
    parameter.check(value)
    if parameter.scale == "log":
        return math.log(value / parameter.low) / math.log(parameter.high / parameter.low)
    return (value - parameter.low) / (parameter.high - parameter.low)


def settings_from(vector: ArrayLike) -> StripSettings:
    """Return what one vector, (24,), stands for; ``ValueError`` as ``values_of``."""
    values = dict(zip(NAMES, values_of(np.asarray(vector, np.float64).reshape(-1)).tolist(), strict=True))
    return StripSettings(
        gain_db=values["gain_db"],
        inverted=values["polarity"] >= POLARITY_ON,
        equaliser=EqualiserSettings(tuple(_band_from(values, name, kind) for name, kind, *_ in BAND_PLACES)),
        compressor=CompressorSettings(**{p.name: values[p.name] for p in COMPRESSOR}),
        send_db=values["send_db"],
        fader_db=values["fader_db"],
        pan=values["pan"],
    )


def _band_from(values: Mapping[str, float], name: str, kind: BandType) -> Band:
    return Band(kind, values[f"{name}_frequency_hz"], values[f"{name}_gain_db"], values.get(f"{name}_q", SHELF_Q))


def vector_from(settings: StripSettings) -> Floats:
    """Return the vector, float64 (24,), that stands for these settings.

    Raises
    ------
    PlanError
        If a value is outside of the range of a strip, or there is a knob that no vector has: other bands, a shelf of
        another q, a compressor's parallel signal, detector filters or RMS size.
    """
    _check_fixed(settings)
    values = {p.name: getattr(settings, p.name) for p in (GAIN, SEND, FADER, PAN)}
    values |= {p.name: getattr(settings.compressor, p.name) for p in COMPRESSOR}
    for name, band in zip(BAND_NAMES, settings.equaliser.bands, strict=True):
        values |= {f"{name}_gain_db": band.gain_db, f"{name}_frequency_hz": band.frequency_hz, f"{name}_q": band.q}
    return vector_of(values | {POLARITY.name: float(settings.inverted)})


def _check_fixed(settings: StripSettings) -> None:
    bands = settings.equaliser.bands
    if tuple(band.type for band in bands) != BAND_TYPES:
        raise PlanError(f"a strip's equaliser with bands {[b.type for b in bands]}: give it {', '.join(BAND_TYPES)}")
    for band in bands:
        if band.type != "band" and not math.isclose(band.q, SHELF_Q):
            raise PlanError(f"a strip's {band.type} with q = {band.q:g}: give it {SHELF_Q:g}")
    usual = CompressorSettings()
    for name in ("rms_size_ms", "dry_db", "detector_lowpass_hz", "detector_highpass_hz"):
        if getattr(settings.compressor, name) != getattr(usual, name):
            raise PlanError(f"a strip's compressor with another {name}: leave it at {getattr(usual, name):g}")


def reverb_from(vector: ArrayLike) -> ReverbSettings:
    """Return what the vector, (4,), of the shared reverb stands for: all wet, on a bus; ``ValueError`` as above."""
    values = values_of(np.asarray(vector, np.float64).reshape(-1), REVERB)
    return ReverbSettings(wet_db=0.0, dry_db=SILENCE_DB, **dict(zip(REVERB_NAMES, values.tolist(), strict=True)))


def reverb_vector_from(settings: ReverbSettings) -> Floats:
    """Return the vector, float64 (4,), of a reverb on a bus.

    Raises
    ------
    PlanError
        If a value is outside of its range here, or a knob that no vector has is not where a bus has it.
    """
    values = {name: getattr(settings, name) for name in REVERB_NAMES}
    vector = vector_of(values, REVERB)
    if settings != ReverbSettings(wet_db=0.0, dry_db=SILENCE_DB, **values):
        raise PlanError("the shared reverb is all wet, at 0 dB and full width, without an initial delay: set it so")
    return vector


def neutral_vector() -> Floats:
    """Return the strip that changes nothing, float64 (24,): no send, a ratio of 1, all gains at 0 dB, the centre."""
    return vector_of({p.name: p.default for p in STRIP} | {SEND.name: SILENCE_DB})


def neutral_reverb_vector() -> Floats:
    """Return the vector of the usual reverb, float64 (4,): who hears it is up to the sends."""
    return vector_of({p.name: p.default for p in REVERB}, REVERB)


def in_task(task: Task) -> NDArray[np.bool_]:
    """Return which entries a task sets, bool (24,)."""
    return np.array([name in TASKS[task] for name in NAMES])


def held_to(vectors: ArrayLike, task: Task) -> Floats:
    """Return vectors (..., 24) with every entry that the task does not set where it changes nothing."""
    return np.where(in_task(task), np.asarray(vectors, np.float64), neutral_vector())
