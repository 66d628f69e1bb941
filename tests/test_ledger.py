"""The ledger inside a session: round trip, and what a damaged one means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reaper_automix.edits import Control
from reaper_automix.ledger import ControlEntry, Ledger, PointsEntry, undo
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
    "text", ["", "{", "[]", '{"schema":"other/1","entries":[]}', '{"schema":"reaper_automix.ledger/1"}']
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
