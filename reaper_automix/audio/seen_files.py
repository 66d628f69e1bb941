"""Audio files as they were when a run began, so that one that somebody writes meanwhile is noticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reaper_automix.errors import MediaError
from reaper_automix.session import Track


class SeenFiles:
    """Remembers size and time of files.

    Parameters
    ----------
    tracks : iterable of Track
        Whose files are looked at now; ``see`` looks at others.
    """

    def __init__(self, tracks: Iterable[Track] = ()) -> None:
        self._states: dict[str, tuple[int, int] | None] = {}
        for track in tracks:
            for path in _files_of(track):
                self.see(path)

    def see(self, path: str) -> None:
        """Look at a file, once."""
        if path not in self._states:
            self._states[path] = _state(path)

    def check_still(self, tracks: Iterable[Track]) -> None:
        """Refuse what was heard of files that have changed since: it is neither the old audio nor the new.

        Raises
        ------
        MediaError
            If one of the tracks plays such a file; files that could not be reached then do not count.
        """
        for track in tracks:
            for path in _files_of(track):
                seen = self._states.get(path)
                if seen is not None and _state(path) != seen:
                    raise MediaError(
                        f"{track.title}: {path} has changed while it was listened to. Wait until it is complete, "
                        "and run again."
                    )


def _files_of(track: Track) -> Iterator[str]:
    return (take.source.path for item in track.items for take in item.takes if take.source.path)


def _state(path: str) -> tuple[int, int] | None:
    """Return what changes when somebody writes a file; None where it cannot be reached."""
    try:
        state = Path(path).stat()
    except (OSError, ValueError):
        return None
    return state.st_size, state.st_mtime_ns
