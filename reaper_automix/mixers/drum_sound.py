"""What the drums mixer listens to: some parts of the song in which the kit plays, each microphone for itself.

The model learned from recordings of half a minute, so a song is heard in parts of that length: the loudest ones of up
to ``MOST_PARTS`` equal stretches of the range, so that verse and chorus both count. All microphones are heard over the
same parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_hits import hits_of_closes, is_close, mono_of
from reaper_automix.analysis.drum_kit import BOTH_OVERHEADS, Kit, Microphone
from reaper_automix.analysis.loudness import BLOCK_S
from reaper_automix.audio.media import Audio
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.errors import MediaError
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.session import Session

PART_S = 30.0
MOST_PARTS = 4

Part = tuple[float, float]
"""Start and end in seconds of the project."""


@dataclass(frozen=True, eq=False)
class HeardKit:
    """A kit, and the parts of the song: (sample rate, audio by track), the fullest part first."""

    kit: Kit
    parts: tuple[tuple[int, Mapping[str, Audio]], ...]


def parts_of(energy: NDArray[np.float64], start_s: float) -> tuple[Part, ...]:
    """Choose the parts to listen to.

    Parameters
    ----------
    energy : ndarray of float64, shape (n_blocks,)
        Of the whole kit in consecutive blocks of 100 ms.
    start_s : float
        Where the first block begins.

    Returns
    -------
    tuple of (start, end)
        In their order, none overlapping; all of it where it is no longer than one part.
    """
    n_part = round(PART_S / BLOCK_S)
    n_stretches = max(min(MOST_PARTS, energy.size // n_part), 1)
    edges = np.linspace(0, energy.size, n_stretches + 1).round().astype(int)
    total = np.concatenate(([0.0], np.cumsum(energy)))
    parts = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        length = min(n_part, last - first)
        starts = np.arange(first, last - length + 1)
        begin = int(starts[np.argmax(total[starts + length] - total[starts])])
        if total[begin + length] > total[begin]:
            parts.append((start_s + begin * BLOCK_S, start_s + (begin + length) * BLOCK_S))
    return tuple(parts)


def listen(
    session: Session, track_ids: Sequence[str], parts: Sequence[Part]
) -> Iterator[tuple[int, Mapping[str, Audio]]]:
    """Yield (sample rate, audio by track) of each part, float32 (1 or 2, n_samples), before effects and fader.

    Raises
    ------
    MediaError
        If a file cannot be read any more.
    """
    rate_hz = session_rate_hz(session)
    for start_s, end_s in parts:
        first, last = round(start_s * rate_hz), round(end_s * rate_hz)
        yield rate_hz, {track_id: _heard(session, track_id, rate_hz, first, last - first) for track_id in track_ids}


def _heard(session: Session, track_id: str, rate_hz: int, first: int, n_samples: int) -> Audio:
    track = session.track(track_id)
    try:
        with TrackReader(track, sample_rate_hz=rate_hz) as reader:
            return reader.read(first, n_samples)
    except MediaError as error:
        raise MediaError(f"{track.title}: {error}") from None


def unplayed_of(heard: HeardKit, kit: Sequence[Microphone]) -> list[Microphone]:
    """Return the close microphones whose own drum strikes in no part: all that they hear is bleed and noise."""
    mics = [one.mics for one in kit]
    played: set[int] = set()
    for rate_hz, audio in heard.parts:
        hits = hits_of_closes(mics, [audio[one.track_id] for one in kit], rate_hz)
        played |= {i for i, own in hits.items() if own.size}
    return [one for i, one in enumerate(kit) if is_close(one.mics) and i not in played]


def channels_of(one: Microphone, audio: Audio) -> list[tuple[DrumMic, NDArray[np.float32]]]:
    """Return the sound of each microphone on a track: a pair by its channels, all else as one."""
    if len(one.mics) == len(audio) == 2:
        return list(zip(one.mics, audio, strict=True))
    return [(one.mic, mono_of(audio))]


def words_of(one: Microphone) -> str:
    """Name the microphone, or both of a pair."""
    names = list(dict.fromkeys(mic.value.replace("_", " ") for mic in one.mics))
    if one.mics == BOTH_OVERHEADS:
        return "overheads"
    return " and ".join(names) if len(names) > 1 else f"{names[0]}{'s' if len(one.mics) > 1 else ''}"
