"""How well names give roles: a list of names with labels, judged coarse and by drum microphone.

The labels were made by rules, and our rules were written with such lists in view: a high score says that the two sets
of rules agree, little about names of another style. Differences whose own name speaks against the label are listed.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.analysis.roles import DrumMic, Role, RoleGuess, coarse_role, guess_role
from reaper_automix.errors import CorpusError

_MISSES_SHOWN = 12
_EXAMPLES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class NamedTrack:
    """A row of the list: a name, its label, and what the name says to us."""

    song: str
    name: str
    label: str
    source_label: str
    confidence: str
    guess: RoleGuess | None

    @property
    def role(self) -> Role | None:
        """The label, coarse; None where it is outside the vocabulary."""
        return coarse_role(self.label)

    @property
    def is_right(self) -> bool:
        """Whether the coarse roles agree."""
        return self.guess is not None and self.guess.role is self.role

    @property
    def mic(self) -> DrumMic | None:
        """The microphone that the label names."""
        try:
            return DrumMic(self.label)
        except ValueError:
            return None

    @property
    def label_looks_wrong(self) -> bool:
        """Whether the name holds the word of another role, and the label only says where the file was put."""
        if self.guess is None or self.is_right:
            return False
        return self.source_label.casefold() in _VAGUE or self.guess.role in _BEYOND_DOUBT


_VAGUE = frozenset({"misc", "roommic", "sfx", "loop", "drum", "tom"})
"""Labels of the source that say what kind of file it is, not what plays on it."""
_BEYOND_DOUBT = frozenset({Role.BASS, Role.KICK, Role.SNARE})
"""A bass guitar is a bass, whatever column it stands in."""


def load_named_tracks(path: Path) -> tuple[NamedTrack, ...]:
    """Load a list of names.

    Raises
    ------
    CorpusError
        If it is missing or has other columns.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return tuple(
            NamedTrack(r["song_id"], r["track_name"], r["role"], r["source_label"], r["role_confidence"], guess)
            for r in rows
            for guess in [guess_role(r["track_name"])]
        )
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error}). Give a list of names.") from error
    except KeyError as error:
        raise CorpusError(f"{path}: has no column {error}. Give a list with song_id, track_name, role ...") from None


def share_right(rows: Sequence[NamedTrack]) -> float:
    """Return the share of names whose coarse role is the label's; a name that says nothing counts as wrong."""
    return sum(row.is_right for row in rows) / max(len(rows), 1)


def name_report(rows: Sequence[NamedTrack]) -> list[str]:
    """Return the lines that say how well the names of a list give roles."""
    high = [row for row in rows if row.confidence == "high"]
    lines = [
        f"coarse roles, high confidence: {share_right(high):.2%} of {len(high)} names",
        *(
            f"coarse roles, {c} confidence: {share_right(some):.2%} of {len(some)} names"
            for c in ("medium", "low")
            if (some := [row for row in rows if row.confidence == c])
        ),
    ]
    return [*lines, "", *_per_role(high), "", *_misses(high), "", *_doubtful(high), "", *mic_report(high)]


def mic_report(rows: Sequence[NamedTrack]) -> list[str]:
    """Return the lines on drum microphones: those that labels name, and those given where the label names none."""
    named = [row for row in rows if row.mic is not None]
    right = [row for row in named if row.guess is not None and row.guess.mic is row.mic]
    lines = [f"drum microphones: {len(right) / max(len(named), 1):.2%} of {len(named)} labels that name one"]
    for mic, number in Counter(row.mic for row in named).most_common():
        n_right = sum(row.mic is mic for row in right)
        lines.append(f"  {mic.value if mic else '':15} {n_right:4} of {number:4}")
    wrong = [row for row in named if row not in right]
    lines.extend(f"  miss: {_said(row, fine=True)}" for row in wrong[:_MISSES_SHOWN])
    extra = [row for row in rows if row.mic is None and row.guess is not None and row.guess.mic is not None]
    lines.append(f"  given where the label names none: {len(extra)}, such as " + "; ".join(_examples(extra)))
    return lines


def _per_role(rows: Sequence[NamedTrack]) -> list[str]:
    counts, right = Counter(row.role for row in rows), Counter(row.role for row in rows if row.is_right)
    return [f"  {role.value if role else '?':16} {right[role]:4} of {n:4}" for role, n in counts.most_common()]


def _misses(rows: Sequence[NamedTrack]) -> list[str]:
    wrong = [row for row in rows if not row.is_right]
    kinds = Counter((row.role, row.guess.role if row.guess else None) for row in wrong)
    lines = [f"commonest of {len(wrong)} differences (label -> ours):"]
    for (label, ours), number in kinds.most_common(_MISSES_SHOWN):
        same = [r for r in wrong if r.role is label and (r.guess.role if r.guess else None) is ours]
        words = f"{label.value if label else '?'} -> {ours.value if ours else 'nothing'}"
        lines.append(f"  {number:3} {words}: " + ", ".join(r.name for r in same[:_EXAMPLES_SHOWN]))
    return lines


def _doubtful(rows: Sequence[NamedTrack]) -> list[str]:
    doubtful = [row for row in rows if row.label_looks_wrong]
    return [
        f"of these the label looks wrong, or says only what kind of file it is: {len(doubtful)}",
        *(f"  {_said(row)}" for row in doubtful),
    ]


def _said(row: NamedTrack, *, fine: bool = False) -> str:
    guess = row.guess
    ours = "nothing" if guess is None else (guess.mic or guess.role).value if fine else guess.role.value
    return f"{row.name}: label {row.label} ({row.source_label}), ours {ours}"


def _examples(rows: Sequence[NamedTrack]) -> list[str]:
    seen: dict[tuple[str, DrumMic | None], NamedTrack] = {}
    for row in rows:
        seen.setdefault((row.label, row.guess.mic if row.guess else None), row)
    return [f"{r.name} {r.guess.mic.value}" for r in seen.values() if r.guess and r.guess.mic][:_MISSES_SHOWN]
