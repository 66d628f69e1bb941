from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.audio.media import MediaIndex
from reaper_automix.audio.skips import notes, playable, skips_of
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.session import FxSlot, Master


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"source_kind": "MIDI"}, "MIDI"),
        ({"source_kind": "MIDIPOOL"}, "MIDI"),
        ({"source_kind": "RPP_PROJECT"}, "sub-project"),
        ({"source_kind": "CLICK"}, "click"),
        ({"source_kind": "LTC"}, "time code"),
        ({"source_kind": "WAVE"}, "names no audio file"),
        ({"source_kind": "VIDEO"}, "video"),
        ({"source_kind": "WAVE", "source_offline": True}, "offline"),
    ],
)
def test_each_kind_has_a_reason_and_a_next_step(item_of, track_of, kwargs, word):
    item = item_of(None, 1.0, **kwargs)
    (skip,) = playable(item, track_of("t", item, name="Bass"))
    assert (skip.track_id, skip.item_id) == ("t", "item")
    assert word in skip.reason
    assert "Bass" in skip.reason
    assert skip.next_step.endswith(".")


def test_files_takes_and_instruments(write_audio, noise, item_of, track_of, tmp_path):
    path = write_audio("a.wav", noise(100))
    synth = FxSlot("fx", "VSTi: Synth", "VST", is_instrument=True)
    track = track_of("t", effects=(synth,))
    assert playable(item_of(path, 1.0), track) == ()
    assert playable(item_of(path, 1.0, source_kind="VIDEO"), track) == ()
    assert playable(item_of(tmp_path / "gone.wav", 1.0, muted=True), track) == ()
    assert playable(item_of(None, 1.0, source_kind="EMPTY"), track) == ()
    reasons = [
        playable(item, track)[0]
        for item in (
            item_of(tmp_path / "gone.wav", 1.0),
            item_of(path, 1.0, take_n_stretch_markers=2),
            item_of(path, 1.0, take_n_effects=1),
            item_of(None, 1.0, source_kind="MIDI"),
        )
    ]
    for reason, word in zip(
        reasons, ("missing", "2 stretch markers", "1 take effects", "virtual instrument"), strict=True
    ):
        assert word in reason.reason
    assert reasons[0].next_step == "Restore it, or relink the item in REAPER."


def test_a_session_is_probed_once_and_can_be_limited(write_audio, noise, item_of, track_of, session_of, monkeypatch):
    from reaper_automix.audio import media

    probed = []
    real = media.probe
    monkeypatch.setattr(media, "probe", lambda path: probed.append(path) or real(path))
    path = write_audio("a.wav", noise(100))
    items = [item_of(path, 0.1, id=f"i{i}") for i in range(5)] + [
        item_of("/gone/x.wav", 0.1, id=f"g{i}") for i in range(3)
    ]
    session = session_of(track_of("a", *items), track_of("b", *items))
    assert len(skips_of(session)) == 6
    assert len(probed) == 2
    assert {s.track_id for s in skips_of(session, ["b"])} == {"b"}


def test_notes(write_audio, noise, item_of, track_of, session_of):
    wide = write_audio("wide.wav", noise(100, 6))
    session = session_of(
        track_of(
            "t",
            item_of(wide, 0.1, take_playrate=1.2),
            effects=(FxSlot("a", "ReaEQ", "VST"), FxSlot("b", "ReaComp", "VST", bypassed=True)),
        ),
        track_of("plain", item_of(write_audio("m.wav", np.zeros(10, np.float32)), 0.1)),
        master=Master(effects=(FxSlot("m", "ReaLimit", "VST"),)),
    )
    found = notes(session, index=MediaIndex())
    text = " ".join(n.text for n in found if n.track_id == "t")
    assert "ReaEQ" in text
    assert "ReaComp" not in text
    assert "stretched" in text
    assert "more than two channels" in text
    assert [n.text for n in found if n.track_id is None] == [
        "The master's plug-ins are not heard; other levels drive them differently: ReaLimit."
    ]
    assert not [n for n in found if n.track_id == "plain"]


def test_notes_name_only_the_plug_ins_that_are_not_played(write_audio, noise, item_of, track_of, session_of):
    item = item_of(write_audio("a.wav", noise(100)), 0.1)
    ours = FxSlot("a", "VST: ReaEQ (Cockos)", "VST", tag="Automix: tone", settings=EqualiserSettings())
    theirs = FxSlot("b", "VST: ReaXcomp (Cockos)", "VST")

    def note_of(*effects, **kwargs):
        return [n.text for n in notes(session_of(track_of("t", item, effects=effects, **kwargs)), index=MediaIndex())]

    assert note_of(ours) == []
    (both,) = note_of(ours, theirs)
    assert "ReaXcomp" in both
    assert "ReaEQ" not in both
    assert "judged dry" in note_of(theirs, replace(ours, bypassed=True))[0]
    (moving,) = note_of(replace(ours, automated=True))
    assert "envelopes move knobs of Automix: tone" in moving
    assert note_of(replace(ours, automated=True), effects_bypassed=True) == []
