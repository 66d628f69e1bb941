"""What a program outside of REAPER has done inside, each in one call: read the project, write a plan, take it back.

Arguments and answers are texts and whole numbers, and every problem is an answer as well: whatever carries these calls
never meets a value that JSON does not know, nor an exception. Between two calls REAPER is free.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from reaper_automix import __version__
from reaper_automix.errors import AutomixError, SessionError
from reaper_automix.reascript import apply
from reaper_automix.reascript.api import PrefixedApi, Reaper
from reaper_automix.reascript.snapshot import snapshot
from reaper_automix.receipt import Receipt
from reaper_automix.session_json import session_from_json, session_to_json

Answer = dict[str, Any]


def read_project() -> str:
    """Return the project in front, as JSON (see ``reading``), or a problem (``{"error": ...}``)."""
    return _answered(reading)


def write_plan(plan_json: str, project: str, session_json: str, read_at: int) -> str:
    """Write a plan and return the receipt as JSON, or a problem.

    Parameters
    ----------
    plan_json : str
        The plan in its published format.
    project, session_json, read_at
        What ``read_project`` returned: the plan is for this tab and this state of it.
    """
    return _answered(lambda api: writing(api, plan_json, project, session_json, read_at))


def revert_project(project: str) -> str:
    """Take back what our runs wrote into a tab and return the receipt as JSON, or a problem.

    Parameters
    ----------
    project : str
        Pointer of the tab; empty: the one in front.
    """
    return _answered(lambda api: reverting(api, project))


# --- the same on any form of the API ---------------------------------------------------------------------------------


def reading(api: Any) -> Answer:
    """Return the project in front: its pointer, its session (as JSON text), REAPER's change count, and our version."""
    reaper = Reaper(api)
    return {
        "version": __version__,
        "project": reaper.project,
        "read_at": reaper.change_count(),
        "recording": reaper.is_recording(),
        "session": session_to_json(snapshot(reaper)),
    }


def writing(api: Any, plan_json: str, project: str, session_json: str, read_at: int) -> Answer:
    """Write a plan into a tab; return the receipt.

    Raises
    ------
    AutomixError
        If the tab was closed, or the plan cannot be written; nothing was changed then.
    """
    _check_is_open(api, project)
    known = session_from_json(session_json)
    receipt = apply.apply_plan(api, plan_json, project=project, heard=known, known=known, known_at=int(read_at))
    return {"receipt": asdict(receipt)}


def reverting(api: Any, project: str) -> Answer:
    """Take back what our runs wrote into a tab; return the receipt.

    Raises
    ------
    AutomixError
        If the tab was closed, or something does not read back; nothing was changed then.
    """
    if project:
        _check_is_open(api, project)
    receipt: Receipt = apply.revert(api, project=project or None)
    return {"receipt": asdict(receipt)}


def _check_is_open(api: Any, project: str) -> None:
    """Refuse a tab that was closed: its pointer leads into memory that REAPER has given back."""
    if Reaper(api, project).project_file() is None:
        raise SessionError("The project was closed in REAPER meanwhile, so nothing was written. Open it and run again.")


def _answered(work: Callable[[Any], Answer]) -> str:
    """Do something with REAPER's own functions; return its answer or the problem as ASCII JSON."""
    try:
        answer = work(PrefixedApi(sys.modules["reaper_python"]))
    except AutomixError as error:
        answer = {"error": str(error), "kind": type(error).__name__}
    except Exception as error:
        answer = {"error": repr(error), "kind": "", "traceback": traceback.format_exc()}
    return json.dumps(answer)
