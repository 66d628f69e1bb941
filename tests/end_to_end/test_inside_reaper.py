"""The actions, from the trigger in REAPER to the faders and back, on the double in a process of its own.

Inside that process nothing but the standard library can be imported; the worker that it starts is the real one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from open_reaper import EIGHT, OpenReaper

from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.session import Session

RATE_HZ = 16000


def settings_of(tracks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the engineer has set."""
    return [{k: v for k, v in track.items() if k != "selected"} for track in tracks]


def test_the_selected_tracks_get_faders_and_one_undo_takes_all_back(reaper: OpenReaper) -> None:
    reaper.do("select", tracks=["Kick", "Bass", "Vox 🎤"])
    before = reaper.tracks()
    reaper.run("Automix balance")
    after = reaper.tracks()
    moved = [a["name"] for a, b in zip(after, before, strict=True) if a["gain_lin"] != b["gain_lin"]]
    assert sorted(moved) == ["Bass", "Kick", "Vox 🎤"]
    assert [track["selected"] for track in after] == [track["selected"] for track in before]
    assert reaper.receipt()["lines"][0] == "3 written."
    assert "Automix: balance" in reaper.messages()["console"], "without a window the console tells"
    assert reaper.do("undo")["label"] == "Automix: balance"
    assert reaper.tracks() == before
    assert reaper.state()["undo_points"] == 0, "there was one step only"
    reaper.do("redo")
    assert reaper.tracks() == after


def test_nothing_selected_means_all_tracks_and_reaper_stays_usable(reaper: OpenReaper) -> None:
    reaper.do("forget_measurements")
    reaper.run("Automix balance")
    assert all(track["gain_lin"] != 1.0 for track in reaper.tracks())
    state = reaper.state()
    *turns, _busy_machine, writing = sorted(state["deferred_durations_s"])
    assert len(turns) > 10
    assert turns[-1] < 0.05, "no deferred call over 50 ms; one may meet a machine that is busy elsewhere"
    assert writing < 0.5


def test_a_time_selection_writes_envelopes_and_no_faders(
    eight: Session, save: Callable[..., Path], tmp_path: Path
) -> None:
    with OpenReaper(save(replace(eight, time_selection_s=(2.0, 5.0)), "song.RPP"), tmp_path) as reaper:
        before = reaper.tracks()
        reaper.run("Automix balance")
        for track in reaper.tracks():
            assert track["gain_lin"] == 1.0
            envelope = track["envelopes"]["Volume"]
            assert (envelope["active"], envelope["visible"]) == (True, True)
            assert [round(point[0], 3) for point in envelope["points"]] == [1.99, 2.0, 5.0, 5.01]
        reaper.do("undo")
        assert reaper.tracks() == before


def test_rides_are_envelopes_of_few_points_and_one_undo_takes_all_back(
    eight: Session, save: Callable[..., Path], tmp_path: Path
) -> None:
    for number, path in enumerate(sorted(tmp_path.glob("*/*.wav"))):  # louder and softer by turns, each in its own
        sections_lin = np.repeat([0.05, 0.02, 0.02, 0.05] if number % 2 else [0.01, 0.04, 0.04, 0.04], 10 * RATE_HZ)
        noise = np.random.default_rng(number).standard_normal(sections_lin.size)
        soundfile.write(path, sections_lin * noise, RATE_HZ)
    session = StemsHost(tmp_path / "Söng with spaces").read_session()
    with OpenReaper(save(session, "song.RPP"), tmp_path) as reaper:
        before = reaper.tracks()
        reaper.run("Automix rides")
        after = reaper.tracks()
        ridden = [track["envelopes"]["Volume"] for track in after if "Volume" in track["envelopes"]]
        assert len(ridden) >= 2
        for envelope in ridden:
            assert (envelope["active"], envelope["visible"]) == (True, True)
            assert 2 <= len(envelope["points"]) <= 20
            levels = [point[1] for point in envelope["points"]]
            assert max(levels) > min(levels)
        assert any(track["gain_lin"] != 1.0 for track in after), "levels go to the faders"
        plan = json.loads((reaper.runs()[-1] / "plan.json").read_text())
        assert plan["mixer"] == "rides"
        assert sum(move["kind"] == "envelope" for move in plan["moves"]) == len(ridden)
        assert reaper.receipt()["lines"][0] == f"{len(plan['moves'])} written."
        assert reaper.do("undo")["label"] == "Automix: rides"
        assert reaper.tracks() == before
        assert reaper.state()["undo_points"] == 0, "there was one step only"
        reaper.do("redo")
        assert reaper.tracks() == after
        reaper.run("Automix rides")
        again = reaper.tracks()
        assert [track["envelopes"] for track in again] == [track["envelopes"] for track in after], "replaced, not added"


def test_a_vocal_gets_plugins_and_a_send_to_a_bus_and_one_undo_takes_all_back(
    eight: Session, save: Callable[..., Path], tmp_path: Path
) -> None:
    phrases_lin = np.repeat([0.025, 0.2, 0.024, 0.025, 0.2, 0.024], 6 * RATE_HZ)
    noise = np.random.default_rng(3).standard_normal(phrases_lin.size)
    soundfile.write(tmp_path / "Söng with spaces" / "Vox 🎤.wav", phrases_lin * noise, RATE_HZ)
    session = StemsHost(tmp_path / "Söng with spaces").read_session()
    with OpenReaper(save(session, "song.RPP"), tmp_path) as reaper:
        before = reaper.tracks()
        reaper.run("Automix vocal")
        after = {track["name"]: track for track in reaper.tracks()}
        assert set(after) - {track["name"] for track in before} == {"Automix reverb"}
        assert "Automix: compressor" in [fx["given_name"] for fx in after["Vox 🎤"]["effects"]]
        assert [fx["given_name"] for fx in after["Automix reverb"]["effects"]] == ["Automix: reverb"]
        assert [send["source"] for send in after["Automix reverb"]["receives"]] == ["Vox 🎤"]
        assert not any(after[name]["effects"] for name in EIGHT[:-1])
        plan = json.loads((reaper.runs()[-1] / "plan.json").read_text())
        assert plan["mixer"] == "vocal"
        assert reaper.receipt()["lines"][0] == f"{len(plan['moves'])} written."
        assert reaper.do("undo")["label"] == "Automix: vocal"
        assert reaper.tracks() == before
        assert reaper.state()["undo_points"] == 0, "there was one step only"
        reaper.do("redo")
        once = reaper.tracks()
        reaper.run("Automix vocal")
        again = reaper.tracks()
        assert [t["effects"] for t in again] == [t["effects"] for t in once], "set in place, not added"


def test_strips_are_pans_plugins_and_sends_and_one_undo_takes_all_back(
    eight: Session, save: Callable[..., Path], tmp_path: Path
) -> None:
    with OpenReaper(save(eight, "song.RPP"), tmp_path) as reaper:
        before = reaper.tracks()
        reaper.run("Automix strips")
        after = reaper.tracks()
        plan = json.loads((reaper.runs()[-1] / "plan.json").read_text())
        assert plan["mixer"] == "strips"
        assert reaper.receipt()["lines"][0] == f"{len(plan['moves'])} written."
        kinds = {move["kind"] for move in plan["moves"]}
        assert "fader" in kinds
        faders = {move["track"]["name"] for move in plan["moves"] if move["kind"] == "fader"}
        moved = {a["name"] for a, b in zip(after, before, strict=False) if a["gain_lin"] != b["gain_lin"]}
        assert moved == faders
        given = {(t["name"], fx["given_name"]) for t in after for fx in t["effects"]}
        tags = {(m["track"]["name"], m["tag"]) for m in plan["moves"] if m["kind"] == "effect"}
        assert tags <= given
        assert reaper.do("undo")["label"] == "Automix: strips"
        assert reaper.tracks() == before
        assert reaper.state()["undo_points"] == 0, "there was one step only"
        reaper.do("redo")
        once = reaper.tracks()
        reaper.run("Automix strips")
        again = reaper.tracks()
        assert [t["effects"] for t in again] == [t["effects"] for t in once], "set in place, not added"
        assert [t["gain_lin"] for t in again] == pytest.approx([t["gain_lin"] for t in once], rel=1e-6)


def test_tone_is_equalisers_and_one_undo_takes_all_back(
    eight: Session, save: Callable[..., Path], tmp_path: Path
) -> None:
    with OpenReaper(save(eight, "song.RPP"), tmp_path) as reaper:
        before = reaper.tracks()
        reaper.run("Automix tone")
        after = reaper.tracks()
        plan = json.loads((reaper.runs()[-1] / "plan.json").read_text())
        assert plan["mixer"] == "tone"
        assert reaper.receipt()["lines"][0].endswith("written.")
        toned = {move["track"]["name"] for move in plan["moves"] if move["kind"] == "effect"}
        assert toned
        assert toned <= {"Bass", "Gtr L", "Gtr R", "Keys", "Vox 🎤"}
        given = {t["name"] for t in after for fx in t["effects"] if fx["given_name"].startswith("Automix: equaliser")}
        assert given == toned
        assert any(warning.startswith("Hats, Kick and Snare: left alone") for warning in plan["warnings"])
        assert reaper.do("undo")["label"] == "Automix: tone"
        assert reaper.tracks() == before
        assert reaper.state()["undo_points"] == 0, "there was one step only"


def test_tone_as_takes_is_one_undo_and_needs_no_equaliser(
    eight: Session, save: Callable[..., Path], tmp_path: Path
) -> None:
    def sources(project: Path) -> dict[str, list[tuple[int, int]]]:
        tracks = RppHost(project).read_session().tracks
        return {t.name: [(len(item.takes), item.active_take) for item in t.items] for t in tracks}

    project = save(eight, "song.RPP")
    with OpenReaper(project, tmp_path) as reaper:
        wanted = ["100", "fader", "volume", "selected", "stock", "never", "auto", "learned", "take", "yes"]
        reaper.do("answer", inputs=[wanted])
        reaper.run("Automix settings")
        reaper.do("select", tracks=["Bass", "Kick"])
        reaper.run("Automix tone")
        plan = json.loads((reaper.runs()[-1] / "plan.json").read_text())
        assert [move["track"]["name"] for move in plan["moves"] if move["kind"] != "fader"] == ["Bass"]
        assert reaper.receipt()["lines"][0] == f"{len(plan['moves'])} written."
        assert not any(track["effects"] for track in reaper.tracks())
        reaper.do("save", path=str(project))
        assert sources(project) == {name: [(2, 1) if name == "Bass" else (1, 0)] for name in EIGHT}
        assert len(list(tmp_path.glob("Bass tone *.wav"))) == 1
        assert reaper.do("undo")["label"] == "Automix: tone"
        reaper.do("save", path=str(project))
        assert sources(project) == {name: [(1, 0)] for name in EIGHT}
        reaper.do("redo")
        reaper.run("Automix tone")
        reaper.do("save", path=str(project))
        assert sources(project)["Bass"] == [(2, 1)], "put in the place of the first, not added"
        reaper.run("Automix revert")
        reaper.do("save", path=str(project))
        assert sources(project) == {name: [(1, 0)] for name in EIGHT}


def test_the_engineers_later_edits_survive_a_rerun_and_a_revert_after_reload(
    reaper: OpenReaper, tmp_path: Path
) -> None:
    before = settings_of(reaper.tracks())
    reaper.run("Automix balance")
    first = reaper.faders()
    reaper.do("set_fader", track="Bass", gain_lin=0.25)
    reaper.run("Automix balance")
    assert reaper.faders()["Bass"] == 0.25
    assert reaper.faders() == pytest.approx(first | {"Bass": 0.25}, rel=0.1), "the mix keeps its loudness without it"
    assert any("Bass" in line and "left alone" in line for line in reaper.receipt()["lines"])
    saved = tmp_path / "saved.RPP"
    reaper.do("save", path=str(saved))
    with OpenReaper(saved, tmp_path) as again:
        again.run("Automix revert")
        reverted = settings_of(again.tracks())
        assert [t for t in reverted if t["name"] != "Bass"] == [t for t in before if t["name"] != "Bass"]
        assert again.faders()["Bass"] == 0.25


def test_a_run_after_an_undo_begins_anew(reaper: OpenReaper) -> None:
    reaper.run("Automix balance")
    first = reaper.faders()
    reaper.do("undo")
    reaper.run("Automix balance")
    assert reaper.faders() == first
    assert not any("left alone" in line for line in reaper.receipt()["lines"])


def test_preview_writes_nothing_and_leaves_a_report(reaper: OpenReaper) -> None:
    reaper.do("prefer")
    before = reaper.state()
    reaper.run("Automix preview only")
    after = reaper.state()
    assert (after["tracks"], after["undo"], after["sha256"]) == (before["tracks"], None, before["sha256"])
    assert 'id="sound-0"' in (reaper.runs()[-1] / "report.html").read_text("utf-8"), "it can be listened to"
    assert any("->" in line for line in reaper.receipt()["lines"])


@pytest.mark.parametrize("mode", ["0", "2"])
def test_a_reaper_that_hands_out_no_unused_envelope(
    eight: Session, save: Callable[..., Path], tmp_path: Path, mode: str
) -> None:
    session = replace(
        eight,
        time_selection_s=(2.0, 5.0),
        tracks=tuple(replace(t, gain_db=-4.0, pan=0.25) for t in eight.tracks),
    )
    options = ("--chunk-name-gives-null", "--trim-adjust-mode", mode)
    with OpenReaper(save(session, "song.RPP"), tmp_path, *options) as reaper:
        reaper.do("select", tracks=["Kick", "Bass"])
        before = reaper.tracks()
        reaper.run("Automix balance")
        after = reaper.tracks()
        kept = ("gain_lin", "pan", "selected")
        assert [[t[k] for k in kept] for t in after] == [[t[k] for k in kept] for t in before]
        assert [t["name"] for t in after if t["envelopes"].get("Volume", {}).get("active")] in (
            ["Bass", "Kick"],
            ["Kick", "Bass"],
        )
        reaper.do("undo")
        assert reaper.tracks() == before


def test_actions_leave_no_undo_point_of_their_own(reaper: OpenReaper) -> None:
    reaper.do("set_fader", track="Keys", gain_lin=0.5)
    reaper.do("undo")
    reaper.do("answer", inputs=[None])
    for action in ("Automix status", "Automix settings", "Automix revert"):
        reaper.run(action)
    assert reaper.state()["redo"] == "Track volume", "the engineer can still redo"


def test_a_role_is_said_in_reaper_and_remembered(reaper: OpenReaper, tmp_path: Path) -> None:
    reaper.do("select", tracks=["Keys", "Hats"])
    reaper.do("answer", inputs=[["click"]])
    reaper.run("Automix role of the selected tracks")
    reaper.do("select", tracks=[])
    reaper.run("Automix balance")
    assert {name for name, gain in reaper.faders().items() if gain == 1.0} == {"Keys", "Hats"}
    assert any("Keys" in line and "click" in line for line in reaper.receipt()["lines"])
    reaper.do("select", tracks=["Keys"])
    reaper.do("answer", inputs=[["tuba"]])
    reaper.run("Automix role of the selected tracks")
    assert "is no role" in reaper.messages()["boxes"][0][0]
    saved = tmp_path / "saved.RPP"
    reaper.do("save", path=str(saved))
    assert len(json.loads(RppHost(saved).read_session().roles_json)) == 2


def test_settings_are_asked_for_kept_and_used(reaper: OpenReaper) -> None:
    reaper.do("answer", inputs=[["0", "fader", "volume", "all", "stock", "never", "auto", "auto", "equaliser", "no"]])
    reaper.trigger("Automix settings")
    reaper.run("Automix balance")
    assert set(reaper.faders().values()) == {1.0}, "strength 0 changes nothing"
    reaper.do("answer", inputs=[None])
    reaper.trigger("Automix settings")
    assert reaper.messages()["asked"][1]["values"][0] == "0"


@pytest.mark.data
def test_eight_tracks_of_a_real_multitrack(shared_data: Path, save: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "multitrack"
    folder.mkdir()
    source = shared_data / "songs" / "rubidium"
    for path in sorted(source.glob("*.ogg"))[:9]:
        (folder / path.name).symlink_to(path)
    session = StemsHost(folder).read_session()
    chosen = [track.name for track in session.tracks][:8]
    with OpenReaper(save(session, "real.RPP"), tmp_path) as reaper:
        reaper.do("select", tracks=chosen)
        before = reaper.tracks()
        reaper.run("Automix balance")
        after = reaper.tracks()
        moved = {a["name"] for a, b in zip(after, before, strict=True) if a["gain_lin"] != b["gain_lin"]}
        assert len(moved) >= 7
        assert moved <= set(chosen)
        *turns, _busy_machine, writing = sorted(reaper.state()["deferred_durations_s"])
        assert turns[-1] < 0.05
        assert writing < 0.5
        plan = json.loads((reaper.runs()[-1] / "plan.json").read_text())
        assert plan["scope"]["tracks"]
        reaper.do("undo")
        assert reaper.tracks() == before
