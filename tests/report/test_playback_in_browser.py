"""The engine that plays variants of one piece of audio, in a real browser."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import complaints
from offline_playback import RATE_HZ, play

from reaper_automix.audio.encoding import encode

LENGTH_S = 3.0
LEAD_S = 0.02
FADE_S = 0.02
QUIET = 2e-3
"""What the encoder may add, linear."""


@pytest.fixture(scope="module")
def engine(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An empty page with the engine."""
    script = files("reaper_automix.report").joinpath("playback.js").read_text(encoding="utf-8")
    page = tmp_path_factory.mktemp("engine") / "engine.html"
    page.write_text(f'<!doctype html><meta charset="utf-8"><title>engine</title><script>{script}</script>', "utf-8")
    browser.get(page.as_uri())
    browser.set_script_timeout(60)
    yield browser
    assert complaints(browser) == []


def sine(frequency_hz: float, level: float = 0.4, length_s: float = LENGTH_S) -> np.ndarray:
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2.0 * np.pi * frequency_hz * time_s)).astype(np.float32)


def noise(seed: int, length_s: float = LENGTH_S) -> np.ndarray:
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(round(length_s * RATE_HZ))
    return (0.1 * np.convolve(white, np.ones(12) / 12.0, "same")).astype(np.float32)


def sounds_of(**audio: np.ndarray) -> tuple[dict[str, str], dict[str, float], dict[str, Any]]:
    """Return sounds as text, their gains, and the options that fit them."""
    encoded = {name: encode(np.atleast_2d(samples), RATE_HZ, 128) for name, samples in audio.items()}
    first = next(iter(encoded.values()))
    options = {"lengthS": first.length_s, "delayS": first.delay_s}
    return {n: e.base64 for n, e in encoded.items()}, {n: e.gain_lin for n, e in encoded.items()}, options


def at(heard: np.ndarray, start_s: float, length_s: float = 0.1) -> np.ndarray:
    return heard[..., round(start_s * RATE_HZ) : round((start_s + length_s) * RATE_HZ)]


def level(heard: np.ndarray) -> float:
    """Return the amplitude of a sine."""
    return float(np.sqrt(2.0 * np.square(heard).mean()))


def longest_step(heard: np.ndarray) -> float:
    return float(np.abs(np.diff(heard)).max())


def test_switches_levels_jumps_and_ends_make_no_click(engine: Any) -> None:
    sounds, gains, options = sounds_of(a=sine(440.0), b=sine(440.0, 0.2))
    variants = [{"sound": name, "level": gains[name]} for name in "ab"]
    steps = [
        [0.5, "choose", 1],
        [1.0, "choose", 0],
        [1.008, "choose", 1],  # before the fade is over
        [1.5, "setLevels", [gains["a"], 2.0 * gains["b"]]],
        [2.0, "seek", 1.0003],
        [5.5, "pause"],  # after the end of the loop
    ]
    heard, _ = play(engine, sounds, [[variants]], 6.0, steps, **options)
    own = longest_step(sine(440.0))
    assert longest_step(heard) <= 1.02 * own + QUIET
    np.testing.assert_allclose(heard[0], heard[1], atol=1e-6)
    expected = {0.2: 0.4, 0.7: 0.2, 1.2: 0.2, 1.7: 0.4, 4.5: 0.4, 5.6: 0.0}
    assert {time_s: level(at(heard[0], time_s)) for time_s in expected} == pytest.approx(expected, abs=0.004)


def test_a_hard_switch_would_be_noticed(engine: Any) -> None:
    """The measure of the other tests tells a click from a signal."""
    sounds, gains, options = sounds_of(a=sine(440.0), b=-sine(440.0))
    variants = [{"sound": name, "level": gains[name]} for name in "ab"]
    steps = [[0.50057, "choose", 1]]
    hard, _ = play(engine, sounds, [[variants]], 1.0, steps, fadeS=0.00005, **options)
    soft, _ = play(engine, sounds, [[variants]], 1.0, steps, **options)
    own = longest_step(sine(440.0))
    assert longest_step(hard) > 3.0 * own
    assert longest_step(soft) <= 1.5 * own


def test_variants_start_together_and_stay_at_one_place(engine: Any) -> None:
    same = noise(1)
    sounds, gains, options = sounds_of(a=same, b=0.25 * same)
    variants = [{"sound": "a", "level": gains["a"]}, {"sound": "b", "level": 4.0 * gains["b"]}]
    heard, _ = play(engine, sounds, [[variants]], 4.0, [[1.0, "choose", 1], [2.0, "choose", 0]], **options)
    for start_s in (0.5, 1.5, 2.5):
        first = round((start_s - LEAD_S) * RATE_HZ)
        errors = [np.abs(at(heard[0], start_s) - same[first + lag :][: RATE_HZ // 10]).max() for lag in range(-3, 4)]
        assert int(np.argmin(errors)) == 3, "not even one sample beside its place"
    crossing = at(heard[0], 1.0 + LEAD_S, FADE_S)
    expected = same[round(1.0 * RATE_HZ) :][: crossing.size]
    assert float(np.square(crossing).mean()) == pytest.approx(float(np.square(expected).mean()), rel=0.1), "equal gain"


def test_the_loop_closes_where_it_began(engine: Any) -> None:
    sounds, gains, options = sounds_of(a=noise(2, 1.0))
    heard, looks = play(
        engine, sounds, [[[{"sound": "a", "level": gains["a"]}]]], 3.0, [[2.2, "look"]], **{**options, "lengthS": 1.0}
    )
    first, second = at(heard[0], LEAD_S + 0.1, 0.8), at(heard[0], LEAD_S + 1.1, 0.8)
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert looks[0][0]
    assert looks[0][1] == pytest.approx(2.2 - LEAD_S - 2.0, abs=0.005)


def test_without_a_loop_it_ends(engine: Any) -> None:
    sounds, _, options = sounds_of(a=sine(440.0, length_s=1.0))
    heard, looks = play(
        engine, sounds, [[[{"sound": "a"}]]], 2.0, [[1.5, "look"]], loops=False, **{**options, "lengthS": 1.0}
    )
    assert not at(heard, 1.1, 0.8).any()
    assert looks[0][:2] in ([False, 0.0], [True, 1.0]), "at its end, whenever the browser says so"


def test_sides_have_their_own_gains(engine: Any) -> None:
    stereo = np.array([sine(440.0), sine(880.0)])
    sounds, gains, options = sounds_of(mono=sine(440.0), stereo=stereo)
    variants = [
        {"sound": "mono", "gains": [0.5, -0.25], "level": gains["mono"]},
        {"sound": "stereo", "gains": [1.0, 0.5], "level": gains["stereo"]},
    ]
    heard, _ = play(engine, sounds, [[variants]], 2.0, [[1.0, "choose", 1]], **options)
    early, late = at(heard, 0.5), at(heard, 1.5)
    assert [level(side) for side in early] == pytest.approx([0.2, 0.1], abs=0.003)
    np.testing.assert_allclose(early[1], -0.5 * early[0], atol=1e-5)
    assert [level(side) for side in late] == pytest.approx([0.4, 0.2], abs=0.003)


def test_another_set_goes_on_at_the_same_place_of_the_song(engine: Any) -> None:
    song = noise(3, 4.0)
    part = song[RATE_HZ : 3 * RATE_HZ]
    sounds, gains, options = sounds_of(song=song, part=part)
    sets = [
        [[{"sound": "song", "level": gains["song"]}], {"startS": 60.0, "lengthS": 4.0}],
        [[{"sound": "part", "level": gains["part"]}], {"startS": 61.0, "lengthS": 2.0}],
    ]
    steps = [[1.5, "use", 1], [1.8, "look"], [2.5, "use", 0], [3.5, "seek", 60.2], [3.8, "use", 1], [3.9, "look"]]
    heard, looks = play(engine, sounds, sets, 4.5, steps, **options)
    assert looks[0][1] == pytest.approx(61.8 - LEAD_S, abs=0.005)
    for start_s in (1.0, 2.0, 3.0):
        expected = song[round((start_s - LEAD_S) * RATE_HZ) :][: RATE_HZ // 10]
        np.testing.assert_allclose(at(heard[0], start_s), expected, atol=0.03)
    assert looks[1][1] == pytest.approx(61.1 - LEAD_S, abs=0.01), "outside of the part: at its beginning"


def test_what_encoders_put_before_the_sound_is_cut_off(engine: Any) -> None:
    """Browsers that keep it deliver a longer sound: here one that is longer by the delay and a block."""
    padded = np.concatenate([np.zeros(1105), noise(4, 2.0), np.zeros(1200)]).astype(np.float32)
    sounds, gains, _ = sounds_of(a=padded)
    variants = [[[{"sound": "a", "level": gains["a"]}]]]
    heard, _ = play(engine, sounds, variants, 1.5, [], lengthS=2.0, delayS=1105 / RATE_HZ)
    first = round((1.0 - LEAD_S) * RATE_HZ)
    np.testing.assert_allclose(at(heard[0], 1.0), noise(4, 2.0)[first:][: RATE_HZ // 10], atol=0.03)


def test_decoded_audio_that_nobody_uses_is_let_go(engine: Any) -> None:
    sounds, _, options = sounds_of(**{f"s{n}": sine(300.0 + n, length_s=1.0) for n in range(6)})
    sets = [[[{"sound": f"s{n}"}]] for n in range(6)]
    steps = [[0.1 * n, "use", n] for n in range(1, 6)]
    one = 4 * RATE_HZ
    _, looks = play(
        engine, sounds, sets, 1.0, [*steps, [0.7, "look"]], mostBytes=2.5 * one, **{**options, "lengthS": 1.0}
    )
    assert looks[0][2] == 2


def test_audio_that_cannot_be_decoded_is_told(engine: Any) -> None:
    found = engine.execute_async_script(
        """
        const done = arguments[0];
        const context = new OfflineAudioContext(2, 44100, 44100);
        const player = AutomixPlayback.create({ context: () => context, read: () => "bm90aGluZw==", lengthS: 1 });
        player.use([{ sound: 1 }]).then(() => done("played"), (error) => done("refused: " + error.name));
        """
    )
    assert found.startswith("refused")


def test_only_the_set_that_was_asked_for_last_is_played(engine: Any) -> None:
    sounds, gains, options = sounds_of(a=sine(440.0), b=sine(880.0))
    found = engine.execute_async_script(
        """
        const [sounds, options, done] = arguments;
        const context = new OfflineAudioContext(2, 44100, 44100);
        const settings = Object.assign({ context: () => context, read: (id) => sounds[id] }, options);
        const player = AutomixPlayback.create(settings);
        Promise.all([player.use([{ sound: "a" }]), player.use([{ sound: "b" }])]).then(done);
        """,
        sounds,
        options,
    )
    assert found == [False, True]
    assert gains["a"] > 0.0


def test_the_file_of_the_engine_is_plain_text() -> None:
    text = Path(str(files("reaper_automix.report").joinpath("playback.js"))).read_text(encoding="utf-8")
    assert "</script" not in text
    assert "fetch(" not in text
