from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from known_mixes import LENGTH_S, RATE_HZ, band, mixed, pad, times_s
from rich.console import Console

from reaper_automix.commands import revert
from reaper_automix.errors import MediaError, ScopeError, SessionError
from reaper_automix.estimate_cli import add_estimate_parser
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.session import EnvelopeKind, Session

NAMES = ("Drums", "Bass", "Pad", "Vox")
RIDE_DB = 4.0 * np.sin(2.0 * np.pi * times_s() / LENGTH_S)
GAINS_DB = (-6.0, RIDE_DB - 9.0, -12.0, -8.0)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four stems, ``song``, and beside it their mix: the bass rides, the voice is late and inverted."""
    folder = tmp_path_factory.mktemp("estimate")
    (folder / "song").mkdir()
    for name, track in zip(NAMES, band(), strict=True):
        soundfile.write(folder / "song" / f"{name}.wav", track.T, RATE_HZ, subtype="FLOAT")
    mix = mixed(band(), GAINS_DB, lags=(0, 0, 0, 80), polarity=(1, 1, 1, -1))
    soundfile.write(folder / "mix.wav", mix.T, RATE_HZ, subtype="PCM_24")
    return folder


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_estimate_parser(parser.add_subparsers())
    options = parser.parse_args(["estimate", *map(str, arguments)])
    code: int = options.run(options, Console(stderr=True, soft_wrap=True))
    return code


def data_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert run(*arguments, "--json") == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def levels(session: Session) -> dict[str, float]:
    return {track.title: track.gain_db for track in session.tracks}


def test_the_project_plays_what_the_mix_holds(song: Path, tmp_path: Path) -> None:
    out, plan = tmp_path / "found.RPP", tmp_path / "plan.json"
    assert run(song / "song", song / "mix.wav", "--out", out, "--plan", plan, "--quiet") == 0
    session = RppHost(out).read_session()
    found = levels(session)
    assert [found[name] for name in ("Drums", "Pad", "Vox")] == pytest.approx([-6.0, -12.0, -8.0], abs=0.05)
    ridden = [track for track in session.tracks if track.envelopes]
    assert [track.title for track in ridden] == ["Bass"]
    envelope = ridden[0].envelope(EnvelopeKind.VOLUME)
    assert envelope is not None
    points = [(point.time_s, point.value) for point in envelope.points]
    assert len(points) <= LENGTH_S / 2.0
    ride_db = np.interp(times_s(), *zip(*points, strict=True)) + found["Bass"]
    assert np.median(np.abs(ride_db - GAINS_DB[1])) < 0.5
    assert json.loads(plan.read_text())["mixer"] == "estimate"


def test_the_data_say_how_sure_it_is(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_of(capsys, song / "song", song / "mix.wav", "--dry-run")
    assert data["method"] == "waveform"
    assert data["residual_db"] < -30.0
    tracks = {track["name"]: track for track in data["tracks"]}
    assert [tracks[name]["moves"] for name in NAMES] == [False, True, False, False]
    assert (tracks["Vox"]["lag_samples"], tracks["Vox"]["polarity"]) == (80, "inverted")
    assert tracks["Drums"]["gain_db"] == pytest.approx(-6.0, abs=0.05)
    assert tracks["Drums"]["deviation_db"] < 0.1
    assert len(tracks["Bass"]["smoothed_db"]) == len(data["times_s"])
    assert data["outputs"] == {}
    assert not list(song.glob("*.RPP"))
    assert any("Vox: the mix holds it inverted in polarity and 5.0 ms (80 samples) late" in w for w in data["warnings"])


def test_the_default_place_and_revert(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(song / "song", song / "mix.wav") == 0
    written = song / "song-estimated.RPP"
    shown = capsys.readouterr().err
    assert f"Project: {written}" in shown
    assert "-6.0" in shown
    revert(written)
    assert set(levels(RppHost(written).read_session()).values()) == {0.0}
    written.unlink()


def test_what_the_engineer_set_is_counted(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first.RPP", tmp_path / "second.RPP"
    assert run(song / "song", song / "mix.wav", "--out", first, "--quiet") == 0
    text = first.read_bytes().split(b"  <EXTSTATE")[0] + b">\n"  # as an engineer's own: without the record of the run
    own = tmp_path / "own.RPP"
    own.write_bytes(text)
    before = levels(RppHost(own).read_session())
    data = data_of(capsys, own, song / "mix.wav", "--out", second)
    after = levels(RppHost(second).read_session())
    assert before["Drums"] == pytest.approx(-6.0, abs=0.05)
    assert [after[name] - before[name] for name in ("Drums", "Pad", "Vox")] == pytest.approx([0.0] * 3, abs=0.05)
    drums = next(track for track in data["tracks"] if track["name"] == "Drums")
    assert drums["gain_db"] == pytest.approx(-6.0, abs=0.05)


def test_only_the_tracks_asked_for_are_written(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.RPP"
    assert run(song / "song", song / "mix.wav", "--tracks", "Pad", "--out", out, "--quiet") == 0
    found = levels(RppHost(out).read_session())
    assert found.pop("Pad") == pytest.approx(-12.0, abs=0.05)
    assert set(found.values()) == {0.0}


def test_a_track_that_is_not_in_the_mix_is_named_and_left_alone(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.wav").symlink_to(song / "song" / f"{name}.wav")
    soundfile.write(folder / "Synth.wav", pad(seed=21).T, RATE_HZ)
    (folder / "song-all.wav").symlink_to(song / "mix.wav")
    data = data_of(capsys, folder, song / "mix.wav", "--out", tmp_path / "o.RPP")
    assert {track["name"]: track["heard"] for track in data["tracks"]} == {**dict.fromkeys(NAMES, True), "Synth": False}
    assert "Synth: not heard in this mix; its level is left alone." in data["warnings"]
    assert "song-all: it is the mix itself, and is left alone." in data["warnings"]
    found = levels(RppHost(tmp_path / "o.RPP").read_session())
    assert found["Synth"] == 0.0
    assert found["song-all"] == 0.0


def test_a_picture_and_a_report(song: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib (extra train)")
    picture, report = tmp_path / "p.png", tmp_path / "r.html"
    assert run(song / "song", song / "mix.wav", "--dry-run", "--picture", picture, "--report", report, "--quiet") == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "the mix holds it at" in report.read_text("utf-8")


def test_refusals_name_the_thing(song: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="missing"):
        run(song / "song", song / "none.wav", "--dry-run")
    with pytest.raises(SessionError, match="this is the mix and would be lost"):
        run(song / "song", song / "mix.wav", "--dry-run", "--plan", song / "mix.wav")
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(RATE_HZ * 5), RATE_HZ)
    with pytest.raises(ScopeError, match="mix is silent"):
        run(song / "song", silence, "--dry-run")
