from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from synthetic_drums import drum_set

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from reaper_automix.errors import CorpusError
from reaper_automix.training.drums import evaluate as evaluation
from reaper_automix.training.drums import experiments, per_microphone
from reaper_automix.training.drums.dataset import save_set
from reaper_automix.training.drums.learners import FixedForest, FixedLasso, oob_curve
from reaper_automix.training.drums.per_microphone import PerMicrophone
from reaper_automix.training.drums.scores import r_squared, score

DRUMS = drum_set(performances=30)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set on file, and learners that take no time."""
    small = {
        experiments.FOREST: lambda _: FixedForest(n_trees=5),
        experiments.BEST_FOREST: lambda _: FixedForest(n_trees=5, n_kept=10),
        experiments.PER_MICROPHONE: lambda drums: PerMicrophone(drums.feature_names, n_trees=5),
    }
    monkeypatch.setattr(experiments, "LEARNERS", small | {"LASSO": lambda _: FixedLasso()})
    monkeypatch.setattr(experiments, "CLOSE", small | {experiments.MEAN: experiments.BASELINES[experiments.MEAN]})
    monkeypatch.setattr(experiments, "oob_curve", lambda *given: oob_curve(*given, numbers=(10, 40)))
    monkeypatch.setattr(experiments, "SHARE_TREES", 40)
    monkeypatch.setattr(per_microphone, "FIRST_TREES", 5)
    save_set(DRUMS, tmp_path / "drums.npz")
    return tmp_path / "drums.npz"


def test_the_figures_of_all_splits_are_written_and_told(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = evaluation.main(
        [str(source), "--json", str(tmp_path / "out.json"), "--picture", str(tmp_path), "--workers", "1"]
    )
    told, found = capsys.readouterr(), json.loads((tmp_path / "out.json").read_text())

    assert code == 0
    assert "| per-microphone boosted trees |" in told.out
    assert "18/18" in told.err
    test = found["summary"]["performance"]["test"]
    assert test[experiments.CEILING]["r2"]["mean"] > test[experiments.PER_MICROPHONE]["r2"]["mean"] > 0.3
    assert test[experiments.PER_MICROPHONE]["error_db"]["mean"] < test[experiments.MEAN]["error_db"]["mean"]
    assert set(found["summary"]["microphones"]) >= {"eight", "some missing", "shuffled", "as recorded"}
    assert found["summary"]["engineer"][experiments.OTHERS]["error_db"]["mean"] > 0.0
    assert (tmp_path / "drums-trees.png").stat().st_size > 5000
    assert (tmp_path / "drums-errors.png").stat().st_size > 5000


def test_a_run_that_was_stopped_goes_on_where_it_was(source: Path, tmp_path: Path) -> None:
    said: list[str] = []
    target = tmp_path / "out.json"
    evaluation.evaluate(source, target, workers=1, say=said.append, kinds=["trees"])
    with target.with_suffix(".parts").open("a") as file:
        file.write('{"set": "cut o')
    first = len(said)
    evaluation.evaluate(source, target, workers=1, say=said.append, kinds=["trees", "engineer"])

    assert first == 2
    assert len(said) == first + 3
    evaluation.evaluate(source, target, workers=1, say=said.append, kinds=["trees", "engineer"])
    assert len(said) == first + 3, "nothing is done twice, not even what came after the cut"
    save_set(drum_set(performances=30, seed=1), source)
    evaluation.evaluate(source, target, workers=1, say=said.append, kinds=["trees"])
    assert len(said) == first + 5


def test_processes_give_what_one_process_gives(tmp_path: Path) -> None:
    source = tmp_path / "drums.npz"
    save_set(DRUMS, source)
    drums, wanted = DRUMS, [e for e in experiments.experiments(DRUMS) if e.kind == "engineer"][:1]
    ((_, alone),) = evaluation._results(drums, source, wanted, 1)
    ((_, beside),) = evaluation._results(drums, source, wanted, 2)

    assert alone["rows"].keys() == beside["rows"].keys()
    assert alone["rows"][experiments.MEAN] == beside["rows"][experiments.MEAN]


def test_a_set_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluation.main([str(tmp_path / "no.npz"), "--json", str(tmp_path / "out.json")]) == 1
    assert "no.npz" in capsys.readouterr().err


def test_r_squared_is_that_of_equation_5() -> None:
    wanted = np.asarray([1.0, 2.0, 3.0])

    assert r_squared(wanted, wanted) == 1.0
    assert r_squared(wanted, np.full(3, 2.0)) == 0.0
    assert r_squared(wanted, np.asarray([1.0, 2.0, 5.0])) == pytest.approx(-1.0)
    assert r_squared(np.ones(3), np.ones(3)) == 1.0
    assert r_squared(np.ones(3), np.zeros(3)) == 0.0


def test_a_microphone_counts_where_it_is_and_each_the_same() -> None:
    sessions = [s for s in DRUMS.sessions if len(s.microphones) in (6, 8)]
    wanted = [s.gains_db["ann"] for s in sessions]
    said = [own.copy() for own in wanted]
    for session, own in zip(sessions, said, strict=True):
        own[list(session.microphones).index("kick_in")] += 1.0
    scores = score(sessions, wanted, said)

    assert [mic for mic, row in scores.per_microphone.items() if row[2] > 0.0] == ["kick_in"]
    assert scores.per_microphone["kick_in"][2] == pytest.approx(1.0)
    assert scores.r2_db == pytest.approx(np.mean([row[1] for row in scores.per_microphone.values()]))
    with pytest.raises(CorpusError, match="No microphone"):
        score(sessions[:2], wanted[:2], said[:2])
