"""Where a running REAPER lets others in: found by the standard library alone, within seconds, or why it is not."""

from __future__ import annotations

import http.client
import json
import platform
import socket
import time
import urllib.error
import urllib.request
from typing import BinaryIO

from reaper_automix.errors import SessionError
from reaper_automix.installation.running import is_reaper_running

HOST, WEB_PORT = "127.0.0.1", 2307
SWITCH_ON = "In REAPER, run the action 'Automix remote control' until it says that it is ON, then run this again."

_WEB_LIMIT_S = 0.5
_ADD_WEB_INTERFACE = (
    f"In REAPER, add one once: Options > Preferences > Control/OSC/web > Add > Web browser interface, port {WEB_PORT}, "
    "no user name, no password. Then run the action 'Automix remote control', and this again."
)
_BUSY = (
    f"REAPER's web interface (port {WEB_PORT}) does not answer: REAPER is busy, or shows a box. Close the box and run "
    "this again."
)
_PASSWORD = (
    f"REAPER's web interface on port {WEB_PORT} asks for a password, which reapy cannot give. Take the user name and "
    "password out in Options > Preferences > Control/OSC/web, and run this again."
)
_PING = {"__callable__": True, "module_name": "builtins", "name": "len"}


def find_server(timeout_s: float) -> int:
    """Return the port of reapy's server in the REAPER on this computer; it has just answered there.

    Parameters
    ----------
    timeout_s : float
        After this time at the latest there is an answer, or an error.

    Raises
    ------
    SessionError
        If there is none: why, and the next step.
    """
    until_s = time.monotonic() + timeout_s
    port = _announced_port(until_s)
    _check_answers(port, until_s)
    return port


def stuck(port: int) -> str:
    """Say that a server does not answer, and what to do."""
    return (
        f"REAPER's remote control (port {port}) does not answer: another program holds REAPER, REAPER shows a box, or "
        "the remote control has broken down. Close the box or the other program and run this again; if that does not "
        "help, restart REAPER."
    )


def _announced_port(until_s: float) -> int:
    """Ask REAPER's web interface where reapy's server is.

    Raises
    ------
    SessionError
        If nobody answers, or there is none.
    """
    text = _web_answer(f"http://{HOST}:{WEB_PORT}/_/GET/EXTSTATE/reapy/server_port", until_s)
    if not text.startswith("EXTSTATE"):
        raise SessionError(_strange_web_interface("it answers something else"))
    port = text.strip("\n").rpartition("\t")[2].strip('"')
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SessionError(f"REAPER is there, but its remote control is off. {SWITCH_ON}")
    return int(port)


def _web_answer(url: str, until_s: float) -> str:
    """Return what a web server on this computer answers, whatever proxy the environment names.

    Raises
    ------
    SessionError
        If nobody answers in time.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(url, timeout=_WEB_LIMIT_S) as answer:
                return str(answer.read(4096).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                problem = _PASSWORD if error.code == 401 else _strange_web_interface(f"status {error.code}")
            raise SessionError(problem) from None
        except http.client.HTTPException as error:
            raise SessionError(_strange_web_interface(repr(error))) from None
        except OSError as error:
            if isinstance(getattr(error, "reason", error), ConnectionRefusedError):
                raise SessionError(_nobody_there()) from None
            if time.monotonic() + _WEB_LIMIT_S > until_s:
                raise SessionError(_BUSY) from None


def _check_answers(port: int, until_s: float) -> None:
    """Look whether a server greets at this port and answers a request, as reapy's does in its next turns.

    Raises
    ------
    SessionError
        If nobody listens there, or nobody answers.
    """
    request = json.dumps({"function": _PING, "input": {"args": [""], "kwargs": {}}}).encode()
    limit_s = max((until_s - time.monotonic()) * 0.45, 0.1)  # for each of the two answers
    try:
        with (
            socket.create_connection((HOST, port), timeout=limit_s) as connection,
            connection.makefile("rb") as stream,
        ):
            if _message(stream):
                connection.sendall(len(request).to_bytes(8, "little") + request)
                if _message(stream):
                    return
    except TimeoutError:
        raise SessionError(stuck(port)) from None
    except OSError:
        pass
    raise SessionError(f"REAPER announces a remote control on port {port}, but it has ended. {SWITCH_ON}")


def _message(stream: BinaryIO) -> bytes:
    """Read one of reapy's messages: eight bytes of length, then the text; empty where the server has gone."""
    return stream.read(min(int.from_bytes(stream.read(8), "little"), 4096))


def _nobody_there() -> str:
    if is_reaper_running(platform.system()) is False:
        return (
            "REAPER is not running on this computer. Start it, open the project, run the action 'Automix remote "
            "control', and run this again."
        )
    return f"REAPER's web interface is not there (nobody listens on port {WEB_PORT}). {_ADD_WEB_INTERFACE}"


def _strange_web_interface(what: str) -> str:
    return f"What answers on port {WEB_PORT} is not REAPER's web interface ({what}). {_ADD_WEB_INTERFACE}"
