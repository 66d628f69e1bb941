"""Finding a running REAPER: whatever is there instead, a message with the next step within three seconds."""

from __future__ import annotations

import json
import platform
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reaper_automix.errors import SessionError
from reaper_automix.hosts import live_address
from reaper_automix.hosts.live import connect
from reaper_automix.hosts.live_address import HOST, WEB_PORT, find_server
from reaper_automix.installation.running import is_reaper_running

LIMIT_S = 3.0


@pytest.fixture(autouse=True)
def _port_is_free(reapy_port: None) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, WEB_PORT))
        except OSError:
            pytest.skip(f"port {WEB_PORT}, which is fixed in reapy, is in use on this machine")


@contextmanager
def web_interface(answer: Callable[[str], tuple[int, str]]) -> Iterator[None]:
    """Answer web requests by path, as (status, text)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer((HOST, WEB_PORT), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def announcing(port: object) -> Callable[[str], tuple[int, str]]:
    return lambda path: (200, "EXTSTATE\t" + "\t".join(path.split("/")[-2:]) + f"\t{port}\n")


def problem() -> str:
    """Return the message that ``connect`` ends with, in time."""
    start_s = time.monotonic()
    with pytest.raises(SessionError) as caught:
        connect()
    assert time.monotonic() - start_s < LIMIT_S
    return str(caught.value)


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener


@pytest.mark.parametrize(
    ("running", "message", "step"),
    [
        (False, "REAPER is not running", "Start it, open the project"),
        (True, "web interface is not there", "Add > Web browser interface, port 2307"),
        (None, "web interface is not there", "Add > Web browser interface, port 2307"),
    ],
)
def test_nobody_there(monkeypatch: pytest.MonkeyPatch, running: bool | None, message: str, step: str) -> None:
    monkeypatch.setattr(live_address, "is_reaper_running", lambda system: running)
    told = problem()
    assert message in told
    assert step in told
    assert "Automix remote control" in told


def test_whether_reaper_runs_is_found_out() -> None:
    runs_not = is_reaper_running(platform.system()) is False
    assert ("REAPER is not running" in problem()) == runs_not


@pytest.mark.parametrize("port", ["", "null", "0", "70000"])
def test_the_remote_control_is_off(port: str) -> None:
    with web_interface(announcing(port)):
        assert "remote control is off. In REAPER, run the action 'Automix remote control'" in problem()


def test_a_remote_control_that_has_ended_but_is_announced() -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
    with web_interface(announcing(port)):
        assert f"announces a remote control on port {port}, but it has ended. In REAPER, run" in problem()


def test_a_server_that_accepts_and_says_nothing() -> None:
    with listening() as listener, web_interface(announcing(listener.getsockname()[1])):
        assert "does not answer: another program holds REAPER" in problem()


def test_a_server_that_greets_and_says_nothing_more() -> None:
    with listening() as listener, web_interface(announcing(listener.getsockname()[1])):

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall((5).to_bytes(8, "little") + b"hello")
                connection.settimeout(LIMIT_S)
                while connection.recv(1024):
                    pass

        thread = threading.Thread(target=greet)
        thread.start()
        told = problem()
        thread.join()
        assert "does not answer: another program holds REAPER" in told


def test_a_server_that_hangs_up() -> None:
    with listening() as listener, web_interface(announcing(listener.getsockname()[1])):
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        told = problem()
        thread.join()
        assert "it has ended" in told


def test_a_web_interface_that_does_not_answer() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, WEB_PORT))
        listener.listen()
        assert "does not answer: REAPER is busy, or shows a box" in problem()


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        (401, "", "asks for a password"),
        (404, "", "is not REAPER's web interface (status 404)"),
        (200, "<html>\n", "is not REAPER's web interface (it answers something else)"),
    ],
)
def test_another_web_server(status: int, text: str, message: str) -> None:
    with web_interface(lambda path: (status, text)):
        assert message in problem()


def test_something_that_is_no_web_server() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, WEB_PORT))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"220 mail\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        told = problem()
        thread.join()
        assert "is not REAPER's web interface (BadStatusLine" in told


def test_a_server_that_answers_is_found_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with listening() as listener, web_interface(announcing(listener.getsockname()[1])):

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                connection.sendall((5).to_bytes(8, "little") + b"hello")
                request = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
                assert request["function"]["name"] == "len"
                connection.sendall((2).to_bytes(8, "little") + b"{}")

        thread = threading.Thread(target=serve)
        thread.start()
        assert find_server(LIMIT_S) == listener.getsockname()[1]
        thread.join()
