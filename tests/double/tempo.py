"""The tempo map of a project file."""

from __future__ import annotations

from dataclasses import dataclass

from double.tree import as_number, number
from reaper_automix.chunks.lines import Chunk
from reaper_automix.chunks.text import words


@dataclass(frozen=True)
class Marker:
    """A tempo marker; numerator and denominator are 0 where it sets no time signature."""

    time_s: float
    bpm: float
    is_gradual: bool
    numerator: int
    denominator: int
    measure: int = 0
    beat: float = 0.0


def markers(root: Chunk) -> list[Marker]:
    """Return the tempo markers, with the measures and beats at which they stand."""
    chunk = root.chunk("TEMPOENVEX")
    rows = [words(line.text)[1:] for line in chunk.lines("PT")] if chunk is not None else []
    found = sorted((_marker([as_number(word) for word in row]) for row in rows), key=lambda m: m.time_s)
    placed: list[Marker] = []
    per_measure, measure, beat, last = 4.0, 0, 0.0, None
    for marker in found:
        if last is not None:
            mean_bpm = (last.bpm + marker.bpm) / 2 if last.is_gradual else last.bpm
            beat = round(beat + (marker.time_s - last.time_s) * mean_bpm / 60.0, 9)
            measure, beat = measure + int(beat // per_measure), beat % per_measure
        if marker.numerator:
            per_measure = marker.numerator * 4.0 / marker.denominator
        last = marker
        placed.append(
            Marker(marker.time_s, marker.bpm, marker.is_gradual, marker.numerator, marker.denominator, measure, beat)
        )
    return placed


def _marker(row: list[float]) -> Marker:
    """Read a point: time, bpm, shape (0 slides to the next one), time signature as numerator + 65536 denominators."""
    row = row + [0.0, 120.0, 1.0, 0.0][len(row) :]
    return Marker(row[0], row[1], row[2] == 0.0, int(row[3]) & 0xFFFF, int(row[3]) >> 16)


def tempo_at(root: Chunk, time_s: float) -> float:
    """Return beats per minute at a time."""
    found = markers(root)
    before = [m for m in found if m.time_s <= time_s + 1e-9]
    after = [m for m in found if m.time_s > time_s + 1e-9]
    if not before:
        return number(root, "TEMPO", 0, 120.0)
    now = before[-1]
    if not now.is_gradual or not after:
        return now.bpm
    share = (time_s - now.time_s) / (after[0].time_s - now.time_s)
    return now.bpm + share * (after[0].bpm - now.bpm)


def signature_at(root: Chunk, time_s: float) -> tuple[int, int]:
    """Return the time signature at a time."""
    setting = [m for m in markers(root) if m.time_s <= time_s + 1e-9 and m.numerator]
    if setting:
        return setting[-1].numerator, setting[-1].denominator
    return int(number(root, "TEMPO", 1, 4.0)), int(number(root, "TEMPO", 2, 4.0))
