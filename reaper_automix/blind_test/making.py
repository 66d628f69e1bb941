"""Making a page: the songs, the same stretch of every mix, all equally loud, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.analysis.loudness import Audio, Loudness
from reaper_automix.audio.encoding import Encoded, decode, encode
from reaper_automix.blind_test.excerpts import (
    LONGEST_S,
    SHORTEST_S,
    Stretch,
    loudest_part,
    measure,
    page_rate_hz,
    read_excerpt,
    wanted_stretch,
)
from reaper_automix.blind_test.offsets import later_s, middle
from reaper_automix.blind_test.page import PageSong, PageSound, write_page
from reaper_automix.blind_test.songs import Render, Song, as_text, find_songs
from reaper_automix.errors import ListeningError
from reaper_automix.progress import Progress, silent
from reaper_automix.terminal import Columns
from reaper_automix.units import db_to_lin

CEILING_DBTP = -1.0
"""No mix peaks higher, so that what the coder adds does not clip."""

LOUDEST_LUFS = -16.0
"""No page is louder, so that several of them play at one setting of the volume."""

SOFT_LUFS = -30.0
"""Below this the listener has to turn up by so much that the user is told why."""

DEFAULT_MB = 40.0
DEFAULT_QUESTION = "How good is this mix?"

_BIT_RATES_KBPS = (320, 256, 192)
"""The best is taken at which everything fits; what does not fit at the last is cut."""

_BASE64 = 4.0 / 3.0
_PAGE_BYTES = 80_000
"""Room for the page itself."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What ``listen`` was asked for."""

    paths: tuple[Path, ...]
    out: Path = Path("listen.html")
    range_s: tuple[float, float] | None = None
    reference: Path | None = None
    hidden_anchor: bool = False
    title: str = "Blind listening"
    question: str = DEFAULT_QUESTION
    most_mb: float = DEFAULT_MB


@dataclass(frozen=True, slots=True)
class Heard:
    """One mix as it is on the page: how loud its excerpt was, and what was done about it."""

    song: str
    name: str
    file: str
    loudness_lufs: float
    true_peak_dbtp: float
    gain_db: float


@dataclass(frozen=True, slots=True)
class Made:
    """The page that was written."""

    out: Path
    n_bytes: int
    bit_rate_kbps: int
    loudness_lufs: float
    stretches: tuple[Stretch, ...]
    heard: tuple[Heard, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sound:
    """A mix as it is on the page: how loud its excerpt is, and how loud what a browser decodes of it."""

    render: Render
    loudness: Loudness
    encoded: Encoded
    decoded: Loudness


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A song whose stretch is chosen, and everything that is heard of it, measured and encoded."""

    song: Song
    stretch: Stretch
    sounds: tuple[_Sound, ...]


def make_page(request: PageRequest, progress: Progress = silent) -> Made:
    """Write a page on which mixes are compared blindly, all as loud as the one that can be raised least.

    Raises
    ------
    AutomixError
        With the reason and the next step; no page has been written then.
    """
    songs, notes = find_songs(request.paths, reference=request.reference, anchor=request.hidden_anchor)
    _check_out(request.out, songs)
    rate_hz = page_rate_hz(songs)
    wanted = [wanted_stretch(song, request.range_s) for song in songs]
    room_s, kbps = room(songs, wanted, request.most_mb)
    prepared: list[_Prepared] = []
    for song, stretch in zip(songs, wanted, strict=True):
        chosen = loudest_part(song, stretch, room_s, rate_hz, progress)
        sounds, found = _prepare(song, chosen, rate_hz, kbps, progress)
        notes = (*notes, *chosen.notes, *found)
        prepared.append(_Prepared(song, chosen, sounds))
    target_lufs = common_loudness_lufs([sound.decoded for one in prepared for sound in one.sounds])
    pages = [_page_song(one, target_lufs) for one in prepared]
    n_bytes = write_page(request.out, pages, title=request.title, question=request.question)
    heard = tuple(_heard(one.song, sound, target_lufs) for one in prepared for sound in one.sounds)
    stretches = tuple(one.stretch for one in prepared)
    notes = (*notes, *_soft(prepared, target_lufs))
    return Made(request.out, n_bytes, kbps, target_lufs, stretches, heard, notes)


def common_loudness_lufs(measured: Sequence[Loudness]) -> float:
    """Return the loudness to bring everything to: the highest at which none peaks above the ceiling, -16 at most."""
    return min(LOUDEST_LUFS, *(one.integrated_lufs + CEILING_DBTP - one.true_peak_dbtp for one in measured))


def room(songs: Sequence[Song], wanted: Sequence[Stretch], most_mb: float) -> tuple[float, int]:
    """Return how many seconds of every mix there is room for, and the bit rate in kbit/s.

    Raises
    ------
    ListeningError
        If there is not even room for a second of each.
    """
    n_bytes = (most_mb * 1e6 - _PAGE_BYTES) / _BASE64
    lengths_s = [len(song.heard) * min(one.length_s, LONGEST_S) for song, one in zip(songs, wanted, strict=True)]
    for kbps in _BIT_RATES_KBPS:
        if sum(lengths_s) * kbps * 125.0 <= n_bytes:
            return LONGEST_S, kbps
    n_files = sum(len(song.heard) for song in songs)
    room_s = n_bytes / (_BIT_RATES_KBPS[-1] * 125.0 * n_files)
    if room_s < SHORTEST_S:
        raise ListeningError(
            f"{most_mb:g} MB have no room for {SHORTEST_S:g} s of each of {n_files} mixes. Give more with --max-mb, or "
            "fewer mixes."
        )
    return room_s, _BIT_RATES_KBPS[-1]


def made_table(made: Made) -> Columns:
    """Return what is on a page, as a table for its maker: listeners see none of it before the end."""
    several = bool(made.heard[0].song)
    rows = []
    for one in made.heard:
        levels = (f"{one.loudness_lufs:.1f}", f"{one.true_peak_dbtp:.1f}", f"{one.gain_db:+.1f}")
        rows.append((*((one.song,) if several else ()), one.name, *levels))
    return Columns((*(("Song",) if several else ()), "Mix", ">LUFS", ">dBTP", ">Gain dB"), tuple(rows))


def made_data(made: Made) -> dict[str, Any]:
    """Return what was made, for programs to read."""
    return {
        "outputs": {"page": str(made.out)},
        "bytes": made.n_bytes,
        "bit_rate_kbps": made.bit_rate_kbps,
        "loudness_lufs": round(made.loudness_lufs, 2),
        "ranges_s": [[round(one.start_s, 3), round(one.end_s, 3)] for one in made.stretches],
        "mixes": [
            {
                "song": one.song,
                "name": one.name,
                "file": one.file,
                "loudness_lufs": round(one.loudness_lufs, 2),
                "true_peak_dbtp": round(one.true_peak_dbtp, 2),
                "gain_db": round(one.gain_db, 2),
            }
            for one in made.heard
        ],
        "warnings": list(made.notes),
    }


# --- the pieces ----------------------------------------------------------------------------------------------------


def _check_out(out: Path, songs: Sequence[Song]) -> None:
    """Refuse a place that cannot be written or that would cost the user a file, before any work is done."""
    if out.is_dir():
        raise ListeningError(f"{out}: is a folder. Give the name of a file in it with --out.")
    if out.suffix.casefold() not in {".html", ".htm"}:
        raise ListeningError(f"{out}: a page's name ends in .html. Give such a name with --out.")
    if not out.absolute().parent.is_dir():
        raise ListeningError(f"{out}: its folder does not exist. Make it first, or give another place with --out.")
    if any(out.resolve() == render.path.resolve() for song in songs for render in song.heard):
        raise ListeningError(f"{out}: this is one of the mixes and would be lost. Give another name with --out.")


def _prepare(
    song: Song, stretch: Stretch, rate_hz: int, kbps: int, progress: Progress
) -> tuple[tuple[_Sound, ...], tuple[str, ...]]:
    """Measure and encode everything that is heard of a song; return it, and what is wrong with its files.

    All go into the encoder equally loud, so that it treats none of them better. What comes out is measured again: an
    encoder takes the highest octave off, and a bright mix loses more with it.
    """
    sounds: list[_Sound] = []
    notes: list[str] = []
    first: Audio | None = None
    for number, render in enumerate(song.heard):
        progress("Listening to the mixes", number, len(song.heard), render.path.name)
        audio, found = read_excerpt(render, stretch, rate_hz)
        loudness = measure(audio, rate_hz, render)
        audio *= np.float32(db_to_lin(LOUDEST_LUFS - loudness.integrated_lufs))
        encoded = encode(audio, rate_hz, kbps)
        sounds.append(_Sound(render, loudness, encoded, measure(*decode(encoded), render)))
        own = middle(audio, rate_hz)
        first = own if first is None else first
        if not render.is_anchor and (late_s := later_s(first, own, rate_hz)):
            found = (*found, _late(song, render, late_s))
        notes += found
    return tuple(sounds), tuple(dict.fromkeys(notes))


def _late(song: Song, render: Render, late_s: float) -> str:
    way = "later" if late_s > 0.0 else "earlier"
    return (
        f"{song.prefix}{render.name} has everything about {abs(late_s):.3f} s {way} than {song.renders[0].name}, so a "
        "switch to it jumps and gives it away: render both from the same start."
    )


def _page_song(one: _Prepared, target_lufs: float) -> PageSong:
    """Return a song as the page takes it: what every sound is multiplied with, and what stays sealed until the end."""
    sounds = [
        PageSound(
            name=(heard := _heard(one.song, sound, target_lufs)).name,
            file=heard.file,
            gain_db=heard.gain_db,
            level_lin=db_to_lin(target_lufs - sound.decoded.integrated_lufs),
            encoded=sound.encoded,
        )
        for sound in one.sounds
    ]
    n_blind = len(one.song.renders)
    return PageSong(one.song.name, tuple(sounds[:n_blind]), next(iter(sounds[n_blind:]), None))


def _heard(song: Song, sound: _Sound, target_lufs: float) -> Heard:
    render, loudness = sound.render, sound.loudness
    file = as_text(render.path.name)
    gain_db = target_lufs - loudness.integrated_lufs
    return Heard(song.name, render.name, file, loudness.integrated_lufs, loudness.true_peak_dbtp, gain_db)


def _soft(prepared: Sequence[_Prepared], target_lufs: float) -> tuple[str, ...]:
    """Say which mix has so high peaks that all are soft because of it."""
    if target_lufs >= SOFT_LUFS:
        return ()
    sounds = [(one.song, sound) for one in prepared for sound in one.sounds]
    song, peaky = min(sounds, key=lambda row: row[1].decoded.integrated_lufs - row[1].decoded.true_peak_dbtp)
    over_db = peaky.decoded.true_peak_dbtp - peaky.decoded.integrated_lufs
    return (
        f"{song.prefix}{peaky.render.name} peaks {over_db:.0f} dB above its loudness, so everything plays at "
        f"{target_lufs:.0f} LUFS: turn up to listen, or look for a click in that mix.",
    )
