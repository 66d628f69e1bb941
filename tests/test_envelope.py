"""What envelopes do between their points, thinning, and fitting new points in."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reaper_automix.edits import SetPoints
from reaper_automix.envelope import (
    GUARD_S,
    gain_polyline,
    is_neutral,
    place,
    thin,
    value_at,
    value_polyline,
)
from reaper_automix.session import AutomationItem, Envelope, EnvelopeKind, EnvelopePoint, PointShape, Session, Track
from reaper_automix.session_edits import perform
from reaper_automix.units import db_to_lin, lin_to_db

VOLUME = EnvelopeKind.VOLUME


def volume(*points: EnvelopePoint, scaled: bool = False, items: tuple[AutomationItem, ...] = ()) -> Envelope:
    return Envelope(VOLUME, points=points, fader_scaling=scaled, automation_items=items)


def at(line: tuple[tuple[float, float], ...], time_s: float) -> float:
    """Interpolate a polyline linearly."""
    for (t0, a), (t1, b) in pairwise(line):
        if t0 <= time_s <= t1 and t1 > t0:
            return a + (b - a) * (time_s - t0) / (t1 - t0)
    return line[-1][1]


def test_amplitude_scaling_is_linear_in_gain() -> None:
    envelope = volume(EnvelopePoint(0.0, 0.0), EnvelopePoint(2.0, -20.0))
    assert value_at(envelope, 1.0) == pytest.approx(lin_to_db((1.0 + 0.1) / 2.0))


def test_fader_scaling_matches_the_published_values() -> None:
    """0.5 lies at 592.4 of the travel that ends at 716.2 for 1.0, so 0 -> 1.0 passes it at that share of the time."""
    envelope = volume(EnvelopePoint(0.0, -150.0), EnvelopePoint(1.0, 0.0), scaled=True)
    assert value_at(envelope, 592.4 / 716.2178503126559) == pytest.approx(lin_to_db(0.5), abs=1e-6)


def test_values_are_held_before_the_first_and_after_the_last_point() -> None:
    envelope = volume(EnvelopePoint(1.0, -3.0), EnvelopePoint(2.0, -6.0))
    assert [value_at(envelope, -5.0), value_at(envelope, 99.0)] == pytest.approx([-3.0, -6.0])


@pytest.mark.parametrize("shape", list(PointShape))
@pytest.mark.parametrize("scaled", [False, True])
def test_polyline_follows_every_shape(shape: PointShape, scaled: bool) -> None:
    envelope = volume(EnvelopePoint(0.0, -30.0, shape, 0.4), EnvelopePoint(4.0, 6.0), scaled=scaled)
    line = gain_polyline(envelope, 0.0, 4.0)
    for step in range(1, 400):
        t = step / 100.0 - 0.005
        exact = db_to_lin(value_at(envelope, t))
        assert abs(at(line, t) - exact) <= max(exact * 0.0025, 2e-5)


def test_square_is_a_step_in_the_polyline() -> None:
    line = gain_polyline(volume(EnvelopePoint(1.0, 0.0, PointShape.SQUARE), EnvelopePoint(2.0, -6.0)), 0.0, 3.0)
    values_at_2 = [gain for t, gain in line if t == 2.0]
    assert values_at_2 == pytest.approx([1.0, db_to_lin(-6.0)])


def test_automation_item_replaces_the_envelope_below_and_loops() -> None:
    pool = (EnvelopePoint(0.0, -6.0, PointShape.SQUARE), EnvelopePoint(0.5, -12.0, PointShape.SQUARE))
    item = AutomationItem(1, 2.0, 2.0, loop=True, pool_length_s=1.0, points=pool)
    envelope = volume(EnvelopePoint(0.0, 3.0), items=(item,))
    heard = [value_at(envelope, t) for t in (1.9, 2.25, 2.75, 3.25, 3.75, 4.1)]
    assert heard == pytest.approx([3.0, -6.0, -12.0, -6.0, -12.0, 3.0])
    line = gain_polyline(envelope, 0.0, 5.0)
    assert [at(line, t) for t in (2.25, 3.75)] == pytest.approx([db_to_lin(-6.0), db_to_lin(-12.0)])


def test_bypass_outside_items_is_neutral_there() -> None:
    item = AutomationItem(1, 2.0, 1.0, points=(EnvelopePoint(0.0, -9.0),))
    envelope = Envelope(
        VOLUME, points=(EnvelopePoint(0.0, -20.0),), automation_items=(item,), bypass_outside_items=True
    )
    assert [value_at(envelope, t) for t in (1.0, 2.5, 4.0)] == pytest.approx([0.0, -9.0, 0.0])


def test_pan_polyline_is_in_native_values() -> None:
    envelope = Envelope(EnvelopeKind.PAN, points=(EnvelopePoint(0.0, -1.0), EnvelopePoint(2.0, 1.0)))
    assert at(value_polyline(envelope, 0.0, 2.0), 1.5) == pytest.approx(0.5)


def test_neutral_means_no_automation() -> None:
    assert is_neutral(None, 0.0, 9.0)
    assert is_neutral(volume(EnvelopePoint(0.0, 0.0, PointShape.BEZIER)), 0.0, 9.0)
    assert is_neutral(Envelope(VOLUME, active=False, points=(EnvelopePoint(0.0, -9.0),)), 0.0, 9.0)
    assert not is_neutral(volume(EnvelopePoint(0.0, 0.0), EnvelopePoint(5.0, -3.0)), 0.0, 9.0)
    assert is_neutral(volume(EnvelopePoint(5.0, 0.0), EnvelopePoint(6.0, -3.0)), 0.0, 5.0)


curves = st.lists(st.floats(-60.0, 12.0), min_size=1, max_size=120)


@given(curves, st.floats(0.1, 3.0))
def test_thinning_keeps_the_stated_error_in_gain_and_in_db(levels: list[float], max_error_db: float) -> None:
    curve = [(0.1 * i, level) for i, level in enumerate(levels)]
    kept = thin(curve, max_error_db=max_error_db)
    assert kept[0] == curve[0]
    for t, level in curve:
        left = max((p for p in kept if p[0] <= t), key=lambda p: p[0])
        right = min((p for p in kept if p[0] >= t), key=lambda p: p[0], default=left)
        s = 0.0 if right[0] == left[0] else (t - left[0]) / (right[0] - left[0])
        in_db = left[1] + s * (right[1] - left[1])
        in_gain = lin_to_db(db_to_lin(left[1]) + s * (db_to_lin(right[1]) - db_to_lin(left[1])))
        assert max(abs(in_db - level), abs(in_gain - level)) <= max_error_db + 1e-9


@given(st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=60), st.floats(0.2, 1.0))
@example([2.7, 2.3, 2.3, -0.4], 0.5)
def test_thinning_keeps_the_error_between_the_times_given_too(moves_db: list[float], max_error_db: float) -> None:
    """Rides move 3 dB from second to second at the most: neighbours that both remain differ by 0.13 dB between."""
    curve = [(float(i), sum(moves_db[:i])) for i in range(len(moves_db) + 1)]
    kept = thin(curve, max_error_db=max_error_db)
    in_gain = [(t, db_to_lin(level)) for t, level in kept]
    for t in (0.01 * step for step in range(100 * len(moves_db) + 1)):
        level_db = at(tuple(curve), t)
        assert abs(at(kept, t) - level_db) <= max_error_db + 1e-9
        assert abs(lin_to_db(at(tuple(in_gain), t)) - level_db) <= max_error_db + 1e-9


def test_a_constant_needs_one_point_and_a_smooth_ride_few() -> None:
    assert thin([(t / 10, -4.0) for t in range(600)]) == ((0.0, -4.0),)
    ride = [(t / 10, 3.0 * math.sin(t / 100)) for t in range(1800)]
    assert len(thin(ride, max_error_db=0.5)) <= 90


def written(old: Envelope | None, range_s: tuple[float, float], session_end_s: float) -> Envelope:
    placed = place(old, VOLUME, [(range_s[0], -5.0), (range_s[1], -7.0)], range_s, session_end_s=session_end_s)
    track = Track("{1}", "a", envelopes=() if old is None else (old,))
    after = perform(Session(tracks=(track,)), [SetPoints("{1}", VOLUME, placed.window_s, placed.points)])
    envelope = after.tracks[0].envelope(VOLUME)
    assert envelope is not None
    return envelope


olds = st.lists(
    st.tuples(st.floats(0.0, 20.0), st.floats(-24.0, 6.0), st.sampled_from(list(PointShape)), st.floats(-1, 1)),
    max_size=12,
)


@given(olds, st.booleans(), st.floats(0.0, 15.0), st.floats(0.5, 10.0))
def test_nothing_changes_outside_the_range(
    old: list[tuple[float, float, PointShape, float]], scaled: bool, start_s: float, length_s: float
) -> None:
    points = tuple(EnvelopePoint(*p) for p in sorted(old, key=lambda p: p[0]))
    envelope = volume(*points, scaled=scaled) if points else None
    range_s = (start_s, start_s + length_s)
    after = written(envelope, range_s, session_end_s=40.0)
    before = envelope or volume(scaled=scaled)
    for step in range(801):
        t = step / 20.0
        if range_s[0] - 2 * GUARD_S < t < range_s[1] + 2 * GUARD_S:
            continue
        if any(abs(t - p.time_s) < 2 * GUARD_S for p in points):
            continue
        was, now = db_to_lin(value_at(before, t)), db_to_lin(value_at(after, t))
        assert abs(was - now) <= max(0.005 * was, 5e-4), t


def test_a_step_before_a_curve_that_is_cut_stays_a_step() -> None:
    old = volume(
        EnvelopePoint(1.0, 1.0),
        EnvelopePoint(1.0, 0.0, PointShape.SLOW_START_END),
        EnvelopePoint(2.0, -6.0),
    )
    after = written(old, (1.5, 3.0), 40.0)
    assert value_at(after, 0.5) == pytest.approx(1.0)
    assert value_at(after, 1.25) == pytest.approx(value_at(old, 1.25), abs=0.05)


@pytest.mark.parametrize("step_s", [10.0 - GUARD_S, 20.0 + GUARD_S])
def test_a_step_at_the_guards_own_time_stays_a_step(step_s: float) -> None:
    old = volume(EnvelopePoint(0.0, -20.0), EnvelopePoint(step_s, -20.0), EnvelopePoint(step_s, 0.0))
    after = written(old, (10.0, 20.0), 40.0)
    for time_s in (5.0, step_s + 15.0):
        assert value_at(after, time_s) == pytest.approx(value_at(old, time_s))


def test_inside_the_range_the_new_points_play() -> None:
    after = written(volume(EnvelopePoint(0.0, 3.0), EnvelopePoint(30.0, -3.0)), (10.0, 20.0), 40.0)
    assert value_at(after, 10.0) == pytest.approx(-5.0)
    assert value_at(after, 20.0) == pytest.approx(-7.0)
    assert sum(10.0 <= p.time_s <= 20.0 for p in after.points) == 2


def test_a_whole_session_needs_no_guards() -> None:
    placed = place(None, VOLUME, [(0.0, -5.0)], (0.0, 60.0), session_end_s=60.0)
    assert [(p.time_s, p.value) for p in placed.points] == [(0.0, -5.0)]
