"""Runs a Python program and notes what it asks of the system: ``python watched.py [-m MODULE | FILE] ...``.

The notes go to the file that ``WATCHED_LOG`` names, one JSON object per line. What a C library does by itself
(libsndfile opening its files) is not told to Python: for that, look at what there is on the disk afterwards.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = (str(REPOSITORY / "reaper_automix") + os.sep, str(REPOSITORY / "actions") + os.sep)

SOCKETS = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"}
CODE = {"exec", "compile", "pickle.find_class", "code.__new__", "marshal.loads"}
CHANGES = {"os.mkdir", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Notes:
    """An audit hook that writes down what matters."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._busy = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an event."""
        if self._busy:
            return
        self._busy = True
        try:
            noted = self._of_interest(event, arguments)
            if noted is not None:
                line = json.dumps({"pid": os.getpid(), "event": event, "what": noted}, default=str)
                os.write(self._file, line.encode("utf-8", "backslashreplace") + b"\n")
        finally:
            self._busy = False

    def _of_interest(self, event: str, arguments: tuple[Any, ...]) -> Any:
        if event in SOCKETS:
            return [str(a) for a in arguments[:3] if not hasattr(a, "fileno")]
        if event in PROGRAMS:
            words = arguments[1] if event == "subprocess.Popen" else arguments
            return [os.fsdecode(word) if isinstance(word, str | bytes | os.PathLike) else str(word) for word in words]
        if event in CODE:
            return self._code(event, arguments)
        if event == "open":
            path, mode, flags = arguments
            writes = set(mode) & set("wax+") if isinstance(mode, str) else flags & WRITING
            return os.fsdecode(path) if writes and not isinstance(path, int) else None
        if event in CHANGES:
            return [os.fsdecode(a) for a in arguments[:2] if isinstance(a, str | bytes | os.PathLike)] or None
        if event == "os.rename":
            return [os.fsdecode(a) for a in arguments[:2]]
        return None

    def _code(self, event: str, arguments: tuple[Any, ...]) -> Any:
        """Return who makes code or runs it, where that is code of ours; pickles, whoever loads them."""
        if event == "pickle.find_class":
            return [str(a) for a in arguments]
        caller = sys._getframe(3).f_code.co_filename
        return [caller, str(arguments[:1])[:80]] if caller.startswith(SHIPPED) else None


def main() -> None:
    """Run the program that the arguments name."""
    import runpy  # before the hook, which is for the program

    words = sys.argv[1:]
    sys.addaudithook(Notes(os.environ["WATCHED_LOG"]))
    if words[0] == "-m":
        sys.argv, sys.path[0] = words[1:], str(REPOSITORY)
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = words, str(Path(words[0]).parent)
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
