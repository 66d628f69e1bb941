"""What a drummer plays: grooves of eight styles, made by chance from written bars, and performances that are on file.

A groove is a seeded draw: a tempo, one bar for the verse and one for the chorus, what keeps time in each (hi-hat, open
hi-hat, ride, china), ghost notes, fills over the toms, crashes where a part begins, and a hand that is never exactly on
the grid. The bars are common property of each style, written here from scratch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reaper_automix.errors import CorpusError
from reaper_automix.training.drums.kit_player import Stroke
from reaper_automix.training.role_drumkit import read_performance

VELOCITY = {"X": 0.95, "x": 0.8, "o": 0.6, "g": 0.25}
"""What the marks of a bar mean; anything else is a rest."""

ENDING_S = 1.0
"""Nothing is struck in the last second, so that the end rings out."""

NEIGHBOURS = 7
REFERENCE_SEED = 20_190_101
"""Of the grooves that styles are guessed by."""

FAMILIES = ("kick", "snare", "hihat", "ride", "crash", "toms")
TOMS = ("tom_1", "tom_2", "tom_3", "tom_4")


@dataclass(frozen=True, slots=True)
class Style:
    """What belongs to a style. Bars have 16 steps, or 12 where the beat is in three.

    Parameters
    ----------
    tempo_bpm : tuple of float
        Slowest and fastest.
    kicks, snares : tuple of str
        Bars of kick drum and snare, any with any.
    times : tuple of (str, str)
        What keeps time, and its bar.
    ghosts : float
        Share of the free steps with a ghost note on the snare.
    fills : float
        How probable a fill is at the end of four bars.
    crashes : float
        How probable a crash is where a part or a fill ended.
    loudness : float
        Factor of all velocities.
    late_s : float
        How far the snare lies behind the beat.
    loose_s : float
        Standard deviation of the hand.
    double_kick : float
        How probable it is that the kick drum of the chorus is two feet in sixteenths.
    """

    tempo_bpm: tuple[float, float]
    kicks: tuple[str, ...]
    snares: tuple[str, ...]
    times: tuple[tuple[str, str], ...]
    ghosts: float = 0.0
    fills: float = 0.65
    crashes: float = 0.7
    loudness: float = 1.0
    late_s: float = 0.0
    loose_s: float = 0.005
    double_kick: float = 0.0


_EIGHTHS = "x-o-x-o-x-o-x-o-"
_QUARTERS = "x---x---x---x---"
_SIXTEENTHS = "xgogxgogxgogxgog"
_BACKBEAT = "----X-------X---"

STYLES: dict[str, Style] = {
    "rock": Style(
        (95.0, 150.0),
        ("X-------X-x-----", "X-----x-X-------", "X--x--x-X-----x-", "X-x-----x-X-----", "X-------X-------"),
        (_BACKBEAT, "----X-------X--o"),
        (("hihat_closed", _EIGHTHS), ("hihat_open", _QUARTERS), ("ride_right", _EIGHTHS), ("crash_right", _QUARTERS)),
        ghosts=0.03,
    ),
    "ballad": Style(
        (58.0, 82.0),
        ("X---------x-----", "X-------x-------", "X-----x---x-----"),
        (_BACKBEAT, "--------X-------"),
        (("hihat_closed", _EIGHTHS), ("ride_right", _EIGHTHS), ("hihat_closed", _SIXTEENTHS)),
        fills=0.5,
        crashes=0.5,
        loudness=0.72,
        loose_s=0.007,
    ),
    "funk": Style(
        (88.0, 118.0),
        ("X--x--x---x--x--", "X-x---x---x-----", "X--x---x--x--o--", "X-----x--xx-----"),
        ("----X--g-g--X--g", "----X-g----gX---", "----X--g----X-g-"),
        (("hihat_closed", _SIXTEENTHS), ("hihat_closed", "xgogxgogxgogxgx-"), ("hihat_closed", _EIGHTHS)),
        ghosts=0.16,
        fills=0.45,
        crashes=0.4,
        loudness=0.88,
        loose_s=0.005,
    ),
    "jazz": Style(
        (110.0, 210.0),
        ("g--g--g--g--", "g-----------", "o----g------", "---------o-g"),
        ("-----g------", "--g-----g--o", "-----------g", "------o--g--"),
        (("ride_right", "x--x-ox--x-o"), ("ride_left", "x--x-ox--x-o"), ("ride_right", "x--x--x--x-o")),
        ghosts=0.06,
        fills=0.45,
        crashes=0.25,
        loudness=0.62,
        loose_s=0.009,
    ),
    "metal": Style(
        (130.0, 210.0),
        ("X-x-X-x-X-x-X-x-", "X-xxX-xxX-xxX-xx", "XxxxXxxxXxxxXxxx", "X--xX--xX--xX--x"),
        (_BACKBEAT, "--------X-------", "--X---X---X---X-"),
        (("hihat_open", _QUARTERS), ("ride_right_bell", _QUARTERS), ("china", _QUARTERS), ("crash_left", _QUARTERS)),
        fills=0.75,
        crashes=0.9,
        loudness=1.12,
        loose_s=0.003,
        double_kick=0.75,
    ),
    "hip_hop": Style(
        (78.0, 102.0),
        ("X--x---x--x-----", "X------x-xx-----", "X-x----x--X--x--", "X---------X--x--"),
        (_BACKBEAT, "----X--g----X---"),
        (("hihat_closed", _EIGHTHS), ("hihat_closed", "x-o-x-oox-o-x-oo"), ("hihat_closed", "x-oox-o-xoo-x-o-")),
        ghosts=0.04,
        fills=0.3,
        crashes=0.15,
        loudness=0.9,
        late_s=0.014,
        loose_s=0.004,
    ),
    "latin": Style(
        (92.0, 132.0),
        ("X--xX--xX--xX--x", "X-----x-X-----x-", "---x----X--x----"),
        ("X--X---X--X-X---", "o--o--o---o-o---", "--X---X-X--X--X-"),
        (("ride_right_bell", "x-xx-xx-x-xx-xx-"), ("hihat_closed", _EIGHTHS), ("ride_left_bell", "x-x-xx-x-xx-x-xx")),
        ghosts=0.05,
        fills=0.65,
        crashes=0.3,
        loudness=0.8,
        loose_s=0.006,
    ),
    "shuffle": Style(
        (84.0, 138.0),
        ("X-----X----x", "X----xX-----", "X--x--X--x--"),
        ("---X-----X--", "---X-g---X-g"),
        (("hihat_closed", "x-ox-ox-ox-o"), ("ride_right", "x-ox-ox-ox-o"), ("hihat_open", "x--x--x--x--")),
        ghosts=0.08,
        fills=0.55,
        crashes=0.45,
        loudness=0.85,
        loose_s=0.007,
    ),
}


@dataclass(frozen=True, slots=True)
class Groove:
    """A performance: its strokes in the order of time, and the kind of music it is."""

    name: str
    style: str
    strokes: tuple[Stroke, ...]

    def window(self, start_s: float, length_s: float) -> tuple[Stroke, ...]:
        """Return the strokes of a part, its start at 0."""
        return tuple((t - start_s, i, v) for t, i, v in self.strokes if start_s <= t < start_s + length_s)

    @property
    def length_s(self) -> float:
        """To the last stroke."""
        return self.strokes[-1][0] if self.strokes else 0.0


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the two parts of a groove: bars of kick drum, snare and what keeps time."""

    kick: str
    snare: str
    time: str
    keeper: str
    feet: tuple[str, ...] = ("kick",)


def groove(number: int, seed: int, *, length_s: float = 32.0) -> Groove:
    """Return a groove; styles take turns, and the same number and seed give the same strokes."""
    style = tuple(STYLES)[number % len(STYLES)]
    rng = np.random.default_rng([seed, number])
    return Groove(f"groove_{number:03d}_{style}", style, _played(STYLES[style], length_s, rng))


def load_groove(path: Path) -> Groove:
    """Return a performance on file, its style guessed from what is played.

    Raises
    ------
    CorpusError
        If it cannot be read, or holds no strokes.
    """
    try:
        strokes = tuple(sorted(read_performance(path)))
    except (OSError, KeyError, ValueError) as error:
        raise CorpusError(f"{path}: no performance ({error}). Give a CSV of time_s, instrument, velocity.") from None
    if not strokes:
        raise CorpusError(f"{path}: holds no strokes. Leave it out.")
    return Groove(path.stem, guess_style(strokes), strokes)


def guess_style(strokes: Sequence[Stroke]) -> str:
    """Return the style whose grooves are played most like this: the commonest among the nearest ``NEIGHBOURS``."""
    reference, styles = _reference()
    scale = reference.std(axis=0) + 1e-9
    distance = np.square((reference - contents(strokes)) / scale).sum(axis=1)
    nearest = [styles[index] for index in np.argsort(distance, kind="stable")[:NEIGHBOURS]]
    return str(Counter(nearest).most_common(1)[0][0])


def contents(strokes: Sequence[Stroke]) -> NDArray[np.float64]:
    """Return how strokes are played, float64 (11,).

    Roots of strokes per second of kick, snare, hi-hat, ride, crashes and toms; share of kicks that follow another one
    within 0.16 s (two feet, or one very fast); seconds between loud snares (the tempo, where it is a backbeat); how
    uneven what keeps time is (swing); mean velocity; share of quiet snares.
    """
    length_s = max(strokes[-1][0] - strokes[0][0], 1.0)
    times = {f: np.array([t for t, i, _ in strokes if _family(i) == f]) for f in FAMILIES}
    loud_s = np.array([t for t, i, v in strokes if _family(i) == "snare" and v > 0.4])
    keeper = max(("hihat", "ride", "crash"), key=lambda f: times[f].size)
    gaps_s = np.maximum(np.diff(times[keeper]), 0.02)
    uneven = float(np.median(np.abs(np.diff(np.log2(gaps_s))))) if gaps_s.size > 2 else 0.0
    two_feet = float(np.mean(np.diff(times["kick"]) < 0.16)) if times["kick"].size > 1 else 0.0
    backbeat_s = float(np.median(np.diff(loud_s))) if loud_s.size > 1 else 2.0
    quiet = [v <= 0.4 for _, i, v in strokes if _family(i) == "snare"]
    often = [np.sqrt(times[family].size / length_s) for family in FAMILIES]
    rest = [
        min(backbeat_s, 3.0),
        uneven,
        float(np.mean([v for *_, v in strokes])),
        float(np.mean(np.array(quiet or [False]))),
    ]
    return np.array([*often, two_feet, *rest])


@lru_cache(maxsize=1)
def _reference() -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the contents and styles of grooves that no corpus uses."""
    known = [groove(number, REFERENCE_SEED) for number in range(20 * len(STYLES))]
    return np.stack([contents(g.strokes) for g in known]), tuple(g.style for g in known)


def _family(instrument: str) -> str:
    for family in ("kick", "snare", "hihat", "ride"):
        if instrument.startswith(family):
            return family
    return "toms" if instrument.startswith("tom") else "crash"


def _played(style: Style, length_s: float, rng: np.random.Generator) -> tuple[Stroke, ...]:
    tempo_bpm = float(rng.uniform(*style.tempo_bpm))
    parts = _part(style, rng, is_chorus=False), _part(style, rng, is_chorus=True)
    bars_per_part = int(rng.choice((4, 8)))
    toms = _toms(rng)
    step_s = 240.0 / tempo_bpm / len(parts[0].kick)
    bar_s = step_s * len(parts[0].kick)
    strokes: list[tuple[float, str, float]] = []
    is_opening = True
    for bar in range(int((length_s - ENDING_S) / bar_s) + 1):
        part = parts[bar // bars_per_part % 2]
        is_filled = bar % 4 == 3 and rng.random() < style.fills
        fill_at = int(rng.choice((len(part.kick) // 2, 3 * len(part.kick) // 4))) if is_filled else len(part.kick)
        steps = _bar(style, part, fill_at, rng) + _fill(fill_at, len(part.kick), toms, rng)
        if (is_opening or bar % bars_per_part == 0) and rng.random() < style.crashes:
            crash = str(rng.choice(("crash_left", "crash_right")))
            steps = [(0, crash, 0.9), *(s for s in steps if s[0] or s[1] != part.keeper)]
        is_opening = is_filled
        strokes += [(bar * bar_s + step * step_s, instrument, velocity) for step, instrument, velocity in steps]
    played = [_by_hand(style, stroke, rng) for stroke in strokes]
    return tuple(sorted(stroke for stroke in played if stroke[0] < length_s - ENDING_S))


def _part(style: Style, rng: np.random.Generator, *, is_chorus: bool) -> _Part:
    keeper, time = style.times[int(rng.integers(len(style.times)))]
    kick = str(rng.choice(style.kicks))
    if is_chorus and rng.random() < style.double_kick:
        return _Part("xxxxxxxxxxxxxxxx", str(rng.choice(style.snares)), time, keeper, ("kick", "kick_left"))
    feet = ("kick", "kick_left") if style.double_kick and rng.random() < 0.5 else ("kick",)
    return _Part(kick, str(rng.choice(style.snares)), time, keeper, feet)


def _toms(rng: np.random.Generator) -> tuple[str, ...]:
    """Return the toms that this drummer reaches for: two, three or all, from high to low."""
    chosen = sorted(rng.choice(len(TOMS), size=int(rng.choice((2, 3, 4), p=(0.2, 0.4, 0.4))), replace=False).tolist())
    return tuple(TOMS[index] for index in chosen)


def _bar(style: Style, part: _Part, until: int, rng: np.random.Generator) -> list[tuple[int, str, float]]:
    steps: list[tuple[int, str, float]] = []
    for step in range(until):
        kick, snare, time = part.kick[step], part.snare[step], part.time[step]
        if kick in VELOCITY:
            steps.append((step, part.feet[step % len(part.feet)], VELOCITY[kick]))
        if snare in VELOCITY:
            steps.append((step, "snare", VELOCITY[snare]))
        elif kick not in VELOCITY and rng.random() < style.ghosts:
            steps.append((step, "snare", VELOCITY["g"]))
        if time in VELOCITY:
            keeper = "hihat_open" if part.keeper == "hihat_closed" and rng.random() < 0.03 else part.keeper
            steps.append((step, keeper, VELOCITY[time]))
    return steps


def _fill(first: int, end: int, toms: Sequence[str], rng: np.random.Generator) -> list[tuple[int, str, float]]:
    """Return a way down from the snare over the toms, louder towards the end, with some steps left out."""
    way = ("snare", *toms)
    steps: list[tuple[int, str, float]] = []
    for step in range(first, end):
        done = (step - first) / max(end - first, 1)
        if rng.random() < 0.85:
            steps.append((step, way[int(done * len(way))], 0.6 + 0.35 * done))
        if (step - first) % 4 == 0:
            steps.append((step, "kick", 0.7))
    return steps


def _by_hand(style: Style, stroke: Stroke, rng: np.random.Generator) -> Stroke:
    time_s, instrument, velocity = stroke
    late_s = rng.normal(style.late_s if instrument == "snare" else 0.0, style.loose_s)
    human = velocity * style.loudness * (1.0 + rng.normal(0.0, 0.07))
    return round(max(time_s + late_s, 0.0), 4), instrument, round(float(np.clip(human, 0.05, 1.0)), 3)
