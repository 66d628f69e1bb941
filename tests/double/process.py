"""The double as a process of its own: ``python -I -S tests/double/process.py --project X.RPP --resource-path DIR``.

It reads one JSON command per line and answers each by one JSON line, and runs deferred code at 30 Hz meanwhile.
Nothing but the standard library, the double, the action scripts and this package can be imported.

Commands (``do``): ``run_script`` path; ``select`` tracks; ``set_fader`` track, gain_lin; ``set_pan`` track, pan;
``undo``; ``redo``; ``save`` path; ``tick`` for_s; ``until_idle`` limit_s; ``answer`` inputs, boxes; ``messages``;
``state``; ``forget_measurements``; ``open`` path; ``front`` tab; ``close`` tab; ``play`` state; ``plugins`` switches of
``double.plugins.Plugins``; ``by_hand`` function, track, arguments; ``prefer`` preferences of our actions; ``quit``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
TICK_S = 1.0 / 30.0
OURS = frozenset({"reaper_automix", "double", "reaper_python"})


class OnlyStandardLibrary:
    """An import hook that refuses what REAPER's Python does not have."""

    def __init__(self, script_folders: set[Path], allowed: frozenset[str] = OURS) -> None:
        self.refused: list[str] = []
        self._script_folders = script_folders
        self._allowed = allowed

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse a top-level module that is neither the standard library's nor ours; else leave it to others."""
        top = name.partition(".")[0]
        if top in self._allowed or top in sys.stdlib_module_names or top.startswith("_"):
            return None
        if any((folder / f"{top}.py").is_file() for folder in self._script_folders):
            return None
        if top != "org":  # the library's module copy looks for Jython
            self.refused.append(name)
        raise ModuleNotFoundError(f"No module named {name!r} (inside REAPER)", name=name)


class Session:
    """A double that takes commands."""

    def __init__(self, options: argparse.Namespace, hook: OnlyStandardLibrary, script_folders: set[Path]) -> None:
        from double.reaper import DoubleReaper
        from double.scripts import ScriptHost, standard_library

        self.reaper = DoubleReaper(
            Path(options.project),
            resource_path=Path(options.resource_path),
            fader_scaling=not options.amplitude_scaling,
            chunk_name_gives_null=options.chunk_name_gives_null,
            trim_adjust_mode=options.trim_adjust_mode,
            ext_state_survives_undo=not options.undo_ext_state,
        )
        self.reaper.plugins.configure(**json.loads(options.plugins))
        module = None
        if options.reaper_python:
            from double.generated import load_module

            module, self.c_table = load_module(self.reaper, Path(options.reaper_python))
        search_path = standard_library()
        self.scripts = ScriptHost(self.reaper, module, own_interpreters=True, search_path=search_path)
        self.reaper.on_render = write_tones
        self._hook = hook
        self._script_folders = script_folders

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry a command out; what goes wrong is the answer's ``error``."""
        action: Callable[..., dict[str, Any] | None] | None = getattr(self, f"do_{command.pop('do', '')}", None)
        if action is None:
            return {"ok": False, "error": "no such command"}
        try:
            return {"ok": True} | (action(**command) or {})
        except Exception as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}

    # --- scripts -----------------------------------------------------------------------------------------------

    def do_run_script(self, path: str) -> dict[str, Any]:
        self._script_folders.add(Path(path).parent)
        self.scripts.run_script(path)
        return {"deferred": bool(self.scripts.runs)}

    def do_tick(self, for_s: float = 0.0) -> dict[str, Any]:
        self.scripts.tick()
        self.scripts.run_for(for_s)
        return {"deferred": bool(self.scripts.runs)}

    def do_until_idle(self, limit_s: float = 60.0) -> dict[str, Any]:
        return {"idle": self.scripts.run_for(limit_s, until_idle=True)}

    # --- what a person does ------------------------------------------------------------------------------------

    def do_select(self, tracks: list[str]) -> None:
        self.reaper.select_only(*tracks)

    def do_set_fader(self, track: str, gain_lin: float) -> None:
        self.reaper.set_fader(track, gain_lin)

    def do_set_pan(self, track: str, pan: float) -> None:
        from double.handlers_tracks import set_track_number

        with self.reaper.by_hand("Track pan"):
            set_track_number(self.reaper.track_named(track), "D_PAN", pan)

    def do_undo(self) -> dict[str, Any]:
        return {"label": self.reaper.undo()}

    def do_redo(self) -> dict[str, Any]:
        return {"done": self.reaper.current.go(1)}

    def do_save(self, path: str | None = None) -> None:
        self.reaper.current.save(Path(path) if path else None)

    def do_open(self, path: str) -> dict[str, Any]:
        self.reaper.open_project(Path(path))
        return {"tabs": len(self.reaper.tabs)}

    def do_front(self, tab: int) -> None:
        self.reaper.current = self.reaper.tabs[tab]

    def do_close(self, tab: int) -> None:
        self.reaper.close_project(self.reaper.tabs[tab])

    def do_play(self, state: int) -> None:
        self.reaper.current.play_state = state

    def do_plugins(self, **switches: Any) -> None:
        self.reaper.plugins.configure(**switches)

    def do_by_hand(self, function: str, track: str, arguments: Sequence[Any] = ()) -> dict[str, Any]:
        """Call a function on a track as if the user had done it: with an undo point."""
        from double.api import DoubleApi

        reference = self.reaper.track_named(track)
        pointer = self.reaper.pointers.text(reference, "MediaTrack*")
        with self.reaper.by_hand(function):
            return {"answer": getattr(DoubleApi(self.reaper), function)(pointer, *arguments)}

    def do_answer(self, inputs: Sequence[list[str] | str | None] = (), boxes: Sequence[int] = ()) -> None:
        self.reaper.input_answers.extend(inputs)
        self.reaper.box_answers.extend(boxes)

    def do_prefer(self, **preferences: str) -> None:
        """Begin with preferences as an earlier day has left them."""
        self.reaper.ext_state["reaper_automix", "preferences"] = json.dumps(preferences)

    # --- what there is to see ----------------------------------------------------------------------------------

    def do_messages(self) -> dict[str, Any]:
        return {
            "console": self.reaper.console,
            "boxes": self.reaper.boxes,
            "asked": self.reaper.asked,
            "modal_dialogs": self.reaper.modal_dialogs,
            "script_errors": self.scripts.script_errors,
            "left_open": self.scripts.left_open,
        }

    def do_forget_measurements(self) -> None:
        """Forget the measurements so far."""
        self.reaper.calls.clear()
        self.reaper.main_thread_s = 0.0
        self.scripts.deferred_durations_s.clear()
        self.scripts.run_durations_s.clear()

    def do_state(self) -> dict[str, Any]:
        from double.description import described

        tab = self.reaper.current
        return {
            "sha256": hashlib.sha256(tab.to_bytes()).hexdigest(),
            "sha256_of_undoable": hashlib.sha256(tab.state()).hexdigest(),
            "tracks": described(self.reaper, tab),
            "undo": tab.undo_label(),
            "redo": tab.redo_label(),
            "undo_points": tab.at,
            "tabs": len(self.reaper.tabs),
            "deferred": bool(self.scripts.runs),
            "ext_state": {f"{section}/{key}": value for (section, key), value in self.reaper.ext_state.items()},
            "calls": dict(self.reaper.calls),
            "n_calls": self.reaper.calls.total(),
            "main_thread_s": self.reaper.main_thread_s,
            "deferred_durations_s": self.scripts.deferred_durations_s,
            "run_durations_s": self.scripts.run_durations_s,
            "refused_imports": self._hook.refused,
        }

    def do_quit(self) -> None:
        self.scripts.close()


def write_tones(settings: dict[str, Any], tracks: list[tuple[str, str]]) -> None:
    """Write a quiet tone for each track that is rendered."""
    from double.tones import write_tone

    start_s, end_s = settings["RENDER_STARTPOS"], settings["RENDER_ENDPOS"]
    for guid, name in tracks:
        number = settings["TRACK_NUMBERS"][guid]
        title = settings["RENDER_PATTERN"].replace("$tracknumber", f"{number:02d}").replace("$track", name)
        write_tone(Path(settings["RENDER_FILE"]) / f"{title}.wav", end_s - start_s, 200.0 + 20.0 * number)


def read_commands(commands: queue.Queue[str | None]) -> None:
    """Hand on the lines of the standard input; None at its end."""
    for line in sys.stdin:
        commands.put(line)
    commands.put(None)


def serve(session: Session) -> None:
    """Answer commands, and run deferred code between them."""
    commands: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=read_commands, args=(commands,), daemon=True).start()
    while True:
        try:
            line = commands.get(timeout=TICK_S)
        except queue.Empty:
            session.scripts.tick()
            continue
        if line is None:
            session.do_quit()
            return
        command = json.loads(line)
        is_last = command.get("do") == "quit"
        sys.stdout.write(json.dumps(session.do(command)) + "\n")
        sys.stdout.flush()
        if is_last:
            return


def main(arguments: list[str]) -> None:
    """Start the double."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", required=True)
    parser.add_argument("--resource-path", required=True)
    parser.add_argument("--amplitude-scaling", action="store_true")
    parser.add_argument("--chunk-name-gives-null", action="store_true")
    parser.add_argument("--undo-ext-state", action="store_true")
    parser.add_argument("--trim-adjust-mode", type=int, default=0)
    parser.add_argument("--reaper-python", help="a reaper_python.py to load over C callbacks")
    parser.add_argument("--plugins", default="{}", help="what is installed and switches, as JSON")
    options = parser.parse_args(arguments)
    sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
    script_folders: set[Path] = set()
    from double.observing import observed

    hook = OnlyStandardLibrary(script_folders, OURS | observed())
    sys.meta_path.insert(0, hook)
    serve(Session(options, hook, script_folders))


if __name__ == "__main__":
    main(sys.argv[1:])
