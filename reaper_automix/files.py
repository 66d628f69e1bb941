"""Writing files whole or not at all. Stdlib only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reaper_automix.errors import SessionError

MOST_BACKUPS = 999


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; when the block ends well it takes the place of ``path``.

    Raises
    ------
    SessionError
        If the folder is missing or cannot be written, or the disk is full; ``path`` is as it was then.
    """
    # The name is known before there is a file, so that a signal never comes too early for it to be removed.
    part = path.parent / f".{path.name[:40]}.{secrets.token_hex(8)}.part"
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield part
        part.chmod(_usual_mode(path))
        os.replace(part, path)  # noqa: PTH105 - the one call that is atomic on every system
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):  # of a folder that cannot be reached, which has been said by now
            part.unlink()


def write_bytes_whole(path: Path, data: bytes) -> None:
    """Write bytes to a temporary name and rename it.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    with whole_file(path) as part, part.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def write_text_whole(path: Path, text: str) -> None:
    """Write UTF-8 text, line ends as they are, to a temporary name and rename it.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    write_bytes_whole(path, text.encode("utf-8", "surrogateescape"))


@contextmanager
def backup_of(path: Path) -> Iterator[Path | None]:
    """Keep a copy of a file that the block replaces, since someone may have worked in it.

    The copy lies beside it as ``.bak``, or under the first number whose file is free or has the same content already.
    A new copy goes again when the block has not changed the file.

    Yields
    ------
    Path or None
        The copy; None where there is no file yet.

    Raises
    ------
    SessionError
        If the file cannot be read or the copy cannot be made; the block has not run then.
    """
    if not path.is_file():
        yield None
        return
    data = _content(path)
    backup = _backup_name(path, data)
    made = not backup.exists()
    if made:
        write_bytes_whole(backup, data)
    try:
        yield backup
    finally:
        if made and path.is_file() and path.read_bytes() == data:
            backup.unlink()


def _backup_name(path: Path, data: bytes) -> Path:
    for number in range(1, MOST_BACKUPS + 1):
        backup = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        if not backup.exists() or (backup.is_file() and _content(backup) == data):
            return backup
    raise SessionError(f"{path}: {MOST_BACKUPS} backups lie beside it; clear them away.")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise SessionError(f"{path}: cannot be read for a backup ({why}). Mend its rights, or move it.") from error


def _umask() -> int:
    """Return the process's mask for new files; it can only be read by setting it, so not while threads run."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _umask()


def _usual_mode(path: Path) -> int:
    """Return the permissions of the file that is replaced, or those a new file would get."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_UMASK


def _cannot_write(path: Path, error: OSError) -> SessionError:
    why = error.strerror or str(error)
    return SessionError(
        f"{path}: cannot be written ({why}). Make room there, make the folder writable, or choose another place."
    )
