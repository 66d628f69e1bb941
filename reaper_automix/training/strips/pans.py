"""Where humans put the tracks of a song between the speakers, and how much of them they sent to the reverb.

A place is a gain per side; the centre is 1 on both. Sends are known of MIDI files alone: controller 91, of which 127
stands for 20 % [1]_.

References
----------
.. [1] SoundFont technical specification 2.01, section 8.4.8: MIDI continuous controller 91 to reverb effects send.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

from reaper_automix.training.corpora.contract import CorpusSong
from reaper_automix.training.corpora.gm_render import Window
from reaper_automix.training.corpora.gm_sources import find_sources
from reaper_automix.training.corpora.loading import read_json
from reaper_automix.training.corpora.midi_song import PAN, MidiChannel, read_midi
from reaper_automix.units import SILENCE_DB, lin_to_db

Sides = tuple[float, float]
"""Linear gain of left and right."""

CENTRE = (1.0, 1.0)
MIDI_CENTRE, MIDI_REACH = 64, 63
REVERB, MOST_REVERB, MOST_SENT = 91, 127, 0.2
"""The controller, its highest value, and the linear gain of the send that this stands for."""


def midi_below(folder: Path) -> dict[str, bytes]:
    """Return the MIDI files below a folder, also those in WAD files, by their SHA-256.

    Raises
    ------
    CorpusError
        If there are none.
    """
    # The sound font is not needed here, and any path keeps it from being looked for.
    sources = find_sources(folder, midi_folder=folder, font=folder)
    return {hashlib.sha256(song.midi).hexdigest(): song.midi for song in sources.songs}


def sides_of(song: CorpusSong, midi: Mapping[str, bytes]) -> tuple[Sides, ...] | None:
    """Return the gain per side of each track of a song; None where nobody knows the pans.

    Raises
    ------
    CorpusError
        If the song's description or MIDI file is damaged.
    """
    if song.corpus == "songs":
        return (CENTRE,) * len(song.tracks)
    if not song.tracks:
        return ()
    if song.corpus == "lmms":
        data = read_json(song.tracks[0].path.parent / "song.json")
        pans = {Path(str(entry["file"])).stem: entry.get("pan") for entry in data["tracks"]}
        return tuple(lmms_sides(float(pans[track.id] or 0.0) / 100.0) for track in song.tracks)
    played = _played(song, midi)
    if played is None:
        return None
    channels, window = played
    return tuple(midi_sides(pan_of(channel, window)) for channel in channels)


def sends_db_of(song: CorpusSong, midi: Mapping[str, bytes]) -> tuple[float, ...]:
    """Return the level at which each track of a song was sent to the reverb; -150 dB where it was not, or nobody knows.

    Raises
    ------
    CorpusError
        If the song's description or MIDI file is damaged.
    """
    played = _played(song, midi) if song.tracks and song.corpus == "gm-midi" else None
    if played is None:
        return (SILENCE_DB,) * len(song.tracks)
    channels, window = played
    sent = (held_of(channel, window, REVERB, 0) / MOST_REVERB * MOST_SENT for channel in channels)
    return tuple(lin_to_db(gain) if gain > 0.0 else SILENCE_DB for gain in sent)


def _played(song: CorpusSong, midi: Mapping[str, bytes]) -> tuple[tuple[MidiChannel, ...], Window] | None:
    """Return the channel of each track of a rendered song, and what was rendered; None without its MIDI file."""
    data = read_json(song.tracks[0].path.parent / "song.json")
    numbers = {Path(str(entry["file"])).stem: int(entry["channel"]) - 1 for entry in data["tracks"]}
    stored = midi.get(str(data.get("midi_sha256")))
    if stored is None:
        return None
    window = Window(*(float(edge_s) for edge_s in data["window_s"]))
    channels = {channel.number: channel for channel in read_midi(stored, name=song.id).channels}
    return tuple(channels[numbers[track.id]] for track in song.tracks), window


def lmms_sides(pan: float) -> Sides:
    """Return LMMS's balance, which leaves the near side as it is."""
    return 1.0 - max(pan, 0.0), 1.0 + min(pan, 0.0)


def midi_sides(pan: float) -> Sides:
    """Return General MIDI's recommended pan, of constant energy, brought to 1 at the centre.

    References
    ----------
    .. [1] MIDI Manufacturers Association, RP-036, default pan formula.
    """
    angle = (pan + 1.0) * math.pi / 4.0
    return math.sqrt(2.0) * math.cos(angle), math.sqrt(2.0) * math.sin(angle)


def pan_of(channel: MidiChannel, window: Window) -> float:
    """Return the pan, -1 to 1, that most notes beginning in a window are played with."""
    return max((held_of(channel, window, PAN, MIDI_CENTRE) - MIDI_CENTRE) / MIDI_REACH, -1.0)


def held_of(channel: MidiChannel, window: Window, control: int, usual: int) -> int:
    """Return the value of a controller, 0 to 127, that most notes beginning in a window are played with."""
    moves = [e for e in channel.events if e.message.type == "control_change" and e.message.control == control]
    times_s, values = [move.time_s for move in moves], [int(move.message.value) for move in moves]
    held: dict[int, int] = {}
    for note in channel.notes:
        if window.start_s <= note.start_s < window.end_s:
            at = bisect_right(times_s, note.start_s) - 1
            value = values[at] if at >= 0 else usual
            held[value] = held.get(value, 0) + 1
    return max(held, key=lambda v: (held[v], -v)) if held else usual


def to_strip(left: float, right: float) -> tuple[float, float]:
    """Return the linear gain and the pan of a console, without pan law, that gives these gains."""
    near = max(left, right)
    if near <= 0.0:
        return 0.0, 0.0
    far = max(min(left, right), 0.0) / near
    return near, (1.0 - far) if right > left else far - 1.0
