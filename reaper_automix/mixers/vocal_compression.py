"""The compressor that brings a vocal's loudness range down to that of mixed vocals [1] section III-A 2.

The published loop: on the vocal normalised to a peak of 0 dBFS, the threshold falls from 0 dB in steps of 3 dB and the
ratio rises from 3:1 in steps of 0.1, until the loudness range is below 16.7 LU or the threshold below -35 dB; attack
30 ms, release 200 ms. It can only lower the range, so a vocal that is below already is left alone. What is found is
told for the vocal as it is: its peak is added to the threshold.

The loop runs on the detector's level in steps of 1 ms, which is fine enough for an attack of 30 ms; what is chosen is
heard by the compressor itself, and the loop goes on from there where that disagrees.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-A 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.loudness import LoudnessMeter, integrated_lufs, k_weighting, loudness_range_lu
from reaper_automix.audio import levels
from reaper_automix.effect_settings.compressor import MAKEUP, THRESHOLD, CompressorSettings
from reaper_automix.effects.compressor import Compressor, follow, static_gain_db

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

TARGET_LU = 15.7
"""Mean loudness range of the mixed vocals of MUSDB18-HQ, as published."""
ENOUGH_LU = TARGET_LU + 1.0
ATTACK_MS, RELEASE_MS = 30.0, 200.0
THRESHOLD_STEP_DB, LOWEST_THRESHOLD_DB = -3.0, -35.0
FIRST_RATIO, RATIO_STEP = 3.0, 0.1
STEP_S = 0.001
BLOCK_S = 0.1

_FLOOR = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Compression:
    """What was found for one vocal.

    Parameters
    ----------
    settings : CompressorSettings or None
        None: the vocal is left alone.
    range_before_lu, range_after_lu : float
        Loudness range.
    reason : str
        In words for the engineer.
    reduction_db : ndarray of float64, shape (n_blocks,)
        The gain reduction of each 100 ms, the deepest in it; empty without a compressor.
    """

    settings: CompressorSettings | None
    range_before_lu: float
    range_after_lu: float
    reason: str
    reduction_db: Floats


def compress(read: Callable[[], Iterable[Audio]], rate_hz: int, n_channels: int, *, rms_size_ms: float) -> Compression:
    """Find the settings for one vocal.

    Parameters
    ----------
    read : callable
        Yields the vocal from its beginning, in blocks, float32 (n_channels, n_samples); called a few times.
    rate_hz : int
        8 kHz to 384 kHz.
    n_channels : int
        1 or 2.
    rms_size_ms : float
        Of the detector of the plug-in that will play it.
    """
    vocal = _Outline.of(read(), rate_hz, n_channels, rms_size_ms)
    before_lu, before_lufs = loudness_range_lu(vocal.block_energy()), integrated_lufs(vocal.block_energy())
    if before_lu < ENOUGH_LU or vocal.peak <= 0.0:
        reason = f"its loudness range of {before_lu:.1f} LU is below {ENOUGH_LU:.1f} LU already: no compressor"
        return Compression(None, before_lu, before_lu, reason, np.zeros(0))
    peak_db = 20.0 * math.log10(vocal.peak)
    tries = _tries(peak_db, rms_size_ms)
    heard: tuple[CompressorSettings, float, float, Floats] | None = None
    for settings in tries:
        if loudness_range_lu(vocal.block_energy(settings)) >= ENOUGH_LU and settings != tries[-1]:
            continue
        after_lu, after_lufs, reduction_db = _heard(read(), settings, rate_hz, n_channels)
        heard = (settings, after_lu, after_lufs, reduction_db)
        if after_lu < ENOUGH_LU:
            break
    assert heard is not None  # noqa: S101 - the last try is always heard
    settings, after_lu, after_lufs, reduction_db = heard
    makeup_db = min(max(before_lufs - after_lufs, 0.0), MAKEUP.high)
    chosen = replace(settings, makeup_db=makeup_db)
    missed = "" if after_lu < ENOUGH_LU else f", as far as the published loop goes (aim: {ENOUGH_LU:.1f} LU)"
    reason = f"brings its loudness range from {before_lu:.1f} to {after_lu:.1f} LU{missed}; make-up keeps its loudness"
    return Compression(chosen, before_lu, after_lu, reason, reduction_db)


def _tries(peak_db: float, rms_size_ms: float) -> list[CompressorSettings]:
    """Return the settings of the published loop in their order, for a vocal of this peak."""
    found = []
    threshold_db, ratio = 0.0, FIRST_RATIO
    while threshold_db >= LOWEST_THRESHOLD_DB:
        found.append(
            CompressorSettings(
                threshold_db=float(np.clip(threshold_db + peak_db, THRESHOLD.low, THRESHOLD.high)),
                ratio=round(ratio, 3),
                attack_ms=ATTACK_MS,
                release_ms=RELEASE_MS,
                rms_size_ms=rms_size_ms,
            )
        )
        threshold_db, ratio = threshold_db + THRESHOLD_STEP_DB, ratio + RATIO_STEP
    return found


def _heard(
    blocks: Iterable[Audio], settings: CompressorSettings, rate_hz: int, n_channels: int
) -> tuple[float, float, Floats]:
    """Return loudness range, loudness and gain reduction of the vocal through the compressor."""
    compressor = Compressor(settings, rate_hz, n_channels)
    meter = LoudnessMeter(rate_hz, n_channels)
    n_block = round(BLOCK_S * rate_hz)
    deepest = _Deepest(n_block)
    for block in blocks:
        output, reduction_db = compressor.process_metered(block)
        meter.add(output)
        deepest.add(reduction_db)
    found = meter.result()
    return found.range_lu, found.integrated_lufs, deepest.result()


class _Deepest:
    """The greatest value of each run of so many samples that arrive in blocks."""

    def __init__(self, n_run: int) -> None:
        self._n_run = n_run
        self._rest = np.zeros(0)
        self._found: list[Floats] = []

    def add(self, values: Floats) -> None:
        whole = np.concatenate([self._rest, values])
        n_runs = whole.size // self._n_run
        self._found.append(whole[: n_runs * self._n_run].reshape(n_runs, self._n_run).max(axis=1))
        self._rest = whole[n_runs * self._n_run :]

    def result(self) -> Floats:
        last = [np.array([self._rest.max()])] if self._rest.size else []
        return np.concatenate([*self._found, *last, np.zeros(0)])


@dataclass(frozen=True, slots=True, eq=False)
class _Outline:
    """A vocal in steps of 1 ms: the detector's power, and the K-weighted energy of its channels."""

    power: Floats
    energy: Floats
    peak: float
    step_s: float

    @classmethod
    def of(cls, blocks: Iterable[Audio], rate_hz: int, n_channels: int, rms_size_ms: float) -> _Outline:
        n_step = max(round(STEP_S * rate_hz), 1)
        constant = -math.expm1(-1_000.0 / (rms_size_ms * rate_hz)) if rms_size_ms > 0.0 else 1.0
        weighting = k_weighting(rate_hz)
        state = np.zeros((len(weighting), n_channels, 2))
        mean_square = np.zeros((n_channels, 1))
        powers, energies, peak = [], [], 0.0
        for block in _in_steps(blocks, n_step):
            wide = block.astype(np.float64)
            weighted, state = signal.sosfilt(weighting, wide, zi=state)
            power = np.square(wide)
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            if constant < 1.0:
                power, mean_square = signal.lfilter([constant], [1.0, constant - 1.0], power, zi=mean_square)
            steps = power.max(axis=0).reshape(-1, n_step)
            powers.append(steps.mean(axis=1) if constant < 1.0 else steps.max(axis=1))
            energies.append(np.square(weighted).reshape(n_channels, -1, n_step).mean(axis=2))
        nothing = np.zeros((n_channels, 0))
        return cls(np.concatenate([*powers, nothing[0]]), np.hstack([*energies, nothing]), peak, n_step / rate_hz)

    def block_energy(self, settings: CompressorSettings | None = None) -> Floats:
        """Return the energy of each 100 ms, left and right, (2, n_blocks), through a compressor."""
        energy = self.energy
        if settings is not None and energy.size:
            target_db = -static_gain_db(settings, levels.energy_to_db(self.power + _FLOOR))
            constants = (-math.expm1(-1_000.0 * self.step_s / t) for t in (settings.attack_ms, settings.release_ms))
            energy = energy * levels.db_to_energy(-follow(target_db, 0.0, *constants))
        n_block = round(BLOCK_S / self.step_s)
        n_blocks = max(energy.shape[1] // n_block, 1)
        kept = energy[:, : n_blocks * n_block]
        if kept.shape[1] < n_block:
            kept = np.pad(kept, ((0, 0), (0, n_block - kept.shape[1])))
        by_block = kept.reshape(len(kept), n_blocks, n_block).mean(axis=2)
        return np.asarray(np.broadcast_to(by_block, (2, n_blocks)))


def _in_steps(blocks: Iterable[Audio], n_step: int) -> Iterator[Audio]:
    """Yield the same signal in blocks of whole steps; what is left at the end is filled up with zeros."""
    rest: Audio | None = None
    for block in blocks:
        whole = block if rest is None else np.concatenate([rest, block], axis=1)
        n_whole = whole.shape[1] // n_step * n_step
        rest = whole[:, n_whole:]
        if n_whole:
            yield whole[:, :n_whole]
    if rest is not None and rest.shape[1]:
        yield np.pad(rest, ((0, 0), (0, n_step - rest.shape[1])))
