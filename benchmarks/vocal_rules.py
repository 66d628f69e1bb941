"""The vocal mixer by rule on real songs, measured as rendered: ``python benchmarks/vocal_rules.py DATA``.

For every song with a lead vocal below ``DATA/songs`` the faders are disturbed by up to 8 dB each, the mixer runs with
``--level rule``, and lead (dry) and everything else are rendered and measured before and after. One more row has a
vocal that was made wild: the lead of a song through slow swells, so that its loudness range is beyond 20 LU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from reaper_automix.analysis.loudness import LoudnessMeter, loudness_range_lu
from reaper_automix.analysis.roles import Role
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.vocal_sound import Side, hear_side
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.session import Session
from reaper_automix.settings import MixSettings

DISTURBED_DB = 8.0
SWELL_S, SWELL_DB = 17.0, 26.0


@dataclass(frozen=True)
class Row:
    """One song."""

    name: str
    sung_lu: tuple[float, float]
    whole_lu: tuple[float, float]
    range_lu: tuple[float, float]
    true_peak_dbtp: tuple[float, float]
    bands: str
    took_s: float


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder that holds songs/")
    folder = parser.parse_args().data / "songs"
    songs = sorted(path for path in folder.iterdir() if (path / "song.json").is_file())
    with tempfile.TemporaryDirectory() as scratch:
        rows = [measured(song) for song in songs] + [measured(wild(songs[-1], Path(scratch)))]
    print("| song | lead - rest, LU | while sung, LU | range, LU | true peak, dBTP | equaliser | s |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        pairs = (row.whole_lu, row.sung_lu, row.range_lu, row.true_peak_dbtp)
        cells = " | ".join(f"{before:.2f} -> {after:.2f}" for before, after in pairs)
        print(f"| {row.name} | {cells} | {row.bands} | {row.took_s:.0f} |")
    return 0


def measured(folder: Path) -> Row:
    """Disturb a song, mix it, and measure both."""
    rng = np.random.default_rng(sum(map(ord, folder.name)))
    session = StemsHost(folder).read_session()
    faders_db = rng.uniform(-DISTURBED_DB, DISTURBED_DB, len(session.tracks))
    moved = {t.id: replace(t, gain_db=float(g)) for t, g in zip(session.tracks, faders_db, strict=True)}
    session = session.with_tracks(moved)
    began = time.perf_counter()
    planned = make_plan(session, "vocal", MixSettings(vocal_level="rule"))
    took_s = time.perf_counter() - began
    before, after = sides(session, planned), sides(planned.after, planned)
    sung = before[0].sung()
    masks = planned.findings.unmasking  # type: ignore[attr-defined]
    return Row(
        name=folder.name,
        sung_lu=tuple(lead.lufs_while(sung) - rest.lufs_while(sung) for lead, rest in (before, after)),  # type: ignore[arg-type]
        whole_lu=tuple(lead.lufs - rest.lufs for lead, rest in (before, after)),  # type: ignore[arg-type]
        range_lu=(loudness_range_lu(before[0].energy), loudness_range_lu(after[0].energy)),
        true_peak_dbtp=tuple(m.loudness.true_peak_dbtp for m in (planned.mix_before, planned.mix_after)),  # type: ignore[arg-type]
        bands=", ".join(f"{band.gain_db:+.1f} dB at {band.frequency_hz:g} Hz" for band in masks.bands) or "none",
        took_s=took_s,
    )


def sides(session: Session, planned: Planned) -> tuple[Side, Side]:
    """Return the lead, dry, and everything else."""
    dry = replace(session, tracks=tuple(replace(t, receives=()) for t in session.tracks))
    leads = [i for i, role in planned.hearing.roles.items() if role is Role.LEAD_VOCAL]
    others = [i for i in planned.hearing.measurements if i not in leads]
    range_s = (0.0, session.end_s)
    return hear_side(dry, leads, range_s), hear_side(dry, others, range_s)


def wild(song: Path, scratch: Path) -> Path:
    """Return a copy of a song whose lead swells slowly."""
    folder = scratch / f"{song.name}, lead made wild"
    folder.mkdir()
    for path in song.glob("*.ogg"):
        audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        if path.stem == "vox_lead":
            time_s = np.arange(len(audio)) / rate_hz
            swell_db = -SWELL_DB * (0.5 - 0.5 * np.cos(2.0 * np.pi * time_s / SWELL_S))
            audio = audio * np.float32(10.0 ** (swell_db / 20.0))[:, None]
            meter = LoudnessMeter(rate_hz, audio.shape[1])
            meter.add(np.ascontiguousarray(audio.T))
            sys.stderr.write(f"{folder.name}: loudness range {meter.result().range_lu:.1f} LU\n")
        soundfile.write(folder / f"{path.stem}.wav", audio, rate_hz, subtype="FLOAT")
    return folder


if __name__ == "__main__":
    sys.exit(main())
