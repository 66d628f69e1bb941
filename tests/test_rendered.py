"""A rendered track plays its file in place of its items, and the session stays as long as it was."""

from __future__ import annotations

from reaper_automix.rendered import RenderedFile, reason_against_rendering, with_rendered
from reaper_automix.session import Envelope, EnvelopeKind, FxSlot, Item, Send, Session, Source, Take, Track


def take(path: str) -> Take:
    return Take("{T}", "take", Source("WAVE", path))


VOX = Track(
    "{V}",
    "Vox",
    gain_db=-3.0,
    pan=0.2,
    play_offset_s=0.5,
    effects=(FxSlot("{F}", "ReaComp", "VST"),),
    envelopes=(Envelope(EnvelopeKind.VOLUME), Envelope(EnvelopeKind.VOLUME_PRE_FX), Envelope(EnvelopeKind.PAN_PRE_FX)),
    items=(Item("{I}", 1.0, 9.0, (take("/vox.wav"),)),),
)
GTR = Track("{G}", "Gtr", items=(Item("{J}", 0.0, 4.0, (take("/gtr.wav"),)),))
SESSION = Session(tracks=(VOX, GTR), ledger_json="{}")


def test_only_the_file_is_heard() -> None:
    heard = with_rendered(SESSION, {"{V}": RenderedFile("/r.wav", 2.0, 3.0)})
    vox = heard.track("{V}")
    playing = [item for item in vox.items if not item.muted]
    assert [(i.position_s, i.length_s, i.playing_takes[0].source) for i in playing] == [
        (2.0, 3.0, Source("WAVE", "/r.wav"))
    ]
    assert vox.effects == ()
    assert [e.kind for e in vox.envelopes] == [EnvelopeKind.VOLUME]
    assert (vox.gain_db, vox.pan, vox.play_offset_s) == (-3.0, 0.2, 0.0)
    assert heard.track("{G}") is GTR


def test_the_session_ends_where_it_did() -> None:
    assert SESSION.end_s == 10.5
    for start_s, length_s in ((0.0, 3.0), (8.0, 30.0), (40.0, 1.0)):
        heard = with_rendered(SESSION, {"{V}": RenderedFile("/r.wav", start_s, length_s)})
        assert max(heard.end_s, start_s) == max(SESSION.end_s, start_s)


def test_nothing_rendered_and_unknown_tracks_change_nothing() -> None:
    assert with_rendered(SESSION, {}) == SESSION
    assert with_rendered(SESSION, {"{X}": RenderedFile("/r.wav", 0.0, 1.0)}) == SESSION


def test_folders_and_buses_are_not_heard_twice() -> None:
    child = Track("{C}", "Child", parent_id="{V}")
    bus = Track("{B}", "Bus", receives=(Send("{G}"),))
    keyed = Track("{K}", "Keyed", receives=(Send("{G}", target_channel=2),))
    session = Session(tracks=(VOX, child, GTR, bus, keyed))
    assert "folder" in reason_against_rendering(session, VOX)
    assert "receives other tracks" in reason_against_rendering(session, bus)
    assert reason_against_rendering(session, keyed) == ""
    assert reason_against_rendering(session, GTR) == ""
