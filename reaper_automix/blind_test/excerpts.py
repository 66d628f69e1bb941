"""What is heard of the mixes: the same stretch of each, at one rate, in stereo, and how loud it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy import signal

from reaper_automix.analysis.gain_sources import folded, open_file
from reaper_automix.analysis.loudness import BLOCK_S, Audio, Energy, Loudness, LoudnessMeter, loudest_start
from reaper_automix.audio.media import probe
from reaper_automix.blind_test.songs import Render, Song
from reaper_automix.errors import ListeningError, MediaError
from reaper_automix.progress import Progress

SHORTEST_S = 1.0
LONGEST_S = 600.0
"""A browser holds every mix of a page as floats: 10 minutes are 230 MB each."""

ANCHOR_HZ = 3500.0
"""The low anchor of BS.1534-3."""

_CHUNK_S = 10
_COUNTED_LATE_S = 0.05
"""Files that differ by less in length are of one length to a listener."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is heard of every mix of a song, in seconds of its files, and what to say about the choice."""

    start_s: float
    end_s: float
    notes: tuple[str, ...] = ()

    @property
    def length_s(self) -> float:
        """The length in seconds."""
        return self.end_s - self.start_s


def page_rate_hz(songs: Sequence[Song]) -> int:
    """Return the rate of all audio on a page: 44.1 kHz where every file has that or a multiple or part, else 48 kHz."""
    rates_hz = {probe(render.path).sample_rate_hz for song in songs for render in song.heard}
    return 44_100 if rates_hz <= {11_025, 22_050, 44_100, 88_200, 176_400} else 48_000


def wanted_stretch(song: Song, range_s: tuple[float, float] | None) -> Stretch:
    """Return the range asked for, or everything, as far as every mix of the song reaches.

    Raises
    ------
    ListeningError
        If next to nothing is left to hear.
    """
    lengths = [(probe(render.path).length_s, render.path.name) for render in song.heard]
    shortest_s, shortest = min(lengths)
    notes = []
    if max(lengths)[0] - shortest_s > _COUNTED_LATE_S:
        notes.append(f"{song.prefix}all are cut to the shortest, {shortest} ({shortest_s:.1f} s).")
    start_s, end_s = (0.0, shortest_s) if range_s is None else (range_s[0], min(range_s[1], shortest_s))
    if end_s - start_s < SHORTEST_S:
        raise ListeningError(
            f"{song.prefix}from {start_s:g} s on {max(end_s - start_s, 0.0):.2f} s would be heard; {shortest}, the "
            f"shortest, ends at {shortest_s:.2f} s. Give {SHORTEST_S:g} s or more with --range, or leave that file out."
        )
    return Stretch(start_s, end_s, tuple(notes))


def loudest_part(song: Song, wanted: Stretch, room_s: float, rate_hz: int, progress: Progress) -> Stretch:
    """Return the part of a stretch in which the mixes are loudest, where it is longer than there is room for.

    Every mix counts the same, however loud it is as a whole.

    Parameters
    ----------
    song : Song
        Its mixes.
    wanted : Stretch
        What would be heard.
    room_s : float
        What there is room for.
    rate_hz : int
        At which loudness is measured.
    progress : Progress
        Hears how far the work is.

    Raises
    ------
    MediaError
        If a file cannot be read.
    """
    room_s = min(room_s, LONGEST_S)
    if wanted.length_s <= room_s:
        return wanted
    total: Energy = np.zeros(0)
    for number, render in enumerate(song.heard):
        progress("Looking for the loudest part", number, len(song.heard), render.path.name)
        energy = _block_energy(render, wanted, rate_hz)
        share = energy / max(float(energy.sum()), 1e-30)
        total = share if not total.size else total + share
    first_s = loudest_start(total, round(room_s / BLOCK_S)) * BLOCK_S
    start_s = min(wanted.start_s + first_s, wanted.end_s - room_s)
    note = (
        f"{song.prefix}there is room for {room_s:.0f} s of {wanted.length_s:.0f} s: heard is the loudest part, "
        f"{clock(start_s)} to {clock(start_s + room_s)}. Choose another with --range, or make room with --max-mb."
    )
    return Stretch(start_s, start_s + room_s, (*wanted.notes, note))


def clock(time_s: float) -> str:
    """Return a time as ``m:ss``, as ``--range`` takes it."""
    minutes, seconds = divmod(round(time_s), 60)
    return f"{minutes}:{seconds:02d}"


def read_excerpt(render: Render, stretch: Stretch, rate_hz: int) -> tuple[Audio, tuple[str, ...]]:
    """Return a mix as it is heard before its gain: float32 (2, n_samples), and what was found wrong with its file.

    A mono mix is the same in both channels.

    Raises
    ------
    MediaError
        If the file cannot be read.
    """
    n_samples = round(stretch.length_s * rate_hz)
    audio = np.empty((2, n_samples), dtype=np.float32)
    start = round(stretch.start_s * rate_hz)
    with open_file(render.path, rate_hz) as source:
        for first in range(0, n_samples, _CHUNK_S * rate_hz):
            last = min(first + _CHUNK_S * rate_hz, n_samples)
            audio[:, first:last] = folded(source.read(start + first, last - first), 2)
        notes = source.notes
    if render.is_anchor:
        sections = signal.butter(8, ANCHOR_HZ, fs=rate_hz, output="sos")
        audio = np.asarray(signal.sosfilt(sections, audio, axis=-1), dtype=np.float32)
    return audio, notes


def measure(audio: Audio, rate_hz: int, render: Render) -> Loudness:
    """Return how loud an excerpt is.

    Raises
    ------
    ListeningError
        If it is silent.
    MediaError
        If its samples are not numbers.
    """
    meter = LoudnessMeter(rate_hz, 2)
    with _naming(render):
        meter.add(audio)
        loudness = meter.result()
    if not math.isfinite(loudness.integrated_lufs):
        raise ListeningError(
            f"{render.path}: it is silent in the part that would be heard, so it cannot be made as loud as the others. "
            "Leave it out, or choose another --range."
        )
    return loudness


def _block_energy(render: Render, stretch: Stretch, rate_hz: int) -> Energy:
    """Return the K-weighted energy of a mix per 100 ms."""
    meter = LoudnessMeter(rate_hz, 2)
    first, last = round(stretch.start_s * rate_hz), round(stretch.end_s * rate_hz)
    with _naming(render), open_file(render.path, rate_hz) as reader:
        for start in range(first, last, _CHUNK_S * rate_hz):
            meter.add(folded(reader.read(start, min(_CHUNK_S * rate_hz, last - start)), 2))
        return np.asarray(meter.block_energy().sum(axis=0))


@contextmanager
def _naming(render: Render) -> Iterator[None]:
    """Name the file in what the meter says about its samples."""
    try:
        yield
    except MediaError as error:
        text = str(error)
        raise MediaError(text if str(render.path) in text else f"{render.path}: {text}") from None
