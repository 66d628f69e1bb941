from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from synthetic_strip_songs import RATE_HZ, made_song

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effects.equaliser import response_db as reference_db
from reaper_automix.mixers.strip_controller import controller_from_bytes, controller_to_bytes
from reaper_automix.mixers.strip_excerpts import Heard
from reaper_automix.mixers.strip_parameters import N_STRIP, neutral_vector, settings_from, vector_from
from reaper_automix.training.strips.full_controller import FullController, full_arrays
from reaper_automix.training.strips.full_loss import known_loss, mix_loss, response_db, song_mix
from reaper_automix.training.strips.raw_takes import as_they_are

SONG = made_song(1)


@pytest.fixture(scope="module")
def controller() -> FullController:
    torch.manual_seed(3)
    made = FullController()
    for module in made.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=0.5)
            torch.nn.init.normal_(module.bias, std=0.3)
    return made.eval()


def test_the_shipped_form_answers_as_torch_does(controller: FullController) -> None:
    vectors, reverb = controller.answer(SONG.heard)
    stored = controller_from_bytes(controller_to_bytes(full_arrays(controller)))
    found, found_reverb = stored.vectors(SONG.heard)
    np.testing.assert_allclose(found, vectors, atol=2e-5)
    np.testing.assert_allclose(found_reverb, reverb, atol=2e-5)
    assert np.ptp(vectors, axis=0).max() > 0.02  # it does not say the same of every track


def test_the_order_of_the_tracks_changes_nothing(controller: FullController) -> None:
    order = np.array([2, 0, 3, 1])
    heard = SONG.heard
    turned = Heard(heard.images[order], heard.sounds[order], heard.loudness_lufs[order], heard.starts_s)
    vectors, reverb = controller.answer(heard)
    again, again_reverb = controller.answer(turned)
    np.testing.assert_allclose(again, vectors[order], atol=1e-6)
    np.testing.assert_allclose(again_reverb, reverb, atol=1e-6)
    tracks = torch.from_numpy(SONG.tracks[0].astype(np.float32))
    mixes = [
        song_mix("exact console", some, torch.from_numpy(v), torch.from_numpy(reverb))
        for some, v in ((tracks, vectors), (tracks[order], again))
    ]
    assert float((mixes[0] - mixes[1]).abs().max()) < 1e-5 * float(mixes[0].abs().max())


def test_any_number_of_tracks_and_silent_ones(controller: FullController) -> None:
    shipped = full_arrays(controller)
    heard = SONG.heard
    sounds = heard.sounds.copy()
    sounds[1] = False
    vectors, _ = shipped.vectors(Heard(heard.images, sounds, heard.loudness_lufs, heard.starts_s))
    np.testing.assert_array_equal(vectors[1], neutral_vector())
    some = np.array([0, 2, 3])
    alone, _ = shipped.vectors(Heard(heard.images[some], heard.sounds[some], heard.loudness_lufs[some], heard.starts_s))
    np.testing.assert_allclose(vectors[some], alone, atol=1e-6)
    nobody, reverb = shipped.vectors(Heard(heard.images[:0], heard.sounds[:0], heard.loudness_lufs[:0], ()))
    assert nobody.shape == (0, N_STRIP)
    assert reverb.shape == (4,)


def test_a_controller_of_gain_and_pan_has_no_strips() -> None:
    from reaper_automix.training.strips.controller import Controller, as_arrays

    with pytest.raises(ValueError, match="gain and pan alone"):
        as_arrays(Controller().eval()).vectors(SONG.heard)


def test_responses_are_those_of_the_reference() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.uniform(size=(5, N_STRIP))
    found = response_db(torch.from_numpy(vectors)).numpy()
    wanted = [reference_db(settings_from(v).equaliser, np.array(CENTRES_HZ), 44_100) for v in vectors]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_known_spectra_are_met_by_the_human_alone() -> None:
    take = as_they_are(SONG)
    neutral = np.tile(neutral_vector(), (len(SONG.roles), 1))
    human = neutral.copy()
    for row, gain_db in zip(human, SONG.gains_db, strict=True):
        settings = settings_from(row)
        row[:] = vector_from(type(settings)(0.0, False, settings.equaliser, settings.compressor, -150.0, gain_db, 0.0))
    assert float(known_loss(take, torch.from_numpy(human))) < 1e-9
    assert float(known_loss(take, torch.from_numpy(neutral))) > 2.0
    assert isinstance(settings_from(human[0]).equaliser, EqualiserSettings)


def test_the_loss_of_a_mix_knows_neither_level_nor_left_from_right() -> None:
    rng = np.random.default_rng(4)
    mix, target = (torch.from_numpy(rng.standard_normal((2, RATE_HZ)).astype(np.float32)) for _ in range(2))
    loss = float(mix_loss(mix, target, is_stereo=True))
    assert float(mix_loss(mix * 0.01, target, is_stereo=True)) == pytest.approx(loss, rel=1e-4)
    assert float(mix_loss(mix, target.flip(0), is_stereo=True)) == pytest.approx(loss, rel=1e-4)
    assert float(mix_loss(target, target, is_stereo=True)) < 1e-3
    assert float(mix_loss(mix, target, is_stereo=False)) < loss


def test_every_knob_is_learned_from_the_start() -> None:
    torch.manual_seed(1)
    controller = FullController()
    images, sounds = torch.from_numpy(SONG.heard.images), torch.from_numpy(SONG.heard.sounds)
    vectors, reverbs = controller.strips(images, sounds)
    tracks = torch.from_numpy(SONG.tracks[0].astype(np.float32))
    mixed = song_mix("exact console", tracks, vectors, reverbs[0])
    mix_loss(mixed, torch.from_numpy(SONG.target[0]), is_stereo=True).backward()
    last = controller.post_processor[-1].weight.grad
    assert last is not None
    assert (last.abs().sum(dim=1) > 0.0).all()
    assert controller.reverb.bias.grad is not None
    assert (controller.reverb.bias.grad.abs() > 0.0).all()
