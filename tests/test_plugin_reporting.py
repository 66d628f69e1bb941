"""What the page shows of plug-ins is what our processors play."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix import plugin_reporting
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import BusMove, EffectMove, SendMove, TrackRef, bus_ref
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.planning import Decided
from reaper_automix.plugin_reporting import EXCERPT_S, plugin_rows
from reaper_automix.report import CHANGED, NEW
from reaper_automix.reporting import report_of
from reaper_automix.settings import MixSettings

RATE_HZ = 16_000
BUS = "Automix reverb"
PLUGINS = {EqualiserSettings: "ReaEQ", CompressorSettings: "ReaComp", ReverbSettings: "ReaVerbate"}
EQUALISER = EqualiserSettings((Band("band", 1_000.0, 6.0, 1.0),))
COMPRESSOR = CompressorSettings(threshold_db=-40.0, ratio=4.0, attack_ms=5.0, release_ms=80.0)
Plan = Callable[..., Planned]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Return a function that plans plug-ins for a voice which is loud from 20 s on."""
    time_s = np.arange(60 * RATE_HZ) / RATE_HZ
    voice = np.random.default_rng(3).standard_normal(time_s.size) * np.where(
        (time_s >= 20.0) & (time_s < 45.0), 0.2, 0.01
    )
    soundfile.write(tmp_path / "Voice.wav", voice, RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "Keys.wav", 0.05 * np.random.default_rng(4).standard_normal(time_s.size), RATE_HZ)
    session = StemsHost(tmp_path).read_session()
    ref = next(TrackRef(track.id, track.title) for track in session.tracks if track.title == "Voice")

    def planned(*settings: EffectSettings, bus: tuple[EffectSettings, ...] = ()) -> Planned:
        def decide(hearing: Hearing, asked: MixSettings) -> Decided:
            moves = [BusMove(BUS, "room"), SendMove(ref, BUS, -12.0, reason="a little")] if bus else []
            on_track = [_move(ref, n, each) for n, each in enumerate(settings)]
            return Decided(others=(*moves, *on_track, *(_move(bus_ref(BUS), n, each) for n, each in enumerate(bus))))

        return make_plan(session, "balance", MixSettings(), decide=decide)

    return planned


def _move(ref: TrackRef, number: int, settings: EffectSettings) -> EffectMove:
    return EffectMove(ref, PLUGINS[type(settings)], f"Automix: {number}", settings, None, f"why {number}")


def test_gain_reduction_is_that_of_the_compressor_behind_the_equaliser_where_the_track_is_loudest(plan: Plan) -> None:
    planned = plan(EQUALISER, COMPRESSOR)
    (rows,) = plugin_rows(planned).values()
    assert [(row.what, row.reason) for row in rows] == [
        ("equaliser (ReaEQ)", "why 0"),
        ("compressor (ReaComp)", "why 1"),
    ]
    reduction = rows[1].reduction
    assert reduction is not None
    assert 19.9 <= reduction.start_s <= 25.1
    assert len(reduction.depth_db) == round(EXCERPT_S / reduction.step_s)
    voice = next(track for track in planned.before.tracks if track.title == "Voice")
    audio = soundfile.read(voice.items[0].takes[0].source.path or "", dtype="float32")[0][None]
    played = Compressor(COMPRESSOR, RATE_HZ, 1).process_metered(Equaliser(EQUALISER, RATE_HZ, 1).process(audio))[1]
    first, n_step = round(reduction.start_s * RATE_HZ), round(reduction.step_s * RATE_HZ)
    expected = played[first : first + len(reduction.depth_db) * n_step].reshape(-1, n_step)
    np.testing.assert_allclose(reduction.depth_db, expected.max(axis=1), atol=0.02)
    assert reduction.mean_db == pytest.approx(float(expected.mean()), abs=0.05)


@pytest.mark.parametrize(("decay_s", "dampening"), [(0.4, 0.0), (1.5, 0.5)])
def test_a_reverb_fades_as_long_as_it_is_set_to(plan: Plan, decay_s: float, dampening: float) -> None:
    reverb = ReverbSettings(decay_s=decay_s, dampening=dampening, wet_db=-6.0, dry_db=-150.0, initial_delay_ms=30.0)
    report = report_of(plan(bus=(reverb,)), None, ())
    bus = next(track for track in report.tracks if track.name == BUS)
    (row,) = bus.plugins
    assert row.decay is not None
    assert row.decay.rt60_s == pytest.approx(decay_s, rel=0.16)
    assert row.decay.level_db[0] == 0.0
    assert row.decay.level_db[3] > -3.0, "nothing falls before the initial delay is over"
    assert np.diff(row.decay.level_db).max() <= 0.0
    assert len(row.decay.bands_db) == (1 if dampening else 0), "the upper band ends above half the rate"
    assert (bus.status, bus.fader_before_db == bus.fader_after_db) == (NEW, True)
    voice = next(track for track in report.tracks if track.name == "Voice")
    assert (voice.status, voice.reason) == (CHANGED, "a little")
    assert [move.what for move in voice.moves] == [f"send to {BUS}"]
    assert [move.reason for move in bus.moves] == ["room", "why 0"]


def test_a_compressor_on_a_bus_says_that_it_was_not_played(plan: Plan) -> None:
    rows = plugin_rows(plan(bus=(COMPRESSOR,)))[bus_ref(BUS).id]
    assert rows[0].reduction is None
    assert "plays nothing of its own" in rows[0].remark


def test_many_plug_ins_are_drawn_where_they_change_the_most(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_reporting, "MOST_PICTURES", 2)
    soft = EqualiserSettings((Band("band", 1_000.0, 0.5, 1.0),))
    (rows,) = plugin_rows(plan(soft, EQUALISER, COMPRESSOR)).values()
    assert [row.is_pictured for row in rows] == [False, True, True]
    assert "the 2 plug-ins that change the most" in rows[0].remark


def test_every_move_of_a_track_keeps_its_reason(plan: Plan) -> None:
    report = report_of(plan(EQUALISER, COMPRESSOR), None, ())
    voice = next(track for track in report.tracks if track.name == "Voice")
    assert [move.reason for move in voice.moves] == ["why 0", "why 1"]
