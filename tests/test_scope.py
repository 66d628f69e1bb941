"""Which tracks are mixed, and the reasons for the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reaper_automix.errors import ScopeError
from reaper_automix.scope import choose_scope
from reaper_automix.session import (
    AutomationMode,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    Item,
    Send,
    Session,
    Source,
    Take,
    Track,
)

ITEM = Item("{i}", 0.0, 60.0, (Take("{t}", "a", Source("WAVE", "/a.wav")),))


def track(number: int, name: str, **changes: object) -> Track:
    return replace(Track("{" + str(number) + "}", name, number, items=(ITEM,)), **changes)


SESSION = Session(
    tracks=(
        track(1, "Drums", is_folder=True, items=()),
        track(2, "Kick", parent_id="{1}"),
        track(3, "Snare", parent_id="{1}", muted=True),
        track(4, "Vox"),
        track(5, "Vox dbl", selected=True),
        track(6, "Key for ducking", sends_to_parent=False),
        track(7, "Reverb", items=(), receives=(Send("{4}"), Send("{6}", target_channel=2))),
        track(8, "Notes", items=()),
        track(9, "7"),
    )
)


def names(session: Session, *wanted: str) -> list[str]:
    scope = choose_scope(session, wanted=wanted)
    return [session.track(i).name for i in scope.track_ids]


def test_by_default_all_that_belong_to_a_balance() -> None:
    scope = choose_scope(SESSION, utility_reasons={"{9}": "it looks like a click"})
    assert [SESSION.track(i).name for i in scope.track_ids] == ["Kick", "Vox", "Vox dbl"]
    reasons = {out.track: out.reason for out in scope.left_out}
    assert "folder" in reasons["Drums"]
    assert "unmute" in reasons["Snare"]
    assert "side-chain" in reasons["Key for ducking"]
    assert "bus" in reasons["Reverb"]
    assert reasons["Notes"] == "no audio on it"
    assert reasons["7"] == "it looks like a click"


def test_names_patterns_numbers_and_the_selection() -> None:
    assert names(SESSION, "vox") == ["Vox"]
    assert names(SESSION, "vox*") == ["Vox", "Vox dbl"]
    assert names(SESSION, "2-4") == ["Kick", "Vox"]
    assert names(SESSION, "7") == ["7"], "a name goes before a number"
    assert names(SESSION, "selected") == ["Vox dbl"]


def test_a_click_that_was_asked_for_is_mixed() -> None:
    scope = choose_scope(SESSION, wanted=["7"], utility_reasons={"{9}": "it looks like a click"})
    assert scope.track_ids == ("{9}",)


def test_a_wrong_name_suggests_the_right_one() -> None:
    with pytest.raises(ScopeError, match="Did you mean Snare"):
        choose_scope(SESSION, wanted=["Snar"])


def test_solo_silences_the_others() -> None:
    soloed = SESSION.with_tracks({"{2}": replace(SESSION.track("{2}"), soloed=True)})
    assert names(soloed) == ["Kick"]


def test_a_vca_leader_is_not_mixed_against_its_followers() -> None:
    tracks = (track(1, "VCA", vca_leads=frozenset({3})), track(2, "Kick", vca_follows=frozenset({3})))
    scope = choose_scope(Session(tracks=tracks))
    assert scope.track_ids == ("{2}",)
    assert "VCA" in scope.left_out[0].reason


def test_a_muted_folder_silences_its_children() -> None:
    muted = SESSION.with_tracks({"{1}": replace(SESSION.track("{1}"), muted=True)})
    assert "Kick" not in names(muted)


def reason(*tracks: Track, name: str = "Kick") -> str:
    session = Session(tracks=tracks)
    return next((out.reason for out in choose_scope(session).left_out if out.track == name), "")


def test_a_closed_folder_is_named() -> None:
    kick = track(2, "Kick", parent_id="{1}")
    band = track(1, "Band", is_folder=True, items=())
    assert reason(band, kick) == ""
    assert (
        reason(replace(band, gain_db=-150.0), kick)
        == "the fader of its folder Band is closed: open it to have it mixed"
    )
    ride = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, -6.0),))
    read = replace(band, gain_db=-150.0, envelopes=(ride,), automation_mode=AutomationMode.READ)
    assert reason(read, kick) == "", "the envelope has the fader"
    lost = replace(band, sends_to_parent=False)
    assert "its folder Band has no master send" in reason(lost, kick)


def test_a_folder_around_the_folder_counts() -> None:
    outer = track(1, "Band", is_folder=True, items=(), muted=True)
    inner = track(2, "Drums", is_folder=True, items=(), parent_id="{1}")
    kick = track(3, "Kick", parent_id="{2}")
    assert reason(outer, inner, kick) == "its folder Band is muted: unmute it to have it mixed"


def test_a_muted_bus_is_named_where_it_is_the_only_way() -> None:
    kick = track(1, "Kick", sends_to_parent=False)
    drums = track(2, "Drums", items=(), receives=(Send("{1}"),))
    room = track(3, "Room", items=(), receives=(Send("{1}"),))
    muted = replace(drums, muted=True)
    assert reason(kick, muted) == "the track Drums that it feeds is muted: unmute it to have it mixed"
    assert "the fader of the track Drums that it feeds is closed" in reason(kick, replace(drums, gain_db=-150.0))
    assert reason(kick, muted, room) == "", "heard through the other"
    folder = track(4, "Buses", is_folder=True, items=(), muted=True)
    assert "its folder Buses is muted" in reason(kick, folder, replace(drums, parent_id="{4}"))


def test_tracks_that_feed_each_other_in_a_circle_are_not_heard() -> None:
    kick = track(1, "Kick", sends_to_parent=False, receives=(Send("{2}"),))
    bus = track(2, "Bus", items=(), sends_to_parent=False, receives=(Send("{1}"),))
    vox = track(3, "Vox")
    assert "the track Bus that it feeds has no master send" in reason(kick, bus, vox)


@pytest.mark.parametrize("range_s", [(5.0, 5.0), (-1.0, 4.0), (80.0, 90.0)])
def test_ranges_that_hold_nothing(range_s: tuple[float, float]) -> None:
    with pytest.raises(ScopeError, match="range"):
        choose_scope(SESSION, range_s=range_s)


def test_whole_and_part() -> None:
    assert choose_scope(SESSION, range_s=(0.0, 99.0)).whole
    assert not choose_scope(SESSION, range_s=(0.0, 30.0)).whole


def test_locked_armed_and_hidden_tracks_are_left_alone_and_named() -> None:
    item = (Item("{I}", 0.0, 2.0, (Take("{K}", "", Source("WAVE", "a.wav")),)),)
    tracks = (
        Track("{1}", "Vox", 1, items=item),
        Track("{2}", "Locked", 2, items=item, locked=True),
        Track("{3}", "Armed", 3, items=item, record_armed=True),
        Track("{4}", "Hidden", 4, items=item, hidden=True),
        Track("{5}", "Frozen", 5, items=item, frozen=True),
    )
    session = Session(tracks=tracks)
    scope = choose_scope(session)
    assert scope.track_ids == ("{1}", "{5}"), "a frozen track's fader is not part of the freeze"
    assert [out.reason.partition(":")[0].split()[0] for out in scope.left_out] == ["locked", "record-armed", "hidden"]
    assert not any(out.expected for out in scope.left_out)
    asked_for = choose_scope(session, wanted=["Armed", "Hidden", "Locked"])
    assert asked_for.track_ids == ("{3}", "{4}")
