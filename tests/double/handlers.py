"""All handlers by the name of their ReaScript function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from double import (
    handlers_application,
    handlers_effects,
    handlers_envelopes,
    handlers_items,
    handlers_parameters,
    handlers_pins,
    handlers_points,
    handlers_project,
    handlers_sends,
    handlers_track_lists,
    handlers_tracks,
)

_MODULES = (
    handlers_application,
    handlers_effects,
    handlers_envelopes,
    handlers_items,
    handlers_parameters,
    handlers_pins,
    handlers_points,
    handlers_project,
    handlers_sends,
    handlers_track_lists,
    handlers_tracks,
)
_LOWER_CASE = ("guidToString", "mkpanstr", "time_precise")

HANDLERS: Mapping[str, Callable[..., Any]] = {
    name: function
    for module in _MODULES
    for name, function in vars(module).items()
    if callable(function)
    and getattr(function, "__module__", "") == module.__name__
    and not isinstance(function, type)
    and (name[0].isupper() or name in _LOWER_CASE)
}
"""A handler takes the REAPER and the arguments (pointers as references), and returns what the function writes: its
result, or a tuple of its result (if it has one) and the new values of all in/out arguments."""
