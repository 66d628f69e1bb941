"""LMMS demo songs: raw tracks with the human's faders, read from the project files, and the human mix.

The gain of a track is the level change that was heard in the mix: fader, sends, master and pan, and what the effects
of the project add to it. Where nothing but faders moves the level it is read from the project and exact. Where effects
do, the level that was measured in the mix shifts the fader's curve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, GainCurve
from reaper_automix.training.corpora.loading import DescribedSongs, described_in, read_json, role_named, usage_of
from reaper_automix.units import energy_to_db

OFF_DB = -60.0
"""At or below this the human switched the track off: no decision on a level."""

_WARNED = re.compile(r"\braw_\d+\b")


class LmmsCorpus(DescribedSongs):
    """Folders of ``song.json`` (raw tracks, faders, automation) and audio, one per song."""

    name = "lmms"
    what = "LMMS demo songs: raw tracks, the human's faders and the human mix; Artistic-2.0 and CC-BY-SA-3.0 per song"
    holds = "the LMMS songs, one folder each"

    def load(self, description: Path) -> CorpusSong:
        """Return the song of a ``song.json``."""
        data = read_json(description)
        entries = described_in(description, data, "tracks")
        for entry in entries:
            described_in(description, entry, "human_gain_db")
        licence = described_in(description, data, "licence")
        unknown = _without_level(data)
        return CorpusSong(
            corpus=self.name,
            id=description.parent.name,
            title=data["title"],
            author=data["author"],
            licence=licence,
            usage=usage_of(licence),
            length_s=float(data["seconds"]),
            tracks=tuple(_track(description.parent, entry, unknown) for entry in entries if not _is_off(entry)),
            mix=description.parent / data["human_mix"]["file"],
        )

    def remarks(self, data: Mapping[str, Any]) -> Iterator[str]:
        """Yield the tracks whose gain is not known."""
        for stem in sorted(_without_level(data)):
            yield f"{stem}: its level in the mix is not the author's (see the song's warning); no gain is given."


def _track(folder: Path, entry: Mapping[str, Any], unknown: frozenset[str]) -> CorpusTrack:
    stem = Path(entry["file"]).stem
    return CorpusTrack(
        id=stem,
        name=entry["name"],
        path=folder / entry["file"],
        role=role_named(entry["role"]),
        role_confidence=entry["label_confidence"],
        gain_db=_heard_curve(entry),
        gain_is_exact=not _has_effects(entry) or entry.get("effect_level_change_db") == 0.0,
        group=stem,
        gain_is_known=stem not in unknown and (entry.get("heard_gain_db") is not None or not _has_effects(entry)),
    )


def _heard_curve(entry: Mapping[str, Any]) -> GainCurve:
    """Return the fader over time, shifted by what pan and effects do to the level."""
    fader_db = float(entry["human_gain_db"])
    heard_db = entry.get("heard_gain_db")
    points: list[list[float]] = entry.get("automation") or []
    if not points:
        return ((0.0, fader_db + _pan_db(entry) if heard_db is None else float(heard_db)),)
    # The measured level of a track that moves depends on where it sounds; without effects the fader says it all.
    shift_db = float(heard_db) - fader_db if heard_db is not None and _has_effects(entry) else _pan_db(entry)
    return tuple((float(t), float(g) + shift_db) for t, g in points)


def _pan_db(entry: Mapping[str, Any]) -> float:
    """Return what LMMS's balance takes from the energy of a track that is equal on both sides."""
    pan = float(entry.get("pan") or 0.0) / 100.0
    left, right = 1.0 - max(pan, 0.0), 1.0 + min(pan, 0.0)
    return energy_to_db((left * left + right * right) / 2.0)


def _has_effects(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("has_insert_fx") or entry.get("has_bus_fx") or entry.get("volume_controller"))


def _is_off(entry: Mapping[str, Any]) -> bool:
    return max(g for _, g in _heard_curve(entry)) <= OFF_DB


def _without_level(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the tracks of which the song's warning says that the rendered level is not the author's."""
    return frozenset(_WARNED.findall(str(data.get("warning") or "")))
