"""ReaVerbate's settings in dB, ms and Hz, from its block in a project file and back. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass

from reaper_automix.chunks.reaplug_blocks import REAVERBATE
from reaper_automix.chunks.reaplug_parameters import GAIN_TOP_LIN, GainInDb, Linear, Parameter, ParameterListPlugin

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


_PLUGIN = ParameterListPlugin(REAVERBATE, PARAMETERS, ReverbSettings())

decode, encode = _PLUGIN.decode, _PLUGIN.encode
to_normalised, from_normalised = _PLUGIN.to_normalised, _PLUGIN.from_normalised
