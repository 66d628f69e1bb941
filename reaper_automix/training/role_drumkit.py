"""Recordings of a drum kit, microphone by microphone: a sampled kit that plays written performances.

Each hit of the kit was heard by all its microphones at once, so that every rendered microphone has its real bleed.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from reaper_automix.analysis.roles import Role, coarse_role
from reaper_automix.errors import CorpusError

LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Microphone:
    """What one microphone heard: float32 (1, n_samples) and the role of its track."""

    name: str
    role: Role
    audio: NDArray[np.float32]


@dataclass(frozen=True)
class DrumKit:
    """A sampled kit.

    Parameters
    ----------
    folder : Path
        Holds ``manifest.json``, ``samples`` and ``performances``.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def load(cls, folder: Path) -> DrumKit:
        """Load the description of a kit.

        Raises
        ------
        CorpusError
            If the folder holds none.
        """
        try:
            return cls(folder, json.loads((folder / "manifest.json").read_text("utf-8")))
        except (OSError, ValueError) as error:
            raise CorpusError(
                f"{folder}: holds no drum kit ({error}). Give the folder with its manifest.json."
            ) from None

    @property
    def author(self) -> str:
        """Who recorded it."""
        return str(self.manifest["author"]).partition(" (")[0]

    @property
    def licence(self) -> str:
        """Of the recordings and what they play, as named."""
        return str(self.manifest["licence"])

    @property
    def sample_rate_hz(self) -> int:
        """Of the recordings."""
        return int(self.manifest["sample_rate"])

    @property
    def performances(self) -> list[Path]:
        """What it can play."""
        return sorted((self.folder / "performances").glob("*.csv"))

    def play(self, performance: Path) -> Iterator[Microphone]:
        """Yield what each microphone hears of the first ``LONGEST_S`` of a performance."""
        rate_hz = self.sample_rate_hz
        channels = self.manifest["channels"]
        tape = np.zeros((len(channels), round((LONGEST_S + 4.0) * rate_hz)), np.float32)
        for number, (time_s, instrument, velocity) in enumerate(read_performance(performance)):
            if time_s < LONGEST_S and (hit := self._hit(instrument, velocity, performance.stem, number)) is not None:
                at = round(time_s * rate_hz)
                length = min(hit.shape[1], tape.shape[1] - at)
                tape[:, at : at + length] += hit[:, :length]
        for channel, audio in zip(channels, tape, strict=True):
            role = coarse_role(channel["role"])
            if role is not None:
                yield Microphone(channel["mic"], role, audio[None, : round(LONGEST_S * rate_hz)])

    def _hit(self, instrument: str, velocity: float, take: str, number: int) -> NDArray[np.float32] | None:
        """Return one of the recorded hits of this strength, the same one every time."""
        for entry in self.manifest["instruments"]:
            if entry["instrument"] == instrument:
                hits = entry["hits"]
                layer = [h for h in hits if h["velocity_range"][0] <= velocity <= h["velocity_range"][1]] or hits[-1:]
                chosen = layer[zlib.crc32(f"{take} {number}".encode()) % len(layer)]
                return load_hit(self.folder / chosen["file"])
        return None


@lru_cache(maxsize=256)
def load_hit(path: Path) -> NDArray[np.float32]:
    """Return what all microphones heard of a recorded hit, float32 (n_microphones, n_samples); do not write into it."""
    audio, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(audio.T)


def read_performance(performance: Path) -> Iterator[tuple[float, str, float]]:
    """Yield the strokes of a written performance: time in seconds, instrument, velocity 0..1."""
    with performance.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield float(row["time_s"]), row["instrument"], float(row["velocity"])
