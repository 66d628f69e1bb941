"""Writing files whole or not at all. Stdlib only.

A file is written under a hidden name beside its place, brought to the disk, and renamed. Whoever is killed in between
leaves that hidden file, which nobody takes for anything; the next writer of the same name removes it a day later.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reaper_automix.errors import SessionError

MOST_BACKUPS = 999

_LEFT_BEHIND_S = 24 * 3600.0
"""An unfinished file that nobody has written to for so long belongs to a run that was killed."""


@contextmanager
def whole_file(path: Path, *, check: Callable[[], object] = lambda: None, lasting: bool = True) -> Iterator[Path]:
    """Give a temporary path beside ``path``; when the block ends well it takes the place of ``path``.

    A link is kept: the file that it names is written.

    Parameters
    ----------
    path : Path
        What to write.
    check : callable
        Called at the last moment before; it may raise, and ``path`` is as it was then.
    lasting : bool
        Whether to wait until the disk has it; not for what can be made again.

    Raises
    ------
    SessionError
        If the folder is missing or cannot be written, the file is write-protected, or the disk is full; ``path`` is as
        it was then.
    """
    try:
        place = _place_of(path)
        with _part_of(place) as part:
            yield part
            _finish(part, _usual_mode(place), lasting=lasting)
            check()
            os.replace(part, place)  # noqa: PTH105 - the one call that is atomic on every system
    except OSError as error:
        raise _cannot_write(path, error) from error


@contextmanager
def whole_new_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``, as ``whole_file`` does, for a file that must not be there yet.

    Raises
    ------
    FileExistsError
        If it is there when the block ends; that file stays as it is.
    SessionError
        If it cannot be written.
    """
    try:
        with _part_of(path) as part:
            yield part
            _finish(part, 0o666 & ~_UMASK, lasting=True)
            _take_free_name(part, path)
    except FileExistsError:
        raise
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_bytes_whole(path: Path, data: bytes) -> None:
    """Write bytes to a temporary name and rename it.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    with whole_file(path) as part:
        part.write_bytes(data)


def replace_whole(path: Path, data: bytes, *, seen: bytes | None) -> None:
    """Write bytes as ``write_bytes_whole``, unless somebody has written the file since we looked.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        Its new content.
    seen : bytes or None
        What it held when we looked; None: there was none.

    Raises
    ------
    SessionError
        If it holds something else now, which stays, or cannot be written.
    """

    def check() -> None:
        if (_content(path) if path.exists() else None) != seen:
            raise _written_meanwhile(path)

    if seen is not None:
        with whole_file(path, check=check) as part:
            part.write_bytes(data)
        return
    try:
        with whole_new_file(path) as part:
            part.write_bytes(data)
    except FileExistsError:
        raise _written_meanwhile(path) from None


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
    backup, made = _backed_up(path, data)
    try:
        yield backup
    finally:
        if made and path.is_file() and path.read_bytes() == data:
            backup.unlink()


def _backed_up(path: Path, data: bytes) -> tuple[Path, bool]:
    """Return the copy of what a file holds, and whether it was made now."""
    for number in range(1, MOST_BACKUPS + 1):
        backup = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        if not os.path.lexists(backup):
            try:
                with whole_new_file(backup) as part:
                    part.write_bytes(data)
            except FileExistsError:
                pass  # another run was faster; perhaps it keeps the same
            else:
                return backup, True
        if backup.is_file() and _content(backup) == data:
            return backup, False
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


# --- the way of a file to its name ---------------------------------------------------------------------------------


def _place_of(path: Path) -> Path:
    """Return where a file lies that is written under this name: what a link names.

    Raises
    ------
    OSError
        If links go in a circle, or the file is write-protected (a rename would pass over that).
    """
    if not path.is_symlink():
        place = path
    else:
        place = Path(os.path.realpath(path))
        if place.is_symlink():
            raise OSError(errno.ELOOP, "the links go in a circle")
    if place.is_file() and not (place.stat().st_mode & 0o222 and os.access(place, os.W_OK)):
        raise OSError(errno.EACCES, "the file is write-protected")
    return place


@contextmanager
def _part_of(place: Path) -> Iterator[Path]:
    """Give the temporary path for a file; whatever lies there afterwards is removed."""
    start = f".{place.name[:40]}."
    _forget_parts(place.parent, start)
    # The name is known before there is a file, so that a signal never comes too early for it to be removed.
    part = place.parent / f"{start}{secrets.token_hex(8)}.part"
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield part
    finally:
        with suppress(OSError):  # of a folder that cannot be reached, which has been said by now
            part.unlink()


def _forget_parts(folder: Path, start: str) -> None:
    """Remove what runs that were killed have left of a file."""
    with suppress(OSError):
        for part in folder.glob(f"{glob.escape(start)}{'[0-9a-f]' * 16}.part"):
            if time.time() - part.stat().st_mtime > _LEFT_BEHIND_S:
                part.unlink()


def _finish(part: Path, mode: int, *, lasting: bool) -> None:
    """Have the content of a file on the disk before its name, and give it its permissions."""
    if lasting:
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
    part.chmod(mode)


def _take_free_name(part: Path, path: Path) -> None:
    """Give a file a name that is free.

    Raises
    ------
    FileExistsError
        If it is not.
    """
    if os.name == "nt":
        part.rename(path)  # which there never replaces a file
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links (FAT, some shares): the name is taken by an empty file first
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.replace(part, path)  # noqa: PTH105


def _cannot_write(path: Path, error: OSError) -> SessionError:
    why = error.strerror or str(error)
    step = "Make room there, make the folder writable, or choose another place."
    if error.errno == errno.EACCES and path.is_file():
        step = "Take its write protection off, or choose another place."
    return SessionError(f"{path}: cannot be written ({why}). {step}")


def _written_meanwhile(path: Path) -> SessionError:
    return SessionError(
        f"{path} has changed since it was read: saved in REAPER, or by another run. It is as it was saved there; run "
        "again."
    )
