"""The switch of the remote control: what it does about a server that ended without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.reascript import remote_control
from reaper_automix.reascript.remote_control import OFF_TEXT, RemoteState, switch


class Api:
    """REAPER's ext state, its clock, and scripts that can be started."""

    def __init__(self) -> None:
        self.state: dict[tuple[str, str], str] = {}
        self.now_s = 1000.0
        self.command = 40000
        self.added: list[str] = []
        self.started: list[int] = []
        self.console = ""

    def time_precise(self) -> float:
        return self.now_s

    def GetExtState(self, section: str, key: str) -> str:
        return self.state.get((section, key), "")

    def SetExtState(self, section: str, key: str, value: str, persist: bool) -> None:
        assert not persist, "the remote control is off when REAPER starts"
        self.state[section, key] = value

    def DeleteExtState(self, section: str, key: str, persist: bool) -> None:
        self.state.pop((section, key), None)

    def AddRemoveReaScript(self, add: bool, section: int, path: str, commit: bool) -> int:
        self.added.append(path)
        return self.command

    def Main_OnCommand(self, command: int, flag: int) -> None:
        self.started.append(command)
        RemoteState(self).keep()

    def ShowConsoleMsg(self, text: str) -> None:
        self.console += text


@pytest.fixture
def api() -> Api:
    return Api()


def test_it_starts_the_script_that_stays(api: Api, tmp_path: Path) -> None:
    switch(api, tmp_path)
    assert api.added == [str(tmp_path / "automix_serve.py")]
    assert api.started == [40000]


def test_a_server_that_runs_is_asked_to_stop_and_never_started_twice(api: Api, tmp_path: Path) -> None:
    RemoteState(api).keep()
    for _ in range(2):
        switch(api, tmp_path)
        api.now_s += 0.1
        assert RemoteState(api).is_asked_to_stop()
    assert api.started == []
    assert api.console == 2 * OFF_TEXT


def test_a_server_that_does_not_stop_has_died(api: Api, tmp_path: Path) -> None:
    RemoteState(api).keep()
    switch(api, tmp_path)
    api.now_s += 3.0
    switch(api, tmp_path)
    assert api.started == [40000]
    assert not RemoteState(api).is_asked_to_stop()


def test_a_server_that_has_not_been_heard_of_has_died(api: Api, tmp_path: Path) -> None:
    RemoteState(api).keep()
    api.now_s += 61.0
    switch(api, tmp_path)
    assert api.started == [40000]


def test_the_announcement_of_another_server_is_left_alone(api: Api, tmp_path: Path) -> None:
    api.SetExtState("reapy", "server_port", "2306", False)
    switch(api, tmp_path)
    assert api.GetExtState("reapy", "server_port") == "2306"


def test_a_script_that_reaper_does_not_take(api: Api, tmp_path: Path) -> None:
    api.command = 0
    with pytest.raises(SessionError, match=r"REAPER did not take .*automix_serve\.py"):
        switch(api, tmp_path)


@pytest.mark.parametrize(
    ("python", "packages"),
    [("bin/python", "lib/python3.12/site-packages"), ("Scripts/python.exe", "Lib/site-packages")],
)
def test_where_the_packages_are(tmp_path: Path, python: str, packages: str) -> None:
    (tmp_path / packages).mkdir(parents=True)
    assert remote_control._site_packages(tmp_path / python) == tmp_path / packages
