"""Training the learned balance: model and card, when it counts as proven, and the command that evaluates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixer_sounds import LENGTH_S, RATE_HZ, noise
from training_songs import by_sound, song, songs

pytest.importorskip("sklearn", reason="needs the extra 'train'")

from reaper_automix import command_line
from reaper_automix.errors import CorpusError
from reaper_automix.mixers.balance_model import FORMAT, BalanceModel
from reaper_automix.models_folder import load_card
from reaper_automix.training import balance
from reaper_automix.training.balance import is_proven, main, train, unseen_authors
from reaper_automix.training.balance_fit import LearnedBalance
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation import HeardSong, evaluate
from reaper_automix.training.evaluation.baselines import BASELINES
from reaper_automix.training.evaluation.results import SCHEMA


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write look-alikes of two corpora: a few short songs each, in the formats of ``songs`` and ``lmms``."""
    data = tmp_path_factory.mktemp("data")
    for number in range(3):
        _write(data / "songs" / f"s{number}", number, "stems", {"artist": "one", "licence": "CC0-1.0"})
        _write(
            data / "lmms" / f"l{number}", number, "tracks", {"author": f"author {number}", "licence": "Artistic-2.0"}
        )
    return data


def _write(folder: Path, number: int, key: str, described: dict[str, object]) -> None:
    folder.mkdir(parents=True)
    tracks = []
    for position, (role, level_db) in enumerate((("kick", -14.0), ("bass", -20.0), ("synth", -24.0), ("fx", -29.0))):
        file = f"{role}.wav"
        audio = noise(level_db, click=0.2 * position, low=role == "bass", pause=0.1 * number)
        soundfile.write(folder / file, audio.T, RATE_HZ, subtype="FLOAT")
        gains = {"human_gain_db": 1.0, "heard_gain_db": 1.0, "pan": 0.0}
        tracks.append(
            {"file": file, "name": role, "role": role, "label_confidence": "high", "lufs_integrated": level_db, **gains}
        )
    song_data = {"title": folder.name, "seconds": LENGTH_S, "human_mix": {"file": "mix.wav"}, **described, key: tracks}
    (folder / "song.json").write_text(json.dumps(song_data), "utf-8")


@pytest.fixture(scope="module")
def trained(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    assert main([str(corpus), "--out", str(out)]) == 0
    return out


def test_the_card_fits_the_weights_and_names_every_song(trained: Path) -> None:
    card = json.loads((trained / "model.json").read_text("utf-8"))
    stored = (trained / "weights.json").read_bytes()
    assert card["format"] == FORMAT
    assert card["sha256"] == hashlib.sha256(stored).hexdigest()
    assert BalanceModel.from_data(json.loads(stored)).role_effects_db["kick"] > 0.0
    assert len(card["training_data"]) == 6
    assert all(each["licence"] for each in card["training_data"])


def test_baselines_stand_beside_every_score(trained: Path) -> None:
    for scores in json.loads((trained / "model.json").read_text("utf-8"))["scores"]:
        assert set(scores["median_and_mean_error_db"]) == {
            "as is",
            "constant",
            "equal loudness",
            "role mean",
            "learned",
        }


def test_training_again_gives_the_same_files(trained: Path, corpus: Path, tmp_path: Path) -> None:
    assert main([str(corpus), "--out", str(tmp_path)]) == 0
    for name in ("weights.json", "model.json"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_a_folder_without_corpora_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "holds no corpus" in capsys.readouterr().err


def test_what_may_not_be_learned_from_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = song("closed", "q", usage=Usage.EVALUATE)
    _, card, _ = train([*songs(4), closed])
    assert "closed" not in {each["song"] for each in card["training_data"]}


@pytest.mark.parametrize(("rule", "proven"), [(by_sound, True), (lambda _role, _number: 0.0, False)])
def test_proven_is_what_beats_both_baselines(rule: Callable[..., float], proven: bool) -> None:
    """Where nothing is to be learned, equal loudness is as good."""
    heard: list[HeardSong] = songs(12, rule=rule, authors="abcd")
    evaluation = evaluate(heard, (*BASELINES, LearnedBalance()), np.random.default_rng(0))
    assert is_proven(evaluation) is proven


def test_a_corpus_where_it_is_worse_stands_against_it() -> None:
    """Many songs of one rule, and a few of the opposite: over all it wins, for the few it does harm."""
    heard = [
        *songs(16, rule=by_sound, authors="abcd", corpus="many"),
        *songs(4, rule=lambda role, number: -by_sound(role, number), authors="uv", corpus="few"),
    ]
    evaluation = evaluate(heard, (*BASELINES, LearnedBalance()), np.random.default_rng(0))
    whole = unseen_authors(evaluation).difference("learned", "role mean")
    assert whole.mean_error_db.high < 0.0
    assert not is_proven(evaluation)


def test_one_author_proves_nothing() -> None:
    evaluation = evaluate(songs(4, authors="a"), (*BASELINES, LearnedBalance()), np.random.default_rng(0))
    with pytest.raises(CorpusError, match="one author"):
        unseen_authors(evaluation)


def test_the_shipped_card_is_of_songs_that_allow_it() -> None:
    card = load_card("balance", FORMAT)
    assert not [each for each in card["training_data"] if "NC" in each["licence"].upper().split("-")]
    assert len({each["author"] for each in card["training_data"]}) >= 11


def test_the_command_writes_json_and_picture(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out, picture = tmp_path / "out.json", tmp_path / "out.png"
    arguments = ["evaluate", "balance", "--data", corpus, "--json", out, "--picture", picture, "--roles", "names"]
    assert command_line.run([str(each) for each in arguments]) == 0
    data = json.loads(out.read_text("utf-8"))
    assert (data["schema"], data["roles"], data["mixer"]) == (SCHEMA, "names", "balance")
    assert str(corpus) not in out.read_text("utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "equal loudness" in capsys.readouterr().out


def test_the_command_explains_a_corpus_that_is_not_there(corpus: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "balance", "--data", corpus, "--json", tmp_path / "o.json", "--corpora", "nowhere"]
    assert command_line.run([str(each) for each in arguments]) == 1


@pytest.mark.data
def test_the_targets_on_real_songs(shared_data: Path) -> None:
    """Raw tracks with human faders: at most 3.2 dB, on authors that it has not seen; below 1.5 dB would be a leak."""
    from reaper_automix.training.evaluation.listening import listen
    from reaper_automix.training.evaluation.sources import corpus_songs

    heard = listen(corpus_songs(shared_data, ("lmms",)))
    evaluation = evaluate(heard, (*BASELINES, LearnedBalance()), np.random.default_rng(balance.SEED))
    split = evaluation.split("leave_one_author_out", "lmms", "lmms")
    assert 1.5 < split.result("learned").median_error_db.value <= 3.2
    assert split.result("learned").mean_error_db.value < split.result("equal loudness").mean_error_db.value
