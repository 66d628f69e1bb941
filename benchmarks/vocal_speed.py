"""How long a vocal over 16 backing tracks takes, stereo, 4 minutes at 48 kHz, with a compressor that has to be found.

* heard: every track decoded and measured once, as for any mixer (``pipeline.hear``)
* decided: what the vocal mixer does after that: compressor, spectra, equaliser, level, reverb
* mix: ``reaper_automix.cli mix FOLDER --mixer vocal`` in its own process, with an empty cache
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

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import vocal
from reaper_automix.pipeline import hear
from reaper_automix.settings import MixSettings

N_BACKING = 16
TARGET_S = 20.0
SOFT_LIN, PHRASE_S = 0.1, 12


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0, help="length of each track (default: 4)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="reaper-automix-vocal-speed-") as temporary:
        folder = Path(temporary) / "song"
        folder.mkdir()
        for number in range(N_BACKING + 1):
            _write(folder / (f"{number:02d} Keys.wav" if number else "Lead Vox.wav"), number, round(60 * minutes))
        session = StemsHost(folder).read_session()
        start = time.perf_counter()
        hearing, _ = hear(session, cache=MeasurementCache(Path(temporary) / "first"))
        heard = time.perf_counter()
        decided = vocal.decide(hearing, MixSettings(vocal_level="rule"))
        done = time.perf_counter()
        effects = [move.plugin for move in decided.others if hasattr(move, "plugin")]
        print(f"heard {heard - start:.1f} s, decided {done - heard:.1f} s (goal {TARGET_S:g} s): {', '.join(effects)}")
        command = [sys.executable, "-m", "reaper_automix.cli", "mix", str(folder), "--mixer", "vocal", "--quiet"]
        command += ["--out", str(Path(temporary) / "mix.RPP")]
        environment = os.environ | {"REAPER_AUTOMIX_CACHE_DIR": str(Path(temporary) / "second")}
        start = time.perf_counter()
        status, memory_bytes = _wait(subprocess.Popen(command, env=environment))
        took_s = time.perf_counter() - start
        memory = "" if memory_bytes is None else f", {memory_bytes / 2**20:.0f} MiB at most"
        print(f"mix {took_s:.1f} s{memory}")
    return status


def _write(path: Path, number: int, n_seconds: int) -> None:
    """Write a track; the first one sings softly and loudly by turns."""
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
        for second, sound in enumerate(_seconds(number, n_seconds)):
            soft = number == 0 and second // PHRASE_S % 2
            file.write(np.ascontiguousarray((SOFT_LIN if soft else 1.0) * sound.T))


if __name__ == "__main__":
    sys.exit(main())
