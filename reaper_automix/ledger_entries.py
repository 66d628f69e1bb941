"""What one entry of the ledger knows: a target, how it was, and what was written. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reaper_automix.chunks.envelopes import parse_envelope
from reaper_automix.chunks.text import to_number
from reaper_automix.edits import (
    Control,
    RemoveBus,
    RemoveTake,
    RestoreControl,
    RestoreEffect,
    RestorePoints,
    RestoreSend,
)
from reaper_automix.effect_settings.kinds import (
    EffectSettings,
    effect_of,
    same_settings,
    settings_from_data,
    settings_to_data,
)
from reaper_automix.envelope import points_between
from reaper_automix.json_reader import LARGEST_NUMBER, JsonReader
from reaper_automix.session import (
    TAG_PREFIX,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    Item,
    PointShape,
    Send,
    SendMode,
    Session,
)
from reaper_automix.session_edits import control_from_spelling, control_value
from reaper_automix.units import SILENCE_DB, same_level

VALUE_TOLERANCE = 0.005
"""A value (dB, or pan) that differs by less was not moved by hand: REAPER itself rounds when it saves."""

TIME_TOLERANCE_S = 1e-4

Target = tuple[str, str] | tuple[str, str, tuple[float, float]]
"""A control of a track, or a range of one of its envelopes."""


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """A control that was set: how it was spelled, and the value written (dB, pan or 0/1)."""

    mixer: str
    track_id: str
    control: Control
    was: str
    now: float

    @property
    def what(self) -> str:
        """Name the target in words."""
        return self.control.value

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, self.control.value

    def restoring_edit(self) -> RestoreControl:
        """Return the edit that takes this entry back."""
        return RestoreControl(self.track_id, self.control, self.was)

    def stands_in(self, session: Session) -> bool:
        """Tell whether the track still has what was written."""
        return abs(control_value(session.track(self.track_id), self.control) - self.now) <= VALUE_TOLERANCE

    def is_back_in(self, session: Session) -> bool:
        """Tell whether the track has what was there before anything of ours."""
        was = control_from_spelling(self.control, self.was)
        value = control_value(session.track(self.track_id), self.control)
        return abs(value - max(was, SILENCE_DB)) <= VALUE_TOLERANCE


@dataclass(frozen=True, slots=True)
class PointsEntry:
    """Points that were written for a range, guards included: the lines that they replaced, and the points."""

    mixer: str
    track_id: str
    kind: EnvelopeKind
    range_s: tuple[float, float]
    window_s: tuple[float, float]
    was: tuple[str, ...]
    now: tuple[EnvelopePoint, ...]

    @property
    def what(self) -> str:
        """Name the target in words."""
        return f"{self.kind.value} envelope"

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, self.kind.value, self.range_s

    def restoring_edit(self) -> RestorePoints:
        """Return the edit that takes this entry back."""
        return RestorePoints(self.track_id, self.kind, self.window_s, self.was)

    def stands_in(self, session: Session) -> bool:
        """Tell whether the track still has what was written."""
        return _same_points(session.track(self.track_id).envelope(self.kind), self.kind, self.window_s, self.now)

    def is_back_in(self, session: Session) -> bool:
        """Tell whether the window holds the points that were there before anything of ours."""
        was = parse_envelope(self.was, self.kind)
        present = points_between(session.track(self.track_id).envelope(self.kind), *self.window_s)
        return _equal_points(present, was.points, self.kind)


@dataclass(frozen=True, slots=True)
class EffectEntry:
    """A plug-in that was inserted (``was`` None) or set: its id, the name of the instance, and the settings written."""

    mixer: str
    track_id: str
    effect_id: str
    tag: str
    was: EffectSettings | None
    now: EffectSettings
    had_chain: bool = True

    @property
    def what(self) -> str:
        """Name the target in words."""
        return effect_words(self.tag)

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, self.tag

    def restoring_edit(self) -> RestoreEffect:
        """Return the edit that takes this entry back."""
        return RestoreEffect(self.track_id, self.effect_id, self.was, self.had_chain)

    def stands_in(self, session: Session) -> bool:
        """Tell whether the plug-in is there and still set as it was written."""
        slot = session.track(self.track_id).effect(self.effect_id)
        if slot is None or slot.altered or slot.settings is None or slot.tag != self.tag:
            return False
        return slot.is_heard and same_settings(slot.settings, self.now)

    def is_back_in(self, session: Session) -> bool:
        """Tell whether the plug-in is as it was before us: not there, or set so."""
        slot = session.track(self.track_id).effect(self.effect_id)
        if slot is None or self.was is None:
            return slot is None and self.was is None
        return slot.settings is not None and same_settings(slot.settings, self.was)


@dataclass(frozen=True, slots=True)
class SendEntry:
    """A send that was made (``was`` None) or set: its level in dB and its mode."""

    mixer: str
    track_id: str
    to_id: str
    was: tuple[float, SendMode] | None
    now: tuple[float, SendMode]

    @property
    def what(self) -> str:
        """Name the target in words."""
        return "send"

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, f"send to {self.to_id}"

    def restoring_edit(self) -> RestoreSend:
        """Return the edit that takes this entry back."""
        return RestoreSend(self.track_id, self.to_id, self.was)

    def stands_in(self, session: Session) -> bool:
        """Tell whether the send is there and still as it was written."""
        send = self._send(session)
        if send is None or send.muted or send.envelopes:
            return False
        return _same_send((send.gain_db, send.mode), self.now)

    def is_back_in(self, session: Session) -> bool:
        """Tell whether the send is as it was before us: not there, or set so."""
        send = self._send(session)
        if send is None or self.was is None:
            return send is None and self.was is None
        return _same_send((send.gain_db, send.mode), self.was)

    def _send(self, session: Session) -> Send | None:
        target = next((track for track in session.tracks if track.id == self.to_id), None)
        return None if target is None else target.send_from(self.track_id)


@dataclass(frozen=True, slots=True)
class BusEntry:
    """A bus that was made. It is taken back only where nothing of anybody's is left on it."""

    mixer: str
    track_id: str
    now: str

    @property
    def what(self) -> str:
        """Name the target in words."""
        return "bus"

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, "bus"

    def restoring_edit(self) -> RemoveBus:
        """Return the edit that takes this entry back."""
        return RemoveBus(self.track_id)

    def stands_in(self, session: Session) -> bool:
        """Tell whether the bus is there and unused: no items, plug-ins, children, sends to it or from it."""
        bus = next((track for track in session.tracks if track.id == self.track_id), None)
        if bus is None or bus.items or bus.effects or bus.receives or bus.is_folder or bus.parent_id is not None:
            return False
        return not any(track.send_from(self.track_id) for track in session.tracks)

    def is_back_in(self, session: Session) -> bool:
        """Tell whether the bus is not there."""
        return all(track.id != self.track_id for track in session.tracks)


@dataclass(frozen=True, slots=True)
class TakeEntry:
    """A take that was added: the id of the one that was active, and the name written."""

    mixer: str
    track_id: str
    item_id: str
    take_id: str
    was: str
    now: str

    @property
    def what(self) -> str:
        """Name the target in words."""
        return TAKE_WORDS

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, f"take of {self.item_id}"

    def restoring_edit(self) -> RemoveTake:
        """Return the edit that takes this entry back."""
        return RemoveTake(self.track_id, self.item_id, self.take_id, self.was)

    def stands_in(self, session: Session) -> bool:
        """Tell whether the take is there and still the active one."""
        item = self._item(session)
        return item is not None and [take.id for take in item.playing_takes] == [self.take_id]

    def is_back_in(self, session: Session) -> bool:
        """Tell whether the item is as it was before us: without this take."""
        item = self._item(session)
        return item is not None and all(take.id != self.take_id for take in item.takes)

    def _item(self, session: Session) -> Item | None:
        return next((item for item in session.track(self.track_id).items if item.id == self.item_id), None)


Entry = ControlEntry | PointsEntry | EffectEntry | SendEntry | BusEntry | TakeEntry

TAKE_WORDS = "take"


def effect_words(tag: str) -> str:
    """Return the name of an instance without the prefix that tells whose it is."""
    return tag.removeprefix(TAG_PREFIX)


def _same_send(a: tuple[float, SendMode], b: tuple[float, SendMode]) -> bool:
    return a[1] == b[1] and same_level(a[0], b[0], VALUE_TOLERANCE)


def _same_points(
    envelope: Envelope | None, kind: EnvelopeKind, window_s: tuple[float, float], points: tuple[EnvelopePoint, ...]
) -> bool:
    if envelope is None or not envelope.active:
        return False
    wide_s = (window_s[0] - TIME_TOLERANCE_S, window_s[1] + TIME_TOLERANCE_S)
    present = points_between(envelope, *wide_s)
    return _equal_points(present, points, kind)


def _equal_points(present: tuple[EnvelopePoint, ...], points: tuple[EnvelopePoint, ...], kind: EnvelopeKind) -> bool:
    def same_value(a: float, b: float) -> bool:
        return same_level(a, b, VALUE_TOLERANCE) if kind.is_volume else abs(a - b) <= VALUE_TOLERANCE

    return len(present) == len(points) and all(
        abs(a.time_s - b.time_s) <= TIME_TOLERANCE_S and same_value(a.value, b.value) and a.shape == b.shape
        for a, b in zip(present, points, strict=True)
    )


def entry_to_data(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON has it."""
    data: dict[str, Any] = {"mixer": entry.mixer, "track": entry.track_id}
    match entry:
        case ControlEntry():
            return data | {"control": entry.control.value, "was": entry.was, "now": entry.now}
        case PointsEntry():
            return data | _points_to_data(entry)
        case EffectEntry():
            was = None if entry.was is None else settings_to_data(entry.was)
            data |= {"effect": effect_of(entry.now), "id": entry.effect_id, "tag": entry.tag}
            return data | {"was": was, "now": settings_to_data(entry.now), "had_chain": entry.had_chain}
        case SendEntry():
            return data | {"send": entry.to_id, "was": _send_to_data(entry.was), "now": _send_to_data(entry.now)}
        case BusEntry():
            return data | {"bus": entry.now}
        case TakeEntry():
            return data | {"take": entry.take_id, "item": entry.item_id, "was": entry.was, "now": entry.now}


def _send_to_data(send: tuple[float, SendMode] | None) -> list[Any] | None:
    return None if send is None else [send[0], send[1].value]


def _send_from_data(data: list[Any]) -> tuple[float, SendMode]:
    level_db, mode = data
    return _number(level_db), SendMode(mode)


def _points_to_data(entry: PointsEntry) -> dict[str, Any]:
    return {
        "envelope": entry.kind.value,
        "range_s": list(entry.range_s),
        "window_s": list(entry.window_s),
        "was": list(entry.was),
        "now": [[p.time_s, p.value, p.shape.value, p.tension] for p in entry.now],
    }


def entry_from_data(data: dict[str, Any]) -> Entry:
    """Read what ``entry_to_data`` wrote; ``ValueError``, ``KeyError``, ``TypeError`` or ``PlanError`` otherwise."""
    whose = _text(data["mixer"]), _text(data["track"])
    if "control" in data:
        control, was = Control(data["control"]), _text(data["was"])
        to_number(was)  # every host spells a control as a number
        return ControlEntry(*whose, control, was, _number(data["now"]))
    if "effect" in data:
        return _effect_from_data(data, *whose)
    if "send" in data:
        level_was = None if data["was"] is None else _send_from_data(data["was"])
        return SendEntry(*whose, _text(data["send"]), level_was, _send_from_data(data["now"]))
    if "bus" in data:
        return BusEntry(*whose, _text(data["bus"]))
    if "take" in data:
        return TakeEntry(*whose, *(_text(data[key]) for key in ("item", "take", "was", "now")))
    return PointsEntry(
        *whose,
        EnvelopeKind(data["envelope"]),
        _range_s(data["range_s"]),
        _range_s(data["window_s"]),
        tuple(_text(line) for line in data["was"]),
        tuple(EnvelopePoint(_number(t), _number(v), PointShape(s), _number(b)) for t, v, s, b in data["now"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise TypeError(f"a number was expected, not {value!r}")
    return float(value)


def _range_s(data: list[Any]) -> tuple[float, float]:
    start_s, end_s = data
    return _number(start_s), _number(end_s)


def _effect_from_data(data: dict[str, Any], mixer: str, track_id: str) -> EffectEntry:
    def settings(key: str) -> EffectSettings:
        return settings_from_data(_text(data["effect"]), JsonReader(data[key], f"ledger.{key}", ""))

    tag = _text(data["tag"])
    if not tag.startswith(TAG_PREFIX):
        raise ValueError(f"{tag!r} is no plug-in of ours")
    was = None if data["was"] is None else settings("was")
    return EffectEntry(mixer, track_id, _text(data["id"]), tag, was, settings("now"), bool(data["had_chain"]))
