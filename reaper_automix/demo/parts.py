"""The demo's recorded tracks: every part performed, brought to a level, and put out of balance on purpose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reaper_automix.demo import instruments, voice
from reaper_automix.demo.drums import record
from reaper_automix.demo.score import (
    BAR_S,
    CHORUS,
    FILL_BARS,
    LENGTH_S,
    OUTRO,
    VERSE,
    alternative_syllables,
    bass_notes,
    choir_syllables,
    drum_strokes,
    guitar_notes,
    keys_notes,
    lead_syllables,
    pad_notes,
)
from reaper_automix.demo.synthesis import Signal
from reaper_automix.units import SILENCE_DB, db_to_lin, lin_to_db

SAMPLE_RATE_HZ = 44_100
BASS_SAMPLE_RATE_HZ = 48_000
"""The bass player's file came from another studio."""
MOST_OFFSET_DB = 12.0
PEAK_CEILING_DBFS = -1.0
CLICK_PEAK_DBFS = -12.0


@dataclass(frozen=True, slots=True)
class Part:
    """One recorded track.

    Parameters
    ----------
    name : str
        Of the track; the file is called the same.
    audio : numpy.ndarray
        float32 (n_channels, n_samples), full scale +-1.
    start_s : float
        Where the recording begins in the song.
    suffix : str
        ``.wav`` or ``.flac``.
    """

    name: str
    audio: NDArray[np.float32]
    sample_rate_hz: int = SAMPLE_RATE_HZ
    start_s: float = 0.0
    suffix: str = ".wav"

    @property
    def length_s(self) -> float:
        """The length of the recording."""
        return float(self.audio.shape[1] / self.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class _Take:
    """How a part is recorded: its level in a good mix (RMS while it plays), and where its file begins and ends."""

    level_dbfs: float
    from_bar: int = 0
    to_bar: float = LENGTH_S / BAR_S
    suffix: str = ".wav"


_TAKES = {
    "Kick In": _Take(-27.0),
    "Snare Top": _Take(-30.0),
    "HiHat": _Take(-41.0),
    "Tom": _Take(-32.0, from_bar=FILL_BARS[0]),
    "Floor Tom": _Take(-33.0, from_bar=FILL_BARS[0]),
    "OH": _Take(-31.0),
    "Room": _Take(-37.0, suffix=".flac"),
    "Bass": _Take(-27.0, from_bar=VERSE),
    "Gtr L": _Take(-33.0, from_bar=FILL_BARS[0]),
    "Gtr R": _Take(-33.0, from_bar=FILL_BARS[0]),
    "Keys": _Take(-33.0, suffix=".flac"),
    "Pad": _Take(-37.0, from_bar=CHORUS),
    "Lead Vox": _Take(-26.0, from_bar=VERSE, to_bar=OUTRO + 1.5),
    "Lead Vox alt": _Take(-27.0, from_bar=VERSE, to_bar=CHORUS),
    "BGV": _Take(-36.0, from_bar=CHORUS, to_bar=OUTRO + 0.5),
}


def perform(rng: np.random.Generator) -> tuple[Part, ...]:
    """Perform the song and record it out of balance: every track up to 12 dB too loud or too soft.

    Returns
    -------
    tuple of Part
        The tracks of the session, the click first.
    """
    offsets_db = dict(zip(_TAKES, rng.uniform(-MOST_OFFSET_DB, MOST_OFFSET_DB, len(_TAKES)), strict=True))
    parts = [_cut(name, signal, _TAKES[name]) for name, signal in _record_all(rng).items()]
    return (_click(), *(_at_level(part, _TAKES[part.name].level_dbfs + offsets_db[part.name]) for part in parts))


def _record_all(rng: np.random.Generator) -> dict[str, Signal]:
    """Return every part over the whole song, before levels: name -> float64 (n_samples,) or (2, n_samples)."""
    n_samples = round(LENGTH_S * SAMPLE_RATE_HZ)
    rate_hz = SAMPLE_RATE_HZ
    drums = record(drum_strokes(), n_samples, rate_hz, rng)
    stereo = {name: np.stack((drums.pop(f"{name} L"), drums.pop(f"{name} R"))) for name in ("OH", "Room")}
    bass = instruments.bass(bass_notes(), round(LENGTH_S * BASS_SAMPLE_RATE_HZ), BASS_SAMPLE_RATE_HZ, rng)
    low, high = guitar_notes(high=False), guitar_notes(high=True)
    return {
        **drums,
        **stereo,
        "Bass": bass,
        "Gtr L": instruments.guitar(low, n_samples, rate_hz, rng, drive_db=12.0, pluck_at=0.17),
        "Gtr R": instruments.guitar(high, n_samples, rate_hz, rng, drive_db=6.0, pluck_at=0.29),
        "Keys": instruments.keys(keys_notes(), n_samples, rate_hz, rng),
        "Pad": instruments.pad(pad_notes(), n_samples, rate_hz, rng),
        "Lead Vox": voice.sing(lead_syllables(), n_samples, rate_hz, rng),
        "Lead Vox alt": voice.sing(alternative_syllables(), n_samples, rate_hz, rng),
        "BGV": voice.choir(choir_syllables(), n_samples, rate_hz, rng),
    }


def _cut(name: str, signal: Signal, take: _Take) -> Part:
    rate_hz = BASS_SAMPLE_RATE_HZ if name == "Bass" else SAMPLE_RATE_HZ
    start_s = take.from_bar * BAR_S
    first, last = round(start_s * rate_hz), round(take.to_bar * BAR_S * rate_hz)
    audio = np.atleast_2d(signal)[:, first:last].astype(np.float32)
    return Part(name, audio, rate_hz, start_s, take.suffix)


def active_level_dbfs(audio: NDArray[np.float32], sample_rate_hz: int) -> float:
    """Return the RMS level of what plays: 100 ms blocks within 30 dB of the loudest, channels averaged."""
    n_block = sample_rate_hz // 10
    n_blocks = audio.shape[1] // n_block
    blocks = audio[:, : n_blocks * n_block].reshape(audio.shape[0], n_blocks, n_block)
    energies = np.mean(np.square(blocks, dtype=np.float64), axis=(0, 2))
    playing = energies[energies > 1e-3 * np.max(energies)]
    return lin_to_db(math.sqrt(float(np.mean(playing)))) if playing.size else SILENCE_DB


def _at_level(part: Part, level_dbfs: float) -> Part:
    """Bring what plays to a level, or as near to it as the peaks allow."""
    gain_db = level_dbfs - active_level_dbfs(part.audio, part.sample_rate_hz)
    peak_dbfs = lin_to_db(float(np.max(np.abs(part.audio))))
    gain_lin = db_to_lin(min(gain_db, PEAK_CEILING_DBFS - peak_dbfs))
    return replace(part, audio=part.audio * np.float32(gain_lin))


def _click() -> Part:
    click = instruments.click(SAMPLE_RATE_HZ)
    gain_lin = db_to_lin(CLICK_PEAK_DBFS) / float(np.max(np.abs(click)))
    return Part("Click", np.atleast_2d(click * gain_lin).astype(np.float32))


def fader_levels_db(names: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """Return where somebody left the faders: -7 to +3 dB, in half decibels."""
    return {name: round(2.0 * rng.uniform(-7.0, 3.0)) / 2.0 for name in names}
