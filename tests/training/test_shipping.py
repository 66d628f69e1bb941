"""What goes to disk with a shipped model: the same bytes for the same figures, and only with scores of its own data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from reaper_automix import models_folder
from reaper_automix.errors import CorpusError
from reaper_automix.training.shipping import about_weights, read_scores, rounded, write_card, write_model

SCORES = {"format": "scores/1", "set": {"sha256": "abc"}, "summary": {"mean": 1.5}}


def test_scores_of_the_data_are_read(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(SCORES))

    assert read_scores(path, scores_format="scores/1", sha256="abc") == SCORES


@pytest.mark.parametrize(("scores_format", "sha256"), [("scores/2", "abc"), ("scores/1", "abd")])
def test_other_scores_are_refused(tmp_path: Path, scores_format: str, sha256: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(SCORES))

    with pytest.raises(CorpusError, match=r"scores\.json: these are not scores of set\.npz\. Run evaluate on set\.npz"):
        read_scores(path, scores_format=scores_format, sha256=sha256, of="set.npz")


@pytest.mark.parametrize("text", [None, "{"])
def test_scores_that_cannot_be_read_say_to_run_evaluate(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "scores.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CorpusError, match="Run evaluate first"):
        read_scores(path, scores_format="scores/1", sha256="abc")


def test_figures_are_rounded_however_deep_they_lie() -> None:
    found = {"a": 1.23456, "b": [0.00049, {"c": (2.0006, "text")}], "d": 7, "e": None, "f": True}

    assert rounded(found, 3) == {"a": 1.235, "b": [0.0, {"c": [2.001, "text"]}], "d": 7, "e": None, "f": True}


def test_weights_and_card_fit_each_other_and_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = b"\x00\xffweights"
    card = {"format": "model/1", **about_weights("weights.npz", weights), "author": "Björk"}
    write_model(tmp_path / "new" / "model", card, "weights.npz", weights)

    stored = (tmp_path / "new" / "model" / "model.json").read_text("utf-8")
    digest = hashlib.sha256(weights).hexdigest()
    assert stored == (
        f'{{\n "format": "model/1",\n "weights": "weights.npz",\n "sha256": "{digest}",\n "author": "Björk"\n}}\n'
    )
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path / "new",))
    read = models_folder.load_weights("model", "weights.npz", models_folder.load_card("model", "model/1"), bytes)
    assert read == weights


def test_a_card_alone_makes_its_folder(tmp_path: Path) -> None:
    write_card(tmp_path / "offsets", {"format": "offsets/1"})

    assert json.loads((tmp_path / "offsets" / "model.json").read_bytes()) == {"format": "offsets/1"}
