"""New takes on every host: added behind the others, active, and gone again without a trace but their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from contracts.hosts_under_test import named, plan_of, ref, statuses

from reaper_automix.edits import Control, Host, RemoveTake, SetControl
from reaper_automix.ledger import Ledger
from reaper_automix.mixplan import FaderMove, TakeMove, TrackRef
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.receipt import Status
from reaper_automix.session import Item, Session


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "waiting" / "abc.wav"
    path.parent.mkdir()
    soundfile.write(path, 0.1 * np.random.default_rng(3).standard_normal(16_000), 8_000, subtype="FLOAT")
    return path


def take(session: Session, name: str, file: Path, called: str = "Kick tone 1234", gain_db: float = -1.5) -> TakeMove:
    track = ref(session, name)
    item = session.track(track.id).items[0]
    return TakeMove(track, TrackRef(item.id, "its item"), str(file), called, gain_db)


def items(session: Session) -> list[list[Item]]:
    return [[replace(item, line_number=None) for item in track.items] for track in session.tracks]


def test_a_take_is_added_active_and_taken_back_exactly(host: Host, audio: Path) -> None:
    before = host.read_session()
    assert statuses(host, plan_of(before, take(before, "Kick", audio))) == [Status.WRITTEN]
    (item,) = named(host, "Kick").items
    (old,) = next(t for t in before.tracks if t.name == "Kick").items
    assert (item.takes[0], len(item.takes), item.active_take) == (old.takes[0], 2, 1)
    new = item.takes[1]
    assert (new.name, new.start_offset_s, new.playrate) == ("Kick tone 1234", 0.0, old.takes[0].playrate)
    assert new.gain_db == pytest.approx(old.takes[0].gain_db - 1.5, abs=1e-3)
    assert new.source.path is not None
    assert Path(new.source.path).read_bytes() == audio.read_bytes()
    assert (item.length_s, item.fade_in, item.gain_db) == (old.length_s, old.fade_in, old.gain_db)
    assert [o.status for o in revert(host).outcomes] == [Status.RESTORED]
    assert items(host.read_session()) == items(before)
    assert Ledger.of(host.read_session()).entries == ()


def test_a_run_again_writes_the_same_and_another_mixers_run_leaves_it(host: Host, audio: Path) -> None:
    before = host.read_session()
    move = take(before, "Kick", audio)
    apply_plan(host, plan_of(before, move))
    once = items(host.read_session())
    assert statuses(host, plan_of(before, move)) == [Status.WRITTEN]
    assert items(host.read_session()) == once
    apply_plan(host, plan_of(before, FaderMove(ref(before, "Kick"), None, -3.0), mixer="other"))
    assert items(host.read_session()) == once
    revert(host)
    assert items(host.read_session()) == items(before)
    assert named(host, "Kick").gain_db == 0.0


def test_a_take_that_was_put_aside_is_the_engineers(host: Host, audio: Path) -> None:
    before = host.read_session()
    apply_plan(host, plan_of(before, take(before, "Kick", audio), take(before, "Snare", audio)))
    kick = named(host, "Kick")
    (item,) = kick.items
    aside = RemoveTake(kick.id, item.id, item.takes[1].id, item.takes[0].id)
    host.write([aside], host.read_session().ledger_json)
    outcomes = {outcome.track: (outcome.what, outcome.status) for outcome in revert(host).outcomes}
    assert outcomes == {"Kick": ("take", Status.LEFT_ALONE), "Snare": ("take", Status.RESTORED)}
    assert items(host.read_session()) == items(before)


def test_what_cannot_be_written_is_skipped_and_said(host: Host, audio: Path) -> None:
    before = host.read_session()
    gone = take(before, "Kick", audio.with_name("gone.wav"))
    elsewhere = replace(take(before, "Snare", audio), item=TrackRef("{no such item}", ""))
    text = audio.with_name("text.wav")
    text.write_text("no sound at all")
    nowhere = replace(take(before, "Kick", audio), track=TrackRef("{no such track}", "Was here"))
    moves = (gone, elsewhere, take(before, "Kick", text), nowhere)
    outcomes = apply_plan(host, plan_of(before, *moves)).outcomes
    assert [o.status for o in outcomes] == [Status.SKIPPED] * 4
    said = ("plan again", "the item is not", "is no WAV", "the track is not")
    for outcome, words in zip(outcomes, said, strict=True):
        assert words in outcome.detail
    assert items(host.read_session()) == items(before)


def test_takes_and_faders_of_one_run_are_one(host: Host, audio: Path) -> None:
    before = host.read_session()
    moves = (take(before, "Kick", audio), take(before, "Snare", audio), FaderMove(ref(before, "Kick"), 0.0, -2.0))
    assert statuses(host, plan_of(before, *moves)) == [Status.WRITTEN] * 3
    paths = {named(host, name).items[0].takes[1].source.path for name in ("Kick", "Snare")}
    assert len(paths) == 1, "the same audio lies there once"
    host.write([SetControl(named(host, "Kick").id, Control.FADER, -5.0)], host.read_session().ledger_json)
    assert {o.what: o.status for o in revert(host).outcomes if o.track == "Kick"} == {
        "take": Status.RESTORED,
        "fader": Status.LEFT_ALONE,
    }
