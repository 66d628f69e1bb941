"""Numbers and findings in words, the same everywhere on the page."""

from __future__ import annotations

import math
import os
import shlex
import unicodedata
from datetime import datetime
from typing import TypeGuard

from reaper_automix.effect_settings.kinds import EFFECTS
from reaper_automix.report.model import CHANGED, LEFT_OUT, NEW, UNCHANGED, Report, TrackRow
from reaper_automix.units import SILENCE_DB

NOT_MEASURED = "–"
SILENT = "silent"


def level(value: float | None, unit: str = "") -> str:
    """Write a level: "-18.2 LUFS", "silent" for a closed fader or silence, a dash for what was not measured."""
    if value is None or math.isnan(value) or value == math.inf:
        return NOT_MEASURED
    if value <= SILENCE_DB:
        return SILENT
    return _with_unit(f"{_tenths(value):.1f}", unit)


def extent(value: float | None, unit: str = "") -> str:
    """Write a quantity for which silence has no value (a range, a crest factor): "6.1 LU", otherwise a dash."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    return _with_unit(f"{_tenths(value):.1f}", unit)


def change(before: float | None, after: float | None, unit: str = "") -> str:
    """Write a difference with its sign, as the shown numbers differ: "+1.2 dB"; a dash where one side has no value."""
    difference = change_of(before, after)
    if difference is None:
        return NOT_MEASURED
    return _with_unit(f"{difference:+.1f}" if difference else "0.0", unit)


def change_of(before: float | None, after: float | None) -> float | None:
    """Return after minus before, both rounded as shown; None where one side is silent or was not measured."""
    if not (is_heard(before) and is_heard(after)):
        return None
    return _tenths(_tenths(after) - _tenths(before))


def is_heard(value: float | None) -> TypeGuard[float]:
    """Whether a level is a number above silence."""
    return value is not None and math.isfinite(value) and value > SILENCE_DB


def clock(time_s: float, decimals: int = 0) -> str:
    """Write a time as minutes and seconds, "3:07", with hours where there are any."""
    ticks = round(abs(time_s) * 10**decimals)
    minutes, rest = divmod(ticks, 60 * 10**decimals)
    hours, minutes = divmod(minutes, 60)
    width = 3 + decimals if decimals else 2
    seconds = f"{rest / 10**decimals:0{width}.{decimals}f}"
    sign = "-" if time_s < 0 and ticks else ""
    return f"{sign}{hours}:{minutes:02d}:{seconds}" if hours else f"{sign}{minutes}:{seconds}"


def moment(created: str) -> str:
    """Write an ISO 8601 time for people, "2026-03-01 14:05 UTC"; any other text stays as it is."""
    try:
        time = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{time:%Y-%m-%d %H:%M} {time.tzname() or ''}".strip()


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: "1 fader", "3 faders"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def quoted(path: str) -> str:
    """Quote a path for the command line of this machine."""
    return f'"{path}"' if os.name == "nt" else shlex.quote(path)


def track_title(name: str) -> str:
    """Return the name to show; a track without one says so."""
    return name.strip() or "(unnamed track)"


def isolated(text: str) -> str:
    """Keep a right-to-left name from turning the numbers around it; other text stays as it is."""
    is_turning = any(unicodedata.bidirectional(c) in ("R", "AL", "RLE", "RLO", "RLI") for c in text)
    return f"\u2068{text}\u2069" if is_turning else text


def findings(report: Report) -> str:
    """Say in one sentence what the run did to the mix."""
    parts = [_loudness_finding(report), _fader_finding(report.tracks), _ride_finding(report), _plugin_finding(report)]
    return "; ".join(p for p in parts if p) + "."


def track_counts(tracks: tuple[TrackRow, ...]) -> str:
    """Say how many tracks changed, stayed and were left out."""
    if not tracks:
        return "The session has no tracks."
    counts = ((status, sum(t.status == status for t in tracks)) for status in (CHANGED, NEW, UNCHANGED, LEFT_OUT))
    return f"{plural(len(tracks), 'track')}: " + ", ".join(f"{n} {status}" for status, n in counts if n) + "."


def peak_finding(true_peak_dbtp: float | None) -> str:
    """Say what a true peak above full scale asks for; empty where it asks for nothing."""
    if not is_heard(true_peak_dbtp):
        return ""
    over_db = _tenths(true_peak_dbtp)
    if over_db <= 0.0:
        return ""
    return f"The true peak is {over_db:.1f} dB above full scale: lower the master by that much before you export."


def _loudness_finding(report: Report) -> str:
    before, after = report.summary.loudness_before_lufs, report.summary.loudness_after_lufs
    if not is_heard(after):
        return "The mix is silent" if after == -math.inf else "The loudness of the mix was not measured"
    difference = change_of(before, after)
    if difference is None:
        return f"The mix is at {level(after, 'LUFS')}"
    if not difference:
        return f"The mix is as loud as before ({level(after, 'LUFS')})"
    way = "louder" if difference > 0 else "quieter"
    return f"The mix is {abs(difference):.1f} LU {way} than before ({level(before)} to {level(after, 'LUFS')})"


def _fader_finding(tracks: tuple[TrackRow, ...]) -> str:
    moved = [t for t in tracks if level(t.fader_before_db) != level(t.fader_after_db)]
    if not moved:
        return "no fader moved"
    largest = max(moved, key=lambda t: abs(change_of(t.fader_before_db, t.fader_after_db) or 0.0))
    difference = change(largest.fader_before_db, largest.fader_after_db, "dB")
    if difference == NOT_MEASURED:  # only faders that were or are closed
        difference = f"{level(largest.fader_before_db)} to {level(largest.fader_after_db, 'dB')}"
    which = "the largest " if len(moved) > 1 else ""
    return f"{plural(len(moved), 'fader')} moved, {which}{isolated(track_title(largest.name))} {difference}"


def _ride_finding(report: Report) -> str:
    n_ridden = len({m.track for m in report.moves if "volume" in m.what.casefold()})
    return f"volume automation on {plural(n_ridden, 'track')}" if n_ridden else ""


def _plugin_finding(report: Report) -> str:
    tracks = [m.track for m in report.moves if m.what.partition(" (")[0] in EFFECTS]
    n_sends = sum(m.what.startswith("send to ") for m in report.moves)
    plugins = f"{plural(len(tracks), 'plug-in')} on {plural(len(set(tracks)), 'track')}" if tracks else ""
    return " and ".join(filter(None, (plugins, plural(n_sends, "send") if n_sends else "")))


def _tenths(value: float) -> float:
    """Round to what is shown, without a negative zero."""
    return round(value, 1) + 0.0


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}" if unit else number
