"""Reads the code that ships and names what must not be in it: each rule, and the short list of places it is open for.

The rules go by what a name stands for (``from os import system as s``; ``s``), not by how it is spelled.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

NEVER = {
    "builtins.eval": "runs text as code",
    "builtins.exec": "runs text as code",
    "builtins.compile": "makes code of text",
    "builtins.__import__": "loads whatever a text names",
    "cloudpickle": "its files are code",
    "code": "runs text as code",
    "dill": "its files are code",
    "ftplib": "reaches other computers",
    "joblib": "its files are pickles",
    "lxml": "parses XML with entities",
    "marshal": "its files are code",
    "numpy.lib.npyio": "reads pickles",
    "os.execl": "runs a program in our place",
    "os.execle": "runs a program in our place",
    "os.execlp": "runs a program in our place",
    "os.execv": "runs a program in our place",
    "os.execve": "runs a program in our place",
    "os.execvp": "runs a program in our place",
    "os.popen": "runs a shell",
    "os.posix_spawn": "runs a program past the rules for subprocess",
    "os.spawnl": "runs a program past the rules for subprocess",
    "os.spawnv": "runs a program past the rules for subprocess",
    "os.startfile": "opens a file with whatever program its name asks for",
    "os.system": "runs a shell",
    "pandas.read_pickle": "its files are code",
    "pty": "runs a shell",
    "requests": "reaches other computers",
    "runpy": "runs files as code",
    "scipy.io.loadmat": "reads a format of which parts are code",
    "shelve": "its files are pickles",
    "sklearn.externals": "its files are pickles",
    "smtplib": "reaches other computers",
    "socketserver": "listens for others",
    "subprocess.getoutput": "runs a shell",
    "subprocess.getstatusoutput": "runs a shell",
    "tempfile.mktemp": "another program may be faster with that name",
    "xml.dom": "parses XML with entities",
    "xml.parsers": "parses XML with entities",
    "xml.sax": "parses XML with entities",
    "xmlrpc": "listens for others",
    "yaml.full_load": "makes objects of text",
    "yaml.load": "makes objects of text",
    "yaml.load_all": "makes objects of text",
    "yaml.unsafe_load": "makes objects of text",
}
"""Names that nothing that ships may use, and why."""

SOME_PLACES: Mapping[str, Mapping[str, str]] = {
    "asyncio": {},
    "ctypes": {
        "reaper_automix/process_watch.py": "Windows: whether REAPER still runs",
        "reaper_automix/progress_window/look.py": "Windows: sharp text on dense screens",
    },
    "http": {"reaper_automix/hosts/live_address.py": "live: REAPER's web interface on 127.0.0.1, no server of ours"},
    "importlib": {
        "reaper_automix/doctor/check.py": "loads each package that we depend on, by the names in pyproject.toml",
        "reaper_automix/evaluate_cli.py": "loads rooms of ours when they are asked for",
        "reaper_automix/hosts/live.py": "live: reapy's errors",
        "reaper_automix/progress_window/starting.py": "whether Tk is there; nothing is loaded",
        "reaper_automix/reascript/remote_control.py": "remote control: reapy's server, once the user switches it on",
    },
    "multiprocessing": {"reaper_automix/training/processes.py": "pipes between our own processes, in training"},
    "pickle": {
        "reaper_automix/training/strips/transformation_progress.py": "the name of an error; torch reads weights only",
    },
    "reapy": {"reaper_automix/hosts/live.py": "live: asked for by name"},
    "socket": {
        "reaper_automix/hosts/live_address.py": "live: asks reapy's server on 127.0.0.1",
        "reaper_automix/reascript/remote_server.py": "remote control: 127.0.0.1, once the user switches it on",
    },
    "ssl": {},
    "subprocess": {
        "install.py": "pip, and the environment's own Python",
        "reaper_automix/installation/running.py": "tasklist or ps: whether REAPER runs",
        "reaper_automix/progress_window/starting.py": "the progress window: our own Python",
        "reaper_automix/reascript/worker_process.py": "the worker and the browser's opener: our own Python",
        "reaper_automix/training/corpora/gm_render.py": "fluidsynth, when a corpus is built",
        "reaper_automix/training/corpora/gm_sources.py": "apt-get download, when a corpus is built",
    },
    "tarfile": {"reaper_automix/training/corpora/gm_sources.py": "packages that apt has checked; filter='data'"},
    "urllib": {
        "reaper_automix/hosts/live_address.py": "live: REAPER's web interface on 127.0.0.1, past any proxy",
        "reaper_automix/installation/reapack.py": "spells addresses; fetches nothing",
    },
    "webbrowser": {
        "reaper_automix/doctor/check.py": "whether there is a browser; none is opened",
        "reaper_automix/doctor/machine.py": "the name of an error",
        "reaper_automix/progress_window/window.py": "opens the report when its button is pressed",
    },
    "xml": {
        "reaper_automix/installation/reapack.py": "writes an index; reads none",
        "reaper_automix/report/plots.py": "reads the pictures that matplotlib has just drawn, names not in them yet",
    },
    "zipfile": {
        "reaper_automix/learning/stored_arrays.py": "looks at sizes before anything is unpacked",
        "reaper_automix/training/roles.py": "writes a model",
    },
}
"""Modules that only these files may import, each with its reason; an empty list: nobody yet."""

HARMLESS = ("importlib.metadata", "importlib.resources", "importlib.util.find_spec")
"""Parts of these modules that anybody may import: they read what is installed and load nothing."""

ONLY_WITH: Mapping[str, tuple[str, object, str]] = {
    "numpy.load": ("allow_pickle", False, "else objects in it are code"),
    "numpy.lib.format.read_array": ("allow_pickle", False, "else objects in it are code"),
    "torch.load": ("weights_only", True, "else it is a pickle"),
    "tarfile.TarFile.extractall": ("filter", "data", "else it writes where it likes"),
}
"""Calls that are allowed with this keyword only."""

ANY_OWNER = {"extractall": "tarfile.TarFile.extractall", "extract": "tarfile.TarFile.extractall"}
"""Methods that are judged by their name, as nobody can tell whose they are."""

COMMAND_TYPES = ("list[str]", "Sequence[str]", "tuple[str, ...]")
"""What a function says that it takes for a command; mypy holds it to that."""

RUNNERS = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that must not be there."""

    file: str
    line: int
    what: str


def shipped_files() -> Iterator[Path]:
    """Yield every Python file that ships."""
    for folder in ("reaper_automix", "actions"):
        yield from sorted((REPOSITORY / folder).rglob("*.py"))
    yield REPOSITORY / "install.py"


def findings(source: str, file: str) -> list[Finding]:
    """Return what is wrong with a file of this name."""
    tree = ast.parse(source)
    names = _names_of(tree)
    found = [Finding(file, line, what) for line, what in _faults(tree, names, file)]
    return sorted(set(found))


def _names_of(tree: ast.AST) -> dict[str, str]:
    """Return what each imported name stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names |= {alias.asname: alias.name} if alias.asname else {top: top}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


def _faults(tree: ast.AST, names: Mapping[str, str], file: str) -> Iterator[tuple[int, str]]:
    lists = _list_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in _imported(node):
                yield from ((node.lineno, what) for what in _import_faults(module, file))
        elif isinstance(node, ast.Name | ast.Attribute):
            said = _stands_for(node, names)
            if said in NEVER:
                yield node.lineno, f"{said}: {NEVER[said]}"
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _call_faults(node, names, lists))


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [] if node.level or not node.module else [f"{node.module}.{alias.name}" for alias in node.names]


def _import_faults(module: str, file: str) -> Iterator[str]:
    parts = module.split(".")
    heads = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
    yield from (f"import {module}: {NEVER[head]}" for head in heads if head in NEVER)
    is_harmless = any(head in HARMLESS for head in heads)
    if parts[0] in SOME_PLACES and file not in SOME_PLACES[parts[0]] and not is_harmless:
        yield f"import {module}: not on the list of who may"


def _stands_for(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return the dotted name of what an expression stands for; empty where that cannot be told."""
    if isinstance(node, ast.Name):
        return names.get(node.id, f"builtins.{node.id}")
    if isinstance(node, ast.Attribute):
        owner = _stands_for(node.value, names)
        return f"{owner}.{node.attr}" if owner and not owner.startswith("builtins.") else ""
    return ""


def _list_names(tree: ast.AST) -> set[str]:
    """Return the names that are lists wherever they get a value here."""
    are: dict[str, bool] = {}
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr, bool]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, isinstance(node.value, ast.List | ast.ListComp)) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(node.target, isinstance(node.value, ast.List | ast.ListComp))]
        elif isinstance(node, ast.arg):
            said = ast.unparse(node.annotation) if node.annotation else ""
            are[node.arg] = are.get(node.arg, True) and said in COMMAND_TYPES
        for target, is_list in pairs:
            if isinstance(target, ast.Name):
                are[target.id] = are.get(target.id, True) and is_list
    return {name for name, is_list in are.items() if is_list}


def _call_faults(call: ast.Call, names: Mapping[str, str], lists: set[str]) -> Iterator[str]:
    said = _stands_for(call.func, names)
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if isinstance(call.func, ast.Attribute):
        said = ANY_OWNER.get(call.func.attr, said)
    if said in ONLY_WITH:
        keyword, wanted, why = ONLY_WITH[said]
        value = keywords.get(keyword)
        if not isinstance(value, ast.Constant) or value.value != wanted:
            yield f"{said} without {keyword}={wanted!r}: {why}"
    if "shell" in keywords:
        yield "shell=: a shell reads names as commands"
    if said in RUNNERS:
        command = call.args[0] if call.args else keywords.get("args")
        is_list = isinstance(command, ast.List) or (isinstance(command, ast.Name) and command.id in lists)
        if not is_list:
            yield f"{said} with something else than a list: its words may be split anew"
