"""How long it takes to read a project file of 20,000 lines, beside the ``rpp`` package where it is installed."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from reaper_automix.hosts.rpp import RppHost

TARGET_S = 0.5
ITEMS_PER_TRACK = 12
POINTS_PER_ENVELOPE = 60


def main() -> int:
    """Generate, measure, print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="reaper-automix-rpp-") as temporary:
        path = options.out or Path(temporary) / "speed.RPP"
        text = project_text(options.lines)
        path.write_text(text, encoding="utf-8", newline="\r\n")
        print(
            f"{path.name}: {text.count(chr(10))} lines, {path.stat().st_size / 1e6:.1f} MB; best of {options.repeats}"
        )
        ours_s = _best_s(lambda: RppHost(path).read_session(), options.repeats)
        said = "yes" if ours_s <= TARGET_S else "NO"
        print(f"reaper_automix: text and session {ours_s:8.3f} s   <= {TARGET_S} s: {said}")
        _show_peer(text, ours_s, options.repeats)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000, help="at least so many lines (default: 20000)")
    parser.add_argument("--repeats", type=int, default=5, help="the fastest of so many readings counts (default: 5)")
    parser.add_argument("--out", type=Path, help="keep the project here")
    return parser.parse_args()


def _show_peer(text: str, ours_s: float, repeats: int) -> None:
    if importlib.util.find_spec("rpp") is None:
        print("rpp: not installed (pip install rpp), nothing to compare with")
        return
    import rpp

    peer_s = _best_s(lambda: rpp.loads(text), min(repeats, 2))
    print(f"rpp:            text only        {peer_s:8.3f} s   {peer_s / ours_s:.1f} x reaper_automix")


def _best_s(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


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


if __name__ == "__main__":
    sys.exit(main())
