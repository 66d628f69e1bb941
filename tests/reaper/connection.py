"""The running REAPER that the volunteer suite talks to, through the same connection as ``reaper-automix live``.

A function called from outside makes no undo point of its own and waits for REAPER's next turn, so REAPER is held for
each piece of work. A box that REAPER shows meanwhile would hold both up for ever: a block has a time limit.
"""

from __future__ import annotations

import atexit
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.hosts.live import LiveReaper, connect

BLOCK_LIMIT_S = 60.0
"""Longer than the render of a second of audio takes on any computer."""


class ReaperApi:
    """ReaScript's functions without their prefix, with the errors that they would raise inside REAPER."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        import reapy

        function = getattr(reapy.reascript_api, name, None)
        if function is None:
            pytest.skip(f"not available: this REAPER has no function {name}")
        return lambda *arguments: self._connection.ask(lambda: function(*arguments))


class Connection:
    """A connection to REAPER.

    Parameters
    ----------
    live : LiveReaper
        What ``hosts.live.connect`` returned.
    """

    def __init__(self, live: LiveReaper) -> None:
        self._client = live._client
        self._is_held = False
        self.is_broken = False
        self.api = ReaperApi(self)

    @contextmanager
    def held(self) -> Iterator[ReaperApi]:
        """Hold REAPER in the block, so that it is one piece of work: a block in a block is part of it."""
        if self._is_held:
            yield self.api
            return
        guard = threading.Timer(BLOCK_LIMIT_S, self._give_up)
        guard.daemon = True
        guard.start()
        try:
            self.ask(lambda: self._client.request("HOLD"))
            self._is_held = True
            try:
                yield self.api
            finally:
                self._is_held = False
                if not self.is_broken:
                    self.ask(lambda: self._client.request("RELEASE"))
        finally:
            guard.cancel()

    def inside(self, code: str) -> Any:
        """Run Python inside REAPER, and return what it leaves in ``answer``: anything that JSON can hold."""
        source = f"(lambda names: (exec({code!r}, names), names['answer'])[1])(dict())"
        return self.ask(lambda: self._client.request(eval, {"args": [source], "kwargs": {}}))

    def ask(self, request: Callable[[], Any]) -> Any:
        """Make a request of REAPER; what the double lacks is skipped."""
        from reapy.errors import DistError

        try:
            return request()
        except DistError as error:
            problem = (str(error).strip().splitlines() or [repr(error)])[-1]
            if problem.startswith("AttributeError"):  # a null text, see ``Reaper.undo``
                raise AttributeError(problem) from error
            if problem.startswith("NotImplementedError"):
                pytest.skip(f"not available: {problem}")
            raise
        except (OSError, ValueError) as error:
            self.is_broken = True
            raise SessionError(
                f"The connection to REAPER broke off, or it did not answer for {BLOCK_LIMIT_S:.0f} s ({error!r}). "
                "Close any box that it shows, switch the remote control off and on, and run this again."
            ) from error

    def _give_up(self) -> None:
        """Part with REAPER: what waits for its answer goes on with an error."""
        self.is_broken = True
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


_connections: list[Connection] = []
_refusals: list[str] = []


def connection() -> Connection:
    """Return the connection of this test run; skip the test where REAPER cannot be reached."""
    if _refusals:
        pytest.skip(_refusals[0])
    if not _connections or _connections[-1].is_broken:
        try:
            _connections.append(Connection(connect()))
        except SessionError as error:
            _refusals.append(str(error))
            pytest.skip(str(error))
        atexit.register(_connections[-1].close)
    return _connections[-1]
