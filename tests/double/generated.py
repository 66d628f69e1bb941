"""A ``reaper_python.py`` of the form that REAPER writes, and the C functions under it.

REAPER's own file calls addresses from a table by ctypes and packs texts into buffers of 4 MiB. ``write_module`` makes
a file of that form from the shapes, in our own words; ``load_module`` loads it, or a file that a REAPER wrote, over
callbacks into the double. That finds mistakes with buffers, pointers and encodings.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from double.api import BUFFER_BYTES, SHAPES, WRITTEN, fitting, live
from double.handlers import HANDLERS
from double.reaper import DoubleReaper
from double.reaper_module import NAME
from double.references import KINDS

FILE_VARIABLE = "REAPER_PYTHON_FILE"
"""Environment variable with the path of a reaper_python.py that a REAPER wrote; never part of this project."""

_C_TYPES: dict[str, Any] = {
    "int": ctypes.c_int,
    "size": ctypes.c_int,
    "bool": ctypes.c_byte,
    "double": ctypes.c_double,
    "void": None,
}
_NAMES = {"int": "c_int", "size": "c_int", "bool": "c_byte", "double": "c_double", "str": "c_char_p", "void": "None"}

_HEAD = '''"""ReaScript's functions over C addresses."""

import re
from ctypes import CFUNCTYPE, byref, c_byte, c_char_p, c_double, c_int, c_uint64, c_void_p, create_string_buffer

_ft = {}
_POINTER = re.compile(r"^\\((\\w+\\*|HWND)\\)0x([0-9A-F]+)$")


def rpr_initft(table):
    if not _ft:
        _ft.update(table)


def rpr_getfp(name):
    return _ft[name]


def rpr_packp(kind, value):
    found = _POINTER.match(str(value))
    if found and kind in (found.group(1), "void*"):
        address = int(found.group(2), 16)
        if RPR_ValidatePtr(address, kind):
            return address
    return 0


def rpr_unpackp(kind, value):
    return "(%s)0x%016X" % (kind, value or 0)


def rpr_packsc(value):
    return c_char_p(str(value).encode())


def rpr_packs(value):
    return create_string_buffer(str(value).encode(), 4 * 1024 * 1024)


def rpr_unpacks(value):
    return str(value.value.decode())


def RPR_ValidatePtr(address, kind):
    return CFUNCTYPE(c_byte, c_uint64, c_char_p)(_ft["ValidatePtr"])(c_uint64(address), rpr_packsc(kind))
'''


# --- the file ------------------------------------------------------------------------------------------------------


def write_module(path: Path) -> Path:
    """Write the file."""
    functions = [_function(name, shape["args"], shape["ret"]) for name, shape in SHAPES.items()]
    path.write_text("\n\n".join([_HEAD, *functions]), "utf-8")
    return path


def _function(name: str, kinds: list[str], result: str) -> str:
    types = [_type_name(kind) for kind in kinds]
    packed = "".join(f"{_packed(kind, n)}, " for n, kind in enumerate(kinds))
    passed = ", ".join(f"byref(t[{n}])" if _is_by_reference(kind) else f"t[{n}]" for n, kind in enumerate(kinds))
    lines = [
        f"def RPR_{name}({', '.join(f'p{n}' for n in range(len(kinds)))}):",
        f"    f = CFUNCTYPE({', '.join([_type_name(result), *types])})(_ft[{name!r}])",
        f"    t = ({packed})",
        f"    r = f({passed})",
    ]
    plain = {"void": "", "str": "str(r.decode())"} | dict.fromkeys(("int", "bool", "double"), "r")
    own = plain.get(result, f"rpr_unpackp({result!r}, r)")
    if any(kind in WRITTEN for kind in kinds):
        values = [own] if own else []
        values += [_unpacked(kind, n) for n, kind in enumerate(kinds)]
        own = f"({', '.join(values)},)"
    return "\n".join([*lines, *([f"    return {own}"] if own else []), ""])


def _type_name(kind: str) -> str:
    if kind == "text":
        return "c_char_p"
    if _is_by_reference(kind):
        return "c_void_p"
    return _NAMES.get(kind, "c_uint64")


def _is_by_reference(kind: str) -> bool:
    return kind in ("int*", "double*", "bool*")


def _packed(kind: str, n: int) -> str:
    if kind == "text":
        return f"rpr_packs(p{n})"
    if kind == "str":
        return f"rpr_packsc(p{n})"
    plain = kind.removesuffix("*") if _is_by_reference(kind) else kind
    return f"{_NAMES[plain]}(p{n})" if plain in _NAMES else f"rpr_packp({kind!r}, p{n})"


def _unpacked(kind: str, n: int) -> str:
    if kind == "text":
        return f"rpr_unpacks(t[{n}])"
    if _is_by_reference(kind):
        return f"{'float' if kind == 'double*' else 'int'}(t[{n}].value)"
    return f"p{n}"


# --- the C functions -----------------------------------------------------------------------------------------------


class CTable:
    """Addresses of C functions that lead to the double.

    ``errors`` holds what was raised inside: C has no way to hand it on.
    """

    def __init__(self, reaper: DoubleReaper) -> None:
        self._reaper = reaper
        self._kept: list[Any] = []
        self._texts: dict[str, Any] = {}
        self.errors: list[BaseException] = []
        self.addresses: dict[str, int] = {name: self._add(name) for name in SHAPES}
        validate = ctypes.CFUNCTYPE(ctypes.c_byte, ctypes.c_uint64, ctypes.c_char_p)(self._validate)
        self.addresses["ValidatePtr"] = self._address(validate)

    def _address(self, callback: Any) -> int:
        self._kept.append(callback)
        return ctypes.cast(callback, ctypes.c_void_p).value or 0

    def _add(self, name: str) -> int:
        kinds, result = SHAPES[name]["args"], SHAPES[name]["ret"]
        types = [_C_TYPES[kind] if kind in _C_TYPES else _pointer_type(kind) for kind in kinds]
        returned = _C_TYPES.get(result, _pointer_type(result))
        return self._address(ctypes.CFUNCTYPE(returned, *types)(self._callback(name, kinds, result)))

    def _callback(self, name: str, kinds: list[str], result: str) -> Callable[..., Any]:
        def call(*raw: Any) -> Any:
            self._reaper.calls[name] += 1
            try:
                values = [self._value(name, kind, value) for kind, value in zip(kinds, raw, strict=True)]
                answer = HANDLERS[name](self._reaper, *values)
                written = [n for n, kind in enumerate(kinds) if kind in WRITTEN]
                outputs = (answer if result == "void" else answer[1:]) if written else ()
                for n, output in zip(written, outputs, strict=True):
                    _write(kinds, n, raw, output)
                return self._returned(name, result, answer if not written else answer[0])
            except BaseException as error:
                self.errors.append(error)
                return None if result == "void" else 0

        return call

    def _value(self, name: str, kind: str, value: Any) -> Any:
        """Return what the handler takes for an argument that came through C."""
        if kind in ("text", "str"):
            return ctypes.string_at(value).decode("utf-8")
        if _is_by_reference(kind):
            return ctypes.cast(value, ctypes.POINTER(_C_TYPES[kind[:-1]]))[0]
        if kind in _C_TYPES:
            return bool(value) if kind == "bool" else value
        if kind == "void*":
            return self._reaper.pointers.at(value)
        if kind == "ReaProject*" and not value:
            return self._reaper.current
        if kind == "GUID*" and not self._reaper.wrapper_passes_guids:
            return None
        reference = self._reaper.pointers.at(value)
        if reference is None:
            raise ValueError(f"{name}: a null or unknown {kind} arrived in C")
        return live(name, kind, reference)

    def _returned(self, name: str, kind: str, answer: Any) -> Any:
        if kind == "void":
            return None
        if kind == "str":
            if answer is None:
                return None
            self._texts[name] = ctypes.create_string_buffer(answer.encode("utf-8", "surrogateescape"))
            return ctypes.addressof(self._texts[name])
        if kind in _C_TYPES:
            return float(answer) if kind == "double" else int(answer)
        return self._reaper.pointers.address(answer)

    def _validate(self, address: int, kind: bytes) -> int:
        reference = self._reaper.pointers.at(address)
        if reference is None:
            return 0
        own = KINDS[type(reference).__name__]
        if own == "GUID*" and not self._reaper.wrapper_passes_guids:
            return 0
        if own == "ReaProject*":
            return int(reference.is_open and kind.decode() in (own, "void*"))
        in_front = (
            getattr(reference, "tab", self._reaper.current) is self._reaper.current
        )  # no project: the one in front
        return int(in_front and reference.is_live() and kind.decode() in (own, "void*"))


def _pointer_type(kind: str) -> Any:
    return ctypes.c_void_p if kind in ("text", "str") or _is_by_reference(kind) else ctypes.c_uint64


def _write(kinds: list[str], n: int, raw: tuple[Any, ...], value: Any) -> None:
    """Write an output into the memory that the caller gave."""
    if kinds[n] != "text":
        target = ctypes.cast(raw[n], ctypes.POINTER(_C_TYPES[kinds[n][:-1]]))
        target[0] = value
        return
    sized = n + 1 < len(kinds) and kinds[n + 1] == "size"
    room = min(raw[n + 1], BUFFER_BYTES) if sized else BUFFER_BYTES
    data = fitting(value, room) + b"\0"
    ctypes.memmove(raw[n], data, min(len(data), room))


def load_module(reaper: DoubleReaper, path: Path) -> tuple[ModuleType, CTable]:
    """Load a ``reaper_python.py`` over C callbacks into a double."""
    spec = importlib.util.spec_from_file_location(NAME, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table = CTable(reaper)
    module.rpr_initft(table.addresses)
    return module, table


def users_file() -> Path | None:
    """Return the reaper_python.py that the environment names, if any."""
    name = os.environ.get(FILE_VARIABLE)
    return Path(name) if name else None


def functions_of(module: ModuleType) -> Iterator[str]:
    """Yield the names of the functions that a module has and the double too, without the prefix."""
    return (name for name in SHAPES if hasattr(module, f"RPR_{name}"))
