"""Build the GM MIDI corpus: per song raw stems, the human's gain over time, the mix they make, and a description.

The human decision in a General MIDI song is the volume (controller 7) and expression (controller 11) of each channel.
A stem is the channel with both at 127; the gain is what they say, and it leads from the stem to the mix exactly.
Which songs: at least ``FEWEST_CHANNELS`` channels say their volume, and the gains differ by ``LEAST_SPREAD_DB``: a file
whose channels all stand where the synthesizer starts holds no decision.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from reaper_automix.audio import levels
from reaper_automix.errors import CorpusError
from reaper_automix.files import whole_file, write_text_whole
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.contract import GainCurve
from reaper_automix.training.corpora.general_midi import name_of_channel, role_of_channel
from reaper_automix.training.corpora.gm_render import (
    SAMPLE_RATE_HZ,
    Audio,
    Window,
    as_mono_if_equal,
    densest_window,
    find_synthesizer,
    heard_notes,
    part_midi,
    render,
    synthesizer_version,
)
from reaper_automix.training.corpora.gm_sources import Sources, SourceSong
from reaper_automix.training.corpora.midi_song import MidiChannel, MidiSong, gain_curve, read_midi, sounding_gain_db
from reaper_automix.units import db_to_lin, energy_to_db

FORMAT = "reaper_automix.gm_midi/1"
FEWEST_CHANNELS = 4
LEAST_SPREAD_DB = 1.0
WINDOW_S = 60.0
CEILING_LIN = db_to_lin(-1.0)
"""Stems and mix of a song are scaled by one amount where one of them would peak above this."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A song that holds a mix, and the window of it that is rendered."""

    source: SourceSong
    song: MidiSong
    window: Window

    @property
    def channels(self) -> tuple[MidiChannel, ...]:
        """The channels that play in the window."""
        return tuple(c for c in self.song.channels if heard_notes(c, self.window))


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made: songs that are there now, how many of them are new, and what was left out and why."""

    n_songs: int
    n_new: int
    n_channels: int
    n_moving: int
    seconds_of_audio: float
    left_out: tuple[str, ...]


def candidates(songs: Sequence[SourceSong], *, window_s: float = WINDOW_S) -> tuple[list[Candidate], list[str]]:
    """Return the songs that hold a human mix, most channels first, and why others do not."""
    found: list[Candidate] = []
    left_out: list[str] = []
    for source in songs:
        try:
            song = read_midi(source.midi, name=source.id)
        except CorpusError as error:
            left_out.append(str(error))
            continue
        candidate = Candidate(source, song, densest_window(song, window_s))
        if reason := _no_mix(candidate):
            left_out.append(f"{source.id}: {reason}")
        else:
            found.append(candidate)
    return sorted(found, key=lambda c: (-len(c.channels), c.source.id)), left_out


def build(
    sources: Sources,
    out: Path,
    *,
    most_songs: int | None = None,
    window_s: float = WINDOW_S,
    progress: Progress = silent,
) -> BuildResult:
    """Render the songs that are not in ``out`` yet; what an interrupted run left there is kept.

    Raises
    ------
    CorpusError
        If FluidSynth is missing or fails.
    """
    synthesizer = find_synthesizer()
    chosen, left_out = candidates(sources.songs, window_s=window_s)
    chosen = chosen[:most_songs]
    tool = {"fluidsynth": synthesizer_version(synthesizer), "soundfont_sha256": _file_hash(sources.font)}
    todo = [c for c in chosen if not _is_built(out / c.source.id, c, tool)]
    total_s, done_s, began_s = sum(map(_work_s, todo)), 0.0, time.monotonic()
    for number, candidate in enumerate(todo):
        progress("Songs", number, len(todo), f"{candidate.source.title}{_left(began_s, done_s, total_s)}")
        _build_song(candidate, out / candidate.source.id, sources.font, synthesizer, tool)
        done_s += _work_s(candidate)
    progress("Songs", len(todo), len(todo), "")
    return _result(out, chosen, len(todo), left_out)


def _no_mix(candidate: Candidate) -> str:
    channels = candidate.channels
    said = [c for c in channels if c.sets_volume]
    if len(said) < FEWEST_CHANNELS:
        return f"{len(said)} channels say their volume; a mix needs {FEWEST_CHANNELS}"
    gains = [sounding_gain_db(c, candidate.window.start_s, candidate.window.end_s) for c in channels]
    if max(gains) - min(gains) < LEAST_SPREAD_DB:
        return "all channels stand at one volume"
    return ""


def _work_s(candidate: Candidate) -> float:
    return candidate.window.length_s * len(candidate.channels)


def _left(began_s: float, done_s: float, total_s: float) -> str:
    if done_s <= 0.0:
        return ""
    left_s = (time.monotonic() - began_s) * (total_s - done_s) / done_s
    return f", about {left_s / 60.0:.0f} min left"


def _build_song(candidate: Candidate, folder: Path, font: Path, synthesizer: str, tool: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    window = candidate.window
    stems = [
        render(part_midi(c, window), font, synthesizer=synthesizer, length_s=window.length_s)
        for c in candidate.channels
    ]
    curves = [gain_curve(c, window.start_s, window.end_s) for c in candidate.channels]
    mix = sum_of(stems, curves)
    peak = max(float(np.abs(audio).max(initial=0.0)) for audio in (*stems, mix))
    scale = np.float32(min(CEILING_LIN / peak, 1.0) if peak > 0.0 else 1.0)
    entries = [
        _write_stem(folder, c, as_mono_if_equal(stem * scale), curve, window)
        for c, stem, curve in zip(candidate.channels, stems, curves, strict=True)
    ]
    mix_sha256 = _write_audio(folder / "mix.flac", mix * scale)
    description = _describe(candidate, entries, mix_sha256, tool)
    write_text_whole(folder / "song.json", json.dumps(description, indent=1, ensure_ascii=False) + "\n")


def sum_of(stems: Sequence[Audio], curves: Sequence[GainCurve]) -> Audio:
    """Return the sum of stems, each at its gain over time."""
    mix = np.zeros_like(stems[0])
    times_s = np.arange(mix.shape[1]) / SAMPLE_RATE_HZ
    for stem, curve in zip(stems, curves, strict=True):
        curve_db = np.interp(times_s, [t for t, _ in curve], [g for _, g in curve])
        mix += stem * levels.db_to_lin(curve_db).astype(np.float32)
    return mix


def _write_stem(folder: Path, channel: MidiChannel, audio: Audio, curve: GainCurve, window: Window) -> dict[str, Any]:
    role, sure = role_of_channel(channel.number, channel.program)
    name = name_of_channel(channel.number, channel.program)
    file = f"{channel.number + 1:02d}_{role.value}.flac"
    return {
        "file": file,
        "sha256": _write_audio(folder / file, audio),
        "channel": channel.number + 1,
        "program": channel.program + 1,
        "name": channel.name or name,
        "sound": name,
        "role": role.value,
        "label_confidence": sure,
        "sets_volume": channel.sets_volume,
        "human_gain_db": round(sounding_gain_db(channel, window.start_s, window.end_s), 3),
        "gain_db": curve,
        "n_notes": len(heard_notes(channel, window)),
        "channels": len(audio),
        "rms_dbfs": round(energy_to_db(max(float(np.square(audio).mean()), 1e-15)), 2),
    }


def _write_audio(path: Path, audio: Audio) -> str:
    """Write 16-bit FLAC, which has no date or serial number in it: the same samples give the same bytes."""
    with whole_file(path) as part:
        soundfile.write(part, audio.T, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return _file_hash(path)


def _describe(
    candidate: Candidate, entries: Sequence[Mapping[str, Any]], mix_sha256: str, tool: Mapping[str, str]
) -> dict[str, Any]:
    source, window = candidate.source, candidate.window
    return {
        "format": FORMAT,
        "id": source.id,
        "title": source.title,
        "author": source.author,
        "credits": source.credits,
        "licence": source.licence,
        "midi_sha256": source.sha256,
        "rendered_with": dict(tool),
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "window_s": [window.start_s, window.end_s],
        "seconds": window.length_s,
        "source_seconds": round(candidate.song.length_s, 3),
        "mix": {"file": "mix.flac", "sha256": mix_sha256},
        "tracks": list(entries),
    }


def _is_built(folder: Path, candidate: Candidate, tool: Mapping[str, str]) -> bool:
    """Tell whether a song is there whole, of the same source, window, synthesizer and sound font."""
    try:
        data = json.loads((folder / "song.json").read_text("utf-8"))
        wanted = [candidate.window.start_s, candidate.window.end_s]
        same = data["midi_sha256"] == candidate.source.sha256 and data["window_s"] == wanted
        files = [*(t["file"] for t in data["tracks"]), data["mix"]["file"]]
        return bool(same and data["rendered_with"] == dict(tool) and all((folder / f).is_file() for f in files))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _result(out: Path, chosen: Sequence[Candidate], n_new: int, left_out: Sequence[str]) -> BuildResult:
    songs = [json.loads((out / c.source.id / "song.json").read_text("utf-8")) for c in chosen]
    tracks = [track for song in songs for track in song["tracks"]]
    return BuildResult(
        n_songs=len(songs),
        n_new=n_new,
        n_channels=len(tracks),
        n_moving=sum(_spread_db(track["gain_db"]) > 0.1 for track in tracks),
        seconds_of_audio=sum(float(song["seconds"]) for song in songs),
        left_out=tuple(left_out),
    )


def _spread_db(curve: Sequence[Sequence[float]]) -> float:
    gains = [gain for _, gain in curve]
    return max(gains) - min(gains)


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
