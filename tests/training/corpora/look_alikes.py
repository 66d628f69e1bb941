"""Tiny corpora in the layout of the real ones, made anew for each test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from synthetic_medleydb import metadata

RATE_HZ = 8000
SECONDS = 1.0


def sound(path: Path, *, seconds: float = SECONDS, level: float = 0.1) -> Path:
    """Write a short noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(path.name)).normal(0.0, level, int(seconds * RATE_HZ))
    soundfile.write(path, noise, RATE_HZ)
    return path


def described(folder: Path, data: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "song.json").write_text(json.dumps(data), "utf-8")


def lmms_track(file: str, **more: Any) -> dict[str, Any]:
    entry = {
        "file": file,
        "name": "Bass",
        "role": "bass",
        "label_confidence": "high",
        "human_gain_db": -6.0,
        "pan": 0.0,
        "automation": [],
        "heard_gain_db": -6.0,
        "effect_level_change_db": 0.0,
        "has_insert_fx": False,
        "has_bus_fx": False,
    }
    return entry | more


def lmms(root: Path, tracks: list[dict[str, Any]] | None = None, **more: Any) -> Path:
    folder = root / "someone_song"
    tracks = tracks or [lmms_track("raw_01.wav"), lmms_track("raw_02.wav", role="kick", name="kick.ds")]
    for track in tracks:
        sound(folder / track["file"])
    sound(folder / "human_mix.wav")
    head = {"title": "Song", "author": "Someone", "licence": "CC-BY-SA-3.0", "seconds": SECONDS}
    described(folder, {**head, "human_mix": {"file": "human_mix.wav"}, "tracks": tracks, **more})
    return root


def songs(root: Path) -> Path:
    stems = [
        {"file": f"{n}.wav", "name": n.upper(), "role": r, "label_confidence": "high", "lufs_integrated": level}
        for n, r, level in (("bgvox", "backing_vocal", -20.0), ("kick", "kick", -14.0), ("pad", "synth", None))
    ]
    for stem in stems:
        sound(root / "lead" / str(stem["file"]))
    head = {"title": "Lead", "artist": "Someone", "licence": "CC0-1.0", "seconds": SECONDS}
    described(root / "lead", {**head, "stems": stems})
    return root


def music_delta(root: Path, *, with_mix: bool) -> Path:
    folder = root / "musicdelta_x"
    tracks = []
    for number, role in enumerate(("drums", "lead_vocal"), start=1):
        entry: dict[str, Any] = {
            "file": f"{number:02d}_{role}_raw.wav",
            "kind": "raw",
            "source_file": f"X_RAW_{number:02d}_01.wav",
            "role": role,
            "label_confidence": "high",
            "stem": number,
        }
        if with_mix:
            entry["raw_to_stem"] = {"energy_gain_db": -3.5}
        tracks.append(entry)
        sound(folder / entry["file"])
    if with_mix:
        sound(folder / "mix.flac")
    head = {"title": "X", "artist": "Music Delta", "producer": ["P"], "licence": "CC-BY-NC-SA-4.0"}
    described(folder, {**head, "seconds": SECONDS, "tracks": tracks})
    return root


def gm_midi(root: Path) -> Path:
    tracks = [
        {"file": f"{n:02d}_{r}.flac", "name": r, "role": r, "label_confidence": "high", "gain_db": curve}
        for n, r, curve in ((1, "bass", [[0.0, -4.0]]), (10, "drums", [[0.0, -4.0], [0.5, -9.0]]))
    ]
    for track in tracks:
        sound(root / "freedoom1_e1m1" / str(track["file"]))
    sound(root / "freedoom1_e1m1" / "mix.flac")
    head = {"format": "reaper_automix.gm_midi/1", "id": "freedoom1_e1m1", "title": "T", "author": "A"}
    more = {"licence": "BSD-3-Clause", "seconds": SECONDS, "mix": {"file": "mix.flac"}, "tracks": tracks}
    described(root / "freedoom1_e1m1", {**head, **more})
    return root


def rockband(root: Path) -> Path:
    for name in ("vocals", "drums", "gtr", "bass", "Song mix"):
        sound(root / "The Artist - The Song" / f"{name}.wav")
    for name in ("drums", "guitar", "rhythm", "song", "crowd", "preview"):
        sound(root / "game" / f"{name}.wav")
    (root / "game" / "song.ini").write_text("[song]\nname = Played\nartist = Band\n", "utf-8")
    (root / "game" / "licence.txt").write_text("CC-BY-4.0\n", "utf-8")
    return root


def musdb18hq(root: Path) -> Path:
    for subset, song in (("train", "A Band - A Song"), ("test", "B - C")):
        for stem in ("mixture", "drums", "bass", "other", "vocals"):
            sound(root / subset / song / f"{stem}.wav")
    return root


def medleydb(root: Path, *, apart: bool = False) -> Path:
    song = root / "Audio" / "ABand_ASong"
    for name in ("STEM_01", "STEM_02"):
        sound(song / "ABand_ASong_STEMS" / f"ABand_ASong_{name}.wav")
    for name in ("RAW_01_01", "RAW_01_02", "RAW_02_01"):
        sound(song / "ABand_ASong_RAW" / f"ABand_ASong_{name}.wav")
    sound(song / "ABand_ASong_MIX.wav")
    place = root / "Metadata" if apart else song
    place.mkdir(exist_ok=True)
    (place / "ABand_ASong_METADATA.yaml").write_text(metadata(), "utf-8")
    return root


def enst_drums(root: Path) -> Path:
    for microphone in ("kick", "snare", "hi-hat", "tom_1", "overhead_L", "overhead_R", "dry_mix", "wet_mix"):
        for take in ("036_phrase_disco_simple_slow_sticks", "001_hits_snare-drum_sticks_x6"):
            sound(root / "drummer_1" / "audio" / microphone / f"{take}.wav")
    return root
