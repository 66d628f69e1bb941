"""From a plan of channel strips to its section: what the plan leaves, at its strength, and what it did not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import strips
from reaper_automix.mixers.strip_parameters import neutral_reverb_vector, neutral_vector, reverb_from, settings_from
from reaper_automix.mixers.strip_suggestions import Suggestion
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.report.strip_section import StripPage
from reaper_automix.reporting import report_of
from reaper_automix.settings import STRIP_STEPS, MixSettings
from reaper_automix.strip_reporting import strip_page
from reaper_automix.units import SILENCE_DB

RATE_HZ = 16_000
NEUTRAL = settings_from(neutral_vector())
Make = Callable[..., Planned]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Plan a whole strip for a guitar, and a neutral one for a bass."""
    for name in ("Bass", "Gtr"):
        noise = 0.1 * np.random.default_rng(len(name)).standard_normal(8 * RATE_HZ)
        soundfile.write(tmp_path / f"{name}.wav", noise, RATE_HZ)
    bands = tuple(replace(band, gain_db=-6.0) for band in NEUTRAL.equaliser.bands)
    whole = replace(
        NEUTRAL,
        inverted=True,
        equaliser=EqualiserSettings(bands),
        compressor=CompressorSettings(threshold_db=-38.0, ratio=4.0, attack_ms=10.0),
        send_db=-20.0,
        fader_db=-3.0,
        pan=0.5,
    )
    suggestion = Suggestion((NEUTRAL, whole), reverb_from(neutral_reverb_vector()), "the test")
    monkeypatch.setattr(strips, "suggested", lambda *_: suggestion)
    session = StemsHost(tmp_path).read_session()

    def planned(range_s: tuple[float, float] | None = None, **settings: object) -> Planned:
        return make_plan(session, "strips", MixSettings(**settings), range_s=range_s)  # type: ignore[arg-type]

    return planned


def page_of(planned: Planned) -> StripPage:
    assert isinstance(planned.findings, strips.StripFindings)
    return strip_page(planned, planned.findings)


def test_rows_are_what_the_plan_leaves(make: Make) -> None:
    planned = make()
    bass, guitar = page_of(planned).rows
    assert (bass.track, bass.role, bass.equaliser.bands, bass.compressor, bass.send_db) == (
        "Bass",
        "bass",
        (),
        None,
        SILENCE_DB,
    )
    assert [band.gain_db for band in guitar.equaliser.bands] == [-6.0] * 5, "of both instances"
    assert guitar.compressor is not None
    assert guitar.compressor.ratio == 4.0
    assert 0.0 < guitar.reduction_db <= 6.0
    assert (guitar.pan_before, guitar.pan, guitar.inverted) == (0.0, 0.5, True)
    assert (guitar.fader_before_db, guitar.fader_db) == (0.0, planned.after.tracks[1].gain_db)
    assert guitar.send_db == pytest.approx(-20.0)
    assert guitar.reverb_lu < -10.0
    page = page_of(planned)
    assert page.reverb == reverb_from(neutral_reverb_vector())
    assert page.left_out == {}


def test_at_half_strength_half_of_it_is_shown(make: Make) -> None:
    page = page_of(make(strength_percent=50.0))
    guitar = page.rows[1]
    assert [band.gain_db for band in guitar.equaliser.bands] == [-3.0] * 5
    assert guitar.compressor is not None
    assert guitar.compressor.ratio == pytest.approx(2.0)
    assert guitar.pan == 0.25
    assert page.strength_percent == 50.0


def test_steps_that_were_not_done_are_named(make: Make) -> None:
    page = page_of(make(strip_steps=("level", "equaliser")))
    assert set(page.left_out) == {"pan", "compressor", "reverb"}
    assert page.reverb is None
    assert page.rows[1].compressor is None
    part = page_of(make(range_s=(2.0, 6.0)))
    assert set(part.left_out) == set(STRIP_STEPS) - {"level"}
    assert all("part of the session" in why for why in part.left_out.values())


def test_the_section_is_on_the_page(make: Make) -> None:
    report = report_of(make(), None, ())
    assert [section.title for section in report.sections] == ["The channel strips", "Masking between tracks"]
    assert report.sections[0].html.count('class="plot strip"') == 2
