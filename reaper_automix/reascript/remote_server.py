"""reapy's server, made safe.

As it comes, it listens to the whole network without a password, ends for good when a client dies at the wrong moment or
a result does not fit into JSON (while REAPER still announces its port), and lets a client that stands still hold REAPER
up for ever. Here it listens to 127.0.0.1 only, parts with such a client and goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from typing import Any

from reaper_automix.errors import SessionError

HOST = "127.0.0.1"
"""This computer alone: whoever can connect can do anything that REAPER can."""

HOLD_LIMIT_S = 5.0
"""A client that holds REAPER and says nothing for so long is let go of."""

TRANSFER_LIMIT_S = 5.0
"""How long a message that has begun may take; both ends are on one computer."""

MOST_BYTES = 256 * 1024 * 1024
"""No message is longer; what claims to be is not reapy's (a browser's request reads as 10**18 bytes)."""


def local_server(server_class: type[Any], port: int) -> Any:
    """Return reapy's server, made safe and listening.

    Raises
    ------
    SessionError
        If the port is taken.
    """
    try:
        return type("LocalServer", (SafeServer, server_class), {})(port)
    except OSError as error:
        raise SessionError(
            f"Port {port} is in use ({error.strerror or error}): another REAPER, or reapy's own server, has it. Close "
            "that one and switch the remote control on again."
        ) from None


class SafeServer:
    """What is put in front of reapy's ``Server``: every client can fail, and the server goes on.

    reapy's methods that are not here are used as they are; they are named in what they call ``super()`` for.
    """

    connections: dict[Any, Any]
    _socket: socket.socket

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return int(self._socket.getsockname()[1])

    def bind(self, address: tuple[str, int]) -> None:
        """Listen to this computer only, whatever reapy asks for."""
        if os.name == "nt":  # there, reapy's SO_REUSEADDR would let any program take the port over
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
        try:
            self._socket.bind((HOST, address[1]))
        except OSError:
            self._socket.close()
            raise

    def accept(self) -> None:
        """Take a new client, if there is one, and greet it with its address."""
        try:
            connected, address = self._socket.accept()
        except OSError:  # nobody, or gone already
            return
        connection = Connection(connected)
        with contextlib.suppress(OSError):
            connection.send(str(address).encode("ascii"))
            self.connections[address] = connection

    def disconnect(self, address: Any) -> None:
        """Part with a client, in whatever state it is."""
        connection = self.connections.pop(address, None)
        if connection is not None:
            connection.close()

    def close_all(self) -> None:
        """Part with everyone and close the port."""
        for address in list(self.connections):
            self.disconnect(address)
        self._socket.close()

    def _get_request(self, connection: Connection, address: Any) -> dict[str, Any] | None:
        """Return what a client asks for, if anything; one that has gone asks to be disconnected."""
        try:
            data = connection.recv()
        except TimeoutError:
            return None
        except OSError:
            return {"function": self.disconnect, "input": {"args": (address,), "kwargs": {}}}
        try:
            return _checked(_reapy_json(self).loads(data.decode()))
        except Exception as error:  # an unknown function, or no JSON: the client's mistake
            return {"function": _refuse, "input": {"args": (repr(error),), "kwargs": {}}}

    def _process_request(self, request: dict[str, Any], address: Any) -> dict[str, Any]:
        try:
            result: dict[str, Any] = super()._process_request(request, address)  # type: ignore[misc]
        except (SystemExit, KeyboardInterrupt) as error:
            result = {"type": "error", "traceback": f"The function ended with {error!r}."}
        return result

    def _hold_connection(self, address: Any) -> dict[str, Any]:
        """Serve one client alone until it lets go, is gone, or says nothing for too long."""
        result = {"type": "result", "value": None}
        connection = self.connections[address]
        self._send_result(connection, result)
        heard_at_s = time.monotonic()
        while address in self.connections:
            request = self._get_request(connection, address)
            if request is None:
                if time.monotonic() - heard_at_s > HOLD_LIMIT_S:
                    self.disconnect(address)
                continue
            if request["function"] == "RELEASE":
                break
            answer = self._process_request(request, address)
            if address in self.connections:
                self._send_result(connection, answer)
            heard_at_s = time.monotonic()
        return result

    def _send_result(self, connection: Connection, result: dict[str, Any]) -> None:
        """Send a result; where it is no JSON, an error; where nobody takes it, nothing."""
        try:
            data = _reapy_json(self).dumps(result)
        except Exception as error:
            data = json.dumps({"type": "error", "traceback": f"The result cannot be sent as JSON: {error!r}"})
        try:
            connection.send(data.encode())
        except OSError:
            for address in [a for a, known in self.connections.items() if known is connection]:
                self.disconnect(address)


class Connection:
    """One client: reapy's messages (eight bytes of length, then the text), within limits of time and size."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def recv(self, timeout: float = 0.0001) -> bytes:
        """Return a message.

        Raises
        ------
        TimeoutError
            If none has begun.
        OSError
            If the client is gone, stands still in the middle of a message, or does not speak reapy.
        """
        self._socket.settimeout(timeout)
        start = self._socket.recv(8)
        try:
            length = int.from_bytes(start + self._exactly(8 - len(start) if start else 0), "little")
            if not 0 < length <= MOST_BYTES:
                raise ConnectionAbortedError(f"no message: {length} bytes")
            return self._exactly(length)
        except TimeoutError as error:
            raise ConnectionAbortedError("stopped in the middle of a message") from error

    def send(self, data: bytes) -> None:
        """Send a message.

        Raises
        ------
        OSError
            If the client is gone, or does not take it in time.
        """
        self._socket.settimeout(TRANSFER_LIMIT_S)
        self._socket.sendall(len(data).to_bytes(8, "little") + data)

    def close(self) -> None:
        """Close the connection, in whatever state it is."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def _exactly(self, length: int) -> bytes:
        until_s = time.monotonic() + TRANSFER_LIMIT_S
        parts = []
        while length > 0:
            self._socket.settimeout(max(until_s - time.monotonic(), 0.001))
            parts.append(self._socket.recv(min(length, 1 << 20)))
            if not parts[-1]:
                raise ConnectionAbortedError("gone in the middle of a message")
            length -= len(parts[-1])
        return b"".join(parts)


def _refuse(problem: str) -> None:
    raise ValueError(f"The request cannot be read: {problem}")


def _checked(request: Any) -> dict[str, Any]:
    """Return a request of the form that reapy's server relies on.

    Raises
    ------
    ValueError
        If it is of another form.
    """
    function = request.get("function") if isinstance(request, dict) else None
    if function in ("HOLD", "RELEASE"):
        return {"function": function, "input": None}
    given = request.get("input") if callable(function) else None
    if not isinstance(given, dict) or not {"args", "kwargs"} <= given.keys():
        raise ValueError("it names no function and arguments")
    return {"function": function, "input": given}


def _reapy_json(server: Any) -> Any:
    """Return reapy's JSON, which knows functions by their names, of the reapy that a server comes from."""
    module = next(c.__module__ for c in type(server).__mro__ if c.__name__ == "Server")
    return sys.modules[module].json
