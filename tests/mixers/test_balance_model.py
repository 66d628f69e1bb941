"""The learned balance as data: its arithmetic, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from reaper_automix import models_folder
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import ModelError
from reaper_automix.mixers.balance_features import FEATURES
from reaper_automix.mixers.balance_model import BalanceModel, balance_is_proven, load_balance_model

N = len(FEATURES)
MODEL = BalanceModel({"kick": 3.0}, (1.0,) * N, (2.0,) * N, tuple(0.1 * i for i in range(N)), 2.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped model that a test may damage."""
    copy = tmp_path / "balance"
    copy.mkdir()
    for file in (models_folder.models_folder() / "balance").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path,))
    return copy


def test_a_level_is_the_role_plus_a_weight_per_spread() -> None:
    features = np.ones((2, N))
    features[1, 3] = 2.0
    levels = MODEL.levels_db(features, [Role.KICK, None])
    assert levels == pytest.approx([3.0, 0.3 * 0.5])


def test_far_away_features_count_as_the_widest() -> None:
    features = np.ones((1, N))
    features[0, 3] = 1e6
    assert MODEL.levels_db(features, [Role.BASS]) == pytest.approx([0.3 * 2.0])


def test_it_survives_being_stored() -> None:
    assert BalanceModel.from_data(json.loads(json.dumps(MODEL.to_data()))) == MODEL


def test_the_shipped_model_is_within_reason() -> None:
    model = load_balance_model()
    assert max(abs(effect) for effect in model.role_effects_db.values()) < 6.0
    assert sum(abs(weight) for weight in model.weights_db) * model.widest < 12.0
    assert model.role_db(Role.KICK) > model.role_db(Role.FX)


def test_a_changed_file_is_refused(folder: Path) -> None:
    weights = folder / "weights.json"
    weights.write_text(weights.read_text("utf-8").replace("0.", "1.", 1), "utf-8")
    with pytest.raises(ModelError, match=r"not the file that model\.json describes"):
        load_balance_model()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("features", ["level"]),
        ("weights_db", [1.0]),
        ("scales", [0.0] * N),
        ("centres", [float("nan")] * N),
        ("role_effects_db", {"no such role": 1.0}),
        ("role_effects_db", {"kick": float("inf")}),
    ],
)
def test_numbers_that_no_model_has_are_refused(key: str, value: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        BalanceModel.from_data({**MODEL.to_data(), key: value})


def test_a_missing_file_is_explained(folder: Path) -> None:
    (folder / "weights.json").unlink()
    with pytest.raises(ModelError, match="Get a complete copy of reaper_automix"):
        load_balance_model()


def test_without_a_model_nothing_is_proven(folder: Path) -> None:
    (folder / "model.json").unlink()
    assert not balance_is_proven()


def test_the_card_says_whether_it_is_proven(folder: Path) -> None:
    card = folder / "model.json"
    for proven in (True, False):
        card.write_text(
            json.dumps({**json.loads(card.read_text("utf-8")), "proven_on_unseen_authors": proven}), "utf-8"
        )
        assert balance_is_proven() is proven
