"""Lowering a plan's own moves until the true peak keeps its limit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.analysis.measurement import Measurement, measure
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.headroom import fit_headroom, shifted_uniformly_db
from reaper_automix.mixplan import FaderMove, TrackRef
from reaper_automix.planning import GainDecision, Moves
from reaper_automix.session import FxSlot, Item, Send, SendMode, Session, Source, Take, Track
from reaper_automix.units import db_to_lin, lin_to_db

ITEM = Item("{i}", 0.0, 4.0, (Take("{t}", "a", Source("WAVE", "/a.wav")),))
NOISE = np.random.default_rng(3).standard_normal((2, 4 * 8000)).astype(np.float32) * np.float32(0.1)
MIX = measure([NOISE], 8000, 2, start_s=0.0, n_samples=NOISE.shape[1])


def with_peak(peak_dbtp: float) -> Measurement:
    return replace(MIX, loudness=replace(MIX.loudness, true_peak_dbtp=peak_dbtp))


def fitted(before_dbtp: float, own_lin: float, rest_lin: float):  # type: ignore[no-untyped-def]
    """Fit a plan whose own tracks peak at ``own_lin`` on top of a rest that peaks at ``rest_lin``."""

    def make_moves(decisions):  # type: ignore[no-untyped-def]
        change_db = decisions[0].change_db[0][1]
        move = FaderMove(TrackRef("{1}", "a"), 0.0, change_db)
        return Moves((move,)), Session(tracks=(Track("{1}", "a", gain_db=change_db),))

    def mix_of(session: Session) -> Measurement:
        return with_peak(lin_to_db(rest_lin + own_lin * db_to_lin(session.tracks[0].gain_db)))

    decisions = [GainDecision("{1}", ((0.0, 0.0),), "")]
    moves, session = make_moves(decisions)
    return fit_headroom(decisions, with_peak(before_dbtp), make_moves, mix_of, first=(moves, session, mix_of(session)))


def test_nothing_is_lowered_below_the_limit() -> None:
    result = fitted(-3.0, 0.9, 0.0)
    assert (result.lowered_db, result.warnings) == (0.0, ())


def test_moves_are_lowered_to_full_scale() -> None:
    result = fitted(-3.0, 2.0, 0.0)
    assert result.mix.loudness.true_peak_dbtp <= 0.0
    assert result.lowered_db == pytest.approx(lin_to_db(2.0), abs=0.1)
    assert "lowered by" in result.warnings[0]


def test_what_was_too_loud_before_may_stay_so() -> None:
    result = fitted(4.0, 1.5, 0.0)
    assert result.lowered_db == 0.0


def test_it_converges_where_other_tracks_take_part_in_the_peak() -> None:
    result = fitted(3.0, 0.9, 1.25)
    assert result.mix.loudness.true_peak_dbtp <= 3.0
    assert len(result.warnings) == 1


def test_where_the_rest_alone_is_too_loud_it_says_how_far_to_lower_the_master() -> None:
    result = fitted(0.0, 0.5, 1.5)
    assert result.mix.loudness.true_peak_dbtp > 0.0
    assert "lower the master by" in result.warnings[-1]


def test_a_uniform_shift_is_seen() -> None:
    first = Session(tracks=(Track("{1}", "a", 1, items=(ITEM,)), Track("{2}", "b", 2, items=(ITEM,), muted=True)))
    lower = first.with_tracks({"{1}": replace(first.track("{1}"), gain_db=-2.5)})
    assert shifted_uniformly_db(first, lower) == pytest.approx(-2.5)
    both = Session(tracks=(first.tracks[0], replace(first.tracks[1], muted=False)))
    assert shifted_uniformly_db(both, both.with_tracks({"{1}": replace(both.track("{1}"), gain_db=-2.5)})) is None


def test_a_send_before_the_fader_does_not_follow() -> None:
    bus = Track("{2}", "bus", 2, receives=(Send("{1}", SendMode.PRE_FADER),))
    first = Session(tracks=(Track("{1}", "a", 1, items=(ITEM,)), bus))
    assert shifted_uniformly_db(first, first.with_tracks({"{1}": replace(first.track("{1}"), gain_db=-1.0)})) is None


COMP = FxSlot("{c}", "VST: ReaComp (Cockos)", "VST", settings=CompressorSettings(threshold_db=-30.0, ratio=4.0))
ROOM = FxSlot("{r}", "VST: ReaVerbate (Cockos)", "VST", settings=ReverbSettings())


def lowered(session: Session, *track_ids: str) -> Session:
    return session.with_tracks({i: replace(session.track(i), gain_db=-1.0) for i in track_ids})


@pytest.mark.parametrize("sits", ["track", "folder", "bus", "plain"])
@pytest.mark.parametrize("fx", [COMP, replace(COMP, bypassed=True), replace(COMP, settings=None), ROOM])
def test_a_compressor_that_faders_drive_does_not_follow(sits: str, fx: FxSlot) -> None:
    def chain(where: str) -> tuple[FxSlot, ...]:
        return (fx,) if where == sits else ()

    session = Session(
        tracks=(
            Track("{f}", "folder", 1, is_folder=True, effects=chain("folder")),
            Track("{t}", "track", 2, parent_id="{f}", items=(ITEM,), effects=chain("track")),
            Track("{b}", "bus", 3, receives=(Send("{t}"),), effects=chain("bus")),
            Track("{p}", "plain", 4, effects=chain("plain")),
        )
    )
    driven = fx == COMP and sits in ("folder", "bus")
    assert shifted_uniformly_db(session, lowered(session, "{t}")) == (None if driven else pytest.approx(-1.0))


def test_other_effects_or_tracks_are_another_mix() -> None:
    first = Session(tracks=(Track("{1}", "a", 1, items=(ITEM,), effects=(COMP,)),))
    assert shifted_uniformly_db(first, lowered(first, "{1}")) == pytest.approx(-1.0)
    harder = replace(COMP, settings=CompressorSettings(threshold_db=-31.0, ratio=4.0))
    for effects in ((), (harder,), (COMP, ROOM)):
        assert shifted_uniformly_db(first, Session(tracks=(replace(first.tracks[0], effects=effects),))) is None
    assert shifted_uniformly_db(first, Session(tracks=(*first.tracks, Track("{2}", "bus", 2)))) is None


def test_silence_has_no_peak_to_keep() -> None:
    assert fitted(-math.inf, 0.0, 0.0).lowered_db == 0.0
