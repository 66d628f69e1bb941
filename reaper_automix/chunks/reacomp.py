"""ReaComp's settings in dB, ms and Hz, from its block in a project file and back. Stdlib only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reaper_automix.chunks import reaplug_parameters
from reaper_automix.chunks.reaplug_blocks import REACOMP, ReaplugBlock, new_block
from reaper_automix.chunks.reaplug_parameters import GAIN_TOP_LIN, GainInDb, Linear, Parameter, Ratio, Toggle
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


def decode(block: ReaplugBlock) -> CompSettings:
    """Read the settings from a block.

    Raises
    ------
    PluginStateError
        If the state is damaged or too short.
    """
    return CompSettings(**reaplug_parameters.read_values(block, PARAMETERS))


def encode(settings: CompSettings, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Write settings into a block.

    Parameters
    ----------
    settings : CompSettings
        What it shall be set to.
    like : ReaplugBlock or None
        A block that keeps everything else it holds, and the bits of every setting that does not change; None for a new
        instance.

    Raises
    ------
    PluginStateError
        If ``like`` is damaged.
    ValueError
        If a setting is no number that the plug-in can hold.
    """
    return reaplug_parameters.write_values(like or _new(), PARAMETERS, settings)


def to_normalised(settings: CompSettings) -> dict[int, float]:
    """Return the run-time values, 0..1, by parameter number.

    Raises
    ------
    ValueError
        If a setting lies outside of its parameter's range, such as a gain above +6.02 dB.
    """
    return reaplug_parameters.to_normalised(PARAMETERS, settings)


def from_normalised(values: Mapping[int, float]) -> CompSettings:
    """Return the settings of run-time values, 0..1, by parameter number; those not given are the defaults."""
    return replace(CompSettings(), **reaplug_parameters.from_normalised(PARAMETERS, values))


def _new() -> ReaplugBlock:
    """Return a new instance at its defaults."""
    normalised = to_normalised(CompSettings())
    raws = {p.index: p.top * normalised[p.index] for p in PARAMETERS} | _RAW_DEFAULTS
    return new_block(REACOMP, reaplug_parameters.parameter_list_state([raws.get(i, 0.0) for i in range(_N_PARAMETERS)]))
