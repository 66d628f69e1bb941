"""The gain curves of the report follow what REAPER plays."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.envelope import value_at
from reaper_automix.reporting import _gain_curve
from reaper_automix.session import (
    AutomationItem,
    AutomationMode,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    PointShape,
    Session,
    Track,
)
from reaper_automix.units import SILENCE_DB

RANGE_S = (0.0, 10.0)


def envelope(*points: tuple[float, float], kind: EnvelopeKind = EnvelopeKind.VOLUME, shape: int = 0) -> Envelope:
    return Envelope(kind, points=tuple(EnvelopePoint(t, v, PointShape(shape)) for t, v in points))


def curve(*envelopes: Envelope, gain_db: float = 0.0, mode: AutomationMode = AutomationMode.READ) -> np.ndarray:
    track = Track("{T}", "Vox", 1, gain_db=gain_db, envelopes=envelopes, automation_mode=mode)
    return np.array(_gain_curve(Session(tracks=(track,)), track, RANGE_S))


def test_a_fader_alone_is_a_straight_line() -> None:
    assert curve(gain_db=-3.0).tolist() == [[0.0, -3.0], [10.0, -3.0]]


@pytest.mark.parametrize("shape", list(PointShape))
def test_a_curved_segment_is_drawn_as_it_bends(shape: PointShape) -> None:
    ride = envelope((2.0, -20.0), (8.0, 0.0), shape=shape.value)
    drawn = curve(ride)
    times = np.linspace(0.0, 9.99, 300)
    times = times[np.abs(times - 8.0) > 0.01]  # a square jumps there
    np.testing.assert_allclose(
        np.interp(times, drawn[:, 0], drawn[:, 1]), [value_at(ride, t) for t in times], atol=0.08
    )


def test_an_automation_item_counts() -> None:
    item = AutomationItem(1, 4.0, 2.0, points=(EnvelopePoint(0.0, -12.0), EnvelopePoint(2.0, -12.0)))
    drawn = curve(replace(envelope((0.0, 0.0)), automation_items=(item,)))
    assert drawn[drawn[:, 0] == 4.0][:, 1] == pytest.approx([0.0, -12.0])
    assert np.interp(5.0, drawn[:, 0], drawn[:, 1]) == pytest.approx(-12.0)
    assert drawn[-1].tolist() == pytest.approx([10.0, 0.0])


def test_two_envelopes_and_the_fader_add_up_steps_and_all() -> None:
    volume = envelope((0.0, 0.0), (5.0, 0.0), (5.0, -6.0))
    trim = envelope((0.0, -1.0), (4.0, -1.0), (4.0, -2.0), kind=EnvelopeKind.TRIM_VOLUME)
    drawn = curve(volume, trim, gain_db=-10.0, mode=AutomationMode.TRIM_READ)
    assert drawn[drawn[:, 0] == 4.0][:, 1] == pytest.approx([-11.0, -12.0])
    assert drawn[drawn[:, 0] == 5.0][:, 1] == pytest.approx([-12.0, -18.0])
    assert drawn[[0, -1], 1] == pytest.approx([-11.0, -18.0])
    assert curve(volume, trim, gain_db=-10.0)[0, 1] == pytest.approx(-1.0), "the envelope has the fader"


def test_a_fade_to_nothing_and_many_points_stay_small_and_quick() -> None:
    assert len(curve(envelope((0.0, 0.0), (10.0, SILENCE_DB)))) < 100
    rng = np.random.default_rng(1)
    ride = envelope(*((t / 200, float(v)) for t, v in enumerate(rng.uniform(-9, 0, 2000))))
    began_s = time.perf_counter()
    assert len(curve(ride)) < 8_000
    assert time.perf_counter() - began_s < 5.0
