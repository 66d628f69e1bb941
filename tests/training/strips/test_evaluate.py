"""The experiments: who is judged by what was learned from whom, and the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from synthetic_strip_songs import made_song

from reaper_automix.errors import CorpusError
from reaper_automix.mixers.strip_controller import Strips
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.strips import evaluate as judging
from reaper_automix.training.strips import fit as training
from reaper_automix.training.strips.baselines import EQUAL, HUMAN, MONO, RANDOM, ROLES, baselines, fit_roles
from reaper_automix.training.strips.controller import Shape
from reaper_automix.training.strips.evaluate import Experiment, evaluate, experiments, run
from reaper_automix.training.strips.fit import Recipe
from reaper_automix.training.strips.scoring import score
from reaper_automix.training.strips.stereo_loss import stereo_loss
from reaper_automix.training.strips.tables import ALL, is_proven, markdown, summary

QUICK = Recipe("quick", 2, 2, 1, shape=Shape((4, 6, 8, 8), (16, 8)))
SONGS = [made_song(number, mono=number == 5) for number in range(6)]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EPOCH_PATCHES", 4)


def test_authors_are_judged_by_what_was_learned_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[set[str]] = []
    monkeypatch.setattr(
        judging, "fit_roles", lambda songs: learned.append({s.author for s in songs}) or fit_roles(songs)
    )
    wanted = experiments(SONGS, [])
    assert sorted(key for e in wanted for key in e.judged) == sorted(song.key for song in SONGS)
    for experiment in wanted:
        run(experiment, SONGS, Path("unused"))
        assert learned[-1].isdisjoint(song.author for song in SONGS if song.key in experiment.judged)


def test_songs_that_may_not_be_learned_from_are_only_judged() -> None:
    closed = [replace(song, usage=Usage.EVALUATE) for song in SONGS]
    with pytest.raises(CorpusError, match="licence"):
        run(experiments(closed, [])[0], closed, Path("unused"))


def test_the_humans_own_answer_is_best_and_random_ones_are_worst() -> None:
    song = SONGS[0]
    found = {name: score(song, own)["stereo"] for name, own in baselines(song, fit_roles(SONGS[1:]), 0).items()}
    assert found[HUMAN] == pytest.approx(0.0, abs=0.01)
    assert min(found, key=lambda name: found[name]) == HUMAN
    assert max(found[RANDOM], found[MONO]) == max(found.values())
    assert found[ROLES] < found[EQUAL]


def test_the_parts_of_the_score_are_the_stereo_loss() -> None:
    import torch

    song = SONGS[1]
    answers = baselines(song, fit_roles(SONGS[2:]), 0)[EQUAL]
    from reaper_automix.training.strips.scoring import as_loud, mix_of

    mix = torch.from_numpy(as_loud(mix_of(song, answers[0]), np.asarray(song.target)))
    wanted = stereo_loss(mix, torch.from_numpy(np.asarray(song.target)))
    assert score(song, answers)["stereo"] == pytest.approx(float(wanted.mean()), rel=1e-5)


def test_the_mono_sum_has_no_sides_and_stems_do_not_tell_the_balance() -> None:
    stems = made_song(7, corpus="songs")
    assert not baselines(stems, fit_roles(SONGS), 0)[MONO][0].strips.gains_db.any()
    raw = baselines(SONGS[0], fit_roles(SONGS), 0)[MONO][0]
    np.testing.assert_allclose(raw.strips.gains_db, SONGS[0].heard.loudness_lufs + 23.0)
    assert score(SONGS[0], [raw])["difference"] > 1.0


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "scores.json"
    ran: list[str] = []
    real = judging.run

    def once(experiment: Experiment, *others: object) -> object:
        if len(ran) == 4:
            raise KeyboardInterrupt
        ran.append(experiment.key)
        return real(experiment, *others)

    monkeypatch.setattr(judging, "run", once)
    with pytest.raises(KeyboardInterrupt):
        evaluate(SONGS, target, [QUICK])
    parts = target.with_suffix(".parts")
    parts.write_text(parts.read_text() + '{"set": "cut o')
    monkeypatch.setattr(judging, "run", lambda e, *others: ran.append(e.key) or real(e, *others))
    found = evaluate(SONGS, target, [QUICK])
    assert len(ran) == len(set(ran)) == 6
    assert json.loads(target.read_text()) == json.loads(json.dumps(found))
    assert set(found["scores"]["lmms/song 0"]) >= {
        "quick",
        "quick, sides balanced",
        "quick, half way to the role mean",
        HUMAN,
    }
    text = markdown(found["summary"])
    assert "| quick, sides balanced |" in text
    assert "stereo loss (5 songs)" in text
    assert "sum of the sides alone (6 songs)" in text


def scores(name: str, below: float) -> dict[str, dict[str, dict[str, float]]]:
    rng = np.random.default_rng(0)
    found = {}
    for number in range(20):
        own = {mix: {"stereo": v, "sum": v / 2, "difference": v / 2} for mix, v in _values(rng, name, below).items()}
        found[f"song {number}"] = own
    return found


def _values(rng: np.random.Generator, name: str, below: float) -> dict[str, float]:
    from reaper_automix.training.strips.tables import JUDGED_BESIDE

    hard = rng.uniform(1.0, 3.0)
    beside = {mix: hard + 0.1 * n + rng.normal(0.0, 0.02) for n, mix in enumerate(JUDGED_BESIDE)}
    return {**beside, HUMAN: 0.1, name: min(beside.values()) - below + rng.normal(0.0, 0.02)}


def test_only_what_is_below_every_baseline_beyond_doubt_is_proven() -> None:
    corpora = {f"song {number}": "lmms" for number in range(20)}
    better, alike = (summary(scores("c", below), corpora) for below in (0.2, 0.0))
    assert is_proven(better, "c")
    assert not is_proven(alike, "c")
    assert not is_proven(better, "unknown")
    row = better[ALL]["stereo"]["c"]
    assert row["low"] < row["mean"] < row["high"]
    # Paired: songs differ much more from each other than mixes do.
    minus = row["minus"][MONO]
    assert minus["high"] - minus["low"] < 0.1 * (row["high"] - row["low"])


def test_one_author_is_too_few() -> None:
    with pytest.raises(CorpusError, match="two authors"):
        experiments([song for song in SONGS if song.author == "author 0"], [])


def test_half_way_to_another_rule_only_relative_levels_count() -> None:
    answers = Strips(np.array([-2.0, 0.0, 2.0]), np.array([0.1, 0.0, -0.1]))
    between = judging.half_way(answers, np.array([5.0, 5.0, 11.0]))
    np.testing.assert_allclose(between.gains_db, [-2.0, -1.0, 3.0])
    np.testing.assert_array_equal(between.pans, answers.pans)
    nobody = Strips(np.zeros(0), np.zeros(0))
    assert judging.half_way(nobody, np.zeros(0)).gains_db.shape == (0,)
