"""Algorithm 1 on signals whose masking is known: bands, signs and gains computed by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from reaper_automix.analysis.octave_bands import OCTAVES_HZ, OctaveMeter, Octaves, band_edges_hz
from reaper_automix.mixers.vocal_unmasking import MOST_DB, Q, open_frames, unmask

RATE_HZ = 44_100
LENGTH_S = 6.0


def noise_of(levels_db: Mapping[float, float], seed: int = 1, length_s: float = LENGTH_S) -> np.ndarray:
    """Return noise with so much in these octaves, in dB over their bandwidth in hertz; float32 (1, n_samples).

    It keeps away from the edges, so that no window of an analysis takes it into the next octave.
    """
    n = int(length_s * RATE_HZ)
    rng = np.random.default_rng(seed)
    frequencies_hz = np.fft.rfftfreq(n, 1.0 / RATE_HZ)
    spectrum = np.zeros(frequencies_hz.size, complex)
    for octave, (low, high) in zip(OCTAVES_HZ, band_edges_hz(), strict=True):
        inside = (frequencies_hz >= octave / 1.2) & (frequencies_hz < octave * 1.2)
        if octave in levels_db:
            phase = np.exp(2j * np.pi * rng.uniform(size=inside.sum()))
            denser = (high - low) / (octave * (1.2 - 1.0 / 1.2))
            spectrum[inside] = 10.0 ** (levels_db[octave] / 20.0) * np.sqrt(denser) * phase
    return (np.fft.irfft(spectrum, n) * n * 1e-4).astype(np.float32)[None]


def octaves_of(audio: np.ndarray) -> Octaves:
    meter = OctaveMeter(RATE_HZ, audio.shape[0])
    meter.add(audio)
    return meter.result()


def found(vocal: Mapping[float, float], backing: Mapping[float, float]) -> dict[float, float]:
    masks = unmask(octaves_of(noise_of(vocal)), octaves_of(noise_of(backing, seed=2)))
    assert all(band.type == "band" and band.q == Q for band in masks.bands)
    return {band.frequency_hz: band.gain_db for band in masks.bands}


def test_levels_per_hertz_are_what_was_put_in() -> None:
    levels_db = {250.0: 0.0, 1_000.0: -7.0, 8_000.0: -15.0}
    masks = unmask(octaves_of(noise_of(levels_db)), octaves_of(noise_of(levels_db, seed=3)))
    heard_db = masks.vocal_db[[3, 5, 8]]
    assert heard_db - heard_db[0] == pytest.approx([0.0, -7.0, -15.0], abs=0.3)
    assert np.isinf(masks.vocal_db[[0, 1]]).all(), "empty octaves are silent"


def test_the_backing_masks_the_vocal_and_the_vocal_is_boosted() -> None:
    # Vocal flat over 125 .. 4k. The backing is strongest at 125, 250, 500 (and K-weighted too), and 6 dB above
    # its own 2k and 4k at 1k. DIFF before its mean: -10, -10, -10, -5, 1, 1; mean -5.5; after: -4.5, -4.5, -4.5,
    # +0.5, +6.5, +6.5. Essential to the vocal by K-weighting: 4k, 2k, 1k and 500; to the backing: 500, 250, 125.
    octaves = (125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0)
    vocal = dict.fromkeys(octaves, 0.0)
    backing = dict(zip(octaves, (10.0, 10.0, 10.0, 5.0, -1.0, -1.0), strict=True))
    masks = unmask(octaves_of(noise_of(vocal)), octaves_of(noise_of(backing, seed=2)))
    assert masks.difference_db[[2, 3, 4, 5, 6, 7]] == pytest.approx([-4.5, -4.5, -4.5, 0.5, 6.5, 6.5], abs=0.4)
    assert set(masks.vocal_essential) == {7, 6, 5, 4}
    assert set(masks.backing_essential) == {4, 3, 2}
    assert masks.bands == (), "500 Hz is essential to both, 1k is not masked: nothing to do"


def test_boost_where_the_backing_masks_an_essential_octave() -> None:
    # The vocal's strongest four: 500, 1k, 2k, 4k; the backing's strongest three: 125, 250, 8k.
    vocal = {125.0: -12.0, 250.0: -12.0, 500.0: 4.0, 1_000.0: 0.0, 2_000.0: 0.0, 4_000.0: 0.0, 8_000.0: -12.0}
    backing = {125.0: 0.0, 250.0: 0.0, 500.0: -10.0, 1_000.0: -1.0, 2_000.0: -14.0, 4_000.0: -14.0, 8_000.0: 2.0}
    # DIFF: -12, -12, 14, 1, 14, 14, -14; mean 0.714; 1k: +0.29: not masked. With 1k of the backing 5 dB up: -4, mean 0.
    assert 1_000.0 not in found(vocal, backing)
    backing[1_000.0] = 4.0
    backing[8_000.0] = 6.0
    backing[125.0] = backing[250.0] = 6.0
    # DIFF: -18, -18, 14, -4, 14, 14, -18; mean -2.286; 1k: -1.714: boosted by 1.7 dB. 125, 250 and 8k: not the
    # vocal's, and DIFF < 0 there, so that the vocal does not mask them.
    gains = found(vocal, backing)
    assert gains == {1_000.0: pytest.approx(1.71, abs=0.3)}


def test_cut_where_the_vocal_masks_what_is_essential_to_the_backing() -> None:
    # The vocal's four: 500, 1k, 2k, 4k at 10; 250 is next with 9.5. The backing's three: 250, 8k, 16k.
    vocal = {250.0: 9.5, 500.0: 10.0, 1_000.0: 10.0, 2_000.0: 10.0, 4_000.0: 10.0, 8_000.0: -20.0, 16_000.0: -20.0}
    backing = {250.0: 0.0, 500.0: -8.0, 1_000.0: -8.0, 2_000.0: -8.0, 4_000.0: -8.0, 8_000.0: 2.0, 16_000.0: 0.0}
    # DIFF: 9.5, 18, 18, 18, 18, -22, -20; mean 5.64; 250: +3.86, cut by 3.86; 8k, 16k: below 0, no mask of the vocal.
    assert found(vocal, backing) == {250.0: pytest.approx(-3.86, abs=0.3)}


def test_gains_end_at_the_stated_limit() -> None:
    octaves = (250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0)
    vocal = dict(zip(octaves, (4.2, 4.2, 6.0, 6.0, 6.0, 6.0), strict=True))
    backing = dict(zip(octaves, (-5.0, -5.0, 12.0, 11.0, 9.5, 9.0), strict=True))
    # K-weighted, the vocal's four are 8k, 4k, 2k, 1k, and the backing's three 2k, 8k, 4k. DIFF: 9.2, 9.2, -6, -5, -3.5,
    # -3; mean 0.15; 1k is 6.15 below, which is more than a boost may be.
    assert found(vocal, backing) == {1_000.0: MOST_DB}


def test_levels_of_the_two_sides_do_not_matter() -> None:
    vocal = noise_of({250.0: 0.0, 1_000.0: -3.0, 4_000.0: -9.0})
    backing = noise_of({250.0: 5.0, 1_000.0: 0.0, 2_000.0: 0.0}, seed=2)
    same = unmask(octaves_of(vocal), octaves_of(backing))
    quiet = unmask(octaves_of(vocal * np.float32(0.03)), octaves_of(backing * np.float32(4.0)))
    assert [b.frequency_hz for b in quiet.bands] == [b.frequency_hz for b in same.bands]
    assert [b.gain_db for b in quiet.bands] == pytest.approx([b.gain_db for b in same.bands], abs=0.01)


def test_parts_without_singing_do_not_count() -> None:
    """The backing is another one while nobody sings, and bleed of it is in the vocal's pauses."""
    singing = noise_of({500.0: 0.0, 1_000.0: 0.0, 2_000.0: 0.0, 4_000.0: 0.0})
    under = noise_of({125.0: 3.0, 500.0: -3.0, 1_000.0: 0.0, 2_000.0: -3.0, 4_000.0: -3.0}, seed=2)
    elsewhere = noise_of({4_000.0: 10.0}, seed=3)
    bleed = elsewhere * np.float32(10.0 ** (-55.0 / 20.0))
    alone = unmask(octaves_of(singing), octaves_of(under))
    song = unmask(octaves_of(np.hstack([singing, bleed])), octaves_of(np.hstack([under, elsewhere])))
    assert song.difference_db[5] == pytest.approx(alone.difference_db[5], abs=0.7)
    assert song.vocal_essential == alone.vocal_essential


def test_silence_and_nothing_at_all() -> None:
    silent = octaves_of(np.zeros((2, RATE_HZ), np.float32))
    sound = octaves_of(noise_of({1_000.0: 0.0}, length_s=1.0))
    for pair in ((silent, sound), (sound, silent), (silent, silent), (octaves_of(np.zeros((1, 0), np.float32)), sound)):
        assert unmask(*pair).bands == ()
    assert not open_frames(silent.weighted).any()


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 96_000])
def test_octaves_at_any_rate(rate_hz: int) -> None:
    time_s = np.arange(2 * rate_hz) / rate_hz
    meter = OctaveMeter(rate_hz, 1)
    meter.add(np.sin(2.0 * np.pi * 1_000.0 * time_s).astype(np.float32)[None])
    octaves = meter.result()
    plain, weighted = octaves.plain, octaves.weighted
    assert plain.shape[1] == len(OCTAVES_HZ)
    width_hz = np.diff(band_edges_hz()[5])[0]
    bin_hz = 44_100 / 2048
    in_band = plain.mean(axis=0)[5] * width_hz * bin_hz / (rate_hz / (1 << round(np.log2(8192 / 44_100 * rate_hz))))
    assert plain.mean(axis=0).argmax() == 5
    assert in_band > 0.0
    assert (weighted >= 0.0).all()
