"""States that are a list of parameters (ReaComp, ReaVerbate): raw values as REAPER stores them, to real units and back.

The raw value of a parameter is the same in a project file, in ``TrackFX_SetParam`` and in an envelope; its normalised
value is the raw one as a part of the parameter's range. Stdlib only.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from reaper_automix.chunks.reaplug_blocks import HIGHEST_DB, Reaplug, ReaplugBlock, checked_number, damaged, new_block
from reaper_automix.units import SILENCE_DB, db_to_lin, lin_to_db

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")

GAIN_TOP_LIN = 2.0
"""Raw value at the upper end of a gain's range, +6.02 dB; files hold more where a user typed it."""

_MARK = struct.pack("<II", 0xDEADBEEF, 0xDEADF00D)


class Scale(Protocol):
    """How raw values relate to a unit."""

    def to_unit(self, raw: float) -> float:
        """Return the value in its unit."""

    def to_raw(self, value: float) -> float:
        """Return the raw value."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A unit that grows with the raw value: ``span * raw + start``."""

    span: float
    start: float = 0.0

    def to_unit(self, raw: float) -> float:
        """Return the value in its unit."""
        return self.span * raw + self.start

    def to_raw(self, value: float) -> float:
        """Return the raw value."""
        return (value - self.start) / self.span


@dataclass(frozen=True, slots=True)
class GainInDb:
    """A raw linear gain that is told in dB; ``SILENCE_DB`` and below are a gain of 0."""

    def to_unit(self, raw: float) -> float:
        """Return the level in dB."""
        return lin_to_db(raw)

    def to_raw(self, value: float) -> float:
        """Return the linear gain."""
        return db_to_lin(value)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A compression ratio: ``1 + 99 * raw``, and infinity at the top."""

    def to_unit(self, raw: float) -> float:
        """Return the ratio, x of x:1."""
        return math.inf if raw >= 1.0 else 1.0 + 99.0 * raw

    def to_raw(self, value: float) -> float:
        """Return the raw value; ratios of 100 and above read as infinite."""
        return min((value - 1.0) / 99.0, 1.0)


@dataclass(frozen=True, slots=True)
class Toggle:
    """A switch: on from a half up."""

    def to_unit(self, raw: float) -> bool:
        """Return whether it is on."""
        return raw >= 0.5

    def to_raw(self, value: float) -> float:
        """Return 1 for on, 0 for off."""
        return 1.0 if value else 0.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its number in the plug-in, the setting it is, its scale, and its highest raw value (lowest: 0)."""

    index: int
    setting: str
    scale: Scale
    top: float = 1.0


class ParameterListPlugin(Generic[Settings]):
    """Settings of a plug-in whose state is a list of parameters: from a block and back, and at run time.

    Parameters
    ----------
    plugin : Reaplug
        Which one.
    parameters : sequence of Parameter
        Those that are understood.
    defaults : dataclass
        Of a new instance; one attribute per parameter.
    raw_defaults : mapping of int to float, optional
        Raw values of a new instance, by number, that the settings do not give.
    n_parameters : int, optional
        How many a new instance holds; by default as many as are understood.
    """

    def __init__(
        self,
        plugin: Reaplug,
        parameters: Sequence[Parameter],
        defaults: Settings,
        *,
        raw_defaults: Mapping[int, float] | None = None,
        n_parameters: int | None = None,
    ) -> None:
        self._parameters = parameters
        self._defaults = defaults
        normalised = self.to_normalised(defaults)
        raws = {p.index: p.top * normalised[p.index] for p in parameters} | dict(raw_defaults or {})
        state = parameter_list_state([raws.get(i, 0.0) for i in range(n_parameters or len(parameters))])
        self._new = new_block(plugin, state)

    def decode(self, block: ReaplugBlock) -> Settings:
        """Read the settings from a block.

        Raises
        ------
        PluginStateError
            If the state is damaged or too short.
        """
        return replace(self._defaults, **read_values(block, self._parameters))

    def encode(self, settings: Settings, like: ReaplugBlock | None = None) -> ReaplugBlock:
        """Write settings into a block.

        Parameters
        ----------
        settings : dataclass
            What it shall be set to.
        like : ReaplugBlock or None
            A block that keeps everything else it holds, and the bits of every setting that does not change; None for a
            new instance.

        Raises
        ------
        PluginStateError
            If ``like`` is damaged.
        ValueError
            If a setting is no number that the plug-in can hold.
        """
        return write_values(like or self._new, self._parameters, settings)

    def to_normalised(self, settings: Settings) -> dict[int, float]:
        """Return the run-time values, 0..1, by parameter number.

        Raises
        ------
        ValueError
            If a setting lies outside of its parameter's range, such as a gain above +6.02 dB.
        """
        return to_normalised(self._parameters, settings)

    def from_normalised(self, values: Mapping[int, float]) -> Settings:
        """Return the settings of run-time values, 0..1, by parameter number; those not given are the defaults."""
        return replace(self._defaults, **from_normalised(self._parameters, values))


def read_values(block: ReaplugBlock, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the settings that a state holds, in real units.

    Raises
    ------
    PluginStateError
        If the state is too short or is no list of parameters, or if a value is no finite number.
    """
    raws = _raws(block, parameters)
    for parameter in parameters:
        if not math.isfinite(raws[parameter.index]):
            problem = f"its parameter {parameter.index} ({parameter.setting}) is {raws[parameter.index]}"
            raise damaged(block, problem)
    return {p.setting: p.scale.to_unit(raws[p.index]) for p in parameters}


def write_values(block: ReaplugBlock, parameters: Sequence[Parameter], settings: object) -> ReaplugBlock:
    """Return the block with these settings; parameters that stay as they are keep their bits.

    Parameters
    ----------
    block : ReaplugBlock
        Also tells what stands in the parameters that are not named.
    parameters : sequence of Parameter
        Which of them the settings hold.
    settings : object
        With one attribute per parameter.

    Raises
    ------
    PluginStateError
        If the block's own state is damaged.
    ValueError
        If a setting is no number that the plug-in can hold.
    """
    state = bytearray(block.state)
    before = read_values(block, parameters)
    for parameter in parameters:
        value = getattr(settings, parameter.setting)
        if before[parameter.setting] != value:
            struct.pack_into("<f", state, len(_MARK) + 4 * parameter.index, _checked_raw(parameter, value))
    return block.with_state(bytes(state))


def parameter_list_state(raws: Sequence[float]) -> bytes:
    """Return the state with these raw values."""
    return _MARK + struct.pack(f"<{len(raws)}f", *raws)


def to_normalised(parameters: Sequence[Parameter], settings: object) -> dict[int, float]:
    """Return the normalised values, 0..1, by parameter number, for ``TrackFX_SetParamNormalized``.

    Raises
    ------
    ValueError
        If a setting lies outside of its parameter's range.
    """
    values = {}
    for parameter in parameters:
        value = getattr(settings, parameter.setting)
        raw = _checked_raw(parameter, value)
        # The tolerance is that of the float32 in which REAPER holds the value.
        if not 0.0 <= raw <= parameter.top * (1.0 + 1e-6):
            limit = parameter.scale.to_unit(0.0 if raw < 0.0 else parameter.top)
            msg = f"{parameter.setting} is {value:g}, beyond the plug-in's limit of {limit:g}: choose a value within it"
            raise ValueError(msg)
        values[parameter.index] = min(raw / parameter.top, 1.0)
    return values


def from_normalised(parameters: Sequence[Parameter], values: Mapping[int, float]) -> dict[str, Any]:
    """Return the settings in real units, of those parameters whose normalised values are given."""
    return {p.setting: p.scale.to_unit(p.top * values[p.index]) for p in parameters if p.index in values}


def _checked_raw(parameter: Parameter, value: float) -> float:
    """Return the raw value of a setting that the plug-in can hold."""
    if isinstance(parameter.scale, GainInDb):
        value = SILENCE_DB if value == -math.inf else checked_number(parameter.setting, value, highest=HIGHEST_DB)
    elif not (isinstance(parameter.scale, Ratio) and value == math.inf):
        value = checked_number(parameter.setting, value, lowest=parameter.scale.to_unit(0.0))
    return parameter.scale.to_raw(value)


def _raws(block: ReaplugBlock, parameters: Sequence[Parameter]) -> tuple[float, ...]:
    """Return the raw values of a state."""
    if not block.state.startswith(_MARK):
        raise damaged(block, f"its state does not begin as a list of parameters ({block.state[:8].hex()})")
    count, left = divmod(len(block.state) - len(_MARK), 4)
    needed = max(p.index for p in parameters) + 1
    if left or count < needed:
        raise damaged(block, f"its state of {len(block.state)} bytes holds {count} parameters; {needed} are needed")
    return struct.unpack_from(f"<{count}f", block.state, len(_MARK))
