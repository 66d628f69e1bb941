"""The ReaScript functions of a double, without the prefix: strict about arguments, and in REAPER's answer shapes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from double.handlers import HANDLERS
from double.references import KINDS, NULL, StalePointer

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

SHAPES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("shapes.json").read_text("utf-8"))
WRITTEN = frozenset({"text", "int*", "double*", "bool*"})
"""Kinds of arguments that REAPER writes to."""

BUFFER_BYTES = 4 * 1024 * 1024
_TYPES = {
    "int": (int, bool),
    "size": (int, bool),
    "int*": (int, bool),
    "bool": (bool, int),
    "bool*": (bool, int),
    "double": (float, int, bool),
    "double*": (float, int, bool),
    "str": (str,),
    "text": (str,),
}


class DoubleApi:
    """ReaScript's functions as attributes.

    Parameters
    ----------
    reaper : DoubleReaper
        The program that they act on.
    """

    def __init__(self, reaper: DoubleReaper) -> None:
        self._reaper = reaper

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in HANDLERS:
            raise AttributeError(f"the double has no function {name}")
        function = _bound(self._reaper, name)
        self.__dict__[name] = function
        return function


def _bound(reaper: DoubleReaper, name: str) -> Callable[..., Any]:
    """Return a function as a script calls it."""
    handler, kinds, result = HANDLERS[name], SHAPES[name]["args"], SHAPES[name]["ret"]
    written = [i for i, kind in enumerate(kinds) if kind in WRITTEN]

    def call(*arguments: Any) -> Any:
        start, outer_s = time.perf_counter(), reaper.main_thread_s
        reaper.calls[name] += 1
        try:
            values = check_arguments(reaper, name, kinds, arguments)
            answer = handler(reaper, *values)
            return answer_shape(reaper, kinds, written, result, arguments, answer)
        finally:
            reaper.main_thread_s = outer_s + time.perf_counter() - start  # calls inside are part of this one

    call.__name__ = name
    return call


def check_arguments(reaper: DoubleReaper, name: str, kinds: list[str], arguments: tuple[Any, ...]) -> list[Any]:
    """Return the arguments for the handler.

    Raises
    ------
    TypeError
        If their number or their types are not what REAPER's wrapper takes.
    StalePointer
        If a pointer stands for nothing.
    """
    if len(arguments) != len(kinds):
        raise TypeError(f"{name} takes {len(kinds)} arguments, not {len(arguments)}")
    return [_checked(reaper, name, kind, value) for kind, value in zip(kinds, arguments, strict=True)]


def _checked(reaper: DoubleReaper, name: str, kind: str, value: Any) -> Any:
    types = _TYPES.get(kind)
    if types is None:
        return _reference(reaper, name, kind, value)
    if type(value) not in types:  # subclasses too: a numpy float is one, and dies on its way out of a client
        raise TypeError(f"{name}: {value!r} ({type(value).__name__}) where REAPER takes a {kind}")
    if types == (str,):
        value.encode("utf-8")
        return value.split("\0", 1)[0]
    if "int" in kind and not -(2**31) <= value < 2**32:
        raise TypeError(f"{name}: {value} does not fit 32 bits")
    if "double" in kind:
        return float(value)
    return bool(value) if "bool" in kind else int(value)


def _reference(reaper: DoubleReaper, name: str, kind: str, value: Any) -> Any:
    """Return what a pointer stands for; no project means the one in front."""
    if kind == "void*":
        return reaper.pointers.of_text(str(value))
    if kind == "ReaProject*" and (value == 0 or (isinstance(value, str) and value.endswith(NULL))):
        return reaper.current
    if type(value) is not str:
        raise TypeError(f"{name}: {value!r} where REAPER takes a {kind}")
    if kind == "GUID*" and not reaper.wrapper_passes_guids:
        return None
    reference = reaper.pointers.of_text(value)
    if reference is None:
        raise StalePointer(f"{name}: {value} is no pointer that REAPER has handed out")
    return live(name, kind, reference)


def live(name: str, kind: str, reference: Any) -> Any:
    """Return a reference if it is of a kind and what it stands for is still there."""
    if KINDS[type(reference).__name__] != kind:
        raise TypeError(f"{name}: a {KINDS[type(reference).__name__]} where REAPER takes a {kind}")
    alive = reference.is_open if kind == "ReaProject*" else reference.is_live()
    if not alive:
        raise StalePointer(f"{name}: what the {kind} stood for is gone")
    return reference


def answer_shape(
    reaper: DoubleReaper, kinds: list[str], written: list[int], result: str, arguments: tuple[Any, ...], answer: Any
) -> Any:
    """Return a handler's answer in the shape that ReaScript gives it."""
    if not written:
        return _result(reaper, result, answer)
    values = list(arguments)
    outputs = answer if result == "void" else answer[1:]
    for index, value in zip(written, outputs, strict=True):
        values[index] = _output(kinds, index, arguments, value)
    return tuple(values) if result == "void" else (_result(reaper, result, answer[0]), *values)


def _result(reaper: DoubleReaper, kind: str, value: Any) -> Any:
    if kind == "void":
        return None
    if kind in ("int", "bool"):
        return int(value)
    if kind == "double":
        return float(value)
    if kind == "str":
        if value is None:
            raise AttributeError("'NoneType' object has no attribute 'decode'")
        return str(value)
    return reaper.pointers.text(value, kind)


def _output(kinds: list[str], index: int, arguments: tuple[Any, ...], value: Any) -> Any:
    """Return a written argument; a text is cut where its buffer ends, and has to be UTF-8 then."""
    kind = kinds[index]
    if kind == "text":
        sized = index + 1 < len(kinds) and kinds[index + 1] == "size"
        room = min(arguments[index + 1], BUFFER_BYTES) if sized else BUFFER_BYTES
        return fitting(value, room).decode("utf-8")
    return float(value) if kind == "double*" else int(value)


def fitting(text: str, room: int) -> bytes:
    """Return what of a text fits into a buffer, with its end mark."""
    return text.encode("utf-8", "surrogateescape")[: max(room - 1, 0)]
