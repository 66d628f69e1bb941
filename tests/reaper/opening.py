"""A project tab of our own in the volunteer's REAPER: opened from a file in a temporary folder, closed without a word.

The volunteer's own tabs are never written. A tab is replaced, saved or closed only after a look whether it is ours.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from reaper.connection import Connection, ReaperApi, connection
from reaper_automix.edits import Control, Edit
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.open_project import ReaperHost
from reaper_automix.session import EnvelopeKind, Session

NEW_TAB, CLOSE_TAB = 41929, 40860
"""Actions: new project tab (ignore default template); close the current project tab."""

_PATH_ROOM = 4096


class OpenTab:
    """A tab with a project of ours, in front; a context manager, which closes it.

    Parameters
    ----------
    connection : Connection
        The running REAPER.
    path : Path
        The project file; saving and closing write it.
    """

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        with connection.held() as api:
            self.others = dict(open_tabs(api))
            if any(int(api.GetPlayStateEx(pointer)) & 4 for pointer in self.others):
                pytest.skip("REAPER is recording, so no tab was opened. Stop the recording and run this again.")
            self.came_from = front(api)[0]
            api.Main_OnCommand(NEW_TAB, 0)
            new, name = front(api)
            assert new not in self.others, "REAPER opened no new tab; nothing was opened, and no tab was touched"
            assert not name, f"the new tab holds a project already; nothing was opened in it ({Path(name).name})"
            api.Main_openProject(f"noprompt:{path}")
            self.project, opened = front(api)
            assert self.project not in self.others, "REAPER left the new tab while it opened our project"
            assert _is_same_file(opened, path), f"REAPER did not open {path.name}; an empty tab is left"

    def __enter__(self) -> OpenTab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def held(self) -> Iterator[Reaper]:
        """Hold REAPER in the block."""
        with self.connection.held() as api:
            yield Reaper(api, self.project)

    def save(self) -> str:
        """Save the project; return the file's text."""
        with self.connection.held() as api:
            api.Main_SaveProject(self.project, False)
        return self.path.read_text(encoding="utf-8")

    def close(self) -> None:
        """Save and close the tab, and return to the one that was in front; once more does no harm."""
        if self.connection.is_broken:
            return
        with self.connection.held() as api:
            if not _is_same_file(dict(open_tabs(api)).get(self.project, ""), self.path):
                return
            api.Main_SaveProject(self.project, False)  # a tab with changes would ask
            assert not api.IsProjectDirty(self.project), f"{self.path.name} cannot be saved, so its tab is left open"
            api.SelectProjectInstance(self.project)
            assert front(api)[0] == self.project, f"the tab of {self.path.name} does not come to the front: left open"
            api.Main_OnCommand(CLOSE_TAB, 0)
            if self.came_from in dict(open_tabs(api)):
                api.SelectProjectInstance(self.came_from)


class HeldHost:
    """A tab of our own as a host (``edits.Host``): REAPER is held for each call, as one call from inside would."""

    def __init__(self, tab: OpenTab) -> None:
        self._tab = tab
        with tab.held() as reaper:
            self._host = ReaperHost(reaper, "Automix: hand")

    @property
    def has_undo(self) -> bool:
        return self._host.has_undo

    @property
    def notes(self) -> tuple[str, ...]:
        return self._host.notes

    @property
    def why_no_takes(self) -> str:
        with self._tab.held():
            return self._host.why_no_takes

    def read_session(self) -> Session:
        with self._tab.held():
            return self._host.read_session()

    def keep_roles(self, roles_json: str) -> None:
        with self._tab.held():
            self._host.keep_roles(roles_json)

    def spelling(self, track_id: str, control: Control) -> str:
        with self._tab.held():
            return self._host.spelling(track_id, control)

    def envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        with self._tab.held():
            return self._host.envelope_spelling(track_id, kind, window_s)

    def has_chain(self, track_id: str) -> bool:
        with self._tab.held():
            return self._host.has_chain(track_id)

    def writable_plugin(self, plugin: str) -> tuple[str, str]:
        return self._host.writable_plugin(plugin)

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        with self._tab.held():
            return self._host.write(edits, ledger_json)

    def close(self) -> None:
        """Close the tab."""
        self._tab.close()


def host_in_reaper(path: Path) -> HeldHost:
    """Open a project in the running REAPER; skip the test where there is none."""
    return HeldHost(OpenTab(connection(), in_one_place(path)))


def in_one_place(path: Path) -> Path:
    """Copy a test's project to where all tests have it: REAPER's list of recent projects gets one entry, not twenty.

    Media that are there stay, they are the same ones: on Windows, REAPER may hold them open.
    """
    place = path.parent.parent / "in REAPER"
    shutil.copytree(path.parent, place, copy_function=_copy_if_missing, dirs_exist_ok=True)
    shutil.copyfile(path, place / path.name)
    return place / path.name


def _copy_if_missing(source: str, target: str) -> None:
    if not os.path.exists(target):
        shutil.copyfile(source, target)


def front(api: ReaperApi) -> tuple[str, str]:
    """Return (pointer, file) of the tab in front."""
    answer = api.EnumProjects(-1, "", _PATH_ROOM)
    return str(answer[0]), str(answer[2])


def open_tabs(api: ReaperApi) -> list[tuple[str, str]]:
    """Return (pointer, file) of each open tab."""
    return list(Reaper(api, front(api)[0]).open_projects())


def _is_same_file(name: str, path: Path) -> bool:
    return bool(name) and os.path.exists(name) and os.path.samefile(name, path)
