"""The whole evaluation on songs of which the rule is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from training_songs import by_sound, songs

from reaper_automix.errors import CorpusError
from reaper_automix.training.evaluation import Evaluation, Example, MixSong, evaluate
from reaper_automix.training.evaluation.baselines import BASELINES
from reaper_automix.training.evaluation.results import evaluation_from_data, evaluation_to_data, table_of

SPLIT = ("leave_one_author_out", "c", "c")


@dataclass(frozen=True)
class Memory:
    """Knows every song it was fitted on by heart, and nothing else."""

    known: tuple[Example, ...] = ()
    name: str = "memory"

    def fit(self, examples: Sequence[Example]) -> Memory:
        return Memory(tuple(examples))

    def predict_gains_db(self, song: MixSong) -> np.ndarray:
        found = [example.gains_db for example in self.known if example.song == song]
        return found[0] if found else np.zeros(len(song.tracks))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(songs(12, authors="abc"), (*BASELINES, Memory()), np.random.default_rng(0))


def test_the_role_mean_finds_a_rule_of_roles(evaluation: Evaluation) -> None:
    split = evaluation.split(*SPLIT)
    assert split.result("role mean").mean_error_db.value < 0.5 * split.result("equal loudness").mean_error_db.value
    against = split.difference("role mean", "equal loudness")
    assert against.mean_error_db.excludes_zero
    assert against.mean_error_db.value < 0.0
    assert against.songs_won == split.n_songs == 12


def test_one_gain_for_all_is_as_good_as_nothing(evaluation: Evaluation) -> None:
    for split in evaluation.splits:
        found, constant = split.result("as is"), split.result("constant")
        assert [s.errors_db for s in found.songs] == [pytest.approx(s.errors_db) for s in constant.songs]


def test_no_predictor_is_judged_on_what_it_learned(evaluation: Evaluation) -> None:
    for split in evaluation.splits:
        assert split.result("memory").median_error_db == split.result("as is").median_error_db


def test_a_seed_gives_the_same_evaluation_again(evaluation: Evaluation) -> None:
    again = evaluate(songs(12, authors="abc"), (*BASELINES, Memory()), np.random.default_rng(0))
    assert evaluation_to_data(again) == evaluation_to_data(evaluation)


def test_a_role_mean_learns_nothing_of_a_rule_of_sounds() -> None:
    split = evaluate(songs(12, rule=by_sound), BASELINES, np.random.default_rng(0)).split(*SPLIT)
    assert split.result("role mean").mean_error_db.value > 0.8 * split.result("equal loudness").mean_error_db.value


def test_it_survives_json(evaluation: Evaluation) -> None:
    data = json.loads(json.dumps(evaluation_to_data(evaluation)))
    assert evaluation_to_data(evaluation_from_data(data)) == evaluation_to_data(evaluation)


@pytest.mark.parametrize("data", [{"schema": "another/1"}, {"schema": "reaper_automix.evaluation/1"}])
def test_other_data_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(CorpusError):
        evaluation_from_data(data)


def test_the_table_names_every_predictor_and_compares_the_last(evaluation: Evaluation) -> None:
    table = table_of(evaluation)
    for predictor in ("as is", "constant", "equal loudness", "role mean", "memory"):
        assert predictor in table
    assert "memory - role mean: median +" in table
    assert max(map(len, table.splitlines())) <= 120


def test_the_picture_is_drawn(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.importorskip("matplotlib")
    from reaper_automix.training.evaluation.pictures import save_picture

    path = tmp_path_factory.mktemp("picture") / "result.png"
    save_picture(evaluation, path)
    assert path.read_bytes().startswith(b"\x89PNG")
