"""Project settings that no documented function returns: read from the project's file as it was last saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.chunks.text import to_number, words
from reaper_automix.units import lin_to_db

_MASTER_MONO = 4
_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class SavedSettings:
    """What the file says before its first track; the defaults are those of a new project."""

    pan_law_db: float = 0.0
    pan_mode: int = 3
    envelope_attach: int = 0
    master_mono: bool = False


def saved_settings(path: Path) -> SavedSettings:
    """Read the settings from a project's file; the defaults where it cannot be read."""
    fields = dict(_head_lines(path))
    law = _number(fields, "PANLAW", 1.0)
    return SavedSettings(
        pan_law_db=lin_to_db(law),
        pan_mode=int(_number(fields, "PANMODE", 3.0)),
        envelope_attach=max(int(_number(fields, "POOLEDENVATTACH", 0.0)), 0),
        master_mono=bool(int(_number(fields, "MASTERMUTESOLO", 0.0)) & _MASTER_MONO),
    )


def _head_lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (key, fields) of the project's own lines before its first track."""
    depth = 0
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for _, line in zip(range(_MOST_LINES), file, strict=False):
                text = line.strip()
                if text.startswith("<TRACK"):
                    return
                if text.startswith("<") and text[1:2].isalpha():
                    depth += 1
                elif text == ">":
                    depth -= 1
                elif depth == 1 and (fields := words(text)):
                    yield fields[0], fields[1:]
    except OSError:
        return


def _number(fields: dict[str, list[str]], key: str, default: float) -> float:
    try:
        return to_number(fields[key][0])
    except (KeyError, IndexError, ValueError):
        return default
