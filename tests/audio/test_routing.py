from __future__ import annotations

import pytest

from reaper_automix.audio.routing import routing_of
from reaper_automix.session import Send


def heard(session):
    return set(routing_of(session).order)


def test_sources_come_before_their_targets(track_of, session_of):
    session = session_of(
        track_of("bus", receives=(Send("child"), Send("late"))),
        track_of("folder", is_folder=True),
        track_of("child", parent_id="folder"),
        track_of("late"),
    )
    order = routing_of(session).order
    assert order.index("child") < order.index("folder")
    assert order.index("child") < order.index("bus")
    assert order.index("late") < order.index("bus")


def test_a_loop_is_cut_at_a_send_never_at_a_folder(track_of, session_of):
    session = session_of(
        track_of("a", receives=(Send("child"),)),
        track_of("folder", is_folder=True),
        track_of("child", parent_id="folder", receives=(Send("folder"),)),
        track_of("b", receives=(Send("b"), Send("a"))),
    )
    routing = routing_of(session)
    assert len(routing.notes) == 2
    assert "'folder' to 'child'" in routing.notes[0]
    assert {(c.source_id, c.target_id) for c in routing.cords if c.send is None} >= {("child", "folder")}
    assert heard(session) == {"a", "folder", "child", "b"}


def test_what_does_not_reach_the_master_is_not_played(track_of, session_of):
    session = session_of(
        track_of("muted", muted=True),
        track_of("folder", is_folder=True, muted=True),
        track_of("child", parent_id="folder"),
        track_of("loose", sends_to_parent=False),
        track_of("sender", sends_to_parent=False),
        track_of("bus", receives=(Send("sender"), Send("muted"), Send("loose", target_channel=2), Send("gone"))),
    )
    assert heard(session) == {"sender", "bus"}


@pytest.mark.parametrize(
    ("soloed", "expected"),
    [
        ("child", {"child", "folder", "reverb", "defeat"}),
        ("folder", {"child", "other", "folder", "reverb", "defeat"}),
        ("outside", {"outside", "defeat"}),
        ("reverb", {"reverb", "defeat"}),
    ],
)
def test_solo(track_of, session_of, soloed, expected):
    def track(track_id, **kwargs):
        return track_of(track_id, soloed=track_id == soloed, **kwargs)

    session = session_of(
        track("folder", is_folder=True),
        track("child", parent_id="folder"),
        track("other", parent_id="folder"),
        track("outside"),
        track("reverb", receives=(Send("child"), Send("outside", muted=True))),
        track("defeat", solo_defeat=True),
        track("quiet", solo_defeat=True, muted=True),
    )
    assert heard(session) == expected
    sends = [c for c in routing_of(session).cords if c.send is not None]
    assert bool(sends) == ("child" in expected)
