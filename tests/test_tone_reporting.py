"""From a plan of the tone mixer to its section: what is written, at its strength, and what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import tone_models

from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import tone
from reaper_automix.mixplan import EffectMove
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.report.tone_section import TonePage
from reaper_automix.settings import MixSettings
from reaper_automix.tone_reporting import tone_page

RATE_HZ = 16_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tone, "load_model", tone_models.model)
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path / "cache"))
    for number, name in enumerate(("Bass", "Kick")):
        audio = 0.1 * np.random.default_rng(number).standard_normal(3 * RATE_HZ)
        soundfile.write(tmp_path / f"{name}.wav", audio, RATE_HZ)
    return tmp_path


def paged(folder: Path, range_s: tuple[float, float] | None = None, **settings: object) -> tuple[Planned, TonePage]:
    session = StemsHost(folder).read_session()
    planned = make_plan(session, "tone", MixSettings(**settings), range_s=range_s)  # type: ignore[arg-type]
    assert isinstance(planned.findings, tone.ToneFindings)
    return planned, tone_page(planned, planned.findings)


def test_a_row_is_what_the_plan_writes(folder: Path) -> None:
    planned, page = paged(folder, strength_percent=50.0)
    (row,) = page.rows
    (move,) = (m for m in planned.plan.moves if isinstance(m, EffectMove))
    assert (row.track, row.group, row.equaliser) == ("Bass", "bass", move.settings)
    assert (page.strength_percent, page.sample_rate_hz) == (50.0, RATE_HZ)
    assert len(row.spectrum) > len(row.target) > 10
    assert row.distance_db < row.curve_rms_db
    assert not row.remarks


def test_takes_and_ranges_are_said(folder: Path) -> None:
    (row,) = paged(folder, tone_take=True)[1].rows
    assert row.remarks == ("a new take in place of an equaliser",)
    assert not row.equaliser.bands
    (row,) = paged(folder, range_s=(0.5, 2.0))[1].rows
    assert row.remarks[0] == "no equaliser: this run is for a part of the session"
