"""What the tone mixer decides: who gets an equaliser, what the fader makes up for, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tone_models

from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.errors import ModelError, ScopeError
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import tone, tone_network
from reaper_automix.mixers.tone_network import ToneModel
from reaper_automix.mixplan import EffectMove, FaderMove, TakeMove
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.session import Session
from reaper_automix.settings import MixSettings

RATE_HZ, SECONDS = 16_000, 4


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[[ToneModel], None]:
    """Have this model shipped."""
    return lambda model: monkeypatch.setattr(tone, "load_model", lambda: model)


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., Session]:
    """Make a session of noises with these names."""

    def of(*names: str, level: float = 0.1) -> Session:
        for number, name in enumerate(names):
            audio = level * np.random.default_rng(number).standard_normal(SECONDS * RATE_HZ)
            soundfile.write(tmp_path / f"{name}.wav", audio, RATE_HZ, subtype="FLOAT")
        return StemsHost(tmp_path).read_session()

    return of


def planned_of(session: Session, wanted: tuple[str, ...] = (), **settings: object) -> Planned:
    return make_plan(session, "tone", MixSettings(**settings), wanted=wanted)  # type: ignore[arg-type]


def toned(planned: Planned) -> dict[str, EqualiserSettings]:
    moves = [m for m in planned.plan.moves if isinstance(m, EffectMove)]
    return {m.track.name: m.settings for m in moves if isinstance(m.settings, EqualiserSettings)}


def test_each_group_asks_its_own_network(session, known) -> None:
    bright, dark = tone_models.network(tone_models.TILT_DB), tone_models.network(-tone_models.TILT_DB)
    known(ToneModel({"bass": dark, "vocal": bright}, {}))
    found = toned(planned_of(session("Bass", "Gtr", "Lead Vox")))
    assert set(found) == {"Bass", "Lead Vox"}, "there is no network of guitars"
    lowest = {name: min(settings.bands, key=lambda band: band.frequency_hz) for name, settings in found.items()}
    assert lowest["Bass"].gain_db > 0.0 > lowest["Lead Vox"].gain_db


def test_the_fader_makes_up_for_what_the_limits_leave(session, known) -> None:
    known(tone_models.model(8.0 * tone_models.TILT_DB))
    planned = planned_of(session("Bass"))
    (change,) = [c.change_lu for c in planned.findings.channels]
    faders = [m for m in planned.plan.moves if isinstance(m, FaderMove)]
    if abs(change) > tone.SMALLEST_CHANGE_LU:
        assert faders[0].after_db == pytest.approx(-change, abs=1e-6)
        assert "LU" in faders[0].reason
    before, after = (h.loudness_lufs(planned.before.tracks[0].id) for h in (planned.hearing, planned.hearing_after))
    assert after == pytest.approx(before, abs=0.15)


def test_who_is_left_alone_is_named_with_the_reason(session, known) -> None:
    known(tone_models.model())
    planned = planned_of(session("Bass", "Kick", "Qwxz", "Snare"))
    assert set(toned(planned)) == {"Bass"}
    warnings = planned.plan.warnings
    assert any(w.startswith("Kick and Snare: left alone, because the networks know") for w in warnings)
    assert any(w.startswith("Qwxz: left alone, because nothing says what it plays") for w in warnings)


def test_only_wanted_tracks_are_touched(session, known) -> None:
    known(tone_models.model())
    planned = planned_of(session("Bass", "Gtr"), wanted=("Gtr",))
    assert {move.track.name for move in planned.plan.moves if isinstance(move, EffectMove)} == {"Gtr"}


def test_strength_scales_gains_in_db(session, known) -> None:
    known(tone_models.model())
    song = session("Bass")
    whole, half, none = (toned(planned_of(song, strength_percent=p)) for p in (100.0, 50.0, 0.0))
    assert not none
    gains = [[band.gain_db for band in found["Bass"].bands] for found in (whole, half)]
    assert gains[1] == pytest.approx([0.5 * gain_db for gain_db in gains[0]])


def test_frozen_tracks_get_nothing(session, known) -> None:
    known(tone_models.model())
    song = session("Bass", "Gtr")
    frozen = song.with_tracks({song.tracks[0].id: replace(song.tracks[0], frozen=True)})
    for take in (False, True):
        planned = planned_of(frozen, tone_take=take)
        named = {m.track.name for m in planned.plan.moves if isinstance(m, EffectMove | TakeMove)}
        assert named == {"Gtr"}
        assert any("Bass: no equaliser for its tone, because the track is frozen" in w for w in planned.plan.warnings)


def test_a_curve_that_is_flat_changes_nothing(session, known) -> None:
    known(tone_models.model(np.full(tone_network.N_BANDS, 3.0)))
    assert not toned(planned_of(session("Bass")))


def test_silence_everywhere_says_so(session, known) -> None:
    known(tone_models.model())
    with pytest.raises(ScopeError, match="silent"):
        planned_of(session("Bass", level=0.0))


def test_without_its_networks_it_says_what_to_do(session, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(tone_network, "MODEL_NAME", "no such model")
    with pytest.raises(ModelError, match="no such model"):
        planned_of(session("Bass"))


def test_findings_say_what_was_heard(session, known) -> None:
    known(tone_models.model())
    found = planned_of(session("Bass", "Kick")).findings
    assert isinstance(found, tone.ToneFindings)
    (channel,) = found.channels
    assert (channel.group, channel.start_s, found.sample_rate_hz) == ("bass", 0.0, RATE_HZ)
    assert channel.fit.distance_db < 1.0 < channel.fit.curve_rms_db


def test_it_says_on_what_each_network_is_proven(session, known) -> None:
    cards = {
        "bass": {"method": "network", "proven_on_unseen_songs": True, "proven_on_stems_of_engineers": False},
        "vocal": {"method": "mean curve"},
        "keys": {"method": "network"},
        "guitar": {"method": "network", "proven_on_unseen_songs": True},
    }
    known(replace(tone_models.model(), card={"groups": cards}))
    bass, keys, vocal = planned_of(session("Bass", "Keys", "Lead Vox")).findings.evidence
    assert bass.startswith("The network of bass beats the raw track and the mean curve on unseen songs; it is not")
    assert "human engineers" in bass
    assert "not proven anywhere" in keys
    assert "the mean curve of its stems" in vocal


def test_the_shipped_networks_answer(session) -> None:
    planned = planned_of(session("Bass", "Gtr", "Keys", "Lead Vox"))
    assert len(planned.findings.channels) == 4
    for channel in planned.findings.channels:
        assert channel.fit.distance_db <= 1.5
