"""Envelopes as REAPER spells them: the lines of a state chunk to and from ``session.Envelope``. Stdlib only.

The same lines stand in a project file (indented) and in ``GetEnvelopeStateChunk`` (not indented); they come here
without line endings, from ``<VOLENV2`` to ``>`` or just what lies between (as ``spelling`` returns it). Values of
``PT`` are linear gains in volume envelopes whatever VOLTYPE says, the negative of the pan, and 0 or 1 for mute.

Assumptions that only a running REAPER can confirm:

* Points of a pool (``PPT time value shape tension``) are shares of the envelope's range, because one pool may lie on
  envelopes of any kind. Volume: 0 is silence and 1 the top that field 16 of POOLEDENVINST names, along the gain or,
  with VOLTYPE 1, along the fader's travel. Pan: 0 is right and 1 left.
* Bit 2 (value 4) of ACT's second field, and of the project's POOLEDENVATTACH where that field is -1, means that the
  envelope has no effect outside of its automation items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reaper_automix.chunks.text import OPENING, format_number, indentation, replace_token, to_field_number, words
from reaper_automix.envelope import FADER_EXPONENT
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.session import AutomationItem, Envelope, EnvelopeKind, EnvelopePoint, PointShape
from reaper_automix.units import db_to_lin, lin_to_db

TRACK_TAGS: Mapping[EnvelopeKind, str] = {
    EnvelopeKind.VOLUME_PRE_FX: "VOLENV",
    EnvelopeKind.VOLUME: "VOLENV2",
    EnvelopeKind.TRIM_VOLUME: "VOLENV3",
    EnvelopeKind.PAN_PRE_FX: "PANENV",
    EnvelopeKind.PAN: "PANENV2",
    EnvelopeKind.MUTE: "MUTEENV",
}
"""Chunk names of a track's envelopes, in the order in which they stand in a track."""

TIME_TOLERANCE_S = 1e-7
"""REAPER saves point times with 8 decimals or more; a point this close to a window's end lies inside."""

_STATE_KEYS = ("ACT", "VIS", "ARM")
_RANGE_TOPS = {0: 2.0, 1: 1.0, 4: 4.0, 5: 16.0}
"""Field 16 of POOLEDENVINST: top of the volume range as a gain (+6, 0, +12 and +24 dB, in REAPER's round numbers)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What automation items share: points as (time in s, share of the range 0..1, shape, tension)."""

    id: int
    length_s: float = 0.0
    points: tuple[tuple[float, float, PointShape, float], ...] = ()


# --- reading -------------------------------------------------------------------------------------------------------


def parse_envelope(
    lines: Sequence[str],
    kind: EnvelopeKind,
    *,
    pools: Mapping[int, Pool] | None = None,
    project_attach: int = 0,
) -> Envelope:
    """Read an envelope chunk.

    Parameters
    ----------
    lines : sequence of str
        From ``<TAG`` to ``>``, or what lies between, without line endings.
    kind : EnvelopeKind
        What the envelope automates; decides the unit of the values.
    pools : mapping of int to Pool, optional
        Contents of automation items by pool id.
    project_attach : int
        The project's POOLEDENVATTACH, which counts where the envelope says -1.

    Raises
    ------
    ProjectSyntaxError
        If a number is malformed; its line number counts from the chunk's first line.
    """
    fields = _by_key(lines)
    shape = _shape(_number(fields.get("DEFSHAPE", []), 0, 1, 0.0), PointShape.LINEAR)
    fader_scaling = _number(fields.get("VOLTYPE", []), 0, 1, 0.0) == 1.0
    attach = _number(fields.get("ACT", []), 0, 2, -1.0)
    points = [_point(row, kind, shape) for row in fields.get("PT", [])]
    shared = _SharedPoints(pools or {}, kind, fader_scaling)
    items = [_item(row, shared) for row in fields.get("POOLEDENVINST", [])]
    return Envelope(
        kind=kind,
        active=_number(fields.get("ACT", []), 0, 1, 1.0) != 0.0,
        visible=_number(fields.get("VIS", []), 0, 1, 1.0) != 0.0,
        armed=_number(fields.get("ARM", []), 0, 1, 0.0) != 0.0,
        fader_scaling=fader_scaling,
        points=tuple(sorted(points, key=lambda p: p.time_s)),
        automation_items=tuple(sorted(items, key=lambda i: i.position_s)),
        bypass_outside_items=bool((project_attach if attach == -1.0 else int(attach)) & 4),
    )


def parse_pool(lines: Sequence[str]) -> Pool:
    """Read a ``<POOLEDENV`` chunk of a project.

    Raises
    ------
    ProjectSyntaxError
        If a number is malformed; its line number counts from the chunk's first line.
    """
    fields = _by_key(lines)
    points = [
        (_need(row, 1), _need(row, 2), _shape(_number([row], 0, 3, 0.0), PointShape.LINEAR), _number([row], 0, 4, 0.0))
        for row in fields.get("PPT", [])
    ]
    length_s = _number(fields.get("SRCLEN", []), 0, 1, 0.0)
    return Pool(int(_number(fields.get("ID", []), 0, 1, 0.0)), length_s, tuple(sorted(points, key=lambda p: p[0])))


@dataclass(frozen=True, slots=True)
class _Row:
    """The words of one line of the chunk."""

    number: int
    words: tuple[str, ...]


def _has_head(lines: Sequence[str]) -> bool:
    """Tell whether the lines are a whole chunk, and not just what lies in one."""
    return bool(lines) and OPENING.match(lines[0].lstrip(" \t")) is not None


def _own_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (index, line) of the chunk's own lines: not its head, its end, nor what lies in chunks inside it."""
    depth = 0 if _has_head(lines) else 1
    for index, line in enumerate(lines):
        stripped = line.strip(" \t")
        if OPENING.match(stripped):
            depth += 1
            continue
        if stripped == ">":
            depth -= 1
            continue
        if depth == 1:
            yield index, line


def _by_key(lines: Sequence[str]) -> dict[str, list[_Row]]:
    rows: dict[str, list[_Row]] = {}
    for index, line in _own_lines(lines):
        row = _Row(index + 1, tuple(words(line)))
        if row.words:
            rows.setdefault(row.words[0], []).append(row)
    return rows


def _number(rows: Sequence[_Row], row: int, index: int, default: float) -> float:
    """Return a field as a number, or the default where the line or the field is missing."""
    if row >= len(rows) or index >= len(rows[row].words):
        return default
    return _need(rows[row], index)


def _need(row: _Row, index: int) -> float:
    if index >= len(row.words):
        problem = f"{row.words[0]} has no field {index}. Open the project in REAPER and save it again."
        raise ProjectSyntaxError(None, row.number, problem)
    try:
        return to_field_number(row.words[index])
    except ValueError as error:
        problem = f"{row.words[0]} field {index} {error}. Correct it, or take the .rpp-bak."
        raise ProjectSyntaxError(None, row.number, problem) from None


def _shape(number: float, default: PointShape) -> PointShape:
    """Return a point's shape; -1 and unknown numbers are the envelope's default."""
    return PointShape(int(number)) if number in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0) else default


def _point(row: _Row, kind: EnvelopeKind, default: PointShape) -> EnvelopePoint:
    shape = _shape(_number([row], 0, 3, 0.0), default)
    return EnvelopePoint(_need(row, 1), _from_chunk(_need(row, 2), kind), shape, _number([row], 0, 7, 0.0))


class _SharedPoints:
    """The points of pools as values of one envelope, made once however many items show them."""

    def __init__(self, pools: Mapping[int, Pool], kind: EnvelopeKind, fader_scaling: bool) -> None:
        self._pools, self._kind, self._fader_scaling = pools, kind, fader_scaling
        self._known: dict[tuple[int, float], tuple[EnvelopePoint, ...]] = {}

    def pool(self, pool_id: int) -> Pool:
        """Return a pool; an empty one where the project has none of this number."""
        return self._pools.get(pool_id, Pool(pool_id))

    def points(self, pool_id: int, top: float) -> tuple[EnvelopePoint, ...]:
        """Return the points of a pool, whose range ends at a gain of ``top`` in volume envelopes."""
        if (pool_id, top) not in self._known:
            self._known[pool_id, top] = tuple(
                EnvelopePoint(t, _from_share(v, self._kind, top, self._fader_scaling), s, b)
                for t, v, s, b in self.pool(pool_id).points
            )
        return self._known[pool_id, top]


def _item(row: _Row, shared: _SharedPoints) -> AutomationItem:
    pool_id = int(_need(row, 1))
    top = _RANGE_TOPS.get(int(_number([row], 0, 16, 0.0)), 2.0)
    return AutomationItem(
        pool_id=pool_id,
        position_s=_need(row, 2),
        length_s=_need(row, 3),
        start_offset_s=_number([row], 0, 4, 0.0),
        playrate=_number([row], 0, 5, 1.0),
        baseline=_number([row], 0, 7, 0.5),
        amplitude=_number([row], 0, 8, 1.0),
        loop=_number([row], 0, 9, 0.0) != 0.0,
        muted=_number([row], 0, 13, 0.0) != 0.0,
        pool_length_s=shared.pool(pool_id).length_s,
        points=shared.points(pool_id, top),
    )


def _from_share(share: float, kind: EnvelopeKind, top: float, fader_scaling: bool) -> float:
    """Turn a pool's share of the range into the envelope's value (see the module's assumptions)."""
    if kind.is_volume:
        share = max(share, 0.0)
        return lin_to_db(top * (share ** (1.0 / FADER_EXPONENT) if fader_scaling else share))
    return float(share >= 0.5) if kind == EnvelopeKind.MUTE else 1.0 - 2.0 * share


def _from_chunk(value: float, kind: EnvelopeKind) -> float:
    if kind.is_volume:
        return lin_to_db(value)
    return value if kind == EnvelopeKind.MUTE else 0.0 - value


def _to_chunk(value: float, kind: EnvelopeKind) -> float:
    if kind.is_volume:
        return db_to_lin(value)
    return value if kind == EnvelopeKind.MUTE else 0.0 - value


# --- editing -------------------------------------------------------------------------------------------------------


def spelling(lines: Sequence[str], window_s: tuple[float, float]) -> tuple[str, ...]:
    """Return the lines that ``set_points`` on this window replaces, without the chunk's common indentation.

    The ACT, VIS and ARM lines come first, then each PT line inside the closed window. An envelope with none of them
    gives one blank line: no lines at all mean that there is no envelope, and one that we made goes as a whole.

    Raises
    ------
    ProjectSyntaxError
        If a point's time is malformed; its line number counts from the chunk's first line.
    """
    indent = _inner_indentation(lines)
    keyed = list(_own_lines(lines))
    state = [line for key in _STATE_KEYS for _, line in keyed if _key(line) == key]
    inside = [lines[i] for i in _points_inside(lines, window_s)]
    return tuple(line.removeprefix(indent) for line in (*state, *inside)) or ("",)


def set_points(
    lines: Sequence[str] | None,
    kind: EnvelopeKind,
    window_s: tuple[float, float],
    points: Sequence[EnvelopePoint],
    eguid: str,
) -> list[str]:
    """Replace the points inside a window and make the envelope active and visible; every other line stays.

    Parameters
    ----------
    lines : sequence of str or None
        The chunk; None makes a new one (not indented).
    kind : EnvelopeKind
        Decides the unit of the values.
    window_s : tuple of float
        Both ends belong to it.
    points : sequence of EnvelopePoint
        Sorted by time, inside the window.
    eguid : str
        GUID with braces for a new envelope; not used otherwise.

    Raises
    ------
    ProjectSyntaxError
        If a point's time is malformed; its line number counts from the chunk's first line.
    """
    new = Envelope(kind, armed=True, fader_scaling=kind.is_volume)
    chunk = envelope_lines(new, eguid=eguid) if lines is None else list(lines)
    indent = _inner_indentation(chunk)
    _switch_on(chunk, "ACT", indent)
    _switch_on(chunk, "VIS", indent)
    return _with_points(chunk, window_s, [indent + point_line(p, kind) for p in points])


def restore_points(lines: Sequence[str], window_s: tuple[float, float], was: Sequence[str]) -> list[str] | None:
    """Take ``set_points`` back.

    Parameters
    ----------
    lines : sequence of str
        The chunk as it is now.
    window_s : tuple of float
        The window of the edit.
    was : sequence of str
        What ``spelling`` returned before the edit; empty if the edit created the envelope.

    Returns
    -------
    list of str or None
        The chunk; None if the edit created it and no point is left, so that the whole chunk goes.
    """
    chunk = list(lines)
    indent = _inner_indentation(chunk)
    if was:
        for key in _STATE_KEYS:
            _put_back(chunk, key, [indent + line for line in was if _key(line) == key])
    points = [indent + line for line in was if _key(line) == "PT"]
    chunk = _with_points(chunk, window_s, points)
    if was or any(_key(line) in ("PT", "POOLEDENVINST") for _, line in _own_lines(chunk)):
        return chunk
    return None


def point_line(point: EnvelopePoint, kind: EnvelopeKind) -> str:
    """Spell one point: 3 fields, or 7 where a bezier has a tension."""
    value = format_number(_to_chunk(point.value, kind))
    line = f"PT {format_number(point.time_s)} {value} {int(point.shape)}"
    if point.shape == PointShape.BEZIER and point.tension != 0.0:
        line += f" 0 0 0 {format_number(point.tension)}"
    return line


def envelope_lines(envelope: Envelope, *, tag: str = "", eguid: str = "") -> list[str]:
    """Spell a whole envelope, not indented; automation items are left out.

    Parameters
    ----------
    envelope : Envelope
        What to spell.
    tag : str
        Name of the chunk; by default that of a track's envelope of this kind.
    eguid : str
        GUID with braces; without it the chunk has none, and REAPER gives it one.
    """
    return [
        f"<{tag or TRACK_TAGS[envelope.kind]}",
        *([f"EGUID {eguid}"] if eguid else []),
        f"ACT {int(envelope.active)} {4 if envelope.bypass_outside_items else -1}",
        f"VIS {int(envelope.visible)} 1 1",
        "LANEHEIGHT 0 0",
        f"ARM {int(envelope.armed)}",
        "DEFSHAPE 0 -1 -1",
        *(["VOLTYPE 1"] if envelope.fader_scaling else []),
        *(point_line(p, envelope.kind) for p in envelope.points),
        ">",
    ]


def _key(line: str) -> str:
    return line.strip(" \t").partition(" ")[0].partition("\t")[0]


def _inner_indentation(lines: Sequence[str]) -> str:
    """Return the indentation of the chunk's first own line; for an empty chunk, that of its head."""
    for _, line in _own_lines(lines):
        if line.strip(" \t"):
            return indentation(line)
    return indentation(lines[0]) if lines else ""


def _point_times(lines: Sequence[str]) -> list[tuple[int, float]]:
    """Return (index, time in s) of the PT lines."""
    keyed = [(i, line) for i, line in _own_lines(lines) if _key(line) == "PT"]
    return [(i, _need(_Row(i + 1, tuple(words(line))), 1)) for i, line in keyed]


def _points_inside(lines: Sequence[str], window_s: tuple[float, float]) -> list[int]:
    start_s, end_s = window_s[0] - TIME_TOLERANCE_S, window_s[1] + TIME_TOLERANCE_S
    return [i for i, time_s in _point_times(lines) if start_s <= time_s <= end_s]


def _with_points(lines: list[str], window_s: tuple[float, float], new: list[str]) -> list[str]:
    """Replace the points inside the window; the new ones stand where the first old one stood."""
    inside = _points_inside(lines, window_s)
    at = inside[0] if inside else _slot(lines, window_s[0])
    gone = set(inside)
    kept_before = [line for i, line in enumerate(lines[:at]) if i not in gone]
    kept_after = [line for i, line in enumerate(lines[at:], at) if i not in gone]
    return kept_before + new + kept_after


def _slot(lines: Sequence[str], start_s: float) -> int:
    """Return where points of a window without points belong: after the last earlier one, before the first later one."""
    times = _point_times(lines)
    earlier = [i for i, time_s in times if time_s < start_s]
    if earlier:
        return earlier[-1] + 1
    return times[0][0] if times else len(lines) - _has_head(lines)


def _switch_on(lines: list[str], key: str, indent: str) -> None:
    """Set the first field of ACT or VIS to 1; insert the line where an old file lacks it."""
    for index, line in _own_lines(lines):
        if _key(line) != key:
            continue
        fields = words(line)
        if len(fields) < 2 or fields[1] != "1":
            lines[index] = replace_token(line, 1, "1")
        return
    lines.insert(_state_slot(lines), f"{indent}{key} 1")


def _put_back(lines: list[str], key: str, was: Sequence[str]) -> None:
    """Make the lines with this key what they were: replaced, inserted or removed."""
    present = [i for i, line in _own_lines(lines) if _key(line) == key]
    for index, line in zip(present, was, strict=False):
        lines[index] = line
    for index in reversed(present[len(was) :]):
        del lines[index]
    for line in was[len(present) :]:
        lines.insert(_state_slot(lines), line)


def _state_slot(lines: Sequence[str]) -> int:
    """Return where a missing state line goes: after EGUID and the state lines that are there."""
    keys = ("EGUID", *_STATE_KEYS)
    return max((i + 1 for i, line in _own_lines(lines) if _key(line) in keys), default=int(_has_head(lines)))
