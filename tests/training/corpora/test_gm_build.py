from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from training.corpora.midi_files import control, midi, mixed_song, note

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora import gm_build, gm_render
from reaper_automix.training.corpora.gm_build import BuildResult, build
from reaper_automix.training.corpora.gm_sources import find_sources
from reaper_automix.training.corpora.registry import corpus_named

pytest.importorskip("mido")

Build = Callable[..., BuildResult]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Build from a folder with one mixed song, one without a mix and one damaged, with a synthesizer that hums."""
    songs = tmp_path / "midi"
    songs.mkdir()
    (songs / "mixed.mid").write_bytes(mixed_song())
    (songs / "plain.mid").write_bytes(midi([note(c, 0.0, 1.0) for c in range(5)]))
    equal = [[control(c, 0.0, 7, 100), *note(c, 0.0, 1.0)] for c in range(5)]
    (songs / "equal.mid").write_bytes(midi(equal))
    (songs / "broken.mid").write_bytes(b"MThd")
    font = tmp_path / "font.sf2"
    font.write_bytes(b"font")

    def hum(part: bytes, _: Path, *, synthesizer: str, length_s: float) -> gm_render.Audio:
        tone = np.sin(np.arange(round(length_s * gm_render.SAMPLE_RATE_HZ)) * (0.01 + len(part) * 1e-4))
        return np.stack([tone, tone]).astype(np.float32)

    monkeypatch.setattr(gm_build, "find_synthesizer", lambda: "hum")
    monkeypatch.setattr(gm_build, "synthesizer_version", lambda _: "1")
    monkeypatch.setattr(gm_build, "render", hum)

    def run(out: Path, **more: int) -> BuildResult:
        return build(find_sources(tmp_path / "cache", midi_folder=songs, font=font), out, **more)

    return run


def test_only_songs_with_a_mix_are_built(built: Build, tmp_path: Path) -> None:
    result = built(tmp_path / "out")
    assert (result.n_songs, result.n_new, result.n_channels, result.n_moving) == (1, 1, 4, 1)
    reasons = "\n".join(result.left_out)
    assert "0 channels say their volume" in reasons
    assert "all channels stand at one volume" in reasons
    assert "broken" in reasons


def test_the_stems_at_their_gains_are_the_mix(built: Build, tmp_path: Path) -> None:
    built(tmp_path / "out")
    (song,) = corpus_named("gm-midi").songs(tmp_path / "out")
    assert [t.name for t in song.tracks] == ["Low end", "Acoustic Grand Piano", "Strings", "Kit"]
    assert [t.moves for t in song.tracks] == [True, False, False, False]
    assert song.mix is not None
    mix, rate_hz = soundfile.read(song.mix, dtype="float64")
    total = np.zeros(len(mix))
    for track in song.tracks:
        audio, _ = soundfile.read(track.path, dtype="float64")
        times, gains = zip(*track.gain_db, strict=True)
        total += audio * 10.0 ** (np.interp(np.arange(len(audio)) / rate_hz, times, gains) / 20.0)
    assert np.abs(total - mix[:, 0]).max() < 5 * 2.0**-15
    assert np.abs(mix).max() <= 10.0 ** (-1.0 / 20.0) + 2.0**-15


def test_building_twice_gives_the_same_bytes_and_renders_nothing_anew(built: Build, tmp_path: Path) -> None:
    built(tmp_path / "a")
    built(tmp_path / "b")
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 6
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert built(tmp_path / "a").n_new == 0


def test_a_song_that_lost_a_file_is_built_again(built: Build, tmp_path: Path) -> None:
    built(tmp_path / "out")
    next((tmp_path / "out").rglob("mix.flac")).unlink()
    assert built(tmp_path / "out").n_new == 1


def test_every_song_names_where_it_is_from(built: Build, tmp_path: Path) -> None:
    built(tmp_path / "out")
    data = json.loads(next((tmp_path / "out").rglob("song.json")).read_text("utf-8"))
    assert data["licence"] == "unknown"
    assert len(data["midi_sha256"]) == 64
    assert set(data["rendered_with"]) == {"fluidsynth", "soundfont_sha256"}
    findings = list(corpus_named("gm-midi").check(tmp_path / "out"))
    assert [f.is_problem for f in findings] == [False]


def test_without_fluidsynth_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CorpusError, match="apt-get install fluidsynth"):
        gm_render.find_synthesizer()


def test_equal_sides_become_mono() -> None:
    tone = np.sin(np.arange(1000) / 10).astype(np.float32)
    assert gm_render.as_mono_if_equal(np.stack([tone, tone])).shape == (1, 1000)
    assert gm_render.as_mono_if_equal(np.stack([tone, -tone])).shape == (2, 1000)


def test_a_program_that_never_ends_is_stopped() -> None:
    assert gm_render._first_bytes(["yes"], 10) == b"y\n" * 5
