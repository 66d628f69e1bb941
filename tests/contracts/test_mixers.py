"""One suite for every mixer of the registry, a new one included: odd sessions, what is left alone, the way back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.errors import AutomixError
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.registry import MIXERS
from reaper_automix.mixplan import BusMove, EnvelopeMove, Move
from reaper_automix.mixplan_json import plan_from_json, plan_to_json
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.receipt import Status
from reaper_automix.session import Session
from reaper_automix.settings import MixSettings

RATE_HZ, LENGTH_S = 16_000, 5.0
RANGE_S = (1.0, 3.0)
BAND = ("Kick In", "Snare Top", "OH", "Bass", "Gtr L", "Keys", "Lead Vox")

Audio = NDArray[np.float64]


def sound(number: int, *, level_db: float = 0.0, n_channels: int = 1, length_s: float = LENGTH_S) -> Audio:
    """Return noise with strokes and pauses, each number another colour and level, (n_samples, n_channels)."""
    rng = np.random.default_rng(number)
    n = max(round(length_s * RATE_HZ), 1)
    width = 1 + 7 * (number % 4)
    noise = np.apply_along_axis(np.convolve, 0, rng.standard_normal((n, n_channels)), np.ones(width) / width, "same")
    stroke = np.exp(-(np.arange(n) % (RATE_HZ // (2 + number % 3))) / (0.1 * RATE_HZ))
    stroke[n // 3 : n // 3 + RATE_HZ // 2] = 0.0
    return np.asarray(10 ** ((level_db - 12.0 - 3.0 * (number % 5)) / 20) * 0.3 * stroke[:, None] * noise)


def band(names: tuple[str, ...]) -> dict[str, Audio]:
    return {name: sound(number, n_channels=1 + number % 2) for number, name in enumerate(names)}


SESSIONS: dict[str, Callable[[], dict[str, Audio]]] = {
    "a band": lambda: band(BAND),
    "one track": lambda: band(("Lead Vox",)),
    "names that say nothing": lambda: band(("01", "Track 2", "Audio 3-stereo", "🎤")),
    "one silent track": lambda: band(BAND[:4]) | {"Lead Vox": np.zeros((RATE_HZ, 1))},
    "nothing but silence": lambda: {name: np.zeros((RATE_HZ, 1)) for name in ("Kick In", "Snare Top", "Lead Vox")},
    "hardly a sound": lambda: {n: sound(k, level_db=-75.0) for k, n in enumerate(BAND)},
    "clipped": lambda: {n: np.clip(sound(k, level_db=60.0), -1.0, 1.0) for k, n in enumerate(BAND)},
    "one sample each": lambda: {n: sound(k, length_s=0.0) for k, n in enumerate(BAND[:3])},
    "a direct voltage": lambda: band(BAND[:3]) | {"Lead Vox": np.full((RATE_HZ, 2), 0.5)},
    "lengths that differ": lambda: {n: sound(k, length_s=0.3 + 0.9 * k) for k, n in enumerate(BAND)},
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> MeasurementCache:
    return MeasurementCache(tmp_path_factory.mktemp("measured"))


@pytest.fixture(scope="module")
def open_session(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Session]:
    """Return the session of a name; its files are written once."""
    made: dict[str, Session] = {}

    def opened(name: str) -> Session:
        if name not in made:
            folder = tmp_path_factory.mktemp("song")
            for title, audio in SESSIONS[name]().items():
                soundfile.write(folder / f"{title}.wav", audio, RATE_HZ)
            made[name] = StemsHost(folder).read_session()
        return made[name]

    return opened


@pytest.fixture(params=tuple(MIXERS))
def mixer(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def session(open_session: Callable[[str], Session]) -> Session:
    return open_session("a band")


def numbers(move: object) -> list[float]:
    """Return every number of a move, however deep."""
    if isinstance(move, bool | str | type(None)):
        return []
    if isinstance(move, int | float):
        return [float(move)]
    return [n for part in (move if isinstance(move, tuple | list) else astuple(move)) for n in numbers(part)]  # type: ignore[call-overload]


def assert_sound(planned: Planned, session: Session, settings: MixSettings) -> None:
    """Check what holds for any plan of any mixer."""
    plan = planned.plan
    known = {track.id for track in session.tracks} | {m.track.id for m in plan.moves if isinstance(m, BusMove)}
    assert {move.track.id for move in plan.moves} <= known
    for move in plan.moves:
        assert move.reason.strip(), f"{move} does not say why"
        assert all(math.isfinite(number) for number in numbers(move)), move
    assert all(text.strip() for text in plan.warnings)
    assert plan_from_json(plan_to_json(plan)) == plan
    assert dict(plan.settings) == settings.to_data()
    if plan.predicted.true_peak_dbtp is not None and plan.predicted.before_true_peak_dbtp is not None:
        assert plan.predicted.true_peak_dbtp <= max(0.0, plan.predicted.before_true_peak_dbtp) + 0.05, "headroom"


def planned_or_refused(session: Session, mixer: str, cache: MeasurementCache) -> tuple[Planned | None, str]:
    """Return a plan, or the message of the refusal."""
    try:
        return make_plan(session, mixer, MixSettings(), cache=cache), ""
    except AutomixError as error:
        return None, str(error)


@pytest.mark.parametrize("name", SESSIONS)
def test_an_odd_session_gets_a_sound_plan_or_a_message(
    mixer: str, name: str, open_session: Callable[[str], Session], cache: MeasurementCache
) -> None:
    session = open_session(name)
    planned, refusal = planned_or_refused(session, mixer, cache)
    assert planned or len(refusal) > 20, "a refusal says why"
    assert planned or name != "a band", "every mixer can do something for a usual song"
    if planned:
        assert_sound(planned, session, MixSettings())
        assert name != "nothing but silence" or planned.plan.moves == ()


def test_what_is_written_is_taken_back(mixer: str, session: Session, cache: MeasurementCache) -> None:
    host = MemoryHost(session)
    planned = make_plan(session, mixer, MixSettings(), cache=cache)
    assert planned.plan.moves
    assert {outcome.status for outcome in apply_plan(host, planned.plan).outcomes} == {Status.WRITTEN}
    again = make_plan(host.read_session(), mixer, MixSettings(), cache=cache)
    assert again.plan.moves == planned.plan.moves, "a second run replaces the first: it does not build on it"
    revert(host)
    assert host.read_session() == replace(session, ledger_json=host.read_session().ledger_json)


def test_planning_writes_no_file_and_has_one_answer(mixer: str, session: Session, cache: MeasurementCache) -> None:
    folder = Path(session.path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert before
    first, second = (make_plan(session, mixer, MixSettings(), cache=cache).plan for _ in range(2))
    assert replace(first, created="") == replace(second, created="")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_no_strength_is_no_change(mixer: str, session: Session, cache: MeasurementCache) -> None:
    assert make_plan(session, mixer, MixSettings(strength_percent=0.0), cache=cache).plan.moves == ()


def test_half_the_strength_is_a_sound_plan_too(mixer: str, session: Session, cache: MeasurementCache) -> None:
    settings = MixSettings(strength_percent=50.0)
    assert_sound(make_plan(session, mixer, settings, cache=cache), session, settings)


def test_other_tracks_are_left_alone(mixer: str, session: Session, cache: MeasurementCache) -> None:
    wanted = ("Lead Vox", "OH", "Snare Top")
    moves = make_plan(session, mixer, MixSettings(), wanted=wanted, cache=cache).plan.moves
    assert moves
    assert {move.track.name for move in moves if not _of_a_bus(move, moves)} <= set(wanted)


def _of_a_bus(move: Move, moves: tuple[Move, ...]) -> bool:
    return move.track.id in {other.track.id for other in moves if isinstance(other, BusMove)}


def test_a_muted_track_is_left_alone(mixer: str, session: Session, cache: MeasurementCache) -> None:
    tracks = tuple(replace(track, muted=track.name in ("Bass", "Snare Top")) for track in session.tracks)
    moves = make_plan(replace(session, tracks=tracks), mixer, MixSettings(), cache=cache).plan.moves
    assert moves
    assert not {"Bass", "Snare Top"} & {move.track.name for move in moves}


def test_a_passage_gets_envelopes_inside_of_it_and_nothing_else(
    mixer: str, session: Session, cache: MeasurementCache
) -> None:
    for move in make_plan(session, mixer, MixSettings(), range_s=RANGE_S, cache=cache).plan.moves:
        assert isinstance(move, EnvelopeMove), f"{move.kind}: what counts everywhere is not written for a passage"
        assert move.range_s == RANGE_S
        assert all(RANGE_S[0] <= time_s <= RANGE_S[1] for time_s, _ in move.points)
