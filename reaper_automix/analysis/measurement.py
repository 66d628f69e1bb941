"""What a track or a mix sounds like, in little enough data to keep: energies, loudness, and a waveform to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import (
    Audio,
    Energy,
    Loudness,
    LoudnessMeter,
    integrated_lufs,
    loudness_range_lu,
    momentary_lufs,
    short_term_lufs,
)
from reaper_automix.errors import Cancelled
from reaper_automix.units import db_to_energy

WAVEFORM_COLUMNS = 1200
"""Columns of a waveform picture; a shorter signal has one per sample at most."""

Found = TypeVar("Found")

THREADS = 2
"""Decoding and filtering release the interpreter lock; more threads would only wait for the disk."""


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """One track before its fader, or one mix.

    Parameters
    ----------
    sample_rate_hz : int
        The rate it was measured at.
    start_s : float
        Where it begins in the project.
    block_energy : ndarray of float64, shape (2, n_blocks)
        K-weighted mean square per 100 ms, left and right; the rows of a mono track are equal.
    loudness : Loudness
        Of the whole.
    waveform : ndarray of float32, shape (2, n_columns)
        Minimum and maximum of the mean of left and right, in columns that divide the time evenly.
    """

    sample_rate_hz: int
    start_s: float
    block_energy: Energy
    loudness: Loudness
    waveform: NDArray[np.float32]

    def louder_by(self, gain_db: float) -> Measurement:
        """Return the measurement of the same audio at another level; only the gates see more than an offset."""
        energy = self.block_energy * db_to_energy(gain_db)
        loudness = replace(
            self.loudness,
            integrated_lufs=integrated_lufs(energy),
            max_momentary_lufs=float(momentary_lufs(energy).max()),
            max_short_term_lufs=float(short_term_lufs(energy).max()),
            range_lu=loudness_range_lu(energy),
            true_peak_dbtp=self.loudness.true_peak_dbtp + gain_db,
            sample_peak_dbfs=self.loudness.sample_peak_dbfs + gain_db,
            rms_dbfs=self.loudness.rms_dbfs + gain_db,
        )
        waveform = self.waveform * np.float32(np.sqrt(db_to_energy(gain_db)))
        return replace(self, block_energy=energy, loudness=loudness, waveform=waveform)


class MeasurementBuilder:
    """Takes a signal block by block and gives its measurement.

    Parameters
    ----------
    sample_rate_hz, n_channels : int
        Of the blocks; one channel plays in both (see ``loudness``).
    start_s : float
        Where the first block lies in the project.
    n_samples : int
        Length of the whole signal.
    """

    def __init__(self, sample_rate_hz: int, n_channels: int, *, start_s: float, n_samples: int) -> None:
        self._meter = LoudnessMeter(sample_rate_hz, n_channels)
        self._start_s = start_s
        n_columns = max(min(WAVEFORM_COLUMNS, n_samples), 1)
        self._edges = np.arange(n_columns + 1, dtype=np.int64) * max(n_samples, 1) // n_columns
        self._low = np.full(n_columns, np.inf, np.float32)
        self._high = np.full(n_columns, -np.inf, np.float32)
        self._position = 0

    def add(self, block: Audio) -> None:
        """Take the next block, float32 (n_channels, n_samples).

        Raises
        ------
        MediaError
            If samples are not numbers.
        """
        self._meter.add(block)
        mono = block[0] if block.shape[0] == 1 else (block[0] + block[1]) * np.float32(0.5)
        self._draw(mono)

    def result(self) -> Measurement:
        """Return the measurement of everything added."""
        drawn = np.stack((self._low, self._high))
        drawn[~np.isfinite(drawn)] = 0.0
        meter = self._meter
        return Measurement(meter.sample_rate_hz, self._start_s, meter.block_energy(), meter.result(), drawn)

    def _draw(self, mono: NDArray[np.float32]) -> None:
        """Widen the columns that these samples fall into."""
        end = self._position + mono.size
        first = int(np.searchsorted(self._edges, self._position, side="right")) - 1
        last = int(np.searchsorted(self._edges, end, side="left"))
        columns = slice(first, min(last, self._low.size))
        starts = np.maximum(self._edges[columns] - self._position, 0)
        if starts.size and mono.size:
            self._low[columns] = np.minimum(self._low[columns], np.minimum.reduceat(mono, starts))
            self._high[columns] = np.maximum(self._high[columns], np.maximum.reduceat(mono, starts))
        self._position = end


@dataclass(frozen=True, slots=True)
class Job(Generic[Found]):
    """Something to find out: a label for the user, and what does it, calling its argument between blocks."""

    label: str
    run: Callable[[Callable[[], None]], Found]


def measure(
    blocks: Iterable[Audio],
    sample_rate_hz: int,
    n_channels: int,
    *,
    start_s: float,
    n_samples: int,
    between: Callable[[], None] = lambda: None,
) -> Measurement:
    """Measure a signal that arrives in blocks; ``between`` is called after each and may raise to stop."""
    builder = MeasurementBuilder(sample_rate_hz, n_channels, start_s=start_s, n_samples=n_samples)
    for block in blocks:
        builder.add(block)
        between()
    return builder.result()


def measure_all(jobs: Sequence[Job[Found]], progress: Callable[[int, int, str], None]) -> list[Found]:
    """Run jobs, two at a time: numpy, decoding and hashing release the interpreter lock.

    Parameters
    ----------
    jobs : sequence of Job
        What to find out.
    progress : callable
        Called with the number of jobs done, their total and the label of the last one. It may raise (``Cancelled``,
        say): running jobs stop at their next block, and the exception goes on.

    Returns
    -------
    list
        What each job found, in the order of the jobs.
    """
    stopped = Event()

    def between() -> None:
        if stopped.is_set():
            raise Cancelled("stopped")

    with ThreadPoolExecutor(THREADS, thread_name_prefix="measure") as pool:
        futures = {pool.submit(job.run, between): job for job in jobs}
        try:
            _watch(futures, progress)
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _watch(futures: dict[Future[Found], Job[Found]], progress: Callable[[int, int, str], None]) -> None:
    """Report each job that ends, and raise the first error."""
    waiting = set(futures)
    progress(0, len(futures), "")
    while waiting:
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
            progress(len(futures) - len(waiting), len(futures), futures[future].label)
        if not done:
            progress(len(futures) - len(waiting), len(futures), "")
