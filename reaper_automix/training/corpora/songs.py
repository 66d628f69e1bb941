"""Songs whose stems were bounced at the level of the artist's own mix: the plain sum of them is the human balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Finding
from reaper_automix.training.corpora.loading import (
    check_each,
    check_listed,
    described_in,
    places,
    read_json,
    role_named,
    usage_of,
)


class SongsCorpus:
    """Folders of ``song.json`` (a list of post-fader stems) and audio, one per song."""

    name = "songs"
    what = "songs of Software-Entwicklungskit, stems at the artist's own mix level; CC0-1.0"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(load_song, self._descriptions(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and changed files, and stems that are silent."""
        descriptions = self._descriptions(folder)
        yield from check_each(descriptions, load_song)
        for description in descriptions:
            stems = read_json(description).get("stems", ())
            yield from check_listed(description, stems)
            if silent := sum(_is_silent(stem) for stem in stems):
                text = f"{silent} of {len(stems)} stems are silent in this clip and left out."
                yield Finding(description.parent.name, text, is_problem=False)

    @staticmethod
    def _descriptions(folder: Path) -> list[Path]:
        return places(folder, "*/song.json", "the songs, one folder of stems each")


def load_song(description: Path) -> CorpusSong:
    """Return the song of a ``song.json``.

    Raises
    ------
    CorpusError
        If it is damaged or of another corpus.
    """
    data = read_json(description)
    stems = described_in(description, data, "stems")
    licence = described_in(description, data, "licence")
    return CorpusSong(
        corpus=SongsCorpus.name,
        id=description.parent.name,
        title=data["title"],
        author=data["artist"],
        licence=licence,
        usage=usage_of(licence),
        length_s=float(data["seconds"]),
        tracks=tuple(_track(description.parent, stem) for stem in stems if not _is_silent(stem)),
    )


def _track(folder: Path, stem: Mapping[str, Any]) -> CorpusTrack:
    identity = Path(stem["file"]).stem
    return CorpusTrack(
        id=identity,
        name=stem["name"],
        path=folder / stem["file"],
        role=role_named(stem["role"]),
        role_confidence=stem["label_confidence"],
        group=identity,
    )


def _is_silent(stem: Mapping[str, Any]) -> bool:
    return stem["lufs_integrated"] is None
