"""The GM MIDI corpus as ``corpus build gm-midi`` leaves it: stems, the gain of their controllers, and the mix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack
from reaper_automix.training.corpora.gm_build import FORMAT
from reaper_automix.training.corpora.loading import DescribedSongs, described_in, read_json, role_named, usage_of


class GmMidiCorpus(DescribedSongs):
    """Folders of ``song.json``, stems and mix, one per song."""

    name = "gm-midi"
    what = (
        "General MIDI songs of Freedoom, FreeDM (BSD-3-Clause) and OpenMSX (GPL-2.0), raw stems and the volume and "
        "expression their authors set, also over time; made by 'corpus build gm-midi'"
    )
    holds = "what 'corpus build gm-midi' wrote"
    listed = ("tracks", "mix")

    def load(self, description: Path) -> CorpusSong:
        """Return the song of a ``song.json``."""
        data = read_json(description)
        if described_in(description, data, "format") != FORMAT:
            raise CorpusError(f"{description}: format {data['format']!r} is not {FORMAT!r}. Build the corpus again.")
        licence = described_in(description, data, "licence")
        return CorpusSong(
            corpus=self.name,
            id=data["id"],
            title=data["title"],
            author=data["author"],
            licence=licence,
            usage=usage_of(licence),
            length_s=float(data["seconds"]),
            tracks=tuple(_track(description.parent, entry) for entry in described_in(description, data, "tracks")),
            mix=description.parent / data["mix"]["file"],
        )

    def remarks(self, data: Mapping[str, Any]) -> Iterator[str]:
        """Yield a licence that allows no training."""
        if usage_of(str(data.get("licence", ""))).value != "train":
            yield f"licence '{data.get('licence')}': evaluation only."


def _track(folder: Path, entry: Mapping[str, Any]) -> CorpusTrack:
    return CorpusTrack(
        id=Path(entry["file"]).stem,
        name=entry["name"],
        path=folder / entry["file"],
        role=role_named(entry["role"]),
        role_confidence=entry["label_confidence"],
        gain_db=tuple((float(t), float(g)) for t, g in entry["gain_db"]),
        group=Path(entry["file"]).stem,
    )
