"""The controller at run time: what it hears of a song, and what it answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reaper_automix.errors import ModelError
from reaper_automix.learning.convolution import Convolution
from reaper_automix.mixers import strip_controller as strips
from reaper_automix.mixers.strip_controller import Dense, StripController, on_both_sides
from reaper_automix.mixers.strip_excerpts import chosen_windows, hear

RATE_HZ = 44_100


def tone(frequency_hz: float, length_s: float, rate_hz: int = RATE_HZ, gain: float = 0.1) -> np.ndarray:
    times_s = np.arange(round(length_s * rate_hz)) / rate_hz
    return np.asarray(gain * np.sin(2.0 * np.pi * frequency_hz * times_s), np.float32)[np.newaxis]


def noise(length_s: float, seed: int, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(0.05 * rng.standard_normal((channels, round(length_s * RATE_HZ))), np.float32)


def made_up(seed: int = 0) -> StripController:
    """A controller with weights by chance, large enough that its answers differ."""
    rng = np.random.default_rng(seed)
    widths, layers, n_in = (4, 6, 6, 8), [], 2
    for n_out in widths:
        weight = rng.normal(0.0, (2.0 / (9 * n_in)) ** 0.5, (n_out, n_in, 3, 3))
        layers.append(Convolution(weight.astype(np.float32), rng.normal(0.0, 0.1, n_out).astype(np.float32)))
        n_in = n_out
    sizes, dense = (2 * 16, 12, 2), []
    for n_from, n_to, slope in zip(sizes[:-1], sizes[1:], (0.25, 1.0), strict=True):
        weight = rng.normal(0.0, n_from**-0.5, (n_to, n_from))
        dense.append(Dense(weight.astype(np.float32), np.zeros(n_to, np.float32), slope))
    return StripController(tuple(layers), tuple(dense))


TRACKS = [tone(110.0, 12.0), noise(12.0, 1), noise(9.0, 2, channels=2), tone(1500.0, 12.0)]


def test_excerpts_are_where_most_tracks_sound_and_then_where_unheard_ones_do() -> None:
    windows = np.zeros((3, 30))
    windows[0, :20] = 1.0
    windows[1, 8:11] = 1.0
    windows[2, 25:] = 1.0
    # Two sound from 8 on; the third one is worth more than any second hearing; then those heard once at most.
    assert chosen_windows(windows)[:2] == [8, 25]
    for first, second in zip(sorted(chosen_windows(windows)), sorted(chosen_windows(windows))[1:], strict=False):
        assert second - first >= 5


def test_no_more_excerpts_are_taken_than_say_something() -> None:
    windows = np.zeros((2, 20))
    windows[:, 3] = 1.0
    assert chosen_windows(windows) == [3]
    assert chosen_windows(np.zeros((2, 20))) == []


def test_a_track_that_sounds_in_no_excerpt_is_heard_where_it_is_loudest() -> None:
    everywhere = [noise(40.0, n) for n in range(8)]
    alone = np.zeros((1, 40 * RATE_HZ), np.float32)
    # Between the four excerpts, which begin every five seconds, or after them.
    alone[:, 30 * RATE_HZ : 36 * RATE_HZ] = noise(6.0, 9)
    heard = hear([*everywhere, alone], RATE_HZ)
    assert heard.sounds[-1].any()
    assert heard.images[-1][heard.sounds[-1]].max() > 0.3


def test_the_level_of_a_track_is_not_seen() -> None:
    quiet = [TRACKS[0] * np.float32(0.05), *TRACKS[1:]]
    one, other = hear(TRACKS, RATE_HZ), hear(quiet, RATE_HZ)
    np.testing.assert_allclose(one.images, other.images, atol=2e-3)
    assert other.loudness_lufs[0] == pytest.approx(one.loudness_lufs[0] - 26.02, abs=0.01)


def test_the_same_sound_at_another_rate_gives_about_the_same_image() -> None:
    one, other = hear([tone(440.0, 6.0)], RATE_HZ), hear([tone(440.0, 6.0, 48_000)], 48_000)
    assert one.images.shape == other.images.shape
    loud = one.images > 0.5
    np.testing.assert_allclose(one.images[loud], other.images[loud], atol=0.02)


def test_a_mono_track_has_no_difference_of_sides_and_a_wide_one_has() -> None:
    heard = hear(TRACKS, RATE_HZ)
    assert not heard.images[1, :, 1].any()
    assert heard.images[2, 0, 1].mean() > 0.2
    both = np.repeat(TRACKS[1], 2, axis=0)
    np.testing.assert_allclose(hear([both], RATE_HZ).images, hear([TRACKS[1]], RATE_HZ).images, atol=1e-6)


@pytest.mark.parametrize("n_samples", [0, 1, 300, 4 * RATE_HZ])
def test_short_songs_and_silence_are_heard(n_samples: int) -> None:
    heard = hear([TRACKS[0][:, :n_samples], np.zeros((2, n_samples), np.float32)], RATE_HZ)
    assert not heard.sounds[1].any()
    answers = made_up().predict(heard)
    assert np.isfinite(answers.gains_db).all()
    assert answers.gains_db[1] == answers.pans[1] == 0.0


def test_a_song_without_tracks_has_no_answers() -> None:
    assert made_up().predict(hear([], RATE_HZ)).gains_db.shape == (0,)


def test_three_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        hear([np.zeros((3, 100), np.float32)], RATE_HZ)


def test_the_order_of_tracks_does_not_matter() -> None:
    controller, order = made_up(), [2, 0, 3, 1]
    one = controller.predict(hear(TRACKS, RATE_HZ))
    other = controller.predict(hear([TRACKS[n] for n in order], RATE_HZ))
    assert np.ptp(one.gains_db) > 0.1
    np.testing.assert_allclose(other.gains_db, one.gains_db[order], atol=1e-4)
    np.testing.assert_allclose(other.pans, one.pans[order], atol=1e-5)


def test_the_others_are_context_and_silent_ones_are_not() -> None:
    controller = made_up()
    heard = controller.predict(hear(TRACKS, RATE_HZ))
    fewer = controller.predict(hear(TRACKS[:3], RATE_HZ))
    with_silence = controller.predict(hear([*TRACKS, np.zeros((1, 5000), np.float32)], RATE_HZ))
    assert not np.allclose(np.diff(heard.gains_db[:3]), np.diff(fewer.gains_db), atol=1e-3)
    np.testing.assert_allclose(with_silence.gains_db[:4], heard.gains_db, atol=1e-5)
    assert heard.gains_db.mean() == pytest.approx(0.0, abs=1e-9)


def test_answers_stay_within_bounds() -> None:
    controller = made_up()
    post = (*controller.post_processor[:-1], Dense(controller.post_processor[-1].weight * 1e6, np.zeros(2, "f4"), 1.0))
    answers = StripController(controller.encoder, post).predict(hear(TRACKS, RATE_HZ))
    assert np.abs(answers.gains_db).max() <= 2.0 * strips.MOST_GAIN_DB
    assert np.abs(answers.pans).max() <= 1.0


def test_sides_are_chosen_so_that_they_weigh_about_the_same() -> None:
    pans, gains_db = np.array([0.5, 0.5, 0.2, 0.0]), np.array([0.0, 0.0, -3.0, 6.0])
    placed = on_both_sides(pans, gains_db)
    np.testing.assert_allclose(np.abs(placed), pans)
    assert placed[0] == -placed[1]
    weights = placed * 10.0 ** (gains_db / 10.0)
    assert abs(weights.sum()) < abs(pans * 10.0 ** (gains_db / 10.0)).sum() / 4.0
    order = [3, 1, 2, 0]
    np.testing.assert_allclose(np.abs(on_both_sides(pans[order], gains_db[order])), pans[order])
    np.testing.assert_allclose(on_both_sides(-pans, gains_db), placed)


def test_what_is_stored_comes_back() -> None:
    controller = made_up()
    again = strips.controller_from_bytes(strips.controller_to_bytes(controller))
    heard = hear(TRACKS, RATE_HZ)
    np.testing.assert_array_equal(again.predict(heard).gains_db, controller.predict(heard).gains_db)


@pytest.mark.parametrize("part", ["encoder", "post_processor", "nothing", "nan"])
def test_weights_that_do_not_fit_are_refused(part: str) -> None:
    c = made_up()
    bad = {
        "encoder": StripController(c.encoder[1:], c.post_processor),
        "post_processor": StripController(c.encoder, c.post_processor[:1]),
        "nothing": StripController((), ()),
        "nan": StripController(c.encoder, (Dense(c.post_processor[0].weight * np.nan, np.zeros(12, "f4"), 1.0),)),
    }[part]
    with pytest.raises(ValueError, match=r"layers|numbers"):
        strips.controller_from_bytes(strips.controller_to_bytes(bad))


def test_the_shipped_controller_answers_and_its_card_says_what_it_learned_from() -> None:
    vectors, reverb = strips.load_strip_controller().vectors(hear(TRACKS, RATE_HZ))
    assert np.isfinite(vectors).all()
    assert np.isfinite(reverb).all()
    assert np.ptp(vectors, axis=0).max() > 0.01
    assert strips.strip_controller_is_proven() in (True, False)
    card = strips.load_card(strips.MODEL_NAME, strips.FORMAT)
    assert all(song["licence"] and song["author"] for song in card["training_data"])
    assert card["input"]["loudness_lufs"] == -23.0
    assert card["weights"] == "weights.npz"


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path, monkeypatch) -> None:
    folder = tmp_path / strips.MODEL_NAME
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps({"format": strips.FORMAT, "sha256": "0" * 64}))
    (folder / strips.WEIGHTS_FILE).write_bytes(strips.controller_to_bytes(made_up()))
    monkeypatch.setattr("reaper_automix.models_folder.CANDIDATES", (tmp_path,))
    with pytest.raises(ModelError):
        strips.load_strip_controller()
