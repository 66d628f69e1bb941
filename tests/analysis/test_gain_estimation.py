from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from known_mixes import LENGTH_S, RATE_HZ, band, drums, mixed, pad, times_s, voice
from scipy import signal

from reaper_automix.analysis import gain_windows
from reaper_automix.analysis.gain_estimation import GainEstimate, Method, estimate_gains
from reaper_automix.analysis.gain_sources import ArraySource, open_file
from reaper_automix.errors import ScopeError

CONSTANT_DB = (-3.0, -7.5, -12.0, 2.0)
LAGS = (0, 160, 0, 160)
POLARITY = (1, -1, 1, -1)

RIDE_DB = 6.0 * np.sin(2.0 * np.pi * times_s() / LENGTH_S)


def estimated(
    tracks: Sequence[np.ndarray], mix: np.ndarray, method: Method = "auto", rate_hz: int = RATE_HZ
) -> GainEstimate:
    return estimate_gains([ArraySource(track) for track in tracks], ArraySource(mix), rate_hz, method=method)


def off_db(found: GainEstimate, number: int, truth_db: np.ndarray | float, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Return the errors of the smoothed gains where the track sounds."""
    curve = np.broadcast_to(truth_db, (1 << 22,)) if np.ndim(truth_db) == 0 else np.asarray(truth_db)
    at = np.minimum((found.times_s * rate_hz).astype(int), curve.size - 1)
    sounds = np.isfinite(found.gains_db[number])
    assert sounds.any()
    return np.abs(found.smoothed_db[number] - curve[at])[sounds]


def test_constant_gains_come_out_as_constants() -> None:
    found = estimated(band(), mixed(band(), CONSTANT_DB))
    assert found.method == "waveform"
    assert found.residual_db < -30.0
    for number, gain_db in enumerate(CONSTANT_DB):
        assert off_db(found, number, gain_db).max() < 0.05
    assert found.moves == (False,) * 4
    assert found.heard == (True,) * 4
    assert sum(found.share) == pytest.approx(1.0, abs=0.05)


def test_rides_lags_and_inverted_tracks() -> None:
    gains_db = (-3.0, RIDE_DB - 7.5, -12.0 - RIDE_DB, 2.0)
    found = estimated(band(), mixed(band(), gains_db, lags=LAGS, polarity=POLARITY))
    assert found.moves == (False, True, True, False)
    assert [found.lag_s(i) for i in range(4)] == pytest.approx([0.0, 0.01, 0.0, 0.01])
    assert [lag.polarity for lag in found.alignment.lags] == list(POLARITY)
    for number, gain_db in enumerate(gains_db):
        assert np.median(off_db(found, number, gain_db)) < 0.15
    every = np.concatenate([off_db(found, i, gain_db) for i, gain_db in enumerate(gains_db)])
    assert np.median(every) < 0.05
    assert every.max() < 1.0


@pytest.mark.parametrize("method", ["power", "magnitude"])
def test_spectra_find_the_same_without_alignment(method: Method) -> None:
    gains_db = (-3.0, RIDE_DB - 7.5, -12.0, 2.0)
    found = estimated(band(), mixed(band(), gains_db, lags=LAGS, polarity=POLARITY), method)
    assert found.method == method
    medians = [np.median(off_db(found, i, gain_db)) for i, gain_db in enumerate(gains_db)]
    assert np.median(medians) < 0.5 if method == "power" else np.median(medians) < 2.5
    assert found.moves[1]


def test_a_processed_mix_is_compared_by_power() -> None:
    room = np.random.default_rng(5).standard_normal(2000) * np.exp(-np.arange(2000) / 300.0)
    wet = [signal.fftconvolve(track, (room / np.linalg.norm(room))[None])[:, : track.shape[1]] for track in band()]
    found = estimated(band(), mixed(wet, CONSTANT_DB))
    assert found.waveform_residual_db > -10.0
    assert found.method == "power"
    errors = [found.level_db(i) - gain_db for i, gain_db in enumerate(CONSTANT_DB)]
    assert np.abs(np.array(errors) - np.median(errors)).max() < 3.0
    biased = estimated(band(), mixed(wet, CONSTANT_DB), "waveform")
    assert abs(biased.level_db(2) - CONSTANT_DB[2]) > 3.0


def test_two_seconds_of_pause_and_a_faded_end() -> None:
    fade_db = np.interp(times_s(), (0.0, 16.0, 22.0), (0.0, 0.0, -30.0))
    found = estimated(band(), mixed(band(), (fade_db - 3.0, -6.0, -9.0, 0.0)))
    assert found.moves == (True, False, False, False)
    assert np.median(off_db(found, 0, fade_db - 3.0)) < 0.1
    pause = np.isnan(found.gains_db[3])
    assert pause[13:17].all()  # the voice is silent from 6 to 9 s
    assert np.isfinite(found.smoothed_db[3]).all()


def test_a_track_that_is_not_in_the_mix_is_not_heard() -> None:
    tracks = [*band(), pad(seed=9), voice(seed=9)[:, ::-1].copy()]
    for method in ("auto", "power"):
        found = estimated(tracks, mixed(band(), CONSTANT_DB), method)
        assert found.heard[:5] == (True, True, True, True, False)
        assert max(found.share[4:]) < 0.02
    assert estimated(tracks, mixed(band(), CONSTANT_DB)).heard == (True,) * 4 + (False,) * 2


@pytest.mark.parametrize("method", ["waveform", "power"])
def test_copies_of_a_track_share_its_gain(method: Method) -> None:
    tracks = [drums(), pad(), 0.5 * pad(), -pad()]
    mix = mixed(tracks[:2], (-6.0, -3.0))
    found = estimated(tracks, mix, method)
    assert found.alike == ((1, 2, 3),)
    shared_db = -3.0 - 20.0 * np.log10(2.5)
    for number in (1, 2, 3):
        assert found.level_db(number) == pytest.approx(shared_db, abs=0.1)
    assert found.level_db(0) == pytest.approx(-6.0, abs=0.1)


def test_sides_and_their_energy() -> None:
    found = estimated(band(), mixed(band(), CONSTANT_DB, sides=((1.0, 1.0), (1.0, 0.5), (0.25, 1.0), (1.0, 0.0))))
    assert found.side_db[:3] == pytest.approx((0.0, 6.02, -12.04), abs=0.05)
    assert found.side_db[3] > 40.0
    energies = (1.0, 1.25 / 2.0, None, 0.5)
    for number, energy in enumerate(energies):
        if energy is not None:
            assert found.level_db(number) == pytest.approx(CONSTANT_DB[number] + 10.0 * np.log10(energy), abs=0.05)


def test_a_mono_mix_holds_the_mean_of_a_stereo_track() -> None:
    mix = mixed(band(), CONSTANT_DB).mean(axis=0, keepdims=True)
    found = estimated(band(), mix)
    assert found.side_db == (0.0,) * 4
    assert [found.level_db(i) for i in range(4)] == pytest.approx(list(CONSTANT_DB), abs=0.05)


def test_tracks_and_mix_of_different_lengths() -> None:
    tracks = [drums(), pad()[:, : 10 * RATE_HZ]]
    mix = mixed(tracks, (-3.0, -6.0))[:, : round(17.3 * RATE_HZ)]
    found = estimated(tracks, mix)
    assert found.times_s[-1] < 17.3
    assert np.isnan(found.gains_db[1, 21:]).all()
    assert [found.level_db(i) for i in range(2)] == pytest.approx([-3.0, -6.0], abs=0.05)


def test_a_mix_that_begins_earlier_keeps_the_time_of_the_tracks() -> None:
    mix = np.pad(mixed(band(), (-3.0, RIDE_DB - 7.5, -12.0, 2.0)), ((0, 0), (4 * RATE_HZ, 0)))
    found = estimated(band(), mix)
    assert found.offset_s == pytest.approx(4.0)
    assert np.median(off_db(found, 1, RIDE_DB - 7.5)) < 0.1


def test_one_track_alone_and_silent_ones_beside_it() -> None:
    alone = estimated([voice()], mixed([voice()], (-4.0,)))
    assert alone.level_db(0) == pytest.approx(-4.0, abs=0.02)
    silence = np.zeros((1, RATE_HZ), np.float32)
    beside = estimated([silence, voice()], mixed([voice()], (-4.0,)))
    assert beside.heard == (False, True)
    assert np.isnan(beside.level_db(0))
    assert beside.level_db(1) == pytest.approx(-4.0, abs=0.02)


@pytest.mark.parametrize("n_samples", [1, 100, RATE_HZ])
def test_short_signals(n_samples: int) -> None:
    track = pad()[:, 1000 : 1000 + n_samples]
    found = estimated([track], track * np.float32(0.5), "power")
    assert found.gains_db.shape == (1, len(found.times_s))
    assert estimated([track], track * np.float32(0.5), "waveform").level_db(0) == pytest.approx(-6.02, abs=0.1)


def test_nothing_to_compare_is_refused_with_a_reason() -> None:
    silence = np.zeros((2, 4 * RATE_HZ), np.float32)
    with pytest.raises(ScopeError, match="no tracks"):
        estimated([], silence)
    with pytest.raises(ScopeError, match="None of the tracks sounds"):
        estimated([silence], pad())
    with pytest.raises(ScopeError, match="mix is silent"):
        estimated([pad()], silence)


def test_the_size_of_blocks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    tracks, mix = band(), mixed(band(), CONSTANT_DB, lags=LAGS)
    whole = estimated(tracks, mix, "power")
    monkeypatch.setattr(gain_windows, "_BLOCK_BYTES", 1)
    np.testing.assert_allclose(estimated(tracks, mix, "power").gains_db, whole.gains_db, atol=1e-3)


def test_files_of_another_rate(tmp_path: Path) -> None:
    tracks = band()[1:]  # the drums reach up to the edge of the band, which resampling takes off
    mix = signal.resample_poly(mixed(tracks, CONSTANT_DB[1:]), 3, 2, axis=1)
    soundfile.write(tmp_path / "mix.wav", mix.T, RATE_HZ * 3 // 2, subtype="FLOAT")
    for number, track in enumerate(tracks):
        soundfile.write(tmp_path / f"{number}.wav", track.T, RATE_HZ, subtype="FLOAT")
    sources = [open_file(tmp_path / f"{number}.wav", RATE_HZ) for number in range(3)]
    with open_file(tmp_path / "mix.wav", RATE_HZ) as opened:
        found = estimate_gains(sources, opened, RATE_HZ)
    for source in sources:
        source.close()
    assert found.method == "waveform"
    assert [found.level_db(i) for i in range(3)] == pytest.approx(list(CONSTANT_DB[1:]), abs=0.1)


# --- real tracks ---------------------------------------------------------------------------------------------------

SONGS = (
    "raw_and_mix/musicdelta_hendrix",
    "raw_and_mix/musicdelta_zeppelin",
    "raw_tracks/musicdelta_beatles",
    "raw_tracks/musicdelta_country1",
)


@pytest.mark.data
@pytest.mark.parametrize("song", SONGS)
def test_known_gains_on_real_raw_tracks(shared_data: Path, song: str) -> None:
    read = [
        soundfile.read(file, dtype="float32", always_2d=True) for file in sorted((shared_data / song).glob("*_raw.*"))
    ]
    rate_hz, tracks = read[0][1], [audio.T for audio, _ in read]
    n_samples = max(track.shape[1] for track in tracks) + rate_hz
    tracks = [np.pad(track, ((0, 0), (0, n_samples - track.shape[1]))) for track in tracks]
    ride_db = 6.0 * np.sin(2.0 * np.pi * np.arange(n_samples) / n_samples)
    gains_db = [-3.0 - 2.0 * i + (ride_db if i % 3 == 1 else 0.0) for i in range(len(tracks))]
    lags = [round(0.01 * rate_hz) * (i % 2) for i in range(len(tracks))]
    polarity = [-1 if i in (1, 2) else 1 for i in range(len(tracks))]
    found = estimated(tracks, mixed(tracks, gains_db, lags=lags, polarity=polarity), rate_hz=rate_hz)
    assert [lag.samples for lag in found.alignment.lags] == lags
    assert [lag.polarity for lag in found.alignment.lags] == polarity
    errors = [off_db(found, i, gain_db, rate_hz) for i, gain_db in enumerate(gains_db)]
    assert max(float(np.median(error)) for error in errors) < 0.3
    assert float(np.median(np.concatenate(errors))) < 0.05
    assert [found.moves[i] for i in range(len(tracks)) if i % 3 != 1] == [False] * sum(
        i % 3 != 1 for i in range(len(tracks))
    )
