"""What the REAPER side asks survives its JSON; anything else is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reaper_automix.errors import PlanError
from reaper_automix.requests import SCHEMA, Request, request_from_json, request_to_json
from reaper_automix.settings import MixSettings

FULL = Request(
    mixer="balance",
    settings=MixSettings(strength_percent=40.0, all_on_envelope=True, max_error_db=0.25, balance="equal"),
    track_ids=("{A}", "{B}"),
    range_s=(1.5, 20.0),
    rendered={"{A}": {"path": "/tmp/Über/1.wav", "start_s": 1.5, "end_s": 9.0}},
    title="Automix: balance",
    window=False,
    reaper_pid=4711,
)


@pytest.mark.parametrize("request_", [FULL, Request("balance")], ids=["full", "usual"])
def test_a_request_survives(request_: Request) -> None:
    text = request_to_json(request_)
    assert text.isascii()
    assert json.loads(text)["schema"] == SCHEMA
    assert request_from_json(text) == request_


def test_settings_that_are_not_given_are_as_usual() -> None:
    data = json.loads(request_to_json(FULL)) | {"settings": {"strength_percent": 50}}
    assert request_from_json(json.dumps(data)).settings == MixSettings(strength_percent=50.0)


def test_a_request_of_an_older_side_has_no_process_id() -> None:
    data = json.loads(request_to_json(FULL))
    del data["reaper_pid"]
    assert request_from_json(json.dumps(data)).reaper_pid == 0


WRONG: list[tuple[str, Any, str]] = [
    ("schema", "reaper_automix.request/2", "schema"),
    ("mixer", None, "mixer: expected a text"),
    ("settings", [], "settings: expected an object"),
    ("settings", {"strength": 50}, "'strength'"),
    ("settings", {"rider": "nobody"}, "settings.rider: expected one of auto, lds, rule"),
    ("settings", {"vocal_level": "loud"}, "settings.vocal_level: expected one of auto, rule, usual"),
    ("settings", {"plugins": "waves"}, "settings.plugins: expected one of stock, iem"),
    ("settings", {"vocal_steps": ["level", "autotune"]}, "settings.vocal_steps: expected of level, compressor"),
    ("settings", {"balance": ""}, "settings.balance: expected one of auto, equal, roles, learned"),
    ("settings", {"strength_percent": 101}, "settings.strength_percent: expected a number from 0 to 100"),
    ("settings", {"strength_percent": "50"}, "settings.strength_percent: expected a number"),
    ("settings", {"max_error_db": 0}, "settings.max_error_db: expected a number above 0"),
    ("settings", {"all_on_envelope": 1}, "settings.all_on_envelope: expected true or false"),
    ("settings", {"balance": 1}, "settings.balance: expected a text"),
    ("track_ids", "{A}", "track_ids: expected a list"),
    ("track_ids", [1], "track_ids[0]: expected a text"),
    ("range_s", [3, 3], "before the end"),
    ("range_s", [-1, 3], "from 0 on"),
    ("range_s", [0], "range_s: expected two numbers"),
    ("range_s", [0, float("inf")], "a number"),
    ("rendered", [], "rendered: expected an object"),
    ("rendered", {"{A}": {"path": "a.wav"}}, "rendered.{A}: the field 'start_s' is missing"),
    ("rendered", {"{A}": {"path": "a.wav", "start_s": None, "end_s": 1.0}}, "rendered.{A}.start_s: expected a number"),
    ("rendered", {"{A}": {"path": "a.wav", "start_s": 0, "end_s": 1, "gain": 1}}, "rendered.{A}: the field 'gain'"),
    ("title", 3, "a text"),
    ("window", "yes", "true or false"),
    ("reaper_pid", -1, "a process id"),
    ("reaper_pid", True, "a process id"),
    ("colour", "red", "'colour' is not known"),
]


@pytest.mark.parametrize(("key", "value", "told"), WRONG)
def test_a_wrong_field_is_named(key: str, value: Any, told: str) -> None:
    text = json.dumps(json.loads(request_to_json(FULL)) | {key: value})
    with pytest.raises(PlanError) as error:
        request_from_json(text, name="request.json")
    assert str(error.value).startswith("request.json")
    assert told in str(error.value)
    assert "install.py" in str(error.value)


@pytest.mark.parametrize("key", [k for k in json.loads(request_to_json(FULL)) if k not in ("reaper_pid", "project")])
def test_a_missing_field_is_named(key: str) -> None:
    data = json.loads(request_to_json(FULL))
    del data[key]
    with pytest.raises(PlanError, match=f"'{key}' is missing"):
        request_from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"request"', "[" * 100_000])
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        request_from_json(text)
