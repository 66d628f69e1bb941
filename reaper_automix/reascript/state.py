"""What our scripts tell one another: REAPER's ext state. Only preferences outlive REAPER.

Requests go from an action to the watcher, the jobs' states from the watcher to the actions. Every script runs on
REAPER's main thread, one at a time, so that nothing here can be read half-written.
"""

from __future__ import annotations

import json
from typing import Any

from reaper_automix.reascript.api import EXT_SECTION

_STALE_S = 60.0
"""A watcher that has not been heard of for so long is taken to have died; modal boxes hold it up for a while."""


class SharedState:
    """REAPER's ext state as JSON values.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    """

    def __init__(self, api: Any) -> None:
        self._api = api

    def add_request(self, request: dict[str, Any]) -> None:
        """Leave a request for the watcher."""
        self._set("requests", [*self._get("requests", []), request])

    def take_requests(self) -> list[dict[str, Any]]:
        """Return the requests and forget them."""
        requests: list[dict[str, Any]] = self._get("requests", [])
        if requests:
            self._set("requests", None)
        return requests

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Return the states of the jobs that run, by project pointer; none if their watcher died."""
        jobs: dict[str, dict[str, Any]] = self._get("jobs", {})
        return jobs if self.is_watched() else {}

    def set_jobs(self, jobs: dict[str, dict[str, Any]]) -> None:
        """Tell the actions what runs."""
        self._set("jobs", jobs or None)

    def is_watched(self) -> bool:
        """Tell whether a watcher runs."""
        heard_at_s = self._get("watching", None)
        return isinstance(heard_at_s, float) and abs(self._api.time_precise() - heard_at_s) < _STALE_S

    def keep_watch(self) -> None:
        """Say that the watcher runs."""
        self._set("watching", float(self._api.time_precise()))

    def end_watch(self) -> None:
        """Say that the watcher has ended, and that no job runs."""
        for key in ("watching", "jobs"):
            self._set(key, None)

    def preferences(self) -> dict[str, Any]:
        """Return the preferences as they were stored."""
        stored = self._get("preferences", {})
        return stored if isinstance(stored, dict) else {}

    def set_preferences(self, preferences: dict[str, Any]) -> None:
        """Store the preferences for good."""
        self._set("preferences", preferences, persist=True)

    def _get(self, key: str, default: Any) -> Any:
        text = self._api.GetExtState(EXT_SECTION, key)
        try:
            return json.loads(text) if text else default
        except ValueError:
            return default

    def _set(self, key: str, value: Any, *, persist: bool = False) -> None:
        if value is None:
            self._api.DeleteExtState(EXT_SECTION, key, persist)
        else:
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
            self._api.SetExtState(EXT_SECTION, key, text, persist)
