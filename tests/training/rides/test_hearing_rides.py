"""From files to what the experiments on rides know of a song."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.features import hear_features
from reaper_automix.analysis.measurement import measure
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, GainCurve, Usage
from reaper_automix.training.rides import listening
from reaper_automix.training.rides.listening import RiddenTrack, hear_rides, lengthened

RATE_HZ = 8_000
FLAT: GainCurve = ((0.0, 0.0),)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, *, seconds: float = 2.0, channels: int = 1, level: float = 0.1, rate_hz: int = RATE_HZ):
        rng = np.random.default_rng(sum(name.encode()))
        path = tmp_path / f"{name}.wav"
        audio = level * rng.standard_normal((int(seconds * rate_hz), channels))
        soundfile.write(path, audio.astype(np.float32), rate_hz, subtype="FLOAT")
        return path

    return written


def track(path: Path, role: Role | None, curve: GainCurve = FLAT, **changes: object) -> CorpusTrack:
    return CorpusTrack(path.stem, path.stem, path, role, curve, **changes)  # type: ignore[arg-type]


def song(*tracks: CorpusTrack) -> CorpusSong:
    return CorpusSong("c", "s", "S", "a", "CC0-1.0", Usage.TRAIN, 2.0, tracks)


def by_id(tracks: tuple[RiddenTrack, ...]) -> dict[str, RiddenTrack]:
    return {each.id: each for each in tracks}


def audio_of(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_a_song_is_heard_end_to_end(write: Write, tmp_path: Path) -> None:
    """A mono kick that is ridden, a shorter stereo snare, a bass: against sums made here, sample by sample."""
    kick, snare, bass = write("kick"), write("snare", channels=2, seconds=1.23), write("bass", level=0.3)
    curve: GainCurve = ((0.5, 0.0), (1.5, -10.0))
    heard = hear_rides(
        [song(track(kick, Role.KICK, curve), track(snare, Role.SNARE, ((0.0, -4.0),)), track(bass, Role.BASS))],
        cache=MeasurementCache(tmp_path / "cache"),
    )
    (only,) = heard
    assert (only.corpus, only.id, only.author, only.licence, only.usage) == ("c", "s", "a", "CC0-1.0", Usage.TRAIN)
    tracks, groups = by_id(only.tracks), by_id(only.groups)
    assert list(groups) == ["bass", "drums"]

    measured = measure([audio_of(kick)], RATE_HZ, 1, start_s=0.0, n_samples=2 * RATE_HZ)
    assert np.array_equal(tracks["kick"].energy, measured.block_energy.sum(axis=0))
    assert np.array_equal(tracks["kick"].features, hear_features([audio_of(kick)], RATE_HZ, 1).values)
    assert tracks["kick"].gain_db[[0, 4, 9, 14, 19]] == pytest.approx([0.0, 0.0, -4.5, -9.5, -10.0])
    assert [tracks[name].moves for name in ("kick", "snare", "bass")] == [True, False, False]

    weights = tracks["kick"].energy / tracks["kick"].energy.sum()
    typical_db = float(weights @ tracks["kick"].gain_db)
    summed = np.zeros((2, 2 * RATE_HZ), np.float32)
    summed += audio_of(kick) * 10.0 ** (typical_db / 20.0)
    summed[:, : audio_of(snare).shape[1]] += audio_of(snare) * 10.0 ** (-4.0 / 20.0)
    expected = measure([summed], RATE_HZ, 2, start_s=0.0, n_samples=summed.shape[1])
    drums = groups["drums"]
    assert drums.energy == pytest.approx(expected.block_energy.sum(axis=0), rel=1e-3)
    assert drums.loudness_lufs == pytest.approx(expected.loudness.integrated_lufs, abs=1e-3)
    assert drums.features == pytest.approx(hear_features([summed], RATE_HZ, 2).values, rel=1e-2, abs=2e-2)
    assert drums.moves
    assert not groups["bass"].moves
    assert drums.gain_db[-1] == pytest.approx(-10.0 - typical_db, abs=1e-6), "the snare is over, the kick plays"
    assert groups["bass"].gain_db == pytest.approx(np.zeros(20), abs=1e-3)
    # Where both play, the human's sum has the power that the grouped one has after its gain.
    human = audio_of(kick)[:, : RATE_HZ // 2] + audio_of(snare)[:, : RATE_HZ // 2] * 10.0 ** (-4.0 / 20.0)
    power = [float(np.square(part[:, : RATE_HZ // 2]).mean()) for part in (human, summed)]
    assert drums.gain_db[:5].mean() == pytest.approx(10.0 * np.log10(power[0] / power[1]), abs=0.5)


def test_one_file_twice_in_a_group_counts_twice(write: Write, tmp_path: Path) -> None:
    path = write("kick")
    twice = [CorpusTrack(name, name, path, Role.KICK) for name in ("a", "b")]
    (heard,) = hear_rides([song(*twice)], cache=MeasurementCache(tmp_path / "cache"))
    assert heard.groups[0].loudness_lufs == pytest.approx(heard.tracks[0].loudness_lufs + 6.02, abs=0.01)


def test_what_says_nothing_is_left_out(write: Write, tmp_path: Path) -> None:
    kick, bass = track(write("kick"), Role.KICK), track(write("bass"), Role.BASS)
    nothing = (
        track(write("silent", level=0.0), Role.SYNTH),
        track(write("off"), Role.SYNTH, ((0.0, -80.0), (1.0, -65.0))),
        track(write("unknown"), Role.SYNTH, gain_is_known=False),
        track(write("click"), Role.CLICK),
    )
    cache = MeasurementCache(tmp_path / "cache")
    (heard,) = hear_rides([song(kick, bass, *nothing), song(kick, *nothing)], cache=cache)
    assert [each.id for each in heard.tracks] == ["kick", "bass"]
    assert [each.id for each in heard.groups] == ["bass", "drums"]


def test_a_second_time_no_audio_is_read(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = MeasurementCache(tmp_path / "cache")
    songs = [song(track(write("kick"), Role.KICK), track(write("snare"), Role.SNARE, ((0.0, 2.0), (1.0, -3.0))))]
    (first,) = hear_rides(songs, cache=cache)
    monkeypatch.setattr(listening, "_listened", lambda _: pytest.fail("it was read again"))
    (again,) = hear_rides(songs, cache=cache)
    for one, two in zip(first.tracks + first.groups, again.tracks + again.groups, strict=True):
        assert np.array_equal(one.energy, two.energy)
        assert np.array_equal(one.features, two.features)
        assert np.array_equal(one.gain_db, two.gain_db)


def test_another_gain_makes_another_group(write: Write, tmp_path: Path) -> None:
    cache, kick, snare = MeasurementCache(tmp_path / "cache"), write("kick"), write("snare")
    levels = []
    for gain_db in (0.0, 9.0):
        ((heard),) = hear_rides(
            [song(track(kick, Role.KICK), track(snare, Role.SNARE, ((0.0, gain_db),)))], cache=cache
        )
        levels.append(heard.groups[0].loudness_lufs)
    assert levels[1] - levels[0] == pytest.approx(10.0 * np.log10((1.0 + 10.0**0.9) / 2.0), abs=0.2)


@pytest.mark.parametrize("content", [None, b"no audio"])
def test_a_missing_or_damaged_file_is_named(write: Write, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"broken\.wav.*Fetch the corpus again"):
        hear_rides([song(track(path, Role.KICK), track(write("bass"), Role.BASS))])


def test_files_of_two_rates_in_one_group_are_named(write: Write, tmp_path: Path) -> None:
    tracks = (track(write("kick"), Role.KICK), track(write("snare", rate_hz=16_000), Role.SNARE))
    with pytest.raises(CorpusError, match=r"kick\.wav.*snare\.wav.*8000, 16000"):
        hear_rides([song(*tracks)], cache=MeasurementCache(tmp_path / "cache"))


def test_a_shorter_track_ends_in_silence_and_its_gain_holds() -> None:
    values = np.array([1.0, 2.0])
    assert lengthened(values, 4) == pytest.approx([1.0, 2.0, 0.0, 0.0])
    assert lengthened(values, 4, edge=True) == pytest.approx([1.0, 2.0, 2.0, 2.0])
    assert lengthened(values, 1) == pytest.approx([1.0])
