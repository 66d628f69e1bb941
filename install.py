"""Set reaper_automix up in a ``.venv`` inside this folder and in REAPER; run the demo or the tests; undo all that.

Needs nothing but Python 3.11 or newer: the standard library only, ASCII only, and written so that older Pythons get as
far as the version check below (so: no ``__future__`` import, and NamedTuple where the package uses dataclasses). What
concerns REAPER is in ``reaper_automix/reascript/reaper_setup.py``, which is loaded after that check.
"""

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reaper_automix.installation.reaper_setup import Machine

LEAST_PYTHON: "tuple[int, int]" = (3, 11)  # Python 2 stops here: run install.py with Python 3.11 or newer.


def _newer_python() -> "str | None":
    """Return the name of a Python on the path that is new enough and starts, or None."""
    for name in ("python3.12", "python3.13", "python3.11", "python3.14"):
        if shutil.which(name) and subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return name
    return None


if sys.version_info < LEAST_PYTHON:
    _newer = _newer_python()
    print(f"This is Python {sys.version.split()[0]} ({sys.executable}); reaper_automix needs Python 3.11 or newer.")
    print(
        "Next step: " + (" ".join([_newer, "install.py", *sys.argv[1:]]) if _newer else "install one from python.org.")
    )
    sys.exit(1)

STAMP_NAME = "reaper-automix-stamp.json"
LOG_NAME = "install.log"
REAPER_FOLDERS_NAME = "reaper-automix-reaper-folders.json"
COMPLETE, UNFINISHED = "complete", "unfinished"
FREE_SPACE_NEEDED_MB = 900
TORCH_SPACE_NEEDED_MB = 1100
"""On top, where torch is wanted; a build with CUDA takes several times as much."""
DEMO_FOLDER = "automix-demo"
HEARTBEAT_S = 15.0
FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
PROBE = """
import importlib.util, pathlib, sys
import numpy, scipy, soundfile, soxr
names = ["pip", "rich", "jinja2", "matplotlib", "pyloudnorm", "platformdirs", "mido", "reapy", *sys.argv[2:]]
missing = [name for name in names if importlib.util.find_spec(name) is None]
own = importlib.util.find_spec("reaper_automix")
if own is None or pathlib.Path(sys.argv[1]).resolve() not in pathlib.Path(own.origin or "").resolve().parents:
    missing.append("reaper_automix")
sys.exit("missing: " + ", ".join(missing) if missing else 0)
"""
EXTRA_MODULES = {
    "dev": ("ruff", "mypy", "importlinter", "pytest", "xdist", "hypothesis", "coverage", "selenium", "torch"),
    "deep": ("torch",),
    "train": ("sklearn", "librosa", "yaml"),
}
AGAIN = " Then run install.py again."
TROUBLE = (
    (
        r"ensurepip is not available|No module named '?(?:ensurepip|venv)\b",
        "This Python came without its 'venv' part. Next step: on Debian or Ubuntu run 'sudo apt install python3-venv' "
        "(or python{version}-venv); elsewhere install Python from python.org." + AGAIN,
    ),
    (
        r"No space left on device|Errno 28\b|not enough space on the disk|WinError 112\b",
        "The disk is full. Next step: make about {space_mb} MB free on the disk of this folder; pip also needs room in "
        "the system's temporary folder." + AGAIN,
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "pip refused the certificate of the package index. Next step: if a proxy or a virus scanner opens encrypted "
        "connections here, give pip its certificate (pip config set global.cert FILE)." + AGAIN,
    ),
    (
        r"NewConnectionError|NameResolutionError|name resolution|getaddrinfo failed|nodename nor servname|ProxyError"
        r"|SSLError|Network is unreachable|Connection refused|ConnectionResetError|ConnectTimeout|Read ?[Tt]ime"
        r"|requirement hatchling\S* \(from versions: none\)",  # every index has it: pip saw none
        "pip cannot reach the package index: no network, or a proxy that pip does not know. Next step: go online, or "
        "set HTTPS_PROXY, or name an index that you can reach (pip config set global.index-url ADDRESS)." + AGAIN,
    ),
    (
        r"Permission denied|Errno 13\b|Read-only file system|Access is denied|WinError 5\b",
        "A file could not be written. Next step: make this folder writable for you, or copy it to your home folder, "
        "and close programs that use its .venv." + AGAIN,
    ),
    (
        r"(?:No matching distribution found for|that satisfies the requirement) (?P<name>[\w.\-]+)",
        "The package index has no '{name}' that fits Python {version} on this machine. Next step: run install.py with "
        "another Python from 3.11 to 3.13 (64 bit): those have ready packages for Windows, macOS and Linux.",
    ),
    (
        r"Failed building wheel for (?P<name>[\w.\-]+)|Failed to build (?P<also>[\w.\-]+)|Microsoft Visual C\+\+"
        r"|is not a supported wheel on this platform|subprocess-exited-with-error|metadata-generation-failed",
        "There is no ready-made {name} for Python {version} on this machine, and building it here failed. Next step: "
        "run install.py with another Python from 3.11 to 3.13 (64 bit).",
    ),
)


class SetupProblem(Exception):
    """Something that the user can act on; the text says what, and the next step."""


class Stamp(NamedTuple):
    """What install.py notes inside the ``.venv`` it made: this file is what makes the folder its own."""

    state: str
    key: str
    python: str
    folder: str
    extras: tuple[str, ...] = ()


class Place(NamedTuple):
    """The folder of the project and what install.py keeps in it."""

    root: Path

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def stamp_file(self) -> Path:
        """The mark of our own environment."""
        return self.venv / STAMP_NAME

    @property
    def log_file(self) -> Path:
        """What venv and pip said."""
        return self.venv / LOG_NAME

    @property
    def reaper_folders_file(self) -> Path:
        """Which REAPER resource folders know this project."""
        return self.venv / REAPER_FOLDERS_NAME

    def program(self, name: str) -> str:
        """Return the path of a program in the environment, whatever the system calls its folder."""
        folder = self.venv / "Scripts"
        folder = folder if folder.is_dir() else self.venv / "bin"
        windows_program = folder / f"{name}.exe"
        return str(windows_program if windows_program.exists() else folder / name)


def child_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for child processes: UTF-8, nothing of the user site, pip's settings as they are."""
    kept = {name: value for name, value in own.items() if name not in FOREIGN_VARIABLES}
    return kept | {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8", "PYTHONNOUSERSITE": "1", "PIP_USER": "0"}


class Runner:
    """Runs commands in the project folder; tests put their own in."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._environment = child_environment(os.environ)

    def logged(self, command: Sequence[str], log: Path) -> int:
        """Run with all output in ``log``; on a terminal the seconds count up, elsewhere a line says so now and then."""
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command,
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
            try:
                return _wait_showing_time(process, log)
            except BaseException:
                process.terminate()
                process.wait()
                raise

    def shown(self, command: Sequence[str]) -> int:
        """Run with the output on the user's screen."""
        sys.stdout.flush()
        return subprocess.run(command, cwd=self._root, env=self._environment, check=False).returncode

    def captured(self, command: Sequence[str]) -> tuple[int, str]:
        """Run quietly; a program that cannot start counts as failed."""
        try:
            done = subprocess.run(
                command,
                cwd=self._root,
                env=self._environment,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as error:
            return 1, str(error)
        return done.returncode, done.stdout + done.stderr


def _wait_showing_time(process: "subprocess.Popen[bytes]", log: Path) -> int:
    start_s, on_terminal = time.monotonic(), sys.stdout.isatty()
    next_line_s = HEARTBEAT_S
    while True:
        try:
            return process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            elapsed_s = time.monotonic() - start_s
        if on_terminal:
            print(f"\r      {elapsed_s:4.0f} s  {last_line(log):.60}\x1b[K\r", end="", flush=True)
        elif elapsed_s >= next_line_s:
            print(f"      still working: {elapsed_s:.0f} s  {last_line(log):.80}", flush=True)
            next_line_s += HEARTBEAT_S


def log_text(log: Path) -> str:
    """Return what the log holds; empty where there is none."""
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    return next((line.strip() for line in reversed(log_text(log).splitlines()) if line.strip()), "")


def version_text() -> str:
    """Return this Python's version, as ``3.11.7``."""
    return ".".join(str(part) for part in sys.version_info[:3])


def minor(version: str) -> str:
    """Return ``3.11`` of ``3.11.7``."""
    return ".".join(version.split(".")[:2])


def wanted_stamp(place: Place, extras: Sequence[str]) -> Stamp:
    """Return the stamp that a finished set-up with these extras would carry now.

    Raises
    ------
    SetupProblem
        If this is not a copy of the project.
    """
    try:
        project = (place.root / "pyproject.toml").read_bytes()
    except OSError as error:
        raise SetupProblem(
            f"{error.filename} cannot be read ({error.strerror}). Next step: get a complete copy of the project."
        ) from error
    key = hashlib.sha256(project + b"\0" + version_text().encode()).hexdigest()
    return Stamp(COMPLETE, key, version_text(), str(place.root), tuple(sorted(extras)))


def read_stamp(place: Place) -> Stamp | None:
    """Return the stamp of the environment; None where there is none (not ours); a damaged one counts as unfinished."""
    if not place.stamp_file.is_file():
        return None
    try:
        fields = json.loads(place.stamp_file.read_text(encoding="utf-8"))
        return Stamp(fields["state"], fields["key"], fields["python"], fields["folder"], tuple(fields["extras"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Stamp(UNFINISHED, "", "", "")


def write_stamp(place: Place, stamp: Stamp) -> None:
    """Write the stamp, whole or not at all."""
    part = place.stamp_file.with_suffix(".part")
    part.write_text(json.dumps(stamp._asdict(), indent=1) + "\n", encoding="utf-8")
    part.replace(place.stamp_file)


def is_healthy(place: Place, extras: Sequence[str], runner: Runner) -> bool:
    """Whether the environment's own Python starts and finds the packages of these extras."""
    modules = [module for extra in extras for module in EXTRA_MODULES.get(extra, ())]
    return runner.captured([place.program("python"), "-I", "-c", PROBE, str(place.root), *modules])[0] == 0


def next_action(place: Place, wanted: Stamp, runner: Runner) -> str:
    """Say what the environment needs: ``make``, ``remake``, ``install`` or ``nothing``.

    Raises
    ------
    SetupProblem
        If there is a ``.venv`` that install.py did not make.
    """
    if not place.venv.exists() and not place.venv.is_symlink():
        return "make"
    stamp = None if place.venv.is_symlink() or not place.venv.is_dir() else read_stamp(place)
    if stamp is None:
        if place.venv.is_dir() and not place.venv.is_symlink() and not any(place.venv.iterdir()):
            return "make"
        raise SetupProblem(
            f"{place.venv} was not made by install.py, so it stays as it is. Next step: rename or delete it." + AGAIN
        )
    same_base = stamp.folder == wanted.folder and minor(stamp.python) == minor(wanted.python)
    if stamp.state != COMPLETE or not same_base or not is_healthy(place, stamp.extras, runner):
        return "remake"
    if stamp.key == wanted.key and set(wanted.extras) <= set(stamp.extras):
        return "nothing"
    return "install"


def remove_venv(place: Place) -> None:
    """Remove our environment; the stamp goes last, so that a removal that was cut short can be finished.

    Raises
    ------
    SetupProblem
        If it is not ours, or something holds it.
    """
    if place.venv.is_symlink() or not place.stamp_file.is_file():
        raise SetupProblem(f"{place.venv} was not made by install.py; it is left alone. Next step: delete it yourself.")
    try:
        for entry in sorted(place.venv.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != place.stamp_file:
                entry.unlink()
        place.stamp_file.unlink()
        place.venv.rmdir()
    except OSError as error:
        raise SetupProblem(
            f"{error.filename or place.venv} cannot be removed ({error.strerror}). Next step: close programs that use "
            "the .venv (REAPER, terminals), check that you may write there, then run the same command again."
        ) from error


def explain_failure(output: str) -> str:
    """Turn what venv or pip said into a cause and a next step; an unknown failure points at the log."""
    for pattern, text in TROUBLE:
        found = re.search(pattern, output)
        if found:
            name = next((value for value in found.groupdict().values() if value), "a package")
            return text.format(name=name, version=minor(version_text()), space_mb=FREE_SPACE_NEEDED_MB)
    return (
        "Next step: read the lines above, then run install.py again; if it fails in the same way, report these lines."
    )


def _raise_with_log(place: Place, what: str) -> None:
    text = log_text(place.log_file)
    tail = "\n".join(f"    {line}" for line in text.splitlines()[-15:])
    raise SetupProblem(f"{what} failed. The end of {place.log_file}:\n{tail}\n{explain_failure(text)}")


def make_venv(place: Place, wanted: Stamp, runner: Runner) -> None:
    """Make an empty environment that already carries our (unfinished) stamp.

    Raises
    ------
    SetupProblem
        If the disk is full, the folder cannot be written or this Python cannot make environments.
    """
    try:
        place.venv.mkdir(exist_ok=True)
        write_stamp(place, wanted._replace(state=UNFINISHED, extras=()))
    except OSError as error:
        raise SetupProblem(f"{place.venv} cannot be made ({error.strerror}). " + explain_failure(str(error))) from error
    if runner.logged([sys.executable, "-m", "venv", str(place.venv)], place.log_file) != 0:
        _raise_with_log(place, "Making the Python environment")


def install_packages(place: Place, wanted: Stamp, runner: Runner) -> None:
    """Install the package and its extras with pip; the stamp says ``complete`` only after everything was found to work.

    Raises
    ------
    SetupProblem
        If pip fails, or what it installed does not start.
    """
    before = read_stamp(place)
    extras = tuple(sorted({*wanted.extras, *(before.extras if before else ())}))
    write_stamp(place, wanted._replace(state=UNFINISHED, extras=extras))
    place.log_file.write_bytes(b"")
    target = f".[{','.join(extras)}]" if extras else "."
    options = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    pip = [place.program("python"), "-m", "pip", "install", *options, "-e", target]
    if runner.logged(pip, place.log_file) != 0:
        if before is not None:
            write_stamp(place, before)  # pip takes back what it could not finish; the next run's probe decides.
        _raise_with_log(place, "Installing packages")
    if not is_healthy(place, extras, runner):
        raise SetupProblem(
            f"pip reported success, but a package does not load. Next step: see {place.log_file}, run install.py again."
        )
    write_stamp(place, wanted._replace(extras=extras))


def check_free_space(place: Place, extras: Sequence[str]) -> None:
    """Refuse to begin a download that cannot fit.

    Raises
    ------
    SetupProblem
        If the disk has too little room.
    """
    free_mb = shutil.disk_usage(place.root).free // 1_000_000
    needed_mb = FREE_SPACE_NEEDED_MB + (TORCH_SPACE_NEEDED_MB if {"dev", "deep"} & set(extras) else 0)
    if free_mb < needed_mb:
        raise SetupProblem(
            f"The disk of {place.root} has {free_mb} MB free, the packages need about {needed_mb} MB. "
            "Next step: make room, or copy this folder to another disk." + AGAIN
        )


class Steps:
    """Counts steps on the user's screen: ``[2/3] what``, then how long it took."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._start_s = 0.0

    def begin(self, what: str) -> None:
        """Announce the next step."""
        self._number += 1
        self._start_s = time.monotonic()
        print(f"[{self._number}/{self._total}] {what}", flush=True)

    def end(self, word: str = "done") -> float:
        """Say how the step ended; return its seconds."""
        elapsed_s = time.monotonic() - self._start_s
        print(f"      {word} ({elapsed_s:.1f} s)", flush=True)
        return elapsed_s


def set_up(place: Place, extras: Sequence[str], runner: Runner, steps: Steps) -> None:
    """Bring the environment to where these extras work; do nothing that is done already."""
    wanted = wanted_stamp(place, extras)
    steps.begin(f"Python environment in {place.venv}")
    action = next_action(place, wanted, runner)
    if action != "nothing":
        check_free_space(place, extras)
    if action == "remake":
        _refuse_own_ground(place)
        remove_venv(place)
    if action in ("make", "remake"):
        make_venv(place, wanted, runner)
    steps.end(
        {"make": "made", "remake": "was damaged, half-made, moved or of another Python: made anew"}.get(action, "ok")
    )
    if action == "nothing":
        steps.begin("Packages")
        steps.end("up to date")
        return
    steps.begin("Packages (the first time, a few hundred megabytes are downloaded)")
    install_packages(place, wanted, runner)
    steps.end("installed")


def _refuse_own_ground(place: Place) -> None:
    if Path(sys.prefix).resolve() == place.venv.resolve():
        raise SetupProblem(
            f"{place.venv} has to be made anew, but this command runs on its Python. Next step: run install.py with "
            "the system's Python."
        )


def run_demo(place: Place, runner: Runner, steps: Steps) -> int:
    """Run the main job on the generated demo session."""
    steps.begin(f"Demo: a generated session, mixed into {place.root / DEMO_FOLDER}")
    code = runner.shown([place.program("reaper-automix"), "demo", "--out", DEMO_FOLDER])
    steps.end("done" if code == 0 else f"FAILED (exit code {code})")
    return 0 if code == 0 else 1


def run_checks(place: Place, runner: Runner, steps: Steps) -> int:
    """Run every check, go on after a failure, and sum up."""
    python = place.program("python")
    n_processes = str(min(os.cpu_count() or 1, 2))
    # In the order of their names: else the few long tests come last, and with them all that wait for reapy's one port.
    parallel = ["-n", n_processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    checks = (
        ("ruff format --check", [python, "-m", "ruff", "format", "--check", "."]),
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("mypy", [python, "-m", "mypy"]),
        ("lint-imports", [place.program("lint-imports")]),
        ("pytest", [python, "tests/file_coverage.py", *parallel]),
    )
    lines, failed = [], 0
    for name, command in checks:
        steps.begin(name)
        code = runner.shown(command)
        elapsed_s = steps.end("ok" if code == 0 else f"FAILED (exit code {code})")
        failed += code != 0
        lines.append(f"  {'ok' if code == 0 else 'FAILED':8}{name:22}{elapsed_s:7.1f} s")
    print("\n".join(["Summary:", *lines, f"{len(checks) - failed} of {len(checks)} checks passed."]), flush=True)
    return 1 if failed else 0


def known_reaper_folders(place: Place) -> list[str]:
    """Return the REAPER folders in which this project was registered, also portable ones that cannot be found."""
    try:
        folders = json.loads(place.reaper_folders_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [str(folder) for folder in folders] if isinstance(folders, list) else []


def remember_reaper_folders(place: Place, folders: Sequence[str]) -> None:
    """Note the REAPER folders for ``--uninstall``; also after the environment was made anew."""
    noted = sorted(set(folders))
    if place.venv.is_dir() and noted != known_reaper_folders(place):
        part = place.reaper_folders_file.with_suffix(".part")
        part.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
        part.replace(place.reaper_folders_file)


def register_in_reaper(place: Place, folder: Path, machine: "Machine", steps: Steps) -> None:
    """Register the actions in a REAPER resource folder, and say what is left to do there.

    Raises
    ------
    SetupProblem
        If it cannot be done.
    """
    from reaper_automix.errors import AutomixError
    from reaper_automix.installation.reaper_setup import register_clone

    steps.begin(f"REAPER in {folder}")
    remember_reaper_folders(place, [*known_reaper_folders(place), str(folder)])
    try:
        outcome = register_clone(folder, place.root, Path(place.program("python")), machine)
    except AutomixError as error:
        raise SetupProblem(str(error)) from error
    print("\n".join(f"      {line}" for line in outcome.lines), flush=True)
    steps.end("registered" if outcome.is_complete else "one step is left, see above")


def choose_reaper_folder(options: argparse.Namespace, machine: "Machine") -> Path | None:
    """Return the REAPER resource folder to register in, before anything is downloaded; None if there is none.

    Raises
    ------
    SetupProblem
        If the folder that was named is not REAPER's.
    """
    from reaper_automix.errors import AutomixError
    from reaper_automix.installation.reaper_setup import choose_folder

    try:
        choice = choose_folder(machine, options.resource_path)
    except AutomixError as error:
        raise SetupProblem(str(error)) from error
    if choice.lines:
        print("\n".join(choice.lines), flush=True)
    return choice.folder


def uninstall(place: Place, options: argparse.Namespace, machine: "Machine | None") -> int:
    """Take the actions out of REAPER, remove the environment that install.py made, and nothing else."""
    done = [] if options.no_reaper else unregister_from_reaper(place, options, machine or this_machine())
    if place.venv.exists() or place.venv.is_symlink():
        remove_venv(place)
        done.append(f"Removed {place.venv}.")
    print("\n".join([*done, "Nothing else had been added."] if done else [f"Nothing to remove: no {place.venv}."]))
    return 0


def unregister_from_reaper(place: Place, options: argparse.Namespace, machine: "Machine") -> list[str]:
    """Take the actions out of every REAPER folder that has them; return what was done.

    Raises
    ------
    SetupProblem
        If REAPER runs, or a file cannot be changed.
    """
    from reaper_automix.errors import AutomixError
    from reaper_automix.installation.reaper_setup import unregister_clone

    named = [Path(folder) for folder in known_reaper_folders(place)]
    if options.resource_path:
        named.append(options.resource_path.absolute())
    try:
        return list(unregister_clone(named, place.root, machine))
    except AutomixError as error:
        raise SetupProblem(str(error)) from error


def this_machine() -> "Machine":
    """Return this machine as the REAPER part of the set-up sees it.

    Raises
    ------
    SetupProblem
        If that part is not there.
    """
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    try:
        from reaper_automix.installation.reaper_setup import Machine
    except ImportError as error:
        raise SetupProblem(f"A part of the project is missing ({error}). Next step: get a complete copy.") from error
    return Machine()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong one ends with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="install.py",
        description="Set reaper_automix up in a .venv inside this folder, and register its actions in REAPER.",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--demo", action="store_true", help="set up, then generate and mix a demo session")
    choice.add_argument(
        "--test", action="store_true", help="set up with the development tools, then run every check and test"
    )
    choice.add_argument(
        "--uninstall", action="store_true", help="take the actions out of REAPER and remove the .venv, and nothing else"
    )
    parser.add_argument(
        "--resource-path", type=Path, metavar="DIR", help="REAPER's resource folder, for example of a portable REAPER"
    )
    parser.add_argument("--no-reaper", action="store_true", help="leave REAPER alone: only the .venv")
    options = parser.parse_args(arguments)
    if (options.demo or options.test) and (options.resource_path or options.no_reaper):
        parser.error("--demo and --test leave REAPER alone: they take neither --resource-path nor --no-reaper")
    return options


def install(place: Place, options: argparse.Namespace, runner: Runner, machine: "Machine | None") -> int:
    """Do what the command line asks for; return the exit code."""
    if options.uninstall:
        return uninstall(place, options, machine)
    folder, known = None, known_reaper_folders(place)
    if not (options.demo or options.test or options.no_reaper):
        machine = machine or this_machine()
        folder = choose_reaper_folder(options, machine)
    steps = Steps(3 if options.demo or folder else 7 if options.test else 2)
    try:
        set_up(place, ("dev",) if options.test else (), runner, steps)
    finally:
        if known:
            remember_reaper_folders(place, known)
    if options.demo:
        return run_demo(place, runner, steps)
    if options.test:
        return run_checks(place, runner, steps)
    if folder and machine:
        register_in_reaper(place, folder, machine, steps)
    print(f"Ready. Mix a project file or a folder of stems with:\n  {place.program('reaper-automix')} mix SESSION")
    return 0


def main(
    arguments: Sequence[str],
    *,
    root: Path | None = None,
    runner: Runner | None = None,
    machine: "Machine | None" = None,
) -> int:
    """Run install.py: 0 done, 1 failed with the reason, 2 (from argparse) wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = parse(arguments)
    place = Place(root or Path(__file__).resolve().parent)
    try:
        return install(place, options, runner or Runner(place.root), machine)
    except SetupProblem as problem:
        print(f"Not done: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. What is half-made is recognised: run the same command again to go on.", file=sys.stderr)
    except OSError as error:
        print(f"Not done: {error}. {explain_failure(str(error))}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
