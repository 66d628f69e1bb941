"""Where sessions come from and where results go: which host fits a path, and default names. Stdlib and hosts."""

from __future__ import annotations

import re
from pathlib import Path

from reaper_automix.edits import Host
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost

PROJECT_SUFFIXES = (".rpp", ".rpp-bak")


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
    if session.is_dir():
        return StemsHost(session, target=target)
    if not session.exists():
        raise SessionError(f"{session}: not found. Give an .RPP project or a folder of audio files.")
    if session.suffix.casefold() not in PROJECT_SUFFIXES:
        raise SessionError(f"{session}: neither an .RPP project nor a folder. For audio files give their folder.")
    if in_place:
        return RppHost(session)
    if target is not None and same_file(session, target):
        raise SessionError(f"{session}: this would overwrite the session. Give another --out, or --in-place.")
    return RppHost(session, target=target or default_target(session))


def same_file(a: Path, b: Path) -> bool:
    """Tell whether two paths name one existing file."""
    return a.exists() and b.exists() and a.samefile(b)


def default_target(session: Path, *, word: str = "automix") -> Path:
    """Return ``<name>-automix.RPP`` beside a session; a session of that name gets ``-automix-2``, and so on.

    ``word`` is what stands for ``automix``: who wrote it.
    """
    name = session.resolve().name if session.is_dir() else session.stem
    numbered = re.fullmatch(rf"(.*-{word})(?:-(\d+))?", name)
    if numbered:
        return session.resolve().parent / f"{numbered[1]}-{int(numbered[2] or 1) + 1}.RPP"
    return session.resolve().parent / f"{name}-{word}.RPP"
