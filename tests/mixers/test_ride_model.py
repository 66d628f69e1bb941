"""The learned rider as data: what it hears, its bounds, and which files are refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reaper_automix import models_folder
from reaper_automix.analysis.loudness import integrated_lufs
from reaper_automix.errors import ModelError
from reaper_automix.learning.stability import spectral_radius
from reaper_automix.mixers.ride_model import (
    FORMAT,
    OBSERVATIONS,
    WINDOWS_S,
    RideModel,
    load_ride_model,
    ride_observations,
    rides_are_proven,
)
from reaper_automix.mixers.ride_sound import STEP_S, RideTrack, ride_track

HOURS_4 = round(4 * 3600 / STEP_S)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shipped model that a test may damage."""
    copy = tmp_path / "rides"
    copy.mkdir()
    for file in (models_folder.models_folder() / "rides").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path,))
    load_ride_model.cache_clear()
    yield copy
    load_ride_model.cache_clear()


def write_model(folder: Path, data: object) -> None:
    """Write numbers, and a card that describes them."""
    stored = json.dumps(data).encode()
    (folder / "weights.json").write_bytes(stored)
    card = json.loads((folder / "model.json").read_text("utf-8"))
    (folder / "model.json").write_text(json.dumps({**card, "sha256": hashlib.sha256(stored).hexdigest()}), "utf-8")


def tracks_of(gains_db: tuple[float, ...] = (0.0, 0.0, 0.0), n_blocks: int = 600) -> list[RideTrack]:
    """Make three tracks of a minute, the second of which pauses."""
    rng = np.random.default_rng(5)
    energies = (
        0.004 * rng.uniform(0.2, 1.0, (3, n_blocks)) * np.repeat(rng.uniform(0.2, 1.0, (3, n_blocks // 50)), 50, 1)
    )
    energies[1, 200:400] = 0.0
    gains = [10.0 ** (gain / 20.0) for gain in gains_db]
    return [ride_track(np.stack([e, e]), np.full((2, n_blocks), g)) for e, g in zip(energies, gains, strict=True)]


# --- what is observed ----------------------------------------------------------------------------------------------


def test_no_gain_of_any_track_changes_what_is_observed() -> None:
    for one, two in zip(ride_observations(tracks_of()), ride_observations(tracks_of((-9.0, 6.0, -3.0))), strict=True):
        assert two == pytest.approx(one, abs=1e-9)


def test_observations_by_hand() -> None:
    """Own and others' mean energy over a window around the step, in dB, at one loudness, less their means."""
    tracks = tracks_of()
    level = [track.energy / 10.0 ** (track.loudness_lufs / 10.0) for track in tracks]
    for k, observed in enumerate(ride_observations(tracks)):
        assert observed.shape == (60, len(OBSERVATIONS))
        rest = sum(level[j] for j in range(3) if j != k)
        for seconds in WINDOWS_S:
            for who, energy in (("own", level[k]), ("rest", rest)):
                windows = [energy[max(t - seconds // 2, 0) : t + seconds // 2 + 1].mean() for t in range(60)]
                in_lu = np.maximum(10.0 * np.log10(np.maximum(windows, 1e-30)) - 0.691, -40.0)
                expected = in_lu - in_lu[tracks[k].sounds].mean()
                assert observed[:, OBSERVATIONS.index(f"{who}_{seconds}_s_lu")] == pytest.approx(expected)


def test_silence_and_solitude_are_observed_as_nothing() -> None:
    silent = RideTrack(np.zeros(20), -np.inf)
    sounding = RideTrack(np.linspace(0.01, 0.02, 20), -18.0)
    nothing, something = ride_observations([silent, sounding])
    assert not nothing.any()
    assert something[:, 0].any()
    assert not something[:, OBSERVATIONS.index("rest_3_s_lu")].any()
    assert ride_observations([]) == []


# --- the shipped model ---------------------------------------------------------------------------------------------


def test_the_shipped_model_loads_and_is_stable() -> None:
    load_ride_model.cache_clear()
    model = load_ride_model()
    assert model.observed
    assert set(model.observed) <= set(OBSERVATIONS)
    assert spectral_radius(model.lds.model.transition) <= 1.0
    assert model.lds.model.n_states == 3, "[a, a', a'']"
    assert not model.lds.state_mean.any()
    assert not model.lds.observation_mean.any()


def test_its_card_says_what_it_is() -> None:
    folder = models_folder.models_folder() / "rides"
    card = json.loads((folder / "model.json").read_text("utf-8"))
    assert card["format"] == FORMAT == "reaper_automix.rides/1"
    assert card["sha256"] == hashlib.sha256((folder / "weights.json").read_bytes()).hexdigest()
    assert isinstance(card["proven_on_unseen_authors"], bool)
    assert rides_are_proven() is card["proven_on_unseen_authors"]


def test_it_survives_being_stored() -> None:
    model = load_ride_model()
    again = RideModel.from_data(json.loads(json.dumps(model.to_data())))
    assert again.to_data() == model.to_data()
    for one, two in zip(model.rides_db(tracks_of()), again.rides_db(tracks_of()), strict=True):
        assert np.array_equal(one, two)


def test_a_ride_per_track_and_step_whatever_the_tracks() -> None:
    silent = RideTrack(np.zeros(60), -np.inf)
    rides_db = load_ride_model().rides_db([*tracks_of(), silent])
    assert [ride.shape for ride in rides_db] == [(60,)] * 4
    assert np.isfinite(rides_db).all()
    assert np.abs(rides_db[0]).max() > 0.01
    assert rides_db[3] == pytest.approx(np.zeros(60), abs=1e-9)
    assert load_ride_model().rides_db([]) == []


def test_four_hours_stay_bounded_and_do_not_drift() -> None:
    """Half an hour of music, eight times: the seventh time is ridden as the second was."""
    rng = np.random.default_rng(6)
    once = np.repeat(10.0 ** rng.uniform(-3.5, -1.5, (3, 180)), 10, axis=1)
    energies = np.tile(once, 8)
    assert energies.shape[1] == HOURS_4
    tracks = [RideTrack(energy, integrated_lufs(np.repeat(energy, 10)[None])) for energy in energies]
    rides_db = np.array(load_ride_model().rides_db(tracks))
    assert np.isfinite(rides_db).all()
    assert 0.1 < np.abs(rides_db).max() < 24.0
    per_time = rides_db.reshape(3, 8, -1)
    assert per_time[:, 6] == pytest.approx(per_time[:, 1], abs=1e-3)


def test_a_pause_of_an_hour_leaves_nothing() -> None:
    rng = np.random.default_rng(7)
    energy, pausing = 10.0 ** rng.uniform(-3.5, -1.5, (2, HOURS_4))
    pausing[HOURS_4 // 2 : HOURS_4 * 3 // 4] = 0.0
    tracks = [RideTrack(each, integrated_lufs(np.repeat(each, 10)[None])) for each in (pausing, energy)]
    ride_db, _ = load_ride_model().rides_db(tracks)
    assert abs(ride_db[HOURS_4 * 5 // 8]) < 0.01
    assert np.abs(ride_db[HOURS_4 * 3 // 4 :]).max() < 24.0


# --- what is refused -----------------------------------------------------------------------------------------------


def test_a_changed_file_is_refused(folder: Path) -> None:
    weights = folder / "weights.json"
    weights.write_text(weights.read_text("utf-8").replace("0.", "1.", 1), "utf-8")
    with pytest.raises(ModelError, match=r"rides.weights\.json: is not the file that model\.json describes"):
        load_ride_model()


@pytest.mark.parametrize("file", ["weights.json", "model.json"])
def test_a_missing_file_is_explained(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ModelError, match=rf"{file.split('.')[0]}\.json: .*Get a complete copy of reaper_automix"):
        load_ride_model()


def changed(**changes: object) -> dict[str, object]:
    return {**load_ride_model().to_data(), **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"step_s": 0.5},
        {"observed": []},
        {"observed": ["rest_21_s_lu", "own_3_s_lu", "rest_3_s_lu"]},
        {"observed": ["spectral centroid"]},
        {"observed": 3},
        {"transition": [[1.1, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5]]},
        {"transition": [[0.5]]},
        {"transition": 0.5},
        {"process_covariance": [[float("nan")] * 3] * 3},
        {"initial_covariance": [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]},
        {"observation_covariance": [["a"]]},
    ],
)
def test_numbers_that_no_model_has_are_refused(folder: Path, changes: dict[str, object]) -> None:
    write_model(folder, changed(**changes))
    load_ride_model.cache_clear()
    with pytest.raises(ModelError, match=r"rides.weights\.json: is damaged .*Get a complete copy of reaper_automix"):
        load_ride_model()


@pytest.mark.parametrize("data", [[], "text", 3, None, {}])
def test_what_is_no_model_at_all_is_refused(folder: Path, data: object) -> None:
    write_model(folder, data)
    with pytest.raises(ModelError, match=r"rides.weights\.json: is damaged"):
        load_ride_model()


def test_a_card_of_another_format_is_refused(folder: Path) -> None:
    (folder / "model.json").write_text(json.dumps({"format": "reaper_automix.rides/99"}), "utf-8")
    with pytest.raises(ModelError, match=r"model\.json: expected format"):
        load_ride_model()
    with pytest.raises(ModelError, match=r"model\.json: expected format"):
        rides_are_proven()


def test_without_a_model_nothing_is_proven(folder: Path) -> None:
    (folder / "model.json").unlink()
    assert not rides_are_proven()


def test_the_card_says_whether_it_is_proven(folder: Path) -> None:
    card = folder / "model.json"
    for proven in (True, False, "yes"):
        card.write_text(
            json.dumps({**json.loads(card.read_text("utf-8")), "proven_on_unseen_authors": proven}), "utf-8"
        )
        assert rides_are_proven() is (proven is True)
