"""The project: tabs, settings, tempo, ext state and undo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from double.references import TrackRef, WindowRef
from double.settings import BLOCKS, NUMBERS, TEXTS, UNSAVED_NUMBERS, number_setting, text_setting
from double.tempo import markers, signature_at, tempo_at
from double.tree import new_chunk, number
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import quote, words

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper


def EnumProjects(reaper: DoubleReaper, index: int, buffer: str, size: int) -> tuple[Tab | None, str]:
    """Return a tab and its file; -1 is the one in front."""
    tab = reaper.current if index == -1 else None
    if 0 <= index < len(reaper.tabs):
        tab = reaper.tabs[index]
    return tab, str(tab.path) if tab is not None and tab.path is not None else ""


def SelectProjectInstance(reaper: DoubleReaper, tab: Tab) -> None:
    """Bring a tab to the front."""
    reaper.current = tab


def Main_openProject(reaper: DoubleReaper, name: str) -> None:
    """Open a project in the tab in front; what has changes there is asked about first."""
    path = name.removeprefix("noprompt:")
    if path == name:
        reaper.ask_to_save(reaper.current)
    reaper.replace_project(Path(path))


def Main_SaveProject(reaper: DoubleReaper, tab: Tab, ask_for_name: bool) -> None:
    """Save a project; one without a name is asked for it."""
    if ask_for_name or tab.path is None:
        reaper.modal_dialogs.append("Save project as")
    else:
        tab.save()


def GetProjectStateChangeCount(reaper: DoubleReaper, tab: Tab) -> int:
    return tab.changes


def GetPlayStateEx(reaper: DoubleReaper, tab: Tab) -> int:
    return tab.play_state


def GetProjectPathEx(reaper: DoubleReaper, tab: Tab, buffer: str, size: int) -> tuple[str]:
    """Return the folder into which the project records."""
    folder = tab.path.parent if tab.path is not None else reaper.resource_path / "Media"
    record = str(text_setting(tab.root, tab.settings, "RECORD_PATH") or "")
    return (str(folder / Path(record.replace("\\", "/"))),)


def GetProjectLength(reaper: DoubleReaper, tab: Tab) -> float:
    ends = (number(c, "POSITION", 0) + number(c, "LENGTH", 0) for c in tab.item_chunks.values())
    return max(ends, default=0.0)


def MarkProjectDirty(reaper: DoubleReaper, tab: Tab) -> None:
    tab.is_dirty = True


def IsProjectDirty(reaper: DoubleReaper, tab: Tab) -> int:
    return int(tab.is_dirty)


def GetGlobalAutomationOverride(reaper: DoubleReaper) -> int:
    override = reaper.global_automation_override
    return int(number(reaper.current.root, "GLOBAL_AUTO", 0, -1.0)) if override is None else override


# --- settings ------------------------------------------------------------------------------------------------------


def GetSetProjectInfo(reaper: DoubleReaper, tab: Tab, name: str, value: float, is_set: bool) -> float:
    if name not in NUMBERS and name not in UNSAVED_NUMBERS:
        return 0.0
    if is_set:
        tab.settings[name] = value
        return value
    return number_setting(tab.root, tab.settings, name)


def GetSetProjectInfo_String(reaper: DoubleReaper, tab: Tab, name: str, value: str, is_set: bool) -> tuple[bool, str]:
    if is_set:
        known = name in TEXTS or name in BLOCKS
        if known:
            tab.settings[name] = value
        return known, value
    if name == "PROJECT_NAME":
        return True, tab.path.name if tab.path is not None else ""
    if name == "RENDER_TARGETS":
        return True, str(text_setting(tab.root, tab.settings, "RENDER_FILE") or "")
    text = text_setting(tab.root, tab.settings, name)
    return (False, value) if text is None else (True, text)


def GetSet_LoopTimeRange2(
    reaper: DoubleReaper, tab: Tab, is_set: bool, is_loop: bool, start_s: float, end_s: float, seek: bool
) -> tuple[float, float]:
    names = ("LOOP_START", "LOOP_END") if is_loop else ("SELECTION_START", "SELECTION_END")
    if is_set:
        tab.settings.update(zip(names, (start_s, end_s), strict=True))
    start, end = (number_setting(tab.root, tab.settings, name) for name in names)
    return start, end


def GetCursorPositionEx(reaper: DoubleReaper, tab: Tab) -> float:
    return number_setting(tab.root, tab.settings, "CURSOR")


def SetEditCurPos2(reaper: DoubleReaper, tab: Tab, time_s: float, move_view: bool, seek: bool) -> None:
    tab.settings["CURSOR"] = time_s


def GetSet_ArrangeView2(
    reaper: DoubleReaper, tab: Tab, is_set: bool, x_start: int, x_end: int, start_s: float, end_s: float
) -> tuple[float, float]:
    if is_set:
        tab.view_s = (start_s, end_s)
    return tab.view_s


# --- tempo ---------------------------------------------------------------------------------------------------------


def CountTempoTimeSigMarkers(reaper: DoubleReaper, tab: Tab) -> int:
    return len(markers(tab.root))


def GetTempoTimeSigMarker(
    reaper: DoubleReaper,
    tab: Tab,
    index: int,
    time_s: float,
    measure: int,
    beat: float,
    bpm: float,
    numerator: int,
    denominator: int,
    gradual: bool,
) -> tuple[bool, float, int, float, float, int, int, bool]:
    """Return a marker; -1 for its time signature where it sets none."""
    found = markers(tab.root)
    if not 0 <= index < len(found):
        return False, time_s, measure, beat, bpm, numerator, denominator, gradual
    marker = found[index]
    return (
        True,
        marker.time_s,
        marker.measure,
        marker.beat,
        marker.bpm,
        marker.numerator or -1,
        marker.denominator or -1,
        marker.is_gradual,
    )


def TimeMap_GetTimeSigAtTime(
    reaper: DoubleReaper, tab: Tab, time_s: float, numerator: int, denominator: int, bpm: float
) -> tuple[int, int, float]:
    return (*signature_at(tab.root, time_s), tempo_at(tab.root, time_s))


def Master_GetTempo(reaper: DoubleReaper) -> float:
    tab = reaper.current
    return tempo_at(tab.root, number_setting(tab.root, tab.settings, "CURSOR"))


def GetProjectTimeSignature2(reaper: DoubleReaper, tab: Tab, bpm: float, bpi: float) -> tuple[float, float]:
    return number(tab.root, "TEMPO", 0, 120.0), number(tab.root, "TEMPO", 1, 4.0)


# --- ext state -----------------------------------------------------------------------------------------------------


def _section(tab: Tab, name: str) -> Chunk | None:
    """Return the chunk of a section; REAPER compares names without case."""
    found = (c for state in tab.root.chunks("EXTSTATE") for c in state.chunks() if c.tag.upper() == name.upper())
    return next(found, None)


def _entries(section: Chunk | None) -> list[Line]:
    return [n for n in section.body if isinstance(n, Line) and n.key] if section is not None else []


def GetProjExtState(reaper: DoubleReaper, tab: Tab, section: str, key: str, buffer: str, size: int) -> tuple[int, str]:
    for line in _entries(_section(tab, section)):
        if line.key.upper() == key.upper():
            value = [*words(line.text), ""][1]
            return len(value.encode("utf-8", "surrogateescape")), value
    return 0, ""


def EnumProjExtState(
    reaper: DoubleReaper, tab: Tab, section: str, index: int, key: str, key_size: int, value: str, value_size: int
) -> tuple[bool, str, str]:
    entries = _entries(_section(tab, section))
    if not 0 <= index < len(entries):
        return False, key, value
    line = entries[index]
    return True, line.key, [*words(line.text), ""][1]


def SetProjExtState(reaper: DoubleReaper, tab: Tab, section: str, key: str, value: str) -> int:
    """Store a value, or delete it; without a key the whole section goes."""
    chunk = _section(tab, section)
    if not key or not value:
        if chunk is not None:
            _delete_entries(tab, chunk, key)
            tab.changed()
        return 0
    chunk = chunk if chunk is not None else _new_section(tab, section)
    line = next((n for n in _entries(chunk) if n.key.upper() == key.upper()), None)
    new = chunk.new_line(f"{key.upper()} {quote(value)}")
    if line is None:
        chunk.body.append(new)
    else:
        chunk.replace_line(line, line.with_text(new.text))
    tab.changed()
    return len(value.encode())


def _delete_entries(tab: Tab, chunk: Chunk, key: str) -> None:
    for line in _entries(chunk):
        if not key or line.key.upper() == key.upper():
            chunk.remove(line)
    if not chunk.body:
        state = next(s for s in tab.root.chunks("EXTSTATE") if any(c is chunk for c in s.chunks()))
        state.remove(chunk)
        if not state.body:
            tab.root.remove(state)


def _new_section(tab: Tab, name: str) -> Chunk:
    state = tab.root.chunk("EXTSTATE")
    if state is None:
        state = new_chunk(tab.root, "<EXTSTATE", [])
        tab.root.body.append(state)
    section = new_chunk(state, f"<{name.upper()}", [])
    state.body.append(section)
    return section


# --- undo ----------------------------------------------------------------------------------------------------------


def Undo_BeginBlock2(reaper: DoubleReaper, tab: Tab) -> None:
    tab.begin_block()


def Undo_EndBlock2(reaper: DoubleReaper, tab: Tab, label: str, flags: int) -> None:
    """Close a block; without flags REAPER records nothing of what was done in it."""
    tab.end_block(label, records=flags != 0)


def Undo_CanUndo2(reaper: DoubleReaper, tab: Tab) -> str | None:
    return tab.undo_label()


def Undo_DoUndo2(reaper: DoubleReaper, tab: Tab) -> int:
    return int(tab.go(-1))


def Undo_CanRedo2(reaper: DoubleReaper, tab: Tab) -> str | None:
    return tab.redo_label()


def Undo_DoRedo2(reaper: DoubleReaper, tab: Tab) -> int:
    return int(tab.go(1))


def PreventUIRefresh(reaper: DoubleReaper, count: int) -> None:
    reaper.refresh_prevented += count


def UpdateArrange(reaper: DoubleReaper) -> None:
    pass


def TrackList_AdjustWindows(reaper: DoubleReaper, is_minor: bool) -> None:
    pass


def ValidatePtr2(reaper: DoubleReaper, tab: Tab, pointer: object, kind: str) -> bool:
    """Tell whether a pointer stands for something that is there, of a kind, in a project."""
    from double.references import KINDS

    if pointer is None or (kind != "void*" and KINDS[type(pointer).__name__] != kind):
        return False
    if KINDS[type(pointer).__name__] == "ReaProject*":
        return bool(getattr(pointer, "is_open", False))
    if isinstance(pointer, TrackRef) and pointer.tab is not tab:
        return False
    return isinstance(pointer, WindowRef) or bool(pointer.is_live())  # type: ignore[attr-defined]
