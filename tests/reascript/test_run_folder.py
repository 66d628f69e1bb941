"""The folders of runs: their names, what is kept, and which report is the last."""

from __future__ import annotations

import json
from pathlib import Path

from reaper_automix.reascript.run_folder import last_report, new_run_folder, read_json


def test_two_runs_of_one_second_have_two_folders(tmp_path: Path) -> None:
    runs = tmp_path / "REAPER ü" / "runs"
    first, second = new_run_folder(runs, "Automix: balance"), new_run_folder(runs, "Automix: balance")
    assert first.path != second.path
    assert first.path.name.endswith("-automix-balance")


def test_the_oldest_finished_runs_are_removed(tmp_path: Path) -> None:
    at_work = new_run_folder(tmp_path, "one that has not ended")
    for number in range(25):
        new_run_folder(tmp_path, f"run {number}").write_receipt("Automix", [], failed=False)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert len(left) <= 22
    assert at_work.path.exists()
    assert any(name.endswith("run-24") for name in left)


def test_the_last_report_is_the_newest(tmp_path: Path) -> None:
    assert last_report(tmp_path / "none") is None
    for number in range(3):
        run = new_run_folder(tmp_path, f"run {number}")
        if number < 2:
            run.report.write_text(str(number))
    report = last_report(tmp_path)
    assert report is not None
    assert report.read_text() == "1"


def test_a_receipt_is_plain_ascii_json(tmp_path: Path) -> None:
    run = new_run_folder(tmp_path, "x")
    run.write_receipt("Automix: balance", ["Vox 🎤: fader written"], failed=False)
    assert run.receipt.read_bytes().isascii()
    assert json.loads(run.receipt.read_text())["lines"] == ["Vox 🎤: fader written"]


def test_half_written_json_reads_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": ')
    assert read_json(path) is None
    assert read_json(tmp_path / "missing.json") is None
