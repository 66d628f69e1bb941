"""``train rides`` and ``evaluate rides`` from files to files, on small corpora in the layout of gm-midi."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from grouped_songs import cut_down, usages, write_corpus

pytest.importorskip("sklearn", reason="needs the extra 'train'")
pytest.importorskip("matplotlib", reason="needs the extra 'train'")

from reaper_automix import command_line, evaluating_rides, models_folder
from reaper_automix.errors import CorpusError
from reaper_automix.evaluating_rides import SCHEMA, RidesRequest, evaluate_rides
from reaper_automix.mixers.ride_model import load_ride_model
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.rides import experiments
from reaper_automix.training.rides.experiments import BY_AUTHOR, BY_SONG, TOGETHER
from reaper_automix.training.rides.listening import hear_rides
from reaper_automix.training.rides.results import AT, OVA

AUTHORS = "aabbc"
CLOSED = 4
"""The song of author c, from which nothing may be learned."""


@pytest.fixture(autouse=True)
def _few_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_down(monkeypatch)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("data"), AUTHORS, closed=[CLOSED])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one evaluation of the corpus has done another one need not do again."""
    return tmp_path_factory.mktemp("work")


def run(*arguments: object) -> int:
    return command_line.run([str(each) for each in arguments])


def evaluated(data: Path, work: Path) -> dict[str, Any]:
    """Evaluate with warnings as errors; return the data, which JSON can hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evaluate_rides(RidesRequest(data, work)).data
    again: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return again


def forget(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Have a module of ours imported anew."""
    parent, _, name = f"reaper_automix.{module}".rpartition(".")
    monkeypatch.delitem(sys.modules, f"{parent}.{name}", raising=False)
    if parent in sys.modules:
        monkeypatch.delattr(sys.modules[parent], name, raising=False)


# --- evaluate ------------------------------------------------------------------------------------------------------


def test_evaluate_writes_tables_and_figures(
    corpus: Path, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, figures = tmp_path / "rides.json", tmp_path / "figures"
    arguments = ("evaluate", "rides", "--data", corpus, "--json", out, "--picture", figures, "--work", work)
    assert run(*arguments) == 0
    first = capsys.readouterr()
    written = out.read_text("utf-8")
    data = json.loads(written, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (data["schema"], data["mixer"], data["seed"]) == (SCHEMA, "rides", 4)
    assert str(corpus) not in written
    assert {song["song"] for song in data["songs"] if song["usage"] == "evaluate"} == {f"song{CLOSED}"}
    for table in data["table_1"]:
        assert set(table["groups"]) == set(TOGETHER)
        assert table["groups"]["bass"][OVA]["songs"] == 4, "the closed song is not used"
        assert table["mean_shares"][f"{OVA} / {AT}"] > 0.0
    assert [table["left_out"] for table in data["table_1"]] == [BY_SONG, BY_AUTHOR]
    assert data["rides"]["tracks"] == 5, "the closed song is judged"
    assert data["courses"]["human rides"]["tracks"] == 5
    assert data["courses"]["human faders"]["tracks"] == 15
    assert {path.name for path in figures.iterdir()} == {"figure-2.png", "figure-3.png", "figure-4.png", "rides.png"}
    assert "Rides proper: 5 tracks that humans rode, 5 songs" in first.out
    assert f"Written: {figures / 'rides.png'}" in first.err

    def fail(*_: object) -> None:
        pytest.fail("an experiment was done again")

    monkeypatch.setattr(experiments, "WORK", dict.fromkeys(experiments.WORK, fail))
    assert run(*arguments, "--quiet") == 0
    assert out.read_text("utf-8") == written
    assert capsys.readouterr().out == ""


def test_one_author_is_judged_by_song_only(tmp_path: Path) -> None:
    data = evaluated(write_corpus(tmp_path / "data", "aaaa"), tmp_path / "work")
    by_song, by_author = data["table_1"]
    assert set(by_song["groups"]) == set(TOGETHER)
    assert by_author["groups"] == {}
    assert (data["rides"]["tracks"], data["courses"], data["proven_on_unseen_authors"]) == (0, {}, False)
    text = evaluating_rides.tables_of(data)
    assert "too few songs to leave one author out" in text
    assert text.count("nothing to judge") == 2


def test_songs_without_a_ride_leave_the_rest_as_it_is(tmp_path: Path) -> None:
    data = evaluated(write_corpus(tmp_path / "data", "abc", moves=False), tmp_path / "work")
    assert data["rides"] == {"tracks": 0, "songs": 0, "riders": {}}
    assert set(data["courses"]) == {"human faders", "gm-midi", "all"}
    assert set(data["table_1"][1]["groups"]) == set(TOGETHER)
    assert evaluating_rides.tables_of(data).count("nothing to judge") == 1


def test_without_a_song_that_has_all_groups_all_tracks_is_a_dash(tmp_path: Path) -> None:
    groups = ("backup", "bass", "vocals")
    source = write_corpus(tmp_path / "data", "aabbc", groups=groups)
    data = evaluated(source, tmp_path / "work")
    for table in data["table_1"]:
        assert set(table["groups"]) == set(groups)
        assert table["mean_shares"][f"{OVA} / {AT}"] is None
    assert data["rides"]["tracks"] == 5
    lines = evaluating_rides.tables_of(data).splitlines()
    assert next(line for line in lines if line.strip().startswith(AT)).split()[2:] == ["-"] * 3
    evaluation = evaluate_rides(RidesRequest(source, tmp_path / "work"))
    drawn = evaluating_rides.draw_figures(evaluation, tmp_path / "figures")
    assert [path.name for path in drawn] == ["figure-2.png", "rides.png"]


@pytest.mark.parametrize(("authors", "closed", "number"), [("ab", (), 2), ("abcd", (0, 1, 2), 1)])
def test_too_few_songs_are_refused(
    authors: str, closed: tuple[int, ...], number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_corpus(tmp_path / "data", authors, closed=closed)
    assert run("evaluate", "rides", "--data", data, "--json", tmp_path / "o.json", "--work", tmp_path / "work") == 1
    told = capsys.readouterr().err
    assert f"holds {number} song" in told
    assert "give 3 or more" in told
    assert not (tmp_path / "o.json").exists()


def test_a_figure_folder_that_cannot_be_made_is_named(corpus: Path, tmp_path: Path) -> None:
    evaluation = evaluating_rides.RidesEvaluation({"figure_2": {}}, (), ())
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match=r"file.*cannot be made.*--picture another folder"):
        evaluating_rides.draw_figures(evaluation, tmp_path / "file")


def test_without_the_package_that_draws_the_result_is_there(
    corpus: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.json"
    for module in ("figures", "pictures"):
        forget(monkeypatch, f"training.rides.{module}")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    arguments = ("--data", corpus, "--json", out, "--picture", tmp_path / "p", "--work", work)
    assert run("evaluate", "rides", *arguments) == 1
    assert "--picture needs matplotlib" in capsys.readouterr().err
    assert json.loads(out.read_text("utf-8"))["schema"] == SCHEMA


# --- train ---------------------------------------------------------------------------------------------------------


def test_train_writes_a_model_that_the_mixer_loads(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "models" / "rides"
    assert run("train", "rides", "--data", corpus, "--out", out) == 0
    told = capsys.readouterr()
    assert "Rides proper: 4 tracks that humans rode, 4 songs" in told.out
    assert f"Written: {out}" in told.err
    card = json.loads((out / "model.json").read_text("utf-8"))
    assert [song["song"] for song in card["training_data"]] == [f"song{k}" for k in range(CLOSED)]
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path / "models",))
    load_ride_model.cache_clear()
    assert list(load_ride_model().observed) == card["features"]["names"]
    load_ride_model.cache_clear()
    stored = {path.name: path.read_bytes() for path in out.iterdir()}
    assert run("train", "rides", "--data", corpus, "--out", out, "--quiet") == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == stored
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("authors", "moves"), [("aaa", True), ("abc", False)])
def test_train_refuses_what_holds_too_few_rides(
    authors: str, moves: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_corpus(tmp_path / "data", authors, moves=moves)
    assert run("train", "rides", "--data", data, "--out", tmp_path / "out") == 1
    assert f"rides by {int(moves)} author" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# --- both ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("train", "--out"), ("evaluate", "--json")])
def test_a_folder_without_corpora_is_explained(
    command: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, option = command
    assert run(name, "rides", "--data", tmp_path, option, tmp_path / "out") == 1
    assert "holds no corpus" in capsys.readouterr().err
    assert run(name, "rides", "--data", tmp_path) == 2
    assert run(name, "songs", "--data", tmp_path, option, tmp_path / "out") == 2


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_missing_packages_are_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("fitting", "evaluating_rides", "training.balance", "training.balance_fit", "training.rides.courses"):
        forget(monkeypatch, module)
    for package in ("sklearn", "sklearn.ensemble", "sklearn.linear_model"):
        monkeypatch.setitem(sys.modules, package, None)
    option = "--out" if name == "train" else "--json"
    assert run(name, "rides", "--data", tmp_path, option, tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "packages that are not installed (sklearn" in told
    assert ".[train]" in told


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("train", ("reaper-automix train rides --data corpora --out models/rides", "{balance,rides}", "--corpora")),
        ("evaluate", ("reaper-automix evaluate rides --data corpora", "--work DIR", "go on after a stop", "figures")),
    ],
)
def test_help_teaches(name: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(word in told for word in words), told


def test_the_corpus_of_these_tests_is_what_it_says(corpus: Path) -> None:
    songs = hear_rides(corpus_songs(corpus))
    assert usages(songs) == {f"song{k}": Usage.EVALUATE if k == CLOSED else Usage.TRAIN for k in range(5)}
    assert all([group.id for group in song.groups] == list(TOGETHER) for song in songs)
    assert all([track.id for track in song.tracks if track.moves] == ["backup"] for song in songs)
