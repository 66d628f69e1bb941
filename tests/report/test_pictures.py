from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from reaper_automix.report import LEFT_OUT, TrackRow, pictures
from reaper_automix.report.scale import Scale, gain_scale, loudness_scale, time_scale

MakeTrack = Callable[..., TrackRow]


def outline(path: str) -> list[tuple[int, int]]:
    """Follow the path of a waveform and return its corners."""
    data = re.search(r'd="M0 ?(-?\d+)l([^"]*)z"', path)
    assert data
    numbers = [int(n) for n in re.findall(r"-?\d+", data[2])]
    x, y = 0, int(data[1])
    corners = [(x, y)]
    for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = x + dx, y + dy
        corners.append((x, y))
    return corners


def corners(path: str) -> list[tuple[float, float]]:
    """Return the corners of a gain curve."""
    data = re.search(r'd="M([^"]*)"', path)
    assert data
    return [tuple(float(n) for n in pair.split()) for pair in data[1].split("L")]  # type: ignore[misc]


def test_waveform_goes_along_the_tops_and_back_along_the_bottoms() -> None:
    path = outline(pictures.waveform(((-0.5, 0.25), (0.0, 0.5), (-0.1, 0.0))))
    assert path == [(0, -50), (1, -100), (2, 0), (3, 0), (3, 20), (2, 20), (1, 0), (0, 100)]


def test_waveform_of_one_column_has_a_width() -> None:
    assert outline(pictures.waveform(((-1.0, 1.0),))) == [(0, -100), (1, -100), (1, 100), (0, 100)]


@pytest.mark.parametrize("columns", [(), ((0.0, 0.0),) * 4, ((math.nan, math.nan),)])
def test_waveform_without_sound_is_not_drawn(columns: tuple[tuple[float, float], ...]) -> None:
    assert pictures.waveform(columns) == ""


def test_gain_curve_is_held_to_both_ends() -> None:
    times, gains = Scale(10.0, 20.0, 5.0), Scale(-12.0, 12.0, 6.0)
    drawn = corners(pictures.gain_curve(((12.0, 0.0), (15.0, 12.0)), times, gains, css_class="after"))
    assert drawn == [(44, 68), (213.6, 68), (468, 6), (892, 6)]


def test_gain_curve_is_cut_where_it_leaves_the_range() -> None:
    times, gains = Scale(10.0, 20.0, 5.0), Scale(-12.0, 12.0, 6.0)
    drawn = corners(pictures.gain_curve(((0.0, -12.0), (30.0, 12.0)), times, gains, css_class="before"))
    assert drawn == [(44, pytest.approx(88.7)), (892, pytest.approx(47.3))]


def test_dense_curve_keeps_its_extremes_and_stays_small() -> None:
    points = [(n / 1000, -6.0) for n in range(100_000)]
    points[50_000] = (50.0, 4.0)
    path = pictures.gain_curve(points, Scale(0.0, 100.0, 10.0), Scale(-12.0, 12.0, 6.0), css_class="after")
    assert len(path) < 400_000
    assert min(y for _, y in corners(path)) == pytest.approx(130 - 124 * 16 / 24, abs=0.1)


def test_equal_curves_are_drawn_once(make_track: MakeTrack) -> None:
    still = make_track(gain_before_db=((0.0, 0.0),), gain_after_db=((0.0, 0.0),))
    assert 'class="before"' not in pictures.track_picture(still, 0.0, 60.0)
    assert 'class="before"' in pictures.track_picture(make_track(), 0.0, 60.0)


def test_picture_says_what_it_shows(make_track: MakeTrack) -> None:
    loud = make_track(waveform=((-0.5, 0.4),))
    assert pictures.describe(loud, 0.0, 187.2) == (
        "Kick, 0:00 to 3:07; waveform with a peak of -6.0 dBFS; gain before 1.2 dB; gain after -9.2 dB to -7.0 dB."
    )


def test_row_has_a_dot_for_each_heard_level(make_track: MakeTrack) -> None:
    scale = loudness_scale((-30.0, -10.0))
    assert pictures.balance_row(make_track(), scale).count("<circle") == 2
    assert pictures.balance_row(make_track(loudness_after_lufs=-math.inf), scale).count("<circle") == 1
    assert pictures.balance_row(make_track(loudness_before_lufs=None), scale).count('class="reach"') == 0
    assert pictures.balance_row(make_track(status=LEFT_OUT), scale).count("<circle") == 1


def test_position_stays_on_the_scale() -> None:
    scale = Scale(-12.0, 12.0, 6.0)
    assert [scale.position(v) for v in (-math.inf, -12.0, 0.0, 6.0, 99.0)] == [0.0, 0.0, 0.5, 0.75, 1.0]
    assert scale.ticks == (-12.0, -6.0, 0.0, 6.0, 12.0)


@pytest.mark.parametrize(
    "gains_db", [(), (0.0,), (-9.3, 0.0), (-150.0, -3.0), (-150.0,), (-90.0, 12.0), (math.nan, -4.0)]
)
def test_gain_scale_is_readable_whatever_comes(gains_db: tuple[float, ...]) -> None:
    scale = gain_scale(gains_db)
    assert 12.0 <= scale.high - scale.low <= 72.0
    assert 3 <= len(scale.ticks) <= 7
    heard = [g for g in gains_db if g > -100.0]
    assert all(g <= scale.high for g in heard)


def test_gain_scale_says_when_values_fall_off_its_end() -> None:
    assert gain_scale((-150.0, -3.0)).clipped
    assert not gain_scale((-9.3, 0.0)).clipped
    assert "≤" in pictures.gain_axis(gain_scale((-150.0, -3.0)))


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(0.0, 0.0), (5.0, 5.4), (0.0, 200.0), (3500.0, 3800.0), (0.0, 90_000.0)]
)
def test_time_scale_has_a_few_ticks(start_s: float, end_s: float) -> None:
    scale = time_scale(start_s, end_s)
    assert 2 <= len(scale.ticks) <= 13
    labels = re.findall(r"<text[^>]*>([^<]*)", pictures.time_axis(scale))
    assert len(labels) == len(set(labels))


def test_loudness_scale_leaves_silence_out() -> None:
    assert not loudness_scale((-math.inf, None, -20.0)).clipped
    assert loudness_scale((-90.0, -20.0)).clipped
