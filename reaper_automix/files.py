"""Writing files whole or not at all. Stdlib only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reaper_automix.errors import SessionError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; when the block ends well it takes the place of ``path``.

    Raises
    ------
    SessionError
        If the folder is missing or cannot be written, or the disk is full; ``path`` is as it was then.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _cannot_write(path, error) from None
    part = Path(name)
    try:
        yield part
        part.chmod(_usual_mode(path))
        os.replace(part, path)  # noqa: PTH105 - the one call that is atomic on every system
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)


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
    return SessionError(f"{path}: cannot be written ({why}). Give another place with --out, or mend the folder.")
