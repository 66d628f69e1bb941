"""The other mixers, ``mix`` from the command line with an empty cache, in a process of its own each.

* rides: 24 stereo tracks x 4 minutes with both riders, first and again; the floor is decoding every file and sending
  it through the shared spectrum once, in one thread. Then 8 tracks of 4 hours that repeat every hour, as energies per
  100 ms: from there to the points, and by how much the rides of the second and the third hour differ (nothing, unless
  a ride drifts)
* vocal: a vocal over 16 backing tracks x 4 minutes, with a compressor that has to be found
* strips: 16 tracks x 4 minutes as suggested by default, and with five bands, a compressor and a send on every track
* tone: one mono track of 4 minutes with ``--take``
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.processes import CLI, Run, figures_of, mix
from benchmarks.rows import Figure, Row
from benchmarks.size import Size
from benchmarks.sounds import band_names, write_session
from reaper_automix.analysis.loudness import Loudness, integrated_lufs
from reaper_automix.analysis.measurement import Measurement
from reaper_automix.analysis.roles import role_of
from reaper_automix.analysis.stft import Stft, frame_grid
from reaper_automix.mixers import rides
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import EnvelopeMove
from reaper_automix.planning import GainDecision, moves_from
from reaper_automix.scope import choose_scope
from reaper_automix.session import Item, Session, Source, Take, Track
from reaper_automix.settings import MixSettings

SUITE = "mixers"
MINUTES = 4.0
RIDERS = ("rule", "lds")
BLOCK_SAMPLES = 65_536
GOAL_FLOOR_RATIO, GOAL_RIDES_MIB, GOAL_AGAIN_S = 2.5, 1_536.0, 5.0
STRIPS = ("Kick", "Snare", "Bass", "Gtr", "Keys", "Lead Vox", "Synth", "Strings")
WHOLE_STRIPS = (sys.executable, "-m", "benchmarks.whole_strips")
HOUR_S, N_HOURS = 3600, 4
HOURS_TRACKS = ("Kick", "Snare", "OH", "Bass", "Gtr", "Keys", "Lead Vox", "BV")
VOICE_RATE_HZ = 44_100


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    minutes = size.of(MINUTES, 0.2)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-mixers-") as work:
        yield from _rides(Path(work), size, minutes)
        yield from _four_hours(size)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-mixers-") as work:
        backing = [f"Keys {k}" for k in range(size.count(16, 2))]
        folder = write_session(Path(work) / "session", ["Lead Vox", *backing], minutes, soft_first=True)
        case = f"vocal over {len(backing)} tracks x {minutes:g} min"
        options = ("--mixer", "vocal", "--level", "rule")
        yield _repeated(case, folder, Path(work), options, size, goal_s=20.0)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-mixers-") as work:
        names = [f"{STRIPS[k % len(STRIPS)]} {k}" for k in range(size.count(16, 2))]
        folder = write_session(Path(work) / "session", names, minutes)
        for case, program in (("strips as suggested", CLI), ("whole strips", WHOLE_STRIPS)):
            case = f"{case}, {len(names)} tracks x {minutes:g} min"
            options = ("--mixer", "strips")
            yield _repeated(case, folder, Path(work), options, size, program=program, goal_s=60.0, goal_mib=3_072.0)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-mixers-") as work:
        folder = Path(work) / "session"
        folder.mkdir()
        soundfile.write(folder / "Lead Vox.wav", _voice(round(60 * minutes)), VOICE_RATE_HZ, subtype="PCM_24")
        case = f"tone --take, one mono track x {minutes:g} min"
        yield _repeated(case, folder, Path(work), ("--mixer", "tone", "--take"), size, goal_s=20.0)


def _repeated(
    case: str,
    folder: Path,
    work: Path,
    options: Sequence[str],
    size: Size,
    *,
    goal_s: float,
    goal_mib: float | None = None,
    program: Sequence[str] = CLI,
) -> Row:
    runs = [mix(folder, work, *options, program=program) for _ in range(size.long_rounds)]
    figures = figures_of(runs)
    is_small = goal_mib is None or not max(run.memory_mib for run in runs) > goal_mib
    goal = f"{goal_s:g} s" + ("" if goal_mib is None else f", {goal_mib:,.0f} MiB")
    return Row(SUITE, case, figures, goal=goal, met=figures[0].median <= goal_s and is_small)


def _rides(work: Path, size: Size, minutes: float) -> Iterator[Row]:
    folder = write_session(work / "session", band_names(size.count(24, 2)), minutes)
    case = f"{len(list(folder.iterdir()))} tracks x {minutes:g} min"
    floors_s: list[float] = []
    first: dict[str, list[Run]] = {rider: [] for rider in RIDERS}
    again: dict[str, list[Run]] = {rider: [] for rider in RIDERS}
    for number in range(size.long_rounds):
        floors_s.append(_floor_s(folder))
        for rider in RIDERS:
            cache, options = work / f"{rider} {number}", ("--mixer", "rides", "--rides", rider)
            first[rider].append(mix(folder, work, *options, cache=cache))
            again[rider].append(mix(folder, work, *options, cache=cache))
    yield Row(SUITE, f"{case}: decoding and one STFT pass alone, 1 thread", (Figure.of("", "s", floors_s),))
    for rider in RIDERS:
        pairs = zip(first[rider], floors_s, strict=True)
        ratio = Figure.of("of that", "x", (run.wall_s / floor_s for run, floor_s in pairs))
        is_small = not max(run.memory_mib for run in first[rider]) > GOAL_RIDES_MIB
        goal = f"{GOAL_FLOOR_RATIO:g} x, {GOAL_RIDES_MIB:,.0f} MiB"
        met = ratio.median <= GOAL_FLOOR_RATIO and is_small
        yield Row(SUITE, f"{case}: rides by {rider}, first", (*figures_of(first[rider]), ratio), goal=goal, met=met)
        figures = figures_of(again[rider])
        met = figures[0].median <= GOAL_AGAIN_S
        yield Row(SUITE, f"{case}: rides by {rider}, again", figures, goal=f"{GOAL_AGAIN_S:g} s", met=met)


def _floor_s(folder: Path) -> float:
    """Return the wall time of decoding and transforming everything, in this process and one thread."""
    start = time.perf_counter()
    for path in sorted(folder.glob("*.wav")):
        with soundfile.SoundFile(path) as file:
            stft = Stft(frame_grid(file.samplerate), file.channels, lambda _: None)
            for block in file.blocks(BLOCK_SAMPLES, dtype="float32", always_2d=True):
                stft.add(np.ascontiguousarray(block.T))
            stft.rest()
    return time.perf_counter() - start


def _four_hours(size: Size) -> Iterator[Row]:
    hearing = _heard_hours()
    for rider in RIDERS:
        taken_s = []
        for _ in range(size.long_rounds):
            start = time.perf_counter()
            settings = MixSettings(rider=rider)
            decided = rides.decide(hearing, settings)
            moves = moves_from(decided, hearing.session, settings, range_s=hearing.scope.range_s, whole=True).moves
            taken_s.append(time.perf_counter() - start)
        points = [len(move.points) for move in moves if isinstance(move, EnvelopeMove)]
        density = np.median(points) / (N_HOURS * HOUR_S / 2)
        note = f"{density:.2f} points per 2 s (median); hours 2 and 3 differ by {_drift_db(decided):.0e} dB"
        case = f"rides by {rider} of {len(HOURS_TRACKS)} tracks x {N_HOURS} h of known levels, the whole plan"
        yield Row(SUITE, case, (Figure.of("", "s", taken_s),), note=note)


def _heard_hours() -> Hearing:
    """Return eight tracks with beats, phrases, sections and pauses that are the same in every hour."""
    end_s = float(N_HOURS * HOUR_S)
    takes = (Take("{t}", "", Source("WAVE", "a.wav")),)
    tracks = tuple(Track(name, name, items=(Item("{i}", 0.0, end_s, takes=takes),)) for name in HOURS_TRACKS)
    session = Session(tracks=tracks)
    measurements = {name: _measured(_hour(seed)) for seed, name in enumerate(HOURS_TRACKS)}
    known = {name: role for name in HOURS_TRACKS if (role := role_of(name)) is not None}
    return Hearing(session, choose_scope(session), measurements, known)


def _hour(seed: int) -> NDArray[np.float64]:
    """Return the energy per 100 ms of an hour, (n_blocks,)."""
    rng = np.random.default_rng(seed)
    n_blocks = HOUR_S * 10
    sections_db = np.repeat(rng.uniform(-9.0, 0.0, HOUR_S // 20), 200)
    phrases_db = np.repeat(rng.normal(0.0, 2.0, HOUR_S // 4), 40)
    plays = np.repeat(rng.random(HOUR_S // 20) < 0.8, 200)
    return 0.01 * plays * 10.0 ** ((sections_db + phrases_db) / 10.0) * rng.uniform(0.5, 1.5, n_blocks)


def _measured(energy: NDArray[np.float64]) -> Measurement:
    blocks = np.tile(energy / 2.0, (2, N_HOURS))
    lufs, end_s = integrated_lufs(blocks), float(N_HOURS * HOUR_S)
    loudness = Loudness(lufs, lufs, lufs, 0.0, 0.0, 0.0, lufs, 0.0, end_s)
    return Measurement(48_000, 0.0, blocks, loudness, np.zeros((2, 1), np.float32))


def _drift_db(decisions: Sequence[GainDecision]) -> float:
    """Return by how much any ride differs between the second and the third hour, which sound the same."""
    ridden = [np.array(decision.change_db)[:, 1] for decision in decisions if len(decision.change_db) > 1]
    second, third = slice(HOUR_S, 2 * HOUR_S), slice(2 * HOUR_S, 3 * HOUR_S)
    return max(float(np.abs(levels[second] - levels[third]).max()) for levels in ridden)


def _voice(seconds: int) -> NDArray[np.float32]:
    """Return a gliding tone of many partials in phrases, with breath noise; its peak is 0.9."""
    time_s = np.arange(seconds * VOICE_RATE_HZ) / VOICE_RATE_HZ
    phase = 2 * np.pi * np.cumsum(180.0 + 40.0 * np.sin(2 * np.pi * 0.3 * time_s)) / VOICE_RATE_HZ
    tones = sum(np.sin(n * phase) / n for n in range(1, 24))
    noise = np.random.default_rng(1).standard_normal(time_s.size)
    phrases = np.clip(np.sin(2 * np.pi * time_s / 7.0) + 0.6, 0.0, 1.0)
    audio = phrases * (tones + 0.05 * noise)
    return np.asarray(0.9 * audio / np.abs(audio).max(), np.float32)
