"""What the commands and the actions ask of the system while they work: an audit hook notes it, in every process.

No network, except ``live`` to 127.0.0.1; no program but our own Python; no pickle, no text made code by us; nothing
written beside what was asked for, the cache, the folder of the run and the temporary folder.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_reaper
import pytest
import soundfile
from open_reaper import OpenReaper

from reaper_automix.hosts.rpp import new_project_text
from reaper_automix.hosts.stems import StemsHost

REPOSITORY = Path(__file__).resolve().parents[2]
WATCHED = Path(__file__).with_name("watched.py")
RATE_HZ, LENGTH_S = 16000, 6.0
NAMES = ("Kick", "Snare", "OH L", "OH R", "Bass", "Lead Vox")
HARMLESS_FILES = (os.devnull,)
LOOPBACK = "127.0.0.1"
BROWSER = "/bin/true"
SOCKETS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile")
FONT_LISTS = ("fc-list", "system_profiler")
"""Matplotlib asks for the fonts of the system, once per cache; only the report's plots need it."""


_RUN = """\
import json, sys
sys.path.insert(0, {repository!r})
from reaper_automix.cli import main
codes = [main(words) for words in json.loads({commands!r})]
with open("codes.json", "w") as file:
    json.dump(codes, file)
"""


class World:
    """A home, a folder to work in and a project, and the notes of everything that runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("home", "work", "cache", "tmp", "stems", "elsewhere"):
            (folder / name).mkdir()
        self.log = folder / "notes.jsonl"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "REAPER_AUTOMIX_CACHE_DIR": str(folder / "cache"),
            "WATCHED_LOG": str(self.log),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "BROWSER": f"{BROWSER} %s",
        }
        self.project = self._project()

    def _project(self) -> Path:
        rng = np.random.default_rng(3)
        n = round(LENGTH_S * RATE_HZ)
        for number, name in enumerate(NAMES):
            swell = 0.6 + 0.4 * np.sin(np.arange(n) / n * 2.0 * np.pi * (number + 1))
            level = 10 ** (-(6.0 + 2.0 * number) / 20)
            soundfile.write(self.folder / "stems" / f"{name}.wav", level * swell * rng.standard_normal(n), RATE_HZ)
        project = self.folder / "elsewhere" / "song.RPP"
        session = StemsHost(self.folder / "stems").read_session()
        project.write_text(new_project_text(session, folder=project.parent), "utf-8", newline="")
        return project

    def run(self, *commands: Sequence[object]) -> str:
        """Run ``reaper-automix`` with the hook, one command after the other; return what it said of errors."""
        script = self.folder / "commands.py"
        words = [[str(word) for word in command] for command in commands]
        script.write_text(_RUN.format(repository=str(REPOSITORY), commands=json.dumps(words)), "utf-8")
        done = subprocess.run(
            [sys.executable, str(WATCHED), str(script)],
            cwd=self.folder / "work",
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert json.loads((self.folder / "work" / "codes.json").read_text("utf-8")) == [0] * len(commands), done.stderr
        (self.folder / "work" / "codes.json").unlink()
        return done.stderr

    def noted(self, *events: str) -> list[Any]:
        """Return what was noted of some events."""
        lines = [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]
        return [line["what"] for line in lines if line["event"] in events]

    def written(self) -> set[Path]:
        """Return every path that was written, made, renamed or removed, as far as Python knows."""
        paths = self.noted("open") + [
            path
            for event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate")
            for paths in self.noted(event)
            for path in paths
        ]
        found = {Path(os.path.abspath(self.folder / "work" / path)) for path in paths}
        compiled = {path for path in found if path.parent.name == "__pycache__" and path.is_relative_to(REPOSITORY)}
        return {path for path in found - compiled if str(path) not in HARMLESS_FILES}

    def written_outside(self, *folders: str) -> set[Path]:
        """Return what was written outside of these folders of the world."""
        inside = [self.folder / name for name in folders]
        return {path for path in self.written() if not any(path.is_relative_to(folder) for folder in inside)}

    def files(self, folder: str) -> set[str]:
        """Return the files below a folder."""
        root = self.folder / folder
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    def check_no_code(self) -> None:
        """No pickle was loaded, and nothing of ours made code of text or ran it."""
        assert self.noted("pickle.find_class", "exec", "compile", "marshal.loads", "code.__new__") == []


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_commands_stay_on_this_computer_and_in_their_folders(world: World) -> None:
    out, project = world.folder / "work", world.project
    before = {name: world.files(name) for name in ("elsewhere", "stems")}
    records = ("--plan", out / "p.json", "--render", out / "m.wav", "--report", out / "m.html")
    world.run(
        ("mix", project, "--out", out / "mixed.RPP", *records),
        ("mix", world.folder / "stems", "--mixer", "rides", "--out", out / "stems.RPP"),
        ("mix", project, "--mixer", "strips", "--strips", "learned", "--out", out / "s.RPP"),
        ("mix", project, "--mixer", "tone", "--take", "--out", out / "t.RPP"),
        ("inspect", project, "--json"),
        ("render", project, "--out", out / "only.wav"),
        ("doctor", "--json"),
        ("corpus", "list"),
    )
    assert world.noted(*SOCKETS) == []
    assert [words for words in world.noted(*PROGRAMS) if words[0] not in FONT_LISTS] == []
    assert world.written_outside("work", "cache", "tmp") == set()
    assert {name: world.files(name) for name in before} == before
    assert world.files("home") == set()
    assert world.files("tmp") == set(), "temporary files go again"
    world.check_no_code()


def test_applying_and_reverting_write_the_project_and_its_backup_only(world: World) -> None:
    plan = world.folder / "work" / "p.json"
    world.run(
        ("mix", world.project, "--dry-run", "--plan", plan),
        ("apply", plan, world.project, "--in-place"),
        ("revert", world.project),
    )
    assert world.noted(*SOCKETS) == []
    assert world.noted(*PROGRAMS) == []
    assert world.written_outside("work", "cache", "elsewhere") == set()
    assert {name.partition(".bak")[0] for name in world.files("elsewhere")} == {"song.RPP"}
    world.check_no_code()


@pytest.mark.usefixtures("reapy_port")
def test_live_asks_this_computer_only_and_no_proxy(world: World) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        world.environment[name] = "http://proxy.invalid:3128"
    command = [sys.executable, str(WATCHED), "-m", "reaper_automix.cli", "live", "inspect"]
    done = subprocess.run(command, env=world.environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "REAPER" in done.stderr) == (1, True)
    addresses = [ast.literal_eval(what[-1]) for what in world.noted("socket.connect")]
    assert addresses
    assert all(address[0] == LOOPBACK for address in addresses), addresses
    assert {what[0] for what in world.noted("socket.getaddrinfo")} <= {LOOPBACK}
    assert world.noted("socket.bind", "socket.sendto") == []
    assert {tuple(words[:1]) for words in world.noted("subprocess.Popen")} <= {("ps",)}
    world.check_no_code()


def test_remote_control_listens_to_this_computer_only(world: World) -> None:
    script = world.folder / "serve.py"
    script.write_text(
        "import socket, sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from reaper_automix.reascript.remote_server import local_server\n"
        "class Theirs:\n"
        "    def __init__(self, port):\n"
        "        self._socket = socket.socket()\n"
        "        self.bind(('', port))\n"
        "local_server(Theirs, 0)._socket.close()\n"
    )
    command = [sys.executable, str(WATCHED), str(script)]
    subprocess.run(command, env=world.environment, check=True, timeout=60)
    assert [ast.literal_eval(what[-1]) for what in world.noted("socket.bind")] == [(LOOPBACK, 0)]


@pytest.fixture
def reaper(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenReaper]:
    """REAPER (the double) and the worker that it starts, both with the hook."""
    python = world.folder / "watched-python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{WATCHED}" "$@"\n')
    python.chmod(0o755)
    process = world.folder / "process.py"
    process.write_text(
        "import runpy, sys\n"
        f"sys.path[0] = {str(WATCHED.parent)!r}\n"
        f"sys.argv = [{str(WATCHED)!r}, {str(open_reaper.PROCESS)!r}, *sys.argv[1:]]\n"
        "import watched\n"
        "watched.main()\n"
    )
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    for name in [n for n in os.environ if n.startswith(("COVERAGE_", "DOUBLE_")) or n == "MPLCONFIGDIR"]:
        monkeypatch.delenv(name)  # what the test run measures and keeps is not the program's
    monkeypatch.setattr(open_reaper, "PROCESS", process)
    with OpenReaper(world.project, world.folder / "reaper") as running:
        running.install(python)
        yield running


@pytest.fixture
def reaper_folder(world: World) -> Path:
    (world.folder / "reaper").mkdir()
    return world.folder / "reaper"


def _started_by_us(world: World, runs: Path) -> list[list[str]]:
    """Return the programs that were started, without our own Python for the worker or for the browser's opener."""
    python = str(world.folder / "watched-python")
    others = []
    for words in world.noted(*PROGRAMS):
        is_worker = words[:3] == [python, "-m", "reaper_automix.worker"] and len(words) == 4
        is_opener = words[:3] == [python, "-m", "webbrowser"] and words[3].startswith("file://")
        if not ((is_worker and Path(words[3]).parent == runs) or is_opener):
            others.append(words)
    return others


def test_actions_start_the_worker_and_write_into_its_folder_only(
    reaper_folder: Path, reaper: OpenReaper, world: World
) -> None:
    stems, project = world.files("stems"), world.project.read_bytes()
    for action in ("preview only", "balance", "rides", "drums", "vocal", "strips", "tone", "revert"):
        reaper.do("prefer", report_audio="yes" if action == "preview only" else "no")
        reaper.run(f"Automix {action}")
        assert not reaper.receipt()["failed"], reaper.receipt()
    reaper.run("Automix report of the last run")
    reaper.run("Automix status")
    runs = reaper.resource / "reaper_automix" / "runs"
    assert len(list(runs.iterdir())) >= 7
    assert world.noted(*SOCKETS) == []
    others = [words for words in _started_by_us(world, runs) if words[0] not in (BROWSER, *FONT_LISTS)]
    assert others == []
    outside = {path for path in world.written_outside("reaper/cache", "cache", "tmp") if not path.is_relative_to(runs)}
    assert outside == set()
    assert (world.files("stems"), world.project.read_bytes()) == (stems, project)
    assert world.files("home") == set()
    world.check_no_code()


def test_the_hook_notes_what_it_is_for(world: World) -> None:
    """Planted: each thing that must not happen is seen when it does."""
    script = world.folder / "bad.py"
    outside = world.folder / "outside.txt"
    script.write_text(
        "import os, pickle, socket, subprocess, sys, collections\n"
        f"open({str(outside)!r}, 'w').close()\n"
        "pickle.loads(pickle.dumps(collections.OrderedDict))\n"
        "subprocess.run(['/bin/true'])\n"
        "os.system('true')\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), timeout=0.1)\nexcept OSError:\n    pass\n"
    )
    subprocess.run([sys.executable, str(WATCHED), str(script)], env=world.environment, check=True, timeout=60)
    assert outside in world.written_outside("work", "cache")
    assert world.noted("pickle.find_class") == [["collections", "OrderedDict"]]
    assert ["/bin/true"] in world.noted("subprocess.Popen")
    assert world.noted("os.system") == [["true"]]
    assert ast.literal_eval(world.noted("socket.connect")[0][-1]) == ("127.0.0.1", 9)


def test_code_made_of_text_by_a_file_of_ours_is_noted(world: World) -> None:
    """The hook goes by whose code asks; here a module that looks as if it were ours."""
    script = world.folder / "bad.py"
    ours = REPOSITORY / "reaper_automix" / "planted.py"
    script.write_text(f"code = compile('eval(\"1\")', {str(ours)!r}, 'exec')\nexec(code)\n")
    subprocess.run([sys.executable, str(WATCHED), str(script)], env=world.environment, check=True, timeout=60)
    assert [what[0] for what in world.noted("exec")] == [str(ours)]
