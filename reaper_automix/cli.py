"""The command line: ``reaper-automix``.

Exit codes: 0 done, 1 refused with a reason, 2 usage, 128 and the signal's number when stopped (130 for Ctrl+C).

Only the standard library is imported with this module, so that a signal finds it ready from the first moment on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from reaper_automix.interruptions import OutputLost, Stopped, Stops, standard_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; by default those of the process, which ends with this call.
    """
    with Stops(for_good=arguments is None) as stops, standard_streams():
        try:
            from reaper_automix.command_line import run  # takes a second, in which a signal must find things in order
        except Exception as error:  # a damaged native library may raise anything
            return _without_packages(error, sys.argv[1:] if arguments is None else arguments)
        try:
            stops.begin_work()
            code = run(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
        except (KeyboardInterrupt, OutputLost) as interruption:
            return _interrupted(interruption)
        return code


def _without_packages(error: Exception, words: Sequence[str]) -> int:
    """Let the doctor speak where what everything else needs does not load; name it, and the doctor, for the rest."""
    if words and words[0] == "doctor":
        from reaper_automix.doctor.__main__ import main as examine

        return examine(words[1:])
    what = getattr(error, "name", None) or "a package"
    _say(f"refused: {what} does not load ({type(error).__name__}: {error}). What to do says:  reaper-automix doctor")
    return 1


def _interrupted(interruption: KeyboardInterrupt | OutputLost) -> int:
    """Say in one line what ended the work and what is there all the same; return the exit code."""
    written = ", ".join(getattr(interruption, "__notes__", ()))
    if isinstance(interruption, OutputLost):
        if interruption.why:
            also = f" Written: {written}." if written else ""
            _say(f"refused: standard output cannot be written ({interruption.why}). Make room on it.{also}")
        return 1 if interruption.why else 0
    _say(f"stopped; already written: {written}" if written else "stopped: the session is as it was")
    return interruption.exit_code if isinstance(interruption, Stopped) else 130


def _say(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
