"""Ends, holds or fails a process at its n-th event on the file system. Used in forked children only.

An event is an opening for writing, a rename, a removal, a new folder, a change of rights or length, a link, an fsync,
and each writing of data. Data are written by half before the end comes, so that torn contents are on the disk.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.link", "os.symlink")
_HARMLESS = (os.devnull, "/dev/tty")


class Events:
    """Counts the events below a folder, and does something at one of them.

    Parameters
    ----------
    below : Path
        Only events of paths in here count.
    at : int
        The number, from 1 on, of the event at which ``what`` happens; 0: never.
    among : str
        Only events whose label holds it are numbered.
    what : str
        ``kill``; ``hold`` until ``go_on`` exists; ``full``: from there on no data can be written, as on a full disk;
        or the name of an error such as ``EIO``, which that one event meets.
    record : Path
        Where the labels of all events go, one a line; the one at which it happened comes last after a kill.
    """

    def __init__(self, below: Path, at: int, what: str, record: Path, *, among: str = "") -> None:
        self.labels: list[str] = []
        self._below = os.path.realpath(below)
        self._at, self._what, self._record = at, what, record
        self._among, self._number = among, 0
        self._lock = threading.RLock()
        self._busy = threading.local()
        self.over = False

    def install(self) -> None:
        """Begin to count."""
        sys.addaudithook(self._audit)
        opened = self._opening(io.open)
        builtins.open = opened
        io.open = opened
        os.write = self._halving(os.write)
        os.fsync = self._before("fsync", os.fsync)
        os.sendfile = self._sending(os.sendfile)
        _wrap_soundfile(self)

    def done(self) -> None:
        """Count no more, and write the record."""
        self.over = True
        self._write_record()

    def meet(self, label: str, half: Callable[[], object] | None = None) -> None:
        """Count one event; ``half`` writes a part of its data before a kill or a failure.

        Raises
        ------
        OSError
            If this event is to fail.
        """
        if self.over or getattr(self._busy, "now", False):
            return
        with self._lock:
            self._busy.now = True
            try:
                self.labels.append(label)
                self._happen(label, half)
            finally:
                self._busy.now = False

    def _happen(self, label: str, half: Callable[[], object] | None) -> None:
        if self._among not in label:
            return
        self._number += 1
        number = self._number
        is_write = half is not None
        full = self._what == "full" and 0 < self._at <= number and (is_write or label.startswith(("open", "os.mkdir")))
        if not full and (number != self._at or self._what == "full"):
            return  # a full disk still renames and removes
        if half is not None:
            with contextlib.suppress(Exception):
                half()
        if self._what == "kill":
            self._write_record()
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(10.0)
        if self._what == "hold":
            self._hold()
            return
        number = errno.ENOSPC if self._what == "full" else getattr(errno, self._what)
        raise OSError(number, os.strerror(number))

    def _hold(self) -> None:
        self._write_record()
        go_on = self._record.with_suffix(".go")
        until_s = time.monotonic() + 60.0
        while not go_on.exists() and time.monotonic() < until_s:
            time.sleep(0.005)

    def _write_record(self) -> None:
        part = self._record.with_suffix(".labels")
        part.write_text("\n".join(self.labels), "utf-8", errors="replace")
        part.replace(self._record)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.over or getattr(self._busy, "now", False):
            return
        if event == "open":
            path, mode, flags = arguments
            writing = bool(flags & _WRITING) if mode is None else any(letter in mode for letter in "wax+")
            if writing and self._counts(path):
                self.meet(f"open {self._name(path)}")
        elif event in _CHANGING and any(self._counts(path) for path in arguments[:2]):
            self.meet(f"{event} {self._name(arguments[0])}")

    def _counts(self, path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        text = os.fspath(path)
        text = os.fsdecode(text) if isinstance(text, bytes) else text
        return text not in _HARMLESS and os.path.abspath(text).startswith((self._below, os.path.abspath(self._below)))

    def _name(self, path: object) -> str:
        return os.path.basename(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else str(path)

    def _opening(self, opened: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(file: Any, mode: str = "r", *arguments: Any, **keywords: Any) -> Any:
            stream = opened(file, mode, *arguments, **keywords)
            if any(letter in mode for letter in "wax+") and self._counts(file):
                return _Stream(stream, self, self._name(file))
            return stream

        return wrapped

    def _halving(self, write: Callable[[int, Any], int]) -> Callable[[int, Any], int]:
        def wrapped(descriptor: int, data: Any) -> int:
            if descriptor > 2:
                self.meet("os.write", lambda: write(descriptor, bytes(data)[: len(data) // 2]))
            return write(descriptor, data)

        return wrapped

    def _sending(self, send: Callable[..., int]) -> Callable[..., int]:
        def wrapped(out: int, source: int, offset: int, count: int, *rest: Any) -> int:
            size = os.fstat(source).st_size
            if offset < size:
                self.meet("os.sendfile", lambda: send(out, source, offset, max((size - offset) // 2, 1)))
            return send(out, source, offset, count, *rest)

        return wrapped

    def _before(self, label: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            self.meet(label)
            return call(*arguments)

        return wrapped


class _Stream:
    """A stream whose every ``write`` is an event."""

    def __init__(self, stream: Any, events: Events, name: str) -> None:
        self._stream, self._events, self._name = stream, events, name

    def write(self, data: Any) -> Any:
        def half() -> None:
            self._stream.write(data[: len(data) // 2])
            self._stream.flush()

        self._events.meet(f"write {self._name}", half)
        return self._stream.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> _Stream:
        self._stream.__enter__()
        return self

    def __exit__(self, *details: Any) -> Any:
        return self._stream.__exit__(*details)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._stream)


def _wrap_soundfile(events: Events) -> None:
    """Have libsndfile's writes count as well: its opening, each block and its closing."""
    import soundfile

    original = soundfile.SoundFile

    class Counted(original):  # type: ignore[misc, valid-type]
        def __init__(self, file: Any, mode: str = "r", *arguments: Any, **keywords: Any) -> None:
            self.counted = mode != "r" and events._counts(file)  # not what is made in memory
            if self.counted:
                events.meet(f"open {events._name(file)}")
            super().__init__(file, mode, *arguments, **keywords)

        def write(self, data: Any) -> None:
            if self.counted:
                half = data[: len(data) // 2]
                events.meet(f"write {events._name(self.name)}", lambda: super(Counted, self).write(half))
            super().write(data)

        def close(self) -> None:
            if self.counted and not self.closed:
                events.meet(f"close {events._name(self.name)}")
            super().close()

    soundfile.SoundFile = Counted
