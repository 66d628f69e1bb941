"""Reading the CSV files that pages save."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.errors import ListeningError

COLUMNS = (
    "listener",
    "date",
    "session",
    "page",
    "song",
    "song_order",
    "order",
    "label",
    "mixer",
    "file",
    "rating",
    "seconds_listened",
    "switches",
    "comment",
    "gain_db",
)
"""What a page writes; ``page.js`` has the same list."""

_NEEDED = ("listener", "session", "page", "song", "mixer", "rating")
_FORMULA = ("'=", "'+", "'-", "'@")
_MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Rating:
    """What one listener gave one mix of one song, 0 to 100, in one go through a page."""

    listener: str
    session: str
    page: str
    song: str
    mixer: str
    rating: float


def read_ratings(paths: Sequence[Path]) -> tuple[tuple[Rating, ...], tuple[str, ...]]:
    """Return the ratings in the files that pages saved, and what the user should know about them.

    A go through a page that was saved more than once counts once. Listeners are told apart by name; each go without a
    name counts as a listener of its own.

    Raises
    ------
    ListeningError
        If a file cannot be read, or was not saved by a page.
    """
    known: dict[tuple[str, str, str], Rating] = {}
    notes: list[str] = []
    for path in paths:
        own = list(_rows(path))
        if not own:
            raise ListeningError(f"{path}: it holds no rating. Leave it out.")
        twice = sum((one.session, one.song, one.mixer) in known for one in own)
        if twice:
            notes.append(f"{path.name}: {twice} of its {len(own)} ratings are in another file as well, and count once.")
        for one in own:
            known.setdefault((one.session, one.song, one.mixer), one)
    if len(pages := {one.page for one in known.values()}) > 1:
        notes.append(f"Results of {len(pages)} different pages together: a mixer is whatever has the same name.")
    return tuple(known.values()), tuple(notes)


def _rows(path: Path) -> Iterator[Rating]:
    text = _text(path)
    lines = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    try:
        missing = [name for name in _NEEDED if name not in (lines.fieldnames or ())]
        if missing:
            raise ListeningError(
                f"{path}: no results of a listening page, the column {missing[0]} is missing. Give the files that the "
                "page saved at its end."
            )
        for row in lines:
            yield _rating(path, lines.line_num, row)
    except csv.Error as error:
        raise ListeningError(f"{path}, line {lines.line_num}: {error}. Save it from the page again.") from None


def _rating(path: Path, line: int, row: dict[str, str | None]) -> Rating:
    words = {name: _plain(row[name] or "") for name in _NEEDED}
    try:
        value = float(words["rating"])
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 100.0:
        raise ListeningError(
            f"{path}, line {line}: the rating is {words['rating']!r}, expected a number from 0 to 100. "
            "Mend it there, or save the file from the page again."
        )
    if not words["session"] or not words["mixer"]:
        raise ListeningError(f"{path}, line {line}: session or mixer is empty. Save the file from the page again.")
    listener = words["listener"].strip() or f"no name ({words['session']})"
    return Rating(listener, words["session"], words["page"], words["song"], words["mixer"], value)


def _plain(word: str) -> str:
    """Take off the apostrophe that pages put before what a spreadsheet would compute."""
    return word[1:] if word.startswith(_FORMULA) else word


def _delimiter(text: str) -> str:
    """Return what separates the columns: spreadsheets of some countries save semicolons."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ListeningError(f"{path}: too large to be results of a listening page. Give what the page saved.")
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise ListeningError(f"{path}: cannot be read ({error.strerror or error}). Check the name.") from None
    except UnicodeDecodeError:
        raise ListeningError(
            f"{path}: it is no text in UTF-8. Give what the page saved; from a spreadsheet save as 'CSV UTF-8'."
        ) from None
