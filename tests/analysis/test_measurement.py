"""Measurements of tracks: energies, waveform, several at a time, stopped in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.analysis.measurement import Job, Measurement, MeasurementBuilder, measure, measure_all
from reaper_automix.errors import Cancelled, MediaError

RATE_HZ = 8_000
Audio = NDArray[np.float32]


def noise(n_channels: int, n_samples: int, seed: int = 3) -> Audio:
    return (0.1 * np.random.default_rng(seed).standard_normal((n_channels, n_samples))).astype(np.float32)


def measured(audio: Audio, block: int = 1_000, start_s: float = 0.0) -> Measurement:
    blocks = (audio[:, start : start + block] for start in range(0, audio.shape[1], block))
    return measure(blocks, RATE_HZ, audio.shape[0], start_s=start_s, n_samples=audio.shape[1])


def test_a_measurement_is_the_meters_with_the_place_of_the_audio() -> None:
    audio = noise(2, 5 * RATE_HZ)
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.add(audio)
    found = measured(audio, start_s=12.5)
    assert found.loudness == meter.result()
    assert np.array_equal(found.block_energy, meter.block_energy())
    assert (found.start_s, found.sample_rate_hz) == (12.5, RATE_HZ)


def test_a_mono_track_has_equal_energies_on_both_sides() -> None:
    energy = measured(noise(1, RATE_HZ)).block_energy
    assert energy.shape == (2, 10)
    assert np.array_equal(energy[0], energy[1])


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("block", [1, 7, 999, 50_000])
@pytest.mark.parametrize("n_samples", [9_001, 500])
def test_the_waveform_is_minimum_and_maximum_of_equal_parts(n_channels: int, block: int, n_samples: int) -> None:
    audio = noise(n_channels, n_samples)
    waveform = measured(audio, block).waveform
    n_points = min(1_200, n_samples)
    edges = np.arange(n_points + 1) * n_samples // n_points
    parts = [audio.mean(axis=0)[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]  # noqa: RUF007
    assert waveform.dtype == np.float32
    assert np.allclose(waveform[0], [part.min() for part in parts], atol=1e-7)
    assert np.allclose(waveform[1], [part.max() for part in parts], atol=1e-7)


def test_opposite_channels_draw_a_flat_line_but_measure_loud() -> None:
    left = noise(1, RATE_HZ)
    found = measured(np.concatenate((left, -left)))
    assert not found.waveform.any()
    assert found.loudness.integrated_lufs > -30.0


def test_another_level_of_the_same_audio() -> None:
    audio = noise(2, 5 * RATE_HZ)
    expected, found = measured(audio * np.float32(0.25)), measured(audio).louder_by(-12.0412)
    assert found.loudness.integrated_lufs == pytest.approx(expected.loudness.integrated_lufs, abs=1e-3)
    assert found.loudness.true_peak_dbtp == pytest.approx(expected.loudness.true_peak_dbtp, abs=1e-3)
    assert found.loudness.range_lu == pytest.approx(expected.loudness.range_lu, abs=1e-3)
    assert np.allclose(found.waveform, expected.waveform, rtol=1e-4)


def test_a_track_without_samples() -> None:
    found = MeasurementBuilder(RATE_HZ, 2, start_s=0.0, n_samples=0).result()
    assert found.block_energy.shape == (2, 0)
    assert np.isfinite(found.waveform).all()


def job(label: str, audio: Audio) -> Job:
    def run(between: Callable[[], None]) -> Measurement:
        blocks = (audio[:, start : start + 1_000] for start in range(0, audio.shape[1], 1_000))
        return measure(blocks, RATE_HZ, audio.shape[0], start_s=0.0, n_samples=audio.shape[1], between=between)

    return Job(label, run)


def endless(started: threading.Event, ended: threading.Event) -> Job:
    """A job that only ends when it is told to."""

    def run(between: Callable[[], None]) -> Measurement:
        started.set()
        try:
            while True:
                between()
                time.sleep(0.005)
        finally:
            ended.set()

    return Job("endless", run)


def test_several_tracks_come_back_in_order() -> None:
    tracks = [noise(1 + seed % 2, (seed + 1) * RATE_HZ // 2, seed) for seed in range(5)]
    seen: list[tuple[int, int, str]] = []
    found = measure_all([job(f"track {k}", audio) for k, audio in enumerate(tracks)], lambda *now: seen.append(now))
    assert [m.loudness for m in found] == [measured(audio).loudness for audio in tracks]
    assert seen[0][:2] == (0, 5)
    assert seen[-1][:2] == (5, 5)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert {label for _, _, label in seen} >= {f"track {k}" for k in range(5)}


def test_no_tracks() -> None:
    assert list(measure_all([], lambda done, total, label: None)) == []


def test_cancelling_stops_the_running_jobs_and_starts_no_others() -> None:
    started, ended = threading.Event(), threading.Event()
    late: list[str] = []

    def never(between: Callable[[], None]) -> Measurement:
        late.append("ran")
        raise AssertionError

    def progress(done: int, total: int, label: str) -> None:
        if started.is_set():
            raise Cancelled("the user")

    jobs = [endless(started, ended), endless(threading.Event(), threading.Event()), *[Job("late", never)] * 20]
    with pytest.raises(Cancelled, match="the user"):
        measure_all(jobs, progress)
    assert ended.is_set()
    assert not late
    assert not [t for t in threading.enumerate() if t.name.startswith("measure")]


def test_the_first_error_stops_the_others() -> None:
    started, ended = threading.Event(), threading.Event()

    def broken(between: Callable[[], None]) -> Measurement:
        started.wait(5.0)
        raise MediaError("kick.wav: damaged")

    with pytest.raises(MediaError, match="kick"):
        measure_all([endless(started, ended), Job("kick", broken)], lambda done, total, label: None)
    assert ended.is_set()
