"""The program: its project tabs, what it shows and asks, its actions and its own ext state."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from double import commands
from double.plugins import Plugins
from double.project import Tab
from double.references import Pointers, TrackRef, WindowRef

FIRST_SCRIPT_ID = 53001


class UnansweredBox(AssertionError):
    """A modal box came up for which the test has no answer: REAPER would stand still."""


class Scripts(Protocol):
    """What runs the action scripts."""

    def run_command(self, path: Path) -> None: ...


class DoubleReaper:
    """A REAPER.

    Parameters
    ----------
    project : Path, str or bytes
        The project of the first tab: a file, or its bytes (a project that was never saved).
    fader_scaling : bool
        Scaling mode of new volume envelopes.
    chunk_name_gives_null : bool
        Whether an envelope that was never shown is null when asked for by its chunk's name.
    resource_path : Path or None
        The folder with REAPER's settings.
    sample_rate_hz : int
        Of the audio device.
    trim_adjust_mode : int
        What showing a new volume or pan envelope does to the control: 0 moves its value into the first point,
        1 only in modes other than trim/read, 2 never.
    ext_state_survives_undo : bool
        Whether undo leaves the project's ext state as it is.
    point_decimals : int or None
        To how many decimals REAPER spells the points of an envelope that it is given; None keeps them.

    Attributes
    ----------
    plugins : Plugins
        What is installed, and its switches.
    default_send_mode, default_send_gain_lin : int, float
        Of a new send, as in REAPER's preferences.
    wrapper_passes_guids : bool
        Whether the Python wrapper lets a GUID's pointer through; else ``guidToString`` gets none and writes nothing.
    """

    def __init__(
        self,
        project: Path | str | bytes,
        *,
        fader_scaling: bool = True,
        chunk_name_gives_null: bool = False,
        resource_path: Path | None = None,
        sample_rate_hz: int = 48000,
        trim_adjust_mode: int = 0,
        ext_state_survives_undo: bool = True,
        point_decimals: int | None = None,
    ) -> None:
        self.fader_scaling = fader_scaling
        self.chunk_name_gives_null = chunk_name_gives_null
        self.resource_path = Path(resource_path) if resource_path is not None else Path("REAPER")
        self.sample_rate_hz = sample_rate_hz
        self.trim_adjust_mode = trim_adjust_mode
        self.point_decimals = point_decimals
        self.app_version = "7.82/linux-x86_64"
        self.os = "Other"
        self.plugins = Plugins()
        self.default_send_mode = 0
        self.default_send_gain_lin = 1.0
        self.wrapper_passes_guids = True
        self.global_automation_override: int | None = None
        self._keeps_ext_state = ext_state_survives_undo
        self.pointers = Pointers()
        self.main_window = WindowRef("main")
        self._begin_records()
        self.tabs: list[Tab] = []
        self.current = self.open_project(project)

    def _begin_records(self) -> None:
        self.calls: Counter[str] = Counter()
        self.main_thread_s = 0.0
        self.console = ""
        self.boxes: list[tuple[str, str, int]] = []
        self.box_answers: deque[int] = deque()
        self.asked: list[dict[str, Any]] = []
        self.input_answers: deque[list[str] | str | None] = deque()
        self.modal_dialogs: list[str] = []
        self.ext_state: dict[tuple[str, str], str] = {}
        self.persistent_ext_state: dict[tuple[str, str], str] = {}
        self.registered: dict[str, int] = {}
        self.commands_run: list[int] = []
        self.refresh_prevented = 0
        self.on_render: Callable[[dict[str, Any], list[tuple[str, str]]], None] | None = None
        self.scripts: Scripts | None = None

    # --- tabs ------------------------------------------------------------------------------------------------

    def open_project(self, project: Path | str | bytes) -> Tab:
        """Open a project in a tab of its own, which comes to the front."""
        path = None if isinstance(project, bytes) else Path(project)
        data = project if isinstance(project, bytes) else Path(project).read_bytes()
        tab = Tab(data, path, ext_state_survives_undo=self._keeps_ext_state)
        self.tabs.append(tab)
        self.current = tab
        return tab

    def close_project(self, tab: Tab) -> None:
        """Close a tab; its pointers are stale from then on."""
        tab.is_open = False
        self.tabs.remove(tab)
        if not self.tabs:
            self.tabs.append(Tab(b"<REAPER_PROJECT 0.1\n>\n", None))
        if self.current is tab:
            self.current = self.tabs[0]

    def replace_project(self, path: Path) -> None:
        """Open a project in the place of the tab in front."""
        old, place = self.current, self.tabs.index(self.current)
        old.is_open = False
        self.open_project(path)
        self.tabs.remove(old)
        self.tabs.insert(place, self.tabs.pop())

    def ask_to_save(self, tab: Tab) -> None:
        """Show REAPER's question where a project has changes that are not saved."""
        if tab.is_dirty:
            self.modal_dialogs.append("Save changes?")

    # --- what a person does ----------------------------------------------------------------------------------

    @contextmanager
    def by_hand(self, label: str, tab: Tab | None = None) -> Iterator[Tab]:
        """Do something as the user does: with an undo point."""
        tab = tab or self.current
        yield tab
        tab.add_undo_point(label)

    def track_named(self, name: str, tab: Tab | None = None) -> TrackRef:
        """Return the first track with a name."""
        from double.handlers_tracks import track_name

        tab = tab or self.current
        for guid in tab.track_order:
            if track_name(tab.track(guid)) == name:
                return TrackRef(tab, guid)
        raise KeyError(f"the project has no track named {name!r}")

    def select_only(self, *names: str, tab: Tab | None = None) -> None:
        """Select tracks by their names, and no others."""
        tab = tab or self.current
        chosen = {self.track_named(name, tab).guid for name in names}
        for guid in tab.track_order:
            tab.select(guid, guid in chosen)

    def set_fader(self, name: str, gain_lin: float, tab: Tab | None = None) -> None:
        """Move a fader by hand."""
        from double.handlers_tracks import set_track_number

        track = self.track_named(name, tab)
        with self.by_hand("Track volume", track.tab):
            set_track_number(track, "D_VOL", gain_lin)

    def run_command(self, command: int, tab: Tab | None = None) -> None:
        """Run an action by its number."""
        self.commands_run.append(command)
        path = next((path for path, number in self.registered.items() if number == command), None)
        if path is None:
            commands.run(self, command, tab or self.current)
        elif self.scripts is None:
            raise RuntimeError(f"nothing here runs scripts: give the double a ScriptHost for {path}")
        else:
            self.scripts.run_command(Path(path))

    def undo(self, tab: Tab | None = None) -> str | None:
        """Undo by hand; return the name of what was undone."""
        tab = tab or self.current
        label = tab.undo_label()
        tab.go(-1)
        return label

    # --- boxes -----------------------------------------------------------------------------------------------

    def show_box(self, text: str, title: str, kind: int) -> int:
        """Show a message box; one with nothing but OK answers itself."""
        self.boxes.append((text, title, kind))
        if kind == 0:
            return 1
        if not self.box_answers:
            raise UnansweredBox(f"a box asks {text!r} ({title}); the test put no answer into box_answers")
        return self.box_answers.popleft()

    def ask(self, title: str, captions: list[str], values: list[str], separator: str) -> list[str] | None:
        """Show an input box; None where the user cancels it."""
        self.asked.append({"title": title, "captions": captions, "values": values})
        if not self.input_answers:
            raise UnansweredBox(f"the box {title!r} asks for {captions}; the test put nothing into input_answers")
        answer = self.input_answers.popleft()
        return answer.split(separator) if isinstance(answer, str) else answer

    @staticmethod
    def clock_s() -> float:
        """Return REAPER's clock."""
        return time.perf_counter()
