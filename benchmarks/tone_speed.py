"""How long the tone of one mono track takes, 4 minutes at 44.1 kHz, and how much memory.

* decided: what the tone mixer does after the track was measured: its loudest ten seconds, the network, the bands
* played: the network's audio for a new take, written where it waits
* mix: ``reaper_automix.cli mix SONG.RPP --mixer tone --take --in-place`` in its own process, with an empty cache: plan,
  audio, project, and the predicted loudness and true peak; then the same again, and its way back
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from session_speed import _wait

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import tone
from reaper_automix.pipeline import hear
from reaper_automix.settings import MixSettings

RATE_HZ = 44_100
TARGET_S = 20.0


def main() -> int:
    """Generate, measure, print; 1 where the target or the promises of a take are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0, help="length of the track (default: 4)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="reaper-automix-tone-speed-") as temporary:
        folder = Path(temporary)
        audio = folder / "audio" / "Lead Vox.wav"
        audio.parent.mkdir()
        soundfile.write(audio, _voice(round(60 * minutes)), RATE_HZ, subtype="PCM_24")
        session = StemsHost(audio.parent).read_session()
        os.environ["REAPER_AUTOMIX_CACHE_DIR"] = str(folder / "first")
        hearing, _ = hear(session, cache=MeasurementCache(folder / "first"))
        for said, settings in (("decided", MixSettings()), ("played", MixSettings(tone_take=True))):
            start = time.perf_counter()
            tone.decide(hearing, settings)
            print(f"{said}: {time.perf_counter() - start:.1f} s")
        project = folder / "song.RPP"
        project.write_text(new_project_text(session, folder=folder), "utf-8", newline="")
        original = project.read_bytes()
        seconds = _mixed(project, folder / "cache", "mix")
        kept = _says_of_take(project, audio)
        _mixed(project, folder / "cache", "again")
        subprocess.run(
            [sys.executable, "-m", "reaper_automix.cli", "revert", str(project)], check=True, capture_output=True
        )
        back = project.read_bytes() == original
        print(f"reverted to the same bytes: {back}")
        return 0 if seconds <= TARGET_S and kept and back else 1


def _mixed(project: Path, cache: Path, said: str) -> float:
    command = [sys.executable, "-m", "reaper_automix.cli", "mix", str(project), "--mixer", "tone", "--take"]
    environment = {**os.environ, "REAPER_AUTOMIX_CACHE_DIR": str(cache)}
    start, before = time.perf_counter(), os.times()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, "--in-place"], env=environment, stdout=quiet, stderr=quiet)
    status, memory_bytes = _wait(process)
    seconds = time.perf_counter() - start
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    memory = "unknown" if memory_bytes is None else f"{memory_bytes / 2**30:.2f} GiB"
    print(f"{said}: {seconds:.1f} s (target: {TARGET_S:.0f} s), CPU {cpu_s:.1f} s, memory {memory}, exit code {status}")
    return seconds


def _says_of_take(project: Path, audio: Path) -> bool:
    """Tell whether the take is active, of the same length, and no louder than it may be."""
    (track,) = RppHost(project).read_session().tracks
    (item,) = track.items
    new, old = (soundfile.read(path, dtype="float32")[0] for path in (item.takes[-1].source.path, audio))
    limit = max(float(np.abs(old).max()), 10.0 ** (-0.1 / 20.0))
    peak = float(np.abs(new).max())
    print(f"take {item.active_take + 1} of {len(item.takes)}, {new.shape} of {old.shape} samples, peak {peak:.4f}")
    return item.active_take == 1 and new.shape == old.shape and peak <= limit


def _voice(seconds: int) -> np.ndarray:
    """Return a gliding tone of many partials in phrases, with breath noise; its peak is 0.9."""
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(180.0 + 40.0 * np.sin(2 * np.pi * 0.3 * time_s)) / RATE_HZ
    tones = sum(np.sin(n * phase) / n for n in range(1, 24))
    noise = np.random.default_rng(1).standard_normal(time_s.size)
    phrases = np.clip(np.sin(2 * np.pi * time_s / 7.0) + 0.6, 0.0, 1.0)
    audio = phrases * (tones + 0.05 * noise)
    return np.asarray(0.9 * audio / np.abs(audio).max(), np.float32)


if __name__ == "__main__":
    sys.exit(main())
