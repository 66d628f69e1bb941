"""The doctor: each finding on a machine that the test describes."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reaper_automix.doctor import (
    EXTRAS,
    IEM_PLUGINS,
    PACKAGES,
    SOUND_FORMATS,
    Check,
    Probes,
    examine,
    plugin_folders,
    reaper_resource_folders,
)
from reaper_automix.errors import ModelError

GB = 1_000_000_000


def _installed(*absent: str) -> Callable[[str], str]:
    def version(name: str) -> str:
        if name in absent:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.2"

    return version


def _loading(failures: Mapping[str, Exception]) -> Callable[[str], object]:
    def load(name: str) -> object:
        if name in failures:
            raise failures[name]
        return object()

    return load


@pytest.fixture
def machine(tmp_path: Path) -> Probes:
    """Describe a machine on which all is well, without REAPER, models or extras."""
    (tmp_path / "models").mkdir()
    return Probes(
        python_version=lambda: (3, 12, 1),
        in_environment=lambda: True,
        load=_loading({}),
        installed_version=_installed("torch", "scikit-learn"),
        sound_formats=lambda: dict.fromkeys(SOUND_FORMATS, "readable"),
        free_bytes=lambda folder: 50 * GB,
        models_folder=lambda: tmp_path / "models",
        system="Linux",
        environment={},
        home=tmp_path / "home",
        root=tmp_path / "root",
    )


def finding(probes: Probes, name: str, tmp_path: Path, resource_path: Path | None = None) -> Check:
    checks = examine(cache_folder=tmp_path / "cache", resource_path=resource_path, probes=probes)
    return next(check for check in checks if check.name == name)


def test_a_good_machine_has_no_problem_and_says_so_for_every_part(machine: Probes, tmp_path: Path) -> None:
    checks = examine(cache_folder=tmp_path / "cache", probes=machine)
    assert [check.name for check in checks if check.status != "ok"] == ["REAPER"]
    assert not list((tmp_path / "cache").iterdir())
    assert all(f"{name} 1.2" in finding(machine, "Packages", tmp_path).detail for name in PACKAGES)


def test_every_finding_but_ok_has_a_next_step(machine: Probes, tmp_path: Path) -> None:
    bad = replace(
        machine,
        python_version=lambda: (3, 9, 2),
        load=_loading({name: ImportError("no") for name in (*PACKAGES, "tkinter")}),
        sound_formats=dict,
        free_bytes=lambda folder: 0,
    )
    checks = examine(cache_folder=tmp_path / "cache", resource_path=tmp_path, probes=bad)
    assert sum(check.status == "problem" for check in checks) >= 4
    assert all(check.next_step for check in checks if check.status != "ok")


def test_an_old_or_shared_python_is_said(machine: Probes, tmp_path: Path) -> None:
    assert finding(replace(machine, python_version=lambda: (3, 10, 9)), "Python", tmp_path).status == "problem"
    assert finding(replace(machine, in_environment=lambda: False), "Python", tmp_path).status == "warning"


def test_a_package_that_does_not_load_is_named_with_its_error(machine: Probes, tmp_path: Path) -> None:
    check = finding(replace(machine, load=_loading({"soxr": OSError("bad ELF header")})), "soxr", tmp_path)
    assert check.status == "problem"
    assert "bad ELF header" in check.detail


def test_missing_audio_formats_are_a_warning_and_a_broken_library_a_problem(machine: Probes, tmp_path: Path) -> None:
    check = finding(
        replace(machine, sound_formats=lambda: {"WAV": "", "FLAC": "", "AIFF": ""}), "Audio formats", tmp_path
    )
    assert check.status == "warning"
    assert "OGG, MP3" in check.detail

    def broken() -> Mapping[str, str]:
        raise OSError("sndfile library not found")

    assert finding(replace(machine, sound_formats=broken), "Audio formats", tmp_path).status == "problem"


def test_a_cache_folder_that_cannot_be_made_is_a_problem(machine: Probes, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    check = finding(machine, "Cache folder", tmp_path)
    assert check.status == "problem"
    assert "REAPER_AUTOMIX_CACHE_DIR" in check.next_step


@pytest.mark.parametrize(("free_mb", "status"), [(50, "problem"), (900, "warning"), (5000, "ok")])
def test_disk_space_is_judged(machine: Probes, tmp_path: Path, free_mb: int, status: str) -> None:
    probes = replace(machine, free_bytes=lambda folder: free_mb * 1_000_000)
    assert finding(probes, "Disk space", tmp_path).status == status


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("Windows", {"APPDATA": "roaming"}, Path("roaming/REAPER")),
        ("Windows", {}, Path("home/AppData/Roaming/REAPER")),
        ("Darwin", {}, Path("home/Library/Application Support/REAPER")),
        ("Linux", {}, Path("home/.config/REAPER")),
        ("Linux", {"XDG_CONFIG_HOME": "settings"}, Path("settings/REAPER")),
    ],
)
def test_reaper_is_looked_for_where_each_system_keeps_it(
    machine: Probes, system: str, environment: dict[str, str], expected: Path
) -> None:
    probes = replace(machine, system=system, environment=environment, home=Path("home"))
    assert reaper_resource_folders(probes)[0] == expected


def test_reaper_is_found_by_its_settings_or_by_the_folder_given(machine: Probes, tmp_path: Path) -> None:
    usual, portable = machine.home / ".config" / "REAPER", tmp_path / "stick" / "REAPER"
    for folder in (usual, portable):
        folder.mkdir(parents=True)
    assert finding(machine, "REAPER", tmp_path).status == "warning"
    assert "file mode still works" in finding(machine, "REAPER", tmp_path).detail
    assert finding(machine, "REAPER", tmp_path, portable).status == "problem"
    (portable / "reaper.ini").write_bytes(b"")
    assert str(portable) in finding(machine, "REAPER", tmp_path, portable).detail
    (usual / "reaper.ini").write_bytes(b"")
    check = finding(machine, "REAPER", tmp_path)
    assert (check.status, "not installed" in check.detail) == ("warning", True)
    assert "ReaComp" in check.detail


def test_the_actions_need_reapers_python_to_be_set(machine: Probes, tmp_path: Path) -> None:
    resource = machine.home / ".config" / "REAPER"
    (resource / "reaper_automix").mkdir(parents=True)
    (resource / "reaper.ini").write_text("[REAPER]\nreascript=0\n")
    note = {"schema": "reaper_automix.install/1", "root": "r", "python": "p", "version": "1"}
    (resource / "reaper_automix" / "install.json").write_text(json.dumps(note))
    check = finding(machine, "REAPER", tmp_path)
    assert (check.status, "Python is not enabled" in check.detail) == ("warning", True)
    library = tmp_path / "libpython3.12.so.1.0"
    library.write_bytes(b"")
    settings = f"[REAPER]\nreascript=1\npythonlibpath64={tmp_path}\npythonlibdll64={library.name}\n"
    (resource / "reaper.ini").write_text(settings)
    assert finding(machine, "REAPER", tmp_path).status == "ok"


@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_the_iem_suite_is_found_in_the_usual_folders(machine: Probes, tmp_path: Path, system: str) -> None:
    probes = replace(machine, system=system)
    assert "not found" in finding(probes, "IEM plug-ins", tmp_path).detail
    suite = plugin_folders(probes)[0] / "IEM"
    suite.mkdir(parents=True)
    for name in IEM_PLUGINS[:2]:
        (suite / f"lib{name}.vst3").write_bytes(b"")
    assert finding(probes, "IEM plug-ins", tmp_path).status == "warning"
    (suite / f"{IEM_PLUGINS[2]}.vst3").mkdir()
    assert finding(probes, "IEM plug-ins", tmp_path).status == "ok"
    assert str(suite) in finding(probes, "IEM plug-ins", tmp_path).detail


def test_models_are_listed_and_a_damaged_card_is_a_problem(machine: Probes, tmp_path: Path) -> None:
    assert "none" in finding(machine, "Models", tmp_path).detail
    for name, text in (("good", '{"format": "x/1"}'), ("broken", "{"), ("unnamed", "{}")):
        (tmp_path / "models" / name).mkdir()
        (tmp_path / "models" / name / "model.json").write_text(text, encoding="utf-8")
    assert finding(machine, "Models", tmp_path).detail.startswith("good in")
    assert finding(machine, "Model broken", tmp_path).status == "problem"
    assert "names no format" in finding(machine, "Model unnamed", tmp_path).detail


def test_a_missing_models_folder_is_a_problem(machine: Probes, tmp_path: Path) -> None:
    def missing() -> Path:
        raise ModelError("No models folder")

    assert finding(replace(machine, models_folder=missing), "Models", tmp_path).status == "problem"


def test_extras_are_optional_and_say_how_to_add_them(machine: Probes, tmp_path: Path) -> None:
    for extra in EXTRAS:
        check = finding(machine, f"Extra [{extra}]", tmp_path)
        assert check.status == "ok"
        assert f".[{extra}]" in check.next_step
    complete = replace(machine, installed_version=_installed())
    assert "torch 1.2" in finding(complete, "Extra [deep]", tmp_path).detail


def test_a_python_without_tk_is_a_warning(machine: Probes, tmp_path: Path) -> None:
    probes = replace(machine, load=_loading({"tkinter": ModuleNotFoundError("No module named '_tkinter'")}))
    assert finding(probes, "Progress window", tmp_path).status == "warning"


def test_this_machine_can_run_the_project(tmp_path: Path) -> None:
    """The real probes answer; what the tests themselves need is fine here."""
    statuses = {check.name: check.status for check in examine(cache_folder=tmp_path)}
    assert statuses["Packages"] == statuses["Audio formats"] == statuses["Cache folder"] == "ok"
    assert not set(PACKAGES) & set(statuses)
