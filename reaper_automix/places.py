"""Where sessions come from and where results go: which host fits a path, and default names. Stdlib and hosts."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from reaper_automix.edits import Host
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost

PROJECT_SUFFIXES = (".rpp", ".rpp-bak")

_LONGEST_SHOWN = 300


def open_host(session: Path, target: Path | None = None, *, in_place: bool = False) -> Host:
    """Open a project file or a folder of stems.

    Parameters
    ----------
    session : Path
        An ``.RPP`` file or a folder.
    target : Path, optional
        The project file to write; the session itself is never written then.
    in_place : bool
        Write the project file itself, after a ``.bak`` copy.

    Raises
    ------
    SessionError
        If the session does not exist or is neither, or if the target is the session itself.
    """
    if is_folder(session):
        return StemsHost(session, target=target)
    if not is_there(session):
        raise SessionError(f"{session}: not found. Give an .RPP project or a folder of audio files.")
    if session.suffix.casefold() not in PROJECT_SUFFIXES:
        raise SessionError(f"{session}: neither an .RPP project nor a folder. For audio files give their folder.")
    if not session.is_file():
        raise SessionError(f"{session}: no file that can be read from start to end. Copy the project to a disk.")
    if in_place:
        return RppHost(session)
    if target is not None and same_file(session, target):
        raise SessionError(f"{session}: this would overwrite the session. Give another --out, or --in-place.")
    return RppHost(session, target=target or default_target(session))


def same_file(a: Path, b: Path) -> bool:
    """Tell whether two paths name one existing file."""
    return is_there(a) and is_there(b) and a.samefile(b)


def is_there(path: Path) -> bool:
    """Tell whether there is something under a name.

    Raises
    ------
    SessionError
        If nobody can tell: the name is too long, links go in a circle, or a folder may not be entered.
    """
    return _state(path) is not None


def is_folder(path: Path) -> bool:
    """Tell whether a name is that of a folder; ``SessionError`` as ``is_there``."""
    state = _state(path)
    return state is not None and stat.S_ISDIR(state.st_mode)


def identity(path: Path) -> tuple[int, int] | str:
    """Return what two names of one file have in common; ``SessionError`` as ``is_there``.

    For a file that is there: which one on which disk, whatever it is called. Otherwise its path without links.
    """
    state = _state(path)
    return os.path.realpath(path) if state is None else (state.st_dev, state.st_ino)


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        shown = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:60]} ... {str(path)[-60:]}"
        why = getattr(error, "strerror", None) or error
        raise SessionError(f"{shown}: cannot be reached ({why}). Check the name, the drive and the rights.") from None


def default_target(session: Path, *, word: str = "automix") -> Path:
    """Return ``<name>-automix.RPP`` beside a session; a session of that name gets ``-automix-2``, and so on.

    ``word`` is what stands for ``automix``: who wrote it.
    """
    name = session.resolve().name if is_folder(session) else session.stem
    numbered = re.fullmatch(rf"(.*-{word})(?:-(\d+))?", name)
    if numbered:
        return session.resolve().parent / f"{numbered[1]}-{int(numbered[2] or 1) + 1}.RPP"
    return session.resolve().parent / f"{name}-{word}.RPP"
