"""A strip as moves: where its gains go, what is not written, and what of other runs stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.mixers.inserts import BUS, Inserts
from reaper_automix.mixers.strip_manners import Mannered
from reaper_automix.mixers.strip_moves import (
    ChannelMoves,
    bus_moves,
    channel_moves,
    folded,
    sends_by_db,
    stages_taken,
    standing_reverb,
    within_reach,
    without_steps,
)
from reaper_automix.mixers.strip_parameters import (
    neutral_reverb_vector,
    neutral_vector,
    reverb_from,
    settings_from,
)
from reaper_automix.mixplan import BusMove, EffectMove, PanMove, PolarityMove, SendMove, bus_ref
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, FxSlot, Send, Session, Track
from reaper_automix.units import SILENCE_DB, db_to_lin

NEUTRAL = settings_from(neutral_vector())
COMPRESSOR = CompressorSettings(threshold_db=-20.0, ratio=3.0, makeup_db=2.0)
REVERB = reverb_from(neutral_reverb_vector())
TRACK = Track("{1}", "Gtr")


def moves_of(
    found: Mannered, track: Track = TRACK, *, gain_db: float = 0.0, suite: str = "stock", n_channels: int = 2
) -> ChannelMoves:
    inserts = Inserts(suite, 48_000)
    return channel_moves(track, found, gain_db, inserts, n_channels=n_channels, source="a test", sends_by_db=0.0)


def test_a_neutral_strip_is_no_move() -> None:
    assert moves_of(Mannered(NEUTRAL)) == ChannelMoves((), 0.0, ())


def test_gains_before_the_compressor_are_taken_from_its_threshold() -> None:
    """The compressor of the track as it is plays what that of the louder track plays, but for the gain."""
    sound = 0.1 * np.random.default_rng(0).standard_normal((2, 24_000)).astype(np.float32)
    louder = Compressor(COMPRESSOR, 48_000, 2).process(sound * np.float32(db_to_lin(7.0)))
    as_it_is = Compressor(folded(COMPRESSOR, 7.0), 48_000, 2).process(sound)
    assert louder == pytest.approx(as_it_is * np.float32(db_to_lin(7.0)), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("gain_db", "threshold_db"), [(0.0, -20.0), (40.0, -60.0), (55.0, -60.0), (-30.0, 6.0)])
def test_thresholds_stay_within_reach(gain_db, threshold_db) -> None:
    reached = within_reach(COMPRESSOR, gain_db)
    assert folded(reached, gain_db).threshold_db == pytest.approx(threshold_db)
    assert replace(reached, threshold_db=-20.0) == COMPRESSOR


def test_everything_of_a_strip_is_written_in_its_order() -> None:
    bands = (Band("low_shelf", 100.0, -3.0, 0.707), Band("band", 500.0, 0.0), Band("band", 2_000.0, 2.0))
    strip = replace(
        NEUTRAL,
        inverted=True,
        equaliser=EqualiserSettings(bands),
        compressor=COMPRESSOR,
        send_db=-20.0,
        pan=-0.3,
    )
    made = moves_of(Mannered(strip, reduction_db=2.34, reverb_lu=-12.0), gain_db=5.0)
    kinds = [PolarityMove, PanMove, EffectMove, EffectMove, SendMove]
    assert [type(move) for move in made.moves] == kinds
    _, pan, equaliser, compressor, send = made.moves
    assert (pan.before, pan.after) == (0.0, -0.3)
    assert "30% left" in pan.reason
    assert (equaliser.plugin, equaliser.tag) == ("ReaEQ", "Automix: equaliser")
    assert equaliser.settings == EqualiserSettings((bands[0], bands[2])), "flat bands stay free"
    assert (compressor.plugin, compressor.tag) == ("ReaComp", "Automix: compressor")
    assert compressor.settings == replace(COMPRESSOR, threshold_db=-25.0)
    assert "2.3 dB" in compressor.reason
    assert (send.to, send.level_db) == (BUS, -20.0)
    assert "12 LU below" in send.reason
    assert all("a test" in move.reason for move in made.moves)
    assert made.makeup_db == 2.0


def test_makeup_beyond_the_plugin_is_left_to_the_fader_without_a_word() -> None:
    inserts = Inserts("stock", 48_000)
    found = Mannered(replace(NEUTRAL, compressor=replace(COMPRESSOR, makeup_db=9.0)))
    made = channel_moves(TRACK, found, 0.0, inserts, n_channels=2, source="a test", sends_by_db=0.0)
    assert made.makeup_db == made.moves[0].settings.makeup_db == 6.0
    assert inserts.warnings == []


def test_bounds_are_said_where_they_count() -> None:
    bounds = {"equaliser": "no boost", "compressor": "threshold raised", "reverb": "no reverb"}
    strip = replace(NEUTRAL, compressor=COMPRESSOR)
    made = moves_of(Mannered(strip, bounds))
    assert made.moves[0].reason.endswith("; threshold raised")
    assert made.unsaid == ("no boost", "no reverb")


def test_an_engineers_pan_and_polarity_stay() -> None:
    strip = replace(NEUTRAL, inverted=True, pan=0.5)
    curve = Envelope(EnvelopeKind.PAN, points=(EnvelopePoint(0.0, 0.2),))
    for track in (replace(TRACK, pan=0.1), replace(TRACK, envelopes=(curve,))):
        assert track.is_panned
        assert [type(move) for move in moves_of(Mannered(strip), track).moves] == [PolarityMove]
    inverted = replace(TRACK, polarity_inverted=True)
    assert [type(move) for move in moves_of(Mannered(strip), inverted).moves] == [PanMove]


def test_the_iem_suite_where_it_fits() -> None:
    strip = replace(NEUTRAL, compressor=COMPRESSOR, equaliser=EqualiserSettings((Band("band", 500.0, 3.0),)))
    assert [m.plugin for m in moves_of(Mannered(strip), suite="iem", n_channels=1).moves] == [
        "MultiEQ",
        "OmniCompressor",
    ]
    assert [m.plugin for m in moves_of(Mannered(strip), suite="iem", n_channels=2).moves] == ["MultiEQ", "ReaComp"]


def test_the_bus_is_made_where_somebody_sends() -> None:
    inserts = Inserts("stock", 48_000)
    assert bus_moves(REVERB, [], inserts, "a test") == []
    sends = moves_of(Mannered(replace(NEUTRAL, send_db=-20.0), reverb_lu=-20.0)).moves
    bus, reverb = bus_moves(REVERB, sends, inserts, "a test")
    assert isinstance(bus, BusMove)
    assert (reverb.track, reverb.plugin) == (bus_ref(BUS), "ReaVerbate")
    assert (reverb.settings.wet_db, reverb.settings.dry_db) == (0.0, SILENCE_DB)


def test_what_an_earlier_run_has_set_is_not_done_twice() -> None:
    slot = FxSlot("{F}", "VST: ReaComp (Cockos)", "VST", tag="Automix: compressor", settings=COMPRESSOR)
    reverb = FxSlot("{R}", "VST: ReaVerbate (Cockos)", "VST", tag="Automix: reverb", settings=REVERB)
    track = replace(TRACK, effects=(slot,))
    bus = Track(bus_ref(BUS).id, BUS, effects=(reverb,), receives=(Send("{1}"),))
    assert set(stages_taken(Session(tracks=(track,)), track)) == {"compressor"}
    session = Session(tracks=(track, bus))
    assert set(stages_taken(session, track)) == {"compressor", "reverb"}
    assert standing_reverb(session) == REVERB
    assert standing_reverb(Session(tracks=(track,))) is None


@pytest.mark.parametrize("state", ["frozen", "effects_bypassed"])
def test_a_chain_that_does_not_play_gets_nothing(state) -> None:
    track = replace(TRACK, **{state: True})
    assert set(stages_taken(Session(tracks=(track,)), track)) == {"equaliser", "compressor"}


def test_plugins_of_others_do_not_stand_in_the_way() -> None:
    track = replace(TRACK, effects=(FxSlot("{F}", "VST: ReaComp (Cockos)", "VST"),))
    assert stages_taken(Session(tracks=(track,)), track) == {}


def test_steps_that_are_not_done_are_neutral() -> None:
    strip = replace(NEUTRAL, compressor=COMPRESSOR, send_db=-20.0, pan=0.4, fader_db=-3.0)
    assert without_steps(strip, {"equaliser", "compressor", "reverb"}) == strip
    bare = without_steps(strip, set())
    assert (bare.compressor.ratio, bare.compressor.makeup_db, bare.send_db) == (1.0, 0.0, SILENCE_DB)
    assert (bare.pan, bare.fader_db) == (0.4, -3.0)


@pytest.mark.parametrize(("law_db", "by_db"), [(0.0, 0.0), (-3.0, 3.0), (3.0, 0.0)])
def test_a_pan_law_that_lowers_the_bus_raises_the_sends(law_db, by_db) -> None:
    assert sends_by_db(Session(pan_law_db=law_db)) == pytest.approx(by_db)
