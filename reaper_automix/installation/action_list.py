"""REAPER's action list file, ``reaper-kb.ini``, as bytes: put script lines in, take them out, change nothing else.

A script's line is ``SCR flags section id "Custom: name" path``, a shortcut's ``KEY modifier key _id section``. REAPER
names a script by the SHA-1 of its upper-cased path below ``Scripts`` with slashes, on every system: with the same id, a
line of ours and one that REAPER writes are the same action.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ASK_WHEN_RUNNING, NEW_INSTANCE = 4, 516
MAIN_SECTION = 0
_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"([^"]*)"|\'([^\']*)\'|`([^`]*)`|(\S+)')


@dataclass(frozen=True, slots=True)
class ActionScript:
    """A script that the action list shows.

    Parameters
    ----------
    path : str
        Below REAPER's ``Scripts`` folder, with slashes.
    flags : int
        What REAPER does when the script is started while it runs.
    """

    path: str
    flags: int = ASK_WHEN_RUNNING

    @property
    def command_id(self) -> str:
        """The id that REAPER itself gives to a script of this path."""
        return "RS" + hashlib.sha1(self.path.upper().encode("utf-8"), usedforsecurity=False).hexdigest()

    @property
    def line(self) -> bytes:
        """The line in the file, without its end."""
        name = self.path.rpartition("/")[2]
        path = f'"{self.path}"' if " " in self.path else self.path
        return f'SCR {self.flags} {MAIN_SECTION} {self.command_id} "Custom: {name}" {path}'.encode()


@dataclass(frozen=True, slots=True)
class Removal:
    """A file without our lines, and what went with them."""

    data: bytes
    n_scripts: int
    n_shortcuts: int
    n_custom_actions: int
    """Lines of the user's own that name one of the scripts and stay."""
    ids: frozenset[bytes]
    """How toolbars and shortcuts name the scripts that were there."""


def with_scripts(data: bytes, scripts: Iterable[ActionScript], scripts_folder: Path, *, windows: bool) -> bytes:
    """Return the file with a line for each script that has none; the same bytes if all have one.

    New lines go to the top: whatever the file's last line looks like, it stays as it is, and shortcuts come after the
    actions that they name.
    """
    start = _BOM if data.startswith(_BOM) else b""
    lines = data[len(start) :].splitlines(keepends=True)
    known = {_script_path(line, scripts_folder) for line in lines if _is_in_main_section(line)}
    missing = [script for script in scripts if script.path.casefold() not in known]
    taken = {tokens[3] for tokens in map(_tokens, lines) if len(tokens) > 3 and tokens[0] == b"SCR"}
    # An id that stands for another script would take that script's shortcuts: leave such a script to the user.
    missing = [script for script in missing if script.command_id.encode() not in taken]
    end = b"\r\n" if b"\r\n" in data or (windows and b"\n" not in data) else b"\n"
    return start + b"".join(script.line + end for script in missing) + data[len(start) :]


def without_scripts(data: bytes, paths: Sequence[str], scripts_folder: Path) -> Removal:
    """Return the file without the lines of these scripts and without the shortcuts that would point nowhere then."""
    start = _BOM if data.startswith(_BOM) else b""
    lines = data[len(start) :].splitlines(keepends=True)
    ours = {path.casefold() for path in paths}
    script_lines = [line for line in lines if _script_path(line, scripts_folder) in ours]
    ids = frozenset(b"_" + _tokens(line)[3] for line in script_lines)
    shortcuts = [line for line in lines if _is_shortcut_of(line, ids)]
    gone = {*script_lines, *shortcuts}
    kept = [line for line in lines if line not in gone]
    n_custom_actions = sum(any(token in ids for token in _tokens(line)) for line in kept)
    return Removal(start + b"".join(kept), len(script_lines), len(shortcuts), n_custom_actions, ids)


def _tokens(line: bytes) -> list[bytes]:
    """Return the words of a line; one in quotes is one word."""
    return [b"".join(alternatives) for alternatives in _TOKEN.findall(line)]


def _script_path(line: bytes, scripts_folder: Path) -> str:
    """Return the script of an ``SCR`` line, below the Scripts folder, folded; empty for other lines."""
    tokens = _tokens(line)
    if len(tokens) < 6 or tokens[0] != b"SCR":
        return ""
    path = tokens[5].decode("utf-8", "surrogateescape").replace("\\", "/").casefold()
    return path.removeprefix(scripts_folder.as_posix().casefold() + "/")


def _is_in_main_section(line: bytes) -> bool:
    return _tokens(line)[2:3] == [str(MAIN_SECTION).encode()]


def _is_shortcut_of(line: bytes, ids: frozenset[bytes]) -> bool:
    tokens = _tokens(line)
    return len(tokens) > 3 and tokens[0] == b"KEY" and tokens[3] in ids
