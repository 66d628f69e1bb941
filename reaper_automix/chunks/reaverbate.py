"""ReaVerbate's settings in dB, ms and Hz, from its block in a project file and back. Stdlib only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reaper_automix.chunks import reaplug_parameters
from reaper_automix.chunks.reaplug_blocks import REAVERBATE, ReaplugBlock, new_block
from reaper_automix.chunks.reaplug_parameters import GAIN_TOP_LIN, GainInDb, Linear, Parameter

PARAMETERS = (
    Parameter(0, "wet_db", GainInDb(), GAIN_TOP_LIN),
    Parameter(1, "dry_db", GainInDb(), GAIN_TOP_LIN),
    Parameter(2, "room_size", Linear(1.0)),
    Parameter(3, "dampening", Linear(1.0)),
    Parameter(4, "width", Linear(2.0, -1.0)),
    Parameter(5, "initial_delay_ms", Linear(500.0)),
    Parameter(6, "lowpass_hz", Linear(20_000.0)),
    Parameter(7, "highpass_hz", Linear(20_000.0)),
)
"""The parameters by number."""


@dataclass(frozen=True, slots=True)
class ReverbSettings:
    """What a ReaVerbate is set to.

    The defaults are near those of a new instance; whoever puts one on a bus sets ``dry_db`` to ``SILENCE_DB``.

    Parameters
    ----------
    wet_db, dry_db : float
        Gains of the reverb and of the untouched signal; ``SILENCE_DB``: none.
    room_size, dampening : float
        0..1, without unit.
    width : float
        -1 (sides swapped) over 0 (mono) to 1 (full).
    initial_delay_ms : float
        Time before the reverb begins, 0..500; the plug-in itself adds about 25 ms.
    lowpass_hz, highpass_hz : float
        Filters of the reverb.
    """

    wet_db: float = -6.0
    dry_db: float = 0.0
    room_size: float = 0.5
    dampening: float = 0.5
    width: float = 1.0
    initial_delay_ms: float = 0.0
    lowpass_hz: float = 20_000.0
    highpass_hz: float = 0.0


def decode(block: ReaplugBlock) -> ReverbSettings:
    """Read the settings from a block.

    Raises
    ------
    PluginStateError
        If the state is damaged or too short.
    """
    return ReverbSettings(**reaplug_parameters.read_values(block, PARAMETERS))


def encode(settings: ReverbSettings, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Write settings into a block.

    Parameters
    ----------
    settings : ReverbSettings
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


def to_normalised(settings: ReverbSettings) -> dict[int, float]:
    """Return the run-time values, 0..1, by parameter number.

    Raises
    ------
    ValueError
        If a setting lies outside of its parameter's range, such as a gain above +6.02 dB.
    """
    return reaplug_parameters.to_normalised(PARAMETERS, settings)


def from_normalised(values: Mapping[int, float]) -> ReverbSettings:
    """Return the settings of run-time values, 0..1, by parameter number; those not given are the defaults."""
    return replace(ReverbSettings(), **reaplug_parameters.from_normalised(PARAMETERS, values))


def _new() -> ReaplugBlock:
    """Return a new instance at the defaults."""
    normalised = to_normalised(ReverbSettings())
    return new_block(
        REAVERBATE, reaplug_parameters.parameter_list_state([p.top * normalised[p.index] for p in PARAMETERS])
    )
