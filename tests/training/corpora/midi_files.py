"""Small MIDI songs, WAD files and Debian packages, made in the test."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Sequence

Message = tuple[float, str, dict[str, int]]
"""Time in s, kind, and what else the message says."""

TICKS_PER_S = 960


def midi(channels: Sequence[Sequence[Message]], *, names: Sequence[str] = ()) -> bytes:
    """Return a file with one MIDI track per list of messages, at 120 beats per minute."""
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_S // 2)
    for number, messages in enumerate(channels):
        track = mido.MidiTrack()
        if number < len(names):
            track.append(mido.MetaMessage("track_name", name=names[number]))
        at_tick = 0
        for time_s, kind, more in sorted(messages, key=lambda message: message[0]):
            tick = round(time_s * TICKS_PER_S)
            track.append(mido.Message(kind, time=tick - at_tick, **more))
            at_tick = tick
        file.tracks.append(track)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def note(channel: int, start_s: float, end_s: float, pitch: int = 60) -> list[Message]:
    return [
        (start_s, "note_on", {"channel": channel, "note": pitch, "velocity": 100}),
        (end_s, "note_off", {"channel": channel, "note": pitch}),
    ]


def control(channel: int, time_s: float, number: int, value: int) -> Message:
    return (time_s, "control_change", {"channel": channel, "control": number, "value": value})


def program(channel: int, number: int) -> Message:
    return (0.0, "program_change", {"channel": channel, "program": number})


def mixed_song() -> bytes:
    """Four channels at four volumes; the bass rides, the drums are channel 10."""
    bass = [program(0, 33), control(0, 0.0, 7, 90), *note(0, 0.0, 1.0, 40), control(0, 1.0, 7, 60)]
    return midi(
        [
            [*bass, *note(0, 1.0, 2.0, 41)],
            [program(1, 0), control(1, 0.0, 7, 120), *note(1, 0.0, 2.0)],
            [program(2, 48), control(2, 0.0, 7, 50), *note(2, 0.5, 2.0)],
            [control(9, 0.0, 7, 110), *note(9, 0.0, 0.1, 36), *note(9, 1.0, 1.1, 38)],
        ],
        names=("Low end", "", "Strings", "Kit"),
    )


def wad(lumps: Sequence[tuple[str, bytes]]) -> bytes:
    body, directory = b"", b""
    for name, data in lumps:
        directory += struct.pack("<ii8s", 12 + len(body), len(data), name.encode())
        body += data
    return struct.pack("<4sii", b"IWAD", len(lumps), 12 + len(body)) + body + directory


def deb(files: Sequence[tuple[str, bytes]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        for name, data in files:
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    members = [("debian-binary", b"2.0\n"), ("data.tar.xz", packed.getvalue())]
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out
