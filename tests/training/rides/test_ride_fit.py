"""The learned rider as it ships: a card that fits its weights, and what may not be learned from is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from grouped_songs import cut_down
from ridden_songs import ridden_songs

from reaper_automix import models_folder
from reaper_automix.errors import CorpusError
from reaper_automix.mixers.ride_model import FORMAT, WEIGHTS_FILE, RideModel, load_ride_model, rides_are_proven
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.rides.fit import TrainedRides, train_rides, write_rides
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.proper import LDS, NO_RIDE, RULE, choose_settings, fit_rides, ride_cases
from reaper_automix.training.rides.tables import rides_text


def follow(band_db: np.ndarray) -> np.ndarray:
    """Ride half as far as what plays beside, over some 9 s."""
    return 0.5 * (np.convolve(np.pad(band_db, 45, mode="edge"), np.ones(90) / 90.0, mode="valid")[:-1] + 25.0)


@pytest.fixture(scope="module")
def songs() -> list[RiddenSong]:
    return ridden_songs(6, follow, usages={1: Usage.EVALUATE})


@pytest.fixture(scope="module")
def trained(songs: list[RiddenSong]) -> Iterator[TrainedRides]:
    with pytest.MonkeyPatch.context() as patch:
        cut_down(patch)
        yield train_rides(songs)


@pytest.fixture
def folder(trained: TrainedRides, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The written model, in the place that the mixer looks at."""
    write_rides(trained, tmp_path / "rides")
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path,))
    load_ride_model.cache_clear()
    yield tmp_path / "rides"
    load_ride_model.cache_clear()


def test_the_card_describes_the_weights(folder: Path, trained: TrainedRides) -> None:
    card = json.loads((folder / "model.json").read_text("utf-8"))
    stored = (folder / WEIGHTS_FILE).read_bytes()
    assert card == json.loads(json.dumps(trained.card))
    assert card["format"] == FORMAT
    assert card["weights"] == WEIGHTS_FILE
    assert card["sha256"] == hashlib.sha256(stored).hexdigest()
    assert card["features"]["names"] == list(RideModel.from_data(json.loads(stored)).observed)
    assert 0.0 < card["spectral_radius"] <= 1.0
    assert card["fitting"]["r_scale"] == 2.0, "what follows so closely is trusted most"
    assert card["fitting"]["observed"] == card["features"]["names"] == ["rest_9_s_lu"]
    assert {"what", "licence", "bias", "training_data", "scores", "proven_on_unseen_authors"} <= set(card)
    assert "5 authors, 5 tracks" in card["bias"]


def test_scores_stand_beside_the_baselines(trained: TrainedRides) -> None:
    scores = trained.card["scores"]
    assert scores["split"] == "leave_one_author_out"
    assert (scores["tracks"], scores["songs"]) == (5, 5)
    assert list(scores["riders"]) == [NO_RIDE, RULE, LDS]
    assert scores["riders"][LDS]["error_share"]["value"] < 0.5
    assert scores["riders"][LDS]["correlation"]["value"] == round(
        trained.table["riders"][LDS]["correlation"]["value"], 3
    )
    assert trained.card["proven_on_unseen_authors"] is True
    assert "lds" in rides_text(trained.table)


def test_the_mixer_loads_what_was_written(folder: Path, songs: list[RiddenSong]) -> None:
    assert rides_are_proven()
    model = load_ride_model()
    case = ride_cases(songs)[1]
    assert case.author == "a1", "one that it has not seen"
    rider = model.ride_db(case.observations, case.sounds)
    assert np.corrcoef(rider[case.counts], case.ride_db[case.counts])[0, 1] > 0.8


def test_what_may_not_be_learned_from_is_not(
    trained: TrainedRides, songs: list[RiddenSong], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_down(monkeypatch)
    assert [each["song"] for each in trained.card["training_data"]] == ["s0", "s2", "s3", "s4", "s5"]
    assert {each["licence"] for each in trained.card["training_data"]} == {"CC0-1.0"}
    without = [song for song in songs if song.usage is Usage.TRAIN]
    other = replace(
        songs[1], tracks=(replace(songs[1].tracks[0], gain_db=-songs[1].tracks[0].gain_db), songs[1].tracks[1])
    )
    for changed in (without, [*without[:1], other, *without[1:]]):
        again = train_rides(changed)
        assert (again.weights, again.card) == (trained.weights, trained.card)
    cases = ride_cases(without)
    expected = fit_rides(cases, choose_settings(cases)).to_data()
    stored = json.loads(trained.weights)
    assert np.array(stored["transition"]) == pytest.approx(np.array(expected["transition"]), abs=1e-9)


def test_noise_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_down(monkeypatch)
    rng = np.random.default_rng(0)
    songs = ridden_songs(4, lambda band_db: np.repeat(rng.uniform(-4.0, 4.0, band_db.size // 100), 100), seconds=60)
    assert train_rides(songs).card["proven_on_unseen_authors"] is False


def test_two_authors_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_down(monkeypatch)
    trained = train_rides(ridden_songs(2, follow, seconds=40))
    assert trained.card["scores"]["tracks"] == 2
    RideModel.from_data(json.loads(trained.weights))


def test_fewer_authors_are_refused(songs: list[RiddenSong]) -> None:
    same = [replace(song, author="one") for song in songs]
    still = [replace(song, tracks=tuple(replace(t, moves=False) for t in song.tracks)) for song in songs]
    closed = [replace(song, usage=Usage.EVALUATE) for song in songs[1:]]
    for given, number in ((same, 1), (still, 0), ([songs[0], *closed], 1), ([], 0)):
        with pytest.raises(CorpusError, match=rf"rides by {number} authors?\..*add songs of at least two"):
            train_rides(given)
