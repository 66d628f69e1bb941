from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from synthetic_drums import drum_set

pytest.importorskip("sklearn")

from reaper_automix import models_folder
from reaper_automix.analysis import drum_levels
from reaper_automix.errors import ModelError
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.drums import ship as shipping
from reaper_automix.training.drums.dataset import save_set

DRUMS = drum_set(performances=12)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ship")
    save_set(DRUMS, folder / "drums.npz")
    digest = hashlib.sha256((folder / "drums.npz").read_bytes()).hexdigest()
    scores = {"format": "reaper_automix.drum_scores/1", "set": {"sha256": digest}, "summary": {"performance": {}}}
    (folder / "scores.json").write_text(json.dumps(scores))
    arguments = [str(folder / "drums.npz"), "--scores", str(folder / "scores.json"), "--out", str(folder / "drums")]
    assert shipping.main(arguments) == 0
    return folder


@pytest.fixture
def loaded(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> drum_levels.DrumLevels:
    monkeypatch.setattr(models_folder, "CANDIDATES", (shipped,))
    drum_levels.drum_levels.cache_clear()
    found = drum_levels.drum_levels()
    drum_levels.drum_levels.cache_clear()
    return found


def test_the_card_says_what_the_model_is_and_what_it_is_made_of(shipped: Path) -> None:
    card = json.loads((shipped / "drums" / "model.json").read_text())

    assert card["format"] == "reaper_automix.drums/2"
    assert card["sha256"] == hashlib.sha256((shipped / "drums" / "weights.npz").read_bytes()).hexdigest()
    assert card["features"] == list(DRUMS.feature_names)
    assert "MuldjordKit by Lars Muldjord, CC BY 4.0, reduced" in str(card["training_data"])
    assert {one["licence"] for one in card["training_data"]} >= {"CC-BY-4.0", "BSD-3-Clause", "GPL-2.0"}
    assert card["rounding_db"] < 0.01
    assert card["microphones"]["kick_in"] > card["microphones"]["room"] > 0


def test_the_model_that_was_written_mixes_any_kit(loaded: drum_levels.DrumLevels) -> None:
    session = DRUMS.sessions[0]
    whole = loaded.predict(session.features, session.strokes, session.microphones)
    order = [5, 0, 11, 3]
    some = loaded.predict(session.features[order], session.strokes[order], [session.microphones[i] for i in order])

    assert np.abs(whole - session.meant_db["ann"]).mean() < 1.5
    assert np.sum(10.0 ** (some / 10.0)) == pytest.approx(1.0)
    assert loaded.predict(session.features[:0], session.strokes[:0], ()).shape == (0,)


def test_kinds_it_never_saw_count_as_their_group_and_broken_features_as_usual(
    loaded: drum_levels.DrumLevels,
) -> None:
    features = DRUMS.sessions[0].features[:3].copy()
    features[2, 0] = np.nan
    strokes = DRUMS.sessions[0].strokes[:3]
    said = loaded.predict(features, strokes, (DrumMic.KICK_SUB, DrumMic.SNARE_TOP, DrumMic.TOM_6))

    assert np.isfinite(said).all()
    assert drum_levels.kind_db(loaded.kinds_db, DrumMic.TOM_6) == loaded.kinds_db["toms"]


def test_weights_that_are_not_those_of_the_card_are_refused(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shipped / "other" / "drums"
    folder.mkdir(parents=True)
    (folder / "model.json").write_bytes((shipped / "drums" / "model.json").read_bytes())
    (folder / "weights.npz").write_bytes((shipped / "drums" / "weights.npz").read_bytes()[:-10])
    monkeypatch.setattr(models_folder, "CANDIDATES", (shipped / "other",))

    with pytest.raises(ModelError, match=r"not the file that model\.json describes"):
        drum_levels.drum_levels()


def test_a_card_of_other_columns_is_refused(shipped: Path) -> None:
    card = json.loads((shipped / "drums" / "model.json").read_text())
    stored = (shipped / "drums" / "weights.npz").read_bytes()

    with pytest.raises(ValueError, match="does not fit the columns"):
        drum_levels.levels_from(stored, card | {"columns": card["columns"][1:]})
    with pytest.raises(KeyError):
        drum_levels.levels_from(stored, card | {"columns": ["no such"]})


def test_scores_of_another_set_are_refused(shipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shipped / "wrong.json").write_text('{"format": "reaper_automix.drum_scores/1", "set": {"sha256": "0"}}')
    arguments = [str(shipped / "drums.npz"), "--scores", str(shipped / "wrong.json"), "--out", str(shipped / "no")]

    assert shipping.main(arguments) == 1
    assert "these are not scores of" in capsys.readouterr().err
    assert not (shipped / "no").exists()


def test_a_model_that_is_too_large_is_not_written(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shipping, "MOST_BYTES", 1000)
    arguments = [str(shipped / "drums.npz"), "--scores", str(shipped / "scores.json"), "--out", str(shipped / "no")]

    assert shipping.main(arguments) == 1
    assert "1000 are the most" in capsys.readouterr().err
