"""Time that a piece of code takes by itself: neither other programs nor a coverage measurement count."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_seconds() -> Iterator[list[float]]:
    """Give a list to which the seconds of this thread's processor are added when the block ends."""
    taken_s: list[float] = []
    trace = sys.gettrace()
    sys.settrace(None)
    began_s = time.thread_time()
    try:
        yield taken_s
    finally:
        taken_s.append(time.thread_time() - began_s)
        sys.settrace(trace)
