from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from synthetic_strip_songs import made_song

from reaper_automix.training.strips import full_fit as training
from reaper_automix.training.strips.full_fit import FullRecipe, Takes, fit_full
from reaper_automix.training.strips.raw_takes import raw_take
from reaper_automix.training.strips.songs import RATE_HZ
from reaper_automix.training.strips.transformation import TransformationNetwork, conditions_size
from reaper_automix.training.strips.waveform import N_TRACKS, WaveformNetwork, filled
from reaper_automix.training.strips.waveform_fit import fit_waveform, waveform_mix
from reaper_automix.training.strips.wet_targets import target_of

SONGS = [made_song(n) for n in range(3)]
QUICK = FullRecipe("quick", "exact console", role_steps=2, known_steps=4, mix_steps=2)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "STEPS_BETWEEN", 2)
    monkeypatch.setattr(training, "N_TAKES", 1)


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Takes:
    return Takes(tmp_path_factory.mktemp("takes"))


def test_known_spectra_are_learned(takes: Takes, tmp_path: Path) -> None:
    recipe = FullRecipe("known", None, role_steps=0, known_steps=30)
    told: list[str] = []
    fit_full(recipe, SONGS, takes, 1, tmp_path, say=told.append)
    first, last = (float(line.split("loss ")[1].split(",")[0]) for line in (told[0], told[-1]))
    assert last < 0.8 * first


def test_a_run_that_was_stopped_goes_on_as_it_would_have(takes: Takes, tmp_path: Path) -> None:
    whole = fit_full(QUICK, SONGS, takes, 1, tmp_path / "whole")

    def stop(line: str) -> None:
        if line.startswith("quick"):
            raise KeyboardInterrupt

    twice = replace(QUICK, mix_steps=2)
    with pytest.raises(KeyboardInterrupt):
        fit_full(twice, SONGS, takes, 1, tmp_path / "stopped", say=stop)
    again = fit_full(twice, SONGS, takes, 1, tmp_path / "stopped")
    np.testing.assert_allclose(again.controller.answer(SONGS[0].heard)[0], whole.controller.answer(SONGS[0].heard)[0])
    assert again.curve[1:] == whole.curve[1:]


def test_the_network_is_a_way_too_and_stays_as_it_was(takes: Takes, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = TransformationNetwork(conditions_size(), width=2)
    network.eval().requires_grad_(requires_grad=False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    recipe = FullRecipe("network", "network", role_steps=0, known_steps=0, mix_steps=2)
    fitted = fit_full(recipe, SONGS, takes, 1, tmp_path, network)
    assert len(fitted.curve) == 2
    assert np.isfinite(fitted.curve[-1][1:3]).all()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    with pytest.raises(ValueError, match="no network"):
        fit_full(recipe, SONGS, takes, 1, tmp_path)


@pytest.mark.parametrize("n_samples", [1, 1_000, 44_100])
@pytest.mark.parametrize("n_tracks", [1, N_TRACKS, N_TRACKS + 3])
def test_a_waveform_network_takes_songs_of_any_size(n_samples: int, n_tracks: int) -> None:
    with torch.no_grad():
        assert WaveformNetwork()(torch.zeros(1, n_tracks, 2, n_samples)).shape == (1, 2, n_samples)


def test_tracks_beyond_the_last_are_summed_into_it() -> None:
    tracks = torch.ones(1, N_TRACKS + 2, 2, 4)
    assert filled(tracks).shape == (1, N_TRACKS, 2, 4)
    assert float(filled(tracks)[0, -1, 0, 0]) == 3.0
    assert float(filled(tracks[:, :3])[0, 3:].abs().sum()) == 0.0


def test_a_waveform_network_learns_and_goes_on(tmp_path: Path) -> None:
    def take_of(song, rng):
        del rng
        return raw_take(song, 1, tmp_path / "takes")

    told: list[str] = []
    fit = partial(fit_waveform, SONGS, take_of, 1, tmp_path / "waveform.pt")
    network = fit(6, say=told.append)
    assert fit(6).state_dict().keys() == network.state_dict().keys()  # nothing is left to do
    assert len(told) == 1
    mix = waveform_mix(network, take_of(SONGS[0], None), 0)
    assert mix.shape == (2, SONGS[0].tracks.shape[-1])
    assert np.isfinite(mix).all()


def test_the_target_of_some_tracks_is_the_humans_mix_of_them() -> None:
    song = SONGS[0]
    np.testing.assert_allclose(target_of(song, 0, range(4)), target_of(song, 0), atol=2e-3)
    one = target_of(song, 0, [1])
    sides = 10.0 ** (song.gains_db[1] / 20.0) * np.array([1.0 - max(song.pans[1], 0.0), 1.0 + min(song.pans[1], 0.0)])
    np.testing.assert_allclose(one, song.tracks[0, 1].astype(np.float32) * sides[:, None], rtol=1e-3, atol=1e-6)


def test_a_send_is_heard_in_the_target_and_dies_away() -> None:
    song = made_song(5)
    burst = np.zeros_like(song.tracks)
    burst[0, :, :, :2_000] = song.tracks[0, :, :, :2_000]
    target = np.zeros_like(song.target)
    target[0, :, :2_000] = song.target[0, :, :2_000]
    dry = replace(song, tracks=burst, target=target)
    wet = replace(dry, sends_db=np.full(4, -14.0))
    tail = target_of(wet, 0)[:, RATE_HZ // 4 :]
    assert not target_of(dry, 0)[:, RATE_HZ // 4 :].any()
    assert np.abs(tail[:, :8_000]).max() > 3.0 * np.abs(tail[:, -8_000:]).max() > 0.0
    np.testing.assert_allclose(target_of(wet, 0, range(4)), target_of(wet, 0), atol=5e-3)


def test_an_image_that_is_equalised_on_the_spot_is_that_of_equalised_sound() -> None:
    from reaper_automix.analysis.third_octaves import third_octaves_db
    from reaper_automix.effects.equaliser import Equaliser
    from reaper_automix.mixers.strip_excerpts import image_of
    from reaper_automix.training.strips.features import loudness_of
    from reaper_automix.training.strips.full_fit import equalised
    from reaper_automix.training.strips.raw_takes import drawn

    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 5 * RATE_HZ)).astype(np.float32)
    image, bands_db = equalised(
        torch.from_numpy(image_of(noise, RATE_HZ, 0.0)), third_octaves_db(noise, RATE_HZ), np.random.default_rng(7)
    )
    played = Equaliser(drawn(np.random.default_rng(7)).equaliser, RATE_HZ, 2).process(noise)
    gain_db = loudness_of(noise[None], RATE_HZ) - loudness_of(played[None], RATE_HZ)
    np.testing.assert_allclose(bands_db, third_octaves_db(played, RATE_HZ) + gain_db, atol=0.8)
    wanted = image_of(played, RATE_HZ, gain_db)[0].mean(axis=1)
    np.testing.assert_allclose(image[0].mean(dim=1).numpy()[2:-1], wanted[2:-1], atol=0.02)
