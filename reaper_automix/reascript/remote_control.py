"""Remote control: while the user has switched it on, programs on this computer reach REAPER through ``reapy``.

The action only switches; a script of its own stays and runs the server (see ``watcher`` for why there are two).
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from reaper_automix.errors import SessionError
from reaper_automix.reascript.deferred import told
from reaper_automix.reascript.installed import installed
from reaper_automix.reascript.remote_server import local_server
from reaper_automix.reascript.state import STALE_S, ExtState

SERVE_SCRIPT = "automix_serve.py"

SERVER_PORT, WEB_PORT = 2306, 2307
"""Both are fixed in reapy: its server, and the web interface of REAPER that tells where the server is."""

_ANNOUNCED = ("reapy", "server_port")
_RUNNING, _STOP = "remote_control", "remote_control_stop"
_STOP_LIMIT_S = 2.0

ON_TEXT = f"""Automix: remote control is ON, until you run this action again or close REAPER.
Programs on this computer can now read and change the open project. Other computers cannot.
reaper-automix live mix, inspect and revert need one more thing, once: REAPER's web interface on port {WEB_PORT}.
Options > Preferences > Control/OSC/web > Add > Web browser interface, "Run web interface on port" {WEB_PORT}, OK.
Leave its user name and password empty (reapy can give none). It answers your whole network: take it out again when you
do not need it.

"""
OFF_TEXT = "Automix: remote control is off.\n\n"


class RemoteState:
    """What the switch and the server tell one another: REAPER's ext state, gone when REAPER closes.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    """

    def __init__(self, api: Any) -> None:
        self._api = api
        self._state = ExtState(api)

    def is_running(self) -> bool:
        """Tell whether a server runs that still hears: one that did not heed its stop has died."""
        return self._state.age_s(_RUNNING) < STALE_S and not _STOP_LIMIT_S < self._state.age_s(_STOP) < math.inf

    def is_ours(self) -> bool:
        """Tell, where a server answers, whether it is this one: reapy's own leaves no word of itself here."""
        return self._state.get(_RUNNING) is not None

    def keep(self) -> None:
        """Say that the server runs."""
        self._state.set_time(_RUNNING)

    def ask_to_stop(self) -> None:
        """Ask the server to end."""
        self._state.set_time(_STOP)

    def is_asked_to_stop(self) -> bool:
        """Tell whether the server should end."""
        return self._state.get(_STOP) is not None

    def announce(self, port: int) -> None:
        """Tell reapy's clients where the server is; they ask REAPER's web interface for it."""
        self._api.SetExtState(*_ANNOUNCED, str(port), False)

    def clear(self) -> None:
        """Say that no server runs."""
        self._api.DeleteExtState(*_ANNOUNCED, False)
        self._state.set(_RUNNING, None)
        self.forget_stop()

    def forget_stop(self) -> None:
        """Forget that the server was asked to end."""
        self._state.set(_STOP, None)


def switch(api: Any, folder: Path) -> None:
    """Switch the remote control on, or off where it is on.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    folder : Path
        The folder of the action scripts.

    Raises
    ------
    SessionError
        If the server's script cannot be started.
    """
    state = RemoteState(api)
    if state.is_running():
        state.ask_to_stop()
        api.ShowConsoleMsg(OFF_TEXT)
        return
    state.forget_stop()
    command = int(api.AddRemoveReaScript(True, 0, str(folder / SERVE_SCRIPT), True))
    if command == 0:
        raise SessionError(f"REAPER did not take {folder / SERVE_SCRIPT}. Next step: run install.py again.")
    api.Main_OnCommand(command, 0)


class RemoteControl:
    """The server in REAPER's turns.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    server : object
        What ``local_server`` returned.
    defer : callable
        Has REAPER call ``turn`` once more.
    """

    def __init__(self, api: Any, server: Any, defer: Callable[[], None]) -> None:
        self._state = RemoteState(api)
        self._server = server
        self._defer = defer
        self._state.forget_stop()
        self._state.keep()
        self._state.announce(server.port)

    def turn(self) -> None:
        """Answer what was asked since the last turn, and ask for the next; when told to stop, end."""
        if self._state.is_asked_to_stop():
            self.close()
            return
        try:
            self._server.accept()
            self._server.send_results(self._server.process_requests(self._server.get_requests()))
        except BaseException:
            self.close()
            raise
        self._state.keep()
        self._defer()

    def close(self) -> None:
        """Part with all clients and close the port; once more does no harm."""
        self._server.close_all()
        self._state.clear()


def serve(api: Any, main: ModuleType) -> None:
    """Run the server in REAPER's deferred calls, until it is told to stop or REAPER closes.

    Raises
    ------
    SessionError
        If reapy is not installed, or the port is taken.
    """
    site_packages = _site_packages(installed(api).python)
    server = local_server(_reapy_server_class(site_packages), SERVER_PORT)
    control = RemoteControl(api, server, lambda: main.RPR_defer("automix_serve_turn()"))
    main.automix_serve_turn = told(control.turn)  # type: ignore[attr-defined]
    main.automix_serve_close = control.close  # type: ignore[attr-defined]
    main.RPR_atexit("automix_serve_close()")
    api.ShowConsoleMsg(ON_TEXT)
    control.turn()


def _reapy_server_class(site_packages: Path) -> type[Any]:
    """Return reapy's server, from our environment where REAPER's Python has no reapy of its own.

    The environment comes last on the search path: nothing of REAPER's Python is replaced by it.

    Raises
    ------
    SessionError
        If reapy is not installed.
    """
    if str(site_packages) not in sys.path:
        sys.path.append(str(site_packages))
    try:
        module = importlib.import_module("reapy.tools.network.server")
    except ImportError as error:
        raise SessionError(
            f"Remote control needs python-reapy, which is not in {site_packages} ({error}). Next step: run install.py "
            "in the reaper_automix folder again, then switch the remote control on once more."
        ) from None
    server_class: type[Any] = module.Server
    return server_class


def _site_packages(python: Path) -> Path:
    """Return the folder of the packages of a virtual environment, from the path of its Python."""
    environment = python.parent.parent
    found = sorted(environment.glob("lib/python3*/site-packages"))
    return found[-1] if found else environment / "Lib" / "site-packages"
