"""Reading a project file of 20,000 lines, beside the ``rpp`` package, which reads the text alone."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import is_there
from benchmarks.rows import Row
from benchmarks.size import Size
from benchmarks.timing import race
from reaper_automix.hosts.rpp import RppHost

SUITE = "rpp"
GOAL_S = 0.5
LINES = 20_000
ITEMS_PER_TRACK = 12
POINTS_PER_ENVELOPE = 60


def rows(size: Size) -> Iterator[Row]:
    """Measure: wall time, as the engineer waits for it."""
    with tempfile.TemporaryDirectory(prefix="reaper-automix-rpp-") as temporary:
        path = Path(temporary) / "speed.RPP"
        text = project_text(size.count(LINES, 500))
        path.write_text(text, encoding="utf-8", newline="\r\n")
        contenders = {"ours": lambda: RppHost(path).read_session()}
        missing = is_there("rpp")
        if not missing:
            import rpp

            contenders["rpp"] = lambda: rpp.loads(text)
        found = race(contenders, size.long_rounds + 1, clock=time.perf_counter)
        ours = found.figure("ours")
        yield Row(
            SUITE,
            f".RPP of {text.count(chr(10)):,} lines, {path.stat().st_size / 1e6:.1f} MB",
            tuple(found.figure(name) for name in contenders),
            None if missing else found.ratio("rpp"),
            goal=f"{GOAL_S:g} s",
            met=ours.median <= 1_000.0 * GOAL_S,
            note=missing or "ours: lines kept byte for byte and the session; rpp: text alone",
        )


def project_text(n_lines: int) -> str:
    """Return a project of at least so many lines: tracks with items, fades, envelopes and a plug-in each."""
    lines = ['<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1730000000', "  RIPPLE 0 0", "  SAMPLERATE 48000 0 0"]
    lines += ["  TEMPO 120 4 4", "  PANLAW 1", "  MASTER_VOLUME 1 0 -1 -1 1"]
    number = 0
    while len(lines) < n_lines:
        number += 1
        lines += _track_lines(number)
    return "\n".join([*lines, ">", ""])


def _track_lines(number: int) -> list[str]:
    guid = _guid(number, 0)
    lines = [f"  <TRACK {guid}", f'    NAME "Track {number}"', "    PEAKCOL 16576", "    BEAT -1", "    AUTOMODE 0"]
    lines += ["    VOLPAN 0.8 -0.1 -1 -1 1", "    MUTESOLO 0 0 0", "    IPHASE 0", "    ISBUS 0 0", "    NCHAN 2"]
    lines += ["    FX 1", f"    TRACKID {guid}", "    MAINSEND 1 0"]
    points = (f"      PT {0.5 * k:.6f} {0.5 + 0.4 * (k % 7) / 7:.8f} 0" for k in range(POINTS_PER_ENVELOPE))
    lines += [
        "    <VOLENV2",
        f"      EGUID {_guid(number, 1)}",
        "      ACT 1 -1",
        "      VIS 1 1 1",
        "      LANEHEIGHT 0 0",
    ]
    lines += ["      ARM 0", "      DEFSHAPE 0 -1 -1", *points, "    >"]
    blob = ["        " + "QUJD" * 32] * 8
    lines += ["    <FXCHAIN", "      SHOW 0", "      LASTSEL 0", "      DOCKED 0", "      BYPASS 0 0 0"]
    lines += [
        '      <VST "VST: ReaEQ (Cockos)" reaeq.so 0 "" 1919247729<56535472656571726561657100000000> ""',
        *blob,
        "      >",
    ]
    lines += [f"      FXID {_guid(number, 2)}", "      WAK 0 0", "    >"]
    for item in range(ITEMS_PER_TRACK):
        lines += _item_lines(number, item)
    return [*lines, "  >"]


def _item_lines(track: int, item: int) -> list[str]:
    return [
        "    <ITEM",
        f"      POSITION {item * 4.0:.6f}",
        "      SNAPOFFS 0",
        "      LENGTH 3.9",
        "      LOOP 0",
        "      ALLTAKES 0",
        "      FADEIN 1 0.01 0 1 0 0 0",
        "      FADEOUT 1 0.01 0 1 0 0 0",
        "      MUTE 0 0",
        "      SEL 0",
        f"      IGUID {_guid(track, 100 + item)}",
        f"      IID {track * 100 + item}",
        f'      NAME "Track {track} take {item}.wav"',
        "      VOLPAN 1 0 1 -1",
        "      SOFFS 0.25",
        "      PLAYRATE 1 1 0 -1 0 0.0025",
        "      CHANMODE 0",
        f"      GUID {_guid(track, 200 + item)}",
        "      <SOURCE WAVE",
        f'        FILE "Audio/track {track} take {item}.wav"',
        "      >",
        "    >",
    ]


def _guid(track: int, part: int) -> str:
    return "{" + str(uuid.UUID(int=(track << 64) + part)).upper() + "}"
