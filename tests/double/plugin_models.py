"""What a model of a plug-in is: its identity in files, and its parameters as numbers and as texts."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from double.plugins import Plugins

Show = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an instance.

    ``raw`` is the value as ``TrackFX_GetParam`` gives it, 0..``top``; ``show`` spells a raw value, without ``unit``.
    """

    name: str
    raw: float
    show: Show
    unit: str = ""
    top: float = 1.0


class Model(ABC):
    """A kind of plug-in. Its values are in its state, which lies in the project: an instance is nothing but bytes."""

    name = ""
    """As REAPER lists it."""
    file_name = ""
    code = b""
    """The four letters whose number stands in files."""
    is_parameter_list = False
    """Whether REAPER keeps the parameters, because the plug-in makes no state itself."""
    n_inputs, n_outputs = 2, 2
    spells_any_value = True
    """Whether it can spell a value that it does not have: a Cockos extension that few others know."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins

    @property
    def short_names(self) -> tuple[str, ...]:
        """The names under which a script may ask for it, without ``VST:``."""
        full = self.name.partition(":")[2].strip()
        parts = full.split(" (")
        return tuple(" (".join(parts[:n]) for n in range(len(parts), 0, -1))

    @abstractmethod
    def new_state(self) -> bytes:
        """Return the state of a new instance."""

    @abstractmethod
    def parameters(self, state: bytes) -> list[Parameter]:
        """Return the parameters that a state holds.

        Raises
        ------
        ValueError, struct.error
            If it is no state of this plug-in.
        """

    @abstractmethod
    def with_raw(self, state: bytes, index: int, raw: float) -> bytes:
        """Return the state with another value of a parameter."""

    def config(self, state: bytes, name: str) -> str | None:
        """Return a named setting of the plug-in's own; None where it has none of that name."""
        return None

    def with_config(self, state: bytes, name: str, value: str) -> bytes | None:
        """Return the state with another named setting; None where the plug-in does not take it."""
        return None


def show_db(gain_lin: float) -> str:
    """Spell a linear gain in dB."""
    return "-inf" if gain_lin < 10.0**-7.5 * 1.01 else f"{20.0 * math.log10(gain_lin) + 0.0:.1f}"


def show_fixed(span: float, decimals: int, start: float = 0.0) -> Show:
    """Return what spells a raw value as ``span * raw + start`` with so many decimals."""
    return lambda raw: f"{span * raw + start + 0.0:.{decimals}f}"


def show_switch(raw: float) -> str:
    """Spell a switch."""
    return "on" if raw >= 0.5 else "off"
