"""What the REAPER side asks of the worker, and its JSON, ``reaper_automix.request/1``. Stdlib only."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from reaper_automix.errors import PlanError
from reaper_automix.settings import MixSettings

SCHEMA = "reaper_automix.request/1"

_STEP = "Run the action again; if that does not help, run install.py again, so that both sides are of one version."
_Wanted = TypeVar("_Wanted")


@dataclass(frozen=True, slots=True)
class Request:
    """A wish for a plan.

    Parameters
    ----------
    mixer : str
        One of ``registry.MIXERS``.
    settings : MixSettings
        Strength and the like.
    track_ids : tuple of str
        The tracks to mix; empty: all that belong to a balance.
    range_s : tuple of float, optional
        The time range; None: the whole session.
    rendered : mapping of track id to {"path": str, "start_s": float, "end_s": float}
        Tracks that REAPER has rendered after their plug-ins and before their faders: the file, and what time it holds.
    title : str
        What the action is called.
    window : bool
        Whether to show the progress window.
    project : str
        The project's file; empty where it was never saved. Only for whoever looks for the runs of a project.
    reaper_pid : int
        The process that asks; the worker stops when it is gone. 0: whichever process started the worker.
    """

    mixer: str
    settings: MixSettings = field(default_factory=MixSettings)
    track_ids: tuple[str, ...] = ()
    range_s: tuple[float, float] | None = None
    rendered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    title: str = "Automix"
    window: bool = True
    reaper_pid: int = 0
    project: str = ""


def request_to_json(request: Request) -> str:
    """Return a request as indented ASCII JSON."""
    data = {"schema": SCHEMA, **asdict(request), "settings": request.settings.to_data()}
    return json.dumps(data, indent=1) + "\n"


def request_from_json(text: str, *, name: str = "request") -> Request:
    """Read what ``request_to_json`` wrote.

    Parameters
    ----------
    text : str
        The JSON.
    name : str
        What to call it in messages: the file, say.

    Raises
    ------
    PlanError
        If it is no request, one of another version, or a field is missing, unknown or of the wrong kind.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{name}: not JSON ({error}). {_STEP}") from None
    reader = _Reader(data, name)
    reader.take("schema", _schema)
    request = Request(
        mixer=reader.take("mixer", _text),
        settings=reader.take("settings", _settings),
        track_ids=reader.take("track_ids", _texts),
        range_s=reader.take("range_s", _range_or_none),
        rendered=reader.take("rendered", _rendered),
        title=reader.take("title", _text),
        window=reader.take("window", _flag),
        reaper_pid=reader.take("reaper_pid", _pid, 0),
        project=reader.take("project", _text, ""),
    )
    reader.nothing_left()
    return request


class _Reader:
    """Takes the fields of an object one by one, and names the field that is wrong."""

    def __init__(self, data: Any, name: str) -> None:
        if not isinstance(data, dict):
            raise PlanError(f"{name}: expected an object, found {_shown(data)}. {_STEP}")
        self._left = dict(data)
        self._name = name

    def take(self, key: str, read: Callable[[Any], _Wanted], default: _Wanted | None = None) -> _Wanted:
        """Return a field as ``read`` understands it; a ValueError of ``read`` says what it wanted."""
        if key not in self._left:
            if default is not None:
                return default
            raise PlanError(f"{self._name}: the field '{key}' is missing. {_STEP}")
        value = self._left.pop(key)
        try:
            return read(value)
        except ValueError as error:
            raise PlanError(f"{self._name}.{key}: expected {error}, found {_shown(value)}. {_STEP}") from None

    def nothing_left(self) -> None:
        """Refuse fields that this version does not know: they would be ignored in silence."""
        if self._left:
            raise PlanError(f"{self._name}: the field '{next(iter(self._left))}' is not known here. {_STEP}")


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def _schema(value: Any) -> str:
    if value != SCHEMA:
        raise ValueError(f'"{SCHEMA}"')
    return SCHEMA


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("a list of track ids")
    return tuple(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _pid(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a process id")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number")
    return float(value)


def _range_or_none(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("two times in seconds, or null")
    start_s, end_s = _number(value[0]), _number(value[1])
    if not 0.0 <= start_s < end_s:
        raise ValueError("a start from 0 on before the end")
    return start_s, end_s


def _rendered(value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError("an object of tracks")
    return {track_id: _rendered_file(file) for track_id, file in value.items()}


def _rendered_file(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != {"path", "start_s", "end_s"}:
        raise ValueError("a path, a start_s and an end_s per track")
    times = {name: _number(value[name]) for name in ("start_s", "end_s")}
    return {"path": _text(value["path"]), **times}


def _settings(value: Any) -> MixSettings:
    """Read settings; those that are not given are as usual."""
    usual = MixSettings().to_data()
    if not isinstance(value, dict):
        raise ValueError("an object of settings")
    known = {kind.name for kind in fields(MixSettings)}
    for key, given in value.items():
        if key not in known:
            raise ValueError(f"settings that are known here ({', '.join(sorted(known))}), not '{key}'")
        if isinstance(usual[key], float):
            value[key] = _number(given)
        elif type(given) is not type(usual[key]):
            raise ValueError(f"{'true or false' if isinstance(usual[key], bool) else 'a text'} for '{key}'")
    settings = MixSettings(**value)
    if not 0.0 <= settings.strength_percent <= 100.0:
        raise ValueError("a strength_percent from 0 to 100")
    if not 0.0 < settings.max_error_db < math.inf:
        raise ValueError("a max_error_db above 0")
    return settings
