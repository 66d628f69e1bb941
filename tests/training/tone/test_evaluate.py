"""The networks of tone learn, are judged beside baselines, and ship; numpy plays what torch learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from synthetic_tone_pairs import made_pair

pytest.importorskip("torch")

import torch

from reaper_automix.errors import CorpusError
from reaper_automix.mixers import tone_network
from reaper_automix.mixers.tone_network import N_BANDS, boost_allowed, context, hear, levels_of, relative
from reaper_automix.training.tone import autoencoder, network
from reaper_automix.training.tone.baselines import AS_IT_IS, MEAN_CURVE
from reaper_automix.training.tone.evaluate import evaluate, main
from reaper_automix.training.tone.experiments import AUTOENCODER, STEM, Effort, played_by
from reaper_automix.training.tone.pairs import GRID, Pair, magnitudes_of
from reaper_automix.training.tone.pictures import draw, draw_all
from reaper_automix.training.tone.scores import ADDED, LSD, TONE
from reaper_automix.training.tone.ship import ship
from reaper_automix.training.tone.tables import REAL, UNSEEN, markdown

LITTLE = Effort(autoencoder_iterations=2, layer_iterations=1, iterations=40)
ROWS = [("bass", "bass", "lmms", 8, 8, 136)]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return [*(made_pair(number) for number in range(8)), made_pair(20, corpus="raw-and-mix", author="someone")]


@pytest.fixture(scope="module")
def found(pairs: list[Pair], tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    torch.set_num_threads(1)
    target = tmp_path_factory.mktemp("tone") / "scores.json"
    said: list[str] = []
    return evaluate(pairs, ROWS, target, folds=1, effort=LITTLE, say=said.append), target, said


def test_torch_and_numpy_agree() -> None:
    rng = np.random.default_rng(4)
    recipe = network.Recipe("x")
    draws = (rng.normal(size=2 * N_BANDS), rng.uniform(1.0, 3.0, 2 * N_BANDS), rng.normal(0.0, 8.0, N_BANDS))
    module = network.ToneModule(recipe, *(one.astype(np.float32) for one in draws))
    with torch.no_grad():
        for parameter in module.parameters()[1:]:
            parameter.copy_(torch.from_numpy(rng.normal(0.0, 0.4, tuple(parameter.shape)).astype(np.float32)))
    module.learns(False)
    levels_db = rng.uniform(-130.0, 0.0, (30, N_BANDS)).astype(np.float32)
    heard = hear(levels_db)
    inputs = (
        heard.features[np.newaxis],
        context(relative(levels_db, heard.long_term_db))[np.newaxis],
        boost_allowed(levels_db, heard)[np.newaxis],
    )
    with torch.no_grad():
        wanted = module.gains_db(*(torch.from_numpy(one) for one in inputs))[0].numpy()
    played = module.as_network().gains_db(levels_db, heard)
    assert np.abs(wanted).max() > 3.0
    assert np.abs(played - wanted).max() < 1e-5


def test_the_network_hears_what_the_mean_curve_cannot(pairs: list[Pair]) -> None:
    learned, unseen = pairs[:6], pairs[6]
    recipe = network.Recipe("still", moves=False, iterations=150, dropout=0.0)
    ours, curve = network.fit(learned, recipe, 1)
    assert curve[-1] < 0.8 * curve[0]
    raw, stem = magnitudes_of(unseen.raw), magnitudes_of(unseen.stem)
    levels = [hear(levels_of(one, GRID)).long_term_db for one in (raw, stem, played_by(ours, raw))]
    assert np.abs(levels[2] - levels[1])[6:].mean() < 0.5 * np.abs(levels[0] - levels[1])[6:].mean()


def test_the_same_seed_gives_the_same_networks(pairs: list[Pair]) -> None:
    recipe = network.Recipe("x", iterations=2)
    first, second = (network.fit(pairs[:4], recipe, 3)[0] for _ in range(2))
    assert np.array_equal(first.base_db, second.base_db)
    assert np.array_equal(first.moving[0][0], second.moving[0][0])


def test_the_autoencoder_is_the_published_one(pairs: list[Pair]) -> None:
    raw = magnitudes_of(pairs[0].raw)
    first = autoencoder.fit(pairs[:2], 5, iterations=3, layer_iterations=1)
    sizes = [(m.in_features, m.out_features) for m in first.layers if isinstance(m, torch.nn.Linear)]
    assert sizes == [(1025, 1024), (1024, 1024), (1024, 1024), (1024, 1025)]
    assert [m.p for m in first.layers if isinstance(m, torch.nn.Dropout)] == [0.2] * 3
    assert first.curve[-1] < first.curve[0]
    output = first.predict(raw)
    assert output.shape == raw.shape
    assert output.min() >= 0.0


def test_every_method_is_judged_on_unseen_songs(found) -> None:  # type: ignore[no-untyped-def]
    told, target, _ = found
    rows = told["summary"][UNSEEN]["bass"]
    assert {AS_IT_IS, MEAN_CURVE, AUTOENCODER, STEM, "network"} <= set(rows)
    assert rows[MEAN_CURVE]["songs"] == 8
    assert rows["network"][LSD]["mean"] < rows[AS_IT_IS][LSD]["mean"]
    assert rows["network"]["minus"][MEAN_CURVE][TONE]["high"] < 0.0
    assert rows[AUTOENCODER][ADDED]["mean"] >= rows["network"][ADDED]["mean"]
    assert told["summary"][REAL]["bass"]["network"]["songs"] == 1
    assert json.loads(target.read_text())["set"]["sha256"] == told["set"]["sha256"]
    text = markdown(told)
    assert "| network | 8 |" in text
    assert "| bass | bass | lmms | 8 | 8 | 136 |" in text


def test_what_was_done_is_not_done_again(found, pairs: list[Pair]) -> None:  # type: ignore[no-untyped-def]
    told, target, _ = found
    said: list[str] = []
    again = evaluate(pairs, ROWS, target, folds=1, effort=LITTLE, say=said.append)
    assert said == []
    assert again["experiments"].keys() == told["experiments"].keys()


def test_what_ships_is_what_was_best(  # type: ignore[no-untyped-def]
    found, pairs: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, target, _ = found
    ship(pairs, target, tmp_path / "tone", iterations=3, say=lambda line: None)
    monkeypatch.setattr("reaper_automix.models_folder.CANDIDATES", (tmp_path,))
    model = tone_network.load_model()
    assert list(model.networks) == ["bass"]
    about = model.card["groups"]["bass"]
    assert about["method"].startswith("network")
    assert about["proven_on_stems_of_engineers"] is False  # one song says nothing
    assert {entry["usage"] for entry in model.card["training_data"]} == {"train"}
    assert (tmp_path / "tone" / "weights.npz").stat().st_size < 5_000_000


def test_scores_of_other_pairs_are_refused(found, pairs: list[Pair], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CorpusError, match="not scores of these pairs"):
        ship(pairs[1:], found[1], tmp_path, say=lambda line: None)


def test_too_few_pairs_are_refused(pairs: list[Pair], tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="too few"):
        evaluate(pairs[:1], ROWS, tmp_path / "scores.json", say=lambda line: None)


def test_spectrograms_of_an_unseen_track_are_drawn(found, pairs: list[Pair], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shown = found[1].with_suffix(".shown")
    (file,) = draw_all(pairs, shown, tmp_path, recipe=network.Recipe("x", iterations=2), say=lambda line: None)
    assert file.name == "tone-bass.png"
    assert file.read_bytes().startswith(b"\x89PNG")
    assert draw_all(pairs, tmp_path / "nothing", tmp_path, say=lambda line: None) == []


def test_silence_can_be_drawn(tmp_path: Path) -> None:
    nothing = np.zeros((30, 1025), np.float32)
    draw(dict.fromkeys(("raw", "stem", "a", "b"), nothing), "bass", tmp_path / "x.png")
    assert (tmp_path / "x.png").is_file()


def test_a_folder_without_corpora_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--json", str(tmp_path / "scores.json")]) == 1
    assert "has none of the subfolders" in capsys.readouterr().err
