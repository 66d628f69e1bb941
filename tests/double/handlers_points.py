"""The points of envelopes and of automation items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from double.envelopes import chunk_of, point_fields, scale_from, scale_to, scaling_mode, volume_mode
from double.handlers_envelopes import item_lines, sort_points, store
from double.references import EnvelopeRef
from double.tree import as_number, number
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import format_number, words

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_TOPS = {0: 2.0, 1: 1.0, 4: 4.0, 5: 16.0}
_FULL_POOL = 0x10000000

Point = tuple[float, float, int, float, bool]
"""Time in s, a script's value, shape, tension, selected."""


def CountEnvelopePoints(reaper: DoubleReaper, envelope: EnvelopeRef) -> int:
    return CountEnvelopePointsEx(reaper, envelope, -1)


def CountEnvelopePointsEx(reaper: DoubleReaper, envelope: EnvelopeRef, item: int) -> int:
    chunk = chunk_of(reaper, envelope)
    return sum(1 for _ in chunk.lines("PT")) if item < 0 else len(_points(envelope, chunk, item))


def GetEnvelopePoint(
    reaper: DoubleReaper,
    envelope: EnvelopeRef,
    index: int,
    time_s: float,
    value: float,
    shape: int,
    tension: float,
    selected: bool,
) -> tuple[bool, float, float, int, float, bool]:
    return GetEnvelopePointEx(reaper, envelope, -1, index, time_s, value, shape, tension, selected)


def GetEnvelopePointEx(
    reaper: DoubleReaper,
    envelope: EnvelopeRef,
    item: int,
    index: int,
    time_s: float,
    value: float,
    shape: int,
    tension: float,
    selected: bool,
) -> tuple[bool, float, float, int, float, bool]:
    points = _points(envelope, chunk_of(reaper, envelope), item)
    if not 0 <= index < len(points):
        return (False, time_s, value, shape, tension, selected)
    return (True, *points[index])


def InsertEnvelopePoint(
    reaper: DoubleReaper,
    envelope: EnvelopeRef,
    time_s: float,
    value: float,
    shape: int,
    tension: float,
    selected: bool,
    no_sort: bool,
) -> tuple[bool, bool]:
    return InsertEnvelopePointEx(reaper, envelope, -1, time_s, value, shape, tension, selected, no_sort)


def InsertEnvelopePointEx(
    reaper: DoubleReaper,
    envelope: EnvelopeRef,
    item: int,
    time_s: float,
    value: float,
    shape: int,
    tension: float,
    selected: bool,
    no_sort: bool,
) -> tuple[bool, bool]:
    """Add a point, beside one that may be there at the same time."""
    if item >= 0:
        raise NotImplementedError("the double inserts no points into automation items")
    chunk = chunk_of(reaper, envelope)
    in_file = scale_from(scaling_mode(envelope, chunk), value)
    text = f"PT {format_number(time_s)} {format_number(in_file)} {shape}"
    if selected or tension:
        text += f" 0 {int(selected)} 0 {format_number(tension)}"
    chunk.body.append(chunk.new_line(text))
    if not no_sort:
        sort_points(chunk)
    store(envelope, chunk)
    return True, no_sort


def DeleteEnvelopePointRange(reaper: DoubleReaper, envelope: EnvelopeRef, start_s: float, end_s: float) -> bool:
    return DeleteEnvelopePointRangeEx(reaper, envelope, -1, start_s, end_s)


def DeleteEnvelopePointRangeEx(
    reaper: DoubleReaper, envelope: EnvelopeRef, item: int, start_s: float, end_s: float
) -> bool:
    """Delete the points from the start up to, but not at, the end."""
    if item >= 0:
        raise NotImplementedError("the double deletes no points in automation items")
    chunk = chunk_of(reaper, envelope)
    gone = [line for line in chunk.lines("PT") if start_s <= point_fields(line)[0] < end_s]
    for line in gone:
        chunk.remove(line)
    if gone:
        store(envelope, chunk)
    return bool(gone)


def Envelope_SortPoints(reaper: DoubleReaper, envelope: EnvelopeRef) -> bool:
    return Envelope_SortPointsEx(reaper, envelope, -1)


def Envelope_SortPointsEx(reaper: DoubleReaper, envelope: EnvelopeRef, item: int) -> bool:
    sort_points(chunk_of(reaper, envelope))
    return True


def Envelope_Evaluate(
    reaper: DoubleReaper,
    envelope: EnvelopeRef,
    time_s: float,
    rate_hz: float,
    n_samples: int,
    value: float,
    first: float,
    second: float,
    third: float,
) -> tuple[int, float, float, float, float]:
    """Return the underlying envelope's value: every shape but square is taken for a line between scripts' values."""
    points = _points(envelope, chunk_of(reaper, envelope), -1)
    if not points:
        return 0, value, first, second, third
    before = [point for point in points if point[0] <= time_s] or points[:1]
    after = [point for point in points if point[0] > time_s] or points[-1:]
    (start_s, start, shape, *_), (end_s, end, *_) = before[-1], after[0]
    share = (time_s - start_s) / (end_s - start_s) if end_s > start_s and shape != 1 else 0.0
    return 1, start + (end - start) * min(max(share, 0.0), 1.0), 0.0, 0.0, 0.0


# --- reading -------------------------------------------------------------------------------------------------------


def _points(envelope: EnvelopeRef, chunk: Chunk, item: int) -> list[Point]:
    """Return the points of an envelope, or those that an automation item shows."""
    mode = scaling_mode(envelope, chunk)
    default = int(number(chunk, "DEFSHAPE", 0))
    if item < 0:
        found = []
        for line in chunk.lines("PT"):
            time_s, value, shape, tension, selected = point_fields(line)
            shown = scale_to(mode, value)
            found.append((time_s, shown, shape if shape >= 0 else default, tension, selected))
        return found
    lines = item_lines(chunk)
    index, full = item & ~_FULL_POOL, bool(item & _FULL_POOL)
    if index >= len(lines):
        return []
    return list(_item_points(envelope, lines[index], mode, full))


def _item_points(envelope: EnvelopeRef, line: Line, mode: int, full: bool) -> Iterator[Point]:
    """Yield what an automation item shows of its pool; loops repeat it."""
    fields = [as_number(word) for word in words(line.text)[1:]]
    fields += [0.0] * (16 - len(fields))
    position_s, length_s, offset_s, rate = fields[1], fields[2], fields[3], fields[4] or 1.0
    pool = next((p for p in envelope.tab.root.chunks("POOLEDENV") if number(p, "ID", 0) == fields[0]), None)
    if pool is None:
        return
    source_s = number(pool, "SRCLEN", 0)
    points = [_pool_point(row) for row in pool.lines("PPT")]
    rounds = int((offset_s + length_s * rate) / source_s) + 1 if fields[8] and source_s > 0.0 and not full else 1
    for turn in range(rounds):
        for time_s, share, shape, tension, selected in points:
            at_s = position_s + (time_s + turn * source_s - offset_s) / rate
            if full or position_s - 1e-9 <= at_s <= position_s + length_s + 1e-9:
                moved = (share - 0.5) * fields[7] + fields[6]
                value = _of_share(envelope, min(max(moved, 0.0), 1.0), mode, _TOPS.get(int(fields[15]), 2.0))
                yield at_s, value, max(shape, 0), tension, selected


def _pool_point(line: Line) -> Point:
    """Return a point of a pool: time, share of the range, shape, tension; never selected."""
    fields = [as_number(word) for word in words(line.text)[1:]] + [0.0] * 4
    return fields[0], fields[1], int(fields[2]), fields[3], False


def _of_share(envelope: EnvelopeRef, share: float, mode: int, top: float) -> float:
    """Return a share of the envelope's range as a script sees it."""
    if volume_mode(envelope):
        return share * scale_to(mode, top)
    return float(share >= 0.5) if envelope.tag == "MUTEENV" else 1.0 - 2.0 * share
