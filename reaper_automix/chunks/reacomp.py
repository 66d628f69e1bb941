"""ReaComp's settings in dB, ms and Hz, from its block in a project file and back. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass

from reaper_automix.chunks.reaplug_blocks import REACOMP
from reaper_automix.chunks.reaplug_parameters import (
    GAIN_TOP_LIN,
    GainInDb,
    Linear,
    Parameter,
    ParameterListPlugin,
    Ratio,
    Toggle,
)
from reaper_automix.units import SILENCE_DB

PARAMETERS = (
    Parameter(0, "threshold_db", GainInDb(), GAIN_TOP_LIN),
    Parameter(1, "ratio", Ratio()),
    Parameter(2, "attack_ms", Linear(500.0)),
    Parameter(3, "release_ms", Linear(5000.0)),
    Parameter(4, "precomp_ms", Linear(250.0)),
    Parameter(6, "lowpass_hz", Linear(20_000.0)),
    Parameter(7, "highpass_hz", Linear(20_000.0)),
    Parameter(10, "dry_db", GainInDb(), GAIN_TOP_LIN),
    Parameter(11, "wet_db", GainInDb(), GAIN_TOP_LIN),
    Parameter(13, "rms_size_ms", Linear(100.0)),
    Parameter(14, "knee_db", Linear(24.0)),
    Parameter(15, "auto_makeup", Toggle()),
    Parameter(16, "auto_release", Toggle()),
)
"""The parameters that are understood. At run time find them by name; the numbers from 8 up are less certain."""

_N_PARAMETERS = 21
_RAW_DEFAULTS = {10: 10**-7.5, 17: 0.25}
"""Of parameters that are not understood, and of the dry gain: REAPER spells no dry signal as -150 dB."""


@dataclass(frozen=True, slots=True)
class CompSettings:
    """What a ReaComp is set to; the defaults are those of a new instance.

    Parameters
    ----------
    threshold_db : float
        Level from which it compresses, dBFS.
    ratio : float
        x of x:1, from 1; 100 and above are infinite.
    attack_ms, release_ms : float
        Times of the gain's fall and return.
    precomp_ms : float
        How far the detector looks ahead.
    rms_size_ms : float
        Length over which the detector averages; 0 for peaks.
    knee_db : float
        Width of the knee.
    wet_db, dry_db : float
        Gain of the compressed signal (this is the make-up gain) and of the untouched one; ``SILENCE_DB``: none.
    lowpass_hz, highpass_hz : float
        Filters of the detector alone.
    auto_makeup, auto_release : bool
        Whether the plug-in finds the make-up gain and the release itself.
    """

    threshold_db: float = 0.0
    ratio: float = 4.0
    attack_ms: float = 3.0
    release_ms: float = 100.0
    precomp_ms: float = 0.0
    rms_size_ms: float = 5.0
    knee_db: float = 0.0
    wet_db: float = 0.0
    dry_db: float = SILENCE_DB
    lowpass_hz: float = 20_000.0
    highpass_hz: float = 0.0
    auto_makeup: bool = False
    auto_release: bool = False


_PLUGIN = ParameterListPlugin(
    REACOMP, PARAMETERS, CompSettings(), raw_defaults=_RAW_DEFAULTS, n_parameters=_N_PARAMETERS
)

decode, encode = _PLUGIN.decode, _PLUGIN.encode
to_normalised, from_normalised = _PLUGIN.to_normalised, _PLUGIN.from_normalised
