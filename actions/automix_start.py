"""What every Automix action does first: find the package, check Python, hand over. Not an action itself.

Standard library only, and written for Python 3.6 too, so that an old Python gets as far as its message.
"""

import json
import sys
import time
import traceback
from pathlib import Path

LEAST_PYTHON = (3, 11)
OUR_FOLDER = "reaper_automix"
INSTALL_FILE = "install.json"
ERROR_FILE = "last_error.txt"
TITLE = "Automix"
INSTALLER_ACTION = "Automix install actions.py"
RUN_INSTALLER = (
    "Next step: run install.py in the reaper_automix folder once (python install.py), then this action again."
)
PYTHON_SETTING = "Options > Preferences > Plug-ins > ReaScript"


class StartProblem(Exception):
    """Something that the user can act on; the text says what, and the next step."""


def start(name, **options):
    """Run the action ``name`` of the package.

    Every failure ends as one message with the next step; REAPER's own box with a traceback is never shown.

    Parameters
    ----------
    name : str
        What ``reaper_automix.reascript.actions.run`` calls the action.
    **options
        Handed on to it as they are: ``start("mix", mixer="rides")``.
    """
    try:
        resource_path = Path(_reaper_function("GetResourcePath")())
        _check_python()
        run = _load(_installed_root(resource_path))
        run(name, sys.modules["__main__"], **options)
    except Exception as error:
        show_failure(error)
    _make_no_undo_point()


def show_failure(error):
    """Show one message for an exception; the traceback of an unexpected one goes to a file beside the runs.

    What REAPER calls later (``RPR_defer``) is outside of ``start``: it may call this for its own failures.
    """
    if isinstance(error, StartProblem) or any(kind.__name__ == "AutomixError" for kind in type(error).__mro__):
        _tell(str(error))
        return
    path = _note(error)
    _tell(
        f"Automix stopped at an error that it did not expect ({type(error).__name__}: {error}).\n\n"
        + (f"The details are in {path}. " if path else "")
        + "Next step: run the action again; if it stops in the same way, run install.py again, and report this."
    )


def add_actions():
    """Add every Automix action in this folder to the action list (main section) and say which are there now."""
    try:
        add = _reaper_function("AddRemoveReaScript")
        folder = Path(__file__).resolve().parent
        paths = [path for path in sorted(folder.glob("Automix *.py")) if path.name != INSTALLER_ACTION]
        if not paths:
            raise StartProblem(f"There are no Automix actions in {folder}.\n\n{RUN_INSTALLER}")
        refused = [path.name for path in paths if not add(True, 0, str(path), path == paths[-1])]
        if refused:
            raise StartProblem(
                f"REAPER did not take {', '.join(refused)}.\n\nNext step: Actions > Show action list > New action > "
                f"Load ReaScript, and choose them in {folder}."
            )
        names = "\n".join(path.stem for path in paths)
        _tell(f"These actions are in the action list now:\n\n{names}")
    except Exception as error:
        show_failure(error)
    _make_no_undo_point()


def _make_no_undo_point():
    """Keep REAPER from adding an undo point of its own at the end of the script: one that defers gets none."""
    defer = getattr(sys.modules["__main__"], "RPR_defer", None)
    if defer is not None:
        defer("")


def _reaper_function(name):
    """Return a ReaScript function; a script that is started outside REAPER has none."""
    try:
        import reaper_python
    except ImportError:
        raise StartProblem("This script works inside REAPER only: load it in REAPER's action list.") from None
    return getattr(reaper_python, "RPR_" + name)


def _check_python():
    if sys.version_info < LEAST_PYTHON:
        raise StartProblem(
            f"REAPER uses Python {sys.version.split()[0]}; Automix needs Python 3.11 or newer.\n\nNext step: set a "
            f"newer one in {PYTHON_SETTING} and restart REAPER. 'python install.py' says what to enter there."
        )


def _installed_root(resource_path):
    """Return the folder of the package, as install.py noted it."""
    path = resource_path / OUR_FOLDER / INSTALL_FILE
    try:
        root = Path(json.loads(path.read_text(encoding="utf-8"))["root"])
    except FileNotFoundError:
        raise StartProblem(
            f"Automix is not set up for this REAPER yet: there is no {path}.\n\n{RUN_INSTALLER}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartProblem(f"{path} is damaged ({type(error).__name__}).\n\n{RUN_INSTALLER}") from None
    if not (root / OUR_FOLDER / "reascript" / "actions.py").is_file():
        raise StartProblem(
            f"The reaper_automix folder is no longer at {root}.\n\nIf you moved it: run install.py in its new place. "
            "If you deleted it: get it again and run install.py, or remove these actions from the action list."
        )
    return root


def _load(root):
    """Import the package from its folder; nothing is written there."""
    sys.dont_write_bytecode = False  # the package's own folder may keep what was compiled: it starts sooner then
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    from reaper_automix.reascript.actions import run

    return run


def _note(error):
    """Write the traceback of an exception beside the runs and return the path; None if it cannot be written."""
    try:
        folder = Path(_reaper_function("GetResourcePath")()) / OUR_FOLDER
        folder.mkdir(exist_ok=True)
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        heading = f"{time.strftime('%Y-%m-%d %H:%M:%S')}, Python {sys.version.split()[0]}\n"
        path = folder / ERROR_FILE
        path.write_text(heading + "".join(lines), encoding="utf-8", errors="backslashreplace")
    except Exception:
        return None
    return path


def _tell(message):
    """Show a message: a box inside REAPER, else a line for whoever started this script by hand."""
    try:
        show = _reaper_function("ShowMessageBox")
    except StartProblem:
        sys.stderr.write(f"{TITLE}: {message}\n")
        return
    show(message, TITLE, 0)
