"""Plug-ins in project files: what a file can hold, and chains that are not as ours leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.edits import RestoreEffect, SetEffect
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.rpp.chain import writable_in_file

TRACK = "{AAAAAAAA-0000-0000-0000-000000000001}"
OURS = "{BBBBBBBB-0000-0000-0000-000000000001}"
GONE = "{BBBBBBBB-0000-0000-0000-00000000000F}"
SETTINGS = CompressorSettings(threshold_db=-20.0, ratio=3.0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "song.RPP"
    path.write_text(f'<REAPER_PROJECT 0.1 "7.0" 1\n<TRACK {TRACK}\nNAME Kick\nVOLPAN 1 0 -1 -1 1\n>\n>\n', "utf-8")
    return path


def set_ours(project: Path, plugin: str = "ReaComp") -> None:
    RppHost(project).write([SetEffect(TRACK, OURS, plugin, "Automix: compressor", SETTINGS)], "")


def test_a_file_takes_reapers_own_in_place_of_others_and_says_so() -> None:
    assert writable_in_file("ReaComp") == ("ReaComp", "")
    plugin, sentence = writable_in_file("OmniCompressor")
    assert plugin == "ReaComp"
    assert "OmniCompressor is set only in an open REAPER" in sentence


def test_a_plugin_of_others_is_refused_and_the_file_stays(project: Path) -> None:
    before = project.read_bytes()
    with pytest.raises(SessionError, match="OmniCompressor cannot be written into a project file"):
        set_ours(project, "OmniCompressor")
    assert project.read_bytes() == before


@pytest.mark.parametrize("chain", [False, True], ids=["no chain", "another plug-in there"])
def test_taking_back_a_plugin_that_is_gone_changes_nothing(project: Path, chain: bool) -> None:
    if chain:
        set_ours(project)
    before = project.read_text("utf-8")
    RppHost(project).write([RestoreEffect(TRACK, GONE, None)], "")
    assert project.read_text("utf-8") == before


@pytest.mark.parametrize(("had_chain", "left"), [(False, False), (True, True)])
def test_an_empty_chain_goes_only_where_we_had_made_it(project: Path, had_chain: bool, left: bool) -> None:
    set_ours(project)
    RppHost(project).write([RestoreEffect(TRACK, OURS, None, had_chain=had_chain)], "")
    text = project.read_text("utf-8")
    assert OURS not in text
    assert ("<FXCHAIN" in text) is left


def test_a_plugin_is_set_to_what_it_was(project: Path) -> None:
    set_ours(project)
    before = project.read_text("utf-8")
    louder = CompressorSettings(threshold_db=-30.0, ratio=5.0)
    RppHost(project).write([SetEffect(TRACK, OURS, "ReaComp", "Automix: compressor", louder)], "")
    assert project.read_text("utf-8") != before
    RppHost(project).write([RestoreEffect(TRACK, OURS, SETTINGS)], "")
    assert project.read_text("utf-8") == before
