"""Pieces of work in processes of their own, each result as soon as it is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from reaper_automix.errors import AutomixError

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def worked(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    n_processes: int,
    *,
    initializer: Callable[..., object] | None = None,
    initargs: tuple[Any, ...] = (),
) -> Generator[tuple[Piece, Result], None, None]:
    """Yield each piece with its result as it is done; where this is closed early, what has not begun is not begun.

    Parameters
    ----------
    work : callable
        A function that a process finds by its name.
    pieces : sequence
    n_processes : int
        Each computes in one thread.
    initializer : callable, optional
        Called once in each process, with ``initargs``: to send what all pieces need.
    initargs : tuple

    Raises
    ------
    AutomixError
        If a process was ended from outside.
    """
    context = get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(n_processes, context, initializer, initargs) as pool:
        waiting = {pool.submit(work, piece): piece for piece in pieces}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BrokenProcessPool as error:
            raise AutomixError(
                "A process was ended from outside, perhaps for want of memory. What was done is kept: run again."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Have the processes that begin meanwhile do their algebra in one thread: there is one for each core."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
