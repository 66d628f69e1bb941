"""What listeners made of the mixes: ratings per mixer and differences between them, no surer than they are.

An interval says where the mean would lie with other listeners like these (or other songs, see ``Results.units``). It is
the percentile interval of a bootstrap, widened for few listeners as [1]_ does. Instead of 95 %, 6 listeners would cover
the true mean in 84 to 86 % plain and in 88 to 94 % widened, 10 in 90 to 91 % and 94 to 95 % (simulated 6000 times each:
ratings around one mean, skewed, of two camps). From fewer than 6 there is no interval: even the whole span of 5
ratings misses the median of all listeners in 6 of 100 cases.

References
----------
.. [1] T. Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69 (2015):
   the expanded percentile interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reaper_automix.blind_test.ratings_file import Rating
from reaper_automix.terminal import Columns

FEWEST = 6
"""So many listeners (or songs) are needed for an interval."""

ADVISED_LISTENERS = 20
"""BS.1534-3: data from no more than 20 assessors are often sufficient for appropriate conclusions."""

_COVERED = 0.95
_DRAWS = 9999
_SEED = 1534

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """Ratings of one mixer, or differences of two, each a number per unit (listener or song).

    Parameters
    ----------
    n_ratings, n_units : int
        Ratings (or pairs of them), and listeners or songs that they were averaged to.
    mean, median, low, high : float
        Of the units; ``low`` and ``high`` are the lowest and the highest.
    interval : (float, float) or None
        95 % interval of the mean; None where there are too few.
    """

    n_ratings: int
    n_units: int
    mean: float
    median: float
    low: float
    high: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Results:
    """All that is printed: ``units`` is ``listeners`` or ``songs``; mixers the best mean first."""

    units: str
    n_listeners: int
    n_songs: int
    mixers: tuple[tuple[str, Summary], ...]
    differences: tuple[tuple[str, str, Summary], ...]
    notes: tuple[str, ...]


def summarise(ratings: Sequence[Rating], notes: Sequence[str] = ()) -> Results:
    """Return means, medians and intervals of every mixer, and of the differences of every two.

    Ratings of one listener belong together, so they are averaged to one number per listener first. Where there are too
    few listeners for an interval but enough songs, songs take their place.
    """
    cells = _cells(ratings)
    listeners, songs = {listener for listener, _, _ in cells}, {song for _, song, _ in cells}
    by_song = len(listeners) < FEWEST <= len(songs)
    by_mixer: dict[str, dict[tuple[str, str], float]] = {}
    for (listener, song, mixer), value in cells.items():
        by_mixer.setdefault(mixer, {})[listener, song] = value
    mixers = sorted(
        ((mixer, _summary(own, by_song)) for mixer, own in by_mixer.items()), key=lambda row: (-row[1].mean, row[0])
    )
    differences = []
    for (first, _), (second, _) in combinations(mixers, 2):
        apart = {
            place: value - by_mixer[second][place]
            for place, value in by_mixer[first].items()
            if place in by_mixer[second]
        }
        if apart:
            differences.append((first, second, _summary(apart, by_song)))
    units = "songs" if by_song else "listeners"
    said = (*notes, *_remarks(len(listeners), len(songs), len(differences)))
    return Results(units, len(listeners), len(songs), tuple(mixers), tuple(differences), said)


def mixers_table(results: Results) -> Columns:
    """Return a line per mixer."""
    rows = tuple((name, *_cells_of(one, "")) for name, one in results.mixers)
    return Columns(("Mix", *_headings(results)), rows)


def differences_table(results: Results) -> Columns:
    """Return a line per pair of mixers, where they were rated by the same listener on the same song."""
    rows = tuple((f"{a} - {b}", *_cells_of(one, "+")) for a, b, one in results.differences)
    return Columns(("Difference", *_headings(results)), rows)


def results_data(results: Results) -> dict[str, Any]:
    """Return the results, for programs to read."""
    return {
        "listeners": results.n_listeners,
        "songs": results.n_songs,
        "intervals_over": results.units,
        "mixers": [{"name": name, **_data(one)} for name, one in results.mixers],
        "differences": [{"name": a, "minus": b, **_data(one)} for a, b, one in results.differences],
        "notes": list(results.notes),
    }


def mean_interval(values: Values) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean of independent values; None of fewer than ``FEWEST``."""
    n = values.size
    if n < FEWEST:
        return None
    tail = float(stats.norm.cdf(-math.sqrt(n / (n - 1)) * stats.t.ppf(0.5 + 0.5 * _COVERED, n - 1)))  # [1]
    drawn = np.random.default_rng(_SEED).integers(n, size=(_DRAWS, n))
    low, high = np.quantile(values[drawn].mean(axis=1), (tail, 1.0 - tail))
    return float(low), float(high)


# --- the pieces ----------------------------------------------------------------------------------------------------


def _cells(ratings: Sequence[Rating]) -> dict[tuple[str, str, str], float]:
    """Return the rating of each mixer by each listener on each song; who went through it twice counts by the mean."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for one in ratings:
        song = one.song or one.page
        found.setdefault((one.listener.casefold(), song, one.mixer), []).append(one.rating)
    return {place: float(np.mean(values)) for place, values in found.items()}


def _summary(own: Mapping[tuple[str, str], float], by_song: bool) -> Summary:
    groups: dict[str, list[float]] = {}
    for place, value in own.items():
        groups.setdefault(place[by_song], []).append(value)
    values = np.array([np.mean(group) for _, group in sorted(groups.items())])
    return Summary(
        n_ratings=len(own),
        n_units=values.size,
        mean=float(values.mean()),
        median=float(np.median(values)),
        low=float(values.min()),
        high=float(values.max()),
        interval=mean_interval(values),
    )


def _remarks(n_listeners: int, n_songs: int, n_pairs: int) -> list[str]:
    """Say how far these results reach."""
    people = f"{n_listeners} listener{'s' * (n_listeners != 1)}"
    if n_listeners < FEWEST <= n_songs:
        reach = (
            f"intervals are over {n_songs} songs: what these would say of others like them, not what others would say"
        )
        said = [f"{people}: {reach}."]
    elif n_listeners < FEWEST:
        said = [f"{people}, {n_songs} song{'s' * (n_songs != 1)}: too few for an interval ({FEWEST} at least)."]
    elif n_listeners < ADVISED_LISTENERS:
        said = [f"{people}: small differences need more; listening tests have about {ADVISED_LISTENERS}."]
    else:
        said = []
    if n_pairs > 1 and (n_listeners >= FEWEST or n_songs >= FEWEST):
        said.append(f"Each interval stands for itself: of {n_pairs} pairs, 1 in 20 leaves 0 out by chance.")
    return said


def _headings(results: Results) -> tuple[str, ...]:
    return (">n", f">{results.units.capitalize()}", ">Mean", ">Median", ">Lowest to highest", ">95 % of the mean")


def _cells_of(one: Summary, sign: str) -> tuple[str, ...]:
    def number(value: float) -> str:
        return f"{value:{sign}.1f}"

    interval = "too few" if one.interval is None else f"[{number(one.interval[0])}, {number(one.interval[1])}]"
    span = f"{number(one.low)} to {number(one.high)}"
    return str(one.n_ratings), str(one.n_units), number(one.mean), number(one.median), span, interval


def _data(one: Summary) -> dict[str, Any]:
    return {
        "ratings": one.n_ratings,
        "units": one.n_units,
        "mean": round(one.mean, 2),
        "median": round(one.median, 2),
        "lowest": round(one.low, 2),
        "highest": round(one.high, 2),
        "interval_95": None if one.interval is None else [round(value, 2) for value in one.interval],
    }
