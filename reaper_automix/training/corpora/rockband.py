"""A folder of songs one owns, each a folder of tracks and the mix they make, as the RockBand games have them.

The mix is the file whose name says so (mix, mixture, master, full). With a ``song.ini`` beside them (the layout of the
games' free descendants) ``song.*`` is the rest of the band and not the mix, and crowd and preview are no part of it.
The tracks are at mix level; how far from it they really are is for gain estimation to say.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

from reaper_automix.analysis.roles import Role, role_of
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Finding
from reaper_automix.training.corpora.loading import audio_in, check_each, length_of, usage_of

UNKNOWN_LICENCE = "unknown"

_MIX = re.compile(r"(?:.*[ _-])?(?:mix|mixture|mixdown|master|full|2mix)(?:[ _-]?\d+)?", re.IGNORECASE)
_NO_PART = frozenset({"crowd", "preview"})
_GAME_ROLES = {"drums": Role.DRUMS, "guitar": Role.ELECTRIC_GUITAR, "rhythm": Role.BASS, "song": None}
"""What the games call their files; ``rhythm`` is the bass guitar where there is no ``bass``."""


class RockbandCorpus:
    """Folders of tracks and a mix, one per song."""

    name = "rockband"
    what = "your own songs: one folder each with the tracks and the mix; a licence.txt names what is allowed"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(load_song, self._folders(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield unreadable files, songs without a mix, and songs without a licence."""
        folders = self._folders(folder)
        yield from check_each(folders, load_song)
        for place in folders:
            if _mix_of(audio_in(place), has_ini=_has_ini(place)) is None:
                yield Finding(place.name, "no file is called a mix: gains cannot be estimated.", is_problem=False)
            if _licence(place) == UNKNOWN_LICENCE:
                yield Finding(place.name, "no licence.txt: evaluation only.", is_problem=False)

    @staticmethod
    def _folders(folder: Path) -> list[Path]:
        inside = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
        if found := [p for p in inside if len(audio_in(p)) > 1]:
            return found
        raise CorpusError(f"{folder}: has no folder with tracks in it. Give the one that holds a folder per song.")


def load_song(folder: Path) -> CorpusSong:
    """Return the song of a folder.

    Raises
    ------
    CorpusError
        If a file is no audio.
    """
    has_ini = _has_ini(folder)
    files = [f for f in audio_in(folder) if not (has_ini and f.stem.casefold() in _NO_PART)]
    mix = _mix_of(files, has_ini=has_ini)
    tracks = [f for f in files if f != mix]
    author, title = _author_and_title(folder)
    licence = _licence(folder)
    return CorpusSong(
        corpus=RockbandCorpus.name,
        id=folder.name,
        title=title,
        author=author,
        licence=licence,
        usage=usage_of(licence),
        length_s=max((length_of(f) for f in files), default=0.0),
        tracks=tuple(_track(f, tracks, has_ini=has_ini) for f in tracks),
        mix=mix,
        gains_are_in_mix=mix is not None,
    )


def _track(file: Path, all_tracks: list[Path], *, has_ini: bool) -> CorpusTrack:
    name = file.stem.casefold()
    has_bass = any(f.stem.casefold() == "bass" for f in all_tracks)
    role = _GAME_ROLES[name] if has_ini and name in _GAME_ROLES else role_of(file.stem)
    if has_ini and name == "rhythm" and has_bass:
        role = Role.ELECTRIC_GUITAR
    return CorpusTrack(
        id=file.stem,
        name=file.stem,
        path=file,
        role=role,
        role_confidence="medium" if role else "low",
        gain_is_exact=False,
        group=file.stem,
    )


def _mix_of(files: list[Path], *, has_ini: bool) -> Path | None:
    words = [(f, f.stem.casefold()) for f in files]
    named = [f for f, word in words if _MIX.fullmatch(word) or (word == "song" and not has_ini)]
    return named[0] if len(named) == 1 else None


def _has_ini(folder: Path) -> bool:
    return (folder / "song.ini").is_file()


def _author_and_title(folder: Path) -> tuple[str, str]:
    artist, dash, title = folder.name.partition(" - ")
    if not _has_ini(folder):
        return (artist, title) if dash else ("not named", folder.name)
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((folder / "song.ini").read_text("utf-8-sig", errors="replace"))
        section = parser[next(iter(parser.sections()))]
    except (configparser.Error, StopIteration) as error:
        raise CorpusError(f"{folder / 'song.ini'}: is damaged ({error}). Mend it or remove it.") from error
    return section.get("artist", artist), section.get("name", title or folder.name)


def _licence(folder: Path) -> str:
    for file in ("licence.txt", "license.txt", "LICENSE", "LICENCE"):
        if (folder / file).is_file():
            lines = (folder / file).read_text("utf-8", errors="replace").strip().splitlines()
            return lines[0].strip() if lines else UNKNOWN_LICENCE
    return UNKNOWN_LICENCE
