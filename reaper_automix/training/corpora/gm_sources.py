"""Where the MIDI songs are from: Debian's packages of Freedoom, FreeDM and OpenMSX, or a folder of one's own."""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reaper_automix.errors import CorpusError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.loading import read_json

SONG_PACKAGES = ("freedoom", "freedm", "openttd-openmsx")
FONT_PACKAGE = "fluid-soundfont-gm"
FONT_NAME = "FluidR3_GM.sf2"

INSTALLED = (Path("/usr/share/games/doom"), Path("/usr/share/games/openttd/baseset/openmsx"))
INSTALLED_FONTS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/soundfonts"))

KNOWN = Path(__file__).with_name("gm_midi_songs.json")
"""Title, author and licence of the songs in these packages, by the SHA-256 of the MIDI file."""

UNKNOWN_AUTHOR = "not named"
UNKNOWN_LICENCE = "unknown"

DOWNLOAD_TIMEOUT_S = 1800

MOST_BYTES = 2_000_000_000
"""Of a package, unpacked; the sound font, the largest of them, has 149 MB."""


@dataclass(frozen=True, slots=True)
class SourceSong:
    """A MIDI file, and what is known of it."""

    id: str
    title: str
    author: str
    credits: str
    licence: str
    sha256: str
    midi: bytes


@dataclass(frozen=True, slots=True)
class Sources:
    """What a corpus is built from."""

    songs: tuple[SourceSong, ...]
    font: Path


def find_sources(
    cache_folder: Path, *, midi_folder: Path | None, font: Path | None, progress: Progress = silent
) -> Sources:
    """Return the songs and the sound font: from folders that are given, installed packages, or the package archive.

    Raises
    ------
    CorpusError
        If there are none, with what to install or to give.
    """
    if midi_folder is not None and not midi_folder.is_dir():
        raise CorpusError(f"{midi_folder}: no such folder. Give the one that holds the .mid or .wad files.")
    folders = (midi_folder,) if midi_folder else _song_folders(cache_folder, progress)
    songs = tuple(_songs_in(folders))
    if not songs:
        raise CorpusError(f"{', '.join(map(str, folders))}: holds no .mid or .wad file with music.")
    return Sources(songs, font or _font(cache_folder, progress))


def _song_folders(cache_folder: Path, progress: Progress) -> tuple[Path, ...]:
    """Return installed folders if they hold every known song, otherwise those of fetched packages."""
    found = {hashlib.sha256(data).hexdigest() for _, data in _midi_files(INSTALLED)}
    if found >= set(_known()):
        return INSTALLED
    return tuple(fetch_package(name, cache_folder, progress) for name in SONG_PACKAGES)


def _font(cache_folder: Path, progress: Progress) -> Path:
    for folder in (*INSTALLED_FONTS, cache_folder):
        if found := next(iter(sorted(folder.rglob(FONT_NAME))), None):
            return found
    unpacked = fetch_package(FONT_PACKAGE, cache_folder, progress)
    return next(unpacked.rglob(FONT_NAME))


def fetch_package(name: str, cache_folder: Path, progress: Progress = silent) -> Path:
    """Download a Debian package without installing it, unpack it, and return the folder; once per cache.

    Raises
    ------
    CorpusError
        If there is no apt here, or it fails.
    """
    unpacked = cache_folder / name
    if unpacked.is_dir():
        return unpacked
    if shutil.which("apt-get") is None:
        raise CorpusError(
            f"{name}: there is no apt-get here to fetch it with. Give --midi-folder (a folder with .mid or .wad files) "
            "and --soundfont (a General MIDI .sf2 file)."
        )
    progress("Fetch", 0, 1, name)
    part = cache_folder / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _download(name, part)
    package = next(part.glob("*.deb"))
    unpack_deb(package.read_bytes(), part, name=package.name)
    package.unlink()
    part.rename(unpacked)
    progress("Fetch", 1, 1, name)
    return unpacked


def _download(name: str, folder: Path) -> None:
    command = ["apt-get", "download", name]
    try:
        done = subprocess.run(  # a fixed command, no shell
            command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CorpusError(f"{name}: '{' '.join(command)}' took too long. Run it again; what is there stays.") from error
    if done.returncode or not any(folder.glob("*.deb")):
        why = (done.stderr.strip().splitlines() or ["no package came"])[-1]
        raise CorpusError(
            f"{name}: '{' '.join(command)}' failed ({why}). Run 'apt-get update' first, install the package yourself, "
            "or give --midi-folder and --soundfont."
        )


def unpack_deb(data: bytes, folder: Path, *, name: str) -> None:
    """Unpack the files of a Debian package (an ar archive that holds data.tar).

    Raises
    ------
    CorpusError
        If it is damaged.
    """
    try:
        member, content = next((m, c) for m, c in _ar_members(data) if m.startswith("data.tar"))
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            n_bytes = 0
            for entry in archive:  # the whole archive is looked at before anything of it is written
                n_bytes += entry.size
                if n_bytes > MOST_BYTES:
                    raise CorpusError(f"{name}: unpacks to more than {MOST_BYTES // 1_000_000} MB. Remove it.")
            archive.extractall(folder, filter="data")
    except (StopIteration, ValueError, tarfile.TarError, lzma.LZMAError) as error:
        raise CorpusError(f"{name}: is damaged or packed in an unknown way. Remove it and fetch it again.") from error
    del member


def _ar_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the members of an ar archive; see ar(5) for the header of 60 bytes."""
    if not data.startswith(b"!<arch>\n"):
        raise ValueError("no ar archive")
    at = 8
    while at + 60 <= len(data):
        size = int(data[at + 48 : at + 58])
        yield data[at : at + 16].decode("ascii").strip().rstrip("/"), data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2


def _songs_in(folders: tuple[Path, ...]) -> Iterator[SourceSong]:
    seen: set[str] = set()
    for place, data in _midi_files(folders):
        digest = hashlib.sha256(data).hexdigest()
        if digest not in seen:
            seen.add(digest)
            yield _source_song(place, digest, data)


def _source_song(place: str, digest: str, data: bytes) -> SourceSong:
    known = _known().get(digest)
    if known is None:
        return SourceSong(f"{place}_{digest[:8]}", place, UNKNOWN_AUTHOR, "", UNKNOWN_LICENCE, digest, data)
    return SourceSong(
        id=known["id"],
        title=known["title"],
        author=known["author"],
        credits=known["credits"],
        licence=known["licence"],
        sha256=digest,
        midi=data,
    )


@cache
def _known() -> dict[str, dict[str, Any]]:
    songs: dict[str, dict[str, Any]] = read_json(KNOWN)["songs"]
    return songs


def _midi_files(folders: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield a name and the bytes of every MIDI file below folders, also of those inside WAD files."""
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            if path.suffix.lower() in (".mid", ".midi"):
                yield path.stem, path.read_bytes()
            elif path.suffix.lower() == ".wad":
                yield from ((f"{path.stem}_{name}", data) for name, data in wad_music(path.read_bytes()))


def wad_music(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the MIDI lumps of a WAD file: their names begin with ``D_``.

    References
    ----------
    .. [1] The Unofficial DOOM Specs 1.666, chapter 2: header (magic, number of lumps, position of the directory) and
       directory entries (position, size, name of 8 bytes), little endian.
    """
    if data[:4] not in (b"IWAD", b"PWAD") or len(data) < 12:
        return
    n_lumps, directory = struct.unpack_from("<ii", data, 4)  # [1]
    if directory < 0 or n_lumps < 0 or directory + 16 * n_lumps > len(data):
        return
    for number in range(n_lumps):
        at, size, name = struct.unpack_from("<ii8s", data, directory + 16 * number)  # [1]
        lump = data[at : at + size] if at >= 0 and size >= 0 else b""
        if name.startswith(b"D_") and lump.startswith(b"MThd"):
            shown = name[2:].rstrip(b"\x00").decode("ascii", "replace").lower()
            yield re.sub(r"[^a-z0-9_]", "-", shown), lump  # it becomes the name of a folder
