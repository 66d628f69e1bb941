"""Errors that a user can act on. Every message names the thing, the value and the next step.

AutomixError
├── SessionError            the session cannot be read or written
│   ├── ProjectSyntaxError  a project file is damaged (carries the line number)
│   ├── PluginStateError    the state of a plug-in in a project is damaged or cannot be written (chunks)
│   └── MediaError          an audio file is missing, unreadable or unsupported
├── PlanError               a plan cannot be read, or does not fit the session
├── ScopeError              the tracks or the time range asked for select nothing
├── ModelError              a model is missing, damaged or of an unknown format
├── CorpusError             a corpus is missing, incomplete or damaged
├── ListeningError          a listening page cannot be made of these files, or its results cannot be read
├── RegistrationError       REAPER's folder cannot be found or changed (installation)
├── HeaderError             an action's header does not say what ReaPack needs (installation)
├── WrongEntry              an entry of the settings box cannot be used (reascript)
└── Cancelled               the user stopped the work; nothing was written
"""

from __future__ import annotations

from pathlib import Path

INSTALL_TRAINING = "In the reaper_automix folder run: .venv/bin/python -m pip install -e '.[train]'."
"""The next step where a package of the extra ``train`` is missing."""


class AutomixError(Exception):
    """Base of every error that is shown to the user as one message."""


class SessionError(AutomixError):
    """The session cannot be read or written."""


class ProjectSyntaxError(SessionError):
    """A project file is damaged at a known line.

    Parameters
    ----------
    path : Path or None
        The project file; None for text that has no file.
    line_number : int
        1-based line where reading stopped.
    problem : str
        What is wrong and what to do next.
    """

    def __init__(self, path: Path | None, line_number: int, problem: str) -> None:
        super().__init__(f"{path or 'project text'}, line {line_number}: {problem}")
        self.path = path
        self.line_number = line_number
        self.problem = problem


class MediaError(SessionError):
    """An audio file is missing, unreadable or unsupported."""


class PlanError(AutomixError):
    """A plan cannot be read, or does not fit the session."""


class ScopeError(AutomixError):
    """The tracks or the time range asked for select nothing."""


class ModelError(AutomixError):
    """A model is missing, damaged or of an unknown format."""


class Cancelled(AutomixError):
    """The user stopped the work; nothing was written."""


class CorpusError(AutomixError):
    """A corpus is missing, incomplete or damaged."""


class ListeningError(AutomixError):
    """A listening page cannot be made of these files, or its results cannot be read."""
