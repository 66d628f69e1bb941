"""Whole courses: level and ride against the human's, numbers by hand, and who is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from mixer_sounds import sound
from ridden_songs import ridden_song, ridden_track

pytest.importorskip("sklearn", reason="needs the extra 'train'")

from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.songs import Example, HeardSong, HeardTrack, MixSong
from reaper_automix.training.rides import courses
from reaper_automix.training.rides.courses import QUANTILES, RIDDEN, RIDERS, CourseScore, judge_courses
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.proper import LDS, NO_RIDE, RULE, RideCase, ride_cases

N_BLOCKS = 400
LOUD_DB = -20.0
NAMES = ("lead", "band", "pad")


def song(number: int, author: str, usage: Usage = Usage.TRAIN, *, moves: bool = True) -> RiddenSong:
    """Make a song of three steady tracks of one loudness, the first of which is ridden 3 dB up and down."""
    energy = np.full(N_BLOCKS, 0.01)
    ride_db = np.repeat([3.0, -3.0], N_BLOCKS // 2) if moves else np.zeros(N_BLOCKS)
    gains = (ride_db, np.full(N_BLOCKS, -4.0), np.full(N_BLOCKS, 2.0))
    tracks = [
        ridden_track(name, energy, gain, moves=moves and name == "lead")
        for name, gain in zip(NAMES, gains, strict=True)
    ]
    return ridden_song(number, tracks, author, usage)


def heard(ridden: RiddenSong, names: Sequence[str] = NAMES) -> HeardSong:
    """Return the same song as the balance hears it: other audio of one loudness, and the human's levels."""
    levels_lufs = dict(zip(NAMES, (-20.0, -24.0, -18.0), strict=True))
    tracks = tuple(HeardTrack(name, name, None, sound(LOUD_DB), levels_lufs[name]) for name in names)
    return HeardSong(ridden.corpus, ridden.id, ridden.author, ridden.licence, ridden.usage, tracks)


def judged(
    songs: Sequence[RiddenSong],
    cases: Sequence[RideCase] | None = None,
    names: Sequence[str] = NAMES,
) -> list[CourseScore]:
    known = ride_cases(songs) if cases is None else cases
    return judge_courses(songs, [heard(each, names) for each in songs], known, np.random.default_rng(2))


@pytest.fixture(scope="module")
def scores() -> list[CourseScore]:
    return judged([song(number, author) for number, author in enumerate("aabc")])


def test_every_track_has_every_level_and_the_last_two_every_rider(scores: list[CourseScore]) -> None:
    names = list(dict.fromkeys(score.predictor for score in scores))
    levels = ["constant", "equal loudness", *RIDDEN]
    assert names == [
        name
        for level in levels
        for name in [level, *(f"{level} + {rider}" for rider in RIDERS if rider != NO_RIDE and level in RIDDEN)]
    ]
    for name in names:
        each = [score for score in scores if score.predictor == name]
        assert len(each) == 4 * 3
        assert {(score.song, score.track) for score in each} == {(f"s{k}", track) for k in range(4) for track in NAMES}
    assert {score.track for score in scores if score.moves} == {"lead"}


def test_equal_loudness_by_hand(scores: list[CourseScore]) -> None:
    """All tracks at one level: off by -3 and 3 dB on the lead, 4 on the band, -2 on the pad; their median goes."""
    off = {
        "lead": np.repeat([-3.0, 3.0], 20),
        "band": np.full(40, 4.0),
        "pad": np.full(40, -2.0),
    }
    common = np.median(np.concatenate(list(off.values())))
    for score in scores:
        if score.predictor == "equal loudness":
            expected = np.quantile(np.abs(off[score.track] - common), QUANTILES)
            assert score.errors_db == pytest.approx(expected, abs=0.05)


def test_a_ride_that_is_the_humans_takes_the_error_of_the_ride_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a level and riders of our own: what the best of them can reach is 0 dB for every track."""

    @dataclass(frozen=True)
    class Knows:
        name: str = RIDDEN[0]

        def fit(self, examples: Sequence[Example]) -> Knows:
            assert examples
            return self

        def predict_gains_db(self, shown: MixSong) -> np.ndarray:
            return np.array([-20.0, -24.0, -18.0]) - shown.loudness_lufs + 7.0

    def human(cases: Sequence[RideCase]) -> dict[str, object]:
        def follow(tracks: Sequence[object]) -> list[np.ndarray]:
            return [np.repeat([3.0, -3.0], 20), np.zeros(40), np.zeros(40)]

        def still(tracks: Sequence[object]) -> list[np.ndarray]:
            return [np.zeros(40)] * 3

        return {NO_RIDE: still, RULE: still, LDS: follow}

    monkeypatch.setattr(courses, "LEVELS", (Knows(),))
    monkeypatch.setattr(courses, "_riders", human)
    monkeypatch.setattr(courses, "shaped_ride_db", lambda ride_db, _, range_db: ride_db)
    found = judged([song(number, author) for number, author in enumerate("ab")])
    by_name = {name: [s for s in found if s.predictor == name] for name in (RIDDEN[0], f"{RIDDEN[0]} + {LDS}")}
    assert all(max(score.errors_db) < 0.05 for score in by_name[f"{RIDDEN[0]} + {LDS}"])
    lead = [score for score in by_name[RIDDEN[0]] if score.track == "lead"]
    assert all(score.errors_db == pytest.approx([3.0] * 10, abs=0.05) for score in lead)


def test_only_other_authors_whose_licence_allows_it_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    songs = [song(0, "a"), song(1, "b", Usage.EVALUATE), song(2, "c"), song(3, "c")]
    seen: list[tuple[list[str], list[str]]] = []

    @dataclass(frozen=True)
    class Notes:
        name: str = "notes"

        def fit(self, examples: Sequence[Example]) -> Notes:
            seen.append(([example.id for example in examples], []))
            return self

        def predict_gains_db(self, shown: MixSong) -> np.ndarray:
            return np.zeros(len(shown.tracks))

    real = courses._riders

    def noted(cases: Sequence[RideCase]):
        seen[-1][1].extend(case.song for case in cases)
        return real(cases)

    monkeypatch.setattr(courses, "LEVELS", (Notes(),))
    monkeypatch.setattr(courses, "_riders", noted)
    scores = judged(songs)
    assert seen == [(["s2", "s3"], ["s2", "s3"]), (["s0", "s2", "s3"], ["s0", "s2", "s3"]), (["s0"], ["s0"])]
    assert {score.song for score in scores} == {"s0", "s1", "s2", "s3"}, "all are judged"


def test_without_rides_to_learn_from_the_learned_rider_stands_still() -> None:
    songs = [song(number, author, moves=False) for number, author in enumerate("ab")]
    scores = judged(songs)
    still = {(s.song, s.track): s.errors_db for s in scores if s.predictor == RIDDEN[0]}
    learned = {(s.song, s.track): s.errors_db for s in scores if s.predictor == f"{RIDDEN[0]} + {LDS}"}
    assert len(still) == 6
    assert learned == still


def test_one_author_is_not_judged() -> None:
    assert judged([song(0, "a"), song(1, "a")]) == []
    assert judged([song(0, "a"), song(1, "b", Usage.EVALUATE)], []) != []
    assert {s.author for s in judged([song(0, "a"), song(1, "b", Usage.EVALUATE)], [])} == {"b"}


def test_what_only_one_of_the_two_has_heard_is_left_out() -> None:
    songs = [song(0, "a"), song(1, "b")]
    scores = judged(songs, names=("band", "pad"))
    assert {score.track for score in scores} == {"band", "pad"}
    known = [heard(songs[0]), heard(replace(songs[1], id="elsewhere"))]
    assert {s.song for s in judge_courses(songs, known, [], np.random.default_rng(0))} == {"s0"}
    renamed = replace(
        known[0], tracks=tuple(replace(track, id=f"other {n}") for n, track in enumerate(known[0].tracks))
    )
    assert judge_courses(songs, [renamed, heard(songs[1])], [], np.random.default_rng(0))[0].song == "s1"
