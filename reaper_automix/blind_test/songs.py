"""Which files are compared: the mixes of one song, or one folder per song with a file per mixer."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.audio.media import probe
from reaper_automix.errors import ListeningError
from reaper_automix.hosts.stems import audio_files

LABELS = string.ascii_uppercase
"""What a listener sees of the mixes: a letter each."""

ADVISED = 12
"""BS.1534-3 advises no more signals than this on one page."""

ANCHOR_NAME = "hidden anchor (3.5 kHz)"


@dataclass(frozen=True, slots=True)
class Render:
    """One mix of a song: ``name`` is what results call it, the same in every song."""

    name: str
    path: Path
    is_anchor: bool = False


@dataclass(frozen=True, slots=True)
class Song:
    """The mixes of one song, and the one that is heard beside them by name; ``name`` is empty for a lone song."""

    name: str
    renders: tuple[Render, ...]
    reference: Render | None = None

    @property
    def heard(self) -> tuple[Render, ...]:
        """Everything on the page: the mixes, and the reference last."""
        return self.renders if self.reference is None else (*self.renders, self.reference)

    @property
    def prefix(self) -> str:
        """What a message about one of several songs begins with."""
        return f"{self.name}: " if self.name else ""


def find_songs(
    paths: Sequence[Path], *, reference: Path | None = None, anchor: bool = False
) -> tuple[tuple[Song, ...], tuple[str, ...]]:
    """Return the songs that the files or folders given make up, and what the user should know about them.

    Parameters
    ----------
    paths : sequence of Path
        Mixes of one song, or folders: each a song, and the files in it are its mixes.
    reference : Path, optional
        A mix to be heard beside the others, under its name; with folders, a file of that name in each.
    anchor : bool
        Whether a mix with nothing above 3.5 kHz is hidden among the others of each song.

    Raises
    ------
    ListeningError
        If they make up none, with the next step.
    MediaError
        If one of them is no audio.
    """
    for path in (*paths, *([reference] if reference is not None and not paths[0].is_dir() else [])):
        if not path.exists():
            raise ListeningError(f"{path}: there is no such file or folder. Check the name.")
    if not any(path.is_dir() for path in paths):
        songs = [_song("", list(paths), reference, anchor)]
    elif all(path.is_dir() for path in paths):
        songs = [
            _song(name, *_in_folder(folder, reference), anchor)
            for name, folder in _named(paths, lambda path: path.name)
        ]
    else:
        raise ListeningError(
            "Files and folders are mixed up here. Give the mixes of one song as files, or one folder per song."
        )
    return tuple(songs), tuple(note for song in songs for note in _notes(song)) + _uneven(songs)


def _in_folder(folder: Path, reference: Path | None) -> tuple[list[Path], Path | None]:
    """Return the mixes in a folder, and its reference."""
    files = audio_files(folder)
    if reference is None:
        return files, None
    if (beside := folder / reference.name) not in files:
        raise ListeningError(
            f"{folder}: it holds no {reference.name}, which --reference names. Put one there, or leave --reference out."
        )
    return [file for file in files if file != beside], beside


def _song(name: str, files: list[Path], reference: Path | None, anchor: bool) -> Song:
    where = f"{name}: " if name else ""
    if len(files) < 2:
        found = "one mix, and nothing to compare it with" if files else "no audio file"
        raise ListeningError(f"{where}there is {found}. Give two mixes of the song or more.")
    _check_different(files if reference is None else [*files, reference])
    if len(files) + anchor > len(LABELS):
        raise ListeningError(
            f"{where}{len(files) + anchor} mixes are more than there are letters ({len(LABELS)}), and nobody can hold "
            f"them in mind: BS.1534 advises {ADVISED} at most. Make several pages."
        )
    for file in (*files, *([] if reference is None else [reference])):
        probe(file)
    renders = [Render(stem, file) for stem, file in _named(files, lambda file: file.stem)]
    if anchor:
        renders.append(Render(ANCHOR_NAME, reference or files[0], is_anchor=True))
    return Song(name, tuple(renders), None if reference is None else Render("reference", reference))


def _check_different(files: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for file in files:
        place = file.resolve()
        if place in seen:
            also = "" if seen[place] == file else f" (as {seen[place]})"
            raise ListeningError(
                f"{file}: given twice{also}. Name each mix once; the reference is heard anyway and is no mix. "
                "To see how steady a listener is, give a copy under another name."
            )
        seen[place] = file


def _named(paths: Sequence[Path], short: Callable[[Path], str]) -> list[tuple[str, Path]]:
    """Return the paths with the shortest names that tell them apart: ``short``, with suffix, with folder, in full."""
    ways: tuple[Callable[[Path], str], ...] = (
        short,
        lambda path: path.name,
        lambda path: f"{path.absolute().parent.name}/{path.name}",
        lambda path: str(path.absolute()),
    )
    names = ([as_text(way(path)) for path in paths] for way in ways)
    return list(zip(next(own for own in names if len(set(own)) == len(own)), paths, strict=True))


def as_text(name: str) -> str:
    """Return a file's name as text; bytes in it that are none are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode()


def _notes(song: Song) -> list[str]:
    notes = []
    if len(song.renders) > ADVISED:
        notes.append(
            f"{song.prefix}{len(song.renders)} mixes on one scale; BS.1534 advises {ADVISED} at most, listeners tire."
        )
    for render in song.heard:
        if (n_channels := probe(render.path).n_channels) > 2 and not render.is_anchor:
            notes.append(
                f"{song.prefix}{render.path.name} has {n_channels} channels: the first two are heard, as left and "
                "right. Render it in stereo if that is not what you want."
            )
    return notes


def _uneven(songs: Sequence[Song]) -> tuple[str, ...]:
    """Say which mixes are not there for every song: results compare only where both are."""
    everywhere = {render.name for song in songs for render in song.renders}
    missing = [
        f"{song.name} has no {name}"
        for song in songs
        for name in sorted(everywhere - {render.name for render in song.renders})
    ]
    if not missing:
        return ()
    more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
    return (
        f"The same mixer needs the same file name in every folder: {', '.join(missing[:4])}{more}. "
        "Differences are paired within a song, so such a mix counts only where it is.",
    )
