"""The plug-ins that are installed in a double, and how they behave where REAPER's own way is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from double.plugin_iem import FdnReverb, MultiEq, OmniCompressor
from double.plugin_lists import ReaComp, ReaVerbate
from double.plugin_models import Model
from double.plugin_reaeq import ReaEq
from reaper_automix.chunks.lines import Chunk
from reaper_automix.chunks.text import words

STOCK = ("ReaEQ", "ReaComp", "ReaVerbate")
IEM = ("MultiEQ", "OmniCompressor", "FdnReverb")
_PREFIX = re.compile(r"(VST2|VST3|VST|AUv3|AU|CLAP|DX|LV2|JS):\s*", re.IGNORECASE)


class Plugins:
    """What is installed; a test may set every attribute at any time.

    Attributes
    ----------
    reaeq_bands : int
        Bands of a new ReaEQ: 5, or 4 as in older versions.
    bandwidth_is_logarithmic : bool
        Whether ReaEQ's bandwidth runs evenly over its ratios, not over octaves.
    shows_units : bool
        Whether spelled values end with their unit (``-3.0 dB``).
    refuses_vst_chunk, refuses_names : bool
        Whether setting ``vst_chunk``, ``renamed_name`` fails, as in older versions.
    refuses_pins : bool
        Whether the channels of pins cannot be set.
    spells_no_other_value : bool
        Whether no plug-in at all spells a value that it does not have.
    keeps_empty_chain : bool
        Whether a chain whose last plug-in was deleted stays in the file, as REAPER's files show it.
    """

    def __init__(self) -> None:
        self.reaeq_bands = 5
        self.bandwidth_is_logarithmic = False
        self.shows_units = False
        self.refuses_vst_chunk = False
        self.refuses_names = False
        self.refuses_pins = False
        self.spells_no_other_value = False
        self.keeps_empty_chain = True
        self.models: tuple[Model, ...] = tuple(
            kind(self) for kind in (ReaEq, ReaComp, ReaVerbate, MultiEq, OmniCompressor, FdnReverb)
        )
        self.installed: set[str] = set()
        self.install(*STOCK)

    def install(self, *names: str) -> None:
        """Install plug-ins that the double has models of, such as ``*IEM``."""
        self.installed.update(self._model(name).name for name in names)

    def uninstall(self, *names: str) -> None:
        """Take plug-ins away; instances in projects stay, without parameters."""
        self.installed.difference_update(self._model(name).name for name in names)

    def configure(self, *, installed: Iterable[str] | None = None, **switches: Any) -> None:
        """Set what is installed (nothing else is then), and switches by their names."""
        if installed is not None:
            self.installed.clear()
            self.install(*installed)
        for name, value in switches.items():
            if name not in vars(self) or name == "models":
                raise AttributeError(f"plug-ins have no switch {name}")
            setattr(self, name, value)

    def _model(self, name: str) -> Model:
        model = next((m for m in self.models if name in (m.name, *m.short_names)), None)
        if model is None:
            raise KeyError(f"the double has no model of {name}")
        return model

    def find(self, name: str) -> Model | None:
        """Return the installed plug-in that a script means by a name."""
        prefix = _PREFIX.match(name)
        bare = name[prefix.end() :] if prefix else name
        if prefix and prefix[1].upper() not in ("VST", "VST2"):
            return None
        return next((m for m in self.models if m.name in self.installed and bare in m.short_names), None)

    def of_chunk(self, chunk: Chunk) -> Model | None:
        """Return the model of an instance by the number in its first line, installed or not."""
        fields = words(chunk.head.text)
        number = fields[5].partition("<")[0] if chunk.tag == "VST" and len(fields) > 5 else ""
        return next((m for m in self.models if str(int.from_bytes(m.code, "big")) == number), None)
