"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OURS = ("numpy", "scipy", "soundfile", "soxr")
PEERS = (
    *("librosa", "pyloudnorm", "pyebur128", "pykalman", "scikit-learn", "rpp", "auraloss", "torch"),
    *("dasp-pytorch", "pedalboard"),
)


def machine() -> dict[str, object]:
    """Return processor, cores, memory, system, Python, versions, and how busy the machine was at the start."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: found for name in (*OURS, *PEERS) if (found := _version(name)) is not None},
        "load_average": _load_average(),
    }


def machine_words(found: dict[str, object]) -> str:
    """Return the same as sentences for the head of a table."""
    memory = "" if found["memory_gib"] is None else f", {found['memory_gib']} GiB of memory"
    versions = ", ".join(f"{name} {number}" for name, number in dict(found["versions"]).items())  # type: ignore[call-overload]
    load = found["load_average"]
    busy = "" if load is None else f" Load average at the start: {load}."
    return (
        f"{found['processor']}, {found['cores']} cores{memory}, {found['system']}, Python {found['python']}; "
        f"{versions}.{busy}"
    )


def is_there(package: str) -> str:
    """Return why a package cannot be compared with, or nothing."""
    return "" if _version(package) else f"{package} is not installed (pip install {package})"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _memory_gib() -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (OSError, ValueError):
        return None


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
