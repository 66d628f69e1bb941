"""What our scripts tell one another: REAPER's ext state. Only preferences outlive REAPER.

Requests go from an action to the watcher, the jobs' states from the watcher to the actions. Every script runs on
REAPER's main thread, one at a time, so that nothing here can be read half-written.
"""

from __future__ import annotations

import json
import math
from typing import Any

from reaper_automix.reascript.api import EXT_SECTION

STALE_S = 60.0
"""A script that has not been heard of for so long is taken to have died; modal boxes hold it up for a while."""


class ExtState:
    """The values of our section, as JSON.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    """

    def __init__(self, api: Any) -> None:
        self._api = api

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value; ``default`` where there is none, or what is there is no JSON."""
        text = self._api.GetExtState(EXT_SECTION, key)
        try:
            return json.loads(text) if text else default
        except (ValueError, RecursionError):
            return default

    def set(self, key: str, value: Any, *, persist: bool = False) -> None:
        """Store a value, until REAPER closes or for good; None removes it."""
        if value is None:
            self._api.DeleteExtState(EXT_SECTION, key, persist)
        else:
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
            self._api.SetExtState(EXT_SECTION, key, text, persist)

    def set_time(self, key: str) -> None:
        """Store what time it is."""
        self.set(key, float(self._api.time_precise()))

    def age_s(self, key: str) -> float:
        """Return how long ago ``set_time`` stored the time; infinite if it did not."""
        stored_s = self.get(key)
        return abs(float(self._api.time_precise()) - stored_s) if isinstance(stored_s, float) else math.inf


class SharedState:
    """What actions and watcher tell one another.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    """

    def __init__(self, api: Any) -> None:
        self._state = ExtState(api)

    def add_request(self, request: dict[str, Any]) -> None:
        """Leave a request for the watcher."""
        self._state.set("requests", [*self._state.get("requests", []), request])

    def take_requests(self) -> list[dict[str, Any]]:
        """Return the requests and forget them."""
        requests: list[dict[str, Any]] = self._state.get("requests", [])
        if requests:
            self._state.set("requests", None)
        return requests

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Return the states of the jobs that run, by project pointer; none if their watcher died."""
        jobs: dict[str, dict[str, Any]] = self._state.get("jobs", {})
        return jobs if self.is_watched() else {}

    def set_jobs(self, jobs: dict[str, dict[str, Any]]) -> None:
        """Tell the actions what runs."""
        self._state.set("jobs", jobs or None)

    def is_watched(self) -> bool:
        """Tell whether a watcher runs."""
        return self._state.age_s("watching") < STALE_S

    def keep_watch(self) -> None:
        """Say that the watcher runs."""
        self._state.set_time("watching")

    def end_watch(self) -> None:
        """Say that the watcher has ended, and that no job runs."""
        for key in ("watching", "jobs"):
            self._state.set(key, None)

    def preferences(self) -> dict[str, Any]:
        """Return the preferences as they were stored."""
        stored = self._state.get("preferences", {})
        return stored if isinstance(stored, dict) else {}

    def set_preferences(self, preferences: dict[str, Any]) -> None:
        """Store the preferences for good."""
        self._state.set("preferences", preferences, persist=True)
