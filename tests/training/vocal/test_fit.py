"""The code check of the paper's sixth cause: what can be learned is learned, and what cannot be seen is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from reaper_automix.training.vocal.blocks import SongBlocks, song_blocks, training_blocks
from reaper_automix.training.vocal.experiments import Experiment, run
from reaper_automix.training.vocal.fit import fit
from reaper_automix.training.vocal.pairs import Pair
from reaper_automix.training.vocal.recipes import HIDDEN, PUBLISHED, VISIBLE
from reaper_automix.training.vocal.synthetic import check_fold, synthetic_pairs

SMALL = (4, 8, 8, 8)
PAIRS = synthetic_pairs()


def songs(pairs: list[Pair]) -> list[SongBlocks]:
    return [song_blocks(pair, 1) for pair in pairs]


def test_a_difference_that_is_visible_is_learned_to_less_than_a_decibel() -> None:
    recipe = replace(VISIBLE, widths=SMALL, dropout=0.0, steps=300)
    scores = run(Experiment(check_fold(), recipe), [], lambda: [])["songs"]
    assert len(scores) == 8
    assert np.mean([score["block_error_lu"] for score in scores]) < 1.0


def test_a_difference_that_is_hidden_cannot_be_learned() -> None:
    recipe = replace(HIDDEN, widths=SMALL, steps=60)
    scores = run(Experiment(check_fold(), recipe), [], lambda: [])["songs"]
    constant = np.mean([abs(score["predicted_lu"]["constant"] - score["human_lu"]) for score in scores])
    assert np.mean([score["song_error_lu"] for score in scores]) > constant - 0.5


def test_the_same_seed_gives_the_same_network() -> None:
    recipe = replace(PUBLISHED, widths=SMALL, steps=3)
    one, other = (fit(recipe, songs(PAIRS[:3]), songs(PAIRS[3:4]), seed=5) for _ in range(2))
    assert one.curve == other.curve
    np.testing.assert_array_equal(one.answers_lu(songs(PAIRS[:1])[0]), other.answers_lu(songs(PAIRS[:1])[0]))


@pytest.mark.parametrize("target", ["song", "local", "minmax", "amplitude"])
def test_whatever_the_target_answers_are_in_lu_and_begin_near_the_mean(target: str) -> None:
    some = [pair for pair in PAIRS if -9.0 < pair.gap_lu < -3.0][:4]
    recipe = replace(PUBLISHED, widths=SMALL, steps=2, target=target)
    fitted = fit(recipe, songs(some), songs(PAIRS[:1]), seed=2)
    mean = np.mean([pair.gap_lu for pair in some])
    assert fitted.answers_lu(songs(some)[0]).mean() == pytest.approx(mean, abs=3.0)
    assert fitted.train_error_lu < 6.0
    assert all(np.isfinite(row).all() for row in np.array(fitted.curve))


def test_100_epochs_are_as_many_batches_as_published() -> None:
    one = songs(PAIRS[:1])[0]
    few = SongBlocks(one.pair, one.blocks_db[:4], one.local_lu[:4])
    fitted = fit(replace(PUBLISHED, widths=SMALL), [few], [], seed=1)
    assert len(fitted.curve) == 100
    assert fitted.curve[-1][0] == 100


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="licence"):
        fit(PUBLISHED, [], [], seed=0)


def test_remixes_come_as_songs_of_their_own() -> None:
    pair = PAIRS[0]
    mels_db = np.concatenate([pair.mels_db, pair.mels_db[1:] + np.float16(1.0)])
    remixed = replace(pair, mels_db=mels_db)
    found = training_blocks([remixed], 1, remixes=True, rng=np.random.default_rng(0))
    assert [song.n_blocks for song in found] == [10, 9]
    assert len(training_blocks([remixed], 1, remixes=False, rng=np.random.default_rng(0))) == 1


def test_local_differences_are_those_of_the_blocks() -> None:
    pair = PAIRS[0]
    energies = pair.energies.copy()
    energies[0, :75] *= 10.0  # the first half of the song 10 dB louder
    blocks = song_blocks(replace(pair, energies=energies), 1)
    np.testing.assert_allclose(blocks.local_lu[:4] - pair.gap_lu, 10.0, atol=1e-6)
    np.testing.assert_allclose(blocks.local_lu[6:] - pair.gap_lu, 0.0, atol=1e-6)
