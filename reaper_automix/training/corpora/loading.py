"""What all loaders share: reading descriptions and audio headers, licences, and checking song by song."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, Finding, Usage

SHORTEST_SHARE = 0.5
"""A track that is shorter than this share of its song is worth a word."""

TRAINABLE = ("cc0", "cc-by-4.0", "cc-by-3.0", "cc-by-sa", "artistic", "bsd", "mit", "gpl", "mpl", "public domain")
"""How licences begin that allow a shipped model to learn from the music."""

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"})


def usage_of(licence: str) -> Usage:
    """Return what a licence allows; an unknown one, or none, allows evaluation only."""
    words = licence.casefold().replace(" ", "-").replace("public-domain", "public domain")
    if "-nc" in words or "-nd" in words or "non-commercial" in words:
        return Usage.EVALUATE
    return Usage.TRAIN if words.startswith(TRAINABLE) else Usage.EVALUATE


def read_json(path: Path) -> dict[str, Any]:
    """Read a description that is one JSON object.

    Raises
    ------
    CorpusError
        If it is missing, damaged or no object.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error}). Fetch or build it again.") from error
    except ValueError as error:
        raise CorpusError(f"{path}: is no JSON ({error}). Fetch or build this song again.") from error
    if not isinstance(data, dict):
        raise CorpusError(f"{path}: holds no JSON object. Fetch or build this song again.")
    return data


def described_in(path: Path, data: Mapping[str, Any], key: str) -> Any:
    """Return a field of a description.

    Raises
    ------
    CorpusError
        If it is not there.
    """
    if key not in data:
        raise CorpusError(f"{path}: has no '{key}', so it is not of this corpus, or damaged. Fetch it again.")
    return data[key]


def role_named(name: str | None) -> Role | None:
    """Return the role of a description; None for words outside the vocabulary."""
    try:
        return Role(name)
    except ValueError:
        return None


def length_of(path: Path) -> float:
    """Return the length of an audio file in seconds, from its header.

    Raises
    ------
    CorpusError
        If it is missing or no audio.
    """
    try:
        return float(soundfile.info(path).duration)
    except (OSError, RuntimeError) as error:
        raise CorpusError(f"{path}: is missing or cannot be read as audio. Fetch or build this song again.") from error


def read_audio(path: Path, next_step: str = "Fetch the corpus again.") -> tuple[Audio, int]:
    """Read an audio file.

    Parameters
    ----------
    path : Path
    next_step : str
        What to do where that fails, for the message.

    Returns
    -------
    ndarray of float32, shape (n_channels, n_samples)
    int
        Its sample rate in Hz.

    Raises
    ------
    CorpusError
        If it is missing or no audio.
    """
    try:
        audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise CorpusError(f"{path}: cannot be read as audio ({error}). {next_step}") from error
    return np.ascontiguousarray(audio.T), int(rate_hz)


def read_audio_at(path: Path, rate_hz: int) -> Audio:
    """Read an audio file at a sample rate, (n_channels, n_samples).

    Raises
    ------
    CorpusError
        If it is missing or no audio.
    """
    return resampled(*read_audio(path), rate_hz)


def resampled(audio: Audio, from_hz: int, to_hz: int) -> Audio:
    """Return audio, (n_channels, n_samples), at another sample rate; as it is where that is the same."""
    if from_hz == to_hz:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, from_hz, to_hz, quality="HQ").T)


def file_status(path: Path) -> os.stat_result:
    """Return size, time and so on of a file.

    Raises
    ------
    CorpusError
        If it is missing.
    """
    try:
        return path.stat()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error}). Fetch the corpus again.") from error


def digest_of_song(song: CorpusSong, made_as: int, *others: object) -> str:
    """Return a name for what is made of a song: of its files, their sizes and times, of roles, gains and of others.

    Parameters
    ----------
    song : CorpusSong
    made_as : int
        The version of what is made.
    others : object
        What else it is made of; their text counts.

    Raises
    ------
    CorpusError
        If a file is missing.
    """
    parts = [" ".join(str(one) for one in (made_as, song.corpus, song.id, *others))]
    for track in song.tracks:
        status = file_status(track.path)
        state = f"{track.path.name} {status.st_size} {status.st_mtime_ns}"
        parts.append(f"{track.name} {track.role} {track.gain_db} {track.gain_is_known} {state}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def places(folder: Path, pattern: str, what: str) -> list[Path]:
    """Return what matches a pattern below a folder, sorted.

    Raises
    ------
    CorpusError
        If nothing does: the folder does not hold the corpus.
    """
    if found := sorted(folder.glob(pattern)):
        return found
    raise CorpusError(f"{folder}: has no {pattern}. Give the folder that holds {what}.")


def audio_in(folder: Path) -> list[Path]:
    """Return the audio files that lie directly in a folder, sorted by name."""
    files = (path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES) if folder.is_dir() else ()
    return sorted(path for path in files if not path.name.startswith("."))


def check_each(found: Iterable[Path], load: Callable[[Path], CorpusSong]) -> Iterator[Finding]:
    """Load song by song and open every file; yield what is missing, damaged or odd."""
    for place in found:
        try:
            song = load(place)
        except CorpusError as error:
            yield Finding(place.parent.name if place.is_file() else place.name, str(error))
            continue
        yield from _check_files(song)


def _check_listed(description: Path, files: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Compare files with the ``file`` and ``sha256`` that a description names."""
    for entry in files:
        path = description.parent / str(entry["file"])
        wanted = entry.get("sha256")
        if wanted and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            yield Finding(description.parent.name, f"{path.name} is not the file that was listed. Fetch it again.")


def _check_files(song: CorpusSong) -> Iterator[Finding]:
    for track in song.tracks:
        try:
            length_s = length_of(track.path)
        except CorpusError as error:
            yield Finding(song.id, str(error))
            continue
        if length_s < SHORTEST_SHARE * song.length_s:
            text = f"{track.path.name} lasts {length_s:.1f} s of {song.length_s:.1f} s."
            yield Finding(song.id, text, is_problem=False)
    if song.mix is not None and not song.mix.is_file():
        yield Finding(song.id, f"{song.mix} is missing. Fetch or build this song again.")
    if len(song.tracks) < 2:
        yield Finding(song.id, f"{len(song.tracks)} track(s): says nothing of a balance.", is_problem=False)


class DescribedSongs(ABC):
    """A corpus of folders with a ``song.json`` each; a kind of them says how one is read, and what is odd about it."""

    name: str
    what: str
    holds: str
    """What its folder holds, for the message where it does not."""

    listed: tuple[str, ...] = ("tracks",)
    """The lists of a description that name files and what they hash to."""

    @abstractmethod
    def load(self, description: Path) -> CorpusSong:
        """Return the song of a ``song.json``.

        Raises
        ------
        CorpusError
            If it is damaged or of another corpus.
        """

    def remarks(self, data: Mapping[str, Any]) -> Iterator[str]:
        """Yield what is worth a word about a description, without being a problem; here nothing."""
        del data
        yield from ()

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(self.load, self._descriptions(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and changed files, and what is odd."""
        descriptions = self._descriptions(folder)
        yield from check_each(descriptions, self.load)
        for description in descriptions:
            data = read_json(description)
            yield from _check_listed(description, (file for key in self.listed for file in _as_list(data.get(key))))
            for text in self.remarks(data):
                yield Finding(description.parent.name, text, is_problem=False)

    def _descriptions(self, folder: Path) -> list[Path]:
        return places(folder, "*/song.json", self.holds)


def _as_list(value: Any) -> list[Mapping[str, Any]]:
    """Return one entry, a list of them, or none, as a list."""
    return [value] if isinstance(value, Mapping) else list(value or ())
