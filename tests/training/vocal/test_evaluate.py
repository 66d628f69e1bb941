"""From folders of songs to tables, picture and shipped model, small: folds, resuming, what is never learned from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

import soundfile

from reaper_automix import models_folder
from reaper_automix.errors import CorpusError
from reaper_automix.mixers.vocal_network import load_vocal_network, predicted_gap_lu
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.vocal import evaluate as evaluating
from reaper_automix.training.vocal import experiments, ship
from reaper_automix.training.vocal.baselines import CONSTANT, FADERS, LEARNED, ROLE_MEAN, RULE, constants
from reaper_automix.training.vocal.folds import BY_AUTHOR, by_author, by_song
from reaper_automix.training.vocal.pairs import LEAD, VOCAL, Pair
from reaper_automix.training.vocal.recipes import COMBINED, PUBLISHED
from reaper_automix.training.vocal.synthetic import synthetic_pairs
from reaper_automix.training.vocal.tables import markdown, mean_interval

RATE_HZ = 44_100
SECONDS = 4.0
QUICK = {"widths": (2, 2, 2, 2), "steps": 2}
PAIRS = [
    replace(pair, author=f"author {number % 7}", kind=VOCAL if number < 4 else LEAD)
    for number, pair in enumerate(synthetic_pairs()[:20])
]


def kept_pair(number: int, **changed: object) -> Pair:
    return replace(PAIRS[number], **changed)  # type: ignore[arg-type]


def test_each_vocal_is_judged_by_the_others_and_authors_are_never_on_both_sides() -> None:
    folds = by_song(PAIRS)
    assert [fold.judged for fold in folds] == [(f"synthetic/{number}",) for number in range(4)]
    assert [p.key for p in folds[0].learned(PAIRS, lead_parts=False)] == [f"synthetic/{n}" for n in (1, 2, 3)]
    assert len(folds[0].learned(PAIRS, lead_parts=True)) == 19
    folds = by_author(PAIRS)
    assert len(folds) == 5
    assert sorted(key for fold in folds for key in fold.judged) == sorted(pair.key for pair in PAIRS)
    for fold in folds:
        judged = {pair.author for pair in PAIRS if pair.key in fold.judged}
        assert judged.isdisjoint(pair.author for pair in fold.learned(PAIRS, lead_parts=True))


def test_what_is_for_evaluation_is_judged_and_never_learned_from() -> None:
    pairs = [*PAIRS[:6], kept_pair(6, usage=Usage.EVALUATE, kind=VOCAL, author="somebody else")]
    assert len(by_song(pairs)) == 4
    for fold in (*by_song(pairs), *by_author(pairs)):
        assert pairs[6] not in fold.learned(pairs, lead_parts=True)
    assert any(pairs[6].key in fold.judged for fold in by_author(pairs))


def test_constants_are_means_of_what_was_learned_from() -> None:
    learned = [kept_pair(0, gap_lu=-4.0), kept_pair(5, gap_lu=-10.0)]
    found = constants(kept_pair(1), learned)
    assert found == {CONSTANT: -7.0, "constant of its kind": -4.0, RULE: -0.5}


def test_an_interval_holds_its_mean_and_widens_with_the_spread() -> None:
    narrow, wide = (mean_interval(np.array([1.0, 2.0, 3.0, 4.0]) * scale) for scale in (1.0, 3.0))
    assert narrow.value == 2.5
    assert 1.0 <= narrow.low < narrow.value < narrow.high <= 4.0
    assert wide.high - wide.low == pytest.approx(3.0 * (narrow.high - narrow.low))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus ``songs`` of three songs with a vocal, and two of a second author without."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(7)
    for number in range(5):
        folder = root / "songs" / f"song{number}"
        folder.mkdir(parents=True)
        first = ("VOX LEAD", "lead_vocal") if number < 3 else ("Lead", "synth")
        stems = [_stem(folder, *first, 0.02 * (number + 1), rng, 180.0 * (1 + number))]
        stems += [_stem(folder, name, name.lower(), 0.1, rng) for name in ("Bass", "Drums")]
        about = {"title": f"S{number}", "artist": "A" if number < 3 else "B", "licence": "CC0-1.0", "seconds": SECONDS}
        (folder / "song.json").write_text(json.dumps(about | {"stems": stems}), "utf-8")
    return root


def _stem(folder: Path, name: str, role: str, level: float, rng: np.random.Generator, pitch_hz: float = 0.0) -> dict:
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    audio = level * (np.sin(2 * np.pi * pitch_hz * time_s) if pitch_hz else rng.standard_normal(time_s.size))
    soundfile.write(folder / f"{name}.flac", audio, RATE_HZ)
    return {"file": f"{name}.flac", "name": name, "role": role, "label_confidence": "high", "lufs_integrated": -20.0}


@pytest.fixture(scope="module")
def figures(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``evaluate`` writes, with networks that are hardly trained."""
    target = tmp_path_factory.mktemp("out") / "vocal.json"
    with pytest.MonkeyPatch.context() as patch:
        quick = tuple(replace(recipe, **QUICK) for recipe in (PUBLISHED, COMBINED))
        patch.setattr(experiments, "ABLATIONS", quick)
        patch.setattr(experiments, "FOR_NEW_AUTHORS", quick[1:])
        patch.setattr(experiments, "CHECKS", ())
        told: list[str] = []
        evaluating.evaluate(data, target, workers=1, say=told.append)
        n_experiments = sum(" | " in line for line in told)
        assert n_experiments == 3 + 2 + 3 * 2 + 2  # balances by song and by author, two recipes by song, one by author
    return target


def test_all_baselines_and_recipes_are_in_the_tables(figures: Path) -> None:
    found = json.loads(figures.read_text("utf-8"))
    rows = found["summary"]["song, vocal"]
    assert {CONSTANT, RULE, ROLE_MEAN, LEARNED, FADERS, PUBLISHED.name, COMBINED.name} <= set(rows)
    assert rows[PUBLISHED.name]["songs"] == 3
    assert rows[FADERS]["per_song_lu"]["mean"] < 0.2  # energies add up as the signals do
    gaps = [pair["gap_lu"] for pair in found["set"]["pairs"] if pair["kind"] == VOCAL]
    wanted = np.mean([abs(gap - np.mean([g for g in gaps if g != gap])) for gap in gaps])
    assert rows[CONSTANT]["per_song_lu"]["mean"] == pytest.approx(wanted, abs=1e-3)
    text = markdown(found)
    assert f"| {PUBLISHED.name} |" in text
    assert "| rule (-0.5 LU) | baseline |" in text


def test_a_second_run_does_nothing_again(data: Path, figures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = tuple(replace(recipe, **QUICK) for recipe in (PUBLISHED, COMBINED))
    monkeypatch.setattr(experiments, "ABLATIONS", quick)
    monkeypatch.setattr(experiments, "FOR_NEW_AUTHORS", quick[1:])
    monkeypatch.setattr(experiments, "CHECKS", ())
    before = figures.read_text("utf-8")
    with figures.with_suffix(".parts").open("a", encoding="utf-8") as file:
        file.write('{"set": "cut o')
    told: list[str] = []
    evaluating.evaluate(data, figures, workers=1, say=told.append)
    assert not [line for line in told if " | " in line]
    assert figures.read_text("utf-8") == before


def test_the_curves_are_drawn(figures: Path, tmp_path: Path) -> None:
    (path,) = evaluating.draw_all(json.loads(figures.read_text("utf-8")), tmp_path / "pictures")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_ships_is_loaded_and_answers(
    data: Path, figures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "FOR_NEW_AUTHORS", (replace(COMBINED, **QUICK),))
    out = tmp_path / "vocal_level"
    assert ship.main([str(data), "--scores", str(figures), "--out", str(out)]) == 0
    card = json.loads((out / "model.json").read_text("utf-8"))
    assert card["recipe"]["name"] == COMBINED.name
    assert {one["licence"] for one in card["training_data"]} == {"CC0-1.0"}
    assert len(card["training_data"]) == 5
    assert card["constant_lu"]["vocals"] == pytest.approx(
        np.mean([one["gap_lu"] for one in card["training_data"] if one["kind"] == VOCAL]), abs=0.01
    )
    assert not card["proven_on_unseen_authors"]
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path,))
    assert load_vocal_network().pooling == COMBINED.pooling
    audio = np.random.default_rng(0).standard_normal((2, 100_000)).astype(np.float32)
    assert np.isfinite(predicted_gap_lu(audio[0], audio[1], RATE_HZ))


def test_scores_of_other_songs_are_refused(data: Path, figures: Path, tmp_path: Path) -> None:
    told = json.loads(figures.read_text("utf-8"))
    told["set"]["sha256"] = "0"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(told), "utf-8")
    with pytest.raises(CorpusError, match="not scores of these songs"):
        ship.ship(data, other, tmp_path / "model")
    with pytest.raises(CorpusError, match="authors left out"):
        ship.best_recipe({f"{BY_AUTHOR}, {VOCAL}": {}})


def test_a_folder_without_songs_is_an_error_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluating.main([str(tmp_path), "--json", str(tmp_path / "out.json")]) == 1
    assert "has none of the subfolders" in capsys.readouterr().err
