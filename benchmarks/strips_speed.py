"""How long the channel strips of 16 stereo tracks take, 4 minutes at 48 kHz, and how much memory.

* heard: every track decoded and measured once, as for any mixer (``pipeline.hear``)
* decided: what the strips mixer does after that: excerpts, suggestion, good manners, moves
* mix: ``reaper_automix.cli mix FOLDER --mixer strips`` in its own process, with an empty cache: plan, project, and the
  predicted loudness and true peak
* whole strips: the same where every track gets an equaliser of five bands, a compressor and a send, whatever the
  models suggest: the most that a plan has to play
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
from session_speed import RATE_HZ, _seconds, _wait

from reaper_automix import cli
from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import strips
from reaper_automix.mixers.strip_excerpts import Heard
from reaper_automix.mixers.strip_parameters import N_STRIP, neutral_reverb_vector, reverb_from, settings_from
from reaper_automix.mixers.strip_suggestions import Suggestion
from reaper_automix.pipeline import hear
from reaper_automix.settings import MixSettings

NAMES = ("Kick", "Snare", "Bass", "Gtr", "Keys", "Lead Vox", "Synth", "Strings")
N_TRACKS = 16
TARGET_S, TARGET_GIB = 60.0, 3.0
WHOLE = "--whole-strips-of-a-child"


def main() -> int:
    """Generate, measure, print."""
    if WHOLE in sys.argv:
        strips.suggested = _whole
        return cli.main([argument for argument in sys.argv[1:] if argument != WHOLE])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0, help="length of each track (default: 4)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="reaper-automix-strips-speed-") as temporary:
        folder = Path(temporary) / "song"
        folder.mkdir()
        for number in range(N_TRACKS):
            _write(folder / f"{number:02d} {NAMES[number % len(NAMES)]}.wav", number, round(60 * minutes))
        session = StemsHost(folder).read_session()
        start = time.perf_counter()
        hearing, _ = hear(session, cache=MeasurementCache(Path(temporary) / "first"))
        heard = time.perf_counter()
        decided = strips.decide(hearing, MixSettings())
        done = time.perf_counter()
        print(f"heard {heard - start:.1f} s, decided {done - heard:.1f} s: {len(decided.others)} moves beside faders")
        print(f"goal: {TARGET_S:g} s, {TARGET_GIB:g} GiB")
        installed = [sys.executable, "-m", "reaper_automix.cli"]
        status = _mix("mix", installed, folder, Path(temporary))
        return status or _mix("whole strips", [sys.executable, __file__, WHOLE], folder, Path(temporary))


def _mix(label: str, program: list[str], folder: Path, temporary: Path) -> int:
    """Run a mix in a process of its own, and print what it took."""
    command = [*program, "mix", str(folder), "--mixer", "strips", "--quiet", "--out", str(temporary / f"{label}.RPP")]
    environment = os.environ | {"REAPER_AUTOMIX_CACHE_DIR": str(temporary / label)}
    start = time.perf_counter()
    status, memory_bytes = _wait(subprocess.Popen(command, env=environment))
    took_s = time.perf_counter() - start
    memory = "" if memory_bytes is None else f", {memory_bytes / 2**20:.0f} MiB at most"
    print(f"{label} {took_s:.1f} s{memory}", flush=True)
    return status


def _whole(heard: Heard, _roles: object, source: str = "auto") -> Suggestion:
    """Suggest a whole strip for every track, whoever it is."""
    vectors = [np.random.default_rng(number).uniform(0.25, 0.75, N_STRIP) for number in range(len(heard.sounds))]
    reverb = reverb_from(neutral_reverb_vector())
    return Suggestion(tuple(settings_from(vector) for vector in vectors), reverb, f"made up, not {source}")


def _write(path: Path, number: int, n_seconds: int) -> None:
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
        for sound in _seconds(number, n_seconds):
            file.write(np.ascontiguousarray(sound.T))


if __name__ == "__main__":
    sys.exit(main())
