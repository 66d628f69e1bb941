"""From audio files to songs: levels, moving gain, what is left out, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixer_sounds import LENGTH_S, RATE_HZ, noise

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.loudness import BLOCK_S
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, GainCurve, Usage
from reaper_automix.training.evaluation import listening
from reaper_automix.training.evaluation.listening import human_gain_lin, listen, with_roles_from_names


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise().T, RATE_HZ, subtype="FLOAT")
    return path


def track(path: Path, number: int = 0, curve: GainCurve = ((0.0, 0.0),), **changes: object) -> CorpusTrack:
    return CorpusTrack(f"t{number}", f"Kick {number}", path, Role.BASS, curve, **changes)  # type: ignore[arg-type]


def song(*tracks: CorpusTrack) -> CorpusSong:
    return CorpusSong("c", "s", "S", "a", "CC0-1.0", Usage.TRAIN, LENGTH_S, tracks)


def test_the_human_level_is_the_track_and_the_gain(file: Path) -> None:
    (heard,) = listen([song(track(file), track(file, 1, ((0.0, -7.5),)))])
    first, second = heard.tracks
    assert first.human_lufs == pytest.approx(first.measurement.loudness.integrated_lufs)
    assert second.human_lufs == pytest.approx(first.human_lufs - 7.5)


def test_a_moving_gain_counts_as_it_is_heard(file: Path) -> None:
    """Half of the time 20 dB lower, beyond the gate: the loud half decides."""
    half = LENGTH_S / 2.0
    curve = ((0.0, 0.0), (half - 0.01, 0.0), (half + 0.01, -20.0), (LENGTH_S, -20.0))
    (heard,) = listen([song(track(file), track(file, 1, curve))])
    assert heard.tracks[1].human_lufs == pytest.approx(heard.tracks[0].human_lufs, abs=0.5)


def test_between_points_the_gain_is_linear_in_db() -> None:
    gain = human_gain_lin(((0.0, 0.0), (1.0, -10.0)), 15)
    assert 20.0 * np.log10(gain[4]) == pytest.approx(-4.5)
    assert 20.0 * np.log10(gain[-1]) == pytest.approx(-10.0)
    assert gain.size * BLOCK_S == pytest.approx(1.5)


def test_what_says_nothing_is_left_out(file: Path, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, np.zeros(RATE_HZ), RATE_HZ)
    nothing = (
        track(file, 2, gain_is_known=False),
        track(quiet, 3),
        track(file, 4, ((0.0, -80.0),)),
        CorpusTrack("t5", "Click", file, Role.CLICK),
    )
    (heard,) = listen([song(track(file), track(file, 1), *nothing)])
    assert [each.id for each in heard.tracks] == ["t0", "t1"]
    assert listen([song(track(file), *nothing)]) == ()


def test_a_second_time_no_audio_is_read(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = MeasurementCache(tmp_path / "cache")
    songs = [song(track(file), track(file, 1))]
    (first,) = listen(songs, cache=cache)
    monkeypatch.setattr(listening, "measure", lambda *_, **__: pytest.fail("it was read again"))
    (again,) = listen(songs, cache=cache)
    assert again.tracks[0].human_lufs == first.tracks[0].human_lufs


def test_a_changed_file_is_read_again(file: Path, tmp_path: Path) -> None:
    cache = MeasurementCache(tmp_path / "cache")
    songs = [song(track(file), track(file, 1))]
    (before,) = listen(songs, cache=cache)
    soundfile.write(file, noise(-30.0).T, RATE_HZ, subtype="FLOAT")
    (after,) = listen(songs, cache=cache)
    assert after.tracks[0].human_lufs == pytest.approx(before.tracks[0].human_lufs - 10.0, abs=1e-3)


@pytest.mark.parametrize("content", [None, b"no audio"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"broken\.wav"):
        listen([song(track(path), track(path, 1))])


def test_roles_can_come_from_the_names(file: Path) -> None:
    heard = listen([song(track(file), track(file, 1))])
    assert {each.role for each in heard[0].tracks} == {Role.BASS}
    assert {each.role for each in with_roles_from_names(heard)[0].tracks} == {Role.KICK}
