"""Audio of new takes in a project's media folder: complete or not at all, and never over another file. Stdlib only."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from reaper_automix.edits import AddTake, Edit
from reaper_automix.errors import SessionError
from reaper_automix.files import whole_new_file

SUFFIX = ".wav"
MOST_COPIES = 999


@contextmanager
def takes_placed(edits: Sequence[Edit], folder: Path) -> Iterator[list[Edit]]:
    """Copy the audio of all new takes into a folder, and give the edits with the paths of the copies.

    A copy of the same content that lies there already is taken as it is. When the block fails, the new ones go again.

    Raises
    ------
    SessionError
        If a file is missing, or cannot be written there; nothing is left behind then.
    """
    made: list[Path] = []
    try:
        yield [_placed(edit, folder, made) if isinstance(edit, AddTake) else edit for edit in edits]
    except BaseException:
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise


def _placed(edit: AddTake, folder: Path, made: list[Path]) -> AddTake:
    source = Path(edit.file)
    if not source.is_file():
        raise SessionError(f"{source}: the audio of a take is not there any more. Plan again.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST_COPIES + 1):
            path = folder / f"{edit.name}{f' {number}' if number > 1 else ''}{SUFFIX}"
            if _is_copy(source, path):
                return replace(edit, file=str(path))
            if not os.path.lexists(path) and _is_made(source, path, made):
                return replace(edit, file=str(path))
    except OSError as error:
        why = error.strerror or str(error)
        raise SessionError(
            f"{folder}: the audio of a take cannot be copied there ({why}). Make room, or make the folder writable, "
            "and run again."
        ) from error
    raise SessionError(f"{folder}: {MOST_COPIES} files are called {edit.name!r}. Clear them away, and run again.")


def _is_copy(source: Path, path: Path) -> bool:
    """Tell whether a file has the same content; one that is no plain file has not."""
    return path.is_file() and filecmp.cmp(source, path, shallow=False)


def _is_made(source: Path, path: Path, made: list[Path]) -> bool:
    """Make a copy and note it; False where another run has taken the name meanwhile."""
    try:
        with whole_new_file(path) as part:
            shutil.copyfile(source, part)
            made.append(path)
    except FileExistsError:
        made.remove(path)
        return False
    return True
