"""The evaluation of rides as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reaper_automix.training.rides.results import AT


def tables_of(data: Mapping[str, Any]) -> str:
    """Return the evaluation that ``evaluating_rides.evaluate_rides`` made as text, table below table."""
    return "\n".join(
        (
            *(line for table in data["table_1"] for line in _table_1(table)),
            groups_in_db_text(data["groups_in_db"]),
            *_table_3(data["table_3"]),
            *_recipes(data["recipes"]),
            *_variations(data["variations"]),
            *_rides(data["rides"]),
            *_courses(data["courses"]),
        )
    )


def rides_text(table: Mapping[str, Any]) -> str:
    """Return the table of riders that ``results.rides_table`` made as text."""
    return "\n".join(_rides(table))


def _table_1(table: Mapping[str, Any]) -> Iterator[str]:
    yield f"Mean squared error of the linear gain, each {table['left_out']} by the others (quartiles over songs)"
    groups: Mapping[str, Mapping[str, Any]] = table["groups"]
    names = list(dict.fromkeys([*(name for row in groups.values() for name in row), AT]))
    if not groups:
        yield f"  too few songs to leave one {table['left_out']} out"
        yield ""
        return
    yield _row("", [f"{group} ({_songs(row)})" for group, row in groups.items()], first=28, width=26)
    for name in names:
        cells = [_cell(row.get(name)) for row in groups.values()]
        yield _row(name, cells, first=28, width=26)
    yield ""
    yield "  mean over the groups that all tracks has:"
    for name, share in table["mean_shares"].items():
        yield f"    {name:<50}{_number(share, 6)}"
    yield ""


def groups_in_db_text(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables that ``groups_in_db.judge_groups`` made, by what was left out, as text; none if empty."""
    return "\n".join(line for by, table in tables.items() if table for line in _groups_in_db(table, by))


def _groups_in_db(table: Mapping[str, Any], by: str) -> Iterator[str]:
    yield f"The same groups in dB, their song's offset removed, each {by} by the others: median (quartiles of songs)"
    groups = list(next(iter(table.values()), {"groups_db": {}})["groups_db"])
    yield _row("", ["all", "songs", *groups, "squared error of linear gain"], first=36, width=20)
    for name, row in table.items():
        low, _, high = row["song_medians_db"]
        squared = " ".join(f"{value:.3f}" for value in row["squared"].values())
        cells = [f"{row['median_db']:.2f} ({low:.2f}-{high:.2f})", str(row["songs"])]
        cells += [f"{row['groups_db'][group]:.2f}" for group in groups]
        yield _row(name, [*cells, squared], first=36, width=20)
    yield ""


def _table_3(table: Mapping[str, Sequence[tuple[str, float]]]) -> Iterator[str]:
    yield "Each feature alone, the best first (mean squared error, each song by the others)"
    yield _row("", list(table), first=4, width=20)
    for place in range(max(map(len, table.values()), default=0)):
        cells = [f"{ranked[place][0]} {ranked[place][1]:.4f}" for ranked in table.values()]
        yield _row(str(place + 1), cells, first=4, width=20)
    yield ""


def _recipes(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "What the paper leaves open: error over that of one constant gain, the best first"
    yield f"  {'step s':>7}{'R x':>7}  {'means off':<11}{'first step':<12}{'all tracks':>11}{'one vs all':>12}"
    for row in rows:
        yield (
            f"  {row['step_s']:>7g}{row['r_scale']:>7g}  {row['centred']!s:<11}{row['initial']:<12}"
            f"{_number(row['at_share'], 11)}{_number(row['ova_share'], 12)}"
        )
    yield ""


def _variations(table: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield "One versus all with one thing changed (mean squared error, each song by the others)"
    groups = list(dict.fromkeys(group for row in table.values() for group in row))
    yield _row("", groups, first=42, width=10)
    for name, row in table.items():
        yield _row(name, [_number(row.get(group), 6, 4) for group in groups], first=42, width=10)
    yield ""


def _rides(table: Mapping[str, Any]) -> Iterator[str]:
    yield f"Rides proper: {table['tracks']} tracks that humans rode, {table['songs']} songs, each author by the others"
    if not table["riders"]:
        yield "  no track that a human rode beside rides of another author to learn from: nothing to judge"
        yield ""
        return
    yield f"  {'':<10}{'correlation':<24}{'squared error / no ride':<26}{'by song':<16}{'std dB':>7}"
    for name, row in table["riders"].items():
        song = row["by_song"]
        yield (
            f"  {name:<10}{_interval(row['correlation']):<24}{_interval(row['error_share']):<26}"
            f"{song['correlation']:+.2f} {song['error_share']:.3f}     {row['deviation_db']:>7.2f}"
        )
    yield ""


def _courses(table: Mapping[str, Any]) -> Iterator[str]:
    yield "Level and ride over time, dB: median error [95 % of draws of songs] / mean error, each author by the others"
    parts = list(table)
    if not parts:
        yield "  no song beside another author to learn from: nothing to judge"
        yield ""
        return
    yield _row("", [f"{part} ({table[part]['tracks']})" for part in parts], first=24, width=28)
    for name in table[parts[0]]["predictors"]:
        cells = []
        for part in parts:
            cell = table[part]["predictors"][name]
            low, high = cell["median_interval_db"]
            cells.append(f"{cell['median_db']:.2f} [{low:.2f}, {high:.2f}] / {cell['mean_db']:.2f}")
        yield _row(name, cells, first=24, width=28)
    yield ""


def _row(name: str, cells: Sequence[str], *, first: int, width: int) -> str:
    return f"  {name:<{first}}" + "".join(f"{cell:<{width}}" for cell in cells).rstrip()


def _songs(row: Mapping[str, Any]) -> str:
    return f"{max(cell.get('songs', 0) for cell in row.values())} songs"


def _cell(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return "-"
    spread = f" ({cell['q25']:.3f}-{cell['q75']:.3f})" if "q25" in cell else ""
    return f"{cell['mean']:.4f}{spread}"


def _number(value: float | None, width: int, decimals: int = 3) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:>{width}.{decimals}f}"


def _interval(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:+.3f} [{interval['low']:+.3f}, {interval['high']:+.3f}]"
