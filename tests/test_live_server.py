"""reapy's own server behind our front: clients of every kind, over real sockets."""

from __future__ import annotations

import json
import math
import socket
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.reascript import remote_server
from reaper_automix.reascript.remote_server import MOST_BYTES, local_server


@pytest.fixture(scope="module")
def server_class() -> Iterator[type[Any]]:
    """Import reapy as REAPER does (a ``__main__`` with ``obj``), and forget it afterwards."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.modules["__main__"].obj = None  # type: ignore[attr-defined]
    reaper_python = types.ModuleType("reaper_python")
    reaper_python.RPR_GetResourcePath = lambda: "/nowhere"  # type: ignore[attr-defined]
    sys.modules["reaper_python"] = reaper_python
    path = list(sys.path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = pytest.importorskip("reapy.tools.network.server", reason="python-reapy is not installed")
        yield module.Server
    finally:
        sys.path[:] = path
        sys.modules["__main__"] = main
        for name in [name for name in sys.modules if name.split(".")[0] in ("reapy", "reaper_python")]:
            del sys.modules[name]


@pytest.fixture
def server(server_class: type[Any]) -> Iterator[Any]:
    server = local_server(server_class, 0)
    yield server
    server.close_all()


def turn(server: Any) -> None:
    server.accept()
    server.send_results(server.process_requests(server.get_requests()))


class Client:
    """A client that speaks reapy's messages, and does what no decent one would."""

    def __init__(self, server: Any) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=5.0)
        self.stream = self.socket.makefile("rb")
        server_turns(server, lambda: len(server.connections) > 0)
        self.greeting = self.read()

    def send(self, data: bytes) -> None:
        self.socket.sendall(len(data).to_bytes(8, "little") + data)

    def ask(self, function: object, *arguments: object) -> None:
        self.send(json.dumps({"function": function, "input": {"args": arguments, "kwargs": {}}}).encode())

    def read(self) -> str:
        return self.stream.read(int.from_bytes(self.stream.read(8), "little")).decode()

    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.read())
        return answer

    def vanish(self) -> None:
        """End as a killed process does: at once, with unread data if there is any."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


@contextmanager
def client_of(server: Any) -> Iterator[Client]:
    client = Client(server)
    try:
        yield client
    finally:
        client.close()


def server_turns(server: Any, until: Callable[[], bool], limit_s: float = 5.0) -> None:
    until_s = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < until_s
        turn(server)


def function(name: str, module: str = "builtins") -> dict[str, object]:
    return {"__callable__": True, "module_name": module, "name": name}


def test_it_listens_to_this_computer_only(server: Any) -> None:
    assert server._socket.getsockname()[0] == "127.0.0.1"
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in others or {"127.0.0.2"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((str(address), server.port), timeout=1.0).close()


def test_it_answers(server: Any) -> None:
    with client_of(server) as client:
        assert "127.0.0.1" in client.greeting
        client.ask(function("len"), "four")
        turn(server)
        assert client.answer() == {"value": 4, "type": "result"}
        client.ask(function("len"), 4)
        turn(server)
        assert "TypeError" in client.answer()["traceback"]


@pytest.mark.parametrize("name", ["object", "memoryview", "bytes"])
def test_a_result_that_is_no_json_is_an_error(server: Any, name: str) -> None:
    with client_of(server) as client:
        client.send(json.dumps({"function": function("eval"), "input": {"args": [f"{name}"], "kwargs": {}}}).encode())
        turn(server)
        client.answer()  # a class is a callable, which reapy can name
        client.ask(function("eval"), "object()" if name == "object" else f"{name}(b'x')")
        turn(server)
        assert "cannot be sent as JSON" in client.answer()["traceback"]
        client.ask(function("len"), "four")
        turn(server)
        assert client.answer()["value"] == 4


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"\xff\xfe",
        b"3",
        b"{}",
        b'{"function": "len", "input": {"args": [], "kwargs": {}}}',
        json.dumps({"function": function("len")}).encode(),
        json.dumps({"function": function("nothing", "no.such.module"), "input": {"args": [], "kwargs": {}}}).encode(),
        json.dumps({"function": function("no_such_name"), "input": {"args": [], "kwargs": {}}}).encode(),
    ],
)
def test_a_request_that_cannot_be_read_is_an_error(server: Any, data: bytes) -> None:
    with client_of(server) as client:
        client.send(data)
        turn(server)
        assert "cannot be read" in client.answer()["traceback"]
        client.ask(function("len"), "four")
        turn(server)
        assert client.answer()["value"] == 4


def test_a_function_that_ends_the_program_does_not(server: Any) -> None:
    with client_of(server) as client:
        client.ask(function("exit", "sys"), 3)
        turn(server)
        assert "SystemExit(3)" in client.answer()["traceback"]


@pytest.mark.parametrize("while_holding", [False, True])
def test_a_client_that_vanishes_is_let_go_of(server: Any, while_holding: bool) -> None:
    client = Client(server)
    if while_holding:
        client.ask("HOLD")
        client.vanish()
        turn(server)  # holds, and ends holding
    else:
        client.ask(function("len"), "four")
        client.vanish()
        server_turns(server, lambda: not server.connections)
    server_turns(server, lambda: not server.connections)
    assert not server.connections
    test_it_answers(server)


def test_holding_and_letting_go(server: Any) -> None:
    with client_of(server) as client:
        client.ask("HOLD")
        client.ask("HOLD")  # nested, as a function with reapy's decorator in a held block does
        client.ask(function("len"), "four")
        client.ask("RELEASE")
        client.ask("RELEASE")
        turn(server)
        assert [client.answer().get("value") for _ in range(5)] == [None, None, 4, None, None]
        assert len(server.connections) == 1


def test_a_client_that_holds_and_says_nothing_is_let_go_of(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_server, "HOLD_LIMIT_S", 0.2)
    with client_of(server) as client:
        client.ask("HOLD")
        started_s = time.monotonic()
        turn(server)
        assert 0.2 <= time.monotonic() - started_s < 1.0
        assert not server.connections


@pytest.mark.parametrize("start", [b"GET / HT", (MOST_BYTES + 1).to_bytes(8, "little"), b"\0" * 8])
def test_what_is_no_message_of_reapys_is_let_go_of(server: Any, start: bytes) -> None:
    with client_of(server) as client:
        client.socket.sendall(start)
        server_turns(server, lambda: not server.connections)
        assert client.socket.recv(1) == b""
    assert not server.connections
    test_it_answers(server)


def test_a_client_that_stops_in_a_message_is_let_go_of(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_server, "TRANSFER_LIMIT_S", 0.2)
    with client_of(server) as client:
        client.socket.sendall((100).to_bytes(8, "little") + b'{"fun')
        started_s = time.monotonic()
        server_turns(server, lambda: not server.connections)
        assert time.monotonic() - started_s < 1.0


def test_a_client_that_does_not_take_its_answer_is_let_go_of(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_server, "TRANSFER_LIMIT_S", 0.2)
    with client_of(server) as client:
        client.ask(function("eval"), "'x' * 50_000_000")
        started_s = time.monotonic()
        server_turns(server, lambda: not server.connections)
        assert time.monotonic() - started_s < 2.0


def test_a_long_message_is_one_message(server: Any) -> None:
    with client_of(server) as client, ThreadPoolExecutor(1) as beside:
        client_ends = beside.submit(lambda: (client.ask(function("len"), "x" * 20_000_000), client.answer())[1])
        server_turns(server, client_ends.done)
        assert client_ends.result()["value"] == 20_000_000
        client_ends = beside.submit(lambda: (client.ask(function("eval"), "'é' * 2_000_000"), client.answer())[1])
        server_turns(server, client_ends.done)
        assert client_ends.result()["value"] == "é" * 2_000_000


def test_numbers_that_json_has_no_word_for_arrive(server: Any) -> None:
    with client_of(server) as client:
        client.ask(function("eval"), "float('-inf')")
        turn(server)
        assert client.answer()["value"] == -math.inf


def test_a_port_that_is_taken_is_explained(server: Any, server_class: type[Any]) -> None:
    with pytest.raises(SessionError, match=rf"Port {server.port} is in use .*switch the remote control on again"):
        local_server(server_class, server.port)
