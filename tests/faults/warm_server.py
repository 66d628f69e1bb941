"""A process that has everything loaded, and forks a child for every run that it is asked for.

    python -m faults.warm_server        (the folders tests/ and the repository on PYTHONPATH)

One JSON object per line comes in, one goes out. ``{"do": "start", ...}`` starts a child and answers with its id,
``{"do": "wait", "pid": n}`` waits for its end. What a child is asked for: see ``faults.warm.Run``.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from faults.events import Events
from reaper_automix import estimating, requested_plan, worker  # noqa: F401 - loaded for the children
from reaper_automix.cli import main
from reaper_automix.reascript.run_folder import RunFolder


def _warm_up() -> None:
    """Run each command once, so that children find everything loaded: another user may not read where Python lies."""
    for encoding in ("ascii", "latin-1", "utf-8", "utf-16", "cp1252"):
        codecs.lookup(encoding)
    import matplotlib.backends.backend_agg
    import matplotlib.pyplot  # noqa: F401
    import PIL.PngImagePlugin  # noqa: F401

    with tempfile.TemporaryDirectory() as name, _quiet():
        folder = Path(name)
        os.environ["REAPER_AUTOMIX_CACHE_DIR"] = str(folder / "cache")
        (folder / "stems").mkdir()
        rng = np.random.default_rng(1)
        for stem in ("Kick", "Vox"):
            soundfile.write(folder / "stems" / f"{stem}.wav", 0.1 * rng.standard_normal(8000), 8000)
        project, mix = folder / "a.RPP", folder / "m.wav"
        for words in (
            ["mix", folder / "stems", "--out", project, "--render", mix, "--report", folder / "r.html"],
            ["mix", project, "--in-place", "--plan", folder / "p.json"],
            ["apply", folder / "p.json", project, "--out", folder / "b.RPP"],
            ["estimate", project, mix, "--dry-run", "--picture", folder / "g.png"],
            ["inspect", project, "--json"],
            ["revert", project],
        ):
            if code := main([str(word) for word in words]):
                raise RuntimeError(f"warming up: {words[0]} ended with {code}")
    for encoding in ("ascii", "latin-1"):  # another user may not be able to read the files of this Python
        "".encode(encoding)
    del os.environ["REAPER_AUTOMIX_CACHE_DIR"]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _start(wish: dict[str, Any]) -> int:
    if threading.active_count() > 1:
        raise RuntimeError(f"threads would be lost in a fork: {threading.enumerate()}")
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = _child(wish)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
    return pid


def _child(wish: dict[str, Any]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, ending in ((1, ".out"), (2, ".err")):
        file = os.open(wish["record"] + ending, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(file, descriptor)
        os.close(file)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.environ.update(wish["environment"])
    os.chdir(wish["folder"])
    if wish["largest_bytes"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wish["largest_bytes"], resource.RLIM_INFINITY))
    if wish["user"]:
        os.setgroups([])
        os.setgid(wish["user"])
        os.setuid(wish["user"])
    events = None
    if wish["counted"]:
        events = Events(Path(wish["folder"]), wish["at"], wish["what"], Path(wish["record"]), among=wish["among"])
        events.install()
    code = _asked(wish["words"])
    if events is not None:
        events.done()
    return code


def _asked(words: list[str]) -> int:
    if words[0] == "worker":
        stream = os.fdopen(os.dup(1), "wb")
        return worker.work(RunFolder(Path(words[1])), worker.Events(stream), worker.Stop())
    try:
        return main(words)
    except SystemExit as end:
        return int(end.code or 0)


def _wait(pid: int) -> dict[str, Any]:
    _, status, used = os.wait4(pid, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "peak_kib": used.ru_maxrss,
        "cpu_s": used.ru_utime + used.ru_stime,
    }


def serve() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _warm_up()
    answers.write(json.dumps({"ready": time.time()}) + "\n")
    answers.flush()
    for line in sys.stdin:
        wish = json.loads(line)
        answer = {"pid": _start(wish)} if wish["do"] == "start" else _wait(wish["pid"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
