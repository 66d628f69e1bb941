"""Ends that come from outside: signals, and standard streams that nobody reads or that are full.

Stdlib only and quick to import: this has to stand before anything else is loaded.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, TextIO, cast

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that ask a program to end; a system has some of them."""

SETTLE_S = 1.0
"""Signals that follow this soon are the same wish: they must not break the tidying that the first one began."""


_NO_READER = (errno.EPIPE, errno.EINVAL) if os.name == "nt" else (errno.EPIPE,)
"""Windows has its own word for a pipe whose reader is gone."""


class Stopped(KeyboardInterrupt):
    """A signal asked the work to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class OutputLost(Exception):
    """Standard output takes no more. ``why`` is empty where its reader has simply seen enough."""

    def __init__(self, error: OSError) -> None:
        self.why = "" if error.errno in _NO_READER else error.strerror or str(error)
        super().__init__(self.why or "nobody reads standard output any more")


@contextmanager
def naming_written(outputs: Sequence[tuple[str, str]]) -> Iterator[None]:
    """Have an interruption say what was written before it, in its notes.

    Parameters
    ----------
    outputs : sequence of (label, path)
        Read when the interruption comes, so that a list may grow meanwhile.
    """
    try:
        yield
    except (KeyboardInterrupt, OutputLost) as interruption:
        for label, path in outputs:
            interruption.add_note(f"{label} {path}")
        raise


class Stops:
    """What signals do while the block runs.

    First they end the process at once, with one line: nothing has been written, and an exception in the middle of an
    import may get lost or come out as another. After ``begin_work`` they raise ``Stopped`` in the main thread, so that
    unfinished files are removed on the way out. A signal that was ignored at the start (``nohup``) stays ignored.

    Parameters
    ----------
    for_good : bool
        The process ends after the block: when it was stopped, further signals do not disturb its end.
    """

    def __init__(self, *, for_good: bool = False) -> None:
        self._for_good = for_good
        self._previous: dict[int, Any] = {}
        self._working = False
        self._stopped_s: float | None = None

    def begin_work(self) -> None:
        """Raise ``Stopped`` from now on."""
        self._working = True

    def __enter__(self) -> Stops:
        if threading.current_thread() is threading.main_thread():
            for number in (int(getattr(signal, name)) for name in SIGNALS if hasattr(signal, name)):
                previous = signal.getsignal(number)
                if previous not in (signal.SIG_IGN, None):
                    self._previous[number] = previous
                    signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ending = self._for_good and self._stopped_s is not None
        for number, previous in self._previous.items():
            signal.signal(number, signal.SIG_IGN if ending else previous)

    def _handle(self, number: int, _: FrameType | None) -> None:
        if not self._working:
            with suppress(OSError):
                os.write(2, b"stopped: nothing had begun yet\n")
            os._exit(128 + number)
        now_s = time.monotonic()
        # A later signal raises again: the first one may have got lost, in a destructor say.
        if self._stopped_s is None or now_s - self._stopped_s >= SETTLE_S:
            self._stopped_s = now_s
            raise Stopped(number)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Make the standard streams write UTF-8, and fail as ``OutputLost`` (output) or not at all (errors).

    What is said on standard error is about the work and must not end it. ``flush`` output inside of the block: what is
    left in its buffer when Python ends is beyond help.
    """
    streams = sys.stdout, sys.stderr
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.stdout, sys.stderr = (_guarded(stream, vital=stream is streams[0]) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _guarded(stream: TextIO | None, *, vital: bool) -> TextIO:
    """Return a stream with a guard; None, where the user closed it, stays None: Python then writes nowhere."""
    return cast(TextIO, stream if stream is None else _Guarded(stream, vital=vital))


class _Guarded:
    """A text stream as it is, except for what happens when the system does not take its text."""

    def __init__(self, stream: TextIO, *, vital: bool) -> None:
        self._stream = stream
        self._vital = vital

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Send all further text nowhere: Python would try the rest of the buffer again at its end, and complain."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if self._vital:
            raise OutputLost(error) from None
