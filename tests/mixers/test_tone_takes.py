"""Audio for takes: as long as what the item plays, no louder than it may be, and heard as one track."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tone_models import BELL_DB, TILT_DB, network

from reaper_automix.analysis.third_octaves import third_octaves_db
from reaper_automix.audio.media import MediaIndex
from reaper_automix.audio.reader import TrackReader
from reaper_automix.mixers import tone_takes
from reaper_automix.mixers.tone_hearing import LoudestPart, lufs_of
from reaper_automix.mixers.tone_network import CENTRES_HZ, N_BANDS, ToneNetwork, loudest
from reaper_automix.mixers.tone_takes import source_of, take_moves, takes_problem
from reaper_automix.mixplan import TakeMove
from reaper_automix.session import Item, Source, Take, Track
from reaper_automix.units import db_to_lin

RATE_HZ = 16_000


def written(folder: Path, *, seconds: float = 5.0, level: float = 0.1, n_channels: int = 1, seed: int = 0) -> Path:
    path = folder / f"{seed}.wav"
    audio = np.random.default_rng(seed).standard_normal((round(seconds * RATE_HZ), n_channels))
    soundfile.write(path, level * audio / np.abs(audio).max(), RATE_HZ, subtype="FLOAT")
    return path


def track_of(*items: Item) -> Track:
    return Track("{T}", "Lead: Vox/1", items=items)


def item_of(path: Path, number: int = 1, *, length_s: float = 5.0, **take: object) -> Item:
    made = replace(Take(f"{{{number}}}", "", Source("WAVE", str(path))), **take)  # type: ignore[arg-type]
    return Item(f"{{I{number}}}", 6.0 * (number - 1), length_s, takes=(made,))


def part_of(track: Track) -> LoudestPart:
    with TrackReader(track, sample_rate_hz=RATE_HZ) as reader:
        audio = reader.read(0, round(max(item.end_s for item in track.items) * RATE_HZ))
    start, stop = loudest(audio.mean(axis=0), 10 * RATE_HZ)
    sound = audio[:, start:stop]
    return LoudestPart(sound, RATE_HZ, 0.0, lufs_of(sound, RATE_HZ), third_octaves_db(sound, RATE_HZ))


def moves_of(track: Track, folder: Path, net: ToneNetwork | None = None, share: float = 1.0) -> list[TakeMove]:
    net = net or network(BELL_DB)
    return take_moves(track, net, part_of(track), share=share, reason="why", folder=folder / "waiting")


def read(move: TakeMove) -> np.ndarray:
    return soundfile.read(move.file, dtype="float32", always_2d=True)[0].T


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_take_is_as_long_and_as_loud_and_no_louder_than_it_may_be(tmp_path, n_channels) -> None:
    path = written(tmp_path, level=1.0, n_channels=n_channels)
    track = track_of(item_of(path))
    (move,) = moves_of(track, tmp_path, network(BELL_DB + 12.0))
    old, new = soundfile.read(path, dtype="float32", always_2d=True)[0].T, read(move)
    assert new.shape == old.shape
    assert np.abs(new).max() <= 1.0
    assert move.gain_db < 0.0 or np.abs(new).max() == pytest.approx(1.0, abs=1e-6)
    after_lufs = lufs_of(new * np.float32(db_to_lin(move.gain_db)), RATE_HZ)
    assert after_lufs == pytest.approx(lufs_of(old, RATE_HZ), abs=0.02)
    assert (move.track.id, move.item.id, move.reason) == ("{T}", "{I1}", "why")
    assert move.name.startswith("Lead Vox 1 tone ")


def test_an_original_beyond_full_scale_may_stay_so(tmp_path) -> None:
    (move,) = moves_of(track_of(item_of(written(tmp_path, level=2.5))), tmp_path, network(BELL_DB + 12.0))
    assert 1.0 < np.abs(read(move)).max() <= 2.5


def test_a_soft_original_may_rise_to_just_below_full_scale(tmp_path) -> None:
    (move,) = moves_of(track_of(item_of(written(tmp_path, level=0.9))), tmp_path, network(np.full(N_BANDS, 12.0)))
    assert 0.9 < np.abs(read(move)).max() <= db_to_lin(-0.1)


def test_offsets_rates_sections_and_reversal_give_what_the_item_plays(tmp_path) -> None:
    path = written(tmp_path)
    audio = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    cut = item_of(path, length_s=2.0, start_offset_s=1.5, playrate=1.25)
    sound, rate_hz = source_of(cut)
    assert (sound.shape, rate_hz) == ((1, round(2.5 * RATE_HZ)), RATE_HZ)
    assert np.array_equal(sound[0], audio[0, round(1.5 * RATE_HZ) : 4 * RATE_HZ])
    looped = replace(item_of(path, length_s=7.0), loop_source=True)
    assert np.array_equal(source_of(looped)[0][0, 5 * RATE_HZ :], audio[0, : 2 * RATE_HZ])
    longer = item_of(path, length_s=7.0)
    assert not source_of(longer)[0][0, 5 * RATE_HZ :].any()
    backwards = item_of(path, length_s=1.0, source=Source("SECTION", str(path), 1.0, 2.0, reversed=True))
    assert np.array_equal(source_of(backwards)[0][0], audio[0, 2 * RATE_HZ : 3 * RATE_HZ][::-1])


def test_all_items_of_a_track_are_heard_as_one(tmp_path) -> None:
    """The soft item gets what the loud one gets, though alone it would be heard as another track."""
    heard: list[np.ndarray] = []

    steady = tone_takes.SteadyNetwork

    class Noting(steady):  # type: ignore[misc, valid-type]
        def gains_db(self, levels_db, heard_of_item):  # type: ignore[no-untyped-def]
            heard.append(self.heard.features)
            return steady.gains_db(self, levels_db, heard_of_item)

    first, second = written(tmp_path), written(tmp_path, level=0.001, seed=1)
    track = track_of(item_of(first), item_of(second, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tone_takes, "SteadyNetwork", Noting)
        moves = moves_of(track, tmp_path)
    assert len(moves) == len(heard) == 2
    assert np.array_equal(heard[0], heard[1])
    assert moves[0].gain_db == pytest.approx(moves[1].gain_db, abs=1e-9), "one level for the track"


def test_strength_is_of_every_gain(tmp_path) -> None:
    path = written(tmp_path)
    old = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    changes = []
    for share in (0.5, 1.0):
        (move,) = moves_of(track_of(item_of(path)), tmp_path, network(TILT_DB), share)
        changes.append(third_octaves_db(read(move), RATE_HZ)[5:-4] - third_octaves_db(old, RATE_HZ)[5:-4])
    assert changes[0] == pytest.approx(0.5 * changes[1], abs=0.15)
    assert changes[1][-1] - changes[1][0] == pytest.approx(TILT_DB[-5] - TILT_DB[2], abs=0.5)
    assert len(CENTRES_HZ) == N_BANDS


def test_the_same_audio_is_kept_once_and_its_name_says_what_it_is(tmp_path) -> None:
    path = written(tmp_path)
    track = track_of(item_of(path), item_of(path, 2))
    moves = moves_of(track, tmp_path)
    assert moves[0].file == moves[1].file
    assert moves[0].name == moves[1].name
    again = moves_of(track, tmp_path)
    assert [move.file for move in again] == [move.file for move in moves]
    (other, *_) = moves_of(track, tmp_path, network(TILT_DB))
    assert other.name != moves[0].name


def test_what_waits_does_not_grow_for_ever(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tone_takes, "MOST_BYTES", 700_000)
    for seed in range(4):
        moves_of(track_of(item_of(written(tmp_path, seed=seed))), tmp_path)
    kept = list((tmp_path / "waiting").glob("*.wav"))
    assert 1 <= len(kept) <= 2


def test_silence_stays_silence(tmp_path) -> None:
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ)
    sound = written(tmp_path)
    moves = moves_of(track_of(item_of(path, length_s=1.0), item_of(sound, 2)), tmp_path)
    assert not read(moves[0]).any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"play_all_takes": True}, "plays all its takes"),
        ({"length_s": 4_000.0}, "longer than 30 minutes"),
        ({"takes": (Take("{1}", "", Source("MIDI")),)}, "MIDI"),
        ({"takes": (Take("{1}", "", Source("WAVE", "gone.wav")),)}, "missing"),
    ],
)
def test_items_that_can_have_no_take(tmp_path, change, said) -> None:
    good = item_of(written(tmp_path))
    assert takes_problem(track_of(good), MediaIndex()) == ""
    bad = replace(good, id="{bad}", position_s=10.0, **change)
    assert said in takes_problem(track_of(good, bad), MediaIndex())
    assert "item at 10.00 s" in takes_problem(track_of(good, bad), MediaIndex())
    assert takes_problem(track_of(good, replace(bad, muted=True)), MediaIndex()) == "", "it is not heard"
