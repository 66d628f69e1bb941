"""What the strips mixer decides: common level, fader tops, scope, and tracks that cannot be judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import ScopeError
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import strips
from reaper_automix.mixers.strip_parameters import (
    StripSettings,
    neutral_reverb_vector,
    neutral_vector,
    reverb_from,
    settings_from,
)
from reaper_automix.mixers.strip_suggestions import Suggestion
from reaper_automix.mixplan import FaderMove, PanMove, PolarityMove
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.session import Session
from reaper_automix.settings import FADER_TOP_DB, MixSettings
from reaper_automix.units import db_to_energy, db_to_lin

RATE_HZ = 16_000
LENGTH_S = 8
NEUTRAL = settings_from(neutral_vector())
Suggest = Callable[..., None]


@pytest.fixture
def suggest(monkeypatch: pytest.MonkeyPatch) -> Suggest:
    """Have these strips suggested, in the order of the tracks."""

    def these(*wanted: StripSettings) -> None:
        suggestion = Suggestion(wanted, reverb_from(neutral_reverb_vector()), "the test")
        monkeypatch.setattr(strips, "suggested", lambda *_: suggestion)

    return these


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., Session]:
    """Make a session of noises at these levels in dB."""

    def of(*levels_db: float, seconds: float = LENGTH_S) -> Session:
        for number, level_db in enumerate(levels_db):
            noise = np.random.default_rng(number).standard_normal(round(seconds * RATE_HZ))
            audio = 0.1 * db_to_lin(level_db) * noise
            soundfile.write(tmp_path / f"Track {number}.wav", audio, RATE_HZ, subtype="FLOAT")
        return StemsHost(tmp_path).read_session()

    return of


def planned_of(session: Session, wanted: tuple[str, ...] = (), **settings: object) -> Planned:
    return make_plan(session, "strips", MixSettings(**settings), wanted=wanted)  # type: ignore[arg-type]


def faders_db(planned: Planned) -> list[float]:
    return [track.gain_db for track in planned.after.tracks]


def at(fader_db: float, **others: object) -> StripSettings:
    return replace(NEUTRAL, fader_db=fader_db, **others)


def test_faders_are_the_suggested_ones_but_for_what_the_tracks_differ_by(session, suggest) -> None:
    suggest(at(0.0), at(-4.0, gain_db=1.0), at(-10.0))
    planned = planned_of(session(0.0, -6.0, -12.0))
    first, second, third = faders_db(planned)
    assert second - first == pytest.approx(6.0 - 3.0, abs=0.2)
    assert third - first == pytest.approx(12.0 - 10.0, abs=0.2)
    assert {type(move) for move in planned.plan.moves} == {FaderMove}
    reasons = [move.reason for move in planned.plan.moves]
    assert all("LU beside the average track (the test)" in reason for reason in reasons)


def test_the_loudness_of_the_mix_stays(session, suggest) -> None:
    suggest(at(-20.0), at(-23.0), at(-26.0))
    planned = planned_of(session(0.0, -6.0, -12.0))
    before, after = ([h.loudness_lufs(i) for i in h.measurements] for h in (planned.hearing, planned.hearing_after))
    powers = [sum(map(db_to_energy, levels)) for levels in (before, after)]
    assert powers[1] == pytest.approx(powers[0], rel=1e-3)
    lufs = [mix.loudness.integrated_lufs for mix in (planned.mix_before, planned.mix_after)]
    assert lufs[1] == pytest.approx(lufs[0], abs=0.1)


def test_the_engineers_faders_count_only_as_the_level_of_the_mix(session, suggest) -> None:
    suggest(at(-1.0), at(-4.0))
    raw = session(-6.0, -12.0)
    moved = replace(raw, tracks=tuple(replace(t, gain_db=db) for t, db in zip(raw.tracks, (-9.0, 2.0), strict=True)))
    differences = [np.subtract(*faders_db(planned_of(one))) for one in (raw, moved)]
    assert differences[0] == pytest.approx(differences[1], abs=0.01)


def test_a_fader_beyond_its_top_lowers_all_together(session, suggest) -> None:
    suggest(at(0.0), at(0.0))
    first, second = faders_db(planned_of(session(-12.0, -28.0)))
    assert second == pytest.approx(FADER_TOP_DB, abs=0.05)
    assert second - first == pytest.approx(16.0, abs=0.2)


def test_a_track_far_below_takes_nothing_down(session, suggest) -> None:
    suggest(at(0.0), at(0.0), at(0.0))
    loud, also, soft = planned_of(session(-12.0, -12.0, -50.0)).after.tracks
    assert soft.gain_db == FADER_TOP_DB
    assert loud.gain_db == pytest.approx(-1.8, abs=0.5)
    planned = planned_of(session(-12.0, -12.0, -50.0))
    assert any("was wanted, the fader ends" in warning for warning in planned.plan.warnings)
    assert also.gain_db == pytest.approx(loud.gain_db, abs=0.2)


def test_tracks_in_scope_go_to_where_the_whole_song_would_have_them(session, suggest) -> None:
    suggest(at(0.0), at(-6.0), at(-3.0))
    song = session(0.0, -6.0, -12.0)
    whole, some = planned_of(song), planned_of(song, wanted=("Track 1",))
    assert {move.track.name for move in some.plan.moves} == {"Track 1"}
    assert faders_db(some)[1] == pytest.approx(faders_db(whole)[1], abs=0.01)
    assert [channel.track_id for channel in some.findings.channels] == list(some.hearing.scope.track_ids)


def test_pans_and_polarities_are_kept_on_wish(session, suggest) -> None:
    suggest(at(0.0, pan=0.5, inverted=True), at(0.0, pan=-0.02))
    song = session(0.0, 0.0)
    moves = {type(move): move for move in planned_of(song).plan.moves if not isinstance(move, FaderMove)}
    assert set(moves) == {PanMove, PolarityMove}, "a pan that nobody hears is none"
    assert moves[PanMove].after == 0.5
    kept = planned_of(song, sets_pans=False, flips_polarity=False)
    assert not any(isinstance(move, PanMove | PolarityMove) for move in kept.plan.moves)


@pytest.mark.parametrize("pan_mode", [0, 3, 5, 6])
@pytest.mark.parametrize("law_db", [0.0, -3.0, -6.0])
def test_pan_laws_and_modes_leave_the_centre_where_it_is(session, suggest, pan_mode, law_db) -> None:
    suggest(at(-2.0), at(-5.0))
    song = replace(session(0.0, -6.0), pan_mode=pan_mode, pan_law_db=law_db)
    after = planned_of(song).hearing_after
    first, second = (after.loudness_lufs(i) for i in after.measurements)
    assert first - second == pytest.approx(3.0, abs=0.01)


def test_levels_stay_without_the_level_step(session, suggest) -> None:
    suggest(at(-2.0, pan=0.5), at(-15.0))
    planned = planned_of(session(-12.0, -30.0), strip_steps=("pan",))
    assert faders_db(planned) == [0.0, 0.0]
    assert planned.after.tracks[0].pan == 0.5


def test_a_track_that_is_too_short_and_soft_is_named_and_left(session, suggest, tmp_path) -> None:
    suggest(at(-2.0))
    session(0.0)
    soft = np.zeros(LENGTH_S * RATE_HZ)
    soft[: RATE_HZ // 2] = 4e-4 * np.random.default_rng(0).standard_normal(RATE_HZ // 2)
    soundfile.write(tmp_path / "Track 9.wav", soft, RATE_HZ, subtype="FLOAT")
    planned = planned_of(StemsHost(tmp_path).read_session())
    assert faders_db(planned)[1] == 0.0
    assert any("Track 9: too soft" in warning for warning in planned.plan.warnings)


def test_very_soft_audio_under_a_raised_fader_is_no_error(session, suggest) -> None:
    suggest(at(-2.0))
    song = session(0.0, -58.0)
    raised = {song.tracks[1].id: replace(song.tracks[1], gain_db=12.0)}
    planned = planned_of(song.with_tracks(raised))
    assert np.isfinite(faders_db(planned)).all()


def test_silence_everywhere_says_so(session, suggest) -> None:
    suggest()
    with pytest.raises(ScopeError, match="silent"):
        planned_of(session(-150.0))


def test_findings_say_what_was_heard(session, suggest) -> None:
    suggest(at(-2.0), at(-5.0))
    found = planned_of(session(0.0, -6.0)).findings
    assert isinstance(found, strips.StripFindings)
    assert (found.source, found.sample_rate_hz) == ("the test", RATE_HZ)
    assert found.starts_s[0] == 0.0
    assert {channel.role for channel in found.channels} <= {None, *Role}
    assert [channel.strip.fader_db for channel in found.channels] == pytest.approx([-2.0, -5.0])
