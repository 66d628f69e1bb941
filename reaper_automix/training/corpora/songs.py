"""Songs whose stems were bounced at the level of the artist's own mix: the plain sum of them is the human balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack
from reaper_automix.training.corpora.loading import DescribedSongs, described_in, read_json, role_named, usage_of


class SongsCorpus(DescribedSongs):
    """Folders of ``song.json`` (a list of post-fader stems) and audio, one per song."""

    name = "songs"
    what = "songs of Software-Entwicklungskit, stems at the artist's own mix level; CC0-1.0"
    holds = "the songs, one folder of stems each"
    listed = ("stems",)

    def load(self, description: Path) -> CorpusSong:
        """Return the song of a ``song.json``."""
        data = read_json(description)
        stems = described_in(description, data, "stems")
        licence = described_in(description, data, "licence")
        return CorpusSong(
            corpus=self.name,
            id=description.parent.name,
            title=data["title"],
            author=data["artist"],
            licence=licence,
            usage=usage_of(licence),
            length_s=float(data["seconds"]),
            tracks=tuple(_track(description.parent, stem) for stem in stems if not _is_silent(stem)),
        )

    def remarks(self, data: Mapping[str, Any]) -> Iterator[str]:
        """Yield how many stems are silent."""
        stems = data.get("stems", ())
        if silent := sum(_is_silent(stem) for stem in stems):
            yield f"{silent} of {len(stems)} stems are silent in this clip and left out."


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
