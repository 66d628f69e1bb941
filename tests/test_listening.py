"""Tracks and mixes are measured through our effects, and what was measured without any stays known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from reaper_automix import listening
from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.measurement import Measurement, measure
from reaper_automix.audio import track_sound
from reaper_automix.audio.render import render
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.rack import Rack
from reaper_automix.listening import measure_mixes, measure_session_tracks
from reaper_automix.session import (
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    FxSlot,
    Item,
    Master,
    Send,
    SendMode,
    Session,
    Source,
    Take,
    TempoMarker,
    Track,
)

RATE_HZ = 16_000
TONE = EqualiserSettings((Band("high_shelf", 2_000.0, -9.0),))
GLUE = CompressorSettings(threshold_db=-35.0, ratio=6.0)
ROOM = ReverbSettings(decay_s=0.4)


def fx(settings: EffectSettings, effect_id: str = "{fx}", tag: str = "Automix: x", **kwargs: bool) -> FxSlot:
    return FxSlot(effect_id, "VST: Any (Maker)", "VST", tag=tag, settings=settings, **kwargs)


@pytest.fixture
def audio() -> np.ndarray:
    swell = np.linspace(0.5, 0.02, 3 * RATE_HZ)
    return (np.random.default_rng(5).standard_normal((1, 3 * RATE_HZ)) * swell).astype(np.float32)


@pytest.fixture
def session_with(tmp_path: Path, audio: np.ndarray) -> Callable[..., Session]:
    """Make a session of one mono track of 3 s with these effects."""
    sf.write(tmp_path / "a.wav", audio.T, RATE_HZ, subtype="FLOAT")
    item = Item("{i}", 0.0, 3.0, (Take("{k}", "a", Source("WAVE", str(tmp_path / "a.wav"))),))

    def make(*effects: FxSlot, **kwargs: bool) -> Session:
        return Session(tracks=(Track("{t}", "t", gain_db=-10.0, items=(item,), effects=effects, **kwargs),))

    return make


@pytest.fixture
def cache(tmp_path: Path) -> MeasurementCache:
    return MeasurementCache(tmp_path / "cache")


def of_track(session: Session, cache: MeasurementCache, range_s: tuple[float, float] = (0.0, 3.0)) -> Measurement:
    return measure_session_tracks(session, ["{t}"], range_s, cache=cache)["{t}"]


def same(a: Measurement, b: Measurement) -> bool:
    return np.allclose(a.block_energy, b.block_energy, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("settings", [(TONE, GLUE), (GLUE, ROOM)])
@pytest.mark.parametrize("range_s", [(0.0, 3.0), (2.0, 3.0)])
def test_a_track_is_measured_after_its_effects_and_before_its_fader(
    session_with: Callable[..., Session],
    cache: MeasurementCache,
    audio: np.ndarray,
    settings: tuple[EffectSettings, ...],
    range_s: tuple[float, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(track_sound, "BLOCK_SAMPLES", 7_000)
    effects = tuple(fx(each) for each in settings)
    played = Rack(effects, RATE_HZ).process(audio)[:, round(range_s[0] * RATE_HZ) :]
    expected = measure([played], RATE_HZ, len(played), start_s=range_s[0], n_samples=played.shape[1])
    measured = of_track(session_with(*effects), cache, range_s)
    assert same(measured, expected)
    np.testing.assert_allclose(measured.waveform, expected.waveform, atol=1e-5)
    assert not same(measured, of_track(session_with(), cache, range_s))


def test_measurements_are_known_by_what_is_heard(
    session_with: Callable[..., Session], cache: MeasurementCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    dry, toned = session_with(), session_with(fx(TONE))
    first = {name: (of_track(s, cache), measure_mixes([s], cache=cache)[0]) for name, s in (("", dry), ("x", toned))}
    assert not same(first[""][0], first["x"][0])
    assert not same(first[""][1], first["x"][1])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(listening, "measure", refuse)
    monkeypatch.setattr(listening, "render", refuse)
    for known, session in (
        ("x", session_with(fx(TONE, "{other}", "Automix: another name"))),
        ("", session_with(fx(TONE, bypassed=True))),
        ("", session_with(fx(TONE, offline=True))),
    ):
        assert same(of_track(session, cache), first[known][0])
        assert same(measure_mixes([session], cache=cache)[0], first[known][1])
    assert same(of_track(session_with(fx(TONE), effects_bypassed=True), cache), first[""][0])
    changed = EqualiserSettings((replace(TONE.bands[0], gain_db=-9.5),))
    for other in (session_with(fx(changed)), session_with(fx(TONE), fx(TONE)), session_with(fx(GLUE))):
        with pytest.raises(AssertionError, match="measured again"):
            of_track(other, cache)
        with pytest.raises(AssertionError, match="measured again"):
            measure_mixes([other], cache=cache)


def test_a_mix_is_measured_as_the_console_plays_it(
    session_with: Callable[..., Session], cache: MeasurementCache
) -> None:
    session = session_with(fx(TONE), fx(GLUE))
    room = Track("{b}", "room", receives=(Send("{t}"),), effects=(fx(ROOM),))
    session = replace(session, tracks=(*session.tracks, room))
    wet, dry = measure_mixes([session, session_with()], cache=cache)
    (master,) = (np.concatenate(parts, axis=1) for parts in zip(*render([session]), strict=True))
    assert same(wet, measure([master], RATE_HZ, 2, start_s=0.0, n_samples=master.shape[1]))
    assert not same(wet, dry)


def test_what_was_measured_before_effects_were_played_is_still_known() -> None:
    """The keys below were made by the version before; other plug-ins with a tag or an envelope do not change them."""
    item = Item("{i}", 1.0, 4.0, (Take("{k}", "a", Source("WAVE", "/a.wav")),), line_number=3)
    eq = FxSlot("{1}", "VST: ReaEQ (Cockos)", "VST", tag="mine", altered=True, automated=True)
    off = FxSlot("{2}", "VST: ReaComp (Cockos)", "VST", bypassed=True)
    synth = FxSlot("{3}", "VSTi: S", "VST", is_instrument=True)
    level = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0, -3.0),))
    vox = Track(
        "{a}",
        "Vox",
        1,
        gain_db=-3,
        effects=(eq, off, synth),
        items=(item,),
        selected=True,
        vca_leads=frozenset({3, 1}),
    )
    bus = Track("{b}", "bus", 2, receives=(Send("{a}", SendMode.PRE_FADER),), effects_bypassed=True, effects=(eq,))
    session = Session(
        path="/p",
        name="n",
        sample_rate_hz=48000,
        tempo_map=(TempoMarker(0, 120),),
        master=Master(effects=(off,), envelopes=(level,)),
        tracks=(vox, bus),
    )

    class Hashes:
        def of(self, path: str | None) -> str:
            return f"hash:{path}"

    described = (listening._mix_description(session, Hashes()), listening._track_description(vox, Hashes()))
    assert [listening._key(each, 48_000, (0.0, 5.0)) for each in described] == [
        "26cb4f8b9f9dd338f2651f8266f5a9cfc23fbc354ef9d4a295aef80002a0a14f",
        "b35dc27dc07199f433b45c8e895e64d7e418d438306f1776d1163b0b274fca15",
    ]
