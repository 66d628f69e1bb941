"""Tracks that REAPER has rendered, after their plug-ins and before their faders, heard in place of their items.

Stdlib only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reaper_automix.session import EnvelopeKind, Item, Session, Source, Take, Track

_PART_OF_THE_RENDERING = frozenset({EnvelopeKind.VOLUME_PRE_FX, EnvelopeKind.PAN_PRE_FX})


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A track's audio as its fader hears it: the file, where on the time line it begins, and how long it is."""

    path: str
    start_s: float
    length_s: float


def with_rendered(session: Session, rendered: Mapping[str, RenderedFile]) -> Session:
    """Return the session as it is to be judged: these tracks play their files, without plug-ins.

    The track's own items stay in it, muted, so that the session ends where it did.

    Parameters
    ----------
    session : Session
        The session as it is.
    rendered : mapping of track id to RenderedFile
        What to hear; ids that the session does not have are ignored.
    """
    tracks = {t.id: _playing(t, rendered[t.id], session.end_s) for t in session.tracks if t.id in rendered}
    return session.with_tracks(tracks)


def reason_against_rendering(session: Session, track: Track) -> str:
    """Say why a rendering of a track holds more than the track's own items; empty if it does not."""
    if any(session.children(track.id)):
        return "it is a folder, and the rendering holds the tracks inside as well"
    if any(send.is_audio for send in track.receives):
        return "it receives other tracks, and the rendering holds them as well"
    return ""


def _playing(track: Track, file: RenderedFile, end_s: float) -> Track:
    """Return a track that plays a file and nothing else; what is in the file already is taken off the track."""
    take = Take(id="", name="rendered by REAPER", source=Source("WAVE", file.path))
    length_s = min(file.length_s, max(end_s - file.start_s, 0.0))
    item = Item(id=f"rendered {track.id}", position_s=file.start_s, length_s=length_s, takes=(take,))
    return replace(
        track,
        effects=(),
        play_offset_s=0.0,
        envelopes=tuple(e for e in track.envelopes if e.kind not in _PART_OF_THE_RENDERING),
        items=(item, *(_shifted(i, track.play_offset_s) for i in track.items)),
    )


def _shifted(item: Item, offset_s: float) -> Item:
    return replace(item, muted=True, position_s=item.position_s + offset_s)
