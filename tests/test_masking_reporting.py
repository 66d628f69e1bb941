"""Who covers whom in a real plan: what is computed from one listening is what listening again would find."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix import masking_reporting
from reaper_automix.analysis.masking import MOST_DB
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.masking_reporting import MOST_PLACES, PLACE_S, masking_page
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import EffectMove, TrackRef
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.planning import Decided, GainDecision
from reaper_automix.reporting import report_of
from reaper_automix.settings import MixSettings

RATE_HZ = 16_000
LENGTH_S = 12.0
Plan = Callable[..., Planned]

EQUALISER = EqualiserSettings((Band("low_shelf", 300.0, -9.0, 0.7), Band("band", 2_000.0, 6.0, 1.0)))
COMPRESSOR = CompressorSettings(threshold_db=-40.0, ratio=4.0, attack_ms=5.0, release_ms=80.0, makeup_db=6.0)


def _plugin(settings: EqualiserSettings | CompressorSettings) -> str:
    return "ReaEQ" if isinstance(settings, EqualiserSettings) else "ReaComp"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Return a function that plans for a pad, a bass and a voice with pauses, all of noise."""
    time_s = np.arange(int(LENGTH_S * RATE_HZ)) / RATE_HZ
    for seed, (name, level) in enumerate({"Pad": 0.03, "Bass": 0.1, "Voice": 0.05}.items()):
        audio = level * np.random.default_rng(seed).standard_normal(time_s.size)
        if name == "Bass":
            audio = np.convolve(audio, np.ones(64) / 16.0, mode="same")
        if name == "Voice":
            audio *= np.where(time_s % 2.0 < 1.2, 1.0, 0.05)
        soundfile.write(tmp_path / f"{name}.wav", audio, RATE_HZ, subtype="FLOAT")

    def planned(*effects: EqualiserSettings | CompressorSettings, **changes_db: float) -> Planned:
        session = StemsHost(tmp_path).read_session()
        ids = {track.title: track.id for track in session.tracks}

        def decide(hearing: Hearing, settings: MixSettings) -> Decided:
            levels = tuple(GainDecision(ids[n], ((0.0, db),), "as asked") for n, db in changes_db.items())
            voice = TrackRef(ids["Voice"], "Voice")
            others = [EffectMove(voice, _plugin(e), f"Automix: {n}", e, None, "why") for n, e in enumerate(effects)]
            return Decided(levels, tuple(others))

        return make_plan(session, "balance", MixSettings(), decide=decide)

    return planned


def test_a_softer_masker_covers_less_by_what_it_lost(plan: Plan) -> None:
    page = masking_page(plan(Pad=-6.0, Voice=-0.05))
    assert page is not None
    pad, voice = (list(page.tracks).index(name) for name in ("Pad", "Voice"))
    assert page.tracks == ("Bass", "Pad", "Voice")
    before, after = page.before.by_track_db, page.after.by_track_db
    assert after[pad, voice] > before[pad, voice] + 2.0, "the softer pad is covered further"
    assert after[voice, pad] <= before[voice, pad]
    assert (page.n_excerpts, page.excerpt_s) == (24, PLACE_S)
    assert np.nanmax(after) <= MOST_DB


@pytest.mark.parametrize(
    ("effects", "within_db"), [((EQUALISER,), 0.6), ((COMPRESSOR,), 0.6), ((EQUALISER, COMPRESSOR), 0.8)]
)
def test_plug_ins_count_as_if_they_had_been_listened_to(
    plan: Plan, effects: tuple[object, ...], within_db: float
) -> None:
    planned = plan(*effects, Voice=-3.0)
    voice = next(track.id for track in planned.before.tracks if track.title == "Voice")
    starts_s = masking_reporting._starts_s(planned.plan.range_s)
    dry = masking_reporting._listened(planned.before, [voice], starts_s)[voice]
    computed = dry * masking_reporting._effect_gains(planned, voice, dry, starts_s)
    heard = masking_reporting._listened(planned.after, [voice], starts_s)[voice]
    loud = dry > dry.max() * 1e-3
    error_db = 10.0 * np.log10(computed[loud] / heard[loud])
    assert float(np.sqrt(np.mean(np.square(error_db)))) < within_db
    changed_db = 10.0 * np.log10(heard[loud] / dry[loud])
    assert float(np.sqrt(np.mean(np.square(changed_db)))) > 2.0, "there is something to be got wrong"


def test_what_is_listened_to_does_not_grow_with_the_session() -> None:
    starts_s = masking_reporting._starts_s((10.0, 36_010.0))
    assert len(starts_s) == MOST_PLACES
    assert starts_s[0] == 10.0
    assert np.diff(starts_s) == pytest.approx(600.0, abs=0.11)
    assert masking_reporting._starts_s((0.0, 0.3)) == [0.0]


def test_softer_tracks_count_as_the_rest(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = plan(Pad=-6.0)
    whole = masking_page(planned)
    monkeypatch.setattr(masking_reporting, "MOST_TRACKS", 2)
    two = masking_page(planned)
    assert whole is not None
    assert two is not None
    assert (len(two.tracks), two.n_others) == (2, 1)
    for name, covered_db in zip(two.tracks, two.before.by_rest_db, strict=True):
        assert covered_db == pytest.approx(whole.before.by_rest_db[list(whole.tracks).index(name)], abs=1e-4)


def test_a_file_that_is_gone_costs_the_section_and_not_the_report(plan: Plan, tmp_path: Path) -> None:
    planned = plan(Pad=-6.0)
    (tmp_path / "Pad.wav").unlink()
    report = report_of(planned, None, ())
    assert [section.title for section in report.sections] == ["Masking between tracks"]
    assert len(report.tracks) == 3


def test_tracks_that_sound_in_no_excerpt_are_said_to(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = np.zeros((24 * 4, 28), np.float32)
    monkeypatch.setattr(masking_reporting, "_powers_of", lambda *_: silent)
    (section,) = report_of(plan(Pad=-6.0), None, ()).sections
    assert "No track sounds in the excerpts" in section.html
    assert not re.search(r"\bnan\b", section.html)


def test_the_section_is_in_every_report_with_two_tracks(plan: Plan) -> None:
    planned = plan(Pad=-6.0)
    sections = report_of(planned, None, ()).sections
    assert [section.title for section in sections] == ["Masking between tracks"]
    alone = replace(planned, hearing=replace(planned.hearing, measurements={}))
    assert masking_page(alone) is None
    assert session_rate_hz(planned.before) == RATE_HZ
