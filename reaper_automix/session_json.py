"""A session as JSON text: what the REAPER side hands to the worker. Stdlib only.

Every field of ``session.Session`` under its own name; enums by value, sets as sorted lists.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from reaper_automix.errors import PlanError, SessionError
from reaper_automix.session import Session, plain

_ITEMS_AT_ONCE = 50
_LONGEST_SHOWN = 100

SCHEMA = "reaper_automix.session/1"


def session_to_json(session: Session) -> str:
    """Return a session as one line of ASCII JSON."""
    return "".join(session_json_pieces(session))


def session_json_pieces(session: Session) -> Iterator[str]:
    """Yield the same in pieces, each of which takes some milliseconds."""
    head = _dumped(plain(replace(session, tracks=())))
    yield f'{{"schema":"{SCHEMA}","session":{head[:-1]},"tracks":['.replace('"tracks":[],', "", 1)
    for number, track in enumerate(session.tracks):
        bare = _dumped(plain(replace(track, items=()))).replace('"items":[],', "", 1)
        yield f'{"," if number else ""}{bare[:-1]},"items":['
        for at in range(0, len(track.items), _ITEMS_AT_ONCE):
            items = _dumped(plain(track.items[at : at + _ITEMS_AT_ONCE]))[1:-1]
            yield f"{',' if at else ''}{items}"
        yield "]}"
    yield "]}}"


def _dumped(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))


def session_from_json(text: str) -> Session:
    """Read what ``session_to_json`` wrote.

    Raises
    ------
    SessionError
        If it is no session, or one of another version.
    """
    try:
        data = json.loads(text)
        if data["schema"] != SCHEMA:
            found = str(data["schema"])[:_LONGEST_SHOWN]
            raise SessionError(
                f"The session has the schema {found!r}, this version reads {SCHEMA!r}. Run install.py again, so that "
                "the actions and the worker are of one version."
            )
        session: Session = _decoded(Session, data["session"])
        _check_references(session)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, PlanError) as error:
        why = f"{type(error).__name__}: {error}"[:_LONGEST_SHOWN]
        raise SessionError(f"The session's JSON is damaged ({why!a}); run the action again.") from error
    return session


def _check_references(session: Session) -> None:
    """Refuse tracks with one id, and a folder that does not stand before what lies in it."""
    known: set[str] = set()
    for track in session.tracks:
        if track.id in known:
            raise ValueError(f"two tracks have the id {track.id}")
        if track.parent_id is not None and track.parent_id not in known:
            raise ValueError(f"no folder {track.parent_id} stands before track {track.id}")
        known.add(track.id)


def _decoded(hint: Any, data: Any) -> Any:
    """Return plain data as a value of the declared type."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        choices = [arg for arg in get_args(hint) if arg is not type(None)]
        if data is None and len(choices) < len(get_args(hint)):
            return None
        return _decoded(_fitting(choices, data), data)
    if origin is tuple:
        kinds = get_args(hint)
        if kinds[-1] is Ellipsis:
            return tuple(_decoded(kinds[0], value) for value in _of_kind(list, data))
        return tuple(_decoded(kind, value) for kind, value in zip(kinds, _of_kind(list, data), strict=True))
    if origin is frozenset:
        return frozenset(_decoded(get_args(hint)[0], value) for value in _of_kind(list, data))
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(**{name: _decoded(kind, _of_kind(dict, data)[name]) for name, kind in _hints(hint).items()})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    if hint is float:
        return _number(data)
    return _of_kind(hint, data) if isinstance(hint, type) else data


def _of_kind(kind: type[Any], data: Any) -> Any:
    """Return data that are of a plain type; true and false are no whole numbers."""
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise TypeError(f"a {kind.__name__} was expected, not {str(data)[:_LONGEST_SHOWN]}")
    return data


def _number(data: Any) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or math.isnan(data):
        raise TypeError(f"a number was expected, not {str(data)[:_LONGEST_SHOWN]}")
    return float(data)


def _fitting(kinds: list[Any], data: Any) -> Any:
    """Return the one of several types that the data is of: dataclasses are told apart by their fields."""
    if len(kinds) == 1:
        return kinds[0]
    fitting = [kind for kind in kinds if isinstance(data, dict) and set(_hints(kind)) == set(data)]
    if not fitting:
        raise TypeError(f"settings that are not known: {str(data)[:_LONGEST_SHOWN]}")
    return fitting[0]


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
