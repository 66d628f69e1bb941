"""Building the set: the same again, halves apart, taken up where it was stopped; and takes of ENST-Drums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from played_kit import RATE_HZ, write_kit

from reaper_automix.errors import CorpusError
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.corpora.enst_drums import EnstDrumsCorpus
from reaper_automix.training.drums import build as building
from reaper_automix.training.drums.build import build, main, plan
from reaper_automix.training.drums.dataset import DrumSet, load_set
from reaper_automix.training.drums.engineers import ENGINEERS
from reaper_automix.training.drums.enst import enst_session
from reaper_automix.training.drums.heard import SHOWN_LUFS
from reaper_automix.training.drums.heard import heard as hear_all
from reaper_automix.training.role_drumkit import DrumKit

NAMES = ("rms", "peak")


def heard(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Stand in for the features: two numbers that say at which level the audio came."""
    assert rate_hz > 0
    return np.array([np.sqrt(np.mean(np.square(audio))), np.abs(audio).max(initial=0.0)], np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kit(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "LENGTH_S", (4.0, 5.0))
    monkeypatch.setattr(building, "PART_SESSIONS", 3)


def small(data: Path, **more: object) -> DrumSet:
    options = {"n_sessions": 8, "seed": 3, "jobs": 1, "features_of": heard, "feature_names": NAMES}
    return build(data, **(options | more))  # type: ignore[arg-type]


def same(one: DrumSet, other: DrumSet) -> bool:
    return [s.name for s in one.sessions] == [s.name for s in other.sessions] and all(
        np.array_equal(a.features, b.features)
        and all(np.array_equal(a.gains_db[e], b.gains_db[e]) for e in ENGINEERS)
        and np.array_equal(a.loudness_lufs, b.loudness_lufs)
        for a, b in zip(one.sessions, other.sessions, strict=True)
    )


def test_a_set_is_whole_and_the_same_again(data: Path) -> None:
    drums = small(data)
    assert len(drums.sessions) == len({s.name for s in drums.sessions}) == 8
    assert drums.engineers == tuple(ENGINEERS)
    assert drums.feature_names == NAMES
    for s in drums.sessions:
        assert s.features.shape == (len(s.microphones), len(NAMES))
        for gains_db in (*s.gains_db.values(), *s.meant_db.values()):
            assert np.sum(10.0 ** (gains_db / 10.0)) == pytest.approx(1.0)
    assert same(drums, small(data))
    assert not same(drums, small(data, seed=4))


def test_features_hear_every_microphone_at_one_loudness(data: Path) -> None:
    for s in small(data).sessions:
        rms_dbfs = 20.0 * np.log10(s.features[:, 0])
        assert np.ptp(s.loudness_lufs) > 5.0
        assert np.abs(rms_dbfs - SHOWN_LUFS).max() < 15.0


def test_a_microphone_below_the_gate_is_heard_and_silence_is_silence() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)
    audio = np.stack([noise * np.float32(1e-5), noise * np.float32(0.1), np.zeros_like(noise)])
    loudness_lufs, features = hear_all(audio, RATE_HZ, heard)
    assert loudness_lufs[0] == pytest.approx(loudness_lufs[1] - 80.0, abs=0.05)
    np.testing.assert_allclose(features[0], features[1], rtol=0.01)
    assert loudness_lufs[2] == -np.inf
    assert not features[2].any()


def test_each_performance_is_played_by_one_half_and_halves_are_alike(data: Path) -> None:
    tasks = plan(DrumKit.load(data / "drumkit"), building.N_SESSIONS, 0)
    halves = {task.groove.name: {t.half for t in tasks if t.groove.name == task.groove.name} for task in tasks}
    assert len(tasks) >= 400
    assert len(halves) >= 120
    assert all(len(half) == 1 for half in halves.values())
    for style in {task.groove.style for task in tasks}:
        of = [t.half for t in tasks if t.groove.style == style and t.take == 0]
        assert abs(of.count("a") - of.count("b")) <= 1
    assert len({task.name for task in tasks}) == len(tasks)


def test_what_is_done_is_taken_up_again(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = tmp_path / "parts"
    stop = building.play
    played: list[str] = []

    def play(task: building.Task, *rest: object) -> object:
        played.append(task.name)
        if len(played) == 5:
            raise KeyboardInterrupt
        return stop(task, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "play", play)
    with pytest.raises(KeyboardInterrupt):
        small(data, parts=parts)
    assert [p.name for p in parts.iterdir()] == ["0000.npz"]
    whole = small(data, parts=parts)
    assert len(played) == 5 + 5
    monkeypatch.setattr(building, "play", stop)
    assert same(whole, small(data))


def test_parts_of_another_seed_or_damaged_ones_are_played_again(data: Path, tmp_path: Path) -> None:
    small(data, parts=tmp_path)
    (tmp_path / "0001.npz").write_bytes(b"cut off")
    assert same(small(data, parts=tmp_path), small(data))
    assert same(small(data, parts=tmp_path, seed=5), small(data, seed=5))


def test_progress_is_told(data: Path) -> None:
    told: list[tuple[float, float]] = []
    small(data, progress=lambda stage, done, total, label="": told.append((done, total)))
    assert told == [(3, 8), (6, 8), (8, 8)]


def test_the_command_writes_a_set_and_clears_its_parts(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "drums.npz"
    assert main([str(data), "--out", str(out), "--sessions", "2", "--jobs", "1"]) == 0
    assert "2 sessions, 2 performances" in capsys.readouterr().out
    drums = load_set(out)
    assert len(drums.sessions) == 2
    assert np.isfinite(np.concatenate([s.features for s in drums.sessions])).all()
    assert not list(tmp_path.glob("*.parts"))


def test_without_a_kit_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "x.npz")]) == 1
    assert "holds no drum kit" in capsys.readouterr().err


# --- ENST-Drums ----------------------------------------------------------------------------------------------------

ENST_MICS = {"kick": -6.0, "snare": -3.0, "hi-hat": -12.0, "tom_1": -9.0, "overhead_L": 0.0, "overhead_R": -1.0}


@pytest.fixture
def enst(tmp_path: Path) -> Path:
    """A take of one drummer: six microphones with bleed, and a stereo dry mix with pans."""
    rng = np.random.default_rng(2)
    n = 5 * RATE_HZ
    beats = np.zeros((len(ENST_MICS), n))
    for number in range(len(ENST_MICS)):
        beats[number, rng.integers(0, n - 4000, 12)] = 1.0
    fall = np.exp(-np.arange(1500) / 300.0) * rng.standard_normal((len(ENST_MICS), 1500))
    drums = np.stack([np.convolve(b, f)[:n] for b, f in zip(beats, fall, strict=True)])
    bleed = np.where(np.eye(len(ENST_MICS)) > 0, 0.3, 0.05)
    audio = (bleed @ drums).astype(np.float32)
    mix = np.zeros((2, n), np.float32)
    for row, (name, gain_db), pan in zip(audio, ENST_MICS.items(), np.linspace(0.0, 1.0, len(ENST_MICS)), strict=True):
        _write(tmp_path, name, row)
        # Linear pans: left and right add up to the microphone at its gain.
        mix += np.array([[1.0 - pan], [pan]], np.float32) * np.float32(10 ** (gain_db / 20)) * row
    _write(tmp_path, "dry_mix", mix.T)
    return tmp_path


def _write(folder: Path, microphone: str, audio: np.ndarray) -> None:
    path = folder / "drummer_1" / "audio" / microphone / "036_phrase_disco_simple_slow_sticks.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, RATE_HZ, subtype="FLOAT")


def test_a_take_of_enst_is_a_session_with_its_gains(enst: Path) -> None:
    (song,) = EnstDrumsCorpus().songs(enst)
    session = enst_session(song, features_of=heard)
    assert (session.performance, session.hits, session.style) == (song.id, "drummer_1", "disco")
    assert set(session.microphones) == {
        *(DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.HIHAT),
        *(DrumMic.TOM_1, DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT),
    }
    recovered_db = session.gains_db["enst"] - session.loudness_lufs
    true_db = np.array([ENST_MICS[track.name] for track in song.tracks])
    np.testing.assert_allclose(recovered_db - recovered_db[0], true_db - true_db[0], atol=0.1)
    assert np.sum(10.0 ** (session.gains_db["enst"] / 10.0)) == pytest.approx(1.0)


def test_a_silent_microphone_of_enst_stands_at_the_bottom(enst: Path) -> None:
    _write(enst, "tom_2", np.zeros(5 * RATE_HZ, np.float32))
    (song,) = EnstDrumsCorpus().songs(enst)
    session = enst_session(song, features_of=heard)
    silent = session.microphones.index(DrumMic.TOM_2)
    assert session.gains_db["enst"][silent] == pytest.approx(-60.0, abs=0.1)
    assert np.isfinite(session.gains_db["enst"]).all()


def test_a_take_of_unknown_microphones_is_told(enst: Path) -> None:
    audio = enst / "drummer_1" / "audio"
    for number, name in enumerate(ENST_MICS):
        (audio / name).rename(audio / f"thing_{number}")
    (song,) = EnstDrumsCorpus().songs(enst)
    with pytest.raises(CorpusError, match="none of its tracks"):
        enst_session(song, features_of=heard)
