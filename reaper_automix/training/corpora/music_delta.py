"""Excerpts of MedleyDB's Music Delta songs: labelled raw tracks, also with stems and mix. Never trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Finding, Usage
from reaper_automix.training.corpora.loading import (
    check_each,
    check_listed,
    described_in,
    places,
    read_json,
    role_named,
)


class RawTracksCorpus:
    """Folders of ``song.json`` and raw tracks: who is who, but not what became of them."""

    name = "raw-tracks"
    what = "raw tracks with instrument labels (MedleyDB excerpts), no mix; CC-BY-NC-SA-4.0, evaluation only"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(partial(load_song, corpus=self.name), _descriptions(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and changed files."""
        yield from _check(folder, self.name)


class RawAndMixCorpus:
    """Folders of ``song.json``, raw tracks, the stems they became, and the mix."""

    name = "raw-and-mix"
    what = "raw tracks, their stems and the human mix (MedleyDB excerpts); CC-BY-NC-SA-4.0, evaluation only"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(partial(load_song, corpus=self.name), _descriptions(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and changed files."""
        yield from _check(folder, self.name)


def load_song(description: Path, *, corpus: str) -> CorpusSong:
    """Return the song of a ``song.json``; the gain of a raw track is the energy that its stem gained on it.

    Raises
    ------
    CorpusError
        If it is damaged or of another corpus.
    """
    data = read_json(description)
    entries = described_in(description, data, "tracks")
    mix = next((e["file"] for e in entries if e["kind"] == "mix"), "mix.flac")
    mix_path = description.parent / mix
    return CorpusSong(
        corpus=corpus,
        id=description.parent.name,
        title=described_in(description, data, "title"),
        author=data["producer"][0] if data.get("producer") else data["artist"],
        licence=described_in(description, data, "licence"),
        usage=Usage.EVALUATE,
        length_s=float(data["seconds"]),
        tracks=tuple(_track(description.parent, e) for e in entries if e["kind"] == "raw"),
        mix=mix_path if mix_path.is_file() else None,
    )


def _track(folder: Path, entry: Mapping[str, Any]) -> CorpusTrack:
    became = entry.get("raw_to_stem")
    return CorpusTrack(
        id=Path(entry["file"]).stem,
        name=Path(entry["source_file"]).stem,
        path=folder / entry["file"],
        role=role_named(entry["role"]),
        role_confidence=entry["label_confidence"],
        gain_db=((0.0, float(became["energy_gain_db"]) if became else 0.0),),
        gain_is_exact=False,
        group=f"stem {entry['stem']}",
        gain_is_known=became is not None,
    )


def _check(folder: Path, corpus: str) -> Iterator[Finding]:
    descriptions = _descriptions(folder)
    yield from check_each(descriptions, partial(load_song, corpus=corpus))
    for description in descriptions:
        yield from check_listed(description, read_json(description).get("tracks", ()))


def _descriptions(folder: Path) -> list[Path]:
    return places(folder, "*/song.json", "these songs, one folder each")
