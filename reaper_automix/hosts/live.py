"""A running REAPER from outside, through ``reapy``: the project is read in one call and written in one.

REAPER stands still during a call, so nothing is analysed in between: read, let go, think, write. Where the server is
our own, a call is one request; under reapy's own, REAPER is held while the same code runs here, one function at a time.

``import reapy`` connects at once, and waits for ever for a server that does not answer. So it is imported only after a
short look at what is there, and in a thread that can be left behind.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar, cast

from reaper_automix import __version__, errors
from reaper_automix.errors import SessionError
from reaper_automix.hosts.live_address import SWITCH_ON, find_server, stuck
from reaper_automix.mixplan import MixPlan
from reaper_automix.mixplan_json import plan_to_json
from reaper_automix.reascript import remote
from reaper_automix.reascript.remote_control import RemoteState
from reaper_automix.receipt import Outcome, Receipt, Status
from reaper_automix.session import Session
from reaper_automix.session_json import session_from_json

Result = TypeVar("Result")

CONNECT_LIMIT_S = 3.0
ANSWER_LIMIT_S = 120.0
"""Large projects take some seconds; a box that REAPER shows meanwhile has to be closed first."""

_IMPORT_LIMIT_S = 10.0
"""reapy's modules may have to come from a cold disk; by then the server has answered once."""


@dataclass(frozen=True, slots=True)
class OpenProject:
    """The project in front as it was read: the tab's pointer, REAPER's change count then, and what it held."""

    project: str
    read_at: int
    recording: bool
    session_json: str
    session: Session


def connect(timeout_s: float = CONNECT_LIMIT_S) -> LiveReaper:
    """Connect to the REAPER that runs on this computer.

    Parameters
    ----------
    timeout_s : float
        After this time at the latest there is a connection, or an error.

    Raises
    ------
    SessionError
        If it cannot be reached: why, and the next step.
    """
    port = find_server(timeout_s)
    client = _within(_IMPORT_LIMIT_S, _reapy_client, stuck(port))
    if client is None:
        raise SessionError(f"reapy does not reach REAPER on port {port}. {SWITCH_ON}")
    return LiveReaper(client)


class LiveReaper:
    """A connection to a running REAPER; a context manager, which closes it.

    Parameters
    ----------
    client : object
        reapy's client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._is_our_server: bool | None = None

    def __enter__(self) -> LiveReaper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def read(self) -> OpenProject:
        """Read the project in front.

        Raises
        ------
        SessionError
            If it cannot be read.
        """
        answer = self._call(remote.read_project, remote.reading)
        if answer["version"] != __version__:
            raise SessionError(
                f"REAPER runs version {answer['version']} of reaper_automix, this is {__version__}. Close REAPER, run "
                "install.py here, and switch the remote control on again."
            )
        text = str(answer["session"])
        return OpenProject(
            str(answer["project"]), int(answer["read_at"]), bool(answer["recording"]), text, session_from_json(text)
        )

    def write(self, plan: MixPlan, read: OpenProject) -> Receipt:
        """Write a plan into the project that it was made for, in one undo step.

        Raises
        ------
        AutomixError
            If it cannot be written; nothing was changed then.
        """
        arguments = (plan_to_json(plan), read.project, read.session_json, int(read.read_at))
        return _receipt(self._call(remote.write_plan, remote.writing, *arguments))

    def revert(self) -> Receipt:
        """Take back what our runs wrote into the project in front, in one undo step.

        Raises
        ------
        AutomixError
            If it cannot be taken back; nothing was changed then.
        """
        return _receipt(self._call(remote.revert_project, remote.reverting, ""))

    def _call(
        self, inside: Callable[..., str], held: Callable[..., remote.Answer], *arguments: str | int
    ) -> remote.Answer:
        """Have something done in REAPER: by one request, or here while REAPER is held."""
        problem = (
            f"REAPER has not answered for {ANSWER_LIMIT_S:.0f} s. Close any box it shows, look in its undo history "
            "(Edit menu) whether it has written since, and run this again."
        )
        return _within(ANSWER_LIMIT_S, lambda: self._answer(inside, held, arguments), problem)

    def _answer(
        self, inside: Callable[..., str], held: Callable[..., remote.Answer], arguments: tuple[str | int, ...]
    ) -> remote.Answer:
        dist_error = importlib.import_module("reapy.errors").DistError
        try:
            if not self._server_is_ours():
                return _held(held, arguments, dist_error)
            answer: remote.Answer = json.loads(self._client.request(inside, {"args": list(arguments), "kwargs": {}}))
            return _checked(answer)
        except dist_error as error:
            raise SessionError(
                f"REAPER could not do this: {_last_line(error)}. Switch the remote control off and on, and "
                "run this again."
            ) from error
        except (OSError, json.JSONDecodeError) as error:
            raise SessionError(f"The connection to REAPER broke off ({error}). {SWITCH_ON}") from error

    def _server_is_ours(self) -> bool:
        """Find out whether REAPER's Python has our package: where our action switched the server on, it has.

        A request that names a function which it cannot import would end reapy's own server.
        """
        if self._is_our_server is None:
            import reapy

            self._is_our_server = RemoteState(reapy.reascript_api).is_ours()
        return self._is_our_server


# --- reapy -----------------------------------------------------------------------------------------------------------


def _reapy_client() -> Any:
    """Import reapy, which connects, or have it connect anew; return its client, None if it has none."""
    if hasattr(sys.modules["__main__"], "obj"):
        raise SessionError(
            "reapy takes a program with a global variable 'obj' for REAPER itself: rename that variable."
        )
    with warnings.catch_warnings(), _without_proxy():
        warnings.simplefilter("ignore")
        known = "reapy.tools.network.machines" in sys.modules
        try:
            import reapy
            from reapy.tools.network import machines
        except ImportError as error:
            raise SessionError(
                f"Working in a running REAPER needs python-reapy ({error}). Install it with: {sys.executable} -m pip "
                "install python-reapy==0.10.0"
            ) from None
        if known:
            if (old := machines.get_selected_client()) is not None:
                old.close()
            reapy.reconnect()
        return machines.get_selected_client()


@contextmanager
def _without_proxy() -> Iterator[None]:
    """Keep reapy's request to this computer out of a proxy that the environment names."""
    known = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    os.environ.update(dict.fromkeys(known, "localhost"))
    try:
        yield
    finally:
        for name, value in known.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _held(
    held: Callable[..., remote.Answer], arguments: tuple[str | int, ...], dist_error: type[Exception]
) -> remote.Answer:
    """Do something here, function by function, while REAPER is held and does nothing else."""
    import reapy

    hold: Any = reapy.inside_reaper()
    with hold:
        return held(_HeldApi(reapy.reascript_api, dist_error), *arguments)


class _HeldApi:
    """reapy's functions, which raise what REAPER's own would raise."""

    def __init__(self, api: Any, dist_error: type[Exception]) -> None:
        self._api = api
        self._dist_error = dist_error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._api, name)

        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except self._dist_error as error:
                if _last_line(error).startswith("AttributeError"):  # a null text, see ``Reaper.undo``
                    raise AttributeError(_last_line(error)) from error
                raise

        self.__dict__[name] = call
        return call


def _last_line(error: Exception) -> str:
    """Return what a traceback from REAPER comes down to."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else repr(error)


# --- answers ---------------------------------------------------------------------------------------------------------


def _checked(answer: remote.Answer) -> remote.Answer:
    """Return an answer, or raise the problem that it holds."""
    if "error" not in answer:
        return answer
    if answer.get("traceback"):
        raise SessionError(
            f"An unexpected error in REAPER: {answer['error']}. Look in its undo history (Edit menu) whether something "
            f"was written, and report this:\n{answer['traceback']}"
        )
    kinds = {"PlanError": errors.PlanError, "ScopeError": errors.ScopeError}
    raise kinds.get(str(answer.get("kind")), SessionError)(str(answer["error"]))


def _receipt(answer: remote.Answer) -> Receipt:
    data = answer["receipt"]
    outcomes = tuple(
        Outcome(str(o["track"]), str(o["what"]), Status(o["status"]), str(o["detail"])) for o in data["outcomes"]
    )
    return Receipt(outcomes, tuple(str(note) for note in data["notes"]))


def _within(limit_s: float, work: Callable[[], Result], problem: str) -> Result:
    """Do something that may wait for ever, in a thread that is left behind when it does.

    Raises
    ------
    SessionError
        With ``problem`` as its text, if it takes longer than the limit.
    """
    done: list[tuple[Result | None, BaseException | None]] = []

    def run() -> None:
        try:
            done.append((work(), None))
        except BaseException as error:
            done.append((None, error))

    thread = threading.Thread(target=run, daemon=True, name="reapy")
    thread.start()
    until_s = time.monotonic() + limit_s
    while thread.is_alive() and time.monotonic() < until_s:
        thread.join(0.2)  # in short pieces: Windows delivers no Ctrl+C during one
    if not done:
        raise SessionError(problem)
    result, error = done[0]
    if error is not None:
        raise error
    return cast(Result, result)
