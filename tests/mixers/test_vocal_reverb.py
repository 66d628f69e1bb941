from __future__ import annotations

import pytest

from reaper_automix.mixers.vocal_reverb import decay_s, inserted, is_tempo_set, on_bus, tempo_of
from reaper_automix.plugins.registry import MODULES, plugin_for
from reaper_automix.session import Session, TempoMarker
from reaper_automix.units import SILENCE_DB


@pytest.mark.parametrize(
    ("tempo_bpm", "wanted_s"),
    [
        (14.0, 4.11),
        (50.0, 3.333),
        (65.0, 3.0),
        (120.0, 1.778),
        (192.0, 0.178),
        (200.0, 0.17),
        (240.0, 0.17),
        (900.0, 0.17),
    ],
)
@pytest.mark.parametrize("suite", ["stock", "iem"])
def test_reverb_times(tempo_bpm: float, wanted_s: float, suite: str) -> None:
    time_s = decay_s(tempo_bpm)
    assert time_s == pytest.approx(wanted_s, abs=0.001)
    plugin, _ = plugin_for("reverb", suite, 2)
    for settings in (on_bus(time_s), inserted(time_s)):
        held, said = MODULES[plugin].playable(settings)
        assert 0.1 <= held.decay_s <= 4.12
        assert abs(held.decay_s - time_s) < 0.06 or said, "what a plug-in cannot hold is said"


def test_a_bus_is_all_wet_and_an_insert_is_as_published() -> None:
    assert (on_bus(1.0).wet_db, on_bus(1.0).dry_db) == (0.0, SILENCE_DB)
    assert 10.0 ** (inserted(1.0).wet_db / 20.0) == pytest.approx(0.6)
    assert inserted(1.0).dry_db == 0.0


def test_the_projects_tempo_comes_first() -> None:
    assert tempo_of(Session(tempo_bpm=93.0), 140.0, (0.0, 60.0)) == (93.0, "the project's tempo")
    mapped = Session(tempo_bpm=100.0, tempo_map=(TempoMarker(0.0, 100.0), TempoMarker(30.0, 160.0)))
    assert tempo_of(mapped, 77.0, (0.0, 60.0))[0] == pytest.approx(130.0)
    assert tempo_of(mapped, None, (30.0, 60.0))[0] == pytest.approx(160.0)


def test_without_one_it_is_heard_and_else_the_usual_one() -> None:
    assert not is_tempo_set(Session())
    bpm, source = tempo_of(Session(), 84.0, (0.0, 10.0))
    assert bpm == 84.0
    assert "by ear" in source
    assert tempo_of(Session(), None, (0.0, 10.0))[0] == 120.0
