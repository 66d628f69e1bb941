"""Sessions to open in a double of REAPER, plans for them, and a REAPER in which something goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from double.api import DoubleApi
from double.reaper import DoubleReaper

from reaper_automix.mixplan import EnvelopeMove, FaderMove, MixPlan, TrackRef
from reaper_automix.mixplan_json import plan_to_json
from reaper_automix.session import EnvelopeKind, Item, Session, Source, Take, Track

N_TRACKS, LENGTH_S = 24, 240.0


def guid(kind: int, number: int) -> str:
    return f"{{{kind:08X}-0000-4000-8000-{number:012X}}}"


def session(folder: Path, n_tracks: int = N_TRACKS, n_items: int = 1) -> Session:
    length_s = LENGTH_S / n_items

    def items(number: int) -> tuple[Item, ...]:
        return tuple(
            Item(
                guid(2, 10_000 * number + k),
                k * length_s,
                length_s,
                (Take(guid(3, 10_000 * number + k), f"take {k}", Source("WAVE", str(folder / f"{number}.wav"))),),
            )
            for k in range(n_items)
        )

    tracks = tuple(Track(guid(1, n), f"Track {n} ü", n, items=items(n)) for n in range(1, n_tracks + 1))
    return Session(path=str(folder / "song.RPP"), name="song", sample_rate_hz=48000, tracks=tracks)


def rides_plan(of: Session, *, mixer: str = "rides", shift_db: float = 0.0, points: int = 90) -> MixPlan:
    """Return a plan with a fader move and a ride over the whole session on every track."""
    moves: list[FaderMove | EnvelopeMove] = []
    for number, track in enumerate(of.tracks):
        ref = TrackRef(track.id, track.title)
        moves.append(FaderMove(ref, 0.0, -3.0 - 0.1 * number + shift_db, "level"))
        step_s = LENGTH_S / points
        ride = tuple((k * step_s, ((k * 7 + number * 3) % 11) * 0.3 - 1.5) for k in range(points))
        moves.append(EnvelopeMove(ref, EnvelopeKind.VOLUME, (0.0, LENGTH_S), ride, (), "ride"))
    ids = tuple(track.id for track in of.tracks)
    return MixPlan(mixer, "", of.path, "", ids, (0.0, LENGTH_S), tuple(moves))


def rides_json(of: Session, **options: Any) -> str:
    return plan_to_json(rides_plan(of, **options))


class Faulty:
    """A REAPER in which one function goes wrong at its nth call."""

    def __init__(self, reaper: DoubleReaper, name: str, nth: int, answer: Any) -> None:
        self._api = DoubleApi(reaper)
        self._name, self._left, self._answer = name, nth, answer

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._api, name)
        if name != self._name:
            return function

        def call(*arguments: Any) -> Any:
            self._left -= 1
            if self._left != 0:
                return function(*arguments)
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._answer

        return call
