"""Training of the transformation network: whose audio is on which side, going on after a stop, and the judgement."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")
pytest.importorskip("matplotlib")

from reaper_automix.analysis.loudness import LoudnessMeter, integrated_lufs  # noqa: E402
from reaper_automix.errors import CorpusError  # noqa: E402
from reaper_automix.training.corpora.contract import CorpusSong, Usage  # noqa: E402
from reaper_automix.training.evaluation.sources import corpus_songs  # noqa: E402
from reaper_automix.training.strips import channel_examples as sources  # noqa: E402
from reaper_automix.training.strips import judge_transformation as judging  # noqa: E402
from reaper_automix.training.strips import train_transformation as training  # noqa: E402
from reaper_automix.training.strips import transformation_progress as kept  # noqa: E402
from reaper_automix.training.strips.channel_examples import (  # noqa: E402
    LEARNED,
    PATCH_SAMPLES,
    RATE_HZ,
    SPLITS,
    UNSEEN,
    WATCHED,
    loudest_part,
    recordings_below,
    split_of,
    through_input_gain,
)
from reaper_automix.training.strips.train_transformation import main, train  # noqa: E402
from reaper_automix.training.strips.transformation import Examples, centre_crop, random_examples  # noqa: E402
from reaper_automix.training.strips.transformation_progress import Recipe  # noqa: E402

CPU = torch.device("cpu")
TINY = Recipe("compressor", 1, 2, 1, 14_322 + 1_100, 1e-3, 2)


def _music(seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE_HZ)
    swell = np.exp(-5.0 * (np.arange(n) % 6_000) / 6_000.0)
    return (0.3 * swell * rng.standard_normal(n)).astype(np.float32)


def _song(folder: Path, name: str, seed: int, artist: str = "One") -> None:
    folder = folder / name
    folder.mkdir(parents=True)
    soundfile.write(folder / "bass.wav", _music(2.0, seed), RATE_HZ)
    stem = {"file": "bass.wav", "name": "Bass", "role": "bass", "label_confidence": "high", "lufs_integrated": -20.0}
    song = {"title": name, "artist": artist, "licence": "CC0-1.0", "seconds": 2.0, "stems": [stem]}
    (folder / "song.json").write_text(json.dumps(song))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of four songs."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(4):
        _song(folder / "songs", f"song{number}", number)
    return folder


@pytest.fixture(scope="module")
def recordings(data: Path, tmp_path_factory: pytest.TempPathFactory) -> sources.Recordings:
    return recordings_below(data, tmp_path_factory.mktemp("kept") / "recordings.npz")


@pytest.fixture
def short_epochs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kept, "EPOCH_PATCHES", 2)
    monkeypatch.setattr(training, "N_WATCHED", 2)
    monkeypatch.setattr(judging, "N_PATCHES", 3)
    return


def _described(author: str, name: str, corpus: str = "lmms") -> CorpusSong:
    return CorpusSong(corpus, name, name, author, "CC0-1.0", Usage.TRAIN, 1.0, ())


def test_an_author_is_on_one_side_and_where_there_are_too_few_a_song_is() -> None:
    many = [_described(f"author {n % 5}", f"song {n}") for n in range(10)]
    splits = split_of(many)
    assert set(splits.values()) == set(SPLITS)
    for author in {song.author for song in many}:
        assert len({splits["lmms", song.id] for song in many if song.author == author}) == 1
    alone = split_of([_described("one", f"song {n}", "songs") for n in range(4)])
    assert list(alone.values()) == [LEARNED, LEARNED, WATCHED, UNSEEN]


@pytest.mark.data
def test_our_corpora_have_songs_on_every_side(shared_data: Path) -> None:
    songs = list(corpus_songs(shared_data, ("lmms", "songs")))
    splits = split_of(songs)
    for corpus in ("lmms", "songs"):
        assert {splits[song.corpus, song.id] for song in songs if song.corpus == corpus} == set(SPLITS)
    sides = {(song.author, splits["lmms", song.id]) for song in songs if song.corpus == "lmms"}
    assert len(sides) == len({author for author, _ in sides})


def test_a_recording_is_the_loudest_part_of_the_louder_side_at_one_loudness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LONGEST_S", 1.0)
    audio = np.stack([0.1 * _music(4.0, 0), 0.2 * _music(4.0, 1)])
    audio[:, : 2 * RATE_HZ] *= 0.1
    part = loudest_part(audio)
    assert part is not None
    assert part.size == RATE_HZ
    assert abs(np.corrcoef(part, audio[0, -RATE_HZ:])[0, 1]) < 0.2
    assert max(np.correlate(audio[1, 2 * RATE_HZ :], part)) > 0.99 * np.linalg.norm(part) * 0.2 * 0.9
    meter = LoudnessMeter(RATE_HZ, 1)
    meter.add(part[None])
    assert integrated_lufs(meter.block_energy()) == pytest.approx(-23.0, abs=0.01)
    assert loudest_part(np.zeros((2, RATE_HZ), np.float32)) is None
    short = loudest_part(audio[:, -5_000 * 6 :])
    assert short is not None
    assert short.size == 30_000


def test_recordings_are_made_once_and_again_when_audio_changed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    first = recordings_below(data, tmp_path / "kept.npz", said.append)
    assert [len(first[split]) for split in SPLITS] == [2, 1, 1]
    assert len(said) == 4
    monkeypatch.setattr(sources, "read_audio_at", lambda path, _: pytest.fail(f"{path} was read again"))
    again = recordings_below(data, tmp_path / "kept.npz")
    for split in SPLITS:
        np.testing.assert_allclose(np.stack(again[split]), np.stack(first[split]), atol=1e-3)
    _song(data / "songs", "song9", 9)
    with pytest.raises(pytest.fail.Exception, match="read again"):
        recordings_below(data, tmp_path / "kept.npz")
    (data / "songs" / "song9" / "song.json").unlink()


def test_a_split_without_songs_is_refused(tmp_path: Path) -> None:
    _song(tmp_path / "songs", "alone", 0)
    with pytest.raises(CorpusError, match="for the split 'watched': give more songs"):
        recordings_below(tmp_path, tmp_path / "kept.npz")


def test_patches_meet_the_input_gain_of_a_strip() -> None:
    tone = np.sin(np.arange(50_000, dtype=np.float32))
    source, rng = through_input_gain([tone]), np.random.default_rng(0)
    gains_db = [20.0 * np.log10(np.abs(source(30_000, rng)).max()) for _ in range(200)]
    assert -12.01 < min(gains_db) < -11.0
    assert 11.0 < max(gains_db) < 12.01
    assert abs(np.mean(gains_db)) < 1.5


def test_a_stretch_is_cut_after_the_processors_have_played() -> None:
    source = through_input_gain([_music(3.0, 0)])
    cut = sources.channel_examples(source, (9, 4), n_examples=2, n_heard=20_000)
    whole = random_examples(source, np.random.default_rng([9, 4]), n_examples=2, n_samples=PATCH_SAMPLES)
    places = [n for n in range(PATCH_SAMPLES - 20_000 + 1) if whole.target[0, 0, n] == cut.target[0, 0, 0]]
    assert any(torch.equal(whole.target[..., n : n + 20_000], cut.target) for n in places)
    assert any(torch.equal(whole.audio[..., n : n + 20_000], cut.audio) for n in places)
    assert torch.equal(whole.conditions, cut.conditions)
    again = sources.channel_examples(source, (9, 4), n_examples=2, n_heard=20_000)
    other = sources.channel_examples(source, (9, 5), n_examples=2, n_heard=20_000)
    assert torch.equal(again.target, cut.target)
    assert not torch.equal(other.target, cut.target)


def test_what_is_measured_on_sounds_in_the_middle() -> None:
    quiet = np.zeros(3 * RATE_HZ, np.float32)
    quiet[:RATE_HZ] = _music(1.0, 0)
    source, sizes = through_input_gain([quiet]), {"n_heard": 30_000, "n_answered": 2_000}
    found = list(sources.sounding_examples(source, 10, 8, **sizes, stages=("compressor",)))
    again = list(sources.sounding_examples(source, 10, 8, **sizes, stages=("compressor",)))
    everything = [
        sources.channel_examples(source, (10, n), n_examples=1, n_heard=30_000, stages=("compressor",))
        for n in range(12)
    ]
    middles = [float(centre_crop(one.audio, 2_000).square().mean()) for one in everything]
    assert min(middles) < 1e-5
    expected = [one for one, energy in zip(everything, middles, strict=True) if energy >= 1e-5]
    assert len(found) == 8
    for one, other, own in zip(found, again, expected, strict=False):
        assert torch.equal(one.target, other.target)
        assert torch.equal(one.target, own.target)


@pytest.mark.usefixtures("short_epochs")
def test_training_goes_on_where_it_was(recordings: sources.Recordings, tmp_path: Path) -> None:
    """Stopped in the middle of an epoch, with an examples process or without: the weights are the same."""
    assert train(TINY, recordings, tmp_path / "straight", 5, CPU)
    for n_steps in (3, 5):
        assert train(TINY, recordings, tmp_path / "stopped", n_steps, CPU)
    names = [folder / f"{TINY.name}.pt" for folder in (tmp_path / "straight", tmp_path / "stopped")]
    straight, stopped = (kept.load_kept(name) for name in names)
    assert straight["step"] == stopped["step"] == 5
    for name, weights in straight["training"]["network"].items():
        assert torch.equal(weights, stopped["training"]["network"][name]), name
    rows = [json.loads(line) for line in names[1].with_suffix(".jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["step"]) for row in rows] == [(1, 2), (2, 4)]
    for row, other in zip(rows, straight["curve"], strict=True):
        assert {k: v for k, v in row.items() if k != "process_s"} == pytest.approx(
            {k: v for k, v in other.items() if k != "process_s"}
        )
    assert len(stopped["errors"]) == 1
    assert stopped["best"]


@pytest.mark.usefixtures("short_epochs")
def test_other_processes_make_the_same_examples(recordings: sources.Recordings) -> None:
    batches = training._Batches(TINY, through_input_gain(recordings[LEARNED]), 3)
    loader = torch.utils.data.DataLoader(batches, batch_size=None, sampler=range(1, 3), num_workers=1)
    for made, step in zip(loader, (1, 2), strict=True):
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(batches[step], made, strict=True))


@pytest.mark.usefixtures("short_epochs")
def test_an_interrupt_finishes_the_step_and_keeps_the_state(recordings: sources.Recordings, tmp_path: Path) -> None:
    said: list[str] = []
    assert not train(TINY, recordings, tmp_path, 100, CPU, say=said.append, interrupted=[True])
    assert kept.load_kept(tmp_path / f"{TINY.name}.pt")["step"] == 1
    assert said[-1].startswith(f"{TINY.name}: 1 steps, kept in")


def test_the_first_ctrl_c_is_noted_and_the_second_one_ends() -> None:
    before = signal.getsignal(signal.SIGINT)
    with training._interrupt_noted() as noted:
        assert not noted
        signal.raise_signal(signal.SIGINT)
        assert noted
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("short_epochs")
def test_what_cannot_be_gone_on_with_is_named(recordings: sources.Recordings, tmp_path: Path) -> None:
    train(TINY, recordings, tmp_path, 1, CPU)
    other = Recipe("compressor", 1, 2, 1, 14_322 + 1_100, 5e-3, 2)
    with pytest.raises(CorpusError, match=r"was trained as .*0\.001.* not as .*0\.005.* Give another --out"):
        train(other, recordings, tmp_path, 2, CPU)
    (tmp_path / f"{TINY.name}.pt").write_bytes(b"no archive")
    with pytest.raises(CorpusError, match=r"cannot be read .* Remove it, and train again"):
        train(TINY, recordings, tmp_path, 2, CPU)
    with pytest.raises(CorpusError, match="holds no network yet"):
        judging.judge(tmp_path / "nothing", recordings)


def test_the_small_configuration_and_that_of_a_gpu() -> None:
    asked = training._parser().parse_args(["data", "--out", "out", "--stacks", "3"])
    gpu, n_steps, n_workers = training._wanted(asked, torch.device("cuda"))
    assert (gpu.batch, gpu.heard_samples, gpu.rate, gpu.patience) == (32, 66_150, 3e-4, 20)
    assert gpu.epoch_steps == 31
    assert n_steps == 1_000 * gpu.epoch_steps
    assert n_workers > 0
    small, _, n_workers = training._wanted(asked, CPU)
    assert (small.width, small.batch, small.heard_samples) == (8, 4, 42_966 + 8_192)
    assert n_workers == 0
    assert small.name == "channel-tcn30-width8"
    with pytest.raises(SystemExit):
        training._parser().parse_args(["data", "--out", "out", "--width", "0"])


def test_one_gain_is_an_oracle() -> None:
    audio = torch.from_numpy(_music(0.2, 0))[None, None]
    quieter = Examples(audio, torch.zeros(1, 6), 0.25 * audio)
    assert judging._best_gain_lin(quieter) == pytest.approx(0.25)
    assert judging._at_gain(quieter, 0.25).mae < 1e-7
    assert judging._at_gain(quieter, 0.25).mr_stft < 1e-3
    assert judging._at_gain(quieter, 0.0).mae == pytest.approx(0.25 * float(audio.abs().mean()))
    silent = Examples(0.0 * audio, torch.zeros(1, 6), 0.0 * audio)
    assert judging._at_gain(silent, judging._best_gain_lin(silent)).mae == 0.0


@pytest.mark.usefixtures("short_epochs")
def test_it_is_trained_and_judged_from_the_command_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SMALL_ANSWER", 1_100)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    common = [str(data), "--out", str(tmp_path)]
    small = ["--width", "1", "--batch", "1", "--steps", "2"]
    assert main([*common, "--task", "compressor", *small]) == 0
    assert main([*common, *small]) == 0
    assert "epoch 1: learned" in capsys.readouterr().err
    assert main([*common, "--judge"]) == 0
    table = capsys.readouterr().out
    for task, who in (("channel", "channel-tcn10-width1"), ("compressor", "compressor-tcn10-width1")):
        assert f"| {task} | {who} |" in table
        assert f"| {task} | as it is |" in table
        assert f"| {task} | one gain, fitted to the answer |" in table
    assert "| channel | published: TCN-30 | 0.024 | 2.210 | |" in table
    assert "| compressor | published: TCN-20, an analogue unit | 0.004 | 0.606 |" in table
    found = json.loads((tmp_path / judging.SCORES).read_text())
    rows = {row["name"]: row for row in found["tables"]["channel"]}
    assert rows["channel-tcn10-width1"]["trained"]["judged_at_step"] == 2
    assert rows["as it is"]["mae"]["mean"] > rows["one gain, fitted to the answer"]["mae"]["mean"] > 0.0
    assert (tmp_path / judging.PICTURE).stat().st_size > 5_000
    assert main([str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 1
    assert "holds no corpus" in capsys.readouterr().err
