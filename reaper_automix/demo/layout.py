"""The demo's session: tracks, folder, items, fades and automation around the recorded parts, as a real one has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import numpy as np

from reaper_automix.demo.drums import MICROPHONES
from reaper_automix.demo.parts import SAMPLE_RATE_HZ, Part
from reaper_automix.demo.score import BAR_S, BEATS_PER_BAR, CHORUS, LENGTH_S, TEMPO_BPM
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, Fade, Item, Session, Source, Take, Track

FOLDER_NAME = "Drums"
MUTED = ("Click", "Lead Vox alt")
PANS = {"HiHat": -0.3, "Tom": -0.15, "Floor Tom": 0.45, "Gtr L": -0.75, "Gtr R": 0.75}
SPLIT_PART, SPLIT_S, CROSSFADE_S = "Bass", CHORUS * BAR_S, 0.03
EDGE_FADE_S, LAST_FADE_S = 0.01, 1.0
DRUM_PARTS = (*(name for name in MICROPHONES if not name.startswith("OH")), "OH", "Room")


@dataclass(frozen=True, slots=True)
class _Ids:
    """Hands out GUIDs; a seeded generator makes them the same every time."""

    rng: np.random.Generator

    def new(self) -> str:
        """Return the next GUID, with braces as REAPER writes it."""
        return f"{{{UUID(bytes=self.rng.bytes(16), version=4)}}}".upper()


def build_session(
    parts: Sequence[Part],
    files: Mapping[str, Path],
    faders_db: Mapping[str, float],
    project: Path,
    rng: np.random.Generator,
) -> Session:
    """Build the session.

    Parameters
    ----------
    parts : sequence of Part
        What was recorded, in the order of the tracks.
    files : mapping
        Track name -> audio file (absolute).
    faders_db : mapping
        Track name -> fader level.
    project : Path
        Where the project file will be.
    """
    ids = _Ids(rng)
    folder = Track(ids.new(), FOLDER_NAME, is_folder=True)
    tracks: list[Track] = []
    for part in parts:
        if part.name == DRUM_PARTS[0]:
            tracks.append(folder)
        track = _track(part, files[part.name], faders_db[part.name], ids)
        tracks.append(replace(track, parent_id=folder.id) if part.name in DRUM_PARTS else track)
    return Session(
        path=str(project),
        name=project.stem,
        sample_rate_hz=SAMPLE_RATE_HZ,
        tempo_bpm=TEMPO_BPM,
        time_signature=(BEATS_PER_BAR, 4),
        tracks=tuple(replace(track, number=i) for i, track in enumerate(tracks, start=1)),
    )


def _track(part: Part, file: Path, fader_db: float, ids: _Ids) -> Track:
    return Track(
        ids.new(),
        part.name,
        gain_db=fader_db,
        pan=PANS.get(part.name, 0.0),
        muted=part.name in MUTED,
        envelopes=_envelopes(part.name),
        items=_items(part, file, ids),
    )


def _envelopes(name: str) -> tuple[Envelope, ...]:
    """Return the lead vocal's Volume envelope: somebody opened it and never moved a point."""
    if name != "Lead Vox":
        return ()
    return (Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, 0.0),)),)


def _items(part: Part, file: Path, ids: _Ids) -> tuple[Item, ...]:
    if part.name == "Click":
        return (replace(_item(part, file, 0.0, LENGTH_S, ids), loop_source=True),)
    end_s = part.start_s + part.length_s
    fade_out = Fade(LAST_FADE_S if end_s >= LENGTH_S else EDGE_FADE_S, shape=1)
    if part.name != SPLIT_PART:
        item = _item(part, file, part.start_s, end_s, ids)
        return (replace(item, fade_in=Fade(EDGE_FADE_S), fade_out=fade_out),)
    first = _item(part, file, part.start_s, SPLIT_S + CROSSFADE_S / 2.0, ids)
    second = _item(part, file, SPLIT_S - CROSSFADE_S / 2.0, end_s, ids)
    # Both halves play the same sound, so linear fades add up to exactly one.
    return (
        replace(first, fade_in=Fade(EDGE_FADE_S), fade_out=Fade(CROSSFADE_S)),
        replace(second, fade_in=Fade(CROSSFADE_S), fade_out=fade_out),
    )


def _item(part: Part, file: Path, start_s: float, end_s: float, ids: _Ids) -> Item:
    kind = "FLAC" if file.suffix == ".flac" else "WAVE"
    take = Take(ids.new(), part.name, Source(kind, str(file)), start_offset_s=start_s - part.start_s)
    return Item(ids.new(), start_s, end_s - start_s, takes=(take,))
