"""The ledger inside a session: round trip, and what a damaged one means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reaper_automix.edits import Control
from reaper_automix.ledger import Ledger, undo
from reaper_automix.ledger_entries import ControlEntry, PointsEntry
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, PointShape, Session, Track

ENTRIES = (
    ControlEntry("balance", "{1}", Control.FADER, "0.56085967561807", -9.0),
    PointsEntry(
        "rides",
        "{1}",
        EnvelopeKind.VOLUME,
        (0.0, 5.0),
        (0.0, 5.0),
        ("ACT 0 -1", "PT 0 1 0"),
        (EnvelopePoint(0.0, -3.0), EnvelopePoint(5.0, 1.0, PointShape.BEZIER, 0.5)),
    ),
)


def test_round_trip_in_one_line_of_ascii() -> None:
    text = Ledger(ENTRIES).to_json()
    assert "\n" not in text
    assert text.isascii()
    assert Ledger.of(Session(ledger_json=text)) == Ledger(ENTRIES)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema":"other/1","entries":[]}', '{"schema":"reaper_automix.ledger/2"}']
)
def test_a_ledger_that_cannot_be_read_counts_as_none(text: str) -> None:
    assert Ledger.of(Session(ledger_json=text)) == Ledger()


def test_an_empty_ledger_is_no_text() -> None:
    assert Ledger().to_json() == ""


def test_undo_takes_back_the_last_first_and_leaves_what_was_changed() -> None:
    track = Track("{1}", "Vox", gain_db=-9.0, envelopes=(Envelope(EnvelopeKind.VOLUME, points=ENTRIES[1].now),))
    session = Session(tracks=(track,))
    undone = undo(session, ENTRIES)
    assert undone.restored == ENTRIES[::-1]
    assert undone.session.tracks[0].gain_db == pytest.approx(-5.023, abs=1e-3)
    envelope = undone.session.tracks[0].envelope(EnvelopeKind.VOLUME)
    assert envelope is not None
    assert not envelope.active
    moved = replace(session, tracks=(replace(track, gain_db=-8.0),))
    assert undo(moved, ENTRIES).left_alone == ENTRIES[:1]


def test_a_deleted_track_takes_its_entries_along() -> None:
    undone = undo(Session(), ENTRIES)
    assert (undone.restored, undone.left_alone) == ((), ())


# --- REAPER's undo takes back what was written, but perhaps not the record of it -------------------------------------


def fader(track_id: str, was: str, now: float) -> ControlEntry:
    return ControlEntry("balance", track_id, Control.FADER, was, now)


def faders(*levels_db: float) -> Session:
    return Session(tracks=tuple(Track(f"{{{n}}}", f"T{n}", gain_db=db) for n, db in enumerate(levels_db)))


BEFORE = Ledger()
FIRST = Ledger((fader("{0}", "1", -3.0), fader("{1}", "1", -6.0), fader("{2}", "1", 2.0))).after(BEFORE)
SECOND = Ledger((fader("{0}", "1", -4.0), fader("{1}", "1", -7.0), fader("{2}", "1", 1.0))).after(FIRST)


def holding(session: Session, ledger: Ledger) -> tuple[object, ...]:
    return Ledger.of(replace(session, ledger_json=ledger.to_json())).entries


def test_a_run_that_stands_counts() -> None:
    assert holding(faders(-4.0, -7.0, 1.0), SECOND) == SECOND.entries


def test_an_undone_run_gives_way_to_the_one_before() -> None:
    assert holding(faders(-3.0, -6.0, 2.0), SECOND) == FIRST.entries


def test_two_undone_runs_leave_nothing_of_ours() -> None:
    assert holding(faders(0.0, 0.0, 0.0), SECOND) == ()


def test_after_an_undo_the_engineer_may_move_something() -> None:
    assert holding(faders(0.0, 0.0, 5.0), FIRST) == ()


def test_a_redo_brings_the_run_back() -> None:
    assert holding(faders(-3.0, -6.0, 2.0), FIRST) == FIRST.entries


def test_one_fader_put_back_by_hand_is_no_undo() -> None:
    assert holding(faders(0.0, -6.0, 2.0), FIRST) == FIRST.entries


def test_every_fader_moved_by_hand_is_no_undo() -> None:
    assert holding(faders(-1.0, -2.0, 0.0), FIRST) == FIRST.entries


def test_an_undone_revert_brings_the_run_back() -> None:
    reverted = Ledger().after(FIRST)
    assert holding(faders(-3.0, -6.0, 2.0), reverted) == FIRST.entries
    assert holding(faders(0.0, 0.0, 0.0), reverted) == ()


def test_an_undone_envelope_gives_way() -> None:
    points = (EnvelopePoint(0.0, -3.0), EnvelopePoint(5.0, 1.0))
    entry = PointsEntry("rides", "{0}", EnvelopeKind.VOLUME, (0.0, 5.0), (0.0, 5.0), (), points)
    ledger = Ledger((entry,)).after(Ledger())
    assert holding(faders(0.0), ledger) == ()
    written = Session(tracks=(Track("{0}", "T", envelopes=(Envelope(EnvelopeKind.VOLUME, points=points),)),))
    assert holding(written, ledger) == (entry,)


def test_the_record_follows_a_few_runs_and_stays_small() -> None:
    ledger = Ledger()
    for level in range(20):
        ledger = Ledger((fader("{0}", "1", float(level)),)).after(ledger)
    assert ledger.to_json().count("previous") == 3
    assert holding(faders(17.0), ledger)[0] == fader("{0}", "1", 17.0)


def test_a_passage_and_a_whole_run_undone_leave_nothing_of_ours() -> None:
    points = (EnvelopePoint(1.0, -3.0), EnvelopePoint(2.0, 1.0))
    passage = PointsEntry("balance", "{0}", EnvelopeKind.VOLUME, (1.0, 2.0), (1.0, 2.0), (), points)
    first = Ledger((passage,)).after(Ledger())
    second = Ledger((fader("{0}", "1", -4.0), fader("{1}", "1", -7.0))).after(first)  # it took the passage back
    assert holding(faders(0.0, 0.0), second) == ()
    assert holding(faders(-4.0, -7.0), second) == second.entries


def test_whole_passage_whole_undone_twice_is_the_first_run_again() -> None:
    points = (EnvelopePoint(1.0, -3.0),)
    first = Ledger((fader("{0}", "1", -4.0), fader("{1}", "1", -7.0))).after(Ledger())
    passage = PointsEntry("balance", "{0}", EnvelopeKind.VOLUME, (1.0, 2.0), (1.0, 2.0), (), points)
    second = Ledger((*first.entries, passage)).after(first)
    third = Ledger((fader("{0}", "1", -5.0), fader("{1}", "1", -6.0))).after(second)
    assert holding(faders(-4.0, -7.0), third) == first.entries
