"""The module ``reaper_python`` that scripts import inside REAPER, over a double's functions."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from double.api import SHAPES, DoubleApi
from double.references import NULL

NAME = "reaper_python"
_POINTER = re.compile(r"\((\w+\*|HWND)\)0x([0-9A-F]+)")


def make_module(api: DoubleApi) -> Any:
    """Return the module: ``RPR_`` functions, the table of their addresses, and REAPER's packing functions."""
    module: Any = ModuleType(NAME, "ReaScript's functions.")
    for name in SHAPES:
        setattr(module, f"RPR_{name}", getattr(api, name))
    module._ft = {name: number for number, name in enumerate(SHAPES, 1)}
    module.rpr_initft = module._ft.update
    module.rpr_getfp = module._ft.__getitem__
    module.rpr_packp = pack_pointer
    module.rpr_unpackp = unpack_pointer
    return module


def pack_pointer(kind: str, text: object) -> int:
    """Return the address in a pointer's text; 0 where it is of another kind."""
    match = _POINTER.fullmatch(str(text))
    return int(match[2], 16) if match and kind in (match[1], "void*") else 0


def unpack_pointer(kind: str, address: int | None) -> str:
    """Return the text of a pointer."""
    return f"({kind})0x{address:016X}" if address else f"({kind})0x{NULL}"
