"""REAPER: where it is, whether our actions are in it, the Python that runs them, and the way in from outside.

Only files are read: whether the remote control is on at this moment a running REAPER alone could say, and nothing is
asked of it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reaper_automix import __version__
from reaper_automix.doctor.check import Check, Probes
from reaper_automix.installation.python_library import SETTING_PLACE, python_advice, read_reaper_python
from reaper_automix.installation.registration import InstallRecord, read_record
from reaper_automix.installation.resource_folders import usual_folders

WEB_PORT = 2307
_WEB = re.compile(rb"^csurf_\d+=HTTP \d+ (?P<port>\d+) '(?P<login>[^']*)'", re.MULTILINE)
_FIRST = "Close REAPER, then:  "


def reaper_resource_folders(probes: Probes) -> tuple[Path, ...]:
    """Return where REAPER keeps its settings on this system, unless it is portable."""
    return usual_folders(probes.system)


def reaper(resource_path: Path | None, probes: Probes) -> Iterator[Check]:
    """Yield what is found of REAPER."""
    if resource_path is not None and not (resource_path / "reaper.ini").is_file():
        step = "Give the folder that REAPER opens with Options > Show REAPER resource path in explorer/finder."
        why = "Without reaper.ini it is not a folder of REAPER's settings."
        yield Check("REAPER", "problem", f"{resource_path} has no reaper.ini", why, step)
        return
    candidates = (resource_path,) if resource_path is not None else reaper_resource_folders(probes)
    folder = next((one for one in candidates if (one / "reaper.ini").is_file()), None)
    if folder is None:
        looked = ", ".join(str(one) for one in candidates)
        why = "The actions inside REAPER need it; mixing .RPP files and folders of stems does not."
        step = (
            "Nothing, to work on files. If REAPER is installed: start it once. If it is portable:  "
            f"{probes.program} doctor --resource-path FOLDER"
        )
        yield Check("REAPER", "warning", f"not found (looked in {looked}); file mode still works", why, step)
        return
    yield Check("REAPER", "ok", f"its settings are in {folder}")
    record = read_record(folder)
    yield _actions(folder, record, probes)
    if record is not None:
        yield _python(folder, probes)
    yield _remote_control(folder, probes)


def _actions(folder: Path, record: InstallRecord | None, probes: Probes) -> Check:
    """Say whether the actions are in this REAPER, and whether what they lead to is there."""
    name, why = "REAPER actions", "Without them reaper-automix works on files only, not inside REAPER."
    step = f'{_FIRST}{probes.install_command} --resource-path "{folder}"'
    if record is None:
        noted = (folder / "reaper_automix" / "install.json").exists()
        detail = "the note of their installation is damaged" if noted else "not installed"
        return Check(name, "problem" if noted else "warning", detail, why, step)
    for what, path in (("folder", Path(record.root)), ("Python", Path(record.python))):
        if not path.exists():
            lost = f"Every action ends with a message: the {what} that they use was moved or deleted."
            return Check(name, "problem", f"installed, but they lead to {path}, which is not there", lost, step)
    scripts = folder / "Scripts" / "reaper_automix"
    missing = [file for file in record.files if not (scripts / file).is_file()]
    if missing:
        shown = f"{', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}"
        return Check(name, "problem", f"installed, but {scripts} lacks {shown}", "These actions do nothing.", step)
    if record.version and record.version != __version__:
        old = "The scripts in REAPER and the rest may not fit each other."
        return Check(name, "warning", f"installed by version {record.version}, this is {__version__}", old, step)
    return Check(name, "ok", f"installed in {scripts}")


def _python(folder: Path, probes: Probes) -> Check:
    """Say whether REAPER is set to use a Python that runs the actions."""
    said, *steps = python_advice(read_reaper_python(folder / "reaper.ini"), None)
    if not steps:
        return Check("REAPER's Python", "ok", said)
    why = "Without it REAPER does not run the actions: nothing happens, or it shows an error of its own."
    step = f"{probes.install_command}  says what to enter in REAPER ({SETTING_PLACE}); then restart REAPER."
    return Check("REAPER's Python", "warning", said, why, step)


def _remote_control(folder: Path, probes: Probes) -> Check:
    """Say whether programs outside could reach this REAPER; that is off unless the user has set it up."""
    name = "Remote control"
    try:
        found = [(int(m["port"]), m["login"]) for m in _WEB.finditer((folder / "reaper.ini").read_bytes())]
    except OSError as error:
        return Check(name, "warning", f"reaper.ini cannot be read ({error.strerror or error})")
    login = next((login for port, login in found if port == WEB_PORT), None)
    why = "Only 'reaper-automix live' needs it; the actions inside REAPER do not."
    if login is None:
        detail = f"off: REAPER has no web interface on port {WEB_PORT}"
        step = f"Nothing. To use 'live': run the action 'Automix remote control' and see:  {probes.program} live --help"
        return Check(name, "ok", detail, why, step)
    if login:
        detail = f"REAPER's web interface on port {WEB_PORT} asks for a password, which reapy cannot give"
        step = "Take the user name and password out: Options > Preferences > Control/OSC/web."
        return Check(name, "warning", detail, why, step)
    detail = f"REAPER's web interface is set up on port {WEB_PORT}, without a password"
    exposed = "While REAPER runs, that answers every computer in your network, not only this one."
    step = (
        "When you do not use 'live', remove it: Options > Preferences > Control/OSC/web. Whether it works:  "
        f"{probes.program} live inspect"
    )
    return Check(name, "ok", detail, exposed, step)
