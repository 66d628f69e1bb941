"""From decisions to moves: fader or envelope, strength, limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reaper_automix.mixplan import EnvelopeMove, FaderMove
from reaper_automix.planning import GainDecision, Moves, moves_from
from reaper_automix.session import AutomationMode, Envelope, EnvelopeKind, EnvelopePoint, Item, Session, Track
from reaper_automix.settings import MixSettings

TRACK = Track("{1}", "Vox", gain_db=-2.0, items=(Item("{i}", 0.0, 60.0),))
RIDE = ((0.0, -3.0), (10.0, -3.0), (20.0, 3.0), (60.0, 3.0))


def made(track: Track, change: tuple[tuple[float, float], ...], *, whole: bool = True, **settings: object) -> Moves:
    decision = GainDecision("{1}", change, "because")
    range_s = (0.0, 60.0) if whole else (10.0, 20.0)
    return moves_from([decision], Session(tracks=(track,)), MixSettings(**settings), range_s=range_s, whole=whole)


def automated(kind: EnvelopeKind, level_db: float, **changes: object) -> Envelope:
    return replace(Envelope(kind, points=(EnvelopePoint(0.0, level_db),)), **changes)


def test_a_constant_goes_to_the_fader() -> None:
    (move,) = made(TRACK, ((0.0, -4.0),)).moves
    assert isinstance(move, FaderMove)
    assert (move.before_db, move.after_db) == (-2.0, -6.0)


def test_a_ride_is_split_into_fader_and_envelope_around_zero() -> None:
    decision = GainDecision("{1}", RIDE, "because", weights=(1.0, 1.0, 0.0, 0.0))
    fader, envelope = moves_from(
        [decision], Session(tracks=(TRACK,)), MixSettings(), range_s=(0.0, 60.0), whole=True
    ).moves
    assert isinstance(fader, FaderMove)
    assert fader.after_db == pytest.approx(-5.0)
    assert isinstance(envelope, EnvelopeMove)
    assert envelope.envelope == EnvelopeKind.VOLUME
    assert [level for _, level in envelope.points] == pytest.approx([0.0, 0.0, 6.0, 6.0])


def test_in_a_part_of_the_session_no_fader_moves() -> None:
    (move,) = made(TRACK, ((0.0, -4.0),), whole=False).moves
    assert isinstance(move, EnvelopeMove)
    assert (move.range_s, move.points) == ((10.0, 20.0), ((10.0, -4.0),))


def test_all_on_envelope() -> None:
    (move,) = made(TRACK, ((0.0, -4.0),), all_on_envelope=True).moves
    assert isinstance(move, EnvelopeMove)


def test_automation_of_the_engineer_is_kept_and_the_ride_goes_to_trim() -> None:
    track = replace(TRACK, envelopes=(automated(EnvelopeKind.VOLUME, -5.0),))
    moves = made(track, RIDE).moves
    assert moves[-1].envelope == EnvelopeKind.TRIM_VOLUME  # type: ignore[union-attr]
    assert "Trim Volume" in moves[-1].reason


def test_in_read_mode_the_envelope_owns_the_fader_so_all_goes_to_trim() -> None:
    track = replace(TRACK, automation_mode=AutomationMode.READ, envelopes=(automated(EnvelopeKind.VOLUME, -5.0),))
    (move,) = made(track, ((0.0, -4.0),)).moves
    assert isinstance(move, EnvelopeMove)
    assert move.envelope == EnvelopeKind.TRIM_VOLUME


def test_with_both_envelopes_taken_the_track_is_left_and_named() -> None:
    both = (automated(EnvelopeKind.VOLUME, -5.0), automated(EnvelopeKind.TRIM_VOLUME, 2.0))
    result = made(replace(TRACK, envelopes=both), ((0.0, -4.0),), whole=False)
    assert result.moves == ()
    assert "Vox" in result.warnings[0]


def test_bypassed_automation_is_not_woken_up() -> None:
    track = replace(TRACK, envelopes=(automated(EnvelopeKind.VOLUME, -5.0, active=False),))
    (move,) = made(track, ((0.0, -4.0),), whole=False).moves
    assert move.envelope == EnvelopeKind.TRIM_VOLUME  # type: ignore[union-attr]


def test_the_fader_stops_at_its_top_and_says_so() -> None:
    result = made(TRACK, ((0.0, 30.0),))
    (move,) = result.moves
    assert isinstance(move, FaderMove)
    assert move.after_db == 12.0
    assert "+28.0 dB was wanted" in result.warnings[0]


def test_an_envelope_stops_at_its_top_and_says_so() -> None:
    result = made(TRACK, ((0.0, 17.0),), whole=False)
    (move,) = result.moves
    assert isinstance(move, EnvelopeMove)
    assert move.points == ((10.0, 6.0),)
    assert "+17.0 dB was wanted, the envelope ends at +6.0 dB" in result.warnings[0]


def test_strength_scales_in_db() -> None:
    scaled = GainDecision("{1}", RIDE, "").scaled(0.5)
    assert [level for _, level in scaled.change_db] == [-1.5, -1.5, 1.5, 1.5]
    assert made(TRACK, ((0.0, 0.0),)).moves == ()
