"""Excerpts of MedleyDB's Music Delta songs: labelled raw tracks, also with stems and mix. Never trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Usage
from reaper_automix.training.corpora.loading import DescribedSongs, described_in, read_json, role_named


class _MusicDelta(DescribedSongs):
    holds = "these songs, one folder each"

    def load(self, description: Path) -> CorpusSong:
        """Return the song of a ``song.json``; the gain of a raw track is the energy that its stem gained on it."""
        data = read_json(description)
        entries = described_in(description, data, "tracks")
        mix = next((e["file"] for e in entries if e["kind"] == "mix"), "mix.flac")
        mix_path = description.parent / mix
        return CorpusSong(
            corpus=self.name,
            id=description.parent.name,
            title=described_in(description, data, "title"),
            author=data["producer"][0] if data.get("producer") else data["artist"],
            licence=described_in(description, data, "licence"),
            usage=Usage.EVALUATE,
            length_s=float(data["seconds"]),
            tracks=tuple(_track(description.parent, e) for e in entries if e["kind"] == "raw"),
            mix=mix_path if mix_path.is_file() else None,
            gains_are_in_mix=mix_path.is_file(),
        )


class RawTracksCorpus(_MusicDelta):
    """Folders of ``song.json`` and raw tracks: who is who, but not what became of them."""

    name = "raw-tracks"
    what = "raw tracks with instrument labels (MedleyDB excerpts), no mix; CC-BY-NC-SA-4.0, evaluation only"


class RawAndMixCorpus(_MusicDelta):
    """Folders of ``song.json``, raw tracks, the stems they became, and the mix."""

    name = "raw-and-mix"
    what = "raw tracks, their stems and the human mix (MedleyDB excerpts); CC-BY-NC-SA-4.0, evaluation only"


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
