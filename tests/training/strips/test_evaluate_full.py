"""The experiments of the full task, and what is shipped of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from synthetic_strip_songs import RATE_HZ, made_song

from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.errors import CorpusError
from reaper_automix.mixers import strip_controller
from reaper_automix.mixers.strip_parameters import N_STRIP
from reaper_automix.training.strips import evaluate_full as judging
from reaper_automix.training.strips import full_baselines
from reaper_automix.training.strips import full_fit as training
from reaper_automix.training.strips import ship as shipping
from reaper_automix.training.strips.baselines import HUMAN, MONO, ROLES, SPECTRA
from reaper_automix.training.strips.evaluate_full import (
    RAW,
    UNTOUCHED,
    WAVEFORM,
    WAVEFORM_BASIC,
    evaluate_full,
    load_network,
    main,
)
from reaper_automix.training.strips.full_fit import FullRecipe
from reaper_automix.training.strips.full_mixers import AS_PLAYED, ROLE_FADERS, thirds_off_db
from reaper_automix.training.strips.tables import ALL
from reaper_automix.training.strips.transformation_progress import Recipe
from reaper_automix.training.strips.waveform_fit import fit_waveform

SONGS = [made_song(number) for number in range(2)]
EQUALISER = EqualiserSettings((Band("band", 1_000.0, 2.0, 1.0),))
RECIPES = (
    FullRecipe("known", None, role_steps=1, known_steps=2),
    FullRecipe("console", "exact console", role_steps=1, known_steps=2, mix_steps=2),
    FullRecipe("network", "network", role_steps=1, known_steps=2, mix_steps=2),
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(work, pieces, n_processes, *, initializer, initargs):
        initializer(*initargs)
        return ((piece, work(piece)) for piece in pieces)

    monkeypatch.setattr(judging, "worked", at_once)
    monkeypatch.setattr(judging, "cut_songs", lambda *_, **__: SONGS)
    monkeypatch.setattr(shipping, "cut_songs", lambda *_, **__: SONGS)
    for module in (judging, shipping):
        monkeypatch.setattr(module, "FULL_RECIPES", RECIPES)
    monkeypatch.setattr(judging, "fit_waveform", partial(fit_waveform, n_steps=1))
    monkeypatch.setattr(training, "N_TAKES", 1)
    monkeypatch.setattr(judging, "N_TAKES", 1)
    monkeypatch.setattr(training, "STEPS_BETWEEN", 2)
    # A fit takes a third of a second, and is tested by itself.
    monkeypatch.setattr(
        full_baselines, "equaliser_towards", lambda *_: EqualiserSettings((Band("band", 1e3, 2.0, 1.0),))
    )


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    recipe = Recipe("channel", stacks=1, width=2, batch=1, heard_samples=1, rate=1e-3, patience=0)
    torch.save({"recipe": asdict(recipe), "best": recipe.network().state_dict()}, tmp_path / "network.pt")
    return tmp_path / "network.pt"


def test_everybody_is_judged_on_the_same_songs_and_the_best_is_shipped(
    tmp_path: Path, network_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "full.json"
    assert main(["unused", "--json", str(out), "--network", str(network_file)]) == 0
    printed = capsys.readouterr().out
    found = json.loads(out.read_text("utf-8"))
    mixes = {MONO, ROLES, SPECTRA, HUMAN, "known", "console", "network", "console" + ROLE_FADERS, AS_PLAYED, WAVEFORM}
    for heard in (RAW, UNTOUCHED):
        assert mixes | {WAVEFORM_BASIC} <= set(found["summary"][heard][ALL]["sum"])
        assert set(found["scores"][heard]) == {song.key for song in SONGS}
        assert f"## Tracks {heard}" in printed
    means = {heard: found["summary"][heard][ALL]["stereo"][HUMAN]["mean"] for heard in (RAW, UNTOUCHED)}
    assert means[UNTOUCHED] == pytest.approx(0.0, abs=0.02)
    assert means[RAW] > 0.3  # the human's faders do not bring back what was taken
    assert all(found["beside"][figure] > 0.0 for figure in ("off_db", "share", "disturbed_db", "unusual_db"))
    assert "mean spectrum of their role" in printed

    def not_again(experiment):
        raise AssertionError(experiment.key)

    monkeypatch.setattr(judging, "_work", not_again)
    again = evaluate_full(judging._Places(Path("unused"), out, None, None, network_file), 1)
    assert again["summary"] == found["summary"]

    folder = tmp_path / "models" / "strips"
    arguments = ["unused", "--scores", str(out), "--network", str(network_file), "--out", str(folder)]
    assert shipping.main(arguments) == 0
    card = json.loads((folder / "model.json").read_text("utf-8"))
    assert card["faders"] in ("own", "roles")
    assert len(card["training_data"]) == len(SONGS)
    assert not card["proven_on_unseen_authors"]
    stored = strip_controller.controller_from_bytes((folder / "weights.npz").read_bytes())
    assert stored.vectors(SONGS[0].heard)[0].shape == (4, N_STRIP)


def test_figures_of_other_songs_ship_nothing(tmp_path: Path) -> None:
    scores = tmp_path / "full.json"
    scores.write_text(json.dumps({"format": judging.FORMAT, "set": {"sha256": "other"}, "summary": {}}), "utf-8")
    with pytest.raises(CorpusError):
        shipping.ship(SONGS, scores, tmp_path / "strips")
    assert not (tmp_path / "strips").exists()


def test_a_file_that_holds_no_network_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.pt").write_bytes(b"nothing")
    with pytest.raises(CorpusError, match=r"no\.pt"):
        load_network(tmp_path / "no.pt")


def test_mixes_differ_by_what_an_equaliser_does_and_not_by_their_level() -> None:
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((1, 2, RATE_HZ)).astype(np.float32)
    assert thirds_off_db(mix, 0.1 * mix) == pytest.approx(0.0, abs=1e-4)
    duller = np.stack([np.cumsum(mix[0], axis=1)]).astype(np.float32)
    assert thirds_off_db(mix, duller) > 3.0


def test_role_faders_have_tracks_as_loud_as_their_roles_behind_their_effects() -> None:
    from reaper_automix.effects.compressor import Compressor
    from reaper_automix.effects.equaliser import Equaliser
    from reaper_automix.mixers.strip_parameters import settings_from
    from reaper_automix.training.strips.features import loudness_of
    from reaper_automix.training.strips.full_mixers import role_faders

    vectors = np.random.default_rng(1).uniform(0.2, 0.8, (4, N_STRIP))
    tracks = SONGS[0].tracks[0].astype(np.float32)
    offsets_db = np.array([0.0, -6.0, 3.0, 1.0])
    found_lufs = []
    for row, audio in zip(role_faders(vectors, [tracks], offsets_db), tracks, strict=True):
        strip = settings_from(row)
        assert strip.pan == pytest.approx(0.0)
        played = Compressor(strip.compressor, RATE_HZ, 2).process(Equaliser(strip.equaliser, RATE_HZ, 2).process(audio))
        found_lufs.append(loudness_of(played[None], RATE_HZ) + strip.fader_db - loudness_of(audio[None], RATE_HZ))
    np.testing.assert_allclose(np.diff(found_lufs), np.diff(offsets_db), atol=0.01)
