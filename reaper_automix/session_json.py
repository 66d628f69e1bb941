"""A session as JSON text: what the REAPER side hands to the worker. Stdlib only.

Every field of ``session.Session`` under its own name; enums by value, sets as sorted lists.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from reaper_automix.errors import SessionError
from reaper_automix.session import Session, plain

_ITEMS_AT_ONCE = 50

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
            raise SessionError(f"The session has the schema {data['schema']!r}, this version reads {SCHEMA!r}: update.")
        session: Session = _decoded(Session, data["session"])
    except (ValueError, KeyError, TypeError) as error:
        raise SessionError(f"The session's JSON is damaged ({error!r}); read the session again.") from error
    return session


def _decoded(hint: Any, data: Any) -> Any:
    """Return plain data as a value of the declared type."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        choices = [arg for arg in get_args(hint) if arg is not type(None)]
        return None if data is None else _decoded(_fitting(choices, data), data)
    if origin is tuple:
        kinds = get_args(hint)
        if kinds[-1] is Ellipsis:
            return tuple(_decoded(kinds[0], value) for value in data)
        return tuple(_decoded(kind, value) for kind, value in zip(kinds, data, strict=True))
    if origin is frozenset:
        return frozenset(data)
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(**{name: _decoded(kind, data[name]) for name, kind in _hints(hint).items()})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    return float(data) if hint is float else data


def _fitting(kinds: list[Any], data: Any) -> Any:
    """Return the one of several types that the data is of: dataclasses are told apart by their fields."""
    return kinds[0] if len(kinds) == 1 else next(kind for kind in kinds if set(_hints(kind)) == set(data))


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
