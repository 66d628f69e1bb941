"""The program: console, boxes, actions, scripts and its own ext state."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from double.references import WindowRef

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper

_MOST_FIELDS = 16


def GetResourcePath(reaper: DoubleReaper) -> str:
    return str(reaper.resource_path)


def GetAppVersion(reaper: DoubleReaper) -> str:
    return reaper.app_version


def GetOS(reaper: DoubleReaper) -> str:
    return reaper.os


def GetMainHwnd(reaper: DoubleReaper) -> WindowRef:
    return reaper.main_window


def time_precise(reaper: DoubleReaper) -> float:
    return reaper.clock_s()


def mkpanstr(reaper: DoubleReaper, buffer: str, pan: float) -> tuple[str]:
    """Return a pan as REAPER shows it."""
    return (f"{abs(pan):.0%}{'L' if pan < 0.0 else 'R'}".replace("%", "") if pan else "center",)


# --- what it shows -------------------------------------------------------------------------------------------------


def ShowConsoleMsg(reaper: DoubleReaper, text: str) -> None:
    reaper.console += text


def ClearConsole(reaper: DoubleReaper) -> None:
    reaper.console = ""


def ShowMessageBox(reaper: DoubleReaper, text: str, title: str, kind: int) -> int:
    return reaper.show_box(text, title, kind)


def MB(reaper: DoubleReaper, text: str, title: str, kind: int) -> int:
    return reaper.show_box(text, title, kind)


def GetUserInputs(
    reaper: DoubleReaper, title: str, n_fields: int, captions: str, values: str, size: int
) -> tuple[bool, str]:
    """Ask for values; ``separator=`` and ``extrawidth=`` stand among the captions."""
    if not 1 <= n_fields <= _MOST_FIELDS:
        return False, values
    names, separator = [], ","
    for caption in captions.split(","):
        if caption.startswith("separator="):
            separator = caption.removeprefix("separator=") or ","
        elif not caption.startswith("extrawidth="):
            names.append(caption)
    present = (values.split(separator) + [""] * n_fields)[:n_fields]
    answer = reaper.ask(title, names[:n_fields], present, separator)
    return (False, values) if answer is None else (True, separator.join(answer))


# --- actions and scripts -------------------------------------------------------------------------------------------


def Main_OnCommand(reaper: DoubleReaper, command: int, flag: int) -> None:
    reaper.run_command(command)


def Main_OnCommandEx(reaper: DoubleReaper, command: int, flag: int, tab: Tab) -> None:
    reaper.run_command(command, tab)


def AddRemoveReaScript(reaper: DoubleReaper, add: bool, section: int, path: str, commit: bool) -> int:
    """Register a script, or take it out; the same file keeps its number."""
    from double.reaper import FIRST_SCRIPT_ID

    if not add:
        return reaper.registered.pop(path, 0)
    if not Path(path).is_file():
        return 0
    free = max(reaper.registered.values(), default=FIRST_SCRIPT_ID - 1) + 1
    return reaper.registered.setdefault(path, free)


def _script_name(path: str) -> str:
    return "RS" + hashlib.sha1(path.encode("utf-8")).hexdigest()


def NamedCommandLookup(reaper: DoubleReaper, name: str) -> int:
    names = {f"_{_script_name(path)}": number for path, number in reaper.registered.items()}
    return names.get(name, 0)


def ReverseNamedCommandLookup(reaper: DoubleReaper, command: int) -> str | None:
    return next((_script_name(p) for p, number in reaper.registered.items() if number == command), None)


# --- ext state -----------------------------------------------------------------------------------------------------


def SetExtState(reaper: DoubleReaper, section: str, key: str, value: str, persist: bool) -> None:
    reaper.ext_state[section, key] = value
    if persist:
        reaper.persistent_ext_state[section, key] = value


def GetExtState(reaper: DoubleReaper, section: str, key: str) -> str:
    return reaper.ext_state.get((section, key), "")


def HasExtState(reaper: DoubleReaper, section: str, key: str) -> bool:
    return (section, key) in reaper.ext_state


def DeleteExtState(reaper: DoubleReaper, section: str, key: str, persist: bool) -> None:
    reaper.ext_state.pop((section, key), None)
    if persist:
        reaper.persistent_ext_state.pop((section, key), None)
