"""Rides proper: what counts as a human's ride, that a planted rule is learned, and that noise is not."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from ridden_songs import ridden_song, ridden_songs, ridden_track, slow_course

from reaper_automix.learning.stability import spectral_radius
from reaper_automix.mixers.ride_model import OBSERVATIONS, RideModel, ride_observations
from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.rides import proper
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.proper import (
    FEWEST_STEPS,
    LDS,
    LIMIT_DB,
    MUTED_DB,
    NO_RIDE,
    R_SCALES,
    RADIUS,
    RULE,
    RideCase,
    RideScore,
    Settings,
    by_author,
    choose_settings,
    error_share,
    fit_rides,
    gain_per_step_db,
    human_ride,
    judge_riders,
    mean_over_songs,
    ride_cases,
    ride_track_of,
    score_ride,
)

SETTINGS = Settings(("rest_9_s_lu",), 2.0)


def follow_the_rest(band_db: np.ndarray) -> np.ndarray:
    """Ride up with what plays beside, half as far, over 9 s."""
    return 0.5 * (np.convolve(np.pad(band_db, 45, mode="edge"), np.ones(90) / 90.0, mode="valid")[:-1] + 25.0)


def by_chance():
    """Return a rule that rides as much as the others, of whatever it likes."""
    rng = np.random.default_rng(8)
    return lambda band_db: 2.0 * slow_course(rng, band_db.size, width=200)


@pytest.fixture(scope="module")
def songs() -> list[RiddenSong]:
    return ridden_songs(5, follow_the_rest)


@pytest.fixture(scope="module")
def cases(songs: list[RiddenSong]) -> list[RideCase]:
    return ride_cases(songs)


def case_of(ride_db: np.ndarray, counts: np.ndarray | None = None, song: str = "s") -> RideCase:
    counts = np.ones(ride_db.size, np.bool_) if counts is None else counts
    nothing = np.zeros((ride_db.size, len(OBSERVATIONS)))
    which = ("c", song, "a", "CC0-1.0", Usage.TRAIN, "t")
    return RideCase(*which, ride_db, counts, counts, nothing, np.zeros(ride_db.size), 1.0)


# --- what a human's ride is ----------------------------------------------------------------------------------------


def test_a_ride_is_the_gain_around_its_mean_where_the_track_sounds() -> None:
    gain_db = np.array([-99.0, *np.tile([-4.0, -2.0], 6), 50.0])
    sounds = np.array([False, *[True] * 12, False])
    found = human_ride(gain_db, sounds)
    assert found is not None
    ride_db, counts = found
    assert counts.tolist() == sounds.tolist()
    assert ride_db == pytest.approx([-1.0, *np.tile([-1.0, 1.0], 6), 1.0]), "outside, what was last"


def test_a_mute_is_no_ride() -> None:
    gain_db = np.tile([0.0, -2.0], 8)
    gain_db[[4, 5]] = -MUTED_DB
    gain_db[6] = -MUTED_DB + 1.0
    found = human_ride(gain_db, np.ones(16, np.bool_))
    assert found is not None
    ride_db, counts = found
    assert np.flatnonzero(~counts).tolist() == [4, 5]
    assert ride_db[counts].mean() == pytest.approx(0.0)
    assert np.diff(ride_db[3:7]) == pytest.approx(np.full(3, (ride_db[6] - ride_db[3]) / 3.0)), "a straight line"


def test_what_goes_far_counts_as_the_limit() -> None:
    gain_db = np.array([*[0.0] * 15, -20.0])
    ride_db, counts = human_ride(gain_db, np.ones(16, np.bool_)) or pytest.fail("no ride")
    assert counts.all()
    clipped = np.array([*[1.25] * 15, -LIMIT_DB])
    assert ride_db == pytest.approx(clipped - clipped.mean())


@pytest.mark.parametrize(
    ("gain_db", "sounds"),
    [
        (np.tile([0.0, 5.0], 8), np.zeros(16, np.bool_)),
        (np.tile([0.0, 5.0], 8), np.arange(16) < FEWEST_STEPS - 1),
        (np.tile([0.0, 0.5], 8), np.ones(16, np.bool_)),
        (np.array([0.0, *[-50.0] * 15]), np.ones(16, np.bool_)),
    ],
    ids=["silent", "too short", "hardly moves", "all but muted"],
)
def test_no_ride_is_none(gain_db: np.ndarray, sounds: np.ndarray) -> None:
    assert human_ride(gain_db, sounds) is None


def test_inside_a_step_the_gain_counts_where_the_energy_is() -> None:
    energy = np.array([*[0.3] * 5, *[0.1] * 5, *[0.0] * 10])
    gain_db = np.array([*[0.0] * 5, *[-10.0] * 5, *[-3.0] * 10])
    track = ridden_track("a", energy, gain_db)
    mean_db = 10.0 * math.log10((0.3 + 0.01) / 0.4)
    assert gain_per_step_db(track, 30) == pytest.approx([mean_db, -3.0, -3.0])
    assert ride_track_of(track, 30).energy == pytest.approx([0.2, 0.0, 0.0])


def test_a_case_holds_what_the_riders_see(songs: list[RiddenSong], cases: list[RideCase]) -> None:
    assert [(case.song, case.author, case.track) for case in cases] == [(f"s{k}", f"a{k}", "lead") for k in range(5)]
    tracks = [ride_track_of(track, 900) for track in songs[0].tracks]
    assert np.array_equal(cases[0].observations, ride_observations(tracks)[0])
    assert np.array_equal(cases[0].rule_db, rule_rides_db(tracks)[0])
    assert np.array_equal(cases[0].sounds, tracks[0].sounds)


def test_tracks_that_nobody_rode_are_no_cases() -> None:
    (song,) = ridden_songs(1, follow_the_rest)
    still = replace(song, tracks=tuple(replace(track, moves=False) for track in song.tracks))
    assert ride_cases([still]) == ride_cases([]) == []


def test_songs_count_alike_however_long_and_however_many_tracks() -> None:
    long, short = ridden_songs(1, follow_the_rest, seconds=120) + ridden_songs(1, follow_the_rest, seconds=40)
    lead = long.tracks[0]
    long = replace(long, tracks=(*long.tracks, replace(lead, id="again")))
    cases = ride_cases([long, replace(short, id="short")])
    weights = {"s0": 0.0, "short": 0.0}
    for case in cases:
        weights[case.song] += case.weight * case.counts.sum()
    assert len(cases) == 3
    assert weights["s0"] == pytest.approx(weights["short"])


# --- learning and judging ------------------------------------------------------------------------------------------


def test_a_planted_rule_is_found_on_authors_that_were_not_learned_from(
    cases: list[RideCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proper, "OBSERVED", (("own_9_s_lu",), ("rest_9_s_lu",), ("own_21_s_lu", "rest_21_s_lu")))
    scores = judge_riders(cases)
    assert {name: len(each) for name, each in scores.items()} == {NO_RIDE: 5, RULE: 5, LDS: 5}
    assert mean_over_songs(scores[LDS], "correlation") > 0.8
    assert error_share(scores[LDS]) < 0.5
    assert error_share(scores[NO_RIDE]) == pytest.approx(1.0)
    assert mean_over_songs(scores[NO_RIDE], "correlation") == 0.0
    assert mean_over_songs(scores[LDS], "deviation_db") > 0.5, "it moves"


def test_noise_is_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proper, "OBSERVED", (("rest_9_s_lu",), ("own_9_s_lu",)))
    monkeypatch.setattr(proper, "R_SCALES", (R_SCALES[0], R_SCALES[-1]))
    scores = judge_riders(ride_cases(ridden_songs(8, by_chance())))
    assert abs(mean_over_songs(scores[LDS], "correlation")) < 0.35
    assert 0.9 < error_share(scores[LDS]) < 1.3


def test_what_the_rule_looks_at_is_chosen_and_trusted_most(cases: list[RideCase]) -> None:
    chosen = choose_settings(cases)
    assert any(name.startswith("rest_") for name in chosen.observed)
    assert chosen.r_scale == R_SCALES[0]


def test_where_nothing_can_be_judged_nothing_is_trusted(cases: list[RideCase]) -> None:
    assert choose_settings([replace(case, author="one") for case in cases]).r_scale == R_SCALES[-1]


def test_a_ride_that_is_there_twice_at_half_the_weight_teaches_the_same(cases: list[RideCase]) -> None:
    once = fit_rides(cases[:2], SETTINGS).to_data()
    half = replace(cases[0], weight=cases[0].weight / 2.0)
    for name, numbers in fit_rides([half, half, cases[1]], SETTINGS).to_data().items():
        if name not in ("step_s", "observed"):
            assert np.array(numbers) == pytest.approx(np.array(once[name]), rel=1e-9, abs=1e-12)


def test_rides_that_only_grow_teach_no_growth() -> None:
    rng = np.random.default_rng(1)
    ride_db = 0.05 * 1.1 ** np.arange(55.0) + 0.02 * rng.standard_normal(55)
    growing = replace(case_of(ride_db), observations=rng.standard_normal((55, len(OBSERVATIONS))))
    radius = spectral_radius(fit_rides([growing], SETTINGS).lds.model.transition)
    assert radius == pytest.approx(RADIUS, abs=1e-6)
    assert radius <= RADIUS + 1e-12


def test_the_system_is_stable_and_a_ride_fades(cases: list[RideCase]) -> None:
    model = fit_rides(cases, SETTINGS)
    assert spectral_radius(model.lds.model.transition) <= RADIUS + 1e-9
    observations = np.concatenate([cases[0].observations, np.zeros((5_000, len(OBSERVATIONS)))])
    sounds = np.arange(observations.shape[0]) < cases[0].sounds.size
    ride_db = model.ride_db(observations, sounds)
    assert np.abs(ride_db[: cases[0].sounds.size]).max() > 1.0
    assert abs(ride_db[-1]) < 0.05


def test_what_was_judged_is_what_is_stored(cases: list[RideCase]) -> None:
    muted = [replace(case, counts=case.counts & (case.observations[:, 1] < 0.0)) for case in cases]
    model = fit_rides(muted, SETTINGS)
    again = RideModel.from_data(json.loads(json.dumps(model.to_data())))
    case = cases[0]
    assert np.array_equal(again.ride_db(case.observations, case.sounds), model.ride_db(case.observations, case.sounds))


def test_a_judged_track_has_no_say_in_its_ride(songs: list[RiddenSong], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another ride and a mute in the judged song: the learned rider answers as before, all other songs differ."""
    answers: dict[str, np.ndarray] = {}
    real = proper.score_ride

    def noted(case: RideCase, ride_db: np.ndarray) -> RideScore:
        answers[case.song] = ride_db  # the learned rider is judged last
        return real(case, ride_db)

    monkeypatch.setattr(proper, "score_ride", noted)
    monkeypatch.setattr(proper, "choose_settings", lambda _: SETTINGS)
    judge_riders(ride_cases(songs))
    before, answers = answers, {}
    lead = songs[2].tracks[0]
    other_db = -3.0 * lead.gain_db
    other_db[200:300] = -40.0
    changed = replace(songs[2], tracks=(replace(lead, gain_db=other_db), songs[2].tracks[1]))
    judge_riders(ride_cases([*songs[:2], changed, *songs[3:]]))
    assert answers["s2"] == pytest.approx(before["s2"], abs=1e-9)
    assert not any(np.allclose(answers[song], before[song], atol=1e-3) for song in before if song != "s2")


def test_what_may_not_be_learned_from_is_only_judged() -> None:
    songs = ridden_songs(3, follow_the_rest, seconds=30, usages={1: Usage.EVALUATE})
    pairs = [
        ({c.author for c in learned}, {c.author for c in judged}) for learned, judged in by_author(ride_cases(songs))
    ]
    assert pairs == [({"a2"}, {"a0"}), ({"a0", "a2"}, {"a1"}), ({"a0"}, {"a2"})]


def test_all_songs_of_an_author_are_held_out() -> None:
    songs = [replace(song, author="xy"[k % 2]) for k, song in enumerate(ridden_songs(4, follow_the_rest, seconds=30))]
    for learned, judged in by_author(ride_cases(songs)):
        assert len(learned) == len(judged) == 2
        assert not {case.author for case in learned} & {case.author for case in judged}


# --- scores --------------------------------------------------------------------------------------------------------


def test_a_score_by_hand() -> None:
    """Means over the steps that count go first: human -1, 1, -1, 1 and rider -1, 2, -2, 1."""
    counts = np.array([True, True, True, True, False])
    score = score_ride(case_of(np.array([4.0, 6.0, 4.0, 6.0, 99.0]), counts), np.array([0.0, 3.0, -1.0, 2.0, -99.0]))
    assert score.mean_square_db2 == pytest.approx((0.0 + 1.0 + 1.0 + 0.0) / 4.0)
    assert score.human_mean_square_db2 == pytest.approx(1.0)
    assert score.mean_error_db == pytest.approx(0.5)
    assert score.human_mean_db == pytest.approx(1.0)
    assert score.deviation_db == pytest.approx(math.sqrt(2.5))
    assert score.correlation == pytest.approx(6.0 / math.sqrt(4.0 * 10.0))


def test_a_rider_that_stands_still_correlates_with_nothing() -> None:
    score = score_ride(case_of(np.array([1.0, -1.0, 1.0, -1.0])), np.full(4, 3.0))
    assert score.correlation == 0.0
    assert score.mean_square_db2 == score.human_mean_square_db2 == 1.0


def test_songs_count_once_however_many_tracks_they_have() -> None:
    human = np.array([2.0, -2.0, 2.0, -2.0])
    twice = score_ride(case_of(human, song="two"), 0.0 * human)
    once = score_ride(case_of(human, song="one"), human)
    assert mean_over_songs([twice, twice, once], "mean_square_db2") == pytest.approx(2.0)
    assert error_share([twice, twice, once]) == pytest.approx(2.0 / 3.0)
    assert error_share([twice, twice, once], by_song=True) == pytest.approx(0.5)


def test_a_song_of_one_track_is_no_obstacle() -> None:
    energy, gain_db = np.full(200, 0.01), np.repeat([0.0, -4.0], 100)
    (case,) = ride_cases([ridden_song(0, [ridden_track("alone", energy, gain_db)])])
    assert np.isfinite(case.observations).all()
