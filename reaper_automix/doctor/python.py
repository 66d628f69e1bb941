"""Python, its packages and what they can read."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.doctor.check import ROOT, Check, Probes

LEAST_PYTHON = (3, 11)
DISTRIBUTION = "reaper-automix"
MODULE_NAMES = {"python-reapy": "", "scikit-learn": "sklearn", "pyyaml": "yaml"}
"""What packages are called in Python; reapy is not loaded, because it looks for REAPER at once."""

EXTRAS = {
    "deep": (("torch",), "only training of some networks needs it; everything that mixes works without"),
    "train": (("scikit-learn", "librosa"), "only 'reaper-automix train' and 'evaluate' need it"),
}
SOUND_FORMATS = ("WAV", "FLAC", "OGG", "MP3", "AIFF")

_NEEDED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(?:(?P<how>==|>=)\s*(?P<version>[0-9][0-9.]*))?")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that we depend on, and its oldest version (or its only one)."""

    name: str
    version: str = ""
    exact: bool = False

    def is_met_by(self, version: str) -> bool:
        """Tell whether an installed version is the right one, or new enough."""
        have, need = _numbers(version), _numbers(self.version)
        return have[: len(need)] == need if self.exact else have >= need


def requirements(pyproject: Path = ROOT / "pyproject.toml") -> tuple[Requirement, ...]:
    """Return what the project says that it needs: beside the package in a checkout, else as it was installed."""
    if pyproject.is_file():
        lines = tomllib.loads(pyproject.read_text("utf-8"))["project"]["dependencies"]
    else:
        try:
            lines = [line for line in importlib.metadata.requires(DISTRIBUTION) or () if "extra ==" not in line]
        except importlib.metadata.PackageNotFoundError:
            lines = []
    found = (_NEEDED.match(line) for line in lines)
    return tuple(Requirement(m["name"], m["version"] or "", m["how"] == "==") for m in found if m is not None)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def python(probes: Probes) -> Check:
    """Look at the Python that runs this."""
    version = probes.python_version()
    text = ".".join(str(part) for part in version)
    if version < LEAST_PYTHON:
        return Check(
            "Python",
            "problem",
            f"{text} is too old",
            "reaper_automix is written for 3.11 and newer and does not start with this one.",
            f"Install Python 3.11 or newer from python.org, then, with that one:  {probes.install_command}",
        )
    if not probes.in_environment():
        return Check(
            "Python",
            "warning",
            f"{text}, not in an environment of its own ({sys.executable})",
            "Packages of the system change without notice, and with them what is heard.",
            f"{probes.install_command}  makes a .venv; then use the reaper-automix in it.",
        )
    return Check("Python", "ok", f"{text} in the environment {sys.prefix}")


def packages(probes: Probes) -> Iterator[Check]:
    """Yield one line for all that load, and a problem for each that does not, or is too old."""
    good = []
    for needed in requirements(probes.root / "pyproject.toml"):
        trouble, version = _trouble(needed, probes)
        if trouble:
            yield Check(
                needed.name,
                "problem",
                trouble,
                "Nothing can be mixed without it." if needed.name != "python-reapy" else "Only 'live' needs it.",
                f'"{sys.executable}" -m pip install --force-reinstall "{_spelled(needed)}"'
                f"  or, for a fresh environment:  {probes.install_command}",
            )
        else:
            good.append(f"{needed.name} {version}")
    if good:
        yield Check("Packages", "ok", ", ".join(good))


def _trouble(needed: Requirement, probes: Probes) -> tuple[str, str]:
    """Return what is wrong with a package, empty if nothing is, and its version."""
    try:
        version = probes.installed_version(needed.name)
    except importlib.metadata.PackageNotFoundError:
        return "is not installed", ""
    module = MODULE_NAMES.get(needed.name, needed.name)
    try:
        if module:
            probes.load(module)
    except Exception as error:  # a damaged native library may raise anything
        return f"{version} is installed and does not load ({type(error).__name__}: {error})", version
    if needed.is_met_by(version):
        return "", version
    how = "not the version" if needed.exact else "older than"
    return f"{version} is {how} {needed.version}, which is needed", version


def _spelled(needed: Requirement) -> str:
    return f"{needed.name}{'==' if needed.exact else '>='}{needed.version}" if needed.version else needed.name


def formats(probes: Probes) -> Check:
    """Look at which audio files can be read."""
    why = "Tracks whose files cannot be read are left out of the mix, each with a note."
    try:
        available, version = probes.sound_formats(), probes.sound_version()
    except Exception as error:
        step = f'"{sys.executable}" -m pip install --force-reinstall soundfile'
        return Check("Audio formats", "problem", f"libsndfile does not answer ({error})", why, step)
    missing = [name for name in SOUND_FORMATS if name not in available]
    if not missing:
        return Check("Audio formats", "ok", f"{', '.join(SOUND_FORMATS)} (libsndfile {version})")
    detail = f"libsndfile {version} here cannot read {', '.join(missing)}"
    step = f'"{sys.executable}" -m pip install --upgrade soundfile  (its own libsndfile reads them all)'
    return Check("Audio formats", "warning", detail, why, step)


def extras(probes: Probes) -> Iterator[Check]:
    """Yield the optional packages; versions only, since importing them takes seconds."""
    for extra, (names, why) in EXTRAS.items():
        try:
            versions = ", ".join(f"{name} {probes.installed_version(name)}" for name in names)
            yield Check(f"Extra [{extra}]", "ok", versions)
        except importlib.metadata.PackageNotFoundError as error:
            step = f'Only if you want it:  "{sys.executable}" -m pip install -e "{probes.root}[{extra}]"'
            detail = f"not installed ({error.name} is missing); it is optional"
            yield Check(f"Extra [{extra}]", "ok", detail, f"{why[0].upper()}{why[1:]}.", step)
