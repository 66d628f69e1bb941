"""A small drum kit of noises, on disk as the recorded one is: 13 microphones that bleed into each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16_000
MICS = {
    "kick_r": "kick_in",
    "kick_l": "kick_in",
    "snare_top": "snare_top",
    "snare_bottom": "snare_bottom",
    "hihat": "hihat",
    "tom_1": "tom_1",
    "tom_2": "tom_2",
    "tom_3": "tom_3",
    "tom_4": "tom_4",
    "overhead_left": "overhead_left",
    "overhead_right": "overhead_right",
    "room_left": "room",
    "room_right": "room",
}
CLOSE = {
    "kick": "kick_r",
    "kick_left": "kick_l",
    "snare": "snare_top",
    "hihat_closed": "hihat",
    "hihat_open": "hihat",
    "tom_1": "tom_1",
    "tom_2": "tom_2",
    "tom_3": "tom_3",
    "tom_4": "tom_4",
    "ride_right": "overhead_right",
    "crash_left": "overhead_left",
}
SINGLE = ("ride_right",)
"""Instruments with one hit per layer."""


def write_kit(folder: Path, *, performances: int = 2) -> Path:
    """Write ``drumkit`` below a folder, and return the folder."""
    kit = folder / "drumkit"
    (kit / "samples").mkdir(parents=True)
    (kit / "performances").mkdir()
    rng = np.random.default_rng(1)
    manifest = {
        "author": "Nobody (made up)",
        "licence": "CC0-1.0",
        "sample_rate": RATE_HZ,
        "channels": [{"index": i, "mic": mic, "role": role} for i, (mic, role) in enumerate(MICS.items())],
        "instruments": [_instrument(kit, name, rng) for name in CLOSE],
    }
    (kit / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    for number in range(performances):
        lines = ["time_s,instrument,velocity"]
        for beat in range(80):
            lines.append(f"{0.45 * beat:.3f},{'snare' if beat % 2 else 'kick'},0.8")
            lines.append(f"{0.45 * beat + 0.2:.3f},{'hihat_closed' if number else 'ride_right'},0.5")
        (kit / "performances" / f"written_{number}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _instrument(kit: Path, name: str, rng: np.random.Generator) -> dict[str, object]:
    hits = []
    for layer in (1, 2, 3):
        for turn in (1,) if name in SINGLE else (1, 2):
            file = f"samples/{name}_v{layer}_r{turn}.wav"
            audio = _hit(CLOSE[name], 0.12 * layer, rng)
            soundfile.write(kit / file, audio.T, RATE_HZ, subtype="FLOAT")
            level_db = 20.0 * np.log10(np.sqrt(np.mean(np.square(audio), axis=1)))
            hits.append(
                {
                    "file": file,
                    "layer": layer,
                    "round_robin": turn,
                    "velocity_range": [(layer - 1) / 3, layer / 3],
                    "velocity": (layer - 0.5) / 3,
                    "rms_first_200ms_dbfs": dict(zip(MICS, level_db.tolist(), strict=True)),
                }
            )
    return {"instrument": name, "close_mic": CLOSE[name], "hits": hits}


def _hit(close: str, level: float, rng: np.random.Generator) -> np.ndarray:
    """Return a decaying noise that every microphone hears, later and weaker the farther it is."""
    n = round(0.25 * RATE_HZ)
    noise = rng.standard_normal(n) * np.exp(-np.arange(n) / (0.04 * RATE_HZ))
    rows = []
    for number, mic in enumerate(MICS):
        far = mic.startswith(("overhead", "room"))
        gain = level if mic == close else level * (0.25 if far else 0.06)
        late = 0 if mic == close else 5 + 3 * number
        own = rng.standard_normal(n) * np.exp(-np.arange(n) / (0.02 * RATE_HZ))
        heard = np.convolve(noise, np.r_[1.0, rng.normal(0.0, 0.3, 4)])[:n] + 0.3 * own
        rows.append(gain * np.concatenate([np.zeros(late), heard])[:n])
    return np.asarray(rows, np.float32)
