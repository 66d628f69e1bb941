"""Letting REAPER render tracks: what is rendered, and that everything is put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper
from open_sessions import session

from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.rendering import reason_to_render, render_tracks
from reaper_automix.reascript.snapshot import snapshot
from reaper_automix.session import FxSlot, Item, Source, Take, Track

OpenReaper = Callable[..., DoubleReaper]
SETTINGS = {"RENDER_SETTINGS": 1.0, "RENDER_BOUNDSFLAG": 2.0, "RENDER_SRATE": 44100.0, "RENDER_NORMALIZE": 1.0}


def track(take: Take | None = None, **changes: Any) -> Track:
    take = take or Take("{K}", "", Source("WAVE", "/a.wav"))
    return replace(Track("{T}", "Vox", items=(Item("{I}", 0.0, 4.0, (take,)),)), **changes)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (track(), ""),
        (track(effects=(FxSlot("1", "VST: ReaEQ", "VST"),)), "1 plug-in"),
        (track(effects=(FxSlot("1", "VST: ReaEQ", "VST", bypassed=True),)), ""),
        (track(effects=(FxSlot("1", "VST: ReaEQ", "VST"),), effects_bypassed=True), ""),
        (track(effects=(FxSlot("1", "VSTi: Synth", "VST", is_instrument=True),)), "virtual instrument"),
        (track(Take("{K}", "", Source("MIDI"))), "MIDI"),
        (track(Take("{K}", "", Source("WAVE", "/a.wav"), n_effects=1)), "take effects"),
        (track(Take("{K}", "", Source("WAVE", "/a.wav"), n_stretch_markers=2)), "stretch markers"),
        (Track("{T}", "Empty", effects=(FxSlot("1", "VST: ReaEQ", "VST"),)), ""),
    ],
)
def test_what_cannot_be_judged_from_its_file(what: Track, reason: str) -> None:
    assert reason in reason_to_render(what)
    assert bool(reason) == bool(reason_to_render(what))


def test_the_wanted_tracks_are_rendered_and_everything_is_put_back(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 12))
    api = DoubleApi(reaper)
    wrapped = Reaper(api)
    for name, value in SETTINGS.items():
        wrapped.set_setting(name, value)
    wrapped.set_text_setting("RENDER_PATTERN", "my mix")
    reaper.select_only("Track 5 ü")
    asked: list[tuple[dict[str, Any], list[str]]] = []

    def on_render(settings: dict[str, Any], tracks: list[tuple[str, str]]) -> None:
        asked.append((settings, [name for _, name in tracks]))
        for guid, _ in tracks:
            number = settings["TRACK_NUMBERS"][guid]
            path = Path(settings["RENDER_FILE"]) / f"{settings['RENDER_PATTERN']}.wav".replace(
                "$tracknumber", f"{number:02d}"
            )
            path.write_bytes(b"" if number == 11 else b"RIFF")

    reaper.on_render = on_render
    heard = snapshot(wrapped)
    before = reaper.current.to_bytes()
    chosen = [heard.tracks[1], heard.tracks[10], heard.tracks[11]]
    rendered = render_tracks(wrapped, heard, chosen, (2.0, 9.0), tmp_path / "rendered ü")
    assert set(rendered) == {track.id for track in chosen}
    assert [Path(rendered[t.id].path).name for t in chosen] == ["automix-02.wav", "automix-11.wav", "automix-12.wav"]
    assert {(file.start_s, file.end_s) for file in rendered.values()} == {(2.0, 9.0)}
    settings, names = asked[0]
    assert names == [t.name for t in chosen]
    assert settings["RENDER_SETTINGS"] == 2 + 8192, "stems of the selected tracks, before their faders"
    assert (settings["RENDER_STARTPOS"], settings["RENDER_ENDPOS"], settings["RENDER_BOUNDSFLAG"]) == (2.0, 9.0, 0.0)
    assert settings["RENDER_NORMALIZE"] == 0.0
    assert reaper.current.to_bytes() == before
    assert [t.selected for t in snapshot(wrapped).tracks].count(True) == 1
    assert {name: wrapped.setting(name) for name in SETTINGS} == SETTINGS
    assert wrapped.text_setting("RENDER_PATTERN") == "my mix"


def test_a_render_that_fails_puts_everything_back(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 2))
    wrapped = Reaper(DoubleApi(reaper))
    wrapped.set_setting("RENDER_SETTINGS", 1.0)

    def on_render(settings: dict[str, Any], tracks: list[tuple[str, str]]) -> None:
        raise RuntimeError("the disk is full")

    reaper.on_render = on_render
    heard = snapshot(wrapped)
    with pytest.raises(RuntimeError):
        render_tracks(wrapped, heard, heard.tracks, (0.0, 1.0), tmp_path / "r")
    assert wrapped.setting("RENDER_SETTINGS") == 1.0
    assert not any(t.selected for t in snapshot(wrapped).tracks)
