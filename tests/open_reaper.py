"""A REAPER (the double) in a process of its own, with our actions installed, driven as an engineer would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from double import observing

REPOSITORY = Path(__file__).resolve().parents[1]
PROCESS = REPOSITORY / "tests" / "double" / "process.py"

EIGHT = ("Kick", "Snare", "Hats", "Bass", "Gtr L", "Gtr R", "Keys", "Vox 🎤")
"""The tracks of the session ``eight``, from loud to soft."""


class OpenReaper:
    """A running double; a context manager.

    Parameters
    ----------
    project : Path
        The project to open.
    folder : Path
        Where its resource folder is made, if it is not there yet.
    options : str
        Options of ``double/process.py``.

    Its engineer does not want to listen to reports: compressing their audio would take half of every run.
    """

    def __init__(self, project: Path, folder: Path, *options: str) -> None:
        self.resource = folder / "REAPER Ressourcen ü"
        self.scripts = self.resource / "Scripts" / "reaper_automix"
        if not self.scripts.exists():
            shutil.copytree(REPOSITORY / "actions", self.scripts)
            self.install(Path(sys.executable))
        command = [sys.executable, "-I", "-S", str(PROCESS), "--project", str(project)]
        self._process = subprocess.Popen(
            [*command, "--resource-path", str(self.resource), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
            | {"REAPER_AUTOMIX_CACHE_DIR": str(folder / "cache")}
            | observing.environment(),
        )
        self.do("prefer", report_audio="no")

    def install(self, python: Path, root: Path = REPOSITORY) -> None:
        """Write the note that install.py leaves for the actions."""
        note = {"schema": "reaper_automix.install/1", "root": str(root), "python": str(python), "version": "0"}
        (self.resource / "reaper_automix").mkdir(parents=True, exist_ok=True)
        (self.resource / "reaper_automix" / "install.json").write_text(json.dumps(note), encoding="utf-8")

    def __enter__(self) -> OpenReaper:
        return self

    def __exit__(self, *_: object) -> None:
        self.quit()

    def do(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Do something; what goes wrong raises."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if not answer.get("ok"):
            raise AssertionError(f"{what} {arguments}: {answer}")
        return answer

    def trigger(self, action: str) -> None:
        """Trigger an action by the name that the action list shows."""
        self.do("run_script", path=str(self.scripts / f"{action}.py"))

    def wait(self, limit_s: float = 60.0) -> None:
        """Wait until no script runs any more."""
        assert self.do("until_idle", limit_s=limit_s)["idle"], f"still busy: {self.messages()}"

    def run(self, action: str) -> None:
        """Trigger an action and wait until it is done."""
        self.trigger(action)
        self.wait()

    def state(self) -> dict[str, Any]:
        """Return the state of the project in front, and measurements."""
        return self.do("state")

    def tracks(self) -> list[dict[str, Any]]:
        """Return the tracks of the project in front."""
        tracks: list[dict[str, Any]] = self.state()["tracks"]
        return tracks

    def faders(self) -> dict[str, float]:
        """Return the faders as linear gains, by track name."""
        return {track["name"]: track["gain_lin"] for track in self.tracks()}

    def messages(self) -> dict[str, Any]:
        """Return what REAPER has shown."""
        return self.do("messages")

    def runs(self) -> list[Path]:
        """Return the folders of the runs, oldest first."""
        folder = self.resource / "reaper_automix" / "runs"
        return sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime) if folder.is_dir() else []

    def receipt(self) -> dict[str, Any]:
        """Return how the last run ended."""
        data: dict[str, Any] = json.loads((self.runs()[-1] / "receipt.json").read_text(encoding="utf-8"))
        return data

    def worker_pid(self, limit_s: float = 20.0) -> int:
        """Let REAPER go on until the worker has started; return its process id."""
        until_s = time.monotonic() + limit_s
        while time.monotonic() < until_s:
            self.do("tick", for_s=0.1)
            for run in reversed(self.runs()):
                progress = run / "progress.jsonl"
                lines = progress.read_text(encoding="utf-8").splitlines() if progress.exists() else []
                if lines and not (run / "receipt.json").exists():
                    return int(json.loads(lines[0])["pid"])
        raise AssertionError(f"no worker has started: {self.messages()}")

    def quit(self) -> None:
        """Close REAPER."""
        if self._process.poll() is None:
            try:
                self.do("quit")
                self._process.wait(timeout=10)
            except (OSError, ValueError, subprocess.TimeoutExpired):
                self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def kill(self) -> None:
        """End REAPER as a crash does."""
        self._process.kill()
        self._process.wait()
