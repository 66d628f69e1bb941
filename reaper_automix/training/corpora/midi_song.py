"""A MIDI file as channels: what each plays, and the gain that its controllers ask for over time.

System-exclusive messages are left out: a reset in the middle of a song is not heard here.
"""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mido

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import GainCurve
from reaper_automix.training.corpora.general_midi import DRUM_CHANNEL, gain_db

VOLUME, PAN, EXPRESSION, RESET_CONTROLLERS = 7, 10, 11, 121
START_VOLUME, START_EXPRESSION = 100, 127
"""What General MIDI starts a channel with."""

STEP_S = 0.005
"""A controller jumps: the curve gets from one value to the next in this time."""


@dataclass(frozen=True, slots=True)
class Event:
    """A channel message at a time in seconds from the start of the song."""

    time_s: float
    message: Any


@dataclass(frozen=True, slots=True)
class Note:
    """When a note sounds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class MidiChannel:
    """One channel of a song, which is one decision of its mixer.

    Parameters
    ----------
    number : int
        Counted from 0.
    program : int
        The program most of its notes are played with, counted from 0.
    name : str
        The name of the MIDI track most of its notes lie on; may be empty.
    events : tuple of Event
        Everything of the channel, in order.
    gains_db : tuple of (time in s, gain in dB)
        The gain of controllers 7 and 11 from each time on.
    sets_volume : bool
        Whether the file says the volume of this channel, rather than leaving what a synthesizer starts with.
    """

    number: int
    program: int
    name: str
    events: tuple[Event, ...]
    notes: tuple[Note, ...]
    gains_db: tuple[tuple[float, float], ...]
    sets_volume: bool


@dataclass(frozen=True, slots=True)
class MidiSong:
    """The channels that play, and the length in seconds."""

    channels: tuple[MidiChannel, ...]
    length_s: float


def read_midi(data: bytes, *, name: str) -> MidiSong:
    """Read a standard MIDI file.

    Raises
    ------
    CorpusError
        If it is damaged.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        events = list(_timed(file))
    except (OSError, ValueError, EOFError, KeyError, IndexError) as error:
        raise CorpusError(f"{name}: is no MIDI file that can be read ({error}). Leave it out.") from error
    names = _track_names(file)
    playing = sorted({e.message.channel for e in events if _starts_note(e.message)})
    return MidiSong(
        channels=tuple(_channel(number, events, names.get(number, "")) for number in playing),
        length_s=max((e.time_s for e in events), default=0.0),
    )


def sounding_gain_db(channel: MidiChannel, start_s: float, end_s: float) -> float:
    """Return the mean gain in dB while the channel sounds within a range; each second of a note counts once.

    The value a file begins with is often replaced before the first note: only what is heard counts.
    """
    total = weight = 0.0
    for note in channel.notes:
        for duration_s, gain in _pieces(channel.gains_db, max(note.start_s, start_s), min(note.end_s, end_s)):
            total, weight = total + gain * duration_s, weight + duration_s
    return total / weight if weight > 0.0 else gain_at(channel.gains_db, start_s)


def gain_at(gains_db: Sequence[tuple[float, float]], time_s: float) -> float:
    """Return the gain that holds at a time."""
    return gains_db[max(bisect_right(gains_db, time_s, key=lambda point: point[0]) - 1, 0)][1]


def gain_curve(channel: MidiChannel, start_s: float, end_s: float) -> GainCurve:
    """Return the gain over time in seconds from ``start_s``, from the first note to the end of the last.

    Outside of that nothing is heard: a controller that is set before the first note is no ride.
    """
    heard = [n for n in channel.notes if n.end_s > start_s and n.start_s < end_s]
    first_s = max(min(n.start_s for n in heard) + STEP_S, start_s)
    last_s = min(max(n.end_s for n in heard), end_s)
    level = gain_at(channel.gains_db, first_s)
    points = [(max(first_s - start_s, 0.0), level)]
    for time_s, gain in channel.gains_db:
        if not first_s < time_s <= last_s or gain == level:
            continue
        at_s = time_s - start_s
        if at_s - STEP_S > points[-1][0]:
            points.append((at_s - STEP_S, level))
        if at_s <= points[-1][0]:
            points.pop()
        points.append((at_s, gain))
        level = gain
    return tuple((round(t, 4), round(gain, 3)) for t, gain in points)


def _timed(file: Any) -> Iterator[Event]:
    time_s = 0.0
    for message in file:
        time_s += message.time
        if not message.is_meta and hasattr(message, "channel"):
            yield Event(time_s, message)


def _starts_note(message: Any) -> bool:
    return bool(message.type == "note_on" and message.velocity > 0)


def _track_names(file: Any) -> dict[int, str]:
    """Return per channel the name of the MIDI track that holds most of its notes."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for track in file.tracks:
        for message in track:
            if not message.is_meta and _starts_note(message):
                counts[message.channel][track.name.replace("\x00", "").strip()] += 1
    return {channel: names.most_common(1)[0][0] for channel, names in counts.items()}


def _channel(number: int, events: Sequence[Event], name: str) -> MidiChannel:
    own = tuple(e for e in events if e.message.channel == number)
    return MidiChannel(
        number=number,
        program=_program(own, number),
        name=name,
        events=own,
        notes=tuple(_notes(own)),
        gains_db=tuple(_gains(own)),
        sets_volume=any(e.message.type == "control_change" and e.message.control == VOLUME for e in own),
    )


def _program(events: Sequence[Event], number: int) -> int:
    if number == DRUM_CHANNEL:
        return 0
    program, counts = 0, Counter[int]()
    for event in events:
        if event.message.type == "program_change":
            program = event.message.program
        elif _starts_note(event.message):
            counts[program] += 1
    return counts.most_common(1)[0][0]


def _notes(events: Sequence[Event]) -> Iterator[Note]:
    """Yield the notes in the order in which they end; one that is struck again ends there."""
    started: dict[int, float] = {}
    for event in events:
        message = event.message
        if message.type not in ("note_on", "note_off"):
            continue
        if message.note in started:
            yield Note(started.pop(message.note), event.time_s)
        if _starts_note(message):
            started[message.note] = event.time_s
    end_s = events[-1].time_s
    yield from (Note(start_s, end_s) for start_s in started.values())


def _gains(events: Sequence[Event]) -> Iterator[tuple[float, float]]:
    volume, expression = START_VOLUME, START_EXPRESSION
    yield 0.0, gain_db(volume, expression)
    for event in events:
        message = event.message
        if message.type != "control_change":
            continue
        if message.control == VOLUME:
            volume = message.value
        elif message.control == EXPRESSION:
            expression = message.value
        elif message.control == RESET_CONTROLLERS:
            expression = START_EXPRESSION
        else:
            continue
        yield event.time_s, gain_db(volume, expression)


def _pieces(gains_db: Sequence[tuple[float, float]], start_s: float, end_s: float) -> Iterator[tuple[float, float]]:
    """Yield (duration, gain) of the pieces of a range in which the gain is constant."""
    first = bisect_right(gains_db, start_s, key=lambda point: point[0])
    last = bisect_left(gains_db, end_s, key=lambda point: point[0])
    times = [t for t, _ in gains_db[first:last]]
    for left_s, right_s in zip([start_s, *times], [*times, end_s], strict=True):
        if right_s > left_s:
            yield right_s - left_s, gain_at(gains_db, left_s)
