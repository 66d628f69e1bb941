"""What an envelope does between its points, and how few points say the same. Stdlib only.

Assumptions about REAPER, which no document states and only a running REAPER can confirm:

* With amplitude scaling (no VOLTYPE) a linear segment of a volume envelope is linear in gain. With fader scaling it is
  linear along the fader's travel, which is taken as ``gain ** FADER_EXPONENT``: the two published values of that scale
  (1.0 at 716.2 and 0.5 at 592.4 of 1000) give the exponent.
* The curves of shapes 2 to 4 are ``s*s*(3-2s)``, ``1-(1-s)**3`` and ``s**3``; a bezier is taken as a power curve bent
  by its tension.
* An automation item replaces the envelope underneath; with overlaps the later one wins. Its baseline and amplitude act
  around the middle of the range 0..2 in gain (-1..1 for pan).

Because linear segments may be linear in gain or in dB, ``thin`` counts the error of both and takes the worse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from reaper_automix.session import AutomationItem, Envelope, EnvelopeKind, EnvelopePoint, PointShape
from reaper_automix.units import db_to_lin, lin_to_db

FADER_EXPONENT = math.log(716.2178503126559 / 592.4) / math.log(2.0)
"""Fader travel as a power of the gain, see the module's assumptions."""

GUARD_S = 0.01
"""Guard points lie this far outside of the range that a move may change: near, but a step of some dB does not click."""

POLYLINE_ERROR_DB = 0.01
"""How closely ``gain_polyline`` follows the envelope."""

THIN_FLOOR_DB = -80.0
"""Levels below this count as equally silent when points are thinned."""

BEND_PER_DB2 = math.log(10.0) / 160.0
"""How far, in dB, a line that is straight in gain rises at the most above one that is straight in dB, per squared dB
between their ends: the first term of the series, which is an upper bound."""

Polyline = tuple[tuple[float, float], ...]


def neutral_value(kind: EnvelopeKind) -> float:
    """Return the value at which an envelope changes nothing: 0 dB, centre, not muted."""
    return 1.0 if kind == EnvelopeKind.MUTE else 0.0


def value_at(envelope: Envelope, time_s: float) -> float:
    """Return the envelope's value at a time: dB for volume kinds, else the native value.

    An envelope without points is neutral. At a step the value after the step is returned.
    """
    return _from_scale(envelope, _curve_around(envelope, time_s, time_s)(time_s))


def gain_polyline(envelope: Envelope, start_s: float, end_s: float) -> Polyline:
    """Return (time in s, linear gain) points that follow a volume envelope within ``POLYLINE_ERROR_DB``.

    Interpolate linearly between them; two points at one time are a step. Automation items and curved shapes are
    resolved; before the first and after the last point the envelope holds its value.
    """
    return _polyline(envelope, start_s, end_s, lambda scale: db_to_lin(_from_scale(envelope, scale)), _gain_apart)


def value_polyline(envelope: Envelope, start_s: float, end_s: float) -> Polyline:
    """Return (time in s, native value) points of a pan or mute envelope, to be interpolated linearly."""
    return _polyline(envelope, start_s, end_s, lambda scale: _from_scale(envelope, scale), _value_apart)


def is_neutral(envelope: Envelope | None, start_s: float, end_s: float, *, tolerance: float = 1e-3) -> bool:
    """Tell whether an envelope changes nothing between two times (a missing or inactive one never does)."""
    if envelope is None or not envelope.plays:
        return True
    if any(_overlaps(item, start_s, end_s) for item in envelope.automation_items):
        return False
    neutral = neutral_value(envelope.kind)
    times = [start_s, end_s, *(p.time_s for p in envelope.points if start_s <= p.time_s <= end_s)]
    return all(abs(value_at(envelope, t) - neutral) <= tolerance for t in times)


def points_between(envelope: Envelope | None, start_s: float, end_s: float) -> tuple[EnvelopePoint, ...]:
    """Return the envelope's own points between two times, ends included."""
    if envelope is None:
        return ()
    return tuple(p for p in envelope.points if start_s <= p.time_s <= end_s)


def has_items_between(envelope: Envelope | None, start_s: float, end_s: float) -> bool:
    """Tell whether automation items lie on the envelope between two times."""
    return envelope is not None and any(_overlaps(i, start_s, end_s) for i in envelope.automation_items)


def thin(curve: Sequence[tuple[float, float]], *, max_error_db: float = 0.5) -> tuple[tuple[float, float], ...]:
    """Reduce a dense curve to few points.

    Parameters
    ----------
    curve : sequence of (time in s, level in dB)
        Times strictly increasing.
    max_error_db : float
        Largest difference allowed at any time from a curve that is straight in dB between its points, whether the
        segments between the points that remain are linear in gain or linear in dB. Only between two neighbours of the
        curve that both remain, nothing can be done: there 3 dB apart differ by 0.13 dB. Levels below ``THIN_FLOOR_DB``
        count as that level.

    Returns
    -------
    tuple of (time in s, level in dB)
        A subset of the curve with its first and last point; one point where the curve is constant.
    """
    if len(curve) <= 1:
        return tuple(curve)
    if all(abs(level - curve[0][1]) <= 1e-9 for _, level in curve):
        return (curve[0],)
    keep = {0, len(curve) - 1}
    spans = [(0, len(curve) - 1)]
    while spans:
        first, last = spans.pop()
        worst, error_db = _worst_point(curve, first, last)
        if error_db > max_error_db:
            keep.add(worst)
            spans += [(first, worst), (worst, last)]
    return tuple(curve[i] for i in sorted(keep))


@dataclass(frozen=True, slots=True)
class Placement:
    """Points to write and the window whose present points they replace."""

    window_s: tuple[float, float]
    points: tuple[EnvelopePoint, ...]


def place(
    envelope: Envelope | None,
    kind: EnvelopeKind,
    points: Sequence[tuple[float, float]],
    range_s: tuple[float, float],
    *,
    session_end_s: float,
) -> Placement:
    """Fit new points into an envelope so that nothing outside of a range changes.

    Guard points that carry the old value are set ``GUARD_S`` outside of the range; where a curved segment of the old
    envelope is cut, its part outside is drawn again with linear segments. No guard is needed before time 0, nor after
    a range that spans the session when no old point follows.

    Parameters
    ----------
    envelope : Envelope or None
        What is there now.
    kind : EnvelopeKind
        The envelope to write.
    points : sequence of (time in s, value)
        New points inside the range, sorted; at least one.
    range_s : tuple of float
        What may change.
    session_end_s : float
        End of the last item.
    """
    start_s, end_s = range_s
    old = envelope if envelope is not None and envelope.plays else Envelope(kind)
    middle = [EnvelopePoint(t, v) for t, v in points]
    if middle[0].time_s > start_s + 1e-9:
        middle.insert(0, EnvelopePoint(start_s, middle[0].value))
    before = _guards_before(old, start_s) if start_s > GUARD_S else []
    whole = start_s <= 0.0 and end_s >= session_end_s
    follows = any(p.time_s > end_s for p in old.points)
    after = _guards_after(old, end_s) if follows or not whole else []
    if after and middle[-1].time_s < end_s - 1e-9:
        middle.append(EnvelopePoint(end_s, middle[-1].value))
    written = (*before, *middle, *after)
    first_s = written[0].time_s
    if not before:
        first_s = min([first_s, *(p.time_s for p in old.points)])
    return Placement((first_s, max(written[-1].time_s, end_s)), written)


def _guards_before(old: Envelope, start_s: float) -> list[EnvelopePoint]:
    """Return guard points that keep the old envelope intact before ``start_s``."""
    guard_s = start_s - GUARD_S
    cut = _segment_at(old.points, guard_s)
    guard = EnvelopePoint(guard_s, value_at(old, guard_s))
    there = _points_at(old, guard_s)
    if there:  # perhaps a step: all but its last point are written again
        return [*there[:-1], guard]
    if cut is None or cut[0].shape in (PointShape.LINEAR, PointShape.SQUARE) or cut[0].time_s >= guard_s:
        return [guard]
    # A step is two points at one time: the window takes both, so the first has to be written again.
    step = [p for p in old.points if p.time_s == cut[0].time_s][:-1]
    return [*step, *_redrawn(old, cut[0].time_s, guard_s), guard]


def _guards_after(old: Envelope, end_s: float) -> list[EnvelopePoint]:
    """Return guard points that keep the old envelope intact after ``end_s``."""
    guard_s = end_s + GUARD_S
    if there := _points_at(old, guard_s):
        return there[-1:]
    cut = _segment_at(old.points, guard_s)
    if cut is None or cut[0].shape == PointShape.LINEAR:
        return [EnvelopePoint(guard_s, value_at(old, guard_s))]
    if cut[0].shape == PointShape.SQUARE:
        return [EnvelopePoint(guard_s, value_at(old, guard_s), PointShape.SQUARE)]
    return _redrawn(old, guard_s, cut[1].time_s)


def _points_at(old: Envelope, time_s: float) -> list[EnvelopePoint]:
    """Return the points at a time, as exactly as hosts compare times."""
    return [p for p in old.points if abs(p.time_s - time_s) <= 1e-7]


def _redrawn(old: Envelope, start_s: float, end_s: float) -> list[EnvelopePoint]:
    """Draw a part of an envelope with segments that are straight in its own scale; the end point is left out."""
    line = _polyline(replace(old, automation_items=()), start_s, end_s, lambda scale: scale, _scale_apart)
    return [EnvelopePoint(t, _from_scale(old, scale)) for t, scale in line[:-1]]


def _worst_point(curve: Sequence[tuple[float, float]], first: int, last: int) -> tuple[int, float]:
    """Return the index and the error in dB of the point around which a straight segment misses a curve most."""
    (t0, a_db), (t1, b_db) = curve[first], curve[last]
    a_db, b_db = max(a_db, THIN_FLOOR_DB), max(b_db, THIN_FLOOR_DB)
    a_lin, b_lin = db_to_lin(a_db), db_to_lin(b_db)
    worst, worst_error_db = first, 0.0
    before_db, before_error_db = a_db, 0.0
    for index in range(first + 1, last):
        time_s, level_db = curve[index]
        s = (time_s - t0) / (t1 - t0)
        level_db = max(level_db, THIN_FLOOR_DB)
        in_db = a_db + s * (b_db - a_db)
        in_gain = lin_to_db(a_lin + s * (b_lin - a_lin))
        error_db = max(abs(in_db - level_db), abs(in_gain - level_db))
        between_db = max(error_db, before_error_db) + BEND_PER_DB2 * (in_gain - before_db) ** 2
        if between_db > worst_error_db:
            worst = index if error_db >= before_error_db or index == first + 1 else index - 1
            worst_error_db = between_db
        before_db, before_error_db = in_gain, error_db
    if last > first + 1 and (between_db := before_error_db + BEND_PER_DB2 * (b_db - before_db) ** 2) > worst_error_db:
        return last - 1, between_db
    return worst, worst_error_db


# --- the curve of an envelope, in its own scale --------------------------------------------------------------------

Curve = Callable[[float], float]


def _to_scale(envelope: Envelope, value: float) -> float:
    """Convert a value to the scale in which this envelope's linear segments are straight."""
    if not envelope.kind.is_volume:
        return value
    gain_lin = db_to_lin(value)
    return gain_lin**FADER_EXPONENT if envelope.fader_scaling else gain_lin


def _from_scale(envelope: Envelope, scale: float) -> float:
    """Convert back from the scale of ``_to_scale``."""
    if not envelope.kind.is_volume:
        return scale
    gain_lin = max(scale, 0.0) ** (1.0 / FADER_EXPONENT) if envelope.fader_scaling else scale
    return lin_to_db(max(gain_lin, 0.0))


def _polyline(
    envelope: Envelope, start_s: float, end_s: float, out: Curve, apart: Callable[[float, float], bool]
) -> Polyline:
    """Sample a piecewise curve so that straight lines follow it."""
    if end_s <= start_s:
        return ((start_s, out(_curve_around(envelope, start_s, start_s)(start_s))),)
    line: list[tuple[float, float]] = []
    for left_s, right_s in pairwise(_breaks(envelope, start_s, end_s)):
        curve = _curve_around(envelope, left_s, right_s)

        def sample(t: float, curve: Curve = curve) -> float:
            return out(curve(t))

        piece = _straightened(sample, left_s, right_s, apart)
        line += piece[1:] if line and line[-1] == piece[0] else piece
    return tuple(line)


def _straightened(
    sample: Curve, left_s: float, right_s: float, apart: Callable[[float, float], bool], depth: int = 0
) -> list[tuple[float, float]]:
    """Split a smooth piece until straight lines are close enough."""
    left, right = (left_s, sample(left_s)), (right_s, sample(right_s))
    checks = ((s, left[1] + s * (right[1] - left[1])) for s in (0.25, 0.5, 0.75))
    if depth >= 10 or not any(apart(sample(left_s + s * (right_s - left_s)), straight) for s, straight in checks):
        return [left, right]
    middle_s = 0.5 * (left_s + right_s)
    first = _straightened(sample, left_s, middle_s, apart, depth + 1)
    return first + _straightened(sample, middle_s, right_s, apart, depth + 1)[1:]


def _gain_apart(curve_lin: float, straight_lin: float) -> bool:
    """Tell whether two linear gains differ audibly: by the tolerance, and not both below -100 dB."""
    tolerance = max(curve_lin * (db_to_lin(POLYLINE_ERROR_DB) - 1.0), 1e-5)
    return abs(curve_lin - straight_lin) > tolerance


def _scale_apart(curve: float, straight: float) -> bool:
    """Tell whether two values in an envelope's own scale differ: by 0.03 dB at the most, along gain or fader."""
    return abs(curve - straight) > max(0.001 * abs(curve), 1e-4)


def _value_apart(curve: float, straight: float) -> bool:
    return abs(curve - straight) > 1e-3


def _breaks(envelope: Envelope, start_s: float, end_s: float) -> list[float]:
    """Return the times at which the curve may bend, from start to end."""
    times = {start_s, end_s}
    times.update(p.time_s for p in envelope.points)
    for item in envelope.automation_items:
        times.update((item.position_s, item.end_s))
        times.update(_item_point_times(item))
    return sorted(t for t in times if start_s <= t <= end_s)


def _item_point_times(item: AutomationItem) -> Iterable[float]:
    """Yield the project times of an automation item's points, loops unrolled."""
    rate = item.playrate or 1.0
    repeats = 1
    if item.loop and item.pool_length_s > 0.0:
        repeats = min(int((item.length_s * rate + item.start_offset_s) / item.pool_length_s) + 1, 10_000)
    for repeat in range(repeats):
        for point in item.points:
            at_s = item.position_s + (point.time_s + repeat * item.pool_length_s - item.start_offset_s) / rate
            if item.position_s <= at_s <= item.end_s:
                yield at_s


def _curve_around(envelope: Envelope, left_s: float, right_s: float) -> Curve:
    """Return the smooth curve (in the envelope's scale) that holds between two neighbouring breaks."""
    middle_s = 0.5 * (left_s + right_s)
    for item in reversed(envelope.automation_items):
        if not item.muted and item.position_s <= middle_s < item.end_s:
            return _item_curve(envelope, item, middle_s)
    if not envelope.points or (envelope.automation_items and envelope.bypass_outside_items):
        neutral = _to_scale(envelope, neutral_value(envelope.kind))
        return lambda _: neutral
    return _points_curve(envelope, envelope.points, middle_s)


def _item_curve(envelope: Envelope, item: AutomationItem, middle_s: float) -> Curve:
    """Return the curve of an automation item near a time."""
    rate = item.playrate or 1.0
    turns = 0.0
    pool_middle_s = (middle_s - item.position_s) * rate + item.start_offset_s
    if item.loop and item.pool_length_s > 0.0:
        turns = math.floor(pool_middle_s / item.pool_length_s) * item.pool_length_s
    if not item.points:
        neutral = _to_scale(envelope, neutral_value(envelope.kind))
        return lambda _: neutral
    inner = _points_curve(envelope, item.points, pool_middle_s - turns)
    centre, half = (1.0, 1.0) if envelope.kind.is_volume else (0.0, 1.0)

    def curve(t: float) -> float:
        value = inner((t - item.position_s) * rate + item.start_offset_s - turns)
        if item.baseline == 0.5 and item.amplitude == 1.0:
            return value
        return centre + 2.0 * half * (item.baseline - 0.5) + item.amplitude * (value - centre)

    return curve


def _points_curve(envelope: Envelope, points: Sequence[EnvelopePoint], middle_s: float) -> Curve:
    """Return the curve of the segment that holds ``middle_s``."""
    segment = _segment_at(points, middle_s)
    if segment is None:
        held = points[0] if middle_s < points[0].time_s else points[-1]
        value = _to_scale(envelope, held.value)
        return lambda _: value
    a, b = segment
    from_value, to_value = _to_scale(envelope, a.value), _to_scale(envelope, b.value)
    span_s = b.time_s - a.time_s
    return lambda t: from_value + (to_value - from_value) * _progress(a, min(max((t - a.time_s) / span_s, 0.0), 1.0))


def _segment_at(points: Sequence[EnvelopePoint], time_s: float) -> tuple[EnvelopePoint, EnvelopePoint] | None:
    """Return the two points around a time; None before the first and from the last point on."""
    low, high = 0, len(points)
    while low < high:  # bisect by time: points are sorted
        middle = (low + high) // 2
        if points[middle].time_s <= time_s:
            low = middle + 1
        else:
            high = middle
    if low == 0 or low == len(points):
        return None
    return points[low - 1], points[low]


def _progress(point: EnvelopePoint, s: float) -> float:
    """Return how far (0..1) a segment that starts at ``point`` has travelled at the share ``s`` of its time."""
    match point.shape:
        case PointShape.SQUARE:
            return 0.0
        case PointShape.SLOW_START_END:
            return s * s * (3.0 - 2.0 * s)
        case PointShape.FAST_START:
            return float(1.0 - (1.0 - s) ** 3)
        case PointShape.FAST_END:
            return float(s**3)
        case PointShape.BEZIER:
            return _bent(s, point.tension)
        case _:
            return s


def _bent(s: float, tension: float) -> float:
    """Return a power curve bent by a bezier tension: positive leaves fast, negative late."""
    exponent = 1.0 + 3.0 * min(abs(tension), 1.0)
    return float(1.0 - (1.0 - s) ** exponent) if tension > 0.0 else float(s**exponent)


def _overlaps(item: AutomationItem, start_s: float, end_s: float) -> bool:
    return item.position_s < end_s and item.end_s > start_s
