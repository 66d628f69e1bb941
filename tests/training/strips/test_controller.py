"""The controller in torch: shared over tracks, blind to their order, and the same numbers in plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from synthetic_strip_songs import RATE_HZ, made_song

from reaper_automix.effects.gain import amplified
from reaper_automix.effects.pan import panned
from reaper_automix.errors import ModelError
from reaper_automix.mixers.strip_controller import controller_from_bytes, controller_to_bytes
from reaper_automix.mixers.strip_excerpts import hear
from reaper_automix.training.strips.controller import Controller, Shape, Vggish, as_arrays, load_vggish, mixed
from reaper_automix.training.strips.frames import FrameSpectra, drawn_spectra, frames_loss, spectra_at
from reaper_automix.training.strips.stereo_loss import RESOLUTIONS, stereo_loss

SMALL = Shape((4, 6, 6, 8), (12, 8))


def controller(seed: int = 0) -> Controller:
    """One whose answers differ, and whose normalisation has seen something."""
    torch.manual_seed(seed)
    made = Controller(SMALL)
    torch.nn.init.normal_(made.post_processor[-1].weight, std=1.0)
    song = made_song(1)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    made.train()
    made(torch.from_numpy(song.heard.images), torch.from_numpy(song.heard.sounds))
    return made.eval()


def test_plain_arrays_answer_as_torch_does_also_when_stored() -> None:
    made, heard = controller(), made_song(2).heard
    wanted = made.predict(heard)
    plain = controller_from_bytes(controller_to_bytes(as_arrays(made))).predict(heard)
    assert np.ptp(wanted.gains_db) > 0.1
    np.testing.assert_allclose(plain.gains_db, wanted.gains_db, atol=1e-3)
    np.testing.assert_allclose(plain.pans, wanted.pans, atol=1e-4)


def test_plain_arrays_answer_as_torch_does_for_several_excerpts_and_the_full_shape() -> None:
    rng = np.random.default_rng(4)
    tracks = [np.asarray(0.1 * rng.standard_normal((c, 12 * RATE_HZ)), np.float32) for c in (1, 2)]
    tracks.append(np.concatenate([np.zeros((1, 9 * RATE_HZ), np.float32), tracks[0][:, : 3 * RATE_HZ]], axis=1))
    heard = hear(tracks, RATE_HZ)
    assert set(heard.sounds.sum(axis=1)) == {1, 2}
    torch.manual_seed(0)
    made = Controller().eval()
    assert made.shape.n_features == 128
    wanted, plain = made.predict(heard), as_arrays(made).predict(heard)
    np.testing.assert_allclose(plain.gains_db, wanted.gains_db, atol=1e-3)
    np.testing.assert_allclose(plain.pans, wanted.pans, atol=1e-4)


def test_shuffled_tracks_give_the_same_mix_and_any_number_of_them_is_answered() -> None:
    made, song, order = controller(), made_song(3), [2, 0, 3, 1]
    images, sounds = torch.from_numpy(song.heard.images), torch.from_numpy(song.heard.sounds)
    tracks = torch.from_numpy(song.tracks[0].astype(np.float32))
    one = mixed(tracks, *made(images, sounds))
    other = mixed(tracks[order], *made(images[order], sounds[order]))
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    for n in (1, 2, 3):
        assert made(images[:n], sounds[:n])[0].shape == (n,)


def test_songs_of_a_batch_do_not_hear_each_other() -> None:
    made, songs = controller(), [made_song(4), made_song(5)]
    images = torch.cat([torch.from_numpy(song.heard.images) for song in songs])
    sounds = torch.cat([torch.from_numpy(song.heard.sounds) for song in songs])
    gains_db, pans = made(images, sounds, torch.tensor([0] * 4 + [1] * 4))
    for number, song in enumerate(songs):
        alone = made.predict(song.heard)
        own = slice(4 * number, 4 * number + 4)
        np.testing.assert_allclose(gains_db[own].detach().numpy(), alone.gains_db, atol=1e-3)
        np.testing.assert_allclose(pans[own].detach().numpy(), alone.pans, atol=1e-4)


@pytest.mark.parametrize("pan", [-1.0, -0.3, 0.0, 0.7])
def test_the_console_is_the_effects_of_the_rack(pan: float) -> None:
    track = made_song(6).tracks[0, 0].astype(np.float32)
    wanted = panned(amplified(track, -4.5), pan)
    found = mixed(torch.from_numpy(track)[None], torch.tensor([-4.5]), torch.tensor([pan]))
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)


def test_frames_at_the_places_of_the_stft_give_the_stereo_loss() -> None:
    song = made_song(7)
    tracks, target = song.tracks[0, ..., :20_000].astype(np.float32), song.target[0, :, :20_000]
    gains_db, pans = torch.tensor([0.0, -3.0, 2.0, 1.0]), torch.tensor([0.2, 0.0, -0.5, 0.1])
    spectra = tuple(spectra_at(*_mirrored(tracks, target, r.frame), _starts(20_000, r), r) for r in RESOLUTIONS)
    found = frames_loss(spectra, gains_db, pans, is_stereo=True)
    mix = mixed(torch.from_numpy(tracks), gains_db, pans)
    # The frames' own measure of energy brings the mix to the target's level.
    scale = _energy(spectra, None) / _energy(spectra, (gains_db, pans))
    wanted = stereo_loss((mix * scale**0.5)[None], torch.from_numpy(target)[None])[0]
    assert float(found) == pytest.approx(float(wanted), rel=1e-3)


def _mirrored(tracks: np.ndarray, target: np.ndarray, frame: int) -> tuple[np.ndarray, np.ndarray]:
    half = frame // 2
    return tuple(np.pad(a, [(0, 0)] * (a.ndim - 1) + [(half, half)], mode="reflect") for a in (tracks, target))


def _starts(n_samples: int, resolution) -> np.ndarray:
    first = (resolution.frame - resolution.window) // 2
    return first + resolution.hop * np.arange(n_samples // resolution.hop + 1)


def _energy(spectra: tuple[FrameSpectra, ...], answer) -> float:
    total = 0.0
    for own in spectra:
        if answer is None:
            sides = own.target
        else:
            gains_db, pans = answer
            gains = 10.0 ** (gains_db / 20.0)
            weights = torch.stack([gains * (1 - pans.clamp(min=0)), gains * (1 + pans.clamp(max=0))], dim=1)
            sides = (weights[:, :, None, None] * own.tracks).sum(dim=0)
        total += float((sides[0] + sides[1]).abs().square().sum())
    return total


def test_the_loss_over_frames_knows_no_side_and_no_level() -> None:
    song = made_song(8)
    spectra = drawn_spectra(song.tracks[0], song.target[0], np.random.default_rng(0))
    gains_db, pans = torch.from_numpy(song.gains_db).float(), torch.from_numpy(song.pans).float()
    right = float(frames_loss(spectra, gains_db, pans, is_stereo=True))
    assert right < 0.01
    assert float(frames_loss(spectra, gains_db - 10.0, -pans, is_stereo=True)) == pytest.approx(right, abs=0.01)
    assert float(frames_loss(spectra, gains_db, 0.0 * pans, is_stereo=True)) > 0.5
    assert float(frames_loss(spectra, gains_db.flip(0), pans, is_stereo=False)) > 0.2


def test_vggish_has_the_public_shapes_and_loads_a_state_of_them() -> None:
    with torch.device("meta"):
        network = Vggish()
        embedded = network(torch.zeros(2, 1, 96, 64))
    assert embedded.shape == (2, 128)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes["features.0.weight"] == (64, 1, 3, 3)
    assert shapes["features.13.weight"] == (512, 512, 3, 3)
    assert shapes["embeddings.0.weight"] == (4096, 12288)
    assert shapes["embeddings.4.bias"] == (128,)


def test_a_made_up_state_of_the_right_shapes_is_loaded_and_another_is_refused() -> None:
    class Few(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3))

    network = Few()
    state = {name: torch.full_like(tensor, 0.5) for name, tensor in network.state_dict().items()}
    load_vggish(network, {**state, "pproc.pca_means": torch.zeros(128, 1)})
    assert float(network.features[0].weight.detach().mean()) == 0.5
    with pytest.raises(ModelError, match=r"features\.0\.bias"):
        load_vggish(network, {"features.0.weight": state["features.0.weight"]})
    with pytest.raises(ModelError, match="2 in all"):
        load_vggish(
            network, {"features.0.weight": torch.zeros(3), "features.0.bias": torch.zeros(2), "x": torch.zeros(1)}
        )
