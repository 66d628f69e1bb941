"""What a benchmark answers: rows of measured figures, and how they are shown and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured quantity: the median of some runs, and the least and the greatest of them.

    Parameters
    ----------
    name : str
        Of what; "ours" is this project.
    unit : str
        s, ms, MiB, x, % and so on.
    median, low, high : float
    runs : int
        How many were measured.
    """

    name: str
    unit: str
    median: float
    low: float
    high: float
    runs: int = 1

    @classmethod
    def of(cls, name: str, unit: str, values: Iterable[float]) -> Figure:
        """Return the figure of some runs."""
        measured = sorted(values)
        return cls(name, unit, median(measured), measured[0], measured[-1], len(measured))

    @property
    def words(self) -> str:
        """Median, and the range where there were several runs and they differ."""
        middle, low, high = (short(value) for value in (self.median, self.low, self.high))
        spread = "" if self.runs == 1 or low == high else f" ({low}-{high})"
        return f"{middle}{spread} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    suite, case : str
        Which benchmark, and what it did.
    figures : tuple of Figure
        Ours first, then what stands beside it.
    ratio : Figure, optional
        How many times longer the other one takes, each measured beside ours in the same run.
    goal : str
        In words.
    met : bool, optional
        Whether the goal was reached; None: there is none.
    note : str
        How far the answers agree, and the like.
    skipped : str
        Why nothing was measured.
    """

    suite: str
    case: str
    figures: tuple[Figure, ...] = ()
    ratio: Figure | None = None
    goal: str = ""
    met: bool | None = None
    note: str = ""
    skipped: str = ""

    @property
    def measured(self) -> str:
        """All figures in one cell."""
        if self.skipped:
            return f"not measured: {self.skipped}"
        return "; ".join(f"{f.name + ' ' if f.name else ''}{f.words}" for f in self.figures)

    @property
    def verdict(self) -> str:
        """The goal and whether it was reached."""
        return "" if self.met is None else f"{self.goal}: {'yes' if self.met else 'NO'}"

    def to_data(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Row:
        """Return the row that these values describe."""
        ratio = data["ratio"]
        return cls(
            **{
                **data,
                "figures": tuple(Figure(**figure) for figure in data["figures"]),
                "ratio": None if ratio is None else Figure(**ratio),
            }
        )


def short(value: float) -> str:
    """Write a number with three digits that count."""
    if value == 0.0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.0e}"
    if abs(value) >= 100.0:
        return f"{value:,.0f}"
    digits = 1 if abs(value) >= 10.0 else 2 if abs(value) >= 1.0 else 3
    return f"{value:.{digits}f}"


HEADS = ("what", "measured", "ratio", "goal", "agreement and remarks")


def markdown(rows: Sequence[Row]) -> str:
    """Return one table; cells are escaped."""
    lines = [_line(HEADS), "|" + "---|" * len(HEADS)]
    for row in rows:
        ratio = "" if row.ratio is None else row.ratio.words
        lines.append(_line((f"`{row.suite}` {row.case}", row.measured, ratio, row.verdict, row.note)))
    return "\n".join(lines)


def plain(row: Row) -> str:
    """Return a row for the terminal."""
    parts = [row.measured]
    if row.ratio is not None:
        parts.append(f"ratio {row.ratio.words}")
    parts += [text for text in (row.verdict, row.note) if text]
    return f"{row.case}\n    " + "\n    ".join(parts)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
