"""A song of MedleyDB as its owners have it, with tones that tell its raw tracks apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100
YAML = """\
artist: A Band
has_bleed: 'no'
mix_filename: ABand_ASong_MIX.wav
producer:
- P
raw_dir: ABand_ASong_RAW
stem_dir: ABand_ASong_STEMS
stems:
  S01:
    component: bass
    filename: ABand_ASong_STEM_01.wav
    instrument: electric bass
    raw:
      R01: {filename: ABand_ASong_RAW_01_01.wav, instrument: electric bass}
      R02: {filename: ABand_ASong_RAW_01_02.wav, instrument: electric bass}
  S02:
    component: melody
    filename: ABand_ASong_STEM_02.wav
    instrument: male singer
    raw:
      R01: {filename: ABand_ASong_RAW_02_01.wav, instrument: male singer}
{more}title: A Song
version: 1.2
"""
DRUM_MACHINE = """\
  S03:
    component: ''
    filename: ABand_ASong_STEM_03.wav
    instrument: drum machine
    raw: {}
"""


def metadata(more_stems: str = "") -> str:
    """What lies beside a song of two stems, and more of them."""
    return YAML.replace("{more}", more_stems)


TONES = {
    "STEMS/ABand_ASong_STEM_01": (400.0, 0.1),
    "STEMS/ABand_ASong_STEM_02": (900.0, 0.1),
    "STEMS/ABand_ASong_STEM_03": (60.0, 0.1),
    "RAW/ABand_ASong_RAW_01_01": (200.0, 0.05),
    "RAW/ABand_ASong_RAW_01_02": (400.0, 0.2),
    "RAW/ABand_ASong_RAW_02_01": (900.0, 0.2),
}


def medleydb_song(root: Path, *, seconds: float) -> Path:
    song = root / "Audio" / "ABand_ASong"
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    for name, (frequency_hz, level) in TONES.items():
        path = song / f"ABand_ASong_{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, level * np.sin(2.0 * np.pi * frequency_hz * time_s), RATE_HZ)
    soundfile.write(song / "ABand_ASong_MIX.wav", 0.1 * np.sin(time_s), RATE_HZ)
    (song / "ABand_ASong_METADATA.yaml").write_text(metadata(DRUM_MACHINE), "utf-8")
    return root
