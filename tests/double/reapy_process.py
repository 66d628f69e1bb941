"""The double as a process of its own that reapy reaches: REAPER's web interface, its turns, and a test's wishes.

Everything happens on one thread, as in REAPER: a web request is answered between two turns, and nothing is answered
while a script works. A test writes one JSON wish per line to the standard input, and reads one JSON answer per wish.
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from double.api import DoubleApi  # noqa: E402
from double.generated import load_module  # noqa: E402
from double.handlers_tracks import track_name, track_number  # noqa: E402
from double.observing import observed  # noqa: E402
from double.process import write_tones  # noqa: E402
from double.reaper import DoubleReaper  # noqa: E402
from double.reaper_module import make_module  # noqa: E402
from double.references import TrackRef  # noqa: E402
from double.scripts import ScriptHost  # noqa: E402

WEB_PORT = 2307
TURN_S = 1.0 / 30.0
PORT_TAKEN = 4
"""Exit code."""


class WebInterface(HTTPServer):
    """REAPER's web interface, as far as reapy asks it."""

    timeout = 0.0

    def __init__(self, reaper: DoubleReaper) -> None:
        super().__init__(("127.0.0.1", WEB_PORT), WebRequest)
        self.reaper = reaper

    def answer(self, words: list[str]) -> str:
        """Answer a request by the words of its path."""
        api = DoubleApi(self.reaper)
        if words[:2] == ["GET", "EXTSTATE"]:
            return "\t".join(("EXTSTATE", *words[2:4], api.GetExtState(words[2], words[3]))) + "\n"
        if words[:2] == ["SET", "EXTSTATE"]:
            api.SetExtState(words[2], words[3], "/".join(words[4:]), False)
            return ""
        command = int(words[0]) if words[0].isdecimal() else api.NamedCommandLookup(words[0])
        if command:
            self.reaper.run_command(command)
        return ""

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that was killed does not take its answer."""


class WebRequest(BaseHTTPRequestHandler):
    """One request."""

    server: WebInterface
    timeout = 1.0

    def do_GET(self) -> None:
        """Answer ``/_/words``."""
        text = self.server.answer([unquote(word) for word in self.path.removeprefix("/_/").split("/")]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Wishes:
    """What a test wants from the double."""

    def __init__(self, reaper: DoubleReaper, scripts: ScriptHost) -> None:
        self._reaper = reaper
        self._scripts = scripts

    def run_script(self, path: str) -> None:
        """Run an action script."""
        self._scripts.run_script(Path(path))

    def select(self, names: list[str]) -> None:
        """Select tracks."""
        self._reaper.select_only(*names)

    def set_fader(self, name: str, gain_lin: float) -> None:
        """Move a fader by hand."""
        self._reaper.set_fader(name, gain_lin)

    def record(self, on: bool) -> None:
        """Begin or end a recording."""
        self._reaper.current.play_state = 5 if on else 0

    def undo(self) -> str | None:
        """Undo one step; return its name."""
        return self._reaper.undo()

    def save(self, path: str) -> None:
        """Write the project to a file."""
        Path(path).write_bytes(self._reaper.current.to_bytes())

    def open(self, path: str) -> None:
        """Open a project in a tab of its own, in front."""
        self._reaper.open_project(path)

    def close_first(self) -> None:
        """Close the first tab."""
        self._reaper.close_project(self._reaper.tabs[0])

    def front(self, tab: int) -> None:
        """Bring a tab to the front."""
        self._reaper.current = self._reaper.tabs[tab]

    def stand_still(self, for_s: float) -> None:
        """Answer nobody for a while, as REAPER does while it shows a box."""
        time.sleep(for_s)

    def tabs(self) -> list[tuple[str, bool]]:
        """Return the file name of each tab, and whether it has changes that are not saved."""
        return [(tab.path.name if tab.path is not None else "", tab.is_dirty) for tab in self._reaper.tabs]

    def state(self) -> dict[str, Any]:
        """Return what a person would see, and what went wrong."""
        tab = self._reaper.current
        return {
            "faders": {track_name(tab.track(g)): track_number(TrackRef(tab, g), "D_VOL") for g in tab.track_order},
            "undo": tab.undo_label(),
            "ext_state": {f"{section}/{key}": value for (section, key), value in self._reaper.ext_state.items()},
            "console": self._reaper.console,
            "boxes": [list(box) for box in self._reaper.boxes],
            "modal_dialogs": self._reaper.modal_dialogs,
            "script_errors": self._scripts.script_errors,
            "left_open": self._scripts.left_open,
        }


def main() -> int:
    """Run until the standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--resource-path", type=Path, required=True)
    parser.add_argument("--path", action="append", default=[], help="also importable in scripts")
    parser.add_argument("--reaper-python", type=Path, help="a reaper_python.py to load over C callbacks")
    parser.add_argument("--without-package", action="store_true", help="scripts cannot import our reascript room")
    parser.add_argument("--plugins", type=json.loads, default={}, help="what is installed and switches, as JSON")
    options = parser.parse_args()
    observed()
    reaper = DoubleReaper(options.project, resource_path=options.resource_path)
    reaper.plugins.configure(**options.plugins)
    module, _table = load_module(reaper, options.reaper_python) if options.reaper_python else (lenient(reaper), None)
    scripts = ScriptHost(reaper, module, own_interpreters=True)
    reaper.on_render = write_tones
    sys.path += options.path
    if options.without_package:
        sys.meta_path.insert(0, _Hidden())
    try:
        web = WebInterface(reaper)
    except OSError:
        return PORT_TAKEN
    with web:
        _turn(web, scripts, Wishes(reaper, scripts))
        scripts.close()
    return 0


def lenient(reaper: DoubleReaper) -> ModuleType:
    """Return ``reaper_python`` with an ext state that takes numbers, as REAPER's own spells every text with ``str``.

    reapy's server announces its port so.
    """
    api = DoubleApi(reaper)
    module: Any = make_module(api)
    module.RPR_SetExtState = lambda *words: api.SetExtState(*map(str, words[:3]), words[3])
    return module


class _Hidden:
    """Makes our package's reascript room not importable, as where REAPER's Python does not know it."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "reaper_automix.reascript":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _turn(web: WebInterface, scripts: ScriptHost, wishes: Wishes) -> None:
    """Take turns until the standard input ends."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    while True:
        began_s = time.perf_counter()
        while not lines.empty():
            line = lines.get()
            if not line:
                return
            sys.stdout.write(json.dumps(_answer(wishes, json.loads(line))) + "\n")
            sys.stdout.flush()
        web.handle_request()
        scripts.tick()
        time.sleep(max(TURN_S - (time.perf_counter() - began_s), 0.0))


def _read_lines(lines: queue.Queue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")


def _answer(wishes: Wishes, wish: dict[str, Any]) -> dict[str, Any]:
    name = wish.pop("do")
    try:
        return {"value": getattr(wishes, name)(**wish)}
    except Exception:
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    sys.exit(main())
