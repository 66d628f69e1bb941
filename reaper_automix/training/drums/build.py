"""Build the drum sessions: performances played on the sampled kit, heard as features, mixed by every engineer.

``python -m reaper_automix.training.drums.build DATA --out drums.npz`` plays what lies below DATA (``drumkit``). What is
done is kept in parts beside the result until that is whole: the same command goes on where it was stopped.

A performance is played by one half of the recorded hits only, so that two sets of performances, one of half ``a`` and
one of half ``b``, share neither a performance nor a hit.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.analysis.drum_features import FEATURES, microphone_features
from reaper_automix.analysis.drum_strokes import stroke_features
from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.drums.dataset import DrumSession, DrumSet, load_set, save_set
from reaper_automix.training.drums.engineers import ENGINEERS, KitSound, mix
from reaper_automix.training.drums.grooves import Groove, groove, load_groove
from reaper_automix.training.drums.heard import FeaturesOf, heard
from reaper_automix.training.drums.kit_player import HALVES, KitPlayer, Recording, draw_variation
from reaper_automix.training.drums.separation import own_parts_db
from reaper_automix.training.processes import worked
from reaper_automix.training.role_drumkit import DrumKit

RECIPE = 2
"""Raised whenever the same seed gives other sessions: parts of another recipe are not taken up."""
N_SESSIONS = 960
N_PERFORMANCES = 480
LENGTH_S = (20.0, 30.0)
PART_SESSIONS = 16


@dataclass(frozen=True, slots=True)
class Task:
    """One session that is to be: which groove, which half of the hits, which take of it."""

    number: int
    groove: Groove
    half: str
    take: int
    seed: int

    @property
    def name(self) -> str:
        """Unique: groove and take."""
        return f"{self.groove.name}/{self.take}"


def build(
    data: Path,
    *,
    n_sessions: int = N_SESSIONS,
    seed: int = 0,
    jobs: int = 2,
    progress: Progress = silent,
    parts: Path | None = None,
    features_of: FeaturesOf = microphone_features,
    feature_names: Sequence[str] = FEATURES,
) -> DrumSet:
    """Build a set of sessions; the same seed gives the same set, whatever the number of jobs.

    Parameters
    ----------
    data : Path
        Folder that holds ``drumkit``.
    n_sessions : int
        Spread evenly over up to ``N_PERFORMANCES`` performances.
    seed : int
        Of everything that is drawn.
    jobs : int
        Processes.
    progress : Progress
        Hears how many sessions are done.
    parts : Path, optional
        Folder where what is done is kept, and taken up again.
    features_of, feature_names
        What is heard of a microphone: audio (n_samples,) and rate to float32 (n_features,). With more than one job it
        has to be a function of a module.

    Raises
    ------
    CorpusError
        If there is no kit, or a performance is damaged.
    AutomixError
        If a process was ended from outside.
    """
    tasks = plan(DrumKit.load(data / "drumkit"), n_sessions, seed)
    chunks = [tasks[at : at + PART_SESSIONS] for at in range(0, len(tasks), PART_SESSIONS)]
    work = partial(_played, data / "drumkit", features_of)
    made = {
        "recipe": RECIPE,
        "seed": seed,
        "sessions": n_sessions,
        "performances": len({task.groove.name for task in tasks}),
        "kit": _fingerprint(data / "drumkit"),
    }
    names = tuple(feature_names)
    sessions: dict[int, tuple[DrumSession, ...]] = {}
    for index, found in _done(chunks, work, _Parts(parts, names, made), jobs):
        sessions[index] = found
        progress("Drum sessions", sum(map(len, sessions.values())), n_sessions)
    return DrumSet(tuple(s for index in sorted(sessions) for s in sessions[index]), names, made)


def plan(kit: DrumKit, n_sessions: int, seed: int) -> list[Task]:
    """Return the sessions to play: every performance on one half of the hits, each style on both in turn."""
    written = [load_groove(path) for path in kit.performances]
    n = min(N_PERFORMANCES, n_sessions)
    written = written[: max(n // 4, 1)] if n < 4 * len(written) else written
    grooves = [*written, *(groove(number, seed) for number in range(n - len(written)))]
    played: dict[str, int] = {}
    halves = []
    for performance in grooves:
        turn = played[performance.style] = played.get(performance.style, -1) + 1
        halves.append(HALVES[turn % len(HALVES)])
    return [
        Task(number, grooves[number % n], halves[number % n], number // n, seed)
        for number in range(n_sessions if grooves else 0)
    ]


def play(task: Task, kit: DrumKit, features_of: FeaturesOf = microphone_features) -> DrumSession:
    """Play, hear and mix one session."""
    rng = np.random.default_rng([task.seed, task.number])
    length_s = float(rng.uniform(*LENGTH_S))
    start_s = float(rng.uniform(0.0, max(task.groove.length_s - length_s, 0.0)))
    variation = draw_variation(kit, rng)
    recording = KitPlayer(kit, task.half).play(task.groove.window(start_s, length_s), variation, length_s)
    return session_of(task, recording, rng, features_of)


def session_of(task: Task, recording: Recording, rng: np.random.Generator, features_of: FeaturesOf) -> DrumSession:
    """Return a recording as numbers, with what every engineer makes of it."""
    loudness_lufs, features = heard(recording.audio, recording.rate_hz, features_of)
    sound = KitSound.of(recording, loudness_lufs)
    mixes = {name: mix(name, sound, task.groove.style, rng) for name in ENGINEERS}
    return DrumSession(
        name=task.name,
        performance=task.groove.name,
        hits=task.half,
        style=task.groove.style,
        microphones=recording.microphones,
        features=features,
        strokes=stroke_features(list(recording.audio), recording.microphones, recording.rate_hz),
        loudness_lufs=loudness_lufs,
        own_parts_db=own_parts_db(list(recording.audio), recording.microphones, recording.rate_hz),
        gains_db={name: gains_db for name, (gains_db, _) in mixes.items()},
        meant_db={name: meant_db for name, (_, meant_db) in mixes.items()},
    )


# --- many sessions, in parts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is done of a set, one file for every few sessions; none are kept without a folder."""

    folder: Path | None
    names: tuple[str, ...]
    made: dict[str, Any]

    def load(self, index: int, tasks: Sequence[Task]) -> tuple[DrumSession, ...] | None:
        """Return a part that is there and belongs to this set."""
        if self.folder is None or not (path := self._path(index)).is_file():
            return None
        try:
            kept = load_set(path)
        except CorpusError:
            return None  # cut off while it was written: played again
        same = dict(kept.made) == self.made and kept.feature_names == self.names
        return kept.sessions if same and [s.name for s in kept.sessions] == [t.name for t in tasks] else None

    def save(self, index: int, sessions: tuple[DrumSession, ...]) -> None:
        """Keep a part."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            save_set(DrumSet(sessions, self.names, self.made), self._path(index))

    def _path(self, index: int) -> Path:
        return (self.folder or Path()) / f"{index:04d}.npz"


def _played(folder: Path, features_of: FeaturesOf, tasks: Sequence[Task]) -> tuple[DrumSession, ...]:
    kit = DrumKit.load(folder)
    return tuple(play(task, kit, features_of) for task in tasks)


def _done(
    chunks: Sequence[Sequence[Task]],
    work: Callable[[Sequence[Task]], tuple[DrumSession, ...]],
    parts: _Parts,
    jobs: int,
) -> Generator[tuple[int, tuple[DrumSession, ...]], None, None]:
    """Yield each part with its place, as it is done or was there."""
    todo = []
    for index, tasks in enumerate(chunks):
        if (kept := parts.load(index, tasks)) is None:
            todo.append(index)
        else:
            yield index, kept
    for index, sessions in _worked([(index, chunks[index]) for index in todo], work, jobs):
        parts.save(index, sessions)
        yield index, sessions


def _worked(
    todo: Sequence[tuple[int, Sequence[Task]]], work: Callable[[Sequence[Task]], tuple[DrumSession, ...]], jobs: int
) -> Iterator[tuple[int, tuple[DrumSession, ...]]]:
    if min(jobs, len(todo)) < 2:
        yield from ((index, work(tasks)) for index, tasks in todo)
        return
    for (index, _), sessions in worked(partial(_part, work), todo, jobs):
        yield index, sessions


def _part(
    work: Callable[[Sequence[Task]], tuple[DrumSession, ...]], part: tuple[int, Sequence[Task]]
) -> tuple[DrumSession, ...]:
    return work(part[1])


def _fingerprint(folder: Path) -> str:
    """Return what changes when the hits or the performances of a kit do: a hash of names, sizes and the description."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".ogg", ".csv"))
    told = [(folder / "manifest.json").read_text("utf-8"), *(f"{p.name} {p.stat().st_size}" for p in files)]
    return sha256(dumps(told).encode()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder that holds drumkit/")
    parser.add_argument("--out", type=Path, required=True, help="the set, .npz")
    parser.add_argument("--sessions", type=int, default=N_SESSIONS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    parts = options.out.with_name(f"{options.out.name}.parts")
    try:
        how = {"n_sessions": options.sessions, "seed": options.seed, "jobs": options.jobs}
        drums = build(options.data, **how, progress=_Told(), parts=parts)
        save_set(drums, options.out)
    except AutomixError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    shutil.rmtree(parts, ignore_errors=True)
    sys.stdout.write(f"{options.out}: {len(drums.sessions)} sessions, {drums.made['performances']} performances\n")
    return 0


class _Told:
    """Says on standard error how far the work is, and about how long it goes on."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def __call__(self, stage: str, done: float, total: float, label: str = "") -> None:
        """Write one line."""
        took_s = time.monotonic() - self._began_s
        left_s = took_s * (total - done) / max(done, 1.0)
        sys.stderr.write(f"{stage}: {done:.0f} of {total:.0f}, {took_s:.0f} s, about {left_s:.0f} s left {label}\n")


if __name__ == "__main__":
    sys.exit(main())
