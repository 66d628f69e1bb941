"""Audio in little room: compressed for pages that play it.

The format is MP3 because it is the one that every browser decodes, Safari on a Mac that is some years old included;
Opus would sound as well in about half the room, but is not known to those (Safari takes Ogg files from 18.4 on). What
libsndfile writes (LAME) begins with a note of what the encoder has put around the audio, so that browsers cut it off:
two files of the same length stay aligned to the sample. Below 64 kbit/s there may be no room for that note.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import soundfile as sf
import soxr

from reaper_automix.audio.media import Audio
from reaper_automix.errors import MediaError

MIME_TYPE = "audio/mpeg"
LEAST_KBPS, MOST_KBPS = 64, 320
RATES_HZ = (44100, 48000)

DELAY_SAMPLES = 1105
"""What encoder and decoder put before the audio where a player does not cut it off: 576 + 529 samples."""

_PEAK = 0.891
"""-1 dBFS: decoded audio swings further than what was encoded, and a decoder may clip at full scale. Soft audio is
raised to it as well: an encoder leaves out what nobody would hear at the level that it is given."""

_FAINTEST = 1e-9
"""Peaks below, -180 dBFS, are not raised: denormal samples would overflow, and the encoder ends the whole process."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Compressed audio.

    Parameters
    ----------
    data : bytes
        An MP3 file.
    gain_lin : float
        What the decoded audio has to be multiplied with to be as loud as what was encoded.
    length_s : float
        How long it is, without what the encoder put around it.
    delay_s : float
        What the encoder put before it, where the player does not cut that off.
    """

    data: bytes
    gain_lin: float
    length_s: float
    delay_s: float

    @property
    def base64(self) -> str:
        """The file as text, a third longer."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def data_uri(self) -> str:
        """The file as an address that holds it."""
        return f"data:{MIME_TYPE};base64,{self.base64}"


def encode(audio: Audio, sample_rate_hz: int, kbps: int) -> Encoded:
    """Compress audio at a constant bit rate.

    Parameters
    ----------
    audio : ndarray of float32, shape (1 or 2, n_samples)
        Full scale is 1, and may be passed. At rates other than 44.1 and 48 kHz it is resampled to one of these.
    sample_rate_hz : int
        Its rate.
    kbps : int
        Of both channels together, 64 to 320 kbit/s; the encoder takes the step of MP3 that is nearest.

    Raises
    ------
    ValueError
        If the bit rate or the shape is outside of these limits.
    MediaError
        If the audio holds values that are not numbers, or the installed libsndfile cannot write MP3.
    """
    if audio.ndim != 2 or audio.shape[0] not in (1, 2) or not audio.shape[1]:
        raise ValueError(f"audio of shape {audio.shape}, expected (1 or 2, n_samples)")
    if not LEAST_KBPS <= kbps <= MOST_KBPS:
        raise ValueError(f"{kbps} kbit/s: {LEAST_KBPS} to {MOST_KBPS} are possible")
    peak = float(np.abs(audio).max())
    if not np.isfinite(peak):
        raise MediaError("The audio holds samples that are not numbers: export the file again.")
    length_s = audio.shape[1] / sample_rate_hz
    lowered_lin = peak / _PEAK if peak > _FAINTEST else 1.0
    rate_hz = _rate_for(sample_rate_hz)
    frames = np.ascontiguousarray(audio.T) * np.float32(1.0 / lowered_lin)
    if rate_hz != sample_rate_hz:
        frames = soxr.resample(frames, sample_rate_hz, rate_hz)
    data = _mp3(frames, rate_hz, kbps)
    gain_lin = lowered_lin / _encoder_gain_lin(rate_hz, frames.shape[1], kbps)
    return Encoded(data, gain_lin, length_s, DELAY_SAMPLES / rate_hz)


def decode(encoded: Encoded) -> tuple[Audio, int]:
    """Return what a player decodes, before ``gain_lin``: float32 (n_channels, n_samples), and its rate."""
    frames, rate_hz = sf.read(io.BytesIO(encoded.data), dtype="float32", always_2d=True)
    return frames.T[:, : round(encoded.length_s * rate_hz)], rate_hz


def can_encode() -> bool:
    """Tell whether the installed libsndfile writes MP3; that of ``soundfile``'s own packages does."""
    return "MP3" in sf.available_formats()


def _rate_for(sample_rate_hz: int) -> int:
    """Return the rate of the file: one of the two that every device plays."""
    return RATES_HZ[0] if sample_rate_hz % 11025 == 0 else RATES_HZ[1]


@cache
def _encoder_gain_lin(rate_hz: int, n_channels: int, kbps: int) -> float:
    """Return what the encoder multiplies everything with (LAME: 0.95 at most bit rates), found out with a tone."""
    tone = 0.5 * np.sin(2.0 * np.pi * 997.0 / rate_hz * np.arange(rate_hz))
    frames = np.repeat(tone.astype(np.float32)[:, None], n_channels, axis=1)
    decoded, _ = sf.read(io.BytesIO(_mp3(frames, rate_hz, kbps)), dtype="float32", always_2d=True)
    middle = slice(rate_hz // 4, rate_hz * 3 // 4)
    return float(np.sqrt(np.square(decoded[middle]).mean() / np.square(frames[middle]).mean()))


def _mp3(frames: Audio, rate_hz: int, kbps: int) -> bytes:
    """Return interleaved frames, shape (n_samples, n_channels), as a file."""
    if not can_encode():
        raise MediaError(
            f"libsndfile {sf.__libsndfile_version__} cannot write MP3: install soundfile with pip, whose own one does "
            "(python install.py does that)."
        )
    file = io.BytesIO()
    with sf.SoundFile(
        file,
        "w",
        rate_hz,
        frames.shape[1],
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=(MOST_KBPS - kbps) / (MOST_KBPS - 32),  # as libsndfile turns it back into a rate
    ) as mp3:
        mp3.write(frames)
    return file.getvalue()
