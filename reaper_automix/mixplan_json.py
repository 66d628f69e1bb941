"""The published format of a plan, ``reaper_automix.mixplan/1``. Readers refuse any other. Stdlib only."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from typing import Any

from reaper_automix.effect_settings.kinds import effect_of, settings_from_data, settings_to_data
from reaper_automix.errors import PlanError
from reaper_automix.json_reader import JsonReader, parse_json
from reaper_automix.mixplan import (
    BusMove,
    EffectMove,
    EnvelopeMove,
    FaderMove,
    MixPlan,
    Move,
    PanMove,
    Point,
    PolarityMove,
    Prediction,
    SendMove,
    TakeMove,
    TrackRef,
    bus_ref,
)
from reaper_automix.plugins.registry import MODULES
from reaper_automix.session import TAG_PREFIX, EnvelopeKind, SendMode

SCHEMA = "reaper_automix.mixplan/1"

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

_STEP = "Mend the file or make the plan again."
HIGHEST_LEVEL_DB = 24.0
"""The highest top that a preference gives REAPER's volume envelopes; faders end at +12 dB."""


def plan_to_json(plan: MixPlan) -> str:
    """Return the plan as indented JSON in the published format."""
    text = json.dumps(_plan_to_data(plan), indent=1, ensure_ascii=False) + "\n"
    # Bytes of a file name that are no UTF-8 stand in texts as halves of surrogate pairs, which no UTF-8 file holds.
    return _LONE_SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plan_from_json(text: str, *, name: str = "plan") -> MixPlan:
    """Read a plan.

    Parameters
    ----------
    text : str
        The JSON.
    name : str
        What to call it in messages: the file, say.

    Raises
    ------
    PlanError
        If the text is not JSON, the schema is not ours, or a field is missing or of the wrong kind.
    """
    return _plan_from_data(parse_json(text, name=name, step=_STEP))


def _plan_to_data(plan: MixPlan) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "mixer": plan.mixer,
        "created": plan.created,
        "session": {"path": plan.session_path, "fingerprint": plan.session_fingerprint},
        "scope": {"tracks": list(plan.scope_track_ids), "range_s": list(plan.range_s)},
        "settings": dict(plan.settings),
        "warnings": list(plan.warnings),
        "moves": [_move_to_data(move) for move in plan.moves],
        "predicted": _numbers_or_null(plan.predicted),
    }


def _numbers_or_null(prediction: Prediction) -> dict[str, float | None]:
    """Silence has no finite loudness, and JSON has no infinity: it is written as null."""
    pairs = (
        ("loudness_lufs", prediction.loudness_lufs),
        ("true_peak_dbtp", prediction.true_peak_dbtp),
        ("before_loudness_lufs", prediction.before_loudness_lufs),
        ("before_true_peak_dbtp", prediction.before_true_peak_dbtp),
    )
    return {key: value if value is not None and math.isfinite(value) else None for key, value in pairs}


def _ref(track: TrackRef) -> dict[str, str]:
    return {"id": track.id, "name": track.name}


def _points_to_data(points: tuple[Point, ...] | None) -> list[list[float]] | None:
    return None if points is None else [list(point) for point in points]


def _move_to_data(move: Move) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": move.kind}
    match move:
        case FaderMove():
            data |= {"track": _ref(move.track), "before_db": move.before_db, "after_db": move.after_db}
        case PanMove() | PolarityMove():
            data |= {"track": _ref(move.track), "before": move.before, "after": move.after}
        case EnvelopeMove():
            data |= {"track": _ref(move.track), "envelope": move.envelope.value, "range_s": list(move.range_s)}
            data |= {"points": _points_to_data(move.points), "before_points": _points_to_data(move.before_points)}
        case EffectMove():
            data |= {"track": _ref(move.track), "effect": effect_of(move.settings), "plugin": move.plugin}
            data |= {"tag": move.tag, "before": None if move.before is None else settings_to_data(move.before)}
            data |= {"settings": settings_to_data(move.settings)}
        case SendMove():
            data |= {"track": _ref(move.track), "to": {"name": move.to}, "before": move.before_db}
            data |= {"level_db": move.level_db, "mode": move.mode.value}
        case TakeMove():
            data |= {"track": _ref(move.track), "item": _ref(move.item), "file": move.file}
            data |= {"name": move.name, "gain_db": move.gain_db}
        case BusMove():
            data |= {"name": move.name}
    return data | {"reason": move.reason}


def _plan_from_data(data: JsonReader) -> MixPlan:
    schema = data.get("schema").text()
    if schema != SCHEMA:
        raise PlanError(
            f"{data.where}: schema {schema!r} is not known here, only {SCHEMA!r}. Install the version of "
            "reaper_automix that wrote it, or make the plan again."
        )
    session, scope = data.get("session"), data.get("scope")
    predicted = data.get_or_none("predicted")
    return MixPlan(
        mixer=data.get("mixer").text(),
        created=data.text_or("created", ""),
        session_path=session.text_or("path", ""),
        session_fingerprint=session.text_or("fingerprint", ""),
        scope_track_ids=tuple(item.text() for item in scope.get("tracks").items()),
        range_s=_range(scope.get("range_s")),
        moves=tuple(_move_from_data(item) for item in data.get("moves").items()),
        settings={} if data.get_or_none("settings") is None else data.get("settings").mapping(),
        warnings=() if data.get_or_none("warnings") is None else tuple(w.text() for w in data.get("warnings").items()),
        predicted=Prediction() if predicted is None else _prediction(predicted),
    )


def _prediction(data: JsonReader) -> Prediction:
    return Prediction(
        data.number_or_none("loudness_lufs"),
        data.number_or_none("true_peak_dbtp"),
        data.number_or_none("before_loudness_lufs"),
        data.number_or_none("before_true_peak_dbtp"),
    )


def _range(data: JsonReader) -> tuple[float, float]:
    start_s, end_s = data.pair()
    if end_s < start_s:
        raise data.fail("a start before the end")
    return start_s, end_s


def _level_db(data: JsonReader) -> float:
    level_db = data.number()
    if level_db > HIGHEST_LEVEL_DB:
        raise data.fail(f"a level of at most {HIGHEST_LEVEL_DB:g} dB")
    return level_db


def _track_ref(data: JsonReader) -> TrackRef:
    return TrackRef(data.get("id").text(), data.text_or("name", ""))


def _points(data: JsonReader) -> tuple[Point, ...]:
    points = tuple(item.pair() for item in data.items())
    if any(b[0] < a[0] for a, b in pairwise(points)):
        raise data.fail("points in order of time")
    return points


def _envelope_move(data: JsonReader, reason: str) -> EnvelopeMove:
    name = data.get("envelope").text()
    kinds = {kind.value: kind for kind in EnvelopeKind if kind.is_volume}
    if name not in kinds:
        raise data.get("envelope").fail("one of " + ", ".join(kinds))
    range_s, points = _range(data.get("range_s")), _points(data.get("points"))
    if not points:
        raise data.get("points").fail("at least one point")
    if max(level for _, level in points) > HIGHEST_LEVEL_DB:
        raise data.get("points").fail(f"levels of at most {HIGHEST_LEVEL_DB:g} dB")
    if points[0][0] < range_s[0] - 1e-6 or points[-1][0] > range_s[1] + 1e-6:
        raise data.get("points").fail(f"points inside range_s {list(range_s)}")
    before = data.get_or_none("before_points")
    before_points = None if before is None else _points(before)
    return EnvelopeMove(_track_ref(data.get("track")), kinds[name], range_s, points, before_points, reason)


def _move_from_data(data: JsonReader) -> Move:
    kind, reason = data.get("kind").text(), data.text_or("reason", "")
    match kind:
        case "fader":
            before_db, after_db = data.number_or_none("before_db"), _level_db(data.get("after_db"))
            return FaderMove(_track_ref(data.get("track")), before_db, after_db, reason)
        case "pan":
            after = data.get("after").number()
            if not -1.0 <= after <= 1.0:
                raise data.get("after").fail("a pan from -1 to 1")
            return PanMove(_track_ref(data.get("track")), data.number_or_none("before"), after, reason)
        case "polarity":
            before = data.get_or_none("before")
            was = None if before is None else before.flag()
            return PolarityMove(_track_ref(data.get("track")), was, data.get("after").flag(), reason)
        case "envelope":
            return _envelope_move(data, reason)
        case "effect":
            return _effect_move(data, reason)
        case "send":
            return _send_move(data, reason)
        case "take":
            return _take_move(data, reason)
        case "bus":
            return BusMove(data.get("name").text(), reason)
    raise data.get("kind").fail("a kind of move that this version knows")


def _effect_move(data: JsonReader, reason: str) -> EffectMove:
    effect, plugin, tag = (data.get(key).text() for key in ("effect", "plugin", "tag"))
    if plugin not in MODULES or effect != MODULES[plugin].EFFECT:
        known = ", ".join(name for name, module in MODULES.items() if effect in (module.EFFECT, ""))
        raise data.get("plugin").fail(f"a plug-in for the effect {effect!r} ({known or 'none is known'})")
    if not tag.startswith(TAG_PREFIX) or not tag.isprintable():
        raise data.get("tag").fail(f"a name that begins with {TAG_PREFIX!r}")
    before = data.get_or_none("before")
    return EffectMove(
        track=_track_or_bus(data.get("track")),
        plugin=plugin,
        tag=tag,
        settings=settings_from_data(effect, data.get("settings")),
        before=None if before is None else settings_from_data(effect, before),
        reason=reason,
    )


def _send_move(data: JsonReader, reason: str) -> SendMove:
    mode = data.text_or("mode", SendMode.POST_FADER.value)
    if mode not in {known.value for known in SendMode}:
        raise data.get("mode").fail("one of " + ", ".join(known.value for known in SendMode))
    return SendMove(
        track=_track_ref(data.get("track")),
        to=data.get("to").get("name").text(),
        level_db=_level_db(data.get("level_db")),
        before_db=data.number_or_none("before"),
        mode=SendMode(mode),
        reason=reason,
    )


def _take_move(data: JsonReader, reason: str) -> TakeMove:
    name = data.get("name").text()
    if not name.isprintable() or not name.strip() or set(name) & set('/\\:*?"<>|'):
        raise data.get("name").fail("the name of a file, without a folder")
    return TakeMove(
        track=_track_ref(data.get("track")),
        item=_track_ref(data.get("item")),
        file=data.get("file").text(),
        name=name,
        gain_db=_level_db(data.get("gain_db")),
        reason=reason,
    )


def _track_or_bus(data: JsonReader) -> TrackRef:
    """Return a track; one with a name alone is the bus of this name."""
    ref = TrackRef(data.text_or("id", ""), data.text_or("name", ""))
    return ref if ref.id else bus_ref(data.get("name").text())
