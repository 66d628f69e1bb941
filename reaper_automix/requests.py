"""What the REAPER side asks of the worker, and its JSON, ``reaper_automix.request/1``. Stdlib only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from reaper_automix.json_reader import JsonReader, parse_json
from reaper_automix.plugins.registry import SUITES
from reaper_automix.settings import (
    BALANCES,
    RIDERS,
    STRIP_SOURCES,
    STRIP_STEPS,
    VOCAL_LEVELS,
    VOCAL_REVERBS,
    VOCAL_STEPS,
    MixSettings,
)

SCHEMA = "reaper_automix.request/1"

_STEP = "Run the action again; if that does not help, run install.py again, so that both sides are of one version."


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
    report_audio : bool
        Whether the report can be listened to.
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
    report_audio: bool = True


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
    data = parse_json(text, name=name, step=_STEP)
    data.only(("schema", *(kind.name for kind in fields(Request))))
    if data.get("schema").value != SCHEMA:
        raise data.get("schema").fail(f'"{SCHEMA}"')
    pid = data.get_or_none("reaper_pid")
    return Request(
        mixer=data.get("mixer").text(),
        settings=_settings(data.get("settings")),
        track_ids=tuple(item.text() for item in data.get("track_ids").items()),
        range_s=None if data.get("range_s").value is None else _range(data.get("range_s")),
        rendered={track_id: _rendered_file(file) for track_id, file in data.get("rendered").fields().items()},
        title=data.get("title").text(),
        window=data.get("window").flag(),
        reaper_pid=0 if pid is None else _pid(pid),
        project=data.text_or("project", ""),
        report_audio=data.get("report_audio").flag(),
    )


def _pid(data: JsonReader) -> int:
    if isinstance(data.value, bool) or not isinstance(data.value, int) or data.value < 0:
        raise data.fail("a process id")
    return data.value


def _range(data: JsonReader) -> tuple[float, float]:
    start_s, end_s = data.pair()
    if not 0.0 <= start_s < end_s:
        raise data.fail("a start from 0 on before the end")
    return start_s, end_s


def _rendered_file(data: JsonReader) -> dict[str, Any]:
    data.only(("path", "start_s", "end_s"))
    times_s = {name: data.get(name).number() for name in ("start_s", "end_s")}
    return {"path": data.get("path").text(), **times_s}


_CHOICES = {
    "balance": BALANCES,
    "rider": RIDERS,
    "vocal_level": VOCAL_LEVELS,
    "vocal_reverb": VOCAL_REVERBS,
    "strip_source": STRIP_SOURCES,
    "plugins": SUITES,
}
"""Settings that are one of some words."""

_STEPS = {"vocal_steps": VOCAL_STEPS, "strip_steps": STRIP_STEPS}
"""Settings that are some of some words."""


def _settings(data: JsonReader) -> MixSettings:
    """Read settings; those that are not given are as usual."""
    usual = MixSettings().to_data()
    data.only(usual)
    given: dict[str, Any] = {}
    for key, value in data.fields().items():
        match usual[key]:
            case bool():
                given[key] = value.flag()
            case float():
                given[key] = value.number()
            case list():
                given[key] = tuple(item.text() for item in value.items())
            case _:
                given[key] = value.text()
    settings = MixSettings(**given)
    if not 0.0 <= settings.strength_percent <= 100.0:
        raise data.get("strength_percent").fail("a number from 0 to 100")
    for key, words in _CHOICES.items():
        if getattr(settings, key) not in words:
            raise data.get(key).fail(f"one of {', '.join(words)}")
    for key, steps in _STEPS.items():
        if not set(getattr(settings, key)) <= set(steps):
            raise data.get(key).fail(f"of {', '.join(steps)}")
    if settings.max_error_db <= 0.0:
        raise data.get("max_error_db").fail("a number above 0")
    return settings
