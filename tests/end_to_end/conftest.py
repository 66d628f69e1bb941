"""Small real sessions on disk, and the command line to run on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from open_reaper import EIGHT, OpenReaper

from reaper_automix.cli import main
from reaper_automix.hosts.rpp import new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.session import Session

RATE_HZ = 16000
LENGTH_S = 6.0
LEVELS_DB = {"Kick.wav": -6.0, "Bass.wav": -14.0, "Vox.wav": -17.0, "Gtr L.wav": -9.0}


def noise(seed: int, level_db: float, n_channels: int = 1, length_s: float = LENGTH_S) -> np.ndarray:
    """Return noise with a slow swell, so that it has dynamics."""
    n = round(length_s * RATE_HZ)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * np.arange(n) / n * (1 + seed % 3))
    rng = np.random.default_rng(seed)
    return 10 ** (level_db / 20) * 0.3 * swell[:, None] * rng.standard_normal((n, n_channels))


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    """A folder of four mono stems at very different levels."""
    folder = tmp_path / "My Söng"
    folder.mkdir()
    for seed, (name, level_db) in enumerate(LEVELS_DB.items()):
        soundfile.write(folder / name, noise(seed, level_db), RATE_HZ)
    return folder


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Session, str], Path]:
    """Save a session as a project."""

    def saved(session: Session, name: str = "song.RPP") -> Path:
        path = tmp_path / name
        path.write_text(new_project_text(session, folder=tmp_path), "utf-8", newline="")
        return path

    return saved


@pytest.fixture
def project(stems: Path, save: Callable[..., Path]) -> Path:
    """A project that plays the four stems."""
    return save(StemsHost(stems).read_session())


@dataclass(frozen=True)
class Ran:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run the command line in this process, with a fresh cache."""
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path / "cache"))

    def run(*arguments: object) -> Ran:
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def eight(tmp_path: Path) -> Session:
    """A session of eight tracks at very different levels."""
    folder = tmp_path / "Söng with spaces"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number, name in enumerate(EIGHT):
        level = 10 ** (-(3.0 + 2.5 * number) / 20)
        soundfile.write(folder / f"{name}.wav", 0.3 * level * rng.standard_normal(8 * RATE_HZ), RATE_HZ)
    return StemsHost(folder).read_session()


@pytest.fixture
def reaper(eight: Session, save: Callable[..., Path], tmp_path: Path) -> Iterator[OpenReaper]:
    """REAPER (the double) with that session open, in a process of its own."""
    with OpenReaper(save(eight, "song.RPP"), tmp_path) as running:
        yield running
        shown = running.messages()
        assert shown["modal_dialogs"] == []
        assert shown["script_errors"] == []
        assert shown["left_open"] == []
        assert running.state()["refused_imports"] == [], "standard library only"
