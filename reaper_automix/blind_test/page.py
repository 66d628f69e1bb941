"""Writing the page: one HTML file that holds its sounds and needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from reaper_automix.audio.encoding import Encoded
from reaper_automix.blind_test.ratings_file import COLUMNS
from reaper_automix.files import write_text_whole
from reaper_automix.report.page import self_contained_page

_SCRIPTS = (("report", "playback.js"), ("blind_test", "sheet.js"), ("blind_test", "page.js"))


@dataclass(frozen=True, slots=True)
class PageSound:
    """One mix: ``gain_db`` makes it as loud as the others, ``level_lin`` is what the page multiplies with."""

    name: str
    file: str
    gain_db: float
    level_lin: float
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class PageSong:
    """The mixes of one song, and the one that is heard under its name."""

    name: str
    sounds: tuple[PageSound, ...]
    reference: PageSound | None = None

    @property
    def heard(self) -> tuple[PageSound, ...]:
        """Everything that is heard."""
        return self.sounds if self.reference is None else (*self.sounds, self.reference)


def write_page(path: Path, songs: Sequence[PageSong], *, title: str, question: str) -> int:
    """Write the page, all of it or nothing; return its size in bytes.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    text = render_page(songs, title=title, question=question)
    write_text_whole(path, text)
    return len(text.encode())


def render_page(songs: Sequence[PageSong], *, title: str, question: str) -> str:
    """Return the page as text.

    Names of mixes are in it only as base64 (``sealed``), which keeps them from the eye, not from who looks for them.
    """
    script = "\n".join(
        files(f"reaper_automix.{room}").joinpath(name).read_text(encoding="utf-8") for room, name in _SCRIPTS
    )
    content = {"title": title, "question": question, "songs": songs, "data": _data(songs)}
    return self_contained_page("blind_test", "page.html.j2", script, **content)


def _data(songs: Sequence[PageSong]) -> str:
    """Return what the script reads, as JSON that no markup can end."""
    content = hashlib.sha256()
    for song in songs:
        for sound in song.heard:
            content.update(sound.encoded.data)
    data = {
        "page": content.hexdigest()[:12],
        "columns": COLUMNS,
        "songs": [_song_data(number, song) for number, song in enumerate(songs)],
    }
    return json.dumps(data).replace("<", "\\u003c")


def _song_data(number: int, song: PageSong) -> dict[str, Any]:
    sealed = json.dumps([{"mixer": s.name, "file": s.file, "gain_db": round(s.gain_db, 2)} for s in song.heard])
    sounds = [{"id": f"sound-{number}-{n}", "level": s.level_lin} for n, s in enumerate(song.heard)]
    return {
        "name": song.name,
        "lengthS": min(sound.encoded.length_s for sound in song.heard),
        "delayS": song.sounds[0].encoded.delay_s,
        "sounds": sounds[: len(song.sounds)],
        "reference": next(iter(sounds[len(song.sounds) :]), None),
        "sealed": base64.b64encode(sealed.encode()).decode(),
    }
