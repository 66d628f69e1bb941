"""What each action does. ``run`` is the one entry: ``actions/automix_start.py`` calls it inside REAPER."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from reaper_automix.errors import SessionError
from reaper_automix.reascript import remote_control
from reaper_automix.reascript.api import PrefixedApi, Reaper
from reaper_automix.reascript.apply import revert
from reaper_automix.reascript.deferred import told
from reaper_automix.reascript.installed import installed
from reaper_automix.reascript.job import summary
from reaper_automix.reascript.preferences import ask, from_stored
from reaper_automix.reascript.record import store_roles, stored_roles
from reaper_automix.reascript.run_folder import last_report
from reaper_automix.reascript.state import SharedState
from reaper_automix.reascript.watcher import Watcher, start_watching
from reaper_automix.reascript.worker_process import start_quietly
from reaper_automix.role_overrides import AUTO_WORD, format_role_overrides, parse_role_overrides, stated_role

_YES_NO, _YES = 4, 6


def run(name: str, main: ModuleType, **options: Any) -> None:
    """Do what an action's file is named after.

    Parameters
    ----------
    name : str
        ``balance``, ``preview``, ``mix`` (with ``mixer``), ``revert``, ``status``, ``settings``, ``report``,
        ``role`` or ``remote``; ``watch`` and ``serve`` for the scripts that stay.
    main : ModuleType
        The action's ``__main__``, in which REAPER puts ``RPR_defer`` and ``RPR_atexit``.
    **options
        ``mixer``: which mixer; ``preview``: plan and report only; ``window``: whether the progress window is shown.

    Raises
    ------
    AutomixError
        With a message for the engineer.
    """
    api = PrefixedApi(sys.modules["reaper_python"])
    if name in _STAYING:
        _STAYING[name](api, main)
        return
    doing = _DOING.get(name)
    if doing is None:
        raise SessionError(f"There is no Automix action {name!r}. Run install.py again.")
    doing(Action(api, _script_folder(), options))


class Action:
    """What an action works with: the ReaScript functions, the folder of the scripts, and its options."""

    def __init__(self, api: Any, folder: Path, options: dict[str, Any]) -> None:
        self.api = api
        self.folder = folder
        self.options = options
        self.reaper = Reaper(api)
        self.state = SharedState(api)

    @property
    def job(self) -> dict[str, Any] | None:
        """The state of the job that runs in this project, if any."""
        return self.state.jobs().get(self.reaper.project)


def mix(action: Action, *, mixer: str = "balance", preview: bool = False) -> None:
    """Ask the watcher for a run in the project in front; while one runs here, show that instead.

    Raises
    ------
    SessionError
        If REAPER records, has no tracks, or the watcher script cannot be started.
    """
    if action.job is not None:
        status(action)
        return
    if action.reaper.is_recording():
        raise SessionError("REAPER is recording. Stop the recording and run again; nothing was changed.")
    if not action.reaper.tracks():
        raise SessionError("This project has no tracks: nothing to mix.")
    installed(action.api)
    mixer = str(action.options.get("mixer", mixer))
    preview = bool(action.options.get("preview", preview))
    request = {
        "project": action.reaper.project,
        "mixer": mixer,
        "title": f"Automix: {mixer}{' (preview only)' if preview else ''}",
        "preview": preview,
        "window": bool(action.options.get("window", True)),
    }
    action.state.add_request(request)
    if not start_watching(action.api, action.folder):
        action.state.take_requests()
        raise SessionError(f"REAPER did not take {action.folder / 'automix_watch.py'}. Run install.py again.")


def preview(action: Action) -> None:
    """Plan and report; write nothing into the project."""
    mix(action, preview=True)


def revert_last(action: Action) -> None:
    """Take back what our runs wrote, except what the engineer changed since."""
    if action.job is not None:
        status(action)
        return
    receipt = revert(action.api, project=action.reaper.project)
    nothing = ["There is nothing of Automix to take back in this project.", *receipt.notes]
    lines = summary(receipt) if receipt.outcomes else nothing
    action.api.ShowConsoleMsg("Automix: revert\n" + "\n".join(lines) + "\n\n")


def status(action: Action) -> None:
    """Show where the run in this project stands, and offer to cancel it."""
    job = action.job
    if job is None:
        others = len(action.state.jobs())
        elsewhere = f" {others} in other project tabs." if others else ""
        action.api.ShowMessageBox(f"No Automix runs in this project.{elsewhere}", "Automix: status", 0)
        return
    share = f" {job['done']:.0f} of {job['total']:.0f}" if job["total"] else ""
    text = f"{job['title']}\n\n{job['stage']}{share} {job['label']}\n{job['elapsed_s']:.0f} s so far.\n\nCancel it?"
    if int(action.api.ShowMessageBox(text, "Automix: status", _YES_NO)) == _YES:
        action.state.add_request({"project": action.reaper.project, "cancel": True})


def settings(action: Action) -> None:
    """Ask for the preferences and keep them."""
    chosen = ask(action.api, from_stored(action.state.preferences()))
    if chosen is not None:
        action.state.set_preferences(chosen.to_data())


def role(action: Action) -> None:
    """Ask who the selected tracks are, and have the project remember it.

    Raises
    ------
    SessionError
        If no track is selected, or the word is no role.
    """
    reaper = action.reaper
    chosen = [pointer for pointer in reaper.tracks() if reaper.value(pointer, "I_SELECTED")]
    if not chosen:
        raise SessionError("No track is selected: select the tracks whose role you want to say.")
    answer = action.api.GetUserInputs(
        "Automix: role of the selected tracks", 1, "Role (auto: by name),extrawidth=160", "", 1024
    )
    if not answer[0]:
        return
    ids = {reaper.text(pointer, "GUID"): reaper.text(pointer, "P_NAME") for pointer in chosen}
    store_roles(reaper, changed_roles(stored_roles(reaper, lambda _: None), ids, str(answer[4])))
    action.api.MarkProjectDirty(reaper.project)
    action.api.ShowConsoleMsg(f"Automix: {', '.join(ids.values())}: {str(answer[4]).strip()}\n")


def changed_roles(roles_json: str, track_ids: Iterable[str], word: str) -> str:
    """Return what the project keeps of roles after the engineer has said a word of some tracks.

    Raises
    ------
    SessionError
        If the word is no role.
    """
    try:
        said = parse_role_overrides(roles_json)
    except ValueError:
        said = {}
    try:
        stated = None if word.strip().casefold() == AUTO_WORD else stated_role(word)
    except ValueError as error:
        raise SessionError(f"{error}, or {AUTO_WORD}.") from None
    kept = {track_id: known for track_id, known in said.items() if track_id not in set(track_ids)}
    return format_role_overrides(kept | (dict.fromkeys(track_ids, stated) if stated is not None else {}))


def report(action: Action) -> None:
    """Open the report of the last run in the browser.

    Raises
    ------
    SessionError
        If no run has left a report.
    """
    place = installed(action.api)
    path = last_report(place.runs, action.reaper.project_file() or "")
    if path is None:
        raise SessionError(
            "No run in this project has left a report yet. Run 'Automix balance' or 'Automix preview only' first."
        )
    start_quietly([str(place.python), "-m", "webbrowser", path.as_uri()])  # a browser may take seconds to answer
    action.api.ShowConsoleMsg(f"Automix: the report of the last run is {path}\n")


def watch(api: Any, main: ModuleType) -> None:
    """Carry the jobs on, in REAPER's deferred calls.

    ``RPR_defer`` and ``RPR_atexit`` take code as text, which REAPER runs in the script's ``__main__``.
    """
    if SharedState(api).is_watched():
        return  # one is enough
    watcher = Watcher(api, lambda: main.RPR_defer("automix_turn()"))

    main.automix_turn = told(watcher.turn)  # type: ignore[attr-defined]
    main.automix_close = watcher.close  # type: ignore[attr-defined]
    main.RPR_atexit("automix_close()")
    main.automix_turn()


def remote(action: Action) -> None:
    """Let programs on this computer in (``reaper-automix live``), or no more."""
    remote_control.switch(action.api, action.folder)


_STAYING: dict[str, Callable[[Any, ModuleType], None]] = {"watch": watch, "serve": remote_control.serve}

_DOING: dict[str, Callable[[Action], None]] = {
    "mix": mix,
    "balance": mix,
    "preview": preview,
    "revert": revert_last,
    "status": status,
    "settings": settings,
    "report": report,
    "remote": remote,
    "role": role,
}


def _script_folder() -> Path:
    """Return the folder of the action scripts: that of the start-up module, which REAPER's search path led to."""
    start = sys.modules.get("automix_start")
    path = getattr(start, "__file__", None)
    return Path(path).resolve().parent if path else Path(sys.path[0])
