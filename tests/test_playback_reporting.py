"""What a report plays is what is heard of the session, before and after."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix import playback_reporting
from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.audio import encoding
from reaper_automix.audio.solo import Solos, play_mixes
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.errors import Cancelled
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.playback_reporting import playback_of, sounds_of, with_playback
from reaper_automix.report.playback_model import MIX, Piece, Playback, Variant
from reaper_automix.reporting import report_of
from reaper_automix.session import FxSlot, Track
from reaper_automix.settings import MixSettings

RATE_HZ = 44_100
LENGTH_S = 6.0
Make = Callable[..., Planned]


def played(seed: int, n_channels: int = 1) -> np.ndarray:
    """Return struck noise, float (n_samples, n_channels)."""
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    rng = np.random.default_rng(seed)
    audio = 0.2 * rng.standard_normal((time_s.size, n_channels)) * np.exp(-6.0 * (time_s % 0.5))[:, None]
    return np.apply_along_axis(lambda channel: np.convolve(channel, np.ones(6) / 6.0, "same"), 0, audio)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Plan the balance of three stems, one of them stereo; keywords are of ``make_plan``."""
    stems = tmp_path_factory.mktemp("stems")
    cache = MeasurementCache(tmp_path_factory.mktemp("cache"))
    for name, seed, n_channels in (("Bass", 1, 1), ("Keys", 2, 2), ("Kick", 3, 1)):
        soundfile.write(stems / f"{name}.wav", played(seed, n_channels) * 0.3 ** (seed % 2), RATE_HZ)

    def planned(**keywords: object) -> Planned:
        session = StemsHost(stems).read_session()
        return make_plan(session, "balance", MixSettings(), cache=cache, **keywords)  # type: ignore[arg-type]

    return planned


@pytest.fixture(scope="module")
def planned(make: Make) -> Planned:
    return make()


def track_of(planned: Planned, name: str) -> Track:
    return next(track for track in planned.before.tracks if track.name == name)


def piece_of(playback: Playback, title: str) -> Piece:
    return next(piece for piece in playback.pieces if piece.title == title)


def heard(playback: Playback, variant: Variant) -> np.ndarray:
    """Return what a browser plays, float32 (2, n)."""
    file = io.BytesIO(base64.b64decode(playback.sounds[variant.sound]))
    audio, _ = soundfile.read(file, dtype="float32", always_2d=True)
    return audio.T * np.array([[variant.gain_left], [variant.gain_right]], np.float32)


def lufs(audio: np.ndarray) -> float:
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.add(np.ascontiguousarray(audio))
    return meter.result().integrated_lufs


def errors_db(audio: np.ndarray, truth: np.ndarray) -> float:
    return float(10.0 * np.log10(np.square(audio - truth).sum() / np.square(truth).sum()))


def with_tone(planned: Planned, name: str) -> Planned:
    """Return a plan after which a track has an equaliser."""
    track = next(t for t in planned.after.tracks if t.name == name)
    tone = EqualiserSettings((Band("high_shelf", 2_000.0, -9.0),))
    slot = FxSlot("{fx}", "VST: ReaEQ (Cockos)", "VST", settings=tone)
    return replace(planned, after=planned.after.with_tracks({track.id: replace(track, effects=(slot,))}))


# --- what is played ------------------------------------------------------------------------------------------------


def test_the_mix_and_every_track_are_played_as_they_are_heard(planned: Planned) -> None:
    planned = with_tone(planned, "Keys")
    playback = playback_of(planned)
    assert [piece.title for piece in playback.pieces] == [MIX, "Bass", "Keys", "Kick"]
    assert (playback.missing, playback.reason) == ((), "")
    sessions, range_s = (planned.before, planned.after), (0.0, LENGTH_S)
    for piece in playback.pieces:
        assert (piece.start_s, piece.end_s) == range_s
        if piece.track_id is None:
            truths = play_mixes(sessions, RATE_HZ, range_s)
        else:
            truths = Solos(sessions, RATE_HZ, range_s).play(piece.track_id)
        for variant, truth in zip((piece.before, piece.after), truths, strict=True):
            audio = heard(playback, variant)
            assert audio.shape == truth.shape
            assert errors_db(audio, truth) < -8.0, "aligned to the sample, or this noise would not match at all"
            assert variant.loudness_lufs == pytest.approx(lufs(audio), abs=0.01)
            assert variant.loudness_lufs == pytest.approx(lufs(truth), abs=0.2)


def test_matched_variants_are_equally_loud(planned: Planned) -> None:
    playback = playback_of(with_tone(planned, "Keys"))
    for piece in playback.pieces:
        before, after = piece.matched_levels()
        assert max(before, after) == pytest.approx(1.0), "nothing is raised"
        loud = [lufs(heard(playback, v) * np.float32(g)) for v, g in ((piece.before, before), (piece.after, after))]
        assert loud[0] == pytest.approx(loud[1], abs=0.05)


def test_what_only_changes_its_level_is_kept_once(planned: Planned) -> None:
    playback = playback_of(planned)
    assert len(playback.sounds) == 2 + 3, "both mixes, and one sound per track"
    changed = playback_of(with_tone(planned, "Keys"))
    assert len(changed.sounds) == 2 + 4
    bass, keys = piece_of(changed, "Bass"), piece_of(changed, "Keys")
    assert bass.is_same_sound
    assert bass.before.sound == bass.after.sound
    assert keys.before.sound != keys.after.sound
    channels = [soundfile.info(io.BytesIO(base64.b64decode(changed.sounds[v]))).channels for v in (2, 3)]
    assert channels == [1, 2], "what is the same on both sides has one channel"


def test_a_mix_that_does_not_change_is_kept_once(planned: Planned) -> None:
    playback = playback_of(replace(planned, after=planned.before))
    assert len(playback.sounds) == 1 + 3
    assert playback.pieces[0].louder_by_lu == 0.0


def test_part_of_the_session_plays_that_part(make: Make) -> None:
    playback = playback_of(make(range_s=(1.0, 3.5)))
    assert {(piece.start_s, piece.end_s) for piece in playback.pieces} == {(1.0, 3.5)}
    assert heard(playback, playback.pieces[0].before).shape == (2, round(2.5 * RATE_HZ))


def test_only_tracks_in_scope_are_played_alone(make: Make) -> None:
    playback = playback_of(make(wanted=("Bass", "Keys")))
    assert [piece.title for piece in playback.pieces] == [MIX, "Bass", "Keys"]


# --- what is not played --------------------------------------------------------------------------------------------


def test_what_has_no_room_is_named(planned: Planned) -> None:
    planned = with_tone(planned, "Keys")
    mix_bytes = playback_of(planned, room_bytes=0).n_bytes
    playback = playback_of(planned, room_bytes=mix_bytes + 80_000)
    assert 1 < len(playback.pieces) < 4
    assert playback.n_bytes <= mix_bytes + 90_000
    assert [title for title, _ in playback.missing] == ["Bass", "Keys", "Kick"][len(playback.pieces) - 1 :]
    assert all("no room" in why for _, why in playback.missing)


def test_a_file_that_cannot_be_read_any_more_is_named(planned: Planned, tmp_path: Path) -> None:
    kick = track_of(planned, "Kick")
    (item,) = kick.items
    gone = tmp_path / "gone.wav"
    soundfile.write(gone, np.full(round(LENGTH_S * RATE_HZ), np.nan), RATE_HZ, subtype="FLOAT")
    broken = replace(item, takes=(replace(item.takes[0], source=replace(item.takes[0].source, path=str(gone))),))
    here = planned.before.with_tracks({kick.id: replace(kick, items=(broken,))})
    playback = playback_of(replace(planned, before=here))
    assert (playback.pieces, playback.sounds) == ((), ())
    assert "not numbers" in playback.reason
    monitored = here.with_tracks({kick.id: replace(here.track(kick.id), sends_to_parent=False)})
    assert "Kick" in dict(playback_of(replace(planned, before=monitored, after=monitored)).missing)


def test_a_silent_track_is_named(planned: Planned) -> None:
    kick = track_of(planned, "Kick")
    muted = {kick.id: replace(kick, muted=True)}
    planned = replace(planned, before=planned.before.with_tracks(muted), after=planned.after.with_tracks(muted))
    playback = playback_of(planned)
    assert [piece.title for piece in playback.pieces] == [MIX, "Bass", "Keys"]
    assert playback.missing == (("Kick", "it is silent in the excerpt, before and after"),)


def test_a_track_that_comes_up_from_silence_can_be_heard(planned: Planned) -> None:
    kick = track_of(planned, "Kick")
    planned = replace(planned, before=planned.before.with_tracks({kick.id: replace(kick, muted=True)}))
    piece = piece_of(playback_of(planned), "Kick")
    assert (piece.before.gain_left, piece.louder_by_lu) == (0.0, None)
    assert piece.matched_levels() == (1.0, 1.0)
    assert piece.after.gain_left > 0.0


def test_an_excerpt_of_nothing_has_a_reason(planned: Planned) -> None:
    short = replace(planned, plan=replace(planned.plan, range_s=(1.0, 1.2)))
    assert "shorter than 0.5 s" in playback_of(short).reason
    silent = planned.before.with_tracks({t.id: replace(t, muted=True) for t in planned.before.tracks})
    assert "silent" in playback_of(replace(planned, before=silent, after=silent)).reason


def test_who_stops_listening_stops_the_work(planned: Planned) -> None:
    def stop(stage: str, done: float, total: float, label: str = "") -> None:
        assert (stage, total) == ("Writing the report", 3)
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        playback_of(planned, stop)


def test_a_report_without_audio_says_why(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(planned, None, ())
    assert "--no-report-audio" in with_playback(report, planned, wanted=False).playback.reason
    monkeypatch.setattr(playback_reporting, "can_encode", lambda: False)
    assert "install.py" in with_playback(report, planned).playback.reason


# --- what is the same is kept once ---------------------------------------------------------------------------------


def test_one_sound_where_one_is_enough() -> None:
    left, right = (played(seed)[:, 0].astype(np.float32) for seed in (7, 8))
    stereo = np.array([left, right])
    for before, after, n_channels in (
        (np.array([left, left]), np.array([0.5 * left, -0.25 * left]), 1),
        (np.array([0.0 * left, left]), np.array([0.5 * left, 0.0 * left]), 1),
        (stereo, stereo * np.float32(0.3), 2),
        (stereo, np.array([0.5 * left, 2.0 * right]), 2),
        (0.0 * stereo, stereo, 2),
    ):
        sounds, gains = sounds_of(before, after)
        assert [len(sound) for sound in sounds] == [n_channels]
        for audio, (number, *sides) in zip((before, after), gains, strict=True):
            made = sounds[number] * np.array([[side] for side in sides], np.float32)
            np.testing.assert_allclose(made, audio, atol=1e-6)


def test_two_sounds_where_they_differ() -> None:
    left, right = (played(seed)[:, 0].astype(np.float32) for seed in (7, 8))
    stereo = np.array([left, right])
    for before, after, shapes in (
        (stereo, stereo[::-1], [2, 2]),
        (np.array([left, left]), stereo, [1, 2]),
        (np.array([left, left]), np.array([right, right]), [1, 1]),
        (stereo, stereo * np.linspace(1.0, 0.9, left.size, dtype=np.float32), [2, 2]),
    ):
        sounds, gains = sounds_of(before, after)
        assert [len(sound) for sound in sounds] == shapes
        assert [number for number, *_ in gains] == [0, 1]
        for audio, (number, *sides) in zip((before, after), gains, strict=True):
            made = sounds[number] * np.array([[side] for side in sides], np.float32)
            np.testing.assert_allclose(made, audio, atol=1e-6)


def test_pieces_know_how_they_differ() -> None:
    loud, soft = Variant(0, 1.0, 0.5, -20.0, -3.0), Variant(0, 0.5, 0.25, -26.0, -9.0)
    piece = Piece("{K}", "Kick", 0.0, 1.0, soft, loud)
    assert piece.louder_by_lu == pytest.approx(6.0)
    assert piece.matched_levels() == pytest.approx((1.0, 0.501), abs=1e-3)
    assert piece.is_same_sound
    assert not replace(piece, after=replace(loud, gain_right=-0.5)).is_same_sound
    assert not replace(piece, after=replace(loud, gain_right=1.0)).is_same_sound
    assert Playback(pieces=(piece,)).lowered_db == 0.0
    assert Playback(pieces=(replace(piece, after=replace(loud, peak_dbtp=2.5)),)).lowered_db == 2.5
    assert encoding.LEAST_KBPS == 64
