"""Raw stems of a MIDI song: each channel alone through FluidSynth, its fader, expression and pan taken out."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.midi_song import EXPRESSION, PAN, VOLUME, Event, MidiChannel, MidiSong, Note
from reaper_automix.units import db_to_energy

Audio = NDArray[np.float32]

SAMPLE_RATE_HZ = 44100
TICKS_PER_BEAT = 9600
TEMPO_US = 500_000
TICKS_PER_S = TICKS_PER_BEAT * 1_000_000 / TEMPO_US

SYNTH_GAIN_LIN = 0.2
"""Of FluidSynth; its own default."""

MONO_BELOW_DB = -40.0
"""A stem whose sides differ by less than this is mono."""

TAKEN_OUT = frozenset({VOLUME, VOLUME + 32, 8, 40, PAN, PAN + 32, EXPRESSION, EXPRESSION + 32, 91, 93})
"""Volume, balance, pan, expression (coarse and fine), reverb and chorus sends: the mix, not the part."""

RENDER_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a song that is rendered."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


def densest_window(song: MidiSong, length_s: float) -> Window:
    """Return the window in which most channels, and then most notes, begin; whole seconds, the earliest of equals."""
    if song.length_s <= length_s:
        return Window(0.0, song.length_s)
    starts = [np.array([n.start_s for n in channel.notes]) for channel in song.channels]

    def score(start_s: int) -> tuple[int, int]:
        inside = [int(((s >= start_s) & (s < start_s + length_s)).sum()) for s in starts]
        return sum(count > 0 for count in inside), sum(inside)

    best = max(range(int(song.length_s - length_s) + 1), key=lambda s: (*score(s), -s))
    return Window(float(best), best + length_s)


def heard_notes(channel: MidiChannel, window: Window) -> tuple[Note, ...]:
    """Return the notes that begin in a window: those that began before it are not rendered."""
    return tuple(n for n in channel.notes if window.start_s <= n.start_s < window.end_s)


def part_midi(channel: MidiChannel, window: Window) -> bytes:
    """Return a MIDI file of one channel in a window, volume and expression at 127 and pan in the middle."""
    import mido

    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=TEMPO_US)])
    for control, value in ((VOLUME, 127), (EXPRESSION, 127), (PAN, 64), (91, 0), (93, 0)):
        track.append(mido.Message("control_change", channel=channel.number, control=control, value=value))
    at_tick = 0
    for event in _part(channel.events, window):
        tick = max(round((event.time_s - window.start_s) * TICKS_PER_S), at_tick)
        track.append(event.message.copy(time=tick - at_tick))
        at_tick = tick
    track.append(mido.MetaMessage("end_of_track", time=max(round(window.length_s * TICKS_PER_S) - at_tick, 0)))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(track)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def find_synthesizer() -> str:
    """Return the path of FluidSynth.

    Raises
    ------
    CorpusError
        If it is not installed.
    """
    if found := shutil.which("fluidsynth"):
        return found
    raise CorpusError("fluidsynth is not installed. Install it (Debian: apt-get install fluidsynth), then run again.")


def synthesizer_version(synthesizer: str) -> str:
    """Return the version that FluidSynth gives."""
    done = subprocess.run([synthesizer, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return next((line.split()[-1] for line in done.stdout.splitlines() if "version" in line), "unknown")


def render(midi: bytes, font: Path, *, synthesizer: str, length_s: float) -> Audio:
    """Render a MIDI file to float32 (2, n_samples), cut or filled up with silence to a length.

    Raises
    ------
    CorpusError
        If FluidSynth fails.
    """
    n_samples = round(length_s * SAMPLE_RATE_HZ)
    with tempfile.TemporaryDirectory(prefix="automix-gm-") as folder:
        part = Path(folder) / "part.mid"
        part.write_bytes(midi)
        options = ["-ni", "-q", "-R", "0", "-C", "0", "-r", str(SAMPLE_RATE_HZ), "-g", str(SYNTH_GAIN_LIN)]
        settings = ["-o", "synth.cpu-cores=1", "-o", "synth.dynamic-sample-loading=1", "-O", "float", "-T", "raw"]
        data = _first_bytes([synthesizer, *options, *settings, "-F", "-", str(font), str(part)], n_samples * 8)
    samples = np.frombuffer(data[: len(data) // 8 * 8], dtype="<f4" if sys.byteorder == "little" else ">f4")
    if not len(samples):
        raise CorpusError(f"fluidsynth gave no audio. Check the sound font {font}.")
    audio = np.zeros((2, n_samples), dtype=np.float32)
    audio[:, : len(samples) // 2] = samples.reshape(-1, 2).T
    return audio


def _first_bytes(command: Sequence[str], n_bytes: int) -> bytes:
    """Return the first bytes that a program writes: a note that never ends would make FluidSynth play for ever."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    watch = threading.Timer(RENDER_TIMEOUT_S, process.kill)
    watch.start()
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        return process.stdout.read(n_bytes)
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


def as_mono_if_equal(audio: Audio) -> Audio:
    """Return one channel, the mean, where both sides are the same within ``MONO_BELOW_DB``."""
    middle, side = (audio[0] + audio[1]) / 2.0, (audio[0] - audio[1]) / 2.0
    limit = db_to_energy(MONO_BELOW_DB)
    is_mono = float(np.square(side).sum()) <= limit * float(np.square(middle).sum())
    return np.ascontiguousarray(middle[np.newaxis]) if is_mono else audio


def _part(events: Sequence[Event], window: Window) -> list[Event]:
    """Return what a channel plays in a window, after everything that set it up before, and without its mix."""
    kept: list[Event] = []
    for event in events:
        message = event.message
        is_note = message.type in ("note_on", "note_off")
        if message.type == "control_change" and message.control in TAKEN_OUT:
            continue
        if event.time_s >= window.end_s or (is_note and event.time_s < window.start_s):
            continue
        kept.append(Event(max(event.time_s, window.start_s), message))
    return kept
