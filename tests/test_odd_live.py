"""A connection to a running REAPER that goes wrong on the way: the message says what happened and what to do."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from reaper_automix import __version__
from reaper_automix.errors import PlanError, ScopeError, SessionError
from reaper_automix.hosts import live
from reaper_automix.hosts.live import LiveReaper, connect
from reaper_automix.session import Session
from reaper_automix.session_json import session_to_json

PORT = 50505


class DistError(Exception):
    """What reapy raises for an error inside REAPER."""


class Client:
    """reapy's client, with the answer that a test gives it."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer, self.is_closed = answer, False

    def request(self, function: Callable[..., str], arguments: dict[str, Any]) -> str:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        self.is_closed = True


class Api:
    """ReaScript as reapy offers it, in a REAPER whose server is our own."""

    @staticmethod
    def GetExtState(section: str, key: str) -> str:
        return "1.0"


@pytest.fixture
def reapy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for reapy, which is none of ours: the names that are used of it."""
    modules = {name: ModuleType(name) for name in ("reapy", "reapy.errors", "reapy.tools", "reapy.tools.network")}
    machines = ModuleType("reapy.tools.network.machines")
    vars(modules["reapy"]).update(reascript_api=Api(), reconnects=[], proxies=[])
    vars(modules["reapy"])["reconnect"] = lambda: modules["reapy"].reconnects.append(os.environ["no_proxy"])
    vars(modules["reapy.errors"])["DistError"] = DistError
    vars(modules["reapy.tools.network"])["machines"] = machines
    vars(machines).update(client=None, get_selected_client=lambda: machines.client)
    for name, module in {**modules, "reapy.tools.network.machines": machines}.items():
        monkeypatch.setitem(sys.modules, name, module)
    return modules["reapy"]


def machines() -> Any:
    return sys.modules["reapy.tools.network.machines"]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port on which REAPER's server has just answered; finding it has tests of its own."""
    monkeypatch.setattr(live, "find_server", lambda timeout_s: PORT)
    return PORT


def reading(**changes: Any) -> str:
    session = session_to_json(Session(path="/song.RPP", name="song"))
    known = {"version": __version__, "project": "(ReaProject*)0x01", "read_at": 7, "recording": False}
    return json.dumps({**known, "session": session, **changes})


@pytest.mark.usefixtures("reapy")
def test_an_answer_becomes_the_project_and_the_connection_is_closed() -> None:
    client = Client(reading())
    with LiveReaper(client) as reaper:
        project = reaper.read()
    assert (project.project, project.read_at, project.session.name) == ("(ReaProject*)0x01", 7, "song")
    assert client.is_closed


@pytest.mark.usefixtures("reapy")
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reading(version="0.0.1"), SessionError, "runs version 0.0.1 of reaper_automix, this is .*Close REAPER, run"),
        (
            DistError("Traceback\n  ...\nValueError: odd"),
            SessionError,
            "could not do this: ValueError: odd.*off and on",
        ),
        (DistError(""), SessionError, "could not do this: DistError.*off and on"),
        (ConnectionResetError("reset"), SessionError, r"broke off \(reset\).*Automix remote control"),
        ("{", SessionError, "broke off.*Automix remote control"),
        (json.dumps({"error": "No such mixer.", "kind": "PlanError"}), PlanError, "No such mixer"),
        (json.dumps({"error": "Nothing here.", "kind": "ScopeError"}), ScopeError, "Nothing here"),
        (json.dumps({"error": "Recording.", "kind": "SomeError"}), SessionError, "Recording"),
        (json.dumps({"error": "odd", "traceback": "line 1"}), SessionError, "unexpected error in REAPER: odd.*undo"),
    ],
    ids=["version", "error", "silent error", "broken off", "half", "plan", "scope", "session", "unexpected"],
)
def test_what_goes_wrong_inside_is_told_with_the_next_step(
    answer: str | Exception, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        LiveReaper(Client(answer)).read()


@pytest.mark.usefixtures("reapy")
def test_a_reaper_that_is_busy_for_too_long_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    class Busy(Client):
        def request(self, function: Callable[..., str], arguments: dict[str, Any]) -> str:
            let_go.wait(10.0)
            return "{}"

    monkeypatch.setattr(live, "ANSWER_LIMIT_S", 0.05)
    with pytest.raises(SessionError, match="Close any box it shows, look in its undo history"):
        LiveReaper(Busy("")).revert()
    let_go.set()


@pytest.mark.usefixtures("port")
def test_reapy_connects_anew_and_past_a_proxy_which_is_put_back(
    reapy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.delenv("NO_PROXY", raising=False)
    old = machines().client = Client(reading())
    connect().close()
    assert old.is_closed
    assert reapy.reconnects == ["localhost"]
    assert (os.environ["no_proxy"], "NO_PROXY" in os.environ) == ("example.org", False)


@pytest.mark.usefixtures("reapy")
def test_a_reapy_that_does_not_reach_reaper_is_told_with_the_port(port: int) -> None:
    with pytest.raises(SessionError, match=f"does not reach REAPER on port {port}.*Automix remote control"):
        connect()


@pytest.mark.usefixtures("port")
def test_without_reapy_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reapy", None)
    with pytest.raises(SessionError, match=r"needs python-reapy.*pip install"):
        connect()


@pytest.mark.usefixtures("reapy", "port")
def test_a_program_that_reapy_would_take_for_reaper_is_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "obj", 1, raising=False)
    with pytest.raises(SessionError, match="rename that variable"):
        connect()
